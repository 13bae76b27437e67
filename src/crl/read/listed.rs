//! One entry of anyone's list.

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::credential::Serial;
use crate::crl::entry::Cause;
use crate::crl::entry::Entry;

use super::fault::Fault;
use super::integer::Integer;
use super::time::Time;

/// One certificate on anyone's list (RFC 5280 section 5.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Listed {
    /// Its serial number.
    pub serial: Integer,
    /// Since when it is revoked or held.
    pub at: Time,
    /// The code of `reasonCode`, where it stands there.
    pub reason: Option<u8>,
    /// `invalidityDate`, where it stands there.
    pub invalidity: Option<Time>,
    /// An extension that this reader does not know; the critical one when there are several.
    pub unknown: Option<Unknown>,
    /// `reasonCode` or `invalidityDate` is marked critical, which RFC 5280 section 5.3 does not have.
    pub wrongly_critical: bool,
}

/// An extension of an entry that this reader does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// It may be passed over.
    Ignorable,
    /// It must not be: whoever does not know it cannot say what the entry says (RFC 5280 section
    /// 5.3). `certificateIssuer`, which indirect lists carry, is such a one.
    Critical,
}

impl Listed {
    /// What our own lists say in the same words: none when the serial is not one of ours, the reason
    /// not one that JPKI uses, or an extension is unknown.
    #[must_use]
    #[inline]
    pub fn entry(&self) -> Option<Entry> {
        if self.unknown.is_some() {
            return None;
        }
        Some(Entry {
            serial: self.serial()?,
            at: self.at.at,
            cause: Cause::from_code(self.reason.unwrap_or(0))?,
            invalidity: self.invalidity.map(|time| time.at),
        })
    }

    /// The serial number, when it is one that we could have issued.
    #[must_use]
    #[inline]
    pub fn serial(&self) -> Option<Serial> {
        Serial::new(self.serial.to_u64()?).ok()
    }

    /// Reads the contents of an entry.
    #[inline]
    pub(in crate::crl) fn read(contents: &[u8]) -> Result<Self, Fault> {
        let mut fields = Reader::new(contents);
        let serial = fields.integer().map_err(|NotDer| Fault::NotA(SERIAL))?;
        let serial = Integer::new(serial).ok_or(Fault::TooLarge(MOST_SERIAL))?;
        let at = fields.any().ok().and_then(Time::read).ok_or(Fault::NotA(TIME))?;
        let mut listed = Self {
            serial,
            at,
            reason: None,
            invalidity: None,
            unknown: None,
            wrongly_critical: false,
        };
        if !fields.is_empty() {
            listed.extensions(fields)?;
        }
        Ok(listed)
    }

    #[inline]
    fn extensions(&mut self, mut fields: Reader<'_>) -> Result<(), Fault> {
        let not = |NotDer| Fault::NotA(EXTENSIONS);
        let mut row = fields.nested(tag::SEQUENCE).map_err(not)?;
        fields.end().map_err(|NotDer| Fault::Behind)?;
        if row.is_empty() {
            return Err(Fault::NotA(EXTENSIONS));
        }
        let all = row;
        let mut strangers = 0_usize;
        while !row.is_empty() {
            let (oid, critical, value) = row.extension().map_err(not)?;
            if oid == oid::REASON_CODE.as_bytes() {
                let code = reason(value).ok_or(Fault::NotA("a CRLReason"))?;
                twice(self.reason.replace(code).is_some())?;
                self.wrongly_critical |= critical;
            } else if oid == oid::INVALIDITY_DATE.as_bytes() {
                let time = Value::only(value).and_then(Time::read).filter(|time| time.generalized);
                let time = time.ok_or(Fault::NotA("a GeneralizedTime"))?;
                twice(self.invalidity.replace(time).is_some())?;
                self.wrongly_critical |= critical;
            } else {
                strangers += 1;
                twice(occurs_before(all, oid, strangers))?;
                self.unknown = match self.unknown {
                    Some(Unknown::Critical) => Some(Unknown::Critical),
                    _ if critical => Some(Unknown::Critical),
                    Some(Unknown::Ignorable) | None => Some(Unknown::Ignorable),
                };
            }
        }
        Ok(())
    }
}

/// The code of a `CRLReason`: an ENUMERATED of one octet, never negative.
fn reason(value: &[u8]) -> Option<u8> {
    match value {
        [tag::ENUMERATED, 1, code @ ..0x80] => Some(*code),
        _ => None,
    }
}

/// Whether a stranger occurs among the strangers before this one.
fn occurs_before(mut row: Reader<'_>, sought: &[u8], strangers: usize) -> bool {
    let known = [oid::REASON_CODE, oid::INVALIDITY_DATE];
    let others = std::iter::from_fn(|| row.extension().ok())
        .map(|(oid, ..)| oid)
        .filter(|oid| known.iter().all(|known| known.as_bytes() != *oid));
    others.take(strangers.saturating_sub(1)).any(|oid| oid == sought)
}

fn twice(occurs: bool) -> Result<(), Fault> {
    if occurs { Err(Fault::Twice) } else { Ok(()) }
}

const SERIAL: &str = "a serial number";
const TIME: &str = "a Time with seconds and Z";
const EXTENSIONS: &str = "a row of extensions";
const MOST_SERIAL: usize = 20;
