//! Secrets stay where they are: in no error, no debug print, and not in memory when they were dropped.

use std::error::Error;
use std::fmt::Debug;
use std::fs;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::os::unix::fs::PermissionsExt as _;

use rand_core::OsRng;
use rand_core::RngCore as _;
use zeroize::Zeroizing;

use super::*;
use crate::asn1::KeyAlgorithm;
use crate::asn1::hex;

/// A secret to be looked for, which is not in memory as it is.
struct Needle(Vec<u8>);

impl Needle {
    fn new(secret: &[u8]) -> Self {
        Self(secret.iter().map(|octet| octet ^ 0x5a).collect())
    }

    fn is_at(&self, place: &[u8]) -> bool {
        place.len() >= self.0.len() && place.iter().zip(&self.0).all(|(a, b)| *a == b ^ 0x5a)
    }

    fn is_in(&self, text: &[u8]) -> bool {
        memchr::memchr_iter(self.0[0] ^ 0x5a, text).any(|at| self.is_at(&text[at..]))
    }
}

/// Where in what this process has allocated a secret is.
fn in_memory(needle: &Needle) -> Vec<String> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = fs::File::open("/proc/self/mem").unwrap();
    let mut read = Vec::new();
    let mut found = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, mode) = (fields.next().unwrap(), fields.next().unwrap());
        let is_file = fields.nth(3).is_some_and(|name| name.starts_with('/'));
        if !mode.starts_with("rw") || is_file {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|end| u64::from_str_radix(end, 16).unwrap());
        // What other tests have given back meanwhile cannot be read, nor need it be.
        if memory.seek(SeekFrom::Start(from)).is_err() {
            continue;
        }
        let _read = memory.by_ref().take(to - from).read_to_end(&mut read);
        if needle.is_in(&read) {
            found.push(line.to_owned());
        }
        // No copy for the next look.
        read.fill(0);
        std::hint::black_box(&mut read).clear();
    }
    found
}

/// A passphrase that nobody has seen.
fn passphrase() -> (Passphrase, Needle) {
    let mut octets = Zeroizing::new([0; 24]);
    OsRng.fill_bytes(octets.as_mut());
    let text = Zeroizing::new(hex(octets.as_ref()));
    (Passphrase::new(&text).unwrap(), Needle::new(text.as_bytes()))
}

#[test]
fn what_was_dropped_is_not_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (passphrase, of_passphrase) = passphrase();
    let quorum = Quorum::new(2, 3).unwrap();
    let (shared, shares) = share_passphrase(quorum, &mut OsRng).unwrap();
    let of_shared = Needle::new(shared.expose().as_bytes());
    let text = shares[0].expose();
    let value = text.lines().find_map(|line| line.strip_prefix("value  ")).unwrap();
    let of_share = Needle::new(&value.as_bytes()[..24]);
    let key = generate(KeyAlgorithm::Rsa(2048), &mut OsRng).unwrap();
    // From within the primes.
    let of_key = Needle::new(&key.expose()[700..732]);
    let needles = [&of_passphrase, &of_shared, &of_share, &of_key];
    for needle in needles {
        assert!(!in_memory(needle).is_empty(), "it can be found");
    }

    // Written, read, refused.
    let (file, other) = (folder.path().join("a.pem"), folder.path().join("b.pem"));
    write_key_file(&file, &key, Some(&passphrase), &mut OsRng).unwrap();
    let again = read_key_file(&file, Some(&passphrase)).unwrap();
    assert!(again.expose() == key.expose());
    let combined = combine(&shares[1..]).unwrap();
    write_key_file(&other, &again, Some(&combined), &mut OsRng).unwrap();
    assert!(read_key_file(&other, Some(&passphrase)).is_err());
    let parsed: Share = text.parse().unwrap();
    assert!(combine(&[parsed]).is_err());
    drop((passphrase, shared, shares, text, key, again, combined));
    for (number, needle) in needles.into_iter().enumerate() {
        let left = in_memory(needle);
        assert!(left.is_empty(), "secret {number} is still in memory: {left:?}");
    }
}

