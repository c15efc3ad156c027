//! The simulator's HTTP server: the API of any platform as its provider's file describes it, and a control API
//! (`/rehearsal`) for the merchant's actions and fault injection.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Form, Json, Router,
    body::Body,
    extract::{FromRequest, Multipart, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::{
    model::{Failure, Time},
    outside::{ExpectedRequest, Http, Outside},
    provider::{Catalogue, Fault, Outbound, Provider, SimulatedExchange, SimulatedReply, Simulator, SimulatorOptions},
    sandbox::{self, Shelf},
};

/// Largest request body in bytes: a picture and its form fields.
const MAX_BODY: usize = 40 << 20;

/// A simulated shop, ready to be served.
#[derive(Clone)]
pub struct SimulatorServer {
    simulator: Arc<Simulator>,
    http: Http,
}

struct SandboxCatalogue(Shelf, Mutex<BTreeMap<u64, Bytes>>);

impl Catalogue for SandboxCatalogue {
    fn ids(&self) -> Box<dyn Iterator<Item = u64> + '_> {
        Box::new(self.0.ids())
    }

    fn get(&self, number: u64) -> Option<Value> {
        self.0.get(number)
    }

    fn changed_at(&self, number: u64) -> Time {
        self.0.changed_at(number)
    }

    fn edit(&mut self, number: u64, changes: Map<String, Value>, now: Time) -> bool {
        self.0.edit(number, changes, now)
    }

    fn delete(&mut self, number: u64) -> bool {
        self.0.delete(number)
    }

    fn drawing(&self, number: u64) -> Bytes {
        // A few drawings suffice: pictures differ by their URL.
        let index = number % 12;
        let mut drawn = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.entry(index).or_insert_with(|| sandbox::draw_scene(usize::try_from(index).unwrap_or(0)).into()).clone()
    }
}

impl SimulatorServer {
    /// A simulated shop of `provider`'s platform with the products of `shelf`.
    ///
    /// # Errors
    /// Fails if the provider has no fixture of a successful connect.
    pub fn new(
        provider: Arc<Provider>,
        rules: SimulatorOptions,
        shelf: Shelf,
        outside: Outside,
    ) -> Result<Self, Failure> {
        let http = outside.http.clone();
        let catalogue = Box::new(SandboxCatalogue(shelf, Mutex::default()));
        Ok(Self { simulator: Arc::new(Simulator::new(provider, rules, catalogue, outside)?), http })
    }

