//! Every algorithm of an authority with every algorithm of a holder's key, before OpenSSL:
//! certificates, lists, answers. In each installation the authorities, their responders and publication
//! have five different algorithms; over all of them each has had each.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::authority::Ask;
use jpki_ca::authority::Authority;
use jpki_ca::authority::AuthorityError;
use jpki_ca::authority::ChangeRequest;
use jpki_ca::authority::FoundingKeys;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Kinds;
use jpki_ca::authority::RequestId;
use jpki_ca::authority::publish::PublishOptions;
use jpki_ca::authority::respond::Responder;
use jpki_ca::authority::respond::ResponderKey;
use jpki_ca::authority::respond::Settings;
use jpki_ca::clock::FixedClock;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Generation;
use jpki_ca::credential::Kind;
use jpki_ca::credential::Profile;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;
use jpki_ca::holder::Municipality;
use jpki_ca::law::revocation::Act;
use jpki_ca::ocsp::CertId;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Query;
use jpki_ca::ocsp::TrustedIssuer;
use jpki_ca::policy::Answering;
use jpki_ca::policy::ListTiming;
use jpki_ca::policy::Policy;
use jpki_ca::profile::Partition;
use jpki_ca::profile::Realm;
use jpki_ca::register::HolderForm;
use jpki_ca::signer::PrivateKey;
use jpki_ca::signer::Signer;
use jpki_ca::signer::SoftwareSigner;
use jpki_ca::store::Store;
use jpki_ca::store::StoreUrl;
use pkcs8::SecretDocument;
use tempfile::TempDir;

use crate::stage::holder;

use super::judge::ask;

/// All of them, and what OpenSSL calls their signatures.
const ALGORITHMS: [(&str, &str); 5] = [
    ("rsa2048", "sha256WithRSAEncryption"),
    ("rsa3072", "sha256WithRSAEncryption"),
    ("rsa4096", "sha256WithRSAEncryption"),
    ("p256", "ecdsa-with-SHA256"),
    ("p384", "ecdsa-with-SHA384"),
];

const FOUNDED: &str = "2026-04-01T00:00:00Z";
const NOW: &str = "2026-04-02T00:00:00Z";

/// A key of an algorithm that was made once and for all: 1 for an authority or a service, 2 and 3 for
/// holders.
fn key(algorithm: usize, number: u8) -> SoftwareSigner {
    let name = format!("testdata/keys/{}-{number}.pem", ALGORITHMS[algorithm % 5].0);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let (_, document) = SecretDocument::from_pem(&fs::read_to_string(path).unwrap()).unwrap();
    SoftwareSigner::new(&PrivateKey::from_pkcs8(document.as_bytes())).unwrap()
}

/// A certificate that was issued.
struct Issued {
    kind: Kind,
    serial: Serial,
    der: PathBuf,
    revoked: bool,
}

/// An installation whose signature authority has this algorithm, and the others the next ones.
struct Installation {
    first: usize,
    folder: TempDir,
    authority: Authority,
    certificates: Vec<Issued>,
}

impl Installation {
    fn new(first: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = |at: &str| FixedClock(at.parse().unwrap());
        let url = StoreUrl::Sqlite(folder.path().join("store.db"));
        let [signature, user_authentication, publication, responder, other] =
            [0, 1, 2, 3, 4].map(|role| key(first + role, 1));
        let keys = FoundingKeys {
            signature: &signature,
            user_authentication: &user_authentication,
            publication: publication.public_key(),
            signature_responder: responder.public_key(),
            user_authentication_responder: other.public_key(),
        };
        let (realm, profile) = (Realm::sandbox(), Profile::Current);
        let store = Store::create(&url).unwrap();
        Authority::found(&store, &clock(FOUNDED), &realm, profile, &keys).unwrap();
        let signers: Vec<Box<dyn Signer>> =
            vec![Box::new(signature), Box::new(user_authentication), Box::new(publication)];
        let (authority, _) =
            Authority::open(store, Box::new(clock(NOW)), realm, Policy::default(), signers)
                .unwrap();
        for (issuer, der) in authority.authority_certificates() {
            fs::write(folder.path().join(format!("{}.cer", issuer.ca)), der).unwrap();
            let pem = der::pem::encode_string("CERTIFICATE", Default::default(), der).unwrap();
            fs::write(folder.path().join(format!("{}.pem", issuer.ca)), pem).unwrap();
        }
        Self { first, folder, authority, certificates: Vec::new() }
    }

