//! Tokens, held against what they promise, on SoftHSM.

mod faults;
mod keys;

use std::sync::mpsc;
use std::time::Duration;

use super::fixture::PIN;
use super::fixture::Soft;
use super::fixture::quick;
use super::*;
use crate::asn1::KeyAlgorithm;
use crate::signer::Passphrase;
use crate::signer::SignError;
use crate::signer::Signer as _;
use crate::signer::conformance;
use crate::signer::self_test;

/// Lets some time pass.
fn pause(milliseconds: u64) {
    let (_kept, never) = mpsc::channel::<()>();
    assert!(never.recv_timeout(Duration::from_millis(milliseconds)).is_err());
}

#[test]
fn every_algorithm_conforms() {
    let soft = Soft::new();
    let token = soft.open_with(PIN, TokenLimits::default()).unwrap();
    for algorithm in ALGORITHMS {
        let signer = token.generate(&format!("jpki/{algorithm}"), algorithm).unwrap();
        conformance::conforms(&signer, algorithm);
        assert!(signer.sign_digest(&algorithm.digest(b"message")).is_some());
    }
    assert!(token.health().is_well());
    let weak = token.generate("jpki/weak", KeyAlgorithm::Rsa(1024)).unwrap_err();
    assert_eq!(weak, TokenError::NoGenerator(KeyAlgorithm::Rsa(1024)));
}

#[test]
fn a_wrong_pin_is_refused_and_the_third_locks_it() {
    let soft = Soft::new();
    let wrong = "31415926";
    for _ in 0..2 {
        let refused = soft.open_with(wrong, quick()).unwrap_err();
        assert_eq!(refused, TokenError::PinRefused);
        assert_eq!(SignError::from(refused), SignError::PinRefused);
    }
    drop(soft.open());
    for _ in 0..3 {
        assert_eq!(soft.open_with(wrong, quick()).unwrap_err(), TokenError::PinRefused);
    }
    for pin in [wrong, PIN] {
        let refused = soft.open_with(pin, quick()).unwrap_err();
        assert_eq!(refused, TokenError::PinLocked);
        assert_eq!(SignError::from(refused), SignError::PinLocked);
    }
}

#[test]
fn what_the_address_names_has_to_be_there_once() {
    let soft = Soft::new();
    let open =
        |uri: &str| Token::open(&uri.parse().unwrap(), &Passphrase::new(PIN).unwrap(), quick());
    let module = soft.path("shim.so").display().to_string();
    let missing = open("pkcs11:token=jpki?module-path=/nowhere/module.so").unwrap_err();
    assert!(matches!(missing, TokenError::Module { .. }), "{missing}");
    assert!(missing.to_string().contains("/nowhere/module.so"), "{missing}");
    let text = soft.path("softhsm2.conf").display().to_string();
    let no_module = open(&format!("pkcs11:token=jpki?module-path={text}")).unwrap_err();
    assert!(matches!(no_module, TokenError::Module { .. }), "{no_module}");
    let other = open(&format!("pkcs11:token=other?module-path={module}")).unwrap_err();
    assert_eq!(other, TokenError::NoToken { wanted: "labelled \"other\"".into() });

    let serial = soft.open().serial().unwrap().to_owned();
    soft.util(&["--init-token", "--free", "--label", "jpki", "--so-pin", "so-pin", "--pin", PIN]);
    let two = open(&format!("pkcs11:token=jpki?module-path={module}")).unwrap_err();
    assert_eq!(two, TokenError::Ambiguous { wanted: "labelled \"jpki\"".into(), count: 2 });
    let one = open(&format!("pkcs11:token=jpki;serial={serial}?module-path={module}")).unwrap();
    assert_eq!(one.serial(), Some(serial.as_str()));
}

#[test]
fn tokens_of_one_module_share_it_and_it_can_be_opened_again() {
    let soft = Soft::new();
    let (one, other) = (soft.open(), soft.open());
    let signer = one.generate("jpki/a", KeyAlgorithm::P256).unwrap();
    drop(one);
    assert_eq!(other.find("jpki/a").unwrap().len(), 1);
    self_test(&signer).unwrap();
    drop((other, signer));
    // Nobody is logged in any more, and the module was finalised.
    assert_eq!(soft.open_with("31415926", quick()).unwrap_err(), TokenError::PinRefused);
    self_test(&soft.open().find("jpki/a").unwrap()[0]).unwrap();
}

#[test]
fn nothing_prints_the_pin() {
    let soft = Soft::new();
    let token = soft.open();
    let signer = token.generate("jpki/a", KeyAlgorithm::P256).unwrap();
    let mut said = vec![format!("{token:?} {signer:?} {:?}", token.uri()), token.uri().to_string()];
    let mut tell = |error: TokenError| {
        said.push(format!("{error} {error:?} {}", SignError::from(&error)));
    };
    for fault in [
        "C_Login -1 return 0xa0",
        "C_Login -1 return 0xa4",
        "C_Login -1 return 0x102",
        "C_Login -1 return 0x30",
        "C_Login -1 return 0x80000001",
        "C_OpenSession -1 return 0xb1",
        "C_GetTokenInfo -1 lock",
        "C_GetSlotList -1 none",
        "C_GetSlotList -1 return 0x5",
    ] {
        let fresh = Soft::new();
        fresh.faults(fault);
        tell(fresh.open_with(PIN, quick()).unwrap_err());
    }
    let long = format!("{PIN}{PIN}");
    tell(Soft::new().open_with(&long, quick()).unwrap_err());
    for line in said {
        assert!(!line.contains(PIN), "{line}");
    }
}

/// Every algorithm that an authority may have a key of.
const ALGORITHMS: [KeyAlgorithm; 5] = [
    KeyAlgorithm::Rsa(2048),
    KeyAlgorithm::Rsa(3072),
    KeyAlgorithm::Rsa(4096),
    KeyAlgorithm::P256,
    KeyAlgorithm::P384,
];
