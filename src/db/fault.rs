//! What a database error means for the person who has to fix it.

use sqlx::{Error, postgres::PgDatabaseError, sqlite::SqliteError};

/// A fault that a person can fix, or that tells something about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseFault {
    /// Nothing can be written.
    #[error(
        "the database is read-only: a standby, a read-only file system, or default_transaction_read_only is on; \
         point [database] url to the primary"
    )]
    ReadOnly,
    /// No disk space.
    #[error("the disk of the database is full: free space, no restart is needed")]
    Full,
    /// Another program holds the write lock.
    #[error(
        "another program holds the write lock of the database file (a backup, or an open sqlite3 shell): end its transaction"
    )]
    Locked,
    /// Sessions are shared.
    #[error(
        "a connection pooler such as PgBouncer is in front of the server: set [database] pooler = \"transaction\", or point \
         [database] url to the server itself"
    )]
    Pooler,
    /// The role lacks a privilege.
    #[error("the database role lacks a privilege: run store-sync doctor")]
    Forbidden,
    /// The engine cannot read or write its files.
    #[error("the database's files cannot be read or written: check the disk and the permissions of its folder")]
    Damaged,
    /// The file's content is invalid.
    #[error(
        "the database file is damaged, or is not a database: set [database] url to the right file, or restore it from a backup"
    )]
    Broken,
    /// The file was removed or replaced under a running process: its writes are lost.
    #[error(
        "the database file was removed or replaced while it was in use: stop store-sync, put the file back (or restore it from a \
         backup), and start again"
    )]
    Gone,
    /// No response.
    #[error("the database does not answer")]
    Away,
}

impl DatabaseFault {
    /// Whether the same may succeed later, without anybody fixing anything.
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::Away | Self::Locked)
    }

    /// Returns the fault behind an error; `None` if it is not a known one.
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Database(database) => match database.try_downcast_ref::<SqliteError>() {
                Some(_) => sqlite(&database.code()?),
                None => postgres(database.try_downcast_ref::<PgDatabaseError>()?),
            },
            Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::WorkerCrashed => Some(Self::Away),
            _ => None,
        }
    }
}

/// Formats an engine's error with the table and column it is about, and without the position in the engine's source.
/// Omits its details: they may contain a whole row.
pub(super) fn words(error: &Error) -> String {
    let Error::Database(database) = error else { return error.to_string() };
    let mut text = database.message().to_owned();
    let Some(detail) = database.try_downcast_ref::<PgDatabaseError>() else { return text };
    let about = [("table", detail.table()), ("column", detail.column()), ("rule", detail.constraint())];
    let about = about
        .iter()
        .filter_map(|(kind, name)| name.filter(|name| !text.contains(*name)).map(|name| format!("{kind} {name}")));
    let about: Vec<String> = about.collect();
    if !about.is_empty() {
        text = format!("{text} ({})", about.join(", "));
    }
    text
}

/// Maps the primary result code: <https://sqlite.org/rescode.html>.
fn sqlite(code: &str) -> Option<DatabaseFault> {
    match code.parse::<u32>().ok()? & 0xff {
        5 | 6 => Some(DatabaseFault::Locked),
        8 => Some(DatabaseFault::ReadOnly),
        10 | 14 => Some(DatabaseFault::Damaged),
        11 | 26 => Some(DatabaseFault::Broken),
        13 => Some(DatabaseFault::Full),
        _ => None,
    }
}

/// Maps the SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn postgres(error: &PgDatabaseError) -> Option<DatabaseFault> {
    match error.code() {
        "25006" => Some(DatabaseFault::ReadOnly),
        "53100" => Some(DatabaseFault::Full),
        // A prepared statement is unknown, or already exists: another session prepared it.
        "26000" | "42P05" => Some(DatabaseFault::Pooler),
        "08P01" if error.message().contains("startup parameter") => Some(DatabaseFault::Pooler),
        "42501" => Some(DatabaseFault::Forbidden),
        code if code.starts_with("08") || code.starts_with("57P0") || code == "53300" => Some(DatabaseFault::Away),
        _ => None,
    }
}
