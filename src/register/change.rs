//! What changed: the one thing from which the effects on certificates follow.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use super::target::Target;

/// What changed in a record. What becomes of certificates is computed from this alone, never from the
/// reason of the event: a new reason then needs no new law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// An item that signature certificates carry.
    BasicItem(BasicItem),
    /// Such an item, in form only (軽微な修正).
    MinorCorrection,
    /// The address, by new names or numbers of the same place (住居表示・町名地番変更).
    AddressRenamed,
    /// The address or municipality, by a merger (合併・行政区画変更).
    MunicipalityMerged,
    /// A new entry was made, or one made again.
    EntryMade,
    /// The entry ended (住民票の消除).
    EntryDeleted(Deletion),
    /// A move to another municipality was notified; the entry still stands.
    MoveOutNotified,
    /// The planned day of a move came, or the move-in before it: the entry here ended (転出).
    MovedOut,
    /// The move does not take place.
    MoveOutCancelled,
    /// A national moved abroad; the entry is now that of the supplementary family register (戸籍の附票).
    MovedAbroadContinued,
    /// Category or period of residence.
    ResidenceChanged,
    /// A foreign resident became a national.
    Naturalised,
    /// The resident-record code.
    ResidentCodeChanged,
    /// The individual number.
    IndividualNumberChanged,
    /// The household.
    HouseholdChanged,
    /// A support measure (支援措置) began or goes on.
    SupportSet,
    /// The support measure ended.
    SupportEnded,
    /// The holder is an adult ward from now on.
    GuardianshipStarted,
    /// The holder is no ward any more.
    GuardianshipEnded,
    /// The card was suspended (一時停止).
    CardSuspended,
    /// The suspension of the card was lifted (一時停止解除).
    CardResumed,
    /// The card was given back or abolished (返納・廃止).
    CardSurrendered,
    /// The card lost its effect (失効).
    CardVoid(Lapse),
    /// A new card took the place of the old one (再交付).
    CardReissued,
    /// The card's end moved with the period of stay.
    CardExtended,
    /// The use of the card goes on after a move (継続利用).
    CardContinued,
    /// A PIN was unlocked or set anew.
    PinReset,
    /// A phone carries certificates.
    PhoneIssued,
    /// The phone was replaced or given away.
    PhoneChanged,
    /// The phone was reported lost.
    PhoneLost,
    /// The phone was found.
    PhoneRecovered,
    /// The holder asked to end the certificate (失効申請).
    HolderRequest(Target),
    /// The holder reported the key leaked, lost or damaged (漏えい等の届出).
    KeyLeak(Target),
    /// The certificate was found not to agree with the record (記録誤り等).
    RecordError(Target),
    /// The certificate was destroyed before delivery (交付前の破棄).
    Discarded(Target),
}

impl Change {
    /// Every change; those about one certificate, with `target`.
    #[must_use]
    pub fn every(target: Target) -> Vec<Self> {
        let mut all = Vec::new();
        all.extend(BasicItem::ALL.map(Self::BasicItem));
        all.extend([
            Self::MinorCorrection,
            Self::AddressRenamed,
            Self::MunicipalityMerged,
            Self::EntryMade,
        ]);
        all.extend(Deletion::ALL.map(Self::EntryDeleted));
        all.extend([
            Self::MoveOutNotified,
            Self::MovedOut,
            Self::MoveOutCancelled,
            Self::MovedAbroadContinued,
            Self::ResidenceChanged,
            Self::Naturalised,
            Self::ResidentCodeChanged,
            Self::IndividualNumberChanged,
            Self::HouseholdChanged,
            Self::SupportSet,
            Self::SupportEnded,
            Self::GuardianshipStarted,
            Self::GuardianshipEnded,
            Self::CardSuspended,
            Self::CardResumed,
            Self::CardSurrendered,
        ]);
        all.extend(Lapse::ALL.map(Self::CardVoid));
        all.extend([
            Self::CardReissued,
            Self::CardExtended,
            Self::CardContinued,
            Self::PinReset,
            Self::PhoneIssued,
            Self::PhoneChanged,
            Self::PhoneLost,
            Self::PhoneRecovered,
            Self::HolderRequest(target),
            Self::KeyLeak(target),
            Self::RecordError(target),
            Self::Discarded(target),
        ]);
        all
    }

