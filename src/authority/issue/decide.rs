//! Whether a request is granted: it meets the register, and the law judges it.

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::holder::Item;
use crate::law;
use crate::law::eligibility::Applicant;
use crate::law::terms::Terms;
use crate::law::validity;
use crate::law::validity::End;
use crate::law::validity::Question;
use crate::policy::UnknownPeople;
use crate::profile::Issuer;
use crate::profile::Subject;
use crate::register;
use crate::register::Record;
use crate::store::CertificateRecord;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Tx;

use crate::authority::Authority;
use crate::authority::AuthorityError;
use crate::authority::generation::Issuing;
use crate::authority::outcome::Refused;
use crate::authority::request::IssueRequest;
use crate::authority::rule::Rule;

impl Authority {
    /// The request meets the register: what it says of the holder must be what is on record.
    pub(super) fn meet(
        &self,
        tx: &mut Tx<'_>,
        request: &IssueRequest,
    ) -> Result<Result<Situation, Refused>, AuthorityError> {
        let person = &request.resident.person;
        let record = match tx.resident(person)? {
            Some(record) => {
                let record = self.let_time_pass(tx, record)?;
                let differing = record.differences(&request.form);
                if !differing.is_empty() {
                    return Ok(Err(mismatch(&differing)));
                }
                for kind in request.kinds.list() {
                    if let Err(refusal) = record.may_hold(kind) {
                        return Ok(Err(refusal.into()));
                    }
                }
                record
            }
            None => match self.policy.register {
                UnknownPeople::Strict => {
                    return Ok(Err(register::Refusal::from(register::Rule::HolderUnknown).into()));
                }
                UnknownPeople::Open => match Record::open(&request.form, tx.at()) {
                    Ok(record) => record,
                    Err(fault) => return Ok(Err(fault.into())),
                },
            },
        };
        let certificates = tx.current(person)?;
        Ok(Ok(Situation { now: tx.at(), certificates, record }))
    }

    /// What the timers would have done by now, so that nothing depends on when they last ran.
    pub(super) fn let_time_pass(
        &self,
        tx: &mut Tx<'_>,
        mut record: Record,
    ) -> Result<Record, AuthorityError> {
        while let Some(step) = register::lapse(&record, tx.at().japan_date(), &self.policy) {
            self.follow_time(tx, &step)?;
            record = step.record;
        }
        Ok(record)
    }

