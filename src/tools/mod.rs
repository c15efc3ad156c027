//! The dependencies of every verb, wired once by `app`. Makes no decisions.

mod lease;
mod runs;
mod trouble;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use lease::Lease;
pub use runs::{JobRun, OpenRun, RunAbout, RunEnd};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    db::{self, DatabaseFault, Db},
    model::{ConnectionId, Failure, FailureKind, Noun, Secret},
    outside::Outside,
    paint::Engines,
    provider::{App, KeySets, Provider, Providers, RateLimiters},
    vault::Vault,
};

/// The dependencies of this process.
pub struct Tools {
    pub db: Db,
    pub outside: Outside,
    pub providers: Providers,
    pub vault: Vault,
    /// What makes pictures.
    pub engines: Engines,
    pub rate_limiters: Arc<RateLimiters>,
    /// The keys with which shops sign deliveries.
    pub key_sets: KeySets,
    /// The operator's OAuth app at each provider.
    pub apps: BTreeMap<String, App>,
    pub policy: Policy,
    /// Identifies this process in leases and runs.
    pub instance: String,
    /// Notified when a job is enqueued or ends in this process, so that workers need not wait for the next poll.
    pub job_notify: Arc<Notify>,
    /// Cancelled when this process stops: ends every long wait.
    pub shutdown: CancellationToken,
    flights: Flights,
    troubles: trouble::Troubles,
}

/// One lock for each operation that runs once at a time.
type Flights = Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>;

/// `Tools` as they are passed around.
pub type Shared = Arc<Tools>;

/// The operator's decisions, independent of the configuration format.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The address at which browsers reach the daemon, without a trailing slash.
    pub public_url: String,
    pub lease: Duration,
    /// By provider, the client (id or slug) that owns shops whose connect starts at the platform.
    pub install_clients: BTreeMap<String, String>,
    /// Products and inspirations are analysed before pictures are made of them…
    pub analyse: bool,
    /// …products as soon as they are imported, or added to a collection.
    pub analyse_on_import: bool,
    pub analyse_on_collection: bool,
    /// The monthly spending limit over all clients, in millionths of a US dollar.
    pub month_cap_usd_micros: Option<i64>,
    /// The operator's proxies, whose `X-Forwarded-For` header is trusted.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The bearer token of the API; without one the API is closed.
    pub api_token: Option<Secret>,
    /// If the last complete pass is older than this, the next scheduled import is a complete pass.
    pub full_every: Duration,
    /// The largest share of products that an import tombstones without being asked to…
    pub brake_percent: u32,
    /// …unless it is no more than this many.
    pub brake_min: u32,
    /// The most products that one pass reads.
    pub max_products: i64,
    /// How long an import occupies a worker that others wait for.
    pub import_turn: Duration,
    /// Where pictures are pushed although the shop cannot refuse a gallery that was changed meanwhile.
    pub unguarded: Unguarded,
    /// How long runs are retained; `None` for ever.
    pub keep_runs: Option<Duration>,
}

/// What the operator accepts of platforms that have no conditional write of a gallery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unguarded {
    Everywhere,
    Nowhere,
    /// At these providers, by their keys, and connections, by their ids.
    At(Vec<String>),
}

impl Unguarded {
    /// Whether it is accepted for a shop.
    pub fn allows(&self, provider: &str, connection: &ConnectionId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Nowhere => false,
            Self::At(names) => names.iter().any(|name| name == provider || name == connection.as_str()),
        }
    }
}

/// The share of a lease left unused, so that a request in flight ends before another worker takes the job over.
const SETTLING_SHARE: u32 = 6;

impl Policy {
    /// Returns how long after the start of a lease requests may be sent.
    pub fn sending_time(&self) -> Duration {
        self.lease / SETTLING_SHARE * (SETTLING_SHARE - 1)
    }
}

/// Returns the redirect URI of a provider below the daemon's public URL.
pub fn redirect_uri(public_url: &str, provider: &str) -> String {
    format!("{public_url}/oauth/callback/{provider}")
}

/// The dependencies that `app` puts together.
pub struct Parts {
    pub db: Db,
    pub outside: Outside,
    pub providers: Providers,
    pub vault: Vault,
    pub engines: Engines,
    pub apps: BTreeMap<String, App>,
    pub rules: Policy,
}

