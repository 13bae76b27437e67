//! `jpki demo`: the whole life of one fictional holder, each step by the command that does it, and
//! checked.

use std::fs;
use std::path::Path;

use clap::Parser as _;
use jpki_ca::credential::Serial;
use jpki_ca::crl::ReadError;
use jpki_ca::crl::Reader;

use crate::args::Cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let folder = std::env::temp_dir().join(format!("jpki-demo-{}", std::process::id()));
    fs::create_dir(&folder).map_err(|error| Failure::file(&folder, error))?;
    // The commands are then exactly what they are shown to be.
    std::env::set_current_dir(&folder).map_err(|error| Failure::file(&folder, error))?;
    let played = Stage { context }.play();
    // The demo leaves nothing behind; a folder that cannot be removed harms nobody.
    let _removed = fs::remove_dir_all(&folder);
    played
}

/// Where the demo plays: the current folder, a throw-away one.
struct Stage<'a> {
    context: &'a Context<'a>,
}

impl Stage<'_> {
    fn play(&self) -> Result<Exit, Failure> {
        let holder = Path::new("hanako.json");
        fs::write(holder, HOLDER).map_err(|error| Failure::file(holder, error))?;
        self.say("A holder file: the basic four items (基本4情報) of a fictional resident", HOLDER);
        self.step(
            "Two authorities (認証局) with their keys, settings and store",
            &["init"],
            Exit::Done,
        )?;
        self.step(
            "Both certificates (署名用・利用者証明用電子証明書), until the day that the law computes",
            &["issue", "--holder", "hanako.json", "--out", "out", "--request-id", "demo-1"],
            Exit::Done,
        )?;
        self.step("What the signature certificate says", &["show", SIGNATURE], Exit::Done)?;
        self.step(
            "What the user-authentication certificate says: no personal data",
            &["show", AUTHENTICATION],
            Exit::Done,
        )?;
        let both = [SIGNATURE, AUTHENTICATION];
        self.step("Both follow the profile", &["lint", both[0], both[1]], Exit::Done)?;
        self.step("Both are valid", &["verify", both[0], both[1]], Exit::Done)?;
        self.step(
            "The same request again: the same certificates, not new ones",
            &["issue", "--holder", "hanako.json", "--out", "out", "--request-id", "demo-1"],
            Exit::Done,
        )?;
        self.step(
            "Another request while they live is refused",
            &["issue", "--holder", "hanako.json", "--out", "out"],
            Exit::Refused,
        )?;
        let notice = self.notice_of_move();
        let file = Path::new("move.jsonl");
        fs::write(file, &notice).map_err(|error| Failure::file(file, error))?;
        self.say("She moves (転居); the register reports it", notice.trim_end());
        self.step(
            "Her address has changed, so the signature certificate ends",
            &["feed", "apply", "move.jsonl"],
            Exit::Done,
        )?;
        self.step(
            "Why: certificate → event → rule → article",
            &["why", "--ca", "signature", "--serial", "4"],
            Exit::Done,
        )?;
        self.step("… the signature certificate is revoked", &["verify", both[0]], Exit::Negative)?;
        self.step("… the other one is not", &["verify", both[1]], Exit::Done)?;
        self.step(
            "The same by a responder's signed answer (OCSP), as a verifier asks and judges it",
            &["ocsp", "query", "--ca", "signature", "--serial", "4", "--nonce"],
            Exit::Negative,
        )?;
        self.step("… and of the other", &["ocsp", "query", "--certificate", both[1]], Exit::Done)?;
        self.lists_of_her_town()?;
        self.step(
            "Revocation is final",
            &["release", "--ca", "signature", "--serial", "4"],
            Exit::Refused,
        )?;
        self.step(
            "The record of every act, chained by hash, is whole",
            &["audit", "verify"],
            Exit::Done,
        )?;
        self.context.report.note(
            "\nEverything came out as it should. Your own: jpki init, then jpki issue --help.",
        );
        Ok(Exit::Done)
    }

    /// Publishes the lists of the holder's municipality, and looks who stands on them.
    fn lists_of_her_town(&self) -> Result<(), Failure> {
        self.step(
            "The lists of her municipality (失効情報), for those who verify; those of others can wait",
            &["crl", "publish", "--partition", "132217"],
            Exit::Done,
        )?;
        let ended = "The signature certificate stands on the one, and why";
        self.step(ended, &["crl", "show", SIGNATURE_LIST], Exit::Done)?;
        let lives = "Nobody stands on the other";
        self.step(lives, &["crl", "show", AUTHENTICATION_LIST], Exit::Done)?;
        let found = (listed(SIGNATURE_LIST)?, listed(AUTHENTICATION_LIST)?);
        if found == (vec![Serial::new(4).ok()], Vec::new()) {
            Ok(())
        } else {
            let problem = anyhow::anyhow!("the demo failed: {found:?} stand on the lists");
            Err(Failure::Other(Exit::Unavailable, problem))
        }
    }

    /// The event of a relocation, today.
    fn notice_of_move(&self) -> String {
        let now = self.context.clock().now();
        let today = now.japan_date();
        let event = serde_json::json!({
            "source": "132217",
            "seq": 1,
            "id": "132217-demo-000001",
            "person": "p-0001",
            "reason": "relocation",
            "event_date": today.to_string(),
            "notified_on": today.to_string(),
            "recorded_at": now.to_string(),
            "changes": { "address": { "old": OLD_ADDRESS, "new": NEW_ADDRESS } },
        });
        format!("{event}\n")
    }

    /// Plays one command in the folder and holds its exit code against what it should be.
    fn step(&self, title: &str, words: &[&str], expected: Exit) -> Result<(), Failure> {
        self.say(title, &format!("$ jpki {}", words.join(" ")));
        let mut typed = vec!["jpki".to_owned()];
        typed.extend(words.iter().map(|word| (*word).to_owned()));
        // Whatever the environment says, the demo has its own home.
        typed.extend(["--home".to_owned(), "jpki-home".to_owned()]);
        if self.context.report.is_json() {
            typed.push("--json".to_owned());
        }
        if let Some(at) = self.context.global.at {
            typed.extend(["--at".to_owned(), at.to_string()]);
        }
        let cli = Cli::try_parse_from(typed).map_err(Failure::usage)?;
        let ended = super::run(&cli, self.context.report)
            .unwrap_or_else(|failure| self.context.report.failure(&failure));
        if ended == expected {
            Ok(())
        } else {
            Err(Failure::Other(
                Exit::Unavailable,
                anyhow::anyhow!(
                    "the demo failed: this command should have ended with {expected:?}, not {ended:?}"
                ),
            ))
        }
    }

    fn say(&self, title: &str, text: &str) {
        self.context.report.note(&format!("\n# {title}\n{text}"));
    }
}

