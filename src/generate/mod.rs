//! Makes pictures of products: an order becomes a flow, its outputs and a job each; a job makes one picture.

mod prompt;
mod run;
mod settings;

pub use prompt::prompt;
pub use run::{give_up, run};
pub use settings::style;

use serde_json::{Map, Value, json};

use crate::{
    db::{self, Tx, generation::Wanted, job::NewJob},
    model::{AssetId, ClientId, Failure, FlowId, FlowStatus, JobId, Product, Task, Time, Usage},
    tools::Tools,
};

/// The most pictures of one order.
pub const MOST: usize = 2000;

/// Pictures that are wanted.
pub struct Order<'a> {
    /// Ids of products of one client.
    pub products: &'a [String],
    /// A flow for each of these settings.
    pub settings: &'a [Map<String, Value>],
    /// Pictures of each product with each settings.
    pub variants: usize,
    /// The first one's seed; the others follow.
    pub seed: u64,
}

/// What was ordered: ids are known before anything is made.
#[derive(Debug, serde::Serialize)]
pub struct Ordered {
    pub flows: Vec<FlowId>,
    pub assets: Vec<AssetId>,
    pub jobs: Vec<JobId>,
}

/// The month that a client's pictures count in, by UTC.
pub fn month(now: Time) -> String {
    now.utc().format("%Y-%m").to_string()
}

/// What a model would be told for a flow.
pub async fn flow_prompt(tools: &Tools, id: &FlowId) -> Result<String, Failure> {
    let mut tx = tools.db.read().await?;
    let flow = db::flow::find(&mut tx, id).await?;
    let flow = flow.ok_or_else(|| {
        Failure::give_up("unknown_flow", format!("there is no flow '{id}'; see: store-sync flows list"))
    })?;
    let mut names = Vec::new();
    for id in flow.product_ids.0.as_array().into_iter().flatten().filter_map(Value::as_str) {
        names.extend(db::product::find(&mut tx, id).await?.map(|product| product.name));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(prompt(&flow.settings.0.as_object().cloned().unwrap_or_default(), &names))
}

/// Leaves an order: flows, outputs, jobs and the client's count, all or nothing.
pub async fn order(tools: &Tools, order: &Order<'_>) -> Result<Ordered, Failure> {
    let now = tools.outside.clock.now();
    let count = order.products.len() * order.settings.len() * order.variants;
    if count == 0 || count > MOST {
        let text = format!("an order is for 1 to {MOST} pictures, not {count}");
        return Err(Failure::give_up("bad_order", text));
    }
    let mut tx = tools.db.begin().await?;
    let products = products(&mut tx, order.products).await?;
    let client = products[0].client_id.clone();
    reserve(tools, &mut tx, &client, i32::try_from(count).unwrap_or(i32::MAX), now).await?;
    let mut ordered = Ordered { flows: Vec::new(), assets: Vec::new(), jobs: Vec::new() };
    for settings in order.settings {
        let flow: FlowId = tools.outside.new_id();
        let ids: Vec<&str> = products.iter().map(|product| product.id.as_str()).collect();
        let what = (&json!(ids), settings, FlowStatus::Generating);
        db::generation::insert_flow(&mut tx, &flow, &client, what, now).await?;
        for product in &products {
            for variant in 0..order.variants {
                let mut own = settings.clone();
                own.insert("seed".into(), (order.seed + ordered.assets.len() as u64).into());
                own.insert("variant".into(), (variant + 1).into());
                want(tools, &mut tx, (&flow, product, &own), &mut ordered).await?;
            }
        }
        ordered.flows.push(flow);
    }
    tx.commit().await?;
    tools.bell.notify_waiters();
    Ok(ordered)
}

/// The products of an order: all there, all of one client.
async fn products(tx: &mut Tx, ids: &[String]) -> Result<Vec<Product>, Failure> {
    let mut products: Vec<Product> = Vec::with_capacity(ids.len());
    for id in ids {
        let found = db::product::find(tx, id).await?.ok_or_else(|| {
            Failure::give_up("unknown_product", format!("there is no product '{id}'; see: store-sync products list"))
        })?;
        if products.first().is_some_and(|first| first.client_id != found.client_id) {
            return Err(Failure::give_up("other_client", "the products of an order belong to one client"));
        }
        products.push(found);
    }
    Ok(products)
}

/// Counts pictures before they are made.
async fn reserve(tools: &Tools, tx: &mut Tx, client: &ClientId, count: i32, now: Time) -> Result<(), Failure> {
    let usage = Usage { client_id: client.clone(), month: month(now), generation_count: count };
    let limit = db::quota::find(tx, client).await?.map_or(-1, |quota| quota.monthly_generation_limit);
    if db::quota::reserve(tx, &tools.outside.new_id::<String>(), &usage, limit, now).await? {
        return Ok(());
    }
    let text = format!(
        "{count} more pictures are more than the client's {limit} a month leave; see: store-sync usage {client}, and \
         store-sync clients quota"
    );
    Err(Failure::give_up("quota_exceeded", text))
}

/// Leaves one output and its job.
async fn want(
    tools: &Tools,
    tx: &mut Tx,
    (flow, product, settings): (&FlowId, &Product, &Map<String, Value>),
    ordered: &mut Ordered,
) -> Result<(), Failure> {
    let now = tools.outside.clock.now();
    let (id, job): (AssetId, JobId) = (tools.outside.new_id(), tools.outside.new_id());
    let (client, text) = (&product.client_id, prompt(settings, &[&product.name]));
    let new = Wanted { id: &id, client, flow, product: &product.id, prompt: &text, settings, job: &job };
    db::generation::insert(tx, &new, now).await?;
    db::asset::link_product(tx, &tools.outside.new_id::<String>(), &id, &product.id, true, now).await?;
    // At most two of a client at once: others get their turn.
    let lane = u8::from(ordered.assets.len() % 2 == 1);
    let new = NewJob {
        id: job.clone(),
        client: client.clone(),
        task: Task::Generate { asset: id.clone(), client: client.clone(), lane },
        dedupe_key: None,
        scheduled_for: now,
        max_attempts: 3,
        priority: 100,
    };
    db::job::insert(tx, &new, now).await?;
    ordered.assets.push(id);
    ordered.jobs.push(job);
    Ok(())
}
