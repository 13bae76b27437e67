//! The compromise of an authority's key (認証局の秘密鍵の危殆化, Act art. 14, 33): one record for a
//! generation, by which everything that it issued is revoked at once and for good.
//!
//! No certificate's own record is touched, however many there are; what each is worth follows from the
//! generation's, wherever it is asked: answers about status from the next one on, in servers that run
//! too; the records; a renewal, which puts another certificate in its place. The partitions' lists say
//! nothing of it. A [list](Authority::list_compromised) that does is made for whoever asks for it, by
//! another generation.
//!
//! The responder of the compromised generation goes on answering, with keys that it goes on certifying:
//! verifiers take nobody else's word about what it has issued (RFC 6960 section 4.2.2.2). What it says of
//! that is "revoked" and nothing else, which whoever stole the key gains nothing by. But they can certify
//! a responder of their own that says "good": that an answer is missing, or says so, proves nothing any
//! more. Verifiers must be told to trust the generation no longer, by other ways than this.

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::law::revocation;
use crate::profile::Subject;
use crate::store::Behind;
use crate::store::State;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::change::BY_COMPROMISE;
use super::generation::turn;
use super::outcome::Refused;
use super::recover::resolve;
use super::rule::Rule;

/// That a generation's key is compromised.
#[derive(Clone, Copy, Debug)]
pub struct CompromiseRequest {
    /// The authority.
    pub ca: CaName,
    /// The generation.
    pub generation: Generation,
    /// Since when; none for now.
    pub since: Option<Timestamp>,
    /// Whether only to say what would be recorded.
    pub dry_run: bool,
}

/// A compromise that was recorded, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compromised {
    /// The authority.
    pub ca: CaName,
    /// The generation.
    pub generation: Generation,
    /// Since when.
    pub since: Timestamp,
    /// When it was recorded.
    pub at: Timestamp,
    /// The audit entry.
    pub entry: u64,
    /// The latest end of a holder's certificate under it; none where it has issued none.
    pub last_end: Option<Timestamp>,
    /// The link certificates by which other generations certified its key, revoked with it.
    pub links: Vec<Serial>,
    /// The generation that issues to holders from now on; none where one must be made first.
    pub issues: Option<Generation>,
}

impl Authority {
    /// Records that the key of a generation is compromised.
    ///
    /// No key is needed for it. The links by which other generations have certified this one's key are
    /// revoked in the same transaction.
    ///
    /// # Errors
    /// When the store fails; a refusal by rule is the inner error.
    pub fn compromise(
        &self,
        request: &CompromiseRequest,
    ) -> Result<Result<Compromised, Refused>, AuthorityError> {
        if request.dry_run {
            self.store.rehearse(self.now(), |tx| {
                resolve(tx)?;
                record(tx, request)
            })
        } else {
            self.store.tx(self.now(), |tx| record(tx, request))
        }
    }
}

