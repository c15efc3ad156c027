//! What an engine's error means for the person who has to do something about it.

use sqlx::{Error, postgres::PgDatabaseError, sqlite::SqliteError};

/// A fault that a person can mend, or that says something about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseFault {
    /// Nothing can be written here.
    #[error(
        "the database is read-only: a standby, a file system mounted so, or default_transaction_read_only is on; \
         [database] url must lead to the primary"
    )]
    ReadOnly,
    /// No room.
    #[error("the disk of the database is full: make room, no restart is needed")]
    Full,
    /// Somebody else writes and does not end.
    #[error(
        "another program holds the write lock of the database file (a backup, or an open sqlite3 shell): end its transaction"
    )]
    Locked,
    /// Sessions are not our own.
    #[error(
        "a connection pooler such as PgBouncer stands before the server: set [database] pooler = \"transaction\", or let \
         [database] url lead to the server itself"
    )]
    Pooler,
    /// The role may not do this.
    #[error("the database role lacks a right: run store-sync doctor")]
    Forbidden,
    /// The engine cannot read or write its own files.
    #[error("the database's files cannot be read or written: see the disk and the rights of its folder")]
    Damaged,
    /// The file's own content is at fault.
    #[error(
        "the database file is damaged, or is no database: name the right one in [database] url, or restore it from a backup"
    )]
    Broken,
    /// Removed or replaced under a running process: what it writes nobody will ever read.
    #[error(
        "the database file was removed or replaced while it was in use: stop store-sync, put the file back (or restore it from a \
         backup), and start again"
    )]
    Gone,
    /// No answer.
    #[error("the database does not answer")]
    Away,
}

impl DatabaseFault {
    /// The fault behind an error, where it is a known one.
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

/// An engine's error in its own words, with the table and column it is about, and without the place in the engine's source. Its
/// details stay away: they may hold a whole row.
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

/// By the primary result code: <https://sqlite.org/rescode.html>.
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

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn postgres(error: &PgDatabaseError) -> Option<DatabaseFault> {
    match error.code() {
        "25006" => Some(DatabaseFault::ReadOnly),
        "53100" => Some(DatabaseFault::Full),
        // A statement that another session prepared, or that was prepared in another session.
        "26000" | "42P05" => Some(DatabaseFault::Pooler),
        "08P01" if error.message().contains("startup parameter") => Some(DatabaseFault::Pooler),
        "42501" => Some(DatabaseFault::Forbidden),
        code if code.starts_with("08") || code.starts_with("57P0") || code == "53300" => Some(DatabaseFault::Away),
        _ => None,
    }
}
