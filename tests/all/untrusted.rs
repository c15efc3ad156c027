//! What others write is not trusted: text that no database takes, dates that cannot be, lives of tokens without sense, clocks
//! that were wrong once. Each costs at most what it stands on.

use std::{process::Command, time::Duration};

use serde_json::{Value, json};
use store_sync::{
    db::{self, Db, connection::Schedule},
    model::{ConnectionId, ImportScope, JobId, RunAction, RunStatus, Time, Trigger},
    sandbox::SandboxOptions,
    work,
};

use crate::{
    relay::Relay,
    support::{Engine, More, TestApp, on_both, write_by_hand},
};

async fn behind(engine: Engine, relay: &Relay) -> TestApp {
    let few = SandboxOptions { products: 3, ..SandboxOptions::default() };
    TestApp::with_more(engine, few, More { relay: Some(relay), ..More::default() }).await
}

async fn write(app: &TestApp, sql: &str) {
    write_by_hand(&app.tools.db, sql).await;
}

fn is_postgres(app: &TestApp) -> bool {
    matches!(app.tools.db, Db::Postgres { .. })
}

/// The products of a shop, each with more members, as the bytes that it answers.
fn products(more: &[Value]) -> String {
    let product = |(n, more): (usize, &Value)| {
        let mut product = json!({
            "id": (n + 1).to_string(), "title": format!("Product {}", n + 1), "status": "active", "price": "1.00",
            "updated_at": "2026-02-01T00:00:00Z", "variants": [], "images": []
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            product[name.as_str()] = value.clone();
        }
        product
    };
    let all: Vec<Value> = more.iter().enumerate().map(product).collect();
    json!({ "products": all, "next_cursor": null, "total": all.len() }).to_string()
}

fn answer(relay: &Relay, body: impl Into<Vec<u8>>) {
    let body = body.into();
    relay.bend("/api/products", move |_| ("application/json".to_owned(), body.clone()));
}

fn replace(text: &[u8], from: &str, to: &[u8]) -> Vec<u8> {
    let at = text.windows(from.len()).position(|part| part == from.as_bytes()).expect("is in it");
    [&text[..at], to, &text[at + from.len()..]].concat()
}

on_both!(
    what_no_database_takes_is_cleaned_at_the_border,
    what_came_instead_of_json_is_told_without_secrets,
    dates_that_cannot_be_are_none_and_the_watermark_stays_behind,
    a_life_of_a_token_without_sense_renews_nothing,
    a_token_answer_is_read_by_what_it_is,
    a_row_that_cannot_be_read_stops_nobody_else,
    times_that_a_wrong_clock_left_behind_are_put_right,
    a_schedule_that_an_operator_made_due_fires
);

async fn what_no_database_takes_is_cleaned_at_the_border(engine: Engine) {
    let relay = Relay::new().await;
    let app = behind(engine, &relay).await;
    let variant = |id: &str, name: &str, sku: &str| json!([{ "id": id, "sku": sku, "price": "1", "options": [{ "name": name, "value": "L\0" }] }]);
    // Nothing that a compression of the index would make short.
    let mut state = 1_u64;
    let long: String = (0..9000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'!' + u8::try_from((state >> 33) % 90).expect("small"))
        })
        .collect();
    let body = products(&[
        json!({ "variants": variant("v1", "Si\0ze", "s"), "images": [{ "id": "i1", "url": "https://x.example/1.png", "alt": "a\0lt\u{1b}" }] }),
        json!({ "title": "Cut emoji HALF" }),
        json!({ "title": "Caf LATIN" }),
        json!({ "sku": long, "variants": variant(&long, "Size", &long), "images": [{ "id": long, "url": "https://x.example/2.png", "alt": null }] }),
        json!({ "price": "12\0x" }),
        json!({ "id": long }),
        json!({ "title": "DEEP" }),
    ]);
    let body = replace(body.as_bytes(), " HALF\"", b" \\ud83d\"");
    let body = replace(&body, " LATIN", b"\xe9");
    let deep = format!("\"Deep\",\"meta_data\":{}{}", "[".repeat(300), "]".repeat(300));
    let body = replace(&body, "\"DEEP\"", deep.as_bytes());
    answer(&relay, [b"\xef\xbb\xbf".as_slice(), &body].concat());
    app.connect().await;
    app.drain().await;
    let run = app.runs().await.into_iter().find(|run| run.action == RunAction::Import).expect("a run");
    assert_eq!((run.items_created, run.items_failed), (6, 1), "{run:?}");
    let name = async |id: &str| app.product(id).await.name;
    assert_eq!((name("2").await.as_str(), name("3").await.as_str()), ("Cut emoji \u{fffd}", "Caf\u{fffd}"));
    assert_eq!(name("7").await, "Deep");
    assert_eq!(app.product("4").await.erp_sku.map(|sku| sku.chars().count()), Some(512));
    let mut tx = app.tools.db.read().await.expect("reads");
    let first = app.product("1").await.id;
    let variants =
        serde_json::to_value(db::product::list_variants(&mut tx, &first).await.expect("lists")).expect("json");
    assert_eq!(variants[0]["options"], json!({ "Size": "L" }));
    let images = db::product::list_images(&mut tx, &first).await.expect("lists");
    assert_eq!(images[0].alt_text.as_deref(), Some("alt"));
    let items = db::run::list_items(&mut tx, &run.id, 100).await.expect("lists");
    let note = |id: &str| {
        items
            .iter()
            .find(|item| item.external_id.as_deref() == Some(id))
            .and_then(|item| item.message.clone())
            .expect("a note")
    };
    assert!(note("5").contains("the price '12x'"), "{}", note("5"));
    assert!(note("4").contains("an SKU was cut to 512 characters"), "{}", note("4"));
    drop(tx);
    // The same answer is the same catalogue: nothing is written again, nothing taken for gone.
    let again = app.sync(ImportScope::Full).await;
    assert_eq!((again.items_unchanged, again.items_updated, again.items_deleted), (6, 0, 0), "{again:?}");
}

