//! One bad certificate for each rule, on which that rule speaks and no other.

use std::collections::BTreeSet;

use super::*;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::credential::CaName;
use crate::lint::RULES;
use crate::lint::fixture;
use crate::lint::fixture::Node;

/// What is wrong, with which rule speaks.
type Case = (&'static str, fn(&mut Node));

#[test]
fn each_rule_speaks_and_no_other() {
    let mut spoken = BTreeSet::new();
    for (table, cases) in [
        (SIGNATURE, [EVERY, LISTED, ISSUED, HOLDERS, SIGNATURES].concat()),
        (USER_AUTHENTICATION, [EVERY, LISTED, ISSUED, HOLDERS, USER_AUTHENTICATIONS].concat()),
        (PUBLICATION, [EVERY, LISTED, ISSUED, SERVICES, PUBLICATIONS].concat()),
        (RESPONDER, [EVERY, ISSUED, SERVICES, RESPONDERS].concat()),
        (AUTHORITY, [EVERY, LISTED, AUTHORITIES, SELF_SIGNED].concat()),
        (LINK, [EVERY, LISTED, ISSUED, AUTHORITIES, LINKS].concat()),
    ] {
        assert_eq!(ids(table, |_| {}), [""; 0], "{table}");
        for (position, (id, change)) in cases.into_iter().enumerate() {
            assert_eq!(ids(table, change), [id], "case {position} on {table}");
            spoken.insert(id);
        }
    }
    // Those that are about more than the bytes to be signed are tested where that is at hand.
    let elsewhere = [
        "L-KIND",
        "L-STATED",
        "L-SIGNATURE-ALGORITHM",
        "L-SIGNATURE",
        "L-UNCHECKED",
        "L-LINK-KEY",
        "L-VALIDITY-LINK",
    ];
    let silent: Vec<_> = RULES
        .iter()
        .map(|rule| rule.id)
        .filter(|id| !spoken.contains(id) && !elsewhere.contains(id))
        .collect();
    assert_eq!(silent, [""; 0]);
}

#[test]
fn a_damaged_key_is_named_by_its_fault() {
    let even = |tree: &mut Node| change_last(tree.at(&[6, 1]), 265);
    assert_eq!(ids(USER_AUTHENTICATION, even), ["R-KEY-FACTOR", "L-SKI"]);
    let exponent = |tree: &mut Node| change_last(tree.at(&[6, 1]), 270);
    assert_eq!(ids(USER_AUTHENTICATION, exponent), ["R-KEY-EXPONENT", "L-SKI"]);
}

#[test]
fn rules_have_ids_of_their_own() {
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    assert!(RULES.iter().all(|rule| rule.id.starts_with("L-") && !rule.source.is_empty()));
}

#[test]
fn partly_known_dates_of_birth_lie_in_either_era() {
    let era = |digits: &[u8]| {
        let realm = fixture::production();
        let tbs = fixture::holder_certificate(&realm, Kind::Signature, Carrier::Card);
        let mut tree = Node::of(tbs.as_der());
        tree.item(1).set(digits);
        judged(SIGNATURE, &tree.der()).first().map(|finding| finding.id)
    };
    for good in [
        "319800217",
        "400000000",
        "000000000",
        "019800217",
        "319890000",
        "419890000",
        "319890107",
        "419890108",
        "219250500",
        "520190501",
    ] {
        assert_eq!(era(good.as_bytes()), None, "{good}");
    }
    for bad in ["419800217", "319890108", "419890107", "519890000", "119250500"] {
        assert_eq!(era(bad.as_bytes()), Some("L-SAN-ERA"), "{bad}");
    }
}

/// What is wrong on a certificate of any kind.
const EVERY: &[Case] = &[
    ("L-DER", |tree| tree.tag(tag::SET)),
    ("L-DER", |tree| tree.nodes().push(Node::Leaf(tag::NULL, vec![]))),
    ("L-DER", |tree| tree.at(&[0]).nodes().push(Node::Leaf(tag::NULL, vec![]))),
    ("L-DER", |tree| tree.at(&[4]).nodes().push(Node::Leaf(tag::NULL, vec![]))),
    ("L-DER", |tree| tree.at(&[7]).nodes().push(Node::Leaf(tag::NULL, vec![]))),
    ("L-VERSION", |tree| drop(tree.nodes().remove(0))),
    ("L-VERSION", |tree| tree.at(&[0, 0]).set(&[1])),
    ("L-SERIAL-FORM", |tree| tree.at(&[1]).set(&[0, 1])),
    ("L-SERIAL-POSITIVE", |tree| tree.at(&[1]).set(&[0])),
    ("L-SERIAL-POSITIVE", |tree| tree.at(&[1]).set(&[0x80, 1])),
    ("L-SERIAL-LENGTH", |tree| tree.at(&[1]).set(&[1; 21])),
    ("L-ALGORITHM", |tree| drop(tree.at(&[2]).nodes().pop())),
    ("L-ALGORITHM", |tree| change_last(tree.at(&[2, 0]), 8)),
    ("L-ISSUER", |tree| tree.attribute(3, 1).set(b"JPKI2")),
    ("L-ISSUER", |tree| tree.attribute(3, 1).tag(tag::PRINTABLE_STRING)),
    ("L-ISSUER", |tree| tree.attribute(3, 0).tag(tag::UTF8_STRING)),
    ("L-ISSUER", |tree| tree.at(&[3]).nodes().swap(2, 3)),
    ("L-ISSUER", |tree| drop(tree.at(&[3]).nodes().pop())),
    ("L-VALIDITY-FORM", |tree| tree.at(&[4, 1]).set(b"2902171459Z")),
    ("L-VALIDITY-FORM", |tree| tree.at(&[4, 1]).set(b"290230145959Z")),
    ("L-VALIDITY-FORM", |tree| tree.at(&[4, 1]).set(b"290217145960Z")),
    ("L-VALIDITY-FORM", |tree| tree.at(&[4, 1]).set(b"2902172359590+0900")),
    ("L-VALIDITY-FORM", |tree| {
        *tree.at(&[4, 1]) = Node::Leaf(tag::GENERALIZED_TIME, b"20290217145959Z".to_vec());
    }),
    ("L-KEY", |tree| change_last(tree.at(&[6, 0, 0]), 8)),
    ("L-KEY", |tree| drop(tree.at(&[6, 0]).nodes().pop())),
    ("L-UNIQUE-ID", |tree| tree.nodes().insert(7, Node::Leaf(tag::context(1), vec![0, 1]))),
    ("L-UNIQUE-ID", |tree| tree.nodes().insert(7, Node::Leaf(tag::context(2), vec![0, 1]))),
    ("L-EXT-FORM", |tree| {
        let parts = tree.extension(oid::SUBJECT_KEY_IDENTIFIER).nodes();
        parts.insert(1, Node::Leaf(tag::BOOLEAN, vec![0]));
    }),
    ("L-EXT-FORM", |tree| {
        tree.extension(oid::KEY_USAGE).nodes().push(Node::Leaf(tag::NULL, vec![]));
    }),
    ("L-EXT-FORM", |tree| {
        let first = tree.extensions()[0].clone();
        tree.extensions().extend(vec![first; 40]);
    }),
    ("L-EXT-MISSING", |tree| drop(tree.extensions().remove(0))),
    ("L-EXT-MISSING", |tree| drop(tree.extensions().pop())),
    ("L-EXT-UNKNOWN", |tree| {
        let mut more = tree.extensions()[0].clone();
        more.at(&[0]).set(&[0x55, 0x1d, 0x63]);
        tree.extensions().push(more);
    }),
    ("L-EXT-DUPLICATE", |tree| {
        let first = tree.extensions()[0].clone();
        tree.extensions().push(first);
    }),
    ("L-EXT-ORDER", |tree| tree.extensions().swap(0, 1)),
    ("L-EXT-CRITICAL", |tree| drop(tree.extension(oid::KEY_USAGE).nodes().remove(1))),
    ("L-EXT-CRITICAL", |tree| {
        let parts = tree.extension(oid::SUBJECT_KEY_IDENTIFIER).nodes();
        parts.insert(1, Node::Leaf(tag::BOOLEAN, vec![0xff]));
    }),
    ("L-KEY-USAGE", |tree| tree.value(oid::KEY_USAGE).set(&[5, 0xa0])),
    ("L-KEY-USAGE", |tree| tree.value(oid::KEY_USAGE).set(&[0, 0xc0])),
    ("L-KEY-USAGE", |tree| tree.value(oid::KEY_USAGE).tag(tag::OCTET_STRING)),
    ("L-SKI", |tree| change_last(tree.value(oid::SUBJECT_KEY_IDENTIFIER), 19)),
    ("L-SKI", |tree| tree.value(oid::SUBJECT_KEY_IDENTIFIER).set(&[1; 19])),
];

/// What is wrong on a certificate that names the list of its revocation.
const LISTED: &[Case] = &[
    ("L-CRLDP", |tree| {
        let points = tree.value(oid::CRL_DISTRIBUTION_POINTS).nodes();
        points.push(points[0].clone());
    }),
    ("L-CRLDP", |tree| {
        let point = tree.value(oid::CRL_DISTRIBUTION_POINTS).at(&[0]).nodes();
        point.push(Node::Leaf(tag::context(1), vec![1, 6]));
    }),
    ("L-CRLDP", |tree| tree.value(oid::CRL_DISTRIBUTION_POINTS).at(&[0, 0, 0]).tag(0xa1)),
    ("L-CRLDP", |tree| distribution_point(tree, 1).set(b"JPKI-TEST")),
    ("L-CRLDP", |tree| distribution_point(tree, 0).tag(tag::UTF8_STRING)),
];

/// What is wrong on a certificate that an authority issued to another.
const ISSUED: &[Case] = &[
    ("L-AKI-FORM", |tree| drop(tree.value(oid::AUTHORITY_KEY_IDENTIFIER).nodes().pop())),
    ("L-AKI-FORM", |tree| tree.value(oid::AUTHORITY_KEY_IDENTIFIER).nodes().swap(0, 1)),
    ("L-AKI-KEY", |tree| change_last(tree.value(oid::AUTHORITY_KEY_IDENTIFIER).at(&[0]), 0)),
    ("L-AKI-ISSUER", |tree| {
        tree.value(oid::AUTHORITY_KEY_IDENTIFIER).at(&[1, 0, 0, 1, 0, 1]).set(b"JPKI-TEST");
    }),
    ("L-AKI-SERIAL", |tree| change_last(tree.value(oid::AUTHORITY_KEY_IDENTIFIER).at(&[2]), 3)),
    ("L-AKI-SERIAL", |tree| {
        tree.value(oid::AUTHORITY_KEY_IDENTIFIER).at(&[2]).set(&[0, 1, 0x32, 0xc4, 0xab]);
    }),
];

/// What is wrong on a holder's certificate of either kind.
const HOLDERS: &[Case] = &[
    ("L-VALIDITY-ORDER", |tree| tree.at(&[4, 1]).set(b"240520145959Z")),
    ("L-VALIDITY-END", |tree| tree.at(&[4, 1]).set(b"290217145958Z")),
    ("L-VALIDITY-END", |tree| tree.at(&[4, 1]).set(b"290217235959Z")),
    ("L-VALIDITY-ISSUER", |tree| tree.at(&[4, 1]).set(b"290915145959Z")),
    ("L-VALIDITY-ISSUER", |tree| {
        tree.at(&[4, 0]).set(b"190914234100Z");
        tree.at(&[4, 1]).set(b"240914145959Z");
    }),
    ("L-VALIDITY-HOLDER", |tree| tree.at(&[4, 0]).set(b"230101000000Z")),
    ("L-SUBJECT", |tree| tree.attribute(5, 0).set(b"US")),
    ("L-SUBJECT", |tree| last(tree.at(&[5])).at(&[0, 1]).tag(tag::PRINTABLE_STRING)),
    ("L-SUBJECT", |tree| tree.at(&[5]).nodes().swap(0, 1)),
    ("L-SUBJECT", |tree| {
        let country = tree.at(&[5, 0]).clone();
        tree.at(&[5]).nodes().push(country);
    }),
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, 0, b'X')),
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, -1, b'a')),
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, -2, b'A')),
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, -9, b'A')),
    ("L-SUBJECT-NUMBER", |tree| last(tree.at(&[5])).at(&[0, 1]).set("２".repeat(9).as_bytes())),
    ("L-SUBJECT-WINDOW", |tree| replace_number(tree, -5, b'2')),
    ("L-POLICY", |tree| change_last(tree.value(oid::CERTIFICATE_POLICIES).at(&[0, 0]), 10)),
    ("L-POLICY", |tree| {
        let policies = tree.value(oid::CERTIFICATE_POLICIES).nodes();
        policies.push(policies[0].clone());
    }),
    ("L-POLICY", |tree| drop(tree.value(oid::CERTIFICATE_POLICIES).at(&[0]).nodes().pop())),
    ("L-POLICY-CPS", |tree| {
        tree.value(oid::CERTIFICATE_POLICIES).at(&[0, 1, 0, 1]).set(b"http://www.jpki.go.jp/");
    }),
    ("L-POLICY-CPS", |tree| {
        tree.value(oid::CERTIFICATE_POLICIES).at(&[0, 1, 0, 1]).tag(tag::UTF8_STRING);
    }),
    ("L-ISSUER-ALT-NAME", |tree| {
        tree.value(oid::ISSUER_ALT_NAME).at(&[0, 0, 1, 0, 1]).set("公的".as_bytes());
    }),
    ("L-ISSUER-ALT-NAME", |tree| {
        let names = tree.value(oid::ISSUER_ALT_NAME).nodes();
        names.push(names[0].clone());
    }),
    ("L-CRLDP", |tree| distribution_point(tree, 5).set(b"Kiyose-shi")),
    ("L-CRLDP", |tree| distribution_point(tree, 3).set(b"CRL Distribution Point")),
    ("L-CRLDP-PLACE", |tree| distribution_point(tree, 5).set(b"Higashikurume-shi CRLDP")),
    ("L-CRLDP-PLACE", |tree| distribution_point(tree, 4).set(b"Saitama-ken")),
];

