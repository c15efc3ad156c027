//! One process at a time, over all replicas (PostgreSQL).

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::patience::Holder;
use crate::outside::Clock;

/// Any number; the same in every process.
const LOCK: i64 = 0x7374_6f72_6573_796e;
const PAUSE: Duration = Duration::from_millis(250);
/// How often it is asked in vain before somebody is told, and how often until that is said again.
const TELLING: u32 = 4;
const TELLING_AGAIN: u32 = 120;

/// Nobody else is at it for as long as this lives. An open transaction on a connection of its own holds the lock: a pooler
/// lends whole transactions only, and the lock goes with the connection, however this process ends. Between its statements
/// the transaction has no view of the database, so that nothing waits for it.
pub(super) struct Alone {
    _connection: PgConnection,
}

/// Waits until no other process is at it, and says for whom. Asks again and again: whoever waited inside a statement would be
/// waited for by the indices that the other one makes concurrently, for ever.
pub(super) async fn alone(pool: &PgPool, clock: &Clock) -> sqlx::Result<Alone> {
    let mut connection = pool.acquire().await?.detach();
    for tried in 1_u32.. {
        sqlx::raw_sql("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut connection).await?;
        let sql = AssertSqlSafe(format!("SELECT pg_try_advisory_xact_lock({LOCK})"));
        if sqlx::query_scalar(sql).persistent(false).fetch_one(&mut connection).await? {
            break;
        }
        if tried % TELLING_AGAIN == TELLING {
            let found = holder(&mut connection).await?;
            tracing::warn!("another process is bringing this database up to date; waiting for {}", Holder::all(&found));
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
