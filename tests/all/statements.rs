//! Every statement that is known before the program runs is prepared on both engines.
//!
//! sqlx checks statements when it compiles, but for one engine. So this reads the sources: every place that runs a statement is found,
//! and its text evaluated as the compiler does it (literals, `concat!`, the macros of its file, one text for each engine chosen by a
//! `match`). What cannot be evaluated is named here; anything else that cannot be is a failure.

mod evaluation;
mod macros;
mod reading;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use secrecy::SecretString;
use sqlx::{
    AssertSqlSafe, Database, Either, Executor, Pool, Postgres, SqlSafeStr, Statement as _, Type,
    postgres::{PgTypeInfo, types::Oid},
};
use store_sync::{
    db::{
        Db,
        adopt::{self, AdoptOptions},
    },
    model::Time,
    outside::Clock,
};

use self::reading::{Reading, Statement};
use crate::support::{Engine, fresh_database, on_both, start_of_time, write_by_hand};

/// Functions whose statements are not known before they run: file, name and why.
const UNKNOWN: &[(&str, &str, &str)] = &[("src/db/tx.rs", "run", "begins and ends transactions")];

/// How many statements of a file are put together at run time (`AssertSqlSafe`): those of an adoption, from the schema that it finds.
const AT_RUN_TIME: &[(&str, usize)] = &[
    ("src/db/adopt/alone.rs", 2),
    ("src/db/adopt/backfill.rs", 4),
    ("src/db/adopt/contract.rs", 1),
    ("src/db/adopt/expand.rs", 3),
    ("src/db/adopt/obstacles.rs", 5),
    ("src/db/adopt/patience.rs", 2),
    ("src/db/adopt/postgres.rs", 4),
    ("src/db/adopt/proof.rs", 10),
    ("src/db/adopt/recognise.rs", 1),
    ("src/db/adopt/role.rs", 2),
    ("src/db/adopt/sqlite.rs", 4),
];

/// Statements that no engine can prepare: file, beginning and why.
const UNPREPARED: &[(&str, &str, &str)] =
    &[("src/db/adopt/alone.rs", "BEGIN; SET LOCAL", "several statements, sent as one text")];

/// Parameters that PostgreSQL cannot infer, as file, function and number: times for columns with and without a zone at once, or in a `CASE`.
/// sqlx binds them as times with a zone.
const TIMES: &[(&str, &str, usize)] = &[
    ("src/db/asset.rs", "delete", 2),
    ("src/db/asset.rs", "insert", 9),
    ("src/db/asset.rs", "insert_known", 8),
    ("src/db/asset.rs", "mark_approval", 3),
    ("src/db/catalogue.rs", "mark_products_gone", 1),
    ("src/db/generation.rs", "mark_made", 10),
    ("src/db/product.rs", "link", 4),
    ("src/db/times.rs", "mend", 2),
];

/// The code under `src/db` by its path, without the tests at the end of files.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source file");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            let inside = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("below the root");
            found.push((inside.display().to_string(), code));
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db"), &mut found);
    found.retain(|(file, _)| Path::new(file).extension().is_some_and(|extension| extension == "rs"));
    found.sort();
    found
}

fn read(sources: &[(String, String)]) -> Reading {
    let helpers: Vec<&str> = UNKNOWN.iter().map(|(_, function, _)| *function).collect();
    let mut reading = Reading::default();
    for (file, code) in sources {
        reading.add(file, code, &helpers);
    }
    reading
}

#[test]
fn every_statement_is_known_or_named() {
    let reading = read(&sources());
    let named: BTreeSet<(&str, &str)> = UNKNOWN.iter().map(|(file, function, _)| (*file, *function)).collect();
    let unknown: BTreeSet<(&str, &str)> =
        reading.unread.iter().map(|(place, _)| (place.file.as_str(), place.function.as_str())).collect();
    assert_eq!(unknown, named, "statements that are not known: {:#?}", reading.unread);

    let mut at_run_time: BTreeMap<&str, usize> = BTreeMap::new();
    for place in &reading.at_run_time {
        *at_run_time.entry(&place.file).or_default() += 1;
    }
    assert_eq!(at_run_time, AT_RUN_TIME.iter().copied().collect(), "AssertSqlSafe is for adoptions");

    let adoption = |file: &str| file.starts_with("src/db/adopt/");
    let left_over: Vec<_> = reading.left_over.iter().filter(|place| !adoption(&place.file)).collect();
    assert!(left_over.is_empty(), "they look like statements, and nothing runs them: {left_over:#?}");

    let outside = reading.statements.iter().filter(|statement| !adoption(&statement.place.file)).count();
    assert!(outside > 300 && reading.statements.len() > 340, "{outside} of {}", reading.statements.len());
}

/// A database with our schema, and with that of the older application's names.
async fn migrated(engine: Engine, folder: &Path) -> Db {
    let url = SecretString::from(fresh_database(engine, folder).await);
    let db = Db::open(&url, 2).await.expect("opens");
    adopt::run(&db, &Clock::frozen(start_of_time()), "a", &AdoptOptions::default()).await.expect("migrates");
    if engine == Engine::Postgres {
        write_by_hand(&db, "CREATE SCHEMA legacy").await;
    }
    db
}