async fn what_came_instead_of_json_is_told_without_secrets(engine: Engine) {
    let relay = Relay::new().await;
    let app = behind(engine, &relay).await;
    let token = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let seen = token.clone();
    relay.bend("/oauth/token", move |body| {
        let value: Value = serde_json::from_slice(body).expect("json");
        value["access_token"].as_str().expect("a token").clone_into(&mut seen.lock().expect("is whole"));
        ("application/json".to_owned(), body.to_vec())
    });
    let id = app.connect().await;
    app.drain().await;
    let token = token.lock().expect("is whole").clone();
    let body = format!(
        "<br />\n<b>Deprecated</b>:\tstrpos() {token} in <b>/x.php</b>\u{1b}c<br />\n{}",
        products(&[json!({ "title": "hidden" })])
    );
    answer(&relay, body);
    let text = app.sync(ImportScope::Full).await.error_message.expect("a text");
    assert!(
        text.contains("it begins with '<br /> <b>Deprecated</b>: strpos() [redacted] in <b>/x.php</b> c<br />'"),
        "{text}"
    );
    assert!(!text.contains(&token) && !text.contains("hidden"), "{text}");
    relay.bend("/api/products", |_| {
        ("text/html".to_owned(), b"<!DOCTYPE html><html><head><title>Coming soon</title></head></html>".to_vec())
    });
    write(
        &app,
        &format!("UPDATE job SET status = 'cancelled' WHERE store_connection_id = '{id}' AND status = 'pending'"),
    )
    .await;
    let text = app.sync(ImportScope::Full).await.error_message.expect("a text");
    assert!(text.contains("it is an HTML page titled 'Coming soon'"), "{text}");
}

