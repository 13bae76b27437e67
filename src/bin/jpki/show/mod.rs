//! `jpki show`: certificates, keys, requests, lists and status messages, readable, for people and for
//! machines.
//!
//! [`describe`] takes the octets of a file and gives a [`Document`], which is text or JSON. Whatever
//! the octets are, the answer is a document or an error in words; one wrong field is shown as such
//! and does not hide the others, which is why the reader here is our own and not that of
//! `x509-cert`.
//!
//! What a file says is not believed: nothing here judges trust, and the one signature that is
//! checked is that by the key beside it.

mod algorithm;
mod certificate;
mod extension;
mod jpki;
mod key;
mod list;
mod name;
mod number;
mod ocsp;
pub(crate) mod pem;
mod request;
mod shown;
mod time;

use jpki_ca::asn1::Value;
use jpki_ca::asn1::tag;
use jpki_ca::ocsp::Message;

use self::shown::Object;

pub(crate) use list::Entries;
pub(crate) use list::entry_json;
pub(crate) use list::entry_text;
pub(crate) use list::extensions;
pub(crate) use list::field_differences;
pub(crate) use list::head;

/// Everything that a file holds, in order.
pub(crate) struct Document {
    objects: Vec<Object>,
}

impl Document {
    /// Complete: every field and every extension. `{"objects": [{"object": "certificate", …}]}`.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let objects: Vec<_> = self.objects.iter().map(Object::to_json).collect();
        serde_json::json!({ "objects": objects })
    }

    /// For people: aligned, in Japanese and English, safe for a terminal; no line break at the end.
    pub(crate) fn to_text(&self) -> String {
        let texts: Vec<_> = self.objects.iter().map(Object::to_text).collect();
        texts.join("\n\n")
    }
}

/// Describes what a file holds: in DER or PEM, certificates, public and private keys, certificate
/// requests, status requests and responses (OCSP); a PEM file may hold several.
pub(crate) fn describe(file: &[u8]) -> Result<Document, ShowError> {
    if u64::try_from(file.len()).is_ok_and(|octets| octets > MAX_FILE) {
        return Err(ShowError::TooLarge);
    }
    if file.is_empty() {
        return Err(ShowError::Empty);
    }
    if Value::only(file).is_some() {
        return Ok(Document { objects: vec![object(file)?] });
    }
    let mut objects = Vec::new();
    let mut curve = None;
    for (at, block) in pem::blocks(file).into_iter().enumerate() {
        let in_block = |source: ShowError| ShowError::Block {
            number: at + 1,
            label: block.label.clone(),
            source: Box::new(source),
        };
        match &block.der {
            _ if block.encrypted => objects.push(key::encrypted_traditional()),
            None => return Err(in_block(ShowError::NotBase64)),
            // OpenSSL writes the curve in a block of its own before the key, which names it too.
            Some(_) if block.label == "EC PARAMETERS" => curve = Some(in_block(ShowError::Curve)),
            Some(der) => objects.push(object(der).map_err(in_block)?),
        }
    }
    match (objects.is_empty(), curve) {
        (false, _) => Ok(Document { objects }),
        (true, Some(only_a_curve)) => Err(only_a_curve),
        (true, None) if file.starts_with(&[tag::SEQUENCE]) => Err(ShowError::NotWhole),
        (true, None) => Err(ShowError::Unknown),
    }
}

