//! Requests: flows, outputs, reservations and jobs, in one transaction. Ids are known before anything is made.

use serde_json::{Map, Value, json};

use super::{
    accounting::{self, Reservation},
    flow_batch::{FlowBatch, bad, create, find_flow, load, products, prompt_products, session_settings},
    prompt::{PromptProduct, PromptSubject, prompt},
    settings::Settings,
};
use crate::{
    db::{self, Tx, event::NewEvent, flow::FlowFilter, generation::NewOutput, job::NewJob},
    model::{
        Asset, AssetId, ClientId, Engine, EventType, Failure, FailureKind, FlowId, FlowStatus, JobId, JobPolicy, Noun,
        OutputRequest, OutputWork, Pool, Product, ProductId, SessionId, SessionStatus, Task, USUAL_PRIORITY,
    },
    tools::Tools,
};

/// The most pictures of one request.
pub const MOST: usize = 5000;
/// The most bytes of settings as JSON.
const MOST_SETTINGS_BYTES: usize = 64 << 10;

/// A request for pictures of products, each product in flows of its own.
pub struct GenerationRequest<'a> {
    /// Ids of products of one client.
    pub products: &'a [String],
    /// One flow for each of these settings.
    pub settings: &'a [Map<String, Value>],
    /// All products in one picture, instead of a picture each.
    pub together: bool,
    pub terms: Terms,
}

/// Number, seed and priority.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Pictures per flow; `None`: as many as its settings say (`numberOfVariants`), or four.
    pub variants: Option<usize>,
    /// The first picture's seed; the others follow. `None`: after those of the flow.
    pub seed: Option<u64>,
    /// Lower goes first.
    pub priority: i32,
}

impl Terms {
    /// The given number at the usual priority.
    pub fn of(variants: usize) -> Self {
        Self { variants: Some(variants), seed: None, priority: USUAL_PRIORITY }
    }
}

/// What was queued.
#[derive(Debug, Default, serde::Serialize)]
pub struct Queued {
    pub flows: Vec<FlowId>,
    pub assets: Vec<AssetId>,
    pub jobs: Vec<JobId>,
}

/// One requested picture.
pub(super) struct Item<'a> {
    asset: AssetId,
    job: JobId,
    request: OutputRequest,
    products: &'a [Product],
    settings: Map<String, Value>,
    money: Option<(String, i64)>,
    prompt: String,
}

/// Requests pictures of products, in new standalone flows.
pub async fn request(tools: &Tools, order: &GenerationRequest<'_>) -> Result<Queued, Failure> {
    let mut tx = tools.db.begin().await?;
    let products = products(&mut tx, order.products).await?;
    let Some(client) = products.first().map(|product| product.client_id.clone()) else {
        return Err(bad("an order names at least one product"));
    };
    let groups: Vec<Vec<Product>> =
        if order.together { vec![products] } else { products.into_iter().map(|product| vec![product]).collect() };
    let mut shares = Vec::with_capacity(groups.len() * order.settings.len());
    for settings in order.settings {
        for group in &groups {
            shares.push(create(tools, &mut tx, &client, None, group, settings).await?);
        }
    }
    let queued = expand_variants(tools, &mut tx, &shares, order.terms).await?;
    tx.commit().await?;
    Ok(queued)
}

/// Requests pictures of an existing flow.
pub async fn request_flow(tools: &Tools, id: &FlowId, terms: Terms) -> Result<Queued, Failure> {
    let mut tx = tools.db.begin().await?;
    let flow = find_flow(&mut tx, id).await?;
    let share = load(&mut tx, flow).await?;
    let queued = expand_variants(tools, &mut tx, &[share], terms).await?;
    tx.commit().await?;
    Ok(queued)
}

