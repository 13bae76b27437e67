//! The room as its callers see it, and `profile` held against published bytes.

use proptest::prelude::*;

use super::certificate::Expected;
use super::certificate::judge;
use super::fixture::Node;
use super::fixture::authority_certificate;
use super::fixture::authority_certificate_for;
use super::fixture::holder_certificate;
use super::fixture::holder_certificate_by;
use super::fixture::kiyose;
use super::fixture::link_certificate;
use super::fixture::production;
use super::fixture::published;
use super::fixture::second_generation;
use super::fixture::service_certificate;
use super::fixture::service_certificate_from;
use super::fixture::signed_part;
use super::*;
use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Generation;
use crate::credential::Kind;
use crate::credential::Profile;
use crate::profile::Issuer;
use crate::profile::Organisation;
use crate::profile::PolicyArc;
use crate::profile::Realm;
use crate::profile::Service;
use crate::profile::Subject;
use crate::profile::TbsCertificate;

#[test]
fn good_certificates_pass() {
    let test = Organisation::new("JPKI-TEST").unwrap();
    let test = Realm::new(test, PolicyArc::Test, "http://test-ocspauthnorm.jpki.go.jp").unwrap();
    for realm in [&production(), &test, &Realm::sandbox()] {
        for kind in Kind::ALL {
            let issuer = second_generation(kind.ca());
            for carrier in [Carrier::Card, Carrier::Phone] {
                let tbs = holder_certificate(realm, kind, carrier);
                let authority = Authority { realm, issuer: Some(&issuer) };
                let checked = check(tbs.clone(), &authority).unwrap();
                assert_eq!(checked.tbs(), &tbs);
                let report = certificate_file(&complete(&tbs, tbs.as_der()));
                assert_eq!(report.table, Some(Table::Holder(kind, carrier)));
                assert_eq!(ids(&report.findings), ["L-UNCHECKED"]);
                assert!(report.conforms());
            }
        }
    }
}

#[test]
fn an_experiment_is_marked_and_production_refuses_it() {
    for kind in Kind::ALL {
        let algorithm = KeyAlgorithm::MlDsa65;
        let issuer = Issuer { algorithm, ..second_generation(kind.ca()) };
        for (realm, severity) in
            [(&Realm::sandbox(), Severity::Warning), (&production(), Severity::Error)]
        {
            let end = "2029-02-17";
            let tbs = holder_certificate_by(&issuer, realm, Carrier::Card, end);
            let checked = check(tbs.clone(), &Authority { realm, issuer: Some(&issuer) });
            match severity {
                Severity::Error => {
                    assert_eq!(ids(checked.unwrap_err().as_slice()), ["L-EXPERIMENT"]);
                }
                _ => assert_eq!(checked.unwrap().tbs(), &tbs),
            }
            let signed = |octets: usize| {
                Der::build(|certificate| {
                    certificate.nested(tag::SEQUENCE, |certificate| {
                        certificate.raw(tbs.as_der());
                        certificate.raw(&algorithm.signature_identifier());
                        certificate.bit_string(&vec![7; octets]);
                    });
                })
            };
            let report = certificate_file(&signed(3309));
            assert_eq!(ids(&report.findings), ["L-EXPERIMENT", "L-UNCHECKED"]);
            assert_eq!(report.findings[0].severity, severity);
            let report = certificate_file(&signed(3308));
            let found = ["L-EXPERIMENT", "L-SIGNATURE-LENGTH", "L-UNCHECKED"];
            assert_eq!(ids(&report.findings), found);
            assert!(!report.conforms());
        }
    }
}

