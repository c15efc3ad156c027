//! A scripted HTTP conversation that replaces the network: each request must match the next recorded exchange.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ::http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::message::{Body, HttpError, Request, Response, log_target};

/// One expected request and its response.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    #[serde(default)]
    pub ask: ExpectedRequest,
    #[serde(default)]
    pub answer: Reply,
}

/// A request to match. `*` matches any value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectedRequest {
    pub method: String,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    /// JSON as it is; a form as an object; a multipart form as a list; other bytes as their length.
    pub body: Value,
}

/// A scripted response.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// A string is sent as it is, such as an XML document; any other value as JSON.
    pub body: Value,
}

impl Default for Reply {
    fn default() -> Self {
        Self { status: 200, headers: BTreeMap::new(), body: Value::Null }
    }
}

/// A scripted conversation and its progress.
#[derive(Debug, Default)]
pub struct Script(Mutex<Played>);

#[derive(Debug, Default)]
struct Played {
    left: VecDeque<Exchange>,
    asked: Vec<ExpectedRequest>,
    problems: Vec<String>,
    /// Records the requests instead of comparing them.
    record: bool,
}

impl Script {
    /// A conversation to play; with `record`, requests are not compared.
    pub fn new(exchanges: Vec<Exchange>, record: bool) -> Self {
        Self(Mutex::new(Played { left: exchanges.into(), record, ..Played::default() }))
    }

    /// Takes out the requests received and the problems, among them exchanges that did not take place.
    pub fn ended(&self) -> (Vec<ExpectedRequest>, Vec<String>) {
        let mut played = self.lock();
        let count = played.left.len();
        if count > 0 && played.problems.is_empty() {
            let next = &played.left[0].ask;
            let mut what = format!("{count} expected exchanges did not take place");
            // One that was not recorded yet has no request.
            if !next.url.is_empty() {
                what.push_str(&format!("; the next is {} {}", next.method, next.url));
            }
            played.problems.push(what);
        }
        (std::mem::take(&mut played.asked), std::mem::take(&mut played.problems))
    }

    pub(super) fn play(&self, request: &Request) -> Result<Response, HttpError> {
        let actual = ExpectedRequest::of(request);
        let refused = |why: String| HttpError::Refused { place: log_target(&request.method, &request.url), why };
        let mut played = self.lock();
        let Some(next) = played.left.pop_front() else {
            let why = format!("no exchange is expected for {} {}", actual.method, actual.url);
            played.asked.push(actual);
            played.problems.push(why.clone());
            return Err(refused(why));
        };
        let differences = if played.record { Vec::new() } else { next.ask.differences(&actual) };
        played.asked.push(actual);
        if !differences.is_empty() {
            let number = played.asked.len();
            played.problems.extend(differences.into_iter().map(|d| format!("exchange {number}: {d}")));
            return Err(refused("it is not the expected request".to_owned()));
        }
        drop(played);
        next.answer.response().ok_or_else(|| refused("the scripted response has an invalid header".to_owned()))
    }

    fn lock(&self) -> MutexGuard<'_, Played> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExpectedRequest {
    fn of(request: &Request) -> Self {
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers: BTreeMap<String, String> =
            request.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let kind = headers.get("content-type").map_or("", String::as_str);
        let body = match &request.body {
            Body::Empty => Value::Null,
            Body::Bytes(bytes) if kind.starts_with("application/x-www-form-urlencoded") => {
                let pairs = url::form_urlencoded::parse(bytes);
                Value::Object(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
            }
            Body::Bytes(bytes) => serde_json::from_slice(bytes).unwrap_or_else(|_| json!({ "bytes": bytes.len() })),
            Body::Multipart(parts) => parts
                .iter()
                .map(|part| match &part.file {
                    Some((name, kind)) => json!({ "name": part.name, "file": name, "type": kind, "bytes": part.bytes.len() }),
                    None if part.media_type.is_some() => {
                        json!({ "name": part.name, "json": serde_json::from_slice::<Value>(&part.bytes).unwrap_or_default() })
                    }
                    None => json!({ "name": part.name, "value": String::from_utf8_lossy(&part.bytes) }),
                })
                .collect(),
        };
        Self { method: request.method.to_string(), url: request.url.to_string(), headers, body }
    }

    /// Describes how a request differs from this one. Additional headers are allowed.
    fn differences(&self, actual: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: &str, is: &str| {
            if expected != is && expected != "*" {
                differences.push(format!("{what} is {is}, expected {expected}"));
            }
        };
        compare("the method", &self.method, &actual.method);
        compare("the address", &self.url, &actual.url);
        for (name, expected) in &self.headers {
            compare(
                &format!("the header {name}"),
                expected,
                actual.headers.get(name).map_or("(missing)", String::as_str),
            );
        }
        if !same(&self.body, &actual.body) {
            compare("the body", &self.body.to_string(), &actual.body.to_string());
        }
        differences
    }
}

fn same(expected: &Value, is: &Value) -> bool {
    match (expected, is) {
        (Value::String(any), _) if any == "*" => true,
        (Value::Object(one), Value::Object(other)) => {
            let has = |map: &Map<String, Value>, name: &String| map.contains_key(name);
            one.len() == other.len() && one.iter().all(|(name, value)| has(other, name) && same(value, &other[name]))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other,
    }
}

impl Reply {
    /// Converts it to a response; `None` if a header is invalid.
    pub fn response(&self) -> Option<Response> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
        }
        let body = match &self.body {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            other => other.to_string().into_bytes(),
        };
        Some(Response { status: self.status, headers, body: body.into() })
    }
}
