//! The object store against a server that speaks S3 (moto, from PyPI), beside the folder: one suite for both. Then with mischief
//! between the daemon and that server, and with what others leave in a folder or a bucket.

mod between;
mod faults;
mod foreign;

use std::{path::Path, process::Command, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store_sync::{
    app,
    config::Config,
    model::{PushStatus, Secret},
    outside::{Bucket, FileError, Files, Http, HttpPolicy, Request, Response, RetryPatience},
    sandbox::{self, SandboxOptions},
    vault::hex,
};
use url::Url;

use self::between::Between;
use crate::{
    real::{Server, servers, start},
    support::{Engine, More, TestApp},
};

fn http() -> Http {
    Http::new(HttpPolicy { allow_private_networks: true, ..HttpPolicy::default() }).expect("a door")
}

async fn ask(method: Method, url: &str) -> Response {
    let request = Request::new(method, Url::parse(url).expect("an address"));
    http().send_once(&request).await.expect("an answer")
}

/// A server with an empty bucket.
async fn server(folder: &Path) -> Server {
    let server = start("s3", folder.join("s3"), &[], &[], "S3").await;
    assert_eq!(ask(Method::PUT, &format!("{}/pictures", server.url)).await.status, 200);
    server
}

/// Patient, but never for long.
const PATIENCE: RetryPatience = RetryPatience {
    retries: 4,
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_millis(5),
    in_all: Duration::from_secs(20),
    answer: Duration::from_secs(20),
};

fn bucket_at(url: &str) -> Bucket {
    Bucket {
        name: "pictures".into(),
        endpoint: Some(Url::parse(url).expect("an address")),
        region: "auto".into(),
        access_key_id: "AKIATEST".into(),
        secret_access_key: Secret::from("canary-secret"),
        upload_checksum: true,
        public_url: None,
        patience: PATIENCE,
        proxy: None,
    }
}

fn bucket(server: &Server) -> Bucket {
    bucket_at(&server.url)
}

fn open(bucket: &Bucket) -> Files {
    Files::in_bucket(bucket).expect("a store")
}

/// What a script beside the server prints, run by the server's own Python.
async fn python(script: &str, arguments: &[&str]) -> String {
    let install = Command::new(servers().join("s3/install")).output().expect("runs");
    let cache = String::from_utf8(install.stdout).expect("a path").trim().to_owned();
    let mut command = Command::new(Path::new(&cache).join("venv/bin/python"));
    command.arg(servers().join("s3").join(script)).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ends").expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a text")
}

/// What Amazon's own client gets to see of an object.
async fn look(server: &Server, key: &str) -> Value {
    serde_json::from_str(&python("look.py", &[&server.url, "pictures", key]).await).expect("is JSON")
}

fn picture(drawing: usize) -> Bytes {
    Bytes::from(sandbox::draw_scene(drawing))
}

fn hash(drawing: usize) -> String {
    hex(&Sha256::digest(picture(drawing)))
}

async fn keys(files: &Files, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    files.list(prefix, after, limit).await.expect("lists").into_iter().map(|found| found.key).collect()
}

/// What every store does.
async fn keeps_and_gives(files: &Files) {
    files.check().await.expect("can be used");
    let bytes = picture(2);
    files.put("clients/a/x.png", bytes.clone()).await.expect("is kept");
    files.put("clients/a/x.png", bytes.clone()).await.expect("kept twice is as good");
    assert_eq!(files.get("clients/a/x.png").await.expect("is there"), bytes);
    assert_eq!(files.get_checked("clients/a/x.png", &hash(2)).await.expect("is there"), bytes);
    assert!(!files.put_new("clients/a/x.png", picture(3)).await.expect("is asked"), "what is there stays");
    assert_eq!(files.get("clients/a/x.png").await.expect("is there"), bytes);
    assert!(files.put_new("clients/a/new.png", picture(3)).await.expect("is kept"));
    assert_eq!(files.get("clients/a/new.png").await.expect("is there"), picture(3));
    files.delete("clients/a/new.png").await.expect("is deleted");
    assert_eq!(files.get_checked("clients/a/x.png", &hash(2).to_uppercase()).await.expect("is there"), bytes);
    let changed = files.get_checked("clients/a/x.png", &hash(3)).await.expect_err("another picture");
    assert!(matches!(&changed, FileError::Changed { key } if key == "clients/a/x.png"), "{changed}");
    assert!(!changed.is_transient());
    for key in ["clients/a/y.png", "clients/a", "clients/a/x.png/y.png"] {
        assert!(matches!(files.get(key).await, Err(FileError::Missing(_))), "{key}");
        assert!(matches!(files.get_checked(key, &hash(2)).await, Err(FileError::Missing(_))), "{key}");
    }
    files.put("clients/a/x.png", Bytes::new()).await.expect("is replaced");
    assert_eq!(files.get("clients/a/x.png").await.expect("is there"), Bytes::new(), "whole, if empty");
    files.delete("clients/a").await.expect("what is no object is not deleted");
    assert!(files.get("clients/a/x.png").await.is_ok());
    files.delete("clients/a/x.png").await.expect("is deleted");
    files.delete("clients/a/x.png").await.expect("nothing there is as good");
    assert!(matches!(files.get("clients/a/x.png").await, Err(FileError::Missing(_))));
    assert_eq!(keys(files, "", None, 10).await, [""; 0]);
}

