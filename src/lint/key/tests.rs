use der::Decode as _;
use der::Encode as _;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use proptest::prelude::*;
use rsa::BigUint;

use super::*;
use crate::asn1::Der;
use crate::asn1::oid;
use crate::asn1::tag;

#[test]
fn published_keys_pass() {
    for file in std::fs::read_dir("testdata/jlis-ca").unwrap() {
        let certificate = std::fs::read(file.unwrap().path()).unwrap();
        let certificate = x509_cert::Certificate::from_der(&certificate).unwrap();
        let spki = certificate.tbs_certificate.subject_public_key_info.to_der().unwrap();
        assert!(key(&PublicKey::from_der(&spki).unwrap()).is_ok());
    }
}

#[test]
fn larger_keys_pass() {
    for bits in [3072, 4096] {
        assert_eq!(judge(&product(&coprime(bits / 2, 1), &coprime(bits / 2, 1 << 60))), Ok(()));
    }
}

#[test]
fn sizes_are_exact() {
    for bits in [1024, 2040, 2047, 2049, 2056, 4095, 8192] {
        let modulus = (BigUint::from(1_u8) << (bits - 1)) + 1_u8;
        assert_eq!(
            judge(&modulus.to_bytes_be()),
            Err(KeyFault::Size { bits: u16::try_from(bits).unwrap() })
        );
    }
}

#[test]
fn the_exponent_is_the_fourth_fermat_prime() {
    let modulus = product(&coprime(1024, 1), &coprime(1024, 1 << 60));
    for exponent in [&[3][..], &[1], &[1, 0, 0, 0, 1], &[1, 0, 3]] {
        assert_eq!(key(&rsa_key(&modulus, exponent)), Err(KeyFault::Exponent));
    }
}

#[test]
fn small_factors_are_found() {
    let good = BigUint::from_bytes_be(&product(&coprime(1024, 1), &coprime(1018, 1 << 60)));
    for prime in [2_u16, 3, 61] {
        let modulus = &good * prime;
        let bits = modulus.bits();
        let modulus = (modulus << (2048 - bits)).to_bytes_be();
        let expected = if bits == 2048 { prime } else { 2 };
        assert_eq!(judge(&modulus), Err(KeyFault::Factor { prime: expected }));
    }
    let largest = coprime(2037, 1) * 2039_u16;
    assert_eq!(judge(&largest.to_bytes_be()), Err(KeyFault::Factor { prime: 2039 }));
}

#[test]
fn roca_is_found() {
    // As Infineon's library made them: for 2048 bits M is the product of the first 126 primes.
    let primes = (2..=701_u32).filter(|n| (2..*n).all(|divisor| n % divisor != 0));
    let m = primes.fold(BigUint::from(1_u8), |m, prime| m * prime);
    let prime = |a: u32, from: u64| {
        let power = BigUint::from(65_537_u32).modpow(&BigUint::from(a), &m);
        let top = (BigUint::from(3_u8) << 1022_usize) / &m;
        (from..)
            .map(|k| (&top + k) * &m + &power)
            .find(|candidate| factor::small_factor(&limbs(&candidate.to_bytes_be())).is_none())
            .unwrap()
    };
    let modulus = product(&prime(12_345, 1), &prime(67_890, 1 << 50));
    assert_eq!(judge(&modulus), Err(KeyFault::Roca));
    let ordinary = product(&prime(12_345, 1), &coprime(1024, 1 << 60));
    assert_eq!(judge(&ordinary), Ok(()));
}

#[test]
fn close_primes_are_found() {
    let p = coprime(1024, 1);
    assert_eq!(judge(&product(&p, &p)), Err(KeyFault::Square));
    for (distance, found) in [(1, true), (64, true), (500, true), (512, true), (560, false)] {
        let near = next_coprime(&p + (BigUint::from(1_u8) << distance));
        let expected = if found { Err(KeyFault::ClosePrimes) } else { Ok(()) };
        assert_eq!(judge(&product(&p, &near)), expected, "{distance}");
    }
}

#[test]
fn points_are_on_their_curve_and_uncompressed() {
    let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
    let encoded = |compress| secret.public_key().to_encoded_point(compress).as_bytes().to_vec();
    let good = encoded(false);
    assert!(key(&ec_key(oid::P256, &good)).is_ok());
    assert_eq!(key(&ec_key(oid::P256, &encoded(true))), Err(KeyFault::PointForm));
    assert_eq!(key(&ec_key(oid::P256, &[0])), Err(KeyFault::PointForm));
    assert_eq!(key(&ec_key(oid::P384, &good)), Err(KeyFault::PointForm));
    let mut off = good;
    off[64] ^= 1;
    assert_eq!(key(&ec_key(oid::P256, &off)), Err(KeyFault::Point));
    let mut zero = vec![0; 97];
    zero[0] = 4;
    assert_eq!(key(&ec_key(oid::P384, &zero)), Err(KeyFault::Point));
    let secret = p384::SecretKey::from_slice(&[7; 48]).unwrap();
    let point = secret.public_key().to_encoded_point(false);
    assert!(key(&ec_key(oid::P384, point.as_bytes())).is_ok());
}

proptest! {
    #[test]
    fn any_modulus_is_judged(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = judge(&octets);
    }
}

fn judge(modulus: &[u8]) -> Result<(), KeyFault> {
    key(&rsa_key(modulus, &RSA_EXPONENT)).map(|_| ())
}

fn product(p: &BigUint, q: &BigUint) -> Vec<u8> {
    (p * q).to_bytes_be()
}

/// A number of this many bits, its first two set, without small factors.
fn coprime(bits: usize, seed: u64) -> BigUint {
    next_coprime((BigUint::from(3_u8) << (bits - 2)) + (BigUint::from(seed) << (bits - 72)))
}

fn next_coprime(mut number: BigUint) -> BigUint {
    while factor::small_factor(&limbs(&number.to_bytes_be())).is_some() {
        number += 1_u8;
    }
    number
}

fn rsa_key(modulus: &[u8], exponent: &[u8]) -> PublicKey {
    let unsigned = |der: &mut Der, number: &[u8]| {
        let zeros = number.iter().take_while(|octet| **octet == 0).count();
        let number = &number[zeros..];
        let sign: &[u8] =
            if number.first().is_none_or(|octet| *octet >= 0x80) { &[0] } else { &[] };
        der.primitive(tag::INTEGER, &[sign, number].concat());
    };
    let bits = Der::build(|der| {
        der.sequence(|der| {
            unsigned(der, modulus);
            unsigned(der, exponent);
        });
    });
    spki(
        |der| {
            der.oid(oid::RSA_ENCRYPTION);
            der.null();
        },
        &bits,
    )
}

fn ec_key(curve: oid::ObjectIdentifier, point: &[u8]) -> PublicKey {
    spki(
        |der| {
            der.oid(oid::EC_PUBLIC_KEY);
            der.oid(curve);
        },
        point,
    )
}

fn spki(algorithm: impl FnOnce(&mut Der), bits: &[u8]) -> PublicKey {
    let der = Der::build(|der| {
        der.sequence(|der| {
            der.sequence(algorithm);
            der.bit_string(bits);
        });
    });
    PublicKey::from_der(&der).unwrap()
}
