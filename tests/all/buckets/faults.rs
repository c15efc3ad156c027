//! A bucket whose server is busy, refuses, or cannot be trusted with a byte.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use store_sync::outside::{Bucket, FileError, Files, RetryPatience};

use super::{
    PATIENCE,
    between::{
        Between,
        Fate::{Answer, CutAnswer, CutAsk, DamageAnswer, DamageAsk, Silent},
    },
    bucket, bucket_at, hash, look, open, picture, server,
};

const KEY: &str = "clients/a/x.png";

/// Two ways to one bucket: with mischief, and straight.
struct Both {
    between: Between,
    files: Files,
    straight: Files,
    server: crate::real::Server,
    _folder: tempfile::TempDir,
}

async fn both() -> Both {
    let folder = tempfile::tempdir().expect("a temp folder");
    let server = server(folder.path()).await;
    let between = Between::new(&server.url).await;
    let (files, straight) = (open(&bucket_at(&between.url)), open(&bucket(&server)));
    Both { between, files, straight, server, _folder: folder }
}

/// Nothing that opens the bucket, or that its server echoed.
fn is_discreet(error: &FileError) {
    let said = format!("{error} {error:?}");
    for secret in ["canary", "AKIATEST", "X-Amz", "AWS4", "Signature=", "Credential=", "http://", "<"] {
        assert!(!said.contains(secret), "{said}");
    }
}

fn is_busy(error: &FileError, why: &str) {
    is_discreet(error);
    assert!(matches!(error, FileError::Busy { why: said, .. } if said == why) && error.is_transient(), "{error:?}");
}

