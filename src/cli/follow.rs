//! Detects a running daemon, and follows jobs until they end.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    config::Config,
    db::{self, lease::Ownership},
    model::{ConnectionId, Job, JobId, JobStatus, Pool},
    tools::{Shared, Tools},
    views::{self, JobRow},
    work::{self, Pools, Workers},
};

const LOOK_EVERY: Duration = Duration::from_millis(150);

/// The process that runs the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worker {
    /// A daemon is running.
    Daemon,
    /// None: the command has to run them itself.
    Nobody,
}

impl Worker {
    pub(super) async fn find(tools: &Tools) -> anyhow::Result<Self> {
        match db::lease::own(&tools.db).await? {
            Ownership::Taken => return Ok(Self::Daemon),
            Ownership::Sole(_) => return Ok(Self::Nobody),
            Ownership::Shared => {}
        }
        let mut tx = tools.db.read().await?;
        let alive = db::lease::count_alive(&mut tx, tools.outside.clock.now()).await?;
        Ok(if alive > 0 { Self::Daemon } else { Self::Nobody })
    }
}

/// Waits until these jobs have ended and returns them; runs them itself if no daemon is running.
pub(super) async fn jobs(config: &Config, tools: &Shared, ids: &[JobId]) -> anyhow::Result<Vec<JobRow>> {
    let owned = db::lease::own(&tools.db).await?;
    let mut workers = None;
    let alone = matches!(owned, Ownership::Sole(_));
    if alone || (matches!(owned, Ownership::Shared) && Worker::find(tools).await? == Worker::Nobody) {
        work::recover(tools, alone).await?;
        let poll = Duration::from_millis(config.work.poll_ms);
        workers = Some(Workers::start(
            tools,
            Pools {
                import: config.work.import_workers,
                push: config.work.push_workers,
                generate: config.work.generate_workers,
                tokens: config.work.token_workers,
                poll,
            },
        ));
    }
    let result = watch(tools, ids).await;
    if let Some(workers) = workers {
        workers.stop(Duration::from_secs(config.server.shutdown_seconds)).await;
    }
    drop(owned);
    result
}

/// Waits for the jobs of a shop that are open now.
pub(super) async fn open_jobs(tools: &Tools, connection: &ConnectionId) -> anyhow::Result<()> {
    let open = views::open_jobs(tools, connection, 100).await?;
    watch(tools, &open.into_iter().map(|job| job.id).collect::<Vec<_>>()).await.map(drop)
}

/// Waits for jobs that a daemon runs.
pub(super) async fn ended(tools: &Tools, ids: &[JobId]) -> anyhow::Result<()> {
    watch(tools, ids).await.map(drop)
}

/// Polls jobs until they end, with a progress bar on a terminal. A failed job that waits for its retry counts as ended.
async fn watch(tools: &Tools, ids: &[JobId]) -> anyhow::Result<Vec<JobRow>> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len}")?);
    // Thousands of jobs are polled less often.
    let pause = LOOK_EVERY * u32::try_from(ids.len() / 200 + 1).unwrap_or(1).min(10);
    loop {
        let jobs = views::jobs(tools, ids).await?;
        let now = tools.outside.clock.now();
        let ended = |job: &Job| match job.status {
            JobStatus::Processing => false,
            JobStatus::Pending => job.error.is_some() && job.scheduled_for > now,
            JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled => true,
        };
        let (mut done, mut total, mut noun) = (0, 0, "products");
        for JobRow { job, run } in &jobs {
            if job.queue == Pool::Generate {
                // One job makes one picture.
                (done, total, noun) = (done + u64::from(ended(job)), total + 1, "pictures");
            } else if let Some(run) = run {
                done += u64::try_from(run.items_processed).unwrap_or(0);
                total += u64::try_from(run.items_total).unwrap_or(0);
            }
        }
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message(if done == 0 { "waiting" } else { noun });
        if jobs.iter().all(|row| ended(&row.job)) {
            bar.finish_and_clear();
            return Ok(jobs);
        }
        tools.outside.clock.sleep(pause).await;
    }
}
