//! OpenSSL.

use std::fs;
use std::path::Path;

use super::issued::HANAKO;
use super::issued::LATE;
use super::issued::P256;
use super::issued::RSA;
use super::issued::issued;
use super::judge::Verdict;
use super::judge::ask;
use super::published::CAS;
use super::published::ELSEWHERE;
use super::published::HERE;
use super::published::OWN;
use super::published::published;

#[test]
fn accepts_every_certificate() {
    for (authority, certificates) in issued().by_authority() {
        let der: Vec<&Path> = certificates.iter().map(|c| c.der.as_path()).collect();
        // A second after the last of them began, they are all valid.
        let begun = certificates.iter().map(|c| c.not_before.to_unix()).max();
        let at = begun.unwrap_or(authority.not_before.to_unix()) + 1;
        for file in der.iter().copied().chain([authority.der.as_path()]) {
            let verdict = verify(&authority.pem, at, &[file]);
            assert!(verdict.accepted, "{}", verdict.text);
        }
    }
}

#[test]
fn accepts_every_service_for_what_it_does_alone() {
    for service in &issued().services {
        let authority = issued().authority(service.home, service.ca);
        let purpose = |purpose: &str| {
            let at = (service.not_before.to_unix() + 1).to_string();
            let options = ["verify", "-no-CApath", "-x509_strict", "-check_ss_sig", "-attime", &at];
            let rest = ["-purpose", purpose, "-CAfile"];
            let files = [authority.pem.as_path(), &service.der];
            ask("openssl", options.iter().chain(&rest).map(Path::new).chain(files))
        };
        assert!(purpose("any").accepted, "{service:?}");
        let is_responder = service.label == "ocsp";
        if is_responder {
            let verdict = purpose("ocsphelper");
            assert!(verdict.accepted, "{}", verdict.text);
        }
        for other in ["sslclient", "sslserver", "smimesign", "timestampsign", "crlsign"] {
            // A certificate without purposes is good for those that its key usage allows.
            let allowed = !is_responder && ["sslclient", "sslserver", "smimesign"].contains(&other);
            assert_eq!(purpose(other).accepted, allowed, "{other}: {service:?}");
        }
    }
}

#[test]
fn accepts_to_the_last_second_and_not_before_or_after() {
    let issued = issued();
    for (home, label) in [(RSA, HANAKO), (LATE, "UTCTime"), (LATE, "GeneralizedTime")] {
        let certificate = issued.certificate(home, label, "signature");
        let authority = &issued.authority(home, "signature").pem;
        let (begin, end) = (certificate.not_before.to_unix(), certificate.not_after.to_unix());
        let at = |time| verify(authority, time, &[&certificate.der]);
        assert!(at(begin).accepted);
        // RFC 5280 section 4.1.2.5 counts the last second as within, OpenSSL as past.
        assert!(at(end - 1).accepted);
        // The errors that OpenSSL calls X509_V_ERR_CERT_NOT_YET_VALID and …_HAS_EXPIRED.
        assert!(at(begin - 1).text.contains("error 9 at 0 depth"), "{}", at(begin - 1).text);
        assert!(at(end + 1).text.contains("error 10 at 0 depth"), "{}", at(end + 1).text);
    }
}

#[test]
fn rejects_under_another_authority() {
    let issued = issued();
    for (home, ca) in [(RSA, "user-authentication"), (P256, "signature"), ("test", "signature")] {
        let certificate = issued.certificate(RSA, HANAKO, "signature");
        let at = certificate.not_before.to_unix() + 1;
        let verdict = verify(&issued.authority(home, ca).pem, at, &[&certificate.der]);
        assert!(!verdict.accepted && !verdict.text.contains(": OK"), "{}", verdict.text);
    }
}

#[test]
fn rejects_any_flipped_bit() {
    let issued = issued();
    for (home, ca) in [(RSA, "signature"), (P256, "user-authentication")] {
        let certificate = issued.certificate(home, HANAKO, ca);
        let der = fs::read(&certificate.der).unwrap();
        let folder = issued.folder.join(format!("flipped-{home}"));
        fs::create_dir(&folder).unwrap();
        let mut files = vec![certificate.der.clone()];
        for position in 0..der.len() {
            let mut flipped = der.clone();
            // Another bit of each octet.
            flipped[position] ^= 1 << (position % 8);
            files.push(folder.join(format!("{position}.cer")));
            fs::write(files.last().unwrap(), flipped).unwrap();
        }
        let files: Vec<&Path> = files.iter().map(AsRef::as_ref).collect();
        let at = certificate.not_before.to_unix() + 1;
        let verdict = verify(&issued.authority(home, ca).pem, at, &files);
        let accepted: Vec<&str> =
            verdict.text.lines().filter(|line| line.ends_with(": OK")).collect();
        let sound = format!("{}: OK", certificate.der.display());
        assert_eq!(accepted, [sound.as_str()], "all but the first differ in one bit");
    }
}

