//! One process at a time, over all replicas (PostgreSQL).

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::outside::Clock;

/// Any number; the same in every process.
const LOCK: i64 = 0x7374_6f72_6573_796e;
const PAUSE: Duration = Duration::from_millis(250);

/// Nobody else is at it for as long as this lives. An open transaction on a connection of its own holds the lock: a pooler
/// lends whole transactions only, and the lock goes with the connection, however this process ends. Between its statements
/// the transaction has no view of the database, so that nothing waits for it.
pub(super) struct Alone {
    _connection: PgConnection,
}

/// Waits until no other process is at it. Asks again and again: whoever waited inside a statement would be waited for by the
/// indices that the other one makes concurrently, for ever.
pub(super) async fn alone(pool: &PgPool, clock: &Clock) -> sqlx::Result<Alone> {
    let mut connection = pool.acquire().await?.detach();
    loop {
        sqlx::raw_sql("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut connection).await?;
        let sql = AssertSqlSafe(format!("SELECT pg_try_advisory_xact_lock({LOCK})"));
        if sqlx::query_scalar(sql).persistent(false).fetch_one(&mut connection).await? {
            return Ok(Alone { _connection: connection });
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut connection).await?;
        clock.sleep(PAUSE).await;
    }
}
