//! The job queue: lanes, leases and fencing.

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type, types::Json};

use super::{Tx, all, bulk::TextList, execute, maybe, rows, scalar};
use crate::{
    model::{ClientId, ConnectionId, FlowId, Job, JobId, JobPolicy, Pool, Task, Time},
    outside::Outside,
};

macro_rules! fields {
    () => {
        "id, client_id, queue, store_connection_id, type, payload, status, error, attempts, max_attempts, scheduled_for, \
         locked_by, lease_expires_at, lane, dedupe_key, waiting_since, created_at, completed_at"
    };
}

/// A job to enqueue: due now and with its task's policy, unless the caller changes that.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub id: JobId,
    pub client: ClientId,
    pub task: Task,
    pub policy: JobPolicy,
    pub created_at: Time,
    pub scheduled_for: Time,
    /// Its client's turn in the pool, for fair queuing.
    pub turn: i64,
}

impl NewJob {
    pub fn new(outside: &Outside, client: &ClientId, task: Task) -> Self {
        let (policy, now) = (task.policy(), outside.clock.now());
        let scheduled_for = now.plus(policy.delay);
        let client = client.clone();
        Self { id: outside.new_id(), client, task, policy, created_at: now, scheduled_for, turn: 0 }
    }
}

/// Enqueues a job and wakes workers on commit; returns its id, or that of the pending or running job with the same
/// dedupe key.
pub async fn enqueue(tx: &mut Tx, outside: &Outside, client: &ClientId, task: Task) -> sqlx::Result<JobId> {
    insert(tx, &NewJob::new(outside, client, task)).await
}

/// As `enqueue`, for news from the shop: a running job may have read the shop before, so that another one waits behind
/// it.
pub async fn enqueue_behind(tx: &mut Tx, outside: &Outside, client: &ClientId, task: Task) -> sqlx::Result<JobId> {
    let mut job = NewJob::new(outside, client, task);
    let sql = "SELECT id FROM job WHERE dedupe_key = $1 AND status = 'processing'";
    if maybe!(tx, (JobId,), sql, &job.policy.dedupe_key)?.is_some() {
        job.policy.dedupe_key = job.policy.dedupe_key.map(|key| format!("{key}:behind"));
    }
    insert(tx, &job).await
}

/// Returns the first free turn of a client in a pool (fair queuing). Turns come before age: a client that enqueued a
/// thousand jobs occupies a thousand turns, and a later client starts at the pool's present turn, so that clients
/// alternate regardless of how much each enqueued.
pub async fn next_turn(tx: &mut Tx, pool: Pool, client: &ClientId, now: Time) -> sqlx::Result<i64> {
    let own_turn = "SELECT max(turn) FROM job WHERE client_id = $1 AND queue = $2 AND status = 'pending'";
    // Jobs without turns, and those scheduled for later, do not define the pool's present turn.
    let pool_turn = "SELECT coalesce((SELECT min(turn) FROM job WHERE queue = $1 AND status = 'pending' AND type = 'generate' \
                  AND scheduled_for <= $2), (SELECT max(turn) FROM job WHERE queue = $1 AND status = 'processing'), \
                  (SELECT min(turn) FROM job WHERE queue = $1 AND status = 'pending' AND type = 'generate'))";
    let own_turn: Option<(Option<i64>,)> = maybe!(tx, (Option<i64>,), own_turn, client, pool)?;
    let pool_turn: Option<(Option<i64>,)> = maybe!(tx, (Option<i64>,), pool_turn, pool, now)?;
    let own_turn = own_turn.and_then(|(turn,)| turn).map_or(0, |turn| turn + 1);
    Ok(own_turn.max(pool_turn.and_then(|(turn,)| turn).unwrap_or(0)))
}

/// As `enqueue`, for a job whose fields the caller set. If a person asks for what waits already, it waits no longer.
pub async fn insert(tx: &mut Tx, job: &NewJob) -> sqlx::Result<JobId> {
    let sql = "INSERT INTO job (id, client_id, queue, store_connection_id, type, payload, status, max_attempts, \
               scheduled_for, lane, priority, dedupe_key, created_at, flow_id, turn) \
               VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, $10, $11, $12, $13, $14) \
               ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL AND status IN ('pending', 'processing') DO NOTHING";
    let task = &job.task;
    let rows = execute!(
        tx,
        sql,
        &job.id,
        &job.client,
        task.pool(),
        task.connection(),
        task.kind(),
        Json(task),
        job.policy.max_attempts,
        job.scheduled_for,
        task.lane(),
        job.policy.priority,
        &job.policy.dedupe_key,
        job.created_at,
        task.flow(),
        job.turn,
    )?;
    tx.leaves_work();
    if rows == 1 {
        return Ok(job.id.clone());
    }
    let sql = "SELECT id FROM job WHERE dedupe_key = $1 AND status IN ('pending', 'processing')";
    let existing: Option<(JobId,)> = maybe!(tx, (JobId,), sql, &job.policy.dedupe_key)?;
    let (id,) = existing.ok_or(sqlx::Error::RowNotFound)?;
    if task.is_by_hand() {
        advance(tx, &id, job.policy.priority, job.scheduled_for).await?;
    }
    Ok(id)
}

