//! Determines from its catalogue which kind of database this is, and which of its names are old. Never consults a
//! history table.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection};

use super::{catalogue::FoundSchema, step::quoted};
use crate::model::words;

words! {
    /// The kind of a database. The generations are those of the older application.
    Kind {
        /// None of our tables.
        Empty = "empty",
        /// The oldest names: organizations and client sessions.
        Gen0 = "gen0",
        /// Studio sessions, flows, generated images.
        Gen1 = "gen1",
        /// The new names with the first of the new columns.
        Gen2 = "gen2",
        /// Later still: columns renamed once more.
        Gen3 = "gen3",
        /// Some tables have old names and some new ones, or the tool that renames them was interrupted.
        Half = "half",
        /// A table or column exists under both names, with data in both. Refused.
        Mixed = "mixed",
        /// An adoption is in progress or was interrupted.
        Adopting = "adopting",
        /// The schema of an earlier release of this program.
        Older = "older",
        /// Nothing to do.
        Current = "current",
    }
}

impl Kind {
    /// Whether the rows belong to the older application, so that adopting needs a person's decision.
    pub fn is_legacy(self) -> bool {
        !matches!(self, Self::Empty | Self::Older | Self::Current)
    }

    /// Whether an application that uses the old names may still be running on it.
    pub fn has_old_names(self) -> bool {
        matches!(self, Self::Gen0 | Self::Gen1 | Self::Gen3 | Self::Half)
    }
}

/// The table of every row's digest during an adoption; its existence marks one in progress.
pub(super) const BEFORE: &str = "schema_adoption_before";

const TABLES: &[(&str, &str)] = &[
    ("organization", "client"),
    ("client_session", "collection_session"),
    ("studio_session", "collection_session"),
    ("flow", "generation_flow"),
    ("generated_image", "generated_asset"),
];

/// Table by its new name (all tables if empty), old column, new column.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("", "organization_id", "client_id"),
    ("session", "active_organization_id", "active_client_id"),
    ("message", "client_session_id", "collection_session_id"),
    ("message", "studio_session_id", "collection_session_id"),
    ("generation_flow", "client_session_id", "collection_session_id"),
    ("generation_flow", "studio_session_id", "collection_session_id"),
    ("generated_asset", "flow_id", "generation_flow_id"),
    ("generated_asset", "r2_key", "asset_url"),
    ("favorite_image", "generated_image_id", "generated_asset_id"),
    // Columns that only the third generation names differently.
    ("product", "scene_types", "room_types"),
    ("product", "store_id", "erp_id"),
    ("product", "store_sku", "erp_sku"),
    ("product", "store_url", "erp_url"),
    ("product_image", "image_url", "r2_key_base"),
    ("product_image", "preview_url", "r2_key_preview"),
];

/// Columns that only the third generation has.
const THIRD: &[(&str, &str)] = &[("product", "store_id"), ("product", "scene_types"), ("product_image", "image_url")];

/// The old name of each renamed table and column, by its new one.
#[derive(Debug, Default, Clone)]
pub(super) struct OldNames {
    pub tables: BTreeMap<String, String>,
    pub columns: BTreeMap<(String, String), String>,
}

impl OldNames {
    /// Returns the present name of a table.
    pub(super) fn table<'a>(&'a self, name: &'a str) -> &'a str {
        self.tables.get(name).map_or(name, String::as_str)
    }

    /// Returns the present name of a column.
    pub(super) fn column<'a>(&'a self, table: &str, name: &'a str) -> &'a str {
        self.columns.get(&(table.to_owned(), name.to_owned())).map_or(name, String::as_str)
    }
}

/// Returns what exists under both names, as `(old, new)`.
pub(super) fn doubles(found: &FoundSchema) -> Vec<(String, String)> {
    let mut doubles = Vec::new();
    for (old, new) in TABLES {
        if found.tables.contains_key(*old) && found.tables.contains_key(*new) {
            doubles.push(((*old).to_owned(), (*new).to_owned()));
        }
    }
    if ["client_session", "studio_session"].iter().all(|name| found.tables.contains_key(*name)) {
        doubles.push(("client_session".to_owned(), "studio_session".to_owned()));
    }
    for (table, old, new) in COLUMNS {
        for name in found.tables.keys().filter(|name| table.is_empty() || new_name(name) == *table) {
            if found.has(name, old) && found.has(name, new) {
                doubles.push((format!("{name}.{old}"), format!("{name}.{new}")));
            }
        }
    }
    doubles
}

/// Finds which of the things that exist under both names are empty.
pub(super) async fn note_empty(conn: &mut PgConnection, found: &mut FoundSchema) -> sqlx::Result<()> {
    for name in doubles(found).into_iter().flat_map(|(old, new)| [old, new]) {
        let sql = format!("SELECT {}", is_empty(&name));
        if sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut *conn).await? {
            found.empty.insert(name);
        }
    }
    Ok(())
}

