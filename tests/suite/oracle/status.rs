//! Questions and answers about status, put together in the library, before judges. The keys and
//! certificates are OpenSSL's; so are the signatures, since here nothing is signed that no store has
//! recorded.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jpki_ca::asn1::CertificateParts;
use jpki_ca::asn1::PublicKey;
use jpki_ca::clock::Clock as _;
use jpki_ca::clock::SystemClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Generation;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;
use jpki_ca::ocsp;
use jpki_ca::ocsp::Answer;
use jpki_ca::ocsp::Asked;
use jpki_ca::ocsp::CertId;
use jpki_ca::ocsp::Edition;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Nonce;
use jpki_ca::ocsp::Query;
use jpki_ca::ocsp::Refusal;
use jpki_ca::ocsp::Request;
use jpki_ca::ocsp::Statement;
use jpki_ca::ocsp::Status;
use jpki_ca::ocsp::TbsAnswer;
use jpki_ca::ocsp::ToldStatus;
use jpki_ca::ocsp::TrustedIssuer;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use super::judge::Verdict;
use super::judge::ask;
use super::judge::ask_script;
use super::pkilint_findings;

/// A folder with an authority `ca`, its responder, and an authority of the same name, `other`.
struct Desk {
    folder: TempDir,
    issuer: TrustedIssuer,
    /// When every answer is made.
    now: Timestamp,
}

