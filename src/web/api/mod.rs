//! The JSON API under `/api/v1`, for programs with the operator's token. A thin layer: slow work is enqueued as a job.

mod assets;
mod flows;
mod sessions;
mod stream;
mod usage;

use axum::{
    Json, Router,
    extract::{FromRequest, FromRequestParts, Query, Request, State},
    http::{StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    body::{Sender, whole},
    brake::too_fast,
    caller::Caller,
    error::{public_message, refused},
    state::Web,
};
use crate::{
    generate::Terms,
    model::{Failure, FailureKind, USUAL_PRIORITY, json},
    tools::Tools,
};

/// The routes, each behind the token.
pub(super) fn router(web: &Web) -> Router<Web> {
    let bare = Router::new()
        .route("/flows/{id}/generations", post(flows::order).get(flows::progress).delete(flows::cancel))
        .route("/flows/{id}/retries", post(flows::retry))
        .route("/flows/{id}/progress", get(flows::follow))
        .route("/sessions/{id}/generations", post(sessions::order).get(sessions::progress).delete(sessions::cancel))
        .route("/sessions/{id}/retries", post(sessions::retry))
        .route("/sessions/{id}/progress", get(sessions::follow))
        .route("/assets/{id}", get(assets::show))
        .route("/assets/{id}/approval", put(assets::decide))
        .route("/assets/{id}/regenerations", post(assets::regenerate))
        .route("/assets/{id}/edits", post(assets::edit))
        .route("/assets/{id}/link", get(assets::link))
        .route_layer(middleware::from_fn(no_query));
    Router::new()
        .route("/flows/{id}/prompt", get(flows::prompt))
        .route("/clients/{id}/usage", get(usage::show))
        .merge(bare)
        .method_not_allowed_fallback(async || {
            ApiError(Failure::new(FailureKind::BadMethod, "this route does not support the method"))
        })
        .fallback(async || ApiError(Failure::new(FailureKind::UnknownRoute, "there is no such route in the API")))
        .layer(middleware::from_fn_with_state(Sender::Program, whole))
        .layer(middleware::from_fn_with_state(web.clone(), guard))
        .layer(CatchPanicLayer::custom(|_| {
            ApiError(Failure::new(
                FailureKind::Panic,
                "a fault in the program ended this request; see the daemon's log",
            ))
            .into_response()
        }))
}

/// Middleware: requires the API token; refuses every request if none is configured.
async fn guard(State(web): State<Web>, caller: Caller, request: Request, next: Next) -> Response {
    if let Err(wait) = web.guesses.may(&caller) {
        return ApiError(too_fast(wait)).into_response();
    }
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if admitted(&web.tools, token) {
        return next.run(request).await;
    }
    if !token.is_empty() {
        web.guesses.wrong(caller);
    }
    let text = match web.tools.policy.api_token {
        Some(_) => "the API token is missing or wrong: send Authorization: Bearer TOKEN, with the token of [api] token",
        None => "the API is closed: set [api] token, and send it as Authorization: Bearer TOKEN",
    };
    let mut refused = ApiError(Failure::new(FailureKind::Unauthorized, text)).into_response();
    refused.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    refused
}

/// Whether a token is the configured one. Compares digests in constant time, which prevents a timing attack.
fn admitted(tools: &Tools, given: &str) -> bool {
    let Some(token) = tools.policy.api_token.as_ref().filter(|token| !token.expose_secret().is_empty()) else {
        return false;
    };
    let (given, token) = (Sha256::digest(given), Sha256::digest(token.expose_secret()));
    given.as_slice().ct_eq(token.as_slice()).into()
}

/// A failure as JSON.
pub(super) struct ApiError(Failure);

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(failure) = self;
        let body = Json(json!({ "error": { "code": failure.code(), "message": public_message(&failure) } }));
        refused(body.into_response(), &failure)
    }
}

/// A JSON body whose errors are reported as JSON; an empty body means all defaults.
struct JsonBody<T>(T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bad = |why: String| ApiError(Failure::new(FailureKind::BadBody, why));
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|e| bad(e.to_string()))?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let read = json::read::<Value>(text).and_then(|value| {
            if !value.is_object() {
                return Err(serde::de::Error::custom("it is not a JSON object"));
            }
            serde_json::from_value(value)
        });
        read.map(Self).map_err(|e| bad(format!("the request body is invalid: {e}")))
    }
}

/// A query string whose errors are reported as JSON.
struct ApiQuery<T>(T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(query)| Self(query)).map_err(|e| ApiError(Failure::new(FailureKind::BadQuery, e.body_text())))
    }
}

/// Middleware for routes without parameters: refuses a query string, so that a mistake is not ignored silently.
async fn no_query(request: Request, next: Next) -> Response {
    match request.uri().query() {
        None | Some("") => next.run(request).await,
        Some(_) => ApiError(Failure::new(FailureKind::BadQuery, "this route has no query parameters")).into_response(),
    }
}

/// The body of a generation request.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GenerateBody {
    /// Default: the number in the flow's settings, or four.
    variants: Option<usize>,
    seed: Option<u64>,
    priority: i32,
    /// For a session: also for flows that have pictures already.
    again: bool,
}

impl Default for GenerateBody {
    fn default() -> Self {
        Self { variants: None, seed: None, priority: USUAL_PRIORITY, again: false }
    }
}

impl GenerateBody {
    fn terms(&self) -> Terms {
        Terms { variants: self.variants, seed: self.seed, priority: self.priority }
    }
}

/// A 202 response with the enqueued work.
fn accepted<T: serde::Serialize>(what: &T) -> Response {
    (StatusCode::ACCEPTED, Json(what)).into_response()
}
