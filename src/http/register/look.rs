//! `GET /v1/certificates/{ca}/{serial}` and `GET /v1/why/{ca}/{serial}`: how a certificate stands,
//! and why. Neither says who holds it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::authority::Refused;
use crate::authority::StandingReport;
use crate::authority::WhyReport;
use crate::authority::home::ClientRole;
use crate::credential::CaName;
use crate::credential::Serial;
use crate::http::client::Caller;
use crate::http::problem::Problem;

use super::Desk;
use super::document;
use super::form;
use super::json;
use super::refusal;
use super::role;

/// Says how a certificate stands.
///
/// Its PEM goes to clients with the role `issuer` only: a signature certificate states the holder's
/// four items.
#[utoipa::path(
    get,
    path = "/v1/certificates/{ca}/{serial}",
    operation_id = "getCertificate",
    tag = "certificates",
    params(
        ("ca" = CaName, Path, description = "The authority."),
        (
            "serial" = String,
            Path,
            description = "The number, decimal.",
            pattern = "^[1-9][0-9]{0,18}$",
            example = "3",
        ),
    ),
    responses(
        (status = 200, description = "How it stands now.", body = CertificateStanding),
        document::Always,
        document::ForNumber,
    ),
)]
pub(super) async fn standing(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let client = role(&caller, &[ClientRole::Issuer, ClientRole::Auditor])?;
    let is_issuer = client.roles.contains(&ClientRole::Issuer);
    let (ca, serial) = number(path)?;
    let found = desk.ask(move |authority| {
        let why = match authority.why(ca, serial, authority.now())? {
            Ok(why) => why,
            Err(refused) => return Ok(Err(refused)),
        };
        let der = if is_issuer {
            authority.certificate(ca, serial)?.and_then(|(_, der)| der)
        } else {
            None
        };
        Ok(Ok((StandingReport::from(&why.certificate), der)))
    });
    let (certificate, der) = found.await?.map_err(|refused| refusal::refused_there(&refused))?;
    let pem = der.as_deref().map(pem);
    Ok(json(StatusCode::OK, &CertificateStanding { certificate, pem }))
}

/// Says why a certificate stands as it does.
///
/// Certificate → revocation → timer → event → rule → article, as `jpki why` does.
#[utoipa::path(
    get,
    path = "/v1/why/{ca}/{serial}",
    operation_id = "whyCertificate",
    tag = "certificates",
    params(
        ("ca" = CaName, Path, description = "The authority."),
        (
            "serial" = String,
            Path,
            description = "The number, decimal.",
            pattern = "^[1-9][0-9]{0,18}$",
            example = "3",
        ),
    ),
    responses(
        (status = 200, description = "The chain.", body = WhyReport),
        document::Always,
        document::ForNumber,
    ),
)]
pub(super) async fn why(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    role(&caller, &[ClientRole::Issuer, ClientRole::Auditor])?;
    let (ca, serial) = number(path)?;
    let found = desk.ask(move |authority| authority.why(ca, serial, authority.now()));
    let why = found.await?.map_err(|refused| refusal::refused_there(&refused))?;
    Ok(json(StatusCode::OK, &WhyReport::from(&why)))
}

/// A certificate as it stands.
#[derive(Serialize, ToSchema)]
pub(super) struct CertificateStanding {
    #[serde(flatten)]
    certificate: StandingReport,
    /// It in PEM, for issuers; a number that was given up has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pem: Option<String>,
}

fn pem(der: &[u8]) -> String {
    // Encoding to memory does not fail.
    der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, der).unwrap_or_default()
}

/// The certificate that an address names.
fn number(
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<(CaName, Serial), Problem> {
    let read = || {
        let Path((ca, serial)) =
            path.map_err(|_| Refused::new("E-WORD", "the address is not UTF-8"))?;
        Ok((form::ca(&ca)?, form::serial(&serial)?))
    };
    read().map_err(|refused: Refused| refusal::refused(&refused))
}
