//! Databases that the older application's own tool has half upgraded: they end as one that it never touched.

use store_sync::db::adopt::{self, AdoptOptions, Kind};

use super::{Legacy, refused};

const RENAMED: &str = include_str!("../legacy/renamed.sql");
const HALF: &str = include_str!("../legacy/half.sql");

/// What an adoption makes of old rows: owners of flows, statuses, times and approvals of pictures, and their links.
const MADE: &[&str] = &[
    "SELECT count(*) || ' ' || md5(string_agg(id || ' ' || client_id || ' ' || from_legacy, ',' ORDER BY id)) FROM generation_flow",
    "SELECT count(*) || ' ' || md5(string_agg(concat_ws(' ', id, status, completed_at, approval_status, approved_at, asset_type, from_legacy), ',' \
     ORDER BY id)) FROM generated_asset",
    "SELECT count(*) || ' ' || md5(string_agg(concat_ws(' ', id, generated_asset_id, product_id, is_primary), ',' ORDER BY id)) \
     FROM generated_asset_product",
    "SELECT count(*) || ' ' || md5(string_agg(concat_ws(' ', id, status, client_id), ',' ORDER BY id)) FROM collection_session",
];

async fn made(legacy: &Legacy) -> Vec<String> {
    let mut made = Vec::new();
    for sql in MADE {
        made.push(legacy.text(sql).await);
    }
    made
}

async fn half(more: &[&str]) -> Legacy {
    let legacy = Legacy::gen1(300).await;
    for sql in more {
        legacy.run(sql).await;
    }
    legacy
}

const OWNERS: &str = "ALTER TABLE generation_flow ADD COLUMN client_id text; UPDATE generation_flow f SET client_id = s.client_id \
                      FROM collection_session s WHERE s.id = f.collection_session_id";
const FEWER: &str = "DROP TABLE tag, generation_event, store_sync_log; ALTER TABLE generated_asset DROP COLUMN completed_at, \
                     DROP COLUMN approved_at, DROP COLUMN asset_type; ALTER TABLE product DROP COLUMN source; DROP TABLE generated_asset_product";
const NULLABLE: &str = "ALTER TABLE generated_asset ALTER COLUMN status DROP NOT NULL, ALTER COLUMN approval_status DROP NOT NULL; \
                        UPDATE generated_asset SET approval_status = NULL WHERE right(id, 1) = '3'";

#[tokio::test]
async fn half_upgraded_databases_end_as_one_that_was_never_touched() {
    let whole = Legacy::gen1(300).await;
    let counts = whole.adopt().await.expect("adopts").quarantine.counts;
    let (expected, catalogue) = (made(&whole).await, whole.catalogue().await);
    for (what, more, kind) in [
        ("renamed", &[RENAMED][..], Kind::Half),
        ("as it stops", &[RENAMED, HALF], Kind::Half),
        ("with some things missing", &[RENAMED, HALF, FEWER], Kind::Half),
        ("with empty values", &[RENAMED, HALF, NULLABLE], Kind::Half),
        ("with owners filled by hand", &[RENAMED, HALF, OWNERS], Kind::Gen2),
    ] {
        let legacy = half(more).await;
        let options = AdoptOptions { legacy: true, ..AdoptOptions::default() };
        let told = adopt::dry_run(&legacy.db().await, &options).await.expect("rehearses");
        let report = legacy.adopt().await.unwrap_or_else(|why| panic!("{what}: {why}"));
        assert_eq!(report.kind, kind, "{what}");
        assert_eq!((&report.quarantine.counts, &told.quarantine.counts), (&counts, &counts), "{what}");
        assert_eq!(made(&legacy).await, expected, "{what}");
        assert_eq!(legacy.catalogue().await, catalogue, "{what}");
        assert!(report.is_identical(), "{what}: what the adoption itself fills is no loss: {:?}", report.tables);
        assert_eq!(report.tables.iter().map(|t| t.changed + t.added + t.missing).sum::<i64>(), 0, "{what}");
    }
}

#[tokio::test]
async fn an_adoption_that_an_earlier_release_left_stuck_goes_on() {
    let whole = Legacy::gen1(300).await;
    whole.adopt().await.expect("adopts");
    let legacy = half(&[RENAMED, HALF]).await;
    legacy.stop_before_the_backfill(None).await;
    // As that release left it: nothing kept about statuses, no mark of its own writes, and the rule that cannot be proved.
    legacy
        .run(
            "UPDATE schema_adoption SET report = report - 'silent_before'; ALTER TABLE schema_adoption_before DROP COLUMN ours;
             ALTER TABLE generation_flow ADD CONSTRAINT generation_flow_client_id_is_there CHECK (client_id IS NOT NULL) NOT VALID",
        )
        .await;
    legacy.adopt().await.expect("goes on");
    assert_eq!(made(&legacy).await, made(&whole).await);
}

