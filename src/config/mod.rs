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
mod value;
mod vault;
mod work;

use std::{
    collections::BTreeMap,
    ffi::OsString,
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
    database::{Database, Pooler},
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

/// What of the environment is text, which everything of ours has to be.
fn texts(env: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<(String, String)>, ConfigError> {
    let mut read = Vec::new();
    for (name, value) in env {
        let said = name.to_string_lossy().into_owned();
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => read.push((name, value)),
            _ if !said.starts_with(ENV_PREFIX) => {}
            _ => {
                let why =
                    format!("{said} holds bytes that are no UTF-8: set it anew, or take it out of the environment");
                return Err(ConfigError::Invalid { place: "the environment".to_owned(), why });
            }
        }
    }
    Ok(read)
}

impl Config {
    /// Reads `path`, or `config.toml` in the working folder if it is there, then lays the environment over it.
    /// Variables of others may be bytes that are no text; they are passed over.
    pub fn load(path: Option<&Path>, env: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let default = Path::new("config.toml");
        let file = path.or_else(|| default.exists().then_some(default));
        let (text, place) = match file {
            None => (String::new(), "the environment".to_owned()),
            Some(path) => {
                let read = std::fs::read_to_string(path);
                (read.map_err(|source| ConfigError::Read { path: path.into(), source })?, path.display().to_string())
            }
        };
        let env = texts(env)?;
        let mut config = Self::parse(&text, &place, env.iter().cloned())?;
        config.http.fill_from(&env);
        config.check(&place)?;
        let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
        config.storage.data_dir = folder.join(&config.storage.data_dir);
        config.vault.key_file = config.vault.key_file.map(|p| folder.join(p));
        config.providers.dir = config.providers.dir.map(|p| folder.join(p));
        if let Some(file) = config.gemini.as_mut().and_then(|own| own.vertex.as_mut()?.credentials_file.as_mut()) {
            *file = folder.join(&*file);
        }
        Ok(config)
    }

    fn parse(text: &str, place: &str, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let invalid = |why: String| ConfigError::Invalid { place: place.to_owned(), why: why.trim_end().to_owned() };
        // Read once from the text, so that an error shows its line; the overlay has none.
        toml::from_str::<Self>(text).map_err(|e| invalid(slip(text, &e)))?;
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| invalid(slip(text, &e)))?;
        let mut variables: Vec<(String, String)> = env.filter(|(name, _)| name.starts_with(ENV_PREFIX)).collect();
        variables.sort();
        if let Some((name, _)) = variables.iter().find(|(_, value)| value.trim().is_empty()) {
            return Err(invalid(format!(
                "{name} is set and empty: give it a value, or take it out of the environment"
            )));
        }
        let read = |without: Option<&str>| {
            let mut table = table.clone();
            for (name, value) in variables.iter().filter(|(name, _)| Some(name.as_str()) != without) {
                overlay(&mut table, &name[ENV_PREFIX.len()..], value);
            }
            table.try_into::<Self>()
        };
        read(None).map_err(|error| {
            // The text alone was fine, so a variable is at fault: the one without which all is well. Values may be secrets.
            let guilty: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
            let lone = guilty.iter().copied().find(|name| read(Some(*name)).is_ok());
            let mut words = error.message().to_owned();
            for (_, value) in &variables {
                words = words.replace(&format!("{value:?}"), "…");
            }
            invalid(format!("{}: {words}", lone.map_or_else(|| guilty.join(", "), str::to_owned)))
        })
    }

    fn check(&self, place: &str) -> Result<(), ConfigError> {
        let gemini = self.gemini.as_ref().map_or(Ok(()), GeminiConfig::check);
        let sections = [
            self.server.check(),
            self.database.check(),
            self.storage.check(),
            self.vault.check(),
            self.http.check(),
            self.work.check(),
            self.import.check(),
            self.providers.check(),
            self.api.check(),
            gemini,
            self.log.check(),
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

/// What is wrong in the text, with its line and key but without the line itself: there may be a secret in it.
fn slip(text: &str, error: &toml::de::Error) -> String {
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return error.message().to_owned() };
    let number = before.matches('\n').count();
    let line = text.lines().nth(number).unwrap_or_default();
    let section = before.lines().rfind(|line| line.starts_with('[')).unwrap_or_default();
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    let place = [section, key].iter().filter(|word| !word.is_empty()).fold(String::new(), |all, word| all + " " + word);
    format!("line {}{place}: {}", number + 1, error.message())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn bytes_that_are_no_text_are_others_business_or_told_by_name() {
        use std::os::unix::ffi::OsStringExt;
        let folder = tempfile::tempdir().expect("a temp folder");
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "").expect("a file");
        let load = |name: &str| {
            let bad = OsString::from_vec(vec![b'c', b'a', 0xff]);
            Config::load(Some(&file), [(name.into(), bad)].into_iter()).map(drop)
        };
        load("FOO").expect("nothing of ours");
        let told = load("STORE_SYNC__SERVER__LISTEN").expect_err("is refused").to_string();
        assert!(told.contains("STORE_SYNC__SERVER__LISTEN holds bytes that are no UTF-8"), "{told}");
    }

    #[test]
    fn the_proxy_of_other_programs_is_taken_where_none_is_set_here() {
        let variables =
            [("HTTPS_PROXY", "http://u:canary@upper:1"), ("ALL_PROXY", "http://all:1"), ("NO_PROXY", "a.example")];
        let read = |text: &str, more: &[(&str, &str)]| {
            let folder = tempfile::tempdir().expect("a temp folder");
            let file = folder.path().join("config.toml");
            std::fs::write(&file, text).expect("a file");
            let both: Vec<(&str, &str)> = variables.iter().chain(more).copied().collect();
            let http = Config::load(Some(&file), env(&both).map(|(name, value)| (name.into(), value.into())))
                .expect("loads")
                .http;
            assert!(!format!("{http:?}").contains("canary"));
            let proxy = http.proxy.map(|proxy| proxy.expose_secret().to_owned());
            (proxy.unwrap_or_default(), http.no_proxy.unwrap_or_default())
        };
        let upper = "http://u:canary@upper:1".to_owned();
        assert_eq!(read("", &[]), (upper.clone(), "a.example".to_owned()));
        assert_eq!(read("", &[("https_proxy", "http://lower:1")]).0, "http://lower:1", "as curl has it");
        assert_eq!(read("", &[("https_proxy", "")]).0, upper, "an empty one is none");
        assert_eq!(
            read("[http]\nproxy = 'http://own:1'\nno_proxy = '*'\n", &[]),
            ("http://own:1".to_owned(), "*".to_owned())
        );
        assert_eq!(read("[http]\nproxy = ''\n", &[]).0, "", "an empty key goes without");
        assert_eq!(read("", &[("STORE_SYNC__HTTP__PROXY", "http://set:1")]).0, "http://set:1");
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
        for url in ["https://a.example/?x=1", "https://a.example/#x"] {
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

    #[test]
    fn what_is_empty_is_no_secret_and_no_name() {
        let app = |id: &str, secret: &str, more: &str| {
            format!("[app.shop]\nclient_id = '{id}'\nclient_secret = '{secret}'\n{more}\n")
        };
        let bucket = "[storage.bucket]\nname = 'n'\naccess_key_id = 'a'\n";
        for (text, key) in [
            (app("", "s", ""), "client_id"),
            (app("i", "", ""), "client_secret"),
            (app("i", "  ", ""), "client_secret"),
            (app("i", "s", "webhook_key = ''"), "webhook_key"),
            (app("i", "s", "client = ' '"), "client"),
            ("[api]\ntoken = ''\n".to_owned(), "token"),
            ("[vault]\nkeys = ''\n".to_owned(), "keys"),
            ("[gemini]\napi_key = ' '\n".to_owned(), "api_key"),
            (format!("{bucket}secret_access_key = ''\n"), "secret_access_key"),
            (bucket.replace("'a'", "''") + "secret_access_key = 's'\n", "access_key_id"),
        ] {
            let said = Config::parse(&text, "t", env(&[])).expect_err(&text).to_string();
            let section = text.lines().next().expect("a line");
            assert!(said.contains(section) && said.contains(key) && said.contains("must not be empty"), "{said}");
        }
        let set = [("STORE_SYNC__APP__SHOP__CLIENT_SECRET", ""), ("STORE_SYNC__APP__SHOP__CLIENT_ID", "x")];
        let said = Config::parse("", "t", env(&set)).expect_err("is refused").to_string();
        assert!(said.contains("STORE_SYNC__APP__SHOP__CLIENT_SECRET is set and empty"), "{said}");
    }

    #[test]
    fn no_error_repeats_what_may_be_a_secret() {
        for text in [
            "[app.shop]\nclient_id = 'i'\nclient_secret = 'canary\n",
            "[app.shop]\nclient_id = 'i'\nclient_secret = ['canary']\n",
            "[server]\npublic_url = 'https://u:canary@x.example'\n",
            "[server]\npublic_url = 'canary'\n",
            "[http]\nallow_private_networks = true\nconnect_to = { 'a.example' = 'http://canary@127.0.0.1:1' }\n",
            "[storage.bucket]\nname = 'n'\naccess_key_id = 'a'\nsecret_access_key = 's'\nendpoint = 'https://k:canary@s3.example'\n",
            "[gemini]\napi_key = 'k'\nbase_url = 'https://canary@g.example'\n",
        ] {
            let said = Config::parse(text, "t", env(&[])).expect_err(text).to_string();
            assert!(said.contains("line ") && !said.contains("canary"), "{said}");
        }
        let set =
            [("STORE_SYNC__SERVER__PUBLIC_URL", "https://u:canary@x.example"), ("STORE_SYNC__LOG__LEVEL", "info")];
        let said = Config::parse("", "t", env(&set)).expect_err("is refused").to_string();
        assert!(said.contains("STORE_SYNC__SERVER__PUBLIC_URL") && !said.contains("LOG__LEVEL"), "{said}");
        assert!(said.contains("user name or a password") && !said.contains("canary"), "{said}");
    }

    #[test]
    fn numbers_and_words_out_of_range_are_refused_by_name() {
        for (text, words) in [
            ("[http]\nmax_answer_bytes = 0", "[http] max_answer_bytes must be from 65536 to 1073741824, not 0"),
            ("[http]\ntimeout_seconds = 0", "[http] timeout_seconds must be from 1 to 3600, not 0"),
            ("[database]\nmax_connections = 0", "[database] max_connections must be from 2 to 1000, not 0"),
            ("[import]\nbrake_percent = 101", "[import] brake_percent must be from 0 to 100, not 101"),
            ("[import]\nfull_every_hours = 9223372036854775807", "[import] full_every_hours"),
            ("[work]\nimport_workers = 0", "[work] import_workers must be from 1 to 256, not 0"),
            ("[work]\npush_workers = 1000", "[work] push_workers"),
            ("[work]\ntoken_workers = 0", "[work] token_workers"),
            ("[work]\ngenerate_workers = 300", "[work] generate_workers"),
            ("[work]\nlease_seconds = 0", "[work] lease_seconds must be from 1 to 3600, not 0"),
            ("[work]\npoll_ms = 0", "[work] poll_ms must be from 10 to 600000, not 0"),
            ("[work]\ntick_seconds = 0", "[work] tick_seconds"),
            ("[server]\nshutdown_seconds = 9999999", "[server] shutdown_seconds"),
            ("[server]\nmax_connections = 1", "[server] max_connections"),
            ("[log]\nlevel = 'shout'", "[log] level must be one of off, error, warn, info, debug, trace"),
            ("[log]\nlevel = 'store_sync=lots'", "not \"store_sync=lots\""),
            ("[storage]\ndata_dir = ''", "[storage] data_dir must not be empty"),
            ("[vault]\nkeys_command = []", "[vault] keys_command names no program"),
            ("[gemini]\napi_key = 'k'\nusd_per_month = -1.0", "[gemini] usd_per_month"),
        ] {
            let config = Config::parse(text, "t", env(&[])).expect("parses");
            let said = config.check("t").expect_err(text).to_string();
            assert!(said.contains(words), "{text}: {said}");
        }
        for level in ["info", "WARN", "store_sync=debug", "info,store_sync::web=trace", "off"] {
            let config = Config::parse(&format!("[log]\nlevel = '{level}'"), "t", env(&[])).expect("parses");
            config.check("t").expect(level);
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let set = [("STORE_SYNC__SERVER__TRUSTED_PROXIES", r#"["10.0.0.0/8", "::1"]"#)];
        let config = Config::parse("", "t", env(&set)).expect("is fine");
        assert_eq!(config.server.trusted_proxies.len(), 2);
        let said = Config::parse("[server]\ntrusted_proxies = ['proxy']\n", "t", env(&[])).expect_err("is refused");
        assert!(said.to_string().contains("'proxy' is no address and no network"), "{said}");
    }
}
