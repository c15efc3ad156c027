//! The values that an adopted database's rows lack, and how they are filled. Missing values decide, never the
//! generation: a tool that renames tables leaves columns empty, or with one default in every row, which carries no
//! more information.

use super::{
    catalogue::FoundSchema,
    plan::AdoptPlan,
    proof::Shape,
    recognise::{BEFORE, OldNames},
    step::{Demand, quoted, speaks_of},
    target::{self, ConstraintKind, ForeignKey},
};

/// The table of rows that were set aside because they violate a constraint.
const ASIDE: &str = "schema_adoption_row";

/// One fill: values that rows lack.
#[derive(Debug)]
pub(super) struct RowFill {
    pub table: String,
    /// The columns it writes.
    pub columns: Vec<&'static str>,
    /// The condition on a row `t` that lacks them.
    pub lacking: String,
    /// Statements for the rows whose ids are `$1`.
    pub statements: Vec<String>,
    /// Whether it creates links of the pictures whose ids are `$1`.
    pub links: bool,
}

/// Descriptions of the fills, for people.
pub(super) const LINES: &[&str] = &[
    "generation_flow.client_id if it is null: from the flow's session, pictures or products",
    "generated_asset.status if it was never set: error if there is an error, otherwise completed; completed_at from updated_at",
    "generated_asset_product of pictures without links, from product_ids in their order, the first one primary",
    "store_sync_log.client_id and trigger if they are null; approved_at of approved pictures without it",
    "duplicate links are merged; dangling references become null, if the column allows it",
    "rows whose required reference dangles, and flows without an owner, are moved to schema_adoption_row",
];

/// Expressions for the owner of a flow `t`, the most reliable first.
fn owners(names: &OldNames) -> [String; 4] {
    let column = |table: &'static str, name: &'static str| names.column(table, name);
    let (session, picture, product, client) = (
        names.table("collection_session"),
        names.table("generated_asset"),
        names.table("product"),
        names.table("client"),
    );
    [
        format!(
            "(SELECT s.{} FROM {session} s WHERE s.id = t.{})",
            column("collection_session", "client_id"),
            column("generation_flow", "collection_session_id")
        ),
        format!(
            "(SELECT a.{} FROM {picture} a WHERE a.{} = t.id ORDER BY a.id LIMIT 1)",
            column("generated_asset", "client_id"),
            column("generated_asset", "generation_flow_id")
        ),
        format!(
            "(SELECT p.{} FROM jsonb_array_elements(CASE jsonb_typeof(t.product_ids) WHEN 'array' THEN t.product_ids ELSE '[]' END) \
             WITH ORDINALITY m (value, place) JOIN {product} p ON p.id = m.value #>> '{{}}' ORDER BY m.place LIMIT 1)",
            column("product", "client_id")
        ),
        format!("(SELECT min(c.id) FROM {client} c HAVING count(*) = 1)"),
    ]
}

/// Returns the condition on a flow `t`, under its present names, that has no determinable owner.
pub(super) fn ownerless(found: &FoundSchema, names: &OldNames) -> Option<String> {
    let table = names.table("generation_flow");
    let needed = ["collection_session", "generated_asset", "product", "client"];
    if !found.tables.contains_key(table) || !needed.iter().all(|name| found.tables.contains_key(names.table(name))) {
        return None;
    }
    let own = if found.has(table, "client_id") { "t.client_id IS NULL AND " } else { "" };
    Some(format!("{own}coalesce({}) IS NULL", owners(names).join(", ")))
}

/// Returns all fills, to be run once tables and columns have their new names. `shapes` describes the initial tables;
/// before `silent_before`, a picture's status may be a default that a tool wrote into every row.
pub(super) fn fills(plan: &AdoptPlan, shapes: &[Shape], silent_before: Option<&str>) -> Vec<RowFill> {
    let had = |table: &str, column: &str| {
        shapes.iter().any(|shape| shape.table == table && shape.columns.iter().any(|name| name == column))
    };
    let mut fills: Vec<RowFill> = plan.demands.iter().filter_map(orphans).collect();
    fills.extend([owner(), nobodys(), status(had("generated_asset", "status"), silent_before)]);
    fills.extend([
        fill(
            "generated_asset",
            &["completed_at"],
            "t.from_legacy AND t.status = 'completed' AND t.error IS NULL AND t.completed_at IS NULL",
            "completed_at = t.updated_at AT TIME ZONE 'UTC'",
        ),
        fill(
            "generated_asset",
            &["approved_at"],
            "t.approval_status = 'approved' AND t.approved_at IS NULL",
            "approved_at = t.updated_at AT TIME ZONE 'UTC'",
        ),
        links(),
        fill(
            "store_sync_log",
            &["client_id", "trigger"],
            "t.client_id IS NULL OR t.\"trigger\" IS NULL",
            "client_id = coalesce(t.client_id, (SELECT c.client_id FROM store_connection c WHERE c.id = t.store_connection_id)), \
             \"trigger\" = coalesce(t.\"trigger\", 'approval')",
        ),
        double_links(),
        fill(
            "generated_asset_product",
            &["is_primary"],
            "t.is_primary AND EXISTS (SELECT 1 FROM generated_asset_product o WHERE o.generated_asset_id = t.generated_asset_id \
             AND o.is_primary AND o.id < t.id)",
            "is_primary = false",
        ),
    ]);
    fills.extend(plan.demands.iter().filter_map(demanded));
    fills.retain(|fill| plan.found.has(&fill.table, "id"));
    fills
}

