//! How fast an authority issues, durably and through the public API, measured against what its key
//! can do at most: `README.md` beside this folder says what is in and out.
//!
//! ```text
//! cargo bench --bench issue [-- rsa2048|p256|p384 …]
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark reports")]
#![expect(clippy::indexing_slicing, reason = "a benchmark may panic")]

mod people;
mod stopwatch;
mod yardstick;

use std::error::Error;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use criterion::BatchSize;
use criterion::Criterion;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::authority::Ask;
use jpki_ca::authority::Authority;
use jpki_ca::authority::FoundingKeys;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Kinds;
use jpki_ca::authority::RequestId;
use jpki_ca::clock::Clock as _;
use jpki_ca::clock::SystemClock;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Profile;
use jpki_ca::lint;
use jpki_ca::policy::Policy;
use jpki_ca::profile::Realm;
use jpki_ca::register::HolderForm;
use jpki_ca::signer;
use jpki_ca::signer::PrivateKey;
use jpki_ca::signer::Signer;
use jpki_ca::signer::SoftwareSigner;
use jpki_ca::store::Store;
use jpki_ca::store::StoreUrl;
use people::People;
use rand_core::OsRng;
use stopwatch::Phases;
use stopwatch::Stopwatch;
use stopwatch::TimedSigner;
use stopwatch::now;
use yardstick::Yardstick;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Without it `cargo test` runs us: once around is enough to see that everything works.
    let measuring = words.iter().any(|word| word == "--bench");
    let mut algorithms: Vec<KeyAlgorithm> =
        words.iter().filter_map(|word| word.parse().ok()).collect();
    if algorithms.is_empty() {
        algorithms = if measuring {
            vec![KeyAlgorithm::RSA_2048, KeyAlgorithm::P256, KeyAlgorithm::P384]
        } else {
            vec![KeyAlgorithm::P256]
        };
    }
    for algorithm in algorithms {
        let plan = Plan::of(algorithm, measuring);
        compare(algorithm, &plan)?;
    }
    let mut criterion = if measuring {
        Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3))
    } else {
        Criterion::default().sample_size(10).measurement_time(Duration::from_millis(100))
    };
    pieces(&mut criterion)
}

/// How much is measured.
struct Plan {
    rounds: usize,
    /// Groups of each round, of [`GROUP`] requests each.
    groups: usize,
}

impl Plan {
    fn of(algorithm: KeyAlgorithm, measuring: bool) -> Self {
        match (measuring, algorithm) {
            (false, _) => Self { rounds: 1, groups: 2 },
            (true, KeyAlgorithm::P256) => Self { rounds: 12, groups: 12 },
            (true, _) => Self { rounds: 12, groups: 6 },
        }
    }

    fn certificates(&self) -> usize {
        self.rounds * self.groups * GROUP * 2
    }
}

/// Certificates against signatures, round by round, on one thread and on two.
fn compare(algorithm: KeyAlgorithm, plan: &Plan) -> Result<(), Box<dyn Error>> {
    let mut people = People::new(algorithm, plan.certificates() * 3 + 4, SystemClock.now())?;
    let disk = Installation::new(algorithm, None)?;
    let yardstick = Yardstick::new(algorithm, &disk.key).map_err(|error| error.to_string())?;

    let one = one_thread(&disk, &yardstick, &mut people, plan)?;
    println!("{algorithm}, one thread, on disk: {}", one.summary);
    println!("    {}", one.breakdown);
    let memory = Path::new(MEMORY);
    if memory.is_dir() {
        let memory = Installation::new(algorithm, Some(memory))?;
        let short = Plan { rounds: plan.rounds.div_ceil(2), groups: plan.groups };
        let one = one_thread(&memory, &yardstick, &mut people, &short)?;
        println!("{algorithm}, one thread, in memory, for comparison: {}", one.summary);
        println!("    {}", one.breakdown);
    }
    let two = two_threads(&disk, &yardstick, &mut people, plan)?;
    println!("{algorithm}, two threads, on disk: {two}");
    Ok(())
}

/// An authority that has just been founded.
struct Installation {
    authority: Authority,
    key: PrivateKey,
    stopwatch: Stopwatch,
    _folder: tempfile::TempDir,
}

