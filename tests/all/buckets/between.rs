//! Stands between the daemon and an S3 server: reads every request byte by byte, refuses uploads whose checksums do not hold as
//! Amazon and R2 do (moto does not look), and does mischief on demand.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use store_sync::vault::hex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What becomes of an exchange.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The server is not asked; this status and code of S3 is the answer.
    Answer(u16, &'static str),
    /// The connection ends when half of the request's body has come.
    CutAsk,
    /// The connection ends in the middle of the answer's body.
    CutAnswer,
    /// A byte of the request's body is another one when it arrives.
    DamageAsk,
    /// A byte of the answer's body is another one when it arrives.
    DamageAnswer,
    /// Nobody ever answers.
    Silent,
}

/// A request as it came.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Inner {
    target: String,
    next: VecDeque<Fate>,
    always: Option<Fate>,
    seen: Vec<Seen>,
}

pub(crate) struct Between {
    pub(crate) url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Between {
    pub(crate) async fn new(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let target = target.trim_start_matches("http://").to_owned();
        let inner = Arc::new(Mutex::new(Inner { target, ..Inner::default() }));
        let shared = inner.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                tokio::spawn(async move { drop(pass(stream, shared).await) });
            }
        });
        Self { url, inner }
    }

    /// What becomes of the next exchanges, in this order; the others pass.
    pub(crate) fn decide(&self, fates: impl IntoIterator<Item = Fate>) {
        lock(&self.inner).next.extend(fates);
    }

    /// What becomes of all others from now on.
    pub(crate) fn always(&self, fate: Option<Fate>) {
        lock(&self.inner).always = fate;
    }

    /// The requests since this was last asked. All mischief must have been done.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let mut inner = lock(&self.inner);
        assert!(inner.next.is_empty(), "mischief is left over");
        std::mem::take(&mut inner.seen)
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().expect("is not poisoned")
}

/// One exchange; its connection ends with it.
async fn pass(mut stream: TcpStream, inner: Arc<Mutex<Inner>>) -> std::io::Result<()> {
    let Some((mut seen, missing)) = head(&mut stream).await? else { return Ok(()) };
    let (target, fate) = {
        let mut inner = lock(&inner);
        (inner.target.clone(), inner.next.pop_front().or(inner.always))
    };
    let whole = seen.body.len() + missing;
    let wanted = if fate == Some(Fate::CutAsk) { whole / 2 } else { whole };
    let mut rest = vec![0; wanted.saturating_sub(seen.body.len())];
    stream.read_exact(&mut rest).await?;
    seen.body.extend(rest);
    lock(&inner).seen.push(seen.clone());
    match fate {
        Some(Fate::CutAsk) => return Ok(()),
        Some(Fate::Silent) => std::future::pending::<()>().await,
        Some(Fate::Answer(status, code)) => return stream.write_all(&refusal(status, code)).await,
        Some(Fate::DamageAsk) => *seen.body.last_mut().expect("a body") ^= 1,
        _ => {}
    }
    if seen.line.starts_with("PUT ") && !holds(&seen) {
        return stream.write_all(&refusal(400, "BadDigest")).await;
    }
    let mut answer = ask(&target, &seen).await?;
    let body = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    match fate {
        Some(Fate::DamageAnswer) => *answer.last_mut().expect("a byte") ^= 1,
        Some(Fate::CutAnswer) => answer.truncate(body + (answer.len() - body) / 2),
        _ => {}
    }
    stream.write_all(&answer).await
}

/// The head of a request, what came of its body with it, and how much of that is still to come.
async fn head(stream: &mut TcpStream) -> std::io::Result<Option<(Seen, usize)>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8(bytes[..end].to_vec()).expect("a head is text");
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
    let seen = Seen { line, headers, body: bytes[end + 4..].to_vec() };
    let length: usize = seen.header("content-length").map_or(0, |length| length.parse().expect("a number"));
    let missing = length - seen.body.len();
    Ok(Some((seen, missing)))
}

/// The server's answer, whole.
async fn ask(target: &str, seen: &Seen) -> std::io::Result<Vec<u8>> {
    let mut request = format!("{}\r\n", seen.line);
    for (name, value) in seen.headers.iter().filter(|(name, _)| name != "connection") {
        request += &format!("{name}: {value}\r\n");
    }
    if seen.header("x-amz-checksum-sha256").is_some() {
        // Amazon and R2 keep the checksum that comes with an object; moto wants to be told so by this header of their clients.
        request += "x-amz-sdk-checksum-algorithm: SHA256\r\n";
    }
    request += "connection: close\r\n\r\n";
    let mut upstream = TcpStream::connect(target).await?;
    upstream.write_all(request.as_bytes()).await?;
    upstream.write_all(&seen.body).await?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Whether the body is the one that was signed and summed.
fn holds(seen: &Seen) -> bool {
    let sum = Sha256::digest(&seen.body);
    seen.header("x-amz-checksum-sha256").is_none_or(|given| given == STANDARD.encode(sum))
        && seen.header("x-amz-content-sha256") == Some(hex(&sum).as_str())
}

fn refusal(status: u16, code: &str) -> Vec<u8> {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>Not like this.</Message><StringToSign>AWS4-HMAC-SHA256 \
         canary-string</StringToSign><SignatureProvided>canary-signature</SignatureProvided></Error>"
    );
    let head = format!("HTTP/1.1 {status} No\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n", body.len());
    format!("{head}connection: close\r\n\r\n{body}").into_bytes()
}
