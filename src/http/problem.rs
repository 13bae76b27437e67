//! Errors as answers: RFC 9457.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not done: `application/problem+json`.
///
/// Nothing in it repeats what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The status, as it stands in the answer's first line.
    #[serde(rename = "status", serialize_with = "number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// The usual words for the status.
    title: &'static str,
    /// What happened here, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The rule that refused: `R-…`, or `E-…` for malformed input.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// The item that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
}

impl Problem {
    /// A problem with the usual words for its status.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Refused");
        Self { status, title, detail: None, rule: None, item: None }
    }

    /// A fault of ours; what it is stands in the log.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// With what happened here: words of ours, never of the request.
    #[must_use]
    pub fn detail(self, text: impl Into<String>) -> Self {
        Self { detail: Some(text.into()), ..self }
    }

    /// With the rule that refused, and the item that it refused.
    #[must_use]
    pub fn rule(self, rule: impl Into<String>, item: Option<&str>) -> Self {
        Self { rule: Some(rule.into()), item: item.map(str::to_owned), ..self }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Strings and a number always become JSON.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

/// A short text for roles that speak no JSON.
pub(super) fn text<T: From<&'static str>>(
    status: StatusCode,
    words: &'static str,
) -> axum::http::Response<T> {
    let mut response = axum::http::Response::new(T::from(words));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
