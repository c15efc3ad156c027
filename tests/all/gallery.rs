//! A gallery that people edit while pictures are pushed to it, and whose answers are lost now and then: no picture of
//! theirs is ever removed, and none of ours stands there twice.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use proptest::{
    prelude::{Just, Strategy},
    prop_oneof,
    sample::select,
};
use serde_json::{Value, json};
use store_sync::{
    db,
    model::{ConnectionId, Product, Push, PushMode, PushStatus},
    push::{self, NewPicture},
    sandbox,
};
use tokio::net::TcpListener;

use crate::{
    cases::{connect, daemon_with, hold},
    support::{Engine, More, TestApp, on_both},
};

/// Cases of each kind on each database, in `tests/run`.
const CASES: u32 = 16;

/// How a platform takes pictures: the kinds that the provider files use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taking {
    /// One more picture; its name is kept, and the answer has its id.
    Named,
    /// The same, but pictures cannot be told apart…
    Nameless,
    /// …and the answer does not even have the id.
    Silent,
    /// One more of the files that were uploaded before; pictures cannot be told apart, but for its id.
    Attached,
    /// A list of ids, of files that were uploaded before.
    Ids,
    /// The same, with the version of the list that was read.
    VersionedIds,
    /// A list of objects, the new one among them.
    Objects,
    /// The same of files that were uploaded before, with the version, and pictures cannot be told apart.
    VersionedObjects,
}

impl Taking {
    fn key(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Nameless => "nameless",
            Self::Silent => "silent",
            Self::Attached => "attached",
            Self::Ids => "ids",
            Self::VersionedIds => "versioned-ids",
            Self::Objects => "objects",
            Self::VersionedObjects => "versioned-objects",
        }
    }

    fn is_list(self) -> bool {
        !matches!(self, Self::Named | Self::Nameless | Self::Silent | Self::Attached)
    }

    fn is_versioned(self) -> bool {
        matches!(self, Self::VersionedIds | Self::VersionedObjects)
    }

    /// What its file says of it.
    fn file(self) -> String {
        let is_nameless = matches!(self, Self::Nameless | Self::Silent | Self::Attached | Self::VersionedObjects);
        let (steps, find) = (self.steps(), if is_nameless { "new" } else { "name" });
        let gallery = if self.is_list() { "replace_list" } else { "add_one" };
        let (facts, version) = if self.is_versioned() {
            (", facts = { revision = \"revision\" }", ", revision = \"{gallery.revision}\"")
        } else {
            ("", "")
        };
        let unguarded = if self.is_list() && !self.is_versioned() { "unguarded = \"Theirs may be lost\"" } else { "" };
        let steps = steps.replace(", VERSION", version);
        format!(
            r#"
[[call.verdict]]
when = {{ status = [409] }}
class = "down"
code = "revision"
[op.products]
path = "/products"
[op.gallery]
path = "/products/{{product.erp_id}}/images"
[import]
op = "products"
page = {{ kind = "single", size = 10, items = "products" }}
[import.map]
erp_id = "id"
title = "title"
[push]
gallery = "{gallery}"
{unguarded}
list = {{ op = "gallery", each = "images", id = "id", name = "name", alt = "alt", find = "{find}"{facts} }}
{steps}"#
        )
    }

    /// How a picture comes into the gallery and out of it.
    fn steps(self) -> String {
        match self {
            Self::Named | Self::Nameless => format!("{ADD}keep = {{ image_id = \"image.id\" }}\n"),
            Self::Silent => format!("{ADD}found = \"image_id\"\n"),
            Self::Attached => format!("undo = {{ op = \"remove\" }}{UPLOAD}{ATTACH}"),
            Self::Ids | Self::VersionedIds => format!("undo = {{ op = \"set\" }}{UPLOAD}{SET_IDS}"),
            Self::Objects => SET_OBJECTS.to_owned(),
            Self::VersionedObjects => {
                let undo = "undo = { op = \"set\", others = { id = \"{value}\", alt = \"{value.alt}\" } }";
                format!("{undo}{UPLOAD}{SET_FILES}")
            }
        }
    }
}

const ADD: &str = r#"
result = { id = "{kept.image_id}", verify = "listed" }
undo = { op = "remove" }
[op.add]
path = "/products/{product.erp_id}/images"
body = { kind = "json", value = { name = "{asset.file_name}", alt = "{asset.alt}" } }
[op.remove]
method = "DELETE"
path = "/products/{product.erp_id}/images/{image.id}"
idempotent = true
[[push.step]]
name = "add"
op = "add"
look = { kind = "gallery", keep = "image_id" }
"#;

