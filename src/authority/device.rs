//! An installation with its authorities' keys in a device that fails: no number comes twice, no intent is left
//! behind, and the error says what happened (promises 2, 6 and 16).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::time::Duration;

use rand_core::OsRng;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::authority::fixture::BEGINS;
use crate::authority::fixture::clock;
use crate::authority::publish::PublishError;
use crate::authority::publish::PublishOptions;
use crate::authority::respond::Outcome as Answer;
use crate::authority::respond::Responder;
use crate::authority::respond::ResponderKey;
use crate::authority::respond::Settings;
use crate::clock::Stopwatch;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::ocsp::CertId;
use crate::ocsp::Hash;
use crate::ocsp::IssuerHashes;
use crate::ocsp::Nonce;
use crate::ocsp::Query;
use crate::ocsp::Refusal;
use crate::policy::Answering;
use crate::policy::ListTiming;
use crate::policy::Policy;
use crate::profile::Partition;
use crate::profile::Realm;
use crate::profile::ca_name;
use crate::register::HolderForm;
use crate::seal::Cause;
use crate::seal::SealError;
use crate::signer;
use crate::signer::SignError;
use crate::signer::Signer;
use crate::signer::SoftwareSigner;
use crate::signer::pkcs11::Token;
use crate::signer::pkcs11::TokenLimits;
use crate::signer::pkcs11::TokenSigner;
use crate::signer::pkcs11::TokenState;
use crate::signer::pkcs11::fixture::PIN;
use crate::signer::pkcs11::fixture::Soft;
use crate::signer::pkcs11::fixture::quick;
use crate::store::State;
use crate::store::Store;
use crate::store::StoreUrl;

/// An installation whose authorities' keys are in a token that can be made to fail.
struct Installation {
    soft: Soft,
    token: Token,
    authority: Authority,
    responder: TokenSigner,
    folder: TempDir,
}

impl Installation {
    fn new() -> Self {
        let soft = Soft::new();
        let limits = TokenLimits { call: Duration::from_millis(400), ..quick() };
        let token = soft.open_with(PIN, limits).unwrap();
        let inside = |label| token.generate(label, KeyAlgorithm::P256).unwrap();
        let signers = [inside("jpki/signature-1"), inside("jpki/user-authentication-1")];
        let publication = software();
        let (responder, other) = (inside("jpki/ocsp-signature-1"), public_key());
        let keys = FoundingKeys {
            signature: &signers[0],
            user_authentication: &signers[1],
            publication: publication.public_key(),
            signature_responder: responder.public_key(),
            user_authentication_responder: &other,
        };
        let folder = tempfile::tempdir().unwrap();
        let (store, realm) = (Store::create(&url(&folder)).unwrap(), Realm::sandbox());
        Authority::found(&store, &clock(BEGINS), &realm, Profile::Current, &keys).unwrap();
        let mut signers: Vec<Box<dyn Signer>> =
            signers.into_iter().map(|signer| -> Box<dyn Signer> { Box::new(signer) }).collect();
        signers.push(Box::new(publication));
        let clock = Box::new(clock("2026-04-02T00:00:00Z"));
        let opened = Authority::open(store, clock, realm, Policy::default(), signers);
        Self { soft, token, authority: opened.unwrap().0, responder, folder }
    }

    /// A request of somebody for both kinds.
    fn request(&self, person: &str) -> IssueRequest {
        let form = json!({
            "person": person, "name": "架空　花子", "birth_date": "1990-12-07", "sex": "female",
            "address": "東京都清瀬市架空町０番地", "municipality": "132217",
            "residence": {"category": "national"}
        });
        let form = HolderForm::read(form.to_string().as_bytes()).unwrap();
        let key = KeyAsk::Generated(Some(KeyAlgorithm::P256));
        let ask = Ask { kinds: Kinds::Both, carrier: Carrier::Card, renew: false, key };
        let id = RequestId::new(person).unwrap();
        let request = IssueRequest::new(id, &form, &ask, self.authority.now()).unwrap();
        Kind::ALL.into_iter().fold(request, |request, kind| request.with_key(kind, public_key()))
    }

