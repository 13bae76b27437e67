//! What is judged: certificates issued by the command to fictional holders, every kind of them, and
//! the certificates of the authorities that issue them and of their services.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use jpki_ca::clock::Timestamp;
use serde_json::Value;
use serde_json::json;

/// Everything there is to judge.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) folder: PathBuf,
    pub(super) authorities: Vec<Authority>,
    pub(super) certificates: Vec<Certificate>,
    /// Those of publication and of the responders, `publication` and `ocsp`.
    pub(super) services: Vec<Certificate>,
}

/// An authority's own certificate.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) home: &'static str,
    /// `signature` or `user-authentication`.
    pub(super) ca: &'static str,
    pub(super) pem: PathBuf,
    pub(super) der: PathBuf,
    pub(super) not_before: Timestamp,
}

/// A holder's or a service's certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) home: &'static str,
    pub(super) ca: &'static str,
    /// What is particular about it.
    pub(super) label: String,
    pub(super) pem: PathBuf,
    pub(super) der: PathBuf,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    /// The otherNames that it must carry, .1 to .6; none in all but the signature certificate.
    pub(super) items: Option<[String; 6]>,
}

impl Issued {
    /// The authority that issued a certificate.
    pub(super) fn authority(&self, home: &str, ca: &str) -> &Authority {
        self.authorities.iter().find(|a| a.home == home && a.ca == ca).unwrap()
    }

    /// The certificate of that home, label and authority.
    pub(super) fn certificate(&self, home: &str, label: &str, ca: &str) -> &Certificate {
        let mut all = self.certificates.iter();
        all.find(|c| c.home == home && c.label == label && c.ca == ca).unwrap()
    }

    /// The certificates of each authority.
    pub(super) fn by_authority(&self) -> impl Iterator<Item = (&Authority, Vec<&Certificate>)> {
        self.authorities.iter().map(|authority| {
            let ours = |c: &&Certificate| c.home == authority.home && c.ca == authority.ca;
            (authority, self.certificates.iter().filter(ours).collect())
        })
    }
}

/// Issued once for all judges.
pub(super) fn issued() -> &'static Issued {
    static ISSUED: LazyLock<Issued> = LazyLock::new(issue);
    &ISSUED
}

/// The home whose certificates are the snapshots: RSA throughout, like the published ones.
pub(super) const RSA: &str = "rsa2048";

/// A home with P-256 keys.
pub(super) const P256: &str = "p256";

/// A home founded in 2045: its certificates end on either side of 2050.
pub(super) const LATE: &str = "2045";

/// A home in the name of the published test authorities.
pub(super) const TEST: &str = "test";

/// The holder who appears in every combination of carrier and algorithms.
pub(super) const HANAKO: &str = "card, rsa2048";

const CAS: [&str; 2] = ["signature", "user-authentication"];

