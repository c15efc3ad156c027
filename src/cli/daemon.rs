//! `serve` and `sandbox`: long-running processes.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use url::Url;

use super::out::{line, note};
use crate::{
    app,
    config::Config,
    model::{Failure, Noun},
    outside::{Http, HttpPolicy, Outside},
    provider::{Provider, Simulator, SimulatorOptions},
    sandbox::{self, Sandbox, SandboxOptions, Shelf},
    simulator::{self, SimulatorServer},
};

#[derive(clap::Args)]
pub(super) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 selects a free one.
    #[arg(long, default_value_t = 4100)]
    port: u16,
    /// The number of generated products.
    #[arg(long, default_value_t = 60)]
    products: usize,
    /// A file of products instead: CSV in Shopify's product-export columns, or JSON.
    #[arg(long, conflicts_with = "products")]
    catalogue: Option<PathBuf>,
    /// Generate products of about 5 KB, with three variants and four pictures.
    #[arg(long)]
    rich: bool,
    /// The lifetime of an access token.
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    token_ttl: Duration,
    /// The processing time of an uploaded picture.
    #[arg(long, default_value = "300ms", value_parser = humantime::parse_duration)]
    processing: Duration,
    /// The rate limit in requests per ten seconds; default: none.
    #[arg(long, conflicts_with = "as_platform")]
    rate: Option<u32>,
    /// Simulate the API of another platform from its provider file: see `providers list`.
    #[arg(long = "as", value_name = "PLATFORM")]
    as_platform: Option<String>,
}

pub(super) async fn serve(config: &Config) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.server.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {} ([server] listen)", config.server.listen))?;
    // Port 0 selects a free one: from here on the configuration has the selected port.
    let mut config = config.clone();
    config.server.listen = listener.local_addr()?;
    let tools = app::open_with(&config, app::outside(&config)?).await?;
    app::serve(&config, tools, listener, stop_signal()).await
}

pub(super) async fn sandbox(config: &Config, args: SandboxArgs) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.context("cannot listen; try another --port")?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let options = SandboxOptions {
        products: args.products,
        catalogue: args.catalogue,
        base_url: base_url.clone(),
        token_ttl: args.token_ttl,
        processing: args.processing,
        rate: args.rate.map(|calls| (calls, Duration::from_secs(10))),
        rich: args.rich,
        ..SandboxOptions::default()
    };
    if let Some(platform) = &args.as_platform {
        return simulate(config, platform, options, listener).await;
    }
    let shop = Sandbox::new(options, app::outside(config)?)?;
    line(&format!("Sandbox shop at {base_url}"))?;
    note(&format!(
        "To connect it, add this to config.toml and restart the daemon:\n\n[http]\nallow_private_networks = true\n\n[app.sandbox]\n\
         client_id = \"store-sync\"\nclient_secret = \"sandbox-secret\"\n\nthen: store-sync connect sandbox --client CLIENT --set shop={base_url}"
    ));
    sandbox::serve(listener, shop, stop_signal()).await?;
    Ok(())
}

/// Simulates a platform from its provider file, and prints how to connect it.
async fn simulate(
    config: &Config,
    platform: &str,
    options: SandboxOptions,
    listener: TcpListener,
) -> anyhow::Result<()> {
    let here = options.base_url.clone();
    let known = app::providers(config)?;
    let provider = known.get(platform).cloned();
    let provider = provider.ok_or_else(|| Failure::not_found(Noun::Provider, platform))?;
    let app = config.app.get(platform);
    let rules = SimulatorOptions {
        client_id: app.map_or_else(|| "store-sync".to_owned(), |app| app.client_id.clone()),
        client_secret: app
            .map_or_else(|| "rehearsal-secret".to_owned(), |app| app.client_secret.expose_secret().to_owned()),
        webhook_key: app
            .and_then(|app| app.webhook_key.as_ref())
            .map_or_else(|| "rehearsal-key".to_owned(), |key| key.expose_secret().to_owned()),
        here: Some(here.clone()),
        daemon_url: config.public_url(),
        token_ttl: options.token_ttl,
        processing: u32::from(!options.processing.is_zero()),
    };
    // Webhooks of the simulator go to the daemon of this machine, whatever its public host name.
    let daemon = format!("http://{}", config.server.listen);
    let public = config.server.public_url.as_ref().and_then(|url| url.host_str().map(str::to_owned));
    let policy = HttpPolicy {
        allow_private_networks: true,
        connect_to: public.into_iter().map(|host| Ok((host, Url::parse(&daemon)?))).collect::<anyhow::Result<_>>()?,
        ..HttpPolicy::default()
    };
    let outside = Outside { http: Http::new(policy)?, ..app::outside(config)? };
    let shelf = Shelf::new(&options, outside.clock.now())?;
    let server = SimulatorServer::new(provider.clone(), rules, shelf, outside)?;
    line(&format!("{} (simulator) at {here}", provider.name()))?;
    let text = how_to_connect(&provider, server.simulator(), &here, app.is_some());
    note(&format!("{text}\n\nEdit products and inject faults: {here}/rehearsal (docs/platforms.md)"));
    simulator::serve(listener, server, stop_signal()).await?;
    Ok(())
}

/// What makes a daemon reach a simulated platform, and the command that connects it.
fn how_to_connect(provider: &Provider, simulator: &Simulator, here: &str, has_app: bool) -> String {
    let mut text =
        "To connect it, add this to config.toml and restart the daemon:\n\n[http]\nallow_private_networks = true\n"
            .to_owned();
    let hosts = simulator.hosts();
    if !hosts.is_empty() {
        text.push_str("\n[http.connect_to]\n");
    }
    for host in hosts {
        text.push_str(&format!("\"{host}\" = \"{here}\"\n"));
    }
    let platform = provider.key();
    if provider.needs_app() && !has_app {
        text.push_str(&format!(
            "\n[app.{platform}]\nclient_id = \"store-sync\"\nclient_secret = \"rehearsal-secret\"\nwebhook_key = \"{}\"\n",
            simulator.webhook_key()
        ));
    }
    if provider.unguarded_push().is_some() {
        text.push_str(&format!("\n[push]\nallow_unguarded = [\"{platform}\"]\n"));
    }
    text.push_str(&format!("\nthen: store-sync connect {platform} --client CLIENT"));
    for (name, value) in simulator.fields() {
        text.push_str(&format!(" --set {name}={value}"));
    }
    for (name, value) in simulator.pasted_keys() {
        text.push_str(&format!(" --key {name}={value}"));
    }
    text.push_str(if provider.takes_pasted_keys() { "" } else { " --rehearse" });
    text
}

/// Completes on SIGINT (Ctrl-C) or SIGTERM. The handlers are installed by the call, so that no signal after it is
/// missed.
pub(super) fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        tokio::select! {
            () = received(terminate) => {}
            () = received(interrupt) => {}
        }
    }
}

async fn received(signal: std::io::Result<Signal>) {
    match signal {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}
