//! Statements with a fixed number of parameters, on either engine. One function for each kind of result, not code of its
//! own for each statement: what is compiled grows with the types of rows, not with the statements.

use sqlx::{
    Arguments, Encode, FromRow, Postgres, SqlStr, Sqlite, Type,
    error::BoxDynError,
    postgres::{PgArguments, PgRow},
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{Tx, rows};

/// A value that either engine takes as a parameter.
pub(super) trait Bind: Sync {
    fn to_sqlite(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError>;
    fn to_postgres(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError>;
}

impl<'q, T> Bind for T
where
    T: Sync + Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres>,
{
    fn to_sqlite(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        arguments.add(self)
    }

    fn to_postgres(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        arguments.add(self)
    }
}

/// A row of either engine that becomes a value.
pub(super) trait EitherRow: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> {}

impl<T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>> EitherRow for T {}

/// Runs `$run` with the query and its connection, on either engine.
macro_rules! either {
    ($tx:ident, $sql:ident, $binds:ident, |$query:ident, $c:ident| $run:expr) => {
        match $tx {
            Tx::Sqlite(held) => {
                let mut arguments = SqliteArguments::default();
                $binds.iter().try_for_each(|bind| bind.to_sqlite(&mut arguments)).map_err(sqlx::Error::Encode)?;
                let $query = sqlx::query_with($sql, arguments).persistent(held.keeps_statements());
                let $c = &mut **held;
                let result = $run;
                held.noted(result)
            }
            Tx::Postgres(held) => {
                let mut arguments = PgArguments::default();
                $binds.iter().try_for_each(|bind| bind.to_postgres(&mut arguments)).map_err(sqlx::Error::Encode)?;
                let $query = sqlx::query_with($sql, arguments).persistent(held.keeps_statements());
                let $c = &mut **held;
                let result = $run;
                held.noted(result)
            }
        }
    };
}

/// Returns the number of affected rows.
pub(super) async fn execute(tx: &mut Tx, sql: SqlStr, binds: &[&dyn Bind]) -> sqlx::Result<u64> {
    either!(tx, sql, binds, |query, c| query.execute(c).await.map(|done| done.rows_affected()))
}

/// Returns every row that can be decoded.
pub(super) async fn all<T: EitherRow>(tx: &mut Tx, sql: SqlStr, binds: &[&dyn Bind]) -> sqlx::Result<Vec<T>> {
    let text = sql.clone();
    either!(tx, sql, binds, |query, c| rows::readable(text.as_str(), query.fetch(c)).await)
}

/// Returns one row or `None`.
pub(super) async fn maybe<T: EitherRow>(tx: &mut Tx, sql: SqlStr, binds: &[&dyn Bind]) -> sqlx::Result<Option<T>> {
    let text = sql.clone();
    either!(tx, sql, binds, |query, c| match query.fetch_optional(c).await {
        Ok(Some(row)) => rows::one(text.as_str(), &row).map(Some),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    })
}

/// Returns the first column of the first row, or `None`.
pub(super) async fn scalar<T>(tx: &mut Tx, sql: SqlStr, binds: &[&dyn Bind]) -> sqlx::Result<Option<T>>
where
    (T,): EitherRow,
{
    either!(tx, sql, binds, |query, c| match query.fetch_optional(c).await {
        Ok(Some(row)) => <(T,)>::from_row(&row).map(|(value,)| Some(value)),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    })
}
