//! The shop's products: generated from their number, or read from a file. A generated one is only stored once it is
//! edited, so that a hundred thousand of them need almost no memory.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Map, Value, json};

use super::{SandboxOptions, sheet};
use crate::model::Time;

/// The error of a catalogue file.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file cannot be read.
    #[error("cannot read the catalogue {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The content is invalid at a place.
    #[error("{path}: {place}: {why}")]
    Invalid { path: PathBuf, place: String, why: String },
}

/// The first product's number.
const FIRST: u64 = 1001;

pub(super) struct ProductStore {
    /// Number of generated products, numbered `FIRST ..`.
    made_up: u64,
    rich: bool,
    base_url: String,
    born: Time,
    /// Products from a file and edited ones as JSON text, and `None` for deleted ones.
    own: BTreeMap<u64, Option<Box<str>>>,
    next_id: u64,
    total: u64,
}

/// One page of products as JSON text.
pub(super) struct Listed {
    pub(super) products: Vec<String>,
    pub(super) last: Option<u64>,
    pub(super) more: bool,
    pub(super) total: u64,
}

impl ProductStore {
    pub(super) fn open(options: &SandboxOptions, now: Time) -> Result<Self, CatalogueError> {
        let base_url = options.base_url.clone();
        let mut catalogue = Self {
            made_up: 0,
            rich: options.rich,
            base_url,
            born: now,
            own: BTreeMap::new(),
            next_id: FIRST,
            total: 0,
        };
        match &options.catalogue {
            None => {
                catalogue.made_up = options.products as u64;
                catalogue.total = catalogue.made_up;
                catalogue.next_id = FIRST + catalogue.made_up;
            }
            Some(path) => {
                let sheet = sheet::read(path)?;
                for note in &sheet.notes {
                    tracing::warn!("{}: {note}", path.display());
                }
                for product in sheet.products {
                    catalogue.insert(serde_json::from_str(&product).unwrap_or_default(), now);
                }
            }
        }
        Ok(catalogue)
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn get(&self, id: u64) -> Option<Value> {
        match self.own.get(&id) {
            Some(own) => parsed(own.as_deref()?),
            None => self.is_made_up(id).then(|| self.make(id)),
        }
    }

    /// The numbers of all products.
    pub(super) fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        let exists = |id: &u64| self.own.get(id).map_or_else(|| self.is_made_up(*id), Option::is_some);
        (FIRST..self.next_id).filter(exists)
    }

    /// The time of a product's last change.
    pub(super) fn changed_at(&self, id: u64) -> Time {
        let own = self.own.get(&id).and_then(|own| parsed(own.as_deref()?));
        own.and_then(|own| Time::parse(own["updated_at"].as_str()?)).unwrap_or(self.born)
    }

    /// Up to `limit` products after number `after`; `keep` filters them.
    pub(super) fn page(
        &self,
        after: u64,
        limit: usize,
        keep: impl Fn(&Value) -> bool,
        decorate: impl Fn(u64, &mut Value),
    ) -> Listed {
        let mut listed = Listed { products: Vec::with_capacity(limit), last: None, more: false, total: self.total };
        let mut id = after.max(FIRST - 1) + 1;
        while id < self.next_id {
            if let Some(mut product) = self.get(id).filter(&keep) {
                if listed.products.len() == limit {
                    listed.more = true;
                    break;
                }
                decorate(id, &mut product);
                listed.products.push(product.to_string());
                listed.last = Some(id);
            }
            id += 1;
        }
        listed
    }

