//! Cancels requests, and fails outputs that no job works on.

use serde::Serialize;
use serde_json::json;

use super::{accounting, flow_batch, keep};
use crate::{
    db::{self, Tx, event::NewEvent, flow::FlowFilter},
    model::{EventType, Failure, FlowId, GenerationFlow, Noun, SessionId},
    tools::Tools,
};

/// The error of an output that a person cancelled.
const CANCELLED: &str = "cancelled";

/// What a cancel did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cancelled {
    /// Pictures that are not made; their reservations are released.
    pub cancelled: usize,
    /// Pictures in progress: they are finished, and count.
    pub under_way: i64,
}

/// Cancels a flow's pending pictures. Those in progress are finished: a model may have been paid already.
pub async fn cancel_flow(tools: &Tools, id: &FlowId) -> Result<Cancelled, Failure> {
    let mut tx = tools.db.begin().await?;
    let flow = flow_batch::find_flow(&mut tx, id).await?;
    let cancelled = cancel(tools, &mut tx, &flow).await?;
    tx.commit().await?;
    Ok(cancelled)
}

/// The same for every flow of a session.
pub async fn cancel_session(tools: &Tools, id: &SessionId) -> Result<Cancelled, Failure> {
    let mut tx = tools.db.begin().await?;
    db::session::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Session, id))?;
    // Whatever their status: second attempts are made beside a finished flow.
    let filter = FlowFilter { session: Some(id.clone()), ..FlowFilter::default() };
    let mut sum = Cancelled::default();
    for flow in db::flow::list(&mut tx, &filter, i64::from(i32::MAX)).await? {
        let one = cancel(tools, &mut tx, &flow).await?;
        sum.cancelled += one.cancelled;
        sum.under_way += one.under_way;
    }
    tx.commit().await?;
    Ok(sum)
}

async fn cancel(tools: &Tools, tx: &mut Tx, flow: &GenerationFlow) -> Result<Cancelled, Failure> {
    let now = tools.outside.clock.now();
    db::job::cancel_of_flow(tx, &flow.id, now).await?;
    let assets = db::generation::mark_cancelled(tx, &flow.id, CANCELLED, now).await?;
    if !assets.is_empty() {
        accounting::release_all(tools, tx, &flow.client_id, &assets).await?;
        let event = NewEvent {
            id: &tools.outside.new_id(),
            client: &flow.client_id,
            kind: EventType::Error,
            flow: Some(&flow.id),
            product: None,
            asset: None,
            user: None,
            metadata: Some(json!({ "why": CANCELLED, "pictures": assets.len() })),
        };
        db::event::insert(tx, &event, now).await?;
        keep::finish_flow(tools, tx, Some(&flow.id)).await?;
    }
    let under_way = db::generation::get_progress(tx, &flow.id).await?.open();
    Ok(Cancelled { cancelled: assets.len(), under_way })
}

/// Fails outputs whose job ended without them (its process died each time); returns how many. Also settles the
/// reservations of analyses whose process ended.
pub async fn fail_stranded(tools: &Tools) -> sqlx::Result<usize> {
    accounting::expire_stale(tools).await?;
    let mut tx = tools.db.read().await?;
    let stranded = db::generation::list_stranded(&mut tx, 500).await?;
    drop(tx);
    for (asset, client, why) in &stranded {
        let mut tx = tools.db.begin().await?;
        let why = why.as_deref().unwrap_or("its job ended without it");
        keep::give_up(tools, &mut tx, asset, client, why).await?;
        tx.commit().await?;
    }
    Ok(stranded.len())
}
