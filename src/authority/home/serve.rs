//! `[serve]`: what the servers are told. Parsed with the other settings, so that a wrong one is
//! found by every command; who serves takes it from here.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;

use crate::register::Source;

/// The settings of the servers, with their defaults.
///
/// Paths are relative to the home. What an address or a path is left empty for is off.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServeConfig {
    /// How log lines are written.
    pub log: LogFormat,
    /// What is logged: a level, or levels by part of the program, with commas between.
    pub log_level: String,
    /// Seconds that requests under way are given to end when the server is stopped.
    pub stop_seconds: u16,
    /// What a client may take, on every listener.
    pub limits: LimitSettings,
    /// The responder.
    pub ocsp: OcspSettings,
    /// The publication server.
    pub crl: CrlSettings,
    /// The server of the register and of issuing.
    pub register: RegisterSettings,
    /// Health and metrics.
    pub admin: AdminSettings,
    /// Whose client certificates may do what.
    pub client: Vec<ClientSettings>,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            log: LogFormat::Text,
            log_level: "info".to_owned(),
            stop_seconds: 30,
            limits: LimitSettings::default(),
            ocsp: OcspSettings::default(),
            crl: CrlSettings::default(),
            register: RegisterSettings::default(),
            admin: AdminSettings::default(),
            client: Vec::new(),
        }
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What a client may take of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitSettings {
    /// Connections at a time, from 1. One more, and the one that was idle for longest is closed; where
    /// none is idle, the new one.
    pub connections: u32,
    /// Octets of the head of a request, 8192 to 1048576.
    pub head_octets: u32,
    /// Seconds for the head of a request, and for the handshake before the first.
    pub head_seconds: u16,
    /// Seconds that a connection without a request is kept.
    pub idle_seconds: u16,
    /// Seconds that a client may send nothing of a body that it began, or take nothing of an answer.
    pub stall_seconds: u16,
    /// Requests at a time on one connection of HTTP/2.
    pub streams: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_octets: 16_384,
            head_seconds: 10,
            idle_seconds: 60,
            stall_seconds: 20,
            streams: 100,
        }
    }
}

/// The files that a listener's TLS needs; all empty for a plain listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// The certificates, the server's own first: PEM.
    pub certificate: PathBuf,
    /// Its key: PEM, mode 0600.
    pub key: PathBuf,
    /// The certificates of the authorities that clients' certificates must chain to: PEM. Empty where
    /// clients need none.
    pub clients: PathBuf,
}

/// Settings of the `ocsp` role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OcspSettings {
    /// Where it listens.
    pub listen: Listen,
    /// See [`TlsSettings::certificate`].
    pub certificate: PathBuf,
    /// See [`TlsSettings::key`].
    pub key: PathBuf,
    /// See [`TlsSettings::clients`].
    pub clients: PathBuf,
    /// Whether only clients with the role `verifier` are answered.
    pub authenticate: bool,
    /// Octets of the body of a request.
    pub body_octets: u64,
    /// Seconds for the whole body.
    pub body_seconds: u16,
}

impl Default for OcspSettings {
    fn default() -> Self {
        Self {
            listen: Listen::OFF,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            clients: PathBuf::new(),
            authenticate: false,
            body_octets: 64 << 10,
            body_seconds: 10,
        }
    }
}

/// Settings of the `crl` role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CrlSettings {
    /// Where it listens.
    pub listen: Listen,
    /// See [`TlsSettings::certificate`].
    pub certificate: PathBuf,
    /// See [`TlsSettings::key`].
    pub key: PathBuf,
    /// See [`TlsSettings::clients`].
    pub clients: PathBuf,
    /// Whether only clients with the role `verifier` are answered.
    pub authenticate: bool,
    /// The folder that lists are published in.
    pub folder: PathBuf,
    /// Seconds that a list may be kept without asking again; never past its `nextUpdate`.
    pub max_age_seconds: u32,
}

impl Default for CrlSettings {
    fn default() -> Self {
        Self {
            listen: Listen(Some(SocketAddr::from(([127, 0, 0, 1], 8081)))),
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            clients: PathBuf::new(),
            authenticate: false,
            folder: PathBuf::from("crl"),
            max_age_seconds: 3600,
        }
    }
}

/// Settings of the `register` role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RegisterSettings {
    /// Where it listens: with TLS 1.3 and clients' certificates, or not at all.
    pub listen: Listen,
    /// See [`TlsSettings::certificate`].
    pub certificate: PathBuf,
    /// See [`TlsSettings::key`].
    pub key: PathBuf,
    /// See [`TlsSettings::clients`].
    pub clients: PathBuf,
    /// Octets of the body of a request.
    pub body_octets: u64,
    /// Seconds for the whole body.
    pub body_seconds: u16,
}

