//! Runs the plan on PostgreSQL: prepare, expand, backfill, tighten, verify. If it is killed anywhere, the next run
//! resumes.

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, types::Json};

use super::{
    AdoptError, AdoptOptions, NO_POOLER,
    alone::alone,
    backfill,
    catalogue::FoundSchema,
    empty,
    expand::{ExpandContext, expand, expand_apart},
    obstacles,
    patience::{Patience, Tries},
    plan::AdoptPlan,
    proof::{self, Shape},
    recognise::{BEFORE, Kind},
    report::{Report, ReportLine},
    rights,
    role::{others, told_older_sessions},
    search_path::no_role,
    step::{AdoptStep, Phase},
    target, views,
};
use crate::{
    db::{DatabaseFault, server, server::TransactionSetup, tx::HeldConnection},
    outside::Clock,
};

/// The content of `schema_adoption.report`: the report, and what a resumed adoption needs.
#[derive(Debug, Serialize, Deserialize)]
struct StoredReport {
    #[serde(flatten)]
    report: Report,
    shapes: Vec<Shape>,
    /// Before this time a picture's status may be a default that a tool wrote into every row.
    #[serde(default)]
    silent_before: Option<String>,
}

/// Returns the plan. Changes nothing.
pub(super) async fn look(pool: &PgPool, server: &TransactionSetup) -> sqlx::Result<AdoptPlan> {
    // Called by monitors, which may cancel it midway.
    let mut tx = HeldConnection::begin(pool, server.read(), &server.habits).await?;
    let plan = AdoptPlan::seen_by(&mut tx, server).await;
    tx.noted(plan)
}

/// Returns the plan, once nothing on the server's side prevents the migration.
async fn changeable(pool: &PgPool, server: &TransactionSetup, options: &AdoptOptions) -> Result<AdoptPlan, AdoptError> {
    let plan = look(pool, server).await?;
    if plan.kind == Kind::Current {
        return Ok(plan);
    }
    if plan.kind.is_legacy() && !options.legacy {
        return Err(AdoptError::Legacy(plan.kind));
    }
    if server.pooled && plan.kind.is_legacy() {
        return Err(AdoptError::Refused(vec![NO_POOLER.to_owned()]));
    }
    let standing = server::standing(pool, server).await?;
    let mut problems = Vec::new();
    if standing.read_only {
        problems.push(DatabaseFault::ReadOnly.to_string());
    }
    if !standing.may_create {
        problems.push(standing.grant(&server.schema));
    }
    let mut conn = pool.acquire().await?.detach();
    if let Some(role) = &options.legacy_role
        && let Some(problem) = no_role(&mut conn, role).await?
    {
        return Err(AdoptError::Refused(vec![problem]));
    }
    if plan.kind.is_legacy() {
        problems.extend(rights::problems(&mut conn, &plan, options).await?);
    }
    if problems.is_empty() { Ok(plan) } else { Err(AdoptError::Refused(problems)) }
}

/// Reports everything that would be done, with counts and the quarantine. Changes nothing.
pub(super) async fn dry_run(
    pool: &PgPool,
    server: &TransactionSetup,
    options: &AdoptOptions,
) -> Result<Report, AdoptError> {
    let plan = changeable(pool, server, options).await?;
    let mut conn = pool.acquire().await?.detach();
    let mut report = first_report(&mut conn, &plan, options, true).await?;
    report.steps = lines(&plan, options);
    Ok(report)
}

/// Migrates the database to the target schema.
pub(super) async fn run(
    pool: &PgPool,
    server: &TransactionSetup,
    clock: &Clock,
    id: &str,
    options: &AdoptOptions,
) -> Result<Report, AdoptError> {
    changeable(pool, server, options).await?;
    let _alone = alone(pool, clock).await?;
    // A separate connection: nobody else may get what an error leaves on it.
    let mut conn = pool.acquire().await?.detach();
    let result = locked(&mut conn, server, clock, id, options).await;
    conn.close().await?;
    result
}

