//! Link certificates (リンク証明書): generations of an authority that follow each other certify each
//! other's keys, so that whoever trusts one of them comes to the certificates of the other.
//!
//! A roll-over makes both, *old with new* and *new with old*. One that is missing, because a run was
//! killed, because a key was not at hand, or because a generation in between was compromised since, is
//! made by the next roll-over or by [`Authority::link`].

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Serial;
use crate::lint;
use crate::profile::LinkGrant;
use crate::profile::Subject;
use crate::profile::link_certificate;
use crate::profile::link_end;
use crate::seal::seal;
use crate::store::CertificateRecord;
use crate::store::GenerationRecord;
use crate::store::Intention;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::recover::resolve;

/// A link between two generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The authority.
    pub ca: CaName,
    /// The generation whose key is certified.
    pub certified: Generation,
    /// The generation that certifies it.
    pub by: Generation,
}

impl Link {
    /// That of a certificate, if it is one.
    #[must_use]
    pub fn of(record: &CertificateRecord) -> Option<Self> {
        match record.subject {
            Subject::Link(certified) => {
                Some(Self { ca: record.ca, certified, by: record.generation })
            }
            _ => None,
        }
    }

    /// What the files of its certificate are called, without their endings:
    /// `link-signature-1-with-2`.
    #[must_use]
    pub fn stem(self) -> String {
        format!("link-{}-{}-with-{}", self.ca, self.certified, self.by)
    }
}

/// A link certificate that was made, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewLink {
    /// Between which generations.
    pub link: Link,
    /// Its number.
    pub serial: Serial,
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends: with the first of both.
    pub not_after: Timestamp,
}

/// What became of one link. A failure concerns it alone.
#[derive(Debug)]
#[non_exhaustive]
pub struct Linked {
    /// Between which generations.
    pub link: Link,
    /// The certificate, or what failed.
    pub outcome: Result<NewLink, AuthorityError>,
}

impl Authority {
    /// Makes the link certificates that are missing, of one authority or of both: each two generations
    /// in force that follow each other, those whose keys are compromised left out, certify each other.
    ///
    /// # Errors
    /// When the store fails, or an authority was rolled over since the opening. What concerns one alone
    /// is part of the result.
    pub fn link(&self, ca: Option<CaName>) -> Result<Vec<Linked>, AuthorityError> {
        let missing = self.store.tx(self.now(), |tx| self.missing_links(tx, ca))?;
        let made = missing.into_iter().map(|link| Linked { link, outcome: self.make_link(link) });
        Ok(made.collect())
    }