    /// The certificates of a request that is served.
    fn issued(&self, request: &IssueRequest) -> Vec<Issued> {
        let (status, issued) = self.authority.issue(request).unwrap().result.unwrap();
        assert_eq!((status, issued.len()), (Status::Issued, 2));
        issued
    }

    /// Why the key did not sign for a request.
    fn refused(&self, request: &IssueRequest) -> Refused {
        let refused = self.authority.issue(request).unwrap().result.unwrap_err();
        assert_eq!(refused.rule, "R-KEY-FAILED");
        refused
    }

    /// Publishes the authorities' own lists; how many were made.
    fn publish(&self) -> Result<usize, PublishError> {
        let mut options = PublishOptions::due(ListTiming::default());
        options.partition = Some(Partition::Authority);
        // One list after the other, so that it is known which meets the fault.
        options.threads = NonZeroUsize::MIN;
        let published = self.authority.publish(self.folder.path(), &options, &|_, _| ())?;
        Ok(published.made.values().sum())
    }

    /// Somebody who answers about the signature authority's certificates.
    fn responder(&self) -> Responder {
        let serial = Serial::new(3).unwrap();
        let (record, der) = self.authority.certificate(CaName::Signature, serial).unwrap().unwrap();
        let signer = Box::new(self.responder.clone());
        let key = ResponderKey::new(&record, der.unwrap(), signer).unwrap();
        let settings = Settings { answering: Answering::default(), retention_years: 10 };
        let store = Store::open(&url(&self.folder)).unwrap();
        let clock = Box::new(clock("2026-04-02T00:00:00Z"));
        let keys = |_: &Store| Ok::<_, AuthorityError>(vec![key]);
        Responder::open(store, clock, self.authority.realm(), settings, keys).unwrap()
    }

    /// A question about a certificate of that authority, which no kept answer answers.
    fn question(&self, serial: u64, nonce: u8) -> Vec<u8> {
        let (_, der) = self
            .authority
            .authority_certificates()
            .find(|(issuer, _)| issuer.ca == CaName::Signature)
            .unwrap();
        let key = PublicKey::of_certificate(der).unwrap();
        let name = ca_name(CaName::Signature, self.authority.realm().organisation()).to_der();
        let issuer = IssuerHashes::new(&name, &key);
        let id = CertId::new(Hash::Sha256, &issuer, Serial::new(serial).unwrap());
        let nonce = Nonce::new(&[nonce; 32]).unwrap();
        Query { asked: &[id], nonce: Some(&nonce) }.to_der().unwrap()
    }

    /// Holds every number that was ever drawn against the record: each is used once, and ended as issued or
    /// as void. Says how many did which.
    fn numbers(&self) -> (usize, usize) {
        let mut numbers = BTreeMap::<String, BTreeSet<(CaName, Serial)>>::new();
        self.authority
            .audit(0, |entry| {
                let line: Value = serde_json::from_str(&entry.line).unwrap();
                if let (Some(ca), Some(serial)) = (line["ca"].as_str(), line["serial"].as_str()) {
                    let act = line["act"].as_str().unwrap().to_owned();
                    let number = (ca.parse().unwrap(), serial.parse().unwrap());
                    assert!(numbers.entry(act).or_default().insert(number), "twice: {line}");
                }
                Ok(())
            })
            .unwrap();
        let [intended, issued, voided] = ["intended", "issued", "voided"]
            .map(|act| numbers.get(act).cloned().unwrap_or_default());
        assert!(issued.is_disjoint(&voided));
        assert_eq!(intended, &issued | &voided);
        for (ca, serial) in &intended {
            let (record, der) = self.authority.certificate(*ca, *serial).unwrap().unwrap();
            let was_issued = issued.contains(&(*ca, *serial));
            assert_eq!(record.issued_at.is_some(), was_issued);
            assert_eq!(der.is_some(), was_issued, "nothing signed is kept of what is void");
            if !was_issued {
                assert!(matches!(record.state, State::Revoked(..)), "{:?}", record.state);
            }
        }
        assert!(self.authority.recover().unwrap().voided.is_empty(), "nothing is left behind");
        (issued.len(), voided.len())
    }
}

