//! One process at a time, over all replicas (PostgreSQL).

use std::time::Duration;

use sqlx::PgConnection;

use crate::outside::Clock;

/// Any number; the same in every process.
const LOCK: i64 = 0x7374_6f72_6573_796e;
const PAUSE: Duration = Duration::from_millis(250);

/// Waits until no other process is at it. Asks again and again: whoever waited inside a statement would be waited for by the
/// indices that the other one makes concurrently, for ever.
pub(super) async fn alone(conn: &mut PgConnection, clock: &Clock) -> sqlx::Result<()> {
    while !sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut *conn).await? {
        clock.sleep(PAUSE).await;
    }
    Ok(())
}
