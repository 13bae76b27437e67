//! A request of ours.

use der::Decode as _;
use der::Encode as _;
use der::asn1::OctetString;
use x509_cert::ext::Extension;
use x509_ocsp::OcspRequest;
use x509_ocsp::TbsRequest;
use x509_ocsp::Version;

use crate::asn1::oid;

use super::cert_id::CertId;
use super::nonce::Nonce;
use super::request::MAX_ASKED;

/// What is asked: certificates, and a nonce to be sent back. Not signed.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The certificates; one as the lightweight profile has it (RFC 5019 section 2.1.1).
    pub asked: &'a [CertId],
    /// The nonce: 32 octets that nobody can foresee (RFC 9654 section 2.1).
    pub nonce: Option<&'a Nonce>,
}

impl Query<'_> {
    /// The request in DER.
    ///
    /// # Errors
    /// When no certificate is asked for, more than [`MAX_ASKED`] are, or an id is none that others
    /// could read.
    pub fn to_der(&self) -> Result<Vec<u8>, QueryError> {
        if self.asked.is_empty() || self.asked.len() > MAX_ASKED {
            return Err(QueryError::Count);
        }
        self.write().map_err(QueryError::Id)
    }

    fn write(&self) -> der::Result<Vec<u8>> {
        let ask = |id: &CertId| {
            let req_cert = x509_ocsp::CertId::from_der(id.as_der())?;
            Ok(x509_ocsp::Request { req_cert, single_request_extensions: None })
        };
        let nonce = |nonce: &Nonce| {
            let inner = OctetString::new(nonce.as_bytes())?.to_der()?;
            let extn_value = OctetString::new(inner)?;
            der::Result::Ok(vec![Extension {
                extn_id: oid::OCSP_NONCE,
                critical: false,
                extn_value,
            }])
        };
        let request = OcspRequest {
            tbs_request: TbsRequest {
                version: Version::V1,
                requestor_name: None,
                request_list: self.asked.iter().map(ask).collect::<der::Result<_>>()?,
                request_extensions: self.nonce.map(nonce).transpose()?,
            },
            optional_signature: None,
        };
        request.to_der()
    }
}

/// Why something cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// None, or too many.
    #[error("ask for 1 to {MAX_ASKED} certificates at once")]
    Count,
    /// An id that others could not read.
    #[error("a certificate id is not one that can be asked for")]
    Id(#[source] der::Error),
}
