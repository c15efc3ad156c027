//! Replays the fixtures (recorded exchanges) of a provider: every request that it sends, and the result that it derives
//! from the responses, must equal the recorded ones. No network, a frozen clock.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    App, BoxFuture, CallbackCode, ConnectKind, CredentialSource, Fixed, HookKeys, KeySets, PageRequest, Placement,
    Problem, Provider, RateLimiters, Shop, ShopClient, StepOutputs, Unreadable, Upload, callback_facts, exchange,
    first_probe, grant_from_posted_keys, grant_from_query, mark, own_token, page, product, recognise, refresh, remove,
    request::With, result_id, revoke, step, subscribe, subscriptions, unsubscribe,
};
use crate::{
    model::{Facts, Failure, FailureKind, Grant, NormalProduct, Remedy, Secret, Time},
    outside::{Clock, Exchange, Files, Http, Outside, Random, Script},
};

/// A recorded conversation with a shop, and its expected result.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixture {
    journey: Journey,
    #[serde(default)]
    given: ReplayInput,
    /// Every request and its response, in their order; also those that repeat a request.
    #[serde(default)]
    exchanges: Vec<Exchange>,
    /// The result. A failure is `{ "remedy", "code", "message" }`.
    #[serde(default)]
    yields: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Journey {
    /// A callback or posted keys become a grant, and the probe verifies it.
    Connect,
    /// Every page of the catalogue.
    Import,
    /// One picture into one product's gallery.
    Push,
    /// A picture of ours is removed.
    Undo,
    /// A grant is refreshed.
    Refresh,
    /// One operation, and the meaning of its response.
    Call,
    /// One product, which may be gone.
    Product,
    /// A webhook subscription.
    Subscribe,
    /// The list of webhook subscriptions.
    Subscriptions,
    /// The end of a webhook subscription.
    Unsubscribe,
    /// The end of the shop's permission.
    Leave,
    /// A webhook delivery, valid or forged.
    Deliver,
}

/// The inputs of a journey.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ReplayInput {
    /// The values of the connect form, or the facts of the shop.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, String>,
    /// The callback's parameters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    callback: BTreeMap<String, String>,
    /// The body that the shop's server posts.
    #[serde(skip_serializing_if = "Value::is_null")]
    posted: Value,
    /// The time from which changes are imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The shop's id of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// The picture to remove.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    /// Put the picture first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    first: bool,
    /// Pictures of ours that it replaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replace: Vec<String>,
    /// The operation of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<String>,
    /// The topic to subscribe to.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// The subscription to delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<String>,
    /// The delivery; its key is `our-secret`, for the app and for the subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivered>,
    /// The key that the platform shows the operator, instead of `our-secret`: a public key in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_key: Option<String>,
}

/// A delivery, verbatim.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Delivered {
    headers: BTreeMap<String, String>,
    body: String,
}

/// A fixture as the simulator uses it.
pub(super) struct Conversation {
    /// Whether it ends in success.
    pub(super) good: bool,
    /// The failure's remedy, if it ends in one.
    pub(super) remedy: String,
    pub(super) facts: Facts,
    pub(super) secrets: BTreeMap<String, String>,
    pub(super) callback: BTreeMap<String, String>,
    pub(super) posted: Value,
    /// The delivery: headers and body.
    pub(super) delivered: Option<(BTreeMap<String, String>, Value)>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) is_connect: bool,
    pub(super) is_refresh: bool,
}

/// Parses a provider's fixtures.
pub(super) fn conversations(provider: &Provider) -> Vec<Conversation> {
    let read = |(_, text): &(String, String)| {
        let mut fixture: Fixture = serde_json::from_str(text).ok()?;
        let word = |name: &str| fixture.yields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut facts: Facts = fixture.given.facts.into_iter().collect();
        let (good, remedy) = (fixture.yields.get("remedy").is_none(), word("remedy"));
        if let Some(Value::Object(more)) = fixture.yields.get_mut("facts").map(Value::take) {
            facts.extend(more);
        }
        Some(Conversation {
            good,
            remedy,
            facts,
            secrets: fixture.given.secrets,
            callback: fixture.given.callback,
            posted: fixture.given.posted,
            delivered: fixture.given.delivery.and_then(|d| Some((d.headers, content(provider, &d.body)?))),
            exchanges: fixture.exchanges,
            is_connect: fixture.journey == Journey::Connect,
            is_refresh: fixture.journey == Journey::Refresh,
        })
    };
    provider.fixtures.iter().filter_map(read).collect()
}

/// The content of a delivery with this body, if it has any.
fn content(provider: &Provider, body: &str) -> Option<Value> {
    Some(provider.delivery(&http::HeaderMap::new(), body.as_bytes(), "").json).filter(|json| !json.is_null())
}

