//! A relay before a shop: sees what passes, loses answers on demand, and can hold one back.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, Uri, header},
    response::Response,
};
use store_sync::outside::{Body, Http, HttpPolicy, Request};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
};
use url::Url;

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    /// The shop has done it; nobody learns of it.
    Lose,
    /// It waits until the test lets it go.
    Hold,
}

/// Where a stalled exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stall {
    /// It was sent, and the shop has not seen it yet.
    BeforeTheShop,
    /// The shop has done it, and nobody knows yet.
    BeforeTheAnswer,
}

/// One exchange with the token endpoint.
#[derive(Clone)]
pub(crate) struct Passed {
    pub(crate) sent: Bytes,
    pub(crate) got: Bytes,
}

/// Changes an answer: gives its content type and body.
type Bend = Arc<dyn Fn(&[u8]) -> (String, Vec<u8>) + Send + Sync>;

#[derive(Default)]
struct Inner {
    target: String,
    fates: VecDeque<Fate>,
    stall: Option<(Stall, Method, String)>,
    seen: Vec<String>,
    passed: Vec<Passed>,
    bends: HashMap<String, Bend>,
    asked: Vec<String>,
}

pub(crate) struct Relay {
    pub(crate) url: String,
    inner: Arc<Mutex<Inner>>,
    held: tokio::sync::Mutex<mpsc::UnboundedReceiver<()>>,
    go: Arc<Notify>,
}

impl Relay {
    /// Listens; where it leads is said by `aim`.
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (inner, go) = (Arc::new(Mutex::new(Inner::default())), Arc::new(Notify::new()));
        let (tell, held) = mpsc::unbounded_channel();
        let policy = HttpPolicy { allow_private_networks: true, ..HttpPolicy::default() };
        let http = Http::new(policy).expect("a door");
        let (shared, gate) = (inner.clone(), go.clone());
        let router = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            pass(http.clone(), shared.clone(), (gate.clone(), tell.clone()), (method, uri, headers, body))
        });
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        Self { url, inner, held: tokio::sync::Mutex::new(held), go }
    }

    pub(crate) fn aim(&self, target: &str) {
        target.clone_into(&mut lock(&self.inner).target);
    }

    /// What becomes of the next answers of the token endpoint, in this order; the others pass.
    pub(crate) fn decide(&self, fates: impl IntoIterator<Item = Fate>) {
        lock(&self.inner).fates.extend(fates);
    }

    /// Changes every answer of a path from now on.
    pub(crate) fn bend(&self, path: &str, bend: impl Fn(&[u8]) -> (String, Vec<u8>) + Send + Sync + 'static) {
        lock(&self.inner).bends.insert(path.to_owned(), Arc::new(bend));
    }

    /// Paths and queries that were asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        lock(&self.inner).asked.clone()
    }

    /// Waits until an answer is held back.
    pub(crate) async fn holds(&self) {
        self.held.lock().await.recv().await.expect("the relay lives");
    }

    /// Holds the next exchange of this method at this path until it is let go; `holds` waits for it.
    pub(crate) fn stall(&self, at: Stall, method: Method, path: &str) {
        lock(&self.inner).stall = Some((at, method, path.to_owned()));
    }

    /// How many requests of this method came whose path begins so.
    pub(crate) fn count(&self, method: &str, path: &str) -> usize {
        let begins = format!("{method} {path}");
        lock(&self.inner).seen.iter().filter(|seen| seen.starts_with(&begins)).count()
    }

    /// Lets it go.
    pub(crate) fn let_go(&self) {
        self.go.notify_one();
    }

    /// Every exchange with the token endpoint.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        lock(&self.inner).passed.clone()
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().expect("is not poisoned")
}

async fn pass(
    http: Http,
    inner: Arc<Mutex<Inner>>,
    gate: (Arc<Notify>, mpsc::UnboundedSender<()>),
    (method, uri, mut headers, body): (Method, Uri, HeaderMap, Bytes),
) -> Response {
    let url = Url::parse(&format!("{}{uri}", lock(&inner).target)).expect("an address");
    for name in [header::HOST, header::CONTENT_LENGTH, header::ACCEPT_ENCODING] {
        headers.remove(name);
    }
    let mut request = Request::new(method.clone(), url);
    request.headers = headers;
    request.body = Body::Bytes(body.clone());
    let stalled = {
        let mut inner = lock(&inner);
        inner.seen.push(format!("{method} {}", uri.path()));
        let this = |(_, at, path): &mut (Stall, Method, String)| *at == method && *path == uri.path();
        inner.stall.take_if(this).map(|(stall, ..)| stall)
    };
    let wait = async || {
        let _ = gate.1.send(());
        gate.0.notified().await;
    };
    if stalled == Some(Stall::BeforeTheShop) {
        wait().await;
    }
    let tokens = method == Method::POST && uri.path() == "/oauth/token";
    let broken = || {
        let lost = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost")) });
        Response::builder()
            .header(header::CONTENT_LENGTH, 1000)
            .body(axum::body::Body::from_stream(lost))
            .expect("an answer")
    };
    lock(&inner).asked.push(uri.to_string());
    let Ok(answer) = http.send_once(&request).await else { return broken() };
    let bend = lock(&inner).bends.get(uri.path()).cloned();
    let fate = if tokens {
        let mut inner = lock(&inner);
        inner.passed.push(Passed { sent: body, got: answer.body.clone() });
        inner.fates.pop_front().unwrap_or(Fate::Pass)
    } else {
        Fate::Pass
    };
    match fate {
        Fate::Lose => return broken(),
        Fate::Hold => wait().await,
        Fate::Pass => {}
    }
    if stalled == Some(Stall::BeforeTheAnswer) {
        wait().await;
    }
    if let Some(bend) = bend {
        let (kind, body) = bend(&answer.body);
        let response = Response::builder().status(answer.status).header(header::CONTENT_TYPE, kind);
        return response.body(axum::body::Body::from(body)).expect("an answer");
    }
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        if ![header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION].contains(name) {
            response = response.header(name, value);
        }
    }
    response.body(axum::body::Body::from(answer.body)).expect("an answer")
}
