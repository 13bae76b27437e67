//! What stands before the entries.

use std::io;

use crate::asn1::Value;
use crate::asn1::tag;

use super::fault::Fault;
use super::fault::ReadError;
use super::integer::Integer;
use super::source::Source;
use super::time::Time;

/// The fields of a list before its entries (RFC 5280 section 5.1.2), and where its parts are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// 1 when no version is stated, else 2.
    pub version: u8,
    /// The signature's `AlgorithmIdentifier`, its DER.
    pub algorithm: Vec<u8>,
    /// The issuer's `Name`, its DER.
    pub issuer: Vec<u8>,
    /// When the list speaks.
    pub this_update: Time,
    /// When the next one is out at the latest; RFC 5280 demands it, older lists lack it.
    pub next_update: Option<Time>,
    /// Where the signed part begins and ends, in octets from where reading began.
    pub signed: (u64, u64),
    /// Where the entries begin and end; none when the list says nothing of entries. Both equal when
    /// it states an empty row, which RFC 5280 section 5.1.2.6 forbids.
    pub entries: Option<(u64, u64)>,
}

impl Header {
    /// Reads up to the first entry. `whole` is where the complete list ends, if there is one around.
    pub(super) fn read<R: io::Read, T: FnMut(&[u8])>(
        source: &mut Source<R, T>,
        whole: Option<u64>,
    ) -> Result<Self, ReadError> {
        let begins = source.at();
        source.open_tap();
        let end = source.open(tag::SEQUENCE, "a TBSCertList", whole.unwrap_or(u64::MAX))?;
        let version = if source.peek()? == Some(tag::INTEGER) {
            let at = source.at();
            let (der, _) = source.value(tag::INTEGER, "a version", MOST, end)?;
            let value = Value::only(der).and_then(Integer::read);
            if value.and_then(Integer::to_u64) != Some(1) {
                return Err(ReadError { at, fault: Fault::Version });
            }
            2
        } else {
            1
        };
        let algorithm =
            source.value(tag::SEQUENCE, "an AlgorithmIdentifier", MOST, end)?.0.to_vec();
        let issuer = source.value(tag::SEQUENCE, "a Name", MOST, end)?.0.to_vec();
        let this_update = time(source, end)?;
        let next_update = match next(source, end)? {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(time(source, end)?),
            Some(_) | None => None,
        };
        let entries = match next(source, end)? {
            Some(tag::SEQUENCE) => {
                let ends = source.open(tag::SEQUENCE, "revokedCertificates", end)?;
                Some((source.at(), ends))
            }
            Some(_) | None => None,
        };
        let signed = (begins, end);
        Ok(Self { version, algorithm, issuer, this_update, next_update, signed, entries })
    }
}

/// The tag of the next value before `end`.
pub(super) fn next<R: io::Read, T: FnMut(&[u8])>(
    source: &mut Source<R, T>,
    end: u64,
) -> Result<Option<u8>, ReadError> {
    if source.at() == end {
        return Ok(None);
    }
    match source.peek()? {
        Some(tag) => Ok(Some(tag)),
        None => Err(source.fault(Fault::CutShort)),
    }
}

fn time<R: io::Read, T: FnMut(&[u8])>(
    source: &mut Source<R, T>,
    end: u64,
) -> Result<Time, ReadError> {
    let at = source.at();
    let form = next(source, end)?.filter(|found| *found == tag::GENERALIZED_TIME);
    let (der, _) = source.value(form.unwrap_or(tag::UTC_TIME), TIME, MOST, end)?;
    let time = Value::only(der).and_then(Time::read);
    time.ok_or(ReadError { at, fault: Fault::NotA(TIME) })
}

const TIME: &str = "a Time with seconds and Z";
/// Octets of one field of the header. Names have a few hundred.
const MOST: usize = 1 << 16;
