//! Lists that are not ours: what they may say and what not.

use crate::asn1::Der;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::crl::Cause;
use crate::crl::Fault;
use crate::crl::Listed;
use crate::crl::ReadError;
use crate::crl::Reader;
use crate::crl::Trailer;
use crate::crl::Unknown;

/// A `TBSCertList` with these entries and extensions, each already DER.
fn list(entries: &[u8], extensions: &[u8]) -> Vec<u8> {
    Der::build(|der| {
        der.sequence(|der| {
            der.unsigned(tag::INTEGER, 1);
            der.sequence(|der| der.oid(oid::ECDSA_SHA256));
            der.sequence(|_| ());
            der.primitive(tag::UTC_TIME, b"260101000000Z");
            der.sequence(|der| der.raw(entries));
            der.nested(tag::context_constructed(0), |der| der.sequence(|der| der.raw(extensions)));
        });
    })
}

/// Some extension, with this last octet in its identifier.
fn extension(last: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    Der::build(|der| {
        der.sequence(|der| {
            der.primitive(tag::OID, &[0x55, 0x1d, last]);
            if critical {
                der.boolean_true();
            }
            der.primitive(tag::OCTET_STRING, value);
        });
    })
}

fn entry(serial: &[u8], time: &[u8], extensions: &[u8]) -> Vec<u8> {
    Der::build(|der| {
        der.sequence(|der| {
            der.primitive(tag::INTEGER, serial);
            der.raw(time);
            der.raw(extensions);
        });
    })
}

fn row(extensions: &[Vec<u8>]) -> Vec<u8> {
    Der::build(|der| der.sequence(|der| der.raw(&extensions.concat())))
}

fn read_entry(entry: &[u8]) -> Result<Listed, ReadError> {
    let list = list(entry, &extension(20, false, &[2, 1, 1]));
    let mut reader = Reader::tbs(&list[..]).unwrap();
    let listed = reader.next().unwrap()?;
    reader.finish()?;
    Ok(listed)
}

fn read_trailer(extensions: &[u8]) -> Result<Trailer, ReadError> {
    Reader::tbs(&list(&[], extensions)[..])?.finish()
}

const TIME: &[u8] = b"\x17\x0d260101000000Z";