/// Makes a pending job due at `at` if it would be later, with at least this priority; `false` if it is not pending.
pub async fn advance(tx: &mut Tx, id: &JobId, priority: i32, at: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE job SET priority = CASE WHEN priority > $2 THEN $2 ELSE priority END, \
               scheduled_for = CASE WHEN scheduled_for > $3 THEN $3 ELSE scheduled_for END WHERE id = $1 AND status = 'pending'";
    tx.leaves_work();
    Ok(execute!(tx, sql, id, priority, at)? == 1)
}

/// Makes the jobs of a shop that wait for something it lacked due at `at`.
pub async fn advance_postponed(tx: &mut Tx, connection: &ConnectionId, at: Time) -> sqlx::Result<()> {
    let sql = "UPDATE job SET scheduled_for = $2 WHERE store_connection_id = $1 AND status = 'pending' \
               AND waiting_since IS NOT NULL AND scheduled_for > $2";
    tx.leaves_work();
    execute!(tx, sql, connection, at).map(drop)
}

/// Claims the next due job of a pool whose lane is free, with a lease until `until`; `None` if there is none.
pub async fn claim(tx: &mut Tx, pool: Pool, worker: &str, now: Time, until: Time) -> sqlx::Result<Option<Job>> {
    macro_rules! claim {
        ($lock:literal) => {
            concat!(
                "UPDATE job SET status = 'processing', attempts = attempts + 1, locked_by = $2, locked_at = $3, \
                 started_at = COALESCE(started_at, $3), lease_expires_at = $4, running_lane = lane WHERE id = ( \
                 SELECT j.id FROM job j WHERE j.status = 'pending' AND j.queue = $1 AND j.scheduled_for <= $3 \
                 AND NOT EXISTS (SELECT 1 FROM job r WHERE r.running_lane = j.lane) \
                 ORDER BY j.priority, j.turn, j.scheduled_for, j.id LIMIT 1",
                $lock,
                ") RETURNING ",
                fields!()
            )
        };
    }
    let sql = match tx {
        Tx::Sqlite(_) => claim!(""),
        Tx::Postgres(_) => claim!(" FOR UPDATE SKIP LOCKED"),
    };
    loop {
        let claimed = super::with!(tx, c, cached => {
            let query = sqlx::query(sql).bind(pool).bind(worker).bind(now).bind(until).persistent(cached);
            query.fetch_optional(c).await.map(|row| row.map(|row| decode(&row)))
        });
        match claimed {
            // Another replica claimed a job of the same lane at the same moment: nothing to do now.
            Err(sqlx::Error::Database(e)) if e.is_unique_violation() => return Ok(None),
            Err(error) => return Err(error),
            Ok(None) => return Ok(None),
            Ok(Some((_, Ok(job)))) => return Ok(Some(job)),
            // A row that cannot be decoded cannot be run; it must not block those behind it.
            Ok(Some((id, Err(error)))) => {
                rows::log_once(&error);
                mark_unreadable(tx, &id?, &error.to_string(), now).await?;
            }
        }
    }
}

/// Decodes a claimed row: its id and the job, each as a result of its own.
fn decode<R: Row>(row: &R) -> (sqlx::Result<JobId>, sqlx::Result<Job>)
where
    Job: for<'r> FromRow<'r, R>,
    for<'s> &'s str: ColumnIndex<R>,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
{
    (row.try_get::<String, _>("id").map(JobId), rows::one("UPDATE job", row))
}

/// Fails a job whose row cannot be decoded.
async fn mark_unreadable(tx: &mut Tx, id: &JobId, error: &str, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE job SET status = 'failed', running_lane = NULL, lease_expires_at = NULL, failures = failures + 1, \
               error = $2, completed_at = $3, scheduled_for = $3 WHERE id = $1";
    execute!(tx, sql, id, error, now).map(drop)
}