fn record(
    tx: &mut Tx<'_>,
    request: &CompromiseRequest,
) -> Result<Result<Compromised, Refused>, AuthorityError> {
    let CompromiseRequest { ca, generation, .. } = *request;
    let is_it = |own: &crate::store::GenerationRecord| {
        (own.certificate.ca, own.certificate.generation) == (ca, generation)
    };
    let Some(own) = tx.generations()?.into_iter().find(is_it) else {
        return Ok(Err(Rule::UnknownGeneration.into()));
    };
    let at = tx.at();
    let since = request.since.unwrap_or(at);
    let rule = if own.compromised.is_some() {
        Some(Rule::AlreadyCompromised)
    } else if own.certificate.not_after < at {
        Some(Rule::GenerationEnded)
    } else {
        let is_within = (own.certificate.not_before..=at).contains(&since);
        (!is_within).then_some(Rule::CompromiseTime)
    };
    if let Some(rule) = rule {
        return Ok(Err(rule.into()));
    }
    let compromise = tx.compromise(ca, generation, since)?;
    let reason = Reason::CaCompromise;
    let mut links = Vec::new();
    for link in tx.links()? {
        let certifies_it = link.ca == ca && link.subject == Subject::Link(generation);
        if certifies_it && link.state == State::Live && link.not_after >= at {
            tx.revoke(&link, reason, since)?;
            let ground = revocation::ground(ca.kind(), reason);
            tx.put_cause(link.intent, BY_COMPROMISE, ground, Behind::default())?;
            links.push(link.serial);
        }
    }
    let generations = tx.generations()?;
    let of_ca = generations.iter().filter(|own| own.certificate.ca == ca);
    let issues = turn(of_ca, at).ok().map(|own| own.certificate.generation);
    let (at, entry, last_end) = (compromise.at, compromise.entry, own.last_end);
    Ok(Ok(Compromised { ca, generation, since, at, entry, last_end, links, issues }))
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::sync::Arc;

    use rand_core::OsRng;
    use serde_json::json;

    use super::super::fixture::Founded;
    use super::*;
    use crate::asn1::KeyAlgorithm;
    use crate::asn1::PublicKey;
    use crate::authority::Ask;
    use crate::authority::IssueRequest;
    use crate::authority::KeyAsk;
    use crate::authority::Kinds;
    use crate::authority::RequestId;
    use crate::credential::Carrier;
    use crate::credential::Kind;
    use crate::policy::Policy;
    use crate::profile::Realm;
    use crate::register::HolderForm;
    use crate::signer;
    use crate::signer::SignError;
    use crate::signer::Signer;
    use crate::signer::SoftwareSigner;

    const BEGIN: &str = "2026-05-01T00:00:00Z";

    /// A key that is found compromised while it signs.
    #[derive(Debug)]
    struct Meanwhile {
        own: SoftwareSigner,
        founded: Arc<Founded>,
    }

    impl Signer for Meanwhile {
        fn public_key(&self) -> &PublicKey {
            self.own.public_key()
        }

        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
            let other = self.founded.open(BEGIN, &[]).unwrap();
            let (ca, generation) = (CaName::Signature, Generation::FIRST);
            let request = CompromiseRequest { ca, generation, since: None, dry_run: false };
            other.compromise(&request).unwrap().unwrap();
            self.own.sign(message)
        }
    }

    fn request(kinds: Kinds) -> IssueRequest {
        let form = json!({
            "person": "p-1", "name": "架空　花子", "birth_date": "1990-12-07", "sex": "female",
            "address": "東京都清瀬市架空町０番地", "municipality": "132217",
            "residence": {"category": "national"}
        });
        let form = HolderForm::read(form.to_string().as_bytes()).unwrap();
        let key = signer::generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
        let key = KeyAsk::Given(SoftwareSigner::new(&key).unwrap().public_key().clone());
        let ask = Ask { kinds, carrier: Carrier::Card, renew: false, key };
        IssueRequest::new(RequestId::draw().unwrap(), &form, &ask, BEGIN.parse().unwrap()).unwrap()
    }

    #[test]
    fn what_is_signed_while_the_compromise_is_recorded_is_given_to_nobody() {
        let founded = Arc::new(Founded::new());
        let own = founded.signer(0);
        let signers: Vec<Box<dyn Signer>> = vec![
            Box::new(Meanwhile { own, founded: Arc::clone(&founded) }),
            Box::new(founded.signer(1)),
        ];
        let clock = Box::new(super::super::fixture::clock(BEGIN));
        let (realm, policy) = (Realm::sandbox(), Policy::default());
        let opened = Authority::open(founded.store(), clock, realm, policy, signers);
        let (authority, _) = opened.unwrap();
        let outcome = authority.issue(&request(Kinds::One(Kind::Signature))).unwrap();
        assert_eq!(outcome.result.unwrap_err().rule, "R-CA-COMPROMISED");
        // Its number is void, and what the number says is what everything under the key says.
        let serial = Serial::new(4).unwrap();
        let (record, der) = authority.certificate(CaName::Signature, serial).unwrap().unwrap();
        assert_eq!((record.issued_at, der), (None, None));
        assert!(matches!(record.recorded, State::Revoked(_, Reason::Unspecified)));
        // Nobody is kept from asking again, which the rule refuses before any number is drawn.
        let again = authority.issue(&request(Kinds::One(Kind::Signature))).unwrap();
        assert_eq!(again.result.unwrap_err().rule, "R-CA-COMPROMISED");
        let next = authority
            .store
            .rehearse(BEGIN.parse().unwrap(), |tx| tx.draw_serial(CaName::Signature));
        assert_eq!(next.unwrap().get(), 5);
        let other = authority.issue(&request(Kinds::One(Kind::UserAuthentication))).unwrap();
        other.result.unwrap();
    }
}
