//! Devices that fail: what was certainly not done is done again, what may have been done is not.

use std::thread;

use super::*;
use crate::asn1::PublicKey;
use crate::clock::Stopwatch;

const SESSION_HANDLE_INVALID: &str = "0xb3";
const DEVICE_ERROR: &str = "0x30";

/// A token with a key that has signed, so that the next call is one call.
fn warm(limits: TokenLimits) -> (Soft, Token, TokenSigner) {
    let soft = Soft::new();
    let token = soft.open_with(PIN, limits).unwrap();
    let signer = token.generate("jpki/a", KeyAlgorithm::P256).unwrap();
    signer.sign(b"first").unwrap();
    (soft, token, signer)
}

fn verifies(key: &PublicKey, signature: Result<Vec<u8>, SignError>) {
    key.verify(b"message", &signature.unwrap()).unwrap();
}

fn reason(signer: &TokenSigner) -> TokenError {
    let digest = signer.public_key().algorithm().digest(b"message");
    signer.sign_with_reason(&digest, Some(b"message")).unwrap_err()
}

#[test]
fn a_session_that_was_lost_is_opened_again() {
    let (soft, token, signer) = warm(quick());
    for fault in [
        "C_SignInit 1 return 0xb3",  // the session is gone
        "C_SignInit 1 return 0x101", // nobody is logged in
        "C_SignInit 1 return 0x60",  // the key's handle is another
        "C_SignInit 1 return 0x30",  // the device failed before it was asked
        "C_SignInit 1 return 0x190\nC_GetSlotList 1 return 0x190", // the module was finalised
        "C_SignInit 1 restart",
        "C_Sign 1 restart",
        "C_Sign 1 return 0xe0", // the token was not there
        "C_SignInit 1 return 0xb3\nC_OpenSession 1 after 100",
    ] {
        soft.faults(fault);
        verifies(signer.public_key(), signer.sign(b"message"));
        assert!(token.health().is_well(), "{fault}: {}", token.health());
        soft.faults("");
        verifies(signer.public_key(), signer.sign(b"message"));
    }
    // Once, and not for ever.
    soft.faults("C_SignInit 2 return 0xb3");
    assert_eq!(signer.sign(b"message"), Err(SignError::Unavailable));
    assert_eq!(
        token.health().to_string(),
        "failing (1 in a row): C_SignInit returned CKR_SESSION_HANDLE_INVALID"
    );
}

#[test]
fn what_the_device_took_up_is_never_asked_twice() {
    let (soft, token, signer) = warm(quick());
    for fault in [
        "C_Sign 1 return 0x30",
        "C_Sign 1 return 0x32",
        "C_Sign 1 return 0x5",
        "C_Sign 1 return 0x80000001",
        "C_Sign 1 answer 0x30",
    ] {
        // A second try would succeed.
        soft.faults(fault);
        assert_eq!(signer.sign(b"message"), Err(SignError::Unanswered), "{fault}");
        verifies(signer.public_key(), signer.sign(b"message"));
    }
    assert!(token.health().is_well());
}

#[test]
fn a_device_that_was_removed_comes_back() {
    let (soft, token, signer) = warm(quick());
    soft.faults("C_SignInit -1 return 0x32\nC_GetSlotList -1 none");
    for _ in 0..3 {
        assert_eq!(signer.sign(b"message"), Err(SignError::Unavailable));
    }
    assert_eq!(signer.sign(b"message"), Err(SignError::Resting { seconds: 1 }));
    let health = token.health().to_string();
    assert!(
        health.starts_with("resting for 1 s (3 failures in a row): the module shows no token"),
        "{health}"
    );
    pause(350);
    assert_eq!(signer.sign(b"message"), Err(SignError::Unavailable), "one looks after it");
    assert_eq!(signer.sign(b"message"), Err(SignError::Resting { seconds: 1 }));
    soft.faults("C_SignInit 1 restart");
    pause(350);
    verifies(signer.public_key(), signer.sign(b"message"));
    assert!(token.health().is_well());
}

