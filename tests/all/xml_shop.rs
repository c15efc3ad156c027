//! A shop that speaks XML: its lists of one and of none, its errors, and answers that are no documents.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::Query,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use store_sync::{
    db,
    model::{ConnectionId, ImportScope, Run, RunStatus},
};
use tokio::net::TcpListener;

use crate::{
    cases::{connect, daemon},
    support::{Engine, TestApp, on_both},
};

const PLATFORM: &str = r##"
answer = "xml"
message = ["shop.errors.error[0].message", "error.text"]
[[call.verdict]]
when = { status = ["4xx"], body = "shop.errors.error[0].@code", in = ["17"] }
class = "rights"
code = "no_right_to_read"
[op.products]
path = "/products"
query = { at = "{page.offset}", limit = "{page.size}" }
[op.pictures]
path = "/products/{item.@id}/pictures"
[import]
op = "products"
full_only = "a test"
page = { kind = "offset", size = 2, items = "shop.products.product", total = "shop.products.@total" }
[[import.nested]]
into = "picture_list"
op = "pictures"
page = { kind = "single", size = 100, items = "pictures.s:picture" }
[import.map]
erp_id = "@id"
title = "name.language[@id=2].#text"
price = "price"
images = { each = "picture_list", id = "@id", url = "#text" }
[import.map.variants]
each = "variants.variant"
id = "@id"
sku = "sku"
"##;

/// A product: its title in one or two languages, its variants and its pictures.
#[derive(Clone, Copy)]
struct Goods {
    id: usize,
    title: &'static str,
    languages: usize,
    variants: usize,
    pictures: usize,
}

const GOODS: [Goods; 3] = [
    Goods { id: 1, title: "Lamp &amp; shade", languages: 2, variants: 2, pictures: 2 },
    Goods { id: 2, title: "<![CDATA[Lamp <i>two</i>]]>", languages: 1, variants: 1, pictures: 1 },
    Goods { id: 3, title: "L&#xE4;mpchen", languages: 2, variants: 0, pictures: 0 },
];

impl Goods {
    fn product(self) -> String {
        let Self { id, title, languages, variants, .. } = self;
        let other = if languages > 1 { "<language id=\"1\">Lampe</language>" } else { "" };
        let mut list = String::new();
        for number in 0..variants {
            write!(list, "<variant id=\"v{id}{number}\"><sku>S{id}{number}</sku></variant>").expect("is written");
        }
        format!(
            "\n  <product id=\"{id}\">\n    <name>{other}<language id=\"2\">{title}</language></name>\n    <price>\n      1{id}.50\n    </price>\
             <variants>{list}</variants><!-- more --></product>"
        )
    }

    fn pictures(self) -> String {
        let mut list = String::new();
        for number in 0..self.pictures {
            let url = format!("https://s.example/{}.png?a=1&amp;b={number}", self.id);
            write!(list, "<s:picture id=\"p{}{number}\">{url}</s:picture>", self.id).expect("is written");
        }
        format!("<pictures xmlns:s=\"urn:s\">{list}</pictures>")
    }
}

/// The page of the list that a query asks for.
fn page(goods: &[Goods], query: &HashMap<String, String>) -> String {
    let number = |name: &str| query[name].parse::<usize>().expect("a number");
    let shown: String = goods.iter().skip(number("at")).take(number("limit")).map(|goods| goods.product()).collect();
    let total = goods.len();
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<shop><products total=\"{total}\">{shown}</products></shop>")
}

