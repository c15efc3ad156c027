//! What clients used of a month, and what they may.

use serde::Serialize;

use super::clients::client;
use crate::{
    db::{self, ledger::By},
    model::{ClientId, Failure, FailureKind, Quota, Time, UsageSum},
    tools::Tools,
};

/// What a client used of a month, and what it may.
#[derive(Debug, Clone, Serialize)]
pub struct UsageCard {
    pub client_id: ClientId,
    /// `YYYY-MM`.
    pub month: String,
    /// `None` if it has no plan.
    pub plan: Option<String>,
    /// Pictures that were asked for.
    pub generation_count: i32,
    /// `None` means unlimited.
    pub monthly_generation_limit: Option<i32>,
    pub stored_bytes: i64,
    /// `None` means unlimited.
    pub storage_quota_mb: Option<i32>,
    /// Millionths of a US dollar, settled.
    pub usd_micros: i64,
    /// Millionths of a US dollar, reserved and not settled yet.
    pub reserved_usd_micros: i64,
    pub analyses: i64,
    /// The budget that models are paid from, which all clients share; `None` without a model.
    pub budget: Option<String>,
    pub budget_usd_micros: Option<i64>,
    pub budget_cap_usd_micros: Option<i64>,
}

/// What the client with this id or slug used of a month, or of the present one.
///
/// # Errors
/// `bad_month` if that is none.
pub async fn usage(tools: &Tools, id_or_slug: &str, month: Option<String>) -> Result<UsageCard, Failure> {
    let (client, month) = about(tools, id_or_slug, month).await?;
    let mut tx = tools.db.read().await?;
    let used = db::quota::find_usage(&mut tx, &client, &month).await?;
    let quota = db::quota::find(&mut tx, &client).await?;
    let limit = |of: fn(&Quota) -> i32| quota.as_ref().map(of).filter(|limit| *limit >= 0);
    let kinds = db::ledger::list_sums(&mut tx, &client, &month, By::Kind, 10).await?;
    let sum = |of: fn(&UsageSum) -> i64| kinds.iter().map(of).sum::<i64>();
    let budget = tools.engines.model.as_ref().map(|model| model.budget());
    let spent = match &budget {
        Some(budget) => Some(db::ledger::get_spending(&mut tx, budget, &month).await?),
        None => None,
    };
    Ok(UsageCard {
        plan: quota.as_ref().map(|quota| quota.plan.clone()),
        generation_count: used.map_or(0, |usage| usage.generation_count),
        monthly_generation_limit: limit(|quota| quota.monthly_generation_limit),
        stored_bytes: db::ledger::get_stored_bytes(&mut tx, &client).await?,
        storage_quota_mb: limit(|quota| quota.storage_quota_mb),
        usd_micros: sum(|sum| sum.usd_micros),
        reserved_usd_micros: sum(|sum| sum.reserved_usd_micros),
        analyses: sum(|sum| sum.analyses),
        budget,
        budget_usd_micros: spent,
        budget_cap_usd_micros: tools.policy.month_cap_usd_micros,
        client_id: client,
        month,
    })
}

/// The sums of a client's month, the most expensive first.
///
/// # Errors
/// `bad_month` if that is none.
pub async fn usage_sums(
    tools: &Tools,
    id_or_slug: &str,
    month: Option<String>,
    by: By,
    limit: i64,
) -> Result<Vec<UsageSum>, Failure> {
    let (client, month) = about(tools, id_or_slug, month).await?;
    let mut tx = tools.db.read().await?;
    Ok(db::ledger::list_sums(&mut tx, &client, &month, by, limit).await?)
}

/// The client and month that are meant.
async fn about(tools: &Tools, id_or_slug: &str, month: Option<String>) -> Result<(ClientId, String), Failure> {
    let client = client(tools, id_or_slug).await?.id;
    let month = month.unwrap_or_else(|| tools.outside.clock.now().month());
    match Time::parse(&format!("{month}-01T00:00:00Z")) {
        Some(time) if time.month() == month => Ok((client, month)),
        _ => Err(Failure::new(FailureKind::BadMonth, format!("'{month}' is not a month: write 2026-03"))),
    }
}