    /// What [`Authority::link`] would make, without making it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rehearse_link(&self, ca: Option<CaName>) -> Result<Vec<NewLink>, AuthorityError> {
        self.store.rehearse(self.now(), |tx| {
            resolve(tx)?;
            let missing = self.missing_links(tx, ca)?.into_iter();
            missing.map(|link| self.plan_link(tx, link)).collect()
        })
    }

    /// The links that should be there at an instant and are not.
    ///
    /// # Errors
    /// When the store fails.
    pub fn links_missing(&self, at: Timestamp) -> Result<Vec<Link>, AuthorityError> {
        self.store.tx(at, |tx| self.missing_links(tx, None))
    }

    /// The newest certificate of each link with its DER, whatever became of it, by authority, oldest
    /// first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn links(&self) -> Result<Vec<(CertificateRecord, Vec<u8>)>, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let mut newest: Vec<CertificateRecord> = Vec::new();
            for record in tx.links()?.into_iter().filter(|record| record.issued_at.is_some()) {
                newest.retain(|other| Link::of(other) != Link::of(&record));
                newest.push(record);
            }
            let unsigned = || StoreError::Damaged("a link is not signed");
            let mut links = Vec::with_capacity(newest.len());
            for record in newest {
                let der = self.der(tx, &record)?.ok_or_else(unsigned)?;
                links.push((record, der));
            }
            Ok(links)
        })
    }

    fn missing_links(
        &self,
        tx: &mut Tx<'_>,
        ca: Option<CaName>,
    ) -> Result<Vec<Link>, AuthorityError> {
        let at = tx.at();
        let generations = self.check_generations(tx)?;
        let is_there: Vec<Link> = tx
            .links()?
            .iter()
            .filter(|link| matches!(link.state, State::Intended | State::Live))
            .filter(|link| link.not_after >= at)
            .filter_map(Link::of)
            .collect();
        let mut missing = Vec::new();
        for ca in CaName::ALL.into_iter().filter(|one| ca.is_none_or(|ca| ca == *one)) {
            let sound: Vec<Generation> = generations
                .iter()
                .filter(|own| own.certificate.ca == ca && is_sound(own, at))
                .map(|own| own.certificate.generation)
                .collect();
            for pair in sound.windows(2) {
                let [old, new] = *pair else { continue };
                let both = [(old, new), (new, old)];
                missing.extend(both.map(|(certified, by)| Link { ca, certified, by }));
            }
        }
        missing.retain(|link| !is_there.contains(link));
        Ok(missing)
    }

    fn plan_link(&self, tx: &mut Tx<'_>, link: Link) -> Result<NewLink, AuthorityError> {
        let [by, certified] = [link.by, link.certified].map(|own| self.generation(link.ca, own));
        let not_after = link_end(&by?.issuer, &certified?.issuer);
        let (serial, not_before) = (tx.draw_serial(link.ca)?, tx.at());
        Ok(NewLink { link, serial, not_before, not_after })
    }

    /// Intends, seals and completes one.
    fn make_link(&self, link: Link) -> Result<NewLink, AuthorityError> {
        let Link { ca, certified, by } = link;
        let (by, certified) = (self.generation(ca, by)?, self.generation(ca, certified)?);
        let (issuer, realm) = (&by.issuer, &self.realm);
        let no_key = AuthorityError::NoKey { ca, generation: issuer.generation };
        let signer = by.signer.as_deref().ok_or(no_key)?;
        let (made, recorded) = self.store.record(self.now(), |tx| {
            // Another may have made it since, or a key be compromised.
            if !self.missing_links(tx, Some(ca))?.contains(&link) {
                return Err(AuthorityError::LinkChanged);
            }
            let made = self.plan_link(tx, link)?;
            let NewLink { serial, not_before, .. } = made;
            let (key, certified) = (&certified.key, &certified.issuer);
            let grant = LinkGrant { realm, issuer, certified, key, serial, not_before };
            let authority = lint::Authority { realm, issuer: Some(issuer) };
            let checked = lint::check(link_certificate(&grant), &authority)?;
            tx.intend(checked, &Intention { person: None, request: LINK, clause: None })?;
            Ok(made)
        })?;
        for recorded in recorded {
            let intent = recorded.intent();
            let sealed = seal(recorded, signer).inspect_err(|_| self.give_up(&[intent]))?;
            let completed = self.store.tx(self.now(), |tx| {
                let record = tx.at_intent(sealed.intent())?;
                tx.complete(&record, &sealed)
            });
            completed.inspect_err(|_| self.give_up(&[intent]))?;
        }
        Ok(made)
    }
}

/// Whether a generation certifies others and is certified: its certificate is in force, and its key is
/// not compromised.
fn is_sound(own: &GenerationRecord, at: Timestamp) -> bool {
    let certificate = &own.certificate;
    let in_force = certificate.not_before <= at && at < certificate.not_after;
    in_force && own.compromised.is_none()
}

