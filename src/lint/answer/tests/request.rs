//! Requests of anyone, as files.

use std::collections::BTreeSet;

use der::Encode as _;
use x509_ocsp::OcspRequest;

use crate::asn1::oid;
use crate::lint::REQUEST_RULES;
use crate::lint::request_file;
use crate::ocsp::fixture::Client;
use crate::ocsp::fixture::extension;
use crate::ocsp::fixture::nonce;
use crate::ocsp::fixture::simple;

use super::ids;

#[test]
fn every_rule_is_broken_by_something() {
    let mut seen = BTreeSet::new();
    let mut case = |change: &dyn Fn(&mut OcspRequest), expected: &[&'static str], conforms| {
        let mut request = simple();
        change(&mut request);
        let report = request_file(&request.to_der().unwrap());
        assert_eq!(ids(&report.findings), expected);
        assert_eq!((report.conforms(), report.asked.is_some()), (conforms, conforms));
        seen.extend(expected.iter().copied());
    };
    case(&|_| {}, &[], true);
    let with = |extensions: Vec<_>| {
        move |request: &mut OcspRequest| {
            request.tbs_request.request_extensions = Some(extensions.clone());
        }
    };
    case(&with(vec![nonce(&[7; 16])]), &[], true);
    case(&with(vec![nonce(&[7; 15])]), &["L-OCSP-REQ-NONCE-SHORT"], true);
    case(&with(vec![nonce(&[7; 129])]), &["L-OCSP-REQ-NONCE"], false);
    case(&with(vec![]), &["L-OCSP-REQ-EXTENSIONS"], false);
    case(&with(vec![nonce(&[7; 16]), nonce(&[7; 16])]), &["L-OCSP-REQ-EXTENSIONS"], false);
    let critical = extension(oid::CRL_NUMBER, true, &[2, 1, 1]);
    case(&with(vec![critical]), &["L-OCSP-REQ-CRITICAL"], false);
    let types = extension(oid::OCSP_RESPONSE_TYPES, false, &[0x30, 0]);
    case(&with(vec![types]), &["L-OCSP-REQ-TYPES"], false);
    case(&|request| request.tbs_request.request_list.clear(), &["L-OCSP-REQ-ASKED"], false);
    let many = |request: &mut OcspRequest| {
        let one = request.tbs_request.request_list[0].clone();
        request.tbs_request.request_list = vec![one; 101];
    };
    case(&many, &["L-OCSP-REQ-ASKED"], false);
    let client = Client::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    case(&|request| client.sign(request), &["L-OCSP-REQ-UNCHECKED"], true);
    case(&|request| client.sign_as_it_is(request), &["L-OCSP-REQ-SIGNER"], false);
    let changed = |request: &mut OcspRequest| {
        client.sign(request);
        request.tbs_request.request_extensions = Some(vec![nonce(&[7; 16])]);
    };
    case(&changed, &["L-OCSP-REQ-SIGNATURE"], false);

    let report = request_file(&[simple().to_der().unwrap(), vec![0]].concat());
    assert_eq!(ids(&report.findings), ["L-OCSP-REQ-DER"]);
    seen.insert("L-OCSP-REQ-DER");
    let all: BTreeSet<_> = REQUEST_RULES.iter().map(|rule| rule.id).collect();
    assert_eq!((all.len(), &seen), (REQUEST_RULES.len(), &all));
}
