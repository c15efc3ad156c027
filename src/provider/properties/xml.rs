//! XML from outside: what another writer wrote comes back, and nothing that is no document is read or panics.

use proptest::{
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::{Index, select},
};
use quick_xml::{
    Writer,
    events::{BytesCData, BytesStart, BytesText, Event},
};
use serde_json::{Map, Value};

use crate::{
    model::xml,
    outside::cases::{CASES, changed, hold, text},
};

/// An element as it is drawn.
#[derive(Debug, Clone)]
struct DrawnElement {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    inside: Vec<DrawnPiece>,
}

/// What stands in an element.
#[derive(Debug, Clone)]
enum DrawnPiece {
    Element(DrawnElement),
    Text(String),
    Data(String),
    Comment,
}

/// Texts without the characters that no text keeps, and without the line ends that a parser changes.
fn words() -> impl Strategy<Value = String> + Clone {
    text("ab &<>\"';#\n]{é", 6).prop_map(|text| text.chars().filter(|c| !c.is_control() || *c == '\n').collect())
}

fn element() -> impl Strategy<Value = DrawnElement> {
    let name = || select(vec!["a", "b", "g:price", "x-1.y"]);
    let attributes = || proptest::collection::vec((select(vec!["id", "g:id", "n"]), words()), 0..3);
    let leaf =
        prop_oneof![words().prop_map(DrawnPiece::Text), words().prop_map(DrawnPiece::Data), Just(DrawnPiece::Comment)];
    let piece = leaf.prop_recursive(4, 24, 4, move |inner| {
        let inside = proptest::collection::vec(inner, 0..4);
        (name(), attributes(), inside).prop_map(|(name, attributes, inside)| {
            DrawnPiece::Element(DrawnElement { name, attributes: once(attributes), inside })
        })
    });
    let name = || select(vec!["a", "b", "g:price", "x-1.y"]);
    let attributes = proptest::collection::vec((select(vec!["id", "g:id", "n"]), words()), 0..3);
    (name(), attributes, proptest::collection::vec(piece, 0..4)).prop_map(|(name, attributes, inside)| DrawnElement {
        name,
        attributes: once(attributes),
        inside,
    })
}

/// The first attribute of each name: a second one is malformed.
fn once(attributes: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let mut kept: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in attributes {
        if kept.iter().all(|(known, _)| *known != name) {
            kept.push((name, value));
        }
    }
    kept
}

impl DrawnElement {
    fn write(&self, writer: &mut Writer<Vec<u8>>) {
        let mut tag = BytesStart::new(self.name);
        for (name, value) in &self.attributes {
            tag.push_attribute((*name, value.as_str()));
        }
        let end = tag.to_end().into_owned();
        writer.write_event(Event::Start(tag)).expect("is written");
        for piece in &self.inside {
            match piece {
                DrawnPiece::Element(element) => element.write(writer),
                DrawnPiece::Text(text) => writer.write_event(Event::Text(BytesText::new(text))).expect("is written"),
                DrawnPiece::Data(text) => {
                    for part in BytesCData::escaped(text) {
                        writer.write_event(Event::CData(part)).expect("is written");
                    }
                }
                DrawnPiece::Comment => {
                    writer.write_event(Event::Comment(BytesText::from_escaped(" & < x "))).expect("is written");
                }
            }
        }
        writer.write_event(Event::End(end)).expect("is written");
    }

    /// What is to be read of it.
    fn value(&self) -> Value {
        let spaced = |text: &String| text.replace('\n', " ");
        let attributes = self.attributes.iter().map(|(name, value)| (format!("@{name}"), spaced(value).into()));
        let mut members: Map<String, Value> = attributes.collect();
        let elements = || {
            self.inside
                .iter()
                .filter_map(|piece| if let DrawnPiece::Element(element) = piece { Some(element) } else { None })
        };
        for element in elements() {
            let all: Vec<Value> = elements().filter(|other| other.name == element.name).map(Self::value).collect();
            let value = if let [one] = &all[..] { one.clone() } else { Value::Array(all) };
            members.insert(element.name.to_owned(), value);
        }
        let texts = self.inside.iter().filter_map(|piece| match piece {
            DrawnPiece::Text(text) | DrawnPiece::Data(text) => Some(text.as_str()),
            _ => None,
        });
        let text: String = texts.collect();
        let text = text.trim_matches([' ', '\n']);
        if members.is_empty() {
            return text.into();
        }
        if !text.is_empty() || elements().next().is_none() {
            members.insert("#text".to_owned(), text.into());
        }
        Value::Object(members)
    }

    fn document(&self) -> String {
        let mut writer = Writer::new(Vec::new());
        self.write(&mut writer);
        String::from_utf8(writer.into_inner()).expect("is a text")
    }
}

#[test]
fn what_another_program_wrote_comes_back() {
    hold(CASES * 2, &element(), |root| {
        let text = root.document();
        let right = Value::Object(Map::from_iter([(root.name.to_owned(), root.value())]));
        assert_eq!(xml::read(text.as_bytes()), Ok(right), "{text}");
    });
}

#[test]
fn no_beginning_of_a_document_is_one() {
    hold(CASES, &(element(), any::<Index>()), |(root, at)| {
        let text = root.document();
        let cut = &text.as_bytes()[..at.index(text.len())];
        assert!(xml::read(cut).is_err(), "{}", cut.escape_ascii());
    });
}

#[test]
fn nothing_panics_and_what_is_read_is_an_object_of_one_root() {
    let signs = "<>/!?&;#x-[]='\"ab \u{0}\u{1}";
    let tags = [
        "<a>",
        "</a>",
        "<a/>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?xml ",
        "?>",
        "<!DOCTYPE ",
        "<!ENTITY ",
        "&lt;",
        "&#",
        "&a;",
    ];
    let piece = prop_oneof![2 => text(signs, 4), 3 => select(tags.to_vec()).prop_map(str::to_owned)];
    let texts = proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    let edited = (element(), any::<Index>(), any::<char>())
        .prop_map(|(root, at, to)| changed(&root.document(), at, to).unwrap_or_default());
    let bytes = proptest::collection::vec(any::<u8>(), 0..24);
    let every = prop_oneof![texts.prop_map(String::into_bytes), edited.prop_map(String::into_bytes), bytes];
    hold(CASES * 4, &every, |bytes| {
        if let Ok(value) = xml::read(&bytes) {
            assert_eq!(value.as_object().map(Map::len), Some(1), "{}", bytes.escape_ascii());
        }
    });
}
