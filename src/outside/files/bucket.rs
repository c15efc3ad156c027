//! Objects in a bucket that speaks S3. Every upload carries its SHA-256, so that the server refuses damaged bytes.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use object_store::{
    Attribute, Attributes, BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, Checksum},
    list::{PaginatedListOptions, PaginatedListStore},
    path::Path as Key,
    signer::Signer,
};
use secrecy::ExposeSecret;
use url::Url;

use super::{
    FileError, ListedObject,
    key::{escaped, is_plain},
    refusal::{missing_or_refused, refused},
    sieve::Sieved,
};
use crate::{
    model::Secret,
    outside::{
        prepare_tls,
        proxy::Proxy,
        trust::{NO_ROOTS, lacks_roots},
    },
};

/// A bucket and the keys to it.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub name: String,
    /// Where it is served, for others than Amazon: `https://ACCOUNT.r2.cloudflarestorage.com`.
    pub endpoint: Option<Url>,
    /// `auto` with R2.
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Uploads carry their SHA-256, so that the server takes nothing else; off for servers that refuse such a header.
    pub upload_checksum: bool,
    /// Where anybody may read it: a domain of its own.
    pub public_url: Option<Url>,
    pub patience: RetryPatience,
    /// What its server is reached through, where it is spoken to by https.
    pub proxy: Option<Proxy>,
}

/// How long a server is borne with that is busy, silent or cut off. A call ends after `in_all` and one more `answer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPatience {
    /// Further attempts after the first one.
    pub retries: usize,
    /// Before the first of them; the next ones wait longer.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// After this no further attempt is begun.
    pub in_all: Duration,
    /// For one answer, bytes included.
    pub answer: Duration,
}

impl Default for RetryPatience {
    fn default() -> Self {
        Self {
            retries: 4,
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(15),
            in_all: Duration::from_mins(1),
            answer: Duration::from_mins(2),
        }
    }
}

/// What is under a key never changes, so it may be kept for a year by whoever fetched it.
const CACHE: &str = "public, max-age=31536000, immutable";
/// The most keys that a server tells in one answer.
const PAGE: usize = 1000;
/// How long a signed address may live, at R2 as at Amazon.
const LIFE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(7 * 24));

/// Every name and every address, for a library that would otherwise look for a proxy by itself.
const EVERYWHERE: &str = "*,0.0.0.0/0,::/0";

/// An open bucket.
pub(super) struct Store {
    pub(super) name: String,
    s3: AmazonS3,
    /// Its server is spoken to by https, and this machine has no CA certificates.
    lacks_roots: bool,
    public_url: Option<Url>,
}

/// Without the account's key.
impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Bucket").field(&self.name).finish()
    }
}

