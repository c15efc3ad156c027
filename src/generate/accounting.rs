//! Accounting: pictures, storage and money are reserved before any call, then settled at the actual cost, or released.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    db::{
        self, Tx,
        ledger::{MonthBudget, NewEntry, Paid},
    },
    model::{
        Asset, AssetId, ClientId, Failure, FailureKind, Product, Time, Usage, UsageEntry, UsageKind, UsageStatus,
        dollars,
    },
    paint::PriceBound,
    tools::{Lease, Tools},
};

/// The estimated size of a picture and its original until they exist.
const GUESS_BYTES: i64 = 2 << 20;

/// A reservation for an analysis older than this belongs to a process that ended.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// A cost to reserve.
pub(super) struct Reservation<'a> {
    pub kind: UsageKind,
    pub asset: Option<&'a AssetId>,
    pub product: Option<&'a Product>,
    /// The budget, and the most it may cost in millionths of a US dollar; `None` if it costs nothing.
    pub money: Option<(String, i64)>,
}

/// The budget, and the most that one picture may cost. A hard cap needs a price: without one, the request is refused.
pub(super) fn picture_money(
    tools: &Tools,
    price: Option<PriceBound>,
    size: &str,
) -> Result<Option<(String, i64)>, Failure> {
    let Some(PriceBound { budget, at_most, model }) = price else { return Ok(None) };
    if at_most.is_none() && tools.policy.month_cap_usd_micros.is_some() {
        let text = format!(
            "[gemini] usd_per_month is set, and [gemini.prices] does not name {model} and its fallback at {size}: without a price the \
             month's money cannot be kept"
        );
        return Err(Failure::new(FailureKind::NoPrice, text));
    }
    Ok(Some((budget, at_most.unwrap_or(0))))
}

