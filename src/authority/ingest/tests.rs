//! Feeds that arrive in any order, twice, and in pieces.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::Just;
use proptest::prelude::ProptestConfig;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;
use rand_core::OsRng;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::asn1::hex;
use crate::asn1::sha256;
use crate::authority::Ask;
use crate::authority::Authority;
use crate::authority::IssueRequest;
use crate::authority::KeyAsk;
use crate::authority::Kinds;
use crate::authority::RequestId;
use crate::authority::home::Home;
use crate::authority::home::InitOptions;
use crate::clock::FixedClock;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Serial;
use crate::register::HolderForm;
use crate::signer;
use crate::signer::Signer as _;
use crate::signer::SoftwareSigner;
use crate::store::EventKey;
use crate::store::StoreError;

use super::EventOutcome;
use super::Fate;

const TOWN: &str = "132217";
const DESK: &str = "card-desk";
const HOME: &str = "東京都清瀬市架空町０番地";

fn now() -> Timestamp {
    "2026-04-02T09:00:00+09:00".parse().unwrap()
}

/// A home that knows people of two sources, each with both certificates on a card.
static MASTER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let options = InitOptions { algorithm: "p256".parse().unwrap(), ..InitOptions::sandbox() };
    let path = folder.path().join("home");
    let home = Home::init(&path, &options, &FixedClock(now()), &mut OsRng).unwrap();
    let (authority, _) = home.authority(Box::new(FixedClock(now())), None).unwrap();
    for person in (0..PEOPLE).flat_map(|n| [person(TOWN, n), person(DESK, n)]) {
        let form = json!({
            "person": person, "name": "架空　花子", "birth_date": "1990-12-07", "sex": "female",
            "address": HOME, "municipality": TOWN, "residence": {"category": "national"}
        });
        let form = HolderForm::read(form.to_string().as_bytes()).unwrap();
        for kind in [Kind::UserAuthentication, Kind::Signature] {
            let key = signer::generate("p256".parse().unwrap(), &mut OsRng).unwrap();
            let key = KeyAsk::Given(SoftwareSigner::new(&key).unwrap().public_key().clone());
            let kinds = Kinds::One(kind);
            let ask = Ask { kinds, carrier: Carrier::Card, renew: false, key };
            let id = RequestId::draw().unwrap();
            let request = IssueRequest::new(id, &form, &ask, now()).unwrap();
            authority.issue(&request).unwrap().result.unwrap();
        }
    }
    folder
});

