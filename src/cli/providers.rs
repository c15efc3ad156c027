//! `providers list|show|check`.

use std::{path::PathBuf, process::ExitCode};

use serde_json::{Value, json};

use super::out::{Out, line};
use crate::{
    app,
    config::Config,
    provider::{Provider, check_folder},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Every platform that can be connected.
    List,
    /// What one of them asks for and can do.
    Show { key: String },
    /// Check the provider files of a folder (one sub-folder each); without one, those in use.
    Check { dir: Option<PathBuf> },
}

pub(super) fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<ExitCode> {
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
            let provider = providers
                .get(&key)
                .ok_or_else(|| anyhow::anyhow!("there is no provider '{key}'; see: store-sync providers list"))?;
            out.one(&describe(config, provider))?;
        }
        Command::Check { dir } => {
            let checked = match &dir {
                Some(dir) => {
                    check_folder(dir).map(|providers| providers.iter().map(|p| p.key().to_owned()).collect::<Vec<_>>())
                }
                None => Ok(app::providers(config)?.iter().map(|p| p.key().to_owned()).collect()),
            };
            match checked {
                Ok(keys) if out.json => out.value(&json!({ "ok": keys, "problems": [] }))?,
                Ok(keys) => line(&format!("{} provider files are fine: {}", keys.len(), keys.join(", ")))?,
                Err(problems) => {
                    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
                    if out.json {
                        out.value(&json!({ "ok": [], "problems": texts }))?;
                    }
                    for text in &texts {
                        eprintln!("{text}");
                    }
                    eprintln!("error: {} problem(s)", texts.len());
                    return Ok(ExitCode::FAILURE);
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(config: &Config, provider: &Provider) -> Value {
    let fields: Vec<Value> = provider
        .fields()
        .iter()
        .map(|f| json!({ "name": f.name, "ask": f.ask, "secret": f.secret, "example": f.example }))
        .collect();
    let pasted = provider.takes_pasted_keys();
    json!({
        "key": provider.key(), "name": provider.name(), "source": provider.source(), "connect": if pasted { "pasted_key" } else { "oauth2_code" },
        "app_configured": if pasted { Value::Null } else { config.app.contains_key(provider.key()).into() },
        "redirect_uri": if pasted { Value::Null } else { format!("{}/oauth/callback/{}", config.public_url(), provider.key()).into() },
        "fields": fields, "scopes": provider.scopes(), "full_only": provider.full_only(), "push_steps": provider.push_steps(), "limits": provider.limits(),
    })
}
