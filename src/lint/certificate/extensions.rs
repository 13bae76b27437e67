//! The row of extensions: which, in what order, critical or not. What they contain is in
//! [`contents`] and [`items`].

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::credential::Kind;
use crate::lint::finding::Rule;
use crate::lint::rules;
use crate::profile::Service;

use super::Judge;
use super::Table;
use super::contents;
use super::items;

pub(super) fn judge(judge: &mut Judge<'_>, row: Reader<'_>) {
    let Ok(found) = read(row) else { return judge.broken(&rules::EXTENSION_FORM) };
    let table: &[Row] = match judge.expected.table {
        Table::Authority(_) => &AUTHORITY,
        Table::Link(_) => &LINK,
        Table::Service(_, Service::Publication) => &PUBLICATION,
        Table::Service(_, Service::Responder) => &RESPONDER,
        Table::Holder(Kind::Signature, _) => &SIGNATURE,
        Table::Holder(Kind::UserAuthentication, _) => &USER_AUTHENTICATION,
    };
    let mut last = None;
    for (position, extension) in found.iter().enumerate() {
        let Some(at) = table.iter().position(|row| row.oid.as_bytes() == extension.oid) else {
            judge.broken_at(&rules::EXTENSION_UNKNOWN, dotted(extension.oid));
            continue;
        };
        let Some(row) = table.get(at) else { continue };
        if found.iter().take(position).any(|other| other.oid == extension.oid) {
            judge.broken_at(&rules::EXTENSION_DUPLICATE, row.name);
            continue;
        }
        if last.is_some_and(|last| at < last) {
            judge.broken_at(&rules::EXTENSION_ORDER, row.name);
        }
        last = last.max(Some(at));
        if extension.critical != row.critical {
            judge.broken_at(&rules::EXTENSION_CRITICAL, row.name);
        }
        if (row.contents)(judge, Reader::new(extension.value)).is_err() {
            judge.broken(row.form);
        }
    }
    for row in table {
        if found.iter().all(|extension| extension.oid != row.oid.as_bytes()) {
            judge.broken_at(&rules::EXTENSION_MISSING, row.name);
        }
    }
}

/// The value of the first extension with this identifier, if the row can be read.
pub(in crate::lint) fn value_of(row: Reader<'_>, oid: ObjectIdentifier) -> Option<&[u8]> {
    let found = read(row).ok()?;
    found.iter().find(|extension| extension.oid == oid.as_bytes()).map(|extension| extension.value)
}

/// One row of a table.
struct Row {
    oid: ObjectIdentifier,
    name: &'static str,
    critical: bool,
    /// Judges the value; fails when it is not built as it should be.
    contents: fn(&mut Judge<'_>, Reader<'_>) -> Result<(), NotDer>,
    /// What is broken when it fails.
    form: &'static Rule,
}

/// Signature certificate (署名用電子証明書).
const SIGNATURE: [Row; 7] = [
    KEY_USAGE,
    Row {
        oid: oid::SUBJECT_ALT_NAME,
        name: "subjectAltName",
        critical: false,
        contents: items::judge,
        form: &rules::ITEMS_FORM,
    },
    POLICIES,
    ISSUER_ALT_NAME,
    DISTRIBUTION_POINTS,
    AUTHORITY_KEY_IDENTIFIER,
    SUBJECT_KEY_IDENTIFIER,
];

/// User-authentication certificate (利用者証明用電子証明書).
const USER_AUTHENTICATION: [Row; 8] = [
    KEY_USAGE,
    EXTENDED_KEY_USAGE,
    POLICIES,
    ISSUER_ALT_NAME,
    DISTRIBUTION_POINTS,
    Row {
        oid: oid::AUTHORITY_INFO_ACCESS,
        name: "authorityInfoAccess",
        critical: false,
        contents: contents::authority_info_access,
        form: &rules::OCSP,
    },
    AUTHORITY_KEY_IDENTIFIER,
    SUBJECT_KEY_IDENTIFIER,
];

/// An authority's own certificate (認証局の自己署名証明書).
const AUTHORITY: [Row; 5] =
    [KEY_USAGE, AUTHORITY_ALT_NAME, BASIC_CONSTRAINTS, DISTRIBUTION_POINTS, SUBJECT_KEY_IDENTIFIER];

