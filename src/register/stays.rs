//! Periods of stay, and the support measure.

use crate::clock::Date;
use crate::holder::Category;
use crate::holder::Residence;

use super::change::Change;
use super::change::Lapse;
use super::event::Event;
use super::record::CardState;
use super::record::Origin;
use super::record::Record;
use super::refusal::Refusal;
use super::rule::Rule;

/// The period of stay is extended (在留期間更新), before the card ends.
pub(super) fn extend(
    record: &mut Record,
    before: Option<&Record>,
    event: &Event,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    let (old, new) = stays(record, before)?;
    in_time(record)?;
    let end = new.period_end().ok_or(Rule::ResidenceCategory)?;
    if old.period_end().is_some_and(|old| end <= old) {
        return Err(Rule::StayShorter.into());
    }
    record.special_extension = false;
    move_card_end(record, old, new, event, changes)
}

/// The card is extended by up to two months, once, while an application is pending (特例期間).
pub(super) fn bridge(
    record: &mut Record,
    before: Option<&Record>,
    event: &Event,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    let (old, new) = stays(record, before)?;
    in_time(record)?;
    if record.special_extension {
        return Err(Rule::SpecialExtensionTwice.into());
    }
    let (Some(from), Some(to)) = (old.period_end(), new.period_end()) else {
        return Err(Rule::ResidenceCategory.into());
    };
    if old.category() != new.category() {
        return Err(Rule::ResidenceCategory.into());
    }
    if to <= from {
        return Err(Rule::StayShorter.into());
    }
    if from.plus_months(SPECIAL_MONTHS).is_ok_and(|last| to > last) {
        return Err(Rule::SpecialExtensionLong.into());
    }
    record.special_extension = true;
    move_card_end(record, old, new, event, changes)
}

/// The stay no longer ends (永住許可等). The card keeps its end unless the event states a new one.
pub(super) fn settle(
    record: &mut Record,
    before: Option<&Record>,
    event: &Event,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    let (old, new) = stays(record, before)?;
    let endless = match new.category() {
        Category::Permanent | Category::SpecialPermanent | Category::HighlySkilled2 => true,
        Category::National
        | Category::NationalAbroad
        | Category::MidLongTerm
        | Category::TemporaryRefuge
        | Category::ProvisionalStay
        | Category::Transitional => false,
    };
    if !endless {
        return Err(Rule::ResidenceCategory.into());
    }
    record.special_extension = false;
    move_card_end(record, old, new, event, changes)
}

/// A support measure (支援措置) begins, or is extended in the last month before its end.
pub(super) fn support(
    record: &mut Record,
    event: &Event,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    let from = record.support_until.unwrap_or(event.event_date);
    let extended = record.support_until.is_some();
    let early = |until: Date| until.plus_months(-1).is_ok_and(|first| event.event_date < first);
    if extended && early(from) {
        return Err(Rule::SupportEarly.into());
    }
    record.support_until = Some(from.plus_months(SUPPORT_MONTHS).unwrap_or(from));
    changes.push(Change::SupportSet);
    Ok(())
}

/// No card outlives the stay: a corrected one takes the card's end along.
pub(super) fn cap_card(record: &mut Record, event: &Event) {
    let stay = record.residence().ok().and_then(Residence::period_end);
    if let (Some(stay), Some(ends), true) = (stay, record.card.ends, record.card.is_open())
        && stay < ends
    {
        record.card.ends = Some(stay);
        record.card_by = Some(Origin::of(event));
    }
}

fn stays(after: &Record, before: Option<&Record>) -> Result<(Residence, Residence), Refusal> {
    let before = before.ok_or(Rule::NoRecord)?;
    Ok((before.residence()?, after.residence()?))
}

/// One day late and the card is void: then it cannot be extended, a new one must be issued.
fn in_time(record: &Record) -> Result<(), Refusal> {
    if record.card.state == CardState::Void(Lapse::Expired) {
        return Err(Rule::CardLapsed.into());
    }
    Ok(())
}

/// The card's end follows a stay that set it; a birthday that set it stays. How far the birthday
/// allows is for the office that writes the new end on the card: the event can state it.
fn move_card_end(
    record: &mut Record,
    old: Residence,
    new: Residence,
    event: &Event,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    if !record.card.is_open() {
        return Ok(());
    }
    let stated = event.card.and_then(|card| card.expires);
    let followed = record.card.ends == old.period_end();
    let ends = match (stated, new.period_end()) {
        (Some(stated), stay) => {
            if stated < event.event_date || stay.is_some_and(|stay| stated > stay) {
                return Err(Rule::CardEnd.into());
            }
            Some(stated)
        }
        (None, Some(stay)) if followed => Some(stay),
        (None, _) => record.card.ends,
    };
    if ends != record.card.ends {
        record.card.ends = ends;
        record.card_by = Some(Origin::of(event));
        changes.push(Change::CardExtended);
    }
    Ok(())
}

/// Months of a special extension at most.
const SPECIAL_MONTHS: i32 = 2;

/// Months of a support measure.
const SUPPORT_MONTHS: i32 = 12;
