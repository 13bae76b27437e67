//! What is read of requests that the library wrote, and what is refused.

use der::Encode as _;
use der::asn1::BitString;
use proptest::prelude::*;
use x509_cert::serial_number::SerialNumber;
use x509_ocsp::OcspRequest;

use crate::asn1::Der;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::credential::CaName;
use crate::credential::Serial;
use crate::ocsp::CertId;
use crate::ocsp::Hash;
use crate::ocsp::MAX_ASKED;
use crate::ocsp::MAX_REQUEST;
use crate::ocsp::Refusal;
use crate::ocsp::Request;
use crate::ocsp::RequestFault;
use crate::ocsp::fixture::Client;
use crate::ocsp::fixture::any as any_parameters;
use crate::ocsp::fixture::cert_id;
use crate::ocsp::fixture::extension;
use crate::ocsp::fixture::issuer;
use crate::ocsp::fixture::nonce;
use crate::ocsp::fixture::request;
use crate::ocsp::fixture::simple;
use crate::ocsp::fixture::somebody;
use crate::ocsp::request::plain;

fn read(request: &OcspRequest) -> Result<Request, RequestFault> {
    Request::read_or_fault(&request.to_der().unwrap())
}

/// The fault of the simple request with a change.
fn fault(change: impl FnOnce(&mut OcspRequest)) -> Option<RequestFault> {
    let mut request = simple();
    change(&mut request);
    read(&request).err()
}

#[test]
fn a_certificate_is_asked_for_by_either_hash() {
    let ours = issuer(CaName::Signature, 2);
    let others = [
        issuer(CaName::Signature, 3),
        issuer(CaName::UserAuthentication, 2),
        issuer(CaName::UserAuthentication, 3),
    ];
    for (hash, null) in Hash::ALL.into_iter().flat_map(|hash| [(hash, true), (hash, false)]) {
        let id = cert_id(&ours, hash, null, &[1, 0x32, 0xc4, 0xab]);
        let read = read(&request(vec![id.clone()])).unwrap();
        let [asked] = read.asked() else { panic!("{read:?}") };
        assert_eq!(asked.as_der(), id.to_der().unwrap());
        assert_eq!((asked.hash(), asked.serial()), (Some(hash), Serial::new(20_104_363).ok()));
        assert!(ours.is_asked(asked));
        assert!(others.iter().all(|other| !other.is_asked(asked)));
        let (name, key) = ours.hashes().by(hash);
        assert_eq!((asked.issuer_name_hash(), asked.issuer_key_hash()), (name, key));
        assert_eq!(asked.serial_contents(), [1, 0x32, 0xc4, 0xab]);
        if null {
            assert_eq!(asked, &CertId::new(hash, ours.hashes(), Serial::new(20_104_363).unwrap()));
        }
        assert_eq!((read.nonce(), read.is_signed(), read.signer()), (None, false, None));
    }
}

#[test]
fn an_id_with_another_algorithm_names_no_certificate_of_ours() {
    let ours = issuer(CaName::Signature, 2);
    let mut other = cert_id(&ours, Hash::Sha1, true, &[5]);
    other.hash_algorithm.oid = oid::ECDSA_SHA256;
    let mut parameters = cert_id(&ours, Hash::Sha1, true, &[5]);
    parameters.hash_algorithm.parameters = Some(any_parameters());
    let mut swapped = cert_id(&ours, Hash::Sha1, true, &[5]);
    std::mem::swap(&mut swapped.issuer_name_hash, &mut swapped.issuer_key_hash);
    for id in [other, parameters, swapped] {
        let read = read(&request(vec![id])).unwrap();
        assert!(!ours.is_asked(&read.asked()[0]));
    }
}

