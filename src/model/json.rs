//! Parses JSON from outside. Repairs on the way in what makes a document unusable for no good reason: a byte order
//! mark, invalid UTF-8, lone surrogates, control characters, and nesting that nothing here reads. All text from a
//! shop, a model or an API caller passes through here, so that no database has to refuse it.

use std::{borrow::Cow, marker::PhantomData};

use serde::de::{DeserializeOwned, DeserializeSeed};

/// The maximum nesting depth; deeper containers become null. (serde_json itself stops at 128.)
const DEEPEST: usize = 100;

/// Parses a document.
///
/// # Errors
/// Fails if the repaired text is not JSON, or does not match `T`.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    read_with(bytes, PhantomData)
}

/// Parses a document as a seed takes it.
///
/// # Errors
/// Fails if the repaired text is not JSON.
pub fn read_with<T>(bytes: &[u8], seed: impl for<'de> DeserializeSeed<'de, Value = T>) -> serde_json::Result<T> {
    let text = decode(bytes);
    let text = repair(&text);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Decodes bytes as UTF-8: drops a byte order mark, replaces invalid sequences by U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

/// Describes on one line what arrived in place of a document: a page's title, or the text before the first brace or
/// bracket (what follows may be the document itself). `None` if the bytes begin as a document. The caller removes
/// secrets first, then cuts.
pub fn instead(bytes: &[u8]) -> Option<String> {
    let text = decode(&bytes[..bytes.len().min(64 * 1024)]);
    let text = text.trim_start();
    if text.is_empty() || text.starts_with(['{', '[']) {
        return None;
    }
    // ASCII lower case keeps every byte offset.
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let begin = at + lower[at..].find('>')? + 1;
        let end = begin + lower[begin..].find("</title")?;
        Some(one_line(&text[begin..end]))
    });
    if let Some(title) = title {
        return Some(format!("it is an HTML page titled '{title}'"));
    }
    let words = one_line(text.split(['{', '[']).next().unwrap_or_default());
    Some(format!("it begins with '{words}'"))
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

/// Returns the document with every repairable fault repaired.
fn repair(text: &str) -> Cow<'_, str> {
    let mut repairer = Repairer { text, at: 0, kept: 0, out: String::new(), skipping: false };
    repairer.document();
    if repairer.kept == 0 { Cow::Borrowed(text) } else { repairer.rest() }
}

/// Scans a document once, and copies it only if there is something to repair.
struct Repairer<'t> {
    text: &'t str,
    /// The present offset.
    at: usize,
    /// Everything before this offset is already in `out`, or left out.
    kept: usize,
    out: String,
    /// Inside a container that is too deep.
    skipping: bool,
}

