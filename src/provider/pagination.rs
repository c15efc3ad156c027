//! Pagination: page tokens, the next page, totals.

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    borrowed::{Node, View},
    call::{Answer, ShopClient},
    recipe::{Op, PageKind, Paging},
    refusal::FailedCall,
    request::With,
    trail::mark,
};
use crate::model::{Failure, FailureKind, Time};

/// Where a page starts: stored as the cursor after each page, so that an interrupted pass resumes there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageToken {
    /// The URL of a linked page.
    Link(String),
    /// The number of a page, from 1.
    Number(u64),
    /// The same, at a shop that gives fewer items a page (`size`) than it was asked for.
    Capped { number: u64, size: u64 },
    /// The number of items before the page.
    Offset(u64),
    /// The shop's own token.
    Cursor(String),
    /// One round of a catalogue that is read in parts, or by several time filters, and the page within it.
    Part(usize, Option<Box<PageToken>>),
    /// A position in the file of a bulk export.
    Bulk(BulkToken),
}

impl PageToken {
    /// Whether it addresses a page by position. A link is opaque, but most shops' links count.
    pub fn is_place(&self) -> bool {
        match self {
            Self::Link(_) | Self::Number(_) | Self::Capped { .. } | Self::Offset(_) => true,
            Self::Cursor(_) | Self::Bulk(_) => false,
            Self::Part(_, within) => within.as_deref().is_some_and(Self::is_place),
        }
    }

    /// An eight-byte hash of the token; `None` while a bulk export is polled, because its token repeats.
    pub fn mark(&self) -> Option<u64> {
        match self {
            Self::Bulk(token) if token.waits() => None,
            // Plain data: serialisation cannot fail.
            _ => serde_json::to_vec(self).ok().map(|bytes| mark(&bytes)),
        }
    }
}

impl PageKind {
    /// Requests a page: the first one without a token.
    pub(super) async fn ask(
        &self,
        shop: &ShopClient,
        op: &Op,
        with: With<'_>,
        token: Option<&PageToken>,
    ) -> Result<Answer, FailedCall> {
        let mut values = with.values;
        values.insert("page".into(), self.values(token));
        let url = if let Some(PageToken::Link(url)) = token { Some(url.as_str()) } else { None };
        shop.try_call(op, With { values, url, ..with }).await
    }

    /// The same list in pages of at most `most` items, from where the page of `token` begins; `None` where a token holds the
    /// size of its page.
    pub(super) fn cut_to(&self, token: Option<&PageToken>, most: u32) -> Option<(Self, Option<PageToken>)> {
        let (number, own) = match token {
            None | Some(PageToken::Offset(_)) => return Some((self.of_size(most), token.cloned())),
            Some(PageToken::Number(number)) => (*number, u64::from(self.size)),
            Some(PageToken::Capped { number, size }) => (*number, *size),
            Some(PageToken::Link(_) | PageToken::Cursor(_) | PageToken::Part(..) | PageToken::Bulk(_)) => return None,
        };
        // A page of either size has to begin there: nothing is left out and nothing read twice.
        let before = number.saturating_sub(1).saturating_mul(own);
        let size = (1..=most).rev().find(|size| before.is_multiple_of(u64::from(*size)))?;
        Some((self.of_size(size), Some(PageToken::Number(before / u64::from(size) + 1))))
    }

    /// The same with pages of another size.
    pub(super) fn of_size(&self, size: u32) -> Self {
        Self { size, ..self.clone() }
    }

    /// The template values under `page`.
    pub(super) fn values(&self, token: Option<&PageToken>) -> Value {
        let mut page = Map::new();
        page.insert("size".into(), self.size.into());
        match (self.kind, token) {
            (Paging::Number, None) => page.insert("number".into(), json!(1)),
            (Paging::Offset, None) => page.insert("offset".into(), json!(0)),
            (_, Some(PageToken::Number(n) | PageToken::Capped { number: n, .. })) => {
                page.insert("number".into(), (*n).into())
            }
            (_, Some(PageToken::Offset(n))) => page.insert("offset".into(), (*n).into()),
            (_, Some(PageToken::Cursor(text))) => page.insert("token".into(), text.as_str().into()),
            _ => None,
        };
        Value::Object(page)
    }

    /// Whether the file says where a response states the total.
    pub(super) fn states_total(&self) -> bool {
        self.total.is_some() || self.total_header.is_some()
    }

