//! Databases that the older application's own tool has half upgraded: they end as one that it never touched.

use store_sync::db::adopt::{self, Kind, Options};

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
        let options = Options { legacy: true, ..Options::default() };
        let told = adopt::rehearse(&legacy.db().await, &options).await.expect("rehearses");
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

    let nobodys = "INSERT INTO generation_flow (id, settings) VALUES ('whose', '{}')";
    let legacy = half(&[RENAMED, HALF, alone, nobodys]).await;
    let before = legacy.catalogue().await;
    let why = refused(legacy.adopt().await);
    assert!(
        why.contains("no session, picture or product tells whose these rows of generation_flow are: whose."),
        "{why}"
    );
    assert_eq!(legacy.catalogue().await, before, "nothing is begun");
    legacy.run("DELETE FROM generation_flow WHERE id = 'whose'").await;
    legacy.adopt().await.expect("a single row was all that stood in the way");
}
