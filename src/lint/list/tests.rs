//! Good lists pass, and every rule is broken by something.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::asn1::Der;
use crate::asn1::tag;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::crl::Cause;
use crate::crl::Entry;
use crate::crl::Envelope;
use crate::crl::Measure;
use crate::lint::fixture::Node;
use crate::lint::fixture::instant;
use crate::lint::fixture::kiyose;
use crate::lint::fixture::production;
use crate::lint::fixture::second_generation;
use crate::profile::Issuer;
use crate::profile::Partition;
use crate::profile::Realm;

/// What a list is made of.
#[derive(Clone)]
struct List {
    realm: Realm,
    issuer: Issuer,
    coverage: Coverage,
    number: u64,
    base: Option<u64>,
    this_update: Timestamp,
    entries: Vec<Entry>,
}

impl List {
    fn edition(&self) -> Edition<'_> {
        Edition {
            organisation: self.realm.organisation(),
            issuer: &self.issuer,
            coverage: self.coverage,
            number: self.number,
            this_update: self.this_update,
            next_update: self.this_update.plus_seconds(72 * 3600),
            base: self.base,
        }
    }

    fn tbs(&self) -> TbsList {
        let measure: Measure = self.entries.iter().collect();
        TbsList::encode(&self.edition(), measure, self.entries.iter().copied()).unwrap()
    }

    fn authority(&self) -> Authority<'_> {
        Authority { realm: &self.realm, issuer: Some(&self.issuer) }
    }

    fn judged(&self, tbs: &[u8]) -> Vec<&'static str> {
        let reader = match Reader::tbs(tbs) {
            Ok(reader) => reader,
            Err(error) => return vec![unread(&error).id],
        };
        match list(reader, &self.edition()) {
            Ok(_) => Vec::new(),
            Err(findings) => ids(findings.as_slice()),
        }
    }

    fn file(&self, tbs: &[u8]) -> Vec<u8> {
        let envelope = Envelope::new(self.issuer.algorithm, tbs.len() as u64, &[7; 256]).unwrap();
        [&envelope.before[..], tbs, &envelope.behind].concat()
    }
}

fn entry(serial: u64, cause: Cause) -> Entry {
    let at = instant("2026-11-20T03:04:05Z");
    Entry { serial: Serial::new(serial).unwrap(), at, cause, invalidity: None }
}

/// A list of every shape of entry.
fn sound() -> List {
    let mut entries = vec![entry(5, Cause::Because(Reason::Unspecified))];
    for (serial, reason) in (200..).zip(Reason::ALL) {
        entries.push(entry(serial, Cause::Because(reason)));
    }
    entries[2].invalidity = Some(instant("2026-10-01T00:00:00Z"));
    List {
        realm: production(),
        issuer: second_generation(CaName::UserAuthentication),
        coverage: Coverage::Partition(Partition::Municipality(kiyose())),
        number: 300,
        base: None,
        this_update: instant("2026-11-21T00:00:00Z"),
        entries,
    }
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.id).collect()
}

/// The list as a tree: fields 0 to 4, entries 5, extensions 6.
fn changed(list: &List, change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut tree = Node::of(list.tbs().as_der());
    change(&mut tree);
    tree.der()
}

#[test]
fn good_lists_pass() {
    let places = [Partition::Municipality(kiyose()), Partition::Authority];
    let places = places.map(Coverage::Partition).into_iter().chain([Coverage::Everything]);
    for (coverage, ca) in places.flat_map(|place| CaName::ALL.map(|ca| (place, ca))) {
        for realm in [production(), Realm::sandbox()] {
            let issuer = second_generation(ca);
            let mut list = List { realm, issuer, coverage, ..sound() };
            for _ in 0..3 {
                let tbs = list.tbs();
                let checked = check_list(tbs.clone(), &list.authority()).unwrap();
                assert_eq!(checked.tbs(), &tbs);
                assert_eq!(list.judged(tbs.as_der()), [""; 0]);
                let file = list.file(tbs.as_der());
                let reader = Reader::new(&file[..]).unwrap();
                let summary = super::list(reader, &list.edition()).unwrap();
                assert_eq!(summary.count, list.entries.len() as u64);
                assert!(summary.trailer.signature.is_some());
                let report = list_file(&file[..]);
                assert_eq!((report.ca, ids(&report.findings)), (Some(ca), vec!["L-CRL-UNCHECKED"]));
                assert!(report.conforms() && report.summary.is_some());
                // Next an empty list, then a delta list.
                list.base = list.entries.is_empty().then_some(299);
                list.entries.clear();
                if list.base.is_some() {
                    list.entries.push(entry(7, Cause::Removed));
                }
            }
        }
    }
}

