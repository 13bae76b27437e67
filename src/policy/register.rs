//! Switches of what events of the register do.

use serde::Deserialize;
use serde::Serialize;

/// When a move to another municipality ends the signature certificate.
///
/// Open: municipal pages name the notice (転出届), the planned day and the move-in. By default the
/// planned day, or the move-in where it comes earlier: then the entry here ends (Act art. 12, item 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveOutRevocation {
    /// The planned day, or the move-in where it comes earlier.
    #[default]
    PlannedDate,
    /// The notice, whatever the planned day.
    Notice,
    /// The move-in alone, when the address on record changes.
    MoveIn,
}

impl MoveOutRevocation {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::PlannedDate, Self::Notice, Self::MoveIn];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PlannedDate => "planned-date",
            Self::Notice => "notice",
            Self::MoveIn => "move-in",
        }
    }
}

/// Whether an address that is written anew for the same place is a change that ends the signature
/// certificate.
///
/// Open: the Act (art. 12, item 1) leaves minor corrections out and an ordinance says which they are;
/// an older municipal page has such certificates end. By default they end, so that no certificate
/// states an address that the register does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Renaming {
    /// A change: the certificate ends.
    #[default]
    Revoke,
    /// A minor correction: the certificate stays.
    Keep,
}

impl Renaming {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Revoke, Self::Keep];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Keep => "keep",
        }
    }
}

/// A kind of minor correction (軽微な修正), named in the note of the event.
///
/// Open: the ordinance that lists them could not be read. By default the form of a character and the
/// notation of an address, which change no meaning; a typing error can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MinorCorrection {
    /// Another form of the same character (字体).
    Glyph,
    /// Another way of writing the same address: numerals, hyphens, 番地.
    Notation,
    /// A typing error of the office.
    TypingError,
}

impl MinorCorrection {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Glyph, Self::Notation, Self::TypingError];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Glyph => "glyph",
            Self::Notation => "notation",
            Self::TypingError => "typing-error",
        }
    }
}

/// What naturalisation (帰化) does to the user-authentication certificate; the signature certificate
/// ends in any case, since the name or the entry changes.
///
/// Open: no source says. By default it stays: it carries no item of the person and the person is the
/// same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Naturalisation {
    /// It stays.
    #[default]
    Keep,
    /// It ends, as with an entry that ended (Act art. 31).
    Revoke,
}

impl Naturalisation {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Keep, Self::Revoke];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Revoke => "revoke",
        }
    }
}

/// What a new resident-record code or individual number does to the card.
///
/// Open: neither is among the four items. A source has the card lose its effect with the code, and the
/// card must be given back with the number, which is printed on it. By default the card is void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberChange {
    /// The card loses its effect, and its certificates with it.
    #[default]
    VoidCard,
    /// The card stays.
    KeepCard,
}

impl NumberChange {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::VoidCard, Self::KeepCard];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VoidCard => "void-card",
            Self::KeepCard => "keep-card",
        }
    }
}

/// The reason listed for certificates whose holder's entry ended: by death, deletion, move abroad, loss
/// of nationality.
///
/// Open: the published table of reasons names no death. By default cessation of operation, since
/// nothing that the certificate states has changed; it is no longer needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeletionReason {
    /// Use has ended.
    #[default]
    CessationOfOperation,
    /// What the certificate rests on has changed.
    AffiliationChanged,
}

impl DeletionReason {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::CessationOfOperation, Self::AffiliationChanged];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CessationOfOperation => "cessation-of-operation",
            Self::AffiliationChanged => "affiliation-changed",
        }
    }
}

/// What becomes of certificates when the end of a foreign resident's card moves with the stay.
///
/// Open: a municipality has the old certificates end with the extension and issues new ones to the new
/// end; another says only that new ones must be applied for. By default they end as superseded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardExtension {
    /// They end, and new ones are issued to the new end.
    #[default]
    Supersede,
    /// They run to their own end.
    Keep,
}

impl CardExtension {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Supersede, Self::Keep];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supersede => "supersede",
            Self::Keep => "keep",
        }
    }
}

/// What becomes of a phone's certificates when the card is given back or loses its effect while the
/// entry stands.
///
/// Open: they rest on the card's (Act art. 16-2, 35-2), but no text says that they end with it. By
/// default they end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhoneWithoutCard {
    /// They end.
    #[default]
    Revoke,
    /// They run on.
    Keep,
}

impl PhoneWithoutCard {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Revoke, Self::Keep];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Keep => "keep",
        }
    }
}

/// When the revocation that an event of the register brings takes effect.
///
/// Open: the Act has it recorded immediately on learning of the change (art. 12, 31); municipal pages
/// name the day of the event or the next day. By default immediately: answers at once, the list at its
/// next building.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationTiming {
    /// When the event is applied.
    #[default]
    Immediate,
    /// At the beginning of the day of the event, or when it is applied where that is later.
    EventDate,
    /// At the beginning of the next day.
    NextDay,
}

impl RevocationTiming {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Immediate, Self::EventDate, Self::NextDay];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::EventDate => "event-date",
            Self::NextDay => "next-day",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_configuration() {
        fn check<T: Serialize>(
            all: impl IntoIterator<Item = T>,
            word: impl Fn(&T) -> &'static str,
        ) {
            for one in all {
                assert_eq!(serde_json::to_value(&one).unwrap(), word(&one));
            }
        }
        check(MoveOutRevocation::ALL, |one| one.as_str());
        check(Renaming::ALL, |one| one.as_str());
        check(MinorCorrection::ALL, |one| one.as_str());
        check(Naturalisation::ALL, |one| one.as_str());
        check(NumberChange::ALL, |one| one.as_str());
        check(DeletionReason::ALL, |one| one.as_str());
        check(CardExtension::ALL, |one| one.as_str());
        check(PhoneWithoutCard::ALL, |one| one.as_str());
        check(RevocationTiming::ALL, |one| one.as_str());
        assert_eq!(MoveOutRevocation::ALL.first(), Some(&MoveOutRevocation::default()));
        assert_eq!(Renaming::ALL.first(), Some(&Renaming::default()));
        assert_eq!(Naturalisation::ALL.first(), Some(&Naturalisation::default()));
        assert_eq!(NumberChange::ALL.first(), Some(&NumberChange::default()));
        assert_eq!(DeletionReason::ALL.first(), Some(&DeletionReason::default()));
        assert_eq!(CardExtension::ALL.first(), Some(&CardExtension::default()));
        assert_eq!(PhoneWithoutCard::ALL.first(), Some(&PhoneWithoutCard::default()));
        assert_eq!(RevocationTiming::ALL.first(), Some(&RevocationTiming::default()));
    }
}
