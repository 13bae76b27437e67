//! Trial division by all primes below [`BOUND`], without dividing.
//!
//! A modulus is reduced to one 128-bit number per batch of primes, by a sum of products with powers
//! of 2^64 that were reduced when this was compiled; whether a prime divides that number is one
//! multiplication by its inverse (Granlund and Montgomery, 1994, section 9).

use super::LIMBS;

/// The smallest prime below [`BOUND`] that divides the number.
pub(super) fn small_factor(limbs: &[u64; LIMBS]) -> Option<u16> {
    if limbs.first().is_some_and(|limb| limb & 1 == 0) {
        return Some(2);
    }
    // Smaller moduli leave the upper limbs zero: those need not be multiplied.
    let used = limbs.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1);
    let mut divisors = DIVISORS.iter();
    for batch in &BATCHES {
        // Fewer than 2^64 times fewer than 2^58, 64 times: the sum stays below 2^128.
        let products = limbs.iter().zip(&batch.powers).take(used);
        let residue = products.fold(0_u128, |sum, (limb, power)| {
            sum.wrapping_add(u128::from(*limb) * u128::from(*power))
        });
        let found = divisors.by_ref().take(batch.primes).find(|divisor| divisor.divides(residue));
        if let Some(divisor) = found {
            return Some(divisor.prime);
        }
    }
    None
}

/// Consecutive primes whose product is below 2^58: an odd number never meets the limit itself.
struct Batch {
    /// How many.
    primes: usize,
    /// Powers of 2^64 modulo their product.
    powers: [u64; LIMBS],
}

/// An odd prime with what it takes to see whether it divides a 128-bit number.
#[derive(Clone, Copy)]
struct Divisor {
    prime: u16,
    /// Its inverse modulo 2^128.
    inverse: u128,
    /// The largest quotient: multiples, and only they, come out at or below it.
    largest: u128,
}

impl Divisor {
    const fn new(prime: u16) -> Self {
        let wide = prime as u128;
        // Newton: an odd number is its own inverse modulo 8, each round doubles the bits.
        let mut inverse = wide;
        let mut bits = 3;
        while bits < 128 {
            inverse = inverse.wrapping_mul(2_u128.wrapping_sub(wide.wrapping_mul(inverse)));
            bits *= 2;
        }
        Self { prime, inverse, largest: u128::MAX / wide }
    }

    fn divides(&self, number: u128) -> bool {
        number.wrapping_mul(self.inverse) <= self.largest
    }
}

#[expect(clippy::indexing_slicing, reason = "runs in the compiler, which refuses a bad index")]
const fn divisors() -> [Divisor; ODD_PRIMES] {
    let mut divisors = [Divisor::new(3); ODD_PRIMES];
    let mut count = 0;
    let mut number = 3;
    while number < BOUND {
        if is_odd_prime(number) {
            divisors[count] = Divisor::new(number);
            count += 1;
        }
        number += 2;
    }
    divisors
}

#[expect(clippy::indexing_slicing, reason = "runs in the compiler, which refuses a bad index")]
#[expect(clippy::cast_possible_truncation, reason = "a remainder is smaller than its divisor")]
const fn batches() -> [Batch; BATCH_COUNT] {
    let mut batches = [const { Batch { primes: 0, powers: [0; LIMBS] } }; BATCH_COUNT];
    let mut done = 0;
    let mut batch = 0;
    while batch < BATCH_COUNT {
        let (primes, product) = batch_from(done);
        batches[batch].primes = primes;
        let mut power = 1;
        let mut limb = 0;
        while limb < LIMBS {
            batches[batch].powers[limb] = power;
            power = (((power as u128) << 64) % product as u128) as u64;
            limb += 1;
        }
        done += primes;
        batch += 1;
    }
    batches
}

/// How many primes from number `first` on fit one batch, and their product.
#[expect(clippy::indexing_slicing, reason = "runs in the compiler, which refuses a bad index")]
const fn batch_from(first: usize) -> (usize, u64) {
    let mut product = 1_u64;
    let mut count = 0;
    while first + count < ODD_PRIMES {
        let prime = DIVISORS[first + count].prime as u64;
        if product > BATCH_LIMIT / prime {
            break;
        }
        product *= prime;
        count += 1;
    }
    (count, product)
}

const fn batch_count() -> usize {
    let mut done = 0;
    let mut count = 0;
    while done < ODD_PRIMES {
        done += batch_from(done).0;
        count += 1;
    }
    count
}

const fn odd_prime_count() -> usize {
    let mut count = 0;
    let mut number = 3;
    while number < BOUND {
        if is_odd_prime(number) {
            count += 1;
        }
        number += 2;
    }
    count
}

/// Whether an odd number above 1 is prime.
const fn is_odd_prime(number: u16) -> bool {
    let mut divisor = 3;
    while divisor * divisor <= number {
        if number.is_multiple_of(divisor) {
            return false;
        }
        divisor += 2;
    }
    true
}

/// Of odd moduli that were damaged at random, 15 in 100 have no factor below this; four million
/// would still leave 7.
const BOUND: u16 = 2048;

const ODD_PRIMES: usize = odd_prime_count();
const BATCH_LIMIT: u64 = 1 << 58;
const BATCH_COUNT: usize = batch_count();
static BATCHES: [Batch; BATCH_COUNT] = batches();
const DIVISORS: [Divisor; ODD_PRIMES] = divisors();

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lint::key::remainder;

    #[test]
    fn every_prime_is_in_one_batch() {
        assert_eq!(ODD_PRIMES, 308);
        assert_eq!(BATCHES.iter().map(|batch| batch.primes).sum::<usize>(), ODD_PRIMES);
        assert_eq!(DIVISORS.last().map(|divisor| divisor.prime), Some(2039));
    }

    proptest! {
        #[test]
        fn division_agrees(number: [u64; 32], high: [u64; 32], long: bool) {
            let mut limbs = [0; LIMBS];
            limbs[..32].copy_from_slice(&number);
            if long {
                limbs[32..].copy_from_slice(&high);
            }
            let by_division = std::iter::once(2)
                .chain(DIVISORS.iter().map(|divisor| divisor.prime))
                .find(|prime| remainder(&limbs, u32::from(*prime)) == 0);
            prop_assert_eq!(small_factor(&limbs), by_division);
        }
    }
}
