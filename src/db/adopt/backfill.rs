//! Fills what new columns and tables need from what old rows say. In batches, each whole by itself and done twice without harm.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    plan::Plan,
    recognise::Kind,
    step::{Demand, quoted},
};

/// Rows looked at in one transaction.
const BATCH: i64 = 5000;

/// What the backfill will do, for people.
pub(super) fn lines(kind: Kind) -> Vec<&'static str> {
    let mut lines = Vec::new();
    if kind.has_old_names() {
        lines.push("generation_flow.client_id from each flow's session");
        lines.push("generated_asset.status = error where there is an error; completed_at from updated_at elsewhere");
        lines.push("generated_asset_product from product_ids: first seen first, the first one primary");
    }
    if kind == Kind::Gen2 {
        lines.push("store_sync_log.client_id and trigger from each run's connection");
        lines.push("links that are there twice become one; references to nothing become null");
    }
    lines
}

const FLOWS: &str = "UPDATE generation_flow f SET client_id = s.client_id FROM collection_session s \
                     WHERE s.id = f.collection_session_id AND f.client_id IS NULL AND f.id > $1 AND f.id <= $2";
const FAILED: &str = "UPDATE generated_asset SET status = 'error' \
                      WHERE id > $1 AND id <= $2 AND from_legacy AND error IS NOT NULL AND status = 'completed'";
const FINISHED: &str = "UPDATE generated_asset SET completed_at = updated_at AT TIME ZONE 'UTC' \
                        WHERE id > $1 AND id <= $2 AND from_legacy AND error IS NULL AND status = 'completed' AND completed_at IS NULL";
const LINKS: &str = "INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary, created_at) \
     SELECT a.id || '_' || p.id, a.id, p.id, h.asset IS NULL AND row_number() OVER (PARTITION BY a.id ORDER BY m.place) = 1, \
     a.created_at AT TIME ZONE 'UTC' \
     FROM generated_asset a CROSS JOIN LATERAL (SELECT value #>> '{}' AS id, min(place) AS place \
     FROM jsonb_array_elements(CASE jsonb_typeof(a.product_ids) WHEN 'array' THEN a.product_ids ELSE '[]' END) \
     WITH ORDINALITY AS member (value, place) WHERE jsonb_typeof(value) = 'string' GROUP BY 1) m \
     JOIN product p ON p.id = m.id AND p.client_id = a.client_id \
     LEFT JOIN (SELECT DISTINCT generated_asset_id AS asset FROM generated_asset_product \
     WHERE is_primary AND generated_asset_id > $1 AND generated_asset_id <= $2) h ON h.asset = a.id \
     WHERE a.id > $1 AND a.id <= $2 ON CONFLICT DO NOTHING";
const RUNS: &str = "UPDATE store_sync_log l SET client_id = c.client_id, \"trigger\" = coalesce(l.\"trigger\", 'approval') \
     FROM store_connection c WHERE c.id = l.store_connection_id AND (l.client_id IS NULL OR l.\"trigger\" IS NULL) \
     AND l.id > $1 AND l.id <= $2";
const DOUBLE_LINKS: &str = "DELETE FROM generated_asset_product l WHERE EXISTS (SELECT 1 FROM generated_asset_product o \
     WHERE o.generated_asset_id = l.generated_asset_id AND o.product_id = l.product_id AND (o.is_primary, l.id) > (l.is_primary, o.id))";

/// Fills everything; the tables have their new names already.
pub(super) async fn run(conn: &mut PgConnection, kind: Kind, plan: &Plan) -> sqlx::Result<()> {
    // Tables just renamed and made have no statistics that the planner could go by.
    sqlx::raw_sql("ANALYZE generated_asset, product, generated_asset_product").execute(&mut *conn).await?;
    if kind.has_old_names() {
        batches(conn, "generation_flow", &[FLOWS]).await?;
        batches(conn, "generated_asset", &[FAILED, FINISHED, LINKS]).await?;
    }
    if plan.found.tables.contains_key("store_sync_log") {
        batches(conn, "store_sync_log", &[RUNS]).await?;
    }
    sqlx::raw_sql(DOUBLE_LINKS).execute(&mut *conn).await?;
    for demand in &plan.demands {
        let Demand::Reference { table, column, to, action } = demand else { continue };
        if action == "SET NULL" && plan.found.has(table, column) {
            let sql = format!(
                "UPDATE {} r SET \"{column}\" = NULL WHERE \"{column}\" IS NOT NULL \
                 AND NOT EXISTS (SELECT 1 FROM {} t WHERE t.id = r.\"{column}\")",
                quoted(table),
                quoted(to)
            );
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
        }
    }
    Ok(())
}

/// Walks a table by its key and runs the statements over each stretch.
async fn batches(conn: &mut PgConnection, table: &str, statements: &'static [&'static str]) -> sqlx::Result<()> {
    let next = format!("SELECT max(id) FROM (SELECT id FROM {table} WHERE id > $1 ORDER BY id LIMIT {BATCH}) w");
    let mut from = String::new();
    loop {
        let to: Option<String> =
            sqlx::query_scalar(AssertSqlSafe(next.clone())).bind(&from).fetch_one(&mut *conn).await?;
        let Some(to) = to else { return Ok(()) };
        let mut tx = conn.begin().await?;
        for statement in statements {
            sqlx::query(*statement).bind(&from).bind(&to).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        from = to;
    }
}
