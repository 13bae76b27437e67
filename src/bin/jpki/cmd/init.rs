//! `jpki init`.

use jpki_ca::authority::home::Home;
use jpki_ca::authority::home::InitOptions;
use jpki_ca::authority::home::KeyStore;
use jpki_ca::credential::Profile;
use jpki_ca::profile::Organisation;
use jpki_ca::profile::Service;
use jpki_ca::profile::ServiceKey;
use jpki_ca::profile::usual_algorithm;
use rand_core::OsRng;
use serde::Serialize;

use crate::args::InitArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>, args: &InitArgs) -> Result<Exit, Failure> {
    if args.production && context.global.at.is_some() {
        return Err(Failure::usage("--at and --production exclude each other"));
    }
    let folder = &context.global.home;
    let keys = args.key_store.parse::<KeyStore>();
    let keys = keys.map_err(|error| Failure::usage(format!("--key-store: {error}")))?;
    let is_token = matches!(keys, KeyStore::Token(_));
    let passphrase = if args.production || is_token || context.has_passphrase() {
        context.passphrase_for(&keys, folder, "the authorities' keys")?
    } else {
        None
    };
    let organisation =
        args.org.as_deref().map(Organisation::new).transpose().map_err(Failure::usage)?;
    let options = InitOptions {
        organisation,
        profile: args.profile,
        algorithm: args.algorithm.unwrap_or_else(|| usual_algorithm(args.profile)),
        store: args.store.clone(),
        key_store: args.key_store.clone(),
        ocsp_url: args.ocsp_url.clone(),
        production: args.production,
        passphrase,
    };
    if context.global.dry_run {
        let realm = options.check(folder)?;
        let text = format!(
            "would make {} for O={}, profile {}, keys {}: nothing was written",
            folder.display(),
            realm.organisation(),
            options.profile,
            options.algorithm
        );
        let home = folder.to_string_lossy();
        let json = Made { home: &home, dry_run: true, ..Made::default() };
        context.report.result(&json, &text)?;
        return Ok(Exit::Done);
    }
    let clock = context.clock();
    let home = Home::init(folder, &options, clock.as_ref(), &mut OsRng)?;
    let (authority, _) = home.records(clock)?;
    let mut lines = vec![format!("home        {}", folder.display())];
    let mut authorities = Vec::new();
    for (issuer, _) in authority.authority_certificates() {
        let certificate =
            folder.join("ca").join(format!("{}-{}.pem", issuer.ca, issuer.generation));
        lines.push(format!(
            "authority   {:<19}  serial {}  until {}  {}",
            issuer.ca.as_str(),
            issuer.serial,
            issuer.not_after.japan_date(),
            certificate.display()
        ));
        authorities.push(MadeAuthority {
            ca: issuer.ca.as_str(),
            generation: issuer.generation.get(),
            serial: issuer.serial.to_string(),
            profile: issuer.profile,
            algorithm: issuer.algorithm.to_string(),
            not_before: issuer.not_before.to_string(),
            not_after: issuer.not_after.to_string(),
            certificate: certificate.to_string_lossy().into_owned(),
        });
    }
    let mut services = Vec::new();
    for service in Service::ALL {
        for (record, _) in authority.service_certificates(service) {
            let stem = record.service_key().map(ServiceKey::stem).unwrap_or_default();
            let certificate = folder.join("ca").join(format!("{stem}.pem"));
            lines.push(format!(
                "service     {:<19}  serial {}  until {}  {}",
                service.as_str(),
                record.serial,
                record.not_after.japan_date(),
                certificate.display()
            ));
            services.push(MadeService {
                service: service.as_str(),
                ca: record.ca.as_str(),
                generation: record.generation.get(),
                serial: record.serial.to_string(),
                not_before: record.not_before.to_string(),
                not_after: record.not_after.to_string(),
                certificate: certificate.to_string_lossy().into_owned(),
            });
        }
    }
    lines.push(format!(
        "next        jpki issue --home {} --holder HOLDER.json --out OUT",
        folder.display()
    ));
    let home = folder.to_string_lossy();
    let json = Made { home: &home, dry_run: false, authorities, services };
    context.report.result(&json, &lines.join("\n"))?;
    Ok(Exit::Done)
}

#[derive(Default, Serialize)]
struct Made<'a> {
    home: &'a str,
    dry_run: bool,
    authorities: Vec<MadeAuthority>,
    services: Vec<MadeService>,
}

#[derive(Serialize)]
struct MadeAuthority {
    ca: &'static str,
    generation: u16,
    serial: String,
    profile: Profile,
    algorithm: String,
    not_before: String,
    not_after: String,
    certificate: String,
}

#[derive(Serialize)]
struct MadeService {
    service: &'static str,
    ca: &'static str,
    generation: u16,
    serial: String,
    not_before: String,
    not_after: String,
    certificate: String,
}
