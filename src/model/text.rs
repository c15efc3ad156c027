//! Text from outside: cleaned on the way in, bounded where it becomes a key, made visible where people read it.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// The most bytes of an index key: PostgreSQL refuses index rows of more than 2,704.
const KEY_BYTES: usize = 2000;

/// Whether text must not contain `c`: U+0000 (which PostgreSQL refuses) and every other control character except tab
/// and line ends.
fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

/// Whether `c` changes how the text around it is displayed: directional formatting characters (UAX #9).
fn is_directional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the text without control characters; tab and line ends stay.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(is_forbidden) { Cow::Owned(text.replace(is_forbidden, "")) } else { Cow::Borrowed(text) }
}

/// Returns the first `most` characters; ends with `…` if there were more.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.char_indices().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// Returns the text without control characters, cut to `most` characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    cut(&clean(text), most).into_owned()
}

/// Returns text that an index can hold: one of more than 2,000 bytes is truncated and gets a hash of the whole, so
/// that different texts stay different and equal ones equal.
pub fn key(text: String) -> String {
    if text.len() <= KEY_BYTES {
        return text;
    }
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let half = hash.first_chunk::<16>().map_or(0, |half| u128::from_be_bytes(*half));
    let hex = format!("{half:032x}");
    let end = text.floor_char_boundary(KEY_BYTES - hex.len() - 1);
    format!("{}#{hex}", &text[..end])
}

/// Makes text safe for one line of a terminal: every control character, line ends included, and every directional
/// formatting character is replaced by a visible symbol.
pub fn visible(text: &str) -> Cow<'_, str> {
    shown(text, |c| c.is_control() || is_directional(c))
}

/// Makes text safe for several lines of a terminal: as [`visible`], but line ends and tabs stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    shown(text, |c| is_forbidden(c) || c == '\r' || is_directional(c))
}

/// Makes text safe for one log line: as [`visible`], but with escape sequences, so that no line can be forged.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| c.is_control() || is_directional(c) || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

fn shown(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if hidden(c) { sign(c) } else { c }).collect())
}

/// U+2400 and up are symbols for the ASCII control characters; other characters have none.
fn sign(c: char) -> char {
    match u32::from(c) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        _ => '\u{fffd}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_go_and_the_rest_stays() {
        assert_eq!(clean("a\0b\u{1b}[2J\u{7f}\u{9b}c\td\r\ne\u{202e}f"), "ab[2Jc\td\r\ne\u{202e}f");
        assert!(matches!(clean("Tom & Jérôme 👩‍👩‍👧"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_terminal_is_shown_signs_and_told_nothing() {
        assert_eq!(visible("a\u{1b}]0;x\u{7}\n\u{7f}\u{9b}\u{202e}"), "a␛]0;x␇␊␡\u{fffd}\u{fffd}");
        assert_eq!(visible_lines("a\nb\tc\u{1b}\r"), "a\nb\tc␛␍");
        assert!(matches!(visible("Größe 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_log_line_stays_one() {
        assert_eq!(
            escaped("x\n2026 INFO forged\r\u{1b}[1m\u{85}\u{2028}é"),
            "x\\n2026 INFO forged\\r\\u{1b}[1m\\u{85}\\u{2028}é"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }

    #[test]
    fn a_long_key_is_bounded_and_stays_one_of_its_own() {
        let (one, other) = (format!("{}1", "ä".repeat(4500)), format!("{}2", "ä".repeat(4500)));
        assert!(key(one.clone()).len() <= 2000 && key(one.clone()) == key(one.clone()));
        assert_ne!(key(one), key(other));
        assert_eq!(key("x".repeat(2000)), "x".repeat(2000));
    }
}
