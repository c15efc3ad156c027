//! Migrates any database to the schema of this release: an empty one, one of an earlier release, and those of the
//! older application, whose rows are adopted by renaming. The present schema decides, never a history of migrations.
//!
//! The files in `migrations/` define the schema (`target`); the database reports its own (`catalogue`); the
//! difference is the plan. A finished step is no longer a difference, so an interrupted run resumes by itself.

mod alone;
mod backfill;
mod catalogue;
mod contract;
mod draft;
mod empty;
mod expand;
mod legacy;
mod obstacles;
mod patience;
mod plan;
mod postgres;
mod proof;
mod recognise;
mod report;
mod rights;
mod role;
mod search_path;
mod sqlite;
mod step;
mod target;
mod views;

use serde::Serialize;

use super::Db;
use crate::outside::Clock;
pub use recognise::Kind;
pub use report::{HashPair, Quarantine, Rejected, Report, ReportLine, TableProof};
pub use step::Phase;

/// The caller's options.
#[derive(Debug, Clone, Default)]
pub struct AdoptOptions {
    /// Allows adopting a database of the older application. Without it that is an error, because it is a person's
    /// decision.
    pub legacy: bool,
    /// The role of the older application, which gets the views for the old names (PostgreSQL).
    pub legacy_role: Option<String>,
}

/// Why a database was not migrated.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The engine failed.
    #[error("{}", super::fault::words(.0))]
    Sqlx(#[from] sqlx::Error),
    /// Something prevents the migration; nothing was changed.
    #[error("the database was not changed:\n  {}", .0.join("\n  "))]
    Refused(Vec<String>),
    /// Other sessions hold locks on the tables and do not release them. Finished steps stay; the next run resumes.
    #[error(
        "other sessions hold locks on the tables, and the migration does not wait for long: {0}. End long transactions (see pg_stat_activity) \
         and run store-sync migrate again; it resumes where it stopped"
    )]
    Busy(String),
    /// A database of the older application, without permission to adopt it.
    #[error(
        "this is a database of the older application ({0}). For a dry run, run: store-sync migrate --dry-run, then run: store-sync migrate"
    )]
    Legacy(Kind),
}

/// The kind of the database, and its missing steps by name.
#[derive(Debug, Clone, Serialize)]
pub struct AdoptStatus {
    pub kind: Kind,
    pub missing: Vec<String>,
}

/// The result of removing the old names.
#[derive(Debug, Clone, Serialize)]
pub struct Contracted {
    /// Favourites of products that became rows.
    pub favourites: u64,
    /// Pictures that were deleted for good.
    pub assets: u64,
    /// Flows that were deleted for good.
    pub flows: u64,
    /// Roles whose search path was restored.
    pub roles: Vec<String>,
    /// Statements that an administrator still has to run, because our role may not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to_run: Vec<String>,
}

/// The result of putting the old names first in a role's search path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolePrepared {
    /// In effect from the role's next connection on; `sessions` connections are older than that.
    Now { sessions: usize },
    /// This generation of the older application uses names that do not change.
    NotNeeded,
}

/// Determines the kind of the database and its missing steps. Reads only its catalogue, and whether some tables and
/// columns are empty.
pub async fn inspect(db: &Db) -> sqlx::Result<AdoptStatus> {
    match db {
        Db::Postgres { pool, server } => {
            let plan = postgres::look(pool, server).await?;
            Ok(AdoptStatus { kind: plan.kind, missing: plan.steps.into_iter().map(|step| step.what).collect() })
        }
        Db::Sqlite { read, readers, .. } => sqlite::look(read, readers).await,
    }
}

/// Reports everything that `run` would do; changes nothing.
pub async fn dry_run(db: &Db, options: &AdoptOptions) -> Result<Report, AdoptError> {
    match db {
        Db::Postgres { pool, server } => postgres::dry_run(pool, server, options).await,
        Db::Sqlite { read, .. } => sqlite::dry_run(read).await,
    }
}

/// Migrates the database. Safe to call from several processes at once, and to be killed. `id` is the id of a new
/// adoption.
pub async fn run(db: &Db, clock: &Clock, id: &str, options: &AdoptOptions) -> Result<Report, AdoptError> {
    match db {
        Db::Postgres { pool, server } => postgres::run(pool, server, clock, id, options).await,
        Db::Sqlite { write, file, .. } => sqlite::run(write, file, clock, id, options).await,
    }
}

/// Returns the report of the last adoption; `None` if there was none.
pub async fn last(db: &Db) -> sqlx::Result<Option<Report>> {
    if inspect(db).await?.kind != Kind::Current {
        return Ok(None);
    }
    let mut tx = db.read().await?;
    let sql = "SELECT report FROM schema_adoption WHERE completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT 1";
    let report = crate::db::scalar!(&mut tx, sqlx::types::Json<Report>, sql)?;
    Ok(report.map(|report| report.0))
}

/// Puts the old names first in the search path of the older application's role, from its next connection on
/// (PostgreSQL).
pub async fn prepare_role(db: &Db, role: &str) -> Result<RolePrepared, AdoptError> {
    match db {
        Db::Postgres { pool, server } => role::prepare_role(pool, server, role).await,
        Db::Sqlite { .. } => Err(AdoptError::Refused(vec![ONLY_POSTGRES.to_owned()])),
    }
}

/// Removes the old names; rows deleted more than `keep_days` ago are deleted for good (PostgreSQL).
pub async fn contract(db: &Db, clock: &Clock, keep_days: u32) -> Result<Contracted, AdoptError> {
    match db {
        Db::Postgres { pool, server } => contract::contract(pool, server, clock, keep_days).await,
        Db::Sqlite { .. } => Err(AdoptError::Refused(vec![ONLY_POSTGRES.to_owned()])),
    }
}

/// The work needs one session from beginning to end.
const NO_POOLER: &str = "a database of the older application must be adopted on a direct connection to the server, not through a pooler: run this command with \
     [database] url pointing to the server, and without [database] pooler";

const ONLY_POSTGRES: &str =
    "the embedded database has one user and no schemas: the older application cannot run beside this program there";
