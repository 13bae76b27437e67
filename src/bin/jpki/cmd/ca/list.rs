//! `jpki ca list`.

use jpki_ca::asn1::PublicKey;
use jpki_ca::asn1::hex;
use jpki_ca::clock::Date;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Profile;
use jpki_ca::profile::Issuer;
use jpki_ca::store::CertificateRecord;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let (authority, at) = context.records_to_ask()?;
    let issuers: Vec<&Issuer> = authority.authority_certificates().map(|own| own.0).collect();
    let mut lines = Vec::new();
    let mut generations = Vec::new();
    for issuer in &issuers {
        let newer = |other: &&Issuer| {
            other.ca == issuer.ca && other.generation > issuer.generation && other.not_before <= at
        };
        let does = Doing::of(issuer, issuers.iter().any(newer), at);
        lines.push(format!(
            "{:<22} serial {:<10} {:<7} {} to {}  {}\n{:<22} key id {}{}",
            format!("{}-{}", issuer.ca, issuer.generation),
            issuer.serial.to_string(),
            issuer.algorithm.to_string(),
            issuer.not_before.japan_date(),
            issuer.not_after.japan_date(),
            does.text(issuer),
            "",
            hex(&issuer.key_id),
            // That of today's cards goes without saying.
            match issuer.profile {
                Profile::Current => String::new(),
                Profile::Next =>
                    format!("  profile {} {}", issuer.profile, issuer.profile.japanese()),
            },
        ));
        let responder = authority.responder_certificate(issuer.ca, issuer.generation);
        let responder = responder.map(ResponderJson::of);
        match &responder {
            Some(own) => lines.push(format!(
                "{:<22} responder serial {}, {}, until {}",
                "", own.serial, own.algorithm, own.last_day
            )),
            None if matches!(does, Doing::Issuing | Doing::Listing) => {
                lines.push(format!("{:<22} no responder: jpki ocsp rotate", ""));
            }
            None => {}
        }
        generations.push(GenerationJson {
            ca: issuer.ca.as_str(),
            generation: issuer.generation.get(),
            serial: issuer.serial.to_string(),
            algorithm: issuer.algorithm.to_string(),
            profile: issuer.profile,
            key_id: hex(&issuer.key_id),
            not_before: issuer.not_before.to_string(),
            not_after: issuer.not_after.to_string(),
            issues: does == Doing::Issuing,
            signs_lists: matches!(does, Doing::Issuing | Doing::Listing),
            responder,
        });
    }
    context.report.result(&ListJson { generations }, &lines.join("\n"))?;
    Ok(Exit::Done)
}

/// What a generation does at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Nothing yet.
    Waiting,
    /// It issues to holders, and signs lists.
    Issuing,
    /// It signs lists.
    Listing,
    /// Nothing any more.
    Ended,
}

impl Doing {
    fn of(issuer: &Issuer, has_successor: bool, at: Timestamp) -> Self {
        if at < issuer.not_before {
            Self::Waiting
        } else if at > issuer.not_after {
            Self::Ended
        } else if has_successor {
            Self::Listing
        } else {
            Self::Issuing
        }
    }

    fn text(self, issuer: &Issuer) -> String {
        match self {
            Self::Waiting => "not yet".to_owned(),
            Self::Issuing => "issues 発行中".to_owned(),
            Self::Listing => format!("signs lists until {} 失効情報のみ", issuer.not_after),
            Self::Ended => "ended 満了".to_owned(),
        }
    }
}

#[derive(Serialize)]
struct ListJson {
    generations: Vec<GenerationJson>,
}

#[derive(Serialize)]
struct GenerationJson {
    ca: &'static str,
    generation: u16,
    serial: String,
    algorithm: String,
    profile: Profile,
    key_id: String,
    not_before: String,
    not_after: String,
    issues: bool,
    signs_lists: bool,
    /// The newest certificate of its responder.
    responder: Option<ResponderJson>,
}

#[derive(Serialize)]
struct ResponderJson {
    serial: String,
    algorithm: String,
    not_before: String,
    not_after: String,
    #[serde(skip)]
    last_day: Date,
}

impl ResponderJson {
    fn of((record, der): (&CertificateRecord, &[u8])) -> Self {
        let algorithm = PublicKey::of_certificate(der).map(|key| key.algorithm().to_string());
        Self {
            serial: record.serial.to_string(),
            algorithm: algorithm.unwrap_or_default(),
            not_before: record.not_before.to_string(),
            not_after: record.not_after.to_string(),
            last_day: record.not_after.japan_date(),
        }
    }
}
