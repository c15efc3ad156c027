//! Databases of the older application, taken over with nothing lost: every generation, with all that has gone wrong in them.

mod half;
mod later;
mod rights;
mod views;
mod yielding;

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row, postgres::PgConnectOptions};
use store_sync::{
    db::{
        self, Db,
        adopt::{self, AdoptError, AdoptOptions, Kind, Report},
    },
    model::{ApprovalStatus, AssetId},
    outside::Clock,
};

use crate::support::{Engine, fresh_database, on_both, start_of_time};

const GEN1: &str = include_str!("legacy/gen1.sql");
const ROWS: &str = include_str!("legacy/rows.sql");
/// From gen1 to gen2, the first database with the new names.
const GEN2: &str =
    concat!(include_str!("legacy/renamed.sql"), include_str!("legacy/half.sql"), include_str!("legacy/gen2.sql"));

/// The tables there were, their names afterwards, and their columns.
const RENAMED: &[(&str, &str)] =
    &[("studio_session", "collection_session"), ("flow", "generation_flow"), ("generated_image", "generated_asset")];

struct Legacy {
    url: String,
    pool: PgPool,
}

impl Legacy {
    async fn empty() -> Self {
        let url = fresh_database(Engine::Postgres, std::path::Path::new("")).await;
        let pool = PgPool::connect(&url).await.expect("connects");
        Self { url, pool }
    }

    /// A gen1 database with that many pictures.
    async fn gen1(images: usize) -> Self {
        let legacy = Self::empty().await;
        legacy.run(GEN1).await;
        legacy.run(&ROWS.replace(":images", &images.to_string())).await;
        legacy
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.expect("the statements run");
    }

    async fn text(&self, sql: &str) -> String {
        let found: Option<String> =
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.expect("an answer");
        found.unwrap_or_default()
    }

    async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.expect("a number")
    }

    async fn db(&self) -> Db {
        Db::open(&SecretString::from(self.url.clone()), 5).await.expect("opens")
    }

    async fn adopt(&self) -> Result<Report, AdoptError> {
        self.adopt_with(&AdoptOptions { legacy: true, ..AdoptOptions::default() }).await
    }

    async fn adopt_with(&self, options: &AdoptOptions) -> Result<Report, AdoptError> {
        adopt::run(&self.db().await, &Clock::system(), "adoption", options).await
    }

    /// Begins an adoption and stops it where the names have changed and nothing is filled yet.
    async fn stop_before_the_backfill(&self, role: Option<&str>) {
        self.run("CREATE FUNCTION not_yet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not yet'; END $$")
            .await;
        for table in ["flow", "generation_flow", "generated_image", "generated_asset"] {
            let there = format!("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = '{table}'");
            if self.number(&there).await > 0 {
                self.run(&format!(
                    "CREATE TRIGGER not_yet_{table} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION not_yet()"
                ))
                .await;
            }
        }
        let stopped = self.adopt_with(&AdoptOptions { legacy: true, legacy_role: role.map(str::to_owned) }).await;
        assert!(
            stopped.as_ref().is_err_and(|why| why.to_string().contains("not yet")),
            "it stops at the first row: {stopped:?}"
        );
        self.run("DROP FUNCTION not_yet() CASCADE").await;
        assert_eq!(adopt::inspect(&self.db().await).await.expect("looks").kind, Kind::Adopting);
    }

    /// The name of the database.
    fn name(&self) -> &str {
        self.url.split('/').nth(3).and_then(|rest| rest.split('?').next()).expect("a name")
    }

    /// The same database, reached as another role.
    fn url_of(&self, role: &str) -> String {
        let (_, rest) = self.url.split_once('@').expect("a role");
        format!("postgres://{role}@{rest}")
    }

    /// Every row of the old tables in the old columns, as one hash a table: made by this test, not by the program.
    async fn rows(&self, shapes: &[Shape], new: bool) -> Vec<String> {
        let mut hashes = Vec::new();
        for shape in shapes {
            let columns = if new { &shape.new_columns } else { &shape.columns };
            let table = if new { &shape.new_table } else { &shape.table };
            let sql = format!(
                "SELECT '{}: ' || count(*) || ' ' || coalesce(md5(string_agg(md5(ROW({columns})::text), '' ORDER BY id)), '') FROM \"{table}\"",
                shape.table
            );
            hashes.push(self.text(&sql).await);
        }
        hashes
    }

    async fn shapes(&self) -> Vec<Shape> {
        let sql = "SELECT table_name::text, string_agg('\"' || column_name || '\"', ', ' ORDER BY ordinal_position) FROM information_schema.columns \
                   WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1";
        let tables: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(&self.pool).await.expect("tables");
        tables
            .into_iter()
            .map(|(table, columns)| {
                let renamed = RENAMED.iter().find(|(old, _)| *old == table).map_or(table.as_str(), |(_, new)| new);
                let new_columns = columns
                    .replace("studio_session_id", "collection_session_id")
                    .replace("\"flow_id\"", "\"generation_flow_id\"")
                    .replace("\"r2_key\"", "\"asset_url\"")
                    .replace("generated_image_id", "generated_asset_id");
                Shape { new_table: renamed.to_owned(), table, columns, new_columns }
            })
            .collect()
    }

    /// Tables, columns, rules, indices, triggers and functions: everything that makes a schema, in one sorted text.
    async fn catalogue(&self) -> Vec<String> {
        let others = "('admin_session', 'session', 'account', 'verification', 'invitation')";
        let sql = format!(
            "SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT IN {others} \
             UNION ALL SELECT 'rule ' || conrelid::regclass || ' ' || conname || ' ' || convalidated || ' ' || pg_get_constraintdef(oid) \
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text NOT IN {others} \
             UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT IN {others} \
             UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text NOT LIKE 'legacy.%' \
             UNION ALL SELECT 'function ' || proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
        );
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&self.pool).await.expect("a catalogue")
    }
}

struct Shape {
    table: String,
    new_table: String,
    columns: String,
    new_columns: String,
}

