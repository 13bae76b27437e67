//! Who asks, by the certificate of the connection.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;

use crate::authority::home::CertificateFingerprint;
use crate::authority::home::ClientRole;
use crate::authority::home::ServeConfig;
use crate::register::Source;

use super::problem::Problem;

/// A client that `jpki.toml` knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// What it is called in logs.
    pub name: String,
    /// What it may do.
    pub roles: BTreeSet<ClientRole>,
    /// Whose events it may send; every source's where there are none.
    pub sources: Option<BTreeSet<Source>>,
}

/// Who sent a request: in its extensions, always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller(Option<Arc<Client>>);

impl Caller {
    /// The client, if it is known.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        self.0.as_deref()
    }

    /// The client, if it may do this.
    ///
    /// # Errors
    /// 403 when it may not, or is not known.
    pub fn must_be(&self, role: ClientRole) -> Result<&Client, Problem> {
        self.client().filter(|client| client.roles.contains(&role)).ok_or_else(|| {
            let word = role.as_str();
            Problem::new(StatusCode::FORBIDDEN)
                .detail(format!("this is for clients with the role {word}"))
        })
    }

    /// The client, if it may send the events of this source.
    ///
    /// # Errors
    /// 403 when it may not, or is not known.
    pub fn must_send_for(&self, source: Source) -> Result<&Client, Problem> {
        let client = self.must_be(ClientRole::Register)?;
        if client.sources.as_ref().is_none_or(|sources| sources.contains(&source)) {
            return Ok(client);
        }
        Err(Problem::new(StatusCode::FORBIDDEN)
            .detail(format!("this client does not send the events of {source}")))
    }
}

/// The clients of `jpki.toml`, by their certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clients(BTreeMap<CertificateFingerprint, Arc<Client>>);

impl Clients {
    pub(super) fn new(config: &ServeConfig) -> Self {
        let entry = |settings: &crate::authority::home::ClientSettings| {
            let client = Client {
                name: settings.name.clone(),
                roles: settings.roles.clone(),
                sources: settings.sources.clone(),
            };
            (settings.sha256, Arc::new(client))
        };
        Self(config.client.iter().map(entry).collect())
    }

    /// The client with this certificate.
    pub(super) fn find(&self, certificate: Option<CertificateFingerprint>) -> Caller {
        Caller(certificate.and_then(|fingerprint| self.0.get(&fingerprint).cloned()))
    }
}
