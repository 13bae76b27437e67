//! What is written is what x509-cert writes.

use const_oid::ObjectIdentifier;
use der::DateTime;
use der::Decode as _;
use der::Encode as _;
use der::asn1::GeneralizedTime;
use der::asn1::OctetString;
use der::asn1::UtcTime;
use der::oid::AssociatedOid as _;
use proptest::prelude::*;
use x509_cert::crl::RevokedCert;
use x509_cert::crl::TbsCertList;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::ext::pkix::CrlNumber;
use x509_cert::ext::pkix::CrlReason;
use x509_cert::ext::pkix::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::DistributionPointName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::time::Time;

use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::crl::Cause;
use crate::crl::EncodeError;
use crate::crl::Encoder;
use crate::crl::Entry;
use crate::crl::Measure;
use crate::crl::fixture;
use crate::crl::fixture::Parts;

/// The same list by the types of x509-cert.
fn theirs(parts: &Parts) -> Vec<u8> {
    let point = IssuingDistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![
            GeneralName::DirectoryName(Name::from_der(&parts.point.to_der()).unwrap()),
        ])),
        only_contains_user_certs: parts.scope == 0,
        only_contains_ca_certs: false,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    };
    let key = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(parts.key_id).unwrap()),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    let number = |number: u64| {
        let octets = number.to_be_bytes();
        CrlNumber(der::asn1::Uint::new(&octets).unwrap()).to_der().unwrap()
    };
    // By hand: the type's own identifier is that of another extension.
    let mut extensions = vec![
        extension("2.5.29.35", false, key.to_der().unwrap()),
        extension("2.5.29.20", false, number(parts.number)),
    ];
    extensions.extend(parts.base.map(|base| extension("2.5.29.27", true, number(base))));
    if parts.scope < 2 {
        extensions.push(extension("2.5.29.28", true, point.to_der().unwrap()));
    }
    let revoked: Vec<RevokedCert> = parts.entries.iter().map(revoked).collect();
    let list = TbsCertList {
        version: x509_cert::Version::V2,
        signature: spki::AlgorithmIdentifierOwned::from_der(
            &parts.algorithm.signature_identifier(),
        )
        .unwrap(),
        issuer: Name::from_der(&parts.issuer.to_der()).unwrap(),
        this_update: time(parts.this_update),
        next_update: Some(time(parts.next_update)),
        revoked_certificates: (!revoked.is_empty()).then_some(revoked),
        crl_extensions: Some(extensions),
    };
    list.to_der().unwrap()
}

fn revoked(entry: &Entry) -> RevokedCert {
    let mut extensions = Vec::new();
    let reason = match entry.cause {
        Cause::Because(Reason::Unspecified) => None,
        Cause::Because(Reason::KeyCompromise) => Some(CrlReason::KeyCompromise),
        Cause::Because(Reason::CaCompromise) => Some(CrlReason::CaCompromise),
        Cause::Because(Reason::AffiliationChanged) => Some(CrlReason::AffiliationChanged),
        Cause::Because(Reason::Superseded) => Some(CrlReason::Superseded),
        Cause::Because(Reason::CessationOfOperation) => Some(CrlReason::CessationOfOperation),
        Cause::Because(Reason::CertificateHold) => Some(CrlReason::CertificateHold),
        Cause::Removed => Some(CrlReason::RemoveFromCRL),
    };
    if let Some(reason) = reason {
        extensions.push(extension("2.5.29.21", false, reason.to_der().unwrap()));
    }
    if let Some(invalidity) = entry.invalidity {
        extensions.push(extension("2.5.29.24", false, generalized(invalidity)));
    }
    let serial = entry.serial.get().to_der().unwrap();
    RevokedCert {
        serial_number: x509_cert::serial_number::SerialNumber::from_der(&serial).unwrap(),
        revocation_date: time(entry.at),
        crl_entry_extensions: (!extensions.is_empty()).then_some(extensions),
    }
}

fn extension(oid: &str, critical: bool, value: Vec<u8>) -> Extension {
    let extn_id = ObjectIdentifier::new(oid).unwrap();
    Extension { extn_id, critical, extn_value: OctetString::new(value).unwrap() }
}

/// Times from 1970 on: x509-cert has no others.
fn time(at: Timestamp) -> Time {
    let date = DateTime::from_unix_duration(seconds(at)).unwrap();
    if date.year() < 2050 {
        UtcTime::from_date_time(date).unwrap().into()
    } else {
        GeneralizedTime::from_date_time(date).into()
    }
}

fn generalized(at: Timestamp) -> Vec<u8> {
    GeneralizedTime::from_unix_duration(seconds(at)).unwrap().to_der().unwrap()
}

fn seconds(at: Timestamp) -> std::time::Duration {
    std::time::Duration::from_secs(at.to_unix().try_into().unwrap())
}

fn not_before_1970(parts: &mut Parts) {
    let later = |at: &mut Timestamp| *at = (*at).max(Timestamp::EPOCH);
    later(&mut parts.this_update);
    later(&mut parts.next_update);
    for entry in &mut parts.entries {
        later(&mut entry.at);
        entry.invalidity.iter_mut().for_each(later);
    }
}

