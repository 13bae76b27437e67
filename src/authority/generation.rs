//! The generations of an authority's key, and which of them does what.

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::law::rollover;
use crate::law::rollover::LongestLife;
use crate::profile::Service;
use crate::store::Compromise;
use crate::store::GenerationRecord;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::KeyGeneration;
use super::rule::Rule;

/// Who issues to holders, by what the store says at this moment: others roll over, record compromises
/// and issue meanwhile.
#[derive(Debug)]
pub(super) struct Issuing<'a> {
    signature: Result<&'a KeyGeneration, Rule>,
    user_authentication: Result<&'a KeyGeneration, Rule>,
}

impl<'a> Issuing<'a> {
    /// The generation that issues to holders now.
    ///
    /// # Errors
    /// The rule by which none does.
    pub(super) fn of(&self, ca: CaName) -> Result<&'a KeyGeneration, Rule> {
        match ca {
            CaName::Signature => self.signature,
            CaName::UserAuthentication => self.user_authentication,
        }
    }
}

impl Authority {
    /// Which generation of each authority issues to holders, in this transaction.
    ///
    /// # Errors
    /// [`AuthorityError::RolledOver`], and those of the store.
    pub(super) fn issuing(&self, tx: &mut Tx<'_>) -> Result<Issuing<'_>, AuthorityError> {
        let records = self.check_generations(tx)?;
        let at = tx.at();
        let find = |ca| {
            let own = records.iter().filter(|own| own.certificate.ca == ca);
            let turn = match turn(own, at) {
                Ok(turn) => turn.certificate.generation,
                Err(rule) => return Ok(Err(rule)),
            };
            self.generation(ca, turn).map(Ok)
        };
        Ok(Issuing {
            signature: find(CaName::Signature)?,
            user_authentication: find(CaName::UserAuthentication)?,
        })
    }

    /// The generations as the store has them now: those that were there at the opening.
    ///
    /// # Errors
    /// [`AuthorityError::RolledOver`] when there are others, and those of the store.
    pub(super) fn check_generations(
        &self,
        tx: &mut Tx<'_>,
    ) -> Result<Vec<GenerationRecord>, AuthorityError> {
        let records = tx.generations()?;
        if records.len() == self.generations.len() {
            Ok(records)
        } else {
            Err(AuthorityError::RolledOver)
        }
    }

    /// An authority's newest generation.
    pub(super) fn newest(&self, ca: CaName) -> Result<&KeyGeneration, AuthorityError> {
        let own = self.generations.iter().filter(|key| key.issuer.ca == ca);
        let newest = own.max_by_key(|key| key.issuer.generation);
        newest.ok_or(AuthorityError::NoKey { ca, generation: Generation::FIRST })
    }
}

/// What a generation does at an instant, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerationStanding {
    /// The authority.
    pub ca: CaName,
    /// Its number.
    pub generation: Generation,
    /// What it does.
    pub duty: Duty,
    /// The latest end of what verifiers may ask about under it: until then its lists and the answers of
    /// its responder are needed. While it may certify more, that is its own end; none when there is
    /// nothing left to ask about.
    pub needed_until: Option<Timestamp>,
    /// That its key is compromised.
    pub compromised: Option<Compromise>,
}

/// What a generation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duty {
    /// Nothing yet: its certificate has not begun.
    NotYet,
    /// It signs lists and certifies its responder, and issues to holders from then on.
    Waits(Timestamp),
    /// It issues to holders, signs lists and certifies its responder.
    Issues,
    /// It signs lists and certifies its responder.
    Listing,
    /// Nothing any more: its certificate has ended.
    Ended,
}

/// When an authority's key is to be rolled over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RollOverPlan {
    /// The authority.
    pub ca: CaName,
    /// The generation after which another is to issue.
    pub generation: Generation,
    /// From which day on.
    pub due: Date,
    /// How that stands.
    pub standing: rollover::Standing,
}

