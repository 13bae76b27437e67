//! What a change of the register, or of card and phone, does to a certificate: computed from what
//! changed, never from why it was reported.
//!
//! The Act has the signature certificate end when an item that it states changes or the entry ends
//! (art. 12), and the user-authentication certificate, which states none, when the entry ends
//! (art. 31). What a card or phone carries follows card and phone. The whole table stands in
//! `testdata/vectors/effects.tsv`.

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::law::article::Article;
use crate::law::revocation::Standing;
use crate::policy::CardExtension;
use crate::policy::CardHoldRelease;
use crate::policy::DeletionReason;
use crate::policy::MoveOutRevocation;
use crate::policy::Naturalisation;
use crate::policy::PhoneWithoutCard;
use crate::policy::Policy;
use crate::policy::Renaming;
use crate::policy::RevocationTiming;
use crate::register::Change;
use crate::register::Lapse;
use crate::register::Target;

/// What `change` does to a certificate of the person concerned. What is revoked stays so, what is
/// held keeps its hold unless it ends or is released.
#[must_use]
pub fn effect(change: &Change, certificate: &Certificate, policy: &Policy) -> Effect {
    match change {
        Change::BasicItem(_) | Change::MovedAbroadContinued => content(certificate),
        Change::AddressRenamed => renaming(policy.address_renamed, certificate),
        Change::MunicipalityMerged => renaming(policy.municipality_merged, certificate),
        Change::MoveOutNotified => match policy.move_out_revocation {
            MoveOutRevocation::Notice => moved_out(certificate),
            MoveOutRevocation::PlannedDate | MoveOutRevocation::MoveIn => Effect::Keep,
        },
        Change::MovedOut => match policy.move_out_revocation {
            MoveOutRevocation::Notice | MoveOutRevocation::PlannedDate => moved_out(certificate),
            MoveOutRevocation::MoveIn => Effect::Keep,
        },
        Change::EntryDeleted(_) => {
            let reason = match policy.deletion_reason {
                DeletionReason::CessationOfOperation => Reason::CessationOfOperation,
                DeletionReason::AffiliationChanged => Reason::AffiliationChanged,
            };
            end(certificate, reason, ENTRY)
        }
        Change::Naturalised => naturalised(certificate, policy),
        Change::CardSuspended => match certificate.carrier {
            Carrier::Card => hold(certificate),
            Carrier::Phone => Effect::Keep,
        },
        Change::CardResumed => match (certificate.carrier, policy.card_hold_release) {
            (Carrier::Card, CardHoldRelease::UserAuthentication) => release(certificate),
            (Carrier::Card, CardHoldRelease::Refuse)
            | (Carrier::Phone, CardHoldRelease::Refuse | CardHoldRelease::UserAuthentication) => {
                Effect::Keep
            }
        },
        Change::CardSurrendered => {
            card_closed(certificate, Article::CARD_SURRENDER, policy.phone_without_card)
        }
        Change::CardVoid(lapse) => card_void(*lapse, certificate, policy),
        Change::CardReissued => match certificate.carrier {
            Carrier::Card => end(certificate, Reason::Superseded, ONE),
            Carrier::Phone => Effect::Keep,
        },
        Change::CardExtended => match policy.card_extension {
            CardExtension::Supersede => end(certificate, Reason::Superseded, ONE),
            CardExtension::Keep => Effect::Keep,
        },
        Change::PhoneLost => match certificate.carrier {
            Carrier::Phone => hold(certificate),
            Carrier::Card => Effect::Keep,
        },
        Change::PhoneRecovered => match certificate.carrier {
            Carrier::Phone => release(certificate),
            Carrier::Card => Effect::Keep,
        },
        Change::PhoneChanged => match certificate.carrier {
            Carrier::Phone => end(certificate, Reason::Superseded, ONE),
            Carrier::Card => Effect::Keep,
        },
        Change::HolderRequest(target) => {
            named(*target, certificate, Reason::CessationOfOperation, REQUEST)
        }
        Change::KeyLeak(target) => named(*target, certificate, Reason::KeyCompromise, LEAK),
        Change::RecordError(target) => {
            named(*target, certificate, Reason::AffiliationChanged, ERROR)
        }
        Change::Discarded(target) => named(*target, certificate, Reason::Unspecified, DISCARDED),
        // Nothing of these is stated by a certificate, and none of them ends card or entry: where
        // the card ends too, that is a change of its own.
        Change::MinorCorrection
        | Change::EntryMade
        | Change::MoveOutCancelled
        | Change::ResidenceChanged
        | Change::ResidentCodeChanged
        | Change::IndividualNumberChanged
        | Change::HouseholdChanged
        | Change::SupportSet
        | Change::SupportEnded
        | Change::GuardianshipStarted
        | Change::GuardianshipEnded
        | Change::CardContinued
        | Change::PinReset
        | Change::PhoneIssued => Effect::Keep,
    }
}

