//! What a failure means for the job, its push and its connection, by its remedy. Never looks at a status code.

use std::time::Duration;

use crate::{
    connect::Refusal,
    db::{self, Tx},
    generate,
    model::{ConnectionId, Engine, Failure, FailureKind, Job, JobEnd, PushStatus, Remedy, ShopAnswer, Task, Time},
    tools::Tools,
};

/// The longest wait between two attempts.
pub const RETRY_CAP: Duration = Duration::from_hours(1);
/// The wait after the first failure; it doubles with every further one.
const RETRY_FIRST: Duration = Duration::from_secs(10);

/// Failures that say nothing about a picture: the model is over quota, or unavailable. They are waited out.
const AWAY: [FailureKind; 3] = [FailureKind::ModelQuota, FailureKind::ModelAway, FailureKind::Network];
/// The longest wait for a model.
const PATIENCE: Duration = Duration::from_hours(72);
/// Products whose pushes a shop forbids one after the other (402, 403), after which no other push is tried.
const FORBIDDEN_AT_MOST: i64 = 5;

/// Finishes an attempt, in one transaction. Does nothing if the job is no longer ours.
pub(super) async fn finish_attempt(tools: &Tools, job: &Job, result: Result<JobEnd, Failure>) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    match result {
        Ok(JobEnd::GoesOn) => drop(db::job::mark_continued(&mut tx, job, now).await?),
        Ok(JobEnd::Done) => drop(db::job::mark_completed(&mut tx, job, now).await?),
        Err(failure) => fail(tools, &mut tx, job, &failure, now).await?,
    }
    tx.commit().await
}

/// Postpones all jobs of an unavailable model: each would fail alike. False if that does not help.
async fn wait_for_model(tx: &mut Tx, job: &Job, failure: &Failure, now: Time) -> sqlx::Result<bool> {
    let by_model = matches!(&job.payload.0, Task::Generate { engine: Engine::Model, .. });
    let waited = job.waiting_since.map_or(Duration::ZERO, |since| now.since(since));
    if !by_model || !AWAY.contains(&failure.kind) || waited > PATIENCE {
        return Ok(false);
    }
    let Remedy::Retry(asked) = failure.remedy() else { return Ok(false) };
    // Without a wait from the service: the longer it has been away, the longer the next wait.
    let usual = (waited / 4).clamp(RETRY_FIRST * 3, RETRY_CAP);
    let at = now.plus(asked.unwrap_or(usual));
    if !db::job::mark_postponed(tx, job, &failure.message, at, now).await? {
        return Ok(true);
    }
    let others = db::job::postpone_models(tx, &failure.message, at).await?;
    if let Task::Generate { asset, .. } = &job.payload.0 {
        db::generation::mark_waiting(tx, asset, now).await?;
    }
    tracing::warn!(job.id = %job.id, failure.code = failure.code(), retry_at = %at, others, "pictures wait for their model: {}", failure.message);
    Ok(true)
}

async fn fail(tools: &Tools, tx: &mut Tx, job: &Job, failure: &Failure, now: Time) -> sqlx::Result<()> {
    if wait_for_model(tx, job, failure, now).await? {
        return Ok(());
    }
    let failures = db::job::get_failures(tx, &job.id).await? + 1;
    let connection = job.payload.0.connection();
    let refusal = match connection {
        Some(connection) => Refusal::read(tools, tx, connection, failure).await?,
        None => None,
    };
    // A job whose shop refuses its key for now waits without counting a failure.
    let postponed = refusal.as_ref().and_then(|refusal| refusal.retry_at).or_else(|| key_waits_until(failure, now));
    let again = postponed.or_else(|| match failure.remedy() {
        Remedy::Retry(asked) if failures < job.max_attempts => Some(now.plus(wait(tools, failures, asked))),
        _ => None,
    });
    let ours = match (postponed, again) {
        (Some(at), _) => db::job::mark_postponed(tx, job, &failure.message, at, now).await?,
        (None, Some(at)) => db::job::mark_retry(tx, job, &failure.message, at).await?,
        (None, None) => db::job::mark_failed(tx, job, &failure.message, now).await?,
    };
    if !ours {
        tracing::warn!(job.id = %job.id, "another worker has taken the job over; its result counts");
        return Ok(());
    }
    tracing::warn!(
        job.id = %job.id, job.kind = job.kind, connection.id = connection.map(ToString::to_string), failure.code = failure.code(), failure.retry_at = again.map(|t| t.to_string()),
        "{}", failure.message
    );
    if let Some(refusal) = refusal {
        refusal.mark(tx, now).await?;
    }
    record(tools, tx, job, failure, again).await
}

