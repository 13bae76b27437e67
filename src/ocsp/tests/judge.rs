//! An answer holds, and every check is failed by something. The answers are written by the library.

use der::Decode as _;
use der::Encode as _;
use der::asn1::BitString;
use der::asn1::Null;
use rcgen::CertificateParams;
use rcgen::ExtendedKeyUsagePurpose;
use rcgen::Issuer;
use rcgen::KeyPair;
use rcgen::KeyUsagePurpose;
use rcgen::SigningKey as _;
use rcgen::date_time_ymd;
use spki::AlgorithmIdentifierOwned;
use x509_ocsp::BasicOcspResponse;
use x509_ocsp::CertStatus;
use x509_ocsp::ResponseData;

use crate::asn1::KeyAlgorithm;
use crate::asn1::oid;
use crate::credential::Serial;
use crate::ocsp::Answer;
use crate::ocsp::AnswerSigner;
use crate::ocsp::Asked;
use crate::ocsp::Hash;
use crate::ocsp::Nonce;
use crate::ocsp::Refusal;
use crate::ocsp::ToldStatus;
use crate::ocsp::TrustedIssuer;
use crate::ocsp::Unsound;
use crate::ocsp::fixture::extension;
use crate::ocsp::fixture::nonce;
use crate::ocsp::fixture::party::Party;
use crate::ocsp::fixture::party::World;
use crate::ocsp::fixture::party::custom;
use crate::ocsp::fixture::party::now;
use crate::ocsp::fixture::party::params;
use crate::ocsp::fixture::party::response;
use crate::ocsp::fixture::party::signed;
use crate::ocsp::fixture::party::time;

impl World {
    fn asked(&self) -> Asked<'_> {
        let serial = Serial::new(300).unwrap();
        Asked { issuer: &self.issuer, serial, nonce: None, at: now(), skew: 0 }
    }

    /// The sound answer with a change, signed by the responder.
    fn changed(&self, change: impl FnOnce(&mut ResponseData)) -> Answer {
        let mut data = self.data();
        change(&mut data);
        answer(data, &self.responder, &[&self.responder])
    }

    /// The verdict on that.
    fn unsound(&self, change: impl FnOnce(&mut ResponseData)) -> Option<Unsound> {
        self.changed(change).judge(&self.asked()).err()
    }

    /// The verdict on a sound answer of another responder, which names itself.
    fn by(&self, responder: &Party) -> Option<Unsound> {
        let mut data = self.data();
        data.responder_id = responder.by_key();
        answer(data, responder, &[responder]).judge(&self.asked()).err()
    }
}

/// Signed by one, with the certificates of these.
fn answer(data: ResponseData, signer: &Party, certificates: &[&Party]) -> Answer {
    read(&signed(data, signer, certificates))
}

fn read(basic: &BasicOcspResponse) -> Answer {
    Answer::read(&response(basic)).unwrap()
}

#[test]
fn a_delegate_and_the_issuer_are_believed() {
    let world = World::new();
    let sound = world.changed(|_| {});
    let verified = sound.judge(&world.asked()).unwrap();
    assert_eq!((verified.told.status, verified.produced_at), (ToldStatus::Good, now()));
    let certificate = &world.responder.certificate[..];
    let delegate = AnswerSigner::Delegate { certificate, is_exempt: true };
    assert_eq!(verified.signer, delegate);
    let named = world.changed(|data| data.responder_id = world.responder.by_name());
    assert_eq!(named.judge(&world.asked()).unwrap().signer, delegate);
    let wide = world.changed(|data| {
        data.responses = vec![world.single(Hash::Sha256, 300, CertStatus::Unknown(Null))];
    });
    assert_eq!(wide.judge(&world.asked()).unwrap().told.status, ToldStatus::Unknown);

    for name in [world.authority.by_key(), world.authority.by_name()] {
        let mut data = world.data();
        data.responder_id = name;
        let own = answer(data, &world.authority, &[]);
        let verified = own.judge(&world.asked()).unwrap();
        assert_eq!(verified.signer, AnswerSigner::Issuer);
    }
    // A delegate under the issuer's own name, as another generation would be.
    let mut twin = Party::authority("Authority");
    let signer = Issuer::from_params(&world.authority.params, &world.authority.key);
    let mut params = params("Authority");
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::OcspSigning);
    twin.certificate = params.signed_by(&twin.key, &signer).unwrap().der().to_vec();
    let mut data = world.data();
    data.responder_id = twin.by_name();
    let named = answer(data, &twin, &[&world.responder, &twin]);
    let verified = named.judge(&world.asked()).unwrap();
    let certificate = &twin.certificate[..];
    assert_eq!(verified.signer, AnswerSigner::Delegate { certificate, is_exempt: false });
}

