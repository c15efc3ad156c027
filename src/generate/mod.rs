//! Generates pictures of products: a request becomes flows, outputs, reservations and jobs; a job makes one picture.
//!
//! ```text
//! request, request_flow, request_session, regenerate, edit, retry_flow, retry_session
//!   └▶ ONE transaction: flows, outputs (ids known), reservations (count, storage, money), jobs that take turns
//! work::worker ─▶ run: sources ─▶ analyse (kept by version) ─▶ prompt ─▶ paint: the model, or the studio ─▶ keep (bytes, then the row)
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
