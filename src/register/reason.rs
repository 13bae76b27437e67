//! Why the register changed (異動事由).

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::holder::Fault;
use crate::holder::Item;
use crate::holder::Rule;

/// Change reason (異動事由). It selects the checks of an event; what becomes of certificates follows
/// from what changed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeReason {
    /// Birth: a new entry.
    Birth,
    /// Move-in from another municipality.
    MoveIn,
    /// Move-in with the card, whose use continues at once.
    SpecialMoveIn,
    /// Notice of a move to another municipality, on a planned day.
    MoveOut,
    /// The move does not take place.
    MoveOutCancelled,
    /// A national moves abroad and goes on using the card.
    MoveAbroadContinued,
    /// Move abroad; the entry ends.
    MoveAbroad,
    /// Move-in from abroad: a return, or a first entry.
    ReturnFromAbroad,
    /// Move within the municipality.
    Relocation,
    /// Change of the household; no item that certificates carry.
    HouseholdChange,
    /// Death.
    Death,
    /// Declared missing by a court.
    DeclaredMissing,
    /// Change of name: marriage, divorce, adoption, court.
    NameChange,
    /// Former surname recorded, changed or removed.
    FormerSurnameChange,
    /// Alias recorded, changed or removed.
    AliasChange,
    /// Change of sex by a court.
    SexChange,
    /// Date of birth corrected.
    BirthDateCorrection,
    /// Correction ex officio.
    Correction,
    /// Correction of form only.
    MinorCorrection,
    /// The address is written anew, the place is the same.
    AddressRenamed,
    /// The municipality is another, the place is the same.
    MunicipalityMerged,
    /// Entry ex officio.
    Entry,
    /// Deletion ex officio: the person does not live there.
    Deletion,
    /// Loss of nationality.
    NationalityLost,
    /// A foreign resident becomes a national.
    Naturalisation,
    /// New resident-record code.
    ResidentCodeChange,
    /// New individual number; the number itself never comes here.
    IndividualNumberChange,
    /// Period of stay, and with it the card, extended.
    ResidenceExtended,
    /// Card extended by up to two months while an application is pending.
    ResidenceGrace,
    /// The stay no longer ends.
    PermanentResidence,
    /// Support measure begins, or goes on for another year.
    SupportSet,
    /// Support measure ended.
    SupportEnded,
    /// Card reported lost or stolen.
    CardLost,
    /// Card found.
    CardFound,
    /// Card given back or abolished.
    CardSurrendered,
    /// New card in place of a closed one.
    CardReissued,
    /// The use of the card continues after a move-in or a return.
    CardContinued,
    /// The holder asks to end a certificate.
    RevocationRequest,
    /// The holder reports a key leaked, lost or damaged.
    KeyLeak,
    /// A certificate was found not to agree with the record.
    RecordError,
    /// A certificate was destroyed before it was handed over.
    Discarded,
    /// PIN unlocked or set anew.
    PinReset,
    /// A phone carries certificates.
    PhoneIssued,
    /// The phone was replaced, sold or given away.
    PhoneChanged,
    /// Phone reported lost or stolen.
    PhoneLost,
    /// Phone found.
    PhoneRecovered,
    /// An adult comes under guardianship.
    GuardianshipStarted,
    /// The guardianship ends.
    GuardianshipEnded,
}

impl ChangeReason {
    /// All reasons, in the order of the event matrix.
    pub const ALL: [Self; 48] = [
        Self::Birth,
        Self::MoveIn,
        Self::SpecialMoveIn,
        Self::MoveOut,
        Self::MoveOutCancelled,
        Self::MoveAbroadContinued,
        Self::MoveAbroad,
        Self::ReturnFromAbroad,
        Self::Relocation,
        Self::HouseholdChange,
        Self::Death,
        Self::DeclaredMissing,
        Self::NameChange,
        Self::FormerSurnameChange,
        Self::AliasChange,
        Self::SexChange,
        Self::BirthDateCorrection,
        Self::Correction,
        Self::MinorCorrection,
        Self::AddressRenamed,
        Self::MunicipalityMerged,
        Self::Entry,
        Self::Deletion,
        Self::NationalityLost,
        Self::Naturalisation,
        Self::ResidentCodeChange,
        Self::IndividualNumberChange,
        Self::ResidenceExtended,
        Self::ResidenceGrace,
        Self::PermanentResidence,
        Self::SupportSet,
        Self::SupportEnded,
        Self::CardLost,
        Self::CardFound,
        Self::CardSurrendered,
        Self::CardReissued,
        Self::CardContinued,
        Self::RevocationRequest,
        Self::KeyLeak,
        Self::RecordError,
        Self::Discarded,
        Self::PinReset,
        Self::PhoneIssued,
        Self::PhoneChanged,
        Self::PhoneLost,
        Self::PhoneRecovered,
        Self::GuardianshipStarted,
        Self::GuardianshipEnded,
    ];