impl Store {
    pub(super) fn open(bucket: &Bucket) -> Result<Self, FileError> {
        prepare_tls();
        let patience = &bucket.patience;
        let plain_http = bucket.endpoint.as_ref().is_some_and(|url| url.scheme() == "http");
        let client = route(bucket.proxy.as_ref().filter(|_| !plain_http))
            .with_timeout(patience.answer)
            .with_connect_timeout(patience.answer.min(Duration::from_secs(10)))
            .with_allow_http(plain_http);
        let first_wait = patience.first_wait.max(Duration::from_millis(1));
        let backoff = BackoffConfig { init_backoff: first_wait, max_backoff: patience.longest_wait, base: 2.0 };
        let retry = RetryConfig { backoff, max_retries: patience.retries, retry_timeout: patience.in_all };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.access_key_id)
            .with_secret_access_key(bucket.secret_access_key.expose_secret())
            .with_disable_bulk_delete(true)
            .with_http_connector(Sieved)
            .with_client_options(client.clone())
            .with_retry(retry);
        if bucket.upload_checksum {
            builder = builder.with_checksum_algorithm(Checksum::SHA256);
        }
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
        }
        let (s3, without) = match builder.clone().build() {
            Err(error) if lacks_roots(&error) => {
                (builder.with_client_options(client.with_no_system_certificates(true)).build(), !plain_http)
            }
            built => (built, false),
        };
        let s3 = s3.map_err(|e| refused(&bucket.name, &e))?;
        Ok(Self { name: bucket.name.clone(), s3, lacks_roots: without, public_url: bucket.public_url.clone() })
    }

    /// The client, where its server can be trusted.
    fn s3(&self, key: &str) -> Result<&AmazonS3, FileError> {
        if self.lacks_roots {
            return Err(FileError::Busy { key: key.to_owned(), why: NO_ROOTS.to_owned() });
        }
        Ok(&self.s3)
    }

    pub(super) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), FileError> {
        self.s3(key)?;
        self.write(&object(key)?, bytes, PutMode::Overwrite).await.map_err(|e| refused(key, &e))
    }

    /// False where something is kept under the key already; that stays as it is.
    pub(super) async fn put_new(&self, key: &str, bytes: Bytes) -> Result<bool, FileError> {
        self.s3(key)?;
        match self.write(&object(key)?, bytes, PutMode::Create).await {
            Ok(()) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(refused(key, &error)),
        }
    }

    async fn write(&self, object: &Key, bytes: Bytes, mode: PutMode) -> Result<(), object_store::Error> {
        let mut attributes = Attributes::new();
        if let Some(kind) = infer::get(&bytes) {
            attributes.insert(Attribute::ContentType, kind.mime_type().into());
        }
        attributes.insert(Attribute::CacheControl, CACHE.into());
        let options = PutOptions { attributes, mode, ..PutOptions::default() };
        self.s3.put_opts(object, bytes.into(), options).await.map(drop)
    }

    /// Where the answer is cut in its middle, the rest is asked for.
    pub(super) async fn get(&self, key: &str) -> Result<Bytes, FileError> {
        let found = self.s3(key)?.get(&object(key)?).await.map_err(|e| missing_or_refused(key, &e))?;
        found.bytes().await.map_err(|e| missing_or_refused(key, &e))
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), FileError> {
        match self.s3(key)?.delete(&object(key)?).await.map_err(|e| missing_or_refused(key, &e)) {
            Err(FileError::Missing(_)) => Ok(()),
            other => other,
        }
    }

    pub(super) async fn list(&self, below: &str, after: &str, limit: usize) -> Result<Vec<ListedObject>, FileError> {
        let (mut found, mut page_token) = (Vec::new(), None);
        while found.len() < limit {
            let options = PaginatedListOptions {
                offset: Some(after.to_owned()).filter(|after| !after.is_empty()),
                max_keys: Some((limit - found.len()).min(PAGE)),
                page_token,
                ..PaginatedListOptions::default()
            };
            let prefix = Some(below).filter(|below| !below.is_empty());
            let page = self.s3(below)?.list_paginated(prefix, options).await.map_err(|e| refused(below, &e))?;
            let objects = page.result.objects.into_iter().map(|object| ListedObject {
                key: object.location.into(),
                size_bytes: object.size,
                modified: object.last_modified.into(),
            });
            found.extend(objects.filter(|object| object.key.starts_with(below) && object.key.as_str() > after));
            page_token = page.page_token;
            if page_token.is_none() {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    pub(super) async fn public_url(&self, key: &str, life: Duration) -> Result<Url, FileError> {
        if let Some(base) = &self.public_url {
            let url = format!("{}/{}", base.as_str().trim_end_matches('/'), escaped(key));
            return Url::parse(&url).map_err(|_| FileError::BadKey(key.to_owned()));
        }
        let life = life.clamp(LIFE.0, LIFE.1);
        self.s3.signed_url(Method::GET, &object(key)?, life).await.map_err(|e| refused(key, &e))
    }
}

/// Through the proxy or straight, whatever the environment says: the configuration has read it already.
fn route(proxy: Option<&Proxy>) -> ClientOptions {
    let (address, exempt) = proxy.map_or(("http://proxy.invalid", "*"), Proxy::settings);
    let around = if exempt == "*" { EVERYWHERE.to_owned() } else { format!("{exempt},localhost,127.0.0.0/8,::1") };
    ClientOptions::new().with_proxy_url(address).with_proxy_excludes(around)
}

fn object(key: &str) -> Result<Key, FileError> {
    let parsed = Some(key).filter(|key| is_plain(key)).and_then(|key| Key::parse(key).ok());
    parsed.ok_or_else(|| FileError::BadKey(key.to_owned()))
}
