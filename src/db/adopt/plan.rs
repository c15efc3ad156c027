//! The way from what a PostgreSQL database has to what it should have, as steps. Reads no rows and changes nothing.

use super::{
    catalogue::{self, Catalogue},
    recognise::{self, BEFORE, Kind, OldNames},
    target::{self, RuleKind, Table, Target},
};

/// When a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// In one short transaction: names, new columns, new tables, the views for the old names.
    Expand,
    /// In batches, each a transaction.
    Backfill,
    /// One by one, without holding up readers and writers.
    Tighten,
}

/// One statement and what it is for.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub phase: Phase,
    pub what: String,
    pub sql: String,
}

/// What a new unique index, reference or check needs to hold of the rows there are.
#[derive(Debug)]
pub(super) enum Demand {
    /// No two rows are alike in these columns (of an index, with its condition).
    Unique { table: String, columns: String, predicate: Option<String> },
    /// Every row fulfils it.
    Check { table: String, name: String, columns: Vec<String>, expression: String },
    /// Every value is found there.
    Reference { table: String, column: String, to: String, action: String },
}

/// Everything that has to be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub kind: Kind,
    pub names: OldNames,
    pub steps: Vec<Step>,
    pub demands: Vec<Demand>,
    /// Reasons why nothing may be changed.
    pub problems: Vec<String>,
    /// Things that are not ours, or stay as they are.
    pub notes: Vec<String>,
    /// As it was found.
    pub found: Catalogue,
}

/// What rows that exist get in a new column, where that differs from what later rows get.
const FOR_OLD_ROWS: &[(&str, &str, &str)] = &[
    ("generated_asset", "status", "'completed'"),
    ("generated_asset", "from_legacy", "true"),
    ("generation_flow", "from_legacy", "true"),
    ("message", "from_legacy", "true"),
    ("store_connection", "credentials_format", "1"),
];

/// Columns of new tables' rows that the backfill can fill, though they have no default.
const FILLED: &[(&str, &str)] =
    &[("generation_flow", "client_id"), ("store_sync_log", "client_id"), ("store_sync_log", "trigger")];

impl Plan {
    /// Compares a catalogue with the schema as it should be.
    pub(super) fn new(found: Catalogue) -> Self {
        let target = target::postgres();
        let mut after = found.clone();
        let (renames, names) = recognise::rename(&mut after);
        let mut draft = Draft { target, after, ..Draft::default_for(target) };
        for sql in renames {
            draft.push(Phase::Expand, sql.trim_start_matches("ALTER ").to_lowercase(), sql);
        }
        for table in &target.tables {
            if draft.after.tables.contains_key(&table.name) {
                draft.complete(table);
            } else {
                draft.push(Phase::Expand, format!("make table {}", table.name), public(&table.sql));
                for index in target.indices.iter().filter(|index| index.table == table.name) {
                    draft.push(Phase::Expand, format!("make index {}", index.name), index.sql(&index.name, false));
                }
            }
        }
        draft.routines();
        draft.indices();
        draft.redundant();
        let complete = draft.steps.is_empty();
        let kind = recognise::kind(&found, complete);
        draft.refusals(kind, &found);
        let Draft { steps, demands, problems, notes, .. } = draft;
        Self { kind, names, steps, demands, problems, notes, found }
    }

    /// The steps of one phase.
    pub(super) fn of(&self, phase: Phase) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.phase == phase)
    }
}

fn public(create: &str) -> String {
    create.replacen("CREATE TABLE ", "CREATE TABLE public.", 1)
}

struct Draft {
    target: &'static Target,
    after: Catalogue,
    steps: Vec<Step>,
    demands: Vec<Demand>,
    problems: Vec<String>,
    notes: Vec<String>,
}