    /// The total number of items, if the response states it.
    pub(super) fn total(&self, answer: &Answer) -> Option<i64> {
        match &self.total_header {
            Some(name) => count(&answer.headers.get(name.as_str())?.to_str().ok()?.trim().into()),
            None => count(self.total.as_ref()?.get(&answer.body)?),
        }
    }

    /// The token of the next page; `None` at the end. The caller detects loops.
    ///
    /// # Errors
    /// Fails if there is another page, but not at the shop, or the response does not say where.
    pub(super) fn next(
        &self,
        from: Option<&PageToken>,
        answer: &Answer,
        base: &Url,
    ) -> Result<Option<PageToken>, Failure> {
        let Answer { headers, body, items: _ } = answer;
        let more = self.more.as_ref().and_then(|path| truth(path.get(body)?));
        if more == Some(false) {
            return Ok(None);
        }
        let count = answer.count(&self.items) as u64;
        let full = count >= u64::from(self.size);
        let next = match self.kind {
            Paging::Single => None,
            // Some shops filter after they have cut their pages.
            Paging::Number | Paging::Offset if count == 0 && more.is_none() => None,
            Paging::Number => {
                let (at, asked) = match from {
                    Some(PageToken::Number(n)) => (*n, u64::from(self.size)),
                    Some(PageToken::Capped { number, size }) => (*number, *size),
                    _ => (1, u64::from(self.size)),
                };
                // A shop that gives less has one size of its own: that of its fullest page.
                let size = if at == 1 && count > 0 { asked.min(count) } else { asked.max(count) };
                let number = at + 1;
                let capped = size < u64::from(self.size);
                let next = if capped { PageToken::Capped { number, size } } else { PageToken::Number(number) };
                self.goes_on(at.saturating_mul(size), full, answer).then_some(next)
            }
            Paging::Offset => {
                let at = if let Some(PageToken::Offset(n)) = from { *n } else { 0 };
                self.goes_on(at + count, full, answer).then_some(PageToken::Offset(at + count))
            }
            Paging::Cursor => self.next.as_ref().and_then(|path| path.text(body)).map(PageToken::Cursor),
            Paging::Link => {
                let link = self.next.as_ref().map_or_else(|| next_link(headers), |path| path.text(body));
                link.map(|link| same_origin(&link, base)).transpose()?
            }
        };
        if next.is_none() && more.is_some() {
            let text = "the response says that there is another page, but not where";
            return Err(Failure::new(FailureKind::UnexpectedPage, text));
        }
        Ok(next)
    }

    /// Whether there is a next page: by the `more` flag, by the total, or because this page was full.
    fn goes_on(&self, read: u64, full: bool, answer: &Answer) -> bool {
        if self.more.is_some() {
            return true;
        }
        self.total(answer).map_or(full, |total| read < u64::try_from(total).unwrap_or(0))
    }
}

/// A count, written as a number or as text.
pub(super) fn count(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).filter(|count| *count >= 0)
}

/// A truth, written as such or as a text.
pub(super) fn truth<N: Node>(value: &N) -> Option<bool> {
    match value.view() {
        View::Text("true" | "1") => Some(true),
        View::Text("false" | "0") => Some(false),
        View::Bool(truth) => Some(truth),
        _ => None,
    }
}

/// The `next` of a Link header (RFC 8288).
fn next_link(headers: &HeaderMap) -> Option<String> {
    // Some shops write addresses in UTF-8 here, which the `http` crate does not take for text.
    let values = headers.get_all("link").iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    values.flat_map(|value| split_outside(value, ',')).find_map(|link| {
        let (target, params) = link.trim().strip_prefix('<')?.split_once('>')?;
        let mut params = split_outside(params, ';').into_iter().filter_map(|param| param.split_once('='));
        let (_, relations) = params.find(|(name, _)| name.trim().eq_ignore_ascii_case("rel"))?;
        let mut relations = relations.trim().trim_matches('"').split_ascii_whitespace();
        relations.any(|relation| relation.eq_ignore_ascii_case("next")).then(|| target.to_owned())
    })
}