/// Why a file is not shown. The command ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// More octets than anything that is shown.
    #[error("the file is larger than {} MiB: not a certificate, key or request", MAX_FILE >> 20)]
    TooLarge,
    /// An object with more octets than any of its kind.
    #[error("the object is larger than {} MiB: not a certificate, key or request", MAX_OBJECT >> 20)]
    ObjectTooLarge,
    /// Neither encoding.
    #[error(
        "neither DER nor PEM: not a certificate, key or request in an encoding that this command reads"
    )]
    Unknown,
    /// It begins as DER does.
    #[error("looks like DER, but is cut short or has something behind it")]
    NotWhole,
    /// PEM whose contents are damaged.
    #[error("the base64 is damaged or its END line is missing")]
    NotBase64,
    /// A block of PEM is at fault.
    #[error("PEM block {number} ({label})")]
    Block {
        /// Counted from 1.
        number: usize,
        /// What it says it is; printable ASCII only.
        label: String,
        /// What is wrong with it.
        #[source]
        source: Box<Self>,
    },
    /// A revocation list beside something else: it is read from its own file, entry by entry.
    #[error("a certificate revocation list (CRL), which is shown from a file of its own")]
    RevocationList,
    /// Elliptic curve parameters without a key.
    #[error("parameters of an elliptic curve without a key")]
    Curve,
    /// Something known that is not shown.
    #[error("{0}: not a certificate, key or request")]
    Other(&'static str),
    /// It looks like one of them from outside, but its fields are not where they belong.
    #[error("looks like {0}, but its fields are not where they belong")]
    Malformed(&'static str),
}

/// Tells by the tags of its outermost fields what DER is, and describes it.
fn object(der: &[u8]) -> Result<Object, ShowError> {
    let outer = Value::only(der).ok_or(ShowError::NotWhole)?;
    let tags = tags(outer);
    let (described, what) = match tags.as_slice() {
        [tag::SEQUENCE, tag::SEQUENCE, tag::BIT_STRING] => {
            return signed(outer);
        }
        _ if der.len() > MAX_OBJECT => return Err(ShowError::ObjectTooLarge),
        [tag::SEQUENCE, tag::BIT_STRING] => (key::public_key_object(der), "a public key"),
        [tag::SEQUENCE, tag::OCTET_STRING] => {
            (key::encrypted_pkcs8(der), "an encrypted private key")
        }
        [tag::INTEGER, tag::SEQUENCE, tag::OCTET_STRING, ..] => (key::pkcs8(der), "a private key"),
        [tag::INTEGER, tag::OCTET_STRING, ..] => (key::sec1(der), "an EC private key"),
        [tag::INTEGER, tag::INTEGER] => {
            (key::public_key_object(&key::rsa_info(der)), "an RSA public key")
        }
        [tag::INTEGER, tag::INTEGER, tag::INTEGER, ..] => (key::pkcs1(der), "an RSA private key"),
        [tag::INTEGER, tag::SEQUENCE, ..] => return Err(ShowError::Other("a PKCS #12 file")),
        [tag::OID, EXPLICIT_0] => return Err(ShowError::Other("a PKCS #7 or CMS file")),
        [tag::ENUMERATED, ..] => (ocsp::response(der), "an OCSP response"),
        _ if Message::of(der) == Some(Message::Request) => (ocsp::request(der), "an OCSP request"),
        _ => return Err(ShowError::Other("DER of something else")),
    };
    described.ok_or(ShowError::Malformed(what))
}

/// What has a signature: a list has a time where others have a name or nothing, a request no
/// algorithm before its name.
fn signed(outer: Value<'_>) -> Result<Object, ShowError> {
    let tbs = outer.children().next().map(tags).unwrap_or_default();
    match tbs.as_slice() {
        [tag::SEQUENCE, tag::SEQUENCE, tag::UTC_TIME | tag::GENERALIZED_TIME, ..]
        | [tag::INTEGER, tag::SEQUENCE, tag::SEQUENCE, tag::UTC_TIME | tag::GENERALIZED_TIME, ..] => {
            Err(ShowError::RevocationList)
        }
        _ if outer.der.len() > MAX_OBJECT => Err(ShowError::ObjectTooLarge),
        [tag::INTEGER, tag::SEQUENCE, tag::SEQUENCE]
        | [tag::INTEGER, tag::SEQUENCE, tag::SEQUENCE, EXPLICIT_0] => {
            request::request(outer.der).ok_or(ShowError::Malformed("a certificate request"))
        }
        _ => certificate::certificate(outer.der).ok_or(ShowError::Malformed("a certificate")),
    }
}

/// The tags of the first values inside.
fn tags(value: Value<'_>) -> Vec<u8> {
    value.children().map(|child| child.tag).take(DECIDING).collect()
}

/// Octets of a file that [`describe`] takes: a bundle of ten thousand certificates. A list may be
/// larger; it is read elsewhere.
pub(crate) const MAX_FILE: u64 = 16 << 20;
/// Octets of one object: a certificate takes two thousand, one with a post-quantum signature fifty
/// thousand. Each attribute of a few octets becomes lines of text.
const MAX_OBJECT: usize = 1 << 20;
/// Fields that tell one structure from another.
const DECIDING: usize = 6;
const EXPLICIT_0: u8 = tag::context_constructed(0);

#[cfg(test)]
mod tests;
