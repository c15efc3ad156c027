//! Reads one product that a delivery reports as deleted: what the shop says then counts, not the delivery.

use std::sync::Arc;

use super::apply::{apply_page, hash_page};
use crate::{
    connect,
    db::{self, Tx, catalogue::ImportTarget, run::NewItem},
    model::{Connection, ConnectionId, Counts, Failure, ItemOutcome, NormalProduct, Product, RunAction, Trigger},
    provider::{self, Unreadable},
    tools::{JobRun, Lease, OpenRun, RunAbout, RunEnd, Shared},
};

/// Asks the shop for a product, in a run of its own: a product that is missing there becomes a tombstone, any other is imported.
/// What has a tombstone already, or was never imported, is not asked for.
pub async fn read_product(
    tools: &Shared,
    lease: &Arc<Lease>,
    connection: &ConnectionId,
    erp_id: &str,
) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    let of_job = JobRun::take_over(&mut tx, tools, lease).await?;
    let known = db::product::find_by_erp_id(&mut tx, connection, erp_id).await?;
    let Some(product) = known.filter(|product| product.erp_deleted_at.is_none()) else {
        tx.commit().await?;
        return Ok(());
    };
    let about = RunAbout::shop(connection, &lease.job.client_id, RunAction::Webhook, Trigger::Webhook);
    let about = RunAbout { product: Some(&product.id), attempt: lease.job.attempts, ..about };
    let run = of_job.open(&mut tx, tools, &about).await?;
    tx.commit().await?;
    let look = ProductLook { tools, lease, product: &product, erp_id, run };
    let mut calls = 0;
    let result = look.work(connection, &mut calls).await;
    if let Err(failure) = &result {
        let mut tx = tools.db.begin().await?;
        lease.hold(&mut tx).await?;
        look.run.close(&mut tx, tools, RunEnd::Failed(failure), calls).await?;
        tx.commit().await?;
    }
    result
}

/// The look at one product.
struct ProductLook<'a> {
    tools: &'a Shared,
    lease: &'a Arc<Lease>,
    product: &'a Product,
    erp_id: &'a str,
    run: OpenRun,
}

impl ProductLook<'_> {
    async fn work(&self, connection: &ConnectionId, calls: &mut i32) -> Result<(), Failure> {
        let (shop, connection) = connect::open_for(self.lease, self.tools, connection).await?;
        let found = provider::product(&shop, self.erp_id).await;
        *calls = shop.api_calls();
        let found = found?;
        let mut tx = self.tools.db.begin().await?;
        self.lease.hold(&mut tx).await?;
        connect::still_usable(&mut tx, &connection.id).await?;
        let (counts, items) = match found {
            Some(found) => self.import(&mut tx, &connection, found).await?,
            None => self.mark_gone(&mut tx).await?,
        };
        self.run.add_items(&mut tx, self.tools, &items).await?;
        self.run.count(&mut tx, self.tools, 1, &counts, *calls).await?;
        let unread =
            items.iter().find(|item| item.outcome == ItemOutcome::Failed).and_then(|item| item.message.as_deref());
        let end = unread.map_or(RunEnd::Success, |why| RunEnd::Partial("unreadable", why));
        self.run.close(&mut tx, self.tools, end, *calls).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn mark_gone(&self, tx: &mut Tx) -> Result<(Counts, Vec<NewItem>), Failure> {
        db::catalogue::mark_products_gone(tx, &[&self.product.id], self.tools.outside.clock.now()).await?;
        let gone = self.item(
            ItemOutcome::Deleted,
            "it was reported as deleted, or a push did not find it, and the shop no longer has it",
        );
        Ok((Counts { deleted: 1, ..Counts::default() }, vec![gone]))
    }

    async fn import(
        &self,
        tx: &mut Tx,
        connection: &Connection,
        found: Result<NormalProduct, Unreadable>,
    ) -> Result<(Counts, Vec<NewItem>), Failure> {
        let (outside, now) = (&self.tools.outside, self.tools.outside.clock.now());
        let to = ImportTarget { client: &connection.client_id, connection: &connection.id, run: &self.run.id, now };
        let mut applied = apply_page(tx, outside, &to, &hash_page(vec![found], now), true).await?;
        if applied.items.is_empty() {
            let text = "it was reported as deleted, or a push failed, but the shop has it";
            applied.items.push(self.item(ItemOutcome::Unchanged, text));
        }
        Ok((applied.counts, applied.items))
    }

    fn item(&self, outcome: ItemOutcome, message: &str) -> NewItem {
        NewItem {
            id: self.tools.outside.new_id(),
            entity_type: "product",
            entity_id: Some(self.product.id.to_string()),
            external_id: Some(self.erp_id.to_owned()),
            outcome,
            error_code: None,
            message: Some(message.to_owned()),
        }
    }
}
