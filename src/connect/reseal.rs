//! Seals every grant anew under the key that seals now: beside running daemons, in batches, and as often as it is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{older::needed_key, save::seal_plaintext};
use crate::{
    db,
    model::{ConnectionId, Failure, FailureKind},
    tools::Tools,
    vault::{Binding, FORMAT},
};

/// Rows looked at in one transaction.
const BATCH: i64 = 100;

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct Resealed {
    /// The key that seals.
    pub key_id: String,
    pub resealed: usize,
    /// Grants that do not open, with the reason. They stay as they are.
    pub broken: Vec<Unopened>,
}

/// A grant that does not open.
#[derive(Debug, Serialize)]
pub struct Unopened {
    pub connection: ConnectionId,
    pub why: String,
}

/// Seals anew what another key or an older form seals. Killed anywhere, the next call goes on with what is left; a grant that
/// is renewed meanwhile is left alone, since whoever renewed it sealed it too.
pub async fn reseal(tools: &Tools) -> Result<Resealed, Failure> {
    let mut done = Resealed { key_id: tools.vault.current_key_id(), ..Resealed::default() };
    let mut after = ConnectionId::from("");
    loop {
        let mut tx = tools.db.begin().await?;
        let rows = db::grant::list_sealed_otherwise(&mut tx, &done.key_id, FORMAT, &after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(done) };
        after = last.id.clone();
        for row in &rows {
            let binding = [row.id.as_str(), row.client_id.as_str(), row.store_type.as_str()];
            match tools.vault.unseal(&Binding(&binding), &row.sealed) {
                Ok(plaintext) => {
                    let sealed = seal_plaintext(tools, &binding, &plaintext);
                    let written = db::grant::replace_seal(&mut tx, &row.id, &row.sealed.iv, &sealed).await?;
                    done.resealed += usize::from(written);
                }
                Err(error) => done.broken.push(Unopened { connection: row.id.clone(), why: error.to_string() }),
            }
        }
        tx.commit().await?;
    }
}

/// Refuses a key ring that does not open what is sealed: better at the start than at the first call. A single row that is
/// spoilt among others is not the ring's fault.
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
