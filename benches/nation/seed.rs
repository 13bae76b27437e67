//! A store with the live revocations of a nation: the same rows in every run.
//!
//! Nobody lives behind them. A certificate's row is all that publishing reads, so its bytes and its
//! signature are left out, and the rows are written by bare statements: going through the authority
//! would sign twenty million times.

use std::error::Error;
use std::path::Path;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::authority::home::Home;
use jpki_ca::authority::home::InitOptions;
use jpki_ca::clock::FixedClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;
use jpki_ca::holder::Municipality;
use jpki_ca::store::Sum;
use rand_core::OsRng;
use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

/// How many of each authority's certificates are revoked, or are revoked on one day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) signature: u64,
    pub(crate) user_authentication: u64,
    /// Whether those that live have rows as well, about nine for each that is revoked.
    pub(crate) living: bool,
}

impl Scale {
    pub(crate) const NATION: Self =
        Self { signature: 16_000_000, user_authentication: 4_000_000, living: false };

    fn of(self, ca: usize) -> u64 {
        [self.signature, self.user_authentication][ca]
    }
}

/// Makes a home whose store has so many live revocations.
pub(crate) fn found(
    folder: &Path,
    algorithm: KeyAlgorithm,
    scale: Scale,
) -> Result<(), Box<dyn Error>> {
    let options = InitOptions { algorithm, ..InitOptions::sandbox() };
    Home::init(folder, &options, &FixedClock(FOUNDED.parse()?), &mut OsRng)?;
    let connection = open(folder)?;
    // In the order of an index it is built ten times faster than row by row.
    let indexes: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'certificate'",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    let now: Timestamp = NOW.parse()?;
    for ca in [0, 1] {
        let first = next_serial(&connection, ca)?;
        insert(&connection, ca, first, scale, now, LIFE)?;
    }
    for (_, sql) in &indexes {
        connection.execute_batch(sql)?;
    }
    connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Adds so many revocations that came since the last publication.
pub(crate) fn another_day(
    folder: &Path,
    scale: Scale,
    at: Timestamp,
) -> Result<(), Box<dyn Error>> {
    let connection = open(folder)?;
    for ca in [0, 1] {
        let first = next_serial(&connection, ca)?;
        insert(&connection, ca, first, scale, at, 86_400)?;
        // What the store notes with every change, for the lists that follow.
        connection.execute(
            "INSERT INTO list_change (ca, municipality, entry, serial) \
             SELECT ca, municipality, changed, serial FROM certificate \
             WHERE ca = ?1 AND serial >= ?2",
            params![ca as i64, first as i64],
        )?;
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

fn open(folder: &Path) -> Result<Connection, Box<dyn Error>> {
    let connection = Connection::open(folder.join("store.db"))?;
    connection.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -262144; \
         PRAGMA temp_store = FILE;",
    )?;
    Ok(connection)
}

fn next_serial(connection: &Connection, ca: usize) -> Result<u64, Box<dyn Error>> {
    let sql = "SELECT next FROM counter WHERE ca = ?1";
    Ok(connection.query_row(sql, [ca as i64], |row| row.get::<_, i64>(0))?.try_into()?)
}

/// Inserts revoked certificates from a number on, and counts them for the lists as the store does.
fn insert(
    connection: &Connection,
    ca: usize,
    first: u64,
    scale: Scale,
    now: Timestamp,
    spread: i64,
) -> Result<(), Box<dyn Error>> {
    let municipalities: Vec<Municipality> = Municipality::all().collect();
    let shares = Shares::new(municipalities.len());
    let mut random = Random(0x6a70_6b69 + first + ca as u64);
    let mut tallies = vec![(0_u64, Sum::default()); municipalities.len()];
    connection.execute_batch("BEGIN")?;
    let entry: i64 = connection.query_row("SELECT max(entry) FROM audit", [], |row| row.get(0))?;
    let mut serial = first.max(SERIALS_IN_USE);
    {
        let mut statement = connection.prepare(
            "INSERT INTO certificate (ca, serial, generation, carrier, municipality, person, \
             request, key_hash, tbs_hash, not_before, not_after, entry, session, state, issued_at, \
             since, reason, changed) VALUES (?1, ?2, 1, 0, ?3, ?4, ?4, ?5, ?5, ?6, ?7, ?8, 0, 3, ?6, \
             ?9, ?10, ?8)",
        )?;
        let mut live = connection.prepare(
            "INSERT INTO certificate (ca, serial, generation, carrier, municipality, person, \
             request, key_hash, tbs_hash, not_before, not_after, entry, session, state, issued_at, \
             changed) VALUES (?1, ?2, 1, 0, ?3, ?4, ?4, ?5, ?5, ?6, ?7, ?8, 0, 1, ?6, ?8)",
        )?;
        for _ in 0..scale.of(ca) {
            // Between two revoked ones lie those that live.
            let between = random.below(if scale.living { 19 } else { 5 });
            for serial in (serial + 1..=serial + between).filter(|_| scale.living) {
                let municipality = municipalities[shares.draw(&mut random)].number();
                let person = format!("p{ca}{serial}");
                let hash: Vec<u8> = (0..4).flat_map(|_| random.next().to_be_bytes()).collect();
                let not_before = now.plus_seconds(-1 - random.below(spread as u64) as i64);
                let not_after = now.plus_seconds(30 * 86_400 + random.below(LIFE as u64) as i64);
                live.execute(params![
                    ca as i64,
                    serial as i64,
                    municipality,
                    person,
                    hash,
                    not_before.to_unix(),
                    not_after.to_unix(),
                    entry,
                ])?;
            }
            serial += 1 + between;
            let place = shares.draw(&mut random);
            let since = now.plus_seconds(-1 - random.below(spread as u64) as i64);
            let not_after = now.plus_seconds(1 + random.below(LIFE as u64) as i64);
            let not_before = since.plus_seconds(-1);
            let reason = REASONS[random.below(REASONS.len() as u64) as usize];
            let person = format!("p{ca}{serial}");
            let hash: Vec<u8> = (0..4).flat_map(|_| random.next().to_be_bytes()).collect();
            statement.execute(params![
                ca as i64,
                serial as i64,
                municipalities[place].number(),
                person,
                hash,
                not_before.to_unix(),
                not_after.to_unix(),
                entry,
                since.to_unix(),
                reason.code(),
            ])?;
            let (entries, sum) = &mut tallies[place];
            *entries += 1;
            *sum = sum.with(Serial::new(serial)?, since, reason);
        }
    }
    connection
        .execute("UPDATE counter SET next = ?2 WHERE ca = ?1", [ca as i64, serial as i64 + 1])?;
    for (municipality, (entries, sum)) in municipalities.iter().zip(tallies) {
        count_in(connection, ca, *municipality, entries, sum, entry)?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// Counts revocations in what the lists of a partition must carry, as the store does.
fn count_in(
    connection: &Connection,
    ca: usize,
    municipality: Municipality,
    entries: u64,
    sum: Sum,
    entry: i64,
) -> Result<(), Box<dyn Error>> {
    let key = params![ca as i64, municipality.number()];
    let before = connection
        .query_row(
            "SELECT entries, sum FROM tally WHERE ca = ?1 AND municipality = ?2",
            key,
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )
        .optional()?
        .unwrap_or_default();
    let sum = sum.and(Sum::from_bits(before.1.cast_unsigned()));
    connection.execute(
        "INSERT OR REPLACE INTO tally (ca, municipality, entries, sum, changed) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            ca as i64,
            municipality.number(),
            before.0 + entries as i64,
            sum.to_bits().cast_signed(),
            entry
        ],
    )?;
    Ok(())
}

/// How the nation is spread over its municipalities: the largest has eleven times the mean, and the
/// sizes fall as 1 / (rank + 18), so that 16 million make 180,000 in the largest.
struct Shares(Vec<f64>);

impl Shares {
    fn new(municipalities: usize) -> Self {
        let mut random = Random(1);
        let mut ranks: Vec<usize> = (1..=municipalities).collect();
        // Large ones stand anywhere in the order of codes.
        for place in (1..ranks.len()).rev() {
            ranks.swap(place, random.below(place as u64 + 1) as usize);
        }
        let mut sum = 0.0;
        let mut bounds: Vec<f64> = ranks
            .iter()
            .map(|rank| {
                sum += 1.0 / (*rank as f64 + 18.3);
                sum
            })
            .collect();
        bounds.iter_mut().for_each(|bound| *bound /= sum);
        Self(bounds)
    }

    fn draw(&self, random: &mut Random) -> usize {
        let point = random.next() as f64 / u64::MAX as f64;
        self.0.partition_point(|bound| *bound < point).min(self.0.len() - 1)
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// When the home was founded: long before the first list.
pub(crate) const FOUNDED: &str = "2026-01-01T00:00:00Z";
/// When the first lists are published.
pub(crate) const NOW: &str = "2026-11-22T00:00:00Z";
/// The longest that a revoked certificate has left, and that its revocation lies back: half of its
/// life, in seconds.
const LIFE: i64 = 5 * 365 * 86_400 / 2;
/// Numbers below were used before anybody was revoked.
pub(crate) const SERIALS_IN_USE: u64 = 20_000_000;
/// Most are revoked because what the certificate states has changed.
const REASONS: [Reason; 6] = [
    Reason::AffiliationChanged,
    Reason::AffiliationChanged,
    Reason::AffiliationChanged,
    Reason::Superseded,
    Reason::CessationOfOperation,
    Reason::Unspecified,
];
