//! Fills missing values, in small batches. Each batch is atomic and idempotent; if another session wants the same
//! rows, the batch yields.

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

/// Rows per transaction: small enough to be quick, fewer after a lock conflict.
const MOST: usize = 500;
const FEWEST: usize = 8;

/// One fill, with its context.
struct Batch<'a> {
    fill: &'a RowFill,
    /// The shape of its table, if it writes columns that existed before: then the stored digests are updated.
    shape: Option<&'a Shape>,
    /// The shape of the links, if it creates some and the table existed before.
    links: Option<&'a Shape>,
    patience: Patience,
    clock: &'a Clock,
}

/// Runs all fills; the tables already have their new names.
pub(super) async fn run(
    conn: &mut PgConnection,
    patience: Patience,
    clock: &Clock,
    fills: &[RowFill],
    shapes: &[Shape],
) -> Result<(), AdoptError> {
    // Tables just renamed or created have no statistics for the planner.
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
    /// Scans the table by its key for rows that lack a value: first the unlocked rows, many at a time, then those
    /// that were locked, one by one.
    async fn all(&self, conn: &mut PgConnection) -> Result<(), AdoptError> {
        let (mut after, mut most, mut tries, mut locked) =
            (String::new(), MOST, Tries::of_rows(self.clock), Vec::new());
        loop {
            let ids = self.next(conn, &after, most).await?;
            let Some(last) = ids.last() else { break };
            match self.one(conn, &ids, "SKIP LOCKED").await {
                Ok(finished) => {
                    last.clone_into(&mut after);
                    locked.extend(ids.into_iter().filter(|id| !finished.contains(id)));
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
        for id in locked {
            let mut tries = Tries::of_rows(self.clock);
            while let Err(error) = self.one(conn, std::slice::from_ref(&id), "").await {
                tries.again(conn, error).await?;
            }
        }
        Ok(())
    }

    /// Returns the next rows that lack it. Takes no lock, because the search may take long.
    async fn next(&self, conn: &mut PgConnection, after: &str, most: usize) -> sqlx::Result<Vec<String>> {
        let RowFill { table, lacking, .. } = self.fill;
        let sql =
            format!("SELECT t.id FROM {} t WHERE t.id > $1 AND ({lacking}) ORDER BY t.id LIMIT {most}", quoted(table));
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(after).fetch_all(conn).await
    }

    /// Runs one batch, short enough that no waiting session is aborted for it; returns the finished rows. With
    /// several rows, locked ones are skipped: a session that waits for a row must hold no other.
    async fn one(&self, conn: &mut PgConnection, ids: &[String], locked: &str) -> sqlx::Result<HashSet<String>> {
        let RowFill { table, lacking, statements, .. } = self.fill;
        let since = self.clock.now();
        let mut tx = conn.begin().await?;
        self.patience.wait_briefly(&mut tx).await?;
        self.patience.hurry(&mut tx, self.clock.now().since(since)).await?;
        let sql = format!(
            "SELECT t.id FROM {} t WHERE t.id = ANY($1) AND ({lacking}) ORDER BY t.id FOR NO KEY UPDATE OF t {locked}",
            quoted(table)
        );
        let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).bind(ids).fetch_all(&mut *tx).await?;
        // The wait is over; the row is ours, and others begin to wait only now.
        let since = self.clock.now();
        let as_before = match self.shape {
            Some(shape) => proof::as_before(&mut tx, shape, &ids).await?,
            None => Vec::new(),
        };
        for statement in statements {
            self.patience.hurry(&mut tx, self.clock.now().since(since)).await?;
            sqlx::query(AssertSqlSafe(statement.as_str())).bind(&ids).execute(&mut *tx).await?;
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
