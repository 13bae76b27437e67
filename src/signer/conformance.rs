//! What every signer has to do, whatever it is: one suite for files and devices.

use std::thread;

use crate::asn1::KeyAlgorithm;

use super::SignError;
use super::Signer;
use super::self_test;

/// Holds a signer of this algorithm against everything below.
pub(crate) fn conforms(signer: &dyn Signer, algorithm: KeyAlgorithm) {
    assert_eq!(signer.public_key().algorithm(), algorithm);
    signs_messages_of_any_size(signer);
    signs_digests_as_messages(signer);
    refuses_digests_of_another_hash(signer);
    signs_for_many_at_once(signer);
    self_test(signer).unwrap();
}

fn signs_messages_of_any_size(signer: &dyn Signer) {
    let long = vec![0x5a; 1 << 20];
    for message in [b"".as_slice(), b"message", &long] {
        let signature = signer.sign(message).unwrap();
        signer.public_key().verify(message, &signature).unwrap();
        assert!(signer.public_key().verify(b"massage", &signature).is_err());
        let again = signer.sign(message).unwrap();
        signer.public_key().verify(message, &again).unwrap();
        match signer.public_key().algorithm() {
            KeyAlgorithm::Rsa(bits) => {
                assert_eq!(signature.len(), usize::from(bits) / 8);
                assert_eq!(signature, again, "PKCS #1 v1.5 has one signature for a message");
            }
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => assert_eq!(signature[0], 0x30),
            KeyAlgorithm::MlDsa65 => assert_eq!(signature.len(), 3309),
        }
    }
}

fn signs_digests_as_messages(signer: &dyn Signer) {
    let key = signer.public_key();
    let digest = key.algorithm().digest(b"message");
    let Some(signature) = signer.sign_digest(&digest) else { return };
    let signature = signature.unwrap();
    key.verify(b"message", &signature).unwrap();
    if matches!(key.algorithm(), KeyAlgorithm::Rsa(_)) {
        assert_eq!(signature, signer.sign(b"message").unwrap());
    }
}

fn refuses_digests_of_another_hash(signer: &dyn Signer) {
    for length in [0, 1, 20, 31, 33, 47, 49, 64, 1 << 16] {
        if let Some(signed) = signer.sign_digest(&vec![1; length]) {
            assert_eq!(signed, Err(SignError::Unusable), "{length}");
        }
    }
}

fn signs_for_many_at_once(signer: &dyn Signer) {
    thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for count in 0..8 {
                    let message = format!("message {count} of thread {thread}");
                    let signature = signer.sign(message.as_bytes()).unwrap();
                    signer.public_key().verify(message.as_bytes(), &signature).unwrap();
                }
            });
        }
    });
}
