//! One request of ours to a server of anyone's: for the command line's own questions.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use http_body_util::BodyExt as _;
use http_body_util::Limited;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::server::ServeError;
use super::tls;

/// A request.
#[derive(Clone, Debug)]
pub struct Fetch<'a> {
    /// Where: `http://` or `https://`.
    pub url: &'a str,
    /// What is sent, and its media type; a GET where there is nothing.
    pub body: Option<(&'a [u8], &'static str)>,
    /// Octets of an answer that are taken at most.
    pub most: usize,
    /// The files of TLS.
    pub tls: &'a TlsFiles,
}

/// The files of TLS: whom to believe, and who one is.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    /// The authorities that servers' certificates must chain to: PEM. There are none but these.
    pub authorities: Option<PathBuf>,
    /// The client's certificate and key: PEM.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// Sends a request and waits for its answer: the body of one with status 200.
///
/// # Errors
/// When the address is none, nobody answers within half a minute, the server or its certificate is not
/// the right one, or another status comes.
pub fn fetch(request: &Fetch<'_>) -> Result<Vec<u8>, FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(FetchError::Network)?;
    runtime
        .block_on(async { timeout(PATIENCE, send(request)).await.unwrap_or(Err(FetchError::Late)) })
}

async fn send(request: &Fetch<'_>) -> Result<Vec<u8>, FetchError> {
    let url: Uri = request.url.parse().map_err(|_| FetchError::Url)?;
    let (Some(host), Some(authority)) = (url.host(), url.authority()) else {
        return Err(FetchError::Url);
    };
    let is_secure = match url.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(FetchError::Url),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    let method = if request.body.is_some() { "POST" } else { "GET" };
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let mut asked = Request::builder().method(method).uri(path);
    if let Some((_, kind)) = request.body {
        asked = asked.header(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let body = request.body.map_or_else(Bytes::new, |(body, _)| Bytes::copy_from_slice(body));
    let asked = asked
        .header(header::HOST, authority.as_str())
        .body(Body::from(body))
        .map_err(|_| FetchError::Url)?;
    let stream = TcpStream::connect((host, port)).await.map_err(FetchError::Network)?;
    if !is_secure {
        return exchange(stream, asked, request.most).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| FetchError::Url)?;
    let connector = TlsConnector::from(Arc::new(config(request.tls)?));
    let stream = connector.connect(name, stream).await.map_err(FetchError::Network)?;
    exchange(stream, asked, request.most).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    asked: Request<Body>,
    most: usize,
) -> Result<Vec<u8>, FetchError> {
    let http = |error: hyper::Error| FetchError::Network(io::Error::other(error));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(http)?;
    // What is wrong with the connection is told by the request.
    tokio::spawn(async move { connection.await.ok() });
    let response = sender.send_request(asked).await.map_err(http)?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(FetchError::Status(status.as_u16()));
    }
    let body = Limited::new(response.into_body(), most).collect().await;
    let body = body.map_err(|error| FetchError::Network(io::Error::other(error)))?;
    Ok(body.to_bytes().to_vec())
}

fn config(files: &TlsFiles) -> Result<ClientConfig, FetchError> {
    let mut roots = RootCertStore::empty();
    let authorities = files.authorities.as_deref().ok_or(FetchError::NoAuthorities)?;
    for authority in tls::read_certificates(authorities)? {
        roots.add(authority).map_err(|error| FetchError::file(authorities, error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| FetchError::file(authorities, error))?
        .with_root_certificates(roots);
    let Some((certificate, key)) = &files.client else {
        return Ok(builder.with_no_client_auth());
    };
    builder
        .with_client_auth_cert(tls::read_certificates(certificate)?, tls::read_key(key)?)
        .map_err(|error| FetchError::file(key, error))
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Not an address.
    #[error("not an address: write http://HOST[:PORT]/ or https://HOST[:PORT]/")]
    Url,
    /// TLS without anybody to believe.
    #[error("whom to believe is not said: give the server's authorities in PEM")]
    NoAuthorities,
    /// A file of TLS that is not what it should be.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file of TLS that cannot be read.
    #[error(transparent)]
    Tls(#[from] ServeError),
    /// The network, or whoever is at its other end.
    #[error("nobody there, or not one that can be talked to")]
    Network(#[source] io::Error),
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// The server did something else.
    #[error("the server answered with status {0}")]
    Status(u16),
}

impl FetchError {
    fn file(path: &Path, problem: impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), problem: problem.to_string() }
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