#[test]
fn good_service_certificates_pass() {
    for realm in [&production(), &Realm::sandbox()] {
        for ca in CaName::ALL {
            for service in Service::ALL {
                let issuer = second_generation(ca);
                let tbs = service_certificate(realm, ca, service);
                // From 21 May on in Japan: three years less a day, or thirty days.
                let (end, last_days) = match service {
                    Service::Publication => ("2027-05-20T14:59:59Z", "2027-01-01T00:00:00Z"),
                    Service::Responder => ("2024-06-19T14:59:59Z", "2029-09-01T00:00:00Z"),
                };
                assert_eq!(tbs.not_after().to_string(), end);
                assert_eq!(tbs.subject().partition().code(), "000000");
                let authority = Authority { realm, issuer: Some(&issuer) };
                assert_eq!(check(tbs.clone(), &authority).unwrap().tbs(), &tbs);
                let report = certificate_file(&complete(&tbs, tbs.as_der()));
                assert_eq!(report.table, Some(Table::Service(ca, service)));
                assert_eq!(ids(&report.findings), ["L-UNCHECKED"]);

                // In the issuer's last years or days, its end is the service's.
                let late = service_certificate_from(realm, ca, service, last_days);
                assert_eq!(late.not_after(), issuer.not_after);
                let report = certificate_file(&complete(&late, late.as_der()));
                assert_eq!(ids(&report.findings), ["L-UNCHECKED"]);
                check(late, &authority).unwrap();
            }
        }
    }
}

#[test]
fn good_links_pass() {
    for realm in [&production(), &Realm::sandbox()] {
        for ca in CaName::ALL {
            let issuer = second_generation(ca);
            let tbs = link_certificate(realm, ca);
            assert_eq!(tbs.subject(), Subject::Link(Generation::new(3).unwrap()));
            assert_eq!(tbs.not_after(), issuer.not_after, "the first of both to end");
            assert_eq!(tbs.subject().partition().code(), "000000");
            let authority = Authority { realm, issuer: Some(&issuer) };
            assert_eq!(check(tbs.clone(), &authority).unwrap().tbs(), &tbs);
            let report = certificate_file(&complete(&tbs, tbs.as_der()));
            assert_eq!(report.table, Some(Table::Link(ca)));
            assert_eq!(ids(&report.findings), ["L-UNCHECKED"]);
            let findings = check(tbs, &Authority { realm, issuer: None }).unwrap_err();
            assert!(ids(findings.as_slice()).contains(&"L-STATED"), "{findings}");
        }
    }
}

#[test]
fn a_link_is_between_two_keys_and_no_longer_than_an_authority_lives() {
    let realm = production();
    let tbs = link_certificate(&realm, CaName::Signature);
    // The one that signs, in the place of the one that is certified.
    let issuer = second_generation(CaName::Signature);
    let mut tree = Node::of(tbs.as_der());
    let own = Node::of(second().as_der()).at(&[6]).clone();
    *tree.at(&[6]) = own;
    tree.value(oid::SUBJECT_KEY_IDENTIFIER).set(&issuer.key_id);
    assert_eq!(ids(&judged(&tbs, &tree.der())), ["L-STATED", "L-LINK-KEY"]);
    let mut tree = Node::of(tbs.as_der());
    tree.at(&[4, 1]).set(b"440521145959Z");
    let report = certificate_file(&complete(&tbs, &tree.der()));
    assert_eq!(ids(&report.findings), ["L-VALIDITY-LINK", "L-UNCHECKED"]);
    tree.at(&[4, 1]).set(b"440520145959Z");
    let report = certificate_file(&complete(&tbs, &tree.der()));
    assert_eq!(ids(&report.findings), ["L-UNCHECKED"]);
}

