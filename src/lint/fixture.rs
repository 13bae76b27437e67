//! Certificates for the tests of this room, and a tree in which any value of one can be changed.

use crate::asn1::Der;
use crate::asn1::PublicKey;
use crate::asn1::Reader;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Generation;
use crate::credential::Kind;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::holder::Address;
use crate::holder::Alias;
use crate::holder::BasicFour;
use crate::holder::BirthDate;
use crate::holder::Municipality;
use crate::holder::Name;
use crate::holder::Sex;
use crate::profile::Attested;
use crate::profile::CaGrant;
use crate::profile::Grant;
use crate::profile::Issuer;
use crate::profile::LinkGrant;
use crate::profile::Organisation;
use crate::profile::PolicyArc;
use crate::profile::Realm;
use crate::profile::Service;
use crate::profile::ServiceGrant;
use crate::profile::TbsCertificate;
use crate::profile::ca_certificate;
use crate::profile::signature_certificate;
use crate::profile::user_authentication_certificate;

use super::certificate::Parts;

/// The realm of production.
pub(super) fn production() -> Realm {
    let organisation = Organisation::new("JPKI").unwrap();
    Realm::new(organisation, PolicyArc::Production, "http://ocspauthnorm.jpki.go.jp").unwrap()
}

/// A published file.
pub(super) fn published(name: &str) -> Vec<u8> {
    std::fs::read(format!("testdata/jlis-ca/{name}.cer")).unwrap()
}

/// The bytes that are signed in a certificate.
pub(super) fn signed_part(certificate: &[u8]) -> &[u8] {
    Reader::new(certificate).nested(tag::SEQUENCE).unwrap().any().unwrap().der
}

/// The key in a published file.
pub(super) fn key_of(name: &str) -> PublicKey {
    let certificate = published(name);
    PublicKey::from_der(Parts::read(signed_part(&certificate)).unwrap().key.der).unwrap()
}

/// The second generation of an authority, as it was published.
pub(super) fn second_generation(ca: CaName) -> Issuer {
    let (file, serial, begins) = match ca {
        CaName::Signature => ("signca02", 0x0132_c4ab, "2019-09-14T23:41:56Z"),
        CaName::UserAuthentication => ("authca02", 0x0133_c349, "2019-09-14T23:41:59Z"),
    };
    let key = key_of(file);
    Issuer {
        ca,
        generation: Generation::new(2).unwrap(),
        serial: Serial::new(serial).unwrap(),
        key_id: key.key_id(),
        algorithm: key.algorithm(),
        profile: Profile::Current,
        not_before: instant(begins),
        not_after: instant("2029-09-14T14:59:59Z"),
    }
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn kiyose() -> Municipality {
    Municipality::from_code("132217").unwrap()
}

/// A holder's certificate as it should be, for an invented holder.
pub(super) fn holder_certificate(realm: &Realm, kind: Kind, carrier: Carrier) -> TbsCertificate {
    holder_certificate_by(&second_generation(kind.ca()), realm, carrier, "2029-02-17")
}

/// The certificate of that generation's kind, until the end of that day.
pub(super) fn holder_certificate_by(
    issuer: &Issuer,
    realm: &Realm,
    carrier: Carrier,
    end: &str,
) -> TbsCertificate {
    let kind = issuer.ca.kind();
    // Any sound key serves.
    let key = key_of("authca-test-2023");
    let grant = Grant {
        realm,
        issuer,
        serial: Serial::new(0x0312_4567).unwrap(),
        carrier,
        municipality: kiyose(),
        key: &key,
        requested_at: instant("2024-05-07T08:26:00Z"),
        not_before: instant("2024-05-20T17:38:11Z"),
        end: end.parse().unwrap(),
    };
    match kind {
        Kind::UserAuthentication => user_authentication_certificate(&grant),
        Kind::Signature => {
            let address = "東京都清瀬市中里５－８４２";
            let four = BasicFour {
                name: Name::new("ANNA O'SAMPLE", true, &[]).unwrap(),
                birth_date: BirthDate::parse("1980-02-17").unwrap(),
                sex: Sex::Female,
                address: Address::new(address, kiyose(), false, &[]).unwrap(),
            };
            let attested = Attested {
                four: &four,
                former_surname: None,
                alias: Some(&Alias::new("見本　杏奈").unwrap()),
                birth_date: &four.birth_date.encoded(),
            };
            signature_certificate(&grant, &attested)
        }
    }
}

/// A published certificate of an authority, made anew from its published facts.
pub(super) fn authority_certificate(
    organisation: &str,
    ca: CaName,
    file: &str,
    serial: u64,
    begins: &str,
) -> TbsCertificate {
    authority_certificate_for(Profile::Current, organisation, ca, file, serial, begins)
}

/// The same for such cards.
pub(super) fn authority_certificate_for(
    profile: Profile,
    organisation: &str,
    ca: CaName,
    file: &str,
    serial: u64,
    begins: &str,
) -> TbsCertificate {
    let organisation = Organisation::new(organisation).unwrap();
    let realm = Realm::new(organisation, PolicyArc::Production, "http://unused.invalid").unwrap();
    ca_certificate(&CaGrant {
        realm: &realm,
        ca,
        generation: Generation::FIRST,
        serial: Serial::new(serial).unwrap(),
        key: &key_of(file),
        profile,
        not_before: instant(begins),
    })
    .unwrap()
}

/// A service's certificate as it should be.
pub(super) fn service_certificate(realm: &Realm, ca: CaName, service: Service) -> TbsCertificate {
    service_certificate_from(realm, ca, service, "2024-05-20T17:38:11Z")
}

/// A service's certificate that begins then.
pub(super) fn service_certificate_from(
    realm: &Realm,
    ca: CaName,
    service: Service,
    begins: &str,
) -> TbsCertificate {
    let grant = ServiceGrant {
        realm,
        issuer: &second_generation(ca),
        service,
        serial: Serial::new(0x0312_4568).unwrap(),
        // Any sound key serves.
        key: &key_of("authca-test-2023"),
        not_before: instant(begins),
    };
    crate::profile::service_certificate(&grant).unwrap()
}

/// A link certificate as it should be: the third generation's key, certified by the second.
pub(super) fn link_certificate(realm: &Realm, ca: CaName) -> TbsCertificate {
    let (file, serial, begins) = match ca {
        CaName::Signature => ("signca03", 0x067c_6a21, "2023-07-16T00:50:27Z"),
        CaName::UserAuthentication => ("authca03", 0x06d1_8006, "2023-07-16T01:01:04Z"),
    };
    let key = key_of(file);
    let certified = Issuer {
        generation: Generation::new(3).unwrap(),
        serial: Serial::new(serial).unwrap(),
        key_id: key.key_id(),
        algorithm: key.algorithm(),
        not_before: instant(begins),
        not_after: instant("2033-07-15T14:59:59Z"),
        ..second_generation(ca)
    };
    crate::profile::link_certificate(&LinkGrant {
        realm,
        issuer: &second_generation(ca),
        certified: &certified,
        key: &key,
        serial: Serial::new(0x0312_4569).unwrap(),
        not_before: instant("2024-05-20T17:38:11Z"),
    })
}

/// DER as a tree. The value of an extension is a branch too.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Leaf(u8, Vec<u8>),
    Branch(u8, Vec<Self>),
}

