//! Mutual exclusion of migrations over all replicas (PostgreSQL).

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::patience::Holder;
use crate::outside::Clock;

/// An arbitrary number; the same in every process.
const LOCK: i64 = 0x7374_6f72_6573_796e;
const PAUSE: Duration = Duration::from_millis(250);
/// How many failed attempts before the first warning, and between warnings.
const FIRST_WARNING: u32 = 4;
const WARNING_INTERVAL: u32 = 120;

/// Exclusive for as long as this lives. An open transaction on a separate connection holds the advisory lock: a
/// pooler assigns whole transactions only, and the lock ends with the connection, however this process ends. Between
/// its statements the transaction has no snapshot, so nothing waits for it.
pub(super) struct Alone {
    _connection: PgConnection,
}

/// Waits until no other process migrates, and logs who holds the lock. Polls, because the concurrent index builds of
/// the other process would wait for ever for a session that waits inside a statement.
pub(super) async fn alone(pool: &PgPool, clock: &Clock) -> sqlx::Result<Alone> {
    let mut connection = pool.acquire().await?.detach();
    for attempt in 1_u32.. {
        sqlx::raw_sql("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut connection).await?;
        let sql = AssertSqlSafe(format!("SELECT pg_try_advisory_xact_lock({LOCK})"));
        if sqlx::query_scalar(sql).persistent(false).fetch_one(&mut connection).await? {
            break;
        }
        if attempt % WARNING_INTERVAL == FIRST_WARNING {
            let holders = holder(&mut connection).await?;
            tracing::warn!("another process is migrating this database; waiting for {}", Holder::all(&holders));
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut connection).await?;
        clock.sleep(PAUSE).await;
    }
    Ok(Alone { _connection: connection })
}

async fn holder(conn: &mut PgConnection) -> sqlx::Result<Vec<Holder>> {
    let (high, low) = (LOCK >> 32, LOCK & 0xffff_ffff);
    let sql = format!(
        "SELECT l.pid, a.usename::text AS role, a.application_name AS program, a.client_addr::text AS address, \
         a.xact_start::timestamptz(0)::text AS since FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = {high} AND l.objid::bigint = {low} \
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    );
    sqlx::query_as(AssertSqlSafe(sql)).persistent(false).fetch_all(conn).await
}