#[test]
fn a_service_is_of_the_authority_that_issues_and_of_no_other() {
    let realm = production();
    let tbs = publication(CaName::Signature);
    let issuer = second_generation(CaName::Signature);
    let next = Issuer { generation: Generation::new(3).unwrap(), ..issuer };
    let other = second_generation(CaName::UserAuthentication);
    for issuer in [Some(&next), Some(&other), None] {
        let findings = check(tbs.clone(), &Authority { realm: &realm, issuer }).unwrap_err();
        assert!(ids(findings.as_slice()).contains(&"L-STATED"), "{findings}");
    }
    // With the unit of the other authority in the subject it is no service of either.
    let mut tree = Node::of(tbs.as_der());
    tree.attribute(5, 2).set(b"JPKI for user authentication");
    let report = certificate_file(&complete(&tbs, &tree.der()));
    assert_eq!((report.table, ids(&report.findings)), (None, vec!["L-KIND"]));
    // What else it carries does not make it anything else.
    let mut tree = Node::of(tbs.as_der());
    let holders = holder_certificate(&realm, Kind::Signature, Carrier::Card);
    let policies = Node::of(holders.as_der()).extension(oid::CERTIFICATE_POLICIES).clone();
    tree.extensions().push(policies);
    let report = certificate_file(&complete(&tbs, &tree.der()));
    assert_eq!(report.table, Some(Table::Service(CaName::Signature, Service::Publication)));
    assert_eq!(ids(&report.findings), ["L-EXT-UNKNOWN", "L-UNCHECKED"]);
}

#[test]
fn how_long_a_certificate_lives_is_judged_by_its_generations_profile() {
    let realm = production();
    for ca in CaName::ALL {
        let today = second_generation(ca);
        let end = "2044-01-01T14:59:59Z".parse().unwrap();
        let next = Issuer { profile: Profile::Next, not_after: end, ..today.clone() };
        let long = Issuer { not_after: end, ..today };
        // From 21 May 2024 on in Japan; a day more for those born on 29 February.
        for (end, fits) in [
            ("2030-05-22", Some(Profile::Current)),
            ("2030-05-23", Some(Profile::Next)),
            ("2034-02-17", Some(Profile::Next)),
            ("2035-05-22", Some(Profile::Next)),
            ("2035-05-23", None),
        ] {
            for issuer in [&long, &next] {
                let tbs = holder_certificate_by(issuer, &realm, Carrier::Card, end);
                let judged = check(tbs, &Authority { realm: &realm, issuer: Some(issuer) });
                let right = fits.is_some_and(|fits| fits <= issuer.profile);
                let found = judged.map_or_else(|found| ids(found.as_slice()), |_| Vec::new());
                assert_eq!(found.is_empty(), right, "{end} {}: {found:?}", issuer.profile);
                assert!(right || found == ["L-VALIDITY-HOLDER"], "{found:?}");
            }
            // A file does not say by which profile it was issued.
            let tbs = holder_certificate_by(&next, &realm, Carrier::Card, end);
            let report = certificate_file(&complete(&tbs, tbs.as_der()));
            assert_eq!((report.profile, report.conforms()), (fits, fits.is_some()), "{end}");
        }
        let tbs = holder_certificate_by(&next, &realm, Carrier::Card, "2029-02-17");
        let findings = check(tbs, &Authority { realm: &realm, issuer: Some(&long) }).unwrap_err();
        assert_eq!(ids(findings.as_slice()), ["L-STATED"]);
    }
}

#[test]
fn an_authority_of_the_next_card_lives_for_twenty_years() {
    let (ca, file, begins) = (CaName::Signature, "signca02", "2019-09-14T23:41:56Z");
    let own = |profile| authority_certificate_for(profile, "JPKI", ca, file, 5, begins);
    let realm = production();
    let check = |tbs| check(tbs, &Authority { realm: &realm, issuer: None });
    for (profile, end) in
        [(Profile::Current, "2029-09-14T14:59:59Z"), (Profile::Next, "2039-09-14T14:59:59Z")]
    {
        let tbs = own(profile);
        assert_eq!((tbs.not_after().to_string().as_str(), tbs.profile()), (end, profile));
        let report = certificate_file(&complete(&tbs, tbs.as_der()));
        assert_eq!(report.profile, Some(profile));
        check(tbs).unwrap();
    }
    // Neither ten years nor twenty.
    let mut tree = Node::of(own(Profile::Next).as_der());
    tree.at(&[4, 1]).set(b"340914145959Z");
    let report = certificate_file(&complete(&own(Profile::Next), &tree.der()));
    assert_eq!(report.profile, None);
    assert!(ids(&report.findings).contains(&"L-VALIDITY-AUTHORITY"));
}

