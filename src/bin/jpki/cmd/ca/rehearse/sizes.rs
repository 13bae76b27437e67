//! How large everything is, before and after.

use std::fs;
use std::path::Path;

use jpki_ca::asn1::CertificateParts;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::CaName;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::exit::Failure;

use super::home::Rehearsed;
use super::openssl::OpenSsl;
use super::read;

/// Octets, in the order of [`WHAT`].
pub(super) struct Sizes([u64; WHAT.len()]);

/// One thing, before and after.
#[derive(Serialize)]
pub(super) struct Line {
    what: &'static str,
    before: u64,
    after: u64,
}

impl Line {
    pub(super) fn text(&self) -> String {
        let ratio = self.after as f64 / self.before as f64;
        let japanese = WHAT.iter().find(|(english, _)| *english == self.what);
        let what = format!("{} {}", self.what, japanese.map_or("", |known| known.1));
        let gap = " ".repeat(WIDTH.saturating_sub(what.width()));
        format!("{what}{gap}{:>8} {:>8}  {ratio:.2}", self.before, self.after)
    }
}

impl Sizes {
    pub(super) fn measure(
        home: &Rehearsed,
        openssl: &OpenSsl,
        at: Timestamp,
        person: &str,
        generation: u16,
    ) -> Result<Self, Failure> {
        let ca = CaName::Signature;
        let name = format!("{ca}-{generation}");
        let authority = home.authority(&name);
        let certificate = home.certificate(person, ca)?;
        let answer = home.answer(openssl, &certificate, &authority, at)?;
        let der = |path: &Path| read(&path.with_extension("cer"));
        let own = der(&authority)?;
        let signature =
            CertificateParts::read(&own).map_or(0, |parts| parts.signature.contents.len() - 1);
        let other = home.certificate(person, CaName::UserAuthentication)?;
        let files = [own.len(), der(&certificate)?.len(), der(&other)?.len()];
        let octets = |path: &Path| fs::metadata(path).map(|found| found.len());
        let list = home.list(&name);
        let list = octets(&list).map_err(|error| Failure::file(&list, error))?;
        let answer = octets(&answer).map_err(|error| Failure::file(&answer, error))?;
        let [own, holder, other] = files.map(|octets| octets as u64);
        Ok(Self([signature as u64, own, holder, other, list, answer]))
    }
}

pub(super) fn compare(before: &Sizes, after: &Sizes) -> Vec<Line> {
    let both = before.0.iter().zip(&after.0);
    WHAT.iter()
        .zip(both)
        .map(|((what, _), (before, after))| Line { what, before: *before, after: *after })
        .collect()
}

pub(super) fn head(from: KeyAlgorithm, to: KeyAlgorithm) -> String {
    let gap = " ".repeat(WIDTH.saturating_sub("octets".len()));
    format!("octets{gap}{:>8} {:>8}", from.to_string(), to.to_string())
}

/// What is measured; the list is that of a municipality with one entry.
const WHAT: [(&str, &str); 6] = [
    ("signature", "署名"),
    ("authority's certificate", "認証局の証明書"),
    ("signature certificate", "署名用電子証明書"),
    ("user-authentication certificate", "利用者証明用電子証明書"),
    ("list of one entry", "失効リスト"),
    ("answer", "OCSP応答"),
];
/// Columns of the names.
const WIDTH: usize = 58;
