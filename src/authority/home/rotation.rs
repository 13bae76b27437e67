//! Rotating the responders' keys in a home.
//!
//! Every certificate is for another key. The one before has no further use: its certificate lives for
//! thirty days at most, nothing that it signed is verified for longer, and whoever answers with it has
//! it in memory. So it is destroyed, by giving the new one its name: what is not there cannot be
//! stolen. A key that an interrupted rotation left without a certificate goes as well.

use rand_core::CryptoRngCore;

use crate::asn1::KeyAlgorithm;
use crate::authority::Authority;
use crate::authority::Recovery;
use crate::authority::Refused;
use crate::authority::Renewed;
use crate::authority::Rule;
use crate::clock::Clock;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::profile::ServiceKey;
use crate::signer::Passphrase;

use super::Home;
use super::HomeError;
use super::Opening;
use super::ResponderFault;
use super::keys::KeyPlace;
use super::keys::Keys;
use super::keys::Owner;
use super::publication::is_hash;

/// Whose responders' keys are rotated, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct RotateOptions {
    /// Those of this authority alone.
    pub ca: Option<CaName>,
    /// That of this generation alone; else of all that are in force.
    pub generation: Option<Generation>,
    /// What the new keys are; else what those before were, at first what the generation's own is.
    pub algorithm: Option<KeyAlgorithm>,
    /// Those alone whose certificates end within [`ROTATION_DAYS`](crate::authority::ROTATION_DAYS), or that
    /// are missing.
    pub only_due: bool,
    /// Whether the keys before are compromised: their certificates are then revoked for it.
    pub compromised: bool,
}

/// What a rotation made, or would make.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rotation {
    /// For each generation whose turn it was, by authority, oldest first.
    pub rotated: Vec<Rotated>,
    /// What a crash had left.
    pub recovery: Recovery,
}

/// What became of one responder's key. A failure concerns it alone.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rotated {
    /// The authority.
    pub ca: CaName,
    /// The generation.
    pub generation: Generation,
    /// The new key and its certificate, a refusal by rule, or what failed.
    pub outcome: Result<Result<NewResponder, Refused>, HomeError>,
}

/// A responder's key that was made, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewResponder {
    /// Its certificate.
    pub new: Renewed,
    /// What the key is.
    pub algorithm: KeyAlgorithm,
    /// Where the key is.
    pub key: KeyPlace,
}

