//! Rows as they are read. A row that cannot be read (a time out of range, a word that no enum knows, JSON of another form,
//! whoever wrote it) never takes the others with it: lists tell of it once and pass it over, a look-up of that one row says
//! which table, row and column it is.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

/// What was told of so far. Bounded: whoever has so many is told enough.
static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
const MOST_TOLD: usize = 1000;

/// Rows that this process could not read so far: table, row, column and why.
pub fn unreadable() -> Vec<String> {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

/// Every row that can be read.
pub(super) fn readable<R, T>(sql: &str, rows: &[R]) -> sqlx::Result<Vec<T>>
where
    R: Row,
    T: for<'r> FromRow<'r, R>,
    for<'s> &'s str: ColumnIndex<R>,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
{
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        match one(sql, row) {
            Ok(row) => found.push(row),
            Err(error @ sqlx::Error::ColumnDecode { .. }) => tell(&error),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// One row; an error names table, row and column.
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

/// Tells of a row that is passed over, once in the life of the process.
pub(super) fn tell(error: &sqlx::Error) {
    let sqlx::Error::ColumnDecode { index, source } = error else { return };
    let text = format!("{index}: {source}");
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.len() < MOST_TOLD && told.insert(text.clone()) {
        tracing::error!("a row cannot be read and is passed over until it is put right: {text}");
    }
}

/// The id that a row bears: by name, else its first column.
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

/// The table that a statement reads or writes.
fn table(sql: &str) -> &str {
    let behind = |word: &str| sql.find(word).map(|at| &sql[at + word.len()..]);
    let named = if sql.starts_with("UPDATE ") { behind("UPDATE ") } else { behind("FROM ") };
    let word = named.and_then(|rest| rest.split_whitespace().next()).unwrap_or("?");
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
