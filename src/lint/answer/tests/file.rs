//! Responses of anyone, as files.

use std::collections::BTreeSet;

use der::Decode as _;
use der::Encode as _;
use der::asn1::Null;
use der::asn1::OctetString;
use proptest::prelude::*;
use rcgen::CertificateParams;
use rcgen::KeyUsagePurpose;
use rcgen::date_time_ymd;
use x509_cert::ext::pkix::CrlReason;
use x509_ocsp::BasicOcspResponse;
use x509_ocsp::CertStatus;
use x509_ocsp::OcspResponse;
use x509_ocsp::OcspResponseStatus;
use x509_ocsp::ResponderId;
use x509_ocsp::ResponseData;
use x509_ocsp::RevokedInfo;

use crate::asn1::oid;
use crate::lint::Severity;
use crate::lint::answer_file;
use crate::ocsp::Hash;
use crate::ocsp::MAX_RESPONSE;
use crate::ocsp::Refusal;
use crate::ocsp::fixture::extension;
use crate::ocsp::fixture::party::Party;
use crate::ocsp::fixture::party::World;
use crate::ocsp::fixture::party::response;
use crate::ocsp::fixture::party::signed;
use crate::ocsp::fixture::party::time;

use super::FILES;
use super::ids;

/// What is found in the sound answer with a change, signed by the responder; the notice on what
/// cannot be checked aside.
fn found(world: &World, change: impl FnOnce(&mut ResponseData)) -> Vec<(&'static str, Severity)> {
    let mut data = world.data();
    change(&mut data);
    findings(&signed(data, &world.responder, &[&world.responder]))
}

fn findings(basic: &BasicOcspResponse) -> Vec<(&'static str, Severity)> {
    let report = answer_file(&response(basic));
    assert_eq!(report.statements, Some(basic.tbs_response_data.responses.len()));
    let mut found: Vec<_> = report.findings.iter().map(|one| (one.id, one.severity)).collect();
    assert_eq!(found.pop(), Some(("L-OCSP-UNCHECKED", Severity::Notice)));
    let errors = found.iter().any(|(_, severity)| *severity == Severity::Error);
    assert_eq!(report.conforms(), !errors);
    found
}

fn error(id: &'static str) -> Vec<(&'static str, Severity)> {
    vec![(id, Severity::Error)]
}

fn warning(id: &'static str) -> Vec<(&'static str, Severity)> {
    vec![(id, Severity::Warning)]
}

#[test]
fn sound_answers_conform() {
    let world = World::new();
    assert_eq!(found(&world, |_| {}), []);
    assert_eq!(found(&world, |data| data.responder_id = world.responder.by_name()), []);
    let mut data = world.data();
    data.responder_id = world.authority.by_key();
    assert_eq!(findings(&signed(data, &world.authority, &[&world.authority])), []);
    for refusal in Refusal::ALL {
        let report = answer_file(&refusal.to_der());
        assert_eq!((report.refusal, report.statements), (Some(refusal), None));
        assert!(report.findings.is_empty() && report.conforms());
    }
}

#[test]
fn what_others_may_do_is_a_warning() {
    let world = World::new();
    let endless = found(&world, |data| data.responses[0].next_update = None);
    assert_eq!(endless, warning("L-OCSP-NEXT"));
    let revoked = |revocation_reason| {
        found(&world, |data| {
            let info = RevokedInfo { revocation_time: time(-90), revocation_reason };
            data.responses[0].cert_status = CertStatus::Revoked(info);
        })
    };
    assert_eq!(revoked(Some(CrlReason::PrivilegeWithdrawn)), warning("L-OCSP-REASON"));
    assert_eq!(revoked(Some(CrlReason::Unspecified)), warning("L-OCSP-REASON"));
    assert_eq!((revoked(None), revoked(Some(CrlReason::Superseded))), (vec![], vec![]));
    let strange = |critical| {
        let one = extension(oid::CRL_NUMBER, critical, &[2, 1, 1]);
        found(&world, |data| data.responses[0].single_extensions = Some(vec![one]))
    };
    assert_eq!(strange(false), warning("L-OCSP-EXT-UNKNOWN"));
    let critical = [error("L-OCSP-EXT-CRITICAL"), error("L-OCSP-EXT-UNKNOWN")].concat();
    assert_eq!(strange(true), critical);
    // Who says with the extension what a hold since 1970 would mean need not say it.
    let extended = found(&world, |data| {
        data.response_extensions = Some(vec![extension(oid::OCSP_EXTENDED_REVOKE, false, &[5, 0])]);
    });
    assert_eq!(extended, []);
    let never = found(&world, |data| {
        let hold = Some(CrlReason::CertificateHold);
        let epoch = OcspTime::from_unix_duration(std::time::Duration::ZERO).unwrap();
        let info = RevokedInfo { revocation_time: epoch.into(), revocation_reason: hold };
        data.responses[0].cert_status = CertStatus::Revoked(info);
    });
    assert_eq!(never, error("L-OCSP-NEVER-ISSUED"));
}

