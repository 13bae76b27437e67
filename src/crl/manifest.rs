//! The manifest of a publication: which lists it consists of, each named by the digest that was
//! signed.
//!
//! A JSON document with one list per line:
//!
//! ```text
//! {"publication":7,"published_at":"2026-11-21T00:00:00Z","lists":[
//! {"file":"signature-1-132217.crl","ca":"signature","generation":1,"partition":"132217",…},
//! …
//! ]}
//! ```

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::holder::Municipality;
use crate::profile::Partition;

use super::tbs::Coverage;

/// A manifest: its facts, and the bytes that are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    form: Form,
    bytes: Vec<u8>,
}

impl Manifest {
    /// Writes the manifest of a publication; the lists are put in the order of their files' names.
    #[must_use]
    pub fn new(publication: u64, at: Timestamp, mut lists: Vec<PublishedList>) -> Self {
        lists.sort_by(|one, other| one.file.cmp(&other.file));
        let form = Form { publication, published_at: at.to_string(), lists };
        let bytes = form.to_bytes();
        Self { form, bytes }
    }

    /// Reads a manifest: any JSON of the right shape.
    ///
    /// # Errors
    /// When it is no such JSON, or a value is out of range.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        let form: Form =
            serde_json::from_slice(bytes).map_err(|error| ManifestError(error.to_string()))?;
        form.published_at
            .parse::<Timestamp>()
            .map_err(|_| ManifestError("published_at is not an instant".to_owned()))?;
        Ok(Self { form, bytes: bytes.to_vec() })
    }

    /// The number of the publication.
    #[must_use]
    pub fn publication(&self) -> u64 {
        self.form.publication
    }

    /// When it was made.
    #[must_use]
    pub fn published_at(&self) -> &str {
        &self.form.published_at
    }

    /// The lists, by the names of their files.
    #[must_use]
    pub fn lists(&self) -> &[PublishedList] {
        &self.form.lists
    }

    /// The document.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the document is the one that these facts have: no other order, no other spaces.
    #[must_use]
    pub fn is_canonical(&self) -> bool {
        self.form.to_bytes() == self.bytes
    }
}

/// One list of a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedList {
    /// The name of its file, without a folder.
    pub file: String,
    /// Whose list.
    pub ca: CaName,
    /// The generation that signed it, from 1.
    pub generation: u16,
    /// Which certificates: the code of a partition, `000000` for the authority's own list, or
    /// `full`.
    pub partition: CoverageCode,
    /// Its number (`cRLNumber`).
    pub number: u64,
    /// For a delta list, the number of the complete list that it begins from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
    /// How many entries it has.
    pub entries: u64,
    /// Octets of the DER.
    pub size: u64,
    /// When it speaks: RFC 3339, UTC.
    pub this_update: String,
    /// When the next one is out at the latest: RFC 3339, UTC.
    pub next_update: String,
    /// The digest that was signed: that of the signed part of the list (`TBSCertList`).
    pub digest: Digest,
}

impl PublishedList {
    /// The generation that signed it.
    #[must_use]
    pub fn generation(&self) -> Option<Generation> {
        Generation::new(self.generation).ok()
    }
}

/// A digest, with its algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// `sha256`, `sha384` or `sha512`.
    pub algorithm: String,
    /// Lower-case hexadecimal.
    pub hex: String,
}

/// Which certificates a list is about, in six characters at most: a municipality's code, `000000`,
/// or `full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CoverageCode(pub Coverage);

impl fmt::Display for CoverageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Coverage::Partition(partition) => f.write_str(partition.code()),
            Coverage::Everything => f.write_str(FULL),
        }
    }
}

impl FromStr for CoverageCode {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        Ok(Self(if text == FULL {
            Coverage::Everything
        } else if text == Partition::Authority.code() {
            Coverage::Partition(Partition::Authority)
        } else {
            let municipality = Municipality::from_code(text)
                .map_err(|_| ManifestError("partition is no municipality's code".to_owned()))?;
            Coverage::Partition(Partition::Municipality(municipality))
        }))
    }
}

impl TryFrom<String> for CoverageCode {
    type Error = ManifestError;

    fn try_from(text: String) -> Result<Self, ManifestError> {
        text.parse()
    }
}

impl From<CoverageCode> for String {
    fn from(code: CoverageCode) -> Self {
        code.to_string()
    }
}

/// Why a document is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a manifest of revocation lists: {0}")]
pub struct ManifestError(String);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    publication: u64,
    published_at: String,
    lists: Vec<PublishedList>,
}

impl Form {
    fn to_bytes(&self) -> Vec<u8> {
        // Strings and numbers always become JSON.
        let mut text = format!(
            "{{\"publication\":{},\"published_at\":\"{}\",\"lists\":[",
            self.publication, self.published_at
        );
        for (position, list) in self.lists.iter().enumerate() {
            text.push_str(if position == 0 { "\n" } else { ",\n" });
            text.push_str(&serde_json::to_string(list).unwrap_or_default());
        }
        text.push_str("\n]}\n");
        text.into_bytes()
    }
}

const FULL: &str = "full";

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let list = |file: &str, partition: &str| PublishedList {
            file: file.to_owned(),
            ca: CaName::Signature,
            generation: 1,
            partition: partition.parse().unwrap(),
            number: 12,
            base: None,
            entries: 3,
            size: 900,
            this_update: "2026-11-21T00:00:00Z".to_owned(),
            next_update: "2026-11-24T00:00:00Z".to_owned(),
            digest: Digest { algorithm: "sha256".to_owned(), hex: "ab".repeat(32) },
        };
        let lists = vec![list("b.crl", "132217"), list("a.crl", "000000"), list("c.crl", "full")];
        Manifest::new(7, "2026-11-21T00:00:00Z".parse().unwrap(), lists)
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        let manifest = manifest();
        let again = Manifest::read(manifest.as_bytes()).unwrap();
        assert_eq!(again, manifest);
        assert!(again.is_canonical());
        assert_eq!(again.lists()[0].file, "a.crl");
        let text = String::from_utf8(manifest.as_bytes().to_vec()).unwrap();
        assert_eq!(text.lines().count(), 5, "one list a line");
    }

    #[test]
    fn other_spelling_is_read_and_is_not_canonical() {
        let text = String::from_utf8(manifest().as_bytes().to_vec()).unwrap().replace('\n', " ");
        assert!(!Manifest::read(text.as_bytes()).unwrap().is_canonical());
    }

    #[test]
    fn what_is_none_is_refused() {
        let good = String::from_utf8(manifest().as_bytes().to_vec()).unwrap();
        for (from, to) in [
            ("\"publication\":7", "\"publication\":-7"),
            ("\"publication\":7", "\"publication\":7,\"more\":1"),
            ("132217", "132218"),
            ("2026-11-21T00:00:00Z\",\"lists", "yesterday\",\"lists"),
        ] {
            assert!(Manifest::read(good.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        assert!(Manifest::read(b"").is_err());
    }
}