fn is_empty(name: &str) -> String {
    match name.split_once('.') {
        Some((table, column)) => format!("NOT EXISTS (SELECT 1 FROM {} WHERE \"{column}\" IS NOT NULL)", quoted(table)),
        None => format!("NOT EXISTS (SELECT 1 FROM {})", quoted(name)),
    }
}

/// Of two things under both names, drops the empty one: a tool that created what it should have renamed leaves such.
/// Applies that to the catalogue; returns descriptions and statements.
pub(super) fn drop_empty(found: &mut FoundSchema) -> Vec<(String, String)> {
    let mut steps = Vec::new();
    // A database that this program already uses is not cleaned up without its owner's knowledge.
    if found.tables.contains_key("daemon_lease") {
        return steps;
    }
    let empty = |found: &FoundSchema| {
        doubles(found).into_iter().find_map(|(old, new)| {
            match (found.empty.contains(&new), found.empty.contains(&old)) {
                (true, _) => Some((new, old)),
                (false, true) => Some((old, new)),
                (false, false) => None,
            }
        })
    };
    while let Some((name, other)) = empty(found) {
        let what = format!("drop {name}: it is empty, and {other} exists");
        let table = name.split('.').next().unwrap_or_default();
        let guard = format!(
            "DO $do$ BEGIN LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; IF NOT ({}) THEN RAISE EXCEPTION \
             '{name}, which also exists as {other}, was written to in the meantime: nothing was changed; run store-sync migrate again'; \
             END IF; END $do$",
            quoted(table),
            is_empty(&name)
        );
        let mut sql = vec![guard];
        if let Some((table, column)) = name.split_once('.') {
            sql.push(format!("ALTER TABLE {} DROP COLUMN \"{column}\"", quoted(table)));
            found.drop_column(table, column);
        } else {
            let drop =
                |(table, rule): &(String, String)| format!("ALTER TABLE {} DROP CONSTRAINT \"{rule}\"", quoted(table));
            sql.extend(found.drop_table(&name).iter().map(drop));
            sql.push(format!("DROP TABLE {}", quoted(&name)));
        }
        steps.push((what, sql.join(";\n")));
    }
    steps
}

fn new_name(table: &str) -> &str {
    TABLES.iter().find(|(old, _)| *old == table).map_or(table, |(_, new)| new)
}

/// Returns the kind of the database. `complete` says that no step is missing.
pub(super) fn kind(found: &FoundSchema, complete: bool) -> Kind {
    let table = |name: &str| found.tables.contains_key(name);
    let count = |names: &[&str]| names.iter().filter(|name| table(name)).count();
    let old = count(&["studio_session", "flow", "generated_image"]);
    let new = count(&["collection_session", "generation_flow", "generated_asset"]);
    let old_columns = COLUMNS.iter().skip(2).any(|(name, old, _)| found.has(name, old));
    if !doubles(found).is_empty() {
        Kind::Mixed
    } else if table(BEFORE) {
        Kind::Adopting
    } else if table("organization")
        || table("client_session")
        || found.tables.keys().any(|t| found.has(t, "organization_id"))
    {
        Kind::Gen0
    } else if THIRD.iter().any(|(table, column)| found.has(table, column)) {
        Kind::Gen3
    } else if old == 3 && new == 0 {
        Kind::Gen1
    } else if old > 0 || (new > 0 && old_columns) {
        Kind::Half
    } else if table("generation_flow") && !found.has("generation_flow", "client_id") {
        // Every name is new, but flows have no owner: no generation of the application has run on this.
        Kind::Half
    } else if complete {
        Kind::Current
    } else if table("daemon_lease") {
        Kind::Older
    } else if new > 0 {
        Kind::Gen2
    } else if table("client") && table("product") {
        Kind::Half
    } else {
        Kind::Empty
    }
}

/// Applies the new names to the catalogue; returns the statements and the old names.
pub(super) fn rename(found: &mut FoundSchema) -> (Vec<String>, OldNames) {
    let (mut statements, mut names) = (Vec::new(), OldNames::default());
    for (old, new) in TABLES {
        if found.tables.contains_key(*old) {
            statements.push(format!("ALTER TABLE {old} RENAME TO {new}"));
            names.tables.insert((*new).to_owned(), (*old).to_owned());
            found.rename_table(old, new);
        }
    }
    for (table, old, new) in COLUMNS {
        let tables: Vec<String> =
            found.tables.keys().filter(|name| table.is_empty() || name == table).cloned().collect();
        for table in tables {
            if !found.has(&table, old) {
                continue;
            }
            statements.push(format!("ALTER TABLE \"{table}\" RENAME COLUMN {old} TO {new}"));
            found.rename_column(&table, old, new);
            names.columns.insert((table, (*new).to_owned()), (*old).to_owned());
        }
    }
    (statements, names)
}
