//! A list without its entries: what stands before them, what stands behind them.

use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::Name;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::clock::Timestamp;

use super::encode::EncodeError;
use super::entry::Measure;

/// Everything that a list states but its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// The key that is to sign.
    pub algorithm: KeyAlgorithm,
    /// Who signs: the name of the certificates' issuer, never that of another (no indirect lists).
    pub issuer: &'a Name,
    /// The subject key identifier of the key that is to sign.
    pub key_id: [u8; 20],
    /// `cRLNumber`, positive (RFC 5280 section 5.2.3 allows zero; our counters begin at one).
    pub number: u64,
    /// When the list speaks.
    pub this_update: Timestamp,
    /// When the next one is out at the latest; never before `this_update`.
    pub next_update: Timestamp,
    /// Which certificates the list is about.
    pub scope: Scope<'a>,
    /// The number of the complete list that this delta list begins from; none for a complete list.
    pub base: Option<u64>,
}

/// Which certificates a list is about: its `issuingDistributionPoint` (RFC 5280 section 5.2.5),
/// critical where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope<'a> {
    /// Holders' certificates whose distribution point has this name, byte for byte:
    /// `onlyContainsUserCerts`.
    Partition(&'a Name),
    /// All certificates whose distribution point has this name; the authority's own.
    Authority(&'a Name),
    /// Every certificate of the issuer: no such extension.
    Everything,
}

impl Head<'_> {
    /// Octets of the `TBSCertList` with entries of this measure.
    ///
    /// # Errors
    /// [`EncodeError::Number`], [`EncodeError::Times`] or [`EncodeError::TooLong`].
    pub fn octets(&self, measure: Measure) -> Result<u64, EncodeError> {
        Ok(self.frame(measure)?.octets)
    }

    /// What the list is made of around its entries, lengths filled in.
    pub(super) fn frame(&self, measure: Measure) -> Result<Frame, EncodeError> {
        let numbers =
            self.number > 0 && self.base.is_none_or(|base| 0 < base && base < self.number);
        if !numbers {
            return Err(EncodeError::Number);
        }
        if self.next_update < self.this_update {
            return Err(EncodeError::Times);
        }
        let fields = Der::build(|der| {
            // v2, since there are extensions.
            der.unsigned(tag::INTEGER, 1);
            der.raw(&self.algorithm.signature_identifier());
            der.raw(&self.issuer.to_der());
            der.time(self.this_update);
            der.time(self.next_update);
        });
        let behind = Der::build(|der| {
            der.nested(tag::context_constructed(0), |der| {
                der.sequence(|der| self.write_extensions(der));
            });
        });
        // Absent when there is nothing in it (RFC 5280 section 5.1.2.6).
        let entries =
            if measure.count == 0 { Vec::new() } else { opening(tag::SEQUENCE, measure.octets)? };
        let around = (fields.len() + entries.len() + behind.len()) as u64;
        let contents = measure.octets.checked_add(around).ok_or(EncodeError::TooLong)?;
        let mut before = opening(tag::SEQUENCE, contents)?;
        let octets = before.len() as u64 + contents;
        before.extend_from_slice(&fields);
        before.extend_from_slice(&entries);
        Ok(Frame { before, behind, octets })
    }

    /// `crlExtensions`, in ascending order of their identifiers but for the authority's key, which
    /// stands first, as the certificates of the profile name the issuer's before all else.
    fn write_extensions(&self, der: &mut Der) {
        // 1. authorityKeyIdentifier: the key identifier alone, since the issuer's name and serial
        //    would tie the list to one certificate of a key that may have several.
        der.extension(oid::AUTHORITY_KEY_IDENTIFIER, false, |der| {
            der.sequence(|der| der.primitive(tag::context(0), &self.key_id));
        });
        // 2. cRLNumber.
        der.extension(oid::CRL_NUMBER, false, |der| der.unsigned(tag::INTEGER, self.number));
        // 3. deltaCRLIndicator.
        if let Some(base) = self.base {
            der.extension(oid::DELTA_CRL_INDICATOR, true, |der| der.unsigned(tag::INTEGER, base));
        }
        // 4. issuingDistributionPoint.
        let (name, holders_only) = match self.scope {
            Scope::Partition(name) => (name, true),
            Scope::Authority(name) => (name, false),
            Scope::Everything => return,
        };
        der.extension(oid::ISSUING_DISTRIBUTION_POINT, true, |der| {
            der.sequence(|der| {
                der.nested(tag::context_constructed(0), |der| {
                    der.nested(tag::context_constructed(0), |der| {
                        der.nested(tag::context_constructed(4), |der| der.raw(&name.to_der()));
                    });
                });
                if holders_only {
                    der.primitive(tag::context(1), &[0xff]);
                }
            });
        });
    }
}

/// A list around its entries.
pub(super) struct Frame {
    /// Everything before the first entry.
    pub(super) before: Vec<u8>,
    /// Everything behind the last.
    pub(super) behind: Vec<u8>,
    /// Octets of the whole `TBSCertList`, entries included.
    pub(super) octets: u64,
}

/// Tag and length of a value of `octets` content octets.
pub(super) fn opening(tag: u8, octets: u64) -> Result<Vec<u8>, EncodeError> {
    let octets = u32::try_from(octets).map_err(|_| EncodeError::TooLong)?;
    let [a, b, c, d] = octets.to_be_bytes();
    Ok(match octets {
        0..0x80 => vec![tag, d],
        0x80..0x100 => vec![tag, 0x81, d],
        0x100..0x1_0000 => vec![tag, 0x82, c, d],
        0x1_0000..0x100_0000 => vec![tag, 0x83, b, c, d],
        0x100_0000.. => vec![tag, 0x84, a, b, c, d],
    })
}
