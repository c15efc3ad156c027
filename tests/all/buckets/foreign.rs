//! What others leave in a folder or a bucket, and writers that meet or die.

use std::{
    fs::{self, File},
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use store_sync::{
    model::Time,
    outside::{FileError, Files},
};

use super::{bucket, keys, open, python, server};

const OLD: &str = ".store-sync-part-0123456789abcdef0123456789abcdef";
const NEW: &str = ".store-sync-part-fedcba9876543210fedcba9876543210";

/// Everything that lies in a folder and below, by its path.
fn everything(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).expect("a folder").flatten() {
            if entry.file_type().expect("a kind").is_dir() {
                open.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(folder).expect("below").to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_put_into_a_bucket_does_no_harm() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let server = server(folder.path()).await;
    let files = open(&bucket(&server));
    let strange =
        ["p/", "p//x", "p/a/", "p/../q", "p/./x", "p/a\\b", "p/\u{7f}", "p/.store-sync-part-1", "p/z//", "/p/x"];
    python("strew.py", &[&[server.url.as_str(), "pictures"][..], &strange].concat()).await;
    for key in ["p/a", "p/it's <b> & \"c\"", "p/z"] {
        files.put(key, Bytes::from_static(b"x")).await.expect("is kept");
    }
    for limit in 1..5 {
        let expected = &["p/a", "p/it's <b> & \"c\"", "p/z"][..limit.min(3)];
        assert_eq!(keys(&files, "p", None, limit).await, expected, "those behind strange ones are found");
        assert_eq!(keys(&files, "", None, limit).await, expected);
    }
    assert_eq!(keys(&files, "p", Some("p/a"), 1).await, ["p/it's <b> & \"c\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_put_into_a_folder_does_no_harm() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (root, outside) = (folder.path().join("files"), folder.path().join("outside"));
    let files = Files::new(&root);
    assert_eq!(keys(&files, "", None, 9).await, [""; 0], "no folder yet");
    assert_eq!(files.sweep_parts(Time::from_unix_ms(0)).await.expect("sweeps"), 0);
    files.put("p/a", Bytes::from_static(b"x")).await.expect("is kept");
    files.put("p/b/c", Bytes::from_static(b"x")).await.expect("is kept");
    fs::create_dir_all(outside.join("secret")).expect("a folder");
    fs::write(outside.join("secret/key"), "canary").expect("is written");
    symlink(&outside, root.join("out")).expect("a link");
    symlink(&root, root.join("p/circle")).expect("a link");
    symlink(outside.join("secret/key"), root.join("p/key")).expect("a link");
    symlink("nowhere", root.join("p/nowhere")).expect("a link");
    fs::write(root.join("p").join(std::ffi::OsStr::from_bytes(b"\xff.png")), "x").expect("is written");
    fs::write(root.join("p/a\\b"), "x").expect("is written");
    fs::write(root.join("p/a\nb"), "x").expect("is written");
    fs::write(root.join("p").join(OLD), "x").expect("is written");
    fs::create_dir(root.join("p/empty")).expect("a folder");
    let _socket = std::os::unix::net::UnixListener::bind(root.join("p/socket")).expect("a socket");
    assert_eq!(keys(&files, "", None, 99).await, ["p/a", "p/b/c"]);
    assert_eq!(keys(&files, "p", None, 99).await, ["p/a", "p/b/c"]);
    for link in ["out", "out/secret", "p/circle", "p/circle/p", "p/empty", "p/a"] {
        assert_eq!(keys(&files, link, None, 99).await, [""; 0], "{link}");
    }
    // The root itself may be a link: that is the operator's choice.
    symlink(&root, folder.path().join("link")).expect("a link");
    assert_eq!(keys(&Files::new(folder.path().join("link")), "p/b", None, 99).await, ["p/b/c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_dead_writers_left_is_swept() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let root = folder.path().join("files");
    let files = Files::new(&root);
    files.put("p/q/a.png", Bytes::from_static(b"x")).await.expect("is kept");
    let age = |path: &Path, seconds: u64| {
        let file = File::options().write(true).create(true).truncate(false).open(path).expect("a file");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).expect("is set");
    };
    let foreign = [".store-sync-part-1", "a.png.part", "x.store-sync-part-0123456789abcdef0123456789abcdef"];
    for name in foreign {
        age(&root.join(name), 1000);
    }
    age(&root.join("p/q/a.png"), 1000);
    age(&root.join("p").join(OLD), 1999);
    age(&root.join("p/q").join(OLD), 1000);
    age(&root.join("p/q").join(NEW), 2000);
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).expect("a folder");
    age(&outside.join(OLD), 1000);
    symlink(&outside, root.join("link")).expect("a link");
    symlink(outside.join(OLD), root.join(OLD)).expect("a link");
    assert_eq!(files.sweep_parts(Time::from_unix_ms(2_000_000)).await.expect("sweeps"), 2);
    assert_eq!(files.sweep_parts(Time::from_unix_ms(2_000_000)).await.expect("sweeps"), 0);
    let new = format!("p/q/{NEW}");
    let mut left = vec![foreign[0], foreign[1], foreign[2], "link", OLD, "p/q/a.png", &new];
    left.sort_unstable();
    assert_eq!(everything(&root), left);
    assert_eq!(everything(&outside), [OLD]);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_one_key_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let files = Files::new(folder.path());
    for round in 0..20 {
        let writers = (0..8_u8).map(|writer| {
            let files = files.clone();
            let bytes = Bytes::from(vec![writer; 100_000 + usize::from(writer) * 1000]);
            tokio::spawn(async move { files.put("p/x.png", bytes).await })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("ends").unwrap_or_else(|e| panic!("round {round}: {e}"));
        }
        let kept = files.get("p/x.png").await.expect("is there");
        assert_eq!(kept.len(), 100_000 + usize::from(kept[0]) * 1000);
        assert!(kept.iter().all(|byte| *byte == kept[0]), "one writer's bytes, whole");
    }
    assert_eq!(everything(folder.path()), ["p/x.png"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_cannot_be_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let files = Files::new(folder.path().join("files"));
    let x = || Bytes::from_static(b"x");
    files.put("p/q/a", x()).await.expect("is kept");
    for key in ["p", "p/q", "p/q/a/b", "p/q/a/b/c"] {
        assert!(matches!(files.put(key, x()).await, Err(FileError::BadKey(_))), "{key}");
    }
    assert_eq!(everything(folder.path()), ["files/p/q/a"]);
    let error = Files::new(folder.path().join("files/p/q/a")).put("b", x()).await.expect_err("the root is a file");
    assert!(matches!(error, FileError::Io { .. }) && error.is_transient(), "{error:?}");
    assert_eq!(everything(folder.path()), ["files/p/q/a"]);
}