impl Home {
    /// Makes new keys for responders, each with its certificate, and writes these to
    /// `ca/ocsp-<ca>-<generation>.cer` and `.pem`. A home [to rehearse](Home::to_rehearse) only says
    /// what it would make.
    ///
    /// Whatever this is killed in leaves a key and a certificate that belong together, in one place or
    /// the other, and [`Home::responder_signers`] finds them; the next rotation puts the files in
    /// place.
    ///
    /// # Errors
    /// As for [`Home::authority`], but that the services' keys may be missing; a refusal of all by
    /// rule is the inner error. What concerns one alone is part of the result.
    pub fn rotate_responders(
        &self,
        options: &RotateOptions,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<Rotation, Refused>, HomeError> {
        let keys = self.keys(passphrase)?;
        let Some(_lock) = keys.lock()? else { return Ok(Err(Rule::RenewalPending.into())) };
        let opening = Opening::Locked { publication: false };
        let (mut authority, recovery) = self.open_with_keys(clock, &keys, opening)?;
        let of_ca = |ca| options.ca.is_none_or(|only| only == ca);
        let asked: Vec<_> = match options.generation {
            Some(generation) => {
                let cas = CaName::ALL.into_iter().filter(|ca| of_ca(*ca));
                cas.map(|ca| (ca, generation)).collect()
            }
            None => authority.generations_in_force().filter(|(ca, _)| of_ca(*ca)).collect(),
        };
        let mut rotated = Vec::new();
        for (ca, generation) in asked {
            let is_due = || self.is_responder_due(&authority, (ca, generation), &keys);
            let outcome = match if options.only_due { is_due() } else { Ok(true) } {
                Ok(false) => continue,
                Ok(true) => self.rotate(&mut authority, (ca, generation), options, &keys, random),
                Err(error) => Err(error),
            };
            rotated.push(Rotated { ca, generation, outcome });
        }
        Ok(Ok(Rotation { rotated, recovery }))
    }

    /// Rotates the keys of those responders for which it is time: their certificates end within
    /// [`ROTATION_DAYS`](crate::authority::ROTATION_DAYS), or are missing or not in force, or their
    /// keys are. Else does nothing. A home [to rehearse](Home::to_rehearse) only says what it would
    /// make.
    ///
    /// # Errors
    /// When the disk or the store fails. What concerns one alone is part of the result.
    pub fn rotate_responders_in_time(
        &self,
        authority: &mut Authority,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Vec<Rotated>, HomeError> {
        let asked: Vec<_> = authority.generations_in_force().collect();
        let keys = self.keys(passphrase)?;
        let mut turns = Vec::new();
        for of in &asked {
            let due = self.is_responder_due(authority, *of, &keys);
            // Or an interrupted rotation has something to be put in place.
            let owner = Owner::Service(ServiceKey::Responder(of.0, of.1));
            if !matches!(due, Ok(false)) || keys.has_waiting(owner)? {
                turns.push((*of, due));
            }
        }
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let lock = if self.rehearsal { None } else { keys.lock()? };
        let is_alone = self.rehearsal || lock.is_some();
        if lock.is_some() {
            // Another may have done it since the opening.
            authority.take_up_services_again(None)?;
        }
        let options = RotateOptions::default();
        let mut rotated = Vec::new();
        for ((ca, generation), due) in turns {
            let of = (ca, generation);
            let due = if lock.is_some() {
                let settled = settle(authority, of, &keys, random);
                settled.and_then(|()| self.is_responder_due(authority, of, &keys))
            } else {
                due
            };
            let is_in_force = || authority.in_force(ServiceKey::Responder(ca, generation)).is_ok();
            let outcome = match due {
                Ok(false) => continue,
                Ok(true) if is_alone => self.rotate(authority, of, &options, &keys, random),
                // Whoever is at it now does the same, or the next run will.
                Ok(true) if is_in_force() => continue,
                Ok(true) => Ok(Err(Rule::RenewalPending.into())),
                Err(error) => Err(error),
            };
            rotated.push(Rotated { ca, generation, outcome });
        }
        Ok(rotated)
    }

    /// Makes one responder another key, with its certificate. The folder must be locked, unless this
    /// is a rehearsal.
    pub(super) fn rotate(
        &self,
        authority: &mut Authority,
        (ca, generation): (CaName, Generation),
        options: &RotateOptions,
        keys: &Keys,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<NewResponder, Refused>, HomeError> {
        let compromised = options.compromised;
        let new = match authority.rehearse_responder_rotation(ca, generation, compromised)? {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        let algorithm = match options.algorithm {
            Some(algorithm) => algorithm,
            None => authority.responder_algorithm(ca, generation)?,
        };
        let owner = Owner::Service(ServiceKey::Responder(ca, generation));
        let mut made = NewResponder { new, algorithm, key: keys.place(owner) };
        if self.rehearsal {
            return Ok(Ok(made));
        }
        settle(authority, (ca, generation), keys, random)?;
        let signer = keys.make(owner, algorithm, random)?;
        let key = signer.public_key();
        match authority.rotate_responder(ca, generation, key, compromised)? {
            Ok(new) => made.new = new,
            Err(refused) => return Ok(Err(refused)),
        }
        // The key before is destroyed, unlike an authority's: see above.
        keys.adopt(owner)?;
        self.write_service_certificates(authority)?;
        Ok(Ok(made))
    }

    /// Whether a responder needs another key now: it is time, or the one that it has is not here.
    fn is_responder_due(
        &self,
        authority: &Authority,
        (ca, generation): (CaName, Generation),
        keys: &Keys,
    ) -> Result<bool, HomeError> {
        if authority.is_responder_ending(ca, generation) {
            return Ok(true);
        }
        let key = ServiceKey::Responder(ca, generation);
        let Some(hash) = authority.certified_key_hash(key)? else { return Ok(true) };
        match keys.responder(key, hash) {
            Ok(_) => Ok(false),
            Err(ResponderFault::Unreadable(error)) => Err(error),
            Err(_) => Ok(true),
        }
    }
}

/// Puts right what an interrupted rotation left: a key that was certified gets its name, one that
/// was not is destroyed. The keys must be locked, and `authority` taken up since.
fn settle(
    authority: &Authority,
    (ca, generation): (CaName, Generation),
    keys: &Keys,
    random: &mut impl CryptoRngCore,
) -> Result<(), HomeError> {
    let key = ServiceKey::Responder(ca, generation);
    let certified = authority.certified_key_hash(key)?;
    keys.settle(Owner::Service(key), is_hash(certified), random)?;
    Ok(())
}
