//! Parsers for values that need more than their type: text that an overlay may have turned into a number, secrets
//! that are never empty, URLs without credentials. Their errors do not repeat the value.

use std::{fmt::Display, ops::RangeInclusive};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

const EMPTY: &str = "must not be empty";

/// Parses non-empty text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(truth) => truth.to_string(),
        _ => return Err(D::Error::custom("expected text")),
    };
    if text.trim().is_empty() { Err(D::Error::custom(EMPTY)) } else { Ok(text) }
}

pub(super) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer).map(Some)
}

/// Parses a non-empty secret: anybody could sign with an empty one.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    text(deserializer).map(SecretString::from)
}

pub(super) fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    secret(deserializer).map(Some)
}

/// Parses the http or https URL of a server. Rejects credentials in it: they would be logged and shown.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let url = Url::parse(&text(deserializer)?).map_err(|e| D::Error::custom(format!("is not a URL: {e}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(D::Error::custom("must not carry a user name or a password: addresses are shown and logged"));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(D::Error::custom("must be an address such as https://sync.example.com"));
    }
    Ok(url)
}

pub(super) fn optional_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    address(deserializer).map(Some)
}

/// Whether a path can be appended to the URL.
pub(super) fn is_base(url: &Url) -> bool {
    url.query().is_none() && url.fragment().is_none()
}

/// Rejects a number outside `range`, naming the key.
pub(super) fn within<T: PartialOrd + Display>(key: &str, value: T, range: RangeInclusive<T>) -> Result<(), String> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(format!("{key} must be from {} to {}, not {value}", range.start(), range.end()))
}