    /// Somebody with keys of each algorithm gets both certificates.
    fn issue(&mut self) {
        let mut requests = Vec::new();
        for (algorithm, (name, _)) in ALGORITHMS.iter().enumerate() {
            let form = holder(&format!("p-{name}")).to_string();
            let form = HolderForm::read(form.as_bytes()).unwrap();
            let keys = [(Kind::Signature, 2), (Kind::UserAuthentication, 3)]
                .map(|(kind, number)| (kind, key(algorithm, number).public_key().clone()));
            let ask = Ask {
                kinds: Kinds::Both,
                carrier: Carrier::Card,
                renew: false,
                key: KeyAsk::Each(keys.into()),
            };
            let id = RequestId::new(name).unwrap();
            requests.push(IssueRequest::new(id, &form, &ask, self.authority.now()).unwrap());
        }
        let outcomes = self.authority.issue_all(&requests).unwrap();
        for (outcome, (name, _)) in outcomes.into_iter().zip(ALGORITHMS) {
            let (_, issued) = outcome.result.unwrap();
            assert_eq!(issued.len(), 2);
            for issued in issued {
                let certified = PublicKey::of_certificate(&issued.der).unwrap();
                assert_eq!(certified.algorithm(), name.parse::<KeyAlgorithm>().unwrap());
                let der = self.folder.path().join(format!("{name}-{}.cer", issued.kind));
                fs::write(&der, &issued.der).unwrap();
                let (kind, serial) = (issued.kind, issued.serial);
                // In each installation somebody else's are revoked.
                let revoked = name == ALGORITHMS[self.first].0;
                if revoked {
                    let act = Act::Revoke(Reason::KeyCompromise);
                    let change = ChangeRequest { ca: issued.ca, serial, act, dry_run: false };
                    self.authority.change(&change).unwrap().unwrap();
                }
                self.certificates.push(Issued { kind, serial, der, revoked });
            }
        }
    }

    fn authority_of(&self, ca: CaName) -> PathBuf {
        self.folder.path().join(format!("{ca}.pem"))
    }

    fn of(&self, ca: CaName) -> impl Iterator<Item = &Issued> {
        self.certificates.iter().filter(move |issued| issued.kind.ca() == ca)
    }

    /// Every certificate with the list of the holders' municipality.
    fn judge_certificates_and_lists(&self) {
        let mut options = PublishOptions::due(ListTiming::default());
        let kiyose = Municipality::from_code("132217").unwrap();
        options.partition = Some(Partition::Municipality(kiyose));
        let lists = self.folder.path().join("lists");
        self.authority.publish(&lists, &options, &|_, _| ()).unwrap();
        for (role, ca) in CaName::ALL.into_iter().enumerate() {
            let list = lists.join(format!("current/{ca}-1-132217.crl"));
            let authority = self.authority_of(ca);
            let verify = ["verify", "-no-CApath", "-x509_strict", "-check_ss_sig", "-crl_check"];
            let at = (self.authority.now().to_unix() + 60).to_string();
            let files = [Path::new("-CAfile"), &authority, Path::new("-CRLfile"), &list];
            let words = verify.into_iter().chain(["-attime", &at]).map(Path::new);
            let all = self.of(ca).map(|issued| issued.der.as_path());
            let verdict = ask("openssl", words.chain(files).chain(all));
            for issued in self.of(ca) {
                let name = issued.der.display();
                let says = if issued.revoked {
                    format!("error {name}: verification failed")
                } else {
                    format!("{name}: OK")
                };
                assert!(verdict.text.contains(&says), "no {says}\n{}", verdict.text);
            }
            assert_eq!(verdict.text.matches("certificate revoked").count(), 1, "{}", verdict.text);
            let signed = format!("Signature Algorithm: {}", ALGORITHMS[(self.first + role) % 5].1);
            let one = self.of(ca).next().unwrap();
            for words in [["x509", "-in"], ["crl", "-in"]] {
                let file = if words[0] == "crl" { list.as_path() } else { one.der.as_path() };
                let words = words.map(Path::new);
                let text = ["-inform", "DER", "-noout", "-text"].map(Path::new);
                let verdict = ask("openssl", words.into_iter().chain([file]).chain(text));
                assert!(verdict.text.contains(&signed), "no {signed}\n{}", verdict.text);
            }
        }
    }

