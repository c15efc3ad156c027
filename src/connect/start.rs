//! Begins a connect: keeps its state in the database and gives the shop's consent page.

use std::{collections::BTreeMap, time::Duration};

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use sqlx::types::Json;
use url::Url;

use crate::{
    db::{self, oauth_state::OauthState},
    model::{Client, ConnectionId, Failure},
    provider,
    tools::Tools,
    vault::{Binding, hex},
};

/// How long the merchant may take at the shop.
const STATE_LIFE: Duration = Duration::from_mins(15);
/// A verifier opens only for the state it was made for.
pub(super) const VERIFIER: &str = "oauth_state";
/// Connects of one client that may be under way at once.
const MAX_OPEN: i64 = 100;

/// What a connect begins with.
pub struct Begin<'a> {
    /// Id or slug.
    pub client: &'a str,
    pub provider: &'a str,
    /// What the merchant gave for the provider's fields.
    pub fields: &'a BTreeMap<String, String>,
    /// The connection that is renewed, where it is one.
    pub reconnect: Option<&'a ConnectionId>,
}

/// A connect under way.
pub struct Begun {
    /// The shop's consent page.
    pub authorise_url: Url,
    /// Goes into a cookie: only this browser may come back.
    pub browser: String,
    /// Names the state in the database.
    pub state_hash: String,
}

/// Begins a connect by OAuth.
pub async fn begin(tools: &Tools, with: Begin<'_>) -> Result<Begun, Failure> {
    let provider = tools.provider(with.provider)?;
    if provider.takes_pasted_keys() {
        let text = format!(
            "{} is connected by a pasted key: store-sync connect {} --client CLIENT --key NAME=VALUE",
            provider.name(),
            provider.key()
        );
        return Err(Failure::give_up("no_oauth", text));
    }
    let app = tools.app(with.provider)?;
    let (facts, _) = provider.read_fields(with.fields)?;
    let store_url = provider.store_url(&facts)?;
    let client = client(tools, with.client).await?;
    let (state, browser) = (tools.outside.random.token(), tools.outside.random.token());
    let verifier = provider.takes_pkce().then(|| provider::new_verifier(&tools.outside.random));
    let redirect_uri = tools.redirect_uri(with.provider);
    let authorise_url = provider::authorise_url(provider, app, &facts, &redirect_uri, &state, verifier.as_ref())?;

    let state_hash = fingerprint(&state);
    let now = tools.outside.clock.now();
    let row = OauthState {
        state_hash: state_hash.clone(),
        client_id: client.id.clone(),
        store_connection_id: with.reconnect.cloned(),
        store_type: provider.key().to_owned(),
        store_url,
        facts: Json(facts),
        browser_hash: Some(fingerprint(&browser)),
        requested_scopes: Json(provider.scopes().to_vec()),
        code_verifier_sealed: verifier
            .map(|v| tools.vault.seal_text(&Binding(&[VERIFIER, &state_hash]), v.expose_secret())),
        return_url: None,
        created_at: now,
        expires_at: now.plus(STATE_LIFE),
        consumed_at: None,
    };
    let mut tx = tools.db.begin().await?;
    if db::oauth_state::count_open(&mut tx, &client.id, now).await? >= MAX_OPEN {
        let text = format!("client {} has {MAX_OPEN} connects under way; wait until some have ended", client.name);
        return Err(Failure::give_up("too_many_connects", text));
    }
    db::oauth_state::insert(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(Begun { authorise_url, browser, state_hash })
}

/// The client with this id or slug.
pub(super) async fn client(tools: &Tools, id_or_slug: &str) -> Result<Client, Failure> {
    let mut tx = tools.db.read().await?;
    db::client::find(&mut tx, id_or_slug).await?.ok_or_else(|| {
        let text = format!("there is no client '{id_or_slug}'; see: store-sync clients list");
        Failure::give_up("unknown_client", text)
    })
}

/// What the database keeps of a value that only travels.
pub(super) fn fingerprint(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}