async fn locked(
    conn: &mut PgConnection,
    server: &TransactionSetup,
    clock: &Clock,
    id: &str,
    options: &AdoptOptions,
) -> Result<Report, AdoptError> {
    let started = clock.now();
    let plan = AdoptPlan::read(conn, server).await?;
    if plan.kind == Kind::Current {
        return Ok(Report::new("postgres", Kind::Current, false));
    }
    if plan.kind.is_legacy() && !options.legacy {
        return Err(AdoptError::Legacy(plan.kind));
    }
    let context = ExpandContext { server, clock, patience: Patience::of(conn).await? };
    let mut stored = if plan.kind.is_legacy() { Some(prepare(conn, &plan, id, options).await?) } else { None };
    let kind = stored.as_ref().map_or(plan.kind, |stored| stored.report.kind);
    if stored.is_none() && !plan.problems.is_empty() {
        return Err(AdoptError::Refused(plan.problems));
    }
    let mut report =
        stored.as_ref().map_or_else(|| Report::new("postgres", kind, false), |stored| stored.report.clone());
    if report.steps.is_empty() {
        report.steps = lines(&plan, options);
    }
    if let Some(lock_ms) = expand(conn, context, &plan, kind, options).await? {
        report.expand_lock_ms = Some(lock_ms);
    }
    if kind.is_legacy() {
        expand_apart(conn, context, &plan).await?;
    }
    if let Some(stored) = &stored {
        let renamed = AdoptPlan::read(conn, server).await?;
        tighten(conn, context, |step| {
            NEEDED_BY_BACKFILL.iter().any(|index| step.what == format!("create index {index}"))
        })
        .await?;
        let fills = empty::fills(&renamed, &stored.shapes, stored.silent_before.as_deref());
        backfill::run(conn, context.patience, clock, &fills, &stored.shapes).await?;
    }
    tighten(conn, context, |_| true).await?;
    if let Some(stored) = &stored {
        verify(conn, server, &mut report, &stored.shapes).await?;
    }
    report.took_ms += u64::try_from(clock.now().since(started).as_millis()).unwrap_or(u64::MAX);
    if let Some(mut stored) = stored.take() {
        stored.report.clone_from(&report);
        finish(conn, context, &stored).await?;
    }
    Ok(report)
}

fn lines(plan: &AdoptPlan, options: &AdoptOptions) -> Vec<ReportLine> {
    let line = |step: &AdoptStep| ReportLine { phase: step.phase, what: step.what.clone() };
    let mut lines: Vec<ReportLine> = plan.of(Phase::Expand).map(line).collect();
    if plan.kind.has_old_names() && views::are_wanted(plan, plan.kind, options) {
        let what = "create the views for the old names in the schema legacy".to_owned();
        lines.push(ReportLine { phase: Phase::Expand, what });
    }
    if plan.kind.is_legacy() && plan.kind != Kind::Mixed {
        lines.extend(empty::LINES.iter().map(|what| ReportLine { phase: Phase::Backfill, what: (*what).to_owned() }));
    }
    lines.extend(plan.of(Phase::Tighten).map(line));
    lines
}

/// Returns the report with counts and hashes; fails with everything that prevents the adoption.
async fn first_report(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    options: &AdoptOptions,
    dry_run: bool,
) -> Result<Report, AdoptError> {
    let mut report = Report::new("postgres", plan.kind, dry_run);
    report.notes.clone_from(&plan.notes);
    report.legacy_role.clone_from(&options.legacy_role);
    if !plan.kind.is_legacy() || plan.kind == Kind::Adopting {
        return Ok(report);
    }
    let mut problems = plan.problems.clone();
    let shapes = proof::shapes(&plan.found, &plan.names);
    report.tables = proof::measure(conn, &shapes, &plan.names).await?;
    if plan.kind == Kind::Mixed {
        let rows: Vec<String> = report.tables.iter().map(|t| format!("{}: {} rows", t.was, t.rows_before)).collect();
        problems.push(format!("nothing was changed; the tables hold {}", rows.join(", ")));
        return Err(AdoptError::Refused(problems));
    }
    report.picture_keys = proof::first_keys(conn, plan).await?;
    report.quarantine = obstacles::quarantine(conn, plan).await?;
    problems.extend(obstacles::found(conn, plan, &mut report.quarantine).await?);
    if let (false, true, Some(role)) = (dry_run, plan.kind.has_old_names(), &options.legacy_role) {
        problems.extend(told_older_sessions(conn, role).await?);
    }
    if !problems.is_empty() {
        return Err(AdoptError::Refused(problems));
    }
    if plan.kind.has_old_names() {
        report.warnings.extend(others(conn, options).await?);
    } else if let Some(role) = &options.legacy_role {
        report.notes.push(format!(
            "this generation of the older application uses names that do not change: {role} needs no views"
        ));
    }
    Ok(report)
}

