//! Reads small texts such as keys and settings from files and pipes, with a size limit that protects the memory.

use std::{
    fs::File,
    io::{Error, ErrorKind, Read, Result},
    path::Path,
};

/// The size limit in bytes.
const MOST: u64 = 1 << 20;

/// Reads a file; fails if it is larger than 1 MiB.
pub fn read_file(path: &Path) -> Result<String> {
    read(File::open(path)?)
}

/// Reads to the end; fails if the text is larger than 1 MiB.
pub fn read(from: impl Read) -> Result<String> {
    let mut text = String::new();
    from.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_not_read_to_its_end() {
        assert_eq!(read(std::io::repeat(b'a')).expect_err("is refused").kind(), ErrorKind::FileTooLarge);
        assert_eq!(read(&b"v1:abc"[..]).expect("is read"), "v1:abc");
    }
}
