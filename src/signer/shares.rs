//! A passphrase in shares (秘密分散): any k of n officers open the keys together, fewer learn nothing
//! (Shamir, over GF(2⁸), octet by octet).
//!
//! What is shared is never a passphrase that somebody thought of but 32 octets of randomness, so that
//! the digest by which a wrong combination is noticed tells nobody anything.
//!
//! A share is a text that a person may print and type again:
//!
//! ```text
//! # One share of the passphrase of an authority's keys (鍵の分散情報). Keep it to yourself.
//! set    6b1f09c2a4d8e375
//! share  2 of 5, 3 needed
//! value  3c8e 41f0 …
//! check  0f6d2a91
//! ```

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use blahaj::Sharks;
use rand_core::CryptoRngCore;
use ring::digest;
use zeroize::Zeroizing;

use crate::asn1::hex;

use super::Passphrase;

/// How a passphrase is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    needed: u8,
    of: u8,
}

impl Quorum {
    /// `needed` shares of `of` open the keys.
    ///
    /// # Errors
    /// When fewer than two are needed, or more than there are.
    pub fn new(needed: u8, of: u8) -> Result<Self, ShareError> {
        if needed < 2 || needed > of { Err(ShareError::Quorum) } else { Ok(Self { needed, of }) }
    }

    /// How many open the keys.
    #[must_use]
    pub fn needed(self) -> u8 {
        self.needed
    }

    /// How many there are.
    #[must_use]
    pub fn of(self) -> u8 {
        self.of
    }
}

/// One officer's share: wiped from memory when dropped, never printed but by [`Share::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Share {
    set: [u8; SET],
    quorum: Quorum,
    number: u8,
    value: Zeroizing<Vec<u8>>,
}

impl Share {
    /// Which of the shares, from 1.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// How many there are, and how many open the keys.
    #[must_use]
    pub fn quorum(&self) -> Quorum {
        self.quorum
    }

    /// Its text, for the officer.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let Self { set, quorum: Quorum { needed, of }, number, value } = self;
        let mut text = Zeroizing::new(String::with_capacity(512));
        // Writing into a string does not fail.
        let _written = write!(
            text,
            "# One share of the passphrase of an authority's keys (鍵の分散情報). Keep it to yourself.\n\
             set    {}\nshare  {number} of {of}, {needed} needed\nvalue ",
            hex(set)
        );
        for pair in value.chunks(2) {
            let _written = write!(text, " {}", *Zeroizing::new(hex(pair)));
        }
        let _written = write!(text, "\ncheck  {}\n", hex(&self.check()));
        text
    }

    /// Notices a slip of the pen; it is no secret.
    fn check(&self) -> [u8; CHECK] {
        let Quorum { needed, of } = self.quorum;
        digest_of(&[b"jpki share", &self.set, &[needed, of, self.number], &self.value])
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({} of {}, redacted)", self.number, self.quorum.of)
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let mut fields = [None; 4];
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, rest) = line.split_once(char::is_whitespace).ok_or(ShareError::Format)?;
            let place = ["set", "share", "value", "check"].iter().position(|known| *known == name);
            let field = place.and_then(|place| fields.get_mut(place)).ok_or(ShareError::Format)?;
            if field.replace(rest.trim()).is_some() {
                return Err(ShareError::Format);
            }
        }
        let [Some(set), Some(share), Some(value), Some(check)] = fields else {
            return Err(ShareError::Format);
        };
        let (number, rest) = share.split_once(" of ").ok_or(ShareError::Format)?;
        let (of, rest) = rest.split_once(", ").ok_or(ShareError::Format)?;
        let needed = rest.strip_suffix(" needed").ok_or(ShareError::Format)?;
        let octet = |text: &str| text.parse::<u8>().map_err(|_| ShareError::Format);
        let (number, quorum) = (octet(number)?, Quorum::new(octet(needed)?, octet(of)?)?);
        let set = octets(set)?.as_slice().try_into().map_err(|_| ShareError::Format)?;
        let share = Self { set, quorum, number, value: octets(value)? };
        // The secret's octets, and its digest.
        if share.value.len() != SECRET + CHECK || number == 0 || number > quorum.of {
            return Err(ShareError::Format);
        }
        if *octets(check)? != share.check() {
            return Err(ShareError::Mistyped);
        }
        Ok(share)
    }
}