const LINK: &str = "link";

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use rand_core::OsRng;

    use super::super::CompromiseRequest;
    use super::super::fixture::Founded;
    use super::*;
    use crate::asn1::KeyAlgorithm;
    use crate::asn1::PublicKey;
    use crate::credential::Reason;
    use crate::signer;
    use crate::signer::Signer;
    use crate::signer::SoftwareSigner;

    const CA: CaName = CaName::Signature;

    fn new_signer(algorithm: KeyAlgorithm) -> Box<dyn Signer> {
        Box::new(SoftwareSigner::new(&signer::generate(algorithm, &mut OsRng).unwrap()).unwrap())
    }

    fn link(certified: u16, by: u16) -> Link {
        let [certified, by] = [certified, by].map(|number| Generation::new(number).unwrap());
        Link { ca: CA, certified, by }
    }

    fn opened(founded: &Founded) -> Authority {
        founded.open("2027-01-01T00:00:00Z", &[0, 1, 2]).unwrap()
    }

    #[test]
    fn neighbours_certify_each_other_once() {
        let founded = Founded::new();
        let mut authority = opened(&founded);
        assert!(authority.link(None).unwrap().is_empty(), "there is nobody to certify");
        authority.roll_over(CA, None, new_signer(KeyAlgorithm::P384), None).unwrap().unwrap();
        let planned = authority.rehearse_link(None).unwrap();
        let made: Vec<NewLink> =
            authority.link(None).unwrap().into_iter().map(|one| one.outcome.unwrap()).collect();
        assert_eq!(planned, made);
        let links: Vec<Link> = made.iter().map(|made| made.link).collect();
        assert_eq!(links, [link(1, 2), link(2, 1)]);
        let end = "2036-03-31T14:59:59Z".parse().unwrap();
        assert!(made.iter().all(|made| made.not_after == end), "the older one's");
        assert_eq!(made.iter().map(|made| made.serial.get()).collect::<Vec<_>>(), [5, 6]);
        assert!(authority.link(None).unwrap().is_empty());
        for (record, der) in authority.links().unwrap() {
            let link = Link::of(&record).unwrap();
            let own = |generation| {
                let key = authority.generation(CA, generation).unwrap();
                (key.key.clone(), key.issuer.algorithm)
            };
            assert_eq!(PublicKey::of_certificate(&der).unwrap(), own(link.certified).0);
            let (key, _) = own(link.by);
            let [tbs, signature] = parts(&der);
            key.verify(&tbs, &signature).unwrap();
            assert_eq!((record.state, record.person), (State::Live, None));
        }
        // Nor does a roll-over wait for them.
        authority.roll_over(CA, None, new_signer(KeyAlgorithm::P256), None).unwrap().unwrap();
        assert_eq!(authority.rehearse_link(Some(CaName::UserAuthentication)).unwrap(), []);
        let links: Vec<Link> =
            authority.rehearse_link(Some(CA)).unwrap().iter().map(|made| made.link).collect();
        assert_eq!(links, [link(2, 3), link(3, 2)]);
    }

    #[test]
    fn a_missing_key_concerns_its_links_alone() {
        let founded = Founded::new();
        let mut authority = opened(&founded);
        authority.roll_over(CA, None, new_signer(KeyAlgorithm::P256), None).unwrap().unwrap();
        let without = founded.open("2027-01-01T00:00:00Z", &[0]).unwrap();
        let outcomes = without.link(None).unwrap();
        let [old_with_new, new_with_old] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert!(matches!(old_with_new.outcome, Err(AuthorityError::NoKey { .. })));
        assert_eq!(new_with_old.outcome.as_ref().unwrap().link, link(2, 1));
        let at = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(authority.links_missing(at).unwrap(), [link(1, 2)]);
        // When the older one has ended, nobody misses it.
        assert_eq!(authority.links_missing("2036-04-01T00:00:00Z".parse().unwrap()).unwrap(), []);
    }

    #[test]
    fn a_compromised_generation_is_passed_over_and_what_certified_it_ends() {
        let founded = Founded::new();
        let mut authority = opened(&founded);
        for _ in 0..2 {
            authority.roll_over(CA, None, new_signer(KeyAlgorithm::P256), None).unwrap().unwrap();
            authority.link(None).unwrap();
        }
        let generation = Generation::new(2).unwrap();
        let request = CompromiseRequest { ca: CA, generation, since: None, dry_run: false };
        let recorded = authority.compromise(&request).unwrap().unwrap();
        let since = recorded.since;
        let ended: Vec<(Link, State)> = authority
            .links()
            .unwrap()
            .iter()
            .map(|(record, _)| (Link::of(record).unwrap(), record.recorded))
            .filter(|(_, state)| *state != State::Live)
            .collect();
        let revoked = State::Revoked(since, Reason::CaCompromise);
        assert_eq!(ended, [(link(2, 1), revoked), (link(2, 3), revoked)]);
        assert_eq!(recorded.links.len(), 2);
        // Those that it signed itself end with it, without a record of their own.
        let all = authority.links().unwrap();
        assert!(all.iter().all(|(record, _)| record.state == revoked));
        let made = authority.link(None).unwrap();
        let links: Vec<Link> = made.iter().map(|made| made.link).collect();
        assert_eq!(links, [link(1, 3), link(3, 1)]);
    }

    /// What is signed, and the signature.
    fn parts(der: &[u8]) -> [Vec<u8>; 2] {
        use crate::asn1::Reader;
        use crate::asn1::tag;
        let mut certificate = Reader::new(der).nested(tag::SEQUENCE).unwrap();
        let tbs = certificate.any().unwrap().der.to_vec();
        certificate.any().unwrap();
        [tbs, certificate.bit_string().unwrap().to_vec()]
    }
}
