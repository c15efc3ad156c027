//! Starts a connect: stores its state in the database and returns the shop's consent page.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::Method;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use sqlx::types::Json;
use url::Url;

use crate::{
    db::{
        self, Tx,
        oauth_state::{OauthState, PendingLimits},
    },
    model::{Client, ClientId, Connection, ConnectionId, Facts, Failure, FailureKind, Grant, Noun},
    outside::{HttpError, Request},
    provider::{self, ConnectKind, ConsentRequest, Fixed, Provider, Shop, ShopClient},
    tools::Tools,
    vault::{Binding, hex},
};

/// How long a merchant may take at the shop.
const STATE_LIFE: Duration = Duration::from_mins(15);
/// The same, to set up an integration by hand.
const SETUP_LIFE: Duration = Duration::from_hours(24);
/// Binds a sealed PKCE verifier to its state.
pub(super) const VERIFIER: &str = "oauth_state";
/// The most pending connects.
const MAX_OPEN: PendingLimits = PendingLimits { per_client: 100, per_origin: 10 };
/// What states and browser tokens are signed for.
const TRAVELLER: &str = "oauth-state";

/// The inputs of a connect.
pub struct Begin<'a> {
    /// Id or slug.
    pub client: &'a str,
    pub provider: &'a str,
    /// The merchant's values for the provider's fields.
    pub fields: &'a BTreeMap<String, String>,
    /// The connection to reconnect, if it is one.
    pub reconnect: Option<&'a ConnectionId>,
    pub sharing: Sharing,
    /// The link and address that start it: too many connects displace those of the same origin.
    pub by: &'a str,
    /// The signature of the link that starts it, if it is one of ours.
    pub link: Option<&'a str>,
}

/// Whether a shop may be connected that another client has connected: both then import it and push into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    Refused,
    /// The operator said so.
    Allowed,
}

impl Sharing {
    /// `Allowed` if that was said.
    pub fn said(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Refused }
    }
}

/// The next step of a connect.
pub enum Next {
    /// The page where the merchant grants access.
    Consent(Url),
    /// A URL that the merchant enters in the shop's administration: the shop posts to it and sends the browser there.
    Register(String),
}

/// A started connect.
pub struct Begun {
    pub next: Next,
    /// Goes into a cookie: only this browser may finish.
    pub browser: String,
    /// Names the state in the database.
    pub state_hash: String,
}

/// Starts a connect.
pub async fn begin(tools: &Tools, with: Begin<'_>) -> Result<Begun, Failure> {
    let provider = tools.provider(with.provider)?;
    has_consent(provider)?;
    let app = tools.app_of(provider)?;
    let (facts, _) = provider.read_fields(with.fields)?;
    let store_url = provider.store_url_if_known(&facts)?.unwrap_or_default();
    let kind = provider.kind();
    if matches!(kind, ConnectKind::PostedKeys | ConnectKind::Oauth1) {
        reachable(tools, provider, &store_url)?;
    }
    let client = client(tools, with.client).await?;
    if matches!(kind, ConnectKind::PostedKeys | ConnectKind::BroughtKeys | ConnectKind::Oauth1) {
        is_at(tools, provider, &store_url).await?;
        provider::look_for_api(&new_client(tools, provider, &facts, &store_url, Grant::default())).await?;
    }
    let (state, browser) = (browser_mark(tools), browser_mark(tools));
    let verifier = provider.takes_pkce().then(|| provider::new_verifier(&tools.outside.random));
    let redirect_uri = tools.redirect_uri(with.provider);
    let next = if kind == ConnectKind::Oauth1 {
        Next::Register(format!("{redirect_uri}/{state}"))
    } else {
        let way = ConsentRequest { redirect_uri: &redirect_uri, state: &state, verifier: verifier.as_ref() };
        Next::Consent(provider::authorise_url(provider, app, &facts, &way)?)
    };

    let state_hash = fingerprint(&state);
    let now = tools.outside.clock.now();
    let sealed = verifier.map(|v| tools.vault.seal_text(&Binding(&[VERIFIER, &state_hash]), v.expose_secret()));
    let row = OauthState {
        state_hash,
        client_id: client.id,
        store_connection_id: with.reconnect.cloned(),
        store_type: provider.key().to_owned(),
        store_url,
        facts: Json(facts),
        browser_hash: Some(fingerprint(&browser)),
        requested_scopes: Json(provider.scopes().to_vec()),
        code_verifier_sealed: sealed,
        grant_sealed: None,
        return_url: None,
        begun_by: Some(fingerprint(with.by)),
        link_mark: with.link.map(fingerprint),
        may_share: with.sharing == Sharing::Allowed,
        created_at: now,
        expires_at: now.plus(if kind == ConnectKind::Oauth1 { SETUP_LIFE } else { STATE_LIFE }),
        consumed_at: None,
    };
    insert(tools, provider, &row, with.sharing).await?;
    Ok(Begun { next, browser, state_hash: row.state_hash })
}

