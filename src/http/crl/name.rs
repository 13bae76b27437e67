//! The names of files that can be asked for.

use std::fmt;

use crate::authority::Link;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::crl::CoverageCode;

/// A published list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListFile {
    ca: CaName,
    generation: Generation,
    coverage: CoverageCode,
    is_delta: bool,
    /// Whether it is PEM.
    pub(super) is_pem: bool,
}

impl ListFile {
    /// Reads the three parts of its address; none when there is no such name.
    pub(super) fn read(ca: &str, generation: &str, file: &str) -> Option<Self> {
        let (stem, is_pem) = match file.strip_suffix(".crl.pem") {
            Some(stem) => (stem, true),
            None => (file.strip_suffix(".crl")?, false),
        };
        let (code, is_delta) = match stem.strip_suffix(".delta") {
            Some(code) => (code, true),
            None => (stem, false),
        };
        let name = Self {
            ca: ca.parse().ok()?,
            generation: number(generation)?,
            coverage: code.parse().ok()?,
            is_delta,
            is_pem,
        };
        // One address for a file, however many spellings a number has.
        (name.path() == format!("/crl/{ca}/{generation}/{file}")).then_some(name)
    }

    /// Reads the name of its file in a publication.
    pub(super) fn of_published(file: &str) -> Option<Self> {
        let (head, rest) = file.split_once('.')?;
        let (head, code) = head.rsplit_once('-')?;
        let (ca, generation) = head.rsplit_once('-')?;
        Self::read(ca, generation, &format!("{code}.{rest}"))
    }

    /// Its address.
    pub(super) fn path(&self) -> String {
        let Self { ca, generation, .. } = self;
        format!("/crl/{ca}/{generation}/{}", Ending(self))
    }

    /// The name of its file in a publication.
    pub(super) fn published(&self) -> String {
        let Self { ca, generation, .. } = self;
        format!("{ca}-{generation}-{}", Ending(self))
    }
}

struct Ending<'a>(&'a ListFile);

impl fmt::Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ListFile { coverage, is_delta, is_pem, .. } = self.0;
        let delta = if *is_delta { ".delta" } else { "" };
        let pem = if *is_pem { ".pem" } else { "" };
        write!(f, "{coverage}{delta}.crl{pem}")
    }
}

/// The certificate of an authority: its own, or a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AuthorityFile {
    ca: CaName,
    generation: Generation,
    /// The other generation that certifies this one's key, where it is a link.
    by: Option<Generation>,
    /// Whether it is PEM.
    pub(super) is_pem: bool,
}

impl AuthorityFile {
    /// Reads its name; none when there is no such name.
    pub(super) fn read(file: &str) -> Option<Self> {
        let (stem, is_pem) = match file.strip_suffix(".pem") {
            Some(stem) => (stem, true),
            None => (file.strip_suffix(".cer")?, false),
        };
        let (own, by) = match stem.strip_prefix("link-") {
            Some(link) => {
                let (own, by) = link.split_once("-with-")?;
                (own, Some(number(by)?))
            }
            None => (stem, None),
        };
        let (ca, generation) = own.rsplit_once('-')?;
        let name = Self { ca: ca.parse().ok()?, generation: number(generation)?, by, is_pem };
        (name.file() == file).then_some(name)
    }

    /// The name of its file.
    pub(super) fn file(&self) -> String {
        let Self { ca, generation, by, is_pem } = *self;
        let ending = if is_pem { "pem" } else { "cer" };
        match by {
            Some(by) => format!("{}.{ending}", Link { ca, certified: generation, by }.stem()),
            None => format!("{ca}-{generation}.{ending}"),
        }
    }
}

fn number(text: &str) -> Option<Generation> {
    Generation::new(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_and_written_alike() {
        for (ca, generation, file) in [
            ("signature", "1", "132217.crl"),
            ("user-authentication", "12", "000000.crl.pem"),
            ("signature", "2", "132217.delta.crl"),
            ("signature", "2", "full.crl"),
            ("user-authentication", "2", "full.delta.crl.pem"),
        ] {
            let name = ListFile::read(ca, generation, file).unwrap();
            assert_eq!(name.path(), format!("/crl/{ca}/{generation}/{file}"));
            assert_eq!(name.published(), format!("{ca}-{generation}-{file}"));
            assert_eq!(ListFile::of_published(&name.published()), Some(name));
        }
        for file in [
            "signature-1.cer",
            "user-authentication-2.pem",
            "link-signature-1-with-2.cer",
            "link-user-authentication-12-with-11.pem",
        ] {
            assert_eq!(AuthorityFile::read(file).unwrap().file(), file);
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for (ca, generation, file) in [
            ("..", "1", "132217.crl"),
            ("signature", "01", "132217.crl"),
            ("signature", "+1", "132217.crl"),
            ("signature", "0", "132217.crl"),
            ("Signature", "1", "132217.crl"),
            ("signature", "1", "132218.crl"),
            ("signature", "1", "132217"),
            ("signature", "1", ".crl"),
            ("signature", "1", "../../manifest.json"),
            ("signature", "1", "132217.crl\0"),
            ("signature", "1", "132217.delta.delta.crl"),
            ("signature", "99999", "132217.crl"),
        ] {
            assert_eq!(ListFile::read(ca, generation, file), None, "{ca}/{generation}/{file}");
        }
        for file in [
            "publication.cer",
            "signature-1",
            "../keys/signature-1.key.pem",
            "-1.cer",
            "link-signature-1.cer",
            "link-signature-1-with-02.cer",
            "link-signature-1-with-2-with-3.cer",
            "signature-1-with-2.cer",
        ] {
            assert_eq!(AuthorityFile::read(file), None, "{file}");
        }
    }
}
