//! All SQL. The only room that knows there are two databases; decides nothing about the business.
//!
//! One text serves both engines: `$1` parameters, times and ids bound by us, `ON CONFLICT`, `RETURNING`. Where the
//! engines truly differ, one function here hides it.

pub mod adopt;
pub mod asset;
pub mod catalogue;
pub mod client;
pub mod connection;
pub mod cursor;
pub mod event;
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
pub mod product;
pub mod push;
pub mod quota;
mod rows;
pub mod run;
pub mod session;
pub mod tag;
pub mod times;
mod types;
pub mod webhook;

pub use rows::unreadable;

use std::{path::PathBuf, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// The database: one file with a single writer, or a PostgreSQL server.
#[derive(Clone)]
pub enum Db {
    Sqlite { write: SqlitePool, read: SqlitePool, file: PathBuf },
    Postgres(PgPool),
}

/// A transaction. Rolled back when dropped; never held across a call to a shop.
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is of no kind we know. It may hold a password, so it is not shown.
    #[error("[database] url must start with sqlite: or postgres://")]
    Address,
    /// The folder of the embedded database cannot be made.
    #[error("cannot make the folder {path} for the database: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
    /// The engine refused.
    #[error("cannot open the database: {0}")]
    Sqlx(#[from] sqlx::Error),
    /// The schema is older than this program and `auto_migrate` is off.
    #[error("the database is not up to date ({0} steps are missing); run: store-sync migrate")]
    Outdated(usize),
}

impl Db {
    /// Opens `sqlite:FILE` (made when missing) or `postgres://…` with at most `max_connections`.
    pub async fn open(url: &SecretString, max_connections: u32) -> Result<Self, OpenError> {
        let url = url.expose_secret();
        if let Some(file) = url.strip_prefix("sqlite:") {
            return open_sqlite(file.strip_prefix("//").unwrap_or(file), max_connections).await;
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::Address);
        }
        // A plan made while a table was empty would stay in use when it has a hundred thousand rows. And a role that was
        // shown the older application's names first must not show them to us.
        let settings = [("plan_cache_mode", "force_custom_plan"), ("search_path", "public")];
        let options = PgConnectOptions::from_str(url)?.application_name("store-sync").options(settings);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(15))
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    /// A transaction that may write. On the embedded engine it takes the one writer at once, so that it never has to give up later.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction for reading only: one consistent view, and no waiting for writers.
    pub async fn read(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin_with("BEGIN READ ONLY").await?),
        })
    }

    /// `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Closes every connection after the work under way.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A lock beside the database file. Held as long as the handle lives, and freed by the system when the process dies.
fn lock_file(file: &std::path::Path, purpose: &str) -> sqlx::Result<std::fs::File> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{purpose}.lock"));
    std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(name))
        .map_err(sqlx::Error::Io)
}

async fn open_sqlite(file: &str, max_connections: u32) -> Result<Db, OpenError> {
    let file = PathBuf::from(file);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|source| OpenError::Folder { path: folder.into(), source })?;
    }
    // FULL: a rotated token or a finished push step must survive the machine, not only the process.
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(20))
        .optimize_on_close(true, None);
    let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(Duration::from_mins(1));
    let write = pool(1).connect_with(options.clone()).await?;
    let read = pool(max_connections.max(2) - 1).connect_with(options).await?;
    Ok(Db::Sqlite { write, read, file })
}

impl Tx {
    /// From here to the end of the transaction nobody else does what bears this name. (The embedded engine has one writer anyway.)
    pub async fn lock(&mut self, name: &str) -> sqlx::Result<()> {
        let Self::Postgres(t) = self else { return Ok(()) };
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext($1))").bind(name).execute(&mut **t).await.map(drop)
    }

    /// Makes everything done so far lasting.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(t) => t.commit().await,
            Self::Postgres(t) => t.commit().await,
        }
    }
}

/// Runs one body against whichever engine the transaction is on: `with!(tx, c => query.execute(c).await)`.
macro_rules! with {
    ($tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(t) => {
                let $c = &mut **t;
                $body
            }
            $crate::db::Tx::Postgres(t) => {
                let $c = &mut **t;
                $body
            }
        }
    };
}

/// `all!(tx, Row, SQL, binds…)` fetches every row that can be read as `Row`.
macro_rules! all {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql = $sql;
        $crate::db::with!($tx, c => match sqlx::query(sql)$(.bind($bind))*.fetch_all(c).await {
            Ok(rows) => $crate::db::rows::readable::<_, $row>(sql, &rows),
            Err(error) => Err(error),
        })
    }};
}

/// `maybe!(tx, Row, SQL, binds…)` fetches one row or none.
macro_rules! maybe {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql = $sql;
        $crate::db::with!($tx, c => match sqlx::query(sql)$(.bind($bind))*.fetch_optional(c).await {
            Ok(Some(row)) => $crate::db::rows::one::<_, $row>(sql, &row).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        })
    }};
}

/// `scalar!(tx, Type, SQL, binds…)` fetches the first column of the first row, or none.
macro_rules! scalar {
    ($tx:expr, $ty:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::with!($tx, c => sqlx::query_scalar::<_, $ty>($sql)$(.bind($bind))*.fetch_optional(c).await)
    };
}

/// `execute!(tx, SQL, binds…)` gives the number of rows written.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::with!($tx, c => sqlx::query($sql)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()))
    };
}

/// `build!(tx, |q| { q.push(…) }, execute)` runs a text of varying length on either engine.
macro_rules! build {
    ($tx:expr, |$q:ident| $fill:expr, execute) => {
        $crate::db::with!($tx, c => {
            let mut $q = sqlx::QueryBuilder::new("");
            $fill;
            $q.build().execute(c).await.map(|done| done.rows_affected())
        })
    };
    ($tx:expr, |$q:ident| $fill:expr, all $row:ty) => {
        $crate::db::with!($tx, c => {
            let mut $q = sqlx::QueryBuilder::new("");
            $fill;
            let sql = $q.sql();
            match $q.build().fetch_all(c).await {
                Ok(rows) => $crate::db::rows::readable::<_, $row>(sql.as_str(), &rows),
                Err(error) => Err(error),
            }
        })
    };
}

pub(crate) use {all, build, execute, maybe, scalar, with};
