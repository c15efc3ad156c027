//! config.toml and the environment, read once into `Config`: one file a section. Unknown keys are refused. Only `app` and
//! `cli` read it.

mod api;
mod app;
mod database;
mod gemini;
mod generate;
mod http;
mod import;
mod log;
mod overlay;
mod providers;
mod server;
mod storage;
mod vault;
mod work;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

pub use self::{
    api::Api,
    app::AppConfig,
    database::Database,
    gemini::{GeminiConfig, TextPriceConfig, VertexConfig},
    generate::{Analyse, Generate, Painter},
    http::HttpConfig,
    import::Import,
    log::{Log, LogFormat},
    providers::ProvidersConfig,
    server::Server,
    storage::{BucketConfig, Storage},
    vault::VaultConfig,
    work::Work,
};
use overlay::overlay;

/// Prefix of environment variables: `STORE_SYNC__SECTION__KEY`.
pub const ENV_PREFIX: &str = "STORE_SYNC__";

/// Everything an operator can set.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub storage: Storage,
    pub vault: VaultConfig,
    pub http: HttpConfig,
    pub work: Work,
    pub import: Import,
    pub providers: ProvidersConfig,
    /// How pictures are made.
    pub generate: Generate,
    /// The API under /api/v1.
    pub api: Api,
    /// Google's model, where pictures are to be made by it.
    pub gemini: Option<GeminiConfig>,
    /// Your OAuth app at each provider, by the provider's key.
    pub app: BTreeMap<String, AppConfig>,
    pub log: Log,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file named with `--config` cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// It is not what `store-sync config schema` describes.
    #[error("{place}: {why}\nSee config.example.toml, or `store-sync config schema`.")]
    Invalid { place: String, why: String },
}

impl Config {
    /// Reads `path`, or `config.toml` in the working folder if it is there, then lays the environment over it.
    pub fn load(path: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let default = Path::new("config.toml");
        let file = path.or_else(|| default.exists().then_some(default));
        let (text, place) = match file {
            None => (String::new(), "the environment".to_owned()),
            Some(path) => {
                let read = std::fs::read_to_string(path);
                (read.map_err(|source| ConfigError::Read { path: path.into(), source })?, path.display().to_string())
            }
        };
        let mut config = Self::parse(&text, &place, env)?;
        let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
        config.storage.data_dir = folder.join(&config.storage.data_dir);
        config.vault.key_file = config.vault.key_file.map(|p| folder.join(p));
        config.providers.dir = config.providers.dir.map(|p| folder.join(p));
        if let Some(file) = config.gemini.as_mut().and_then(|own| own.vertex.as_mut()?.credentials_file.as_mut()) {
            *file = folder.join(&*file);
        }
        config.check(&place)?;
        Ok(config)
    }

    fn parse(text: &str, place: &str, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let invalid = |why: String| ConfigError::Invalid { place: place.to_owned(), why: why.trim_end().to_owned() };
        // Read once from the text, so that an error shows its line; the overlay has none.
        toml::from_str::<Self>(text).map_err(|e| invalid(e.to_string()))?;
        let mut table: toml::Table = text.parse().map_err(|e: toml::de::Error| invalid(e.to_string()))?;
        let mut overlaid = Vec::new();
        for (name, value) in env {
            if let Some(keys) = name.strip_prefix(ENV_PREFIX) {
                overlay(&mut table, keys, &value);
                overlaid.push(name);
            }
        }
        table.try_into().map_err(|e: toml::de::Error| {
            // The text alone was fine, so the overlay is at fault. Its values may be secrets: only names are shown.
            invalid(format!("after laying {} over it: {}", overlaid.join(", "), e.message()))
        })
    }

