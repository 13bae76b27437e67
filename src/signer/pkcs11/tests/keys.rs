//! Keys in a token: found, renamed, destroyed; and those that are not what they have to be.

use std::fs;

use rand_core::OsRng;

use super::*;
use crate::asn1::hex;
use crate::signer::PrivateKey;
use crate::signer::SoftwareSigner;
use crate::signer::generate;
use crate::signer::write_key_file;

#[test]
fn keys_are_found_by_label_in_the_order_of_their_identifiers() {
    let soft = Soft::new();
    let token = soft.open();
    assert!(token.find("jpki/a").unwrap().is_empty());
    let one = token.generate("jpki/a", KeyAlgorithm::P256).unwrap();
    let two = token.generate("jpki/a", KeyAlgorithm::P384).unwrap();
    let other = token.generate("jpki/b", KeyAlgorithm::P256).unwrap();
    token.generate("elsewhere", KeyAlgorithm::P256).unwrap();
    assert_eq!(token.labels("jpki/").unwrap(), ["jpki/a", "jpki/b"]);
    assert_eq!(token.labels("").unwrap(), ["elsewhere", "jpki/a", "jpki/b"]);

    // As a process finds them that did not make them.
    drop(token);
    let token = soft.open();
    let found = token.find("jpki/a").unwrap();
    let ids: Vec<_> = found.iter().map(|found| found.public_key().key_id()).collect();
    assert!(ids.is_sorted());
    for made in [&one, &two] {
        let same = found.iter().find(|found| found.public_key() == made.public_key()).unwrap();
        assert_eq!(same.label(), "jpki/a");
        self_test(same).unwrap();
        // And as strangers see it.
        let listed = soft.tool(&["--list-objects", "--id", &hex(&made.public_key().key_id())]);
        assert!(listed.contains("Private Key Object; EC"), "{listed}");
        assert!(listed.contains("Public Key Object; EC"), "{listed}");
    }

    let renamed = token.rename(&other, "jpki/c").unwrap();
    assert_eq!(renamed.label(), "jpki/c");
    self_test(&renamed).unwrap();
    assert_eq!(token.labels("jpki/").unwrap(), ["jpki/a", "jpki/c"]);
    assert_eq!(other.sign(b"message"), Err(SignError::KeyMissing));
    let refused = token.rename(&other, "jpki/d").unwrap_err();
    assert!(matches!(refused, TokenError::KeyMissing { .. }), "{refused}");

    token.destroy(&renamed).unwrap();
    assert!(token.find("jpki/c").unwrap().is_empty());
    assert_eq!(renamed.sign(b"message"), Err(SignError::KeyMissing));
    let refused = token.destroy(&renamed).unwrap_err();
    assert!(matches!(refused, TokenError::KeyMissing { .. }), "{refused}");
    assert!(token.health().is_well(), "a missing key is no failure of the device");
}

#[test]
fn a_key_is_made_inside_and_stays_there() {
    let soft = Soft::new();
    let token = soft.open();
    for algorithm in [KeyAlgorithm::RSA_2048, KeyAlgorithm::P256] {
        let signer = token.generate("jpki/a", algorithm).unwrap();
        let id = hex(&signer.public_key().key_id());
        let listed = soft.tool(&["--list-objects", "--type", "privkey", "--id", &id]);
        let access = "sensitive, always sensitive, never extractable, local";
        assert!(listed.contains(access), "{listed}");
        let usage = listed.lines().find(|line| line.contains("Usage:")).unwrap();
        assert_eq!(usage.split_whitespace().collect::<Vec<_>>(), ["Usage:", "sign"], "{listed}");
    }
    token.destroy(&token.find("jpki/a").unwrap()[0]).unwrap();
    token.destroy(&token.find("jpki/a").unwrap()[0]).unwrap();

    // A device that keeps keys otherwise than it was asked to.
    soft.faults("C_GetAttributeValue -1 expose");
    let refused = token.generate("jpki/a", KeyAlgorithm::P256).unwrap_err();
    assert_eq!(refused, TokenError::Exposed { attribute: "CKA_EXTRACTABLE is not false" });
    soft.faults("");
    assert_eq!(token.labels("").unwrap(), [""; 0], "it was destroyed");

    // One that shows such a key later.
    token.generate("jpki/a", KeyAlgorithm::P256).unwrap();
    soft.faults("C_GetAttributeValue -1 expose");
    let refused = token.find("jpki/a").unwrap_err();
    assert!(matches!(refused, TokenError::Extractable { .. }), "{refused}");
}