/// The time of every replay.
const NOW: &str = "2026-11-01T12:00:00Z";
const ME: &str = "https://daemon.example";

/// Replays one fixture; fails with the differences. With `record`, returns the fixture with the actual requests and
/// result instead; fails if the conversation does not have exactly the responses that are needed.
pub async fn replay(
    provider: &Arc<Provider>,
    file: &str,
    text: &str,
    record: bool,
) -> Result<Option<String>, Vec<Problem>> {
    let wrong = |what: String| Problem { file: file.to_owned(), line: None, key: String::new(), what };
    let mut fixture: Fixture = serde_json::from_str(text).map_err(|e| vec![wrong(e.to_string())])?;
    let script = Arc::new(Script::new(fixture.exchanges.clone(), record));
    let http = Http::scripted(script.clone()).map_err(|e| vec![wrong(e.to_string())])?;
    let clock = Clock::frozen(Time::parse(NOW).unwrap_or(Time::from_unix_ms(0)));
    let outside = Outside { clock, random: Random::seeded(1), http, files: Files::new("nowhere") };
    let result = Replay { provider, outside, given: &fixture.given }.run(fixture.journey).await;
    let (requests, problems) = script.ended();
    let mut problems: Vec<Problem> = problems.into_iter().map(wrong).collect();
    if record
        && let Err(failure) = &result
        && is_no_result(&failure.kind)
    {
        problems.push(wrong(format!("it cannot be recorded: {failure}")));
    }
    if record && !problems.is_empty() {
        return Err(problems);
    }
    let result = result.unwrap_or_else(|failure| {
        let remedy = match failure.remedy() {
            Remedy::Retry(_) => "retry",
            Remedy::Reconnect => "reconnect",
            Remedy::GiveUp => "give_up",
        };
        json!({ "remedy": remedy, "code": failure.code(), "message": failure.message })
    });
    if record {
        // Without the headers that every request has: they would distract a reviewer.
        for (exchange, mut ask) in fixture.exchanges.iter_mut().zip(requests) {
            ask.headers.retain(|name, _| name != "accept" && name != "content-length");
            exchange.ask = ask;
        }
        fixture.yields = result;
        return serde_json::to_string_pretty(&fixture)
            .map(|text| Some(text + "\n"))
            .map_err(|e| vec![wrong(e.to_string())]);
    }
    if result != fixture.yields {
        problems.push(wrong(format!("it yields {result}, expected is {}", fixture.yields)));
    }
    if problems.is_empty() { Ok(None) } else { Err(problems) }
}

/// Whether a failure is a slip of the conversation or of the provider's file, and not what the shop's responses lead to.
fn is_no_result(kind: &FailureKind) -> bool {
    use FailureKind::{BadAddress, BadHeader, BadStoreUrl, Fixture, NoPush, NoUndo, Template};
    matches!(kind, BadAddress | BadHeader | BadStoreUrl | Fixture | NoPush | NoUndo | Template)
}

/// The journeys that a provider's fixtures cover.
pub fn journeys(texts: &[(String, String)]) -> BTreeSet<String> {
    let read = |(_, text): &(String, String)| serde_json::from_str::<Fixture>(text).ok();
    texts.iter().filter_map(read).map(|fixture| format!("{:?}", fixture.journey).to_lowercase()).collect()
}

struct Replay<'a> {
    provider: &'a Arc<Provider>,
    outside: Outside,
    given: &'a ReplayInput,
}

