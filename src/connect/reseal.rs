//! Reseals every grant with the current key: while daemons run, in batches, idempotent.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{older::needed_key, save::seal_plaintext};
use crate::{
    db,
    model::{ConnectionId, Failure, FailureKind},
    tools::Tools,
    vault::{Binding, FORMAT},
};

/// Rows per transaction.
const BATCH: i64 = 100;

/// The result.
#[derive(Debug, Default, Serialize)]
pub struct Resealed {
    /// The current key.
    pub key_id: String,
    pub resealed: usize,
    /// Grants that cannot be unsealed, with the reason; unchanged.
    pub broken: Vec<Unopened>,
}

/// A grant that cannot be unsealed.
#[derive(Debug, Serialize)]
pub struct Unopened {
    pub connection: ConnectionId,
    pub why: String,
}

/// Reseals grants with another key or an older format. If it is killed, the next call continues; a grant that is
/// refreshed meanwhile is left alone, since the refresh seals it too.
pub async fn reseal(tools: &Tools) -> Result<Resealed, Failure> {
    let mut done = Resealed { key_id: tools.vault.current_key_id(), ..Resealed::default() };
    let mut after = ConnectionId::from("");
    loop {
        let mut tx = tools.db.begin().await?;
        let rows = db::grant::list_sealed_otherwise(&mut tx, &done.key_id, FORMAT, &after, BATCH).await?;
        if rows.is_empty() {
            return Ok(done);
        }
        for row in rows {
            let binding = [row.id.as_str(), row.client_id.as_str(), row.store_type.as_str()];
            match tools.vault.unseal(&Binding(&binding), &row.sealed) {
                Ok(plaintext) => {
                    let sealed = seal_plaintext(tools, &binding, &plaintext);
                    let written = db::grant::replace_seal(&mut tx, &row.id, &row.sealed.iv, &sealed).await?;
                    done.resealed += usize::from(written);
                }
                Err(error) => done.broken.push(Unopened { connection: row.id.clone(), why: error.to_string() }),
            }
            after = row.id;
        }
        tx.commit().await?;
    }
}

/// Fails if the ring cannot unseal samples of the stored grants: better at startup than at the first call. One damaged
/// sample of ours beside a readable one is tolerated.
pub async fn prove_keys(tools: &Tools) -> Result<(), Failure> {
    let mut tx = tools.db.read().await?;
    let samples = db::grant::list_sealed_samples(&mut tx).await?;
    let mut refused: BTreeMap<&str, String> = BTreeMap::new();
    let mut opened: BTreeSet<&str> = BTreeSet::new();
    for row in &samples {
        let binding = [row.id.as_str(), row.client_id.as_str(), row.store_type.as_str()];
        match tools.vault.unseal(&Binding(&binding), &row.sealed) {
            Ok(_) => drop(opened.insert(&row.sealed.key_id)),
            Err(_) if row.sealed.is_older() => {
                let shops = samples.iter().filter(|other| other.sealed.key_id == row.sealed.key_id).count();
                return Err(Failure::new(FailureKind::WrongKey, needed_key(tools, &row.sealed, shops)));
            }
            Err(error) => drop(refused.insert(&row.sealed.key_id, format!("connection {}: {error}", row.id))),
        }
    }
    match refused.iter().find(|(key, _)| !opened.contains(*key)) {
        None => Ok(()),
        Some((key, why)) => Err(Failure::new(
            FailureKind::WrongKey,
            format!(
                "the key ring does not open what key '{key}' sealed ({why}); give the daemon the ring that this database was used with"
            ),
        )),
    }
}