/// A new passphrase of 256 bits, and its shares.
///
/// # Errors
/// When the source of randomness fails to make another one for each (it does not).
pub fn share_passphrase(
    quorum: Quorum,
    random: &mut impl CryptoRngCore,
) -> Result<(Passphrase, Vec<Share>), ShareError> {
    let mut secret = Zeroizing::new([0; SECRET + CHECK]);
    let (octets, check) = secret.split_at_mut(SECRET);
    random.fill_bytes(octets);
    check.copy_from_slice(&digest_of::<CHECK>(&[b"jpki secret", octets]));
    let passphrase = passphrase_of(octets)?;
    let mut set = [0; SET];
    random.fill_bytes(&mut set);
    let mut source = random;
    let dealt = Sharks(quorum.needed).dealer_rng(secret.as_ref(), &mut source);
    let shares: Vec<Share> = (1..=quorum.of)
        .zip(dealt)
        .map(|(number, dealt)| {
            let value = dealt.y.iter().map(|octet| octet.0).collect();
            Share { set, quorum, number, value: Zeroizing::new(value) }
        })
        .collect();
    if combine(&shares).is_ok_and(|combined| combined.expose() == passphrase.expose()) {
        Ok((passphrase, shares))
    } else {
        Err(ShareError::Combination)
    }
}

/// The passphrase that these shares open.
///
/// # Errors
/// When they are not enough, not of one set, or one is there twice.
pub fn combine(shares: &[Share]) -> Result<Passphrase, ShareError> {
    let first = shares.first().ok_or(ShareError::TooFew { given: 0, needed: 2 })?;
    if shares.iter().any(|share| share.set != first.set || share.quorum != first.quorum) {
        return Err(ShareError::OtherSet);
    }
    let mut numbers: Vec<u8> = shares.iter().map(|share| share.number).collect();
    numbers.sort_unstable();
    if let Some(number) = numbers.windows(2).find(|pair| pair.first() == pair.get(1)) {
        return Err(ShareError::Twice { number: number.first().copied().unwrap_or_default() });
    }
    let needed = first.quorum.needed;
    if shares.len() < usize::from(needed) {
        return Err(ShareError::TooFew { given: shares.len(), needed });
    }
    let dealt: Vec<blahaj::Share> = shares
        .iter()
        .map(|share| {
            let mut octets = Zeroizing::new(vec![share.number]);
            octets.extend_from_slice(&share.value);
            blahaj::Share::try_from(octets.as_slice()).map_err(|_| ShareError::Format)
        })
        .collect::<Result<_, _>>()?;
    let secret =
        Zeroizing::new(Sharks(needed).recover(&dealt).map_err(|_| ShareError::Combination)?);
    let (octets, check) = secret.split_at_checked(SECRET).ok_or(ShareError::Combination)?;
    if *check != digest_of::<CHECK>(&[b"jpki secret", octets]) {
        return Err(ShareError::Combination);
    }
    passphrase_of(octets)
}

fn passphrase_of(octets: &[u8]) -> Result<Passphrase, ShareError> {
    Passphrase::new(&Zeroizing::new(hex(octets))).map_err(|_| ShareError::Combination)
}

/// The first octets of a digest.
fn digest_of<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().first_chunk().copied().unwrap_or([0; N])
}

/// Octets from hexadecimal digits, in groups or not.
fn octets(text: &str) -> Result<Zeroizing<Vec<u8>>, ShareError> {
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.chars()
            .filter(|character| !character.is_whitespace())
            .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or(ShareError::Format)?,
    );
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(ShareError::Format);
    }
    Ok(Zeroizing::new(
        pairs.map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)).collect(),
    ))
}

