//! Pushes in the simulator: uploads, galleries, processing, and removal of pictures.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    SimulatedReply, SimulatorState,
    catalogue::{ListedImage, ProductView, SHORT, image_url, put_gallery},
    id_format::{FILES, IdFormat, file_number},
    routes::{MatchedCall, Routes, Use},
};
use crate::{
    outside::{ExpectedRequest, Reply},
    provider::{
        path::{Path, as_text},
        recipe::{GalleryKind, Keep, PushStep},
    },
};

/// An uploaded file.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) alt: Option<String>,
    pub(super) bytes: Option<Bytes>,
    /// How many further polls report it as processing.
    pub(super) in_work: u32,
    pub(super) broken: bool,
}

/// The number of the first uploaded file; the catalogue's own pictures have smaller numbers.
const FIRST: u64 = 900_000_001;

impl SimulatorState {
    /// The response with a product's gallery.
    pub(super) fn show_gallery(&self, plan: &Routes, op: &str, product: u64, host: &str) -> SimulatedReply {
        if self.catalogue.get(product).is_none() {
            return SimulatedReply::missing();
        }
        let mut reply = plan.answer(op);
        self.put_product(plan, &mut reply, product, host);
        SimulatedReply::json(reply)
    }

    /// Writes product and gallery into a response that contains them.
    fn put_product(&self, plan: &Routes, reply: &mut Reply, product: u64, host: &str) {
        let recipe = &plan.provider.recipe;
        let Some(push) = &recipe.push else { return };
        let images = recipe.import.map.images.as_ref().map(|images| &images.each);
        let whole = images.and_then(|each| push.list.each.before(each));
        let is_product = |at: &crate::provider::path::Path| {
            let there = at.get(&reply.body)?;
            recipe.import.map.erp_id.path()?.get(there).map(|_| there.clone())
        };
        if let Some((at, mut there)) = whole.and_then(|at| is_product(&at).map(|there| (at, there))) {
            self.render_product(ProductView { plan, host, most: SHORT }, &mut there, product, &mut Vec::new());
            at.put(&mut reply.body, there);
        }
        put_gallery(plan, &mut reply.body, &self.gallery(product), host);
        let cover = recipe.push.as_ref().and_then(|push| push.list.cover.as_ref());
        self.put_cover(plan, cover, &mut reply.body, product, host);
    }

    /// Writes the cover of a product where a response has one: the chosen one, or its first picture.
    pub(super) fn put_cover(&self, plan: &Routes, path: Option<&Path>, body: &mut Value, product: u64, host: &str) {
        let Some(path) = path.filter(|path| path.get(body).is_some()) else { return };
        let gallery = self.gallery(product);
        let chosen = self.covers.get(&product);
        let shown = gallery.iter().find(|picture| Some(&picture.number) == chosen).or(gallery.first());
        let id = shown.map(|picture| plan.picture.render(picture.number, &image_url(host, picture)));
        path.put(body, id.unwrap_or(Value::Null));
    }

