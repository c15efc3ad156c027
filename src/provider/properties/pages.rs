//! Pages: whatever the kind, every item is read once, and no shop leads in a circle or to another host.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use proptest::{
    prelude::{Strategy, any},
    prop_oneof,
    sample::select,
};
use serde_json::{Value, json};
use url::Url;

use super::{app, client, exchange, grant, platform, wait};
use crate::{
    model::{Facts, NormalProduct},
    outside::{
        Exchange, Script,
        cases::{CASES, hold, text},
    },
    provider::{
        PageRequest, PageToken, ShopClient, Trail,
        call::Answer,
        page,
        recipe::{PageKind, Paging},
    },
};

/// What a response states about the rest of the list, besides the page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Announced {
    Nothing,
    Total,
    TotalHeader,
    More,
}

/// How a page says that it is the last, where it would name the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastNext {
    Missing,
    Null,
    Empty,
}

/// A shop with a list of numbers, cut into pages.
#[derive(Debug, Clone)]
struct PagedList {
    kind: Paging,
    proof: Announced,
    last: LastNext,
    size: usize,
    lengths: Vec<usize>,
    /// How links are written: by body or header, and with which words before the page.
    link: (bool, &'static str),
}

const KINDS: [(Paging, &str); 5] = [
    (Paging::Single, "single"),
    (Paging::Link, "link"),
    (Paging::Number, "number"),
    (Paging::Offset, "offset"),
    (Paging::Cursor, "cursor"),
];
const LINKS: [&str; 4] =
    ["/list?ids=1,2;3&page=", "https://shop.example/list?q=\"a>b&page=", "http://shop.example/?page=", "?page="];

impl PagedList {
    fn page_kind(&self) -> PageKind {
        let (_, kind) = KINDS.iter().find(|(kind, _)| *kind == self.kind).expect("is one of them");
        let next = match (self.kind, self.link.0) {
            (Paging::Cursor, _) | (Paging::Link, false) => "next = 'page.next'",
            _ => "",
        };
        let proof = match self.proof {
            Announced::Nothing => "",
            Announced::Total => "total = 'page.total'",
            Announced::TotalHeader => "total_header = 'x-total'",
            Announced::More => "more = 'page.more'",
        };
        toml::from_str(&format!("kind = '{kind}'\nsize = {}\nitems = 'items'\n{next}\n{proof}", self.size))
            .expect("a page kind")
    }

