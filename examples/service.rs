//! An embedder's service: a line of JSON in, a line of JSON out, over a loopback socket.
//!
//! ```text
//! cargo run --example service -- HOME 127.0.0.1:7310
//! ```
//!
//! A request is a line of a batch (see README.md), with `kind` and the holder's `public_key`, the
//! base64 of its DER. Whoever repeats its `request_id` gets the same certificate again.

use std::error::Error;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::thread;

use jpki_ca::asn1::PublicKey;
use jpki_ca::authority::Ask;
use jpki_ca::authority::Authority;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Kinds;
use jpki_ca::authority::RequestId;
use jpki_ca::authority::home::Home;
use jpki_ca::clock::SystemClock;
use jpki_ca::credential::Carrier;
use jpki_ca::register::HolderForm;
use jpki_ca::register::MAX_FORM;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [home, address] = words.as_slice() else { return Err("give HOME and ADDRESS".into()) };
    // Taking it up also resolves what a crash left.
    let (authority, _) = Home::open(Path::new(home))?.authority(Box::new(SystemClock), None)?;
    let listener = TcpListener::bind(address)?;
    // An authority is shared by reference; a caller's failure ends the caller's connection alone.
    thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            scope.spawn(|| serve(&authority, stream));
        }
    });
    Ok(())
}

fn serve(authority: &Authority, mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = Vec::new();
    while reader.by_ref().take(MAX_FORM as u64).read_until(b'\n', &mut line)? > 0 {
        // Errors name the item and the rule, never the holder's data.
        let answer =
            issue(authority, &line).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(stream, "{answer}")?;
        line.clear();
    }
    Ok(())
}

fn issue(authority: &Authority, line: &[u8]) -> Result<serde_json::Value, Box<dyn Error>> {
    let form = HolderForm::read(line)?;
    let id = RequestId::new(form.request_id.as_deref().ok_or("request_id is missing")?)?;
    let kinds: Kinds = form.kind.as_deref().ok_or("kind is missing")?.parse()?;
    let key = form.public_key.as_deref().ok_or("public_key is missing")?;
    let key = KeyAsk::Given(PublicKey::from_text(key)?);
    let ask = Ask { kinds, carrier: Carrier::Card, renew: false, key };
    let request = IssueRequest::new(id, &form, &ask, authority.now())?;
    // The certificate is on disk, with its audit entry, before this returns.
    let (status, issued) = authority.issue(&request)?.result?;
    let issued = issued.first().ok_or("nothing was issued")?;
    let (serial, end) = (issued.serial.to_string(), issued.not_after.to_string());
    let pem = issued.to_pem();
    Ok(json!({ "status": status, "serial": serial, "not_after": end, "pem": pem }))
}
