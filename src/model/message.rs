//! A message by a user or the assistant, in a session or a chat.

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;

use super::{ChatId, MessageId, SessionId, Time};

/// One row of `message`. It has exactly one parent.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Message {
    pub id: MessageId,
    pub chat_session_id: Option<ChatId>,
    pub collection_session_id: Option<SessionId>,
    /// `user` or `assistant`.
    pub role: String,
    /// Text, image and prompt-settings parts, with every key they were sent with.
    pub parts: Json<Value>,
    pub base_image_id: Option<String>,
    pub base_image_ids: Option<Json<Value>>,
    /// A file in the session's media folder.
    pub inspiration_image_id: Option<String>,
    pub version: i32,
    pub created_at: Time,
    pub updated_at: Time,
}

/// The parts of a message that is text alone.
pub fn text_parts(text: &str) -> Value {
    json!([{ "type": "text", "text": text }])
}
