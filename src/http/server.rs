//! The server: its listeners from the first to the last moment.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::authority::home::Home;
use crate::authority::home::HomeError;
use crate::clock::Clock;
use crate::signer::Passphrase;

use super::admin::Admin;
use super::application::Application;
use super::application::Check;
use super::application::blocking;
use super::census::Census;
use super::crl::Publication;
use super::generations;
use super::listener::Listening;
use super::listener::Phase;
use super::listener::accept;
use super::listener::bind;
use super::metrics::Metrics;
use super::ocsp::Responding;
use super::process::Asked;
use super::process::Signals;
use super::process::descriptors;
use super::register::Desk;
use super::request::Ids;
use super::role::Role;
use super::rules::Current;
use super::rules::Rules;
use super::tls;

/// What a server is given beside its settings.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// By which it goes.
    pub clock: Arc<dyn Clock>,
    /// That of the keys of its roles, where they have one. It is kept for as long as it serves, since
    /// keys are read anew on reload and when they are rotated.
    pub passphrase: Option<Passphrase>,
}

/// A server that has everything it needs, and does not listen yet.
#[derive(Debug)]
pub struct Server {
    home: Home,
    clock: Arc<dyn Clock>,
    mounted: Vec<Mounted>,
    metrics: Arc<Metrics>,
    stop_within: Duration,
}

/// A role and where it will listen.
#[derive(Debug)]
struct Mounted {
    role: Role,
    address: SocketAddr,
    application: Arc<dyn Application>,
    rules: Arc<Current>,
}

/// A listener that is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Bound {
    /// What it is for.
    pub role: Role,
    /// Where it listens; the port that was given where 0 was asked for.
    pub address: SocketAddr,
    /// Whether with TLS.
    pub tls: bool,
}

/// What a server says of itself.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Told<'a> {
    /// A listener is bound.
    Bound(&'a Bound),
    /// All are, and connections are accepted.
    Ready,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything under way was answered.
    Finished,
    /// It was not: a second signal came, or it took too long.
    CutOff,
}

impl Server {
    /// Takes up everything that the roles need: settings, TLS, keys. Nothing is bound yet.
    ///
    /// # Errors
    /// When a setting or a file is wrong, two roles have one address, or a role cannot be had.
    pub fn open(
        home: &Home,
        listeners: &[(Role, SocketAddr)],
        surroundings: &Surroundings,
    ) -> Result<Self, ServeError> {
        if listeners.is_empty() {
            return Err(ServeError::NoListener);
        }
        let mut taken = BTreeMap::new();
        for (role, address) in listeners {
            if let Some(other) = taken.insert(*address, *role)
                && address.port() != 0
            {
                return Err(ServeError::OneAddress { address: *address, roles: [other, *role] });
            }
        }
        let metrics = Arc::new(Metrics::new());
        let clock = &surroundings.clock;
        let mut mounted = Vec::new();
        let mut checks = Vec::new();
        if needs_store(listeners) {
            checks.push(store_check(home.folder()));
            generations::register(home.folder(), clock, &metrics);
        }
        // The last, because it tells of all others.
        let (admin, others): (Vec<_>, Vec<_>) =
            listeners.iter().partition(|(role, _)| *role == Role::Admin);
        for (role, address) in others.into_iter().chain(admin) {
            let rules = Arc::new(Current::new(Rules::read(home, role)?));
            let application: Arc<dyn Application> = match role {
                Role::Crl => Arc::new(Publication::new(home, Arc::clone(clock))),
                Role::Admin => {
                    Arc::new(Admin::new(std::mem::take(&mut checks), Arc::clone(&metrics)))
                }
                Role::Ocsp => {
                    let passphrase = surroundings.passphrase.as_ref();
                    Arc::new(Responding::open(home, clock, passphrase)?)
                }
                Role::Register => Arc::new(Desk::open(home, surroundings)?),
            };
            checks.extend(application.checks());
            checks.push(tls_check(role, &rules, clock));
            Arc::clone(&application).register_metrics(&metrics);
            mounted.push(Mounted { role, address, application, rules });
        }
        let secured = mounted.iter().map(|one: &Mounted| (one.role, Arc::clone(&one.rules)));
        tls::register_metrics(secured.collect(), clock, &metrics);
        let stop_within = Duration::from_secs(home.config().serve.stop_seconds.into());
        let clock = Arc::clone(clock);
        Ok(Self { home: home.clone(), clock, mounted, metrics, stop_within })
    }

