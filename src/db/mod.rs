//! All SQL. The only module that knows there are two databases; makes no business decisions.
//!
//! One SQL text serves both engines: `$1` parameters, times and ids bound by us, `ON CONFLICT`, `RETURNING`. Where
//! the engines differ, one function here hides it.

pub mod adopt;
pub mod asset;
mod bulk;
pub mod catalogue;
pub mod client;
pub mod connection;
pub mod cursor;
pub mod event;
mod fault;
pub mod favorite;
pub mod flow;
pub mod generation;
pub mod grant;
pub mod inspiration;
pub mod job;
pub mod lease;
pub mod ledger;
pub mod member;
pub mod message;
pub mod oauth_state;
mod open;
pub mod product;
pub mod push;
pub mod quota;
mod rows;
pub mod run;
mod server;
pub mod session;
mod statement;
pub mod tag;
pub mod times;
mod tx;
mod types;
pub mod webhook;

pub use rows::unreadable;

use std::{path::PathBuf, sync::Arc};

use secrecy::SecretString;
use sqlx::{PgPool, SqlSafeStr, SqlitePool};
use tokio::sync::Notify;

use self::tx::{Habits, HeldConnection};
pub use self::{
    fault::DatabaseFault,
    open::{DatabaseAccess, OpenError},
    server::TransactionSetup,
    tx::Tx,
};
use crate::outside::{Clock, private};

/// The database: one file with a single writer, or a PostgreSQL server.
#[derive(Clone)]
pub enum Db {
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        file: PathBuf,
        /// Device and inode of the file that was opened.
        inode: Option<(u64, u64)>,
        writers: Arc<Habits>,
        readers: Arc<Habits>,
    },
    Postgres {
        pool: PgPool,
        server: Arc<TransactionSetup>,
    },
}

impl Db {
    /// Opens `sqlite:FILE` (created if missing) or `postgres://…` with at most `max_connections`.
    pub async fn open(url: &SecretString, max_connections: u32) -> Result<Self, OpenError> {
        open::open(&DatabaseAccess::new(url.clone(), max_connections)).await
    }

    /// Opens the database as `access` describes.
    pub async fn open_by(access: &DatabaseAccess) -> Result<Self, OpenError> {
        open::open(access).await
    }

    /// Returns the signal that is notified when a job is enqueued in this process, so that workers need not wait for
    /// the next poll.
    pub fn bell(&self) -> &Arc<Notify> {
        match self {
            Self::Sqlite { writers, .. } => &writers.bell,
            Self::Postgres { server, .. } => &server.habits.bell,
        }
    }

    /// Begins a transaction that may write. On SQLite it takes the write lock at once, so that it never has to be
    /// aborted later.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, writers, .. } => {
                Tx::Sqlite(HeldConnection::begin(write, "BEGIN IMMEDIATE".into_sql_str(), writers).await?)
            }
            Self::Postgres { pool, server } => {
                Tx::Postgres(HeldConnection::begin(pool, server.begin(), &server.habits).await?)
            }
        })
    }

    /// Begins a read-only transaction: one consistent snapshot, no waiting for writers.
    pub async fn read(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Self::Sqlite { read, readers, .. } => {
                Tx::Sqlite(HeldConnection::begin(read, "BEGIN".into_sql_str(), readers).await?)
            }
            Self::Postgres { pool, server } => {
                Tx::Postgres(HeldConnection::begin(pool, server.read(), &server.habits).await?)
            }
        })
    }

    /// Whether the file of an embedded database is still where it was opened.
    pub fn lies_in_place(&self) -> bool {
        match self {
            Self::Sqlite { file, inode: Some(inode), .. } => private::inode(file) == Some(*inode),
            Self::Sqlite { .. } | Self::Postgres { .. } => true,
        }
    }

    /// Whether the database is read-only at present, a standby for example; determined without writing.
    pub async fn is_read_only(&self) -> sqlx::Result<bool> {
        match self {
            Self::Sqlite { .. } => Ok(false),
            Self::Postgres { pool, server } => Ok(server::standing(pool, server).await?.read_only),
        }
    }

    /// Returns why tables cannot be created, with the fix; `None` if they can.
    pub async fn cannot_make_tables(&self) -> sqlx::Result<Option<String>> {
        let Self::Postgres { pool, server } = self else { return Ok(None) };
        let standing = server::standing(pool, server).await?;
        Ok((!standing.may_create).then(|| standing.grant(&server.schema)))
    }

    /// Returns how far the database's clock is ahead of this machine's, and the precision; both in milliseconds.
    /// `None` for an embedded database, which has no clock of its own.
    pub async fn clock_ahead(&self, clock: &Clock) -> sqlx::Result<Option<(i64, i64)>> {
        let Self::Postgres { pool, server } = self else { return Ok(None) };
        let mut held = HeldConnection::begin(pool, server.read(), &server.habits).await?;
        let measured = server::clock_ahead(&mut held, clock).await;
        held.noted(measured)
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// Closes every connection once its running work ends.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres { pool, .. } => pool.close().await,
        }
    }
}

