//! Makes pictures of products: a request becomes flows, outputs, reservations and a job each; a job makes one picture.
//!
//! ```text
//! request, request_flow, request_session, regenerate, edit, retry_flow, retry_session
//!   └▶ ONE transaction: flows, outputs (ids known), reservations (count, storage, money), jobs that take turns
//! work::worker ─▶ run: sources ─▶ analyse (kept by version) ─▶ prompt ─▶ the model, or the studio ─▶ keep (bytes, then the row)
//! ```

mod accounting;
mod again;
mod analyse;
mod cancel;
mod flow_batch;
mod keep;
mod prompt;
mod request;
mod run;
mod settings;
mod sources;
mod tidy;

pub use again::{edit, regenerate, retry_flow, retry_session};
pub use analyse::{analyse_inspiration, analyse_product};
pub use cancel::{Cancelled, cancel_flow, cancel_session, fail_stranded};
pub use keep::give_up;
pub use prompt::{PromptProduct, PromptSubject, prompt};
pub use request::{GenerationRequest, MOST, Queued, Terms, request, request_flow, request_session};
pub use run::{PromptPreview, preview, run};
pub use settings::style;
pub use sources::{bytes_of, public_url};
pub use tidy::{Tidied, tidy};

use serde_json::{Map, Value};

use self::settings::Settings;
use crate::{
    model::{Failure, FailureKind},
    tools::Tools,
};

/// What makes a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    /// The local studio.
    Studio,
    /// The model.
    Gemini,
}

impl Engine {
    fn as_str(self) -> &'static str {
        match self {
            Self::Studio => "studio",
            Self::Gemini => "gemini",
        }
    }
}

/// The models that these settings ask for. Older flows name models that were retired since: then the operator's stands in.
fn models<'a>(tools: &'a Tools, read: &Settings<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let (model, fallback) = read.models();
    let usual = tools.gemini.as_ref().map(|gemini| gemini.model.as_str());
    (model, fallback.or(usual.filter(|_| model.is_some())))
}

/// What makes the pictures of these settings: their own word, or what the operator decided.
fn engine(tools: &Tools, settings: &Map<String, Value>) -> Result<Engine, Failure> {
    let engine = match settings.get("engine").and_then(Value::as_str) {
        Some("studio") => Engine::Studio,
        Some("gemini") => Engine::Gemini,
        Some(other) => {
            let text = format!("engine '{other}' is neither studio nor gemini");
            return Err(Failure::new(FailureKind::BadSettings, text));
        }
        None if tools.policy.paint_by_model => Engine::Gemini,
        None => Engine::Studio,
    };
    if engine == Engine::Gemini && tools.gemini.is_none() {
        let text = "no model is set up: put [gemini] api_key into the configuration";
        return Err(Failure::new(FailureKind::NoModel, text));
    }
    Ok(engine)
}
