//! What the revocation lists must carry, kept with every change of state, and what the last ones
//! carried.

use crate::audit::Act;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::crl::Coverage;
use crate::profile::Partition;
use crate::seal::Intent;

use super::StoreError;
use super::record::CertificateRecord;
use super::record::State;
use super::transaction::Tx;

/// What the lists of one partition must carry, counted with every change of state: an account that
/// is kept apart from the rows, so that a list which lost or invented an entry is noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Whose certificates.
    pub ca: CaName,
    /// Those of this partition.
    pub partition: Partition,
    /// How many are revoked or held and have not left the lists.
    pub entries: u64,
    /// The sum over them.
    pub sum: Sum,
    /// The audit entry of the last change.
    pub changed: u64,
}

/// A sum over the entries of a list that does not depend on their order: 64 bits against mistakes,
/// not against an adversary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// With this entry.
    #[must_use]
    pub fn with(self, serial: Serial, since: Timestamp, reason: Reason) -> Self {
        Self(self.0.wrapping_add(weight(serial, since, reason)))
    }

    /// Without this entry.
    #[must_use]
    pub fn without(self, serial: Serial, since: Timestamp, reason: Reason) -> Self {
        Self(self.0.wrapping_sub(weight(serial, since, reason)))
    }

    /// Together with another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl Sum {
    /// The sum that these bits are.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its bits.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.0
    }
}

/// Mixes an entry into 64 bits, each step a bijection (the finaliser of `SplitMix64`).
fn weight(serial: Serial, since: Timestamp, reason: Reason) -> u64 {
    let mix = |bits: u64| {
        let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    let about = since.to_unix().cast_unsigned() << 3 | u64::from(reason.code());
    mix(mix(serial.get().wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_add(about))
}

/// One revoked or held certificate that belongs on a list, or has just left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// Where it stands in the store.
    pub intent: Intent,
    /// Its number.
    pub serial: Serial,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: Reason,
    /// Since when what it states was not so, where lists are to say that.
    pub invalidity: Option<Timestamp>,
    /// The certificate's last instant.
    pub not_after: Timestamp,
    /// The audit entry of its last change.
    pub changed: u64,
}

/// One certificate that is revoked or held, be it because the key that issued it is compromised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevokedRow {
    /// Its number.
    pub serial: Serial,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: Reason,
    /// Since when what it states was not so, where lists are to say that.
    pub invalidity: Option<Timestamp>,
    /// What the lists of its partition say of it; none where they do not name it.
    pub listed: Option<(Timestamp, Reason)>,
}

/// The last complete list of a generation for a partition, or for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListRecord {
    /// Whose list.
    pub ca: CaName,
    /// The generation that signed it.
    pub generation: Generation,
    /// Which certificates it is about.
    pub coverage: Coverage,
    /// Its number (`cRLNumber`).
    pub number: u64,
    /// The publication that it was made for.
    pub publication: u64,
    /// Its `thisUpdate`.
    pub this_update: Timestamp,
    /// Its `nextUpdate`.
    pub next_update: Timestamp,
    /// How many entries it has.
    pub entries: u64,
    /// Their sum.
    pub sum: Sum,
    /// The digest that was signed.
    pub digest: Vec<u8>,
    /// Octets of the complete list.
    pub size: u64,
    /// The last audit entry of the state that it shows.
    pub seen: u64,
}

