//! Paths into a JSON response: `data.items[0].name`, `[-1]` for the last element, `[code=url]` for the first whose
//! `code` is `url`, `[money.currency={currency}]` for the first with the shop's own, `[first by sku]` for the one with the
//! smallest `sku`, `name[{language}]` for the member that a fact of the shop names, the empty path for the whole. What is
//! no list counts as a list of one, unless it is null.

use std::{borrow::Cow, collections::BTreeMap};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{
    borrowed::{Node, View},
    selection::Selection,
};
use crate::model::Facts;

/// A path, parsed when the file is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path(Vec<PathStep>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathStep {
    Key(String),
    /// A place in a list, from its end if negative. No list here has places farther out, and `put` fills a list up.
    Index(i16),
    /// The first element of a list that has this value at these keys.
    Where(Vec<String>, Wanted),
    /// A member whose name is looked up.
    Member(Wanted),
    /// The element of a list with the smallest value at these keys, whatever its place.
    Least(Vec<String>),
}

/// The value that a filter looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Text(String),
    /// A fact of the shop, by its name. Until it is looked up, no element has it.
    Fact(String),
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        for piece in pieces(text) {
            let (key, mut rest) = piece.find('[').map_or((piece, ""), |at| piece.split_at(at));
            if !key.is_empty() {
                steps.push(PathStep::Key(plain(key, text)?));
            } else if rest.is_empty() {
                return Err(format!("'{text}' is not a path: a name is missing between the dots"));
            }
            while let Some(inner) = rest.strip_prefix('[') {
                let bad = || format!("'{text}' is not a path: write places in a list as [0] or [-1]");
                let (number, after) = inner.split_once(']').ok_or_else(bad)?;
                steps.push(match (number.strip_prefix("first by "), number.split_once('='), fact_in(number)) {
                    (Some(key), ..) => PathStep::Least(keys_of(key, text)?),
                    (None, Some((key, word)), _) if !key.is_empty() => filter(key, word, text)?,
                    (None, None, Some(name)) => PathStep::Member(Wanted::Fact(name.to_owned())),
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

    /// The facts of the shop that it looks up.
    pub(super) fn slots(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            PathStep::Where(_, Wanted::Fact(name)) | PathStep::Member(Wanted::Fact(name)) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The path at one shop: with the shop's facts.
    pub(super) fn at_shop(&self, facts: &Facts) -> Cow<'_, Self> {
        if self.slots().next().is_none() {
            return Cow::Borrowed(self);
        }
        let known = |step: &PathStep| match step {
            PathStep::Where(keys, wanted) => PathStep::Where(keys.clone(), wanted.at_shop(facts)),
            PathStep::Member(wanted) => PathStep::Member(wanted.at_shop(facts)),
            other => other.clone(),
        };
        Cow::Owned(Self(self.0.iter().map(known).collect()))
    }

    /// The value at the path; `None` if a step does not exist.
    pub(super) fn get<'v, N: Node>(&self, value: &'v N) -> Option<&'v N> {
        self.0.iter().try_fold(value, |value, step| match step {
            PathStep::Key(key) | PathStep::Member(Wanted::Text(key)) => value.member(key),
            PathStep::Member(Wanted::Fact(_)) => None,
            PathStep::Where(keys, wanted) => elements(value).iter().find(|item| wanted.is_in(keys, *item)),
            PathStep::Least(keys) => {
                let list = elements(value);
                list.get(least(keys, list)?)
            }
            PathStep::Index(index) => {
                let list = elements(value);
                list.get(place_of(*index, list.len())?)
            }
        })
    }

    /// The list at the path; `None` if there is none. XML can write neither an empty list nor that one element is a list: where
    /// the answer `is_xml`, one is, and it is empty if the element that holds it is there and has nothing in it.
    pub(super) fn list<'v, N: Node>(&self, value: &'v N, is_xml: bool) -> Option<&'v [N]> {
        let found = self.get(value);
        match (found.map(Node::view), found) {
            (Some(View::List(items)), _) => Some(items),
            (Some(View::Null), _) => None,
            (Some(_), Some(one)) if is_xml => Some(std::slice::from_ref(one)),
            (None, _) if is_xml && self.holder(value).is_some_and(is_hollow) => Some(&[]),
            _ => None,
        }
    }

    /// Whether there is a list of an item at the path, or the only entry of one.
    pub(super) fn has_list<N: Node>(&self, value: &N, is_xml: bool) -> bool {
        if is_xml { self.list(value, true).is_some() } else { self.get(value).is_some_and(is_list) }
    }

    /// Where it leads to, among what is read. What it compares on its way is read, too.
    pub(super) fn select<'s>(&self, from: &'s mut Selection) -> &'s mut Selection {
        let mut place = from;
        for step in &self.0 {
            match step {
                PathStep::Key(key) | PathStep::Member(Wanted::Text(key)) => place = place.member(key),
                PathStep::Index(_) => {}
                PathStep::Where(keys, _) | PathStep::Least(keys) => {
                    keys.iter().fold(&mut *place, |place, key| place.member(key)).keep();
                }
                // Which one it is, the shop says.
                PathStep::Member(Wanted::Fact(_)) => {
                    place.keep();
                    return place;
                }
            }
        }
        place
    }

    /// What the last name of the path would be in.
    fn holder<'v, N: Node>(&self, value: &'v N) -> Option<&'v N> {
        let (PathStep::Key(_), front) = self.0.split_last()? else { return None };
        Self(front.to_vec()).get(value)
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
                PathStep::Key(key) | PathStep::Member(Wanted::Text(key) | Wanted::Fact(key)) => {
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
                PathStep::Least(keys) => {
                    let list = listed(place);
                    let at = least(keys, list).unwrap_or_else(|| {
                        list.push(Wanted::Text("1".to_owned()).element(keys));
                        list.len() - 1
                    });
                    &mut list[at]
                }
                PathStep::Where(keys, wanted) => {
                    let list = listed(place);
                    let at = list.iter().position(|item| wanted.is_in(keys, item)).unwrap_or_else(|| {
                        list.push(wanted.element(keys));
                        list.len() - 1
                    });
                    &mut list[at]
                }
            };
        }
        *place = new;
    }

    /// The names of the members that it leads through, if it leads through nothing else.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        let name = |step: &PathStep| if let PathStep::Key(name) = step { Some(name.clone()) } else { None };
        self.0.iter().map(name).collect()
    }

    /// Whether it leads to the list at `list`, or to an entry of it. A place in what is no list changes nothing.
    pub(super) fn leads_into(&self, list: &Self) -> bool {
        let is_name = |step: &&PathStep| !matches!(step, PathStep::Index(_));
        let mut steps = self.0.iter().skip_while(|step| !list.0.is_empty() && !is_name(step));
        for name in list.0.iter().filter(is_name) {
            if steps.by_ref().find(is_name) != Some(name) {
                return false;
            }
        }
        !matches!(steps.next(), Some(PathStep::Key(_)))
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
    pub(super) fn text<N: Node>(&self, value: &N) -> Option<String> {
        as_text(self.get(value)?)
    }

    /// The values at several paths, by name; those that are missing are left out.
    pub(super) fn pick(paths: &BTreeMap<String, Self>, value: &Value) -> Map<String, Value> {
        let found = |(name, path): (&String, &Self)| Some((name.clone(), path.get(value)?.clone()));
        paths.iter().filter_map(found).collect()
    }

    /// The elements at the path: those of a list, a single element for any other value, none for null.
    pub(super) fn each<'v, N: Node>(&self, value: &'v N) -> &'v [N] {
        self.get(value).map_or(&[], elements)
    }
}

