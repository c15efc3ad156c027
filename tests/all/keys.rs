//! The vault's keys: rotated beside running daemons, resumable, and never lost from sight.

use std::collections::BTreeMap;

use secrecy::SecretString;
use store_sync::{
    connect,
    db::{self, connection::NewConnection, grant::SealedGrant},
    model::{ConnectionId, Facts, Grant},
    outside::Random,
    vault::{Binding, KeySource, Sealed, Vault},
};

use crate::support::{Engine, TestApp, on_both};

const SHOPS: usize = 230;

fn grant(n: usize) -> Grant {
    let secrets = BTreeMap::from([("access".to_owned(), SecretString::from(format!("token-{n}")))]);
    Grant { secrets, version: 1, ..Grant::default() }
}

/// Shops of the client, each with a grant of its own, sealed by the daemon's vault; the last one in the older form's place.
async fn shops(app: &TestApp) {
    let mut tx = app.tools.db.begin().await.expect("begins");
    for n in 0..SHOPS {
        let (id, url, facts) =
            (ConnectionId(format!("shop-{n:04}")), format!("https://shop-{n}.example"), Facts::new());
        let new = NewConnection {
            id: &id,
            client_id: &app.client,
            provider: "sandbox",
            store_url: &url,
            store_name: None,
            external_store_id: None,
            facts: &facts,
        };
        let plaintext = grant(n).to_plaintext("sandbox");
        let sealed = app.tools.vault.seal(&Binding(&[id.as_str(), app.client.as_str(), "sandbox"]), &plaintext);
        db::connection::upsert(&mut tx, &new, &grant(n), &SealedGrant(sealed, String::new()), app.clock.now())
            .await
            .expect("is kept");
    }
    tx.commit().await.expect("commits");
}

async fn sealed(app: &TestApp, n: usize) -> (ConnectionId, Sealed) {
    let id = ConnectionId(format!("shop-{n:04}"));
    let mut tx = app.tools.db.read().await.expect("reads");
    let sealed = db::grant::find_sealed(&mut tx, &id).await.expect("reads").expect("is sealed");
    (id, sealed)
}

fn opens(vault: &Vault, app: &TestApp, (id, sealed): &(ConnectionId, Sealed), n: usize) {
    let plain = vault.unseal(&Binding(&[id.as_str(), app.client.as_str(), "sandbox"]), sealed).expect("opens");
    assert_eq!(plain.as_slice(), grant(n).to_plaintext("sandbox").as_slice());
}

on_both!(everything_is_sealed_anew_and_other_processes_learn_of_the_key, a_wrong_ring_is_refused_at_the_start);

async fn everything_is_sealed_anew_and_other_processes_learn_of_the_key(engine: Engine) {
    let app = TestApp::new(engine).await;
    shops(&app).await;
    let file = app.folder.path().join("vault.key");
    let other = Vault::new(KeySource::File(file.clone()), Random::seeded(9)).expect("another process");
    let old_ring = SecretString::from(std::fs::read_to_string(&file).expect("the old ring"));
    let counts = async || {
        let mut tx = app.tools.db.read().await.expect("reads");
        db::grant::list_key_counts(&mut tx).await.expect("counts")
    };
    assert_eq!(counts().await, [("v1".to_owned(), 230)]);
    app.tools.vault.add_key().expect("a new key");
    let before = sealed(&app, 7).await;
    // One row is spoilt: it is named and left, the others are done.
    let spoilt = sealed(&app, 3).await;
    let mut tx = app.tools.db.begin().await.expect("begins");
    let bad = SealedGrant(Sealed { tag: "AAAAAAAAAAAAAAAAAAAAAA==".into(), ..spoilt.1.clone() }, String::new());
    assert!(db::grant::replace_seal(&mut tx, &spoilt.0, &spoilt.1.iv, &bad).await.expect("writes"));
    tx.commit().await.expect("commits");
    let done = connect::reseal(&app.tools).await.expect("reseals");
    assert_eq!((done.key_id.as_str(), done.resealed, done.broken.len()), ("v2", SHOPS - 1, 1));
    assert_eq!(done.broken[0].connection, spoilt.0);
    assert_eq!(counts().await, [("v1".to_owned(), 1), ("v2".to_owned(), 229)]);
    // A second call finds only what was left; a row that was replaced meanwhile is not overwritten.
    assert_eq!(connect::reseal(&app.tools).await.expect("again").resealed, 0);
    let mut tx = app.tools.db.begin().await.expect("begins");
    let seal = SealedGrant(before.1.clone(), String::new());
    assert!(!db::grant::replace_seal(&mut tx, &before.0, &before.1.iv, &seal).await.expect("nothing"), "an old nonce");
    tx.commit().await.expect("commits");
    for n in [0, 7, 229] {
        let row = sealed(&app, n).await;
        assert_eq!(row.1.key_id, "v2");
        opens(&other, &app, &row, n);
        opens(&app.tools.vault, &app, &row, n);
        let without = Vault::new(KeySource::Given(old_ring.clone()), Random::seeded(9)).expect("the old ring");
        assert!(without.unseal(&Binding(&["x"]), &row.1).is_err());
    }
    opens(&other, &app, &before, 7); // a backup from before still opens
    assert_eq!(other.key_ids(), ["v2", "v1"]);
}

async fn a_wrong_ring_is_refused_at_the_start(engine: Engine) {
    let app = TestApp::new(engine).await;
    connect::prove_keys(&app.tools).await.expect("nothing is sealed yet");
    shops(&app).await;
    connect::prove_keys(&app.tools).await.expect("opens");
    let file = app.folder.path().join("vault.key");
    let ring = std::fs::read_to_string(&file).expect("the ring");
    std::fs::write(&file, format!("v1:{}\n", "A".repeat(43) + "=")).expect("another key under the same name");
    app.tools.vault.reload().expect("is a ring");
    let failure = connect::prove_keys(&app.tools).await.expect_err("is not the ring of this database");
    assert_eq!(failure.code(), "wrong_key");
    assert!(failure.message.contains("key 'v1'") && !failure.message.contains("AAAA"), "{failure}");
    std::fs::write(&file, &ring).expect("is written");
    app.tools.vault.reload().expect("is a ring");
    // One spoilt row among others is not the ring's fault.
    let first = sealed(&app, 0).await;
    let mut tx = app.tools.db.begin().await.expect("begins");
    let bad = SealedGrant(Sealed { tag: "AAAAAAAAAAAAAAAAAAAAAA==".into(), ..first.1.clone() }, String::new());
    assert!(db::grant::replace_seal(&mut tx, &first.0, &first.1.iv, &bad).await.expect("writes"));
    tx.commit().await.expect("commits");
    connect::prove_keys(&app.tools).await.expect("the others open");
}