async fn dates_that_cannot_be_are_none_and_the_watermark_stays_behind(engine: Engine) {
    let relay = Relay::new().await;
    let app = behind(engine, &relay).await;
    let dated = |at: &str| json!({ "updated_at": at });
    let dates = [
        "9999-12-31T23:59:59-05:00",
        "-0001-11-30T00:00:00",
        "0000-00-00T00:00:00",
        "1969-12-31T00:00:00Z",
        "2027-06-01T00:00:00Z",
        "soon",
        "2026-03-02T11:00:00Z",
    ];
    answer(&relay, products(&dates.map(dated)));
    app.connect().await;
    app.drain().await;
    let all = app.products().await;
    assert_eq!(all.len(), 7);
    let told: Vec<Time> = all.iter().filter_map(|product| product.erp_updated_at).collect();
    assert_eq!(told, [Time::parse("2026-03-02T11:00:00Z").expect("a time")], "a shop's clock may be ahead by a day");
    let since = async || {
        app.clock.advance(Duration::from_mins(10));
        let before = app.clock.now();
        assert_eq!(app.sync(ImportScope::Changes).await.status, RunStatus::Success);
        let asked = relay.asked().into_iter().rfind(|uri| uri.starts_with("/api/products?")).expect("was asked");
        let url = url::Url::parse(&format!("http://x{asked}")).expect("an address");
        let since = url.query_pairs().find(|(name, _)| name == "updated_since").expect("only changes").1.into_owned();
        let since = Time::parse(&since).expect("a time");
        assert!(since <= before, "{since} {before}");
        since
    };
    let first = since().await;
    assert!(first > Time::parse("2026-03-01T11:00:00Z").expect("a time"), "{first}");
    // One that an older version left in the future heals: everything since the last complete pass is read once more.
    for far in [
        "2027-06-01T00:00:00.000Z",
        if is_postgres(&app) { "12020-01-01 00:00:00Z" } else { "+12020-01-01T00:00:00.000Z" },
    ] {
        if far.starts_with("2027") {
            write(&app, &format!("UPDATE sync_cursor SET updated_since = '{far}'")).await;
            let healed = since().await;
            assert!(healed <= Time::parse("2026-03-01T12:00:00Z").expect("a time"), "{healed}");
        } else {
            write(&app, &format!("UPDATE sync_cursor SET updated_since = '{far}'")).await;
            assert_eq!(app.sync(ImportScope::Changes).await.status, RunStatus::Success, "a pass over everything");
            since().await;
        }
    }
}

async fn a_life_of_a_token_without_sense_renews_nothing(engine: Engine) {
    for (life, refresh) in [
        (json!(0), json!(0)),
        (json!(i64::MAX), json!(i64::MAX)),
        (json!(-5), json!(-5)),
        (json!(315_360_000_000_i64), json!("0")),
        (json!(40), json!(0)),
        (json!(null), json!(null)),
    ] {
        let relay = Relay::new().await;
        let app = behind(engine, &relay).await;
        let told = (life.clone(), refresh.clone());
        relay.bend("/oauth/token", move |body| {
            let mut value: Value = serde_json::from_slice(body).expect("json");
            value["expires_in"] = told.0.clone();
            value["refresh_token_expires_in"] = told.1.clone();
            ("application/json".to_owned(), value.to_string().into_bytes())
        });
        app.connect().await;
        for _ in 0..5 {
            work::tick(&app.tools).await.expect("ticks");
            app.drain().await;
            app.clock.advance(Duration::from_secs(5));
        }
        app.sync(ImportScope::Full).await;
        assert_eq!(relay.passed().len(), 1, "{life}: one token call");
        let kept = app.connection().await;
        let ten_years = app.clock.now().plus(Duration::from_hours(24 * 3654));
        assert!(
            kept.token_expires_at.is_none_or(|end| end < ten_years)
                && kept.refresh_expires_at.is_none_or(|end| end < ten_years),
            "{life}"
        );
        if refresh != json!(i64::MAX) {
            assert_eq!((kept.refresh_expires_at, kept.warn_at), (None, None), "{refresh} is no end");
        }
        assert!(app.runs().await.iter().all(|run| run.error_code.as_deref() != Some("permission_ending")), "{life}");
        // A refusal is another matter: then one is made at once.
        app.mischief(json!({ "on": "GET /api/products", "do": "expire" })).await;
        assert_eq!(app.sync(ImportScope::Full).await.status, RunStatus::Success, "{life}");
        assert_eq!(relay.passed().len(), 2, "{life}: one after the refusal");
    }
}

