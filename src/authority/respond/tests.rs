//! Answers, held against what was done to the certificates.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use der::Decode as _;
use proptest::collection::vec;
use proptest::prelude::Just;
use proptest::prelude::ProptestConfig;
use proptest::prelude::Strategy;
use proptest::prop_assert_eq;
use proptest::prop_oneof;
use proptest::proptest;
use rand_core::OsRng;
use serde_json::json;
use tempfile::TempDir;
use x509_ocsp::BasicOcspResponse;
use x509_ocsp::CertStatus;
use x509_ocsp::OcspResponse;
use x509_ocsp::OcspResponseStatus;

use super::*;
use crate::asn1::Der;
use crate::asn1::PublicKey;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::authority::Ask;
use crate::authority::Authority;
use crate::authority::ChangeRequest;
use crate::authority::CompromiseRequest;
use crate::authority::IssueRequest;
use crate::authority::KeyAsk;
use crate::authority::Kinds;
use crate::authority::RequestId;
use crate::authority::home::Home;
use crate::authority::home::InitOptions;
use crate::authority::home::RotateOptions;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::law::revocation;
use crate::law::revocation::Act;
use crate::ocsp::Hash;
use crate::ocsp::IssuerHashes;
use crate::profile::ca_name;
use crate::register::HolderForm;
use crate::signer;
use crate::signer::Signer as _;
use crate::signer::SoftwareSigner;

/// When everything begins.
const BEGINS: &str = "2026-04-02T09:00:00+09:00";

/// A clock that the test sets.
#[derive(Clone, Debug)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn at(text: &str) -> Self {
        Self(Arc::new(AtomicI64::new(text.parse::<Timestamp>().unwrap().to_unix())))
    }

    fn moved(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// A home in which somebody has a card's and a phone's user-authentication certificate and a signature
/// certificate.
static MASTER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let algorithm = "p256".parse().unwrap();
    let options = InitOptions { algorithm, ..InitOptions::sandbox() };
    let clock = Hand::at(BEGINS);
    let path = folder.path().join("home");
    let home = Home::init(&path, &options, &clock, &mut OsRng).unwrap();
    let (authority, _) = home.authority(Box::new(clock.clone()), None).unwrap();
    let form = json!({
        "person": "p-1", "name": "架空　花子", "birth_date": "1990-12-07", "sex": "female",
        "address": "東京都清瀬市架空町０番地", "municipality": "132217",
        "residence": {"category": "national"}
    });
    let form = HolderForm::read(form.to_string().as_bytes()).unwrap();
    for (kind, carrier) in [
        (Kind::UserAuthentication, Carrier::Card),
        (Kind::Signature, Carrier::Card),
        (Kind::UserAuthentication, Carrier::Phone),
    ] {
        let key = signer::generate(algorithm, &mut OsRng).unwrap();
        let key = KeyAsk::Given(SoftwareSigner::new(&key).unwrap().public_key().clone());
        let ask = Ask { kinds: Kinds::One(kind), carrier, renew: false, key };
        let id = RequestId::draw().unwrap();
        let request = IssueRequest::new(id, &form, &ask, clock.now()).unwrap();
        authority.issue(&request).unwrap().result.unwrap();
    }
    folder
});

const CARD: u64 = 3;
const PHONE: u64 = 4;
const SIGNATURE: u64 = 4;
const NOBODY: u64 = 77;

