//! Brings any database to the schema of this release: an empty one, one of an earlier release, and those of the older
//! application, whose rows are taken over by renaming. What there is decides, never a history of what was done.
//!
//! The files in `migrations/` say how the schema should be (`target`); the database says how it is (`catalogue`); the
//! difference is the plan. A step that was taken is no difference any more, so that an interrupted run simply goes on.

mod alone;
mod backfill;
mod catalogue;
mod contract;
mod draft;
mod empty;
mod expand;
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

/// What the caller decided.
#[derive(Debug, Clone, Default)]
pub struct AdoptOptions {
    /// A database of the older application may be adopted. Otherwise that is an error: it is a person's decision.
    pub legacy: bool,
    /// The role of the older application, which gets the views for the old names (PostgreSQL).
    pub legacy_role: Option<String>,
}

/// Why a database was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The engine refused.
    #[error("{}", super::fault::words(.0))]
    Sqlx(#[from] sqlx::Error),
    /// Something stands in the way; nothing was changed.
    #[error("the database is left as it is:\n  {}", .0.join("\n  "))]
    Refused(Vec<String>),
    /// Others hold the tables and do not let go. What was done so far stays; the next run goes on.
    #[error(
        "other sessions keep the tables busy, and nobody is made to wait for long: {0}. End long transactions (see pg_stat_activity) \
         and run store-sync migrate again, it goes on where it stopped"
    )]
    Busy(String),
    /// A database of the older application, and nobody asked to adopt it.
    #[error(
        "this is a database of the older application ({0}). See what would be done with: store-sync migrate --dry-run, then run: store-sync migrate"
    )]
    Legacy(Kind),
}

/// What is missing, as the names of steps; and what kind of database this is.
#[derive(Debug, Clone, Serialize)]
pub struct AdoptStatus {
    pub kind: Kind,
    pub missing: Vec<String>,
}

/// What the end of the old names did.
#[derive(Debug, Clone, Serialize)]
pub struct Contracted {
    /// Favourites of products that became rows of their own.
    pub favourites: u64,
    /// Pictures whose deletion became final.
    pub assets: u64,
    /// Flows whose deletion became final.
    pub flows: u64,
    /// Roles that see the plain names again.
    pub roles: Vec<String>,
    /// What an administrator still has to say for that, where our role may not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to_run: Vec<String>,
}

/// What came of showing a role the old names first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolePrepared {
    /// It sees them from its next connection on; so many of its connections are older than that.
    Now { sessions: usize },
    /// This generation of the older application uses the names that stay.
    NotNeeded,
}

/// Recognises the database. Reads its catalogue only.
pub async fn inspect(db: &Db) -> sqlx::Result<AdoptStatus> {
    match db {
        Db::Postgres { pool, server } => {
            let plan = postgres::look(pool, server).await?;
            Ok(AdoptStatus { kind: plan.kind, missing: plan.steps.into_iter().map(|step| step.what).collect() })
        }
        Db::Sqlite { read, readers, .. } => sqlite::look(read, readers).await,
    }
}

/// Says everything that `run` would do, and changes nothing.
pub async fn dry_run(db: &Db, options: &AdoptOptions) -> Result<Report, AdoptError> {
    match db {
        Db::Postgres { pool, server } => postgres::dry_run(pool, server, options).await,
        Db::Sqlite { read, .. } => sqlite::dry_run(read).await,
    }
}

/// Brings the database up to date. Safe to call from several processes at once, and to be killed. `id` names a new adoption.
pub async fn run(db: &Db, clock: &Clock, id: &str, options: &AdoptOptions) -> Result<Report, AdoptError> {
    match db {
        Db::Postgres { pool, server } => postgres::run(pool, server, clock, id, options).await,
        Db::Sqlite { write, file, .. } => sqlite::run(write, file, clock, id, options).await,
    }
}

/// The proof of the last adoption, if there was one.
pub async fn last(db: &Db) -> sqlx::Result<Option<Report>> {
    if inspect(db).await?.kind != Kind::Current {
        return Ok(None);
    }
    let mut tx = db.read().await?;
    let sql = "SELECT report FROM schema_adoption WHERE completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT 1";
    let report = crate::db::scalar!(&mut tx, sqlx::types::Json<Report>, sql)?;
    Ok(report.map(|report| report.0))
}

/// Shows the older application's role the old names first, from its next connection on (PostgreSQL).
pub async fn prepare_role(db: &Db, role: &str) -> Result<RolePrepared, AdoptError> {
    match db {
        Db::Postgres { pool, server } => role::prepare_role(pool, server, role).await,
        Db::Sqlite { .. } => Err(AdoptError::Refused(vec![ONLY_POSTGRES.to_owned()])),
    }
}

/// Ends the time of the old names; deletions older than `keep_days` become final (PostgreSQL).
pub async fn contract(db: &Db, clock: &Clock, keep_days: u32) -> Result<Contracted, AdoptError> {
    match db {
        Db::Postgres { pool, server } => contract::contract(pool, server, clock, keep_days).await,
        Db::Sqlite { .. } => Err(AdoptError::Refused(vec![ONLY_POSTGRES.to_owned()])),
    }
}

/// What needs one session from its beginning to its end.
const NO_POOLER: &str = "a database of the older application is taken over through the server itself, not through a pooler: run this command with \
     [database] url leading to the server, and without [database] pooler";

const ONLY_POSTGRES: &str =
    "the embedded database has one user and no schemas: the older application cannot run beside this program there";
