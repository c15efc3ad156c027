//! What the simulated platform sends by itself: posted keys and webhook deliveries.

use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;
use url::Url;

use crate::outside::{Body, Request};

/// A request that the platform sends.
pub struct Outbound(pub Request);

impl Outbound {
    pub(super) fn json(to: &str, body: &Value) -> Self {
        Self::of(to, "application/json", body.to_string())
    }

    pub(super) fn form(to: &str, body: String) -> Self {
        Self::of(to, "application/x-www-form-urlencoded", body)
    }

    fn of(to: &str, kind: &'static str, body: String) -> Self {
        let url = Url::parse(to).unwrap_or_else(|_| unreachable_address());
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(kind));
        Self(Request { method: Method::POST, url, headers, body: Body::Bytes(body.into()) })
    }

    /// A webhook delivery with additional headers.
    pub(super) fn delivery(to: &str, body: String, more: &[(String, String)]) -> Self {
        let kind = if body.starts_with(['{', '[']) { "application/json" } else { "text/plain" };
        let mut outbound = Self::of(to, kind, body);
        for (name, value) in more {
            if let (Ok(name), Ok(value)) = (http::HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
            {
                outbound.0.headers.insert(name, value);
            }
        }
        outbound
    }
}

/// A URL that refuses connections, in place of an invalid one.
fn unreachable_address() -> Url {
    Url::parse("http://127.0.0.1:9/").unwrap_or_else(|_| unreachable!("it is an address"))
}
