//! The request in a path: GET as clients really send it (RFC 6960 appendix A.1.1, RFC 5019 section 5).

/// Octets of the longest path that is read: RFC 5019 has clients POST what needs more than 255, some
/// send a few certificates all the same.
const LONGEST: usize = 8 << 10;

/// The DER in a path, behind the prefix of the responder's address.
///
/// The base64 stands there percent-encoded, or not; with padding, or not; in the alphabet of RFC 4648
/// section 4 or in that of section 5; a `+` may have become a space on its way, and a proxy may have
/// added or removed slashes in front.
pub(super) fn asked(path: &str, prefix: &str) -> Option<Vec<u8>> {
    if path.len() > LONGEST {
        return None;
    }
    let path = path.trim_start_matches('/');
    let prefix = prefix.trim_matches('/');
    let text = match path.strip_prefix(prefix) {
        Some(rest) if !prefix.is_empty() => rest.strip_prefix('/')?,
        _ => path,
    };
    let mut plain = String::with_capacity(text.len());
    let mut octets = text.trim_start_matches('/').bytes();
    while let Some(octet) = octets.next() {
        let octet = match octet {
            b'%' => hex(octets.next()?)? << 4 | hex(octets.next()?)?,
            other => other,
        };
        plain.push(match octet {
            b'-' | b' ' => '+',
            b'_' => '/',
            other => char::from(other),
        });
    }
    let plain = plain.trim_end_matches('=');
    <base64ct::Base64Unpadded as base64ct::Encoding>::decode_vec(plain).ok()
}

/// The address under which a request is asked for by GET: in base64, percent-encoded.
#[must_use]
pub fn ocsp_url(url: &str, der: &[u8]) -> String {
    let mut asked = url.trim_end_matches('/').to_owned();
    asked.push('/');
    for octet in <base64ct::Base64 as base64ct::Encoding>::encode_string(der).bytes() {
        match octet {
            b'+' => asked.push_str("%2B"),
            b'/' => asked.push_str("%2F"),
            b'=' => asked.push_str("%3D"),
            other => asked.push(char::from(other)),
        }
    }
    asked
}

fn hex(digit: u8) -> Option<u8> {
    // A digit is below sixteen.
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `fb ff fe 01`, which needs all of `+`, `/` and padding.
    const DER: [u8; 4] = [0xfb, 0xff, 0xfe, 0x01];

    #[test]
    fn every_way_in_which_clients_write_it_is_read() {
        for path in [
            "/+//+AQ==",
            "/+//+AQ",
            "/%2B%2F%2F%2BAQ%3D%3D",
            "/%2b%2f%2f%2bAQ%3d%3d",
            "/-__-AQ",
            "/ // AQ==",
            "/%20//%20AQ==",
            "//+//+AQ==",
        ] {
            assert_eq!(asked(path, "/"), Some(DER.to_vec()), "{path}");
        }
        assert_eq!(asked("/ocsp/+//+AQ==", "/ocsp"), Some(DER.to_vec()));
        assert_eq!(asked("/ocsp//+//+AQ==", "/ocsp/"), Some(DER.to_vec()));
    }

    #[test]
    fn what_is_none_is_none() {
        for path in ["/%", "/%2", "/%zz", "/a", "/a b c!", "/あ", "/AA=A", "/AB"] {
            assert_eq!(asked(path, "/"), None, "{path}");
        }
        assert_eq!(asked(&format!("/{}", "A".repeat(LONGEST)), "/"), None);
        assert_eq!(asked("/ocspAAAA", "/ocsp"), None, "another path");
        assert_eq!(asked("/", "/"), Some(Vec::new()), "nothing, which is no request");
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_again(der in proptest::collection::vec(any::<u8>(), 0..300)) {
            let text = <base64ct::Base64 as base64ct::Encoding>::encode_string(&der);
            prop_assert_eq!(asked(&ocsp_url("", &der), ""), Some(der.clone()));
            prop_assert_eq!(asked(&ocsp_url("/o/", &der), "o"), Some(der.clone()));
            // Without escaping, a first slash is one of the path's.
            prop_assume!(!text.starts_with('/'));
            let path = format!("/{text}");
            prop_assert_eq!(asked(&path, ""), Some(der));
        }

        #[test]
        fn no_path_panics(path in ".*", prefix in ".{0,10}") {
            let _read = asked(&path, &prefix);
        }
    }
}
