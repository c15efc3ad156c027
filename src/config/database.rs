//! `[database]`: which database.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::value::{optional_secret, within};

/// Which database.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://…`. Default: `store-sync.db` in the data folder.
    #[serde(deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub url: Option<SecretString>,
    /// Connections per process.
    pub max_connections: u32,
    /// The connection pooler between this program and a PostgreSQL server.
    pub pooler: Pooler,
    /// Migrate the schema at start; otherwise run `store-sync migrate`.
    pub auto_migrate: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, max_connections: 10, pooler: Pooler::None, auto_migrate: true }
    }
}

/// A connection pooler such as PgBouncer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pooler {
    /// No pooler: a connection is one session from beginning to end.
    None,
    /// A pooler that assigns a connection per transaction (PgBouncer's `pool_mode = transaction`).
    Transaction,
}

impl Database {
    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        within("[database] max_connections", self.max_connections, 2..=1000)
    }
}
