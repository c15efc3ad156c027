//! Finds the rows of a legacy database that prevent an adoption, and list members that cannot become links.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    empty,
    plan::AdoptPlan,
    report::{Quarantine, Rejected},
    step::{Demand, quoted, speaks_of},
    target::{self, ForeignKey},
};

/// The most list members that the report names; all are counted.
const NAMED: usize = 1000;

/// Returns the members of pictures' product lists that cannot become links, with reasons.
pub(super) async fn quarantine(conn: &mut PgConnection, plan: &AdoptPlan) -> sqlx::Result<Quarantine> {
    let (assets, products) = (plan.names.table("generated_asset"), plan.names.table("product"));
    let mut quarantine = Quarantine::default();
    if !plan.found.has(assets, "product_ids") || !plan.found.tables.contains_key(products) {
        return Ok(quarantine);
    }
    // A picture that has links keeps them: its list may be older.
    let unlinked = if plan.found.tables.contains_key("generated_asset_product") {
        "NOT EXISTS (SELECT 1 FROM generated_asset_product l WHERE l.generated_asset_id = a.id)"
    } else {
        "true"
    };
    let (asset_client, product_client) =
        (plan.names.column("generated_asset", "client_id"), plan.names.column("product", "client_id"));
    let rejected = format!(
        "SELECT 'generated_asset' AS table_name, a.id, 'not_a_list' AS reason, left(a.product_ids::text, 200) AS value \
         FROM {assets} a WHERE {unlinked} AND jsonb_typeof(a.product_ids) NOT IN ('array', 'null') \
         UNION ALL SELECT 'generated_asset', m.asset, CASE WHEN jsonb_typeof(m.value) <> 'string' THEN 'not_a_text' \
         WHEN p.id IS NULL THEN 'unknown_product' WHEN p.{product_client} <> m.client THEN 'other_client' ELSE 'twice' END, \
         left(m.value::text, 200) FROM (SELECT a.id AS asset, a.{asset_client} AS client, e.value, \
         row_number() OVER (PARTITION BY a.id, e.value ORDER BY e.place) AS nth FROM {assets} a \
         CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(a.product_ids) WHEN 'array' THEN a.product_ids ELSE '[]' END) \
         WITH ORDINALITY e(value, place) WHERE {unlinked}) m LEFT JOIN {products} p ON jsonb_typeof(m.value) = 'string' AND p.id = m.value #>> '{{}}' \
         WHERE p.id IS NULL OR p.{product_client} <> m.client OR m.nth > 1"
    );
    let counts = format!("SELECT reason, count(*) FROM ({rejected}) r GROUP BY reason");
    quarantine.counts.extend(sqlx::query_as::<_, (String, i64)>(AssertSqlSafe(counts)).fetch_all(&mut *conn).await?);
    let named = format!("SELECT * FROM ({rejected}) r ORDER BY id, reason, value LIMIT {NAMED}");
    quarantine.members = sqlx::query_as::<_, Rejected>(AssertSqlSafe(named)).fetch_all(&mut *conn).await?;
    Ok(quarantine)
}

/// Checks the rows against what the schema will demand. Dangling references, flows without an owner and duplicate
/// links go into the quarantine; everything else is returned as a problem that stops the adoption.
pub(super) async fn found(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    quarantine: &mut Quarantine,
) -> sqlx::Result<Vec<String>> {
    let mut problems = Vec::new();
    for demand in &plan.demands {
        let found = match demand {
            Demand::Unique { table, columns, predicate } => {
                duplicates(conn, plan, table, columns, *predicate, quarantine).await?
            }
            Demand::Check { table, name, columns, expression } => {
                violations(conn, plan, table, name, columns, expression).await?
            }
            Demand::Filled { table, column, default: None } => unfilled(conn, plan, table, column).await?,
            Demand::Filled { .. } => None,
            Demand::Reference { table, key } => {
                dangling(conn, plan, table, key, quarantine).await?;
                None
            }
        };
        problems.extend(found);
    }
    ownerless(conn, plan, quarantine).await?;
    Ok(problems)
}

