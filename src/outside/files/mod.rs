//! Objects by key: files under one root folder, or a bucket that speaks S3 (Amazon S3, Cloudflare R2 and others).

mod bucket;
mod folder;
mod key;
mod refusal;
mod sieve;

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use url::Url;

pub use bucket::{Bucket, RetryPatience};

use super::fault::off_thread;
use crate::model::Time;

/// Why a file could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The key would leave the root, or cannot be one in every store.
    #[error("'{0}' is not a valid object key")]
    BadKey(String),
    /// There is no such file.
    #[error("there is no file '{0}'")]
    Missing(String),
    /// The bytes are not those that were kept.
    #[error("the bytes of '{key}' are not those that were kept")]
    Changed { key: String },
    /// The operating system refused.
    #[error("cannot access {path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    /// The bucket's server is busy, silent or cut off: later it may go.
    #[error("cannot access '{key}' in the bucket for now: {why}")]
    Busy { key: String, why: String },
    /// The bucket's server said no.
    #[error("cannot access '{key}' in the bucket: {why}")]
    Bucket { key: String, why: String },
}

impl FileError {
    /// Whether the same may go later without anybody changing anything in the store: a busy server, a full disk.
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

/// Where objects are kept.
#[derive(Clone, Debug)]
pub struct Files(Backend);

#[derive(Clone, Debug)]
enum Backend {
    Folder(PathBuf),
    Bucket(Arc<bucket::Store>),
}

impl Files {
    /// The object store under `root`; made when first written to.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(Backend::Folder(root.into()))
    }

    /// The object store in a bucket.
    ///
    /// # Errors
    /// Where the bucket's address cannot be.
    pub fn in_bucket(bucket: &Bucket) -> Result<Self, FileError> {
        Ok(Self(Backend::Bucket(Arc::new(bucket::Store::open(bucket)?))))
    }

    /// Where everything lies, for people.
    pub fn location(&self) -> String {
        match &self.0 {
            Backend::Folder(root) => root.display().to_string(),
            Backend::Bucket(store) => format!("the bucket {}", store.name),
        }
    }

    /// Keeps `bytes` under `key`, whole or not at all. In a folder: written beside, synced, then renamed into place. In a
    /// bucket: with its checksum, so that the server takes nothing else.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), FileError> {
        let key = key::plain(key)?.to_owned();
        match &self.0 {
            Backend::Folder(root) => {
                let root = root.clone();
                blocking(move || folder::put(&root, &key, &bytes)).await
            }
            Backend::Bucket(store) => store.put(&key, bytes).await,
        }
    }

    /// Keeps `bytes` under `key` where nothing is kept there yet; false where something is, which stays as it is. Of two that write at
    /// once one is the first.
    pub async fn put_new(&self, key: &str, bytes: Bytes) -> Result<bool, FileError> {
        let key = key::plain(key)?.to_owned();
        match &self.0 {
            Backend::Folder(root) => {
                let root = root.clone();
                blocking(move || folder::put_new(&root, &key, &bytes)).await
            }
            Backend::Bucket(store) => store.put_new(&key, bytes).await,
        }
    }

    /// The bytes kept under `key`.
    pub async fn get(&self, key: &str) -> Result<Bytes, FileError> {
        let key = key::plain(key)?.to_owned();
        match &self.0 {
            Backend::Folder(root) => {
                let root = root.clone();
                blocking(move || folder::get(&root, &key)).await
            }
            Backend::Bucket(store) => store.get(&key).await,
        }
    }

    /// The bytes kept under `key`, proved against the checksum that the caller kept of them.
    ///
    /// # Errors
    /// `Changed` where they are others, also when read a second time: the first time they may have suffered on the way.
    pub async fn get_checked(&self, key: &str, sha256_hex: &str) -> Result<Bytes, FileError> {
        for _ in 0..2 {
            let bytes = self.get(key).await?;
            if hex(&Sha256::digest(&bytes)).eq_ignore_ascii_case(sha256_hex) {
                return Ok(bytes);
            }
        }
        Err(FileError::Changed { key: key.to_owned() })
    }

    /// Deletes what is kept under `key`; nothing there is as good.
    pub async fn delete(&self, key: &str) -> Result<(), FileError> {
        let key = key::plain(key)?.to_owned();
        match &self.0 {
            Backend::Folder(root) => {
                let root = root.clone();
                blocking(move || folder::delete(&root, &key)).await
            }
            Backend::Bucket(store) => store.delete(&key).await,
        }
    }

    /// At most `limit` objects below the folder `prefix` (all where it is empty) and behind the key `after`, in the byte order
    /// of their keys. What could not have been kept by `put` is left out.
    pub async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<ListedObject>, FileError> {
        let (below, after) = (key::below(prefix)?, after.unwrap_or_default().to_owned());
        match &self.0 {
            Backend::Folder(root) => {
                let root = root.clone();
                blocking(move || folder::list(&root, &below, &after, limit)).await
            }
            Backend::Bucket(store) => store.list(&below, &after, limit).await,
        }
    }

    /// Where anybody may fetch it: the bucket's public address if it has one, otherwise one that is signed and good for `life`
    /// (at most seven days). Whoever has a signed address can read the object: it belongs in no log. A folder has none.
    pub async fn public_url(&self, key: &str, life: Duration) -> Result<Option<Url>, FileError> {
        let key = key::plain(key)?;
        match &self.0 {
            Backend::Folder(_) => Ok(None),
            Backend::Bucket(store) => store.public_url(key, life).await.map(Some),
        }
    }

    /// Removes what writers left unfinished in a folder and have not touched since `older_than`; tells how many. A bucket keeps
    /// nothing unfinished.
    pub async fn sweep_parts(&self, older_than: Time) -> Result<usize, FileError> {
        match &self.0 {
            Backend::Folder(root) => {
                let root = root.clone();
                blocking(move || folder::sweep_parts(&root, older_than)).await
            }
            Backend::Bucket(_) => Ok(0),
        }
    }

    /// Proves that it can be written to and read from.
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

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    off_thread(work)
        .await
        .unwrap_or_else(|fault| Err(FileError::Io { path: PathBuf::new(), source: std::io::Error::other(fault) }))
}
