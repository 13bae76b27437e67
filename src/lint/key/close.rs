//! Primes that are too close: Fermat's method finds them from the square root of the modulus.

// The big integers of the crate that generates keys: its private-key operations are not touched.
use rsa::BigUint;

use super::KeyFault;
use super::LIMBS;
use super::remainder;

/// Refuses a modulus that is a square, or that [`ROUNDS`] rounds of Fermat's method factor.
///
/// With primes `p` and `q`, `n = a² - b²` for `a = (p+q)/2` and `b = (p-q)/2`; the method tries each
/// `a` from the root of `n` upwards and sees whether `a² - n` is a square.
///
/// The modulus is in limbs, the least significant first: an even number of them, the first bit of
/// the last one set.
pub(super) fn judge(modulus: &[u64]) -> Result<(), KeyFault> {
    let mut rest = [0; LIMBS];
    let rest = rest.get_mut(..modulus.len()).unwrap_or_default();
    rest.copy_from_slice(modulus);
    let double = square_root(rest);
    if rest.iter().all(|limb| *limb == 0) {
        return Err(KeyFault::Square);
    }
    // For s, the root rounded down, and r, what is left: (s+1)² - n = 2s + 1 - r, which is above 0.
    let difference = subtract(&double, rest, 1);
    let mut candidate = Residues::of(&difference);
    let mut step = Residues::of(&double);
    step.add(3);
    for round in 0..ROUNDS {
        if candidate.may_be_square() {
            // (s+1+k)² - n = (s+1)² - n + 2(s+1)k + k².
            let twice = number(&double) + 2_u8;
            if is_square(&(number(&difference) + (twice + round) * round)) {
                return Err(KeyFault::ClosePrimes);
            }
        }
        candidate.low = candidate.low.wrapping_add(step.low);
        candidate.rest = (candidate.rest + step.rest) % u64::from(FILTER);
        step.add(2);
    }
    Ok(())
}

/// What is kept of a number to see that it is no square: nearly every one that is none shows it.
#[derive(Clone, Copy)]
struct Residues {
    /// Modulo 2^64.
    low: u64,
    /// Modulo [`FILTER`].
    rest: u64,
}

impl Residues {
    fn of(limbs: &[u64]) -> Self {
        Self { low: limbs.first().copied().unwrap_or_default(), rest: remainder(limbs, FILTER) }
    }

    fn add(&mut self, number: u64) {
        self.low = self.low.wrapping_add(number);
        self.rest = (self.rest + number) % u64::from(FILTER);
    }

    fn may_be_square(self) -> bool {
        SQUARES_MODULO_64 >> (self.low & 63) & 1 == 1
            && FILTER_FACTORS
                .iter()
                .all(|(factor, squares)| squares >> (self.rest % factor) & 1 == 1)
    }
}

/// Twice the square root, rounded down, of a number of at least two limbs, an even count of them, of
/// which one of the first two bits is set. What is left replaces the number.
///
/// The method taught in schools, with digits of 64 bits: with `s` found so far, the next digit `q` is
/// the largest with `(2s·2^64 + q)·q` not above what is left. It is guessed from the leading digits,
/// as Knuth does in division (The Art of Computer Programming, section 4.3.1, algorithm D), and
/// never too small.
fn square_root(rest: &mut [u64]) -> [u64; ROOT_LIMBS] {
    let mut double = [0; ROOT_LIMBS];
    let digits = rest.len() / 2;
    let [.., below, above] = rest else {
        return double;
    };
    let leading = u128::from(*above) << 64 | u128::from(*below);
    let root = leading.isqrt();
    (*below, *above) = halves(leading - root * root);
    put(&mut double, digits - 1, root << 1);
    for digit in (0..digits - 1).rev() {
        let limb = |position: usize| u128::from(rest.get(position).copied().unwrap_or_default());
        let top = limb(digit + digits + 1) << 127
            | limb(digit + digits) << 63
            | limb(digit + digits - 1) >> 1;
        let mut guess = (top / root).min(u128::from(u64::MAX));
        put(&mut double, digit, guess);
        let left = rest.get_mut(2 * digit..).unwrap_or_default();
        let divisor = double.get_mut(digit..=digits).unwrap_or_default();
        let mut negative = subtract_product(left, divisor, guess);
        while negative {
            // What the guess took more than the guess less one: 2s·2^64 + 2·guess - 1.
            put(divisor, 0, 0);
            put(divisor, 0, 2 * guess - 1);
            guess -= 1;
            negative = !add(left, divisor);
            if let Some(next) = divisor.get_mut(1) {
                *next &= !1;
            }
        }
        put(divisor, 0, 0);
        put(divisor, 0, guess << 1);
    }
    double
}

/// Writes a number of at most 65 bits at a position whose next limb is even, or zero.
fn put(limbs: &mut [u64], position: usize, number: u128) {
    let (low, high) = halves(number);
    if let Some([limb, next]) = limbs.get_mut(position..position + 2) {
        *limb = low;
        *next |= high;
    }
}

