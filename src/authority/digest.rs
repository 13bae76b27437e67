//! Comparing residents with a sender's (整合性確認), by digests.
//!
//! Digests form a tree: a leaf per person with a digest per item, 256 branches over the people, a root
//! over the branches. Equal digests mean equal data; a difference is found by going down where they
//! differ, and no value is exchanged.
//!
//! A sender need not know every item: the card's end, say, is known here and perhaps not there. So only
//! what the sender states is compared. A branch digests the items that everyone has together, and each
//! optional item by itself over those of whom it is stated.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::asn1::hex;
use crate::asn1::sha256;
use crate::register::HolderForm;

use super::Authority;
use super::AuthorityError;

impl Authority {
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

/// Digests of residents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    branches: BTreeMap<u8, Leaves>,
}

/// The people of a branch, each with a digest per item.
type Leaves = BTreeMap<String, Items>;
type Items = BTreeMap<String, String>;

/// A line of digests. A file of them is whole: the root first, then every branch that has people, then
/// the leaves of those branches that the root names.
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
        /// The branches whose leaves follow.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        leaves: BTreeSet<String>,
    },
    /// Over the people of a branch.
    Branch {
        /// Two hexadecimal digits: the first of the SHA-256 of the handle.
        branch: String,
        /// The digest over the items that everyone has.
        digest: String,
        /// How many people.
        people: usize,
        /// Each optional item that is stated of any of them.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        optional: BTreeMap<String, Stated>,
    },
    /// One person.
    Leaf {
        /// The handle.
        person: String,
        /// A digest per item that is stated.
        items: BTreeMap<String, String>,
    },
}

/// An optional item over those people of a branch of whom it is stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Stated {
    /// The digest.
    pub digest: String,
    /// How many people.
    pub people: usize,
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

/// Why a sender's lines are no whole view: nothing was compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the digests are incomplete or were changed: {0}; have the sender digest anew")]
pub struct Incomplete(String);

impl Digests {
    /// Takes in a resident; whether it is a new one.
    pub fn add(&mut self, form: &HolderForm) -> bool {
        let leaves = self.branches.entry(branch_of(&form.person)).or_default();
        leaves.insert(form.person.clone(), item_digests(form)).is_none()
    }

    /// Root and branches, and the leaves of these branches: a whole file.
    #[must_use]
    pub fn lines(&self, leaves: &BTreeSet<u8>) -> Vec<DigestLine> {
        let branches: Vec<DigestLine> =
            self.branches.iter().map(|(branch, leaves)| branch_line(*branch, leaves)).collect();
        let people = self.branches.values().map(BTreeMap::len).sum();
        let digest = root_digest(&branches);
        let named = leaves.iter().map(|branch| name(*branch)).collect();
        let mut lines = vec![DigestLine::Root { digest, people, leaves: named }];
        lines.extend(branches);
        let given = self.branches.iter().filter(|(branch, _)| leaves.contains(branch));
        lines.extend(given.flat_map(|(_, leaves)| leaves).map(|(person, items)| {
            DigestLine::Leaf { person: person.clone(), items: items.clone() }
        }));
        lines
    }

    /// Where a sender's lines differ from these. Branches whose leaves are among the lines are
    /// compared by person and item; others are named when they differ. An optional item is compared
    /// where the sender states it.
    ///
    /// # Errors
    /// When the lines are not what [`Digests::lines`] gives, all of it: nothing is compared then.
    pub fn compare(&self, theirs: &[DigestLine]) -> Result<Vec<Difference>, Incomplete> {
        let theirs = View::of(theirs)?;
        let mut found = Vec::new();
        let nobody = Leaves::new();
        for branch in 0..=u8::MAX {
            let ours = self.branches.get(&branch).unwrap_or(&nobody);
            match (theirs.branches.get(&branch), theirs.leaves.get(&branch)) {
                (_, Some(leaves)) => compare_leaves(ours, leaves, &mut found),
                // They have nobody there.
                (None, None) => compare_leaves(ours, &nobody, &mut found),
                (Some(summary), None) if !agrees(summary, ours) => {
                    found.push(Difference::Branch { branch: name(branch) });
                }
                (Some(_), None) => {}
            }
        }
        found.sort();
        Ok(found)
    }

    /// Where a sender's residents differ from these, by person and item; of optional items, those are
    /// compared that the sender states.
    #[must_use]
    pub fn compare_residents(&self, theirs: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let nobody = Leaves::new();
        for branch in 0..=u8::MAX {
            let side = |digests: &'_ Self| digests.branches.get(&branch).cloned();
            let (ours, theirs) = (side(self), side(theirs));
            let (ours, theirs) = (ours.as_ref(), theirs.as_ref());
            compare_leaves(ours.unwrap_or(&nobody), theirs.unwrap_or(&nobody), &mut found);
        }
        found.sort();
        found
    }
}