#[test]
fn who_signs_is_what_was_stated() {
    let realm = production();
    let issuer = second_generation(CaName::Signature);
    let tbs = holder_certificate(&realm, Kind::Signature, Carrier::Card);
    let next = Issuer { generation: Generation::new(3).unwrap(), ..issuer };
    for issuer in [Some(&next), None] {
        let findings = check(tbs.clone(), &Authority { realm: &realm, issuer }).unwrap_err();
        assert!(ids(findings.as_slice()).contains(&"L-STATED"), "{findings}");
    }
    let own = second();
    assert!(check(own.clone(), &Authority { realm: &realm, issuer: None }).is_ok());
    assert!(check(own, &Authority { realm: &realm, issuer: Some(&issuer) }).is_err());
    let sandbox = Realm::sandbox();
    let findings = check(tbs, &Authority { realm: &sandbox, issuer: Some(&issuer) }).unwrap_err();
    assert_eq!(ids(findings.as_slice()), ["L-ISSUER", "L-POLICY", "L-CRLDP", "L-AKI-ISSUER"]);
    assert!(findings.to_string().starts_with("not as the profile has it: L-ISSUER: "));
}

#[test]
fn published_authorities_pass_and_are_made_byte_for_byte() {
    let (signature, authentication) = (CaName::Signature, CaName::UserAuthentication);
    for (organisation, ca, file, serial, begins) in [
        ("JPKI", signature, "signca01", 0x01, "2015-10-20T02:40:28Z"),
        ("JPKI", signature, "signca02", 0x0132_c4ab, "2019-09-14T23:41:56Z"),
        ("JPKI", signature, "signca03", 0x067c_6a21, "2023-07-16T00:50:27Z"),
        ("JPKI", authentication, "authca01", 0x01, "2015-10-20T03:08:13Z"),
        ("JPKI", authentication, "authca02", 0x0133_c349, "2019-09-14T23:41:59Z"),
        ("JPKI", authentication, "authca03", 0x06d1_8006, "2023-07-16T01:01:04Z"),
        ("JPKI-TEST", signature, "signca-test-2019", 0xc139, "2019-07-17T23:14:37Z"),
        ("JPKI-TEST", signature, "signca-test-2024", 0x1e_a8a8, "2024-08-28T22:23:39Z"),
        ("JPKI-TEST", authentication, "authca-test-2019", 0xbfcd, "2019-03-09T02:23:28Z"),
        ("JPKI-TEST", authentication, "authca-test-2023", 0x21_8887, "2023-03-23T02:05:02Z"),
    ] {
        let certificate = published(file);
        let report = certificate_file(&certificate);
        assert_eq!(report.table, Some(Table::Authority(ca)));
        assert_eq!(report.findings, [], "{file}");
        let ours = authority_certificate(organisation, ca, file, serial, begins);
        assert_eq!(ours.as_der(), signed_part(&certificate), "{file}");
    }
}

