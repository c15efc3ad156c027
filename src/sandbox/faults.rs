//! Fault injection: rules that make the next calls fail as they do at real shops.

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Sandbox, api::refuse, lock};

#[derive(Default)]
pub(super) struct Faults(Vec<FaultRule>);

/// Applies to calls that start with `on` (method and path): lets `skip` calls pass, then acts on the next `times`
/// calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultRule {
    on: String,
    #[serde(default)]
    skip: u32,
    #[serde(default = "once")]
    times: u32,
    #[serde(rename = "do")]
    act: FaultAct,
    arg: Option<Value>,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FaultAct {
    /// An error status (`arg`, 500).
    Error,
    /// An HTML page with status 200.
    Html,
    /// The response body truncated to its first half.
    Half,
    /// 10 MB of valid JSON.
    Huge,
    /// 429 with Retry-After (`arg` seconds, 2).
    Throttle,
    /// 429 without Retry-After.
    ThrottleBare,
    /// A redirect to `arg`.
    Redirect,
    /// The call takes effect, the response is lost.
    Drop,
    /// A delay of `arg` milliseconds (1000).
    Slow,
    /// Expires every access token, then handles the call.
    Expire,
    /// The shop uninstalls the app, then handles the call.
    Revoke,
}

pub(super) async fn list(State(shop): State<Sandbox>) -> Json<Vec<FaultRule>> {
    Json(lock(&shop.0.faults).0.clone())
}

pub(super) async fn add(State(shop): State<Sandbox>, Json(rule): Json<FaultRule>) -> StatusCode {
    lock(&shop.0.faults).0.push(rule);
    StatusCode::CREATED
}

pub(super) async fn clear(State(shop): State<Sandbox>) -> StatusCode {
    lock(&shop.0.faults).0.clear();
    StatusCode::NO_CONTENT
}

/// Applies the first rule that matches.
pub(super) async fn play(State(shop): State<Sandbox>, request: Request, next: Next) -> Response {
    let call = format!("{} {}", request.method(), request.uri().path());
    let rule = {
        let mut faults = lock(&shop.0.faults);
        let rules = &mut faults.0;
        let matching = rules.iter().position(|rule| call.starts_with(&rule.on));
        matching.and_then(|place| {
            let rule = &mut rules[place];
            if rule.skip > 0 {
                rule.skip -= 1;
                return None;
            }
            rule.times = rule.times.saturating_sub(1);
            let applied = rule.clone();
            if applied.times == 0 {
                rules.remove(place);
            }
            Some(applied)
        })
    };
    match rule {
        None => next.run(request).await,
        Some(rule) => act(&shop, &rule, request, next).await,
    }
}

async fn act(shop: &Sandbox, rule: &FaultRule, request: Request, next: Next) -> Response {
    let number = |default: u64| rule.arg.as_ref().and_then(Value::as_u64).unwrap_or(default);
    let throttled = || refuse(StatusCode::TOO_MANY_REQUESTS, "throttled", "too many calls").into_response();
    match rule.act {
        FaultAct::Error => {
            let status = StatusCode::from_u16(u16::try_from(number(500)).unwrap_or(500))
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            refuse(status, "mischief", "an injected fault in the shop").into_response()
        }
        FaultAct::Html => {
            axum::response::Html("<!doctype html><title>Maintenance</title><p>Back soon.</p>").into_response()
        }
        FaultAct::Half => {
            let (parts, body) = next.run(request).await.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
            ([(header::CONTENT_TYPE, "application/json")], Body::from(bytes.slice(..bytes.len() / 2)))
                .into_response()
                .with_status(parts.status)
        }
        FaultAct::Huge => (
            [(header::CONTENT_TYPE, "application/json")],
            format!("{{\"products\":[],\"pad\":\"{}\"}}", "x".repeat(10_000_000)),
        )
            .into_response(),
        FaultAct::Throttle => ([(header::RETRY_AFTER, number(2).to_string())], throttled())
            .into_response()
            .with_status(StatusCode::TOO_MANY_REQUESTS),
        FaultAct::ThrottleBare => throttled(),
        FaultAct::Redirect => {
            let to = rule.arg.as_ref().and_then(Value::as_str).unwrap_or("http://10.0.0.1/").to_owned();
            (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
        }
        FaultAct::Drop => {
            drop(next.run(request).await);
            // A failing body makes the server close the connection.
            let broken = futures_util::stream::once(async { Err::<bytes::Bytes, _>(std::io::Error::other("lost")) });
            Response::builder().header(header::CONTENT_LENGTH, 1000).body(Body::from_stream(broken)).unwrap_or_default()
        }
        FaultAct::Slow => {
            shop.0.outside.clock.sleep(Duration::from_millis(number(1000))).await;
            next.run(request).await
        }
        FaultAct::Expire => {
            shop.tokens().expire_all(shop.0.outside.clock.now());
            next.run(request).await
        }
        FaultAct::Revoke => {
            shop.tokens().revoke_all();
            next.run(request).await
        }
    }
}

trait WithStatus {
    fn with_status(self, status: StatusCode) -> Self;
}

impl WithStatus for Response {
    fn with_status(mut self, status: StatusCode) -> Self {
        *self.status_mut() = status;
        self
    }
}
