//! A PostgreSQL server: detection of a pooler, the schema of our tables, and checks of its settings.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, PgConnection, PgPool, SqlSafeStr, SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use url::Url;

use super::{
    DatabaseAccess, Db, OpenError,
    fault::DatabaseFault,
    tx::{Habits, HeldConnection},
};

/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(15);

/// Where our tables are and how a transaction begins.
#[derive(Debug)]
pub struct TransactionSetup {
    /// The schema of our tables, quoted for SQL.
    pub(super) schema: String,
    /// Begins a transaction that may write…
    begin: Arc<str>,
    /// …and one that may not.
    read: Arc<str>,
    pub(super) pooled: bool,
    pub(super) habits: Arc<Habits>,
}

impl TransactionSetup {
    pub(super) fn begin(&self) -> SqlStr {
        AssertSqlSafe(self.begin.clone()).into_sql_str()
    }

    pub(super) fn read(&self) -> SqlStr {
        AssertSqlSafe(self.read.clone()).into_sql_str()
    }
}

/// The settings that a server reports.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct ServerSettings {
    encoding: String,
    role: String,
    schema: Option<String>,
    path: String,
    pub(super) read_only: bool,
    pub(super) may_create: bool,
}

/// Opens a pool; fails if the server is unsuitable.
pub(super) async fn open(address: &str, access: &DatabaseAccess) -> Result<Db, OpenError> {
    let (address, path) = take_path(address, access.pooled)?;
    let mut options = PgConnectOptions::from_str(&address)?.application_name("store-sync");
    if access.pooled {
        options = options.extra_float_digits(None);
    } else {
        // A plan made while a table was empty would stay in use when it has a hundred thousand rows. And a role whose
        // search path lists the older application's names first must not get them here.
        options = options.options([("plan_cache_mode", "force_custom_plan"), ("search_path", path.as_str())]);
    }
    let habits = Arc::new(Habits::new(access.max_connections, ACQUIRE_TIMEOUT, access.pooled));
    let known = habits.clone();
    let pool = PgPoolOptions::new()
        .max_connections(access.max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .before_acquire(move |_, meta| {
            let fresh = known.is_fresh(meta.age);
            Box::pin(async move { Ok(fresh) })
        })
        .connect_with(options)
        .await
        .map_err(unopened)?;
    let own = if access.pooled { format!("; SET LOCAL search_path = {path}") } else { String::new() };
    let mut server = TransactionSetup {
        schema: String::new(),
        begin: format!("BEGIN{own}").into(),
        read: format!("BEGIN READ ONLY{own}").into(),
        pooled: access.pooled,
        habits,
    };
    let standing = standing(&pool, &server).await.map_err(unopened)?;
    server.schema = check(standing, &path)?;
    Ok(Db::Postgres { pool, server: Arc::new(server) })
}

fn unopened(error: sqlx::Error) -> OpenError {
    if DatabaseFault::of(&error) == Some(DatabaseFault::Pooler) { OpenError::Pooler } else { error.into() }
}

/// Queries the server's settings.
pub(super) async fn standing(pool: &PgPool, server: &TransactionSetup) -> sqlx::Result<ServerSettings> {
    let sql = "SELECT current_setting('server_encoding') AS encoding, current_user::text AS role, \
               current_schema()::text AS schema, current_setting('search_path') AS path, \
               current_setting('transaction_read_only') = 'on' AS read_only, \
               coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create";
    let mut held = HeldConnection::begin(pool, server.begin(), &server.habits).await?;
    let standing = sqlx::query_as(sql).persistent(false).fetch_one(&mut *held).await;
    held.noted(standing)
}

/// Returns the schema of our tables.
fn check(standing: ServerSettings, path: &str) -> Result<String, OpenError> {
    if standing.encoding != "UTF8" {
        return Err(OpenError::Encoding(standing.encoding));
    }
    if names(&standing.path) != names(path) {
        // The setting requested at connect did not reach the session.
        return Err(OpenError::Pooler);
    }
    let role = quoted(&standing.role);
    let first = names(path).into_iter().next().unwrap_or_default();
    match &standing.schema {
        Some(schema) if *schema == first || first == "$user" => Ok(quoted(schema)),
        _ => Err(OpenError::NoSchema { schema: quoted(&first), role }),
    }
}

impl ServerSettings {
    /// Returns the instructions that let our role create its tables.
    pub(super) fn grant(&self, schema: &str) -> String {
        let role = quoted(&self.role);
        format!(
            "the database role {role} cannot create tables in the schema {schema}. As the owner of the database, run: GRANT \
             CREATE, USAGE ON SCHEMA {schema} TO {role}; or create a schema for it: CREATE SCHEMA store_sync \
             AUTHORIZATION {role}; and append ?search_path=store_sync to [database] url"
        )
    }
}

/// Returns how far the server's clock is ahead of this machine's, with the round-trip time; both in milliseconds.
pub(super) async fn clock_ahead(
    conn: &mut PgConnection,
    clock: &crate::outside::Clock,
) -> sqlx::Result<Option<(i64, i64)>> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let mut best: Option<(i64, i64)> = None;
    for _ in 0..3 {
        let before = clock.uncorrected().unix_ms();
        // The simple protocol: one round trip.
        let row = sqlx::raw_sql(sql).fetch_one(&mut *conn).await?;
        let after = clock.uncorrected().unix_ms();
        let (server, trip) = (sqlx::Row::try_get::<i64, _>(&row, 0)?, after - before);
        if trip >= 0 && best.is_none_or(|(_, shortest)| trip < shortest) {
            best = Some((server - before - trip / 2, trip));
        }
    }
    Ok(best)
}