type OcspTime = der::asn1::GeneralizedTime;

/// Each case breaks what it is named after, and nothing else.
#[test]
fn what_surrounds_the_signed_part_is_judged() {
    let world = World::new();
    let mut seen = BTreeSet::from(["L-OCSP-UNCHECKED"]);
    let future = found(&world, |data| {
        let info = RevokedInfo { revocation_time: time(90), revocation_reason: None };
        data.responses[0].cert_status = CertStatus::Revoked(info);
    });
    assert_eq!(future, error("L-OCSP-REVOKED-FUTURE"));
    seen.insert("L-OCSP-REVOKED-FUTURE");
    let mut case = |found: Vec<(&'static str, Severity)>, expected: Vec<_>| {
        assert_eq!(found, expected);
        seen.extend(expected.into_iter().map(|(id, _)| id));
    };
    let good = signed(world.data(), &world.responder, &[&world.responder]);

    let bytes = response(&good);
    let of = |der: &[u8]| {
        let report = answer_file(der);
        assert!(report.statements.is_none() && !report.conforms());
        report.findings.iter().map(|one| (one.id, one.severity)).collect::<Vec<_>>()
    };
    for bad in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[], b"\x30\0"] {
        case(of(bad), error("L-OCSP-DER"));
    }
    case(of(&vec![0x30; MAX_RESPONSE + 1]), error("L-OCSP-DER"));
    let changed = |change: &dyn Fn(&mut OcspResponse)| {
        let mut response = OcspResponse::from_der(&bytes).unwrap();
        change(&mut response);
        of(&response.to_der().unwrap())
    };
    let late = changed(&|response| response.response_status = OcspResponseStatus::TryLater);
    case(late, error("L-OCSP-STATUS"));
    case(changed(&|response| response.response_bytes = None), error("L-OCSP-STATUS"));
    let other = changed(&|response| {
        response.response_bytes.as_mut().unwrap().response_type = oid::OCSP_NONCE;
    });
    case(other, error("L-OCSP-TYPE"));
    let inside = changed(&|response| {
        let bytes = response.response_bytes.as_mut().unwrap();
        bytes.response = OctetString::new([0x30, 0]).unwrap();
    });
    case(inside, error("L-OCSP-DER"));

    let mut other = good.clone();
    other.signature_algorithm.oid = oid::ECDSA_SHA384;
    case(findings(&other), warning("L-OCSP-ALGORITHM"));
    other.signature_algorithm.oid = oid::ML_DSA_65;
    let experiment = [warning("L-OCSP-EXPERIMENT"), warning("L-OCSP-ALGORITHM")].concat();
    case(findings(&other), experiment);
    let mut bare = good;
    bare.certs = None;
    case(findings(&bare), warning("L-OCSP-CERTIFICATE"));
    let other = signed(world.data(), &world.responder, &[&world.authority]);
    case(findings(&other), warning("L-OCSP-CERTIFICATE"));
    let forged = signed(world.data(), &world.authority, &[&world.responder]);
    case(findings(&forged), error("L-OCSP-SIGNATURE"));
    let by = |change: &dyn Fn(&mut CertificateParams)| {
        let responder = Party::responder(&world.authority, change);
        let mut data = world.data();
        data.responder_id = responder.by_key();
        findings(&signed(data, &responder, &[&responder]))
    };
    case(by(&|params| params.extended_key_usages.clear()), error("L-OCSP-DELEGATE"));
    let usage = by(&|params| params.key_usages = vec![KeyUsagePurpose::CrlSign]);
    case(usage, error("L-OCSP-DELEGATE"));
    case(by(&|params| params.custom_extensions.clear()), warning("L-OCSP-NO-CHECK"));
    let ended = by(&|params| params.not_after = date_time_ymd(2026, 11, 21));
    case(ended, error("L-OCSP-TIMES-RESPONDER"));
    let early = by(&|params| params.not_before = date_time_ymd(2026, 11, 22));
    case(early, error("L-OCSP-TIMES-RESPONDER"));

    assert!(FILES.iter().all(|id| seen.contains(id)), "{seen:?}");
}

#[test]
fn of_generations_that_share_a_name_the_signer_is_judged() {
    let world = World::new();
    let named = |params: &mut CertificateParams| params.custom_extensions.clear();
    let other = Party::responder(&world.authority, named);
    let mut data = world.data();
    data.responder_id = ResponderId::ByName(world.responder.parsed().tbs_certificate.subject);
    data.responses = vec![world.single(Hash::Sha1, 300, CertStatus::Good(Null))];
    let certificates = [&other, &world.responder];
    assert_eq!(findings(&signed(data, &world.responder, &certificates)), []);
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>) {
        prop_assert_eq!(ids(&answer_file(&bytes).findings), ["L-OCSP-DER"]);
    }

    #[test]
    fn any_damage_is_judged(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let world = World::new();
        let mut der = response(&signed(world.data(), &world.responder, &[&world.responder]));
        for (position, octet) in changes {
            *position.get_mut(&mut der) = octet;
        }
        let _ = answer_file(&der);
    }
}
