//! One job makes one picture. Idempotent: a second run finds it finished, or its bytes.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    accounting, analyse, flow_batch,
    keep::{self, FinishedPicture, Sources},
    prompt::{PromptSubject, prompt},
    request,
    settings::Settings,
    sources::{self, SourcePicture},
};
use crate::{
    db::{self, Tx},
    model::{
        Asset, AssetId, AssetStatus, CollectionSession, Engine, Failure, FailureKind, FlowId, GenerationFlow,
        Inspiration, OutputRequest, OutputWork, Product,
    },
    paint::{
        self, Edit, ModelForm, Painted, Painter, Scene,
        gemini::{self, Gemini},
    },
    tools::{Lease, Shared, Tools},
};

/// Makes a requested picture while `lease` is held; `None` for a caller that no other replaces.
pub async fn run(tools: &Shared, lease: Option<&Arc<Lease>>, id: &AssetId) -> Result<(), Failure> {
    let lease = lease.map(Arc::as_ref);
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    Lease::hold_if_any(lease, &mut tx).await?;
    let Some(asset) = db::asset::find(&mut tx, id.as_str()).await? else {
        // Deleted before it was made: its reservation is released.
        if let Some(asset) = db::asset::find_deleted(&mut tx, id).await? {
            keep::give_up(tools, &mut tx, id, &asset.client_id, "deleted before it was made").await?;
        }
        return Ok(tx.commit().await?);
    };
    if !matches!(asset.status, AssetStatus::Pending | AssetStatus::Generating) {
        return Ok(());
    }
    if !db::generation::mark_begun(&mut tx, id, now).await? {
        // Cancelled, or made by another worker, at this moment.
        return Ok(());
    }
    tx.commit().await?;
    let mut tx = tools.db.read().await?;
    let mut set = GenerationInputs::of_asset(&mut tx, &asset).await?;
    drop(tx);
    let request = request::requested(tools, &asset)?;
    let made = make(tools, lease, &asset, &request, &mut set).await?;
    keep::keep(tools, lease, &asset, &request, &set.products, made).await
}

/// The rows that a picture is made from.
struct GenerationInputs {
    products: Vec<Product>,
    flow: Option<GenerationFlow>,
    session: Option<CollectionSession>,
    inspirations: Vec<Inspiration>,
    settings: Map<String, Value>,
    /// The analysis of an inspiration that has no row.
    glanced: Option<Value>,
}

impl GenerationInputs {
    async fn of_asset(tx: &mut Tx, asset: &Asset) -> Result<Self, Failure> {
        let products = db::asset::list_products(tx, &asset.id).await?;
        let flow = match &asset.generation_flow_id {
            Some(id) => db::flow::find(tx, id).await?,
            None => None,
        };
        let settings = asset.settings.as_ref().and_then(|json| json.0.as_object().cloned()).unwrap_or_default();
        Self::new(tx, products, flow, settings).await
    }

    async fn new(
        tx: &mut Tx,
        products: Vec<Product>,
        flow: Option<GenerationFlow>,
        settings: Map<String, Value>,
    ) -> Result<Self, Failure> {
        let session = match flow.as_ref().and_then(|flow| flow.collection_session_id.as_ref()) {
            Some(id) => db::session::find(tx, id).await?,
            None => None,
        };
        let inspirations = match &session {
            Some(session) => db::inspiration::list(tx, &session.id).await?,
            None => Vec::new(),
        };
        Ok(Self { products, flow, session, inspirations, settings, glanced: None })
    }

    /// The base pictures, in the products' order.
    async fn pictures(&self, tools: &Tools) -> Result<Vec<SourcePicture>, Failure> {
        if self.products.is_empty() {
            return Err(Failure::new(FailureKind::NoProduct, "the picture's product is not there any more"));
        }
        let session = self.session.as_ref().map(|session| &session.selected_base_images.0);
        let mut pictures = Vec::with_capacity(self.products.len());
        for product in &self.products {
            let mut tx = tools.db.read().await?;
            let images = db::product::list_images(&mut tx, &product.id).await?;
            drop(tx);
            let chosen = sources::chosen(self.flow.as_ref(), session, product.id.as_str());
            pictures.push(sources::product_picture(tools, product, &images, chosen.as_deref()).await?);
        }
        Ok(pictures)
    }

    async fn inspirations(&self, tools: &Tools) -> Result<Vec<SourcePicture>, Failure> {
        let Some(client) = self.products.first().map(|product| &product.client_id) else { return Ok(Vec::new()) };
        let session = self.session.as_ref().map(|session| &session.id);
        sources::inspirations(tools, client, session, &self.inspirations, &self.settings).await
    }

    /// Analyses the products and the first inspiration if necessary. A failure is logged; the picture is made without.
    async fn analyse(&mut self, tools: &Tools, painter: &Painter) -> Result<(), Failure> {
        if !tools.policy.analyse {
            return Ok(());
        }
        for product in &self.products {
            let seen = analyse::product(tools, product, painter).await;
            log_failed_analysis(seen.map(drop), "product", product.id.as_str());
        }
        if let (Some(first), Some(session)) = (self.inspirations.first_mut(), &self.session) {
            let seen = analyse::inspiration(tools, first, &session.client_id, painter).await;
            let seen = seen.map(|seen| first.analysis = Some(sqlx::types::Json(seen)));
            log_failed_analysis(seen, "inspiration", first.id.as_str());
        }
        Ok(())
    }

