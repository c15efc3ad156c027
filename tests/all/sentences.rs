//! What a provider's file can say: small platforms that were made for one sentence each, and the conversation that it leads to.

use std::sync::Arc;

use serde_json::{Value, json};
use store_sync::provider::{Provider, Providers, check_folder, replay};

use crate::support::{SmallList, SmallPlatform};

/// The lamps of a shop, and how they are imported.
const LAMPS: SmallList<'_> = SmallList { name: "lamps", query: "", pages: "kind = \"single\", size = 100" };

/// A platform with these lamps; the rest is added.
fn lampshop(rest: &str) -> SmallPlatform<'_> {
    let (shop, base, call) = ("^https://[a-z.]+$", "{shop}/api", "message = [\"error\"]");
    SmallPlatform { key: "lampshop", shop, base, call, list: Some(LAMPS), rest, ..SmallPlatform::default() }
}

fn made(platform: &SmallPlatform<'_>) -> Arc<Provider> {
    let folder = tempfile::tempdir().expect("a temp folder");
    platform.write_to(folder.path());
    let checked = check_folder(folder.path());
    let mut providers = checked.unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    Arc::new(providers.pop().expect("one"))
}

/// The recorded conversation of a journey with these answers.
async fn recorded(provider: &Arc<Provider>, journey: &str, given: Value, answers: &[Value]) -> Value {
    let mut input = json!({ "facts": { "shop": "https://acme.example" }, "secrets": { "token": "0123456789abcdef" } });
    for (name, value) in given.as_object().expect("an object") {
        input[name] = value.clone();
    }
    let exchanges: Vec<Value> = answers.iter().map(|answer| json!({ "answer": answer })).collect();
    let talk = json!({ "journey": journey, "given": input, "exchanges": exchanges });
    let text = replay(provider, "talk.json", &talk.to_string(), true).await;
    let text = text.unwrap_or_else(|problems| panic!("{}", problems[0])).expect("a text");
    serde_json::from_str(&text).expect("json")
}

fn asked(talk: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let asks = talk["exchanges"].as_array().expect("a list").iter().map(|exchange| &exchange["ask"]);
    asks.map(|ask| format!("{} {}", text(&ask["method"]), text(&ask["url"]).replace("https://acme.example/api", "")))
        .collect()
}

const IMPORT: &str = r#"
full_only = "a test"
map = { erp_id = "id", title = "name" }
"#;

/// A shop that takes a picture, says in a header where its state is, and shows it when it is done.
const BY_ADDRESS: &str = r#"
[op.pictures]
path = "/lamps/{product.erp_id}/pictures"

[op.add]
path = "/lamps/{product.erp_id}/pictures"
body = { kind = "multipart", part = [{ name = "file" }] }
answer = "any"

[op.state]
url = "{kept.state_url}"
headers = { x-api-key = "{grant.token}" }

[op.forget]
method = "DELETE"
path = "/uploads/{kept.upload}"

[push]
gallery = "add_one"
list = { op = "pictures", each = "pictures", id = "id", name = "file", find = "name" }
result = { id = "{kept.picture}", verify = "listed" }

[[push.step]]
name = "add"
op = "add"
keep = { state_url = { header = "location" }, upload = "upload" }

[[push.step]]
name = "done"
op = "state"
poll = { every = "1s", upto = "1m", path = "state", ready = ["done"], failed = ["broken"], reason = "why", cleanup = "forget" }
keep = { picture = "picture.id" }
"#;

#[tokio::test]
async fn the_state_of_an_upload_is_polled_at_the_address_of_a_header() {
    let provider = made(&lampshop(&format!("{IMPORT}{BY_ADDRESS}")));
    let none = json!({ "body": { "pictures": [] } });
    let taken = json!({ "status": 202, "headers": { "location": "https://jobs.acme.example/j/5" }, "body": { "upload": "u5" } });
    let listed = json!({ "body": { "pictures": [{ "id": 9, "file": "ss-1.png" }] } });
    let [waits, done] = ["waits", "done"].map(|state| json!({ "body": { "state": state, "picture": { "id": "9" } } }));
    let talk =
        recorded(&provider, "push", json!({ "product": "7" }), &[none, taken.clone(), waits, done, listed]).await;
    assert_eq!(talk["yields"], json!({ "image_id": "9", "position": 0 }));
    let state = "GET https://jobs.acme.example/j/5";
    assert_eq!(asked(&talk)[1..4], ["POST /lamps/7/pictures", state, state]);
    // A shop that leaves the header out took nothing.
    let none = json!({ "body": { "pictures": [] } });
    let unnamed = json!({ "status": 202, "body": { "upload": "u5" } });
    let talk = recorded(&provider, "push", json!({ "product": "7" }), &[none, unnamed]).await;
    assert_eq!(talk["yields"]["code"], "unexpected_answer");
}

