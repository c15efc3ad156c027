//! `serve` and `sandbox`: processes that stay.

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
    provider::SimulatorOptions,
    sandbox::{self, Sandbox, SandboxOptions, Shelf},
    simulator::{self, SimulatorServer},
};

#[derive(clap::Args)]
pub(super) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 4100)]
    port: u16,
    /// Products to make up.
    #[arg(long, default_value_t = 60)]
    products: usize,
    /// A product list instead: CSV in Shopify's product-export columns, or JSON.
    #[arg(long, conflicts_with = "products")]
    catalogue: Option<PathBuf>,
    /// Make every product about 5 KB, with three variants and four pictures.
    #[arg(long)]
    rich: bool,
    /// Life of an access token.
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    token_ttl: Duration,
    /// How long an uploaded picture is being processed.
    #[arg(long, default_value = "300ms", value_parser = humantime::parse_duration)]
    processing: Duration,
    /// Calls allowed in ten seconds; no limit if left out.
    #[arg(long, conflicts_with = "as_platform")]
    rate: Option<u32>,
    /// Play another platform's own API, from its provider's file: see `providers list`.
    #[arg(long = "as", value_name = "PLATFORM")]
    as_platform: Option<String>,
}

pub(super) async fn serve(config: &Config) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.server.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {} ([server] listen)", config.server.listen))?;
    // Port 0 takes a free one: from here on it is the one that was taken.
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
        return rehearsal(config, platform, options, listener).await;
    }
    let shop = Sandbox::new(options, app::outside(config)?)?;
    line(&format!("Sandbox shop at {base_url}"))?;
    note(&format!(
        "To connect it, put this into config.toml and restart the daemon:\n\n[http]\nallow_private_networks = true\n\n[app.sandbox]\n\
         client_id = \"store-sync\"\nclient_secret = \"sandbox-secret\"\n\nthen: store-sync connect sandbox --client CLIENT --set shop={base_url}"
    ));
    sandbox::serve(listener, shop, stop_signal()).await?;
    Ok(())
}

/// Plays a platform by its provider's file, and says how to connect it.
async fn rehearsal(
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
    // What the platform sends goes to the daemon of this machine, whatever public name that has.
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
    let rehearsal = server.simulator();
    line(&format!("{} (rehearsal) at {here}", provider.name()))?;
    let mut told =
        "To connect it, put this into config.toml and restart the daemon:\n\n[http]\nallow_private_networks = true\n"
            .to_owned();
    let hosts = rehearsal.hosts();
    if !hosts.is_empty() {
        told.push_str("\n[http.connect_to]\n");
    }
    for host in hosts {
        told.push_str(&format!("\"{host}\" = \"{here}\"\n"));
    }
    if provider.needs_app() && app.is_none() {
        told.push_str(&format!(
            "\n[app.{platform}]\nclient_id = \"store-sync\"\nclient_secret = \"rehearsal-secret\"\nwebhook_key = \"rehearsal-key\"\n"
        ));
    }
    told.push_str(&format!("\nthen: store-sync connect {platform} --client CLIENT"));
    for (name, value) in rehearsal.fields() {
        told.push_str(&format!(" --set {name}={value}"));
    }
    for (name, value) in rehearsal.pasted_keys() {
        told.push_str(&format!(" --key {name}={value}"));
    }
    told.push_str(if provider.takes_pasted_keys() { "" } else { " --rehearse" });
    note(&format!("{told}\n\nThe merchant's hand and bad luck: {here}/rehearsal (docs/platforms.md)"));
    simulator::serve(listener, server, stop_signal()).await?;
    Ok(())
}

/// Ends when the process is asked to: Ctrl-C, or the signal that service managers send. It listens from the call on, so
/// that whoever reads that the daemon serves can ask it to end.
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
