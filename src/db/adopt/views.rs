//! The old names beside the new ones, for an application that still uses them: views in a separate schema (PostgreSQL).

use super::{
    AdoptOptions, Kind,
    legacy::{SPECIAL, special},
    plan::AdoptPlan,
    proof, target,
};

/// Tables of the older application that this program does not use.
const OTHER_TABLES: &[&str] = &["admin_session", "session", "account", "verification", "invitation"];

/// Returns the statements that create the old names: special views from `legacy.sql`, and plain ones of every other
/// existing table.
pub(super) fn legacy_views(plan: &AdoptPlan, kind: Kind, options: &AdoptOptions) -> Vec<String> {
    let here = &plan.found.schema;
    // The privilege to create the schema is needed only if it does not exist.
    let mut text = if plan.found.legacy.is_none() { vec!["CREATE SCHEMA legacy".to_owned()] } else { Vec::new() };
    let known = |name: &str| target::postgres().table(name).is_some() || OTHER_TABLES.contains(&name);
    // The third generation uses the new table names: it needs a view only if columns were renamed.
    let third = kind == Kind::Gen3;
    let renamed = |table: &str| plan.names.columns.keys().any(|(name, _)| name == table);
    for shape in proof::shapes(&plan.found, &plan.names) {
        if SPECIAL.contains(&shape.table.as_str()) || !known(&shape.table) || (third && !renamed(&shape.table)) {
            continue;
        }
        let column = |name: &String| {
            let old = plan.names.column(&shape.table, name);
            if old == name { format!("\"{name}\"") } else { format!("\"{name}\" AS \"{old}\"") }
        };
        let columns: Vec<String> = shape.columns.iter().map(column).collect();
        let rows = if shape.table == "product_image" { " WHERE deleted_at IS NULL" } else { "" };
        let (view, table, columns) = (&shape.was, &shape.table, columns.join(", "));
        text.push(format!(
            "CREATE OR REPLACE VIEW legacy.\"{view}\" AS SELECT {columns} FROM {here}.\"{table}\"{rows}"
        ));
    }
    if !third {
        text.push(special(here, &plan.names));
    }
    text.extend(options.legacy_role.iter().map(|role| grants(role)));
    text
}

/// Grants access to the older application; if that is already done, we need no privilege to do it.
fn grants(role: &str) -> String {
    let (role, text) = (exact(role), role.replace('\'', "''"));
    format!(
        "DO $do$ BEGIN IF NOT has_schema_privilege('{text}', 'legacy', 'USAGE') THEN GRANT USAGE ON SCHEMA legacy TO {role}; END IF; END $do$;\n\
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO {role}"
    )
}

/// Quotes any role name for SQL.
pub(super) fn exact(role: &str) -> String {
    format!("\"{}\"", role.replace('"', "\"\""))
}

/// Whether views for the old names are needed: if names change, or somebody is known to use them.
pub(super) fn are_wanted(plan: &AdoptPlan, kind: Kind, options: &AdoptOptions) -> bool {
    let there = plan.found.legacy.as_ref();
    let used = !plan.names.tables.is_empty()
        || !plan.names.columns.is_empty()
        || options.legacy_role.is_some()
        || there.is_some();
    let made = there.is_some_and(|views| ["flow", "product"].iter().any(|name| views.contains_key(*name)));
    kind.has_old_names() && used && !made
}