/// Why shares do not open anything. Says nothing of what is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// That cannot be a quorum.
    #[error("at least 2 shares are needed, and no more than there are (at most 255)")]
    Quorum,
    /// Not a share.
    #[error("not a share: it has the lines set, share, value and check")]
    Format,
    /// The check does not fit the value.
    #[error("a share does not agree with its check: read it again, digit by digit")]
    Mistyped,
    /// Shares of two splits.
    #[error("the shares are not of one set: bring those that were made together")]
    OtherSet,
    /// One share comes twice.
    #[error("share {number} was given twice: bring another one")]
    Twice {
        /// Its number.
        number: u8,
    },
    /// Not enough.
    #[error("{given} share(s) given, {needed} needed")]
    TooFew {
        /// How many were given.
        given: usize,
        /// How many it takes.
        needed: u8,
    },
    /// What comes out is no secret.
    #[error("the shares do not fit together: one of them was changed")]
    Combination,
}

/// Octets of the secret.
const SECRET: usize = 32;
/// Octets of a check.
const CHECK: usize = 4;
/// Octets of a set's name.
const SET: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;
    use rand_core::OsRng;

    use super::*;

    #[test]
    fn any_quorum_opens_and_no_less() {
        let quorum = Quorum::new(3, 5).unwrap();
        let (passphrase, shares) = share_passphrase(quorum, &mut OsRng).unwrap();
        assert_eq!(shares.len(), 5);
        proptest!(|(chosen in subsequence(shares.clone(), 3..=5).prop_shuffle())| {
            let combined = combine(&chosen).unwrap();
            prop_assert_eq!(combined.expose(), passphrase.expose());
        });
        proptest!(|(chosen in subsequence(shares.clone(), 0..=2))| {
            let too_few = matches!(combine(&chosen), Err(ShareError::TooFew { .. }));
            prop_assert!(too_few);
        });
        let twice = [shares[0].clone(), shares[1].clone(), shares[0].clone()];
        assert_eq!(combine(&twice).unwrap_err(), ShareError::Twice { number: 1 });
    }

    #[test]
    fn shares_of_two_sets_do_not_mix() {
        let quorum = Quorum::new(2, 3).unwrap();
        let (_, one) = share_passphrase(quorum, &mut OsRng).unwrap();
        let (_, other) = share_passphrase(quorum, &mut OsRng).unwrap();
        let mixed = combine(&[one[0].clone(), other[1].clone()]);
        assert_eq!(mixed.unwrap_err(), ShareError::OtherSet);
        // Whoever claims that they are of one set is found out.
        let forged = Share { set: one[0].set, ..other[1].clone() };
        assert_eq!(combine(&[one[0].clone(), forged]).unwrap_err(), ShareError::Combination);
    }

    #[test]
    fn a_share_is_read_as_it_is_written_and_a_slip_is_noticed() {
        let (_, shares) = share_passphrase(Quorum::new(2, 2).unwrap(), &mut OsRng).unwrap();
        let text = shares[1].expose();
        assert_eq!(text.parse(), Ok(shares[1].clone()));
        assert_eq!(
            text.to_uppercase().replace("SET", "set").parse::<Share>(),
            Err(ShareError::Format)
        );
        let value = text.find("value").unwrap();
        for (at, digit) in text.bytes().enumerate().filter(|(at, _)| *at > value) {
            if digit.is_ascii_hexdigit() && text[at..].contains("check") {
                let other = if digit == b'0' { "1" } else { "0" };
                let mut slip = text.to_string();
                slip.replace_range(at..=at, other);
                assert!(slip.parse::<Share>().is_err(), "{at}");
            }
        }
        for text in ["", "set 00", "share 1 of 2, 2 needed", "value", "# only words"] {
            assert_eq!(text.parse::<Share>(), Err(ShareError::Format), "{text}");
        }
        for (needed, of) in [(0, 3), (1, 3), (4, 3)] {
            assert_eq!(Quorum::new(needed, of), Err(ShareError::Quorum));
        }
    }

    #[test]
    fn nothing_of_a_share_is_printed() {
        let (passphrase, shares) =
            share_passphrase(Quorum::new(2, 3).unwrap(), &mut OsRng).unwrap();
        let printed = format!("{passphrase:?} {shares:?}");
        for share in &shares {
            let value = hex(&share.value);
            assert!(!printed.contains(&value[..8]), "{printed}");
        }
    }
}
