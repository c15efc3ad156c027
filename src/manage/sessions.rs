//! Sessions: collections of products to make pictures for.

use serde_json::Value;

use super::{client, merge_chosen, own_images, own_products, refused, stale};
use crate::{
    db::{self, Tx, message::Parent},
    model::{
        ClientId, CollectionSession, Failure, FailureKind, Message, MessageId, Noun, SessionId, SessionInput, Task,
    },
    tools::Tools,
};

/// Creates a session.
pub async fn create_session(tools: &Tools, input: &SessionInput) -> Result<CollectionSession, Failure> {
    let mut tx = tools.db.begin().await?;
    let client = client(&mut tx, input.client_id.as_ref()).await?;
    if input.name.as_deref().is_none_or(|name| name.trim().is_empty()) {
        return Err(refused("a session needs a name"));
    }
    own_products(&mut tx, &client.id, input.product_ids.as_deref().unwrap_or_default()).await?;
    own_images(&mut tx, &client.id, input.selected_base_images.as_ref()).await?;
    within_plan(&mut tx, &client.id, input).await?;
    let id: SessionId = tools.outside.new_id();
    db::session::insert(&mut tx, &id, &client.id, input, tools.outside.clock.now()).await?;
    enqueue_analyses(tools, &mut tx, &client.id, input).await?;
    let session = db::session::find(&mut tx, &id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(session)
}

/// Updates the given fields. `version` is the version that the caller read; without it the present one.
pub async fn update_session(
    tools: &Tools,
    id: &SessionId,
    version: Option<i32>,
    input: &SessionInput,
) -> Result<CollectionSession, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::session::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Session, id))?;
    if input.client_id.as_ref().is_some_and(|client| *client != found.client_id) {
        return Err(refused("a session's client cannot change"));
    }
    own_products(&mut tx, &found.client_id, input.product_ids.as_deref().unwrap_or_default()).await?;
    own_images(&mut tx, &found.client_id, input.selected_base_images.as_ref()).await?;
    let mut change = input.clone();
    change.selected_base_images = merge_chosen(&found.selected_base_images, input.selected_base_images.as_ref());
    within_plan(&mut tx, &found.client_id, input).await?;
    enqueue_analyses(tools, &mut tx, &found.client_id, input).await?;
    let version = version.unwrap_or(found.version);
    if !db::session::update(&mut tx, id, version, &change, tools.outside.clock.now()).await? {
        return Err(stale("session", id, found.version));
    }
    let session = db::session::find(&mut tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(session)
}

/// Checks the plan's limit of products per session.
async fn within_plan(tx: &mut Tx, client: &ClientId, input: &SessionInput) -> Result<(), Failure> {
    let many = input.product_ids.as_ref().map_or(0, Vec::len);
    let most = db::quota::find(tx, client).await?.and_then(|quota| quota.max_products);
    match most.and_then(|most| usize::try_from(most).ok()) {
        Some(most) if many > most => {
            let text = format!(
                "{many} products are more than the client's plan has for a session ({most}); see: store-sync clients plan"
            );
            Err(Failure::new(FailureKind::QuotaExceeded, text))
        }
        _ => Ok(()),
    }
}

/// Enqueues an analysis of the collection's products that have none, if the operator configured that.
async fn enqueue_analyses(tools: &Tools, tx: &mut Tx, client: &ClientId, input: &SessionInput) -> Result<(), Failure> {
    if tools.policy.analyse_on_collection {
        let unseen = db::product::list_unseen(tx, input.product_ids.as_deref().unwrap_or_default()).await?;
        for product in unseen {
            db::job::enqueue(tx, &tools.outside, client, Task::AnalyseProduct { product }).await?;
        }
    }
    Ok(())
}

/// Posts a message to a session; `parts` are text, image and settings parts in the older application's format.
pub async fn post_message(tools: &Tools, id: &SessionId, role: &str, parts: &Value) -> Result<Message, Failure> {
    if !["user", "assistant"].contains(&role) {
        return Err(refused(format!("'{role}' is neither user nor assistant")));
    }
    if parts.as_array().is_none_or(Vec::is_empty) {
        return Err(refused("a message needs parts: a list such as [{\"type\": \"text\", \"text\": \"…\"}]"));
    }
    let mut tx = tools.db.begin().await?;
    let message: MessageId = tools.outside.new_id();
    let now = tools.outside.clock.now();
    if !db::message::insert(&mut tx, &message, &Parent::Session(id.clone()), role, parts, now).await? {
        return Err(Failure::not_found(Noun::Session, id));
    }
    let posted = db::message::find(&mut tx, &message).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(posted)
}

/// Deletes a session with its flows and messages; its pictures stay.
pub async fn delete_session(tools: &Tools, id: &SessionId) -> Result<CollectionSession, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::session::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Session, id))?;
    let open = db::generation::get_session_progress(&mut tx, id).await?.open();
    if open > 0 {
        return Err(refused(format!(
            "{open} pictures of session {id} are queued or in progress; run: store-sync sessions cancel {id}"
        )));
    }
    db::session::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(found)
}
