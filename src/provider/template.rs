//! Texts with `{name}` placeholders that only look up values: no expressions, no conditions.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::context::TemplateContext;
use crate::model::{Failure, FailureKind};

/// A text such as `{store_url}/api/{page.number}`, parsed when the file is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<TemplatePart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Slot(String),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut literal) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            literal.push_str(&rest[..open]);
            if let Some(brace) = rest.get(open..open + 2).filter(|pair| ["{{", "}}"].contains(pair)) {
                literal.push_str(&brace[..1]);
                rest = &rest[open + 2..];
                continue;
            }
            if !rest[open..].starts_with('{') {
                return Err(format!("'{text}' has a '}}' without its '{{'"));
            }
            let close = rest[open..].find('}').ok_or_else(|| format!("'{text}' has a '{{' without its '}}'"))? + open;
            let name = &rest[open + 1..close];
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
            // Names that a platform defines, after the dot, may have upper-case letters, and those of attributes begin with @.
            let (root, member) = name.split_once('.').unwrap_or((name, ""));
            let theirs = |c: char| plain(c) || c.is_ascii_uppercase() || c == '@';
            if root.is_empty() || !root.chars().all(plain) || !member.chars().all(theirs) {
                return Err(format!(
                    "'{{{name}}}' in '{text}' is not a placeholder: use lower-case letters, digits, _ and ."
                ));
            }
            if !literal.is_empty() {
                parts.push(TemplatePart::Text(std::mem::take(&mut literal)));
            }
            parts.push(TemplatePart::Slot(name.to_owned()));
            rest = &rest[close + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(TemplatePart::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The template's source text.
    pub(super) fn written(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            TemplatePart::Text(text) => text.replace('{', "{{").replace('}', "}}"),
            TemplatePart::Slot(name) => format!("{{{name}}}"),
        });
        parts.collect()
    }

    /// The names it looks up.
    pub(super) fn slots(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Slot(name) => Some(name.as_str()),
            TemplatePart::Text(_) => None,
        })
    }

    /// The placeholders' values in a text that this template made; `None` if it does not match. A value ends at the
    /// first occurrence of the text after it.
    pub(super) fn read(&self, text: &str) -> Option<Vec<(&str, String)>> {
        let (mut values, mut rest) = (Vec::new(), text);
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                TemplatePart::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                TemplatePart::Slot(name) => {
                    let end = match parts.peek() {
                        Some(TemplatePart::Text(next)) => rest.find(next.as_str())?,
                        Some(TemplatePart::Slot(_)) => return None,
                        None => rest.len(),
                    };
                    let (value, after) = rest.split_at(end);
                    if values.iter().any(|(known, old): &(&str, String)| *known == name && old != value) {
                        return None;
                    }
                    values.push((name.as_str(), value.to_owned()));
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(values)
    }

    /// Fills the template. `None` if it is a single placeholder without a value; fails if a placeholder within a text
    /// has none.
    pub(super) fn text(&self, context: &TemplateContext<'_>) -> Result<Option<String>, Failure> {
        if let [TemplatePart::Slot(name)] = &self.parts[..] {
            return Ok(context.text(name));
        }
        let mut out = String::new();
        for part in &self.parts {
            match part {
                TemplatePart::Text(text) => out.push_str(text),
                TemplatePart::Slot(name) => out.push_str(&look_up(name, context)?),
            }
        }
        Ok(Some(out))
    }

    /// The reverse of `text`: the values that make this text, by name; `None` if it does not match. A `known` value has
    /// to match literally.
    pub(super) fn read_back(&self, text: &str, known: &dyn Fn(&str) -> Option<String>) -> Option<Map<String, Value>> {
        let mut pieces: Vec<TemplatePart> = Vec::new();
        for part in &self.parts {
            let value = if let TemplatePart::Slot(name) = part { known(name) } else { None };
            let part = value.map_or_else(|| part.clone(), TemplatePart::Text);
            match (pieces.last_mut(), part) {
                (Some(TemplatePart::Text(before)), TemplatePart::Text(more)) => before.push_str(&more),
                (_, part) => pieces.push(part),
            }
        }
        let (mut values, mut rest) = (Map::new(), text);
        let mut pieces = pieces.into_iter().peekable();
        while let Some(piece) = pieces.next() {
            match (piece, pieces.peek()) {
                (TemplatePart::Text(literal), _) => rest = rest.strip_prefix(literal.as_str())?,
                (TemplatePart::Slot(name), Some(TemplatePart::Text(after))) => {
                    let (value, _) = rest.split_once(after.as_str())?;
                    insert_same(&mut values, &name, value)?;
                    rest = &rest[value.len()..];
                }
                (TemplatePart::Slot(name), _) => insert_same(&mut values, &name, std::mem::take(&mut rest))?,
            }
        }
        rest.is_empty().then_some(values)
    }

    /// The text as a URL path: each looked-up value is percent-encoded into one segment.
    pub(super) fn path_text(&self, context: &TemplateContext<'_>) -> Result<String, Failure> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                TemplatePart::Text(text) => out.push_str(text),
                TemplatePart::Slot(name) => {
                    let value = look_up(name, context)?;
                    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                    let segment = form.replace('+', "%20").replace("%7E", "~");
                    // A segment of dots would traverse out of the path.
                    out.push_str(if segment.chars().all(|c| c == '.') { "" } else { &segment });
                }
            }
        }
        Ok(out)
    }

    /// Like `text`, but a lone placeholder keeps its JSON type.
    pub(super) fn value(&self, context: &TemplateContext<'_>) -> Result<Option<Value>, Failure> {
        match &self.parts[..] {
            [TemplatePart::Slot(name)] => Ok(context.value(name)),
            _ => Ok(self.text(context)?.map(Value::String)),
        }
    }
}

