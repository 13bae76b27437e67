//! Serving requests into a folder: generated keys are durable before the intent, certificates are
//! written after the commit.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::asn1::hex;
use jpki_ca::asn1::sha256;
use jpki_ca::authority::Authority;
use jpki_ca::authority::ChangeRequest;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::Issued;
use jpki_ca::authority::Outcome;
use jpki_ca::authority::Refused;
use jpki_ca::authority::Rule;
use jpki_ca::authority::home::sync_folder;
use jpki_ca::authority::home::write_certificate;
use jpki_ca::credential::Kind;
use jpki_ca::credential::Reason;
use jpki_ca::law::revocation::Act;
use jpki_ca::profile::usual_algorithm;
use jpki_ca::signer;
use jpki_ca::signer::KeyFileError;
use jpki_ca::signer::Signer as _;
use jpki_ca::signer::SoftwareSigner;
use rand_core::OsRng;

use crate::exit::Exit;
use crate::exit::Failure;

use super::result::ResultLine;

/// Serves requests into a folder.
#[derive(Debug)]
pub(crate) struct Delivery<'a> {
    authority: &'a Authority,
    out: &'a Path,
    algorithm: Option<KeyAlgorithm>,
    /// Whether the certificate files are synced one by one; they can be asked for again, so a batch
    /// leaves that to the end.
    sync_each: bool,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(
        authority: &'a Authority,
        out: &'a Path,
        algorithm: Option<KeyAlgorithm>,
        sync_each: bool,
    ) -> Self {
        Self { authority, out, algorithm, sync_each }
    }

    /// Serves a group of requests: a line of result for each, in order.
    pub(crate) fn serve(&self, requests: Vec<IssueRequest>) -> Result<Vec<ResultLine>, Failure> {
        let mut prepared = Vec::with_capacity(requests.len());
        let mut generated = Vec::new();
        for request in requests {
            prepared.push(self.prepare(request, &mut generated)?);
        }
        if !generated.is_empty() {
            sync_folder(self.out)?;
        }
        let outcomes = self.authority.issue_all(&prepared)?;
        let mut lines = Vec::with_capacity(outcomes.len());
        for (request, outcome) in prepared.iter().zip(outcomes) {
            let line = self.deliver(request.is_key_generated(), outcome)?;
            if line.result.as_ref().is_err_and(|refused| !is_served_elsewhere(refused)) {
                // Never certified: nobody will ask for the keys that were made for it just now.
                for kind in request.kinds().list() {
                    let path = self.pending(request.id().as_str(), kind);
                    if generated.contains(&path) {
                        fs::remove_file(&path).map_err(|error| Failure::file(&path, error))?;
                    }
                }
            }
            lines.push(line);
        }
        if !generated.is_empty() || self.sync_each {
            sync_folder(self.out)?;
        }
        Ok(lines)
    }

    /// The request with a key for each kind: one that waits from an earlier try, or a new one. A
    /// request that was answered before needs none.
    fn prepare(
        &self,
        mut request: IssueRequest,
        generated: &mut Vec<PathBuf>,
    ) -> Result<IssueRequest, Failure> {
        let missing = request.keys_missing();
        if missing.is_empty() || self.authority.find(&request)?.is_some() {
            return Ok(request);
        }
        for kind in missing {
            let path = self.pending(request.id().as_str(), kind);
            let key = loop {
                if let Some(key) = self.read_key(&path)? {
                    break key;
                }
                // None when another process serves the same request and was quicker.
                if let Some(key) = self.generate(kind, &path)? {
                    generated.push(path);
                    break key;
                }
            };
            request = request.with_key(kind, key);
        }
        Ok(request)
    }

    /// Hands over what was issued to a request earlier, whose keys were generated here.
    pub(crate) fn hand_over(&self, outcome: Outcome) -> Result<ResultLine, Failure> {
        let line = self.deliver(true, outcome)?;
        sync_folder(self.out)?;
        Ok(line)
    }

    fn deliver(&self, key_generated: bool, outcome: Outcome) -> Result<ResultLine, Failure> {
        let Outcome { request_id, result, .. } = outcome;
        let (status, certificates) = match result {
            Ok(served) => served,
            Err(refused) => return Ok(ResultLine::refused(Some(request_id), refused)),
        };
        let mut files = Vec::with_capacity(certificates.len());
        let mut lost = false;
        for issued in &certificates {
            self.refuse_to_replace(issued)?;
            let mut written = self.write(issued)?;
            if key_generated {
                match self.hand_over_key(&request_id, issued)? {
                    Some(path) => written.push(path),
                    None => {
                        lost = true;
                        self.discard(issued)?;
                    }
                }
            }
            files.push(written);
        }
        if lost {
            return Ok(ResultLine::refused(Some(request_id), Rule::KeyLost.into()));
        }
        let result = Ok((status, certificates));
        Ok(ResultLine::new(Outcome::new(request_id, result), files, false))
    }

    /// Two homes, or one made anew, count through the same numbers: the files of one never replace
    /// those of the other.
    fn refuse_to_replace(&self, issued: &Issued) -> Result<(), Failure> {
        let path = self.out.join(format!("{}-{}.cer", issued.kind, issued.serial));
        match fs::read(&path) {
            Ok(der) if der != issued.der => Err(Failure::usage(format!(
                "{} is another authority's certificate: move it and its key away, then ask again \
                 under the same request id",
                path.display()
            ))),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::file(&path, error))
            }
            _ => Ok(()),
        }
    }

    fn write(&self, issued: &Issued) -> Result<Vec<PathBuf>, Failure> {
        let stem = format!("{}-{}", issued.kind, issued.serial);
        Ok(write_certificate(self.out, &stem, &issued.der, self.sync_each)?.to_vec())
    }

    /// Gives the generated key its lasting name; none when there is no key that fits.
    fn hand_over_key(&self, request_id: &str, issued: &Issued) -> Result<Option<PathBuf>, Failure> {
        let certified = PublicKey::of_certificate(&issued.der).map_err(Failure::usage)?;
        let lasting = self.out.join(format!("{}-{}.key.pem", issued.kind, issued.serial));
        let pending = self.pending(request_id, issued.kind);
        if self.read_key(&lasting)?.is_some_and(|key| key == certified) {
            // One that waits besides was made while another process served the same request.
            return match fs::remove_file(&pending) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(Failure::file(&pending, error))
                }
                _ => Ok(Some(lasting)),
            };
        }
        if self.read_key(&pending)?.is_some_and(|key| key == certified) {
            fs::rename(&pending, &lasting).map_err(|error| Failure::file(&lasting, error))?;
            return Ok(Some(lasting));
        }
        Ok(None)
    }

    /// A certificate whose key nobody has is of no use to anyone: discarded before delivery.
    fn discard(&self, issued: &Issued) -> Result<(), Failure> {
        let act = Act::Revoke(Reason::Unspecified);
        let request = ChangeRequest { ca: issued.ca, serial: issued.serial, act, dry_run: false };
        // Refused when it has ended already, which is just as well.
        let _ended = self.authority.change(&request)?;
        Ok(())
    }

    /// A new key in a new file; none when the file exists.
    fn generate(&self, kind: Kind, path: &Path) -> Result<Option<PublicKey>, Failure> {
        let algorithm = algorithm(self.authority, self.algorithm, kind)?;
        let key = signer::generate(algorithm, &mut OsRng).map_err(unusable)?;
        match signer::write_key_file(path, &key, None, &mut OsRng) {
            Err(KeyFileError::Io { source, .. })
                if source.kind() == io::ErrorKind::AlreadyExists =>
            {
                return Ok(None);
            }
            written => written?,
        }
        let signer = SoftwareSigner::new(&key).map_err(unusable)?;
        Ok(Some(signer.public_key().clone()))
    }

    fn read_key(&self, path: &Path) -> Result<Option<PublicKey>, Failure> {
        let key = match signer::read_key_file(path, None) {
            Ok(key) => key,
            Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let signer = SoftwareSigner::new(&key).map_err(unusable)?;
        Ok(Some(signer.public_key().clone()))
    }

    /// Where a generated key waits for its certificate: named after the request.
    fn pending(&self, request_id: &str, kind: Kind) -> PathBuf {
        let handle = hex(sha256(request_id.as_bytes()).get(..8).unwrap_or_default());
        self.out.join(format!(".{kind}-{handle}{PENDING}"))
    }
}