impl Wanted {
    /// The same with the shop's facts.
    fn at_shop(&self, facts: &Facts) -> Self {
        match self {
            Self::Fact(name) => facts.get(name).and_then(as_text).map_or_else(|| self.clone(), Self::Text),
            Self::Text(_) => self.clone(),
        }
    }

    fn is_in<N: Node>(&self, keys: &[String], item: &N) -> bool {
        let Self::Text(word) = self else { return false };
        text_at(keys, item).is_some_and(|text| text == *word)
    }

    /// An element of a list that has it.
    fn element(&self, keys: &[String]) -> Value {
        let Self::Text(word) = self else { return Value::Object(Map::new()) };
        keys.iter().rev().fold(word.as_str().into(), |inner, key| serde_json::json!({ key: inner }))
    }
}

/// The elements of a list. Any other value is its only one, and null is none.
fn elements<N: Node>(value: &N) -> &[N] {
    match value.view() {
        View::List(items) => items,
        View::Null => &[],
        _ => std::slice::from_ref(value),
    }
}

/// Whether an element of XML has neither text nor elements.
fn is_hollow<N: Node>(element: &N) -> bool {
    let is_empty = |value: &N| matches!(value.view(), View::Text(""));
    match element.view() {
        View::Object => {
            element.members().all(|(name, value)| name.starts_with('@') || name == "#text" && is_empty(value))
        }
        _ => is_empty(element),
    }
}

/// The parts between the dots; a filter may contain dots.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut from, mut is_inside) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            '.' if !is_inside => {
                pieces.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if !text.is_empty() {
        pieces.push(&text[from..]);
    }
    pieces
}