impl Default for RegisterSettings {
    fn default() -> Self {
        Self {
            listen: Listen::OFF,
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            clients: PathBuf::new(),
            body_octets: 16 << 20,
            body_seconds: 600,
        }
    }
}

/// Settings of the `admin` role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AdminSettings {
    /// Where it listens.
    pub listen: Listen,
    /// See [`TlsSettings::certificate`].
    pub certificate: PathBuf,
    /// See [`TlsSettings::key`].
    pub key: PathBuf,
    /// See [`TlsSettings::clients`].
    pub clients: PathBuf,
    /// Whether only clients with the role `auditor` are answered.
    pub authenticate: bool,
}

impl Default for AdminSettings {
    fn default() -> Self {
        Self {
            listen: Listen(Some(SocketAddr::from(([127, 0, 0, 1], 8082)))),
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            clients: PathBuf::new(),
            authenticate: false,
        }
    }
}

/// Whose client certificate may do what.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientSettings {
    /// What it is called in logs: letters, digits, `-_.`.
    pub name: String,
    /// Which certificate.
    pub sha256: CertificateFingerprint,
    /// What it may do.
    pub roles: BTreeSet<ClientRole>,
    /// Whose events it may send, with the role `register`; every source's where this is left out.
    #[serde(default, deserialize_with = "sources")]
    pub sources: Option<BTreeSet<Source>>,
}

/// What a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientRole {
    /// Send events of the register.
    Register,
    /// Have certificates issued and revoked.
    Issuer,
    /// Ask for status (署名検証者・利用者証明検証者).
    Verifier,
    /// Read records, and health and metrics.
    Auditor,
}

impl ClientRole {
    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Issuer => "issuer",
            Self::Verifier => "verifier",
            Self::Auditor => "auditor",
        }
    }
}

/// Where a role listens: an address, or nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listen(pub Option<SocketAddr>);

impl Listen {
    /// Nowhere.
    pub const OFF: Self = Self(None);
}

impl<'de> Deserialize<'de> for Listen {
    /// An IP address and a port; nothing for nowhere.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self::OFF);
        }
        let address = text.parse().map_err(|_| {
            D::Error::custom("not an address: write IP:PORT, like 127.0.0.1:8080 or [::1]:8080")
        })?;
        Ok(Self(Some(address)))
    }
}

/// The SHA-256 of a certificate's DER.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateFingerprint(pub [u8; 32]);

impl fmt::Display for CertificateFingerprint {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateFingerprint({self})")
    }
}

impl<'de> Deserialize<'de> for CertificateFingerprint {
    /// 64 hexadecimal digits, with colons between octets or without.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        fingerprint(&text).ok_or_else(|| {
            D::Error::custom(
                "not a SHA-256: write the 64 digits of openssl x509 -fingerprint -sha256",
            )
        })
    }
}

fn fingerprint(text: &str) -> Option<CertificateFingerprint> {
    let plain = if text.len() == 95 {
        let with_colons = text.bytes().skip(2).step_by(3).all(|octet| octet == b':');
        with_colons.then(|| text.replace(':', ""))?
    } else {
        text.to_owned()
    };
    if plain.len() != 64 || !plain.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    let mut octets = [0; 32];
    for (slot, start) in octets.iter_mut().zip((0..).step_by(2)) {
        *slot = u8::from_str_radix(plain.get(start..start + 2)?, 16).ok()?;
    }
    Some(CertificateFingerprint(octets))
}

fn sources<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeSet<Source>>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    let read = |word: &String| {
        word.parse::<Source>().map_err(|_| D::Error::custom(format!("{word}: no such source")))
    };
    words.iter().map(read).collect::<Result<_, _>>().map(Some)
}

