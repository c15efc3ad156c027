//! Workers: claim a job with a lease, run it with a heartbeat, finish the attempt. A dead worker's job is taken over.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::{finish_attempt::finish_attempt, run::run};
use crate::{
    db,
    model::{Failure, FailureKind, Job, JobEnd, Pool},
    outside::catch_panic,
    push,
    tools::{Lease, Shared, Tools},
};

/// Interruptions without any end after which a job is failed: it seems to crash its process.
const MAX_INTERRUPTIONS: i32 = 200;

/// The operations' names in the log.
const LOOK: &str = "look for jobs";
const SETTLE: &str = "settle a job (it will be taken over)";

/// The number of workers in each pool.
#[derive(Debug, Clone, Copy)]
pub struct Pools {
    pub import: usize,
    pub push: usize,
    pub generate: usize,
    pub tokens: usize,
    /// How often an idle worker polls for jobs of other processes.
    pub poll: Duration,
}

/// Running workers.
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

    /// Claims no new jobs and waits for those in progress; what has not ended by then is aborted without a failure.
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
        // What a panic leaves behind has a lease, and is taken over when that expires.
        if Box::pin(catch_panic(look_for_work(&tools, pool, poll, &ended))).await.is_err() {
            tools.outside.clock.sleep(poll.max(Duration::from_secs(1))).await;
        }
    }
}

/// Claims one job and runs it, or waits for one.
async fn look_for_work(tools: &Shared, pool: Pool, poll: Duration, ended: &CancellationToken) {
    let bell = tools.job_notify.notified();
    let claimed = claim(tools, pool).await;
    match &claimed {
        Ok(_) => tools.can(LOOK),
        Err(error) => tools.cannot(LOOK, error),
    }
    match claimed {
        Ok(Some(lease)) => do_job(tools, &lease).await,
        Ok(None) => {
            tokio::select! {
                () = bell => {}
                () = ended.cancelled() => {}
                () = tools.outside.clock.sleep(poll) => {}
            }
        }
        Err(_) => tools.outside.clock.sleep(poll.max(Duration::from_secs(1))).await,
    }
}

/// Claims the next job of a pool; none once this process stops.
async fn claim(tools: &Shared, pool: Pool) -> sqlx::Result<Option<Arc<Lease>>> {
    if tools.shutdown.is_cancelled() {
        return Ok(None);
    }
    // Measured before the database call: the local deadline ends before the lease in the database.
    let (asked, now) = (tools.outside.clock.uptime(), tools.outside.clock.now());
    let mut tx = tools.db.begin().await?;
    let job = db::job::claim(&mut tx, pool, &tools.instance, now, now.plus(tools.policy.lease)).await?;
    let Some(job) = job else { return Ok(None) };
    tx.commit().await?;
    Ok(Some(Lease::new(tools, job, asked)))
}

async fn do_job(tools: &Shared, lease: &Arc<Lease>) {
    let (for_task, own) = (tools.clone(), lease.clone());
    attempt(tools, lease, Box::pin(async move { run(&for_task, &own).await })).await;
}

/// Runs `verb` for a job in its own task, with a heartbeat, and finishes the attempt. A panic ends only the attempt.
async fn attempt(tools: &Shared, lease: &Lease, verb: impl Future<Output = Result<JobEnd, Failure>> + Send + 'static) {
    attempt_within(tools, lease, verb).instrument(span(&lease.job)).await;
}

/// The span by which a job's log lines are found.
fn span(job: &Job) -> Span {
    tracing::info_span!(
        "job", job.id = %job.id, job.kind = job.kind, connection.id = job.store_connection_id.as_ref().map(tracing::field::display),
        job.attempt = job.attempts
    )
}

async fn attempt_within(
    tools: &Shared,
    lease: &Lease,
    verb: impl Future<Output = Result<JobEnd, Failure>> + Send + 'static,
) {
    let mut task = tokio::spawn(guarded(verb).in_current_span());
    let result = tokio::select! {
        joined = &mut task => joined.unwrap_or_else(|_| Err(Failure::new(FailureKind::Stopped, "the process ended before the work did"))),
        () = lease.keep() => {
            // Its writes and requests are refused by now; awaited, so that it ends before its effects are checked.
            task.abort();
            let _ = (&mut task).await;
            Err(Failure::new(FailureKind::LeaseLost, "another worker has taken the job over, or the lease could not be renewed in time"))
        }
    };
    if let Err(error) = end(tools, &lease.job, result).await {
        tools.cannot(SETTLE, &error);
    }
    tools.job_notify.notify_waiters();
}

/// A panic is a failure like any other: it counts as an attempt, and is recorded.
async fn guarded(verb: impl Future<Output = Result<JobEnd, Failure>>) -> Result<JobEnd, Failure> {
    catch_panic(verb).await.unwrap_or_else(|fault| Err(fault.into()))
}