fn url(folder: &TempDir) -> StoreUrl {
    StoreUrl::Sqlite(folder.path().join("store.db"))
}

fn software() -> SoftwareSigner {
    let key = signer::generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
    SoftwareSigner::new(&key).unwrap()
}

fn public_key() -> PublicKey {
    software().public_key().clone()
}

fn pause(milliseconds: u64) {
    let (_kept, never) = mpsc::channel::<()>();
    assert!(never.recv_timeout(Duration::from_millis(milliseconds)).is_err());
}

#[test]
fn a_device_that_answers_too_late_in_the_middle_of_a_request_voids_it_whole() {
    let house = Installation::new();
    house.issued(&house.request("p-1"));
    assert_eq!(house.numbers(), (7, 0));

    // The first of the two certificates is signed, the second is and nobody hears of it in time.
    let request = house.request("p-2");
    house.soft.faults("C_Sign 1 after 0\nC_Sign 1 after 1200");
    let refused = house.refused(&request);
    assert_eq!(refused.cause, Some(SignError::Unanswered));
    assert!(
        refused.explained().contains("whether it signed is not known"),
        "{}",
        refused.explained()
    );
    assert_eq!(house.token.health().hanging, 1);
    assert_eq!(house.numbers(), (7, 2));

    // The device is well; the same request gets other numbers.
    let issued = house.issued(&request);
    assert_eq!(house.numbers(), (9, 2));
    // The late answer changes nothing.
    pause(1200);
    assert_eq!(house.token.health().hanging, 0);
    assert_eq!(house.numbers(), (9, 2));
    let (status, again) = house.authority.issue(&request).unwrap().result.unwrap();
    assert_eq!((status, again), (Status::Existing, issued));
}

#[test]
fn a_device_that_signs_wrongly_or_not_at_all_leaves_nothing_behind() {
    let house = Installation::new();
    let mut voided = 0;
    for (fault, cause) in [
        ("C_Sign 1 return 0x30", SignError::Unanswered),
        ("C_Sign 1 answer 0x30", SignError::Unanswered),
        ("C_Sign 1 corrupt", SignError::WrongSignature),
        ("C_SignInit 2 return 0xb3", SignError::Unavailable),
        ("C_SignInit 1 return 0x101\nC_Login 2 return 0x30", SignError::Unavailable),
    ] {
        let request = house.request(&format!("p-{voided}"));
        house.issued(&house.request(&format!("q-{voided}")));
        house.soft.faults(fault);
        assert_eq!(house.refused(&request).cause, Some(cause), "{fault}");
        voided += 2;
        house.soft.faults("");
        house.issued(&request);
        assert_eq!(house.numbers().1, voided);
    }
}

#[test]
fn a_group_at_a_dead_device_is_void_in_the_time_of_a_few_calls() {
    let house = Installation::new();
    house.issued(&house.request("p-0"));
    let requests: Vec<_> = (1..=20).map(|n| house.request(&format!("p-{n}"))).collect();
    house.soft.faults("C_Sign -1 before 900");
    let watch = Stopwatch::start();
    let outcomes = house.authority.issue_all(&requests).unwrap();
    // Forty signatures, of which three were waited for.
    assert!(watch.elapsed() < Duration::from_secs(4), "{:?}", watch.elapsed());
    for outcome in outcomes {
        assert_eq!(outcome.result.unwrap_err().rule, "R-KEY-FAILED");
    }
    assert!(matches!(house.token.health().state, TokenState::Resting { failures: 3, .. }));
    assert_eq!(house.numbers(), (7, 40));
    let refused = house.refused(&house.request("p-1"));
    assert_eq!(refused.cause, Some(SignError::Resting { seconds: 1 }));
    assert_eq!(house.numbers(), (7, 42));

    house.soft.faults("");
    pause(1000);
    for request in &requests {
        house.issued(request);
    }
    assert_eq!(house.numbers(), (47, 42));
    assert!(house.token.health().is_well());
}

