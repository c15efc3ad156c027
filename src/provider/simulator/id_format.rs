//! The format of a platform's ids, detected from a sample, so that generated ids look alike and can be parsed.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::provider::path::as_text;

/// The format of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IdFormat {
    Number,
    /// A prefix before the number.
    Tail(String),
    /// 32 hexadecimal digits.
    Hex,
    Uuid,
    /// A prefix before the number, all in base64.
    Base64(String),
    /// The URL of the object itself.
    Address,
}

/// The path of a simulator's files, on any host.
pub(super) const FILES: &str = "/rehearsal/files/";

impl IdFormat {
    /// The format of a sample id.
    pub(super) fn of(value: Option<&Value>) -> Self {
        let Some(Value::String(text)) = value else {
            return if value.is_some_and(Value::is_number) { Self::Number } else { Self::Tail(String::new()) };
        };
        let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
        if text.starts_with("http") {
            return Self::Address;
        }
        if text.len() == 32 && hex(text) {
            return Self::Hex;
        }
        if text.len() == 36 && text.split('-').count() == 5 && hex(&text.replace('-', "")) {
            return Self::Uuid;
        }
        let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(decoded) = decoded.filter(|decoded| decoded.contains(':') && decoded.is_ascii()) {
            return Self::Base64(front(&decoded).to_owned());
        }
        Self::Tail(front(text).to_owned())
    }

    /// The id of an object: its number in this format, or its URL.
    pub(super) fn render(&self, number: u64, address: &str) -> Value {
        match self {
            Self::Number => number.into(),
            Self::Tail(front) => format!("{front}{number}").into(),
            Self::Hex => format!("{number:032x}").into(),
            Self::Uuid => format!("00000000-0000-4000-8000-{number:012x}").into(),
            Self::Base64(front) => STANDARD.encode(format!("{front}{number}")).into(),
            Self::Address => address.into(),
        }
    }

    /// The number in an id of this format; `None` if it has another format.
    pub(super) fn read(&self, id: &Value) -> Option<u64> {
        let text = as_text(id)?;
        match self {
            Self::Number => text.parse().ok(),
            Self::Tail(front) => text.strip_prefix(front.as_str())?.parse().ok(),
            Self::Hex => u64::from_str_radix(text.get(16..)?, 16).ok(),
            Self::Uuid => u64::from_str_radix(text.get(24..)?, 16).ok(),
            Self::Base64(front) => {
                let decoded = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
                decoded.strip_prefix(front.as_str())?.parse().ok()
            }
            Self::Address => file_number(&text),
        }
    }
}

/// The file number in a URL.
pub(super) fn file_number(address: &str) -> Option<u64> {
    address.split_once(FILES)?.1.split('/').next()?.parse().ok()
}

fn front(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_look_alike_and_are_read_again() {
        for (sample, made) in [
            (json!(792), json!(1001)),
            (json!("gid://shop/Product/7"), json!("gid://shop/Product/1001")),
            (json!("7"), json!("1001")),
            (json!("MUG-1"), json!("MUG-1001")),
            (json!("0b8f9d6e1c2a4f5b8d7e6f5a4b3c2d1e"), json!("000000000000000000000000000003e9")),
            (json!("aaaabbbb-1111-2222-3333-ccccdddd0000"), json!("00000000-0000-4000-8000-0000000003e9")),
            (json!("UHJvZHVjdDox"), json!("UHJvZHVjdDoxMDAx")),
        ] {
            let form = IdFormat::of(Some(&sample));
            assert_eq!(form.render(1001, ""), made, "{form:?}");
            assert_eq!(form.read(&made), Some(1001), "{form:?}");
        }
        let address = IdFormat::of(Some(&json!("https://s.example/1.png")));
        assert_eq!(address.read(&json!("https://s.example/rehearsal/files/7/a.png")), Some(7));
        assert_eq!(IdFormat::of(Some(&json!("P-1"))).read(&json!("X-1")), None);
    }
}