fn fill(table: &str, columns: &[&'static str], lacking: &str, set: &str) -> RowFill {
    let statement = format!("UPDATE {} t SET {set} WHERE t.id = ANY($1)", quoted(table));
    RowFill {
        table: table.to_owned(),
        columns: columns.to_vec(),
        lacking: lacking.to_owned(),
        statements: vec![statement],
        links: false,
    }
}

fn owner() -> RowFill {
    let owners = owners(&OldNames::default()).join(", ");
    fill("generation_flow", &["client_id"], "t.client_id IS NULL", &format!("client_id = coalesce({owners})"))
}

/// If we added the column, every row got `completed`. If a tool added it, every row of that time has its default.
fn status(had: bool, silent_before: Option<&str>) -> RowFill {
    let lacking = if had {
        let before = silent_before.unwrap_or("infinity").replace('\'', "''");
        format!(
            "t.from_legacy AND coalesce(t.status, 'pending') = 'pending' AND t.asset_url IS NOT NULL AND t.completed_at IS NULL \
             AND t.created_at < timestamp '{before}'"
        )
    } else {
        "t.from_legacy AND t.error IS NOT NULL AND t.status = 'completed'".to_owned()
    };
    let set = "status = CASE WHEN t.error IS NULL THEN 'completed' ELSE 'error' END";
    fill("generated_asset", &["status"], &lacking, set)
}

fn links() -> RowFill {
    // Locks the products first: one that is being deleted at this moment is waited for, and then not linked.
    let statement = "WITH there AS MATERIALIZED (SELECT p.id, p.client_id FROM product p WHERE p.id IN (SELECT m.value #>> '{}' \
         FROM generated_asset a CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(a.product_ids) WHEN 'array' THEN a.product_ids \
         ELSE '[]' END) m (value) WHERE a.id = ANY($1)) ORDER BY p.id FOR KEY SHARE OF p) \
         INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary, created_at) \
         SELECT a.id || '_' || p.id, a.id, p.id, row_number() OVER (PARTITION BY a.id ORDER BY m.place) = 1, \
         a.created_at AT TIME ZONE 'UTC' \
         FROM generated_asset a CROSS JOIN LATERAL (SELECT value #>> '{}' AS id, min(place) AS place \
         FROM jsonb_array_elements(CASE jsonb_typeof(a.product_ids) WHEN 'array' THEN a.product_ids ELSE '[]' END) \
         WITH ORDINALITY AS member (value, place) WHERE jsonb_typeof(value) = 'string' GROUP BY 1) m \
         JOIN there p ON p.id = m.id AND p.client_id = a.client_id WHERE a.id = ANY($1) ON CONFLICT DO NOTHING";
    RowFill {
        table: "generated_asset".to_owned(),
        columns: Vec::new(),
        // A list that names no product of the same client has nothing to be linked.
        lacking: "t.from_legacy AND jsonb_typeof(t.product_ids) = 'array' AND EXISTS (SELECT 1 \
                  FROM jsonb_array_elements(CASE jsonb_typeof(t.product_ids) WHEN 'array' THEN t.product_ids ELSE '[]' END) m (value) \
                  JOIN product p ON p.id = m.value #>> '{}' AND p.client_id = t.client_id WHERE jsonb_typeof(m.value) = 'string') \
                  AND NOT EXISTS (SELECT 1 FROM generated_asset_product l WHERE l.generated_asset_id = t.id)"
            .to_owned(),
        statements: vec![statement.to_owned()],
        links: true,
    }
}

fn double_links() -> RowFill {
    RowFill {
        table: "generated_asset_product".to_owned(),
        columns: vec!["id"],
        lacking: "EXISTS (SELECT 1 FROM generated_asset_product o WHERE o.generated_asset_id = t.generated_asset_id \
                  AND o.product_id = t.product_id AND (o.is_primary, t.id) > (t.is_primary, o.id))"
            .to_owned(),
        statements: vec!["DELETE FROM generated_asset_product t WHERE t.id = ANY($1)".to_owned()],
        links: false,
    }
}

/// Returns the reason for which a row with a dangling reference is set aside.
pub(super) fn orphaned(was: &str, column: &str) -> String {
    format!("{was}.{column} refers to nothing")
}

pub(super) const NOBODYS: &str = "nothing tells whose it is";

/// Whether a dangling reference sets its row aside: if it may not be null.
pub(super) fn must_refer(table: &str, key: &ForeignKey) -> bool {
    let demands = target::postgres().table(table).is_some_and(|table| {
        let filled = table.columns.iter().any(|has| has.name == key.column && has.not_null);
        let checked = |rule: &target::TargetConstraint| matches!(&rule.what, ConstraintKind::Check(text) if speaks_of(text, &key.column));
        filled || table.rules.iter().any(checked)
    });
    key.action != "SET NULL" && demands
}

/// Returns the fill that sets aside rows whose required reference dangles.
fn orphans(demand: &Demand) -> Option<RowFill> {
    let Demand::Reference { table, key } = demand else { return None };
    must_refer(table, key).then(|| set_aside(table, &dangles(key), &orphaned(table, &key.column)))
}

/// Returns the fill that sets aside flows without a determinable owner.
fn nobodys() -> RowFill {
    let owners = owners(&OldNames::default()).join(", ");
    set_aside("generation_flow", &format!("t.client_id IS NULL AND coalesce({owners}) IS NULL"), NOBODYS)
}

fn dangles(key: &ForeignKey) -> String {
    let (column, to) = (&key.column, quoted(&key.to));
    format!("t.\"{column}\" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {to} o WHERE o.id = t.\"{column}\")")
}

/// Returns the fill that moves rows, and those that depend on them, to where a person can inspect them.
fn set_aside(table: &str, lacking: &str, reason: &str) -> RowFill {
    let mut statements = Vec::new();
    keep_aside(table, "x.id = ANY($1)", reason, &mut statements);
    statements.push(format!("DELETE FROM {} t WHERE t.id = ANY($1)", quoted(table)));
    // They do not count as missing: the report announced this. Their dependent rows were moved in the same transaction.
    statements.push(format!(
        "UPDATE {BEFORE} b SET ours = true, digest = '' FROM {ASIDE} r WHERE b.table_name = r.table_name AND b.id = r.id \
         AND r.set_aside_at = now() AND cardinality($1::text[]) > 0"
    ));
    let (table, lacking) = (table.to_owned(), lacking.to_owned());
    RowFill { table, columns: Vec::new(), lacking, statements, links: false }
}

/// First the rows that a deletion cascades to, then the row itself.
fn keep_aside(table: &str, which: &str, reason: &str, statements: &mut Vec<String>) {
    for other in &target::postgres().tables {
        let keyed = other.columns.iter().any(|column| column.name == "id");
        for rule in other.rules.iter().filter(|_| keyed && other.name != table) {
            if let ConstraintKind::Foreign(key) = &rule.what
                && (key.to.as_str(), key.action.as_str()) == (table, "CASCADE")
            {
                let of = format!("x.\"{}\" IN (SELECT x.id FROM {} x WHERE {which})", key.column, quoted(table));
                keep_aside(&other.name, &of, &format!("belongs to a row of {table} that was set aside"), statements);
            }
        }
    }
    statements.push(format!(
        "INSERT INTO {ASIDE} (table_name, id, reason, content) SELECT '{table}', x.id, '{reason}', to_jsonb(x) FROM {} x \
         WHERE {which} ON CONFLICT DO NOTHING",
        quoted(table)
    ));
}

/// Returns the fill that sets a dangling reference to null, or a required value to its default.
fn demanded(demand: &Demand) -> Option<RowFill> {
    let (table, lacking, set) = match demand {
        Demand::Reference { table, key } if !must_refer(table, key) => {
            (table, dangles(key), format!("\"{}\" = NULL", key.column))
        }
        Demand::Filled { table, column, default: Some(value) } => {
            (table, format!("t.\"{column}\" IS NULL"), format!("\"{column}\" = {value}"))
        }
        _ => return None,
    };
    // All columns that existed before are compared with their digests.
    Some(RowFill { columns: vec!["id"], ..fill(table, &[], &lacking, &set) })
}
