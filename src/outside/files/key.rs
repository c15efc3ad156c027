//! What may be a key, alike in a folder and in a bucket, and how it stands in an address.

use url::form_urlencoded::byte_serialize;

use super::FileError;
use crate::outside::Random;

/// The longest key that S3 knows, and the longest name that file systems know.
const LONGEST: (usize, usize) = (1024, 255);
/// What a writer has not finished yet is called so, and no key is.
const PART: &str = ".store-sync-part-";

/// The key, where it is one: names with one slash between each.
pub(super) fn plain(key: &str) -> Result<&str, FileError> {
    if is_plain(key) { Ok(key) } else { Err(FileError::BadKey(key.to_owned())) }
}

/// What every key below `prefix` begins with: nothing, or a folder and its slash.
pub(super) fn below(prefix: &str) -> Result<String, FileError> {
    let folder = prefix.strip_suffix('/').unwrap_or(prefix);
    if folder.is_empty() && prefix.is_empty() { Ok(String::new()) } else { Ok(format!("{}/", plain(folder)?)) }
}

pub(super) fn is_plain(key: &str) -> bool {
    key.len() <= LONGEST.0 && key.split('/').all(is_valid_segment)
}

/// One part of a key: the name of a file or of a folder.
pub(super) fn is_valid_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.len() <= LONGEST.1
        && !name.starts_with(PART)
        && !name.contains(|c: char| c == '\\' || c.is_ascii_control())
}

/// The key as it stands in an address: everything escaped that any server could take for something else.
pub(super) fn escaped(key: &str) -> String {
    let name = |name: &str| byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
    key.split('/').map(name).collect::<Vec<_>>().join("/")
}

/// A name for what is being written that no other writer has, in this process or another.
pub(super) fn new_part() -> String {
    let mut bytes = [0; 16];
    Random::system().fill(&mut bytes);
    format!("{PART}{}", super::hex(&bytes))
}

/// Whether `new_part` gave this name.
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
