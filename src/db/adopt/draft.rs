//! Drafts the steps for each table: adds what is missing, adapts what differs, renames what has another name.

use super::{
    catalogue::{self, FoundColumn, FoundSchema, FoundTable},
    recognise::{self, BEFORE, Kind},
    step::{AdoptStep, Demand, Phase, quoted, speaks_of},
    target::{self, ConstraintKind, ForeignKey, TargetColumn, TargetSchema, TargetTable},
};

/// The values of existing rows in a new column, if they differ from the default of later rows.
const FOR_OLD_ROWS: &[(&str, &str, &str)] = &[
    ("generated_asset", "status", "'completed'"),
    ("generated_asset", "from_legacy", "true"),
    ("generation_flow", "from_legacy", "true"),
    ("message", "from_legacy", "true"),
    ("store_connection", "credentials_format", "1"),
];

/// Not-null columns without a default that the backfill fills.
const FILLED: &[(&str, &str)] =
    &[("generation_flow", "client_id"), ("store_sync_log", "client_id"), ("store_sync_log", "trigger")];

/// Tables that the older application has had since its second generation.
const LATER_TABLES: &[&str] = &["collection_session", "generation_flow", "generated_asset"];

/// New tables that the views for the old names write to.
const AT_ONCE: &[&str] = &["generated_asset_product"];