    /// The stable word, for records and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BasicItem(which) => which.as_str(),
            Self::MinorCorrection => "minor-correction",
            Self::AddressRenamed => "address-renamed",
            Self::MunicipalityMerged => "municipality-merged",
            Self::EntryMade => "entry-made",
            Self::EntryDeleted(which) => which.as_str(),
            Self::MoveOutNotified => "move-out-notified",
            Self::MovedOut => "moved-out",
            Self::MoveOutCancelled => "move-out-cancelled",
            Self::MovedAbroadContinued => "moved-abroad-continued",
            Self::ResidenceChanged => "residence-changed",
            Self::Naturalised => "naturalised",
            Self::ResidentCodeChanged => "resident-code-changed",
            Self::IndividualNumberChanged => "individual-number-changed",
            Self::HouseholdChanged => "household-changed",
            Self::SupportSet => "support-set",
            Self::SupportEnded => "support-ended",
            Self::GuardianshipStarted => "guardianship-started",
            Self::GuardianshipEnded => "guardianship-ended",
            Self::CardSuspended => "card-suspended",
            Self::CardResumed => "card-resumed",
            Self::CardSurrendered => "card-surrendered",
            Self::CardVoid(which) => which.as_str(),
            Self::CardReissued => "card-reissued",
            Self::CardExtended => "card-extended",
            Self::CardContinued => "card-continued",
            Self::PinReset => "pin-reset",
            Self::PhoneIssued => "phone-issued",
            Self::PhoneChanged => "phone-changed",
            Self::PhoneLost => "phone-lost",
            Self::PhoneRecovered => "phone-recovered",
            Self::HolderRequest(_) => "holder-request",
            Self::KeyLeak(_) => "key-leak",
            Self::RecordError(_) => "record-error",
            Self::Discarded(_) => "discarded",
        }
    }

    /// The name in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::BasicItem(which) => which.japanese(),
            Self::MinorCorrection => "軽微な修正",
            Self::AddressRenamed => "住居表示・町名地番の変更",
            Self::MunicipalityMerged => "合併・行政区画の変更",
            Self::EntryMade => "住民票の記載",
            Self::EntryDeleted(which) => which.japanese(),
            Self::MoveOutNotified => "転出届",
            Self::MovedOut => "転出による消除",
            Self::MoveOutCancelled => "転出取消",
            Self::MovedAbroadContinued => "国外転出（継続利用）",
            Self::ResidenceChanged => "在留資格・在留期間の変更",
            Self::Naturalised => "帰化",
            Self::ResidentCodeChanged => "住民票コードの変更",
            Self::IndividualNumberChanged => "個人番号の変更",
            Self::HouseholdChanged => "世帯変更",
            Self::SupportSet => "支援措置開始",
            Self::SupportEnded => "支援措置終了",
            Self::GuardianshipStarted => "成年後見開始",
            Self::GuardianshipEnded => "成年後見終了",
            Self::CardSuspended => "カードの一時停止",
            Self::CardResumed => "カードの一時停止解除",
            Self::CardSurrendered => "カードの返納・廃止",
            Self::CardVoid(which) => which.japanese(),
            Self::CardReissued => "カードの再交付",
            Self::CardExtended => "カードの有効期間の延長",
            Self::CardContinued => "カードの継続利用",
            Self::PinReset => "暗証番号の初期化",
            Self::PhoneIssued => "スマートフォンの登録",
            Self::PhoneChanged => "スマートフォンの機種変更・譲渡",
            Self::PhoneLost => "スマートフォンの紛失",
            Self::PhoneRecovered => "スマートフォンの発見",
            Self::HolderRequest(_) => "失効申請",
            Self::KeyLeak(_) => "漏えい等の届出",
            Self::RecordError(_) => "記録誤り等",
            Self::Discarded(_) => "交付前の破棄",
        }
    }

    /// The rows of the event matrix that lead to it.
    #[must_use]
    pub fn rows(self) -> &'static [u8] {
        match self {
            Self::BasicItem(which) => which.rows(),
            Self::MinorCorrection => &[19],
            Self::AddressRenamed => &[20],
            Self::MunicipalityMerged => &[21],
            Self::EntryMade => &[1, 8, 22],
            Self::EntryDeleted(which) => which.rows(),
            Self::MoveOutNotified => &[4],
            Self::MovedOut => &[4],
            Self::MoveOutCancelled => &[5],
            Self::MovedAbroadContinued => &[6],
            Self::ResidenceChanged => &[18, 25, 28, 29, 30],
            Self::Naturalised => &[25],
            Self::ResidentCodeChanged => &[26],
            Self::IndividualNumberChanged => &[27],
            Self::HouseholdChanged => &[10],
            Self::SupportSet => &[32],
            Self::SupportEnded => &[33],
            Self::GuardianshipStarted => &[48],
            Self::GuardianshipEnded => &[48],
            Self::CardSuspended => &[34],
            Self::CardResumed => &[35],
            Self::CardSurrendered => &[36],
            Self::CardVoid(which) => which.rows(),
            Self::CardReissued => &[37],
            Self::CardExtended => &[28, 29, 30],
            Self::CardContinued => &[3, 8, 38],
            Self::PinReset => &[46],
            Self::PhoneIssued => &[47],
            Self::PhoneChanged => &[47],
            Self::PhoneLost => &[34, 47],
            Self::PhoneRecovered => &[35, 47],
            Self::HolderRequest(_) => &[39],
            Self::KeyLeak(_) => &[40],
            Self::RecordError(_) => &[41],
            Self::Discarded(_) => &[45],
        }
    }

    /// The certificate that it is about, if it is about one.
    #[must_use]
    pub fn target(self) -> Option<Target> {
        match self {
            Self::HolderRequest(target)
            | Self::KeyLeak(target)
            | Self::RecordError(target)
            | Self::Discarded(target) => Some(target),
            Self::BasicItem(_)
            | Self::MinorCorrection
            | Self::AddressRenamed
            | Self::MunicipalityMerged
            | Self::EntryMade
            | Self::EntryDeleted(_)
            | Self::MoveOutNotified
            | Self::MovedOut
            | Self::MoveOutCancelled
            | Self::MovedAbroadContinued
            | Self::ResidenceChanged
            | Self::Naturalised
            | Self::ResidentCodeChanged
            | Self::IndividualNumberChanged
            | Self::HouseholdChanged
            | Self::SupportSet
            | Self::SupportEnded
            | Self::GuardianshipStarted
            | Self::GuardianshipEnded
            | Self::CardSuspended
            | Self::CardResumed
            | Self::CardSurrendered
            | Self::CardVoid(_)
            | Self::CardReissued
            | Self::CardExtended
            | Self::CardContinued
            | Self::PinReset
            | Self::PhoneIssued
            | Self::PhoneChanged
            | Self::PhoneLost
            | Self::PhoneRecovered => None,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An item that signature certificates carry: the basic four (基本4情報), the name with what stands
/// beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BasicItem {
    /// Name (氏名).
    Name,
    /// Former surname (旧氏).
    FormerSurname,
    /// Alias (通称).
    Alias,
    /// Date of birth (生年月日).
    BirthDate,
    /// Sex (性別).
    Sex,
    /// Address (住所).
    Address,
}

impl BasicItem {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Name, Self::FormerSurname, Self::Alias, Self::BirthDate, Self::Sex, Self::Address];

    /// The stable word of the [`Change`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::FormerSurname => "former-surname",
            Self::Alias => "alias",
            Self::BirthDate => "birth-date",
            Self::Sex => "sex",
            Self::Address => "address",
        }
    }

    fn japanese(self) -> &'static str {
        match self {
            Self::Name => "氏名の変更",
            Self::FormerSurname => "旧氏の変更",
            Self::Alias => "通称の変更",
            Self::BirthDate => "生年月日の訂正",
            Self::Sex => "性別の変更",
            Self::Address => "住所の変更",
        }
    }

    fn rows(self) -> &'static [u8] {
        match self {
            Self::Name => &[13, 18, 25],
            Self::FormerSurname => &[14, 18],
            Self::Alias => &[15, 18, 25],
            Self::BirthDate => &[17, 18],
            Self::Sex => &[16, 18],
            Self::Address => &[2, 3, 6, 8, 9, 18],
        }
    }
}

