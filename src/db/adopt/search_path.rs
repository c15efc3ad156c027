//! The search path of a role: the old names come first, the previous entries follow and are restored later
//! (PostgreSQL).

use sqlx::{Connection, PgConnection};

use super::views::exact;
use crate::db::server;

/// The search path of a role in this database.
#[derive(Debug)]
pub(super) struct SearchPath {
    /// Set for the role in this database.
    own: Option<Vec<String>>,
    /// The value without that setting: set for the role, for the database, or by the server.
    inherited: Vec<String>,
}

const LEGACY: &str = "legacy";

impl SearchPath {
    pub(super) async fn of(conn: &mut PgConnection, role: &str) -> sqlx::Result<Self> {
        let sql = "WITH set AS (SELECT s.setrole, s.setdatabase, substr(c, length('search_path=') + 1) AS path \
                   FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE c LIKE 'search_path=%'), \
                   us AS (SELECT (SELECT oid FROM pg_roles WHERE rolname = $1) AS role, \
                   (SELECT oid FROM pg_database WHERE datname = current_database()) AS db) \
                   SELECT (SELECT path FROM set, us WHERE setrole = role AND setdatabase = db), \
                   coalesce((SELECT path FROM set, us WHERE setrole = role AND setdatabase = 0), \
                   (SELECT path FROM set, us WHERE setrole = 0 AND setdatabase = db), \
                   (SELECT boot_val FROM pg_settings WHERE name = 'search_path'))";
        let (own, inherited): (Option<String>, String) =
            sqlx::query_as(sql).bind(role).persistent(false).fetch_one(conn).await?;
        Ok(Self { own: own.as_deref().map(server::names), inherited: server::names(&inherited) })
    }

    /// Whether the old names come first already, whoever set that.
    pub(super) fn is_prepared(&self) -> bool {
        self.own.as_ref().unwrap_or(&self.inherited).first().is_some_and(|first| first == LEGACY)
    }

    /// Returns the statement that puts the old names first, and everything else after them in its present order.
    pub(super) fn prepare(&self, role: &str, database: &str) -> String {
        let before = self.own.as_ref().unwrap_or(&self.inherited);
        let path = std::iter::once(LEGACY).chain(before.iter().map(String::as_str).filter(|name| *name != LEGACY));
        set(role, database, &path.collect::<Vec<_>>())
    }

    /// Returns the statement that restores the role's previous search path; `None` if nothing is set for it.
    pub(super) fn restore(&self, role: &str, database: &str) -> Option<String> {
        let before: Vec<&str> = self.own.as_ref()?.iter().map(String::as_str).filter(|name| *name != LEGACY).collect();
        Some(if before == self.inherited || before.is_empty() {
            format!("ALTER ROLE {} IN DATABASE {} RESET search_path", exact(role), exact(database))
        } else {
            set(role, database, &before)
        })
    }
}

fn set(role: &str, database: &str, path: &[&str]) -> String {
    let path: Vec<String> = path.iter().map(|name| server::quoted(name)).collect();
    format!("ALTER ROLE {} IN DATABASE {} SET search_path = {}", exact(role), exact(database), path.join(", "))
}

/// Returns the name of the present database.
pub(super) async fn database(conn: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar("SELECT current_database()::text").persistent(false).fetch_one(conn).await
}

pub(super) async fn no_role(conn: &mut PgConnection, role: &str) -> sqlx::Result<Option<String>> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)";
    let mut tx = conn.begin().await?;
    let there: bool = sqlx::query_scalar(sql).bind(role).persistent(false).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok((!there).then(|| format!("there is no role '{role}' on this server")))
}

/// Returns the roles that have the old names first in this database.
pub(super) async fn prepared_roles(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let sql = "SELECT DISTINCT r.rolname::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) c \
               WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) \
               AND c ~ '^search_path=\"?legacy\"?(,|$)' ORDER BY 1";
    sqlx::query_scalar(sql).persistent(false).fetch_all(conn).await
}
