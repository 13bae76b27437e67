//! `jpki.toml`: every setting, documented in place, unknown ones refused.

use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;

use crate::policy::Answering;
use crate::policy::ListTiming;
use crate::policy::Policy;
use crate::profile::Organisation;
use crate::profile::PolicyArc;
use crate::profile::Realm;
use crate::signer::pkcs11::PinSource;
use crate::signer::pkcs11::TokenUri;
use crate::signer::pkcs11::UriError;
use crate::store::StoreUrl;

use super::HomeError;
use super::serve::ServeConfig;

/// The settings of a home.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// In whose name it issues.
    pub realm: Realm,
    /// Where its records are.
    pub store: StoreUrl,
    /// Where its keys are.
    pub keys: KeyStore,
    /// How long revocation lists live, and how often they are made.
    pub lists: ListTiming,
    /// How long answers about status count.
    pub ocsp: Answering,
    /// What the law leaves open.
    pub policy: Policy,
    /// What the servers are told.
    pub serve: ServeConfig,
}

impl Config {
    /// Reads the text of a `jpki.toml`.
    ///
    /// # Errors
    /// When it is not TOML, names an unknown setting, or a value is out of range.
    pub fn read(text: &str) -> Result<Self, HomeError> {
        let raw: Raw = toml::from_str(text).map_err(|error| HomeError::Config {
            line: error.span().map(|span| line_of(text, span.start)),
            problem: error.message().to_owned(),
        })?;
        let fault = |problem: String| HomeError::Config { line: None, problem };
        let organisation = Organisation::new(&raw.realm.organisation)
            .map_err(|error| fault(format!("realm.organisation: {error}")))?;
        let arc = match raw.realm.policies {
            RawPolicies::Test => PolicyArc::Test,
            RawPolicies::Production => PolicyArc::Production,
        };
        let realm = Realm::new(organisation, arc, &raw.realm.ocsp_url)
            .map_err(|error| fault(format!("realm.ocsp_url: {error}")))?;
        let store = raw.store.url.parse().map_err(|error| fault(format!("store.url: {error}")))?;
        let keys = raw.keys.store.parse().map_err(|error| fault(format!("keys.store: {error}")))?;
        for (name, months) in [
            ("renewal_window_months", raw.policy.renewal_window_months),
            ("next_renewal_window_months", raw.policy.next_renewal_window_months),
        ] {
            if !(1..=12).contains(&months) {
                return Err(fault(format!("policy.{name}: write 1 to 12")));
            }
        }
        if raw.policy.retention_years == 0 {
            return Err(fault("policy.retention_years: write 1 to 255".to_owned()));
        }
        raw.lists.check().map_err(|problem| fault(format!("lists: {problem}")))?;
        raw.ocsp.check().map_err(|problem| fault(format!("ocsp: {problem}")))?;
        raw.serve.check().map_err(|problem| fault(format!("serve: {problem}")))?;
        let Raw { lists, ocsp, policy, serve, .. } = raw;
        Ok(Self { realm, store, keys, lists, ocsp, policy, serve })
    }

    /// The documented file with these values in the settings that `init` fixes.
    #[must_use]
    pub fn template(realm: &Realm, store: &str, keys: &str) -> String {
        let policies = match realm.arc() {
            PolicyArc::Test => "test",
            PolicyArc::Production => "production",
        };
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        TEMPLATE
            // A production home has a register of its own; a sandbox takes people as they come.
            .replace("@register@", &quoted(if policies == "test" { "open" } else { "strict" }))
            .replace("@organisation@", &quoted(realm.organisation().as_str()))
            .replace("@policies@", &quoted(policies))
            .replace("@ocsp_url@", &quoted(realm.ocsp_url()))
            .replace("@store@", &quoted(store))
            .replace("@keys@", &quoted(keys))
    }
}

/// Where the keys of a home are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyStore {
    /// In files of this folder, relative to the home.
    Files(PathBuf),
    /// In a token (PKCS #11).
    Token(TokenUri),
}

impl KeyStore {
    /// Where the PIN of the token is, if its address says so.
    #[must_use]
    pub fn pin_source(&self) -> Option<&PinSource> {
        match self {
            Self::Files(_) => None,
            Self::Token(uri) => uri.pin_source(),
        }
    }
}

impl FromStr for KeyStore {
    type Err = KeyStoreError;

    /// Reads `file:FOLDER`, or the address of a token by RFC 7512.
    fn from_str(address: &str) -> Result<Self, KeyStoreError> {
        match address.strip_prefix("file:") {
            Some(folder) if !folder.is_empty() => Ok(Self::Files(PathBuf::from(folder))),
            _ if TokenUri::is_one(address) => Ok(Self::Token(address.parse()?)),
            _ => Err(KeyStoreError::Form),
        }
    }
}

