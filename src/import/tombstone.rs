//! Tombstones products that a complete pass did not see; if too many, none, and asks the operator (deletion guard).

use crate::{
    db::{self, Tx, catalogue, run::NewItem},
    model::{ConnectionId, Failure, ItemOutcome, ProductId},
    tools::Tools,
};

use super::apply::id_hash;

/// The result.
pub(super) enum Tombstoned {
    /// These were tombstoned.
    Gone(Vec<NewItem>),
    /// Too many: nothing was tombstoned, and this says so.
    GuardTripped(String),
}

/// Products per query.
const BATCH_ROWS: i64 = 2000;

/// Tombstones after a complete pass, in the transaction that ends it.
pub(super) async fn tombstone(
    tx: &mut Tx,
    tools: &Tools,
    connection: &ConnectionId,
    pass: &str,
    accept: bool,
) -> Result<Tombstoned, Failure> {
    let (outside, rules) = (&tools.outside, &tools.policy);
    let mut seen: Vec<u64> = Vec::new();
    for (marks, _) in db::cursor::list_seen(tx, connection, pass).await? {
        seen.extend(marks.as_chunks::<8>().0.iter().map(|bytes| u64::from_be_bytes(*bytes)));
    }
    seen.sort_unstable();
    let (mut gone, mut living, mut after) = (Vec::<(ProductId, String)>::new(), 0_usize, String::new());
    loop {
        let bite = catalogue::list_living(tx, connection, &after, BATCH_ROWS).await?;
        let Some(last) = bite.last() else { break };
        after.clone_from(&last.erp_id);
        living += bite.len();
        let missing = bite.into_iter().filter(|product| seen.binary_search(&id_hash(&product.erp_id)).is_err());
        gone.extend(missing.map(|product| (product.id, product.erp_id)));
    }
    let (min, percent) = (rules.brake_min as usize, rules.brake_percent as usize);
    if !accept && gone.len() > min && gone.len() * 100 > living * percent {
        return Ok(Tombstoned::GuardTripped(format!(
            "{} of {living} products would be marked as gone, more than {percent} %: nothing was marked. If the shop really \
             dropped them, run: store-sync sync {connection} --full --accept-deletes",
            gone.len()
        )));
    }
    let ids: Vec<&ProductId> = gone.iter().map(|(id, _)| id).collect();
    catalogue::mark_products_gone(tx, &ids, outside.clock.now()).await?;
    let items = gone.into_iter().map(|(id, erp_id)| NewItem {
        id: outside.new_id(),
        entity_type: "product",
        entity_id: Some(id.to_string()),
        external_id: Some(erp_id),
        outcome: ItemOutcome::Deleted,
        error_code: None,
        message: Some("a complete pass over the shop did not meet it".to_owned()),
    });
    Ok(Tombstoned::Gone(items.collect()))
}
