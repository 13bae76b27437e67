//! What the operator does about refused events: repeats them, corrected (再送), or lays them aside.
//!
//! A repeat is an act of the operator of this authority, recorded as such and linked to the original;
//! it bears no signature of the source. So it is open only for what its source is known to have sent:
//! what was turned away before that was certain can be sent again by the source alone, in a line of
//! its own that may name the original in `resend_of`.

use crate::asn1::hex;
use crate::asn1::sha256;
use crate::holder::Fault;
use crate::register::EventForm;
use crate::register::EventId;
use crate::register::FormError;
use crate::register::Rule;
use crate::register::Source;
use crate::register::check_note;
use crate::store::Arrival;
use crate::store::EventRow;
use crate::store::EventState;
use crate::store::StoreError;
use crate::store::Tx;
use crate::store::Voucher;

use crate::authority::Authority;
use crate::authority::AuthorityError;
use crate::authority::outcome::Refused;

use super::EventOutcome;
use super::Visit;

/// A field to correct, as a path with points, and its new value; none removes the field.
pub type Correction = (String, Option<serde_json::Value>);

impl Authority {
    /// Repeats a refused event, corrected, in one commit.
    ///
    /// # Errors
    /// When the store fails. The inner error: no refused event has the id, the corrected one is none
    /// by its form, or only the source may repeat it; nothing has changed then.
    pub fn resend(
        &self,
        id: &str,
        corrections: &[Correction],
        dry_run: bool,
    ) -> Result<Result<EventOutcome, Refused>, AuthorityError> {
        let body = |tx: &mut Tx<'_>| self.repeat(tx, id, corrections);
        if dry_run {
            self.store.rehearse(self.now(), body)
        } else {
            self.store.tx(self.now(), body)
        }
    }

    /// Takes a refused event off the list, with a note why; it stays on record. What it was.
    ///
    /// # Errors
    /// When the store fails. The inner error: no refused event has the id, or the note is none.
    pub fn dismiss(
        &self,
        id: &str,
        note: &str,
        dry_run: bool,
    ) -> Result<Result<EventRow, Refused>, AuthorityError> {
        let body = |tx: &mut Tx<'_>| {
            if let Err(fault) = check_note(note) {
                return Ok(Err(Refused::from(fault)));
            }
            let Some(row) = refused(tx, id)? else {
                return Ok(Err(refuse(Rule::ResendUnknown)));
            };
            tx.dismiss(row.key, note)?;
            Ok::<_, AuthorityError>(Ok(row))
        };
        if dry_run {
            self.store.rehearse(self.now(), body)
        } else {
            self.store.tx(self.now(), body)
        }
    }

    fn repeat(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
        corrections: &[Correction],
    ) -> Result<Result<EventOutcome, Refused>, AuthorityError> {
        let Some(original) = refused(tx, id)? else {
            return Ok(Err(refuse(Rule::ResendUnknown)));
        };
        if was_turned_away(&original) {
            return Ok(Err(refuse(Rule::ResendSource)));
        }
        let id = repeat_id(tx, &original)?;
        let (form, line) = match corrected(&original, &id, corrections) {
            Ok(corrected) => corrected,
            Err(error) => return Ok(Err(Refused::new(FormError::CODE, error.to_string()))),
        };
        let source = match form.source.parse::<Source>() {
            Ok(source) => source.as_str(),
            Err(fault) => return Ok(Err(Fault::into(fault))),
        };
        let certain = original.vouched != Voucher::Nobody && original.source == source;
        if !certain && self.must_be_signed(&tx.source(source)?) {
            return Ok(Err(refuse(Rule::ResendSource)));
        }
        let arrival = Arrival {
            source,
            sequence: None,
            id: &form.id,
            line: &line,
            vouched: Voucher::Operator,
            resend_of: Some(original.key),
            recorded_at: form.recorded_at.parse().ok(),
        };
        let fate = self.apply(tx, &form, Visit::Event, |tx, verdict| {
            let key = match verdict {
                Ok(()) => tx.applied(&arrival)?,
                Err(findings) => tx.refused(&arrival, findings)?,
            };
            tx.repeated(original.key, key)?;
            Ok(key)
        })?;
        Ok(Ok(EventOutcome { source: source.to_owned(), seq: None, id, fate }))
    }
}

