//! The target schema, parsed from the files in `migrations/`: every table, column, constraint, index and trigger by
//! name.
//!
//! The files use one plain format (one column or constraint per line), so that this parser stays small; a test
//! compares its result with what both engines make of the same files.

use std::sync::LazyLock;

/// The whole schema of one engine.
#[derive(Debug)]
pub(super) struct TargetSchema {
    pub tables: Vec<TargetTable>,
    pub indices: Vec<TargetIndex>,
    pub routines: Vec<Routine>,
}

/// A table with the statement that creates it.
#[derive(Debug)]
pub(super) struct TargetTable {
    pub name: String,
    pub sql: String,
    pub columns: Vec<TargetColumn>,
    pub rules: Vec<TargetConstraint>,
}

/// A column; its foreign key is among the constraints.
#[derive(Debug)]
pub(super) struct TargetColumn {
    pub name: String,
    /// The type as the file writes it.
    pub kind: String,
    pub not_null: bool,
    pub default: Option<String>,
}

/// A named constraint.
#[derive(Debug)]
pub(super) struct TargetConstraint {
    pub name: String,
    pub what: ConstraintKind,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConstraintKind {
    Primary(Vec<String>),
    Unique(Vec<String>),
    Check(String),
    Foreign(ForeignKey),
}

/// A foreign key of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForeignKey {
    pub column: String,
    /// The referenced table.
    pub to: String,
    /// What ON DELETE does.
    pub action: String,
}

/// An index that does not belong to a constraint.
#[derive(Debug)]
pub(super) struct TargetIndex {
    pub name: String,
    pub table: String,
    pub unique: bool,
    /// `a, b`
    pub columns: String,
    pub predicate: Option<String>,
}

/// Indices of earlier releases and of the older application, by name, that are dropped: no statement asks by their
/// columns, or another index begins with them. Each of them costs every import.
pub(super) const RETIRED_INDICES: &[&str] = &[
    "product_client_id_idx",
    "product_org_id_idx",
    "product_favorite_idx",
    "product_source_idx",
    "product_analyzed_idx",
    "product_variant_sku_idx",
    "product_image_product_id_idx",
    "product_image_sort_order_idx",
];

/// Foreign keys of earlier releases, by table and column, that are dropped: another one says the same. PostgreSQL checks
/// each for every row that an import inserts.
pub(super) const RETIRED_REFERENCES: &[(&str, &str)] = &[
    // A variant's shop is that of its product.
    ("product_variant", "store_connection_id"),
];

/// A function or a trigger.
#[derive(Debug)]
pub(super) struct Routine {
    pub name: String,
    /// The table of a trigger; `None` for a function.
    pub table: Option<String>,
    /// The body of a function.
    pub body: Option<String>,
    /// A function with SECURITY DEFINER; the REVOKE statement for others follows its own.
    pub definer: bool,
    pub sql: String,
}

macro_rules! files {
    ($engine:literal: $($name:literal)+) => {
        &[$(include_str!(concat!("../../../migrations/", $engine, "/", $name, ".sql"))),+]
    };
}

static SQLITE: LazyLock<TargetSchema> = LazyLock::new(|| {
    parse_migrations(
        files!("sqlite": "0001_clients" "0002_stores" "0003_catalogue" "0004_sessions" "0005_assets" "0006_work" "0007_marks" "0008_limits" "0009_older_writers" "0010_set_aside"),
    )
});
static POSTGRES: LazyLock<TargetSchema> = LazyLock::new(|| {
    parse_migrations(
        files!("postgres": "0001_clients" "0002_stores" "0003_catalogue" "0004_sessions" "0005_assets" "0006_work" "0007_marks" "0008_limits" "0009_older_writers" "0010_set_aside"),
    )
});

/// The target schema for SQLite.
pub(super) fn sqlite() -> &'static TargetSchema {
    &SQLITE
}

/// The target schema for PostgreSQL.
pub(super) fn postgres() -> &'static TargetSchema {
    &POSTGRES
}