fn keys_of(key: &str, text: &str) -> Result<Vec<String>, String> {
    let keys: Vec<String> = key.split('.').map(|key| plain(key, text)).collect::<Result<_, _>>()?;
    if keys.iter().any(String::is_empty) {
        return Err(format!("'{text}' is not a path: a name is missing between the dots"));
    }
    Ok(keys)
}

fn text_at<N: Node>(keys: &[String], item: &N) -> Option<String> {
    keys.iter().try_fold(item, |value, key| value.member(key)).and_then(as_text)
}

/// The place of the element with the smallest value at these keys: numbers before texts; elements without one do not count.
fn least<N: Node>(keys: &[String], list: &[N]) -> Option<usize> {
    let rank = |text: String| match text.parse::<Decimal>() {
        Ok(number) => (0, number, text),
        Err(_) => (1, Decimal::ZERO, text),
    };
    let ranked = list.iter().enumerate().filter_map(|(at, item)| Some((rank(text_at(keys, item)?), at)));
    ranked.min().map(|(_, at)| at)
}

fn filter(key: &str, word: &str, text: &str) -> Result<PathStep, String> {
    let keys = keys_of(key, text)?;
    let wanted = match fact_in(word) {
        Some(name) => Wanted::Fact(name.to_owned()),
        None => Wanted::Text(plain(word, text)?),
    };
    Ok(PathStep::Where(keys, wanted))
}

/// The name in `{name}`.
fn fact_in(word: &str) -> Option<&str> {
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(is_name)
}

