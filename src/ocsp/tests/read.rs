//! What is read of responses, and what is refused.

use der::Decode as _;
use der::Encode as _;
use der::asn1::OctetString;
use proptest::prelude::*;
use x509_ocsp::BasicOcspResponse;
use x509_ocsp::OcspResponse;
use x509_ocsp::OcspResponseStatus;
use x509_ocsp::ResponseBytes;

use crate::asn1::KeyAlgorithm;
use crate::asn1::oid;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::ocsp::Answer;
use crate::ocsp::BasicAnswer;
use crate::ocsp::CertId;
use crate::ocsp::Edition;
use crate::ocsp::Hash;
use crate::ocsp::MAX_RESPONSE;
use crate::ocsp::Nonce;
use crate::ocsp::Query;
use crate::ocsp::QueryError;
use crate::ocsp::ReadError;
use crate::ocsp::Refusal;
use crate::ocsp::Request;
use crate::ocsp::ResponderName;
use crate::ocsp::Statement;
use crate::ocsp::Status;
use crate::ocsp::TbsAnswer;
use crate::ocsp::ToldStatus;
use crate::ocsp::assemble;
use crate::ocsp::fixture::extension;
use crate::ocsp::fixture::issuer;
use crate::ocsp::fixture::nonce;

const NOW: &str = "2026-11-21T00:00:00Z";

/// An answer of every kind of statement, signed by nobody.
fn response() -> Vec<u8> {
    let ours = issuer(CaName::Signature, 2);
    let now: Timestamp = NOW.parse().unwrap();
    let since = now.plus_seconds(-900);
    let statements: Vec<_> = (1..)
        .zip([
            Status::Good,
            Status::Revoked { since, reason: Reason::Superseded },
            Status::Revoked { since, reason: Reason::Unspecified },
            Status::Unknown,
            Status::NeverIssued,
        ])
        .map(|(number, status)| Statement {
            id: CertId::new(Hash::Sha256, ours.hashes(), Serial::new(number).unwrap()),
            status,
            archive_cutoff: (number == 1).then_some(since),
        })
        .collect();
    let tbs = TbsAnswer::encode(&Edition {
        issuer: (ours.ca(), ours.generation()),
        responder: [9; 20],
        produced_at: now,
        this_update: now,
        next_update: now.plus_seconds(900),
        nonce: Some(&Nonce::new(&[7; 16]).unwrap()),
        statements: &statements,
    });
    let certificate = std::fs::read("testdata/jlis-ca/signca02.cer").unwrap();
    assemble(tbs.as_der(), KeyAlgorithm::P384, &[1, 2, 3], &certificate)
}

fn basic(der: &[u8]) -> Result<BasicAnswer, ReadError> {
    match Answer::read(der)? {
        Answer::Basic(basic) => Ok(*basic),
        Answer::Refused(refusal) => panic!("{refusal}"),
    }
}

/// The response with a change to the answer in it.
fn changed(change: impl FnOnce(&mut BasicOcspResponse)) -> Vec<u8> {
    let mut response = OcspResponse::from_der(&response()).unwrap();
    let bytes = response.response_bytes.as_mut().unwrap();
    let mut basic = BasicOcspResponse::from_der(bytes.response.as_bytes()).unwrap();
    change(&mut basic);
    bytes.response = OctetString::new(basic.to_der().unwrap()).unwrap();
    response.to_der().unwrap()
}

#[test]
fn an_answer_of_ours_is_read_whole() {
    let read = basic(&response()).unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    assert_eq!(read.responder(), &ResponderName::Key(vec![9; 20]));
    assert_eq!((read.produced_at(), read.nonce().unwrap().as_bytes()), (now, &[7; 16][..]));
    assert_eq!(read.certificates().len(), 1);
    assert_eq!(read.signature, [1, 2, 3]);
    let since = now.plus_seconds(-900);
    let statuses: Vec<_> = read.told().iter().map(|told| told.status).collect();
    let expected = [
        ToldStatus::Good,
        ToldStatus::Revoked { since, reason: Some(4) },
        ToldStatus::Revoked { since, reason: None },
        ToldStatus::Unknown,
        ToldStatus::NeverIssued,
    ];
    assert_eq!(statuses, expected);
    for (number, told) in (1..).zip(read.told()) {
        assert_eq!(told.id.serial(), Serial::new(number).ok());
        assert_eq!((told.this_update, told.next_update), (now, Some(now.plus_seconds(900))));
        assert_eq!(told.archive_cutoff, (number == 1).then_some(since));
        assert!(!told.has_unknown_critical);
    }
    let named = changed(|basic| {
        basic.tbs_response_data.responder_id = x509_cert::name::Name::default().into();
        basic.tbs_response_data.response_extensions = None;
        basic.certs = None;
    });
    let read = basic(&named).unwrap();
    assert_eq!(read.responder(), &ResponderName::Name(vec![0x30, 0]));
    assert!(read.nonce().is_none() && read.certificates().is_empty());
    // Without the extension, a hold since 1970 is a hold.
    let told = ToldStatus::Revoked { since: Timestamp::EPOCH, reason: Some(6) };
    assert_eq!(read.told()[4].status, told);
}

