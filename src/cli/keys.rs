//! `keys list|rotate|prune`: the keys that seal credentials.

use std::{collections::BTreeMap, process::ExitCode};

use serde::Serialize;

use super::out::Out;
use crate::{app, config::Config, connect, db, tools::Tools};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// The keys, the one that seals first, and how much each of them seals.
    List,
    /// Make a new key and seal everything anew with it, beside running daemons. Run again, it finishes what was left.
    Rotate,
    /// Take keys that seal nothing any more out of the key file.
    Prune,
}

/// One key, without its bytes.
#[derive(Serialize)]
struct Row {
    key_id: String,
    seals: bool,
    /// Grants under it, and connects on their way.
    sealed: i64,
    in_ring: bool,
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<ExitCode> {
    let tools = app::open(config).await?;
    match command {
        Command::List => {
            table(out, &rows(&tools).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Rotate => rotate(&tools, out).await,
        Command::Prune => {
            let idle: Vec<String> = rows(&tools)
                .await?
                .into_iter()
                .filter(|row| row.in_ring && !row.seals && row.sealed == 0)
                .map(|row| row.key_id)
                .collect();
            if !idle.is_empty() {
                tools.vault.drop_keys(&idle)?;
            }
            table(out, &rows(&tools).await?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn rotate(tools: &Tools, out: &Out) -> anyhow::Result<ExitCode> {
    let current = tools.vault.current_key_id();
    // What an earlier call left undone is finished first, under the key that it made. In a ring that comes from
    // elsewhere the operator has put the new key in front already.
    let left = rows(tools).await?.iter().any(|row| row.key_id != current && row.sealed > 0);
    if !left {
        tools.vault.add_key()?;
    }
    let done = connect::reseal(tools).await?;
    if out.json {
        out.value(&done)?;
    } else {
        out.say(&format!("{} grants are sealed anew with key '{}'", done.resealed, done.key_id))?;
        for broken in &done.broken {
            out.say(&format!("connection {} stays as it is: {}", broken.connection, broken.why))?;
        }
        out.say("older keys still open backups; take them out with: store-sync keys prune")?;
    }
    Ok(if done.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn rows(tools: &Tools) -> anyhow::Result<Vec<Row>> {
    let mut tx = tools.db.read().await?;
    let mut counts: BTreeMap<String, i64> = db::grant::list_key_counts(&mut tx).await?.into_iter().collect();
    for (key, count) in db::oauth_state::list_key_counts(&mut tx, tools.outside.clock.now()).await? {
        *counts.entry(key).or_default() += count;
    }
    let ring = tools.vault.key_ids();
    let mut rows: Vec<Row> = ring
        .iter()
        .enumerate()
        .map(|(place, id)| Row {
            key_id: id.clone(),
            seals: place == 0,
            sealed: counts.remove(id).unwrap_or(0),
            in_ring: true,
        })
        .collect();
    rows.extend(counts.into_iter().map(|(key_id, sealed)| Row { key_id, seals: false, sealed, in_ring: false }));
    Ok(rows)
}

fn table(out: &Out, rows: &[Row]) -> anyhow::Result<()> {
    out.list(rows, &["KEY", "SEALS", "SEALED", "IN THE RING"], |row| {
        let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        vec![row.key_id.clone(), word(row.seals), row.sealed.to_string(), word(row.in_ring)]
    })
}
