//! The back ends that are compiled in.

use std::error::Error;
use std::path::Path;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::signer;
use jpki_ca::signer::Passphrase;
use jpki_ca::signer::Signer;
use jpki_ca::signer::SoftwareSigner;
use jpki_ca::signer::pkcs11::Token;
use jpki_ca::signer::pkcs11::TokenLimits;
use rand_core::OsRng;

use crate::softhsm;

/// Something that makes keys, and signs with them.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    make: Maker,
}

type Maker = Box<dyn Fn(KeyAlgorithm) -> Result<Box<dyn Signer>, Box<dyn Error>>>;

impl Backend {
    /// A new key.
    pub(crate) fn make(&self, algorithm: KeyAlgorithm) -> Result<Box<dyn Signer>, Box<dyn Error>> {
        (self.make)(algorithm)
    }
}

/// All that there are, or those that the words name; a device's where a token is in this folder.
pub(crate) fn all(token: Option<&Path>, words: &[String]) -> Result<Vec<Backend>, Box<dyn Error>> {
    let mut all = vec![Backend { name: "ring", make: Box::new(ring) }];
    if let Some(folder) = token {
        let uri = softhsm::uri(folder)?;
        let token = Token::open(&uri, &Passphrase::new(softhsm::PIN)?, TokenLimits::default())?;
        let make: Maker =
            Box::new(move |algorithm| Ok(Box::new(token.generate("bench", algorithm)?)));
        all.push(Backend { name: "pkcs11", make });
    }
    let named: Vec<&str> = words.iter().map(String::as_str).collect();
    if all.iter().any(|backend| named.contains(&backend.name)) {
        all.retain(|backend| named.contains(&backend.name));
    }
    Ok(all)
}

/// Keys in memory: made by `rsa`, `p256` and `p384`, messages signed by ring, digests by the latter two.
fn ring(algorithm: KeyAlgorithm) -> Result<Box<dyn Signer>, Box<dyn Error>> {
    Ok(Box::new(SoftwareSigner::new(&signer::generate(algorithm, &mut OsRng)?)?))
}