/// Link certificate (リンク証明書): ours, since none is published.
const LINK: [Row; 7] = [
    KEY_USAGE,
    AUTHORITY_ALT_NAME,
    Row {
        oid: oid::CERTIFICATE_POLICIES,
        name: "certificatePolicies",
        critical: false,
        contents: contents::any_policy,
        form: &rules::LINK_POLICY,
    },
    BASIC_CONSTRAINTS,
    DISTRIBUTION_POINTS,
    AUTHORITY_KEY_IDENTIFIER,
    SUBJECT_KEY_IDENTIFIER,
];

/// Publication certificate: ours, since none is published.
const PUBLICATION: [Row; 4] =
    [KEY_USAGE, DISTRIBUTION_POINTS, AUTHORITY_KEY_IDENTIFIER, SUBJECT_KEY_IDENTIFIER];

/// Responder certificate: ours, since none is published.
const RESPONDER: [Row; 5] = [
    KEY_USAGE,
    EXTENDED_KEY_USAGE,
    Row {
        oid: oid::OCSP_NOCHECK,
        name: "ocsp-nocheck",
        critical: false,
        contents: contents::ocsp_no_check,
        form: &rules::OCSP_NO_CHECK,
    },
    AUTHORITY_KEY_IDENTIFIER,
    SUBJECT_KEY_IDENTIFIER,
];

const KEY_USAGE: Row = Row {
    oid: oid::KEY_USAGE,
    name: "keyUsage",
    critical: true,
    contents: contents::key_usage,
    form: &rules::KEY_USAGE,
};

const EXTENDED_KEY_USAGE: Row = Row {
    oid: oid::EXTENDED_KEY_USAGE,
    name: "extKeyUsage",
    critical: false,
    contents: contents::extended_key_usage,
    form: &rules::EXTENDED_KEY_USAGE,
};

const AUTHORITY_ALT_NAME: Row = Row {
    oid: oid::SUBJECT_ALT_NAME,
    name: "subjectAltName",
    critical: false,
    contents: contents::authority_alt_name,
    form: &rules::AUTHORITY_ALT_NAME,
};

const BASIC_CONSTRAINTS: Row = Row {
    oid: oid::BASIC_CONSTRAINTS,
    name: "basicConstraints",
    critical: true,
    contents: contents::basic_constraints,
    form: &rules::BASIC_CONSTRAINTS,
};

const POLICIES: Row = Row {
    oid: oid::CERTIFICATE_POLICIES,
    name: "certificatePolicies",
    critical: true,
    contents: contents::policies,
    form: &rules::POLICY,
};

const ISSUER_ALT_NAME: Row = Row {
    oid: oid::ISSUER_ALT_NAME,
    name: "issuerAltName",
    critical: false,
    contents: contents::issuer_alt_name,
    form: &rules::ISSUER_ALT_NAME,
};

const DISTRIBUTION_POINTS: Row = Row {
    oid: oid::CRL_DISTRIBUTION_POINTS,
    name: "cRLDistributionPoints",
    critical: false,
    contents: contents::distribution_points,
    form: &rules::DISTRIBUTION_POINT,
};

const AUTHORITY_KEY_IDENTIFIER: Row = Row {
    oid: oid::AUTHORITY_KEY_IDENTIFIER,
    name: "authorityKeyIdentifier",
    critical: false,
    contents: contents::authority_key_identifier,
    form: &rules::AUTHORITY_KEY_FORM,
};

const SUBJECT_KEY_IDENTIFIER: Row = Row {
    oid: oid::SUBJECT_KEY_IDENTIFIER,
    name: "subjectKeyIdentifier",
    critical: false,
    contents: contents::subject_key_identifier,
    form: &rules::SUBJECT_KEY_ID,
};

/// One extension as it stands there.
struct Extension<'a> {
    oid: &'a [u8],
    critical: bool,
    value: &'a [u8],
}

fn read(mut row: Reader<'_>) -> Result<Vec<Extension<'_>>, NotDer> {
    let mut found = Vec::with_capacity(USER_AUTHENTICATION.len());
    while !row.is_empty() {
        let (oid, critical, value) = row.extension()?;
        if found.len() == MOST {
            return Err(NotDer);
        }
        found.push(Extension { oid, critical, value });
    }
    Ok(found)
}

fn dotted(oid: &[u8]) -> String {
    ObjectIdentifier::from_bytes(oid)
        .map_or_else(|_| "not an OID".to_owned(), |oid| oid.to_string())
}

/// Extensions read at most: four times what the profile has, so that a file cannot keep us busy.
const MOST: usize = 32;
