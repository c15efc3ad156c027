//! Workers: claim a job by lease, do it with a heartbeat, settle it. A dead worker's job is taken over.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{run::run, settle::settle};
use crate::{
    db,
    model::{Failure, Job, Pool},
    tools::{Shared, Tools},
};

/// Interruptions without any end after which a job is given up: it seems to take its process down.
const MAX_INTERRUPTIONS: i32 = 200;

/// How many workers each pool has.
#[derive(Debug, Clone, Copy)]
pub struct Pools {
    pub import: usize,
    pub push: usize,
    pub generate: usize,
    pub tokens: usize,
    /// How often an idle worker looks for jobs that other processes left.
    pub poll: Duration,
}

/// Workers at work.
pub struct Workers {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Workers {
    /// Starts the pools.
    pub fn start(tools: &Shared, pools: Pools) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for (pool, workers) in [
            (Pool::Import, pools.import),
            (Pool::Push, pools.push),
            (Pool::Generate, pools.generate),
            (Pool::Maintenance, pools.tokens),
        ] {
            for _ in 0..workers {
                tasks.spawn(work(tools.clone(), pool, pools.poll, stop.clone()));
            }
        }
        Self { tasks, stop }
    }

    /// Takes no new jobs and waits for those under way; what has not ended by then is given back, no failure counted.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.cancel();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!("some work did not end in time; it goes on with the next start");
            self.tasks.shutdown().await;
        }
    }
}

async fn work(tools: Shared, pool: Pool, poll: Duration, ended: CancellationToken) {
    while !ended.is_cancelled() {
        let bell = tools.bell.notified();
        match claim(&tools, pool).await {
            Ok(Some(job)) => do_job(&tools, &job).await,
            Ok(None) => {
                tokio::select! {
                    () = bell => {}
                    () = ended.cancelled() => {}
                    () = tools.outside.clock.sleep(poll) => {}
                }
            }
            Err(error) => {
                tracing::error!("cannot look for jobs: {error}");
                tools.outside.clock.sleep(poll.max(Duration::from_secs(1))).await;
            }
        }
    }
}

/// The next job of a pool; none any more where this process stops.
async fn claim(tools: &Tools, pool: Pool) -> sqlx::Result<Option<Job>> {
    if tools.closing.is_cancelled() {
        return Ok(None);
    }
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let job = db::job::claim(&mut tx, pool, &tools.instance, (now, now.plus(tools.rules.lease))).await?;
    if job.is_some() {
        tx.commit().await?;
    }
    Ok(job)
}

async fn do_job(tools: &Shared, job: &Job) {
    // A task of its own: a panic ends the attempt, not the worker.
    let (for_task, own) = (tools.clone(), Arc::new(job.clone()));
    let mut task = tokio::spawn(async move { run(&for_task, &own).await });
    let result = tokio::select! {
        joined = &mut task => joined.unwrap_or_else(|panic| Err(Failure::retry("panic", format!("a fault in the program ended the work: {panic}")))),
        () = keep_lease(tools, job) => {
            task.abort();
            Err(Failure::retry("lease_lost", "another worker has taken the job over"))
        }
    };
    if let Err(error) = settle(tools, job, result).await {
        tracing::error!(job.id = %job.id, "cannot settle the job, it will be taken over: {error}");
    }
    tools.bell.notify_waiters();
}

/// Renews the lease three times in its life; returns when the job is no longer ours.
async fn keep_lease(tools: &Tools, job: &Job) {
    loop {
        tools.outside.clock.beat(tools.rules.lease / 3).await;
        let until = tools.outside.clock.now().plus(tools.rules.lease);
        let held = async {
            let mut tx = tools.db.begin().await?;
            let held = db::job::heartbeat(&mut tx, job, until).await?;
            tx.commit().await?;
            Ok::<bool, sqlx::Error>(held)
        };
        match held.await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(job.id = %job.id, "cannot renew the lease, trying again: {error}"),
        }
    }
}

/// Does jobs of every pool, one after another, until none is due. For commands without a daemon, and for tests.
pub async fn drain(tools: &Shared) -> sqlx::Result<usize> {
    let mut done = 0;
    loop {
        let mut found = false;
        for pool in [Pool::Maintenance, Pool::Import, Pool::Generate, Pool::Push] {
            while let Some(job) = claim(tools, pool).await? {
                let result = run(tools, &job).await;
                settle(tools, &job, result).await?;
                tools.bell.notify_waiters();
                (found, done) = (true, done + 1);
            }
        }
        if !found {
            return Ok(done);
        }
    }
}

/// Frees the jobs of dead workers and closes the runs they left open; gives how many of each. `alone` says that no
/// other process works on this database, so that every lease is a dead one's.
pub async fn recover(tools: &Tools, alone: bool) -> sqlx::Result<(u64, u64)> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let jobs = db::job::release_expired(&mut tx, now, alone, MAX_INTERRUPTIONS).await?;
    let runs = db::run::close_orphans(&mut tx, now).await?;
    if alone {
        db::grant::unlock_all(&mut tx).await?;
    }
    tx.commit().await?;
    if jobs + runs > 0 {
        tracing::info!(jobs, runs, "took over work that an ended process left: jobs freed, runs closed as interrupted");
        tools.bell.notify_waiters();
    }
    Ok((jobs, runs))
}
