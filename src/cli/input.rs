//! Parses input that several commands share: JSON from a file or standard input, and settings as NAME=VALUE.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    model::{ProductId, json},
    outside::small,
};

/// The arguments that create or update sessions and flows.
#[derive(clap::Args)]
pub(super) struct Material {
    #[arg(long)]
    pub(super) client: Option<String>,
    #[arg(long)]
    pub(super) name: Option<String>,
    /// A product of it; repeatable.
    #[arg(long = "product", value_name = "ID")]
    products: Vec<String>,
    /// A setting, such as style=Modern or postAdjustments.light.exposure=10.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// The base picture of a product, as PRODUCT=IMAGE (`products show` lists them).
    #[arg(long = "base-image", value_name = "PRODUCT=IMAGE")]
    base_images: Vec<String>,
    /// A JSON document with the same fields; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(super) from: Option<PathBuf>,
}

impl Material {
    /// The given products; `None` if there are none.
    pub(super) fn products(&self) -> Option<Vec<ProductId>> {
        let named = || self.products.iter().cloned().map(ProductId).collect();
        (!self.products.is_empty()).then(named)
    }

    /// The given base pictures; `None` if there are none.
    pub(super) fn base_images(&self) -> anyhow::Result<Option<Map<String, Value>>> {
        let mut images = Map::new();
        for pair in &self.base_images {
            let (product, image) =
                pair.split_once('=').with_context(|| format!("'{pair}' does not have the form PRODUCT=IMAGE"))?;
            images.insert(product.to_owned(), image.into());
        }
        Ok((!images.is_empty()).then_some(images))
    }

    /// The given settings; `None` if there are none.
    pub(super) fn settings(&self) -> anyhow::Result<Option<Map<String, Value>>> {
        settings(&self.settings)
    }
}

/// Reads one JSON document; `-` is standard input. Errors contain line and column.
pub(super) fn document<T: DeserializeOwned + Default>(from: Option<&Path>) -> anyhow::Result<T> {
    let Some(file) = from else { return Ok(T::default()) };
    let text = if file == Path::new("-") {
        small::read(std::io::stdin())?
    } else {
        small::read_file(file).with_context(|| format!("cannot read {}", file.display()))?
    };
    json::read(text.as_bytes()).with_context(|| format!("{} is not a valid document", file.display()))
}

/// Converts `a.b=value` pairs to nested members. A value that parses as JSON is JSON, anything else is a string.
pub(super) fn settings(pairs: &[String]) -> anyhow::Result<Option<Map<String, Value>>> {
    let mut settings = Map::new();
    for pair in pairs {
        let (path, value) =
            pair.split_once('=').with_context(|| format!("'{pair}' does not have the form NAME=VALUE"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        let mut names: Vec<&str> = path.split('.').collect();
        let last = names.pop().filter(|name| !name.is_empty()).with_context(|| format!("'{pair}' has no name"))?;
        let mut group = &mut settings;
        for name in names {
            let member = group.entry(name).or_insert_with(|| Value::Object(Map::new()));
            group = member.as_object_mut().with_context(|| format!("'{name}' in '{pair}' is not an object"))?;
        }
        group.insert(last.to_owned(), value);
    }
    Ok((!settings.is_empty()).then_some(settings))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::settings;

    #[test]
    fn settings_nest_and_keep_their_types() {
        let pairs = ["style=Modern".to_owned(), "varietyLevel=7".to_owned(), "post.light.exposure=-3".to_owned()];
        let expected = json!({"style": "Modern", "varietyLevel": 7, "post": {"light": {"exposure": -3}}});
        assert_eq!(settings(&pairs).expect("reads").map(serde_json::Value::Object), Some(expected));
        assert!(settings(&["style".to_owned()]).is_err() && settings(&["a=1".to_owned(), "a.b=2".to_owned()]).is_err());
        assert_eq!(settings(&[]).expect("reads"), None);
    }
}
