//! Requests and keys for the tests of this room.

use const_oid::ObjectIdentifier;
use der::Any;
use der::Encode as _;
use der::asn1::BitString;
use der::asn1::Null;
use der::asn1::OctetString;
use rcgen::CertificateParams;
use rcgen::DistinguishedName;
use rcgen::DnType;
use rcgen::KeyPair;
use rcgen::SigningKey as _;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_ocsp::CertId;
use x509_ocsp::OcspRequest;
use x509_ocsp::Request;
use x509_ocsp::Signature;
use x509_ocsp::TbsRequest;
use x509_ocsp::Version;

use crate::asn1::PublicKey;
use crate::asn1::oid;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::profile::Organisation;
use crate::profile::ca_name;

use super::Hash;
use super::IssuerId;

/// A generation of an authority, named by a key that was published.
pub(super) fn issuer(ca: CaName, generation: u16) -> IssuerId {
    let file = match (ca, generation) {
        (CaName::Signature, 2) => "signca02",
        (CaName::Signature, _) => "signca03",
        (CaName::UserAuthentication, 2) => "authca02",
        (CaName::UserAuthentication, _) => "authca03",
    };
    let der = std::fs::read(format!("testdata/jlis-ca/{file}.cer")).unwrap();
    let info = Certificate::from_der(&der).unwrap().tbs_certificate.subject_public_key_info;
    let key = PublicKey::from_der(&info.to_der().unwrap()).unwrap();
    let name = ca_name(ca, &Organisation::new("JPKI").unwrap());
    IssuerId::new(ca, Generation::new(generation).unwrap(), &name, &key)
}

/// A certificate id as the library writes it; the number's octets are big-endian, unsigned.
pub(super) fn cert_id(issuer: &IssuerId, hash: Hash, null: bool, number: &[u8]) -> CertId {
    let (name, key) = issuer.hashes().by(hash);
    let oid = match hash {
        Hash::Sha1 => oid::SHA1,
        Hash::Sha256 => oid::SHA256,
    };
    CertId {
        hash_algorithm: AlgorithmIdentifierOwned { oid, parameters: null.then(|| Null.into()) },
        issuer_name_hash: OctetString::new(name).unwrap(),
        issuer_key_hash: OctetString::new(key).unwrap(),
        serial_number: SerialNumber::new(number).unwrap(),
    }
}

/// A request for these.
pub(super) fn request(ids: Vec<CertId>) -> OcspRequest {
    let ask = |req_cert| Request { req_cert, single_request_extensions: None };
    OcspRequest {
        tbs_request: TbsRequest {
            version: Version::V1,
            requestor_name: None,
            request_list: ids.into_iter().map(ask).collect(),
            request_extensions: None,
        },
        optional_signature: None,
    }
}

/// A request for one certificate, number 5 of the second generation.
pub(super) fn simple() -> OcspRequest {
    request(vec![cert_id(&issuer(CaName::Signature, 2), Hash::Sha1, true, &[5])])
}

pub(super) fn extension(extn_id: ObjectIdentifier, critical: bool, value: &[u8]) -> Extension {
    Extension { extn_id, critical, extn_value: OctetString::new(value).unwrap() }
}

/// The nonce extension with these octets.
pub(super) fn nonce(octets: &[u8]) -> Extension {
    let value = OctetString::new(octets).unwrap().to_der().unwrap();
    extension(oid::OCSP_NONCE, false, &value)
}

/// A client with a key and a certificate.
pub(super) struct Client {
    key: KeyPair,
    pub(super) certificate: Certificate,
}

impl Client {
    pub(super) fn new(algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Verifier 1");
        let certificate = params.self_signed(&key).unwrap();
        Self { key, certificate: Certificate::from_der(certificate.der()).unwrap() }
    }

    /// Signs a request in its own name.
    pub(super) fn sign(&self, request: &mut OcspRequest) {
        let name = self.certificate.tbs_certificate.subject.clone();
        request.tbs_request.requestor_name = Some(GeneralName::DirectoryName(name));
        self.sign_as_it_is(request);
    }

    pub(super) fn sign_as_it_is(&self, request: &mut OcspRequest) {
        let octets = self.key.sign(&request.tbs_request.to_der().unwrap()).unwrap();
        request.optional_signature = Some(Signature {
            signature_algorithm: self.certificate.signature_algorithm.clone(),
            signature: BitString::from_bytes(&octets).unwrap(),
            certs: Some(vec![self.certificate.clone()]),
        });
    }
}

/// A name of nobody.
pub(super) fn somebody() -> GeneralName {
    GeneralName::DirectoryName(Name::default())
}

/// Any parameters.
pub(super) fn any() -> Any {
    Any::new(der::Tag::Integer, [1]).unwrap()
}
