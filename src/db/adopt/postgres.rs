//! Takes the steps on PostgreSQL: prepare, expand, backfill, tighten, verify. Killed anywhere, the next run goes on.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, types::Json};

use super::{
    AdoptError, Options, backfill,
    catalogue::Catalogue,
    plan::{Phase, Plan, Step, quoted},
    proof::{self, Shape},
    recognise::{BEFORE, Kind},
    report::{Line, Report},
    target,
};
use crate::outside::Clock;

/// Any number; the same in every process.
const LOCK: i64 = 0x7374_6f72_6573_796e;
/// Whoever waits behind us waits no longer than this: we let the others pass and come again. It is shorter than the time
/// after which the server looks for deadlocks, so that it is never the others' work that is given up.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '500ms'";
const TRIES: u32 = 120;
const PAUSE: Duration = Duration::from_millis(250);

/// What `schema_adoption.report` holds: the report, and what a resumed adoption needs.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    report: Report,
    shapes: Vec<Shape>,
}

/// What there is and what is missing. Changes nothing.
pub(super) async fn look(pool: &PgPool) -> sqlx::Result<Plan> {
    let mut conn = pool.acquire().await?;
    Ok(Plan::new(Catalogue::read(&mut conn).await?))
}

/// Everything that would be done, with counts and what would be quarantined. Changes nothing.
pub(super) async fn rehearse(pool: &PgPool, options: &Options) -> Result<Report, AdoptError> {
    let mut conn = pool.acquire().await?;
    let plan = Plan::new(Catalogue::read(&mut conn).await?);
    let mut report = first_report(&mut conn, &plan, options, true).await?;
    report.steps = lines(&plan);
    Ok(report)
}

/// Brings the database to the schema as it should be.
pub(super) async fn run(pool: &PgPool, clock: &Clock, id: &str, options: &Options) -> Result<Report, AdoptError> {
    // Its own connection: the lock goes when it does, however this process ends.
    let mut conn = pool.acquire().await?.detach();
    alone(&mut conn, clock).await?;
    let done = locked(&mut conn, clock, id, options).await;
    conn.close().await?;
    done
}

/// Waits until no other process is at it. Asks again and again: whoever waited inside a statement would be waited for by the
/// indices that the other one makes concurrently, for ever.
async fn alone(conn: &mut PgConnection, clock: &Clock) -> sqlx::Result<()> {
    while !sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut *conn).await? {
        clock.sleep(PAUSE).await;
    }
    Ok(())
}

async fn locked(conn: &mut PgConnection, clock: &Clock, id: &str, options: &Options) -> Result<Report, AdoptError> {
    let started = clock.now();
    let plan = Plan::new(Catalogue::read(conn).await?);
    if plan.kind == Kind::Current {
        return Ok(Report::new("postgres", Kind::Current, false));
    }
    if plan.kind.is_legacy() && !options.legacy {
        return Err(AdoptError::Legacy(plan.kind));
    }
    let mut kept = if plan.kind.is_legacy() { Some(prepare(conn, &plan, id, options).await?) } else { None };
    let kind = kept.as_ref().map_or(plan.kind, |kept| kept.report.kind);
    if kept.is_none() && !plan.problems.is_empty() {
        return Err(AdoptError::Refused(plan.problems));
    }
    let mut report = kept.as_ref().map_or_else(|| Report::new("postgres", kind, false), |kept| kept.report.clone());
    if report.steps.is_empty() {
        report.steps = lines(&plan);
    }
    if let Some(lock_ms) = expand(conn, clock, &plan, kind, options).await? {
        report.expand_lock_ms = Some(lock_ms);
    }
    if kept.is_some() {
        let renamed = Plan::new(Catalogue::read(conn).await?);
        backfill::run(conn, kind, &renamed).await?;
    }
    tighten(conn, clock).await?;
    if let Some(kept) = &mut kept {
        verify(conn, &mut report, &kept.shapes).await?;
    }
    report.took_ms += u64::try_from(clock.now().since(started).as_millis()).unwrap_or(u64::MAX);
    if let Some(Kept { shapes, .. }) = kept {
        finish(conn, clock, &Kept { report: report.clone(), shapes }).await?;
    }
    Ok(report)
}

