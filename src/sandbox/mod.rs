//! Sandbox: a small shop server with its own OAuth, catalogue, pictures, rate limit and fault injection. It is
//! independent of the daemon, which calls it over HTTP like any other shop.

mod api;
mod catalogue;
mod draw;
mod faults;
mod oauth;
mod page;
mod pictures;
mod sheet;
mod shelf;

use std::{
    collections::BTreeMap,
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use catalogue::CatalogueError;
pub use draw::draw_scene;
pub use shelf::Shelf;

use crate::outside::Outside;
use catalogue::ProductStore;
use faults::Faults;
use oauth::TokenStore;
use pictures::Pictures;

/// The settings of a sandbox shop.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Number of generated products, if there is no catalogue file.
    pub products: usize,
    /// A product list: CSV with the columns of a widely used product export, or JSON.
    pub catalogue: Option<PathBuf>,
    /// The shop's URL, without a trailing slash.
    pub base_url: String,
    /// Lifetime of an access token.
    pub token_ttl: Duration,
    /// How long an uploaded picture is processing.
    pub processing: Duration,
    /// Maximum number of calls per window; `None` for no limit.
    pub rate: Option<(u32, Duration)>,
    pub client_id: String,
    pub client_secret: String,
    /// Generate large products: about 5 KB of JSON with three variants and four pictures.
    pub rich: bool,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            products: 60,
            catalogue: None,
            base_url: String::new(),
            token_ttl: Duration::from_hours(1),
            processing: Duration::from_millis(300),
            rate: None,
            client_id: "store-sync".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            rich: false,
        }
    }
}

/// A sandbox shop.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    options: SandboxOptions,
    outside: Outside,
    catalogue: Mutex<ProductStore>,
    tokens: Mutex<TokenStore>,
    pictures: Mutex<Pictures>,
    faults: Mutex<Faults>,
    calls: Mutex<BTreeMap<String, u64>>,
    window: Mutex<api::RateWindow>,
}

impl Sandbox {
    /// A shop with a generated catalogue, or the one of a file.
    pub fn new(options: SandboxOptions, outside: Outside) -> Result<Self, CatalogueError> {
        let catalogue = ProductStore::open(&options, outside.clock.now())?;
        Ok(Self(Arc::new(Inner {
            catalogue: Mutex::new(catalogue),
            tokens: Mutex::default(),
            pictures: Mutex::default(),
            faults: Mutex::default(),
            calls: Mutex::default(),
            window: Mutex::default(),
            options,
            outside,
        })))
    }

    /// The shop's routes.
    pub fn router(&self) -> Router {
        let api = Router::new()
            .route("/shop", get(api::shop))
            .route("/products", get(api::list).post(api::create))
            .route("/products/{id}", get(api::show).patch(api::edit).delete(api::delete))
            .route("/products/{id}/images", get(pictures::list).post(pictures::attach))
            .route("/images/{id}", get(pictures::show).delete(pictures::delete))
            .route("/uploads", post(pictures::upload))
            .layer(middleware::from_fn_with_state(self.clone(), api::guard));
        Router::new()
            .nest("/api", api)
            .route("/oauth/authorize", get(oauth::consent).post(oauth::decide))
            .route("/oauth/token", post(oauth::token))
            .route("/oauth/revoke", post(oauth::revoke))
            .layer(middleware::from_fn_with_state(self.clone(), faults::play))
            .layer(middleware::from_fn_with_state(self.clone(), count))
            .route("/", get(page::window))
            .route("/pictures/{file}", get(pictures::bytes))
            .route("/stats", get(stats))
            .route("/mischief", get(faults::list).post(faults::add).delete(faults::clear))
            .layer(axum::extract::DefaultBodyLimit::max(12 << 20))
            .with_state(self.clone())
    }

    fn catalogue(&self) -> MutexGuard<'_, ProductStore> {
        lock(&self.0.catalogue)
    }

    fn tokens(&self) -> MutexGuard<'_, TokenStore> {
        lock(&self.0.tokens)
    }

    fn pictures(&self) -> MutexGuard<'_, Pictures> {
        lock(&self.0.pictures)
    }
}

/// Serves a shop at `listener` until `shutdown`.
pub async fn serve(
    listener: TcpListener,
    shop: Sandbox,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, shop.router()).with_graceful_shutdown(shutdown).await
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts every call of the shop's routes, for tests.
async fn count(State(shop): State<Sandbox>, request: Request, next: Next) -> Response {
    let path =
        request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    *lock(&shop.0.calls).entry(format!("{} {path}", request.method())).or_default() += 1;
    next.run(request).await
}

/// `GET /stats`: the counters; not part of the shop's API.
async fn stats(State(shop): State<Sandbox>) -> Json<Value> {
    let calls = json!(*lock(&shop.0.calls));
    Json(json!({ "calls": calls, "tokens": shop.tokens().stats(), "pictures": shop.pictures().stats() }))
}
