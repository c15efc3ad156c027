//! Many rows in one statement. PostgreSQL takes each column as an array, so that the text is short and always the same;
//! SQLite takes rows of values, because taking JSON apart costs it more.

use sqlx::{
    Arguments, AssertSqlSafe, Encode, Postgres, SqlSafeStr, Sqlite, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgHasArrayType, PgTypeInfo},
    sqlite::{SqliteArguments, SqliteArgumentsBuffer, SqliteTypeInfo},
};

use super::{Tx, statement::Bind};

/// The most rows of a statement: with 20 columns its parameters stay below SQLite's limit of 32,766.
pub(super) const ROWS: usize = 1500;

/// Texts as one parameter, for `among!`.
pub(super) struct TextList<'a>(Vec<&'a str>);

impl<'a> TextList<'a> {
    pub(super) fn new<T: AsRef<str>>(texts: &'a [T]) -> Self {
        Self(texts.iter().map(AsRef::as_ref).collect())
    }
}

impl Type<Postgres> for TextList<'_> {
    fn type_info() -> PgTypeInfo {
        <Vec<&str> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for TextList<'_> {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <Vec<&str> as Encode<Postgres>>::encode_by_ref(&self.0, buf)
    }
}

impl Type<Sqlite> for TextList<'_> {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for TextList<'_> {
    fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <String as Encode<Sqlite>>::encode(serde_json::to_string(&self.0)?, buf)
    }
}

/// The values that a column has in the rows of a statement, as either engine takes them.
pub(super) trait Cells: Send + Sync {
    fn cell_to_sqlite(&self, row: usize, arguments: &mut SqliteArguments) -> Result<(), BoxDynError>;
    fn all_to_postgres(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError>;
}

impl<'q, T> Cells for Vec<T>
where
    T: Send + Sync + Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
{
    fn cell_to_sqlite(&self, row: usize, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        arguments.add(&self[row])
    }

    fn all_to_postgres(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        arguments.add(self)
    }
}

/// What a statement writes into a column.
pub(super) enum Column<'a> {
    /// An SQL expression without parameters.
    Sql(&'static str),
    /// The same value in every row.
    Same(&'a (dyn Bind + Send)),
    /// A value for each row.
    Each(Box<dyn Cells + 'a>),
}

/// A column with the value that `of` reads from each row.
pub(super) fn each<'a, R, T>(rows: &'a [R], of: impl FnMut(&'a R) -> T) -> Column<'a>
where
    Vec<T>: Cells + 'a,
{
    Column::Each(Box::new(rows.iter().map(of).collect::<Vec<T>>()))
}

/// Inserts `count` rows, `ROWS` at most. `end` follows them: what happens to rows that exist.
pub(super) async fn insert(
    tx: &mut Tx,
    table: &str,
    columns: &[(&str, Column<'_>)],
    count: usize,
    end: &str,
) -> sqlx::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let head = ["INSERT INTO ", table, " (", &names.join(", "), ")"].concat();
    match tx {
        Tx::Sqlite(held) => {
            let text = format!("{head} VALUES {}{end}", value_rows(columns, count));
            let mut arguments = SqliteArguments::default();
            fill_sqlite(columns, count, &mut arguments).map_err(sqlx::Error::Encode)?;
            let query = sqlx::query_with(AssertSqlSafe(text).into_sql_str(), arguments);
            let done = query.persistent(held.keeps_statements()).execute(&mut **held).await;
            held.noted(done).map(drop)
        }
        Tx::Postgres(held) => {
            let text = format!("{head} {}{end}", arrays(columns));
            let mut arguments = PgArguments::default();
            fill_postgres(columns, &mut arguments).map_err(sqlx::Error::Encode)?;
            let query = sqlx::query_with(AssertSqlSafe(text).into_sql_str(), arguments);
            let done = query.persistent(held.keeps_statements()).execute(&mut **held).await;
            held.noted(done).map(drop)
        }
    }
}

/// `SELECT c1, $2, … FROM UNNEST($1, …) AS r (c1, …)`: parameters in the order of the columns.
fn arrays(columns: &[(&str, Column<'_>)]) -> String {
    let (mut values, mut arrays, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = 0;
    for (_, column) in columns {
        last += i32::from(!matches!(column, Column::Sql(_)));
        match column {
            Column::Sql(text) => values.push((*text).to_owned()),
            Column::Same(_) => values.push(format!("${last}")),
            Column::Each(_) => {
                values.push(format!("r.c{last}"));
                arrays.push(format!("${last}"));
                names.push(format!("c{last}"));
            }
        }
    }
    let list = |texts: Vec<String>| texts.join(", ");
    let (values, arrays, names) = (list(values), list(arrays), list(names));
    ["SELECT ", &values, " FROM UNNEST(", &arrays, ") AS r (", &names, ")"].concat()
}

fn fill_postgres(columns: &[(&str, Column<'_>)], arguments: &mut PgArguments) -> Result<(), BoxDynError> {
    columns.iter().try_for_each(|(_, column)| match column {
        Column::Sql(_) => Ok(()),
        Column::Same(value) => value.to_postgres(arguments),
        Column::Each(cells) => cells.all_to_postgres(arguments),
    })
}

/// `(?, $5, …), (?, $5, …)`: the values of each row without a number, then those that all rows have. SQLite and its driver look
/// for each numbered parameter among all that have a number: with one for each value, a page took a third of a second.
fn value_rows(columns: &[(&str, Column<'_>)], count: usize) -> String {
    let of_rows = count * columns.iter().filter(|(_, column)| matches!(column, Column::Each(_))).count();
    let mut text = String::with_capacity(count * columns.len() * 5);
    for row in 0..count {
        text.push_str(if row == 0 { "(" } else { "), (" });
        let mut number = of_rows;
        for (at, (_, column)) in columns.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { ", " });
            match column {
                Column::Sql(sql) => text.push_str(sql),
                Column::Each(_) => text.push('?'),
                Column::Same(_) => {
                    number += 1;
                    text.push_str(&format!("${number}"));
                }
            }
        }
    }
    text.push(')');
    text
}

fn fill_sqlite(
    columns: &[(&str, Column<'_>)],
    count: usize,
    arguments: &mut SqliteArguments,
) -> Result<(), BoxDynError> {
    for row in 0..count {
        for (_, column) in columns {
            if let Column::Each(cells) = column {
                cells.cell_to_sqlite(row, arguments)?;
            }
        }
    }
    for (_, column) in columns {
        if let Column::Same(value) = column {
            value.to_sqlite(arguments)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_in_the_order_in_which_they_are_bound() {
        let rows = ["x", "y"];
        let columns = [
            ("a", each(&rows, |row| *row)),
            ("b", Column::Same(&"s")),
            ("c", Column::Sql("'k'")),
            ("d", each(&rows, |row| *row)),
            ("e", Column::Same(&"t")),
        ];
        assert_eq!(arrays(&columns), "SELECT r.c1, $2, 'k', r.c3, $4 FROM UNNEST($1, $3) AS r (c1, c3)");
        assert_eq!(value_rows(&columns, 2), "(?, $5, 'k', ?, $6), (?, $5, 'k', ?, $6)");
    }
}
