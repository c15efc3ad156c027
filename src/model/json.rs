//! Parses JSON from outside. Repairs on the way in what makes a document unusable for no good reason: a byte order
//! mark, invalid UTF-8, lone surrogates, control characters, and nesting that nothing here reads. All text from a
//! shop, a model or an API caller passes through here, so that no database has to refuse it.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::DeserializeOwned;

/// The maximum nesting depth; deeper containers become null. (serde_json itself stops at 128.)
const DEEPEST: usize = 100;

/// Parses a document.
///
/// # Errors
/// Fails if the repaired text is not JSON, or does not match `T`.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_str(&repair(&decode(bytes)))
}

/// The text of a document with every repairable fault repaired: UTF-8, and the same bytes if there is none.
pub fn repaired(bytes: &Bytes) -> Bytes {
    match decode(bytes) {
        Cow::Borrowed(text) => match repair(text) {
            Cow::Borrowed(text) => bytes.slice_ref(text.as_bytes()),
            Cow::Owned(text) => text.into(),
        },
        Cow::Owned(text) => repair(&text).into_owned().into(),
    }
}

/// Decodes bytes as UTF-8: drops a byte order mark, replaces invalid sequences by U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // The check alone is several times faster than the search for what has to be replaced.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
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
        loop {
            // Behind the end, if the document is cut within an escape.
            self.at += bytes.get(self.at..).map_or(0, plain);
            let Some(byte) = bytes.get(self.at) else { return };
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

/// How many bytes of a string, from the first one on, need no look: neither a sign that ends it or may have to be replaced, nor the
/// first byte of one. Eight at a time, because most of a document are such bytes; the last seven are not counted.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let (words, _) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // Sets the highest bit of the lowest byte that is the one looked for; above it bits may be set that mean nothing.
        let is = |byte: u8| {
            let other = word ^ (ONES * u64::from(byte));
            other.wrapping_sub(ONES) & !other
        };
        let is_control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (is_control | is(b'"') | is(b'\\') | is(0x7f) | is(0xc2)) & HIGH;
        if found != 0 {
            return place * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8
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
        let text = r#"{"a\u00e9\n": "b\ud83d\ude00\u0000\\", "c": "\b"}"#;
        for end in 0..text.len() {
            assert!(read::<Value>(&text.as_bytes()[..end]).is_err(), "cut after {end}");
        }
    }

    #[test]
    fn a_repaired_document_is_the_one_that_is_read() {
        for text in [&b"{\"a\": 1}"[..], b"\xef\xbb\xbf[1]", b"[\"Caf\xe9\"]", b"[\"a\x00b\", \"\\ud83d\"]", b""] {
            let bytes = Bytes::copy_from_slice(text);
            let repaired = repaired(&bytes);
            let value = serde_json::from_slice::<Value>(&repaired).ok();
            assert_eq!(value, read(text).ok(), "{text:?}");
        }
        let sound = Bytes::from_static(b"\xef\xbb\xbf[1]");
        assert_eq!(repaired(&sound).as_ptr(), sound[3..].as_ptr(), "not copied");
    }

    #[test]
    fn a_byte_that_needs_a_look_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            let needs = byte < 0x20 || [b'"', b'\\', 0x7f, 0xc2].contains(&byte);
            for place in 0..24 {
                for others in [b'a', 0x80, 0xff, 0x21, 0xc1] {
                    let mut bytes = [others; 24];
                    bytes[place] = byte;
                    assert_eq!(plain(&bytes), if needs { place } else { 24 }, "{byte:#x} at {place} among {others:#x}");
                }
            }
        }
        assert_eq!((plain(b""), plain(b"1234567"), plain(b"12345678\"")), (0, 0, 8));
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
