//! How the outside is reached: through a proxy that nobody here wrote, and on a machine that trusts nobody.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use http::{HeaderValue, Method, header};
use secrecy::SecretString;
use serde_json::Value;
use store_sync::outside::{Http, HttpPolicy, Proxy, Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

use crate::real::start;

/// A data folder with a session in it, and the built program.
struct House {
    folder: tempfile::TempDir,
    session: String,
}

impl House {
    fn new() -> Self {
        let mut house = Self { folder: tempfile::tempdir().expect("a temp folder"), session: String::new() };
        let client = house.json(&["clients", "add", "Acme"])["id"].as_str().expect("an id").to_owned();
        let session = house.json(&["sessions", "create", "--client", &client, "--name", "Spring"]);
        session["id"].as_str().expect("an id").clone_into(&mut house.session);
        house
    }

    fn run(&self, env: &[(&str, &str)], args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
        command.current_dir(self.folder.path()).args(args).env_remove("STORE_SYNC_CONFIG");
        let ours = |name: &str| name.starts_with("STORE_SYNC__") || name.to_ascii_lowercase().ends_with("_proxy");
        for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
            command.env_remove(name);
        }
        command.envs(env.iter().copied()).output().expect("runs")
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[], &[&["--json"][..], args].concat());
        assert!(output.status.success(), "{args:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Has the program fetch a picture.
    fn fetch(&self, env: &[(&str, &str)], url: &str) -> Output {
        self.run(env, &["inspirations", "create", &self.session, "--url", url])
    }

    /// The same where it is to fail: what it says.
    fn fails(&self, env: &[(&str, &str)], url: &str) -> String {
        let output = self.fetch(env, url);
        assert!(matches!(output.status.code(), Some(1 | 75)), "{url}: {}", said(&output));
        assert!(!said(&output).contains("canary"), "{}", said(&output));
        said(&output)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

const PICTURE: &str = "https://shop.example/picture.png";
const RESOLVES: (&str, &str) = ("STORE_SYNC__HTTP__PROXY_RESOLVES", "true");

#[tokio::test]
async fn the_built_program_goes_through_a_real_proxy() {
    let house = House::new();
    let folder = house.folder.path().join("proxy");
    let server = start("proxy", folder.clone(), &[], &[], "").await;
    let (asked, served): (PathBuf, PathBuf) = (folder.join("connects.txt"), folder.join("shop.txt"));
    let place = server.url.trim_start_matches("http://").to_owned();
    let with = |login: &str| format!("http://{login}{place}");
    let address = with("store-sync:canary%40password@");
    let ca = folder.join("ca.pem").display().to_string();
    let trust = ("SSL_CERT_FILE", ca.as_str());
    let proxy = ("HTTPS_PROXY", address.as_str());

    let unknown = house.fails(&[trust, proxy], PICTURE);
    assert!(unknown.contains("[http] proxy_resolves = true") && unknown.contains(&place), "{unknown}");
    for inside in [
        "https://10.0.0.1/a.png",
        "https://[::ffff:169.254.169.254]/a.png",
        "https://2130706433/a.png",
        "https://printer.local/a.png",
        "https://metadata.google.internal/a.png",
        "https://intranet/a.png",
    ] {
        assert!(house.fails(&[trust, proxy, RESOLVES], inside).contains("private address"), "{inside}");
    }
    assert_eq!(lines(&asked), [""; 0], "nothing of that was asked of the proxy");

    let trace = ("STORE_SYNC__LOG__LEVEL", "trace");
    let output = house.fetch(&[trust, proxy, RESOLVES, trace], PICTURE);
    assert!(output.status.success(), "{}", said(&output));
    for secret in ["canary", "c3RvcmUtc3luYzpjYW5hcnlAcGFzc3dvcmQ"] {
        assert!(!said(&output).contains(secret), "{}", said(&output));
    }
    assert_eq!(lines(&asked), ["CONNECT shop.example:443"]);
    assert_eq!(lines(&served), ["shop.example /picture.png"]);
    let upper = house.fetch(&[trust, ("all_proxy", address.as_str()), RESOLVES], PICTURE);
    assert!(upper.status.success(), "{}", said(&upper));
    let key = house.fetch(&[trust, ("STORE_SYNC__HTTP__PROXY", address.as_str()), RESOLVES], PICTURE);
    assert!(key.status.success(), "{}", said(&key));
    let doctor = house.run(&[trust, proxy], &["doctor"]);
    assert!(said(&doctor).contains(&format!("through the proxy {place}")), "{}", said(&doctor));

    let before = lines(&asked).len();
    let refused = house.fails(&[trust, ("HTTPS_PROXY", with("store-sync:wrong-canary@").as_str()), RESOLVES], PICTURE);
    assert!(
        refused.contains(&format!("the proxy {place} refused the configured user name and password (407)")),
        "{refused}"
    );
    let refused = house.fails(&[trust, ("HTTPS_PROXY", with("").as_str()), RESOLVES], PICTURE);
    assert!(refused.contains(&format!("set [http] proxy = \"http://USER:PASSWORD@{place}\"")), "{refused}");
    for around in [("NO_PROXY", "shop.example"), ("no_proxy", "*"), ("STORE_SYNC__HTTP__PROXY", "")] {
        let direct = house.fails(&[trust, proxy, RESOLVES, around], PICTURE);
        assert!(!direct.contains("proxy"), "{direct}");
    }
    assert_eq!(lines(&asked).len(), before);
    let nobody = house.fails(&[trust, proxy, RESOLVES], "https://nobody.example/a.png");
    assert!(nobody.contains(&format!("the proxy {place} refuses this host, or cannot reach it")), "{nobody}");
    let gone = house.fails(&[trust, ("HTTPS_PROXY", "http://u:canary@127.0.0.1:1"), RESOLVES], PICTURE);
    assert!(gone.contains("the proxy 127.0.0.1:1 cannot be reached: Connection refused"), "{gone}");
    let other = house.fails(&[("ALL_PROXY", "socks5://u:canary@127.0.0.1:1")], PICTURE);
    assert!(other.contains("[http] proxy") && other.contains("socks5"), "{other}");
}

/// A proxy that says `answer` to every CONNECT and then listens; gives its door and what it heard.
async fn proxied(answer: &'static [u8], timeout: Duration) -> (Http, tokio::task::JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://u:canary@{}", listener.local_addr().expect("an address"));
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a byte"));
        }
        stream.write_all(answer).await.expect("is sent");
        let mut rest = Vec::new();
        if answer.starts_with(b"HTTP/1.1 200") {
            // What stands on the inside speaks no TLS, and says so at once.
            let mut first = [0; 4096];
            let count = stream.read(&mut first).await.expect("is read");
            rest.extend_from_slice(&first[..count]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
        if answer.is_empty() {
            let _ = stream.read_to_end(&mut rest).await;
        }
        drop(stream);
        (String::from_utf8_lossy(&head).into_owned(), rest)
    });
    let proxy = Proxy::parse(&SecretString::from(address), "", false).expect("a proxy");
    (Http::new(HttpPolicy { proxy: Some(proxy), timeout, ..HttpPolicy::default() }).expect("a door"), heard)
}

fn request() -> Request {
    let url = Url::parse("https://93.184.216.34/private?token=canary").expect("an address");
    let mut request = Request::new(Method::POST, url);
    request.headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer canary"));
    request
}

/// A proxy may find another address under a name than we did, or be led inwards by its own rules: then a TLS greeting for that very
/// host is all that arrives there.
#[tokio::test]
async fn a_proxy_that_leads_inwards_delivers_nothing_of_a_request() {
    let (door, heard) = proxied(b"HTTP/1.1 200 OK\r\n\r\n", Duration::from_secs(20)).await;
    let error = door.send(request()).await.expect_err("is no TLS").to_string();
    let (head, inside) = heard.await.expect("a proxy");
    assert!(head.starts_with("CONNECT 93.184.216.34:443 HTTP/1.1\r\n"), "{head}");
    assert!(!head.contains("private") && !head.contains("canary"), "{head}");
    assert_eq!(inside.first(), Some(&0x16), "a TLS handshake");
    assert!(!inside.windows(6).any(|part| part == b"canary"), "no part of the request");
    assert!(!error.contains("canary") && !error.contains("token"), "{error}");
}

#[tokio::test]
async fn what_a_proxy_does_wrong_is_told_in_words_without_its_password() {
    for (answer, words) in [
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n".as_slice(), "refuses this host, or cannot reach it"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n".as_slice(), "refuses this host, or cannot reach it"),
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".as_slice(),
            "refused the configured user name and password (407)",
        ),
        (b"nonsense\r\n\r\n".as_slice(), "refuses this host, or cannot reach it"),
        (b"HTTP/1.1 ".as_slice(), "closed the connection without a response"),
        (b"".as_slice(), "within 1 s"),
    ] {
        let (door, heard) = proxied(answer, Duration::from_secs(1)).await;
        let error = door.send(request()).await.expect_err("fails").to_string();
        assert!(error.contains(words) && error.contains("through the proxy 127.0.0.1:"), "{answer:?}: {error}");
        assert!(!error.contains("canary"), "{error}");
        drop(door);
        heard.await.expect("a proxy");
    }
}