/// A copy of the home with somebody who answers.
struct Desk {
    _folder: TempDir,
    path: PathBuf,
    clock: Hand,
    authority: Authority,
    responder: Responder,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        copy(&MASTER.path().join("home"), &path);
        let clock = Hand::at(BEGINS);
        clock.moved(3600);
        let home = Home::open(&path).unwrap();
        let (authority, _) = home.authority(Box::new(clock.clone()), None).unwrap();
        let responder = home.responder(Box::new(clock.clone()), None).unwrap();
        Self { _folder: folder, path, clock, authority, responder }
    }

    fn change(&self, ca: CaName, serial: u64, act: Act) {
        let serial = Serial::new(serial).unwrap();
        let request = ChangeRequest { ca, serial, act, dry_run: false };
        self.authority.change(&request).unwrap().unwrap();
    }

    /// The id of a certificate of this authority's newest generation.
    fn id(&self, ca: CaName, hash: Hash, serial: u64) -> CertId {
        let (_, der) =
            self.authority.authority_certificates().filter(|(i, _)| i.ca == ca).last().unwrap();
        let key = PublicKey::of_certificate(der).unwrap();
        let name = ca_name(ca, self.authority.realm().organisation()).to_der();
        CertId::new(hash, &IssuerHashes::new(&name, &key), Serial::new(serial).unwrap())
    }

    fn ask(&self, ca: CaName, serial: u64) -> Answered {
        self.responder.respond(&request(&[self.id(ca, Hash::Sha1, serial)], None))
    }

    fn status(&self, ca: CaName, serial: u64) -> Status {
        said(&self.ask(ca, serial))[0]
    }

    /// Has the responder read everything anew, with other settings.
    fn take_up(&self, set: impl FnOnce(&mut Answering)) {
        self.take_up_beside(set, || ());
    }

    /// The same, with something that happens behind the reading of the keys.
    fn take_up_beside(&self, set: impl FnOnce(&mut Answering), meanwhile: impl FnOnce()) {
        let home = Home::open(&self.path).unwrap();
        let mut settings = home.answering();
        set(&mut settings.answering);
        let as_of = self.responder.as_of();
        let keys = self.keys(&home, &home.open_store().unwrap());
        meanwhile();
        self.responder.take_up(&home.config().realm, settings, keys, as_of).unwrap();
    }

    fn keys(&self, home: &Home, store: &Store) -> Vec<ResponderKey> {
        home.responder_keys(store, self.clock.now(), None).unwrap()
    }

    /// Another process rotates an authority's responder.
    fn rotate(&self, ca: CaName, compromised: bool) {
        let options = RotateOptions { ca: Some(ca), compromised, ..RotateOptions::default() };
        let clock = Box::new(self.clock.clone());
        let home = Home::open(&self.path).unwrap();
        home.rotate_responders(&options, clock, None, &mut OsRng).unwrap().unwrap();
    }

    fn store_file(&self) -> PathBuf {
        self.path.join("store.db")
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn request(ids: &[CertId], nonce: Option<&[u8]>) -> Vec<u8> {
    Der::build(|der| {
        der.sequence(|der| {
            der.sequence(|der| {
                der.sequence(|der| {
                    for id in ids {
                        der.sequence(|der| der.raw(id.as_der()));
                    }
                });
                if let Some(nonce) = nonce {
                    der.nested(tag::context_constructed(2), |der| {
                        der.sequence(|der| {
                            der.extension(oid::OCSP_NONCE, false, |der| {
                                der.primitive(tag::OCTET_STRING, nonce);
                            });
                        });
                    });
                }
            });
        });
    })
}

fn parsed(answered: &Answered) -> BasicOcspResponse {
    let response = OcspResponse::from_der(&answered.der).unwrap();
    assert_eq!(response.response_status, OcspResponseStatus::Successful);
    BasicOcspResponse::from_der(response.response_bytes.unwrap().response.as_bytes()).unwrap()
}

/// What an answer says, read by others.
fn said(answered: &Answered) -> Vec<Status> {
    let basic = parsed(answered);
    let status = |status: &CertStatus| match status {
        CertStatus::Good(_) => Status::Good,
        CertStatus::Unknown(_) => Status::Unknown,
        CertStatus::Revoked(info) => {
            let since = info.revocation_time.0.to_unix_duration().as_secs();
            let since = Timestamp::from_unix(since.try_into().unwrap()).unwrap();
            let code = info.revocation_reason.map_or(0, |reason| reason as u8);
            Status::Revoked { since, reason: Reason::from_code(code).unwrap() }
        }
    };
    basic.tbs_response_data.responses.iter().map(|one| status(&one.cert_status)).collect()
}

#[test]
fn every_state_is_said_as_it_is() {
    let desk = Desk::new();
    let (auth, sign) = (CaName::UserAuthentication, CaName::Signature);
    for (ca, serial) in [(auth, CARD), (auth, PHONE), (sign, SIGNATURE)] {
        assert_eq!(desk.status(ca, serial), Status::Good);
    }
    assert_eq!(desk.status(auth, NOBODY), Status::Unknown);
    let since = desk.clock.now();
    desk.change(auth, PHONE, Act::Hold);
    let held = Status::Revoked { since, reason: Reason::CertificateHold };
    assert_eq!(desk.status(auth, PHONE), held);
    desk.clock.moved(60);
    desk.change(auth, PHONE, Act::Release);
    assert_eq!(desk.status(auth, PHONE), Status::Good);
    desk.change(sign, SIGNATURE, Act::Revoke(Reason::AffiliationChanged));
    let since = desk.clock.now();
    let revoked = Status::Revoked { since, reason: Reason::AffiliationChanged };
    assert_eq!(desk.status(sign, SIGNATURE), revoked);
    // The authorities' own certificates and the services' have numbers of the same counter.
    assert_eq!(desk.status(sign, 1), Status::Good);
    assert_eq!(desk.status(sign, 2), Status::Good);
}

#[test]
fn both_hashes_are_answered_and_each_statement_repeats_its_id() {
    let desk = Desk::new();
    let ca = CaName::UserAuthentication;
    let ids = [desk.id(ca, Hash::Sha1, CARD), desk.id(ca, Hash::Sha256, NOBODY)];
    let answered = desk.responder.respond(&request(&ids, Some(b"a nonce")));
    assert_eq!(said(&answered), [Status::Good, Status::Unknown]);
    let basic = parsed(&answered);
    for (single, id) in basic.tbs_response_data.responses.iter().zip(&ids) {
        assert_eq!(der::Encode::to_der(&single.cert_id).unwrap(), id.as_der());
    }
    let extensions = basic.tbs_response_data.response_extensions.unwrap();
    assert_eq!(extensions[0].extn_value.as_bytes(), [&[4, 7], &b"a nonce"[..]].concat());
    assert!(answered.keep.is_none(), "with a nonce it is for one client");
}

#[test]
fn nobody_answers_for_another_authority() {
    let desk = Desk::new();
    let other = Desk::new();
    let stranger = {
        let key = signer::generate("p256".parse().unwrap(), &mut OsRng).unwrap();
        let key = SoftwareSigner::new(&key).unwrap().public_key().clone();
        let name = ca_name(CaName::Signature, desk.authority.realm().organisation()).to_der();
        let serial = Serial::new(SIGNATURE).unwrap();
        CertId::new(Hash::Sha1, &IssuerHashes::new(&name, &key), serial)
    };
    let own = other.id(CaName::Signature, Hash::Sha1, SIGNATURE);
    let auth = other.id(CaName::UserAuthentication, Hash::Sha1, CARD);
    for ids in [vec![stranger.clone()], vec![own.clone(), stranger], vec![own, auth]] {
        let answered = desk.responder.respond(&request(&ids, None));
        assert_eq!(answered.outcome, Outcome::Refused(Refusal::Unauthorized));
        assert_eq!(&answered.der[..], [0x30, 3, 0x0a, 1, 6]);
    }
    let answered = desk.responder.respond(b"no request");
    assert_eq!(answered.outcome, Outcome::Refused(Refusal::MalformedRequest));
}

#[test]
fn unused_numbers_are_revoked_where_policy_says_so() {
    let desk = Desk::new();
    let ca = CaName::UserAuthentication;
    desk.take_up(|answering| answering.unissued = Unissued::Revoked);
    let never = Status::Revoked { since: Timestamp::EPOCH, reason: Reason::CertificateHold };
    let answered = desk.ask(ca, NOBODY);
    assert_eq!(said(&answered), [never]);
    let extensions = parsed(&answered).tbs_response_data.response_extensions.unwrap();
    assert_eq!(extensions[0].extn_id, oid::OCSP_EXTENDED_REVOKE);
    assert_eq!(desk.status(ca, CARD), Status::Good);
}

#[test]
fn kept_answers_are_given_again_while_they_are_young_and_true() {
    let desk = Desk::new();
    let ca = CaName::UserAuthentication;
    let first = desk.ask(ca, CARD);
    assert_eq!(first.outcome, Outcome::Signed);
    desk.clock.moved(15 * 60);
    let again = desk.ask(ca, CARD);
    assert_eq!((again.outcome, &again.der), (Outcome::Kept, &first.der));
    let keep = again.keep.unwrap();
    assert_eq!((keep.max_age, keep.this_update), (15 * 60, first.keep.unwrap().this_update));
    desk.clock.moved(1);
    assert_eq!(desk.ask(ca, CARD).outcome, Outcome::Signed, "half of its life is gone");
    assert_eq!(desk.ask(ca, CARD).outcome, Outcome::Kept);
    // Never past a revocation, by whomever.
    let home = Home::open(&desk.path).unwrap();
    let (other, _) = home.records(Box::new(desk.clock.clone())).unwrap();
    let serial = Serial::new(CARD).unwrap();
    let act = Act::Revoke(Reason::KeyCompromise);
    other.change(&ChangeRequest { ca, serial, act, dry_run: false }).unwrap().unwrap();
    let revoked = Status::Revoked { since: desk.clock.now(), reason: Reason::KeyCompromise };
    assert_eq!(desk.status(ca, CARD), revoked);
    assert_eq!(desk.ask(ca, CARD).outcome, Outcome::Kept);
    // The clock set back: an answer of the future is not given.
    desk.clock.moved(-3600);
    assert_eq!(desk.ask(ca, CARD).outcome, Outcome::Signed);
    assert_eq!(desk.status(ca, CARD), revoked);
    let counts = desk.responder.counts();
    assert_eq!((counts.signed, counts.kept, counts.all_refused()), (4, 4, 0));
}

#[test]
fn an_ended_certificate_is_answered_for_with_the_archive_cutoff() {
    let mut desk = Desk::new();
    let ca = CaName::UserAuthentication;
    let end = desk.authority.certificate(ca, Serial::new(CARD).unwrap()).unwrap().unwrap();
    desk.clock.0.store(end.0.not_after.to_unix(), Ordering::SeqCst);
    let home = Home::open(&desk.path).unwrap();
    let rotate = |clock: &Hand| {
        let options = RotateOptions::default();
        let clock = Box::new(clock.clone());
        home.rotate_responders(&options, clock, None, &mut OsRng).unwrap().unwrap();
    };
    rotate(&desk.clock);
    desk.responder = home.responder(Box::new(desk.clock.clone()), None).unwrap();
    let cutoff = |answered: &Answered| {
        let basic = parsed(answered);
        let extensions = basic.tbs_response_data.responses[0].single_extensions.clone();
        extensions.map(|extensions| extensions[0].extn_value.as_bytes()[2..].to_vec())
    };
    assert_eq!(cutoff(&desk.ask(ca, CARD)), None, "its last second");
    desk.clock.moved(1);
    let answered = desk.ask(ca, CARD);
    assert_eq!(answered.outcome, Outcome::Signed, "what was kept does not say that it has ended");
    let ten_years = (end.0.not_after.plus_seconds(1)).japan_date().plus_months(-120).unwrap();
    let expected = ten_years.start_of_day().utc().strftime("%Y%m%d%H%M%SZ").to_string();
    assert_eq!(cutoff(&answered), Some(expected.into_bytes()));
    assert_eq!(said(&answered), [Status::Good]);
}

#[test]
fn a_store_that_is_gone_is_answered_from_memory_for_a_while() {
    let desk = Desk::new();
    let ca = CaName::UserAuthentication;
    let (file, away) = (desk.store_file(), desk.path.join("away.db"));
    fs::rename(&file, &away).unwrap();
    let known_at = desk.clock.now();
    desk.clock.moved(15 * 60);
    let answered = desk.ask(ca, CARD);
    assert_eq!(said(&answered), [Status::Good]);
    assert_eq!(answered.keep.unwrap().this_update, known_at, "it says since when it is not sure");
    let health = desk.responder.health();
    assert!(health.store.is_some() && health.is_stale);
    desk.clock.moved(1);
    for _ in 0..2 {
        let answered = desk.ask(ca, CARD);
        assert_eq!(answered.outcome, Outcome::Refused(Refusal::TryLater), "not even a kept one");
    }
    let malformed = desk.responder.respond(b"");
    assert_eq!(malformed.outcome, Outcome::Refused(Refusal::MalformedRequest));
    fs::rename(&away, &file).unwrap();
    assert_eq!(desk.status(ca, CARD), Status::Good);
    assert_eq!(desk.responder.health().store, None);
}

#[test]
fn an_older_state_of_the_store_is_not_believed() {
    let desk = Desk::new();
    let ca = CaName::UserAuthentication;
    let (file, backup) = (desk.store_file(), desk.path.join("backup.db"));
    fs::copy(&file, &backup).unwrap();
    assert_eq!(desk.status(ca, CARD), Status::Good);
    desk.change(ca, CARD, Act::Revoke(Reason::KeyCompromise));
    let Status::Revoked { .. } = desk.status(ca, CARD) else { panic!("it is revoked") };
    // As one restores a backup: without the log of what came behind it.
    for beside in ["store.db-wal", "store.db-shm"] {
        fs::remove_file(desk.path.join(beside)).unwrap();
    }
    fs::rename(&backup, &file).unwrap();
    for _ in 0..2 {
        let answered = desk.ask(ca, CARD);
        assert_eq!(answered.outcome, Outcome::Refused(Refusal::TryLater));
    }
    assert!(desk.responder.health().store.unwrap().contains("older state"));
}

#[test]
fn a_responder_without_a_key_in_force_does_not_answer() {
    let desk = Desk::new();
    let ca = CaName::UserAuthentication;
    assert_eq!(desk.responder.health().mute, []);
    desk.clock.moved(31 * 24 * 3600);
    let answered = desk.ask(ca, CARD);
    assert_eq!(answered.outcome, Outcome::Refused(Refusal::InternalError));
    assert_eq!(desk.responder.health().mute.len(), 2);
    // Rotated by another process: noticed with the next look, taken up when asked to.
    assert!(!desk.responder.wants_keys());
    desk.rotate(ca, false);
    desk.ask(ca, CARD);
    assert!(desk.responder.wants_keys());
    desk.take_up(|_| {});
    assert!(!desk.responder.wants_keys());
    assert_eq!(desk.status(ca, CARD), Status::Good);
    assert_eq!(desk.responder.health().mute, [(CaName::Signature, Generation::FIRST)]);
}

#[test]
fn a_key_reported_as_compromised_signs_nothing_any_more() {
    let desk = Desk::new();
    let ca = CaName::UserAuthentication;
    let signer = |answered: &Answered| parsed(answered).tbs_response_data.responder_id;
    let first = signer(&desk.ask(ca, CARD));
    assert_eq!(desk.ask(ca, CARD).outcome, Outcome::Kept);
    // Replaced in its time, it goes on until the new one is taken up.
    desk.rotate(ca, false);
    for _ in 0..2 {
        let answered = desk.ask(ca, CARD);
        assert_eq!((answered.outcome, signer(&answered)), (Outcome::Signed, first.clone()));
    }
    desk.take_up(|_| {});
    let second = signer(&desk.ask(ca, CARD));
    assert_eq!(desk.ask(ca, CARD).outcome, Outcome::Kept);
    assert_ne!(second, first);
    desk.rotate(ca, true);
    for _ in 0..2 {
        let answered = desk.ask(ca, CARD);
        assert_eq!(answered.outcome, Outcome::Refused(Refusal::TryLater), "not even a kept one");
    }
    assert_eq!(desk.responder.health().mute, [(ca, Generation::FIRST)]);
    assert_eq!(desk.status(CaName::Signature, SIGNATURE), Status::Good, "it has another");
    desk.take_up(|_| {});
    let answered = desk.ask(ca, CARD);
    assert_eq!((answered.outcome, said(&answered)), (Outcome::Signed, vec![Status::Good]));
    assert!(![first, second].contains(&signer(&answered)));
}

#[test]
fn a_rotation_beside_the_reading_of_keys_is_not_missed() {
    let mut desk = Desk::new();
    let ca = CaName::UserAuthentication;
    // Known before the keys are taken up, and not in them.
    desk.take_up_beside(
        |_| {},
        || {
            desk.rotate(ca, false);
            desk.ask(ca, CARD);
        },
    );
    assert!(desk.responder.wants_keys());
    desk.take_up(|_| {});
    assert!(!desk.responder.wants_keys());
    // The same at the opening.
    let home = Home::open(&desk.path).unwrap();
    let clock = Box::new(desk.clock.clone());
    let store = home.open_store().unwrap();
    let opened = Responder::open(store, clock, &home.config().realm, home.answering(), |store| {
        let keys = desk.keys(&home, store);
        desk.rotate(ca, false);
        Ok::<_, AuthorityError>(keys)
    });
    desk.responder = opened.unwrap();
    desk.ask(ca, CARD);
    assert!(desk.responder.wants_keys());
}

#[test]
fn no_answer_outlives_its_responder() {
    let desk = Desk::new();
    let ca = CaName::UserAuthentication;
    let end = desk.responder.health().first_end.unwrap();
    desk.clock.0.store(end.to_unix() - 60, Ordering::SeqCst);
    let keep = desk.ask(ca, CARD).keep.unwrap();
    assert_eq!((keep.next_update, keep.max_age), (end, 60));
}

#[test]
fn answers_are_counted_in_the_record_of_acts() {
    let desk = Desk::new();
    desk.ask(CaName::Signature, SIGNATURE);
    desk.ask(CaName::Signature, SIGNATURE);
    let _refused = desk.responder.respond(b"");
    desk.responder.record_counts().unwrap();
    desk.responder.record_counts().unwrap();
    let mut lines = Vec::new();
    desk.authority
        .audit(0, |entry| {
            lines.push(entry.line.clone());
            Ok(())
        })
        .unwrap();
    let counted: Vec<_> = lines.iter().filter(|line| line.contains("answered")).collect();
    let [counted] = counted[..] else { panic!("{counted:?}") };
    assert!(counted.ends_with(r#""act":"answered","count":2,"refused":1}"#), "{counted}");
    assert_eq!(desk.status(CaName::Signature, SIGNATURE), Status::Good);
}

/// Something that is done to the phone's certificate, or seen.
#[derive(Clone, Copy, Debug)]
enum Step {
    Do(Act),
    Ask,
    Pass(i64),
    /// The key that issued it is compromised, since so many seconds.
    Compromise(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Do(Act::Hold)),
        Just(Step::Do(Act::Release)),
        Just(Step::Do(Act::Revoke(Reason::CessationOfOperation))),
        Just(Step::Ask),
        (0_i64..2000).prop_map(Step::Pass),
        (0_i64..3600).prop_map(Step::Compromise),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn whatever_is_done_the_next_answer_says_it(steps in vec(step(), 1..40)) {
        let desk = Desk::new();
        let ca = CaName::UserAuthentication;
        let serial = Serial::new(PHONE).unwrap();
        let mut expected = Status::Good;
        for step in steps {
            match step {
                Step::Pass(seconds) => desk.clock.moved(seconds),
                Step::Ask => {}
                Step::Compromise(seconds) => {
                    let stolen = desk.clock.now().plus_seconds(-seconds);
                    let (generation, since) = (Generation::FIRST, Some(stolen));
                    let request = CompromiseRequest { ca, generation, since, dry_run: false };
                    if desk.authority.compromise(&request).unwrap().is_ok() {
                        let before = match expected {
                            Status::Revoked { since, reason } => Some((since, reason)),
                            _ => None,
                        };
                        let (since, reason) = revocation::under_compromise(before, stolen);
                        expected = Status::Revoked { since, reason };
                    }
                }
                Step::Do(act) => {
                    let request = ChangeRequest { ca, serial, act, dry_run: false };
                    if let Ok(change) = desk.authority.change(&request).unwrap() {
                        expected = match change.after {
                            crate::store::State::Revoked(since, reason) => {
                                Status::Revoked { since, reason }
                            }
                            crate::store::State::Held(since) => {
                                Status::Revoked { since, reason: Reason::CertificateHold }
                            }
                            _ => Status::Good,
                        };
                    }
                }
            }
            prop_assert_eq!(desk.status(ca, PHONE), expected);
        }
        // Who begins now knows the same.
        let fresh = Home::open(&desk.path).unwrap();
        let fresh = fresh.responder(Box::new(desk.clock.clone()), None).unwrap();
        for number in 1..10 {
            let number = Serial::new(number).unwrap();
            let known = |statuses: &Statuses| statuses.find(ca, Generation::FIRST, number);
            prop_assert_eq!(known(&fresh.statuses), known(&desk.responder.statuses));
        }
        prop_assert_eq!(fresh.statuses.count(), desk.responder.statuses.count());
        prop_assert_eq!(fresh.statuses.seen(), desk.responder.statuses.seen());
    }
}
