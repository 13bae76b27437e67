//! What each stable code means, in Japanese and English, and what to do next: those of data (`E-…`)
//! and of rules (`R-…`), whichever room they come from. The text stands in `explain.tsv`.

use std::sync::LazyLock;

/// A code, explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What it means, in Japanese.
    pub japanese: &'static str,
    /// What it means.
    pub english: &'static str,
    /// What to do, in Japanese.
    pub next_japanese: &'static str,
    /// What to do.
    pub next: &'static str,
}

impl Explanation {
    /// Every explanation, data first.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied()
    }

    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            code: fields.next()?,
            japanese: fields.next()?,
            english: fields.next()?,
            next_japanese: fields.next()?,
            next: fields.next()?,
        })
    }
}

/// The explanation of a code; case does not matter.
#[must_use]
pub fn explanation(code: &str) -> Option<Explanation> {
    Explanation::all().find(|one| one.code.eq_ignore_ascii_case(code))
}

static ALL: LazyLock<Vec<Explanation>> =
    LazyLock::new(|| TABLE.lines().skip(1).filter_map(Explanation::read).collect());

const TABLE: &str = include_str!("explain.tsv");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use crate::register::FormError;
    use crate::register::Rule;

    use super::*;

    #[test]
    fn every_line_is_whole_and_every_code_stands_once() {
        let codes: BTreeSet<_> = Explanation::all().map(|one| one.code).collect();
        assert_eq!(codes.len(), TABLE.lines().count() - 1);
        for line in TABLE.lines() {
            let fields: Vec<_> = line.split('\t').collect();
            assert_eq!(fields.len(), 5, "{line}");
            assert!(fields.iter().all(|field| !field.trim().is_empty()), "{line}");
        }
        for one in Explanation::all() {
            assert!(
                one.japanese.ends_with('。') && one.next_japanese.ends_with('。'),
                "{}",
                one.code
            );
            assert!(!one.japanese.is_ascii() && one.english.is_ascii(), "{}", one.code);
        }
        assert_eq!(explanation("r-movein-existing"), explanation("R-MOVEIN-EXISTING"));
        assert_eq!(explanation("R-NONE"), None);
    }

    #[test]
    fn every_rule_of_the_register_is_explained() {
        for rule in Rule::ALL {
            assert!(explanation(rule.code()).is_some(), "{rule}");
        }
        assert!(explanation(FormError::CODE).is_some());
    }

    /// Every code that the source writes, whatever room it is in, tests included.
    #[test]
    fn every_code_of_the_source_is_explained() {
        let mut missing = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = fs::read_to_string(&path).unwrap();
                    missing.extend(
                        text.split('"')
                            .filter(|word| is_code(word) && explanation(word).is_none())
                            .map(str::to_owned),
                    );
                }
            }
        }
        // Not a code: what the lookup above does not find.
        missing.remove("R-NONE");
        assert_eq!(missing, BTreeSet::new());
    }

    fn is_code(word: &str) -> bool {
        let Some(rest) = word.strip_prefix("E-").or_else(|| word.strip_prefix("R-")) else {
            return false;
        };
        // A prefix alone, like that of the stand-in for key findings, is none.
        rest.len() > 1
            && rest != "KEY"
            && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
            && !rest.ends_with('-')
    }
}
