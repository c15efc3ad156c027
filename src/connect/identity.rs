//! What a shop states about itself: read again before a whole pass and by checks, since merchants change it.

use super::save::same_shop;
use crate::{
    db::{self, Tx, connection::ShopIdentity},
    model::{Connection, Facts, Failure, FailureKind, Time},
    provider::{self, ShopClient, ShopFacts},
};

/// A shop's identity as it states it now.
pub struct ReadIdentity {
    /// Its answer.
    pub shop: ShopFacts,
    /// All its facts, with the new ones.
    pub facts: Facts,
    /// Which facts are others than those stored, in words.
    pub changed: Option<String>,
}

/// Asks a shop who it is.
///
/// # Errors
/// `other_shop` if another one answers than the one that was connected.
pub async fn read_identity(client: &ShopClient, connection: &Connection) -> Result<ReadIdentity, Failure> {
    let shop = provider::probe(client).await?;
    same_shop(connection.external_store_id.as_deref(), shop.external_id.as_deref())?;
    let mut facts = client.facts().clone();
    facts.extend(shop.facts.clone());
    if client.provider().store_url(&facts)? != client.provider().store_url(client.facts())? {
        let text =
            format!("the shop at {} calls itself by another address now: connect it again", connection.store_url);
        return Err(Failure::new(FailureKind::OtherShop, text));
    }
    let changed = changes(client.facts(), &shop.facts);
    Ok(ReadIdentity { shop, facts, changed })
}

impl ReadIdentity {
    /// Stores it. Every product may depend on a fact that changed, its price's currency above all: the next pass reads
    /// all of them, from the beginning, since an unfinished one would mix old and new.
    pub async fn save(&self, tx: &mut Tx, connection: &Connection, now: Time) -> sqlx::Result<()> {
        if self.changed.is_some() {
            db::cursor::require_full(tx, &connection.id).await?;
        }
        let name = self.shop.name.as_deref();
        let named = name.is_none() || name == connection.store_name.as_deref();
        if named && self.facts == connection.facts.0 {
            return Ok(());
        }
        let identity = ShopIdentity { name, external_id: self.shop.external_id.as_deref(), facts: &self.facts };
        db::connection::update_identity(tx, &connection.id, &identity, now).await
    }
}

/// The facts that differ; one that was not known before is no difference.
fn changes(known: &Facts, read: &Facts) -> Option<String> {
    let differs = |(name, now): (&String, &serde_json::Value)| {
        let before = known.get(name).filter(|before| *before != now)?;
        let shown = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(format!("{name} is {} and was {}", shown(now), shown(before)))
    };
    let all: Vec<String> = read.iter().filter_map(differs).collect();
    (!all.is_empty()).then(|| format!("the shop has changed: {}", all.join(", ")))
}
