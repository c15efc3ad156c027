//! Tombstones products that the shop no longer has; if too many, none, and asks the operator (deletion guard).

use std::collections::HashSet;

use super::apply::{Applied, id_hash};
use crate::{
    db::{
        self, Tx,
        catalogue::{self, Living},
        run::NewItem,
    },
    model::{ConnectionId, Failure, ItemOutcome, ProductId},
    outside::Outside,
    tools::Policy,
};

/// Products per query.
const BATCH_ROWS: i64 = 2000;

/// The products in the database that no page of a pass held.
#[derive(Default)]
pub(super) struct MissedProducts {
    pub(super) all: Vec<Living>,
    /// The number of products without a tombstone.
    living: usize,
    /// One of those that the pass did see.
    pub(super) witness: Option<String>,
}

impl MissedProducts {
    /// Compares what a pass saw with what is in the database.
    pub(super) async fn of(tx: &mut Tx, connection: &ConnectionId, pass: &str) -> Result<Self, Failure> {
        let mut seen: Vec<u64> = Vec::new();
        for (marks, _) in db::cursor::list_seen(tx, connection, pass).await? {
            seen.extend(of_bytes(&marks));
        }
        seen.sort_unstable();
        let (mut missed, mut after) = (Self::default(), String::new());
        loop {
            let bite = catalogue::list_living(tx, connection, &after, BATCH_ROWS).await?;
            let Some(last) = bite.last() else { return Ok(missed) };
            after.clone_from(&last.erp_id);
            missed.living += bite.len();
            for product in bite {
                if seen.binary_search(&id_hash(&product.erp_id)).is_err() {
                    missed.all.push(product);
                } else if missed.witness.is_none() {
                    missed.witness = Some(product.erp_id);
                }
            }
        }
    }

    /// Why none of them is tombstoned unless the operator accepts it; `None` if they are few enough.
    pub(super) fn guard(&self, rules: &Policy, connection: &ConnectionId) -> Option<String> {
        is_too_many(rules, self.all.len(), self.living).then(|| {
            format!(
                "{} of {} products would be marked as gone, more than {} %: nothing was marked. If the shop really dropped \
                 them, run: store-sync sync {connection} --full --accept-deletes",
                self.all.len(),
                self.living,
                rules.brake_percent
            )
        })
    }
}

/// Whether so many of `all` are more than may go without being asked for.
pub(super) fn is_too_many(rules: &Policy, going: usize, all: usize) -> bool {
    going > rules.brake_min as usize && going * 100 > all * rules.brake_percent as usize
}

/// The products that the last complete pass missed, as they are stored: eight bytes each.
pub(super) fn of_bytes(marks: &[u8]) -> impl Iterator<Item = u64> {
    marks.as_chunks::<8>().0.iter().map(|bytes| u64::from_be_bytes(*bytes))
}

/// What a complete pass missed, by whether the one before had missed it too.
pub(super) fn missed_twice(missed: Vec<Living>, before: &[u8]) -> (Vec<Living>, Vec<Living>) {
    let before: HashSet<u64> = of_bytes(before).collect();
    missed.into_iter().partition(|product| before.contains(&id_hash(&product.erp_id)))
}

/// The same products, as they are stored.
pub(super) fn to_bytes<'p>(products: impl Iterator<Item = &'p Living>) -> Vec<u8> {
    products.flat_map(|product| id_hash(&product.erp_id).to_be_bytes()).collect()
}

/// Tombstones products, in the transaction that ends their pass.
pub(super) async fn tombstone(
    tx: &mut Tx,
    outside: &Outside,
    gone: &[Living],
    why: &str,
    applied: &mut Applied,
) -> sqlx::Result<()> {
    let ids: Vec<&ProductId> = gone.iter().map(|product| &product.id).collect();
    catalogue::mark_products_gone(tx, &ids, outside.clock.now()).await?;
    applied.counts.deleted += i32::try_from(gone.len()).unwrap_or(i32::MAX);
    applied.items.extend(gone.iter().map(|product| item_of(outside, product, ItemOutcome::Deleted, why)));
    Ok(())
}

/// What a run tells of a product that its pass missed.
pub(super) fn item_of(outside: &Outside, product: &Living, outcome: ItemOutcome, why: &str) -> NewItem {
    NewItem {
        id: outside.new_id(),
        entity_type: "product",
        entity_id: Some(product.id.to_string()),
        external_id: Some(product.erp_id.clone()),
        outcome,
        error_code: None,
        message: Some(why.to_owned()),
    }
}
