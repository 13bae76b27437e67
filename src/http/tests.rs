//! A listener with a role made for it, driven by plain sockets: what no real role shows at once.

use std::io::Read as _;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::post;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::authority::home::ClientRole;
use crate::authority::home::LimitSettings;
use crate::clock::SystemClock;

use super::application::Routes;
use super::body::collect;
use super::census::Census;
use super::client::Clients;
use super::listener::Listening;
use super::listener::Phase;
use super::listener::accept;
use super::listener::bind;
use super::metrics::Metrics;
use super::request::Ids;
use super::role::Role;
use super::rules::BodyLimits;
use super::rules::Current;
use super::rules::Gate;
use super::rules::Rules;

/// A role that says how long a body was.
struct Measured {
    _runtime: Runtime,
    _phase: watch::Sender<Phase>,
    address: SocketAddr,
    metrics: Arc<Metrics>,
}

async fn measure(body: Body) -> Response {
    match collect(body).await {
        Ok(octets) => octets.len().to_string().into_response(),
        Err(fault) => fault.into_response(),
    }
}

fn serve(gate: Gate) -> Measured {
    let millis = Duration::from_millis;
    let rules = Rules {
        limits: LimitSettings { stall_seconds: 1, ..LimitSettings::default() },
        body: BodyLimits { octets: 1000, total: millis(1500), stall: millis(500) },
        patience: millis(5000),
        gate,
        clients: Clients::default(),
        tls: None,
    };
    let endless = || async {
        std::future::pending::<()>().await;
    };
    let routes = Router::new().route("/", post(measure)).route("/endless", post(endless));
    let metrics = Arc::new(Metrics::new());
    let listening = Arc::new(Listening {
        role: Role::Register,
        rules: Arc::new(Current::new(rules)),
        routes: Routes::from(routes).into(),
        counters: metrics.of(Role::Register),
        metrics: Arc::clone(&metrics),
        ids: Ids::new(),
        clock: Arc::new(SystemClock),
        census: Arc::new(Census::new()),
        most: 10,
    });
    let runtime = Runtime::new().unwrap();
    let (phase, phases) = watch::channel(Phase::Open);
    let (busy, _) = mpsc::channel(1);
    let listener = runtime.block_on(async { bind("127.0.0.1:0".parse().unwrap()) }).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(accept(listening, listener, phases, busy));
    Measured { _runtime: runtime, _phase: phase, address, metrics }
}

/// Sends the pieces, each as soon as the server has had time to see the one before, and reads to the end.
fn exchange(address: SocketAddr, pieces: &[&str], pause: Duration) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(pause)).unwrap();
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    for piece in pieces {
        if stream.write_all(piece.as_bytes()).is_err() {
            break;
        }
        // The pause: nothing comes, or the answer.
        if let Ok(octets) = stream.read(&mut buffer) {
            said.extend_from_slice(&buffer[..octets]);
        }
    }
    let _half = stream.shutdown(Shutdown::Write);
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let _rest = stream.read_to_end(&mut said);
    String::from_utf8(said).unwrap()
}

const HEAD: &str = "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";

#[test]
fn a_body_is_held_to_its_octets_however_it_comes() {
    let served = serve(Gate::Open);
    let quick = Duration::from_millis(1);
    for (size, status) in [(0, "200"), (1000, "200"), (1001, "413"), (100_000, "413")] {
        let body = "a".repeat(size);
        let whole = format!("{HEAD}content-length: {size}\r\n\r\n{body}");
        let said = exchange(served.address, &[&whole], quick);
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{size}: {said}");
        let chunk = if size == 0 { String::new() } else { format!("{size:x}\r\n{body}\r\n") };
        let chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n");
        let said = exchange(served.address, &[&chunked], quick);
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{size} in chunks: {said}");
    }
}

#[test]
fn a_body_that_does_not_come_in_time_is_given_up() {
    let served = serve(Gate::Open);
    let head = format!("{HEAD}content-length: 100\r\n\r\n");
    // Nothing any more after the first octet.
    let said = exchange(served.address, &[&head, "a"], Duration::from_secs(20));
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    assert!(said.contains("the body did not come in time"), "{said}");
    // An octet now and then, none of them late.
    let mut pieces = vec![head.as_str()];
    pieces.extend(["a"; 60]);
    let said = exchange(served.address, &pieces, Duration::from_millis(100));
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
}

#[test]
fn whoever_is_not_known_is_not_answered() {
    for gate in [Gate::Known, Gate::Only(ClientRole::Issuer)] {
        let served = serve(gate);
        let said = exchange(
            served.address,
            &[&format!("{HEAD}content-length: 0\r\n\r\n")],
            Duration::from_millis(1),
        );
        assert!(said.starts_with("HTTP/1.1 403"), "{said}");
        assert!(said.contains("application/problem+json"), "{said}");
    }
}

#[test]
fn an_answer_that_never_comes_is_a_503_and_counted() {
    let served = serve(Gate::Open);
    let head =
        "POST /endless HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let said = exchange(served.address, &[head], Duration::from_millis(1));
    assert!(said.starts_with("HTTP/1.1 503"), "{said}");
    let metrics = served.metrics.read();
    let line = "jpki_http_requests_total{role=\"register\",method=\"POST\",status=\"503\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}
