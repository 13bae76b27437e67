//! Rust source as far as imports are concerned: tokens without comments, texts and own tests.

use std::collections::BTreeSet;

/// One token: an identifier, `::`, or any other single character; a text literal is `"`.
type Token = String;

/// A source file of the package.
#[derive(Debug)]
pub(super) struct Source {
    /// Path from the package's root, like `src/store/sqlite/row.rs`.
    pub(super) path: String,
    tokens: Vec<Token>,
    /// Names of modules in files of their own that only tests have.
    pub(super) test_modules: Vec<String>,
}

/// One path into the crate's root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    /// The first segment below the root; `*` or `{` when it cannot be told.
    pub(super) room: String,
    /// How the path is written: `crate`, `super` or `jpki_ca`.
    pub(super) by: &'static str,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let (tokens, test_modules) = without_tests(&tokens(text));
        Self { path: path.to_owned(), tokens, test_modules }
    }

    /// The room that the file belongs to; none for the crate's root file.
    pub(super) fn room(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("src/")?;
        if rest.starts_with("bin/") {
            return Some("bin/jpki");
        }
        let first = rest.split('/').next()?;
        let room = first.strip_suffix(".rs").unwrap_or(first);
        (room != "lib").then_some(room)
    }

    /// Where each path that leaves this file for the crate's root arrives.
    pub(super) fn imports(&self) -> BTreeSet<Import> {
        let depth = self.module_path().len();
        let mut imports = BTreeSet::new();
        // Names and brace depths of inline modules around the position.
        let mut inline = Vec::new();
        let mut braces = 0_usize;
        for (at, token) in self.tokens.iter().enumerate() {
            match token.as_str() {
                "{" => {
                    braces += 1;
                    if at >= 2 && self.tokens[at - 2] == "mod" {
                        inline.push(braces);
                    }
                }
                "}" => {
                    if inline.last() == Some(&braces) {
                        inline.pop();
                    }
                    braces = braces.saturating_sub(1);
                }
                "crate" if self.begins_path(at) => {
                    imports.extend(self.roots(at + 1).map(|room| Import { room, by: "crate" }));
                }
                "jpki_ca" if self.begins_path(at) => {
                    imports.extend(self.roots(at + 1).map(|room| Import { room, by: "jpki_ca" }));
                }
                "super" if self.begins_path(at) => {
                    let supers = self.tokens[at..]
                        .chunks(2)
                        .take_while(|pair| matches!(pair, [word, colons] if word == "super" && colons == "::"))
                        .count();
                    if supers >= depth + inline.len() {
                        let rooms = self.roots(at + 2 * supers - 1);
                        imports.extend(rooms.map(|room| Import { room, by: "super" }));
                    }
                }
                _ => {}
            }
        }
        imports
    }

    /// Whether these tokens stand somewhere in the file one after another.
    pub(super) fn holds(&self, tokens: &[&str]) -> bool {
        self.tokens.windows(tokens.len()).any(|window| window == tokens)
    }

    /// The tokens that follow each occurrence of `tokens`.
    pub(super) fn after(&self, tokens: &[&str]) -> impl Iterator<Item = &str> {
        let length = tokens.len();
        self.tokens
            .windows(length + 1)
            .filter(move |window| window[..length] == *tokens)
            .map(move |window| window[length].as_str())
    }

    /// The file's place in the module tree.
    pub(super) fn module_path(&self) -> Vec<&str> {
        let rest = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let rest = rest.strip_prefix("bin/jpki/").unwrap_or(rest);
        let rest = rest.strip_suffix(".rs").unwrap_or(rest);
        let mut path: Vec<&str> = rest.split('/').collect();
        if matches!(path.last(), Some(&("mod" | "lib" | "main"))) {
            path.pop();
        }
        path
    }

    fn begins_path(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| self.tokens[before].as_str());
        before != Some("::") && self.tokens.get(at + 1).is_some_and(|token| token == "::")
    }

    /// The first segments of the path or group of paths whose `::` stands at `colons`.
    fn roots(&self, colons: usize) -> impl Iterator<Item = String> {
        let mut roots = Vec::new();
        let after = self.tokens.get(colons + 1).map_or("", String::as_str);
        if after == "{" {
            let mut depth = 0_usize;
            let mut expect = false;
            for token in &self.tokens[colons + 1..] {
                match token.as_str() {
                    "{" => {
                        depth += 1;
                        expect = depth == 1;
                    }
                    "}" => {
                        depth -= 1;
                        if depth == 0 {
                            break;
                        }
                    }
                    "," if depth == 1 => expect = true,
                    first if expect => {
                        roots.push(first.to_owned());
                        expect = false;
                    }
                    _ => {}
                }
            }
        } else {
            roots.push(after.to_owned());
        }
        roots.into_iter()
    }
}

