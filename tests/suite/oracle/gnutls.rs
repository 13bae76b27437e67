//! GnuTLS.

use std::fs;
use std::path::Path;

use jpki_ca::clock::Timestamp;

use super::issued::HANAKO;
use super::issued::P256;
use super::issued::RSA;
use super::issued::issued;
use super::judge::Verdict;
use super::judge::ask;
use super::judge::ask_at;
use super::published::CAS;
use super::published::ELSEWHERE;
use super::published::GENERATIONS;
use super::published::HERE;
use super::published::OWN;
use super::published::published;

#[test]
fn accepts_every_certificate() {
    let issued = issued();
    for certificate in issued.certificates.iter().chain(&issued.services) {
        let authority = &issued.authority(certificate.home, certificate.ca).pem;
        let verdict = verify(authority, certificate.not_before.plus_seconds(60), &certificate.pem);
        assert!(verdict.accepted, "{certificate:?}\n{}", verdict.text);
    }
    for authority in &issued.authorities {
        let verdict = verify(&authority.pem, authority.not_before.plus_seconds(60), &authority.pem);
        assert!(verdict.accepted, "{authority:?}\n{}", verdict.text);
    }
}

#[test]
fn rejects_what_is_expired_changed_or_of_another_authority() {
    let issued = issued();
    for (home, ca) in [(RSA, "signature"), (P256, "user-authentication")] {
        let certificate = issued.certificate(home, HANAKO, ca);
        let authority = &issued.authority(home, ca).pem;
        let begun = certificate.not_before.plus_seconds(60);

        let expired = verify(authority, certificate.not_after.plus_seconds(60), &certificate.pem);
        assert!(!expired.accepted && expired.text.contains("expired"), "{}", expired.text);

        let other = if ca == "signature" { "user-authentication" } else { "signature" };
        let other = &issued.authority(home, other).pem;
        let verdict = verify(other, begun, &certificate.pem);
        assert!(!verdict.accepted, "{}", verdict.text);

        // The last octet belongs to the signature; one in the middle, to what is signed.
        let der = fs::read(&certificate.der).unwrap();
        for position in [der.len() / 2, der.len() - 1] {
            let mut changed = der.clone();
            changed[position] ^= 1;
            let (file, pem) = ("changed.cer", "changed.pem");
            let (file, pem) = (
                issued.folder.join(format!("{home}-{file}")),
                issued.folder.join(format!("{home}-{pem}")),
            );
            fs::write(&file, changed).unwrap();
            let arguments = ["x509", "-inform", "DER", "-in", file.to_str().unwrap(), "-out"];
            ask("openssl", arguments.iter().map(Path::new).chain([pem.as_path()]));
            let verdict = verify(authority, begun, &pem);
            assert!(!verdict.accepted, "octet {position}: {}", verdict.text);
        }
    }
}

#[test]
fn reads_every_certificate() {
    for certificate in &issued().certificates {
        let verdict =
            ask("certtool", ["--certificate-info", "--infile", certificate.pem.to_str().unwrap()]);
        assert!(verdict.accepted, "{certificate:?}\n{}", verdict.text);
        assert!(!verdict.text.to_lowercase().contains("error"), "{}", verdict.text);
        let mut expected = vec!["Key Usage (critical)", "Certificate Policies (critical)"];
        if let Some(items) = &certificate.items {
            expected.push("Non repudiation.");
            let read: Vec<String> = verdict
                .text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("otherName DER: "))
                .map(str::to_owned)
                .collect();
            // The published order.
            let written: Vec<String> = [0, 3, 2, 4, 1, 5].map(|at| utf8_string(&items[at])).into();
            assert_eq!(read, written, "{certificate:?}");
        } else {
            expected.push("TLS WWW Client.");
            expected.push("Access Method: 1.3.6.1.5.5.7.48.1 (id-ad-ocsp)");
            assert!(!verdict.text.contains("otherName"), "{}", verdict.text);
        }
        for line in expected {
            assert!(verdict.text.contains(line), "no `{line}` in\n{}", verdict.text);
        }
    }
}

#[test]
fn reads_every_list() {
    let published = published();
    for ca in CAS {
        let mut listed: Vec<String> = published
            .of(ca)
            .iter()
            .filter(|certificate| certificate.reason.is_some())
            .map(|certificate| format!("{:02x}", certificate.serial))
            .collect();
        listed.sort();
        for generation in GENERATIONS {
            for (partition, listed) in [(HERE, listed.as_slice()), (ELSEWHERE, &[]), (OWN, &[])] {
                let list = published.list(ca, generation, partition);
                let options = ["--crl-info", "--inder", "--infile"].map(Path::new);
                let verdict = ask("certtool", options.into_iter().chain([list.as_path()]));
                assert!(verdict.accepted, "{}", verdict.text);
                let serials = verdict.text.lines().filter_map(|line| {
                    line.trim().strip_prefix("Serial Number (hex): ").map(str::to_owned)
                });
                assert_eq!(serials.collect::<Vec<_>>(), listed, "{list:?}");
                for line in ["Version: 2", "CRL Number (not critical): ", "2.5.29.28 (critical)"] {
                    assert!(verdict.text.contains(line), "no `{line}` in\n{}", verdict.text);
                }
            }
        }
    }
}

fn verify(authority: &Path, at: Timestamp, file: &Path) -> Verdict {
    let time = at.utc().strftime("%Y-%m-%d %H:%M:%S").to_string();
    // Medium: GnuTLS's word for 112 bits of security and more.
    let options = ["--verify", "--verify-profile", "medium", "--load-ca-certificate"];
    let files = [authority, Path::new("--infile"), file];
    ask_at(&time, "certtool", options.iter().map(Path::new).chain(files))
}

/// A UTF8String in hexadecimal.
fn utf8_string(text: &str) -> String {
    let length = match text.len() {
        short @ ..0x80 => format!("{short:02x}"),
        medium @ ..0x100 => format!("81{medium:02x}"),
        long => format!("82{long:04x}"),
    };
    let contents: String = text.bytes().map(|octet| format!("{octet:02x}")).collect();
    format!("0c{length}{contents}")
}
