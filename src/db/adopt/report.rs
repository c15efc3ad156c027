//! The report of an adoption, as it is printed and stored in `schema_adoption`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{recognise::Kind, step::Phase};

/// The report of one `migrate`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    pub engine: String,
    pub kind: Kind,
    pub dry_run: bool,
    pub steps: Vec<ReportLine>,
    /// The row counts of every initial table, and the proof that the rows are unchanged.
    #[serde(default)]
    pub tables: Vec<TableProof>,
    /// The hash of every picture's id and key, before and after: keys are not rewritten.
    #[serde(default)]
    pub picture_keys: Option<HashPair>,
    #[serde(default)]
    pub quarantine: Quarantine,
    /// Foreign keys that existed before and are missing after.
    #[serde(default)]
    pub references_lost: Vec<String>,
    /// What is not ours and was left unchanged.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What a person should know or do.
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(default)]
    pub legacy_role: Option<String>,
    /// How long the tables were locked exclusively.
    #[serde(default)]
    pub expand_lock_ms: Option<u64>,
    #[serde(default)]
    pub took_ms: u64,
}

/// One step, finished or planned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReportLine {
    pub phase: Phase,
    pub what: String,
}

/// A table before and after, over its initial columns.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct TableProof {
    pub table: String,
    /// Its initial name.
    pub was: String,
    pub rows_before: i64,
    /// The sum of all rows' digests, independent of their order.
    pub hash_before: String,
    #[serde(default)]
    pub rows_after: Option<i64>,
    #[serde(default)]
    pub hash_after: Option<String>,
    /// Rows that the adoption itself completed, as announced.
    #[serde(default)]
    pub filled: i64,
    /// Rows that another session changed during the adoption.
    #[serde(default)]
    pub changed: i64,
    /// Rows that another session added during the adoption.
    #[serde(default)]
    pub added: i64,
    /// Rows that existed before and are missing now.
    #[serde(default)]
    pub missing: i64,
}

impl TableProof {
    /// Whether the rows are unchanged, except for what the adoption announced.
    pub fn is_same(&self) -> bool {
        let others = self.changed + self.added + self.missing;
        self.hash_after.as_ref() == Some(&self.hash_before)
            || (self.hash_after.is_some() && self.filled > 0 && others == 0)
    }
}

/// Two hashes that must be equal.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct HashPair {
    pub before: String,
    #[serde(default)]
    pub after: Option<String>,
}

/// List members that could not become links. The lists themselves stay unchanged.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Quarantine {
    /// How many, by reason.
    pub counts: BTreeMap<String, i64>,
    /// The first ones.
    pub members: Vec<Rejected>,
}

/// A list member that could not become a link.
#[derive(Debug, Clone, Serialize, Deserialize, sqlx::FromRow)]
pub struct Rejected {
    pub table_name: String,
    pub id: String,
    pub reason: String,
    pub value: Option<String>,
}

impl Report {
    pub(super) fn new(engine: &str, kind: Kind, dry_run: bool) -> Self {
        Self {
            engine: engine.to_owned(),
            kind,
            dry_run,
            steps: Vec::new(),
            tables: Vec::new(),
            picture_keys: None,
            quarantine: Quarantine::default(),
            references_lost: Vec::new(),
            notes: Vec::new(),
            warnings: Vec::new(),
            legacy_role: None,
            expand_lock_ms: None,
            took_ms: 0,
        }
    }

    /// Whether every initial row exists, unchanged.
    pub fn is_identical(&self) -> bool {
        self.tables.iter().all(TableProof::is_same)
            && self.references_lost.is_empty()
            && self.picture_keys.as_ref().is_none_or(|pair| pair.after.as_ref() == Some(&pair.before))
    }
}