    /// Handles a step of a push, or the removal of a picture.
    pub(super) fn change(
        &mut self,
        plan: &Routes,
        meant: &MatchedCall,
        ask: &ExpectedRequest,
        upload: Option<&Bytes>,
        host: &str,
    ) -> SimulatedReply {
        let recipe = &plan.provider.recipe;
        let op = &recipe.op[&meant.op];
        let steps = plan.uses(&meant.op).iter().filter_map(|what| match what {
            Use::Step(place) => plan.step(*place),
            _ => None,
        });
        let step = steps.clone().next();
        let values = &meant.values;
        let product = values.get("product.erp_id").and_then(|id| plan.product.read(id));
        if product.is_some_and(|product| self.catalogue.get(product).is_none()) {
            return SimulatedReply::missing();
        }
        if let Some(image) = values.get("image.id") {
            return self.remove_picture(plan, &meant.op, image, product);
        }
        if let (Some(cover), Some(product)) = (values.get("gallery.cover"), product) {
            match plan.picture.read(cover) {
                Some(cover) => self.covers.insert(product, cover),
                None => self.covers.remove(&product),
            };
            // A call that names no file and no list does nothing else.
            let names = |start: &str| values.keys().any(|name| name.starts_with(start));
            if !["kept.", "push.", "asset.", "gallery.i"].into_iter().any(names) {
                return SimulatedReply::json(plan.answer(&meant.op));
            }
        }
        if let Some(poll) = step.and_then(|step| step.poll.as_ref()) {
            let file = self.file_of(plan, values, ask);
            let mut reply = plan.answer(&meant.op);
            let word = self.state(plan, &meant.op, file, poll);
            poll.path.put(&mut reply.body, word.into());
            return SimulatedReply::json(reply);
        }
        let mut file = self.file_of(plan, values, ask);
        let listed = values.get("gallery.items").or_else(|| values.get("gallery.ids"));
        if let (Some(Value::Array(list)), Some(product)) = (listed, product) {
            file = self.write_gallery(plan, product, list, step).or(file);
        } else {
            let file = *file.get_or_insert_with(|| self.new_file());
            let position = position(step, values);
            if let Some(product) = product.filter(|_| op.looks_up_any("product.")) {
                self.attach(plan, product, file, position);
            }
        }
        if let Some(number) = file {
            self.note(number, values, ask, upload);
        }
        if let Some(product) = product {
            self.touched.insert(product, self.now);
        }
        self.after_step(plan, meant, steps.collect(), file, product, host)
    }

    fn after_step(
        &mut self,
        plan: &Routes,
        meant: &MatchedCall,
        steps: Vec<&PushStep>,
        file: Option<u64>,
        product: Option<u64>,
        host: &str,
    ) -> SimulatedReply {
        let mut reply = plan.answer(&meant.op);
        let list = plan.provider.recipe.push.as_ref().map(|push| &push.list);
        let shows = list.is_some_and(|list| !list.each.is_whole() && list.each.get(&reply.body).is_some());
        if let Some(product) = product.filter(|_| shows) {
            self.put_product(plan, &mut reply, product, host);
        }
        let Some(shown) = file.and_then(|file| self.shown(file)) else { return SimulatedReply::json(reply) };
        let result = plan.provider.recipe.push.as_ref().map(|push| push.result.id.written()).unwrap_or_default();
        for (name, keep) in steps.iter().flat_map(|step| &step.keep) {
            let sample = match keep {
                Keep::Body(path) => path.get(&reply.body).cloned(),
                Keep::Header(header) => reply.headers.get(header).map(|text| text.as_str().into()),
            };
            if sample.as_ref().is_some_and(|sample| sample.is_array() || sample.is_object()) {
                continue;
            }
            let form =
                if result == format!("{{kept.{name}}}") { plan.picture.clone() } else { IdFormat::of(sample.as_ref()) };
            let value = form.render(shown.number, &image_url(host, &shown));
            match keep {
                Keep::Body(path) => path.put(&mut reply.body, value),
                Keep::Header(header) => {
                    reply.headers.insert(header.clone(), as_text(&value).unwrap_or_default());
                }
            }
            self.forms.insert(name.clone(), form);
        }
        SimulatedReply::json(reply)
    }

    /// The file of a request: by an id of an earlier response, by its idempotency key, or by its URL.
    fn file_of(&mut self, plan: &Routes, values: &Map<String, Value>, ask: &ExpectedRequest) -> Option<u64> {
        for (name, value) in values {
            let Some(name) = name.strip_prefix("kept.") else { continue };
            let form = self.forms.get(name).unwrap_or(&plan.picture);
            if let Some(number) = form.read(value).filter(|number| self.files.contains_key(number)) {
                return Some(number);
            }
        }
        if let Some(Value::String(key)) = values.get("push.uuid") {
            if let Some(number) = self.keys.get(key) {
                return Some(*number);
            }
            let number = self.new_file();
            self.keys.insert(key.clone(), number);
            return Some(number);
        }
        file_number(&ask.url).filter(|number| self.files.contains_key(number))
    }

