//! One field of a product: where it is read, and how it is converted, by a short fixed list of conversions.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{
    borrowed::{Node, View},
    context::TemplateContext,
    editor_js,
    path::{Path, as_text},
    selection::Selection,
    template::Template,
};
use crate::model::{Price, Time};

/// The mapping of one field: its source and its conversion.
#[derive(Debug)]
pub(super) struct FieldMapping {
    pub(super) source: FieldSource,
    pub(super) read_as: ReadAs,
    /// Translates the shop's words to ours.
    pub(super) words: BTreeMap<String, String>,
    /// Our word for every other one.
    pub(super) other: Option<String>,
    /// Values that the shop writes where it has none.
    none: Vec<String>,
    or: Option<Path>,
    /// A text around the value, such as `{store_url}/{value}`.
    pub(super) template: Option<Template>,
}

#[derive(Debug)]
pub(super) enum FieldSource {
    Path(Path),
    /// A constant for every product.
    Fixed(String),
    /// A fact of the shop.
    Fact(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReadAs {
    #[default]
    Text,
    /// A plain text in which the platform writes HTML's entities: `Tom &amp; Jerry` is `Tom & Jerry`.
    HtmlText,
    /// A document of blocks, as EditorJS writes it, as HTML.
    EditorJs,
    /// An integer of minor units of the product's currency (ISO 4217): 1999 is 19.99 EUR, and 1999 JPY.
    MinorUnits,
    /// An integer of hundredths in every currency: 1999 is 19.99.
    Hundredths,
    EpochS,
    EpochMs,
    /// A map from language to text: the first non-empty text.
    FirstOfMap,
    /// A list of languages, each with its text under `value`: the first non-empty text.
    FirstOfList,
    /// `{ amount, divisor }`: 1999 / 100 is 19.99.
    AmountOverDivisor,
    /// The last segment of a URL-like id: `gid://shop/Product/7` is 7.
    IdTail,
}

/// A field mapping as a table: exactly one of `path`, `fixed` and `fact`, and its conversion.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    path: Option<Path>,
    fixed: Option<String>,
    fact: Option<String>,
    #[serde(default, rename = "as")]
    read_as: ReadAs,
    /// The shop's words and ours. For `status`, ours are `active`, `draft`, `archived` and `deleted`.
    #[serde(default)]
    words: BTreeMap<String, String>,
    /// Our word for every word of the shop that `words` lacks. Default: the shop's own.
    other: Option<String>,
    /// Values that the shop writes where it has none, such as a price of 0.
    #[serde(default)]
    none: Vec<String>,
    /// The path to read if the first one leads to no value.
    or: Option<Path>,
    /// A text around the value: `{store_url}/p/{value}`.
    template: Option<Template>,
}

impl<'de> Deserialize<'de> for FieldMapping {
    /// A text is a path; a table has options. Not serde's `untagged`, whose error would not say what is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        if let toml::Value::String(text) = &value {
            let source = FieldSource::Path(Path::parse(text).map_err(serde::de::Error::custom)?);
            let (words, none) = (BTreeMap::new(), Vec::new());
            return Ok(Self { source, read_as: ReadAs::Text, words, other: None, none, or: None, template: None });
        }
        let written: Written = value.try_into().map_err(|e: toml::de::Error| serde::de::Error::custom(e.message()))?;
        let source = match (written.path, written.fixed, written.fact) {
            (Some(path), None, None) => FieldSource::Path(path),
            (None, Some(text), None) => FieldSource::Fixed(text),
            (None, None, Some(name)) => FieldSource::Fact(name),
            _ => return Err(serde::de::Error::custom("a field needs exactly one of: path, fixed, fact")),
        };
        let Written { read_as, words, other, none, or, template, .. } = written;
        Ok(Self { source, read_as, words, other, none, or, template })
    }
}

