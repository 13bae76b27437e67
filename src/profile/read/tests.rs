use proptest::collection::vec;
use proptest::prelude::any;
use proptest::proptest;
use proptest::sample::Index;

use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::holder::Address;
use crate::holder::BasicFour;
use crate::holder::BirthDate;
use crate::holder::Era;
use crate::holder::Item;
use crate::holder::Municipality;
use crate::holder::Name;
use crate::holder::Sex;
use crate::holder::Substitute;
use crate::profile::Attested;
use crate::profile::Grant;
use crate::profile::Issuer;
use crate::profile::Realm;
use crate::profile::ServiceGrant;
use crate::profile::TbsCertificate;
use crate::profile::service_certificate;
use crate::profile::signature_certificate;
use crate::profile::user_authentication_certificate;

use super::*;

const SIGNCA02: &[u8] = include_bytes!("../../../testdata/jlis-ca/signca02.cer");
const AUTHCA_TEST: &[u8] = include_bytes!("../../../testdata/jlis-ca/authca-test-2023.cer");

fn reading(der: &[u8]) -> Option<Reading> {
    Reading::of(&CertificateParts::read(der).unwrap())
}

fn municipality() -> Municipality {
    Municipality::from_code("132217").unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A certificate whose signature is nobody's.
fn unsigned(tbs: &TbsCertificate) -> Vec<u8> {
    Der::build(|der| {
        der.sequence(|der| {
            der.raw(tbs.as_der());
            der.raw(&KeyAlgorithm::RSA_2048.signature_identifier());
            der.bit_string(&[0; 256]);
        });
    })
}

fn key() -> PublicKey {
    let parts = CertificateParts::read(SIGNCA02).unwrap();
    PublicKey::from_der(parts.public_key.der).unwrap()
}

fn issuer(ca: CaName) -> Issuer {
    Issuer {
        ca,
        generation: Generation::FIRST,
        serial: Serial::FIRST,
        key_id: [7; 20],
        algorithm: KeyAlgorithm::RSA_2048,
        profile: Profile::Current,
        not_before: instant("2025-01-01T00:00:00Z"),
        not_after: instant("2034-12-31T14:59:59Z"),
    }
}

fn issued(kind: Kind, carrier: Carrier) -> Vec<u8> {
    let (key, issuer) = (key(), issuer(kind.ca()));
    let grant = Grant {
        realm: &Realm::sandbox(),
        issuer: &issuer,
        serial: Serial::new(134).unwrap(),
        carrier,
        municipality: municipality(),
        key: &key,
        requested_at: instant("2025-10-16T08:26:00Z"),
        not_before: instant("2025-10-27T01:35:57Z"),
        end: Date::new(2030, 2, 17).unwrap(),
    };
    let substitute = Substitute::new(Item::Name, 1, "U+9089 U+E0100", "辺").unwrap();
    let four = BasicFour {
        name: Name::new("渡辺　花子", false, &[substitute]).unwrap(),
        birth_date: "1980-02-17".parse().unwrap(),
        sex: Sex::Female,
        address: Address::new("東京都清瀬市中里５－８４２", municipality(), false, &[]).unwrap(),
    };
    let birth_date = four.birth_date.encoded();
    let attested =
        Attested { four: &four, former_surname: None, alias: None, birth_date: &birth_date };
    unsigned(&match kind {
        Kind::Signature => signature_certificate(&grant, &attested),
        Kind::UserAuthentication => user_authentication_certificate(&grant),
    })
}

#[test]
fn published_authorities_are_told_apart() {
    let signature = reading(SIGNCA02).unwrap();
    assert_eq!(signature.role, Some(Role::Authority(CaName::Signature)));
    assert_eq!(signature.organisation.as_deref(), Some("JPKI"));
    assert_eq!(signature.partition, Some(ListedOn::Authority));
    assert_eq!((signature.arc, signature.attested), (None, None));
    let authentication = reading(AUTHCA_TEST).unwrap();
    assert_eq!(authentication.role, Some(Role::Authority(CaName::UserAuthentication)));
    assert_eq!(authentication.organisation.as_deref(), Some("JPKI-TEST"));
}

#[test]
fn a_signature_certificate_reads_back() {
    let reading = reading(&issued(Kind::Signature, Carrier::Card)).unwrap();
    assert_eq!(reading.role, Some(Role::Holder(Kind::Signature)));
    assert_eq!(reading.arc, Some(PolicyArc::Test));
    assert_eq!(reading.carrier, Some(Carrier::Card));
    let Some(CommonName::Signature { requested_at, sequence, window, .. }) = &reading.common_name
    else {
        panic!("{:?}", reading.common_name);
    };
    assert_eq!(*requested_at, Some(instant("2025-10-16T08:26:00Z")));
    assert_eq!((sequence.as_str(), window.code.as_str()), ("00134", "13221"));
    assert_eq!(window.municipality, Some(municipality()));
    let expected = ListedOn::Municipality {
        prefecture: "Tokyo-to".to_owned(),
        label: "Kiyose-shi".to_owned(),
        municipality: Some(municipality()),
    };
    assert_eq!(reading.partition, Some(expected));

    let attested = reading.attested.as_ref().unwrap();
    assert_eq!(attested.name.text(), Some("渡辺　花子"));
    assert_eq!(attested.name_substitutes(), Some(vec![1]));
    assert_eq!(attested.birth_date.text(), Some("319800217"));
    let born: BirthDate = "1980-02-17".parse().unwrap();
    assert_eq!(attested.birth_date(), Some((Era::Showa, born)));
    assert_eq!(attested.sex(), Some(Sex::Female));
    assert_eq!(attested.address_substitutes(), Some(vec![]));
    let printed = format!("{reading:?}");
    for secret in ["渡", "花子", "1980", "中里", "20251016", "00134"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

#[test]
fn a_service_certificate_reads_back() {
    for (ca, service) in CaName::ALL.into_iter().flat_map(|ca| Service::ALL.map(|s| (ca, s))) {
        let grant = ServiceGrant {
            realm: &Realm::sandbox(),
            issuer: &issuer(ca),
            service,
            serial: Serial::new(2).unwrap(),
            key: &key(),
            not_before: instant("2025-10-27T01:35:57Z"),
        };
        let tbs = service_certificate(&grant).unwrap();
        let (end, partition) = match service {
            // Three years less a day.
            Service::Publication => ("2028-10-26T14:59:59Z", Some(ListedOn::Authority)),
            // The thirtieth day; no list says more of it.
            Service::Responder => ("2025-11-25T14:59:59Z", None),
        };
        assert_eq!(tbs.not_after(), instant(end));
        let reading = reading(&unsigned(&tbs)).unwrap();
        assert_eq!(reading.role, Some(Role::Service(ca, service)));
        assert_eq!(reading.organisation.as_deref(), Some("JPKI-SANDBOX"));
        assert_eq!(reading.partition, partition);
        assert_eq!((reading.arc, reading.carrier, reading.attested), (None, None, None));
        assert_eq!(reading.common_name, None);
    }
}

#[test]
fn a_user_authentication_certificate_reads_back() {
    let reading = reading(&issued(Kind::UserAuthentication, Carrier::Phone)).unwrap();
    assert_eq!(reading.role, Some(Role::Holder(Kind::UserAuthentication)));
    assert_eq!(reading.carrier, Some(Carrier::Phone));
    assert_eq!(reading.attested, None);
    let name = reading.common_name.unwrap();
    assert!(matches!(name, CommonName::UserAuthentication { .. }));
    assert_eq!(name.window().suffix, "003A");
}

#[test]
fn common_names_of_neither_form_are_not_read() {
    let published = CommonName::of("202510161726000013413221003A").unwrap();
    assert_eq!(published.window().municipality, Some(municipality()));
    let no_such_hour = CommonName::of("202510169926000013413221003A").unwrap();
    assert!(matches!(no_such_hour, CommonName::Signature { requested_at: None, .. }));
    let merged = CommonName::of("012345A678901299999003A").unwrap();
    assert_eq!(merged.window().municipality, None);
    for bad in [
        "",
        "山田　花子",
        "13221003A",
        "202510161726000013413221003a",
        "202510161726000013413221003AA",
        "2025101617260000134132210034",
        "山山山山aa13221003A",
        "x02510161726000013413221003A",
    ] {
        assert_eq!(CommonName::of(bad), None, "{bad}");
    }
}

#[test]
fn a_malformed_item_does_not_hide_the_others() {
    let other_name = |der: &mut Der, oid, tag, value: &str| {
        der.nested(tag::context_constructed(0), |der| {
            der.oid(oid);
            der.nested(tag::context_constructed(0), |der| der.primitive(tag, value.as_bytes()));
        });
    };
    let value = Der::build(|der| {
        der.sequence(|der| {
            der.primitive(tag::context(2), b"example.jp");
            other_name(der, oid::JPKI_NAME, tag::UTF8_STRING, "山田　花子");
            other_name(der, oid::JPKI_SEX, tag::PRINTABLE_STRING, "1");
            other_name(der, oid::JPKI_BIRTH_DATE, tag::UTF8_STRING, "319800299");
            other_name(der, oid::JPKI_ADDRESS, tag::UTF8_STRING, "東京都");
            other_name(der, oid::JPKI_ADDRESS, tag::UTF8_STRING, "大阪府");
            other_name(der, oid::JPKI_NAME_SUBSTITUTES, tag::UTF8_STRING, "0000");
        });
    });
    let attested = AttestedText::of_alternative_name(&value).unwrap();
    assert_eq!(attested.name.text(), Some("山田　花子"));
    assert!(matches!(attested.sex, ItemText::Malformed(_)));
    assert_eq!((attested.birth_date.text(), attested.birth_date()), (Some("319800299"), None));
    assert!(matches!(attested.address, ItemText::Malformed(_)), "stated twice");
    assert_eq!(attested.name_substitutes(), None, "a mask of another length");
    assert_eq!(attested.address_mask, ItemText::Absent);
    let foreign = Der::build(|der| der.sequence(|der| der.primitive(0x82, b"example.jp")));
    assert_eq!(AttestedText::of_alternative_name(&foreign), None);
}

proptest! {
    #[test]
    fn any_change_is_answered(changes in vec((any::<Index>(), any::<u8>()), 1..5)) {
        let mut der = issued(Kind::Signature, Carrier::Card);
        for (at, octet) in changes {
            *at.get_mut(&mut der) = octet;
        }
        let _ = CertificateParts::read(&der).as_ref().and_then(Reading::of);
    }

    #[test]
    fn any_octets_are_answered(octets: Vec<u8>, text: String) {
        let _ = (ListedOn::of(&octets), AttestedText::of_alternative_name(&octets));
        let _ = (CommonName::of(&text), CertificateParts::read(&octets));
    }
}