/// Requests pictures of a session: of its flows that have none yet, and of each product that no flow shows, in a new
/// flow with the session's settings. With `again`, also of flows that were generated before.
pub async fn request_session(tools: &Tools, id: &SessionId, terms: Terms, again: bool) -> Result<Queued, Failure> {
    let mut tx = tools.db.begin().await?;
    // Two concurrent requests for a session would both find its products without flows.
    tx.lock(&format!("order:{id}")).await?;
    let session = db::session::find(&mut tx, id).await?;
    let session = session.ok_or_else(|| Failure::not_found(Noun::Session, id))?;
    let filter = FlowFilter { session: Some(id.clone()), ..FlowFilter::default() };
    let flows = db::flow::list(&mut tx, &filter, i64::from(i32::MAX)).await?;
    let shown: std::collections::HashSet<String> =
        flows.iter().flat_map(|flow| db::session::texts(&flow.product_ids)).collect();
    let (mut shares, mut failed) = (Vec::new(), 0);
    for flow in flows {
        let fresh = matches!(flow.status, FlowStatus::Empty | FlowStatus::Configured);
        failed += usize::from(flow.status == FlowStatus::Error);
        if (fresh || (again && flow.status != FlowStatus::Generating))
            && !db::session::texts(&flow.product_ids).is_empty()
        {
            shares.push(load(&mut tx, flow).await?);
        }
    }
    let missing: Vec<String> =
        db::session::texts(&session.product_ids).into_iter().filter(|product| !shown.contains(product)).collect();
    for product in products(&mut tx, &missing).await? {
        let settings = session_settings(&session, Some(product.id.as_str()));
        shares.push(create(tools, &mut tx, &session.client_id, Some(id), &[product], &settings).await?);
    }
    if shares.is_empty() && shown.is_empty() {
        return Err(bad(format!("session {id} has no products; see: store-sync sessions update --product ID")));
    }
    if shares.is_empty() && failed > 0 {
        let text =
            format!("{failed} flows of the session have failed or cancelled pictures: store-sync sessions retry {id}");
        return Err(bad(text));
    }
    if shares.is_empty() {
        return Err(bad(
            "every product of the session has its pictures, or they are under way; --again orders more of them",
        ));
    }
    let queued = expand_variants(tools, &mut tx, &shares, terms).await?;
    db::generation::mark_session(&mut tx, id, SessionStatus::Generating, tools.outside.clock.now()).await?;
    tx.commit().await?;
    Ok(queued)
}

/// Enqueues the variants of each flow.
async fn expand_variants(tools: &Tools, tx: &mut Tx, shares: &[FlowBatch], terms: Terms) -> Result<Queued, Failure> {
    let wanted = |share: &FlowBatch| terms.variants.unwrap_or_else(|| Settings(&share.settings).variants());
    let count = shares.iter().map(wanted).fold(0_usize, usize::saturating_add);
    if count == 0 || count > MOST {
        return Err(bad(format!("a request is for 1 to {MOST} pictures, not {count}")));
    }
    let client = &shares[0].client;
    let mut items = Vec::with_capacity(count);
    for share in shares {
        let variants = wanted(share);
        let shown = prompt_products(tx, &share.products).await?;
        for variant in 0..variants {
            let mut settings = share.settings.clone();
            let usual = u64::try_from(share.has).unwrap_or(0) + variant as u64 + 1;
            let seed = terms.seed.map_or(usual, |first| first.wrapping_add(items.len() as u64));
            settings.insert("seed".into(), seed.into());
            settings.insert("variant".into(), (variant + 1).into());
            settings.insert("variants".into(), variants.into());
            let work = OutputWork::Image { again_from: None };
            items.push(item(tools, Some(&share.flow), &share.products, &shown, settings, work)?);
        }
    }
    let mut queued = enqueue_outputs(tools, tx, client, items, terms.priority).await?;
    for share in shares {
        started(tools, tx, client, &share.flow, wanted(share)).await?;
        queued.flows.push(share.flow.clone());
    }
    Ok(queued)
}

pub(super) async fn started(
    tools: &Tools,
    tx: &mut Tx,
    client: &ClientId,
    flow: &FlowId,
    pictures: usize,
) -> Result<(), Failure> {
    let now = tools.outside.clock.now();
    if !db::generation::mark_flow(tx, flow, FlowStatus::Generating, now).await? {
        return Err(Failure::not_found(Noun::Flow, flow));
    }
    let event = NewEvent {
        id: &tools.outside.new_id(),
        client,
        kind: EventType::Started,
        flow: Some(flow),
        product: None,
        asset: None,
        user: None,
        metadata: Some(json!({ "pictures": pictures })),
    };
    db::event::insert(tx, &event, now).await?;
    Ok(())
}

