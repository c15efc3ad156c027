//! `logs` and `logs show RUN`.

use std::time::Duration;

use super::out::{Out, cell, json_line, line, or_dash};
use crate::{
    app,
    config::Config,
    db::{self, run::RunFilter},
    model::{ConnectionId, Failure, Noun, Run, RunStatus},
};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    show: Option<Show>,
    /// Only runs of this connection.
    #[arg(long)]
    connection: Option<String>,
    /// Only runs with this status.
    #[arg(long)]
    status: Option<RunStatus>,
    /// Print further runs as they end.
    #[arg(long)]
    follow: bool,
    /// The limit of runs.
    #[arg(long, default_value_t = 50)]
    limit: i64,
}

#[derive(clap::Subcommand)]
enum Show {
    /// Show a run with its items.
    Show { run: String },
}

const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(config: &Config, out: &Out, args: Args) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    let mut tx = tools.db.read().await?;
    if let Some(Show::Show { run }) = args.show {
        let found = db::run::find(&mut tx, &run).await?;
        let found = found.ok_or_else(|| Failure::not_found(Noun::Run, run))?;
        let items = db::run::list_items(&mut tx, &found.id, i64::from(i32::MAX)).await?;
        let mut value = serde_json::to_value(&found)?;
        if out.json {
            value["items"] = serde_json::to_value(&items)?;
            return out.value(&value);
        }
        out.one(&value)?;
        return out.list(&items, &["OUTCOME", "WHAT", "AT THE SHOP", "NOTE"], |i| {
            vec![
                i.outcome.to_string(),
                or_dash(i.entity_id.as_ref()),
                or_dash(i.external_id.as_ref()),
                or_dash(i.message.as_ref()),
            ]
        });
    }
    let filter =
        RunFilter { connection: args.connection.map(ConnectionId), status: args.status, ..RunFilter::default() };
    let runs = db::run::list(&mut tx, &filter, args.limit).await?;
    drop(tx);
    if !args.follow {
        return out.list(
            &runs,
            &["RUN", "STARTED", "WHAT", "BY", "STATUS", "NEW", "CHANGED", "SAME", "GONE", "NOTE"],
            row,
        );
    }
    let mut shown: Vec<_> = runs.iter().filter(|r| r.completed_at.is_some()).map(|r| r.id.clone()).collect();
    for run in runs.iter().rev().filter(|r| r.completed_at.is_some()) {
        print(out, run)?;
    }
    loop {
        tools.outside.clock.sleep(LOOK_EVERY).await;
        let mut tx = tools.db.read().await?;
        let latest = db::run::list(&mut tx, &filter, args.limit).await?;
        drop(tx);
        for run in latest.iter().rev().filter(|r| r.completed_at.is_some() && !shown.contains(&r.id)) {
            print(out, run)?;
        }
        shown = latest.iter().filter(|r| r.completed_at.is_some()).map(|r| r.id.clone()).collect();
    }
}

/// Prints a run as one line; with --json as one object per line, since a followed log has no end.
fn print(out: &Out, run: &Run) -> anyhow::Result<()> {
    if out.json {
        return json_line(run);
    }
    let cells: Vec<String> = row(run).iter().map(|text| cell(text, 1000)).collect();
    line(&cells.join("  "))
}

fn row(run: &Run) -> Vec<String> {
    let counts = [run.items_created, run.items_updated, run.items_unchanged, run.items_deleted];
    let mut row = vec![
        run.id.to_string(),
        run.started_at.to_string(),
        run.action.to_string(),
        run.trigger.to_string(),
        run.status.to_string(),
    ];
    row.extend(counts.iter().map(ToString::to_string));
    row.push(or_dash(run.note().as_ref()));
    row
}