    fn total(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// The page that a request is for, by its template values or its link.
    fn number(&self, asked: &Value, link: Option<&str>) -> usize {
        if let Some(link) = link {
            let link = Url::parse(link).expect("a URL");
            let page = link.query_pairs().find(|(name, _)| name == "page");
            return page.expect("was in the link").1.parse().expect("a number");
        }
        match self.kind {
            Paging::Number => usize::try_from(asked["number"].as_u64().expect("a number")).expect("fits") - 1,
            Paging::Offset => {
                let before = usize::try_from(asked["offset"].as_u64().expect("a number")).expect("fits");
                let begins = |page: &usize| self.lengths[..*page].iter().sum::<usize>() == before;
                (0..=self.lengths.len()).find(begins).expect("a place where a page begins")
            }
            _ => asked["token"].as_str().map_or(0, |token| token[1..].parse().expect("ours")),
        }
    }

    fn answer(&self, page: usize) -> (HeaderMap, Value) {
        let before: usize = self.lengths.iter().take(page).sum();
        let length = self.lengths.get(page).copied().unwrap_or(0);
        let items: Vec<usize> = (before..before + length).collect();
        let mut body = json!({ "items": items, "page": { "total": self.total().to_string() } });
        let mut headers = HeaderMap::new();
        headers.insert("x-total", HeaderValue::from(self.total()));
        headers.append(header::LINK, HeaderValue::from_static("</list?page=0>; rel=\"first\", </>; rel=prev"));
        let is_last = page + 1 >= self.lengths.len();
        body["page"]["more"] = json!(!is_last);
        let next = match self.kind {
            Paging::Link => format!("{}{}", self.link.1, page + 1),
            _ => format!("c{}", page + 1),
        };
        if !is_last && self.link.0 {
            let link = format!("<{}>; title=\"a, b\"; rel=\"next\"", next.replace('>', "%3E"));
            headers.append(header::LINK, HeaderValue::from_str(&link).expect("a header"));
        }
        match (is_last, self.last) {
            (false, _) => body["page"]["next"] = json!(next),
            (true, LastNext::Missing) => {}
            (true, LastNext::Null) => body["page"]["next"] = Value::Null,
            (true, LastNext::Empty) => body["page"]["next"] = json!(""),
        }
        (headers, body)
    }
}

/// Lists as each kind allows them: without a proof, only a last page of a counted list is short.
fn lists() -> impl Strategy<Value = PagedList> {
    let shape = (
        select(KINDS.to_vec()),
        select(vec![Announced::Nothing, Announced::Total, Announced::TotalHeader, Announced::More]),
    );
    let last = select(vec![LastNext::Missing, LastNext::Null, LastNext::Empty]);
    let link = (any::<bool>(), select(LINKS.to_vec()));
    let lengths = proptest::collection::vec(0..4_usize, 0..8);
    (shape, last, link, lengths, 1..4_usize).prop_map(|(((kind, _), proof), last, link, mut lengths, size)| {
        match (kind, proof) {
            (Paging::Single, _) => lengths.truncate(1),
            (Paging::Number, Announced::More) | (Paging::Cursor | Paging::Link, _) => {}
            (Paging::Offset, Announced::More | Announced::Total | Announced::TotalHeader) => {
                lengths.retain(|length| *length > 0);
            }
            (Paging::Number | Paging::Offset, _) => {
                let end = lengths.pop().map(|length| length.min(size));
                lengths = lengths.iter().map(|_| size).chain(end).collect();
            }
        }
        PagedList { kind, proof, last, size, lengths, link }
    })
}

#[test]
fn every_item_of_a_list_is_read_once_and_the_list_ends() {
    let base = Url::parse("https://shop.example/list").expect("a URL");
    hold(CASES * 2, &lists(), |list| {
        let kind = list.page_kind();
        let (mut token, mut read, mut trail): (Option<PageToken>, Vec<Value>, Trail) = Default::default();
        for asked in 0.. {
            assert!(asked <= list.lengths.len(), "it leads on behind its end");
            let link = if let Some(PageToken::Link(link)) = &token { Some(link.as_str()) } else { None };
            let (headers, body) = list.answer(list.number(&kind.values(token.as_ref()), link));
            let answer = Answer { headers, body, items: None };
            read.extend_from_slice(kind.items.each(&answer.body));
            let states_total = [Announced::Total, Announced::TotalHeader].contains(&list.proof);
            assert_eq!(kind.total(&answer), states_total.then(|| i64::try_from(list.total()).expect("fits")));
            token = kind.next(token.as_ref(), &answer, &base).expect("leads on or ends");
            let Some(next) = &token else { break };
            assert!(next.mark().is_some_and(|place| trail.goes_to(place)), "{next:?} again");
            // As the cursor of an interrupted pass is kept.
            let kept = serde_json::to_string(next).expect("is JSON");
            assert_eq!(serde_json::from_str::<PageToken>(&kept).expect("is read"), *next);
        }
        assert_eq!(read, (0..list.total()).map(Value::from).collect::<Vec<_>>());
    });
}

#[test]
fn a_page_that_announces_another_and_does_not_name_it_is_no_end() {
    let base = Url::parse("https://shop.example/list").expect("a URL");
    hold(CASES, &lists(), |list| {
        let list = PagedList { proof: Announced::More, ..list };
        let (kind, last) = (list.page_kind(), list.lengths.len().saturating_sub(1));
        let (headers, mut body) = list.answer(last);
        body["page"]["more"] = json!(true);
        let from = PageToken::Number(u64::try_from(last).expect("fits") + 1);
        let next = kind.next(Some(&from), &Answer { headers, body, items: None }, &base);
        assert!(!matches!(next, Ok(None)), "taken for the end");
    });
}

#[test]
fn a_link_of_a_header_is_found_as_rfc_8288_writes_it() {
    let target =
        || text("ab/?&=,;%20\"'", 6).prop_map(|t| t.replace(['<', '>', '\u{7f}'], "").replace(char::is_control, ""));
    let quoted = text("a ,;<>=", 6).prop_map(|t| t.replace(char::is_control, "").replace(['\\', '"'], "\\\""));
    let other = (select(vec!["title", "x", "anchor", "hreflang"]), quoted)
        .prop_map(|(name, t)| format!("; {name}=\"{t}, rel=next\""));
    let no_rel = vec![";rel=prev", "; rel=\"last first\"", "; rel=\"nextish\"", "; Rel=\"prev\"; rel=next", ""];
    let rel = vec!["; rel=next", ";rel=\"next\"", "; REL = \"prev NEXT\" ", "; rel=\"next\"; rel=\"prev\""];
    let link = |rel: Vec<&'static str>| {
        (target(), other.clone(), select(rel), other.clone())
            .prop_map(|(target, before, rel, after)| (format!("<{target}>{before}{rel}{after}"), target))
    };
    let every = (proptest::collection::vec(link(no_rel), 0..3), proptest::option::of(link(rel)), any::<bool>());
    hold(CASES, &every, |(others, next, in_one)| {
        let links: Vec<String> = others.iter().chain(&next).map(|(link, _)| link.clone()).collect();
        let lines = if in_one { vec![links.join(" , ")] } else { links };
        let values = lines.iter().map(|line| HeaderValue::from_bytes(line.as_bytes()).expect("a header"));
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::LINK, value);
        }
        let kind: PageKind = toml::from_str("kind = 'link'\nsize = 1\nitems = 'items'").expect("a page kind");
        let base = Url::parse("https://shop.example/list/").expect("a URL");
        let expected =
            next.map(|(_, target)| base.join(&target).map(|url| (url.origin() == base.origin()).then_some(url)));
        match (kind.next(None, &Answer { headers, body: json!({ "items": [1] }), items: None }, &base), expected) {
            (Ok(found), None) => assert_eq!(found, None),
            (Ok(found), Some(Ok(Some(url)))) => assert_eq!(found, Some(PageToken::Link(url.into()))),
            // A target such as `//b` is another host.
            (found, expected) => assert!(found.is_err() && expected.is_some(), "{found:?} instead of {expected:?}"),
        }
    });
}