#[tokio::test]
async fn what_is_left_of_a_broken_upload_is_removed_and_the_shops_reason_stays() {
    let provider = made(&lampshop(&format!("{IMPORT}{BY_ADDRESS}")));
    let none = json!({ "body": { "pictures": [] } });
    let taken = json!({ "status": 202, "headers": { "location": "https://jobs.acme.example/j/5" }, "body": { "upload": "u5" } });
    let why = "cannot read https://daemon.example/pictures/ss-1.png with 0123456789abcdef";
    let broken = json!({ "body": { "state": "broken", "why": why } });
    let reason = "the shop could not process the picture: cannot read [our picture] with [redacted]";
    for (answer, said) in [
        (json!({ "status": 204 }), reason.to_owned()),
        (json!({ "status": 404 }), reason.to_owned()),
        (
            json!({ "status": 409, "body": { "error": "busy" } }),
            format!(
                "{reason}; what is left of it could not be removed: Lampshop: DELETE acme.example/api/uploads/u5 answered 409 (busy)"
            ),
        ),
    ] {
        let answers = [none.clone(), taken.clone(), broken.clone(), answer];
        let talk = recorded(&provider, "push", json!({ "product": "7" }), &answers).await;
        assert_eq!(talk["yields"], json!({ "remedy": "give_up", "code": "picture_failed", "message": said }));
        assert_eq!(asked(&talk)[3], "DELETE /uploads/u5");
    }
}

#[tokio::test]
async fn a_list_in_an_item_is_read_by_a_member_of_its_member() {
    let provider = made(&lampshop(
        r#"
full_only = "a test"
map = { erp_id = "node.id", title = "node.name", images = { each = "pictures", id = "id", url = "url" } }
nested = [{ into = "pictures", op = "parts", page = { kind = "single", size = 100, items = "parts" } }]

[op.parts]
path = "/parts/{item.node.id}"
"#,
    ));
    let page = json!({ "body": { "lamps": [{ "node": { "id": "L1", "name": "Lamp" } }] } });
    let parts = json!({ "body": { "parts": [{ "id": 5, "url": "https://acme.example/5.png" }] } });
    let talk = recorded(&provider, "import", json!({}), &[page, parts]).await;
    assert_eq!(asked(&talk), ["GET /lamps", "GET /parts/L1"]);
    assert_eq!(talk["yields"][0]["images"][0]["id"], "5");
}

#[tokio::test]
async fn a_shop_that_lacks_what_is_needed_is_refused_in_the_files_words() {
    let probe = r#"
facts = { currency = "currency" }
needs = [
    { path = "currency", say = "it has no currency yet" },
    { path = "rights", in = ["write", "all"], code = "read_only", say = "the key may only read" },
]
"#;
    let provider = made(&SmallPlatform { probe, ..lampshop(IMPORT) });
    for (body, code) in [
        (json!({ "currency": "EUR", "rights": ["read", "write"] }), None),
        (json!({ "currency": "EUR", "rights": "all" }), None),
        (json!({ "currency": "EUR", "rights": ["read"] }), Some(("read_only", "the key may only read"))),
        (json!({ "currency": "EUR" }), Some(("read_only", "the key may only read"))),
        (json!({ "currency": "", "rights": ["all"] }), Some(("refused", "it has no currency yet"))),
        (json!({ "currency": null, "rights": ["all"] }), Some(("refused", "it has no currency yet"))),
    ] {
        let talk = recorded(&provider, "connect", json!({}), &[json!({ "body": body })]).await;
        match code {
            None => assert_eq!(talk["yields"]["facts"]["currency"], "EUR", "{body}"),
            Some((code, say)) => {
                let message = format!("Lampshop: {say}");
                assert_eq!(talk["yields"], json!({ "remedy": "give_up", "code": code, "message": message }), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_holds_xml_as_a_text() {
    let rest = format!(
        r#"
[op.lamps]
path = "/lamps"
answer = "xml"

[import]
op = "lamps"
page = {{ kind = "single", size = 100, items = "shop.lamps.lamp" }}
{IMPORT}"#
    );
    let provider = made(&SmallPlatform { list: None, ..lampshop(&rest) });
    let page =
        json!({ "body": "<shop>\n<lamps><lamp><id>7</id><name>Lamp &amp; shade</name></lamp></lamps>\n</shop>" });
    let talk = recorded(&provider, "import", json!({}), std::slice::from_ref(&page)).await;
    assert_eq!((&talk["yields"][0]["erp_id"], &talk["yields"][0]["title"]), (&json!("7"), &json!("Lamp & shade")));
    assert_eq!(talk["exchanges"][0]["answer"]["body"], page["body"]);
    assert_eq!(replay(&provider, "talk.json", &talk.to_string(), false).await, Ok(None), "what is recorded holds");
}

/// The cover that a person chose stays, and one that would be lost is replaced: the conversations of the platforms that have one.
#[test]
fn the_platforms_with_a_cover_have_conversations_for_it() {
    let providers = Providers::built_in().expect("the built-in files are fine");
    for (key, names) in [
        ("shopware", ["push_first_picture", "undo_cover", "undo"]),
        ("vendure", ["push_first_picture", "undo_featured", "undo"]),
    ] {
        let provider = providers.get(key).expect("is there");
        for name in names {
            let file = format!("/{name}.json");
            assert!(provider.fixtures().iter().any(|(known, _)| known.ends_with(&file)), "{key} has no {name}");
        }
    }
}
