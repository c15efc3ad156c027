//! `inspirations list|show|create|update|analyse|delete`.

use std::path::PathBuf;

use anyhow::Context;

use super::out::{Out, cells, or_dash};
use crate::{
    app,
    config::Config,
    generate,
    manage::{self, InspirationInput},
    model::{InspirationId, InspirationSource, SessionId},
    views,
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List the inspirations of a session in their order.
    List { session: String },
    /// Show an inspiration.
    Show { id: String },
    /// Add an inspiration to a session: a file, or a URL that is downloaded.
    #[command(alias = "add")]
    Create {
        session: String,
        #[arg(required_unless_present = "url")]
        file: Option<PathBuf>,
        #[arg(long, conflicts_with = "file")]
        url: Option<String>,
        /// The source of the URL.
        #[arg(long, default_value = "url", requires = "url")]
        source: InspirationSource,
    },
    /// Change its place in the order.
    Update {
        id: String,
        #[arg(long)]
        order: i32,
    },
    /// Analyse the scene it shows, and store the analysis.
    #[command(alias = "analyze")]
    Analyse {
        id: String,
        /// Analyse again even if an analysis is stored.
        #[arg(long)]
        anew: bool,
    },
    /// Delete an inspiration.
    Delete { id: String },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { session } => {
            let all = views::inspirations(&tools, &SessionId(session)).await?;
            out.list(&all, &["ORDER", "ID", "SOURCE", "URL", "KEY"], |i| {
                cells![i.display_order, i.id, i.source, i.url, or_dash(i.r2_key.as_ref())]
            })
        }
        Command::Show { id } => out.one(&views::inspiration(&tools, &InspirationId(id)).await?),
        Command::Create { session, file, url, source } => {
            let session = SessionId(session);
            let made = if let Some(url) = &url {
                manage::add_inspiration(&tools, &session, InspirationInput::Url(url, source)).await?
            } else {
                let file = file.unwrap_or_default();
                let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                manage::add_inspiration(&tools, &session, InspirationInput::Upload(bytes.into(), &name)).await?
            };
            out.one(&made)
        }
        Command::Update { id, order } => out.one(&manage::move_inspiration(&tools, &InspirationId(id), order).await?),
        Command::Analyse { id, anew } => {
            out.one(&generate::analyse_inspiration(&tools, &InspirationId(id), anew).await?)
        }
        Command::Delete { id } => {
            let gone = manage::delete_inspiration(&tools, &InspirationId(id)).await?;
            out.done(&format!("deleted {}", gone.id), &gone)
        }
    }
}
