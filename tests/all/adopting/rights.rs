//! What a database's owner has to allow: told before anything is changed, each with the statement that allows it.

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store_sync::{
    db::{
        Db,
        adopt::{self, AdoptError, AdoptOptions, Kind, Report, RolePrepared},
    },
    outside::Clock,
};

use super::{GEN1, Legacy, OldApp, ROWS};

/// A database whose tables belong to a role with few rights, and the older application's own role.
struct Guarded {
    legacy: Legacy,
    owner: String,
    app: String,
}

impl Guarded {
    async fn new() -> Self {
        let legacy = Legacy::empty().await;
        let (owner, app) = (format!("owner_{}", legacy.name()), format!("old_{}", legacy.name()));
        let rows = ROWS.replace(":images", "20");
        legacy
            .run(&format!(
                "CREATE ROLE {owner} LOGIN; CREATE ROLE {app} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {owner}; \
                 SET ROLE {owner}; {GEN1} {rows} GRANT ALL ON ALL TABLES IN SCHEMA public TO {app}; RESET ROLE"
            ))
            .await;
        Self { legacy, owner, app }
    }

    async fn db(&self, role: &str) -> Db {
        Db::open(&SecretString::from(self.legacy.url_of(role)), 3).await.expect("opens")
    }

    fn options(&self) -> AdoptOptions {
        AdoptOptions { legacy: true, legacy_role: Some(self.app.clone()) }
    }

    async fn adopt(&self, role: &str) -> Result<Report, AdoptError> {
        adopt::run(&self.db(role).await, &Clock::system(), "a", &self.options()).await
    }

    /// Every command says the same, and changes nothing; then an administrator says to the server what was named.
    async fn refused_until_allowed(&self, role: &str, words: &str) {
        let (db, before) = (self.db(role).await, self.legacy.catalogue().await);
        let dry = adopt::dry_run(&db, &self.options()).await.map(drop);
        let run = self.adopt(role).await.map(drop);
        let mut statements = Vec::new();
        for done in [dry, run] {
            let Err(AdoptError::Refused(why)) = done else { panic!("expected a refusal with '{words}', got {done:?}") };
            let told = why.iter().find(|text| text.contains(words)).unwrap_or_else(|| panic!("{words}: {why:?}"));
            let statement =
                told.split("run: ").nth(1).expect("names a statement").split("; or").next().expect("a text");
            statements.push(statement.to_owned());
        }
        assert_eq!(self.legacy.catalogue().await, before);
        assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Gen1, "nothing is begun");
        self.legacy.run(&statements[0]).await;
    }

    async fn app(&self) -> OldApp {
        let conn = PgConnection::connect(&self.legacy.url_of(&self.app)).await.expect("connects");
        OldApp { conn, role: self.app.clone() }
    }

    async fn sees_its_tables(&self) {
        let mut app = self.app().await;
        let copy = app.load("studio-1").await;
        app.save(&copy).await;
        for sql in ["DELETE FROM product WHERE id = 'product-20'", "DELETE FROM studio_session WHERE id = 'studio-1'"] {
            sqlx::raw_sql(sql).execute(&mut app.conn).await.expect("deletes");
        }
        app.conn.close().await.expect("closes");
    }

    async fn clear(self) {
        self.legacy.pool.close().await;
        let pool = sqlx::PgPool::connect(&self.legacy.url).await.expect("connects");
        let sql = format!(
            "DROP SCHEMA IF EXISTS legacy CASCADE; DROP OWNED BY {0}, {1} CASCADE; DROP ROLE {0}; DROP ROLE {1}",
            self.owner, self.app
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect("cleans up");
    }
}

#[tokio::test]
async fn an_owner_with_few_rights_is_told_each_and_each_statement_helps() {
    let guarded = Guarded::new().await;
    let owner = guarded.owner.clone();
    guarded.refused_until_allowed(&owner, "cannot create the schema legacy").await;
    guarded.refused_until_allowed(&owner, "cannot set the search path of").await;
    // A database administrator has done both by hand: no more rights are needed.
    guarded.adopt(&owner).await.expect("adopts");
    guarded.sees_its_tables().await;
    guarded.clear().await;
}

#[tokio::test]
async fn an_administrator_may_prepare_for_an_owner_who_may_not() {
    let guarded = Guarded::new().await;
    let why = adopt::prepare_role(&guarded.db(&guarded.owner).await, &guarded.app).await.expect_err("may not");
    let why = why.to_string();
    assert!(why.contains("cannot create the schema legacy") && why.contains("cannot set the search path"), "{why}");
    let prepared = adopt::prepare_role(&guarded.legacy.db().await, &guarded.app).await.expect("an administrator may");
    assert_eq!(prepared, RolePrepared::Now { sessions: 0 });
    let again = adopt::prepare_role(&guarded.db(&guarded.owner).await, &guarded.app).await;
    assert_eq!(again.expect("nothing is left to do"), RolePrepared::Now { sessions: 0 });
    guarded.adopt(&guarded.owner).await.expect("the schema is the owner's");
    guarded.sees_its_tables().await;
    // The end needs the right that the beginning needed: what is left is said.
    let (clock, owner) = (Clock::system(), guarded.db(&guarded.owner).await);
    let done = loop {
        match adopt::contract(&owner, &clock, 30).await {
            Ok(done) => break done,
            Err(AdoptError::Refused(why)) if why[0].contains("still connected") => {}
            Err(why) => panic!("{why}"),
        }
    };
    assert!(done.to_run[0].ends_with("RESET search_path"), "{done:?}");
    guarded.clear().await;
}