#[test]
fn serials_of_others_are_read() {
    let serial = |octets: &[u8]| read_entry(&entry(octets, TIME, &[])).map(|listed| listed.serial);
    let long = serial(&[0x7f; 20]).unwrap();
    assert_eq!(
        (long.as_bytes(), long.to_u64(), long.is_negative()),
        (&[0x7f; 20][..], None, false)
    );
    let largest = serial(&[0, 255, 255, 255, 255, 255, 255, 255, 255]).unwrap();
    assert_eq!(largest.to_u64(), Some(u64::MAX));
    assert_eq!(serial(&[1, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap().to_u64(), None);
    assert_eq!(serial(&[0]).unwrap().to_u64(), Some(0));
    assert!(serial(&[0xff]).unwrap().is_negative());
    assert_eq!(serial(&[0x12, 0xab]).unwrap().to_string(), "0x12ab");
    assert!(matches!(serial(&[1; 21]).unwrap_err().fault, Fault::TooLarge(20)));
    assert!(serial(&[]).is_err() && serial(&[0, 1]).is_err());
    let listed = read_entry(&entry(&[0x7f; 20], TIME, &[])).unwrap();
    assert_eq!((listed.serial(), listed.entry()), (None, None));
}

#[test]
fn times_of_others_are_read() {
    let time = |tag: u8, text: &[u8]| {
        let time = Der::build(|der| der.primitive(tag, text));
        read_entry(&entry(&[1], &time, &[]))
            .map(|listed| (listed.at.at.to_string(), listed.at.generalized))
    };
    let said = |text: &str, generalized| (text.to_owned(), generalized);
    assert_eq!(time(0x17, b"491231235959Z").unwrap(), said("2049-12-31T23:59:59Z", false));
    assert_eq!(time(0x17, b"500101000000Z").unwrap(), said("1950-01-01T00:00:00Z", false));
    assert_eq!(time(0x18, b"20260101000000Z").unwrap(), said("2026-01-01T00:00:00Z", true));
    assert_eq!(time(0x18, b"20000229000000Z").unwrap(), said("2000-02-29T00:00:00Z", true));
    for text in [
        &b"2601010000Z"[..],
        b"260101000000",
        b"260101000000+0900",
        b"260229000000Z",
        b"261301000000Z",
        b"260100000000Z",
        b"260101240000Z",
        b"260101006000Z",
        b"260101000060Z",
        b"26010100000 Z",
        b"",
        b"Z",
        b"260101000000.0Z",
    ] {
        assert!(time(0x17, text).is_err(), "{}", String::from_utf8_lossy(text));
    }
    for text in
        [&b"20260101000000.5Z"[..], b"00000101000000Z", b"99990101000000Z", b"19000229000000Z"]
    {
        assert!(time(0x18, text).is_err(), "{}", String::from_utf8_lossy(text));
    }
    assert!(time(0x16, b"260101000000Z").is_err());
}

#[test]
fn extensions_of_entries_are_read() {
    let read = |extensions: &[Vec<u8>]| read_entry(&entry(&[1], TIME, &row(extensions)));
    let explicit_zero = read(&[extension(21, false, &[10, 1, 0])]).unwrap();
    assert_eq!(explicit_zero.reason, Some(0));
    let removed = read(&[extension(21, false, &[10, 1, 8])]).unwrap();
    assert_eq!(removed.entry().unwrap().cause, Cause::Removed);
    let not_ours = read(&[extension(21, true, &[10, 1, 10])]).unwrap();
    assert_eq!((not_ours.reason, not_ours.wrongly_critical), (Some(10), true));
    assert_eq!(not_ours.entry(), None);

    let strange = read(&[extension(29, true, &[]), extension(23, false, &[])]).unwrap();
    assert_eq!((strange.unknown, strange.entry()), (Some(Unknown::Critical), None));
    let strange = read(&[extension(23, false, &[]), extension(21, false, &[10, 1, 1])]).unwrap();
    assert_eq!((strange.unknown, strange.reason), (Some(Unknown::Ignorable), Some(1)));

    let reason = extension(21, false, &[10, 1, 1]);
    let date = |time: &[u8]| extension(24, false, time);
    for bad in [
        &[][..],
        &[reason.clone(), reason.clone()],
        &[extension(23, false, &[]), reason, extension(23, true, &[])],
        &[extension(21, false, &[2, 1, 1])],
        &[extension(21, false, &[10, 1, 0x80])],
        &[extension(21, false, &[10, 2, 0, 1])],
        &[date(TIME)],
        &[date(b"\x18\x0f20260101000000Z\0")],
        &[date(b"\x18\x0f20260101000000Z"), date(b"\x18\x0f20260101000000Z")],
        &[vec![5, 0]],
    ] {
        assert!(read(bad).is_err(), "{bad:02x?}");
    }
    // FALSE is left out, and nothing stands behind.
    let stated = Der::build(|der| {
        der.sequence(|der| {
            der.primitive(tag::OID, &[0x55, 0x1d, 21]);
            der.primitive(tag::BOOLEAN, &[0]);
            der.primitive(tag::OCTET_STRING, &[10, 1, 1]);
        });
    });
    assert!(read(&[stated]).is_err());
    let sound = row(&[extension(21, false, &[10, 1, 1])]);
    assert!(read_entry(&entry(&[1], TIME, &[sound, vec![5, 0]].concat())).is_err());
}

#[test]
fn an_entry_and_the_extensions_are_bounded() {
    let large = |octets: usize| entry(&[1], TIME, &row(&[extension(99, false, &vec![0; octets])]));
    assert!(read_entry(&large(4000)).is_ok());
    let error = read_entry(&large(5000)).unwrap_err();
    assert!(matches!(error.fault, Fault::TooLarge(4096)), "{error}");
    assert!(read_trailer(&extension(99, false, &vec![0; 65_000])).is_ok());
    let error = read_trailer(&extension(99, false, &vec![0; 70_000])).unwrap_err();
    assert!(matches!(error.fault, Fault::TooLarge(65_536)), "{error}");
    // A length that nothing stands behind costs nothing.
    let error = Reader::new(&[0x30, 0x84, 255, 255, 255, 255, 0x30, 0x84, 255, 255, 255, 249][..]);
    assert!(matches!(error.unwrap_err().fault, Fault::CutShort));
}

#[test]
fn extensions_of_lists_are_read() {
    let trailer = read_trailer(&extension(99, true, &[])).unwrap();
    assert!(trailer.has_unknown_critical());
    assert_eq!((trailer.number(), trailer.base(), trailer.point()), (None, None, None));
    let point = |value: &[u8]| read_trailer(&extension(28, true, value));
    let said = point(&[0x30, 6, 0x83, 1, 0, 0x84, 1, 0xff]).unwrap();
    let said = said.point().unwrap();
    assert!(said.some_reasons && said.indirect && !said.only_user && said.name.is_none());
    let url = point(&[0x30, 7, 0xa0, 5, 0xa0, 3, 0x86, 1, b'x']).unwrap();
    let url = url.point().unwrap();
    assert_eq!(
        (url.name.as_deref(), url.directory_name.as_deref()),
        (Some(&[0xa0, 3, 0x86, 1, b'x'][..]), None)
    );
    for bad in
        [&[0x30, 3, 0x81, 1, 0][..], &[0x30, 3, 0x81, 1, 1], &[0x30, 2, 0xa0, 0], &[5, 0], &[]]
    {
        assert!(point(bad).is_err(), "{bad:02x?}");
    }
    let number = |value: &[u8]| read_trailer(&extension(20, false, value));
    assert!(
        number(&[2, 1, 0x80]).is_err() && number(&[2, 0]).is_err() && number(&[4, 1, 1]).is_err()
    );
    let key = |value: &[u8]| read_trailer(&extension(35, false, value));
    assert_eq!(key(&[0x30, 0]).unwrap().authority_key_id(), None);
    assert_eq!(key(&[0x30, 3, 0x80, 1, 7]).unwrap().authority_key_id(), Some(&[7][..]));
    assert!(key(&[0x30, 3, 0x81, 1, 7]).is_err());
    let twice = [extension(99, false, &[]), extension(99, false, &[1])].concat();
    assert!(matches!(read_trailer(&twice).unwrap_err().fault, Fault::Twice));
    assert!(read_trailer(&[]).is_err());
}

#[test]
fn a_list_of_the_first_version_has_no_extensions() {
    let list = Der::build(|der| {
        der.sequence(|der| {
            der.sequence(|der| der.oid(oid::ECDSA_SHA256));
            der.sequence(|_| ());
            der.raw(TIME);
            der.raw(TIME);
        });
    });
    let reader = Reader::tbs(&list[..]).unwrap();
    assert_eq!((reader.header().version, reader.header().entries), (1, None));
    assert!(reader.finish().unwrap().extensions.is_empty());
    for version in [0, 2] {
        let bad = Der::build(|der| der.sequence(|der| der.unsigned(tag::INTEGER, version)));
        assert!(matches!(Reader::tbs(&bad[..]).unwrap_err().fault, Fault::Version));
    }
}

#[test]
fn the_two_algorithms_are_one() {
    let parts = crate::crl::fixture::small();
    let mut file = parts.file();
    let identifier = parts.algorithm.signature_identifier();
    let places: Vec<_> = file
        .windows(identifier.len())
        .enumerate()
        .filter(|(_, w)| *w == identifier)
        .map(|(place, _)| place)
        .collect();
    assert_eq!(places.len(), 2);
    file[places[1] + identifier.len() - 1] = 3;
    let error = Reader::new(&file[..]).unwrap().finish().unwrap_err();
    assert!(matches!(error.fault, Fault::Algorithm), "{error}");
    assert_eq!(error.at, places[1] as u64);
}