/// What is wrong on a signature certificate.
const SIGNATURES: &[Case] = &[
    ("L-SUBJECT", |tree| tree.attribute(5, 1).tag(tag::PRINTABLE_STRING)),
    ("L-SUBJECT", |tree| drop(tree.at(&[5]).nodes().remove(1))),
    ("L-SUBJECT-PLACE", |tree| tree.attribute(5, 2).set(b"Kiyose")),
    ("L-SUBJECT-PLACE", |tree| tree.at(&[5]).nodes().swap(1, 2)),
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, 4, b'2')),
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, 8, b'3')),
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, 15, b'A')),
    ("L-SAN-FORM", |tree| tree.value(oid::SUBJECT_ALT_NAME).at(&[2]).tag(tag::context(2) | 0x20)),
    ("L-SAN-FORM", |tree| {
        let name = tree.value(oid::SUBJECT_ALT_NAME).at(&[2]).nodes();
        name.push(Node::Leaf(tag::NULL, vec![]));
    }),
    ("L-SAN-ITEMS", |tree| drop(tree.value(oid::SUBJECT_ALT_NAME).nodes().remove(2))),
    ("L-SAN-ITEMS", |tree| {
        let next = [oid::JPKI_ADDRESS_SUBSTITUTES.as_bytes(), &[1]].concat();
        tree.value(oid::SUBJECT_ALT_NAME).at(&[5, 0]).set(&next);
    }),
    ("L-SAN-ITEMS", |tree| {
        let names = tree.value(oid::SUBJECT_ALT_NAME).nodes();
        names.push(names[5].clone());
    }),
    ("L-SAN-ORDER", |tree| tree.value(oid::SUBJECT_ALT_NAME).nodes().swap(4, 5)),
    ("L-SAN-STRING", |tree| tree.item(1).tag(tag::PRINTABLE_STRING)),
    ("L-SAN-STRING", |tree| tree.item(4).tag(tag::PRINTABLE_STRING)),
    ("L-SAN-STRING", |tree| tree.item(0).set(&[0xe5, 0x85])),
    ("L-SAN-NAME", |tree| {
        tree.item(0).set(b"");
        tree.item(4).set(b"");
    }),
    ("L-SAN-NAME", |tree| {
        tree.item(0).set("公的　　花子".as_bytes());
        tree.item(4).set(b"000000");
    }),
    ("L-SAN-NAME", |tree| {
        tree.item(0).set("公的　".as_bytes());
        tree.item(4).set(b"000");
    }),
    ("L-SAN-BIRTH-DATE", |tree| tree.item(1).set(b"31980217")),
    ("L-SAN-BIRTH-DATE", |tree| tree.item(1).set(b"319800230")),
    ("L-SAN-BIRTH-DATE", |tree| tree.item(1).set(b"819800217")),
    ("L-SAN-BIRTH-DATE", |tree| tree.item(1).set(b"520240522")),
    ("L-SAN-ERA", |tree| tree.item(1).set(b"419800217")),
    ("L-SAN-SEX", |tree| tree.item(2).set(b"0")),
    ("L-SAN-SEX", |tree| tree.item(2).set("１".as_bytes())),
    ("L-SAN-ADDRESS", |tree| {
        tree.item(3).set("東".repeat(201).as_bytes());
        tree.item(5).set(&[b'0'; 201]);
    }),
    ("L-SAN-ADDRESS", |tree| {
        tree.item(3).set(b"");
        tree.item(5).set(b"");
    }),
    ("L-SAN-CHARACTERS", |tree| {
        tree.item(0).set("髙橋　花子".as_bytes());
        tree.item(4).set(b"00000");
    }),
    ("L-SAN-CHARACTERS", |tree| {
        tree.item(3).set("東京都清瀬市中里5".as_bytes());
        tree.item(5).set(b"000000000");
    }),
    ("L-SAN-MASK", |tree| tree.item(4).set(b"0000")),
    ("L-SAN-MASK", |tree| change_last(tree.item(5), 0)),
];

