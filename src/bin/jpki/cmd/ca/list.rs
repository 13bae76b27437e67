//! `jpki ca list`.

use jpki_ca::asn1::PublicKey;
use jpki_ca::asn1::hex;
use jpki_ca::authority::Authority;
use jpki_ca::authority::Duty;
use jpki_ca::authority::GenerationStanding;
use jpki_ca::authority::Link;
use jpki_ca::authority::RollOverPlan;
use jpki_ca::clock::Date;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Profile;
use jpki_ca::profile::Issuer;
use jpki_ca::store::CertificateRecord;
use jpki_ca::store::State;
use serde::Serialize;

use crate::cmd::change::describe;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let (authority, at) = context.records_to_ask()?;
    let list = List::read(&authority, at)?;
    let mut lines = Vec::new();
    let mut generations = Vec::new();
    for (standing, (issuer, _)) in
        authority.standings(at).iter().zip(authority.authority_certificates())
    {
        let json = list.generation(&authority, standing, issuer);
        lines.extend(text(&json, standing, issuer, at));
        generations.push(json);
    }
    let plans: Vec<PlanJson> = authority.roll_over_plans(at).iter().map(PlanJson::of).collect();
    lines.extend(plans.iter().map(PlanJson::text));
    for note in authority.roll_over_notes(at) {
        context.report.note(&format!("jpki: {note}"));
    }
    let json = ListJson { generations, roll_overs: plans };
    context.report.result(&json, &lines.join("\n"))?;
    Ok(Exit::Done)
}

/// What is known of all generations together.
struct List {
    links: Vec<(Link, CertificateRecord)>,
    missing: Vec<Link>,
}

impl List {
    fn read(authority: &Authority, at: Timestamp) -> Result<Self, Failure> {
        let links = authority.links()?.into_iter();
        let links = links.filter(|(record, _)| record.not_before <= at);
        let links = links.filter_map(|(record, _)| Some((Link::of(&record)?, record)));
        Ok(Self { links: links.collect(), missing: authority.links_missing(at)? })
    }

    /// One generation, with the links by which others are certified under it.
    fn generation(
        &self,
        authority: &Authority,
        standing: &GenerationStanding,
        issuer: &Issuer,
    ) -> GenerationJson {
        let duty = standing.duty;
        let responder = authority.responder_certificate(issuer.ca, issuer.generation);
        let is_own = |link: &Link| (link.ca, link.by) == (issuer.ca, issuer.generation);
        let links = self.links.iter().filter(|(link, _)| is_own(link));
        let missing = self.missing.iter().filter(|link| is_own(link));
        let in_force = matches!(duty, Duty::Issues | Duty::Listing | Duty::Waits(_));
        GenerationJson {
            ca: issuer.ca.as_str(),
            generation: issuer.generation.get(),
            serial: issuer.serial.to_string(),
            algorithm: issuer.algorithm.to_string(),
            profile: issuer.profile,
            key_id: hex(&issuer.key_id),
            not_before: issuer.not_before.to_string(),
            not_after: issuer.not_after.to_string(),
            issues: duty == Duty::Issues,
            issue_from: match duty {
                Duty::Waits(from) => Some(from.to_string()),
                _ => None,
            },
            signs_lists: in_force,
            needed_until: standing.needed_until.map(|until| until.to_string()),
            compromised: standing.compromised.map(|compromise| CompromisedJson {
                since: compromise.since.to_string(),
                at: compromise.at.to_string(),
                entry: compromise.entry,
            }),
            responder: responder.map(ResponderJson::of),
            links: links.map(|(link, record)| LinkJson::of(*link, record)).collect(),
            links_missing: missing.map(|link| link.certified.get()).collect(),
        }
    }
}