    /// The simulated shop.
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// The routes: the platform's API, and the control API below `/rehearsal`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/rehearsal", get(control))
            .route("/rehearsal/mischief", post(faults))
            .route("/rehearsal/products/{number}", patch(edit).delete(remove))
            .route("/rehearsal/activate", post(activate))
            .fallback(answer)
            .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.clone())
    }

    async fn run(&self, outbound: Vec<Outbound>) -> Vec<u16> {
        let mut statuses = Vec::new();
        for Outbound(request) in outbound {
            statuses.push(self.http.send_once(&request).await.map_or(0, |response| response.status));
        }
        statuses
    }

    async fn finish(&self, exchange: SimulatedExchange) -> Response {
        if let Some(outbound) = exchange.outbound {
            // Only 200 counts as accepted.
            if self.run(vec![outbound]).await != [200] {
                let page = "<!doctype html><title>Access denied</title><h1>Access denied</h1><p>The app did not accept the keys.</p>";
                return (StatusCode::UNAUTHORIZED, axum::response::Html(page)).into_response();
            }
        }
        if exchange.lost {
            let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost")) });
            return Response::new(Body::from_stream(broken));
        }
        let SimulatedReply { status, headers, body } = exchange.reply;
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(Body::from(body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

/// Serves the simulator at `listener` until `shutdown`.
pub async fn serve(
    listener: TcpListener,
    server: SimulatorServer,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, server.router()).with_graceful_shutdown(shutdown).await
}

async fn answer(State(server): State<SimulatorServer>, request: Request) -> Response {
    let (ask, upload) = match read(request).await {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    server.finish(server.simulator.answer(&ask, upload.as_ref())).await
}

/// A request in the form of the fixtures, and the uploaded picture.
async fn read(request: Request) -> Result<(ExpectedRequest, Option<Bytes>), Response> {
    let (method, headers) = (request.method().to_string(), request.headers().clone());
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = text(header::HOST).to_owned();
    let local = host.starts_with("127.0.0.1") || host.starts_with("localhost");
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let url = format!("{}://{host}{path}", if local { "http" } else { "https" });
    let kind = text(header::CONTENT_TYPE).to_owned();
    let (body, upload) = if kind.starts_with("multipart/form-data") {
        parts(Multipart::from_request(request, &()).await.map_err(IntoResponse::into_response)?).await?
    } else {
        let bytes = Bytes::from_request(request, &()).await.map_err(IntoResponse::into_response)?;
        whole(&kind, bytes)
    };
    Ok((ExpectedRequest { method, url, headers: named(&headers), body }, upload))
}

fn whole(kind: &str, bytes: Bytes) -> (Value, Option<Bytes>) {
    if bytes.is_empty() {
        return (Value::Null, None);
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(&bytes);
        return (pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect(), None);
    }
    match serde_json::from_slice(&bytes) {
        Ok(value) => (value, None),
        Err(_) => (json!({ "bytes": bytes.len() }), Some(bytes)),
    }
}

async fn parts(mut form: Multipart) -> Result<(Value, Option<Bytes>), Response> {
    let (mut all, mut upload) = (Vec::new(), None);
    while let Some(field) = form.next_field().await.map_err(IntoResponse::into_response)? {
        let name = field.name().unwrap_or_default().to_owned();
        let (file, kind) = (field.file_name().map(str::to_owned), field.content_type().map(str::to_owned));
        let bytes = field.bytes().await.map_err(IntoResponse::into_response)?;
        let is_json = kind.as_deref().is_some_and(|kind| kind.starts_with("application/json"));
        all.push(match (file, is_json) {
            (_, true) => json!({ "name": name, "json": serde_json::from_slice::<Value>(&bytes).unwrap_or_default() }),
            (Some(file), false) => {
                let part = json!({ "name": name, "file": file, "type": kind, "bytes": bytes.len() });
                upload = Some(bytes);
                part
            }
            (None, false) => json!({ "name": name, "value": String::from_utf8_lossy(&bytes) }),
        });
    }
    Ok((Value::Array(all), upload))
}

fn named(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// `GET /rehearsal`: the counters, and the values for the connect form.
async fn control(State(server): State<SimulatorServer>) -> Json<Value> {
    let simulator = server.simulator();
    let mut stats = simulator.stats();
    stats["fields"] = json!(simulator.fields());
    stats["keys"] = json!(simulator.pasted_keys());
    stats["hosts"] = json!(simulator.hosts());
    Json(stats)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    #[serde(rename = "do")]
    act: ControlAction,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ControlAction {
    Throttle,
    Down,
    Lose,
    FailPicture,
    /// Expires every access token.
    Expire,
    /// Revokes every permission.
    Revoke,
    /// Switches every webhook subscription off.
    SwitchWebhooksOff,
}

/// `POST /rehearsal/mischief`: injects a fault.
async fn faults(State(server): State<SimulatorServer>, Json(fault): Json<FaultOrder>) -> StatusCode {
    let simulator = server.simulator();
    match fault.act {
        ControlAction::Throttle => simulator.inject_fault(Fault::Throttle, fault.times),
        ControlAction::Down => simulator.inject_fault(Fault::Down, fault.times),
        ControlAction::Lose => simulator.inject_fault(Fault::Lose, fault.times),
        ControlAction::FailPicture => simulator.inject_fault(Fault::FailPicture, fault.times),
        ControlAction::Expire => simulator.end_tokens(),
        ControlAction::Revoke => simulator.revoke(),
        ControlAction::SwitchWebhooksOff => simulator.switch_webhooks_off(),
    }
    StatusCode::NO_CONTENT
}

/// `PATCH /rehearsal/products/{number}`: changes a product, as the merchant would.
async fn edit(
    State(server): State<SimulatorServer>,
    Path(number): Path<u64>,
    Json(changes): Json<Map<String, Value>>,
) -> Response {
    deliver(&server, server.simulator().edit(number, changes)).await
}

/// `DELETE /rehearsal/products/{number}`: deletes a product, as the merchant would.
async fn remove(State(server): State<SimulatorServer>, Path(number): Path<u64>) -> Response {
    deliver(&server, server.simulator().delete(number)).await
}

/// Sends the webhooks; responds with their statuses, or with 404 if the product does not exist.
async fn deliver(server: &SimulatorServer, webhooks: Option<Vec<Outbound>>) -> Response {
    match webhooks {
        Some(webhooks) => Json(json!({ "deliveries": server.run(webhooks).await })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `POST /rehearsal/activate`: activates an integration, as the merchant would, with the two URLs that the daemon
/// showed.
async fn activate(State(server): State<SimulatorServer>, Form(params): Form<BTreeMap<String, String>>) -> Response {
    let exchange = server.simulator().activate(&params);
    server.finish(exchange).await
}
