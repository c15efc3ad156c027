//! The subject of a request: existing products, the flows that show them, and the settings that apply to each.

use serde_json::{Map, Value};

use super::prompt::PromptProduct;
use crate::{
    db::{self, Tx},
    model::{
        Asset, AssetId, ClientId, CollectionSession, Failure, FailureKind, FlowId, FlowInput, FlowStatus,
        GenerationFlow, Noun, Product, SessionId, merge_settings,
    },
    tools::Tools,
};

/// A flow and its products.
pub(super) struct FlowBatch {
    pub flow: FlowId,
    pub client: ClientId,
    pub products: Vec<Product>,
    pub settings: Map<String, Value>,
    /// Outputs it has.
    pub has: i64,
}

/// Creates a flow for products that are requested by name, or that no flow of their session shows.
pub(super) async fn create(
    tools: &Tools,
    tx: &mut Tx,
    client: &ClientId,
    session: Option<&SessionId>,
    products: &[Product],
    settings: &Map<String, Value>,
) -> Result<FlowBatch, Failure> {
    fits(products.len())?;
    let input = FlowInput {
        collection_session_id: session.cloned(),
        product_ids: Some(products.iter().map(|product| product.id.clone()).collect()),
        status: Some(FlowStatus::Configured),
        settings: Some(settings.clone()),
        ..FlowInput::default()
    };
    let flow: FlowId = tools.outside.new_id();
    if !db::flow::insert(tx, &flow, client, &input, tools.outside.clock.now()).await? {
        return Err(bad(format!("the session is not one of client {client}")));
    }
    Ok(FlowBatch { flow, client: client.clone(), products: products.to_vec(), settings: settings.clone(), has: 0 })
}

/// Loads an existing flow.
pub(super) async fn load(tx: &mut Tx, flow: GenerationFlow) -> Result<FlowBatch, Failure> {
    let ids = db::session::texts(&flow.product_ids);
    if ids.is_empty() {
        return Err(bad(format!("flow {} shows no product; see: store-sync flows update --product ID", flow.id)));
    }
    fits(ids.len())?;
    let products = products(tx, &ids).await?;
    if products.iter().any(|product| product.client_id != flow.client_id) {
        return Err(Failure::new(
            FailureKind::OtherClient,
            format!("flow {} names products of another client", flow.id),
        ));
    }
    let settings = settings_of(tx, &flow).await?;
    let has = db::generation::get_progress(tx, &flow.id).await?.total;
    Ok(FlowBatch { flow: flow.id, client: flow.client_id, products, settings, has })
}

/// The settings that apply to a flow: its own, or its session's if it has none.
pub(super) async fn settings_of(tx: &mut Tx, flow: &GenerationFlow) -> Result<Map<String, Value>, Failure> {
    let own = flow.settings.0.as_object().cloned().unwrap_or_default();
    match &flow.collection_session_id {
        Some(session) if own.is_empty() => {
            let products = db::session::texts(&flow.product_ids);
            // With several products, none of their own settings apply.
            let alone = products.first().filter(|_| products.len() == 1);
            let session = db::session::find(tx, session).await?;
            Ok(session.map(|session| session_settings(&session, alone.map(String::as_str))).unwrap_or_default())
        }
        _ => Ok(own),
    }
}

/// A session's settings, overridden by those for one product (`products.ID.…`).
pub(super) fn session_settings(session: &CollectionSession, product: Option<&str>) -> Map<String, Value> {
    let mut settings = session.settings.as_ref().and_then(|json| json.0.as_object().cloned()).unwrap_or_default();
    let single = settings.remove("products");
    let own = product.and_then(|product| single.as_ref()?.get(product)?.as_object());
    if let Some(own) = own {
        merge_settings(&mut settings, own);
    }
    settings
}

fn fits(products: usize) -> Result<(), Failure> {
    if products > crate::model::PRODUCTS_PER_FLOW {
        let most = crate::model::PRODUCTS_PER_FLOW;
        return Err(bad(format!("{products} products do not fit into one picture: at most {most} do")));
    }
    Ok(())
}

/// The products of a request: existing, of one client.
pub(super) async fn products(tx: &mut Tx, ids: &[String]) -> Result<Vec<Product>, Failure> {
    let mut products: Vec<Product> = Vec::with_capacity(ids.len());
    for id in ids {
        let found = db::product::find(tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Product, id))?;
        if products.first().is_some_and(|first| first.client_id != found.client_id) {
            return Err(Failure::new(FailureKind::OtherClient, "the products of a request must belong to one client"));
        }
        products.push(found);
    }
    Ok(products)
}

/// The products as a prompt names them.
pub(super) async fn prompt_products(tx: &mut Tx, products: &[Product]) -> sqlx::Result<Vec<PromptProduct>> {
    let mut shown = Vec::with_capacity(products.len());
    for product in products {
        let seen = db::product::find_analysis(tx, &product.id).await?;
        shown.push(PromptProduct { name: product.name.clone(), analysis: seen.analysis_data.map(|json| json.0) });
    }
    Ok(shown)
}

pub(super) async fn find_flow(tx: &mut Tx, id: &FlowId) -> Result<GenerationFlow, Failure> {
    db::flow::find(tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Flow, id))
}

pub(super) async fn find_asset(tx: &mut Tx, id: &AssetId) -> Result<Asset, Failure> {
    db::asset::find(tx, id.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Asset, id))
}

pub(super) fn bad(why: impl Into<String>) -> Failure {
    Failure::new(FailureKind::BadOrder, why)
}
