//! What is judged: lists that the command publishes for two generations of each authority, and the
//! certificates that they are about.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jpki_ca::authority::home::Home;
use jpki_ca::clock::FixedClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::crl;
use jpki_ca::crl::CoverageCode;
use jpki_ca::crl::Edition;
use jpki_ca::crl::Envelope;
use jpki_ca::crl::Measure;
use jpki_ca::crl::TbsList;
use jpki_ca::signer;
use jpki_ca::signer::Signer as _;
use jpki_ca::signer::SoftwareSigner;
use serde_json::Value;

use crate::stage::holder;

use super::issued::fresh_folder;
use super::issued::jpki;

/// Everything there is to judge.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) folder: PathBuf,
    /// When the lists were made.
    pub(super) at: Timestamp,
    pub(super) certificates: Vec<Certificate>,
}

/// A holder's certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) ca: &'static str,
    pub(super) generation: u16,
    pub(super) serial: u64,
    /// Why it was ended or is held; none when it is good.
    pub(super) reason: Option<&'static str>,
    pub(super) der: PathBuf,
}

pub(super) const CAS: [&str; 2] = ["signature", "user-authentication"];
pub(super) const GENERATIONS: [u16; 2] = [1, 2];

/// The municipality that everyone lives in.
pub(super) const HERE: &str = "132217";
/// One with an empty list.
pub(super) const ELSEWHERE: &str = "131016";
/// The authority's own list.
pub(super) const OWN: &str = "000000";

impl Published {
    /// An authority's own certificate, in DER.
    pub(super) fn authority(&self, ca: &str, generation: u16) -> PathBuf {
        self.folder.join(format!("home/ca/{ca}-{generation}.cer"))
    }

    /// A list, in DER.
    pub(super) fn list(&self, ca: &str, generation: u16, partition: &str) -> PathBuf {
        self.folder.join(format!("lists/current/{ca}-{generation}-{partition}.crl"))
    }

    /// The certificates of an authority, both generations'.
    pub(super) fn of(&self, ca: &str) -> Vec<&Certificate> {
        self.certificates.iter().filter(|certificate| certificate.ca == ca).collect()
    }

    /// The list of a generation as it would be if it carried that generation's own entries alone:
    /// no verifier can tell that anything is missing.
    pub(super) fn split_list(&self, ca: &str, generation: u16) -> PathBuf {
        let home = Home::open(&self.folder.join("home")).unwrap();
        let (authority, _) = home.records(Box::new(FixedClock(self.at))).unwrap();
        let mut issuers = authority.authority_certificates().map(|(issuer, _)| issuer);
        let issuer = issuers.find(|i| i.ca.as_str() == ca && i.generation.get() == generation);
        let issuer = issuer.unwrap();
        let CoverageCode(coverage) = HERE.parse().unwrap();
        let of_another = |serial: u64| {
            self.of(ca).iter().any(|other| other.serial == serial && other.generation != generation)
        };
        let bytes = fs::read(self.list(ca, generation, HERE)).unwrap();
        let entries: Vec<_> = crl::Reader::new(&bytes[..])
            .unwrap()
            .map(|listed| listed.unwrap().entry().unwrap())
            .filter(|entry| !of_another(entry.serial.get()))
            .collect();
        let edition = Edition {
            organisation: authority.realm().organisation(),
            issuer,
            coverage,
            number: 1000,
            this_update: self.at,
            next_update: self.at.plus_seconds(72 * 3600),
            base: None,
        };
        let measure = entries.iter().collect::<Measure>();
        let tbs = TbsList::encode(&edition, measure, entries).unwrap();
        let key = self.folder.join(format!("home/keys/{ca}-{generation}.key.pem"));
        let key = signer::read_key_file(&key, None).unwrap();
        let signer = SoftwareSigner::new(&key).unwrap();
        let signature = signer.sign(tbs.as_der()).unwrap();
        let octets = tbs.as_der().len() as u64;
        let envelope = Envelope::new(issuer.algorithm, octets, &signature).unwrap();
        let path = self.folder.join(format!("split-{ca}-{generation}.crl"));
        let list = [&envelope.before[..], tbs.as_der(), &envelope.behind].concat();
        fs::write(&path, list).unwrap();
        path
    }
}

/// Published once for all judges.
pub(super) fn published() -> &'static Published {
    static PUBLISHED: LazyLock<Published> = LazyLock::new(publish);
    &PUBLISHED
}

fn publish() -> Published {
    let folder = fresh_folder();
    let run = |at: &str, words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        jpki(&folder, "home", at, &words)
    };
    let mut certificates = Vec::new();
    let mut issue = |at: &str, generation: u16, reasons: &[Option<&'static str>]| {
        let people = reasons.iter().enumerate().map(|(number, reason)| {
            let mut form = holder(&format!("p-{generation}-{number}"));
            form["request_id"] = format!("{generation}-{number}").into();
            (form, *reason)
        });
        let people: Vec<(Value, Option<&'static str>)> = people.collect();
        let lines: String = people.iter().map(|(form, _)| format!("{form}\n")).collect();
        fs::write(folder.join("batch.jsonl"), lines).unwrap();
        let printed = run(at, "issue --batch batch.jsonl --holder-algorithm p256 --out out");
        for line in printed.lines() {
            let result: Value = serde_json::from_str(line).unwrap();
            let asked = people.iter().find(|(form, _)| form["request_id"] == result["request_id"]);
            for certificate in result["certificates"].as_array().unwrap() {
                assert_eq!(certificate["generation"], generation, "{certificate}");
                let ca = CAS.into_iter().find(|ca| certificate["ca"] == *ca).unwrap();
                let serial = certificate["serial"].as_str().unwrap();
                certificates.push(Certificate {
                    ca,
                    generation,
                    serial: serial.parse().unwrap(),
                    reason: asked.unwrap().1,
                    der: folder.join(format!("out/{ca}-{serial}.cer")),
                });
            }
        }
    };
    run("2026-10-01T09:00:00+09:00", "init --algorithm rsa2048");
    let old = [None, Some("key-compromise"), Some("certificate-hold")];
    issue("2026-10-02T09:00:00+09:00", 1, &old);
    run("2026-10-03T09:00:00+09:00", "ca rollover --ca signature");
    run("2026-10-03T09:00:00+09:00", "ca rollover --ca user-authentication --algorithm p384");
    let new = [None, Some("unspecified"), Some("affiliation-changed"), Some("superseded")];
    let new = [&new[..], &[Some("cessation-of-operation"), None]].concat();
    issue("2026-10-04T09:00:00+09:00", 2, &new);
    for Certificate { ca, serial, reason, .. } in &certificates {
        let Some(reason) = reason else { continue };
        let number = format!("--ca {ca} --serial {serial}");
        let words = match *reason {
            "certificate-hold" => format!("hold {number}"),
            reason => format!("revoke {number} --reason {reason}"),
        };
        run("2026-10-05T09:00:00+09:00", &words);
    }
    let at = "2026-10-06T09:00:00+09:00";
    for partition in [HERE, ELSEWHERE, OWN] {
        run(at, &format!("crl publish --out lists --partition {partition}"));
    }
    // Both generations of an authority in one file.
    for ca in CAS {
        let pem = GENERATIONS
            .map(|generation| fs::read(folder.join(format!("home/ca/{ca}-{generation}.pem"))));
        let pem = pem.map(Result::unwrap).concat();
        fs::write(folder.join(format!("{ca}.pem")), pem).unwrap();
    }
    Published { folder, at: at.parse().unwrap(), certificates }
}
