//! An answer of ours, with the facts it states.

use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;

use super::cert_id::CertId;
use super::nonce::Nonce;

/// What is said of a certificate (RFC 6960 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It was issued, and is neither revoked nor held.
    Good,
    /// It is revoked or held.
    Revoked {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// No certificate of that number was issued, and nothing more is said.
    Unknown,
    /// No certificate of that number was issued, which is answered as a hold since 1970-01-01
    /// (RFC 6960 sections 2.2 and 4.4.8).
    NeverIssued,
}

/// What an answer says of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The certificate, as it was asked.
    pub id: CertId,
    /// What is said.
    pub status: Status,
    /// Since when ended certificates are still answered for: for one that has ended (RFC 6960
    /// section 4.4.4).
    pub archive_cutoff: Option<Timestamp>,
}

/// Everything that an answer states.
#[derive(Clone, Copy, Debug)]
pub struct Edition<'a> {
    /// The one key whose certificates all statements are about.
    pub issuer: (CaName, Generation),
    /// The key identifier of the responder that is to sign.
    pub responder: [u8; 20],
    /// When it is made.
    pub produced_at: Timestamp,
    /// When what it says was known.
    pub this_update: Timestamp,
    /// Until when there is something newer.
    pub next_update: Timestamp,
    /// The nonce of the request.
    pub nonce: Option<&'a Nonce>,
    /// What is said, in the order of the questions.
    pub statements: &'a [Statement],
}

/// An answer to be signed (`ResponseData`), with what it states beside its bytes.
///
/// Made only by [`TbsAnswer::encode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TbsAnswer {
    der: Vec<u8>,
    issuer: (CaName, Generation),
    responder: [u8; 20],
    produced_at: Timestamp,
    this_update: Timestamp,
    next_update: Timestamp,
    nonce: Option<Nonce>,
    statements: Vec<Statement>,
}

impl TbsAnswer {
    /// Writes an answer.
    ///
    /// ```text
    /// ResponseData ::= SEQUENCE {
    ///    version              [0] EXPLICIT Version DEFAULT v1,
    ///    responderID              ResponderID,
    ///    producedAt               GeneralizedTime,
    ///    responses                SEQUENCE OF SingleResponse,
    ///    responseExtensions   [1] EXPLICIT Extensions OPTIONAL }
    /// ```
    #[must_use]
    pub fn encode(edition: &Edition<'_>) -> Self {
        let der = Der::build_in(AROUND + edition.statements.len() * STATEMENT, |der| {
            der.sequence(|der| {
                // byKey [2]: RFC 5019 section 2.2.1.
                der.nested(tag::context_constructed(2), |der| {
                    der.primitive(tag::OCTET_STRING, &edition.responder);
                });
                der.generalized_time(edition.produced_at);
                der.sequence(|der| {
                    for statement in edition.statements {
                        write_statement(der, statement, edition);
                    }
                });
                write_extensions(der, edition);
            });
        });
        Self {
            der,
            issuer: edition.issuer,
            responder: edition.responder,
            produced_at: edition.produced_at,
            this_update: edition.this_update,
            next_update: edition.next_update,
            nonce: edition.nonce.cloned(),
            statements: edition.statements.to_vec(),
        }
    }

    /// The exact bytes to be signed.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The one key whose certificates all statements are about.
    #[must_use]
    pub fn issuer(&self) -> (CaName, Generation) {
        self.issuer
    }

    /// The key identifier of the responder that is to sign.
    #[must_use]
    pub fn responder(&self) -> [u8; 20] {
        self.responder
    }

    /// When it is made.
    #[must_use]
    pub fn produced_at(&self) -> Timestamp {
        self.produced_at
    }

