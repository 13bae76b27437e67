//! What was written is read; what is not DER is refused, and never more.

use std::io;

use proptest::prelude::*;

use crate::credential::Serial;
use crate::crl;
use crate::crl::Entry;
use crate::crl::Fault;
use crate::crl::Listed;
use crate::crl::ReadError;
use crate::crl::Reader;
use crate::crl::Trailer;
use crate::crl::fixture;
use crate::crl::fixture::Parts;

/// Everything that a complete list says, and the octets that its tap was shown.
fn read(file: impl io::Read) -> Result<(crl::Header, Vec<Listed>, Trailer, Vec<u8>), ReadError> {
    let mut signed = Vec::new();
    let mut reader = Reader::tapped(file, |octets: &[u8]| signed.extend_from_slice(octets))?;
    let header = reader.header().clone();
    let entries = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    let trailer = reader.finish()?;
    Ok((header, entries, trailer, signed))
}

fn place(at: u64) -> usize {
    at.try_into().unwrap()
}

/// An input that gives a few octets at a time.
struct Trickle<'a>(&'a [u8], usize);

impl io::Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.1);
        io::Read::read(&mut self.0, &mut buffer[..most])
    }
}

fn entries(listed: &[Listed]) -> Vec<Entry> {
    listed.iter().map(|listed| listed.entry().unwrap()).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read(parts in fixture::any_parts(), step in 1_usize..200) {
        let (file, tbs) = (parts.file(), parts.tbs());
        let (header, listed, trailer, signed) = read(Trickle(&file, step)).unwrap();
        prop_assert_eq!(&signed, &tbs);
        prop_assert_eq!(entries(&listed), &parts.entries[..]);
        prop_assert!(listed.iter().all(|listed| !listed.wrongly_critical));
        prop_assert_eq!(header.version, 2);
        prop_assert_eq!(&header.algorithm, &parts.algorithm.signature_identifier());
        prop_assert_eq!(&header.issuer, &parts.issuer.to_der());
        prop_assert_eq!(header.this_update.at, parts.this_update);
        prop_assert_eq!(header.next_update.unwrap().at, parts.next_update);
        prop_assert_eq!(header.entries.is_some(), !parts.entries.is_empty());
        let (begins, ends) = header.signed;
        prop_assert_eq!(&file[place(begins)..place(ends)], &tbs[..]);
        prop_assert_eq!(trailer.authority_key_id(), Some(&parts.key_id[..]));
        prop_assert_eq!(trailer.number().unwrap().to_u64(), Some(parts.number));
        prop_assert_eq!(trailer.base().map(|base| base.to_u64().unwrap()), parts.base);
        let point = trailer.point().map(|point| point.directory_name.clone().unwrap());
        prop_assert_eq!(point, (parts.scope < 2).then(|| parts.point.to_der()));
        let only_user = trailer.point().is_some_and(|point| point.only_user);
        prop_assert_eq!(only_user, parts.scope == 0);
        prop_assert!(!trailer.has_unknown_critical());
        let signature = trailer.signature.clone().unwrap();
        prop_assert_eq!(&signature.octets, &fixture::SIGNATURE);
        prop_assert_eq!(&signature.algorithm, &header.algorithm);

        // The same, from both ends, and from the signed part alone.
        let mut padded = io::Cursor::new([&[0; 7][..], &file].concat());
        padded.set_position(7);
        let ends = crl::ends(&mut padded).unwrap();
        prop_assert_eq!(padded.position(), 7);
        prop_assert_eq!((&ends.header, &ends.trailer), (&header, &trailer));
        let mut signed = Vec::new();
        let tap = |octets: &[u8]| signed.extend_from_slice(octets);
        let mut reader = Reader::tapped_tbs(&tbs[..], tap).unwrap();
        let alone = reader.by_ref().collect::<Result<Vec<_>, _>>().unwrap();
        prop_assert_eq!(alone, listed);
        prop_assert_eq!(reader.finish().unwrap().signature, None);
        prop_assert_eq!(signed, tbs);
    }

    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        let _ = read(&bytes[..]);
        let _ = crl::ends(&mut io::Cursor::new(&bytes));
        let _ = Reader::tbs(&bytes[..]).and_then(Reader::finish);
    }

    #[test]
    fn any_changed_bytes_are_answered(
        parts in fixture::any_parts(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = parts.file();
        for (place, octet) in changes {
            let place = place.index(file.len());
            file[place] = octet;
        }
        let _ = crl::ends(&mut io::Cursor::new(&file));
        prop_assert_eq!(by_the_block(&file), by_the_octet(&file));
    }

    #[test]
    fn a_changed_entry_is_read_alike_by_both_ways(
        serial in 1_u64..1 << 40,
        at in 0_usize..38,
        octet: u8,
    ) {
        // A day that was met, and a window's worth of entries behind.
        let entry = fixture::small().entries[1];
        let row = (0..5).map(|more| Entry { serial: Serial::new(serial + more).unwrap(), ..entry });
        let mut file = Parts { entries: row.collect(), ..fixture::small() }.file();
        let begins = place(read(&file[..]).unwrap().0.entries.unwrap().0);
        let second = begins + 2 + usize::from(file[begins + 1]);
        file[second + at] = octet;
        prop_assert_eq!(by_the_block(&file), by_the_octet(&file));
    }
}

type Said = Result<(crl::Header, Vec<Listed>, Trailer, Vec<u8>), (u64, String)>;

/// What a file says, whole blocks at hand.
fn by_the_block(file: &[u8]) -> Said {
    read(file).map_err(|error| (error.at, error.to_string()))
}

/// What it says when never more is at hand than must be, so that every entry is read the long way.
fn by_the_octet(file: &[u8]) -> Said {
    read(Trickle(file, 1)).map_err(|error| (error.at, error.to_string()))
}

