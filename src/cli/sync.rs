//! `sync`: a manual import. Enqueues a job and follows it; runs it itself if no daemon is running.

use std::process::ExitCode;

use super::{
    follow::{self, Worker},
    out::{Out, cells, note, or_dash},
};
use crate::{
    app,
    config::Config,
    import,
    model::{Connection, ImportScope, JobStatus, Run, RunStatus},
    tools::Tools,
    views::{self, JobRow, QueuedJob},
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The connection to import.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    connection: Option<String>,
    /// Import all active connections.
    #[arg(long)]
    all: bool,
    /// Full import instead of changes only; only this detects deleted products.
    #[arg(long)]
    full: bool,
    /// Set tombstones even if their number exceeds the guard.
    #[arg(long, requires = "full")]
    accept_deletes: bool,
    /// Enqueue and do not wait.
    #[arg(long)]
    no_wait: bool,
}

pub(super) async fn run(config: &Config, out: &Out, args: Args) -> anyhow::Result<ExitCode> {
    let tools = app::open(config).await?;
    let connections = chosen(&tools, &args).await?;
    let mut ids = Vec::new();
    let scope = if args.full { ImportScope::Full } else { ImportScope::Changes };
    for connection in &connections {
        ids.push(import::request(&tools, connection, scope, args.accept_deletes).await?);
    }
    if args.no_wait {
        if Worker::find(&tools).await? == Worker::Nobody {
            note("note: no daemon is running; the job waits until one runs, or run: store-sync sync");
        }
        let rows: Vec<QueuedJob> = ids.into_iter().map(|job_id| QueuedJob { job_id }).collect();
        out.list(&rows, &["JOB"], |row| cells![row.job_id])?;
        return Ok(ExitCode::SUCCESS);
    }
    let jobs = follow::jobs(config, &tools, &ids).await?;
    for JobRow { job, .. } in jobs.iter().filter(|row| row.job.status == JobStatus::Pending) {
        note(&format!("note: job {} is tried again at {}; sooner with the same command", job.id, job.scheduled_for));
    }
    let runs: Vec<Run> = jobs.into_iter().filter_map(|row| row.run).collect();
    let columns = ["RUN", "STATUS", "NEW", "CHANGED", "SAME", "GONE", "FAILED", "CALLS", "NOTE"];
    out.list(&runs, &columns, |r| {
        let counts =
            [r.items_created, r.items_updated, r.items_unchanged, r.items_deleted, r.items_failed, r.api_calls];
        let mut row = cells![r.id, r.status];
        row.extend(counts.iter().map(ToString::to_string));
        row.push(or_dash(r.error_message.as_ref()));
        row
    })?;
    let good =
        runs.len() == ids.len() && runs.iter().all(|run| matches!(run.status, RunStatus::Success | RunStatus::Partial));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn chosen(tools: &Tools, args: &Args) -> anyhow::Result<Vec<Connection>> {
    if let Some(id) = &args.connection {
        return Ok(vec![views::connection(tools, &id.as_str().into()).await?]);
    }
    let all = views::connections(tools, None).await?;
    let usable: Vec<Connection> = all.into_iter().filter(Connection::is_usable).collect();
    anyhow::ensure!(!usable.is_empty(), "no shop is connected; see: store-sync connect --help");
    Ok(usable)
}
