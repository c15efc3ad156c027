//! Replays the conversations that stand beside a provider's file: every request it sends, and what it makes of every answer, have to
//! be what is written down. No network, a stopped clock.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    App, BoxFuture, CallbackCode, ConnectKind, CredentialSource, Delivery, Fixed, Placement, Problem, Provider,
    RateLimiters, Shop, ShopClient, StepOutputs, Upload, call::With, callback_facts, exchange, grant_from_posted_keys,
    grant_from_query, own_token, page, probe, recognise, refresh, remove, result_id, step, subscribe,
};
use crate::{
    model::{Facts, Failure, FailureKind, Grant, Remedy, Secret, Time},
    outside::{Clock, Exchange, Files, Http, Outside, Random, Script},
};

/// A conversation with a shop, and what has to come of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    journey: Journey,
    #[serde(default)]
    given: ReplayInput,
    #[serde(default)]
    exchanges: Vec<Exchange>,
    #[serde(default)]
    yields: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Journey {
    /// What came back from the shop becomes a grant, and the probe proves it.
    Connect,
    /// Every page of the catalogue.
    Import,
    /// One picture into one product's gallery.
    Push,
    /// A picture of ours is taken out again.
    Undo,
    /// A grant is renewed.
    Refresh,
    /// One operation, and what its answer means.
    Call,
    /// The platform is asked to tell of a topic.
    Subscribe,
    /// What the platform delivered, good or forged.
    Deliver,
}

/// What is known before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ReplayInput {
    /// What the merchant gave, or what is known of the shop.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, String>,
    /// The callback's parameters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    callback: BTreeMap<String, String>,
    /// What the shop's server posts.
    #[serde(skip_serializing_if = "Value::is_null")]
    posted: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// The picture that is taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    /// The picture becomes the first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    first: bool,
    /// Pictures of ours that it replaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replace: Vec<String>,
    /// The operation of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<String>,
    /// The topic that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// What was delivered; its key is `our-secret`, whether that is the app's or the subscription's.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivered>,
}

/// A delivery, letter by letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivered {
    headers: BTreeMap<String, String>,
    body: String,
}

/// What a conversation tells of the platform, for a shop that lives by it.
pub(super) struct Conversation {
    /// Whether it ends as the merchant wants it.
    pub(super) good: bool,
    /// The failure's remedy, where it ends otherwise.
    pub(super) remedy: String,
    pub(super) facts: Facts,
    pub(super) secrets: BTreeMap<String, String>,
    pub(super) callback: BTreeMap<String, String>,
    pub(super) posted: Value,
    /// What was delivered: headers and body.
    pub(super) delivered: Option<(BTreeMap<String, String>, Value)>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) is_connect: bool,
    pub(super) is_refresh: bool,
}

/// A provider's conversations, read.
pub(super) fn conversations(provider: &Provider) -> Vec<Conversation> {
    let read = |(_, text): &(String, String)| {
        let fixture: Fixture = serde_json::from_str(text).ok()?;
        let word = |name: &str| fixture.yields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut facts: Facts = fixture.given.facts.into_iter().collect();
        if let Some(Value::Object(told)) = fixture.yields.get("facts") {
            facts.extend(told.clone());
        }
        Some(Conversation {
            good: fixture.yields.get("remedy").is_none(),
            remedy: word("remedy"),
            facts,
            secrets: fixture.given.secrets,
            callback: fixture.given.callback,
            posted: fixture.given.posted,
            delivered: fixture.given.delivery.and_then(|d| Some((d.headers, serde_json::from_str(&d.body).ok()?))),
            exchanges: fixture.exchanges,
            is_connect: fixture.journey == Journey::Connect,
            is_refresh: fixture.journey == Journey::Refresh,
        })
    };
    provider.fixtures.iter().filter_map(read).collect()
}

/// When every conversation takes place.
const NOW: &str = "2026-11-01T12:00:00Z";
const ME: &str = "https://daemon.example";

/// Replays one fixture; gives what is wrong. With `record`, gives the fixture as it is now instead.
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
    let came = Replay { provider, outside, given: &fixture.given }.run(fixture.journey).await;
    let came = came.unwrap_or_else(|failure| {
        let remedy = match failure.remedy() {
            Remedy::Retry(_) => "retry",
            Remedy::Reconnect => "reconnect",
            Remedy::GiveUp => "give_up",
        };
        json!({ "remedy": remedy, "code": failure.code(), "message": failure.message })
    });
    let (asked, problems) = script.ended();
    if record {
        // What a reader has to judge, and no more: not the headers that every request has.
        for (exchange, mut ask) in fixture.exchanges.iter_mut().zip(asked) {
            ask.headers.retain(|name, _| name != "accept" && name != "content-length");
            exchange.ask = ask;
        }
        fixture.yields = came;
        return serde_json::to_string_pretty(&fixture)
            .map(|text| Some(text + "\n"))
            .map_err(|e| vec![wrong(e.to_string())]);
    }
    let mut problems: Vec<Problem> = problems.into_iter().map(wrong).collect();
    if came != fixture.yields {
        problems.push(wrong(format!("it yields {came}, written is {}", fixture.yields)));
    }
    if problems.is_empty() { Ok(None) } else { Err(problems) }
}

