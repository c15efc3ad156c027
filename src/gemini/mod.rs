//! Speaks Google's `generateContent`, at the Gemini API or on Vertex AI: pictures and words go there; a picture or a structured answer comes
//! back, or a clear word why not. Knows no database. Wire facts: the types and the code of npm `@google/genai` 3.1 and
//! <https://ai.google.dev/gemini-api/docs/image-generation>.

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

/// What a request may weigh, with its pictures in base64 (the service takes 20 MB).
const MOST_BYTES: usize = 19_000_000;

/// The models and the right to ask them.
#[derive(Clone)]
pub struct Gemini {
    pub http: Http,
    /// Tells when an access token ends.
    pub clock: Clock,
    pub service: Service,
    /// Makes pictures.
    pub model: String,
    /// Asked when the first one is away or retired.
    pub fallback: Option<String>,
    /// Changes pictures; `model` does where it is away.
    pub edit_model: String,
    /// Answers questions about pictures.
    pub text_model: String,
    /// Asked when that one is away or retired.
    pub text_fallback: Option<String>,
    /// US dollars for a picture, by `MODEL` or `MODEL/SIZE`.
    pub prices: BTreeMap<String, f64>,
    /// US dollars for a million tokens, by model.
    pub text_prices: BTreeMap<String, TextPrice>,
    /// The sizes that a model knows, over what is built in; one that stands in neither knows all of [`SIZES`].
    pub sizes: BTreeMap<String, Vec<String>>,
}

impl std::fmt::Debug for Gemini {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gemini").field("service", &self.service).field("model", &self.model).finish_non_exhaustive()
    }
}

/// What the service counted for one answer. Thoughts are output: they are paid as such.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenCount {
    pub input: i64,
    pub output: i64,
}

/// What is asked, whoever is asked.
#[derive(Clone, Copy)]
enum ModelRequest<'a> {
    Paint(&'a ImageRequest<'a>),
    Edit(&'a EditRequest<'a>),
    Analyse(&'a AnalysisRequest<'a>),
}

/// An answer as it came, and which model it came from.
struct ModelAnswer {
    answer: Value,
    model: String,
}

impl Gemini {
    /// The same models, asked for nothing once `until` has passed.
    #[must_use]
    pub fn within(&self, until: &Deadline) -> Self {
        Self { http: self.http.within(until), ..self.clone() }
    }

    /// Makes a picture; the fallback model where the first is away.
    ///
    /// # Errors
    /// `blocked`, `model_key`, `model_refused`, `bad_request` and `no_model` are for people; `model_quota` (with its wait), `model_away`,
    /// `network` and `no_picture` may go better later.
    pub async fn paint(&self, wish: &ImageRequest<'_>) -> Result<ModelImage, Failure> {
        let models = [Some(wish.model.unwrap_or(&self.model)), wish.fallback.or(self.fallback.as_deref())];
        self.painted(self.exchange(models, ModelRequest::Paint(wish)).await?, wish.size)
    }

    /// Changes a picture as its prompt says: by the edit model, by the model for pictures where that is away.
    ///
    /// # Errors
    /// As [`Gemini::paint`].
    pub async fn edit(&self, edit: &EditRequest<'_>) -> Result<ModelImage, Failure> {
        let models = [Some(self.edit_model.as_str()), Some(self.model.as_str())];
        self.painted(self.exchange(models, ModelRequest::Edit(edit)).await?, edit.size)
    }

    /// Asks about pictures; the answer is an object in the form of the question's schema.
    ///
    /// # Errors
    /// As [`Gemini::paint`]; in the place of `no_picture`, `bad_analysis` (empty, no JSON, or not as the schema says) and `analysis_cut`
    /// (longer than [`question::MOST_ANSWER_TOKENS`]) may go better later.
    pub async fn analyse(&self, question: &AnalysisRequest<'_>) -> Result<Analysed, Failure> {
        question.check()?;
        let models = [Some(self.text_model.as_str()), self.text_fallback.as_deref()];
        let told = self.exchange(models, ModelRequest::Analyse(question)).await?;
        let value = analysis_request::read(&told.answer, question.schema)?;
        let tokens = answer::tokens(&told.answer);
        let cost_usd_micros = self.analysis_cost(&told.model, tokens);
        Ok(Analysed { value, model: told.model, cost_usd_micros, tokens: tokens.unwrap_or_default() })
    }

