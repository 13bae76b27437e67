//! A home whose keys are in a token: SoftHSM, in a folder of its own.

use std::fs;
use std::process::Command;

use serde_json::Value;
use serde_json::json;

use crate::serve::Served;
use crate::stage::FOUNDED;
use crate::stage::NOW;
use crate::stage::PIN;
use crate::stage::Run;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::USER_AUTHENTICATION;
use crate::stage::holder;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A stage with a token beside the home.
struct Device {
    stage: Stage,
}

impl Device {
    /// A token with the label `jpki`, and nothing in it; its PIN is in the file `pin`.
    fn new() -> Self {
        let device = Self { stage: Stage::empty() };
        device.stage.write("pin", format!("{PIN}\n"));
        device.insert();
        device
    }

    /// Puts in a token, in the place of one that may have been there.
    fn insert(&self) {
        let tokens = self.stage.path("tokens");
        let _gone = fs::remove_dir_all(&tokens);
        fs::create_dir(&tokens).unwrap();
        let settings = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
        self.stage.write("softhsm2.conf", settings);
        let words = ["--init-token", "--free", "--label", "jpki", "--so-pin", "87654321", "--pin"];
        let mut util = Command::new("softhsm2-util");
        let output = util.args(words).arg(PIN).env("SOFTHSM2_CONF", self.settings()).output();
        // Without SoftHSM (softhsm2) and pkcs11-tool (opensc) there is nothing to try.
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// A home on the token.
    fn founded() -> Self {
        let device = Self::new();
        device.at(&device.init("p256", "home", ""), FOUNDED).exits(0);
        device
    }

    /// The words that found a home.
    fn init(&self, algorithm: &str, home: &str, object: &str) -> String {
        let address = self.address(object);
        format!("init --algorithm {algorithm} --home {home} --key-store {address}")
    }

    fn address(&self, object: &str) -> String {
        let pin = self.stage.path("pin");
        format!("pkcs11:token=jpki{object}?module-path={MODULE}&pin-source=file:{}", pin.display())
    }

    fn settings(&self) -> std::path::PathBuf {
        self.stage.path("softhsm2.conf")
    }

    #[track_caller]
    fn at(&self, words: &str, at: &str) -> Run {
        let words = format!("{words} --at {at}");
        let output =
            self.stage.command(&words).env("SOFTHSM2_CONF", self.settings()).output().unwrap();
        Run::of(&words, &output)
    }

    #[track_caller]
    fn jpki(&self, words: &str) -> Run {
        self.at(words, NOW)
    }

    /// The labels of the private keys in the token, by a stranger's tool, and how they are kept.
    fn private_keys(&self) -> Vec<(String, String)> {
        let words = ["--module", MODULE, "--token-label", "jpki", "--login", "--pin", PIN];
        let output = Command::new("pkcs11-tool")
            .args(words)
            .args(["--list-objects", "--type", "privkey"])
            .env("SOFTHSM2_CONF", self.settings())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let field = |object: &str, name: &str| {
            let line = object.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let objects = text.split("Private Key Object").skip(1);
        let mut keys: Vec<_> =
            objects.map(|object| (field(object, "label:"), field(object, "Access:"))).collect();
        keys.sort();
        keys
    }

    fn labels(&self) -> Vec<String> {
        self.private_keys().into_iter().map(|(label, _)| label).collect()
    }

    /// Issues to a holder; the result.
    fn issue(&self, person: &str, options: &str) -> Value {
        self.stage.write_json("holder.json", &holder(person));
        let words = "issue --holder holder.json --holder-algorithm p256 --out out --json";
        self.jpki(&format!("{words} {options}")).exits(0).json()
    }
}

#[test]
fn the_whole_life_of_a_holder_on_a_token() {
    let device = Device::founded();
    let stage = &device.stage;
    assert!(!stage.path("home/keys").exists());
    let keys = device.private_keys();
    let labels: Vec<&str> = keys.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "jpki-ocsp-signature-1",
            "jpki-ocsp-user-authentication-1",
            "jpki-publication",
            "jpki-signature-1",
            "jpki-user-authentication-1"
        ]
    );
    for (label, access) in &keys {
        assert_eq!(access, "sensitive, always sensitive, never extractable, local", "{label}");
    }

