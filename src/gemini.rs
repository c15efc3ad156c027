//! Speaks Google's `generateContent`: pictures and a prompt go there, one picture comes back, or a clear word why not. Wire facts: the types
//! of npm `@google/genai` 3.1 and <https://ai.google.dev/gemini-api/docs/image-generation>.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use crate::{
    model::{Failure, Secret},
    outside::{Body, Http, Request},
};

/// What a request may weigh, with its pictures in base64 (the service takes 20 MB).
const MOST_BYTES: usize = 19_000_000;
/// Words of the service for "not this": asking again does not help.
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

/// A client with its key.
pub struct Gemini {
    pub http: Http,
    pub key: Secret,
    /// Without a slash at the end, with the version: `https://generativelanguage.googleapis.com/v1beta`.
    pub base_url: Url,
    pub model: String,
    /// Asked when the first one is away.
    pub fallback: Option<String>,
    /// US dollars for a picture, by `MODEL` or `MODEL/SIZE`.
    pub prices: BTreeMap<String, f64>,
}

/// One picture to be made.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// Pictures of the product, with their media types; they go first.
    pub pictures: &'a [(Bytes, String)],
    pub prompt: &'a str,
    /// `1:1`, `16:9` and so on.
    pub aspect: Option<&'a str>,
    /// `512`, `1K`, `2K` or `4K`.
    pub size: Option<&'a str>,
}

/// A picture that came.
#[derive(Debug, Clone)]
pub struct Painted {
    pub bytes: Bytes,
    /// Which model made it.
    pub model: String,
    /// By the price list of the configuration; 0 where that does not name it.
    pub cost_usd_micros: i64,
}

/// What an answer was.
enum Heard {
    Picture(Bytes),
    /// This model cannot now; another may.
    Away(Failure),
    No(Failure),
}

impl Gemini {
    /// Makes a picture; the fallback model where the first is away.
    pub async fn paint(&self, wish: &Wish<'_>) -> Result<Painted, Failure> {
        let mut last = None;
        for model in [Some(&self.model), self.fallback.as_ref()].into_iter().flatten() {
            match self.ask(model, wish).await? {
                Heard::Picture(bytes) => {
                    let cost_usd_micros = self.price(model, wish.size);
                    return Ok(Painted { bytes, model: model.clone(), cost_usd_micros });
                }
                Heard::No(failure) => return Err(failure),
                Heard::Away(failure) => last = Some(failure),
            }
        }
        Err(last.unwrap_or_else(|| Failure::give_up("no_model", "no model is configured under [gemini]")))
    }

    /// What a picture costs, in millionths of a dollar.
    pub fn price(&self, model: &str, size: Option<&str>) -> i64 {
        let sized = self.prices.get(&format!("{model}/{}", size.unwrap_or("1K")));
        let dollars = sized.or_else(|| self.prices.get(model)).copied().unwrap_or(0.0);
        format!("{:.0}", dollars.clamp(0.0, 1e6) * 1e6).parse().unwrap_or(0)
    }

    async fn ask(&self, model: &str, wish: &Wish<'_>) -> Result<Heard, Failure> {
        let bad = |why: &str| Failure::give_up("bad_request", format!("the picture cannot be asked for: {why}"));
        let base = self.base_url.as_str().trim_end_matches('/');
        let plain = model.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
        let url = Url::parse(&format!("{base}/models/{model}:generateContent")).ok().filter(|_| plain);
        let mut request = Request::new(Method::POST, url.ok_or_else(|| bad("[gemini] model or base_url is none"))?);
        let mut key = HeaderValue::from_str(self.key.expose_secret()).map_err(|_| bad("[gemini] api_key is none"))?;
        key.set_sensitive(true);
        request.headers.insert("x-goog-api-key", key);
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = body(wish).to_string();
        if body.len() > MOST_BYTES {
            return Err(bad("its pictures are too large together; at most 14 MB"));
        }
        request.body = Body::Bytes(body.into());
        let answer = match self.http.send(request).await {
            Ok(answer) => answer,
            Err(error) => {
                return Ok(Heard::Away(Failure::retry("network", format!("the model cannot be reached: {error}"))));
            }
        };
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(if answer.status == 200 { picture(&told) } else { self.refused(answer.status, &told) })
    }

