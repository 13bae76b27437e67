//! The register's records themselves: baseline, sources, rejected events, and comparing residents
//! with a sender's.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::asn1::PublicKey;
use crate::asn1::hex;
use crate::asn1::sha256;
use crate::register::EventForm;
use crate::register::FormError;
use crate::register::HolderForm;
use crate::register::Person;
use crate::register::Record;
use crate::register::Rule;
use crate::register::Source;
use crate::store::EventKey;
use crate::store::EventRow;
use crate::store::EventState;
use crate::store::SourceStatus;

use super::Authority;
use super::AuthorityError;
use super::outcome::Refused;

/// What became of a resident of a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Imported {
    /// Entered.
    Entered,
    /// On record already, with the same items.
    Known,
}

impl Authority {
    /// Enters residents of a baseline, each a holder file, in one commit.
    ///
    /// # Errors
    /// When the store fails; what is wrong with a resident is the inner error.
    pub fn import(
        &self,
        lines: &[Vec<u8>],
        dry_run: bool,
    ) -> Result<Vec<Result<Imported, Refused>>, AuthorityError> {
        let body = |tx: &mut crate::store::Tx<'_>| {
            lines
                .iter()
                .map(|line| {
                    let record = match baseline(line, tx.at()) {
                        Ok((form, record)) => match tx.resident(record.person())? {
                            None => record,
                            Some(known) if known.differences(&form).is_empty() => {
                                return Ok(Ok(Imported::Known));
                            }
                            Some(_) => {
                                let refusal = crate::register::Refusal::from(Rule::Exists);
                                return Ok(Err(refusal.into()));
                            }
                        },
                        Err(refused) => return Ok(Err(refused)),
                    };
                    tx.put_resident(&record, None)?;
                    Ok(Ok(Imported::Entered))
                })
                .collect()
        };
        if dry_run {
            self.store.rehearse(self.now(), body)
        } else {
            self.store.tx(self.now(), body)
        }
    }

    /// The holder file of a person as the record has it now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn resident(&self, person: &Person) -> Result<Option<HolderForm>, AuthorityError> {
        let record = self.store.tx(self.now(), |tx| tx.resident(person))?;
        Ok(record.map(|record| record.form()))
    }

    /// Registers the key that a source signs with, or the number that its feed goes on from.
    ///
    /// # Errors
    /// When the store fails; a number that was used already is the inner error.
    pub fn register_source(
        &self,
        source: Source,
        key: Option<PublicKey>,
        next: Option<u64>,
    ) -> Result<Result<u64, Refused>, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let mut row = tx.source(source.as_str())?;
            if next.is_some_and(|next| next < row.next) {
                return Ok(Err(crate::register::Refusal::from(Rule::Replayed).into()));
            }
            row.next = next.unwrap_or(row.next);
            row.key = key.or(row.key);
            let row = self.resume(tx, &row)?;
            tx.put_source(&row)?;
            Ok(Ok(row.next))
        })
    }

    /// Every refused event that was not repeated, to `each`, in the order of arrival.
    ///
    /// # Errors
    /// When the store or `each` fails.
    pub fn rejected(
        &self,
        mut each: impl FnMut(&EventRow) -> Result<(), AuthorityError>,
    ) -> Result<(), AuthorityError> {
        let mut after = EventKey::NONE;
        loop {
            let page = self.store.tx(self.now(), |tx| tx.rejected(after, PAGE))?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.key;
            for row in &page {
                each(row)?;
            }
        }
    }

    /// The refused event with this id.
    ///
    /// # Errors
    /// When the store fails; no such event is the inner error.
    pub fn refused_event(&self, id: &str) -> Result<Result<EventRow, Refused>, AuthorityError> {
        let rows = self.store.tx(self.now(), |tx| tx.events_named(id))?;
        let row = rows.into_iter().find(|row| row.state == EventState::Refused);
        let refusal = || Refused::from(crate::register::Refusal::from(Rule::ResendUnknown));
        Ok(row.ok_or_else(refusal))
    }

    /// An id for a corrected event that repeats this one: the original's with the number of the try.
    ///
    /// # Errors
    /// When the store fails.
    pub fn resend_id(&self, source: &str, original: &str) -> Result<String, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let mut number = 1_u32;
            loop {
                let id = format!("{original}.r{number}");
                if tx.event(source, &id)?.is_none() {
                    return Ok(id);
                }
                number = number.saturating_add(1);
            }
        })
    }

    /// How every source's feed stands, and the seconds from record to revocation, sorted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn feed_status(&self) -> Result<(Vec<SourceStatus>, Vec<i64>), AuthorityError> {
        Ok(self.store.tx(self.now(), |tx| {
            Ok::<_, crate::store::StoreError>((tx.source_statuses()?, tx.latencies()?))
        })?)
    }

    /// The digests of all residents on record.
    ///
    /// # Errors
    /// When the store fails.
    pub fn digests(&self) -> Result<Digests, AuthorityError> {
        let mut digests = Digests::default();
        let mut after = String::new();
        loop {
            let page = self.store.tx(self.now(), |tx| tx.residents(&after, PAGE))?;
            let Some(last) = page.last() else { return Ok(digests) };
            last.person().as_str().clone_into(&mut after);
            for record in &page {
                digests.add(&record.form());
            }
        }
    }
}

