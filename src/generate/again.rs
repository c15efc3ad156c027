//! Repeats outputs: failed ones as requested, finished ones with another seed, or changed.

use serde_json::{Map, Value};

use super::{
    accounting::{self, Reservation},
    flow_batch::{bad, find_asset, find_flow, prompt_products},
    request::{Queued, enqueue_outputs, insert_job, item, money, requested, started},
};
use crate::{
    db::{self, Tx, flow::FlowFilter},
    model::{
        Asset, AssetId, AssetStatus, Engine, Failure, FailureKind, FlowId, GenerationFlow, JobId, Noun, OutputWork,
        Pool, SessionId, SessionStatus, Task, merge_settings,
    },
    tools::Tools,
};

/// Ahead of the usual priority: a person waits for these pictures.
const SOON: i32 = 50;

/// Requests another attempt at an output: its settings with `over` merged, and another seed. The first one stays.
pub async fn regenerate(tools: &Tools, id: &AssetId, over: &Map<String, Value>) -> Result<Queued, Failure> {
    let mut tx = tools.db.begin().await?;
    let asset = find_asset(&mut tx, id).await?;
    let mut settings = asset.settings.as_ref().and_then(|json| json.0.as_object().cloned()).unwrap_or_default();
    let seed = settings.get("seed").and_then(Value::as_u64).unwrap_or(0);
    // Far from the flow's own seeds, which count up by one.
    settings.insert("seed".into(), (seed % (1 << 32) + ((tools.outside.random.below(1 << 20) + 1) << 32)).into());
    merge_settings(&mut settings, over);
    let work = OutputWork::Image { again_from: Some(id.clone()) };
    let queued = again(tools, &mut tx, &asset, settings, work).await?;
    tx.commit().await?;
    Ok(queued)
}

/// Requests a changed copy of a finished output: by a prompt for a model, or by adjustments alone, computed here.
pub async fn edit(
    tools: &Tools,
    id: &AssetId,
    words: Option<&str>,
    over: &Map<String, Value>,
) -> Result<Queued, Failure> {
    let mut tx = tools.db.begin().await?;
    let asset = find_asset(&mut tx, id).await?;
    if asset.status != AssetStatus::Completed {
        return Err(bad(format!("asset {id} is {}; only a completed one can be edited", asset.status)));
    }
    if words.is_none() && !over.contains_key("postAdjustments") {
        return Err(bad(
            "an edit needs a prompt (--prompt), or postAdjustments (--set postAdjustments.light.exposure=20)",
        ));
    }
    if words.is_some() && tools.engines.model.is_none() {
        return Err(Failure::new(
            FailureKind::NoModel,
            "a prompt needs a model: set up [gemini], or edit by postAdjustments",
        ));
    }
    let mut settings = asset.settings.as_ref().and_then(|json| json.0.as_object().cloned()).unwrap_or_default();
    // The finished picture contains its adjustments already.
    settings.remove("postAdjustments");
    merge_settings(&mut settings, over);
    // A prompt needs the model, whatever the settings say, so that its price is reserved.
    let engine = if words.is_some() { Engine::Model } else { Engine::Studio };
    settings.insert("engine".into(), engine.as_str().into());
    let work = OutputWork::Edit { edited_from: id.clone(), instruction: words.map(str::to_owned) };
    let queued = again(tools, &mut tx, &asset, settings, work).await?;
    tx.commit().await?;
    Ok(queued)
}

/// Enqueues one more output beside an existing one.
async fn again(
    tools: &Tools,
    tx: &mut Tx,
    asset: &Asset,
    settings: Map<String, Value>,
    work: OutputWork,
) -> Result<Queued, Failure> {
    let products = db::asset::list_products(tx, &asset.id).await?;
    if products.is_empty() && matches!(work, OutputWork::Image { .. }) {
        return Err(bad(format!("asset {} shows no product that is still there", asset.id)));
    }
    let flow = match &asset.generation_flow_id {
        Some(id) => db::flow::find(tx, id).await?.map(|flow| flow.id),
        None => None,
    };
    let shown = prompt_products(tx, &products).await?;
    let item = item(tools, flow.as_ref(), &products, &shown, settings, work)?;
    enqueue_outputs(tools, tx, &asset.client_id, vec![item], SOON).await
}

