//! Wires everything once, and serves. Holds no logic of its own.

use std::{collections::BTreeMap, future::Future, time::Duration};

use anyhow::Context;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::{
    config::{Analyse, Config, GeminiConfig, Painter, TextPriceConfig},
    connect,
    db::{
        self, Db,
        adopt::{self, Kind},
        lease::Ownership,
    },
    gemini::{Gemini, Service, ServiceAccount, TextPrice},
    outside::{Bucket, Clock, Files, Http, HttpPolicy, Outside, Random, RetryPatience, caught},
    provider::{App, Providers},
    tools::{Parts, Rules, Shared, Tools},
    vault::{KeySource, Vault},
    web,
    work::{self, Pools, Workers},
};

/// What the system gives: real time, real chance, the network as the configuration lets it be reached.
pub fn outside(config: &Config) -> anyhow::Result<Outside> {
    let policy = HttpPolicy {
        allow_private_networks: config.http.allow_private_networks,
        connect_to: config.http.connect_to.iter().map(|(host, to)| (host.clone(), to.clone())).collect(),
        timeout: Duration::from_secs(config.http.timeout_seconds),
        max_answer_bytes: config.http.max_answer_bytes,
    };
    let files = match &config.storage.bucket {
        None => Files::new(config.storage.data_dir.join("files")),
        Some(own) => Files::in_bucket(&Bucket {
            name: own.name.clone(),
            endpoint: own.endpoint.clone(),
            region: own.region.clone(),
            access_key_id: own.access_key_id.clone(),
            secret_access_key: own.secret_access_key.clone(),
            upload_checksum: own.upload_checksum,
            public_url: own.public_url.clone(),
            patience: RetryPatience::default(),
        })?,
    };
    Ok(Outside { clock: Clock::system(), random: Random::system(), http: Http::new(policy)?, files })
}

/// Opens the database, with its schema brought up to date where the configuration says so. A database of the older
/// application is never adopted by the way.
pub async fn open_db(config: &Config, outside: &Outside) -> anyhow::Result<Db> {
    let db = Db::open(&config.database_url(), config.database.max_connections).await?;
    let look = adopt::look(&db).await?;
    if look.kind != Kind::Current {
        if !config.database.auto_migrate && !look.kind.is_legacy() {
            anyhow::bail!(db::OpenError::Outdated(look.missing.len()));
        }
        adopt::run(&db, &outside.clock, &outside.new_id::<String>(), &adopt::Options::default()).await?;
    }
    Ok(db)
}

/// The providers: the built-in ones and the operator's folder.
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

/// Where the vault's keys come from.
pub fn key_source(config: &Config) -> KeySource {
    match (&config.vault.keys, &config.vault.keys_command) {
        (Some(keys), _) => KeySource::Given(keys.clone()),
        (None, Some(command)) => KeySource::Command(command.clone()),
        (None, None) => KeySource::File(config.key_file()),
    }
}

/// The tools of a process.
pub async fn open(config: &Config) -> anyhow::Result<Shared> {
    let outside = outside(config)?;
    open_with(config, outside).await
}

/// The models, where they are set up. Their answers are large and take minutes.
fn gemini(config: &Config, clock: &Clock) -> anyhow::Result<Option<Gemini>> {
    let Some(own) = &config.gemini else {
        anyhow::ensure!(
            config.generate.engine == Painter::Studio,
            "[generate] engine = \"gemini\" needs [gemini] api_key, or a service account under [gemini.vertex]"
        );
        return Ok(None);
    };
    let policy = HttpPolicy {
        allow_private_networks: config.http.allow_private_networks,
        connect_to: config.http.connect_to.iter().map(|(host, to)| (host.clone(), to.clone())).collect(),
        timeout: Duration::from_mins(3),
        max_answer_bytes: 48 << 20,
    };
    let price = |price: &TextPriceConfig| TextPrice { input: price.input, output: price.output };
    Ok(Some(Gemini {
        http: Http::new(policy)?,
        clock: clock.clone(),
        service: model_service(own)?,
        model: own.model.clone(),
        fallback: own.fallback_model.clone(),
        edit_model: own.edit_model.clone(),
        text_model: own.text_model.clone(),
        text_fallback: own.text_fallback_model.clone(),
        prices: own.prices.clone(),
        text_prices: own.text_prices.iter().map(|(model, own)| (model.clone(), price(own))).collect(),
        sizes: own.sizes.clone(),
    }))
}

