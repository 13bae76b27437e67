//! What ends a certificate, holds it or brings it back, for acts on one certificate.
//!
//! | act | signature | user authentication |
//! |---|---|---|
//! | the holder asks to revoke (失効申請) | Act art. 9 | art. 28 |
//! | the holder reports key or card leaked or lost (漏えい等の届出) | art. 10 | art. 29 |
//! | request and report are recorded | art. 11 | art. 30 |
//! | what the certificate rests on changes or goes | art. 12 | art. 31 |
//! | the record is found wrong | art. 13 | art. 32 |
//! | the authority's key leaks: all certificates, never one | art. 14 | art. 33 |
//! | effect: what is recorded has lost its effect for good | art. 15 | art. 34 |
//! | effect: listed for those who verify (失効情報ファイル) | art. 16 | art. 35 |
//!
//! A hold (一時保留) is no ground of the Act but how a report of loss is carried out until it is
//! settled: listed as `certificate-hold`.

use crate::clock::Timestamp;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Reason;
use crate::law::Refusal;
use crate::law::Rule;
use crate::policy::CardHoldRelease;
use crate::policy::Policy;

pub use crate::law::article::Article;
pub use crate::law::article::Statute;
pub use crate::law::effect::Certificate;
pub use crate::law::effect::Effect;
pub use crate::law::effect::calls_for_another;
pub use crate::law::effect::decide;
pub use crate::law::effect::due;
pub use crate::law::effect::effect;

/// What `act` does to a certificate that stands as `standing`.
///
/// # Errors
/// The [`Refusal`] of the rule that forbids the act.
pub fn judge(
    kind: Kind,
    carrier: Carrier,
    standing: Standing,
    act: Act,
    policy: &Policy,
) -> Result<Outcome, Refusal> {
    match act {
        Act::Revoke(reason) => revoke(standing, reason),
        Act::Hold => hold(standing),
        Act::Release => release(kind, carrier, standing, policy),
    }
}

/// The article that a command with this reason rests on, where no event of the register stands
/// behind it: an operator acts on the holder's request or report, or because a certificate takes
/// another's place.
#[must_use]
pub fn ground(kind: Kind, reason: Reason) -> Article {
    let [signature, authentication] = match reason {
        Reason::Unspecified => [Article::DISCARDED; 2],
        Reason::KeyCompromise | Reason::CertificateHold => {
            [Article::SIGNATURE_LEAK, Article::AUTHENTICATION_LEAK]
        }
        Reason::CaCompromise => {
            [Article::SIGNATURE_AUTHORITY_LEAK, Article::AUTHENTICATION_AUTHORITY_LEAK]
        }
        Reason::AffiliationChanged => [Article::SIGNATURE_ERROR, Article::AUTHENTICATION_ERROR],
        Reason::Superseded => [Article::SIGNATURE_ONE, Article::AUTHENTICATION_ONE],
        Reason::CessationOfOperation => {
            [Article::SIGNATURE_REQUEST, Article::AUTHENTICATION_REQUEST]
        }
    };
    match kind {
        Kind::Signature => signature,
        Kind::UserAuthentication => authentication,
    }
}

/// Since when and why a certificate counts as revoked whose authority's key is compromised since then
/// (認証局の秘密鍵の危殆化), where `before` is what lists said of it until then. Act art. 14, 33: all under
/// that key have lost their effect, whatever is recorded of one alone.
///
/// What took effect first counts. One that was revoked by then keeps its date and its reason, which say
/// more about it; one that was held keeps the date of its hold, and takes the reason, as any hold that
/// ends in revocation; everything else ends with the key. What is done to one alone afterwards changes
/// nothing any more.
#[must_use]
pub fn under_compromise(
    before: Option<(Timestamp, Reason)>,
    compromised: Timestamp,
) -> (Timestamp, Reason) {
    match before {
        Some((held, Reason::CertificateHold)) => (held.min(compromised), Reason::CaCompromise),
        Some((revoked, reason)) if revoked <= compromised => (revoked, reason),
        Some(_) | None => (compromised, Reason::CaCompromise),
    }
}

/// Act art. 15, 34: revocation is terminal. A hold that turns into it keeps its date, since what
/// was held had no effect from then on, and takes the reason given now.
fn revoke(standing: Standing, reason: Reason) -> Result<Outcome, Refusal> {
    match reason {
        Reason::CertificateHold => return Err(Rule::ReasonHold.into()),
        Reason::CaCompromise => return Err(Rule::ReasonCa.into()),
        Reason::Unspecified
        | Reason::KeyCompromise
        | Reason::AffiliationChanged
        | Reason::Superseded
        | Reason::CessationOfOperation => {}
    }
    match standing {
        Standing::Live => Ok(Outcome::Revoked { reason, since: Since::Now }),
        Standing::Held => Ok(Outcome::Revoked { reason, since: Since::Hold }),
        Standing::Revoked => Err(Rule::AlreadyRevoked.into()),
    }
}

