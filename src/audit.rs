//! What is recorded of every act: a line of JSON, chained to all before it by a hash.
//!
//! Anyone can check the chain without this program: the hash of a line is SHA-256 over the 32
//! bytes of the hash before it and the bytes of the line; before the first stand 32 zero bytes.
//! Lines name certificates by authority and number, requests by the first 16 hexadecimal digits of
//! the SHA-256 of their id, never a person.

use serde::Deserialize;
use serde::Serialize;

use crate::asn1::hex;
use crate::asn1::sha256;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;

/// Where the record ends, or ended: the number and the hash of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the entry.
    pub number: u64,
    /// Its hash, which stands for everything before it.
    pub hash: [u8; 32],
}

impl Head {
    /// What stands before the first entry.
    pub const GENESIS: Self = Self { number: 0, hash: [0; 32] };
}

/// An act, as the record keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act<'a> {
    /// The installation was made.
    Founded,
    /// A certificate is about to be signed; its number and bytes are fixed.
    Intended {
        /// Whose certificate, by number.
        certificate: Subject,
        /// The request that asked for it.
        request: &'a str,
        /// SHA-256 of the bytes to be signed.
        tbs: [u8; 32],
    },
    /// A certificate was signed and is in force.
    Issued {
        /// Which certificate.
        certificate: Subject,
        /// The entry of its intent.
        intent: u64,
    },
    /// An intended certificate will never be delivered; its number is revoked.
    Voided {
        /// Which certificate.
        certificate: Subject,
        /// The entry of its intent.
        intent: u64,
    },
    /// A certificate was revoked.
    Revoked {
        /// Which certificate.
        certificate: Subject,
        /// Why.
        reason: Reason,
        /// Since when, as lists and answers say.
        since: Timestamp,
    },
    /// A certificate was held.
    Held {
        /// Which certificate.
        certificate: Subject,
    },
    /// A hold was released.
    Released {
        /// Which certificate.
        certificate: Subject,
    },
    /// An expired certificate was laid aside for its successor.
    Expired {
        /// Which certificate.
        certificate: Subject,
    },
    /// A generation's key is compromised: every certificate that it issued is revoked for it.
    Compromised {
        /// The authority.
        ca: CaName,
        /// The generation.
        generation: Generation,
        /// Since when, as answers say.
        since: Timestamp,
    },
    /// A generation issues to holders from a later instant on.
    TakesOver {
        /// The authority.
        ca: CaName,
        /// The generation.
        generation: Generation,
        /// From when.
        from: Timestamp,
    },
    /// A list of everything under compromised keys was signed.
    CompromiseListed {
        /// The authority.
        ca: CaName,
        /// The generation that signed it.
        generation: Generation,
        /// The number of the list.
        number: u64,
        /// How many entries it has.
        entries: u64,
        /// The digest that was signed.
        digest: &'a [u8],
    },
    /// An issue record was erased when its keeping period ended.
    Erased {
        /// Whose certificate, by number.
        certificate: Subject,
    },
    /// Replaced versions of residents' records, and lines of events, were erased likewise.
    HistoryErased {
        /// Those that were replaced or settled before this.
        before: Timestamp,
        /// How many.
        count: u64,
    },
    /// Something became of an event of the register.
    Event {
        /// Its place in the store.
        event: u64,
        /// What became of it: applied, refused, waiting, resent, dismissed.
        outcome: &'a str,
    },
    /// Revocation lists were published.
    Published {
        /// The publication.
        publication: u64,
        /// How many lists it consists of, those that stand unchanged included.
        lists: u64,
        /// SHA-256 of the manifest, which names each list.
        digest: [u8; 32],
    },
    /// So many requests for the status of certificates were answered, and refused, since the last
    /// such act of the same process.
    Answered {
        /// How many were answered.
        answered: u64,
        /// How many were refused.
        refused: u64,
    },
    /// The operator repeated a refused event, corrected, and answers for it.
    Repeated {
        /// The place of the repeat.
        event: u64,
        /// The place of the one that was refused.
        original: u64,
    },
    /// A request was refused.
    Refused {
        /// The request.
        request: &'a str,
        /// The rule that refused it.
        rule: &'a str,
    },
}

/// A certificate, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The authority.
    pub ca: CaName,
    /// The generation of its key.
    pub generation: Generation,
    /// The number.
    pub serial: Serial,
}

