//! Flows: attempts with fixed settings.

use super::{client, merge_chosen, own_images, own_products, refused, stale};
use crate::{
    db,
    model::{Failure, FlowId, FlowInput, GenerationFlow, Noun, PRODUCTS_PER_FLOW, merge_settings},
    tools::Tools,
};

/// Creates a flow, in a session or standalone. In a session it defaults to the session's client.
pub async fn create_flow(tools: &Tools, input: &FlowInput) -> Result<GenerationFlow, Failure> {
    let mut tx = tools.db.begin().await?;
    let session = match &input.collection_session_id {
        Some(id) => Some(db::session::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Session, id))?),
        None => None,
    };
    let owner = input.client_id.as_ref().or(session.as_ref().map(|session| &session.client_id));
    let client = client(&mut tx, owner).await?;
    check(input)?;
    own_products(&mut tx, &client.id, input.product_ids.as_deref().unwrap_or_default()).await?;
    own_images(&mut tx, &client.id, input.selected_base_images.as_ref()).await?;
    let id: FlowId = tools.outside.new_id();
    if !db::flow::insert(&mut tx, &id, &client.id, input, tools.outside.clock.now()).await? {
        return Err(refused(format!("the session is not one of client {}", client.id)));
    }
    let flow = db::flow::find(&mut tx, &id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(flow)
}

/// Updates the given fields; settings are merged into the present ones. `version` is the version that the caller
/// read; without it the present one.
pub async fn update_flow(
    tools: &Tools,
    id: &FlowId,
    version: Option<i32>,
    input: &FlowInput,
) -> Result<GenerationFlow, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::flow::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Flow, id))?;
    let moved = input.collection_session_id.is_some() && input.collection_session_id != found.collection_session_id;
    if moved || input.client_id.as_ref().is_some_and(|client| *client != found.client_id) {
        return Err(refused("a flow's session and client cannot change"));
    }
    check(input)?;
    own_products(&mut tx, &found.client_id, input.product_ids.as_deref().unwrap_or_default()).await?;
    own_images(&mut tx, &found.client_id, input.selected_base_images.as_ref()).await?;
    let mut change = input.clone();
    change.selected_base_images = merge_chosen(&found.selected_base_images, input.selected_base_images.as_ref());
    if let Some(over) = &input.settings {
        let mut settings = found.settings.0.as_object().cloned().unwrap_or_default();
        merge_settings(&mut settings, over);
        change.settings = Some(settings);
    }
    let version = version.unwrap_or(found.version);
    if !db::flow::update(&mut tx, id, version, &change, tools.outside.clock.now()).await? {
        return Err(stale("flow", id, found.version));
    }
    let flow = db::flow::find(&mut tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(flow)
}

/// Deletes a flow; its pictures stay.
pub async fn delete_flow(tools: &Tools, id: &FlowId) -> Result<GenerationFlow, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::flow::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Flow, id))?;
    let now = tools.outside.clock.now();
    // Serialises this with generation requests for the same flow.
    db::generation::lock_flow(&mut tx, id, now).await?;
    let open = db::generation::get_progress(&mut tx, id).await?.open();
    if open > 0 {
        return Err(refused(format!(
            "{open} pictures of flow {id} are queued or in progress; run: store-sync flows cancel {id}"
        )));
    }
    db::flow::delete(&mut tx, id, now).await?;
    if let Some(session) = &found.collection_session_id {
        db::generation::finish_session(&mut tx, session, now).await?;
    }
    tx.commit().await?;
    Ok(found)
}

fn check(input: &FlowInput) -> Result<(), Failure> {
    match input.product_ids.as_ref().map(Vec::len) {
        Some(many) if many > PRODUCTS_PER_FLOW => Err(refused(format!(
            "{many} products do not fit into one picture: a flow takes at most {PRODUCTS_PER_FLOW}"
        ))),
        _ => Ok(()),
    }
}
