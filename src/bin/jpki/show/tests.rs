use std::error::Error as _;
use std::sync::LazyLock;

use jpki_ca::asn1::CertificateParts;
use jpki_ca::asn1::Der;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::clock::Date;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Generation;
use jpki_ca::credential::Kind;
use jpki_ca::credential::Profile;
use jpki_ca::credential::Serial;
use jpki_ca::holder::Address;
use jpki_ca::holder::BasicFour;
use jpki_ca::holder::FormerSurname;
use jpki_ca::holder::Item;
use jpki_ca::holder::Municipality;
use jpki_ca::holder::Name;
use jpki_ca::holder::Sex;
use jpki_ca::holder::Substitute;
use jpki_ca::profile::Attested;
use jpki_ca::profile::Grant;
use jpki_ca::profile::Issuer;
use jpki_ca::profile::Realm;
use jpki_ca::profile::signature_certificate;
use jpki_ca::profile::user_authentication_certificate;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::proptest;
use proptest::sample::Index;
use proptest::sample::select;
use ring::rand::SystemRandom;
use ring::signature::RSA_PKCS1_SHA256;
use ring::signature::RsaKeyPair;
use x509_cert::der::Decode as _;

use super::*;

const SIGNCA02: &[u8] = include_bytes!("../../../../testdata/jlis-ca/signca02.cer");

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../testdata/show/", $name)).as_slice()
    };
}

/// Every file that can be shown, with what is in it.
const FILES: [(&str, &[u8], &[&str]); 21] = [
    ("signca02", SIGNCA02, &["certificate"]),
    ("rsa4096", fixture!("rsa4096.cer"), &["certificate"]),
    ("p256", fixture!("p256.cer"), &["certificate"]),
    ("ed25519", fixture!("ed25519.cer"), &["certificate"]),
    ("csr", fixture!("p256.csr"), &["certificate_request"]),
    ("bundle", fixture!("bundle.pem"), &["certificate", "certificate", "public_key"]),
    ("rsa key", fixture!("rsa2048.key.pem"), &["private_key"]),
    ("rsa pkcs1", fixture!("rsa2048.pkcs1.pem"), &["private_key"]),
    ("rsa locked", fixture!("rsa2048.locked.pem"), &["private_key"]),
    ("rsa public", fixture!("rsa2048.pub.pem"), &["public_key"]),
    ("rsa public pkcs1", fixture!("rsa2048.pkcs1.pub.pem"), &["public_key"]),
    ("p256 key", fixture!("p256.key.pem"), &["private_key"]),
    ("p256 sec1", fixture!("p256.sec1.der"), &["private_key"]),
    ("p256 locked", fixture!("p256.locked.pem"), &["private_key"]),
    ("p384 sec1", fixture!("p384.sec1.pem"), &["private_key"]),
    ("ed25519 key", fixture!("ed25519.key.pem"), &["private_key"]),
    ("secp256k1", fixture!("secp256k1.sec1.pem"), &["private_key"]),
    ("ocsp-request", fixture!("status.ocsp-request"), &["ocsp_request"]),
    ("ocsp-signed", fixture!("signed.ocsp-request"), &["ocsp_request"]),
    ("ocsp-response", fixture!("status.ocsp-response"), &["ocsp_response"]),
    ("ocsp-refusal", &[0x30, 3, 0x0a, 1, 6], &["ocsp_response"]),
];

/// One certificate of a fictional holder, made once.
static HOLDERS: LazyLock<Vec<u8>> = LazyLock::new(|| issued(Kind::Signature, Carrier::Card));

