//! Files under one root folder, addressed by object key. The local form of the object store.

use std::{
    io::Write,
    path::{Component, Path, PathBuf},
};

use bytes::Bytes;

/// Why a file could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The key would leave the root, or is empty.
    #[error("'{0}' is not a valid object key")]
    BadKey(String),
    /// There is no such file.
    #[error("there is no file '{0}'")]
    Missing(String),
    /// The operating system refused.
    #[error("cannot access {path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

/// A folder of objects.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

impl Files {
    /// The object store under `root`; made when first written to.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder everything lies under.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps `bytes` under `key`, whole or not at all: written beside, synced, then renamed into place.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), FileError> {
        let path = self.path(key)?;
        blocking(move || write_whole(&path, &bytes).map_err(|source| FileError::Io { path, source })).await
    }

    /// The bytes kept under `key`.
    pub async fn get(&self, key: &str) -> Result<Bytes, FileError> {
        let path = self.path(key)?;
        let key = key.to_owned();
        blocking(move || match std::fs::read(&path) {
            Ok(bytes) => Ok(Bytes::from(bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(FileError::Missing(key)),
            Err(source) => Err(FileError::Io { path, source }),
        })
        .await
    }

    /// Deletes what is kept under `key`; nothing there is as good.
    pub async fn delete(&self, key: &str) -> Result<(), FileError> {
        let path = self.path(key)?;
        blocking(move || match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(FileError::Io { path, source: e }),
            _ => Ok(()),
        })
        .await
    }

    /// Proves that the folder can be written to.
    pub async fn check(&self) -> Result<(), FileError> {
        let key = ".store-sync-check";
        self.put(key, Bytes::from_static(b"ok")).await?;
        let path = self.path(key)?;
        blocking(move || std::fs::remove_file(&path).map_err(|source| FileError::Io { path, source })).await
    }

    fn path(&self, key: &str) -> Result<PathBuf, FileError> {
        let relative = Path::new(key);
        let plain = !key.is_empty()
            && !key.contains(['\\', '\0'])
            && relative.components().all(|part| matches!(part, Component::Normal(_)));
        if plain { Ok(self.root.join(relative)) } else { Err(FileError::BadKey(key.to_owned())) }
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = folder.join(name);
    let mut file = std::fs::File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    std::fs::File::open(folder)?.sync_all()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(FileError::Io { path: PathBuf::new(), source: std::io::Error::other(error) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_cannot_leave_the_root() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let files = Files::new(folder.path());
        files.put("a/b.png", Bytes::from_static(b"x")).await.expect("is kept");
        assert_eq!(files.get("a/b.png").await.expect("is there"), Bytes::from_static(b"x"));
        for key in ["../x", "/etc/passwd", "a/../../x", "", "a\\b"] {
            assert!(matches!(files.get(key).await, Err(FileError::BadKey(_))), "{key} must be refused");
        }
        assert!(matches!(files.get("a/c.png").await, Err(FileError::Missing(_))));
    }
}