fn lines(plan: &Plan) -> Vec<Line> {
    let line = |step: &Step| Line { phase: step.phase, what: step.what.clone() };
    let mut lines: Vec<Line> = plan.of(Phase::Expand).map(line).collect();
    if plan.kind.has_old_names() {
        let what = "make the views for the old names in the schema legacy".to_owned();
        lines.push(Line { phase: Phase::Expand, what });
    }
    if plan.kind.is_legacy() && plan.kind != Kind::Mixed && plan.kind != Kind::Gen3 {
        let own = backfill::lines(plan.kind).into_iter();
        lines.extend(own.map(|what| Line { phase: Phase::Backfill, what: what.to_owned() }));
    }
    lines.extend(plan.of(Phase::Tighten).map(line));
    lines
}

/// Counts, hashes, and everything that stands in the way.
async fn first_report(
    conn: &mut PgConnection,
    plan: &Plan,
    options: &Options,
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
    if plan.kind == Kind::Mixed || plan.kind == Kind::Gen3 {
        let rows: Vec<String> = report.tables.iter().map(|t| format!("{}: {} rows", t.was, t.rows_before)).collect();
        problems.push(format!("nothing was changed; the tables hold {}", rows.join(", ")));
        return Err(AdoptError::Refused(problems));
    }
    report.picture_keys = proof::first_keys(conn, plan).await?;
    report.quarantine = proof::quarantine(conn, plan).await?;
    problems.extend(proof::obstacles(conn, plan, &mut report.quarantine).await?);
    if let Some(role) = &options.legacy_role {
        problems.extend(no_role(conn, role).await?);
    }
    if !problems.is_empty() {
        return Err(AdoptError::Refused(problems));
    }
    if plan.kind.has_old_names() {
        report.warnings.extend(others(conn, options).await?);
    }
    Ok(report)
}

async fn no_role(conn: &mut PgConnection, role: &str) -> sqlx::Result<Option<String>> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)";
    let there: bool = sqlx::query_scalar(sql).bind(role).fetch_one(conn).await?;
    Ok((!there).then(|| format!("there is no role '{role}' on this server")))
}

