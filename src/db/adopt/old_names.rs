//! The old names beside the new ones, for an application that still uses them: who it is, its views, and their end (PostgreSQL).

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::{
    AdoptError, NO_POOLER, Options, alone::alone, catalogue::Catalogue, plan::Plan, proof, recognise::Kind, target,
};
use crate::{db::server::Server, outside::Clock};

pub(super) async fn no_role(conn: &mut PgConnection, role: &str) -> sqlx::Result<Option<String>> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)";
    let there: bool = sqlx::query_scalar(sql).bind(role).fetch_one(conn).await?;
    Ok((!there).then(|| format!("there is no role '{role}' on this server")))
}

/// Who else is connected and would not see the old names after the expand.
pub(super) async fn others(conn: &mut PgConnection, options: &Options) -> sqlx::Result<Option<String>> {
    let sql = "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND usename IS NOT NULL AND application_name <> 'store-sync'";
    let names: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *conn).await?;
    let prepared: Vec<String> = sqlx::query_scalar(PREPARED_ROLES).fetch_all(&mut *conn).await?;
    let known = |name: &&String| !prepared.contains(name) && options.legacy_role.as_ref() != Some(name);
    let unknown: Vec<&str> = names.iter().filter(known).map(String::as_str).collect();
    Ok((!unknown.is_empty()).then(|| {
        format!(
            "connected as {} and not prepared: if that is the older application, it will not see its old names until `store-sync \
             migrate --prepare --legacy-role ROLE` was run and it has connected anew",
            unknown.join(", ")
        )
    }))
}

/// Roles whose search path in this database begins with the old names.
const PREPARED_ROLES: &str = "SELECT r.rolname::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole \
     WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) \
     AND EXISTS (SELECT 1 FROM unnest(s.setconfig) c WHERE c LIKE 'search_path=%legacy%')";

/// The statements that make the old names: special views from `legacy.sql`, and plain ones of every other table there was.
pub(super) fn legacy_views(plan: &Plan, options: &Options) -> Vec<String> {
    let here = &plan.found.schema;
    // The right to make one is needed only where there is none.
    let mut text = if plan.found.legacy.is_none() { vec!["CREATE SCHEMA legacy".to_owned()] } else { Vec::new() };
    let special = ["collection_session", "generation_flow", "generated_asset", "message", "favorite_image"];
    let known = |name: &str| target::postgres().table(name).is_some() || OTHER_TABLES.contains(&name);
    for shape in proof::shapes(&plan.found, &plan.names) {
        if special.contains(&shape.table.as_str()) || !known(&shape.table) {
            continue;
        }
        let columns: Vec<String> = shape.columns.iter().map(|name| format!("\"{name}\"")).collect();
        let rows = if shape.table == "product_image" { " WHERE deleted_at IS NULL" } else { "" };
        let (view, columns) = (&shape.table, columns.join(", "));
        text.push(format!("CREATE OR REPLACE VIEW legacy.\"{view}\" AS SELECT {columns} FROM {here}.\"{view}\"{rows}"));
    }
    text.push(include_str!("legacy.sql").replace("{schema}", here));
    text.extend(options.legacy_role.iter().map(|role| grants(role, here)));
    text
}

/// Tables of the older application that are its own business.
const OTHER_TABLES: &[&str] = &["admin_session", "session", "account", "verification", "invitation"];

fn grants(role: &str, here: &str) -> String {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    format!(
        "GRANT USAGE ON SCHEMA legacy TO {role};\nGRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO {role};\n\
         DO $do$ BEGIN EXECUTE format('ALTER ROLE {role} IN DATABASE %I SET search_path = legacy, {here}', current_database()); END $do$"
    )
}