type Answer = Box<dyn FnMut(&str, &HashMap<String, String>) -> (u16, &'static str, String) + Send>;

struct House {
    app: TestApp,
    id: ConnectionId,
    answer: Arc<Mutex<Answer>>,
    /// What every request asked for.
    accepted: Arc<Mutex<Vec<String>>>,
}

/// What the shop answers while it is well.
fn well(path: &str, query: &HashMap<String, String>) -> (u16, &'static str, String) {
    let text = match path.trim_start_matches("/0").split('/').collect::<Vec<_>>()[..] {
        ["", "products"] => page(&GOODS, query),
        ["", "products", id, "pictures"] => {
            GOODS.iter().find(|goods| goods.id.to_string() == id).expect("is sold").pictures()
        }
        _ => "<shop/>".to_owned(),
    };
    (200, "text/xml; charset=utf-8", text)
}

fn respond(answer: &Mutex<Answer>, uri: &Uri, query: &HashMap<String, String>) -> Response {
    let mut answer = answer.lock().expect("is not poisoned");
    let (status, kind, body) = (*answer)(uri.path(), query);
    (StatusCode::from_u16(status).expect("a status"), [(header::CONTENT_TYPE, kind)], body).into_response()
}

impl House {
    async fn new(engine: Engine) -> Self {
        let app = daemon(engine, &[("markup", PLATFORM.to_owned())]).await;
        let first: Answer = Box::new(well);
        let (answer, accepted) = (Arc::new(Mutex::new(first)), Arc::new(Mutex::new(Vec::new())));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/0", listener.local_addr().expect("an address"));
        let (served, noted) = (answer.clone(), accepted.clone());
        let router = Router::new().fallback(
            move |uri: Uri, headers: HeaderMap, Query(query): Query<HashMap<String, String>>| {
                let wanted = headers[header::ACCEPT].to_str().expect("a text").to_owned();
                noted.lock().expect("is not poisoned").push(wanted);
                let response = respond(&served, &uri, &query);
                async move { response }
            },
        );
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let id = connect(&app, "markup", url).await;
        app.drain().await;
        Self { app, id, answer, accepted }
    }

    fn answers(
        &self,
        answer: impl FnMut(&str, &HashMap<String, String>) -> (u16, &'static str, String) + Send + 'static,
    ) {
        *self.answer.lock().expect("is not poisoned") = Box::new(answer);
    }

    /// Answers every request for the list with this.
    fn answers_with(&self, status: u16, kind: &'static str, body: &'static str) {
        self.answers(
            move |path, query| {
                if path.ends_with("/products") { (status, kind, body.to_owned()) } else { well(path, query) }
            },
        );
    }

    async fn full(&self) -> Run {
        self.app.import(&self.id, ImportScope::Full, false).await
    }

    /// The products with the numbers of their variants and pictures.
    async fn kept(&self) -> Vec<(String, String, usize, usize)> {
        let mut kept = Vec::new();
        for product in self.app.products().await {
            let mut tx = self.app.tools.db.read().await.expect("reads");
            let variants = db::product::list_variants(&mut tx, &product.id).await.expect("lists");
            let images = db::product::list_images(&mut tx, &product.id).await.expect("lists");
            let id = product.erp_id.expect("is imported");
            assert!(product.erp_deleted_at.is_none(), "{id} is there");
            let variants = variants.iter().filter(|variant| variant.erp_deleted_at.is_none()).count();
            let images = images.iter().filter(|image| image.deleted_at.is_none()).count();
            kept.push((id, product.name, variants, images));
        }
        kept.sort();
        kept
    }
}

fn ended(run: &Run) -> (RunStatus, Option<&str>) {
    (run.status, run.error_code.as_deref())
}

fn goods() -> Vec<(String, String, usize, usize)> {
    let one = |id: &str, title: &str, variants, images| (id.to_owned(), title.to_owned(), variants, images);
    vec![one("1", "Lamp & shade", 2, 2), one("2", "Lamp <i>two</i>", 1, 1), one("3", "Lämpchen", 0, 0)]
}

on_both!(
    lists_of_several_of_one_and_of_none_are_lists,
    a_list_without_products_is_empty_and_an_answer_without_a_list_is_none,
    what_is_no_document_is_told_and_costs_nothing,
    the_shops_own_words_are_read_in_whichever_form_they_come
);

async fn lists_of_several_of_one_and_of_none_are_lists(engine: Engine) {
    let house = House::new(engine).await;
    assert_eq!(house.kept().await, goods());
    let run = house.full().await;
    assert_eq!((ended(&run), run.items_failed), ((RunStatus::Success, None), 0), "{run:?}");
    assert!(house.accepted.lock().expect("is not poisoned").iter().all(|kind| kind == "application/xml"));
    // What a product had is gone once its empty list says so.
    house.answers(|path, query| {
        let (status, kind, text) = well(path, query);
        (status, kind, text.replace("<variant id=\"v20\"><sku>S20</sku></variant>", ""))
    });
    let run = house.full().await;
    assert_eq!(ended(&run), (RunStatus::Success, None), "{run:?}");
    assert_eq!(house.kept().await[1].2, 0);
    // Where the list itself is missing, it is unknown.
    house.answers(|path, query| {
        let (status, kind, text) = well(path, query);
        let (from, to) = (text.find("<variants>"), text.find("</variants>"));
        let Some((from, to)) = from.zip(to) else { return (status, kind, text) };
        (status, kind, format!("{}{}", &text[..from], &text[to + "</variants>".len()..]))
    });
    let run = house.full().await;
    assert_eq!((run.status, run.items_failed), (RunStatus::Partial, 2), "the first product of each page: {run:?}");
    assert_eq!(house.kept().await[0].2, 2);
}

async fn a_list_without_products_is_empty_and_an_answer_without_a_list_is_none(engine: Engine) {
    let house = House::new(engine).await;
    house.answers_with(200, "text/xml", "<shop><products total=\"0\"/></shop>");
    // Complete, and of nothing: what it misses is gone once a second one misses it too.
    assert_eq!(ended(&house.full().await), (RunStatus::Success, None));
    for other in [
        "<shop/>",
        "<shop><error>none</error></shop>",
        "<other><products/></other>",
        "<shop><products><error>none</error></products></shop>",
    ] {
        house.answers_with(200, "text/xml", other);
        assert_eq!(ended(&house.full().await), (RunStatus::Failed, Some("unexpected_answer")), "{other}");
    }
    assert_eq!(house.kept().await, goods());
}

async fn what_is_no_document_is_told_and_costs_nothing(engine: Engine) {
    let house = House::new(engine).await;
    for (kind, body, words) in [
        ("text/xml", "<shop><products total=\"3\"><product id=\"1\">", "</product> is missing"),
        ("text/xml", "<shop><products></shop>", "expected `</products>`"),
        ("text/xml", "{\"products\": []}", "outside of its root element"),
        ("text/html", "<html><title>Coming soon</title></html>", "it is an HTML page titled 'Coming soon'"),
        ("text/xml", "<?xml version='1.0' encoding='iso-8859-1'?><shop/>", "in iso-8859-1: only UTF-8 is read"),
        ("text/xml", "<!DOCTYPE shop [<!ENTITY a \"b\">]><shop>&a;</shop>", "declares entities"),
    ] {
        house.answers_with(200, kind, body);
        let run = house.full().await;
        assert_eq!(ended(&run), (RunStatus::Failed, Some("not_xml")), "{body}: {run:?}");
        let text = run.error_message.unwrap_or_default();
        assert!(text.contains("invalid or truncated XML") && text.contains(words), "{words}: {text}");
    }
    assert_eq!(house.kept().await, goods());
}

async fn the_shops_own_words_are_read_in_whichever_form_they_come(engine: Engine) {
    let house = House::new(engine).await;
    let refused = "<?xml version=\"1.0\"?><shop><errors><error code=\"17\"><message><![CDATA[Not this key]]></message></error></errors></shop>";
    house.answers_with(403, "text/html; charset=utf-8", refused);
    let run = house.full().await;
    assert_eq!(ended(&run), (RunStatus::Failed, Some("no_right_to_read")), "{run:?}");
    assert!(run.error_message.is_some_and(|text| text.contains("answered 403 (Not this key)")));
    house.answers_with(422, "application/json", "{\"error\": {\"text\": \"The gateway speaks JSON\"}}");
    let run = house.full().await;
    assert_eq!(ended(&run), (RunStatus::Failed, Some("http_422")), "{run:?}");
    assert!(run.error_message.is_some_and(|text| text.contains("answered 422 (The gateway speaks JSON)")));
    // A page is nobody's word about the key, well-formed or not.
    house.answers_with(401, "text/html", "<p>Password, please</p>");
    assert_eq!(ended(&house.full().await), (RunStatus::Failed, Some("in_between")));
    house.answers(well);
    assert_eq!(house.full().await.status, RunStatus::Success, "and the connection is as good as before");
}