/// A certificate of a fictional holder, signed by the key that it certifies: only its form counts.
fn issued(kind: Kind, carrier: Carrier) -> Vec<u8> {
    let key = pem::blocks(fixture!("rsa2048.pub.pem")).remove(0).der.unwrap();
    let key = PublicKey::from_der(&key).unwrap();
    let secret = pem::blocks(fixture!("rsa2048.key.pem")).remove(0).der.unwrap();
    let secret = RsaKeyPair::from_pkcs8(&secret).unwrap();
    let instant = |text: &str| text.parse::<Timestamp>().unwrap();
    let issuer = Issuer {
        ca: kind.ca(),
        generation: Generation::FIRST,
        serial: Serial::FIRST,
        key_id: [7; 20],
        algorithm: KeyAlgorithm::RSA_2048,
        profile: Profile::Current,
        not_before: instant("2025-01-01T00:00:00Z"),
        not_after: instant("2034-12-31T14:59:59Z"),
    };
    let municipality = Municipality::from_code("132217").unwrap();
    let grant = Grant {
        realm: &Realm::sandbox(),
        issuer: &issuer,
        serial: Serial::new(20_104_364).unwrap(),
        carrier,
        municipality,
        key: &key,
        requested_at: instant("2025-10-16T08:26:00Z"),
        not_before: instant("2025-10-27T01:35:57Z"),
        end: Date::new(2030, 2, 17).unwrap(),
    };
    let substitute = Substitute::new(Item::Name, 1, "U+9089 U+E0100", "辺").unwrap();
    let address = "東京都清瀬市中里５－８４２";
    let four = BasicFour {
        name: Name::new("渡辺　花子", false, &[substitute]).unwrap(),
        birth_date: "1980-02-17".parse().unwrap(),
        sex: Sex::Female,
        address: Address::new(address, municipality, false, &[]).unwrap(),
    };
    let attested = Attested {
        four: &four,
        former_surname: Some(&FormerSurname::new("山田", &[]).unwrap()),
        alias: None,
        birth_date: &four.birth_date.encoded(),
    };
    let tbs = match kind {
        Kind::Signature => signature_certificate(&grant, &attested),
        Kind::UserAuthentication => user_authentication_certificate(&grant),
    };
    let mut tbs = tbs.as_der().to_vec();
    if kind == Kind::UserAuthentication {
        // How the opaque part is made is assumed, and no matter of this test.
        let window = tbs.windows(9).position(|octets| octets == b"13221003A").unwrap();
        tbs[window - 14..window].copy_from_slice(b"012345A6789ABC");
    }
    let mut signature = vec![0; secret.public().modulus_len()];
    let random = SystemRandom::new();
    secret.sign(&RSA_PKCS1_SHA256, &random, &tbs, &mut signature).unwrap();
    Der::build(|der| {
        der.sequence(|der| {
            der.raw(&tbs);
            der.raw(&KeyAlgorithm::RSA_2048.signature_identifier());
            der.bit_string(&signature);
        });
    })
}

fn text(file: &[u8]) -> String {
    describe(file).unwrap().to_text()
}

fn json(file: &[u8]) -> serde_json::Value {
    describe(file).unwrap().to_json()["objects"][0].clone()
}

fn pretty(file: &[u8]) -> String {
    serde_json::to_string_pretty(&describe(file).unwrap().to_json()).unwrap()
}

fn error(file: &[u8]) -> String {
    let error = describe(file).err().unwrap();
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{source}")
}

#[test]
fn every_file_is_what_it_is() {
    for (name, file, expected) in FILES {
        let document = describe(file).unwrap_or_else(|error| panic!("{name}: {error}")).to_json();
        let kinds: Vec<_> = document["objects"].as_array().unwrap().iter().collect();
        let kinds: Vec<_> = kinds.iter().map(|object| object["object"].as_str().unwrap()).collect();
        assert_eq!(kinds, expected, "{name}");
    }
}

#[test]
fn certificates_of_the_service() {
    insta::assert_snapshot!("signca02_text", text(SIGNCA02));
    insta::assert_snapshot!("signca02_json", pretty(SIGNCA02));
    let signature = issued(Kind::Signature, Carrier::Card);
    insta::assert_snapshot!("signature_text", text(&signature));
    insta::assert_snapshot!("signature_json", pretty(&signature));
    let authentication = issued(Kind::UserAuthentication, Carrier::Phone);
    insta::assert_snapshot!("user_authentication_text", text(&authentication));
    insta::assert_snapshot!("user_authentication_json", pretty(&authentication));
}

#[test]
fn certificates_of_others() {
    insta::assert_snapshot!("bundle_text", text(fixture!("bundle.pem")));
    insta::assert_snapshot!("rsa4096_json", pretty(fixture!("rsa4096.cer")));
    insta::assert_snapshot!("p256_json", pretty(fixture!("p256.cer")));
    insta::assert_snapshot!("ed25519_text", text(fixture!("ed25519.cer")));
    insta::assert_snapshot!("request_text", text(fixture!("p256.csr")));
    insta::assert_snapshot!("request_json", pretty(fixture!("p256.csr")));
}

