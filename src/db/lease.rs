//! Which daemons are alive, and who owns an embedded database alone.

use std::fs::{File, TryLockError};

use super::{Db, Tx, execute, lock_file, scalar};
use crate::model::Time;

/// Says that `holder` lives until `until`.
pub async fn upsert(tx: &mut Tx, name: &str, holder: &str, until: Time, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO daemon_lease (name, holder, expires_at, updated_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at, \
               updated_at = excluded.updated_at";
    execute!(tx, sql, name, holder, until, now).map(drop)
}

/// How many daemons are alive.
pub async fn count_alive(tx: &mut Tx, now: Time) -> sqlx::Result<i64> {
    Ok(scalar!(tx, i64, "SELECT count(*) FROM daemon_lease WHERE expires_at > $1", now)?.unwrap_or(0))
}

/// Signs off.
pub async fn delete(tx: &mut Tx, name: &str) -> sqlx::Result<()> {
    execute!(tx, "DELETE FROM daemon_lease WHERE name = $1", name).map(drop)
}

/// Forgets daemons that fell silent before `before`.
pub async fn delete_before(tx: &mut Tx, before: Time) -> sqlx::Result<u64> {
    execute!(tx, "DELETE FROM daemon_lease WHERE expires_at < $1", before)
}

/// Whether one process works on this database alone.
pub enum Ownership {
    /// A server: any number of replicas.
    Shared,
    /// The embedded database is ours until this handle is dropped or the process dies.
    Sole(File),
    /// Another process works on the embedded database.
    Taken,
}

/// Tries to become the one worker of an embedded database.
pub fn own(db: &Db) -> sqlx::Result<Ownership> {
    let Db::Sqlite { file, .. } = db else { return Ok(Ownership::Shared) };
    let lock = lock_file(file, "daemon")?;
    match lock.try_lock() {
        Ok(()) => Ok(Ownership::Sole(lock)),
        Err(TryLockError::WouldBlock) => Ok(Ownership::Taken),
        Err(TryLockError::Error(e)) => Err(sqlx::Error::Io(e)),
    }
}
