//! The switches: one for every point that law or published facts leave open, with the reading that
//! we take by default.
//!
//! Each switch says what is open and why its default was chosen, so that whoever knows better can
//! turn one word of the configuration instead of the code. "Act" is Act 153 of 2002
//! (公的個人認証法).

mod answers;
mod feed;
mod lists;
mod register;

use serde::Deserialize;
use serde::Serialize;

use crate::holder::BirthDate;
use crate::holder::Residence;

pub use answers::Answering;
pub use answers::Unissued;
pub use feed::FeedSignatures;
pub use feed::UnknownPeople;
pub use lists::InvalidityDate;
pub use lists::ListTiming;
pub use register::CardExtension;
pub use register::DeletionReason;
pub use register::MinorCorrection;
pub use register::MoveOutRevocation;
pub use register::Naturalisation;
pub use register::NumberChange;
pub use register::PhoneWithoutCard;
pub use register::Renaming;
pub use register::RevocationTiming;

/// All switches. As configuration it is a table of these fields; what is left out has its default,
/// what is unknown is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// The birthday, in a common year, of those born on 29 February: `feb28` or `mar1`.
    pub leap_birthday: LeapBirthday,
    /// The birthday of those whose month or day of birth is unknown: `first-day`, `last-day` or
    /// `refuse`.
    pub unknown_birthday: UnknownBirthday,
    /// Signature certificates for adult wards: `refuse` or `allow`.
    pub adult_wards: AdultWards,
    /// Legal representatives of those under 15: `recorded` or `required`.
    pub minors: Minors,
    /// Release of held certificates on a card: `refuse` or `user-authentication`.
    pub card_hold_release: CardHoldRelease,
    /// Era digit of a foreign resident's date of birth: `japanese` or `zero`.
    pub western_era: WesternEra,
    /// How many calendar months before its end a certificate's renewal earns the sixth birthday, where
    /// the issuing generation has the profile `current`.
    ///
    /// The enforcement regulation says: when less than three months are left. Open is the exact
    /// first day; we count calendar months back from the last day, held at the end of a short
    /// month, and let that day itself count.
    pub renewal_window_months: u8,
    /// The same under the profile `next`, where it earns the eleventh birthday.
    ///
    /// The plan for the next card says a year; days are counted as above.
    pub next_renewal_window_months: u8,
    /// When a move to another municipality ends the signature certificate: `planned-date`, `notice`
    /// or `move-in`.
    pub move_out_revocation: MoveOutRevocation,
    /// What an address written anew for the same place (住居表示・町名地番変更) does to signature
    /// certificates: `revoke` or `keep`.
    pub address_renamed: Renaming,
    /// What a merger of municipalities (合併・行政区画変更) does to them: `revoke` or `keep`.
    pub municipality_merged: Renaming,
    /// Which corrections count as minor (軽微な修正): any of `glyph`, `notation`, `typing-error`.
    pub minor_corrections: Vec<MinorCorrection>,
    /// What naturalisation does to the user-authentication certificate: `keep` or `revoke`.
    pub naturalisation: Naturalisation,
    /// What a new resident-record code (住民票コード) does to the card: `void-card` or `keep-card`.
    pub resident_code_change: NumberChange,
    /// What a new individual number (個人番号) does to the card: `void-card` or `keep-card`.
    pub individual_number_change: NumberChange,
    /// The reason listed when the entry ended, by death or otherwise: `cessation-of-operation` or
    /// `affiliation-changed`.
    pub deletion_reason: DeletionReason,
    /// What becomes of certificates when the card's end moves with the stay: `supersede` or `keep`.
    pub card_extension: CardExtension,
    /// What becomes of a phone's certificates when the card is closed: `revoke` or `keep`.
    pub phone_without_card: PhoneWithoutCard,
    /// When the revocation that an event brings takes effect: `immediate`, `event-date` or
    /// `next-day`.
    pub revocation_timing: RevocationTiming,
    /// Whether lists say since when a certificate stated what was no longer so: `leave-out` or
    /// `event-date`.
    pub invalidity_date: InvalidityDate,
    /// For how many years issue records are kept after a certificate's end, and what the register
    /// replaced after it was replaced.
    ///
    /// The older text of the enforcement order has ten years for issue records; today's was not
    /// found.
    pub retention_years: u8,
    /// What a request for someone who is not on record does: `open` or `strict`.
    pub register: UnknownPeople,
    /// Whether events must be signed by their source: `optional` or `required`.
    pub feed_signatures: FeedSignatures,
}

