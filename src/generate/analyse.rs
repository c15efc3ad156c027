//! Analyses pictures of products, inspirations and outputs: by the model if one paints, else by arithmetic and the
//! product's own text. Stored with the row; repeated when the analysis version or a product's picture changes.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    accounting::{self, Reservation},
    sources::{self, SourcePicture},
};
use crate::{
    db::{self, ledger::Paid},
    model::{
        Asset, AssetLocation, ClientId, Failure, FailureKind, Inspiration, InspirationId, Noun, Product, ProductId,
        UsageKind,
    },
    paint::{
        self, Observed, Painter, SceneSeen,
        gemini::{AnalysisRequest, Gemini},
    },
    tools::Tools,
};

/// Versions of the analysis; a change invalidates every stored one.
const BY_STUDIO: &str = "studio/1";
const BY_MODEL: &str = "gemini/1";

/// An instruction for the model, and the schema of its answer.
struct Question {
    instruction: &'static str,
    schema: fn() -> Value,
}

const PRODUCT: Question = Question {
    schema: product_form,
    instruction: "Look at the product in this picture, and at nothing else. Say what it is, what it is made of, which colours \
    it has, what style it is, in which rooms or places a photographer would show it, how large it is beside everyday things, and with which \
    words its picture should be asked for. Short English words, no sentences.",
};
const SCENE: Question = Question {
    schema: scene_form,
    instruction: "Look at the scene of this picture, not at the things for sale in it. Say what place it is, its style, its \
    light, where the camera stands, what is around, its colours and props, and in one sentence how to photograph something else in just such \
    a scene.",
};
const ASSET: Question = Question {
    schema: asset_form,
    instruction: "Name the things in this picture, its main colours, its light and its composition. Short English words, no sentences.",
};

fn text() -> Value {
    json!({ "type": "STRING" })
}

fn texts() -> Value {
    json!({ "type": "ARRAY", "items": { "type": "STRING" } })
}

fn object(properties: Value) -> Value {
    let names: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({ "type": "OBJECT", "properties": properties, "required": names })
}

fn product_form() -> Value {
    object(json!({
        "productType": text(), "materials": texts(), "colors": texts(), "style": text(), "suggestedRoomTypes": texts(),
        "scaleHints": text(), "promptKeywords": texts(),
    }))
}

fn scene_form() -> Value {
    object(json!({
        "roomType": text(), "style": text(), "lighting": text(), "cameraAngle": text(), "surroundings": text(), "colorScheme": text(),
        "props": texts(), "promptText": text(),
    }))
}

fn asset_form() -> Value {
    object(json!({ "objects": texts(), "colors": texts(), "lighting": text(), "composition": text() }))
}

fn version(painter: &Painter) -> &'static str {
    match painter {
        Painter::Studio => BY_STUDIO,
        Painter::Model(_) => BY_MODEL,
    }
}

/// Analyses a product; with `anew`, also if an analysis is stored.
pub async fn analyse_product(tools: &Tools, id: &ProductId, anew: bool) -> Result<Value, Failure> {
    let mut tx = tools.db.read().await?;
    let found = db::product::find(&mut tx, id.as_str()).await?;
    drop(tx);
    let found = found.ok_or_else(|| Failure::not_found(Noun::Product, id))?;
    if anew {
        let mut tx = tools.db.begin().await?;
        db::product::forget_analysis(&mut tx, id).await?;
        tx.commit().await?;
    }
    product(tools, &found, &tools.engines.painter(tools.engines.usual)?).await
}

