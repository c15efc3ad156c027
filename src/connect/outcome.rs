//! Tells who waits for a connect that it was refused: the command line knows nothing of it but the link that it printed.

use super::start::fingerprint;
use crate::{
    db::{self, oauth_state::ConnectRefusal},
    model::{Failure, FailureKind, Remedy, ShopAnswer},
    tools::Tools,
};

/// Passes the result of a connect on; records a failure with its state. Only what the shop or the merchant said ends a wait:
/// callers pass no failure that a stranger can cause, and none after which the connect goes on.
pub(super) async fn record<T>(tools: &Tools, state_hash: &str, result: Result<T, Failure>) -> Result<T, Failure> {
    if let Err(failure) = &result
        && failure.kind != FailureKind::Database
        && let Err(error) = mark(tools, state_hash, failure).await
    {
        tracing::warn!("who waits for a refused connect is not told: {error}");
    }
    result
}

async fn mark(tools: &Tools, state_hash: &str, failure: &Failure) -> sqlx::Result<()> {
    let refusal = ConnectRefusal {
        code: failure.code().to_owned(),
        message: failure.message.clone(),
        may_pass: matches!(failure.remedy(), Remedy::Retry(_)),
    };
    let mut tx = tools.db.begin().await?;
    db::oauth_state::mark_refused(&mut tx, state_hash, &refusal).await?;
    tx.commit().await
}

/// Returns why the latest connect that was begun by a link was refused, if it was. `signature` is the link's.
pub async fn link_refusal(tools: &Tools, signature: &str) -> Result<Option<Failure>, Failure> {
    let mut tx = tools.db.read().await?;
    let refusal = db::oauth_state::find_refusal(&mut tx, &fingerprint(signature)).await?;
    Ok(refusal.map(|ConnectRefusal { code, message, may_pass }| {
        let answer = if may_pass { ShopAnswer::Down } else { ShopAnswer::Refused };
        Failure::new(FailureKind::shop_says(answer, &code), format!("the shop was not connected: {message}"))
    }))
}
