//! The ledger: the reserved and the actual costs of pictures and analyses.

use serde::Serialize;

use super::{AssetId, ClientId, ConnectionId, ProductId, Time, words};

words! {
    /// What was paid for.
    UsageKind {
        Image = "image",
        Edit = "edit",
        ProductAnalysis = "product_analysis",
        SceneAnalysis = "scene_analysis",
        /// A call whose response never arrived: it may have been charged, so it counts as charged.
        Lost = "lost",
    }
}

words! {
    /// The state of an entry.
    UsageStatus {
        /// Reserved before the call.
        Reserved = "reserved",
        /// Made; the actual cost is known.
        Settled = "settled",
        /// Not made; cost nothing.
        Released = "released",
    }
}

/// One row of `usage_entry`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct UsageEntry {
    pub id: String,
    pub client_id: ClientId,
    pub store_connection_id: Option<ConnectionId>,
    pub product_id: Option<ProductId>,
    pub generated_asset_id: Option<AssetId>,
    /// `YYYY-MM`, of the time of the reservation.
    pub month: String,
    pub kind: UsageKind,
    pub status: UsageStatus,
    /// The budget that is charged: a key of a model. `None` if nothing is paid for.
    pub budget: Option<String>,
    /// Millionths of a US dollar.
    pub reserved_usd_micros: i64,
    /// Millionths of a US dollar; 0 until it is settled.
    pub usd_micros: i64,
    pub model: Option<String>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub created_at: Time,
    /// When the model was called, as long as no response is known.
    pub called_at: Option<Time>,
    pub settled_at: Option<Time>,
}

/// Formats millionths of a US dollar as dollars: to a tenth of a cent, or to the last non-zero digit.
pub fn dollars(usd_micros: i64) -> String {
    let text = format!("{}.{:06}", usd_micros / 1_000_000, (usd_micros % 1_000_000).abs());
    let most = text.trim_end_matches('0').len();
    text[..most.max(text.len() - 3)].to_owned()
}

/// The entries of a month, summed by one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct UsageSum {
    /// A shop, product, model or picture; `None` for entries without one.
    pub what: Option<String>,
    /// Pictures and edits that were made.
    pub pictures: i64,
    pub analyses: i64,
    /// Millionths of a US dollar, settled.
    pub usd_micros: i64,
    /// Millionths of a US dollar, reserved and not settled yet.
    pub reserved_usd_micros: i64,
}

#[cfg(test)]
mod tests {
    use super::dollars;

    #[test]
    fn money_is_written_as_people_do() {
        for (micros, text) in
            [(0, "0.000"), (67_000, "0.067"), (12_340_000, "12.340"), (537, "0.000537"), (1_000_050, "1.00005")]
        {
            assert_eq!(dollars(micros), text);
        }
    }
}