/// An entry of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// Its line.
    pub line: String,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Entry {
    /// The entry of an act that follows the record which ends there.
    #[must_use]
    pub fn following(previous: Head, at: Timestamp, act: &Act<'_>) -> Self {
        let number = previous.number.saturating_add(1);
        let line = line(number, at, act);
        let hash = chain(&previous.hash, &line);
        Self { number, line, hash }
    }

    /// Whether this entry follows the record which ends there.
    #[must_use]
    pub fn follows(&self, previous: Head) -> bool {
        self.number == previous.number.saturating_add(1)
            && self.hash == chain(&previous.hash, &self.line)
            && self.line.starts_with(&format!("{{\"entry\":{},", self.number))
    }

    /// Where the record ends with it.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash }
    }

    /// What it is about, if it is about something that has a number.
    #[must_use]
    pub fn about(&self) -> Option<About> {
        let named: Named<'_> = serde_json::from_str(&self.line).ok()?;
        if let Some(publication) = named.publication {
            return Some(About::Publication(publication));
        }
        let (ca, generation) = (named.ca?, Generation::new(named.generation?).ok()?);
        let Some(serial) = named.serial else { return Some(About::Generation(ca, generation)) };
        Some(About::Certificate(Subject { ca, generation, serial: serial.parse().ok()? }))
    }
}

/// The hash of a line behind a hash.
fn chain(previous: &[u8; 32], line: &str) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(32 + line.len());
    bytes.extend_from_slice(previous);
    bytes.extend_from_slice(line.as_bytes());
    sha256(&bytes)
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum About {
    /// A certificate, by number.
    Certificate(Subject),
    /// The publication of lists with this number, which is complete.
    Publication(u64),
    /// A generation of an authority's key, and with it every certificate that it issued.
    Generation(CaName, Generation),
}

/// What a line says of what it is about.
#[derive(Deserialize)]
struct Named<'a> {
    ca: Option<CaName>,
    generation: Option<u16>,
    serial: Option<&'a str>,
    publication: Option<u64>,
}

/// The line, its fields always in this order.
#[derive(Serialize)]
struct Line<'a> {
    entry: u64,
    at: String,
    act: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<CaName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tbs_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publication: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

impl Line<'_> {
    fn of(&mut self, ca: CaName, generation: Generation) {
        self.ca = Some(ca);
        self.generation = Some(generation.get());
    }
}

fn line(number: u64, at: Timestamp, act: &Act<'_>) -> String {
    let mut line = Line {
        entry: number,
        at: at.to_string(),
        act: "",
        ca: None,
        generation: None,
        serial: None,
        request: None,
        tbs_sha256: None,
        intent: None,
        reason: None,
        since: None,
        rule: None,
        event: None,
        original: None,
        outcome: None,
        count: None,
        refused: None,
        publication: None,
        manifest_sha256: None,
        from: None,
        list: None,
        digest: None,
    };
    let certificate = match *act {
        Act::Founded => {
            line.act = "founded";
            None
        }
        Act::Intended { certificate, request, tbs } => {
            line.act = "intended";
            line.request = Some(request_handle(request));
            line.tbs_sha256 = Some(hex(&tbs));
            Some(certificate)
        }
        Act::Issued { certificate, intent } => {
            line.act = "issued";
            line.intent = Some(intent);
            Some(certificate)
        }
        Act::Voided { certificate, intent } => {
            line.act = "voided";
            line.intent = Some(intent);
            Some(certificate)
        }
        Act::Revoked { certificate, reason, since } => {
            line.act = "revoked";
            line.reason = Some(reason);
            line.since = Some(since.to_string());
            Some(certificate)
        }
        Act::Held { certificate } => {
            line.act = "held";
            Some(certificate)
        }
        Act::Released { certificate } => {
            line.act = "released";
            Some(certificate)
        }
        Act::Expired { certificate } => {
            line.act = "expired";
            Some(certificate)
        }
        Act::Erased { certificate } => {
            line.act = "erased";
            Some(certificate)
        }
        Act::Compromised { ca, generation, since } => {
            line.act = "compromised";
            line.since = Some(since.to_string());
            line.of(ca, generation);
            None
        }
        Act::TakesOver { ca, generation, from } => {
            line.act = "takes-over";
            line.from = Some(from.to_string());
            line.of(ca, generation);
            None
        }
        Act::CompromiseListed { ca, generation, number, entries, digest } => {
            line.act = "compromise-listed";
            line.count = Some(entries);
            line.list = Some(number);
            line.digest = Some(hex(digest));
            line.of(ca, generation);
            None
        }
        Act::HistoryErased { before, count } => {
            line.act = "history-erased";
            line.since = Some(before.to_string());
            line.count = Some(count);
            None
        }
        Act::Event { event, outcome } => {
            line.act = "event";
            line.event = Some(event);
            line.outcome = Some(outcome);
            None
        }
        Act::Published { publication, lists, digest } => {
            line.act = "published";
            line.publication = Some(publication);
            line.count = Some(lists);
            line.manifest_sha256 = Some(hex(&digest));
            None
        }
        Act::Answered { answered, refused } => {
            line.act = "answered";
            line.count = Some(answered);
            line.refused = Some(refused);
            None
        }
        Act::Repeated { event, original } => {
            line.act = "repeated";
            line.event = Some(event);
            line.original = Some(original);
            None
        }
        Act::Refused { request, rule } => {
            line.act = "refused";
            line.request = Some(request_handle(request));
            line.rule = Some(rule);
            None
        }
    };
    if let Some(Subject { ca, generation, serial }) = certificate {
        line.of(ca, generation);
        line.serial = Some(serial.to_string());
    }
    // Strings and numbers always become JSON.
    serde_json::to_string(&line).unwrap_or_default()
}

