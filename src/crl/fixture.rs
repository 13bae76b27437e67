//! Lists for tests: any, and a small one.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::asn1::KeyAlgorithm;
use crate::asn1::Name;
use crate::asn1::oid;
use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::credential::Serial;

use super::Cause;
use super::Entry;
use super::Envelope;
use super::Head;
use super::Measure;
use super::Scope;

/// What a list is made of, with its names.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) issuer: Name,
    pub(crate) point: Name,
    /// 0 a partition, 1 the authority, 2 everything.
    pub(crate) scope: u8,
    pub(crate) algorithm: KeyAlgorithm,
    pub(crate) key_id: [u8; 20],
    pub(crate) number: u64,
    pub(crate) base: Option<u64>,
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Timestamp,
    pub(crate) entries: Vec<Entry>,
}

impl Parts {
    pub(crate) fn head(&self) -> Head<'_> {
        Head {
            algorithm: self.algorithm,
            issuer: &self.issuer,
            key_id: self.key_id,
            number: self.number,
            this_update: self.this_update,
            next_update: self.next_update,
            scope: match self.scope {
                0 => Scope::Partition(&self.point),
                1 => Scope::Authority(&self.point),
                _ => Scope::Everything,
            },
            base: self.base,
        }
    }

    pub(crate) fn measure(&self) -> Measure {
        self.entries.iter().collect()
    }

    pub(crate) fn tbs(&self) -> Vec<u8> {
        let mut tbs = Vec::new();
        let entries = self.entries.iter().copied();
        super::encode(&self.head(), self.measure(), entries, &mut tbs).unwrap();
        tbs
    }

    /// The complete list, with something in place of a signature.
    pub(crate) fn file(&self) -> Vec<u8> {
        let tbs = self.tbs();
        let envelope = Envelope::new(self.algorithm, tbs.len() as u64, &SIGNATURE).unwrap();
        let file = [&envelope.before[..], &tbs, &envelope.behind].concat();
        assert_eq!(envelope.octets(tbs.len() as u64), file.len() as u64);
        file
    }
}

/// Stands in place of a signature.
pub(crate) const SIGNATURE: [u8; 64] = [0xa5; 64];

/// A list of five entries of every shape.
pub(crate) fn small() -> Parts {
    let time = |text: &str| -> Timestamp { text.parse().unwrap() };
    let entry = |serial, at: &str, cause, invalidity: Option<&str>| Entry {
        serial: Serial::new(serial).unwrap(),
        at: time(at),
        cause,
        invalidity: invalidity.map(time),
    };
    let issuer = Name::japan().with(oid::ORGANIZATION, "JPKI-SANDBOX");
    Parts {
        point: issuer.clone().with(oid::COMMON_NAME, "Kiyose-shi CRLDP"),
        issuer,
        scope: 0,
        algorithm: KeyAlgorithm::P256,
        key_id: [0x5a; 20],
        number: 300,
        base: None,
        this_update: time("2026-11-21T00:00:00Z"),
        next_update: time("2026-11-24T00:00:00Z"),
        entries: vec![
            entry(1, "2026-01-02T03:04:05Z", Cause::Because(Reason::Unspecified), None),
            entry(0x80, "2026-01-02T03:04:05Z", Cause::Because(Reason::CertificateHold), None),
            entry(
                0x0132_c4ab,
                "2026-11-20T23:59:59Z",
                Cause::Because(Reason::KeyCompromise),
                Some("2026-11-01T00:00:00Z"),
            ),
            entry(
                0x7fff_ffff_ffff_fffe,
                "2026-11-20T00:00:00Z",
                Cause::Because(Reason::Unspecified),
                Some("2026-11-19T12:00:00Z"),
            ),
            entry(
                i64::MAX as u64,
                "2026-02-28T12:34:56Z",
                Cause::Because(Reason::Superseded),
                None,
            ),
        ],
    }
}

/// Any list.
pub(crate) fn any_parts() -> impl Strategy<Value = Parts> {
    let numbers = (1_u64.., prop::option::of(1_u64..), 0_u8..3);
    let algorithm =
        prop::sample::select(vec![KeyAlgorithm::RSA_2048, KeyAlgorithm::P256, KeyAlgorithm::P384]);
    let times = (any_time(), any_time());
    (numbers, algorithm, any::<[u8; 20]>(), times, "[a-z]{0,20}", 0_usize..40).prop_flat_map(
        |(numbers, algorithm, key_id, times, label, most)| {
            let (number, base, scope) = numbers;
            let base = base.filter(|base| *base < number);
            any_entries(most, base.is_some()).prop_map(move |entries| Parts {
                issuer: Name::japan().with(oid::ORGANIZATION, "X"),
                point: Name::japan().with(oid::COMMON_NAME, &label),
                scope,
                algorithm,
                key_id,
                number,
                base,
                this_update: times.0.min(times.1),
                next_update: times.0.max(times.1),
                entries,
            })
        },
    )
}

/// Entries in their order.
pub(crate) fn any_entries(most: usize, in_delta: bool) -> impl Strategy<Value = Vec<Entry>> {
    let one = (any_serial(), any_time(), 0_u8..8, prop::option::of(any_time()));
    prop::collection::vec(one, 0..=most).prop_map(move |drawn| {
        let entries = drawn.into_iter().map(|(serial, at, cause, invalidity)| {
            let cause = match Reason::from_code(cause) {
                Ok(reason) => Cause::Because(reason),
                Err(_) if in_delta => Cause::Removed,
                Err(_) => Cause::Because(Reason::Unspecified),
            };
            (serial, Entry { serial, at, cause, invalidity })
        });
        entries.collect::<BTreeMap<_, _>>().into_values().collect()
    })
}

/// Serials of every length, top bits set among them.
fn any_serial() -> impl Strategy<Value = Serial> {
    let edge = (0_u32..63, 0_u64..2).prop_map(|(bit, less)| (1 << bit) - less);
    let any = (1_u64.., 0_u32..63).prop_map(|(number, shift)| number >> 1 >> shift);
    prop_oneof![edge, any].prop_map(|number| Serial::new(number.max(1)).unwrap())
}

/// Times: of our days, at the edges of the two forms, and from the first to the last.
fn any_time() -> impl Strategy<Value = Timestamp> {
    let edge = |text: &str| {
        let edge = text.parse::<Timestamp>().unwrap().to_unix();
        (edge - 2..edge + 3).boxed()
    };
    prop_oneof![
        1_700_000_000_i64..2_000_000_000,
        // Two days, since a day that was met before is read by other code.
        1_760_000_000_i64..1_760_172_800,
        1_760_000_000_i64..1_760_172_800,
        edge("2050-01-01T00:00:00Z"),
        edge("1950-01-01T00:00:00Z"),
        edge("2100-03-01T00:00:00Z"),
        edge("2028-02-29T00:00:00Z"),
        -62_135_596_800_i64..=253_370_764_799,
    ]
    .prop_map(|seconds| Timestamp::from_unix(seconds).unwrap())
}
