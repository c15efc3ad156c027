//! Reads the body of a response: as its operation says, or else as whatever it is, so that rules and error texts can look at it.

use serde_json::Value;

use super::{
    page_reads::{PageReads, RawItems},
    recipe::{AnswerKind, Op},
};
use crate::{
    model::{FailureKind, json, xml},
    outside::Response,
};

/// The body of a response.
pub(super) struct ParsedBody {
    /// What it says, in whichever form; null if it is empty or in none.
    pub(super) value: Value,
    /// Why it is no answer to its operation.
    pub(super) fault: Option<String>,
    /// What an answer to its operation is.
    pub(super) kind: AnswerKind,
    /// The items of a page, which are not in the value.
    pub(super) items: Option<RawItems>,
}

impl ParsedBody {
    /// Reads a body. An empty one is null. One that may be anything, or is from another host (an upload target), has no fault if the
    /// status is a success. Of a success in JSON, only what `reads` selects is in the value.
    pub(super) fn of(response: &Response, op: &Op, reads: Option<&PageReads>) -> Self {
        let kind = op.answer_kind();
        if response.body.is_empty() {
            return Self { value: Value::Null, fault: None, kind, items: None };
        }
        let is_good = (200..300).contains(&response.status);
        let reads = reads.filter(|_| is_good);
        let as_json = || {
            let whole = || json::read(&response.body).map(|value| (value, None));
            reads.map_or_else(whole, |reads| reads.read(&response.body)).map_err(|e| e.to_string())
        };
        let as_xml = || xml::read(&response.body).map(|value| (value, None));
        // A firewall's page may be well-formed too: it does not speak for the shop.
        let may_be_xml = is_good && op.is_xml() || !is_page(response);
        let read = if op.is_xml() && may_be_xml {
            as_xml().map_err(|why| (why, as_json().ok()))
        } else if op.is_xml() {
            Err(("it is a web page".to_owned(), None))
        } else {
            as_json().map_err(|why| (why, may_be_xml.then(|| as_xml().ok()).flatten()))
        };
        match read {
            Ok((value, items)) => Self { value, fault: None, kind, items },
            Err((why, other)) => {
                let (value, items) = other.unwrap_or_default();
                let is_free = kind == AnswerKind::Any || kind == AnswerKind::Json && op.url.is_some();
                Self { value, fault: Some(why).filter(|_| !(is_good && is_free)), kind, items }
            }
        }
    }

    /// What came in place of an answer, on one line; `None` if it begins as one.
    pub(super) fn instead(&self, response: &Response) -> Option<String> {
        let is_cut = self.kind == AnswerKind::Xml && xml::begins(&response.body);
        if self.fault.is_none() || is_cut { None } else { json::instead(&response.body) }
    }
}

impl AnswerKind {
    /// The failure of an answer that is not of this kind.
    pub(super) fn failure(self) -> FailureKind {
        match self {
            Self::Xml => FailureKind::NotXml,
            Self::Json | Self::Any => FailureKind::NotJson,
        }
    }

    /// What messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Xml => "XML",
            Self::Json | Self::Any => "JSON",
        }
    }

    /// The media type that is asked for.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json | Self::Any => "application/json",
        }
    }
}

/// Whether a body is a web page by its type, and does not say itself that it is XML.
fn is_page(response: &Response) -> bool {
    let kind = response.header("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
    let begins = response.body.trim_ascii_start();
    kind.starts_with("text/html") && !begins.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begins).starts_with(b"<?xml")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(answer: &str, status: u16, kind: &str, body: &str) -> ParsedBody {
        let op: Op = toml::from_str(answer).expect("an operation");
        let headers = http::HeaderMap::from_iter([(http::header::CONTENT_TYPE, kind.parse().expect("a header"))]);
        ParsedBody::of(&Response { status, headers, body: body.to_owned().into() }, &op, None)
    }

    const XML: &str = "<?xml version='1.0'?><shop><error>no right</error></shop>";

    #[test]
    fn an_error_is_read_in_whichever_form_it_comes() {
        let error = json!({ "shop": { "error": "no right" } });
        for (answer, status, kind, body, value, is_fine) in [
            ("", 200, "application/json", "{\"a\":1}", json!({ "a": 1 }), true),
            ("", 401, "text/html", XML, error.clone(), false),
            ("", 200, "text/xml", XML, error.clone(), false),
            ("", 401, "text/html", "<h1>Password</h1>", Value::Null, false),
            ("", 401, "text/plain", "<h1>Password</h1>", json!({ "h1": "Password" }), false),
            ("answer = 'xml'", 200, "text/xml", XML, error.clone(), true),
            ("answer = 'xml'", 200, "text/html", "<shop/>", json!({ "shop": "" }), true),
            ("answer = 'xml'", 500, "text/html", "<shop/>", Value::Null, false),
            ("answer = 'xml'", 200, "text/html", "<html><p/></html>", Value::Null, false),
            ("answer = 'xml'", 500, "text/xml", "{\"a\":1}", json!({ "a": 1 }), false),
            ("answer = 'xml'", 200, "text/xml", "<shop><a>", Value::Null, false),
            ("answer = 'xml'", 204, "text/xml", "", Value::Null, true),
            ("answer = 'any'", 201, "text/xml", XML, error.clone(), true),
            ("answer = 'any'", 201, "image/png", "\u{89}PNG", Value::Null, true),
            ("answer = 'any'", 500, "image/png", "\u{89}PNG", Value::Null, false),
            ("url = '{kept.a}'", 201, "text/xml", XML, error, true),
            ("url = '{kept.a}'\nanswer = 'xml'", 201, "text/xml", "stored", Value::Null, false),
        ] {
            let parsed = read(answer, status, kind, body);
            assert_eq!((parsed.value, parsed.fault.is_none()), (value, is_fine), "{answer} {status} {kind} {body}");
        }
    }
}