fn issue() -> Issued {
    let folder = fresh_folder();
    let mut issued = Issued {
        folder: folder.clone(),
        authorities: Vec::new(),
        certificates: Vec::new(),
        services: Vec::new(),
    };
    for (home, algorithm, organisation, at) in [
        (RSA, "rsa2048", "JPKI-SANDBOX", "2026-11-02T09:00:00+09:00"),
        (P256, "p256", "JPKI-SANDBOX", "2026-11-02T09:00:00+09:00"),
        (LATE, "p256", "JPKI-SANDBOX", "2045-01-10T09:00:00+09:00"),
        (TEST, "rsa2048", "JPKI-TEST", "2026-11-02T09:00:00+09:00"),
    ] {
        let printed =
            jpki(&folder, home, at, &["init", "--algorithm", algorithm, "--org", organisation]);
        let made: Value = serde_json::from_str(&printed).unwrap();
        for service in made["services"].as_array().unwrap() {
            let word = |name: &str| service[name].as_str().unwrap();
            let pem = folder.join(word("certificate"));
            issued.services.push(Certificate {
                home,
                ca: CAS.into_iter().find(|ca| word("ca") == *ca).unwrap(),
                label: word("service").to_owned(),
                der: pem.with_extension("cer"),
                pem,
                not_before: at.parse().unwrap(),
                not_after: word("not_after").parse().unwrap(),
                items: None,
            });
        }
        for ca in CAS {
            let der = folder.join(format!("{home}/ca/{ca}-1.cer"));
            let pem = der.with_extension("pem");
            let not_before = at.parse().unwrap();
            issued.authorities.push(Authority { home, ca, pem, der, not_before });
        }
    }
    for home in [RSA, P256] {
        for carrier in ["card", "phone"] {
            for algorithm in ["rsa2048", "p256"] {
                let label = format!("{carrier}, {algorithm}");
                let mut holder = Holder::new(&label, "山田　花子", "1990-12-07", "419901207");
                // The phone's certificates are issued to someone who holds the card's.
                holder.form["person"] = json!(format!("hanako-{algorithm}"));
                batch(
                    &mut issued,
                    home,
                    "2026-11-02T10:15:00+09:00",
                    carrier,
                    algorithm,
                    &[holder],
                );
            }
        }
    }
    let at = "2026-11-02T11:00:00+09:00";
    batch(&mut issued, RSA, at, "card", "p256", &particular());
    let at = "2045-01-15T10:15:00+09:00";
    let late = [
        Holder::new("UTCTime", "山田　花子", "1990-12-07", "419901207"),
        Holder::new("GeneralizedTime", "山田　太郎", "1990-01-10", "419900110"),
    ];
    batch(&mut issued, LATE, at, "card", "p256", &late);
    issued
}

/// Holders of whom something is particular.
fn particular() -> Vec<Holder> {
    let mut latin = Holder::new("Latin name", "NGUYEN VAN AN", "1995-03-01", "419950301");
    latin.form["residence"] = json!({ "category": "mid_long_term", "period_end": "2029-03-31" });
    let mut alias = Holder::new("alias", "O'BRIEN ANNE-MARIE", "1980-02-29", "319800229");
    alias.form["residence"] = json!({ "category": "permanent" });
    alias.form["alias"] = json!("大部　杏");
    alias.items[0] = "O'BRIEN ANNE-MARIE［大部　杏］".to_owned();
    alias.items[1] = "0".repeat(24);
    let mut substitutes = Holder::new("substitutes", "高橋　辺", "1970-04-01", "319700401");
    substitutes.form["address"] = json!("東京都清瀬市吉野一丁目１番");
    substitutes.form["substitutes"] = json!([
        { "item": "name", "index": 0, "original": "U+9AD9", "used": "高" },
        { "item": "name", "index": 3, "original": "U+9089 U+E0100", "used": "辺" },
        { "item": "address", "index": 6, "original": "U+20BB7", "used": "吉" },
    ]);
    substitutes.items[1] = "1001".to_owned();
    substitutes.items[4] = "東京都清瀬市吉野一丁目１番".to_owned();
    substitutes.items[5] = "0000001000000".to_owned();
    let mut former = Holder::new("former surname", "山田　花子", "1926-12-24", "219261224");
    former.form["former_surname"] = json!("佐藤");
    former.items[0] = "山田［佐藤］　花子".to_owned();
    former.items[1] = "0".repeat(9);
    let unknown = Holder::new("unknown day of birth", "山田　一", "1950-00-00", "319500000");
    let mut man =
        Holder::new("JIS X 0212, a man of Reiwa's eve", "丂　丄", "2004-05-01", "420040501");
    man.form["sex"] = json!("male");
    man.items[2] = "1".to_owned();
    let mut nobody = Holder::new("sex unknown", "山田　薫", "1989-01-07", "319890107");
    nobody.form["sex"] = json!("unknown");
    nobody.items[2] = "3".to_owned();
    let mut long = Holder::new("address of 200", "山田　長", "1989-01-08", "419890108");
    let address: String =
        "東京都清瀬市".chars().chain("中里五丁目８４２－".chars().cycle()).take(200).collect();
    long.form["address"] = json!(address);
    long.items[4] = address;
    long.items[5] = "0".repeat(200);
    let mut ward = Holder::new("ward", "北　一", "1980-07-15", "319800715");
    ward.form["address"] = json!("北海道札幌市中央区北一条西二丁目");
    ward.form["municipality"] = json!("011011");
    ward.items[4] = "北海道札幌市中央区北一条西二丁目".to_owned();
    ward.items[5] = "0".repeat(16);
    let mut child = Holder::new("child", "山田　桃", "2020-05-05", "");
    child.form["kind"] = json!("user-authentication");
    vec![latin, alias, substitutes, former, unknown, man, nobody, long, ward, child]
}

