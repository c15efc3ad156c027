//! Counts and hashes before and after, and what stands in the way: every question about rows of a legacy database.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    catalogue::Catalogue,
    empty,
    plan::Plan,
    recognise::{BEFORE, OldNames},
    report::{HashPair, Quarantine, Rejected, TableProof},
    step::{Demand, quoted, speaks_of},
    target,
};

/// Members of lists that are named one by one in the report; all are counted.
const NAMED: usize = 1000;

/// A table whose rows are proved: its names and the columns it had, under their new names.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Shape {
    pub table: String,
    pub was: String,
    pub columns: Vec<String>,
    /// References to it: `table.column`.
    pub referred_by: Vec<String>,
}

/// The tables of a database that was just found, with the names they will have.
pub(super) fn shapes(found: &Catalogue, names: &OldNames) -> Vec<Shape> {
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

/// `SELECT id, digest FROM table` over the columns it had, under the names of now or of before.
fn digests(shape: &Shape, names: &OldNames, old: bool) -> String {
    let column = |name: &String| {
        let name = if old { names.column(&shape.table, name) } else { name.as_str() };
        format!("\"{name}\"")
    };
    let columns: Vec<String> = shape.columns.iter().map(column).collect();
    let digest = format!("md5(ROW({})::text)", columns.join(", "));
    let id = if shape.columns.iter().any(|name| name == "id") { "id::text".to_owned() } else { digest.clone() };
    let table = if old { &shape.was } else { &shape.table };
    format!("SELECT {id} AS id, {digest} AS digest FROM \"{table}\"")
}

/// Sums digests without regard to their order.
const SUM: &str = "count(*), coalesce(sum(('x' || substr(digest, 1, 15))::bit(60)::bigint::numeric), 0)::text";

/// Counts and hashes of every table, under the names of before.
pub(super) async fn measure(
    conn: &mut PgConnection,
    shapes: &[Shape],
    names: &OldNames,
) -> sqlx::Result<Vec<TableProof>> {
    let mut proofs = Vec::new();
    for shape in shapes {
        let sql = format!("SELECT {SUM} FROM ({}) d", digests(shape, names, true));
        let (rows, hash): (i64, String) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *conn).await?;
        let (table, was) = (shape.table.clone(), shape.was.clone());
        proofs.push(TableProof { table, was, rows_before: rows, hash_before: hash, ..TableProof::default() });
    }
    Ok(proofs)
}

