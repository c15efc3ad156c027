//! Ticks: they only leave jobs, deduplicated by connection and due time, so that every replica may tick.

use std::{str::FromStr, time::Duration};

use chrono_tz::Tz;
use croner::Cron;
use tokio_cron_scheduler::{Job as TickJob, JobScheduler, JobSchedulerError};

use super::worker::recover;
use crate::{
    connect,
    db::{self, job::NewJob},
    generate,
    model::{Connection, EVENT_DAYS, ImportScope, RunStatus, Task, Time, Trigger},
    outside::caught,
    tools::{Shared, Tools},
};

/// Schedules looked at in one tick.
const DUE_AT_ONCE: i64 = 500;
/// How long ended jobs, states and silent daemons are remembered.
const REMEMBER: Duration = Duration::from_hours(7 * 24);

/// Why a schedule cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The zone is unknown.
    #[error("'{0}' is no time zone: use an IANA name such as Europe/Berlin")]
    Timezone(String),
    /// The expression is no cron expression, or never comes true.
    #[error("'{0}' is no schedule: write five fields such as '0 6 * * *' (minute hour day month weekday)")]
    Cron(String),
}

/// When a schedule is next due after `from`. A cron expression is read in its zone each time anew, so that "06:00"
/// stays 06:00 there when the clocks change; it wins over the interval.
pub fn next_due(cron: Option<&str>, timezone: &str, interval: Duration, from: Time) -> Result<Time, ScheduleError> {
    let Some(expression) = cron else { return Ok(from.plus(interval)) };
    let zone: Tz = timezone.parse().map_err(|_| ScheduleError::Timezone(timezone.to_owned()))?;
    let bad = || ScheduleError::Cron(expression.to_owned());
    let cron = Cron::from_str(expression).map_err(|_| bad())?;
    let next = cron.find_next_occurrence(&from.utc().with_timezone(&zone), false).map_err(|_| bad())?;
    Ok(next.to_utc().into())
}

