//! A shop's life with every command of the program: connect, import, make, approve, push, take out, leave. With every key of the
//! configuration set, on both databases.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    commands::tree,
    program::{Place, Running},
    settings::{Bucket, Engine, full},
    wire::{Answer, Models, ask},
};

/// A place, and the commands that were run in it.
struct Journey {
    place: Place,
    ran: BTreeSet<String>,
    all: BTreeSet<String>,
}

impl Journey {
    fn note(&mut self, words: &[&str]) {
        let two = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let name = if self.all.contains(&two) { two } else { words[0].to_owned() };
        assert!(self.all.contains(&name), "there is no command {name}");
        self.ran.insert(name);
    }

    /// Runs a command; it answers with JSON.
    fn json(&mut self, words: &[&str]) -> Value {
        self.note(words);
        self.place.json(words)
    }

    /// The same for people; gives the answer as JSON.
    fn both(&mut self, words: &[&str]) -> Value {
        let table = self.place.done(words);
        assert!(!table.stdout.is_empty(), "{words:?}");
        self.json(words)
    }

    fn plain(&mut self, words: &[&str]) -> String {
        self.note(words);
        self.place.done(words).stdout
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The id of a thing, or of the first of a list.
fn id(value: &Value) -> String {
    text(if value.is_array() { &value[0]["id"] } else { &value["id"] })
}

fn address(url: &str) -> &str {
    url.trim_start_matches("http://")
}

/// A shop of the program's own.
pub(crate) fn shop(place: &Place) -> (Running, String) {
    let mut shop = place.start(&["sandbox", "--port", "0", "--products", "8", "--processing", "0s"]);
    let url = shop.wait_for(|line| line.strip_prefix("Sandbox shop at ").map(str::to_owned));
    (shop, url)
}

/// The daemon, and where it listens.
fn daemon(place: &Place) -> (Running, String) {
    let mut daemon = place.start(&["serve"]);
    let at = daemon.wait_for(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("a JSON log has a line '{line}': {e}"));
        line["fields"]["server.listen"].as_str().map(str::to_owned)
    });
    (daemon, at)
}

fn attribute<'a>(html: &'a str, name: &str) -> &'a str {
    html.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

fn location(answer: &Answer) -> String {
    answer.header("location").unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text())).to_owned()
}

fn path_of(url: &str) -> &str {
    let behind = url.find("://").map_or(0, |at| at + 3);
    &url[behind + url[behind..].find('/').expect("a path")..]
}

/// Opens a connect link as a merchant's browser does, and allows what the shop asks. `public` is how the daemon is known outside. Gives
/// the daemon's two answers.
pub(crate) fn allow(link: &str, daemon: &str, shop: &str, public: &str) -> [Answer; 2] {
    let host = [("Host", public.split("://").last().expect("a host"))];
    let begun = ask("GET", daemon, path_of(link), &host, b"");
    let cookie = begun.header("set-cookie").and_then(|set| set.split(';').next()).expect("a cookie").to_owned();
    let consent = location(&begun);
    assert!(consent.contains(shop), "{consent}");
    let page = ask("GET", shop, path_of(&consent), &[], b"").text();
    let mut form = Vec::new();
    for input in page.split("<input ").skip(1) {
        let value = attribute(input, "value").replace("&amp;", "&");
        form.push(format!(
            "{}={}",
            attribute(input, "name"),
            value.replace('%', "%25").replace('+', "%2B").replace('&', "%26")
        ));
    }
    form.push("decision=allow".to_owned());
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let decided = ask("POST", shop, "/oauth/authorize", &headers, form.join("&").as_bytes());
    let back = location(&decided);
    assert!(back.starts_with(&format!("{public}/oauth/callback/sandbox")), "{back}");
    let done = ask("GET", daemon, path_of(&back), &[host[0], ("Cookie", &cookie)], b"");
    assert!(done.status == 200 && done.text().contains("is connected"), "{}: {}", done.status, done.text());
    [begun, done]
}