/// Shows a role the old names first, from its next connection on. Nothing changes for it while there are none.
pub(super) async fn prepare_role(pool: &PgPool, server: &Server, role: &str) -> Result<(), AdoptError> {
    if server.pooled {
        return Err(AdoptError::Refused(vec![NO_POOLER.to_owned()]));
    }
    let mut conn = pool.acquire().await?.detach();
    let mut tx = conn.begin().await?;
    if let Some(problem) = no_role(&mut tx, role).await? {
        return Err(AdoptError::Refused(vec![problem]));
    }
    let sql = format!("CREATE SCHEMA IF NOT EXISTS legacy;\n{}", grants(role, &server.schema));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(conn.close().await?)
}

/// Ends the time of the old names: refused while anybody may still use them.
pub(super) async fn contract(
    pool: &PgPool,
    server: &Server,
    clock: &Clock,
    keep_days: u32,
) -> Result<super::Contracted, AdoptError> {
    if server.pooled {
        return Err(AdoptError::Refused(vec![NO_POOLER.to_owned()]));
    }
    let _alone = alone(pool, clock).await?;
    let mut conn = pool.acquire().await?.detach();
    let plan = Plan::new(Catalogue::read(&mut conn, server).await?);
    if plan.kind != Kind::Current {
        return Err(AdoptError::Refused(vec![format!(
            "the database is not up to date ({}): run store-sync migrate first",
            plan.kind
        )]));
    }
    let roles: Vec<String> = sqlx::query_scalar(PREPARED_ROLES).fetch_all(&mut conn).await?;
    // Where no role was named, the older application may be using ours.
    let own: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut conn).await?;
    let watched = if roles.is_empty() && plan.found.legacy.is_some() { vec![own] } else { roles.clone() };
    let sql = "SELECT usename::text, count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND application_name <> 'store-sync' AND usename = ANY($1) GROUP BY 1";
    let busy: Vec<(String, i64)> = sqlx::query_as(sql).bind(&watched).fetch_all(&mut conn).await?;
    if !busy.is_empty() {
        let who: Vec<String> = busy.iter().map(|(role, sessions)| format!("{role} ({sessions} connections)")).collect();
        let text =
            format!("the older application is still connected: {}. Stop it first; nothing was changed", who.join(", "));
        return Err(AdoptError::Refused(vec![text]));
    }
    let mut tx = conn.begin().await?;
    sqlx::raw_sql("SET LOCAL lock_timeout = '500ms'").execute(&mut *tx).await?;
    let before = clock.now().minus(Duration::from_hours(24 * u64::from(keep_days)));
    let favourites = sqlx::query(FAVOURITES).execute(&mut *tx).await?.rows_affected();
    // A picture that was pushed stays known, so that it can be taken out of the shop again.
    let assets = "DELETE FROM generated_asset a WHERE deleted_at < $1 AND NOT EXISTS (SELECT 1 FROM asset_push p WHERE p.generated_asset_id = a.id)";
    let assets = sqlx::query(assets).bind(before).execute(&mut *tx).await?.rows_affected();
    let flows = sqlx::query("DELETE FROM generation_flow WHERE deleted_at < $1")
        .bind(before)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    sqlx::raw_sql("DROP SCHEMA IF EXISTS legacy CASCADE").execute(&mut *tx).await?;
    for role in &roles {
        let role = format!("\"{}\"", role.replace('"', "\"\""));
        let sql = format!(
            "DO $do$ BEGIN EXECUTE format('ALTER ROLE {role} IN DATABASE %I RESET search_path', current_database()); END $do$"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    conn.close().await?;
    Ok(super::Contracted { favourites, assets, flows, roles })
}

/// Favourites that a product names among its pictures become rows of their own.
const FAVOURITES: &str = "INSERT INTO favorite_image (id, client_id, generated_asset_id, created_at, updated_at) \
     SELECT DISTINCT 'product_' || a.id, a.client_id, a.id, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' FROM product p \
     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(p.favorite_images) WHEN 'array' THEN p.favorite_images ELSE '[]' END) f \
     JOIN generated_asset a ON a.id = f ->> 'imageId' AND a.client_id = p.client_id \
     WHERE NOT EXISTS (SELECT 1 FROM favorite_image i WHERE i.generated_asset_id = a.id AND i.client_id = a.client_id) \
     ON CONFLICT DO NOTHING";