    /// Whether the law allows what is asked, and until when; nothing is granted in part.
    pub(super) fn judge<'a>(
        &self,
        tx: &mut Tx<'_>,
        issuing: &Issuing<'a>,
        request: &IssueRequest,
        situation: &Situation,
    ) -> Result<Vec<Granted<'a>>, Denied> {
        let resident = &request.resident;
        let (carrier, policy) = (request.carrier, &self.policy);
        let now = tx.at();
        let today = now.japan_date();
        let applied = resident.applied_at.unwrap_or(now).japan_date();
        let birth_date = resident.four.birth_date;
        for kind in request.kinds.list() {
            law::eligibility::check(
                &Applicant {
                    kind,
                    carrier,
                    birth_date,
                    residence: resident.residence,
                    legal_representative: resident.legal_representative,
                    guardianship: resident.guardianship,
                    on: today,
                    holds_card_signature: situation
                        .on(Kind::Signature, Carrier::Card)
                        .any(|record| record.state == State::Live && record.not_after >= now),
                },
                policy,
            )?;
            if situation.intended(kind, carrier) {
                return Err(Rule::IssuePending.into());
            }
            if !request.renew && situation.live(kind, carrier).is_some() {
                return Err(Rule::AlreadyLive.into());
            }
            let key = request.keys.iter().find(|(other, _)| *other == kind).map(|(_, key)| key);
            let Some(key) = key else {
                return Err(Rule::KeyMissing.into());
            };
            let used = tx.key_use(&key.hash())?;
            if used.iter().any(|used| used.person.as_ref() != Some(&resident.person)) {
                return Err(Rule::KeyOfAnother.into());
            }
            if used.iter().any(|used| used.ca != kind.ca()) {
                return Err(Rule::KeyOfOtherKind.into());
            }
        }
        let card_end = match (resident.card_expires, situation.record.card().ends) {
            (Some(end), _) | (None, Some(end)) => end,
            (None, None) => self.new_card_end(issuing, request, applied, today)?,
        };
        let question = |kind, authentication_end| Question {
            kind,
            carrier,
            birth_date,
            issued: today,
            card_end,
            authentication_end,
            card_certificate_end: situation.last_day(kind, Carrier::Card),
            replaced_end: situation.last_day(kind, carrier),
        };
        // The authentication certificate first: its end caps the signature certificate's.
        let mut authentication_end = situation.last_day(Kind::UserAuthentication, carrier);
        let mut granted = Vec::new();
        for kind in [Kind::UserAuthentication, Kind::Signature] {
            if !request.kinds.list().contains(&kind) {
                continue;
            }
            let issuer = &issuing.of(kind.ca())?.issuer;
            if now < issuer.not_before {
                return Err(Rule::CaNotYet.into());
            }
            let terms = Terms::of(issuer.profile, policy);
            let end = validity::end(&question(kind, authentication_end), &terms, policy)?;
            validity::within_ca(end.date, issuer.not_after)?;
            if kind == Kind::UserAuthentication {
                authentication_end = Some(end.date);
            }
            granted.push(Granted { kind, end, issuer });
        }
        let mut record = situation.record.clone();
        record.note_card(card_end);
        tx.put_resident(&record, None)?;
        granted.sort_by_key(|granted| granted.kind);
        Ok(granted)
    }

    /// The end of a card that is issued today. What is on it may come from two authorities, of which
    /// one issues for the next card already: until both do, it is one of today's, which ends earlier.
    fn new_card_end(
        &self,
        issuing: &Issuing<'_>,
        request: &IssueRequest,
        applied: Date,
        today: Date,
    ) -> Result<Date, Denied> {
        let resident = &request.resident;
        let (birth_date, residence) = (resident.four.birth_date, resident.residence);
        let mut earliest = None;
        for kind in request.kinds.list() {
            let policy = &self.policy;
            let terms = Terms::of(issuing.of(kind.ca())?.issuer.profile, policy);
            let end = validity::card_end(birth_date, residence, applied, today, &terms, policy)?;
            earliest = Some(earliest.map_or(end, |other: Date| other.min(end)));
        }
        earliest.ok_or(Denied::Failed(AuthorityError::Internal("a request for nothing")))
    }
}

/// A certificate that may be issued.
pub(super) struct Granted<'a> {
    pub(super) kind: Kind,
    /// When it ends.
    pub(super) end: End,
    /// By which generation.
    pub(super) issuer: &'a Issuer,
}

/// Why nothing is granted: a rule, or the store failed.
pub(super) enum Denied {
    Refused(Refused),
    Failed(AuthorityError),
}

impl From<Rule> for Denied {
    fn from(rule: Rule) -> Self {
        Self::Refused(rule.into())
    }
}

impl From<law::Refusal> for Denied {
    fn from(refusal: law::Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<StoreError> for Denied {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// What the store knows of a holder.
pub(super) struct Situation {
    now: Timestamp,
    certificates: Vec<CertificateRecord>,
    record: Record,
}

impl Situation {
    /// The certificates of a kind on a carrier that are intended, live or held, or whose place is not
    /// taken yet since the key that issued them is compromised.
    pub(super) fn on(
        &self,
        kind: Kind,
        carrier: Carrier,
    ) -> impl Iterator<Item = &CertificateRecord> {
        self.certificates.iter().filter(move |record| {
            matches!(record.subject, Subject::Holder(k, c, _) if (k, c) == (kind, carrier))
        })
    }

    /// The live or held one among them that has not yet expired. Whoever has one under a compromised key
    /// has none.
    pub(super) fn live(&self, kind: Kind, carrier: Carrier) -> Option<&CertificateRecord> {
        self.on(kind, carrier).find(|record| {
            matches!(record.state, State::Live | State::Held(_)) && record.not_after >= self.now
        })
    }

    pub(super) fn last_day(&self, kind: Kind, carrier: Carrier) -> Option<Date> {
        self.live(kind, carrier).map(|record| record.not_after.japan_date())
    }

    pub(super) fn intended(&self, kind: Kind, carrier: Carrier) -> bool {
        self.on(kind, carrier).any(|record| record.state == State::Intended)
    }
}

/// The items in which a request and the record differ, by name.
fn mismatch(items: &[Item]) -> Refused {
    let names: Vec<_> = items.iter().map(|item| item.as_str()).collect();
    let rule = register::Rule::HolderMismatch;
    let message = format!("{}: {}", names.join(", "), rule.message());
    Refused { item: names.first().copied(), ..Refused::new(rule.code(), message) }
}
