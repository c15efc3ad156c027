//! Maps a shop's product to the normal form.

use std::{borrow::Cow, collections::HashSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    borrowed::{Node, View},
    context::TemplateContext,
    field::{FieldMapping, FieldSource},
    path::{Path, as_text},
    selection::Selection,
};
use crate::model::{
    NormalImage, NormalProduct, NormalVariant, Price, ProductStatus,
    text::{cut, key},
};

/// The source of each field of a normal product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    pub(super) erp_id: FieldMapping,
    pub(super) title: FieldMapping,
    pub(super) erp_sku: Option<FieldMapping>,
    pub(super) erp_url: Option<FieldMapping>,
    pub(super) description: Option<FieldMapping>,
    pub(super) category: Option<FieldMapping>,
    pub(super) price: Option<FieldMapping>,
    pub(super) currency: Option<FieldMapping>,
    pub(super) status: Option<FieldMapping>,
    pub(super) updated_at: Option<FieldMapping>,
    pub(super) variants: Option<VariantMapping>,
    pub(super) images: Option<ImageMapping>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantMapping {
    pub(super) each: Path,
    /// Whether the platform leaves the list out where it is empty. Otherwise the list of an item that lacks it is unknown, and
    /// nothing that the item had is gone.
    #[serde(default)]
    pub(super) may_lack: bool,
    pub(super) id: FieldMapping,
    pub(super) sku: Option<FieldMapping>,
    pub(super) title: Option<FieldMapping>,
    pub(super) price: Option<FieldMapping>,
    pub(super) options: Option<OptionMapping>,
    pub(super) image_id: Option<FieldMapping>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionMapping {
    pub(super) each: Path,
    /// The paths of an option's name and value; not needed for a map of names to values.
    pub(super) name: Option<Path>,
    pub(super) value: Option<Path>,
}

/// Filters a list by a value of its elements.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Only {
    pub(super) path: Path,
    #[serde(rename = "in")]
    one_of: Vec<String>,
}

impl Only {
    pub(super) fn holds<N: Node>(&self, item: &N) -> bool {
        self.path.text(item).is_some_and(|text| self.one_of.contains(&text))
    }