    /// When what it says was known.
    #[must_use]
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// Until when there is something newer.
    #[must_use]
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// The nonce of the request.
    #[must_use]
    pub fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// What is said, in the order of the questions.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

/// ```text
/// SingleResponse ::= SEQUENCE {
///    certID                       CertID,
///    certStatus                   CertStatus,
///    thisUpdate                   GeneralizedTime,
///    nextUpdate           [0]     EXPLICIT GeneralizedTime OPTIONAL,
///    singleExtensions     [1]     EXPLICIT Extensions OPTIONAL }
/// ```
fn write_statement(der: &mut Der, statement: &Statement, edition: &Edition<'_>) {
    der.sequence(|der| {
        der.raw(statement.id.as_der());
        match statement.status {
            Status::Good => der.primitive(tag::context(0), &[]),
            Status::Revoked { since, reason } => write_revoked(der, since, reason),
            Status::Unknown => der.primitive(tag::context(2), &[]),
            // RFC 6960 section 2.2 fixes both.
            Status::NeverIssued => {
                write_revoked(der, Timestamp::EPOCH, Reason::CertificateHold);
            }
        }
        der.generalized_time(edition.this_update);
        der.nested(tag::context_constructed(0), |der| der.generalized_time(edition.next_update));
        if let Some(cutoff) = statement.archive_cutoff {
            der.nested(tag::context_constructed(1), |der| {
                der.sequence(|der| {
                    der.extension(oid::OCSP_ARCHIVE_CUTOFF, false, |der| {
                        der.generalized_time(cutoff);
                    });
                });
            });
        }
    });
}

/// ```text
/// RevokedInfo ::= SEQUENCE {
///    revocationTime              GeneralizedTime,
///    revocationReason    [0]     EXPLICIT CRLReason OPTIONAL }
/// ```
fn write_revoked(der: &mut Der, since: Timestamp, reason: Reason) {
    der.nested(tag::context_constructed(1), |der| {
        der.generalized_time(since);
        // As in lists, where 0 is left out (RFC 5280 section 5.3.1).
        if reason != Reason::Unspecified {
            der.nested(tag::context_constructed(0), |der| {
                der.primitive(tag::ENUMERATED, &[reason.code()]);
            });
        }
    });
}

fn write_extensions(der: &mut Der, edition: &Edition<'_>) {
    let extended = edition.statements.iter().any(|one| one.status == Status::NeverIssued);
    if edition.nonce.is_none() && !extended {
        return;
    }
    der.nested(tag::context_constructed(1), |der| {
        der.sequence(|der| {
            if let Some(nonce) = edition.nonce {
                der.extension(oid::OCSP_NONCE, false, |der| {
                    der.primitive(tag::OCTET_STRING, nonce.as_bytes());
                });
            }
            if extended {
                der.extension(oid::OCSP_EXTENDED_REVOKE, false, Der::null);
            }
        });
    });
}

/// The complete response around a signed answer, with the responder's certificate in DER (RFC 6960
/// section 4.2.1).
///
/// ```text
/// BasicOCSPResponse ::= SEQUENCE {
///    tbsResponseData      ResponseData,
///    signatureAlgorithm   AlgorithmIdentifier,
///    signature            BIT STRING,
///    certs            [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
/// ```
#[must_use]
pub fn assemble(
    tbs: &[u8],
    algorithm: KeyAlgorithm,
    signature: &[u8],
    responder_certificate: &[u8],
) -> Vec<u8> {
    let algorithm = algorithm.signature_identifier();
    // From within outwards: what is written stays where it is written.
    let list = Der::length_of(responder_certificate.len());
    let certificates = Der::length_of(list);
    let signed = tbs.len() + algorithm.len() + Der::length_of(1 + signature.len()) + certificates;
    let basic = Der::length_of(signed);
    let bytes = oid_length(oid::OCSP_BASIC) + Der::length_of(basic);
    let tagged = Der::length_of(bytes);
    // successful
    let status = [0];
    let response = Der::length_of(status.len()) + Der::length_of(tagged);
    Der::build_in(Der::length_of(response), |der| {
        der.nested_of(response, tag::SEQUENCE, |der| {
            der.primitive(tag::ENUMERATED, &status);
            der.nested_of(tagged, tag::context_constructed(0), |der| {
                der.nested_of(bytes, tag::SEQUENCE, |der| {
                    der.oid(oid::OCSP_BASIC);
                    der.nested_of(basic, tag::OCTET_STRING, |der| {
                        der.nested_of(signed, tag::SEQUENCE, |der| {
                            der.raw(tbs);
                            der.raw(&algorithm);
                            der.bit_string(signature);
                            der.nested_of(list, tag::context_constructed(0), |der| {
                                der.primitive(tag::SEQUENCE, responder_certificate);
                            });
                        });
                    });
                });
            });
        });
    })
}

fn oid_length(oid: ObjectIdentifier) -> usize {
    Der::length_of(oid.as_bytes().len())
}

/// Octets of an answer beside its statements, with a nonce of the usual size.
const AROUND: usize = 160;
/// Octets of a statement, about.
const STATEMENT: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_an_answer_is_written_where_it_stays() {
        for (tbs, certificate) in [(300, 700), (20, 40), (0, 0), (70_000, 128), (200, 70_000)] {
            let (tbs, certificate) = (vec![0x30; tbs], vec![0x31; certificate]);
            let (algorithm, signature) = (KeyAlgorithm::P256, [7; 71]);
            let written = assemble(&tbs, algorithm, &signature, &certificate);
            assert_eq!(written.len(), written.capacity());
            let nested = Der::build(|der| {
                der.sequence(|der| {
                    der.primitive(tag::ENUMERATED, &[0]);
                    der.nested(tag::context_constructed(0), |der| {
                        der.sequence(|der| {
                            der.oid(oid::OCSP_BASIC);
                            der.nested(tag::OCTET_STRING, |der| {
                                der.sequence(|der| {
                                    der.raw(&tbs);
                                    der.raw(&algorithm.signature_identifier());
                                    der.bit_string(&signature);
                                    der.nested(tag::context_constructed(0), |der| {
                                        der.sequence(|der| der.raw(&certificate));
                                    });
                                });
                            });
                        });
                    });
                });
            });
            assert_eq!(written, nested);
        }
    }
}
