//! One job: one picture. Done twice it is made once: the second time finds it finished, or its bytes.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Engine, accounting, analyse, engine, flow_batch,
    keep::{self, FinishedPicture, off_thread},
    models,
    prompt::{PromptSubject, prompt},
    request,
    settings::Settings,
    sources::{self, SourcePicture},
};
use crate::{
    db::{self, Tx},
    gemini::{self, EditRequest, Gemini, ImageRequest, ModelImage},
    model::{
        Asset, AssetId, AssetStatus, CollectionSession, Failure, FailureKind, FlowId, GenerationFlow, Inspiration,
        Product, UsageKind,
    },
    tools::{Lease, Shared, Tools},
};

/// What makes pictures here; kept with each, so that nobody takes it for a model's.
const STUDIO: &str = "local-studio/2";
/// A picture heavier than this goes to the model as WebP.
const HEAVY_BYTES: usize = 1_500_000;

/// Makes a picture that was ordered, as long as `lease` is the right to its job; without one for a caller whom nobody replaces.
pub async fn run(tools: &Shared, lease: Option<&Arc<Lease>>, id: &AssetId) -> Result<(), Failure> {
    let lease = lease.map(Arc::as_ref);
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    hold(lease, &mut tx).await?;
    let Some(asset) = db::asset::find(&mut tx, id.as_str()).await? else {
        // Deleted before it was made: what was reserved for it is free again.
        if let Some(asset) = db::asset::find_deleted(&mut tx, id).await? {
            keep::give_up(tools, &mut tx, id, &asset.client_id, "deleted before it was made").await?;
        }
        return Ok(tx.commit().await?);
    };
    if !matches!(asset.status, AssetStatus::Pending | AssetStatus::Generating) {
        return Ok(());
    }
    if !db::generation::mark_begun(&mut tx, id, now).await? {
        // It was cancelled, or made by another worker, in this moment.
        return Ok(());
    }
    tx.commit().await?;
    let mut tx = tools.db.read().await?;
    let mut set = GenerationInputs::of_asset(&mut tx, &asset).await?;
    drop(tx);
    let made = make(tools, lease, &asset, &mut set).await?;
    keep::keep(tools, lease, (&asset, &set.products), made).await
}

/// What a picture is made in: rows, no bytes.
struct GenerationInputs {
    products: Vec<Product>,
    flow: Option<GenerationFlow>,
    session: Option<CollectionSession>,
    inspirations: Vec<Inspiration>,
    settings: Map<String, Value>,
    /// What was seen on an inspiration that has no row.
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
        sources::inspirations(tools, (client, session), &self.inspirations, &self.settings).await
    }

    /// Sees what the products and the first inspiration are, where nobody has looked yet. A picture is made without that, too.
    async fn analyse(&mut self, tools: &Tools, engine: Engine) -> Result<(), Failure> {
        if !tools.policy.analyse {
            return Ok(());
        }
        for product in &self.products {
            let seen = analyse::product(tools, product, engine).await;
            log_failed_analysis(seen.map(drop), "product", product.id.as_str());
        }
        if let (Some(first), Some(session)) = (self.inspirations.first_mut(), &self.session) {
            let seen = analyse::inspiration(tools, first, &session.client_id, engine).await;
            let seen = seen.map(|seen| first.analysis = Some(sqlx::types::Json(seen)));
            log_failed_analysis(seen, "inspiration", first.id.as_str());
        }
        Ok(())
    }

    /// Sees what scene an inspiration shows that only the settings name: arithmetic alone, kept nowhere.
    async fn analyse_scene(&mut self, inspirations: &[SourcePicture]) {
        let Some(first) = inspirations.first() else { return };
        if let Ok(seen) = off_thread(first.bytes.clone(), store_sync_studio::observe_scene).await {
            self.glanced = Some(analyse::scene_by_studio(&seen));
        }
    }

    /// The prompt, with everything that is known now; `inspirations` go with it.
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

/// Makes it, or takes up what an earlier attempt made.
async fn make(
    tools: &Tools,
    lease: Option<&Lease>,
    asset: &Asset,
    set: &mut GenerationInputs,
) -> Result<FinishedPicture, Failure> {
    let told = asset.provenance.as_ref().map(|json| json.0.clone()).unwrap_or_default();
    if let Some(bytes) = keep::load_unfinished(tools, asset).await? {
        return resume(tools, asset, bytes, told).await;
    }
    let engine = engine(tools, &set.settings)?;
    if told["kind"] == "edit" {
        return edit(tools, lease, (asset, set), told).await;
    }
    let pictures = set.pictures(tools).await?;
    let inspirations = set.inspirations(tools).await?;
    set.analyse(tools, engine).await?;
    if set.scene().is_none() && engine == Engine::Studio && tools.policy.analyse {
        set.analyse_scene(&inspirations).await;
    }
    let prompt = set.prompt(tools, inspirations.len()).await?;
    let origins = |sources: &[SourcePicture]| sources.iter().map(|source| source.origin.clone()).collect::<Vec<_>>();
    let mut provenance = told;
    provenance["pictures"] = origins(&pictures).into();
    provenance["inspirations"] = origins(&inspirations).into();
    match engine {
        Engine::Studio => compose(set, pictures, (prompt, provenance)).await,
        Engine::Gemini => paint(tools, lease, (asset, set), (pictures, inspirations), (prompt, provenance)).await,
    }
}