#[test]
fn a_link_that_is_followed_leads_to_the_shops_own_origin() {
    let pieces = "http: https: HTTPS: ftp: gopher: file: data: javascript: // / \\ shop.example SHOP.example evil.example \
         shop.example. user@ :443 :80 :8443 ?page=2 #x [::1] @ ..";
    let piece = prop_oneof![
        select(pieces.split_whitespace().collect::<Vec<_>>()).prop_map(str::to_owned),
        text("a.:/\\@\t\n", 2),
    ];
    let links = proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    let bases = select(vec![
        "https://shop.example/api",
        "https://shop.example:8443/",
        "http://shop.example/a/b",
        "http://[::1]:80/",
    ]);
    let kind: PageKind =
        toml::from_str("kind = 'link'\nsize = 1\nitems = 'items'\nnext = 'next'").expect("a page kind");
    hold(CASES * 2, &(bases, links), |(base, link)| {
        let base = Url::parse(base).expect("a URL");
        let body = json!({ "items": [1], "next": link });
        match kind.next(None, &Answer { headers: HeaderMap::new(), body, items: None }, &base) {
            Ok(None) => assert!(link.is_empty()),
            Ok(Some(PageToken::Link(to))) => assert_eq!(Url::parse(&to).expect("a URL").origin(), base.origin()),
            Ok(Some(other)) => panic!("{other:?} is no link"),
            Err(failure) => {
                assert_eq!(failure.code(), "foreign_page");
                let there = base.join(&link).map(|there| there.origin() == base.origin());
                assert_ne!(there, Ok(true), "it is the shop's own");
            }
        }
    });
}

