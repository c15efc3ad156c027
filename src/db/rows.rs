//! Decoding of rows. A row that cannot be decoded (a time out of range, an unknown enum value, JSON of another form)
//! never affects the others: lists log it once and skip it, a look-up of that row fails with its table, row and
//! column.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use futures_util::{TryStreamExt, stream::BoxStream};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

/// The rows logged so far, bounded in number.
static LOGGED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
const MOST_LOGGED: usize = 1000;

/// Returns the rows that this process could not decode so far: table, row, column and reason.
pub fn unreadable() -> Vec<String> {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

/// Returns every row that can be decoded. Each is decoded as it comes: raw rows take several times the memory.
pub(super) async fn readable<R, T>(sql: &str, mut rows: BoxStream<'_, sqlx::Result<R>>) -> sqlx::Result<Vec<T>>
where
    R: Row,
    T: for<'r> FromRow<'r, R>,
    for<'s> &'s str: ColumnIndex<R>,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
{
    let mut decoded = Vec::new();
    while let Some(row) = rows.try_next().await? {
        match one(sql, &row) {
            Ok(row) => decoded.push(row),
            Err(error @ sqlx::Error::ColumnDecode { .. }) => log_once(&error),
            Err(error) => return Err(error),
        }
    }
    Ok(decoded)
}

/// Decodes a row; an error names table, row and column.
pub(super) fn one<R, T>(sql: &str, row: &R) -> sqlx::Result<T>
where
    R: Row,
    T: for<'r> FromRow<'r, R>,
    for<'s> &'s str: ColumnIndex<R>,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
{
    T::from_row(row).map_err(|error| match error {
        sqlx::Error::ColumnDecode { index, source } => {
            let column = index.trim_matches('"');
            let index = format!("{}.{column} of row '{}'", table(sql), id(row));
            sqlx::Error::ColumnDecode { index, source }
        }
        other => other,
    })
}

/// Logs a skipped row, once per process.
pub(super) fn log_once(error: &sqlx::Error) {
    let sqlx::Error::ColumnDecode { index, source } = error else { return };
    let text = format!("{index}: {source}");
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    if logged.len() < MOST_LOGGED && !logged.contains(&text) {
        tracing::error!("a row cannot be decoded and is skipped until it is corrected: {text}");
        logged.insert(text);
    }
}

/// Returns a row's id: by name, or its first column.
fn id<R>(row: &R) -> String
where
    R: Row,
    for<'s> &'s str: ColumnIndex<R>,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
{
    let by_name = row.try_get::<String, _>("id");
    by_name.or_else(|_| row.try_get::<String, _>(0)).unwrap_or_else(|_| "?".to_owned())
}

/// Returns the table that a statement reads or writes.
fn table(sql: &str) -> &str {
    let after = |word: &str| sql.find(word).map(|at| &sql[at + word.len()..]);
    let after_keyword = if sql.starts_with("UPDATE ") { after("UPDATE ") } else { after("FROM ") };
    let word = after_keyword.and_then(|rest| rest.split_whitespace().next()).unwrap_or("?");
    word.trim_matches(['"', ',', '(', ')'])
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn the_table_is_found_in_a_statement() {
        assert_eq!(table("SELECT id, name FROM \"user\" WHERE id = $1"), "user");
        assert_eq!(table("UPDATE job SET x = 1 WHERE id = (SELECT id FROM other) RETURNING id"), "job");
        assert_eq!(table("SELECT 1"), "?");
    }
}
