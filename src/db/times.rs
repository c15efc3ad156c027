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

/// `far!("column", "$1")`: it lies behind `$1`. On the embedded engine times are text, and what does not begin with a digit is no
/// time at all; texts that are none sort behind every time.
macro_rules! far {
    ($tx:expr, |$far:ident| $sql:expr) => {
        match $tx {
            Tx::Sqlite(_) => {
                macro_rules! $far {
                    ($column:literal, $bound:literal) => {
                        concat!("(", $column, " > ", $bound, " OR ", $column, " < '0')")
                    };
                }
                $sql
            }
            Tx::Postgres(_) => {
                macro_rules! $far {
                    ($column:literal, $bound:literal) => {
                        concat!($column, " > ", $bound)
                    };
                }
                $sql
            }
        }
    };
}

/// Puts right what something waits for: gives how many rows of each kind, in words. `lease` is how long a lease lasts.
pub async fn mend(tx: &mut Tx, now: Time, lease: Duration) -> sqlx::Result<Vec<(&'static str, Vec<String>)>> {
    let (life, wait, hold) = (now.plus(LONGEST_LIFE), now.plus(LONGEST_WAIT), now.plus(LONGEST_HOLD));
    let mut mended = Vec::new();
    // A token that was renewed in the future has no end that means anything: it is renewed now.
    let sql = "UPDATE store_connection SET token_refreshed_at = NULL, renew_at = CASE WHEN renew_at IS NULL THEN NULL ELSE $1 END, \
               keep_alive_at = CASE WHEN keep_alive_at IS NULL THEN NULL ELSE $1 END WHERE token_refreshed_at > $2 RETURNING id";
    mended.push((
        "tokens that were renewed in the future: renewed now",
        ids(all!(tx, (String,), sql, now, now.plus(SKEW))?),
    ));
    let sql = far!(tx, |far| concat!(
        "UPDATE store_connection SET token_expires_at = NULL WHERE ",
        far!("token_expires_at", "$1"),
        " RETURNING id"
    ));
    mended.push(("ends of tokens: taken as not known", ids(all!(tx, (String,), sql, life)?)));
    let sql = far!(tx, |far| concat!(
        "UPDATE store_connection SET refresh_expires_at = NULL, warn_at = NULL WHERE ",
        far!("refresh_expires_at", "$1"),
        " RETURNING id"
    ));
    mended.push(("ends of permissions: taken as not known", ids(all!(tx, (String,), sql, life)?)));
    let sql = far!(tx, |far| concat!(
        "UPDATE store_connection SET renew_at = $2 WHERE ",
        far!("renew_at", "$1"),
        " RETURNING id"
    ));
    mended.push(("renewals of tokens: made now", ids(all!(tx, (String,), sql, life, now)?)));
    let sql = far!(tx, |far| concat!(
        "UPDATE store_connection SET keep_alive_at = $2 WHERE ",
        far!("keep_alive_at", "$1"),
        " RETURNING id"
    ));
    mended.push(("renewals that keep a permission alive: made now", ids(all!(tx, (String,), sql, life, now)?)));
    let sql = far!(tx, |far| concat!(
        "UPDATE store_connection SET warn_at = NULL WHERE ",
        far!("warn_at", "$1"),
        " RETURNING id"
    ));
    mended.push(("warnings: left to the next renewal", ids(all!(tx, (String,), sql, life)?)));
    let sql = far!(tx, |far| concat!(
        "UPDATE store_connection SET backoff_until = NULL WHERE ",
        far!("backoff_until", "$1"),
        " RETURNING id"
    ));
    mended.push(("pauses after failures: ended", ids(all!(tx, (String,), sql, hold)?)));
    let sql = far!(tx, |far| concat!(
        "UPDATE store_connection SET refresh_locked_until = NULL, refresh_locked_by = NULL WHERE ",
        far!("refresh_locked_until", "$1"),
        " RETURNING id"
    ));
    mended.push(("rights to renew a token: taken back", ids(all!(tx, (String,), sql, hold)?)));
    // Schedules that are only too far ahead are looked at with their calendar; here are those that no calendar can give.
    let sql = far!(tx, |far| concat!(
        "UPDATE store_connection SET next_sync_at = $2 WHERE auto_sync_enabled AND ",
        far!("next_sync_at", "$1"),
        " RETURNING id"
    ));
    mended.push(("schedules: due now", ids(all!(tx, (String,), sql, life, now)?)));
    let sql = far!(tx, |far| concat!(
        "UPDATE job SET scheduled_for = $2 WHERE status = 'pending' AND ",
        far!("scheduled_for", "$1"),
        " RETURNING id"
    ));
    mended.push(("jobs: due now", ids(all!(tx, (String,), sql, wait, now)?)));
    // Whoever holds it keeps it alive from now on; where nobody does, it ends as any lease.
    let sql = far!(tx, |far| concat!(
        "UPDATE job SET lease_expires_at = $2 WHERE status = 'processing' AND ",
        far!("lease_expires_at", "$1"),
        " RETURNING id"
    ));
    mended.push(("leases of jobs: shortened", ids(all!(tx, (String,), sql, hold, now.plus(lease))?)));
    let sql = far!(tx, |far| concat!("DELETE FROM daemon_lease WHERE ", far!("expires_at", "$1"), " RETURNING name"));
    mended.push(("daemons that said they live: forgotten", ids(all!(tx, (String,), sql, hold)?)));
    mended.retain(|(_, rows)| !rows.is_empty());
    Ok(mended)
}

