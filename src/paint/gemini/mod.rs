//! A client of Google's `generateContent`, at the Gemini API or on Vertex AI: sends pictures and text, returns a
//! picture, a structured analysis or a classified failure. Knows no database. Wire facts: the types and the code of npm
//! `@google/genai` 3.1 and <https://ai.google.dev/gemini-api/docs/image-generation>.

mod account;
mod analysis_request;
mod answer;
mod image_request;
mod money;
mod service;
mod words;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde_json::Value;
use url::Url;

pub use account::{AccountError, ServiceAccount};
pub use analysis_request::{Analysed, AnalysisRequest, MOST_PICTURES, MOST_TEXT_BYTES, analysis_body};
pub use image_request::{
    ASPECTS, EDIT_MARKER, EditRequest, INSPIRATION_MARKER, ImageRequest, ModelImage, OTHERS_MARKER, PRODUCT_MARKER,
    SIZES, body, edit_body, parts_outline,
};
pub use money::TextPrice;
pub use service::{Service, ServiceError};

use self::{
    answer::ModelReply,
    image_request::{ImageFormat, image_body},
};
use crate::{
    model::{Failure, FailureKind, json},
    outside::{Body, Clock, Deadline, Http, HttpError, Request},
};

/// The limit of a request body in bytes, with its pictures in base64 (the service accepts 20 MB).
const MOST_BYTES: usize = 19_000_000;

/// The models and their credentials.
#[derive(Clone)]
pub struct Gemini {
    pub http: Http,
    /// Decides when an access token is refreshed.
    pub clock: Clock,
    pub service: Service,
    /// Makes pictures.
    pub model: String,
    /// Tried when `model` is unavailable or retired.
    pub fallback: Option<String>,
    /// Edits pictures; `model` is its fallback.
    pub edit_model: String,
    /// Analyses pictures.
    pub text_model: String,
    /// Tried when `text_model` is unavailable or retired.
    pub text_fallback: Option<String>,
    /// US dollars for a picture, by `MODEL` or `MODEL/SIZE`.
    pub prices: BTreeMap<String, f64>,
    /// US dollars for a million tokens, by model.
    pub text_prices: BTreeMap<String, TextPrice>,
    /// The sizes that a model supports; overrides the built-in table. A model in neither supports all of [`SIZES`].
    pub sizes: BTreeMap<String, Vec<String>>,
}

impl std::fmt::Debug for Gemini {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gemini").field("service", &self.service).field("model", &self.model).finish_non_exhaustive()
    }
}

/// The tokens of one response. Thoughts count as output: they are billed as such.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenCount {
    pub input: i64,
    pub output: i64,
}

/// A request, before a model is chosen.
#[derive(Clone, Copy)]
enum ModelRequest<'a> {
    Paint(&'a ImageRequest<'a>),
    Edit(&'a EditRequest<'a>),
    Analyse(&'a AnalysisRequest<'a>),
}

/// A response body and the model that sent it.
struct ModelAnswer {
    answer: Value,
    model: String,
}

impl Gemini {
    /// The same models; no request is sent after `until`.
    #[must_use]
    pub fn within(&self, until: &Deadline) -> Self {
        Self { http: self.http.within(until), ..self.clone() }
    }

    /// Makes a picture; falls back to the second model if the first is unavailable.
    ///
    /// # Errors
    /// `blocked`, `model_key`, `model_refused`, `bad_request` and `no_model` need a person; `model_quota` (with its
    /// wait), `model_away`, `network` and `no_picture` may succeed on a retry.
    pub async fn paint(&self, wish: &ImageRequest<'_>) -> Result<ModelImage, Failure> {
        let models = [Some(wish.model.unwrap_or(&self.model)), wish.fallback.or(self.fallback.as_deref())];
        self.painted(self.exchange(models, ModelRequest::Paint(wish)).await?, wish.size)
    }

    /// Edits a picture; falls back from the edit model to the model for pictures.
    ///
    /// # Errors
    /// As [`Gemini::paint`].
    pub async fn edit(&self, edit: &EditRequest<'_>) -> Result<ModelImage, Failure> {
        let models = [Some(self.edit_model.as_str()), Some(self.model.as_str())];
        self.painted(self.exchange(models, ModelRequest::Edit(edit)).await?, edit.size)
    }

    /// Analyses pictures; returns an object that fits the schema of the request.
    ///
    /// # Errors
    /// As [`Gemini::paint`]; instead of `no_picture`, `bad_analysis` (empty, not JSON, or not fitting the schema) and
    /// `analysis_cut` (longer than `MOST_ANSWER_TOKENS`) may succeed on a retry.
    pub async fn analyse(&self, question: &AnalysisRequest<'_>) -> Result<Analysed, Failure> {
        question.check()?;
        let models = [Some(self.text_model.as_str()), self.text_fallback.as_deref()];
        let response = self.exchange(models, ModelRequest::Analyse(question)).await?;
        let value = analysis_request::read(&response.answer, question.schema)?;
        let tokens = answer::tokens(&response.answer);
        let cost_usd_micros = self.analysis_cost(&response.model, tokens);
        Ok(Analysed { value, model: response.model, cost_usd_micros, tokens: tokens.unwrap_or_default() })
    }

