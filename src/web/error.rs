//! How a failure looks to a person in a browser.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{
    page,
    refusals::{Refused, is_noise},
};
use crate::model::{Failure, FailureKind};

/// A fault of our own, which the log has a line about. JSON, plain text or a page would be a guess here: it is plain
/// text.
pub(super) fn fault() -> Response {
    let text = "a fault in the program ended this request; the daemon's log has a line about it\n";
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
        if is_noise(&failure.kind) {
            tracing::debug!(failure.code = failure.code(), "refused: {failure}");
        } else if failure.kind != FailureKind::Database {
            tracing::warn!(failure.code = failure.code(), "refused: {failure}");
        }
        let (text, code) = (page::escape(told(&failure)), page::escape(failure.code()));
        let body = format!("<p class=bad>{text}.</p><p class=dim>{code}</p>");
        refused(Html(page::shell("That did not work", &body)).into_response(), &failure)
    }
}

/// What is told of a failure. A database's own words are for the log, not for a stranger.
pub(super) fn told(failure: &Failure) -> &str {
    if failure.kind != FailureKind::Database {
        return &failure.message;
    }
    tracing::error!("{failure}");
    "the database does not answer; try again in a minute"
}

/// An answer with its failure's status, with its code for those who count, and with when to ask again where that is
/// known.
pub(super) fn refused(mut answer: Response, failure: &Failure) -> Response {
    *answer.status_mut() =
        StatusCode::from_u16(failure.kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(wait) = failure.retry_after_s() {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    answer.extensions_mut().insert(Refused(failure.kind.clone()));
    answer
}
