//! What a scenario works on: a shop, a daemon, and the ids that later steps name.

use std::net::TcpListener;

use serde_json::Value;

use super::record::Record;
use crate::program::{Place, Running};

/// Ids of what was made, by the step that made it.
#[derive(Clone, Default)]
pub(super) struct Things {
    pub(super) shop: String,
    pub(super) product: String,
    pub(super) own_product: String,
    pub(super) session: String,
    pub(super) second_session: String,
    pub(super) flow: String,
    pub(super) asset: String,
    pub(super) push: String,
}

/// What the secret of an app that signs deliveries is here.
pub(super) const APP_SECRET: &str = "contract-app-secret";

pub(super) const TOKEN: &str = "contract-api-token-0123456789";

/// A port that is free now: the first program that this contract is of cannot say which one it took.
pub(super) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// The configuration: all defaults but for where it listens, and one worker of each kind, so that things happen in one order.
pub(super) fn configure(place: &Place, at: &str) {
    place.write(
        "config.toml",
        &format!(
            "[server]\nlisten = \"{at}\"\n[http]\nallow_private_networks = true\n[api]\ntoken = \"{TOKEN}\"\n\
             [app.sandbox]\nclient_id = \"store-sync\"\nclient_secret = \"sandbox-secret\"\n\
             [app.shopify]\nclient_id = \"store-sync\"\nclient_secret = \"{APP_SECRET}\"\n\
             [work]\nimport_workers = 1\npush_workers = 1\ngenerate_workers = 1\ntoken_workers = 1\npoll_ms = 50\ntick_seconds = 1\n"
        ),
    );
}

/// The daemon, serving.
pub(super) fn daemon(record: &mut Record) -> Running {
    record.count(&["serve".to_owned()]);
    let mut daemon = record.place.start(&["serve"]);
    daemon.wait_for(|line| line.contains("serving").then_some(()));
    daemon
}

/// The id that an answer gives, from here on called `name`.
pub(super) fn named(record: &mut Record, name: &str, value: &Value) -> String {
    let value = if value.is_array() { &value[0] } else { value };
    let id = value["id"].as_str().unwrap_or_else(|| panic!("{name} has no id: {value}")).to_owned();
    record.mask.name(name, &id);
    id
}

/// Asks the program until it answers what is waited for. Each question takes a moment, so that nothing has to sleep.
pub(super) fn until<T>(record: &Record, words: &[&str], pick: impl Fn(&Value) -> Option<T>) -> T {
    (0..500)
        .find_map(|_| pick(&record.place.json(words)))
        .unwrap_or_else(|| panic!("{words:?} never answers what is waited for"))
}
