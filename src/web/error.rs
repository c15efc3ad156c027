//! How a failure looks to a person in a browser.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{
    page,
    refusals::{Refused, is_noise},
};
use crate::model::{Failure, Remedy};

/// A fault of our own, which the log has a line about. JSON, plain text or a page would be a guess here: it is plain text.
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
        let status = match (self.0.remedy, self.0.code.as_str()) {
            (_, "unknown_client" | "unknown_provider" | "unknown_connection" | "unknown_route") => {
                StatusCode::NOT_FOUND
            }
            (
                _,
                "other_browser" | "not_signed" | "bad_signature" | "stale_signature" | "other_shop" | "other_consumer"
                | "no_client",
            ) => StatusCode::FORBIDDEN,
            (_, "too_fast") => StatusCode::TOO_MANY_REQUESTS,
            (_, "too_large") => StatusCode::PAYLOAD_TOO_LARGE,
            (_, "too_slow") => StatusCode::REQUEST_TIMEOUT,
            (_, "database") => StatusCode::SERVICE_UNAVAILABLE,
            (Remedy::Retry(_), _) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::BAD_REQUEST,
        };
        // A database's own words are for the log, not for a stranger.
        let text = if self.0.code == "database" {
            tracing::error!("{}", self.0);
            "the database does not answer; try again in a minute".to_owned()
        } else {
            if is_noise(&self.0.code) {
                tracing::debug!(failure.code = self.0.code, "refused: {}", self.0);
            } else {
                tracing::warn!(failure.code = self.0.code, "refused: {}", self.0);
            }
            self.0.message
        };
        let body = format!("<p class=bad>{}.</p><p class=dim>{}</p>", page::escape(&text), page::escape(&self.0.code));
        let page = Html(page::shell("That did not work", &body));
        refused((status, page).into_response(), self.0.remedy, self.0.code)
    }
}

/// An answer with its failure's code for those who count, and with when to ask again where that is known.
pub(super) fn refused(mut answer: Response, remedy: Remedy, code: String) -> Response {
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        let wait = if let Remedy::Retry(Some(wait)) = remedy { wait.as_secs() + 1 } else { 1 };
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    answer.extensions_mut().insert(Refused(code));
    answer
}
