//! What certificate an event is about.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Serial;
use crate::holder::Fault;
use crate::holder::Item;
use crate::holder::Rule;

use super::event_form::TargetForm;

/// What certificate an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The one with this number.
    Number(CaName, Serial),
    /// The holder's current one of this kind on this carrier.
    Current(Kind, Carrier),
}

impl Target {
    /// Reads a form.
    ///
    /// # Errors
    /// When it has neither exactly `ca` and `serial` nor exactly `kind` and `carrier`, or a word is
    /// wrong.
    pub fn new(form: &TargetForm) -> Result<Self, Fault> {
        let fault = |rule| Fault::new(Item::Target, rule);
        let words = [&form.ca, &form.serial, &form.kind, &form.carrier].map(Option::as_deref);
        match words {
            [Some(ca), Some(serial), None, None] => {
                let ca = ca.parse().map_err(|_| fault(Rule::Word(KINDS)))?;
                let serial = serial.parse().map_err(|_| fault(Rule::Number(SERIAL)))?;
                Ok(Self::Number(ca, serial))
            }
            [None, None, Some(kind), Some(carrier)] => {
                let kind = kind.parse().map_err(|_| fault(Rule::Word(KINDS)))?;
                let carrier = carrier.parse().map_err(|_| fault(Rule::Word(CARRIERS)))?;
                Ok(Self::Current(kind, carrier))
            }
            _ => Err(fault(Rule::Combination(BOTH))),
        }
    }

    /// Whether it names this certificate.
    #[must_use]
    pub fn names(self, kind: Kind, carrier: Carrier, serial: Serial) -> bool {
        match self {
            Self::Number(ca, number) => (ca, number) == (kind.ca(), serial),
            Self::Current(of, on) => (of, on) == (kind, carrier),
        }
    }

    /// As events write it.
    #[must_use]
    pub fn form(self) -> TargetForm {
        match self {
            Self::Number(ca, serial) => TargetForm {
                ca: Some(ca.to_string()),
                serial: Some(serial.to_string()),
                ..TargetForm::default()
            },
            Self::Current(kind, carrier) => TargetForm {
                kind: Some(kind.to_string()),
                carrier: Some(carrier.to_string()),
                ..TargetForm::default()
            },
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(ca, serial) => write!(f, "{ca} {serial}"),
            Self::Current(kind, carrier) => write!(f, "{kind} on {carrier}"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.form().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = TargetForm::deserialize(deserializer)?;
        Self::new(&form).map_err(serde::de::Error::custom)
    }
}

const KINDS: &str = "signature, user-authentication";
const CARRIERS: &str = "card, phone";
const SERIAL: &str = "write the serial as a positive decimal number, or hexadecimal after 0x";
const BOTH: &str = "give ca and serial, or kind and carrier";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Target, Fault> {
        Target::new(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn it_names_a_number_or_a_place() {
        let serial = Serial::new(2).unwrap();
        for (json, named, other) in [
            (r#"{"ca":"signature","serial":"2"}"#, Kind::Signature, Kind::UserAuthentication),
            (r#"{"kind":"signature","carrier":"card"}"#, Kind::Signature, Kind::UserAuthentication),
        ] {
            let target = read(json).unwrap();
            assert!(target.names(named, Carrier::Card, serial));
            assert!(!target.names(other, Carrier::Card, serial));
            assert_eq!(serde_json::to_string(&target).unwrap(), json);
            assert_eq!(serde_json::from_str::<Target>(json).unwrap(), target);
        }
        let phone = Target::Current(Kind::Signature, Carrier::Phone);
        assert!(!phone.names(Kind::Signature, Carrier::Card, serial));
    }

    #[test]
    fn anything_else_is_refused() {
        for (json, code) in [
            ("{}", "E-COMBINATION"),
            (r#"{"ca":"signature"}"#, "E-COMBINATION"),
            (r#"{"ca":"signature","serial":"2","kind":"signature"}"#, "E-COMBINATION"),
            (r#"{"ca":"signature","serial":"zero"}"#, "E-NUMBER"),
            (r#"{"kind":"seal","carrier":"card"}"#, "E-WORD"),
            (r#"{"kind":"signature","carrier":"ring"}"#, "E-WORD"),
        ] {
            assert_eq!(read(json).unwrap_err().code(), code, "{json}");
        }
    }
}
