//! JSON as paths look it up: a `Value`, or a tree that borrows its texts from a response. An item of a page is read into such a
//! tree, mapped and dropped: it costs no copy of any name, and of a text only where it is kept.

use std::{borrow::Cow, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value, value::RawValue};

use super::selection::Selection;

/// A JSON value.
pub(super) trait Node: Sized {
    fn view(&self) -> View<'_, Self>;

    /// The member of an object with this name; of several, the last one.
    fn member(&self, name: &str) -> Option<&Self>;

    /// The members of an object as they are written, a name perhaps twice; none of anything else.
    fn members(&self) -> impl Iterator<Item = (&str, &Self)>;

    fn to_value(&self) -> Value;
}

/// What a JSON value is.
pub(super) enum View<'v, N> {
    Null,
    Bool(bool),
    Number(&'v Number),
    Text(&'v str),
    List(&'v [N]),
    Object,
}

impl Node for Value {
    fn view(&self) -> View<'_, Self> {
        match self {
            Self::Null => View::Null,
            Self::Bool(truth) => View::Bool(*truth),
            Self::Number(number) => View::Number(number),
            Self::String(text) => View::Text(text),
            Self::Array(list) => View::List(list),
            Self::Object(_) => View::Object,
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        self.get(name)
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }

    fn to_value(&self) -> Value {
        self.clone()
    }
}

/// A JSON value that borrows its texts from the document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum BorrowedJson<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    /// As written: a name may stand there twice.
    Object(Vec<(Cow<'t, str>, Self)>),
}

impl Node for BorrowedJson<'_> {
    fn view(&self) -> View<'_, Self> {
        match self {
            Self::Null => View::Null,
            Self::Bool(truth) => View::Bool(*truth),
            Self::Number(number) => View::Number(number),
            Self::Text(text) => View::Text(text),
            Self::List(list) => View::List(list),
            Self::Object(_) => View::Object,
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rev().find_map(|(own, value)| (own == name).then_some(value))
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let members: &[_] = if let Self::Object(members) = self { members } else { &[] };
        members.iter().map(|(name, value)| (&**name, value))
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone().into_owned()),
            Self::List(list) => list.iter().map(Self::to_value).collect(),
            Self::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.clone().into_owned(), value.to_value()));
                Value::Object(members.collect())
            }
        }
    }
}

/// Reads what is selected of a document, but for its items: the entries of the list at `path` stay as they are written. Without
/// such a list there are none.
pub(super) fn read_page<'t>(
    text: &'t str,
    reads: &Selection,
    path: Option<&[String]>,
) -> serde_json::Result<(BorrowedJson<'t>, Option<Vec<&'t RawValue>>)> {
    let mut items = None;
    let items_at = path.map(|path| ItemsAt { path, items: &mut items });
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let tree = Reader { reads, items_at }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((tree, items))
}

/// Reads what is selected of an item.
pub(super) fn read_item<'t>(text: &'t str, reads: &Selection) -> serde_json::Result<BorrowedJson<'t>> {
    read_page(text, reads, None).map(|(tree, _)| tree)
}

/// Takes in what is selected, and leaves out the rest.
struct Reader<'s, 'i, 'de> {
    reads: &'s Selection,
    items_at: Option<ItemsAt<'s, 'i, 'de>>,
}