/// What is wrong on a user-authentication certificate.
const USER_AUTHENTICATIONS: &[Case] = &[
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, 6, b'1')),
    ("L-SUBJECT-NUMBER", |tree| replace_number(tree, 8, b'-')),
    ("L-EXTENDED-KEY-USAGE", |tree| {
        change_last(tree.value(oid::EXTENDED_KEY_USAGE).at(&[0]), 7);
    }),
    ("L-EXTENDED-KEY-USAGE", |tree| {
        let usages = tree.value(oid::EXTENDED_KEY_USAGE).nodes();
        usages.push(usages[0].clone());
    }),
    ("L-AIA", |tree| {
        tree.value(oid::AUTHORITY_INFO_ACCESS).at(&[0, 1]).set(b"http://ocsp.jpki.go.jp");
    }),
    ("L-AIA", |tree| change_last(tree.value(oid::AUTHORITY_INFO_ACCESS).at(&[0, 0]), 7)),
    ("L-AIA", |tree| {
        let accesses = tree.value(oid::AUTHORITY_INFO_ACCESS).nodes();
        accesses.push(accesses[0].clone());
    }),
];

/// What is wrong on a service's certificate.
const SERVICES: &[Case] = &[
    ("L-SUBJECT", |tree| tree.attribute(5, 0).tag(tag::UTF8_STRING)),
    ("L-SUBJECT", |tree| tree.attribute(5, 1).set(b"JPKI-TEST")),
    ("L-SUBJECT", |tree| tree.attribute(5, 2).set(b"JPKI for digital signature")),
    ("L-SUBJECT", |tree| tree.attribute(5, 3).set(b"publication")),
    ("L-SUBJECT", |tree| tree.attribute(5, 3).tag(tag::PRINTABLE_STRING)),
    ("L-SUBJECT", |tree| tree.at(&[5]).nodes().swap(1, 2)),
    ("L-SUBJECT", |tree| drop(tree.at(&[5]).nodes().pop())),
    ("L-KEY-USAGE", |tree| tree.value(oid::KEY_USAGE).set(&[0x01, 0x06])),
    ("L-KEY-USAGE", |tree| tree.value(oid::KEY_USAGE).set(&[0x06, 0xc0])),
    ("L-EXT-UNKNOWN", |tree| add(tree, oid::BASIC_CONSTRAINTS)),
    ("L-EXT-UNKNOWN", |tree| add(tree, oid::CERTIFICATE_POLICIES)),
    ("L-EXT-UNKNOWN", |tree| add(tree, oid::SUBJECT_ALT_NAME)),
];

