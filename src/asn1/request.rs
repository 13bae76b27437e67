//! Certification requests (PKCS #10), as far as they prove possession of a key.

use der::Decode as _;
use der::Encode as _;
use x509_cert::Certificate;
use x509_cert::request::CertReq;

use super::PublicKey;
use super::PublicKeyError;
use super::public_key::der_of_text;

impl PublicKey {
    /// The key of a certification request whose signature proves that the requester holds the
    /// private half (RFC 2986). Nothing else in the request is looked at: subject and extensions of
    /// a certificate come from the register.
    ///
    /// # Errors
    /// When the bytes are no request in DER, the key is of no known family, the signature
    /// algorithm is not the one that goes with the key (SHA-256; SHA-384 for P-384), or the
    /// signature does not verify.
    pub fn from_certification_request(der: &[u8]) -> Result<Self, PublicKeyError> {
        let request = CertReq::from_der(der).map_err(|_| PublicKeyError::NotARequest)?;
        let encode = |error| {
            let _: der::Error = error;
            PublicKeyError::NotARequest
        };
        let spki = request.info.public_key.to_der().map_err(encode)?;
        let key = Self::from_der(&spki)?;
        let algorithm = request.algorithm.to_der().map_err(encode)?;
        if algorithm != key.algorithm().signature_identifier() {
            return Err(PublicKeyError::RequestAlgorithm);
        }
        let info = request.info.to_der().map_err(encode)?;
        let signature = request.signature.as_bytes().ok_or(PublicKeyError::NotARequest)?;
        key.verify(&info, signature)?;
        Ok(key)
    }

    /// As [`PublicKey::from_certification_request`], of a request in PEM, or of its DER in base64.
    ///
    /// # Errors
    /// As for that.
    pub fn from_certification_request_text(text: &str) -> Result<Self, PublicKeyError> {
        let der = der_of_text(text, &LABELS).ok_or(PublicKeyError::NotARequest)?;
        Self::from_certification_request(&der)
    }

    /// The key that a certificate certifies.
    ///
    /// # Errors
    /// When the bytes are no certificate in DER, or the key is of no known family.
    pub fn of_certificate(der: &[u8]) -> Result<Self, PublicKeyError> {
        let certificate = Certificate::from_der(der).map_err(|_| PublicKeyError::NotAKey)?;
        let spki = certificate.tbs_certificate.subject_public_key_info.to_der();
        Self::from_der(&spki.map_err(|_| PublicKeyError::NotAKey)?)
    }
}

/// RFC 7468 section 7, and the word before it.
const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_is_a_request() {
        for bad in [&b""[..], b"\x30\x00", include_bytes!("../../testdata/jlis-ca/signca01.cer")] {
            let error = PublicKey::from_certification_request(bad).unwrap_err();
            assert_eq!(error, PublicKeyError::NotARequest);
        }
    }
}
