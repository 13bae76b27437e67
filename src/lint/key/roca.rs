//! The fingerprint of ROCA, "Return of Coppersmith's Attack" (Nemec et al., 2017, section 2).
//!
//! The weak library chose each prime as `k·M + (65537^a mod M)`, `M` a product of the first primes.
//! So the modulus, too, is a power of 65537 modulo each of them: for some primes, few residues.

use super::remainder;

/// Whether a modulus that has no small factor bears the fingerprint.
///
/// A sound modulus does by chance once in 240 million; its holder's device then makes another.
pub(super) fn has_fingerprint(limbs: &[u64]) -> bool {
    MARKERS.iter().all(|marker| marker.admits(remainder(limbs, marker.prime)))
}

/// A prime and the powers of 65537 modulo it.
#[derive(Clone, Copy)]
struct Marker {
    prime: u32,
    /// Bit `r` says that `r` is such a power; the second number goes on at 128.
    powers: [u128; 2],
}

impl Marker {
    const fn new(prime: u32) -> Self {
        let [mut low, mut high] = [0_u128; 2];
        let mut power = 1;
        loop {
            if power < 128 {
                low |= 1 << power;
            } else {
                high |= 1 << (power - 128);
            }
            power = power * (65_537 % prime) % prime;
            if power == 1 {
                return Self { prime, powers: [low, high] };
            }
        }
    }

    fn admits(&self, residue: u64) -> bool {
        let [low, high] = self.powers;
        let (half, bit) = if residue < 128 { (low, residue) } else { (high, residue - 128) };
        half >> (bit & 127) & 1 == 1
    }
}

/// The primes up to 167 modulo which 65537 does not generate every residue; at the others any
/// modulus without small factors passes.
const MARKERS: [Marker; 17] = [
    Marker::new(11),
    Marker::new(13),
    Marker::new(17),
    Marker::new(19),
    Marker::new(37),
    Marker::new(53),
    Marker::new(61),
    Marker::new(71),
    Marker::new(73),
    Marker::new(79),
    Marker::new(97),
    Marker::new(103),
    Marker::new(107),
    Marker::new(109),
    Marker::new(127),
    Marker::new(151),
    Marker::new(157),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_the_published_ones() {
        // crocs-muni/roca, `prints`, as far as they fit this test's patience.
        let published: [(u32, u128); 7] = [
            (11, 1026),
            (13, 5658),
            (17, 107_286),
            (19, 199_410),
            (37, 67_109_890),
            (53, 5_310_023_542_746_834),
            (61, 1_455_791_217_086_302_986),
        ];
        for (prime, powers) in published {
            let marker = MARKERS.iter().find(|marker| marker.prime == prime).unwrap();
            assert_eq!(marker.powers, [powers, 0], "{prime}");
        }
    }

    #[test]
    fn the_primes_left_out_admit_every_residue() {
        let primes = (3..=167_u32).filter(|n| (2..*n).all(|divisor| n % divisor != 0));
        for prime in primes {
            let listed = MARKERS.iter().any(|marker| marker.prime == prime);
            let marker = Marker::new(prime);
            let all = (1..u64::from(prime)).all(|residue| marker.admits(residue));
            assert_eq!(listed, !all, "{prime}");
            assert!(!marker.admits(0));
        }
    }

    #[test]
    fn chance_is_as_documented() {
        let chance: f64 = MARKERS
            .iter()
            .map(|marker| {
                let powers = marker.powers[0].count_ones() + marker.powers[1].count_ones();
                f64::from(powers) / f64::from(marker.prime - 1)
            })
            .product();
        assert_eq!((1.0 / chance / 1e7).round(), 24.0);
    }
}
