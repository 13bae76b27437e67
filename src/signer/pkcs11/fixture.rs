//! A token for tests: SoftHSM in a folder of its own, behind a module that has faults on demand
//! (`tests/pkcs11/shim.c`).

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;

use super::super::Passphrase;
use super::Token;
use super::TokenError;
use super::TokenLimits;
use super::TokenUri;

/// Something that no output may repeat.
pub(crate) const PIN: &str = "48151623";

/// A folder with a token in it.
pub(crate) struct Soft {
    folder: TempDir,
}

impl Soft {
    /// A new token labelled `jpki`, with nothing in it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::copy(REAL, path.join("module.so"))
            .expect("SoftHSM is not installed: apt-get install softhsm2");
        fs::write(path.join("shim.so"), &*SHIM).unwrap();
        fs::create_dir(path.join("tokens")).unwrap();
        let tokens = path.join("tokens");
        let settings = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(path.join("softhsm2.conf"), settings).unwrap();
        let soft = Self { folder };
        soft.util(&[
            "--init-token",
            "--free",
            "--label",
            "jpki",
            "--so-pin",
            "so-pin",
            "--pin",
            PIN,
        ]);
        soft
    }

    /// The token's own tool.
    pub(crate) fn util(&self, words: &[&str]) {
        let output = Command::new("softhsm2-util")
            .args(words)
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A stranger's tool, at the real module.
    pub(crate) fn tool(&self, words: &[&str]) -> String {
        let output = Command::new("pkcs11-tool")
            .args(["--module", REAL, "--token-label", "jpki", "--login", "--pin", PIN])
            .args(words)
            .env("SOFTHSM2_CONF", self.path("softhsm2.conf"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn uri(&self) -> TokenUri {
        let module = self.path("shim.so");
        format!("pkcs11:token=jpki?module-path={}", module.display()).parse().unwrap()
    }

    pub(crate) fn open(&self) -> Token {
        self.open_with(PIN, quick()).unwrap()
    }

    pub(crate) fn open_with(&self, pin: &str, limits: TokenLimits) -> Result<Token, TokenError> {
        Token::open(&self.uri(), &Passphrase::new(pin).unwrap(), limits)
    }

    /// From now on these faults, as `tests/pkcs11/shim.c` has it; none without a line.
    pub(crate) fn faults(&self, lines: &str) {
        let next = self.path("faults.next");
        fs::write(&next, lines).unwrap();
        // Another file: the shim sees by that that it is to be read. The one before keeps its number while it
        // has a name.
        let kept = self.path("faults.before");
        let _replaced = fs::rename(self.path("faults"), kept);
        fs::rename(next, self.path("faults")).unwrap();
    }
}

/// Limits that let a test wait for nothing: one session, so that calls come one after another.
pub(crate) fn quick() -> TokenLimits {
    TokenLimits {
        call: Duration::from_millis(2000),
        generation: Duration::from_secs(60),
        sessions: 1,
        rest: Duration::from_millis(300),
        ..TokenLimits::default()
    }
}

/// The module with faults, compiled once for this run of the tests.
static SHIM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pkcs11/shim.c");
    let folder = tempfile::tempdir().unwrap();
    let shim = folder.path().join("shim.so");
    let output = Command::new("cc")
        .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Wno-cast-function-type", "-Werror"])
        .args(["-shared", "-fPIC", "-o"])
        .args([&shim, &source])
        .args(["-ldl", "-pthread"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(shim).unwrap()
});

/// Where Debian's package `softhsm2` has it.
const REAL: &str = "/usr/lib/softhsm/libsofthsm2.so";
