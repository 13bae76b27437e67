//! What is asked of issuing and revoking.

use std::fmt;

use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::asn1::PublicKey;
use crate::authority::Ask;
use crate::authority::IssueRequest;
use crate::authority::KeyAsk;
use crate::authority::Kinds;
use crate::authority::Refused;
use crate::authority::RequestId;
use crate::authority::Rule;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::credential::WordError;
use crate::law::revocation::Act;
use crate::register::FormError;
use crate::register::HolderForm;

/// A request for certificates.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "holder": {
        "person": "p-0001",
        "name": "例示　太郎",
        "birth_date": "1990-12-07",
        "sex": "male",
        "address": "東京都清瀬市例示町一丁目１番地",
        "municipality": "132217",
        "residence": { "category": "national" }
    },
    "public_keys": {
        "signature": SIGNATURE_KEY,
        "user-authentication": USER_AUTHENTICATION_KEY
    }
}))]
pub(super) struct CertificatesForm {
    /// The holder, as in a holder file.
    holder: HolderForm,
    /// Which certificates.
    #[serde(default)]
    kind: KindsWord,
    /// What the keys live on.
    #[serde(default)]
    carrier: Carrier,
    /// Whether a live certificate is to be replaced: it is revoked as superseded in the same act.
    #[serde(default)]
    renew: bool,
    /// The holder's public keys, one for each kind that is asked for and has no `csrs`.
    #[serde(default)]
    public_keys: KeysForm,
    /// Certification requests that prove possession of the holder's keys: PKCS #10 in PEM, or its DER
    /// in base64.
    #[serde(default)]
    csrs: KeysForm,
}

/// Which certificates are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum KindsWord {
    /// Both, or none.
    #[default]
    Both,
    /// The signature certificate.
    Signature,
    /// The user-authentication certificate.
    UserAuthentication,
}

impl From<KindsWord> for Kinds {
    fn from(word: KindsWord) -> Self {
        match word {
            KindsWord::Both => Self::Both,
            KindsWord::Signature => Self::One(Kind::Signature),
            KindsWord::UserAuthentication => Self::One(Kind::UserAuthentication),
        }
    }
}

/// Keys by kind: each a `SubjectPublicKeyInfo` in PEM, or its DER in base64.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KeysForm {
    /// For the signature certificate.
    signature: Option<String>,
    /// For the user-authentication certificate.
    user_authentication: Option<String>,
}

impl KeysForm {
    fn each(&self) -> impl Iterator<Item = (Kind, &str)> {
        let signature = self.signature.as_deref().map(|text| (Kind::Signature, text));
        let authentication =
            self.user_authentication.as_deref().map(|text| (Kind::UserAuthentication, text));
        signature.into_iter().chain(authentication)
    }
}

impl fmt::Debug for CertificatesForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificatesForm(redacted)")
    }
}

impl CertificatesForm {
    /// The request under this id.
    ///
    /// # Errors
    /// What is wrong with the holder or a key, as far as it shows without the store.
    pub(super) fn request(&self, id: RequestId, now: Timestamp) -> Result<IssueRequest, Refused> {
        let holder = &self.holder;
        if holder.request_id.is_some() || holder.kind.is_some() || holder.public_key.is_some() {
            return Err(Refused::new(
                FormError::CODE,
                "holder: request_id, kind and public_key belong to batch lines; here they are the \
                 header Idempotency-Key, kind and public_keys",
            ));
        }
        let mut keys = Vec::new();
        for (kind, text) in self.public_keys.each() {
            keys.push((kind, PublicKey::from_text(text).map_err(unusable("public_keys", kind))?));
        }
        for (kind, text) in self.csrs.each() {
            let key = PublicKey::from_certification_request_text(text);
            keys.push((kind, key.map_err(unusable("csrs", kind))?));
        }
        let kinds = Kinds::from(self.kind);
        let ask = Ask { kinds, carrier: self.carrier, renew: self.renew, key: KeyAsk::Each(keys) };
        let request = IssueRequest::new(id, holder, &ask, now)?;
        match request.keys_missing().first() {
            None => Ok(request),
            Some(kind) => Err(Refused::new(
                Rule::KeyMissing.code(),
                format!(
                    "no public key was given for the {kind} certificate: the holder's side makes \
                     the pair and sends public_keys or csrs, since this server neither makes nor \
                     sends private keys"
                ),
            )),
        }
    }
}