const UPLOAD: &str = r#"
result = { id = "{kept.file_id}", verify = "listed" }
[op.upload]
path = "/files"
body = { kind = "json", value = { name = "{asset.file_name}" } }
[op.files]
path = "/files"
[[push.step]]
name = "upload"
op = "upload"
keep = { file_id = "id" }
look = { kind = "ask", op = "files", each = "files", name = "name", keep = { file_id = "id" } }
"#;

const ATTACH: &str = r#"
[op.attach]
path = "/products/{product.erp_id}/images"
body = { kind = "json", value = { file = "{kept.file_id}" } }
[op.remove]
method = "DELETE"
path = "/products/{product.erp_id}/images/{image.id}"
idempotent = true
[[push.step]]
name = "attach"
op = "attach"
look = { kind = "listed", id = "{kept.file_id}" }
"#;

const SET_IDS: &str = r#"
[op.set]
method = "PUT"
path = "/products/{product.erp_id}/images"
body = { kind = "json", value = { ids = "{gallery.ids}", VERSION } }
idempotent = true
[[push.step]]
name = "set"
op = "set"
list = "{kept.file_id}"
"#;

const SET_FILES: &str = r#"
[op.set]
method = "PUT"
path = "/products/{product.erp_id}/images"
body = { kind = "json", value = { images = "{gallery.items}", VERSION } }
idempotent = true
[[push.step]]
name = "set"
op = "set"
list = "{kept.file_id}"
item = { id = "{kept.file_id}", alt = "{asset.alt}" }
others = { id = "{value}", alt = "{value.alt}" }
"#;

const SET_OBJECTS: &str = r#"
result = { id = "{kept.image_id}", verify = "listed" }
undo = { op = "set", others = { id = "{value}", alt = "{value.alt}" } }
[op.set]
method = "PUT"
path = "/products/{product.erp_id}/images"
body = { kind = "json", value = { images = "{gallery.items}", VERSION } }
[[push.step]]
name = "set"
op = "set"
item = { name = "{push.mark}", alt = "{asset.alt}" }
others = { id = "{value}", alt = "{value.alt}" }
found = "image_id"
look = { kind = "gallery", keep = "image_id" }
"#;

/// What a person does to the gallery. Numbers are places among their pictures, as far as they go.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Add(usize),
    Remove(usize),
    /// Takes out a picture of ours.
    RemoveOurs,
    /// Puts the first picture last.
    Rotate,
    Describe(usize),
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is done, and the answer is lost.
    Lost,
    Down,
    Throttled,
    /// The list is missing in the answer.
    NoList,
    /// A picture has no id in the answer.
    NoId,
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    Person(Edit),
    Call(Fate),
}

/// A gallery, and what happens just before which call.
#[derive(Debug, Clone)]
struct Case {
    pictures: usize,
    mode: PushMode,
    doings: Vec<(usize, Doing)>,
}

fn cases(taking: Taking) -> impl Strategy<Value = Case> {
    let modes = [PushMode::Append, PushMode::SetPrimary, PushMode::ReplacePushed];
    let modes = if taking.is_list() { modes.to_vec() } else { vec![PushMode::Append] };
    // Where our picture is known as the only new one, nobody can tell if a person puts theirs in its place at once.
    let ours = if taking == Taking::Silent { Edit::Rotate } else { Edit::RemoveOurs };
    let edit = prop_oneof![
        4 => (0..4_usize).prop_map(Edit::Add),
        1 => (0..4_usize).prop_map(Edit::Remove),
        1 => Just(ours),
        1 => Just(Edit::Rotate),
        1 => (0..4_usize).prop_map(Edit::Describe),
    ];
    let fate = select(vec![Fate::Lost, Fate::Lost, Fate::Down, Fate::Throttled, Fate::NoList, Fate::NoId]);
    let doing = prop_oneof![edit.prop_map(Doing::Person), fate.prop_map(Doing::Call)];
    let doings = proptest::collection::vec((1..25_usize, doing), 0..9);
    (0..4_usize, select(modes), doings).prop_map(|(pictures, mode, doings)| Case { pictures, mode, doings })
}

