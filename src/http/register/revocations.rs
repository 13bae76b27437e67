//! `POST /v1/revocations`: ends, holds or releases one certificate.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::Response;

use crate::authority::ChangeReport;
use crate::authority::ChangeRequest;
use crate::authority::home::ClientRole;
use crate::http::client::Caller;
use crate::http::problem::Problem;
use crate::register::read_form;

use super::Desk;
use super::document;
use super::form::RevocationForm;
use super::form::serial;
use super::json;
use super::lines::must_be;
use super::lines::whole;
use super::refusal;
use super::role;

/// Ends, holds or releases one certificate.
///
/// On the holder's request or report; what the register brings ends certificates by its events. Asked
/// twice, the second is refused by the rule that says how the certificate stands already.
#[utoipa::path(
    post,
    path = "/v1/revocations",
    operation_id = "changeCertificate",
    tag = "certificates",
    request_body(content = RevocationForm, content_type = "application/json"),
    responses(
        (status = 200, description = "Done, and durable.", body = ChangeReport),
        document::Always,
        document::ForBody,
        document::ForRules,
    ),
)]
pub(super) async fn change(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    role(&caller, &[ClientRole::Issuer])?;
    must_be(&headers, &["application/json"])?;
    let octets = whole(body, MOST_OCTETS).await?;
    let form: RevocationForm = read_form(&octets, MOST_OCTETS, "a revocation")
        .map_err(|error| refusal::malformed(&error))?;
    let refused = |refused| refusal::refused(&refused);
    let serial = serial(&form.serial).map_err(refused)?;
    let act = form.act().map_err(refused)?;
    let request = ChangeRequest { ca: form.ca, serial, act, dry_run: false };
    let change = desk.ask(move |authority| authority.change(&request)).await?.map_err(refused)?;
    Ok(json(StatusCode::OK, &ChangeReport::new(&change, false)))
}

/// Four words, many times over.
const MOST_OCTETS: usize = 4096;