/// Stores a pending connect, unless its shop may not be connected.
async fn insert(tools: &Tools, provider: &Provider, row: &OauthState, sharing: Sharing) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    if let Some(id) = &row.store_connection_id {
        let known = db::connection::find(&mut tx, id).await?.is_some_and(|known| known.client_id == row.client_id);
        if !known {
            let text = "there is no such shop of this client to connect again; take &reconnect=… out of the address";
            return Err(Failure::new(FailureKind::NotFound(Noun::Connection), text));
        }
    }
    not_anothers(&mut tx, &row.client_id, provider, &row.store_url, sharing).await?;
    let begun_by = row.begun_by.as_deref();
    db::oauth_state::delete_crowd(&mut tx, &row.client_id, begun_by, &MAX_OPEN, row.created_at).await?;
    db::oauth_state::insert(&mut tx, row).await?;
    tx.commit().await?;
    Ok(())
}

/// Fails for a platform that a merchant connects by pasting a key.
fn has_consent(provider: &Provider) -> Result<(), Failure> {
    if !provider.takes_pasted_keys() {
        return Ok(());
    }
    let text = format!(
        "{} is connected by a pasted key: store-sync connect {} --client CLIENT --key NAME=VALUE",
        provider.name(),
        provider.key()
    );
    Err(Failure::new(FailureKind::NoOauth, text))
}

/// Starts a connect that the platform asks for by a signed request, for the client that owns the shop.
pub async fn install(
    tools: &Tools,
    provider: &str,
    query: &[(String, String)],
    fields: &BTreeMap<String, String>,
) -> Result<Begun, Failure> {
    let known = tools.provider(provider)?;
    provider::check_origin(known, tools.app_of(known)?, query, tools.outside.clock.now())?;
    let (facts, _) = known.read_fields(fields)?;
    let (client, reconnect) = client_of_shop(tools, known, &known.store_url(&facts)?).await?;
    let (client, reconnect, sharing) = (client.as_str(), reconnect.as_ref(), Sharing::Refused);
    begin(tools, Begin { client, provider, fields, reconnect, sharing, by: provider, link: None }).await
}

/// Another client's connection of a shop that `client` does not have itself.
async fn find_anothers(
    tx: &mut Tx,
    client: &ClientId,
    provider: &Provider,
    store_url: &str,
) -> sqlx::Result<Option<Connection>> {
    let mut all = db::connection::list_by_shop(tx, provider.key(), store_url).await?;
    let own = all.iter().any(|connection| connection.client_id == *client);
    Ok(all.pop().filter(|_| !own))
}

/// Fails if another client has the shop. The merchant does not learn which; the operator does, from the log.
pub(super) async fn not_anothers(
    tx: &mut Tx,
    client: &ClientId,
    provider: &Provider,
    store_url: &str,
    sharing: Sharing,
) -> Result<(), Failure> {
    if sharing == Sharing::Allowed {
        return Ok(());
    }
    let Some(other) = find_anothers(tx, client, provider, store_url).await? else { return Ok(()) };
    tracing::warn!(connection.id = %other.id, "refused to connect a shop: {}", taken(&other, client));
    let text = "this shop is connected already, for another client: nothing was connected; ask the operator who gave you the link";
    Err(Failure::new(FailureKind::ShopTaken, text))
}

/// The same in words for the operator, before anybody is asked.
pub async fn refuse_anothers(
    tools: &Tools,
    client: &ClientId,
    provider: &Provider,
    store_url: &str,
) -> Result<(), Failure> {
    let mut tx = tools.db.read().await?;
    match find_anothers(&mut tx, client, provider, store_url).await? {
        None => Ok(()),
        Some(other) => Err(Failure::new(FailureKind::ShopTaken, taken(&other, client))),
    }
}

fn taken(other: &Connection, client: &ClientId) -> String {
    format!(
        "client '{}' has connected {} already (connection {}), and client '{client}' would import it and push into it as well; if both \
         shall, connect it with --shared",
        other.client_id, other.store_url, other.id
    )
}