#[test]
fn numbers_that_no_certificate_of_ours_has_are_no_serials() {
    let ours = issuer(CaName::Signature, 2);
    let der = |contents: &[u8]| {
        let id = CertId::new(Hash::Sha1, ours.hashes(), Serial::FIRST);
        let mut der = id.as_der()[..id.as_der().len() - 3].to_vec();
        der[1] += u8::try_from(contents.len()).unwrap() - 1;
        der.extend(Der::build(|der| der.primitive(tag::INTEGER, contents)));
        der
    };
    let serial = |contents: &[u8]| CertId::read(&der(contents)).unwrap().serial();
    for bad in [&[0][..], &[0xff], &[0x80, 0], &[0, 0x80, 0, 0, 0, 0, 0, 0, 0], &[0x7f; 20]] {
        assert_eq!(serial(bad), None, "{bad:02x?}");
    }
    assert_eq!(serial(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(Serial::MAX));
    assert_eq!(serial(&[0, 0x80]), Serial::new(128).ok());
    assert!(CertId::read(&der(&[0, 0x7f])).is_err(), "not the shortest form");
    // The library reads them too: they are asked for and answered, as unknown.
    let mut long = simple();
    let number = SerialNumber::new(&[0x7f; 20]).unwrap();
    long.tbs_request.request_list[0].req_cert.serial_number = number;
    assert_eq!(read(&long).unwrap().asked()[0].serial(), None);
}

#[test]
fn several_are_asked_for_at_once_up_to_a_bound() {
    let ours = issuer(CaName::UserAuthentication, 3);
    let ids = |count: usize| {
        let id = |number: u8| cert_id(&ours, Hash::Sha256, true, &[1, number]);
        (0..=u8::MAX).take(count).map(id).collect::<Vec<_>>()
    };
    let read_all = read(&request(ids(MAX_ASKED))).unwrap();
    assert_eq!(read_all.asked().len(), MAX_ASKED);
    let last = read_all.asked().last().unwrap();
    assert_eq!(last.as_der(), ids(MAX_ASKED).pop().unwrap().to_der().unwrap());
    assert_eq!(read(&request(ids(MAX_ASKED + 1))), Err(RequestFault::TooMany));
    assert_eq!(read(&request(Vec::new())), Err(RequestFault::Empty));
}

#[test]
fn a_nonce_has_1_to_128_octets() {
    let with = |value: Vec<u8>, critical| {
        let mut request = simple();
        let nonce = extension(oid::OCSP_NONCE, critical, &value);
        request.tbs_request.request_extensions = Some(vec![nonce]);
        read(&request).map(|read| read.nonce().map(|nonce| nonce.as_bytes().to_vec()))
    };
    let octets = |count: usize| Der::build(|der| der.primitive(tag::OCTET_STRING, &vec![7; count]));
    for (count, critical) in [(1, false), (16, true), (32, false), (127, false), (128, true)] {
        assert_eq!(with(octets(count), critical), Ok(Some(vec![7; count])));
    }
    let mut behind = octets(16);
    behind.push(0);
    // Without the OCTET STRING, as clients before RFC 8954 wrote it.
    for bad in [octets(0), octets(129), vec![7; 16], Vec::new(), behind, vec![0x24, 2, 4, 0]] {
        assert_eq!(with(bad, false), Err(RequestFault::Nonce));
    }
}

#[test]
fn extensions_are_passed_over_unless_they_are_critical() {
    let with = |extensions: Vec<_>| {
        fault(|request| request.tbs_request.request_extensions = Some(extensions))
    };
    let single = |extensions: Vec<_>| {
        fault(|request| {
            let single = &mut request.tbs_request.request_list[0];
            single.single_request_extensions = Some(extensions);
        })
    };
    let strange = oid::ObjectIdentifier::new_unwrap("1.2.392.200149.9.9.9");
    for other in [strange, oid::OCSP_SERVICE_LOCATOR, oid::OCSP_PREFERRED_ALGORITHMS] {
        let places: [&dyn Fn(_) -> _; 2] = [&with, &single];
        for place in places {
            assert_eq!(place(vec![extension(other, false, b"any")]), None);
            let critical = vec![extension(other, true, b"any")];
            assert_eq!(place(critical), Some(RequestFault::Critical));
            let twice = vec![extension(other, false, b"1"), extension(other, false, b"2")];
            assert_eq!(place(twice), Some(RequestFault::Twice));
        }
    }
    assert_eq!(with(vec![nonce(&[7]), nonce(&[7])]), Some(RequestFault::Twice));
    assert_eq!(with(Vec::new()), Some(RequestFault::NoExtensions));
    assert_eq!(single(Vec::new()), Some(RequestFault::NoExtensions));
    // A nonce belongs to the whole request.
    assert_eq!(single(vec![nonce(&[])]), None);
}

#[test]
fn who_takes_no_basic_answer_gets_none() {
    let types = |types: &[oid::ObjectIdentifier], critical| {
        let value = Der::build(|der| {
            der.sequence(|der| types.iter().for_each(|one| der.oid(*one)));
        });
        let types = extension(oid::OCSP_RESPONSE_TYPES, critical, &value);
        fault(|request| request.tbs_request.request_extensions = Some(vec![types]))
    };
    assert_eq!(types(&[oid::OCSP_BASIC], false), None);
    assert_eq!(types(&[oid::OCSP_NONCE, oid::OCSP_BASIC], true), None);
    for bad in [&[][..], &[oid::OCSP_NONCE]] {
        assert_eq!(types(bad, false), Some(RequestFault::Types));
    }
    let garbage = extension(oid::OCSP_RESPONSE_TYPES, false, &[0x30, 2, 5, 0]);
    let with = fault(|request| request.tbs_request.request_extensions = Some(vec![garbage]));
    assert_eq!(with, Some(RequestFault::Types));
}

#[test]
fn a_signature_is_verified_under_the_first_certificate() {
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let client = Client::new(algorithm);
        let mut signed = simple();
        client.sign(&mut signed);
        let read_signed = read(&signed).unwrap();
        assert!(read_signed.is_signed());
        assert_eq!(read_signed.signer(), Some(&client.certificate.to_der().unwrap()[..]));

        let change = |change: &dyn Fn(&mut OcspRequest)| {
            let mut changed = signed.clone();
            change(&mut changed);
            read(&changed).err()
        };
        let asked = change(&|request| {
            let number = SerialNumber::new(&[6]).unwrap();
            request.tbs_request.request_list[0].req_cert.serial_number = number;
        });
        assert_eq!(asked, Some(RequestFault::Signature));
        let another = Client::new(algorithm).certificate;
        let first = change(&|request| {
            let signature = request.optional_signature.as_mut().unwrap();
            signature.certs.as_mut().unwrap().insert(0, another.clone());
        });
        assert_eq!(first, Some(RequestFault::Signature));
        for certs in [None, Some(Vec::new())] {
            let none = change(&|request| {
                request.optional_signature.as_mut().unwrap().certs.clone_from(&certs);
            });
            assert_eq!(none, Some(RequestFault::NoCertificate));
        }
        let nameless = change(&|request| {
            request.tbs_request.requestor_name = None;
            client.sign_as_it_is(request);
        });
        assert_eq!(nameless, Some(RequestFault::Nameless));
        let other = change(&|request| {
            let signature = request.optional_signature.as_mut().unwrap();
            signature.signature_algorithm.oid = oid::SHA256_WITH_RSA;
        });
        assert_eq!(other, Some(RequestFault::Algorithm));
        let empty = change(&|request| {
            let signature = request.optional_signature.as_mut().unwrap();
            signature.signature = BitString::from_bytes(&[]).unwrap();
        });
        assert_eq!(empty, Some(RequestFault::Signature));
    }
    let ed25519 = Client::new(&rcgen::PKCS_ED25519);
    assert_eq!(fault(|request| ed25519.sign(request)), Some(RequestFault::Algorithm));
    // Who is named and does not sign has said nothing.
    let named = fault(|request| request.tbs_request.requestor_name = Some(somebody()));
    assert_eq!(named, None);
}