impl<'t> Repairer<'t> {
    fn document(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => {
                    depth += 1;
                    if depth == DEEPEST + 1 {
                        self.replace(0, "null");
                        self.skipping = true;
                    }
                }
                b'}' | b']' => {
                    if depth == DEEPEST + 1 {
                        self.skipping = false;
                        self.kept = self.at + 1;
                    }
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Scans a string, from its opening to behind its closing quotation mark.
    fn string(&mut self) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => self.escape(),
                b'\n' => self.replace(1, "\\n"),
                b'\r' => self.replace(1, "\\r"),
                b'\t' => self.replace(1, "\\t"),
                0..=0x1f | 0x7f => self.replace(1, ""),
                0xc2 if bytes.get(self.at + 1).is_some_and(|next| (0x80..=0x9f).contains(next)) => self.replace(2, ""),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) {
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'b' | b'f') => self.replace(2, ""),
            Some(b'u') => match self.unit(self.at) {
                Some(0x09 | 0x0a | 0x0d) => self.at += 6,
                Some(0..=0x1f | 0x7f..=0x9f) => self.replace(6, ""),
                Some(0xd800..=0xdbff) => match self.unit(self.at + 6) {
                    Some(0xdc00..=0xdfff) => self.at += 12,
                    _ => self.replace(6, "\u{fffd}"),
                },
                Some(0xdc00..=0xdfff) => self.replace(6, "\u{fffd}"),
                _ => self.at += 2,
            },
            _ => self.at += 2,
        }
    }

    /// Returns the UTF-16 unit of the `\u` escape at `at`; `None` if there is no such escape.
    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        u16::from_str_radix(digits, 16).ok()
    }

    /// Replaces the next `length` bytes by `new`.
    fn replace(&mut self, length: usize, new: &str) {
        if !self.skipping {
            self.out.push_str(&self.text[self.kept..self.at]);
            self.out.push_str(new);
            self.kept = self.at + length;
        }
        self.at += length;
    }

    fn rest(mut self) -> Cow<'t, str> {
        if !self.skipping {
            self.out.push_str(&self.text[self.kept..]);
        }
        Cow::Owned(self.out)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn value(bytes: &[u8]) -> Value {
        read(bytes).expect("reads")
    }

    #[test]
    fn what_needs_no_mending_is_not_copied() {
        let text = r#"{"a": ["b", "\"\\u0000\\", "\u00e9\ud83d\ude00", "\n"], "c": 1}"#;
        assert!(matches!(repair(text), Cow::Borrowed(_)));
        assert_eq!(value(text.as_bytes())["a"][1], "\"\\u0000\\");
    }

    /// The expected values are those of ECMAScript's `JSON.parse(text)` with `toWellFormed()`, without control
    /// characters.
    #[test]
    fn halves_of_surrogate_pairs_become_the_replacement_character() {
        for (text, right) in [
            (r#""Cut emoji \ud83d""#, "Cut emoji \u{fffd}"),
            (r#""\ude00 first""#, "\u{fffd} first"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\uD83D\n""#, "\u{fffd}\n"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\ud83d\\""#, "\u{fffd}\\"),
        ] {
            assert_eq!(value(text.as_bytes()), right, "{text}");
        }
    }

    #[test]
    fn marks_bad_bytes_and_control_characters_do_no_harm() {
        assert_eq!(value(b"\xef\xbb\xbf{\"a\":1}"), json!({"a": 1}));
        assert_eq!(value(b"[\"Caf\xe9\"]"), json!(["Caf\u{fffd}"]));
        assert_eq!(value(b"{\"Si\\u0000ze\": \"a\\u001bb\x00c\\bd\x7f\xc2\x9be\"}"), json!({"Size": "abcde"}));
        assert_eq!(value(b"[\"a\nb\tc\"]"), json!(["a\nb\tc"]), "line ends that were not escaped");
    }

    #[test]
    fn what_is_nested_too_deep_is_left_out_and_the_rest_is_read() {
        let deep =
            format!("{{\"a\":1,\"deep\":{}\"]\\u0000\"{},\"z\":\"\\u0000!\"}}", "[".repeat(5000), "]".repeat(5000));
        let whole = value(deep.as_bytes());
        assert_eq!((&whole["a"], &whole["z"]), (&json!(1), &json!("!")));
        let limit = format!("{}1{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert!(value(limit.as_bytes()).to_string().contains('1'));
        assert!(read::<Value>(&deep.as_bytes()[..4000]).is_err(), "a cut document stays one");
    }

    #[test]
    fn what_came_instead_is_told() {
        let description = |text: &str| instead(text.as_bytes());
        assert_eq!(description("  {\"a\":"), None);
        assert_eq!(
            description("<br />\n<b>Deprecated</b>: strpos() in <b>/x.php</b><br />\n[{\"secret\":1}]").as_deref(),
            Some("it begins with '<br /> <b>Deprecated</b>: strpos() in <b>/x.php</b><br />'")
        );
        assert_eq!(
            description("<!DOCTYPE html><HTML><Title>Coming\u{1b} soon</TITLE>").as_deref(),
            Some("it is an HTML page titled 'Coming soon'")
        );
    }
}