    device.issue("p-1", "");
    device.jpki(&format!("verify {SIGNATURE} {USER_AUTHENTICATION}")).exits(0);
    let openssl = "openssl verify -x509_strict -attime 1775300000 -CAfile home/ca/signature-1.pem";
    stage.shell(&format!("{openssl} out/signature-4.pem")).exits(0);
    device.jpki(&format!("revoke {THE_SIGNATURE} --reason key-compromise")).exits(0);
    device.jpki("crl publish --out lists --partition 132217").exits(0);
    let list = "lists/current/signature-1-132217.crl";
    let check =
        format!("openssl crl -in {list} -inform DER -noout -CAfile home/ca/signature-1.pem");
    stage.shell(&check).exits(0).says("verify OK");
    let answer = device.jpki(&format!("ocsp query {THE_SIGNATURE} --json")).exits(1).json();
    assert_eq!(answer["status"], "revoked", "{answer}");

    // Every service another key, and a new generation of another kind.
    device.jpki("ocsp rotate").exits(0);
    device.jpki("ca renew-publication --new-key").exits(0);
    let made = device.jpki("ca rollover --ca signature --algorithm p384 --json").exits(0).json();
    assert_eq!(made["key"], "pkcs11:object=jpki-signature-2");
    let issued = device.issue("p-2", "--kind signature");
    assert_eq!(issued["certificates"][0]["generation"], 2);
    device.jpki("crl publish --out lists --partition 132217").exits(0);
    let list = "lists/current/signature-2-132217.crl";
    let check =
        format!("openssl crl -in {list} -inform DER -noout -CAfile home/ca/signature-2.pem");
    stage.shell(&check).exits(0).says("verify OK");

    // The responders' keys before are destroyed at the rotation after the next: a server may have them.
    let count = |label: &str| device.labels().iter().filter(|one| *one == label).count();
    assert_eq!(count("jpki-ocsp-signature-1"), 2);
    device.jpki("ocsp rotate").exits(0);
    assert_eq!(count("jpki-ocsp-signature-1"), 2);
    assert_eq!(count("jpki-publication"), 2, "what it signed goes on to count");
    device.jpki("ocsp status").exits(0);
    stage.is_whole();
}

#[test]
fn keys_are_in_the_token_alone_or_nowhere() {
    let device = Device::new();
    let stage = &device.stage;
    // A founding that fails takes its keys with it.
    let init = device.init("p256", "home", "");
    device.jpki(&format!("{init} --store sqlite:no/such/folder/store.db")).exits(5);
    assert!(device.labels().is_empty() && !stage.path("home").exists());
    device.jpki(&format!("{init} --dry-run")).exits(0);
    assert!(device.labels().is_empty());
    device.at(&init, FOUNDED).exits(0);
    let all = device.labels();
    // Two homes do not share names.
    let second = device.init("p256", "second", "");
    device.at(&second, FOUNDED).exits(2).says("object=");
    assert_eq!(device.labels(), all);
    assert!(!stage.path("second").exists());
    device.at(&device.init("p256", "second", ";object=second"), FOUNDED).exits(0);
    assert_eq!(device.labels().len(), 2 * all.len());
    device.jpki("key passphrase --new-passphrase-file pin").exits(2).says("token");
    device.jpki("key split --needed 2 --shares 3 --out shares").exits(2).says("token");
    assert!(
        stage.names(".").iter().all(|name| name != "shares") || stage.names("shares").is_empty()
    );
}