fn every_command(engine: Engine) {
    let (bucket, models) = (Bucket::start(), Models::start());
    let keeper = Place::new();
    let (shop, shop_url) = shop(&keeper);
    let (place, _) = full(engine, &bucket, &models, &shop_url);
    let all = tree(&place);
    let mut own = Journey { place, ran: BTreeSet::new(), all };
    own.note(&["sandbox"]);
    let picture = ask("GET", address(&shop_url), "/pictures/1001-1.png", &[], b"");
    std::fs::write(own.place.path("mug.png"), &picture.body).expect("is written");

    // What needs no shop and no daemon.
    for shell in ["bash", "zsh", "fish"] {
        assert!(own.plain(&["completions", shell]).contains("store-sync"));
    }
    assert!(own.json(&["config", "schema"])["properties"].is_object());
    let outdated = own.place.run(&["clients", "list"]);
    let advice = if engine == Engine::Sqlite { "there is no database in" } else { "store-sync migrate" };
    assert!(outdated.code == Some(1) && outdated.stderr.contains(advice), "{}", outdated.stderr);
    assert_eq!(own.json(&["migrate", "--dry-run"])["kind"], "empty");
    assert!(engine == Engine::Postgres || !own.place.path("elsewhere.db").exists(), "looking makes nothing");
    own.json(&["migrate"]);
    assert!(own.both(&["doctor"]).as_array().is_some_and(|all| all.iter().all(|one| one["ok"] == true)));
    assert!(own.both(&["providers", "list"]).to_string().contains("corner"));
    assert_eq!(own.both(&["providers", "show", "corner"])["key"], "corner");
    assert!(own.json(&["providers", "schema"])["properties"].is_object());
    assert!(own.both(&["providers", "check"])["ok"].as_array().is_some_and(|all| all.len() > 10));
    assert_eq!(own.both(&["keys", "list"])[0]["key_id"], "v7");
    own.both(&["clients", "list"]);
    let client = id(&own.json(&["clients", "add", "Acme"]));
    own.json(&["clients", "add", "Gone"]);
    own.json(&["clients", "update", "acme", "--name", "Acme & Sons"]);
    assert_eq!(own.both(&["clients", "show", "acme"])["name"], "Acme & Sons");
    own.json(&["clients", "members", "acme", "--add", "ann@acme.example", "--role", "owner"]);
    assert_eq!(own.both(&["clients", "plan", "acme", "pro"])["plan"], "pro");
    own.json(&["clients", "delete", "gone", "--confirm", "gone"]);
    assert_eq!(own.json(&["clients", "list"]).as_array().map(Vec::len), Some(1));
    let uploaded = id(&own.json(&["products", "add", "--client", "acme", "--name", "Own mug", "--picture", "mug.png"]));

    // Orders that nobody works on yet are taken back and tried again.
    let waiting = id(&own.json(&["sessions", "create", "--client", "acme", "--name", "Later", "--product", &uploaded]));
    let settings = ["--set", "style=wood", "--set", "engine=studio"];
    let mut words = vec!["flows", "create", "--session", &waiting, "--product", &uploaded, "--name", "Wood"];
    words.extend(settings);
    let later = id(&own.json(&words));
    own.json(&["flows", "generate", &later, "--variants", "1", "--no-wait"]);
    assert_eq!(own.json(&["flows", "cancel", &later])["cancelled"], 1);
    own.json(&["flows", "retry", &later, "--no-wait"]);
    assert_eq!(own.json(&["sessions", "cancel", &waiting])["cancelled"], 1);
    own.json(&["sessions", "retry", &waiting, "--no-wait"]);

    // The daemon, and a shop by OAuth under the public name.
    let (daemon, at) = daemon(&own.place);
    own.note(&["serve"]);
    assert_eq!(ask("GET", &at, "/healthz", &[], b"").text(), "ok\n");
    let ready = ask("GET", &at, "/readyz", &[], b"");
    assert_eq!((ready.status, ready.text().as_str()), (200, "ready\n"));
    let field = format!("shop={shop_url}");
    let words = ["connect", "sandbox", "--client", "acme", "--set", &field, "--no-wait"];
    let link = text(&own.json(&words)["connect_url"]);
    assert!(link.starts_with("https://sync.blackbox.example/connect/sandbox?"), "{link}");
    allow(&link, &at, address(&shop_url), "https://sync.blackbox.example");
    let shop_id = id(&own.both(&["connections", "list"]));
    assert_eq!(own.both(&["connections", "show", &shop_id])["store_type"], "sandbox");
    assert_eq!(own.both(&["connections", "check", &shop_id])["ok"], true);
    own.json(&["connections", "pause", &shop_id]);
    own.json(&["connections", "resume", &shop_id]);
    own.json(&["connections", "schedule", &shop_id, "--every", "6h", "--push-on-approval", "false"]);
    own.both(&["connections", "migrate-tokens", "--dry-run"]);
    let runs = own.both(&["sync", &shop_id, "--full"]);
    assert_eq!((runs[0]["status"].as_str(), runs[0]["items_total"].as_i64()), (Some("success"), Some(8)), "{runs}");
    let run = id(&own.both(&["logs"]));
    assert!(own.both(&["logs", "show", &run])["items"].is_array());

    // Products, pictures, and what is seen on them.
    let imported = own.both(&["products", "list", "--connection", &shop_id]);
    assert_eq!(imported.as_array().map(Vec::len), Some(8));
    let product = id(&imported);
    own.both(&["products", "show", &product]);
    own.both(&["products", "why", &product]);
    assert_eq!(own.both(&["products", "analyse", &product])[0]["analysis"]["style"], "warm oak", "the model answers");
    let created = ask("DELETE", address(&shop_url), "/mischief", &[], b"");
    assert!(created.status < 300, "{}", created.text());
    let erp = text(&imported[7]["erp_id"]);
    let taken = own.place.run(&["products", "link", &uploaded, "--connection", &shop_id, "--erp-id", &erp]);
    assert!(taken.code == Some(1) && taken.stderr.contains("already exists"), "{}", taken.stderr);
    own.note(&["products", "link"]);
    let session = id(&own.json(&["sessions", "create", "--client", "acme", "--name", "Now", "--product", &product]));
    own.both(&["sessions", "list"]);
    own.json(&["sessions", "update", &session, "--name", "Now or never"]);
    assert_eq!(own.both(&["sessions", "show", &session])["name"], "Now or never");
    own.json(&["sessions", "say", &session, "on a wooden table"]);
    let mut words = vec!["flows", "create", "--session", &session, "--product", &product, "--name", "Marble"];
    words.extend(settings);
    let flow = id(&own.json(&words));
    own.json(&["flows", "update", &flow, "--set", "style=marble"]);
    own.both(&["flows", "list"]);
    own.both(&["flows", "show", &flow]);
    own.both(&["flows", "prompt", &flow]);
    let asset = id(&own.json(&["flows", "generate", &flow, "--variants", "1", "--seed", "3"]));
    assert_eq!(own.both(&["flows", "progress", &flow])["completed"], 1);
    own.json(&["sessions", "generate", &session, "--again", "--variants", "1"]);
    assert_eq!(own.both(&["sessions", "progress", &session])["completed"], 2);
    let made = own.json(&["generate", "--product", &product, "--variants", "1", "--engine", "studio"]);
    assert_eq!(made[0]["status"], "completed", "{made}");
    assert_eq!(own.both(&["usage", "acme"])["client_id"], client.as_str());
    own.both(&["assets", "list", "--client", "acme"]);
    own.both(&["assets", "show", &asset]);
    own.json(&["assets", "regenerate", &asset]);
    own.json(&["assets", "edit", &asset, "--set", "postAdjustments.light.exposure=20"]);
    let address_of_it = text(&own.both(&["assets", "url", &asset])["url"]);
    assert!(!address_of_it.is_empty());
    own.json(&["assets", "save", &asset, "made.png"]);
    assert!(std::fs::read(own.place.path("made.png")).expect("is there").starts_with(b"\x89PNG"));
    own.both(&["assets", "tidy"]);
    own.place.write("fields.json", "{\"client_id\": \"acme\", \"asset_url\": \"https://img.example.com/a.png\"}");
    own.json(&["assets", "create", "--from", "fields.json"]);
    own.place.write("more.json", "{\"prompt\": \"a mug\"}");
    own.json(&["assets", "update", &asset, "--from", "more.json"]);
    let given = id(&own.json(&["assets", "add", "--product", &product, "made.png"]));
    own.json(&["assets", "delete", &given]);
    let scene = id(&own.json(&["inspirations", "create", &session, "made.png"]));
    own.both(&["inspirations", "list", &session]);
    own.both(&["inspirations", "show", &scene]);
    own.json(&["inspirations", "update", &scene, "--order", "3"]);
    assert_eq!(own.both(&["inspirations", "analyse", &scene])["style"], "warm oak", "the model answers");
    own.json(&["inspirations", "delete", &scene]);

    // What people say about things.
    let tag = id(&own.json(&["tags", "create", "--client", "acme", "red", "--color", "#ff0000"]));
    let thing = format!("product:{product}");
    own.json(&["tags", "assign", &tag, &thing]);
    assert_eq!(own.both(&["tags", "list", "--on", &thing]).as_array().map(Vec::len), Some(1));
    own.both(&["tags", "show", &tag]);
    own.json(&["tags", "unassign", &tag, &thing]);
    own.json(&["tags", "update", &tag, "--name", "blue"]);
    own.json(&["tags", "delete", &tag]);
    own.json(&["favorites", "create", &thing, "--user", "ann@acme.example"]);
    assert_eq!(own.both(&["favorites", "list", "--user", "ann@acme.example"]).as_array().map(Vec::len), Some(1));
    own.both(&["favorites", "show", &thing]);
    own.json(&["favorites", "delete", &thing, "--user", "ann@acme.example"]);
    let event = id(&own.json(&["events", "create", "--client", "acme", "--type", "viewed", "--asset", &asset]));
    own.both(&["events", "list"]);
    own.both(&["events", "show", &event]);
    own.both(&["events", "summary"]);
    own.json(&["events", "delete", &event]);

    // Into the shop, and out of it again.
    own.json(&["assets", "approve", &asset]);
    let pushed = own.json(&["push", "run", &asset]);
    assert_eq!(pushed[0]["status"], "synced", "{pushed}");
    let push = id(&own.both(&["push", "list"]));
    own.json(&["push", "retry"]);
    let reverted = own.json(&["push", "revert", &push]);
    assert_ne!(reverted[0]["status"], "synced", "{reverted}");
    own.json(&["assets", "reject", &asset]);

    // The API, for those who hold its token only.
    let route = format!("/api/v1/assets/{asset}");
    assert_eq!(ask("GET", &at, &route, &[], b"").status, 401);
    let shown = ask("GET", &at, &route, &[("Authorization", "Bearer canary-api-token-0123456789")], b"");
    assert_eq!(serde_json::from_slice::<Value>(&shown.body).expect("is JSON")["id"], asset.as_str());
    assert!(shown.header("x-request-id").is_some_and(|id| !id.is_empty()), "an answer names its request");

    // Leaving, and the end.
    own.json(&["flows", "delete", &flow]);
    own.json(&["sessions", "delete", &session]);
    own.json(&["connections", "disconnect", &shop_id]);
    let said = daemon.terminate();
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    own.place.check(&said, "serve");
    for line in said.stderr.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "a JSON log has the line: {line}");
    }
    assert!(!said.stderr.contains("tokio_cron_scheduler"), "a library tells what it is made of: {}", said.stderr);
    assert_eq!(shop.terminate().code, Some(0));

    // What needs keys in a file, and what makes a place of its own.
    let bare = Place::new();
    bare.json(&["clients", "add", "Acme"]);
    for words in [["keys", "rotate"], ["keys", "prune"]] {
        own.note(&words);
        bare.json(&words);
    }
    assert_eq!(bare.json(&["keys", "list"])[0]["key_id"], "v2");
    own.note(&["demo"]);
    assert!(bare.done(&["demo", "--once"]).stdout.contains("pushed and read back"));

    let missing: Vec<&String> = own.all.difference(&own.ran).collect();
    assert!(missing.is_empty(), "no test runs: {missing:?}");
}

#[test]
fn every_command_runs_on_sqlite_with_every_key_set() {
    every_command(Engine::Sqlite);
}

#[test]
fn every_command_runs_on_postgres_with_every_key_set() {
    every_command(Engine::Postgres);
}
