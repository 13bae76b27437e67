//! Re-issue in one visit: an event that changed what a signature certificate states, and the new
//! certificate.

use std::path::Path;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::authority::Ask;
use jpki_ca::authority::Authority;
use jpki_ca::authority::EventOutcome;
use jpki_ca::authority::Fate;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Kinds;
use jpki_ca::authority::RequestId;
use jpki_ca::authority::Rule;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Kind;

use crate::cmd::issue::Delivery;
use crate::cmd::issue::make_folder;
use crate::context::Context;
use crate::exit::Failure;

/// Issues anew what an event ended.
pub(super) struct Reissue<'a> {
    authority: &'a Authority,
    out: &'a Path,
    algorithm: Option<KeyAlgorithm>,
}

impl<'a> Reissue<'a> {
    pub(super) fn new(
        authority: &'a Authority,
        out: &'a Path,
        algorithm: Option<KeyAlgorithm>,
    ) -> Result<Self, Failure> {
        make_folder(out)?;
        Ok(Self { authority, out, algorithm })
    }

    /// A new signature certificate, where the event owes one: from the record as it stands now, under
    /// a request id made of the event's. A process that dies on the way leaves it owed, so the event
    /// given again, though known already, finds the certificate or makes it. Whether whoever is owed one
    /// has it.
    pub(super) fn follow(
        &self,
        context: &Context<'_>,
        outcome: &EventOutcome,
    ) -> Result<bool, Failure> {
        if !matches!(outcome.fate, Fate::Applied { reissue: true, .. } | Fate::Duplicate) {
            return Ok(true);
        }
        let (source, event) = (&outcome.source, &outcome.id);
        let Some(person) = self.authority.owed(source, event)? else { return Ok(true) };
        let id = RequestId::new(&format!("reissue-{source}-{event}"))?;
        let delivery = Delivery::new(self.authority, self.out, self.algorithm, true);
        if let Some(served) = self.authority.served(&id)? {
            let line = delivery.hand_over(served)?;
            context.report.result(&line, &line.to_text())?;
            self.authority.reissued(source, event)?;
            return Ok(line.result.is_ok());
        }
        let Some(form) = self.authority.resident(&person)? else { return Ok(true) };
        let ask = Ask {
            kinds: Kinds::One(Kind::Signature),
            carrier: Carrier::Card,
            renew: false,
            key: KeyAsk::Generated(self.algorithm),
        };
        let request = IssueRequest::new(id, &form, &ask, self.authority.now())?;
        let mut done = true;
        for line in delivery.serve(vec![request])? {
            context.report.result(&line, &line.to_text())?;
            if let Err(refused) = &line.result {
                done = false;
                // What may succeed when it is asked again stays owed.
                if PASSING.iter().any(|rule| rule.code() == refused.rule) {
                    return Ok(false);
                }
            }
        }
        self.authority.reissued(source, event)?;
        Ok(done)
    }
}

/// Refusals that pass: another process serves the same holder, or the key did not answer.
const PASSING: [Rule; 4] =
    [Rule::RequestPending, Rule::IssuePending, Rule::IssueInterrupted, Rule::KeyFailed];
