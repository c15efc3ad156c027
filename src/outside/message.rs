//! What goes out and what comes back.

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use url::Url;

/// What is sent along.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes of the type that the request's `content-type` header names.
    Bytes(Bytes),
    /// A multipart form, in this order.
    Multipart(Vec<Part>),
}

/// One part of a multipart form.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    pub bytes: Bytes,
    /// `(file name, media type)` for a file part.
    pub file: Option<(String, String)>,
    /// The media type of a part that is no file, where it is not plain text.
    pub media_type: Option<String>,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Body,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Body::Empty }
    }
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Response {
    /// A header as text, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no answer. The texts name host and path only: never a query, a header or a body.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// We do not send this.
    #[error("{place}: refused, {why}")]
    Refused { place: String, why: String },
    /// Nobody was there to take the request: nothing was sent.
    #[error("{place}: {why}")]
    Unreachable { place: String, why: String },
    /// The time in which it might be sent was over before it was sent whole.
    #[error("{place}: not sent, the work is somebody else's by now")]
    TooLate { place: String },
    /// Nobody answered in time.
    #[error("{place}: no complete answer within {seconds} s")]
    Timeout { place: String, seconds: u64 },
    /// The connection failed or broke off.
    #[error("{place}: {why}")]
    Network { place: String, why: String },
    /// The answer is larger than we read.
    #[error("{place}: the answer is larger than {limit} bytes ([http] max_answer_bytes)")]
    TooLarge { place: String, limit: usize },
}

/// Method, host and path of a request: what may stand in logs and errors.
pub fn log_target(method: &Method, url: &Url) -> String {
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{method} {}{port}{}", url.host_str().unwrap_or("?"), url.path())
}