#[tokio::test]
async fn what_a_person_or_the_later_application_said_stays() {
    let legacy = half(&[RENAMED, HALF, OWNERS]).await;
    // The later application has worked: a picture of its own that waits, one that is done; an approval without its time.
    legacy
        .run(
            "INSERT INTO generated_asset (id, client_id, asset_url, status, created_at) VALUES \
             ('later-1', 'northwind', 'k', 'completed', '2026-01-20'), ('later-2', 'northwind', 'k', 'pending', '2026-01-21');
             UPDATE generated_asset SET approval_status = 'approved' WHERE id = 'image-00000001';
             INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary) VALUES ('l', 'image-00000002', 'product-5', true), \
             ('m', 'image-00000002', 'product-6', true)",
        )
        .await;
    let report = legacy.adopt().await.expect("adopts");
    let status = "SELECT string_agg(status, ' ' ORDER BY id) FROM generated_asset WHERE id IN ('image-00000001', 'later-1', 'later-2')";
    assert_eq!(legacy.text(status).await, "completed completed pending", "what waits still waits");
    let approved = "SELECT count(*) FROM generated_asset WHERE id = 'image-00000001' AND approved_at = updated_at AT TIME ZONE 'UTC'";
    assert_eq!(legacy.number(approved).await, 1);
    let links = "SELECT string_agg(product_id || CASE WHEN is_primary THEN '!' ELSE '' END, ' ' ORDER BY id) \
                 FROM generated_asset_product WHERE generated_asset_id = 'image-00000002'";
    assert_eq!(legacy.text(links).await, "product-5! product-6", "a picture that has links keeps them");
    assert_eq!(report.quarantine.counts["primary_twice"], 1);
}

#[tokio::test]
async fn people_who_decided_about_some_old_pictures_speak_for_those_alone() {
    let whole = Legacy::gen1(300).await;
    whole.adopt().await.expect("adopts");
    let decided = "UPDATE generated_asset SET status = 'completed', completed_at = updated_at AT TIME ZONE 'UTC', approval_status = 'approved', \
                   approved_at = '2026-01-17 08:00Z', approved_by = 'user-1' WHERE right(id, 2) = '12' AND error IS NULL";
    let legacy = half(&[RENAMED, HALF, OWNERS, decided]).await;
    legacy.adopt().await.expect("adopts");
    let states =
        "SELECT md5(string_agg(concat_ws(' ', id, status, completed_at), ',' ORDER BY id)) FROM generated_asset";
    assert_eq!(legacy.text(states).await, whole.text(states).await);
    assert_eq!(legacy.number("SELECT count(*) FROM generated_asset WHERE approval_status = 'approved'").await, 3);
}

#[tokio::test]
async fn flows_without_a_session_belong_to_whom_their_pictures_show() {
    let alone = "ALTER TABLE generation_flow ALTER COLUMN collection_session_id DROP NOT NULL; \
                 INSERT INTO generation_flow (id, settings, product_ids) VALUES ('by-picture', '{}', '[]'), ('by-product', '{}', '[\"product-9\"]'); \
                 UPDATE generated_asset SET generation_flow_id = 'by-picture', client_id = 'tiny' WHERE id = 'image-00000011'";
    let legacy = half(&[RENAMED, HALF, alone]).await;
    legacy.adopt().await.expect("adopts");
    let owners = "SELECT string_agg(client_id, ' ' ORDER BY id) FROM generation_flow WHERE id LIKE 'by-%'";
    assert_eq!(legacy.text(owners).await, "tiny 0a6ed8a2-0000-4000-8000-000000000001");
}

#[tokio::test]
async fn what_a_tool_made_instead_of_renaming_goes_where_it_is_empty() {
    let whole = Legacy::gen1(300).await;
    whole.adopt().await.expect("adopts");
    let (expected, catalogue) = (made(&whole).await, whole.catalogue().await);
    let instead = "CREATE TABLE collection_session (LIKE studio_session INCLUDING ALL); CREATE TABLE generation_flow (LIKE flow INCLUDING ALL);
                   ALTER TABLE generation_flow ADD COLUMN collection_session_id text REFERENCES collection_session (id);
                   ALTER TABLE message ADD COLUMN collection_session_id text REFERENCES collection_session (id) ON DELETE CASCADE;
                   CREATE INDEX message_collection_session_id_idx ON message (collection_session_id)";
    // The other way round: whoever renamed by hand left an empty table under the old name.
    let behind = format!(
        "{RENAMED}; CREATE TABLE flow (id text PRIMARY KEY, studio_session_id text); ALTER TABLE message ADD COLUMN studio_session_id text"
    );
    for more in [instead, &behind] {
        let legacy = half(&[more]).await;
        let options = AdoptOptions { legacy: true, ..AdoptOptions::default() };
        let told = adopt::dry_run(&legacy.db().await, &options).await.expect("rehearses");
        assert_eq!(
            told.steps.iter().filter(|step| step.what.contains("it is empty")).count(),
            if more == instead { 3 } else { 2 },
            "{told:?}"
        );
        let report = legacy.adopt().await.unwrap_or_else(|why| panic!("{more}: {why}"));
        assert!(report.is_identical(), "{:?}", report.tables);
        assert_eq!(made(&legacy).await, expected, "{more}");
        assert_eq!(legacy.catalogue().await, catalogue, "{more}");
    }
}

