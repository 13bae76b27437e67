//! What others read: requests for wrk and ab, an index for OpenSSL.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;

use jpki_ca::credential::Serial;
use jpki_ca::ocsp::CertId;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Nonce;
use jpki_ca::ocsp::Query;
use jpki_ca::ocsp::TrustedIssuer;
use rusqlite::Connection;

use super::HOT;
use super::seed::SERIALS_IN_USE;

/// The first numbers of holders' certificates in a home that [`seed`](super::seed) made.
pub(crate) fn ids(home: &Path, count: usize) -> Result<Vec<CertId>, Box<dyn Error>> {
    let issuer = issuer(home)?;
    let connection = Connection::open(home.join("store.db"))?;
    let sql =
        "SELECT serial FROM certificate WHERE ca = 1 AND serial > ?1 ORDER BY serial LIMIT ?2";
    let mut statement = connection.prepare(sql)?;
    let serials = statement.query_map((SERIALS_IN_USE as i64, count as i64), |row| row.get(0))?;
    let serials: Vec<i64> = serials.collect::<Result<_, _>>()?;
    serials
        .into_iter()
        .map(|serial| {
            let serial = Serial::new(serial.try_into()?)?;
            Ok(CertId::new(Hash::Sha1, issuer.hashes(), serial))
        })
        .collect()
}

fn issuer(home: &Path) -> Result<TrustedIssuer, Box<dyn Error>> {
    let der = fs::read(home.join("ca/user-authentication-1.cer"))?;
    Ok(TrustedIssuer::of_certificate(&der).ok_or("no certificate")?)
}

/// Writes, beside the home, `requests.lua` (the octets around number and nonce, and the numbers) and
/// `request.der`, one request with a nonce.
pub(crate) fn requests(home: &Path) -> Result<(), Box<dyn Error>> {
    let issuer = issuer(home)?;
    let connection = Connection::open(home.join("store.db"))?;
    let bounds = "SELECT min(serial), max(serial) FROM certificate WHERE ca = 1 AND serial > ?1";
    let bounds = connection.query_row(bounds, [SERIALS_IN_USE as i64], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    // Every number takes four octets, so that one request is as long as another.
    let marker: u32 = 0x1a2b_3c4d;
    if bounds.0 < 1 << 24 || bounds.1 >= 1 << 31 {
        return Err("numbers of other lengths".into());
    }
    let id = CertId::new(Hash::Sha1, issuer.hashes(), Serial::new(marker.into())?);
    let nonce = Nonce::new(&[0xa5; 32])?;
    let once = Query { asked: std::slice::from_ref(&id), nonce: Some(&nonce) }.to_der()?;
    let cached = Query { asked: std::slice::from_ref(&id), nonce: None }.to_der()?;
    let split = |der: &[u8], at: &[u8]| -> Result<(Vec<u8>, Vec<u8>), Box<dyn Error>> {
        let place = der.windows(at.len()).position(|window| window == at).ok_or("no marker")?;
        Ok((der[..place].to_vec(), der[place + at.len()..].to_vec()))
    };
    let (before, rest) = split(&once, &marker.to_be_bytes())?;
    let (between, behind) = split(&rest, nonce.as_bytes())?;
    let (cached_before, cached_behind) = split(&cached, &marker.to_be_bytes())?;
    let mut lua = String::new();
    for (name, octets) in [
        ("before", before),
        ("between", between),
        ("behind", behind),
        ("cached_before", cached_before),
        ("cached_behind", cached_behind),
    ] {
        let octets: String = octets.iter().fold(String::new(), |mut text, octet| {
            // Writing into a string does not fail.
            let _written = write!(text, "\\{octet:03}");
            text
        });
        writeln!(lua, "{name} = \"{octets}\"")?;
    }
    writeln!(lua, "first, last, hot = {}, {}, {HOT}", bounds.0, bounds.1)?;
    let folder = home.parent().ok_or("no folder")?;
    fs::write(folder.join("requests.lua"), lua)?;
    let first = ids(home, 1)?;
    fs::write(folder.join("request.der"), Query { asked: &first, nonce: Some(&nonce) }.to_der()?)?;
    Ok(())
}

/// Writes the certificates of holders as the index of `openssl ca`.
pub(crate) fn index(home: &Path, file: &Path) -> Result<(), Box<dyn Error>> {
    let connection = Connection::open(home.join("store.db"))?;
    let mut out = BufWriter::new(fs::File::create(file)?);
    let sql = "SELECT serial, state FROM certificate WHERE ca = 1 AND serial > ?1 ORDER BY serial";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([SERIALS_IN_USE as i64])?;
    while let Some(row) = rows.next()? {
        let (serial, state): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (word, revoked) = if state == 3 { ('R', "260601000000Z") } else { ('V', "") };
        // Every name its own, as OpenSSL has it.
        writeln!(out, "{word}\t311231235959Z\t{revoked}\t{serial:08X}\tunknown\t/CN={serial}")?;
    }
    out.flush()?;
    Ok(())
}
