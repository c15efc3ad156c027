//! What makes pictures: the local studio, or a model. The engine is chosen once, when an output is requested; its painter does the work.

pub mod gemini;
mod studio;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
pub use store_sync_studio::{Adjustments, Camera, Light, Observed, SceneSeen, SceneSpec, Style};

use self::gemini::{Gemini, ModelImage, TokenCount};
pub use self::studio::{check, jpeg, observe, observe_scene, png, webp};
use crate::{
    model::{Engine, Failure, FailureKind, OutputWork},
    outside::Deadline,
};

/// A picture larger than this, in bytes, goes to a model as WebP.
const LARGE_BYTES: usize = 1_500_000;
/// The media types that models read.
const READABLE: [&str; 3] = ["image/png", "image/jpeg", "image/webp"];

/// The engines of this process.
#[derive(Debug, Clone, Default)]
pub struct Engines {
    /// Makes pictures whose settings name no engine.
    pub usual: Engine,
    /// The model, if one is configured.
    pub model: Option<Arc<Gemini>>,
}

impl Engines {
    /// The engine for settings that name `word`, or none.
    ///
    /// # Errors
    /// `bad_settings` for an unknown word, `no_model` where none is configured.
    pub fn choose(&self, word: Option<&str>) -> Result<Engine, Failure> {
        let engine = match word.map(str::parse) {
            Some(Ok(engine)) => engine,
            Some(Err(_)) => {
                let text = format!("engine '{}' is neither studio nor gemini", word.unwrap_or_default());
                return Err(Failure::new(FailureKind::BadSettings, text));
            }
            None => self.usual,
        };
        self.painter(engine).map(|_| engine)
    }

    /// What does the work of an engine.
    ///
    /// # Errors
    /// `no_model` where none is configured.
    pub fn painter(&self, engine: Engine) -> Result<Painter, Failure> {
        match (engine, &self.model) {
            (Engine::Studio, _) => Ok(Painter::Studio),
            (Engine::Model, Some(model)) => Ok(Painter::Model(model.clone())),
            (Engine::Model, None) => {
                let text = "no model is set up: put [gemini] api_key into the configuration";
                Err(Failure::new(FailureKind::NoModel, text))
            }
        }
    }
}

/// An engine that is ready to work.
#[derive(Debug, Clone)]
pub enum Painter {
    Studio,
    Model(Arc<Gemini>),
}

/// The form of a picture in a model's words, and the models that the settings ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModelForm<'a> {
    /// `16:9` and so on.
    pub aspect: Option<&'a str>,
    /// `512`, `1K`, `2K` or `4K`.
    pub size: Option<&'a str>,
    /// Overrides the configured model.
    pub model: Option<&'a str>,
    /// Overrides the configured fallback.
    pub fallback: Option<&'a str>,
}

/// A picture that is wanted.
pub struct Scene<'a> {
    /// Base pictures of the products, with their media types.
    pub pictures: Vec<(Bytes, String)>,
    /// Pictures for the mood, with their media types.
    pub inspirations: Vec<(Bytes, String)>,
    pub prompt: &'a str,
    /// For the studio.
    pub spec: SceneSpec,
    /// For a model.
    pub form: ModelForm<'a>,
}

/// A change that is wanted of a picture.
pub struct Edit<'a> {
    /// The picture, with its media type.
    pub picture: (Bytes, String),
    /// For a model.
    pub prompt: &'a str,
    /// For the studio.
    pub adjust: Adjustments,
    /// Places the grain.
    pub seed: u64,
    /// For a model.
    pub form: ModelForm<'a>,
}

/// A picture that an engine made.
pub struct Painted {
    pub bytes: Bytes,
    /// The model, or the name of the studio.
    pub model: String,
    /// Millionths of a US dollar.
    pub cost_usd_micros: i64,
    /// What a model counted.
    pub tokens: Option<TokenCount>,
    /// Whether all products were cut out; a model says nothing about that.
    pub cut_out: Option<bool>,
}

impl From<store_sync_studio::Picture> for Painted {
    fn from(made: store_sync_studio::Picture) -> Self {
        let (bytes, model) = (made.bytes.into(), studio::NAME.to_owned());
        Self { bytes, model, cost_usd_micros: 0, tokens: None, cut_out: Some(made.cut_out) }
    }
}

impl From<ModelImage> for Painted {
    fn from(made: ModelImage) -> Self {
        let ModelImage { bytes, model, cost_usd_micros, tokens } = made;
        Self { bytes, model, cost_usd_micros, tokens: Some(tokens), cut_out: None }
    }
}

impl Painter {
    /// The same painter; a model is sent no request after `until`.
    #[must_use]
    pub fn within(self, until: &Deadline) -> Self {
        match self {
            Self::Studio => Self::Studio,
            Self::Model(model) => Self::Model(Arc::new(model.within(until))),
        }
    }