#[test]
fn no_print_of_what_holds_a_secret_and_no_error_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let (passphrase, of_passphrase) = passphrase();
    let (shared, shares) = share_passphrase(Quorum::new(2, 3).unwrap(), &mut OsRng).unwrap();
    let text = shares[0].expose();
    let value = text.lines().find_map(|line| line.strip_prefix("value  ")).unwrap();
    let mut told = String::new();
    let mut print = |value: &dyn Debug| told.push_str(&format!("{value:?}\n{value:#?}\n"));
    print(&(&passphrase, &shared, &shares));
    let mut needles = vec![
        of_passphrase,
        Needle::new(shared.expose().as_bytes()),
        Needle::new(&value.as_bytes()[..14]),
        Needle::new(&value.replace(' ', "").as_bytes()[..14]),
    ];
    let mut errors: Vec<Box<dyn Error>> = Vec::new();
    for algorithm in [
        KeyAlgorithm::Rsa(2048),
        KeyAlgorithm::Rsa(3072),
        KeyAlgorithm::Rsa(4096),
        KeyAlgorithm::P256,
        KeyAlgorithm::P384,
    ] {
        let key = generate(algorithm, &mut OsRng).unwrap();
        print(&(&key, &SoftwareSigner::new(&key).unwrap()));
        // The private part, as octets, in hexadecimal, in decimals, and as the file has it.
        let at = key.expose().len() / 2 - if algorithm == KeyAlgorithm::P256 { 24 } else { 48 };
        let piece = &key.expose()[at..at + 12];
        let decimals = format!("{piece:?}");
        needles.push(Needle::new(piece));
        needles.push(Needle::new(hex(piece).as_bytes()));
        needles.push(Needle::new(decimals.trim_matches(['[', ']']).as_bytes()));
        let path = |what: &str| folder.path().join(format!("{algorithm}-{what}.pem"));
        write_key_file(&path("open"), &key, None, &mut OsRng).unwrap();
        write_key_file(&path("closed"), &key, Some(&passphrase), &mut OsRng).unwrap();
        let pem = fs::read_to_string(path("open")).unwrap();
        needles.push(Needle::new(&pem.lines().nth(2).unwrap().as_bytes()[..20]));

        let mut fails = |path: &std::path::Path, passphrase: Option<&Passphrase>| {
            errors.push(Box::new(read_key_file(path, passphrase).unwrap_err()));
        };
        fails(&path("closed"), None);
        fails(&path("closed"), Some(&shared));
        fails(&path("missing"), Some(&passphrase));
        for cut in [pem.len() / 2, pem.len() - 5, 10] {
            fs::write(path("cut"), &pem[..cut]).unwrap();
            fs::set_permissions(path("cut"), fs::Permissions::from_mode(0o600)).unwrap();
            fails(&path("cut"), Some(&passphrase));
        }
        fs::set_permissions(path("open"), fs::Permissions::from_mode(0o644)).unwrap();
        fails(&path("open"), None);
        let exists = write_key_file(&path("closed"), &key, None, &mut OsRng).unwrap_err();
        errors.push(Box::new(exists));
        let cut = PrivateKey::from_pkcs8(&key.expose()[..key.expose().len() - 1]);
        errors.push(Box::new(SoftwareSigner::new(&cut).unwrap_err()));
        let mut damaged = Zeroizing::new(key.expose().to_vec());
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        if let Err(error) = SoftwareSigner::new(&PrivateKey::from_pkcs8(&damaged)) {
            errors.push(Box::new(error));
        }
    }
    errors.push(Box::new(Passphrase::new("").unwrap_err()));
    errors.push(Box::new(combine(&shares[..1]).unwrap_err()));
    errors.push(Box::new(combine(&[shares[0].clone(), shares[0].clone()]).unwrap_err()));
    let (_, others) = share_passphrase(Quorum::new(2, 3).unwrap(), &mut OsRng).unwrap();
    errors.push(Box::new(combine(&[shares[0].clone(), others[1].clone()]).unwrap_err()));
    for at in 0..text.chars().count() {
        // Every slip of the pen.
        let slip: String = text
            .chars()
            .enumerate()
            .map(|(place, one)| if place == at { if one == '0' { '1' } else { '0' } } else { one })
            .collect();
        if let Err(error) = slip.parse::<Share>() {
            errors.push(Box::new(error));
        }
    }
    assert!(errors.len() > 100, "{}", errors.len());
    for error in &errors {
        told.push_str(&format!("{error:?}\n{error}\n"));
        let mut error: &dyn Error = error.as_ref();
        while let Some(source) = error.source() {
            told.push_str(&format!("{source:?}\n{source}\n"));
            error = source;
        }
    }
    for (number, needle) in needles.iter().enumerate() {
        assert!(!needle.is_in(told.as_bytes()), "secret {number} was told");
    }
}
