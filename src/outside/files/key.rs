//! Validates object keys, by one rule for folders and buckets, and escapes them for URLs.

use url::form_urlencoded::byte_serialize;

use super::FileError;
use crate::outside::Random;

/// The longest key of S3, and the longest name of file systems, in bytes.
const LONGEST: (usize, usize) = (1024, 255);
/// The prefix of unfinished files; no key may contain a name with it.
const PART: &str = ".store-sync-part-";

/// Returns the key if it is valid: names separated by single slashes.
pub(super) fn plain(key: &str) -> Result<&str, FileError> {
    if is_plain(key) { Ok(key) } else { Err(FileError::BadKey(key.to_owned())) }
}

/// The string that every key below `prefix` starts with: empty, or a folder with its slash.
pub(super) fn below(prefix: &str) -> Result<String, FileError> {
    let folder = prefix.strip_suffix('/').unwrap_or(prefix);
    if folder.is_empty() && prefix.is_empty() { Ok(String::new()) } else { Ok(format!("{}/", plain(folder)?)) }
}

pub(super) fn is_plain(key: &str) -> bool {
    key.len() <= LONGEST.0 && key.split('/').all(is_valid_segment)
}

/// Whether a text is valid as one segment of a key: the name of a file or folder.
pub(super) fn is_valid_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.len() <= LONGEST.1
        && !name.starts_with(PART)
        && !name.contains(|c: char| c == '\\' || c.is_ascii_control())
}

/// The key percent-encoded for a URL: everything is escaped that a server could interpret.
pub(super) fn escaped(key: &str) -> String {
    let name = |name: &str| byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
    key.split('/').map(name).collect::<Vec<_>>().join("/")
}

/// A unique name for an unfinished file.
pub(super) fn new_part() -> String {
    let mut bytes = [0; 16];
    Random::system().fill(&mut bytes);
    format!("{PART}{}", super::hex(&bytes))
}

/// Whether a name has the format of `new_part`.
pub(super) fn is_part(name: &str) -> bool {
    name.strip_prefix(PART).is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_folder() {
        assert_eq!(below("").expect("all"), "");
        assert_eq!(below("a/b").expect("a folder"), "a/b/");
        assert_eq!(below("a/b/").expect("a folder"), "a/b/");
        for prefix in ["/", "//", "a//", "../a", "a/.."] {
            assert!(matches!(below(prefix), Err(FileError::BadKey(_))), "{prefix}");
        }
    }

    #[test]
    fn only_our_own_unfinished_files_are_recognised() {
        assert!(is_part(&new_part()) && !is_plain(&new_part()));
        assert_ne!(new_part(), new_part());
        for name in ["a.part", ".store-sync-part-", ".store-sync-part-0123", ".store-sync-check"] {
            assert!(!is_part(name), "{name}");
        }
    }
}
