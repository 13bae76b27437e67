//! Good answers of ours pass, and every rule for them is broken by something.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::asn1::tag;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::lint::ANSWER_RULES;
use crate::lint::Responder;
use crate::lint::answer::Expected;
use crate::lint::answer::judge;
use crate::lint::answer::read::Data;
use crate::lint::answer::rules;
use crate::lint::check_answer;
use crate::lint::finding::Severity;
use crate::lint::fixture::Node;
use crate::lint::fixture::instant;
use crate::lint::fixture::key_of;
use crate::lint::fixture::production;
use crate::ocsp::CertId;
use crate::ocsp::Edition;
use crate::ocsp::Hash;
use crate::ocsp::IssuerId;
use crate::ocsp::Nonce;
use crate::ocsp::Statement;
use crate::ocsp::Status;
use crate::ocsp::TbsAnswer;
use crate::profile::ca_name;

use super::FILES;
use super::ids;

/// What an answer is made of.
#[derive(Clone)]
pub(super) struct Answer {
    issuer: IssuerId,
    responder: [u8; 20],
    produced_at: Timestamp,
    this_update: Timestamp,
    next_update: Timestamp,
    nonce: Option<Nonce>,
    statements: Vec<Statement>,
}

impl Answer {
    pub(super) fn tbs(&self) -> TbsAnswer {
        TbsAnswer::encode(&Edition {
            issuer: (self.issuer.ca(), self.issuer.generation()),
            responder: self.responder,
            produced_at: self.produced_at,
            this_update: self.this_update,
            next_update: self.next_update,
            nonce: self.nonce.as_ref(),
            statements: &self.statements,
        })
    }

    /// What is found in these bytes where this answer was stated, by the responder that it has.
    fn judged(&self, der: &[u8]) -> Vec<&'static str> {
        match Data::read(der) {
            Some(data) => {
                let tbs = self.tbs();
                ids(&judge(&data, &Expected::of(&tbs, &responder(&issuer(2)))))
            }
            None => vec![rules::DER.id],
        }
    }
}

pub(super) fn issuer(generation: u16) -> IssuerId {
    let name = ca_name(CaName::Signature, production().organisation());
    let key = key_of(if generation == 2 { "signca02" } else { "signca03" });
    IssuerId::new(CaName::Signature, Generation::new(generation).unwrap(), &name, &key)
}

pub(super) fn responder(issuer: &IssuerId) -> Responder<'_> {
    Responder {
        issuer,
        issuer_not_after: instant("2029-09-14T14:59:59Z"),
        key_id: [9; 20],
        not_before: instant("2026-11-01T00:00:00Z"),
        not_after: instant("2026-12-01T14:59:59Z"),
    }
}

pub(super) fn statement(number: u64, status: Status) -> Statement {
    let id = CertId::new(Hash::Sha1, issuer(2).hashes(), Serial::new(number).unwrap());
    Statement { id, status, archive_cutoff: None }
}

pub(super) fn revoked(reason: Reason) -> Status {
    Status::Revoked { since: instant("2026-11-20T03:04:05Z"), reason }
}

/// A sound answer of this.
pub(super) fn about(statements: Vec<Statement>) -> Answer {
    let produced_at = instant("2026-11-21T00:00:00Z");
    Answer {
        issuer: issuer(2),
        responder: [9; 20],
        produced_at,
        this_update: produced_at.plus_seconds(-60),
        next_update: produced_at.plus_seconds(900),
        nonce: Some(Nonce::new(&[7; 32]).unwrap()),
        statements,
    }
}

/// A sound answer of every kind of statement: good, revoked with a reason, unknown, never issued.
pub(super) fn sound() -> Answer {
    let mut all = vec![
        statement(5, Status::Good),
        statement(300, revoked(Reason::KeyCompromise)),
        statement(6, Status::Unknown),
        statement(7, Status::NeverIssued),
    ];
    all[0].archive_cutoff = Some(instant("2016-11-21T00:00:00Z"));
    about(all)
}

/// The answer as a tree: the responder 0, the time 1, statements 2, extensions 3.
fn changed(answer: &Answer, change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut tree = Node::of(answer.tbs().as_der());
    change(&mut tree);
    tree.der()
}

