//! Refuses URLs with control characters or invalid UTF-8, for every route.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;

use super::{api::ApiError, error::PageError};
use crate::model::{Failure, FailureKind};

/// Middleware: refuses what no database can look up and no log should repeat.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let failure = if !is_text(path, &[]) {
        Failure::new(FailureKind::UnknownRoute, "there is no such route")
    } else if !request.uri().query().is_none_or(|query| is_text(query, &['\t', '\n', '\r'])) {
        Failure::new(FailureKind::BadAddress, "the query string contains control characters or is not UTF-8")
    } else {
        return next.run(request).await;
    };
    if path.starts_with("/api/") { ApiError::from(failure).into_response() } else { PageError(failure).into_response() }
}

/// Whether a part of a URL is UTF-8 without control characters other than the allowed ones.
fn is_text(escaped: &str, allowed: &[char]) -> bool {
    let decoded = percent_decode_str(escaped).decode_utf8();
    decoded.is_ok_and(|text| text.chars().all(|c| !c.is_control() || allowed.contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn control_characters_are_known_however_they_are_written() {
        for good in ["/connect/x", "/a%20b", "/%C3%BC", "/50%", "/%zz", "/"] {
            assert!(is_text(good, &[]), "{good}");
        }
        for bad in ["/%00", "/a%0ab", "/%1b[2J", "/%7f", "/%ff", "/%C2%85", "/%c3"] {
            assert!(!is_text(bad, &[]), "{bad}");
        }
        assert!(is_text("error_description=no%0Away", &['\n']));
    }
}
