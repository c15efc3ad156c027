//! What an operator decides about a shop: pauses, schedules, and what pushes do to a gallery.

use std::time::Duration;

use super::refused;
use crate::{
    db::{self, Tx, connection::Schedule},
    model::{Connection, ConnectionId, Failure, Noun, PushMode, Time, Trigger, next_due},
    tools::Tools,
};

/// What becomes of a shop's schedule; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct ScheduleChange {
    /// Ends a cron expression.
    pub every: Option<Duration>,
    pub cron: Option<String>,
    /// An IANA name.
    pub timezone: Option<String>,
    /// Whether it is imported by itself.
    pub enabled: Option<bool>,
    pub push_mode: Option<PushMode>,
    pub push_on_approval: Option<bool>,
}

impl ScheduleChange {
    /// Whether it changes when a shop is imported.
    fn names_a_schedule(&self) -> bool {
        self.every.is_some() || self.cron.is_some() || self.timezone.is_some() || self.enabled.is_some()
    }

    /// The schedule of a shop after this change.
    fn schedule<'a>(&'a self, found: &'a Connection, now: Time) -> Result<Schedule<'a>, Failure> {
        let seconds = match self.every {
            Some(every) => i32::try_from(every.as_secs()).ok().filter(|seconds| *seconds >= 60),
            None => Some(found.sync_interval_seconds),
        };
        let interval_seconds = seconds.ok_or_else(|| refused("--every is at least one minute and at most 68 years"))?;
        let cron = if self.every.is_some() { None } else { self.cron.as_deref().or(found.sync_cron.as_deref()) };
        let timezone = self.timezone.as_deref().unwrap_or(&found.sync_timezone);
        let interval = Duration::from_secs(u64::from(interval_seconds.unsigned_abs()));
        // Read even when switched off, so that a slip is told now and not when it is switched on.
        let due = next_due(cron, timezone, interval, now).map_err(|error| refused(error.to_string()))?;
        let next = if cron.is_none() { now } else { due };
        let enabled = self.enabled.unwrap_or(found.auto_sync_enabled);
        Ok(Schedule { enabled, interval_seconds, cron, timezone, next: enabled.then_some(next) })
    }
}

/// Stops imports and pushes of a shop until it is resumed. Its token is kept alive.
pub async fn pause_connection(tools: &Tools, id: &ConnectionId) -> Result<Connection, Failure> {
    let mut tx = tools.db.begin().await?;
    // Where somebody disconnects it in this moment, that counts.
    let paused =
        db::connection::mark_paused(&mut tx, id, "operator", "paused by an operator", tools.outside.clock.now());
    let paused = paused.await?;
    let found = connection(&mut tx, id).await?;
    if !paused {
        return Err(refused(format!("the connection is {} already", found.state())));
    }
    tx.commit().await?;
    Ok(found)
}

/// Lets a paused or stopped shop go on; returns how many pushes had waited for it, too.
pub async fn resume_connection(tools: &Tools, id: &ConnectionId) -> Result<(Connection, usize), Failure> {
    let mut tx = tools.db.begin().await?;
    let resumed = db::connection::mark_resumed(&mut tx, id, tools.outside.clock.now()).await?;
    let found = connection(&mut tx, id).await?;
    if !resumed {
        let text = format!("the connection is {}, only a paused or stopped one can be resumed", found.state());
        return Err(refused(text));
    }
    let requeued = if found.is_usable() {
        db::push::enqueue_waiting(&mut tx, &tools.outside, id, Trigger::Retry).await?
    } else {
        0
    };
    tx.commit().await?;
    Ok((found, requeued))
}

/// Changes when a shop is imported, and what pushes do.
pub async fn schedule_connection(
    tools: &Tools,
    id: &ConnectionId,
    change: &ScheduleChange,
) -> Result<Connection, Failure> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let found = connection(&mut tx, id).await?;
    if change.names_a_schedule() {
        db::connection::update_schedule(&mut tx, id, &change.schedule(&found, now)?, now).await?;
    }
    let mode = change.push_mode.unwrap_or(found.push_mode);
    let provider = tools.provider(&found.store_type)?;
    if !provider.supports(mode) {
        return Err(refused(format!("{} cannot do that to a gallery: --push-mode append", provider.name())));
    }
    let on_approval = change.push_on_approval.unwrap_or(found.sync_on_approval);
    db::connection::update_push_rules(&mut tx, id, mode, on_approval, now).await?;
    let found = connection(&mut tx, id).await?;
    tx.commit().await?;
    Ok(found)
}

async fn connection(tx: &mut Tx, id: &ConnectionId) -> Result<Connection, Failure> {
    db::connection::find(tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Connection, id))
}