/// What is wrong on a publication certificate.
const PUBLICATIONS: &[Case] = &[
    ("L-VALIDITY-SERVICE", |tree| tree.at(&[4, 1]).set(b"270521145959Z")),
    ("L-VALIDITY-SERVICE", |tree| tree.at(&[4, 1]).set(b"270519145959Z")),
    ("L-VALIDITY-ISSUER", |tree| {
        tree.at(&[4, 0]).set(b"190914234100Z");
        tree.at(&[4, 1]).set(b"220914145959Z");
    }),
    ("L-EXT-UNKNOWN", |tree| add(tree, oid::EXTENDED_KEY_USAGE)),
    ("L-EXT-UNKNOWN", |tree| add(tree, oid::OCSP_NOCHECK)),
    // A municipality's name in place of the authority's.
    ("L-CRLDP", |tree| {
        let realm = fixture::production();
        let holders = fixture::holder_certificate(&realm, Kind::UserAuthentication, Carrier::Card);
        let mut holders = Node::of(holders.as_der());
        *tree.value(oid::CRL_DISTRIBUTION_POINTS) =
            holders.value(oid::CRL_DISTRIBUTION_POINTS).clone();
    }),
];

/// What is wrong on a responder's certificate.
const RESPONDERS: &[Case] = &[
    // From 21 May in Japan: the thirtieth day is 19 June.
    ("L-VALIDITY-SERVICE", |tree| tree.at(&[4, 1]).set(b"240620145959Z")),
    ("L-VALIDITY-SERVICE", |tree| tree.at(&[4, 1]).set(b"240618145959Z")),
    ("L-VALIDITY-ISSUER", |tree| {
        tree.at(&[4, 0]).set(b"190914234100Z");
        tree.at(&[4, 1]).set(b"191014145959Z");
    }),
    ("L-EXTENDED-KEY-USAGE", |tree| {
        tree.value(oid::EXTENDED_KEY_USAGE).at(&[0]).set(oid::CLIENT_AUTH.as_bytes());
    }),
    ("L-EXTENDED-KEY-USAGE", |tree| {
        let usages = tree.value(oid::EXTENDED_KEY_USAGE).nodes();
        usages.push(Node::Leaf(tag::OID, oid::CLIENT_AUTH.as_bytes().to_vec()));
    }),
    ("L-EXT-CRITICAL", |tree| {
        let parts = tree.extension(oid::EXTENDED_KEY_USAGE).nodes();
        parts.insert(1, Node::Leaf(tag::BOOLEAN, vec![0xff]));
    }),
    ("L-EXT-CRITICAL", |tree| {
        let parts = tree.extension(oid::OCSP_NOCHECK).nodes();
        parts.insert(1, Node::Leaf(tag::BOOLEAN, vec![0xff]));
    }),
    ("L-OCSP-NOCHECK", |tree| tree.value(oid::OCSP_NOCHECK).tag(tag::BOOLEAN)),
    ("L-OCSP-NOCHECK", |tree| tree.value(oid::OCSP_NOCHECK).set(&[0])),
    ("L-EXT-MISSING", |tree| drop(tree.extensions().remove(2))),
    ("L-EXT-ORDER", |tree| tree.extensions().swap(1, 2)),
    ("L-EXT-UNKNOWN", |tree| add(tree, oid::CRL_DISTRIBUTION_POINTS)),
];