/// Prepares each statement that is for this engine; returns what is wrong with them.
async fn faults(db: &Db, engine: Engine, statements: &[Statement]) -> Vec<String> {
    let own = |statement: &&Statement| statement.engine.is_none_or(|only| only == engine);
    let mut faults = Vec::new();
    for statement in statements.iter().filter(own) {
        let fault = match db {
            Db::Sqlite { write, .. } => fault(write, statement, &[]).await,
            Db::Postgres { pool, .. } => fault(pool, statement, &types(statement)).await,
        };
        let place = &statement.place;
        faults
            .extend(fault.map(|fault| {
                format!("{}:{} ({}): {fault}: {}", place.file, place.line, place.function, statement.sql)
            }));
    }
    faults
}

/// The types of a statement's parameters, where PostgreSQL has to be told.
fn types(statement: &Statement) -> Vec<PgTypeInfo> {
    let place = &statement.place;
    let time = TIMES.iter().find(|(file, function, _)| place.file == *file && place.function == *function);
    let of = |number, last| {
        if number == last { <Time as Type<Postgres>>::type_info() } else { PgTypeInfo::with_oid(Oid(0)) }
    };
    time.map_or_else(Vec::new, |(.., last)| (1..=*last).map(|number| of(number, *last)).collect())
}

/// What is wrong with a statement, if anything is.
async fn fault<'p, D: Database>(pool: &'p Pool<D>, statement: &Statement, types: &[D::TypeInfo]) -> Option<String>
where
    &'p Pool<D>: Executor<'p, Database = D>,
{
    let prepared = match pool.prepare_with(AssertSqlSafe(statement.sql.clone()).into_sql_str(), types).await {
        Ok(prepared) => prepared,
        Err(error) => return Some(error.to_string()),
    };
    let wanted = match prepared.parameters() {
        Some(Either::Left(types)) => types.len(),
        Some(Either::Right(count)) => count,
        None => 0,
    };
    let bound = statement.binds.unwrap_or(wanted);
    (bound != wanted).then(|| format!("it has {wanted} parameters, and {bound} values are bound to it"))
}

async fn every_static_statement_is_valid(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let db = migrated(engine, folder.path()).await;
    let mut statements = read(&sources()).statements;
    let unprepared = |statement: &Statement, (file, beginning, _): &(&str, &str, &str)| {
        statement.place.file == *file && statement.sql.starts_with(beginning)
    };
    for exception in UNPREPARED {
        assert!(statements.iter().any(|statement| unprepared(statement, exception)), "{exception:?} is gone");
    }
    statements.retain(|statement| !UNPREPARED.iter().any(|exception| unprepared(statement, exception)));
    let faults = faults(&db, engine, &statements).await;
    assert!(faults.is_empty(), "{engine:?} refuses {} statements:\n{}", faults.len(), faults.join("\n"));
}

/// What this would tell of statements that are wrong.
const WRONG: &str = r#"
macro_rules! columns {
    ($rest:literal) => { concat!("SELECT id, kind FROM job ", $rest) };
}

async fn claim(tx: &mut Tx) {
    let sql = match tx {
        Tx::Sqlite(_) => "SELECT id FROM job",
        Tx::Postgres(_) => "SELECT identity FROM job",
    };
    all!(tx, (String,), sql);
}

async fn bound(tx: &mut Tx, id: &str, now: Time) {
    let sql = "UPDATE job SET started_at = $2 WHERE id = $1";
    execute!(tx, sql, id);
    maybe!(tx, Job, columns!("WHERE id = $1"), id);
}

async fn look(conn: &mut SqliteConnection) {
    sqlx::query("SELECT name FROM sqlite_masters WHERE name = $1").bind("job").fetch_all(conn).await;
}

async fn listed(tx: &mut Tx, ids: &[JobId]) {
    let sql = among!(tx, "DELETE FROM jobs WHERE id", "$1");
    execute!(tx, sql, TextList::new(ids));
}
"#;

async fn what_is_wrong_is_told_with_its_place(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let db = migrated(engine, folder.path()).await;
    let reading = read(&[("src/db/wrong.rs".to_owned(), WRONG.to_owned())]);
    assert_eq!((&reading.unread, &reading.left_over), (&Vec::new(), &Vec::new()));
    let found = faults(&db, engine, &reading.statements).await;
    let of =
        |fault: &String| fault.split(" (").next().unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned();
    let lines: Vec<String> = found.iter().map(of).collect();
    let expected: &[&str] = match engine {
        Engine::Sqlite => &["15", "17", "21", "25"],
        Engine::Postgres => &["9", "15", "17", "25"],
    };
    assert_eq!(lines, expected, "{found:#?}");
    assert!(found.iter().any(|fault| fault.contains("it has 2 parameters, and 1 values")), "{found:#?}");
}

on_both!(every_static_statement_is_valid, what_is_wrong_is_told_with_its_place);