/// What several changes do together, and which of them does it: the first that ends the certificate;
/// else the first that holds it; else the first that releases it.
#[must_use]
pub fn decide(
    changes: &[Change],
    certificate: &Certificate,
    policy: &Policy,
) -> Option<(Change, Effect)> {
    let effects = || changes.iter().map(|change| (*change, effect(change, certificate, policy)));
    let rank = |effect: Effect| match effect {
        Effect::Revoke { .. } => 0,
        Effect::Hold { .. } => 1,
        Effect::Release { .. } => 2,
        Effect::Keep => 3,
    };
    effects().min_by_key(|(_, effect)| rank(*effect)).filter(|(_, effect)| *effect != Effect::Keep)
}

/// When an effect begins: a revocation that the register brings, by policy; every other at once.
/// `on` is the day of the change, `now` the moment at which it is applied.
#[must_use]
pub fn due(
    change: &Change,
    effect: Effect,
    on: Date,
    now: Timestamp,
    policy: &Policy,
) -> Timestamp {
    let Effect::Revoke { .. } = effect else {
        return now;
    };
    if !is_of_the_register(change) {
        return now;
    }
    match policy.revocation_timing {
        RevocationTiming::Immediate => now,
        RevocationTiming::EventDate => now.max(on.start_of_day()),
        RevocationTiming::NextDay => now.japan_date().plus_days(1).map_or(now, Date::start_of_day),
    }
}

/// Whether a certificate that the change ended calls for another at once, that states what is new
/// (転入・氏名変更等と同時の発行). Where entry, card or key ended, or the holder asked, it does not.
#[must_use]
pub fn calls_for_another(change: &Change) -> bool {
    match change {
        Change::BasicItem(_)
        | Change::AddressRenamed
        | Change::MunicipalityMerged
        | Change::MovedOut
        | Change::MovedAbroadContinued
        | Change::Naturalised => true,
        Change::MinorCorrection
        | Change::EntryMade
        | Change::EntryDeleted(_)
        | Change::MoveOutNotified
        | Change::MoveOutCancelled
        | Change::ResidenceChanged
        | Change::ResidentCodeChanged
        | Change::IndividualNumberChanged
        | Change::HouseholdChanged
        | Change::SupportSet
        | Change::SupportEnded
        | Change::GuardianshipStarted
        | Change::GuardianshipEnded
        | Change::CardSuspended
        | Change::CardResumed
        | Change::CardSurrendered
        | Change::CardVoid(_)
        | Change::CardReissued
        | Change::CardExtended
        | Change::CardContinued
        | Change::PinReset
        | Change::PhoneIssued
        | Change::PhoneChanged
        | Change::PhoneLost
        | Change::PhoneRecovered
        | Change::HolderRequest(_)
        | Change::KeyLeak(_)
        | Change::RecordError(_)
        | Change::Discarded(_) => false,
    }
}

