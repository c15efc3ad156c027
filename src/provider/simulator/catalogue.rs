//! The simulator's catalogue in the platform's form: the provider's mapping, applied in reverse to a recorded response.

use serde_json::{Map, Value};

use super::{Catalogue, SimulatedReply, SimulatorState, id_format::FILES, routes::Routes};
use crate::{
    model::Time,
    outside::Reply,
    provider::{
        field::FieldMapping,
        mapping::{ImageMapping, VariantMapping},
        path::Path,
        recipe::{BodyKind, Nested, PageKind, Paging, SinceFormat},
    },
};

/// How many entries of a nested list an item has inline, if the provider's file describes truncated lists.
pub(super) const SHORT: usize = 2;

/// A picture of a product.
#[derive(Debug, Clone)]
pub(super) struct ListedImage {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) alt: Option<String>,
}

/// How a product is shown.
#[derive(Clone, Copy)]
pub(super) struct ProductView<'a> {
    pub(super) plan: &'a Routes,
    /// The host of its pictures.
    pub(super) host: &'a str,
    /// The most entries of a list that the file describes as truncated.
    pub(super) most: usize,
}

/// The parsed pagination of a list request.
pub(super) struct ListRequest {
    pub(super) size: usize,
    /// Number of items before the page…
    pub(super) skip: usize,
    /// …or the product number of the last one before it.
    pub(super) after: Option<u64>,
}

impl SimulatorState {
    /// A page of the catalogue.
    pub(super) fn list(&self, plan: &Routes, values: &Map<String, Value>, host: &str, url: &str) -> SimulatedReply {
        let import = &plan.provider.recipe.import;
        let request = list_request(&import.page, values, url);
        let since = since(plan, values);
        let status = import.map.status.as_ref();
        let part = values.get("part").and_then(Value::as_str).filter(|_| !import.parts.is_empty());
        let changed = |number: &u64| since.is_none_or(|since| self.changed_at(*number) >= since);
        let in_part = |number: &u64| {
            let Some(part) = part else { return true };
            let ours = self.catalogue.get(*number).and_then(|product| product["status"].as_str().map(str::to_owned));
            status.is_none_or(|pick| pick.native(&ours.unwrap_or_default()) == part)
        };
        let here = self.catalogue.ids().filter(changed).filter(in_part);
        let gone = self.gone.keys().copied().filter(|_| plan.shows_gone && since.is_some()).filter(changed);
        // Numbers only, so that a large catalogue needs little memory.
        let numbers: Vec<u64> = here.chain(gone).collect();
        let from = request.after.map_or(request.skip, |after| numbers.partition_point(|number| *number <= after));
        let page: Vec<u64> = numbers.iter().copied().skip(from).take(request.size).collect();
        let mut reply = plan.answer(&import.op);
        let mut beside = Vec::new();
        let items = page.iter().map(|number| self.item(plan, *number, host, &mut beside)).collect();
        import.page.items.put(&mut reply.body, Value::Array(items));
        for join in &import.join {
            join.from.put(&mut reply.body, Value::Array(std::mem::take(&mut beside)));
        }
        let more = from + page.len() < numbers.len();
        let next = page.last().filter(|_| more).copied();
        write_next(&import.page, &mut reply, numbers.len(), next, url);
        SimulatedReply::json(reply)
    }

    /// One product, from its own operation.
    pub(super) fn show_one(&self, plan: &Routes, op: &str, number: u64, host: &str) -> SimulatedReply {
        let recipe = &plan.provider.recipe;
        let Some(one) = &recipe.import.one else { return SimulatedReply::missing() };
        let mut reply = plan.answer(op);
        if self.catalogue.get(number).is_some() {
            one.item.put(&mut reply.body, self.item(plan, number, host, &mut Vec::new()));
        } else if let Some(gone) = &one.gone {
            let is_list = gone.get(&reply.body).is_some_and(Value::is_array);
            gone.put(&mut reply.body, if is_list { Value::Array(Vec::new()) } else { Value::Null });
        } else if matches!(recipe.op[op].body, Some(BodyKind::Graphql { .. })) {
            one.item.put(&mut reply.body, Value::Null);
        } else {
            return SimulatedReply::missing();
        }
        SimulatedReply::json(reply)
    }