/// The refused event with this id that was neither repeated nor dismissed; the oldest, should several
/// sources have used the id.
fn refused(tx: &mut Tx<'_>, id: &str) -> Result<Option<EventRow>, StoreError> {
    let mut named = tx.events_named(id)?.into_iter();
    Ok(named.find(|row| row.state == EventState::Refused))
}

/// Whether an event was refused for its signature, number or id: it may be anybody's, and forged.
fn was_turned_away(row: &EventRow) -> bool {
    #[derive(serde::Deserialize)]
    struct Found {
        code: String,
    }
    let found: Vec<Found> = row
        .findings
        .as_deref()
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let rules = [
        Rule::Unsigned,
        Rule::SignatureWrong,
        Rule::SourceUnknown,
        Rule::Replayed,
        Rule::EventConflict,
    ];
    found.iter().any(|one| rules.iter().any(|rule| rule.code() == one.code))
}

/// The id is an argument here, no item of a line.
fn refuse(rule: Rule) -> Refused {
    Refused::new(rule.code(), rule.message())
}

/// An id for the repeat of an event: the original's with the number of the try, which counts on when
/// a repeat is repeated.
fn repeat_id(tx: &mut Tx<'_>, original: &EventRow) -> Result<String, StoreError> {
    let stem = match (original.vouched, original.resend_of) {
        (Voucher::Operator, Some(_)) => without_try(&original.id),
        _ => &original.id,
    };
    let stem = shortened(stem, STEM);
    let mut number = 1_u32;
    loop {
        let id = format!("{stem}.r{number}");
        if tx.events_named(&id)?.is_empty() {
            return Ok(id);
        }
        number = number.saturating_add(1);
    }
}

/// An id without the number of the try that [`repeat_id`] gave it.
fn without_try(id: &str) -> &str {
    let stem = id.rsplit_once(".r").filter(|(_, number)| number.parse::<u32>().is_ok());
    stem.map_or(id, |(stem, _)| stem)
}

/// The id itself when it is one of at most `limit` characters; else what it begins with and a digest
/// of all of it, so that the same id always gives the same.
fn shortened(id: &str, limit: usize) -> String {
    if id.len() <= limit && EventId::new(id).is_ok() {
        return id.to_owned();
    }
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || "-_.:".contains(*letter);
    let kept: String = id.chars().filter(plain).take(limit - DIGEST - 1).collect();
    let mut digest = hex(&sha256(id.as_bytes()));
    digest.truncate(DIGEST);
    format!("{kept}:{digest}")
}

/// An event with its corrections, as the form and the line of a new one.
fn corrected(
    original: &EventRow,
    id: &str,
    corrections: &[Correction],
) -> Result<(EventForm, Vec<u8>), FormError> {
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
        object.insert("resend_of".to_owned(), serde_json::json!(shortened(&original.id, ID)));
        object.remove("seq");
        object.remove("signature");
    }
    let line = value.to_string().into_bytes();
    Ok((EventForm::read(&line)?, line))
}

/// Characters of an id at most.
const ID: usize = 64;

/// Characters of what a repeat's id begins with, which leaves room for the number of the try.
const STEM: usize = ID - ".r4294967295".len();

/// Characters of a digest within an id.
const DIGEST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_leaves_room_for_every_number_and_is_always_the_same() {
        let long = "a".repeat(ID);
        for id in [long.as_str(), &"b".repeat(STEM + 1), "two words", "", &"長".repeat(40)] {
            let stem = shortened(id, STEM);
            assert!(stem.len() <= STEM && stem != id, "{stem}");
            assert_eq!(stem, shortened(id, STEM));
            EventId::new(&format!("{stem}.r{}", u32::MAX)).unwrap();
        }
        assert_ne!(shortened(&long, STEM), shortened(&format!("{long}a"), STEM));
        assert_eq!(shortened("e-1", STEM), "e-1");
        assert_eq!(shortened(&long, ID), long);
    }

    #[test]
    fn the_number_of_a_try_is_taken_off_once() {
        for (id, stem) in
            [("e-1.r1", "e-1"), ("e-1.r1.r12", "e-1.r1"), ("e-1", "e-1"), ("e.rx", "e.rx")]
        {
            assert_eq!(without_try(id), stem);
        }
    }
}