impl Replay<'_> {
    async fn run(&self, journey: Journey) -> Result<Value, Failure> {
        match journey {
            Journey::Connect => self.connect().await,
            Journey::Import => self.import().await,
            Journey::Push => self.push().await,
            Journey::Undo => {
                let (shop_client, input) = (self.shop_client(self.facts(), self.grant()), self.given);
                let (product, image) = (input.product.as_deref(), input.image.as_deref());
                let removed = remove(&shop_client, product.unwrap_or_default(), image.unwrap_or_default()).await?;
                Ok(json!({ "removed": removed }))
            }
            Journey::Refresh => {
                let (app, facts) = (app(), self.facts());
                let grant = refresh(&self.outside, self.provider, Some(&app), &facts, &self.grant()).await?;
                Ok(self.summary(&grant))
            }
            Journey::Subscribe => {
                let topic = self.given.topic.as_deref().unwrap_or_default();
                let url = format!("{ME}/hooks/{}", self.provider.key());
                let shop_client = self.shop_client(self.facts(), self.grant());
                Ok(json!({ "subscription": subscribe(&shop_client, topic, &url, &app().client_secret).await? }))
            }
            Journey::Product | Journey::Subscriptions | Journey::Unsubscribe | Journey::Leave => {
                self.small(journey).await
            }
            Journey::Deliver => self.deliver().await,
            Journey::Call => {
                let op = self.given.op.as_deref().and_then(|op| self.provider.recipe.op.get(op));
                let op = op.ok_or_else(|| Failure::new(FailureKind::Fixture, "given.op names no operation"))?;
                let mut values = Map::new();
                values.extend(self.given.product.iter().map(|id| ("product".to_owned(), json!({ "erp_id": id }))));
                values.extend(self.given.image.iter().map(|id| ("image".to_owned(), json!({ "id": id }))));
                let with = With { values, ..With::default() };
                Ok(self.shop_client(self.facts(), self.grant()).call(op, with).await?.body)
            }
        }
    }

    async fn connect(&self) -> Result<Value, Failure> {
        let (provider, input) = (self.provider, self.given);
        let (app, mut facts) = (app(), self.facts());
        let query: Vec<(String, String)> = input.callback.clone().into_iter().collect();
        let grant = if provider.kind().brings_code() {
            facts.extend(callback_facts(provider, &query)?);
            let code = input.callback.get("code").cloned().unwrap_or_default();
            let verifier = provider.takes_pkce().then(|| Secret::from("v".repeat(43)));
            let redirect_uri = format!("{ME}/oauth/callback/{}", provider.key());
            let code = CallbackCode { code: code.into(), redirect_uri: &redirect_uri, verifier: verifier.as_ref() };
            let (grant, more) = exchange(&self.outside, provider, &app, &facts, code).await?;
            facts.extend(more);
            grant
        } else if provider.makes_own_tokens() {
            facts.extend(callback_facts(provider, &query)?);
            own_token(&self.outside, provider, Some(&app), &facts, &self.grant()).await?
        } else if input.posted.is_object() {
            grant_from_posted_keys(provider, &input.posted)?
        } else if provider.kind() == ConnectKind::BroughtKeys {
            grant_from_query(provider, &facts, &query)?
        } else {
            self.grant()
        };
        let shop = first_probe(&self.shop_client(facts.clone(), grant.clone())).await?.complete()?;
        facts.extend(shop.facts);
        let missing = provider.missing_scopes(&grant);
        let mut summary = self.summary(&grant);
        summary["store_url"] = provider.store_url(&facts)?.into();
        summary["store_name"] = json!(shop.name);
        summary["external_store_id"] = json!(shop.external_id);
        summary["facts"] = Value::Object(facts);
        if !missing.is_empty() {
            summary["scopes_missing"] = json!(missing);
        }
        Ok(summary)
    }

    /// The journeys of one verb.
    async fn small(&self, journey: Journey) -> Result<Value, Failure> {
        let shop_client = self.shop_client(self.facts(), self.grant());
        Ok(match journey {
            Journey::Subscriptions => json!({ "subscriptions": subscriptions(&shop_client).await? }),
            Journey::Unsubscribe => {
                let id = self.given.subscription.as_deref().unwrap_or_default();
                json!({ "deleted": unsubscribe(&shop_client, id).await? })
            }
            Journey::Leave => json!({ "left": revoke(&shop_client).await? }),
            _ => match product(&shop_client, self.given.product.as_deref().unwrap_or_default()).await? {
                Some(found) => summary(found),
                None => json!({ "gone": true }),
            },
        })
    }

    async fn import(&self) -> Result<Value, Failure> {
        let shop_client = self.shop_client(self.facts(), self.grant());
        let since = self.given.since.as_deref().and_then(Time::parse);
        let (mut products, mut token) = (Vec::new(), None);
        let (mut filter, mut found, mut known) = (0, HashSet::new(), HashSet::new());
        loop {
            let request = PageRequest { since, token: token.as_ref(), known: Some(&known), ..PageRequest::default() };
            let page = page(&shop_client, &request).await.map_err(|why| why.failure)?;
            for product in page.products {
                found.extend(product.as_ref().map(|product| mark(product.erp_id.as_bytes())));
                products.push(summary(product));
            }
            token = page.next;
            if token.is_none() {
                return Ok(Value::Array(products));
            }
            let next = self.provider.time_filter(token.as_ref());
            if next != filter {
                known.extend(found.drain());
                filter = next;
            }
        }
    }

    async fn push(&self) -> Result<Value, Failure> {
        let shop_client = self.shop_client(self.facts(), self.grant());
        let upload = Upload {
            bytes: Bytes::from_static(b"picture"),
            mime_type: "image/png".to_owned(),
            file_name: "ss-1.png".to_owned(),
            alt: "A lamp".to_owned(),
            sha256: "f".repeat(64),
            erp_product_id: self.given.product.clone().unwrap_or_default(),
            mark: "ss-1".to_owned(),
            url: format!("{ME}/pictures/ss-1.png"),
        };
        let gallery = super::gallery(&shop_client, &upload.erp_product_id).await?;
        if let Some(known) = recognise(&shop_client, &upload, &gallery).await? {
            return Ok(json!({ "image_id": known.id, "was_there": true }));
        }
        let placing = Placement { first: self.given.first, replace: self.given.replace.clone(), before: gallery };
        let mut outputs = StepOutputs::new();
        for index in 0..self.provider.push_steps().len() {
            outputs.extend(step(&shop_client, index, &upload, &outputs, &placing).await?);
        }
        let id = result_id(self.provider, &outputs)?;
        let gallery = super::gallery(&shop_client, &upload.erp_product_id).await?;
        let place = gallery.iter().position(|picture| picture.id == id);
        Ok(json!({ "image_id": id, "position": place }))
    }

    async fn deliver(&self) -> Result<Value, Failure> {
        let none = || Failure::new(FailureKind::Fixture, "given.delivery has no valid headers and body");
        let input = self.given.delivery.as_ref().ok_or_else(none)?;
        let mut headers = http::HeaderMap::new();
        for (name, value) in &input.headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| none())?;
            headers.insert(name, http::HeaderValue::from_str(value).map_err(|_| none())?);
        }
        let url = format!("{ME}/hooks/{}", self.provider.key());
        let delivery = self.provider.delivery(&headers, input.body.as_bytes(), &url);
        if self.provider.is_ping(&delivery) {
            return Ok(json!({ "greeting": true }));
        }
        let mut app = app();
        if let Some(key) = &self.given.webhook_key {
            app.webhook_key = Some(Secret::from(key.clone()));
        }
        let (sets, facts) = (KeySets::default(), self.facts());
        let published = self.provider.published_keys(&sets, &self.outside, &facts, &delivery).await?;
        let secrets = [app.client_secret.clone()];
        let with = HookKeys { app: Some(&app), secrets: &secrets, published: &published };
        let event = self.provider.read_webhook(&delivery, with, self.outside.clock.now())?;
        Ok(json!({
            "shop": self.provider.webhook_shop(&delivery), "topic": event.topic, "delivery": event.delivery,
            "act": event.act, "erp_id": event.erp_id,
        }))
    }

    fn facts(&self) -> Facts {
        self.given.facts.clone().into_iter().collect()
    }

    fn grant(&self) -> Grant {
        let secrets = self.given.secrets.iter();
        Grant {
            secrets: secrets.map(|(name, text)| (name.clone(), Secret::from(text.clone()))).collect(),
            version: 1,
            ..Grant::default()
        }
    }

    fn shop_client(&self, facts: Facts, grant: Grant) -> ShopClient {
        let store_url = self.provider.store_url_if_known(&facts).ok().flatten().unwrap_or_default();
        let shop = Shop { provider: self.provider.clone(), facts, store_url, app: Some(app()) };
        ShopClient::new(self.outside.clone(), shop, Arc::new(Spent(Fixed::new(grant))), &RateLimiters::default())
    }

    /// A grant without its secrets' values.
    fn summary(&self, grant: &Grant) -> Value {
        let now = self.outside.clock.now();
        let left = |end: Option<Time>| end.map(|end| end.since(now).as_secs());
        json!({
            "secrets": grant.secrets.keys().collect::<Vec<_>>(),
            "scopes": grant.scopes,
            "expires_in_s": left(grant.expires_at),
            "permission_ends_in_s": left(grant.refresh_expires_at),
        })
    }
}

/// Credentials whose refresh fails with `renewal_wanted`, so that a fixture shows when one is needed.
struct Spent(Fixed);

impl CredentialSource for Spent {
    fn current(&self) -> BoxFuture<'_, Arc<Grant>> {
        self.0.current()
    }

    fn refresh(&self, _: i32) -> BoxFuture<'_, Arc<Grant>> {
        Box::pin(async { Err(Failure::new(FailureKind::RefreshWanted, "the call needs a refreshed token")) })
    }
}

fn app() -> App {
    let secret = || Secret::from("our-secret");
    App { client_id: "our-app".to_owned(), client_secret: secret(), webhook_key: Some(secret()) }
}

fn summary(product: Result<NormalProduct, Unreadable>) -> Value {
    match product {
        Ok(product) => pruned(json!(product)),
        Err(unreadable) => json!({ "erp_id": unreadable.erp_id, "unreadable": unreadable.why }),
    }
}

/// The value without null, empty lists and empty objects among its members.
fn pruned(value: Value) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, v)| !empty(v)).map(|(name, v)| (name, pruned(v))).collect(),
        Value::Array(list) => list.into_iter().map(pruned).collect(),
        other => other,
    }
}
