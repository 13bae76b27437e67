//! Whatever happens in whatever order, lists keep their promises: they carry what is revoked or
//! held until it stood in one past its end, and nothing else; numbers rise; nothing is left out; a
//! delta list leads from the list before to the one beside it; a full list says what they all say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::authority::Ask;
use jpki_ca::authority::Authority;
use jpki_ca::authority::ChangeRequest;
use jpki_ca::authority::FoundingKeys;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Kinds;
use jpki_ca::authority::RequestId;
use jpki_ca::authority::publish::PublishOptions;
use jpki_ca::clock::Clock;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Kind;
use jpki_ca::credential::Profile;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;
use jpki_ca::crl;
use jpki_ca::crl::Coverage;
use jpki_ca::crl::Manifest;
use jpki_ca::holder::Municipality;
use jpki_ca::law::revocation::Act;
use jpki_ca::policy::ListTiming;
use jpki_ca::policy::Policy;
use jpki_ca::profile::Partition;
use jpki_ca::profile::Realm;
use jpki_ca::register::HolderForm;
use jpki_ca::signer::Signer;
use jpki_ca::signer::SoftwareSigner;
use jpki_ca::store::State;
use jpki_ca::store::Store;
use proptest::prelude::*;
use rand_core::OsRng;
use serde_json::json;

use crate::stage::holder_with;
use crate::stage::public_key;

use super::delta::List;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// Someone in one of the municipalities gets certificates that end after so many days.
    Issue { municipality: usize, carrier: Carrier, days: i32 },
    /// Something is done to one of the certificates.
    Change { which: usize, act: Act },
    /// So many hours pass.
    Pass { hours: i64 },
    /// The lists of one municipality are published.
    Publish { municipality: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let carrier = prop_oneof![Just(Carrier::Card), Just(Carrier::Phone)];
    let act = prop_oneof![
        Just(Act::Revoke(Reason::KeyCompromise)),
        Just(Act::Revoke(Reason::CessationOfOperation)),
        Just(Act::Hold),
        Just(Act::Release),
    ];
    prop_oneof![
        3 => (0..CODES.len(), carrier, 1..9).prop_map(|(municipality, carrier, days)| {
            Step::Issue { municipality, carrier, days }
        }),
        6 => (any::<usize>(), act).prop_map(|(which, act)| Step::Change { which, act }),
        3 => (1_i64..96).prop_map(|hours| Step::Pass { hours }),
        4 => (0..CODES.len()).prop_map(|municipality| Step::Publish { municipality }),
    ]
}

