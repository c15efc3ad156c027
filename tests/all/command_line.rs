//! The command line as a user meets it: the real binary, its exit codes, its words.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store_sync::{
    app,
    cli::visitor::{Landed, Visitor},
    config::Config,
    connect::StoredCredentials,
    db,
    model::ConnectionStatus,
    outside::Outside,
    provider::CredentialSource,
    sandbox::{self, Sandbox, SandboxOptions},
};

fn store_sync(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
    command.current_dir(folder).args(args).env_remove("STORE_SYNC_CONFIG");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STORE_SYNC__")) {
        command.env_remove(name);
    }
    command.output().expect("runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stdout)))
}

#[test]
fn the_demo_does_the_whole_journey() {
    let folder = tempfile::tempdir().expect("a temp folder");
    for _ in 0..2 {
        let output = store_sync(folder.path(), &["demo", "--once"]);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}{}", text(&output.stderr));
        for words in
            ["60 products imported", "24 pictures made", "pushed and read back", "store_sync_log", "Where to look next"]
        {
            assert!(said.contains(words), "'{words}' is missing in: {said}");
        }
    }
    let config = "demo-data/config.toml";
    let products = json(&store_sync(folder.path(), &["--config", config, "--json", "products", "list"]));
    assert_eq!(products.as_array().map(Vec::len), Some(60));
    let pushes = json(&store_sync(folder.path(), &["--config", config, "--json", "push", "list"]));
    assert_eq!(pushes[0]["status"], "synced");
    let runs = json(&store_sync(folder.path(), &["--config", config, "--json", "logs"]));
    assert!(runs.as_array().expect("a list").iter().all(|run| run["status"] == "success"), "{runs}");
    let id = pushes[0]["product_id"].as_str().expect("an id");
    let why = json(&store_sync(folder.path(), &["--config", config, "--json", "products", "why", id]));
    assert_eq!(why["pushes"].as_array().map(Vec::len), Some(1));
    let shown = json(&store_sync(
        folder.path(),
        &["--config", config, "--json", "logs", "show", runs[0]["id"].as_str().expect("an id")],
    ));
    assert!(shown["items"].is_array());
}

