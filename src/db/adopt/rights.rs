//! The privileges that an adoption needs, each with the statement that grants it (PostgreSQL).

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{
    AdoptOptions, Kind,
    plan::AdoptPlan,
    search_path::{SearchPath, database},
    target,
    views::{self, exact},
};

/// Returns a problem for every privilege that our role lacks.
pub(super) async fn problems(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    options: &AdoptOptions,
) -> sqlx::Result<Vec<String>> {
    let mut problems = tables(conn, plan).await?;
    // After the renames, an interrupted adoption already has its views.
    let begun = plan.kind == Kind::Adopting && !plan.names.tables.is_empty();
    if plan.kind.has_old_names() || begun {
        problems.extend(match &options.legacy_role {
            Some(role) => of_old_names(conn, plan, role).await?,
            None if views::are_wanted(plan, plan.kind, options) => schema(conn, plan, None).await?,
            None => Vec::new(),
        });
    }
    Ok(problems)
}

/// Returns problems that prevent putting the old names first in a role's search path.
pub(super) async fn of_old_names(conn: &mut PgConnection, plan: &AdoptPlan, role: &str) -> sqlx::Result<Vec<String>> {
    let mut problems = schema(conn, plan, Some(role)).await?;
    let path = SearchPath::of(conn, role).await?;
    if path.is_prepared() {
        return Ok(problems);
    }
    if !may_alter(conn, role).await? {
        problems.push(format!(
            "the database role {} cannot set the search path of {role}. As an administrator, run: {}",
            me(conn).await?,
            path.prepare(role, &database(conn).await?)
        ));
    }
    Ok(problems)
}

/// Whether our role may change another role's settings.
pub(super) async fn may_alter(conn: &mut PgConnection, role: &str) -> sqlx::Result<bool> {
    // Since version 16, CREATEROLE applies only to roles with ADMIN OPTION.
    let sql = "SELECT u.rolsuper OR r.oid = u.oid OR (u.rolcreaterole AND NOT r.rolsuper AND CASE \
               WHEN current_setting('server_version_num')::int >= 160000 THEN pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION') ELSE true END) \
               FROM pg_roles u, pg_roles r WHERE u.rolname = current_user AND r.rolname = $1";
    let may: Option<bool> = sqlx::query_scalar(sql).bind(role).persistent(false).fetch_optional(conn).await?;
    Ok(may.unwrap_or(false))
}

/// Returns the role that owns most tables of the older application; `None` if it is ours.
pub(super) async fn owner_of_tables(conn: &mut PgConnection, plan: &AdoptPlan) -> sqlx::Result<Option<String>> {
    let sql = "SELECT r.rolname::text FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE c.relkind IN ('r', 'p') \
               AND c.relnamespace = to_regnamespace($1) AND c.relname = ANY($2) GROUP BY 1 ORDER BY count(*) DESC LIMIT 1";
    let owner: Option<String> = sqlx::query_scalar(sql)
        .bind(&plan.found.schema)
        .bind(names(plan))
        .persistent(false)
        .fetch_optional(&mut *conn)
        .await?;
    let me = me(conn).await?;
    Ok(owner.filter(|owner| *owner != me))
}

/// Returns the present names of our tables.
fn names(plan: &AdoptPlan) -> Vec<String> {
    let ours = target::postgres().tables.iter().map(|table| plan.names.table(&table.name));
    ours.filter(|name| plan.found.tables.contains_key(*name)).map(str::to_owned).collect()
}

/// A table can be altered only by its owner, or by a member of that role.
async fn tables(conn: &mut PgConnection, plan: &AdoptPlan) -> sqlx::Result<Vec<String>> {
    let sql = "SELECT r.rolname::text, c.relname::text FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner \
               WHERE c.relkind IN ('r', 'p') AND c.relnamespace = to_regnamespace($1) AND c.relname = ANY($2) \
               AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1, 2";
    let found: Vec<(String, String)> =
        sqlx::query_as(sql).bind(&plan.found.schema).bind(names(plan)).persistent(false).fetch_all(&mut *conn).await?;
    let mut by_owner: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (owner, table) in found {
        by_owner.entry(owner).or_default().push(table);
    }
    let me = me(conn).await?;
    let message = |(owner, tables): (String, Vec<String>)| {
        format!(
            "the tables {} belong to {owner}, so the database role {me} cannot alter them. As {owner} or an administrator, run: \
             GRANT {} TO {}; or run this command as {owner}",
            tables.join(", "),
            exact(&owner),
            exact(&me)
        )
    };
    Ok(by_owner.into_iter().map(message).collect())
}

/// Returns problems with the schema of the old names: creating it, or creating views in it.
pub(super) async fn schema(conn: &mut PgConnection, plan: &AdoptPlan, role: Option<&str>) -> sqlx::Result<Vec<String>> {
    let me = me(conn).await?;
    if plan.found.legacy.is_none() {
        let sql = "SELECT has_database_privilege(current_database(), 'CREATE')";
        let may: bool = sqlx::query_scalar(sql).persistent(false).fetch_one(&mut *conn).await?;
        let message = format!(
            "the database role {me} cannot create the schema legacy, which holds the old names for the older application. As the \
             owner of the database, run: GRANT CREATE ON DATABASE {db} TO {role}; or: CREATE SCHEMA legacy AUTHORIZATION {role}",
            db = exact(&database(conn).await?),
            role = exact(&me)
        );
        return Ok(if may { Vec::new() } else { vec![message] });
    }
    let sql = "SELECT pg_has_role(nspowner, 'USAGE'), has_schema_privilege('legacy', 'CREATE'), \
               $1::text IS NULL OR has_schema_privilege($1::text, 'legacy', 'USAGE') FROM pg_namespace WHERE nspname = 'legacy'";
    let (owns, creates, shown): (bool, bool, bool) =
        sqlx::query_as(sql).bind(role).persistent(false).fetch_one(&mut *conn).await?;
    // The owner grants USAGE to the older application; for others that must be done already.
    let message = format!(
        "the schema legacy belongs to another role, so the database role {me} cannot create views in it. As its owner or an \
         administrator, run: ALTER SCHEMA legacy OWNER TO {}",
        exact(&me)
    );
    Ok(if owns || (creates && shown) { Vec::new() } else { vec![message] })
}

async fn me(conn: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar("SELECT current_user::text").persistent(false).fetch_one(conn).await
}