fn refused(result: Result<Report, AdoptError>) -> String {
    match result {
        Err(AdoptError::Refused(why)) => why.join("; "),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_small_database_is_taken_over_row_by_row() {
    let legacy = Legacy::gen1(10).await;
    let shapes = legacy.shapes().await;
    let before = legacy.rows(&shapes, false).await;
    let report = legacy.adopt().await.expect("adopts");
    assert_eq!(report.kind, Kind::Gen1);
    assert_eq!(legacy.rows(&shapes, true).await, before);
    assert!(report.is_identical(), "{report:?}");
    assert_eq!(report.tables.len(), shapes.len());
    let counts: Vec<(&str, i64)> = report.quarantine.counts.iter().map(|(reason, n)| (reason.as_str(), *n)).collect();
    let expected = [("not_a_list", 1), ("not_a_text", 3), ("other_client", 2), ("twice", 1), ("unknown_product", 2)];
    assert_eq!(counts, expected);
    let links = "SELECT string_agg(generated_asset_id || ' ' || product_id || CASE WHEN is_primary THEN '!' ELSE '' END, ', ' \
                 ORDER BY generated_asset_id, NOT is_primary) FROM generated_asset_product";
    assert_eq!(
        legacy.text(links).await,
        "image-00000002 product-3!, image-00000004 product-4!, image-00000007 product-5!, image-00000007 product-6, \
         image-00000008 product-1!, image-00000008 product-2, image-00000010 product-3!"
    );
    assert_eq!(
        legacy.number("SELECT count(*) FROM generated_asset WHERE status <> 'completed' OR completed_at IS NULL").await,
        0
    );
    assert_eq!(legacy.number("SELECT count(*) FROM generation_flow WHERE client_id IS NULL").await, 0);
    assert_eq!(
        legacy
            .number("SELECT count(*) FROM schema_adoption WHERE completed_at IS NOT NULL AND fingerprint = 'gen1'")
            .await,
        1
    );
    assert_eq!(legacy.number("SELECT count(*) FROM pg_class WHERE relname = 'schema_adoption_before'").await, 0);
    let again = legacy.adopt().await.expect("a second time");
    assert_eq!((again.kind, again.steps.len()), (Kind::Current, 0));
    // Both kinds of address answer as they stand.
    assert!(
        legacy.text("SELECT asset_url FROM generated_asset WHERE id = 'image-00000001'").await.starts_with("orgs/")
    );
}

#[tokio::test]
async fn two_hundred_thousand_pictures_are_taken_over_and_the_tables_locked_for_a_moment() {
    let legacy = Legacy::gen1(200_000).await;
    let shapes = legacy.shapes().await;
    let before = legacy.rows(&shapes, false).await;
    let report = legacy.adopt().await.expect("adopts");
    assert_eq!(legacy.rows(&shapes, true).await, before);
    assert!(report.is_identical());
    assert_eq!(legacy.number("SELECT count(*) FROM generated_asset WHERE status = 'error'").await, 200_000 / 13);
    let lock_ms = report.expand_lock_ms.expect("there was an expand");
    println!("200,000 pictures in {} ms, tables locked for {lock_ms} ms", report.took_ms);
    assert!(lock_ms < 1000, "locked for {lock_ms} ms");
}

#[tokio::test]
async fn a_rehearsal_changes_nothing_and_the_daemon_does_not_adopt_by_itself() {
    let legacy = Legacy::gen1(10).await;
    let (shapes, catalogue) = (legacy.shapes().await, legacy.catalogue().await);
    let before = legacy.rows(&shapes, false).await;
    let options = AdoptOptions { legacy: true, ..AdoptOptions::default() };
    let report = adopt::dry_run(&legacy.db().await, &options).await.expect("rehearses");
    assert!(report.dry_run && report.tables.iter().any(|t| t.was == "generated_image" && t.rows_before == 10));
    assert_eq!(report.quarantine.counts["unknown_product"], 2);
    assert!(report.steps.iter().any(|step| step.what.contains("generated_image")));
    let unasked = legacy.adopt_with(&AdoptOptions::default()).await;
    assert!(matches!(unasked, Err(AdoptError::Legacy(Kind::Gen1))), "{unasked:?}");
    assert_eq!(legacy.catalogue().await, catalogue);
    assert_eq!(legacy.rows(&shapes, false).await, before);
    let done = legacy.adopt().await.expect("adopts");
    let what = |report: &Report| report.steps.iter().map(|step| step.what.clone()).collect::<Vec<_>>();
    assert_eq!(what(&done), what(&report), "what was rehearsed is what was done");
}

#[tokio::test]
async fn fresh_and_adopted_databases_have_one_catalogue() {
    let (fresh, gen1, gen0, gen2, half) = (
        Legacy::empty().await,
        Legacy::gen1(10).await,
        Legacy::gen1(10).await,
        Legacy::gen1(10).await,
        Legacy::gen1(10).await,
    );
    gen0.run(TO_GEN0).await;
    gen2.run(GEN2).await;
    half.run("ALTER TABLE studio_session RENAME TO collection_session; ALTER TABLE generated_image RENAME COLUMN r2_key TO asset_url").await;
    let mut kinds = Vec::new();
    for legacy in [&fresh, &gen0, &gen1, &gen2, &half] {
        kinds.push(legacy.adopt().await.expect("adopts").kind);
    }
    assert_eq!(kinds, [Kind::Empty, Kind::Gen0, Kind::Gen1, Kind::Gen2, Kind::Half]);
    let expected = fresh.catalogue().await;
    assert!(expected.len() > 500, "{}", expected.len());
    for (legacy, kind) in [(&gen0, "gen0"), (&gen1, "gen1"), (&gen2, "gen2"), (&half, "half")] {
        let found = legacy.catalogue().await;
        let more: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
        let less: Vec<_> = expected.iter().filter(|line| !found.contains(line)).collect();
        assert!(more.is_empty() && less.is_empty(), "{kind} has {more:#?} and lacks {less:#?}");
        assert_eq!(adopt::inspect(&legacy.db().await).await.expect("looks").kind, Kind::Current);
        let keys = "SELECT count(*) FROM generated_asset WHERE asset_url IS NOT NULL";
        assert_eq!(legacy.number(keys).await, 10, "{kind}");
    }
}

const TO_GEN0: &str = "ALTER TABLE client RENAME TO organization; ALTER TABLE studio_session RENAME TO client_session;
    ALTER TABLE member RENAME COLUMN client_id TO organization_id; ALTER TABLE product RENAME COLUMN client_id TO organization_id;
    ALTER TABLE invitation RENAME COLUMN client_id TO organization_id; ALTER TABLE client_session RENAME COLUMN client_id TO organization_id;
    ALTER TABLE generated_image RENAME COLUMN client_id TO organization_id; ALTER TABLE favorite_image RENAME COLUMN client_id TO organization_id;
    ALTER TABLE message RENAME COLUMN studio_session_id TO client_session_id; ALTER TABLE flow RENAME COLUMN studio_session_id TO client_session_id;
    ALTER TABLE session RENAME COLUMN active_client_id TO active_organization_id; ALTER INDEX product_client_id_idx RENAME TO product_org_id_idx";

#[tokio::test]
async fn a_later_generation_keeps_its_shops_runs_and_approvals() {
    let legacy = Legacy::gen1(10).await;
    legacy.run(GEN2).await;
    let report = legacy.adopt().await.expect("adopts");
    assert_eq!(report.kind, Kind::Gen2);
    assert_eq!(
        legacy
            .text("SELECT approval_status || ' ' || approved_by FROM generated_asset WHERE id = 'image-00000002'")
            .await,
        "approved user-1"
    );
    assert_eq!(
        legacy
            .text("SELECT credentials_format || ' ' || credentials_key_id FROM store_connection WHERE id = 'conn-1'")
            .await,
        "1 v1"
    );
    assert_eq!(
        legacy
            .text("SELECT client_id || ' ' || \"trigger\" || ' ' || status FROM store_sync_log WHERE id = 'log-1'")
            .await,
        "northwind approval success"
    );
    // Its sealed grant opens with its own key, and is sealed in today's form as soon as keys rotate.
    let ring = format!("v1:{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7_u8; 32]));
    let random = store_sync::outside::Random::system();
    let vault =
        store_sync::vault::Vault::new(store_sync::vault::KeySource::Given(ring.into()), random).expect("a ring");
    let mut tx = legacy.db().await.begin().await.expect("begins");
    let sealed = db::grant::find_sealed(&mut tx, &"conn-1".into()).await.expect("reads").expect("is sealed");
    let plain = vault.unseal(&store_sync::vault::Binding(&["conn-1", "northwind", "shopify"]), &sealed).expect("opens");
    let secrets = store_sync::model::Grant::secrets_from_plaintext(&plain).expect("a grant");
    assert_eq!(secrets["access"].expose_secret(), "t");
    let due = db::grant::list_sealed_otherwise(&mut tx, "v1", store_sync::vault::FORMAT, &"".into(), 9).await;
    assert_eq!(due.expect("lists").len(), 1, "the older form is sealed anew, also under the same key");
    drop(tx);
    // A link that was there twice is there once, a reference to nothing is null, and both are told.
    assert_eq!(
        legacy.number("SELECT count(*) FROM generated_asset_product WHERE generated_asset_id = 'image-00000002'").await,
        1
    );
    assert_eq!(legacy.number("SELECT count(*) FROM product WHERE store_connection_id IS NOT NULL").await, 1);
    assert_eq!(report.quarantine.counts["link_twice"], 1);
    assert_eq!(report.quarantine.counts["dangling product.store_connection_id"], 1);
    assert_eq!(
        legacy.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'legacy'").await,
        0,
        "nobody uses the old names"
    );
}

#[tokio::test]
async fn what_cannot_be_adopted_is_left_alone_with_a_reason() {
    let mixed = Legacy::gen1(10).await;
    mixed.run("CREATE TABLE generated_asset (id text PRIMARY KEY); INSERT INTO generated_asset VALUES ('a')").await;
    let gen3 = Legacy::gen1(10).await;
    gen3.run("ALTER TABLE product ADD COLUMN store_id text").await;
    let both = Legacy::gen1(10).await;
    both.run("ALTER TABLE generated_image ADD COLUMN asset_url text; UPDATE generated_image SET asset_url = 'k' WHERE id = 'image-00000003'")
        .await;
    let alike = Legacy::gen1(10).await;
    alike.run(GEN2).await;
    alike.run("ALTER TABLE product_image ADD COLUMN is_primary boolean DEFAULT true NOT NULL").await;
    alike.run("INSERT INTO product_image (id, product_id, r2_key_base) VALUES ('pi-x', 'product-1', 'k')").await;
    let strange = Legacy::gen1(10).await;
    strange.run("ALTER TABLE product ALTER COLUMN version TYPE text USING version::text").await;
    for (legacy, words) in [
        (&mixed, "both generated_image and generated_asset exist"),
        (&gen3, "product.store_id, product.scene_types and product_image.image_url are names of a later generation"),
        (&both, "both generated_image.r2_key and generated_image.asset_url exist"),
        (&alike, "1 group(s) of rows in product_image have equal values in (product_id), which must be unique"),
        (&strange, "column product.version is text, but must be integer"),
    ] {
        let before = legacy.catalogue().await;
        let why = refused(legacy.adopt().await);
        assert!(why.contains(words), "{why}");
        let options = AdoptOptions { legacy: true, ..AdoptOptions::default() };
        assert!(adopt::dry_run(&legacy.db().await, &options).await.is_err(), "a rehearsal says it too");
        assert_eq!(legacy.catalogue().await, before);
    }
    assert!(refused(mixed.adopt().await).contains("generated_image: 10 rows"), "the rows of both are counted");
    let no_role = AdoptOptions { legacy: true, legacy_role: Some("nobody_here".into()) };
    assert!(refused(Legacy::gen1(10).await.adopt_with(&no_role).await).contains("no role 'nobody_here'"));
    let unprepared = adopt::prepare_role(&mixed.db().await, "nobody_here").await.map_err(|e| e.to_string());
    assert!(unprepared.is_err_and(|why| why.contains("no role 'nobody_here'")));
    assert_eq!(mixed.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'legacy'").await, 0);
}

/// The older application: a role of its own, one connection, statements prepared once.
struct OldApp {
    conn: PgConnection,
    role: String,
}

impl OldApp {
    async fn new(legacy: &Legacy) -> Self {
        let role = format!("old_{}", legacy.name());
        legacy
            .run(&format!(
                "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA public TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"
            ))
            .await;
        adopt::prepare_role(&legacy.db().await, &role).await.expect("prepares");
        let options: PgConnectOptions = legacy.url.parse().expect("an address");
        let conn = PgConnection::connect_with(&options.username(&role)).await.expect("the older application connects");
        Self { conn, role }
    }

    /// Goes away, and its role with it.
    async fn leave(self, legacy: &Legacy) {
        self.conn.close().await.expect("closes");
        legacy.run(&format!("REVOKE ALL ON SCHEMA public FROM {0}; DROP OWNED BY {0}; DROP ROLE {0}", self.role)).await;
    }

    /// Its copy of a session, as the browser holds it.
    async fn load(&mut self, session: &str) -> Loaded {
        let flows =
            "SELECT id, name, product_ids::text, settings::text FROM flow WHERE studio_session_id = $1 ORDER BY id";
        let flows: Vec<(String, Option<String>, String, String)> =
            sqlx::query_as(flows).bind(session).fetch_all(&mut self.conn).await.expect("flows");
        let images = "SELECT i.id, i.client_id, i.flow_id, i.r2_key, i.product_ids::text FROM generated_image i JOIN flow f ON f.id = i.flow_id \
                      WHERE f.studio_session_id = $1 ORDER BY i.id";
        let images: Vec<(String, String, String, String, Option<String>)> =
            sqlx::query_as(images).bind(session).fetch_all(&mut self.conn).await.expect("images");
        Loaded { session: session.to_owned(), flows, images }
    }

    /// Its save: delete everything below the session, insert it again under the same ids, every column named.
    async fn save(&mut self, copy: &Loaded) {
        let mut tx = self.conn.begin().await.expect("begins");
        let session = "UPDATE studio_session SET name = name || '.', version = version + 1, updated_at = now() WHERE id = $1 \
                       RETURNING id, client_id, name, product_ids, selected_base_images, version, created_at, updated_at";
        sqlx::query(session).bind(&copy.session).fetch_one(&mut *tx).await.expect("the session is updated");
        sqlx::query("DELETE FROM message WHERE studio_session_id = $1")
            .bind(&copy.session)
            .execute(&mut *tx)
            .await
            .expect("deletes");
        let message = "INSERT INTO message (id, chat_session_id, studio_session_id, role, parts, base_image_id, base_image_ids, inspiration_image_id, \
                       version, created_at, updated_at) VALUES ($1, DEFAULT, $2, 'user', '[]', DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT) \
                       RETURNING id, version, created_at";
        let row = sqlx::query(message)
            .bind(format!("saved-{}", copy.session))
            .bind(&copy.session)
            .fetch_one(&mut *tx)
            .await
            .expect("inserts");
        assert_eq!(row.get::<i32, _>(1), 1, "defaults come back");
        let gone = "DELETE FROM generated_image WHERE flow_id IN (SELECT id FROM flow WHERE studio_session_id = $1) RETURNING id";
        let gone = sqlx::query(gone).bind(&copy.session).fetch_all(&mut *tx).await.expect("deletes").len();
        assert!(gone >= copy.images.len(), "{gone} of {}", copy.images.len());
        sqlx::query("DELETE FROM flow WHERE studio_session_id = $1")
            .bind(&copy.session)
            .execute(&mut *tx)
            .await
            .expect("deletes");
        let flow = "INSERT INTO flow (id, studio_session_id, name, product_ids, selected_base_images, status, settings, current_image_index, version, \
                    created_at, updated_at) VALUES ($1, $2, $3, $4::jsonb, DEFAULT, 'completed', $5::jsonb, DEFAULT, DEFAULT, DEFAULT, DEFAULT) \
                    RETURNING id, studio_session_id, selected_base_images::text, current_image_index, version, created_at";
        for (id, name, products, settings) in &copy.flows {
            let row = sqlx::query(flow)
                .bind(id)
                .bind(&copy.session)
                .bind(name)
                .bind(products)
                .bind(settings)
                .fetch_one(&mut *tx)
                .await
                .expect("a flow is inserted");
            assert_eq!((row.get::<String, _>(0), row.get::<String, _>(2)), (id.clone(), "{}".to_owned()));
        }
        let image = "INSERT INTO generated_image (id, client_id, flow_id, chat_session_id, r2_key, prompt, settings, product_ids, job_id, error, \
                     created_at, updated_at) VALUES ($1, $2, $3, DEFAULT, $4, DEFAULT, DEFAULT, $5::jsonb, DEFAULT, DEFAULT, DEFAULT, DEFAULT) \
                     RETURNING id, client_id, flow_id, r2_key, created_at, updated_at";
        for (id, client, flow, key, products) in &copy.images {
            let row = sqlx::query(image)
                .bind(id)
                .bind(client)
                .bind(flow)
                .bind(key)
                .bind(products)
                .fetch_one(&mut *tx)
                .await
                .expect("an image is inserted");
            assert_eq!(row.get::<String, _>(3), *key);
        }
        tx.commit().await.expect("commits");
    }
}

struct Loaded {
    session: String,
    flows: Vec<(String, Option<String>, String, String)>,
    images: Vec<(String, String, String, String, Option<String>)>,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_application_goes_on_before_during_and_after() {
    let legacy = Legacy::gen1(800).await;
    let mut old = OldApp::new(&legacy).await;
    let copy = old.load("studio-1").await;
    assert!(copy.images.len() > 20 && copy.flows.len() > 2);
    old.save(&copy).await;

    // During: it saves without pause while the database is adopted, on the connection it has.
    let role = old.role.clone();
    let adopted = Arc::new(AtomicBool::new(false));
    let (done, saved) = (adopted.clone(), copy.session.clone());
    let saver = tokio::spawn(async move {
        let (mut rounds, mut after) = (0, 0);
        while after < 3 {
            after += u32::from(done.load(Ordering::SeqCst));
            old.save(&copy).await;
            rounds += 1;
        }
        (old, copy, rounds)
    });
    let options = AdoptOptions { legacy: true, legacy_role: Some(role.clone()) };
    let report = legacy.adopt_with(&options).await.expect("adopts beside the old application");
    adopted.store(true, Ordering::SeqCst);
    let (mut old, copy, rounds) = saver.await.expect("every save succeeds");
    assert!(rounds > 3 && report.expand_lock_ms.is_some());
    assert_eq!(report.tables.iter().map(|t| t.missing).sum::<i64>(), 0, "{report:?}");
    let untouched = report.tables.iter().find(|t| t.table == "product").expect("is proved");
    assert_eq!(untouched.hash_after.as_ref(), Some(&untouched.hash_before));

    // After: it sees nothing but its views, and a daemon writes beside it.
    legacy.run(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")).await;
    let db = legacy.db().await;
    let (flow, images) = (copy.flows[0].0.clone(), copy.images.clone());
    legacy
        .run(&format!(
            "INSERT INTO tag (id, client_id, name) VALUES ('t1', 'northwind', 'good');
             INSERT INTO tag_assignment (id, tag_id, entity_type, entity_id) VALUES ('ta', 't1', 'generation_flow', '{flow}');
             INSERT INTO user_favorite (id, user_id, entity_type, entity_id) VALUES ('uf', 'user-1', 'generation_flow', '{flow}');
             UPDATE generation_flow SET is_favorite = true WHERE id = '{flow}';
             INSERT INTO favorite_image (id, client_id, generated_asset_id) VALUES ('fi', 'northwind', '{0}');
             INSERT INTO generated_asset_product (id, generated_asset_id, product_id) VALUES ('by-hand', '{0}', 'product-18');
             INSERT INTO generation_flow (id, collection_session_id, client_id, settings, status) VALUES ('ours', '{saved}', 'northwind', '{{}}', 'generating');
             INSERT INTO generated_asset (id, client_id, generation_flow_id, asset_url, status, sha256) VALUES ('made', 'northwind', '{flow}', 'clients/x/made.webp', 'completed', 'abc');
             INSERT INTO message (id, collection_session_id, role, parts) VALUES ('said', '{saved}', 'assistant', '[]')",
            images[0].0
        ))
        .await;
    let seen = old.load(&saved).await;
    assert!(seen.images.iter().any(|image| image.0 == "made"), "the old application sees what the daemon made");
    let approving = {
        let (db, images) = (db.clone(), images.clone());
        tokio::spawn(async move {
            for image in &images[..12] {
                let mut tx = db.begin().await.expect("begins");
                let id = AssetId(image.0.clone());
                // The old application may be in the middle of its save: then the row is a tombstone for a moment.
                while !db::asset::mark_approval(&mut tx, &id, ApprovalStatus::Approved, None, start_of_time())
                    .await
                    .expect("writes")
                {
                    tx.commit().await.expect("commits");
                    tokio::task::yield_now().await;
                    tx = db.begin().await.expect("begins");
                }
                tx.commit().await.expect("commits");
            }
        })
    };
    while !approving.is_finished() {
        old.save(&copy).await; // its copy is older than what the daemon made
    }
    approving.await.expect("approves");
    let rest = format!(
        "UPDATE generated_asset SET approval_status = 'approved', approved_at = now() WHERE deleted_at IS NULL AND generation_flow_id IN (SELECT id FROM generation_flow WHERE collection_session_id = '{saved}') AND id <> 'made'"
    );
    legacy.run(&rest).await;
    old.save(&copy).await;
    old.save(&seen).await; // and one that is not
    let approved = format!(
        "SELECT count(*) FROM generated_asset a JOIN generation_flow f ON f.id = a.generation_flow_id WHERE f.collection_session_id = '{saved}' \
                            AND a.approval_status = 'approved' AND a.deleted_at IS NULL AND f.deleted_at IS NULL"
    );
    assert_eq!(legacy.number(&approved).await, i64::try_from(images.len()).expect("small"));
    for (what, sql) in [
        ("a tag", "SELECT count(*) FROM tag_assignment WHERE id = 'ta'"),
        ("a person's favourite", "SELECT count(*) FROM user_favorite WHERE id = 'uf'"),
        ("the flag", "SELECT count(*) FROM generation_flow WHERE is_favorite AND deleted_at IS NULL"),
        ("a favourite picture", "SELECT count(*) FROM favorite_image WHERE id = 'fi'"),
        ("a link made by hand", "SELECT count(*) FROM generated_asset_product WHERE id = 'by-hand'"),
        (
            "a flow of ours, still generating",
            "SELECT count(*) FROM generation_flow WHERE id = 'ours' AND status = 'generating' AND deleted_at IS NULL",
        ),
        (
            "a picture of ours",
            "SELECT count(*) FROM generated_asset WHERE id = 'made' AND sha256 = 'abc' AND deleted_at IS NULL",
        ),
        ("a message of ours", "SELECT count(*) FROM message WHERE id = 'said'"),
        ("its own message, once", &format!("SELECT count(*) FROM message WHERE id = 'saved-{saved}'")),
    ] {
        assert_eq!(legacy.number(sql).await, 1, "{what}");
    }
    // What it really deletes is deleted for it, another picture under an old id is another picture, and lists change links.
    let (first, second) = (&images[0].0, &images[1].0);
    sqlx::query("DELETE FROM generated_image WHERE id = $1").bind(first).execute(&mut old.conn).await.expect("deletes");
    let row = sqlx::query("SELECT id FROM generated_image WHERE id = $1")
        .bind(first)
        .fetch_optional(&mut old.conn)
        .await
        .expect("asks");
    assert!(row.is_none());
    assert_eq!(
        legacy
            .number(&format!("SELECT count(*) FROM generated_asset WHERE id = '{first}' AND deleted_at IS NOT NULL"))
            .await,
        1
    );
    let update = "UPDATE generated_image SET r2_key = 'clients/other.png', product_ids = '[\"product-2\"]' WHERE id = $1 RETURNING r2_key";
    let row = sqlx::query(update).bind(second).fetch_one(&mut old.conn).await.expect("updates");
    assert_eq!(row.get::<String, _>(0), "clients/other.png");
    let state = format!(
        "SELECT approval_status || ' ' || (SELECT string_agg(product_id, ',') FROM generated_asset_product WHERE generated_asset_id = a.id) \
                         FROM generated_asset a WHERE id = '{second}'"
    );
    assert_eq!(legacy.text(&state).await, "pending product-2", "other bytes are not approved bytes");
    let twice = sqlx::query("INSERT INTO generated_image (id, client_id, r2_key) VALUES ($1, 'northwind', 'k')")
        .bind(second)
        .execute(&mut old.conn)
        .await;
    let code = twice
        .expect_err("an id that is in use")
        .into_database_error()
        .and_then(|e| e.code().map(std::borrow::Cow::into_owned));
    assert_eq!(code.as_deref(), Some("23505"));
    let stale = "UPDATE flow SET name = 'x', version = version + 1 WHERE id = $1 AND version = $2";
    let done = sqlx::query(stale).bind(&flow).bind(99).execute(&mut old.conn).await.expect("updates");
    assert_eq!(done.rows_affected(), 0, "its optimistic lock still holds");
    let closed = sqlx::query("SELECT 1 FROM public.generated_asset").execute(&mut old.conn).await;
    assert!(closed.is_err(), "the tables themselves are closed to it");

    contract_is_a_later_step(&legacy, old).await;
}

async fn contract_is_a_later_step(legacy: &Legacy, old: OldApp) {
    let db = legacy.db().await;
    let clock = Clock::system();
    match adopt::contract(&db, &clock, 30).await {
        Err(AdoptError::Refused(why)) => assert!(why[0].contains(&format!("{} (1 connections)", old.role)), "{why:?}"),
        other => panic!("the old application is still there: {other:?}"),
    }
    assert_eq!(legacy.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'legacy'").await, 1);
    old.conn.close().await.expect("closes");
    // The server notices a moment later.
    while legacy.number(&format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'", old.role)).await > 0 {}
    legacy.run("UPDATE generated_asset SET deleted_at = now() - interval '40 days' WHERE id = 'image-00000011'").await;
    let done = adopt::contract(&db, &clock, 30).await.expect("contracts");
    assert_eq!((done.assets, done.roles), (1, vec![old.role.clone()]));
    assert!(done.favourites > 0);
    assert_eq!(legacy.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'legacy'").await, 0);
    assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Current);
    legacy.run(&format!("REVOKE ALL ON SCHEMA public FROM {0}; DROP OWNED BY {0}; DROP ROLE {0}", old.role)).await;
}

#[tokio::test]
async fn a_crash_at_any_moment_is_finished_by_the_next_run() {
    const POINTS: u32 = 20;
    let template = Legacy::gen1(3000).await;
    let shapes = template.shapes().await;
    let before = template.rows(&shapes, false).await;
    template.pool.close().await;
    let name = template.url.split('/').nth(3).and_then(|rest| rest.split('?').next()).expect("a name").to_owned();
    let admin = PgPool::connect(&template.url.replace(&name, "postgres")).await.expect("connects");
    let folder = tempfile::tempdir().expect("a temp folder");
    let mut whole = Duration::ZERO;
    let (mut killed, mut kinds, mut links) = (0, Vec::new(), None);
    for point in 0..=POINTS {
        let copy = format!("{name}_{point}");
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {copy} TEMPLATE {name}")))
            .execute(&admin)
            .await
            .expect("copies");
        let legacy = Legacy {
            url: template.url.replace(&name, &copy),
            pool: PgPool::connect_lazy(&template.url.replace(&name, &copy)).expect("an address"),
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_store-sync"))
            .current_dir(folder.path())
            .args(["migrate"])
            .env("STORE_SYNC__DATABASE__URL", &legacy.url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        if point == 0 {
            let clock = Clock::system();
            let started = clock.now();
            assert!(child.wait().expect("ends").success());
            whole = clock.now().since(started);
        } else {
            Clock::system().sleep(whole * point / (POINTS + 1)).await;
            child.kill().expect("kill -9");
            killed += u32::from(!child.wait().expect("ends").success());
        }
        kinds.push(adopt::inspect(&legacy.db().await).await.expect("looks").kind);
        legacy.adopt().await.expect("the next run finishes it");
        assert_eq!(legacy.rows(&shapes, true).await, before, "killed at {point}/{POINTS}");
        assert_eq!(legacy.number("SELECT count(*) FROM schema_adoption WHERE completed_at IS NULL").await, 0);
        let found = legacy.number("SELECT count(*) FROM generated_asset_product WHERE is_primary").await;
        assert_eq!(*links.get_or_insert(found), found, "killed at {point}/{POINTS}");
        assert_eq!(adopt::inspect(&legacy.db().await).await.expect("looks").kind, Kind::Current);
        legacy.pool.close().await;
    }
    assert!(killed >= POINTS / 2, "only {killed} of {POINTS} were killed while at work");
    assert!(kinds.contains(&Kind::Adopting), "some in the middle: {kinds:?}");
}

#[tokio::test]
async fn the_embedded_engine_takes_the_same_steps_in_one_transaction() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let url = fresh_database(Engine::Sqlite, folder.path()).await;
    let db = Db::open(&SecretString::from(url), 4).await.expect("opens");
    let Db::Sqlite { write, .. } = &db else { panic!("the embedded engine") };
    sqlx::raw_sql(AssertSqlSafe(sqlite_gen1())).execute(write).await.expect("the old schema");
    sqlx::raw_sql(include_str!("legacy/rows_sqlite.sql")).execute(write).await.expect("rows");
    let clock = Clock::frozen(start_of_time());
    let unasked = adopt::run(&db, &clock, "a", &AdoptOptions::default()).await;
    assert!(matches!(unasked, Err(AdoptError::Legacy(Kind::Gen1))), "{unasked:?}");
    let options = AdoptOptions { legacy: true, ..AdoptOptions::default() };
    let rehearsed = adopt::dry_run(&db, &options).await.expect("rehearses");
    let report = adopt::run(&db, &clock, "a", &options).await.expect("adopts");
    assert_eq!(report.quarantine.counts, rehearsed.quarantine.counts);
    assert!(report.is_identical() && report.quarantine.counts["unknown_product"] == 1, "{report:?}");
    let flows: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT id, generation_flow_id FROM generated_asset ORDER BY id")
            .fetch_all(write)
            .await
            .expect("asks");
    assert_eq!(flows[0], ("image-1".to_owned(), Some("flow-1".to_owned())), "no reference was emptied");
    let row: (String, String, bool) =
        sqlx::query_as("SELECT client_id, collection_session_id, from_legacy FROM generation_flow")
            .fetch_one(write)
            .await
            .expect("asks");
    assert_eq!(row, ("northwind".to_owned(), "studio-1".to_owned(), true));
    let links: Vec<(String, bool)> = sqlx::query_as("SELECT id, is_primary FROM generated_asset_product ORDER BY id")
        .fetch_all(write)
        .await
        .expect("asks");
    assert_eq!(links, [("image-1_product-1".to_owned(), false), ("image-1_product-2".to_owned(), true)]);
    let on: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(write).await.expect("asks");
    assert_eq!(on, 1);
    assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Current);
    let mut tx = db.begin().await.expect("begins");
    assert!(db::asset::find(&mut tx, "image-1").await.expect("reads").is_some());
}

/// The old schema in the embedded engine's words: references stand in the tables.
fn sqlite_gen1() -> String {
    let mut tables: Vec<String> = Vec::new();
    for line in GEN1.lines().filter(|line| !line.starts_with("--")) {
        let line = line
            .replace("jsonb", "text")
            .replace("timestamp", "text")
            .replace("::text", "")
            .replace(" USING btree", "");
        let line = line.replace("DEFAULT now()", "DEFAULT '2025-01-01T00:00:00.000Z'");
        if let Some(rest) = line.strip_prefix("ALTER TABLE ") {
            let (table, rule) = rest.split_once(" ADD ").expect("a rule");
            let at = tables.iter().position(|t| t.starts_with(&format!("CREATE TABLE {table} "))).expect("its table");
            let open = tables[at].trim_end_matches(");").to_owned();
            tables[at] = format!("{open}, {});", rule.trim_end_matches(';'));
        } else {
            tables.push(line);
        }
    }
    tables.join("\n")
}

#[tokio::test]
async fn keys_in_clear_are_told_and_on_demand_sealed_and_stripped() {
    let legacy = Legacy::gen1(10).await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_store-sync"))
            .current_dir(folder.path())
            .args(args)
            .env("STORE_SYNC__DATABASE__URL", &legacy.url)
            .env("STORE_SYNC__LOG__LEVEL", "trace")
            .output()
            .expect("runs");
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        for secret in ["ck_canary_key", "cs_canary_secret"] {
            assert!(!out.contains(secret) && !err.contains(secret), "{args:?} shows a key");
        }
        (output.status.success(), out, err)
    };
    let (ok, _, err) = run(&["clients", "list"]);
    assert!(!ok && err.contains("store-sync migrate --dry-run"), "{err}");
    let (ok, out, _) = run(&["migrate", "--dry-run"]);
    assert!(ok && out.contains("client northwind: keys of its woocommerce shop stand in clear"), "{out}");
    assert!(out.contains("in another vault as 'client-fabrikam'"), "{out}");
    let (ok, out, err) = run(&["migrate", "--take-credentials"]);
    assert!(ok && out.contains("are sealed in connection"), "{out}{err}");
    assert_eq!(
        legacy.text("SELECT metadata::text FROM client WHERE id = 'northwind'").await,
        r#"{"commerce": {"baseUrl": "https://northwind.example/", "provider": "woocommerce"}, "description": "Möbel & more"}"#
    );
    assert_eq!(
        legacy
            .text("SELECT store_type || ' ' || store_url || ' ' || (CASE WHEN paused_at IS NULL THEN status ELSE 'paused' END) || ' ' || client_id FROM store_connection")
            .await,
        "woocommerce https://northwind.example paused northwind"
    );
    let (ok, out, _) = run(&["--json", "migrate", "--take-credentials"]);
    let again: serde_json::Value = serde_json::from_str(&out).expect("json");
    assert!(
        ok && again["legacy_keys"].as_array().is_some_and(|keys| keys.len() == 1),
        "only the other vault is left: {out}"
    );
    assert_eq!(legacy.number("SELECT count(*) FROM store_connection").await, 1);
    let (ok, out, _) = run(&["migrate", "--proof"]);
    assert!(
        ok && out.contains("generated_asset (generated_image)") && out.contains("every previous row is present"),
        "{out}"
    );
    // Sealed, not lost.
    let key = std::fs::read_to_string(folder.path().join("data/vault.key")).expect("the key");
    let vault = store_sync::vault::Vault::new(
        store_sync::vault::KeySource::Given(key.into()),
        store_sync::outside::Random::system(),
    );
    let mut tx = legacy.db().await.read().await.expect("reads");
    let id = store_sync::model::ConnectionId(legacy.text("SELECT id FROM store_connection").await);
    let sealed = db::grant::find_sealed(&mut tx, &id).await.expect("reads").expect("is sealed");
    let binding = store_sync::vault::Binding(&[id.as_str(), "northwind", "woocommerce"]);
    let plain = vault.expect("a vault").unseal(&binding, &sealed).expect("opens");
    let secrets = store_sync::model::Grant::secrets_from_plaintext(&plain).expect("is a grant");
    assert_eq!(secrets["consumer_secret"].expose_secret(), "cs_canary_secret");
}

on_both!(a_database_of_the_first_state_is_brought_up_to_date);

async fn a_database_of_the_first_state_is_brought_up_to_date(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let db = Db::open(&SecretString::from(fresh_database(engine, folder.path()).await), 4).await.expect("opens");
    let rows = "INSERT INTO client (id, name) VALUES ('c', 'C'); INSERT INTO product (id, client_id, name) VALUES ('p', 'c', 'P');
                    INSERT INTO generation_flow (id, client_id, settings) VALUES ('f', 'c', '{\"k\": 1}');
                    INSERT INTO generated_asset (id, client_id, generation_flow_id, asset_url, status) VALUES ('a', 'c', 'f', 'k', 'completed');
                    INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary) VALUES ('l', 'a', 'p', true);";
    match &db {
        Db::Sqlite { write, .. } => {
            sqlx::raw_sql(include_str!("legacy/first_sqlite.sql")).execute(write).await.expect("the schema");
            sqlx::raw_sql(rows).execute(write).await.expect("rows");
        }
        Db::Postgres { pool, .. } => {
            sqlx::raw_sql(include_str!("legacy/first_postgres.sql")).execute(pool).await.expect("the schema");
            sqlx::raw_sql(rows).execute(pool).await.expect("rows");
        }
    }
    let look = adopt::inspect(&db).await.expect("looks");
    assert_eq!(look.kind, Kind::Older);
    assert!(
        look.missing.iter().any(|step| step.contains("from_legacy") || step.contains("rebuild table generated_asset")),
        "{look:?}"
    );
    let clock = Clock::frozen(start_of_time());
    let report = adopt::run(&db, &clock, "a", &AdoptOptions::default()).await.expect("is no decision for a person");
    assert_eq!(report.kind, Kind::Older);
    assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Current);
    assert!(adopt::last(&db).await.expect("reads").is_none());
    let mut tx = db.begin().await.expect("begins");
    let asset = db::asset::find(&mut tx, "a").await.expect("reads").expect("is there");
    assert_eq!(
        asset.generation_flow_id.as_ref().map(store_sync::model::FlowId::as_str),
        Some("f"),
        "no reference was emptied"
    );
    assert_eq!(db::asset::list_products(&mut tx, &asset.id).await.expect("lists").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_adopt_once() {
    for legacy in [Legacy::gen1(500).await, Legacy::empty().await] {
        let mut tasks = Vec::new();
        for n in 0..4 {
            let db = legacy.db().await;
            let options = AdoptOptions { legacy: true, ..AdoptOptions::default() };
            tasks
                .push(tokio::spawn(async move { adopt::run(&db, &Clock::system(), &format!("a{n}"), &options).await }));
        }
        let mut kinds = Vec::new();
        for task in tasks {
            kinds.push(task.await.expect("ends").expect("succeeds").kind);
        }
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Current).count(), 3, "{kinds:?}");
        assert!(legacy.number("SELECT count(*) FROM schema_adoption").await <= 1);
    }
}

#[tokio::test]
async fn without_a_role_of_its_own_the_older_application_is_looked_for_among_our_sessions() {
    let legacy = Legacy::gen1(10).await;
    legacy.adopt().await.expect("adopts");
    // The test's own connections stand for an application that shares our role.
    let why = match adopt::contract(&legacy.db().await, &Clock::system(), 30).await {
        Err(AdoptError::Refused(why)) => why.join(" "),
        other => panic!("somebody else is connected: {other:?}"),
    };
    assert!(why.contains("store_sync ("), "{why}");
    let (url, name) = (legacy.url.clone(), "SELECT count(*) FROM pg_views WHERE schemaname = 'legacy'");
    assert_eq!(legacy.number(name).await, 17);
    legacy.pool.close().await;
    let db = Db::open(&SecretString::from(url), 3).await.expect("opens");
    let clock = Clock::system();
    while adopt::contract(&db, &clock, 30).await.is_err() {}
    let mut tx = db.read().await.expect("reads");
    assert_eq!(db::asset::list(&mut tx, &db::asset::AssetFilter::default(), 100).await.expect("lists").len(), 10);
}

#[tokio::test]
async fn a_long_transaction_of_others_is_waited_for_not_ended() {
    let legacy = Legacy::gen1(10).await;
    let mut other = legacy.pool.begin().await.expect("begins");
    sqlx::query("UPDATE flow SET name = 'busy' WHERE id = 'flow-1'").execute(&mut *other).await.expect("holds a lock");
    let (url, started) = (legacy.url.clone(), Arc::new(AtomicBool::new(false)));
    let begun = started.clone();
    let adopting = tokio::spawn(async move {
        let db = Db::open(&SecretString::from(url), 3).await.expect("opens");
        begun.store(true, Ordering::SeqCst);
        adopt::run(&db, &Clock::system(), "a", &AdoptOptions { legacy: true, ..AdoptOptions::default() }).await
    });
    // Until the adoption has tried for the lock and let go again.
    while legacy
        .number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        .await
        == 0
    {}
    while legacy
        .number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        .await
        > 0
    {}
    assert!(!adopting.is_finished());
    sqlx::query("UPDATE flow SET name = 'done' WHERE id = 'flow-1'")
        .execute(&mut *other)
        .await
        .expect("goes on under the old name");
    other.commit().await.expect("commits");
    let report = adopting.await.expect("ends").expect("adopts as soon as it can");
    assert_eq!(legacy.text("SELECT name FROM generation_flow WHERE id = 'flow-1'").await, "done");
    let flows = report.tables.iter().find(|t| t.table == "generation_flow").expect("is proved");
    assert_eq!((flows.changed, flows.missing), (1, 0), "what somebody wrote meanwhile is told");
    assert!(!report.is_identical());
}