/// A copy of the home, as it was before any event.
struct Copy {
    _folder: TempDir,
    authority: Authority,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        copy(&MASTER.path().join("home"), &path);
        let home = Home::open(&path).unwrap();
        let (authority, _) = home.records(Box::new(FixedClock(now()))).unwrap();
        Self { _folder: folder, authority }
    }

    fn ingest(&self, lines: &[Vec<u8>]) -> Vec<EventOutcome> {
        self.authority.ingest(lines).unwrap()
    }

    /// A digest of everything that the feed decides: residents in their last version, certificates
    /// with what ended them, where each source stands, what is refused and why.
    fn state(&self) -> String {
        let mut all = Vec::new();
        self.authority
            .store
            .tx(now(), |tx| {
                for record in tx.residents("", 1000)? {
                    all.push(serde_json::to_string(&record).unwrap());
                }
                for ca in CaName::ALL {
                    for serial in 2..=2 * u64::from(PEOPLE) + 1 {
                        let one = tx.certificate(ca, Serial::new(serial).unwrap())?.unwrap();
                        let cause = tx.cause(one.intent)?.map(|cause| {
                            let event = cause.event.map(|event| (event.source, event.id));
                            (cause.change, cause.article, event, cause.timer)
                        });
                        all.push(format!("{ca} {serial} {:?} {cause:?}", one.state));
                    }
                }
                for source in [TOWN, DESK] {
                    let row = tx.source(source)?;
                    all.push(format!("{source} {} {:?}", row.next, row.waiting));
                }
                let mut refused: Vec<_> = tx
                    .rejected(EventKey::NONE, true, 1000)?
                    .into_iter()
                    .map(|row| format!("{} {} {:?}", row.source, row.id, row.findings))
                    .collect();
                refused.sort();
                all.extend(refused);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        hex(&sha256(all.join("\n").as_bytes()))
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn person(source: &str, number: u8) -> String {
    format!("{source}-{number}")
}

/// The feed of a source about people of its own, some events sound and some not.
fn feed(source: &str, choices: &[(u8, u8)]) -> Vec<Vec<u8>> {
    let mut addresses = vec![HOME.to_owned(); usize::from(PEOPLE)];
    let lines = (1_u64..).zip(choices).map(|(seq, (who, what))| {
        let who = who % PEOPLE;
        let reason = match (source, what % 6) {
            (TOWN, 0..=2) => "relocation",
            (TOWN, 3) => "sex_change",
            (TOWN, 4) => "death",
            (_, 0) => "card_lost",
            (_, 1) => "card_found",
            (_, 2) => "phone_lost",
            (_, 3) => "card_surrendered",
            (TOWN, _) => "household_change",
            _ => "pin_reset",
        };
        let mut event = json!({
            "source": source, "seq": seq, "id": format!("{source}-{seq}"),
            "person": person(source, who), "reason": reason, "event_date": "2026-04-02",
            "notified_on": "2026-04-02", "recorded_at": "2026-04-02T08:00:00+09:00"
        });
        if reason == "relocation" {
            let address = &mut addresses[usize::from(who)];
            let new = format!(
                "東京都清瀬市架空町{}番地",
                "一二三四五六七八九".chars().nth(usize::from(what / 6 % 9)).unwrap()
            );
            event["changes"] = json!({"address": {"old": address, "new": new}});
            // Now and then an update is missed.
            if what % 7 != 0 {
                *address = new;
            }
        } else if reason == "sex_change" {
            let new = ["male", "female"][usize::from(what % 2)];
            event["changes"] = json!({"sex": {"old": "female", "new": new}});
        }
        if what % 11 == 0 {
            event["person"] = json!("nobody");
        }
        event.to_string().into_bytes()
    });
    lines.collect()
}

/// Two feeds, the order in which their lines arrive, those that arrive twice, and where runs end.
type Arrivals = (Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<bool>);

fn arrivals() -> impl Strategy<Value = Arrivals> {
    let choices = || vec((any::<u8>(), any::<u8>()), 0..14);
    let lines = (choices(), choices()).prop_map(|(town, desk)| {
        let mut lines = feed(TOWN, &town);
        lines.extend(feed(DESK, &desk));
        lines
    });
    lines.prop_flat_map(|lines| {
        let twice = proptest::sample::subsequence(lines.clone(), 0..=lines.len());
        let arriving = twice.prop_flat_map({
            let lines = lines.clone();
            move |twice| {
                let mut arriving = lines.clone();
                arriving.extend(twice);
                Just(arriving).prop_shuffle()
            }
        });
        (Just(lines), arriving, vec(any::<bool>(), 32))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// In whatever order, however often and in how many runs a feed arrives: it ends the same.
    #[test]
    fn order_repetition_and_runs_do_not_matter((lines, arriving, cuts) in arrivals()) {
        let in_order = Copy::new();
        in_order.ingest(&lines);
        let shuffled = Copy::new();
        let (mut run, mut settled) = (Vec::new(), 0);
        for (line, ends) in arriving.iter().zip(cuts.iter().cycle()) {
            run.push(line.clone());
            if *ends {
                settled += settle(&shuffled.ingest(&run));
                run.clear();
            }
        }
        settled += settle(&shuffled.ingest(&run));
        prop_assert_eq!(settled, lines.len(), "each event is applied or refused once");
        prop_assert_eq!(shuffled.state(), in_order.state());
        // Once more, all of it: nothing is left to do.
        let again = shuffled.ingest(&arriving);
        prop_assert!(again.iter().all(|outcome| outcome.fate == Fate::Duplicate));
        prop_assert_eq!(shuffled.state(), in_order.state());
    }

    /// Whatever is missing: nothing behind it is applied, and everything before it is.
    #[test]
    fn what_comes_behind_a_gap_waits((lines, _, cuts) in arrivals(), gap in any::<prop::sample::Index>()) {
        let town: Vec<_> = lines.iter().filter(|line| source_of(line) == TOWN).cloned().collect();
        if town.is_empty() {
            return Ok(());
        }
        let gap = gap.index(town.len());
        let sound = Copy::new();
        sound.ingest(&town[..gap]);
        let before = sound.state();
        let holed = Copy::new();
        let mut rest = town.clone();
        let missing = rest.remove(gap);
        let mut waiting = 0;
        for part in rest.chunks(1 + cuts.iter().take_while(|cut| **cut).count()) {
            let outcomes = holed.ingest(part);
            waiting += outcomes.iter().filter(|one| matches!(one.fate, Fate::Waiting { .. })).count();
        }
        prop_assert_eq!(waiting, town.len() - gap - 1);
        if waiting == 0 {
            prop_assert_eq!(holed.state(), before);
        }
        let outcomes = holed.ingest(&[missing]);
        prop_assert_eq!(settle(&outcomes), 1 + waiting, "what had waited is settled behind it");
        let whole = Copy::new();
        whole.ingest(&town);
        prop_assert_eq!(holed.state(), whole.state());
    }
}

/// How many events were settled, applied or refused.
fn settle(outcomes: &[EventOutcome]) -> usize {
    let settled =
        |one: &&EventOutcome| matches!(one.fate, Fate::Applied { .. } | Fate::Refused { .. });
    outcomes.iter().filter(settled).count()
}

fn source_of(line: &[u8]) -> String {
    let event: Value = serde_json::from_slice(line).unwrap();
    event["source"].as_str().unwrap().to_owned()
}

const PEOPLE: u8 = 3;
