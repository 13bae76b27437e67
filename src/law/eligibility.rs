//! Who may hold which certificate: Act art. 3 (signature) and 22 (user authentication), art. 16-2
//! and 35-2 for a phone, with the practice of the offices.

use std::fmt;

use crate::clock::Date;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::holder::BirthDate;
use crate::holder::Residence;
use crate::law::Refusal;
use crate::law::Rule;
use crate::law::birthday;
use crate::law::birthday::Reached;
use crate::policy::AdultWards;
use crate::policy::Minors;
use crate::policy::Policy;

/// Refuses an applicant who may not hold the certificate.
///
/// # Errors
/// The [`Refusal`] of the first rule that says no: stay, phone, age and wardship, representation.
pub fn check(applicant: &Applicant, policy: &Policy) -> Result<(), Refusal> {
    stay(applicant)?;
    phone(applicant)?;
    match applicant.kind {
        Kind::Signature => {
            age(applicant, policy)?;
            wardship(applicant, policy)
        }
        Kind::UserAuthentication => representation(applicant, policy),
    }
}

/// The register entry of a foreign resident ends with the stay, and with the entry the right to
/// either certificate (Act art. 3, 22: who is recorded in the register). The last day still counts.
fn stay(applicant: &Applicant) -> Result<(), Refusal> {
    match applicant.residence.period_end() {
        Some(end) if end < applicant.on => Err(Rule::StayEnded.into()),
        Some(_) | None => Ok(()),
    }
}

/// The request for a phone's certificate, of either kind, is signed with the card's signature
/// certificate (Act art. 16-2, 35-2).
fn phone(applicant: &Applicant) -> Result<(), Refusal> {
    match (applicant.carrier, applicant.holds_card_signature) {
        (Carrier::Phone, false) => Err(Rule::PhoneNeedsCard.into()),
        (Carrier::Phone, true) | (Carrier::Card, true | false) => Ok(()),
    }
}

/// A signature is worth a registered seal, so none under 15, from the fifteenth birthday itself
/// (practice under Act art. 3). Where the date of birth leaves it open, none either.
fn age(applicant: &Applicant, policy: &Policy) -> Result<(), Refusal> {
    match birthday::reached(applicant.birth_date, SIGNING_AGE, applicant.on, policy) {
        Reached::Yes => Ok(()),
        Reached::No => Err(Rule::Age15.into()),
        Reached::Unknown => Err(Rule::AgeUnknown.into()),
    }
}

/// As for age, for adult wards; a few offices see it otherwise.
fn wardship(applicant: &Applicant, policy: &Policy) -> Result<(), Refusal> {
    match (policy.adult_wards, applicant.guardianship) {
        (AdultWards::Refuse, true) => Err(Rule::Guardianship.into()),
        (AdultWards::Refuse, false) | (AdultWards::Allow, true | false) => Ok(()),
    }
}

/// The PIN of someone under 15 is set by the legal representative (practice under Act art. 22).
fn representation(applicant: &Applicant, policy: &Policy) -> Result<(), Refusal> {
    match (policy.minors, applicant.legal_representative) {
        (Minors::Recorded, true | false) | (Minors::Required, true) => Ok(()),
        (Minors::Required, false) => {
            match birthday::reached(applicant.birth_date, SIGNING_AGE, applicant.on, policy) {
                Reached::Yes => Ok(()),
                Reached::No => Err(Rule::LegalRepresentative.into()),
                Reached::Unknown => Err(Rule::AgeUnknown.into()),
            }
        }
    }
}

/// Someone who asks for a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Applicant {
    /// The kind of certificate.
    pub kind: Kind,
    /// What it goes on.
    pub carrier: Carrier,
    /// The date of birth.
    pub birth_date: BirthDate,
    /// The residence.
    pub residence: Residence,
    /// Whether a legal representative (法定代理人) acts.
    pub legal_representative: bool,
    /// Whether the applicant is an adult ward (成年被後見人).
    pub guardianship: bool,
    /// The day of the request.
    pub on: Date,
    /// Whether the card carries a signature certificate that is live and not held.
    pub holds_card_signature: bool,
}

impl fmt::Debug for Applicant {
    /// Redacted: a person's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, carrier, on, .. } = self;
        write!(f, "Applicant({kind} on {carrier}, {on}, …)")
    }
}

/// From this age on one signs for oneself.
const SIGNING_AGE: i16 = 15;

#[cfg(test)]
mod tests {
    use crate::holder::Category;
    use crate::policy::LeapBirthday;

    use super::*;

    fn applicant(kind: Kind, birth_date: &str, on: &str) -> Applicant {
        Applicant {
            kind,
            carrier: Carrier::Card,
            birth_date: birth_date.parse().unwrap(),
            residence: Residence::new(Category::National, None).unwrap(),
            legal_representative: false,
            guardianship: false,
            on: on.parse().unwrap(),
            holds_card_signature: false,
        }
    }