#[test]
fn a_device_that_fixes_identifiers_keeps_the_random_one() {
    let soft = Soft::new();
    let token = soft.open();
    soft.faults("C_SetAttributeValue -1 return 0x10");
    let signer = token.generate("jpki/a", KeyAlgorithm::P256).unwrap();
    soft.faults("");
    self_test(&signer).unwrap();
    let id = hex(&signer.public_key().key_id());
    assert!(!soft.tool(&["--list-objects"]).contains(&id));
    let found = token.find("jpki/a").unwrap();
    assert_eq!(found[0].public_key(), signer.public_key());
    self_test(&found[0]).unwrap();
}

/// Brings a key that was made elsewhere into the token.
fn import(soft: &Soft, key: &PrivateKey, label: &str, id: &str) {
    let file = soft.path("import.pem");
    write_key_file(&file, key, None, &mut OsRng).unwrap();
    let path = file.to_str().unwrap();
    soft.util(&["--import", path, "--token", "jpki", "--label", label, "--id", id, "--pin", PIN]);
    fs::remove_file(file).unwrap();
}

#[test]
fn the_same_rsa_key_signs_the_same_in_a_file_and_in_a_token() {
    let soft = Soft::new();
    for (algorithm, id) in [(KeyAlgorithm::Rsa(2048), "01"), (KeyAlgorithm::Rsa(3072), "02")] {
        let key = generate(algorithm, &mut OsRng).unwrap();
        import(&soft, &key, "imported", id);
        let in_file = SoftwareSigner::new(&key).unwrap();
        let token = soft.open();
        let found = token.find("imported").unwrap();
        let mut found = found.iter();
        let in_token = found.find(|found| found.public_key() == in_file.public_key()).unwrap();
        for message in [b"".as_slice(), b"message"] {
            assert_eq!(in_token.sign(message), in_file.sign(message));
        }
    }
}

#[test]
fn a_swapped_key_is_refused_before_it_signs() {
    let soft = Soft::new();
    let token = soft.open();
    let one = token.generate("jpki/a", KeyAlgorithm::P256).unwrap();
    let other = token.generate("jpki/b", KeyAlgorithm::P256).unwrap();
    drop(token);
    let [one_id, other_id] = [&one, &other].map(|signer| hex(&signer.public_key().key_id()));
    drop((one, other));
    // The private half of the one goes, that of the other comes in its place.
    soft.tool(&["--delete-object", "--type", "privkey", "--id", &one_id]);
    soft.tool(&["--type", "privkey", "--id", &other_id, "--set-id", &one_id]);
    let token = soft.open();
    let swapped = &token.find("jpki/b").unwrap()[0];
    assert_eq!(hex(&swapped.public_key().key_id()), one_id);
    assert_eq!(self_test(swapped), Err(SignError::KeySwapped));
    let digest = KeyAlgorithm::P256.digest(b"message");
    assert_eq!(swapped.sign_digest(&digest), Some(Err(SignError::KeySwapped)));

    // A public half without its private one is no key pair, a private one without its public one a fault.
    soft.tool(&["--delete-object", "--type", "pubkey", "--id", &one_id]);
    let refused = token.find("jpki/b").unwrap_err();
    assert!(matches!(refused, TokenError::KeyMissing { .. }), "{refused}");
    assert!(token.find("jpki/a").unwrap().is_empty());
}