static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let run = |words: &str| {
            let words = words.split_whitespace().map(|word| match word.strip_prefix('@') {
                Some(name) => path(name),
                None => word.to_owned(),
            });
            let verdict = ask("openssl", words);
            assert!(verdict.accepted, "{}", verdict.text);
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout";
        for name in ["ca", "other"] {
            let subject = "-subj /C=JP/O=Example/CN=Authority";
            run(&format!("req -x509 {key} @{name}.key {subject} -days 30 -out @{name}.pem"));
        }
        run("x509 -in @ca.pem -outform DER -out @ca.cer");
        let extensions = "keyUsage=digitalSignature\nextendedKeyUsage=OCSPSigning\nnoCheck=yes\n";
        fs::write(path("extensions"), extensions).unwrap();
        run(&format!("req -new {key} @responder.key -subj /CN=Responder -out @responder.csr"));
        run("x509 -req -in @responder.csr -CA @ca.pem -CAkey @ca.key -set_serial 2 -days 20 \
             -extfile @extensions -outform DER -out @responder.cer");
        let certificate = fs::read(path("ca.cer")).unwrap();
        let issuer = TrustedIssuer::of_certificate(&certificate).unwrap();
        Self { folder, issuer, now: SystemClock.now() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn serial(number: u64) -> Serial {
        Serial::new(number).unwrap()
    }

    /// Writes a request for these numbers, and an answer that states this of each, signed by the
    /// responder.
    fn answer(&self, name: &str, hash: Hash, nonce: Option<&Nonce>, said: &[(u64, Status)]) {
        let id = |number| CertId::new(hash, self.issuer.hashes(), Self::serial(number));
        let asked: Vec<_> = said.iter().map(|(number, _)| id(*number)).collect();
        let request = Query { asked: &asked, nonce }.to_der().unwrap();
        let read = Request::read(&request).unwrap();
        let statement = |(id, (_, status)): (&CertId, &(u64, Status))| Statement {
            id: id.clone(),
            status: *status,
            archive_cutoff: (*status == Status::Good).then(|| self.now.plus_seconds(-86_400)),
        };
        let statements: Vec<_> = read.asked().iter().zip(said).map(statement).collect();
        let responder = fs::read(self.path("responder.cer")).unwrap();
        let parts = CertificateParts::read(&responder).unwrap();
        let key = PublicKey::from_der(parts.public_key.der).unwrap();
        let tbs = TbsAnswer::encode(&Edition {
            issuer: (CaName::Signature, Generation::FIRST),
            responder: key.key_id(),
            produced_at: self.now,
            this_update: self.now,
            next_update: self.now.plus_seconds(900),
            nonce: read.nonce(),
            statements: &statements,
        });
        let file = |kind: &str| self.path(&format!("{name}.{kind}"));
        fs::write(file("tbs"), tbs.as_der()).unwrap();
        let (secret, signature) = (self.path("responder.key"), file("sig"));
        let mut words = ["dgst", "-sha256", "-sign"].map(str::to_owned).to_vec();
        words.extend([secret.display().to_string(), "-out".to_owned()]);
        words.extend([signature.display().to_string(), file("tbs").display().to_string()]);
        let verdict = ask("openssl", words);
        assert!(verdict.accepted, "{}", verdict.text);
        let signature = fs::read(signature).unwrap();
        let response = ocsp::assemble(tbs.as_der(), key.algorithm(), &signature, &responder);
        fs::write(file("ocsp-request"), request).unwrap();
        fs::write(file("ocsp-response"), response).unwrap();
    }

    /// What OpenSSL says of the answer, about these numbers.
    fn openssl(&self, name: &str, hash: Hash, authority: &str, numbers: &[u64]) -> Verdict {
        let mut words = vec!["-issuer".to_owned(), self.file("ca.pem"), "-no_nonce".to_owned()];
        for number in numbers {
            if hash == Hash::Sha256 {
                words.push("-sha256".to_owned());
            }
            words.extend(["-serial".to_owned(), number.to_string()]);
        }
        self.openssl_with(name, authority, words)
    }

    /// Whether OpenSSL takes the answer for one to the request.
    fn openssl_pair(&self, name: &str) -> Verdict {
        let request = self.file(&format!("{name}.ocsp-request"));
        self.openssl_with(name, "ca.pem", vec!["-reqin".to_owned(), request])
    }

    fn openssl_with(&self, name: &str, authority: &str, more: Vec<String>) -> Verdict {
        let mut words = vec!["ocsp".to_owned()];
        words.extend(more);
        words.extend(["-respin".to_owned(), self.file(&format!("{name}.ocsp-response"))]);
        words.extend(["-CAfile".to_owned(), self.file(authority)]);
        ask("openssl", words)
    }

    fn file(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn cryptography(&self, name: &str) -> Value {
        let files = ["request", "response"].map(|kind| self.path(&format!("{name}.ocsp-{kind}")));
        let verdict = ask_script("judge_cryptography_ocsp.py", files);
        assert!(verdict.accepted, "{}", verdict.text);
        serde_json::from_str(&verdict.output).unwrap()
    }
}

/// A number for each kind of statement.
fn everything() -> Vec<(u64, Status)> {
    let since = DESK.now.plus_seconds(-86_400);
    let revoked = |reason| Status::Revoked { since, reason };
    let mut all = vec![(5, Status::Good), (6, Status::Unknown), (7, Status::NeverIssued)];
    all.extend((300..).zip(Reason::ALL).map(|(number, reason)| (number, revoked(reason))));
    all
}

#[test]
fn openssl_believes_every_answer_and_reads_it() {
    let nonce = Nonce::new(&[7; 32]).unwrap();
    for (name, hash) in [("openssl-sha1", Hash::Sha1), ("openssl-sha256", Hash::Sha256)] {
        let said = everything();
        DESK.answer(name, hash, Some(&nonce), &said);
        let numbers: Vec<u64> = said.iter().map(|(number, _)| *number).collect();
        let verdict = DESK.openssl(name, hash, "ca.pem", &numbers);
        assert!(verdict.accepted, "{}", verdict.text);
        assert!(verdict.text.contains("Response verify OK"), "{}", verdict.text);
        let pair = DESK.openssl_pair(name);
        assert!(pair.accepted && pair.text.contains("Response verify OK"), "{}", pair.text);
        assert!(!pair.text.contains("onc"), "of the nonce: {}", pair.text);
        let mut lines = verdict.output.lines().filter(|line| line.contains(": "));
        for (number, status) in &said {
            let mut next = || lines.next().unwrap().trim();
            let word = match status {
                Status::Good => "good",
                Status::Unknown => "unknown",
                Status::Revoked { .. } | Status::NeverIssued => "revoked",
            };
            assert_eq!(next(), format!("{number}: {word}"));
            assert!(next().starts_with("This Update: "));
            assert!(next().starts_with("Next Update: "));
            let (reason, since) = match status {
                Status::Revoked { reason, .. } => (*reason, None),
                Status::NeverIssued => (Reason::CertificateHold, Some("Jan  1 00:00:00 1970 GMT")),
                Status::Good | Status::Unknown => continue,
            };
            if reason != Reason::Unspecified {
                let name = next().strip_prefix("Reason: ").unwrap().to_lowercase();
                assert_eq!(name, reason.as_str().replace('-', ""));
            }
            let time = next().strip_prefix("Revocation Time: ").unwrap();
            assert!(since.is_none_or(|since| time == since), "{time}");
        }
        assert_eq!(lines.next(), None);
        // Another authority of that name did not sign.
        let other = DESK.openssl(name, hash, "other.pem", &numbers);
        assert!(other.text.contains("Response Verify Failure"), "{}", other.text);
    }
}

#[test]
fn openssl_sees_a_changed_answer_and_another_nonce() {
    let good = [(5, Status::Good)];
    let nonce = |octet| Nonce::new(&[octet; 32]).unwrap();
    DESK.answer("changed", Hash::Sha1, Some(&nonce(7)), &good);
    let judged = || DESK.openssl("changed", Hash::Sha1, "ca.pem", &[5]).text;
    assert!(judged().contains("5: good"), "{}", judged());
    let file = DESK.path("changed.ocsp-response");
    let mut der = fs::read(&file).unwrap();
    let status = der.windows(3).position(|octets| octets == [0x80, 0, 0x18]).unwrap();
    der[status] = 0x82;
    fs::write(&file, der).unwrap();
    assert!(judged().contains("Response Verify Failure"), "{}", judged());
    DESK.answer("changed", Hash::Sha1, Some(&nonce(7)), &good);
    let other = Query {
        asked: &[CertId::new(Hash::Sha1, DESK.issuer.hashes(), Desk::serial(5))],
        nonce: Some(&nonce(8)),
    };
    fs::write(DESK.path("changed.ocsp-request"), other.to_der().unwrap()).unwrap();
    let pair = DESK.openssl_pair("changed").text;
    assert!(pair.contains("Nonce Verify error"), "{pair}");
}

#[test]
fn cryptography_reads_what_was_asked_and_stated() {
    let everything = everything();
    let singles = everything.iter().map(std::slice::from_ref);
    let all = singles.chain([&everything[..]]).zip([Hash::Sha1, Hash::Sha256].into_iter().cycle());
    for (said, hash) in all {
        let nonce = Nonce::new(&vec![7; said.len()]).unwrap();
        DESK.answer("python", hash, Some(&nonce), said);
        let read = DESK.cryptography("python");
        let (octets, now) = ("07".repeat(said.len()), DESK.now.to_unix());
        let name = if hash == Hash::Sha1 { "sha1" } else { "sha256" };
        if let [(number, _)] = said {
            let asked = json!({ "serial": number, "hash": name, "nonce": octets, "same": true });
            assert_eq!(read["asked"], asked);
        }
        assert_eq!([&read["signed"], &read["by_key"]], [true; 2], "{read}");
        assert_eq!((&read["produced_at"], &read["nonce"]), (&json!(now), &json!(octets)));
        let never = said.iter().any(|(_, status)| *status == Status::NeverIssued);
        let extended = never.then_some("1.3.6.1.5.5.7.48.1.9");
        let extensions: Vec<_> = ["1.3.6.1.5.5.7.48.1.2"].into_iter().chain(extended).collect();
        assert_eq!(read["extensions"], json!(extensions));
        let statements = said.iter().map(|(number, status)| {
            let (word, since, reason) = match status {
                Status::Good => ("GOOD", None, None),
                Status::Unknown => ("UNKNOWN", None, None),
                Status::NeverIssued => ("REVOKED", Some(0), Some(Reason::CertificateHold)),
                Status::Revoked { since, reason } => {
                    let stated = Some(*reason).filter(|reason| *reason != Reason::Unspecified);
                    ("REVOKED", Some(since.to_unix()), stated)
                }
            };
            // The name of RFC 5280: kebab case without its hyphens.
            let words = |reason: Reason| {
                let mut words = reason.as_str().split('-').map(str::to_owned);
                let first = words.next().unwrap_or_default();
                words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
            };
            json!({
                "serial": number, "hash": name, "status": word, "since": since,
                "reason": reason.map(words).map(|name| name.replace("caCompromise", "cACompromise")),
                "this_update": now, "next_update": now + 900,
            })
        });
        assert_eq!(read["statements"], json!(statements.collect::<Vec<_>>()));
    }
}

#[test]
fn every_refusal_is_read_by_others() {
    for refusal in Refusal::ALL {
        fs::write(DESK.path("refused.ocsp-request"), []).unwrap();
        fs::write(DESK.path("refused.ocsp-response"), refusal.to_der()).unwrap();
        let read = DESK.cryptography("refused")["refused"].as_str().unwrap().replace('_', "");
        assert!(read.eq_ignore_ascii_case(refusal.as_str()), "{read}");
        let words = ["ocsp", "-respin", &DESK.file("refused.ocsp-response")];
        let verdict = ask("openssl", words);
        let said = verdict.text.to_lowercase();
        assert!(said.contains(&refusal.as_str().to_lowercase()), "{said}");
    }
}

#[test]
fn pkilint_finds_nothing_in_our_answers() {
    let nonce = Nonce::new(&[7; 32]).unwrap();
    let mut files = Vec::new();
    let everything = everything();
    for (name, said) in [("lint-all", &everything[..]), ("lint-one", &everything[..1])] {
        for nonce in [None, Some(&nonce)] {
            let name = format!("{name}-{}", nonce.is_some());
            DESK.answer(&name, Hash::Sha1, nonce, said);
            files.push(DESK.path(&format!("{name}.ocsp-response")));
        }
    }
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let found = pkilint_findings(&files);
    assert!(found.is_empty(), "{found:?}");
    // It speaks when there is something to say: here, of a signed error.
    let mut der = fs::read(files[0]).unwrap();
    let status = der.windows(3).position(|octets| octets == [0x0a, 1, 0]).unwrap();
    der[status + 2] = 3;
    let file = DESK.path("late.ocsp-response");
    fs::write(&file, der).unwrap();
    assert!(!pkilint_findings(&[&file]).is_empty());
}

#[test]
fn an_answer_of_openssl_is_believed_and_read() {
    let file = |name: &str| DESK.file(name);
    let index = "V\t401231235959Z\t\t05\tunknown\t/CN=a\n\
                 R\t401231235959Z\t261120030405Z,superseded\t06\tunknown\t/CN=b\n";
    fs::write(DESK.path("index"), index).unwrap();
    let nonce = Nonce::new(&[7; 32]).unwrap();
    let asked = [5, 6, 9]
        .map(|number| CertId::new(Hash::Sha256, DESK.issuer.hashes(), Desk::serial(number)));
    let query = Query { asked: &asked, nonce: Some(&nonce) }.to_der().unwrap();
    fs::write(DESK.path("asked.ocsp-request"), query).unwrap();
    let responder = |extra: &[&str]| {
        let (index, ca, key) = (file("index"), file("ca.pem"), file("responder.key"));
        let (asked, answer) = (file("asked.ocsp-request"), file("theirs.ocsp-response"));
        let signer = file("responder.cer");
        let mut words = vec!["ocsp", "-index", &index, "-CA", &ca, "-rsigner", &signer];
        words.extend(["-rkey", &key, "-nmin", "15", "-reqin", &asked, "-respout", &answer]);
        words.extend(extra);
        let verdict = ask("openssl", words);
        assert!(verdict.accepted, "{}", verdict.text);
        Answer::read(&fs::read(answer).unwrap()).unwrap()
    };
    for extra in [&[][..], &["-resp_key_id"]] {
        let answer = responder(extra);
        let at = SystemClock.now();
        let told = |number| {
            let serial = Desk::serial(number);
            let issuer = &DESK.issuer;
            let asked = Asked { issuer, serial, nonce: Some(&nonce), at, skew: 5 };
            answer.judge(&asked).unwrap().told.status
        };
        assert_eq!((told(5), told(9)), (ToldStatus::Good, ToldStatus::Unknown));
        let since = "2026-11-20T03:04:05Z".parse().unwrap();
        assert_eq!(told(6), ToldStatus::Revoked { since, reason: Some(4) });
    }
}
