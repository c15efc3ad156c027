//! Every key of the configuration, from the program's own schema: at another value than its default, from the file and from the
//! environment.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    program::{Place, root},
    wire::{Models, ask},
};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A key of the schema, its map's keys as `*`, and its default where it has one.
fn leaves(schema: &Value) -> BTreeMap<String, Value> {
    fn resolved<'a>(schema: &'a Value, all: &'a Value) -> &'a Value {
        if let Some(name) = schema["$ref"].as_str() {
            return resolved(&all["$defs"][name.rsplit('/').next().expect("a name")], all);
        }
        let forms = schema["anyOf"].as_array().into_iter().flatten();
        forms.map(|form| resolved(form, all)).find(|form| form["type"] != "null").unwrap_or(schema)
    }
    fn walk(path: &str, schema: &Value, all: &Value, found: &mut BTreeMap<String, Value>) {
        let default = schema["default"].clone();
        let schema = resolved(schema, all);
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        if let Some(members) = schema["properties"].as_object() {
            for (name, member) in members {
                let mut member = member.clone();
                if member.get("default").is_none() && default[name] != Value::Null {
                    member["default"] = default[name].clone();
                }
                walk(&below(name), &member, all, found);
            }
        } else if schema["additionalProperties"].is_object() {
            walk(&below("*"), &schema["additionalProperties"], all, found);
        } else {
            let default = if default.is_null() { schema["default"].clone() } else { default };
            found.insert(path.to_owned(), default);
        }
    }
    let mut found = BTreeMap::new();
    walk("", schema, schema, &mut found);
    found
}

/// The value at a path; `*` stands for the first key of a map.
fn value<'a>(table: &'a toml::Value, path: &str) -> Option<&'a toml::Value> {
    path.split('.').try_fold(table, |at, name| {
        let members = at.as_table()?;
        if name == "*" { members.values().next() } else { members.get(name) }
    })
}

fn every_key() -> String {
    std::fs::read_to_string(root().join("tests/blackbox/every_key.toml")).expect("is there")
}

#[test]
fn every_key_has_a_value_other_than_its_default() {
    let schema = Place::new().json(&["config", "schema"]);
    let leaves = leaves(&schema);
    assert!(leaves.len() > 50, "{leaves:?}");
    let table: toml::Value = every_key()
        .replace("# express", "express")
        .replace("# pooler", "pooler")
        .parse::<toml::Table>()
        .expect("is TOML")
        .into();
    let missing: Vec<&String> = leaves.keys().filter(|path| value(&table, path).is_none()).collect();
    assert!(missing.is_empty(), "tests/blackbox/every_key.toml has no value for: {missing:?}");
    let same = |(path, default): &(&String, &Value)| {
        value(&table, path).is_some_and(|own| serde_json::to_value(own).expect("is JSON") == **default)
    };
    let same: Vec<_> = leaves.iter().filter(same).collect();
    assert!(same.is_empty(), "these are the defaults: {same:?}");
}

/// The example names every key, and what it gives without a comment sign is the default.
#[test]
fn the_example_names_every_key_at_its_default() {
    let place = Place::new();
    let leaves = leaves(&place.json(&["config", "schema"]));
    let text = std::fs::read_to_string(root().join("config.example.toml")).expect("is there");
    // With the comment signs taken off what is no prose.
    let named = text.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).filter(|line| {
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.trim_matches('"').contains(' '))
    });
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in named {
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(name) => name.clone_into(&mut section),
            None => {
                sections.entry(section.clone()).or_default().push(line.split(" = ").next().unwrap_or("").to_owned());
            }
        }
    }
    let is_named = |path: &String| {
        let (section, key) = path.rsplit_once('.').expect("a section");
        if let Some(map) = path.split_once(".*").map(|(map, _)| map) {
            let (outer, name) = map.rsplit_once('.').unwrap_or(("", map));
            return sections.keys().any(|known| known == map || known.starts_with(&format!("{map}.")))
                || sections.get(outer).is_some_and(|keys| keys.iter().any(|known| known == name));
        }
        sections.get(section).is_some_and(|keys| keys.iter().any(|known| known == key))
    };
    let missing: Vec<&String> = leaves.keys().filter(|path| !is_named(path)).collect();
    assert!(missing.is_empty(), "config.example.toml does not name: {missing:?}");
    let table: toml::Value = text.parse::<toml::Table>().expect("is TOML").into();
    for (path, default) in leaves.iter().filter(|(_, default)| !default.is_null()) {
        if let Some(given) = value(&table, path) {
            assert_eq!(serde_json::to_value(given).expect("is JSON"), *default, "{path} in config.example.toml");
        }
    }
    // And the program takes it as it stands.
    place.write("config.toml", &text);
    place.done(&["config", "schema"]);
    place.done(&["providers", "list"]);
}

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A database for one test.
pub(crate) fn database(engine: Engine) -> String {
    if engine == Engine::Sqlite {
        return "sqlite:elsewhere.db".to_owned();
    }
    let pattern = std::env::var("STORE_SYNC_TEST_POSTGRES")
        .expect("STORE_SYNC_TEST_POSTGRES is not set: run tests/run, which starts a PostgreSQL of its own");
    let name = format!("b{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let admin = sqlx::PgPool::connect(&pattern.replace("DATABASE", "postgres")).await.expect("the server answers");
        let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(sql).execute(&admin).await.expect("a database is made");
        admin.close().await;
    });
    pattern.replace("DATABASE", &name)
}

