//! The presence of daemons, and exclusive ownership of an embedded database.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::PathBuf,
};

use sqlx::SqliteConnection;

use super::{Db, Tx, execute, scalar};
use crate::model::Time;

/// Records that `holder` is alive until `until`.
pub async fn upsert(tx: &mut Tx, name: &str, holder: &str, until: Time, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO daemon_lease (name, holder, expires_at, updated_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at, \
               updated_at = excluded.updated_at";
    execute!(tx, sql, name, holder, until, now).map(drop)
}

/// Returns how many daemons are alive.
pub async fn count_alive(tx: &mut Tx, now: Time) -> sqlx::Result<i64> {
    Ok(scalar!(tx, i64, "SELECT count(*) FROM daemon_lease WHERE expires_at > $1", now)?.unwrap_or(0))
}

/// Removes a daemon's presence.
pub async fn delete(tx: &mut Tx, name: &str) -> sqlx::Result<()> {
    execute!(tx, "DELETE FROM daemon_lease WHERE name IN ($1, 'ready:' || $1)", name).map(drop)
}

/// Writes a row that nothing reads, as proof that writing works. Each process has its own row, so that none waits for
/// another that stopped in the middle of this.
pub async fn try_write(tx: &mut Tx, instance: &str, now: Time) -> sqlx::Result<()> {
    upsert(tx, &format!("ready:{instance}"), "proof that the database can be written to", now, now).await
}

/// Deletes daemons whose presence expired before `before`.
pub async fn delete_before(tx: &mut Tx, before: Time) -> sqlx::Result<u64> {
    execute!(tx, "DELETE FROM daemon_lease WHERE expires_at < $1", before)
}

/// Whether one process has the database for itself.
pub enum Ownership {
    /// A server: any number of replicas.
    Shared,
    /// The embedded database is ours until this is dropped or the process dies.
    Sole(Sole),
    /// Another process owns the embedded database.
    Taken,
}

/// Exclusive ownership of an embedded database. The lock is on the engine's write-ahead log, which nobody can remove
/// without destroying the database; the open connection keeps that file in existence, because the engine removes it
/// with its last connection.
pub struct Sole {
    _log: File,
    _connection: SqliteConnection,
}

/// Tries to become the only owner of an embedded database.
pub async fn own(db: &Db) -> sqlx::Result<Ownership> {
    let Db::Sqlite { file, read, .. } = db else { return Ok(Ownership::Shared) };
    let mut connection = read.acquire().await?.detach();
    // The first query creates the log.
    sqlx::query("SELECT count(*) FROM sqlite_master").execute(&mut connection).await?;
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    let log = OpenOptions::new().create(true).truncate(false).write(true).open(PathBuf::from(name));
    let log = log.map_err(sqlx::Error::Io)?;
    match log.try_lock() {
        Ok(()) => Ok(Ownership::Sole(Sole { _log: log, _connection: connection })),
        Err(TryLockError::WouldBlock) => Ok(Ownership::Taken),
        Err(TryLockError::Error(e)) => Err(sqlx::Error::Io(e)),
    }
}
