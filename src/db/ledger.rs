//! Ledger entries and monthly spending. A reservation is one conditional statement, so that no two callers spend the
//! same last cent.

use super::{
    Tx, all, among,
    bulk::{self, Column, TextList, each},
    execute, maybe,
};
use crate::model::{AssetId, ClientId, ConnectionId, ProductId, Time, UsageEntry, UsageKind, UsageSum};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, client_id, store_connection_id, product_id, generated_asset_id, month, kind, status, budget, \
             reserved_usd_micros, usd_micros, model, input_tokens, output_tokens, created_at, called_at, settled_at FROM usage_entry ",
            $rest
        )
    };
}

/// A cost to reserve.
pub struct NewEntry<'a> {
    pub id: String,
    pub client: &'a ClientId,
    pub connection: Option<&'a ConnectionId>,
    pub product: Option<&'a ProductId>,
    pub asset: Option<&'a AssetId>,
    pub month: &'a str,
    pub kind: UsageKind,
    pub budget: Option<&'a str>,
    /// Millionths of a US dollar.
    pub reserved: i64,
}

/// The money of a month: a row of `spending`.
#[derive(Debug, Clone, Copy)]
pub struct MonthBudget<'a> {
    pub budget: &'a str,
    pub month: &'a str,
}

/// The actual cost.
#[derive(Debug, Clone, Default)]
pub struct Paid<'a> {
    /// Millionths of a US dollar.
    pub usd_micros: i64,
    pub model: &'a str,
    /// Input and output tokens of the model; `None` if they are not counted.
    pub tokens: Option<(i64, i64)>,
}

