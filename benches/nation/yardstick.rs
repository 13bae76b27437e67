//! What the bytes of all lists cost at least: hashing them, and a signature for each.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::sha256;
use jpki_ca::signer;
use ring::rand::SystemRandom;
use ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
use ring::signature::EcdsaKeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use ring::signature::RsaKeyPair;

/// Seconds on two cores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    pub(crate) hash: f64,
    pub(crate) signatures: f64,
}

/// Hashes as many lists as were made, and signs as often.
pub(crate) fn measure(
    folder: &Path,
    lists: usize,
    algorithm: KeyAlgorithm,
) -> Result<Floor, Box<dyn Error>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "crl"));
    files.sort();
    files.truncate(lists);
    let mut hash = 0.0;
    // In portions, so that reading the files is not counted and memory suffices.
    for portion in files.chunks(200) {
        let contents: Vec<Vec<u8>> = portion.iter().map(fs::read).collect::<Result<_, _>>()?;
        hash += on_two_cores(contents.len(), |at| {
            std::hint::black_box(sha256(&contents[at]));
        });
    }
    let signs = signing(algorithm)?;
    let signatures = on_two_cores(lists, |_| signs());
    Ok(Floor { hash, signatures })
}

/// A signature over a few bytes by a key of this kind, by ring.
fn signing(algorithm: KeyAlgorithm) -> Result<Box<dyn Fn() + Sync>, Box<dyn Error>> {
    let key = signer::generate(algorithm, &mut rand_core::OsRng)?;
    let random = SystemRandom::new();
    Ok(if matches!(algorithm, KeyAlgorithm::Rsa(_)) {
        let pair = RsaKeyPair::from_pkcs8(key.expose()).map_err(|_| "no RSA key")?;
        Box::new(move || {
            let mut signature = vec![0; pair.public().modulus_len()];
            let signed = pair.sign(&RSA_PKCS1_SHA256, &random, b"list", &mut signature);
            assert!(signed.is_ok(), "the key signs");
            std::hint::black_box(signature);
        })
    } else {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.expose(), &random)
            .map_err(|_| "no P-256 key")?;
        Box::new(move || {
            let signed = pair.sign(&random, b"list");
            assert!(signed.is_ok(), "the key signs");
            std::hint::black_box(signed.ok());
        })
    })
}

/// Seconds that two threads take for so many pieces of work.
fn on_two_cores(pieces: usize, work: impl Fn(usize) + Sync) -> f64 {
    let next = AtomicUsize::new(0);
    let begun = super::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= pieces {
                        return;
                    }
                    work(at);
                }
            });
        }
    });
    begun.elapsed().as_secs_f64()
}
