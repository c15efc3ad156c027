//! Times that cannot be: a clock was wrong once, a hand slipped, an older version kept what a shop said. Found for people, and
//! put right where something waits for them.

use std::time::Duration;

use super::{Tx, all};
use crate::model::Time;

/// How far a permission can last: ends that are told are bounded by it.
const LONGEST_LIFE: Duration = Duration::from_hours(24 * (3653 + 1));
/// How far a retry can be put off: what a shop or model asks for is bounded well before that.
const LONGEST_WAIT: Duration = Duration::from_hours(24 * 8);
/// How far a lock or a lease, or a pause after failures, can reach.
const LONGEST_HOLD: Duration = Duration::from_hours(24 * 3);
/// How far something that has happened can lie ahead: the clocks of replicas differ by less.
const SKEW: Duration = Duration::from_hours(1);

/// A statement for the embedded engine and one for the server: `$beginning` where the time lies behind `$1`. On the embedded
/// engine times are text: what does not begin with a digit is no time at all, and words sort behind every time.
macro_rules! where_far {
    ([$($beginning:literal),+], $column:literal, [$($end:literal),+]) => {
        [
            concat!($($beginning,)+ " (", $column, " > $1 OR ", $column, " < '0')", $($end),+),
            concat!($($beginning,)+ " ", $column, " > $1", $($end),+),
        ]
    };
}

/// Writes `$2` there, in rows that are `$only`; gives their keys.
macro_rules! put {
    ($table:literal, $column:literal, $only:literal, $key:literal) => {
        where_far!(["UPDATE ", $table, " SET ", $column, " = $2 WHERE ", $only, " AND"], $column, [" RETURNING ", $key])
    };
}

/// Finds rows that are `$only`: their keys and the times as they stand.
macro_rules! find {
    ($table:literal, $column:literal, $only:literal, $key:literal) => {
        where_far!(
            ["SELECT ", $key, ", CAST(", $column, " AS text) FROM ", $table, " WHERE ", $only, " AND"],
            $column,
            [" LIMIT 100"]
        )
    };
}

fn of_engine(tx: &Tx, [sqlite, postgres]: [&'static str; 2]) -> &'static str {
    match tx {
        Tx::Sqlite(_) => sqlite,
        Tx::Postgres(_) => postgres,
    }
}

/// Puts right what something waits for: gives what was done, and to which rows. `lease` is how long a lease lasts.
pub async fn mend(tx: &mut Tx, now: Time, lease: Duration) -> sqlx::Result<Vec<(&'static str, Vec<String>)>> {
    let (life, wait, hold) = (now.plus(LONGEST_LIFE), now.plus(LONGEST_WAIT), now.plus(LONGEST_HOLD));
    // A token that was renewed in the future has no end that means anything: it is renewed now.
    let sql = "UPDATE store_connection SET token_refreshed_at = NULL, renew_at = CASE WHEN renew_at IS NULL THEN NULL ELSE $2 END, \
               keep_alive_at = CASE WHEN keep_alive_at IS NULL THEN NULL ELSE $2 END WHERE token_refreshed_at > $1 RETURNING id";
    let all_of_them = [
        ("tokens that were renewed in the future: renewed now", [sql, sql], now.plus(SKEW), Some(now)),
        ("ends of tokens: not known", put!("store_connection", "token_expires_at", "true", "id"), life, None),
        ("ends of permissions: not known", put!("store_connection", "refresh_expires_at", "true", "id"), life, None),
        ("renewals of tokens: made now", put!("store_connection", "renew_at", "true", "id"), life, Some(now)),
        ("uses of permissions: made now", put!("store_connection", "keep_alive_at", "true", "id"), life, Some(now)),
        ("warnings: left to the next renewal", put!("store_connection", "warn_at", "true", "id"), life, None),
        ("pauses after failures: ended", put!("store_connection", "backoff_until", "true", "id"), hold, None),
        ("locks of renewals: freed", put!("store_connection", "refresh_locked_until", "true", "id"), hold, None),
        // Schedules that are only too far ahead are looked at with their calendar; here are those that no calendar can give.
        ("schedules: due now", put!("store_connection", "next_sync_at", "auto_sync_enabled", "id"), life, Some(now)),
        ("jobs: due now", put!("job", "scheduled_for", "status = 'pending'", "id"), wait, Some(now)),
        // Whoever holds it keeps it alive from now on; where nobody does, it ends as any lease.
        (
            "leases: shortened",
            put!("job", "lease_expires_at", "status = 'processing'", "id"),
            hold,
            Some(now.plus(lease)),
        ),
        ("daemons: taken for silent", put!("daemon_lease", "expires_at", "true", "name"), hold, Some(now)),
    ];
    let mut mended = Vec::new();
    for (what, sql, bound, new) in all_of_them {
        let rows = all!(tx, (String,), of_engine(tx, sql), bound, new)?;
        if !rows.is_empty() {
            mended.push((what, rows.into_iter().map(|(key,)| key).collect()));
        }
    }
    Ok(mended)
}

/// Times that lie in an impossible future: column, row and the time, as they stand.
pub async fn list_impossible(tx: &mut Tx, now: Time) -> sqlx::Result<Vec<(&'static str, String, String)>> {
    let (soon, life, wait) = (now.plus(SKEW), now.plus(LONGEST_LIFE), now.plus(LONGEST_WAIT));
    let all_of_them = [
        ("store_connection.token_refreshed_at", find!("store_connection", "token_refreshed_at", "true", "id"), soon),
        ("store_connection.last_sync_at", find!("store_connection", "last_sync_at", "true", "id"), soon),
        ("store_connection.token_expires_at", find!("store_connection", "token_expires_at", "true", "id"), life),
        ("store_connection.refresh_expires_at", find!("store_connection", "refresh_expires_at", "true", "id"), life),
        ("store_connection.next_sync_at", find!("store_connection", "next_sync_at", "true", "id"), life),
        ("sync_cursor.updated_since", find!("sync_cursor", "updated_since", "true", "store_connection_id"), soon),
        ("sync_cursor.full_sync_at", find!("sync_cursor", "full_sync_at", "true", "store_connection_id"), soon),
        ("job.scheduled_for", find!("job", "scheduled_for", "status = 'pending'", "id"), wait),
        ("job.lease_expires_at", find!("job", "lease_expires_at", "status = 'processing'", "id"), wait),
    ];
    let mut found = Vec::new();
    for (column, sql, bound) in all_of_them {
        let rows = all!(tx, (String, String), of_engine(tx, sql), bound)?;
        found.extend(rows.into_iter().map(|(key, at)| (column, key, at)));
    }
    Ok(found)
}