    fn rule(applicant: &Applicant, policy: &Policy) -> Option<Rule> {
        check(applicant, policy).err().map(|refusal| refusal.rule)
    }

    #[test]
    fn a_signature_certificate_from_the_fifteenth_birthday() {
        let policy = Policy::default();
        let on = |day: &str| rule(&applicant(Kind::Signature, "2011-11-21", day), &policy);
        assert_eq!(on("2026-11-20"), Some(Rule::Age15));
        assert_eq!(on("2026-11-21"), None);
        let leapling = applicant(Kind::Signature, "2012-02-29", "2027-02-28");
        assert_eq!(rule(&leapling, &policy), None);
        let mar1 = Policy { leap_birthday: LeapBirthday::Mar1, ..Policy::default() };
        assert_eq!(rule(&leapling, &mar1), Some(Rule::Age15));
    }

    #[test]
    fn an_unknown_age_is_refused_unless_the_known_parts_suffice() {
        let policy = Policy::default();
        let born = |text: &str| rule(&applicant(Kind::Signature, text, "2026-11-21"), &policy);
        assert_eq!(born("1950-00-00"), None);
        assert_eq!(born("2011-10-00"), None);
        assert_eq!(born("2011-11-00"), Some(Rule::AgeUnknown));
        assert_eq!(born("2011-00-00"), Some(Rule::AgeUnknown));
        assert_eq!(born("0000-00-00"), Some(Rule::AgeUnknown));
        assert_eq!(born("2012-00-00"), Some(Rule::Age15));
    }

    #[test]
    fn user_authentication_has_no_age() {
        for born in ["2026-11-21", "0000-00-00", "1950-05-00"] {
            let child = applicant(Kind::UserAuthentication, born, "2026-11-21");
            assert_eq!(rule(&child, &Policy::default()), None, "{born}");
        }
    }

    #[test]
    fn a_representative_is_asked_for_by_policy_only() {
        let required = Policy { minors: Minors::Required, ..Policy::default() };
        for (born, refused) in [
            ("2012-03-15", Some(Rule::LegalRepresentative)),
            ("2011-11-21", None),
            ("1950-00-00", None),
            ("0000-00-00", Some(Rule::AgeUnknown)),
        ] {
            let mut child = applicant(Kind::UserAuthentication, born, "2026-11-21");
            assert_eq!(rule(&child, &Policy::default()), None, "{born}");
            assert_eq!(rule(&child, &required), refused, "{born}");
            child.legal_representative = true;
            assert_eq!(rule(&child, &required), None, "{born}");
        }
        // A representative does not make a child sign.
        let mut child = applicant(Kind::Signature, "2012-03-15", "2026-11-21");
        child.legal_representative = true;
        assert_eq!(rule(&child, &required), Some(Rule::Age15));
    }

    #[test]
    fn an_adult_ward_signs_by_policy_only() {
        let mut ward = applicant(Kind::Signature, "1940-03-15", "2026-11-21");
        ward.guardianship = true;
        assert_eq!(rule(&ward, &Policy::default()), Some(Rule::Guardianship));
        let allow = Policy { adult_wards: AdultWards::Allow, ..Policy::default() };
        assert_eq!(rule(&ward, &allow), None);
        ward.kind = Kind::UserAuthentication;
        assert_eq!(rule(&ward, &Policy::default()), None);
    }

    #[test]
    fn a_phone_needs_the_cards_signature_certificate() {
        for kind in Kind::ALL {
            let mut phone = applicant(kind, "1990-12-07", "2026-11-21");
            phone.carrier = Carrier::Phone;
            assert_eq!(rule(&phone, &Policy::default()), Some(Rule::PhoneNeedsCard));
            phone.holds_card_signature = true;
            assert_eq!(rule(&phone, &Policy::default()), None);
        }
    }

    #[test]
    fn no_certificate_after_the_stay() {
        for kind in Kind::ALL {
            for (on, refused) in [("2026-08-31", None), ("2026-09-01", Some(Rule::StayEnded))] {
                let mut resident = applicant(kind, "1985-07-30", on);
                let stay = "2026-08-31".parse().unwrap();
                resident.residence = Residence::new(Category::MidLongTerm, Some(stay)).unwrap();
                assert_eq!(rule(&resident, &Policy::default()), refused, "{on}");
            }
        }
    }

    #[test]
    fn debug_tells_nothing_of_the_person() {
        let text = format!("{:?}", applicant(Kind::Signature, "1990-12-07", "2026-11-21"));
        assert_eq!(text, "Applicant(signature on card, 2026-11-21, …)");
    }
}