/// The draft so far.
pub(super) struct Draft {
    target: &'static TargetSchema,
    /// The catalogue as it will be after the steps so far.
    after: FoundSchema,
    pub(super) steps: Vec<AdoptStep>,
    pub(super) demands: Vec<Demand>,
    pub(super) problems: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl Draft {
    pub(super) fn new(target: &'static TargetSchema, after: FoundSchema) -> Self {
        let (steps, demands, problems, notes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { target, after, steps, demands, problems, notes }
    }

    pub(super) fn push(&mut self, phase: Phase, what: impl Into<String>, sql: impl Into<String>) {
        self.steps.push(AdoptStep { phase, what: what.into(), sql: sql.into(), apart: None });
    }

    /// Adds an expand step that may run after the main transaction.
    fn push_apart(&mut self, table: &str, what: String, sql: impl Into<String>) {
        let apart = (!AT_ONCE.contains(&table)).then(|| table.to_owned());
        self.steps.push(AdoptStep { phase: Phase::Expand, what, sql: sql.into(), apart });
    }

    /// Completes existing tables and creates missing ones.
    pub(super) fn tables(&mut self) {
        let target = self.target;
        for table in &target.tables {
            if self.after.tables.contains_key(&table.name) {
                self.complete(table);
                continue;
            }
            self.push_apart(&table.name, format!("create table {}", table.name), &table.sql);
            for index in target.indices.iter().filter(|index| index.table == table.name) {
                self.push_apart(&table.name, format!("create index {}", index.name), index.sql(&index.name, None));
            }
        }
    }

    /// Adapts an existing table to the target.
    fn complete(&mut self, table: &'static TargetTable) {
        let live = self.after.tables[&table.name].clone();
        for column in &table.columns {
            match live.column(&column.name) {
                None => self.add_column(table, column),
                Some(has) => self.fit_column(table, column, has),
            }
        }
        for extra in live.columns.iter().filter(|has| !table.columns.iter().any(|column| column.name == has.name)) {
            self.notes.push(format!("column {}.{} is not ours and stays unchanged", table.name, extra.name));
            if extra.not_null && extra.default.is_none() {
                self.problems.push(format!(
                    "column {}.{} is unknown to this program, is NOT NULL and has no default: give it a default, or allow null",
                    table.name, extra.name
                ));
            }
        }
        for rule in &table.rules {
            self.rule(table, &live, rule);
        }
    }

    fn add_column(&mut self, table: &'static TargetTable, column: &'static TargetColumn) {
        let (t, c) = (&table.name, &column.name);
        let old = FOR_OLD_ROWS.iter().find(|(table, name, _)| table == t && name == c).map(|(_, _, value)| *value);
        let first = old.or(column.default.as_deref());
        let not_null = if column.not_null && first.is_some() { " NOT NULL" } else { "" };
        let default = first.map_or_else(String::new, |value| format!(" DEFAULT {value}"));
        let kind = &column.kind;
        let mut sql = format!("ALTER TABLE {} ADD COLUMN \"{c}\" {kind}{not_null}{default}", quoted(t));
        if let (Some(_), Some(later)) = (old, &column.default) {
            sql.push_str(&format!("; ALTER TABLE {} ALTER COLUMN \"{c}\" SET DEFAULT {later}", quoted(t)));
        }
        self.push(Phase::Expand, format!("add column {t}.{c}"), sql);
        if column.not_null && first.is_none() {
            self.not_null(t, column);
        }
    }

    fn fit_column(&mut self, table: &'static TargetTable, column: &'static TargetColumn, has: &FoundColumn) {
        let (t, c) = (&table.name, &column.name);
        let wanted = long_type(&column.kind);
        if has.kind != wanted {
            let times = |kind: &str| kind.starts_with("timestamp");
            let text = |kind: &str| kind == "text" || kind.starts_with("character varying");
            let numbers = wanted.starts_with("numeric") && has.kind.starts_with("numeric");
            if numbers && has.is_viewed {
                // Rounds what it cannot hold; once the view is gone, the next migration widens it.
                self.notes.push(format!("column {t}.{c} keeps its type {} as long as a view shows it", has.kind));
            } else if numbers {
                let sql = format!("ALTER TABLE {} ALTER COLUMN \"{c}\" TYPE {}", quoted(t), column.kind);
                self.push(Phase::Expand, format!("widen {t}.{c} to {}", column.kind), sql);
            } else if times(wanted) && times(&has.kind) || text(wanted) && text(&has.kind) {
                self.notes.push(format!("column {t}.{c} keeps its type {}", has.kind));
            } else {
                self.problems.push(format!("column {t}.{c} is {}, but must be {wanted}", has.kind));
            }
        }
        if has.not_null && !column.not_null {
            let sql = format!("ALTER TABLE {} ALTER COLUMN \"{c}\" DROP NOT NULL", quoted(t));
            self.push(Phase::Expand, format!("allow null in {t}.{c}"), sql);
        }
        if !has.not_null && column.not_null {
            self.not_null(t, column);
        }
        let bare = |text: &str| text.split("::").next().unwrap_or(text).trim_matches(['(', ')']).to_lowercase();
        let (is, should) = (has.default.as_deref().map(bare), column.default.as_deref().map(bare));
        if is != should {
            let change = column
                .default
                .as_ref()
                .map_or_else(|| "DROP DEFAULT".to_owned(), |value| format!("SET DEFAULT {value}"));
            let sql = format!("ALTER TABLE {} ALTER COLUMN \"{c}\" {change}", quoted(t));
            self.push(Phase::Expand, format!("change the default of {t}.{c}"), sql);
        }
    }

    /// First validates that no row is null, without blocking others; after that SET NOT NULL is instant.
    fn not_null(&mut self, table: &'static str, column: &'static TargetColumn) {
        let (column, default) = (column.name.as_str(), column.default.as_deref());
        if !FILLED.contains(&(table, column)) {
            self.demands.push(Demand::Filled { table, column, default });
        }
        let (t, check) = (quoted(table), format!("{table}_{column}_is_there"));
        let known = self.after.tables.get(table).is_some_and(|live| live.rules.iter().any(|rule| rule.name == check));
        if !known {
            let sql = format!("ALTER TABLE {t} ADD CONSTRAINT {check} CHECK (\"{column}\" IS NOT NULL) NOT VALID");
            self.push(Phase::Tighten, format!("add the check that {table}.{column} is not null"), sql);
        }
        self.push(
            Phase::Tighten,
            format!("validate that {table}.{column} is not null"),
            format!("ALTER TABLE {t} VALIDATE CONSTRAINT {check}"),
        );
        let sql = format!("ALTER TABLE {t} ALTER COLUMN \"{column}\" SET NOT NULL, DROP CONSTRAINT {check}");
        self.push(Phase::Tighten, format!("set {table}.{column} not null"), sql);
    }

    fn rule(&mut self, table: &'static TargetTable, live: &FoundTable, rule: &'static target::TargetConstraint) {
        let (t, name) = (&table.name, &rule.name);
        match &rule.what {
            ConstraintKind::Primary(columns) => match live.rules.iter().find(|has| has.kind == "p") {
                Some(has) if has.columns == *columns => self.named(t, has, name),
                _ => self.problems.push(format!("table {t} needs the primary key ({})", columns.join(", "))),
            },
            ConstraintKind::Unique(columns) => self.unique(t, live, name, columns),
            ConstraintKind::Check(expression) => {
                let has = live.rules.iter().find(|has| has.name == *name);
                if has.is_none() {
                    let columns = table.columns.iter().map(|column| column.name.as_str());
                    let columns = columns.filter(|column| speaks_of(expression, column)).collect();
                    self.demands.push(Demand::Check { table: t, name, columns, expression });
                }
                self.validated(t, name, has, &format!("CHECK ({expression})"));
            }
            ConstraintKind::Foreign(key) => self.foreign(t, live, name, key),
        }
    }

    fn unique(&mut self, table: &'static str, live: &FoundTable, name: &str, columns: &[String]) {
        if let Some(has) = live.rules.iter().find(|has| has.kind == "u" && has.columns == *columns) {
            return self.named(table, has, name);
        }
        let columns = columns.join(", ");
        let does = |index: &&catalogue::FoundIndex| {
            let plain = index.is_unique && index.valid && !index.partial && !index.owned;
            plain && index.table_name == table && index.columns == columns
        };
        let index = self.after.indices.values().find(does).map(|index| index.name.clone());
        let own = index.unwrap_or_else(|| {
            self.drop_broken(name);
            let here = &self.after.schema;
            let sql = format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {here}.{} ({columns})", quoted(table));
            self.push(Phase::Tighten, format!("create unique index {name}"), sql);
            self.demands.push(Demand::Unique { table, columns: columns.into(), predicate: None });
            name.to_owned()
        });
        let sql = format!("ALTER TABLE {} ADD CONSTRAINT {name} UNIQUE USING INDEX {own}", quoted(table));
        self.push(Phase::Tighten, format!("add constraint {name}"), sql);
        self.after.indices.remove(&own);
    }

    fn foreign(&mut self, table: &'static str, live: &FoundTable, name: &str, key: &'static ForeignKey) {
        let ForeignKey { column, to, action } = key;
        let refers = |has: &&catalogue::FoundConstraint| {
            has.kind == "f" && has.columns == [column.as_str()] && has.refers.as_ref() == Some(to)
        };
        let body = format!("FOREIGN KEY (\"{column}\") REFERENCES {} (id) ON DELETE {action}", quoted(to));
        let found = live.rules.iter().find(refers);
        if let Some(has) = found.filter(|has| has.action == *action) {
            self.named(table, has, name);
            if !has.valid {
                self.validated(table, name, Some(has), &body);
            }
            return;
        }
        if let Some(has) = found {
            let sql = format!("ALTER TABLE {} DROP CONSTRAINT \"{}\"", quoted(table), has.name);
            self.push(Phase::Expand, format!("drop {}: its ON DELETE action differs", has.name), sql);
        }
        self.demands.push(Demand::Reference { table, key });
        self.validated(table, name, None, &body);
    }

    fn named(&mut self, table: &str, has: &catalogue::FoundConstraint, name: &str) {
        if has.name != name {
            let sql = format!("ALTER TABLE {} RENAME CONSTRAINT \"{}\" TO {name}", quoted(table), has.name);
            self.push(Phase::Expand, format!("rename {} to {name}", has.name), sql);
            // Its index is renamed with it.
            self.after.indices.remove(&has.name);
        }
    }

    fn validated(&mut self, table: &str, name: &str, has: Option<&catalogue::FoundConstraint>, body: &str) {
        let t = quoted(table);
        if has.is_none() {
            self.push(
                Phase::Tighten,
                format!("add constraint {name}"),
                format!("ALTER TABLE {t} ADD CONSTRAINT {name} {body} NOT VALID"),
            );
        }
        if has.is_none_or(|has| !has.valid) {
            self.push(
                Phase::Tighten,
                format!("validate {name}"),
                format!("ALTER TABLE {t} VALIDATE CONSTRAINT {name}"),
            );
        }
    }

    pub(super) fn routines(&mut self) {
        for routine in &self.target.routines {
            let there = match (&routine.table, &routine.body) {
                (Some(table), _) => self.after.triggers.iter().any(|(of, name)| of == table && *name == routine.name),
                (None, Some(body)) => {
                    let same =
                        |has: &catalogue::Function| has.body.trim() == body.trim() && has.definer == routine.definer;
                    self.after.functions.get(&routine.name).is_some_and(same)
                }
                (None, None) => true,
            };
            if !there {
                let sql = routine.sql.replacen("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1);
                let what = format!("create {}", routine.name);
                match &routine.table {
                    Some(table) => self.push_apart(table, what, sql),
                    None => self.push(Phase::Expand, what, sql),
                }
            }
        }
    }

    /// Indices of existing tables: created concurrently.
    pub(super) fn indices(&mut self) {
        let target = self.target;
        for index in &target.indices {
            if !self.after.tables.contains_key(&index.table) {
                continue;
            }
            let (name, partial) = (&index.name, index.predicate.is_some());
            let is_equivalent = |has: &&catalogue::FoundIndex| {
                has.table_name == index.table
                    && has.is_unique == index.unique
                    && has.partial == partial
                    && has.columns == index.columns
            };
            let same_name = self.after.indices.get(name).cloned();
            if same_name.as_ref().is_some_and(|has| has.valid && is_equivalent(&has)) {
                continue;
            }
            let other = self.after.indices.values().find(|has| {
                is_equivalent(has)
                    && has.valid
                    && !has.owned
                    && !partial
                    && !target.indices.iter().any(|index| index.name == has.name)
            });
            if let (Some(other), None) = (other.cloned(), &same_name) {
                let sql = format!("ALTER INDEX \"{}\" RENAME TO {name}", other.name);
                self.push(Phase::Expand, format!("rename {} to {name}", other.name), sql);
                self.after.indices.remove(&other.name);
                continue;
            }
            if index.unique && same_name.is_none() {
                let (columns, predicate) = (index.columns.as_str().into(), index.predicate.as_deref());
                self.demands.push(Demand::Unique { table: &index.table, columns, predicate });
            }
            if let Some(has) = same_name {
                let why = if has.valid { "its columns changed" } else { "its creation was interrupted" };
                let sql = format!("DROP INDEX CONCURRENTLY {}.{name}", self.after.schema);
                self.push(Phase::Tighten, format!("drop index {name}: {why}"), sql);
            }
            let sql = index.sql(name, Some(&self.after.schema));
            self.push(Phase::Tighten, format!("create index {name}"), sql);
        }
    }

    /// Drops foreign keys and indices that this release does without.
    pub(super) fn retired(&mut self) {
        for (table, column) in target::RETIRED_REFERENCES {
            let rules = self.after.tables.get(*table).map_or(&[][..], |live| &live.rules);
            let is_retired = |has: &&catalogue::FoundConstraint| has.kind == "f" && has.columns == [*column];
            let names: Vec<String> = rules.iter().filter(is_retired).map(|has| has.name.clone()).collect();
            for name in names {
                let sql = format!("ALTER TABLE {} DROP CONSTRAINT \"{name}\"", quoted(table));
                self.push(Phase::Expand, format!("drop {name}: another reference says the same"), sql);
            }
        }
        let is_retired = |has: &&catalogue::FoundIndex| {
            !has.is_unique && !has.owned && target::RETIRED_INDICES.contains(&has.name.as_str())
        };
        let names = self.after.indices.values().filter(is_retired).map(|has| has.name.clone());
        for name in names.collect::<Vec<_>>() {
            let sql = format!("DROP INDEX CONCURRENTLY {}.{name}", self.after.schema);
            self.push(Phase::Tighten, format!("drop index {name}: no statement needs it"), sql);
        }
    }

    /// Drops indices that duplicate a unique constraint or index of ours: they only slow down writes.
    pub(super) fn redundant(&mut self) {
        let target = self.target;
        let is_duplicate = |has: &catalogue::FoundIndex| {
            let rules = target.table(&has.table_name).map_or(&[][..], |table| &table.rules);
            let rule = |rule: &target::TargetConstraint| matches!(&rule.what, ConstraintKind::Unique(columns) if columns.join(", ") == has.columns);
            let index = |index: &target::TargetIndex| {
                let plain = index.unique && index.predicate.is_none() && index.name != has.name;
                plain && index.table == has.table_name && index.columns == has.columns
            };
            rules.iter().any(rule) || target.indices.iter().any(index)
        };
        let extra: Vec<catalogue::FoundIndex> =
            self.after.indices.values().filter(|has| !has.owned && !has.partial).cloned().collect();
        for has in extra.into_iter().filter(is_duplicate) {
            let sql = format!("DROP INDEX CONCURRENTLY {}.\"{}\"", self.after.schema, has.name);
            self.push(Phase::Tighten, format!("drop index {}: a unique constraint duplicates it", has.name), sql);
        }
    }

    fn drop_broken(&mut self, name: &str) {
        if self.after.indices.get(name).is_some_and(|index| !index.valid) {
            let sql = format!("DROP INDEX CONCURRENTLY {}.{name}", self.after.schema);
            self.push(Phase::Tighten, format!("drop index {name}: its creation was interrupted"), sql);
        }
    }

    pub(super) fn refusals(&mut self, kind: Kind, found: &FoundSchema) {
        if kind == Kind::Mixed {
            let doubles = recognise::doubles(found);
            self.problems =
                doubles.iter().map(|(old, new)| format!("both {old} and {new} exist, and both contain data")).collect();
        }
        let lacking = LATER_TABLES.iter().find(|name| !found.tables.contains_key(**name));
        if let (Kind::Gen3, Some(lacking)) = (kind, lacking) {
            let text = format!(
                "product.store_id, product.scene_types and product_image.image_url are names of a later generation of the older \
                 application, but its table {lacking} does not exist: this is not one of its databases, or these columns were renamed by hand"
            );
            self.problems = vec![text];
        }
        let ours = |name: &str| name == BEFORE || self.target.table(name).is_some();
        for table in self.after.tables.keys().filter(|name| !ours(name)) {
            self.notes.push(format!("table {table} is not ours and stays unchanged"));
        }
    }
}

fn long_type(kind: &str) -> &str {
    match kind {
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        other => other,
    }
}