/// Splits text into tokens, leaving out comments.
fn tokens(text: &str) -> Vec<Token> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        let next = characters.get(at + 1).copied();
        if c == '/' && next == Some('/') {
            at = skip_while(&characters, at, |c| c != '\n');
        } else if c == '/' && next == Some('*') {
            at = after_block_comment(&characters, at);
        } else if c == '"' {
            at = after_string(&characters, at + 1);
            tokens.push("\"".to_owned());
        } else if c == '\'' {
            // A lifetime has no second quote; a character literal is `'x'` or `'\…'`.
            if next == Some('\\') {
                at = skip_while(&characters, at + 3, |c| c != '\'') + 1;
            } else if characters.get(at + 2) == Some(&'\'') {
                at += 3;
            } else {
                at += 1;
            }
        } else if c.is_alphanumeric() || c == '_' {
            let end = skip_while(&characters, at, |c| c.is_alphanumeric() || c == '_');
            let word: String = characters[at..end].iter().collect();
            at = end;
            if matches!(word.as_str(), "r" | "br" | "cr")
                && matches!(characters.get(at), Some('"' | '#'))
                && let Some(after) = after_raw_string(&characters, at)
            {
                at = after;
                tokens.push("\"".to_owned());
            } else {
                tokens.push(word);
            }
        } else if c == ':' && next == Some(':') {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            at += 1;
        }
    }
    tokens
}

fn skip_while(characters: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    let rest = characters.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|c| wanted(**c)).count()
}

fn after_block_comment(characters: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while at < characters.len() {
        match characters[at..] {
            ['/', '*', ..] => (at, depth) = (at + 2, depth + 1),
            ['*', '/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn after_string(characters: &[char], mut at: usize) -> usize {
    while let Some(&c) = characters.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// The end of a raw string whose `r` stands before `at`; none when it is a raw identifier.
fn after_raw_string(characters: &[char], at: usize) -> Option<usize> {
    let quote = skip_while(characters, at, |c| c == '#');
    if characters.get(quote) != Some(&'"') {
        return None;
    }
    let hashes = quote - at;
    let mut end = quote + 1;
    while end < characters.len() {
        if characters[end] == '"' && skip_while(characters, end + 1, |c| c == '#') > end + hashes {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    Some(end)
}

/// Leaves out every item under `#[cfg(test)]`, and names those that are modules in other files.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].iter().take(CFG_TEST.len()).eq(CFG_TEST.iter()) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += CFG_TEST.len();
        let mut depth = 0_usize;
        let start = at;
        while at < tokens.len() {
            let token = tokens[at].as_str();
            at += 1;
            match token {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => {
                    depth -= 1;
                    if depth == 0 && token == "}" {
                        break;
                    }
                }
                ";" if depth == 0 => {
                    // Behind `pub` or `pub(…)`, when the tests of several rooms share it.
                    let item: Vec<&str> = tokens[start..at].iter().map(String::as_str).collect();
                    if let ["mod", name, ..]
                    | ["pub", "mod", name, ..]
                    | ["pub", "(", _, ")", "mod", name, ..] = item[..]
                    {
                        modules.push(name.to_owned());
                    }
                    break;
                }
                _ => {}
            }
        }
    }
    (kept, modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(path: &str, text: &str) -> Vec<String> {
        Source::new(path, text).imports().into_iter().map(|import| import.room).collect()
    }

    #[test]
    fn comments_texts_and_own_tests_import_nothing() {
        let text = r##"
            //! [`crate::a`]
            /* crate::b /* nested */ crate::c */
            const A: &str = "crate::d \" crate::e";
            const B: &str = r#"crate::f " crate::g"#;
            const C: (char, char) = ('"', '\'');
            fn f<'a>(x: &'a str) -> &'a str { x }
            use crate::h::H;
            #[cfg(test)]
            mod tests { use crate::i; fn f() { crate::j::f(); } }
            #[cfg(test)]
            use crate::k::K;
            #[cfg(test)]
            mod fixture;
            #[cfg(test)]
            pub(crate) mod shared;
        "##;
        assert_eq!(rooms("src/z.rs", text), ["h"]);
        assert_eq!(Source::new("src/z.rs", text).test_modules, ["fixture", "shared"]);
    }

    #[test]
    fn every_way_to_the_root_is_seen() {
        assert_eq!(rooms("src/z/y.rs", "use crate::{a::A, b::{self, B}, c};"), ["a", "b", "c"]);
        assert_eq!(rooms("src/z/y.rs", "use super::super::a::A; use super::x::X;"), ["a"]);
        assert_eq!(rooms("src/z.rs", "use super::a::A;"), ["a"]);
        assert_eq!(rooms("src/z/mod.rs", "use super::{a, b};"), ["a", "b"]);
        assert_eq!(rooms("src/z.rs", "mod y { use super::x; use super::super::a; } "), ["a"]);
        assert_eq!(
            rooms("src/z.rs", "fn f(x: crate::a::A) { crate::b::f::<crate::c::C>() }"),
            ["a", "b", "c"]
        );
        assert_eq!(rooms("src/z.rs", "use crate::*;"), ["*"]);
        assert_eq!(rooms("src/z/w/v.rs", "pub(in crate::z) fn f() {} use super::u;"), ["z"]);
        assert_eq!(rooms("src/bin/jpki/a.rs", "use jpki_ca::b::B;"), ["b"]);
    }
}