/// What is wrong on an authority's own certificate alone.
const SELF_SIGNED: &[Case] = &[
    ("L-VALIDITY-AUTHORITY", |tree| tree.at(&[4, 1]).set(b"290915145959Z")),
    ("L-EXT-UNKNOWN", |tree| add(tree, oid::AUTHORITY_KEY_IDENTIFIER)),
];

/// What is wrong on a link certificate alone.
const LINKS: &[Case] = &[
    ("L-VALIDITY-ISSUER", |tree| tree.at(&[4, 1]).set(b"290915145959Z")),
    ("L-VALIDITY-ISSUER", |tree| tree.at(&[4, 0]).set(b"190914234155Z")),
    ("L-LINK-POLICY", |tree| {
        change_last(tree.value(oid::CERTIFICATE_POLICIES).at(&[0, 0]), 3);
    }),
    ("L-LINK-POLICY", |tree| {
        let policies = tree.value(oid::CERTIFICATE_POLICIES).nodes();
        policies.push(policies[0].clone());
    }),
    ("L-LINK-POLICY", |tree| {
        let policy = tree.value(oid::CERTIFICATE_POLICIES).at(&[0]).nodes();
        policy.push(Node::Branch(tag::SEQUENCE, vec![Node::Leaf(tag::NULL, vec![])]));
    }),
    ("L-EXT-CRITICAL", |tree| {
        let parts = tree.extension(oid::CERTIFICATE_POLICIES).nodes();
        parts.insert(1, Node::Leaf(tag::BOOLEAN, vec![0xff]));
    }),
    ("L-EXT-UNKNOWN", |tree| add(tree, oid::ISSUER_ALT_NAME)),
];