#[derive(Debug, Clone)]
struct Picture {
    id: String,
    name: String,
    alt: String,
    is_ours: bool,
    /// When a person made or changed it.
    at: usize,
}

/// A shop with one product.
struct Gallery {
    taking: Taking,
    pictures: Vec<Picture>,
    /// Out of the gallery; the shop still has their files.
    out: Vec<Picture>,
    files: Vec<Picture>,
    doings: Vec<(usize, Doing)>,
    made: usize,
    calls: usize,
    /// Counts what people do…
    edits: usize,
    /// …up to the last reading, after which the list has been written or not.
    read: usize,
    is_written: bool,
    ordered: usize,
    revision: usize,
    /// What was done that must not be.
    wrong: Vec<String>,
}

impl Gallery {
    fn new(taking: Taking, case: &Case) -> Self {
        let mut gallery = Self {
            taking,
            pictures: Vec::new(),
            out: Vec::new(),
            files: Vec::new(),
            doings: case.doings.clone(),
            made: 0,
            calls: 0,
            edits: 0,
            read: 0,
            is_written: false,
            ordered: 0,
            revision: 0,
            wrong: Vec::new(),
        };
        for place in 0..case.pictures {
            gallery.edit(Edit::Add(place));
        }
        gallery
    }

    fn make(&mut self, name: &str, alt: &str, is_ours: bool) -> Picture {
        self.made += 1;
        let whose = if is_ours { "ours" } else { "theirs" };
        let id = format!("{whose}-{}", self.made);
        Picture { id, name: name.to_owned(), alt: alt.to_owned(), is_ours, at: self.edits }
    }

    fn edit(&mut self, edit: Edit) {
        self.edits += 1;
        self.revision += 1;
        let theirs: Vec<usize> = (0..self.pictures.len()).filter(|place| !self.pictures[*place].is_ours).collect();
        let pick = |place: usize| theirs.get(place % theirs.len().max(1)).copied();
        match edit {
            Edit::Add(place) => {
                // A sign that PostgreSQL's JSON cannot hold: a push keeps what it read.
                let picture = self.make("photo\0.png", "A photograph", false);
                let place = place % (self.pictures.len() + 1);
                self.pictures.insert(place, picture);
            }
            Edit::Remove(place) => {
                if let Some(place) = pick(place) {
                    let picture = self.pictures.remove(place);
                    self.out.push(picture);
                }
            }
            Edit::RemoveOurs => {
                if let Some(place) = self.pictures.iter().position(|picture| picture.is_ours) {
                    let picture = self.pictures.remove(place);
                    self.out.push(picture);
                }
            }
            Edit::Rotate if !self.pictures.is_empty() => {
                self.pictures.rotate_left(1);
                self.ordered = self.edits;
            }
            Edit::Rotate => {}
            Edit::Describe(place) => {
                if let Some(place) = pick(place) {
                    self.pictures[place].alt = format!("Described at {}", self.edits);
                    self.pictures[place].at = self.edits;
                }
            }
        }
    }

    fn answer(&mut self, method: &Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let mut fate = None;
        if path.contains("images") || path == "files" {
            self.calls += 1;
            let now = self.doings.iter().filter(|(call, _)| *call == self.calls);
            for (_, doing) in now.copied().collect::<Vec<_>>() {
                match doing {
                    Doing::Person(edit) => self.edit(edit),
                    Doing::Call(what) => fate = Some(what),
                }
            }
        }
        if *method == Method::PUT && std::mem::replace(&mut self.is_written, true) {
            self.wrong.push("the list was written twice from one reading".to_owned());
        }
        let error = json!({ "error": "not now" });
        match fate {
            Some(Fate::Down) => return (StatusCode::SERVICE_UNAVAILABLE, error),
            Some(Fate::Throttled) => return (StatusCode::TOO_MANY_REQUESTS, error),
            _ => {}
        }
        let (status, mut answer) = self.act(method, path, body);
        let reads = *method == Method::GET && path.contains("images");
        match fate {
            Some(Fate::Lost) => return (StatusCode::BAD_GATEWAY, error),
            Some(Fate::NoList) if reads => answer = json!({ "revision": self.revision }),
            Some(Fate::NoId) if reads && !self.pictures.is_empty() => answer["images"][0]["id"] = Value::Null,
            _ => {}
        }
        (status, answer)
    }