/// Why an entry ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deletion {
    /// Death (死亡).
    Death,
    /// Declared missing (失踪宣告).
    DeclaredMissing,
    /// Moved abroad without keeping the card (国外転出).
    MovedAbroad,
    /// Not living there (職権消除).
    ExOfficio,
    /// Loss of nationality (国籍喪失).
    NationalityLost,
}

impl Deletion {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Death,
        Self::DeclaredMissing,
        Self::MovedAbroad,
        Self::ExOfficio,
        Self::NationalityLost,
    ];

    /// The stable word of the [`Change`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Death => "entry-deleted:death",
            Self::DeclaredMissing => "entry-deleted:declared-missing",
            Self::MovedAbroad => "entry-deleted:moved-abroad",
            Self::ExOfficio => "entry-deleted:ex-officio",
            Self::NationalityLost => "entry-deleted:nationality-lost",
        }
    }

    fn japanese(self) -> &'static str {
        match self {
            Self::Death => "死亡による消除",
            Self::DeclaredMissing => "失踪宣告による消除",
            Self::MovedAbroad => "国外転出による消除",
            Self::ExOfficio => "職権消除",
            Self::NationalityLost => "国籍喪失による消除",
        }
    }

    fn rows(self) -> &'static [u8] {
        match self {
            Self::Death => &[11],
            Self::DeclaredMissing => &[12],
            Self::MovedAbroad => &[7],
            Self::ExOfficio => &[23],
            Self::NationalityLost => &[24],
        }
    }
}

