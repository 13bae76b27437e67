//! `POST /v1/certificates`: issues to one holder.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::authority::Issued;
use crate::authority::IssuedReport;
use crate::authority::Status;
use crate::authority::home::ClientRole;
use crate::http::client::Caller;
use crate::http::problem::Problem;
use crate::register::MAX_FORM;
use crate::register::read_form;

use super::Desk;
use super::document;
use super::form::CertificatesForm;
use super::form::idempotency_key;
use super::json;
use super::lines::must_be;
use super::lines::whole;
use super::refusal;
use super::role;

/// Issues certificates to one holder.
///
/// The header `Idempotency-Key` names the request: repeated under the same key with the same content
/// it gives the same certificates, with other content it is refused. The holder's side makes the key
/// pairs and sends the public keys: no private key passes here.
#[utoipa::path(
    post,
    path = "/v1/certificates",
    operation_id = "issueCertificates",
    tag = "certificates",
    params((
        "Idempotency-Key" = String,
        Header,
        description = "Names the request: 1 to 200 printable ASCII characters, taken as they are. \
                       It is the request id of the command line.",
        min_length = 1,
        max_length = 200,
        pattern = "^[!-~]([ -~]*[!-~])?$",
        example = "window-3/2026-04-02/000017",
    )),
    request_body(content = CertificatesForm, content_type = "application/json"),
    responses(
        (status = 201, description = "Issued.", body = CertificatesAnswer),
        (status = 200, description = "Issued earlier, to the same request.", body = CertificatesAnswer),
        document::Always,
        document::ForBody,
        document::ForRules,
    ),
)]
pub(super) async fn issue(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    role(&caller, &[ClientRole::Issuer])?;
    must_be(&headers, &["application/json"])?;
    let id = idempotency_key(&headers).map_err(|refused| refusal::refused(&refused))?;
    let octets = whole(body, MOST_OCTETS).await?;
    let form: CertificatesForm = read_form(&octets, MOST_OCTETS, "a request for certificates")
        .map_err(|error| refusal::malformed(&error))?;
    let request =
        form.request(id, desk.clock.now()).map_err(|refused| refusal::refused(&refused))?;
    let outcome = desk.issue(request).await?;
    let (status, certificates) = outcome.result.map_err(|refused| refusal::refused(&refused))?;
    let code = match status {
        Status::Issued => StatusCode::CREATED,
        Status::Existing => StatusCode::OK,
    };
    let certificates = certificates.iter().map(CertificateAnswer::from).collect();
    Ok(json(code, &CertificatesAnswer { request_id: outcome.request_id, status, certificates }))
}

/// The certificates of a request.
#[derive(Serialize, ToSchema)]
pub(super) struct CertificatesAnswer {
    /// The request's id.
    request_id: String,
    /// How they came about.
    status: Status,
    /// One or two, the signature certificate first.
    certificates: Vec<CertificateAnswer>,
}

/// A certificate, as it is handed over.
#[derive(Serialize, ToSchema)]
struct CertificateAnswer {
    #[serde(flatten)]
    issued: IssuedReport,
    /// The certificate in PEM.
    pem: String,
    /// Its DER in base64.
    #[schema(content_encoding = "base64", content_media_type = "application/pkix-cert")]
    der: String,
}

impl From<&Issued> for CertificateAnswer {
    fn from(issued: &Issued) -> Self {
        let pem = issued.to_pem();
        let der = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        Self { issued: issued.into(), pem, der }
    }
}

/// A holder file and two keys, several times over.
const MOST_OCTETS: usize = 2 * MAX_FORM;
