//! `logs` and `logs show RUN`.

use std::time::Duration;

use super::out::{Out, cell, cells, json_line, line, or_dash};
use crate::{
    app,
    config::Config,
    model::{ConnectionId, Run, RunId, RunStatus},
    views::{self, RunCard, RunFilter},
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
    if let Some(Show::Show { run }) = args.show {
        return show(out, &views::run_card(&tools, &RunId(run)).await?);
    }
    let filter =
        RunFilter { connection: args.connection.map(ConnectionId), status: args.status, ..RunFilter::default() };
    let runs = views::runs(&tools, &filter, args.limit).await?;
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
        let latest = views::runs(&tools, &filter, args.limit).await?;
        for run in latest.iter().rev().filter(|r| r.completed_at.is_some() && !shown.contains(&r.id)) {
            print(out, run)?;
        }
        shown = latest.iter().filter(|r| r.completed_at.is_some()).map(|r| r.id.clone()).collect();
    }
}

fn show(out: &Out, card: &RunCard) -> anyhow::Result<()> {
    if out.json {
        return out.value(card);
    }
    out.one(&card.run)?;
    out.list(&card.items, &["OUTCOME", "WHAT", "AT THE SHOP", "NOTE"], |i| {
        cells![i.outcome, or_dash(i.entity_id.as_ref()), or_dash(i.external_id.as_ref()), or_dash(i.message.as_ref()),]
    })
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
    let mut row = cells![run.id, run.started_at, run.action, run.trigger, run.status,];
    row.extend(counts.iter().map(ToString::to_string));
    row.push(or_dash(run.note().as_ref()));
    row
}
