//! The two schemas are one: every table, column, default, key and index.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use sqlx::Row;
use store_sync::{
    db::{
        Db,
        adopt::{self, AdoptOptions, Kind},
    },
    outside::Clock,
};

use crate::support::{Engine, fresh_database, start_of_time};

/// Table to column to (type class, nullable, has a default).
type Columns = BTreeMap<String, BTreeMap<String, (String, bool, bool)>>;

async fn open(engine: Engine, folder: &std::path::Path) -> Db {
    let url = SecretString::from(fresh_database(engine, folder).await);
    let db = Db::open(&url, 4).await.expect("opens");
    let options = AdoptOptions::default();
    assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Empty);
    let clock = Clock::frozen(start_of_time());
    adopt::run(&db, &clock, "a", &options).await.expect("migrates");
    let again = adopt::run(&db, &clock, "b", &options).await.expect("twice does nothing");
    assert_eq!((again.kind, again.steps.len()), (Kind::Current, 0));
    let look = adopt::inspect(&db).await.expect("looks");
    assert_eq!((look.kind, look.missing), (Kind::Current, Vec::<String>::new()));
    // Nothing but what the files say.
    assert!(adopt::dry_run(&db, &options).await.expect("looks").notes.is_empty());
    db
}

/// What a type can hold, whatever the engine calls it.
fn class(engine: Engine, name: &str) -> String {
    let name = name.to_lowercase();
    let class = match (engine, name.as_str()) {
        (_, "integer" | "bigint" | "int8") => "number",
        (_, "boolean") => "boolean",
        (_, "bytea" | "blob") => "bytes",
        // SQLite keeps times, JSON and amounts as text of one form.
        (
            Engine::Postgres,
            "text" | "jsonb" | "numeric" | "timestamp with time zone" | "timestamp without time zone",
        )
        | (Engine::Sqlite, "text") => "text",
        (_, other) => panic!("an unexpected type {other}"),
    };
    class.to_owned()
}

#[tokio::test]
async fn both_catalogues_agree_column_by_column() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (sqlite, postgres) = (open(Engine::Sqlite, folder.path()).await, open(Engine::Postgres, folder.path()).await);
    let (Db::Sqlite { read, .. }, Db::Postgres { pool, .. }) = (&sqlite, &postgres) else { panic!("one of each") };

    let mut left = Columns::new();
    let (mut left_keys, mut left_indices) = (BTreeSet::new(), BTreeSet::new());
    let tables: Vec<(String,)> = sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'")
        .fetch_all(read).await.expect("tables");
    for (table,) in tables {
        let rows = sqlx::query("SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info($1)")
            .bind(&table)
            .fetch_all(read)
            .await
            .expect("columns");
        for row in rows {
            let (name, kind, not_null): (String, String, i64) = (row.get(0), row.get(1), row.get(2));
            let default: Option<String> = row.get(3);
            left.entry(table.clone())
                .or_default()
                .insert(name, (class(Engine::Sqlite, &kind), not_null == 0, default.is_some()));
        }
        for row in sqlx::query("SELECT \"from\", \"table\", on_delete FROM pragma_foreign_key_list($1)")
            .bind(&table)
            .fetch_all(read)
            .await
            .expect("keys")
        {
            left_keys.insert((
                table.clone(),
                row.get::<String, _>(0),
                row.get::<String, _>(1),
                row.get::<String, _>(2),
            ));
        }
        for row in sqlx::query("SELECT name, \"unique\", partial FROM pragma_index_list($1) WHERE origin = 'c'")
            .bind(&table)
            .fetch_all(read)
            .await
            .expect("indices")
        {
            left_indices.insert((row.get::<String, _>(0), row.get::<i64, _>(1) == 1, row.get::<i64, _>(2) == 1));
        }
    }

    let mut right = Columns::new();
    let sql = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES', column_default IS NOT NULL \
               FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
    for row in sqlx::query(sql).fetch_all(pool).await.expect("columns") {
        let (table, name, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        right.entry(table).or_default().insert(name, (class(Engine::Postgres, &kind), row.get(3), row.get(4)));
    }
    let sql = "SELECT c.conrelid::regclass::text, a.attname::text, c.confrelid::regclass::text, \
               CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END \
               FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f'";
    let plain = |name: String| name.trim_matches('"').to_owned();
    let right_keys: BTreeSet<_> = sqlx::query(sql)
        .fetch_all(pool)
        .await
        .expect("keys")
        .into_iter()
        .map(|row| (plain(row.get(0)), row.get::<String, _>(1), plain(row.get(2)), row.get::<String, _>(3)))
        .collect();
    let sql = "SELECT i.indexrelid::regclass::text, i.indisunique, i.indpred IS NOT NULL FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname NOT LIKE '\\_sqlx%' \
               AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))";
    let right_indices: BTreeSet<_> = sqlx::query(sql)
        .fetch_all(pool)
        .await
        .expect("indices")
        .into_iter()
        .map(|row| (plain(row.get(0)), row.get::<bool, _>(1), row.get::<bool, _>(2)))
        .collect();

    assert!(left.len() >= 33, "tables: {:?}", left.keys().collect::<Vec<_>>());
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (table, columns) in &left {
        assert_eq!(columns, &right[table], "{table}");
    }
    assert_eq!(left_keys, right_keys);
    assert_eq!(left_indices, right_indices);
}
