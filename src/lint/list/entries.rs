//! The entries, one by one (RFC 5280 sections 5.1.2.6 and 5.3).

use std::fmt;
use std::io;

use crate::clock::Timestamp;
use crate::crl::Header;
use crate::crl::Listed;
use crate::crl::ReadError;
use crate::crl::Reader;
use crate::crl::Visitor;
use crate::lint::finding::Rule;

use super::Judge;
use super::header::is_in_its_form;
use super::rules;

/// What the entries said together.
pub(super) struct Entries {
    pub(super) count: u64,
    /// One says that it was removed, which the extensions must allow.
    pub(super) removed: bool,
}

/// Judges the entries, and shows each to `each`.
pub(super) fn judge<R: io::Read, T: FnMut(&[u8])>(
    judge: &mut Judge<'_>,
    header: &Header,
    reader: &mut Reader<R, T>,
    each: impl FnMut(&Listed),
) -> Result<Entries, ReadError> {
    let entries = Entries { count: 0, removed: false };
    let mut one = EachOne { judge, this_update: header.this_update.at, each, entries, last: 0 };
    reader.show(&mut one)?;
    Ok(one.entries)
}

/// Judges one entry after another.
struct EachOne<'a, 'j, F> {
    judge: &'a mut Judge<'j>,
    this_update: Timestamp,
    each: F,
    entries: Entries,
    /// The serial before, zero at first.
    last: u64,
}

impl<F: FnMut(&Listed)> Visitor for EachOne<'_, '_, F> {
    #[inline(always)]
    fn see(&mut self, listed: &Listed) {
        self.entries.count += 1;
        (self.each)(listed);
        // What no counter of an authority gives is zero here: neither an issued number nor in order.
        let serial = listed.serial().map_or(0, |serial| serial.get());
        let begins = listed.invalidity.map_or(listed.at.at, |invalidity| invalidity.at);
        let latest = listed.at.at.max(begins);
        // One question for the millions that are sound.
        let holds = [
            serial > 0,
            serial > self.last,
            is_in_its_form(listed.at),
            latest <= self.this_update,
            matches!(listed.reason, None | Some(1..=6 | REMOVED)),
            listed.unknown.is_none() && !listed.wrongly_critical,
        ];
        self.last = serial;
        self.entries.removed |= listed.reason == Some(REMOVED);
        if holds != [true; RULES.len()] {
            // A copy, so that the entry itself need not leave the registers.
            broken(self.judge, holds, First(self.entries.count, *listed));
        }
    }
}

/// What must hold of every entry.
const RULES: [&Rule; 6] = [
    &rules::ENTRY_SERIAL,
    &rules::ENTRY_ORDER,
    &rules::ENTRY_TIME_FORM,
    &rules::ENTRY_FUTURE,
    &rules::ENTRY_REASON,
    &rules::ENTRY_EXTENSION,
];

#[cold]
#[inline(never)]
fn broken(judge: &mut Judge<'_>, holds: [bool; RULES.len()], place: First) {
    for (rule, _) in RULES.iter().zip(holds).filter(|(_, holds)| !holds) {
        judge.broken_first(rule, place);
    }
}

/// Where something is wrong first.
#[derive(Clone, Copy)]
struct First(u64, Listed);

impl fmt::Display for First {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "first in entry {}, serial number {}", self.0, self.1.serial)
    }
}

/// The code of `removeFromCRL`.
const REMOVED: u8 = 8;