#[test]
fn a_pin_is_taken_from_anywhere_but_the_command_line() {
    let device = Device::new();
    let stage = &device.stage;
    let address = format!("pkcs11:token=jpki?module-path={MODULE}");
    let init = format!("init --algorithm p256 --key-store {address}");
    device.at(&init, FOUNDED).exits(4).says("PIN");
    let value = init.replace("?", &format!("?pin-value={}&", "1234"));
    device.at(&value, FOUNDED).exits(2).says("--key-store: a PIN never stands");
    stage.write("wrong", "0000\n");
    device.at(&format!("{init} --passphrase-file wrong"), FOUNDED).exits(4).says("PIN");
    device.at(&format!("{init} --passphrase-file pin"), FOUNDED).exits(0);
    stage.write_json("holder.json", &holder("p-1"));
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    device.jpki(issue).exits(4).says("PIN");
    device.jpki(&format!("{issue} --passphrase-file wrong")).exits(4).says("PIN");
    assert!(!stage.path("out").exists());
    let words = format!("{issue} --passphrase-env THE_PIN --at {NOW}");
    let mut command = stage.command(&words);
    command.env("SOFTHSM2_CONF", device.settings()).env("THE_PIN", PIN);
    Run::of(&words, &command.output().unwrap()).exits(0);
    // What needs no key needs no PIN.
    device.jpki("audit verify").exits(0);
    stage.is_whole();
}

#[test]
fn a_token_that_is_gone_or_another_is_told_apart() {
    let device = Device::founded();
    let stage = &device.stage;
    stage.write_json("holder.json", &holder("p-1"));
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    fs::rename(stage.path("tokens"), stage.path("aside")).unwrap();
    fs::create_dir(stage.path("tokens")).unwrap();
    device.jpki(issue).exits(5).says("no token");
    device.insert();
    device.jpki(issue).exits(5).says("no key in pkcs11:object=jpki-signature-1");
    // A key of the right name that is not the certified one.
    let words = ["--module", MODULE, "--token-label", "jpki", "--login", "--pin", PIN];
    let output = Command::new("pkcs11-tool")
        .args(words)
        .args(["--keypairgen", "--key-type", "EC:prime256v1", "--label", "jpki-signature-1"])
        .args(["--id", "01", "--sensitive", "--usage-sign"])
        .env("SOFTHSM2_CONF", device.settings())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    device.jpki(issue).exits(2).says("not the one that its certificate names");
    fs::remove_dir_all(stage.path("tokens")).unwrap();
    fs::rename(stage.path("aside"), stage.path("tokens")).unwrap();
    device.jpki(issue).exits(0);
    let entries = stage.entries();
    assert_eq!(entries.iter().filter(|entry| entry["act"] == "voided").count(), 0, "{entries:?}");
    assert_eq!(stage.record().0, json!(entries.len()).as_u64().unwrap());
}

/// Answers come from a device too, and health tells when it is gone.
#[test]
fn a_server_answers_by_a_key_in_a_token() {
    let device = Device::founded();
    let stage = &device.stage;
    device.issue("p-1", "");
    let words = format!("serve --json --ocsp 127.0.0.1:0 --admin 127.0.0.1:0 --at {NOW}");
    let mut command = stage.command(&words);
    command.env("SOFTHSM2_CONF", device.settings());
    let served = Served::start_command(command);
    let url = format!("http://{}", served.address("ocsp"));
    let ask = format!("ocsp query {THE_SIGNATURE} --url {url} --nonce --json");
    let answer = device.jpki(&ask).exits(0).json();
    assert_eq!(answer["status"], "good", "{answer}");
    device.jpki(&format!("revoke {THE_SIGNATURE} --reason key-compromise")).exits(0);
    assert_eq!(device.jpki(&ask).exits(1).json()["status"], "revoked");
    // Another key, which the server takes up by itself.
    device.jpki("ocsp rotate").exits(0);
    assert_eq!(device.jpki(&ask).exits(1).json()["status"], "revoked");
    let ready = |code: u16| {
        let line =
            format!("curl -s -o ready -w %{{http_code}} http://{}/readyz", served.address("admin"));
        let told = stage.shell(&line).exits(0).stdout;
        assert_eq!(told, code.to_string(), "{}", stage.read_text("ready"));
        stage.read_text("ready")
    };
    assert!(ready(200).contains("\"key-device\""));
}
