//! Removes the old names (PostgreSQL); refused while anybody may still use them.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::{
    AdoptError, Contracted, Kind, NO_POOLER,
    alone::alone,
    patience::Patience,
    plan::AdoptPlan,
    rights,
    search_path::{SearchPath, database, prepared_roles},
};
use crate::{db::server::TransactionSetup, outside::Clock};

/// Removes the old names.
pub(super) async fn contract(
    pool: &PgPool,
    server: &TransactionSetup,
    clock: &Clock,
    keep_days: u32,
) -> Result<Contracted, AdoptError> {
    if server.pooled {
        return Err(AdoptError::Refused(vec![NO_POOLER.to_owned()]));
    }
    let _alone = alone(pool, clock).await?;
    let mut conn = pool.acquire().await?.detach();
    let plan = AdoptPlan::read(&mut conn, server).await?;
    if plan.kind != Kind::Current {
        return Err(AdoptError::Refused(vec![format!(
            "the database is not up to date ({}): run store-sync migrate first",
            plan.kind
        )]));
    }
    let roles = prepared_roles(&mut conn).await?;
    if plan.found.legacy.is_some() {
        let problems = rights::schema(&mut conn, &plan, None).await?;
        if !problems.is_empty() {
            return Err(AdoptError::Refused(problems));
        }
    }
    refuse_while_connected(&mut conn, &plan, &roles).await?;
    let before = clock.now().minus(Duration::from_hours(24 * u64::from(keep_days)));
    let patience = Patience::of(&mut conn).await?;
    let mut tx = conn.begin().await?;
    patience.wait_briefly(&mut tx).await?;
    let favourites = sqlx::query(FAVOURITES).execute(&mut *tx).await?.rows_affected();
    // A picture that was pushed stays, so that it can still be removed from the shop.
    let assets = "DELETE FROM generated_asset a WHERE deleted_at < $1 AND NOT EXISTS (SELECT 1 FROM asset_push p WHERE p.generated_asset_id = a.id)";
    let assets = sqlx::query(assets).bind(before).execute(&mut *tx).await?.rows_affected();
    let flows = "DELETE FROM generation_flow WHERE deleted_at < $1";
    let flows = sqlx::query(flows).bind(before).execute(&mut *tx).await?.rows_affected();
    sqlx::raw_sql("DROP SCHEMA IF EXISTS legacy CASCADE").execute(&mut *tx).await?;
    let database = database(&mut tx).await?;
    let mut to_run = Vec::new();
    for role in &roles {
        let Some(sql) = SearchPath::of(&mut tx, role).await?.restore(role, &database) else { continue };
        if rights::may_alter(&mut tx, role).await? {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
        } else {
            to_run.push(sql);
        }
    }
    tx.commit().await?;
    conn.close().await?;
    Ok(Contracted { favourites, assets, flows, roles, to_run })
}

async fn refuse_while_connected(conn: &mut PgConnection, plan: &AdoptPlan, roles: &[String]) -> Result<(), AdoptError> {
    // If no role was named, the older application may be using ours.
    let own: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut *conn).await?;
    let watched = if roles.is_empty() && plan.found.legacy.is_some() { vec![own] } else { roles.to_vec() };
    let sql = "SELECT usename::text, count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND application_name <> 'store-sync' AND usename = ANY($1) GROUP BY 1";
    let busy: Vec<(String, i64)> = sqlx::query_as(sql).bind(&watched).fetch_all(&mut *conn).await?;
    if busy.is_empty() {
        return Ok(());
    }
    let who: Vec<String> = busy.iter().map(|(role, sessions)| format!("{role} ({sessions} connections)")).collect();
    Err(AdoptError::Refused(vec![format!(
        "the older application is still connected: {}. Stop it first, and its pooler; nothing was changed",
        who.join(", ")
    )]))
}

/// Converts favourites listed in a product into rows.
const FAVOURITES: &str = "INSERT INTO favorite_image (id, client_id, generated_asset_id, created_at, updated_at) \
     SELECT DISTINCT 'product_' || a.id, a.client_id, a.id, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' FROM product p \
     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(p.favorite_images) WHEN 'array' THEN p.favorite_images ELSE '[]' END) f \
     JOIN generated_asset a ON a.id = f ->> 'imageId' AND a.client_id = p.client_id \
     WHERE NOT EXISTS (SELECT 1 FROM favorite_image i WHERE i.generated_asset_id = a.id AND i.client_id = a.client_id) \
     ON CONFLICT DO NOTHING";