async fn a_token_answer_is_read_by_what_it_is(engine: Engine) {
    let form = |value: &Value| {
        let pairs = value
            .as_object()
            .expect("an object")
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
    };
    for kind in ["application/x-www-form-urlencoded; charset=utf-8", "application/json"] {
        let relay = Relay::new().await;
        let app = behind(engine, &relay).await;
        relay.bend("/oauth/token", move |body| {
            let value: Value = serde_json::from_slice(body).expect("json");
            let body = if kind.contains("form") { form(&value) } else { [b"\xef\xbb\xbf", body].concat() };
            (kind.to_owned(), body)
        });
        app.connect().await;
        let kept = app.connection().await;
        assert_eq!(kept.token_expires_at, Some(app.clock.now().plus(Duration::from_hours(1))), "{kind}");
        assert_eq!(
            kept.scopes.map(|scopes| scopes.0),
            Some(vec!["products".to_owned(), "pictures".to_owned()]),
            "{kind}"
        );
    }
    // What may hold a token is not shown, a page for people is.
    for (body, shown) in [("access_token=SECRET-1", None), ("<html><title>Log in</title>SECRET-1", Some("Log in"))] {
        let relay = Relay::new().await;
        let app = behind(engine, &relay).await;
        relay.bend("/oauth/token", move |_| ("text/html".to_owned(), body.as_bytes().to_vec()));
        let (mut visitor, back) = app.consent("allow").await;
        let page = visitor.open(&back).await.expect("an answer");
        let text = page.text();
        assert!(page.response.status >= 400 && !text.contains("SECRET-1"), "{text}");
        assert!(shown.is_none_or(|shown| text.contains(shown)), "{text}");
    }
}

async fn a_row_that_cannot_be_read_stops_nobody_else(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.connect_as("other").await;
    app.drain().await;
    let all = async || {
        let mut tx = app.tools.db.read().await.expect("reads");
        db::connection::list(&mut tx, None, None, 100).await.expect("lists")
    };
    let other = all().await.into_iter().find(|shop| shop.id != id).expect("two shops").id;
    write(&app, &format!("UPDATE store_connection SET facts = '[1]', auto_sync_enabled = true, next_sync_at = '2026-03-01T11:00:00.000Z', renew_at = '2026-03-01T11:00:00.000Z', warn_at = '2026-03-01T11:00:00.000Z', keep_alive_at = '2026-03-01T11:00:00.000Z' WHERE id = '{other}'")).await;
    write(&app, &format!("UPDATE store_connection SET auto_sync_enabled = true, next_sync_at = '2026-03-01T11:00:00.000Z' WHERE id = '{id}'")).await;
    assert_eq!(all().await.iter().map(|shop| &shop.id).collect::<Vec<_>>(), [&id]);
    work::tick(&app.tools).await.expect("ticks");
    app.drain().await;
    let imports = app
        .runs()
        .await
        .into_iter()
        .filter(|run| run.action == RunAction::Import && run.trigger == Trigger::Schedule)
        .count();
    assert_eq!(imports, 1, "the other shop is imported");
    let mut tx = app.tools.db.read().await.expect("reads");
    let error = db::connection::find(&mut tx, &other).await.expect_err("it cannot be read").to_string();
    assert!(error.contains("store_connection.facts") && error.contains(other.as_str()), "{error}");
    assert_eq!(db::unreadable().iter().filter(|told| told.contains(other.as_str())).count(), 1, "told once");
    drop(tx);
    // A waiting job that says nothing: those behind it are done, and it says why it was not.
    let job = |n: u32| {
        format!(
            "INSERT INTO job (id, client_id, queue, type, payload, status, scheduled_for, lane, priority, created_at, attempts, max_attempts) VALUES ('bad-{n}', 'acme', 'import', 'import_products', '{{\"import\": {n}}}', 'pending', '2026-03-01T11:00:00.000Z', 'bad:{n}', 1, '2026-03-01T11:00:00.000Z', 0, 3)"
        )
    };
    write(&app, &job(1)).await;
    write(&app, &job(2)).await;
    assert_eq!(app.sync(ImportScope::Full).await.status, RunStatus::Success);
    let sql = "SELECT count(*) FROM job WHERE id LIKE 'bad-%' AND status = 'failed' AND running_lane IS NULL AND error LIKE '%job.payload%'";
    let failed: i64 = match &app.tools.db {
        Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_one(read).await.expect("counts"),
        Db::Postgres { pool, .. } => sqlx::query_scalar(sql).fetch_one(pool).await.expect("counts"),
    };
    assert_eq!(failed, 2);
}