/// Begins an adoption, or resumes one: stores counts, hashes and a digest of every row, in one transaction.
async fn prepare(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    id: &str,
    options: &AdoptOptions,
) -> Result<StoredReport, AdoptError> {
    if plan.kind == Kind::Adopting {
        let sql = "SELECT report FROM schema_adoption WHERE completed_at IS NULL ORDER BY started_at DESC LIMIT 1";
        let row: Option<(Json<StoredReport>,)> = sqlx::query_as(sql).fetch_optional(&mut *conn).await?;
        let row = row.ok_or_else(|| {
            AdoptError::Refused(vec![format!(
                "the table {BEFORE} exists, but schema_adoption has no unfinished adoption"
            )])
        })?;
        let mut stored = row.0.0;
        if stored.silent_before.is_none() {
            // Begun by an earlier release. Determined once: the rows filled from here on would change it.
            stored.silent_before = Some(proof::silent_before(conn, plan).await?);
            let sql = "UPDATE schema_adoption SET report = $1 WHERE completed_at IS NULL";
            sqlx::query(sql).bind(Json(&stored)).execute(&mut *conn).await?;
        }
        return Ok(stored);
    }
    let mut report = first_report(conn, plan, options, false).await?;
    report.steps = lines(plan, options);
    let shapes = proof::shapes(&plan.found, &plan.names);
    let mut tx = conn.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    // Measured again in one snapshot: what is written from here on counts as written meanwhile.
    report.tables = proof::measure(&mut tx, &shapes, &plan.names).await?;
    report.picture_keys = proof::first_keys(&mut tx, plan).await?;
    proof::keep(&mut tx, &shapes, &plan.names).await?;
    if let (false, Some(table)) =
        (plan.found.tables.contains_key("schema_adoption"), target::postgres().table("schema_adoption"))
    {
        sqlx::raw_sql(AssertSqlSafe(table.sql.as_str())).execute(&mut *tx).await?;
    }
    let silent_before = Some(proof::silent_before(&mut tx, plan).await?);
    let stored = StoredReport { report, shapes, silent_before };
    sqlx::query("INSERT INTO schema_adoption (id, fingerprint, report, started_at) VALUES ($1, $2, $3, now())")
        .bind(id)
        .bind(plan.kind.as_str())
        .bind(Json(&stored))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(stored)
}

/// Without these the backfill would scan a whole table per batch, if the older tool stopped before it created them.
const NEEDED_BY_BACKFILL: &[&str] = &["generated_asset_product_asset_idx", "generated_asset_generation_flow_id_idx"];

/// Runs the indices, constraints and validations, each by itself and without blocking others.
async fn tighten(
    conn: &mut PgConnection,
    context: ExpandContext<'_>,
    which: impl Fn(&AdoptStep) -> bool,
) -> Result<(), AdoptError> {
    let plan = AdoptPlan::read(conn, context.server).await?;
    if !plan.problems.is_empty() {
        return Err(AdoptError::Refused(plan.problems));
    }
    for step in plan.of(Phase::Tighten).filter(|step| which(step)) {
        let mut tries = Tries::new(context.clock);
        while let Err(error) = take(conn, context, step).await {
            tries.again(conn, error).await?;
        }
    }
    Ok(())
}

async fn take(conn: &mut PgConnection, context: ExpandContext<'_>, step: &AdoptStep) -> sqlx::Result<()> {
    let sql = AssertSqlSafe(step.sql.as_str());
    // A concurrent index build has to wait for other sessions, and nobody waits for it. It runs outside any
    // transaction, with schema-qualified names.
    if step.sql.contains("CONCURRENTLY") {
        return sqlx::raw_sql(sql).execute(conn).await.map(drop);
    }
    let mut tx = conn.begin_with(context.server.begin()).await?;
    context.patience.wait_briefly(&mut tx).await?;
    sqlx::raw_sql(sql).execute(&mut *tx).await?;
    tx.commit().await
}

/// Compares every row with its initial digest.
async fn verify(
    conn: &mut PgConnection,
    server: &TransactionSetup,
    report: &mut Report,
    shapes: &[Shape],
) -> Result<(), AdoptError> {
    for (shape, proof) in shapes.iter().zip(&mut report.tables) {
        proof::compare(conn, shape, proof).await?;
    }
    if let Some(pair) = &mut report.picture_keys {
        pair.after = Some(proof::picture_keys(conn, &super::recognise::OldNames::default()).await?);
    }
    let now = FoundSchema::read(conn, server).await?;
    report.references_lost = proof::lost_references(shapes, &now);
    let missing: i64 = report.tables.iter().map(|proof| proof.missing).sum();
    if missing > 0 {
        let text = "rows of the beginning are missing: deleted by another session meanwhile, or duplicate links";
        report.warnings.push(format!("{missing} {text}"));
    }
    Ok(())
}

/// Stores the proof and drops the digests in one transaction: the adoption is finished.
async fn finish(conn: &mut PgConnection, context: ExpandContext<'_>, stored: &StoredReport) -> Result<(), AdoptError> {
    let mut tries = Tries::new(context.clock);
    while let Err(error) = finish_at_once(conn, context, stored).await {
        tries.again(conn, error).await?;
    }
    Ok(())
}

async fn finish_at_once(
    conn: &mut PgConnection,
    context: ExpandContext<'_>,
    stored: &StoredReport,
) -> sqlx::Result<()> {
    let mut tx = conn.begin().await?;
    context.patience.wait_briefly(&mut tx).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP TABLE {BEFORE}"))).execute(&mut *tx).await?;
    sqlx::query("UPDATE schema_adoption SET report = $1, completed_at = now() WHERE completed_at IS NULL")
        .bind(Json(stored))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}
