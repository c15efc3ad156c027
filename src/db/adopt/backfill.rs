//! Gives rows what they lack, a few at a time. Each batch is whole by itself and done twice without harm; where anybody else
//! wants the same rows, it is the batch that gives way.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    AdoptError,
    empty::RowFill,
    patience::{Patience, Tries, is_busy},
    proof::{self, Shape},
    recognise::BEFORE,
    step::quoted,
};
use crate::outside::Clock;

/// Rows of one transaction: as many as are soon done, fewer where somebody was in the way.
const MOST: usize = 500;
const FEWEST: usize = 8;

/// One thing to fill, and what goes with it.
struct Batch<'a> {
    fill: &'a RowFill,
    /// The shape of its table, where it writes columns that were there: then the digests of before follow.
    shape: Option<&'a Shape>,
    /// The shape of the links, where it makes some and there was such a table.
    links: Option<&'a Shape>,
    patience: Patience,
    clock: &'a Clock,
}

/// Fills everything; the tables have their new names already.
pub(super) async fn run(
    conn: &mut PgConnection,
    (patience, clock): (Patience, &Clock),
    fills: &[RowFill],
    shapes: &[Shape],
) -> Result<(), AdoptError> {
    // Tables just renamed and made have no statistics that the planner could go by.
    sqlx::raw_sql("ANALYZE generated_asset, product, generated_asset_product").execute(&mut *conn).await?;
    let written = |fill: &RowFill, shape: &Shape| {
        shape.table == fill.table && fill.columns.iter().any(|column| shape.columns.iter().any(|name| name == column))
    };
    let batch = |fill| Batch {
        fill,
        shape: shapes.iter().find(|shape| written(fill, shape)),
        links: shapes.iter().find(|shape| fill.links && shape.table == "generated_asset_product"),
        patience,
        clock,
    };
    let batches: Vec<Batch<'_>> = fills.iter().map(batch).collect();
    let mut text = format!("ALTER TABLE {BEFORE} ADD COLUMN IF NOT EXISTS ours boolean NOT NULL DEFAULT false");
    if batches.iter().any(|batch| batch.shape.is_some() || batch.links.is_some()) {
        text.push_str(&format!("; CREATE INDEX IF NOT EXISTS {BEFORE}_idx ON {BEFORE} (table_name, id)"));
    }
    sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *conn).await?;
    for batch in &batches {
        batch.all(conn).await?;
    }
    Ok(())
}

impl Batch<'_> {
    /// Walks the table by its key, from one stretch of rows that lack it to the next: first the rows that nobody holds, many at
    /// a time, then those that somebody held, one by one.
    async fn all(&self, conn: &mut PgConnection) -> Result<(), AdoptError> {
        let (mut after, mut most, mut tries, mut held) = (String::new(), MOST, Tries::of_rows(self.clock), Vec::new());
        loop {
            let ids = self.next(conn, &after, most).await?;
            let Some(last) = ids.last() else { break };
            match self.one(conn, &ids, "SKIP LOCKED").await {
                Ok(done) => {
                    last.clone_into(&mut after);
                    held.extend(ids.into_iter().filter(|id| !done.contains(id)));
                    most = (most * 2).min(MOST);
                    tries = Tries::of_rows(self.clock);
                }
                Err(error) => {
                    if is_busy(&error) {
                        most = (ids.len() / 2).max(FEWEST);
                    }
                    tries.again(conn, error).await?;
                }
            }
        }
        for id in held {
            let mut tries = Tries::of_rows(self.clock);
            while let Err(error) = self.one(conn, std::slice::from_ref(&id), "").await {
                tries.again(conn, error).await?;
            }
        }
        Ok(())
    }

    /// The next rows that lack it. Looked for without any lock, since that may take long.
    async fn next(&self, conn: &mut PgConnection, after: &str, most: usize) -> sqlx::Result<Vec<String>> {
        let RowFill { table, lacking, .. } = self.fill;
        let sql =
            format!("SELECT t.id FROM {} t WHERE t.id > $1 AND ({lacking}) ORDER BY t.id LIMIT {most}", quoted(table));
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(after).fetch_all(conn).await
    }

    /// One batch, which is over before anybody who waits for it could be given up for it; gives the rows that were done. Where
    /// there are several, those that somebody holds are passed over: whoever waits for one row must hold no other.
    async fn one(&self, conn: &mut PgConnection, ids: &[String], held: &str) -> sqlx::Result<HashSet<String>> {
        let RowFill { table, lacking, statements, .. } = self.fill;
        let since = self.clock.now();
        let mut tx = conn.begin().await?;
        self.patience.wait_briefly(&mut tx).await?;
        self.patience.hurry(&mut tx, self.clock.now().since(since)).await?;
        let sql = format!(
            "SELECT t.id FROM {} t WHERE t.id = ANY($1) AND ({lacking}) ORDER BY t.id FOR NO KEY UPDATE OF t {held}",
            quoted(table)
        );
        let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).bind(ids).fetch_all(&mut *tx).await?;
        // What was waited for is over; the row is ours, and others begin to wait only now.
        let since = self.clock.now();
        let as_before = match self.shape {
            Some(shape) => proof::as_before(&mut tx, shape, &ids).await?,
            None => Vec::new(),
        };
        for statement in statements {
            self.patience.hurry(&mut tx, self.clock.now().since(since)).await?;
            sqlx::query(AssertSqlSafe(statement.clone())).bind(&ids).execute(&mut *tx).await?;
        }
        if let Some(shape) = self.shape {
            proof::count_as_ours(&mut tx, shape, &as_before).await?;
        }
        if let Some(shape) = self.links {
            proof::count_links_as_ours(&mut tx, shape, &ids).await?;
        }
        tx.commit().await?;
        Ok(ids.into_iter().collect())
    }
}