/// Extends the lease of a job; `false` if the job is no longer ours.
pub async fn heartbeat(tx: &mut Tx, job: &Job, until: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE job SET lease_expires_at = $3 WHERE id = $1 AND attempts = $2 AND status = 'processing'";
    Ok(execute!(tx, sql, &job.id, job.attempts, until)? == 1)
}

/// Completes a job.
pub async fn mark_completed(tx: &mut Tx, job: &Job, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE job SET status = 'completed', running_lane = NULL, lease_expires_at = NULL, completed_at = $3, \
               error = NULL WHERE id = $1 AND attempts = $2 AND status = 'processing'";
    Ok(execute!(tx, sql, &job.id, job.attempts, now)? == 1)
}

/// Reschedules a job at `at` after a failure.
pub async fn mark_retry(tx: &mut Tx, job: &Job, error: &str, at: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE job SET status = 'pending', running_lane = NULL, lease_expires_at = NULL, locked_by = NULL, \
               failures = failures + 1, waiting_since = NULL, error = $3, scheduled_for = $4 \
               WHERE id = $1 AND attempts = $2 AND status = 'processing'";
    Ok(execute!(tx, sql, &job.id, job.attempts, error, at)? == 1)
}

/// Reschedules a job at `at` without counting a failure: something it needs is unavailable.
pub async fn mark_postponed(tx: &mut Tx, job: &Job, why: &str, at: Time, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE job SET status = 'pending', running_lane = NULL, lease_expires_at = NULL, locked_by = NULL, \
               postponements = postponements + 1, waiting_since = coalesce(waiting_since, $5), error = $3, scheduled_for = $4 \
               WHERE id = $1 AND attempts = $2 AND status = 'processing'";
    Ok(execute!(tx, sql, &job.id, job.attempts, why, at, now)? == 1)
}

/// Reschedules a job that goes on later: behind those already waiting, whatever its priority was. Counts no failure.
pub async fn mark_continued(tx: &mut Tx, job: &Job, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE job SET status = 'pending', running_lane = NULL, lease_expires_at = NULL, locked_by = NULL, \
               postponements = postponements + 1, priority = CASE WHEN priority < 100 THEN 100 ELSE priority END, \
               error = NULL, scheduled_for = $3 WHERE id = $1 AND attempts = $2 AND status = 'processing'";
    Ok(execute!(tx, sql, &job.id, job.attempts, now)? == 1)
}

/// Whether a job of a pool waits only for a worker.
pub async fn is_awaited(tx: &mut Tx, pool: Pool, now: Time) -> sqlx::Result<bool> {
    let sql = "SELECT j.id FROM job j WHERE j.status = 'pending' AND j.queue = $1 AND j.scheduled_for <= $2 \
               AND NOT EXISTS (SELECT 1 FROM job r WHERE r.running_lane = j.lane) LIMIT 1";
    Ok(maybe!(tx, (JobId,), sql, pool, now)?.is_some())
}

/// Reschedules all pending jobs that use a model at `at`, recording why; returns how many.
pub async fn postpone_models(tx: &mut Tx, why: &str, at: Time) -> sqlx::Result<u64> {
    macro_rules! postpone {
        ($lock:literal) => {
            concat!(
                "UPDATE job SET scheduled_for = $1, error = coalesce(error, $2) WHERE id IN (SELECT id FROM job \
                 WHERE queue = 'generate' AND status = 'pending' AND scheduled_for < $1 AND payload ->> 'engine' = 'gemini'",
                $lock,
                ")"
            )
        };
    }
    let sql = match tx {
        Tx::Sqlite(_) => postpone!(""),
        // Two workers may run this at once: each takes the rows that the other has not locked.
        Tx::Postgres(_) => postpone!(" ORDER BY id FOR UPDATE SKIP LOCKED"),
    };
    execute!(tx, sql, at, why)
}

/// Fails a job for good.
pub async fn mark_failed(tx: &mut Tx, job: &Job, error: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE job SET status = 'failed', running_lane = NULL, lease_expires_at = NULL, failures = failures + 1, \
               error = $3, completed_at = $4 WHERE id = $1 AND attempts = $2 AND status = 'processing'";
    Ok(execute!(tx, sql, &job.id, job.attempts, error, now)? == 1)
}

/// Returns the number of failures so far.
pub async fn get_failures(tx: &mut Tx, id: &JobId) -> sqlx::Result<i32> {
    let row: Option<(i32,)> = maybe!(tx, (i32,), "SELECT failures FROM job WHERE id = $1", id)?;
    Ok(row.map_or(0, |(failures,)| failures))
}

