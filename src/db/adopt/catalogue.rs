//! The present schema of a PostgreSQL database: tables, columns, constraints and indices, from the system catalogue.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Connection, PgConnection};

use crate::db::server::TransactionSetup;

/// The part of a database that concerns us: the schema of our tables, and the schema `legacy` if it exists.
#[derive(Debug, Default, Clone)]
pub(super) struct FoundSchema {
    /// The schema, quoted for SQL (PostgreSQL).
    pub schema: String,
    pub tables: BTreeMap<String, FoundTable>,
    pub indices: BTreeMap<String, FoundIndex>,
    pub triggers: BTreeSet<(String, String)>,
    pub functions: BTreeMap<String, Function>,
    /// Views in the schema `legacy` with their comments; `None` if there is no such schema.
    pub legacy: Option<BTreeMap<String, Option<String>>>,
    /// Of what exists under both its names: tables without rows, and columns (`table.column`) without values.
    pub empty: BTreeSet<String>,
}

/// A table.
#[derive(Debug, Default, Clone)]
pub(super) struct FoundTable {
    pub columns: Vec<FoundColumn>,
    pub rules: Vec<FoundConstraint>,
}

/// A column.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct FoundColumn {
    pub table_name: String,
    pub name: String,
    pub kind: String,
    pub not_null: bool,
    pub default: Option<String>,
    /// A view shows it: its type cannot change.
    pub is_viewed: bool,
}

/// A constraint.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct FoundConstraint {
    pub table_name: String,
    pub name: String,
    /// `p`, `u`, `c` or `f`.
    pub kind: String,
    pub valid: bool,
    pub columns: Vec<String>,
    pub refers: Option<String>,
    pub action: String,
}

/// An index.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct FoundIndex {
    pub name: String,
    pub table_name: String,
    pub is_unique: bool,
    pub valid: bool,
    pub partial: bool,
    /// It belongs to a constraint.
    pub owned: bool,
    /// `a, b`
    pub columns: String,
}

/// A function.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Function {
    pub name: String,
    pub body: String,
    /// It runs with its owner's privileges, with a search path of its own, and nobody else may call it.
    pub definer: bool,
}