#[test]
fn profile_writes_the_published_bytes() {
    let blobs = include_str!("../../testdata/vectors/blobs.tsv");
    let rows: Vec<_> = blobs.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
    assert_eq!(rows.len(), 11);
    for row in rows {
        let (what, bytes) = row.split_once('\t').unwrap();
        let words: Vec<_> = what.split(' ').collect();
        let kind = words.get(1).map_or(Kind::UserAuthentication, |word| word.parse().unwrap());
        let arc = if words.len() == 3 { PolicyArc::Test } else { PolicyArc::Production };
        let organisation = Organisation::new("JPKI").unwrap();
        let realm = Realm::new(organisation, arc, "http://ocspauthnorm.jpki.go.jp").unwrap();
        let mut tree = Node::of(holder_certificate(&realm, kind, Carrier::Card).as_der());
        let ours = match words[0] {
            "key-usage" => tree.extension(oid::KEY_USAGE).der(),
            "extended-key-usage" => tree.extension(oid::EXTENDED_KEY_USAGE).der(),
            "policies" => tree.extension(oid::CERTIFICATE_POLICIES).der(),
            "authority-info-access" => tree.extension(oid::AUTHORITY_INFO_ACCESS).der(),
            "issuer" => tree.at(&[3]).der(),
            "birth-date" => {
                let tbs = holder_certificate(&realm, Kind::Signature, Carrier::Card);
                Node::of(tbs.as_der()).value(oid::SUBJECT_ALT_NAME).at(&[1]).der()
            }
            other => panic!("{other}"),
        };
        let ours: String = ours.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(ours, bytes, "{what}");
    }
    for (kind, name, authority) in
        [(Kind::Signature, 177, 179), (Kind::UserAuthentication, 186, 181)]
    {
        let mut tree = Node::of(holder_certificate(&production(), kind, Carrier::Card).as_der());
        assert_eq!(tree.extension(oid::ISSUER_ALT_NAME).der().len(), name);
        assert_eq!(tree.extension(oid::AUTHORITY_KEY_IDENTIFIER).der().len(), authority);
    }
}

#[test]
fn files_are_judged_by_what_they_say_they_are() {
    let certificate = published("signca03");
    let mut tree = Node::of(&certificate);
    tree.at(&[1, 0]).set(oid::ECDSA_SHA256.as_bytes());
    assert_eq!(ids(&certificate_file(&tree.der()).findings), ["L-SIGNATURE-ALGORITHM"]);
    let mut broken = certificate.clone();
    *broken.last_mut().unwrap() ^= 1;
    let report = certificate_file(&broken);
    assert_eq!(ids(&report.findings), ["L-SIGNATURE"]);
    assert!(!report.conforms());
    for bad in [&certificate[1..], &certificate[..certificate.len() - 1], &[], &[0x30; 40_000]] {
        let report = certificate_file(bad);
        assert_eq!((report.table, ids(&report.findings)), (None, vec!["L-DER"]));
    }

    let tbs = holder_certificate(&production(), Kind::UserAuthentication, Carrier::Card);
    let mut tree = Node::of(tbs.as_der());
    let point = [0, 0, 0, 0, 0, 5, 0, 1];
    tree.value(oid::CRL_DISTRIBUTION_POINTS).at(&point).set(b"Kiose-shi CRLDP");
    let report = certificate_file(&complete(&tbs, &tree.der()));
    assert_eq!(ids(&report.findings), ["L-CRLDP-PLACE", "L-UNCHECKED"]);
    assert!(report.conforms(), "our label may be the wrong one");
    tree.value(oid::CERTIFICATE_POLICIES).at(&[0, 0]).set(&[0x2a, 3]);
    let report = certificate_file(&complete(&tbs, &tree.der()));
    assert_eq!((report.table, ids(&report.findings)), (None, vec!["L-KIND"]));
}