impl Draft {
    fn default_for(target: &'static Target) -> Self {
        Self {
            target,
            after: Catalogue::default(),
            steps: Vec::new(),
            demands: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn push(&mut self, phase: Phase, what: impl Into<String>, sql: impl Into<String>) {
        self.steps.push(Step { phase, what: what.into(), sql: sql.into() });
    }

    /// Brings a table that is there to its shape.
    fn complete(&mut self, table: &Table) {
        let live = self.after.tables[&table.name].clone();
        for column in &table.columns {
            match live.column(&column.name) {
                None => self.add_column(table, column),
                Some(has) => self.fit_column(table, column, has),
            }
        }
        for extra in live.columns.iter().filter(|has| !table.columns.iter().any(|column| column.name == has.name)) {
            self.notes.push(format!("column {}.{} is not ours and stays", table.name, extra.name));
            if extra.not_null && extra.default.is_none() {
                self.problems.push(format!(
                    "column {}.{} is unknown to this program and must be given a value in every row: give it a default, or let it be null",
                    table.name, extra.name
                ));
            }
        }
        for rule in &table.rules {
            self.rule(table, &live, rule);
        }
    }

    fn add_column(&mut self, table: &Table, column: &target::Column) {
        let (t, c) = (&table.name, &column.name);
        let old = FOR_OLD_ROWS.iter().find(|(table, name, _)| table == t && name == c).map(|(_, _, value)| *value);
        let first = old.or(column.default.as_deref());
        let not_null = if column.not_null && first.is_some() { " NOT NULL" } else { "" };
        let default = first.map_or_else(String::new, |value| format!(" DEFAULT {value}"));
        let kind = &column.kind;
        let mut sql = format!("ALTER TABLE public.{} ADD COLUMN \"{c}\" {kind}{not_null}{default}", quoted(t));
        if let (Some(_), Some(later)) = (old, &column.default) {
            sql.push_str(&format!("; ALTER TABLE public.{} ALTER COLUMN \"{c}\" SET DEFAULT {later}", quoted(t)));
        }
        self.push(Phase::Expand, format!("add column {t}.{c}"), sql);
        if column.not_null && first.is_none() {
            if FILLED.contains(&(t.as_str(), c.as_str())) {
                self.not_null(t, c);
            } else {
                self.problems.push(format!("table {t} lacks the column {c}, and this program cannot tell its values"));
            }
        }
    }

    fn fit_column(&mut self, table: &Table, column: &target::Column, has: &catalogue::Column) {
        let (t, c) = (&table.name, &column.name);
        let wanted = long_type(&column.kind);
        if has.kind != wanted {
            let times = |kind: &str| kind.starts_with("timestamp");
            let text = |kind: &str| kind == "text" || kind.starts_with("character varying");
            if wanted.starts_with("numeric") && has.kind.starts_with("numeric") {
                let sql = format!("ALTER TABLE public.{} ALTER COLUMN \"{c}\" TYPE {}", quoted(t), column.kind);
                self.push(Phase::Expand, format!("widen {t}.{c} to {}", column.kind), sql);
            } else if times(wanted) && times(&has.kind) || text(wanted) && text(&has.kind) {
                self.notes.push(format!("column {t}.{c} stays {}", has.kind));
            } else {
                self.problems.push(format!("column {t}.{c} is {}, but must be {wanted}", has.kind));
            }
        }
        if has.not_null && !column.not_null {
            let sql = format!("ALTER TABLE public.{} ALTER COLUMN \"{c}\" DROP NOT NULL", quoted(t));
            self.push(Phase::Expand, format!("let {t}.{c} be null"), sql);
        }
        if !has.not_null && column.not_null {
            self.not_null(t, c);
        }
        let bare = |text: &str| text.split("::").next().unwrap_or(text).trim_matches(['(', ')']).to_lowercase();
        let (is, should) = (has.default.as_deref().map(bare), column.default.as_deref().map(bare));
        if is != should {
            let change = column
                .default
                .as_ref()
                .map_or_else(|| "DROP DEFAULT".to_owned(), |value| format!("SET DEFAULT {value}"));
            let sql = format!("ALTER TABLE public.{} ALTER COLUMN \"{c}\" {change}", quoted(t));
            self.push(Phase::Expand, format!("default of {t}.{c}"), sql);
        }
    }

    /// Proves first that no row is null, without a lock that others feel; then the column may say so at once.
    fn not_null(&mut self, table: &str, column: &str) {
        let (t, check) = (quoted(table), format!("{table}_{column}_is_there"));
        let known = self.after.tables.get(table).is_some_and(|live| live.rules.iter().any(|rule| rule.name == check));
        if !known {
            let sql =
                format!("ALTER TABLE public.{t} ADD CONSTRAINT {check} CHECK (\"{column}\" IS NOT NULL) NOT VALID");
            self.push(Phase::Tighten, format!("ask that {table}.{column} is there"), sql);
        }
        self.push(
            Phase::Tighten,
            format!("prove that {table}.{column} is there"),
            format!("ALTER TABLE public.{t} VALIDATE CONSTRAINT {check}"),
        );
        let sql = format!("ALTER TABLE public.{t} ALTER COLUMN \"{column}\" SET NOT NULL, DROP CONSTRAINT {check}");
        self.push(Phase::Tighten, format!("{table}.{column} is never null"), sql);
    }

    fn rule(&mut self, table: &Table, live: &catalogue::Table, rule: &target::Rule) {
        let (t, name) = (&table.name, &rule.name);
        let same_name = live.rules.iter().find(|has| has.name == *name);
        match &rule.what {
            RuleKind::Primary(columns) => match live.rules.iter().find(|has| has.kind == "p") {
                Some(has) if has.columns == *columns => self.named(t, has, name),
                _ => self.problems.push(format!("table {t} needs the primary key ({})", columns.join(", "))),
            },
            RuleKind::Unique(columns) => {
                if let Some(has) = live.rules.iter().find(|has| has.kind == "u" && has.columns == *columns) {
                    return self.named(t, has, name);
                }
                let columns = columns.join(", ");
                let index = self.after.indices.values().find(|index| {
                    index.table_name == *t
                        && index.is_unique
                        && index.valid
                        && !index.partial
                        && !index.owned
                        && index.columns == columns
                });
                let index = index.map(|index| index.name.clone());
                let own = index.unwrap_or_else(|| {
                    self.demands.push(Demand::Unique { table: t.clone(), columns: columns.clone(), predicate: None });
                    let sql = format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON public.{} ({columns})", quoted(t));
                    self.drop_broken(name);
                    self.push(Phase::Tighten, format!("make unique index {name}"), sql);
                    name.clone()
                });
                let sql = format!("ALTER TABLE public.{} ADD CONSTRAINT {name} UNIQUE USING INDEX {own}", quoted(t));
                self.push(Phase::Tighten, format!("rule {name}"), sql);
                self.after.indices.remove(&own);
            }
            RuleKind::Check(expression) => {
                if same_name.is_none() {
                    let columns =
                        table.columns.iter().map(|c| c.name.clone()).filter(|c| speaks_of(expression, c)).collect();
                    let (table, name) = (t.clone(), name.clone());
                    self.demands.push(Demand::Check { table, name, columns, expression: expression.clone() });
                }
                self.validated(t, name, same_name, &format!("CHECK ({expression})"));
            }
            RuleKind::Foreign(column, to, action) => {
                let refers = |has: &&catalogue::Rule| {
                    has.kind == "f" && has.columns == [column.clone()] && has.refers.as_deref() == Some(to)
                };
                let sql =
                    format!("FOREIGN KEY (\"{column}\") REFERENCES public.{} (id) ON DELETE {action}", quoted(to));
                match live.rules.iter().find(refers) {
                    Some(has) if has.action == *action => {
                        self.named(t, has, name);
                        if !has.valid {
                            self.validated(t, name, Some(has), &sql);
                        }
                    }
                    other => {
                        if let Some(has) = other {
                            let sql = format!("ALTER TABLE public.{} DROP CONSTRAINT \"{}\"", quoted(t), has.name);
                            self.push(Phase::Expand, format!("drop {}: it acts otherwise on deletion", has.name), sql);
                        }
                        let (table, column, to) = (t.clone(), column.clone(), to.clone());
                        self.demands.push(Demand::Reference { table, column, to, action: action.clone() });
                        self.validated(t, name, None, &sql);
                    }
                }
            }
        }
    }

    fn named(&mut self, table: &str, has: &catalogue::Rule, name: &str) {
        if has.name != name {
            let sql = format!("ALTER TABLE public.{} RENAME CONSTRAINT \"{}\" TO {name}", quoted(table), has.name);
            self.push(Phase::Expand, format!("rename {} to {name}", has.name), sql);
            // Its index follows by itself.
            self.after.indices.remove(&has.name);
        }
    }

    fn validated(&mut self, table: &str, name: &str, has: Option<&catalogue::Rule>, body: &str) {
        let t = quoted(table);
        if has.is_none() {
            self.push(
                Phase::Tighten,
                format!("ask for {name}"),
                format!("ALTER TABLE public.{t} ADD CONSTRAINT {name} {body} NOT VALID"),
            );
        }
        if has.is_none_or(|has| !has.valid) {
            self.push(
                Phase::Tighten,
                format!("prove {name}"),
                format!("ALTER TABLE public.{t} VALIDATE CONSTRAINT {name}"),
            );
        }
    }

    fn routines(&mut self) {
        for routine in &self.target.routines {
            let there = match (&routine.table, &routine.body) {
                (Some(table), _) => self.after.triggers.contains(&(table.clone(), routine.name.clone())),
                (None, Some(body)) => {
                    self.after.functions.get(&routine.name).is_some_and(|has| has.trim() == body.trim())
                }
                (None, None) => true,
            };
            if !there {
                let sql = routine.sql.replacen("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1);
                self.push(Phase::Expand, format!("make {}", routine.name), sql);
            }
        }
    }

    /// Indices of tables that are there: made while others read and write.
    fn indices(&mut self) {
        let target = self.target;
        for index in &target.indices {
            if !self.after.tables.contains_key(&index.table) {
                continue;
            }
            let (name, partial) = (&index.name, index.predicate.is_some());
            let alike = |has: &&catalogue::Index| {
                has.table_name == index.table
                    && has.is_unique == index.unique
                    && has.partial == partial
                    && has.columns == index.columns
            };
            let same_name = self.after.indices.get(name).cloned();
            if same_name.as_ref().is_some_and(|has| has.valid && alike(&has)) {
                continue;
            }
            let other = self.after.indices.values().find(|has| {
                alike(has)
                    && has.valid
                    && !has.owned
                    && !partial
                    && !target.indices.iter().any(|index| index.name == has.name)
            });
            if let (Some(other), None) = (other.cloned(), &same_name) {
                let sql = format!("ALTER INDEX public.\"{}\" RENAME TO {name}", other.name);
                self.push(Phase::Expand, format!("rename {} to {name}", other.name), sql);
                self.after.indices.remove(&other.name);
                continue;
            }
            if index.unique && same_name.is_none() {
                let (table, columns) = (index.table.clone(), index.columns.clone());
                self.demands.push(Demand::Unique { table, columns, predicate: index.predicate.clone() });
            }
            if let Some(has) = same_name {
                let why = if has.valid { "it has other columns now" } else { "its making was interrupted" };
                let sql = format!("DROP INDEX CONCURRENTLY public.{name}");
                self.push(Phase::Tighten, format!("drop index {name}: {why}"), sql);
            }
            self.push(Phase::Tighten, format!("make index {name}"), index.sql(name, true));
        }
    }

    /// A unique index beside a unique constraint on the same columns does nothing but slow down writers.
    fn redundant(&mut self) {
        let constraint = |has: &catalogue::Index| {
            let rules = self.target.table(&has.table_name).map_or(&[][..], |table| &table.rules);
            rules
                .iter()
                .any(|rule| matches!(&rule.what, RuleKind::Unique(columns) if columns.join(", ") == has.columns))
        };
        let extra: Vec<catalogue::Index> = self.after.indices.values().filter(|has| !has.owned).cloned().collect();
        for has in extra {
            if has.is_unique && !has.partial && constraint(&has) {
                let sql = format!("DROP INDEX CONCURRENTLY public.\"{}\"", has.name);
                self.push(Phase::Tighten, format!("drop index {}: a rule does the same", has.name), sql);
            }
        }
    }

    fn drop_broken(&mut self, name: &str) {
        if self.after.indices.get(name).is_some_and(|index| !index.valid) {
            let sql = format!("DROP INDEX CONCURRENTLY public.{name}");
            self.push(Phase::Tighten, format!("drop index {name}: its making was interrupted"), sql);
        }
    }

    fn refusals(&mut self, kind: Kind, found: &Catalogue) {
        if kind == Kind::Mixed {
            let doubles = recognise::doubles(found);
            self.problems = doubles.iter().map(|(old, new)| format!("both {old} and {new} exist")).collect();
        }
        if kind == Kind::Gen3 {
            let text = "this database was changed by a later version of the older application (product.store_id, scene_types or \
                        product_image.image_url): rename those columns back to erp_id, erp_sku, erp_url, room_types, r2_key_base and \
                        r2_key_preview first";
            self.problems = vec![text.to_owned()];
        }
        let ours = |name: &str| name == BEFORE || self.target.table(name).is_some();
        for table in self.after.tables.keys().filter(|name| !ours(name)) {
            self.notes.push(format!("table {table} is not ours and stays"));
        }
    }
}

/// A name as SQL needs it: only the reserved one is quoted.
pub(super) fn quoted(name: &str) -> String {
    if name == "user" { format!("\"{name}\"") } else { name.to_owned() }
}

fn long_type(kind: &str) -> &str {
    match kind {
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        other => other,
    }
}

/// Whether an expression speaks of a column.
pub(super) fn speaks_of(expression: &str, column: &str) -> bool {
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column)
}