/// Some lines about a generation.
fn text(
    json: &GenerationJson,
    standing: &GenerationStanding,
    issuer: &Issuer,
    at: Timestamp,
) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<22} serial {:<10} {:<7} {} to {}  {}",
        format!("{}-{}", json.ca, json.generation),
        json.serial,
        json.algorithm,
        issuer.not_before.japan_date(),
        issuer.not_after.japan_date(),
        does(standing),
    )];
    let mut say = |text: String| lines.push(format!("{:<22} {text}", ""));
    say(format!("key id {}", json.key_id));
    // That of today's cards goes without saying.
    if issuer.profile != Profile::Current {
        say(format!("profile {} {}", issuer.profile, issuer.profile.japanese()));
    }
    if let Some(compromised) = &json.compromised {
        say(format!(
            "compromised since {} 危殆化, audit entry {}",
            compromised.since, compromised.entry
        ));
    }
    match standing.needed_until {
        _ if !json.signs_lists => {}
        Some(until) => say(format!("its lists and answers are needed until {until}")),
        None => say("nothing is left that its lists and answers are needed for".to_owned()),
    }
    match &json.responder {
        Some(own) => say(format!(
            "responder serial {}, {}, until {}",
            own.serial, own.algorithm, own.last_day
        )),
        None if json.signs_lists => say("no responder: jpki ocsp rotate".to_owned()),
        None => {}
    }
    for link in &json.links {
        let of = format!("certifies {}-{}: serial {}", json.ca, link.certified, link.serial);
        match link.state {
            State::Live if link.end >= at => say(format!("{of}, until {}", link.end.japan_date())),
            State::Live => say(format!("{of}, ended {}", link.end.japan_date())),
            state => say(format!("{of}, {}", describe(state))),
        }
    }
    for certified in &json.links_missing {
        say(format!("does not certify {}-{certified} yet: jpki ca link", json.ca));
    }
    lines
}

fn does(standing: &GenerationStanding) -> String {
    match standing.duty {
        Duty::NotYet => "not yet".to_owned(),
        Duty::Waits(from) => format!("issues from {from} 発行予定"),
        Duty::Issues => "issues 発行中".to_owned(),
        Duty::Ended => "ended 満了".to_owned(),
        _ => "signs lists 失効情報のみ".to_owned(),
    }
}

#[derive(Serialize)]
struct ListJson {
    generations: Vec<GenerationJson>,
    /// By when each authority's key is to be rolled over; none for one that nobody can issue for.
    roll_overs: Vec<PlanJson>,
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
    /// From when it issues, while it waits for that.
    issue_from: Option<String>,
    /// Whether it signs lists, and certifies its responder.
    signs_lists: bool,
    /// The latest end of what verifiers may ask about under it.
    needed_until: Option<String>,
    compromised: Option<CompromisedJson>,
    /// The newest certificate of its responder.
    responder: Option<ResponderJson>,
    /// The certificates by which it certifies other generations' keys.
    links: Vec<LinkJson>,
    /// The generations that it should certify and does not.
    links_missing: Vec<u16>,
}

#[derive(Serialize)]
struct CompromisedJson {
    since: String,
    /// When it was recorded.
    at: String,
    /// The audit entry.
    entry: u64,
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

#[derive(Serialize)]
struct LinkJson {
    /// The generation whose key is certified.
    certified: u16,
    serial: String,
    not_before: String,
    not_after: String,
    /// Whether it was revoked, or the key that signed it is compromised.
    revoked: bool,
    #[serde(skip)]
    state: State,
    #[serde(skip)]
    end: Timestamp,
}

impl LinkJson {
    fn of(link: Link, record: &CertificateRecord) -> Self {
        Self {
            certified: link.certified.get(),
            serial: record.serial.to_string(),
            not_before: record.not_before.to_string(),
            not_after: record.not_after.to_string(),
            revoked: matches!(record.state, State::Revoked(..)),
            state: record.state,
            end: record.not_after,
        }
    }
}

#[derive(Serialize)]
struct PlanJson {
    ca: &'static str,
    /// The generation after which another is to issue.
    generation: u16,
    /// From which day on, in Japan.
    due: Date,
    /// `early`, `near` or `past`.
    standing: &'static str,
}

impl PlanJson {
    fn of(plan: &RollOverPlan) -> Self {
        Self {
            ca: plan.ca.as_str(),
            generation: plan.generation.get(),
            due: plan.due,
            standing: plan.standing.as_str(),
        }
    }

    fn text(&self) -> String {
        let Self { ca, generation, due, .. } = self;
        format!("{ca:<22} the next generation after {generation} must issue from {due} on")
    }
}