#[test]
fn no_flipped_bit_goes_unseen_but_in_the_holders_own_data() {
    for kind in Kind::ALL {
        let tbs = holder_certificate(&production(), kind, Carrier::Card);
        // The numbers under which the holder is known, and the items, are the register's to check.
        let mut tree = Node::of(tbs.as_der());
        let mut unknown = vec![tree.at(&[5]).nodes().pop().unwrap().at(&[0, 1]).der()];
        if kind == Kind::Signature {
            unknown.extend((0..6).map(|item| tree.item(item).der()));
        }
        let unknown: Vec<_> = unknown
            .iter()
            .map(|value| {
                let found = tbs.as_der().windows(value.len()).position(|window| window == value);
                let start = found.unwrap();
                start + 2..start + value.len()
            })
            .collect();
        for position in 0..tbs.as_der().len() {
            for bit in 0..8 {
                let mut der = tbs.as_der().to_vec();
                der[position] ^= 1 << bit;
                let free = unknown.iter().any(|range| range.contains(&position));
                assert!(free || !judged(&tbs, &der).is_empty(), "{position} {bit}");
            }
        }
    }
    let responder = service_certificate(&production(), CaName::Signature, Service::Responder);
    for tbs in [second(), publication(CaName::Signature), responder] {
        for position in 0..tbs.as_der().len() {
            for bit in 0..8 {
                let mut der = tbs.as_der().to_vec();
                der[position] ^= 1 << bit;
                assert!(!judged(&tbs, &der).is_empty(), "{position} {bit}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>) {
        let report = certificate_file(&bytes);
        prop_assert!(!report.conforms());
    }

    #[test]
    fn any_damage_is_judged(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
        which in 0..4,
    ) {
        let tbs = match which {
            0 => publication(CaName::Signature),
            1 => holder_certificate(&production(), Kind::Signature, Carrier::Card),
            2 => service_certificate(&production(), CaName::Signature, Service::Responder),
            _ => holder_certificate(&production(), Kind::UserAuthentication, Carrier::Card),
        };
        let mut der = tbs.as_der().to_vec();
        for (position, octet) in changes {
            *position.get_mut(&mut der) = octet;
        }
        let _ = certificate_file(&complete(&tbs, &der));
        // What is accepted is read alike by others, and has one encoding.
        if judged(&tbs, &der).is_empty() {
            use der::Decode as _;
            use der::Encode as _;
            let theirs = x509_cert::TbsCertificate::from_der(&der).unwrap();
            prop_assert_eq!(theirs.to_der().unwrap(), &der[..]);
        }
        der.truncate(cut.index(der.len()));
        prop_assert!(!judged(&tbs, &der).is_empty());
    }
}

/// The second generation's own certificate.
fn second() -> TbsCertificate {
    let begins = "2019-09-14T23:41:56Z";
    authority_certificate("JPKI", CaName::Signature, "signca02", 0x0132_c4ab, begins)
}

/// A publication certificate in production.
fn publication(ca: CaName) -> TbsCertificate {
    service_certificate(&production(), ca, Service::Publication)
}

/// The findings on these bytes, with what stands beside those of `tbs`.
fn judged(tbs: &TbsCertificate, der: &[u8]) -> Vec<Finding> {
    let realm = production();
    let (table, municipality) = match tbs.subject() {
        Subject::Authority => (Table::Authority(tbs.issuer().0), None),
        Subject::Link(_) => (Table::Link(tbs.issuer().0), None),
        Subject::Service(service) => (Table::Service(tbs.issuer().0, service), None),
        Subject::Holder(kind, carrier, _) => (Table::Holder(kind, carrier), Some(kiyose())),
    };
    let issuer = second_generation(tbs.issuer().0);
    let expected = Expected {
        table,
        profile: Profile::Current,
        organisation: "JPKI",
        arc: PolicyArc::Production,
        ocsp_url: Some(realm.ocsp_url()),
        municipality,
        issuer: (tbs.subject() != Subject::Authority).then_some(&issuer),
        stated: Some(tbs),
        sound: None,
        place: Severity::Error,
        experiment: None,
    };
    judge(der, &expected)
}

/// A certificate with a signature that nobody made.
fn complete(tbs: &TbsCertificate, der: &[u8]) -> Vec<u8> {
    Der::build(|certificate| {
        certificate.nested(tag::SEQUENCE, |certificate| {
            certificate.raw(der);
            certificate.raw(&tbs.key().algorithm().signature_identifier());
            certificate.bit_string(&[7; 256]);
        });
    })
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.id).collect()
}
