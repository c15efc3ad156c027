//! The object store against a server that speaks S3 (moto, from PyPI), beside the folder: one suite for both.

use std::{path::Path, process::Command};

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store_sync::{
    model::{PushStatus, Secret},
    outside::{Bucket, FileError, Files, Http, HttpPolicy, Request},
    sandbox::{self, Options},
    vault::hex,
};
use url::Url;

use crate::{
    real::{Server, servers, start},
    support::{Engine, More, TestApp},
};

fn http() -> Http {
    Http::new(HttpPolicy { allow_private_networks: true, ..HttpPolicy::default() }).expect("a door")
}

/// A server with an empty bucket.
async fn server(folder: &std::path::Path) -> Server {
    let server = start("s3", folder.join("s3"), &[], &[], "S3").await;
    let made = http()
        .send_once(&Request::new(Method::PUT, Url::parse(&format!("{}/pictures", server.url)).expect("an address")))
        .await;
    assert_eq!(made.expect("an answer").status, 200);
    server
}

fn bucket(server: &Server) -> Bucket {
    Bucket {
        name: "pictures".into(),
        endpoint: Some(Url::parse(&server.url).expect("an address")),
        region: "auto".into(),
        access_key_id: "AKIATEST".into(),
        secret_access_key: Secret::from("canary-secret"),
    }
}

/// What Amazon's own client gets to see of an object.
async fn look(server: &Server, key: &str) -> Value {
    let install = Command::new(servers().join("s3/install")).output().expect("runs");
    let cache = String::from_utf8(install.stdout).expect("a path").trim().to_owned();
    let mut command = Command::new(Path::new(&cache).join("venv/bin/python"));
    command.arg(servers().join("s3/look.py")).args([server.url.as_str(), "pictures", key]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ends").expect("python runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn hash(drawing: usize) -> String {
    hex(&Sha256::digest(sandbox::draw_scene(drawing)))
}

/// What every store does.
async fn keeps_and_gives(files: &Files) {
    files.check().await.expect("can be used");
    let bytes = Bytes::from(sandbox::draw_scene(2));
    files.put("clients/a/x.png", bytes.clone()).await.expect("is kept");
    files.put("clients/a/x.png", bytes.clone()).await.expect("kept twice is as good");
    assert_eq!(files.get("clients/a/x.png").await.expect("is there"), bytes);
    assert!(matches!(files.get("clients/a/y.png").await, Err(FileError::Missing(_))));
    for key in ["../x", "/etc/passwd", "a/../../x", "", "a\\b"] {
        assert!(matches!(files.put(key, bytes.clone()).await, Err(FileError::BadKey(_))), "{key}");
    }
    files.delete("clients/a/x.png").await.expect("is deleted");
    files.delete("clients/a/x.png").await.expect("nothing there is as good");
    assert!(matches!(files.get("clients/a/x.png").await, Err(FileError::Missing(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_and_a_bucket_keep_alike() {
    let folder = tempfile::tempdir().expect("a temp folder");
    keeps_and_gives(&Files::new(folder.path().join("files"))).await;
    let server = server(folder.path()).await;
    let files = Files::in_bucket(&bucket(&server)).expect("a store");
    keeps_and_gives(&files).await;
    // What a browser or a shop gets to see of it.
    files.put("clients/a/z.png", Bytes::from(sandbox::draw_scene(2))).await.expect("is kept");
    let seen = look(&server, "clients/a/z.png").await;
    assert_eq!(seen, json!({ "type": "image/png", "cache": "public, max-age=31536000, immutable", "sha256": hash(2) }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_says_so_without_its_secret() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let server = server(folder.path()).await;
    let elsewhere = Bucket { name: "another".into(), ..bucket(&server) };
    let error = Files::in_bucket(&elsewhere)
        .expect("a store")
        .put("a/b.png", Bytes::from_static(b"x"))
        .await
        .expect_err("no such bucket");
    let said = format!("{error} {error:?}");
    assert!(!said.contains("canary-secret") && !said.contains("Signature"), "{said}");
    assert!(!format!("{:?}", bucket(&server)).contains("canary-secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_picture_travels_from_the_bucket_to_the_shop() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let server = server(folder.path()).await;
    let options = Options { products: 1, ..Options::default() };
    let app =
        TestApp::with_more(Engine::Sqlite, options, More { bucket: Some(&bucket(&server)), ..More::default() }).await;
    app.connect().await;
    app.drain().await;
    let product = app.products().await.remove(0);
    let asset = app.add_asset(&product, 1).await;
    app.approve(&asset).await;
    app.drain().await;
    assert_eq!(app.pushes().await[0].status, PushStatus::Synced);
    let key = asset.asset_url.expect("a key");
    assert_eq!(look(&server, &key).await["sha256"], hash(1), "it lies in the bucket");
}