    /// The name of what makes a picture of this form first.
    pub fn name<'a>(&'a self, form: &ModelForm<'a>) -> &'a str {
        match self {
            Self::Studio => studio::NAME,
            Self::Model(model) => form.model.unwrap_or(&model.model),
        }
    }

    /// Makes a picture.
    ///
    /// # Errors
    /// `studio`, or those of [`Gemini::paint`].
    pub async fn paint(&self, scene: Scene<'_>) -> Result<Painted, Failure> {
        let model = match self {
            Self::Studio => {
                let pictures = scene.pictures.into_iter().map(|(bytes, _)| bytes).collect();
                return studio::compose(pictures, scene.spec).await.map(Painted::from);
            }
            Self::Model(model) => model,
        };
        let (pictures, inspirations) = (readable(scene.pictures).await?, readable(scene.inspirations).await?);
        let request = gemini::ImageRequest {
            pictures: &pictures,
            inspirations: &inspirations,
            ..image_request(model, scene.prompt, &scene.form)
        };
        model.paint(&request).await.map(Painted::from)
    }

    /// Changes a picture: a model by the prompt, the studio by the adjustments.
    ///
    /// # Errors
    /// `studio`, or those of [`Gemini::edit`].
    pub async fn edit(&self, edit: Edit<'_>) -> Result<Painted, Failure> {
        match self {
            Self::Studio => {
                let made = studio::adjust(edit.picture.0, edit.adjust, edit.seed).await?;
                // Nothing is cut out of a picture that is adjusted.
                Ok(Painted { cut_out: None, ..made.into() })
            }
            Self::Model(model) => {
                let picture = readable_one(edit.picture).await?;
                let (aspect, size) = (edit.form.aspect, edit.form.size);
                let request = gemini::EditRequest { picture, others: &[], prompt: edit.prompt, aspect, size };
                model.edit(&request).await.map(Painted::from)
            }
        }
    }

    /// Adjusts what it made where that is not part of the making: a model knows no adjustments.
    ///
    /// # Errors
    /// `studio`
    pub async fn adjust(&self, mut painted: Painted, adjust: Adjustments, seed: u64) -> Result<Painted, Failure> {
        if matches!(self, Self::Model(_)) && adjust != Adjustments::default() {
            painted.bytes = studio::adjust(painted.bytes, adjust, seed).await?.bytes.into();
        }
        Ok(painted)
    }

    /// The generation config that a model would be sent; `None` for the studio.
    pub fn config(&self, prompt: &str, form: &ModelForm<'_>) -> Option<Value> {
        let Self::Model(model) = self else { return None };
        Some(model.body(self.name(form), &image_request(model, prompt, form))["generationConfig"].take())
    }

    /// The price of this work; `None` if it costs nothing.
    pub fn price(&self, work: &OutputWork, form: &ModelForm<'_>) -> Option<PriceBound> {
        let Self::Model(model) = self else { return None };
        let (at_most, named) = match work {
            OutputWork::Edit { .. } => (model.dearest_edit(form.size), &model.edit_model),
            OutputWork::Image { .. } => {
                let request = image_request(model, "", form);
                (model.dearest(request.model, request.fallback, request.size), &model.model)
            }
        };
        let model_name = form.model.filter(|_| matches!(work, OutputWork::Image { .. })).unwrap_or(named).to_owned();
        Some(PriceBound { budget: model.budget(), at_most, model: model_name })
    }
}

/// The price of a picture.
pub struct PriceBound {
    /// The budget that it is charged to: see [`Gemini::budget`].
    pub budget: String,
    /// The upper bound in millionths of a US dollar; `None` if a model that may be used has no price in the list.
    pub at_most: Option<i64>,
    /// The model that is asked first.
    pub model: String,
}

/// A request of a model for a picture, yet without pictures. The models of older settings may have been retired since: then the configured
/// one is the fallback.
fn image_request<'a>(model: &'a Gemini, prompt: &'a str, form: &ModelForm<'a>) -> gemini::ImageRequest<'a> {
    let fallback = form.fallback.or(form.model.map(|_| model.model.as_str()));
    let (aspect, size) = (form.aspect, form.size);
    gemini::ImageRequest { prompt, aspect, size, model: form.model, fallback, ..gemini::ImageRequest::default() }
}

/// Pictures as a model takes them: none larger than it has to be, and of types it reads.
async fn readable(pictures: Vec<(Bytes, String)>) -> Result<Vec<(Bytes, String)>, Failure> {
    let mut all = Vec::with_capacity(pictures.len());
    for picture in pictures {
        all.push(readable_one(picture).await?);
    }
    Ok(all)
}

async fn readable_one((bytes, mime_type): (Bytes, String)) -> Result<(Bytes, String), Failure> {
    if READABLE.contains(&mime_type.as_str()) && bytes.len() <= LARGE_BYTES {
        return Ok((bytes, mime_type));
    }
    Ok((studio::webp(bytes).await?.bytes.into(), "image/webp".to_owned()))
}