/// Keys that are awkward, and keys that are none: alike in every store.
async fn knows_its_keys(files: &Files) {
    let mut good = [
        "a b/c d.png",
        "ä/日本 語.png",
        "a%2Fb.png",
        "a+b.png",
        "a&b=c?d#e;f.png",
        "...",
        ".hidden/x",
        "it's \"<this>\".png",
        "~x",
        "x%20y",
        "%2e%2e/x",
        "*|^{}[]`",
        "e\u{301}",
        "x.part",
        "-",
        "@:$,!()",
    ];
    good.sort_unstable();
    for (number, key) in good.iter().enumerate() {
        files.put(key, Bytes::from(number.to_string())).await.unwrap_or_else(|e| panic!("{key}: {e}"));
    }
    assert_eq!(keys(files, "", None, 100).await, good);
    for (number, key) in good.iter().enumerate() {
        assert_eq!(files.get(key).await.unwrap_or_else(|e| panic!("{key}: {e}")), number.to_string(), "{key}");
        files.delete(key).await.expect("is deleted");
    }
    assert_eq!(keys(files, "", None, 100).await, [""; 0]);
    let (long_name, long_key) = ("x".repeat(256), "xx/".repeat(342));
    let bad = [
        "",
        "/",
        ".",
        "..",
        "../x",
        "/etc/passwd",
        "a/../../x",
        "a/..",
        "a/./b",
        "./a",
        "a//b",
        "a/",
        "a\\b",
        "a\nb",
        "a\0b",
        "a\u{7f}",
        ".store-sync-part-0",
        "a/.store-sync-part-0/b",
        &long_name,
        &long_key,
    ];
    for key in bad {
        assert!(matches!(files.put(key, Bytes::from_static(b"x")).await, Err(FileError::BadKey(_))), "put {key:?}");
        assert!(matches!(files.get(key).await, Err(FileError::BadKey(_))), "get {key:?}");
        assert!(matches!(files.get_checked(key, "").await, Err(FileError::BadKey(_))), "get {key:?}");
        assert!(matches!(files.delete(key).await, Err(FileError::BadKey(_))), "delete {key:?}");
        assert!(
            matches!(files.public_url(key, Duration::from_mins(1)).await, Err(FileError::BadKey(_))),
            "address {key:?}"
        );
    }
    for prefix in ["/", "..", "a/../b", "a//b", "a//"] {
        assert!(matches!(files.list(prefix, None, 1).await, Err(FileError::BadKey(_))), "{prefix}");
    }
}

