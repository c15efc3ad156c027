//! Classifies responses: by the provider's rules first, then by a default table.

use std::{borrow::Cow, time::Duration};

use serde_json::Value;

use super::{
    path::as_text,
    recipe::{ResponseClass, VerdictRule, WaitFrom, WaitUnit, When},
};
use crate::{
    model::{FailureKind, ShopAnswer, Time},
    outside::Response,
};

/// A classified response.
#[derive(Debug)]
pub(super) struct Classified<'a> {
    pub(super) class: ResponseClass,
    /// The kind of the failure, unless the class is `Ok`.
    pub(super) kind: FailureKind,
    pub(super) say: Option<Cow<'a, str>>,
    /// How long the shop asks us to wait.
    pub(super) wait: Option<Duration>,
}

impl When {
    pub(super) fn matches(&self, status: u16, body: &Value) -> bool {
        let is_status = self.status.is_empty() || self.status.iter().any(|wanted| wanted.matches(status));
        is_status && self.holds_in(body) && self.all.iter().all(|when| when.matches(status, body))
    }

    fn holds_in(&self, body: &Value) -> bool {
        let Some(path) = &self.body else { return true };
        let Some(text) = path.get(body).and_then(as_text) else { return false };
        let word = self.one_of.is_empty() || self.one_of.contains(&text);
        word && (self.contains.is_empty() || self.contains.iter().any(|part| text.contains(part.as_str())))
    }
}

/// How services in front of shops mark a browser challenge: header, values, display name.
const CHALLENGES: [(&str, &[&str], &str); 3] = [
    ("cf-mitigated", &["challenge"], "Cloudflare"),
    ("x-amzn-waf-action", &["challenge", "captcha"], "AWS WAF"),
    ("sg-captcha", &["challenge"], "the shop's host"),
];

/// Advice for the operator if the response is a browser challenge of a service in front of the shop; `None` otherwise.
pub(super) fn challenge(response: &Response) -> Option<String> {
    let (_, _, who) = CHALLENGES.iter().find(|(name, words, _)| {
        response.header(name).is_some_and(|value| words.iter().any(|word| value.trim().eq_ignore_ascii_case(word)))
    })?;
    Some(format!("{who} in front of the shop demands a browser: allow this server's address there"))
}

/// What a refusal by a page means for the operator.
const IN_BETWEEN: &str =
    "That is a web page and not the platform's API: a password, a plugin or a firewall stands in front of the shop";

/// Whether a refusal is a web page: of somebody in between, who knows nothing about the grant.
fn is_page(response: &Response, body: &Value) -> bool {
    let kind = response.header("content-type").unwrap_or_default();
    matches!(response.status, 401 | 403) && body.is_null() && kind.trim_start().starts_with("text/html")
}

/// Classifies a response. `body` is null if it is not JSON.
pub(super) fn classify<'a>(rules: &'a [VerdictRule], response: &Response, body: &Value, now: Time) -> Classified<'a> {
    let status = response.status;
    let retry_after = retry_after(response, now);
    // First, whatever its status means at this shop: the call did not reach the shop.
    if let Some(say) = challenge(response) {
        return Classified {
            class: ResponseClass::Down,
            kind: FailureKind::BrowserChallenge,
            say: Some(say.into()),
            wait: retry_after,
        };
    }
    let rule = rules.iter().find(|rule| rule.when.matches(status, body));
    // What the file itself says of a page stands, unless that is about the grant.
    if is_page(response, body) && rule.is_none_or(|rule| rule.class.is_about_grant()) {
        return Classified {
            class: ResponseClass::Down,
            kind: FailureKind::shop_says(ShopAnswer::Down, "in_between"),
            say: Some(IN_BETWEEN.into()),
            wait: retry_after,
        };
    }
    if let Some(rule) = rule {
        return Classified {
            class: rule.class,
            kind: rule.code.as_deref().map_or_else(|| kind_of(rule.class, status), |code| named(rule.class, code)),
            say: rule.say.as_deref().map(Cow::Borrowed),
            wait: rule.wait.as_ref().and_then(|wait| wait.read(response, now)).or(retry_after),
        };
    }
    if let Some(code) = (200..300).contains(&status).then(|| graphql_error(body)).flatten() {
        let is_missing = code.eq_ignore_ascii_case("not_found");
        let class = if is_missing { ResponseClass::Missing } else { ResponseClass::Refused };
        let kind = if is_missing { kind_of(class, status) } else { FailureKind::graphql(ShopAnswer::Refused, &code) };
        return Classified { class, kind, say: None, wait: None };
    }
    let class = class_of(status);
    let by_status = FailureKind::shop(ShopAnswer::Forbidden);
    let kind = if class == ResponseClass::Rights { by_status } else { kind_of(class, status) };
    Classified { class, kind, say: None, wait: retry_after }
}