    /// The word in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Birth => "birth",
            Self::MoveIn => "move_in",
            Self::SpecialMoveIn => "special_move_in",
            Self::MoveOut => "move_out",
            Self::MoveOutCancelled => "move_out_cancelled",
            Self::MoveAbroadContinued => "move_abroad_continued",
            Self::MoveAbroad => "move_abroad",
            Self::ReturnFromAbroad => "return_from_abroad",
            Self::Relocation => "relocation",
            Self::HouseholdChange => "household_change",
            Self::Death => "death",
            Self::DeclaredMissing => "declared_missing",
            Self::NameChange => "name_change",
            Self::FormerSurnameChange => "former_surname_change",
            Self::AliasChange => "alias_change",
            Self::SexChange => "sex_change",
            Self::BirthDateCorrection => "birth_date_correction",
            Self::Correction => "correction",
            Self::MinorCorrection => "minor_correction",
            Self::AddressRenamed => "address_renamed",
            Self::MunicipalityMerged => "municipality_merged",
            Self::Entry => "entry",
            Self::Deletion => "deletion",
            Self::NationalityLost => "nationality_lost",
            Self::Naturalisation => "naturalisation",
            Self::ResidentCodeChange => "resident_code_change",
            Self::IndividualNumberChange => "individual_number_change",
            Self::ResidenceExtended => "residence_extended",
            Self::ResidenceGrace => "residence_grace",
            Self::PermanentResidence => "permanent_residence",
            Self::SupportSet => "support_set",
            Self::SupportEnded => "support_ended",
            Self::CardLost => "card_lost",
            Self::CardFound => "card_found",
            Self::CardSurrendered => "card_surrendered",
            Self::CardReissued => "card_reissued",
            Self::CardContinued => "card_continued",
            Self::RevocationRequest => "revocation_request",
            Self::KeyLeak => "key_leak",
            Self::RecordError => "record_error",
            Self::Discarded => "discarded",
            Self::PinReset => "pin_reset",
            Self::PhoneIssued => "phone_issued",
            Self::PhoneChanged => "phone_changed",
            Self::PhoneLost => "phone_lost",
            Self::PhoneRecovered => "phone_recovered",
            Self::GuardianshipStarted => "guardianship_started",
            Self::GuardianshipEnded => "guardianship_ended",
        }
    }

    /// The name in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Birth => "出生",
            Self::MoveIn => "転入",
            Self::SpecialMoveIn => "特例転入",
            Self::MoveOut => "転出",
            Self::MoveOutCancelled => "転出取消",
            Self::MoveAbroadContinued => "国外転出（継続利用）",
            Self::MoveAbroad => "国外転出",
            Self::ReturnFromAbroad => "国外からの転入",
            Self::Relocation => "転居",
            Self::HouseholdChange => "世帯変更",
            Self::Death => "死亡",
            Self::DeclaredMissing => "失踪宣告",
            Self::NameChange => "氏名変更",
            Self::FormerSurnameChange => "旧氏の記載・変更・削除",
            Self::AliasChange => "通称の記載・変更・削除",
            Self::SexChange => "性別変更",
            Self::BirthDateCorrection => "生年月日訂正",
            Self::Correction => "職権修正",
            Self::MinorCorrection => "軽微な修正",
            Self::AddressRenamed => "住居表示・町名地番変更",
            Self::MunicipalityMerged => "合併・行政区画変更",
            Self::Entry => "職権記載",
            Self::Deletion => "職権消除",
            Self::NationalityLost => "国籍喪失",
            Self::Naturalisation => "帰化",
            Self::ResidentCodeChange => "住民票コード変更",
            Self::IndividualNumberChange => "個人番号変更",
            Self::ResidenceExtended => "在留期間更新",
            Self::ResidenceGrace => "特例期間延長",
            Self::PermanentResidence => "永住許可等",
            Self::SupportSet => "支援措置開始",
            Self::SupportEnded => "支援措置終了",
            Self::CardLost => "カードの一時停止",
            Self::CardFound => "カードの一時停止解除",
            Self::CardSurrendered => "カードの返納・廃止",
            Self::CardReissued => "カードの再交付",
            Self::CardContinued => "カードの継続利用",
            Self::RevocationRequest => "失効申請",
            Self::KeyLeak => "漏えい等届出",
            Self::RecordError => "記録誤り等",
            Self::Discarded => "交付前破棄",
            Self::PinReset => "暗証番号の初期化",
            Self::PhoneIssued => "スマートフォンの登録",
            Self::PhoneChanged => "スマートフォンの機種変更・譲渡",
            Self::PhoneLost => "スマートフォンの紛失・盗難",
            Self::PhoneRecovered => "スマートフォンの発見",
            Self::GuardianshipStarted => "成年後見開始",
            Self::GuardianshipEnded => "成年後見終了",
        }
    }

    /// The rows of the event matrix that it reports. Rows 31 and 42 to 44, and most of 38, are reported by none:
    /// they are time's work ([`lapse`](super::lapse)) and commands.
    #[must_use]
    pub fn rows(self) -> &'static [u8] {
        match self {
            Self::Birth => &[1],
            Self::MoveIn => &[2],
            Self::SpecialMoveIn => &[3],
            Self::MoveOut => &[4],
            Self::MoveOutCancelled => &[5],
            Self::MoveAbroadContinued => &[6],
            Self::MoveAbroad => &[7],
            Self::ReturnFromAbroad => &[8],
            Self::Relocation => &[9],
            Self::HouseholdChange => &[10],
            Self::Death => &[11],
            Self::DeclaredMissing => &[12],
            Self::NameChange => &[13],
            Self::FormerSurnameChange => &[14],
            Self::AliasChange => &[15],
            Self::SexChange => &[16],
            Self::BirthDateCorrection => &[17],
            Self::Correction => &[18],
            Self::MinorCorrection => &[19],
            Self::AddressRenamed => &[20],
            Self::MunicipalityMerged => &[21],
            Self::Entry => &[22],
            Self::Deletion => &[23],
            Self::NationalityLost => &[24],
            Self::Naturalisation => &[25],
            Self::ResidentCodeChange => &[26],
            Self::IndividualNumberChange => &[27],
            Self::ResidenceExtended => &[28],
            Self::ResidenceGrace => &[29],
            Self::PermanentResidence => &[30],
            Self::SupportSet => &[32],
            Self::SupportEnded => &[33],
            Self::CardLost => &[34],
            Self::CardFound => &[35],
            Self::CardSurrendered => &[36],
            Self::CardReissued => &[37],
            Self::CardContinued => &[2, 38],
            Self::RevocationRequest => &[39],
            Self::KeyLeak => &[40],
            Self::RecordError => &[41],
            Self::Discarded => &[45],
            Self::PinReset => &[46],
            Self::PhoneIssued => &[47],
            Self::PhoneChanged => &[47],
            Self::PhoneLost => &[34, 47],
            Self::PhoneRecovered => &[35, 47],
            Self::GuardianshipStarted => &[48],
            Self::GuardianshipEnded => &[48],
        }
    }
}