    fn act(&mut self, method: &Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        match (method.as_str(), path) {
            ("GET", "shop") => (StatusCode::OK, json!({})),
            ("GET", "products") => (StatusCode::OK, json!({ "products": [{ "id": "1", "title": "Mug" }] })),
            ("GET", "files") => {
                let files: Vec<Value> = self.files.iter().map(|f| json!({ "id": f.id, "name": f.name })).collect();
                (StatusCode::OK, json!({ "files": files }))
            }
            ("POST", "files") => {
                let file = self.make(text("name"), "", true);
                self.files.push(file.clone());
                (StatusCode::OK, json!({ "id": file.id }))
            }
            ("GET", "products/1/images") => {
                (self.read, self.is_written) = (self.edits, false);
                let names = !matches!(self.taking, Taking::Attached | Taking::VersionedObjects);
                let shown =
                    |p: &Picture| json!({ "id": p.id, "alt": p.alt, "name": if names { p.name.as_str() } else { "" } });
                let images: Vec<Value> = self.pictures.iter().map(shown).collect();
                (StatusCode::OK, json!({ "images": images, "revision": self.revision }))
            }
            ("POST", "products/1/images") => {
                let file = self.files.iter().find(|file| body["file"] == file.id).cloned();
                let picture = file.unwrap_or_else(|| self.make(text("name"), text("alt"), true));
                self.revision += 1;
                self.pictures.push(picture.clone());
                let id = if self.taking == Taking::Silent { Value::Null } else { picture.id.into() };
                (StatusCode::OK, json!({ "image": { "id": id } }))
            }
            ("PUT", "products/1/images") => self.set(body),
            ("DELETE", path) => self.remove(path.rsplit('/').next().unwrap_or_default()),
            _ => panic!("{method} {path} is no call of this shop"),
        }
    }

    fn remove(&mut self, id: &str) -> (StatusCode, Value) {
        let Some(place) = self.pictures.iter().position(|picture| picture.id == id) else {
            return (StatusCode::NOT_FOUND, json!({}));
        };
        let picture = self.pictures.remove(place);
        if !picture.is_ours {
            self.wrong.push(format!("{id} was deleted"));
        }
        self.out.push(picture);
        (StatusCode::OK, json!({}))
    }

    /// Writes the whole list. What a person did since it was read may be lost, unless the version says so.
    fn set(&mut self, body: &Value) -> (StatusCode, Value) {
        if self.taking.is_versioned() && body["revision"] != self.revision {
            return (StatusCode::CONFLICT, json!({ "error": "read it again" }));
        }
        let ids = body["ids"].as_array().into_iter().flatten().map(|id| json!({ "id": id }));
        let items: Vec<Value> = ids.chain(body["images"].as_array().into_iter().flatten().cloned()).collect();
        let mut list = Vec::new();
        for item in &items {
            match item["id"].as_str() {
                None => {
                    let picture = self.make(
                        item["name"].as_str().unwrap_or_default(),
                        item["alt"].as_str().unwrap_or_default(),
                        true,
                    );
                    list.push(picture);
                }
                Some(id) => {
                    let known = self.pictures.iter().chain(&self.out).chain(&self.files).find(|one| one.id == id);
                    let Some(known) = known.cloned() else {
                        return (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": "no such picture" }));
                    };
                    let alt = item["alt"].as_str().map_or(known.alt.clone(), str::to_owned);
                    list.push(Picture { alt, ..known });
                }
            }
        }
        self.compare(&list);
        let old = std::mem::replace(&mut self.pictures, list);
        let left = old.into_iter().filter(|old| self.pictures.iter().all(|picture| picture.id != old.id));
        self.out.extend(left.collect::<Vec<_>>());
        self.revision += 1;
        (StatusCode::OK, json!({}))
    }

    /// Notes what a new list does to the pictures of others that were there when the old one was read.
    fn compare(&mut self, list: &[Picture]) {
        let place = |id: &str| list.iter().position(|picture| picture.id == id);
        let theirs: Vec<&Picture> = self.pictures.iter().filter(|picture| !picture.is_ours).collect();
        let was_read = |picture: &&&Picture| picture.at <= self.read;
        for picture in theirs.iter().filter(was_read) {
            match place(&picture.id).map(|place| &list[place]) {
                None => self.wrong.push(format!("{} was left out of the list", picture.id)),
                Some(new) if new.alt != picture.alt => self.wrong.push(format!("{} lost its description", new.id)),
                Some(_) => {}
            }
        }
        let places: Vec<usize> = theirs.iter().filter(was_read).filter_map(|picture| place(&picture.id)).collect();
        if self.ordered <= self.read && !places.is_sorted() {
            self.wrong.push("the order of others' pictures was changed".to_owned());
        }
    }
}

/// One daemon for many shops, each of a case.
struct House {
    app: TestApp,
    shops: Arc<Mutex<Vec<Gallery>>>,
    url: String,
    taking: Taking,
    bytes: bytes::Bytes,
}

fn lock(shops: &Mutex<Vec<Gallery>>) -> MutexGuard<'_, Vec<Gallery>> {
    shops.lock().expect("is not poisoned")
}