    /// Analyses an inspiration that only the settings name: by arithmetic alone, not stored.
    async fn analyse_scene(&mut self, inspirations: &[SourcePicture]) {
        let Some(first) = inspirations.first() else { return };
        if let Ok(seen) = paint::observe_scene(first.bytes.clone()).await {
            self.glanced = Some(analyse::scene_by_studio(&seen));
        }
    }

    /// The prompt, with everything known now; `inspirations` are sent with it.
    async fn prompt(&self, tools: &Tools, inspirations: usize) -> Result<String, Failure> {
        let mut tx = tools.db.read().await?;
        let shown = flow_batch::prompt_products(&mut tx, &self.products).await?;
        Ok(prompt(&self.settings, &PromptSubject { products: &shown, inspirations, scene: self.scene() }))
    }

    fn scene(&self) -> Option<&Value> {
        let kept = self.inspirations.iter().find_map(|row| row.analysis.as_ref()).map(|json| &json.0);
        kept.or(self.glanced.as_ref())
    }
}

fn log_failed_analysis(seen: Result<(), Failure>, noun: &str, id: &str) {
    if let Err(failure) = seen {
        tracing::warn!(
            noun,
            id,
            failure.code = failure.code(),
            "not analysed, its pictures are made without: {failure}"
        );
    }
}

/// Makes the picture, or resumes an earlier attempt.
async fn make(
    tools: &Tools,
    lease: Option<&Lease>,
    asset: &Asset,
    request: &OutputRequest,
    set: &mut GenerationInputs,
) -> Result<FinishedPicture, Failure> {
    if let Some(bytes) = keep::load_unfinished(tools, asset).await? {
        return resume(tools, asset, request.engine, bytes).await;
    }
    let painter = tools.engines.painter(request.engine)?;
    let job = Making {
        tools,
        lease,
        asset,
        request,
        painter: lease.map_or(painter.clone(), |lease| painter.within(lease.deadline())),
    };
    match &request.work {
        OutputWork::Image { .. } => job.paint(set).await,
        OutputWork::Edit { edited_from, instruction } => job.edit(set, edited_from, instruction.as_deref()).await,
    }
}

/// The bytes exist, and only the row is missing: the cost is the reserved amount.
async fn resume(tools: &Tools, asset: &Asset, engine: Engine, bytes: Bytes) -> Result<FinishedPicture, Failure> {
    let mut tx = tools.db.read().await?;
    let entry = db::ledger::find_reserved(&mut tx, &asset.id).await?;
    let painter = tools.engines.painter(engine).ok();
    let model = painter.as_ref().map_or(engine.as_str(), |painter| painter.name(&ModelForm::default())).to_owned();
    let cost_usd_micros = entry.map_or(0, |entry| entry.reserved_usd_micros);
    let painted = Painted { bytes, model, cost_usd_micros, tokens: None, cut_out: None };
    Ok(FinishedPicture { painted, prompt: asset.prompt.clone().unwrap_or_default(), sources: Sources::default() })
}

/// A picture in progress.
struct Making<'a> {
    tools: &'a Tools,
    lease: Option<&'a Lease>,
    asset: &'a Asset,
    request: &'a OutputRequest,
    /// Sends nothing after the job's lease.
    painter: Painter,
}