    fn check(&self, place: &str) -> Result<(), ConfigError> {
        let gemini = self.gemini.as_ref().map_or(Ok(()), GeminiConfig::check);
        let sections = [
            self.server.check(),
            self.database.check(),
            self.storage.check(),
            self.http.check(),
            self.work.check(),
            self.api.check(),
            gemini,
        ];
        let invalid = |why: String| ConfigError::Invalid { place: place.to_owned(), why };
        sections.into_iter().collect::<Result<(), String>>().map_err(invalid)
    }

    /// The database's address, with the embedded default filled in.
    pub fn database_url(&self) -> SecretString {
        self.database.url.clone().unwrap_or_else(|| {
            SecretString::from(format!("sqlite:{}", self.storage.data_dir.join("store-sync.db").display()))
        })
    }

    /// Where browsers reach the daemon, without a slash at the end.
    pub fn public_url(&self) -> String {
        let url =
            self.server.public_url.as_ref().map_or_else(|| format!("http://{}", self.server.listen), Url::to_string);
        url.trim_end_matches('/').to_owned()
    }

    /// Where the vault's key file lies.
    pub fn key_file(&self) -> PathBuf {
        self.vault.key_file.clone().unwrap_or_else(|| self.storage.data_dir.join("vault.key"))
    }

    /// The lease of a job and of a daemon's presence.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.work.lease_seconds)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_environment_wins_and_keeps_types() {
        let pairs = [
            ("STORE_SYNC__SERVER__LISTEN", "127.0.0.1:9"),
            ("STORE_SYNC__HTTP__ALLOW_PRIVATE_NETWORKS", "true"),
            ("STORE_SYNC__APP__SANDBOX__CLIENT_ID", "42"),
            ("STORE_SYNC__APP__SANDBOX__CLIENT_SECRET", "007"),
            ("STORE_SYNC__HTTP__CONNECT_TO", r#"{ "*.example.com" = "http://127.0.0.1:9000" }"#),
        ];
        let config = Config::parse("[server]\nlisten = '127.0.0.1:8'\n", "t", env(&pairs)).expect("is fine");
        assert_eq!(config.server.listen.port(), 9);
        assert!(config.http.allow_private_networks);
        assert_eq!(config.app["sandbox"].client_id, "42");
        assert_eq!(config.app["sandbox"].client_secret.expose_secret(), "007");
        assert_eq!(config.http.connect_to.len(), 1);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = Config::parse("[server]\nlissten = 'x'\n", "config.toml", env(&[])).expect_err("is refused");
        let text = error.to_string();
        assert!(text.contains("config.toml") && text.contains("line 2") && text.contains("lissten"), "{text}");
    }

    #[test]
    fn a_bad_overlay_names_the_variable_but_not_its_value() {
        let pairs = [("STORE_SYNC__WORK__LEASE_SECONDS", "canary")];
        let text = Config::parse("", "t", env(&pairs)).expect_err("is refused").to_string();
        assert!(text.contains("STORE_SYNC__WORK__LEASE_SECONDS"), "{text}");
    }

    #[test]
    fn a_public_address_of_the_bucket_is_one_that_keys_can_be_appended_to() {
        let check = |url: &str| {
            let keys = "name = 'n'\naccess_key_id = 'k'\nsecret_access_key = 'canary'";
            let text = format!("[storage.bucket]\n{keys}\npublic_url = '{url}'\n");
            Config::parse(&text, "t", env(&[])).expect("parses").check("t")
        };
        for url in ["https://img.example.com", "http://127.0.0.1:9000/pictures/"] {
            check(url).expect("is fine");
        }
        for url in
            ["ftp://a.example", "https://a.example/?x=1", "https://a.example/#x", "https://me@a.example", "data:x"]
        {
            let text = check(url).expect_err(url).to_string();
            assert!(text.contains("[storage.bucket] public_url") && !text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn rerouting_needs_the_private_network_switch() {
        let text = "[http]\nconnect_to = { 'a.example' = 'http://127.0.0.1:1' }\n";
        let config = Config::parse(text, "t", env(&[])).expect("parses");
        assert!(config.check("t").expect_err("is refused").to_string().contains("allow_private_networks"));
    }
}
