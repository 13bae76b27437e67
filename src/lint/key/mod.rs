//! Keys: refused here whoever made them. In 2017 an authority certified 760,000 cards whose maker's
//! generator was weak, and broken moduli stood in its certificates for years: a key that comes from
//! a card is no better for that.

mod close;
mod factor;
mod roca;

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;

/// A key that [`key`] found sound; nothing else makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundKey<'a>(&'a PublicKey);

impl<'a> SoundKey<'a> {
    /// The key.
    #[must_use]
    pub fn get(self) -> &'a PublicKey {
        self.0
    }
}

/// Judges a key that is to be certified.
///
/// What it cannot know: whether the private key exists and who holds it (that is proof of
/// possession), whether another holder has the same key (that is the store's to say), and weakness
/// that does not show in the public key.
///
/// # Errors
/// The first fault found, the cheapest to find first.
pub fn key(key: &PublicKey) -> Result<SoundKey<'_>, KeyFault> {
    let judged = match key.algorithm() {
        KeyAlgorithm::Rsa(bits) => {
            if !RSA_BITS.contains(&bits) {
                return Err(KeyFault::Size { bits });
            }
            // Its own reader made this key, so that both parts are there.
            let (modulus, exponent) = key.rsa().unwrap_or_default();
            rsa(modulus, exponent)
        }
        KeyAlgorithm::P256 => {
            point(key.bits(), P256_OCTETS, |bits| p256::PublicKey::from_sec1_bytes(bits).is_ok())
        }
        KeyAlgorithm::P384 => {
            point(key.bits(), P384_OCTETS, |bits| p384::PublicKey::from_sec1_bytes(bits).is_ok())
        }
        // Any octets in their number are one.
        KeyAlgorithm::MlDsa65 => Ok(()),
    };
    judged.map(|()| SoundKey(key))
}

/// Why a key must not be certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// An RSA modulus of another size. 2048 is the floor of article 2 of the regulation
    /// (施行規則第二条); sizes between the usual ones are refused because card and verifier software is
    /// not tested with them.
    #[error("RSA modulus of {bits} bits: generate a key of 2048, 3072 or 4096")]
    Size {
        /// Bits found.
        bits: u16,
    },
    /// An RSA exponent other than that of the profile.
    #[error("RSA exponent is not 65537")]
    Exponent,
    /// A modulus that no sound generator makes: damaged on its way, or not a product of two primes.
    #[error(
        "RSA modulus is divisible by {prime}: the key is damaged or made by a broken generator"
    )]
    Factor {
        /// The divisor found.
        prime: u16,
    },
    /// A modulus of the kind that Infineon's library generated until 2017.
    #[error(
        "RSA modulus has the ROCA fingerprint (CVE-2017-15361): the key can be factored, generate \
         another on a device whose library is corrected"
    )]
    Roca,
    /// A modulus that is the square of one prime.
    #[error("RSA modulus is a perfect square: the key is made by a broken generator")]
    Square,
    /// A modulus of two primes so close that Fermat's method finds them.
    #[error(
        "the two primes of the RSA modulus are too close: the key is made by a broken generator"
    )]
    ClosePrimes,
    /// An elliptic-curve point that is compressed, or of the wrong length.
    #[error("elliptic-curve point is not in uncompressed form")]
    PointForm,
    /// Coordinates of no point of the curve.
    #[error("elliptic-curve point does not lie on its curve")]
    Point,
}

impl KeyFault {
    /// The stable code, `R-KEY-…`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Size { .. } => "R-KEY-SIZE",
            Self::Exponent => "R-KEY-EXPONENT",
            Self::Factor { .. } => "R-KEY-FACTOR",
            Self::Roca => "R-KEY-ROCA",
            Self::Square => "R-KEY-SQUARE",
            Self::ClosePrimes => "R-KEY-CLOSE-PRIMES",
            Self::PointForm => "R-KEY-FORM",
            Self::Point => "R-KEY-POINT",
        }
    }

    /// Where the rule comes from.
    #[must_use]
    pub fn source_text(self) -> &'static str {
        match self {
            Self::Size { .. } => "regulation art. 2 (RSA of 2048 bits or more)",
            Self::Exponent => "profile, subjectPublicKeyInfo",
            Self::Factor { .. } => "NIST SP 800-89 section 5.3.3",
            Self::Roca => "CVE-2017-15361",
            Self::Square | Self::ClosePrimes => "FIPS 186-5 appendix A.1.1",
            Self::PointForm => "RFC 5480 section 2.2",
            Self::Point => "NIST SP 800-56A section 5.6.2.3.3",
        }
    }
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyFault> {
    if exponent != RSA_EXPONENT {
        return Err(KeyFault::Exponent);
    }
    let limbs = limbs(modulus);
    if let Some(prime) = factor::small_factor(&limbs) {
        return Err(KeyFault::Factor { prime });
    }
    if roca::has_fingerprint(&limbs) {
        return Err(KeyFault::Roca);
    }
    let used = modulus.len().div_ceil(8);
    close::judge(limbs.get(..used).unwrap_or_default())
}

fn point(bits: &[u8], octets: usize, on_curve: impl FnOnce(&[u8]) -> bool) -> Result<(), KeyFault> {
    if bits.len() != octets || bits.first() != Some(&UNCOMPRESSED) {
        Err(KeyFault::PointForm)
    } else if on_curve(bits) {
        Ok(())
    } else {
        Err(KeyFault::Point)
    }
}

/// A big-endian number of at most 4096 bits in limbs of 64 bits, the least significant first.
fn limbs(number: &[u8]) -> [u64; LIMBS] {
    let mut limbs = [0; LIMBS];
    for (limb, octets) in limbs.iter_mut().zip(number.rchunks(8)) {
        *limb = octets.iter().fold(0, |limb, octet| limb << 8 | u64::from(*octet));
    }
    limbs
}

/// The remainder of a number in limbs, by a divisor of at most 32 bits.
fn remainder(limbs: &[u64], divisor: u32) -> u64 {
    let divisor = u64::from(divisor);
    limbs.iter().rev().fold(0, |rest, limb| {
        let rest = (rest << 32 | limb >> 32) % divisor;
        (rest << 32 | limb & u64::from(u32::MAX)) % divisor
    })
}

const RSA_BITS: [u16; 3] = [2048, 3072, 4096];
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];
/// Limbs of the largest modulus.
const LIMBS: usize = 64;

/// First octet of a point in uncompressed form (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;
const P256_OCTETS: usize = 65;
const P384_OCTETS: usize = 97;

#[cfg(test)]
mod tests;