/// A server that speaks S3, from PyPI. Ends with the test.
pub(crate) struct Bucket {
    child: Child,
    pub(crate) url: String,
    _folder: tempfile::TempDir,
}

impl Bucket {
    #[expect(clippy::disallowed_methods, reason = "a foreign server has the system's time")]
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let mut command = Command::new(root().join("tests/servers/s3/start"));
        command
            .arg(folder.path())
            .arg(port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let bucket =
            Self { child: command.spawn().expect("starts"), url: format!("http://127.0.0.1:{port}"), _folder: folder };
        let began = std::time::Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed().as_secs() < 120, "no S3 server: run tests/servers/s3/install");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let made = ask("PUT", &format!("127.0.0.1:{port}"), "/pictures", &[], b"");
        assert_eq!(made.status, 200, "{}", made.text());
        bucket
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What Google gives an operator: a service account's key file, whose token endpoint is ours.
fn service_account(models: &Models) -> String {
    let make = "const { generateKeyPairSync } = require('crypto'); const pem = form => ({ type: form, format: 'pem' }); \
                const pair = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: pem('spki'), privateKeyEncoding: pem('pkcs8') }); \
                process.stdout.write(pair.privateKey)";
    let made = Command::new("node").args(["-e", make]).output().expect("tests/run needs node");
    let key = String::from_utf8(made.stdout).expect("PEM");
    assert!(key.contains("BEGIN PRIVATE KEY"), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::json!({
        "type": "service_account", "project_id": "demo-project", "private_key_id": "canary-key-id", "private_key": key,
        "client_email": "painter@demo-project.iam.gserviceaccount.com", "token_uri": format!("{}/token", models.url),
    })
    .to_string()
}

/// The key of a vault that a test knows.
fn vault_key(number: u8) -> String {
    STANDARD.encode([number; 32])
}

/// A place with every key set: a bucket, models by a service account, a folder of providers, JSON logs, and the shop at `shop`.
pub(crate) fn full(engine: Engine, bucket: &Bucket, models: &Models, shop: &str) -> (Place, String) {
    let mut place = Place::new();
    let database = database(engine);
    let pooler = if engine == Engine::Postgres { "pooler" } else { "# pooler" };
    let text = every_key()
        .replace("# pooler", pooler)
        .replace("@DATABASE@", &database)
        .replace("@BUCKET@", &bucket.url)
        .replace("@MODELS@", &models.url)
        .replace("@SHOP@", shop)
        .replace("@KEY@", &vault_key(7));
    place.write("config.toml", &text);
    place.write("service-account.json", &service_account(models));
    let own = std::fs::read_to_string(root().join("providers/sandbox/provider.toml")).expect("is there");
    place.write("my-providers/corner/provider.toml", &own.replace("key = \"sandbox\"", "key = \"corner\""));
    place.secrets = [
        "canary-access-key-id",
        "canary-bucket-secret",
        "canary-api-token",
        "canary-gemini-key",
        "canary-webhook-key",
        "canary-proxy-password",
        "canary-access-token",
        "sandbox-secret",
        "BEGIN PRIVATE KEY",
        &vault_key(7),
    ]
    .map(str::to_owned)
    .to_vec();
    (place, text)
}

/// Doctor's findings, by what was looked at.
fn findings(place: &Place) -> BTreeMap<String, String> {
    let said = place.run(&["--json", "doctor"]);
    let found: Vec<Value> = serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {}", said.stderr));
    let wrong: Vec<&Value> = found.iter().filter(|one| one["ok"] != true).collect();
    assert!(wrong.is_empty() && said.code == Some(0), "{wrong:?}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let found = found.iter().filter(|one| one["check"] != "clock");
    found.map(|one| (text(&one["check"]), text(&one["text"]))).collect()
}

/// The same words of the environment: STORE_SYNC__SECTION__KEY, a map as one inline table.
fn environment(text: &str) -> Vec<(String, String)> {
    fn walk(path: &str, value: &toml::Value, found: &mut Vec<(String, String)>) {
        let maps = ["HTTP__CONNECT_TO", "GEMINI__SIZES", "GEMINI__PRICES", "GEMINI__TEXT_PRICES"];
        match value {
            toml::Value::Table(members) if !maps.iter().any(|map| path.ends_with(map)) => {
                for (name, member) in members {
                    walk(&format!("{path}__{}", name.to_uppercase()), member, found);
                }
            }
            toml::Value::String(text) => found.push((path.to_owned(), text.clone())),
            other => found.push((path.to_owned(), other.to_string())),
        }
    }
    let mut found = Vec::new();
    walk("STORE_SYNC", &text.parse::<toml::Table>().expect("is TOML").into(), &mut found);
    found
}

/// The file and the environment say the same; bucket, models, providers and database are what they name.
#[test]
fn every_key_is_taken_from_the_file_and_from_the_environment() {
    let (bucket, models) = (Bucket::start(), Models::start());
    let (mut place, text) = full(Engine::Sqlite, &bucket, &models, "http://127.0.0.1:9");
    place.done(&["migrate"]);
    let from_file = findings(&place);
    assert!(from_file["files"].contains("the bucket pictures"), "{from_file:?}");
    assert!(from_file["keys"].contains("v7") && from_file["database"].contains("up to date"), "{from_file:?}");
    assert!(from_file["model"].contains("a-model") && models.asked() > 0, "{from_file:?}");
    assert!(place.json(&["providers", "list"]).to_string().contains("corner"));
    assert!(place.path("elsewhere.db").exists() && !place.path("data").exists());
    std::fs::remove_file(place.path("config.toml")).expect("was there");
    place.environment = environment(&text);
    assert!(place.environment.len() > 50, "{:?}", place.environment);
    assert_eq!(findings(&place), from_file);
}

const MOST: &str = "9223372036854775807";

/// Numbers that make no sense are refused in words or bounded; none of them ends a command or the daemon with a panic.
#[test]
fn a_number_out_of_all_bounds_is_borne() {
    let place = Place::new();
    let leaves = leaves(&place.json(&["config", "schema"]));
    let numbers: Vec<(&str, &str)> = leaves
        .iter()
        .filter(|(path, default)| default.is_number() && path.matches('.').count() == 1)
        .map(|(path, _)| path.split_once('.').expect("a section"))
        .collect();
    assert!(numbers.len() > 12, "{numbers:?}");
    place.done(&["migrate"]);
    for (section, key) in numbers {
        for number in ["-1", "0", MOST] {
            // Set by the configuration of one command; the daemon is started with what was taken.
            place.write("config.toml", &format!("[{section}]\n{key} = {number}\n"));
            if place.run(&["--json", "doctor"]).code == Some(0) && number == MOST {
                let text = format!("[server]\nlisten = '127.0.0.1:0'\n[{section}]\n{key} = {number}\n");
                place.write(
                    "config.toml",
                    &text.replace("[server]\nlisten = '127.0.0.1:0'\n[server]", "[server]\nlisten = '127.0.0.1:0'"),
                );
                let mut daemon = place.start(&["serve"]);
                daemon.wait_for(|line| (line.contains("serving") || line.starts_with("error: ")).then_some(()));
                place.check(&daemon.terminate(), &format!("serve with {section}.{key} = {number}"));
            }
        }
    }
}

/// What stands alone: express mode, a program that prints the keys, a file of keys.
#[test]
fn what_excludes_another_key_works_alone() {
    let models = Models::start();
    let mut place = Place::new();
    place.secrets = vec!["canary".to_owned(), vault_key(8), vault_key(9)];
    let express = format!(
        "[http]\nallow_private_networks = true\n[gemini]\napi_key = 'canary'\nbase_url = '{}/v1'\n[gemini.vertex]\nexpress = true\n",
        models.url
    );
    let command = format!("[vault]\nkeys_command = ['echo', 'v8:{}']\n", vault_key(8));
    place.write("other.key", &format!("v9:{}\n", vault_key(9)));
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(place.path("other.key"), closed).expect("is ours");
    for (text, check, words) in [
        (express.as_str(), "model", "gemini-3.1-flash-image"),
        (command.as_str(), "keys", "v8"),
        ("[vault]\nkey_file = 'other.key'\n", "keys", "v9"),
    ] {
        place.write("config.toml", text);
        place.done(&["migrate"]);
        let found = findings(&place);
        assert!(found[check].contains(words), "{found:?}");
    }
}