impl Authority {
    /// What every generation does at an instant, by authority, oldest first, as they were taken up.
    #[must_use]
    pub fn standings(&self, at: Timestamp) -> Vec<GenerationStanding> {
        let records: Vec<&GenerationRecord> =
            self.generations.iter().map(|key| &key.record).collect();
        let standing = |own: &&GenerationRecord| {
            let certificate = &own.certificate;
            let (ca, generation) = (certificate.ca, certificate.generation);
            let duty = duty(&records, own, at);
            let may_certify = own.compromised.is_none()
                && matches!(duty, Duty::NotYet | Duty::Waits(_) | Duty::Issues);
            let needed_until = if may_certify {
                Some(certificate.not_after)
            } else {
                // Holders', and that of publication; responders are there for these.
                let publication = self.service_certificates(Service::Publication);
                let publication = publication
                    .filter(|(record, _)| (record.ca, record.generation) == (ca, generation))
                    .map(|(record, _)| record.not_after);
                publication.chain(own.last_end).filter(|end| *end >= at).max()
            };
            let compromised = own.compromised;
            GenerationStanding { ca, generation, duty, needed_until, compromised }
        };
        records.iter().map(standing).collect()
    }

    /// When each authority's key is to be rolled over, as the generations were taken up; none for one
    /// that nobody can issue for.
    #[must_use]
    pub fn roll_over_plans(&self, at: Timestamp) -> Vec<RollOverPlan> {
        let all: Vec<_> = self.generations.iter().map(|key| &key.record).collect();
        roll_over_plans(&all, at)
    }

    /// What to tell whoever runs the authorities of their generations, if there is anything: that a
    /// roll-over is near or overdue, or that nobody can issue.
    #[must_use]
    pub fn roll_over_notes(&self, at: Timestamp) -> Vec<String> {
        let plans = self.roll_over_plans(at);
        let note = |ca: CaName| {
            let Some(plan) = plans.iter().find(|plan| plan.ca == ca) else {
                return Some(format!(
                    "the {ca} authority issues to nobody: its key is compromised; jpki ca rollover"
                ));
            };
            let RollOverPlan { generation, due, standing, .. } = plan;
            match standing {
                rollover::Standing::Early => None,
                rollover::Standing::Near => Some(format!(
                    "{ca}-{generation} must be followed by another generation until {due}: jpki ca \
                     rollover"
                )),
                rollover::Standing::Past => Some(format!(
                    "{ca}-{generation} should have been followed by another generation on {due}: \
                     certificates that would outlive it are refused; jpki ca rollover"
                )),
            }
        };
        CaName::ALL.into_iter().filter_map(note).collect()
    }
}

fn duty(all: &[&GenerationRecord], own: &GenerationRecord, at: Timestamp) -> Duty {
    let certificate = &own.certificate;
    if at < certificate.not_before {
        return Duty::NotYet;
    }
    if at > certificate.not_after {
        return Duty::Ended;
    }
    // Those that have not begun were not there as of then.
    let begun = all.iter().copied().filter(|other| {
        other.certificate.ca == certificate.ca && other.certificate.not_before <= at
    });
    match (turn(begun, at), own.issue_from) {
        (Ok(turn), _) if turn.certificate.generation == certificate.generation => Duty::Issues,
        (Ok(turn), Some(from)) if turn.certificate.generation < certificate.generation => {
            if own.compromised.is_none() { Duty::Waits(from) } else { Duty::Listing }
        }
        _ => Duty::Listing,
    }
}

/// When each authority's key is to be rolled over.
pub(super) fn roll_over_plans(all: &[&GenerationRecord], at: Timestamp) -> Vec<RollOverPlan> {
    let plan = |ca: CaName| {
        let own = all.iter().copied().filter(|own| own.certificate.ca == ca);
        let issues = turn(own.clone(), at).ok()?;
        let due = |record: &GenerationRecord| {
            rollover::due(record.certificate.not_after, LongestLife::of(record.profile)).ok()
        };
        // One that waits, and takes over in time, is followed by another in its turn.
        let follower = own.max_by_key(|own| own.certificate.generation).filter(|last| {
            let in_time = |from: Timestamp| due(issues).is_some_and(|due| from.japan_date() <= due);
            last.compromised.is_none() && last.issue_from.is_none_or(in_time)
        });
        let record = follower.unwrap_or(issues);
        let due = due(record)?;
        let generation = record.certificate.generation;
        let standing = rollover::Standing::on(at.japan_date(), due);
        Some(RollOverPlan { ca, generation, due, standing })
    };
    CaName::ALL.into_iter().filter_map(plan).collect()
}