impl TargetSchema {
    /// Returns the table of this name.
    pub(super) fn table(&self, name: &str) -> Option<&TargetTable> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl TargetIndex {
    /// Returns the statement that creates it under the given name; concurrently, if the schema of its table is given.
    pub(super) fn sql(&self, name: &str, beside_others: Option<&str>) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let how = if beside_others.is_some() { "CONCURRENTLY " } else { "" };
        let place = beside_others.map_or_else(String::new, |schema| format!("{schema}."));
        let rest = self.predicate.as_ref().map_or_else(String::new, |predicate| format!(" WHERE {predicate}"));
        format!("CREATE {unique}INDEX {how}{name} ON {place}{} ({}){rest}", self.table, self.columns)
    }
}

fn parse_migrations(files: &[&str]) -> TargetSchema {
    let mut target = TargetSchema { tables: Vec::new(), indices: Vec::new(), routines: Vec::new() };
    for statement in files.iter().flat_map(|file| statements(file)) {
        let words: Vec<&str> = statement.split_whitespace().take(4).collect();
        match words[..] {
            ["CREATE", "TABLE", ..] => target.tables.push(table(&statement)),
            ["CREATE", "INDEX" | "UNIQUE", ..] => target.indices.push(index(&statement)),
            ["CREATE", "FUNCTION" | "TRIGGER", ..] => target.routines.push(routine(&statement)),
            ["REVOKE", ..] => {
                if let Some(last) = target.routines.last_mut() {
                    last.sql = format!("{};\n{statement}", last.sql);
                }
            }
            _ => unreachable!("migrations hold tables, indices, functions and triggers: {statement}"),
        }
    }
    target
}

/// Splits a file into statements, without comments and closing semicolons.
fn statements(file: &str) -> Vec<String> {
    let (mut statements, mut open) = (Vec::new(), String::new());
    for line in file.lines().filter(|line| !line.trim_start().starts_with("--")) {
        if open.is_empty() && line.trim().is_empty() {
            continue;
        }
        open.push_str(line);
        open.push('\n');
        let inside_body = open.matches("$$").count() == 1 || (open.contains(" BEGIN\n") && line != "END;");
        if line.ends_with(';') && !inside_body {
            let statement = std::mem::take(&mut open);
            statements.push(statement.trim_end().trim_end_matches(';').to_owned());
        }
    }
    statements
}

fn plain(name: &str) -> String {
    name.trim_matches('"').to_owned()
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|part| plain(part.trim())).collect()
}

/// Returns the text inside the first pair of brackets, and the text after it.
fn bracketed(text: &str) -> (&str, &str) {
    let Some(start) = text.find('(') else { return ("", text) };
    let mut depth = 0;
    for (at, c) in text[start..].char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 {
            return (&text[start + 1..start + at], text[start + at + 1..].trim());
        }
    }
    (&text[start + 1..], "")
}

