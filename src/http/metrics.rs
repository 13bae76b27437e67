//! What is counted: read by Prometheus at `/metrics`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::EncodeLabelValue;
use prometheus_client::encoding::LabelValueEncoder;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

use super::role::Role;

/// The metrics of a process.
///
/// A role adds its own with [`Metrics::add`]; values that are looked up rather than counted are set
/// right before they are read, by what it gives to [`Metrics::before_reading`].
pub struct Metrics {
    registry: Mutex<Registry>,
    refresh: Mutex<Vec<Refresh>>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RoleLabels, Histogram, fn() -> Histogram>,
    under_way: Family<RoleLabels, Gauge>,
    connections: Family<RoleLabels, Gauge>,
    accepted: Family<RoleLabels, Counter>,
    refused: Family<RefusedLabels, Counter>,
}

type Refresh = Arc<dyn Fn() + Send + Sync>;

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// None counted yet.
    #[must_use]
    pub fn new() -> Self {
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("jpki")),
            refresh: Mutex::default(),
            requests: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            under_way: Family::default(),
            connections: Family::default(),
            accepted: Family::default(),
            refused: Family::default(),
        };
        metrics.add(|registry| {
            let version = vec![("version", env!("CARGO_PKG_VERSION"))];
            registry.register("build", "This program", Info::new(version));
            let requests = metrics.requests.clone();
            registry.register("http_requests", "Requests that were answered", requests);
            registry.register_with_unit(
                "http_request_duration",
                "From the head of a request to the end of its answer",
                Unit::Seconds,
                metrics.seconds.clone(),
            );
            let under_way = metrics.under_way.clone();
            registry.register("http_requests_under_way", "Requests not answered yet", under_way);
            let connections = metrics.connections.clone();
            registry.register("http_connections", "Connections that are open", connections);
            let accepted = metrics.accepted.clone();
            registry.register("http_connections_accepted", "Connections so far", accepted);
            let refused = metrics.refused.clone();
            registry.register(
                "http_connections_refused",
                "Connections turned away or cut off: full, handshake, slow",
                refused,
            );
        });
        metrics
    }

    /// Adds metrics; their names get the prefix `jpki_`.
    pub fn add(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Has something done whenever the metrics are about to be read. It may take its time.
    pub fn before_reading(&self, refresh: impl Fn() + Send + Sync + 'static) {
        let mut all = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::new(refresh));
    }

    /// All of them, in the text format of `OpenMetrics`.
    #[must_use]
    pub fn read(&self) -> String {
        let all = self.refresh.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for refresh in all {
            refresh();
        }
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written = String::new();
        // Writing into a string does not fail.
        let _written = text::encode(&mut written, &registry);
        written
    }

    /// Those of a role, at hand: they are needed for every request.
    pub(super) fn of(&self, role: Role) -> RoleMetrics {
        let labels = RoleLabels { role };
        RoleMetrics {
            role,
            under_way: self.under_way.get_or_create_owned(&labels),
            seconds: self.seconds.get_or_create_owned(&labels),
            accepted: self.accepted.get_or_create_owned(&labels),
            requests: self.requests.clone(),
            frequent: Default::default(),
        }
    }

    pub(super) fn refused_connection(&self, role: Role, why: &'static str) {
        self.refused.get_or_create(&RefusedLabels { role, why }).inc();
    }

    /// How many connections each listener has.
    pub(super) fn set_connections(&self, counts: &BTreeMap<Role, usize>) {
        for (role, count) in counts {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            self.connections.get_or_create(&RoleLabels { role: *role }).set(count);
        }
    }
}

/// The metrics of a role.
#[derive(Debug)]
pub(super) struct RoleMetrics {
    role: Role,
    under_way: Gauge,
    seconds: Histogram,
    accepted: Counter,
    requests: Family<RequestLabels, Counter>,
    /// Those of [`FREQUENT`] answers, by method, each from the first one on.
    frequent: [[OnceLock<Counter>; FREQUENT.len()]; Method::COUNT],
}

impl RoleMetrics {
    pub(super) fn begun(&self) {
        self.under_way.inc();
    }

    pub(super) fn under_way(&self) -> i64 {
        self.under_way.get()
    }

    /// A status of 0 says that the client had left before there was an answer.
    pub(super) fn ended(&self, method: Method, status: u16, elapsed: Duration) {
        self.under_way.dec();
        self.seconds.observe(elapsed.as_secs_f64());
        let of = RequestLabels { role: self.role, method, status };
        let place = FREQUENT.iter().position(|frequent| *frequent == status);
        let row = self.frequent.get(usize::from(method as u8));
        match place.and_then(|place| row?.get(place)) {
            Some(counter) => {
                counter.get_or_init(|| self.requests.get_or_create_owned(&of)).inc();
            }
            None => {
                self.requests.get_or_create(&of).inc();
            }
        }
    }

    pub(super) fn accepted(&self) {
        self.accepted.inc();
    }
}

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}

/// The method of a request, as far as it has a name here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Method {
    Get,
    Head,
    Post,
    Other,
}

impl Method {
    const COUNT: usize = 4;

    pub(super) fn of(method: &axum::http::Method) -> Self {
        match *method {
            axum::http::Method::GET => Self::Get,
            axum::http::Method::HEAD => Self::Head,
            axum::http::Method::POST => Self::Post,
            _ => Self::Other,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Other => "other",
        }
    }
}

impl EncodeLabelValue for Method {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    role: Role,
    method: Method,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RoleLabels {
    role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    role: Role,
    why: &'static str,
}

/// The statuses of nearly all answers: their counters are not looked for each time.
const FREQUENT: [u16; 3] = [200, 206, 304];

/// Bounds of the histogram of durations, in seconds: from an answer out of memory to a list of a nation.
const BOUNDS: [f64; 13] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0];