    /// A page of a list within an item, from its own operation.
    pub(super) fn nested(
        &self,
        plan: &Routes,
        place: usize,
        values: &Map<String, Value>,
        host: &str,
        url: &str,
    ) -> SimulatedReply {
        let recipe = &plan.provider.recipe;
        let Some(nested) = recipe.import.all_nested().nth(place) else { return SimulatedReply::missing() };
        let numbers = self.asked_for(plan, nested, values);
        if numbers.is_empty() {
            return SimulatedReply::missing();
        }
        let request = list_request(&nested.page, values, url);
        let mut reply = plan.answer(&nested.op);
        let sample = nested.page.items.each(&reply.body).first().cloned();
        let sample = sample.or_else(|| nested.into.each(&plan.item).first().cloned()).unwrap_or_default();
        let is_pictures = recipe.import.map.images.as_ref().is_some_and(|images| images.each == nested.into);
        let mut all = Vec::new();
        for number in numbers {
            let mut own = if is_pictures {
                self.image_items(plan, number, host, &sample)
            } else {
                self.variant_items(plan, number, &sample)
            };
            if let Some(batch) = &nested.batch {
                for entry in &mut own {
                    batch.parent.put(entry, plan.product.render(number, ""));
                }
            }
            all.append(&mut own);
        }
        let from = request.after.map_or(request.skip, |after| usize::try_from(after).unwrap_or(0));
        let page: Vec<Value> = all.iter().skip(from).take(request.size).cloned().collect();
        let end = from + page.len();
        nested.page.items.put(&mut reply.body, Value::Array(page));
        let next = (end < all.len()).then_some(end as u64);
        write_next(&nested.page, &mut reply, all.len(), next, url);
        SimulatedReply::json(reply)
    }

    /// The products whose list a request is for: one, or those of a batch.
    fn asked_for(&self, plan: &Routes, nested: &Nested, values: &Map<String, Value>) -> Vec<u64> {
        let is_known = |number: &u64| self.catalogue.get(*number).is_some() || self.gone.contains_key(number);
        if let (Some(batch), Some(ids)) = (&nested.batch, values.get("batch.ids")) {
            return batch.read_back(ids).iter().filter_map(|id| plan.product.read(id)).filter(is_known).collect();
        }
        let of_item = values.iter().filter(|(name, _)| name.starts_with("item."));
        of_item.filter_map(|(_, value)| plan.product.read(value)).find(is_known).into_iter().collect()
    }

    /// One item of the catalogue; joined objects of the page are added to `beside`.
    pub(super) fn item(&self, plan: &Routes, number: u64, host: &str, beside: &mut Vec<Value>) -> Value {
        let mut item = plan.item.clone();
        self.render_product(ProductView { plan, host, most: SHORT }, &mut item, number, beside);
        item
    }

    /// One item with complete lists.
    pub(super) fn whole_item(&self, plan: &Routes, number: u64, host: &str) -> Value {
        let mut item = plan.item.clone();
        self.render_product(ProductView { plan, host, most: usize::MAX }, &mut item, number, &mut Vec::new());
        item
    }