#[test]
fn good_answers_pass() {
    let issuer = issuer(2);
    let mut all = vec![sound()];
    for reason in Reason::ALL {
        all.push(about(vec![statement(5, revoked(reason))]));
    }
    for status in [Status::Good, Status::Unknown, Status::NeverIssued] {
        all.push(Answer { nonce: None, ..about(vec![statement(5, status)]) });
    }
    for octets in [1, 128] {
        let nonce = Some(Nonce::new(&vec![1; octets]).unwrap());
        all.push(Answer { nonce, ..about(vec![statement(5, Status::Good)]) });
    }
    let mut long = about(vec![statement(5, Status::Unknown)]);
    let mut tree = Node::of(long.statements[0].id.as_der());
    tree.at(&[0, 0]).set(crate::asn1::oid::SHA256.as_bytes());
    drop(tree.at(&[0]).nodes().pop());
    let wide = CertId::new(Hash::Sha256, issuer.hashes(), Serial::FIRST);
    tree.at(&[1]).set(wide.issuer_name_hash());
    tree.at(&[2]).set(wide.issuer_key_hash());
    tree.at(&[3]).set(&[0x7f; 20]);
    long.statements[0].id = CertId::read(&tree.der()).unwrap();
    all.push(long);
    for answer in all {
        let tbs = answer.tbs();
        let checked = check_answer(tbs.clone(), &responder(&issuer)).unwrap();
        assert_eq!(checked.tbs(), &tbs);
    }
}

#[test]
fn what_stands_beside_the_bytes_is_held_against_them() {
    let issuer_of = |generation| issuer(generation);
    let (second, third) = (issuer_of(2), issuer_of(3));
    let found = |answer: &Answer, responder: &Responder<'_>| {
        let findings = check_answer(answer.tbs(), responder).unwrap_err();
        ids(findings.as_slice())
    };
    assert_eq!(found(&sound(), &responder(&third)), ["L-OCSP-ISSUER", "L-OCSP-STATED"]);
    let other = Responder { key_id: [8; 20], ..responder(&second) };
    assert_eq!(found(&sound(), &other), ["L-OCSP-RESPONDER"]);
    let stated = sound();
    for change in [
        |answer: &mut Answer| answer.responder = [8; 20],
        |answer: &mut Answer| answer.produced_at = answer.produced_at.plus_seconds(1),
        |answer: &mut Answer| answer.this_update = answer.this_update.plus_seconds(1),
        |answer: &mut Answer| answer.next_update = answer.next_update.plus_seconds(1),
        |answer: &mut Answer| answer.nonce = None,
        |answer: &mut Answer| answer.nonce = Some(Nonce::new(&[7; 31]).unwrap()),
        |answer: &mut Answer| drop(answer.statements.pop()),
        |answer: &mut Answer| answer.statements.swap(0, 1),
        |answer: &mut Answer| answer.statements[0].status = Status::Unknown,
        |answer: &mut Answer| answer.statements[0].archive_cutoff = None,
        |answer: &mut Answer| answer.statements[1].status = revoked(Reason::Unspecified),
        |answer: &mut Answer| answer.statements[2].status = Status::Good,
    ] {
        let mut said = sound();
        change(&mut said);
        let found = stated.judged(said.tbs().as_der());
        assert!(found.contains(&"L-OCSP-STATED"), "{found:?}");
    }
}