/// Ends an attempt: finishes it if the job is ours; otherwise leaves the job to its owner and checks a push.
async fn end(tools: &Tools, job: &Job, result: Result<JobEnd, Failure>) -> sqlx::Result<()> {
    match result {
        Err(failure) if failure.kind == FailureKind::LeaseLost => {
            tracing::warn!(job.id = %job.id, job.kind = job.kind, "{failure}; its result counts");
            push::leave_check(tools, job).await
        }
        result => finish_attempt(tools, job, result).await,
    }
}

/// Runs jobs of every pool, one after another, until none is due. For commands without a daemon, and for tests.
pub async fn drain(tools: &Shared) -> sqlx::Result<usize> {
    let mut done = 0;
    loop {
        let mut found = false;
        for pool in [Pool::Maintenance, Pool::Import, Pool::Generate, Pool::Push] {
            while let Some(lease) = claim(tools, pool).await? {
                let attempt = async {
                    let result = Box::pin(guarded(run(tools, &lease))).await;
                    end(tools, &lease.job, result).await
                };
                attempt.instrument(span(&lease.job)).await?;
                tools.job_notify.notify_waiters();
                (found, done) = (true, done + 1);
            }
        }
        if !found {
            return Ok(done);
        }
    }
}

/// Releases the jobs of dead workers and closes the runs they left open; returns how many of each. With `alone`, no
/// other process uses this database, so that every lease counts as expired.
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
        tools.job_notify.notify_waiters();
    }
    Ok((jobs, runs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app,
        config::Config,
        db::job::NewJob,
        model::{ClientId, JobId, JobPolicy, Task, Time},
        outside::{Clock, Files, Http, HttpPolicy, Outside, Random, Request, lines::CapturedLog},
    };
    use http::Method;

    #[expect(clippy::unused_async, reason = "a verb is a future")]
    async fn breaks() -> Result<JobEnd, Failure> {
        let nobody: Vec<Result<JobEnd, Failure>> = Vec::new();
        nobody[usize::from(nobody.is_empty())].clone()
    }

    /// A process with one job that may fail twice.
    async fn process(folder: &std::path::Path) -> (Shared, JobId) {
        let mut config = Config::default();
        folder.clone_into(&mut config.storage.data_dir);
        let outside = Outside {
            clock: Clock::frozen(Time::from_unix_ms(1_772_366_400_000)),
            random: Random::seeded(7),
            http: Http::new(HttpPolicy::default()).expect("an HTTP client"),
            files: Files::new(folder.join("files")),
        };
        let tools = app::open_with(&config, outside).await.expect("opens");
        let (now, client) = (tools.outside.clock.now(), ClientId::from("acme".to_owned()));
        let job = NewJob {
            policy: JobPolicy { priority: 1, max_attempts: 2, dedupe_key: None, delay: Duration::ZERO },
            ..NewJob::new(&tools.outside, &client, Task::AnalyseProduct { product: "p".to_owned().into() })
        };
        let mut tx = tools.db.begin().await.expect("begins");
        db::client::insert(&mut tx, &client, "Acme", Some("acme"), now).await.expect("is kept");
        db::job::insert(&mut tx, &job).await.expect("is left");
        tx.commit().await.expect("commits");
        (tools, job.id)
    }

    #[tokio::test]
    async fn a_fault_in_a_verb_counts_as_a_failure_and_is_told() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let (tools, id) = process(folder.path()).await;
        for failures in 1..=2 {
            let job = claim(&tools, Pool::Generate).await.expect("looks").expect("a job");
            attempt(&tools, &job, breaks()).await;
            let mut tx = tools.db.read().await.expect("reads");
            assert_eq!(db::job::get_failures(&mut tx, &id).await.expect("reads"), failures);
            let job = db::job::find(&mut tx, &id).await.expect("reads").expect("is there");
            let told = job.error.unwrap_or_default();
            assert!(told.contains("a fault in the program ended the work"), "{told}");
            assert_eq!(job.status.to_string(), if failures == 2 { "failed" } else { "pending" });
            drop(tx);
            tools.outside.clock.advance(Duration::from_hours(1));
        }
    }

    #[tokio::test]
    async fn what_is_logged_on_the_way_of_a_job_is_found_by_its_id() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let (tools, id) = process(folder.path()).await;
        let job = claim(&tools, Pool::Generate).await.expect("looks").expect("a job");
        let (lines, log) = CapturedLog::of_this_thread();
        let (http, url) =
            (tools.outside.http.clone(), "https://shop.invalid/admin?token=s3cr3t".parse().expect("a url"));
        let verb = async move {
            tracing::info!("half of it is done");
            let error = http.send(Request::new(Method::GET, url)).await.map(drop).expect_err("there is no such host");
            Err(Failure::new(FailureKind::Away, error.to_string()))
        };
        attempt(&tools, &job, verb).await;
        drop(log);
        let text = lines.text();
        let job = format!("job{{job.id={id} job.kind=\"analyse_product\" job.attempt=1}}");
        for told in ["half of it is done", "not exchanged: ", "retry_at"] {
            assert!(text.lines().any(|line| line.contains(told) && line.contains(&job)), "{told}: {text}");
        }
        assert!(text.contains("exchange{http.place=\"GET shop.invalid/admin") && !text.contains("s3cr3t"), "{text}");
    }
}