fn ids(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(id,)| id).collect()
}

/// Times that lie in an impossible future: column, row and the time, as they stand.
pub async fn list_impossible(tx: &mut Tx, now: Time) -> sqlx::Result<Vec<(String, String, String)>> {
    let sql = far!(tx, |far| concat!(
        "SELECT 'store_connection.token_refreshed_at', id, CAST(token_refreshed_at AS text) FROM store_connection WHERE ",
        far!("token_refreshed_at", "$1"),
        " UNION ALL SELECT 'store_connection.last_sync_at', id, CAST(last_sync_at AS text) FROM store_connection WHERE ",
        far!("last_sync_at", "$1"),
        " UNION ALL SELECT 'store_connection.token_expires_at', id, CAST(token_expires_at AS text) FROM store_connection WHERE ",
        far!("token_expires_at", "$2"),
        " UNION ALL SELECT 'store_connection.refresh_expires_at', id, CAST(refresh_expires_at AS text) FROM store_connection WHERE ",
        far!("refresh_expires_at", "$2"),
        " UNION ALL SELECT 'store_connection.next_sync_at', id, CAST(next_sync_at AS text) FROM store_connection WHERE ",
        far!("next_sync_at", "$2"),
        " UNION ALL SELECT 'sync_cursor.updated_since', store_connection_id, CAST(updated_since AS text) FROM sync_cursor WHERE ",
        far!("updated_since", "$1"),
        " UNION ALL SELECT 'sync_cursor.full_sync_at', store_connection_id, CAST(full_sync_at AS text) FROM sync_cursor WHERE ",
        far!("full_sync_at", "$1"),
        " UNION ALL SELECT 'job.scheduled_for', id, CAST(scheduled_for AS text) FROM job WHERE status = 'pending' AND ",
        far!("scheduled_for", "$3"),
        " UNION ALL SELECT 'job.lease_expires_at', id, CAST(lease_expires_at AS text) FROM job WHERE status = 'processing' AND ",
        far!("lease_expires_at", "$3"),
        " LIMIT 100"
    ));
    all!(tx, (String, String, String), sql, now.plus(SKEW), now.plus(LONGEST_LIFE), now.plus(LONGEST_WAIT))
}
