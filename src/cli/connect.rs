//! `connect`: prints a connect link, or stores a pasted key.

use std::{collections::BTreeMap, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    follow::{self, Worker},
    out::{Out, note},
    visitor::Visitor,
};
use crate::{
    app,
    config::Config,
    connect::{self, Sharing},
    model::{Client, Connection, Time},
    outside::small,
    tools::Shared,
    views::{self, ConnectLink},
    web,
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The platform; see `providers list`.
    provider: String,
    /// Id or slug of the client whose shop it is.
    #[arg(long)]
    client: String,
    /// A field of the provider, such as shop=https://shop.example.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// A pasted credential, such as `api_key=…`; `NAME=-` reads it from standard input.
    #[arg(long = "key", value_name = "NAME=VALUE", value_parser = pair)]
    key: Vec<(String, String)>,
    /// Connect the shop even if another client has connected it: both import it and push into it.
    #[arg(long)]
    shared: bool,
    /// Print the link and do not wait.
    #[arg(long)]
    no_wait: bool,
    /// Give the merchant's consent automatically; only for a simulated shop of `sandbox --as`.
    #[arg(long, conflicts_with = "no_wait")]
    rehearse: bool,
}

/// How long the command waits for the merchant.
const PATIENCE: Duration = Duration::from_mins(20);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a command that serves by itself goes on after a refusal.
const LAST_PAGE: Duration = Duration::from_secs(3);

pub(super) async fn run(config: &Config, out: &Out, args: Args) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    let mut fields: BTreeMap<String, String> = args.set.into_iter().collect();
    anyhow::ensure!(
        !args.rehearse || config.http.allow_private_networks,
        "--rehearse consents automatically: it is only for simulated shops of 'sandbox --as', and needs [http] allow_private_networks = true"
    );
    let sharing = Sharing::said(args.shared);
    if tools.provider(&args.provider)?.takes_pasted_keys() || !args.key.is_empty() {
        for (name, value) in args.key {
            let value = if value == "-" { small::read(std::io::stdin())?.trim().to_owned() } else { value };
            fields.insert(name, value);
        }
        let connected = connect::connect_with_key(&tools, &args.client, &args.provider, &fields, sharing).await?;
        out.say("Connected. The first import is enqueued for the daemon; without one, run: store-sync sync --all")?;
        return out.one(&views::connection(&tools, &connected.connection).await?);
    }
    tools.app_of(tools.provider(&args.provider)?)?;
    let client = views::client(&tools, &args.client).await?;
    let provider = tools.provider(&args.provider)?;
    // Complete fields are validated here; otherwise the link shows a form.
    if provider.fields().iter().all(|field| field.default.is_some() || fields.contains_key(&field.name)) {
        let (facts, _) = provider.read_fields(&fields)?;
        let store_url = provider.store_url_if_known(&facts)?;
        if let Some(store_url) = store_url.filter(|_| sharing == Sharing::Refused) {
            connect::refuse_anothers(&tools, &client.id, provider, &store_url).await?;
        }
    }
    let link = web::connect_link(&tools, &args.provider, &args.client, &fields, sharing);
    if args.no_wait {
        return out.one(&ConnectLink { connect_url: link });
    }
    let began = tools.outside.clock.now();
    let worker = Worker::find(&tools).await?;
    let served = if worker == Worker::Nobody {
        note(&format!("No daemon is running: serving on {} until the shop is connected.", config.server.listen));
        let listener = TcpListener::bind(config.server.listen).await?;
        let stopped = std::future::pending();
        let (config, own) = (config.clone(), tools.clone());
        Some(tokio::spawn(async move { app::serve(&config, own, listener, stopped).await }))
    } else {
        None
    };
    if args.rehearse {
        Visitor::new(tools.outside.http.clone()).rehearse(&link, fields.get("shop").map(String::as_str)).await?;
    } else {
        note(&format!("Open this address in your browser:\n\n  {link}\n\nWaiting for the shop …"));
    }
    let signature = web::link_signature(&link);
    wait(&tools, out, Awaited { client: &client, provider: &args.provider, signature, began }, served).await
}

/// The connect that a command waits for.
struct Awaited<'a> {
    client: &'a Client,
    provider: &'a str,
    /// That of the link, by which a refusal is known.
    signature: Option<String>,
    began: Time,
}

/// Waits until the shop is connected, and prints the connection; fails as soon as the connect is refused.
async fn wait(
    tools: &Shared,
    out: &Out,
    awaited: Awaited<'_>,
    served: Option<JoinHandle<anyhow::Result<()>>>,
) -> anyhow::Result<()> {
    let Awaited { client, provider, signature, began } = awaited;
    let until = began.plus(PATIENCE);
    loop {
        let all = views::connections(tools, Some(&client.id)).await?;
        let fresh = |c: &&Connection| c.store_type == provider && c.token_refreshed_at.is_some_and(|at| at >= began);
        if let Some(connection) = all.iter().find(fresh) {
            if served.is_some() {
                follow::open_jobs(tools, &connection.id).await?;
            }
            return out.one(&views::connection(tools, &connection.id).await?);
        }
        let refusal = match &signature {
            Some(signature) => connect::link_refusal(tools, signature).await?,
            None => None,
        };
        if let Some(refusal) = refusal {
            if served.is_some() {
                // The browser is still on its way to the page that says so.
                tools.outside.clock.sleep(LAST_PAGE).await;
            }
            return Err(refusal.into());
        }
        anyhow::ensure!(
            tools.outside.clock.now() < until,
            "no shop was connected within {} minutes; run the command again",
            PATIENCE.as_secs() / 60
        );
        if served.as_ref().is_some_and(JoinHandle::is_finished) {
            anyhow::bail!("the daemon that served this connect has stopped; run the command again");
        }
        tools.outside.clock.sleep(LOOK_EVERY).await;
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("'{text}' does not have the form NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}