    /// Writes a value that holds, or another one, in the form of the old one.
    pub(super) fn put(&self, item: &mut Value, holds: bool) {
        let new = match self.path.get(item) {
            Some(Value::Bool(_)) => Value::Bool(self.one_of.iter().any(|word| word == "true") == holds),
            _ if holds => self.one_of.first().map_or(Value::Null, |word| word.as_str().into()),
            _ => "disabled".into(),
        };
        self.path.put(item, new);
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageMapping {
    pub(super) each: Path,
    /// Whether the platform leaves the list out where it is empty. Otherwise the list of an item that lacks it is unknown, and
    /// nothing that the item had is gone.
    #[serde(default)]
    pub(super) may_lack: bool,
    /// Skips elements that are not pictures.
    pub(super) only: Option<Only>,
    pub(super) id: FieldMapping,
    pub(super) url: FieldMapping,
    pub(super) alt: Option<FieldMapping>,
    /// The id of the picture that the shop shows first, in the item, where that need not be the first of the list.
    pub(super) cover: Option<Path>,
    /// Pictures of the product that stand at its variants only.
    pub(super) more: Option<MoreImages>,
}

/// Pictures at the parts of a product, such as its variants. They follow the product's own pictures, each once by id and by
/// address. A push neither moves nor writes them: the gallery is what `push.list` lists.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoreImages {
    /// The parts, in the item.
    pub(super) of: Path,
    /// The picture of a part, or the list of its pictures, in the part.
    pub(super) each: Path,
    /// Default, as for `url` and `alt`: read like that of the product's own pictures.
    pub(super) id: Option<FieldMapping>,
    pub(super) url: Option<FieldMapping>,
    pub(super) alt: Option<FieldMapping>,
}

fn text<N: Node>(pick: Option<&FieldMapping>, item: &N, context: &TemplateContext<'_>) -> Option<String> {
    pick?.text(item, context)
}

/// A price; `None` if there is none, or if it cannot be read, which is then one of the faults.
fn price<N: Node>(
    pick: Option<&FieldMapping>,
    item: &N,
    context: &TemplateContext<'_>,
    currency: Option<&str>,
    faults: &mut Vec<String>,
) -> Option<Price> {
    or_fault(pick?.price(item, context, currency), faults)?
}

/// The value, or its error as one of the faults.
fn or_fault<T>(result: Result<T, String>, faults: &mut Vec<String>) -> Option<T> {
    result.map_err(|why| faults.push(why)).ok()
}

/// From 2^53 on, a float does not identify one integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads an id, shortened to the length of the indexed column.
///
/// # Errors
/// Fails if there is no id, or if it is a number that lost digits when it was parsed as a float.
fn id<N: Node>(pick: &FieldMapping, item: &N, context: &TemplateContext<'_>, whose: &str) -> Result<String, String> {
    if let FieldSource::Path(path) = &pick.source
        && let Some(View::Number(number)) = path.get(item).map(Node::view)
        && number.as_f64().is_some_and(|id| number.is_f64() && id.abs() >= EXACT)
    {
        return Err(format!("{whose} has an id ({number}) with more digits than a JSON number can hold here"));
    }
    pick.text(item, context).map(key).ok_or_else(|| format!("{whose} has no id"))
}

/// Maximum length of an SKU in characters: its column is indexed, and people search it.
const MAX_SKU: usize = 512;

/// An SKU, and whether it was cut.
fn sku<N: Node>(pick: Option<&FieldMapping>, item: &N, context: &TemplateContext<'_>) -> (Option<String>, bool) {
    let Some(whole) = text(pick, item, context) else { return (None, false) };
    match cut(&whole, MAX_SKU) {
        Cow::Borrowed(_) => (Some(whole), false),
        Cow::Owned(cut) => (Some(cut), true),
    }
}

impl Mapping {
    /// Selects what is read of an item.
    pub(super) fn select(&self, item: &mut Selection) {
        let Self { erp_id, title, erp_sku, erp_url, description, category, .. } = self;
        let Self { price, currency, status, updated_at, variants, images, .. } = self;
        let optional = [erp_sku, erp_url, description, category, price, currency, status, updated_at];
        [erp_id, title].into_iter().chain(optional.into_iter().flatten()).for_each(|field| field.select(item));
        if let Some(variants) = variants {
            variants.select(item);
        }
        if let Some(images) = images {
            images.select(item);
        }
    }

    /// The id of a product, if it can be read.
    pub(super) fn id_of<N: Node>(&self, item: &N, context: &TemplateContext<'_>) -> Option<String> {
        id(&self.erp_id, item, context, "it").ok()
    }

    /// The status of a product, if it has one; fails with what people read about a word that is none of ours.
    pub(super) fn status<N: Node>(
        &self,
        item: &N,
        context: &TemplateContext<'_>,
    ) -> Option<Result<ProductStatus, String>> {
        let word = text(self.status.as_ref(), item, context)?;
        Some(word.parse().map_err(|unknown| format!("its status {unknown}")))
    }

    /// Normalises one product; fails with its id, if known, and the reason.
    pub(super) fn product<N: Node>(
        &self,
        item: &N,
        context: &TemplateContext<'_>,
    ) -> Result<NormalProduct, (Option<String>, String)> {
        let erp_id = id(&self.erp_id, item, context, "it").map_err(|why| (None, why))?;
        let why = |why: String| (Some(erp_id.clone()), why);
        let currency = text(self.currency.as_ref(), item, context);
        let mut faults = Vec::new();
        let price = price(self.price.as_ref(), item, context, currency.as_deref(), &mut faults);
        let status = self.status(item, context).and_then(|status| or_fault(status, &mut faults));
        let (erp_sku, mut any_cut) = sku(self.erp_sku.as_ref(), item, context);
        let mut variants = Vec::new();
        if let Some(mapping) = &self.variants {
            for value in mapping.each.each(item) {
                let (variant, was_cut) =
                    mapping.variant(value, context, currency.as_deref(), &mut faults).map_err(why)?;
                any_cut |= was_cut;
                variants.push(variant);
            }
        }
        Ok(NormalProduct {
            title: text(Some(&self.title), item, context).unwrap_or_else(|| erp_id.clone()),
            erp_sku,
            erp_url: text(self.erp_url.as_ref(), item, context),
            description: text(self.description.as_ref(), item, context),
            category: text(self.category.as_ref(), item, context),
            currency,
            price,
            status,
            updated_at: self.updated_at.as_ref().and_then(|p| p.time(item, context)),
            notes: any_cut.then(|| format!("an SKU was cut to {MAX_SKU} characters")).into_iter().collect(),
            variants: unique(variants, |v| &v.id),
            images: self.images.as_ref().map(|mapping| mapping.images(item, context)).unwrap_or_default(),
            faults,
            doubt: None,
            erp_id,
        })
    }