/// What a generated pair of this kind is: as asked, or as it is usual with whoever certifies it.
fn algorithm(
    authority: &Authority,
    asked: Option<KeyAlgorithm>,
    kind: Kind,
) -> Result<KeyAlgorithm, Failure> {
    match asked {
        Some(algorithm) => Ok(algorithm),
        None => Ok(usual_algorithm(authority.profile(kind.ca())?)),
    }
}

/// Key pairs for a dry run, which needs keys to judge and signs nothing: made when the first request
/// lacks one of the kind, and the same for all, since none is recorded.
#[derive(Debug)]
pub(super) struct AnyKeys<'a> {
    authority: &'a Authority,
    algorithm: Option<KeyAlgorithm>,
    made: Mutex<BTreeMap<Kind, PublicKey>>,
}

impl<'a> AnyKeys<'a> {
    pub(super) fn new(authority: &'a Authority, algorithm: Option<KeyAlgorithm>) -> Self {
        Self { authority, algorithm, made: Mutex::default() }
    }

    /// The request with keys where it has none.
    pub(super) fn fit(&self, mut request: IssueRequest) -> Result<IssueRequest, Failure> {
        for kind in request.keys_missing() {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            let key = match made.get(&kind) {
                Some(key) => key.clone(),
                None => {
                    let algorithm = algorithm(self.authority, self.algorithm, kind)?;
                    let key = signer::generate(algorithm, &mut OsRng).map_err(unusable)?;
                    let key = SoftwareSigner::new(&key).map_err(unusable)?.public_key().clone();
                    made.insert(kind, key.clone());
                    key
                }
            };
            request = request.with_key(kind, key);
        }
        Ok(request)
    }
}

/// Whether another process is serving the request, or one under the same id, perhaps with the keys
/// made here.
fn is_served_elsewhere(refused: &Refused) -> bool {
    [Rule::RequestPending, Rule::RequestConflict].iter().any(|rule| rule.code() == refused.rule)
}

fn unusable(error: signer::SignError) -> Failure {
    Failure::Other(Exit::Unavailable, error.into())
}

/// How the name of a waiting key ends.
const PENDING: &str = ".key.pem.pending";