/// Whether the register brings the change; else the holder, the card or the phone does.
fn is_of_the_register(change: &Change) -> bool {
    match change {
        Change::BasicItem(_)
        | Change::MinorCorrection
        | Change::AddressRenamed
        | Change::MunicipalityMerged
        | Change::EntryMade
        | Change::EntryDeleted(_)
        | Change::MoveOutNotified
        | Change::MovedOut
        | Change::MoveOutCancelled
        | Change::MovedAbroadContinued
        | Change::ResidenceChanged
        | Change::Naturalised
        | Change::ResidentCodeChanged
        | Change::IndividualNumberChanged
        | Change::HouseholdChanged
        | Change::SupportSet
        | Change::SupportEnded
        | Change::GuardianshipStarted
        | Change::GuardianshipEnded => true,
        Change::CardSuspended
        | Change::CardResumed
        | Change::CardSurrendered
        | Change::CardVoid(_)
        | Change::CardReissued
        | Change::CardExtended
        | Change::CardContinued
        | Change::PinReset
        | Change::PhoneIssued
        | Change::PhoneChanged
        | Change::PhoneLost
        | Change::PhoneRecovered
        | Change::HolderRequest(_)
        | Change::KeyLeak(_)
        | Change::RecordError(_)
        | Change::Discarded(_) => false,
    }
}

/// An item that the signature certificate states has changed (Act art. 12, item 1).
fn content(certificate: &Certificate) -> Effect {
    match certificate.kind {
        Kind::Signature => end(certificate, Reason::AffiliationChanged, CONTENT),
        Kind::UserAuthentication => Effect::Keep,
    }
}

fn renaming(policy: Renaming, certificate: &Certificate) -> Effect {
    match policy {
        Renaming::Revoke => content(certificate),
        Renaming::Keep => Effect::Keep,
    }
}

/// The entry ended here and begins elsewhere: the user-authentication certificate stays with the
/// card (Act art. 12, item 2).
fn moved_out(certificate: &Certificate) -> Effect {
    match certificate.kind {
        Kind::Signature => end(certificate, Reason::AffiliationChanged, ENTRY),
        Kind::UserAuthentication => Effect::Keep,
    }
}

fn naturalised(certificate: &Certificate, policy: &Policy) -> Effect {
    match (certificate.kind, policy.naturalisation) {
        (Kind::Signature, Naturalisation::Keep | Naturalisation::Revoke) => content(certificate),
        (Kind::UserAuthentication, Naturalisation::Keep) => Effect::Keep,
        (Kind::UserAuthentication, Naturalisation::Revoke) => {
            end(certificate, Reason::AffiliationChanged, ENTRY)
        }
    }
}

fn card_void(lapse: Lapse, certificate: &Certificate, policy: &Policy) -> Effect {
    match lapse {
        // What the card carries ends no later than the card and has expired with it. Only where the
        // stay was shortened by a correction is there anything left to end.
        Lapse::EntryDeleted | Lapse::Expired => {
            card_closed(certificate, Article::CARD_VOID, PhoneWithoutCard::Revoke)
        }
        Lapse::MoveInNotFiled
        | Lapse::NotContinued
        | Lapse::MovedAgain
        | Lapse::ResidentCode
        | Lapse::IndividualNumber => {
            card_closed(certificate, Article::CARD_VOID, policy.phone_without_card)
        }
    }
}

fn card_closed(certificate: &Certificate, article: Article, phone: PhoneWithoutCard) -> Effect {
    match (certificate.carrier, phone) {
        (Carrier::Card, PhoneWithoutCard::Revoke | PhoneWithoutCard::Keep)
        | (Carrier::Phone, PhoneWithoutCard::Revoke) => {
            end(certificate, Reason::CessationOfOperation, [article; 2])
        }
        (Carrier::Phone, PhoneWithoutCard::Keep) => Effect::Keep,
    }
}

