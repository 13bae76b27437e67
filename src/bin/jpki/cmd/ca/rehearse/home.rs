//! The home that is carried through, and the people in it.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use jpki_ca::authority::home::Home;
use jpki_ca::clock::FixedClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::CaName;
use serde_json::Value;
use serde_json::json;

use crate::exit::Failure;

use super::openssl::OpenSsl;
use super::openssl::failed;
use super::read;

/// A home in a folder of its own.
pub(super) struct Rehearsed {
    folder: PathBuf,
    /// Everybody was born on that day of the year: between the making of the next generation and its first
    /// certificates, so that these live a year longer.
    birth_date: String,
}

/// What a generation has before it.
pub(super) struct Generation {
    pub(super) needed_until: Option<Timestamp>,
    pub(super) not_after: Timestamp,
}

impl Rehearsed {
    pub(super) fn new(folder: &Path, begins: Timestamp) -> Result<Self, Failure> {
        let birthday = begins.plus_seconds(super::YEAR + 15 * super::DAY).japan_date();
        let birth_date = birthday.plus_months(-12 * 36).map_err(Failure::usage)?.to_string();
        Ok(Self { folder: folder.to_owned(), birth_date })
    }

    /// Runs a command at an instant; what it printed.
    pub(super) fn jpki(&self, at: Timestamp, words: &[&str]) -> Result<Value, Failure> {
        let program = std::env::current_exe().map_err(Failure::usage)?;
        let at = at.to_string();
        let mut command = Command::new(program);
        command.args(words).args(["--home", "home", "--at", &at, "--json", "--quiet"]);
        let output = command.current_dir(&self.folder).output();
        let output = output.map_err(|error| Failure::file(Path::new("jpki"), error))?;
        if !output.status.success() {
            return Err(failed(&format!("jpki {}", words.join(" ")), &output));
        }
        let printed = output.stdout.split(|octet| *octet == b'\n').next().unwrap_or_default();
        Ok(serde_json::from_slice(printed).unwrap_or_default())
    }

    /// Issues both certificates to somebody, or renews them.
    pub(super) fn issue(&self, at: Timestamp, person: &str, renew: bool) -> Result<(), Failure> {
        let holder = json!({
            "person": person,
            "name": "架空　花子",
            "birth_date": self.birth_date,
            "sex": "female",
            "address": "東京都清瀬市架空町０番地",
            "municipality": MUNICIPALITY,
            "residence": { "category": "national" },
        });
        let file = self.folder.join("holder.json");
        fs::write(&file, holder.to_string()).map_err(|error| Failure::file(&file, error))?;
        let out = format!("out-{person}");
        if renew {
            // What stands there is the one before.
            let old = self.folder.join(&out);
            fs::remove_dir_all(&old).map_err(|error| Failure::file(&old, error))?;
        }
        let mut words = vec!["issue", "--holder", "holder.json", "--out", &out];
        words.extend(["--holder-algorithm", "p256"]);
        if renew {
            words.push("--renew");
        }
        self.jpki(at, &words)?;
        Ok(())
    }

    /// Revokes both certificates of somebody.
    pub(super) fn revoke(&self, at: Timestamp, person: &str) -> Result<(), Failure> {
        for ca in CaName::ALL {
            let serial = format!("0x{}", self.serial(person, ca)?);
            let words = ["revoke", "--ca", ca.as_str(), "--serial", &serial];
            let reason = ["--reason", "affiliation-changed"];
            self.jpki(at, &[&words[..], &reason].concat())?;
        }
        Ok(())
    }

    /// Publishes what is due of the lists of everybody's municipality, and rotates responders in time.
    pub(super) fn publish(&self, at: Timestamp) -> Result<(), Failure> {
        let words = ["crl", "publish", "--out", "lists", "--partition", MUNICIPALITY];
        self.jpki(at, &words)?;
        self.jpki(at, &["ocsp", "rotate", "--due"])?;
        Ok(())
    }

    /// An answer of the home's own responder about a certificate.
    pub(super) fn answer(
        &self,
        openssl: &OpenSsl,
        certificate: &Path,
        issuer: &Path,
        at: Timestamp,
    ) -> Result<PathBuf, Failure> {
        let (request, answer) = (self.folder.join("request.der"), self.folder.join("answer.der"));
        openssl.request(certificate, issuer, &request)?;
        let home = Home::open(&self.folder.join("home"))?;
        let responder = home.responder(Box::new(FixedClock(at)), None)?;
        let answered = responder.respond(&read(&request)?);
        fs::write(&answer, &*answered.der).map_err(|error| Failure::file(&answer, error))?;
        Ok(answer)
    }

    /// The certificate of an authority, or of a link, by the beginning of its file's name.
    pub(super) fn authority(&self, name: &str) -> PathBuf {
        self.folder.join("home/ca").join(format!("{name}.pem"))
    }

    /// The list of everybody's municipality by a generation.
    pub(super) fn list(&self, name: &str) -> PathBuf {
        self.folder.join("lists/current").join(format!("{name}-{MUNICIPALITY}.crl"))
    }

    /// Those by all generations that sign one.
    pub(super) fn lists(&self, ca: CaName) -> Result<Vec<PathBuf>, Failure> {
        let generations = (1..=2).map(|generation| self.list(&format!("{ca}-{generation}")));
        Ok(generations.filter(|list| list.exists()).collect())
    }

    /// The certificate of somebody.
    pub(super) fn certificate(&self, person: &str, ca: CaName) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(format!("out-{person}"));
        let entries = fs::read_dir(&folder).map_err(|error| Failure::file(&folder, error))?;
        let prefix = format!("{ca}-");
        for entry in entries {
            let path = entry.map_err(|error| Failure::file(&folder, error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(&prefix) && name.ends_with(".pem") && !name.ends_with(".key.pem") {
                return Ok(path);
            }
        }
        Err(Failure::usage(format!("{} holds no certificate", folder.display())))
    }

    /// Its number in hexadecimal, as OpenSSL writes it.
    pub(super) fn serial(&self, person: &str, ca: CaName) -> Result<String, Failure> {
        let path = self.certificate(person, ca)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let serial = name.rsplit('-').next().and_then(|serial| serial.parse::<u64>().ok());
        let serial = serial.ok_or_else(|| Failure::usage("a certificate without a number"))?;
        let digits = format!("{serial:X}");
        Ok(if digits.len() % 2 == 1 { format!("0{digits}") } else { digits })
    }

    /// How a generation of the signature authority stands.
    pub(super) fn generation(&self, at: Timestamp, number: u64) -> Result<Generation, Failure> {
        let list = self.jpki(at, &["ca", "list"])?;
        let all = list.get("generations").and_then(Value::as_array).cloned().unwrap_or_default();
        let own = all.iter().find(|own| {
            own.get("ca").and_then(Value::as_str) == Some(CaName::Signature.as_str())
                && own.get("generation").and_then(Value::as_u64) == Some(number)
        });
        let time = |name| own?.get(name)?.as_str()?.parse::<Timestamp>().ok();
        let not_after = time("not_after");
        let not_after =
            not_after.ok_or_else(|| Failure::usage("ca list names no such generation"))?;
        Ok(Generation { needed_until: time("needed_until"), not_after })
    }
}

/// Kiyose (清瀬市).
const MUNICIPALITY: &str = "132217";
