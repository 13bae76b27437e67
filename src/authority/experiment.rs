//! An installation whose every key is an experiment: it issues, lists and answers, and what it signs
//! verifies.

use rand_core::OsRng;
use serde_json::json;

use super::Ask;
use super::ChangeRequest;
use super::IssueRequest;
use super::KeyAsk;
use super::Kinds;
use super::RequestId;
use super::Verdict;
use super::home::Home;
use super::home::InitOptions;
use super::publish::PublishOptions;
use crate::asn1::CertificateParts;
use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::clock::FixedClock;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Reason;
use crate::crl;
use crate::law::revocation::Act;
use crate::ocsp::Answer;
use crate::ocsp::Asked;
use crate::ocsp::CertId;
use crate::ocsp::Hash;
use crate::ocsp::Query;
use crate::ocsp::ToldStatus;
use crate::ocsp::TrustedIssuer;
use crate::profile::Organisation;
use crate::profile::Partition;
use crate::register::HolderForm;
use crate::signer;
use crate::signer::Passphrase;
use crate::signer::Signer as _;
use crate::signer::SoftwareSigner;

const ALGORITHM: KeyAlgorithm = KeyAlgorithm::MlDsa65;

fn at(text: &str) -> FixedClock {
    FixedClock(text.parse().unwrap())
}

#[test]
fn it_issues_lists_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let options = InitOptions { algorithm: ALGORITHM, ..InitOptions::sandbox() };
    let path = folder.path().join("home");
    let home = Home::init(&path, &options, &at("2026-04-01T00:00:00Z"), &mut OsRng).unwrap();
    let now = at("2026-04-02T00:00:00Z");
    let (authority, _) = home.authority(Box::new(now), None).unwrap();
    let form = json!({
        "person": "p-1", "name": "架空　花子", "birth_date": "1990-12-07", "sex": "female",
        "address": "東京都清瀬市架空町０番地", "municipality": "132217",
        "residence": {"category": "national"}
    });
    let form = HolderForm::read(form.to_string().as_bytes()).unwrap();
    let keys = Kind::ALL.map(|kind| {
        let key = signer::generate(ALGORITHM, &mut OsRng).unwrap();
        (kind, SoftwareSigner::new(&key).unwrap().public_key().clone())
    });
    let key = KeyAsk::Each(keys.to_vec());
    let ask = Ask { kinds: Kinds::Both, carrier: Carrier::Card, renew: false, key };
    let request = IssueRequest::new(RequestId::draw().unwrap(), &form, &ask, now.0).unwrap();
    let (_, issued) = authority.issue(&request).unwrap().result.unwrap();
    let signature = issued.iter().find(|one| one.kind == Kind::Signature).unwrap();
    let act = Act::Revoke(Reason::KeyCompromise);
    let ca = CaName::Signature;
    let change = ChangeRequest { ca, serial: signature.serial, act, dry_run: false };
    authority.change(&change).unwrap().unwrap();

    let mut options = PublishOptions::due(home.config().lists);
    options.partition = Some(signature.partition);
    let lists = folder.path().join("lists");
    authority.publish(&lists, &options, &|_, _| ()).unwrap();
    options.partition = Some(Partition::Authority);
    authority.publish(&lists, &options, &|_, _| ()).unwrap();

    let responder = home.responder(Box::new(now), None).unwrap();
    for one in &issued {
        let mut own = authority.authority_certificates();
        let (issuer, own) = own.find(|(issuer, _)| issuer.ca == one.ca).unwrap();
        assert_eq!(issuer.algorithm, ALGORITHM);
        let authoritys = PublicKey::of_certificate(own).unwrap();
        // Algorithm, parameters, key and signature as RFC 9881 has them.
        let parts = CertificateParts::read(&one.der).unwrap();
        let identifier = [0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18];
        assert_eq!(
            (parts.algorithm.der, parts.tbs_algorithm.der),
            (&identifier[..], &identifier[..])
        );
        let signed = &parts.signature.contents[1..];
        authoritys.verify(parts.tbs.der, signed).unwrap();
        let certified = PublicKey::of_certificate(&one.der).unwrap();
        assert_eq!(certified.algorithm(), ALGORITHM);
        assert_eq!(certified.bits().len(), 1952);

        let name = format!("current/{}-1-132217.crl", one.ca);
        let list = std::fs::read(lists.join(name)).unwrap();
        let listed: Vec<_> =
            crl::Reader::new(&list[..]).unwrap().map(|l| l.unwrap().serial()).collect();
        let expected = (one.kind == Kind::Signature).then_some(Some(one.serial));
        assert_eq!(listed, Vec::from_iter(expected));

        let trusted = TrustedIssuer::of_certificate(own).unwrap();
        let id = CertId::new(Hash::Sha1, trusted.hashes(), one.serial);
        let query = Query { asked: &[id], nonce: None }.to_der().unwrap();
        let answer = Answer::read(&responder.respond(&query).der).unwrap();
        let asked = Asked { issuer: &trusted, serial: one.serial, nonce: None, at: now.0, skew: 0 };
        let told = answer.judge(&asked).unwrap().told.status;
        assert_eq!(told == ToldStatus::Good, one.kind == Kind::UserAuthentication, "{told:?}");
        let verdict = authority.verify(&one.der, now.0).unwrap();
        assert_eq!(matches!(verdict, Verdict::Valid(_)), one.kind == Kind::UserAuthentication);
    }
}

#[test]
fn production_takes_no_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let options = |algorithm| InitOptions {
        algorithm,
        production: true,
        organisation: Some(Organisation::new("EXAMPLE PKI").unwrap()),
        passphrase: Some(Passphrase::new("correct horse").unwrap()),
        ..InitOptions::sandbox()
    };
    let path = folder.path().join("home");
    let now: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
    let refused = Home::init(&path, &options(ALGORITHM), &FixedClock(now), &mut OsRng).unwrap_err();
    assert!(refused.to_string().contains("is an experiment"), "{refused}");
    let sound = options(KeyAlgorithm::P256);
    let home = Home::init(&path, &sound, &FixedClock(now), &mut OsRng).unwrap();
    let passphrase = sound.passphrase.as_ref();
    let clock = Box::new(FixedClock(now));
    let rolled = home.roll_over(
        CaName::Signature,
        None,
        Some(ALGORITHM),
        None,
        clock,
        passphrase,
        &mut OsRng,
    );
    assert_eq!(rolled.unwrap().unwrap_err().rule, "R-EXPERIMENT");
}
