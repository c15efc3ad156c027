//! Counts and hashes before and after: the proof that a legacy database's rows are unchanged.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    catalogue::FoundSchema,
    plan::AdoptPlan,
    recognise::{BEFORE, OldNames},
    report::{HashPair, TableProof},
};

/// A table to prove: its names and its initial columns, under their new names.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Shape {
    pub table: String,
    pub was: String,
    pub columns: Vec<String>,
    /// Foreign keys that refer to it: `table.column`.
    pub referred_by: Vec<String>,
}

impl Shape {
    /// Begins the proof of this table: what it holds before.
    pub(super) fn proof(&self, rows_before: i64, hash_before: String) -> TableProof {
        let (table, was) = (self.table.clone(), self.was.clone());
        TableProof { table, was, rows_before, hash_before, ..TableProof::default() }
    }
}

/// Returns the tables of the present schema, with the names they will have.
pub(super) fn shapes(found: &FoundSchema, names: &OldNames) -> Vec<Shape> {
    let new = |was: &str| names.tables.iter().find(|(_, old)| *old == was).map_or(was, |(new, _)| new).to_owned();
    let new_column = |table: &str, was: &str| {
        let renamed = names.columns.iter().find(|((of, _), old)| of == table && *old == was);
        renamed.map_or(was, |((_, new), _)| new).to_owned()
    };
    let ours = |name: &&String| !name.starts_with("_sqlx") && !name.starts_with("schema_adoption");
    let mut shapes: Vec<Shape> = found
        .tables
        .keys()
        .filter(ours)
        .map(|was| {
            let table = new(was);
            let columns = found.tables[was].columns.iter().map(|column| new_column(&table, &column.name)).collect();
            let referred_by = found
                .tables
                .iter()
                .flat_map(|(name, other)| other.rules.iter().map(move |rule| (name, rule)))
                .filter(|(_, rule)| rule.kind == "f" && rule.refers.as_deref() == Some(was))
                .map(|(name, rule)| {
                    let from = new(name);
                    let column = rule.columns.first().map_or("", String::as_str);
                    format!("{from}.{}", new_column(&from, column))
                })
                .collect();
            Shape { table, was: was.clone(), columns, referred_by }
        })
        .collect();
    shapes.sort_by(|a, b| a.table.cmp(&b.table));
    shapes
}

/// Returns `SELECT id, digest FROM table` over the initial columns, under the new or the old names.
fn digests(shape: &Shape, names: &OldNames, old: bool) -> String {
    let column = |name: &String| {
        let name = if old { names.column(&shape.table, name) } else { name.as_str() };
        format!("\"{name}\"")
    };
    let columns: Vec<String> = shape.columns.iter().map(column).collect();
    let digest = format!("md5(ROW({})::text)", columns.join(", "));
    let id = if shape.columns.iter().any(|name| name == "id") { "id::text" } else { &digest };
    let table = if old { &shape.was } else { &shape.table };
    format!("SELECT {id} AS id, {digest} AS digest FROM \"{table}\"")
}

/// Sums digests independently of their order.
const SUM: &str = "count(*), coalesce(sum(('x' || substr(digest, 1, 15))::bit(60)::bigint::numeric), 0)::text";

/// Measures counts and hashes of every table, under the old names.
pub(super) async fn measure(
    conn: &mut PgConnection,
    shapes: &[Shape],
    names: &OldNames,
) -> sqlx::Result<Vec<TableProof>> {
    let mut proofs = Vec::new();
    for shape in shapes {
        let sql = format!("SELECT {SUM} FROM ({}) d", digests(shape, names, true));
        let (rows, hash): (i64, String) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *conn).await?;
        proofs.push(shape.proof(rows, hash));
    }
    Ok(proofs)
}

/// Stores every row's digest in a separate table. As long as that table exists, an adoption is in progress.
pub(super) async fn keep(conn: &mut PgConnection, shapes: &[Shape], names: &OldNames) -> sqlx::Result<()> {
    let make = format!(
        "CREATE TABLE {BEFORE} (table_name text NOT NULL, id text NOT NULL, digest text NOT NULL, ours boolean NOT NULL DEFAULT false)"
    );
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut *conn).await?;
    for shape in shapes {
        let rows = digests(shape, names, true);
        let sql = format!("INSERT INTO {BEFORE} SELECT '{}', id, digest FROM ({rows}) d", shape.table);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Compares every row with its initial digest.
pub(super) async fn compare(conn: &mut PgConnection, shape: &Shape, proof: &mut TableProof) -> sqlx::Result<()> {
    let now = digests(shape, &OldNames::default(), false);
    let sql = format!("SELECT {SUM} FROM ({now}) d");
    let (rows, hash): (i64, String) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *conn).await?;
    (proof.rows_after, proof.hash_after) = (Some(rows), Some(hash));
    if proof.hash_after.as_ref() == Some(&proof.hash_before) {
        return Ok(());
    }
    let sql = format!(
        "SELECT count(*) FILTER (WHERE b.ours), count(*) FILTER (WHERE b.digest <> n.digest), count(*) FILTER (WHERE b.id IS NULL), \
         count(*) FILTER (WHERE n.id IS NULL AND NOT b.ours) \
         FROM (SELECT id, digest, ours FROM {BEFORE} WHERE table_name = '{}') b FULL JOIN ({now}) n ON n.id = b.id",
        shape.table
    );
    (proof.filled, proof.changed, proof.added, proof.missing) =
        sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *conn).await?;
    Ok(())
}