/// Opens a lock file beside the database file. The lock is held as long as the handle lives; the system releases it
/// when the process dies.
fn lock_file(file: &std::path::Path, purpose: &str) -> sqlx::Result<std::fs::File> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{purpose}.lock"));
    private::options().create(true).truncate(false).write(true).open(PathBuf::from(name)).map_err(sqlx::Error::Io)
}

/// Runs one body against either engine: `with!(tx, c, cached => query.persistent(cached).execute(c).await)`;
/// `cached` says whether the connection caches the prepared statement.
macro_rules! with {
    ($tx:expr, $c:ident, $cached:ident => $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(held) => {
                let ($cached, $c) = (held.keeps_statements(), &mut **held);
                let result = $body;
                held.noted(result)
            }
            $crate::db::Tx::Postgres(held) => {
                let ($cached, $c) = (held.keeps_statements(), &mut **held);
                let result = $body;
                held.noted(result)
            }
        }
    };
}

/// `all!(tx, Row, SQL, binds…)` fetches every row that can be decoded as `Row`.
macro_rules! all {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::statement::all::<$row>($tx, sqlx::SqlSafeStr::into_sql_str($sql), &[$(&$bind),*]).await
    };
}

/// `maybe!(tx, Row, SQL, binds…)` fetches one row or `None`.
macro_rules! maybe {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::statement::maybe::<$row>($tx, sqlx::SqlSafeStr::into_sql_str($sql), &[$(&$bind),*]).await
    };
}

/// `scalar!(tx, Type, SQL, binds…)` fetches the first column of the first row, or `None`.
macro_rules! scalar {
    ($tx:expr, $ty:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::statement::scalar::<$ty>($tx, sqlx::SqlSafeStr::into_sql_str($sql), &[$(&$bind),*]).await
    };
}

/// `execute!(tx, SQL, binds…)` returns the number of affected rows.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::statement::execute($tx, sqlx::SqlSafeStr::into_sql_str($sql), &[$(&$bind),*]).await
    };
}

/// `among!(tx, "SELECT … WHERE id", "$2", " ORDER BY id")` is the text of a statement about the rows whose last-named
/// column is in the list that is bound as `$2`, a `bulk::TextList`.
macro_rules! among {
    ($tx:ident, $head:literal, $list:literal) => {
        $crate::db::among!($tx, $head, $list, "")
    };
    ($tx:ident, $head:literal, $list:literal, $end:literal) => {
        match $tx {
            $crate::db::Tx::Sqlite(_) => concat!($head, " IN (SELECT value FROM json_each(", $list, "))", $end),
            $crate::db::Tx::Postgres(_) => concat!($head, " = ANY(", $list, ")", $end),
        }
    };
}

pub(crate) use {all, among, execute, maybe, scalar, with};
