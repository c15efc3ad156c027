//! `[log]`: what is written to stderr.

use schemars::JsonSchema;
use serde::Deserialize;
use tracing_subscriber::filter::EnvFilter;

/// What is written to stderr.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `store_sync=debug`.
    pub level: String,
    /// `text` or `json`.
    pub format: LogFormat,
    /// Days that runs (`store-sync logs`) are kept after their end; 0 keeps them for ever.
    pub keep_days: u32,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text, keep_days: 90 }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Log {
    /// What cannot be used. A filter reads any lone word as the name of a module, so that a slip would switch every line off.
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
