//! What a refusal means and how it is told: whether asking for less may succeed, and the shop's own words without our
//! secrets.

use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    App, Provider,
    parse::ParsedBody,
    recipe::{Op, ResponseClass},
    template::Template,
    upload::Upload,
};
use crate::{
    model::{Failure, FailureKind, Grant, text::cut},
    outside::{Request, Response, log_target},
};

/// Maximum number of characters that a message quotes of a shop's own error text.
const MOST_WORDS: usize = 200;

/// Whether a shop was asked for more than it can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMuch {
    /// It says so, or its answer is larger than is taken.
    Surely,
    /// It failed, or took too long: there may be other reasons.
    Perhaps,
}

/// Why a call failed.
pub(super) struct FailedCall {
    pub(super) failure: Failure,
    pub(super) too_much: Option<TooMuch>,
}

impl From<Failure> for FailedCall {
    fn from(failure: Failure) -> Self {
        let too_much = (failure.kind == FailureKind::AnswerTooLarge).then_some(TooMuch::Surely);
        Self { failure, too_much }
    }
}

impl From<FailedCall> for Failure {
    fn from(refusal: FailedCall) -> Self {
        refusal.failure
    }
}

/// What a text of the shop must not repeat: the secrets of its calls, and the address of our picture, which is long and says
/// nothing.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) grant: &'a Grant,
    pub(super) app: Option<&'a App>,
    pub(super) upload: Option<&'a Upload>,
}

impl Words<'_> {
    /// A shop's text as a message quotes it: on one line, shortened and redacted.
    pub(super) fn quoted(self, said: &str) -> String {
        cut(&self.redacted(said), MOST_WORDS).into_owned()
    }

    /// A shop's text on one line, with the secrets that calls may carry redacted: the longest first, since it may
    /// contain another.
    fn redacted(self, said: &str) -> String {
        let ours = self.grant.secrets.values().chain(self.app.map(|app| &app.client_secret));
        let mut secrets: Vec<&str> = ours.map(ExposeSecret::expose_secret).filter(|s| s.len() > 3).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let said = secrets.iter().fold(said.to_owned(), |said, secret| said.replace(secret, "[redacted]"));
        let address = self.upload.map(|upload| upload.url.as_str()).filter(|url| !url.is_empty());
        let said = if let Some(url) = address { said.replace(url, "[our picture]") } else { said };
        said.replace(char::is_control, " ")
    }
}

/// The error message: request target, status, and the shop's own error text, shortened and redacted.
pub(super) fn refusal_message(
    provider: &Provider,
    request: &Request,
    response: &Response,
    parsed: &ParsedBody,
    say: Option<&str>,
    words: Words<'_>,
) -> String {
    let body = &parsed.value;
    let place = log_target(&request.method, &request.url);
    let mut message = format!("{}: {place} answered {}", provider.name(), response.status);
    let graphql = body.pointer("/errors/0/message").and_then(Value::as_str).map(str::to_owned);
    let said = provider.recipe.call.message.iter().find_map(|path| path.text(body)).or(graphql);
    if let Some(said) = said.or_else(|| parsed.instead(response)) {
        message.push_str(&format!(" ({})", words.quoted(&said)));
    }
    if let Some(say) = say {
        message.push_str(&format!(". {say}"));
    }
    message
}

/// The error message of a successful response that is not what it has to be, with the first words of what it is instead.
pub(super) fn unreadable_message(
    provider: &Provider,
    request: &Request,
    response: &Response,
    parsed: &ParsedBody,
    why: &str,
    words: Words<'_>,
) -> String {
    let kind = words.redacted(response.header("content-type").unwrap_or("no content type"));
    let place = log_target(&request.method, &request.url);
    let (name, wanted, size, why) = (provider.name(), parsed.kind.name(), response.body.len(), words.quoted(why));
    let mut message =
        format!("{name}: {place} answered with invalid or truncated {wanted} ({kind}, {size} bytes, {why})");
    if let Some(instead) = parsed.instead(response) {
        message.push_str(&format!(": {}", words.quoted(&instead)));
    }
    message
}

/// Whether a refused call may have asked for too much.
pub(super) fn too_much(op: &Op, response: &Response, class: ResponseClass) -> Option<TooMuch> {
    match (class, response.status) {
        (ResponseClass::Down, 500 | 502 | 504) => Some(TooMuch::Perhaps),
        (ResponseClass::Refused, 400 | 422) => names_size(op, &response.body).then_some(TooMuch::Surely),
        _ => None,
    }
}

/// Whether a refusal names the parameter of an operation that holds the page size.
fn names_size(op: &Op, refusal: &[u8]) -> bool {
    let holds_size = |(_, template): &(&String, &Template)| template.slots().any(|slot| slot == "page.size");
    let text = String::from_utf8_lossy(refusal);
    let words = || text.split(|c: char| !c.is_alphanumeric() && c != '_');
    op.query.iter().filter(holds_size).any(|(name, _)| words().any(|word| word.eq_ignore_ascii_case(name)))
}

/// A refused key, with the shop's own words before it: they name the cause.
pub(super) fn with_words(failure: Failure, words: &str) -> Failure {
    match failure.kind {
        FailureKind::KeyRefused | FailureKind::NoRefreshToken | FailureKind::PastedKeyRefused => failure.at(words),
        _ => failure,
    }
}
