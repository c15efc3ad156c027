//! Properties of what a provider's file describes: templates, paths, pages, signatures. Judged by the rules of others
//! wherever there are any: `url`, `percent-encoding`, `regex`, JSON pointers, `hmac`.

mod pages;
mod paths;
mod signatures;
mod templates;
mod xml;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use serde_json::Value;

use super::{App, Fixed, Provider, RateLimiters, Shop, ShopClient, check};
use crate::{
    model::{Facts, Grant, Secret, Time},
    outside::{Clock, Exchange, ExpectedRequest, Files, Http, Outside, Random, Reply, Script},
};

/// The shop that all of them call.
const SHOP: &str = "https://shop.example";

/// A platform without import and operations: its app, its shop and what its calls carry.
const PLATFORM: &str = r#"
schema = 1
[provider]
key = "any"
name = "Any"
docs = "https://any.example"
[provider.limits]
image_bytes = 1000
image_types = ["image/png"]
images_per_product = 1
alt_chars = 10
[connect]
kind = "oauth2_code"
store_url = "https://shop.example"
probe = { op = "shop", facts = { one = "one", two = "two", json = "json", missing = "missing" } }
[connect.oauth]
authorize = "https://shop.example/authorize"
token = "https://shop.example/token"
pkce = "off"
client_auth = "basic"
lost_answer = "retry_old"
signature = { kind = "hmac_sorted_query", param = "hmac", timestamp = "timestamp", max_age = "90s" }
[call]
base = "https://shop.example"
headers = { authorization = "Bearer {grant.access}", x-app = "{app.client_id}:{app.client_secret}" }
message = ["error.message"]
budget = []
[import.map]
erp_id = "id"
title = "id"
images = { each = "nowhere", may_lack = true, id = "id", url = "id" }
[import.map.variants]
each = "parts"
id = "id"
"#;

/// The platform with more in its file, which begins with the members of its import.
fn platform(more: &str) -> Arc<Provider> {
    compiled(PLATFORM, more)
}

fn compiled(platform: &str, more: &str) -> Arc<Provider> {
    let (import, rest) = more.split_once("\n[").expect("the import, then operations");
    let toml = platform.replace("[import.map]", &format!("[import]\n{import}\n[import.map]")) + "\n[" + rest;
    let provider = check::compile("provider.toml", "any", &toml, |_| None, "a test");
    Arc::new(provider.unwrap_or_else(|problems| panic!("{toml}\n{problems:?}")))
}

fn now() -> Time {
    Time::from_unix_ms(1_793_000_000_000)
}

fn app(secret: &str) -> App {
    App { client_id: "our-app".to_owned(), client_secret: secret.into(), webhook_key: Some(secret.into()) }
}

fn grant<'s>(secrets: impl IntoIterator<Item = (&'s str, &'s str)>) -> Grant {
    let secrets: BTreeMap<String, Secret> =
        secrets.into_iter().map(|(name, text)| (name.to_owned(), Secret::from(text))).collect();
    Grant { secrets, version: 1, ..Grant::default() }
}

/// Set up once, because that takes longer than most cases.
static HTTP: LazyLock<Http> = LazyLock::new(|| Http::scripted(Arc::default()).expect("no network is needed"));

/// A client whose calls are answered by a script.
fn client(provider: &Arc<Provider>, facts: Facts, (app, grant): (App, Grant), script: &Arc<Script>) -> ShopClient {
    let outside = Outside {
        clock: Clock::frozen(now()),
        random: Random::seeded(1),
        http: HTTP.with_script(script.clone()),
        files: Files::new("nowhere"),
    };
    let shop = Shop { provider: provider.clone(), facts, store_url: SHOP.to_owned(), app: Some(app) };
    ShopClient::new(outside, shop, Arc::new(Fixed::new(grant)), &RateLimiters::default())
}

/// An exchange: a GET of this path and query, and its JSON.
fn exchange(at: &str, body: Value) -> Exchange {
    let ask = ExpectedRequest {
        method: "GET".to_owned(),
        url: format!("{SHOP}{at}"),
        body: Value::Null,
        ..ExpectedRequest::default()
    };
    Exchange { ask, answer: Reply { body, ..Reply::default() } }
}

/// Waits for what a script answers at once.
fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
}
