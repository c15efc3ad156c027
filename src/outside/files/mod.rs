//! The object store: files under one root folder, or an S3 bucket (Amazon S3, Cloudflare R2 and others).

mod bucket;
mod folder;
mod key;
mod refusal;
mod sieve;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use url::Url;

pub use bucket::{Bucket, RetryPatience};

use super::fault::off_thread;
use crate::model::Time;

/// Why an object cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The key would leave the root, or is not valid in every store.
    #[error("'{0}' is not a valid object key")]
    BadKey(String),
    /// The object does not exist.
    #[error("there is no file '{0}'")]
    Missing(String),
    /// The checksum of the bytes differs from the stored one.
    #[error("the bytes of '{key}' do not have the stored checksum")]
    Changed { key: String },
    /// The operating system returned an error.
    #[error("cannot access {path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    /// The bucket's server is busy, silent or unreachable; a retry may succeed.
    #[error("cannot access '{key}' in the bucket at present: {why}")]
    Busy { key: String, why: String },
    /// The bucket's server refused the request.
    #[error("cannot access '{key}' in the bucket: {why}")]
    Bucket { key: String, why: String },
}

impl FileError {
    /// Whether a retry may succeed: a busy server, a full disk.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Busy { .. })
    }
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    pub key: String,
    pub size_bytes: u64,
    /// When it was last written.
    pub modified: Time,
}

/// An object store.
#[derive(Clone, Debug)]
pub struct Files(Backend);

#[derive(Clone, Debug)]
enum Backend {
    Folder(PathBuf),
    Bucket(Arc<bucket::Store>),
}

impl Files {
    /// The object store under `root`, which the first write creates.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(Backend::Folder(root.into()))
    }

    /// The object store in a bucket.
    ///
    /// # Errors
    /// If the bucket's configuration is invalid.
    pub fn in_bucket(bucket: &Bucket) -> Result<Self, FileError> {
        Ok(Self(Backend::Bucket(Arc::new(bucket::Store::open(bucket)?))))
    }

    /// The folder or bucket, as text for a person.
    pub fn location(&self) -> String {
        match &self.0 {
            Backend::Folder(root) => root.display().to_string(),
            Backend::Bucket(store) => format!("the bucket {}", store.name),
        }
    }

    /// Stores `bytes` under `key` atomically. In a folder: written to a temporary file, synced, then renamed. In a
    /// bucket: with a checksum that the server verifies, if configured.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), FileError> {
        let key = key::plain(key)?.to_owned();
        match &self.0 {
            Backend::Folder(root) => blocking(root, move |root| folder::put(root, &key, &bytes)).await,
            Backend::Bucket(store) => store.put(&key, bytes).await,
        }
    }

    /// Stores `bytes` under `key` if the key is free; false if it is taken, and then the existing object stays. Of two
    /// concurrent writers only one succeeds.
    pub async fn put_new(&self, key: &str, bytes: Bytes) -> Result<bool, FileError> {
        let key = key::plain(key)?.to_owned();
        match &self.0 {
            Backend::Folder(root) => blocking(root, move |root| folder::put_new(root, &key, &bytes)).await,
            Backend::Bucket(store) => store.put_new(&key, bytes).await,
        }
    }

    /// The bytes stored under `key`.
    pub async fn get(&self, key: &str) -> Result<Bytes, FileError> {
        let key = key::plain(key)?.to_owned();
        match &self.0 {
            Backend::Folder(root) => blocking(root, move |root| folder::get(root, &key)).await,
            Backend::Bucket(store) => store.get(&key).await,
        }
    }

    /// The bytes stored under `key`, verified against a SHA-256.
    ///
    /// # Errors
    /// `Changed` if the checksum differs, also on a second read: the first one may have been damaged in transit.
    pub async fn get_checked(&self, key: &str, sha256_hex: &str) -> Result<Bytes, FileError> {
        for _ in 0..2 {
            let bytes = self.get(key).await?;
            if hex(&Sha256::digest(&bytes)).eq_ignore_ascii_case(sha256_hex) {
                return Ok(bytes);
            }
        }
        Err(FileError::Changed { key: key.to_owned() })
    }

    /// Deletes the object under `key`; succeeds if there is none.
    pub async fn delete(&self, key: &str) -> Result<(), FileError> {
        let key = key::plain(key)?.to_owned();
        match &self.0 {
            Backend::Folder(root) => blocking(root, move |root| folder::delete(root, &key)).await,
            Backend::Bucket(store) => store.delete(&key).await,
        }
    }

    /// At most `limit` objects below the folder `prefix` (all if empty) and after the key `after`, in byte order of
    /// their keys. Keys that `put` would refuse are left out.
    pub async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<ListedObject>, FileError> {
        let (below, after) = (key::below(prefix)?, after.unwrap_or_default().to_owned());
        match &self.0 {
            Backend::Folder(root) => blocking(root, move |root| folder::list(root, &below, &after, limit)).await,
            Backend::Bucket(store) => store.list(&below, &after, limit).await,
        }
    }

    /// The public URL of an object: at the bucket's public URL if it has one, otherwise a signed URL valid for `life`
    /// (at most seven days). A signed URL grants access to the object: do not log it. `None` for a folder.
    pub async fn public_url(&self, key: &str, life: Duration) -> Result<Option<Url>, FileError> {
        let key = key::plain(key)?;
        match &self.0 {
            Backend::Folder(_) => Ok(None),
            Backend::Bucket(store) => store.public_url(key, life).await.map(Some),
        }
    }

    /// Removes unfinished files in a folder that were last written before `older_than`; returns their number. A bucket
    /// has no unfinished files.
    pub async fn sweep_parts(&self, older_than: Time) -> Result<usize, FileError> {
        match &self.0 {
            Backend::Folder(root) => blocking(root, move |root| folder::sweep_parts(root, older_than)).await,
            Backend::Bucket(_) => Ok(0),
        }
    }

    /// Checks that an object can be written, read and deleted.
    pub async fn check(&self) -> Result<(), FileError> {
        let key = ".store-sync-check";
        self.put(key, Bytes::from_static(b"ok")).await?;
        self.get(key).await?;
        self.delete(key).await
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Works on a folder where waiting for a disk blocks nothing else.
async fn blocking<T: Send + 'static>(
    root: &Path,
    work: impl FnOnce(&Path) -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let root = root.to_owned();
    off_thread(move || work(&root))
        .await
        .unwrap_or_else(|fault| Err(FileError::Io { path: PathBuf::new(), source: std::io::Error::other(fault) }))
}
