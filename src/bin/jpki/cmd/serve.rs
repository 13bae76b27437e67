//! `jpki serve`.

use std::net::SocketAddr;
use std::sync::Arc;

use jpki_ca::authority::home::Home;
use jpki_ca::authority::home::ServeConfig;
use jpki_ca::http;
use jpki_ca::http::Ended;
use jpki_ca::http::Role;
use jpki_ca::http::ServeError;
use jpki_ca::http::Server;
use jpki_ca::http::Surroundings;
use jpki_ca::http::Told;
use jpki_ca::signer::Passphrase;
use serde::Serialize;

use crate::args::ServeArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &ServeArgs) -> Result<Exit, Failure> {
    let home =
        if context.global.at.is_some() { context.home_to_change()? } else { context.home()? };
    let config = &home.config().serve;
    let listeners = listeners(args, config);
    let log = http::subscriber(config, context.report.is_json()).map_err(Failure::usage)?;
    // There is one process, and this is the first time.
    let _first = tracing::subscriber::set_global_default(log);
    let passphrase = passphrase(context, &home, &listeners)?;
    let surroundings = Surroundings { clock: Arc::from(context.clock()), passphrase };
    let server = Server::open(&home, &listeners, &surroundings)?;
    if context.global.dry_run {
        for (role, address) in listeners {
            let json = ListenerJson { status: "planned", role, address };
            context.report.result(&json, &format!("{role:<8} {address}  would listen"))?;
        }
        return Ok(Exit::Done);
    }
    let mut printed = Ok(());
    let ended = server.run(&mut |told| {
        let now = match told {
            Told::Bound(bound) => {
                let tls = if bound.tls { "  TLS" } else { "" };
                let text = format!("{:<8} {}{tls}", bound.role, bound.address);
                context.report.result(bound, &text)
            }
            Told::Ready => context.report.result(&ReadyJson { status: "ready" }, "ready"),
            _ => Ok(()),
        };
        if printed.is_ok() {
            printed = now;
        }
    })?;
    printed?;
    Ok(match ended {
        Ended::Finished => Exit::Done,
        Ended::CutOff => Exit::Unavailable,
    })
}

/// The passphrase of the keys that the roles open, where these have one.
fn passphrase(
    context: &Context<'_>,
    home: &Home,
    listeners: &[(Role, SocketAddr)],
) -> Result<Option<Passphrase>, Failure> {
    let serves = |role| listeners.iter().any(|(listener, _)| *listener == role);
    if serves(Role::Register) && home.keys_are_encrypted()? {
        return context.passphrase(home, "the authorities' keys");
    }
    if serves(Role::Ocsp) && home.responder_keys_are_encrypted()? {
        return context.passphrase(home, "the responders' keys");
    }
    Ok(None)
}

/// The roles that were typed; else those that have an address in the settings.
fn listeners(args: &ServeArgs, config: &ServeConfig) -> Vec<(Role, SocketAddr)> {
    let typed = [
        (Role::Ocsp, args.ocsp),
        (Role::Crl, args.crl),
        (Role::Register, args.register),
        (Role::Admin, args.admin),
    ];
    let configured = [
        (Role::Ocsp, config.ocsp.listen.0),
        (Role::Crl, config.crl.listen.0),
        (Role::Register, config.register.listen.0),
        (Role::Admin, config.admin.listen.0),
    ];
    let is_typed = typed.iter().any(|(_, address)| address.is_some());
    let chosen = if is_typed { typed } else { configured };
    chosen.into_iter().filter_map(|(role, address)| Some((role, address?))).collect()
}

#[derive(Serialize)]
struct ListenerJson {
    status: &'static str,
    role: Role,
    address: SocketAddr,
}

#[derive(Serialize)]
struct ReadyJson {
    status: &'static str,
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Home(error) => error.into(),
            ServeError::Bind { .. } | ServeError::Io { .. } | ServeError::System(_) => {
                Self::Other(Exit::Unavailable, error.into())
            }
            _ => Self::Other(Exit::Usage, error.into()),
        }
    }
}