/// A holder file, and what the signature certificate must say.
struct Holder {
    form: Value,
    items: [String; 6],
}

impl Holder {
    fn new(label: &str, name: &str, birth_date: &str, digits: &str) -> Self {
        let address = "東京都清瀬市中里五丁目８４２番地";
        let mask = |text: &str| "0".repeat(text.chars().count());
        Self {
            form: json!({
                "request_id": label.replace([' ', ',', '\''], "-"),
                "person": label.replace([' ', ',', '\''], "-"),
                "name": name,
                "birth_date": birth_date,
                "sex": "female",
                "address": address,
                "municipality": "132217",
                "residence": { "category": "national" },
            }),
            items: [
                name.to_owned(),
                mask(name),
                "2".to_owned(),
                digits.to_owned(),
                address.to_owned(),
                mask(address),
            ],
        }
        .labelled(label)
    }

    fn labelled(mut self, label: &str) -> Self {
        self.form["label"] = json!(label);
        self
    }
}

/// Issues to these holders, and notes what came of it.
fn batch(
    issued: &mut Issued,
    home: &'static str,
    at: &str,
    carrier: &str,
    algorithm: &str,
    holders: &[Holder],
) {
    let out = issued.folder.join(format!("{home}-out"));
    let file = issued.folder.join("batch.jsonl");
    let mut lines = String::new();
    for holder in holders {
        let mut form = holder.form.clone();
        form.as_object_mut().unwrap().remove("label");
        lines.push_str(&format!("{form}\n"));
    }
    fs::write(&file, lines).unwrap();
    let printed = jpki(
        &issued.folder,
        home,
        at,
        &[
            "issue",
            "--batch",
            file.to_str().unwrap(),
            "--carrier",
            carrier,
            "--holder-algorithm",
            algorithm,
            "--out",
            out.to_str().unwrap(),
        ],
    );
    for holder in holders {
        let id = &holder.form["request_id"];
        let results = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let result = results.into_iter().find(|result| result["request_id"] == *id).unwrap();
        for certificate in result["certificates"].as_array().unwrap() {
            let ca = CAS.into_iter().find(|ca| certificate["ca"] == *ca).unwrap();
            let time = |name: &str| certificate[name].as_str().unwrap().parse().unwrap();
            let serial = certificate["serial"].as_str().unwrap();
            let der = out.join(format!("{ca}-{serial}.cer"));
            issued.certificates.push(Certificate {
                home,
                ca,
                label: holder.form["label"].as_str().unwrap().to_owned(),
                pem: der.with_extension("pem"),
                der,
                not_before: time("not_before"),
                not_after: time("not_after"),
                items: (ca == "signature").then(|| holder.items.clone()),
            });
        }
    }
}

/// Runs the command; what it printed.
pub(super) fn jpki(folder: &Path, home: &str, at: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_jpki"))
        .current_dir(folder)
        .args(["--json", "--quiet", "--home", home, "--at", at])
        .args(arguments)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "jpki {arguments:?} failed:\n{printed}{complaint}");
    printed
}

/// A folder under `target/`, kept for a look at what was judged; those of earlier runs are removed.
pub(super) fn fresh_folder() -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    fs::create_dir_all(&parent).unwrap();
    for entry in fs::read_dir(&parent).unwrap().flatten() {
        // Another process may be judging in parallel: what is young is left alone.
        let age = entry.metadata().ok().and_then(|m| m.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age > Duration::from_secs(600)) {
            // Another process may be faster.
            let _removed = fs::remove_dir_all(entry.path());
        }
    }
    let folder = tempfile::Builder::new().tempdir_in(&parent).unwrap();
    folder.keep()
}