#[test]
fn a_device_that_fails_so_often_is_left_alone_for_a_while() {
    let (soft, token, signer) = warm(quick());
    soft.faults(&format!("C_Sign 3 return {DEVICE_ERROR}"));
    // The second and the third fail when the new session tries the key out: surely nothing was signed.
    assert_eq!(signer.sign(b"message"), Err(SignError::Unanswered));
    let failure = reason(&signer);
    assert_eq!(failure.to_string(), "C_Sign returned CKR_DEVICE_ERROR");
    verifies(signer.public_key(), signer.sign(b"message"));
    assert!(token.health().is_well(), "counted in a row");

    soft.faults(&format!("C_SignInit 6 return {DEVICE_ERROR}"));
    for _ in 0..3 {
        assert_eq!(signer.sign(b"message"), Err(SignError::Unavailable));
    }
    let resting = reason(&signer);
    let said = resting.to_string();
    assert!(matches!(resting, TokenError::Resting { .. }), "{said}");
    assert!(said.ends_with("its last failure: C_SignInit returned CKR_DEVICE_ERROR"), "{said}");
    pause(350);
    verifies(signer.public_key(), signer.sign(b"message"));
}

#[test]
fn a_slow_device_serves_as_many_at_once_as_it_has_sessions() {
    let (soft, token, signer) = warm(TokenLimits { sessions: 4, ..quick() });
    soft.faults("C_Sign -1 before 200");
    let watch = Stopwatch::start();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| verifies(signer.public_key(), signer.sign(b"message")));
        }
    });
    // A session that is new tries the key out first.
    assert!(watch.elapsed() < Duration::from_millis(700), "{:?}", watch.elapsed());
    assert!(token.health().is_well());
}

#[test]
fn a_call_that_runs_out_has_an_unknown_result_and_blocks_nobody() {
    let limits = TokenLimits { call: Duration::from_millis(400), ..quick() };
    let (soft, token, signer) = warm(limits);
    soft.faults("C_Sign 1 after 1200");
    let watch = Stopwatch::start();
    let failure = reason(&signer);
    assert_eq!(failure, TokenError::Unanswered { after: limits.call });
    assert_eq!(SignError::from(&failure), SignError::Unanswered);
    assert!(watch.elapsed() < Duration::from_millis(800), "{:?}", watch.elapsed());
    assert_eq!(token.health().hanging, 1);
    // Another session does the next call while the first still hangs.
    verifies(signer.public_key(), signer.sign(b"message"));
    assert_eq!(token.health().hanging, 1);
    assert!(!token.health().is_well());
    pause(1200);
    assert!(token.health().is_well(), "what came late was dropped, and its session closed");
    verifies(signer.public_key(), signer.sign(b"message"));
}

#[test]
fn a_call_that_runs_out_before_the_device_is_asked_has_made_nothing() {
    let limits = TokenLimits { call: Duration::from_millis(300), ..quick() };
    let (soft, _token, signer) = warm(limits);
    soft.faults(&format!(
        "C_SignInit 1 return {SESSION_HANDLE_INVALID}\nC_OpenSession 1 before 900"
    ));
    let failure = reason(&signer);
    assert_eq!(failure, TokenError::NotReached { after: limits.call });
    assert_eq!(SignError::from(&failure), SignError::Unavailable);
    verifies(signer.public_key(), signer.sign(b"message"));
}

#[test]
fn no_more_than_so_many_calls_hang() {
    let limits =
        TokenLimits { call: Duration::from_millis(200), hanging: 2, failures: 100, ..quick() };
    let (soft, token, signer) = warm(limits);
    soft.faults("C_Sign -1 before 1500");
    assert_eq!(signer.sign(b"message"), Err(SignError::Unanswered));
    // The new session hangs where it tries the key out.
    assert_eq!(signer.sign(b"message"), Err(SignError::Unavailable));
    let watch = Stopwatch::start();
    assert_eq!(reason(&signer), TokenError::Hanging { count: 2 });
    assert!(watch.elapsed() < Duration::from_millis(100), "{:?}", watch.elapsed());
    assert!(token.health().to_string().ends_with("; 2 calls hang"), "{}", token.health());
    soft.faults("");
    pause(1600);
    verifies(signer.public_key(), signer.sign(b"message"));
    assert!(token.health().is_well());
}

#[test]
fn who_finds_no_free_session_in_time_is_told_so() {
    let limits = TokenLimits { call: Duration::from_millis(300), ..quick() };
    let (soft, token, signer) = warm(limits);
    soft.faults("C_GenerateKeyPair 1 before 1200");
    thread::scope(|scope| {
        let generation = scope.spawn(|| token.generate("jpki/b", KeyAlgorithm::P256).map(drop));
        pause(100);
        assert_eq!(reason(&signer), TokenError::Busy { sessions: 1, after: limits.call });
        generation.join().unwrap().unwrap();
    });
    assert!(token.health().is_well());
}

