//! A client: the tenant that owns everything else.

use serde::Serialize;

use super::{ClientId, Time};

/// A brand or shop owner; one row of `client`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    pub slug: Option<String>,
    pub logo: Option<String>,
    pub version: i32,
    pub created_at: Time,
    pub updated_at: Time,
}