/// What is wrong on an authority's certificate, its own or a link.
const AUTHORITIES: &[Case] = &[
    ("L-SUBJECT", |tree| tree.attribute(5, 1).set(b"JPKI-TEST")),
    ("L-SUBJECT", |tree| tree.attribute(5, 3).tag(tag::PRINTABLE_STRING)),
    ("L-AUTHORITY-ALT-NAME", |tree| {
        tree.value(oid::SUBJECT_ALT_NAME).at(&[0, 0]).nodes().swap(1, 2);
    }),
    ("L-AUTHORITY-ALT-NAME", |tree| tree.value(oid::SUBJECT_ALT_NAME).at(&[0]).tag(0xa0)),
    ("L-BASIC-CONSTRAINTS", |tree| {
        let constraints = tree.value(oid::BASIC_CONSTRAINTS).nodes();
        constraints.push(Node::Leaf(tag::INTEGER, vec![0]));
    }),
    ("L-BASIC-CONSTRAINTS", |tree| drop(tree.value(oid::BASIC_CONSTRAINTS).nodes().pop())),
];

const SIGNATURE: Table = Table::Holder(Kind::Signature, Carrier::Card);
const USER_AUTHENTICATION: Table = Table::Holder(Kind::UserAuthentication, Carrier::Card);
const PUBLICATION: Table = Table::Service(CaName::UserAuthentication, Service::Publication);
const RESPONDER: Table = Table::Service(CaName::UserAuthentication, Service::Responder);
const AUTHORITY: Table = Table::Authority(CaName::Signature);
const LINK: Table = Table::Link(CaName::Signature);

