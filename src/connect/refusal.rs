//! Refused grants: a key may be refused for a reason that passes, so it is tried again before the merchant is asked.

use std::time::Duration;

use super::save::unsealed;
use crate::{
    db::{self, Tx, connection::KeyRefusal},
    model::{
        Connection, ConnectionId, ConnectionStatus, Failure, FailureKind, Grant, Remedy, ShopAnswer, Time, Trigger,
    },
    tools::Tools,
};

/// When a refused key is tried again, counted from its first refusal. After the last the merchant is asked.
const TRIES: [Duration; 4] =
    [Duration::from_mins(5), Duration::from_hours(1), Duration::from_hours(6), Duration::from_hours(24)];

/// What the refusal of a grant means for its connection.
pub struct Refusal {
    connection: Connection,
    failure: Failure,
    since: Time,
    /// When the key is tried again; `None` if the merchant has to reconnect.
    pub retry_at: Option<Time>,
}

impl Refusal {
    /// What a failed call means for a shop's grant; `None` if it says nothing about it.
    pub async fn read(tools: &Tools, tx: &mut Tx, id: &ConnectionId, failure: &Failure) -> sqlx::Result<Option<Self>> {
        // `needs_reauth` repeats what was decided before, maybe until a moment ago.
        if failure.remedy() != Remedy::Reconnect || failure.kind == FailureKind::NeedsReauth {
            return Ok(None);
        }
        let Some(connection) = db::connection::find(tx, id).await? else { return Ok(None) };
        let sealed = db::grant::find_sealed(tx, id).await?;
        let grant = sealed.and_then(|sealed| unsealed(tools, &connection, &sealed).ok());
        Ok(Self::of(connection, grant.as_ref(), failure, tools.outside.clock.now()))
    }

    /// The same for a connection and a grant that were read before.
    pub(super) fn of(connection: Connection, grant: Option<&Grant>, failure: &Failure, now: Time) -> Option<Self> {
        // One that already needs a reconnect keeps the first reason.
        if matches!(connection.status, ConnectionStatus::Disconnected | ConnectionStatus::NeedsReauth) {
            return None;
        }
        let since = connection.key_refused_at.filter(|since| *since <= now).unwrap_or(now);
        let passes =
            connection.status == ConnectionStatus::Active && grant.is_some_and(|grant| may_pass(grant, failure));
        let retry_at = next_try(since, now).filter(|_| passes);
        Some(Self { connection, failure: failure.clone(), since, retry_at })
    }

    /// Records it.
    pub async fn mark(&self, tx: &mut Tx, now: Time) -> sqlx::Result<()> {
        let (id, (code, reason)) = (&self.connection.id, self.failure.parts());
        if let Some(retry_at) = self.retry_at {
            let message = format!("{}: {reason}", waiting(&self.connection, self.since, retry_at));
            let refusal = KeyRefusal { since: self.since, retry_at, code, message: &message };
            return db::connection::mark_key_refused(tx, id, &refusal, now).await;
        }
        let tried = self.connection.key_refused_at.map_or_else(String::new, |since| {
            format!(" (so it has been at every try since {since}): create a new key in the shop and connect again")
        });
        let message = format!("{reason}{tried}");
        let error = Some((code, message.as_str()));
        db::connection::mark_status(tx, id, ConnectionStatus::NeedsReauth, error, now).await
    }
}

/// Whether a refusal may pass by itself. A refresh token that the platform refuses is spent for good; a key without an
/// end is refused as well by a password in front of the shop, or a proxy that drops a header.
fn may_pass(grant: &Grant, failure: &Failure) -> bool {
    let refused = matches!(
        failure.kind,
        FailureKind::KeyRefused
            | FailureKind::NoRefreshToken
            | FailureKind::TokenRefused
            | FailureKind::Shop(ShopAnswer::Revoked, _)
    );
    refused && grant.secret("refresh").is_none()
}

/// The next try of a key that is refused since `since`.
fn next_try(since: Time, now: Time) -> Option<Time> {
    TRIES.iter().map(|after| since.plus(*after)).find(|at| *at > now)
}

fn waiting(connection: &Connection, since: Time, retry_at: Time) -> String {
    let last = since.plus(TRIES[TRIES.len() - 1]);
    format!(
        "{} refused the key at {since}; next try at {retry_at}; the merchant is asked after {last}",
        connection.label()
    )
}

/// Fails while a refused key waits for its next try.
pub(super) fn not_waiting(connection: &Connection, now: Time) -> Result<(), Failure> {
    let (Some(since), Some(retry_at)) = (connection.key_refused_at, connection.key_retry_at) else { return Ok(()) };
    if connection.status != ConnectionStatus::Active || retry_at <= now {
        return Ok(());
    }
    let text = format!(
        "{}; sooner with: store-sync connections check {}",
        waiting(connection, since, retry_at),
        connection.id
    );
    Err(Failure::new(FailureKind::KeyWaits, text).after(retry_at.since(now)))
}

/// A shop answered work that needs its key: whatever waited for the key goes on.
pub async fn accepted(tools: &Tools, tx: &mut Tx, id: &ConnectionId) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    if db::connection::mark_key_accepted(tx, id, now).await? {
        wake(tools, tx, id, now).await?;
        tracing::info!(connection.id = %id, "the shop accepts its key again");
    }
    Ok(())
}

/// A shop took a push: those that waited for a right go on.
pub async fn push_accepted(tools: &Tools, tx: &mut Tx, id: &ConnectionId) -> sqlx::Result<()> {
    if db::connection::mark_push_resumed(tx, id, tools.outside.clock.now()).await? {
        db::push::enqueue_waiting(tx, &tools.outside, id, Trigger::Retry).await?;
    }
    Ok(())
}

/// Makes the work that waited for a shop's key due.
pub(super) async fn wake(tools: &Tools, tx: &mut Tx, id: &ConnectionId, now: Time) -> sqlx::Result<usize> {
    db::job::advance_postponed(tx, id, now).await?;
    db::push::enqueue_waiting(tx, &tools.outside, id, Trigger::Retry).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_tried_again_at_fixed_times_and_then_no_more() {
        let since = Time::from_unix_ms(1_800_000_000_000);
        let next =
            |mins: u64| next_try(since, since.plus(Duration::from_mins(mins))).map(|at| at.since(since).as_secs() / 60);
        assert_eq!([0, 4, 5, 59, 60].map(next), [Some(5), Some(5), Some(60), Some(60), Some(360)]);
        assert_eq!([360, 1439, 1440, 9999].map(next), [Some(1440), Some(1440), None, None]);
    }
}
