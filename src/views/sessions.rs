//! Sessions, with their flows, inspirations and messages.

use serde::Serialize;

use super::MOST_ON_A_CARD;
use crate::{
    db::{self, Tx, flow::FlowFilter, message::Parent, session::SessionFilter},
    model::{CollectionSession, Failure, GenerationFlow, Inspiration, Message, Noun, SessionId},
    tools::Tools,
};

/// A session with its flows, inspirations and messages.
#[derive(Debug, Clone, Serialize)]
pub struct SessionCard {
    #[serde(flatten)]
    pub session: CollectionSession,
    pub flows: Vec<GenerationFlow>,
    pub inspirations: Vec<Inspiration>,
    /// Oldest first.
    pub messages: Vec<Message>,
}

/// Sessions, by id.
pub async fn sessions(tools: &Tools, filter: &SessionFilter, limit: i64) -> sqlx::Result<Vec<CollectionSession>> {
    let mut tx = tools.db.read().await?;
    db::session::list(&mut tx, filter, limit).await
}

/// A session with its flows, inspirations and messages.
pub async fn session_card(tools: &Tools, id: &SessionId) -> Result<SessionCard, Failure> {
    let mut tx = tools.db.read().await?;
    let session = find_session(&mut tx, id).await?;
    let flows = FlowFilter { session: Some(id.clone()), ..FlowFilter::default() };
    Ok(SessionCard {
        session,
        flows: db::flow::list(&mut tx, &flows, MOST_ON_A_CARD).await?,
        inspirations: db::inspiration::list(&mut tx, id).await?,
        messages: db::message::list(&mut tx, &Parent::Session(id.clone()), None, MOST_ON_A_CARD).await?,
    })
}

pub(super) async fn find_session(tx: &mut Tx, id: &SessionId) -> Result<CollectionSession, Failure> {
    db::session::find(tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Session, id))
}
