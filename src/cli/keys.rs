//! `keys list|rotate|prune`: the vault keys, which seal credentials.

use std::process::ExitCode;

use super::out::{Out, cells};
use crate::{
    app,
    config::Config,
    connect,
    tools::Tools,
    views::{self, KeyRow},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List the keys, the current one first, with the number of secrets that each seals.
    List,
    /// Add a new key and reseal everything with it, while daemons run. An interrupted rotation is resumed.
    Rotate,
    /// Remove keys that seal nothing any more from the key file.
    Prune,
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<ExitCode> {
    let tools = app::open(config).await?;
    match command {
        Command::List => {
            table(out, &views::keys(&tools).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Rotate => rotate(&tools, out).await,
        Command::Prune => {
            let idle: Vec<String> = views::keys(&tools)
                .await?
                .into_iter()
                .filter(|row| row.in_ring && !row.seals && row.sealed == 0)
                .map(|row| row.key_id)
                .collect();
            if !idle.is_empty() {
                tools.vault.drop_keys(&idle)?;
            }
            table(out, &views::keys(&tools).await?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn rotate(tools: &Tools, out: &Out) -> anyhow::Result<ExitCode> {
    let current = tools.vault.current_key_id();
    // An unfinished rotation is resumed with its key instead of adding another one. In a ring that is not a file the
    // operator has added the new key already.
    let unfinished = views::keys(tools).await?.iter().any(|row| row.key_id != current && row.sealed > 0);
    if !unfinished {
        tools.vault.add_key()?;
    }
    let done = connect::reseal(tools).await?;
    if out.json {
        out.value(&done)?;
    } else {
        out.say(&format!("{} grants were resealed with key '{}'", done.resealed, done.key_id))?;
        for broken in &done.broken {
            out.say(&format!("connection {} was not resealed: {}", broken.connection, broken.why))?;
        }
        out.say("older keys still unseal backups; to remove them, run: store-sync keys prune")?;
    }
    Ok(if done.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn table(out: &Out, rows: &[KeyRow]) -> anyhow::Result<()> {
    out.list(rows, &["KEY", "CURRENT", "SEALED", "IN THE RING"], |row| {
        let word = |yes: bool| if yes { "yes" } else { "no" };
        cells![row.key_id, word(row.seals), row.sealed, word(row.in_ring)]
    })
}