impl ServeConfig {
    /// The TLS files of every role, by its word.
    fn tls(&self) -> [(&'static str, TlsSettings, bool); 4] {
        let Self { ocsp, crl, register, admin, .. } = self;
        [
            ("ocsp", ocsp.tls(), ocsp.authenticate),
            ("crl", crl.tls(), crl.authenticate),
            ("register", register.tls(), true),
            ("admin", admin.tls(), admin.authenticate),
        ]
    }

    /// Whether the settings fit together.
    ///
    /// # Errors
    /// The first that does not, and what would.
    pub(super) fn check(&self) -> Result<(), String> {
        let LimitSettings { connections, head_octets, streams, .. } = self.limits;
        if connections == 0 || streams == 0 {
            return Err("limits: connections and streams are 1 or more".to_owned());
        }
        if !(8192..=1 << 20).contains(&head_octets) {
            return Err("limits.head_octets: write 8192 to 1048576".to_owned());
        }
        let LimitSettings { head_seconds, idle_seconds, stall_seconds, .. } = self.limits;
        let bodies = [self.ocsp.body_seconds, self.register.body_seconds];
        if [head_seconds, idle_seconds, stall_seconds].contains(&0) || bodies.contains(&0) {
            return Err("seconds that a client is given are 1 or more".to_owned());
        }
        for (role, tls, authenticate) in self.tls() {
            if tls.certificate.as_os_str().is_empty() != tls.key.as_os_str().is_empty() {
                return Err(format!("{role}: certificate and key go together"));
            }
            let has_tls = !tls.key.as_os_str().is_empty();
            let has_clients = !tls.clients.as_os_str().is_empty();
            if has_clients && !has_tls {
                return Err(format!("{role}.clients needs certificate and key"));
            }
            if role != "register" && authenticate && !has_clients {
                return Err(format!("{role}.authenticate needs certificate, key and clients"));
            }
        }
        if self.register.listen != Listen::OFF {
            self.register.check()?;
        }
        let (mut names, mut fingerprints) = (BTreeSet::new(), BTreeSet::new());
        for client in &self.client {
            let name = &client.name;
            let is_sound = (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            if !is_sound {
                return Err("client.name: write 1 to 64 letters, digits, -_.".to_owned());
            }
            if client.roles.is_empty() {
                return Err(format!("client {name}: no roles"));
            }
            if client.sources.is_some() && !client.roles.contains(&ClientRole::Register) {
                return Err(format!("client {name}: sources are for the role register"));
            }
            if !names.insert(name) || !fingerprints.insert(client.sha256) {
                return Err(format!("client {name}: named, or its certificate, twice"));
            }
        }
        Ok(())
    }
}

impl OcspSettings {
    /// Its TLS files.
    #[must_use]
    pub fn tls(&self) -> TlsSettings {
        tls(&self.certificate, &self.key, &self.clients)
    }
}

impl CrlSettings {
    /// Its TLS files.
    #[must_use]
    pub fn tls(&self) -> TlsSettings {
        tls(&self.certificate, &self.key, &self.clients)
    }
}

impl RegisterSettings {
    /// Its TLS files.
    #[must_use]
    pub fn tls(&self) -> TlsSettings {
        tls(&self.certificate, &self.key, &self.clients)
    }

    /// Whether it may listen at all: it changes the register, so it needs to know who asks.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(&self) -> Result<(), String> {
        let files = [("certificate", &self.certificate), ("key", &self.key)];
        for (name, path) in files.into_iter().chain([("clients", &self.clients)]) {
            if path.as_os_str().is_empty() {
                return Err(format!(
                    "register has no plain listener: set serve.register.{name} (TLS, and the \
                     authorities of its clients' certificates)"
                ));
            }
        }
        Ok(())
    }
}

impl AdminSettings {
    /// Its TLS files.
    #[must_use]
    pub fn tls(&self) -> TlsSettings {
        tls(&self.certificate, &self.key, &self.clients)
    }
}

fn tls(certificate: &PathBuf, key: &PathBuf, clients: &PathBuf) -> TlsSettings {
    TlsSettings {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        clients: clients.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_openssl_writes_it() {
        let plain = "0123456789abcdef".repeat(4);
        let octets: Vec<_> = plain.as_bytes().chunks(2).map(|two| two.to_vec()).collect();
        let colons = String::from_utf8(octets.join(&b':')).unwrap().to_uppercase();
        assert_eq!(fingerprint(&plain).unwrap().to_string(), plain);
        assert_eq!(fingerprint(&colons), fingerprint(&plain));
        for bad in
            [&plain[1..], "", &colons.replace(':', "-"), &plain.replace('0', "g"), &"é".repeat(32)]
        {
            assert_eq!(fingerprint(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        for (text, says) in [
            ("[ocsp]\nkey = 'k'", "ocsp: certificate and key go together"),
            ("[crl]\nclients = 'c'", "crl.clients needs certificate and key"),
            (
                "[admin]\nauthenticate = true\nkey = 'k'\ncertificate = 'c'",
                "admin.authenticate needs certificate, key and clients",
            ),
            ("[register]\nlisten = '[::1]:1'", "set serve.register.certificate"),
            ("[limits]\nconnections = 0", "1 or more"),
            ("[limits]\nhead_octets = 100", "8192"),
        ] {
            let config: ServeConfig = toml::from_str(text).unwrap();
            let said = config.check().unwrap_err();
            assert!(said.contains(says), "{said}");
        }
        assert_eq!(ServeConfig::default().check(), Ok(()));
    }
}
