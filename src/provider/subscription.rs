//! Webhook subscriptions at a shop: makes, lists and deletes them as the provider's file describes.

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::{
    Provider,
    call::ShopClient,
    recipe::{HookKey, Subscribe, SubscriptionList},
    request::With,
};
use crate::model::{Failure, FailureKind, Secret, ShopAnswer};

/// The most pages of a list of subscriptions: a shop has a few dozen at most.
const MOST_PAGES: usize = 50;

/// A subscription as its shop lists it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ListedSubscription {
    pub id: String,
    pub topic: String,
    pub url: String,
    /// Whether the platform still delivers to it.
    pub active: bool,
}

impl ListedSubscription {
    /// Whether its deliveries go to `url`. Some platforms write an address in their own way.
    pub fn leads_to(&self, url: &str) -> bool {
        self.url.trim_end_matches('/') == url.trim_end_matches('/')
    }
}

impl Provider {
    fn subscribes(&self) -> Option<&Subscribe> {
        self.recipe.webhook.as_ref()?.subscribe.as_ref()
    }

    /// The topics to subscribe to for each shop.
    pub fn webhook_topics(&self) -> &[String] {
        self.subscribes().map_or(&[], |subscribe| &subscribe.topics)
    }

    /// Whether a shop can be asked which subscriptions it has.
    pub fn lists_webhooks(&self) -> bool {
        self.subscribes().is_some_and(|subscribe| subscribe.list.is_some())
    }

    /// Whether deliveries are verified by a secret of their subscription. A subscription whose secret is unknown is of no use
    /// then.
    pub fn webhooks_have_secrets(&self) -> bool {
        self.recipe.webhook.as_ref().is_some_and(|webhook| webhook.verify.key == HookKey::Subscription)
    }
}

/// Subscribes to a topic with `url` as the target; returns the subscription's id.
pub async fn subscribe(
    shop_client: &ShopClient,
    topic: &str,
    url: &str,
    secret: &Secret,
) -> Result<Option<String>, Failure> {
    let Some(rule) = shop_client.provider.subscribes() else { return Ok(None) };
    let hook = json!({ "topic": topic, "url": url, "secret": secret.expose_secret() });
    let answer = shop_client.call(&shop_client.provider.recipe.op[&rule.op], about(hook)).await?;
    Ok(rule.id.text(&answer.body))
}

/// Deletes a subscription; `false` if the provider's file has no call for it. One that the shop no longer has is deleted.
pub async fn unsubscribe(shop_client: &ShopClient, id: &str) -> Result<bool, Failure> {
    let rule = shop_client.provider.subscribes().and_then(|subscribe| subscribe.delete_op.as_ref());
    let Some(op) = rule else { return Ok(false) };
    match shop_client.call(&shop_client.provider.recipe.op[op], about(json!({ "id": id }))).await {
        Err(failure) if !matches!(failure.kind, FailureKind::Shop(ShopAnswer::Missing, _)) => Err(failure),
        _ => Ok(true),
    }
}

/// Lists all subscriptions that the shop shows us; `None` if the provider's file has no call for it.
pub async fn subscriptions(shop_client: &ShopClient) -> Result<Option<Vec<ListedSubscription>>, Failure> {
    let provider = &shop_client.provider;
    let Some(list) = provider.subscribes().and_then(|subscribe| subscribe.list.as_ref()) else { return Ok(None) };
    let (op, base) = (&provider.recipe.op[&list.op], shop_client.base_url()?);
    let (mut all, mut token) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let answer = list.page.ask(shop_client, op, With::default(), token.as_ref()).await?;
        // A list that is not there is not an empty one: what seems to be missing would be made a second time.
        if !list.page.may_lack && list.page.items.list(&answer.body, op.is_xml()).is_none() {
            return Err(unclear(shop_client, "has no list at the path in the provider's file"));
        }
        for item in list.page.items.each(&answer.body) {
            let listed = list.read(item).ok_or_else(|| {
                unclear(shop_client, "has an entry without id, topic or URL at the paths in the provider's file")
            })?;
            all.push(listed);
        }
        token = list.page.next(token.as_ref(), &answer, &base)?;
        if token.is_none() {
            return Ok(Some(all));
        }
    }
    Err(unclear(shop_client, "does not end"))
}

impl SubscriptionList {
    fn read(&self, item: &Value) -> Option<ListedSubscription> {
        let (id, topic, url) = (self.id.text(item)?, self.topic.text(item)?, self.url.text(item)?);
        let active = self.active.as_ref().is_none_or(|active| active.holds(item));
        Some(ListedSubscription { id, topic, url, active })
    }
}

fn about<'a>(hook: Value) -> With<'a> {
    With { values: Map::from_iter([("hook".to_owned(), hook)]), ..With::default() }
}

fn unclear(shop_client: &ShopClient, what: &str) -> Failure {
    let text = format!("{}: the list of webhook subscriptions {what}", shop_client.provider.name());
    Failure::new(FailureKind::UnexpectedAnswer, text)
}
