//! Users and their memberships in clients.

use serde::Serialize;

use super::{ClientId, MemberId, Time, UserId};

/// Roles that have a meaning here. Older rows hold any text, so a role is stored as text.
pub const ROLES: &[&str] = &["owner", "admin", "member", "viewer"];

/// One row of `user`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub email_verified: bool,
    pub created_at: Time,
    pub updated_at: Time,
}

/// One row of `member`, with the user's name and e-mail address.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Member {
    pub id: MemberId,
    pub client_id: ClientId,
    pub user_id: UserId,
    pub role: String,
    pub name: String,
    pub email: String,
    pub created_at: Time,
}