#[tokio::test]
async fn a_schema_of_old_names_that_is_somebody_elses_is_told() {
    let guarded = Guarded::new().await;
    guarded.legacy.run("CREATE SCHEMA legacy").await;
    let owner = guarded.owner.clone();
    guarded.refused_until_allowed(&owner, "the schema legacy belongs to another role").await;
    guarded.refused_until_allowed(&owner, "cannot set the search path of").await;
    guarded.adopt(&owner).await.expect("adopts");
    guarded.clear().await;
}

#[tokio::test]
async fn a_second_role_takes_over_what_belongs_to_the_first() {
    let guarded = Guarded::new().await;
    let tool = format!("tool_{}", guarded.legacy.name());
    guarded
        .legacy
        .run(&format!(
            "CREATE ROLE {tool} LOGIN CREATEROLE; GRANT CREATE, USAGE ON SCHEMA public TO {tool}; \
             GRANT SELECT ON ALL TABLES IN SCHEMA public TO {tool}; GRANT CREATE ON DATABASE {} TO {tool}",
            guarded.legacy.name()
        ))
        .await;
    guarded.refused_until_allowed(&tool, "so the database role").await;
    guarded.adopt(&tool).await.expect("as a member of the owner's role");
    guarded.sees_its_tables().await;
    let sql = format!("DROP SCHEMA legacy CASCADE; DROP OWNED BY {tool} CASCADE; DROP ROLE {tool}");
    guarded.legacy.run(&sql).await;
    guarded.clear().await;
}

#[tokio::test]
async fn connections_from_before_the_preparation_are_counted_and_named() {
    let guarded = Guarded::new().await;
    let (db, role) = (guarded.legacy.db().await, guarded.app.clone());
    let mut early = guarded.app().await;
    sqlx::raw_sql("SET application_name = 'early-bird'").execute(&mut early.conn).await.expect("sets");
    assert_eq!(adopt::prepare_role(&db, &role).await.expect("prepares"), RolePrepared::Now { sessions: 1 });
    let late = guarded.app().await;
    let told = adopt::dry_run(&db, &guarded.options()).await.expect("rehearses").warnings.join(" ");
    assert!(
        told.contains(&format!("1 connection(s) as {role} began before")) && told.contains("(early-bird from"),
        "{told}"
    );
    assert!(told.contains("pooler"), "{told}");
    let why = guarded.adopt("store_sync").await.expect_err("it would lose its tables").to_string();
    assert!(why.contains("(early-bird from"), "{why}");
    assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Gen1);
    early.conn.close().await.expect("closes");
    let there = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}'");
    while guarded.legacy.number(&there).await > 1 {}
    guarded.adopt("store_sync").await.expect("the later one sees the old names");
    late.conn.close().await.expect("closes");
    while guarded.legacy.number(&there).await > 0 {}
    guarded.clear().await;
}

#[tokio::test]
async fn the_roles_own_search_path_is_kept_behind_the_old_names_and_given_back() {
    let guarded = Guarded::new().await;
    let (db, role) = (guarded.legacy.db().await, guarded.app.clone());
    guarded
        .legacy
        .run(&format!(
            "CREATE SCHEMA app; CREATE TABLE app.extra (id text); GRANT USAGE ON SCHEMA app TO {role}; GRANT SELECT ON app.extra TO {role}; \
             ALTER ROLE {role} IN DATABASE {} SET search_path = app, public",
            guarded.legacy.name()
        ))
        .await;
    adopt::prepare_role(&db, &role).await.expect("prepares");
    let mut app = guarded.app().await;
    sqlx::raw_sql("SELECT FROM extra; SELECT FROM studio_session")
        .execute(&mut app.conn)
        .await
        .expect("nothing changes for it");
    guarded.adopt("store_sync").await.expect("adopts");
    sqlx::raw_sql("SELECT FROM extra; SELECT FROM studio_session").execute(&mut app.conn).await.expect("nor now");
    app.conn.close().await.expect("closes");
    let path = format!(
        "SELECT setconfig[1] FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = '{role}' \
         UNION ALL SELECT '' LIMIT 1"
    );
    assert_eq!(guarded.legacy.text(&path).await, "search_path=legacy, app, public");
    while adopt::contract(&db, &Clock::system(), 30).await.is_err() {}
    assert_eq!(guarded.legacy.text(&path).await, "search_path=app, public");
    guarded.legacy.run("DROP SCHEMA app CASCADE").await;
    guarded.clear().await;
}