/// Digests of residents: one per item in the leaves, over 256 branches, to a root. Equal digests mean
/// equal data; a difference is found by going down where they differ, and no value is exchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    branches: BTreeMap<u8, BTreeMap<String, BTreeMap<String, String>>>,
}

/// A line of digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "level", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DigestLine {
    /// Over all branches.
    Root {
        /// The digest.
        digest: String,
        /// How many people.
        people: usize,
    },
    /// Over the people of a branch.
    Branch {
        /// Two hexadecimal digits: the first of the SHA-256 of the handle.
        branch: String,
        /// The digest.
        digest: String,
        /// How many people.
        people: usize,
    },
    /// One person.
    Leaf {
        /// The handle.
        person: String,
        /// A digest per item.
        items: BTreeMap<String, String>,
    },
}

/// A difference between two views of the residents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "difference", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Difference {
    /// Only the sender has the person.
    OnlyTheirs {
        /// The handle.
        person: String,
    },
    /// Only we have the person.
    OnlyOurs {
        /// The handle.
        person: String,
    },
    /// An item differs.
    Item {
        /// The handle.
        person: String,
        /// The item.
        item: String,
    },
    /// A branch differs whose leaves were not given.
    Branch {
        /// Its name: ask the sender for its leaves.
        branch: String,
    },
}

impl Digests {
    /// Takes in a resident.
    pub fn add(&mut self, form: &HolderForm) {
        let items = item_digests(form);
        self.branches
            .entry(branch_of(&form.person))
            .or_default()
            .insert(form.person.clone(), items);
    }

    /// Root and branches.
    #[must_use]
    pub fn summary(&self) -> Vec<DigestLine> {
        let people = self.branches.values().map(BTreeMap::len).sum();
        let mut root = Vec::new();
        let mut lines = Vec::new();
        for (branch, leaves) in &self.branches {
            let digest = digest_of(leaves);
            root.extend_from_slice(format!("{branch:02x}{digest}").as_bytes());
            let branch = format!("{branch:02x}");
            lines.push(DigestLine::Branch { branch, digest, people: leaves.len() });
        }
        lines.insert(0, DigestLine::Root { digest: hex(&sha256(&root)), people });
        lines
    }

    /// The leaves of a branch.
    #[must_use]
    pub fn leaves(&self, branch: u8) -> Vec<DigestLine> {
        let leaves = self.branches.get(&branch).into_iter().flatten();
        leaves
            .map(|(person, items)| DigestLine::Leaf {
                person: person.clone(),
                items: items.clone(),
            })
            .collect()
    }

    /// Where a sender's lines differ from these. Branches whose leaves are among the lines are
    /// compared by person and item; others are named when they differ.
    #[must_use]
    pub fn compare(&self, theirs: &[DigestLine]) -> Vec<Difference> {
        let mut given: BTreeMap<u8, BTreeMap<&String, &BTreeMap<String, String>>> = BTreeMap::new();
        let mut summaries = BTreeMap::new();
        let (mut whole, mut listed) = (None, 0_usize);
        for line in theirs {
            match line {
                DigestLine::Root { people, .. } => whole = Some(*people),
                DigestLine::Branch { branch, digest, people } => {
                    summaries.insert(branch.clone(), digest);
                    listed = listed.saturating_add(*people);
                }
                DigestLine::Leaf { person, items } => {
                    given.entry(branch_of(person)).or_default().insert(person, items);
                }
            }
        }
        // When everybody is in the branches listed, there is nobody in the others.
        if whole == Some(listed) {
            let named = |branch: &&u8| summaries.contains_key(&format!("{branch:02x}"));
            for branch in self.branches.keys().filter(|branch| !named(branch)) {
                given.entry(*branch).or_default();
            }
        }
        let mut found = Vec::new();
        for (branch, leaves) in &given {
            self.compare_leaves(*branch, leaves, &mut found);
        }
        let ours: BTreeMap<String, String> = self
            .branches
            .iter()
            .map(|(branch, leaves)| (format!("{branch:02x}"), digest_of(leaves)))
            .collect();
        // Leaves alone are a part of a view; anything else is a whole one, and nothing at all is the
        // view of a sender who has nobody.
        if whole.is_some() || !summaries.is_empty() || given.is_empty() {
            let names: std::collections::BTreeSet<_> =
                ours.keys().chain(summaries.keys()).collect();
            for name in names {
                let number = u8::from_str_radix(name, 16).unwrap_or_default();
                let same = ours.get(name) == summaries.get(name).copied();
                if !same && !given.contains_key(&number) {
                    found.push(Difference::Branch { branch: name.clone() });
                }
            }
        }
        found.sort();
        found
    }