fn is_final(error: &FileError, why: &str) {
    is_discreet(error);
    assert!(matches!(error, FileError::Bucket { why: said, .. } if said == why) && !error.is_transient(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_busy_for_a_while_is_waited_for() {
    let both = both().await;
    let busy = [Answer(503, "SlowDown"), Answer(500, "InternalError"), Answer(429, "TooManyRequests"), CutAsk];
    both.between.decide(busy);
    both.files.put(KEY, picture(1)).await.expect("is kept at the fifth attempt");
    assert_eq!(both.between.seen().len(), 5);
    assert_eq!(look(&both.server, KEY).await["sha256"], hash(1));
    both.between.decide(busy);
    assert_eq!(both.files.get(KEY).await.expect("is had at the fifth attempt"), picture(1));
    both.between.decide(busy);
    assert_eq!(both.files.list("clients", None, 9).await.expect("is told at the fifth attempt").len(), 1);
    both.between.decide([Answer(503, "SlowDown")]);
    both.files.delete(KEY).await.expect("is deleted at the second attempt");
    assert!(matches!(both.straight.get(KEY).await, Err(FileError::Missing(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_stays_busy_is_given_up_for_now() {
    let both = both().await;
    both.straight.put(KEY, picture(1)).await.expect("is kept");
    for (fate, why) in [
        (Answer(503, "SlowDown"), "503 SlowDown: Not like this."),
        (Answer(500, "InternalError"), "500 InternalError: Not like this."),
        (Answer(429, "TooManyRequests"), "429 TooManyRequests: Not like this."),
        (CutAsk, "the connection to its server was cut"),
    ] {
        both.between.always(Some(fate));
        is_busy(&both.files.put(KEY, picture(2)).await.expect_err("is busy"), why);
        assert_eq!(both.between.seen().len(), 5, "bounded");
        is_busy(&both.files.get(KEY).await.expect_err("is busy"), why);
        is_busy(&both.files.get_checked(KEY, &hash(1)).await.expect_err("is busy"), why);
        is_busy(&both.files.list("", None, 1).await.expect_err("is busy"), why);
        assert_eq!(both.between.seen().len(), 15, "bounded");
        is_busy(&both.files.delete(KEY).await.expect_err("is busy"), why);
        is_busy(&both.files.check().await.expect_err("is busy"), why);
        both.between.seen();
    }
    assert_eq!(both.straight.get(KEY).await.expect("is there"), picture(1), "as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_silent_or_away_is_given_up_for_now() {
    let both = both().await;
    let brief = RetryPatience { retries: 1, answer: Duration::from_millis(250), ..PATIENCE };
    both.between.always(Some(Silent));
    let files = open(&Bucket { patience: brief, ..bucket_at(&both.between.url) });
    is_busy(&files.put(KEY, picture(2)).await.expect_err("is silent"), "its server does not answer in time");
    is_busy(&files.get(KEY).await.expect_err("is silent"), "its server does not answer in time");
    assert_eq!(both.between.seen().len(), 4);
    // No further attempt is begun once the time is over, however many would be left.
    let brief = RetryPatience { in_all: Duration::ZERO, ..brief };
    let files = open(&Bucket { patience: RetryPatience { retries: 1000, ..brief }, ..bucket_at(&both.between.url) });
    is_busy(&files.put(KEY, picture(2)).await.expect_err("is silent"), "its server does not answer in time");
    assert_eq!(both.between.seen().len(), 1);
    let away = open(&Bucket { patience: brief, ..bucket_at("http://127.0.0.1:1") });
    is_busy(&away.put(KEY, picture(2)).await.expect_err("is away"), "its server cannot be reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_says_no_is_believed_at_once() {
    let both = both().await;
    for (status, code) in
        [(403, "AccessDenied"), (404, "NoSuchBucket"), (400, "BadDigest"), (403, "SignatureDoesNotMatch")]
    {
        both.between.always(Some(Answer(status, code)));
        let why = format!("{status} {code}: Not like this.");
        is_final(&both.files.put(KEY, picture(2)).await.expect_err(code), &why);
        is_final(&both.files.get(KEY).await.expect_err(code), &why);
        is_final(&both.files.list("", None, 1).await.expect_err(code), &why);
        is_final(&both.files.delete(KEY).await.expect_err(code), &why);
        assert_eq!(both.between.seen().len(), 4, "each is asked once");
    }
    // Amazon says so where the bucket lies in another region.
    both.between.always(Some(Answer(301, "PermanentRedirect")));
    let why = "Received redirect without LOCATION, this normally indicates an incorrectly configured region";
    is_final(&both.files.put(KEY, picture(2)).await.expect_err("is elsewhere"), why);
    is_final(&both.files.list("", None, 1).await.expect_err("is elsewhere"), why);
    both.between.seen();
    both.between.always(Some(Answer(404, "NoSuchKey")));
    assert!(matches!(both.files.get(KEY).await, Err(FileError::Missing(_))));
    both.files.delete(KEY).await.expect("nothing there is as good");
    is_final(&both.files.put(KEY, picture(2)).await.expect_err("no answer to that"), "404 NoSuchKey: Not like this.");
    // S3 says 400 where an upload was too slow.
    both.between.always(Some(Answer(400, "RequestTimeout")));
    is_busy(&both.files.put(KEY, picture(2)).await.expect_err("is slow"), "400 RequestTimeout: Not like this.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_says_so_without_its_secret() {
    let both = both().await;
    let elsewhere = open(&Bucket { name: "another".into(), ..bucket(&both.server) });
    for error in [
        elsewhere.put(KEY, Bytes::from_static(b"x")).await.expect_err("no such bucket"),
        elsewhere.get(KEY).await.expect_err("no such bucket"),
        elsewhere.list("", None, 1).await.expect_err("no such bucket"),
        elsewhere.check().await.expect_err("no such bucket"),
    ] {
        is_final(&error, "404 NoSuchBucket: The specified bucket does not exist");
    }
    for said in [format!("{:?}", bucket(&both.server)), format!("{elsewhere:?}")] {
        assert!(!said.contains("canary-secret"), "{said}");
    }
    assert_eq!(
        (elsewhere.location().as_str(), format!("{elsewhere:?}").contains("AKIATEST")),
        ("the bucket another", false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_suffers_on_the_way_is_not_kept() {
    let both = both().await;
    both.between.decide([DamageAsk]);
    is_final(&both.files.put(KEY, picture(1)).await.expect_err("is refused"), "400 BadDigest: Not like this.");
    assert!(matches!(both.straight.get(KEY).await, Err(FileError::Missing(_))));
    both.straight.put(KEY, picture(1)).await.expect("is kept");
    both.between.always(Some(CutAsk));
    assert!(both.files.put(KEY, picture(2)).await.expect_err("is cut").is_transient());
    both.between.always(None);
    both.between.decide([CutAsk, CutAsk]);
    assert_eq!(both.files.get_checked(KEY, &hash(1)).await.expect("is had"), picture(1), "nothing is half-written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_cut_goes_on_where_it_ended() {
    let both = both().await;
    both.straight.put(KEY, picture(1)).await.expect("is kept");
    both.between.decide([CutAnswer, CutAnswer, Answer(503, "SlowDown")]);
    assert_eq!(both.files.get_checked(KEY, &hash(1)).await.expect("is had"), picture(1));
    let seen = both.between.seen();
    let half = picture(1).len() / 2;
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[0].header("range"), None);
    assert_eq!(seen[1].header("range"), Some(format!("bytes={half}-{}", picture(1).len() - 1).as_str()));
    both.between.decide([CutAnswer, CutAnswer]);
    assert_eq!(both.files.list("", None, 9).await.expect("is told").len(), 1, "a listing is asked for again");
    assert_eq!(both.between.seen().len(), 3);
    both.between.always(Some(CutAnswer));
    is_busy(&both.files.list("", None, 9).await.expect_err("never whole"), "the connection to its server was cut");
    assert_eq!(both.between.seen().len(), 5, "bounded");
    let error = both.files.get_checked(KEY, &hash(1)).await.expect_err("never whole");
    is_busy(&error, "the connection to its server was cut");
    assert_eq!(both.between.seen().len(), 5, "bounded");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_changed_are_told() {
    let both = both().await;
    both.straight.put(KEY, picture(1)).await.expect("is kept");
    both.between.decide([DamageAnswer]);
    assert_ne!(both.files.get(KEY).await.expect("some bytes"), picture(1), "unproved");
    both.between.decide([DamageAnswer]);
    assert_eq!(both.files.get_checked(KEY, &hash(1)).await.expect("a second look helps"), picture(1));
    both.between.always(Some(DamageAnswer));
    let changed = both.files.get_checked(KEY, &hash(1)).await.expect_err("other bytes");
    assert!(matches!(changed, FileError::Changed { .. }) && !changed.is_transient(), "{changed:?}");
    is_discreet(&changed);
}

/// Where logs go in a test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("is not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_that_opens_a_bucket_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let both = both().await;
    both.between.decide([Answer(503, "SlowDown"), CutAsk]);
    both.files.put(KEY, picture(1)).await.expect("is kept");
    both.between.decide([CutAnswer]);
    both.files.get(KEY).await.expect("is had");
    let address = both.files.public_url(KEY, Duration::from_mins(1)).await.expect("is signed").expect("an address");
    let mut secrets = vec!["canary".to_owned(), address.query().expect("is signed").to_owned()];
    for seen in both.between.seen() {
        let signature =
            seen.header("authorization").expect("is signed").split("Signature=").nth(1).expect("a signature");
        secrets.push(signature.to_owned());
    }
    let said = String::from_utf8(log.0.lock().expect("is not poisoned").clone()).expect("a text");
    assert!(said.contains("backing off") && secrets.len() > 5, "{said}");
    for secret in secrets {
        assert!(!said.contains(&secret), "{secret} in {said}");
    }
}
