//! The interface as an OpenAPI document: out of the handlers that serve it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response as Answer;
use utoipa::IntoResponses;
use utoipa::Modify;
use utoipa::OpenApi;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::Components;
use utoipa::openapi::Content;
use utoipa::openapi::ContentBuilder;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::Response;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::Schema;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::security::SecurityScheme;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::authority::EventOutcome;
use crate::http::problem::Problem;
use crate::register::EventForm;

use super::Desk;
use super::certificates;
use super::events;
use super::look;
use super::revocations;

/// The routes, and their description.
pub(super) fn interface() -> (Router<Arc<Desk>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Interface::openapi())
        .routes(routes!(events::take))
        .routes(routes!(certificates::issue))
        .routes(routes!(revocations::change))
        .routes(routes!(look::standing))
        .routes(routes!(look::why))
        .split_for_parts()
}

/// The document as JSON.
pub(super) fn to_json() -> Vec<u8> {
    // Words and numbers always become JSON.
    serde_json::to_vec_pretty(&interface().1).unwrap_or_default()
}

/// Sends the document.
pub(super) async fn send(State(desk): State<Arc<Desk>>) -> Answer {
    let kind = (header::CONTENT_TYPE, "application/json");
    ([kind, (header::CACHE_CONTROL, "no-cache")], desk.document.clone()).into_response()
}

/// What all of it has in common.
const DESCRIPTION: &str = "\
Follows the resident register, and issues, ends and looks up certificates.

Clients are known by their certificates (TLS 1.3); what each may do stands in `jpki.toml`. Every answer \
that is no success is `application/problem+json` (RFC 9457). Its `rule` is the stable code of what \
refused, `R-…` for a rule and `E-…` for malformed input; `jpki feed explain` explains each. No answer \
repeats what was sent.";

/// The document, but for the operations.
#[derive(OpenApi)]
#[openapi(
    info(title = "jpki register", description = DESCRIPTION),
    modifiers(&Common),
    tags(
        (name = "register", description = "Events of the resident register."),
        (name = "certificates", description = "Holders' certificates."),
    ),
)]
struct Interface;

/// What the operations have in common: who asks is known by a certificate, lines are documents, and
/// what is refused is a problem.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::MutualTls {
            description: Some("A client certificate that jpki.toml knows.".to_owned()),
            deprecated: None,
            extensions: None,
        };
        let components = document.components.get_or_insert_default();
        add::<EventForm>(components);
        add::<EventOutcome>(components);
        add::<Problem>(components);
        components.security_schemes.insert("certificate".to_owned(), RefOr::T(scheme));
        let none: [&str; 0] = [];
        document.security = Some(vec![SecurityRequirement::new("certificate", none)]);
    }
}

/// Adds a schema, with those that it refers to.
fn add<T: ToSchema>(components: &mut Components) {
    components.schemas.insert(T::name().into_owned(), T::schema());
    let mut others = Vec::new();
    T::schemas(&mut others);
    components.schemas.extend(others);
}

/// JSON Lines: more documents than one, so no schema of one document fits.
pub(super) struct Lines;

impl PartialSchema for Lines {
    fn schema() -> RefOr<Schema> {
        let lines = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        lines.description(Some("JSON Lines: a JSON document in each line.")).into()
    }
}

impl ToSchema for Lines {}

/// What any request can be answered with.
pub(super) struct Always;

impl IntoResponses for Always {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = problems(&[
            (StatusCode::BAD_REQUEST, "Malformed: the rule is the code of what is wrong."),
            (
                StatusCode::FORBIDDEN,
                "Not for this client: its certificate is not known, or has not the role.",
            ),
            (StatusCode::INTERNAL_SERVER_ERROR, "A fault of the server; its log says more."),
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "The store or a key is not to be had at the moment: repeat the request as it is.",
            ),
        ]);
        // Said before there is a request that could be answered.
        let too_many = ResponseBuilder::new().description(
            "The fields of the request's head are too many or too long. Without a body.",
        );
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.as_u16().to_string();
        all.insert(status, RefOr::T(too_many.build()));
        all
    }
}

/// What a request with a body can be answered with, besides.
pub(super) struct ForBody;

impl IntoResponses for ForBody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::REQUEST_TIMEOUT, "The body did not come in time."),
            (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is of another type."),
        ])
    }
}

/// What a request can be answered with that rules are asked about, besides.
pub(super) struct ForRules;

impl IntoResponses for ForRules {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (
                StatusCode::CONFLICT,
                "Another request stands against it: `R-REQUEST-CONFLICT` where the key was used for \
                 other content; else ask again.",
            ),
            (StatusCode::UNPROCESSABLE_ENTITY, "Refused by the rule that is named."),
        ])
    }
}

/// What a request about a number can be answered with, besides.
pub(super) struct ForNumber;

impl IntoResponses for ForNumber {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            (StatusCode::NOT_FOUND, "The authority never used this number: `R-UNKNOWN-SERIAL`."),
            (StatusCode::GONE, "The record was erased when its keeping period ended: `R-ERASED`."),
        ])
    }
}

fn problems(all: &[(StatusCode, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let one = |(status, description): &(StatusCode, &str)| {
        let response = ResponseBuilder::new().description(*description);
        let response = response.content("application/problem+json", problem()).build();
        (status.as_u16().to_string(), RefOr::T(response))
    };
    all.iter().map(one).collect()
}

fn problem() -> Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build()
}

/// A line of a feed.
pub(super) const EVENT_LINE: &str = concat!(
    r#"{"source":"132217","seq":1,"id":"132217-2026-000017","person":"p-0001","#,
    r#""reason":"relocation","event_date":"2026-04-01","notified_on":"2026-04-03","#,
    r#""recorded_at":"2026-04-03T10:15:00+09:00","changes":{"address":{"#,
    r#""old":"東京都清瀬市例示町一丁目１番地","new":"東京都清瀬市例示町二丁目２番地"}}}"#,
    "\n",
);