/// Where the models are asked: by the service account, by the key on Vertex AI, or by the key.
fn model_service(own: &GeminiConfig) -> anyhow::Result<Service> {
    let base = own.base_url.as_ref();
    let key = || own.api_key.clone().context("[gemini] needs api_key");
    let Some(vertex) = &own.vertex else { return Ok(Service::gemini_api(key()?, base)) };
    let Some(file) = &vertex.credentials_file else { return Ok(Service::vertex_express(key()?, base)) };
    let name = file.display();
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.with_context(|| format!("[gemini.vertex] credentials_file {name} cannot be read"))?;
    let account =
        ServiceAccount::parse(&text).map_err(|e| anyhow::anyhow!("[gemini.vertex] credentials_file {name}: {e}"))?;
    let project = vertex.project.clone().or_else(|| account.project().map(str::to_owned));
    let project = project.context("[gemini.vertex] needs project: the service account's file names none")?;
    Ok(Service::vertex(account, &project, vertex.location.as_deref().unwrap_or("global"), base)?)
}

fn micros(dollars: f64) -> i64 {
    format!("{:.0}", dollars.clamp(0.0, 1e9) * 1e6).parse().unwrap_or(i64::MAX)
}

/// The tools of a process, with an outside of the caller's choice.
pub async fn open_with(config: &Config, outside: Outside) -> anyhow::Result<Shared> {
    let providers = providers(config)?;
    let vault = Vault::open(key_source(config), outside.random.clone())?;
    let db = open_db(config, &outside).await?;
    let apps: BTreeMap<String, App> = config
        .app
        .iter()
        .map(|(key, app)| {
            let (client_id, client_secret) = (app.client_id.clone(), app.client_secret.clone());
            (key.clone(), App { client_id, client_secret, webhook_key: app.webhook_key.clone() })
        })
        .collect();
    let rules = Rules {
        public_url: config.public_url(),
        lease: config.lease(),
        install_clients: config.app.iter().filter_map(|(key, app)| Some((key.clone(), app.client.clone()?))).collect(),
        paint_by_model: config.generate.engine == Painter::Gemini,
        api_token: config.api.token.clone(),
        analyse: config.generate.analyse != Analyse::Never,
        analyse_on_import: config.generate.analyse == Analyse::OnImport,
        analyse_on_collection: matches!(config.generate.analyse, Analyse::OnCollection | Analyse::OnImport),
        month_cap_usd_micros: config.gemini.as_ref().and_then(|gemini| gemini.usd_per_month).map(micros),
        full_every: Duration::from_secs(config.import.full_every_hours.saturating_mul(3600)),
        brake_percent: config.import.brake_percent,
        brake_min: config.import.brake_min,
    };
    Ok(Tools::new(Parts { gemini: gemini(config, &outside.clock)?, db, outside, providers, vault, apps, rules }))
}

/// Serves until `shutdown`: web, ticks and workers over one set of tools.
pub async fn serve(
    config: &Config,
    tools: Shared,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let owned = db::lease::own(&tools.db)?;
    if matches!(owned, Ownership::Taken) {
        anyhow::bail!(
            "another daemon works on this embedded database. Stop it first, give this one its own [storage] data_dir, or put \
             both on PostgreSQL with [database] url"
        );
    }
    connect::prove_keys(&tools).await?;
    work::recover(&tools, matches!(owned, Ownership::Sole(_))).await?;
    let present = tokio::spawn(keep_presence(tools.clone()));
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
        server.url = tools.rules.public_url,
        server.listen = %listener.local_addr()?,
        database = tools.db.engine(),
        instance = tools.instance,
        "serving"
    );
    let closing = tools.closing.clone();
    let told = async move {
        shutdown.await;
        // Whoever follows something for long lets go, so that the last answer does not wait for it.
        closing.cancel();
    };
    let served = axum::serve(listener, web::router(&tools).into_make_service()).with_graceful_shutdown(told).await;
    tracing::info!("stopping: no new work is taken");
    ticks.shutdown().await?;
    workers.stop(Duration::from_secs(config.server.shutdown_seconds)).await;
    present.abort();
    sign_off(&tools).await?;
    tools.db.close().await;
    drop(owned);
    Ok(served?)
}

/// Tells other processes that this daemon lives, for as long as it does.
async fn keep_presence(tools: Shared) {
    loop {
        let now = tools.outside.clock.now();
        let said = async {
            let mut tx = tools.db.begin().await?;
            db::lease::upsert(&mut tx, &tools.instance, &tools.rules.public_url, now.plus(tools.rules.lease), now)
                .await?;
            tx.commit().await
        };
        // A fault is in the log already; the next beat says it again.
        if let Ok(Err(error)) = caught(said).await {
            tracing::warn!("cannot say that this daemon lives: {error}");
        }
        tools.outside.clock.beat(tools.rules.lease / 3).await;
    }
}

async fn sign_off(tools: &Tools) -> anyhow::Result<()> {
    let mut tx = tools.db.begin().await?;
    db::lease::delete(&mut tx, &tools.instance).await?;
    tx.commit().await?;
    Ok(())
}
