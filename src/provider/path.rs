//! Paths into a JSON response: `data.items[0].name`, `[-1]` for the last element, `[code=url]` for the first whose
//! `code` is `url`, the empty path for the whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A path, parsed when the file is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path(Vec<PathStep>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathStep {
    Key(String),
    /// A place in a list, from its end if negative. No list here has places farther out, and `put` fills a list up.
    Index(i16),
    /// The first element of a list whose member has this value.
    Where(String, String),
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        for piece in text.split('.').filter(|_| !text.is_empty()) {
            let (key, mut rest) = piece.find('[').map_or((piece, ""), |at| piece.split_at(at));
            if !key.is_empty() {
                steps.push(PathStep::Key(key.to_owned()));
            } else if rest.is_empty() {
                return Err(format!("'{text}' is not a path: a name is missing between the dots"));
            }
            while let Some(inner) = rest.strip_prefix('[') {
                let bad = || format!("'{text}' is not a path: write places in a list as [0] or [-1]");
                let (number, after) = inner.split_once(']').ok_or_else(bad)?;
                steps.push(match number.split_once('=') {
                    Some((key, word)) if !key.is_empty() => PathStep::Where(key.to_owned(), word.to_owned()),
                    _ => PathStep::Index(number.parse().map_err(|_| bad())?),
                });
                rest = after;
            }
            if !rest.is_empty() {
                return Err(format!("'{text}' is not a path: '{rest}' is left over"));
            }
        }
        Ok(Self(steps))
    }

    /// The value at the path; `None` if a step does not exist.
    pub(super) fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            PathStep::Key(key) => value.get(key),
            PathStep::Where(key, word) => {
                let holds = |item: &&Value| item.get(key).and_then(as_text).is_some_and(|text| text == *word);
                value.as_array()?.iter().find(holds)
            }
            PathStep::Index(index) => {
                let list = value.as_array()?;
                list.get(place_of(*index, list.len())?)
            }
        })
    }

    /// Appends `new` to the list at the path, and creates the list if there is none.
    pub(super) fn append(&self, value: &mut Value, new: Vec<Value>) {
        let mut place = value;
        for step in &self.0 {
            let PathStep::Key(key) = step else { return };
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            if !place.is_object() {
                return;
            }
            place = &mut place[key.as_str()];
        }
        match place {
            Value::Array(items) => items.extend(new),
            other => *other = Value::Array(new),
        }
    }

    /// Writes `new` at the path and creates missing parents.
    pub(super) fn put(&self, value: &mut Value, new: Value) {
        let mut place = value;
        for step in &self.0 {
            place = match step {
                PathStep::Key(key) => {
                    if !place.is_object() {
                        *place = Value::Object(Map::new());
                    }
                    &mut place[key.as_str()]
                }
                PathStep::Index(index) => {
                    let list = listed(place);
                    let needed = usize::from(index.unsigned_abs()) + usize::from(*index >= 0);
                    list.resize(list.len().max(needed), Value::Null);
                    let at = place_of(*index, list.len()).unwrap_or(0);
                    &mut list[at]
                }
                PathStep::Where(key, word) => {
                    let list = listed(place);
                    let holds = |item: &Value| item.get(key).and_then(as_text).is_some_and(|text| text == *word);
                    let at = list.iter().position(holds).unwrap_or_else(|| {
                        list.push(serde_json::json!({ key: word }));
                        list.len() - 1
                    });
                    &mut list[at]
                }
            };
        }
        *place = new;
    }

    /// Whether it is the empty path.
    pub(super) fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// The rest of this path after `front`; `None` if it does not start with it.
    pub(super) fn behind(&self, front: &Self) -> Option<Self> {
        self.0.strip_prefix(&front.0[..]).map(|rest| Self(rest.to_vec()))
    }

    /// The part of this path before `back`; `None` if it does not end with it.
    pub(super) fn before(&self, back: &Self) -> Option<Self> {
        self.0.strip_suffix(&back.0[..]).map(|rest| Self(rest.to_vec()))
    }

    /// The text at the path; numbers and booleans as text, `None` for null and the empty text.
    pub(super) fn text(&self, value: &Value) -> Option<String> {
        as_text(self.get(value)?)
    }

    /// The values at several paths, by name; those that are missing are left out.
    pub(super) fn pick(paths: &BTreeMap<String, Self>, value: &Value) -> Map<String, Value> {
        let found = |(name, path): (&String, &Self)| Some((name.clone(), path.get(value)?.clone()));
        paths.iter().filter_map(found).collect()
    }

    /// The elements at the path: those of a list, a single element for any other value, none for null.
    pub(super) fn each<'v>(&self, value: &'v Value) -> &'v [Value] {
        match self.get(value) {
            Some(Value::Array(items)) => items,
            None | Some(Value::Null) => &[],
            Some(one) => std::slice::from_ref(one),
        }
    }
}

/// The place that an index means in a list of this length; `None` if it lies before its beginning.
fn place_of(index: i16, length: usize) -> Option<usize> {
    let distance = usize::from(index.unsigned_abs());
    if index < 0 { length.checked_sub(distance) } else { Some(distance) }
}

fn listed(value: &mut Value) -> &mut Vec<Value> {
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    let Value::Array(list) = value else { unreachable!("it was made a list") };
    list
}

/// A scalar as text.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_objects_and_lists() {
        let value = json!({"a": [{"b": "x"}, {"b": 2}], "one": {"b": true}, "none": null});
        let text = |path: &str| Path::parse(path).expect("parses").text(&value);
        assert_eq!(text("a[0].b").as_deref(), Some("x"));
        assert_eq!(text("a[-1].b").as_deref(), Some("2"));
        assert_eq!(text("a[-3].b"), None);
        assert_eq!((text("a[b=2].b").as_deref(), text("a[b=y].b")), (Some("2"), None));
        assert_eq!(text("one.b").as_deref(), Some("true"));
        let count = |path: &str| Path::parse(path).expect("parses").each(&value).len();
        assert_eq!((count("a"), count("one"), count("none"), count("gone"), count("")), (2, 1, 0, 0, 1));
    }

    #[test]
    fn what_is_put_somewhere_stands_there() {
        let mut value = json!({"a": {"b": [{"c": 1}]}, "t": [{"code": "x", "v": 0}]});
        for path in ["a.b[0].c", "a.b[-1].d", "a.new[1].e", "t[code=x].v", "t[code=y].v"] {
            let path = Path::parse(path).expect("parses");
            path.put(&mut value, json!("here"));
            assert_eq!(path.text(&value).as_deref(), Some("here"), "{path:?} {value}");
        }
        assert_eq!(value["t"].as_array().map(Vec::len), Some(2));
        let path = |text| Path::parse(text).expect("parses");
        assert_eq!(path("data.p.media").before(&path("media")), Some(path("data.p")));
        assert_eq!(path("data.p.media").behind(&path("data")), Some(path("p.media")));
        assert_eq!(path("data.p").behind(&path("x")), None);
        let mut list = json!([1]);
        path("[-3]").put(&mut list, json!(2));
        path("[-2]").put(&mut list, json!(3));
        assert_eq!(list, json!([2, 3, null]), "counted from the end, as it is read");
    }

    #[test]
    fn a_path_that_is_none_is_refused() {
        for text in ["a..b", "a[", "a[x]", "a]b[", ".a", "a[0]b", "a[-9223372036854775808]", "a[99999]"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        assert_eq!(Path::parse("[-32768]").expect("parses").get(&json!([1])), None);
    }
}
