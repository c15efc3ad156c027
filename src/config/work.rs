//! `[work]`: workers and leases.

use schemars::JsonSchema;
use serde::Deserialize;

/// Workers and leases.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Work {
    /// Shops imported at the same time.
    pub import_workers: usize,
    /// Pictures pushed at the same time.
    pub push_workers: usize,
    /// Pictures made at the same time; each takes a core.
    pub generate_workers: usize,
    /// Tokens renewed at the same time.
    pub token_workers: usize,
    /// How long a silent worker keeps its job before another takes it over.
    pub lease_seconds: u64,
    /// How often idle workers look for jobs left by other processes.
    pub poll_ms: u64,
    /// How often schedules and tokens are looked at.
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
    /// What cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.lease_seconds == 0 || self.poll_ms == 0 || self.tick_seconds == 0 {
            return Err("[work] lease_seconds, poll_ms and tick_seconds must be at least 1".to_owned());
        }
        if [self.import_workers, self.push_workers, self.token_workers].contains(&0) {
            return Err("[work] import_workers, push_workers and token_workers must be at least 1".to_owned());
        }
        Ok(())
    }
}
