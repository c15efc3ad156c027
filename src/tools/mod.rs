//! What a verb is handed: the crafts, wired once by `app`. Holds no decisions.

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
    gemini::Gemini,
    model::{Failure, FailureKind, Noun, Secret},
    outside::Outside,
    provider::{App, Provider, Providers, RateLimiters},
    vault::Vault,
};

/// The tools of this process.
pub struct Tools {
    pub db: Db,
    pub outside: Outside,
    pub providers: Providers,
    pub vault: Vault,
    /// The model that paints, where one is set up.
    pub gemini: Option<Gemini>,
    pub rate_limiters: Arc<RateLimiters>,
    /// The operator's OAuth app at each provider.
    pub apps: BTreeMap<String, App>,
    pub policy: Policy,
    /// Names this process in leases and runs.
    pub instance: String,
    /// Rung when a job was left or has ended in this process, so that nobody need wait for the next look.
    pub job_notify: Arc<Notify>,
    /// Cancelled when this process stops: whoever waits for a long time ends then.
    pub shutdown: CancellationToken,
    flights: Flights,
    troubles: trouble::Troubles,
}

/// One lock for each thing that is done by one caller at a time.
type Flights = Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>;

/// Tools as they are handed around.
pub type Shared = Arc<Tools>;

/// What the operator decided, without the form it was written in.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Where browsers reach us, without a slash at the end.
    pub public_url: String,
    pub lease: Duration,
    /// The client (id or slug) of shops whose connect the platform begins, by provider.
    pub install_clients: BTreeMap<String, String>,
    /// Pictures are made by the model where nothing else is said.
    pub paint_by_model: bool,
    /// Products and inspirations are looked at before pictures are made of them…
    pub analyse: bool,
    /// …products as soon as they are imported, or put into a collection.
    pub analyse_on_import: bool,
    pub analyse_on_collection: bool,
    /// What a month may cost, over all clients, in millionths of a US dollar.
    pub month_cap_usd_micros: Option<i64>,
    /// The operator's proxies, whose word on who asks is taken.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Who holds this may use the API; without one nobody may.
    pub api_token: Option<Secret>,
    /// A complete pass older than this makes the next scheduled import a complete one.
    pub full_every: Duration,
    /// The largest share of products that a sweep marks as gone unasked…
    pub brake_percent: u32,
    /// …unless it is no more than this many.
    pub brake_min: u32,
    /// Products that one pass reads at most.
    pub max_products: i64,
    /// How long an import keeps a worker that others wait for.
    pub import_turn: Duration,
    /// How long runs are remembered; for ever where there is no end.
    pub keep_runs: Option<Duration>,
}

/// What of a lease is left for an exchange to come to its end elsewhere, so that nobody who takes the work over looks too early.
const SETTLING_SHARE: u32 = 6;

impl Policy {
    /// How long of a lease anything may be sent.
    pub fn sending_time(&self) -> Duration {
        self.lease / SETTLING_SHARE * (SETTLING_SHARE - 1)
    }
}

/// The crafts that `app` puts together.
pub struct Parts {
    pub db: Db,
    pub outside: Outside,
    pub providers: Providers,
    pub vault: Vault,
    pub gemini: Option<Gemini>,
    pub apps: BTreeMap<String, App>,
    pub rules: Policy,
}

impl Tools {
    /// Puts the crafts together under a fresh instance name.
    pub fn new(parts: Parts) -> Shared {
        let instance = format!("{}-{}", std::process::id(), parts.outside.new_id::<String>());
        Arc::new(Self {
            job_notify: parts.db.bell(),
            db: parts.db,
            outside: parts.outside,
            providers: parts.providers,
            vault: parts.vault,
            gemini: parts.gemini,
            rate_limiters: Arc::new(RateLimiters::default()),
            apps: parts.apps,
            policy: parts.rules,
            instance,
            shutdown: CancellationToken::new(),
            flights: Flights::default(),
            troubles: trouble::Troubles::default(),
        })
    }

    /// Takes over the time that the database keeps, so that all replicas mean the same by it.
    pub async fn agree_on_time(&self) -> sqlx::Result<()> {
        let clock = &self.outside.clock;
        if let Some((ahead_ms, trip_ms)) = self.db.clock_ahead(clock).await? {
            clock.follow(ahead_ms, trip_ms);
        }
        Ok(())
    }

    /// Writes what nobody reads: a full disk, or a server that may not write, shows only then.
    pub async fn try_write(&self) -> sqlx::Result<()> {
        let mut tx = self.db.begin().await?;
        db::lease::try_write(&mut tx, &self.instance, self.outside.clock.now()).await?;
        tx.commit().await
    }

    /// Tells what cannot be done because of the database ("look for jobs"): at once, then once a minute with the number of
    /// lines left out. For loops, which come again.
    pub fn cannot(&self, what: &'static str, error: &sqlx::Error) {
        match DatabaseFault::of(error) {
            Some(fault) => self.troubles.tell(&self.outside.clock, what, &format_args!("{fault} ({error})")),
            None => self.troubles.tell(&self.outside.clock, what, error),
        }
    }

    /// Tells once that it can be done again, where it was told that it could not.
    pub fn can(&self, what: &'static str) {
        self.troubles.end(&self.outside.clock, what);
    }

    /// The provider called `key`.
    pub fn provider(&self, key: &str) -> Result<&Arc<Provider>, Failure> {
        self.providers.get(key).ok_or_else(|| {
            let known: Vec<&str> = self.providers.iter().map(|p| p.key()).collect();
            Failure::new(
                FailureKind::NotFound(Noun::Provider),
                format!("there is no provider '{key}'; there are: {}", known.join(", ")),
            )
        })
    }

    /// The operator's app at a provider, where one is needed.
    pub fn app_of(&self, provider: &Provider) -> Result<Option<&App>, Failure> {
        if provider.needs_app() { self.app(provider.key()).map(Some) } else { Ok(self.apps.get(provider.key())) }
    }

    /// The operator's app at a provider.
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

    /// Where a provider sends the merchant back to: must be registered there letter by letter.
    pub fn redirect_uri(&self, provider: &str) -> String {
        format!("{}/oauth/callback/{provider}", self.policy.public_url)
    }

    /// The lock that keeps those who do the same in single file within this process.
    pub fn single_flight(&self, what: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        // Locks nobody waits for are dropped when there are many, so that the map stays as small as the work under way.
        if flights.len() > 10_000 {
            flights.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        flights.entry(what.to_owned()).or_default().clone()
    }
}