fn named(target: Target, certificate: &Certificate, reason: Reason, by: [Article; 2]) -> Effect {
    if target.names(certificate.kind, certificate.carrier, certificate.serial) {
        end(certificate, reason, by)
    } else {
        Effect::Keep
    }
}

/// Revocation is terminal (Act art. 15, 34); it ends a hold too.
fn end(certificate: &Certificate, reason: Reason, by: [Article; 2]) -> Effect {
    match certificate.standing {
        Standing::Live | Standing::Held => {
            Effect::Revoke { reason, article: article(certificate, by) }
        }
        Standing::Revoked => Effect::Keep,
    }
}

/// A report of loss is carried out as a hold until it is settled (Act art. 10, 29).
fn hold(certificate: &Certificate) -> Effect {
    match certificate.standing {
        Standing::Live => Effect::Hold { article: article(certificate, LEAK) },
        Standing::Held | Standing::Revoked => Effect::Keep,
    }
}

/// A signature certificate's hold is final: it is issued anew, and stays held until then (the
/// operator's page on loss).
fn release(certificate: &Certificate) -> Effect {
    match (certificate.kind, certificate.standing) {
        (Kind::UserAuthentication, Standing::Held) => {
            Effect::Release { article: article(certificate, LEAK) }
        }
        (Kind::UserAuthentication, Standing::Live | Standing::Revoked)
        | (Kind::Signature, Standing::Live | Standing::Held | Standing::Revoked) => Effect::Keep,
    }
}

/// Of an article on signatures and its counterpart, the one for the certificate. The Act has the
/// phone's in ranges of their own.
fn article(certificate: &Certificate, [signature, authentication]: [Article; 2]) -> Article {
    match (certificate.carrier, certificate.kind) {
        (Carrier::Card, Kind::Signature) => signature,
        (Carrier::Card, Kind::UserAuthentication) => authentication,
        (Carrier::Phone, Kind::Signature) => Article::PHONE_SIGNATURE,
        (Carrier::Phone, Kind::UserAuthentication) => Article::PHONE_AUTHENTICATION,
    }
}

/// A certificate as far as effects depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Which of the two.
    pub kind: Kind,
    /// What carries it.
    pub carrier: Carrier,
    /// How it stands.
    pub standing: Standing,
    /// Its number.
    pub serial: Serial,
}

/// What becomes of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing.
    Keep,
    /// It ends for good.
    Revoke {
        /// The reason to list.
        reason: Reason,
        /// The ground.
        article: Article,
    },
    /// It is held (一時保留).
    Hold {
        /// The ground.
        article: Article,
    },
    /// Its hold is released (一時保留の解除).
    Release {
        /// The ground.
        article: Article,
    },
}

impl Effect {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Revoke { .. } => "revoke",
            Self::Hold { .. } => "hold",
            Self::Release { .. } => "release",
        }
    }

    /// The ground.
    #[must_use]
    pub fn article(self) -> Option<Article> {
        match self {
            Self::Keep => None,
            Self::Revoke { article, .. } | Self::Hold { article } | Self::Release { article } => {
                Some(article)
            }
        }
    }
}

const REQUEST: [Article; 2] = [Article::SIGNATURE_REQUEST, Article::AUTHENTICATION_REQUEST];
const LEAK: [Article; 2] = [Article::SIGNATURE_LEAK, Article::AUTHENTICATION_LEAK];
const ERROR: [Article; 2] = [Article::SIGNATURE_ERROR, Article::AUTHENTICATION_ERROR];
const ENTRY: [Article; 2] = [Article::SIGNATURE_ENTRY, Article::AUTHENTICATION_ENTRY];
const CONTENT: [Article; 2] = [Article::SIGNATURE_CHANGE, Article::AUTHENTICATION_ENTRY];
const ONE: [Article; 2] = [Article::SIGNATURE_ONE, Article::AUTHENTICATION_ONE];
const DISCARDED: [Article; 2] = [Article::DISCARDED; 2];

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