    /// Binds the listeners and serves until a signal ends it: SIGTERM or SIGINT to finish what is under
    /// way, a second one to end at once; SIGHUP reads settings, keys and certificates anew.
    ///
    /// # Errors
    /// When an address cannot be bound, or the system refuses threads or signals.
    pub fn run(self, tell: &mut dyn FnMut(Told<'_>)) -> Result<Ended, ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(WAITING_THREADS)
            .thread_name("jpki-serve")
            .build()
            .map_err(ServeError::System)?;
        let ended = runtime.block_on(self.serve(tell));
        // What still waits for a disk must not hold the process.
        runtime.shutdown_timeout(LAST_WAIT);
        ended
    }

    async fn serve(self, tell: &mut dyn FnMut(Told<'_>)) -> Result<Ended, ServeError> {
        let mut signals = Signals::new().map_err(ServeError::System)?;
        let most = descriptors(self.mounted.len());
        let (phase, phases) = watch::channel(Phase::Open);
        let (busy, mut idle) = mpsc::channel::<()>(1);
        let mut bound = Vec::new();
        for mounted in &self.mounted {
            let fault = |source| ServeError::Bind { address: mounted.address, source };
            let listener = bind(mounted.address).map_err(fault)?;
            let address = listener.local_addr().map_err(fault)?;
            let tls = mounted.rules.get().tls.is_some();
            tell(Told::Bound(&Bound { role: mounted.role, address, tls }));
            tracing::info!(role = %mounted.role, %address, tls, "listening");
            bound.push((mounted, listener));
        }
        let mut counted = Vec::new();
        let mut accepting = JoinSet::new();
        for (mounted, listener) in bound {
            let listening = self.listening(mounted, most);
            counted.push((mounted.role, Arc::clone(&listening.census)));
            accepting.spawn(accept(listening, listener, phases.clone(), busy.clone()));
        }
        let metrics = Arc::downgrade(&self.metrics);
        self.metrics.before_reading(move || {
            let counts = counted.iter().map(|(role, census)| (*role, census.len())).collect();
            if let Some(metrics) = metrics.upgrade() {
                metrics.set_connections(&counts);
            }
        });
        drop(busy);
        let tending = tokio::spawn(tend(self.applications(), phases.clone()));
        tell(Told::Ready);
        while signals.next().await == Asked::Reload {
            self.reload();
        }
        let _told = phase.send(Phase::Stopping);
        accepting.join_all().await;
        tracing::info!("stopping: no connection is accepted any more");
        let ended = tokio::select! {
            ended = timeout(self.stop_within, idle.recv()) => ended.is_ok(),
            () = signals.stop() => false,
        };
        let _told = phase.send(Phase::Closed);
        // What it has counted is recorded when nobody counts any more.
        let _tended = timeout(LAST_WAIT, tending).await;
        tracing::info!(finished = ended, "stopped");
        Ok(if ended { Ended::Finished } else { Ended::CutOff })
    }

    fn applications(&self) -> Vec<Arc<dyn Application>> {
        self.mounted.iter().map(|mounted| Arc::clone(&mounted.application)).collect()
    }

    fn listening(&self, mounted: &Mounted, most: u32) -> Arc<Listening> {
        let wanted = mounted.rules.get().limits.connections;
        if most < wanted {
            tracing::warn!(
                role = %mounted.role, most, wanted,
                "files may be opened for fewer connections than the settings allow"
            );
        }
        Arc::new(Listening {
            role: mounted.role,
            counters: self.metrics.of(mounted.role),
            ids: Ids::new(),
            rules: Arc::clone(&mounted.rules),
            routes: Arc::clone(&mounted.application).routes().into(),
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.clock),
            census: Arc::new(Census::new()),
            most,
        })
    }

    /// Reads everything anew; all of it counts from then on, or nothing.
    fn reload(&self) {
        match self.read_anew() {
            Ok(()) => tracing::info!("settings, keys and certificates were read anew"),
            Err(error) => {
                tracing::error!(error = %chain(&error), "not read anew: what was before still counts");
            }
        }
    }

    fn read_anew(&self) -> Result<(), ServeError> {
        let home = self.home.open_again()?;
        let mut fresh = Vec::new();
        for mounted in &self.mounted {
            let rules = Rules::read(&home, mounted.role)?;
            let commit = mounted.application.reload(&home).map_err(ServeError::Settings)?;
            if rules.tls.is_some() != mounted.rules.get().tls.is_some() {
                tracing::warn!(role = %mounted.role, "TLS was turned on or off");
            }
            fresh.push((mounted, rules, commit));
        }
        for (mounted, rules, commit) in fresh {
            mounted.rules.put(rules);
            commit();
        }
        Ok(())
    }
}

/// Looks after the applications until the last request is answered.
async fn tend(applications: Vec<Arc<dyn Application>>, mut phases: watch::Receiver<Phase>) {
    let each = |act: fn(&dyn Application)| {
        let applications = applications.clone();
        blocking(move || applications.iter().for_each(|application| act(application.as_ref())))
    };
    let mut rounds = 0_u32;
    loop {
        let closed = phases.wait_for(|phase| *phase == Phase::Closed);
        // A server that was dropped is closed as well.
        if timeout(TENDED_EVERY, closed).await.is_ok() {
            break;
        }
        rounds = (rounds + 1) % ROUNDS_AN_HOUR;
        let _told = each(|application| application.tend()).await;
        if rounds == 0 {
            let _told = each(|application| application.record()).await;
        }
    }
    let _told = each(|application| application.record()).await;
}

const TENDED_EVERY: Duration = Duration::from_secs(5);
const ROUNDS_AN_HOUR: u32 = 720;

/// Whether any of these roles works with the store. A process for health and metrics alone looks after
/// what the others need; the lists' server is not to see it.
fn needs_store(listeners: &[(Role, SocketAddr)]) -> bool {
    let has = |wanted: Role| listeners.iter().any(|(role, _)| *role == wanted);
    has(Role::Ocsp) || has(Role::Register) || !has(Role::Crl)
}

/// Whether the store can be reached, by the settings as they are then.
fn store_check(home: &Path) -> Check {
    let home = home.to_owned();
    Check::new("store", move || {
        let reached = Home::open(&home).and_then(|home| home.reach_store());
        reached.map_err(|error| chain(&error))
    })
}

/// Whether a listener's TLS certificate has not ended; how long it has is for the metrics to say.
fn tls_check(role: Role, rules: &Arc<Current>, clock: &Arc<dyn Clock>) -> Check {
    let (rules, clock) = (Arc::clone(rules), Arc::clone(clock));
    let name = match role {
        Role::Ocsp => "ocsp-tls",
        Role::Crl => "crl-tls",
        Role::Register => "register-tls",
        Role::Admin => "admin-tls",
    };
    Check::new(name, move || match &rules.get().tls {
        Some(tls) if tls.ends < clock.now() => {
            Err(format!("the listener's certificate ended {}", tls.ends))
        }
        _ => Ok(()),
    })
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// There is nothing to listen on.
    #[error("no listener: give one (--crl 127.0.0.1:8081), or set serve.crl.listen in jpki.toml")]
    NoListener,
    /// Two roles on one address.
    #[error("{address} is given to both {} and {}: each needs its own", roles[0], roles[1])]
    OneAddress {
        /// The address.
        address: SocketAddr,
        /// Both.
        roles: [Role; 2],
    },
    /// A setting that does not fit.
    #[error("{0}")]
    Settings(String),
    /// A file that is not what it should be.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An address that cannot be had.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system refuses.
    #[error("the system gives no threads or signals")]
    System(#[source] io::Error),
    /// The home.
    #[error(transparent)]
    Home(#[from] HomeError),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finished => "finished",
            Self::CutOff => "cut off",
        })
    }
}

/// Threads for work that waits for disks.
const WAITING_THREADS: usize = 128;
/// How long work on other threads is waited for at the end.
const LAST_WAIT: Duration = Duration::from_secs(2);