/// Its bytes are there, and only its row is not: its cost is the reserved amount.
async fn resume(tools: &Tools, asset: &Asset, bytes: Bytes, provenance: Value) -> Result<FinishedPicture, Failure> {
    let mut tx = tools.db.read().await?;
    let entry = db::ledger::find_reserved(&mut tx, &asset.id).await?;
    let model = match (&tools.gemini, provenance["engine"].as_str()) {
        (Some(gemini), Some("gemini")) => gemini.model.clone(),
        _ => STUDIO.to_owned(),
    };
    Ok(FinishedPicture {
        bytes,
        model,
        cost_usd_micros: entry.map_or(0, |entry| entry.reserved_usd_micros),
        tokens: None,
        prompt: asset.prompt.clone().unwrap_or_default(),
        provenance,
    })
}

fn composed_picture(made: store_sync_studio::Picture, prompt: String, provenance: Value) -> FinishedPicture {
    let (bytes, model) = (made.bytes.into(), STUDIO.to_owned());
    FinishedPicture { bytes, model, cost_usd_micros: 0, tokens: None, prompt, provenance }
}

fn painted_picture(painted: ModelImage, prompt: String, provenance: Value) -> FinishedPicture {
    let ModelImage { bytes, model, cost_usd_micros, tokens } = painted;
    FinishedPicture { bytes, model, cost_usd_micros, tokens: Some((tokens.input, tokens.output)), prompt, provenance }
}

/// By the local studio.
async fn compose(
    set: &GenerationInputs,
    pictures: Vec<SourcePicture>,
    (prompt, mut provenance): (String, Value),
) -> Result<FinishedPicture, Failure> {
    let order = Settings(&set.settings).scene_spec(set.scene());
    let bytes: Vec<Bytes> = pictures.into_iter().map(|picture| picture.bytes).collect();
    let made = off_thread(Bytes::new(), move |_| {
        let slices: Vec<&[u8]> = bytes.iter().map(AsRef::as_ref).collect();
        store_sync_studio::compose(&slices, &order)
    })
    .await?;
    provenance["cut_out"] = made.cut_out.into();
    Ok(composed_picture(made, prompt, provenance))
}

