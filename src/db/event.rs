//! Events, stored for a limited time.

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, execute, maybe};
use crate::model::{AssetId, ClientId, Event, EventId, EventType, FlowId, ProductId, Time, UserId};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, client_id, generation_flow_id, product_id, generated_asset_id, user_id, event_type, metadata, created_at \
             FROM generation_event ",
            $rest
        )
    };
}

/// An event to insert. Everything it refers to must belong to the client.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    pub id: &'a EventId,
    pub client: &'a ClientId,
    pub kind: EventType,
    pub flow: Option<&'a FlowId>,
    pub product: Option<&'a ProductId>,
    pub asset: Option<&'a AssetId>,
    pub user: Option<&'a UserId>,
    pub metadata: Option<Value>,
}

/// Inserts an event; `false` if something it refers to does not belong to the client.
pub async fn insert(tx: &mut Tx, event: &NewEvent<'_>, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO generation_event (id, client_id, generation_flow_id, product_id, generated_asset_id, user_id, event_type, \
               metadata, created_at) SELECT $1, c.id, $3, $4, $5, $6, $7, $8, $9 FROM client c WHERE c.id = $2 \
               AND ($10 OR EXISTS (SELECT 1 FROM generation_flow f WHERE f.id = $3 AND f.client_id = c.id)) \
               AND ($11 OR EXISTS (SELECT 1 FROM product p WHERE p.id = $4 AND p.client_id = c.id)) \
               AND ($12 OR EXISTS (SELECT 1 FROM generated_asset a WHERE a.id = $5 AND a.client_id = c.id))";
    let metadata = event.metadata.as_ref().map(Json);
    let (no_flow, no_product, no_asset) = (event.flow.is_none(), event.product.is_none(), event.asset.is_none());
    let rows = execute!(
        tx,
        sql,
        event.id,
        event.client,
        event.flow,
        event.product,
        event.asset,
        event.user,
        event.kind,
        metadata,
        now,
        no_flow,
        no_product,
        no_asset
    )?;
    Ok(rows == 1)
}

/// Returns an event.
pub async fn find(tx: &mut Tx, id: &EventId) -> sqlx::Result<Option<Event>> {
    maybe!(tx, Event, columns!("WHERE id = $1"), id)
}

/// Which events to list.
#[derive(Default)]
pub struct EventFilter {
    pub client: Option<ClientId>,
    pub kind: Option<EventType>,
    pub flow: Option<FlowId>,
    pub asset: Option<AssetId>,
    /// Only events before this one.
    pub before: Option<EventId>,
}

/// Events, newest first.
pub async fn list(tx: &mut Tx, filter: &EventFilter, limit: i64) -> sqlx::Result<Vec<Event>> {
    let sql = columns!(
        "WHERE ($1 = '' OR client_id = $1) AND ($2 = '' OR event_type = $2) AND ($3 = '' OR generation_flow_id = $3) \
         AND ($4 = '' OR generated_asset_id = $4) AND ($5 = '' OR id < $5) ORDER BY id DESC LIMIT $6"
    );
    let client = filter.client.as_ref().map_or("", ClientId::as_str);
    let flow = filter.flow.as_ref().map_or("", FlowId::as_str);
    let asset = filter.asset.as_ref().map_or("", AssetId::as_str);
    let before = filter.before.as_ref().map_or("", EventId::as_str);
    all!(tx, Event, sql, client, filter.kind.map_or("", EventType::as_str), flow, asset, before, limit)
}

/// The number of events of a type.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, sqlx::FromRow)]
pub struct EventCount {
    pub client_id: ClientId,
    pub event_type: EventType,
    pub count: i64,
}

/// Counts events since `since`, by client and type.
pub async fn list_counts(tx: &mut Tx, client: Option<&ClientId>, since: Time) -> sqlx::Result<Vec<EventCount>> {
    let sql = "SELECT client_id, event_type, count(*) AS count FROM generation_event WHERE ($1 = '' OR client_id = $1) \
               AND created_at >= $2 GROUP BY client_id, event_type ORDER BY client_id, event_type";
    all!(tx, EventCount, sql, client.map_or("", ClientId::as_str), since)
}

/// Deletes an event.
pub async fn delete(tx: &mut Tx, id: &EventId) -> sqlx::Result<bool> {
    Ok(execute!(tx, "DELETE FROM generation_event WHERE id = $1", id)? == 1)
}

/// Deletes events older than `before`.
pub async fn delete_before(tx: &mut Tx, before: Time) -> sqlx::Result<u64> {
    execute!(tx, "DELETE FROM generation_event WHERE created_at < $1", before)
}
