//! Opens the database: URL, pools, and the checks whose errors are reported before anything is done.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Db, fault::DatabaseFault, server, tx::Habits};
use crate::outside::private;

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DatabaseAccess {
    /// `sqlite:FILE` (created if missing) or `postgres://…`.
    pub url: SecretString,
    /// Connections per process.
    pub max_connections: u32,
    /// A transaction pooler is in front of the server: no session state lasts beyond a transaction.
    pub pooled: bool,
    /// How long a writer waits for another program that locks the embedded database.
    pub patience: Duration,
}

impl DatabaseAccess {
    /// A server reached without a pooler, or a file; with the time-out of a daemon, whose callers retry.
    pub fn new(url: SecretString, max_connections: u32) -> Self {
        Self { url, max_connections, pooled: false, patience: Duration::from_secs(20) }
    }
}

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL's scheme is unknown. It may contain a password, so it is not shown.
    #[error("[database] url must start with sqlite: or postgres://")]
    Address,
    /// A pooler is configured for a file.
    #[error("[database] pooler is for PostgreSQL: remove it, or set [database] url")]
    NoServer,
    /// The URL is invalid. It may contain a password, so it is not shown.
    #[error("[database] url is not a valid URL: {0}")]
    Unreadable(url::ParseError),
    /// The URL names several hosts.
    #[error(
        "[database] url names several hosts: give one, such as a name or a proxy that always leads to the primary \
         (target_session_attrs is not supported)"
    )]
    SeveralHosts,
    /// Session settings, but sessions are shared.
    #[error(
        "[database] url has options that a pooler does not preserve ({0}): set them on the role, with ALTER ROLE … SET …; only \
         search_path is allowed there"
    )]
    Options(String),
    /// The folder of the embedded database cannot be created.
    #[error("cannot create the folder {path} for the database")]
    Folder { path: PathBuf, source: std::io::Error },
    /// The file of the embedded database cannot be opened.
    #[error("cannot open the database file {file}; its folder must exist, and both must be writable")]
    File { file: PathBuf, source: sqlx::Error },
    /// The engine failed.
    #[error("cannot open the database: {0}")]
    Sqlx(#[from] sqlx::Error),
    /// Sessions are shared, but no pooler is configured.
    #[error("cannot open the database: {}", DatabaseFault::Pooler)]
    Pooler,
    /// The encoding cannot hold every text.
    #[error(
        "the database's encoding is {0}, but shop data needs UTF8: create another one with CREATE DATABASE name \
         ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding(String),
    /// The schema that the URL names does not exist, or is not visible to the role.
    #[error(
        "there is no schema {schema} for the database role {role}: CREATE SCHEMA {schema} AUTHORIZATION {role}, or remove \
         search_path from [database] url"
    )]
    NoSchema { schema: String, role: String },
    /// The schema is older than this program and `auto_migrate` is off.
    #[error("the database is not up to date ({0} steps are missing); run: store-sync migrate")]
    Outdated(usize),
}

/// Opens the database.
pub(super) async fn open(access: &DatabaseAccess) -> Result<Db, OpenError> {
    let url = access.url.expose_secret();
    if let Some(file) = url.strip_prefix("sqlite:") {
        if access.pooled {
            return Err(OpenError::NoServer);
        }
        return open_file(file.strip_prefix("//").unwrap_or(file), access).await;
    }
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::Address);
    }
    server::open(url, access).await
}

async fn open_file(file: &str, access: &DatabaseAccess) -> Result<Db, OpenError> {
    let file = PathBuf::from(file);
    if let Some(folder) = file.parent() {
        private::make_folder(folder).map_err(|source| OpenError::Folder { path: folder.into(), source })?;
    }
    close_files(&file);
    // FULL: a rotated token or a finished push step must survive a crash of the machine, not only of the process.
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(access.patience)
        .optimize_on_close(true, None);
    // Longer than the holder of the write lock may itself wait for another program.
    let patience = access.patience + Duration::from_secs(40);
    let readers = access.max_connections.max(2) - 1;
    let pool = |size| -> PoolOptions<sqlx::Sqlite> {
        SqlitePoolOptions::new().max_connections(size).acquire_timeout(patience)
    };
    let unopened = |source| OpenError::File { file: file.clone(), source };
    let write = pool(1).connect_with(options.clone()).await.map_err(unopened)?;
    let read = pool(readers).connect_with(options).await.map_err(unopened)?;
    let habits = |size| Arc::new(Habits::new(size, patience, false));
    let inode = private::inode(&file);
    Ok(Db::Sqlite { write, read, file, inode, writers: habits(1), readers: habits(readers) })
}

/// Whether the file is missing, empty, or a SQLite database: with a mistyped URL, another file's permissions must not
/// be changed.
fn is_database_or_absent(file: &Path) -> bool {
    let Ok(found) = std::fs::metadata(file) else { return true };
    let mut head = Vec::new();
    let mut read = || File::open(file)?.take(MAGIC.len() as u64).read_to_end(&mut head);
    found.is_file() && (found.len() == 0 || read().is_ok() && head == MAGIC)
}

/// The header of every SQLite database: <https://sqlite.org/fileformat.html#magic_header_string>.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Restricts the file of the embedded database, and those beside it, to its owner. SQLite gives them the mode of the
/// file.
fn close_files(file: &Path) {
    if file.to_str() == Some(":memory:") || !is_database_or_absent(file) {
        return;
    }
    // If it cannot be created, the engine reports that better.
    drop(private::options().write(true).create(true).truncate(false).open(file));
    for ending in ["", "-wal", "-shm", ".daemon.lock", ".migrate.lock"] {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        match private::close(Path::new(&name)) {
            Ok(false) => {}
            Ok(true) => {
                tracing::warn!(file = %name.display(), "was readable by other users; it is its owner's alone now");
            }
            Err(error) => {
                tracing::warn!(file = %name.display(), "is readable by other users, and its mode cannot be changed: {error}");
            }
        }
    }
}