    fn new_file(&mut self) -> u64 {
        let number = FIRST + self.files.len() as u64;
        let broken = self.take(super::Fault::FailPicture);
        let file = File { name: format!("{number}.png"), in_work: self.processing, broken, ..File::default() };
        self.files.insert(number, file);
        number
    }

    /// Stores the name, text and bytes of a file from a request.
    fn note(&mut self, number: u64, values: &Map<String, Value>, ask: &ExpectedRequest, upload: Option<&Bytes>) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let text = |name: &str| values.get(name).and_then(Value::as_str).map(str::to_owned);
        let sent = ask.body.as_array().and_then(|parts| parts.iter().find_map(|part| part["file"].as_str()));
        let named = text("asset.name")
            .map(|name| format!("{name}.{}", text("asset.extension").unwrap_or_else(|| "png".into())));
        let name = text("push.mark").or_else(|| text("asset.file_name")).or(named).or(sent.map(str::to_owned));
        let name = name.or_else(|| text("asset.url").and_then(|url| url.rsplit('/').next().map(str::to_owned)));
        // Only a generated name is replaced: the first real name or mark stays.
        if let Some(name) = name.filter(|_| file.name.starts_with(char::is_numeric)) {
            file.name = name;
        }
        file.alt = text("asset.alt").or(file.alt.take());
        file.bytes = upload.cloned().or(file.bytes.take());
    }

    /// Replaces a gallery; returns the new picture in it.
    fn write_gallery(&mut self, plan: &Routes, product: u64, list: &[Value], step: Option<&PushStep>) -> Option<u64> {
        let push = plan.provider.recipe.push.as_ref()?;
        let others =
            step.and_then(|step| step.others.as_ref()).or(push.undo.as_ref().and_then(|undo| undo.others.as_ref()));
        let before: Vec<u64> = self.gallery(product).iter().map(|picture| picture.number).collect();
        let (mut numbers, mut new) = (Vec::new(), None);
        for item in list {
            let mut values = Map::new();
            let id = match (others, item) {
                (Some(tree), Value::Object(_)) => {
                    tree.read_back(item, &mut values);
                    values.remove("value")
                }
                _ => Some(item.clone()),
            };
            let known = id.and_then(|id| plan.picture.read(&id)).filter(|number| self.shown(*number).is_some());
            let number = known.unwrap_or_else(|| self.new_file());
            // A shop that takes the text of every entry keeps none that is not sent.
            if known.is_some() && others.is_some_and(|tree| tree.slots().contains(&"value.alt")) {
                let alt = values.get("value.alt").and_then(as_text);
                self.files.entry(number).and_modify(|file| file.alt = alt);
            }
            if let Some(tree) = step.and_then(|step| step.item.as_ref()) {
                let mut values = Map::new();
                tree.read_back(item, &mut values);
                self.note(number, &values, &ExpectedRequest::default(), None);
            }
            if !before.contains(&number) {
                new = Some(number);
            }
            numbers.push(number);
        }
        self.galleries.insert(product, numbers);
        new
    }

    fn attach(&mut self, plan: &Routes, product: u64, file: u64, position: Option<usize>) {
        let mut numbers: Vec<u64> = self.gallery(product).iter().map(|picture| picture.number).collect();
        let was = numbers.iter().position(|number| *number == file);
        if was.is_some() && position.is_none() {
            return;
        }
        numbers.retain(|number| *number != file);
        let single = plan.provider.recipe.push.as_ref().is_some_and(|push| push.gallery == GalleryKind::ReplaceList)
            && plan.provider.limits().images_per_product == 1;
        if single {
            numbers.clear();
        }
        let place = position.unwrap_or(numbers.len()).min(numbers.len());
        numbers.insert(place, file);
        self.galleries.insert(product, numbers);
    }

    fn remove_picture(&mut self, plan: &Routes, op: &str, image: &Value, product: Option<u64>) -> SimulatedReply {
        let Some(number) = plan.picture.read(image) else { return SimulatedReply::missing() };
        let holds = |(product, numbers): (&u64, &Vec<u64>)| numbers.contains(&number).then_some(*product);
        let product = product.or_else(|| self.galleries.iter().find_map(holds)).unwrap_or(number / 100);
        let before: Vec<u64> = self.gallery(product).iter().map(|picture| picture.number).collect();
        if !before.contains(&number) {
            return SimulatedReply::missing();
        }
        self.galleries.insert(product, before.into_iter().filter(|known| *known != number).collect());
        self.touched.insert(product, self.now);
        SimulatedReply::json(plan.answer(op))
    }

    /// Removes a file that could not be processed.
    pub(super) fn discard(&mut self, plan: &Routes, meant: &MatchedCall, ask: &ExpectedRequest) -> SimulatedReply {
        if let Some(file) = self.file_of(plan, &meant.values, ask) {
            self.galleries.values_mut().for_each(|numbers| numbers.retain(|number| *number != file));
        }
        SimulatedReply::json(plan.answer(&meant.op))
    }

    /// The processing state of a file, in the platform's words.
    fn state(&mut self, plan: &Routes, op: &str, file: Option<u64>, poll: &crate::provider::recipe::Poll) -> String {
        let ready = poll.ready.first().cloned().unwrap_or_default();
        let Some(file) = file.and_then(|file| self.files.get_mut(&file)) else { return ready };
        if let Some(word) = poll.failed.first().filter(|_| file.broken) {
            return word.clone();
        }
        if file.in_work == 0 {
            return ready;
        }
        file.in_work -= 1;
        // The platform's own word for "processing", if a fixture has it.
        let mut words = plan.words(op, &poll.path).into_iter();
        words.find(|word| !poll.ready.contains(word) && !poll.failed.contains(word)).unwrap_or(ready)
    }

    /// The result of a search for our files.
    pub(super) fn search(&self, plan: &Routes, meant: &MatchedCall, host: &str) -> SimulatedReply {
        let mark = meant.values.get("push.mark").and_then(Value::as_str).unwrap_or_default();
        let mut reply = plan.answer(&meant.op);
        let steps = plan.provider.recipe.push.iter().flat_map(|push| &push.step);
        let looks = steps.filter_map(|step| match &step.look {
            crate::provider::recipe::StepCheck::Ask { op, each, name, keep } if *op == meant.op => {
                Some((each, name, keep))
            }
            _ => None,
        });
        for (each, name, keep) in looks {
            let matching = self.files.iter().filter(|(_, file)| !mark.is_empty() && file.name.contains(mark));
            let draw = |(number, file): (&u64, &File)| {
                let shown = ListedImage { number: *number, name: file.name.clone(), alt: None };
                let mut item = Value::Null;
                name.put(&mut item, file.name.as_str().into());
                for path in keep.values() {
                    path.put(&mut item, plan.picture.render(*number, &image_url(host, &shown)));
                }
                item
            };
            each.put(&mut reply.body, matching.map(draw).collect());
        }
        SimulatedReply::json(reply)
    }

    /// The bytes of a file of the simulator.
    pub(super) fn file(&self, path: &str) -> Option<SimulatedReply> {
        let number = file_number(path)?;
        self.shown(number)?;
        let bytes = self.files.get(&number).and_then(|file| file.bytes.clone());
        let bytes = bytes.unwrap_or_else(|| self.catalogue.drawing(number));
        let kind = infer::get(&bytes).map_or("application/octet-stream", |kind| kind.mime_type());
        Some(SimulatedReply {
            headers: vec![("content-type".into(), kind.into())],
            body: bytes,
            ..SimulatedReply::default()
        })
    }

    /// Whether a path is that of a file.
    pub(super) fn is_file(path: &str) -> bool {
        path.starts_with(FILES)
    }
}

/// The requested position of a picture: `None` for the end.
fn position(step: Option<&PushStep>, values: &Map<String, Value>) -> Option<usize> {
    let next = values.get("gallery.next").and_then(|next| next.as_u64().or_else(|| next.as_str()?.parse().ok()));
    let first = values.get("gallery.make_first").is_some_and(|first| first == true || first == "true");
    match next {
        _ if step.is_some_and(|step| step.only_first) || first => Some(0),
        Some(1) => Some(0),
        _ => None,
    }
}