/// Any setting of the times that is accepted.
fn timing() -> impl Strategy<Value = ListTiming> {
    (2_u16..500, 1_u16..100, 0_u16..5, 0_u16..120)
        .prop_map(|(life_hours, period_hours, retries, retry_minutes)| ListTiming {
            life_hours,
            period_hours,
            retries,
            retry_minutes,
        })
        .prop_filter("a list could lapse", |timing| timing.check().is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn lists_keep_their_promises(
        steps in proptest::collection::vec(step(), 10..60),
        timing in timing(),
    ) {
        let mut town = Town::new(timing);
        for step in &steps {
            town.take(step);
        }
        town.publish_everything();
    }
}

/// An authority, and a simple idea of what its lists must say.
struct Town {
    _folder: tempfile::TempDir,
    lists: std::path::PathBuf,
    clock: Hand,
    authority: Authority,
    timing: ListTiming,
    certificates: Vec<Certificate>,
    /// The number of the last list of each authority and municipality.
    numbers: BTreeMap<(CaName, Partition), u64>,
}

/// A certificate as lists see it.
struct Certificate {
    ca: CaName,
    serial: Serial,
    partition: Partition,
    not_after: Timestamp,
    /// Since when and why it is to be listed.
    listed: Option<(Timestamp, Reason)>,
    /// The number of the list in which it first stood past its end.
    stood: Option<u64>,
}

impl Town {
    fn new(timing: ListTiming) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Hand(Arc::new(AtomicI64::new(FOUNDED)));
        let store = Store::create(
            &format!("sqlite:{}", folder.path().join("store.db").display()).parse().unwrap(),
        )
        .unwrap();
        let key = || {
            let key = jpki_ca::signer::generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
            SoftwareSigner::new(&key).unwrap()
        };
        let (signature, user_authentication, publication) = (key(), key(), key());
        let (responder, other) = (key(), key());
        let realm = Realm::sandbox();
        let keys = FoundingKeys {
            signature: &signature,
            user_authentication: &user_authentication,
            publication: publication.public_key(),
            signature_responder: responder.public_key(),
            user_authentication_responder: other.public_key(),
        };
        Authority::found(&store, &clock, &realm, Profile::Current, &keys).unwrap();
        let signers: Vec<Box<dyn Signer>> =
            vec![Box::new(signature), Box::new(user_authentication), Box::new(publication)];
        let policy = Policy::default();
        let (authority, _) =
            Authority::open(store, Box::new(clock.clone()), realm, policy, signers).unwrap();
        Self {
            lists: folder.path().join("lists"),
            _folder: folder,
            clock,
            authority,
            timing,
            certificates: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        // Two lists of one instant would be one too many for the dates.
        self.clock.0.fetch_add(1, Ordering::Relaxed);
        match *step {
            Step::Issue { municipality, carrier, days } => self.issue(municipality, carrier, days),
            Step::Change { which, act } => self.change(which, act),
            Step::Pass { hours } => {
                self.clock.0.fetch_add(hours * 3600, Ordering::Relaxed);
            }
            Step::Publish { municipality } => {
                let partition = self.partition(municipality);
                let options = PublishOptions {
                    partition: Some(partition),
                    delta: true,
                    ..PublishOptions::due(self.timing)
                };
                let before = CaName::ALL.map(|ca| self.list(ca, partition.code()));
                self.authority.publish(&self.lists, &options, &|_, _| {}).unwrap();
                for (ca, before) in CaName::ALL.into_iter().zip(before) {
                    self.judge(ca, partition, true);
                    let delta = self.list(ca, &format!("{}.delta", partition.code()));
                    assert_eq!(delta.is_some(), before.is_some());
                    if let (Some(before), Some(delta)) = (before, delta) {
                        let complete = self.list(ca, partition.code()).unwrap();
                        assert_eq!(super::delta::together(&before, &delta), complete.entries);
                        assert_eq!(delta.number, complete.number);
                    }
                }
            }
        }
    }

    fn issue(&mut self, municipality: usize, carrier: Carrier, days: i32) {
        let number = self.certificates.len() as u64 + 1;
        let end = self.clock.now().japan_date().plus_days(days).unwrap();
        let form = holder_with(
            &format!("p-{number}"),
            &json!({
                "municipality": CODES[municipality],
                "address": ADDRESSES[municipality],
                "residence": { "category": "mid_long_term", "period_end": end.to_string() },
            }),
        );
        let form = HolderForm::read(form.to_string().as_bytes()).unwrap();
        for (offset, kind) in Kind::ALL.into_iter().enumerate() {
            let key = PublicKey::from_text(&public_key(2 * number + offset as u64)).unwrap();
            let ask = Ask {
                kinds: Kinds::One(kind),
                carrier,
                renew: false,
                key: KeyAsk::Given(key.clone()),
            };
            let id = RequestId::draw().unwrap();
            let request =
                IssueRequest::new(id, &form, &ask, self.clock.now()).unwrap().with_key(kind, key);
            // A phone needs a card's certificate first: then it is refused, and that is fine.
            let Ok((_, issued)) = self.authority.issue(&request).unwrap().result else { continue };
            for issued in issued {
                self.certificates.push(Certificate {
                    ca: issued.ca,
                    serial: issued.serial,
                    partition: self.partition(municipality),
                    not_after: issued.not_after,
                    listed: None,
                    stood: None,
                });
            }
        }
    }

    fn change(&mut self, which: usize, act: Act) {
        let count = self.certificates.len();
        if count == 0 {
            return;
        }
        let certificate = &mut self.certificates[which % count];
        let (ca, serial) = (certificate.ca, certificate.serial);
        let request = ChangeRequest { ca, serial, act, dry_run: false };
        if let Ok(change) = self.authority.change(&request).unwrap() {
            certificate.listed = match change.after {
                State::Held(since) => Some((since, Reason::CertificateHold)),
                State::Revoked(since, reason) => Some((since, reason)),
                _ => None,
            };
        }
    }

    /// Holds a list against what it must say. `fresh` when it has just been made.
    fn judge(&mut self, ca: CaName, partition: Partition, fresh: bool) {
        let file = self.lists.join(format!("current/{ca}-1-{}.crl", partition.code()));
        let (number, at, found) = read(&file);
        let last = self.numbers.insert((ca, partition), number);
        assert!(
            last.is_none_or(|last| last < number || (!fresh && last == number)),
            "numbers rise: {last:?}, {number}"
        );
        let mut expected = BTreeMap::new();
        let here = |own: &&mut Certificate| (own.ca, own.partition) == (ca, partition);
        for certificate in self.certificates.iter_mut().filter(here) {
            let Some(listed) = certificate.listed else { continue };
            if certificate.stood.is_some_and(|stood| stood < number) {
                continue;
            }
            expected.insert(certificate.serial, listed);
            if certificate.not_after < at {
                certificate.stood.get_or_insert(number);
            }
        }
        assert_eq!(found, expected, "{ca} {}", partition.code());
    }

    /// The visible list with this code, if there is one.
    fn list(&self, ca: CaName, code: &str) -> Option<List> {
        let file = self.lists.join(format!("current/{ca}-1-{code}.crl"));
        fs::exists(&file).unwrap().then(|| List::read(&file))
    }

    /// Publishes what is due: then the lists together say all that is to be said.
    fn publish_everything(&mut self) {
        self.clock.0.fetch_add(1, Ordering::Relaxed);
        let options = PublishOptions { full: true, ..PublishOptions::due(self.timing) };
        self.authority.publish(&self.lists, &options, &|_, _| {}).unwrap();
        let manifest = fs::read(self.lists.join("current/manifest.json")).unwrap();
        let manifest = Manifest::read(&manifest).unwrap();
        let partitions = Municipality::all().count() + 1;
        assert_eq!(manifest.lists().len(), 2 * partitions + 2, "no partition is left out");
        let mut entries = 0;
        let mut everything: BTreeMap<CaName, Vec<crl::Entry>> = BTreeMap::new();
        for list in manifest.lists() {
            let Coverage::Partition(partition) = list.partition.0 else { continue };
            entries += list.entries;
            let found = self.list(list.ca, partition.code()).unwrap().entries;
            everything.entry(list.ca).or_default().extend(found);
            if list.entries > 0 || CODES.contains(&partition.code()) {
                self.judge(list.ca, partition, false);
            }
        }
        for (ca, mut listed) in everything {
            listed.sort_by_key(|entry| entry.serial);
            assert_eq!(self.list(ca, "full").unwrap().entries, listed);
        }
        let due = |own: &&Certificate| own.listed.is_some() && own.not_after >= self.clock.now();
        let least = self.certificates.iter().filter(due).count() as u64;
        assert!(entries >= least, "{entries} entries, {least} of them not expired");
        // Nothing has happened since, so nothing is due.
        let again = self.authority.publish(&self.lists, &options, &|_, _| {}).unwrap();
        assert_eq!(again.publication, None);
    }

    fn partition(&self, municipality: usize) -> Partition {
        Partition::Municipality(Municipality::from_code(CODES[municipality]).unwrap())
    }
}

/// Number, date and entries of a list.
fn read(file: &Path) -> (u64, Timestamp, BTreeMap<Serial, (Timestamp, Reason)>) {
    let mut reader = crl::Reader::new(fs::File::open(file).unwrap()).unwrap();
    let at = reader.header().this_update.at;
    let entries = reader
        .by_ref()
        .map(|listed| {
            let entry = listed.unwrap().entry().unwrap();
            let crl::Cause::Because(reason) = entry.cause else { panic!("{entry:?}") };
            (entry.serial, (entry.at, reason))
        })
        .collect();
    let number = reader.finish().unwrap().number().and_then(crl::Integer::to_u64);
    (number.unwrap(), at, entries)
}

/// A clock that is set by hand.
#[derive(Clone, Debug)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

const CODES: [&str; 2] = ["132217", "131016"];
const ADDRESSES: [&str; 2] =
    ["東京都清瀬市中里五丁目８４２番地", "東京都千代田区丸の内九丁目９９番地"];
/// 2026-04-01T00:00:00Z.
const FOUNDED: i64 = 1_775_001_600;