/// A key that cannot be read.
fn unusable<E: fmt::Display>(field: &'static str, kind: Kind) -> impl Fn(E) -> Refused {
    move |error| Refused {
        item: Some(field),
        ..Refused::new("E-PUBLIC-KEY", format!("{field}.{kind}: {error}"))
    }
}

/// An act on a certificate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "ca": "signature", "serial": "3", "act": "revoke", "reason": "cessation-of-operation"
}))]
pub(super) struct RevocationForm {
    /// The authority.
    pub(super) ca: CaName,
    /// The number, decimal.
    #[schema(pattern = "^[1-9][0-9]{0,18}$", example = "3")]
    pub(super) serial: String,
    /// What is done.
    act: ActWord,
    /// Why, of `revoke`, and of nothing else.
    reason: Option<Reason>,
}

/// What is done to a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ActWord {
    /// Ended, for good.
    Revoke,
    /// Held (一時保留).
    Hold,
    /// Brought back from being held.
    Release,
}

impl RevocationForm {
    /// The act.
    ///
    /// # Errors
    /// When its reason is missing, or it has one that it cannot have.
    pub(super) fn act(&self) -> Result<Act, Refused> {
        match (self.act, self.reason) {
            (ActWord::Revoke, Some(reason)) => Ok(Act::Revoke(reason)),
            (ActWord::Hold, None) => Ok(Act::Hold),
            (ActWord::Release, None) => Ok(Act::Release),
            (ActWord::Revoke, None) => {
                let message = "reason: a revocation needs one; add it";
                Err(Refused { item: Some("reason"), ..Refused::new("E-MISSING", message) })
            }
            (ActWord::Hold | ActWord::Release, Some(_)) => {
                let message = "reason: only a revocation has one; leave it out";
                Err(Refused { item: Some("reason"), ..Refused::new("E-UNEXPECTED", message) })
            }
        }
    }
}

/// A number as it is written in requests and addresses: decimal, in one way only.
///
/// # Errors
/// When it is none.
pub(super) fn serial(text: &str) -> Result<Serial, Refused> {
    let serial = text.parse().ok().filter(|serial: &Serial| serial.to_string() == text);
    serial.ok_or_else(|| Refused {
        item: Some("serial"),
        ..Refused::new("E-WORD", "serial: not a serial number: write a positive decimal number below 2^63, without leading zeros")
    })
}

/// An authority as it is written in addresses.
///
/// # Errors
/// When it is none.
pub(super) fn ca(text: &str) -> Result<CaName, Refused> {
    text.parse().map_err(|error: WordError| Refused {
        item: Some("ca"),
        ..Refused::new("E-WORD", format!("ca: {error}"))
    })
}

/// The id of a request.
///
/// # Errors
/// When there is none, or it is not of its form.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<RequestId, Refused> {
    let mut values = headers.get_all("idempotency-key").iter();
    match (values.next(), values.next()) {
        // What is no text becomes one that is no id.
        (Some(value), None) => RequestId::new(value.to_str().unwrap_or_default()),
        _ => Err(Refused::new(
            "E-REQUEST-ID",
            "the header Idempotency-Key names the request, once: 1 to 200 printable ASCII characters, \
             the same whenever it is repeated",
        )),
    }
}

/// Keys of nobody, for the document.
const SIGNATURE_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEP7BaNjL1LNyXmAZSTw9ynrBoxSyc8k/tn4wRn0ySCDiZJJdrD74puw25zha25rXLPderlIpf6zMs7m8Cxt+HCw==";
const USER_AUTHENTICATION_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfghB1xwjwR3wwBQt2tGsL5PiKCHDwtX9hXe9/zfGiM8/MDF+iEWfNyXtqBiQSBuyi6IeGnyNsGgsfg6tBnRwfw==";