/// Subtracts `factor` times `number`; whether the result is negative, with 2^64 to the power of its
/// limbs added.
fn subtract_product(from: &mut [u64], number: &[u64], factor: u128) -> bool {
    let mut carry = 0;
    let numbers = number.iter().copied().chain(std::iter::repeat(0));
    for (limb, other) in from.iter_mut().zip(numbers) {
        let (low, high) = halves(u128::from(other) * factor + carry);
        let (difference, borrow) = limb.overflowing_sub(low);
        *limb = difference;
        carry = u128::from(high) + u128::from(borrow);
    }
    carry != 0
}

/// Adds; whether there was a carry beyond the last limb.
fn add(to: &mut [u64], number: &[u64]) -> bool {
    let mut carry = 0;
    let numbers = number.iter().copied().chain(std::iter::repeat(0));
    for (limb, other) in to.iter_mut().zip(numbers) {
        let (low, high) = halves(u128::from(*limb) + u128::from(other) + carry);
        *limb = low;
        carry = u128::from(high);
    }
    carry != 0
}

/// `from + more - number`, which is not negative.
fn subtract(from: &[u64; ROOT_LIMBS], number: &[u64], more: u64) -> [u64; ROOT_LIMBS] {
    let mut difference = *from;
    add(&mut difference, &[more]);
    subtract_product(&mut difference, number, 1);
    difference
}

fn is_square(number: &BigUint) -> bool {
    // Scaled by a power of four to the form that the root is taken of; that changes no answer.
    let limbs = number.bits().div_ceil(128).max(1) * 2;
    let scaled = number << ((limbs * 64 - number.bits()) & !1);
    let mut scaled = super::limbs(&scaled.to_bytes_be());
    let scaled = scaled.get_mut(..limbs).unwrap_or_default();
    square_root(scaled);
    scaled.iter().all(|limb| *limb == 0)
}

fn number(limbs: &[u64]) -> BigUint {
    limbs.iter().rev().fold(BigUint::from(0_u8), |number, limb| (number << 64) + *limb)
}

/// The lower and the upper 64 bits.
fn halves(number: u128) -> (u64, u64) {
    let [low, high] = [number & u128::from(u64::MAX), number >> 64];
    (u64::try_from(low).unwrap_or_default(), u64::try_from(high).unwrap_or_default())
}

/// Bit `r` says that some square leaves `r` modulo `modulus`, which is at most 64.
const fn squares(modulus: u64) -> u64 {
    let mut squares = 0;
    let mut root = 0;
    while root < modulus {
        squares |= 1 << (root * root % modulus);
        root += 1;
    }
    squares
}

/// As many as Boulder tries: primes that agree in their upper half are found, which chance never
/// makes.
const ROUNDS: u32 = 100;

/// Limbs of twice the root of the largest modulus.
const ROOT_LIMBS: usize = LIMBS / 2 + 1;

const SQUARES_MODULO_64: u64 = squares(64);
const FILTER: u32 = 9 * 5 * 7 * 11 * 13 * 17 * 19 * 23;
const FILTER_FACTORS: [(u64, u64); 8] = [
    (9, squares(9)),
    (5, squares(5)),
    (7, squares(7)),
    (11, squares(11)),
    (13, squares(13)),
    (17, squares(17)),
    (19, squares(19)),
    (23, squares(23)),
];

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn check_root(limbs: &[u64]) {
        let mut rest = limbs.to_vec();
        let double = square_root(&mut rest);
        let (double, rest) = (number(&double), number(&rest));
        let root = &double >> 1;
        assert_eq!(&root << 1, double);
        assert!(rest <= double);
        assert_eq!(&root * &root + rest, number(limbs));
    }

    #[test]
    fn roots_of_extremes_are_roots() {
        for limb in [0, 1, u64::MAX - 1, u64::MAX] {
            for top in [1 << 62, 1 << 63, u64::MAX] {
                for length in [2, 4, 6, 32, 48, 64] {
                    let mut limbs = vec![limb; length];
                    limbs[length - 1] = top;
                    check_root(&limbs);
                    limbs[length - 2] = 0;
                    check_root(&limbs);
                }
            }
        }
        // Just below, at and above a square whose digits are all extreme.
        for digit in [0, u64::MAX] {
            let mut root = vec![digit; 16];
            root[15] = u64::MAX;
            let square = number(&root) * number(&root);
            for near in [&square - 1_u8, square.clone(), &square + 1_u8, square + number(&root)] {
                check_root(&super::super::limbs(&near.to_bytes_be())[..32]);
            }
        }
    }

    proptest! {
        #[test]
        fn roots_are_roots(mut limbs in vec(any::<u64>(), 2..64), extreme in vec(0_usize..64, 0..20)) {
            limbs.truncate(limbs.len() / 2 * 2);
            for position in extreme {
                if let Some(limb) = limbs.get_mut(position) {
                    *limb = if position % 2 == 0 { u64::MAX } else { 0 };
                }
            }
            *limbs.last_mut().unwrap() |= 1 << 62;
            check_root(&limbs);
        }

        #[test]
        fn squares_are_squares(octets in vec(any::<u8>(), 0..120), more in 1_u8..) {
            let number = BigUint::from_bytes_be(&octets);
            let square = &number * &number;
            prop_assert!(is_square(&square));
            prop_assert!(Residues::of(&super::super::limbs(&square.to_bytes_be())).may_be_square());
            let off = square + more;
            let next = &number + 1_u8;
            if off < &next * &next {
                prop_assert!(!is_square(&off));
            }
        }
    }
}