proptest! {
    #[test]
    fn lists_are_those_of_x509_cert(parts in fixture::any_parts()) {
        let mut parts = parts;
        not_before_1970(&mut parts);
        prop_assert_eq!(crate::asn1::hex(&parts.tbs()), crate::asn1::hex(&theirs(&parts)));
    }

    #[test]
    fn lists_of_many_blocks_are_those_of_x509_cert(seed: u64, count in 4000_u64..5000) {
        let parts = long(seed, count);
        prop_assert!(parts.tbs() == theirs(&parts));
    }

    #[test]
    fn an_entry_is_as_long_as_it_says(entries in fixture::any_entries(1, true)) {
        let parts = Parts { entries, base: Some(1), ..fixture::small() };
        let empty = Parts { entries: Vec::new(), ..parts.clone() };
        let measure = parts.measure();
        let longer = (parts.tbs().len() - empty.tbs().len()) as u64;
        // The row's own tag and length, where there is a row; the whole's length may grow too.
        prop_assert!((measure.octets..measure.octets + 4).contains(&longer));
    }
}

/// A list of some blocks, mixed by a seed.
fn long(seed: u64, count: u64) -> Parts {
    let mut state = seed | 1;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 33
    };
    let mut serial = 0;
    let entries = (0..count).map(|_| {
        serial += 1 + draw() % 70_000;
        let at = 1_700_000_000 + draw() % 1_000_000_000;
        let at = Timestamp::from_unix(at.try_into().unwrap()).unwrap();
        let reason = Reason::ALL[usize::try_from(draw() % 7).unwrap()];
        let invalidity = draw().is_multiple_of(5).then_some(at);
        let serial = crate::credential::Serial::new(serial).unwrap();
        Entry { serial, at, cause: Cause::Because(reason), invalidity }
    });
    Parts { entries: entries.collect(), ..fixture::small() }
}

#[test]
fn the_identifier_of_the_distribution_point_is_still_wrong_upstream() {
    let theirs = IssuingDistributionPoint::OID;
    assert_ne!(theirs, crate::asn1::oid::ISSUING_DISTRIBUTION_POINT, "fixed: build it by the type");
}

fn attempt(parts: &Parts, measure: Measure) -> Result<(), EncodeError> {
    let mut encoder = Encoder::new(&parts.head(), measure, std::io::sink())?;
    for entry in &parts.entries {
        encoder.push(entry)?;
    }
    encoder.finish().map(|_| ())
}

#[test]
fn what_is_no_list_is_refused() {
    let sound = fixture::small();
    let measure = sound.measure();
    assert!(attempt(&sound, measure).is_ok());
    let refused = |change: fn(&mut Parts)| {
        let mut parts = sound.clone();
        change(&mut parts);
        let measure = parts.measure();
        attempt(&parts, measure).unwrap_err().to_string()
    };
    let number = EncodeError::Number.to_string();
    assert_eq!(refused(|parts| parts.number = 0), number);
    assert_eq!(refused(|parts| parts.base = Some(0)), number);
    assert_eq!(refused(|parts| parts.base = Some(parts.number)), number);
    let times = EncodeError::Times.to_string();
    assert_eq!(refused(|parts| parts.next_update = parts.this_update.plus_seconds(-1)), times);
    let order = EncodeError::Order(sound.entries[1].serial).to_string();
    assert_eq!(refused(|parts| parts.entries[2] = parts.entries[1]), order);
    assert_eq!(refused(|parts| parts.entries.swap(1, 2)), order);
    let removed = EncodeError::Removed(sound.entries[0].serial).to_string();
    assert_eq!(refused(|parts| parts.entries[0].cause = Cause::Removed), removed);
}

#[test]
fn other_entries_than_were_measured_are_refused() {
    let parts = fixture::small();
    let measure = parts.measure();
    let one_more = Measure { count: measure.count + 1, ..measure };
    let longer = Measure { octets: measure.octets + 1, ..measure };
    let huge = Measure { octets: u64::from(u32::MAX), ..measure };
    assert!(matches!(attempt(&parts, one_more), Err(EncodeError::Measure)));
    assert!(matches!(attempt(&parts, longer), Err(EncodeError::Measure)));
    assert!(matches!(attempt(&parts, huge), Err(EncodeError::TooLong)));
    let none = Parts { entries: Vec::new(), ..parts };
    assert!(matches!(attempt(&none, measure), Err(EncodeError::Measure)));
    // A measure that is short enough overall to overflow nothing.
    assert!(matches!(
        attempt(&none, Measure { count: 1, octets: u64::MAX }),
        Err(EncodeError::TooLong)
    ));
}

#[test]
fn a_sink_that_fails_is_heard() {
    let mut small = [0; 100];
    let parts = fixture::small();
    let sink = &mut small[..];
    let attempt =
        super::super::encode(&parts.head(), parts.measure(), parts.entries.iter().copied(), &mut {
            sink
        });
    assert!(matches!(attempt, Err(EncodeError::Sink(_))));
}

#[test]
fn after_a_failure_no_list_comes_of_it() {
    /// Takes one write, fails the next, and would then take more.
    struct Torn(u8);
    impl std::io::Write for Torn {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 == 2 { Err(std::io::ErrorKind::Other.into()) } else { Ok(octets.len()) }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let parts = long(1, 4000);
    let mut encoder = Encoder::new(&parts.head(), parts.measure(), Torn(0)).unwrap();
    assert!(matches!(encoder.extend(&parts.entries), Err(EncodeError::Sink(_))));
    assert!(matches!(encoder.push(&parts.entries[3999]), Err(EncodeError::Failed)));
    assert!(matches!(encoder.finish(), Err(EncodeError::Failed)));
}