/// Where the items of a page are, and those that were found.
struct ItemsAt<'s, 'i, 'de> {
    path: &'s [String],
    items: &'i mut Option<Vec<&'de RawValue>>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_, '_, 'de> {
    type Value = BorrowedJson<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<BorrowedJson<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_, '_, 'de> {
    type Value = BorrowedJson<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<BorrowedJson<'de>, E> {
        Ok(BorrowedJson::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<BorrowedJson<'de>, E> {
        Ok(BorrowedJson::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<BorrowedJson<'de>, E> {
        Ok(BorrowedJson::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<BorrowedJson<'de>, E> {
        Ok(Number::from_f64(value).map_or(BorrowedJson::Null, BorrowedJson::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<BorrowedJson<'de>, E> {
        Ok(BorrowedJson::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<BorrowedJson<'de>, E> {
        Ok(BorrowedJson::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<BorrowedJson<'de>, E> {
        Ok(BorrowedJson::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<BorrowedJson<'de>, A::Error> {
        if let Some(ItemsAt { path: [], items }) = self.items_at {
            let found = items.insert(Vec::new());
            while let Some(item) = list.next_element()? {
                found.push(item);
            }
            return Ok(BorrowedJson::List(Vec::new()));
        }
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Reader { reads: self.reads, items_at: None })? {
            values.push(value);
        }
        Ok(BorrowedJson::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<BorrowedJson<'de>, A::Error> {
        let Self { reads, mut items_at } = self;
        let (mut members, width) = (Vec::new(), reads.width());
        while let Some(name) = object.next_key_seed(Name)? {
            let Some(reads) = reads.of(&name) else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            let items_at = items_at.as_mut().and_then(|ItemsAt { path, items }| {
                let (_, path) = path.split_first().filter(|(first, _)| **first == *name)?;
                // Of two members with this name, the last one counts.
                **items = None;
                Some(ItemsAt { path, items })
            });
            // Not before: an answer of empty objects would cost hundreds of times its size.
            if members.is_empty() {
                members.reserve(width);
            }
            members.push((name, object.next_value_seed(Reader { reads, items_at })?));
        }
        Ok(BorrowedJson::Object(members))
    }
}

/// The name of a member; borrowed, where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole() -> Selection {
        let mut reads = Selection::default();
        reads.keep();
        reads
    }

    #[test]
    fn a_tree_is_what_a_value_is() {
        for text in [
            r#"{"a": [1, -2, 2.5, 1e300, 18446744073709551615, 123456789012345678901], "b": {"c": "x\n\u00e9", "d": null, "e": true}}"#,
            r#"{"a": 1, "b": 2, "a": {"c": 3}}"#,
            r#""text""#,
            "[]",
            "null",
        ] {
            let value: Value = serde_json::from_str(text).expect("is JSON");
            let tree = read_item(text, &whole()).expect("is JSON");
            assert_eq!(tree.to_value(), value, "{text}");
            assert_eq!(tree.member("a").map(Node::to_value), value.get("a").cloned(), "{text}");
        }
        assert!(read_item("{\"a\": 1} 2", &whole()).is_err() && read_item("{\"a\": }", &whole()).is_err());
    }

    #[test]
    fn empty_objects_take_no_place_for_what_they_might_have() {
        let mut reads = Selection::default();
        for name in ["a", "b", "c"] {
            reads.member(name).keep();
        }
        let tree = read_item(r#"[{}, {"x": 1}, {"a": 1}]"#, &reads).expect("is JSON");
        let BorrowedJson::List(list) = &tree else { panic!("{tree:?}") };
        let room: Vec<bool> =
            list.iter().map(|tree| matches!(tree, BorrowedJson::Object(m) if m.capacity() > 0)).collect();
        assert_eq!(room, [false, false, true]);
    }

    #[test]
    fn names_and_texts_are_borrowed() {
        let tree = read_item(r#"{"name": ["plain", "with \"marks\""]}"#, &whole()).expect("is JSON");
        let BorrowedJson::Object(members) = &tree else { panic!("{tree:?}") };
        let (Cow::Borrowed("name"), BorrowedJson::List(texts)) = &members[0] else { panic!("{tree:?}") };
        assert!(
            matches!(&texts[..], [BorrowedJson::Text(Cow::Borrowed("plain")), BorrowedJson::Text(Cow::Owned(_))]),
            "{texts:?}"
        );
    }

    #[test]
    fn the_items_of_a_page_stay_as_they_are_written() {
        let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let read = |text: &'static str, names: &[&str]| {
            let (tree, items) = read_page(text, &whole(), Some(&path(names))).expect("is JSON");
            (tree.to_value(), items.map(|items| items.iter().map(|item| item.get()).collect::<Vec<_>>()))
        };
        assert_eq!(read("[ {\"a\" : 1}, 2 ]", &[]), (json!([]), Some(vec!["{\"a\" : 1}", "2"])));
        let text = r#"{"total": 2, "data": {"list": [[1], {"list": [3]}], "more": true}}"#;
        assert_eq!(
            read(text, &["data", "list"]),
            (json!({ "total": 2, "data": { "list": [], "more": true } }), Some(vec!["[1]", "{\"list\": [3]}"]))
        );
        // What is no list there is read like everything else: PHP writes a list with holes as an object.
        for text in
            [r#"{"data": {"list": {"1": 2}}}"#, r#"{"data": {"list": null}}"#, r#"{"data": [{"list": [1]}]}"#, "{}"]
        {
            assert_eq!(read(text, &["data", "list"]), (serde_json::from_str(text).expect("is JSON"), None), "{text}");
        }
        // Of two members with this name, the last one counts.
        assert_eq!(read(r#"{"list": [1], "list": null}"#, &["list"]), (json!({ "list": null }), None));
        assert_eq!(read(r#"{"list": [1], "list": [2]}"#, &["list"]).1, Some(vec!["2"]));
        assert!(read_page(r#"{"list": [{"a": }]}"#, &whole(), Some(&path(&["list"]))).is_err(), "checked to be JSON");
    }
}