async fn times_that_a_wrong_clock_left_behind_are_put_right(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    let far = if is_postgres(&app) { "infinity" } else { "+12020-01-01T00:00:00.000Z" };
    write(&app, &format!("UPDATE store_connection SET token_expires_at = '{far}', refresh_expires_at = '{far}', renew_at = '{far}', keep_alive_at = '{far}', warn_at = '{far}', backoff_until = '{far}', refresh_locked_until = '{far}', refresh_locked_by = 'gone', auto_sync_enabled = true, next_sync_at = '{far}'")).await;
    work::tick(&app.tools).await.expect("ticks");
    let now = app.clock.now();
    let healed = app.connection().await;
    assert!(
        healed.backoff_until.is_none() && healed.next_sync_at.is_some_and(|at| at <= now.plus(Duration::from_hours(1))),
        "{healed:?}"
    );
    app.clock.advance(Duration::from_mins(5));
    app.drain().await;
    let renewed = app.connection().await;
    assert_eq!(renewed.token_version, healed.token_version + 1, "the token was renewed: its lock is free");
    assert!(renewed.token_expires_at.is_some_and(|at| at <= app.clock.now().plus(Duration::from_hours(1))));
    // Four years ahead, as after a clock without battery: an hourly schedule, a yearly one and a job.
    let mut tx = app.tools.db.begin().await.expect("begins");
    let planned = |cron| Schedule {
        enabled: true,
        interval_seconds: 3600,
        cron,
        timezone: "UTC",
        next: Some(now.plus(Duration::from_hours(24 * 1461))),
    };
    for (cron, right) in [(None, Duration::from_mins(61)), (Some("0 6 1 6 *"), Duration::from_hours(24 * 92))] {
        db::connection::update_schedule(&mut tx, &id, &planned(cron), now).await.expect("is set");
        tx.commit().await.expect("commits");
        work::tick(&app.tools).await.expect("ticks");
        let next = app.connection().await.next_sync_at.expect("a time");
        assert!(next <= app.clock.now().plus(right), "{cron:?} {next}");
        // A second look finds nothing to do.
        work::tick(&app.tools).await.expect("ticks");
        assert_eq!(app.connection().await.next_sync_at, Some(next));
        tx = app.tools.db.begin().await.expect("begins");
    }
    drop(tx);
    write(&app, "UPDATE store_connection SET token_refreshed_at = '2030-03-01T12:00:00.000Z', renew_at = '2030-03-01T12:00:00.000Z', keep_alive_at = '2030-05-01T12:00:00.000Z', token_expires_at = '2030-03-01T13:00:00.000Z', auto_sync_enabled = false").await;
    let waiting = JobId::from("waiting");
    write(&app, &format!("INSERT INTO job (id, client_id, queue, store_connection_id, type, payload, status, scheduled_for, lane, priority, created_at, attempts, max_attempts) SELECT 'waiting', client_id, queue, store_connection_id, type, payload, 'pending', '2030-03-01T12:00:00.000Z', lane, priority, created_at, 0, 3 FROM job WHERE type = 'import_products' AND store_connection_id = '{id}' LIMIT 1")).await;
    let mut tx = app.tools.db.read().await.expect("reads");
    let told = db::times::list_impossible(&mut tx, app.clock.now()).await.expect("looks");
    assert!(
        told.iter().any(|(column, _, _)| *column == "store_connection.token_refreshed_at")
            && told.iter().any(|(_, row, _)| row == waiting.as_str()),
        "{told:?}"
    );
    drop(tx);
    let version = app.connection().await.token_version;
    work::tick(&app.tools).await.expect("ticks");
    app.drain().await;
    assert_eq!(app.connection().await.token_version, version + 1, "renewed although its times say 2030");
    let mut tx = app.tools.db.read().await.expect("reads");
    assert!(
        db::job::find(&mut tx, &waiting).await.expect("reads").expect("is there").completed_at.is_some(),
        "the job was done"
    );
    assert!(db::times::list_impossible(&mut tx, app.clock.now()).await.expect("looks").is_empty());
}