#[test]
fn only_the_one_encoding_is_read() {
    let good = simple().to_der().unwrap();
    assert!(Request::read(&good).is_ok());
    let malformed = |der: &[u8]| {
        assert_eq!(Request::read_or_fault(der), Err(RequestFault::Der));
        assert_eq!(Request::read(der), Err(Refusal::MalformedRequest));
    };
    malformed(&[]);
    malformed(&[good.as_slice(), &[0]].concat());
    malformed(&good[..good.len() - 1]);
    let inside = &good[4..];
    let tbs = |before: &[u8]| {
        Der::build(|der| {
            der.sequence(|der| {
                der.sequence(|der| {
                    der.raw(before);
                    der.raw(inside);
                });
            });
        })
    };
    assert_eq!(tbs(&[]), good);
    malformed(&tbs(&[0xa0, 3, 2, 1, 0]));
    malformed(&tbs(&[0xa0, 3, 2, 1, 1]));
    // The library passes over what it does not know between fields that it knows.
    malformed(&tbs(&[0x80, 1, 7]));
    let mut last = good.clone();
    last[1] += 2;
    last.extend([0x81, 0]);
    malformed(&last);
    assert_eq!(Request::read_or_fault(&vec![0x30; MAX_REQUEST + 1]), Err(RequestFault::Length));
    malformed(&vec![0x30; MAX_REQUEST]);
}

