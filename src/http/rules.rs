//! What holds on a listener: read anew on reload, while connections live on.

use std::path::Path;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use crate::authority::home::ClientRole;
use crate::authority::home::Home;
use crate::authority::home::LimitSettings;
use crate::authority::home::TlsSettings;

use super::client::Clients;
use super::role::Role;
use super::server::ServeError;
use super::tls::Tls;

/// What holds on a listener.
#[derive(Debug)]
pub(super) struct Rules {
    /// What a client may take.
    pub(super) limits: LimitSettings,
    /// What a body may be.
    pub(super) body: BodyLimits,
    /// How long an answer may be in the making, from the head of the request on.
    pub(super) patience: Duration,
    /// Who is answered at all.
    pub(super) gate: Gate,
    /// Who is who.
    pub(super) clients: Clients,
    /// How connections are secured.
    pub(super) tls: Option<Tls>,
}

/// What the body of a request may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    /// Octets.
    pub(super) octets: u64,
    /// For all of it.
    pub(super) total: Duration,
    /// Without anything of it.
    pub(super) stall: Duration,
}

/// Who is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Everybody.
    Open,
    /// Clients that `jpki.toml` knows.
    Known,
    /// Those of them with this role.
    Only(ClientRole),
}

impl Rules {
    /// What the settings say for a role, with the files that they name.
    pub(super) fn read(home: &Home, role: Role) -> Result<Self, ServeError> {
        let config = &home.config().serve;
        let stall = Duration::from_secs(config.limits.stall_seconds.into());
        let (tls, gate, octets, seconds) = match role {
            Role::Ocsp => {
                let own = &config.ocsp;
                let gate = gate(own.authenticate, ClientRole::Verifier);
                (own.tls(), gate, own.body_octets, own.body_seconds)
            }
            Role::Crl => {
                let own = &config.crl;
                (own.tls(), gate(own.authenticate, ClientRole::Verifier), NO_BODY, SHORT)
            }
            Role::Register => {
                let own = &config.register;
                own.check().map_err(ServeError::Settings)?;
                (own.tls(), Gate::Known, own.body_octets, own.body_seconds)
            }
            Role::Admin => {
                let own = &config.admin;
                (own.tls(), gate(own.authenticate, ClientRole::Auditor), NO_BODY, SHORT)
            }
        };
        let total = Duration::from_secs(seconds.into());
        Ok(Self {
            limits: config.limits,
            body: BodyLimits { octets, total, stall },
            patience: total + ANSWERED_WITHIN,
            gate,
            clients: Clients::new(config),
            tls: read_tls(home.folder(), &tls, role, gate)?,
        })
    }
}

fn gate(authenticate: bool, role: ClientRole) -> Gate {
    if authenticate { Gate::Only(role) } else { Gate::Open }
}

fn read_tls(
    folder: &Path,
    settings: &TlsSettings,
    role: Role,
    gate: Gate,
) -> Result<Option<Tls>, ServeError> {
    if settings.key.as_os_str().is_empty() {
        return Ok(None);
    }
    Tls::read(folder, settings, role == Role::Register, gate != Gate::Open).map(Some)
}

/// Rules that a reload replaces.
#[derive(Debug)]
pub(super) struct Current(RwLock<Arc<Rules>>);

impl Current {
    pub(super) fn new(rules: Rules) -> Self {
        Self(RwLock::new(Arc::new(rules)))
    }

    pub(super) fn get(&self) -> Arc<Rules> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put(&self, rules: Rules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}

/// Octets of a body where none is read.
const NO_BODY: u64 = 1024;
/// Seconds for a body where none is read.
const SHORT: u16 = 10;
/// How long an answer may be in the making once the request is there.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