    /// Checks the credentials and, with an API key, that the configured models exist; generates nothing and costs
    /// nothing.
    ///
    /// # Errors
    /// As [`Gemini::paint`]: `model_key`, `no_model`, `model_away`, `network`.
    pub async fn check(&self) -> Result<(), Failure> {
        let pass = self.service.authorize(&self.http, &self.clock).await?;
        for model in [&self.model, &self.edit_model, &self.text_model] {
            let Some(url) = self.service.description(model) else { continue };
            let mut request = Request::new(Method::GET, url);
            let (name, value) = pass.header();
            request.headers.insert(name, value);
            let answer = self.http.send(request).await;
            let answer =
                answer.map_err(|e| Failure::new(FailureKind::Network, format!("the models cannot be reached: {e}")))?;
            if answer.status != 200 {
                let body: Value = json::read(&answer.body).unwrap_or_default();
                return match answer::refused(answer.status, &body, &pass, self.service.to_check()) {
                    ModelReply::This(_) => Ok(()),
                    ModelReply::Away(failure) | ModelReply::No(failure) => Err(failure.at(model)),
                };
            }
        }
        Ok(())
    }

    /// The id of the budget that requests are charged to: `gemini:` and 12 hexadecimal digits of a hash, the same for
    /// the same key or service account.
    pub fn budget(&self) -> String {
        self.service.budget()
    }

    /// The request body for a picture as it is sent to `model`: without what the model does not support.
    pub fn body(&self, model: &str, wish: &ImageRequest<'_>) -> Value {
        image_body(wish, &self.form(model, wish.aspect, wish.size))
    }

    fn form(&self, model: &str, aspect: Option<&str>, size: Option<&str>) -> ImageFormat {
        ImageFormat::new(aspect, size, &self.sizes_of(model))
    }

    fn painted(&self, response: ModelAnswer, size: Option<&str>) -> Result<ModelImage, Failure> {
        let (bytes, cost_usd_micros) = (answer::picture(&response.answer)?, self.price(&response.model, size));
        let tokens = answer::tokens(&response.answer).unwrap_or_default();
        Ok(ModelImage { bytes, model: response.model, cost_usd_micros, tokens })
    }

    /// Sends a request to the first model, and to the second if the first is unavailable.
    async fn exchange(
        &self,
        [first, second]: [Option<&str>; 2],
        what: ModelRequest<'_>,
    ) -> Result<ModelAnswer, Failure> {
        let mut last = None;
        for model in [first, second.filter(|_| second != first)].into_iter().flatten() {
            let body = match what {
                ModelRequest::Paint(wish) => self.body(model, wish),
                ModelRequest::Edit(edit) => image_request::edit_parts(edit, &self.form(model, edit.aspect, edit.size)),
                ModelRequest::Analyse(question) => analysis_body(question),
            };
            match self.ask(model, body.to_string().into()).await? {
                ModelReply::This(answer) => return Ok(ModelAnswer { answer, model: model.to_owned() }),
                ModelReply::Away(failure) => last = Some(failure),
                ModelReply::No(failure) => return Err(failure),
            }
        }
        Err(last.unwrap_or_else(|| Failure::new(FailureKind::NoModel, "no model is configured under [gemini]")))
    }

    /// Sends a request to one model. `Err` ends the attempts with all models: the request or the credentials are at
    /// fault.
    async fn ask(&self, model: &str, body: Bytes) -> Result<ModelReply, Failure> {
        let url = self.service.endpoint(model).ok_or_else(|| bad_request(&format!("'{model}' is not a model name")))?;
        if body.len() > MOST_BYTES {
            return Err(bad_request(
                "the pictures of the request are larger than 14 MB together; send fewer or smaller ones",
            ));
        }
        for first in [true, false] {
            let pass = self.service.authorize(&self.http, &self.clock).await?;
            let answer = match self.http.send(request(url.clone(), body.clone(), pass.header())).await {
                Ok(answer) => answer,
                Err(
                    error @ (HttpError::Unreachable { .. } | HttpError::Refused { .. } | HttpError::Redirected { .. }),
                ) => {
                    let message = format!("the model cannot be reached: {error}");
                    return Ok(ModelReply::Away(Failure::new(FailureKind::Network, message)));
                }
                Err(error @ HttpError::TooLate { .. }) => {
                    return Ok(ModelReply::No(Failure::new(FailureKind::LeaseLost, error.to_string())));
                }
                // The request may have been carried out and billed, so the fallback is not tried at once.
                Err(error) => {
                    let message = format!("the connection failed after the request was sent to the model: {error}");
                    return Ok(ModelReply::No(Failure::new(FailureKind::AnswerLost, message)));
                }
            };
            // A token may be revoked before it expires: it is refreshed once.
            if first && answer.status == 401 && pass.was_held() {
                self.service.forget(&pass).await;
                continue;
            }
            let body: Value = json::read(&answer.body).unwrap_or_default();
            return Ok(match answer.status {
                200 => ModelReply::This(body),
                status => answer::refused(status, &body, &pass, self.service.to_check()),
            });
        }
        Err(Failure::new(FailureKind::ModelAway, "the model's service refused a cached and a new access token"))
    }
}

fn request(url: Url, body: Bytes, (name, value): (header::HeaderName, HeaderValue)) -> Request {
    let mut request = Request::new(Method::POST, url);
    request.headers.insert(name, value);
    request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.body = Body::Bytes(body);
    request
}

/// The failure for a request that is not sent.
fn bad_request(why: &str) -> Failure {
    Failure::new(FailureKind::BadRequest, format!("the request to the model is invalid: {why}"))
}

/// Whether a word is safe as a model name in a URL: letters, digits, `-`, `_` and single dots.
pub fn is_model_name(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (1..=100).contains(&word.len()) && word.chars().all(plain) && !word.contains("..")
}
