//! One tracing span per request; its id is in the log lines and in the response header `x-request-id`.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, field::Empty};

use crate::outside::Outside;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware: handles a request within its span. The span has the route pattern, never the URL, which may contain a
/// state, a code or a signature. The id is always generated here: two callers may send the same.
pub(super) async fn request(State(outside): State<Outside>, request: Request, next: Next) -> Response {
    let id: String = outside.new_id();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request", request.id = %id, http.method = %request.method(), http.route = route, http.status = Empty
    );
    let began = outside.clock.uptime();
    let respond = async {
        let response = next.run(request).await;
        tracing::Span::current().record("http.status", response.status().as_u16());
        let wait_ms = outside.clock.uptime().saturating_sub(began).as_millis();
        tracing::debug!(http.wait_ms = u64::try_from(wait_ms).unwrap_or(u64::MAX), "answered");
        response
    };
    let mut response = respond.instrument(span).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::{
        model::Time,
        outside::{Clock, Files, Http, HttpPolicy, Random, lines::CapturedLog},
    };

    #[tokio::test]
    async fn a_request_and_its_log_lines_share_an_id_and_no_address_is_logged() {
        let (lines, _log) = CapturedLog::of_this_thread();
        let folder = tempfile::tempdir().expect("a temp folder");
        let outside = Outside {
            clock: Clock::frozen(Time::from_unix_ms(1_772_366_400_000)),
            random: Random::seeded(7),
            http: Http::new(HttpPolicy::default()).expect("an HTTP client"),
            files: Files::new(folder.path().join("files")),
        };
        let show = async || {
            tracing::warn!("something to tell");
            "shown"
        };
        let routes = Router::new().route("/assets/{asset}/{signature}", get(show));
        let routes = routes.layer(from_fn_with_state(outside, request));
        let mut ids = Vec::new();
        for _ in 0..2 {
            let asked = Request::builder().uri("/assets/a1/s3cr3t?code=c0de").body(Body::empty()).expect("a request");
            let answer = routes.clone().oneshot(asked).await.expect("an answer");
            ids.push(answer.headers()[REQUEST_ID].to_str().expect("a text").to_owned());
        }
        let text = lines.text();
        assert_ne!(ids[0], ids[1]);
        for id in &ids {
            let lines: Vec<&str> = text.lines().filter(|line| line.contains(id.as_str())).collect();
            assert_eq!(lines.len(), 2, "{text}");
            assert!(
                lines[0].contains("something to tell")
                    && lines[0].contains("http.route=\"/assets/{asset}/{signature}\""),
                "{text}"
            );
            assert!(lines[1].contains("http.status=200"), "{text}");
        }
        assert!(!text.contains("s3cr3t") && !text.contains("c0de"), "{text}");
    }
}