#[test]
fn parses_the_extensions_in_the_published_order() {
    const SIGNATURE: [&str; 7] = [
        "X509v3 Key Usage!",
        "X509v3 Subject Alternative Name",
        "X509v3 Certificate Policies!",
        "X509v3 Issuer Alternative Name",
        "X509v3 CRL Distribution Points",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
    ];
    const USER_AUTHENTICATION: [&str; 8] = [
        "X509v3 Key Usage!",
        "X509v3 Extended Key Usage",
        "X509v3 Certificate Policies!",
        "X509v3 Issuer Alternative Name",
        "X509v3 CRL Distribution Points",
        "Authority Information Access",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
    ];
    const PUBLICATION: [&str; 4] = [
        "X509v3 Key Usage!",
        "X509v3 CRL Distribution Points",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
    ];
    const RESPONDER: [&str; 5] = [
        "X509v3 Key Usage!",
        "X509v3 Extended Key Usage",
        "OCSP No Check",
        "X509v3 Authority Key Identifier",
        "X509v3 Subject Key Identifier",
    ];
    for service in &issued().services {
        let expected: &[&str] = if service.label == "ocsp" { &RESPONDER } else { &PUBLICATION };
        assert_eq!(extensions(&service.der), expected, "{service:?}");
    }
    for certificate in &issued().certificates {
        let expected: &[&str] =
            if certificate.ca == "signature" { &SIGNATURE } else { &USER_AUTHENTICATION };
        assert_eq!(extensions(&certificate.der), expected, "{certificate:?}");
    }
    let jlis = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/jlis-ca/signca03.cer");
    for authority in &issued().authorities {
        assert_eq!(extensions(&authority.der), extensions(&jlis), "{authority:?}");
    }
}