    /// The keys of the fields that are read from a product and that each product of a shop may well have.
    pub(super) fn fields_read(&self) -> Vec<&'static str> {
        let is_read = |(key, pick): (&'static str, &FieldMapping)| {
            (!key.contains('.') && matches!(pick.source, FieldSource::Path(_))).then_some(key)
        };
        let images = self.images.as_ref().map(|_| "images");
        self.picks().into_iter().filter_map(is_read).chain(images).collect()
    }

    /// The field mappings with their keys, for the checks.
    pub(super) fn picks(&self) -> Vec<(&'static str, &FieldMapping)> {
        let optional = [
            ("erp_sku", &self.erp_sku),
            ("erp_url", &self.erp_url),
            ("description", &self.description),
            ("category", &self.category),
            ("price", &self.price),
            ("currency", &self.currency),
            ("status", &self.status),
            ("updated_at", &self.updated_at),
        ];
        let mut picks = vec![("erp_id", &self.erp_id), ("title", &self.title)];
        picks.extend(optional.into_iter().filter_map(|(key, pick)| Some((key, pick.as_ref()?))));
        if let Some(images) = &self.images {
            picks.extend([("images.id", &images.id), ("images.url", &images.url)]);
            picks.extend(images.alt.iter().map(|alt| ("images.alt", alt)));
            if let Some(MoreImages { id, url, alt, .. }) = &images.more {
                let own = [("images.more.id", id), ("images.more.url", url), ("images.more.alt", alt)];
                picks.extend(own.into_iter().filter_map(|(key, pick)| Some((key, pick.as_ref()?))));
            }
        }
        if let Some(variants) = &self.variants {
            let VariantMapping { id, sku, title, price, image_id, .. } = variants;
            let optional = [
                ("variants.sku", sku),
                ("variants.title", title),
                ("variants.price", price),
                ("variants.image_id", image_id),
            ];
            picks.push(("variants.id", id));
            picks.extend(optional.into_iter().filter_map(|(key, pick)| Some((key, pick.as_ref()?))));
        }
        picks
    }
}

impl OptionMapping {
    fn select(&self, variant: &mut Selection) {
        self.each.select(variant).keep();
    }

