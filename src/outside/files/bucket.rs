//! Objects in an S3 bucket. Uploads carry their SHA-256, so that the server refuses damaged bytes.

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

/// A bucket and its credentials.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub name: String,
    /// The endpoint of a server other than Amazon's: `https://ACCOUNT.r2.cloudflarestorage.com`.
    pub endpoint: Option<Url>,
    /// `auto` with R2.
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Whether uploads carry their SHA-256, which the server verifies; false for servers that refuse the header.
    pub upload_checksum: bool,
    /// The URL at which the bucket is publicly readable.
    pub public_url: Option<Url>,
    pub patience: RetryPatience,
    /// The proxy for an https endpoint.
    pub proxy: Option<Proxy>,
}

/// The retry policy for a server that is busy, silent or unreachable. A call ends after at most `in_all` plus one
/// `answer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPatience {
    /// Attempts after the first one.
    pub retries: usize,
    /// The wait before the first retry; it grows exponentially.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// No retry starts after this time.
    pub in_all: Duration,
    /// The time limit of one response, body included.
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

/// The object under a key never changes, so clients may cache it for a year.
const CACHE: &str = "public, max-age=31536000, immutable";
/// The most keys in one page of a listing.
const PAGE: usize = 1000;
/// The shortest and the longest lifetime of a signed URL, at R2 and at Amazon.
const LIFE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(7 * 24));

/// A no_proxy list that exempts every name and address: the library would otherwise take a proxy from the environment.
const EVERYWHERE: &str = "*,0.0.0.0/0,::/0";

/// An open bucket.
pub(super) struct Store {
    pub(super) name: String,
    s3: AmazonS3,
    /// The endpoint is https and this machine has no CA certificates.
    lacks_roots: bool,
    public_url: Option<Url>,
}

/// Without the credentials.
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

    /// The client; fails if this machine has no CA certificates for it.
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

    /// Stores an object if the key is free; false if it is taken, and then the existing object stays.
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

    /// Reads an object. The library requests the rest if the response is cut off.
    pub(super) async fn get(&self, key: &str) -> Result<Bytes, FileError> {
        let response = self.s3(key)?.get(&object(key)?).await.map_err(|e| missing_or_refused(key, &e))?;
        response.bytes().await.map_err(|e| missing_or_refused(key, &e))
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), FileError> {
        match self.s3(key)?.delete(&object(key)?).await.map_err(|e| missing_or_refused(key, &e)) {
            Err(FileError::Missing(_)) => Ok(()),
            other => other,
        }
    }

    pub(super) async fn list(&self, below: &str, after: &str, limit: usize) -> Result<Vec<ListedObject>, FileError> {
        let (mut objects, mut page_token) = (Vec::new(), None);
        while objects.len() < limit {
            let options = PaginatedListOptions {
                offset: Some(after.to_owned()).filter(|after| !after.is_empty()),
                max_keys: Some((limit - objects.len()).min(PAGE)),
                page_token,
                ..PaginatedListOptions::default()
            };
            let prefix = Some(below).filter(|below| !below.is_empty());
            let page = self.s3(below)?.list_paginated(prefix, options).await.map_err(|e| refused(below, &e))?;
            let listed = page.result.objects.into_iter().map(|object| ListedObject {
                key: object.location.into(),
                size_bytes: object.size,
                modified: object.last_modified.into(),
            });
            objects.extend(listed.filter(|object| object.key.starts_with(below) && object.key.as_str() > after));
            page_token = page.page_token;
            if page_token.is_none() {
                break;
            }
        }
        objects.truncate(limit);
        Ok(objects)
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

/// Sets the proxy explicitly, so that the library ignores the environment: the configuration has read it already.
fn route(proxy: Option<&Proxy>) -> ClientOptions {
    let (address, exempt) = proxy.map_or(("http://proxy.invalid", "*"), Proxy::settings);
    let around = if exempt == "*" { EVERYWHERE.to_owned() } else { format!("{exempt},localhost,127.0.0.0/8,::1") };
    ClientOptions::new().with_proxy_url(address).with_proxy_excludes(around)
}

fn object(key: &str) -> Result<Key, FileError> {
    let parsed = Some(key).filter(|key| is_plain(key)).and_then(|key| Key::parse(key).ok());
    parsed.ok_or_else(|| FileError::BadKey(key.to_owned()))
}