/// Each case breaks what it is named after, and nothing else.
#[test]
fn every_rule_is_broken_by_something() {
    let answer = sound();
    let mut seen = BTreeSet::new();
    let mut case = |answer: &Answer, der: &[u8], expected: &[&'static str]| {
        assert_eq!(answer.judged(der), expected);
        seen.extend(expected.iter().copied());
    };
    let tree = |change: fn(&mut Node)| changed(&answer, change);
    let with = |change: fn(&mut Answer)| {
        let mut answer = sound();
        change(&mut answer);
        let der = answer.tbs().as_der().to_vec();
        (answer, der)
    };

    let der = answer.tbs().as_der().to_vec();
    case(&answer, &[der.as_slice(), &[0]].concat(), &["L-OCSP-DER"]);
    case(&answer, &tree(|tree| tree.at(&[2, 0, 1]).tag(0xa0)), &["L-OCSP-DER"]);
    let version = tree(|tree| {
        let zero = Node::Leaf(tag::INTEGER, vec![0]);
        tree.nodes().insert(0, Node::Branch(tag::context_constructed(0), vec![zero]));
    });
    case(&answer, &version, &["L-OCSP-DER"]);
    let wrong = tree(|tree| tree.at(&[0, 0]).set(&[9; 19]));
    case(&answer, &wrong, &["L-OCSP-RESPONDER", "L-OCSP-STATED"]);
    let named = tree(|tree| *tree.at(&[0]) = Node::Branch(0xa1, vec![Node::Branch(0x30, vec![])]));
    case(&answer, &named, &["L-OCSP-RESPONDER", "L-OCSP-STATED"]);

    let (early, der) = with(|answer| {
        answer.produced_at = instant("2026-10-31T23:59:59Z");
        answer.this_update = answer.produced_at;
        answer.statements.truncate(1);
    });
    case(&early, &der, &["L-OCSP-TIMES-RESPONDER"]);
    let (late, der) = with(|answer| answer.next_update = instant("2026-12-01T15:00:00Z"));
    case(&late, &der, &["L-OCSP-TIMES-RESPONDER"]);
    let (later, der) = with(|answer| answer.next_update = instant("2029-09-14T15:00:00Z"));
    case(&later, &der, &["L-OCSP-TIMES-RESPONDER", "L-OCSP-TIMES-ISSUER"]);
    let (_, der) = with(|answer| answer.statements.clear());
    case(&answer, &der, &["L-OCSP-EMPTY", "L-OCSP-STATED"]);
    let (empty, der) = with(|answer| answer.statements.clear());
    case(&empty, &der, &["L-OCSP-EMPTY"]);

    let (foreign, der) = with(|answer| {
        let hashes = issuer(3);
        let hashes = hashes.hashes();
        answer.statements[0].id = CertId::new(Hash::Sha1, hashes, Serial::FIRST);
    });
    case(&foreign, &der, &["L-OCSP-ISSUER"]);
    for (place, zero) in [(0, &[0][..]), (1, &[0xff])] {
        let (mut negative, _) = with(|_| {});
        let mut id = Node::of(negative.statements[place].id.as_der());
        id.at(&[3]).set(zero);
        negative.statements[place].id = CertId::read(&id.der()).unwrap();
        case(&negative, negative.tbs().as_der(), &["L-OCSP-SERIAL"]);
    }
    let (mut long, _) = with(|_| {});
    let mut id = Node::of(long.statements[2].id.as_der());
    id.at(&[3]).set(&[1; 22]);
    long.statements[2].id = CertId::read(&id.der()).unwrap();
    case(&long, long.tbs().as_der(), &["L-OCSP-SERIAL"]);
    let (future, der) = with(|answer| {
        let since = answer.this_update.plus_seconds(1);
        answer.statements[1].status = Status::Revoked { since, reason: Reason::Superseded };
    });
    // Where the clock was set back.
    case(&future, &der, &[]);
    for code in [0, 8, 9, 10] {
        let reason = changed(&answer, |tree| tree.at(&[2, 1, 1, 1, 0]).set(&[code]));
        case(&answer, &reason, &["L-OCSP-REASON", "L-OCSP-STATED"]);
    }
    let (unspecified, _) =
        with(|answer| answer.statements[1].status = revoked(Reason::Unspecified));
    let written = changed(&unspecified, |tree| {
        let code = Node::Leaf(tag::ENUMERATED, vec![0]);
        let reason = Node::Branch(tag::context_constructed(0), vec![code]);
        tree.at(&[2, 1, 1]).nodes().push(reason);
    });
    case(&unspecified, &written, &["L-OCSP-REASON"]);
    let bare = tree(|tree| drop(tree.at(&[3, 0]).nodes().pop()));
    case(&answer, &bare, &["L-OCSP-NEVER-ISSUED"]);
    let without = about(vec![statement(5, Status::Good)]);
    let never = tree(|tree| drop(tree.at(&[2]).nodes().drain(1..)));
    let nothing = changed(&without, |tree| {
        *tree = Node::of(&never);
        drop(tree.at(&[2, 0]).nodes().pop());
    });
    case(&without, &nothing, &["L-OCSP-NEVER-ISSUED"]);

    for change in [
        |answer: &mut Answer| answer.this_update = answer.produced_at.plus_seconds(1),
        |answer: &mut Answer| answer.next_update = answer.produced_at.plus_seconds(-1),
    ] {
        let (disordered, der) = with(change);
        case(&disordered, &der, &["L-OCSP-TIMES"]);
    }
    let endless = tree(|tree| drop(tree.at(&[2, 0]).nodes().remove(3)));
    case(&answer, &endless, &["L-OCSP-NEXT", "L-OCSP-STATED"]);
    let (archive, der) = with(|answer| {
        answer.statements[0].archive_cutoff = Some(answer.produced_at.plus_seconds(1));
    });
    case(&archive, &der, &["L-OCSP-ARCHIVE"]);

    let extension = |path: &'static [usize]| {
        move |change: &dyn Fn(&mut Node)| changed(&sound(), |tree| change(tree.at(path)))
    };
    let (cutoff, nonce) = (extension(&[2, 0, 4, 0, 0]), extension(&[3, 0, 0]));
    let extended = extension(&[3, 0, 1]);
    let value = |octets: &'static [u8]| {
        move |node: &mut Node| {
            *node.nodes().last_mut().unwrap() = Node::Leaf(tag::OCTET_STRING, octets.to_vec());
        }
    };
    let form = ["L-OCSP-EXT-FORM", "L-OCSP-STATED"];
    case(&answer, &cutoff(&value(b"\x17\x0d261121000000Z")), &form);
    case(&answer, &nonce(&value(&[7; 32])), &form);
    case(&answer, &nonce(&value(&[4, 0])), &form);
    case(&answer, &extended(&value(&[])), &form[..1]);
    let empty = tree(|tree| tree.at(&[3, 0]).nodes().clear());
    case(&answer, &empty, &["L-OCSP-EXT-FORM", "L-OCSP-NEVER-ISSUED", "L-OCSP-STATED"]);
    let twice = tree(|tree| {
        let nonce = tree.at(&[3, 0, 0]).clone();
        tree.at(&[3, 0]).nodes().push(nonce);
    });
    case(&answer, &twice, &["L-OCSP-EXT-DUPLICATE"]);
    let strange = tree(|tree| {
        let mut strange = tree.at(&[3, 0, 1]).clone();
        strange.at(&[0]).set(&[0x55, 0x1d, 21]);
        tree.at(&[3, 0]).nodes().push(strange);
    });
    case(&answer, &strange, &["L-OCSP-EXT-UNKNOWN"]);
    let critical = |node: &mut Node| node.nodes().insert(1, Node::Leaf(tag::BOOLEAN, vec![0xff]));
    for der in [cutoff(&critical), nonce(&critical), extended(&critical)] {
        case(&answer, &der, &["L-OCSP-EXT-CRITICAL"]);
    }

    let all: BTreeSet<_> = ANSWER_RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(all.len(), ANSWER_RULES.len());
    seen.extend(FILES);
    assert_eq!(seen, all);
    assert!(all.iter().all(|id| id.starts_with("L-OCSP-")));
}

