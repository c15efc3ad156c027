//! The contract of shops: connected, looked at, imported, paused, refused; and their products.

use serde_json::Value;

use super::{
    record::Record,
    things::{Things, daemon, named, until},
};
use crate::{
    journey::allow,
    wire::{Answer, ask},
};

/// Opens a connect link, allows what the shop asks, and waits for the first import, which begins by itself.
fn connect(record: &Record, link: &Value, at: &str, shop_url: &str) -> [Answer; 2] {
    let link = link["connect_url"].as_str().expect("a link");
    let answers = allow(link, at, shop_url.trim_start_matches("http://"), &format!("http://{at}"));
    until(record, &["logs"], |runs| {
        let ended = |run: &Value| run["completed_at"].is_string();
        runs.as_array().filter(|runs| !runs.is_empty() && runs.iter().all(ended)).map(drop)
    });
    answers
}

/// A client, its shop and a product, for areas that are not about them.
pub(super) fn ground(record: &mut Record, at: &str, shop_url: &str) -> Things {
    let client = record.place.json(&["clients", "add", "Acme"]);
    named(record, "client", &client);
    for words in
        [["clients", "members", "acme", "--add", "ann@acme.example"].as_slice(), &["clients", "plan", "acme", "pro"]]
    {
        record.place.json(words);
    }
    let works = daemon(record);
    let field = format!("shop={shop_url}");
    let link = record.place.json(&["connect", "sandbox", "--client", "acme", "--set", &field, "--no-wait"]);
    connect(record, &link, at, shop_url);
    assert_eq!(works.terminate().code, Some(0));
    let shops = record.place.json(&["connections", "list"]);
    let shop = named(record, "connection", &shops);
    record.place.json(&["connections", "schedule", &shop, "--off", "--push-on-approval", "false"]);
    let runs = record.place.json(&["logs"]);
    named(record, "first_run", &runs);
    let product = first_product(record, &shop);
    Things { shop, product, ..Things::default() }
}

/// The product that the shop calls 1001. Ids of one import are in no order.
fn first_product(record: &mut Record, shop: &str) -> String {
    let list = record.place.json(&["products", "list", "--connection", shop]);
    let found = list.as_array().into_iter().flatten().find(|one| one["erp_id"] == "1001").expect("is there");
    named(record, "product", found)
}

/// A shop by OAuth, while a daemon works.
pub(super) fn connections(record: &mut Record, at: &str, shop_url: &str) -> Things {
    record.area("connections");
    for line in [
        "connect nobody --client acme --no-wait".to_owned(),
        format!("connect sandbox --client nobody --set shop={shop_url} --no-wait"),
        "connect sandbox --client acme --set shop=nonsense --no-wait".to_owned(),
        "connect sandbox --client acme --set nonsense --no-wait".to_owned(),
        "connect sandbox".to_owned(),
        "connect vendure --client acme --set shop=http://127.0.0.1:9 --key api_key=nonsense".to_owned(),
        "connections list".to_owned(),
        "sync --all".to_owned(),
    ] {
        record.run(&line);
    }
    let begun = record.run(&format!("connect sandbox --client acme --set shop={shop_url} --no-wait"));
    let [begun, done] = connect(record, &begun, at, shop_url);
    record.write("> GET the connect link\n");
    record.answer(&begun);
    record.write("> GET the way back from the shop\n");
    record.answer(&done);
    let shop = record.make("connection", "connections list");
    for line in [
        format!("connections show {shop}"),
        format!("connections check {shop}"),
        format!("connections pause {shop}"),
        format!("connections pause {shop}"),
        format!("sync {shop}"),
        format!("connections resume {shop}"),
        format!("connections resume {shop}"),
        "connections migrate-tokens --dry-run".to_owned(),
        "connections migrate-tokens --provider nobody".to_owned(),
    ] {
        record.run(&line);
    }
    for verb in ["show", "check", "pause", "resume"] {
        record.run(&format!("connections {verb} nobody"));
        record.run(&format!("connections {verb}"));
    }
    Things { shop, ..Things::default() }
}

