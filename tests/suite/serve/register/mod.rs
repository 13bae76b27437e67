//! The `register` role, over TLS with certificates that OpenSSL makes, and curl as its client.

mod access;
mod events;
mod interface;
mod issue;
mod look;
mod strain;

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::LazyLock;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::public_key;

/// Everybody who has a certificate: the name, the roles in `jpki.toml`, and the sources.
const CLIENTS: [(&str, &str, Option<&str>); 4] = [
    ("issuer", "issuer", None),
    ("register", "register", None),
    ("kiyose", "register", Some("132217")),
    ("auditor", "auditor", None),
];

/// Certificates and keys of a server, of the clients, of a stranger from the same authority, and of an
/// impostor from another: made once.
static CERTIFICATES: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        set -e
        new="openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        for ca in ca other; do
            $new -x509 -keyout $ca.key -out $ca.pem -days 2 -subj "/CN=$ca"
        done
        one() {
            $new -keyout $1.key -out $1.csr -subj "/CN=$1"
            printf "$3" >$1.ext
            openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 2 \
                -extfile $1.ext -out $1.pem
        }
        one server ca "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
        for client in issuer register kiyose auditor stranger; do
            one $client ca "extendedKeyUsage=clientAuth\n"
        done
        one impostor other "extendedKeyUsage=clientAuth\n"
        chmod 600 *.key
    "#;
    let mut shell = Command::new("sh");
    let made = shell.args(["-c", script]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    folder
});

fn certificates() -> &'static Path {
    CERTIFICATES.path()
}

/// A running server; it is stopped with the test.
struct Served {
    process: Child,
    address: String,
    /// Where it is asked how it stands, where it is served at all.
    admin: Option<SocketAddr>,
}

impl Served {
    /// Serves a home whose settings know the clients.
    fn of(stage: &Stage) -> Self {
        Self::with(stage, "")
    }

    /// As [`Served::of`], with more options.
    fn with(stage: &Stage, options: &str) -> Self {
        let at = if options.contains("--at ") { String::new() } else { format!("--at {NOW}") };
        let words = format!("serve --register 127.0.0.1:0 --json {at} {options}");
        Self::run(stage, stage.command(&words))
    }

    /// Starts such a command, in surroundings of its own.
    fn run(stage: &Stage, mut command: Command) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(fs::File::create(stage.path("serve.log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut next = || -> Value {
            let line = lines.next().unwrap_or_else(|| panic!("{}", stage.read_text("serve.log")));
            serde_json::from_str(&line.unwrap()).unwrap()
        };
        let bound = next();
        assert_eq!((&bound["role"], &bound["tls"]), (&json!("register"), &json!(true)));
        let mut admin = None;
        let mut told = next();
        if told["role"] == "admin" {
            admin = Some(told["address"].as_str().unwrap().parse().unwrap());
            told = next();
        }
        assert_eq!(told["status"], "ready");
        Self { process, address: bound["address"].as_str().unwrap().to_owned(), admin }
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// curl as this client, to be given more options.
    fn curl(&self, client: &str, path: &str) -> Command {
        let file = |ending: &str| certificates().join(format!("{client}.{ending}"));
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "60"])
            .args(["--write-out", "\n%{http_code} %{content_type}", "--cacert"])
            .arg(certificates().join("ca.pem"))
            .arg("--cert")
            .arg(file("pem"))
            .arg("--key")
            .arg(file("key"))
            .arg(self.url(path));
        curl
    }

    #[track_caller]
    fn get(&self, client: &str, path: &str) -> Answer {
        Answer::of(&self.curl(client, path).output().unwrap())
    }

    /// Sends a body from a file of the stage.
    #[track_caller]
    fn post(&self, client: &str, path: &str, kind: &str, file: &Path) -> Answer {
        Answer::of(&posting(self.curl(client, path), kind, file).output().unwrap())
    }

    /// Sends a JSON document.
    #[track_caller]
    fn post_json(&self, stage: &Stage, client: &str, path: &str, document: &Value) -> Answer {
        stage.write_json("document.json", document);
        self.post(client, path, "application/json", &stage.path("document.json"))
    }