/// Act art. 10, 29: the holder reports card or phone lost. Both kinds are held, on either carrier.
fn hold(standing: Standing) -> Result<Outcome, Refusal> {
    match standing {
        Standing::Live => Ok(Outcome::Held),
        Standing::Held => Err(Rule::AlreadyHeld.into()),
        Standing::Revoked => Err(Rule::AlreadyRevoked.into()),
    }
}

/// A phone's user-authentication certificate resumes when its holder finds the phone; a card's
/// resumes by policy; a signature certificate never does, it is issued anew (the operator's page
/// on loss; the published table of reasons).
fn release(
    kind: Kind,
    carrier: Carrier,
    standing: Standing,
    policy: &Policy,
) -> Result<Outcome, Refusal> {
    match standing {
        Standing::Live => return Err(Rule::NotHeld.into()),
        Standing::Revoked => return Err(Rule::AlreadyRevoked.into()),
        Standing::Held => {}
    }
    match (kind, carrier, policy.card_hold_release) {
        (
            Kind::UserAuthentication,
            Carrier::Phone,
            CardHoldRelease::Refuse | CardHoldRelease::UserAuthentication,
        )
        | (Kind::UserAuthentication, Carrier::Card, CardHoldRelease::UserAuthentication) => {
            Ok(Outcome::Released)
        }
        (Kind::UserAuthentication, Carrier::Card, CardHoldRelease::Refuse)
        | (
            Kind::Signature,
            Carrier::Card | Carrier::Phone,
            CardHoldRelease::Refuse | CardHoldRelease::UserAuthentication,
        ) => Err(Rule::HoldFinal.into()),
    }
}

/// How an issued certificate stands. Time is not asked: expiry is for the caller to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// In effect, as far as acts go.
    Live,
    /// Held (一時保留).
    Held,
    /// Revoked (失効).
    Revoked,
}

impl Standing {
    /// All standings.
    pub const ALL: [Self; 3] = [Self::Live, Self::Held, Self::Revoked];
}

/// An act on one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// End it for good.
    Revoke(Reason),
    /// Hold it.
    Hold,
    /// Release it from its hold (一時保留の解除).
    Release,
}

/// What an act does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Revoked: listed with this reason.
    Revoked {
        /// The reason to list.
        reason: Reason,
        /// The date to list.
        since: Since,
    },
    /// Held from now on: listed as [`Reason::CertificateHold`].
    Held,
    /// In effect again: it leaves the list.
    Released,
}

impl Outcome {
    /// How the certificate stands afterwards.
    #[must_use]
    pub fn standing(self) -> Standing {
        match self {
            Self::Revoked { .. } => Standing::Revoked,
            Self::Held => Standing::Held,
            Self::Released => Standing::Live,
        }
    }

    /// The reason to list the certificate with afterwards; none when it is no longer listed.
    #[must_use]
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::Revoked { reason, .. } => Some(reason),
            Self::Held => Some(Reason::CertificateHold),
            Self::Released => None,
        }
    }
}

