//! Disconnects shops: deletes the webhook subscriptions and revokes the grant if possible, erases it, keeps the history.

use crate::{
    db,
    model::{Connection, ConnectionId, ConnectionStatus, Failure, FailureKind, Noun},
    provider,
    tools::Shared,
};

/// The result of a disconnect.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Disconnected {
    pub connection: ConnectionId,
    /// Whether the shop confirmed that the grant is revoked.
    pub revoked_at_shop: bool,
    /// Why it is not, and what else stays at the shop, for the operator.
    pub note: Option<String>,
}

/// Disconnects a shop. The secret is erased here even if the shop does not respond.
pub async fn disconnect(tools: &Shared, id: &ConnectionId) -> Result<Disconnected, Failure> {
    let mut tx = tools.db.read().await?;
    let connection = db::connection::find(&mut tx, id).await?;
    let connection = connection.ok_or_else(|| Failure::not_found(Noun::Connection, id))?;
    let alike = db::connection::list_by_shop(&mut tx, &connection.store_type, &connection.store_url).await?;
    drop(tx);
    if connection.status == ConnectionStatus::Disconnected {
        let note = "it was disconnected before: nothing can be ended from here any more; what was left at the shop, that answer said";
        let note = Some(note.to_owned());
        return Ok(Disconnected { connection: connection.id, revoked_at_shop: false, note });
    }
    let is_shared = alike.iter().any(|other| other.id != connection.id);
    // First, while the grant still works.
    let left = unsubscribe(tools, &connection, is_shared).await;
    let revoked = revoke(tools, &connection, is_shared).await;
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    db::connection::mark_disconnected(&mut tx, id, now).await?;
    db::webhook::delete_subscriptions(&mut tx, id).await?;
    db::job::cancel_pending(&mut tx, id, now).await?;
    db::cursor::drop_pass(&mut tx, id).await?;
    tx.commit().await?;
    let by_hand = |why: &str| Some(format!("{why}: {}", by_hand(tools, &connection)));
    let kept = match &revoked {
        Ok(PermissionEnd::ByCall) => None,
        Ok(PermissionEnd::Shared) => {
            Some("another client is connected to this shop: what the shop gave to the app stays for it".to_owned())
        }
        Ok(PermissionEnd::NoCall) => by_hand("no call ends what the shop gave"),
        Err(failure) => by_hand(&failure.to_string()),
    };
    let notes: Vec<String> = left.err().map(|why| webhooks_stay(&why)).into_iter().chain(kept).collect();
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    let revoked_at_shop = matches!(revoked, Ok(PermissionEnd::ByCall));
    Ok(Disconnected { connection: connection.id, revoked_at_shop, note })
}

/// What became of the permission at the shop.
enum PermissionEnd {
    ByCall,
    NoCall,
    /// The call would end that of another client, too.
    Shared,
}

fn webhooks_stay(why: &Failure) -> String {
    format!("its webhook subscriptions may be left at the shop ({why}): delete them in the shop's settings")
}

/// Deletes the shop's webhook subscriptions there, as far as it takes them; stops at the first failure.
async fn unsubscribe(tools: &Shared, connection: &Connection, is_shared: bool) -> Result<(), Failure> {
    let mut tx = tools.db.read().await?;
    let made = db::webhook::list_subscriptions(&mut tx, &connection.id).await?;
    drop(tx);
    let provider = tools.provider(&connection.store_type)?;
    // One URL for all: the shop's deliveries are those of another client's connection, too.
    if made.is_empty() || provider.webhook_names_shop() && is_shared {
        return Ok(());
    }
    let url = provider.webhook_url(&tools.policy.public_url, Some(&connection.id));
    let shop = super::shop_client(tools, connection, None)?;
    let known = made.into_iter().filter_map(|made| made.external_webhook_id);
    let ids: Vec<String> = match provider::subscriptions(&shop).await? {
        Some(listed) => {
            let known: Vec<String> = known.collect();
            listed.into_iter().filter(|one| one.leads_to(&url) || known.contains(&one.id)).map(|one| one.id).collect()
        }
        None => known.collect(),
    };
    for id in ids {
        if !provider::unsubscribe(&shop, &id).await? {
            return Err(Failure::new(FailureKind::NoUndo, "its provider's file has no call that deletes them"));
        }
    }
    Ok(())
}

async fn revoke(tools: &Shared, connection: &Connection, is_shared: bool) -> Result<PermissionEnd, Failure> {
    let provider = tools.provider(&connection.store_type)?;
    if is_shared && provider.leaving_ends_all() {
        return Ok(PermissionEnd::Shared);
    }
    if !provider.ends_permissions() {
        return Ok(PermissionEnd::NoCall);
    }
    let is_ended = provider::revoke(&super::shop_client(tools, connection, None)?).await?;
    Ok(if is_ended { PermissionEnd::ByCall } else { PermissionEnd::NoCall })
}

/// What a person has to do at the shop. Its provider may be known no longer.
fn by_hand<'t>(tools: &'t Shared, connection: &Connection) -> &'t str {
    let told = tools.provider(&connection.store_type).ok().and_then(|provider| provider.leave_by_hand());
    told.unwrap_or("remove the app or the key in the shop's settings")
}