/// Keeps every row's digest in a table of its own: from then on, and until that table goes, an adoption is under way.
pub(super) async fn keep(conn: &mut PgConnection, shapes: &[Shape], names: &OldNames) -> sqlx::Result<()> {
    let make = format!("CREATE TABLE {BEFORE} (table_name text NOT NULL, id text NOT NULL, digest text NOT NULL, ours boolean NOT NULL DEFAULT false)");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut *conn).await?;
    for shape in shapes {
        let rows = digests(shape, names, true);
        let sql = format!("INSERT INTO {BEFORE} SELECT '{}', id, digest FROM ({rows}) d", shape.table);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Compares every row with its digest from before.
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

/// Those of these rows that nobody has written since the beginning.
pub(super) async fn as_before(conn: &mut PgConnection, shape: &Shape, ids: &[String]) -> sqlx::Result<Vec<String>> {
    let now = digests(shape, &OldNames::default(), false);
    let sql = format!(
        "SELECT b.id FROM {BEFORE} b JOIN ({now}) n ON n.id = b.id WHERE b.table_name = '{}' AND b.id = ANY($1) AND n.digest = b.digest",
        shape.table
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(ids).fetch_all(conn).await
}

/// What was just written in these rows was announced: their digests of now are those to be found at the end.
pub(super) async fn count_as_ours(conn: &mut PgConnection, shape: &Shape, ids: &[String]) -> sqlx::Result<()> {
    let now = digests(shape, &OldNames::default(), false);
    let now = format!("coalesce((SELECT n.digest FROM ({now}) n WHERE n.id = b.id), '')");
    let sql = format!(
        "UPDATE {BEFORE} b SET ours = true, digest = {now} WHERE b.table_name = '{}' AND b.id = ANY($1) AND b.digest <> {now}",
        shape.table
    );
    sqlx::query(AssertSqlSafe(sql)).bind(ids).execute(conn).await.map(drop)
}

/// The links of these pictures, which had none, were just made.
pub(super) async fn count_links_as_ours(conn: &mut PgConnection, shape: &Shape, pictures: &[String]) -> sqlx::Result<()> {
    let now = digests(shape, &OldNames::default(), false);
    let sql = format!(
        "INSERT INTO {BEFORE} (table_name, id, digest, ours) SELECT '{0}', n.id, n.digest, true FROM ({now}) n \
         JOIN {0} l ON l.id = n.id WHERE l.generated_asset_id = ANY($1) \
         AND NOT EXISTS (SELECT 1 FROM {BEFORE} b WHERE b.table_name = '{0}' AND b.id = n.id)",
        shape.table
    );
    sqlx::query(AssertSqlSafe(sql)).bind(pictures).execute(conn).await.map(drop)
}

/// When the first picture was made that has a status which somebody said. The older ones have what a tool wrote into all.
pub(super) async fn silent_before(conn: &mut PgConnection, plan: &Plan) -> sqlx::Result<String> {
    let table = plan.names.table("generated_asset");
    if !plan.found.has(table, "status") {
        return Ok("infinity".to_owned());
    }
    let sql = format!("SELECT coalesce(min(created_at)::text, 'infinity') FROM {table} WHERE status <> 'pending'");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await
}

/// The hash over id and key of every picture.
pub(super) async fn picture_keys(conn: &mut PgConnection, names: &OldNames) -> sqlx::Result<String> {
    let (table, column) = (names.table("generated_asset"), names.column("generated_asset", "asset_url"));
    let sql = format!("SELECT {SUM} FROM (SELECT md5(ROW(id, \"{column}\")::text) AS digest FROM {table}) d");
    sqlx::query_as::<_, (i64, String)>(AssertSqlSafe(sql)).fetch_one(conn).await.map(|(_, hash)| hash)
}

/// The hashes of pictures' keys at the beginning, where there are pictures.
pub(super) async fn first_keys(conn: &mut PgConnection, plan: &Plan) -> sqlx::Result<Option<HashPair>> {
    let (table, column) = (plan.names.table("generated_asset"), plan.names.column("generated_asset", "asset_url"));
    if !plan.found.has(table, column) {
        return Ok(None);
    }
    Ok(Some(HashPair { before: picture_keys(conn, &plan.names).await?, after: None }))
}

/// References that were there before and are not now.
pub(super) fn lost_references(shapes: &[Shape], now: &Catalogue) -> Vec<String> {
    let mut lost = Vec::new();
    for shape in shapes {
        for from in &shape.referred_by {
            let (table, column) = from.split_once('.').unwrap_or((from, ""));
            let kept = now.tables.get(table).is_some_and(|live| {
                let refers = |rule: &&super::catalogue::Rule| rule.kind == "f" && rule.columns == [column.to_owned()];
                live.rules.iter().any(|rule| refers(&rule) && rule.refers.as_deref() == Some(&shape.table))
            });
            if !kept {
                lost.push(format!("{from} -> {}", shape.table));
            }
        }
    }
    lost
}

/// Members of pictures' product lists that cannot become links, and why.
pub(super) async fn quarantine(conn: &mut PgConnection, plan: &Plan) -> sqlx::Result<Quarantine> {
    let (assets, products) = (plan.names.table("generated_asset"), plan.names.table("product"));
    let mut quarantine = Quarantine::default();
    if !plan.found.has(assets, "product_ids") || !plan.found.tables.contains_key(products) {
        return Ok(quarantine);
    }
    // A picture that has links keeps them: its list may be older than those.
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

/// Rows that stand in the way of what the schema will demand. A reference that dangles and may be null is quarantined, and so
/// is a link that is there twice; everything else is a reason to stop.
pub(super) async fn obstacles(
    conn: &mut PgConnection,
    plan: &Plan,
    quarantine: &mut Quarantine,
) -> sqlx::Result<Vec<String>> {
    let mut problems = Vec::new();
    for demand in &plan.demands {
        let found = match demand {
            Demand::Unique { table, columns, predicate } => {
                alike(conn, plan, table, columns, predicate.as_deref(), quarantine).await?
            }
            Demand::Check { table, name, columns, expression } => {
                broken(conn, plan, table, name, columns, expression).await?
            }
            Demand::Filled { table, column, default: None } => unfilled(conn, plan, table, column).await?,
            Demand::Filled { .. } => None,
            Demand::Reference { table, column, to, action } => {
                dangling(conn, plan, (table, column, to, action), quarantine).await?
            }
        };
        problems.extend(found);
    }
    problems.extend(ownerless(conn, plan).await?);
    Ok(problems)
}

/// What columns are called now, if they are all there.
fn there<'a>(plan: &'a Plan, table: &str, columns: &[&'a str]) -> Option<Vec<&'a str>> {
    let was = plan.names.table(table);
    let old: Vec<&str> = columns.iter().map(|column| plan.names.column(table, column)).collect();
    old.iter().all(|column| plan.found.has(was, column)).then_some(old)
}

/// A column that rows have to fill themselves.
async fn unfilled(conn: &mut PgConnection, plan: &Plan, table: &str, column: &str) -> sqlx::Result<Option<String>> {
    let was = plan.names.table(table);
    if !plan.found.tables.contains_key(was) {
        return Ok(None);
    }
    let empty = there(plan, table, &[column]).map_or("true".to_owned(), |old| format!("\"{}\" IS NULL", old[0]));
    let found = count(conn, format!("SELECT count(*) FROM {} WHERE {empty}", quoted(was))).await?;
    Ok((found > 0).then(|| format!("{found} row(s) of {was} have no {column}, and this program cannot tell its values")))
}

/// Flows that belong to nobody.
async fn ownerless(conn: &mut PgConnection, plan: &Plan) -> sqlx::Result<Option<String>> {
    let Some(condition) = empty::ownerless(&plan.found, &plan.names) else { return Ok(None) };
    let was = plan.names.table("generation_flow");
    let ids = first_ids(conn, was, &condition).await?;
    Ok((!ids.is_empty()).then(|| {
        format!(
            "no session, picture or product tells whose these rows of {was} are: {}. Give them a client ({was}.client_id) or a \
             session, or delete them",
            ids.join(", ")
        )
    }))
}

/// The first rows `t` of which this is true, and the sign that there are more.
async fn first_ids(conn: &mut PgConnection, table: &str, condition: &str) -> sqlx::Result<Vec<String>> {
    let sql = format!("SELECT t.id::text FROM {} t WHERE {condition} ORDER BY t.id LIMIT 6", quoted(table));
    let mut ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await?;
    if ids.len() > 5 {
        "…".clone_into(&mut ids[5]);
    }
    Ok(ids)
}

async fn alike(
    conn: &mut PgConnection,
    plan: &Plan,
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
    Ok((found > 0).then(|| format!("{found} group(s) of rows in {was} are alike in ({columns}), which must be unique")))
}

async fn broken(
    conn: &mut PgConnection,
    plan: &Plan,
    table: &str,
    name: &str,
    columns: &[String],
    expression: &str,
) -> sqlx::Result<Option<String>> {
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    // A rule about a column that gets another name is about what the backfill makes: it holds by itself. So does the one about
    // a time that the backfill fills.
    if there(plan, table, &columns).is_none_or(|old| old != columns) || name == "generated_asset_approval_check" {
        return Ok(None);
    }
    let was = plan.names.table(table);
    let found = count(conn, format!("SELECT count(*) FROM {} WHERE NOT ({expression})", quoted(was))).await?;
    if found == 0 {
        return Ok(None);
    }
    let ids = first_ids(conn, was, &format!("NOT ({expression})")).await?;
    Ok(Some(format!("{found} row(s) of {was} break the rule {name}: {expression} ({})", ids.join(", "))))
}

async fn dangling(
    conn: &mut PgConnection,
    plan: &Plan,
    (table, column, to, action): (&str, &str, &str, &str),
    quarantine: &mut Quarantine,
) -> sqlx::Result<Option<String>> {
    let (was, target) = (plan.names.table(table), plan.names.table(to));
    let Some(old) = there(plan, table, &[column]) else { return Ok(None) };
    if !plan.found.tables.contains_key(target) {
        return Ok(None);
    }
    let column = old[0];
    let from = format!(
        "FROM {} r WHERE r.\"{column}\" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {} t WHERE t.id = r.\"{column}\")",
        quoted(was),
        quoted(target)
    );
    let found = count(conn, format!("SELECT count(*) {from}")).await?;
    if found > 0 && action == "SET NULL" {
        quarantine.counts.insert(format!("dangling {was}.{column}"), found);
        let sql = format!(
            "SELECT '{was}' AS table_name, r.id, 'dangling {column}' AS reason, r.\"{column}\" AS value {from} LIMIT {NAMED}"
        );
        quarantine.members.extend(sqlx::query_as::<_, Rejected>(AssertSqlSafe(sql)).fetch_all(&mut *conn).await?);
        return Ok(None);
    }
    Ok((found > 0).then(|| format!("{found} row(s) of {was} refer by {column} to rows of {target} that are not there")))
}

async fn count(conn: &mut PgConnection, sql: String) -> sqlx::Result<i64> {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await
}