#[test]
fn questions_and_answers_about_status() {
    insta::assert_snapshot!("ocsp_request_text", text(fixture!("status.ocsp-request")));
    insta::assert_snapshot!("ocsp_request_json", pretty(fixture!("status.ocsp-request")));
    insta::assert_snapshot!("ocsp_signed_text", text(fixture!("signed.ocsp-request")));
    insta::assert_snapshot!("ocsp_response_text", text(fixture!("status.ocsp-response")));
    insta::assert_snapshot!("ocsp_response_json", pretty(fixture!("status.ocsp-response")));
    let refusals = (0..=7).map(|code| text(&[0x30, 3, 0x0a, 1, code]));
    insta::assert_snapshot!("ocsp_refusals_text", refusals.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_wrong_part_of_an_answer_does_not_hide_the_others() {
    let response = fixture!("status.ocsp-response");
    let changed = |needle: &[u8], at: usize, octet: u8| {
        let found = response.windows(needle.len()).position(|octets| octets == needle).unwrap();
        let mut response = response.to_vec();
        response[found + at] = octet;
        response
    };
    assert_eq!(json(response)["verified"], true);
    let time = json(&changed(b"20261120030405Z", 5, b'9'));
    assert_eq!(time["responses"][1]["revocation_time"]["error"], "not a time");
    assert_eq!(time["responses"][1]["reason"], "key-compromise");
    assert_eq!(time["verified"], false);
    let status = json(&changed(&[0x80, 0, 0x18], 0, 0x83));
    assert_eq!(status["responses"][0]["status"]["error"], "not a status");
    assert_eq!(status["responses"][3]["status"], "unknown");
    let nonce = json(&changed(&[4, 16, 0x59, 0xb8], 0, 5));
    assert!(nonce["extensions"][0]["error"].is_string());
    let responder = changed(b"responder", 0, b'R');
    assert!(json(&responder)["verified"].is_null());
    assert!(text(&responder).contains("no certificate of the responder"));
    let request = fixture!("signed.ocsp-request");
    assert_eq!(json(request)["verified"], true);
    let mut forged = request.to_vec();
    let serial = forged.windows(3).position(|octets| octets == [2, 1, 5]).unwrap();
    forged[serial + 2] = 6;
    assert_eq!(json(&forged)["verified"], false);
    assert_eq!(json(&forged)["requests"][0]["cert_id"]["serial_number"]["decimal"], "6");
}

#[test]
fn keys_show_their_public_half_and_nothing_else() {
    let all = FILES.iter().filter(|(name, ..)| name.contains(' ') || *name == "secp256k1");
    let texts: Vec<_> = all.map(|(name, file, _)| format!("-- {name}\n{}", text(file))).collect();
    insta::assert_snapshot!("keys_text", texts.join("\n"));

    let same = |a: &[u8], b: &[u8]| assert_eq!(json(a)["public_key"], json(b)["public_key"]);
    same(fixture!("rsa2048.key.pem"), fixture!("rsa2048.pub.pem"));
    same(fixture!("rsa2048.pkcs1.pem"), fixture!("rsa2048.pkcs1.pub.pem"));
    same(fixture!("p256.key.pem"), fixture!("p256.sec1.der"));
    same(fixture!("p256.key.pem"), fixture!("p256.csr"));
    same(fixture!("ed25519.key.pem"), fixture!("ed25519.cer"));

    // No octet string of a private key and no private number of RSA stands in any output.
    for (name, file, kinds) in FILES {
        // Of a locked key the salts are shown, and its one secret is sealed.
        if kinds != ["private_key"] || name.contains("locked") {
            continue;
        }
        let blocks = pem::blocks(file);
        let der = blocks.iter().rev().find_map(|block| block.der.as_deref());
        let der = der.map_or(file, Vec::as_slice);
        let shown = pretty(file) + &text(file);
        let private = private_octets(der, 0);
        assert!(!private.is_empty(), "{name}");
        for secret in private {
            assert!(!shown.contains(&number::hex(secret)), "{name}");
        }
    }
}

/// Contents of every OCTET STRING without DER inside, and of every INTEGER behind the third of a
/// sequence.
fn private_octets(der: &[u8], depth: usize) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let Some(value) = Value::only(der).filter(|_| depth < 6) else {
        return found;
    };
    let mut integers = 0;
    for child in value.children() {
        integers += usize::from(child.tag == tag::INTEGER);
        if child.tag == tag::INTEGER && integers > 3 {
            found.push(child.contents.strip_prefix(&[0]).unwrap_or(child.contents));
        } else if child.tag == tag::OCTET_STRING {
            match Value::only(child.contents) {
                Some(inner) if inner.tag == tag::OCTET_STRING => found.push(inner.contents),
                Some(inner) => found.extend(private_octets(inner.der, depth + 1)),
                None => found.push(child.contents),
            }
        } else {
            found.extend(private_octets(child.der, depth + 1));
        }
    }
    found
}

#[test]
fn a_public_half_that_is_stated_is_not_believed() {
    let mut key = fixture!("p256.sec1.der").to_vec();
    // The last octets are the point that the file states.
    *key.last_mut().unwrap() ^= 1;
    assert_eq!(json(&key)["public_key"], json(fixture!("p256.sec1.der"))["public_key"]);
}

#[test]
fn a_request_whose_signature_is_wrong_says_so() {
    assert_eq!(json(fixture!("p256.csr"))["self_signature"], true);
    let mut request = fixture!("p256.csr").to_vec();
    let subject = request.windows(7).position(|octets| octets == b"request").unwrap();
    request[subject] ^= 1;
    assert_eq!(json(&request)["self_signature"], false);
    assert!(text(&request).contains("the signature does NOT verify"));
}

#[test]
fn a_wrong_field_does_not_hide_the_others() {
    let signature = issued(Kind::Signature, Carrier::Card);
    let at = |needle: &[u8]| {
        signature.windows(needle.len()).position(|octets| octets == needle).unwrap()
    };
    let mut changed = signature.clone();
    // The month of notAfter, the critical keyUsage, the sex: none is what belongs there.
    changed[at(b"300217145959Z") + 2] = b'9';
    changed[at(&[3, 2, 6, 0xc0])] = 4;
    changed[at(&[0x0c, 1, b'2'])] = 0x13;
    let json = json(&changed);
    assert_eq!(json["validity"]["not_after"]["error"], "not a time");
    assert_eq!(json["validity"]["not_before"]["jst"], "2025-10-27T10:35:57+09:00");
    assert!(json["extensions"][0]["error"].is_string() && json["extensions"][1]["error"].is_null());
    assert_eq!(json["jpki"]["attested"]["sex"]["error"], "malformed");
    assert_eq!(json["jpki"]["attested"]["birth_date"]["decoded"]["japanese"], "昭和55年2月17日");
}

#[test]
fn what_a_file_says_cannot_act_on_a_terminal() {
    let mut certificate = issued(Kind::Signature, Carrier::Card);
    let former = "山田".as_bytes();
    let at = certificate.windows(6).position(|octets| octets == former).unwrap();
    certificate[at..at + 6].copy_from_slice("\u{1b}c\n\u{202e}".as_bytes());
    let shown = text(&certificate);
    assert!(shown.contains("渡辺［<U+001B>c<U+000A><U+202E>］　花子"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn what_is_not_shown_says_why() {
    let list = Der::build(|der| {
        der.sequence(|der| {
            der.sequence(|der| {
                der.unsigned(tag::INTEGER, 1);
                der.raw(&KeyAlgorithm::RSA_2048.signature_identifier());
                der.sequence(|_| {});
                der.time("2026-11-21T00:00:00Z".parse().unwrap());
            });
            der.raw(&KeyAlgorithm::RSA_2048.signature_identifier());
            der.bit_string(&[]);
        });
    });
    let mut longer = SIGNCA02.to_vec();
    longer.push(b'\n');
    let block = |label: &str, base64: &str| {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n").into_bytes()
    };
    let pkcs12 = [0x30, 5, 2, 1, 3, 0x30, 0];
    let not_x509 = [0x30, 7, 0x30, 0, 0x30, 0, 3, 1, 0];
    let lines: Vec<String> = [
        &b""[..],
        b"hello",
        &[0xff; 40],
        &longer,
        &SIGNCA02[..700],
        &list,
        &pkcs12,
        &not_x509,
        &[0x30, 0],
        &block("CERTIFICATE", "????"),
        &block("CERTIFICATE", "MAA="),
        &block("EC PARAMETERS", "BggqhkjOPQMBBw=="),
        &vec![b' '; (16 << 20) + 1],
        &Der::build(|der| der.sequence(|der| der.primitive(tag::OID, &vec![1; 1 << 20]))),
    ]
    .into_iter()
    .map(error)
    .collect();
    insta::assert_snapshot!("errors", lines.join("\n"));
}

#[test]
fn all_that_others_read_is_read() {
    for (name, file, _) in FILES {
        if let Ok(certificate) = x509_cert::Certificate::from_der(file) {
            let ours = &json(file);
            let extensions = certificate.tbs_certificate.extensions.unwrap_or_default();
            assert_eq!(ours["extensions"].as_array().unwrap().len(), extensions.len(), "{name}");
            assert!(CertificateParts::read(file).is_some(), "{name}");
        }
    }
}

proptest! {
    #[test]
    fn any_octets_are_answered(octets in vec(any::<u8>(), 0..300)) {
        if let Ok(document) = describe(&octets) {
            let _ = (document.to_json(), document.to_text());
        }
    }

    #[test]
    fn any_change_is_answered(
        chosen in select(FILES.to_vec()),
        changes in vec((any::<Index>(), any::<u8>()), 1..4),
        cut in any::<Option<Index>>(),
    ) {
        let (name, file, _) = chosen;
        let mut octets = file.to_vec();
        if name == "signca02" {
            octets.clone_from(&HOLDERS);
        }
        if let Some(block) = pem::blocks(file).pop().and_then(|block| block.der) {
            octets = block.to_vec();
        }
        for (at, octet) in changes {
            *at.get_mut(&mut octets) = octet;
        }
        if let Some(cut) = cut {
            octets.truncate(cut.index(octets.len()));
        }
        if let Ok(document) = describe(&octets) {
            let _ = document.to_json();
            let text = document.to_text();
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}