impl Tools {
    /// Puts the dependencies together under a fresh instance name.
    pub fn new(parts: Parts) -> Shared {
        let instance = format!("{}-{}", std::process::id(), parts.outside.new_id::<String>());
        Arc::new(Self {
            job_notify: parts.db.bell().clone(),
            db: parts.db,
            outside: parts.outside,
            providers: parts.providers,
            vault: parts.vault,
            engines: parts.engines,
            rate_limiters: Arc::new(RateLimiters::default()),
            key_sets: KeySets::default(),
            apps: parts.apps,
            policy: parts.rules,
            instance,
            shutdown: CancellationToken::new(),
            flights: Flights::default(),
            troubles: trouble::Troubles::default(),
        })
    }

    /// Adopts the database's clock, so that all replicas agree on the time.
    pub async fn agree_on_time(&self) -> sqlx::Result<()> {
        let clock = &self.outside.clock;
        if let Some((ahead_ms, trip_ms)) = self.db.clock_ahead(clock).await? {
            clock.follow(ahead_ms, trip_ms);
        }
        Ok(())
    }

    /// Writes a row that nothing reads: only a write detects a full disk or a read-only server.
    pub async fn try_write(&self) -> sqlx::Result<()> {
        let mut tx = self.db.begin().await?;
        db::lease::try_write(&mut tx, &self.instance, self.outside.clock.now()).await?;
        tx.commit().await
    }

    /// Logs that an operation ("look for jobs") fails because of the database: at once, then once a minute with the
    /// number of omitted lines. For loops, which retry anyway.
    pub fn cannot(&self, what: &'static str, error: &sqlx::Error) {
        match DatabaseFault::of(error) {
            Some(fault) => self.troubles.tell(&self.outside.clock, what, &format_args!("{fault} ({error})")),
            None => self.troubles.tell(&self.outside.clock, what, error),
        }
    }

    /// Logs once that the operation works again, if its failure was logged.
    pub fn can(&self, what: &'static str) {
        self.troubles.end(&self.outside.clock, what);
    }

    /// Returns the provider called `key`.
    pub fn provider(&self, key: &str) -> Result<&Arc<Provider>, Failure> {
        self.providers.get(key).ok_or_else(|| {
            let known: Vec<&str> = self.providers.iter().map(|p| p.key()).collect();
            Failure::new(
                FailureKind::NotFound(Noun::Provider),
                format!("there is no provider '{key}'; there are: {}", known.join(", ")),
            )
        })
    }

    /// Returns the operator's app at a provider, if the provider needs one.
    pub fn app_of(&self, provider: &Provider) -> Result<Option<&App>, Failure> {
        if provider.needs_app() { self.app(provider.key()).map(Some) } else { Ok(self.apps.get(provider.key())) }
    }

    /// Returns the operator's app at a provider.
    pub fn app(&self, provider: &str) -> Result<&App, Failure> {
        self.apps.get(provider).ok_or_else(|| {
            let text = format!(
                "no OAuth app is set up for {provider}: register one there with the redirect address {} and put its \
                 client_id and client_secret under [app.{provider}]",
                self.redirect_uri(provider)
            );
            Failure::new(FailureKind::NoApp, text)
        })
    }

    /// Returns the redirect URI of a provider; it must be registered there exactly like this.
    pub fn redirect_uri(&self, provider: &str) -> String {
        redirect_uri(&self.policy.public_url, provider)
    }

    /// Returns the lock that serialises the operation `what` within this process.
    pub fn single_flight(&self, what: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        // Unused locks are dropped when there are many, so that the map does not grow without bound.
        if flights.len() > 10_000 {
            flights.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        flights.entry(what.to_owned()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_accepts_for_a_provider_or_for_one_shop() {
        let some = Unguarded::At(vec!["ids".to_owned(), "c-1".to_owned()]);
        let allows = |accepted: &Unguarded, provider: &str, id: &str| accepted.allows(provider, &id.into());
        assert!(allows(&Unguarded::Everywhere, "other", "c-2") && !allows(&Unguarded::Nowhere, "ids", "c-1"));
        assert!(allows(&some, "ids", "c-2") && allows(&some, "other", "c-1") && !allows(&some, "other", "c-2"));
    }
}
