//! Fictional people with a key pair each, as many as a run needs, none of them twice.

use std::error::Error;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::authority::Ask;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Kinds;
use jpki_ca::authority::RequestId;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Kind;
use jpki_ca::holder::Municipality;
use jpki_ca::register::HolderForm;
use rand_core::OsRng;
use rsa::BigUint;
use rsa::traits::PrivateKeyParts as _;
use spki::EncodePublicKey as _;

/// An endless line of people.
pub(crate) struct People {
    keys: Keys,
    algorithm: KeyAlgorithm,
    municipalities: Vec<Municipality>,
    count: usize,
    now: Timestamp,
}

impl People {
    /// People with keys of this kind; at most about `keys` keys will be asked for.
    pub(crate) fn new(
        algorithm: KeyAlgorithm,
        keys: usize,
        now: Timestamp,
    ) -> Result<Self, Box<dyn Error>> {
        let keys = match algorithm {
            KeyAlgorithm::P256 => Keys::P256,
            KeyAlgorithm::P384 => Keys::P384,
            _ => Keys::Rsa(Primes::for_keys(keys)?),
        };
        let municipalities = Municipality::all().collect();
        Ok(Self { keys, algorithm, municipalities, count: 0, now })
    }

    /// The next person, as a holder file.
    pub(crate) fn file(&mut self) -> String {
        let municipality = self.municipalities[self.count % self.municipalities.len()];
        let (prefecture, name) = (municipality.prefecture(), municipality.name());
        let number = self.count;
        let (month, day) = (number % 12 + 1, number % 28 + 1);
        self.count += 1;
        format!(
            r#"{{"person":"bench-{number:08}","name":"山田　花子","birth_date":"1980-{month:02}-{day:02}",
            "sex":"female","address":"{prefecture}{name}中里五丁目８４２番地","municipality":"{}",
            "residence":{{"category":"national"}}}}"#,
            municipality.code()
        )
    }

    /// What the next person asks for: both certificates, on keys of their own.
    pub(crate) fn request(&mut self) -> Result<IssueRequest, Box<dyn Error>> {
        let form = HolderForm::read(self.file().as_bytes())?;
        let ask = Ask {
            kinds: Kinds::Both,
            carrier: Carrier::Card,
            renew: false,
            key: KeyAsk::Generated(Some(self.algorithm)),
        };
        let mut request = IssueRequest::new(RequestId::draw()?, &form, &ask, self.now)?;
        for kind in Kind::ALL {
            request = request.with_key(kind, self.key()?);
        }
        Ok(request)
    }

    /// So many groups of so many requests.
    pub(crate) fn groups(
        &mut self,
        groups: usize,
        size: usize,
    ) -> Result<Vec<Vec<IssueRequest>>, Box<dyn Error>> {
        (0..groups).map(|_| (0..size).map(|_| self.request()).collect()).collect()
    }

    /// A public key that nobody had before.
    pub(crate) fn key(&mut self) -> Result<PublicKey, Box<dyn Error>> {
        let document = match &mut self.keys {
            Keys::Rsa(primes) => {
                let exponent = BigUint::from(65_537_u32);
                rsa::RsaPublicKey::new(primes.modulus()?, exponent)?.to_public_key_der()?
            }
            Keys::P256 => p256::SecretKey::random(&mut OsRng).public_key().to_public_key_der()?,
            Keys::P384 => p384::SecretKey::random(&mut OsRng).public_key().to_public_key_der()?,
        };
        Ok(PublicKey::from_der(document.as_bytes())?)
    }
}

enum Keys {
    Rsa(Primes),
    P256,
    P384,
}

/// Primes out of generated RSA keys. Any two make a modulus, so a few seconds of generation give
/// thousands of distinct keys, each as sound as a key can be whose owner is fictional.
struct Primes {
    primes: Vec<BigUint>,
    next: (usize, usize),
}

impl Primes {
    fn for_keys(count: usize) -> Result<Self, Box<dyn Error>> {
        let mut primes = Vec::new();
        while primes.len() * primes.len().saturating_sub(1) / 2 < count {
            primes.extend_from_slice(rsa::RsaPrivateKey::new(&mut OsRng, 2048)?.primes());
        }
        Ok(Self { primes, next: (0, 1) })
    }

    fn modulus(&mut self) -> Result<BigUint, Box<dyn Error>> {
        let (first, second) = self.next;
        self.next = if first + 1 == second { (0, second + 1) } else { (first + 1, second) };
        let second = self.primes.get(second).ok_or("the primes are used up")?;
        Ok(&self.primes[first] * second)
    }
}
