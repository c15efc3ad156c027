//! Ticks: due imports, refreshes and looks at subscriptions, recovery, cleanup; deduplicated, so that every replica may tick.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_cron_scheduler::{Job as TickJob, JobScheduler, JobSchedulerError};

use super::{subscriptions, worker::recover};
use crate::{
    connect,
    db::{self, Tx},
    generate,
    model::{Connection, ConnectionId, EVENT_DAYS, ImportScope, Task, Time, Trigger, next_due},
    outside::{Clock, catch_panic},
    tools::{OpenRun, RunEnd, Shared, Tools},
};

/// The most shops that are listed at once.
const DUE_AT_ONCE: i64 = 500;
/// The schedules that one transaction fires: others wait for it on an embedded database.
const FIRED_AT_ONCE: usize = 50;
/// The tolerance of a schedule against its calendar: the clocks of replicas differ a little.
const SLACK: Duration = Duration::from_mins(1);
/// How long ended jobs, connects, deliveries and silent daemons are kept.
const REMEMBER: Duration = Duration::from_hours(7 * 24);

const EACH_SECOND: &str = "* * * * * *";
const SHORT_OF_A_SECOND: Duration = Duration::from_millis(500);

/// The operation's name in the log.
const TICK: &str = "look at schedules";
/// Transactions per tick that delete old runs…
const FORGET_BATCHES: usize = 5;
/// …and the most runs, and items, that each deletes.
const FORGET_RUNS: i64 = 200;
const FORGET_ITEMS: i64 = 2000;