/// A catalogue in two parts by page number, with lists within its items by cursor.
const CATALOGUE: &str = "
op = 'list'
parts = ['on', 'off']
page = { kind = 'number', size = 2, items = 'items', total = 'total' }
[[import.nested]]
into = 'parts'
op = 'parts'
more = 'more'
start = 'next'
page = { kind = 'cursor', size = 2, items = 'parts', next = 'next' }
[op.shop]
path = '/shop'
[op.list]
path = '/list'
query = { page = '{page.number}', part = '{part}' }
[op.parts]
path = '/list/{item.id}/parts'
query = { cursor = '{page.token}' }
";

/// A catalogue on one page, with lists within its items that one call reads for three of them.
const BATCHES: &str = "
op = 'list'
page = { kind = 'single', size = 100, items = 'items' }
[[import.nested]]
into = 'parts'
op = 'parts'
batch = { id = 'id', parent = 'of', separator = ',', at_most = 3 }
page = { kind = 'cursor', size = 2, items = 'parts', next = 'next', total = 'total' }
[op.shop]
path = '/shop'
[op.list]
path = '/list'
[op.parts]
path = '/parts'
query = { of = '{batch.ids}', cursor = '{page.token}' }
";

/// A client of the catalogue that answers these exchanges, in this order only.
fn catalogue(file: &str, exchanges: Vec<Exchange>) -> (ShopClient, Arc<Script>) {
    let script = Arc::new(Script::new(exchanges, false));
    let keys = (app("our-secret"), grant([("access", "our-token")]));
    (client(&platform(file), Facts::new(), keys, &script), script)
}

/// Reads a catalogue from its beginning to its end.
fn read_all(shop: &ShopClient) -> Vec<NormalProduct> {
    let (mut products, mut token) = (Vec::new(), None);
    for _ in 0..100 {
        let page = wait(page(shop, &PageRequest { token: token.as_ref(), ..PageRequest::default() })).expect("is read");
        products.extend(page.products.into_iter().map(|product| product.expect("can be read")));
        token = page.next;
        if token.is_none() {
            return products;
        }
    }
    panic!("it never ends")
}

#[test]
fn a_catalogue_of_parts_with_lists_in_its_items_is_read_once_from_end_to_end() {
    // Per part and item: the lengths of the pages of the list within it.
    let items = proptest::collection::vec(proptest::collection::vec(1..3_usize, 1..4), 0..6);
    hold(CASES / 8, &[items.clone(), items], |parts| {
        let (mut exchanges, mut expected) = (Vec::new(), Vec::new());
        for (part, items) in ["on", "off"].iter().zip(&parts) {
            let last = items.len().div_ceil(2).max(1);
            for number in 0..last {
                let here = items.iter().enumerate().skip(number * 2).take(2);
                let (mut page, mut nested) = (Vec::new(), Vec::new());
                for (item, lengths) in here {
                    let id = format!("{part}{item}");
                    let named = |list: usize| {
                        (0..lengths[list]).map(|n| json!({ "id": format!("{list}.{n}") })).collect::<Vec<_>>()
                    };
                    let rest = |list: usize| (list + 1 < lengths.len()).then(|| format!("c{}", list + 1));
                    page.push(json!({ "id": id, "parts": named(0), "more": lengths.len() > 1, "next": rest(0) }));
                    nested.extend((1..lengths.len()).map(|list| {
                        exchange(
                            &format!("/list/{id}/parts?cursor=c{list}"),
                            json!({ "parts": named(list), "next": rest(list) }),
                        )
                    }));
                    let ids =
                        (0..lengths.len()).flat_map(|list| (0..lengths[list]).map(move |n| format!("{list}.{n}")));
                    expected.push((id, ids.collect::<Vec<_>>(), None));
                }
                let body = json!({ "items": page, "total": items.len() });
                exchanges.push(exchange(&format!("/list?page={}&part={part}", number + 1), body));
                exchanges.append(&mut nested);
            }
        }
        let (shop, script) = catalogue(CATALOGUE, exchanges);
        let read = read_all(&shop).into_iter();
        let read = read.map(|p| (p.erp_id, p.variants.into_iter().map(|v| v.id).collect::<Vec<_>>(), p.doubt));
        assert_eq!(read.collect::<Vec<_>>(), expected);
        assert_eq!(script.ended().1, Vec::<String>::new());
    });
}

