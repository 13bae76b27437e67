//! The files of TLS, and what rustls makes of them.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use der::Decode as _;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Unit;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::TLS12;
use rustls::version::TLS13;

use crate::asn1::sha256;
use crate::authority::home::CertificateFingerprint;
use crate::authority::home::TlsSettings;
use crate::clock::Clock;
use crate::clock::Timestamp;

use super::metrics::Metrics;
use super::role::Role;
use super::rules::Current;
use super::server::ServeError;

/// How a listener's connections are secured.
#[derive(Clone)]
pub(super) struct Tls {
    /// What rustls needs.
    pub(super) config: Arc<ServerConfig>,
    /// When the first of the server's certificates ends.
    pub(super) ends: Timestamp,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files, which must belong together.
    pub(super) fn read(
        folder: &Path,
        settings: &TlsSettings,
        newest_only: bool,
        authenticate: bool,
    ) -> Result<Self, ServeError> {
        let certificate = folder.join(&settings.certificate);
        let chain = read_certificates(&certificate)?;
        let mut ends = Vec::new();
        for der in &chain {
            ends.push(end(der).ok_or_else(|| problem(&certificate, "a certificate is malformed"))?);
        }
        let ends = ends.into_iter().min();
        let ends = ends.ok_or_else(|| problem(&certificate, "no certificate in PEM is in it"))?;
        let path = folder.join(&settings.key);
        let key = read_key(&path)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions: &[_] = if newest_only { &[&TLS13] } else { &[&TLS13, &TLS12] };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(|error| problem(&certificate, error))?;
        let builder = if settings.clients.as_os_str().is_empty() {
            builder.with_no_client_auth()
        } else {
            let authorities = folder.join(&settings.clients);
            builder.with_client_cert_verifier(verifier(&authorities, provider, authenticate)?)
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|error| problem(&path, format!("certificate and key: {error}")))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), ends })
    }
}

/// Who judges clients' certificates.
/// Has the metrics say how many seconds are left until each listener's certificate ends; fewer than none
/// when it has. Nothing of those without.
pub(super) fn register_metrics(
    listeners: Vec<(Role, Arc<Current>)>,
    clock: &Arc<dyn Clock>,
    metrics: &Metrics,
) {
    let ends: Family<Labels, Gauge> = Family::default();
    metrics.add(|registry| {
        registry.register_with_unit(
            "http_tls_end",
            "Until the listener's TLS certificate ends; negative when it has",
            Unit::Seconds,
            ends.clone(),
        );
    });
    let clock = Arc::clone(clock);
    metrics.before_reading(move || {
        // A reload may have taken TLS away.
        ends.clear();
        for (role, rules) in &listeners {
            if let Some(tls) = &rules.get().tls {
                let left = tls.ends.to_unix() - clock.now().to_unix();
                ends.get_or_create(&Labels { role: role.as_str() }).set(left);
            }
        }
    });
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    role: &'static str,
}

fn verifier(
    path: &Path,
    provider: Arc<CryptoProvider>,
    authenticate: bool,
) -> Result<Arc<dyn ClientCertVerifier>, ServeError> {
    let mut roots = RootCertStore::empty();
    for authority in read_certificates(path)? {
        roots.add(authority).map_err(|error| problem(path, error))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if authenticate { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| problem(path, error))
}

/// The fingerprint of a client's certificate.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> CertificateFingerprint {
    CertificateFingerprint(sha256(certificate))
}

pub(super) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ServeError> {
    let text = read(path)?;
    CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| problem(path, error))
}

pub(super) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, ServeError> {
    let mode = fs::metadata(path).map_err(|source| unreadable(path, source))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(problem(
            path,
            format!("has mode {:03o}: others can reach the key; run chmod 600 on it", mode & 0o777),
        ));
    }
    let text = zeroize::Zeroizing::new(read(path)?);
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| problem(path, "no private key in PEM, unencrypted, is in it"))
}

fn read(path: &Path) -> Result<Vec<u8>, ServeError> {
    fs::read(path).map_err(|source| unreadable(path, source))
}

/// The end of a certificate.
fn end(der: &[u8]) -> Option<Timestamp> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    Timestamp::from_unix(i64::try_from(end.as_secs()).ok()?).ok()
}

fn problem(path: &Path, problem: impl fmt::Display) -> ServeError {
    ServeError::File { path: PathBuf::from(path), problem: problem.to_string() }
}

fn unreadable(path: &Path, source: std::io::Error) -> ServeError {
    ServeError::Io { path: PathBuf::from(path), source }
}