/// Ticks every `every` until the scheduler is shut down.
///
/// The scheduler follows the machine's clock. Its own intervals never run again once the process was suspended, or the
/// clock was set forward, for longer than one of them, so it checks each second whether a tick is due. If the clock is
/// set back, it would wait until the same time comes again; then ticks follow the monotonic clock.
pub async fn start(tools: &Shared, every: Duration) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let pace = Arc::new(Pace { every, last: Mutex::default() });
    let (ticking, paced) = (tools.clone(), pace.clone());
    let job = TickJob::new_async(EACH_SECOND, move |_, _| {
        let (tools, pace) = (ticking.clone(), paced.clone());
        Box::pin(async move {
            if pace.is_due(&tools.outside.clock, pace.every) {
                tick_once(&tools).await;
            }
        })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    let tools = tools.clone();
    tokio::spawn(async move {
        let overdue = pace.every + Duration::from_secs(5);
        while !tools.shutdown.is_cancelled() {
            tools.outside.clock.beat(Duration::from_secs(1)).await;
            if pace.is_due(&tools.outside.clock, overdue) {
                tick_once(&tools).await;
            }
        }
    });
    Ok(scheduler)
}

/// When the last tick began, by the monotonic clock.
struct Pace {
    every: Duration,
    last: Mutex<Option<Duration>>,
}

impl Pace {
    /// Whether the last tick began `after` ago; if so, the next begins now.
    fn is_due(&self, clock: &Clock, after: Duration) -> bool {
        let now = clock.uptime();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // The scheduler's seconds are not exact.
        let due = last.is_none_or(|last| now.saturating_sub(last) + SHORT_OF_A_SECOND >= after);
        if due {
            *last = Some(now);
        }
        due
    }
}

async fn tick_once(tools: &Tools) {
    // A panic is logged already; the next tick retries.
    match catch_panic(tick(tools)).await {
        Ok(Ok(())) => tools.can(TICK),
        Ok(Err(error)) => tools.cannot(TICK, &error),
        Err(_) => {}
    }
}

/// One tick: due schedules, expiring tokens, dead workers, old rows.
pub async fn tick(tools: &Tools) -> sqlx::Result<()> {
    recover(tools, false).await?;
    // Another process may have created a new key: from now on it seals.
    if let Err(error) = tools.vault.reload_file() {
        tracing::error!("the keys that are known stay in use: {error}");
    }
    generate::fail_stranded(tools).await?;
    let now = tools.outside.clock.now();
    mend_times(tools, now).await?;
    let mut tx = tools.db.read().await?;
    let mut tokens = db::connection::list_to_refresh(&mut tx, now, DUE_AT_ONCE).await?;
    tokens.extend(db::connection::list_keep_alive(&mut tx, now, DUE_AT_ONCE).await?);
    let ending = db::connection::list_to_warn(&mut tx, now, DUE_AT_ONCE).await?;
    let refused = db::connection::list_keys_to_try(&mut tx, now, DUE_AT_ONCE).await?;
    drop(tx);
    fire_due(tools, now).await?;
    enqueue_refreshes(tools, tokens).await?;
    subscriptions::enqueue_looks(tools, now).await?;
    try_keys(tools, refused).await?;
    for connection in &ending {
        warn(tools, connection, now).await?;
    }
    let mut tx = tools.db.begin().await?;
    let before = now.minus(REMEMBER);
    db::oauth_state::delete_before(&mut tx, before).await?;
    db::job::delete_before(&mut tx, before).await?;
    db::lease::delete_before(&mut tx, before).await?;
    db::webhook::delete_before(&mut tx, before).await?;
    db::webhook::delete_previous_secrets(&mut tx, now).await?;
    db::event::delete_before(&mut tx, now.minus(Duration::from_hours(24 * EVENT_DAYS))).await?;
    tx.commit().await?;
    forget_runs(tools, now).await
}

/// Deletes expired runs, a few per transaction and tick, so that nobody waits long for the database.
async fn forget_runs(tools: &Tools, now: Time) -> sqlx::Result<()> {
    let Some(keep) = tools.policy.keep_runs else { return Ok(()) };
    for _ in 0..FORGET_BATCHES {
        let mut tx = tools.db.begin().await?;
        let runs = db::run::list_forgotten(&mut tx, now.minus(keep), FORGET_RUNS).await?;
        if runs.is_empty() {
            return Ok(());
        }
        let items = db::run::delete_items(&mut tx, &runs, FORGET_ITEMS).await?;
        // A run with more items than one batch is deleted after them.
        if i64::try_from(items).is_ok_and(|items| items < FORGET_ITEMS) {
            db::run::delete(&mut tx, &runs).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// When a shop's schedule is next due after `now`; an invalid calendar is replaced by its interval.
fn next_of(id: &ConnectionId, cron: Option<&str>, timezone: &str, interval_seconds: i32, now: Time) -> Time {
    let interval = Duration::from_secs(u64::try_from(interval_seconds).unwrap_or(3600));
    next_due(cron, timezone, interval, now).unwrap_or_else(|error| {
        tracing::error!(connection.id = %id, "{error}; its interval is used instead");
        now.plus(interval)
    })
}

/// Corrects times that a wrong clock left behind: what waits for an impossible time would wait for years.
async fn mend_times(tools: &Tools, now: Time) -> sqlx::Result<()> {
    let mut tx = tools.db.begin().await?;
    for (what, rows) in db::times::mend(&mut tx, now, tools.policy.lease).await? {
        tracing::warn!(rows = rows.join(", "), "times that lie in an impossible future were put right: {what}");
    }
    for planned in db::connection::list_far_planned(&mut tx, now).await? {
        let (cron, zone) = (planned.sync_cron.as_deref(), planned.sync_timezone.as_str());
        let next = next_of(&planned.id, cron, zone, planned.sync_interval_seconds, now);
        let found = planned.next_sync_at;
        if found > next.plus(SLACK) && db::connection::pull_schedule(&mut tx, &planned.id, next).await? {
            tracing::warn!(connection.id = %planned.id, "its next import was set for {found}, later than its schedule allows: set anew for {next}");
        }
    }
    tx.commit().await
}

/// Fires every schedule that is due, however many there are: what is left to the next tick comes late.
async fn fire_due(tools: &Tools, now: Time) -> sqlx::Result<()> {
    while !tools.shutdown.is_cancelled() {
        let mut tx = tools.db.read().await?;
        let due = db::connection::list_due(&mut tx, now, DUE_AT_ONCE).await?;
        drop(tx);
        for connections in due.chunks(FIRED_AT_ONCE) {
            let mut tx = tools.db.begin().await?;
            for connection in connections {
                fire(&mut tx, tools, connection, now).await?;
            }
            tx.commit().await?;
        }
        if i64::try_from(due.len()).is_ok_and(|due| due < DUE_AT_ONCE) {
            break;
        }
    }
    Ok(())
}

/// Advances a due schedule and enqueues an import unless one is open; of several replicas one does.
async fn fire(tx: &mut Tx, tools: &Tools, connection: &Connection, now: Time) -> sqlx::Result<()> {
    let next = next_of(
        &connection.id,
        connection.sync_cron.as_deref(),
        &connection.sync_timezone,
        connection.sync_interval_seconds,
        now,
    );
    if !db::connection::move_schedule(tx, &connection.id, now, next).await? {
        return Ok(());
    }
    let open = db::job::list_open(tx, Some(&connection.id), 1000).await?;
    let busy = open.iter().any(|job| matches!(job.payload.0, Task::ImportProducts { .. }));
    if !busy {
        let import = Task::ImportProducts {
            connection: connection.id.clone(),
            scope: ImportScope::Changes,
            trigger: Trigger::Schedule,
            accept_deletes: false,
        };
        db::job::enqueue(tx, &tools.outside, &connection.client_id, import).await?;
    }
    Ok(())
}

/// Enqueues a refresh for each, in one transaction; deduplicated per shop.
async fn enqueue_refreshes(tools: &Tools, connections: Vec<Connection>) -> sqlx::Result<()> {
    if connections.is_empty() {
        return Ok(());
    }
    let mut tx = tools.db.begin().await?;
    let refreshes = connections.len();
    for connection in connections {
        let refresh = Task::RefreshToken { connection: connection.id };
        db::job::enqueue(&mut tx, &tools.outside, &connection.client_id, refresh).await?;
    }
    tx.commit().await?;
    tracing::debug!(refreshes, "enqueued token refreshes");
    Ok(())
}

/// Enqueues a try of each refused key that no other job tries.
async fn try_keys(tools: &Tools, connections: Vec<Connection>) -> sqlx::Result<()> {
    for connection in connections {
        let mut tx = tools.db.begin().await?;
        let task = Task::TryKey { connection: connection.id };
        db::job::enqueue(&mut tx, &tools.outside, &connection.client_id, task).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Warns people, once, that a permission ends although refreshes were tried: in the run log and in the daemon's.
async fn warn(tools: &Tools, connection: &Connection, now: Time) -> sqlx::Result<()> {
    let mut tx = tools.db.begin().await?;
    if !db::connection::mark_warned(&mut tx, &connection.id, now).await? {
        return Ok(());
    }
    let end = connection.refresh_expires_at.map_or_else(|| "soon".to_owned(), |end| format!("at {end}"));
    let text = format!(
        "the permission of {} ends {end} and could not be renewed: connect the shop again",
        connection.store_url
    );
    let run = OpenRun::open(&mut tx, tools, &connect::refresh_run(connection)).await?;
    run.close(&mut tx, tools, RunEnd::Skipped("permission_ending", &text), 0).await?;
    tx.commit().await?;
    tracing::warn!(connection.id = %connection.id, "{text}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_due_by_the_time_that_only_runs_forward() {
        let clock = Clock::frozen(Time::from_unix_ms(1_800_000_000_000));
        let pace = Pace { every: Duration::from_secs(15), last: Mutex::default() };
        let due = || pace.is_due(&clock, pace.every);
        assert!(due() && !due(), "the first one at once, and only one");
        clock.advance(Duration::from_secs(14));
        assert!(!due());
        clock.advance(Duration::from_secs(1));
        assert!(due() && !due());
        // A suspended process ticks once, and goes on.
        clock.advance(Duration::from_hours(5));
        assert!(due() && !due());
        clock.advance(Duration::from_secs(15));
        assert!(due());
    }
}