/// The operations that the fixtures of a provider have made, for those who ask what is not covered.
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
                let (shop_client, given) = (self.shop_client(self.facts(), self.grant()), self.given);
                let text = |one: &Option<String>| one.clone().unwrap_or_default();
                Ok(json!({ "removed": remove(&shop_client, &text(&given.product), &text(&given.image)).await? }))
            }
            Journey::Refresh => {
                let (app, facts) = (app(), self.facts());
                let grant = refresh(&self.outside, self.provider, Some(&app), &facts, &self.grant()).await?;
                Ok(self.told(&grant))
            }
            Journey::Subscribe => {
                let topic = self.given.topic.clone().unwrap_or_default();
                let url = format!("{ME}/hooks/{}", self.provider.key());
                let shop_client = self.shop_client(self.facts(), self.grant());
                Ok(json!({ "subscription": subscribe(&shop_client, &topic, &url, &app().client_secret).await? }))
            }
            Journey::Deliver => self.deliver(),
            Journey::Call => {
                let op = self.given.op.as_deref().and_then(|op| self.provider.recipe.op.get(op));
                let op = op.ok_or_else(|| Failure::new(FailureKind::Fixture, "given.op names no operation"))?;
                Ok(self.shop_client(self.facts(), self.grant()).call(op, With::default()).await?.body)
            }
        }
    }

    async fn connect(&self) -> Result<Value, Failure> {
        let (provider, given) = (self.provider, self.given);
        let (app, mut facts) = (app(), self.facts());
        let query: Vec<(String, String)> = given.callback.clone().into_iter().collect();
        let grant = if provider.kind().brings_code() {
            facts.extend(callback_facts(provider, &query)?);
            let code = given.callback.get("code").cloned().unwrap_or_default();
            let verifier = provider.takes_pkce().then(|| Secret::from("v".repeat(43)));
            let redirect_uri = format!("{ME}/oauth/callback/{}", provider.key());
            let code = CallbackCode { code: code.into(), redirect_uri: &redirect_uri, verifier: verifier.as_ref() };
            let (grant, told) = exchange(&self.outside, provider, &app, &facts, code).await?;
            facts.extend(told);
            grant
        } else if provider.makes_own_tokens() {
            facts.extend(callback_facts(provider, &query)?);
            own_token(&self.outside, provider, Some(&app), &facts, &self.grant()).await?
        } else if given.posted.is_object() {
            grant_from_posted_keys(provider, &given.posted)?
        } else if provider.kind() == ConnectKind::BroughtKeys {
            grant_from_query(provider, &facts, &query)?
        } else {
            self.grant()
        };
        let shop = probe(&self.shop_client(facts.clone(), grant.clone())).await?;
        facts.extend(shop.facts);
        let missing = provider.missing_scopes(&grant);
        let mut told = self.told(&grant);
        told["store_url"] = provider.store_url(&facts)?.into();
        told["store_name"] = json!(shop.name);
        told["external_store_id"] = json!(shop.external_id);
        told["facts"] = Value::Object(facts);
        if !missing.is_empty() {
            told["scopes_missing"] = json!(missing);
        }
        Ok(told)
    }

    async fn import(&self) -> Result<Value, Failure> {
        let shop_client = self.shop_client(self.facts(), self.grant());
        let since = self.given.since.as_deref().and_then(Time::parse);
        let (mut products, mut token) = (Vec::new(), None);
        loop {
            let page = page(&shop_client, since, token.as_ref()).await?;
            for product in page.products {
                products.push(match product {
                    Ok(product) => pruned(json!(product)),
                    Err(unreadable) => json!({ "erp_id": unreadable.erp_id, "unreadable": unreadable.why }),
                });
            }
            token = page.next;
            if token.is_none() {
                return Ok(Value::Array(products));
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
        let placing = Placement { first: self.given.first, replace: self.given.replace.clone() };
        let mut kept = StepOutputs::new();
        for index in 0..self.provider.push_steps().len() {
            kept.extend(step(&shop_client, index, &upload, &kept, &placing).await?);
        }
        let id = result_id(self.provider, &kept)?;
        let gallery = super::gallery(&shop_client, &upload.erp_product_id).await?;
        let place = gallery.iter().position(|picture| picture.id == id);
        Ok(json!({ "image_id": id, "position": place }))
    }

    fn deliver(&self) -> Result<Value, Failure> {
        let none = || Failure::new(FailureKind::Fixture, "given.delivery has no headers and body that can be");
        let given = self.given.delivery.as_ref().ok_or_else(none)?;
        let mut headers = http::HeaderMap::new();
        for (name, value) in &given.headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| none())?;
            headers.insert(name, http::HeaderValue::from_str(value).map_err(|_| none())?);
        }
        let url = format!("{ME}/hooks/{}", self.provider.key());
        let delivery = Delivery::new(&headers, given.body.as_bytes(), &url);
        if self.provider.is_ping(&delivery) {
            return Ok(json!({ "greeting": true }));
        }
        let secret = app().client_secret;
        let told = self.provider.read_webhook(&delivery, Some(&app()), &[secret])?;
        Ok(json!({
            "shop": self.provider.webhook_shop(&delivery), "topic": told.topic, "delivery": told.delivery,
            "act": told.act, "erp_id": told.erp_id,
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

    /// A grant as far as it may be told.
    fn told(&self, grant: &Grant) -> Value {
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

/// Keys that say when a newer token is wanted, and have none.
struct Spent(Fixed);

impl CredentialSource for Spent {
    fn current(&self) -> BoxFuture<'_, Arc<Grant>> {
        self.0.current()
    }

    fn refresh(&self, _: i32) -> BoxFuture<'_, Arc<Grant>> {
        Box::pin(async { Err(Failure::new(FailureKind::RefreshWanted, "a newer token is asked for")) })
    }
}

fn app() -> App {
    let secret = || Secret::from("our-secret");
    App { client_id: "our-app".to_owned(), client_secret: secret(), webhook_key: Some(secret()) }
}

/// Without what is empty.
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
