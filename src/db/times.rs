//! Detects impossible times (a wrong clock, a manual edit, an unchecked value of an older version), and corrects
//! those that something waits for.

use std::time::Duration;

use super::{Tx, all};
use crate::model::Time;

/// The longest validity of a permission: stated expiries are bounded by it.
const LONGEST_LIFE: Duration = Duration::from_hours(24 * (3653 + 1));
/// The longest delay of a retry: what a shop or model requests is bounded well below that.
const LONGEST_WAIT: Duration = Duration::from_hours(24 * 8);
/// The longest duration of a lock, a lease, or a backoff.
const LONGEST_HOLD: Duration = Duration::from_hours(24 * 3);
/// How far a past event may lie in the future: the clocks of replicas differ by less.
const SKEW: Duration = Duration::from_hours(1);

/// A statement for SQLite and one for PostgreSQL: `$beginning` if the time is later than `$1`. On SQLite times are
/// text: what does not begin with a digit is not a time, and words sort after every time.
macro_rules! where_far {
    ([$($beginning:literal),+], $column:literal, [$($end:literal),+]) => {
        [
            concat!($($beginning,)+ " (", $column, " > $1 OR ", $column, " < '0')", $($end),+),
            concat!($($beginning,)+ " ", $column, " > $1", $($end),+),
        ]
    };
}

/// Writes `$2` to the column, in rows that match `$only`; returns their keys.
macro_rules! put {
    ($table:literal, $column:literal, $only:literal, $key:literal) => {
        where_far!(["UPDATE ", $table, " SET ", $column, " = $2 WHERE ", $only, " AND"], $column, [" RETURNING ", $key])
    };
}

/// Finds rows that match `$only`: their keys and the stored times.
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

/// Corrects the times that something waits for; returns what was done, and to which rows. `lease` is the lease time.
pub async fn mend(tx: &mut Tx, now: Time, lease: Duration) -> sqlx::Result<Vec<(&'static str, Vec<String>)>> {
    let (life, wait, hold) = (now.plus(LONGEST_LIFE), now.plus(LONGEST_WAIT), now.plus(LONGEST_HOLD));
    // A token refreshed in the future has no meaningful expiry: it is refreshed now.
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
        ("tries of refused keys: made now", put!("store_connection", "key_retry_at", "true", "id"), hold, Some(now)),
        ("locks of renewals: freed", put!("store_connection", "refresh_locked_until", "true", "id"), hold, None),
        // A schedule that is merely too far ahead is checked against its calendar elsewhere; these are times that no
        // calendar yields.
        ("schedules: due now", put!("store_connection", "next_sync_at", "auto_sync_enabled", "id"), life, Some(now)),
        ("jobs: due now", put!("job", "scheduled_for", "status = 'pending'", "id"), wait, Some(now)),
        // A live holder extends its lease from now on; without one it expires like any lease.
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

/// Lists times in an impossible future: column, row and the stored time.
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