/// Asks the model for a picture, with the question and its outcome in the books.
async fn call_model(
    tools: &Tools,
    lease: Option<&Lease>,
    asset: &Asset,
    (read, kind): (&Settings<'_>, UsageKind),
    question: impl Future<Output = Result<ModelImage, Failure>>,
) -> Result<ModelImage, Failure> {
    let price = request::money(tools, read.0, kind)?.map_or(0, |(_, price)| price);
    let at = accounting::call(tools, lease, asset, price).await?;
    let mut painted = match question.await {
        Err(failure) => {
            if failure.kind != FailureKind::AnswerLost {
                accounting::record_refusal(tools, asset, at).await?;
            }
            return Err(failure);
        }
        Ok(painted) => painted,
    };
    let (adjust, seed) = (read.adjustments(), read.seed());
    if adjust != store_sync_studio::Adjustments::default() {
        let done = off_thread(painted.bytes, move |bytes| store_sync_studio::adjust(bytes, &adjust, seed)).await?;
        painted.bytes = done.bytes.into();
    }
    Ok(painted)
}

/// The model that is set up, asked for nothing once the job is somebody else's.
fn model(tools: &Tools, lease: Option<&Lease>) -> Result<Gemini, Failure> {
    let gemini = tools.gemini.as_ref().ok_or_else(|| Failure::new(FailureKind::NoModel, "no model is set up"))?;
    Ok(lease.map_or_else(|| gemini.clone(), |lease| gemini.within(lease.deadline())))
}

/// Nothing is written for a job that is somebody else's.
pub(super) async fn hold(lease: Option<&Lease>, tx: &mut Tx) -> Result<(), Failure> {
    match lease {
        Some(lease) => lease.hold(tx).await,
        None => Ok(()),
    }
}

/// By the model.
async fn paint(
    tools: &Tools,
    lease: Option<&Lease>,
    (asset, set): (&Asset, &GenerationInputs),
    (pictures, inspirations): (Vec<SourcePicture>, Vec<SourcePicture>),
    (prompt, provenance): (String, Value),
) -> Result<FinishedPicture, Failure> {
    let gemini = model(tools, lease)?;
    let read = Settings(&set.settings);
    let (pictures, inspirations) = (light(pictures).await?, light(inspirations).await?);
    let (model, fallback) = models(tools, &read);
    let wish = ImageRequest {
        pictures: &pictures,
        inspirations: &inspirations,
        prompt: &prompt,
        aspect: read.aspect_text(),
        size: Some(read.model_size()),
        model,
        fallback,
    };
    let painted = call_model(tools, lease, asset, (&read, UsageKind::Image), gemini.paint(&wish)).await?;
    Ok(painted_picture(painted, prompt, provenance))
}

/// A finished output, changed: by the model where there are words, else by adjustments alone.
async fn edit(
    tools: &Tools,
    lease: Option<&Lease>,
    (asset, set): (&Asset, &GenerationInputs),
    mut provenance: Value,
) -> Result<FinishedPicture, Failure> {
    let parent = provenance["edited_from"].as_str().unwrap_or_default().to_owned();
    let mut tx = tools.db.read().await?;
    let parent = flow_batch::find_asset(&mut tx, &AssetId(parent)).await?;
    drop(tx);
    let picture = sources::asset_picture(tools, &parent).await?;
    provenance["pictures"] = vec![picture.origin.clone()].into();
    let read = Settings(&set.settings);
    let Some(words) = provenance["instruction"].as_str().map(str::to_owned) else {
        let (adjust, seed) = (read.adjustments(), read.seed());
        let made = off_thread(picture.bytes, move |bytes| store_sync_studio::adjust(bytes, &adjust, seed)).await?;
        return Ok(composed_picture(made, asset.prompt.clone().unwrap_or_default(), provenance));
    };
    let gemini = model(tools, lease)?;
    // What is on it is seen once, at its first edit, and helps to leave the rest alone.
    let seen = analyse::asset(tools, &parent, &picture).await;
    let prompt = match seen {
        Ok(seen) => edit_prompt(&words, &seen),
        Err(failure) => {
            tracing::warn!(asset.id = %parent.id, failure.code = failure.code(), "not analysed, it is edited without: {failure}");
            edit_prompt(&words, &Value::Null)
        }
    };
    let picture = light(vec![picture]).await?.remove(0);
    let wish = EditRequest {
        picture,
        others: &[],
        prompt: &prompt,
        aspect: read.aspect_text(),
        size: Some(read.model_size()),
    };
    let painted = call_model(tools, lease, asset, (&read, UsageKind::Edit), gemini.edit(&wish)).await?;
    Ok(painted_picture(painted, prompt, provenance))
}

/// What a model is told for an edit.
fn edit_prompt(words: &str, seen: &Value) -> String {
    let objects: Vec<&str> = seen["objects"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut lines = vec![format!("Change this picture: {}.", words.trim().trim_end_matches('.'))];
    if !objects.is_empty() {
        lines.push(format!("It shows: {}.", objects.join(", ")));
    }
    lines.push("Leave everything else exactly as it is, the product above all.".to_owned());
    lines.join("\n")
}

/// Pictures as the model takes them: none heavier than it has to be, and of types it reads.
async fn light(sources: Vec<SourcePicture>) -> Result<Vec<(Bytes, String)>, Failure> {
    let mut all = Vec::with_capacity(sources.len());
    for source in sources {
        let known = ["image/png", "image/jpeg", "image/webp"].contains(&source.mime_type.as_str());
        if known && source.bytes.len() <= HEAVY_BYTES {
            all.push((source.bytes, source.mime_type));
            continue;
        }
        let webp = off_thread(source.bytes, store_sync_studio::webp).await?;
        all.push((webp.bytes.into(), "image/webp".to_owned()));
    }
    Ok(all)
}

/// What would be sent for a flow.
#[derive(Debug, Serialize)]
pub struct PromptPreview {
    pub engine: &'static str,
    pub model: String,
    /// The parts in their order: pictures by name, texts letter by letter.
    pub parts: Vec<String>,
    /// What goes with them: ratio and size as this model knows them. Of the studio: its own words for the scene.
    pub config: Value,
    pub prompt: String,
}

/// What would be sent for a flow's first picture, letter by letter. `look` has products and inspirations analysed first, as a job does;
/// without it the prompt holds what was seen so far.
pub async fn preview(tools: &Tools, id: &FlowId, look: bool) -> Result<PromptPreview, Failure> {
    let mut tx = tools.db.read().await?;
    let flow = flow_batch::find_flow(&mut tx, id).await?;
    let mut products = Vec::new();
    for id in db::session::texts(&flow.product_ids) {
        // Older rows name anything: what is not the flow's client's is not sent.
        products.extend(db::product::find(&mut tx, &id).await?.filter(|product| product.client_id == flow.client_id));
    }
    let settings = flow_batch::settings_of(&mut tx, &flow).await?;
    let mut set = GenerationInputs::new(&mut tx, products, Some(flow), settings).await?;
    drop(tx);
    let engine = engine(tools, &set.settings)?;
    if look {
        set.analyse(tools, engine).await?;
    }
    let inspirations = set.inspirations(tools).await?.len();
    let prompt = set.prompt(tools, inspirations).await?;
    let read = Settings(&set.settings);
    let (model, config) = match &tools.gemini {
        Some(gemini) if engine == Engine::Gemini => {
            let model = read.models().0.unwrap_or(&gemini.model);
            let wish = ImageRequest {
                prompt: &prompt,
                aspect: read.aspect_text(),
                size: Some(read.model_size()),
                ..ImageRequest::default()
            };
            (model.to_owned(), gemini.body(model, &wish)["generationConfig"].take())
        }
        _ => (STUDIO.to_owned(), read.scene_words(set.scene())),
    };
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
