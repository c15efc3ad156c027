//! Simulator: the server side of any platform, derived from its provider's file and fixtures. The file's templates,
//! applied in reverse, match requests; the recorded responses are the samples for responses. No network, no files.

mod bulk;
mod catalogue;
mod consent;
mod id_format;
mod oauth;
mod outbound;
mod pictures;
mod routes;
mod signer;
mod webhooks;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::Provider;
use crate::{
    model::{Failure, Time},
    outside::{ExpectedRequest, Outside, Reply},
};
use id_format::IdFormat;
use oauth::{IssuedPermission, TokenState, Waiting};
pub use outbound::Outbound;
use pictures::File;
use routes::{Routes, Use, path_and_query};
use signer::Signer;
use webhooks::Subscription;

/// The products of a simulated shop: JSON with `title`, `sku`, `description_html`, `category`, `price`, `currency`,
/// `status` (active, draft, archived), `variants` (`sku`, `title`, `price`, `options`) and `images` (`alt`).
pub trait Catalogue: Send {
    /// The product numbers, ascending.
    fn ids(&self) -> Box<dyn Iterator<Item = u64> + '_>;
    /// One product; `None` if it does not exist.
    fn get(&self, number: u64) -> Option<Value>;
    /// The time of its last change.
    fn changed_at(&self, number: u64) -> Time;
    /// Changes members of a product; `false` if it does not exist.
    fn edit(&mut self, number: u64, changes: Map<String, Value>, now: Time) -> bool;
    /// Deletes a product; `false` if it does not exist.
    fn delete(&mut self, number: u64) -> bool;
    /// The bytes of a picture, by its number.
    fn drawing(&self, number: u64) -> Bytes;
}

/// The settings of a simulator.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// The operator's app at the platform.
    pub client_id: String,
    pub client_secret: String,
    /// The key that signs webhooks, for platforms where it is not the client secret.
    pub webhook_key: String,
    /// The simulator's own URL; self-hosted shops get it as their URL.
    pub here: Option<String>,
    /// The daemon's public URL.
    pub daemon_url: String,
    /// Lifetime of an access token.
    pub token_ttl: Duration,
    /// How many polls report a picture as processing before it is ready.
    pub processing: u32,
}

/// The faults that can be injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The platform's own response to an exceeded rate limit.
    Throttle,
    /// Error 503.
    Down,
    /// The request takes effect, the response is lost.
    Lose,
    /// An uploaded picture cannot be processed.
    FailPicture,
}

/// A simulated shop of a platform.
pub struct Simulator {
    plan: Routes,
    state: Mutex<SimulatorState>,
}

/// A response.
#[derive(Debug, Clone)]
pub struct SimulatedReply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// A response, and the request to send before it.
pub struct SimulatedExchange {
    pub reply: SimulatedReply,
    /// Sent before the response; unless it is answered with 200, the response becomes an error.
    pub outbound: Option<Outbound>,
    /// The connection breaks instead of a response.
    pub lost: bool,
}

/// The state of a simulated shop.
struct SimulatorState {
    rules: SimulatorOptions,
    outside: Outside,
    catalogue: Box<dyn Catalogue>,
    /// The time of the current request.
    now: Time,
    processing: u32,
    gone: BTreeMap<u64, Time>,
    touched: HashMap<u64, Time>,
    galleries: HashMap<u64, Vec<u64>>,
    /// The covers that were chosen.
    covers: HashMap<u64, u64>,
    files: BTreeMap<u64, File>,
    /// Files by the idempotency key of their upload.
    keys: HashMap<String, u64>,
    /// The id formats of step outputs that later requests send back.
    forms: HashMap<String, IdFormat>,
    codes: HashMap<String, Waiting>,
    given: Vec<IssuedPermission>,
    keys_given: Vec<Vec<(String, String)>>,
    revoked: bool,
    refreshes: u64,
    hooks: Vec<Subscription>,
    signer: Signer,
    /// Subscriptions ever made.
    subscribed: u64,
    delivered: u64,
    /// Bulk exports: how many further polls report each as running.
    written: Vec<u32>,
    faults: Vec<(Fault, u32)>,
    calls: BTreeMap<String, u64>,
}

