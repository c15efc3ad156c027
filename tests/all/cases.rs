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

use crate::support::{Engine, More, SmallPlatform, TestApp};

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

/// What the addresses of shops look like that are served side by side, each below its number.
const NUMBERED: &str = r"^http://127\.0\.0\.1:[0-9]+/[0-9]+$";

/// A daemon that knows these platforms.
pub(crate) async fn daemon(engine: Engine, platforms: &[(&str, String)]) -> TestApp {
    daemon_with(engine, platforms, More::default()).await
}

/// The same in other surroundings than usual.
pub(crate) async fn daemon_with(engine: Engine, platforms: &[(&str, String)], more: More<'_>) -> TestApp {
    let folder = tempfile::tempdir().expect("a temp folder");
    for (key, rest) in platforms {
        SmallPlatform { key, shop: NUMBERED, rest, ..SmallPlatform::default() }.write_to(folder.path());
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