/// Releases jobs whose worker stopped its heartbeat: leases that expired before `now`, or all leases if the caller is
/// the only owner of the database. An interruption is not a failure, but a job that was interrupted `limit` times
/// without ever ending is failed.
pub async fn release_expired(tx: &mut Tx, now: Time, all_of_them: bool, limit: i32) -> sqlx::Result<u64> {
    let give_up = "UPDATE job SET status = 'failed', running_lane = NULL, lease_expires_at = NULL, completed_at = $1, \
                   error = 'interrupted too often: its process ended each time' \
                   WHERE status = 'processing' AND (lease_expires_at <= $1 OR $2) AND attempts - failures - postponements >= $3";
    execute!(tx, give_up, now, all_of_them, limit)?;
    let free = "UPDATE job SET status = 'pending', running_lane = NULL, lease_expires_at = NULL, locked_by = NULL, \
                scheduled_for = $1 WHERE status = 'processing' AND (lease_expires_at <= $1 OR $2)";
    execute!(tx, free, now, all_of_them)
}

/// Returns a job.
pub async fn find(tx: &mut Tx, id: &JobId) -> sqlx::Result<Option<Job>> {
    maybe!(tx, Job, concat!("SELECT ", fields!(), " FROM job WHERE id = $1"), id)
}

/// Lists pending and running jobs, oldest first; of one shop if `connection` is given.
pub async fn list_open(tx: &mut Tx, connection: Option<&ConnectionId>, limit: i64) -> sqlx::Result<Vec<Job>> {
    let sql = concat!(
        "SELECT ",
        fields!(),
        " FROM job WHERE status IN ('pending', 'processing') \
         AND ($1 = '' OR store_connection_id = $1) ORDER BY created_at, id LIMIT $2"
    );
    all!(tx, Job, sql, connection.map_or("", ConnectionId::as_str), limit)
}

/// Lists a shop's imports that wait, oldest first.
pub async fn list_pending_imports(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<Vec<Job>> {
    let sql = concat!(
        "SELECT ",
        fields!(),
        " FROM job WHERE status = 'pending' AND type = 'import_products' AND store_connection_id = $1 ORDER BY id"
    );
    all!(tx, Job, sql, connection)
}

/// The most looks at one product that wait for a shop: for more, a complete pass is the cheaper way.
pub const MOST_LOOKS: i64 = 50;

/// Whether another look at one product of a shop may wait.
pub async fn may_look(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<bool> {
    let sql =
        "SELECT count(*) FROM job WHERE store_connection_id = $1 AND type = 'read_product' AND status = 'pending'";
    Ok(scalar!(tx, i64, sql, connection)?.unwrap_or(0) < MOST_LOOKS)
}

/// Returns when the next pending job of any pool is due.
pub async fn next_due(tx: &mut Tx) -> sqlx::Result<Option<Time>> {
    let sql = "SELECT scheduled_for FROM job WHERE status = 'pending' ORDER BY scheduled_for LIMIT 1";
    Ok(all!(tx, (Time,), sql)?.first().map(|(at,)| *at))
}

/// Cancels the pending jobs of a shop, of all kinds.
pub async fn cancel_pending(tx: &mut Tx, connection: &ConnectionId, now: Time) -> sqlx::Result<u64> {
    let sql =
        "UPDATE job SET status = 'cancelled', completed_at = $2 WHERE store_connection_id = $1 AND status = 'pending'";
    execute!(tx, sql, connection, now)
}

/// Cancels the pending jobs of a flow; returns how many. Running ones end by themselves.
pub async fn cancel_of_flow(tx: &mut Tx, flow: &FlowId, now: Time) -> sqlx::Result<u64> {
    let sql = "UPDATE job SET status = 'cancelled', completed_at = $2 WHERE flow_id = $1 AND status = 'pending'";
    execute!(tx, sql, flow, now)
}

/// Deletes jobs that ended before `before`.
pub async fn delete_before(tx: &mut Tx, before: Time) -> sqlx::Result<u64> {
    execute!(tx, "DELETE FROM job WHERE completed_at < $1 AND status IN ('completed', 'failed', 'cancelled')", before)
}

/// Lists jobs by id, in any order.
pub async fn list_by_ids(tx: &mut Tx, ids: &[JobId]) -> sqlx::Result<Vec<Job>> {
    let sql = match tx {
        Tx::Sqlite(_) => concat!("SELECT ", fields!(), " FROM job WHERE id IN (SELECT value FROM json_each($1))"),
        Tx::Postgres(_) => concat!("SELECT ", fields!(), " FROM job WHERE id = ANY($1)"),
    };
    all!(tx, Job, sql, TextList::new(ids))
}