async fn a_schedule_that_an_operator_made_due_fires(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id: ConnectionId = app.connect().await;
    app.drain().await;
    let fine = if is_postgres(&app) { "2026-03-01T11:59:59.123456Z" } else { "2026-03-01 11:59:59.123456" };
    write(&app, &format!("UPDATE store_connection SET auto_sync_enabled = true, next_sync_at = '{fine}', warn_at = '{fine}', refresh_expires_at = '2026-04-01T11:59:59.123456Z' WHERE id = '{id}'")).await;
    for _ in 0..3 {
        work::tick(&app.tools).await.expect("ticks");
    }
    app.drain().await;
    let runs = app.runs().await;
    let count = |check: &dyn Fn(&store_sync::model::Run) -> bool| runs.iter().filter(|run| check(run)).count();
    assert_eq!(count(&|run| run.trigger == Trigger::Schedule && run.action == RunAction::Import), 1);
    assert_eq!(count(&|run| run.error_code.as_deref() == Some("permission_ending")), 1, "warned once");
}

/// The built program prints what others wrote: nothing of it steers a terminal, and programs get it as it is.
#[test]
fn a_terminal_gets_signs_and_a_program_the_text() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
        let output =
            command.current_dir(folder.path()).args(args).env_remove("STORE_SYNC_CONFIG").output().expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("is UTF-8")
    };
    run(&["clients", "add", "Acme"]);
    let title = format!("\u{1b}]0;pwned\u{7}\u{1b}[2J\u{202e}\u{9b}\nforged {}", "x".repeat(5000));
    let added: Value =
        serde_json::from_str(&run(&["--json", "products", "add", "--client", "acme", "--name", &title])).expect("json");
    let id = added["id"].as_str().expect("an id").to_owned();
    for args in [vec!["products", "list"], vec!["products", "show", &id], vec!["products", "why", &id]] {
        let shown = run(&args);
        assert!(shown.contains("␛]0;pwned␇␛[2J\u{fffd}\u{fffd}␊forged"), "{args:?}: {shown}");
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{args:?}: {shown:?}");
    }
    let widest = run(&["products", "list"]).lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest < 300), "{widest:?}");
    let exact: Value = serde_json::from_str(&run(&["--json", "products", "show", &id])).expect("json");
    assert_eq!(exact["name"], title.as_str());
}