impl Policy {
    /// The date of birth as the signature certificate of a holder with this residence states it:
    /// nine digits, the era by [`Policy::western_era`].
    #[must_use]
    pub fn encoded_birth_date(&self, birth_date: BirthDate, residence: Residence) -> String {
        match (self.western_era, residence.category().is_foreign()) {
            (WesternEra::Zero, true) => birth_date.encoded_western(),
            (WesternEra::Zero, false) | (WesternEra::Japanese, true | false) => {
                birth_date.encoded()
            }
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            leap_birthday: LeapBirthday::default(),
            unknown_birthday: UnknownBirthday::default(),
            adult_wards: AdultWards::default(),
            minors: Minors::default(),
            card_hold_release: CardHoldRelease::default(),
            western_era: WesternEra::default(),
            renewal_window_months: RENEWAL_WINDOW_MONTHS,
            next_renewal_window_months: NEXT_RENEWAL_WINDOW_MONTHS,
            move_out_revocation: MoveOutRevocation::default(),
            address_renamed: Renaming::default(),
            municipality_merged: Renaming::default(),
            minor_corrections: MINOR_CORRECTIONS.to_vec(),
            naturalisation: Naturalisation::default(),
            resident_code_change: NumberChange::default(),
            individual_number_change: NumberChange::default(),
            deletion_reason: DeletionReason::default(),
            card_extension: CardExtension::default(),
            phone_without_card: PhoneWithoutCard::default(),
            revocation_timing: RevocationTiming::default(),
            invalidity_date: InvalidityDate::default(),
            retention_years: 10,
            register: UnknownPeople::default(),
            feed_signatures: FeedSignatures::default(),
        }
    }
}

/// When those born on 29 February have their birthday in a common year: for the birthdays that end
/// certificates and cards, and for reaching 15 and 18.
///
/// Open: no text about these certificates settles it. By default 28 February, as Japanese rules on
/// other documents deem it; it is also the earlier day, so no certificate lives too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeapBirthday {
    /// 28 February.
    #[default]
    Feb28,
    /// 1 March.
    Mar1,
}

/// What stands in for an unknown month or day of birth when birthdays are counted. Ages never use
/// it: an age counts as reached when it is certain.
///
/// Open: partly unknown dates exist in the register, no text says how their birthdays count. By
/// default the first day: a certificate then never ends after the true birthday of its last year.
/// It can still live longer than the true date would let it, when the stand-in has just passed on
/// the day of issue and the true birthday was still to come; whoever must rule that out refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownBirthday {
    /// The first month, the first day.
    #[default]
    FirstDay,
    /// The last month, the last day.
    LastDay,
    /// Nothing: the certificate is refused.
    Refuse,
}

/// Whether an adult under guardianship (成年被後見人) may hold a signature certificate.
///
/// Open: municipalities refuse in principle; a few allow it with the guardian attending. By default
/// refused, as most do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdultWards {
    /// Refused.
    #[default]
    Refuse,
    /// Allowed: that the guardian attended is for the window to see.
    Allow,
}

/// Whether someone under 15 must act through a legal representative (法定代理人) to get a
/// user-authentication certificate.
///
/// Open is not the rule, the representative sets the PIN, but whether the authority has to check
/// what the window has seen. By default it only records it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Minors {
    /// The request may say it; nothing depends on it.
    #[default]
    Recorded,
    /// The request must say it.
    Required,
}

/// Whether a hold (一時保留) of a certificate on a card can be released. A signature certificate's
/// never can, a phone's user-authentication certificate's always can.
///
/// Open: the operator's page has both certificates of a found card revoked and issued anew, several
/// cities say that the user-authentication certificate resumes, and the published table of reasons
/// says that a hold is not lifted. By default refused, as the table and the operator say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardHoldRelease {
    /// None is released.
    #[default]
    Refuse,
    /// The user-authentication certificate's can be.
    UserAuthentication,
}

/// Which era digit a foreign resident's date of birth carries; the register keeps it in the Western
/// calendar (西暦).
///
/// Open: the profile names 0 for an unknown era and nothing for a calendar without eras. By default
/// the Japanese era of the day, since a known day's era is not unknown and the year is Gregorian in
/// either form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WesternEra {
    /// The Japanese era of the day, as for nationals.
    #[default]
    Japanese,
    /// 0.
    Zero,
}