/// Quotes a name for SQL if it needs that.
pub(super) fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name != "user";
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Returns the schemas that a search path names.
pub(super) fn names(path: &str) -> Vec<String> {
    let name = |part: &str| {
        let part = part.trim();
        match part.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(exact) => exact.replace("\"\"", "\""),
            None => part.to_lowercase(),
        }
    };
    path.split(',').map(name).filter(|name| !name.is_empty()).collect()
}

/// Splits the search path off a URL; `public` if it has none. Behind a pooler no other option is allowed.
fn take_path(address: &str, pooled: bool) -> Result<(String, String), OpenError> {
    let authority = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    if hosts.contains(',') {
        return Err(OpenError::SeveralHosts);
    }
    let mut url = Url::parse(address).map_err(OpenError::Unreadable)?;
    let (mut path, mut rest) = (None, Vec::new());
    for (key, value) in url.query_pairs().into_owned() {
        match key.as_str() {
            "host" | "hostaddr" | "port" if value.contains(',') => return Err(OpenError::SeveralHosts),
            "search_path" | "options[search_path]" => path = Some(value),
            "options" => {
                let (own, others) = path_of_options(&value);
                path = own.or(path);
                if pooled && !others.is_empty() {
                    return Err(OpenError::Options(others.join(" ")));
                }
                if !others.is_empty() {
                    rest.push((key, others.join(" ")));
                }
            }
            key_of_session if pooled && key_of_session.starts_with("options[") => {
                return Err(OpenError::Options(key_of_session.to_owned()));
            }
            _ => rest.push((key, value)),
        }
    }
    url.set_query(None);
    if !rest.is_empty() {
        url.query_pairs_mut().extend_pairs(rest);
    }
    let path: Vec<String> = names(path.as_deref().unwrap_or("public")).iter().map(|name| quoted(name)).collect();
    Ok((url.into(), if path.is_empty() { "public".to_owned() } else { path.join(",") }))
}

/// Splits the search path off a session's options (`-c name=value`, `--name=value`); returns the others unchanged.
fn path_of_options(options: &str) -> (Option<String>, Vec<String>) {
    // A space within a value is escaped by a backslash.
    let whole = options.replace("\\ ", "\u{1}");
    let mut words = whole.split_whitespace().map(|word| word.replace('\u{1}', "\\ "));
    let (mut path, mut others) = (None, Vec::new());
    while let Some(word) = words.next() {
        let setting = match word.as_str() {
            "-c" => words.next().unwrap_or_default(),
            word => word.trim_start_matches("--").trim_start_matches("-c").to_owned(),
        };
        match setting.split_once('=') {
            Some((name, value)) if name.replace('-', "_") == "search_path" => path = Some(value.replace("\\ ", " ")),
            _ if word == "-c" => others.push(format!("-c {setting}")),
            _ => others.push(word),
        }
    }
    (path, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_path_of_an_address_is_found_in_every_dress() {
        let path = |query: &str| take_path(&format!("postgres://u:p@h/d?{query}"), false).expect("is read");
        assert_eq!(path("sslmode=require").1, "public");
        for query in [
            "search_path=Shops",
            "options=-c%20search_path%3Dshops",
            "options=-csearch_path=shops",
            "options=--search_path=shops",
            "options[search_path]=shops",
            "options=-c%20statement_timeout=5s%20-c%20search_path=shops",
        ] {
            assert_eq!(path(query).1, "shops", "{query}");
        }
        assert_eq!(path("search_path=%22Our%20shops%22,%20public").1, "\"Our shops\",public");
        assert_eq!(path("options=-c%20search_path=a,%5C%20b").1, "a,b");
        let (address, _) = path("options=-c%20search_path=a%20-c%20statement_timeout=5s&sslmode=require");
        assert_eq!(address, "postgres://u:p@h/d?options=-c+statement_timeout%3D5s&sslmode=require");
    }

    #[test]
    fn addresses_that_cannot_serve_are_refused_in_words() {
        let why = |address: &str, pooled| take_path(address, pooled).expect_err("is refused").to_string();
        for address in [
            "postgres://u@a:1,b:2/d?target_session_attrs=read-write",
            "postgres://u:p@a,b/d",
            "postgres:///d?host=a,b&port=1,2",
        ] {
            assert!(why(address, false).contains("several hosts"), "{address}");
        }
        let message = why("postgres://u@h/d?options=-c%20search_path=a%20-c%20statement_timeout=5s", true);
        assert!(message.contains("-c statement_timeout=5s") && message.contains("ALTER ROLE"), "{message}");
        assert!(take_path("postgres://u@h/d?options=-c%20search_path=a", true).is_ok());
    }
}
