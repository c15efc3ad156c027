//! The only access to time, random numbers, network and files, which are the sources of non-determinism. Knows nothing
//! of shops.

mod address;
mod asset_bytes;
mod clock;
mod deadline;
mod fault;
mod files;
mod http;
mod message;
mod names;
mod policy;
pub mod private;
mod proxy;
mod random;
mod script;
pub mod small;
mod tls;
mod trust;

pub use address::is_private;
pub use asset_bytes::{picture_kind, unreadable_format};
pub use clock::Clock;
pub use deadline::Deadline;
pub use fault::{TaskPanic, catch_panic, catch_panic_now, log_panics, off_thread};
pub use files::{Bucket, FileError, Files, ListedObject, RetryPatience};
pub use http::Http;
pub use message::{Body, HttpError, Part, Request, Response, log_target};
pub use policy::HttpPolicy;
pub use proxy::Proxy;
pub use random::Random;
pub use script::{Exchange, ExpectedRequest, Reply, Script};
pub use tls::prepare_tls;

/// Clock, random numbers, HTTP client and object store in one value.
#[derive(Clone)]
pub struct Outside {
    pub clock: Clock,
    pub random: Random,
    pub http: Http,
    pub files: Files,
}

impl Outside {
    /// A new id: UUIDv7 as text, so that rows sort by creation time.
    pub fn new_id<T: From<String>>(&self) -> T {
        T::from(self.random.uuid_v7(self.clock.now()))
    }

    /// The same, whose requests end at this deadline.
    #[must_use]
    pub fn within(&self, until: &Deadline) -> Self {
        Self { http: self.http.within(until), ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod cases;
#[cfg(test)]
pub(crate) mod lines;