#[test]
fn what_stands_beside_the_bytes_is_held_against_them() {
    let list = sound();
    let tbs = list.tbs();
    let next = Issuer { generation: Generation::new(3).unwrap(), ..sound().issuer };
    for issuer in [Some(&next), None] {
        let authority = Authority { realm: &list.realm, issuer };
        let findings = check_list(tbs.clone(), &authority).unwrap_err();
        assert_eq!(ids(findings.as_slice()), ["L-CRL-STATED"]);
    }
    let sandbox = Realm::sandbox();
    let authority = Authority { realm: &sandbox, issuer: Some(&list.issuer) };
    let findings = check_list(tbs, &authority).unwrap_err();
    assert_eq!(ids(findings.as_slice()), ["L-CRL-ISSUER", "L-CRL-IDP-NAME"]);
}

/// Each case breaks what it is named after, and nothing else.
#[test]
fn every_rule_is_broken_by_something() {
    let list = sound();
    let der = list.tbs().as_der().to_vec();
    assert_eq!(list.judged(&der), [""; 0]);
    let mut seen = BTreeSet::new();
    let mut case = |list: &List, der: &[u8], expected: &[&'static str]| {
        assert_eq!(list.judged(der), expected);
        seen.extend(expected.iter().copied());
    };
    let with = |change: fn(&mut List)| {
        let mut list = sound();
        change(&mut list);
        list
    };
    let tree = |change: fn(&mut Node)| changed(&sound(), change);

    case(&list, &der[..der.len() - 1], &["L-CRL-DER"]);
    // The first form of a list, and no number of a version.
    case(&list, &tree(|tree| drop(tree.nodes().remove(0))), &["L-CRL-VERSION"]);
    case(&list, &tree(|tree| tree.at(&[0]).set(&[2])), &["L-CRL-VERSION"]);
    case(&list, &tree(|tree| drop(tree.at(&[1]).nodes().pop())), &["L-CRL-ALGORITHM"]);
    case(&list, &tree(|tree| tree.at(&[2, 1, 0, 1]).set(b"JPKJ")), &["L-CRL-ISSUER"]);
    case(&list, &tree(|tree| tree.at(&[2, 1, 0, 1]).tag(tag::PRINTABLE_STRING)), &["L-CRL-ISSUER"]);
    let generalized = tree(|tree| {
        *tree.at(&[3]) = Node::Leaf(tag::GENERALIZED_TIME, b"20261121000000Z".to_vec());
    });
    case(&list, &generalized, &["L-CRL-TIME-FORM"]);
    case(&list, &tree(|tree| drop(tree.nodes().remove(4))), &["L-CRL-NEXT"]);
    let before = tree(|tree| tree.at(&[4]).set(b"261120235959Z"));
    case(&list, &before, &["L-CRL-TIMES", "L-CRL-STATED"]);
    let early = with(|list| {
        list.this_update = instant("2019-09-14T23:41:58Z");
        list.entries.clear();
    });
    case(&early, early.tbs().as_der(), &["L-CRL-TIMES-ISSUER"]);
    case(&list, &tree(|tree| tree.at(&[5]).nodes().clear()), &["L-CRL-EMPTY"]);

    let zero = tree(|tree| tree.at(&[5, 0, 0]).set(&[0]));
    case(&list, &zero, &["L-CRL-ENTRY-SERIAL", "L-CRL-ENTRY-ORDER"]);
    let negative = tree(|tree| tree.at(&[5, 0, 0]).set(&[0x85]));
    case(&list, &negative, &["L-CRL-ENTRY-SERIAL", "L-CRL-ENTRY-ORDER"]);
    case(&list, &tree(|tree| tree.at(&[5]).nodes().swap(0, 1)), &["L-CRL-ENTRY-ORDER"]);
    case(&list, &tree(|tree| tree.at(&[5, 0, 0]).set(&[0, 200])), &["L-CRL-ENTRY-ORDER"]);
    let generalized = tree(|tree| {
        *tree.at(&[5, 0, 1]) = Node::Leaf(tag::GENERALIZED_TIME, b"20261120000000Z".to_vec());
    });
    case(&list, &generalized, &["L-CRL-ENTRY-TIME-FORM"]);
    let late = with(|list| list.entries[0].at = list.this_update.plus_seconds(1));
    case(&late, late.tbs().as_der(), &["L-CRL-ENTRY-FUTURE"]);
    let late = with(|list| list.entries[0].invalidity = Some(list.this_update.plus_seconds(1)));
    case(&late, late.tbs().as_der(), &["L-CRL-ENTRY-FUTURE"]);
    for code in [0, 7, 9, 10] {
        let other = changed(&list, |tree| tree.at(&[5, 3, 2, 0, 1, 0]).set(&[code]));
        case(&list, &other, &["L-CRL-ENTRY-REASON"]);
    }
    let removed = tree(|tree| tree.at(&[5, 3, 2, 0, 1, 0]).set(&[8]));
    case(&list, &removed, &["L-CRL-ENTRY-REMOVED"]);
    let strange = tree(|tree| tree.at(&[5, 3, 2, 0, 0]).set(&[0x55, 0x1d, 23]));
    case(&list, &strange, &["L-CRL-ENTRY-EXTENSION"]);
    let critical = tree(|tree| {
        tree.at(&[5, 3, 2, 0]).nodes().insert(1, Node::Leaf(tag::BOOLEAN, vec![0xff]));
    });
    case(&list, &critical, &["L-CRL-ENTRY-EXTENSION"]);

    for place in 0..3 {
        let missing = changed(&list, |tree| drop(tree.at(&[6, 0]).nodes().remove(place)));
        case(&list, &missing, &["L-CRL-EXT-MISSING"]);
    }
    let strange = tree(|tree| tree.at(&[6, 0, 2, 0]).set(&[0x55, 0x1d, 46]));
    case(&list, &strange, &["L-CRL-EXT-UNKNOWN", "L-CRL-EXT-MISSING"]);
    case(&list, &tree(|tree| tree.at(&[6, 0]).nodes().swap(0, 1)), &["L-CRL-EXT-ORDER"]);
    let critical = tree(|tree| drop(tree.at(&[6, 0, 2]).nodes().remove(1)));
    case(&list, &critical, &["L-CRL-EXT-CRITICAL"]);
    let twice = tree(|tree| {
        let first = tree.at(&[6, 0, 0]).clone();
        tree.at(&[6, 0]).nodes().push(first);
    });
    case(&list, &twice, &["L-CRL-DER"]);
    case(&list, &tree(|tree| tree.at(&[6, 0, 0, 1, 0, 0]).set(&[7; 20])), &["L-CRL-AKI"]);
    let more = tree(|tree| {
        tree.at(&[6, 0, 0, 1, 0]).nodes().push(Node::Leaf(tag::context(2), vec![1]));
    });
    case(&list, &more, &["L-CRL-AKI"]);
    case(&list, &tree(|tree| tree.at(&[6, 0, 1, 1, 0]).set(&[0])), &["L-CRL-NUMBER"]);
    case(&list, &tree(|tree| tree.at(&[6, 0, 1, 1, 0]).set(&[1, 0x2d])), &["L-CRL-STATED"]);

    let delta = with(|list| {
        list.base = Some(299);
        list.entries[0].cause = Cause::Removed;
    });
    case(&delta, delta.tbs().as_der(), &[]);
    let above = changed(&delta, |tree| tree.at(&[6, 0, 2, 2, 0]).set(&[1, 0x2c]));
    case(&delta, &above, &["L-CRL-BASE", "L-CRL-STATED"]);
    let other = changed(&delta, |tree| tree.at(&[6, 0, 2, 2, 0]).set(&[7]));
    case(&delta, &other, &["L-CRL-STATED"]);
    case(&list, delta.tbs().as_der(), &["L-CRL-STATED"]);
    case(&delta, &der, &["L-CRL-STATED"]);

    let any = tree(|tree| {
        tree.at(&[6, 0, 2, 2, 0]).nodes().pop();
    });
    case(&list, &any, &["L-CRL-IDP"]);
    let more = tree(|tree| {
        tree.at(&[6, 0, 2, 2, 0]).nodes().push(Node::Leaf(tag::context(4), vec![0xff]));
    });
    case(&list, &more, &["L-CRL-IDP"]);
    let other = tree(|tree| {
        tree.at(&[6, 0, 2, 2, 0, 0, 0, 0, 0, 5, 0, 1]).set(b"Higashimurayama-shi CRLDP");
    });
    case(&list, &other, &["L-CRL-IDP-NAME"]);
    let everything = with(|list| list.coverage = Coverage::Everything);
    case(&everything, &der, &["L-CRL-IDP"]);
    let authority = with(|list| list.coverage = Coverage::Partition(Partition::Authority));
    case(&authority, &der, &["L-CRL-IDP", "L-CRL-IDP-NAME"]);
    case(&list, everything.tbs().as_der(), &["L-CRL-EXT-MISSING"]);

    let mut file = list.file(&der);
    let place = file.len() - 256 - 5 - 3;
    assert_eq!(file[place], 0x0b, "the end of the outer algorithm's identifier");
    file[place] = 0x0c;
    let report = list_file(&file[..]);
    assert_eq!(ids(&report.findings), ["L-CRL-SIGNATURE-ALGORITHM", "L-CRL-UNCHECKED"]);
    assert!(!report.conforms());
    seen.extend(ids(&report.findings));
    let experiment = with(|list| list.issuer.algorithm = KeyAlgorithm::MlDsa65);
    let report = list_file(&experiment.file(experiment.tbs().as_der())[..]);
    let found = ["L-CRL-SIGNATURE-LENGTH", "L-CRL-EXPERIMENT", "L-CRL-UNCHECKED"];
    assert_eq!(ids(&report.findings), found);
    seen.extend(found);
    let foreign = changed(&list, |tree| tree.at(&[2, 2, 0, 1]).set(b"JPKI for something else"));
    let report = list_file(&list.file(&foreign)[..]);
    assert_eq!((report.ca, ids(&report.findings)), (None, vec!["L-CRL-AUTHORITY"]));
    seen.extend(ids(&report.findings));

    let all: BTreeSet<_> = LIST_RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(all.len(), LIST_RULES.len());
    assert_eq!(seen, all);
    assert!(LIST_RULES.iter().all(|rule| rule.id.starts_with("L-CRL-") && !rule.source.is_empty()));
}

