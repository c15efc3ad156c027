//! The role of the older application: puts the old names first in its search path, and counts its older connections
//! (PostgreSQL).

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::{
    AdoptError, AdoptOptions, Kind, NO_POOLER, RolePrepared,
    plan::AdoptPlan,
    rights,
    search_path::{SearchPath, database, no_role, prepared_roles},
    views::exact,
};
use crate::db::server::TransactionSetup;

/// Returns the statement that puts the old names first in a role's search path; `None` if they already are.
pub(super) async fn preparation(conn: &mut PgConnection, role: &str) -> sqlx::Result<Option<String>> {
    let path = SearchPath::of(conn, role).await?;
    Ok(if path.is_prepared() { None } else { Some(path.prepare(role, &database(conn).await?)) })
}

/// Puts the old names first in a role's search path, from its next connection on. As long as they do not exist,
/// nothing changes for it.
pub(super) async fn prepare_role(
    pool: &PgPool,
    server: &TransactionSetup,
    role: &str,
) -> Result<RolePrepared, AdoptError> {
    if server.pooled {
        return Err(AdoptError::Refused(vec![NO_POOLER.to_owned()]));
    }
    let mut conn = pool.acquire().await?.detach();
    if let Some(problem) = no_role(&mut conn, role).await? {
        return Err(AdoptError::Refused(vec![problem]));
    }
    let plan = AdoptPlan::read(&mut conn, server).await?;
    if plan.kind == Kind::Gen2 {
        return Ok(RolePrepared::NotNeeded);
    }
    let problems = rights::of_old_names(&mut conn, &plan, role).await?;
    if !problems.is_empty() {
        return Err(AdoptError::Refused(problems));
    }
    let mut text = Vec::new();
    if plan.found.legacy.is_none() {
        // The adopting role mostly owns the tables; this one may be above both.
        let owner = rights::owner_of_tables(&mut conn, &plan).await?;
        text.push(format!(
            "CREATE SCHEMA legacy{}",
            owner.map_or_else(String::new, |o| format!(" AUTHORIZATION {}", exact(&o)))
        ));
        text.push(format!("GRANT USAGE ON SCHEMA legacy TO {}", exact(role)));
    }
    text.extend(preparation(&mut conn, role).await?);
    if !text.is_empty() {
        let mut tx = conn.begin().await?;
        sqlx::raw_sql(AssertSqlSafe(text.join(";\n"))).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    note_time(&mut conn, role).await?;
    Ok(RolePrepared::Now { sessions: older_sessions(&mut conn, role).await?.len() })
}

/// The time at which each role was prepared, stored in the comment of the schema: no other place exists yet.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Comment {
    prepared: BTreeMap<String, String>,
}

impl Comment {
    async fn read(conn: &mut PgConnection) -> sqlx::Result<Option<Self>> {
        let sql = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'legacy'";
        let text: Option<Option<String>> = sqlx::query_scalar(sql).persistent(false).fetch_optional(conn).await?;
        Ok(match text.flatten() {
            None => Some(Self::default()),
            // A comment by somebody else stays.
            Some(text) => serde_json::from_str(&text).ok(),
        })
    }
}

/// Stores the server's time once the setting applies to new sessions. The first time counts: sessions that began
/// later have the old names.
async fn note_time(conn: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    let Some(mut comment) = Comment::read(conn).await? else { return Ok(()) };
    let mine = "SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'legacy'";
    let mine: Option<bool> = sqlx::query_scalar(mine).persistent(false).fetch_optional(&mut *conn).await?;
    if comment.prepared.contains_key(role) || mine != Some(true) {
        return Ok(());
    }
    let now: String =
        sqlx::query_scalar("SELECT clock_timestamp()::text").persistent(false).fetch_one(&mut *conn).await?;
    comment.prepared.insert(role.to_owned(), now);
    let text = serde_json::to_string(&comment).unwrap_or_default().replace('\'', "''");
    sqlx::raw_sql(AssertSqlSafe(format!("COMMENT ON SCHEMA legacy IS '{text}'"))).execute(conn).await.map(drop)
}

/// Returns sessions of a role that began before its preparation: they would no longer find their tables.
pub(super) async fn older_sessions(conn: &mut PgConnection, role: &str) -> sqlx::Result<Vec<String>> {
    let prepared = SearchPath::of(conn, role).await?.is_prepared();
    let since = Comment::read(conn).await?.and_then(|comment| comment.prepared.get(role).cloned());
    // A role that was prepared by hand has no recorded time.
    let since = if prepared { since } else { Some("infinity".to_owned()) };
    let Some(since) = since else { return Ok(Vec::new()) };
    let sql = "SELECT 'pid ' || pid || ' (' || coalesce(nullif(application_name, ''), 'an unnamed program') || ' from ' \
               || coalesce(client_addr::text, 'the server itself') || ', since ' || backend_start::timestamptz(0) || ')' \
               FROM pg_stat_activity WHERE datname = current_database() AND usename = $1 AND pid <> pg_backend_pid() \
               AND application_name <> 'store-sync' AND backend_start < $2::timestamptz ORDER BY backend_start";
    sqlx::query_scalar(sql).bind(role).bind(since).persistent(false).fetch_all(conn).await
}

/// Returns a warning about a role's older sessions, with what to do; `None` without any.
pub(super) async fn told_older_sessions(conn: &mut PgConnection, role: &str) -> sqlx::Result<Option<String>> {
    let sessions = older_sessions(conn, role).await?;
    let named: Vec<&str> = sessions.iter().take(5).map(String::as_str).collect();
    Ok((!sessions.is_empty()).then(|| {
        format!(
            "{} connection(s) as {role} began before the role's search path was prepared, and would no longer find its tables: {}{}. \
             Run `store-sync migrate --prepare --legacy-role {role}`, then make it reconnect: restart the application, and behind a \
             pooler, whose server connections outlive such a restart, the pooler too (PgBouncer: RECONNECT)",
            sessions.len(),
            named.join(", "),
            if sessions.len() > named.len() { ", …" } else { "" }
        )
    }))
}

/// Returns warnings about other connected roles that would not have the old names after the expand.
pub(super) async fn others(conn: &mut PgConnection, options: &AdoptOptions) -> sqlx::Result<Vec<String>> {
    let sql = "SELECT usename::text, count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND usename IS NOT NULL AND application_name <> 'store-sync' GROUP BY 1 ORDER BY 1";
    let names: Vec<(String, i64)> = sqlx::query_as(sql).persistent(false).fetch_all(&mut *conn).await?;
    let prepared = prepared_roles(conn).await?;
    let mut warnings = Vec::new();
    for (role, sessions) in &names {
        if prepared.contains(role) || options.legacy_role.as_ref() == Some(role) {
            warnings.extend(told_older_sessions(conn, role).await?);
        } else {
            warnings.push(format!(
                "connected as {role} and not prepared ({sessions} connections): if that is the older application, it will not find its \
                 old names until `store-sync migrate --prepare --legacy-role ROLE` was run and it has reconnected; behind a pooler, \
                 the pooler has to reconnect"
            ));
        }
    }
    Ok(warnings)
}
