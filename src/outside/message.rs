//! HTTP requests, responses and errors.

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use url::Url;

/// A request body.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// No body.
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
    /// The media type of a part that is not a file; plain text by default.
    pub media_type: Option<String>,
}

/// A request.
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

/// A response with its whole body.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Response {
    /// A header as text; `None` if it is missing or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no response. The texts name only method, host and path: never a query, a header or a body.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The policy does not allow the request: nothing is sent.
    #[error("{place}: refused, {why}")]
    Refused { place: String, why: String },
    /// The server redirects to where the request is not sent.
    #[error("{place}: refused, {why}")]
    Redirected { place: String, why: String },
    /// No connection was made: nothing was sent.
    #[error("{place}: {why}")]
    Unreachable { place: String, why: String },
    /// The deadline passed before the request was sent completely.
    #[error("{place}: not sent completely, the lease of this job has ended")]
    TooLate { place: String },
    /// The response did not arrive in time.
    #[error("{place}: no complete response within {seconds} s")]
    Timeout { place: String, seconds: u64 },
    /// The connection failed during the exchange.
    #[error("{place}: {why}")]
    Network { place: String, why: String },
    /// The response exceeds the size limit.
    #[error("{place}: the response is larger than {limit} bytes ([http] max_answer_bytes)")]
    TooLarge { place: String, limit: usize },
}

/// Method, host and path of a request: the part that is safe in logs and errors.
pub fn log_target(method: &Method, url: &Url) -> String {
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{method} {}{port}{}", url.host_str().unwrap_or("?"), url.path())
}