/// Analyses the scene of an inspiration; with `anew`, also if an analysis is stored.
pub async fn analyse_inspiration(tools: &Tools, id: &InspirationId, anew: bool) -> Result<Value, Failure> {
    let mut tx = tools.db.read().await?;
    let found = db::inspiration::find(&mut tx, id).await?;
    let mut found = found.ok_or_else(|| Failure::not_found(Noun::Inspiration, id))?;
    let session = db::session::find(&mut tx, &found.collection_session_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    drop(tx);
    if anew {
        found.analysis = None;
    }
    inspiration(tools, &found, &session.client_id, &tools.engines.painter(tools.engines.usual)?).await
}

/// The analysis of a product, by the first picture that its shop shows, whichever picture a flow uses. One caller of
/// this process analyses; others wait for the result.
pub(super) async fn product(tools: &Tools, product: &Product, painter: &Painter) -> Result<Value, Failure> {
    let flight = tools.single_flight(&format!("analyse:{}", product.id));
    let _alone = flight.lock().await;
    let mut tx = tools.db.read().await?;
    let kept = db::product::find_analysis(&mut tx, &product.id).await?;
    let images = db::product::list_images(&mut tx, &product.id).await?;
    drop(tx);
    let print = sources::fingerprint(sources::base(&images, None));
    if let (Some(seen), Some(by)) = (kept.analysis_data, kept.analysis_version)
        // Rows of the older application name no picture: their analysis is valid while the version is the same. The
        // model's analysis is better than the studio's.
        && (by == version(painter) || by == BY_MODEL)
        && seen.0.get("picture").is_none_or(|picture| *picture == print.as_str())
    {
        return Ok(seen.0);
    }
    let source = sources::product_picture(tools, product, &images, None).await?;
    let mut seen = match painter {
        Painter::Studio => by_studio(product, &paint::observe(source.bytes).await?),
        Painter::Model(model) => {
            let about =
                Reservation { kind: UsageKind::ProductAnalysis, asset: None, product: Some(product), money: None };
            let told = ask(tools, model, &product.client_id, about, source, &PRODUCT).await;
            match told {
                // Stored, too: the next request does not analyse this picture again in vain.
                Err(failure) if is_unusable(&failure) => json!({ "unusable": failure.code() }),
                told => told?,
            }
        }
    };
    seen["version"] = version(painter).into();
    seen["picture"] = print.into();
    let mut tx = tools.db.begin().await?;
    db::product::mark_analysed(&mut tx, &product.id, &seen, version(painter), tools.outside.clock.now()).await?;
    tx.commit().await?;
    Ok(seen)
}

/// The scene of an inspiration.
pub(super) async fn inspiration(
    tools: &Tools,
    row: &Inspiration,
    client: &ClientId,
    painter: &Painter,
) -> Result<Value, Failure> {
    if let Some(seen) = &row.analysis
        // An analysis by a person or the older application has no version, and stays.
        && seen.0.get("version").is_none_or(|by| *by == version(painter))
    {
        return Ok(seen.0.clone());
    }
    let place = row.r2_key.as_deref().map_or(AssetLocation::Url(&row.url), AssetLocation::Key);
    let bytes = tools.outside.bytes_at(&place).await?;
    let mut seen = scene_by_studio(&paint::observe_scene(bytes.clone()).await?);
    if let Painter::Model(model) = painter {
        let mime_type = infer::get(&bytes).map_or("image/jpeg", |kind| kind.mime_type()).to_owned();
        let source = SourcePicture { bytes, mime_type, origin: Value::Null };
        let about = Reservation { kind: UsageKind::SceneAnalysis, asset: None, product: None, money: None };
        let told = ask(tools, model, client, about, source, &SCENE).await?;
        // The palette stays: the studio paints by it.
        seen = json!({ "palette": seen["palette"] });
        crate::model::merge_settings(
            seen.as_object_mut().unwrap_or(&mut Map::new()),
            told.as_object().unwrap_or(&Map::new()),
        );
    }
    seen["version"] = version(painter).into();
    let mut tx = tools.db.begin().await?;
    db::inspiration::update(&mut tx, &row.id, None, Some(&seen)).await?;
    tx.commit().await?;
    Ok(seen)
}

/// The analysis of an output; made when it is first edited by a prompt.
pub(super) async fn asset(
    tools: &Tools,
    model: &Gemini,
    asset: &Asset,
    picture: &SourcePicture,
) -> Result<Value, Failure> {
    if let (Some(seen), Some(by)) = (&asset.asset_analysis, &asset.analysis_version)
        && by == BY_MODEL
    {
        return Ok(seen.0.clone());
    }
    let about = Reservation { kind: UsageKind::SceneAnalysis, asset: None, product: None, money: None };
    let mut seen = ask(tools, model, &asset.client_id, about, picture.clone(), &ASSET).await?;
    seen["version"] = BY_MODEL.into();
    let mut tx = tools.db.begin().await?;
    db::asset::mark_analysed(&mut tx, &asset.id, &seen, BY_MODEL, tools.outside.clock.now()).await?;
    tx.commit().await?;
    Ok(seen)
}

/// Whether the model's answer cannot be used: a retry would end alike.
fn is_unusable(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::BadAnalysis | FailureKind::AnalysisCut | FailureKind::Blocked)
}

/// Calls the model, within the month's money.
async fn ask(
    tools: &Tools,
    gemini: &Gemini,
    client: &ClientId,
    about: Reservation<'_>,
    source: SourcePicture,
    question: &Question,
) -> Result<Value, Failure> {
    let price = gemini.analysis_price_bound();
    if price.is_none() && tools.policy.month_cap_usd_micros.is_some() {
        let text = "[gemini] usd_per_month is set, and [gemini.text_prices] does not name the text models: nothing is analysed";
        return Err(Failure::new(FailureKind::NoPrice, text));
    }
    let money = Some((gemini.budget(), price.unwrap_or(0)));
    let entry = accounting::reserve_analysis(tools, client, Reservation { money, ..about }).await?;
    let pictures: [(Bytes, String); 1] = [(source.bytes, source.mime_type)];
    let answer = gemini
        .analyse(&AnalysisRequest {
            pictures: &pictures,
            instruction: question.instruction,
            schema: &(question.schema)(),
        })
        .await;
    let paid = answer.as_ref().ok().map(|answer| Paid {
        usd_micros: answer.cost_usd_micros,
        model: &answer.model,
        tokens: Some((answer.tokens.input, answer.tokens.output)),
    });
    // Unusable answers are paid for, too; their cost is unknown here.
    let lost = answer.as_ref().is_err_and(|failure| failure.kind == FailureKind::AnswerLost || is_unusable(failure));
    accounting::settle_analysis(tools, &entry, paid.as_ref(), lost).await?;
    Ok(answer?.value)
}

