//! How fast a list is written and signed, measured against hashing its bytes once: `README.md`
//! beside this folder says what is in and out.
//!
//! ```text
//! cargo bench --bench crl [-- ENTRIES …]      # 10³ to 10⁷ without a number
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark reports")]
#![expect(clippy::indexing_slicing, reason = "a benchmark may panic")]

mod entries;
mod memory;
mod others;

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::time::Duration;
use std::time::Instant;

use entries::Drawn;
use entries::Packed;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Generation;
use jpki_ca::credential::Profile;
use jpki_ca::credential::Serial;
use jpki_ca::crl;
use jpki_ca::crl::Coverage;
use jpki_ca::crl::Edition;
use jpki_ca::crl::Envelope;
use jpki_ca::crl::Measure;
use jpki_ca::crl::Reader;
use jpki_ca::crl::TbsList;
use jpki_ca::lint;
use jpki_ca::profile::Issuer;
use jpki_ca::profile::Organisation;
use jpki_ca::profile::Partition;
use jpki_ca::signer;
use jpki_ca::signer::Signer as _;
use jpki_ca::signer::SoftwareSigner;
use others::Rcgen;
use others::X509Cert;
use rand_core::OsRng;
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::RSA_PKCS1_SHA256;
use ring::signature::RsaKeyPair;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == memory::WORD) {
        return memory::child(&words[1..]);
    }
    // Without it `cargo test` runs us: once around is enough to see that everything works.
    let measuring = words.iter().any(|word| word == "--bench");
    let mut counts: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
    if counts.is_empty() {
        counts =
            if measuring { (3..=7).map(|power| 10_u64.pow(power)).collect() } else { vec![500] };
    }
    let bench = Bench::new()?;
    for count in counts {
        // About as much work at every size.
        let rounds = if measuring { (100_000_000 / count).clamp(9, 201) } else { 1 };
        bench.measure(count, usize::try_from(rounds)?)?;
    }
    Ok(())
}

/// Whose lists are written, and with what they are signed.
struct Bench {
    organisation: Organisation,
    issuer: Issuer,
    p256: SoftwareSigner,
    rsa: RsaKeyPair,
    rcgen: Rcgen,
}

impl Bench {
    fn new() -> Outcome<Self> {
        let key = signer::generate(KeyAlgorithm::RSA_2048, &mut OsRng)?;
        Ok(Self {
            organisation: Organisation::new("JPKI-SANDBOX")?,
            issuer: issuer()?,
            p256: SoftwareSigner::new(&signer::generate(KeyAlgorithm::P256, &mut OsRng)?)?,
            rsa: RsaKeyPair::from_pkcs8(key.expose()).map_err(|error| error.to_string())?,
            rcgen: Rcgen::new()?,
        })
    }

    fn edition(&self) -> Outcome<Edition<'_>> {
        edition(&self.organisation, &self.issuer)
    }

    /// Everything about a list of so many entries.
    fn measure(&self, count: u64, rounds: usize) -> Outcome<()> {
        let packed = Packed::new(count);
        let measure: Measure = packed.entries().collect();
        let mut tbs = Vec::new();
        let edition = self.edition()?;
        let names = edition.names();
        let octets =
            crl::encode(&edition.head(&names), measure, Drawn::new(count), &mut tbs)?.octets;
        println!("{count} entries, {octets} octets, {rounds} rounds");

        if OTHERS.contains(&count) && X509Cert::list(&edition, count)? != tbs {
            return Err("x509-cert writes another list".into());
        }

        let mut table = Table::new(count, octets);
        for round in 0..rounds {
            table.floor(|| black_box(hash(&tbs)));
            table.row("hashed once, out of the nearest cache", || {
                black_box(hash_near(&tbs));
                Ok(())
            })?;
            table.row("unpacked, nothing else", || {
                black_box(packed.entries().fold(0, |sum, entry| {
                    sum ^ entry.serial.get() ^ entry.at.to_unix().unsigned_abs()
                }));
                Ok(())
            })?;
            table.row("measured", || {
                black_box(packed.entries().collect::<Measure>());
                Ok(())
            })?;
            table.row("written", || {
                let mut sink = io::sink();
                crl::encode(&edition.head(&names), measure, packed.entries(), &mut sink)?;
                Ok(())
            })?;
            table.row("written, hashed, signed by P-256", || {
                let mut sink = Digest::new();
                crl::encode(&edition.head(&names), measure, packed.entries(), &mut sink)?;
                black_box(self.sign(sink, octets)?);
                Ok(())
            })?;
            table.row("read", || {
                black_box(Reader::tbs(&tbs[..])?.finish()?);
                Ok(())
            })?;
            table.row("judged", || {
                black_box(lint::list(Reader::tbs(&tbs[..])?, &edition)?);
                Ok(())
            })?;
            if count <= IN_MEMORY {
                table.row("written to memory, signed by RSA-2048", || {
                    let tbs = TbsList::encode(&edition, measure, packed.entries())?;
                    black_box(self.sign_in_memory(tbs.as_der())?);
                    Ok(())
                })?;
                table.row("signed by RSA-2048 alone", || {
                    black_box(self.sign_in_memory(&tbs)?);
                    Ok(())
                })?;
            }
            // Some rounds are enough for what takes so much longer.
            if OTHERS.contains(&count) && round < 9 {
                table.row("x509-cert: built, encoded, hashed", || {
                    black_box(hash(&X509Cert::list(&edition, count)?));
                    Ok(())
                })?;
                table.row("rcgen: built, signed by P-256", || {
                    black_box(self.rcgen.list(count)?);
                    Ok(())
                })?;
            }
        }
        table.print();
        memory::print(count)
    }

    /// What stands around the signed part, by a key that takes a digest.
    fn sign(&self, digest: Digest, octets: u64) -> Outcome<Envelope> {
        let digest = digest.0.finish();
        let signature = self.p256.sign_digest(digest.as_ref()).ok_or("takes no digest")??;
        Ok(Envelope::new(KeyAlgorithm::P256, octets, &signature)?)
    }

    /// The same by a key that takes a message.
    fn sign_in_memory(&self, tbs: &[u8]) -> Outcome<Envelope> {
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        let signed = self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), tbs, &mut signature);
        signed.map_err(|_| "the key does not sign")?;
        Ok(Envelope::new(KeyAlgorithm::RSA_2048, tbs.len() as u64, &signature)?)
    }
}