    fn compare_leaves(
        &self,
        branch: u8,
        theirs: &BTreeMap<&String, &BTreeMap<String, String>>,
        found: &mut Vec<Difference>,
    ) {
        let none = BTreeMap::new();
        let ours = self.branches.get(&branch).unwrap_or(&none);
        for person in ours.keys().filter(|person| !theirs.contains_key(person)) {
            found.push(Difference::OnlyOurs { person: person.clone() });
        }
        for (person, items) in theirs {
            let Some(own) = ours.get(*person) else {
                found.push(Difference::OnlyTheirs { person: (*person).clone() });
                continue;
            };
            let names: std::collections::BTreeSet<_> = own.keys().chain(items.keys()).collect();
            for item in names.into_iter().filter(|item| own.get(*item) != items.get(*item)) {
                found.push(Difference::Item { person: (*person).clone(), item: item.clone() });
            }
        }
    }
}

/// A resident of a baseline, checked.
fn baseline(line: &[u8], now: crate::clock::Timestamp) -> Result<(HolderForm, Record), Refused> {
    let form =
        HolderForm::read(line).map_err(|error| Refused::new(FormError::CODE, error.to_string()))?;
    let record = Record::open(&form, now)?;
    Ok((form, record))
}

/// A digest per item, bound to the person, so that equal values of two people do not show.
fn item_digests(form: &HolderForm) -> BTreeMap<String, String> {
    // A form always becomes a JSON object.
    let value = serde_json::to_value(form).unwrap_or_default();
    let fields = value.as_object().cloned().unwrap_or_default();
    fields
        .into_iter()
        .filter(|(item, _)| !OF_A_REQUEST.contains(&item.as_str()))
        .map(|(item, value)| {
            let text = format!("{}\u{0}{item}\u{0}{value}", form.person);
            (item, hex(&sha256(text.as_bytes())))
        })
        .collect()
}

fn digest_of(leaves: &BTreeMap<String, BTreeMap<String, String>>) -> String {
    let mut bytes = Vec::new();
    for (person, items) in leaves {
        bytes.extend_from_slice(person.as_bytes());
        for (item, digest) in items {
            bytes.extend_from_slice(format!("\u{0}{item}={digest}").as_bytes());
        }
        bytes.push(b'\n');
    }
    hex(&sha256(&bytes))
}

fn branch_of(person: &str) -> u8 {
    let [first, ..] = sha256(person.as_bytes());
    first
}

/// An event with its corrections, as the form of a new one.
///
/// # Errors
/// When the corrected form has not the shape of an event.
pub fn corrected(
    original: &EventRow,
    id: &str,
    corrections: &[(String, Option<serde_json::Value>)],
) -> Result<Vec<u8>, FormError> {
    let mut value: serde_json::Value = serde_json::from_slice(&original.line)
        .map_err(|_| FormError::problem("the original is no JSON: send a new event instead"))?;
    for (path, correction) in corrections {
        let mut place = &mut value;
        let mut words = path.split('.').peekable();
        while let Some(word) = words.next() {
            let object = place
                .as_object_mut()
                .ok_or_else(|| FormError::problem("a corrected field lies in no object"))?;
            if words.peek().is_none() {
                match correction {
                    Some(new) => object.insert(word.to_owned(), new.clone()),
                    None => object.remove(word),
                };
                break;
            }
            place = object.entry(word).or_insert_with(|| serde_json::json!({}));
        }
    }
    if let Some(object) = value.as_object_mut() {
        object.insert("id".to_owned(), serde_json::json!(id));
        object.insert("resend_of".to_owned(), serde_json::json!(original.id));
        object.remove("seq");
        object.remove("signature");
    }
    let line = value.to_string().into_bytes();
    EventForm::read(&line)?;
    Ok(line)
}

/// Fields of a holder file that are no items of a record: the handle, which binds them, and what an
/// application says of itself.
const OF_A_REQUEST: [&str; 3] = ["person", "applied_at", "legal_representative"];

/// Rows per page.
const PAGE: u32 = 1000;