impl ChangeReason {
    /// Whether its events name a certificate.
    #[must_use]
    pub fn names_a_certificate(self) -> bool {
        matches!(
            self,
            Self::RevocationRequest | Self::KeyLeak | Self::RecordError | Self::Discarded
        )
    }

    /// Whether its events may say something of the card: that it goes on, or when it ends.
    #[must_use]
    pub fn may_state_the_card(self) -> bool {
        matches!(
            self,
            Self::MoveIn
                | Self::SpecialMoveIn
                | Self::ReturnFromAbroad
                | Self::ResidenceExtended
                | Self::ResidenceGrace
                | Self::PermanentResidence
                | Self::CardReissued
                | Self::CardContinued
        )
    }
}

impl fmt::Display for ChangeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ChangeReason {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|reason| reason.as_str() == text);
        found.ok_or_else(|| Fault::new(Item::Reason, Rule::Word(WORDS)))
    }
}

const WORDS: &str = "the change reasons, like relocation, move_in or death";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn reasons_are_written_with_one_word() {
        for reason in ChangeReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        assert_eq!("move".parse::<ChangeReason>().unwrap_err().code(), "E-WORD");
    }

    #[test]
    fn every_row_of_the_matrix_but_time_and_commands_is_reported() {
        let rows: BTreeSet<u8> =
            ChangeReason::ALL.into_iter().flat_map(ChangeReason::rows).copied().collect();
        let others = [31, 42, 43, 44];
        assert_eq!(rows, (1..=48).filter(|row| !others.contains(row)).collect());
    }
}
