//! Entries as octets: those of a list that follows another are copied where nothing has changed.

use std::borrow::Borrow;

use crate::asn1::tag;
use crate::credential::Serial;

use super::block::Block;
use super::block::Row;
use super::encode::EncodeError;
use super::entry::Entry;
use super::entry::Measure;
use super::read::Listed;

/// The entries of a list in their only form, in the order of their serials, one behind the other:
/// what stands between a list's head and its extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    octets: Vec<u8>,
    count: u64,
}

impl Rows {
    /// Writes entries of a complete list, or of a delta list.
    ///
    /// # Errors
    /// As [`Encoder::extend`](super::Encoder::extend).
    pub(crate) fn encode(
        entries: impl IntoIterator<Item: Borrow<Entry>>,
        measure: Measure,
        is_delta: bool,
    ) -> Result<Self, EncodeError> {
        let mut octets = Vec::with_capacity(usize::try_from(measure.octets).unwrap_or_default());
        let mut row = Row::new(is_delta);
        let mut block = Block::new(&mut octets, measure.octets);
        block.entries(entries.into_iter(), &mut row)?;
        block.flush()?;
        Ok(Self { octets, count: row.count })
    }

    /// The entries `old` of a list of ours, `count` of them, with what has become of some of them:
    /// by rising serials the entry now, or none.
    ///
    /// Runs of entries between two of those serials are copied as octets. They are not looked at but
    /// for where they end, so whoever calls must know the list for the one that was signed, and has
    /// what comes out judged like any list. With the new entries come the old ones that were not
    /// copied, each with what stands in its place.
    ///
    /// # Errors
    /// [`SpliceError`].
    pub(crate) fn splice(
        old: &[u8],
        count: u64,
        edits: &[(Serial, Option<Entry>)],
    ) -> Result<(Self, Vec<Replaced>), SpliceError> {
        if !edits.is_sorted_by(|(one, _), (other, _)| one < other) {
            return Err(SpliceError::Order);
        }
        let new = || edits.iter().filter_map(|(_, new)| *new);
        let new = Self::encode(new(), new().collect(), false).map_err(|_| SpliceError::Order)?;
        let mut octets = Vec::with_capacity(old.len() + new.octets.len());
        let mut new_octets = new.octets.as_slice();
        let (mut rest, mut count, mut replaced) = (old, count, Vec::new());
        for (serial, new) in edits {
            let (same, behind) = below(rest, *serial)?;
            octets.extend_from_slice(same);
            rest = behind;
            if let Some((found, length)) = opening(rest)?
                && found == serial.get()
            {
                let (entry, behind) = rest.split_at_checked(length).ok_or(SpliceError::Old)?;
                replaced.push((read(entry).ok_or(SpliceError::Old)?, *new));
                rest = behind;
                count = count.saturating_sub(1);
            }
            if let Some(new) = new {
                // Written in one go above: the digits of a day are looked up once.
                let length = usize::try_from(new.octets()).unwrap_or_default();
                let (entry, behind) =
                    new_octets.split_at_checked(length).ok_or(SpliceError::Order)?;
                octets.extend_from_slice(entry);
                new_octets = behind;
                count = count.saturating_add(1);
            }
        }
        octets.extend_from_slice(rest);
        Ok((Self { octets, count }, replaced))
    }

    /// The octets.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// How many entries these are, and how many octets.
    pub(crate) fn measure(&self) -> Measure {
        Measure { count: self.count, octets: self.octets.len() as u64 }
    }

    /// The entries themselves.
    ///
    /// # Errors
    /// [`SpliceError::Old`] when the list that these were spliced out of was none of ours.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, SpliceError> {
        entries(&self.octets)
    }
}

/// An old entry that was not copied, and what stands in its place, if anything.
pub(crate) type Replaced = (Entry, Option<Entry>);

/// The entries that these octets of a list of ours are.
///
/// # Errors
/// [`SpliceError::Old`] when they are none of ours.
pub(crate) fn entries(octets: &[u8]) -> Result<Vec<Entry>, SpliceError> {
    let mut entries = Vec::new();
    let mut rest = octets;
    while let Some((_, length)) = opening(rest)? {
        let (entry, behind) = rest.split_at_checked(length).ok_or(SpliceError::Old)?;
        entries.push(read(entry).ok_or(SpliceError::Old)?);
        rest = behind;
    }
    Ok(entries)
}

/// Why entries were not spliced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpliceError {
    /// The old ones are no entries of ours.
    Old,
    /// What has become of some does not come in the order of serials, each once, or cannot stand on
    /// a complete list.
    Order,
}

/// The octets of the entries below a serial, and those behind.
fn below(octets: &[u8], serial: Serial) -> Result<(&[u8], &[u8]), SpliceError> {
    let mut rest = octets;
    while let Some((found, length)) = opening(rest)?
        && found < serial.get()
    {
        rest = rest.get(length..).ok_or(SpliceError::Old)?;
    }
    octets.split_at_checked(octets.len() - rest.len()).ok_or(SpliceError::Old)
}

