//! The stage of a session: a folder of its own, the command, and fictional people.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::PoisonError;

use assert_cmd::cargo::cargo_bin;
use p256::ProjectivePoint;
use p256::PublicKey;
use p256::pkcs8::EncodePublicKey as _;
use p256::pkcs8::LineEnding;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

/// When homes are founded.
pub(crate) const FOUNDED: &str = "2026-04-01T09:00:00+09:00";
/// When everything else happens, unless a command says otherwise.
pub(crate) const NOW: &str = "2026-04-02T09:00:00+09:00";

/// How many certificates a founding issues: both authorities', that of publication, both responders'.
pub(crate) const FOUNDING: usize = 5;
/// The first certificates that holders get after it: the numbers before are those of the founding.
pub(crate) const SIGNATURE: &str = "out/signature-4.cer";
pub(crate) const USER_AUTHENTICATION: &str = "out/user-authentication-3.cer";
/// How commands name them.
pub(crate) const THE_SIGNATURE: &str = "--ca signature --serial 4";
pub(crate) const THE_USER_AUTHENTICATION: &str = "--ca user-authentication --serial 3";

/// Every holder's name and address. No output of any command under test may repeat them.
const NAME: &str = "山田　花子";
const ADDRESS: &str = "東京都清瀬市中里五丁目８４２番地";

/// Something that no output may repeat: passphrases and a PIN that sessions use.
pub(crate) const PIN: &str = "48151623";
const SECRETS: [&str; 3] = ["correct horse", "battery staple", PIN];

/// A folder with a home in it, `home`.
pub(crate) struct Stage {
    folder: TempDir,
}

impl Stage {
    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with a sandbox home of P-256 keys.
    pub(crate) fn founded() -> Self {
        Self::founded_with("p256")
    }

