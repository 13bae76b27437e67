//! PEM as it is found, not only as RFC 7468 has it: text around the blocks, lines of any length,
//! headers of RFC 1421.

use der::pem;
use zeroize::Zeroizing;

/// One block of a PEM file.
pub(crate) struct Block {
    /// What it says it is: `CERTIFICATE`.
    pub(crate) label: String,
    /// Whether a header says that it is encrypted.
    pub(super) encrypted: bool,
    /// Its contents, which may be a private key; none when they are no base64 or the end is missing.
    pub(crate) der: Option<Zeroizing<Vec<u8>>>,
}

/// The blocks of a file, in order; none of them when it is no PEM.
pub(crate) fn blocks(file: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = file.split(|octet| matches!(octet, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    while let Some(line) = lines.next() {
        if let Some(label) = delimiter(line, BEGIN) {
            blocks.push(block(label, &mut lines));
        }
    }
    blocks
}

fn block(label: &str, lines: &mut dyn Iterator<Item = &[u8]>) -> Block {
    let mut base64 = Zeroizing::new(Vec::new());
    let mut encrypted = false;
    let mut ended = false;
    for line in lines {
        if line.starts_with(END) {
            ended = delimiter(line, END) == Some(label);
            break;
        }
        if line.contains(&b':') {
            encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
        } else {
            base64.extend_from_slice(line);
        }
    }
    let der = ended.then(|| decode(&base64)).flatten();
    Block { label: label.to_owned(), encrypted, der }
}

/// The label in `-----BEGIN label-----`.
fn delimiter<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a str> {
    let label = line.strip_prefix(start)?.strip_suffix(DASHES)?;
    let plain = label.iter().all(|octet| matches!(octet, b' '..=b'~'));
    std::str::from_utf8(label).ok().filter(|_| plain)
}

/// Base64, laid out anew because the decoder takes lines of 64 characters only.
fn decode(base64: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut strict = Zeroizing::new(Vec::with_capacity(base64.len() + base64.len() / 60 + 64));
    strict.extend_from_slice(b"-----BEGIN X-----\n");
    for line in base64.chunks(64) {
        strict.extend_from_slice(line);
        strict.push(b'\n');
    }
    strict.extend_from_slice(b"-----END X-----\n");
    pem::decode_vec(&strict).ok().map(|(_, der)| Zeroizing::new(der))
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::*;

    #[test]
    fn blocks_are_found_as_they_come() {
        let file = b"Bag Attributes\r\n  name: x\r\n-----BEGIN A B-----\r\nAQ\r\nID\r\n-----END A B-----\r\n\
            -----BEGIN KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\nAQID\n-----END KEY-----\n\
            -----BEGIN C-----\n?\n-----END C-----\n-----BEGIN D-----\nAQID\n-----END C-----\n\
            -----BEGIN E-----\nAQID";
        let found = blocks(file);
        let labels: Vec<_> = found.iter().map(|block| block.label.as_str()).collect();
        assert_eq!(labels, ["A B", "KEY", "C", "D", "E"]);
        let der: Vec<_> = found.iter().map(|block| block.der.as_deref().cloned()).collect();
        let whole = Some(vec![1, 2, 3]);
        assert_eq!(der, [whole.clone(), whole, None, None, None]);
        assert!(found[1].encrypted);
        assert!(blocks(b"-----BEGIN \x1b-----\n").is_empty());
    }

    proptest! {
        #[test]
        fn any_octets_are_answered(octets: Vec<u8>, text in "-----(BEGIN|END) A-----\n[A-Za-z0-9=:\n-]{0,90}") {
            blocks(&octets);
            blocks(text.as_bytes());
        }
    }
}