fn issuer() -> Outcome<Issuer> {
    Ok(Issuer {
        ca: CaName::UserAuthentication,
        generation: Generation::FIRST,
        serial: Serial::FIRST,
        key_id: [0x5a; 20],
        algorithm: KeyAlgorithm::P256,
        profile: Profile::Current,
        not_before: Timestamp::EPOCH,
        not_after: "2049-12-31T14:59:59Z".parse()?,
    })
}

/// The authority's own list: its name has four attributes, that of a municipality six.
fn edition<'a>(organisation: &'a Organisation, issuer: &'a Issuer) -> Outcome<Edition<'a>> {
    let this_update: Timestamp = "2029-12-31T15:00:00Z".parse()?;
    Ok(Edition {
        organisation,
        issuer,
        coverage: Coverage::Partition(Partition::Authority),
        number: 1000,
        this_update,
        next_update: this_update.plus_seconds(72 * 3600),
        base: None,
    })
}

/// A digest that is written to.
struct Digest(digest::Context);

impl Digest {
    fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl io::Write for Digest {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.update(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The floor: the same bytes, hashed once, in blocks.
fn hash(octets: &[u8]) -> digest::Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for block in octets.chunks(1 << 16) {
        context.update(block);
    }
    context.finish()
}

/// As many octets as these, always the same: what hashing takes where memory is not waited for, as a
/// list does not while it is written.
fn hash_near(octets: &[u8]) -> digest::Digest {
    let near = &octets[..octets.len().min(1 << 14)];
    let mut context = digest::Context::new(&digest::SHA256);
    let mut left = octets.len();
    while left > 0 {
        let block = &near[..near.len().min(left)];
        context.update(block);
        left -= block.len();
    }
    context.finish()
}

/// Times, row by row, each beside the floor of its own round.
struct Table {
    count: u64,
    octets: u64,
    floor: Vec<Duration>,
    rows: Vec<Row>,
}

/// One thing that was measured.
struct Row {
    what: &'static str,
    times: Vec<Duration>,
    ratios: Vec<f64>,
}

impl Table {
    fn new(count: u64, octets: u64) -> Self {
        Self { count, octets, floor: Vec::new(), rows: Vec::new() }
    }

    fn floor<T>(&mut self, work: impl FnOnce() -> T) {
        let begun = now();
        black_box(work());
        self.floor.push(begun.elapsed());
    }

    fn row(&mut self, what: &'static str, work: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
        let begun = now();
        work()?;
        let time = begun.elapsed();
        let place = self.rows.iter().position(|row| row.what == what).unwrap_or(self.rows.len());
        if place == self.rows.len() {
            self.rows.push(Row { what, times: Vec::new(), ratios: Vec::new() });
        }
        let floor = self.floor[self.floor.len() - 1];
        self.rows[place].times.push(time);
        self.rows[place].ratios.push(time.as_secs_f64() / floor.as_secs_f64());
        Ok(())
    }

    fn print(mut self) {
        let (count, octets) = (self.count as f64, self.octets as f64);
        let line = |what: &str, times: &mut [Duration], ratios: &str| {
            times.sort();
            let time = times[times.len() / 2].as_secs_f64();
            let (per_second, megabytes) = (count / time / 1e6, octets / time / 1e6);
            println!(
                "    {what}: {:.3} ms, {per_second:.2} M entries/s, {megabytes:.0} MB/s{ratios}",
                time * 1e3
            );
        };
        line("floor: hashed once", &mut self.floor, "");
        for row in &mut self.rows {
            row.ratios.sort_by(f64::total_cmp);
            let (least, most) = (row.ratios[0], row.ratios[row.ratios.len() - 1]);
            let median = row.ratios[row.ratios.len() / 2];
            let ratios = format!(", {median:.3} of the floor ({least:.3} to {most:.3})");
            line(row.what, &mut row.times, &ratios);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// Entries of the longest list that is held in memory.
const IN_MEMORY: u64 = 1_000_000;
/// The sizes at which other encoders are measured.
const OTHERS: [u64; 3] = [500, 100_000, 1_000_000];
