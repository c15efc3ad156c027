//! The contract of the daemon's addresses: the API, and what browsers, platforms and watchers ask.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::{
    record::Record,
    things::{APP_SECRET, TOKEN, Things},
};
use crate::wire::{Answer, ask};

/// What the API is asked: method, path below `/api/v1`, body.
type Question = (&'static str, String, &'static str);

fn questions(things: &Things) -> Vec<Question> {
    let Things { session, second_session, flow, asset, .. } = things;
    let mut all = Vec::new();
    for (noun, id) in [("flows", flow), ("sessions", session)] {
        let again =
            if noun == "flows" { "{\"variants\": 1, \"seed\": 11}" } else { "{\"variants\": 1, \"again\": true}" };
        all.push(("POST", format!("/{noun}/{id}/generations"), again));
        all.push(("GET", format!("/{noun}/{id}/progress"), ""));
        all.push(("GET", format!("/{noun}/{id}/generations"), ""));
        all.push(("DELETE", format!("/{noun}/{id}/generations"), ""));
    }
    all.push(("POST", format!("/flows/{flow}/retries"), ""));
    all.push(("POST", format!("/sessions/{second_session}/retries"), ""));
    all.push(("GET", format!("/flows/{flow}/prompt"), ""));
    all.push(("GET", format!("/assets/{asset}"), ""));
    all.push(("PUT", format!("/assets/{asset}/approval"), "{\"status\": \"rejected\", \"note\": \"too dark\"}"));
    all.push(("PUT", format!("/assets/{asset}/approval"), "{\"status\": \"approved\"}"));
    all.push(("POST", format!("/assets/{asset}/regenerations"), "{\"settings\": {\"style\": \"podium\"}}"));
    all.push((
        "POST",
        format!("/assets/{asset}/edits"),
        "{\"settings\": {\"postAdjustments\": {\"light\": {\"exposure\": 10}}}}",
    ));
    all.push(("GET", format!("/assets/{asset}/link"), ""));
    all.push(("GET", "/clients/acme/usage".to_owned(), ""));
    all
}

/// Asks the API with its token.
fn api(record: &mut Record, at: &str, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {TOKEN}");
    let mut headers = vec![("Authorization", bearer.as_str())];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json"));
    }
    record.ask(method, at, &format!("/api/v1{path}"), &headers, body)
}

/// Waits until pictures are made, so that what comes next finds none under way.
fn quiet(at: &str, path: &str) {
    ask("GET", at, &format!("/api/v1{path}"), &[("Authorization", &format!("Bearer {TOKEN}"))], b"");
}

/// Each place of the API: done, without the token, of an unknown thing, with wrong words.
pub(super) fn answers(record: &mut Record, at: &str, things: &Things) {
    record.area("api");
    let all = questions(things);
    for (method, path, body) in &all {
        api(record, at, method, path, body);
        if path.ends_with("/generations") && *method == "POST" {
            quiet(at, &path.replace("/generations", "/progress"));
        }
    }
    api(record, at, "GET", "/clients/acme/usage?month=2020-01", "");
    for path in [format!("/flows/{}/progress", things.flow), format!("/sessions/{}/progress", things.second_session)] {
        quiet(at, &path);
    }
    api(record, at, "POST", &format!("/flows/{}/retries", things.flow), "");
    record.area("api_refusals");
    record.ask("GET", at, "/api/v1/clients/acme/usage", &[("Authorization", "Bearer wrong")], "");
    for (method, path, body) in &all {
        record.ask(method, at, &format!("/api/v1{path}"), &[], body);
        let (noun, rest) = path.trim_start_matches('/').split_once('/').expect("an id");
        let rest = rest.split_once('/').map_or(String::new(), |(_, rest)| format!("/{rest}"));
        api(record, at, method, &format!("/{noun}/nobody{rest}"), body);
    }
    wrong_words(record, at, things, &all);
}