impl Node {
    pub(super) fn of(der: &[u8]) -> Self {
        Self::row(der).unwrap().remove(0)
    }

    fn row(mut bytes: &[u8]) -> Option<Vec<Self>> {
        let mut nodes = Vec::new();
        while !bytes.is_empty() {
            let value = Reader::new(bytes).any().ok()?;
            bytes = &bytes[value.der.len()..];
            let within = Self::row(value.contents);
            nodes.push(match within {
                Some(within) if value.tag & 0x20 != 0 => Self::Branch(value.tag, within),
                // The wrapper of an extension's value; within it, the key identifier is no DER.
                Some(within) if value.tag == tag::OCTET_STRING && within.len() == 1 => {
                    Self::Branch(value.tag, within)
                }
                Some(_) | None => Self::Leaf(value.tag, value.contents.to_vec()),
            });
        }
        Some(nodes)
    }

    pub(super) fn der(&self) -> Vec<u8> {
        Der::build(|der| self.write(der))
    }

    fn write(&self, der: &mut Der) {
        match self {
            Self::Leaf(tag, contents) => der.primitive(*tag, contents),
            Self::Branch(tag, nodes) => der.nested(*tag, |der| {
                for node in nodes {
                    node.write(der);
                }
            }),
        }
    }

    /// The value at a path of positions.
    pub(super) fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |node, position| &mut node.nodes()[*position])
    }

    /// The values within.
    pub(super) fn nodes(&mut self) -> &mut Vec<Self> {
        match self {
            Self::Branch(_, nodes) => nodes,
            Self::Leaf(..) => panic!("a leaf"),
        }
    }

    /// Replaces the tag.
    pub(super) fn tag(&mut self, new: u8) {
        match self {
            Self::Leaf(tag, _) | Self::Branch(tag, _) => *tag = new,
        }
    }

    /// Replaces the contents of a leaf.
    pub(super) fn set(&mut self, new: &[u8]) {
        match self {
            Self::Leaf(_, contents) => *contents = new.to_vec(),
            Self::Branch(..) => panic!("a branch"),
        }
    }

    /// The extensions of a certificate to be signed.
    pub(super) fn extensions(&mut self) -> &mut Vec<Self> {
        self.at(&[7, 0]).nodes()
    }

    /// The extension with this identifier.
    pub(super) fn extension(&mut self, oid: ObjectIdentifier) -> &mut Self {
        let found = self.extensions().iter_mut().find(|extension| {
            matches!(extension, Self::Branch(_, nodes)
                if matches!(&nodes[0], Self::Leaf(_, found) if found == oid.as_bytes()))
        });
        found.unwrap()
    }

    /// The value of the extension with this identifier.
    pub(super) fn value(&mut self, oid: ObjectIdentifier) -> &mut Self {
        let parts = self.extension(oid).nodes();
        let last = parts.len() - 1;
        parts[last].at(&[0])
    }

    /// The text of an item: a position in encoded order.
    pub(super) fn item(&mut self, position: usize) -> &mut Self {
        self.value(oid::SUBJECT_ALT_NAME).at(&[position, 1, 0])
    }

    /// The value of an attribute: the position of a name among the fields, and of the attribute.
    pub(super) fn attribute(&mut self, field: usize, position: usize) -> &mut Self {
        self.at(&[field, position, 0, 1])
    }
}
