//! The logical checks (論理チェック) of the register.

use std::fmt;

use crate::holder::Item;

/// A rule of the register that can refuse: an event, or a request that disagrees with the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Nobody is on record under this handle.
    NoRecord,
    /// The person is on record already.
    Exists,
    /// The entry has ended.
    Deleted,
    /// The person is not registered where the event needs it: moved out, or abroad.
    NotRegistered,
    /// The source may not send this: events of another municipality's resident, or a reason of others.
    Source,
    /// The event is dated before the last one.
    EventOrder,
    /// The event lies in the future, and its reason is none that is planned.
    EventFuture,
    /// A death in the future.
    DeathFuture,
    /// A birth whose day is not the date of birth.
    BirthDate,
    /// The old value is not the one on record: an update was missed.
    OldValue,
    /// Old and new value are the same.
    OldNewEqual,
    /// An item that the reason needs is not there, or has no new value.
    NewMissing,
    /// An item that the reason does not change.
    ExtraItem,
    /// A relocation that changes more than the address (転居で住所以外の更新).
    RelocExtra,
    /// A correction without its ground.
    NoteMissing,
    /// Not a minor correction of policy `minor_corrections`.
    MinorList,
    /// A move-in of someone who lives there (現存する住民に対する転入).
    MoveInExisting,
    /// A move-in without a move-out notice.
    MoveInNoMoveOut,
    /// A special move-in after 14 days of the move or 30 of the planned day.
    SpecialMoveInLate,
    /// A move-out or move abroad is already notified.
    MoveOutPending,
    /// No move-out to cancel.
    NoMoveOut,
    /// Continued use abroad not filed by the day before.
    AbroadNotice,
    /// Only for nationals.
    NationalsOnly,
    /// Only for foreign residents.
    ForeignersOnly,
    /// The new category does not go with the reason.
    ResidenceCategory,
    /// An extension that does not extend.
    StayShorter,
    /// A second special extension of one stay.
    SpecialExtensionTwice,
    /// A special extension beyond two months.
    SpecialExtensionLong,
    /// A support measure extended more than a month before its end.
    SupportEarly,
    /// No support measure to end.
    SupportNone,
    /// The card is not in a state in which this can happen.
    CardState,
    /// The card has ended.
    CardLapsed,
    /// A card is issued anew while the old one is in use.
    CardOpen,
    /// The end stated for the card cannot be.
    CardEnd,
    /// No continuation of the card is due.
    NoContinuation,
    /// The phone is not in a state in which this can happen.
    PhoneState,
    /// The guardianship already stands as the event says.
    GuardianshipState,
    /// A request differs from the record.
    HolderMismatch,
    /// A request for someone who is not on record, in a strict home.
    HolderUnknown,
    /// The person has no such certificate.
    TargetUnknown,
    /// The source has no registered key.
    SourceUnknown,
    /// An event without the signature that the policy demands.
    Unsigned,
    /// The signature does not verify.
    SignatureWrong,
    /// A number of the source that was used for another event.
    Replayed,
    /// An id that was used for another content.
    EventConflict,
    /// No refused event has the id that is repeated.
    ResendUnknown,
    /// The refused event was never certain to be its source's: only the source can repeat it.
    ResendSource,
    /// The source's sequence was moved past an event that waited.
    SequencePassed,
    /// Whoever sends this does not send for this source.
    Sender,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 49] = [
        Self::NoRecord,
        Self::Exists,
        Self::Deleted,
        Self::NotRegistered,
        Self::Source,
        Self::EventOrder,
        Self::EventFuture,
        Self::DeathFuture,
        Self::BirthDate,
        Self::OldValue,
        Self::OldNewEqual,
        Self::NewMissing,
        Self::ExtraItem,
        Self::RelocExtra,
        Self::NoteMissing,
        Self::MinorList,
        Self::MoveInExisting,
        Self::MoveInNoMoveOut,
        Self::SpecialMoveInLate,
        Self::MoveOutPending,
        Self::NoMoveOut,
        Self::AbroadNotice,
        Self::NationalsOnly,
        Self::ForeignersOnly,
        Self::ResidenceCategory,
        Self::StayShorter,
        Self::SpecialExtensionTwice,
        Self::SpecialExtensionLong,
        Self::SupportEarly,
        Self::SupportNone,
        Self::CardState,
        Self::CardLapsed,
        Self::CardOpen,
        Self::CardEnd,
        Self::NoContinuation,
        Self::PhoneState,
        Self::GuardianshipState,
        Self::HolderMismatch,
        Self::HolderUnknown,
        Self::TargetUnknown,
        Self::SourceUnknown,
        Self::Unsigned,
        Self::SignatureWrong,
        Self::Replayed,
        Self::EventConflict,
        Self::ResendUnknown,
        Self::ResendSource,
        Self::SequencePassed,
        Self::Sender,
    ];

    /// The stable code, `R-…`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoRecord => "R-NO-RECORD",
            Self::Exists => "R-EXISTS",
            Self::Deleted => "R-DELETED",
            Self::NotRegistered => "R-NOT-REGISTERED",
            Self::Source => "R-SOURCE",
            Self::EventOrder => "R-EVENT-ORDER",
            Self::EventFuture => "R-EVENT-FUTURE",
            Self::DeathFuture => "R-DEATH-FUTURE",
            Self::BirthDate => "R-BIRTH-DATE",
            Self::OldValue => "R-OLD-VALUE",
            Self::OldNewEqual => "R-OLD-NEW-EQUAL",
            Self::NewMissing => "R-NEW-MISSING",
            Self::ExtraItem => "R-EXTRA-ITEM",
            Self::RelocExtra => "R-RELOC-EXTRA",
            Self::NoteMissing => "R-NOTE-MISSING",
            Self::MinorList => "R-MINOR-LIST",
            Self::MoveInExisting => "R-MOVEIN-EXISTING",
            Self::MoveInNoMoveOut => "R-MOVEIN-NO-MOVEOUT",
            Self::SpecialMoveInLate => "R-SPECIAL-MOVEIN-LATE",
            Self::MoveOutPending => "R-MOVEOUT-PENDING",
            Self::NoMoveOut => "R-NO-MOVEOUT",
            Self::AbroadNotice => "R-ABROAD-NOTICE",
            Self::NationalsOnly => "R-NATIONALS-ONLY",
            Self::ForeignersOnly => "R-FOREIGNERS-ONLY",
            Self::ResidenceCategory => "R-RESIDENCE-CATEGORY",
            Self::StayShorter => "R-STAY-SHORTER",
            Self::SpecialExtensionTwice => "R-SPECIAL-EXTENSION-TWICE",
            Self::SpecialExtensionLong => "R-SPECIAL-EXTENSION-LONG",
            Self::SupportEarly => "R-SUPPORT-EARLY",
            Self::SupportNone => "R-SUPPORT-NONE",
            Self::CardState => "R-CARD-STATE",
            Self::CardLapsed => "R-CARD-LAPSED",
            Self::CardOpen => "R-CARD-OPEN",
            Self::CardEnd => "R-CARD-END",
            Self::NoContinuation => "R-NO-CONTINUATION",
            Self::PhoneState => "R-PHONE-STATE",
            Self::GuardianshipState => "R-GUARDIANSHIP-STATE",
            Self::HolderMismatch => "R-HOLDER-MISMATCH",
            Self::HolderUnknown => "R-HOLDER-UNKNOWN",
            Self::TargetUnknown => "R-TARGET-UNKNOWN",
            Self::SourceUnknown => "R-SOURCE-UNKNOWN",
            Self::Unsigned => "R-UNSIGNED",
            Self::SignatureWrong => "R-SIGNATURE",
            Self::Replayed => "R-REPLAYED",
            Self::EventConflict => "R-EVENT-CONFLICT",
            Self::ResendUnknown => "R-RESEND-UNKNOWN",
            Self::ResendSource => "R-RESEND-SOURCE",
            Self::SequencePassed => "R-SEQUENCE-PASSED",
            Self::Sender => "R-SENDER",
        }
    }

    /// The item that it is about, where that is always the same one.
    #[must_use]
    pub fn item(self) -> Option<Item> {
        match self {
            Self::NoRecord | Self::Exists | Self::HolderUnknown => Some(Item::Person),
            Self::Deleted
            | Self::NotRegistered
            | Self::OldValue
            | Self::OldNewEqual
            | Self::NewMissing
            | Self::ExtraItem
            | Self::RelocExtra
            | Self::MoveInExisting
            | Self::MoveInNoMoveOut
            | Self::MoveOutPending
            | Self::NoMoveOut
            | Self::SupportNone
            | Self::PhoneState
            | Self::HolderMismatch => None,
            Self::Source | Self::SourceUnknown | Self::Sender => Some(Item::Source),
            Self::EventOrder
            | Self::EventFuture
            | Self::DeathFuture
            | Self::BirthDate
            | Self::SupportEarly => Some(Item::EventDate),
            Self::NoteMissing | Self::MinorList => Some(Item::Note),
            Self::SpecialMoveInLate | Self::AbroadNotice => Some(Item::NotifiedOn),
            Self::NationalsOnly
            | Self::ForeignersOnly
            | Self::ResidenceCategory
            | Self::StayShorter
            | Self::SpecialExtensionTwice
            | Self::SpecialExtensionLong => Some(Item::Residence),
            Self::CardState
            | Self::CardLapsed
            | Self::CardOpen
            | Self::CardEnd
            | Self::NoContinuation => Some(Item::Card),
            Self::GuardianshipState => Some(Item::Guardianship),
            Self::TargetUnknown => Some(Item::Target),
            Self::Unsigned | Self::SignatureWrong | Self::ResendSource => Some(Item::Signature),
            Self::Replayed | Self::SequencePassed => Some(Item::Sequence),
            Self::EventConflict => Some(Item::EventId),
            Self::ResendUnknown => Some(Item::ResendOf),
        }
    }

    /// What is wrong and what to do.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NoRecord => {
                "nobody is on record under this handle; send the entry first, or correct the handle"
            }
            Self::Exists => {
                "the person is on record already; send the change that happened instead of a new entry"
            }
            Self::Deleted => {
                "the entry of this person has ended; nothing but a new entry can follow"
            }
            Self::NotRegistered => {
                "the person has moved out or lives abroad, and this event needs an entry in a municipality; send the move-in or return first"
            }
            Self::Source => {
                "this source may not send this event about this person; have the competent one send it"
            }
            Self::EventOrder => {
                "the event is dated before the last one on record; check the date, or which event is missing"
            }
            Self::EventFuture => "the event lies in the future; send it when it has happened",
            Self::DeathFuture => "a death cannot lie in the future; correct the date",
            Self::BirthDate => "the day of a birth is the date of birth; correct one of them",
            Self::OldValue => {
                "the old value is not the one on record, so an update was missed; find and send the missing event, or correct the value"
            }
            Self::OldNewEqual => {
                "old and new value are the same; leave the item out, or correct it"
            }
            Self::NewMissing => "this reason needs a new value of this item; add it",
            Self::ExtraItem => {
                "this reason does not change this item; send it as an event of its own"
            }
            Self::RelocExtra => {
                "a relocation changes the address and nothing else; send the other change as an event of its own"
            }
            Self::NoteMissing => "a correction states its ground; add a note",
            Self::MinorList => {
                "the note names no minor correction that the policy minor_corrections lists; send a correction, or name the right one"
            }
            Self::MoveInExisting => {
                "the person lives in this municipality already; send a relocation, or correct the handle"
            }
            Self::MoveInNoMoveOut => {
                "the person lives in another municipality that has notified no move-out; have it notify the move-out first"
            }
            Self::SpecialMoveInLate => {
                "a special move-in is filed within 14 days of the move and 30 of the planned day; send a move-in, and have a new card issued"
            }
            Self::MoveOutPending => "a move is already notified; send move_out_cancelled first",
            Self::NoMoveOut => "no move-out is notified; there is nothing to cancel",
            Self::AbroadNotice => {
                "continued use abroad is filed by the day before the move; send move_abroad, which ends the card"
            }
            Self::NationalsOnly => "this event is for nationals; correct the reason or the person",
            Self::ForeignersOnly => {
                "this event is for foreign residents; correct the reason or the person"
            }
            Self::ResidenceCategory => {
                "the new category of residence does not go with this reason; correct one of them"
            }
            Self::StayShorter => {
                "the new period of stay does not end later than the old one; correct it, or send a correction"
            }
            Self::SpecialExtensionTwice => {
                "the special extension is granted once; wait for the decision on the stay"
            }
            Self::SpecialExtensionLong => {
                "the special extension ends at most two months after the period of stay; correct the date"
            }
            Self::SupportEarly => {
                "a support measure is extended in the last month before it ends; send it then"
            }
            Self::SupportNone => "no support measure is in force; there is nothing to end",
            Self::CardState => {
                "the card is not in a state in which this can happen; see what became of it, and send the event that is missing"
            }
            Self::CardLapsed => "the card has ended; have a new card issued first",
            Self::CardOpen => {
                "the old card is still in use; send card_lost or card_surrendered first"
            }
            Self::CardEnd => {
                "the end stated for the card lies before the event or after the period of stay; correct it"
            }
            Self::NoContinuation => {
                "no continued use of the card is awaited; there is nothing to continue"
            }
            Self::PhoneState => {
                "the phone is not in a state in which this can happen; one phone per person, lost before found; see which event is missing"
            }
            Self::GuardianshipState => "the record already says so; there is nothing to change",
            Self::HolderMismatch => {
                "this item differs from the one on record; correct the request, or have the register send the change"
            }
            Self::HolderUnknown => {
                "nobody is on record under this handle; import the person, or have the register send the entry"
            }
            Self::TargetUnknown => "the person has no such certificate; correct the target",
            Self::SourceUnknown => {
                "this source has no registered key; register it, or correct the source"
            }
            Self::Unsigned => {
                "the event is not signed, and this home takes signed events only; have the source sign it"
            }
            Self::SignatureWrong => {
                "the signature of the source does not verify; fetch the line again, and look after the key"
            }
            Self::Replayed => {
                "this number of the source was used for another event; continue after the last number"
            }
            Self::EventConflict => {
                "this id was used for another event; repeat that one unchanged, or give a new id"
            }
            Self::ResendUnknown => {
                "no refused event has this id, or it was repeated or dismissed already; look at the list of refused events"
            }
            Self::ResendSource => {
                "it was never certain that its source sent this event, so nobody else can repeat it; have the source send it again, signed, under a new id and number"
            }
            Self::SequencePassed => {
                "the source's sequence was moved past this event while it waited for an earlier one; resend it if it holds, or dismiss it"
            }
            Self::Sender => {
                "this client does not send the events of this source; nothing was kept, have the source's own client send it"
            }
        }
    }
}

impl fmt::Display for Rule {
    /// The code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_messages_say_what_to_do() {
        let codes: HashSet<_> = Rule::ALL.into_iter().map(Rule::code).collect();
        let messages: HashSet<_> = Rule::ALL.into_iter().map(Rule::message).collect();
        assert_eq!((codes.len(), messages.len()), (Rule::ALL.len(), Rule::ALL.len()));
        for rule in Rule::ALL {
            assert!(rule.code().starts_with("R-"), "{rule}");
            assert!(rule.message().contains("; ") && !rule.message().ends_with('.'), "{rule}");
        }
    }
}