/// Until when a job waits for the next try of a refused key.
fn key_waits_until(failure: &Failure, now: Time) -> Option<Time> {
    match failure.remedy() {
        Remedy::Retry(Some(wait)) if failure.kind == FailureKind::KeyWaits => Some(now.plus(wait)),
        _ => None,
    }
}

/// Records a failure at what the job is about; `again` is the time of its next attempt.
async fn record(tools: &Tools, tx: &mut Tx, job: &Job, failure: &Failure, again: Option<Time>) -> sqlx::Result<()> {
    let (now, (code, message)) = (tools.outside.clock.now(), failure.parts());
    // A push whose shop is unusable waits; it continues when the shop is connected or resumed.
    let waits = again.is_some() || failure.remedy() == Remedy::Reconnect || stops_pushes(failure);
    match &job.payload.0 {
        Task::Generate { asset, client, .. } if again.is_none() => {
            generate::give_up(tools, tx, asset, client, message).await?;
        }
        Task::Generate { asset, .. } => db::generation::mark_waiting(tx, asset, now).await?,
        Task::ImportProducts { connection, .. }
            if !matches!(failure.kind, FailureKind::Paused | FailureKind::KeyWaits)
                && failure.remedy() != Remedy::Reconnect =>
        {
            db::connection::mark_failure(tx, connection, code, message, again, now).await?;
        }
        Task::PushAsset { push, connection, .. } => {
            stop_pushes(tx, connection, failure, now).await?;
            let status = if waits { PushStatus::Queued } else { PushStatus::Failed };
            db::push::mark_failure(tx, push, status, code, message, again, now).await?;
            stop_forbidden_pushes(tx, connection, failure, now).await?;
        }
        Task::RemoveAsset { push, connection, .. } => {
            stop_pushes(tx, connection, failure, now).await?;
            // It counts as in the shop until its removal is verified.
            let status = if waits { PushStatus::Removing } else { PushStatus::Synced };
            db::push::mark_failure(tx, push, status, code, message, again, now).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Whether no push to this shop can succeed until a person has done something.
fn stops_pushes(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Paused | FailureKind::PushStopped | FailureKind::Shop(ShopAnswer::Rights, _))
}

/// A missing right is missing for every push of the shop, and for its pushes only: its imports go on.
async fn stop_pushes(tx: &mut Tx, connection: &ConnectionId, failure: &Failure, now: Time) -> sqlx::Result<()> {
    if !matches!(failure.kind, FailureKind::Shop(ShopAnswer::Rights, _)) {
        return Ok(());
    }
    let why = format!(
        "a right is missing: {}; once the shop gives it, run: store-sync connections resume {connection}",
        failure.message
    );
    db::connection::mark_push_stopped(tx, connection, &why, now).await
}

/// A status alone says nothing about other pushes. If it is the same for many products and none comes through, it is about all of
/// them.
async fn stop_forbidden_pushes(
    tx: &mut Tx,
    connection: &ConnectionId,
    failure: &Failure,
    now: Time,
) -> sqlx::Result<()> {
    if !matches!(failure.kind, FailureKind::Shop(ShopAnswer::Forbidden, _)) {
        return Ok(());
    }
    let products = db::push::count_refused_products(tx, connection, failure.code()).await?;
    if products < FORBIDDEN_AT_MOST {
        return Ok(());
    }
    let why = format!(
        "the shop forbade the pushes to {products} products one after the other, the last with: {}; once it allows them, run: store-sync \
         connections resume {connection}, then: store-sync push retry",
        failure.message
    );
    db::connection::mark_push_stopped(tx, connection, &why, now).await
}

/// Doubling waits with jitter, or the shop's own if that is longer.
fn wait(tools: &Tools, failures: i32, asked: Option<Duration>) -> Duration {
    let doublings = u32::try_from(failures - 1).unwrap_or(0).min(12);
    let usual = (RETRY_FIRST * 2_u32.pow(doublings)).min(RETRY_CAP);
    let jitter = tools.outside.random.below(u64::try_from(usual.as_millis() / 4).unwrap_or(0) + 1);
    let usual = usual + Duration::from_millis(jitter);
    // A shop may ask for longer than our cap (a daily quota); it gets that, up to two days.
    asked.map_or(usual, |asked| asked.max(usual).min(Duration::from_hours(48)))
}
