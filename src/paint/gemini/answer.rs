//! Classifies a response of the service: a result, an unavailable model (the fallback is tried), or a failure.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::Value;

use super::{TokenCount, service::Pass, words::plain};
use crate::model::{Failure, FailureKind};

/// Finish reasons with which the service blocks content: a retry does not help.
const BLOCKED: [&str; 11] = [
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "MODEL_ARMOR",
    "JAILBREAK",
    "LANGUAGE",
];

/// A classified response.
pub(super) enum ModelReply {
    /// A body to read.
    This(Value),
    /// This model is unavailable; another one may not be.
    Away(Failure),
    No(Failure),
}

/// Returns the picture in a response; fails with `blocked` or `no_picture`.
pub(super) fn picture(response: &Value) -> Result<Bytes, Failure> {
    if let Some(blocked) = blocked(response) {
        return Err(blocked);
    }
    let data = spoken(response).find_map(|part| part["inlineData"]["data"].as_str());
    if let Some(bytes) = data.and_then(|text| STANDARD.decode(text).ok()).filter(|bytes| infer::is_image(bytes)) {
        return Ok(bytes.into());
    }
    let (reason, words) = (reason(response), words(response));
    Err(Failure::new(FailureKind::NoPictureMade, format!("the model answered without a picture ({reason}): {words}")))
}

/// Returns the text parts of a response, joined; fails with `blocked`.
pub(super) fn text(response: &Value) -> Result<String, Failure> {
    if let Some(blocked) = blocked(response) {
        return Err(blocked);
    }
    Ok(spoken(response).filter_map(|part| part["text"].as_str()).collect())
}

/// The finish reason of a response.
pub(super) fn reason(response: &Value) -> String {
    plain(response["candidates"][0]["finishReason"].as_str().unwrap_or("no reason given"))
}

/// The token counts of a response; `None` if it has none. Thoughts and tool prompts are counted separately and billed
/// alike, so they are added.
pub(super) fn tokens(response: &Value) -> Option<TokenCount> {
    let usage = response["usageMetadata"].as_object()?;
    let sum = |names: [&str; 2]| {
        let counts = names.iter().filter_map(|name| usage.get(*name)?.as_i64());
        counts.fold(0_i64, |sum, count| sum.saturating_add(count.max(0)))
    };
    Some(TokenCount {
        input: sum(["promptTokenCount", "toolUsePromptTokenCount"]),
        output: sum(["candidatesTokenCount", "thoughtsTokenCount"]),
    })
}

/// Classifies a status other than 200; the error bodies of the Gemini API and of Vertex AI have one format
/// (`google.rpc.Status`). `check` names what an operator checks when the credentials are refused.
pub(super) fn refused(status: u16, response: &Value, pass: &Pass, check: &str) -> ModelReply {
    let error = response
        .as_array()
        .map_or(response, |all| all.first().unwrap_or(response))
        .get("error")
        .unwrap_or(&Value::Null);
    let word = |name: &str| error[name].as_str().unwrap_or_default();
    let message = plain(&pass.redact(word("message")));
    let summary = format!("the model's service answered {status} {} ({message})", plain(&pass.redact(word("status"))));
    let details = error["details"].as_array().cloned().unwrap_or_default();
    let is_key = details.iter().any(|detail| detail["reason"] == "API_KEY_INVALID");
    match status {
        429 => ModelReply::No(Failure::new(FailureKind::ModelQuota, summary).after(wait(&details))),
        400 if is_key => ModelReply::No(Failure::new(FailureKind::ModelKey, format!("{summary}: check {check}"))),
        401 | 403 => ModelReply::No(Failure::new(FailureKind::ModelKey, format!("{summary}: check {check}"))),
        404 => {
            ModelReply::Away(Failure::new(FailureKind::NoModel, format!("{summary}: check the models under [gemini]")))
        }
        408 | 500.. => ModelReply::Away(Failure::new(FailureKind::ModelAway, summary)),
        _ => ModelReply::No(Failure::new(FailureKind::ModelRefused, summary)),
    }
}

