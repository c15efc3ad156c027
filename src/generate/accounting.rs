//! The account: pictures, storage and money are reserved before any call, then settled at the actual cost, or released.

use std::{collections::BTreeMap, time::Duration};

use super::{Engine, run::hold};
use crate::{
    db::{
        self, Tx,
        ledger::{NewEntry, Paid},
    },
    model::{
        Asset, AssetId, ClientId, Failure, FailureKind, Product, Time, Usage, UsageEntry, UsageKind, UsageStatus,
        dollars,
    },
    tools::{Lease, Tools},
};

/// What a picture and its original are taken to weigh until they are there.
const GUESS_BYTES: i64 = 2 << 20;

/// A reservation of an analysis older than this belongs to a process that ended.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// Something that is going to be paid for.
pub(super) struct Reservation<'a> {
    pub kind: UsageKind,
    pub asset: Option<&'a AssetId>,
    pub product: Option<&'a Product>,
    /// The most it may cost, in millionths of a US dollar, and whose money that is; none where it costs nothing.
    pub money: Option<(String, i64)>,
}

/// The most that one picture may cost, and whose money that is. A hard cap needs a price: without one nothing is asked for.
pub(super) fn picture_money(
    tools: &Tools,
    engine: Engine,
    kind: UsageKind,
    (model, fallback): (Option<&str>, Option<&str>),
    size: &str,
) -> Result<Option<(String, i64)>, Failure> {
    let (Engine::Gemini, Some(gemini)) = (engine, &tools.gemini) else { return Ok(None) };
    let price = match kind {
        UsageKind::Edit => gemini.dearest_edit(Some(size)),
        _ => gemini.dearest(model, fallback, Some(size)),
    };
    match price {
        Some(price) => Ok(Some((gemini.budget(), price))),
        None if tools.policy.month_cap_usd_micros.is_some() => {
            let named = if kind == UsageKind::Edit { &gemini.edit_model } else { model.unwrap_or(&gemini.model) };
            let text = format!(
                "[gemini] usd_per_month is set, and [gemini.prices] does not name {named} and its fallback at {size}: without a \
                 price the month's money cannot be kept"
            );
            Err(Failure::new(FailureKind::NoPrice, text))
        }
        None => Ok(Some((gemini.budget(), 0))),
    }
}

/// Reserves pictures whose rows exist: the client's count, its storage, the month's money; all or nothing, with an entry
/// each.
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
    // First, since it takes the client's row: a concurrent request waits here, and then sees these reservations.
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
    write(tools, tx, client, reservations, &month).await.map(drop)
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
        if !db::ledger::reserve_money(tx, (budget, month), sum, cap, now).await? {
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

/// Reserves an analysis, which counts for no picture; returns its entry.
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

/// An analysis came to an end; `lost` says that nobody knows whether it is to be paid for.
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

/// The model is about to be asked for a picture; gives the time of the question, which its answer is noted under. Where it was asked before
/// and nobody knows what came of that (the process was killed, the connection broke, a slower worker asks still), that call counts as paid: the
/// cap holds against what may have been spent, not against what was seen. `price` is what it may cost today.
///
/// # Errors
/// `stale` if nothing is reserved any more: it was cancelled, or made by another worker. `money_cap` if the month's money does not cover it.
pub(super) async fn call(tools: &Tools, lease: Option<&Lease>, asset: &Asset, price: i64) -> Result<Time, Failure> {
    let (now, cap) = (tools.outside.clock.now(), tools.policy.month_cap_usd_micros);
    let month = now.month();
    let spent = |what: &str| Failure::new(FailureKind::MoneyCap, format!("{what} ([gemini] usd_per_month)"));
    let mut tx = tools.db.begin().await?;
    hold(lease, &mut tx).await?;
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
        if !db::ledger::reserve_money(&mut tx, (budget, &month), reserved, cap, now).await? {
            return Err(spent("an answer of the model was lost, and this month's money does not cover another call"));
        }
        let id = tools.outside.new_id::<String>();
        let lost = NewEntry {
            id: id.clone(),
            client: &entry.client_id,
            connection: entry.store_connection_id.as_ref(),
            product: entry.product_id.as_ref(),
            asset: Some(&asset.id),
            month: &month,
            kind: entry.kind,
            budget: Some(budget),
            reserved,
        };
        db::ledger::insert(&mut tx, &[lost], now).await?;
        let lost = db::ledger::find(&mut tx, &id).await?.ok_or(sqlx::Error::RowNotFound)?;
        db::ledger::mark_lost(&mut tx, &lost, now).await?;
    }
    // Requested in another month, or with another price list: the reservation moves to where the money is spent.
    let moved = entry.month != month || entry.reserved_usd_micros < price;
    if moved && !db::ledger::move_reservation(&mut tx, &entry, (&month, price), cap, now).await? {
        return Err(spent("this month's money does not cover what was requested before"));
    }
    db::ledger::mark_called(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(now)
}

/// The model refused: its answer is known, and costs nothing.
pub(super) async fn record_refusal(tools: &Tools, asset: &Asset, at: Time) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    db::ledger::mark_answered(&mut tx, &asset.id, at).await?;
    Ok(tx.commit().await?)
}

/// Pictures that are not made: their clients' counts and the money are free again, in a few statements however many they are.
pub(super) async fn release_all(tools: &Tools, tx: &mut Tx, client: &ClientId, assets: &[AssetId]) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    let entries = db::ledger::mark_all_released(tx, assets, now).await?;
    let (mut months, mut money) = (BTreeMap::new(), BTreeMap::new());
    for entry in &entries {
        // Pictures count in the month in which they were ordered, wherever their money went since.
        *months.entry(entry.created_at.month()).or_insert(0) += 1;
        if let (UsageStatus::Released, Some(budget)) = (entry.status, &entry.budget) {
            *money.entry((budget, &entry.month)).or_insert(0) += entry.reserved_usd_micros;
        }
    }
    // The counts before the money, as whoever orders takes them.
    for (month, generation_count) in months {
        let usage = Usage { client_id: client.clone(), month, generation_count };
        db::quota::release(tx, &usage, now).await?;
    }
    for ((budget, month), sum) in money {
        db::ledger::release_money(tx, (budget, month), sum, now).await?;
    }
    Ok(())
}

/// Analyses whose process ended count as paid: nobody knows. Gives how many.
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

/// A picture was made: its reservation is settled at the actual cost.
pub(super) async fn settle(tools: &Tools, tx: &mut Tx, asset: &AssetId, paid: &Paid<'_>) -> sqlx::Result<()> {
    let Some(entry) = db::ledger::lock_reserved(tx, asset).await? else { return Ok(()) };
    db::ledger::mark_settled(tx, &entry, paid, tools.outside.clock.now()).await.map(drop)
}

/// A picture was not made: its client's count and the money are free again.
pub(super) async fn release(tools: &Tools, tx: &mut Tx, asset: &Asset) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    let entry = db::ledger::lock_reserved(tx, &asset.id).await?;
    // Counted when it was ordered, wherever its money went since.
    let month = entry.as_ref().map_or(asset.created_at, |entry| entry.created_at).month();
    let usage = Usage { client_id: asset.client_id.clone(), month, generation_count: 1 };
    db::quota::release(tx, &usage, now).await?;
    match entry {
        Some(entry) if entry.called_at.is_some() => db::ledger::mark_lost(tx, &entry, now).await.map(drop),
        Some(entry) => db::ledger::mark_released(tx, &entry, now).await.map(drop),
        None => Ok(()),
    }
}
