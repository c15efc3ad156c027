//! Webhook deliveries and subscriptions.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, execute};
use crate::model::{ConnectionId, Time};

/// A delivery.
pub struct NewDelivery<'a> {
    pub id: &'a str,
    pub connection: &'a ConnectionId,
    /// The same each time that the platform sends it; another event may have it later.
    pub delivery_id: &'a str,
    pub topic: &'a str,
    pub erp_id: Option<&'a str>,
    pub status: &'a str,
}

/// Upserts a delivery; `false` if the same one was received since `repeated_since`.
pub async fn upsert_event(tx: &mut Tx, new: &NewDelivery<'_>, now: Time, repeated_since: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO webhook_event (id, store_connection_id, delivery_id, topic, external_resource_id, payload, status, \
               received_at, processed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
               ON CONFLICT (store_connection_id, delivery_id) DO UPDATE SET topic = excluded.topic, \
               external_resource_id = excluded.external_resource_id, status = excluded.status, \
               received_at = excluded.received_at, processed_at = excluded.processed_at \
               WHERE webhook_event.received_at < $9";
    let nothing = Json(Value::Object(serde_json::Map::new()));
    let &NewDelivery { id, connection, delivery_id, topic, erp_id, status } = new;
    if execute!(tx, sql, id, connection, delivery_id, topic, erp_id, nothing, status, now, repeated_since)? == 0 {
        return Ok(false);
    }
    execute!(tx, "UPDATE store_connection SET last_webhook_at = $2 WHERE id = $1", connection, now)?;
    Ok(true)
}

/// Deletes deliveries received before `before`: platforms do not redeliver that late.
pub async fn delete_before(tx: &mut Tx, before: Time) -> sqlx::Result<u64> {
    execute!(tx, "DELETE FROM webhook_event WHERE received_at < $1", before)
}

/// A subscription, and the secret that verifies its deliveries. The secret before it verifies them until `previous_until`.
pub struct NewSubscription<'a> {
    pub id: &'a str,
    pub connection: &'a ConnectionId,
    pub topic: &'a str,
    pub external_id: Option<&'a str>,
    pub secret_sealed: &'a str,
    pub previous_until: Time,
}

/// Upserts a subscription.
pub async fn upsert_subscription(tx: &mut Tx, new: &NewSubscription<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO webhook_subscription (id, store_connection_id, topic, external_webhook_id, secret_sealed, status, \
               created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'active', $6, $6) \
               ON CONFLICT (store_connection_id, topic) DO UPDATE SET external_webhook_id = excluded.external_webhook_id, \
               previous_secret_sealed = webhook_subscription.secret_sealed, previous_until = $7, \
               secret_sealed = excluded.secret_sealed, status = 'active', updated_at = excluded.updated_at";
    let &NewSubscription { id, connection, topic, external_id, secret_sealed, previous_until } = new;
    execute!(tx, sql, id, connection, topic, external_id, secret_sealed, now, previous_until).map(drop)
}

/// Lists the topics and sealed secrets of a shop's subscriptions, also those from before that still verify deliveries.
pub async fn list_secrets(tx: &mut Tx, connection: &ConnectionId, now: Time) -> sqlx::Result<Vec<(String, String)>> {
    let sql = "SELECT topic, secret_sealed FROM webhook_subscription \
               WHERE store_connection_id = $1 AND status = 'active' AND secret_sealed IS NOT NULL \
               UNION ALL SELECT topic, previous_secret_sealed FROM webhook_subscription \
               WHERE store_connection_id = $1 AND status = 'active' AND previous_secret_sealed IS NOT NULL AND previous_until > $2 \
               ORDER BY 1, 2";
    all!(tx, (String, String), sql, connection, now)
}

/// Erases the previous secrets of subscriptions that verify nothing any more.
pub async fn delete_previous_secrets(tx: &mut Tx, now: Time) -> sqlx::Result<u64> {
    let sql = "UPDATE webhook_subscription SET previous_secret_sealed = NULL, previous_until = NULL WHERE previous_until <= $1";
    execute!(tx, sql, now)
}

/// A subscription as it was made.
#[derive(Debug, sqlx::FromRow)]
pub struct MadeSubscription {
    pub topic: String,
    pub external_webhook_id: Option<String>,
    pub secret_sealed: Option<String>,
}

/// Lists a shop's subscriptions.
pub async fn list_subscriptions(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<Vec<MadeSubscription>> {
    let sql = "SELECT topic, external_webhook_id, secret_sealed FROM webhook_subscription \
               WHERE store_connection_id = $1 ORDER BY topic";
    all!(tx, MadeSubscription, sql, connection)
}

/// Deletes the subscriptions of a disconnected shop, with their secrets.
pub async fn delete_subscriptions(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<u64> {
    execute!(tx, "DELETE FROM webhook_subscription WHERE store_connection_id = $1", connection)
}