/// Inserts reservations.
pub async fn insert(tx: &mut Tx, entries: &[NewEntry<'_>], now: Time) -> sqlx::Result<()> {
    for chunk in entries.chunks(bulk::ROWS) {
        let columns = [
            ("id", each(chunk, |entry| entry.id.as_str())),
            ("client_id", each(chunk, |entry| entry.client.as_str())),
            ("store_connection_id", each(chunk, |entry| entry.connection.map(ConnectionId::as_str))),
            ("product_id", each(chunk, |entry| entry.product.map(ProductId::as_str))),
            ("generated_asset_id", each(chunk, |entry| entry.asset.map(AssetId::as_str))),
            ("month", each(chunk, |entry| entry.month)),
            ("kind", each(chunk, |entry| entry.kind.as_str())),
            ("status", Column::Sql("'reserved'")),
            ("budget", each(chunk, |entry| entry.budget)),
            ("reserved_usd_micros", each(chunk, |entry| entry.reserved)),
            ("usd_micros", Column::Sql("0")),
            ("created_at", Column::Same(&now)),
        ];
        bulk::insert(tx, "usage_entry", &columns, chunk.len(), "").await?;
    }
    Ok(())
}

/// Returns the open reservation of an output.
pub async fn find_reserved(tx: &mut Tx, asset: &AssetId) -> sqlx::Result<Option<UsageEntry>> {
    maybe!(tx, UsageEntry, columns!("WHERE generated_asset_id = $1 AND status = 'reserved' ORDER BY id LIMIT 1"), asset)
}

/// Returns an entry.
pub async fn find(tx: &mut Tx, id: &str) -> sqlx::Result<Option<UsageEntry>> {
    maybe!(tx, UsageEntry, columns!("WHERE id = $1"), id)
}

/// Returns the open reservation of an output, locked until this transaction ends: a concurrent caller waits, and then
/// sees the new state.
pub async fn lock_reserved(tx: &mut Tx, asset: &AssetId) -> sqlx::Result<Option<UsageEntry>> {
    let sql =
        "UPDATE usage_entry SET settled_at = NULL WHERE generated_asset_id = $1 AND status = 'reserved' RETURNING id";
    let Some((id,)) = maybe!(tx, (String,), sql, asset)? else { return Ok(None) };
    find(tx, &id).await
}

/// Records that the model is called now for a locked reservation.
pub async fn mark_called(tx: &mut Tx, entry: &UsageEntry, at: Time) -> sqlx::Result<()> {
    execute!(tx, "UPDATE usage_entry SET called_at = $2 WHERE id = $1 AND status = 'reserved'", &entry.id, at).map(drop)
}

/// Records that the call made at `at` was answered; a later call by somebody else stays open.
pub async fn mark_answered(tx: &mut Tx, asset: &AssetId, at: Time) -> sqlx::Result<()> {
    let sql = "UPDATE usage_entry SET called_at = NULL WHERE generated_asset_id = $1 AND status = 'reserved' AND called_at = $2";
    execute!(tx, sql, asset, at).map(drop)
}

/// Moves a reservation to another month or price, with its money; `false` if `cap` would be exceeded.
pub async fn move_reservation(
    tx: &mut Tx,
    entry: &UsageEntry,
    month: &str,
    price: i64,
    cap: Option<i64>,
    now: Time,
) -> sqlx::Result<bool> {
    let Some(budget) = &entry.budget else { return Ok(true) };
    move_money(tx, entry, -entry.reserved_usd_micros, now).await?;
    if !reserve_money(tx, MonthBudget { budget, month }, price, cap, now).await? {
        return Ok(false);
    }
    let sql = "UPDATE usage_entry SET month = $2, reserved_usd_micros = $3 WHERE id = $1 AND status = 'reserved'";
    execute!(tx, sql, &entry.id, month, price).map(|_| true)
}

/// Closes the reservations of outputs that are not made: without a call they are released, with an unanswered call
/// they count as paid. Returns the entries in their new state; the caller releases the money with `release_money`.
pub async fn mark_all_released(tx: &mut Tx, assets: &[AssetId], now: Time) -> sqlx::Result<Vec<UsageEntry>> {
    let sql = among!(
        tx,
        "UPDATE usage_entry SET status = CASE WHEN called_at IS NULL THEN 'released' ELSE 'settled' END, \
         kind = CASE WHEN called_at IS NULL THEN kind ELSE 'lost' END, \
         usd_micros = CASE WHEN called_at IS NULL THEN 0 ELSE reserved_usd_micros END, settled_at = $1 \
         WHERE status = 'reserved' AND generated_asset_id",
        "$2",
        " RETURNING id, client_id, store_connection_id, product_id, generated_asset_id, month, kind, status, budget, \
         reserved_usd_micros, usd_micros, model, input_tokens, output_tokens, created_at, called_at, settled_at"
    );
    all!(tx, UsageEntry, sql, now, TextList::new(assets))
}

/// Releases reserved money.
pub async fn release_money(tx: &mut Tx, of: MonthBudget<'_>, usd_micros: i64, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE spending SET usd_micros = usd_micros - $3, updated_at = $4 WHERE budget = $1 AND month = $2";
    execute!(tx, sql, of.budget, of.month, usd_micros, now).map(drop)
}

/// Settles a reservation as lost: the money may have been spent, without a result; `false` if it is already settled
/// or released.
pub async fn mark_lost(tx: &mut Tx, entry: &UsageEntry, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE usage_entry SET kind = 'lost', status = 'settled', usd_micros = reserved_usd_micros, settled_at = $2 \
               WHERE id = $1 AND status = 'reserved'";
    Ok(execute!(tx, sql, &entry.id, now)? == 1)
}

/// Lists reservations of analyses older than `before`, which no job settles: their process ended.
pub async fn list_forgotten(tx: &mut Tx, before: Time, limit: i64) -> sqlx::Result<Vec<UsageEntry>> {
    let sql = columns!(
        "WHERE status = 'reserved' AND kind IN ('product_analysis', 'scene_analysis') AND created_at < $1 ORDER BY id LIMIT $2"
    );
    all!(tx, UsageEntry, sql, before, limit)
}

/// Lists the entries of a client's month, oldest first.
pub async fn list(tx: &mut Tx, client: &ClientId, month: &str, limit: i64) -> sqlx::Result<Vec<UsageEntry>> {
    all!(tx, UsageEntry, columns!("WHERE client_id = $1 AND month = $2 ORDER BY id LIMIT $3"), client, month, limit)
}

/// Settles a reservation at its actual cost; `false` if it is already settled or released.
pub async fn mark_settled(tx: &mut Tx, entry: &UsageEntry, paid: &Paid<'_>, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE usage_entry SET status = 'settled', usd_micros = $2, model = $3, input_tokens = $4, output_tokens = $5, \
               settled_at = $6 WHERE id = $1 AND status = 'reserved'";
    let (input, output) = paid.tokens.unzip();
    if execute!(tx, sql, &entry.id, paid.usd_micros, paid.model, input, output, now)? == 0 {
        return Ok(false);
    }
    move_money(tx, entry, paid.usd_micros - entry.reserved_usd_micros, now).await?;
    Ok(true)
}

/// Releases a reservation that was not used; `false` if it is already settled or released.
pub async fn mark_released(tx: &mut Tx, entry: &UsageEntry, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE usage_entry SET status = 'released', settled_at = $2 WHERE id = $1 AND status = 'reserved'";
    if execute!(tx, sql, &entry.id, now)? == 0 {
        return Ok(false);
    }
    move_money(tx, entry, -entry.reserved_usd_micros, now).await?;
    Ok(true)
}

async fn move_money(tx: &mut Tx, entry: &UsageEntry, by: i64, now: Time) -> sqlx::Result<()> {
    match &entry.budget {
        Some(budget) if by != 0 => release_money(tx, MonthBudget { budget, month: &entry.month }, -by, now).await,
        _ => Ok(()),
    }
}

/// Reserves money of a month, all or nothing; `false` if `cap` (`None`: unlimited) would be exceeded.
pub async fn reserve_money(
    tx: &mut Tx,
    of: MonthBudget<'_>,
    usd_micros: i64,
    cap: Option<i64>,
    now: Time,
) -> sqlx::Result<bool> {
    let first = "INSERT INTO spending (budget, month, usd_micros, updated_at) VALUES ($1, $2, 0, $3) ON CONFLICT (budget, month) DO NOTHING";
    execute!(tx, first, of.budget, of.month, now)?;
    let take = "UPDATE spending SET usd_micros = usd_micros + $3, updated_at = $4 \
                WHERE budget = $1 AND month = $2 AND ($5 < 0 OR usd_micros + $3 <= $5)";
    Ok(execute!(tx, take, of.budget, of.month, usd_micros, now, cap.unwrap_or(-1))? == 1)
}

/// Returns what is spent and reserved of a month's money, in millionths of a US dollar.
pub async fn get_spending(tx: &mut Tx, budget: &str, month: &str) -> sqlx::Result<i64> {
    let row: Option<(i64,)> =
        maybe!(tx, (i64,), "SELECT usd_micros FROM spending WHERE budget = $1 AND month = $2", budget, month)?;
    Ok(row.map_or(0, |(sum,)| sum))
}

/// The dimension of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Shop,
    Product,
    Model,
    Picture,
    Kind,
}