impl FieldMapping {
    /// The fact that it reads, if its source is a fact.
    pub(super) fn fact(&self) -> Option<&str> {
        match &self.source {
            FieldSource::Fact(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn text<N: Node>(&self, item: &N, context: &TemplateContext<'_>) -> Option<String> {
        let raw = match &self.source {
            FieldSource::Path(path) => {
                let read = |path: &Path| {
                    let value = path.at_shop(context.facts).get(item).and_then(|value| self.convert(value));
                    value.filter(|text| !self.none.contains(text))
                };
                read(path).or_else(|| self.or.as_ref().and_then(read))
            }
            FieldSource::Fixed(text) => Some(text.clone()),
            FieldSource::Fact(name) => context.text(name),
        }?;
        let word = self.words.get(&raw).or(self.other.as_ref()).cloned().unwrap_or(raw);
        let Some(template) = &self.template else { return Some(word) };
        template.text(&context.with("value", word.into())).ok()?
    }

    /// Our words that it may yield; empty if it yields the shop's own.
    pub(super) fn own_words(&self) -> impl Iterator<Item = (String, &String)> {
        let words = self.words.iter().map(|(theirs, ours)| (format!("words.{theirs}"), ours));
        let fixed = if let FieldSource::Fixed(text) = &self.source { Some(("fixed".to_owned(), text)) } else { None };
        words.chain(self.other.iter().map(|ours| ("other".to_owned(), ours))).chain(fixed)
    }

    /// Selects what it reads of an item.
    pub(super) fn select(&self, item: &mut Selection) {
        self.path().into_iter().chain(&self.or).for_each(|path| path.select(item).keep());
    }

    /// The path that it reads, if its source is the item.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.source {
            FieldSource::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The text that it makes of what it reads.
    pub(super) fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }

    fn convert<N: Node>(&self, value: &N) -> Option<String> {
        match self.read_as {
            ReadAs::FirstOfMap => match value.view() {
                // Of two members of one name, the last one counts.
                View::Object => value.to_value().members().find_map(|(_, text)| as_text(text)),
                _ => as_text(value),
            },
            ReadAs::FirstOfList => match value.view() {
                View::List(list) => list.iter().find_map(|one| as_text(one.member("value")?)),
                _ => as_text(value),
            },
            ReadAs::AmountOverDivisor => {
                let part = |name: &str| match value.member(name)?.view() {
                    View::Number(number) => number.as_i64().map(Decimal::from),
                    _ => None,
                };
                let divisor = part("divisor").filter(|divisor| !divisor.is_zero())?;
                Some(part("amount")?.checked_div(divisor)?.to_string())
            }
            ReadAs::EditorJs => editor_js::html(&value.to_value()),
            ReadAs::HtmlText => as_text(value).map(|text| html_escape::decode_html_entities(&text).into_owned()),
            ReadAs::IdTail => as_text(value).map(|text| text.rsplit('/').next().unwrap_or_default().to_owned()),
            _ => as_text(value),
        }
    }

    /// Reads a price. Minor units are of `currency` (ISO 4217): without it, no price is better than a wrong one.
    pub(super) fn price<N: Node>(
        &self,
        item: &N,
        context: &TemplateContext<'_>,
        currency: Option<&str>,
    ) -> Result<Option<Price>, String> {
        let Some(text) = self.text(item, context) else { return Ok(None) };
        let price = match self.read_as {
            ReadAs::MinorUnits => {
                let currency = currency.map(str::to_ascii_uppercase);
                let known = currency.as_deref().and_then(iso_currency::Currency::from_code);
                let Some(digits) = known.and_then(iso_currency::Currency::exponent) else { return Ok(None) };
                text.parse().ok().and_then(|units| Price::from_minor(units, digits.into()))
            }
            ReadAs::Hundredths => text.parse().ok().and_then(|units| Price::from_minor(units, 2)),
            _ => Price::parse(&text),
        };
        price.map(Some).ok_or_else(|| {
            format!("the price '{text}' is not an amount with at most ten digits before the decimal point")
        })
    }

    /// Reads a time; `None` if it is invalid: real shops have zero dates and worse, and such a date must not fail the
    /// product.
    pub(super) fn time<N: Node>(&self, item: &N, context: &TemplateContext<'_>) -> Option<Time> {
        let text = self.text(item, context)?;
        match self.read_as {
            ReadAs::EpochS => Time::checked_from_unix_ms(text.parse::<i64>().ok()?.checked_mul(1000)?),
            ReadAs::EpochMs => Time::checked_from_unix_ms(text.parse().ok()?),
            _ => Time::parse(&text),
        }
    }
}