/// A sender's lines, found whole.
struct View<'a> {
    branches: BTreeMap<u8, &'a DigestLine>,
    leaves: BTreeMap<u8, Leaves>,
}

impl<'a> View<'a> {
    fn of(lines: &'a [DigestLine]) -> Result<Self, Incomplete> {
        let lacks = |what: &str| Incomplete(what.to_owned());
        let mut lines = lines.iter();
        let Some(DigestLine::Root { digest, people, leaves: named }) = lines.next() else {
            return Err(lacks("they do not begin with the root"));
        };
        let mut view = Self { branches: BTreeMap::new(), leaves: BTreeMap::new() };
        let mut summaries = Vec::new();
        let mut listed = 0_usize;
        for line in lines {
            match line {
                DigestLine::Root { .. } => return Err(lacks("there are two roots")),
                DigestLine::Branch { branch, people, .. } => {
                    let number = number(branch).ok_or_else(|| lacks("a branch has no number"))?;
                    if view.branches.insert(number, line).is_some() {
                        return Err(Incomplete(format!("branch {branch} stands twice")));
                    }
                    listed = listed.saturating_add(*people);
                    summaries.push(line.clone());
                }
                DigestLine::Leaf { person, items } => {
                    let leaves = view.leaves.entry(branch_of(person)).or_default();
                    if leaves.insert(person.clone(), items.clone()).is_some() {
                        return Err(lacks("a person stands twice"));
                    }
                }
            }
        }
        if listed != *people || root_digest(&summaries) != *digest {
            return Err(lacks("the root is not that of the branches"));
        }
        for name in named {
            let number = number(name).ok_or_else(|| lacks("a branch has no number"))?;
            // Someone may ask for the leaves of a branch that has no people.
            view.leaves.entry(number).or_default();
        }
        for (branch, leaves) in &view.leaves {
            let whole = match view.branches.get(branch) {
                Some(summary) => branch_line(*branch, leaves) == **summary,
                None => leaves.is_empty(),
            };
            if !whole {
                let name = name(*branch);
                return Err(Incomplete(format!("branch {name} is not that of its leaves")));
            }
        }
        Ok(view)
    }
}

/// Whether a branch of ours is what a summary says, as far as that goes.
fn agrees(summary: &DigestLine, ours: &Leaves) -> bool {
    let DigestLine::Branch { digest, people, optional, .. } = summary else { return false };
    *people == ours.len()
        && *digest == digest_of(ours, |item| REQUIRED.contains(&item)).digest
        && optional.iter().all(|(item, theirs)| *theirs == digest_of(ours, |one| one == item))
}

fn compare_leaves(ours: &Leaves, theirs: &Leaves, found: &mut Vec<Difference>) {
    for person in ours.keys().filter(|person| !theirs.contains_key(*person)) {
        found.push(Difference::OnlyOurs { person: person.clone() });
    }
    for (person, items) in theirs {
        let Some(own) = ours.get(person) else {
            found.push(Difference::OnlyTheirs { person: person.clone() });
            continue;
        };
        let required = REQUIRED.iter().map(|item| (*item).to_owned());
        let stated: BTreeSet<String> = items.keys().cloned().chain(required).collect();
        for item in stated.into_iter().filter(|item| own.get(item) != items.get(item)) {
            found.push(Difference::Item { person: person.clone(), item });
        }
    }
}

fn branch_line(branch: u8, leaves: &Leaves) -> DigestLine {
    let all: BTreeSet<&String> = leaves.values().flat_map(BTreeMap::keys).collect();
    let optional = all.into_iter().filter(|item| !REQUIRED.contains(&item.as_str()));
    DigestLine::Branch {
        branch: name(branch),
        digest: digest_of(leaves, |item| REQUIRED.contains(&item)).digest,
        people: leaves.len(),
        optional: optional
            .map(|item| (item.clone(), digest_of(leaves, |one| one == item)))
            .collect(),
    }
}

/// The digest over some items of those people of whom any of them is stated.
fn digest_of(leaves: &Leaves, concerns: impl Fn(&str) -> bool) -> Stated {
    let (mut bytes, mut people) = (Vec::new(), 0);
    for (person, items) in leaves {
        let mut items = items.iter().filter(|(item, _)| concerns(item)).peekable();
        if items.peek().is_none() {
            continue;
        }
        people += 1;
        bytes.extend_from_slice(person.as_bytes());
        for (item, digest) in items {
            bytes.extend_from_slice(format!("\u{0}{item}={digest}").as_bytes());
        }
        bytes.push(b'\n');
    }
    Stated { digest: hex(&sha256(&bytes)), people }
}

