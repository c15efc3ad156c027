//! Renders failures as pages for browsers.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{
    html,
    refusals::{Refused, is_noise},
};
use crate::model::{Failure, FailureKind};

/// The 500 response after a panic, which is logged. Plain text, because the format that the client expects is not known
/// here.
pub(super) fn fault() -> Response {
    let text = "a fault in the program ended this request; see the daemon's log\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

/// A failure as a page.
pub(super) struct PageError(pub(super) Failure);

impl From<Failure> for PageError {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<sqlx::Error> for PageError {
    fn from(error: sqlx::Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let Self(failure) = self;
        log(&failure);
        let (text, code) = (html::escape(public_message(&failure)), html::escape(failure.code()));
        let body = format!("<p class=bad>{text}.</p><p class=dim>{code}</p>");
        refused(Html(html::shell("That did not work", &body)).into_response(), &failure)
    }
}

/// Logs why a request was refused.
pub(super) fn log(failure: &Failure) {
    if is_noise(&failure.kind) {
        tracing::debug!(failure.code = failure.code(), "refused: {failure}");
    } else if failure.kind != FailureKind::Database {
        tracing::warn!(failure.code = failure.code(), "refused: {failure}");
    }
}

/// The public message of a failure. The text of a database error is only logged.
pub(super) fn public_message(failure: &Failure) -> &str {
    if failure.kind == FailureKind::Database {
        "the database does not answer; try again in a minute"
    } else {
        &failure.message
    }
}

/// Sets status and Retry-After of a response from its failure, and adds the failure's kind for the counter of refusals.
pub(super) fn refused(mut answer: Response, failure: &Failure) -> Response {
    if failure.kind == FailureKind::Database {
        tracing::error!("{failure}");
    }
    *answer.status_mut() =
        StatusCode::from_u16(failure.kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(wait) = failure.retry_after_s() {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    answer.extensions_mut().insert(Refused(failure.kind.clone()));
    answer
}