#[test]
fn the_demo_clears_only_what_a_demo_made() {
    let folder = tempfile::tempdir().expect("a temp folder");
    std::fs::create_dir(folder.path().join("demo-data")).expect("a folder");
    std::fs::write(folder.path().join("demo-data/precious"), "x").expect("a file");
    let output = store_sync(folder.path(), &["demo", "--once"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no demo made it"));
    assert!(folder.path().join("demo-data/precious").exists());
}

#[test]
fn a_catalogue_of_ones_own_is_shown_or_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a temp folder");
    std::fs::write(
        folder.path().join("good.csv"),
        "Handle,Title,Variant SKU,Variant Price\na,Apple,A-1,1.20\nb,Pear,B-1,0.90\n",
    )
    .expect("a file");
    let output = store_sync(folder.path(), &["demo", "--once", "--catalogue", "good.csv"]);
    assert!(text(&output.stdout).contains("2 products imported"), "{}{}", text(&output.stdout), text(&output.stderr));
    std::fs::write(folder.path().join("bad.csv"), "Handle,Title,Variant Price\na,Apple,cheap\n").expect("a file");
    let output = store_sync(folder.path(), &["demo", "--once", "--catalogue", "bad.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("bad.csv: line 2, column Variant Price: 'cheap' is not a price"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn clients_are_added_once() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let client = json(&store_sync(folder.path(), &["--json", "clients", "add", "Acme & Söhne"]));
    assert_eq!(client["slug"], "acme-söhne");
    let again = store_sync(folder.path(), &["clients", "add", "Acme & Söhne"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("give another --slug"));
    assert_eq!(json(&store_sync(folder.path(), &["--json", "clients", "list"])).as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_not_set_up_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temp folder");
    store_sync(folder.path(), &["clients", "add", "Acme"]);
    let output = store_sync(folder.path(), &["connect", "sandbox", "--client", "acme"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("[app.sandbox]"), "{}", text(&output.stderr));
    let output = store_sync(folder.path(), &["sync", "--all"]);
    assert_eq!((output.status.code(), text(&output.stderr).contains("no shop is connected")), (Some(1), true));
    assert_eq!(store_sync(folder.path(), &["sync"]).status.code(), Some(2), "wrong usage");
    let output = store_sync(folder.path(), &["connect", "nowhere", "--client", "acme"]);
    assert!(text(&output.stderr).contains("there is no provider 'nowhere'"));
}

#[test]
fn migrate_says_what_it_does_and_does_it_once() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let planned = json(&store_sync(folder.path(), &["--json", "migrate", "--dry-run"]));
    assert_eq!(planned["kind"], "empty");
    assert!(planned["steps"].as_array().is_some_and(|steps| steps.len() > 90), "{planned}");
    let done = json(&store_sync(folder.path(), &["--json", "migrate"]));
    assert_eq!(done["steps"], planned["steps"], "a dry run changed nothing");
    let again = json(&store_sync(folder.path(), &["--json", "migrate"]));
    assert_eq!((again["kind"].as_str(), again["steps"].as_array().map(Vec::len)), (Some("current"), Some(0)));
}

#[test]
fn a_broken_configuration_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a temp folder");
    for (written, words) in [
        ("[server\n", "line 1"),
        ("[server]\nlisten = 'nowhere'\n", "listen"),
        ("[servr]\n", "servr"),
        ("[http]\nconnect_to = { 'a.example' = 'http://127.0.0.1:1' }\n", "allow_private_networks"),
        ("[database]\nurl = 'mysql://x'\n", "must start with sqlite: or postgres://"),
        ("[work]\nlease_seconds = 0\n", "must be from 1 to 3600"),
    ] {
        std::fs::write(folder.path().join("config.toml"), written).expect("a file");
        let output = store_sync(folder.path(), &["clients", "list"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{written}: {said}");
        assert!(said.contains(words), "{written}: {said}");
    }
}

#[test]
fn slips_in_names_are_told_with_what_was_meant() {
    let folder = tempfile::tempdir().expect("a temp folder");
    store_sync(folder.path(), &["clients", "add", "Acme"]);
    let app = |key: &str, more: &str| format!("[app.{key}]\nclient_id = 'i'\nclient_secret = 's'\n{more}\n");
    for (config, told) in [
        (app("shopfy", ""), "no provider 'shopfy'; did you mean [app.shopify]?"),
        (
            "[push]\nallow_unguarded = ['pretix', 'woocomerce']\n".to_owned(),
            "no provider 'woocomerce'; did you mean 'woocommerce'?",
        ),
    ] {
        std::fs::write(folder.path().join("config.toml"), config).expect("a file");
        for command in [&["clients", "list"][..], &["serve"], &["doctor"]] {
            let output = store_sync(folder.path(), command);
            let said = text(&output.stderr) + &text(&output.stdout);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains(told), "{said}");
        }
    }
    std::fs::write(folder.path().join("config.toml"), app("shopify", "client = 'nobody'")).expect("a file");
    let output = store_sync(folder.path(), &["serve"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("[app.shopify] client = \"nobody\": there is no such client"), "{said}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
    command.current_dir(folder.path()).args(["clients", "list"]).env("STORE_SYNC__APP__SHOPIFY__CLIENT_SECRET", "");
    let output = command.output().expect("runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("STORE_SYNC__APP__SHOPIFY__CLIENT_SECRET is set but empty"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn commands_that_only_look_make_nothing() {
    let folder = tempfile::tempdir().expect("a temp folder");
    for command in [
        &["clients", "list"][..],
        &["connections", "list"],
        &["products", "list"],
        &["logs"],
        &["sync", "--all"],
        &["push", "list"],
        &["keys", "list"],
        &["connect", "sandbox", "--client", "acme", "--no-wait"],
    ] {
        let output = store_sync(folder.path(), command);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(1) || output.status.code() == Some(2), "{command:?}: {said}");
        if output.status.code() == Some(1) {
            assert!(said.contains("store-sync clients add NAME"), "{command:?}: {said}");
        }
    }
    let table = json(&store_sync(folder.path(), &["--json", "doctor"]));
    assert!(table.as_array().is_some_and(|findings| findings.len() >= 5), "{table}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_data_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temp folder");
    let data = folder.path().join("data");
    let open = |mode: u32| {
        let mut open = Vec::new();
        for entry in
            [data.clone()].into_iter().chain(std::fs::read_dir(&data).expect("a folder").flatten().map(|e| e.path()))
        {
            if mode > 0 && !entry.ends_with("vault.key") {
                std::fs::set_permissions(&entry, std::fs::Permissions::from_mode(mode)).expect("is opened");
            }
            if std::fs::metadata(&entry).expect("is there").permissions().mode() & 0o077 != 0 {
                open.push(entry);
            }
        }
        open
    };
    let shell = format!("umask 000; exec {} clients add Acme", env!("CARGO_BIN_EXE_store-sync"));
    let output = Command::new("sh").current_dir(folder.path()).args(["-c", &shell]).output().expect("runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(data.join("store-sync.db").exists() && open(0).is_empty(), "{:?}", open(0));
    // As an older version left it.
    assert!(open(0o755).len() >= 2);
    let output = store_sync(folder.path(), &["clients", "list"]);
    assert!(text(&output.stderr).contains("it is its owner's alone now"), "{}", text(&output.stderr));
    assert!(open(0).is_empty(), "{:?}", open(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_made_beside_sealed_grants() {
    use std::os::unix::fs::PermissionsExt;

    use crate::support::{Engine, TestApp};
    let app = TestApp::with(Engine::Sqlite, SandboxOptions { products: 1, ..SandboxOptions::default() }).await;
    app.connect().await;
    let folder = app.folder.path().to_owned();
    // The test's own door stands at that port.
    let config = folder.join("config.toml");
    let text_of =
        std::fs::read_to_string(&config).expect("reads").replace(app.url.trim_start_matches("http://"), "127.0.0.1:0");
    std::fs::write(&config, text_of).expect("is written");
    let key = folder.join("vault.key");
    let copy = std::fs::read(&key).expect("the key");
    std::fs::remove_file(&key).expect("is lost");
    for command in [&["serve"][..], &["clients", "list"], &["--json", "doctor"]] {
        let output = store_sync(&folder, command);
        let said = (text(&output.stderr) + &text(&output.stdout)).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("sealed") && said.contains("vault.key"), "{said}");
        assert!(!key.exists(), "{command:?} made one");
    }
    std::fs::write(&key, copy).expect("is back");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("is closed");
    assert!(store_sync(&folder, &["clients", "list"]).status.success());
}

#[test]
fn the_example_configuration_is_the_default() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = Config::load(Some(&root.join("config.example.toml")), std::iter::empty()).expect("the example loads");
    let folder = tempfile::tempdir().expect("a temp folder");
    let empty = folder.path().join("config.toml");
    std::fs::write(&empty, "").expect("a file");
    let default = Config::load(Some(&empty), std::iter::empty()).expect("nothing loads");
    let shown = |config: &Config, root: &Path| format!("{config:?}").replace(&root.display().to_string(), "");
    assert_eq!(shown(&example, root), shown(&default, folder.path()));
}

#[test]
fn provider_files_with_slips_are_refused_by_name_and_key() {
    let good = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("providers/sandbox/provider.toml"))
        .expect("a file");
    for (from, to, words) in [
        ("updated_at = \"updated_at\"", "updatd_at = \"updated_at\"", "updatd_at"),
        ("op = \"products\"", "op = \"prodcts\"", "there is no op 'prodcts'"),
        ("kind = \"cursor\"", "kind = \"cursr\"", "cursr"),
        ("cursor = \"{page.token}\"", "cursor = \"{page.tokn}\"", "'{page.tokn}' is not a known name"),
        ("pattern = '^https?", "pattern = 'https?", "must be anchored"),
        ("schema = 1", "schema = 2", "this program reads schema 1"),
        ("key = \"sandbox\"", "key = \"other\"", "must be the name of its folder"),
        ("upto = \"2m\"", "upto = \"2 moons\"", "not a duration"),
        ("keep = { image_id = \"image.id\" }", "keep = { image_id = \"image..id\" }", "is not a path"),
        ("status = [401]", "status = [\"4x\"]", "a status is a number"),
        ("name = \"ready\"", "name = \"attach\"", "two steps have this name"),
        ("class = \"revoked\"", "class = \"gone\"", "unknown variant `gone`"),
    ] {
        assert!(good.contains(from), "{from}");
        let folder = tempfile::tempdir().expect("a temp folder");
        std::fs::create_dir(folder.path().join("sandbox")).expect("a folder");
        std::fs::write(folder.path().join("sandbox/provider.toml"), good.replacen(from, to, 1)).expect("a file");
        let output = store_sync(folder.path(), &["providers", "check", "."]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{to}: {said}");
        assert!(said.contains("provider.toml") && said.contains(words), "{to}: {said}");
    }
    let folder = tempfile::tempdir().expect("a temp folder");
    assert!(store_sync(folder.path(), &["providers", "check"]).status.success());
}

#[test]
fn helpers_for_shells_and_editors_are_there() {
    let folder = tempfile::tempdir().expect("a temp folder");
    assert!(text(&store_sync(folder.path(), &["completions", "bash"]).stdout).contains("store-sync"));
    assert_eq!(json(&store_sync(folder.path(), &["config", "schema"]))["title"], "Config");
    let doctor = json(&store_sync(folder.path(), &["--json", "doctor"]));
    assert!(doctor.as_array().expect("a list").iter().all(|finding| finding["ok"] == true), "{doctor}");
}

/// A folder with a configuration, which has `more` in it, beside a shop: the file, the shop's address, and what reaches it.
async fn beside_a_shop(folder: &Path, more: &str) -> (PathBuf, String, Outside) {
    let port =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    let written = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n[http]\nallow_private_networks = true\n{more}[app.sandbox]\n\
         client_id = \"store-sync\"\nclient_secret = \"sandbox-secret\"\n"
    );
    let file = folder.join("config.toml");
    std::fs::write(&file, written).expect("a file");
    let outside =
        app::outside(&Config::load(Some(&file), std::iter::empty()).expect("a configuration")).expect("outside");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let shop_url = format!("http://{}", listener.local_addr().expect("an address"));
    let shop =
        Sandbox::new(SandboxOptions { base_url: shop_url.clone(), ..SandboxOptions::default() }, outside.clone())
            .expect("a shop");
    tokio::spawn(sandbox::serve(listener, shop, std::future::pending()));
    (file, shop_url, outside)
}

/// The consent page behind a connect link, once the waiting command serves it.
async fn opened(visitor: &mut Visitor, link: &str, outside: &Outside) -> Landed {
    for _ in 0..100 {
        if let Ok(page) = visitor.open(link).await {
            return page;
        }
        outside.clock.sleep(std::time::Duration::from_millis(100)).await;
    }
    visitor.open(link).await.expect("the consent page")
}

/// A whole working day at the command line: connect without a daemon, import, schedule, pause, push, leave.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_do_everything_by_hand() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (file, shop_url, outside) =
        beside_a_shop(folder.path(), "[work]\npoll_ms = 50\n[log]\nlevel = \"trace\"\n").await;
    // Everything any command ever says, at the highest log level.
    let said = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let run = |args: &[&str]| {
        let (folder, args): (_, Vec<String>) =
            (folder.path().to_owned(), args.iter().map(|a| (*a).to_owned()).collect());
        let said = said.clone();
        tokio::task::spawn_blocking(move || {
            let output = store_sync(&folder, &args.iter().map(String::as_str).collect::<Vec<_>>());
            said.lock().expect("a lock").push_str(&(text(&output.stdout) + &text(&output.stderr)));
            output
        })
    };
    json(&run(&["--json", "clients", "add", "Acme"]).await.expect("ends"));

    // The command waits, and serves itself, until the merchant has been at the shop.
    let set = format!("shop={shop_url}");
    let link = json(
        &run(&["--json", "connect", "sandbox", "--client", "acme", "--set", &set, "--no-wait"]).await.expect("ends"),
    );
    let waiting = run(&["--json", "connect", "sandbox", "--client", "acme", "--set", &set]);
    let mut visitor = Visitor::new(outside.http.clone());
    let page = opened(&mut visitor, link["connect_url"].as_str().expect("a link"), &outside).await;
    let back = visitor.decide(&page, "allow").await.expect("a way back");
    assert_eq!(visitor.open(back.as_str()).await.expect("the callback").response.status, 200);
    let connection = json(&waiting.await.expect("ends"));
    let id = connection["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        (connection["store_name"].as_str(), connection["status"].as_str()),
        (Some("Sandbox Shop"), Some("active"))
    );
    let products = json(&run(&["--json", "products", "list", "--connection", &id]).await.expect("ends"));
    assert_eq!(products.as_array().map(Vec::len), Some(60), "the first import was awaited");

    let synced = json(&run(&["--json", "sync", &id, "--full"]).await.expect("ends"));
    assert_eq!((synced[0]["status"].as_str(), synced[0]["items_unchanged"].as_i64()), (Some("success"), Some(60)));
    let scheduled = json(
        &run(&["--json", "connections", "schedule", &id, "--cron", "0 6 * * *", "--timezone", "Europe/Berlin"])
            .await
            .expect("ends"),
    );
    assert_eq!(
        (scheduled["auto_sync_enabled"].as_bool(), scheduled["sync_cron"].as_str()),
        (Some(true), Some("0 6 * * *"))
    );
    assert!(scheduled["next_sync_at"].is_string());
    let slip = run(&["connections", "schedule", &id, "--cron", "at six"]).await.expect("ends");
    assert!(text(&slip.stderr).contains("'at six' is not a usable cron expression"));
    assert_eq!(json(&run(&["--json", "connections", "check", &id]).await.expect("ends"))["ok"], true);

    json(&run(&["--json", "connections", "pause", &id]).await.expect("ends"));
    let paused = run(&["--json", "sync", &id]).await.expect("ends");
    assert_eq!(paused.status.code(), Some(1));
    assert!(text(&paused.stdout).contains("is paused"));

    std::fs::write(folder.path().join("picture.png"), sandbox::draw_scene(3)).expect("a file");
    let product = products[0]["id"].as_str().expect("an id").to_owned();
    let asset = json(&run(&["--json", "assets", "add", "--product", &product, "picture.png"]).await.expect("ends"));
    let asset = asset["id"].as_str().expect("an id").to_owned();
    let early = run(&["push", "run", &asset]).await.expect("ends");
    assert!(text(&early.stderr).contains("not approved"));
    let approved = json(&run(&["--json", "assets", "approve", &asset]).await.expect("ends"));
    assert_eq!(approved[0]["pushes"][0]["status"], "queued", "it waits for the paused shop");
    json(&run(&["--json", "connections", "resume", &id]).await.expect("ends"));
    let pushed = json(&run(&["--json", "push", "run", &asset]).await.expect("ends"));
    assert_eq!(pushed[0]["status"], "synced");
    // A removal that waits for its shop is carried out by the command for everything that waits.
    json(&run(&["--json", "connections", "pause", &id]).await.expect("ends"));
    let waits = run(&["--json", "push", "revert", pushed[0]["id"].as_str().expect("an id")]).await.expect("ends");
    assert!(text(&waits.stdout).contains("\"removing\""), "{}", text(&waits.stdout));
    json(&run(&["--json", "connections", "resume", &id]).await.expect("ends"));
    let removed = json(&run(&["--json", "push", "run"]).await.expect("ends"));
    assert_eq!((removed.as_array().map(Vec::len), removed[0]["status"].as_str()), (Some(1), Some("removed")));
    let not_a_picture = run(&["assets", "add", "--product", &product, "config.toml"]).await.expect("ends");
    assert!(text(&not_a_picture.stderr).contains("not a PNG, JPEG, WebP or GIF"));

    let config = Config::load(Some(&file), std::iter::empty()).expect("a configuration");
    let tools = app::open(&config).await.expect("tools");
    // A shop that refused its grant is asked by `resume`, too: a good answer heals it.
    let mut tx = tools.db.begin().await.expect("begins");
    let refused = Some(("key_refused", "refused"));
    let now = tools.outside.clock.now();
    db::connection::mark_status(&mut tx, &id.as_str().into(), ConnectionStatus::NeedsReauth, refused, now)
        .await
        .expect("is marked");
    tx.commit().await.expect("commits");
    let resumed = run(&["connections", "resume", &id]).await.expect("ends");
    assert!(text(&resumed.stdout).contains("the shop answers"), "{}{}", text(&resumed.stdout), text(&resumed.stderr));
    assert_eq!(json(&run(&["--json", "connections", "show", &id]).await.expect("ends"))["status"], "active");

    let grant = StoredCredentials::new(tools, id.as_str().into()).current().await.expect("a grant");
    let mut secrets: Vec<String> = grant.secrets.values().map(|s| s.expose_secret().to_owned()).collect();
    secrets.push("sandbox-secret".to_owned());

    let left = json(&run(&["--json", "connections", "disconnect", &id]).await.expect("ends"));
    assert_eq!(left["revoked_at_shop"], true);
    let gone = run(&["sync", &id]).await.expect("ends");
    assert_eq!(gone.status.code(), Some(1));

    let said = said.lock().expect("a lock");
    assert!(said.contains("TRACE") && said.contains("exchange"), "the highest level was on");
    for secret in secrets {
        assert!(secret.len() > 10 && !said.contains(&secret), "a secret stands in the logs");
    }
}

#[test]
fn an_operator_keeps_sessions_flows_tags_and_all_the_rest() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let run = |args: &[&str]| json(&store_sync(folder.path(), &[&["--json"], args].concat()));
    let fails = |args: &[&str]| text(&store_sync(folder.path(), args).stderr);
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let client = run(&["clients", "create", "Acme"]);
    assert_eq!(run(&["clients", "update", "acme", "--name", "Acme Ltd", "--if-version", "1"])["name"], "Acme Ltd");
    assert!(fails(&["clients", "update", "acme", "--name", "x", "--if-version", "1"]).contains("version 2 now"));
    run(&["clients", "members", "acme", "--add", "uma@example.com", "--role", "owner"]);
    assert_eq!(run(&["clients", "plan", "acme", "pro"])["monthly_generation_limit"], 2000);
    let shown = run(&["clients", "show", "acme"]);
    assert_eq!((&shown["members"][0]["role"], &shown["quota"]["plan"]), (&json!("owner"), &json!("pro")));

    let session = run(&["sessions", "create", "--client", "acme", "--name", "Spring", "--set", "style=Warm"]);
    let session_id = id(&session);
    assert_eq!(session["settings"], json!({"style": "Warm"}));
    // The older spellings are read, the new ones written.
    let old = folder.path().join("flow.json");
    std::fs::write(&old, json!({"studioSessionId": session_id, "name": "One", "settings": {"mystery": 1}}).to_string())
        .expect("is written");
    let flow = run(&["flow", "create", "--from", &old.display().to_string()]);
    let flow_id = id(&flow);
    assert_eq!((&flow["collection_session_id"], &flow["settings"]["mystery"]), (&json!(session_id), &json!(1)));
    let changed = run(&["flows", "update", &flow_id, "--set", "postAdjustments.light.exposure=5"]);
    assert_eq!(changed["settings"], json!({"mystery": 1, "postAdjustments": {"light": {"exposure": 5}}}));
    std::fs::write(&old, r#"{"nmae": "slip"}"#).expect("is written");
    assert!(fails(&["flows", "create", "--from", &old.display().to_string()]).contains("unknown field `nmae`"));
    assert_eq!(run(&["flows", "list", "--client", "acme"]).as_array().map(Vec::len), Some(1));
    assert_eq!(run(&["studio-sessions", "show", &session_id])["flows"][0]["id"], json!(flow_id));
    assert_eq!(run(&["sessions", "update", &session_id, "--status", "completed"])["status"], "completed");

    std::fs::write(&old, json!({"clientId": id(&client), "flowId": flow_id, "r2Key": "orgs/x.png"}).to_string())
        .expect("is written");
    let asset = run(&["generated-images", "create", "--from", &old.display().to_string()]);
    let asset_id = id(&asset);
    assert_eq!((&asset["asset_url"], &asset["generation_flow_id"]), (&json!("orgs/x.png"), &json!(flow_id)));
    assert_eq!(run(&["flows", "show", &flow_id])["assets"][0]["id"], json!(asset_id));

    let tag = id(&run(&["tags", "create", "good", "--client", "acme", "--color", "#00ff00"]));
    let on_flow = format!("flow:{flow_id}");
    assert_eq!(run(&["tags", "assign", &tag, &on_flow])[0]["entity_id"], json!(flow_id));
    assert_eq!(run(&["tags", "list", "--on", &on_flow])[0]["name"], "good");
    assert_eq!(run(&["tags", "update", &tag, "--name", "better"])["name"], "better");
    assert_eq!(run(&["tags", "show", &tag])["on"].as_array().map(Vec::len), Some(1));
    assert_eq!(run(&["tags", "unassign", &tag, &on_flow]), json!([]));
    assert!(fails(&["tags", "assign", &tag, "flow:none"]).contains("has no flow:none"));

    assert_eq!(run(&["favorites", "create", &on_flow, "--user", "uma@example.com"])["is_favorite"], true);
    assert_eq!(run(&["favourites", "add", &on_flow])["user_id"], Value::Null);
    let shown = run(&["favorites", "show", &on_flow]);
    assert_eq!((&shown["is_favorite"], shown["users"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    assert_eq!(run(&["favorites", "list", "--user", "uma@example.com"])[0]["entity_id"], json!(flow_id));
    run(&["favorites", "create", &format!("asset:{asset_id}")]);
    assert_eq!(run(&["favorites", "list", "--images", "--client", "acme"])[0]["generated_asset_id"], json!(asset_id));
    run(&["favorites", "delete", &format!("asset:{asset_id}")]);
    assert_eq!(run(&["favorites", "list", "--images"]), json!([]));

    run(&["assets", "approve", &asset_id]);
    let event =
        run(&["events", "create", "--client", "acme", "--type", "viewed", "--flow", &flow_id, "--set", "page=2"]);
    assert_eq!(event["metadata"]["page"], 2);
    assert_eq!(run(&["events", "show", &id(&event)])["event_type"], "viewed");
    let listed = run(&["events", "list", "--type", "approved"]);
    assert_eq!(listed[0]["generated_asset_id"], json!(asset_id));
    assert_eq!(run(&["events", "summary", "--client", "acme"]).as_array().map(Vec::len), Some(2));
    run(&["events", "delete", &id(&event)]);

    let drawing = folder.path().join("mood.png");
    std::fs::write(&drawing, store_sync::sandbox::draw_scene(2)).expect("is written");
    let inspiration = id(&run(&["inspirations", "create", &session_id, &drawing.display().to_string()]));
    assert_eq!(run(&["inspirations", "update", &inspiration, "--order", "7"])["display_order"], 7);
    assert_eq!(run(&["inspirations", "list", &session_id])[0]["id"], json!(inspiration));
    assert_eq!(run(&["inspirations", "show", &inspiration])["source"], "upload");
    let private = ["inspirations", "create", &session_id, "--url", "http://127.0.0.1:1/x.png"];
    assert!(fails(&private).contains("private"), "private addresses are refused: {}", fails(&private));
    run(&["inspirations", "delete", &inspiration]);

    run(&["assets", "delete", &asset_id]);
    run(&["tags", "delete", &tag]);
    run(&["flows", "delete", &flow_id]);
    run(&["sessions", "delete", &session_id]);
    assert!(fails(&["sessions", "show", &session_id]).contains("there is no session"));
    assert!(fails(&["clients", "delete", "acme", "--confirm", "x"]).contains("--confirm acme"));
    run(&["clients", "delete", "acme", "--confirm", "acme"]);
    assert_eq!(run(&["clients", "list"]), json!([]));
}

#[test]
fn pictures_are_made_decided_about_and_saved_by_hand() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let run = |args: &[&str]| json(&store_sync(folder.path(), &[&["--json"], args].concat()));
    run(&["clients", "add", "Acme"]);
    for n in [1, 2] {
        std::fs::write(folder.path().join(format!("mug{n}.png")), sandbox::draw_scene(n)).expect("a file");
    }
    let product = |name: &str, file: &str| {
        let added =
            run(&["products", "add", "--client", "acme", "--name", name, "--category", "Mugs", "--picture", file]);
        assert_eq!(added["source"], "uploaded");
        added["id"].as_str().expect("an id").to_owned()
    };
    let (mug, cup) = (product("Sage Mug", "mug1.png"), product("Oak Cup", "mug2.png"));
    // One command, no key.
    let made = run(&["generate", "--product", &mug, "--style", "podium,wood", "--variants", "2", "--size", "96"]);
    assert_eq!(made.as_array().map(Vec::len), Some(4));
    assert!(made.as_array().expect("a list").iter().all(|asset| asset["status"] == "completed"), "{made}");
    let seen = run(&["products", "show", &mug]);
    assert_eq!(
        (&seen["analysis_data"]["productType"], &seen["analysis_version"]),
        (&json!("Mugs"), &json!("studio/1"))
    );
    let asset = made[0]["id"].as_str().expect("an id").to_owned();
    let flow = made[0]["generation_flow_id"].as_str().expect("an id").to_owned();
    // Another attempt, a brighter one, and all of a style approved at once.
    let again = run(&["assets", "regenerate", &asset, "--set", "style=night"]);
    assert_eq!(again[0]["settings"]["style"], "night");
    let brighter = run(&["assets", "edit", &asset, "--set", "postAdjustments.light.exposure=40"]);
    assert_eq!(brighter[0]["provenance"]["edited_from"], json!(asset));
    let which = run(&["assets", "approve", "--client", "acme", "--style", "wood", "--dry-run"]);
    assert_eq!(which.as_array().map(Vec::len), Some(2));
    let approved = run(&["assets", "approve", "--client", "acme", "--style", "wood", "--note", "autumn"]);
    assert_eq!(
        (approved.as_array().map(Vec::len), &approved[0]["asset"]["approval_note"]),
        (Some(2), &json!("autumn"))
    );
    assert!(approved[0]["pushes"].as_array().is_some_and(Vec::is_empty), "an uploaded product has no shop");
    let nobody = store_sync(folder.path(), &["assets", "reject"]);
    assert_eq!(nobody.status.code(), Some(2), "everything at once is not what a slip may mean");
    // A session of both, with an inspiration.
    let session = run(&[
        "sessions",
        "create",
        "--client",
        "acme",
        "--name",
        "Autumn",
        "--product",
        &mug,
        "--product",
        &cup,
        "--set",
        "size=96",
        "--set",
        "colorScheme=Sage",
    ]);
    let session = session["id"].as_str().expect("an id");
    let mood = run(&["inspirations", "add", session, "mug2.png"]);
    let scene = run(&["inspirations", "analyse", mood["id"].as_str().expect("an id")]);
    assert!(scene["palette"].as_array().is_some_and(|colours| !colours.is_empty()), "{scene}");
    let made = run(&["sessions", "generate", session, "--variants", "1"]);
    assert_eq!(made.as_array().map(Vec::len), Some(2), "{made}");
    assert_eq!(run(&["sessions", "progress", session])["percent"], json!(100));
    run(&["sessions", "say", session, "These are for the window."]);
    let shown = run(&["sessions", "show", session]);
    assert_eq!(
        (&shown["status"], &shown["messages"][0]["parts"][0]["text"]),
        (&json!("completed"), &json!("These are for the window."))
    );
    // Two in one scene.
    let together =
        run(&["generate", "--product", &mug, "--product", &cup, "--together", "--variants", "1", "--size", "96"]);
    assert_eq!(together.as_array().map(Vec::len), Some(1));
    let told = run(&["flows", "prompt", together[0]["generation_flow_id"].as_str().expect("an id")]);
    assert!(told["prompt"].as_str().is_some_and(|prompt| prompt.contains("all the products")), "{told}");
    assert_eq!(told["parts"].as_array().map(Vec::len), Some(4), "two pictures, what they are, the prompt: {told}");
    // An order that is left, and taken back.
    let left = run(&["flows", "generate", &flow, "--variants", "3", "--no-wait"]);
    assert_eq!(left["assets"].as_array().map(Vec::len), Some(3));
    assert_eq!(run(&["flows", "progress", &flow])["waiting"], json!(3));
    assert_eq!(run(&["flows", "cancel", &flow])["cancelled"], json!(3));
    assert_eq!(run(&["flows", "retry", &flow]).as_array().map(Vec::len), Some(3));
    // What it came to, and the files.
    let usage = run(&["usage", "acme"]);
    assert_eq!((&usage["generation_count"], &usage["usd_micros"]), (&json!(12), &json!(0)), "{usage}");
    let by_product = run(&["usage", "acme", "--by", "product"]);
    assert_eq!(
        by_product.as_array().expect("a list").iter().filter_map(|sum| sum["pictures"].as_i64()).sum::<i64>(),
        12
    );
    run(&["assets", "save", &asset, "out.png"]);
    let saved = std::fs::read(folder.path().join("out.png")).expect("is there");
    assert_eq!(infer::get(&saved).expect("a picture").mime_type(), "image/png");
    let url = run(&["assets", "url", &asset]);
    assert!(url["url"].as_str().is_some_and(|url| url.contains("/assets/")), "{url}");
    assert_eq!(run(&["assets", "tidy"])["orphans"], json!([]));
    // Slips say what to do.
    for (args, words) in [
        (vec!["generate"], "--product"),
        (vec!["generate", "nope"], "store-sync flows list"),
        (vec!["generate", "--product", "nope"], "store-sync products list"),
        (vec!["generate", "--product", &mug, "--engine", "gemini"], "[gemini] api_key"),
        (vec!["generate", "--product", &mug, "--engine", "dall-e"], "neither studio nor gemini"),
        (vec!["assets", "edit", &asset], "--prompt"),
        (vec!["flows", "retry", &flow], "no failed picture"),
        (vec!["products", "add", "--client", "acme", "--name", "x", "--picture", "out.txt"], "cannot read out.txt"),
    ] {
        let output = store_sync(folder.path(), &args);
        assert!(!output.status.success() && text(&output.stderr).contains(words), "{args:?}: {}", text(&output.stderr));
    }
}

#[test]
fn keys_are_rotated_and_pruned() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let run = |args: &[&str]| json(&store_sync(folder.path(), &[&["--json"], args].concat()));
    let ids =
        |list: &Value| list.as_array().map(|rows| rows.iter().map(|row| row["key_id"].clone()).collect::<Vec<_>>());
    run(&["clients", "add", "Acme"]);
    assert_eq!(ids(&run(&["keys", "list"])), Some(vec![json!("v1")]));
    assert_eq!(run(&["keys", "rotate"])["key_id"], "v2");
    let listed = run(&["keys", "list"]);
    assert_eq!((ids(&listed), &listed[0]["seals"]), (Some(vec![json!("v2"), json!("v1")]), &json!(true)));
    assert_eq!(ids(&run(&["keys", "prune"])), Some(vec![json!("v2")]));
    // A ring that comes from elsewhere is not ours to change.
    let key = std::fs::read_to_string(folder.path().join("data/vault.key")).expect("the key");
    let config = folder.path().join("config.toml");
    std::fs::write(&config, format!("[vault]\nkeys_command = [\"echo\", \"{}\"]\n", key.trim())).expect("is written");
    let refused = store_sync(folder.path(), &["keys", "rotate"]);
    assert!(
        !refused.status.success() && text(&refused.stderr).contains("[vault] keys_command"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(ids(&run(&["keys", "list"])), Some(vec![json!("v2")]));
    // A wrong ring is refused at the start, by name and without its text.
    std::fs::write(&config, "[vault]\nkeys_command = [\"echo\", \"v1:canary\"]\n").expect("is written");
    let refused = store_sync(folder.path(), &["clients", "list"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("a key is not base64") && !said.contains("canary"), "{said}");
}

/// A process that ends with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What `sandbox --as` prints is all one needs: its lines into the configuration, its command into the terminal.
#[test]
fn a_rehearsal_is_connected_by_what_it_prints() {
    for platform in ["shopify", "woocommerce", "adobe-commerce", "vendure"] {
        let folder = tempfile::tempdir().expect("a temp folder");
        let port = || std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let (shop, daemon) = (port().to_string(), port());
        let config = format!("[server]\nlisten = \"127.0.0.1:{daemon}\"\n[storage]\ndata_dir = \"data\"\n");
        let file = folder.path().join("config.toml");
        std::fs::write(&file, &config).expect("is written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
        command.current_dir(folder.path()).args(["--config", "config.toml", "sandbox", "--as", platform]);
        command
            .args(["--port", &shop, "--products", "30"])
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null());
        let mut running = Running(command.spawn().expect("starts"));
        let mut told = Vec::new();
        // Kept open to the end: who writes into a closed pipe ends.
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(running.0.stderr.take().expect("is piped")));
        for line in lines.by_ref().map_while(Result::ok) {
            let last = line.starts_with("then: ");
            told.push(line);
            if last {
                break;
            }
        }
        let then =
            told.pop().and_then(|line| line.strip_prefix("then: store-sync ").map(str::to_owned)).expect("a command");
        std::fs::write(&file, config + &told[1..].join("\n")).expect("is written");
        assert!(store_sync(folder.path(), &["clients", "add", "acme"]).status.success());
        let words: Vec<&str> = then.split(' ').map(|word| if word == "CLIENT" { "acme" } else { word }).collect();
        json(&store_sync(folder.path(), &[&["--json"], &words[..]].concat()));
        let run = json(&store_sync(folder.path(), &["--json", "sync", "--all"]));
        assert_eq!(run[0]["status"], "success", "{platform}: {run}");
        let products = json(&store_sync(folder.path(), &["--json", "products", "list"]));
        assert_eq!(products.as_array().map(Vec::len), Some(30), "{platform}");
        drop(lines);
    }
}

/// A command that waits for a shop ends as soon as the connect is refused, with the words and the exit code for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waits_learns_that_the_connect_was_refused() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (_, shop_url, outside) = beside_a_shop(folder.path(), "").await;
    assert!(store_sync(folder.path(), &["clients", "add", "acme"]).status.success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
    command.current_dir(folder.path()).args(["connect", "sandbox", "--client", "acme", "--set"]);
    command.arg(format!("shop={shop_url}")).stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let mut waiting = Running(command.spawn().expect("starts"));
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(waiting.0.stderr.take().expect("is piped")));
    let link = lines.by_ref().map_while(Result::ok).find(|line| line.trim().starts_with("http")).expect("a link");
    let mut visitor = Visitor::new(outside.http.clone());
    let page = opened(&mut visitor, link.trim(), &outside).await;
    let back = visitor.decide(&page, "deny").await.expect("a way back");
    let landed = visitor.open(back.as_str()).await.expect("the page is still served");
    assert_eq!(landed.response.status, 400, "{}", landed.text());
    let told: Vec<String> = lines.map_while(Result::ok).collect();
    let code = waiting.0.wait().expect("ends").code();
    assert!(told.iter().any(|line| line.contains("the shop was not connected: access was declined")), "{told:?}");
    assert_eq!(code, Some(1), "{told:?}");
}
