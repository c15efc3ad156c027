//! config.toml and the environment, read once into `Config`. Unknown keys are refused. Only `app` and `cli` read it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::Url;

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

/// Where the daemon listens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The address under which merchants' browsers reach the daemon; the OAuth callback is below it. Default: http:// and `listen`.
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Url>,
    /// Seconds that running work may take to end when the daemon stops.
    pub shutdown_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8686)), public_url: None, shutdown_seconds: 20 }
    }
}

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
    /// Bring the schema up to date at start; otherwise `store-sync migrate` does.
    pub auto_migrate: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, max_connections: 10, auto_migrate: true }
    }
}

/// Where files lie.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Folder for the embedded database, the key and the pictures; relative to the configuration file.
    pub data_dir: PathBuf,
    /// A bucket for the pictures instead of the folder: for several replicas.
    pub bucket: Option<BucketConfig>,
}

/// A bucket of Amazon S3, Cloudflare R2, or any other server that speaks S3.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketConfig {
    pub name: String,
    /// For others than Amazon, such as `https://ACCOUNT.r2.cloudflarestorage.com`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub endpoint: Option<Url>,
    /// `auto` with R2.
    #[serde(default = "auto")]
    pub region: String,
    #[serde(deserialize_with = "text")]
    pub access_key_id: String,
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub secret_access_key: SecretString,
    /// Uploads carry their SHA-256, so that damaged bytes are refused. Switch it off where the server knows no such header.
    #[serde(default = "yes")]
    pub upload_checksum: bool,
    /// Where anybody may read the pictures, such as a domain of the bucket's own. Without it signed addresses are handed out.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Url>,
}

fn yes() -> bool {
    true
}

fn auto() -> String {
    "auto".to_owned()
}

impl Default for Storage {
    fn default() -> Self {
        Self { data_dir: PathBuf::from("data"), bucket: None }
    }
}

/// The key that seals credentials in the database.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VaultConfig {
    /// The key ring as `id:base64` of 32 bytes, several separated by commas; the first one seals. Set it by environment.
    #[serde(deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub keys: Option<SecretString>,
    /// A program and its arguments that prints the ring, such as a secret manager's; used when `keys` is not set.
    pub keys_command: Option<Vec<String>>,
    /// A file (mode 0600) with one `id:base64` a line, used when neither of those is set. Default: `vault.key` in the data folder.
    pub key_file: Option<PathBuf>,
}

/// The one network door.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Let shops on loopback and private addresses be reached.
    pub allow_private_networks: bool,
    /// `{ "*.example.com" = "http://127.0.0.1:9000" }` sends matching hosts elsewhere, for rehearsals.
    #[schemars(with = "BTreeMap<String, String>")]
    pub connect_to: BTreeMap<String, Url>,
    /// For a whole exchange with a shop.
    pub timeout_seconds: u64,
    /// The largest answer that is read.
    pub max_answer_bytes: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            allow_private_networks: false,
            connect_to: BTreeMap::new(),
            timeout_seconds: 60,
            max_answer_bytes: 8 << 20,
        }
    }
}

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

/// How pictures are made.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generate {
    /// What makes them where a flow's settings name no `engine`.
    pub engine: Painter,
    /// When products are looked at, at the latest: what is seen on them goes into prompts and is kept with the product.
    pub analyse: Analyse,
}

/// When products are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Analyse {
    Never,
    /// When a picture of them is made.
    OnGenerate,
    /// When they are put into a collection.
    #[default]
    OnCollection,
    /// When they are imported.
    OnImport,
}

/// The API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// Who says this (`Authorization: Bearer …`) may use it; without one it is closed. At least 24 characters.
    #[serde(deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub token: Option<SecretString>,
}

/// What makes pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Painter {
    /// The local studio: no key, no model.
    #[default]
    Studio,
    /// The model under `[gemini]`.
    Gemini,
}

/// Google's models: the right to ask them, which ones, and what they cost.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeminiConfig {
    /// A key of the Gemini API, or of Vertex AI in express mode. Not needed with a service account under `[gemini.vertex]`.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub api_key: Option<SecretString>,
    /// Where it is spoken to in the place of Google's address, with the version.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub base_url: Option<Url>,
    /// Makes pictures.
    #[serde(default = "gemini_model")]
    pub model: String,
    /// Asked where the first one is away or retired.
    #[serde(default)]
    pub fallback_model: Option<String>,
    /// Changes pictures; `model` does where this one is away or retired.
    #[serde(default = "gemini_edit_model")]
    pub edit_model: String,
    /// Looks at pictures and describes them.
    #[serde(default = "gemini_text_model")]
    pub text_model: String,
    /// Asked where that one is away or retired.
    #[serde(default)]
    pub text_fallback_model: Option<String>,
    /// The sizes (512, 1K, 2K, 4K) that a model makes, by model. Built in: gemini-2.5-flash-image makes 1K only, gemini-3-pro-image no 512;
    /// others make all.
    #[serde(default)]
    pub sizes: BTreeMap<String, Vec<String>>,
    /// US dollars for a picture, by "MODEL" or "MODEL/SIZE" (512, 1K, 2K, 4K). A model without a price costs nothing in our books.
    #[serde(default)]
    pub prices: BTreeMap<String, f64>,
    /// US dollars for a million tokens, by "MODEL": what looking at pictures costs.
    #[serde(default)]
    pub text_prices: BTreeMap<String, TextPriceConfig>,
    /// No picture is asked for that would bring a month, over all clients, beyond this.
    #[serde(default)]
    pub usd_per_month: Option<f64>,
    /// Ask the models on Vertex AI.
    #[serde(default)]
    pub vertex: Option<VertexConfig>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextPriceConfig {
    pub input: f64,
    pub output: f64,
}