/// What the key said, out of the error of a service.
fn cause(error: &AuthorityError) -> SignError {
    match error {
        AuthorityError::Seal(SealError { cause: Cause::Sign(error), .. }) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_generation_that_its_device_did_not_sign_never_was() {
    let mut house = Installation::new();
    let inside = |house: &Installation, label| -> Box<dyn Signer> {
        Box::new(house.token.generate(label, KeyAlgorithm::P256).unwrap())
    };
    let first = inside(&house, "jpki/signature-2");
    house.soft.faults("C_Sign 2 return 0x30");
    let failed = house.authority.roll_over(CaName::Signature, None, first, None).unwrap_err();
    // The trial of the new key failed, which is no signature.
    assert_eq!(cause(&failed), SignError::Unavailable);
    assert_eq!(house.numbers(), (5, 1));

    house.soft.faults("");
    let second = inside(&house, "jpki/signature-2");
    let new = house.authority.roll_over(CaName::Signature, None, second, None).unwrap().unwrap();
    assert_eq!(new.generation, Generation::FIRST.next().unwrap());
    assert_eq!(house.numbers(), (6, 1));
    house.issued(&house.request("p-1"));
    assert_eq!(house.numbers(), (8, 1));
}

#[test]
fn lists_that_a_device_did_not_sign_are_signed_by_the_next_run() {
    let house = Installation::new();
    house.issued(&house.request("p-1"));
    assert_eq!(house.publish().unwrap(), 2);
    house.soft.faults("C_Sign 1 after 1200");
    let failed = house.publish().unwrap_err();
    match &failed {
        PublishError::Authority(error) => assert_eq!(cause(error), SignError::Unanswered),
        other => panic!("{other:?}"),
    }
    pause(1200);
    assert_eq!(house.publish().unwrap(), 2);
    // By digest the seal verifies what the device made.
    house.soft.faults("C_Sign 1 corrupt");
    let failed = house.publish().unwrap_err();
    let wrong = |error: &PublishError| {
        let PublishError::Authority(AuthorityError::Seal(error)) = error else { return false };
        matches!(error.cause, Cause::Verify(_))
    };
    assert!(wrong(&failed), "{failed:?}");
    assert_eq!(house.publish().unwrap(), 2);
    assert_eq!(house.numbers(), (7, 0));
}

#[test]
fn a_responder_says_try_later_while_its_device_is_away_and_answers_when_it_is_back() {
    let house = Installation::new();
    house.issued(&house.request("p-1"));
    let responder = house.responder();
    let mut asked = 0;
    let mut ask = || {
        asked += 1;
        responder.respond(&house.question(4, asked)).outcome
    };
    assert_eq!(ask(), Answer::Signed);
    house.soft.faults("C_SignInit -1 return 0x32\nC_GetSlotList -1 none");
    for _ in 0..4 {
        assert_eq!(ask(), Answer::Refused(Refusal::TryLater));
    }
    assert!(matches!(house.token.health().state, TokenState::Resting { .. }));
    house.soft.faults("C_SignInit 1 restart");
    pause(350);
    assert_eq!(ask(), Answer::Signed);
    // A key that signs wrongly is not to be waited for.
    house.soft.faults("C_Sign 1 corrupt");
    assert_eq!(ask(), Answer::Refused(Refusal::InternalError));
    assert_eq!(ask(), Answer::Signed);
}