/// Returns the present names of columns; `None` unless all exist.
fn there<'a>(plan: &'a AdoptPlan, table: &str, columns: &[&'a str]) -> Option<Vec<&'a str>> {
    let was = plan.names.table(table);
    let old: Vec<&str> = columns.iter().map(|column| plan.names.column(table, column)).collect();
    old.iter().all(|column| plan.found.has(was, column)).then_some(old)
}

/// Reports a required column without a default that rows lack.
async fn unfilled(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    table: &str,
    column: &str,
) -> sqlx::Result<Option<String>> {
    let was = plan.names.table(table);
    if !plan.found.tables.contains_key(was) {
        return Ok(None);
    }
    let empty = there(plan, table, &[column]).map_or("true".to_owned(), |old| format!("\"{}\" IS NULL", old[0]));
    let found = count(conn, format!("SELECT count(*) FROM {} WHERE {empty}", quoted(was))).await?;
    Ok((found > 0).then(|| format!("{found} row(s) of {was} have no {column}, and this program cannot derive it")))
}

/// Quarantines flows without an owner.
async fn ownerless(conn: &mut PgConnection, plan: &AdoptPlan, quarantine: &mut Quarantine) -> sqlx::Result<()> {
    let Some(condition) = empty::ownerless(&plan.found, &plan.names) else { return Ok(()) };
    let was = plan.names.table("generation_flow");
    let found = count(conn, format!("SELECT count(*) FROM {was} t WHERE {condition}")).await?;
    let rows = format!("SELECT t.id, NULL AS value FROM {was} t WHERE {condition}");
    record(conn, quarantine, found, was, &aside(empty::NOBODYS), &rows).await
}

fn aside(reason: &str) -> String {
    format!("set aside: {reason}")
}

/// Counts rows under a reason, and names the first ones.
async fn record(
    conn: &mut PgConnection,
    quarantine: &mut Quarantine,
    found: i64,
    was: &str,
    reason: &str,
    rows: &str,
) -> sqlx::Result<()> {
    if found == 0 {
        return Ok(());
    }
    quarantine.counts.insert(reason.to_owned(), found);
    let sql = format!(
        "SELECT '{was}' AS table_name, r.id, '{reason}' AS reason, r.value FROM ({rows}) r ORDER BY r.id LIMIT {NAMED}"
    );
    quarantine.members.extend(sqlx::query_as::<_, Rejected>(AssertSqlSafe(sql)).fetch_all(conn).await?);
    Ok(())
}

/// Returns the ids of the first rows `t` that match the condition, with `…` if there are more.
async fn first_ids(conn: &mut PgConnection, table: &str, condition: &str) -> sqlx::Result<Vec<String>> {
    let sql = format!("SELECT t.id::text FROM {} t WHERE {condition} ORDER BY t.id LIMIT 6", quoted(table));
    let mut ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await?;
    if ids.len() > 5 {
        "…".clone_into(&mut ids[5]);
    }
    Ok(ids)
}

async fn duplicates(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    table: &str,
    columns: &str,
    predicate: Option<&str>,
    quarantine: &mut Quarantine,
) -> sqlx::Result<Option<String>> {
    let listed: Vec<&str> = columns.split(", ").collect();
    let all = target::postgres().table(table).map_or(&[][..], |table| &table.columns);
    let in_condition =
        all.iter().map(|column| column.name.as_str()).filter(|name| speaks_of(predicate.unwrap_or(""), name));
    let in_condition: Vec<&str> = in_condition.collect();
    let (Some(old), Some(_)) = (there(plan, table, &listed), there(plan, table, &in_condition)) else {
        return Ok(None);
    };
    let filled: Vec<String> = old.iter().map(|column| format!("\"{column}\" IS NOT NULL")).collect();
    let was = plan.names.table(table);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} AND {} GROUP BY {} HAVING count(*) > 1) d",
        quoted(was),
        predicate.unwrap_or("true"),
        filled.join(" AND "),
        old.join(", ")
    );
    let found = count(conn, sql).await?;
    if found > 0 && table == "generated_asset_product" {
        let reason = if predicate.is_none() { "link_twice" } else { "primary_twice" };
        quarantine.counts.insert(reason.into(), found);
        return Ok(None);
    }
    Ok((found > 0)
        .then(|| format!("{found} group(s) of rows in {was} have equal values in ({columns}), which must be unique")))
}

async fn violations(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    table: &str,
    name: &str,
    columns: &[&str],
    expression: &str,
) -> sqlx::Result<Option<String>> {
    // A constraint on a renamed column concerns what the backfill writes: it holds by construction. So does the one
    // on a time that the backfill fills.
    if there(plan, table, columns).is_none_or(|old| old != columns) || name == "generated_asset_approval_check" {
        return Ok(None);
    }
    let was = plan.names.table(table);
    let found = count(conn, format!("SELECT count(*) FROM {} WHERE NOT ({expression})", quoted(was))).await?;
    if found == 0 {
        return Ok(None);
    }
    let ids = first_ids(conn, was, &format!("NOT ({expression})")).await?;
    Ok(Some(format!("{found} row(s) of {was} violate the constraint {name}: {expression} ({})", ids.join(", "))))
}

async fn dangling(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    table: &str,
    key: &ForeignKey,
    quarantine: &mut Quarantine,
) -> sqlx::Result<()> {
    let (was, target) = (plan.names.table(table), plan.names.table(&key.to));
    let Some(old) = there(plan, table, &[&key.column]) else { return Ok(()) };
    if !plan.found.tables.contains_key(target) {
        return Ok(());
    }
    let column = old[0];
    let from = format!(
        "FROM {} r WHERE r.\"{column}\" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {} t WHERE t.id = r.\"{column}\")",
        quoted(was),
        quoted(target)
    );
    let found = count(conn, format!("SELECT count(*) {from}")).await?;
    let reason = if empty::must_refer(table, key) {
        aside(&empty::orphaned(was, column))
    } else {
        format!("dangling {was}.{column}")
    };
    record(conn, quarantine, found, was, &reason, &format!("SELECT r.id, r.\"{column}\" AS value {from}")).await
}

async fn count(conn: &mut PgConnection, sql: String) -> sqlx::Result<i64> {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await
}