/// Google's models on Vertex AI: by a service account in a project, or by a key in express mode.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VertexConfig {
    /// Default: the service account's own.
    pub project: Option<String>,
    /// `global`, `us`, `eu`, or a region such as `europe-west4`. Default: `global`.
    pub location: Option<String>,
    /// The key file (JSON) of a service account; relative to the configuration file. Goes before `[gemini] api_key`.
    pub credentials_file: Option<PathBuf>,
    /// `[gemini] api_key` is one of Vertex AI in express mode: no project, no location.
    pub express: bool,
}

impl GeminiConfig {
    /// What cannot be used together, or is missing.
    fn check(&self) -> Result<(), String> {
        let keyed = self.api_key.as_ref().is_some_and(|key| !key.expose_secret().trim().is_empty());
        let vertex = self.vertex.as_ref();
        let account = vertex.is_some_and(|vertex| vertex.credentials_file.is_some());
        let wrong = match vertex {
            Some(vertex) if vertex.express && (account || vertex.project.is_some() || vertex.location.is_some()) => {
                "[gemini.vertex] express stands alone: without project, location and credentials_file"
            }
            Some(vertex) if !vertex.express && !account => {
                "[gemini.vertex] needs the credentials_file of a service account, or express = true with [gemini] api_key"
            }
            Some(vertex) if vertex.express && !keyed => "[gemini.vertex] express needs [gemini] api_key",
            None if !keyed => {
                "[gemini] needs api_key, or the credentials_file of a service account under [gemini.vertex]"
            }
            _ => "",
        };
        if !wrong.is_empty() {
            return Err(wrong.to_owned());
        }
        let models = [Some(&self.model), self.fallback_model.as_ref(), Some(&self.edit_model), Some(&self.text_model)];
        let models = models.into_iter().chain([self.text_fallback_model.as_ref()]).flatten();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if let Some(word) = models.into_iter().find(|word| word.is_empty() || !word.chars().all(plain)) {
            return Err(format!("[gemini] '{word}' is no model's name"));
        }
        let known = |size: &String| ["512", "1K", "2K", "4K"].contains(&size.as_str());
        if let Some((model, _)) = self.sizes.iter().find(|(_, sizes)| sizes.is_empty() || !sizes.iter().all(known)) {
            return Err(format!("[gemini.sizes] \"{model}\" needs some of \"512\", \"1K\", \"2K\", \"4K\""));
        }
        let text = self.text_prices.values().flat_map(|price| [price.input, price.output]);
        if self.prices.values().copied().chain(text).any(|dollars| !dollars.is_finite() || dollars < 0.0) {
            return Err("[gemini] prices and text_prices are dollars, 0 or more".to_owned());
        }
        Ok(())
    }
}

fn gemini_model() -> String {
    "gemini-3.1-flash-image".to_owned()
}

fn gemini_edit_model() -> String {
    "gemini-3-pro-image".to_owned()
}

fn gemini_text_model() -> String {
    "gemini-2.5-flash-lite".to_owned()
}

/// How catalogues are read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Import {
    /// A scheduled import reads everything when the last complete pass is older than this many hours.
    pub full_every_hours: u64,
    /// A sweep that would mark more than this share of the products as gone stops and asks.
    pub brake_percent: u32,
    /// …unless it is no more than this many products.
    pub brake_min: u32,
}

impl Default for Import {
    fn default() -> Self {
        Self { full_every_hours: 24, brake_percent: 30, brake_min: 20 }
    }
}

/// Provider files beside the built-in ones.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProvidersConfig {
    /// Folder with one sub-folder per provider; one with a built-in key replaces the built-in.
    pub dir: Option<PathBuf>,
}

/// An OAuth app registered at a provider.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    #[serde(deserialize_with = "text")]
    pub client_id: String,
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub client_secret: SecretString,
    /// The key that the platform signs deliveries with, where that is not the client's secret.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub webhook_key: Option<SecretString>,
    /// Whose shops (id or slug of a client) they are that install the app at the platform without a connect link of yours.
    /// Without it such an install is refused, unless the shop is connected already.
    #[serde(default)]
    pub client: Option<String>,
}