/// Retries the failed outputs of a flow, as requested.
pub async fn retry_flow(tools: &Tools, id: &FlowId) -> Result<Queued, Failure> {
    let mut tx = tools.db.begin().await?;
    let flow = find_flow(&mut tx, id).await?;
    let queued = retry(tools, &mut tx, &flow).await?;
    if queued.assets.is_empty() {
        return Err(bad(format!("flow {id} is {} and has no failed picture", flow.status)));
    }
    tx.commit().await?;
    Ok(queued)
}

/// The same for every flow of a session, all or nothing.
pub async fn retry_session(tools: &Tools, id: &SessionId) -> Result<Queued, Failure> {
    let mut tx = tools.db.begin().await?;
    tx.lock(&format!("order:{id}")).await?;
    db::session::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Session, id))?;
    let filter = FlowFilter { session: Some(id.clone()), ..FlowFilter::default() };
    let mut all = Queued::default();
    for flow in db::flow::list(&mut tx, &filter, i64::from(i32::MAX)).await? {
        let one = retry(tools, &mut tx, &flow).await?;
        all.flows.extend(one.flows);
        all.assets.extend(one.assets);
        all.jobs.extend(one.jobs);
    }
    if all.assets.is_empty() {
        return Err(bad(format!("session {id} has no failed picture")));
    }
    db::generation::mark_session(&mut tx, id, SessionStatus::Generating, tools.outside.clock.now()).await?;
    tx.commit().await?;
    Ok(all)
}

/// Retries the failed outputs of one flow, if there are any.
async fn retry(tools: &Tools, tx: &mut Tx, flow: &GenerationFlow) -> Result<Queued, Failure> {
    let (now, id) = (tools.outside.clock.now(), &flow.id);
    let filter =
        db::asset::AssetFilter { flow: Some(id.clone()), status: Some(AssetStatus::Error), ..Default::default() };
    let failed = db::asset::list(tx, &filter, i64::from(i32::MAX)).await?;
    if failed.is_empty() {
        return Ok(Queued::default());
    }
    let mut queued = Queued { flows: vec![id.clone()], ..Queued::default() };
    let mut retried = Vec::with_capacity(failed.len());
    for asset in &failed {
        let job: JobId = tools.outside.new_id();
        let request = requested(tools, asset)?;
        // A concurrent retry has taken it.
        if !db::generation::mark_wanted(tx, &asset.id, &job, &request, now).await? {
            return Err(Failure::new(
                FailureKind::Overtaken,
                "somebody else tries these pictures again at the same time",
            ));
        }
        let settings = asset.settings.as_ref().and_then(|json| json.0.as_object().cloned()).unwrap_or_default();
        let product = db::asset::list_products(tx, &asset.id).await?.into_iter().next();
        let money = money(tools, &settings, request.engine, &request.work)?;
        retried.push((asset, product, request, money));
        queued.assets.push(asset.id.clone());
        queued.jobs.push(job);
    }
    let reservations: Vec<Reservation<'_>> = retried
        .iter_mut()
        .map(|(asset, product, request, money)| Reservation {
            kind: request.work.usage(),
            asset: Some(&asset.id),
            product: product.as_ref(),
            money: money.take(),
        })
        .collect();
    accounting::reserve(tools, tx, &flow.client_id, &reservations).await?;
    let first = db::job::next_turn(tx, Pool::Generate, &flow.client_id, now).await?;
    for (((asset, _, request, _), job), turn) in retried.iter().zip(&queued.jobs).zip(first..) {
        let (asset, client) = (asset.id.clone(), flow.client_id.clone());
        let task = Task::Generate { asset, client, flow: Some(id.clone()), engine: request.engine };
        insert_job(tools, tx, job, &flow.client_id, task, SOON, turn).await?;
    }
    started(tools, tx, &flow.client_id, id, failed.len()).await?;
    Ok(queued)
}