    fn refused(&self, status: u16, told: &Value) -> Heard {
        let error = &told["error"];
        let word = |name: &str| error[name].as_str().unwrap_or_default();
        let mut message: String = word("message").chars().filter(|c| !c.is_control()).take(200).collect();
        message = message.replace(self.key.expose_secret(), "[redacted]");
        let said = format!("the model's service answered {status} {} ({message})", word("status"));
        let details = error["details"].as_array().cloned().unwrap_or_default();
        let is_key = details.iter().any(|detail| detail["reason"] == "API_KEY_INVALID");
        match status {
            429 => Heard::No(Failure::retry_after(wait(&details), "model_quota", said)),
            400 if is_key => Heard::No(Failure::give_up("model_key", format!("{said}: check [gemini] api_key"))),
            401 | 403 => {
                Heard::No(Failure::give_up("model_key", format!("{said}: check [gemini] api_key and its project")))
            }
            404 => Heard::Away(Failure::give_up("no_model", format!("{said}: check [gemini] model"))),
            408 | 500.. => Heard::Away(Failure::retry("model_away", said)),
            _ => Heard::No(Failure::give_up("model_refused", said)),
        }
    }
}

/// The request, as Google's own library writes it: the product's pictures, what they are, then the prompt.
pub fn body(wish: &Wish<'_>) -> Value {
    let mut parts: Vec<Value> = wish
        .pictures
        .iter()
        .map(|(bytes, kind)| json!({ "inlineData": { "mimeType": kind, "data": STANDARD.encode(bytes) } }))
        .collect();
    if !parts.is_empty() {
        parts.push(json!({ "text": "The pictures above show the product." }));
    }
    parts.push(json!({ "text": wish.prompt }));
    let mut config = json!({ "responseModalities": ["TEXT", "IMAGE"] });
    for (name, value) in [("aspectRatio", wish.aspect), ("imageSize", wish.size)] {
        if let Some(value) = value {
            config["imageConfig"][name] = value.into();
        }
    }
    json!({ "contents": [{ "parts": parts, "role": "user" }], "generationConfig": config })
}

/// The picture in an answer, or why there is none.
fn picture(told: &Value) -> Heard {
    if let Some(reason) = told["promptFeedback"]["blockReason"].as_str() {
        return Heard::No(Failure::give_up(
            "blocked",
            format!("the model refuses this prompt or picture ({reason}): change them"),
        ));
    }
    let candidate = &told["candidates"][0];
    let parts = candidate["content"]["parts"].as_array().cloned().unwrap_or_default();
    let thought = |part: &&Value| part["thought"] != true;
    let data = parts.iter().filter(thought).find_map(|part| part["inlineData"]["data"].as_str());
    if let Some(bytes) = data.and_then(|text| STANDARD.decode(text).ok()).filter(|bytes| infer::is_image(bytes)) {
        return Heard::Picture(bytes.into());
    }
    let reason = candidate["finishReason"].as_str().unwrap_or("no reason given");
    let words = parts.iter().filter(thought).find_map(|part| part["text"].as_str()).unwrap_or_default();
    let words: String =
        candidate["finishMessage"].as_str().unwrap_or(words).chars().filter(|c| !c.is_control()).take(200).collect();
    if BLOCKED.contains(&reason) {
        return Heard::No(Failure::give_up(
            "blocked",
            format!("the model refuses to make this picture ({reason}): {words}"),
        ));
    }
    Heard::No(Failure::retry("no_picture", format!("the model answered without a picture ({reason}): {words}")))
}

/// How long the service asks us to wait; a day's quota ends with the day.
fn wait(details: &[Value]) -> Duration {
    let violations = details.iter().flat_map(|detail| detail["violations"].as_array().into_iter().flatten());
    if violations.into_iter().any(|one| one["quotaId"].as_str().is_some_and(|id| id.contains("PerDay"))) {
        return Duration::from_hours(12);
    }
    let delay = details.iter().find_map(|detail| detail["retryDelay"].as_str()?.strip_suffix('s')?.parse::<f64>().ok());
    delay.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read() {
        let minute = json!([{ "violations": [{ "quotaId": "GenerateRequestsPerMinutePerProjectPerModel" }] }, { "retryDelay": "57.238747106s" }]);
        assert_eq!(wait(minute.as_array().expect("a list")).as_secs(), 57);
        let day = json!([{ "violations": [{ "quotaId": "GenerateRequestsPerDayPerProjectPerModel" }] }, { "retryDelay": "3s" }]);
        assert_eq!(wait(day.as_array().expect("a list")), Duration::from_hours(12));
        assert_eq!(wait(&[]), Duration::from_secs(30));
    }

    #[test]
    fn an_answer_is_a_picture_or_says_why_not() {
        let code = |told: Value| match picture(&told) {
            Heard::Picture(_) => "picture".to_owned(),
            Heard::Away(failure) | Heard::No(failure) => format!("{}: {}", failure.code, failure.message),
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
}