    /// Writes the product with this number into a sample item.
    pub(super) fn render_product(&self, view: ProductView<'_>, item: &mut Value, number: u64, beside: &mut Vec<Value>) {
        let ProductView { plan, host, most } = view;
        let import = &plan.provider.recipe.import;
        let map = &import.map;
        let product = self.catalogue.get(number);
        let gone = product.is_none();
        let product = product.unwrap_or_default();
        let later = |path: &Path| {
            import.nested.iter().any(|nested| nested.more.is_none() && path.behind(&nested.into).is_some())
        };
        if let Some(variants) = &map.variants
            && !later(&variants.each)
        {
            let sample = variants.each.each(&plan.item).first().cloned().unwrap_or_default();
            let all = self.variant_items(plan, number, &sample);
            cut(plan, item, &variants.each, all, most);
        }
        if let Some(images) = &map.images {
            self.put_cover(plan, images.cover.as_ref(), item, number, host);
            let join = import.join.iter().find(|join| join.into == images.each);
            if let Some(join) = join {
                let sample = join.from.each(&plan.answer(&import.op).body).first().cloned().unwrap_or_default();
                let all = self.image_items(plan, number, host, &sample);
                join.ids.put(item, all.iter().filter_map(|image| join.on.get(image).cloned()).collect());
                beside.extend(all);
            } else if !later(&images.each) {
                let sample = images.each.each(&plan.item).first().cloned().unwrap_or_default();
                let all = self.image_items(plan, number, host, &sample);
                // A shop with one picture per product has no list.
                let single = images.each.get(&plan.item).is_some_and(|value| !value.is_array());
                if single {
                    images.each.put(item, all.first().cloned().unwrap_or(Value::Null));
                } else {
                    cut(plan, item, &images.each, all, most);
                }
            }
        }
        let text = |name: &str| product[name].as_str().unwrap_or_default().to_owned();
        let status = if gone { "deleted".to_owned() } else { text("status") };
        let words = [
            (Some(&map.title), text("title")),
            (map.description.as_ref(), text("description_html")),
            (map.erp_url.as_ref(), format!("https://{host}/products/{number}")),
            (map.category.as_ref(), text("category")),
            (map.currency.as_ref(), text("currency")),
            (map.price.as_ref(), text("price")),
            (map.status.as_ref(), status),
            (map.erp_sku.as_ref(), text("sku")),
        ];
        for (pick, text) in words {
            if let Some(pick) = pick.filter(|pick| pick.path().is_some_and(|path| !later(path)) && !text.is_empty()) {
                pick.put(item, &text, &plan.facts);
            }
        }
        if let Some(pick) = &map.updated_at {
            pick.put_time(item, self.changed_at(number));
        }
        if let Some(path) = map.erp_id.path() {
            path.put(item, plan.product.render(number, ""));
        }
    }

    fn variant_items(&self, plan: &Routes, number: u64, sample: &Value) -> Vec<Value> {
        let Some(map) = &plan.provider.recipe.import.map.variants else { return Vec::new() };
        let product = self.catalogue.get(number).unwrap_or_default();
        let variants = product["variants"].as_array().cloned().unwrap_or_default();
        variants
            .iter()
            .enumerate()
            .map(|(place, variant)| variant_item(plan, map, number, place, variant, sample))
            .collect()
    }

    /// The pictures of a product as the catalogue lists them.
    fn image_items(&self, plan: &Routes, number: u64, host: &str, sample: &Value) -> Vec<Value> {
        let Some(map) = &plan.provider.recipe.import.map.images else { return Vec::new() };
        self.gallery(number).iter().map(|picture| image_item(plan, map, picture, host, sample)).collect()
    }

    /// The current pictures of a product: the original ones, unless its gallery was changed.
    pub(super) fn gallery(&self, number: u64) -> Vec<ListedImage> {
        if let Some(pictures) = self.galleries.get(&number) {
            let known = |picture: &u64| self.shown(*picture);
            return pictures.iter().filter_map(known).collect();
        }
        own_pictures(&*self.catalogue, number)
    }

    /// A picture by its number.
    pub(super) fn shown(&self, number: u64) -> Option<ListedImage> {
        if let Some(file) = self.files.get(&number) {
            return Some(ListedImage { number, name: file.name.clone(), alt: file.alt.clone() });
        }
        own_pictures(&*self.catalogue, number / 100).into_iter().find(|picture| picture.number == number)
    }

    /// The time of a product's last change.
    pub(super) fn changed_at(&self, number: u64) -> Time {
        let touched = self.touched.get(&number).or_else(|| self.gone.get(&number)).copied();
        touched.unwrap_or_else(|| self.catalogue.changed_at(number))
    }
}

