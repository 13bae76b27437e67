//! A list of ours, with the facts it states.

use std::borrow::Borrow;
use std::io;

use crate::asn1::Name;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::profile::Issuer;
use crate::profile::Organisation;
use crate::profile::Partition;
use crate::profile::ca_name;

use super::encode::EncodeError;
use super::encode::Encoder;
use super::entry::Entry;
use super::entry::Measure;
use super::head::Head;
use super::head::Scope;
use super::rows::Rows;

/// Which certificates of an authority a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Coverage {
    /// Those of one partition, as fixed when they were issued.
    Partition(Partition),
    /// All of them, in all partitions: a list without a distribution point.
    Everything,
}

/// One edition of a list of ours: everything it states but its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition<'a> {
    /// In whose name.
    pub organisation: &'a Organisation,
    /// The generation that is to sign.
    pub issuer: &'a Issuer,
    /// Which certificates it is about.
    pub coverage: Coverage,
    /// Its number, positive.
    pub number: u64,
    /// When it speaks.
    pub this_update: Timestamp,
    /// When the next one is out at the latest.
    pub next_update: Timestamp,
    /// The number of the complete list that this delta list begins from; none for a complete list.
    pub base: Option<u64>,
}

impl Edition<'_> {
    /// The names that it states.
    #[must_use]
    pub fn names(&self) -> Names {
        let issuer = ca_name(self.issuer.ca, self.organisation);
        let point = match self.coverage {
            Coverage::Partition(partition) => {
                Some(partition.name(self.issuer.ca, self.organisation))
            }
            Coverage::Everything => None,
        };
        Names { issuer, point }
    }

    /// Its head, for an [`Encoder`]: with its [`names`](Self::names).
    #[must_use]
    pub fn head<'n>(&self, names: &'n Names) -> Head<'n> {
        let scope = match (self.coverage, &names.point) {
            (Coverage::Partition(Partition::Authority), Some(point)) => Scope::Authority(point),
            (Coverage::Partition(Partition::Municipality(_)), Some(point)) => {
                Scope::Partition(point)
            }
            (Coverage::Everything, _) | (Coverage::Partition(_), None) => Scope::Everything,
        };
        Head {
            algorithm: self.issuer.algorithm,
            issuer: &names.issuer,
            key_id: self.issuer.key_id,
            number: self.number,
            this_update: self.this_update,
            next_update: self.next_update,
            scope,
            base: self.base,
        }
    }
}

/// The names that an [`Edition`] states.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Names {
    /// The authority's.
    pub issuer: Name,
    /// The distribution point's.
    pub point: Option<Name>,
}

/// A list to be signed (`TBSCertList`), with what it states beside its bytes.
///
/// Made only here, and judged by `lint` before anything is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TbsList {
    der: Vec<u8>,
    issuer: (CaName, Generation),
    coverage: Coverage,
    number: u64,
    this_update: Timestamp,
    next_update: Timestamp,
    base: Option<u64>,
    count: u64,
}

impl TbsList {
    /// Writes a list into memory.
    ///
    /// # Errors
    /// As [`Encoder`], whose only sink here is memory.
    pub fn encode(
        edition: &Edition<'_>,
        measure: Measure,
        entries: impl IntoIterator<Item: Borrow<Entry>>,
    ) -> Result<Self, EncodeError> {
        Self::fill(edition, measure, |encoder| encoder.extend(entries))
    }

    /// Writes a list into memory whose entries come from somewhere that may fail.
    ///
    /// # Errors
    /// As [`TbsList::encode`], and those of `fill`.
    pub(crate) fn fill<E: From<EncodeError>>(
        edition: &Edition<'_>,
        measure: Measure,
        fill: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let names = edition.names();
        let head = edition.head(&names);
        let mut der = Vec::new();
        // Once and not by doubling. Where there is no such room, the sink says so.
        let room = usize::try_from(head.octets(measure)?).unwrap_or_default();
        der.try_reserve_exact(room).map_err(|error| EncodeError::from(io::Error::from(error)))?;
        let mut encoder = Encoder::new(&head, measure, &mut der)?;
        fill(&mut encoder)?;
        let encoded = encoder.finish()?;
        Ok(Self {
            der,
            issuer: (edition.issuer.ca, edition.issuer.generation),
            coverage: edition.coverage,
            number: edition.number,
            this_update: edition.this_update,
            next_update: edition.next_update,
            base: edition.base,
            count: encoded.count,
        })
    }

    /// Writes a list of entries that are octets already.
    ///
    /// # Errors
    /// As [`TbsList::encode`].
    pub(crate) fn of_rows(edition: &Edition<'_>, rows: &Rows) -> Result<Self, EncodeError> {
        let names = edition.names();
        let frame = edition.head(&names).frame(rows.measure())?;
        let mut der = Vec::new();
        let room = usize::try_from(frame.octets).unwrap_or_default();
        der.try_reserve_exact(room).map_err(io::Error::from)?;
        for part in [&frame.before, rows.octets(), &frame.behind] {
            der.extend_from_slice(part);
        }
        Ok(Self {
            der,
            issuer: (edition.issuer.ca, edition.issuer.generation),
            coverage: edition.coverage,
            number: edition.number,
            this_update: edition.this_update,
            next_update: edition.next_update,
            base: edition.base,
            count: rows.measure().count,
        })
    }

    /// The exact bytes to be signed.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The authority and generation that is to sign.
    #[must_use]
    pub fn issuer(&self) -> (CaName, Generation) {
        self.issuer
    }

    /// Which certificates it is about.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it speaks.
    #[must_use]
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// When the next one is out at the latest.
    #[must_use]
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// The number of the complete list that it begins from, if it is a delta list.
    #[must_use]
    pub fn base(&self) -> Option<u64> {
        self.base
    }

    /// How many entries it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}