impl FoundTable {
    /// Returns the column of this name.
    pub(super) fn column(&self, name: &str) -> Option<&FoundColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl FoundSchema {
    /// Whether `table` has `column`.
    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|table| table.column(column).is_some())
    }

    /// Reads the present catalogue, on a connection that nobody else uses.
    pub(super) async fn read(conn: &mut PgConnection, server: &TransactionSetup) -> sqlx::Result<Self> {
        let mut tx = conn.begin_with(server.read()).await?;
        let catalogue = Self::seen_by(&mut tx, server).await?;
        tx.commit().await?;
        Ok(catalogue)
    }

    /// Reads the catalogue within a transaction.
    pub(super) async fn seen_by(conn: &mut PgConnection, server: &TransactionSetup) -> sqlx::Result<Self> {
        let mut catalogue = Self { schema: server.schema.clone(), ..Self::default() };
        let tables = "SELECT relname::text FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind IN ('r', 'p')";
        for table in sqlx::query_scalar::<_, String>(tables).persistent(false).fetch_all(&mut *conn).await? {
            catalogue.tables.insert(table, FoundTable::default());
        }
        let columns = "SELECT c.relname::text AS table_name, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS kind, \
                       a.attnotnull AS not_null, pg_get_expr(d.adbin, d.adrelid) AS \"default\", \
                       EXISTS (SELECT 1 FROM pg_depend v WHERE v.classid = 'pg_rewrite'::regclass AND v.refclassid = 'pg_class'::regclass \
                       AND v.refobjid = c.oid AND v.refobjsubid = a.attnum) AS is_viewed FROM pg_attribute a \
                       JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
                       WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped \
                       ORDER BY c.relname, a.attnum";
        for column in sqlx::query_as::<_, FoundColumn>(columns).persistent(false).fetch_all(&mut *conn).await? {
            catalogue.tables.entry(column.table_name.clone()).or_default().columns.push(column);
        }
        let rules = "SELECT r.relname::text AS table_name, k.conname::text AS name, k.contype::text AS kind, k.convalidated AS valid, \
                     ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY n(num, place) \
                     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.num ORDER BY n.place) AS columns, \
                     f.relname::text AS refers, \
                     CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END AS action \
                     FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid \
                     WHERE r.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND k.contype IN ('p', 'u', 'c', 'f') ORDER BY k.conname";
        for rule in sqlx::query_as::<_, FoundConstraint>(rules).persistent(false).fetch_all(&mut *conn).await? {
            catalogue.tables.entry(rule.table_name.clone()).or_default().rules.push(rule);
        }
        let indices = "SELECT i.relname::text AS name, t.relname::text AS table_name, x.indisunique AS is_unique, x.indisvalid AS valid, \
                       x.indpred IS NOT NULL AS partial, \
                       EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u')) AS owned, \
                       (SELECT string_agg(pg_get_indexdef(x.indexrelid, n, true), ', ' ORDER BY n) \
                       FROM generate_series(1, x.indnkeyatts) n) AS columns \
                       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
                       WHERE t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())";
        for index in sqlx::query_as::<_, FoundIndex>(indices).persistent(false).fetch_all(&mut *conn).await? {
            catalogue.indices.insert(index.name.clone(), index);
        }
        let triggers = "SELECT c.relname::text, t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
                        WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND NOT t.tgisinternal";
        catalogue
            .triggers
            .extend(sqlx::query_as::<_, (String, String)>(triggers).persistent(false).fetch_all(&mut *conn).await?);
        let functions = "SELECT proname::text AS name, prosrc AS body, \
                         prosecdef AND proconfig IS NOT NULL AND NOT has_function_privilege('public', oid, 'EXECUTE') AS definer FROM pg_proc \
                         WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())";
        for function in sqlx::query_as::<_, Function>(functions).persistent(false).fetch_all(&mut *conn).await? {
            catalogue.functions.insert(function.name.clone(), function);
        }
        let schema = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'legacy')";
        if sqlx::query_scalar::<_, bool>(schema).persistent(false).fetch_one(&mut *conn).await? {
            let views = "SELECT relname::text, obj_description(oid, 'pg_class') FROM pg_class \
                         WHERE relkind = 'v' AND relnamespace = 'legacy'::regnamespace";
            let views: Vec<(String, Option<String>)> =
                sqlx::query_as(views).persistent(false).fetch_all(&mut *conn).await?;
            catalogue.legacy = Some(views.into_iter().collect());
        }
        Ok(catalogue)
    }

    /// Removes a table from the catalogue; returns the foreign keys that refer to it, each with its table.
    pub(super) fn drop_table(&mut self, name: &str) -> Vec<(String, String)> {
        self.tables.remove(name);
        self.indices.retain(|_, index| index.table_name != name);
        self.triggers.retain(|(table, _)| table != name);
        let mut foreign_keys = Vec::new();
        for (table, live) in &mut self.tables {
            let (refers, others) = live.rules.drain(..).partition(|rule| rule.refers.as_deref() == Some(name));
            live.rules = others;
            let refers: Vec<FoundConstraint> = refers;
            foreign_keys.extend(refers.into_iter().map(|rule| (table.clone(), rule.name)));
        }
        foreign_keys
    }

    /// Removes a column from the catalogue, with everything that depends on it.
    pub(super) fn drop_column(&mut self, table: &str, name: &str) {
        if let Some(live) = self.tables.get_mut(table) {
            live.columns.retain(|column| column.name != name);
            live.rules.retain(|rule| !rule.columns.iter().any(|column| column == name));
        }
        let uses_column =
            |index: &FoundIndex| index.table_name == table && index.columns.split(", ").any(|column| column == name);
        self.indices.retain(|_, index| !uses_column(index));
    }

    /// Renames a table in the catalogue.
    pub(super) fn rename_table(&mut self, old: &str, new: &str) {
        let Some(table) = self.tables.remove(old) else { return };
        self.tables.insert(new.to_owned(), table);
        for table in self.tables.values_mut() {
            for rule in table.rules.iter_mut().filter(|rule| rule.refers.as_deref() == Some(old)) {
                rule.refers = Some(new.to_owned());
            }
        }
        for index in self.indices.values_mut().filter(|index| index.table_name == old) {
            new.clone_into(&mut index.table_name);
        }
    }

    /// Renames a column in the catalogue.
    pub(super) fn rename_column(&mut self, table: &str, old: &str, new: &str) {
        let Some(renamed) = self.tables.get_mut(table) else { return };
        for column in renamed.columns.iter_mut().filter(|column| column.name == old) {
            new.clone_into(&mut column.name);
        }
        for column in renamed.rules.iter_mut().flat_map(|rule| &mut rule.columns).filter(|column| *column == old) {
            new.clone_into(column);
        }
        for index in self.indices.values_mut().filter(|index| index.table_name == table) {
            let names: Vec<&str> = index.columns.split(", ").map(|name| if name == old { new } else { name }).collect();
            index.columns = names.join(", ");
        }
    }
}