/// A name as it is: it looks up nothing.
fn plain(name: &str, text: &str) -> Result<String, String> {
    if name.contains(['{', '}']) {
        return Err(format!(
            "'{text}' is not a path: a placeholder is a whole value of a filter, such as prices[currency={{currency}}]"
        ));
    }
    Ok(name.to_owned())
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
pub(super) fn as_text<N: Node>(value: &N) -> Option<String> {
    match value.view() {
        View::Text("") | View::Null | View::List(_) | View::Object => None,
        View::Text(text) => Some(text.to_owned()),
        View::Number(number) => Some(number.to_string()),
        View::Bool(truth) => Some(truth.to_string()),
    }
}

/// Whether a value is a list, or its only element. PHP writes a list with holes as an object of numbers.
fn is_list<N: Node>(value: &N) -> bool {
    match value.view() {
        View::Null => false,
        View::Object => {
            let mut names = value.members().map(|(name, _)| name).peekable();
            names.peek().is_none() || names.any(|name| name.parse::<u64>().is_err())
        }
        _ => true,
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
    fn one_element_is_a_list_of_one_and_an_empty_holder_has_an_empty_list() {
        let path = |text: &str| Path::parse(text).expect("parses");
        let value = json!({
            "one": { "p": { "@id": "1", "#text": "Lamp" } }, "two": { "p": ["x", "y"] }, "none": "", "bare": { "@n": "0", "#text": "" },
            "told": "no products", "other": { "error": "down" }, "deep": { "p": null }, "deeper": null
        });
        for name in ["one.p[0].#text", "one.p[-1].#text", "one.p[@id=1].#text", "one.p[first by @id].#text"] {
            assert_eq!(path(name).text(&value).as_deref(), Some("Lamp"), "{name}");
        }
        assert_eq!((path("one.p[1]").get(&value), path("one.p[@id=2]").get(&value)), (None, None));
        assert_eq!((path("deep.p[0]").get(&value), path("gone[0]").get(&value)), (None, None));
        let count = |text: &str, is_xml: bool| path(text).list(&value, is_xml).map(<[Value]>::len);
        assert_eq!((count("two.p", true), count("one.p", true), count("none.p", true)), (Some(2), Some(1), Some(0)));
        assert_eq!((count("bare.p", true), count("two.p[5]", true)), (Some(0), None));
        for unknown in ["gone.p", "told.p", "other.p", "deep.p", "deeper.p", "p", ""] {
            assert_eq!(count(unknown, true), if unknown.is_empty() { Some(1) } else { None }, "{unknown}");
        }
        assert_eq!((count("two.p", false), count("one.p", false), count("none.p", false)), (Some(2), None, None));
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
    fn a_filter_looks_deep_and_has_the_facts_of_the_shop() {
        let value = json!({ "p": [{ "m": { "c": "usd" }, "n": 1 }, { "m": { "c": "eur" }, "n": 2 }, { "m.c": "a.b", "n": 3 }] });
        let path = |text: &str| Path::parse(text).expect("parses");
        let facts = |currency: Value| Facts::from_iter([("currency".to_owned(), currency)]);
        let at = |facts: &Facts| path("p[m.c={currency}].n").at_shop(facts).text(&value);
        assert_eq!(
            (path("p[m.c=eur].n").text(&value).as_deref(), path("p[n=3].n").text(&value).as_deref()),
            (Some("2"), Some("3"))
        );
        assert_eq!(path("p[m.c={currency}]").slots().collect::<Vec<_>>(), ["currency"]);
        assert_eq!(at(&facts(json!("eur"))).as_deref(), Some("2"));
        assert_eq!((at(&facts(Value::Null)), at(&Facts::new())), (None, None), "never just any element");
        let mut made = json!([]);
        path("[m.c={currency}].n").at_shop(&facts(json!("jpy"))).put(&mut made, json!(7));
        assert_eq!(made, json!([{ "m": { "c": "jpy" }, "n": 7 }]));
    }

    #[test]
    fn a_member_is_named_by_a_fact_of_the_shop() {
        let path = Path::parse("t[{language}].v").expect("parses");
        let value = json!({ "t": { "de": { "v": "Krug" }, "en": { "v": "Mug" } } });
        let at = |language: Value| {
            let facts = Facts::from_iter([("language".to_owned(), language)]);
            path.at_shop(&facts).text(&value)
        };
        assert_eq!((at(json!("en")).as_deref(), at(json!("de")).as_deref()), (Some("Mug"), Some("Krug")));
        assert_eq!((at(json!("fr")), at(Value::Null), path.text(&value)), (None, None, None), "never just any");
        assert_eq!(path.slots().collect::<Vec<_>>(), ["language"]);
        let mut made = json!({});
        path.at_shop(&Facts::from_iter([("language".to_owned(), json!("fr"))])).put(&mut made, json!("Tasse"));
        assert_eq!(made, json!({ "t": { "fr": { "v": "Tasse" } } }));
    }

    #[test]
    fn the_first_by_a_key_is_the_same_wherever_it_stands() {
        let path = |text: &str| Path::parse(text).expect("parses");
        let of = |list: Value| path("v[first by at.n].id").text(&json!({ "v": list }));
        let element = |n: Value, id: &str| json!({ "at": { "n": n }, "id": id });
        let (nine, ten, none) = (element(json!(9), "a"), element(json!("10"), "b"), json!({ "id": "c" }));
        assert_eq!(of(json!([ten, nine, none])).as_deref(), Some("a"), "numbers are no texts");
        assert_eq!(of(json!([none, nine, ten])).as_deref(), Some("a"));
        assert_eq!(of(json!([element(json!("x"), "t"), ten])).as_deref(), Some("b"));
        assert_eq!((of(json!([none])), of(json!([])), of(json!({}))), (None, None, None));
        let mut value = json!({ "v": [ten, nine] });
        path("v[first by at.n].id").put(&mut value, json!("new"));
        assert_eq!((value["v"][1]["id"].as_str(), of(value["v"].clone()).as_deref()), (Some("new"), Some("new")));
        let mut value = json!({});
        path("v[first by at.n].id").put(&mut value, json!("new"));
        assert_eq!(of(value["v"].clone()).as_deref(), Some("new"));
    }

    #[test]
    fn what_leads_into_a_list_is_known() {
        let path = |text: &str| Path::parse(text).expect("parses");
        for (into, list) in [
            ("[-1].id", ""),
            ("[id=1]", ""),
            ("", ""),
            ("data.list", "data.list"),
            ("data.list[-1].id", "data.list"),
            ("data[0].list[-1].id", "data.list"),
            ("[0].data.list[first by id].id", "data.list"),
            ("data.list[{language}]", "data.list"),
        ] {
            assert!(path(into).leads_into(&path(list)), "{into} into {list}");
        }
        for (beside, list) in [
            ("code", ""),
            ("data", "data.list"),
            ("data.next", "data.list"),
            ("data.list.total", "data.list"),
            ("list[0]", "data.list"),
        ] {
            assert!(!path(beside).leads_into(&path(list)), "{beside} beside {list}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_refused() {
        for text in [
            "a..b",
            "a[",
            "a[x]",
            "a]b[",
            ".a",
            "a[0]b",
            "a[-9223372036854775808]",
            "a[99999]",
            "{a}",
            "a.{b}",
            "a[{b}=c]",
            "a[b=x{c}]",
            "a[b={c.d}]",
            "a[{b.c}]",
            "a[{}]",
            "a[b..c=d]",
            "a[first by ]",
            "a[first by {b}]",
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        assert_eq!(Path::parse("[-32768]").expect("parses").get(&json!([1])), None);
    }
}
