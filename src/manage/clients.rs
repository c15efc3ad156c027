//! Clients, their members and their limits.

use super::{client, refused, stale};
use crate::{
    db,
    model::{Client, ClientId, ConnectionStatus, Failure, Member, Noun, Plan, Quota, ROLES, UserId},
    tools::Tools,
};

/// Adds a client; without a slug it gets one derived from its name.
pub async fn add_client(tools: &Tools, name: &str, slug: Option<String>) -> Result<Client, Failure> {
    let slug = slug.unwrap_or_else(|| slug_of(name));
    if name.trim().is_empty() || slug.is_empty() {
        return Err(refused("a client needs a name with letters or digits in it"));
    }
    let mut tx = tools.db.begin().await?;
    if let Some(other) = db::client::find(&mut tx, &slug).await? {
        let text = format!("the slug '{slug}' is taken by client {}; give another --slug", other.name);
        return Err(refused(text));
    }
    let id: ClientId = tools.outside.new_id();
    db::client::insert(&mut tx, &id, name.trim(), Some(&slug), tools.outside.clock.now()).await?;
    let client = client(&mut tx, Some(&id)).await?;
    tx.commit().await?;
    Ok(client)
}

fn slug_of(name: &str) -> String {
    let plain = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect::<String>();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Changes a client's name or slug. `version` is the version that the caller read; without it the present one.
pub async fn update_client(
    tools: &Tools,
    id: &ClientId,
    version: Option<i32>,
    name: Option<&str>,
    slug: Option<&str>,
) -> Result<Client, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = client(&mut tx, Some(id)).await?;
    if name.is_some_and(|name| name.trim().is_empty()) {
        return Err(refused("a client needs a name"));
    }
    if let Some(slug) = slug {
        let other = db::client::find(&mut tx, slug).await?.filter(|other| other.id != found.id);
        if let Some(other) = other {
            return Err(refused(format!("the slug '{slug}' is taken by client {}", other.name)));
        }
    }
    let version = version.unwrap_or(found.version);
    if !db::client::update(&mut tx, &found.id, version, name, slug, tools.outside.clock.now()).await? {
        return Err(stale("client", &found.id, found.version));
    }
    let client = client(&mut tx, Some(&found.id)).await?;
    tx.commit().await?;
    Ok(client)
}

/// Deletes a client with everything it owns. Its shops must be disconnected first: their grants belong to the merchant.
pub async fn delete_client(tools: &Tools, id: &ClientId) -> Result<Client, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = client(&mut tx, Some(id)).await?;
    let shops = db::connection::list(&mut tx, Some(&found.id), None, i64::from(i32::MAX)).await?;
    if let Some(shop) = shops.iter().find(|shop| shop.status != ConnectionStatus::Disconnected) {
        return Err(refused(format!(
            "{} is still connected to {}; run: store-sync connections disconnect {}",
            found.name, shop.store_url, shop.id
        )));
    }
    db::client::delete(&mut tx, &found.id).await?;
    tx.commit().await?;
    Ok(found)
}

/// Adds a user as a member of a client, or changes the member's role. Creates the user if no user has that e-mail
/// address.
pub async fn add_member(
    tools: &Tools,
    id: &ClientId,
    email: &str,
    name: Option<&str>,
    role: &str,
) -> Result<Vec<Member>, Failure> {
    if !ROLES.contains(&role) {
        return Err(refused(format!("'{role}' is not one of: {}", ROLES.join(", "))));
    }
    let (now, email) = (tools.outside.clock.now(), email.trim().to_lowercase());
    if !email.contains('@') {
        return Err(refused(format!("'{email}' is not an e-mail address")));
    }
    let mut tx = tools.db.begin().await?;
    let client = client(&mut tx, Some(id)).await?;
    let user = if let Some(user) = db::member::find_user(&mut tx, &email).await? {
        user.id
    } else {
        let user: UserId = tools.outside.new_id();
        db::member::insert_user(&mut tx, &user, name.unwrap_or(&email), &email, now).await?;
        user
    };
    if !db::member::insert(&mut tx, &tools.outside.new_id(), &client.id, &user, role, now).await? {
        db::member::update(&mut tx, &client.id, &user, role, now).await?;
    }
    let members = db::member::list(&mut tx, &client.id).await?;
    tx.commit().await?;
    Ok(members)
}

/// Removes a member of a client; the user stays.
pub async fn remove_member(tools: &Tools, id: &ClientId, email: &str) -> Result<Vec<Member>, Failure> {
    let mut tx = tools.db.begin().await?;
    let client = client(&mut tx, Some(id)).await?;
    let user = db::member::find_user(&mut tx, email).await?;
    let user = user.ok_or_else(|| Failure::not_found(Noun::User, email))?;
    if !db::member::delete(&mut tx, &client.id, &user.id).await? {
        return Err(refused(format!("{email} is not a member of {}", client.name)));
    }
    let members = db::member::list(&mut tx, &client.id).await?;
    tx.commit().await?;
    Ok(members)
}

/// Sets a client's limits to a plan's.
pub async fn set_plan(tools: &Tools, id: &ClientId, plan: Plan) -> Result<Quota, Failure> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let client = client(&mut tx, Some(id)).await?;
    let (monthly_generation_limit, storage_quota_mb, max_products) = plan.limits();
    let quota = Quota {
        client_id: client.id,
        plan: plan.as_str().to_owned(),
        monthly_generation_limit,
        storage_quota_mb,
        max_products,
        updated_at: now,
    };
    db::quota::upsert(&mut tx, &tools.outside.new_id::<String>(), &quota, now).await?;
    let quota = db::quota::find(&mut tx, &quota.client_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(quota)
}
