//! The `ocsp` role: answers about status, over HTTP as RFC 6960 appendix A.1 and RFC 5019 have it. It
//! opens the responders' keys and the store, no authority's key.
//!
//! ```text
//! POST /                  application/ocsp-request
//! GET  /<base64>          the same request in the path
//! ```
//!
//! Both behind the path of `realm.ocsp_url`, or without it where a proxy has taken it off. Every
//! answer of the protocol, a refusal too, comes with 200; other statuses say that the request never
//! reached it.

mod asked;
mod measured;

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::Response;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;

use crate::asn1::hex;
use crate::authority::home::Home;
use crate::authority::home::HomeError;
use crate::authority::home::KeyStore;
use crate::authority::respond::Answered;
use crate::authority::respond::Keep;
use crate::authority::respond::Responder;
use crate::authority::respond::ResponderKey;
use crate::clock::Clock;
use crate::signer::Passphrase;

use super::application::Application;
use super::application::AtOnce;
use super::application::Check;
use super::application::Commit;
use super::application::Routes;
use super::conditional::Facts;
use super::conditional::Verdict;
use super::conditional::judge;
use super::metrics::Metrics;
use super::problem::text;
use super::request::Last;
use super::request::as_before;
use super::request::http_date;
use super::server::ServeError;
use super::server::chain;

pub use asked::ocsp_url;

/// The responder as a role.
pub(super) struct Responding {
    home: Arc<RwLock<Arc<Home>>>,
    responder: Arc<Responder>,
    clock: Arc<dyn Clock>,
    passphrase: Option<Passphrase>,
    /// The path of the responder's address.
    prefix: String,
    /// Whether the keys are in a device, which may take as long as its deadline for a signature.
    waits: bool,
}

impl fmt::Debug for Responding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responding").field("responder", &self.responder).finish_non_exhaustive()
    }
}