/// Prepares one picture: engine and price are final, the prompt as far as it is known.
pub(super) fn item<'a>(
    tools: &Tools,
    flow: Option<&FlowId>,
    products: &'a [Product],
    shown: &[PromptProduct],
    mut settings: Map<String, Value>,
    work: OutputWork,
) -> Result<Item<'a>, Failure> {
    let engine = tools.engines.choose(Settings(&settings).engine())?;
    // Each output stores its own copy.
    if serde_json::to_string(&settings).map_or(0, |text| text.len()) > MOST_SETTINGS_BYTES {
        return Err(Failure::new(
            FailureKind::BadSettings,
            format!("settings have at most {MOST_SETTINGS_BYTES} bytes"),
        ));
    }
    settings.insert("engine".into(), engine.as_str().into());
    let prompt = match &work {
        OutputWork::Edit { instruction: Some(instruction), .. } => instruction.clone(),
        _ => prompt(&settings, &PromptSubject { products: shown, ..PromptSubject::default() }),
    };
    let money = money(tools, &settings, engine, &work)?;
    let (asset, job) = (tools.outside.new_id(), tools.outside.new_id());
    Ok(Item {
        asset,
        job,
        request: OutputRequest { engine, flow: flow.cloned(), work },
        products,
        settings,
        money,
        prompt,
    })
}

/// The money to reserve for one picture.
pub(super) fn money(
    tools: &Tools,
    settings: &Map<String, Value>,
    engine: Engine,
    work: &OutputWork,
) -> Result<Option<(String, i64)>, Failure> {
    let form = Settings(settings).form();
    let price = tools.engines.painter(engine)?.price(work, &form);
    accounting::picture_money(tools, price, form.size.unwrap_or_default())
}

/// What an output was requested as; those of the older application are new pictures by the engine in their settings.
pub(super) fn requested(tools: &Tools, asset: &Asset) -> Result<OutputRequest, Failure> {
    if let Some(request) = asset.requested() {
        return Ok(request);
    }
    let word = asset.settings.as_ref().and_then(|settings| settings.0.get("engine")).and_then(Value::as_str);
    let (engine, flow) = (tools.engines.choose(word)?, asset.generation_flow_id.clone());
    Ok(OutputRequest { engine, flow, work: OutputWork::Image { again_from: None } })
}

/// Inserts outputs, reservations and jobs, in this order; a concurrent request of the client waits at the reservation.
pub(super) async fn enqueue_outputs(
    tools: &Tools,
    tx: &mut Tx,
    client: &ClientId,
    items: Vec<Item<'_>>,
    priority: i32,
) -> Result<Queued, Failure> {
    let now = tools.outside.clock.now();
    // The entries refer to the outputs, so those are inserted first; a refusal below rolls them back.
    for item in &items {
        let products: Vec<&ProductId> = item.products.iter().map(|product| &product.id).collect();
        let new = NewOutput {
            id: &item.asset,
            client,
            flow: item.request.flow.as_ref(),
            products: &products,
            prompt: &item.prompt,
            settings: &item.settings,
            job: &item.job,
            request: &item.request,
        };
        db::generation::insert(tx, &new, now).await?;
        // Links are read in the order of their ids, which are random within a millisecond.
        let mut links: Vec<String> = products.iter().map(|_| tools.outside.new_id()).collect();
        links.sort();
        for (place, (product, link)) in products.into_iter().zip(&links).enumerate() {
            db::asset::link_product(tx, link, &item.asset, product, place == 0, now).await?;
        }
    }
    let reservations: Vec<Reservation<'_>> = items
        .iter()
        .map(|item| Reservation {
            kind: item.request.work.usage(),
            asset: Some(&item.asset),
            product: item.products.first(),
            money: item.money.clone(),
        })
        .collect();
    accounting::reserve(tools, tx, client, &reservations).await?;
    let first = db::job::next_turn(tx, Pool::Generate, client, now).await?;
    let mut queued = Queued::default();
    for (item, turn) in items.into_iter().zip(first..) {
        let task = Task::Generate {
            asset: item.asset.clone(),
            client: client.clone(),
            flow: item.request.flow,
            engine: item.request.engine,
        };
        insert_job(tools, tx, &item.job, client, task, priority, turn).await?;
        queued.assets.push(item.asset);
        queued.jobs.push(item.job);
    }
    Ok(queued)
}

pub(super) async fn insert_job(
    tools: &Tools,
    tx: &mut Tx,
    id: &JobId,
    client: &ClientId,
    task: Task,
    priority: i32,
    turn: i64,
) -> sqlx::Result<()> {
    let job = NewJob::new(&tools.outside, client, task);
    let policy = JobPolicy { priority, ..job.policy };
    db::job::insert(tx, &NewJob { id: id.clone(), policy, turn, ..job }).await.map(drop)
}
