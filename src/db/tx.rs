//! Transactions and their connections. Whatever happens to the caller, a connection returns to the pool clean or not
//! at all.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    Database, PgConnection, Pool, Postgres, SqlSafeStr, SqlStr, Sqlite, SqliteConnection, pool::PoolConnection,
};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::fault::DatabaseFault;

/// The time-out of a begin or a rollback; a connection without a response by then is closed.
const CONTROL_TIMEOUT: Duration = Duration::from_secs(10);

/// A transaction. Rolled back when dropped; never held across a call to a shop.
pub enum Tx {
    Sqlite(HeldConnection<Sqlite>),
    Postgres(HeldConnection<Postgres>),
}

impl Tx {
    /// Takes a lock called `name` until the transaction ends. (SQLite has only one writer anyway.)
    pub async fn lock(&mut self, name: &str) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => super::execute!(self, "SELECT pg_advisory_xact_lock(hashtext($1))", name).map(drop),
        }
    }

    /// Wakes workers once this transaction is committed.
    pub(super) fn leaves_work(&mut self) {
        match self {
            Self::Sqlite(held) => held.leaves_work = true,
            Self::Postgres(held) => held.leaves_work = true,
        }
    }

    /// Commits. Once started it completes, even if the caller is cancelled.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(held) => held.commit().await,
            Self::Postgres(held) => held.commit().await,
        }
    }
}

/// The transaction control of one engine.
pub trait DatabaseEngine: Database {
    /// Runs a statement that returns no rows.
    fn run(conn: &mut Self::Connection, sql: SqlStr) -> impl Future<Output = sqlx::Result<()>> + Send;
}

impl DatabaseEngine for Sqlite {
    async fn run(conn: &mut SqliteConnection, sql: SqlStr) -> sqlx::Result<()> {
        sqlx::raw_sql(sql).execute(conn).await.map(drop)
    }
}

impl DatabaseEngine for Postgres {
    async fn run(conn: &mut PgConnection, sql: SqlStr) -> sqlx::Result<()> {
        sqlx::raw_sql(sql).execute(conn).await.map(drop)
    }
}

/// The state that the connections of a pool share.
#[derive(Debug)]
pub struct Habits {
    /// One permit per connection: callers wait here. A caller cancelled while waiting has no effect here; cancelled
    /// while the pool hands out a connection, it would close that connection.
    places: Arc<Semaphore>,
    /// How long a caller waits for a permit.
    patience: Duration,
    /// Prepared statements are not cached, because behind a pooler the next one may run on another connection.
    pub(super) nameless: bool,
    /// Connections made before this moment are not used again.
    stale_before: Mutex<Option<Instant>>,
    /// Notified when a transaction that enqueued jobs is committed.
    pub(super) bell: Arc<Notify>,
}

impl Habits {
    pub(super) fn new(connections: u32, patience: Duration, nameless: bool) -> Self {
        let places = Arc::new(Semaphore::new(usize::try_from(connections).unwrap_or(Semaphore::MAX_PERMITS)));
        Self { places, patience, nameless, stale_before: Mutex::default(), bell: Arc::default() }
    }

    async fn place(&self) -> sqlx::Result<OwnedSemaphorePermit> {
        let place = tokio::time::timeout(self.patience, self.places.clone().acquire_owned()).await;
        place.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)
    }

    /// Whether a connection of this age may be used.
    pub(super) fn is_fresh(&self, age: Duration) -> bool {
        self.stale_before.lock().unwrap_or_else(PoisonError::into_inner).is_none_or(|moment| age < moment.elapsed())
    }

    /// A session keeps for its whole life the state that it is read-only, so the present ones are not used again.
    fn discard_present(&self) {
        *self.stale_before.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// A connection with an open transaction.
pub struct HeldConnection<D: DatabaseEngine> {
    conn: Option<PoolConnection<D>>,
    place: Option<OwnedSemaphorePermit>,
    habits: Arc<Habits>,
    /// Not to be reused.
    spoilt: bool,
    leaves_work: bool,
}

impl<D: DatabaseEngine> HeldConnection<D> {
    pub(super) async fn begin(pool: &Pool<D>, sql: SqlStr, habits: &Arc<Habits>) -> sqlx::Result<Self> {
        let place = Some(habits.place().await?);
        let (pool, habits) = (pool.clone(), habits.clone());
        run_detached(async move {
            let conn = Some(pool.acquire().await?);
            // If this fails, dropping it rolls back what may have begun, or closes the connection.
            let mut held = Self { conn, place, habits, spoilt: false, leaves_work: false };
            D::run(&mut held, sql).await?;
            Ok(held)
        })
        .await
    }

    async fn commit(mut self) -> sqlx::Result<()> {
        run_detached(async move {
            let result = D::run(&mut self, "COMMIT".into_sql_str()).await;
            let result = self.noted(result);
            if result.is_ok() {
                drop(self.conn.take());
                if self.leaves_work {
                    self.habits.bell.notify_waiters();
                }
            }
            result
        })
        .await
    }

    /// Whether the connection caches prepared statements.
    pub(super) fn keeps_statements(&self) -> bool {
        !self.habits.nameless
    }

    /// Passes a result on; records if its error makes the connection unusable.
    pub(super) fn noted<T>(&mut self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        match result.as_ref().err().and_then(DatabaseFault::of) {
            Some(DatabaseFault::ReadOnly) => {
                self.spoilt = true;
                self.habits.discard_present();
            }
            Some(DatabaseFault::Damaged | DatabaseFault::Broken) => self.spoilt = true,
            _ => {}
        }
        result
    }
}

impl<D: DatabaseEngine> Drop for HeldConnection<D> {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        let (spoilt, place) = (self.spoilt, self.place.take());
        tokio::spawn(async move {
            let rolled_back = tokio::time::timeout(CONTROL_TIMEOUT, D::run(&mut conn, "ROLLBACK".into_sql_str())).await;
            if spoilt || !matches!(rolled_back, Ok(Ok(()))) {
                conn.close_on_drop();
            }
            drop(conn);
            drop(place);
        });
    }
}

impl<D: DatabaseEngine> Deref for HeldConnection<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        self.conn.as_deref().expect("is taken at the end only")
    }
}

impl<D: DatabaseEngine> DerefMut for HeldConnection<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        self.conn.as_deref_mut().expect("is taken at the end only")
    }
}

/// Runs work to completion even if the caller is cancelled: a future can be dropped half-way, and then the engine's
/// state is unknown; a task cannot.
async fn run_detached<T: Send + 'static>(
    work: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program ends.
            Err(_) => Err(sqlx::Error::PoolClosed),
        },
    }
}