/// Returns a `blocked` failure if the service blocked the prompt or its own output.
fn blocked(response: &Value) -> Option<Failure> {
    if let Some(reason) = response["promptFeedback"]["blockReason"].as_str() {
        let message = format!("the model's service blocked this prompt or picture ({}): change them", plain(reason));
        return Some(Failure::new(FailureKind::Blocked, message));
    }
    let reason = reason(response);
    let refuses = BLOCKED.contains(&reason.as_str());
    refuses.then(|| {
        Failure::new(
            FailureKind::Blocked,
            format!("the model's service blocked the result ({reason}): {}", words(response)),
        )
    })
}

/// The parts of a response without thoughts.
fn spoken(response: &Value) -> impl Iterator<Item = &Value> {
    let parts = response["candidates"][0]["content"]["parts"].as_array();
    parts.into_iter().flatten().filter(|part| part["thought"] != true)
}

/// The explanation in a response: its finish message, or the model's text.
fn words(response: &Value) -> String {
    let own = response["candidates"][0]["finishMessage"].as_str();
    plain(own.or_else(|| spoken(response).find_map(|part| part["text"].as_str())).unwrap_or_default())
}

/// The wait that the service asks for; 12 hours for a daily quota, 30 seconds by default: Vertex AI often gives no
/// details.
fn wait(details: &[Value]) -> Duration {
    let violations = details.iter().flat_map(|detail| detail["violations"].as_array().into_iter().flatten());
    let ids =
        violations.map(|one| &one["quotaId"]).chain(details.iter().map(|detail| &detail["metadata"]["quota_limit"]));
    if ids.into_iter().any(|id| id.as_str().is_some_and(|id| id.contains("PerDay"))) {
        return Duration::from_hours(12);
    }
    let delay = details.iter().find_map(|detail| detail["retryDelay"].as_str()?.strip_suffix('s')?.parse::<f64>().ok());
    delay.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn waits_are_read() {
        let minute = json!([{ "violations": [{ "quotaId": "GenerateRequestsPerMinutePerProjectPerModel" }] }, { "retryDelay": "57.238747106s" }]);
        assert_eq!(wait(minute.as_array().expect("a list")).as_secs(), 57);
        let day = json!([{ "violations": [{ "quotaId": "GenerateRequestsPerDayPerProjectPerModel" }] }, { "retryDelay": "3s" }]);
        assert_eq!(wait(day.as_array().expect("a list")), Duration::from_hours(12));
        let cloud = json!([{ "reason": "RATE_LIMIT_EXCEEDED", "metadata": { "quota_limit": "GenerateContentRequestsPerDayPerProject" } }]);
        assert_eq!(wait(cloud.as_array().expect("a list")), Duration::from_hours(12));
        assert_eq!(wait(&[]), Duration::from_secs(30));
    }

    #[test]
    fn an_answer_is_a_picture_or_says_why_not() {
        let code = |response: Value| match picture(&response) {
            Ok(_) => "picture".to_owned(),
            Err(failure) => format!("{}: {}", failure.code(), failure.message),
        };
        let png = STANDARD.encode([0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0]);
        let part = |more: Value| json!({ "candidates": [{ "content": { "parts": more }, "finishReason": "STOP" }] });
        assert_eq!(
            code(part(json!([{ "text": "here" }, { "inlineData": { "mimeType": "image/png", "data": png } }]))),
            "picture"
        );
        assert!(
            code(part(json!([{ "inlineData": { "data": png }, "thought": true }]))).starts_with("no_picture"),
            "a thought is none"
        );
        assert!(code(part(json!([{ "text": "I cannot" }]))).contains("I cannot"));
        assert!(code(part(json!([{ "inlineData": { "data": "bm8gcGljdHVyZQ==" } }]))).starts_with("no_picture"));
        assert!(code(json!({ "promptFeedback": { "blockReason": "SAFETY" } })).starts_with("blocked"));
        assert!(
            code(json!({ "candidates": [{ "finishReason": "IMAGE_SAFETY", "finishMessage": "no" }] }))
                .starts_with("blocked")
        );
        assert!(code(json!({ "candidates": [{ "finishReason": "NO_IMAGE" }] })).starts_with("no_picture"));
    }

    #[test]
    fn thoughts_are_output() {
        let response = json!({ "usageMetadata": { "promptTokenCount": 300, "candidatesTokenCount": 10, "thoughtsTokenCount": 5, "totalTokenCount": 315 } });
        assert_eq!(tokens(&response), Some(TokenCount { input: 300, output: 15 }));
        assert_eq!(tokens(&json!({})), None);
    }
}
