//! Properties of the whole house over seeded cases, the same everywhere; a failing case is made as small as it can be.
//! `STORE_SYNC_CASES` says how many (`tests/long models` runs 500 of each).

use std::collections::BTreeMap;

use proptest::{
    prelude::Strategy,
    test_runner::{Config, RngAlgorithm, RngSeed, TestCaseError, TestRunner},
};
use store_sync::{
    connect::{self, Sharing},
    model::ConnectionId,
    sandbox::SandboxOptions,
};
use tokio::{runtime::Handle, task::block_in_place};

use crate::support::{Engine, More, TestApp};

/// Fails with the smallest case that the property does not hold for, and with what the property says about it.
pub(crate) fn hold<S: Strategy>(usual: u32, every: &S, property: impl AsyncFn(S::Value) -> Result<(), String>) {
    let cases = std::env::var("STORE_SYNC_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2000,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(7),
        ..Config::default()
    };
    let held = TestRunner::new(config)
        .run(every, |case| block_in_place(|| Handle::current().block_on(property(case))).map_err(TestCaseError::fail));
    if let Err(why) = held {
        panic!("{why}");
    }
}

/// The head of a platform's file, whose shops are connected by an address and a key; `rest` is what it can do.
pub(crate) fn platform(key: &str, rest: &str) -> String {
    format!(
        r#"
schema = 1
[provider]
key = "{key}"
name = "Model {key}"
docs = "https://model.example"
[provider.limits]
image_bytes = 10_000_000
image_types = ["image/png"]
images_per_product = 100
alt_chars = 100
[connect]
kind = "pasted_key"
store_url = "{{shop}}"
probe = {{ op = "shop" }}
[[connect.field]]
name = "shop"
ask = "Address"
pattern = '^http://127\.0\.0\.1:[0-9]+/[0-9]+$'
[[connect.field]]
name = "token"
ask = "Token"
pattern = '^.{{1,200}}$'
secret = true
[op.shop]
path = "/shop"
[call]
base = "{{shop}}"
headers = {{ authorization = "Bearer {{grant.token}}" }}
budget = []
{rest}"#
    )
}

/// A daemon that knows these platforms.
pub(crate) async fn daemon(engine: Engine, platforms: &[(&str, String)]) -> TestApp {
    daemon_with(engine, platforms, More::default()).await
}

/// The same in other surroundings than usual.
pub(crate) async fn daemon_with(engine: Engine, platforms: &[(&str, String)], more: More<'_>) -> TestApp {
    let folder = tempfile::tempdir().expect("a temp folder");
    for (key, rest) in platforms {
        std::fs::create_dir(folder.path().join(key)).expect("a folder");
        std::fs::write(folder.path().join(key).join("provider.toml"), platform(key, rest)).expect("is written");
    }
    let config = format!("[providers]\ndir = \"{}\"\n{}", folder.path().display(), more.config);
    let more = More { config: &config, ..more };
    TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await
}

/// Connects a shop of such a platform.
pub(crate) async fn connect(app: &TestApp, key: &str, url: String) -> ConnectionId {
    let fields = BTreeMap::from([("shop".to_owned(), url), ("token".to_owned(), "t".to_owned())]);
    connect::connect_with_key(&app.tools, "acme", key, &fields, Sharing::Refused)
        .await
        .expect("is connected")
        .connection
}
