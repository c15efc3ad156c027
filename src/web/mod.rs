//! HTTP's door: thin. Reads rows for plain reads, begins and ends connects, leaves jobs for everything slow.

mod api;
mod assets;
mod connect;
mod error;
mod health;
mod hooks;
mod host;
mod page;
mod pictures;

use std::time::Duration;

pub use assets::link as asset_link;
pub use connect::link as connect_link;

use axum::{
    Router,
    http::{HeaderName, HeaderValue, StatusCode, header},
    routing::{get, post},
};
use tower_http::{limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer, timeout::TimeoutLayer};

use crate::tools::Shared;

/// The largest body that is read.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Every route, with limits and the headers that keep browsers from doing harm.
pub fn router(tools: &Shared) -> Router {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, policy),
        // No address of ours, and no state or code in one, goes to another site.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let web = connect::Web::new(tools.clone());
    let readiness = health::Readiness::new(tools);
    let mut router = Router::new()
        .route("/", get(page::home))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(move || health::ready(readiness.clone())))
        .route("/connect/{provider}", get(connect::begin))
        .route("/hooks/{provider}", post(hooks::take))
        .route("/hooks/{provider}/{connection}", post(hooks::take))
        .route("/pictures/{push}/{expires}/{signature}/{file}", get(pictures::show))
        .route("/assets/{asset}/{expires}/{signature}/{file}", get(assets::show))
        .nest("/api/v1", api::router(&web))
        .route("/oauth/callback/{provider}", get(connect::finish).post(connect::take))
        .route("/oauth/callback/{provider}/{state}", get(connect::finish).post(connect::take))
        .layer(axum::middleware::from_fn_with_state(web.clone(), host::guard))
        .with_state(web)
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        // A callback waits for two answers of the shop.
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(150)));
    for (name, value) in fixed {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)));
    }
    router
}
