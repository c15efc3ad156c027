//! The values that templates look up during one call.

use std::borrow::Cow;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::App;
use crate::model::{Facts, Grant};

/// The values of one call. Secrets are looked up in the grant and not copied into `values`.
pub(super) struct TemplateContext<'a> {
    pub(super) facts: &'a Facts,
    pub(super) store_url: &'a str,
    pub(super) grant: Option<&'a Grant>,
    pub(super) app: Option<&'a App>,
    /// `page`, `since`, `product`, `asset`, `kept`, `gallery`, `push`; `value` and, under their whole names, `value.…`.
    pub(super) values: Cow<'a, Map<String, Value>>,
}

impl<'a> TemplateContext<'a> {
    /// A context with facts only.
    pub(super) fn of_facts(facts: &'a Facts) -> Self {
        Self { facts, store_url: "", grant: None, app: None, values: Cow::default() }
    }

    /// The same context with one more value.
    pub(super) fn with(&self, name: &str, value: Value) -> TemplateContext<'_> {
        let mut values = Cow::Borrowed(&*self.values);
        values.to_mut().insert(name.to_owned(), value);
        TemplateContext { values, ..*self }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<Value> {
        match name.split_once('.') {
            Some(("grant", secret)) => Some(self.grant?.secret(secret)?.expose_secret().into()),
            Some(("app", "client_id")) => Some(self.app?.client_id.as_str().into()),
            Some(("app", "client_secret")) => Some(self.app?.client_secret.expose_secret().into()),
            Some((root, rest)) => {
                let value = self.values.get(root);
                // A member may have a dot in its name.
                let within = value.and_then(|value| value.get(rest).or_else(|| deep(value, rest)));
                within.or_else(|| self.values.get(name)).cloned()
            }
            None => self.values.get(name).or_else(|| self.facts.get(name)).cloned().or_else(|| self.address(name)),
        }
    }

    /// The shop's URL or its host, if the caller knows them.
    fn address(&self, name: &str) -> Option<Value> {
        match name {
            "store_url" if !self.store_url.is_empty() => Some(self.store_url.into()),
            "shop_host" => shop_host(self.store_url).map(Value::from),
            _ => None,
        }
    }
}

/// A member of a member: `node.id`.
fn deep<'v>(value: &'v Value, names: &str) -> Option<&'v Value> {
    names.split('.').try_fold(value, |value, name| value.get(name))
}

/// Host of a shop's URL, with the port unless it is the default.
pub(super) fn shop_host(store_url: &str) -> Option<String> {
    let url = url::Url::parse(store_url).ok()?;
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    Some(format!("{}{port}", url.host_str()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_of_a_member_has_a_name() {
        let facts = Facts::new();
        let item = json!({ "node": { "id": 7, "a.b": 1, "none": null }, "a.b": 2 });
        let context = TemplateContext::of_facts(&facts);
        let context = context.with("item", item);
        assert_eq!(
            (context.text("item.node.id").as_deref(), context.text("item.a.b").as_deref()),
            (Some("7"), Some("2"))
        );
        assert_eq!((context.value("item.node.gone"), context.value("item.node.id.x")), (None, None));
        assert_eq!((context.text("item.node.none"), context.value("item.gone.id")), (None, None));
    }
}
