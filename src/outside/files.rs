//! Objects by key: files under one root folder, or a bucket that speaks S3 (Amazon S3, Cloudflare R2 and others).

use std::{
    io::Write,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use object_store::{
    Attribute, Attributes, ClientOptions, ObjectStore, ObjectStoreExt, PutOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path as Key,
};
use url::Url;

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
    /// The bucket's server refused or did not answer.
    #[error("cannot access '{key}' in the bucket: {why}")]
    Bucket { key: String, why: String },
}

/// A bucket and the keys to it.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub name: String,
    /// Where it is served, for others than Amazon: `https://ACCOUNT.r2.cloudflarestorage.com`.
    pub endpoint: Option<Url>,
    /// `auto` with R2.
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: crate::model::Secret,
}

/// Where objects are kept.
#[derive(Clone, Debug)]
pub struct Files(Place);

#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    Bucket(String, Arc<AmazonS3>),
}

/// What is under a key never changes, so it may be kept for a year by whoever fetched it.
const CACHE: &str = "public, max-age=31536000, immutable";

impl Files {
    /// The object store under `root`; made when first written to.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(Place::Folder(root.into()))
    }

    /// The object store in a bucket.
    ///
    /// # Errors
    /// Where the bucket's address cannot be.
    pub fn in_bucket(bucket: &Bucket) -> Result<Self, FileError> {
        use secrecy::ExposeSecret;
        let plain_http = bucket.endpoint.as_ref().is_some_and(|url| url.scheme() == "http");
        let client = ClientOptions::new()
            .with_timeout(Duration::from_mins(2))
            .with_connect_timeout(Duration::from_secs(10))
            .with_allow_http(plain_http);
        let retry = RetryConfig { max_retries: 4, retry_timeout: Duration::from_mins(1), ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.access_key_id)
            .with_secret_access_key(bucket.secret_access_key.expose_secret())
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
        }
        let store = builder.build().map_err(|e| refused(&bucket.name, &e))?;
        Ok(Self(Place::Bucket(bucket.name.clone(), Arc::new(store))))
    }

    /// Where everything lies, for people.
    pub fn place(&self) -> String {
        match &self.0 {
            Place::Folder(root) => root.display().to_string(),
            Place::Bucket(name, _) => format!("the bucket {name}"),
        }
    }

    /// Keeps `bytes` under `key`, whole or not at all. In a folder: written beside, synced, then renamed into place.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), FileError> {
        match &self.0 {
            Place::Folder(root) => {
                let path = path(root, key)?;
                blocking(move || write_whole(&path, &bytes).map_err(|source| FileError::Io { path, source })).await
            }
            Place::Bucket(_, store) => {
                let mut attributes = Attributes::new();
                if let Some(kind) = infer::get(&bytes) {
                    attributes.insert(Attribute::ContentType, kind.mime_type().into());
                }
                attributes.insert(Attribute::CacheControl, CACHE.into());
                let options = PutOptions { attributes, ..PutOptions::default() };
                let put = store.put_opts(&object(key)?, bytes.into(), options).await;
                put.map(drop).map_err(|e| refused(key, &e))
            }
        }
    }

    /// The bytes kept under `key`.
    pub async fn get(&self, key: &str) -> Result<Bytes, FileError> {
        match &self.0 {
            Place::Folder(root) => {
                let path = path(root, key)?;
                let key = key.to_owned();
                blocking(move || match std::fs::read(&path) {
                    Ok(bytes) => Ok(Bytes::from(bytes)),
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(FileError::Missing(key)),
                    Err(source) => Err(FileError::Io { path, source }),
                })
                .await
            }
            Place::Bucket(_, store) => {
                let found = store.get(&object(key)?).await.map_err(|e| refused(key, &e))?;
                found.bytes().await.map_err(|e| refused(key, &e))
            }
        }
    }

    /// Deletes what is kept under `key`; nothing there is as good.
    pub async fn delete(&self, key: &str) -> Result<(), FileError> {
        match &self.0 {
            Place::Folder(root) => {
                let path = path(root, key)?;
                blocking(move || match std::fs::remove_file(&path) {
                    Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(FileError::Io { path, source: e }),
                    _ => Ok(()),
                })
                .await
            }
            Place::Bucket(_, store) => match store.delete(&object(key)?).await.map_err(|e| refused(key, &e)) {
                Err(FileError::Missing(_)) => Ok(()),
                other => other,
            },
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

/// A key that stays below its root.
fn is_plain(key: &str) -> bool {
    let inside = Path::new(key).components().all(|part| matches!(part, Component::Normal(_)));
    !key.is_empty() && !key.contains(['\\', '\0']) && inside
}

fn path(root: &Path, key: &str) -> Result<PathBuf, FileError> {
    if is_plain(key) { Ok(root.join(key)) } else { Err(FileError::BadKey(key.to_owned())) }
}

fn object(key: &str) -> Result<Key, FileError> {
    Some(key)
        .filter(|key| is_plain(key))
        .and_then(|key| Key::parse(key).ok())
        .ok_or_else(|| FileError::BadKey(key.to_owned()))
}

/// What the bucket's server said, without addresses that carry a signature.
fn refused(key: &str, error: &object_store::Error) -> FileError {
    if matches!(error, object_store::Error::NotFound { .. }) {
        return FileError::Missing(key.to_owned());
    }
    let text = error.to_string();
    let why = text.split("://").next().unwrap_or_default();
    FileError::Bucket { key: key.to_owned(), why: why.chars().filter(|c| !c.is_control()).take(300).collect() }
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
