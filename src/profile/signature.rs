//! Signature certificate (署名用電子証明書): seven extensions; the basic four items stand in its
//! subjectAltName and nowhere else.

use crate::asn1::Der;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::credential::Kind;
use crate::holder::Alias;
use crate::holder::BasicFour;
use crate::holder::FormerSurname;

use super::assumed;
use super::extension;
use super::issuer::alternative_name;
use super::issuer::ca_name;
use super::subject;
use super::tbs::Grant;
use super::tbs::Subject;
use super::tbs::TbsCertificate;

/// What a signature certificate attests of its holder.
#[derive(Clone, Copy, Debug)]
pub struct Attested<'a> {
    /// The basic four items (基本4情報).
    pub four: &'a BasicFour,
    /// Former surname (旧氏), shown in the name item.
    pub former_surname: Option<&'a FormerSurname>,
    /// Alias of a foreign resident (通称), shown in the name item.
    pub alias: Option<&'a Alias>,
    /// The nine digits of the date of birth.
    pub birth_date: &'a str,
}

/// The signature certificate of a holder.
#[must_use]
pub fn signature_certificate(grant: &Grant<'_>, attested: &Attested<'_>) -> TbsCertificate {
    let kind = Kind::Signature;
    let (realm, issuer) = (grant.realm, grant.issuer);
    let issuer_name = ca_name(issuer.ca, realm.organisation());
    let partition = Subject::Holder(kind, grant.carrier, grant.municipality).partition();
    let (name, name_mask) = shown_name(attested);
    let four = attested.four;
    grant.write(kind, &subject::signature(grant), |der| {
        // 1. keyUsage: digitalSignature, nonRepudiation.
        extension::key_usage(der, [0x06, 0xc0]);
        // 2. subjectAltName: six otherNames in the order .1 .4 .3 .5 .2 .6.
        der.extension(oid::SUBJECT_ALT_NAME, false, |der| {
            der.sequence(|der| {
                other_name(der, oid::JPKI_NAME, &name);
                other_name(der, oid::JPKI_BIRTH_DATE, attested.birth_date);
                other_name(der, oid::JPKI_SEX, four.sex.digit().encode_utf8(&mut [0; 4]));
                other_name(der, oid::JPKI_ADDRESS, four.address.text());
                other_name(der, oid::JPKI_NAME_SUBSTITUTES, &name_mask);
                other_name(der, oid::JPKI_ADDRESS_SUBSTITUTES, four.address.mask());
            });
        });
        // 3. certificatePolicies.
        extension::certificate_policies(der, realm.arc().policy(kind, grant.carrier));
        // 4. issuerAltName: the authority's Japanese name.
        extension::alternative_name(der, oid::ISSUER_ALT_NAME, &alternative_name(issuer.ca));
        // 5. cRLDistributionPoints: the municipality's list.
        extension::distribution_point(der, &partition.name(issuer.ca, realm.organisation()));
        // 6. authorityKeyIdentifier.
        extension::authority_key_identifier(der, &issuer.key_id, &issuer_name, issuer.serial);
        // 7. subjectKeyIdentifier.
        extension::subject_key_identifier(der, &grant.key.key_id());
    })
}

/// `otherName [0]`, its value an EXPLICIT UTF8String even where it holds digits.
fn other_name(der: &mut Der, oid: ObjectIdentifier, value: &str) {
    der.nested(tag::context_constructed(0), |der| {
        der.oid(oid);
        der.nested(tag::context_constructed(0), |der| {
            der.primitive(tag::UTF8_STRING, value.as_bytes());
        });
    });
}

/// The name item and its mask, with former surname or alias in brackets.
fn shown_name(attested: &Attested<'_>) -> (String, String) {
    let name = &attested.four.name;
    let (mut text, mut mask) = (name.text().to_owned(), name.mask().to_owned());
    if let Some(former) = attested.former_surname {
        // Behind the surname: 山田［佐藤］　花子.
        let surname = text.find('\u{3000}').unwrap_or(text.len());
        let position = text.get(..surname).map_or(0, |surname| surname.chars().count());
        insert(&mut text, &mut mask, (surname, position), (former.text(), former.mask()));
    }
    if let Some(alias) = attested.alias {
        let end = (text.len(), mask.len());
        let originals = "0".repeat(alias.text().chars().count());
        insert(&mut text, &mut mask, end, (alias.text(), &originals));
    }
    (text, mask)
}

/// Inserts a bracketed text at a byte position of the text and a character position of the mask.
fn insert(text: &mut String, mask: &mut String, at: (usize, usize), inserted: (&str, &str)) {
    let (open, close) = assumed::BRACKETS;
    text.insert_str(at.0, &format!("{open}{}{close}", inserted.0));
    mask.insert_str(at.1, &format!("0{}0", inserted.1));
}
