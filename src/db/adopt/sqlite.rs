//! The migration of an embedded database: one transaction with foreign keys off, in which every table whose
//! definition differs is rebuilt from the old one. (With foreign keys on, dropping the old table would clear columns
//! that refer to it, and the switch has no effect inside a transaction.)

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, Row, SqlSafeStr, SqliteConnection, SqlitePool, types::Json};

use super::{
    AdoptError, AdoptOptions, AdoptStatus,
    catalogue::{FoundColumn, FoundSchema},
    empty,
    proof::{Shape, shapes},
    recognise::{self, Kind, OldNames},
    report::{HashPair, Quarantine, Rejected, Report, ReportLine},
    step::Phase,
    target::{self, TargetTable},
};
use crate::{
    db::tx::{Habits, HeldConnection},
    outside::{Clock, off_thread},
};

/// The present schema: definitions of tables, indices and triggers, and the tables' columns.
struct TableParts {
    catalogue: FoundSchema,
    /// Name to definition, of tables, indices and triggers.
    texts: BTreeMap<String, String>,
    triggers: BTreeSet<String>,
}

/// One step.
enum SqliteStep {
    /// What it does, and the statement.
    Run(String, Cow<'static, str>),
    Rebuild(&'static TargetTable),
}

fn run_step(what: String, sql: impl Into<Cow<'static, str>>) -> SqliteStep {
    SqliteStep::Run(what, sql.into())
}

/// Normalises whitespace and quotes for comparison.
fn plain(sql: &str) -> String {
    sql.replace('"', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn read(conn: &mut SqliteConnection) -> sqlx::Result<TableParts> {
    let rows =
        sqlx::query("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetch_all(&mut *conn).await?;
    let mut present =
        TableParts { catalogue: FoundSchema::default(), texts: BTreeMap::new(), triggers: BTreeSet::new() };
    for row in rows {
        let (kind, name, sql): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        match kind.as_str() {
            "table" if !name.starts_with("sqlite_") => {
                let columns = "SELECT $1 AS table_name, name, type AS kind, \"notnull\" = 1 AS not_null, dflt_value AS \"default\", false AS is_viewed FROM pragma_table_info($1)";
                let columns: Vec<FoundColumn> = sqlx::query_as(columns).bind(&name).fetch_all(&mut *conn).await?;
                present.catalogue.tables.entry(name.clone()).or_default().columns = columns;
            }
            "index" => {}
            "trigger" => drop(present.triggers.insert(name.clone())),
            _ => continue,
        }
        present.texts.insert(name, plain(&sql));
    }
    Ok(present)
}

/// Returns the kind, the steps, and the old names.
fn plan(present: &TableParts) -> (Kind, Vec<SqliteStep>, OldNames) {
    let target = target::sqlite();
    let mut after = present.catalogue.clone();
    let (renames, names) = recognise::rename(&mut after);
    let mut steps: Vec<SqliteStep> = Vec::new();
    for sql in renames {
        steps.push(run_step(sql.trim_start_matches("ALTER ").to_lowercase(), sql));
    }
    for table in &target.tables {
        let was = names.table(&table.name);
        match present.texts.get(was) {
            None => steps.push(run_step(format!("create table {}", table.name), &table.sql)),
            Some(text) if *text != plain(&table.sql) || was != table.name => steps.push(SqliteStep::Rebuild(table)),
            Some(_) => {}
        }
    }
    let rebuilt: BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| if let SqliteStep::Rebuild(t) = step { Some(t.name.as_str()) } else { None })
        .collect();
    let mut indices = Vec::new();
    for index in &target.indices {
        let sql = index.sql(&index.name, None);
        let is = present.texts.get(&index.name);
        let differs = is.is_some_and(|text| *text != plain(&sql));
        let gone = is.is_none() || rebuilt.contains(index.table.as_str());
        if differs && !rebuilt.contains(index.table.as_str()) {
            indices.push(run_step(format!("drop index {}", index.name), format!("DROP INDEX {}", index.name)));
        }
        if differs || gone {
            indices.push(run_step(format!("create index {}", index.name), sql));
        }
    }
    for name in target::RETIRED_INDICES.iter().filter(|name| present.texts.contains_key(**name)) {
        // A table that is rebuilt has lost it already.
        indices.push(run_step(format!("drop index {name}"), format!("DROP INDEX IF EXISTS {name}")));
    }
    steps.extend(indices);
    let is_current =
        |routine: &target::Routine| present.texts.get(&routine.name).is_some_and(|text| *text == plain(&routine.sql));
    if !steps.is_empty() || !target.routines.iter().all(is_current) {
        // A trigger that names a table which is missing for a moment would fail the migration.
        let drops = present.triggers.iter().filter(|name| target.routines.iter().any(|routine| routine.name == **name));
        let drops: Vec<SqliteStep> =
            drops.map(|name| run_step(format!("drop trigger {name}"), format!("DROP TRIGGER {name}"))).collect();
        steps.splice(0..0, drops);
        let create = |routine: &'static target::Routine| run_step(format!("create {}", routine.name), &routine.sql);
        steps.extend(target.routines.iter().map(create));
    }
    (recognise::kind(&present.catalogue, steps.is_empty()), steps, names)
}

pub(super) async fn look(read_pool: &SqlitePool, readers: &Arc<Habits>) -> sqlx::Result<AdoptStatus> {
    // Called by monitors, which may cancel it midway.
    let mut tx = HeldConnection::begin(read_pool, "BEGIN".into_sql_str(), readers).await?;
    let present = read(&mut tx).await;
    let (kind, steps, _) = plan(&tx.noted(present)?);
    Ok(AdoptStatus { kind, missing: lines(kind, &steps).into_iter().map(|line| line.what).collect() })
}

fn lines(kind: Kind, steps: &[SqliteStep]) -> Vec<ReportLine> {
    let mut lines: Vec<ReportLine> = steps
        .iter()
        .map(|step| match step {
            SqliteStep::Run(what, _) => what.clone(),
            SqliteStep::Rebuild(table) => format!("rebuild table {} from the old one", table.name),
        })
        .map(|what| ReportLine { phase: Phase::Expand, what })
        .collect();
    if kind.is_legacy() {
        lines.extend(empty::LINES.iter().map(|what| ReportLine { phase: Phase::Backfill, what: (*what).to_owned() }));
    }
    lines
}

pub(super) async fn dry_run(read_pool: &SqlitePool) -> Result<Report, AdoptError> {
    let mut conn = read_pool.acquire().await?.detach();
    let present = read(&mut conn).await?;
    let (kind, steps, names) = plan(&present);
    let mut report = Report::new("sqlite", kind, true);
    report.steps = lines(kind, &steps);
    before(&mut conn, &present, &names, &mut report).await?;
    Ok(report)
}

/// Fills in counts, hashes and the quarantine; fails if nothing may be changed.
async fn before(
    conn: &mut SqliteConnection,
    present: &TableParts,
    names: &OldNames,
    report: &mut Report,
) -> Result<Vec<Shape>, AdoptError> {
    if !report.kind.is_legacy() {
        return Ok(Vec::new());
    }
    let shapes = shapes(&present.catalogue, names);
    for shape in &shapes {
        let (rows, hash) = measure(conn, shape, Some(names)).await?;
        report.tables.push(shape.proof(rows, hash));
    }
    if matches!(report.kind, Kind::Mixed | Kind::Gen3 | Kind::Gen0 | Kind::Gen2 | Kind::Adopting) {
        let rows: Vec<String> = report.tables.iter().map(|t| format!("{}: {} rows", t.was, t.rows_before)).collect();
        let doubles =
            recognise::doubles(&present.catalogue).into_iter().map(|(old, new)| format!("both {old} and {new} exist"));
        let mut problems: Vec<String> = doubles.collect();
        problems.push(format!(
            "a {} database cannot be adopted on the embedded engine; its row counts are {}",
            report.kind,
            rows.join(", ")
        ));
        return Err(AdoptError::Refused(problems));
    }
    report.picture_keys = keys(conn, names).await?.map(|before| HashPair { before, after: None });
    report.quarantine = quarantine(conn, names).await?;
    Ok(shapes)
}

pub(super) async fn run(
    pool: &SqlitePool,
    file: &Path,
    clock: &Clock,
    id: &str,
    options: &AdoptOptions,
) -> Result<Report, AdoptError> {
    let started = clock.now();
    // SQLite has no lock for this; processes that start together wait here for one another.
    let lock = crate::db::lock_file(file, "migrate")?;
    let waited = off_thread(move || lock.lock().map(|()| lock)).await;
    let _alone = waited.map_err(|e| sqlx::Error::Io(std::io::Error::other(e)))?.map_err(sqlx::Error::Io)?;
    // A separate connection: foreign keys must not stay off for anybody else.
    let mut conn = pool.acquire().await?.detach();
    sqlx::raw_sql("PRAGMA foreign_keys = OFF").execute(&mut conn).await?;
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    let present = read(&mut tx).await?;
    let (kind, steps, names) = plan(&present);
    let mut report = Report::new("sqlite", kind, false);
    if steps.is_empty() {
        return Ok(report);
    }
    if kind.is_legacy() && !options.legacy {
        return Err(AdoptError::Legacy(kind));
    }
    report.steps = lines(kind, &steps);
    let shapes = before(&mut tx, &present, &names, &mut report).await?;
    for step in steps {
        match step {
            SqliteStep::Run(_, sql) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
            }
            SqliteStep::Rebuild(table) => rebuild(&mut tx, table, kind).await?,
        }
    }
    if kind.is_legacy() {
        sqlx::raw_sql(LINKS).execute(&mut *tx).await?;
        prove(&mut tx, &shapes, &mut report).await?;
    }
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *tx).await?;
    if let Some(row) = dangling.first() {
        let (table, to): (String, String) = (row.get(0), row.get(2));
        return Err(AdoptError::Refused(vec![format!(
            "{} reference(s) dangle, the first from {table} to {to}",
            dangling.len()
        )]));
    }
    if kind.is_legacy() {
        report.took_ms = u64::try_from(clock.now().since(started).as_millis()).unwrap_or(u64::MAX);
        let sql = "INSERT INTO schema_adoption (id, fingerprint, report, started_at, completed_at) VALUES ($1, $2, $3, $4, $5)";
        let stored = Json(&report);
        let now = clock.now();
        sqlx::query(sql).bind(id).bind(kind.as_str()).bind(stored).bind(started).bind(now).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    conn.close().await?;
    Ok(report)
}

/// Values of the older application's rows in columns that its tables lack.
const FROM_OLD_ROWS: &[(&str, &str, &str)] = &[
    (
        "generation_flow",
        "client_id",
        "(SELECT s.client_id FROM collection_session s WHERE s.id = o.collection_session_id)",
    ),
    ("generated_asset", "status", "CASE WHEN o.error IS NULL THEN 'completed' ELSE 'error' END"),
    ("generated_asset", "completed_at", "CASE WHEN o.error IS NULL THEN o.updated_at END"),
    ("generation_flow", "from_legacy", "true"),
    ("generated_asset", "from_legacy", "true"),
    ("message", "from_legacy", "true"),
];

/// Creates a table as the file defines it, copies the rows of the old one, and replaces it.
async fn rebuild(conn: &mut SqliteConnection, table: &TargetTable, kind: Kind) -> sqlx::Result<()> {
    let name = &table.name;
    let new = format!("{name}__new");
    let has: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(name).fetch_all(&mut *conn).await?;
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for column in &table.columns {
        let special = FROM_OLD_ROWS.iter().find(|(t, c, _)| t == name && *c == column.name && kind.is_legacy());
        if has.contains(&column.name) {
            values.push(format!("o.\"{}\"", column.name));
        } else if let Some((_, _, value)) = special {
            values.push((*value).to_owned());
        } else {
            continue;
        }
        columns.push(format!("\"{}\"", column.name));
    }
    let create = table.sql.replacen(&format!("CREATE TABLE {name} "), &format!("CREATE TABLE {new} "), 1);
    let create = create.replacen(&format!("CREATE TABLE \"{name}\" "), &format!("CREATE TABLE {new} "), 1);
    let fill = format!("INSERT INTO {new} ({}) SELECT {} FROM \"{name}\" o", columns.join(", "), values.join(", "));
    for sql in [create, fill, format!("DROP TABLE \"{name}\""), format!("ALTER TABLE {new} RENAME TO \"{name}\"")] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
    }
    Ok(())
}

const LINKS: &str = "INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary, created_at) \
     SELECT a.id || '_' || p.id, a.id, p.id, row_number() OVER (PARTITION BY a.id ORDER BY m.place) = 1, a.created_at \
     FROM generated_asset a JOIN (SELECT i.id AS asset, e.value AS product, min(e.key) AS place FROM generated_asset i, \
     json_each(CASE json_type(i.product_ids) WHEN 'array' THEN i.product_ids ELSE '[]' END) e WHERE e.type = 'text' GROUP BY 1, 2) m \
     ON m.asset = a.id JOIN product p ON p.id = m.product AND p.client_id = a.client_id WHERE true ON CONFLICT DO NOTHING";

/// Sums the digests of all rows independently of their order.
async fn measure(conn: &mut SqliteConnection, shape: &Shape, names: Option<&OldNames>) -> sqlx::Result<(i64, String)> {
    use futures_util::TryStreamExt;
    let column = |name: &String| {
        let name = names.map_or(name.as_str(), |names| names.column(&shape.table, name));
        format!("quote(\"{name}\")")
    };
    let columns: Vec<String> = shape.columns.iter().map(column).collect();
    let table = if names.is_some() { &shape.was } else { &shape.table };
    let sql = format!("SELECT {} FROM \"{table}\"", columns.join(" || ',' || "));
    let mut rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch(conn);
    let (mut count, mut sum) = (0, 0_u128);
    while let Some(row) = rows.try_next().await? {
        let digest = Sha256::digest(row.as_bytes());
        count += 1;
        sum += digest.iter().take(8).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    }
    Ok((count, sum.to_string()))
}

async fn keys(conn: &mut SqliteConnection, names: &OldNames) -> sqlx::Result<Option<String>> {
    let has: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
        .bind(names.table("generated_asset"))
        .fetch_all(&mut *conn)
        .await?;
    if !has.iter().any(|name| name == names.column("generated_asset", "asset_url")) {
        return Ok(None);
    }
    let columns = vec!["id".to_owned(), "asset_url".to_owned()];
    let (table, was) = ("generated_asset".to_owned(), names.table("generated_asset").to_owned());
    let shape = Shape { table, was, columns, referred_by: Vec::new() };
    measure(conn, &shape, Some(names)).await.map(|(_, hash)| Some(hash))
}

/// Verifies that the rows are unchanged; otherwise fails, and nothing is changed.
async fn prove(conn: &mut SqliteConnection, shapes: &[Shape], report: &mut Report) -> Result<(), AdoptError> {
    for (shape, proof) in shapes.iter().zip(&mut report.tables) {
        let (rows, hash) = measure(conn, shape, None).await?;
        (proof.rows_after, proof.hash_after) = (Some(rows), Some(hash));
    }
    let after = keys(conn, &OldNames::default()).await?;
    if let Some(pair) = &mut report.picture_keys {
        pair.after = after;
    }
    if report.is_identical() {
        Ok(())
    } else {
        Err(AdoptError::Refused(vec![
            "the rows after the migration differ from those before: nothing was changed".to_owned(),
        ]))
    }
}

async fn quarantine(conn: &mut SqliteConnection, names: &OldNames) -> sqlx::Result<Quarantine> {
    let assets = names.table("generated_asset");
    let sql = format!(
        "SELECT 'generated_asset' AS table_name, a.id, 'not_a_list' AS reason, a.product_ids AS value FROM {assets} a \
         WHERE json_type(a.product_ids) NOT IN ('array', 'null') UNION ALL \
         SELECT 'generated_asset', m.asset, CASE WHEN m.type <> 'text' THEN 'not_a_text' WHEN p.id IS NULL THEN 'unknown_product' \
         WHEN p.client_id <> m.client THEN 'other_client' ELSE 'twice' END, json_quote(m.value) FROM (SELECT i.id AS asset, \
         i.client_id AS client, e.type AS type, e.value AS value, row_number() OVER (PARTITION BY i.id, e.value ORDER BY e.key) AS nth \
         FROM {assets} i, json_each(CASE json_type(i.product_ids) WHEN 'array' THEN i.product_ids ELSE '[]' END) e) m \
         LEFT JOIN product p ON m.type = 'text' AND p.id = m.value WHERE p.id IS NULL OR p.client_id <> m.client OR m.nth > 1"
    );
    let members: Vec<Rejected> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(conn).await?;
    let mut quarantine = Quarantine::default();
    for member in &members {
        *quarantine.counts.entry(member.reason.clone()).or_default() += 1;
    }
    quarantine.members = members.into_iter().take(1000).collect();
    Ok(quarantine)
}
