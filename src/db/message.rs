//! Messages of sessions and chats.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, execute, maybe};
use crate::model::{ChatId, Message, MessageId, SessionId, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, chat_session_id, collection_session_id, role, parts, base_image_id, base_image_ids, inspiration_image_id, \
             version, created_at, updated_at FROM message ",
            $rest
        )
    };
}

/// The parent of a message.
#[derive(Debug, Clone)]
pub enum Parent {
    Chat(ChatId),
    Session(SessionId),
}

impl Parent {
    fn ids(&self) -> (Option<&ChatId>, Option<&SessionId>) {
        match self {
            Self::Chat(id) => (Some(id), None),
            Self::Session(id) => (None, Some(id)),
        }
    }
}

/// Inserts a message; `false` if the parent does not exist.
pub async fn insert(
    tx: &mut Tx,
    id: &MessageId,
    parent: &Parent,
    role: &str,
    parts: &Value,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO message (id, chat_session_id, collection_session_id, role, parts, version, created_at, updated_at, from_legacy) \
               SELECT $1, $2, $3, $4, $5, 1, $6, $6, false WHERE EXISTS (SELECT 1 FROM chat_session WHERE id = $2) \
               OR EXISTS (SELECT 1 FROM collection_session WHERE id = $3)";
    let (chat, session) = parent.ids();
    Ok(execute!(tx, sql, id, chat, session, role, Json(parts), now)? == 1)
}

/// Returns a message.
pub async fn find(tx: &mut Tx, id: &MessageId) -> sqlx::Result<Option<Message>> {
    maybe!(tx, Message, columns!("WHERE id = $1"), id)
}

/// Lists the messages of a parent in order, after `after`.
pub async fn list(tx: &mut Tx, parent: &Parent, after: Option<&Message>, limit: i64) -> sqlx::Result<Vec<Message>> {
    let sql = columns!(
        "WHERE (chat_session_id = $1 OR collection_session_id = $2) AND (created_at > $3 OR (created_at = $3 AND id > $4)) \
         ORDER BY created_at, id LIMIT $5"
    );
    let (chat, session) = parent.ids();
    let (time, id) = after.map_or((Time::from_unix_ms(0), ""), |message| (message.created_at, message.id.as_str()));
    all!(tx, Message, sql, chat, session, time, id, limit)
}