impl Installation {
    fn new(algorithm: KeyAlgorithm, place: Option<&Path>) -> Result<Self, Box<dyn Error>> {
        let folder = match place {
            Some(place) => tempfile::tempdir_in(place)?,
            None => tempfile::tempdir()?,
        };
        let url = StoreUrl::Sqlite(folder.path().join("store.db"));
        let store = Store::create(&url)?;
        let realm = Realm::sandbox();
        let stopwatch = Stopwatch::default();
        let key = signer::generate(algorithm, &mut OsRng)?;
        let mut signers: Vec<Box<dyn Signer>> = Vec::new();
        for key in [&key, &signer::generate(algorithm, &mut OsRng)?] {
            let stopwatch = stopwatch.clone();
            signers.push(Box::new(TimedSigner { signer: SoftwareSigner::new(key)?, stopwatch }));
        }
        let [signature, user_authentication] = [&signers[0], &signers[1]].map(AsRef::as_ref);
        let service = || -> Result<SoftwareSigner, Box<dyn Error>> {
            Ok(SoftwareSigner::new(&signer::generate(KeyAlgorithm::P256, &mut OsRng)?)?)
        };
        let [publication, responder, other] = [service()?, service()?, service()?];
        let keys = FoundingKeys {
            signature,
            user_authentication,
            publication: publication.public_key(),
            signature_responder: responder.public_key(),
            user_authentication_responder: other.public_key(),
        };
        Authority::found(&store, &SystemClock, &realm, Profile::Current, &keys)?;
        let clock = Box::new(SystemClock);
        let (authority, _) = Authority::open(store, clock, realm, Policy::default(), signers)?;
        Ok(Self { authority, key, stopwatch, _folder: folder })
    }

    /// Issues to a group, and counts the certificates.
    fn issue(&self, group: &[IssueRequest]) -> Result<usize, Box<dyn Error + Send + Sync>> {
        let mut count = 0;
        for outcome in self.authority.issue_all(group)? {
            let (_, issued) = outcome.result?;
            count += issued.len();
        }
        Ok(count)
    }

    /// A message of the length of what the authority signs.
    fn message(&self, people: &mut People) -> Result<Vec<u8>, Box<dyn Error>> {
        let (_, issued) = self.authority.issue(&people.request()?)?.result?;
        let signature = self.authority.certificate(issued[0].ca, issued[0].serial)?;
        let (_, der) = signature.ok_or("the certificate is not kept")?;
        let der = der.ok_or("the certificate is not signed")?;
        // Its frame: two lengths, the algorithm, the signature.
        let frame = issued.iter().map(|issued| issued.der.len()).min().unwrap_or(0).min(der.len());
        Ok(vec![0x5a; frame])
    }
}

/// What one thread achieved.
struct OneThread {
    summary: String,
    breakdown: String,
}

/// A group of signatures, a group of certificates, and so on: whatever else the machine does meets
/// both alike.
fn one_thread(
    installation: &Installation,
    yardstick: &Yardstick,
    people: &mut People,
    plan: &Plan,
) -> Result<OneThread, Box<dyn Error>> {
    let mut message = installation.message(people)?;
    let mut rounds = Vec::new();
    let mut phases = Phases::default();
    let mut total = 0;
    for _ in 0..plan.rounds {
        let (mut signing, mut issuing, mut count) = (Duration::ZERO, Duration::ZERO, 0);
        for group in people.groups(plan.groups, GROUP)? {
            let begun = now();
            yardstick.run(&mut message, GROUP * 2).map_err(|error| error.to_string())?;
            signing += begun.elapsed();

            installation.stopwatch.take();
            let begun = now();
            count += installation.issue(&group).map_err(|error| error.to_string())?;
            let ended = now();
            issuing += ended - begun;
            let signed = installation.stopwatch.take().ok_or("nothing was signed")?;
            phases.add(begun, signed, ended);
        }
        total += count;
        rounds.push(Round { count, signing, issuing });
    }
    let each = |phase: Duration| phase.as_secs_f64() * 1e6 / total as f64;
    let signing: Duration = rounds.iter().map(|round| round.signing).sum();
    let breakdown = format!(
        "µs per certificate: record {:.1}, seal {:.1} (yardstick {:.1}), complete {:.1}",
        each(phases.record),
        each(phases.seal),
        each(signing),
        each(phases.complete),
    );
    Ok(OneThread { summary: summary(&rounds), breakdown })
}

