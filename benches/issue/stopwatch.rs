//! Looking into an authority from outside: its keys tell when they sign.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use jpki_ca::asn1::PublicKey;
use jpki_ca::signer::SignError;
use jpki_ca::signer::Signer;
use jpki_ca::signer::SoftwareSigner;

/// Now.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// When the keys signed first and last since it was last asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stopwatch(Arc<Mutex<Option<(Instant, Instant)>>>);

impl Stopwatch {
    /// From the beginning of the first signature to the end of the last.
    pub(crate) fn take(&self) -> Option<(Instant, Instant)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, begun: Instant, ended: Instant) {
        let mut span = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *span = Some((span.map_or(begun, |(first, _)| first), ended));
    }
}

/// A key that is timed.
#[derive(Debug)]
pub(crate) struct TimedSigner {
    pub(crate) signer: SoftwareSigner,
    pub(crate) stopwatch: Stopwatch,
}

impl Signer for TimedSigner {
    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let begun = now();
        let signature = self.signer.sign(message);
        self.stopwatch.note(begun, now());
        signature
    }
}

/// Where the time of a group went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Phases {
    /// Judging, numbering, writing, linting; the transaction of the intents.
    pub(crate) record: Duration,
    /// Signing and verifying, the last verification excepted.
    pub(crate) seal: Duration,
    /// The transaction that puts the certificates in force, and the last verification.
    pub(crate) complete: Duration,
}

impl Phases {
    /// Adds a group that began and ended then.
    pub(crate) fn add(&mut self, begun: Instant, signed: (Instant, Instant), ended: Instant) {
        self.record += signed.0 - begun;
        self.seal += signed.1 - signed.0;
        self.complete += ended - signed.1;
    }
}
