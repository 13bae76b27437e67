//! The generations in a home: when to roll over, and the link certificates between them,
//! `ca/link-<ca>-<certified>-with-<by>.cer` and `.pem`.

use std::fs;

use crate::authority::Authority;
use crate::authority::Link;
use crate::authority::Linked;
use crate::authority::NewLink;
use crate::authority::Recovery;
use crate::authority::Refused;
use crate::authority::RollOverPlan;
use crate::authority::Rule;
use crate::authority::generation::roll_over_plans;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::signer::Passphrase;

use super::Home;
use super::HomeError;
use super::Opening;
use super::service::fault;
use super::service::stands;

/// The links that were made, or would be.
#[derive(Debug)]
#[non_exhaustive]
pub struct Linking {
    /// What became of each that was missing; nothing in a home to rehearse.
    pub linked: Vec<Linked>,
    /// What would be made, in a home to rehearse.
    pub planned: Vec<NewLink>,
    /// What a crash had left.
    pub recovery: Recovery,
}

impl Home {
    /// Makes the link certificates that are missing, of one authority or of both, and writes them. A
    /// home [to rehearse](Home::to_rehearse) only says what it would make.
    ///
    /// # Errors
    /// As for [`Home::authority`], but that the publication key may be missing; a refusal of all by rule
    /// is the inner error. What concerns one alone is part of the result.
    pub fn link(
        &self,
        ca: Option<CaName>,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
    ) -> Result<Result<Linking, Refused>, HomeError> {
        let keys = self.keys(passphrase)?;
        let Some(_lock) = keys.lock()? else { return Ok(Err(Rule::RenewalPending.into())) };
        let opening = Opening::Locked { publication: false };
        let (authority, recovery) = self.open_with_keys(clock, &keys, opening)?;
        let (mut linked, mut planned) = (Vec::new(), Vec::new());
        if self.rehearsal {
            planned = authority.rehearse_link(ca)?;
        } else {
            linked = authority.link(ca)?;
            self.write_link_certificates(&authority)?;
        }
        Ok(Ok(Linking { linked, planned, recovery }))
    }

    /// When each authority's key is to be rolled over, by what the store says now; no key is opened, and
    /// nothing is written.
    ///
    /// # Errors
    /// Those of the store.
    pub fn roll_over_plans(&self, at: Timestamp) -> Result<Vec<RollOverPlan>, HomeError> {
        let generations = self.open_store()?.tx(at, |tx| tx.generations())?;
        Ok(roll_over_plans(&generations.iter().collect::<Vec<_>>(), at))
    }

    /// Writes the newest certificate of each link where none stands, or another one.
    pub(super) fn write_link_certificates(&self, authority: &Authority) -> Result<(), HomeError> {
        let folder = self.folder.join("ca");
        let mut is_written = false;
        for (record, der) in authority.links()? {
            let Some(stem) = Link::of(&record).map(Link::stem) else { continue };
            if !stands(&folder, &stem, &der)? {
                fs::create_dir_all(&folder).map_err(fault(&folder))?;
                super::write_certificate(&folder, &stem, &der, true)?;
                is_written = true;
            }
        }
        if is_written { super::sync_folder(&folder) } else { Ok(()) }
    }
}
