//! Rolling over in a home.

use rand_core::CryptoRngCore;

use crate::asn1::KeyAlgorithm;
use crate::authority::AuthorityError;
use crate::authority::Linked;
use crate::authority::NewGeneration;
use crate::authority::Recovery;
use crate::authority::Refused;
use crate::authority::Rule;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Profile;
use crate::profile::usual_algorithm;
use crate::signer::Passphrase;

use super::Home;
use super::HomeError;
use super::Opening;
use super::keys::KeyPlace;
use super::keys::Owner;
use super::rotation::RotateOptions;
use super::rotation::Rotated;

/// What a roll-over made, or would make.
#[derive(Debug)]
#[non_exhaustive]
pub struct RollOver {
    /// The new generation.
    pub new: NewGeneration,
    /// What its key is.
    pub algorithm: KeyAlgorithm,
    /// Where its key is.
    pub key: KeyPlace,
    /// Where the key of an interrupted roll-over was laid aside.
    pub laid_aside: Option<KeyPlace>,
    /// What became of its responder's key; nothing yet in a home to rehearse.
    pub responder: Option<Rotated>,
    /// What became of its links with the generation before; nothing yet in a home to rehearse.
    pub links: Vec<Linked>,
    /// What a crash had left.
    pub recovery: Recovery,
}

impl Home {
    /// Makes a new generation of an authority's key, its responder and its links with the one before, for
    /// the cards of that profile or the one before's. Without an algorithm the key is of the one before's,
    /// or for other cards of the [usual one](usual_algorithm). From then on, or from a stated instant, it issues to holders,
    /// and those before it go on signing lists. A home [to rehearse](Home::to_rehearse) only says what it
    /// would make.
    ///
    /// The key is durable before the intent, and closed to the same passphrase as the others.
    /// Whatever this is killed in, the next run goes on: a key that no certificate came of is laid
    /// aside, a number is void, the certificate's files are written anew; a responder that is missing
    /// is made by the next [rotation](Home::rotate_responders), and a link by the next roll-over or
    /// [`Home::link`]. What their making failed with is part of the result, since the generation is
    /// there.
    ///
    /// # Errors
    /// As for [`Home::authority`], and when the disk or the new key fails; a refusal by rule is the
    /// inner error.
    pub fn roll_over(
        &self,
        ca: CaName,
        profile: Option<Profile>,
        algorithm: Option<KeyAlgorithm>,
        issue_from: Option<Timestamp>,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<RollOver, Refused>, HomeError> {
        let keys = self.keys(passphrase)?;
        // Before the store is opened: what it says of the generations must be what counts.
        let Some(_lock) = keys.lock()? else { return Ok(Err(Rule::RollOverPending.into())) };
        let (mut authority, recovery) =
            self.open_with_keys(clock, &keys, Opening::Locked { publication: true })?;
        let new = match authority.rehearse_roll_over(ca, profile, issue_from)? {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        let newest = authority.authority_certificates().map(|(issuer, _)| issuer);
        let newest = newest.filter(|issuer| issuer.ca == ca).last();
        let newest = newest.ok_or(AuthorityError::Internal("an authority without a key"))?;
        let algorithm = algorithm.unwrap_or_else(|| {
            if new.profile == newest.profile {
                newest.algorithm
            } else {
                usual_algorithm(new.profile)
            }
        });
        let owner = Owner::Authority(ca, new.generation);
        let key = keys.place(owner);
        let mut rolled_over = RollOver {
            new,
            algorithm,
            key,
            laid_aside: None,
            responder: None,
            links: Vec::new(),
            recovery,
        };
        if self.rehearsal {
            return Ok(Ok(rolled_over));
        }
        rolled_over.laid_aside = keys.settle(owner, |_| false, random)?;
        match authority.roll_over(ca, profile, keys.make(owner, algorithm, random)?, issue_from)? {
            Ok(new) => rolled_over.new = new,
            Err(refused) => return Ok(Err(refused)),
        }
        self.write_missing_certificates(&authority)?;
        let NewGeneration { ca, generation, .. } = rolled_over.new;
        let options = RotateOptions::default();
        let outcome = self.rotate(&mut authority, (ca, generation), &options, &keys, random);
        rolled_over.responder = Some(Rotated { ca, generation, outcome });
        rolled_over.links = authority.link(Some(ca))?;
        self.write_link_certificates(&authority)?;
        Ok(Ok(rolled_over))
    }
}