/// From when a certificate counts as revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Since {
    /// From the act itself.
    Now,
    /// From the hold that it ends: the date of the hold stays.
    Hold,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARRIERS: [Carrier; 2] = [Carrier::Card, Carrier::Phone];

    fn policies() -> [Policy; 2] {
        [CardHoldRelease::Refuse, CardHoldRelease::UserAuthentication]
            .map(|card_hold_release| Policy { card_hold_release, ..Policy::default() })
    }

    fn every_case() -> impl Iterator<Item = (Kind, Carrier, Standing, Act, Policy)> {
        let acts = Reason::ALL.into_iter().map(Act::Revoke).chain([Act::Hold, Act::Release]);
        let acts: Vec<_> = acts.collect();
        let mut cases = Vec::new();
        for kind in Kind::ALL {
            for carrier in CARRIERS {
                for standing in Standing::ALL {
                    for act in &acts {
                        for policy in policies() {
                            cases.push((kind, carrier, standing, *act, policy));
                        }
                    }
                }
            }
        }
        cases.into_iter()
    }

    fn outcome(standing: Standing, act: Act) -> Result<Outcome, Rule> {
        judge(Kind::Signature, Carrier::Card, standing, act, &Policy::default())
            .map_err(|refusal| refusal.rule)
    }

    #[test]
    fn nothing_leaves_revoked() {
        for (kind, carrier, standing, act, policy) in every_case() {
            let result = judge(kind, carrier, standing, act, &policy);
            if standing == Standing::Revoked {
                let rule = result.unwrap_err().rule;
                let wrong_reason = matches!(rule, Rule::ReasonHold | Rule::ReasonCa);
                assert!(rule == Rule::AlreadyRevoked || wrong_reason, "{act:?}");
            }
        }
    }

    #[test]
    fn only_a_release_brings_back() {
        for (kind, carrier, standing, act, policy) in every_case() {
            if let Ok(outcome) = judge(kind, carrier, standing, act, &policy) {
                let back = outcome.standing() == Standing::Live;
                assert_eq!(back, act == Act::Release, "{kind} {carrier} {standing:?} {act:?}");
                assert_eq!(outcome.reason().is_none(), back);
                assert_ne!(outcome.standing(), standing);
            }
        }
    }

    #[test]
    fn a_hold_that_ends_in_revocation_keeps_its_date_and_takes_the_reason() {
        let reason = Reason::KeyCompromise;
        let revoked = |since| Ok(Outcome::Revoked { reason, since });
        assert_eq!(outcome(Standing::Live, Act::Revoke(reason)), revoked(Since::Now));
        assert_eq!(outcome(Standing::Held, Act::Revoke(reason)), revoked(Since::Hold));
    }

    #[test]
    fn under_a_compromised_key_what_took_effect_first_counts() {
        let at = |day: u8| format!("2026-05-{day:02}T00:00:00Z").parse::<Timestamp>().unwrap();
        let compromised = (at(10), Reason::CaCompromise);
        assert_eq!(under_compromise(None, at(10)), compromised);
        for reason in Reason::ALL {
            let [before, same, after] =
                [9, 10, 11].map(|day| under_compromise(Some((at(day), reason)), at(10)));
            assert_eq!(after, compromised, "{reason}");
            if reason == Reason::CertificateHold {
                assert_eq!([before, same], [(at(9), Reason::CaCompromise), compromised]);
            } else {
                assert_eq!([before, same], [(at(9), reason), (at(10), reason)]);
            }
            // Whatever is recorded of it afterwards, it stays so.
            for said in [before, same, after] {
                assert_eq!(under_compromise(Some(said), at(10)), said);
            }
        }
    }

    #[test]
    fn every_reason_but_two_revokes_one_certificate() {
        for reason in Reason::ALL {
            let refused = match reason {
                Reason::CertificateHold => Some(Rule::ReasonHold),
                Reason::CaCompromise => Some(Rule::ReasonCa),
                Reason::Unspecified
                | Reason::KeyCompromise
                | Reason::AffiliationChanged
                | Reason::Superseded
                | Reason::CessationOfOperation => None,
            };
            assert_eq!(outcome(Standing::Live, Act::Revoke(reason)).err(), refused, "{reason}");
        }
    }

    #[test]
    fn only_what_is_live_can_be_held() {
        assert_eq!(outcome(Standing::Live, Act::Hold), Ok(Outcome::Held));
        assert_eq!(outcome(Standing::Held, Act::Hold), Err(Rule::AlreadyHeld));
        assert_eq!(outcome(Standing::Revoked, Act::Hold), Err(Rule::AlreadyRevoked));
    }

    #[test]
    fn only_what_is_held_can_be_released() {
        for kind in Kind::ALL {
            for carrier in CARRIERS {
                for (standing, rule) in
                    [(Standing::Live, Rule::NotHeld), (Standing::Revoked, Rule::AlreadyRevoked)]
                {
                    for policy in policies() {
                        let result = judge(kind, carrier, standing, Act::Release, &policy);
                        assert_eq!(result, Err(rule.into()));
                    }
                }
            }
        }
    }

    #[test]
    fn a_hold_is_released_where_kind_carrier_and_policy_allow() {
        let [refuse, allow] = policies();
        for (kind, carrier, by_default, by_policy) in [
            (Kind::UserAuthentication, Carrier::Phone, true, true),
            (Kind::UserAuthentication, Carrier::Card, false, true),
            (Kind::Signature, Carrier::Phone, false, false),
            (Kind::Signature, Carrier::Card, false, false),
        ] {
            for (policy, released) in [(&refuse, by_default), (&allow, by_policy)] {
                let expected =
                    if released { Ok(Outcome::Released) } else { Err(Rule::HoldFinal.into()) };
                let result = judge(kind, carrier, Standing::Held, Act::Release, policy);
                assert_eq!(result, expected, "{kind} {carrier}");
            }
        }
    }
}