#[test]
fn writes_times_as_utc_time_through_2049() {
    let end = |label| {
        let certificate = issued().certificate(LATE, label, "signature");
        let parsed = parse(&certificate.der);
        let times: Vec<&str> = parsed.lines().filter(|line| line.contains("TIME")).collect();
        let [_, end] = times[..] else { panic!("not two times: {times:?}") };
        end.split_once("prim: ").unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(end("UTCTime"), "UTCTIME :491207145959Z");
    assert_eq!(end("GeneralizedTime"), "GENERALIZEDTIME :20500110145959Z");
}

#[test]
fn reads_both_kinds_both_authorities_and_their_services_as_before() {
    for ca in ["signature", "user-authentication"] {
        let certificate = issued().certificate(RSA, HANAKO, ca);
        insta::assert_snapshot!(format!("{ca}-certificate"), text(&certificate.der));
        let authority = issued().authority(RSA, ca);
        insta::assert_snapshot!(format!("{ca}-authority"), text(&authority.der));
    }
    for (label, name) in
        [("publication", "publication-certificate"), ("ocsp", "responder-certificate")]
    {
        let mut services = issued().services.iter();
        let service = services.find(|s| s.home == RSA && s.label == label).unwrap();
        insta::assert_snapshot!(name, text(&service.der));
    }
}

#[test]
fn believes_the_right_partitions_list_of_the_right_generation_alone() {
    let published = published();
    let at = published.at.to_unix() + 60;
    for certificate in &published.certificates {
        let (ca, generation) = (certificate.ca, certificate.generation);
        let other = if generation == 1 { 2 } else { 1 };
        let good = if certificate.reason.is_none() { "OK" } else { "certificate revoked" };
        let right = published.list(ca, generation, HERE);
        let other_generation = published.list(ca, other, HERE);
        let both = published.folder.join(format!("both-{ca}.crl.pem"));
        let lists = [&right, &other_generation];
        let pem =
            lists.map(|list| ask("openssl", [Path::new("crl"), Path::new("-in"), list]).output);
        fs::write(&both, pem.concat()).unwrap();
        for (list, at, says) in [
            (&right, at, good),
            (&both, at, good),
            (&published.list(ca, generation, ELSEWHERE), at, "different CRL scope"),
            (&published.list(ca, generation, OWN), at, "different CRL scope"),
            (&other_generation, at, "unable to get certificate CRL"),
            (&right, at + 72 * 3600, "CRL has expired"),
            (&right, at - 120, "CRL is not yet valid"),
        ] {
            let verdict = verify_with_list(ca, list, at, &certificate.der);
            assert_eq!(verdict.accepted, says == "OK", "{certificate:?}\n{}", verdict.text);
            assert!(verdict.text.contains(says), "no {says}: {certificate:?}\n{}", verdict.text);
        }
    }
}

#[test]
fn finds_publication_on_the_authoritys_own_list() {
    let published = published();
    let at = published.at.to_unix() + 60;
    let publication = published.folder.join("home/ca/publication.cer");
    for (ca, generation, partition, says) in [
        ("signature", 1, OWN, "OK"),
        ("signature", 1, HERE, "different CRL scope"),
        ("signature", 2, OWN, "unable to get certificate CRL"),
    ] {
        let list = published.list(ca, generation, partition);
        let verdict = verify_with_list(ca, &list, at, &publication);
        assert!(verdict.text.contains(says), "{}", verdict.text);
    }
}

/// Verifies by both generations of an authority and one file of lists; told to look at the whole
/// range of lists, it must say the same.
fn verify_with_list(ca: &str, list: &Path, at: i64, certificate: &Path) -> Verdict {
    let authorities = published().folder.join(format!("{ca}.pem"));
    let at = at.to_string();
    let options =
        ["verify", "-no-CApath", "-x509_strict", "-check_ss_sig", "-crl_check", "-attime", &at];
    let files = [Path::new("-CAfile"), &authorities, Path::new("-CRLfile"), list];
    let arguments = || options.iter().map(Path::new).chain(files);
    let plain = ask("openssl", arguments().chain([certificate]));
    let extended = ask("openssl", arguments().chain([Path::new("-extended_crl"), certificate]));
    assert_eq!(plain.text, extended.text);
    plain
}

#[test]
fn verifies_every_list_by_its_own_generation_alone() {
    let published = published();
    for ca in CAS {
        for (generation, other) in [(1, 2), (2, 1)] {
            for partition in [HERE, ELSEWHERE, OWN] {
                let list = published.list(ca, generation, partition);
                let verify = |generation| {
                    let authority = published.authority(ca, generation).with_extension("pem");
                    let options = ["crl", "-noout", "-in"].map(Path::new);
                    let rest = [list.as_path(), Path::new("-CAfile"), &authority];
                    ask("openssl", options.into_iter().chain(rest)).text
                };
                assert!(verify(generation).contains("verify OK"), "{list:?}");
                assert!(!verify(other).contains("verify OK"), "{list:?}");
            }
        }
    }
}

fn verify(authority: &Path, at: i64, files: &[&Path]) -> Verdict {
    let at = at.to_string();
    let options =
        ["verify", "-no-CApath", "-x509_strict", "-check_ss_sig", "-attime", &at, "-CAfile"];
    let arguments = options.iter().map(Path::new).chain([authority]).chain(files.iter().copied());
    ask("openssl", arguments)
}

/// What `openssl asn1parse` prints of a file.
fn parse(der: &Path) -> String {
    let verdict = ask("openssl", ["asn1parse", "-inform", "DER", "-in", der.to_str().unwrap()]);
    assert!(verdict.accepted, "{}", verdict.text);
    verdict.output
}

/// The names of the extensions in encoded order, `!` behind the critical ones.
fn extensions(der: &Path) -> Vec<String> {
    let parsed = parse(der);
    let mut names: Vec<String> = Vec::new();
    for line in
        parsed.lines().skip_while(|line| !line.contains("d=2") || !line.contains("cont [ 3 ]"))
    {
        // Extensions stand at depth 4, what they consist of at depth 5; depth 1 ends them.
        if line.contains(":d=1 ") {
            break;
        }
        if let Some((_, name)) = line.split_once("OBJECT            :") {
            names.push(name.trim_end().to_owned());
        } else if line.contains("BOOLEAN           :255") {
            names.last_mut().unwrap().push('!');
        }
    }
    names
}

/// What `openssl x509 -text` prints, without what differs from key to key.
fn text(der: &Path) -> String {
    let options =
        ["x509", "-inform", "DER", "-noout", "-text", "-nameopt", "oneline,utf8,-esc_msb"];
    let options = options.iter().map(Path::new).chain([Path::new("-in"), der]);
    let verdict = ask("openssl", options);
    assert!(verdict.accepted, "{}", verdict.text);
    let mut text = String::new();
    for line in verdict.output.lines() {
        let indent = line.len() - line.trim_start().len();
        let value = line.trim_start().trim_start_matches("keyid:");
        let is_hex = value.len() >= 2
            && value.contains(':') | (value.len() == 2)
            && value.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        if !is_hex {
            // Versions differ in the spaces around the sign.
            text.push_str(&line.trim_end().replace(" = ", "="));
            text.push('\n');
        } else if !text.ends_with("<hex>\n") {
            let keyid = if line.contains("keyid:") { "keyid:" } else { "" };
            text.push_str(&format!("{:indent$}{keyid}<hex>\n", ""));
        }
    }
    text
}