    fn pairs<N: Node>(&self, item: &N) -> Vec<(String, String)> {
        match (&self.name, &self.value, self.each.get(item)) {
            (Some(name), Some(value), _) => {
                self.each.each(item).iter().filter_map(|one| Some((name.text(one)?, value.text(one)?))).collect()
            }
            (_, _, Some(map)) => {
                // Of two members of one name, the last one counts.
                let map = map.to_value();
                map.members().filter_map(|(name, value)| Some((name.to_owned(), as_text(value)?))).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl VariantMapping {
    fn select(&self, item: &mut Selection) {
        let Self { each, may_lack: _, id, sku, title, price, options, image_id } = self;
        let variant = each.select(item);
        let optional = [sku, title, price, image_id].into_iter().flatten();
        [id].into_iter().chain(optional).for_each(|field| field.select(variant));
        if let Some(options) = options {
            options.select(variant);
        }
    }

    /// A variant, and whether its SKU was cut.
    fn variant<N: Node>(
        &self,
        item: &N,
        context: &TemplateContext<'_>,
        currency: Option<&str>,
        faults: &mut Vec<String>,
    ) -> Result<(NormalVariant, bool), String> {
        let id = id(&self.id, item, context, "a variant")?;
        let options = self.options.iter().flat_map(|options| options.pairs(item));
        let (sku, was_cut) = sku(self.sku.as_ref(), item, context);
        let variant = NormalVariant {
            sku,
            title: text(self.title.as_ref(), item, context),
            price: price(self.price.as_ref(), item, context, currency, faults),
            options: options.collect(),
            image_id: self.image_id.as_ref().and_then(|pick| self::id(pick, item, context, "a picture").ok()),
            id,
        };
        Ok((variant, was_cut))
    }
}

impl ImageMapping {
    fn select(&self, item: &mut Selection) {
        let Self { each, may_lack: _, only, id, url, alt, cover, more } = self;
        if let Some(cover) = cover {
            cover.select(item).keep();
        }
        let image = each.select(item);
        if let Some(only) = only {
            only.path.select(image).keep();
        }
        [id, url].into_iter().chain(alt).for_each(|field| field.select(image));
        let Some(MoreImages { of, each, id: own_id, url: own_url, alt: own_alt }) = more else { return };
        let image = each.select(of.select(item));
        let fields = [own_id.as_ref().unwrap_or(id), own_url.as_ref().unwrap_or(url)];
        fields.into_iter().chain(own_alt.as_ref().or(alt.as_ref())).for_each(|field| field.select(image));
    }

    /// The pictures of a product: its own, then those of its parts that are not among them.
    fn images<N: Node>(&self, item: &N, context: &TemplateContext<'_>) -> Vec<NormalImage> {
        let own = self.each.each(item).iter().filter(|value| self.only.as_ref().is_none_or(|only| only.holds(*value)));
        let own = own.filter_map(|value| image([&self.id, &self.url], self.alt.as_ref(), value, context));
        let mut images = unique(own.collect(), |image| &image.id);
        let cover = self.cover.as_ref().and_then(|cover| cover.text(item));
        if let Some(place) = cover.and_then(|cover| images.iter().position(|image| image.id == cover)) {
            images[..=place].rotate_right(1);
        }
        let Some(more) = &self.more else { return images };
        let both = |image: &NormalImage| [image.id.clone(), image.url.clone()];
        let mut known: HashSet<String> = images.iter().flat_map(both).collect();
        let parts = more.of.each(item).iter().flat_map(|part| more.each.each(part));
        let fields = [more.id.as_ref().unwrap_or(&self.id), more.url.as_ref().unwrap_or(&self.url)];
        let alt = more.alt.as_ref().or(self.alt.as_ref());
        for image in parts.filter_map(|value| image(fields, alt, value, context)) {
            if !both(&image).iter().any(|name| known.contains(name)) {
                known.extend(both(&image));
                images.push(image);
            }
        }
        images
    }
}

/// A picture by the mappings of its id and its URL; `None` without either.
fn image<N: Node>(
    [id, url]: [&FieldMapping; 2],
    alt: Option<&FieldMapping>,
    item: &N,
    context: &TemplateContext<'_>,
) -> Option<NormalImage> {
    Some(NormalImage {
        id: self::id(id, item, context, "a picture").ok()?,
        url: text(Some(url), item, context).and_then(|url| whole_address(url, context.store_url))?,
        alt: text(alt, item, context),
    })
}

/// The address of a picture: one that begins with `/` or `//` is completed from the shop's. `None` if it is no address.
fn whole_address(text: String, store_url: &str) -> Option<String> {
    if url::Url::parse(&text).is_ok() {
        return Some(text);
    }
    let shop = url::Url::parse(store_url).ok().filter(|_| text.starts_with('/'))?;
    Some(shop.join(&text).ok()?.into())
}

/// Keeps the first of several items with the same id, because an id is unique per product in the database.
fn unique<T>(items: Vec<T>, id: impl Fn(&T) -> &String) -> Vec<T> {
    let mut ids = HashSet::with_capacity(items.len());
    let keep: Vec<bool> = items.iter().map(|item| ids.insert(id(item))).collect();
    items.into_iter().zip(keep).filter_map(|(item, keep)| keep.then_some(item)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Facts, Time};

    const MAPPING: &str = r#"
        erp_id = "id"
        title = { path = "name", as = "first_of_map" }
        price = { path = "cents", as = "minor_units" }
        currency = { fact = "currency" }
        status = { path = "on", words = { true = "active", false = "draft" } }
        updated_at = { path = "at", as = "epoch_s" }
        erp_url = { path = "slug", template = "{store_url}/p/{value}" }
        variants = { each = "v", id = "id", price = "price", options = { each = "o", name = "n", value = "v" } }
        images = { each = "pic", id = "", url = "" }
    "#;

    fn pick(item: &Value) -> Result<NormalProduct, (Option<String>, String)> {
        pick_in("EUR", item)
    }

    fn pick_in(currency: &str, item: &Value) -> Result<NormalProduct, (Option<String>, String)> {
        let mapping: Mapping = toml::from_str(MAPPING).expect("a mapping");
        let mut facts = Facts::new();
        facts.insert("currency".into(), json!(currency));
        mapping.product(item, &TemplateContext { store_url: "https://s.example", ..TemplateContext::of_facts(&facts) })
    }

    #[test]
    fn an_address_without_its_beginning_is_completed_from_the_shops() {
        for (written, whole) in [
            ("https://cdn.example/a b.png", Some("https://cdn.example/a b.png")),
            ("//cdn.example/1.png", Some("https://cdn.example/1.png")),
            ("/wp-content/1.png", Some("https://s.example/wp-content/1.png")),
            ("false", None),
            ("1.png", None),
        ] {
            let product = pick(&json!({ "id": 7, "pic": written })).expect("is picked");
            assert_eq!(product.images.first().map(|image| image.url.as_str()), whole, "{written}");
        }
    }

    #[test]
    fn pictures_of_variants_follow_the_products_own_each_once() {
        let of = |more: &str, item: &Value| {
            let images = format!(r#"images = {{ each = "pic", id = "id", url = "src", alt = "alt", more = {more} }}"#);
            let text = MAPPING.replace(r#"images = { each = "pic", id = "", url = "" }"#, &images);
            let mapping: Mapping = toml::from_str(&text).expect("a mapping");
            let product = mapping.product(item, &TemplateContext::of_facts(&Facts::new())).expect("is picked");
            product.images.into_iter().map(|image| (image.id, image.url)).collect::<Vec<_>>()
        };
        let picture = |id: u8, name: &str| json!({ "id": id, "src": format!("https://s.example/{name}.png") });
        let whole = |id: &str, name: &str| (id.to_owned(), format!("https://s.example/{name}.png"));
        let item = json!({ "id": 1, "pic": [picture(1, "a")], "v": [
            { "id": "x", "image": picture(2, "b") },
            { "id": "y", "image": null },
            { "id": "z", "image": [picture(1, "a"), picture(2, "c"), picture(3, "a"), picture(4, "d")] },
        ] });
        let more = r#"{ of = "v", each = "image" }"#;
        assert_eq!(of(more, &item), [whole("1", "a"), whole("2", "b"), whole("4", "d")]);
        let mut bare = item;
        bare["pic"] = json!([]);
        assert_eq!(of(more, &bare)[0], whole("2", "b"), "there is something to begin with");
        let by_address =
            json!({ "id": 1, "pic": [], "v": [{ "id": "x", "photo": "https://s.example/e.png" }, { "id": "y" }] });
        let more = r#"{ of = "v", each = "photo", id = "", url = "" }"#;
        assert_eq!(of(more, &by_address), [whole("https://s.example/e.png", "e")]);
    }

    #[test]
    fn minor_units_are_those_of_the_currency() {
        for (currency, price) in
            [("EUR", Some("19.99")), ("jpy", Some("1999.00")), ("KWD", Some("1.999")), ("XYZ", None)]
        {
            let product = pick_in(currency, &json!({ "id": 7, "cents": 1999 })).expect("is picked");
            assert_eq!(product.price.map(|p| p.to_string()).as_deref(), price, "{currency}");
        }
    }

    #[test]
    fn a_product_is_picked_with_every_conversion() {
        let product = pick(
            &json!({"id": 7, "name": {"de": "", "en": "Mug"}, "cents": 1999, "on": true, "at": 1, "slug": "mug",
            "v": [{"id": "a", "price": "1.5", "o": [{"n": "size", "v": "L"}]}, {"id": "a"}], "pic": "https://s.example/1.png"}),
        );
        let product = product.expect("is picked");
        assert_eq!((product.erp_id.as_str(), product.title.as_str()), ("7", "Mug"));
        assert_eq!(product.price.map(|p| p.to_string()).as_deref(), Some("19.99"));
        assert_eq!(product.currency.as_deref(), Some("EUR"));
        assert_eq!(product.status, Some(ProductStatus::Active));
        assert_eq!(product.updated_at, Some(Time::from_unix_ms(1000)));
        assert_eq!(product.erp_url.as_deref(), Some("https://s.example/p/mug"));
        assert_eq!(product.variants.len(), 1, "the same id twice counts once");
        assert_eq!(product.variants[0].options["size"], "L");
        assert_eq!(product.images[0].url, "https://s.example/1.png");
    }

    #[test]
    fn a_product_that_cannot_be_read_says_why() {
        assert_eq!(pick(&json!({"name": "x"})).expect_err("no id").0, None);
        let (id, why) = pick(&json!({"id": 1, "v": [{}]})).expect_err("a variant without an id");
        assert_eq!((id.as_deref(), why.as_str()), (Some("1"), "a variant has no id"));
    }

    #[test]
    fn a_word_that_is_not_listed_has_a_word_of_its_own() {
        let text = MAPPING.replace("false = \"draft\" }", "false = \"draft\" }, other = \"archived\"");
        let mapping: Mapping = toml::from_str(&text).expect("a mapping");
        let facts = Facts::new();
        let status = |on: Value| {
            let product = mapping.product(&json!({ "id": 1, "on": on }), &TemplateContext::of_facts(&facts));
            product.map(|product| (product.status, product.faults))
        };
        assert_eq!(status(json!(true)), Ok((Some(ProductStatus::Active), vec![])));
        assert_eq!(status(json!("perhaps")), Ok((Some(ProductStatus::Archived), vec![])));
        assert_eq!(status(Value::Null), Ok((None, vec![])), "nothing is no word");
    }

    #[test]
    fn a_price_is_chosen_by_a_fact_of_the_shop() {
        let text = MAPPING.replace(
            "{ path = \"cents\", as = \"minor_units\" }",
            "\"prices[money.currency={currency}].money.amount\"",
        );
        let mapping: Mapping = toml::from_str(&text).expect("a mapping");
        let item = json!({ "id": 1, "prices": [{ "money": { "currency": "USD", "amount": "21.50" } }, { "money": { "currency": "EUR", "amount": 19.99 } }] });
        for (currency, price) in [("EUR", Some("19.99")), ("USD", Some("21.50")), ("JPY", None)] {
            let facts = Facts::from_iter([("currency".to_owned(), json!(currency))]);
            let product = mapping.product(&item, &TemplateContext::of_facts(&facts)).expect("is picked");
            assert_eq!(product.price.map(|p| p.to_string()).as_deref(), price, "{currency}");
        }
    }

    #[test]
    fn of_two_members_of_one_name_the_last_one_counts_in_either_form() {
        let map: Mapping = toml::from_str(
            "erp_id = 'id'\ntitle = { path = 'name', as = 'first_of_map' }\n\
             variants = { each = 'v', id = 'id', options = { each = 'o' } }",
        )
        .expect("a mapping");
        let text = r#"{"id": 1, "id": 2, "name": {"en": "A", "de": "B", "en": null},
                       "v": [{"id": 3, "o": {"Size": "S", "Size": null}}]}"#;
        let mut reads = Selection::default();
        map.select(&mut reads);
        let (facts, value) = (Facts::new(), serde_json::from_str::<Value>(text).expect("is JSON"));
        let context = TemplateContext::of_facts(&facts);
        let tree = crate::provider::borrowed::read_item(text, &reads).expect("is JSON");
        let (one, other) = (map.product(&value, &context), map.product(&tree, &context));
        assert_eq!(one, other);
        let product = one.expect("a product");
        assert_eq!((product.erp_id.as_str(), product.title.as_str()), ("2", "B"));
        assert!(product.variants[0].options.is_empty(), "{product:?}");
    }

    #[test]
    fn a_field_that_cannot_be_read_is_left_out_and_named() {
        let odd =
            json!({ "id": 1, "name": "Mug", "cents": "many", "on": "perhaps", "v": [{ "id": "a", "price": "12,50" }] });
        let product = pick(&odd).expect("the rest is read");
        assert_eq!((product.title.as_str(), product.price, product.status), ("Mug", None, None));
        assert_eq!(product.variants[0].price, None);
        let faults = product.faults.join("; ");
        assert!(["many", "perhaps", "12,50"].iter().all(|word| faults.contains(word)), "{faults}");
    }

    #[test]
    fn a_slip_in_a_field_is_named() {
        let error = toml::from_str::<Mapping>("erp_id = { pth = 'id' }\ntitle = 'x'").expect_err("a slip");
        assert!(error.to_string().contains("pth"), "{error}");
    }
}