/// Splits a header at a separator, unless it stands within `<…>` or `"…"`.
fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut from, mut until, mut is_escaped) = (Vec::new(), 0, None, false);
    for (at, c) in text.char_indices() {
        match until {
            Some(_) if is_escaped => is_escaped = false,
            Some('"') if c == '\\' => is_escaped = true,
            Some(end) if c == end => until = None,
            None if c == '<' => until = Some('>'),
            None if c == '"' => until = Some('"'),
            None if c == separator => {
                parts.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            Some(_) | None => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Accepts only links to the shop's own origin, because the request carries our token.
fn same_origin(link: &str, base: &Url) -> Result<PageToken, Failure> {
    // A shop behind a proxy may write http although it is served over https.
    let as_base =
        |mut url: Url| (url.scheme() == base.scheme() || url.set_scheme(base.scheme()).is_ok()).then_some(url);
    let url = base.join(link).ok().and_then(as_base).filter(|url| url.origin() == base.origin());
    url.map(|url| PageToken::Link(url.into())).ok_or_else(|| {
        Failure::new(
            FailureKind::ForeignPage,
            "the link to the shop's next page names another host; it was not followed",
        )
    })
}

/// The position of a bulk export. The file's URL is a secret while it is valid, so it is not stored but requested
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkToken {
    /// The platform's id of the export.
    pub(super) id: String,
    pub(super) begun: Time,
    /// The byte offset to resume at; `None` while the file is being written.
    pub(super) at: Option<u64>,
}

impl BulkToken {
    /// Whether the platform is still writing the file.
    pub(super) fn waits(&self) -> bool {
        self.at.is_none()
    }

    /// The token of another position in the same export.
    pub(super) fn moved(&self, at: Option<u64>) -> PageToken {
        PageToken::Bulk(Self { id: self.id.clone(), begun: self.begun, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> PageKind {
        toml::from_str(&format!("size = 2\nitems = 'items'\n{text}")).expect("a page kind")
    }

    fn answer(headers: HeaderMap, body: &Value) -> Answer {
        Answer { headers, body: body.clone(), items: None }
    }

    fn next(kind: &PageKind, from: Option<&PageToken>, body: &Value) -> Option<PageToken> {
        let base = Url::parse("https://s.example/api").expect("a url");
        kind.next(from, &answer(HeaderMap::new(), body), &base).expect("leads on")
    }

    #[test]
    fn every_kind_leads_on_and_ends() {
        let (full, part) = (json!({"items": [1, 2]}), json!({"items": [1]}));
        let number = kind("kind = 'number'");
        assert_eq!(next(&number, None, &full), Some(PageToken::Number(2)));
        assert_eq!(next(&number, Some(&PageToken::Number(2)), &part), None);
        let offset = kind("kind = 'offset'\ntotal = 'n'");
        assert_eq!(next(&offset, None, &json!({"items": [1, 2], "n": 3})), Some(PageToken::Offset(2)));
        assert_eq!(next(&offset, None, &json!({"items": [1, 2], "n": 2})), None);
        let cursor = kind("kind = 'cursor'\nnext = 'next'");
        assert_eq!(next(&cursor, None, &json!({"items": [1], "next": "t"})), Some(PageToken::Cursor("t".into())));
        assert_eq!(next(&cursor, None, &json!({"items": [1], "next": null})), None);
        assert_eq!(next(&kind("kind = 'single'"), None, &full), None);
    }

    #[test]
    fn a_shop_that_gives_fewer_a_page_than_asked_for_is_read_to_its_total() {
        let number = kind("kind = 'number'\ntotal = 'n'");
        let page = |token: Option<&PageToken>, count: usize, total: u64| {
            next(&number, token, &json!({ "items": vec![1; count], "n": total }))
        };
        let capped = |number| Some(PageToken::Capped { number, size: 1 });
        assert_eq!(page(None, 1, 3), capped(2));
        assert_eq!(page(capped(2).as_ref(), 1, 3), capped(3));
        assert_eq!(page(capped(3).as_ref(), 1, 3), None);
        assert_eq!(page(capped(3).as_ref(), 0, 9), None, "an empty page ends it");
        assert_eq!(page(None, 1, 1), None);
        assert_eq!(number.values(capped(3).as_ref())["number"], 3);
    }

    #[test]
    fn a_page_of_another_size_begins_where_the_larger_one_would_have() {
        let number = kind("kind = 'number'");
        for (size, at, most) in
            (1..30).flat_map(|size| (1..9).flat_map(move |at| (1..40).map(move |most| (size, at, most))))
        {
            let usual = number.of_size(size);
            let tokens = [PageToken::Number(at), PageToken::Capped { number: at, size: u64::from(size) }];
            for token in tokens {
                let (other, token) = usual.cut_to(Some(&token), most).expect("some size fits");
                let Some(PageToken::Number(number)) = token else { panic!("{token:?}") };
                assert!(other.size <= most && (number - 1) * u64::from(other.size) == (at - 1) * u64::from(size));
            }
        }
        let half = |token| number.cut_to(Some(&token), 1).map(|(page, token)| (page.size, token));
        assert_eq!(half(PageToken::Offset(7)), Some((1, Some(PageToken::Offset(7)))));
        assert_eq!(half(PageToken::Cursor("c".into())), None);
        assert_eq!(half(PageToken::Link("https://s.example/2".into())), None);
    }

    #[test]
    fn a_page_that_announces_another_leads_on_or_fails() {
        let empty = json!({"items": [], "more": true, "next": null});
        let number = kind("kind = 'number'\nmore = 'more'");
        assert_eq!(next(&number, Some(&PageToken::Number(2)), &empty), Some(PageToken::Number(3)));
        let (base, headers) = (Url::parse("https://s.example/api").expect("a url"), HeaderMap::new());
        let cursor = kind("kind = 'cursor'\nnext = 'next'\nmore = 'more'");
        let lost = cursor.next(None, &answer(headers, &empty), &base).expect_err("is no end");
        assert_eq!(lost.kind, FailureKind::UnexpectedPage);
        for (said, next_page) in
            [("true", Some(PageToken::Number(3))), ("1", Some(PageToken::Number(3))), ("false", None)]
        {
            let body = json!({"items": [1, 2], "more": said});
            assert_eq!(next(&number, Some(&PageToken::Number(2)), &body), next_page, "XML has texts only: {said}");
        }
    }

    #[test]
    fn a_link_stays_at_the_shop() {
        let link = kind("kind = 'link'\nnext = 'next'");
        let base = Url::parse("https://s.example/api").expect("a url");
        let follow = |to: &str| {
            let body = json!({"items": [1], "next": to});
            link.next(None, &answer(HeaderMap::new(), &body), &base)
        };
        assert_eq!(
            follow("http://s.example:443/x?page=2").ok().flatten(),
            Some(PageToken::Link("https://s.example/x?page=2".into()))
        );
        assert_eq!(
            follow("http://s.example/x").ok().flatten(),
            Some(PageToken::Link("https://s.example/x".into())),
            "a proxy in front of the shop may have the certificate"
        );
        for foreign in ["https://evil.example/x", "https://s.example:444/x", "gopher://s.example:443/x", "data:x"] {
            assert_eq!(follow(foreign).expect_err("refused").code(), "foreign_page", "{foreign}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(
            "link",
            "<https://s.example/1>; rel=\"prev\", <https://s.example/3>; rel=\"next\"".parse().expect("a header"),
        );
        let by_header = kind("kind = 'link'").next(None, &answer(headers, &json!({"items": [1]})), &base);
        assert_eq!(by_header.ok().flatten(), Some(PageToken::Link("https://s.example/3".into())));
    }

    #[test]
    fn a_link_header_is_read_as_its_standard_says() {
        for (header, target) in [
            ("</x?ids=1,2;3>; rel=\"next\"", Some("/x?ids=1,2;3")),
            ("</1>; title=\"a, <b>; rel=next\"; rel=prev, </2>; REL = \"last NEXT\"", Some("/2")),
            ("</1>; title=\"\\\"; rel=next\"; rel=prev", None),
            ("</1>; rel=\"prev\"; rel=\"next\"", None),
            ("</ü>; rel=next", Some("/ü")),
            ("</1>, <, /2; rel=next", None),
        ] {
            let value = http::HeaderValue::from_bytes(header.as_bytes()).expect("a header");
            let headers = HeaderMap::from_iter([(http::header::LINK, value)]);
            assert_eq!(next_link(&headers).as_deref(), target, "{header}");
        }
    }

    #[test]
    fn places_are_told_apart_and_waiting_is_none() {
        let mark = |token: PageToken| token.mark();
        assert_eq!(mark(PageToken::Cursor("a".into())), mark(PageToken::Cursor("a".into())));
        assert_ne!(mark(PageToken::Cursor("a".into())), mark(PageToken::Link("a".into())));
        assert_ne!(mark(PageToken::Number(2)), mark(PageToken::Part(1, Some(Box::new(PageToken::Number(2))))));
        let bulk = |at: &str| {
            let text = format!(r#"{{"id":"o","begun":"2026-01-01T00:00:00Z","at":{at}}}"#);
            PageToken::Bulk(serde_json::from_str(&text).expect("a token"))
        };
        assert_eq!(mark(bulk("null")), None, "a file that is being written is asked after again and again");
        assert_ne!(mark(bulk("1")), mark(bulk("2")));
    }
}