/// The client of a shop that comes without a connect link: the only one that has it, or the one configured.
pub(super) async fn client_of_shop(
    tools: &Tools,
    provider: &Provider,
    store_url: &str,
) -> Result<(ClientId, Option<ConnectionId>), Failure> {
    let mut tx = tools.db.read().await?;
    let mut known = db::connection::list_by_shop(&mut tx, provider.key(), store_url).await?;
    drop(tx);
    let named = match tools.policy.install_clients.get(provider.key()) {
        Some(named) => Some(client(tools, named).await?.id),
        None => None,
    };
    if known.len() > 1 {
        known.retain(|connection| Some(&connection.client_id) == named.as_ref());
    }
    match (known.pop(), named) {
        (Some(connection), _) => Ok((connection.client_id, Some(connection.id))),
        (None, Some(client)) => Ok((client, None)),
        (None, None) => Err(Failure::new(
            FailureKind::NoClient,
            format!(
                "{store_url} was installed at {} and nobody said whose shop it is: open the connect link that the operator \
                 gave you, or let the operator set client under [app.{}]",
                provider.name(),
                provider.key()
            ),
        )),
    }
}

/// Whether a shop of this provider is subscribed to: it can be, and its server reaches us.
pub fn takes_deliveries(tools: &Tools, provider: &Provider, store_url: &str) -> bool {
    !provider.webhook_topics().is_empty() && reachable(tools, provider, store_url).is_ok()
}

/// Fails if the shop's server cannot reach us; most shops require https.
pub(super) fn reachable(tools: &Tools, provider: &Provider, store_url: &str) -> Result<(), Failure> {
    let own = |url: &str| match Url::parse(url).ok().as_ref().and_then(Url::host) {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let public = &tools.policy.public_url;
    if own(store_url) || (public.starts_with("https://") && !own(public)) {
        return Ok(());
    }
    let text = format!(
        "{} hands its keys over from its own server and has to reach this daemon for that; {public} is not such an address: set \
         [server] public_url to one that begins with https:// and is open to the internet (shops refuse private addresses, and \
         ports other than 443, 80 and 8080)",
        provider.name()
    );
    Err(Failure::new(FailureKind::NotReachable, text))
}

/// Fails if nothing answers at a shop's own address, or if the address leads to another one: the browser, and keys that
/// come back from there, would be those of the other address.
async fn is_at(tools: &Tools, provider: &Provider, store_url: &str) -> Result<(), Failure> {
    let bad = |why: String| Failure::new(FailureKind::BadStoreUrl, format!("{}: {why}", provider.name()));
    let url = Url::parse(store_url).map_err(|error| bad(format!("{store_url} is no address: {error}")))?;
    let answer = match tools.outside.http.send_once(&Request::new(Method::GET, url.clone())).await {
        // A front page may be large.
        Err(HttpError::TooLarge { .. }) => return Ok(()),
        answer => answer.map_err(|error| bad(format!("nothing answers at {store_url}: {error}")).because(error))?,
    };
    let target = answer.header("location").filter(|_| (300..400).contains(&answer.status));
    match target.and_then(|target| url.join(target).ok()).filter(|target| target.origin() != url.origin()) {
        None => Ok(()),
        Some(target) => {
            let origin = target.origin().ascii_serialization();
            Err(bad(format!("{store_url} leads to {origin}; connect the shop by that address")))
        }
    }
}

/// A client of a shop with a grant that is not stored.
pub(super) fn new_client(
    tools: &Tools,
    provider: &Arc<Provider>,
    facts: &Facts,
    store_url: &str,
    grant: Grant,
) -> ShopClient {
    let shop = Shop {
        provider: provider.clone(),
        facts: facts.clone(),
        store_url: store_url.to_owned(),
        app: tools.apps.get(provider.key()).cloned(),
    };
    ShopClient::new(tools.outside.clone(), shop, Arc::new(Fixed::new(grant)), &tools.rate_limiters)
}

/// The client with this id or slug.
pub(super) async fn client(tools: &Tools, id_or_slug: &str) -> Result<Client, Failure> {
    let mut tx = tools.db.read().await?;
    db::client::find(&mut tx, id_or_slug).await?.ok_or_else(|| Failure::not_found(Noun::Client, id_or_slug))
}

/// A state or browser token: random, and signed, so that ours is recognised without the database.
fn browser_mark(tools: &Tools) -> String {
    let drawn = tools.outside.random.token();
    let signature = tools.vault.sign(TRAVELLER, &drawn);
    drawn + &signature
}

/// Whether we signed this value. Only the database knows whether it is still valid.
pub(super) fn is_browser_mark(tools: &Tools, text: &str) -> bool {
    let drawn = text.len().checked_sub(64).and_then(|end| text.split_at_checked(end));
    drawn.is_some_and(|(drawn, signature)| !drawn.is_empty() && tools.vault.verify(TRAVELLER, drawn, signature))
}

/// The hash of such a value, for the database.
pub(super) fn fingerprint(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}