impl Simulator {
    /// A simulated shop of a provider's platform.
    ///
    /// # Errors
    /// Fails if the provider has no fixture of a successful connect.
    pub fn new(
        provider: Arc<Provider>,
        rules: SimulatorOptions,
        catalogue: Box<dyn Catalogue>,
        outside: Outside,
    ) -> Result<Self, Failure> {
        let plan = Routes::new(provider, &rules.client_id, rules.here.as_deref())?;
        let state = SimulatorState {
            processing: rules.processing,
            now: outside.clock.now(),
            rules,
            outside,
            catalogue,
            gone: BTreeMap::new(),
            touched: HashMap::new(),
            galleries: HashMap::new(),
            covers: HashMap::new(),
            files: BTreeMap::new(),
            keys: HashMap::new(),
            forms: HashMap::new(),
            codes: HashMap::new(),
            given: Vec::new(),
            keys_given: Vec::new(),
            revoked: false,
            refreshes: 0,
            hooks: Vec::new(),
            signer: Signer::new(),
            subscribed: 0,
            delivered: 0,
            written: Vec::new(),
            faults: Vec::new(),
            calls: BTreeMap::new(),
        };
        Ok(Self { plan, state: Mutex::new(state) })
    }

    /// The values of the connect form for this shop, without secrets.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let fields = self.plan.provider.fields().iter().filter(|field| !field.secret);
        fields.filter_map(|field| Some((field.name.clone(), self.plan.known(&field.name)?))).collect()
    }

    /// The API keys to paste for this shop.
    pub fn pasted_keys(&self) -> BTreeMap<String, String> {
        SimulatorState::pasted(&self.plan)
    }

    /// The key that the platform would show the operator: `webhook_key` of the daemon's app.
    pub fn webhook_key(&self) -> String {
        let rules = &self.lock().rules;
        let is_taken = self.plan.provider.takes_webhook_key(&rules.webhook_key.as_str().into());
        if is_taken { rules.webhook_key.clone() } else { signer::PUBLIC_KEY.to_owned() }
    }

    /// Every host that the daemon calls and that this simulator plays.
    pub fn hosts(&self) -> Vec<String> {
        let known = |host: String| {
            let slots: Vec<String> = super::template::Template::parse(&host)
                .map(|t| t.slots().map(str::to_owned).collect())
                .unwrap_or_default();
            slots.iter().fold(host, |host, slot| {
                let value = self.plan.known(slot).unwrap_or_default();
                host.replace(&format!("{{{slot}}}"), value.split_once("://").map_or(value.as_str(), |(_, rest)| rest))
            })
        };
        let mut hosts: Vec<String> = self.plan.provider.hosts().into_iter().map(known).collect();
        hosts.extend(self.plan.known("store_url").and_then(|url| Url::parse(&url).ok()?.host_str().map(str::to_owned)));
        for host in &mut hosts {
            *host = host.split('/').next().unwrap_or_default().to_owned();
        }
        hosts.retain(|host| !host.is_empty() && !host.starts_with("127.0.0.1"));
        hosts.sort();
        hosts.dedup();
        hosts
    }

    /// Handles a request to the platform's API. `upload` are the bytes of an uploaded picture.
    pub fn answer(&self, ask: &ExpectedRequest, upload: Option<&Bytes>) -> SimulatedExchange {
        let (plan, mut state) = (&self.plan, self.lock());
        state.now = state.outside.clock.now();
        let (path, query) = path_and_query(&ask.url);
        let host = Url::parse(&ask.url).ok().map(|url| {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}", url.host_str().unwrap_or_default())
        });
        let host = host.unwrap_or_default();
        if ask.method == "GET" && SimulatorState::is_file(&path) {
            return state.file(&path).unwrap_or_else(SimulatedReply::missing).into();
        }
        if let Some(reply) = state.key_set(plan, ask) {
            return reply.into();
        }
        if let Some(reply) = state.bulk_file(plan, &path, ask.headers.get("range"), &host) {
            return state.exchange(reply);
        }
        if SimulatorState::is_consent(plan, ask) {
            let mut params: BTreeMap<String, String> = query.into_iter().collect();
            for (name, value) in ask.body.as_object().into_iter().flatten() {
                params.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
            }
            return if ask.method == "POST" {
                state.decide(plan, &params)
            } else {
                consent(plan, &path, &params).into()
            };
        }
        if plan.is_token(ask) {
            state.count("token");
            let reply = state.token(plan, ask);
            return state.exchange(reply);
        }
        if plan.is_revocation(ask) {
            state.count("revocation");
            let reply = state.revocation(plan, ask);
            return state.exchange(reply);
        }
        if let Some(reply) = state.consumer_token(plan, ask) {
            return reply.into();
        }
        let Some(meant) = plan.understand(ask) else {
            let text = format!("this {} request matches no operation in {}'s file", ask.method, plan.provider.name());
            return SimulatedReply::json_of(404, json!({ "message": text })).into();
        };
        state.count(&meant.op);
        if state.take(Fault::Throttle) {
            return SimulatedReply::json(plan.throttled.clone()).into();
        }
        if state.take(Fault::Down) {
            return SimulatedReply::text(503, "the shop is down for maintenance").into();
        }
        match state.check_credentials(plan, ask) {
            _ if plan.needs_no_grant(&meant.op) => {}
            TokenState::Good => {}
            TokenState::Ended => return SimulatedReply::json(plan.expired.clone()).into(),
            TokenState::Revoked => return SimulatedReply::json(plan.revoked.clone()).into(),
        }
        let reply = state.serve(plan, &meant, ask, upload, &host);
        state.exchange(reply)
    }

    /// Changes a product, as the merchant would; returns the webhooks to send, `None` if it does not exist.
    pub fn edit(&self, number: u64, changes: Map<String, Value>) -> Option<Vec<Outbound>> {
        let mut state = self.lock();
        let now = state.outside.clock.now();
        state.now = now;
        state.touched.remove(&number);
        state.catalogue.edit(number, changes, now).then(|| state.notify(&self.plan, number, false))
    }

    /// Deletes a product; returns the webhooks to send, `None` if it does not exist.
    pub fn delete(&self, number: u64) -> Option<Vec<Outbound>> {
        let mut state = self.lock();
        let now = state.outside.clock.now();
        state.now = now;
        if !state.catalogue.delete(number) {
            return None;
        }
        state.touched.remove(&number);
        state.gone.insert(number, now);
        Some(state.notify(&self.plan, number, true))
    }

    /// Injects a fault into the next `times` matching requests.
    pub fn inject_fault(&self, fault: Fault, times: u32) {
        self.lock().faults.push((fault, times));
    }

    /// Expires every access token.
    pub fn end_tokens(&self) {
        let mut state = self.lock();
        state.now = state.outside.clock.now();
        state.end_tokens();
    }

    /// Revokes every permission, as the merchant would.
    pub fn revoke(&self) {
        self.lock().revoke();
    }

    /// Switches every webhook subscription off, as a platform does after failed deliveries; where it keeps none that is switched
    /// off, they are gone.
    pub fn switch_webhooks_off(&self) {
        self.lock().switch_webhooks_off(&self.plan);
    }

    /// The merchant activates an integration (connect kind `oauth1`): parameters `callback` and `identity`.
    pub fn activate(&self, params: &BTreeMap<String, String>) -> SimulatedExchange {
        let here = self.plan.known("store_url").unwrap_or_default();
        self.lock().activate(&self.plan, params, &here)
    }

    /// Counters: calls by operation, uploaded pictures in galleries, refreshes, subscriptions, deliveries.
    pub fn stats(&self) -> Value {
        let state = self.lock();
        let uploaded = state.galleries.values().flatten().filter(|number| state.files.contains_key(number)).count();
        json!({
            "calls": state.calls, "pictures_brought": uploaded, "refreshes": state.refreshes, "subscriptions": state.hooks.len(),
            "deliveries": state.delivered,
        })
    }

    fn lock(&self) -> MutexGuard<'_, SimulatorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SimulatorState {
    /// Consumes one pending fault of this kind; `false` if there is none.
    pub(super) fn take(&mut self, fault: Fault) -> bool {
        let Some(place) = self.faults.iter().position(|(known, times)| *known == fault && *times > 0) else {
            return false;
        };
        self.faults[place].1 -= 1;
        true
    }

    fn serve(
        &mut self,
        plan: &Routes,
        meant: &routes::MatchedCall,
        ask: &ExpectedRequest,
        upload: Option<&Bytes>,
        host: &str,
    ) -> SimulatedReply {
        let product = meant.values.get("product.erp_id").and_then(|id| plan.product.read(id));
        let uses = plan.uses(&meant.op).to_vec();
        let first = uses.iter().find(|what| !matches!(what, Use::Undo));
        match first.or(uses.first()) {
            Some(Use::List) => self.list(plan, &meant.values, host, &ask.url),
            Some(Use::Nested(place)) => self.nested(plan, *place, &meant.values, host, &ask.url),
            Some(Use::Gallery) => match product {
                Some(product) => self.show_gallery(plan, &meant.op, product, host),
                None => SimulatedReply::missing(),
            },
            Some(Use::Step(_) | Use::Undo) => self.change(plan, meant, ask, upload, host),
            Some(what @ (Use::Count | Use::BulkStart | Use::BulkPoll)) => self.bulk(plan, meant, *what, host),
            Some(Use::Search) => self.search(plan, meant, host),
            Some(Use::One) => match product {
                Some(product) => self.show_one(plan, &meant.op, product, host),
                None => SimulatedReply::missing(),
            },
            Some(Use::Cleanup) => self.discard(plan, meant, ask),
            Some(Use::Subscribe) => self.subscribe(plan, meant),
            Some(Use::ListSubscriptions) => self.list_subscriptions(plan, &meant.values, &ask.url),
            Some(Use::Unsubscribe) => self.unsubscribe(plan, meant),
            Some(Use::Login) => self.login(plan, meant),
            Some(Use::Leave) => {
                self.revoke();
                SimulatedReply::json(plan.answer(&meant.op))
            }
            None => SimulatedReply::json(plan.answer(&meant.op)),
        }
    }

    fn count(&mut self, what: &str) {
        *self.calls.entry(what.to_owned()).or_default() += 1;
    }

    fn exchange(&mut self, reply: SimulatedReply) -> SimulatedExchange {
        SimulatedExchange { lost: self.take(Fault::Lose), ..reply.into() }
    }
}

