//! What the database's owner has to allow before anything is changed, each with the statement that allows it (PostgreSQL).

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{
    AdoptOptions, Kind,
    plan::AdoptPlan,
    search_path::{SearchPath, database},
    target,
    views::{self, exact},
};

/// Everything that an adoption needs and our role may not do.
pub(super) async fn problems(
    conn: &mut PgConnection,
    plan: &AdoptPlan,
    options: &AdoptOptions,
) -> sqlx::Result<Vec<String>> {
    let mut problems = tables(conn, plan).await?;
    // Once the names have changed, an adoption that was interrupted has its views.
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

/// What showing a role the old names takes.
pub(super) async fn of_old_names(conn: &mut PgConnection, plan: &AdoptPlan, role: &str) -> sqlx::Result<Vec<String>> {
    let mut problems = schema(conn, plan, Some(role)).await?;
    let path = SearchPath::of(conn, role).await?;
    if path.is_prepared() {
        return Ok(problems);
    }
    if !may_alter(conn, role).await? {
        problems.push(format!(
            "the database role {} may not set the search path of {role}. Let an administrator run: {}",
            me(conn).await?,
            path.prepare(role, &database(conn).await?)
        ));
    }
    Ok(problems)
}

/// Whether our role may change what is set for another.
pub(super) async fn may_alter(conn: &mut PgConnection, role: &str) -> sqlx::Result<bool> {
    // Since version 16 the right to alter roles counts for those only that one was given to administer.
    let sql = "SELECT u.rolsuper OR r.oid = u.oid OR (u.rolcreaterole AND NOT r.rolsuper AND CASE \
               WHEN current_setting('server_version_num')::int >= 160000 THEN pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION') ELSE true END) \
               FROM pg_roles u, pg_roles r WHERE u.rolname = current_user AND r.rolname = $1";
    let may: Option<bool> = sqlx::query_scalar(sql).bind(role).persistent(false).fetch_optional(conn).await?;
    Ok(may.unwrap_or(false))
}

/// The role that most tables of the older application belong to, where it is another than ours.
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

/// Our tables as they are called now.
fn names(plan: &AdoptPlan) -> Vec<String> {
    let ours = target::postgres().tables.iter().map(|table| plan.names.table(&table.name));
    ours.filter(|name| plan.found.tables.contains_key(*name)).map(str::to_owned).collect()
}

/// A table is altered by its owner alone, or by a member of that role.
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
    let told = |(owner, tables): (String, Vec<String>)| {
        format!(
            "the tables {} belong to {owner}, so that the database role {me} may not alter them. Let {owner} or an administrator run: \
             GRANT {} TO {}; or run this command as {owner}",
            tables.join(", "),
            exact(&owner),
            exact(&me)
        )
    };
    Ok(by_owner.into_iter().map(told).collect())
}

/// The schema of the old names: to be made, or to be filled where it is there.
pub(super) async fn schema(conn: &mut PgConnection, plan: &AdoptPlan, role: Option<&str>) -> sqlx::Result<Vec<String>> {
    let me = me(conn).await?;
    if plan.found.legacy.is_none() {
        let sql = "SELECT has_database_privilege(current_database(), 'CREATE')";
        let may: bool = sqlx::query_scalar(sql).persistent(false).fetch_one(&mut *conn).await?;
        let told = format!(
            "the database role {me} may not make the schema legacy, which keeps the old names for the older application. Let the \
             owner of the database run: GRANT CREATE ON DATABASE {db} TO {role}; or: CREATE SCHEMA legacy AUTHORIZATION {role}",
            db = exact(&database(conn).await?),
            role = exact(&me)
        );
        return Ok(if may { Vec::new() } else { vec![told] });
    }
    let sql = "SELECT pg_has_role(nspowner, 'USAGE'), has_schema_privilege('legacy', 'CREATE'), \
               $1::text IS NULL OR has_schema_privilege($1::text, 'legacy', 'USAGE') FROM pg_namespace WHERE nspname = 'legacy'";
    let (owns, creates, shown): (bool, bool, bool) =
        sqlx::query_as(sql).bind(role).persistent(false).fetch_one(&mut *conn).await?;
    // Whoever owns it lets the older application in; others need that done.
    let told = format!(
        "the schema legacy is somebody else's, so that the database role {me} can make no views in it. Let its owner or an \
         administrator run: ALTER SCHEMA legacy OWNER TO {}",
        exact(&me)
    );
    Ok(if owns || (creates && shown) { Vec::new() } else { vec![told] })
}

async fn me(conn: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar("SELECT current_user::text").persistent(false).fetch_one(conn).await
}