/// The ids found on a good certificate after a change.
fn ids(table: Table, change: fn(&mut Node)) -> Vec<&'static str> {
    let realm = fixture::production();
    let tbs = match table {
        Table::Holder(kind, carrier) => fixture::holder_certificate(&realm, kind, carrier),
        Table::Service(ca, service) => fixture::service_certificate(&realm, ca, service),
        Table::Authority(ca) => {
            let begins = "2019-09-14T23:41:56Z";
            fixture::authority_certificate("JPKI", ca, "signca02", 0x0132_c4ab, begins)
        }
        Table::Link(ca) => fixture::link_certificate(&realm, ca),
    };
    let mut tree = Node::of(tbs.as_der());
    assert_eq!(tree.der(), tbs.as_der());
    change(&mut tree);
    let findings = judged(table, &tree.der());
    for item in ["SAMPLE", "杏奈", "髙", "1980", "清瀬", "中里"] {
        assert!(findings.iter().all(|finding| !finding.message.contains(item)));
    }
    findings.into_iter().map(|finding| finding.id).collect()
}

fn judged(table: Table, der: &[u8]) -> Vec<Finding> {
    let realm = fixture::production();
    let issuer = fixture::second_generation(table.ca());
    let holder = matches!(table, Table::Holder(..));
    let issued = !matches!(table, Table::Authority(_));
    // Judged before; what a test makes of it is another key, and is judged.
    let key = fixture::holder_certificate(&realm, Kind::Signature, Carrier::Card).key().clone();
    let expected = Expected {
        table,
        profile: issuer.profile,
        organisation: realm.organisation().as_str(),
        arc: realm.arc(),
        ocsp_url: Some(realm.ocsp_url()),
        municipality: holder.then(fixture::kiyose),
        issuer: issued.then_some(&issuer),
        stated: None,
        sound: crate::lint::key(&key).ok(),
        place: Severity::Error,
    };
    judge(der, &expected)
}

