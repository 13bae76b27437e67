//! Re-issue in one visit: an event that ended a signature certificate, and the new certificate.

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
use jpki_ca::credential::CaName;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Kind;
use jpki_ca::register::Person;

use crate::cmd::issue::Delivery;
use crate::cmd::issue::make_folder;
use crate::context::Context;
use crate::exit::Failure;

/// Issues anew what an event ended.
pub(super) struct Reissue<'a> {
    authority: &'a Authority,
    out: &'a Path,
    algorithm: KeyAlgorithm,
}

impl<'a> Reissue<'a> {
    pub(super) fn new(
        authority: &'a Authority,
        out: &'a Path,
        algorithm: KeyAlgorithm,
    ) -> Result<Self, Failure> {
        make_folder(out)?;
        Ok(Self { authority, out, algorithm })
    }

    /// A new signature certificate from the record as it stands after the event. Under a request id
    /// made of the event's, so that the same feed given twice issues once.
    pub(super) fn follow(
        &self,
        context: &Context<'_>,
        outcome: &EventOutcome,
    ) -> Result<(), Failure> {
        let Fate::Applied { person, certificates } = &outcome.fate else { return Ok(()) };
        let ended = |ca| certificates.iter().any(|c| c.ca == ca && c.effect == "revoke");
        if !ended(CaName::Signature) || ended(CaName::UserAuthentication) {
            return Ok(());
        }
        let person = Person::new(person).map_err(|fault| Failure::Refused(fault.into()))?;
        let Some(form) = self.authority.resident(&person)? else { return Ok(()) };
        let ask = Ask {
            kinds: Kinds::One(Kind::Signature),
            carrier: Carrier::Card,
            renew: false,
            key: KeyAsk::Generated(self.algorithm),
        };
        let id = RequestId::new(&format!("reissue-{}-{}", outcome.source, outcome.id))?;
        let request = IssueRequest::new(id, &form, &ask, self.authority.now())?;
        let delivery = Delivery::new(self.authority, self.out, self.algorithm, true);
        for line in delivery.serve(vec![request])? {
            context.report.result(&line, &line.to_text())?;
        }
        Ok(())
    }
}