#[test]
fn no_replaced_octet_goes_unseen() {
    let issuer = issuer(2);
    let by = responder(&issuer);
    for answer in [sound(), about(vec![statement(5, Status::Good)])] {
        let tbs = answer.tbs();
        let expected = Expected::of(&tbs, &by);
        let is_sound =
            |der: &[u8]| Data::read(der).is_some_and(|data| judge(&data, &expected).is_empty());
        let mut der = tbs.as_der().to_vec();
        assert!(is_sound(&der));
        for position in 0..der.len() {
            let octet = der[position];
            for other in (0..=u8::MAX).filter(|other| *other != octet) {
                der[position] = other;
                assert!(!is_sound(&der), "{position} {other}");
            }
            der[position] = octet;
            assert!(!is_sound(&der[..position]), "{position}");
        }
    }
}

/// Whatever was stated, nothing but times, numbers and octets that are nobody's but the client's can be
/// other than they are.
#[test]
fn what_is_no_value_is_fixed_whatever_was_stated() {
    let issuer = issuer(2);
    let by = responder(&issuer);
    let expected = Expected { stated: None, responder: Some(&by), house: Severity::Error };
    let answer = about(vec![statement(0x0012_3456, revoked(Reason::KeyCompromise))]);
    let tbs = answer.tbs();
    let mut der = tbs.as_der().to_vec();
    let mut free = vec![false; der.len()];
    let mut behind = 0;
    let reason = [tag::ENUMERATED, 1, Reason::KeyCompromise.code()];
    for (values, fixed) in [
        (&b"20261121000000"[..], 0),
        (&[0x12, 0x34, 0x56], 0),
        (b"20261120030405", 0),
        // Another of JPKI.
        (&reason, 2),
        (b"20261120235900", 0),
        (b"20261121001500", 0),
        (&[7; 32], 0),
    ] {
        let mut rest = der[behind..].windows(values.len());
        let begin = behind + rest.position(|window| window == values).unwrap();
        behind = begin + values.len();
        free[begin + fixed..behind].fill(true);
    }
    for position in (0..der.len()).filter(|position| !free[*position]) {
        let octet = der[position];
        for other in (0..=u8::MAX).filter(|other| *other != octet) {
            der[position] = other;
            let found = Data::read(&der).map(|data| judge(&data, &expected));
            assert!(found.is_none_or(|found| !found.is_empty()), "{position} {other}");
        }
        der[position] = octet;
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>) {
        prop_assert_eq!(sound().judged(&bytes), ["L-OCSP-DER"]);
    }

    #[test]
    fn any_damage_is_found(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let answer = sound();
        let tbs = answer.tbs();
        let mut der = tbs.as_der().to_vec();
        for (position, octet) in changes {
            *position.get_mut(&mut der) = octet;
        }
        prop_assert_eq!(answer.judged(&der).is_empty(), der == tbs.as_der());
    }
}