#[test]
fn every_check_is_failed_by_something() {
    let world = World::new();
    let asked = world.asked();
    for refusal in Refusal::ALL {
        let refused = Answer::Refused(refusal).judge(&asked).err();
        assert_eq!(refused, Some(Unsound::Refused(refusal)));
    }

    let (responder, other) = (&world.responder, Party::authority("Authority"));
    let without = answer(world.data(), responder, &[]).judge(&asked).err();
    assert_eq!(without, Some(Unsound::Responder));
    let named = world.unsound(|data| data.responder_id = other.by_key());
    assert_eq!(named, Some(Unsound::Responder));
    let forged = answer(world.data(), &other, &[responder]).judge(&asked).err();
    assert_eq!(forged, Some(Unsound::Signature));
    let mut data = world.data();
    data.responder_id = world.authority.by_key();
    let forged = answer(data, &other, &[]).judge(&asked).err();
    assert_eq!(forged, Some(Unsound::Signature));

    let stranger = Party::responder(&other, |_| {});
    assert_eq!(world.by(&stranger), Some(Unsound::DelegateIssuer), "the name alone is the same");
    let renamed = Party::authority("Somebody");
    let elsewhere = Party::responder(&renamed, |_| {});
    assert_eq!(world.by(&elsewhere), Some(Unsound::DelegateIssuer));
    let with = |change: &dyn Fn(&mut CertificateParams)| {
        world.by(&Party::responder(&world.authority, change))
    };
    let purpose = |purposes: Vec<ExtendedKeyUsagePurpose>| {
        with(&|params| params.extended_key_usages.clone_from(&purposes))
    };
    assert_eq!(purpose(Vec::new()), Some(Unsound::DelegatePurpose));
    let any = vec![ExtendedKeyUsagePurpose::Any, ExtendedKeyUsagePurpose::ClientAuth];
    assert_eq!(purpose(any), Some(Unsound::DelegatePurpose));
    let two = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::OcspSigning];
    assert_eq!(purpose(two), None);
    let usage = |usages: &[KeyUsagePurpose]| with(&|params| params.key_usages = usages.to_vec());
    assert_eq!(usage(&[KeyUsagePurpose::CrlSign]), Some(Unsound::DelegateUsage));
    assert_eq!(usage(&[]), None);
    let critical = with(&|params| params.custom_extensions.push(custom(&[1, 2, 3, 4], true)));
    assert_eq!(critical, Some(Unsound::DelegateCritical));
    assert_eq!(with(&|params| params.custom_extensions.push(custom(&[1, 2, 3, 4], false))), None);
    let ended = with(&|params| params.not_after = date_time_ymd(2026, 11, 20));
    assert_eq!(ended, Some(Unsound::DelegateValidity));
    let early = with(&|params| params.not_before = date_time_ymd(2026, 11, 22));
    assert_eq!(early, Some(Unsound::DelegateValidity));

    let other = Serial::new(301).unwrap();
    let elsewhere = world.changed(|_| {}).judge(&Asked { serial: other, ..asked }).err();
    assert_eq!(elsewhere, Some(Unsound::NotAsked));
    let twin = World::new();
    let foreign = world.unsound(|data| data.responses = twin.data().responses);
    assert_eq!(foreign, Some(Unsound::NotAsked));
    let more = |status| world.unsound(|data| data.responses.push(status));
    let unknown = CertStatus::Unknown(Null);
    assert_eq!(more(world.single(Hash::Sha256, 300, unknown)), Some(Unsound::Contradiction));
    assert_eq!(more(world.single(Hash::Sha256, 300, CertStatus::Good(Null))), None);

    let extended =
        |extensions: Vec<_>| world.unsound(|data| data.response_extensions = Some(extensions));
    let strange = |critical| extension(oid::CRL_NUMBER, critical, &[5, 0]);
    assert_eq!(extended(vec![strange(true)]), Some(Unsound::Critical));
    assert_eq!(extended(vec![strange(false)]), None);
    let single = world.unsound(|data| {
        data.responses[1].single_extensions = Some(vec![strange(true)]);
    });
    assert_eq!(single, Some(Unsound::Critical));
    let single = world.unsound(|data| {
        data.responses[0].single_extensions = Some(vec![strange(true)]);
    });
    assert_eq!(single, None, "it is about another certificate");
}

