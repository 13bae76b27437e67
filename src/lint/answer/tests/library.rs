//! Our reader against the library's, which shares nothing with it: what the library refuses is refused,
//! and what both read is the same.

use der::Decode as _;
use der::Encode as _;
use proptest::prelude::*;
use proptest::sample::Index;
use x509_cert::ext::Extensions;
use x509_ocsp::CertStatus;
use x509_ocsp::OcspGeneralizedTime;
use x509_ocsp::ResponderId;
use x509_ocsp::ResponseData;

use crate::asn1::tag;
use crate::lint::answer::Expected;
use crate::lint::answer::judge;
use crate::lint::answer::read::Data;
use crate::lint::answer::read::Extension;
use crate::lint::answer::read::Said;
use crate::lint::finding::Severity;
use crate::lint::fixture::Node;
use crate::ocsp::Status;

use super::check::about;
use super::check::issuer;
use super::check::responder;
use super::check::revoked;
use super::check::sound;
use super::check::statement;

/// What a reader made of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    by_key: Option<Vec<u8>>,
    produced_at: i64,
    responses: Vec<Told>,
    extensions: Option<Row>,
}

/// The id, what is said, this and the next time, extensions.
type Told = (Vec<u8>, Said, i64, Option<i64>, Option<Row>);

/// Identifier, whether critical, value.
type Row = Vec<(Vec<u8>, bool, Vec<u8>)>;

fn ours(data: &Data<'_>) -> Seen {
    let row = |row: &[Extension<'_>]| {
        row.iter().map(|one| (one.oid().to_vec(), one.critical, one.value.to_vec())).collect()
    };
    let responses = data.responses.iter().map(|one| {
        let extensions = one.extensions.as_deref().map(row);
        (one.id.to_vec(), one.said, one.this_update, one.next_update, extensions)
    });
    Seen {
        by_key: data.by_key.map(<[u8]>::to_vec),
        produced_at: data.produced_at,
        responses: responses.collect(),
        extensions: data.extensions.as_deref().map(row),
    }
}

/// None when it is no answer, or could be written otherwise.
fn theirs(der: &[u8]) -> Option<Seen> {
    let data = ResponseData::from_der(der).ok()?;
    if !data.to_der().is_ok_and(|again| again == der) {
        return None;
    }
    let seconds =
        |time: OcspGeneralizedTime| i64::try_from(time.0.to_unix_duration().as_secs()).unwrap();
    let row = |row: &Extensions| {
        let parts = row.iter().map(|one| {
            (one.extn_id.as_bytes().to_vec(), one.critical, one.extn_value.as_bytes().to_vec())
        });
        parts.collect()
    };
    let responses = data.responses.iter().map(|one| {
        let said = match &one.cert_status {
            CertStatus::Good(_) => Said::Good,
            CertStatus::Unknown(_) => Said::Unknown,
            CertStatus::Revoked(info) => Said::Revoked {
                since: seconds(info.revocation_time),
                reason: info.revocation_reason.map(|reason| reason as u8),
            },
        };
        let next_update = one.next_update.map(seconds);
        let extensions = one.single_extensions.as_ref().map(row);
        (one.cert_id.to_der().unwrap(), said, seconds(one.this_update), next_update, extensions)
    });
    Some(Seen {
        by_key: match &data.responder_id {
            ResponderId::ByKey(hash) => Some(hash.as_bytes().to_vec()),
            ResponderId::ByName(_) => None,
        },
        produced_at: seconds(data.produced_at),
        responses: responses.collect(),
        extensions: data.response_extensions.as_ref().map(row),
    })
}

/// Both agree about these bytes. Where ours alone reads them, they are refused by what is judged of any
/// answer of a responder, whatever it was meant to say.
fn agree(der: &[u8], by: &crate::lint::Responder<'_>) -> Result<(), TestCaseError> {
    match (Data::read(der), theirs(der)) {
        (Some(data), Some(seen)) => prop_assert_eq!(ours(&data), seen),
        (Some(data), None) => {
            let expected = Expected { stated: None, responder: Some(by), house: Severity::Error };
            let findings = judge(&data, &expected);
            let refused = findings.iter().any(|one| one.severity >= Severity::Error);
            prop_assert!(refused, "{:02x?}", der);
        }
        (None, Some(seen)) => prop_assert!(false, "{seen:?}"),
        (None, None) => {}
    }
    Ok(())
}

