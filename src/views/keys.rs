//! The vault's keys, with what each seals.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{db, tools::Tools};

/// A key of the vault, without its bytes.
#[derive(Debug, Clone, Serialize)]
pub struct KeyRow {
    pub key_id: String,
    /// Whether it is the current one, which seals what is new.
    pub seals: bool,
    /// Grants sealed with it, and connects in progress.
    pub sealed: i64,
    /// Whether the vault has it. Without it, what it sealed stays closed.
    pub in_ring: bool,
}

/// The keys of the vault, the current one first, then those that it lacks.
pub async fn keys(tools: &Tools) -> sqlx::Result<Vec<KeyRow>> {
    let mut tx = tools.db.read().await?;
    let mut counts: BTreeMap<String, i64> = db::grant::list_key_counts(&mut tx).await?.into_iter().collect();
    for (key, count) in db::oauth_state::list_key_counts(&mut tx, tools.outside.clock.now()).await? {
        *counts.entry(key).or_default() += count;
    }
    let ring = tools.vault.key_ids();
    let mut rows: Vec<KeyRow> = ring
        .iter()
        .enumerate()
        .map(|(place, id)| KeyRow {
            key_id: id.clone(),
            seals: place == 0,
            sealed: counts.remove(id).unwrap_or(0),
            in_ring: true,
        })
        .collect();
    rows.extend(counts.into_iter().map(|(key_id, sealed)| KeyRow { key_id, seals: false, sealed, in_ring: false }));
    Ok(rows)
}