/// Why a text does not say where keys are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// Neither files nor a token.
    #[error("write file:FOLDER or pkcs11:token=…?module-path=…")]
    Form,
    /// The address of a token.
    #[error(transparent)]
    Token(#[from] UriError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    realm: RawRealm,
    store: RawStore,
    keys: RawKeys,
    #[serde(default)]
    lists: ListTiming,
    #[serde(default)]
    ocsp: Answering,
    policy: Policy,
    #[serde(default)]
    serve: ServeConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRealm {
    organisation: String,
    policies: RawPolicies,
    ocsp_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawPolicies {
    Test,
    Production,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStore {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeys {
    store: String,
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|octet| *octet == b'\n').count()
}

const TEMPLATE: &str = include_str!("jpki.toml");

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> String {
        Config::template(&Realm::sandbox(), "sqlite:store.db", "file:keys")
    }

    #[test]
    fn the_documented_file_says_the_defaults() {
        let config = Config::read(&template()).unwrap();
        assert_eq!(config.realm, Realm::sandbox());
        assert_eq!(config.policy, Policy::default());
        assert_eq!(config.lists, ListTiming::default());
        assert_eq!(config.ocsp, Answering::default());
        assert_eq!(config.keys, KeyStore::Files(PathBuf::from("keys")));
        assert_eq!(config.serve, ServeConfig::default());
    }

    #[test]
    fn every_switch_of_the_policy_is_documented_in_place() {
        let switches = toml::Value::try_from(Policy::default()).unwrap();
        let times = toml::Value::try_from(ListTiming::default()).unwrap();
        let answers = toml::Value::try_from(Answering::default()).unwrap();
        let settings = [switches, times, answers];
        for switch in settings.iter().flat_map(|table| table.as_table().unwrap().keys()) {
            let setting = format!("\n{switch} = ");
            let before = template().split(&setting).next().unwrap().to_owned();
            assert_ne!(before, template(), "{switch} is missing");
            let comment = before.lines().last().unwrap().to_owned();
            assert!(comment.starts_with('#'), "{switch} has no explanation");
        }
    }

    #[test]
    fn every_setting_of_the_servers_is_documented_in_place() {
        let text = template();
        for table in
            ["serve", "serve.limits", "serve.ocsp", "serve.crl", "serve.register", "serve.admin"]
        {
            let head = format!("\n[{table}]\n");
            let own = text.split(&head).nth(1).unwrap().split("\n[").next().unwrap();
            // The reader itself tells what it would know.
            let unknown = text.replace(&head, &format!("{head}unknown = 1\n"));
            let known = Config::read(&unknown).unwrap_err().to_string();
            let names =
                known.split("expected one of ").nth(1).unwrap().split('`').skip(1).step_by(2);
            for name in names.filter(|name| !text.contains(&format!("[[serve.{name}]]"))) {
                if !text.contains(&format!("\n[{table}.{name}]\n")) {
                    let before = own.split(&format!("{name} = ")).next().unwrap();
                    assert_ne!(before, own, "{table}.{name} is missing");
                    assert!(before.trim_end().lines().last().unwrap().starts_with('#'), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let unknown = template().replace("[keys]", "[keys]\ncolour = 1");
        let error = Config::read(&unknown).unwrap_err().to_string();
        assert!(error.contains("colour") && error.contains("line "), "{error}");
        for (from, to, says) in [
            ("\"feb28\"", "\"feb30\"", "feb30"),
            ("\nrenewal_window_months = 3", "\nrenewal_window_months = 0", "policy.renewal_window"),
            (
                "window_months = 12",
                "window_months = 13",
                "policy.next_renewal_window_months: write",
            ),
            ("\"file:keys\"", "\"pkcs11:token=x\"", "module-path"),
            ("\"file:keys\"", "\"http:keys\"", "file:FOLDER"),
            ("\"sqlite:store.db\"", "\"mysql:x\"", "store.url"),
            ("\"test\"", "\"prod\"", "prod"),
            ("life_hours = 72", "life_hours = 40", "= 27 h, but half of its life_hours 40 h"),
            ("retries = 3", "retries = -1", "`-1`, expected u16"),
            ("stale_minutes = 15", "stale_minutes = 30", "ocsp: stale_minutes 30 is not below"),
        ] {
            let error = Config::read(&template().replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn values_are_quoted() {
        let organisation = Organisation::new("A \"quoted\" \\ name").unwrap();
        let realm = Realm::new(organisation, PolicyArc::Production, "https://x.invalid").unwrap();
        let text = Config::template(&realm, "sqlite:a b.db", "file:k");
        assert_eq!(Config::read(&text).unwrap().realm, realm);
    }
}