/// Adds an extension of this type.
fn add(tree: &mut Node, oid: oid::ObjectIdentifier) {
    let mut more = tree.extension(oid::SUBJECT_KEY_IDENTIFIER).clone();
    more.at(&[0]).set(oid.as_bytes());
    tree.extensions().push(more);
}

fn last(node: &mut Node) -> &mut Node {
    node.nodes().last_mut().unwrap()
}

/// Changes the octet at this position, the last that there is in most cases.
fn change_last(node: &mut Node, position: usize) {
    match node {
        Node::Leaf(_, contents) => contents[position] ^= 3,
        Node::Branch(..) => panic!("a branch"),
    }
}

/// Replaces an octet of the common name, counted from its end where negative.
fn replace_number(tree: &mut Node, position: isize, octet: u8) {
    match last(tree.at(&[5])).at(&[0, 1]) {
        Node::Leaf(_, contents) => {
            let length = isize::try_from(contents.len()).unwrap();
            let position = if position < 0 { length + position } else { position };
            contents[usize::try_from(position).unwrap()] = octet;
        }
        Node::Branch(..) => panic!("a branch"),
    }
}

/// An attribute of the distribution point's name.
fn distribution_point(tree: &mut Node, position: usize) -> &mut Node {
    tree.value(oid::CRL_DISTRIBUTION_POINTS).at(&[0, 0, 0, 0, 0, position, 0, 1])
}