#[test]
fn an_algorithm_has_to_go_with_the_key() {
    let world = World::new();
    let data = world.data();
    let signature = world.responder.key.sign(&data.to_der().unwrap()).unwrap();
    for algorithm in [KeyAlgorithm::P384, KeyAlgorithm::RSA_2048] {
        let algorithm = algorithm.signature_identifier();
        let answer = read(&BasicOcspResponse {
            tbs_response_data: data.clone(),
            signature_algorithm: AlgorithmIdentifierOwned::from_der(&algorithm).unwrap(),
            signature: BitString::from_bytes(&signature).unwrap(),
            certs: Some(vec![world.responder.parsed()]),
        });
        assert_eq!(answer.judge(&world.asked()).err(), Some(Unsound::Algorithm));
    }
}

#[test]
fn a_nonce_has_to_come_back() {
    let world = World::new();
    let sent = Nonce::new(&[7; 32]).unwrap();
    let asked = Asked { nonce: Some(&sent), ..world.asked() };
    let with = |octets: &[u8]| {
        let extensions = Some(vec![nonce(octets)]);
        world.changed(|data| data.response_extensions = extensions)
    };
    assert!(with(&[7; 32]).judge(&asked).is_ok());
    assert_eq!(with(&[7; 31]).judge(&asked).err(), Some(Unsound::NonceDiffers));
    let without = world.changed(|_| {});
    assert_eq!(without.judge(&asked).err(), Some(Unsound::NonceMissing));
    // A nonce that nobody sent says nothing.
    assert!(with(&[7; 31]).judge(&world.asked()).is_ok());
}

#[test]
fn an_answer_is_believed_in_its_time() {
    let world = World::new();
    let at = |after: i64, skew: u32| {
        let asked = Asked { at: now().plus_seconds(after), skew, ..world.asked() };
        world.changed(|_| {}).judge(&asked).err()
    };
    assert_eq!((at(0, 0), at(840, 0)), (None, None));
    assert_eq!((at(-1, 0), at(-1, 1)), (Some(Unsound::Future), None));
    assert_eq!((at(841, 0), at(841, 1)), (Some(Unsound::Stale), None));
    let times = |this: i64, made: i64, next: Option<i64>| {
        world.unsound(|data| {
            data.produced_at = time(made);
            data.responses[1].this_update = time(this);
            data.responses[1].next_update = next.map(time);
        })
    };
    assert_eq!(times(-9, -9, Some(0)), None);
    assert_eq!(times(-9, -9, None), Some(Unsound::Endless));
    assert_eq!(times(-9, 0, Some(-10)), Some(Unsound::Disorder));
    assert_eq!(times(-9, -10, Some(9)), Some(Unsound::Disorder));
    assert_eq!(times(1, 1, Some(9)), Some(Unsound::Future));
    assert_eq!(times(0, 1, Some(9)), Some(Unsound::Future));
}

#[test]
fn only_a_certificate_makes_a_trusted_issuer() {
    assert!(TrustedIssuer::of_certificate(b"").is_none());
    let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let certificate = params("Other").self_signed(&ed25519).unwrap();
    assert!(TrustedIssuer::of_certificate(certificate.der()).is_none());
}
