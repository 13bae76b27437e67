//! Between columns and the domain's words.

use rusqlite::Row;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::holder::Municipality;
use crate::law::validity::Clause;
use crate::profile::Service;
use crate::profile::Subject;
use crate::register::Person;
use crate::seal::Intent;
use crate::store::StoreError;
use crate::store::record::CertificateRecord;
use crate::store::record::State;

/// A query whose rows begin with the columns that [`certificate`] reads, in its order; `$rest` is
/// what follows them.
macro_rules! select_certificate {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.ca, c.generation, c.serial, c.carrier, c.municipality, c.person, \
             c.not_before, c.not_after, c.clause, c.state, c.since, c.reason, c.issued_at, c.entry, \
             c.service, c.certified",
            $rest
        )
    };
}
pub(super) use select_certificate;

/// The first column behind them.
pub(super) const BEHIND: usize = 17;

/// A certificate out of a row of a [`select_certificate`].
pub(super) fn certificate(row: &Row<'_>) -> Result<CertificateRecord, StoreError> {
    let ca = ca(column(row, 1)?)?;
    let carrier: Option<i64> = column(row, 4)?;
    let municipality: Option<u32> = column(row, 5)?;
    let person: Option<String> = column(row, 6)?;
    let clause: Option<String> = column(row, 9)?;
    let since: Option<i64> = column(row, 11)?;
    let reason: Option<u8> = column(row, 12)?;
    let state = match (column::<i64>(row, 10)?, since, reason) {
        (0, None, None) => State::Intended,
        (1, None, None) => State::Live,
        (2, Some(since), None) => State::Held(time(since)?),
        (3, Some(since), Some(reason)) => {
            let reason =
                Reason::from_code(reason).map_err(|_| StoreError::Damaged("unknown reason"))?;
            State::Revoked(time(since)?, reason)
        }
        (4, _, None) => State::Expired,
        _ => return Err(StoreError::Damaged("unknown state")),
    };
    let (service, certified) = (column::<Option<i64>>(row, 15)?, column::<Option<u16>>(row, 16)?);
    let subject = match (carrier, municipality, service, certified) {
        (None, None, None, None) => Subject::Authority,
        (None, None, None, Some(certified)) => Subject::Link(
            Generation::new(certified).map_err(|_| StoreError::Damaged("unknown generation"))?,
        ),
        (None, None, Some(service), None) => Subject::Service(self::service(service)?),
        (Some(carrier), Some(municipality), None, None) => {
            let municipality = Municipality::from_number(municipality)
                .ok_or(StoreError::Damaged("unknown municipality"))?;
            Subject::Holder(ca.kind(), self::carrier(carrier)?, municipality)
        }
        _ => return Err(StoreError::Damaged("unknown subject")),
    };
    Ok(CertificateRecord {
        intent: Intent::new(column(row, 0)?),
        ca,
        generation: Generation::new(column(row, 2)?)
            .map_err(|_| StoreError::Damaged("unknown generation"))?,
        serial: serial(column(row, 3)?)?,
        subject,
        person: person
            .map(|person| Person::new(&person).map_err(|_| StoreError::Damaged("unknown person")))
            .transpose()?,
        not_before: time(column(row, 7)?)?,
        not_after: time(column(row, 8)?)?,
        clause: clause.map(|clause| self::clause(&clause)).transpose()?,
        state,
        recorded: state,
        issued_at: column::<Option<i64>>(row, 13)?.map(time).transpose()?,
        entry: unsigned(column(row, 14)?)?,
    })
}

pub(super) fn column<T: rusqlite::types::FromSql>(
    row: &Row<'_>,
    index: usize,
) -> Result<T, StoreError> {
    row.get(index).map_err(super::fault)
}

fn clause(text: &str) -> Result<Clause, StoreError> {
    let mut clauses = Clause::ALL.into_iter();
    clauses.find(|clause| clause.as_str() == text).ok_or(StoreError::Damaged("unknown clause"))
}

pub(super) fn ca(number: i64) -> Result<CaName, StoreError> {
    match number {
        0 => Ok(CaName::Signature),
        1 => Ok(CaName::UserAuthentication),
        _ => Err(StoreError::Damaged("unknown authority")),
    }
}

pub(super) fn ca_number(ca: CaName) -> i64 {
    match ca {
        CaName::Signature => 0,
        CaName::UserAuthentication => 1,
    }
}

fn carrier(number: i64) -> Result<Carrier, StoreError> {
    match number {
        0 => Ok(Carrier::Card),
        1 => Ok(Carrier::Phone),
        _ => Err(StoreError::Damaged("unknown carrier")),
    }
}

pub(super) fn carrier_number(carrier: Carrier) -> i64 {
    match carrier {
        Carrier::Card => 0,
        Carrier::Phone => 1,
    }
}

fn service(number: i64) -> Result<Service, StoreError> {
    match number {
        0 => Ok(Service::Publication),
        1 => Ok(Service::Responder),
        _ => Err(StoreError::Damaged("unknown service")),
    }
}

pub(super) fn service_number(service: Service) -> i64 {
    match service {
        Service::Publication => 0,
        Service::Responder => 1,
    }
}

/// State, since, reason.
pub(super) fn state_columns(state: State) -> (i64, Option<i64>, Option<u8>) {
    match state {
        State::Intended => (0, None, None),
        State::Live => (1, None, None),
        State::Held(since) => (2, Some(since.to_unix()), None),
        State::Revoked(since, reason) => (3, Some(since.to_unix()), Some(reason.code())),
        State::Expired => (4, None, None),
    }
}

pub(super) fn serial(number: i64) -> Result<Serial, StoreError> {
    Serial::new(unsigned(number)?).map_err(|_| StoreError::Damaged("a serial is not positive"))
}

pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Damaged("a number is negative"))
}

pub(super) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Damaged("a number is too large"))
}

pub(super) fn time(seconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_unix(seconds).map_err(|_| StoreError::Damaged("a time is out of range"))
}