#[test]
fn a_list_within_an_item_that_leads_in_a_circle_ends_in_doubt() {
    // Every page: how many entries it has, and to which it leads; the first is in the item itself.
    let pages = proptest::collection::vec((0..3_usize, proptest::option::weighted(0.9, 1..6_usize)), 6);
    hold(CASES / 8, &pages, |pages| {
        let entries =
            |page: usize| (0..pages[page].0).map(|n| json!({ "id": format!("{page}.{n}") })).collect::<Vec<_>>();
        let next = |page: usize| pages[page].1.map(|to| format!("c{to}"));
        let item = json!({ "id": "a", "parts": entries(0), "more": pages[0].1.is_some(), "next": next(0) });
        let mut exchanges = vec![exchange("/list?page=1&part=on", json!({ "items": [item], "total": 1 }))];
        let (mut here, mut seen, mut whole) = (pages[0].1, Vec::new(), true);
        // What an honest reader asks for, and some rounds more than it may need.
        while let Some(page) = here.filter(|_| exchanges.len() < 30) {
            exchanges.push(exchange(
                &format!("/list/a/parts?cursor=c{page}"),
                json!({ "parts": entries(page), "next": next(page) }),
            ));
            whole &= pages[page].0 > 0 || pages[page].1.is_none();
            whole &= !seen.contains(&page);
            seen.push(page);
            here = pages[page].1;
        }
        let (shop, script) = catalogue(CATALOGUE, exchanges);
        let product =
            wait(page(&shop, &PageRequest::default())).expect("is read").products.remove(0).expect("can be read");
        assert_eq!(product.doubt.is_none(), whole, "{:?}", product.doubt);
        assert!(script.ended().0.len() <= pages.len() + 2, "it goes round");
        if whole {
            let ids: usize = [0].iter().chain(&seen).map(|page| pages[*page].0).sum();
            assert_eq!(product.variants.len(), ids);
        }
    });
}

#[test]
fn every_entry_of_a_batch_comes_to_its_own_item() {
    // Per item, how many entries it has; where each entry stands among those of its batch, and how long the pages are.
    let items = proptest::collection::vec(proptest::collection::vec(any::<u32>(), 0..4), 0..8);
    hold(CASES / 8, &(items, 1..4_usize), |(items, length)| {
        let id = |item: usize| format!("i{item}");
        let all: Vec<Value> = (0..items.len()).map(|item| json!({ "id": id(item) })).collect();
        let mut exchanges = vec![exchange("/list", json!({ "items": all }))];
        let mut expected: Vec<Vec<String>> = vec![Vec::new(); items.len()];
        for first in (0..items.len()).step_by(3) {
            let here = first..items.len().min(first + 3);
            let entries =
                here.clone().flat_map(|item| items[item].iter().enumerate().map(move |(n, at)| (*at, item, n)));
            let mut entries: Vec<(u32, usize, usize)> = entries.collect();
            entries.sort_unstable();
            let ids = here.map(id).collect::<Vec<_>>().join("%2C");
            for page in 0..entries.len().div_ceil(length).max(1) {
                let shown = entries.iter().skip(page * length).take(length);
                let shown: Vec<Value> =
                    shown.map(|(_, item, n)| json!({ "id": format!("{item}.{n}"), "of": id(*item) })).collect();
                let next = ((page + 1) * length < entries.len()).then(|| format!("c{}", page + 1));
                let cursor = if page == 0 { String::new() } else { format!("cursor=c{page}&") };
                let body = json!({ "parts": shown, "next": next, "total": entries.len() });
                exchanges.push(exchange(&format!("/parts?{cursor}of={ids}"), body));
            }
            for (_, item, n) in entries {
                expected[item].push(format!("{item}.{n}"));
            }
        }
        let (shop, script) = catalogue(BATCHES, exchanges);
        let read = read_all(&shop).into_iter();
        let read = read.map(|p| (p.variants.into_iter().map(|v| v.id).collect::<Vec<_>>(), p.doubt));
        assert_eq!(read.collect::<Vec<_>>(), expected.into_iter().map(|ids| (ids, None)).collect::<Vec<_>>());
        assert_eq!(script.ended().1, Vec::<String>::new());
    });
}