impl Making<'_> {
    /// A new picture of the products.
    async fn paint(&self, set: &mut GenerationInputs) -> Result<FinishedPicture, Failure> {
        let tools = self.tools;
        let pictures = set.pictures(tools).await?;
        let inspirations = set.inspirations(tools).await?;
        set.analyse(tools, &self.painter).await?;
        if set.scene().is_none() && self.request.engine == Engine::Studio && tools.policy.analyse {
            set.analyse_scene(&inspirations).await;
        }
        let prompt = set.prompt(tools, inspirations.len()).await?;
        let origins = |sources: &[SourcePicture]| Some(sources.iter().map(|source| source.origin.clone()).collect());
        let sources = Sources { pictures: origins(&pictures), inspirations: origins(&inspirations) };
        let read = Settings(&set.settings);
        let typed = |sources: Vec<SourcePicture>| sources.into_iter().map(SourcePicture::typed).collect();
        let scene = Scene {
            pictures: typed(pictures),
            inspirations: typed(inspirations),
            prompt: &prompt,
            spec: read.scene_spec(set.scene()),
            form: read.form(),
        };
        let painted = self.paid(&read, self.painter.paint(scene)).await?;
        Ok(FinishedPicture { painted, prompt, sources })
    }

    /// A changed copy of an output: by a model if there is an instruction, else by adjustments alone.
    async fn edit(
        &self,
        set: &GenerationInputs,
        parent: &AssetId,
        instruction: Option<&str>,
    ) -> Result<FinishedPicture, Failure> {
        let mut tx = self.tools.db.read().await?;
        let parent = flow_batch::find_asset(&mut tx, parent).await?;
        drop(tx);
        let picture = sources::asset_picture(self.tools, &parent).await?;
        let sources = Sources { pictures: Some(vec![picture.origin.clone()]), inspirations: None };
        let prompt = match (&self.painter, instruction) {
            (Painter::Model(model), Some(instruction)) => {
                edit_prompt(instruction, &seen_on(self.tools, model, &parent, &picture).await)
            }
            _ => self.asset.prompt.clone().unwrap_or_default(),
        };
        let read = Settings(&set.settings);
        let (adjust, seed, form) = (read.adjustments(), read.seed(), read.form());
        let edit = Edit { picture: picture.typed(), prompt: &prompt, adjust, seed, form };
        let painted = self.paid(&read, self.painter.edit(edit)).await?;
        Ok(FinishedPicture { painted, prompt, sources })
    }

    /// Runs an engine; if it costs money, the ledger records the call and its outcome.
    async fn paid(
        &self,
        read: &Settings<'_>,
        question: impl Future<Output = Result<Painted, Failure>>,
    ) -> Result<Painted, Failure> {
        let (tools, asset) = (self.tools, self.asset);
        let Some((_, price)) = request::money(tools, read.0, self.request.engine, &self.request.work)? else {
            return question.await;
        };
        let at = accounting::call(tools, self.lease, asset, price).await?;
        match question.await {
            Err(failure) => {
                if failure.kind != FailureKind::AnswerLost {
                    accounting::record_refusal(tools, asset, at).await?;
                }
                Err(failure)
            }
            Ok(painted) => self.painter.adjust(painted, read.adjustments(), read.seed()).await,
        }
    }
}

/// The analysis of a picture, made at its first edit: it helps to keep the rest unchanged. Null if it fails.
async fn seen_on(tools: &Tools, model: &Gemini, parent: &Asset, picture: &SourcePicture) -> Value {
    match analyse::asset(tools, model, parent, picture).await {
        Ok(seen) => seen,
        Err(failure) => {
            tracing::warn!(asset.id = %parent.id, failure.code = failure.code(), "not analysed, it is edited without: {failure}");
            Value::Null
        }
    }
}

/// The model's prompt for an edit.
fn edit_prompt(words: &str, seen: &Value) -> String {
    let objects: Vec<&str> = seen["objects"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut lines = vec![format!("Change this picture: {}.", words.trim().trim_end_matches('.'))];
    if !objects.is_empty() {
        lines.push(format!("It shows: {}.", objects.join(", ")));
    }
    lines.push("Leave everything else exactly as it is, the product above all.".to_owned());
    lines.join("\n")
}

/// The request for a flow.
#[derive(Debug, Serialize)]
pub struct PromptPreview {
    pub engine: &'static str,
    pub model: String,
    /// The parts in order: pictures by name, texts verbatim.
    pub parts: Vec<String>,
    /// The configuration: ratio and size in the model's terms; for the studio, its scene in words.
    pub config: Value,
    pub prompt: String,
}

/// The request for a flow's first picture, verbatim. With `look`, products and inspirations are analysed first, as in a
/// job; without it, the prompt has the stored analyses.
pub async fn preview(tools: &Tools, id: &FlowId, look: bool) -> Result<PromptPreview, Failure> {
    let mut tx = tools.db.read().await?;
    let flow = flow_batch::find_flow(&mut tx, id).await?;
    let mut products = Vec::new();
    for id in db::session::texts(&flow.product_ids) {
        // Older rows may name any product: those of other clients are not sent.
        products.extend(db::product::find(&mut tx, &id).await?.filter(|product| product.client_id == flow.client_id));
    }
    let settings = flow_batch::settings_of(&mut tx, &flow).await?;
    let mut set = GenerationInputs::new(&mut tx, products, Some(flow), settings).await?;
    drop(tx);
    let engine = tools.engines.choose(Settings(&set.settings).engine())?;
    let painter = tools.engines.painter(engine)?;
    if look {
        set.analyse(tools, &painter).await?;
    }
    let inspirations = set.inspirations(tools).await?.len();
    let prompt = set.prompt(tools, inspirations).await?;
    let read = Settings(&set.settings);
    let form = read.form();
    let model = painter.name(&form).to_owned();
    let config = painter.config(&prompt, &form).unwrap_or_else(|| read.scene_words(set.scene()));
    let parts = gemini::parts_outline(set.products.len(), inspirations, &prompt);
    Ok(PromptPreview { engine: engine.as_str(), model, parts, config, prompt })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_edit_says_what_to_change_and_what_to_leave() {
        assert_eq!(
            edit_prompt("make the wall blue.", &json!({ "objects": ["mug", "linen"] })),
            "Change this picture: make the wall blue.\nIt shows: mug, linen.\nLeave everything else exactly as it is, the product above all."
        );
        assert_eq!(edit_prompt("x", &Value::Null).lines().count(), 2);
    }
}
