//! Builds all parts from the configuration and runs the daemon. Contains no logic of its own.

use std::{collections::BTreeMap, future::Future, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::{
    config::{AllowUnguarded, Analyse, AppConfig, BucketConfig, Config, GeminiConfig, Pooler, TextPriceConfig},
    connect,
    db::{
        self, DatabaseAccess, DatabaseFault, Db,
        adopt::{self, Kind},
        lease::Ownership,
    },
    model::Engine,
    outside::{
        Bucket, Clock, Files, Http, HttpPolicy, Outside, Proxy, Random, RetryPatience, catch_panic, private, small,
    },
    paint::{
        Engines,
        gemini::{Gemini, Service, ServiceAccount, TextPrice},
    },
    provider::{App, Providers},
    tools::{Parts, Policy, Shared, Tools, Unguarded},
    vault::{KeySource, Vault},
    web::{self, DoorLimits},
    work::{self, Pools, Workers},
};

/// The configured limits of the outgoing HTTP client.
fn http_policy(config: &Config) -> anyhow::Result<HttpPolicy> {
    Ok(HttpPolicy {
        allow_private_networks: config.http.allow_private_networks,
        connect_to: config.http.connect_to.clone().into_iter().collect(),
        timeout: Duration::from_secs(config.http.timeout_seconds),
        max_answer_bytes: config.http.max_answer_bytes,
        proxy: proxy(config)?,
    })
}

fn proxy(config: &Config) -> anyhow::Result<Option<Proxy>> {
    let own = &config.http;
    let Some(address) = own.proxy.as_ref().filter(|address| !address.expose_secret().trim().is_empty()) else {
        return Ok(None);
    };
    let proxy = Proxy::parse(address, own.no_proxy.as_deref().unwrap_or_default(), own.proxy_resolves);
    let proxy = proxy.map_err(|why| {
        anyhow::anyhow!("[http] proxy (or HTTPS_PROXY, ALL_PROXY): {why}. To use no proxy, set [http] proxy = \"\"")
    });
    proxy.map(Some)
}

fn bucket(own: BucketConfig, proxy: Option<Proxy>) -> Bucket {
    Bucket {
        name: own.name,
        endpoint: own.endpoint,
        region: own.region,
        access_key_id: own.access_key_id,
        secret_access_key: own.secret_access_key,
        upload_checksum: own.upload_checksum,
        public_url: own.public_url,
        patience: RetryPatience::default(),
        proxy,
    }
}

/// The real clock, random numbers, HTTP client and file storage, as configured.
pub fn outside(config: &Config) -> anyhow::Result<Outside> {
    let policy = http_policy(config)?;
    let files = match &config.storage.bucket {
        None => Files::new(config.storage.data_dir.join("files")),
        Some(own) => Files::in_bucket(&bucket(own.clone(), policy.proxy.clone()))?,
    };
    Ok(Outside { clock: Clock::system(), random: Random::system(), http: Http::new(policy)?, files })
}

/// Database access of a command: it waits up to two minutes, because for a person waiting is better than an error.
pub fn access(config: &Config) -> DatabaseAccess {
    DatabaseAccess { patience: Duration::from_mins(2), ..daemon_access(config) }
}

fn daemon_access(config: &Config) -> DatabaseAccess {
    let access = DatabaseAccess::new(config.database_url(), config.database.max_connections);
    DatabaseAccess { pooled: config.database.pooler == Pooler::Transaction, ..access }
}

/// Migrates an outdated schema if `[database] auto_migrate` is set; fails otherwise. Never adopts a database of the
/// older application.
async fn bring_up_to_date(config: &Config, outside: &Outside, db: &Db) -> anyhow::Result<()> {
    let inspection = adopt::inspect(db).await?;
    if inspection.kind != Kind::Current {
        if !config.database.auto_migrate && !inspection.kind.is_legacy() {
            anyhow::bail!(db::OpenError::Outdated(inspection.missing.len()));
        }
        adopt::run(db, &outside.clock, &outside.new_id::<String>(), &adopt::AdoptOptions::default()).await?;
        let mut tx = db.begin().await?;
        db::connection::mend_pauses(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Loads the built-in providers and those of the operator's folder.
pub fn providers(config: &Config) -> anyhow::Result<Providers> {
    let listed = |problems: Vec<crate::provider::Problem>| {
        let lines: Vec<String> = problems.iter().map(|p| format!("  {p}")).collect();
        anyhow::anyhow!("provider files have problems:\n{}", lines.join("\n"))
    };
    let mut providers = Providers::built_in().map_err(listed)?;
    if let Some(folder) = &config.providers.dir {
        providers.load_folder(folder).map_err(listed)?;
    }
    Ok(providers)
}

/// Fails if an `[app.*]` section names an unknown provider, or `[push]` a misspelt one: it would be ignored silently.
pub fn check_apps(config: &Config, providers: &Providers) -> anyhow::Result<()> {
    check_unguarded(config, providers)?;
    let Some(key) = config.app.keys().find(|key| providers.get(key).is_none()) else {
        return check_webhook_keys(config, providers);
    };
    let meant = nearest(providers, key).map(|known| format!("; did you mean [app.{known}]?"));
    let meant = meant.unwrap_or_else(|| ".".to_owned());
    anyhow::bail!("[app.{key}]: there is no provider '{key}'{meant} See: store-sync providers list")
}

/// Fails for a misspelt provider: it would be taken for the id of a connection.
fn check_unguarded(config: &Config, providers: &Providers) -> anyhow::Result<()> {
    let AllowUnguarded::At(names) = &config.push.allow_unguarded else { return Ok(()) };
    for name in names.iter().filter(|name| providers.get(name).is_none()) {
        if let Some(known) = nearest(providers, name) {
            anyhow::bail!(
                "[push] allow_unguarded: there is no provider '{name}'; did you mean '{known}'? See: store-sync providers list"
            );
        }
    }
    Ok(())
}

/// Fails if the key of an app's webhooks is a public key by its provider's file, and is none.
fn check_webhook_keys(config: &Config, providers: &Providers) -> anyhow::Result<()> {
    for (key, app) in &config.app {
        let known = providers.get(key).zip(app.webhook_key.as_ref());
        anyhow::ensure!(
            known.is_none_or(|(provider, shown)| provider.takes_webhook_key(shown)),
            "[app.{key}] webhook_key is not a public RSA key of 2048 bits or more: copy the whole text that the platform shows, from \
             -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----, between two lines with \"\"\""
        );
    }
    Ok(())
}

/// The provider whose key is almost this one.
fn nearest<'p>(providers: &'p Providers, key: &str) -> Option<&'p str> {
    let near = providers.iter().map(|known| (strsim::damerau_levenshtein(known.key(), key), known.key())).min();
    near.filter(|(steps, _)| *steps <= 2).map(|(_, known)| known)
}

/// Whether a database exists: a file, or any server URL.
pub fn has_begun(config: &Config) -> bool {
    let url = config.database_url();
    url.expose_secret()
        .strip_prefix("sqlite:")
        .is_none_or(|file| Path::new(file.strip_prefix("//").unwrap_or(file)).exists())
}

/// Fails if the key file is missing while the database holds sealed grants: a new key would unseal none of them.
/// Returns the key ids in use, which a new key must not have.
pub async fn check_new_key(config: &Config, db: &Db) -> anyhow::Result<Vec<String>> {
    let source = key_source(config);
    let Some(file) = source.missing_file() else { return Ok(Vec::new()) };
    let kind = adopt::inspect(db).await?.kind;
    if kind == Kind::Empty || kind.is_legacy() {
        return Ok(Vec::new());
    }
    let mut tx = db.read().await?;
    let sealed = db::grant::count_sealed(&mut tx).await?;
    anyhow::ensure!(
        sealed == 0,
        "the key file {0} is missing, and the database holds credentials of {sealed} shops that are sealed with its key. Nothing was changed. Restore the file from your copy (mode 0600), or set [vault] key_file to the right file; if the key is lost, create a new file with: (umask 077; echo \"v2:$(openssl rand -base64 32)\" > {0}), and connect the shops again",
        file.display()
    );
    Ok(db::grant::list_key_counts(&mut tx).await?.into_iter().map(|(key, _)| key).collect())
}

/// Restricts the data folder to its owner: an older version or a wide umask may have left it readable to other users.
fn close_data(config: &Config) {
    let folder = &config.storage.data_dir;
    // A folder without store-sync's files may be shared on purpose.
    if !["store-sync.db", "vault.key", "files"].iter().any(|name| folder.join(name).exists()) {
        return;
    }
    let closed = private::close_tree(&folder.join("files")).and_then(|files| Ok((files, private::close(folder)?)));
    match closed {
        Ok((0, false)) => {}
        Ok((files, _)) => tracing::warn!(
            folder = %folder.display(),
            files,
            "the data folder could be read by other users of this machine; its permissions are now restricted to its owner"
        ),
        Err(error) => tracing::warn!(
            folder = %folder.display(),
            "the data folder can be read by other users of this machine, and its permissions cannot be changed: {error}"
        ),
    }
}

/// The configured source of the vault's keys.
pub fn key_source(config: &Config) -> KeySource {
    match (&config.vault.keys, &config.vault.keys_command) {
        (Some(keys), _) => KeySource::Given(keys.clone()),
        (None, Some(command)) => KeySource::Command(command.clone()),
        (None, None) => KeySource::File(config.key_file()),
    }
}

/// Opens the tools of a command.
pub async fn open(config: &Config) -> anyhow::Result<Shared> {
    assemble(config, &access(config), outside(config)?).await
}

/// The model client; `None` if `[gemini]` is not configured. Its responses are large and take minutes, hence its own
/// limits.
fn gemini(config: &Config, clock: &Clock) -> anyhow::Result<Option<Gemini>> {
    let Some(own) = config.gemini.clone() else {
        anyhow::ensure!(
            config.generate.engine == Engine::Studio,
            "[generate] engine = \"gemini\" needs [gemini] api_key, or a service account under [gemini.vertex]"
        );
        return Ok(None);
    };
    let policy = HttpPolicy { timeout: Duration::from_mins(3), max_answer_bytes: 48 << 20, ..http_policy(config)? };
    let price = |price: &TextPriceConfig| TextPrice { input: price.input, output: price.output };
    Ok(Some(Gemini {
        http: Http::new(policy)?,
        clock: clock.clone(),
        service: model_service(&own)?,
        model: own.model,
        fallback: own.fallback_model,
        edit_model: own.edit_model,
        text_model: own.text_model,
        text_fallback: own.text_fallback_model,
        prices: own.prices,
        text_prices: own.text_prices.into_iter().map(|(model, own)| (model, price(&own))).collect(),
        sizes: own.sizes,
    }))
}

/// The endpoint of the models: Vertex AI with a service account or a key, or the Gemini API.
fn model_service(own: &GeminiConfig) -> anyhow::Result<Service> {
    let base = own.base_url.as_ref();
    let key = || own.api_key.clone().context("[gemini] needs api_key");
    let Some(vertex) = &own.vertex else { return Ok(Service::gemini_api(key()?, base)) };
    let Some(file) = &vertex.credentials_file else { return Ok(Service::vertex_express(key()?, base)) };
    let name = file.display();
    let text = small::read_file(file).map(Zeroizing::new);
    let text = text.with_context(|| format!("[gemini.vertex] credentials_file {name} cannot be read"))?;
    let account =
        ServiceAccount::parse(&text).map_err(|e| anyhow::anyhow!("[gemini.vertex] credentials_file {name}: {e}"))?;
    let project = vertex.project.clone().or_else(|| account.project().map(str::to_owned));
    let project = project.context("[gemini.vertex] needs project: credentials_file names none")?;
    Ok(Service::vertex(account, &project, vertex.location.as_deref().unwrap_or("global"), base)?)
}

fn micros(dollars: f64) -> i64 {
    format!("{:.0}", dollars.clamp(0.0, 1e9) * 1e6).parse().unwrap_or(i64::MAX)
}

/// Opens the tools of a daemon, with the caller's clock, random numbers, HTTP client and files.
pub async fn open_with(config: &Config, outside: Outside) -> anyhow::Result<Shared> {
    assemble(config, &daemon_access(config), outside).await
}

async fn assemble(config: &Config, access: &DatabaseAccess, outside: Outside) -> anyhow::Result<Shared> {
    let providers = providers(config)?;
    check_apps(config, &providers)?;
    close_data(config);
    let db = Db::open_by(access).await?;
    let taken = check_new_key(config, &db).await?;
    let vault = Vault::new_avoiding(key_source(config), outside.random.clone(), &taken)?;
    bring_up_to_date(config, &outside, &db).await?;
    let (mut apps, mut install_clients) = (BTreeMap::new(), BTreeMap::new());
    for (key, AppConfig { client_id, client_secret, webhook_key, client }) in config.app.clone() {
        install_clients.extend(client.map(|client| (key.clone(), client)));
        apps.insert(key, App { client_id, client_secret, webhook_key });
    }
    let rules = Policy {
        public_url: config.public_url(),
        lease: config.lease(),
        install_clients,
        trusted_proxies: config.server.trusted_proxies.clone(),
        api_token: config.api.token.clone(),
        analyse: config.generate.analyse != Analyse::Never,
        analyse_on_import: config.generate.analyse == Analyse::OnImport,
        analyse_on_collection: matches!(config.generate.analyse, Analyse::OnCollection | Analyse::OnImport),
        month_cap_usd_micros: config.gemini.as_ref().and_then(|gemini| gemini.usd_per_month).map(micros),
        full_every: Duration::from_secs(config.import.full_every_hours.saturating_mul(3600)),
        brake_percent: config.import.brake_percent,
        brake_min: config.import.brake_min,
        max_products: i64::try_from(config.import.max_products).unwrap_or(i64::MAX),
        import_turn: Duration::from_secs(config.import.turn_seconds),
        unguarded: match &config.push.allow_unguarded {
            AllowUnguarded::All(true) => Unguarded::Everywhere,
            AllowUnguarded::All(false) => Unguarded::Nowhere,
            AllowUnguarded::At(names) => Unguarded::At(names.clone()),
        },
        keep_runs: (config.log.keep_days > 0).then(|| Duration::from_hours(24 * u64::from(config.log.keep_days))),
    };
    let tools = Tools::new(Parts {
        engines: Engines { usual: config.generate.engine, model: gemini(config, &outside.clock)?.map(Arc::new) },
        db,
        outside,
        providers,
        vault,
        apps,
        rules,
    });
    tools.agree_on_time().await?;
    Ok(tools)
}

/// Runs the web server, the ticks and the workers until `shutdown`.
pub async fn serve(
    config: &Config,
    tools: Shared,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    if tools.db.is_read_only().await? {
        anyhow::bail!(DatabaseFault::ReadOnly);
    }
    let owned = db::lease::own(&tools.db).await?;
    if matches!(owned, Ownership::Taken) {
        anyhow::bail!(
            "another daemon uses this embedded database. Stop it first, give this one its own [storage] data_dir, or run \
             both on PostgreSQL with [database] url"
        );
    }
    check_clients(&tools).await?;
    for warning in connect::complete_older(&tools).await? {
        tracing::warn!("{warning}");
    }
    connect::prove_keys(&tools).await?;
    work::recover(&tools, matches!(owned, Ownership::Sole(_))).await?;
    let present = tokio::spawn(keep_presence(tools.clone()));
    let on_time = tokio::spawn(keep_time(tools.clone()));
    let pools = Pools {
        import: config.work.import_workers,
        push: config.work.push_workers,
        generate: config.work.generate_workers,
        tokens: config.work.token_workers,
        poll: Duration::from_millis(config.work.poll_ms),
    };
    let workers = Workers::start(&tools, pools);
    let mut ticks = work::start_ticks(&tools, Duration::from_secs(config.work.tick_seconds)).await?;
    tracing::info!(
        server.url = tools.policy.public_url,
        server.listen = %listener.local_addr()?,
        database = tools.db.engine(),
        instance = tools.instance,
        "serving"
    );
    let closing = tools.shutdown.clone();
    tokio::spawn(async move {
        shutdown.await;
        // Ends long-lived streams: the web server would otherwise wait for them.
        closing.cancel();
    });
    let patience = Duration::from_secs(config.server.shutdown_seconds);
    let limits = DoorLimits::new(config.server.max_connections, patience);
    web::serve(&tools, listener, limits, tools.shutdown.clone()).await;
    tracing::info!("stopping: no new jobs are claimed");
    ticks.shutdown().await?;
    workers.stop(patience).await;
    present.abort();
    on_time.abort();
    sign_off(&tools).await?;
    tools.db.close().await;
    drop(owned);
    Ok(())
}

/// Fails if `[app.*] client` names an unknown client: shops that install without a connect link are assigned to it.
async fn check_clients(tools: &Tools) -> anyhow::Result<()> {
    let mut tx = tools.db.read().await?;
    for (provider, client) in &tools.policy.install_clients {
        anyhow::ensure!(
            db::client::find(&mut tx, client).await?.is_some(),
            "[app.{provider}] client = \"{client}\": there is no such client; see: store-sync clients list"
        );
    }
    Ok(())
}

/// Renews the presence lease of this daemon until it stops, so that other processes see that it runs.
async fn keep_presence(tools: Shared) {
    loop {
        let now = tools.outside.clock.now();
        let heartbeat = async {
            let mut tx = tools.db.begin().await?;
            db::lease::upsert(&mut tx, &tools.instance, &tools.policy.public_url, now.plus(tools.policy.lease), now)
                .await?;
            tx.commit().await
        };
        // A panic is logged already; the next heartbeat tries again.
        match catch_panic(heartbeat).await {
            Ok(Ok(())) => tools.can("renew the presence lease of this daemon"),
            Ok(Err(error)) => tools.cannot("renew the presence lease of this daemon", &error),
            Err(_) => {}
        }
        tools.outside.clock.beat(tools.policy.lease / 3).await;
    }
}

/// Synchronises the clock with the database's every minute until the daemon stops.
async fn keep_time(tools: Shared) {
    let mut warned = false;
    loop {
        match tools.agree_on_time().await {
            Ok(()) => tools.can("read the time of the database"),
            Err(error) => tools.cannot("read the time of the database", &error),
        }
        let (clock, far) = (&tools.outside.clock, tools.outside.clock.is_far_off());
        if far && !warned {
            tracing::warn!("{}; its time is used", clock.latest_correction());
        }
        warned = far;
        clock.beat(Duration::from_mins(1)).await;
    }
}

async fn sign_off(tools: &Tools) -> anyhow::Result<()> {
    let mut tx = tools.db.begin().await?;
    db::lease::delete(&mut tx, &tools.instance).await?;
    tx.commit().await?;
    Ok(())
}