#[test]
fn a_request_full_of_extensions_is_read_at_once() {
    let many = (0_u32..4000).map(|arc| {
        let oid = oid::ObjectIdentifier::from_arcs([1, 2, 392, arc]).unwrap();
        extension(oid, false, &[])
    });
    let many: Vec<_> = many.collect();
    assert_eq!(fault(|request| request.tbs_request.request_extensions = Some(many)), None);
}

/// Requests as most clients send them.
fn plain_ones() -> Vec<Vec<u8>> {
    let ours = issuer(CaName::Signature, 2);
    let mut all = Vec::new();
    for (hash, null) in Hash::ALL.into_iter().flat_map(|hash| [(hash, true), (hash, false)]) {
        for count in [1, 2, MAX_ASKED] {
            let ids = vec![cert_id(&ours, hash, null, &[1, 0x32, 0xc4, 0xab]); count];
            for octets in [0, 1, 32, 128] {
                let mut request = request(ids.clone());
                if octets > 0 {
                    request.tbs_request.request_extensions = Some(vec![nonce(&vec![7; octets])]);
                }
                all.push(request.to_der().unwrap());
            }
        }
    }
    all
}

#[test]
fn what_most_clients_send_is_read_at_first_sight_and_as_the_library_reads_it() {
    for der in plain_ones() {
        assert_eq!(plain(&der).unwrap(), Request::read_with_library(&der).unwrap());
    }
}

proptest! {
    #[test]
    fn whatever_is_read_at_first_sight_the_library_reads_alike(
        which in any::<proptest::sample::Index>(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
        cut in 0_usize..3,
    ) {
        let mut der = which.get(&plain_ones()).clone();
        // Near the beginning, where the structure is, as often as anywhere.
        for (position, octet) in changes {
            let end = if octet % 2 == 0 { der.len() } else { der.len().min(90) };
            *position.get_mut(&mut der[..end]) = octet;
        }
        der.truncate(der.len() - cut);
        if let Some(read) = plain(&der) {
            prop_assert_eq!(Request::read_with_library(&der), Ok(read));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        prop_assert_eq!(Request::read(&bytes), Err(Refusal::MalformedRequest));
        let _ = CertId::read(&bytes);
    }

    #[test]
    fn any_damage_is_answered(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        octets in proptest::collection::vec(any::<u8>(), 1..=128),
    ) {
        let mut request = simple();
        request.tbs_request.request_extensions = Some(vec![nonce(&octets)]);
        let mut der = request.to_der().unwrap();
        let read = Request::read(&der).unwrap();
        prop_assert_eq!(read.nonce().unwrap().as_bytes(), &octets[..]);
        for (position, octet) in changes {
            *position.get_mut(&mut der) = octet;
        }
        if let Ok(read) = Request::read(&der) {
            prop_assert!(read.asked().iter().all(|id| CertId::read(id.as_der()).as_ref() == Ok(id)));
        }
    }
}
