//! Validating a certificate as of an instant: by whom, from when until when, and in what state.

use std::fmt;

use der::Decode as _;
use der::Encode as _;
use serde::Serialize;
use x509_cert::Certificate;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::store::State;

use super::Authority;
use super::AuthorityError;

/// What a certificate is worth at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Issued here, in its time, neither held nor revoked.
    Valid(Known),
    /// Not X.509, or not DER.
    NotACertificate,
    /// Not signed by any key of this installation.
    NotIssuedHere,
    /// Signed by a key of this installation, but not what its store recorded.
    NotRecorded,
    /// Its time has not come.
    NotYetValid(Known),
    /// Its time is over.
    Expired(Known),
    /// Held at that instant.
    Held {
        /// Which certificate.
        #[serde(flatten)]
        known: Known,
        /// Since when.
        #[serde(serialize_with = "display")]
        since: Timestamp,
    },
    /// Revoked at that instant.
    Revoked {
        /// Which certificate.
        #[serde(flatten)]
        known: Known,
        /// Since when.
        #[serde(serialize_with = "display")]
        since: Timestamp,
        /// Why.
        reason: Reason,
    },
}

/// A certificate that this installation issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Known {
    /// The authority.
    pub ca: CaName,
    /// The generation of its key.
    #[serde(serialize_with = "number")]
    pub generation: Generation,
    /// The number.
    #[serde(serialize_with = "display")]
    pub serial: Serial,
}

impl Verdict {
    /// Whether a verifier may rely on the certificate.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid(_) => f.write_str("valid 有効"),
            Self::NotACertificate => f.write_str("not a certificate 電子証明書でない"),
            Self::NotIssuedHere => f.write_str("not issued by this installation 発行者不明"),
            Self::NotRecorded => f.write_str("not in the store 発行記録なし"),
            Self::NotYetValid(_) => f.write_str("not yet valid 有効期間前"),
            Self::Expired(_) => f.write_str("expired 有効期間満了"),
            Self::Held { since, .. } => write!(f, "held since {since} 一時保留"),
            Self::Revoked { since, reason, .. } => {
                write!(f, "revoked since {since} ({reason}) 失効（{}）", reason.japanese())
            }
        }
    }
}

impl Authority {
    /// Judges a certificate as of `at`.
    ///
    /// The signature decides which generation issued it, never the name: all generations share one.
    ///
    /// # Errors
    /// Those of the store.
    pub fn verify(&self, der: &[u8], at: Timestamp) -> Result<Verdict, AuthorityError> {
        let Some((serial, tbs, signature)) = parts(der) else {
            return Ok(Verdict::NotACertificate);
        };
        let mut keys = self.generations.iter();
        let key = keys.find(|key| key.key.verify(&tbs, &signature).is_ok());
        let Some(key) = key else { return Ok(Verdict::NotIssuedHere) };
        let issuer = &key.issuer;
        let found = match serial {
            Some(serial) => self.certificate(issuer.ca, serial)?,
            None => None,
        };
        let Some((record, Some(recorded))) = found else { return Ok(Verdict::NotRecorded) };
        if recorded != der {
            return Ok(Verdict::NotRecorded);
        }
        let known = Known { ca: record.ca, generation: record.generation, serial: record.serial };
        Ok(if at < record.not_before {
            Verdict::NotYetValid(known)
        } else if at > record.not_after {
            Verdict::Expired(known)
        } else {
            match record.state {
                State::Held(since) if since <= at => Verdict::Held { known, since },
                State::Revoked(since, reason) if since <= at => {
                    Verdict::Revoked { known, since, reason }
                }
                State::Intended
                | State::Live
                | State::Expired
                | State::Held(_)
                | State::Revoked(..) => Verdict::Valid(known),
            }
        })
    }
}

/// Serial, signed bytes and signature of a certificate that is DER to the last byte. The serial is
/// none when no counter of ours could have made it.
fn parts(der: &[u8]) -> Option<(Option<Serial>, Vec<u8>, Vec<u8>)> {
    let certificate = Certificate::from_der(der).ok()?;
    let tbs = certificate.tbs_certificate.to_der().ok()?;
    let serial = certificate.tbs_certificate.serial_number.as_bytes();
    let mut significant = serial.iter().skip_while(|octet| **octet == 0);
    let serial = significant
        .try_fold(0_u64, |number, octet| {
            number.checked_mul(256).map(|number| number | u64::from(*octet))
        })
        .and_then(|number| Serial::new(number).ok());
    Some((serial, tbs, certificate.signature.as_bytes()?.to_vec()))
}

fn display<S: serde::Serializer>(
    value: &impl fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn number<S: serde::Serializer>(value: &Generation, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(value.get())
}