/// Ticks every `every` until the scheduler is shut down.
pub async fn start(tools: &Shared, every: Duration) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let tools = tools.clone();
    let job = TickJob::new_repeated_async(every, move |_, _| {
        let tools = tools.clone();
        Box::pin(async move {
            // A fault is in the log already; the next tick looks again.
            if let Ok(Err(error)) = caught(tick(&tools)).await {
                tracing::error!("a tick failed, the next one looks again: {error}");
            }
        })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

/// One tick: due schedules, ending tokens, dead workers, old rows.
pub async fn tick(tools: &Tools) -> sqlx::Result<()> {
    recover(tools, false).await?;
    // Another process may have made a new key: what is sealed from now on should be sealed with it.
    if let Err(error) = tools.vault.reload_file() {
        tracing::error!("the keys that are known stay in use: {error}");
    }
    generate::sweep_stranded(tools).await?;
    let now = tools.outside.clock.now();
    let mut tx = tools.db.read().await?;
    let due = db::connection::list_due(&mut tx, now, DUE_AT_ONCE).await?;
    let mut tokens = db::connection::list_to_renew(&mut tx, now, DUE_AT_ONCE).await?;
    tokens.extend(db::connection::list_keep_alive(&mut tx, now, DUE_AT_ONCE).await?);
    let ending = db::connection::list_to_warn(&mut tx, now, DUE_AT_ONCE).await?;
    drop(tx);
    let mut left = 0;
    for connection in &due {
        left += fire(tools, connection, now).await?;
    }
    left += leave_renewals(tools, &tokens, now).await?;
    for connection in &ending {
        warn(tools, connection, now).await?;
    }
    let mut tx = tools.db.begin().await?;
    let before = now.minus(REMEMBER);
    db::oauth_state::delete_before(&mut tx, before).await?;
    db::job::delete_before(&mut tx, before).await?;
    db::lease::delete_before(&mut tx, before).await?;
    db::webhook::delete_before(&mut tx, before).await?;
    db::event::delete_before(&mut tx, now.minus(Duration::from_hours(24 * EVENT_DAYS))).await?;
    tx.commit().await?;
    if left > 0 {
        tools.bell.notify_waiters();
    }
    Ok(())
}

/// Moves a due schedule on and leaves its import, in one transaction: of several replicas exactly one does.
async fn fire(tools: &Tools, connection: &Connection, now: Time) -> sqlx::Result<usize> {
    let interval = Duration::from_secs(u64::try_from(connection.sync_interval_seconds).unwrap_or(3600));
    let next = next_due(connection.sync_cron.as_deref(), &connection.sync_timezone, interval, now);
    let next = next.unwrap_or_else(|error| {
        tracing::error!(connection.id = %connection.id, "{error}; its interval is used instead");
        now.plus(interval)
    });
    let mut tx = tools.db.begin().await?;
    if !db::connection::move_schedule(&mut tx, &connection.id, connection.next_sync_at, Some(next)).await? {
        return Ok(0);
    }
    let open = db::job::list_open(&mut tx, Some(&connection.id), 1000).await?;
    let busy = open.iter().any(|job| matches!(job.payload.0, Task::ImportProducts { .. }));
    if !busy {
        let due = connection.next_sync_at.unwrap_or(now);
        let job = NewJob {
            id: tools.outside.new_id(),
            client: connection.client_id.clone(),
            task: Task::ImportProducts {
                connection: connection.id.clone(),
                scope: ImportScope::Changes,
                trigger: Trigger::Schedule,
                accept_deletes: false,
            },
            dedupe_key: Some(format!("import:{}:{due}", connection.id)),
            scheduled_for: now,
            max_attempts: 3,
            priority: 100,
        };
        db::job::insert(&mut tx, &job, now).await?;
    }
    tx.commit().await?;
    Ok(usize::from(!busy))
}

/// Leaves a renewal for each, in one transaction; a shop that has one waiting gets no second.
async fn leave_renewals(tools: &Tools, connections: &[Connection], now: Time) -> sqlx::Result<usize> {
    if connections.is_empty() {
        return Ok(0);
    }
    let mut tx = tools.db.begin().await?;
    for connection in connections {
        db::job::insert(&mut tx, &refresh_job(tools, connection, now), now).await?;
    }
    tx.commit().await?;
    tracing::debug!(renewals = connections.len(), "left renewals of tokens");
    Ok(connections.len())
}

/// Tells people, once, that a permission ends although it was tried to keep it: in the log of runs and in the daemon's own.
async fn warn(tools: &Tools, connection: &Connection, now: Time) -> sqlx::Result<()> {
    let mut tx = tools.db.begin().await?;
    if !db::connection::mark_warned(&mut tx, &connection.id, connection.warn_at).await? {
        return Ok(());
    }
    let end = connection.refresh_expires_at.map_or_else(|| "soon".to_owned(), |end| format!("at {end}"));
    let text = format!(
        "the permission of {} ends {end} and could not be renewed: connect the shop again",
        connection.store_url
    );
    let run = connect::renewal_run(tools, connection);
    db::run::insert(&mut tx, &run, now).await?;
    db::run::close(&mut tx, &run.id, RunStatus::Skipped, Some(("permission_ending", &text)), 0, now).await?;
    tx.commit().await?;
    tracing::warn!(connection.id = %connection.id, "{text}");
    Ok(())
}

fn refresh_job(tools: &Tools, connection: &Connection, now: Time) -> NewJob {
    NewJob {
        id: tools.outside.new_id(),
        client: connection.client_id.clone(),
        task: Task::RefreshToken { connection: connection.id.clone() },
        dedupe_key: Some(format!("refresh:{}", connection.id)),
        scheduled_for: now,
        max_attempts: 10,
        priority: 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).expect("a time")
    }

    #[test]
    fn six_in_the_morning_stays_six_when_the_clocks_change() {
        let next = |from: &str| next_due(Some("0 6 * * *"), "Europe/London", Duration::ZERO, at(from)).expect("is due");
        assert_eq!(next("2026-03-28T07:00:00Z"), at("2026-03-29T05:00:00Z"), "summer time began in the night");
        assert_eq!(next("2026-10-24T06:00:00Z"), at("2026-10-25T06:00:00Z"), "winter time began in the night");
    }

    #[test]
    fn an_interval_counts_from_now_and_slips_are_named() {
        let from = at("2026-01-01T00:00:00Z");
        assert_eq!(next_due(None, "UTC", Duration::from_secs(90), from).expect("is due"), at("2026-01-01T00:01:30Z"));
        assert!(next_due(Some("0 6 * * *"), "Mars/Base", Duration::ZERO, from).is_err());
        assert!(next_due(Some("at six"), "UTC", Duration::ZERO, from).is_err());
        assert!(next_due(Some("0 0 31 2 *"), "UTC", Duration::ZERO, from).is_err(), "a day that never comes");
    }
}