/// Words for materials, as shops write them.
const MATERIALS: [&str; 32] = [
    "wood",
    "oak",
    "walnut",
    "pine",
    "bamboo",
    "rattan",
    "ceramic",
    "stoneware",
    "porcelain",
    "clay",
    "glass",
    "metal",
    "steel",
    "brass",
    "copper",
    "iron",
    "aluminium",
    "leather",
    "linen",
    "cotton",
    "wool",
    "silk",
    "velvet",
    "felt",
    "marble",
    "concrete",
    "stone",
    "paper",
    "plastic",
    "rubber",
    "wax",
    "cork",
];
/// Where products are shown, by words in their text.
const PLACES: [(&str, &[&str]); 8] = [
    (
        "kitchen",
        &["mug", "cup", "bowl", "plate", "kitchen", "pan", "pot", "knife", "glass", "teapot", "bottle", "board"],
    ),
    ("living room", &["lamp", "sofa", "chair", "vase", "cushion", "candle", "rug", "frame", "plant", "clock", "table"]),
    ("bedroom", &["bed", "pillow", "blanket", "duvet", "nightstand"]),
    ("bathroom", &["soap", "towel", "bath", "shampoo", "cream", "lotion"]),
    ("office", &["desk", "pen", "notebook", "laptop", "keyboard", "monitor", "camera", "tripod"]),
    ("garden", &["garden", "planter", "outdoor", "bonsai", "seed"]),
    ("street", &["shoe", "boot", "bag", "jacket", "coat", "hat", "bike", "skate"]),
    ("gym", &["yoga", "ball", "glove", "dumbbell", "sport", "rope"]),
];

/// Analysis by arithmetic and the product's own text.
fn by_studio(product: &Product, seen: &Observed) -> Value {
    let told = [Some(&product.name), product.category.as_ref(), product.description.as_ref()];
    let told: Vec<String> = told.into_iter().flatten().map(|text| text.to_lowercase()).collect();
    let said: Vec<&str> = told.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).collect();
    let says = |word: &str| said.iter().any(|other| *other == word || other.strip_suffix('s') == Some(word));
    let materials: Vec<&str> = MATERIALS.into_iter().filter(|word| says(word)).collect();
    let places: Vec<&str> =
        PLACES.iter().filter(|(_, words)| words.iter().any(|word| says(word))).map(|(place, _)| *place).collect();
    let mut colors: Vec<&str> = seen.colours.iter().map(|colour| colour.name).collect();
    colors.dedup();
    let kind = product.category.clone().filter(|text| !text.trim().is_empty());
    let last = product.name.split_whitespace().last().unwrap_or_default().to_lowercase();
    let keywords: Vec<&str> = colors.iter().take(2).chain(&materials).copied().collect();
    json!({
        "productType": kind.unwrap_or(last), "materials": materials, "colors": colors, "style": "", "suggestedRoomTypes": places,
        "scaleHints": seen.shape, "promptKeywords": keywords, "plainBackground": seen.plain_background,
        "palette": seen.colours.iter().map(|colour| colour.hex.as_str()).collect::<Vec<_>>(),
    })
}

/// Analysis of a scene by arithmetic.
pub(super) fn scene_by_studio(seen: &SceneSeen) -> Value {
    let light = match (seen.brightness, seen.warmth) {
        (bright, _) if bright < 0.3 => "low and dramatic",
        (_, warm) if warm > 0.15 => "warm",
        (_, warm) if warm < -0.15 => "cool daylight",
        _ => "soft daylight",
    };
    let names: Vec<&str> = seen.colours.iter().map(|colour| colour.name).collect();
    let palette: Vec<String> = seen.palette.iter().map(|[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}")).collect();
    json!({
        "style": seen.style.as_str(), "lighting": light, "colorScheme": names.join(", "), "palette": palette, "props": [],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_demands_what_it_names() {
        let form = product_form();
        assert_eq!(form["required"].as_array().map(Vec::len), form["properties"].as_object().map(Map::len));
        assert_eq!(form["properties"]["materials"]["items"]["type"], "STRING");
    }
}