/// Who else is connected and would not see the old names after the expand.
async fn others(conn: &mut PgConnection, options: &Options) -> sqlx::Result<Option<String>> {
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

/// Begins an adoption, or takes up the one that was begun: counts, hashes and a digest of every row, in one transaction.
async fn prepare(conn: &mut PgConnection, plan: &Plan, id: &str, options: &Options) -> Result<Kept, AdoptError> {
    if plan.kind == Kind::Adopting {
        let sql = "SELECT report FROM schema_adoption WHERE completed_at IS NULL ORDER BY started_at DESC LIMIT 1";
        let row: Option<(Json<Kept>,)> = sqlx::query_as(sql).fetch_optional(&mut *conn).await?;
        let row =
            row.ok_or_else(|| AdoptError::Refused(vec![format!("{BEFORE} is there, but no adoption is under way")]))?;
        return Ok(row.0.0);
    }
    let mut report = first_report(conn, plan, options, false).await?;
    report.steps = lines(plan);
    let shapes = proof::shapes(&plan.found, &plan.names);
    let mut tx = conn.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    // Measured again in one view of the database: what is written from here on counts as written meanwhile.
    report.tables = proof::measure(&mut tx, &shapes, &plan.names).await?;
    report.picture_keys = proof::first_keys(&mut tx, plan).await?;
    proof::keep(&mut tx, &shapes, &plan.names).await?;
    if let (false, Some(table)) =
        (plan.found.tables.contains_key("schema_adoption"), target::postgres().table("schema_adoption"))
    {
        sqlx::raw_sql(AssertSqlSafe(table.sql.clone())).execute(&mut *tx).await?;
    }
    let kept = Kept { report, shapes };
    sqlx::query("INSERT INTO schema_adoption (id, fingerprint, report, started_at) VALUES ($1, $2, $3, now())")
        .bind(id)
        .bind(plan.kind.as_str())
        .bind(Json(&kept))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(kept)
}

/// The one transaction in which names change. Gives how long it held its locks, if there was anything to do.
async fn expand(
    conn: &mut PgConnection,
    clock: &Clock,
    plan: &Plan,
    kind: Kind,
    options: &Options,
) -> Result<Option<u64>, AdoptError> {
    let mut text: Vec<String> =
        plan.of(Phase::Expand).filter(|step| !adoption_table(plan, step)).map(|step| step.sql.clone()).collect();
    let views = kind.has_old_names() && !plan.found.legacy.as_ref().is_some_and(|views| views.contains("flow"));
    if views {
        text.extend(legacy_views(plan, options));
    }
    if text.is_empty() {
        return Ok(None);
    }
    let lock = locks(plan);
    let text = text.join(";\n");
    for tried in 1.. {
        let attempt = async {
            let mut tx = conn.begin().await?;
            sqlx::raw_sql("SET LOCAL lock_timeout = '500ms'").execute(&mut *tx).await?;
            if !lock.is_empty() {
                let sql = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", lock.join(", "));
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
            }
            let locked = clock.now();
            sqlx::raw_sql(AssertSqlSafe(text.clone())).execute(&mut *tx).await?;
            tx.commit().await?;
            sqlx::Result::Ok(u64::try_from(clock.now().since(locked).as_millis()).unwrap_or(u64::MAX))
        };
        match attempt.await {
            Err(error) if tried < TRIES && is_busy(&error) => clock.sleep(PAUSE).await,
            done => return done.map(Some).map_err(busy),
        }
    }
    Ok(None)
}

/// The tables there are, in the order in which the older application takes them in its longest transaction: whoever waits
/// for its first one can then be passed by nobody, and two who take them crosswise would never let each other through.
fn locks(plan: &Plan) -> Vec<String> {
    let first = ["collection_session", "message", "generated_asset", "generation_flow"];
    let ours = target::postgres().tables.iter().map(|table| table.name.as_str());
    let rest = ours.filter(|name| !first.contains(name));
    let names = first.iter().copied().chain(rest).map(|name| plan.names.table(name).to_owned());
    names.filter(|name| plan.found.tables.contains_key(name)).map(|name| format!("public.{}", quoted(&name))).collect()
}

fn adoption_table(plan: &Plan, step: &Step) -> bool {
    plan.kind.is_legacy() && step.what == "make table schema_adoption"
}

/// The statements that make the old names: special views from `legacy.sql`, and plain ones of every other table there was.
fn legacy_views(plan: &Plan, options: &Options) -> Vec<String> {
    let mut text = vec!["CREATE SCHEMA IF NOT EXISTS legacy".to_owned()];
    let special = ["collection_session", "generation_flow", "generated_asset", "message", "favorite_image"];
    let known = |name: &str| target::postgres().table(name).is_some() || OTHER_TABLES.contains(&name);
    for shape in proof::shapes(&plan.found, &plan.names) {
        if special.contains(&shape.table.as_str()) || !known(&shape.table) {
            continue;
        }
        let columns: Vec<String> = shape.columns.iter().map(|name| format!("\"{name}\"")).collect();
        let rows = if shape.table == "product_image" { " WHERE deleted_at IS NULL" } else { "" };
        let (view, columns) = (&shape.table, columns.join(", "));
        text.push(format!("CREATE OR REPLACE VIEW legacy.\"{view}\" AS SELECT {columns} FROM public.\"{view}\"{rows}"));
    }
    text.push(include_str!("legacy.sql").to_owned());
    text.extend(options.legacy_role.iter().map(|role| grants(role)));
    text
}

/// Tables of the older application that are its own business.
const OTHER_TABLES: &[&str] = &["admin_session", "session", "account", "verification", "invitation"];

fn grants(role: &str) -> String {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    format!(
        "GRANT USAGE ON SCHEMA legacy TO {role};\nGRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA legacy TO {role};\n\
         DO $do$ BEGIN EXECUTE format('ALTER ROLE {role} IN DATABASE %I SET search_path = legacy, public', current_database()); END $do$"
    )
}

/// Shows a role the old names first, from its next connection on. Nothing changes for it while there are none.
pub(super) async fn prepare_role(pool: &PgPool, role: &str) -> Result<(), AdoptError> {
    let mut tx = pool.begin().await?;
    if let Some(problem) = no_role(&mut tx, role).await? {
        return Err(AdoptError::Refused(vec![problem]));
    }
    let sql = format!("CREATE SCHEMA IF NOT EXISTS legacy;\n{}", grants(role));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// Indices, rules and proofs, each by itself and without holding anybody up.
async fn tighten(conn: &mut PgConnection, clock: &Clock) -> Result<(), AdoptError> {
    let plan = Plan::new(Catalogue::read(conn).await?);
    if !plan.problems.is_empty() {
        return Err(AdoptError::Refused(plan.problems));
    }
    for step in plan.of(Phase::Tighten) {
        // An index made beside the others' work has to wait for them; nobody waits for it.
        let patient = step.sql.contains("CONCURRENTLY");
        for tried in 1.. {
            sqlx::raw_sql(if patient { "SET lock_timeout = 0" } else { LOCK_TIMEOUT }).execute(&mut *conn).await?;
            match sqlx::raw_sql(AssertSqlSafe(step.sql.clone())).execute(&mut *conn).await {
                Err(error) if tried < TRIES && is_busy(&error) => clock.sleep(PAUSE).await,
                done => {
                    done.map_err(busy)?;
                    break;
                }
            }
        }
    }
    Ok(())
}

fn busy(error: sqlx::Error) -> AdoptError {
    if is_busy(&error) { AdoptError::Busy } else { error.into() }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "55P03" || code == "40P01")
}

/// Compares everything with what it was.
async fn verify(conn: &mut PgConnection, report: &mut Report, shapes: &[Shape]) -> Result<(), AdoptError> {
    for (shape, proof) in shapes.iter().zip(&mut report.tables) {
        proof::compare(conn, shape, proof).await?;
    }
    if let Some(pair) = &mut report.picture_keys {
        pair.after = Some(proof::picture_keys(conn, &super::recognise::OldNames::default()).await?);
    }
    let now = Catalogue::read(conn).await?;
    report.references_lost = proof::lost_references(shapes, &now);
    let missing: i64 = report.tables.iter().map(|proof| proof.missing).sum();
    if missing > 0 {
        let text = "rows that were there at the beginning are gone: deleted by somebody else meanwhile, or links that were there twice";
        report.warnings.push(format!("{missing} {text}"));
    }
    Ok(())
}

/// Keeps the proof and lets go of the digests, together: the adoption is over.
async fn finish(conn: &mut PgConnection, clock: &Clock, kept: &Kept) -> Result<(), AdoptError> {
    for tried in 1.. {
        let attempt = async {
            let mut tx = conn.begin().await?;
            sqlx::raw_sql("SET LOCAL lock_timeout = '500ms'").execute(&mut *tx).await?;
            sqlx::raw_sql(AssertSqlSafe(format!("DROP TABLE public.{BEFORE}"))).execute(&mut *tx).await?;
            sqlx::query("UPDATE schema_adoption SET report = $1, completed_at = now() WHERE completed_at IS NULL")
                .bind(Json(kept))
                .execute(&mut *tx)
                .await?;
            tx.commit().await
        };
        match attempt.await {
            Err(error) if tried < TRIES && is_busy(&error) => clock.sleep(PAUSE).await,
            done => return done.map_err(busy),
        }
    }
    Ok(())
}

/// Ends the time of the old names: refused while anybody may still use them.
pub(super) async fn contract(pool: &PgPool, clock: &Clock, keep_days: u32) -> Result<super::Contracted, AdoptError> {
    let mut conn = pool.acquire().await?.detach();
    alone(&mut conn, clock).await?;
    let plan = Plan::new(Catalogue::read(&mut conn).await?);
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