const RENEWAL_WINDOW_MONTHS: u8 = 3;
const NEXT_RENEWAL_WINDOW_MONTHS: u8 = 12;

const MINOR_CORRECTIONS: [MinorCorrection; 2] = [MinorCorrection::Glyph, MinorCorrection::Notation];

#[cfg(test)]
mod tests {
    use crate::holder::Category;

    use super::*;

    #[test]
    fn what_is_left_out_has_its_default() {
        let policy: Policy = toml::from_str("").unwrap();
        assert_eq!(policy, Policy::default());
        let policy: Policy = toml::from_str("leap_birthday = \"mar1\"").unwrap();
        assert_eq!(policy, Policy { leap_birthday: LeapBirthday::Mar1, ..Policy::default() });
    }

    #[test]
    fn the_defaults_are_written_with_these_words() {
        let words = "leap_birthday = \"feb28\"\n\
                     unknown_birthday = \"first-day\"\n\
                     adult_wards = \"refuse\"\n\
                     minors = \"recorded\"\n\
                     card_hold_release = \"refuse\"\n\
                     western_era = \"japanese\"\n\
                     renewal_window_months = 3\n\
                     next_renewal_window_months = 12\n\
                     move_out_revocation = \"planned-date\"\n\
                     address_renamed = \"revoke\"\n\
                     municipality_merged = \"revoke\"\n\
                     minor_corrections = [\"glyph\", \"notation\"]\n\
                     naturalisation = \"keep\"\n\
                     resident_code_change = \"void-card\"\n\
                     individual_number_change = \"void-card\"\n\
                     deletion_reason = \"cessation-of-operation\"\n\
                     card_extension = \"supersede\"\n\
                     phone_without_card = \"revoke\"\n\
                     revocation_timing = \"immediate\"\n\
                     invalidity_date = \"leave-out\"\n\
                     retention_years = 10\n\
                     register = \"open\"\n\
                     feed_signatures = \"optional\"\n";
        assert_eq!(toml::to_string(&Policy::default()).unwrap(), words);
    }

    #[test]
    fn every_other_word_is_read() {
        let words = "leap_birthday = \"mar1\"\n\
                     unknown_birthday = \"last-day\"\n\
                     adult_wards = \"allow\"\n\
                     minors = \"required\"\n\
                     card_hold_release = \"user-authentication\"\n\
                     western_era = \"zero\"\n\
                     renewal_window_months = 2\n\
                     next_renewal_window_months = 6\n\
                     move_out_revocation = \"notice\"\n\
                     address_renamed = \"keep\"\n\
                     municipality_merged = \"keep\"\n\
                     minor_corrections = [\"typing-error\"]\n\
                     naturalisation = \"revoke\"\n\
                     resident_code_change = \"keep-card\"\n\
                     individual_number_change = \"keep-card\"\n\
                     deletion_reason = \"affiliation-changed\"\n\
                     card_extension = \"keep\"\n\
                     phone_without_card = \"keep\"\n\
                     revocation_timing = \"next-day\"\n\
                     invalidity_date = \"event-date\"\n\
                     retention_years = 5\n\
                     register = \"strict\"\n\
                     feed_signatures = \"required\"\n";
        let policy: Policy = toml::from_str(words).unwrap();
        assert_eq!(toml::to_string(&policy).unwrap(), words);
        for third in [
            "unknown_birthday = \"refuse\"",
            "move_out_revocation = \"move-in\"",
            "revocation_timing = \"event-date\"",
            "minor_corrections = []",
        ] {
            assert!(toml::from_str::<Policy>(third).is_ok(), "{third}");
        }
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for wrong in ["leap_birthday = \"feb29\"", "leap_birthdays = \"feb28\"", "minors = true"] {
            assert!(toml::from_str::<Policy>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_foreign_residents_era_follows_the_switch() {
        let born: BirthDate = "1985-07-30".parse().unwrap();
        let zero = Policy { western_era: WesternEra::Zero, ..Policy::default() };
        for category in Category::ALL.into_iter().filter(|one| !one.needs_period_end()) {
            let residence = Residence::new(category, None).unwrap();
            let era = if category.is_foreign() { '0' } else { '3' };
            assert_eq!(zero.encoded_birth_date(born, residence), format!("{era}19850730"));
            assert_eq!(Policy::default().encoded_birth_date(born, residence), "319850730");
        }
    }
}