macro_rules! sums {
    ($column:literal) => {
        concat!(
            "SELECT ", $column, " AS what, \
             CAST(sum(CASE WHEN status = 'settled' AND kind IN ('image', 'edit') THEN 1 ELSE 0 END) AS BIGINT) AS pictures, \
             CAST(sum(CASE WHEN status = 'settled' AND kind IN ('product_analysis', 'scene_analysis') THEN 1 ELSE 0 END) AS BIGINT) AS analyses, \
             CAST(sum(usd_micros) AS BIGINT) AS usd_micros, \
             CAST(sum(CASE WHEN status = 'reserved' THEN reserved_usd_micros ELSE 0 END) AS BIGINT) AS reserved_usd_micros \
             FROM usage_entry WHERE client_id = $1 AND month = $2 AND status <> 'released' GROUP BY ", $column, " ORDER BY 4 DESC, 2 DESC, 1 LIMIT $3"
        )
    };
}

/// Lists the sums of a client's month, the most expensive first.
pub async fn list_sums(tx: &mut Tx, client: &ClientId, month: &str, by: By, limit: i64) -> sqlx::Result<Vec<UsageSum>> {
    let sql = match by {
        By::Shop => sums!("store_connection_id"),
        By::Product => sums!("product_id"),
        By::Model => sums!("model"),
        By::Picture => sums!("generated_asset_id"),
        By::Kind => sums!("kind"),
    };
    all!(tx, UsageSum, sql, client, month, limit)
}

/// Returns the bytes that a client's outputs occupy, originals included; deleted ones count until their bytes are gone.
pub async fn get_stored_bytes(tx: &mut Tx, client: &ClientId) -> sqlx::Result<i64> {
    let sql = "SELECT CAST(coalesce(sum(coalesce(byte_size, 0) + coalesce(original_byte_size, 0)), 0) AS BIGINT) \
               FROM generated_asset WHERE client_id = $1";
    let row: Option<(i64,)> = maybe!(tx, (i64,), sql, client)?;
    Ok(row.map_or(0, |(sum,)| sum))
}

/// Returns the number of a client's outputs that are queued or in progress.
pub async fn count_ordered(tx: &mut Tx, client: &ClientId) -> sqlx::Result<i64> {
    let sql = "SELECT count(*) FROM generated_asset WHERE client_id = $1 AND status IN ('pending', 'generating') AND deleted_at IS NULL";
    let row: Option<(i64,)> = maybe!(tx, (i64,), sql, client)?;
    Ok(row.map_or(0, |(count,)| count))
}