#[tokio::test]
async fn what_is_sent_elsewhere_by_connect_to_goes_around_the_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let here = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a url");
    let shop = axum::Router::new().route("/", axum::routing::get(|| async { "the shop" }));
    tokio::spawn(async move { axum::serve(listener, shop).await });
    let proxy = Proxy::parse(&SecretString::from("http://127.0.0.1:1"), "", false).expect("a proxy");
    let policy = HttpPolicy {
        allow_private_networks: true,
        connect_to: vec![("shop.example".into(), here.clone())],
        proxy: Some(proxy),
        ..HttpPolicy::default()
    };
    let door = Http::new(policy).expect("a door");
    for url in ["https://shop.example/".to_owned(), here.to_string()] {
        let answer =
            door.send(Request::new(Method::GET, Url::parse(&url).expect("an address"))).await.expect("answers");
        assert_eq!(answer.body, "the shop", "{url}");
    }
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` that name nothing are what a container without ca-certificates is.
#[test]
fn a_machine_without_ca_certificates_is_told_what_to_install() {
    let house = House::new();
    let nothing = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")];
    let advice = "install ca-certificates";
    assert!(house.run(&nothing, &["clients", "list"]).status.success(), "what speaks to nobody works");
    let fetched = house.fails(&nothing, "https://93.184.216.34/a.png");
    assert!(fetched.contains(advice), "{fetched}");
    let doctor = house.run(&nothing, &["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    let table = said(&doctor);
    assert!(table.contains(advice) && table.contains("database") && table.contains("clock"), "{table}");
    let bucket = "[storage.bucket]\nname = \"b\"\nendpoint = \"https://127.0.0.1:1\"\naccess_key_id = \"a\"\nsecret_access_key = \"canary\"\n";
    std::fs::write(house.folder.path().join("config.toml"), bucket).expect("a file");
    assert!(house.run(&nothing, &["clients", "list"]).status.success(), "a bucket is no reason");
    let doctor = house.run(&nothing, &["doctor"]);
    assert_eq!(said(&doctor).matches(advice).count(), 2, "outbound and files: {}", said(&doctor));
    let demo = tempfile::tempdir().expect("a temp folder");
    let elsewhere = House { folder: demo, session: String::new() };
    let output = elsewhere.run(&nothing, &["demo", "--once"]);
    assert!(output.status.success(), "this machine is spoken to without TLS: {}", said(&output));
}
