//! Users and their memberships in clients.

use super::{Tx, all, execute, maybe};
use crate::model::{ClientId, Member, MemberId, Time, User, UserId};

/// Inserts a user; `false` if the e-mail address is taken.
pub async fn insert_user(tx: &mut Tx, id: &UserId, name: &str, email: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO \"user\" (id, name, email, email_verified, created_at, updated_at) VALUES ($1, $2, $3, false, $4, $4) \
               ON CONFLICT (email) DO NOTHING";
    Ok(execute!(tx, sql, id, name, email, now)? == 1)
}

/// Returns a user by id or e-mail address.
pub async fn find_user(tx: &mut Tx, id_or_email: &str) -> sqlx::Result<Option<User>> {
    let sql = "SELECT id, name, email, email_verified, created_at, updated_at FROM \"user\" WHERE id = $1 OR email = $1 LIMIT 1";
    maybe!(tx, User, sql, id_or_email)
}

/// Adds a member to a client; `false` if either does not exist, or the user is already a member.
pub async fn insert(
    tx: &mut Tx,
    id: &MemberId,
    client: &ClientId,
    user: &UserId,
    role: &str,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO member (id, client_id, user_id, role, created_at, updated_at) SELECT $1, c.id, u.id, $4, $5, $5 \
               FROM client c JOIN \"user\" u ON u.id = $3 WHERE c.id = $2 ON CONFLICT (client_id, user_id) DO NOTHING";
    Ok(execute!(tx, sql, id, client, user, role, now)? == 1)
}

/// Lists the members of a client.
pub async fn list(tx: &mut Tx, client: &ClientId) -> sqlx::Result<Vec<Member>> {
    let sql = "SELECT m.id, m.client_id, m.user_id, m.role, u.name, u.email, m.created_at FROM member m \
               JOIN \"user\" u ON u.id = m.user_id WHERE m.client_id = $1 ORDER BY m.id";
    all!(tx, Member, sql, client)
}

/// Changes a member's role.
pub async fn update(tx: &mut Tx, client: &ClientId, user: &UserId, role: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE member SET role = $3, updated_at = $4 WHERE client_id = $1 AND user_id = $2";
    Ok(execute!(tx, sql, client, user, role, now)? == 1)
}

/// Removes a member from a client, with the user's favourites there.
pub async fn delete(tx: &mut Tx, client: &ClientId, user: &UserId) -> sqlx::Result<bool> {
    let favorites = "DELETE FROM user_favorite WHERE user_id = $2 AND ((entity_type = 'product' AND entity_id IN \
                     (SELECT id FROM product WHERE client_id = $1)) OR (entity_type = 'generation_flow' AND entity_id IN \
                     (SELECT id FROM generation_flow WHERE client_id = $1)))";
    execute!(tx, favorites, client, user)?;
    Ok(execute!(tx, "DELETE FROM member WHERE client_id = $1 AND user_id = $2", client, user)? == 1)
}