/// Two threads sign until all is signed, then two threads issue until all is issued.
fn two_threads(
    installation: &Installation,
    yardstick: &Yardstick,
    people: &mut People,
    plan: &Plan,
) -> Result<String, Box<dyn Error>> {
    let message = installation.message(people)?;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let groups = people.groups(plan.groups, GROUP)?;
        let signing = both(groups.len() * PORTIONS, |_| {
            let mut message = message.clone();
            let signed = yardstick.run(&mut message, GROUP * 2 / PORTIONS);
            signed.map_err(|error| error.to_string())
        })?;
        let counted = AtomicUsize::new(0);
        let issuing = both(groups.len(), |group| {
            let count = installation.issue(&groups[group]).map_err(|error| error.to_string())?;
            counted.fetch_add(count, Ordering::Relaxed);
            Ok(())
        })?;
        rounds.push(Round { count: counted.into_inner(), signing, issuing });
    }
    Ok(summary(&rounds))
}

/// How long two threads take for so many jobs, each taking the next when it is done with one.
fn both(
    jobs: usize,
    work: impl Fn(usize) -> Result<(), String> + Sync,
) -> Result<Duration, Box<dyn Error>> {
    let next = AtomicUsize::new(0);
    let start = Barrier::new(3);
    thread::scope(|scope| {
        let threads = [(); 2].map(|()| {
            scope.spawn(|| {
                start.wait();
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    if job >= jobs {
                        return Ok::<_, String>(());
                    }
                    work(job)?;
                }
            })
        });
        start.wait();
        let begun = now();
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(begun.elapsed())
    })
}

/// So many certificates, and as many signatures beside them.
struct Round {
    count: usize,
    signing: Duration,
    issuing: Duration,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.signing.as_secs_f64() / self.issuing.as_secs_f64()
    }
}

fn summary(rounds: &[Round]) -> String {
    let per_second = |time: fn(&Round) -> Duration| {
        let mut rates: Vec<f64> =
            rounds.iter().map(|round| round.count as f64 / time(round).as_secs_f64()).collect();
        median(&mut rates)
    };
    let mut ratios: Vec<f64> = rounds.iter().map(Round::ratio).collect();
    let ratio = median(&mut ratios);
    format!(
        "{:.0} certificates/s, yardstick {:.0}/s, ratio {ratio:.3} ({:.3} to {:.3}, {} rounds of {})",
        per_second(|round| round.issuing),
        per_second(|round| round.signing),
        ratios[0],
        ratios[ratios.len() - 1],
        rounds.len(),
        rounds[0].count,
    )
}

/// Sorts, and takes the middle.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The pieces around the signature, one by one.
fn pieces(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let now = SystemClock.now();
    let mut people = People::new(KeyAlgorithm::RSA_2048, 6, now)?;
    let file = people.file();
    let form = HolderForm::read(file.as_bytes())?;
    criterion.bench_function("read a holder file", |bencher| {
        bencher.iter(|| HolderForm::read(file.as_bytes()));
    });
    let key = people.key()?;
    let ask = Ask {
        kinds: Kinds::Both,
        carrier: Carrier::Card,
        renew: false,
        key: KeyAsk::Generated(Some(KeyAlgorithm::RSA_2048)),
    };
    let id = RequestId::draw()?;
    criterion.bench_function("check a request", |bencher| {
        bencher.iter(|| IssueRequest::new(id.clone(), &form, &ask, now));
    });
    criterion.bench_function("judge an RSA-2048 key", |bencher| {
        bencher.iter(|| lint::key(&key));
    });
    let mut people = People::new(KeyAlgorithm::P256, 0, now)?;
    let installation = Installation::new(KeyAlgorithm::P256, None)?;
    criterion.bench_function("issue one pair alone, P-256, on disk", |bencher| {
        bencher.iter_batched(
            || people.request().map_err(|error| error.to_string()),
            |request| installation.issue(&[request?]).map_err(|error| error.to_string()),
            BatchSize::PerIteration,
        );
    });
    Ok(())
}

/// Requests of a group, as the batch command makes them.
const GROUP: usize = 128;

/// Into how many portions two threads cut a group's signatures, so that both end together.
const PORTIONS: usize = 8;

/// A folder in memory: what is measured there waits for no disk.
const MEMORY: &str = "/dev/shm";