/// When a shop is imported, said while nobody acts on it.
pub(super) fn schedules(record: &mut Record, things: &Things) {
    record.area("schedules");
    let shop = &things.shop;
    for more in [
        format!("{shop} --every 6h --push-on-approval false"),
        format!("{shop} --off"),
        format!("{shop} --push-mode append"),
        format!("{shop} --cron '0 6 * * *' --timezone Europe/Berlin --push-mode prepend"),
        format!("{shop} --cron '0 6 * * *' --timezone Europe/Berlin --push-mode set_primary"),
        format!("{shop} --off --push-mode append"),
        format!("{shop} --cron nonsense"),
        format!("{shop} --timezone Nowhere/Nothing --cron '0 6 * * *'"),
        format!("{shop} --every 1s"),
        format!("{shop} --every nonsense"),
        format!("{shop} --every 1h --off"),
        "nobody --every 1h".to_owned(),
        String::new(),
    ] {
        record.run(&format!("connections schedule {more}"));
    }
}

/// Imports and their log.
pub(super) fn imports(record: &mut Record, things: &Things) {
    record.area("imports");
    let shop = &things.shop;
    for line in [
        format!("sync {shop}"),
        format!("sync {shop} --full"),
        "sync --all --full --accept-deletes".to_owned(),
        format!("sync {shop} --accept-deletes"),
        "sync nobody".to_owned(),
        "sync".to_owned(),
        format!("sync {shop} --all"),
        "logs".to_owned(),
        format!("logs --connection {shop} --limit 1"),
        "logs --connection nobody".to_owned(),
        "logs --status failed".to_owned(),
        "logs --status nonsense".to_owned(),
        "logs show nobody".to_owned(),
        "logs show".to_owned(),
    ] {
        record.run(&line);
    }
    let runs = record.place.json(&["logs"]);
    let first = runs.as_array().and_then(|runs| runs.last()).expect("a first run").clone();
    let run = named(record, "first_run", &first);
    record.run(&format!("logs show {run}"));
}

/// What the shop does wrong is told with an exit code and in the run.
pub(super) fn bad_luck(record: &mut Record, things: &Things, shop_url: &str) {
    record.area("bad_luck");
    let at = shop_url.trim_start_matches("http://");
    let mischief = |rule: &str| {
        let answer = ask("POST", at, "/mischief", &[("Content-Type", "application/json")], rule.as_bytes());
        assert_eq!(answer.status, 201, "{}", answer.text());
    };
    let shop = &things.shop;
    mischief(r#"{ "on": "GET /api/products", "do": "error", "arg": 404 }"#);
    record.run(&format!("sync {shop}"));
    mischief(r#"{ "on": "GET /api/shop", "do": "error", "arg": 418 }"#);
    record.run(&format!("connections check {shop}"));
    mischief(r#"{ "on": "GET /api", "do": "expire" }"#);
    record.run(&format!("connections check {shop}"));
    record.run(&format!("connections show {shop}"));
    record.run("logs --limit 1");
}

pub(super) fn products(record: &mut Record, things: &mut Things, shop_url: &str) {
    record.area("products");
    let shop = things.shop.clone();
    let picture = ask("GET", shop_url.trim_start_matches("http://"), "/pictures/1001-1.png", &[], b"");
    std::fs::write(record.place.path("mug.png"), &picture.body).expect("is written");
    things.product = first_product(record, &shop);
    record.run(&format!("products list --connection {shop}"));
    things.own_product = record.make(
        "own_product",
        "products add --client acme --name 'Own mug' --description 'A mug' --category Mugs --picture mug.png",
    );
    let (product, own) = (&things.product, &things.own_product);
    for line in [
        format!("products show {product}"),
        format!("products show {own}"),
        format!("products why {product}"),
        format!("products list --client acme --after {own}"),
        "products list --client nobody".to_owned(),
        "products list --sku nonsense --deleted".to_owned(),
        "products add --client nobody --name Mug".to_owned(),
        "products add --client acme --name Mug --picture missing.png".to_owned(),
        "products add --client acme --name Mug --picture config.toml".to_owned(),
        "products add --client acme".to_owned(),
        format!("products analyse {product}"),
        format!("products analyse {product} {own} --anew"),
        "products analyse nobody".to_owned(),
        "products analyse".to_owned(),
        "products show nobody".to_owned(),
        "products why nobody".to_owned(),
        format!("products link {own} --connection {shop} --erp-id 1001"),
        format!("products link {own} --connection nobody --erp-id 1"),
        format!("products link nobody --connection {shop} --erp-id 1"),
        format!("products link {own} --connection {shop}"),
        format!("products link {own} --connection {shop} --erp-id 9001"),
        format!("products link {own} --connection {shop} --erp-id 9001"),
    ] {
        record.run(&line);
    }
}