    /// An answer about all certificates of an authority at once, by its responder.
    fn judge_answers(&self) {
        let mut keys = Vec::new();
        for (role, ca) in [3, 4].into_iter().zip(CaName::ALL) {
            let (record, der) =
                self.authority.responder_certificate(ca, Generation::FIRST).unwrap();
            let signer = Box::new(key(self.first + role, 1));
            keys.push(ResponderKey::new(record, der.to_vec(), signer).unwrap());
        }
        let store = Store::open(&StoreUrl::Sqlite(self.folder.path().join("store.db"))).unwrap();
        let settings = Settings { answering: Answering::default(), retention_years: 10 };
        let clock = Box::new(FixedClock(self.authority.now()));
        let keys = |_: &Store| Ok::<_, AuthorityError>(keys);
        let responder = Responder::open(store, clock, &Realm::sandbox(), settings, keys).unwrap();
        for (role, ca) in [3, 4].into_iter().zip(CaName::ALL) {
            let own = fs::read(self.folder.path().join(format!("{ca}.cer"))).unwrap();
            let issuer = TrustedIssuer::of_certificate(&own).unwrap();
            let asked: Vec<_> = self
                .of(ca)
                .map(|issued| CertId::new(Hash::Sha1, issuer.hashes(), issued.serial))
                .collect();
            let request = Query { asked: &asked, nonce: None }.to_der().unwrap();
            let response = self.folder.path().join(format!("{ca}.ocsp"));
            fs::write(&response, &responder.respond(&request).der[..]).unwrap();
            let authority = self.authority_of(ca);
            let at = (self.authority.now().to_unix() + 60).to_string();
            // By the machine's clock the answer is years old, or not made yet.
            let words = ["ocsp", "-no_nonce", "-attime", &at, "-validity_period", "1000000000"];
            let files = [Path::new("-respin"), &response, Path::new("-CAfile"), &authority];
            let issuer = [Path::new("-issuer"), &authority];
            let certificates = self.of(ca).flat_map(|issued| [Path::new("-cert"), &issued.der]);
            let words = words.into_iter().map(Path::new).chain(files).chain(issuer);
            let verdict = ask("openssl", words.chain(certificates));
            assert!(verdict.text.contains("Response verify OK"), "{}", verdict.text);
            for issued in self.of(ca) {
                let word = if issued.revoked { "revoked" } else { "good" };
                let says = format!("{}: {word}", issued.der.display());
                assert!(verdict.text.contains(&says), "no {says}\n{}", verdict.text);
            }
            let text = ["ocsp", "-resp_text", "-noverify", "-respin"].map(Path::new);
            let verdict = ask("openssl", text.into_iter().chain([response.as_path()]));
            let signed = format!("Signature Algorithm: {}", ALGORITHMS[(self.first + role) % 5].1);
            assert!(verdict.text.contains(&signed), "no {signed}\n{}", verdict.text);
        }
    }
}

#[test]
fn openssl_accepts_every_algorithm_of_an_authority_with_every_one_of_a_holder() {
    let mut roles = BTreeSet::new();
    for first in 0..ALGORITHMS.len() {
        let mut installation = Installation::new(first);
        installation.issue();
        installation.judge_certificates_and_lists();
        installation.judge_answers();
        roles.extend((0..5).map(|role| (role, ALGORITHMS[(first + role) % 5].0)));
    }
    assert_eq!(roles.len(), 25);
}
