//! The shop's product API: bearer tokens, cursor pagination, and an optional rate limit.

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Sandbox, lock, oauth::Bearer};
use crate::model::Time;

/// An error response.
pub(super) type DeniedCall = (StatusCode, Json<Value>);

pub(super) fn refuse(status: StatusCode, code: &str, message: &str) -> DeniedCall {
    (status, Json(json!({ "error": { "code": code, "message": message } })))
}

/// The calls of the current rate-limit window.
#[derive(Default)]
pub(super) struct RateWindow {
    began: Option<Time>,
    calls: u32,
}

/// Authenticates a call and enforces the rate limit.
pub(super) async fn guard(State(shop): State<Sandbox>, request: Request, next: Next) -> Response {
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "))
        .unwrap_or_default();
    let now = shop.0.outside.clock.now();
    let bearer = shop.tokens().look(token, now);
    let (code, message) = match bearer {
        Bearer::Good => return rate_limited(&shop, request, next, now).await,
        Bearer::Expired => ("token_expired", "the access token has expired"),
        Bearer::Unknown => ("token_invalid", "the access token is unknown"),
        Bearer::Revoked => ("app_uninstalled", "the shop has uninstalled this app"),
    };
    refuse(StatusCode::UNAUTHORIZED, code, message).into_response()
}

async fn rate_limited(shop: &Sandbox, request: Request, next: Next, now: Time) -> Response {
    let Some((limit, per)) = shop.0.options.rate else { return next.run(request).await };
    let (left, reset) = {
        let mut window = lock(&shop.0.window);
        if window.began.is_none_or(|began| now >= began.plus(per)) {
            *window = RateWindow { began: Some(now), calls: 0 };
        }
        window.calls += 1;
        let end = window.began.unwrap_or(now).plus(per);
        (i64::from(limit) - i64::from(window.calls), end.since(now))
    };
    let seconds = reset.as_millis().div_ceil(1000).to_string();
    let mut response = if left < 0 {
        let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, "throttled", "too many calls").into_response();
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_str(&seconds).unwrap_or(HeaderValue::from_static("1")));
        response
    } else {
        next.run(request).await
    };
    for (name, value) in [
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-remaining", left.max(0).to_string()),
        ("x-ratelimit-reset", seconds),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("0")));
    }
    response
}

/// `GET /api/shop`.
pub(super) async fn shop(State(shop): State<Sandbox>) -> Json<Value> {
    let products = shop.catalogue().total();
    Json(
        json!({ "id": "sandbox", "name": "Sandbox Shop", "currency": "EUR", "url": shop.0.options.base_url, "products": products }),
    )
}

/// The query of a product list.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    updated_since: Option<String>,
}

/// `GET /api/products`.
pub(super) async fn list(State(shop): State<Sandbox>, Query(query): Query<ListQuery>) -> Result<Response, DeniedCall> {
    let bad = |code: &str, message: &str| refuse(StatusCode::BAD_REQUEST, code, message);
    let limit = query.limit.unwrap_or(50);
    if !(1..=250).contains(&limit) {
        return Err(bad("bad_limit", "limit must be from 1 to 250"));
    }
    let after = match &query.cursor {
        None => 0,
        Some(text) => URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|b| String::from_utf8(b).ok()?.parse().ok())
            .ok_or_else(|| bad("bad_cursor", "the cursor is unknown"))?,
    };
    let since = match &query.updated_since {
        None => None,
        Some(text) => Some(Time::parse(text).ok_or_else(|| bad("bad_time", "updated_since must be an RFC 3339 time"))?),
    };
    let keep = |product: &Value| {
        since.is_none_or(|since| product["updated_at"].as_str().and_then(Time::parse).is_some_and(|at| at >= since))
    };
    let listed = {
        let pictures = shop.pictures();
        let now = shop.0.outside.clock.now();
        shop.catalogue().page(after, limit, keep, |id, product| pictures.add_to(id, product, now))
    };
    let next = listed.last.filter(|_| listed.more).map(|id| URL_SAFE_NO_PAD.encode(id.to_string()));
    let next = next.map_or("null".to_owned(), |token| format!("\"{token}\""));
    let total = if since.is_some() { "null".to_owned() } else { listed.total.to_string() };
    let body = format!("{{\"products\":[{}],\"next_cursor\":{next},\"total\":{total}}}", listed.products.join(","));
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from(body)).into_response())
}

/// `GET /api/products/{id}`.
pub(super) async fn show(State(shop): State<Sandbox>, Path(id): Path<u64>) -> Result<Json<Value>, DeniedCall> {
    let mut product = shop.catalogue().get(id).ok_or_else(missing)?;
    let now = shop.0.outside.clock.now();
    shop.pictures().add_to(id, &mut product, now);
    Ok(Json(product))
}

/// `POST /api/products`.
pub(super) async fn create(
    State(shop): State<Sandbox>,
    Json(product): Json<Map<String, Value>>,
) -> Result<(StatusCode, Json<Value>), DeniedCall> {
    let now = shop.0.outside.clock.now();
    let id = shop.catalogue().insert(product, now);
    let product = shop.catalogue().get(id).ok_or_else(missing)?;
    Ok((StatusCode::CREATED, Json(product)))
}

/// `PATCH /api/products/{id}`.
pub(super) async fn edit(
    State(shop): State<Sandbox>,
    Path(id): Path<u64>,
    Json(changes): Json<Map<String, Value>>,
) -> Result<Json<Value>, DeniedCall> {
    let now = shop.0.outside.clock.now();
    let mut catalogue = shop.catalogue();
    if !catalogue.edit(id, changes, now) {
        return Err(missing());
    }
    catalogue.get(id).map(Json).ok_or_else(missing)
}

/// `DELETE /api/products/{id}`.
pub(super) async fn delete(State(shop): State<Sandbox>, Path(id): Path<u64>) -> Result<StatusCode, DeniedCall> {
    if shop.catalogue().delete(id) { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

pub(super) fn missing() -> DeniedCall {
    refuse(StatusCode::NOT_FOUND, "not_found", "not found in this shop")
}
