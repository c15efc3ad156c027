//! People and their places at clients.

use super::{Tx, all, execute, maybe};
use crate::model::{ClientId, Member, MemberId, Time, User, UserId};

/// A person; false where the address is taken.
pub async fn insert_user(tx: &mut Tx, id: &UserId, name: &str, email: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO \"user\" (id, name, email, email_verified, created_at, updated_at) VALUES ($1, $2, $3, false, $4, $4) \
               ON CONFLICT (email) DO NOTHING";
    Ok(execute!(tx, sql, id, name, email, now)? == 1)
}

/// A person by id or address.
pub async fn find_user(tx: &mut Tx, id_or_email: &str) -> sqlx::Result<Option<User>> {
    let sql = "SELECT id, name, email, email_verified, created_at, updated_at FROM \"user\" WHERE id = $1 OR email = $1 LIMIT 1";
    maybe!(tx, User, sql, id_or_email)
}

/// Gives a person a place at a client; false where one of them does not exist, or the person has one already.
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

/// The people of a client.
pub async fn list(tx: &mut Tx, client: &ClientId) -> sqlx::Result<Vec<Member>> {
    let sql = "SELECT m.id, m.client_id, m.user_id, m.role, u.name, u.email, m.created_at FROM member m \
               JOIN \"user\" u ON u.id = m.user_id WHERE m.client_id = $1 ORDER BY m.id";
    all!(tx, Member, sql, client)
}

/// Another role.
pub async fn update(tx: &mut Tx, client: &ClientId, user: &UserId, role: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE member SET role = $3, updated_at = $4 WHERE client_id = $1 AND user_id = $2";
    Ok(execute!(tx, sql, client, user, role, now)? == 1)
}

/// Takes a person's place at a client; also the favourites the person has there.
pub async fn delete(tx: &mut Tx, client: &ClientId, user: &UserId) -> sqlx::Result<bool> {
    let favorites = "DELETE FROM user_favorite WHERE user_id = $2 AND ((entity_type = 'product' AND entity_id IN \
                     (SELECT id FROM product WHERE client_id = $1)) OR (entity_type = 'generation_flow' AND entity_id IN \
                     (SELECT id FROM generation_flow WHERE client_id = $1)))";
    execute!(tx, favorites, client, user)?;
    Ok(execute!(tx, "DELETE FROM member WHERE client_id = $1 AND user_id = $2", client, user)? == 1)
}