/// Returns those of these rows that nobody has written since the beginning.
pub(super) async fn as_before(conn: &mut PgConnection, shape: &Shape, ids: &[String]) -> sqlx::Result<Vec<String>> {
    let now = digests(shape, &OldNames::default(), false);
    let sql = format!(
        "SELECT b.id FROM {BEFORE} b JOIN ({now}) n ON n.id = b.id WHERE b.table_name = '{}' AND b.id = ANY($1) AND n.digest = b.digest",
        shape.table
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(ids).fetch_all(conn).await
}

/// Records the present digests of these rows as expected: the report announced the write.
pub(super) async fn count_as_ours(conn: &mut PgConnection, shape: &Shape, ids: &[String]) -> sqlx::Result<()> {
    let now = digests(shape, &OldNames::default(), false);
    let now = format!("coalesce((SELECT n.digest FROM ({now}) n WHERE n.id = b.id), '')");
    let sql = format!(
        "UPDATE {BEFORE} b SET ours = true, digest = {now} WHERE b.table_name = '{}' AND b.id = ANY($1) AND b.digest <> {now}",
        shape.table
    );
    sqlx::query(AssertSqlSafe(sql)).bind(ids).execute(conn).await.map(drop)
}

/// Records the links just created for pictures that had none.
pub(super) async fn count_links_as_ours(
    conn: &mut PgConnection,
    shape: &Shape,
    pictures: &[String],
) -> sqlx::Result<()> {
    let now = digests(shape, &OldNames::default(), false);
    let sql = format!(
        "INSERT INTO {BEFORE} (table_name, id, digest, ours) SELECT '{0}', n.id, n.digest, true FROM ({now}) n \
         JOIN {0} l ON l.id = n.id WHERE l.generated_asset_id = ANY($1) \
         AND NOT EXISTS (SELECT 1 FROM {BEFORE} b WHERE b.table_name = '{0}' AND b.id = n.id)",
        shape.table
    );
    sqlx::query(AssertSqlSafe(sql)).bind(pictures).execute(conn).await.map(drop)
}

/// Rows that only the later application writes: the earliest shows since when it has been in use.
const TRACES: &[(&str, &str)] = &[
    ("generated_asset", "approved_at"),
    ("generation_event", "created_at"),
    ("store_connection", "created_at"),
    ("tag", "created_at"),
    ("user_favorite", "created_at"),
];

/// Returns the time before which a picture's status may be a default that a tool wrote into every row: until the
/// later application was first used, or, without a trace of that, until the first picture with another status was
/// created.
pub(super) async fn silent_before(conn: &mut PgConnection, plan: &AdoptPlan) -> sqlx::Result<String> {
    let table = plan.names.table("generated_asset");
    if !plan.found.has(table, "status") {
        return Ok("infinity".to_owned());
    }
    let first = |(name, column): &(&str, &str)| {
        let was = plan.names.table(name);
        plan.found.has(was, column).then(|| format!("(SELECT min({column}) FROM {was})"))
    };
    let traces: Vec<String> = TRACES.iter().filter_map(first).chain(["NULL::timestamptz".to_owned()]).collect();
    let sql = format!(
        "SELECT coalesce(least({}) AT TIME ZONE 'UTC', (SELECT min(created_at) FROM {table} WHERE status <> 'pending'), 'infinity')::text",
        traces.join(", ")
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await
}

/// Returns the hash over id and key of every picture.
pub(super) async fn picture_keys(conn: &mut PgConnection, names: &OldNames) -> sqlx::Result<String> {
    let (table, column) = (names.table("generated_asset"), names.column("generated_asset", "asset_url"));
    let sql = format!("SELECT {SUM} FROM (SELECT md5(ROW(id, \"{column}\")::text) AS digest FROM {table}) d");
    sqlx::query_as::<_, (i64, String)>(AssertSqlSafe(sql)).fetch_one(conn).await.map(|(_, hash)| hash)
}

/// Returns the initial hash of the pictures' keys; `None` without pictures.
pub(super) async fn first_keys(conn: &mut PgConnection, plan: &AdoptPlan) -> sqlx::Result<Option<HashPair>> {
    let (table, column) = (plan.names.table("generated_asset"), plan.names.column("generated_asset", "asset_url"));
    if !plan.found.has(table, column) {
        return Ok(None);
    }
    Ok(Some(HashPair { before: picture_keys(conn, &plan.names).await?, after: None }))
}

/// Returns the foreign keys that existed before and are missing now.
pub(super) fn lost_references(shapes: &[Shape], now: &FoundSchema) -> Vec<String> {
    let mut lost = Vec::new();
    for shape in shapes {
        for from in &shape.referred_by {
            let (table, column) = from.split_once('.').unwrap_or((from, ""));
            let still_there = now.tables.get(table).is_some_and(|live| {
                let refers =
                    |rule: &&super::catalogue::FoundConstraint| rule.kind == "f" && rule.columns == [column.to_owned()];
                live.rules.iter().any(|rule| refers(&rule) && rule.refers.as_deref() == Some(&shape.table))
            });
            if !still_there {
                lost.push(format!("{from} -> {}", shape.table));
            }
        }
    }
    lost
}