#[tokio::test]
async fn what_was_written_meanwhile_into_what_was_empty_is_not_dropped() {
    let legacy = half(&["CREATE TABLE collection_session (LIKE studio_session INCLUDING ALL)"]).await;
    // Written between the plan and the change: by the first table that the adoption itself makes.
    legacy
        .run(
            "CREATE FUNCTION meanwhile() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF to_regclass('public.schema_adoption_before') IS NOT NULL \
             THEN INSERT INTO collection_session SELECT * FROM studio_session ORDER BY id LIMIT 1 ON CONFLICT DO NOTHING; END IF; END $$;
             CREATE EVENT TRIGGER meanwhile ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION meanwhile()",
        )
        .await;
    let why = legacy.adopt().await.expect_err("is left alone").to_string();
    assert!(why.contains("collection_session, which also exists as studio_session, was written to"), "{why}");
    legacy.run("DROP EVENT TRIGGER meanwhile").await;
    assert!(
        refused(legacy.adopt().await)
            .contains("both studio_session and collection_session exist, and both contain data")
    );
    assert_eq!(legacy.number("SELECT count(*) FROM collection_session").await, 1);
}

/// As that push leaves it, too: references dropped, and then people deleted.
const ORPHANS: &str = "ALTER TABLE message DROP CONSTRAINT message_studio_session_id_studio_session_id_fk;
    ALTER TABLE generation_flow DROP CONSTRAINT flow_studio_session_id_studio_session_id_fk;
    ALTER TABLE favorite_image DROP CONSTRAINT favorite_image_generated_image_id_generated_image_id_fk;
    ALTER TABLE product DROP CONSTRAINT product_client_id_client_id_fk;
    DELETE FROM collection_session WHERE id = 'studio-1';
    INSERT INTO favorite_image (id, client_id, generated_asset_id) VALUES ('nothing', 'northwind', 'gone');
    INSERT INTO product (id, client_id, name) VALUES ('orphan', 'gone', 'Of nobody');
    INSERT INTO product_image (id, product_id, r2_key_base) VALUES ('orphan-image', 'orphan', 'k');
    INSERT INTO chat_session (id, product_id, name) VALUES ('orphan-chat', 'orphan', 'c');
    INSERT INTO message (id, chat_session_id, role, parts) VALUES ('orphan-message', 'orphan-chat', 'user', '[]');
    INSERT INTO generation_flow (id, collection_session_id, settings) VALUES ('nobodys', 'gone', '{}')";

#[tokio::test]
async fn rows_that_nothing_can_hold_are_set_aside_whole() {
    let legacy = half(&[RENAMED, HALF, ORPHANS]).await;
    let messages = legacy.number("SELECT count(*) FROM message").await;
    let lost = legacy.number("SELECT count(*) FROM message WHERE collection_session_id = 'studio-1'").await;
    let flows = legacy.number("SELECT count(*) FROM generation_flow").await;
    let image = legacy.text("SELECT to_jsonb(i)::text FROM product_image i WHERE id = 'orphan-image'").await;
    let options = AdoptOptions { legacy: true, ..AdoptOptions::default() };
    let told = adopt::dry_run(&legacy.db().await, &options).await.expect("rehearses").quarantine;
    assert!(
        told.members.iter().any(|row| row.id == "nobodys" && row.reason == "set aside: nothing tells whose it is"),
        "{:?}",
        told.counts
    );
    assert_eq!(told.counts["set aside: message.collection_session_id refers to nothing"], lost);
    let report = legacy.adopt().await.expect("adopts");
    assert_eq!(report.quarantine.counts, told.counts);
    assert_eq!(report.tables.iter().map(|t| t.changed + t.added + t.missing).sum::<i64>(), 0, "{:?}", report.tables);
    let aside = "SELECT string_agg(table_name || ' ' || id, ', ' ORDER BY table_name, id) FROM schema_adoption_row WHERE content ->> 'collection_session_id' \
                 IS DISTINCT FROM 'studio-1'";
    assert_eq!(
        legacy.text(aside).await,
        "chat_session orphan-chat, favorite_image nothing, generation_flow nobodys, message orphan-message, product orphan, product_image orphan-image"
    );
    let kept = "SELECT content::text FROM schema_adoption_row WHERE id = 'orphan-image'";
    let whole =
        format!("SELECT ('{image}'::jsonb <@ content)::text FROM schema_adoption_row WHERE id = 'orphan-image'");
    assert_eq!(legacy.text(&whole).await, "true", "{image} in {}", legacy.text(kept).await);
    assert_eq!(legacy.number("SELECT count(*) FROM message").await, messages - lost - 1);
    // A flow can be without a session: it stays with its pictures, and has its owner from them.
    assert_eq!(legacy.number("SELECT count(*) FROM generation_flow").await, flows - 1);
    assert!(
        legacy
            .number(
                "SELECT count(*) FROM generation_flow WHERE collection_session_id IS NULL AND client_id IS NOT NULL"
            )
            .await
            > 0
    );
}
