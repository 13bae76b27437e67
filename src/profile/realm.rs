//! In whose name an authority issues.

use std::fmt;

use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::credential::Carrier;
use crate::credential::Kind;

use super::assumed;

/// What distinguishes one installation's certificates from another's: the organisation in every
/// name, the policy arc, and where status is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    organisation: Organisation,
    arc: PolicyArc,
    ocsp_url: String,
}

impl Realm {
    /// A realm.
    ///
    /// # Errors
    /// When the URL is not a short `http://` or `https://` URL in printable ASCII.
    pub fn new(
        organisation: Organisation,
        arc: PolicyArc,
        ocsp_url: &str,
    ) -> Result<Self, RealmError> {
        let rest = ocsp_url.strip_prefix("http://").or_else(|| ocsp_url.strip_prefix("https://"));
        let sound = rest.is_some_and(|rest| !rest.is_empty())
            && ocsp_url.len() <= MAX_URL
            && ocsp_url.bytes().all(|octet| octet.is_ascii_graphic());
        if sound {
            Ok(Self { organisation, arc, ocsp_url: ocsp_url.to_owned() })
        } else {
            Err(RealmError::OcspUrl)
        }
    }

    /// The sandbox: its own organisation, the test policy arc, and a name that never resolves
    /// (RFC 6761 section 6.4), so that no client is ever sent to the real service.
    #[must_use]
    pub fn sandbox() -> Self {
        Self {
            organisation: Organisation(SANDBOX_ORGANISATION.to_owned()),
            arc: PolicyArc::Test,
            ocsp_url: SANDBOX_OCSP_URL.to_owned(),
        }
    }

    /// The organisation (O) of every name.
    #[must_use]
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// Which policies are stated.
    #[must_use]
    pub fn arc(&self) -> PolicyArc {
        self.arc
    }

    /// Where the status of user-authentication certificates is answered.
    #[must_use]
    pub fn ocsp_url(&self) -> &str {
        &self.ocsp_url
    }
}

/// The organisation in the names of an installation: `JPKI-SANDBOX` unless configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation(String);

impl Organisation {
    /// An organisation name of 1 to 64 characters (X.520 `ub-organization-name`) without controls.
    ///
    /// # Errors
    /// When it is not, or begins or ends with a space.
    pub fn new(name: &str) -> Result<Self, RealmError> {
        let length = name.chars().count();
        let sound = (1..=64).contains(&length)
            && name.trim() == name
            && !name.chars().any(|c| c.is_control() || BIDI.contains(&c));
        if sound { Ok(Self(name.to_owned())) } else { Err(RealmError::Organisation) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Organisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which certificate policies are stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyArc {
    /// Test environment.
    Test,
    /// Production.
    Production,
}

impl PolicyArc {
    /// The policy of a certificate: `1.2.392.200149.8.5.1.<environment>.<kind>`.
    #[must_use]
    pub fn policy(self, kind: Kind, carrier: Carrier) -> ObjectIdentifier {
        let [signature_phone, authentication_phone] = assumed::PHONE_TEST_POLICY;
        let (environment, last) = match (self, kind, carrier) {
            (Self::Production, Kind::Signature, Carrier::Card) => (1, 20),
            (Self::Production, Kind::UserAuthentication, Carrier::Card) => (3, 30),
            (Self::Production, Kind::Signature, Carrier::Phone) => (1, 40),
            (Self::Production, Kind::UserAuthentication, Carrier::Phone) => {
                assumed::PHONE_USER_AUTHENTICATION_POLICY
            }
            (Self::Test, Kind::Signature, Carrier::Card) => (assumed::TEST_ARC, 20),
            (Self::Test, Kind::UserAuthentication, Carrier::Card) => (assumed::TEST_ARC, 30),
            (Self::Test, Kind::Signature, Carrier::Phone) => (assumed::TEST_ARC, signature_phone),
            (Self::Test, Kind::UserAuthentication, Carrier::Phone) => {
                (assumed::TEST_ARC, authentication_phone)
            }
        };
        let arc = oid::JPKI_POLICY_ARC;
        // Two one-octet arcs always fit behind this arc, so this never falls back.
        arc.push_arc(environment.into()).and_then(|oid| oid.push_arc(last.into())).unwrap_or(arc)
    }

    /// What a policy states: the reverse of [`PolicyArc::policy`].
    #[must_use]
    pub fn stated_by(policy: ObjectIdentifier) -> Option<(Self, Kind, Carrier)> {
        let arcs = [Self::Production, Self::Test].into_iter();
        let mut all = arcs.flat_map(|arc| {
            let kinds = Kind::ALL.into_iter();
            kinds.flat_map(move |kind| {
                [Carrier::Card, Carrier::Phone].map(|carrier| (arc, kind, carrier))
            })
        });
        all.find(|(arc, kind, carrier)| arc.policy(*kind, *carrier) == policy)
    }
}

/// Why a realm is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RealmError {
    /// Not an organisation name.
    #[error(
        "not an organisation name: 1 to 64 characters, no control characters, no space at the ends"
    )]
    Organisation,
    /// Not a URL for status answers.
    #[error("not an OCSP address: an http:// or https:// URL of at most 200 ASCII characters")]
    OcspUrl,
}

const SANDBOX_ORGANISATION: &str = "JPKI-SANDBOX";
const SANDBOX_OCSP_URL: &str = "http://ocsp.jpki-sandbox.invalid";
const MAX_URL: usize = 200;

/// Characters that turn the direction of text around: a name that contains them does not read as it
/// is compared.
const BIDI: [char; 12] = [
    '\u{061c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_the_published_ones() {
        let policy = |arc: PolicyArc, kind, carrier| arc.policy(kind, carrier).to_string();
        let (card, phone) = (Carrier::Card, Carrier::Phone);
        let (test, production) = (PolicyArc::Test, PolicyArc::Production);
        assert_eq!(policy(production, Kind::Signature, card), "1.2.392.200149.8.5.1.1.20");
        assert_eq!(policy(production, Kind::UserAuthentication, card), "1.2.392.200149.8.5.1.3.30");
        assert_eq!(policy(production, Kind::Signature, phone), "1.2.392.200149.8.5.1.1.40");
        assert_eq!(policy(test, Kind::Signature, card), "1.2.392.200149.8.5.1.0.20");
        assert_eq!(policy(test, Kind::UserAuthentication, card), "1.2.392.200149.8.5.1.0.30");
        for (arc, kind) in [(test, Kind::Signature), (production, Kind::UserAuthentication)] {
            for carrier in [card, phone] {
                let stated = PolicyArc::stated_by(arc.policy(kind, carrier));
                assert_eq!(stated, Some((arc, kind, carrier)));
            }
        }
        assert_eq!(PolicyArc::stated_by(oid::JPKI_POLICY_ARC), None);
    }

    #[test]
    fn organisations_and_addresses_are_bounded() {
        assert!(Organisation::new(&"あ".repeat(64)).is_ok());
        for bad in ["", " x", "x ", "a\u{202e}b", "a\nb", &"a".repeat(65)] {
            assert_eq!(Organisation::new(bad), Err(RealmError::Organisation));
        }
        let organisation = Organisation::new("X").unwrap();
        for bad in ["", "ftp://x", "http://", "http://a b", "http://例え"] {
            let realm = Realm::new(organisation.clone(), PolicyArc::Test, bad);
            assert_eq!(realm, Err(RealmError::OcspUrl), "{bad}");
        }
    }
}