/// The consent page.
fn consent(plan: &Routes, path: &str, params: &BTreeMap<String, String>) -> SimulatedReply {
    let escape =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut inputs = String::new();
    for (name, value) in params {
        inputs.push_str(&format!("<input type=hidden name=\"{}\" value=\"{}\">", escape(name), escape(value)));
    }
    let name = escape(plan.provider.name());
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{name} (simulator)</title><body style=\"font:16px/1.5 system-ui;max-width:40rem;margin:3rem auto\">\
         <h1>{name} (simulator)</h1><p>An app requests permission to read the products of this simulated shop and to add pictures to them.</p>\
         <form method=post action=\"{}\">{inputs}<button name=decision value=allow>Allow</button> <button name=decision value=deny>Refuse</button></form></html>",
        escape(path)
    );
    SimulatedReply {
        headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
        body: page.into(),
        ..SimulatedReply::default()
    }
}

impl Default for SimulatedReply {
    fn default() -> Self {
        Self { status: 200, headers: Vec::new(), body: Bytes::new() }
    }
}

impl SimulatedReply {
    fn json(reply: Reply) -> Self {
        let mut headers: Vec<(String, String)> = reply.headers.into_iter().collect();
        let body: Bytes = match reply.body {
            Value::Null => Bytes::new(),
            Value::String(text) => text.into(),
            other => other.to_string().into(),
        };
        if !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".into(), "application/json".into()));
        }
        Self { status: reply.status, headers, body }
    }

    fn json_of(status: u16, body: Value) -> Self {
        Self::json(Reply { status, headers: BTreeMap::new(), body })
    }

    fn text(status: u16, text: &str) -> Self {
        Self { status, headers: vec![("content-type".into(), "text/plain".into())], body: text.to_owned().into() }
    }

    fn missing() -> Self {
        Self::json_of(404, json!({ "message": "not found in this shop" }))
    }

    fn redirect(to: &Url) -> Self {
        Self { status: 302, headers: vec![("location".into(), to.to_string())], body: Bytes::new() }
    }
}

impl From<SimulatedReply> for SimulatedExchange {
    fn from(reply: SimulatedReply) -> Self {
        Self { reply, outbound: None, lost: false }
    }
}