/// A request id may be chosen by the caller and hold anything, so the record keeps a digest of it.
fn request_handle(request: &str) -> String {
    let mut handle = hex(&sha256(request.as_bytes()));
    handle.truncate(16);
    handle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain_of_three() -> Vec<Entry> {
        let at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let certificate =
            Subject { ca: CaName::Signature, generation: Generation::FIRST, serial: Serial::FIRST };
        let mut last = Head::GENESIS;
        [
            Act::Founded,
            Act::Intended { certificate, request: "r-1", tbs: [0xab; 32] },
            Act::Revoked { certificate, reason: Reason::Superseded, since: at },
        ]
        .iter()
        .map(|act| {
            let entry = Entry::following(last, at, act);
            last = entry.head();
            entry
        })
        .collect()
    }

    #[test]
    fn lines_say_what_happened() {
        let lines: Vec<String> = chain_of_three().into_iter().map(|entry| entry.line).collect();
        assert_eq!(lines[0], r#"{"entry":1,"at":"2026-11-21T12:00:00Z","act":"founded"}"#);
        assert!(
            lines[1].contains(r#""act":"intended","ca":"signature","generation":1,"serial":"1""#)
        );
        assert!(!lines[1].contains("r-1"), "a request id may name a person");
        assert!(lines[2].ends_with(r#""reason":"superseded","since":"2026-11-21T12:00:00Z"}"#));
    }

    #[test]
    fn lines_name_what_they_are_about() {
        let about: Vec<_> = chain_of_three().iter().map(Entry::about).collect();
        let certificate = About::Certificate(Subject {
            ca: CaName::Signature,
            generation: Generation::FIRST,
            serial: Serial::FIRST,
        });
        assert_eq!(about, [None, Some(certificate), Some(certificate)]);
        let published = Act::Published { publication: 7, lists: 1, digest: [0; 32] };
        let entry = Entry::following(Head::GENESIS, Timestamp::EPOCH, &published);
        assert_eq!(entry.about(), Some(About::Publication(7)));
        let (ca, generation) = (CaName::UserAuthentication, Generation::FIRST);
        let compromised = Act::Compromised { ca, generation, since: Timestamp::EPOCH };
        let entry = Entry::following(Head::GENESIS, Timestamp::EPOCH, &compromised);
        assert_eq!(entry.about(), Some(About::Generation(ca, generation)));
        assert!(entry.line.ends_with(
            r#""act":"compromised","ca":"user-authentication","generation":1,"since":"1970-01-01T00:00:00Z"}"#
        ));
    }

    #[test]
    fn a_changed_line_breaks_the_chain() {
        let mut entries = chain_of_three();
        let first = entries[0].head();
        assert!(entries[0].follows(Head::GENESIS));
        assert!(entries[1].follows(first));
        entries[1].line = entries[1].line.replace("serial\":\"1", "serial\":\"2");
        assert!(!entries[1].follows(first));
    }
}