/// Reserves pictures whose rows exist: quota, storage and money, all or nothing, with a ledger entry each.
pub(super) async fn reserve(
    tools: &Tools,
    tx: &mut Tx,
    client: &ClientId,
    reservations: &[Reservation<'_>],
) -> Result<(), Failure> {
    let now = tools.outside.clock.now();
    let month = now.month();
    let count = i32::try_from(reservations.len()).unwrap_or(i32::MAX);
    let usage = Usage { client_id: client.clone(), month: month.clone(), generation_count: count };
    let quota = db::quota::find(tx, client).await?;
    let limit = quota.as_ref().map_or(-1, |quota| quota.monthly_generation_limit);
    // First, since it locks the client's row: a concurrent request waits here, and then sees these reservations.
    if !db::quota::reserve(tx, &tools.outside.new_id::<String>(), &usage, limit, now).await? {
        let text = format!(
            "{count} more pictures are more than the client's {limit} a month leave; see: store-sync usage {client}, and \
             store-sync clients plan"
        );
        return Err(Failure::new(FailureKind::QuotaExceeded, text));
    }
    let room = quota.as_ref().map_or(-1, |quota| i64::from(quota.storage_quota_mb));
    if room >= 0 {
        let taken = db::ledger::get_stored_bytes(tx, client).await?
            + db::ledger::count_ordered(tx, client).await? * GUESS_BYTES;
        if taken > room << 20 {
            let text = format!(
                "the client's pictures would take about {} MB, and its limit is {room} MB; delete some and run: store-sync assets \
                 tidy --delete, or see: store-sync clients plan",
                taken >> 20
            );
            return Err(Failure::new(FailureKind::StorageExceeded, text));
        }
    }
    write(tools, tx, client, reservations, &usage.month).await.map(drop)
}

/// Reserves the money and inserts the entries; returns their ids.
async fn write(
    tools: &Tools,
    tx: &mut Tx,
    client: &ClientId,
    reservations: &[Reservation<'_>],
    month: &str,
) -> Result<Vec<String>, Failure> {
    let now = tools.outside.clock.now();
    let budget = reservations.iter().find_map(|reservation| reservation.money.as_ref());
    if let Some((budget, _)) = budget {
        let sum =
            reservations.iter().filter_map(|reservation| reservation.money.as_ref()).map(|(_, price)| price).sum();
        let cap = tools.policy.month_cap_usd_micros;
        if !db::ledger::reserve_money(tx, MonthBudget { budget, month }, sum, cap, now).await? {
            let left = cap.unwrap_or(0) - db::ledger::get_spending(tx, budget, month).await?;
            let text = format!(
                "this would cost up to ${}, and ${} of this month's money are left ([gemini] usd_per_month)",
                dollars(sum),
                dollars(left.max(0))
            );
            return Err(Failure::new(FailureKind::MoneyCap, text));
        }
    }
    let entries: Vec<NewEntry<'_>> = reservations
        .iter()
        .map(|reservation| NewEntry {
            id: tools.outside.new_id(),
            client,
            connection: reservation.product.and_then(|product| product.store_connection_id.as_ref()),
            product: reservation.product.map(|product| &product.id),
            asset: reservation.asset,
            month,
            kind: reservation.kind,
            budget: reservation.money.as_ref().map(|(budget, _)| budget.as_str()),
            reserved: reservation.money.as_ref().map_or(0, |(_, price)| *price),
        })
        .collect();
    db::ledger::insert(tx, &entries, now).await?;
    Ok(entries.into_iter().map(|entry| entry.id).collect())
}

/// Reserves an analysis, which no quota limits; returns its entry.
pub(super) async fn reserve_analysis(
    tools: &Tools,
    client: &ClientId,
    reservation: Reservation<'_>,
) -> Result<UsageEntry, Failure> {
    let mut tx = tools.db.begin().await?;
    let ids = write(tools, &mut tx, client, &[reservation], &tools.outside.clock.now().month()).await?;
    let id = ids.first().map_or("", String::as_str);
    let entry = db::ledger::find(&mut tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(entry)
}

/// Settles an analysis; `lost`: it is unknown whether it has to be paid for.
pub(super) async fn settle_analysis(
    tools: &Tools,
    entry: &UsageEntry,
    paid: Option<&Paid<'_>>,
    lost: bool,
) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    match paid {
        Some(paid) => db::ledger::mark_settled(&mut tx, entry, paid, now).await?,
        None if lost => db::ledger::mark_lost(&mut tx, entry, now).await?,
        None => db::ledger::mark_released(&mut tx, entry, now).await?,
    };
    tx.commit().await
}

/// Records a call of the model for a picture, before it is made; returns its time, under which the answer is recorded.
/// An earlier call of unknown outcome (killed process, broken connection, a slower worker still waiting) counts as
/// paid: the cap limits what may have been spent, not what is known. `price` is the most it may cost today.
///
/// # Errors
/// `stale` if nothing is reserved any more: cancelled, or made by another worker. `money_cap` if the month's money does
/// not cover it. `lease_lost` if the job is another worker's.
pub(super) async fn call(tools: &Tools, lease: Option<&Lease>, asset: &Asset, price: i64) -> Result<Time, Failure> {
    let (now, cap) = (tools.outside.clock.now(), tools.policy.month_cap_usd_micros);
    let month = now.month();
    let spent = |what: &str| Failure::new(FailureKind::MoneyCap, format!("{what} ([gemini] usd_per_month)"));
    let mut tx = tools.db.begin().await?;
    Lease::hold_if_any(lease, &mut tx).await?;
    let entry = db::ledger::lock_reserved(&mut tx, &asset.id).await?;
    let entry = entry.ok_or_else(|| {
        Failure::new(
            FailureKind::Stale,
            "nothing is reserved for this picture any more: it was cancelled, or made meanwhile",
        )
    })?;
    if entry.budget.is_none() {
        return Err(Failure::new(FailureKind::Stale, "no money is reserved for this picture: request it again"));
    }
    if let (Some(_), Some(budget)) = (entry.called_at, &entry.budget) {
        let reserved = entry.reserved_usd_micros;
        if !db::ledger::reserve_money(&mut tx, MonthBudget { budget, month: &month }, reserved, cap, now).await? {
            return Err(spent("an answer of the model was lost, and this month's money does not cover another call"));
        }
        let lost = NewEntry {
            id: tools.outside.new_id(),
            client: &entry.client_id,
            connection: entry.store_connection_id.as_ref(),
            product: entry.product_id.as_ref(),
            asset: Some(&asset.id),
            month: &month,
            kind: entry.kind,
            budget: Some(budget),
            reserved,
        };
        db::ledger::insert(&mut tx, std::slice::from_ref(&lost), now).await?;
        let lost = db::ledger::find(&mut tx, &lost.id).await?.ok_or(sqlx::Error::RowNotFound)?;
        db::ledger::mark_lost(&mut tx, &lost, now).await?;
    }
    // Requested in another month, or at a lower price: the reservation moves to the month and price of the call.
    let moved = entry.month != month || entry.reserved_usd_micros < price;
    if moved && !db::ledger::move_reservation(&mut tx, &entry, &month, price, cap, now).await? {
        return Err(spent("this month's money does not cover what was requested before"));
    }
    db::ledger::mark_called(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(now)
}

/// Records a call that failed with a known outcome: it is free.
pub(super) async fn record_refusal(tools: &Tools, asset: &Asset, at: Time) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    db::ledger::mark_answered(&mut tx, &asset.id, at).await?;
    Ok(tx.commit().await?)
}

/// Releases the reservations of pictures that are not made, in few statements; unanswered calls count as paid.
pub(super) async fn release_all(tools: &Tools, tx: &mut Tx, client: &ClientId, assets: &[AssetId]) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    let entries = db::ledger::mark_all_released(tx, assets, now).await?;
    let (mut months, mut money) = (BTreeMap::new(), BTreeMap::new());
    for entry in &entries {
        // Pictures count in the month of their request, wherever their money has moved.
        *months.entry(entry.created_at.month()).or_insert(0) += 1;
        if let (UsageStatus::Released, Some(budget)) = (entry.status, &entry.budget) {
            *money.entry((budget, &entry.month)).or_insert(0) += entry.reserved_usd_micros;
        }
    }
    // Quota before money: the lock order of `reserve`.
    for (month, generation_count) in months {
        let usage = Usage { client_id: client.clone(), month, generation_count };
        db::quota::release(tx, &usage, now).await?;
    }
    for ((budget, month), sum) in money {
        db::ledger::release_money(tx, MonthBudget { budget, month }, sum, now).await?;
    }
    Ok(())
}

/// Counts analyses of ended processes as paid, as nobody knows; returns how many.
pub(super) async fn expire_stale(tools: &Tools) -> sqlx::Result<usize> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.read().await?;
    let forgotten = db::ledger::list_forgotten(&mut tx, now.minus(FORGOTTEN), 500).await?;
    drop(tx);
    if forgotten.is_empty() {
        return Ok(0);
    }
    let mut tx = tools.db.begin().await?;
    for entry in &forgotten {
        db::ledger::mark_lost(&mut tx, entry, now).await?;
    }
    tx.commit().await?;
    Ok(forgotten.len())
}

/// Settles the reservation of a finished picture at the actual cost.
pub(super) async fn settle(tools: &Tools, tx: &mut Tx, asset: &AssetId, paid: &Paid<'_>) -> sqlx::Result<()> {
    let Some(entry) = db::ledger::lock_reserved(tx, asset).await? else { return Ok(()) };
    db::ledger::mark_settled(tx, &entry, paid, tools.outside.clock.now()).await.map(drop)
}

/// Releases what a picture not made had reserved; unanswered calls count as paid.
pub(super) async fn release(tools: &Tools, tx: &mut Tx, asset: &Asset) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    let entry = db::ledger::lock_reserved(tx, &asset.id).await?;
    // Counted in the month of its request, wherever its money moved.
    let month = entry.as_ref().map_or(asset.created_at, |entry| entry.created_at).month();
    let usage = Usage { client_id: asset.client_id.clone(), month, generation_count: 1 };
    db::quota::release(tx, &usage, now).await?;
    match entry {
        Some(entry) if entry.called_at.is_some() => db::ledger::mark_lost(tx, &entry, now).await.map(drop),
        Some(entry) => db::ledger::mark_released(tx, &entry, now).await.map(drop),
        None => Ok(()),
    }
}