fn table(sql: &str) -> TargetTable {
    let name = plain(sql.split_whitespace().nth(2).unwrap_or_default());
    let (mut columns, mut rules) = (Vec::new(), Vec::new());
    for line in sql.lines().filter_map(|line| line.strip_prefix("    ")) {
        let line = line.trim_end_matches(',');
        let rule = |name: &str, what| TargetConstraint { name: name.to_owned(), what };
        if let Some(rest) = line.strip_prefix("CONSTRAINT ") {
            let (own, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            let (inside, _) = bracketed(rest);
            let what = if rest.starts_with("UNIQUE") {
                ConstraintKind::Unique(list(inside))
            } else {
                ConstraintKind::Check(inside.to_owned())
            };
            rules.push(rule(own, what));
        } else if line.starts_with("PRIMARY KEY") {
            rules.push(rule(&format!("{name}_pkey"), ConstraintKind::Primary(list(bracketed(line).0))));
        } else {
            let column = column(line);
            if line.contains(" PRIMARY KEY") {
                let what = ConstraintKind::Primary(vec![column.name.clone()]);
                rules.push(rule(&format!("{name}_pkey"), what));
            }
            if let Some((_, refers)) = line.split_once(" REFERENCES ") {
                let to = plain(refers.split_whitespace().next().unwrap_or_default());
                let action = refers.split_once(" ON DELETE ").map_or("NO ACTION", |(_, action)| action);
                let action = action.split(" CHECK ").next().unwrap_or(action).to_owned();
                let own = format!("{name}_{}_fkey", column.name);
                let key = ForeignKey { column: column.name.clone(), to, action };
                rules.push(rule(&own, ConstraintKind::Foreign(key)));
            }
            columns.push(column);
        }
    }
    TargetTable { name, sql: sql.to_owned(), columns, rules }
}

fn column(line: &str) -> TargetColumn {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let kind = rest.split(' ').next().unwrap_or_default().to_owned();
    let default = rest.split_once(" DEFAULT ").map(|(_, rest)| {
        let end = [" CHECK ", " REFERENCES ", " NOT NULL"].iter().filter_map(|word| rest.find(word)).min();
        rest[..end.unwrap_or(rest.len())].to_owned()
    });
    TargetColumn { name: plain(name), kind, not_null: rest.contains("NOT NULL"), default }
}

fn index(sql: &str) -> TargetIndex {
    let unique = sql.starts_with("CREATE UNIQUE");
    let words: Vec<&str> = sql.split_whitespace().collect();
    let at = if unique { 3 } else { 2 };
    let (columns, rest) = bracketed(sql);
    TargetIndex {
        name: plain(words[at]),
        table: plain(words[at + 2]),
        unique,
        columns: columns.to_owned(),
        predicate: rest.strip_prefix("WHERE ").map(str::to_owned),
    }
}

fn routine(sql: &str) -> Routine {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let trigger = words[1] == "TRIGGER";
    let table = words.iter().position(|word| *word == "ON").map(|on| plain(words[on + 1]));
    Routine {
        name: plain(words[2].trim_end_matches("()")),
        table: table.filter(|_| trigger),
        body: sql.split("$$").nth(1).map(str::to_owned),
        definer: sql.contains("SECURITY DEFINER"),
        sql: sql.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_names() {
        let names = |target: &TargetSchema| -> Vec<(String, Vec<String>)> {
            let columns = |table: &TargetTable| table.columns.iter().map(|column| column.name.clone()).collect();
            target.tables.iter().map(|table| (table.name.clone(), columns(table))).collect()
        };
        assert_eq!(names(sqlite()), names(postgres()));
        let rules = |target: &TargetSchema| -> Vec<(String, ConstraintKind)> {
            target.tables.iter().flat_map(|t| &t.rules).map(|rule| (rule.name.clone(), rule.what.clone())).collect()
        };
        assert_eq!(rules(sqlite()), rules(postgres()));
        let indices =
            |target: &TargetSchema| -> Vec<String> { target.indices.iter().map(|i| i.sql(&i.name, None)).collect() };
        assert_eq!(indices(sqlite()), indices(postgres()));
    }

    #[test]
    fn a_line_gives_its_parts() {
        let c = column("facts jsonb NOT NULL DEFAULT '{}'");
        assert_eq!(
            (c.name.as_str(), c.kind.as_str(), c.not_null, c.default.as_deref()),
            ("facts", "jsonb", true, Some("'{}'"))
        );
        let flow = postgres().table("generation_flow").expect("is there");
        let session = ForeignKey {
            column: "collection_session_id".into(),
            to: "collection_session".into(),
            action: "CASCADE".into(),
        };
        assert!(flow.rules.iter().any(|rule| rule.what == ConstraintKind::Foreign(session.clone())));
        assert_eq!(postgres().routines.len(), 7);
        assert!(postgres().routines.iter().all(|routine| routine.table.is_some() || routine.definer));
        assert_eq!(sqlite().routines.len(), 2);
    }
}