/// What a status means where no rule of the file matches.
pub(super) fn class_of(status: u16) -> ResponseClass {
    match status {
        200..=299 => ResponseClass::Ok,
        401 => ResponseClass::Expired,
        402 | 403 => ResponseClass::Rights,
        404 | 410 => ResponseClass::Missing,
        408 | 429 => ResponseClass::Throttled,
        500.. => ResponseClass::Down,
        _ => ResponseClass::Refused,
    }
}

/// The code of a GraphQL error, which comes with status 200.
fn graphql_error(body: &Value) -> Option<String> {
    let error = body.get("errors")?.as_array()?.first()?;
    let code = error.pointer("/extensions/code").and_then(as_text);
    Some(code.unwrap_or_else(|| "error".to_owned()))
}

/// The failure kind of a class with its default code. An expired token has none of its own: it is refreshed, and a
/// refusal after that is `token_refused`.
fn kind_of(class: ResponseClass, status: u16) -> FailureKind {
    match shop_answer(class) {
        Some(ShopAnswer::Refused) | None => FailureKind::shop_says(ShopAnswer::Refused, &format!("http_{status}")),
        Some(answer) => FailureKind::shop(answer),
    }
}

/// The failure kind of a class with a code of the provider's file.
fn named(class: ResponseClass, code: &str) -> FailureKind {
    FailureKind::shop_says(shop_answer(class).unwrap_or(ShopAnswer::Refused), code)
}

fn shop_answer(class: ResponseClass) -> Option<ShopAnswer> {
    Some(match class {
        ResponseClass::Ok | ResponseClass::Expired => return None,
        ResponseClass::Throttled => ShopAnswer::Throttled,
        ResponseClass::Down => ShopAnswer::Down,
        ResponseClass::Revoked => ShopAnswer::Revoked,
        ResponseClass::Rights => ShopAnswer::Rights,
        ResponseClass::Missing => ShopAnswer::Missing,
        ResponseClass::Refused => ShopAnswer::Refused,
    })
}

/// Reads Retry-After, in seconds or as an HTTP date (RFC 9110).
fn retry_after(response: &Response, now: Time) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    Some(Time::from(date.to_utc()).since(now))
}