#[test]
fn a_wrong_signature_goes_nowhere() {
    let (soft, token, signer) = warm(quick());
    soft.faults("C_Sign 1 corrupt");
    assert_eq!(signer.sign(b"message"), Err(SignError::WrongSignature));
    assert!(token.health().to_string().contains("does not verify"), "{}", token.health());
    verifies(signer.public_key(), signer.sign(b"message"));
    // In a new session it is found before anything is signed.
    soft.faults(&format!("C_SignInit 1 return {SESSION_HANDLE_INVALID}\nC_Sign 1 corrupt"));
    assert_eq!(signer.sign(b"message"), Err(SignError::KeySwapped));
    verifies(signer.public_key(), signer.sign(b"message"));
    // A digest cannot be verified without its message: whoever has that does it, as the seal does.
    soft.faults("C_Sign 1 corrupt");
    let digest = KeyAlgorithm::P256.digest(b"message");
    let signature = signer.sign_digest(&digest).unwrap().unwrap();
    assert!(signer.public_key().verify(b"message", &signature).is_err());
}

#[test]
fn a_pin_that_was_changed_is_tried_once() {
    let (soft, token, signer) = warm(TokenLimits { sessions: 4, ..quick() });
    soft.faults("C_SignInit -1 return 0x101\nC_Login 1 return 0xa0");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(signer.sign(b"message"), Err(SignError::PinRefused)));
        }
    });
    // It would be accepted now, but nobody tries it.
    soft.faults("");
    assert_eq!(signer.sign(b"message"), Err(SignError::PinRefused));
    assert_eq!(signer.sign(b"message"), Err(SignError::PinRefused));
    let health = token.health().to_string();
    assert!(health.starts_with("locked out: the token refused the PIN"), "{health}");
    drop((token, signer));
    self_test(&soft.open().find("jpki/a").unwrap()[0]).unwrap();
}

#[test]
fn another_token_in_the_place_of_the_first_is_not_used() {
    let (soft, _token, signer) = warm(quick());
    soft.faults(&format!("C_SignInit 1 return {SESSION_HANDLE_INVALID}\nC_GetTokenInfo -1 serial"));
    let failure = reason(&signer);
    assert!(matches!(failure, TokenError::OtherToken { .. }), "{failure}");
    soft.faults("");
    verifies(signer.public_key(), signer.sign(b"message"));
}

#[test]
fn a_module_that_hangs_when_it_is_loaded_is_not_waited_for() {
    let soft = Soft::new();
    soft.faults("C_Initialize 1 before 1200");
    let limits = TokenLimits { opening: Duration::from_millis(300), ..quick() };
    let watch = Stopwatch::start();
    let failure = soft.open_with(PIN, limits).unwrap_err();
    assert_eq!(failure, TokenError::NotReached { after: limits.opening });
    assert!(watch.elapsed() < Duration::from_millis(800), "{:?}", watch.elapsed());
    pause(1200);
    drop(soft.open());
}

#[test]
fn a_key_that_is_generated_too_late_is_destroyed() {
    let limits = TokenLimits { generation: Duration::from_millis(700), ..quick() };
    let (soft, token, signer) = warm(limits);
    soft.faults("C_GenerateKeyPair 1 after 1200");
    let failure = token.generate("jpki/late", KeyAlgorithm::P256).unwrap_err();
    assert_eq!(failure, TokenError::Unanswered { after: limits.generation });
    assert_eq!(
        token.labels("jpki/").unwrap(),
        ["jpki/a", "jpki/late"],
        "made, and nobody knows it"
    );
    pause(1000);
    assert_eq!(token.health().hanging, 0);
    assert_eq!(token.labels("jpki/").unwrap(), ["jpki/a"]);
    verifies(signer.public_key(), signer.sign(b"message"));

    soft.faults("C_GenerateKeyPair 1 return 0x30");
    let failure = token.generate("jpki/b", KeyAlgorithm::P256).unwrap_err();
    assert!(matches!(failure, TokenError::Unknown(_)), "{failure}");
    token.generate("jpki/b", KeyAlgorithm::P256).unwrap();
    assert_eq!(token.find("jpki/b").unwrap().len(), 1);
}
