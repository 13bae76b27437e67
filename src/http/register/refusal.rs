//! What is refused or fails, as an answer.

use std::error::Error;

use axum::http::StatusCode;

use crate::authority::AuthorityError;
use crate::authority::Refused;
use crate::http::problem::Problem;
use crate::register::FormError;

/// A refusal by a rule: the rule with its item, and what to do.
pub(super) fn refused(refused: &Refused) -> Problem {
    if let Some(cause) = refused.cause {
        // Whoever asks hears that the key failed; how it failed is the operator's.
        tracing::error!(rule = refused.rule, error = %cause, "the key did not sign");
    }
    Problem::new(status(refused.rule)).detail(&refused.message).rule(refused.rule, refused.item)
}

/// As [`refused`], where the request names the certificate by its address.
pub(super) fn refused_there(refused: &Refused) -> Problem {
    let status = match refused.rule {
        "R-UNKNOWN-SERIAL" => StatusCode::NOT_FOUND,
        "R-ERASED" => StatusCode::GONE,
        rule => status(rule),
    };
    Problem::new(status).detail(&refused.message).rule(refused.rule, refused.item)
}

/// What is wrong with the data is malformed input; what another request stands against is a conflict;
/// what a rule says is a refusal; and what is our own matter may be over later.
fn status(rule: &str) -> StatusCode {
    match rule {
        "R-REQUEST-CONFLICT" | "R-REQUEST-PENDING" | "R-ISSUE-PENDING" | "R-ISSUE-INTERRUPTED" => {
            StatusCode::CONFLICT
        }
        "R-KEY-FAILED" | "R-CA-NOT-YET" | "R-CA-ENDED" => StatusCode::SERVICE_UNAVAILABLE,
        rule if rule.starts_with("E-") => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// A document that is none.
pub(super) fn malformed(error: &FormError) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST).detail(error.to_string()).rule(FormError::CODE, None)
}

/// Something that could not be done. What it was stands in the log.
pub(super) fn failed(error: &AuthorityError) -> Problem {
    tracing::error!(error = %chain(error), "nothing was done");
    match error {
        AuthorityError::Store(_)
        | AuthorityError::NoKey { .. }
        | AuthorityError::RolledOver
        | AuthorityError::ServiceChanged { .. }
        | AuthorityError::Seal(_) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE).detail(UNAVAILABLE)
        }
        _ => Problem::internal(),
    }
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

const UNAVAILABLE: &str =
    "the store or a key is not to be had at the moment: ask again, the same way";