/// The start time of a request for changes.
fn since(plan: &Routes, values: &Map<String, Value>) -> Option<Time> {
    let rule = plan.provider.recipe.import.since.as_ref()?;
    let filter = values.get("filter").and_then(Value::as_str);
    let texts = || rule.by.iter().filter_map(|by| by.filter.as_ref()).chain(&rule.filter);
    let read = |filter: &str| texts().find_map(|text| text.read_back(filter, &|_| None)?.remove("since"));
    let is_time = |name: &str| name == "since" || name.starts_with("since.");
    let plain = || values.iter().find(|(name, _)| is_time(name)).map(|(_, value)| value.clone());
    let since = filter.and_then(read).or_else(plain)?;
    let text = crate::provider::path::as_text(&since)?;
    match rule.format {
        SinceFormat::EpochS => text.parse().ok().map(|s: i64| Time::from_unix_ms(s.saturating_mul(1000))),
        SinceFormat::Digits => {
            let time = chrono::NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%S").ok()?;
            Time::checked_from_unix_ms(time.and_utc().timestamp_millis())
        }
        _ => Time::parse(&text.replace(' ', "T")).or_else(|| Time::parse(&format!("{}Z", text.replace(' ', "T")))),
    }
}

fn own_pictures(catalogue: &dyn Catalogue, number: u64) -> Vec<ListedImage> {
    let product = catalogue.get(number).unwrap_or_default();
    let images = product["images"].as_array().cloned().unwrap_or_default();
    let shown = |(place, image): (usize, &Value)| ListedImage {
        number: number * 100 + place as u64 + 1,
        name: format!("{number}-{}.png", place + 1),
        alt: image["alt"].as_str().map(str::to_owned),
    };
    images.iter().enumerate().map(shown).collect()
}

fn variant_item(
    plan: &Routes,
    map: &VariantMapping,
    number: u64,
    place: usize,
    variant: &Value,
    sample: &Value,
) -> Value {
    let mut item = sample.clone();
    let more = plan.provider.recipe.import.map.images.as_ref().and_then(|images| images.more.as_ref());
    if let Some(more) = more.filter(|more| more.of == map.each) {
        // No variant has pictures of its own here.
        more.each.put(&mut item, Value::Null);
    }
    let text = |name: &str| variant[name].as_str().unwrap_or_default();
    for (pick, text) in [(&map.sku, text("sku")), (&map.title, text("title")), (&map.price, text("price"))] {
        if let Some(pick) = pick.as_ref().filter(|_| !text.is_empty()) {
            pick.put(&mut item, text, &plan.facts);
        }
    }
    if let Some(options) = &map.options
        && let Some(option) = variant["options"].as_array().and_then(|options| options.first())
    {
        let (name, value) = (option["name"].as_str().unwrap_or_default(), option["value"].as_str().unwrap_or_default());
        match (&options.name, &options.value) {
            (Some(names), Some(values)) => {
                let mut one = options.each.each(&item).first().cloned().unwrap_or_default();
                names.put(&mut one, name.into());
                values.put(&mut one, value.into());
                options.each.put(&mut item, Value::Array(vec![one]));
            }
            _ => options.each.put(&mut item, serde_json::json!({ name: value })),
        }
    }
    if let Some(path) = map.image_id.as_ref().and_then(FieldMapping::path) {
        path.put(&mut item, plan.picture.render(number * 100 + 1, ""));
    }
    if let Some(path) = map.id.path() {
        path.put(&mut item, plan.variant.render(number * 100 + place as u64 + 1, ""));
    }
    item
}

fn image_item(plan: &Routes, map: &ImageMapping, picture: &ListedImage, host: &str, sample: &Value) -> Value {
    let mut item = sample.clone();
    let address = image_url(host, picture);
    if let Some(pick) = &map.alt {
        pick.put(&mut item, picture.alt.as_deref().unwrap_or_default(), &plan.facts);
    }
    match (&map.url.template, map.url.path()) {
        (None, Some(path)) => path.put(&mut item, address.as_str().into()),
        (Some(_), Some(path)) if Some(path) != map.id.path() => path.put(&mut item, below(picture).into()),
        _ => {}
    }
    if let Some(path) = map.id.path() {
        path.put(&mut item, plan.picture.render(picture.number, &address));
    }
    item
}

