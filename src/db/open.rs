//! Opening the database: the address, the pools, and what is refused in words before anything is done.

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

/// How the database is reached.
#[derive(Debug, Clone)]
pub struct DatabaseAccess {
    /// `sqlite:FILE` (made when missing) or `postgres://…`.
    pub url: SecretString,
    /// Connections per process.
    pub max_connections: u32,
    /// A pooler lends its connections for one transaction each, so that nothing lasts beyond one.
    pub pooled: bool,
    /// How long a writer waits for another program that holds the embedded database.
    pub patience: Duration,
}

impl DatabaseAccess {
    /// A server reached without a pooler, or a file; with the patience of a daemon, whose callers come again.
    pub fn new(url: SecretString, max_connections: u32) -> Self {
        Self { url, max_connections, pooled: false, patience: Duration::from_secs(20) }
    }
}

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is of no kind we know. It may hold a password, so it is not shown.
    #[error("[database] url must start with sqlite: or postgres://")]
    Address,
    /// A pooler before a file.
    #[error("[database] pooler is for PostgreSQL: take it out, or set [database] url")]
    NoServer,
    /// The address is none. It may hold a password, so it is not shown.
    #[error("[database] url is no address: {0}")]
    Unreadable(url::ParseError),
    /// The address names more hosts than one.
    #[error(
        "[database] url names several hosts: give one, such as a name or a proxy that always leads to the primary \
         (target_session_attrs is not understood)"
    )]
    SeveralHosts,
    /// Settings of a session, where sessions are not our own.
    #[error(
        "[database] url has options that a pooler does not keep ({0}): set them on the role, with ALTER ROLE … SET …; only \
         search_path may stand there"
    )]
    Options(String),
    /// The folder of the embedded database cannot be made.
    #[error("cannot make the folder {path} for the database")]
    Folder { path: PathBuf, source: std::io::Error },
    /// The file of the embedded database cannot be opened.
    #[error("cannot open the database file {file}; its folder must be there, and both must be writable")]
    File { file: PathBuf, source: sqlx::Error },
    /// The engine refused.
    #[error("cannot open the database: {0}")]
    Sqlx(#[from] sqlx::Error),
    /// Sessions are shared, and nobody said so.
    #[error("cannot open the database: {}", DatabaseFault::Pooler)]
    Pooler,
    /// Not every text fits into this database.
    #[error(
        "the database is encoded in {0}, and names and texts of shops need UTF8: make another with CREATE DATABASE name \
         ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding(String),
    /// The schema that the address names is not there, or hidden from us.
    #[error(
        "there is no schema {schema} for the database role {role}: CREATE SCHEMA {schema} AUTHORIZATION {role}, or take \
         search_path out of [database] url"
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
    // FULL: a rotated token or a finished push step must survive the machine, not only the process.
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(access.patience)
        .optimize_on_close(true, None);
    // Longer than one who holds the writer may himself wait for another program.
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

/// Whether there is nothing yet, or a database: a slip in the address must not take the rights from whatever lies there.
fn may_be_ours(file: &Path) -> bool {
    let Ok(found) = std::fs::metadata(file) else { return true };
    let mut head = Vec::new();
    let mut read = || File::open(file)?.take(MAGIC.len() as u64).read_to_end(&mut head);
    found.is_file() && (found.len() == 0 || read().is_ok() && head == MAGIC)
}

/// How every SQLite database begins: <https://sqlite.org/fileformat.html#magic_header_string>.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Makes the file of the embedded database, and those beside it, its owner's alone. SQLite gives them the mode that the file has.
fn close_files(file: &Path) {
    if file.to_str() == Some(":memory:") || !may_be_ours(file) {
        return;
    }
    // Where it cannot be made, the engine says so better.
    drop(private::options().write(true).create(true).truncate(false).open(file));
    for ending in ["", "-wal", "-shm", ".daemon.lock", ".migrate.lock"] {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        match private::close(Path::new(&name)) {
            Ok(false) => {}
            Ok(true) => tracing::warn!(file = %name.display(), "could be read by others; it is its owner's alone now"),
            Err(error) => {
                tracing::warn!(file = %name.display(), "can be read by others, and cannot be closed: {error}");
            }
        }
    }
}
