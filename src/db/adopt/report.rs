//! What an adoption did, as it is printed and kept in `schema_adoption`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{recognise::Kind, step::Phase};

/// The whole story of one `migrate`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    pub engine: String,
    pub kind: Kind,
    pub dry_run: bool,
    pub steps: Vec<ReportLine>,
    /// Rows of every table that was there, and the proof that they still are.
    #[serde(default)]
    pub tables: Vec<TableProof>,
    /// The hash of every picture's id and key, before and after: keys are not rewritten.
    #[serde(default)]
    pub picture_keys: Option<HashPair>,
    #[serde(default)]
    pub quarantine: Quarantine,
    /// References to each table: those there were before must all be there after.
    #[serde(default)]
    pub references_lost: Vec<String>,
    /// What is not ours and was left alone.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What a person should know or do.
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(default)]
    pub legacy_role: Option<String>,
    /// How long the tables were locked for everybody.
    #[serde(default)]
    pub expand_lock_ms: Option<u64>,
    #[serde(default)]
    pub took_ms: u64,
}

/// One step, done or to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReportLine {
    pub phase: Phase,
    pub what: String,
}

/// A table before and after, in the columns it had before.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct TableProof {
    pub table: String,
    /// The name it had.
    pub was: String,
    pub rows_before: i64,
    /// The sum of all rows' digests: independent of their order.
    pub hash_before: String,
    #[serde(default)]
    pub rows_after: Option<i64>,
    #[serde(default)]
    pub hash_after: Option<String>,
    /// Rows that the adoption itself completed, as it had announced.
    #[serde(default)]
    pub filled: i64,
    /// Rows that somebody wrote while the adoption ran.
    #[serde(default)]
    pub changed: i64,
    /// Rows that somebody added while the adoption ran.
    #[serde(default)]
    pub added: i64,
    /// Rows that were there before and are not now.
    #[serde(default)]
    pub missing: i64,
}

impl TableProof {
    /// Whether the rows are those of before, but for what the adoption had announced.
    pub fn is_same(&self) -> bool {
        let others = self.changed + self.added + self.missing;
        self.hash_after.as_ref() == Some(&self.hash_before)
            || (self.hash_after.is_some() && self.filled > 0 && others == 0)
    }
}

/// Two hashes that have to be the same.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct HashPair {
    pub before: String,
    #[serde(default)]
    pub after: Option<String>,
}

/// Members of lists that could not become links. The lists themselves stay as they are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Quarantine {
    /// How many, by reason.
    pub counts: BTreeMap<String, i64>,
    /// The first of them.
    pub members: Vec<Rejected>,
}

/// One of them.
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

    /// Whether every row that was there is there, unchanged.
    pub fn is_identical(&self) -> bool {
        self.tables.iter().all(TableProof::is_same)
            && self.references_lost.is_empty()
            && self.picture_keys.as_ref().is_none_or(|pair| pair.after.as_ref() == Some(&pair.before))
    }
}
