//! Renames in one short transaction; new tables that need not exist at that moment follow, one by one (PostgreSQL).

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    AdoptError, AdoptOptions,
    patience::{Patience, Tries},
    plan::AdoptPlan,
    recognise::Kind,
    role::preparation,
    step::{AdoptStep, Phase, quoted},
    target::{self, ConstraintKind},
    views,
};
use crate::{db::server::TransactionSetup, outside::Clock};

/// The context of the steps.
#[derive(Clone, Copy)]
pub(super) struct ExpandContext<'a> {
    pub server: &'a TransactionSetup,
    pub clock: &'a Clock,
    pub patience: Patience,
}

/// Runs the one transaction that renames. Returns how long it held its locks; `None` if there was nothing to do.
pub(super) async fn expand(
    conn: &mut PgConnection,
    context: ExpandContext<'_>,
    plan: &AdoptPlan,
    kind: Kind,
    options: &AdoptOptions,
) -> Result<Option<u64>, AdoptError> {
    let apart = |step: &&AdoptStep| kind.is_legacy() && step.apart.is_some();
    let steps = plan.of(Phase::Expand).filter(|step| !adoption_table(plan, step));
    let mut older: Vec<String> = Vec::new();
    if views::are_wanted(plan, kind, options) {
        older.extend(views::legacy_views(plan, kind, options));
        if let Some(role) = &options.legacy_role {
            older.extend(preparation(conn, role).await?);
        }
    }
    let steps = steps.filter(|step| !apart(step)).map(|step| step.sql.as_str());
    let text: Vec<&str> = steps.chain(older.iter().map(String::as_str)).collect();
    if text.is_empty() {
        return Ok(None);
    }
    let (lock, text) = (locks(plan), text.join(";\n"));
    let mut tries = Tries::new(context.clock);
    loop {
        match expand_at_once(conn, context, &lock, &text).await {
            Ok(lock_ms) => return Ok(Some(lock_ms)),
            Err(error) => tries.again(conn, error).await?,
        }
    }
}

/// Acquires all its locks within the time that others may be made to wait, or none.
async fn expand_at_once(
    conn: &mut PgConnection,
    context: ExpandContext<'_>,
    lock: &[String],
    text: &str,
) -> sqlx::Result<u64> {
    let mut tx = conn.begin_with(context.server.begin()).await?;
    lock_at_once(&mut tx, context, lock, "ACCESS EXCLUSIVE").await?;
    let locked = context.clock.now();
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(u64::try_from(context.clock.now().since(locked).as_millis()).unwrap_or(u64::MAX))
}

/// Runs the remaining expand steps, one table after the other.
pub(super) async fn expand_apart(
    conn: &mut PgConnection,
    context: ExpandContext<'_>,
    plan: &AdoptPlan,
) -> Result<(), AdoptError> {
    let steps: Vec<&AdoptStep> =
        plan.of(Phase::Expand).filter(|step| step.apart.is_some() && !adoption_table(plan, step)).collect();
    for steps in steps.chunk_by(|one, next| one.apart == next.apart) {
        let text: Vec<&str> = steps.iter().map(|step| step.sql.as_str()).collect();
        let lock = referred_to(steps[0].apart.as_deref().unwrap_or_default());
        let mut tries = Tries::new(context.clock);
        while let Err(error) = make_apart(conn, context, &lock, &text.join(";\n")).await {
            tries.again(conn, error).await?;
        }
    }
    Ok(())
}

async fn make_apart(
    conn: &mut PgConnection,
    context: ExpandContext<'_>,
    lock: &[String],
    text: &str,
) -> sqlx::Result<()> {
    let mut tx = conn.begin_with(context.server.begin()).await?;
    lock_at_once(&mut tx, context, lock, "SHARE ROW EXCLUSIVE").await?;
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut *tx).await?;
    tx.commit().await
}

/// Acquires all these locks within the time that others may be made to wait, or none.
async fn lock_at_once(
    tx: &mut PgConnection,
    context: ExpandContext<'_>,
    tables: &[String],
    mode: &str,
) -> sqlx::Result<()> {
    context.patience.wait_briefly(tx).await?;
    if tables.is_empty() {
        return Ok(());
    }
    context.patience.hurry(tx, std::time::Duration::ZERO).await?;
    let sql = format!("LOCK TABLE {} IN {mode} MODE", tables.join(", "));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    context.patience.take_time(tx).await
}

/// Returns the tables that a new one refers to; they are locked while it is created.
fn referred_to(table: &str) -> Vec<String> {
    let rules = target::postgres().table(table).map_or(&[][..], |table| &table.rules);
    let refers = |name: &str| {
        rules.iter().any(|rule| matches!(&rule.what, ConstraintKind::Foreign(key) if key.to == name && name != table))
    };
    ordered().filter(|name| refers(name)).map(quoted).collect()
}

/// Returns the existing tables in the order in which the older application locks them in its longest transaction. Any
/// other order could deadlock with it.
fn locks(plan: &AdoptPlan) -> Vec<String> {
    let names = ordered().map(|name| plan.names.table(name));
    names.filter(|name| plan.found.tables.contains_key(*name)).map(quoted).collect()
}

fn ordered() -> impl Iterator<Item = &'static str> {
    const FIRST: [&str; 4] = ["collection_session", "message", "generated_asset", "generation_flow"];
    let ours = target::postgres().tables.iter().map(|table| table.name.as_str());
    FIRST.into_iter().chain(ours.filter(|name| !FIRST.contains(name)))
}

fn adoption_table(plan: &AdoptPlan, step: &AdoptStep) -> bool {
    plan.kind.is_legacy() && step.what == "create table schema_adoption"
}