/// Which of an authority's generations, oldest first, issues to holders at an instant: the newest whose
/// time has come. One whose key is compromised issues no more, and one that waits then takes its place at
/// once.
///
/// One that has issued goes on, whatever becomes of the clock: those before it never issue again.
///
/// # Errors
/// [`Rule::CaCompromised`] when none may.
pub(super) fn turn<'a>(
    own: impl Iterator<Item = &'a GenerationRecord>,
    at: Timestamp,
) -> Result<&'a GenerationRecord, Rule> {
    let own: Vec<&GenerationRecord> = own.collect();
    let has_come = |own: &&GenerationRecord| {
        own.last_end.is_some() || own.issue_from.is_none_or(|from| from <= at)
    };
    let newest = own.iter().copied().rfind(has_come).ok_or(Rule::CaNotYet)?;
    let generation = newest.certificate.generation;
    let is_sound = |own: &&GenerationRecord| {
        own.compromised.is_none() && own.certificate.generation >= generation
    };
    own.into_iter().find(is_sound).ok_or(Rule::CaCompromised)
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use rand_core::OsRng;

    use super::super::CompromiseRequest;
    use super::super::fixture::Founded;
    use super::*;
    use crate::asn1::KeyAlgorithm;
    use crate::signer;
    use crate::signer::Signer;
    use crate::signer::SoftwareSigner;

    const CA: CaName = CaName::Signature;
    const BEGIN: &str = "2027-01-01T00:00:00Z";
    const FROM: &str = "2027-03-01T00:00:00Z";
    const LATER: &str = "2027-04-01T00:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rolled_over(founded: &Founded, from: Option<&str>) -> Authority {
        let mut authority = founded.open(BEGIN, &[0, 1, 2]).unwrap();
        let key = signer::generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
        let signer: Box<dyn Signer> = Box::new(SoftwareSigner::new(&key).unwrap());
        authority.roll_over(CA, None, signer, from.map(at)).unwrap().unwrap();
        authority
    }

    /// Which generation issues, by what the store says at an instant; 0 for none.
    fn issues(authority: &Authority, when: &str) -> u16 {
        authority
            .store
            .tx(at(when), |tx| {
                let issuing = authority.issuing(tx)?;
                Ok::<_, AuthorityError>(issuing.of(CA).map_or(0, |key| key.issuer.generation.get()))
            })
            .unwrap()
    }

    fn compromise(authority: &Authority, generation: u16) {
        let generation = Generation::new(generation).unwrap();
        let request = CompromiseRequest { ca: CA, generation, since: None, dry_run: false };
        authority.compromise(&request).unwrap().unwrap();
    }

    fn duties(authority: &Authority, when: &str) -> Vec<Duty> {
        let all = authority.standings(at(when));
        all.iter().filter(|own| own.ca == CA).map(|own| own.duty).collect()
    }

    #[test]
    fn the_newest_issues_from_its_time_on() {
        let founded = Founded::new();
        let authority = rolled_over(&founded, Some(FROM));
        let just_before = "2027-02-28T23:59:59Z";
        assert_eq!([issues(&authority, just_before), issues(&authority, FROM)], [1, 2]);
        assert_eq!(duties(&authority, just_before), [Duty::Issues, Duty::Waits(at(FROM))]);
        assert_eq!(duties(&authority, FROM), [Duty::Listing, Duty::Issues]);
        assert_eq!(duties(&authority, "2026-12-31T00:00:00Z"), [Duty::Issues, Duty::NotYet]);
        assert_eq!(duties(&authority, "2036-05-01T00:00:00Z"), [Duty::Ended, Duty::Issues]);
        // Without a time it issues at once, whatever the clock says then.
        let founded = Founded::new();
        let authority = rolled_over(&founded, None);
        assert_eq!(issues(&authority, "2026-06-01T00:00:00Z"), 2);
        assert_eq!(duties(&authority, BEGIN), [Duty::Listing, Duty::Issues]);
    }

    #[test]
    fn a_time_must_be_one_at_which_the_one_before_may_issue() {
        let founded = Founded::new();
        let mut authority = founded.open(BEGIN, &[0, 1, 2]).unwrap();
        for from in [BEGIN, "2026-06-01T00:00:00Z", "2036-03-31T15:00:00Z"] {
            let refused = authority.rehearse_roll_over(CA, None, Some(at(from))).unwrap();
            assert_eq!(refused, Err(Rule::IssueFrom.into()), "{from}");
        }
        authority.rehearse_roll_over(CA, None, Some(at("2036-03-31T14:59:59Z"))).unwrap().unwrap();
        compromise(&authority, 1);
        authority = founded.open(BEGIN, &[0, 1, 2]).unwrap();
        let refused = authority.rehearse_roll_over(CA, None, Some(at(FROM))).unwrap();
        assert_eq!(refused, Err(Rule::IssueFrom.into()), "nobody could issue until then");
        authority.rehearse_roll_over(CA, None, None).unwrap().unwrap();
    }

    #[test]
    fn a_compromised_generation_issues_no_more_and_one_that_waits_takes_its_place() {
        let founded = Founded::new();
        let authority = rolled_over(&founded, Some(FROM));
        compromise(&authority, 1);
        assert_eq!([BEGIN, FROM, LATER].map(|when| issues(&authority, when)), [2, 2, 2]);
        compromise(&authority, 2);
        assert_eq!([BEGIN, FROM, LATER].map(|when| issues(&authority, when)), [0, 0, 0]);
        // Nor does an older one come back.
        let founded = Founded::new();
        let authority = rolled_over(&founded, None);
        compromise(&authority, 2);
        assert_eq!(issues(&authority, LATER), 0);
        let authority = founded.open(LATER, &[0, 1, 2]).unwrap();
        assert_eq!(duties(&authority, LATER), [Duty::Listing, Duty::Listing]);
        assert!(authority.roll_over_plans(at(LATER)).iter().all(|plan| plan.ca != CA));
        assert_eq!(authority.roll_over_notes(at(LATER)).len(), 1);
    }

    #[test]
    fn a_roll_over_is_planned_and_a_follower_in_time_counts() {
        let founded = Founded::new();
        let plan = |authority: &Authority, when: &str| {
            let plans = authority.roll_over_plans(at(when));
            let plan = plans.iter().find(|plan| plan.ca == CA).unwrap();
            (plan.generation.get(), plan.due.to_string(), plan.standing)
        };
        let authority = founded.open(BEGIN, &[0, 1, 2]).unwrap();
        let due = "2030-03-31".to_owned();
        let early = rollover::Standing::Early;
        assert_eq!(plan(&authority, BEGIN), (1, due.clone(), early));
        let near = "2030-03-01T00:00:00Z";
        assert_eq!(plan(&authority, near).2, rollover::Standing::Near);
        assert_eq!(authority.roll_over_notes(at(near)).len(), 2, "both authorities");
        assert_eq!(plan(&authority, "2030-04-01T00:00:00Z").2, rollover::Standing::Past);
        let authority = rolled_over(&founded, Some("2030-03-31T00:00:00+09:00"));
        assert_eq!(plan(&authority, near), (2, "2030-12-31".to_owned(), early));
        let late = Founded::new();
        let authority = rolled_over(&late, Some("2030-04-01T00:00:00+09:00"));
        assert_eq!(plan(&authority, near), (1, due, rollover::Standing::Near));
    }
}
