//! Transactions and the connections beneath them. Whatever becomes of its caller, a connection goes back clean or not at all.

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

/// How long a server may take to begin or to roll back; a connection that is silent for longer is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A transaction. Rolled back when dropped; never held across a call to a shop.
pub enum Tx {
    Sqlite(HeldConnection<Sqlite>),
    Postgres(HeldConnection<Postgres>),
}

impl Tx {
    /// From here to the end of the transaction nobody else does what bears this name. (The embedded engine has one writer anyway.)
    pub async fn lock(&mut self, name: &str) -> sqlx::Result<()> {
        if matches!(self, Self::Sqlite(_)) {
            return Ok(());
        }
        super::execute!(self, "SELECT pg_advisory_xact_lock(hashtext($1))", name).map(drop)
    }

    /// Whoever waits for work is woken once this is committed.
    pub(super) fn leaves_work(&mut self) {
        match self {
            Self::Sqlite(held) => held.leaves_work = true,
            Self::Postgres(held) => held.leaves_work = true,
        }
    }

    /// Makes everything done so far lasting. Once begun it is done, even when nobody waits for it any more.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(held) => held.commit().await,
            Self::Postgres(held) => held.commit().await,
        }
    }
}

/// One of the two engines, as far as transactions go.
pub trait DatabaseEngine: Database {
    /// Runs a statement that gives no rows.
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

/// How the connections of a pool are used.
#[derive(Debug)]
pub struct Habits {
    /// One for each connection: where callers wait. Whoever goes away while waiting costs nothing; a pool, left in the middle of
    /// handing a connection out, closes it.
    places: Arc<Semaphore>,
    /// How long one waits for a place.
    patience: Duration,
    /// Statements keep no name, because the next one may be asked on another connection of a pooler.
    pub(super) nameless: bool,
    /// Connections made before this moment are not used again.
    stale_before: Mutex<Option<Instant>>,
    /// Rung when a transaction that left work is committed.
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

    /// A session remembers for its whole life that it may not write: those of now are not asked again.
    fn begin_anew(&self) {
        *self.stale_before.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// A connection with an open transaction.
pub struct HeldConnection<D: DatabaseEngine> {
    conn: Option<PoolConnection<D>>,
    place: Option<OwnedSemaphorePermit>,
    habits: Arc<Habits>,
    /// Not to be used by anybody else.
    spoilt: bool,
    leaves_work: bool,
}

impl<D: DatabaseEngine> HeldConnection<D> {
    pub(super) async fn begin(pool: &Pool<D>, sql: SqlStr, habits: &Arc<Habits>) -> sqlx::Result<Self> {
        let place = Some(habits.place().await?);
        let (pool, habits) = (pool.clone(), habits.clone());
        to_its_end(async move {
            let conn = Some(pool.acquire().await?);
            // Where this fails, dropping it rolls back what may have begun, or closes the connection.
            let mut held = Self { conn, place, habits, spoilt: false, leaves_work: false };
            D::run(&mut held, sql).await?;
            Ok(held)
        })
        .await
    }

    async fn commit(mut self) -> sqlx::Result<()> {
        to_its_end(async move {
            let done = D::run(&mut self, "COMMIT".into_sql_str()).await;
            let done = self.noted(done);
            if done.is_ok() {
                drop(self.conn.take());
                if self.leaves_work {
                    self.habits.bell.notify_waiters();
                }
            }
            done
        })
        .await
    }

    /// Whether statements are kept on the connection for their next use.
    pub(super) fn keeps_statements(&self) -> bool {
        !self.habits.nameless
    }

    /// Remembers from a result whether the connection can still be used.
    pub(super) fn noted<T>(&mut self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        match result.as_ref().err().and_then(DatabaseFault::of) {
            Some(DatabaseFault::ReadOnly) => {
                self.spoilt = true;
                self.habits.begin_anew();
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
            let rolled_back = tokio::time::timeout(PATIENCE, D::run(&mut conn, "ROLLBACK".into_sql_str())).await;
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

/// Does it to its end even when nobody waits for it any more: a future can be dropped half-way, and then nobody knows what
/// the engine has done; a task cannot.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program ends.
            Err(_) => Err(sqlx::Error::PoolClosed),
        },
    }
}