    /// Asks for certificates under a key.
    #[track_caller]
    fn issue(&self, stage: &Stage, key: &str, document: &Value) -> Answer {
        stage.write_json("document.json", document);
        let file = stage.path("document.json");
        let mut curl = posting(self.curl("issuer", CERTIFICATES_PATH), "application/json", &file);
        curl.args(["--header", &format!("idempotency-key: {key}")]);
        Answer::of(&curl.output().unwrap())
    }

    /// Sends the lines of a feed.
    #[track_caller]
    fn send(&self, stage: &Stage, client: &str, events: &[Value]) -> Answer {
        stage.write_lines("events.jsonl", events);
        self.post(client, "/v1/events", NDJSON, &stage.path("events.jsonl"))
    }

    fn signal(&self, signal: &str) {
        let number = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &number]).status().unwrap().success());
    }

    /// Ends it as an operator does; it must end well.
    #[track_caller]
    fn stop(mut self) {
        self.signal("-TERM");
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Ended already, most likely.
        let _killed = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn posting(mut curl: Command, kind: &str, file: &Path) -> Command {
    curl.args(["--header", &format!("content-type: {kind}"), "--data-binary"]);
    curl.arg(format!("@{}", file.display()));
    curl
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    kind: String,
    body: String,
}

impl Answer {
    /// Out of curl; whatever it is, it has not repeated a holder's data.
    #[track_caller]
    fn of(output: &Output) -> Self {
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let (body, last) = text.rsplit_once('\n').unwrap();
        let (status, kind) = last.split_once(' ').unwrap();
        for secret in ["山田", "花子", "中里"] {
            assert!(!body.contains(secret), "the holder's data came out: {body}");
        }
        Self { status: status.parse().unwrap(), kind: kind.to_owned(), body: body.to_owned() }
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Done: this status, and its document.
    #[track_caller]
    fn is(&self, status: u16) -> Value {
        assert_eq!((self.status, self.kind.as_str()), (status, "application/json"), "{self:?}");
        self.json()
    }

    /// Refused: this status, as a problem that names this rule, or none.
    #[track_caller]
    fn refused(&self, status: u16, rule: Option<&str>) -> Value {
        let is_problem = self.kind == "application/problem+json";
        assert!(self.status == status && is_problem, "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], status, "{self:?}");
        assert_eq!(problem["rule"].as_str(), rule, "{self:?}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{self:?}");
        problem
    }

    /// The lines of an answer to events.
    #[track_caller]
    fn lines(&self) -> Vec<Value> {
        assert_eq!((self.status, self.kind.as_str()), (200, NDJSON), "{self:?}");
        self.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A home that knows the clients.
fn home() -> Stage {
    let stage = Stage::founded();
    know_clients(&stage);
    stage
}

/// Has the settings know the server's files and the clients.
fn know_clients(stage: &Stage) {
    let text = stage.read_text("home/jpki.toml");
    let (before, after) = text.split_once("[serve.register]").unwrap();
    let (register, after) = after.split_once("[serve.admin]").unwrap();
    let mut register = register.to_owned();
    for (setting, file) in
        [("certificate", "server.pem"), ("key", "server.key"), ("clients", "ca.pem")]
    {
        let empty = format!("\n{setting} = \"\"\n");
        assert!(register.contains(&empty), "{setting}");
        let path = certificates().join(file);
        register = register.replace(&empty, &format!("\n{setting} = \"{}\"\n", path.display()));
    }
    let mut text = format!("{before}[serve.register]{register}[serve.admin]{after}");
    for (name, role, source) in CLIENTS {
        let sha256 = fingerprint(name);
        text += &format!("\n[[serve.client]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\n");
        text += &format!("roles = [\"{role}\"]\n");
        if let Some(source) = source {
            text += &format!("sources = [\"{source}\"]\n");
        }
    }
    stage.write("home/jpki.toml", text);
}

fn fingerprint(name: &str) -> String {
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]);
    let output = openssl.arg(certificates().join(format!("{name}.pem"))).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().split_once('=').unwrap().1.to_owned()
}

/// What is asked for a person: both certificates, of keys that nobody else has.
fn asked(person: &str, number: u64) -> Value {
    json!({
        "holder": holder(person),
        "public_keys": {
            "signature": public_key(2 * number - 1),
            "user-authentication": public_key(2 * number),
        },
    })
}

const CERTIFICATES_PATH: &str = "/v1/certificates";
const NDJSON: &str = "application/x-ndjson";