/// The numbers on a list.
fn listed(file: &str) -> Result<Vec<Option<Serial>>, Failure> {
    let path = Path::new(file);
    let bytes = fs::read(path).map_err(|error| Failure::file(path, error))?;
    let entries = Reader::new(&*bytes).map_err(Failure::usage)?;
    let serials: Result<_, _> = entries.map(|listed| Ok(listed?.serial())).collect();
    serials.map_err(|error: ReadError| Failure::usage(error))
}

/// Her certificates: the numbers before are those of the authorities and their services.
const SIGNATURE: &str = "out/signature-4.cer";
const AUTHENTICATION: &str = "out/user-authentication-3.cer";

const SIGNATURE_LIST: &str = "jpki-home/crl/current/signature-1-132217.crl";
const AUTHENTICATION_LIST: &str = "jpki-home/crl/current/user-authentication-1-132217.crl";

const HOLDER: &str = r#"{
  "person": "p-0001",
  "name": "山田　花子",
  "birth_date": "1990-12-07",
  "sex": "female",
  "address": "東京都清瀬市中里五丁目８４２番地",
  "municipality": "132217",
  "residence": { "category": "national" }
}"#;

const OLD_ADDRESS: &str = "東京都清瀬市中里五丁目８４２番地";
const NEW_ADDRESS: &str = "東京都清瀬市松山一丁目１番２号";
