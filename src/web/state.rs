//! What the routes share.

use std::{num::NonZeroU32, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use url::Url;

use super::{
    brake::{Brake, Guesses, too_fast},
    caller::Caller,
    refusals::Refusals,
};
use crate::{
    model::Failure,
    tools::{Shared, Tools},
};

/// Requests per second from one address without a signed link or an issued state: far above what people need, far below
/// what guessing needs.
const STRANGER: NonZeroU32 = NonZeroU32::new(20).expect("is not zero");

/// Requests per second with the same signed link or issued state.
const KNOWN: NonZeroU32 = NonZeroU32::new(100).expect("is not zero");

/// Wrong API tokens per second from one address.
const GUESSES: NonZeroU32 = NonZeroU32::new(10).expect("is not zero");

/// The limit of concurrent progress streams.
const FOLLOWERS: usize = 200;

/// The state of the routes.
#[derive(Clone)]
pub(super) struct Web {
    pub(super) tools: Shared,
    /// The path of the public URL, without a trailing slash.
    pub(super) base: String,
    strangers: Arc<Brake<Caller>>,
    /// By the digest of the signature or state.
    known: Arc<Brake<[u8; 32]>>,
    pub(super) guesses: Arc<Guesses>,
    pub(super) refusals: Arc<Refusals>,
    /// One permit for each progress stream.
    pub(super) followers: Arc<Semaphore>,
}

impl Web {
    pub(super) fn new(tools: Shared) -> Self {
        Self {
            base: base(&tools),
            tools,
            strangers: Arc::new(Brake::new(STRANGER)),
            known: Arc::new(Brake::new(KNOWN)),
            guesses: Arc::new(Guesses::new(GUESSES)),
            refusals: Arc::default(),
            followers: Arc::new(Semaphore::new(FOLLOWERS)),
        }
    }

    /// Applies the rate limit: by the signature or state of the request if it has one, else by caller.
    pub(super) fn admit(&self, caller: Caller, mark: Option<&str>) -> Result<(), Failure> {
        let checked = match mark {
            Some(mark) => self.known.check(&Sha256::digest(mark).into()),
            None => self.strangers.check(&caller),
        };
        checked.map_err(too_fast)
    }
}

/// The path of the public URL, without a trailing slash.
fn base(tools: &Tools) -> String {
    let path = Url::parse(&tools.policy.public_url).map(|url| url.path().to_owned());
    path.unwrap_or_default().trim_end_matches('/').to_owned()
}

impl FromRequestParts<Web> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts, &web.tools.policy.trusted_proxies))
    }
}