    /// Proves the right to ask, and that the configured models are there where the service tells; nothing is made or paid for.
    ///
    /// # Errors
    /// As for pictures: a key that is none, a model that is not there, a service that is away.
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
                let told: Value = json::read(&answer.body).unwrap_or_default();
                return match answer::refused(answer.status, &told, &pass, self.service.to_check()) {
                    ModelReply::This(_) => Ok(()),
                    ModelReply::Away(failure) | ModelReply::No(failure) => Err(failure.at(model)),
                };
            }
        }
        Ok(())
    }

    /// A short name for the budget that asking is paid from: `gemini:` and 12 hexadecimal digits, the same for the same key or service account.
    /// Neither can be read from it.
    pub fn budget(&self) -> String {
        self.service.budget()
    }

    /// The request for a picture as it is sent to `model`: what it does not know is left out.
    pub fn body(&self, model: &str, wish: &ImageRequest<'_>) -> Value {
        image_body(wish, &self.form(model, wish.aspect, wish.size))
    }

    fn form(&self, model: &str, aspect: Option<&str>, size: Option<&str>) -> ImageFormat {
        ImageFormat::new(aspect, size, &self.sizes_of(model))
    }

    fn painted(&self, told: ModelAnswer, size: Option<&str>) -> Result<ModelImage, Failure> {
        let (bytes, cost_usd_micros) = (answer::picture(&told.answer)?, self.price(&told.model, size));
        let tokens = answer::tokens(&told.answer).unwrap_or_default();
        Ok(ModelImage { bytes, model: told.model, cost_usd_micros, tokens })
    }

    /// One exchange for all verbs: the first model, and the second where that is away.
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

    /// Asks one model. A failure ends it for all models: it lies in the request or in the right to ask.
    async fn ask(&self, model: &str, body: Bytes) -> Result<ModelReply, Failure> {
        let url = self.service.endpoint(model).ok_or_else(|| bad_request(&format!("'{model}' is no model's name")))?;
        if body.len() > MOST_BYTES {
            return Err(bad_request("its pictures are too large together; at most 14 MB"));
        }
        for first in [true, false] {
            let pass = self.service.authorize(&self.http, &self.clock).await?;
            let answer = match self.http.send(request(url.clone(), body.clone(), pass.header())).await {
                Ok(answer) => answer,
                Err(error @ (HttpError::Unreachable { .. } | HttpError::Refused { .. })) => {
                    let said = format!("the model cannot be reached: {error}");
                    return Ok(ModelReply::Away(Failure::new(FailureKind::Network, said)));
                }
                Err(error @ HttpError::TooLate { .. }) => {
                    return Ok(ModelReply::No(Failure::new(FailureKind::LeaseLost, error.to_string())));
                }
                // It may have painted, and be paid for it: another model is not asked at once.
                Err(error) => {
                    let said = format!("the model's answer was lost: {error}");
                    return Ok(ModelReply::No(Failure::new(FailureKind::AnswerLost, said)));
                }
            };
            // A token may be withdrawn before its end: then a new one is asked for, once.
            if first && answer.status == 401 && pass.was_held() {
                self.service.forget(&pass).await;
                continue;
            }
            let told: Value = json::read(&answer.body).unwrap_or_default();
            return Ok(match answer.status {
                200 => ModelReply::This(told),
                status => answer::refused(status, &told, &pass, self.service.to_check()),
            });
        }
        Err(Failure::new(FailureKind::ModelAway, "the model's service took no access token"))
    }
}

fn request(url: Url, body: Bytes, (name, value): (header::HeaderName, HeaderValue)) -> Request {
    let mut request = Request::new(Method::POST, url);
    request.headers.insert(name, value);
    request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.body = Body::Bytes(body);
    request
}

/// What we do not send.
fn bad_request(why: &str) -> Failure {
    Failure::new(FailureKind::BadRequest, format!("the model cannot be asked: {why}"))
}

/// Whether a word may stand as a model's name in an address: letters, digits, `-`, `_` and single dots.
pub fn is_model_name(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (1..=100).contains(&word.len()) && word.chars().all(plain) && !word.contains("..")
}
