//! Objects as files under one root folder. Blocking; ignores everything below the root that is neither a file nor a
//! folder.

use std::{
    fs::{self, File, FileType},
    io::{self, ErrorKind, Write},
    path::Path,
};

use bytes::Bytes;

use super::{
    FileError, ListedObject,
    key::{is_part, is_plain, is_valid_segment, new_part},
};
use crate::{model::Time, outside::private};

pub(super) fn put(root: &Path, key: &str, bytes: &[u8]) -> Result<(), FileError> {
    let path = root.join(key);
    write_whole(&path, bytes, |part| fs::rename(part, &path)).map_err(|source| not_written(root, key, source))
}

/// Stores an object if the key is free; false if it is taken, and then the existing object stays.
pub(super) fn put_new(root: &Path, key: &str, bytes: &[u8]) -> Result<bool, FileError> {
    let path = root.join(key);
    let in_place = |part: &Path| match fs::hard_link(part, &path) {
        // A file system without hard links: another writer may come between check and rename; its object is replaced by
        // an equal one.
        Err(e) if e.kind() == ErrorKind::Unsupported && !path.exists() => fs::rename(part, &path),
        linked => linked.and_then(|()| fs::remove_file(part)),
    };
    match write_whole(&path, bytes, in_place) {
        Err(_) if path.is_file() => Ok(false),
        written => written.map(|()| true).map_err(|source| not_written(root, key, source)),
    }
}

fn not_written(root: &Path, key: &str, source: io::Error) -> FileError {
    match source.kind() {
        // A file exists where the key needs a folder, or a folder where it needs a file.
        ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists if root.is_dir() => {
            FileError::BadKey(key.to_owned())
        }
        _ => FileError::Io { path: root.join(key), source },
    }
}

pub(super) fn get(root: &Path, key: &str) -> Result<Bytes, FileError> {
    let path = root.join(key);
    match fs::read(&path) {
        Ok(bytes) => Ok(Bytes::from(bytes)),
        Err(e) if is_nothing(&e) => Err(FileError::Missing(key.to_owned())),
        Err(source) => Err(FileError::Io { path, source }),
    }
}

pub(super) fn delete(root: &Path, key: &str) -> Result<(), FileError> {
    let path = root.join(key);
    match fs::remove_file(&path) {
        Err(source) if !is_nothing(&source) => Err(FileError::Io { path, source }),
        _ => Ok(()),
    }
}

/// The objects below `below` and after `after`, in byte order of their keys. Memory holds the names of one path of
/// folders at a time.
pub(super) fn list(root: &Path, below: &str, after: &str, limit: usize) -> Result<Vec<ListedObject>, FileError> {
    let mut objects = Vec::new();
    let mut at = root.to_owned();
    let real = below.split_terminator('/').all(|name| {
        at.push(name);
        fs::symlink_metadata(&at).is_ok_and(|entry| entry.is_dir())
    });
    if real {
        walk(root, below, after, limit, &mut objects)?;
    }
    Ok(objects)
}

/// Removes unfinished files that were last written before `older_than`; returns their number.
pub(super) fn sweep_parts(root: &Path, older_than: Time) -> Result<usize, FileError> {
    let (mut open, mut swept) = (vec![root.to_owned()], 0);
    while let Some(folder) = open.pop() {
        for (name, kind) in entries(&folder)? {
            let path = folder.join(&name);
            if kind.is_dir() {
                open.push(path);
            } else if is_part(&name) && stat(&path)?.is_some_and(|(_, modified)| modified < older_than) {
                match fs::remove_file(&path) {
                    Err(source) if !is_nothing(&source) => return Err(FileError::Io { path, source }),
                    removed => swept += usize::from(removed.is_ok()),
                }
            }
        }
    }
    Ok(swept)
}

fn walk(root: &Path, below: &str, after: &str, limit: usize, objects: &mut Vec<ListedObject>) -> Result<(), FileError> {
    let mut keys = Vec::new();
    for (name, kind) in entries(&root.join(below))? {
        // A folder sorts as its keys do, with the slash: `a-b` comes before `a/b`.
        let key = if kind.is_dir() { format!("{below}{name}/") } else { format!("{below}{name}") };
        let behind = key.as_str() > after || kind.is_dir() && after.starts_with(&key);
        if behind && is_valid_segment(&name) && is_plain(key.trim_end_matches('/')) {
            keys.push(key);
        }
    }
    keys.sort_unstable();
    for key in keys {
        if objects.len() >= limit {
            break;
        }
        if key.ends_with('/') {
            walk(root, &key, after, limit, objects)?;
        } else if let Some((size_bytes, modified)) = stat(&root.join(&key))? {
            objects.push(ListedObject { key, size_bytes, modified });
        }
    }
    Ok(())
}

/// The files and folders in a folder, without links and names that are not UTF-8; empty if there is no folder.
fn entries(folder: &Path) -> Result<Vec<(String, FileType)>, FileError> {
    let read = || -> io::Result<Vec<(String, FileType)>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if let Ok(name) = entry.file_name().into_string()
                && (kind.is_file() || kind.is_dir())
            {
                entries.push((name, kind));
            }
        }
        Ok(entries)
    };
    match read() {
        Err(e) if is_nothing(&e) => Ok(Vec::new()),
        read => read.map_err(|source| FileError::Io { path: folder.to_owned(), source }),
    }
}

/// The size and modification time of a file; `None` if it no longer exists.
fn stat(path: &Path) -> Result<Option<(u64, Time)>, FileError> {
    let read = || -> io::Result<_> {
        let entry = fs::symlink_metadata(path)?;
        Ok((entry.len(), Time::from(chrono::DateTime::<chrono::Utc>::from(entry.modified()?))))
    };
    match read() {
        Err(e) if is_nothing(&e) => Ok(None),
        read => read.map(Some).map_err(|source| FileError::Io { path: path.to_owned(), source }),
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

/// Writes a temporary file, syncs it, and lets `in_place` give it its name; removes it on failure.
fn write_whole(path: &Path, bytes: &[u8], in_place: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let known = folder.ancestors().find(|folder| folder.is_dir());
    private::make_folder(folder)?;
    let part = folder.join(new_part());
    let written = fill(&part, bytes).and_then(|()| in_place(&part));
    if written.is_err() {
        let _ = fs::remove_file(&part);
        return written;
    }
    // Syncs the new name and the names of the folders created for it.
    for folder in folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
        if Some(folder) == known {
            break;
        }
    }
    Ok(())
}

fn fill(part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private::options().write(true).create_new(true).open(part)?;
    file.write_all(bytes)?;
    file.sync_all()
}