impl WaitFrom {
    fn read(&self, response: &Response, now: Time) -> Option<Duration> {
        let number: f64 = response.header(&self.header)?.trim().parse().ok()?;
        match self.unit {
            WaitUnit::S => Duration::try_from_secs_f64(number).ok(),
            WaitUnit::Ms => Duration::try_from_secs_f64(number / 1000.0).ok(),
            WaitUnit::EpochS => {
                let until = Duration::try_from_secs_f64(number).ok()?;
                Some(Time::from_unix_ms(i64::try_from(until.as_millis()).ok()?).since(now))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Response {
        let mut map = http::HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        Response { status, headers: map, body: Bytes::new() }
    }

    #[test]
    fn the_default_table_knows_every_status() {
        for (status, class) in [
            (200, ResponseClass::Ok),
            (204, ResponseClass::Ok),
            (401, ResponseClass::Expired),
            (402, ResponseClass::Rights),
            (403, ResponseClass::Rights),
            (404, ResponseClass::Missing),
            (410, ResponseClass::Missing),
            (408, ResponseClass::Throttled),
            (429, ResponseClass::Throttled),
            (500, ResponseClass::Down),
            (503, ResponseClass::Down),
            (422, ResponseClass::Refused),
        ] {
            assert_eq!(
                classify(&[], &answer(status, &[]), &Value::Null, Time::from_unix_ms(0)).class,
                class,
                "{status}"
            );
        }
    }

    #[test]
    fn the_files_rules_come_first() {
        #[derive(serde::Deserialize)]
        struct Rules {
            rule: Vec<VerdictRule>,
        }
        let rules: Rules = toml::from_str("[[rule]]\nwhen = { status = [403], body = 'detail', contains = ['credentials'] }\nclass = 'expired'\n\
             [[rule]]\nwhen = { status = ['2xx'], body = 'errors[0].extensions.code', in = ['FORBIDDEN'] }\nclass = 'revoked'\ncode = 'gone'\n").expect("rules");
        let judge = |status, body| classify(&rules.rule, &answer(status, &[]), &body, Time::from_unix_ms(0));
        assert_eq!(judge(403, json!({"detail": "no credentials"})).class, ResponseClass::Expired);
        assert_eq!(judge(403, json!({"detail": "no"})).class, ResponseClass::Rights);
        let gone = judge(200, json!({"errors": [{"extensions": {"code": "FORBIDDEN"}}]}));
        assert_eq!((gone.class, gone.kind.code()), (ResponseClass::Revoked, "gone"));
        assert_eq!(judge(200, json!({"errors": [{"message": "x"}]})).class, ResponseClass::Refused);
    }

    #[test]
    fn a_graphql_error_has_a_code_that_none_of_our_failures_has() {
        let judge = |code: &str| {
            let body = json!({ "errors": [{ "message": "no", "extensions": { "code": code } }] });
            classify(&[], &answer(200, &[]), &body, Time::from_unix_ms(0)).kind
        };
        assert_eq!(judge("PAUSED"), FailureKind::graphql(ShopAnswer::Refused, "paused"));
        assert_eq!(judge("PAUSED").code(), "graphql_paused");
        assert_eq!(judge("NOT_FOUND"), FailureKind::shop(ShopAnswer::Missing));
        let bare = classify(&[], &answer(200, &[]), &json!({ "errors": [{}] }), Time::from_unix_ms(0));
        assert_eq!(bare.kind.code(), "graphql_error");
    }

    #[test]
    fn only_a_rule_knows_that_a_right_is_missing() {
        #[derive(serde::Deserialize)]
        struct Rules {
            rule: Vec<VerdictRule>,
        }
        let rules = "[[rule]]\nwhen = { body = 'code', in = ['no_right'] }\nclass = 'rights'\n";
        let rules: Rules = toml::from_str(rules).expect("rules");
        let judge = |status, body| classify(&rules.rule, &answer(status, &[]), &body, Time::from_unix_ms(0)).kind;
        assert_eq!(judge(403, json!({ "code": "no_right" })), FailureKind::shop(ShopAnswer::Rights));
        for status in [402, 403] {
            assert_eq!(
                judge(status, json!({ "code": "locked" })),
                FailureKind::shop(ShopAnswer::Forbidden),
                "{status}"
            );
        }
    }

    #[test]
    fn a_rule_may_have_several_conditions_and_each_must_hold() {
        let when: When = toml::from_str(
            "status = [400]\nbody = 'code'\nin = ['upload']\nall = [{ body = 'message', contains = ['fetch', 'get'] }, { body = 'data.status' }]",
        )
        .expect("a condition");
        let both = json!({ "code": "upload", "message": "cannot fetch it", "data": { "status": 400 } });
        assert!(when.matches(400, &both));
        assert!(!when.matches(500, &both));
        for (name, other) in [("code", json!("other")), ("message", json!("too large")), ("data", json!({}))] {
            let mut body = both.clone();
            body[name] = other;
            assert!(!when.matches(400, &body), "{name}");
        }
    }

    #[test]
    fn a_page_that_asks_for_a_browser_is_not_the_shops_answer() {
        #[derive(serde::Deserialize)]
        struct Rules {
            rule: Vec<VerdictRule>,
        }
        let rules: Rules = toml::from_str("[[rule]]\nwhen = { status = [403] }\nclass = 'revoked'\n").expect("rules");
        let judge = |status, headers: &[(&'static str, &str)]| {
            classify(&rules.rule, &answer(status, headers), &Value::Null, Time::from_unix_ms(0))
        };
        for (status, header, word) in [
            (403, "cf-mitigated", "challenge"),
            (503, "cf-mitigated", "Challenge"),
            (405, "x-amzn-waf-action", "captcha"),
            (202, "x-amzn-waf-action", "challenge"),
            (202, "sg-captcha", "challenge"),
        ] {
            let verdict = judge(status, &[(header, word)]);
            assert_eq!(
                (verdict.class, verdict.kind.code()),
                (ResponseClass::Down, "browser_challenge"),
                "{header} {status}"
            );
            assert!(verdict.say.is_some_and(|say| say.contains("allow this server's address")));
        }
        assert_eq!(judge(403, &[("cf-mitigated", "block")]).class, ResponseClass::Revoked);
        assert_eq!(judge(403, &[]).class, ResponseClass::Revoked);
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = Time::parse("2015-10-21T07:27:00Z").expect("a time");
        let wait = |text: &str| classify(&[], &answer(429, &[("retry-after", text)]), &Value::Null, now).wait;
        assert_eq!(wait("2"), Some(Duration::from_secs(2)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_mins(1)));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }
}
