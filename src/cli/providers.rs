//! `providers list|show|check`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::{Value, json};

use super::out::{Out, line, note};
use crate::{
    app,
    config::Config,
    model::{Failure, Noun},
    provider::{self, Provider, check_folder, replay},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Every platform that can be connected.
    List,
    /// What one of them asks for and can do.
    Show { key: String },
    /// The form of a provider's file as a JSON Schema, for editors.
    Schema {
        /// As a page for people instead: docs/providers.md.
        #[arg(long)]
        page: bool,
    },
    /// Check the provider files of a folder (one sub-folder each) and replay the conversations in their fixtures;
    /// without one, those in use.
    Check {
        dir: Option<PathBuf>,
        /// Write what is asked and what comes of it into the fixtures, for you to read over, instead of comparing it.
        #[arg(long, requires = "dir")]
        record: bool,
    },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => {
            let providers = app::providers(config)?;
            let all: Vec<Value> = providers.iter().map(|p| describe(config, p)).collect();
            let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            out.list(&all, &["KEY", "NAME", "CONNECT", "APP SET UP", "FROM"], |p| {
                ["key", "name", "connect", "app_configured", "source"].iter().map(|key| text(&p[*key])).collect()
            })?;
        }
        Command::Show { key } => {
            let providers = app::providers(config)?;
            let provider = providers.get(&key).ok_or_else(|| Failure::not_found(Noun::Provider, key))?;
            out.one(&describe(config, provider))?;
        }
        Command::Schema { page: true } => line(provider::schema_page().trim_end())?,
        Command::Schema { page: false } => out.value(&provider::schema())?,
        Command::Check { dir, record } => return check(config, out, dir.as_deref(), record).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(config: &Config, out: &Out, dir: Option<&Path>, record: bool) -> anyhow::Result<ExitCode> {
    let found = match dir {
        Some(dir) => check_folder(dir).map(|all| all.into_iter().map(Arc::new).collect()),
        None => Ok(app::providers(config)?.iter().cloned().collect::<Vec<_>>()),
    };
    let (mut keys, mut held, mut problems) = (Vec::new(), 0, Vec::new());
    match found {
        Err(found) => problems = found,
        Ok(all) => {
            for provider in &all {
                keys.push(provider.key().to_owned());
                for (file, text) in provider.fixtures() {
                    match replay(provider, file, text, record && dir.is_some()).await {
                        Ok(None) => held += 1,
                        Ok(Some(fresh)) => std::fs::write(file, fresh)?,
                        Err(found) => problems.extend(found),
                    }
                }
            }
        }
    }
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    if out.json {
        let ok = if texts.is_empty() { keys.clone() } else { Vec::new() };
        out.value(&json!({ "ok": ok, "conversations": held, "problems": texts }))?;
    }
    if texts.is_empty() {
        if !out.json {
            line(&format!(
                "{} provider files are fine: {}; {held} conversations replayed",
                keys.len(),
                keys.join(", ")
            ))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    for text in &texts {
        note(text);
    }
    note(&format!("error: {} problem(s)", texts.len()));
    Ok(ExitCode::FAILURE)
}

fn describe(config: &Config, provider: &Provider) -> Value {
    let fields: Vec<Value> = provider
        .fields()
        .iter()
        .map(|f| json!({ "name": f.name, "ask": f.ask, "secret": f.secret, "example": f.example }))
        .collect();
    let pasted = !provider.needs_app();
    json!({
        "key": provider.key(), "name": provider.name(), "source": provider.source(), "connect": provider.kind().as_str(),
        "app_configured": if pasted { Value::Null } else { config.app.contains_key(provider.key()).into() },
        "redirect_uri": if pasted { Value::Null } else { format!("{}/oauth/callback/{}", config.public_url(), provider.key()).into() },
        "fields": fields, "scopes": provider.scopes(), "full_only": provider.full_only(), "hosts": provider.hosts(), "push_steps": provider.push_steps(), "limits": provider.limits(),
    })
}
