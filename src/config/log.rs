//! `[log]`: logging to stderr, and retention of runs.

use schemars::JsonSchema;
use serde::Deserialize;
use tracing_subscriber::filter::EnvFilter;

/// Logging to stderr, and retention of runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `store_sync=debug`.
    pub level: String,
    /// `text` or `json`.
    pub format: LogFormat,
    /// Days that runs (`store-sync logs`) are retained after their end; 0 retains them for ever.
    pub keep_days: u32,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text, keep_days: 90 }
    }
}

/// The format of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Log {
    /// Rejects unusable values. A filter parses any bare word as a module name, so a typing error would disable all
    /// logging.
    pub(super) fn check(&self) -> Result<(), String> {
        let known = |part: &str| match part.rsplit_once('=') {
            Some((target, level)) => !target.trim().is_empty() && is_level(level),
            None => is_level(part),
        };
        if self.level.split(',').all(known) && EnvFilter::try_new(&self.level).is_ok() {
            return Ok(());
        }
        Err(format!(
            "[log] level must be one of {}, or a filter such as store_sync=debug, not \"{}\"",
            LEVELS.join(", "),
            self.level
        ))
    }
}

fn is_level(word: &str) -> bool {
    LEVELS.contains(&word.trim().to_ascii_lowercase().as_str())
}