/// The value of a placeholder within a text, which needs one.
fn look_up(name: &str, context: &TemplateContext<'_>) -> Result<String, Failure> {
    context.text(name).ok_or_else(|| {
        let text = format!("the provider's file uses '{{{name}}}', which has no value here");
        Failure::new(FailureKind::Template, text)
    })
}

/// Inserts a value that was read; `None` if the same name was read with another one.
fn insert_same(values: &mut Map<String, Value>, name: &str, value: &str) -> Option<()> {
    let old = values.insert(name.to_owned(), value.into());
    old.is_none_or(|old| old == *value).then_some(())
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A JSON tree whose texts are templates. A member without a value is omitted.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    Fixed(Value),
    Text(Template),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    pub(super) fn fill(&self, context: &TemplateContext<'_>) -> Result<Option<Value>, Failure> {
        Ok(match self {
            Self::Fixed(value) => Some(value.clone()),
            Self::Text(template) => template.value(context)?,
            Self::List(items) => {
                let mut out = Vec::with_capacity(items.len());
                for item in items {
                    out.extend(item.fill(context)?);
                }
                Some(Value::Array(out))
            }
            Self::Object(members) => {
                let mut out = Map::new();
                for (name, member) in members {
                    if let Some(value) = member.fill(context)? {
                        out.insert(name.clone(), value);
                    }
                }
                Some(Value::Object(out))
            }
        })
    }

    /// The reverse of `fill`: adds the values that make `value` to `values`; returns how many places match and how many
    /// do not. Places that `value` lacks are not counted.
    pub(super) fn read_back(&self, value: &Value, values: &mut Map<String, Value>) -> (usize, usize) {
        let agrees = |yes: bool| if yes { (1, 0) } else { (0, 1) };
        let all = |parts: &mut dyn Iterator<Item = (usize, usize)>| parts.fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        match (self, value) {
            (Self::Fixed(Value::Null), _) => (0, 0),
            (Self::Fixed(fixed), _) => agrees(fixed == value),
            (Self::Text(template), _) if matches!(&template.parts[..], [TemplatePart::Slot(_)]) => {
                values.extend(template.slots().map(|name| (name.to_owned(), value.clone())));
                (0, 0)
            }
            (Self::Text(template), Value::String(text)) => match template.read_back(text, &|_| None) {
                Some(more) => {
                    values.extend(more);
                    (1, 0)
                }
                None => (0, 1),
            },
            (Self::List(items), Value::Array(list)) => {
                all(&mut items.iter().zip(list).map(|(item, value)| item.read_back(value, values)))
            }
            (Self::Object(members), Value::Object(object)) => all(&mut members
                .iter()
                .filter_map(|(name, member)| Some((member, object.get(name)?)))
                .map(|(member, value)| member.read_back(value, values))),
            _ => (0, 1),
        }
    }

    /// Every name that the tree looks up.
    pub(super) fn slots(&self) -> Vec<&str> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Text(template) => template.slots().collect(),
            Self::List(items) => items.iter().flat_map(Self::slots).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, member)| member.slots()).collect(),
        }
    }

    fn from_toml(value: toml::Value) -> Result<Self, String> {
        Ok(match value {
            // TOML has no null; the file variable of a GraphQL upload needs one and is written as this text.
            toml::Value::String(text) if text == "{null}" => Self::Fixed(Value::Null),
            toml::Value::String(text) => Self::Text(Template::parse(&text)?),
            toml::Value::Integer(n) => Self::Fixed(n.into()),
            toml::Value::Float(n) => Self::Fixed(n.into()),
            toml::Value::Boolean(b) => Self::Fixed(b.into()),
            toml::Value::Datetime(time) => Self::Fixed(time.to_string().into()),
            toml::Value::Array(items) => Self::List(items.into_iter().map(Self::from_toml).collect::<Result<_, _>>()?),
            toml::Value::Table(table) => Self::Object(
                table.into_iter().map(|(k, v)| Ok((k, Self::from_toml(v)?))).collect::<Result<_, String>>()?,
            ),
        })
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_toml(toml::Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Facts;

    #[test]
    fn a_lone_placeholder_keeps_its_type_and_may_be_absent() {
        let mut facts = Facts::new();
        facts.insert("n".into(), json!(7));
        let context = TemplateContext::of_facts(&facts);
        let value = |text: &str| Template::parse(text).expect("parses").value(&context).expect("fills");
        assert_eq!(value("{n}"), Some(json!(7)));
        assert_eq!(value("a{n}b"), Some(json!("a7b")));
        assert_eq!(value("{absent}"), None);
        assert!(Template::parse("x{absent}").expect("parses").text(&context).is_err());
    }

    #[test]
    fn a_template_is_no_language() {
        for text in ["{a", "a}", "{}", "{A b}", "{a|upper}", "{@a}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_doubled_brace_is_a_brace() {
        let facts = Facts::from_iter([("id".to_owned(), json!("7"))]);
        let text = r#"{{"id":{{"$eq":"{id}"}}}}"#;
        let template = Template::parse(text).expect("parses");
        let filled = template.text(&TemplateContext::of_facts(&facts)).expect("fills");
        assert_eq!(filled.as_deref(), Some(r#"{"id":{"$eq":"7"}}"#));
        assert_eq!((template.written().as_str(), template.slots().collect::<Vec<_>>()), (text, vec!["id"]));
        let read = template.read_back(&filled.expect("a text"), &|_| None);
        assert_eq!(read.map(Value::Object), Some(json!({ "id": "7" })));
    }

    #[test]
    fn what_was_filled_in_is_read_back() {
        let known = |name: &str| (name == "shop").then(|| "acme".to_owned());
        let read = |text: &str, of: &str| Template::parse(text).expect("parses").read_back(of, &known);
        assert_eq!(
            read("/{shop}/p/{a.b}/i/{c}", "/acme/p/7/i/x-9").map(Value::Object),
            Some(json!({ "a.b": "7", "c": "x-9" }))
        );
        assert_eq!(read("/{shop}/p/{a}", "/other/p/7"), None);
        assert_eq!(read("/p", "/p/more"), None);
        assert_eq!(read("{a}-{a}", "1-2"), None, "one name has one value");
        assert!(Template::parse("{a}-{a}").expect("parses").read("1-2").is_none());
        let tree = Tree::from_toml(toml::from_str("kind = 'x'\nlist = ['{a}']\nboth = '{b}-{c}'").expect("toml"))
            .expect("a tree");
        let mut found = Map::new();
        assert_eq!(tree.read_back(&json!({ "kind": "y", "list": [7], "both": "1-2" }), &mut found), (1, 1));
        assert_eq!(Value::Object(found), json!({ "a": 7, "b": "1", "c": "2" }));
    }

    #[test]
    fn a_member_without_value_is_left_out() {
        let tree: Tree = toml::from_str::<std::collections::BTreeMap<String, Tree>>(
            "t = { a = '{absent}', b = 1, c = ['{absent}', 'x'], d = '{null}' }",
        )
        .expect("parses")
        .remove("t")
        .expect("t");
        let facts = Facts::new();
        assert_eq!(
            tree.fill(&TemplateContext::of_facts(&facts)).expect("fills"),
            Some(json!({"b": 1, "c": ["x"], "d": null}))
        );
    }
}