impl Tx<'_> {
    /// What the lists of every partition must carry; a partition in which nothing was ever revoked
    /// is left out.
    ///
    /// # Errors
    /// Those of the store.
    pub fn tallies(&mut self) -> Result<Vec<Tally>, StoreError> {
        self.inner().tallies()
    }

    /// The last list of every generation and partition.
    ///
    /// # Errors
    /// Those of the store.
    pub fn lists(&mut self) -> Result<Vec<ListRecord>, StoreError> {
        self.inner().lists()
    }

    /// The number of the last audit entry: what happened up to it is what a list of now shows.
    ///
    /// # Errors
    /// Those of the store.
    pub fn audit_length(&mut self) -> Result<u64, StoreError> {
        Ok(self.inner().audit_head()?.number)
    }

    /// Whether this publication, with the manifest of this SHA-256, was committed.
    ///
    /// # Errors
    /// Those of the store.
    pub fn is_published(&mut self, publication: u64, digest: [u8; 32]) -> Result<bool, StoreError> {
        Ok(self.inner().published(publication)? == Some(digest))
    }

    /// Begins a publication under a number of its own.
    ///
    /// # Errors
    /// Those of the store.
    pub fn begin_publication(&mut self) -> Result<u64, StoreError> {
        let at = self.at();
        let publication = self.inner().begin_publication(at)?;
        self.reserved().publication = publication;
        Ok(publication)
    }

    /// Reserves the next list number, one sequence for all generations (promise 11). After the
    /// commit the [permits](super::Permits) let one complete list with it be signed, and one delta
    /// list.
    ///
    /// # Errors
    /// Those of the store.
    pub fn reserve_list(
        &mut self,
        ca: CaName,
        generation: Generation,
        coverage: Coverage,
    ) -> Result<u64, StoreError> {
        let number = self.inner().reserve_number(ca, coverage)?;
        for is_delta in [false, true] {
            self.reserved().lists.insert((ca, generation, coverage, number, is_delta));
        }
        Ok(number)
    }

    /// Forgets which entries of a partition have changed up to an audit entry: its lists say so now.
    ///
    /// # Errors
    /// Those of the store.
    pub fn forget_changes(
        &mut self,
        ca: CaName,
        partition: Partition,
        seen: u64,
    ) -> Result<(), StoreError> {
        self.inner().forget_changes(ca, partition, seen)
    }

    /// Puts a list in the place of the one with the number `replaces` (compare-and-swap, promise
    /// 11).
    ///
    /// # Errors
    /// [`StoreError::Changed`] when another list stands there by now; those of the store.
    pub fn put_list(&mut self, list: &ListRecord, replaces: Option<u64>) -> Result<(), StoreError> {
        self.inner().put_list(list, replaces)
    }

    /// Takes a certificate from the lists: it stood in one whose thisUpdate lies past its end
    /// (promise 12).
    ///
    /// # Errors
    /// Those of the store.
    pub fn unlist(
        &mut self,
        ca: CaName,
        partition: Partition,
        left: &[Listed],
        publication: u64,
    ) -> Result<(), StoreError> {
        for listed in left {
            self.inner().unlist(listed.intent, publication)?;
        }
        let mut tally = self.inner().tally(ca, partition)?;
        for listed in left {
            tally.entries = tally.entries.checked_sub(1).ok_or(MISCOUNTED)?;
            tally.sum = tally.sum.without(listed.serial, listed.since, listed.reason);
        }
        self.inner().put_tally(&tally)
    }

    /// Records that a publication is complete.
    ///
    /// # Errors
    /// Those of the store.
    pub fn commit_publication(
        &mut self,
        publication: u64,
        lists: u64,
        digest: [u8; 32],
    ) -> Result<(), StoreError> {
        let entry = self.audit(&Act::Published { publication, lists, digest })?;
        self.inner().commit_publication(publication, digest, entry)
    }

    /// Has lists say since when what a certificate states was not so (`invalidityDate`), once it is
    /// revoked.
    ///
    /// # Errors
    /// Those of the store.
    pub fn date_back(&mut self, intent: Intent, invalidity: Timestamp) -> Result<(), StoreError> {
        self.inner().date_back(intent, invalidity)
    }

    /// Counts a change of state in what the lists must carry.
    pub(super) fn recount(
        &mut self,
        record: &CertificateRecord,
        to: State,
        entry: u64,
    ) -> Result<(), StoreError> {
        let before = record.recorded.listed();
        // One that was held when it expired stays listed until it may leave.
        let after = if to == State::Expired { before } else { to.listed() };
        if before == after {
            return Ok(());
        }
        let mut tally = self.inner().tally(record.ca, record.subject.partition())?;
        if let Some((since, reason)) = before {
            tally.entries = tally.entries.checked_sub(1).ok_or(MISCOUNTED)?;
            tally.sum = tally.sum.without(record.serial, since, reason);
        }
        if let Some((since, reason)) = after {
            tally.entries += 1;
            tally.sum = tally.sum.with(record.serial, since, reason);
        }
        tally.changed = entry;
        self.inner().note_change(record.ca, record.subject.partition(), entry, record.serial)?;
        self.inner().put_tally(&tally)
    }
}

const MISCOUNTED: StoreError =
    StoreError::Damaged("the count of what lists must carry is not that of the certificates");