/// Serves the shops, each below its number.
async fn serve(shops: Arc<Mutex<Vec<Gallery>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(async move |method: Method, uri: Uri, body: Bytes| -> Response {
        let (shop, path) = uri.path()[1..].split_once('/').expect("a shop");
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let number: usize = shop.parse().expect("a number");
        let (status, answer) = lock(&shops)[number].answer(&method, path, &body);
        (status, Json(answer)).into_response()
    });
    tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
    url
}

impl House {
    async fn new(engine: Engine, taking: Taking) -> Self {
        Self::with(engine, taking, More::default()).await
    }

    async fn with(engine: Engine, taking: Taking, more: More<'_>) -> Self {
        let app = daemon_with(engine, &[(taking.key(), taking.file())], more).await;
        let shops = Arc::default();
        let url = serve(Arc::clone(&shops)).await;
        Self { app, shops, url, taking, bytes: sandbox::draw_scene(0).into() }
    }

    /// Opens a shop, connects and imports it.
    async fn open(&self, case: &Case) -> (usize, ConnectionId, Product) {
        let number = {
            let mut shops = lock(&self.shops);
            shops.push(Gallery::new(self.taking, case));
            shops.len() - 1
        };
        let shop = connect(&self.app, self.taking.key(), format!("{}/{number}", self.url)).await;
        self.app.drain().await;
        let mut tx = self.app.tools.db.begin().await.expect("begins");
        db::connection::update_push_rules(&mut tx, &shop, case.mode, true, self.app.clock.now()).await.expect("is set");
        let product = db::product::find_by_erp_id(&mut tx, &shop, "1").await.expect("reads").expect("is imported");
        tx.commit().await.expect("commits");
        (number, shop, product)
    }

    /// Lets time pass until a push needs no more of it, and what was to be looked at again has been.
    async fn settle(&self, id: &str) -> Push {
        for _ in 0..12 {
            self.app.clock.advance(Duration::from_hours(1));
            let done = self.app.drain().await;
            let mut tx = self.app.tools.db.read().await.expect("reads");
            let push = db::push::find(&mut tx, id).await.expect("reads").expect("is there");
            let waits = matches!(push.status, PushStatus::Queued | PushStatus::Pushing | PushStatus::Removing);
            if !waits && done == 0 {
                return push;
            }
        }
        panic!("push {id} is not done after 12 hours");
    }

    /// Two pictures are pushed, and the second is taken out again.
    async fn judge(&self, case: &Case) -> Result<(), String> {
        let (number, _, product) = self.open(case).await;
        let mut last = None;
        for _ in 0..2 {
            let picture = NewPicture { product: product.id.as_str(), bytes: self.bytes.clone() };
            let asset = push::add(&self.app.tools, picture).await.expect("is kept");
            let push = self.app.approve(&asset).await.pushes.remove(0);
            let push = self.settle(push.id.as_str()).await;
            self.look(number, &push)?;
            last = Some(push);
        }
        let push = last.filter(|push| push.status == PushStatus::Synced);
        if let Some(push) = push {
            push::ask_revert(&self.app.tools, &[push.id.to_string()]).await.expect("is asked for");
            let push = self.settle(push.id.as_str()).await;
            self.look(number, &push)?;
        }
        Ok(())
    }

