//! The daily look at webhook subscriptions: platforms switch them off, and merchants delete them, without a word.

use std::time::Duration;

use crate::{
    connect, db,
    model::{Task, Time, Trigger},
    tools::Tools,
};

/// How often the subscriptions of a shop are looked at.
const EVERY: Duration = Duration::from_hours(24);
/// The most shops of a provider per tick.
const AT_ONCE: i64 = 100;

/// Enqueues a look at the subscriptions of shops whose last one is a day ago, where the platform lists them.
pub(super) async fn enqueue_looks(tools: &Tools, now: Time) -> sqlx::Result<()> {
    for provider in tools.providers.iter().filter(|provider| provider.lists_webhooks()) {
        let mut tx = tools.db.read().await?;
        let due = db::connection::list_unchecked_webhooks(&mut tx, provider.key(), now.minus(EVERY), AT_ONCE).await?;
        drop(tx);
        let due = due.iter().filter(|shop| connect::takes_deliveries(tools, provider, &shop.store_url));
        let due: Vec<_> = due.collect();
        if due.is_empty() {
            continue;
        }
        let mut tx = tools.db.begin().await?;
        for shop in due {
            let look = Task::Subscribe { connection: shop.id.clone(), trigger: Trigger::Schedule };
            db::job::enqueue(&mut tx, &tools.outside, &shop.client_id, look).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