/// Answers of every shape, some of them not like ours.
fn shapes() -> Vec<Node> {
    let one = |status| about(vec![statement(5, status)]);
    let mut tree = Node::of(sound().tbs().as_der());
    let ours = [
        tree.clone(),
        Node::of(one(Status::Good).tbs().as_der()),
        Node::of(one(revoked(crate::credential::Reason::Unspecified)).tbs().as_der()),
    ];
    // A responder that goes by its name, says no next time, and has three extensions.
    let name = Node::Branch(tag::context_constructed(1), vec![Node::Branch(0x30, vec![])]);
    *tree.at(&[0]) = name;
    drop(tree.at(&[2, 1]).nodes().pop());
    let mut strange = tree.at(&[3, 0, 1]).clone();
    strange.at(&[0]).set(&[0x55, 0x1d, 21]);
    strange.nodes().insert(1, Node::Leaf(tag::BOOLEAN, vec![0xff]));
    tree.at(&[3, 0]).nodes().push(strange);
    ours.into_iter().chain([tree]).collect()
}

#[test]
fn answers_of_every_shape_are_read_alike() {
    for shape in shapes() {
        let der = shape.der();
        let data = Data::read(&der).unwrap();
        assert_eq!(Some(ours(&data)), theirs(&der));
    }
}

#[test]
fn with_any_octet_replaced_they_agree() {
    let issuer = issuer(2);
    let by = responder(&issuer);
    for shape in shapes() {
        let der = shape.der();
        for position in 0..der.len() {
            let flipped = (0..8).map(|bit| der[position] ^ 1 << bit);
            for octet in flipped.chain([0, 1, 5, 0x30, 0x7f, 0x80, 0x81, 0xff]) {
                let mut changed = der.clone();
                changed[position] = octet;
                agree(&changed, &by).unwrap();
            }
            agree(&der[..position], &by).unwrap();
            agree(&[&der[..position], &der[position + 1..]].concat(), &by).unwrap();
            agree(&[&der[..position], &[0][..], &der[position..]].concat(), &by).unwrap();
        }
    }
}

/// What may happen to a value of a tree.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Repeat,
    Swap,
    Tag(u8),
    Contents(Vec<u8>),
    Insert(u8, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let octets = || proptest::collection::vec(any::<u8>(), 0..24);
    let tags = prop_oneof![
        proptest::sample::select(vec![1_u8, 2, 3, 4, 5, 6, 10, 0x17, 0x18, 0x30, 0x31]),
        proptest::sample::select(vec![0x80_u8, 0x81, 0x82, 0xa0, 0xa1, 0xa2, 0xa3]),
        any::<u8>(),
    ];
    let digits = proptest::string::string_regex("(19|20)[0-9]{12}Z").unwrap();
    prop_oneof![
        Just(Change::Remove),
        Just(Change::Repeat),
        Just(Change::Swap),
        tags.clone().prop_map(Change::Tag),
        octets().prop_map(Change::Contents),
        (0_u8..12).prop_map(|octet| Change::Contents(vec![octet])),
        digits.prop_map(|digits| Change::Contents(digits.into_bytes())),
        (tags, octets()).prop_map(|(tag, octets)| Change::Insert(tag, octets)),
    ]
}

/// Goes down by some of the places, and changes what it comes to.
fn apply(node: &mut Node, path: &[Index], change: Change) {
    let Node::Branch(_, within) = node else {
        if let Change::Contents(octets) = change {
            node.set(&octets);
        }
        return;
    };
    if within.is_empty() {
        return;
    }
    let (place, deeper) = path.split_first().unwrap();
    let place = place.index(within.len());
    if !deeper.is_empty() && matches!(within[place], Node::Branch(..)) {
        return apply(&mut within[place], deeper, change);
    }
    match change {
        Change::Remove => drop(within.remove(place)),
        Change::Repeat => within.insert(place, within[place].clone()),
        Change::Swap => {
            let last = within.len() - 1;
            within.swap(place, last);
        }
        Change::Tag(tag) => within[place].tag(tag),
        Change::Contents(octets) => {
            let (Node::Leaf(tag, _) | Node::Branch(tag, _)) = within[place];
            within[place] = Node::Leaf(tag, octets);
        }
        Change::Insert(tag, octets) => within.insert(place, Node::Leaf(tag, octets)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn with_any_values_changed_they_agree(
        shape: Index,
        changes in proptest::collection::vec((any::<[Index; 6]>(), 1_usize..7, change()), 1..4),
    ) {
        let issuer = issuer(2);
        let mut shapes = shapes();
        let shape = shape.get_mut(&mut shapes);
        for (path, depth, change) in changes {
            apply(shape, &path[..depth], change);
        }
        agree(&shape.der(), &responder(&issuer))?;
    }
}
