//! Keeps a shop's webhook subscriptions: each topic once, switched on, at our URL. What is right is kept, so that nothing
//! delivered meanwhile is refused.

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret;

use crate::{
    connect,
    db::{
        self,
        webhook::{MadeSubscription, NewSubscription},
    },
    model::{Connection, ConnectionId, Counts, Failure, ImportScope, RunAction, Secret, Task, Trigger},
    provider::{self, ListedSubscription, ShopClient},
    tools::{JobRun, Lease, RunAbout, RunEnd, Shared, Tools},
    vault::Binding,
};

/// How long deliveries are accepted that are signed with the secret of the subscription before: a shop may have them waiting.
const PREVIOUS: Duration = Duration::from_hours(24);
/// Binds a subscription's secret to its shop and topic.
pub(super) const SECRET: &str = "webhook_subscription";

/// Subscribes to each topic of a shop's webhooks, in a run of its own. Subscriptions of ours that the shop lists are taken over, or
/// replaced if they are switched off, doubled or of an unknown secret. Where it lists none, those known here are replaced.
pub async fn subscribe(tools: &Shared, lease: &Arc<Lease>, id: &ConnectionId, trigger: Trigger) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    let of_job = JobRun::take_over(&mut tx, tools, lease).await?;
    let about = RunAbout::shop(id, &lease.job.client_id, RunAction::Webhook, trigger);
    let run = of_job.open(&mut tx, tools, &RunAbout { attempt: lease.job.attempts, ..about }).await?;
    tx.commit().await?;
    let (mut counts, mut calls) = (Counts::default(), 0);
    let result = subscribe_topics(tools, lease, id, (&mut counts, &mut calls)).await;
    let mut tx = tools.db.begin().await?;
    lease.hold(&mut tx).await?;
    run.count(&mut tx, tools, counts.processed(), &counts, calls).await?;
    run.close(&mut tx, tools, RunEnd::of(&result), calls).await?;
    // What was not delivered meanwhile is read now; after a connect everything is.
    if trigger == Trigger::Schedule && counts.created > 0 {
        tracing::warn!(connection.id = %id, subscriptions = counts.created, "webhook subscriptions were switched off or missing, and were made again");
        let import = Task::ImportProducts {
            connection: id.clone(),
            scope: ImportScope::Changes,
            trigger: Trigger::Webhook,
            accept_deletes: false,
        };
        db::job::enqueue_behind(&mut tx, &tools.outside, &lease.job.client_id, import).await?;
    }
    tx.commit().await?;
    result
}

async fn subscribe_topics(
    tools: &Shared,
    lease: &Arc<Lease>,
    id: &ConnectionId,
    (counts, calls): (&mut Counts, &mut i32),
) -> Result<(), Failure> {
    let (shop, connection) = connect::open_for(lease, tools, id).await?;
    let url = shop.provider().webhook_url(&tools.policy.public_url, Some(id));
    let mut subscriber = Subscriber { tools, lease, shop: &shop, connection: &connection, url, counts };
    let result = subscriber.each_topic().await;
    *calls = shop.api_calls();
    result
}

struct Subscriber<'a> {
    tools: &'a Shared,
    lease: &'a Arc<Lease>,
    shop: &'a ShopClient,
    connection: &'a Connection,
    /// Where deliveries go.
    url: String,
    counts: &'a mut Counts,
}

impl Subscriber<'_> {
    async fn each_topic(&mut self) -> Result<(), Failure> {
        let made = {
            let mut tx = self.tools.db.read().await?;
            db::webhook::list_subscriptions(&mut tx, &self.connection.id).await?
        };
        let listed = provider::subscriptions(self.shop).await?;
        let shop = self.shop;
        for topic in shop.provider().webhook_topics() {
            let made = made.iter().find(|made| made.topic == *topic);
            let known = made.and_then(|made| made.external_webhook_id.as_deref());
            let found = listed.as_ref().map(|listed| self.find(topic, made, listed));
            let (kept, others) = found.unwrap_or_else(|| (None, known.into_iter().collect()));
            // Some platforms take no second subscription of a topic and URL: the old one goes first.
            for id in others {
                if provider::unsubscribe(shop, id).await? {
                    self.counts.deleted += 1;
                }
            }
            match kept {
                Some(id) if known == Some(id) => self.counts.unchanged += 1,
                Some(id) => {
                    self.save(topic, Some(id), &Secret::from(self.tools.outside.random.token())).await?;
                    self.counts.updated += 1;
                }
                None => self.make(topic).await?,
            }
        }
        let id = &self.connection.id;
        tracing::info!(connection.id = %id, job.id = %self.lease.job.id, "the shop tells of changes from now on");
        Ok(())
    }

    /// Our subscriptions of a topic at the shop: the one that is kept, and those that are deleted.
    fn find<'l>(
        &self,
        topic: &str,
        made: Option<&MadeSubscription>,
        listed: &'l [ListedSubscription],
    ) -> (Option<&'l str>, Vec<&'l str>) {
        let known = made.and_then(|made| made.external_webhook_id.as_deref());
        let provable = !self.shop.provider().webhooks_have_secrets();
        let proves = |one: &ListedSubscription| {
            provable || made.is_some_and(|made| known == Some(one.id.as_str()) && self.is_secret_known(made))
        };
        let ours = listed.iter().filter(|one| one.topic == topic);
        // One that was made for an earlier public URL of this daemon is ours by its id.
        let ours: Vec<_> = ours.filter(|one| one.leads_to(&self.url) || known == Some(one.id.as_str())).collect();
        let kept = ours.iter().find(|one| one.active && one.leads_to(&self.url) && proves(one));
        let kept = kept.map(|one| one.id.as_str());
        (kept, ours.into_iter().map(|one| one.id.as_str()).filter(|id| Some(*id) != kept).collect())
    }

    fn is_secret_known(&self, made: &MadeSubscription) -> bool {
        let binding = [SECRET, self.connection.id.as_str(), made.topic.as_str()];
        let sealed = made.secret_sealed.as_deref();
        sealed.is_some_and(|sealed| self.tools.vault.unseal_text(&Binding(&binding), sealed).is_ok())
    }

    async fn make(&mut self, topic: &str) -> Result<(), Failure> {
        let secret = Secret::from(self.tools.outside.random.token());
        let external = provider::subscribe(self.shop, topic, &self.url, &secret).await?;
        self.save(topic, external.as_deref(), &secret).await?;
        self.counts.created += 1;
        Ok(())
    }

    /// Keeps a subscription, unless the shop was disconnected meanwhile.
    async fn save(&self, topic: &str, external_id: Option<&str>, secret: &Secret) -> Result<(), Failure> {
        let tools: &Tools = self.tools;
        let binding = [SECRET, self.connection.id.as_str(), topic];
        let now = tools.outside.clock.now();
        let new = NewSubscription {
            id: &tools.outside.new_id::<String>(),
            connection: &self.connection.id,
            topic,
            external_id,
            secret_sealed: &tools.vault.seal_text(&Binding(&binding), secret.expose_secret()),
            previous_until: now.plus(PREVIOUS),
        };
        let mut tx = tools.db.begin().await?;
        self.lease.hold(&mut tx).await?;
        connect::still_usable(&mut tx, &self.connection.id).await?;
        db::webhook::upsert_subscription(&mut tx, &new, now).await?;
        tx.commit().await?;
        Ok(())
    }
}