    /// Nothing of others was lost, and what is ours is there once.
    fn look(&self, number: usize, push: &Push) -> Result<(), String> {
        let shops = lock(&self.shops);
        let shop = &shops[number];
        let mut wrong = shop.wrong.clone();
        let mut times: HashMap<&str, usize> = HashMap::new();
        for picture in shop.pictures.iter().filter(|picture| picture.is_ours) {
            *times.entry(picture.name.split('.').next().unwrap_or_default()).or_default() += 1;
        }
        if let Some((name, _)) = times.iter().find(|(_, times)| **times > 1) {
            wrong.push(format!("{name} is there more than once"));
        }
        let told = push.external_image_id.as_deref().filter(|_| push.status == PushStatus::Synced);
        // Where pictures cannot be told apart, the only new one may be a person's: then nothing removes it.
        let apart = !matches!(self.taking, Taking::Nameless | Taking::Silent);
        if told.is_some_and(|id| apart && id.starts_with("theirs")) {
            wrong.push(format!("{told:?} was taken for ours"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("{wrong:?}; the push: {push:?}")) }
    }
}

async fn people_lose_nothing(engine: Engine, taking: Taking) {
    let house = House::new(engine, taking).await;
    hold(CASES, &cases(taking), async |case: Case| house.judge(&case).await);
}

on_both!(
    where_one_is_added_by_name_people_lose_nothing,
    where_one_is_added_and_pictures_are_alike_people_lose_nothing,
    where_one_is_added_without_an_answer_people_lose_nothing,
    where_a_file_is_attached_by_its_id_people_lose_nothing,
    where_a_list_of_ids_is_replaced_people_lose_what_was_read_never,
    where_a_list_of_ids_has_a_version_people_lose_nothing,
    where_a_list_of_objects_is_replaced_people_lose_what_was_read_never,
    where_a_list_of_objects_has_a_version_people_lose_nothing,
    where_people_may_lose_something_nothing_is_written_until_that_is_accepted,
);

async fn where_one_is_added_by_name_people_lose_nothing(engine: Engine) {
    people_lose_nothing(engine, Taking::Named).await;
}

async fn where_one_is_added_and_pictures_are_alike_people_lose_nothing(engine: Engine) {
    people_lose_nothing(engine, Taking::Nameless).await;
}

async fn where_one_is_added_without_an_answer_people_lose_nothing(engine: Engine) {
    people_lose_nothing(engine, Taking::Silent).await;
}

async fn where_a_file_is_attached_by_its_id_people_lose_nothing(engine: Engine) {
    people_lose_nothing(engine, Taking::Attached).await;
}

async fn where_a_list_of_ids_is_replaced_people_lose_what_was_read_never(engine: Engine) {
    people_lose_nothing(engine, Taking::Ids).await;
}

async fn where_a_list_of_ids_has_a_version_people_lose_nothing(engine: Engine) {
    people_lose_nothing(engine, Taking::VersionedIds).await;
}

async fn where_a_list_of_objects_is_replaced_people_lose_what_was_read_never(engine: Engine) {
    people_lose_nothing(engine, Taking::Objects).await;
}

async fn where_a_list_of_objects_has_a_version_people_lose_nothing(engine: Engine) {
    people_lose_nothing(engine, Taking::VersionedObjects).await;
}

async fn where_people_may_lose_something_nothing_is_written_until_that_is_accepted(engine: Engine) {
    let case = Case { pictures: 2, mode: PushMode::Append, doings: Vec::new() };
    for (taking, unguarded, is_pushed) in [
        (Taking::Ids, "false", false),
        (Taking::Objects, "false", false),
        (Taking::VersionedIds, "false", true),
        (Taking::Ids, "[\"objects\"]", false),
        (Taking::Ids, "[\"ids\", \"objects\"]", true),
    ] {
        let house = House::with(engine, taking, More { unguarded: Some(unguarded), ..More::default() }).await;
        let (number, _, product) = house.open(&case).await;
        let asset = house.app.add_asset(&product, 0).await;
        let push = house.app.approve(&asset).await.pushes.remove(0);
        let push = house.settle(push.id.as_str()).await;
        assert_eq!(push.status == PushStatus::Synced, is_pushed, "{push:?}");
        assert_eq!(lock(&house.shops)[number].pictures.len() == 3, is_pushed);
        if !is_pushed {
            let words = push.last_error.as_deref().unwrap_or_default();
            assert_eq!(push.last_error_code.as_deref(), Some("push_mode"));
            let advice = format!("allow_unguarded = [\"{}\"]", taking.key());
            assert!(words.contains("Theirs may be lost") && words.contains(&advice), "{words}");
        }
    }
}
