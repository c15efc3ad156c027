//! `providers list|show|check`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use super::out::{Out, line, note};
use crate::{
    app,
    config::Config,
    model::{Failure, Noun},
    provider::{self, Provider, check_folder, replay},
    views::{ProviderCard, ProviderCheck},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List the platforms that can be connected.
    List,
    /// Show the fields and capabilities of a platform.
    Show { key: String },
    /// Print the JSON Schema of provider files, for editors.
    Schema {
        /// Print it as Markdown instead: docs/providers.md.
        #[arg(long)]
        page: bool,
        /// Print the JSON Schema of the conversations beside them instead.
        #[arg(long, conflicts_with = "page")]
        conversations: bool,
    },
    /// Check the provider files in a folder (one sub-folder each) and replay their fixtures; default: the files in use.
    Check {
        dir: Option<PathBuf>,
        /// Record requests and results in the fixtures for your review, instead of comparing them.
        #[arg(long, requires = "dir")]
        record: bool,
    },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => {
            let providers = app::providers(config)?;
            let all: Vec<ProviderCard<'_>> = providers.iter().map(|p| describe(config, p)).collect();
            out.list(&all, &["KEY", "NAME", "CONNECT", "APP SET UP", "FROM"], |p| {
                let app = p.app_configured.map_or_else(|| "null".to_owned(), |is_set_up| is_set_up.to_string());
                vec![p.key.to_owned(), p.name.to_owned(), p.connect.to_owned(), app, p.source.to_owned()]
            })?;
        }
        Command::Show { key } => {
            let providers = app::providers(config)?;
            let provider = providers.get(&key).ok_or_else(|| Failure::not_found(Noun::Provider, key))?;
            out.one(&describe(config, provider))?;
        }
        Command::Schema { page: true, .. } => line(provider::schema_page().trim_end())?,
        Command::Schema { conversations: true, .. } => out.value(&provider::conversation_schema())?,
        Command::Schema { .. } => out.value(&provider::schema())?,
        Command::Check { dir, record } => return check(config, out, dir.as_deref(), record).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(config: &Config, out: &Out, dir: Option<&Path>, record: bool) -> anyhow::Result<ExitCode> {
    let checked = match dir {
        Some(dir) => check_folder(dir).map(|all| all.into_iter().map(Arc::new).collect()),
        None => Ok(app::providers(config)?.iter().cloned().collect::<Vec<_>>()),
    };
    let (mut keys, mut replayed, mut recorded, mut problems) = (Vec::new(), 0, 0, Vec::new());
    match checked {
        Err(errors) => problems = errors,
        Ok(all) => {
            for provider in &all {
                keys.push(provider.key().to_owned());
                for (file, text) in provider.fixtures() {
                    match replay(provider, file, text, record && dir.is_some()).await {
                        Ok(None) => replayed += 1,
                        Ok(Some(fresh)) => {
                            write_whole(Path::new(file), &fresh)?;
                            recorded += 1;
                        }
                        Err(errors) => problems.extend(errors),
                    }
                }
            }
        }
    }
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    if out.json {
        let ok = if texts.is_empty() { keys.clone() } else { Vec::new() };
        out.value(&ProviderCheck { ok, conversations: replayed + recorded, problems: texts.clone() })?;
    }
    if texts.is_empty() {
        if !out.json {
            let what = if record {
                format!("{recorded} conversations recorded")
            } else {
                format!("{replayed} conversations replayed")
            };
            line(&format!("{} provider files are valid: {}; {what}", keys.len(), keys.join(", ")))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    for text in &texts {
        note(text);
    }
    note(&format!("error: {} problem(s)", texts.len()));
    Ok(ExitCode::FAILURE)
}

/// Replaces a file as a whole, or not at all.
fn write_whole(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension("json.new");
    std::fs::write(&beside, text)?;
    std::fs::rename(beside, file)
}

fn describe<'a>(config: &Config, provider: &'a Provider) -> ProviderCard<'a> {
    ProviderCard::new(provider, config.app.contains_key(provider.key()), &config.public_url())
}
