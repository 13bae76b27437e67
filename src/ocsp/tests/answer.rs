//! What the library reads of answers that we wrote.

use der::Decode as _;
use der::Encode as _;
use proptest::prelude::*;
use x509_ocsp::BasicOcspResponse;
use x509_ocsp::CertStatus;
use x509_ocsp::OcspResponse;
use x509_ocsp::OcspResponseStatus;
use x509_ocsp::ResponderId;
use x509_ocsp::ResponseData;

use crate::asn1::KeyAlgorithm;
use crate::asn1::oid;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::ocsp::CertId;
use crate::ocsp::Edition;
use crate::ocsp::Hash;
use crate::ocsp::Nonce;
use crate::ocsp::Statement;
use crate::ocsp::Status;
use crate::ocsp::TbsAnswer;
use crate::ocsp::assemble;
use crate::ocsp::fixture::issuer;

fn statuses() -> impl Strategy<Value = Status> {
    let since = (0..4_102_444_800_i64).prop_map(|at| Timestamp::from_unix(at).unwrap());
    let reason = proptest::sample::select(Reason::ALL.to_vec());
    prop_oneof![
        Just(Status::Good),
        Just(Status::Unknown),
        Just(Status::NeverIssued),
        (since, reason).prop_map(|(since, reason)| Status::Revoked { since, reason }),
    ]
}

proptest! {
    #[test]
    fn the_library_reads_what_was_stated(
        said in proptest::collection::vec((1..=i64::MAX as u64, statuses(), any::<bool>()), 1..6),
        nonce in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..=128)),
        produced in 0..253_370_764_799_i64,
        signature in proptest::collection::vec(any::<u8>(), 1..80),
    ) {
        let ours = issuer(CaName::Signature, 2);
        let nonce = nonce.map(|octets| Nonce::new(&octets).unwrap());
        let produced_at = Timestamp::from_unix(produced).unwrap();
        let statements: Vec<_> = said.iter().map(|(number, status, ended)| Statement {
            id: CertId::new(Hash::Sha1, ours.hashes(), Serial::new(*number).unwrap()),
            status: *status,
            archive_cutoff: ended.then(|| produced_at.plus_seconds(-1)),
        }).collect();
        let edition = Edition {
            issuer: (ours.ca(), Generation::FIRST),
            responder: [9; 20],
            produced_at,
            this_update: produced_at.plus_seconds(-60),
            next_update: produced_at.plus_seconds(900),
            nonce: nonce.as_ref(),
            statements: &statements,
        };
        if produced < 60 {
            return Ok(());
        }
        let tbs = TbsAnswer::encode(&edition);
        let read = ResponseData::from_der(tbs.as_der()).unwrap();
        prop_assert_eq!(read.to_der().unwrap(), tbs.as_der());
        prop_assert!(matches!(&read.responder_id, ResponderId::ByKey(id) if id.as_bytes() == [9; 20]));
        let seconds = read.produced_at.0.to_unix_duration().as_secs();
        prop_assert_eq!(i64::try_from(seconds).unwrap(), produced);
        let echoed = read.nonce().map(|nonce| nonce.0.into_bytes());
        prop_assert_eq!(echoed, nonce.as_ref().map(|nonce| nonce.as_bytes().to_vec()));
        let extended = read.response_extensions.iter().flatten()
            .any(|one| one.extn_id == oid::OCSP_EXTENDED_REVOKE);
        prop_assert_eq!(extended, said.iter().any(|(_, status, _)| *status == Status::NeverIssued));
        for (single, statement) in read.responses.iter().zip(&statements) {
            prop_assert_eq!(single.cert_id.to_der().unwrap(), statement.id.as_der());
            let (since, reason) = match (single.cert_status, statement.status) {
                (CertStatus::Good(_), Status::Good) | (CertStatus::Unknown(_), Status::Unknown) => continue,
                (CertStatus::Revoked(info), Status::Revoked { since, reason }) => {
                    prop_assert_eq!(info.revocation_reason.map_or(0, |code| code as u8), reason.code());
                    prop_assert_ne!(info.revocation_reason.map(|code| code as u8), Some(0));
                    (info, since)
                }
                (CertStatus::Revoked(info), Status::NeverIssued) => {
                    prop_assert_eq!(info.revocation_reason.map(|code| code as u8), Some(6));
                    (info, Timestamp::EPOCH)
                }
                (said, stated) => panic!("{said:?} {stated:?}"),
            };
            let at = since.revocation_time.0.to_unix_duration().as_secs();
            prop_assert_eq!(i64::try_from(at).unwrap(), reason.to_unix());
        }

        let certificate = std::fs::read("testdata/jlis-ca/signca02.cer").unwrap();
        let der = assemble(tbs.as_der(), KeyAlgorithm::P256, &signature, &certificate);
        let read = OcspResponse::from_der(&der).unwrap();
        prop_assert_eq!(read.to_der().unwrap(), der);
        prop_assert_eq!(read.response_status, OcspResponseStatus::Successful);
        let bytes = read.response_bytes.unwrap();
        prop_assert_eq!(bytes.response_type, oid::OCSP_BASIC);
        let basic = BasicOcspResponse::from_der(bytes.response.as_bytes()).unwrap();
        prop_assert_eq!(basic.tbs_response_data.to_der().unwrap(), tbs.as_der());
        prop_assert_eq!(basic.signature.raw_bytes(), &signature[..]);
        let named = KeyAlgorithm::P256.signature_identifier();
        prop_assert_eq!(basic.signature_algorithm.to_der().unwrap(), named);
        let certificates = basic.certs.unwrap();
        prop_assert_eq!(certificates.len(), 1);
        prop_assert_eq!(certificates[0].to_der().unwrap(), certificate);
    }
}