/// Why a card lost its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lapse {
    /// The entry ended.
    EntryDeleted,
    /// Its last day passed, for a foreign resident with the stay.
    Expired,
    /// No move-in within 30 days of the planned day, or 14 of the move.
    MoveInNotFiled,
    /// Its use was not continued within 90 days of the move-in.
    NotContinued,
    /// Moved again before its use was continued.
    MovedAgain,
    /// The resident-record code changed.
    ResidentCode,
    /// The individual number changed.
    IndividualNumber,
}

impl Lapse {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::EntryDeleted,
        Self::Expired,
        Self::MoveInNotFiled,
        Self::NotContinued,
        Self::MovedAgain,
        Self::ResidentCode,
        Self::IndividualNumber,
    ];

    /// The stable word of the [`Change`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntryDeleted => "card-void:entry-deleted",
            Self::Expired => "card-void:expired",
            Self::MoveInNotFiled => "card-void:move-in-not-filed",
            Self::NotContinued => "card-void:not-continued",
            Self::MovedAgain => "card-void:moved-again",
            Self::ResidentCode => "card-void:resident-code",
            Self::IndividualNumber => "card-void:individual-number",
        }
    }

    fn japanese(self) -> &'static str {
        match self {
            Self::EntryDeleted => "消除によるカードの失効",
            Self::Expired => "カードの有効期間満了",
            Self::MoveInNotFiled => "転入届がないことによるカードの失効",
            Self::NotContinued => "継続利用がないことによるカードの失効",
            Self::MovedAgain => "継続利用前の再転出によるカードの失効",
            Self::ResidentCode => "住民票コードの変更によるカードの失効",
            Self::IndividualNumber => "個人番号の変更によるカードの失効",
        }
    }

    fn rows(self) -> &'static [u8] {
        match self {
            Self::EntryDeleted => &[7, 11, 12, 23, 24],
            Self::Expired => &[31, 44],
            Self::MoveInNotFiled => &[38],
            Self::NotContinued => &[38],
            Self::MovedAgain => &[38],
            Self::ResidentCode => &[26],
            Self::IndividualNumber => &[27],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::credential::Carrier;
    use crate::credential::Kind;

    use super::*;

    const TARGET: Target = Target::Current(Kind::Signature, Carrier::Card);

    #[test]
    fn words_are_distinct_and_every_change_is_kept_as_it_is() {
        let every = Change::every(TARGET);
        let words: BTreeSet<_> = every.iter().map(|change| change.as_str()).collect();
        let names: BTreeSet<_> = every.iter().map(|change| change.japanese()).collect();
        assert_eq!((words.len(), names.len()), (every.len(), every.len()));
        for change in every {
            let text = serde_json::to_string(&change).unwrap();
            assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change);
            assert_eq!(change.target().is_some(), text.contains("carrier"));
        }
    }

    #[test]
    fn every_row_of_the_matrix_but_commands_leads_to_a_change() {
        let every = Change::every(TARGET);
        let rows: BTreeSet<u8> = every.iter().flat_map(|change| change.rows()).copied().collect();
        let commands = [42, 43];
        assert_eq!(rows, (1..=48).filter(|row| !commands.contains(row)).collect());
    }
}
