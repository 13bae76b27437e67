//! Only verifiers that are known are answered, where the settings say so.

use jpki_ca::ocsp;
use jpki_ca::ocsp::Hash;

use crate::serve::Served;
use crate::serve::tls::allow;
use crate::serve::tls::certificates;
use crate::serve::tls::secure;

use super::CA;
use super::FIRST;
use super::OCSP;
use super::ask_for;
use super::founded;
use super::id;
use super::populate;

#[test]
fn whoever_has_no_certificate_of_a_verifier_is_not_answered() {
    let stage = founded();
    populate(&stage, 1, "");
    certificates(&stage, &["verifier", "issuer", "unknown"]);
    // The first of the listeners that are off.
    secure(&stage, "", true);
    allow(&stage, "verifier", "\"verifier\"");
    allow(&stage, "issuer", "\"issuer\"");
    let mut served = Served::start(&stage, OCSP);
    let address = served.address("ocsp");
    let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    stage.write("request.der", &der);
    let curl = |words: &str| {
        stage.shell(&format!(
            "curl -sS -o answer -w '%{{http_code}} %{{http_version}}' --cacert tls/ca.pem {words} \
             --data-binary @request.der -H content-type:application/ocsp-request https://{address}"
        ))
    };
    let with = |client: &str| format!("--cert tls/{client}.pem --key tls/{client}.key");
    for (words, version) in [("", "2"), ("--http1.1", "1.1"), ("--tls-max 1.2", "2")] {
        let granted = curl(&format!("{words} {}", with("verifier"))).exits(0);
        assert_eq!(granted.stdout, format!("200 {version}"));
        let line = "openssl ocsp -respin answer -reqin request.der -CAfile \
                    home/ca/user-authentication-1.pem";
        stage.shell(line).exits(0).says("Response verify OK");
    }
    for client in ["issuer", "unknown"] {
        assert_eq!(curl(&with(client)).exits(0).stdout, "403 2", "{client}");
        assert!(ocsp::Answer::read(&stage.read("answer")).is_err(), "nothing of an answer");
    }
    for words in [String::new(), with("strange")] {
        assert_eq!(curl(&words).stdout, "000 0", "no handshake: {words}");
    }

    // OpenSSL's own client.
    stage
        .shell(&format!(
            "(printf 'POST / HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\ncontent-type: \
             application/ocsp-request\\r\\ncontent-length: {}\\r\\n\\r\\n'; cat request.der) > http",
            der.len()
        ))
        .exits(0);
    let client = |words: &str| {
        stage.shell(&format!(
            "openssl s_client -connect {address} -CAfile tls/ca.pem -verify_return_error -quiet \
             -alpn http/1.1 {words} < http > said; grep -a -c '^HTTP/1.1 200' said"
        ))
    };
    let verifier = "-cert tls/verifier.pem -key tls/verifier.key";
    assert_eq!(client(verifier).stdout, "1\n");
    assert_eq!(client(&format!("-tls1_2 {verifier}")).stdout, "1\n");
    for words in ["", "-tls1_2", "-cert tls/strange.pem -key tls/strange.key"] {
        assert_eq!(client(words).stdout, "0\n", "{words}");
        assert!(!String::from_utf8_lossy(&stage.read("said")).contains("HTTP"), "{words}");
    }
    assert_eq!(client("-cert tls/issuer.pem -key tls/issuer.key").stdout, "0\n");
    let said = String::from_utf8_lossy(&stage.read("said")).into_owned();
    assert!(said.starts_with("HTTP/1.1 403"), "{said}");
    // Without TLS nothing is said.
    let plain = format!("curl -sS http://{address}/ -o answer -w '%{{http_code}}'");
    assert_eq!(stage.shell(&plain).stdout, "000");
    let log = served.log().join("\n");
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(served.stop().0, Some(0));
}