/// The digest over the lines of the branches, as compact JSON.
fn root_digest(branches: &[DigestLine]) -> String {
    let mut bytes = Vec::new();
    for branch in branches {
        // Strings and numbers always become JSON.
        bytes.extend(serde_json::to_vec(branch).unwrap_or_default());
        bytes.push(b'\n');
    }
    hex(&sha256(&bytes))
}

/// A digest per item, bound to the person, so that equal values of two people do not show.
fn item_digests(form: &HolderForm) -> Items {
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

fn branch_of(person: &str) -> u8 {
    let [first, ..] = sha256(person.as_bytes());
    first
}

fn name(branch: u8) -> String {
    format!("{branch:02x}")
}

fn number(name: &str) -> Option<u8> {
    let number = u8::from_str_radix(name, 16).ok()?;
    (self::name(number) == name).then_some(number)
}

/// The items of every record.
const REQUIRED: [&str; 6] = ["name", "birth_date", "sex", "address", "municipality", "residence"];

/// Fields of a holder file that are no items of a record: the handle, which binds them, and what an
/// application says of itself.
const OF_A_REQUEST: [&str; 3] = ["person", "applied_at", "legal_representative"];

/// Rows per page.
const PAGE: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn form(person: usize, extra: &str) -> HolderForm {
        let line = format!(
            r#"{{"person":"p-{person}","name":"架空　花子","birth_date":"1990-12-07","sex":"female",
            "address":"東京都清瀬市架空町１番地","municipality":"132217",
            "residence":{{"category":"national"}}{extra}}}"#
        );
        HolderForm::read(line.as_bytes()).unwrap()
    }

    fn digests(people: usize, extra: impl Fn(usize) -> &'static str) -> Digests {
        let mut digests = Digests::default();
        for person in 0..people {
            digests.add(&form(person, extra(person)));
        }
        digests
    }

    const CARD: &str = r#","card":{"expires":"2035-12-07"}"#;
    const OTHER: &str = r#","card":{"expires":"2034-12-07"}"#;

    #[test]
    fn a_whole_file_of_the_same_people_does_not_differ() {
        for people in [0, 1, 400] {
            let ours = digests(people, |_| CARD);
            for leaves in [BTreeSet::new(), BTreeSet::from([0, 7]), (0..=u8::MAX).collect()] {
                assert_eq!(ours.compare(&ours.lines(&leaves)), Ok(Vec::new()));
            }
        }
    }

    #[test]
    fn an_item_that_the_sender_does_not_state_is_not_compared() {
        let ours = digests(40, |_| CARD);
        let theirs = digests(40, |_| "");
        for leaves in [BTreeSet::new(), (0..=u8::MAX).collect()] {
            assert_eq!(ours.compare(&theirs.lines(&leaves)), Ok(Vec::new()));
        }
        assert_eq!(ours.compare_residents(&theirs), []);
        // Stated of one, and differently.
        let theirs = digests(40, |person| if person == 17 { OTHER } else { "" });
        let expected = Difference::Item { person: "p-17".to_owned(), item: "card".to_owned() };
        assert_eq!(ours.compare_residents(&theirs), vec![expected.clone()]);
        let branch = branch_of("p-17");
        let named = Difference::Branch { branch: name(branch) };
        assert_eq!(ours.compare(&theirs.lines(&BTreeSet::new())), Ok(vec![named]));
        let leaves = BTreeSet::from([branch]);
        assert_eq!(ours.compare(&theirs.lines(&leaves)), Ok(vec![expected]));
        // Known to the sender alone: that is a difference.
        assert_eq!(theirs.compare_residents(&ours).len(), 40);
    }

    #[test]
    fn a_file_that_was_cut_or_changed_is_not_compared() {
        let ours = digests(40, |_| CARD);
        for leaves in [BTreeSet::new(), BTreeSet::from([branch_of("p-3"), branch_of("p-4")])] {
            let whole = ours.lines(&leaves);
            for cut in 0..whole.len() {
                assert!(ours.compare(&whole[..cut]).is_err(), "the first {cut} lines");
                let mut without = whole.clone();
                without.remove(cut);
                assert!(ours.compare(&without).is_err(), "without line {cut}");
                let mut twice = whole.clone();
                twice.push(whole[cut].clone());
                assert!(ours.compare(&twice).is_err(), "line {cut} twice");
            }
        }
        let mut changed = ours.lines(&BTreeSet::new());
        if let Some(DigestLine::Root { digest, .. }) = changed.first_mut() {
            *digest = hex(&sha256(b"another"));
        }
        let error = ours.compare(&changed).unwrap_err();
        assert!(error.to_string().contains("the root is not that of the branches"), "{error}");
    }
}