impl Responding {
    /// Opens the responders' keys and the store.
    pub(super) fn open(
        home: &Home,
        clock: &Arc<dyn Clock>,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, ServeError> {
        let responder = home.responder(Box::new(Arc::clone(clock)), passphrase)?;
        let url = home.config().realm.ocsp_url();
        let prefix = url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        Ok(Self {
            home: Arc::new(RwLock::new(Arc::new(home.clone()))),
            responder: Arc::new(responder),
            clock: Arc::clone(clock),
            passphrase: passphrase.cloned(),
            prefix,
            waits: matches!(home.config().keys, KeyStore::Token(_)),
        })
    }

    /// Answers. Where that may have to wait, whatever else this thread has to do goes to others first.
    fn respond(&self, request: &[u8]) -> Answered {
        if self.waits {
            tokio::task::block_in_place(|| self.responder.respond(request))
        } else {
            self.responder.respond(request)
        }
    }

    fn home(&self) -> Arc<Home> {
        Arc::clone(&self.home.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn record_counts(&self) {
        if let Err(error) = self.responder.record_counts() {
            // They are counted the next time.
            tracing::warn!(%error, "how many were answered could not be recorded");
        }
    }

    /// The keys that are there now.
    fn keys(&self, home: &Home) -> Result<Vec<ResponderKey>, HomeError> {
        home.responder_keys(&home.open_store()?, self.clock.now(), self.passphrase.as_ref())
    }
}

impl Application for Responding {
    fn routes(self: Arc<Self>) -> Routes {
        // A request in a path may hold anything, slashes too.
        Routes::One(self)
    }

    fn reload(&self, home: &Home) -> Result<Commit, String> {
        let as_of = self.responder.as_of();
        let keys = self.keys(home).map_err(|error| chain(&error))?;
        let (responder, place, home) =
            (Arc::clone(&self.responder), Arc::clone(&self.home), Arc::new(home.clone()));
        Ok(Box::new(move || {
            let taken = responder.take_up(&home.config().realm, home.answering(), keys, as_of);
            *place.write().unwrap_or_else(PoisonError::into_inner) = home;
            if let Err(error) = taken {
                tracing::error!(error = %chain(&error), "the responders' keys were not taken up");
            }
        }))
    }

    fn tend(&self) {
        if self.responder.wants_keys() {
            let home = self.home();
            let as_of = self.responder.as_of();
            let taken = self.keys(&home);
            let taken = taken.map_err(|error| chain(&error)).and_then(|keys| {
                let taken =
                    self.responder.take_up(&home.config().realm, home.answering(), keys, as_of);
                taken.map_err(|error| chain(&error))
            });
            match taken {
                Ok(()) => tracing::info!("a responder's key was rotated: taken up"),
                Err(error) => {
                    tracing::error!(%error, "a responder's key was rotated: not taken up");
                }
            }
        }
    }

    fn record(&self) {
        self.record_counts();
    }

    fn checks(&self) -> Vec<Check> {
        let (store, keys) = (Arc::clone(&self.responder), Arc::clone(&self.responder));
        let home = Arc::clone(&self.home);
        vec![
            Check::key_device(move || {
                home.read().unwrap_or_else(PoisonError::into_inner).token_health()
            }),
            Check::new("ocsp-status", move || match store.health().store {
                None => Ok(()),
                Some(error) => Err(error),
            }),
            Check::new("responder-certificates", move || {
                let mute = keys.health().mute;
                let words: Vec<String> =
                    mute.iter().map(|(ca, generation)| format!("{ca} {generation}")).collect();
                if words.is_empty() {
                    return Ok(());
                }
                Err(format!("nobody answers for {}: jpki ocsp rotate --due", words.join(", ")))
            }),
        ]
    }

    fn register_metrics(self: Arc<Self>, metrics: &Metrics) {
        measured::register(&self.responder, &self.clock, metrics);
    }
}

/// Everything that is asked: a request in the body, or in the path.
impl AtOnce for Responding {
    fn head(&self, head: &Parts) -> Option<Response<Bytes>> {
        match head.method {
            Method::GET | Method::HEAD => Some(match asked::asked(head.uri.path(), &self.prefix) {
                Some(der) => {
                    let answered = self.respond(&der);
                    conditional(&head.method, &head.headers, answered)
                }
                // What is no base64 is no request either, and whoever asks understands the protocol.
                None => respond(self.respond(&[])),
            }),
            Method::POST => {
                let kind = head.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
                if kind.is_some_and(is_request) {
                    return None;
                }
                let words = "send application/ocsp-request";
                Some(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, words))
            }
            _ => {
                let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "send GET or POST");
                let allowed = HeaderValue::from_static("GET, HEAD, POST");
                response.headers_mut().insert(header::ALLOW, allowed);
                Some(response)
            }
        }
    }

    fn whole(&self, _head: &Parts, body: &[u8]) -> Response<Bytes> {
        respond(self.respond(body))
    }
}

fn is_request(kind: &[u8]) -> bool {
    let kind = kind.split(|octet| *octet == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/ocsp-request")
}

/// An answer with the fields of RFC 5019 section 6.2.
fn respond(answered: Answered) -> Response<Bytes> {
    let max_age = answered.keep.map(|keep| keep.max_age);
    let Dressed { octets, mut fields } = Dressed::of(answered);
    fields.insert(header::CACHE_CONTROL, cache_control(max_age));
    let mut response = Response::new(octets);
    *response.headers_mut() = fields;
    response
}

/// The same, or that the client has it already.
fn conditional(method: &Method, headers: &HeaderMap, answered: Answered) -> Response<Bytes> {
    let Some(keep) = answered.keep else { return respond(answered) };
    let etag = etag(keep);
    // A date is no help: two answers of one second have the same, and clocks are set back. Whoever has
    // the one from before a revocation would be told that nothing has changed.
    let facts = Facts { etag: &etag, modified: None, length: 0 };
    let verdict = judge(method, headers, facts);
    let mut response = respond(answered);
    if verdict == Verdict::NotModified {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Bytes::new();
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}

/// An answer, with the fields that are always the same of it.
#[derive(Clone)]
struct Dressed {
    octets: Bytes,
    fields: HeaderMap,
}

impl Dressed {
    /// Of a kept answer they are put together once.
    fn of(answered: Answered) -> Self {
        if let (Some(keep), Some(aside)) = (answered.keep, &answered.aside) {
            let der = || Bytes::from_owner(Kept(Arc::clone(&answered.der)));
            // There are many of them: without room for what is added to a copy.
            let fields = || fields(Some(keep), LASTING);
            let made = aside.get_or_make(|| Self { octets: der(), fields: fields() });
            if let Some(made) = made {
                return made.clone();
            }
        }
        let octets = match Arc::try_unwrap(answered.der) {
            Ok(own) => Bytes::from(own),
            Err(kept) => Bytes::from_owner(Kept(kept)),
        };
        Self { octets, fields: fields(answered.keep, FIELDS) }
    }
}

/// An answer that others hold as well.
struct Kept(Arc<Vec<u8>>);

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// All fields but the one that says for how long an answer may be kept from now on.
fn fields(keep: Option<Keep>, room: usize) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(room);
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/ocsp-response"));
    let Some(keep) = keep else { return fields };
    for (name, value) in [
        (header::ETAG, HeaderValue::try_from(etag(keep)).ok()),
        (header::LAST_MODIFIED, http_date(keep.this_update)),
        (header::EXPIRES, http_date(keep.next_update)),
    ] {
        if let Some(value) = value {
            fields.insert(name, value);
        }
    }
    fields
}

fn etag(keep: Keep) -> String {
    let mut etag = String::with_capacity(2 * keep.digest.len() + 2);
    etag.push('"');
    etag.push_str(&hex(&keep.digest));
    etag.push('"');
    etag
}

thread_local! {
    /// For how long the last answer could be kept: most can be for as long.
    static MAX_AGE: Last<i64> = const { RefCell::new(None) };
}

fn cache_control(max_age: Option<i64>) -> HeaderValue {
    let may_be_kept = max_age.and_then(|max_age| {
        let text = || format!("max-age={max_age}, public, no-transform, must-revalidate");
        MAX_AGE.with(|last| as_before(last, max_age, || HeaderValue::try_from(text()).ok()))
    });
    may_be_kept.unwrap_or(const { HeaderValue::from_static("no-store") })
}

/// Room for the fields of an answer, without growing on the way.
const FIELDS: usize = 12;
/// How many are always the same of a kept answer.
const LASTING: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_how_long_an_answer_may_be_kept_is_said_of_each() {
        for max_age in [900, 900, 17, 0, 900] {
            let text = format!("max-age={max_age}, public, no-transform, must-revalidate");
            assert_eq!(cache_control(Some(max_age)), text);
            assert_eq!(cache_control(None), "no-store");
        }
    }
}