#[test]
fn a_refusal_is_read() {
    for refusal in Refusal::ALL {
        assert_eq!(Answer::read(&refusal.to_der()), Ok(Answer::Refused(refusal)));
    }
    for bad in [&[0x30, 3, 0x0a, 1, 0][..], &[0x30, 3, 0x0a, 1, 4], &[0x30, 3, 0x0a, 1, 7]] {
        assert!(Answer::read(bad).is_err(), "{bad:?}");
    }
    let mut response = OcspResponse::from_der(&response()).unwrap();
    response.response_status = OcspResponseStatus::TryLater;
    assert_eq!(Answer::read(&response.to_der().unwrap()), Err(ReadError::Status));
}

#[test]
fn what_is_wrong_is_said() {
    let good = response();
    assert_eq!(Answer::read(&[&good[..], &[0]].concat()), Err(ReadError::Der));
    assert_eq!(Answer::read(&vec![0x30; MAX_RESPONSE + 1]), Err(ReadError::Length));
    let mut other = OcspResponse::from_der(&good).unwrap();
    let response = OctetString::new(*b"anything").unwrap();
    other.response_bytes = Some(ResponseBytes { response_type: oid::OCSP_NONCE, response });
    assert_eq!(Answer::read(&other.to_der().unwrap()), Err(ReadError::Type));
    let with = |extensions: Vec<_>| {
        basic(&changed(|basic| basic.tbs_response_data.response_extensions = Some(extensions)))
    };
    let raw = extension(oid::OCSP_NONCE, false, &[7; 16]);
    assert_eq!(with(vec![raw]).err(), Some(ReadError::Nonce));
    assert_eq!(with(vec![nonce(&[7]), nonce(&[7])]).err(), Some(ReadError::Twice));
    let strange = |critical| vec![extension(oid::CRL_NUMBER, critical, &[2, 1, 1])];
    assert!(with(strange(true)).unwrap().has_unknown_critical);
    assert!(!with(strange(false)).unwrap().has_unknown_critical);
    let single = |extensions: Vec<_>| {
        basic(&changed(|basic| {
            basic.tbs_response_data.responses[0].single_extensions = Some(extensions);
        }))
    };
    assert!(single(strange(true)).unwrap().told()[0].has_unknown_critical);
    let cutoff = |value: &[u8]| single(vec![extension(oid::OCSP_ARCHIVE_CUTOFF, false, value)]);
    assert_eq!(cutoff(b"\x17\x0d261121000000Z").err(), Some(ReadError::Time));
    assert_eq!(cutoff(b"\x18\x0f99991231235959Z").err(), Some(ReadError::Time));
    assert!(cutoff(b"\x18\x0f20161121000000Z").is_ok());
}

#[test]
fn what_we_ask_is_a_request() {
    let ours = issuer(CaName::UserAuthentication, 3);
    let serial = Serial::new(0x7c_0000).unwrap();
    let ids = Hash::ALL.map(|hash| CertId::new(hash, ours.hashes(), serial));
    let nonce = Nonce::new(&[1; 32]).unwrap();
    for nonce in [None, Some(&nonce)] {
        let der = Query { asked: &ids, nonce }.to_der().unwrap();
        let read = Request::read(&der).unwrap();
        assert_eq!((read.asked(), read.nonce()), (&ids[..], nonce));
    }
    let none = Query { asked: &[], nonce: None }.to_der();
    assert!(matches!(none, Err(QueryError::Count)));
    let many = vec![ids[0].clone(); 101];
    let many = Query { asked: &many, nonce: None }.to_der();
    assert!(matches!(many, Err(QueryError::Count)));
    for octets in [&[][..], &[0; 129]] {
        assert!(Nonce::new(octets).is_err());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        prop_assert!(Answer::read(&bytes).is_err());
    }

    #[test]
    fn any_damage_is_answered(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut der = response();
        for (position, octet) in changes {
            *position.get_mut(&mut der) = octet;
        }
        let _ = Answer::read(&der);
    }
}
