//! What is going on, at a glance: the shops and the latest runs.

use serde::Serialize;

use crate::{
    db::{self, run::RunFilter},
    model::{Connection, Run},
    tools::Tools,
};

/// The limits of an overview.
const SHOPS: i64 = 50;
const RUNS: i64 = 20;

/// The shops and the latest runs.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// Oldest first.
    pub shops: Vec<ShopRow>,
    /// Newest first.
    pub runs: Vec<Run>,
}

/// A connection with the size of its catalogue.
#[derive(Debug, Clone, Serialize)]
pub struct ShopRow {
    #[serde(flatten)]
    pub connection: Connection,
    /// Without tombstones.
    pub products: i64,
}

/// The shops and the latest runs.
pub async fn overview(tools: &Tools) -> sqlx::Result<Overview> {
    let mut tx = tools.db.read().await?;
    let mut shops = Vec::new();
    for connection in db::connection::list(&mut tx, None, None, SHOPS).await? {
        let products = db::connection::count_products(&mut tx, &connection.id).await?;
        shops.push(ShopRow { connection, products });
    }
    Ok(Overview { shops, runs: db::run::list(&mut tx, &RunFilter::default(), RUNS).await? })
}