/// What is written to stderr.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `store_sync=debug`.
    pub level: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
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
        let invalid = |why: &str| Err(ConfigError::Invalid { place: place.to_owned(), why: why.to_owned() });
        if !self.http.connect_to.is_empty() && !self.http.allow_private_networks {
            return invalid("[http] connect_to is for rehearsals and needs [http] allow_private_networks = true");
        }
        if self.http.connect_to.values().any(|to| !matches!(to.scheme(), "http" | "https") || to.host().is_none()) {
            return invalid("[http] connect_to: each target must be an origin such as http://127.0.0.1:9000");
        }
        if let Some(url) = &self.server.public_url
            && (!matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.query().is_some())
        {
            return invalid("[server] public_url must be an address such as https://sync.example.com");
        }
        if self.storage.bucket.as_ref().and_then(|bucket| bucket.public_url.as_ref()).is_some_and(|url| !is_base(url)) {
            return invalid("[storage.bucket] public_url must be an address such as https://img.example.com");
        }
        if self.work.lease_seconds == 0 || self.work.poll_ms == 0 || self.work.tick_seconds == 0 {
            return invalid("[work] lease_seconds, poll_ms and tick_seconds must be at least 1");
        }
        if [self.work.import_workers, self.work.push_workers, self.work.token_workers].contains(&0) {
            return invalid("[work] import_workers, push_workers and token_workers must be at least 1");
        }
        if self.api.token.as_ref().is_some_and(|token| token.expose_secret().len() < 24) {
            return invalid("[api] token must have at least 24 characters: openssl rand -base64 32 makes a good one");
        }
        if self.http.timeout_seconds == 0 || self.database.max_connections < 2 {
            return invalid("[http] timeout_seconds must be at least 1, [database] max_connections at least 2");
        }
        if let Some(Err(why)) = self.gemini.as_ref().map(GeminiConfig::check) {
            return invalid(&why);
        }
        Ok(())
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

/// An address that a path can be appended to.
fn is_base(url: &Url) -> bool {
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    matches!(url.scheme(), "http" | "https") && url.host().is_some() && plain
}

/// Lays one variable over the table. Plain numbers and booleans keep their type, everything else is text.
fn overlay(table: &mut toml::Table, keys: &str, value: &str) {
    let keys: Vec<String> = keys.split("__").map(str::to_lowercase).collect();
    let Some((last, sections)) = keys.split_last() else { return };
    let mut table = table;
    for section in sections {
        let entry = table.entry(section.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if !entry.is_table() {
            *entry = toml::Value::Table(toml::Table::new());
        }
        let Some(inner) = entry.as_table_mut() else { return };
        table = inner;
    }
    let typed = match value {
        "true" | "false" => toml::Value::Boolean(value == "true"),
        _ => number(value).or_else(|| inline(value)).unwrap_or_else(|| value.into()),
    };
    table.insert(last.clone(), typed);
}

/// A number that is written as it would be printed: `007` and `1e3` are texts.
fn number(value: &str) -> Option<toml::Value> {
    if let Some(whole) = value.parse::<i64>().ok().filter(|number| number.to_string() == value) {
        return Some(whole.into());
    }
    value.parse::<f64>().ok().filter(|number| number.is_finite() && number.to_string() == value).map(Into::into)
}

/// A map or a list, as TOML writes them in one line.
fn inline(value: &str) -> Option<toml::Value> {
    value.starts_with(['{', '[']).then(|| format!("v = {value}").parse::<toml::Table>().ok()?.remove("v")).flatten()
}

/// A text that an overlay may have turned into a number.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::Boolean(truth) => Ok(truth.to_string()),
        _ => Err(serde::de::Error::custom("expected a text")),
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    text(deserializer).map(SecretString::from)
}

fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    secret(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
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
            ("STORE_SYNC__APP__SANDBOX__WEBHOOK_KEY", "1.5"),
            ("STORE_SYNC__VAULT__KEYS_COMMAND", r#"["pass", "show"]"#),
            ("STORE_SYNC__GEMINI__API_KEY", "k"),
            ("STORE_SYNC__GEMINI__USD_PER_MONTH", "12.5"),
            ("STORE_SYNC__HTTP__CONNECT_TO", r#"{ "*.example.com" = "http://127.0.0.1:9000" }"#),
        ];
        let config = Config::parse("[server]\nlisten = '127.0.0.1:8'\n", "t", env(&pairs)).expect("is fine");
        assert_eq!(config.server.listen.port(), 9);
        assert!(config.http.allow_private_networks);
        assert_eq!(config.app["sandbox"].client_id, "42");
        assert_eq!(config.app["sandbox"].client_secret.expose_secret(), "007");
        assert_eq!(config.http.connect_to.len(), 1);
        assert_eq!(config.app["sandbox"].webhook_key.as_ref().map(ExposeSecret::expose_secret), Some("1.5"));
        assert_eq!(config.vault.keys_command.as_ref().map(Vec::len), Some(2));
        assert_eq!(config.gemini.and_then(|own| own.usd_per_month), Some(12.5));
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
