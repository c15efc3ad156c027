//! `[work]`: workers and leases.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::within;

/// Workers and leases.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Work {
    /// Imports at the same time.
    pub import_workers: usize,
    /// Pushes at the same time.
    pub push_workers: usize,
    /// Pictures generated at the same time; each takes a core. 0: this daemon generates none, another one has to.
    pub generate_workers: usize,
    /// Token refreshes at the same time.
    pub token_workers: usize,
    /// How long a worker without a heartbeat keeps its job before another takes it over.
    pub lease_seconds: u64,
    /// How often idle workers poll for jobs that other processes enqueued.
    pub poll_ms: u64,
    /// How often schedules and tokens are checked.
    pub tick_seconds: u64,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            import_workers: 4,
            push_workers: 4,
            generate_workers: 2,
            token_workers: 4,
            lease_seconds: 30,
            poll_ms: 1000,
            tick_seconds: 15,
        }
    }
}

impl Work {
    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        for (key, workers) in [
            ("[work] import_workers", self.import_workers),
            ("[work] push_workers", self.push_workers),
            ("[work] token_workers", self.token_workers),
        ] {
            within(key, workers, 1..=256)?;
        }
        within("[work] generate_workers", self.generate_workers, 0..=256)?;
        within("[work] lease_seconds", self.lease_seconds, 1..=3600)?;
        within("[work] poll_ms", self.poll_ms, 10..=600_000)?;
        within("[work] tick_seconds", self.tick_seconds, 1..=3600)
    }
}
