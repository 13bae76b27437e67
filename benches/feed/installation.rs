//! An authority over a population in which everybody holds both certificates, and its twin for the
//! yardstick.

use std::error::Error;
use std::fs;
use std::path::Path;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::authority::Ask;
use jpki_ca::authority::Authority;
use jpki_ca::authority::FoundingKeys;
use jpki_ca::authority::Imported;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Kinds;
use jpki_ca::authority::RequestId;
use jpki_ca::clock::FixedClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Kind;
use jpki_ca::credential::Profile;
use jpki_ca::policy::Policy;
use jpki_ca::profile::Realm;
use jpki_ca::register::HolderForm;
use jpki_ca::signer;
use jpki_ca::signer::PrivateKey;
use jpki_ca::signer::Signer;
use jpki_ca::signer::SoftwareSigner;
use jpki_ca::store::Store;
use jpki_ca::store::StoreUrl;
use rand_core::OsRng;
use rusqlite::Connection;
use spki::EncodePublicKey as _;

use super::population::Population;
use super::population::person;
use super::yardstick::Journal;
use super::yardstick::Twin;

/// A seeded authority.
pub(crate) struct Installation {
    pub(crate) authority: Authority,
    /// What the authority wrote.
    pub(crate) journal: Journal,
    /// A copy of its store as it was before the first event.
    pub(crate) copy: Twin,
    /// A store of its own with nothing in it.
    pub(crate) empty: Twin,
    _folder: tempfile::TempDir,
}

impl Installation {
    pub(crate) fn new(
        population: &Population,
        place: Option<&Path>,
    ) -> Result<Self, Box<dyn Error>> {
        let folder = match place {
            Some(place) => tempfile::tempdir_in(place)?,
            None => tempfile::tempdir()?,
        };
        let path = folder.path().join("store.db");
        let url = StoreUrl::Sqlite(path.clone());
        let keys = [(); 2].map(|()| signer::generate(KeyAlgorithm::P256, &mut OsRng));
        let [signature, user_authentication] = keys;
        let keys = [signature?, user_authentication?];

        let store = Store::create(&url)?;
        let (first, second) = (SoftwareSigner::new(&keys[0])?, SoftwareSigner::new(&keys[1])?);
        let service = || -> Result<SoftwareSigner, Box<dyn Error>> {
            Ok(SoftwareSigner::new(&signer::generate(KeyAlgorithm::P256, &mut OsRng)?)?)
        };
        let [publication, responder, other] = [service()?, service()?, service()?];
        let founding = FoundingKeys {
            signature: &first,
            user_authentication: &second,
            publication: publication.public_key(),
            signature_responder: responder.public_key(),
            user_authentication_responder: other.public_key(),
        };
        Authority::found(&store, &clock()?, &Realm::sandbox(), Profile::Current, &founding)?;
        let authority = open(store, &keys)?;
        import(&authority, population)?;
        issue(&authority, &population.file(0))?;
        drop(authority);
        multiply(&path)?;

        let copy = folder.path().join("copy.db");
        fs::copy(&path, &copy)?;
        let empty = folder.path().join("empty.db");
        drop(Store::create(&StoreUrl::Sqlite(empty.clone()))?);
        Ok(Self {
            authority: open(Store::open(&url)?, &keys)?,
            journal: Journal::open(&path)?,
            copy: Twin::copy(&copy)?,
            empty: Twin::empty(&empty)?,
            _folder: folder,
        })
    }
}

fn open(store: Store, keys: &[PrivateKey]) -> Result<Authority, Box<dyn Error>> {
    let mut signers: Vec<Box<dyn Signer>> = Vec::new();
    for key in keys {
        signers.push(Box::new(SoftwareSigner::new(key)?));
    }
    let clock = Box::new(clock()?);
    let (authority, _) =
        Authority::open(store, clock, Realm::sandbox(), Policy::default(), signers)?;
    Ok(authority)
}

/// Later on the day of the events.
fn clock() -> Result<FixedClock, Box<dyn Error>> {
    Ok(FixedClock("2026-04-03T12:00:00+09:00".parse::<Timestamp>()?))
}

fn import(authority: &Authority, population: &Population) -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> = (0..population.len()).collect();
    for numbers in numbers.chunks(4096) {
        let lines: Vec<_> =
            numbers.iter().map(|number| population.file(*number).into_bytes()).collect();
        for outcome in authority.import(&lines, false)? {
            if outcome? != Imported::Entered {
                return Err("a resident stands twice".into());
            }
        }
    }
    Ok(())
}

/// Both certificates, on keys of their own.
fn issue(authority: &Authority, file: &str) -> Result<(), Box<dyn Error>> {
    let form = HolderForm::read(file.as_bytes())?;
    let ask = Ask {
        kinds: Kinds::Both,
        carrier: Carrier::Card,
        renew: false,
        key: KeyAsk::Generated(Some(KeyAlgorithm::P256)),
    };
    let mut request = IssueRequest::new(RequestId::draw()?, &form, &ask, authority.now())?;
    for kind in Kind::ALL {
        let key = p256::SecretKey::random(&mut OsRng).public_key().to_public_key_der()?;
        request = request.with_key(kind, PublicKey::from_der(key.as_bytes())?);
    }
    authority.issue(&request)?.result?;
    Ok(())
}

/// Gives everybody certificates like those of the first resident. Signing two million would take
/// too long, and the feed reads nothing but these rows.
fn multiply(path: &Path) -> Result<(), Box<dyn Error>> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -4000000; BEGIN;")?;
    let sql = "INSERT INTO certificate (ca, serial, generation, carrier, municipality, person, \
               request, key_hash, tbs_hash, not_before, not_after, clause, entry, session, state, \
               issued_at, changed) \
               SELECT c.ca, c.serial + r.rowid, c.generation, c.carrier, \
               CAST(json_extract(r.body, '$.items.municipality') AS INTEGER), r.person, c.request, \
               randomblob(32), randomblob(32), c.not_before, c.not_after, c.clause, c.entry, \
               c.session, c.state, c.issued_at, c.changed \
               FROM resident r JOIN certificate c ON c.person = ?1 AND c.state = 1 \
               WHERE r.person <> ?1 ORDER BY r.rowid";
    connection.execute(sql, [person(0)])?;
    let sql = "UPDATE counter SET next = 1 + (SELECT max(serial) FROM certificate c \
               WHERE c.ca = counter.ca)";
    connection.execute(sql, [])?;
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}
