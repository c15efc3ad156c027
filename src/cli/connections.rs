//! `connections list|show|check|pause|resume|schedule|disconnect`.

use std::time::Duration;

use super::out::{Out, cells, note, or_dash};
use crate::{
    app,
    config::Config,
    connect,
    manage::{self, ScheduleChange},
    model::{ConnectionId, PushMode},
    tools::{Shared, Tools},
    views::{self, ConnectionCheck},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List connections.
    List,
    /// Show a connection.
    Show { id: String },
    /// Request the identity of the shop, which verifies the grant; a good answer heals a refused one.
    Check { id: String },
    /// Pause imports and pushes of a shop.
    Pause { id: String },
    /// Resume a paused connection, or one whose key was refused, and ask the shop.
    Resume { id: String },
    /// Set the schedule of imports and the mode of pushes.
    Schedule(ScheduleArgs),
    /// Disconnect a shop: the credentials are erased, the history stays.
    Disconnect { id: String },
    /// Exchange tokens without an expiry for refreshable ones, without the merchant.
    MigrateTokens {
        /// Dry run: print what would be done, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Only connections of this provider.
        #[arg(long)]
        provider: Option<String>,
    },
}

#[derive(clap::Args)]
pub(super) struct ScheduleArgs {
    id: String,
    /// The interval, such as 30m or 6h.
    #[arg(long, value_parser = humantime::parse_duration, conflicts_with = "cron")]
    every: Option<Duration>,
    /// A cron expression of five fields, in --timezone.
    #[arg(long)]
    cron: Option<String>,
    /// An IANA time zone such as Europe/Berlin.
    #[arg(long)]
    timezone: Option<String>,
    /// Disable scheduled imports.
    #[arg(long, conflicts_with_all = ["every", "cron"])]
    off: bool,
    /// What a push does to the gallery: append, `set_primary` or `replace_pushed`.
    #[arg(long)]
    push_mode: Option<PushMode>,
    /// Whether an approval pushes at once.
    #[arg(long)]
    push_on_approval: Option<bool>,
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List => list(&tools, out).await,
        Command::Show { id } => out.one(&views::connection_card(&tools, &ConnectionId(id)).await?),
        Command::Check { id } => check(&tools, out, &id).await,
        Command::Pause { id } => out.one(&manage::pause_connection(&tools, &ConnectionId(id)).await?),
        Command::Resume { id } => resume(&tools, out, &id).await,
        Command::Schedule(args) => schedule(&tools, out, args).await,
        Command::MigrateTokens { dry_run, provider } => migrate(&tools, out, provider.as_deref(), dry_run).await,
        Command::Disconnect { id } => out.one(&connect::disconnect(&tools, &ConnectionId(id)).await?),
    }
}

async fn list(tools: &Tools, out: &Out) -> anyhow::Result<()> {
    out.list(
        &views::connections(tools, None).await?,
        &["ID", "PROVIDER", "SHOP", "STATUS", "LAST SUCCESS", "NEXT", "NOTE"],
        |c| {
            cells![
                c.id,
                c.store_type,
                c.label(),
                c.state(),
                or_dash(c.last_success_at.as_ref()),
                or_dash(c.next_sync_at.as_ref()),
                or_dash(c.reason().as_ref()),
            ]
        },
    )
}

async fn migrate(tools: &Shared, out: &Out, provider: Option<&str>, dry_run: bool) -> anyhow::Result<()> {
    let report = connect::migrate_tokens(tools, provider, dry_run).await?;
    out.list(&report, &["ID", "PROVIDER", "SHOP", "OUTCOME", "TOKEN ENDS", "NOTE"], |one| {
        cells![
            one.id,
            one.store_type,
            one.store_url,
            one.outcome,
            or_dash(one.token_expires_at.as_ref()),
            or_dash(one.note.as_ref()),
        ]
    })?;
    let failed = report.iter().filter(|one| one.outcome == "failed").count();
    anyhow::ensure!(
        failed == 0,
        "{failed} of {} connections were not migrated; run the command again, or connect these shops again",
        report.len()
    );
    Ok(())
}

async fn check(tools: &Shared, out: &Out, id: &str) -> anyhow::Result<()> {
    let checked = connect::check(tools, &ConnectionId::from(id)).await?;
    if let Some(changed) = &checked.changed {
        note(&format!("note: {changed}; its whole catalogue is read again"));
    }
    out.one(&ConnectionCheck::answered(checked.connection, checked.shop.complete()?, checked.api_calls))
}

/// Ends a pause, and asks the shop: a good answer also heals a connection whose key was refused.
async fn resume(tools: &Shared, out: &Out, id: &str) -> anyhow::Result<()> {
    let id = ConnectionId::from(id);
    let found = views::connection(tools, &id).await?;
    if found.is_refused() && found.paused_at.is_none() {
        let checked = connect::check(tools, &id).await?;
        out.say(&format!("the shop answers; {} waiting pushes are enqueued", checked.woken))?;
        return out.one(&checked.connection);
    }
    let (_, woken) = manage::resume_connection(tools, &id).await?;
    match connect::check(tools, &id).await {
        Ok(checked) => out.say(&format!("resumed; {} waiting pushes are enqueued", woken + checked.woken))?,
        Err(failure) => note(&format!("note: resumed, but the shop does not answer as it should: {failure}")),
    }
    out.one(&views::connection(tools, &id).await?)
}

async fn schedule(tools: &Tools, out: &Out, args: ScheduleArgs) -> anyhow::Result<()> {
    let ScheduleArgs { id, every, cron, timezone, off, push_mode, push_on_approval } = args;
    let enabled = if off { Some(false) } else { (every.is_some() || cron.is_some()).then_some(true) };
    let change = ScheduleChange { every, cron, timezone, enabled, push_mode, push_on_approval };
    out.one(&manage::schedule_connection(tools, &ConnectionId(id), &change).await?)
}
