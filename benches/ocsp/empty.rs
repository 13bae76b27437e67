//! HTTP alone: the same libraries, with the settings of the server, and a handler that does nothing.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// Reads every request to its end and answers it with octets that are always the same.
pub(crate) fn serve(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        let routes = TowerToHyperService::new(Router::new().fallback(answer));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let routes = routes.clone();
            tokio::spawn(async move {
                let mut builder = auto::Builder::new(TokioExecutor::new());
                builder
                    .http1()
                    .timer(TokioTimer::new())
                    .header_read_timeout(None)
                    .max_buf_size(16_384)
                    .max_headers(64);
                // Whoever measures sees what did not arrive.
                let _ended = builder.serve_connection(TokioIo::new(stream), routes).await;
            });
        }
    })
}

async fn answer(request: Request) -> Response {
    let body = request.into_body().collect().await;
    if body.is_err() {
        return ().into_response();
    }
    let mut response = Response::new(Body::from(Bytes::from_static(&OCTETS)));
    let headers = response.headers_mut();
    // As many fields as an answer has.
    for (name, value) in [
        (header::CONTENT_TYPE, "application/ocsp-response"),
        (header::CACHE_CONTROL, "max-age=900, public, no-transform, must-revalidate"),
        (header::ETAG, "\"5f0d8d6ddc3f7a3e5a4c0c0f0e6a1c7f5f0d8d6ddc3f7a3e5a4c0c0f0e6a1c7f\""),
        (header::LAST_MODIFIED, "Fri, 27 Nov 2026 01:40:29 GMT"),
        (header::EXPIRES, "Fri, 27 Nov 2026 02:10:29 GMT"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("x-request-id", HeaderValue::from_static("d63d09e27bb84042"));
    response
}

/// As long as an answer with its responder's certificate.
static OCTETS: [u8; 1040] = [0x30; 1040];