/// Listings: order, borders, pages.
async fn lists(files: &Files) {
    let below = ["p/a-b", "p/a.png", "p/a/b", "p/a/c/d", "p/a/c/e", "p/a/é", "p/ab", "p/b/a", "p/é"];
    for key in below.into_iter().chain(["o", "p-", "p.png", "pa/x", "q/x"]).rev() {
        files.put(key, Bytes::from(key)).await.expect("is kept");
    }
    assert_eq!(keys(files, "p", None, 100).await, below);
    assert_eq!(keys(files, "p/", None, 100).await, below);
    assert_eq!(keys(files, "p/a", None, 100).await, ["p/a/b", "p/a/c/d", "p/a/c/e", "p/a/é"], "a folder, no beginning");
    assert_eq!(keys(files, "", None, 100).await.len(), 14);
    for empty in ["p/a/b", "p/x", "x"] {
        assert_eq!(keys(files, empty, None, 100).await, [""; 0], "{empty}");
    }
    for limit in 0..=10 {
        assert_eq!(keys(files, "p", None, limit).await, below[..limit.min(9)]);
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = keys(files, "p", after.as_deref(), limit).await;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            seen.extend(page);
        }
        assert_eq!(seen, if limit == 0 { vec![] } else { below.to_vec() }, "in pages of {limit}");
    }
    // Behind a key that is not there, or is none.
    for (after, first) in [("p/a/", 2), ("p/a/c", 3), ("p/a0", 6), ("p/a\u{ff}", 7), ("a", 0), ("z", 9), ("", 0)] {
        assert_eq!(keys(files, "p", Some(after), 100).await, below[first..], "behind {after:?}");
    }
    let found = files.list("p", None, 3).await.expect("lists");
    assert_eq!(found.iter().map(|found| found.size_bytes).collect::<Vec<_>>(), [5, 7, 5]);
    let now = store_sync::outside::Clock::system().now();
    assert!(found.iter().all(|found| now.since(found.modified) < Duration::from_mins(5) && found.modified <= now));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_and_a_bucket_keep_alike() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let server = server(folder.path()).await;
    for files in [Files::new(folder.path().join("files")), open(&bucket(&server))] {
        keeps_and_gives(&files).await;
        knows_its_keys(&files).await;
        lists(&files).await;
    }
    // What lies beside the objects: nothing that a writer left unfinished.
    let mut open = vec![folder.path().join("files")];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).expect("a folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(!name.starts_with(".store-sync-part-"), "{name} is left behind");
            if entry.path().is_dir() {
                open.push(entry.path());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_carries_its_checksum_in_a_plain_body() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let server = server(folder.path()).await;
    let between = Between::new(&server.url).await;
    open(&bucket_at(&between.url)).put("clients/a/z.png", picture(2)).await.expect("is kept");
    let seen = between.seen().remove(0);
    let sum = STANDARD.encode(Sha256::digest(picture(2)));
    assert_eq!(seen.line, "PUT /pictures/clients/a/z.png HTTP/1.1");
    assert_eq!(seen.body, picture(2), "not cut into chunks that are signed on their own");
    assert_eq!(seen.header("content-length"), Some(picture(2).len().to_string().as_str()));
    assert_eq!(seen.header("x-amz-checksum-sha256"), Some(sum.as_str()));
    assert_eq!(seen.header("x-amz-content-sha256"), Some(hash(2).as_str()));
    let without = open(&Bucket { upload_checksum: false, ..bucket_at(&between.url) });
    without.put("clients/a/y.png", picture(2)).await.expect("is kept");
    let plain = between.seen().pop().expect("a request");
    assert_eq!(
        (plain.header("x-amz-checksum-sha256"), plain.header("x-amz-content-sha256")),
        (None, Some(hash(2).as_str()))
    );
    for strange in
        ["transfer-encoding", "content-encoding", "x-amz-trailer", "x-amz-decoded-content-length", "x-amz-acl"]
    {
        assert_eq!(seen.header(strange), None, "R2 does not want {strange}");
    }
    // What a browser or a shop gets to see of it, and what the server keeps beside it.
    let expected = json!({
        "type": "image/png", "cache": "public, max-age=31536000, immutable", "sha256": hash(2), "checksum": sum
    });
    assert_eq!(look(&server, "clients/a/z.png").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_fetch_what_a_bucket_gives_an_address_for() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let server = server(folder.path()).await;
    let files = open(&bucket(&server));
    let day = Duration::from_hours(24);
    let key = "clients/ä/a b+c%2F'.png";
    files.put(key, picture(2)).await.expect("is kept");
    let url = files.public_url(key, day).await.expect("is signed").expect("an address");
    let answer = ask(Method::GET, url.as_str()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")));
    assert_eq!(answer.body, picture(2));
    // moto does not look at signatures: Amazon's own client makes the same one.
    let signed: Value = serde_json::from_str(&python("signed.py", &[url.as_str()]).await).expect("is JSON");
    assert_eq!(signed["given"], signed["made"]);
    for (life, expires) in [(day, "86400"), (day * 30, "604800"), (Duration::from_millis(1), "1")] {
        let url = files.public_url(key, life).await.expect("is signed").expect("an address");
        assert_eq!(url.query_pairs().find(|(name, _)| name == "X-Amz-Expires").expect("is said").1, expires);
    }
    // A public address of its own: no signature, and the key stays the key.
    for (base, path) in [("https://img.example.com", ""), ("https://img.example.com/shop/", "/shop")] {
        let public = open(&Bucket { public_url: Some(Url::parse(base).expect("an address")), ..bucket(&server) });
        let url = public.public_url(key, day).await.expect("is known").expect("an address");
        let expected = format!("https://img.example.com{path}/clients/%C3%A4/a%20b%2Bc%252F%27.png");
        assert_eq!(url.as_str(), expected);
    }
    let public = Url::parse(&format!("{}/pictures", server.url)).expect("an address");
    let public = open(&Bucket { public_url: Some(public), ..bucket(&server) });
    let url = public.public_url(key, day).await.expect("is known").expect("an address");
    assert_eq!(url.query(), None);
    assert!(!ask(Method::GET, &url.as_str().replace("%252F", "%2F")).await.body.starts_with(b"\x89PNG"), "another key");
    // As the daemon is set up.
    let file = folder.path().join("config.toml");
    let keys = "name = 'pictures'\naccess_key_id = 'AKIATEST'\nsecret_access_key = 'canary-secret'";
    let text =
        format!("[storage.bucket]\n{keys}\nendpoint = '{}'\npublic_url = 'https://img.example.com'\n", server.url);
    std::fs::write(&file, text).expect("is written");
    let config = Config::load(Some(&file), std::iter::empty()).expect("a configuration");
    let files = app::outside(&config).expect("an outside").files;
    assert_eq!(files.get(key).await.expect("is there"), picture(2));
    let url = files.public_url("a.png", day).await.expect("is known").expect("an address");
    assert_eq!(url.as_str(), "https://img.example.com/a.png");
    assert_eq!(Files::new(folder.path()).public_url(key, day).await.expect("is known"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_picture_travels_from_the_bucket_to_the_shop() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let server = server(folder.path()).await;
    let options = SandboxOptions { products: 1, ..SandboxOptions::default() };
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
