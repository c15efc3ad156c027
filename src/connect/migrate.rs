//! Exchanges non-expiring tokens for refreshable ones, without the merchant, where a platform retires the older kind.

use serde::Serialize;

use super::keys::{How, read, refresh_by};
use crate::{
    db,
    model::{Connection, ConnectionId, ConnectionStatus, Failure, FailureKind, Time},
    tools::Shared,
};

/// The result for one connection.
#[derive(Debug, Clone, Serialize)]
pub struct Migrated {
    pub id: ConnectionId,
    pub store_type: String,
    pub store_url: String,
    /// `migrated`, `would_migrate`, `already`, `failed` or `skipped`.
    pub outcome: &'static str,
    pub token_expires_at: Option<Time>,
    /// Why, and what to do.
    pub note: Option<String>,
}

/// Migrates every connection whose provider offers it (or those of one provider), one after another. Idempotent: the
/// next call continues with the rest, and repeats an exchange that got no response.
pub async fn migrate_tokens(tools: &Shared, provider: Option<&str>, dry_run: bool) -> Result<Vec<Migrated>, Failure> {
    if let Some(key) = provider {
        let known = tools.provider(key)?;
        if !known.migrates_tokens() {
            let text = format!("{} has no older tokens to migrate", known.name());
            return Err(Failure::new(FailureKind::NothingToMigrate, text));
        }
    }
    let mut tx = tools.db.read().await?;
    let all = db::connection::list(&mut tx, None, None, i64::from(i32::MAX)).await?;
    drop(tx);
    let mut report = Vec::new();
    for connection in all {
        let offered = tools.provider(&connection.store_type).is_ok_and(|known| known.migrates_tokens());
        if offered && provider.is_none_or(|key| key == connection.store_type) {
            report.push(migrate(tools, connection, dry_run).await);
        }
    }
    Ok(report)
}

async fn migrate(tools: &Shared, connection: Connection, dry_run: bool) -> Migrated {
    let (outcome, token_expires_at, note) = match attempt(tools, &connection, dry_run).await {
        Ok((outcome, end, note)) => (outcome, end, note),
        Err(failure) => ("failed", connection.token_expires_at, Some(failure.message)),
    };
    Migrated {
        id: connection.id,
        store_type: connection.store_type,
        store_url: connection.store_url,
        outcome,
        token_expires_at,
        note,
    }
}

async fn attempt(
    tools: &Shared,
    connection: &Connection,
    dry_run: bool,
) -> Result<(&'static str, Option<Time>, Option<String>), Failure> {
    if !matches!(connection.status, ConnectionStatus::Active | ConnectionStatus::Error) {
        let note = format!(
            "the connection is {}: it takes a token that is renewed when it is connected again",
            connection.status
        );
        return Ok(("skipped", connection.token_expires_at, Some(note)));
    }
    let (_, grant) = read(tools, &connection.id).await?;
    if grant.secret("refresh").is_some() {
        return Ok(("already", grant.expires_at, None));
    }
    if dry_run {
        return Ok(("would_migrate", grant.expires_at, Some("the old token is revoked by the exchange".to_owned())));
    }
    let fresh = refresh_by(tools, &connection.id, grant.version, How::Exchange).await?;
    Ok(("migrated", fresh.expires_at, None))
}