#[test]
fn what_is_wrong_with_many_entries_is_said_once() {
    let mut list = sound();
    list.entries =
        (1..5000).map(|serial| entry(serial, Cause::Because(Reason::Superseded))).collect();
    let der = changed(&list, |tree| {
        for entry in tree.at(&[5]).nodes().iter_mut().skip(2) {
            entry.at(&[2, 0, 1, 0]).set(&[9]);
        }
    });
    let findings = super::list(Reader::tbs(&der[..]).unwrap(), &list.edition()).unwrap_err();
    let [finding] = findings.as_slice() else { panic!("{findings}") };
    let place = "first in entry 3, serial number 0x03";
    assert!(finding.message.ends_with(place), "{finding}");
}

#[test]
fn no_flipped_bit_goes_unseen_but_in_the_entries() {
    let list = sound();
    let tbs = list.tbs();
    let (begins, ends) = Reader::tbs(tbs.as_der()).unwrap().header().entries.unwrap();
    for position in 0..tbs.as_der().len() {
        for bit in 0..8 {
            let mut der = tbs.as_der().to_vec();
            der[position] ^= 1 << bit;
            let is_entry = (begins..ends).contains(&(position as u64));
            assert!(is_entry || !list.judged(&der).is_empty(), "{position} {bit}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>) {
        prop_assert!(!list_file(&bytes[..]).conforms());
        prop_assert!(!sound().judged(&bytes).is_empty());
    }

    #[test]
    fn any_damage_is_judged(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let list = sound();
        let mut der = list.tbs().as_der().to_vec();
        for (position, octet) in changes {
            *position.get_mut(&mut der) = octet;
        }
        // What is accepted is what the encoder would write of what it says.
        if list.judged(&der).is_empty() {
            let mut reader = Reader::tbs(&der[..]).unwrap();
            let said: Option<Vec<Entry>> = reader.by_ref().map(|entry| entry.unwrap().entry()).collect();
            let again = List { entries: said.unwrap(), ..list };
            let again = again.tbs();
            prop_assert_eq!(again.as_der(), &der[..]);
        }
    }
}

#[test]
fn an_empty_signature_is_none() {
    let list = sound();
    let der = list.tbs().as_der().to_vec();
    let file = Der::build(|whole| {
        whole.sequence(|whole| {
            whole.raw(&der);
            whole.raw(&list.issuer.algorithm.signature_identifier());
            whole.primitive(tag::BIT_STRING, &[]);
        });
    });
    assert!(!list_file(&file[..]).conforms());
    assert!(matches!(Reader::new(&file[..]).unwrap().finish().unwrap_err().fault, Fault::NotA(_)));
}
