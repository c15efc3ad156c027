//! The program as it is shipped: built for this bench, run as a user runs it, with the default configuration.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{database::Database, floor::Owner, shop::KEY};

/// A command of the program in this folder.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STORE_SYNC_")) {
        command.env_remove(name);
    }
    command
}

/// Runs a command that answers with one JSON document.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["--json"].iter().chain(arguments).copied().collect();
    let done = command(folder, &arguments).output().expect("the program starts");
    let (said, failed) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{arguments:?}: {said}{failed}");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("it has no id: {value}")).to_owned()
}

/// Makes the schema, and connects the shop by its key.
pub(crate) fn connect(folder: &Path, database: &Database, shop: &str) -> Owner {
    let provider = folder.join("providers/bench");
    std::fs::create_dir_all(&provider).expect("a folder");
    std::fs::write(provider.join("provider.toml"), include_str!("provider.toml")).expect("is written");
    std::fs::write(folder.join("config.toml"), configuration(database)).expect("is written");
    json(folder, &["migrate"]);
    let client = id(&json(folder, &["clients", "add", "Bench"]));
    let (shop, key) = (format!("shop=http://{shop}"), format!("key={KEY}"));
    let connect = ["connect", "bench", "--client", &client, "--set", &shop, "--key", &key];
    Owner { connection: id(&json(folder, &connect)), client }
}

/// What has no default, or cannot have it here.
fn configuration(database: &Database) -> String {
    let mut text = "[http]\nallow_private_networks = true\n[providers]\ndir = \"providers\"\n".to_owned();
    if let Database::Postgres { url, .. } = database {
        text.push_str(&format!("[database]\nurl = '{url}'\n"));
    }
    text
}