#[test]
fn a_list_cut_anywhere_is_refused_and_so_is_one_that_goes_on() {
    let file = fixture::small().file();
    for length in 0..file.len() {
        let error = read(&file[..length]).unwrap_err();
        assert!(matches!(error.fault, Fault::CutShort), "{length}: {error}");
        assert!(error.at <= length as u64, "{length}: {error}");
        assert!(crl::ends(&mut io::Cursor::new(&file[..length])).is_err(), "{length}");
    }
    let longer = [&file[..], &[0]].concat();
    let error = read(&longer[..]).unwrap_err();
    assert!(matches!(error.fault, Fault::Behind), "{error}");
    assert_eq!(error.at, file.len() as u64);
}

#[test]
fn a_flipped_octet_is_refused_or_says_something_else() {
    let file = fixture::small().file();
    let sound = read(&file[..]).unwrap();
    for place in 0..file.len() {
        for flip in [1, 0x20, 0x80, 0xff] {
            let mut other = file.clone();
            other[place] ^= flip;
            if let Ok(said) = read(&other[..]) {
                assert_ne!(said, sound, "octet {place}");
            }
        }
    }
}

#[test]
fn the_header_is_there_before_the_entries_arrive() {
    let parts = Parts { entries: fixture::small().entries, ..fixture::small() };
    let file = parts.file();
    let until = read(&file[..]).unwrap().0.entries.unwrap().0;
    // An input that would never end, as a pipe: all it gave is the header.
    let reader = Reader::new(&file[..place(until)]).unwrap();
    assert_eq!(reader.header().issuer, parts.issuer.to_der());
    assert_eq!(reader.at(), until);
    assert!(format!("{reader:?}").starts_with("Reader"));
}

#[test]
fn an_input_that_fails_is_heard_and_an_interrupted_one_read_on() {
    struct Failing<'a>(&'a [u8], Option<io::ErrorKind>);
    impl io::Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.1.take() {
                Some(kind) => Err(kind.into()),
                None => io::Read::read(&mut self.0, buffer),
            }
        }
    }
    let file = fixture::small().file();
    assert!(read(Failing(&file, Some(io::ErrorKind::Interrupted))).is_ok());
    let error = read(Failing(&file, Some(io::ErrorKind::PermissionDenied))).unwrap_err();
    assert!(matches!(error.fault, Fault::Input(_)), "{error}");
}

#[test]
fn a_reader_stops_at_the_first_fault() {
    let parts = fixture::small();
    let mut tbs = parts.tbs();
    let first = parts.entries[0].serial;
    let octet = tbs.windows(3).position(|three| three == [2, 1, 1]).unwrap();
    assert_eq!(first.get(), 1);
    // The version stands first; the serial 1 stands second.
    let octet =
        octet + 3 + tbs[octet + 3..].windows(3).position(|three| three == [2, 1, 1]).unwrap();
    tbs[octet] = 4;
    let mut reader = Reader::tbs(&tbs[..]).unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.at, octet as u64 - 2);
    assert_eq!(error.to_string(), format!("octet {}: not the DER of a serial number", octet - 2));
    assert!(reader.next().is_none());
    assert!(matches!(reader.finish().unwrap_err().fault, Fault::Entry));

    // The last entry too: what stands behind it could be read.
    let mut tbs = parts.tbs();
    let (_, ends) = Reader::tbs(&tbs[..]).unwrap().header().entries.unwrap();
    tbs[place(ends) - 3] = 5;
    let mut reader = Reader::tbs(&tbs[..]).unwrap();
    assert_eq!(reader.by_ref().filter(Result::is_ok).count(), 4);
    assert!(matches!(reader.finish().unwrap_err().fault, Fault::Entry));
}

#[test]
fn a_date_of_no_digits_is_refused_however_it_is_read() {
    let parts = fixture::small();
    let mut file = parts.file();
    let date = [0x17, 13, b'2', b'6', b'0', b'1', b'0', b'2', b'0', b'3', b'0', b'4', b'0', b'5'];
    let at = file.windows(date.len()).position(|octets| octets == date).unwrap();
    // What the place of a day that was not met could be taken for: it may hold any word.
    for octet in (0..=u8::MAX).filter(|octet| !octet.is_ascii_digit()) {
        file[at + 2..at + 8].fill(octet);
        assert!(by_the_block(&file).is_err(), "{octet:02x}");
        assert_eq!(by_the_block(&file), by_the_octet(&file));
    }
}

#[test]
fn what_is_visited_is_what_is_iterated_over() {
    let parts = fixture::small();
    let visited = |tbs: &[u8]| {
        let mut shown = Vec::new();
        let mut reader = Reader::tbs(tbs).unwrap();
        let end = reader.visit(|listed| shown.push(*listed));
        (shown, end.map_err(|error| error.at), reader.finish().is_ok())
    };
    let iterated = |tbs: &[u8]| {
        let mut reader = Reader::tbs(tbs).unwrap();
        let read: Result<Vec<_>, _> = reader.by_ref().collect();
        (read.map_err(|error| error.at), reader.finish().is_ok())
    };
    let tbs = parts.tbs();
    let (shown, end, finished) = visited(&tbs);
    assert_eq!(shown.len(), parts.entries.len());
    assert_eq!((end.map(|()| shown), finished), iterated(&tbs));

    // The last entry cannot be read: those before it were shown.
    let mut torn = tbs;
    let (_, ends) = Reader::tbs(&torn[..]).unwrap().header().entries.unwrap();
    torn[place(ends) - 3] = 5;
    let (shown, end, finished) = visited(&torn);
    assert_eq!(shown.len(), parts.entries.len() - 1);
    assert_eq!((end.map(|()| shown), finished), iterated(&torn));
}