/// What a back end offers about lists.
pub(super) trait Listing {
    fn tallies(&mut self) -> Result<Vec<Tally>, StoreError>;
    /// Zeros when nothing is counted yet.
    fn tally(&mut self, ca: CaName, partition: Partition) -> Result<Tally, StoreError>;
    fn put_tally(&mut self, tally: &Tally) -> Result<(), StoreError>;
    fn note_change(
        &mut self,
        ca: CaName,
        partition: Partition,
        entry: u64,
        serial: Serial,
    ) -> Result<(), StoreError>;
    fn forget_changes(
        &mut self,
        ca: CaName,
        partition: Partition,
        seen: u64,
    ) -> Result<(), StoreError>;
    fn lists(&mut self) -> Result<Vec<ListRecord>, StoreError>;
    fn put_list(&mut self, list: &ListRecord, replaces: Option<u64>) -> Result<(), StoreError>;
    fn reserve_number(&mut self, ca: CaName, coverage: Coverage) -> Result<u64, StoreError>;
    fn unlist(&mut self, intent: Intent, publication: u64) -> Result<(), StoreError>;
    fn date_back(&mut self, intent: Intent, invalidity: Timestamp) -> Result<(), StoreError>;
    /// SHA-256 of the manifest of a publication that was committed.
    fn published(&mut self, publication: u64) -> Result<Option<[u8; 32]>, StoreError>;
    fn begin_publication(&mut self, at: Timestamp) -> Result<u64, StoreError>;
    fn commit_publication(
        &mut self,
        publication: u64,
        digest: [u8; 32],
        entry: u64,
    ) -> Result<(), StoreError>;
}

/// What a back end shows of one state, while others write on.
pub(super) trait View: Send {
    /// Passes every certificate of a partition that is revoked or held and has not left the lists
    /// to `each`, by serial.
    fn listed(
        &mut self,
        ca: CaName,
        partition: Partition,
        each: &mut dyn FnMut(Listed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Passes every certificate of an authority that is revoked or held to `each`, by serial: those that
    /// have not left the lists, and those under a compromised key that end at `at` or later.
    fn revoked(
        &mut self,
        ca: CaName,
        at: Timestamp,
        each: &mut dyn FnMut(&RevokedRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// The numbers whose entries have changed since this audit entry, each once.
    fn changes(
        &mut self,
        ca: CaName,
        partition: Partition,
        since: u64,
    ) -> Result<Vec<Serial>, StoreError>;

    /// The certificate with this number, if it is revoked or held and has not left the lists.
    fn listed_one(&mut self, ca: CaName, serial: Serial) -> Result<Option<Listed>, StoreError>;

    /// Those of a partition that ended before `before` and have not left the lists, by serial.
    fn leaving(
        &mut self,
        ca: CaName,
        partition: Partition,
        before: Timestamp,
    ) -> Result<Vec<Listed>, StoreError>;

    /// Where the certificate with this number stands.
    fn state(&mut self, ca: CaName, serial: Serial) -> Result<Option<State>, StoreError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_part_of_an_entry_weighs() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (serial, since) = (Serial::new(2).unwrap(), at("2026-04-01T00:00:00Z"));
        let sum = Sum::default().with(serial, since, Reason::Superseded);
        for other in [
            Sum::default(),
            Sum::default().with(Serial::new(3).unwrap(), since, Reason::Superseded),
            Sum::default().with(serial, at("2026-04-01T00:00:01Z"), Reason::Superseded),
            Sum::default().with(serial, since, Reason::KeyCompromise),
        ] {
            assert_ne!(sum, other);
        }
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_what_is_added_can_be_taken_away(
            serials in proptest::collection::vec(1_u64..1 << 40, 1..20),
            seconds in 0_i64..1 << 31,
        ) {
            let since = Timestamp::from_unix(seconds).unwrap();
            let serials: Vec<_> = serials.into_iter().map(|n| Serial::new(n).unwrap()).collect();
            let add = |sum: Sum, serial: &Serial| sum.with(*serial, since, Reason::Superseded);
            let sum = serials.iter().fold(Sum::default(), add);
            prop_assert_eq!(serials.iter().rev().fold(Sum::default(), add), sum);
            let take = |sum: Sum, serial: &Serial| sum.without(*serial, since, Reason::Superseded);
            prop_assert_eq!(serials.iter().fold(sum, take), Sum::default());
        }
    }
}