fn wrong_words(record: &mut Record, at: &str, things: &Things, all: &[Question]) {
    for (method, path, _) in all.iter().filter(|(method, path, _)| *method == "PUT" || !path.ends_with("retries")) {
        if matches!(*method, "POST" | "PUT") {
            for body in ["{ no JSON", "[]", "{\"no_such_field\": 1}"] {
                if api(record, at, method, path, body).status == 202 {
                    quiet(at, &format!("/flows/{}/progress", things.flow));
                    quiet(at, &format!("/sessions/{}/progress", things.session));
                }
            }
        }
        api(record, at, "PATCH", path, "");
        api(record, at, "GET", &format!("{path}?nonsense=1"), "");
    }
    let Things { flow, asset, .. } = things;
    api(record, at, "POST", &format!("/flows/{flow}/generations"), "{\"variants\": 0}");
    api(record, at, "POST", &format!("/flows/{flow}/generations"), "{\"variants\": \"many\"}");
    api(record, at, "PUT", &format!("/assets/{asset}/approval"), "{\"status\": \"pending\"}");
    api(record, at, "PUT", &format!("/assets/{asset}/approval"), "");
    api(record, at, "POST", &format!("/assets/{asset}/regenerations"), "{\"prompt\": \"words\"}");
    api(record, at, "POST", &format!("/assets/{asset}/edits"), "{\"prompt\": \"more light\"}");
    api(record, at, "POST", &format!("/assets/{asset}/edits"), "");
    api(record, at, "GET", "/clients/acme/usage?month=nonsense", "");
    api(record, at, "GET", "/no-such-place", "");
    api(record, at, "GET", "", "");
}

/// What needs no token: watchers, browsers, shops, platforms.
pub(super) fn others(record: &mut Record, at: &str, things: &Things) {
    record.area("doors");
    for path in ["/healthz", "/readyz", "/", "/no-such-place", "/api/v1"] {
        record.ask("GET", at, path, &[], "");
        record.ask("POST", at, path, &[], "");
    }
    record.ask("GET", at, "/healthz", &[("Host", "elsewhere.example")], "");
    record.ask("GET", at, "/", &[("Host", "elsewhere.example")], "");
    let connects = [
        "/connect/sandbox",
        "/connect/sandbox?client=acme",
        "/connect/nobody?client=acme",
        "/connect/sandbox?client=nobody",
    ];
    let callbacks = [
        "/oauth/callback/sandbox",
        "/oauth/callback/sandbox?state=nonsense&code=nonsense",
        "/oauth/callback/nobody?state=nonsense&code=nonsense",
        "/oauth/callback/sandbox/nonsense",
        "/oauth/callback/nobody/nonsense",
        "/oauth/ended",
    ];
    for path in connects.iter().chain(&callbacks) {
        record.ask("GET", at, path, &[], "");
        record.ask("HEAD", at, path, &[], "");
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    for path in ["/oauth/callback/sandbox", "/oauth/callback/sandbox/nonsense", "/oauth/callback/woocommerce"] {
        record.ask("POST", at, path, &form, "a=b");
    }
    record.hurry(at, "/oauth/callback/sandbox?state=nonsense&code=nonsense");
    let shop = &things.shop;
    let signature = signed("{}");
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Shopify-Hmac-Sha256", signature.as_str()),
        ("X-Shopify-Topic", "products/update"),
        ("X-Shopify-Shop-Domain", "acme.myshopify.com"),
        ("X-Shopify-Webhook-Id", "1"),
    ];
    record.ask("POST", at, "/hooks/shopify", &headers, "{}");
    record.ask("POST", at, "/hooks/shopify", &headers, "{ }");
    for path in ["/hooks/shopify", "/hooks/woocommerce", "/hooks/nobody", "/hooks/sandbox"] {
        record.ask("POST", at, path, &[("Content-Type", "application/json")], "{}");
        record.ask("POST", at, &format!("{path}/{shop}"), &[("Content-Type", "application/json")], "{}");
        record.ask("GET", at, path, &[], "");
    }
    pictures(record, at, things);
}

/// As the platform signs what it delivers.
fn signed(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).expect("any length");
    mac.update(body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn pictures(record: &mut Record, at: &str, things: &Things) {
    let Things { asset, push, .. } = things;
    let link = record.place.json(&["assets", "url", asset]);
    let link = Value::as_str(&link["url"]).expect("an address").to_owned();
    let path = link.split_once(at).expect("is ours").1.to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    record.mask.name("expires", parts[3]);
    record.mask.name("signature", parts[4]);
    record.ask("GET", at, &path, &[], "");
    record.ask("GET", at, &path.replace(parts[4], "wrong"), &[], "");
    record.ask("GET", at, &path.replace(asset, "nobody"), &[], "");
    record.ask("GET", at, &format!("/pictures/{push}/{}/{}/{}", parts[3], parts[4], parts[5]), &[], "");
    record.ask("GET", at, &format!("/pictures/{push}/0/wrong/picture.png"), &[], "");
}