/// Serial and octets of the first entry; none at the end.
#[inline]
fn opening(octets: &[u8]) -> Result<Option<(u64, usize)>, SpliceError> {
    match *octets {
        [] => Ok(None),
        [tag::SEQUENCE, length @ 0..0x80, tag::INTEGER, serial @ 1..=8, ref behind @ ..] => {
            let significant = behind.first_chunk().ok_or(SpliceError::Old)?;
            let shift = 64 - 8 * u32::from(serial);
            Ok(Some((u64::from_be_bytes(*significant) >> shift, 2 + usize::from(length))))
        }
        _ => Err(SpliceError::Old),
    }
}

/// One entry, if it is one of ours.
fn read(entry: &[u8]) -> Option<Entry> {
    Listed::read(entry.get(2..)?).ok()?.entry()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use crate::crl::fixture;

    use super::*;

    fn rows(entries: &[Entry]) -> Rows {
        Rows::encode(entries, entries.iter().collect(), false).unwrap()
    }

    /// Some of the entries' serials and some others, with what becomes of each.
    fn edits(old: &[Entry], new: &[Entry], which: &[bool]) -> Vec<(Serial, Option<Entry>)> {
        let mut edits = BTreeMap::new();
        for (entry, gone) in old.iter().zip(which) {
            if *gone {
                edits.insert(entry.serial, None);
            }
        }
        for entry in new {
            edits.insert(entry.serial, Some(*entry));
        }
        edits.into_iter().collect()
    }

    proptest! {
        #[test]
        fn what_is_spliced_is_what_is_written_anew(
            old in fixture::any_entries(60, false),
            new in fixture::any_entries(8, false),
            again in prop::collection::vec((any::<prop::sample::Index>(), 0_i64..1 << 31), 0..4),
            which in prop::collection::vec(prop::bool::weighted(0.2), 60),
        ) {
            // Some serials stand there already, and get another date.
            let mut new: BTreeMap<_, _> = new.into_iter().map(|new| (new.serial, new)).collect();
            if !old.is_empty() {
                for (index, second) in again {
                    let at = crate::clock::Timestamp::from_unix(second).unwrap();
                    let entry = Entry { at, ..*index.get(&old) };
                    new.insert(entry.serial, entry);
                }
            }
            let new: Vec<_> = new.into_values().collect();
            let edits = edits(&old, &new, &which);
            // The slow way: entry by entry.
            let mut model: BTreeMap<_, _> = old.iter().map(|old| (old.serial, *old)).collect();
            let mut gone = Vec::new();
            for (serial, new) in &edits {
                gone.extend(model.remove(serial).map(|old| (old, *new)));
                if let Some(new) = new {
                    model.insert(*serial, *new);
                }
            }
            let model: Vec<_> = model.into_values().collect();
            let before = rows(&old);
            let (spliced, replaced) =
                Rows::splice(before.octets(), before.count, &edits).unwrap();
            prop_assert_eq!(&spliced, &rows(&model));
            prop_assert_eq!(spliced.measure(), model.iter().collect::<Measure>());
            prop_assert_eq!(spliced.entries().unwrap(), model);
            prop_assert_eq!(replaced, gone);
        }

        #[test]
        fn no_octets_make_it_panic(
            octets in prop::collection::vec(any::<u8>(), 0..200),
            entries in fixture::any_entries(8, false),
            place in any::<prop::sample::Index>(),
        ) {
            let edits: Vec<_> =
                entries.iter().map(|entry| (entry.serial, Some(*entry))).collect();
            let splice = |old: &[u8]| {
                let _ = Rows::splice(old, 8, &edits);
            };
            splice(&octets);
            let mut broken = rows(&entries).octets;
            if !broken.is_empty() {
                let place = place.index(broken.len());
                broken[place] ^= 0x55;
                splice(&broken);
                splice(&broken[..place]);
            }
        }
    }

    #[test]
    fn changes_out_of_order_and_strangers_entries_are_refused() {
        let entries = fixture::small().entries;
        let old = rows(&entries);
        let edits: Vec<_> = entries.iter().rev().map(|entry| (entry.serial, None)).collect();
        let splice = |old: &[u8], edits: &[(Serial, Option<Entry>)]| {
            Rows::splice(old, 5, edits).unwrap_err()
        };
        assert_eq!(splice(old.octets(), &edits), SpliceError::Order);
        assert_eq!(splice(old.octets(), &[edits[0], edits[0]]), SpliceError::Order);
        let (_, cut) = old.octets().split_last().unwrap();
        assert_eq!(splice(cut, &edits[..1]), SpliceError::Old);
    }
}
