//! Rolling over (鍵の世代交代): a new key pair under the same name, with its certificate's number
//! from the same counter. From then on, or from a stated instant, it issues to holders; those before it
//! go on signing lists.

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::lint;
use crate::profile::CaGrant;
use crate::profile::TbsCertificate;
use crate::profile::ca_certificate;
use crate::profile::ca_end;
use crate::seal::Recorded;
use crate::seal::seal;
use crate::signer::Signer;
use crate::store::Intention;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::KeyGeneration;
use super::outcome::Refused;
use super::recover::resolve;
use super::rule::Rule;

/// A generation that was made, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewGeneration {
    /// The authority.
    pub ca: CaName,
    /// Its number.
    pub generation: Generation,
    /// For which cards it issues.
    pub profile: Profile,
    /// The number of its own certificate.
    pub serial: Serial,
    /// When that begins.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// From when it issues to holders, where that is later.
    pub issue_from: Option<Timestamp>,
}

impl Authority {
    /// Puts a new key in the place of the newest: the authority issues its own certificate to it, for the
    /// cards of that profile, or those that the newest issues for. From then on it signs lists; it issues
    /// to holders at once, or from a later instant on, until which the one before does. Those who have
    /// opened the installation before go on with the generations that they know.
    ///
    /// # Errors
    /// When the key is weak, was certified before or fails, another opened the installation and
    /// rolled over meanwhile, or the store fails; a refusal by rule is the inner error.
    pub fn roll_over(
        &mut self,
        ca: CaName,
        profile: Option<Profile>,
        signer: Box<dyn Signer>,
        issue_from: Option<Timestamp>,
    ) -> Result<Result<NewGeneration, Refused>, AuthorityError> {
        let now = self.now();
        let key = signer.public_key().clone();
        lint::key(&key).map_err(AuthorityError::Key)?;
        let (planned, recorded) = self.store.record(now, |tx| {
            let new = match self.plan_roll_over(tx, ca, profile, issue_from)? {
                Ok(new) => new,
                Err(refused) => return Ok(Err(refused)),
            };
            if !tx.key_use(&key.hash())?.is_empty() {
                return Err(AuthorityError::KeyUsed);
            }
            let NewGeneration { generation, profile, serial, not_before, .. } = new;
            let realm = &self.realm;
            let key = &key;
            let grant = CaGrant { realm, ca, generation, serial, key, profile, not_before };
            let tbs = ca_certificate(&grant).map_err(|_| AuthorityError::Time)?;
            let checked = lint::check(tbs, &lint::Authority { realm, issuer: None })?;
            tx.intend(checked, &Intention { person: None, request: ROLL_OVER, clause: None })?;
            Ok(Ok(new))
        })?;
        let new = match planned {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        let missing = AuthorityError::Internal("a generation that was not recorded");
        let recorded = recorded.into_iter().next().ok_or(missing)?;
        let intent = recorded.intent();
        let made = self.put_in_force(recorded, signer.as_ref(), issue_from, now);
        let made = made.inspect_err(|_| self.give_up(&[intent]))?;
        self.generations.push(KeyGeneration { signer: Some(signer), ..made });
        self.generations.sort_by_key(|key| (key.issuer.ca, key.issuer.generation));
        Ok(Ok(new))
    }

    /// What [`Authority::roll_over`] would make, without making it.
    ///
    /// # Errors
    /// When the store fails; a refusal by rule is the inner error.
    pub fn rehearse_roll_over(
        &self,
        ca: CaName,
        profile: Option<Profile>,
        issue_from: Option<Timestamp>,
    ) -> Result<Result<NewGeneration, Refused>, AuthorityError> {
        self.store.rehearse(self.now(), |tx| {
            resolve(tx)?;
            self.plan_roll_over(tx, ca, profile, issue_from)
        })
    }

    /// The next generation, if there may be one now.
    fn plan_roll_over(
        &self,
        tx: &mut Tx<'_>,
        ca: CaName,
        profile: Option<Profile>,
        issue_from: Option<Timestamp>,
    ) -> Result<Result<NewGeneration, Refused>, AuthorityError> {
        let issuing = self.issuing(tx)?.of(ca);
        let newest = &self.newest(ca)?.issuer;
        let not_before = tx.at();
        if not_before < newest.not_before {
            return Ok(Err(Rule::CaNotYet.into()));
        }
        if tx.is_rolling_over(ca)? {
            return Ok(Err(Rule::RollOverPending.into()));
        }
        // Until then somebody must issue.
        let waits =
            |from| not_before < from && issuing.is_ok_and(|own| from <= own.issuer.not_after);
        if !issue_from.is_none_or(waits) {
            return Ok(Err(Rule::IssueFrom.into()));
        }
        let generation = newest.generation.next();
        let generation = generation.ok_or(AuthorityError::Internal("generations are used up"))?;
        let serial = tx.draw_serial(ca)?;
        let profile = profile.unwrap_or(newest.profile);
        let not_after = ca_end(profile, not_before).map_err(|_| AuthorityError::Time)?;
        Ok(Ok(NewGeneration { ca, generation, profile, serial, not_before, not_after, issue_from }))
    }

    /// Signs the certificate and puts it in force, with its generation.
    fn put_in_force(
        &self,
        recorded: Recorded<TbsCertificate>,
        signer: &dyn Signer,
        issue_from: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<KeyGeneration, AuthorityError> {
        let sealed = seal(recorded, signer)?;
        self.store.tx(now, |tx| {
            let record = tx.at_intent(sealed.intent())?;
            tx.complete(&record, &sealed)?;
            tx.add_generation(&sealed, issue_from)?;
            let mut all = tx.generations()?.into_iter();
            let own = all.find(|own| own.certificate.intent == sealed.intent());
            let missing = AuthorityError::Internal("a generation that was not added");
            Ok(KeyGeneration::read(tx, own.ok_or(missing)?)?)
        })
    }
}

const ROLL_OVER: &str = "roll-over";

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use rand_core::OsRng;

    use super::super::fixture::Founded;
    use super::*;
    use crate::asn1::KeyAlgorithm;
    use crate::authority::publish::PublishError;
    use crate::authority::publish::PublishOptions;
    use crate::policy::ListTiming;
    use crate::profile::Partition;
    use crate::signer;
    use crate::signer::SoftwareSigner;

    fn new_signer() -> Box<dyn Signer> {
        let key = signer::generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
        Box::new(SoftwareSigner::new(&key).unwrap())
    }

    fn publish(authority: &Authority, folder: &tempfile::TempDir) -> Result<u64, PublishError> {
        let mut options = PublishOptions::due(ListTiming::default());
        options.partition = Some(Partition::Authority);
        let published = authority.publish(folder.path(), &options, &|_, _| ())?;
        Ok(published.made.values().sum::<usize>() as u64)
    }

    #[test]
    fn who_opened_before_a_roll_over_publishes_nothing() {
        let founded = Founded::new();
        let folder = tempfile::tempdir().unwrap();
        let before = founded.open("2026-05-01T00:00:00Z", &[0, 1, 2]).unwrap();
        let mut other = founded.open("2026-05-01T00:00:00Z", &[0, 1, 2]).unwrap();
        assert_eq!(publish(&before, &folder).unwrap(), 2);
        other.roll_over(CaName::Signature, None, new_signer(), None).unwrap().unwrap();
        // The new generation's lists would be missing.
        let rolled_over = |error: &PublishError| {
            matches!(error, PublishError::Authority(AuthorityError::RolledOver))
        };
        let refused = publish(&before, &folder).unwrap_err();
        assert!(rolled_over(&refused), "{refused:?}");
        let options = PublishOptions::due(ListTiming::default());
        let refused = before.rehearse_publish(folder.path(), &options).unwrap_err();
        assert!(rolled_over(&refused), "{refused:?}");
        assert_eq!(publish(&other, &folder).unwrap(), 3);
    }
}
