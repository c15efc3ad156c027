//! The HTTP server, a thin layer: shows views, begins and finishes connects, enqueues jobs for everything slow.

mod api;
mod assets;
mod body;
mod brake;
mod caller;
mod connect;
mod ended;
mod error;
mod health;
mod host;
mod html;
mod listen;
mod page;
mod pictures;
mod place;
mod prefix;
mod refusals;
mod seats;
mod state;
mod trace;
mod webhooks;

use std::{sync::Arc, time::Duration};

pub use assets::link as asset_link;
pub use connect::{link as connect_link, link_signature};
pub use listen::{DoorLimits, serve};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{from_fn, from_fn_with_state, map_response_with_state},
    response::Response,
    routing::{get, post},
};
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer, timeout::TimeoutLayer};

use body::{Sender, whole};
use refusals::{Refusals, Refused};

use crate::tools::Shared;

/// Every route, with limits and security headers.
pub fn router(tools: &Shared) -> Router {
    routes(tools).0
}

/// The same, with the counter of refusals.
fn routes(tools: &Shared) -> (Router, Arc<Refusals>) {
    let web = state::Web::new(tools.clone());
    let refusals = web.refusals.clone();
    let base = web.base.clone();
    let routes = places(&web)
        // `whole` has the limits.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(place::guard))
        .layer(from_fn_with_state(web.clone(), host::guard))
        .layer(map_response_with_state(refusals.clone(), count))
        .with_state(web);
    let routes = if base.is_empty() { routes } else { prefix::below(base, routes) };
    (bounded(routes).layer(from_fn_with_state(tools.outside.clone(), trace::request)), refusals)
}

/// Adds what applies to every route: a panic becomes a 500 response, a time limit, security headers.
fn bounded(routes: Router) -> Router {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, policy),
        // Our URLs may contain a state or code; they are not sent to other sites.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let mut router = routes
        .layer(CatchPanicLayer::custom(|_| error::fault()))
        // A callback waits for two responses of the shop.
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(150)));
    for (name, value) in fixed {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)));
    }
    router
}

fn places(web: &state::Web) -> Router<state::Web> {
    let readiness = health::Readiness::new(&web.tools);
    let hooks = Router::new()
        .route("/hooks/{provider}", post(webhooks::receive))
        .route("/hooks/{provider}/{connection}", post(webhooks::receive))
        .layer(from_fn_with_state(Sender::Platform, whole));
    // HEAD has no effect.
    let callback = || get(connect::finish).post(connect::take).head(connect::nothing);
    Router::new()
        .route("/", get(page::home))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(move || health::ready(readiness.clone())))
        .route("/connect/{provider}", get(connect::begin).head(connect::nothing))
        .route("/pictures/{push}/{expires}/{signature}/{file}", get(pictures::show))
        .route("/assets/{asset}/{expires}/{signature}/{file}", get(assets::show))
        .route("/oauth/ended", get(ended::show))
        .route("/oauth/callback/{provider}", callback())
        .route("/oauth/callback/{provider}/{state}", callback())
        .layer(from_fn_with_state(Sender::Person, whole))
        .merge(hooks)
        .nest("/api/v1", api::router(web))
}

async fn count(State(refusals): State<Arc<Refusals>>, answer: Response) -> Response {
    if let Some(Refused(code)) = answer.extensions().get() {
        refusals.note(code);
    }
    answer
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::StatusCode, routing::get};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::bounded;

    async fn ask(connection: &mut TcpStream, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        connection.write_all(request.as_bytes()).await.expect("is sent");
        let mut answer = vec![0; 4096];
        let read = connection.read(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    async fn breaks() -> StatusCode {
        let nobody: Vec<u8> = Vec::new();
        StatusCode::from_u16(u16::from(nobody[usize::from(nobody.is_empty())])).expect("a status")
    }

    #[tokio::test]
    async fn a_fault_in_a_handler_is_one_answer_and_the_connection_goes_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let routes = Router::new().route("/breaks", get(breaks)).route("/works", get(async || "works"));
        let server = tokio::spawn(async move { axum::serve(listener, bounded(routes)).await });
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        let broken = ask(&mut connection, "/breaks").await;
        assert!(broken.starts_with("HTTP/1.1 500"), "{broken}");
        assert!(broken.contains("content-security-policy") && !broken.contains("index out of bounds"), "{broken}");
        let works = ask(&mut connection, "/works").await;
        assert!(works.starts_with("HTTP/1.1 200"), "{works}");
        server.abort();
    }
}