    /// A folder with a sandbox home of such keys.
    pub(crate) fn founded_with(algorithm: &str) -> Self {
        let stage = Self::empty();
        stage.plain(&format!("init --algorithm {algorithm} --at {FOUNDED}")).exits(0);
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command with these words, in the folder, at the home, to be run.
    pub(crate) fn command(&self, words: &str) -> Command {
        self.at_home(cargo_bin("jpki"), words)
    }

    /// A program with these words, in the same surroundings.
    pub(crate) fn at_home(&self, program: impl AsRef<std::ffi::OsStr>, words: &str) -> Command {
        let mut command = Command::new(program);
        command
            .args(words.split_whitespace())
            .current_dir(self.folder.path())
            .env("JPKI_HOME", "home")
            .stdin(Stdio::null());
        command
    }

    /// Runs the command as it is typed, by the machine's clock.
    pub(crate) fn plain(&self, words: &str) -> Run {
        let run = Run::of(words, &self.command(words).output().unwrap());
        for key in ["BEGIN PRIVATE KEY", "BEGIN ENCRYPTED PRIVATE KEY"] {
            let said = run.stdout.contains(key) || run.stderr.contains(key);
            assert!(!said, "a key came out: {run:?}");
        }
        run
    }

    /// Runs the command at [`NOW`], unless the words set the clock themselves.
    pub(crate) fn jpki(&self, words: &str) -> Run {
        self.plain(&timed(words))
    }

    /// Runs the command at [`NOW`] with something on its standard input.
    pub(crate) fn jpki_reading(&self, words: &str, input: &[u8]) -> Run {
        let mut child = self.start(words);
        // A command that refuses may leave before it has read everything.
        let _written = child.stdin.take().unwrap().write_all(input);
        Run::of(words, &child.wait_with_output().unwrap())
    }

    /// Starts the command at [`NOW`] with pipes at its standard input and output.
    pub(crate) fn start(&self, words: &str) -> Child {
        self.command(&timed(words))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs a line of shell in which `jpki` is the command, at the home.
    pub(crate) fn shell(&self, line: &str) -> Run {
        let binary = cargo_bin("jpki");
        let mut path = binary.parent().unwrap().as_os_str().to_owned();
        path.push(":/usr/local/bin:/usr/bin:/bin");
        let mut command = self.at_home("sh", "-c");
        Run::of(line, &command.arg(line).env("PATH", path).output().unwrap())
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn write_json(&self, name: &str, json: &Value) {
        self.write(name, json.to_string());
    }

    /// Writes values as JSON, one per line.
    pub(crate) fn write_lines(&self, name: &str, lines: &[Value]) {
        self.write(name, lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn read_text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    /// Makes the store as version 2 had it, without what it knows since: links, times to take over,
    /// compromises.
    pub(crate) fn to_store_2(&self) {
        let store = rusqlite::Connection::open(self.path("home/store.db")).unwrap();
        let links = "(SELECT id FROM certificate WHERE certified IS NOT NULL)";
        store
            .execute_batch(&format!(
                "DELETE FROM tbs WHERE id IN {links}; DELETE FROM signature WHERE id IN {links}; \
                 DELETE FROM certificate WHERE certified IS NOT NULL; \
                 DROP INDEX certificate_link; ALTER TABLE certificate DROP COLUMN certified; \
                 ALTER TABLE generation DROP COLUMN compromised_entry; \
                 ALTER TABLE generation DROP COLUMN compromised_at; \
                 ALTER TABLE generation DROP COLUMN compromised; \
                 ALTER TABLE generation DROP COLUMN last_end; \
                 ALTER TABLE generation DROP COLUMN issue_from; \
                 ALTER TABLE generation DROP COLUMN profile; \
                 PRAGMA user_version = 2;"
            ))
            .unwrap();
    }

    /// Changes a setting of the home: the text, found once, by another.
    pub(crate) fn set(&self, from: &str, to: &str) {
        let text = self.read_text("home/jpki.toml");
        assert_eq!(text.matches(from).count(), 1, "{from}");
        self.write("home/jpki.toml", text.replace(from, to));
    }

    /// Everything below a folder: paths, modes and contents.
    pub(crate) fn tree(&self, folder: &str) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut tree = BTreeMap::new();
        collect(&self.path(folder), &mut tree);
        tree
    }

    /// Issues to a holder, one kind or both, with generated P-256 keys; the result.
    #[track_caller]
    pub(crate) fn issue(&self, holder: &Value, options: &str) -> Value {
        self.write_json("holder.json", holder);
        let words = "issue --holder holder.json --holder-algorithm p256 --out out --json";
        self.jpki(&format!("{words} {options}")).exits(0).json()
    }

    /// The verdict on a certificate file.
    #[track_caller]
    pub(crate) fn verdict(&self, file: &str) -> String {
        let json = self.jpki(&format!("verify {file} --json")).json();
        json["verdict"].as_str().unwrap().to_owned()
    }

    /// How many entries the record has, and the hash of the last; it must be sound.
    #[track_caller]
    pub(crate) fn record(&self) -> (u64, String) {
        let json = self.jpki("audit verify --json").exits(0).json();
        assert_eq!(json["status"], "sound");
        (json["entries"].as_u64().unwrap(), json["head"].as_str().unwrap().to_owned())
    }

    /// The entries of the record.
    #[track_caller]
    pub(crate) fn entries(&self) -> Vec<Value> {
        self.jpki("audit list --json").exits(0).lines()
    }

    /// How many entries of the record are about this act.
    #[track_caller]
    pub(crate) fn count(&self, act: &str) -> usize {
        self.entries().iter().filter(|entry| entry["act"] == act).count()
    }

    /// Nothing dangles and the record is sound: what must hold after any fault.
    #[track_caller]
    pub(crate) fn is_whole(&self) {
        self.jpki("recover").exits(0);
        let again = self.jpki("recover --json").exits(0).json();
        assert_eq!(again["voided"], json!([]));
        self.record();
        let entries = self.entries();
        let about = |act: &str| {
            let mut numbers: Vec<_> = entries
                .iter()
                .filter(|entry| entry["act"] == act)
                .map(|entry| (entry["ca"].to_string(), entry["serial"].to_string()))
                .collect();
            numbers.sort();
            let all = numbers.len();
            numbers.dedup();
            assert_eq!(numbers.len(), all, "a number was {act} twice");
            numbers
        };
        let mut ended = about("issued");
        ended.extend(about("voided"));
        ended.sort();
        assert_eq!(ended, about("intended"), "every intent ends issued or void, and never both");
    }
}

fn timed(words: &str) -> String {
    if words.contains("--at ") { words.to_owned() } else { format!("{words} --at {NOW}") }
}

fn collect(folder: &Path, tree: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let mode = metadata.permissions().mode();
        if metadata.is_dir() {
            tree.insert(path.clone(), (mode, Vec::new()));
            collect(&path, tree);
        } else {
            tree.insert(path.clone(), (mode, fs::read(&path).unwrap()));
        }
    }
}

/// How a command ended and what it said.
pub(crate) struct Run {
    words: String,
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Of a command that has ended. Whatever it was, it has repeated neither a holder's data nor what
    /// opens or is a key.
    #[track_caller]
    pub(crate) fn of(words: &str, output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let run = Self {
            words: words.to_owned(),
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        for secret in ["山田", "花子", "中里", "ROSSI"] {
            let said = run.stdout.contains(secret) || run.stderr.contains(secret);
            assert!(!said, "the holder's data came out: {run:?}");
        }
        for secret in SECRETS {
            let said = run.stdout.contains(secret) || run.stderr.contains(secret);
            assert!(!said, "a secret came out: {run:?}");
        }
        run
    }

    /// Nothing but this exit code will do.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Refused by this rule: exit code 3, the rule on standard error.
    #[track_caller]
    pub(crate) fn refused(self, rule: &str) -> Self {
        let run = self.exits(3);
        assert!(run.stderr.contains(&format!("refused by {rule}: ")), "{run:?}");
        run
    }

    /// Said on standard error.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text} is not in {self:?}");
        self
    }

    /// The one document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.stdout);
        parsed.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The documents on standard output, one per line.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let parsed = |line| serde_json::from_str(line);
        let lines: Result<_, _> = self.stdout.lines().map(parsed).collect();
        lines.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { words, code, stdout, stderr } = self;
        write!(f, "`{words}` ended with {code:?}\n-- stdout\n{stdout}-- stderr\n{stderr}")
    }
}

/// The form of a fictional resident of Kiyose, born on 7 December 1990.
pub(crate) fn holder(person: &str) -> Value {
    json!({
        "person": person,
        "name": NAME,
        "birth_date": "1990-12-07",
        "sex": "female",
        "address": ADDRESS,
        "municipality": "132217",
        "residence": { "category": "national" },
    })
}

/// The form with some fields replaced or added.
pub(crate) fn holder_with(person: &str, fields: &Value) -> Value {
    let mut form = holder(person);
    for (field, value) in fields.as_object().unwrap() {
        form[field] = value.clone();
    }
    form
}

/// A batch line for one user-authentication certificate of the given key: no key is generated.
pub(crate) fn line_with_key(number: u64) -> Value {
    let fields = json!({ "kind": "user-authentication", "public_key": public_key(number) });
    holder_with(&format!("p-{number:05}"), &fields)
}

/// A public key of P-256 in PEM, another for every number from 1 on: so many times the base point.
pub(crate) fn public_key(number: u64) -> String {
    let mut points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
    let position = usize::try_from(number).unwrap() - 1;
    while points.len() <= position {
        let last = points.last().copied().unwrap_or(ProjectivePoint::IDENTITY);
        points.push(last + ProjectivePoint::GENERATOR);
    }
    let key = PublicKey::from_affine(points[position].to_affine()).unwrap();
    key.to_public_key_pem(LineEnding::LF).unwrap()
}

/// Adding once more is far quicker than multiplying anew.
static POINTS: Mutex<Vec<ProjectivePoint>> = Mutex::new(Vec::new());

/// What became of each request, counted.
pub(crate) fn statuses(results: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for result in results {
        *counts.entry(result["status"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}