/// Writes the gallery of a product in the form that pushes read.
pub(super) fn put_gallery(plan: &Routes, body: &mut Value, pictures: &[ListedImage], host: &str) {
    let Some(push) = &plan.provider.recipe.push else { return };
    let list = &push.list;
    let sample = list.each.each(&plan.answer(&list.op).body).first().cloned().unwrap_or_default();
    let images = plan.provider.recipe.import.map.images.as_ref();
    let by_rule = images.is_some_and(|images| images.url.template.is_some());
    let draw = |picture: &ListedImage| {
        let mut item = sample.clone();
        let (address, below) = (image_url(host, picture), below(picture));
        for (path, text) in [
            (&list.alt, picture.alt.as_deref().unwrap_or_default()),
            (&list.name, &picture.name),
            (&list.url, if by_rule { &below } else { &address }),
        ] {
            if let Some(path) = path {
                path.put(&mut item, text.into());
            }
        }
        list.id.put(&mut item, plan.picture.render(picture.number, &address));
        item
    };
    let mut items: Vec<Value> = pictures.iter().map(draw).collect();
    let single = list.each.get(&plan.answer(&list.op).body).is_some_and(|value| !value.is_array());
    let drawn = if single { items.drain(..).next_back().unwrap_or(Value::Null) } else { Value::Array(items) };
    list.each.put(body, drawn);
}

/// The URL of a picture.
pub(super) fn image_url(host: &str, picture: &ListedImage) -> String {
    let scheme = if host.starts_with("127.0.0.1") || host.starts_with("localhost") { "http" } else { "https" };
    format!("{scheme}://{host}{FILES}{}/{}", picture.number, picture.name)
}

/// The path of a picture, for mappings that build the URL by a template.
fn below(picture: &ListedImage) -> String {
    format!("{FILES}{}/{}", picture.number, picture.name)
}

/// Writes a list into an item, truncated if the file describes that list as nested.
fn cut(plan: &Routes, item: &mut Value, at: &Path, mut all: Vec<Value>, most: usize) {
    let nested = plan.provider.recipe.import.nested.iter().find(|nested| nested.into == *at);
    if let Some(nested) = nested {
        let is_cut = all.len() > most;
        if let Some(more) = &nested.more {
            more.put(item, is_cut.into());
        }
        if let Some(start) = &nested.start {
            start.put(item, most.to_string().into());
        }
        all.truncate(most);
    }
    at.put(item, Value::Array(all));
}

pub(super) fn list_request(page: &PageKind, values: &Map<String, Value>, url: &str) -> ListRequest {
    let number = |name: &str| {
        let value = values.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    let most = page.size as usize;
    let size = number("page.size").and_then(|size| usize::try_from(size).ok()).unwrap_or(most).clamp(1, most);
    let skip = match page.kind {
        Paging::Number => number("page.number").unwrap_or(1).saturating_sub(1) * size as u64,
        _ => number("page.offset").unwrap_or(0),
    };
    let linked = || super::routes::path_and_query(url).1.into_iter().find(|(name, _)| name == CURSOR)?.1.parse().ok();
    let after = number("page.token").or_else(linked);
    ListRequest { size, skip: usize::try_from(skip).unwrap_or(0), after }
}

/// The query parameter of a linked page.
const CURSOR: &str = "cursor";

/// Writes the total, and what leads to the next page if there is one.
pub(super) fn write_next(page: &PageKind, reply: &mut Reply, total: usize, next: Option<u64>, url: &str) {
    if let Some(path) = &page.total {
        path.put(&mut reply.body, total.into());
    }
    if let Some(name) = &page.total_header {
        reply.headers.insert(name.clone(), total.to_string());
    }
    if let Some(path) = &page.more {
        path.put(&mut reply.body, next.is_some().into());
    }
    let Some(path) = &page.next else { return };
    let token = next.map(|next| match page.kind {
        Paging::Link => linked(url, next),
        _ => next.to_string(),
    });
    path.put(&mut reply.body, token.map_or(Value::Null, Value::from));
}

fn linked(url: &str, next: u64) -> String {
    let Ok(mut url) = url::Url::parse(url) else { return String::new() };
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != CURSOR)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair(CURSOR, &next.to_string());
    url.into()
}