    /// Adds a product; missing members get defaults.
    pub(super) fn insert(&mut self, members: Map<String, Value>, now: Time) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let mut product = json!({
            "id": id.to_string(), "sku": format!("SKU-{id}"), "title": "", "description_html": null, "status": "active",
            "category": null, "price": "0.00", "currency": "EUR", "variants": [], "images": [],
        });
        self.apply(id, &mut product, members, now);
        self.own.insert(id, Some(product.to_string().into()));
        self.total += 1;
        id
    }

    /// Changes a product; `false` if it does not exist.
    pub(super) fn edit(&mut self, id: u64, changes: Map<String, Value>, now: Time) -> bool {
        let Some(mut product) = self.get(id) else { return false };
        self.apply(id, &mut product, changes, now);
        self.own.insert(id, Some(product.to_string().into()));
        true
    }

    pub(super) fn delete(&mut self, id: u64) -> bool {
        let there = self.get(id).is_some();
        if there {
            self.own.insert(id, None);
            self.total -= 1;
        }
        there
    }

    fn apply(&self, id: u64, product: &mut Value, changes: Map<String, Value>, now: Time) {
        let Some(members) = product.as_object_mut() else { return };
        members.extend(changes.into_iter().filter(|(key, _)| key != "id"));
        members.insert("url".into(), format!("{}/products/{id}", self.base_url).into());
        members.insert("updated_at".into(), now.to_string().into());
        let numbered = |items: Option<&mut Value>, prefix: &str| {
            for (place, item) in items.and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
                if let Some(item) = item.as_object_mut() {
                    item.entry("id").or_insert_with(|| format!("{prefix}{id}-{}", place + 1).into());
                    item.insert("position".into(), (place + 1).into());
                }
            }
        };
        numbered(members.get_mut("variants"), "v");
        numbered(members.get_mut("images"), "i");
    }

    fn is_made_up(&self, id: u64) -> bool {
        (FIRST..FIRST + self.made_up).contains(&id)
    }

    /// Generates a product from its number, deterministically.
    fn make(&self, id: u64) -> Value {
        let index = usize::try_from(id - FIRST).unwrap_or(0);
        let (kind, colour) = (KINDS[index % KINDS.len()], COLOURS[(index / KINDS.len()) % COLOURS.len()]);
        let round = index / (KINDS.len() * COLOURS.len());
        let number = if round == 0 { String::new() } else { format!(" No. {}", round + 1) };
        let title = format!("{} {}{number}", colour, kind.0);
        let cents = 900 + (index * 737) % 24_000;
        let (base, status) = (&self.base_url, if index % 17 == 16 { "draft" } else { "active" });
        let views = if self.rich { 4 } else { 1 + index % 2 };
        let price = |extra: usize| format!("{}.{:02}", (cents + extra) / 100, (cents + extra) % 100);
        let image = |view: usize| {
            json!({ "id": format!("i{id}-{}", view + 1), "url": format!("{base}/pictures/{id}-{}.png", view + 1),
                    "alt": format!("{title}, view {}", view + 1), "file_name": format!("{id}-{}.png", view + 1), "position": view + 1 })
        };
        let variant = |(place, size): (usize, &&str)| {
            json!({ "id": format!("v{id}-{}", place + 1), "sku": format!("{}-{id}-{}", kind.1, &size[..1]), "title": size, "price": price(place * 500),
                    "options": [{ "name": "Size", "value": size }], "image_id": format!("i{id}-1") })
        };
        let sizes = ["Small", "Medium", "Large"];
        let variants: Vec<Value> =
            sizes.iter().take(if self.rich { 3 } else { 1 + index % 3 }).enumerate().map(variant).collect();
        let images: Vec<Value> = (0..views).map(image).collect();
        let mut product = json!({
            "id": id.to_string(), "sku": format!("{}-{id}", kind.1), "title": title,
            "description_html": format!("<p>{} {}</p>", kind.2, "Made in small batches."),
            "url": format!("{base}/products/{id}"), "status": status, "category": kind.3, "price": price(0), "currency": "EUR",
            "updated_at": self.born.to_string(),
            "variants": variants, "images": images,
        });
        if self.rich {
            let text = "Turned, glazed and fired by hand; every piece differs a little in shade and weight. ";
            product["description_html"] = format!("<p>{}</p>", text.repeat(28)).into();
            product["attributes"] = json!({ "material": "stoneware", "care": text.repeat(4), "origin": "workshop" });
        }
        product
    }
}

/// Parses a product that is stored as text.
fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// The kinds of generated products: name, SKU prefix, description, category.
pub(super) const KINDS: [(&str, &str, &str, &str); 10] = [
    ("Mug", "MUG", "A mug that keeps tea warm and hands happy.", "Kitchen"),
    ("Vase", "VAS", "A vase with room for one branch or a whole meadow.", "Living"),
    ("Table Lamp", "LMP", "Soft light for late pages.", "Lighting"),
    ("Chair", "CHR", "Sits well at the table and by the window.", "Furniture"),
    ("Side Table", "TBL", "Holds a cup, a book and your keys.", "Furniture"),
    ("Plant Pot", "POT", "With a plant that forgives.", "Garden"),
    ("Bowl", "BWL", "Deep enough for soup, wide enough for salad.", "Kitchen"),
    ("Bottle", "BTL", "Water tastes better from it.", "Kitchen"),
    ("Wall Clock", "CLK", "Quiet, and right twice a day at least.", "Living"),
    ("Cushion", "CSH", "Softens hard chairs and hard days.", "Textiles"),
];

/// The colours of generated products.
pub(super) const COLOURS: [&str; 6] = ["Terracotta", "Sage", "Indigo", "Ochre", "Rose", "Slate"];
