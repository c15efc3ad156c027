//! Detects a file's encoding: UTF-8 and UTF-16 by their bytes, otherwise Windows-1252 as a guess.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Wrong;

/// The first bytes of workbooks: zip for .xlsx, compound file for .xls.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// The text without its byte order mark, and a warning if the encoding was guessed.
pub(super) fn decode(bytes: Vec<u8>) -> Result<(String, Option<String>), Wrong> {
    if WORKBOOKS.iter().any(|start| bytes.starts_with(start)) {
        return Err(("the file".to_owned(), "is a workbook: save it as \"CSV UTF-8\" first".to_owned()));
    }
    let wide = match bytes.get(..2) {
        Some([0xff, 0xfe] | [1..=0xff, 0]) => Some(UTF_16LE),
        Some([0xfe, 0xff] | [0, 1..=0xff]) => Some(UTF_16BE),
        _ => None,
    };
    if let Some(wide) = wide {
        let (text, damaged) = wide.decode_with_bom_removal(&bytes);
        let why = || ("the file".to_owned(), "starts as UTF-16 but is not valid UTF-16".to_owned());
        return if damaged { Err(why()) } else { Ok((text.into_owned(), None)) };
    }
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Ok((text, None))
        }
        Err(other) => {
            let good = &other.as_bytes()[..other.utf8_error().valid_up_to()];
            let line = good.split(|byte| *byte == b'\n').count();
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(other.as_bytes());
            let note = format!(
                "the file is not UTF-8 (line {line}); it is read as Windows-1252. Save it as \"CSV UTF-8\" if letters look wrong"
            );
            Ok((text.into_owned(), Some(note)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let (text, note) = decode(bytes.to_vec()).expect("is read");
        assert!(note.is_none(), "{note:?}");
        text
    }

    #[test]
    fn unicode_is_known_with_and_without_its_mark() {
        assert_eq!(text("Café".as_bytes()), "Café");
        assert_eq!(text(b"\xef\xbb\xbfCaf\xc3\xa9"), "Café");
        assert_eq!(text(b"\xff\xfeC\0a\0f\0\xe9\0"), "Café");
        assert_eq!(text(b"\xfe\xff\0C\0a\0f\0\xe9"), "Café");
        assert_eq!(text(b"C\0a\0f\0\xe9\0"), "Café");
        assert_eq!(text(b"\0C\0a\0f\0\xe9"), "Café");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn what_is_none_of_it_is_read_as_windows_1252_and_told() {
        let (text, note) = decode(b"a\nCaf\xe9 \x80 5".to_vec()).expect("is read");
        assert_eq!(text, "a\nCafé € 5");
        assert!(note.is_some_and(|note| note.contains("line 2") && note.contains("Windows-1252")));
    }

    #[test]
    fn a_workbook_is_no_text() {
        assert!(decode(b"PK\x03\x04rest".to_vec()).expect_err("is refused").1.contains("CSV UTF-8"));
        assert!(decode(b"\xff\xfea".to_vec()).is_err(), "half a letter");
    }
}
