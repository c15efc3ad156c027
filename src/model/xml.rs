//! Parses XML from outside into the values that JSON would have, so that one kind of path reads both. Repairs what makes a
//! document unusable for no good reason, as for JSON; nothing in it is fetched or expanded, and half of it is none.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesDecl, BytesRef, BytesStart, BytesText, Event},
};
use serde_json::{Map, Value};

use super::json;

/// The maximum depth of elements; deeper ones become null. With the lists between them, no value is deeper than those of JSON.
const DEEPEST: usize = 50;

/// White space of XML. Others, such as a no-break space, are text.
const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The encodings whose bytes are read: one, and its subset.
const ENCODINGS: [&str; 3] = ["utf-8", "utf8", "us-ascii"];

/// The member with the text of an element that has attributes or elements too.
const TEXT: &str = "#text";

/// Parses a document: an object whose only member is the root element. An element is its text; with attributes or elements it
/// is an object of them, its text under `#text`, an attribute `id` under `@id`. Elements of one name within one are a list.
///
/// # Errors
/// Fails with the reason if the document is not well-formed, is cut off, is a web page, is declared to be in another encoding than
/// UTF-8, or declares entities.
pub fn read(bytes: &[u8]) -> Result<Value, String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("it is in UTF-16: only UTF-8 is read".to_owned());
    }
    let text = json::decode(bytes);
    let mut reader = Reader::from_str(text.trim_start_matches(WHITE));
    let mut document = DocumentBuilder::default();
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return document.finish(),
            Ok(event) => document.take(event)?,
            Err(why) => return Err(format!("{why} at byte {}", reader.error_position())),
        }
    }
}

/// Whether a body begins as a document of XML, and not as a web page.
pub fn begins(bytes: &[u8]) -> bool {
    let text = json::decode(&bytes[..bytes.len().min(64)]).trim_start_matches(WHITE).to_ascii_lowercase();
    text.starts_with('<') && !["<!doctype html", "<html"].iter().any(|page| text.starts_with(page))
}

/// A document as far as it was read.
#[derive(Default)]
struct DocumentBuilder {
    /// The elements whose end is still to come, from the root on.
    open: Vec<OpenElement>,
    /// How many more are open within the last one of them: too deep to keep.
    skipped: usize,
    root: Option<Map<String, Value>>,
    /// Whether anything stood before: then a declaration comes too late.
    begun: bool,
}

struct OpenElement {
    name: String,
    /// Its attributes, and the elements that have ended.
    members: Map<String, Value>,
    text: String,
}

impl DocumentBuilder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) => self.start(&tag)?,
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text)?,
            Event::CData(data) => self.add_text(&data.xml10_content().map_err(|e| e.to_string())?)?,
            Event::GeneralRef(reference) => self.add_text(&resolved(&reference)?)?,
            Event::Decl(declaration) => self.declare(&declaration)?,
            Event::DocType(document_type) => self.declare_type(&document_type)?,
            Event::Comment(_) | Event::PI(_) | Event::Eof => {}
        }
        self.begun = true;
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        let name = name(tag.name().as_ref())?;
        if self.open.is_empty() {
            self.may_be_root(&name)?;
        }
        if self.skipped == 0 && self.open.len() < DEEPEST {
            self.open.push(OpenElement::new(name, tag)?);
            return Ok(());
        }
        if self.skipped == 0
            && let Some(parent) = self.open.last_mut()
        {
            parent.add(name, Value::Null);
        }
        self.skipped += 1;
        Ok(())
    }

    fn may_be_root(&self, name: &str) -> Result<(), String> {
        if self.root.is_some() {
            return Err(format!("<{name}> stands behind its root element"));
        }
        if name.eq_ignore_ascii_case("html") { Err("it is a web page".to_owned()) } else { Ok(()) }
    }

    /// Ends the last element. The reader has seen that the end tag is its own.
    fn end(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if let Some(element) = self.open.pop() {
            let (name, value) = element.finish();
            match self.open.last_mut() {
                Some(parent) => parent.add(name, value),
                None => self.root = Some(Map::from_iter([(name, value)])),
            }
        }
    }

    fn text(&mut self, text: &BytesText<'_>) -> Result<(), String> {
        let text = text.xml10_content().map_err(|e| e.to_string())?;
        if text.contains("]]>") {
            return Err("its text has ']]>' without a beginning".to_owned());
        }
        if self.open.is_empty() && text.trim_matches(WHITE).is_empty() { Ok(()) } else { self.add_text(&text) }
    }

    fn add_text(&mut self, text: &str) -> Result<(), String> {
        let element = self.open.last_mut().ok_or("text stands outside of its root element")?;
        if self.skipped == 0 {
            element.text.extend(text.chars().filter(|c| is_kept(*c)));
        }
        Ok(())
    }

    fn declare(&self, declaration: &BytesDecl<'_>) -> Result<(), String> {
        if self.begun {
            return Err("its declaration does not stand at its beginning".to_owned());
        }
        let Some(encoding) = declaration.encoding() else { return Ok(()) };
        let encoding = String::from_utf8_lossy(&encoding.map_err(|e| e.to_string())?).into_owned();
        if ENCODINGS.iter().any(|known| encoding.eq_ignore_ascii_case(known)) {
            return Ok(());
        }
        Err(format!("it is declared to be in {encoding}: only UTF-8 is read"))
    }

    /// Takes no declarations of entities: they would make a large document of a small one, or name files of this machine.
    fn declare_type(&self, document_type: &[u8]) -> Result<(), String> {
        if !self.open.is_empty() || self.root.is_some() {
            return Err("its DOCTYPE does not stand before its root element".to_owned());
        }
        if document_type.contains(&b'[') {
            return Err("its DOCTYPE declares entities or the like, which is refused".to_owned());
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Value, String> {
        match (self.open.pop(), self.root) {
            (Some(element), _) => Err(format!("it is cut off: </{}> is missing", element.name)),
            (None, Some(root)) => Ok(Value::Object(root)),
            (None, None) => Err("it has no element".to_owned()),
        }
    }
}

impl OpenElement {
    fn new(name: String, tag: &BytesStart<'_>) -> Result<Self, String> {
        Ok(Self { name, members: attributes(tag)?, text: String::new() })
    }

    /// Adds an element that has ended.
    fn add(&mut self, name: String, value: Value) {
        match self.members.get_mut(&name) {
            // No element is a list itself.
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                self.members.insert(name, value);
            }
        }
    }

    fn finish(mut self) -> (String, Value) {
        let text = self.text.trim_matches(WHITE);
        if self.members.is_empty() {
            return (self.name, text.into());
        }
        let has_elements = self.members.keys().any(|name| !name.starts_with('@'));
        if !text.is_empty() || !has_elements {
            self.members.insert(TEXT.to_owned(), text.into());
        }
        (self.name, Value::Object(self.members))
    }
}

/// The attributes of an element, without those that declare a namespace.
fn attributes(tag: &BytesStart<'_>) -> Result<Map<String, Value>, String> {
    let mut members = Map::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let key = name(attribute.key.as_ref())?;
        if attribute.value.contains(&b'<') {
            return Err(format!("the value of the attribute {key} has a '<'"));
        }
        let value = attribute.normalized_value_with(XmlVersion::Implicit1_0, 1, resolve_xml_entity);
        let value = value.map_err(|e| e.to_string())?;
        if key != "xmlns" && !key.starts_with("xmlns:") {
            let text: String = value.chars().filter(|c| is_kept(*c)).collect();
            members.insert(format!("@{key}"), text.into());
        }
    }
    Ok(members)
}

/// The name of an element or an attribute, with its prefix as it is written.
fn name(bytes: &[u8]) -> Result<String, String> {
    let name = String::from_utf8_lossy(bytes).into_owned();
    let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':');
    let goes_on = |c: char| c.is_alphanumeric() || ['_', ':', '-', '.', '\u{b7}'].contains(&c);
    if begins && name.chars().all(goes_on) { Ok(name) } else { Err(format!("'{name}' is no name of an element")) }
}

/// The text of a reference: a character by its number, or one of the five entities that every document knows.
fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|e| e.to_string())? {
        return Ok(character.to_string());
    }
    let name = String::from_utf8_lossy(reference);
    let known = resolve_xml_entity(&name).map(str::to_owned);
    known.ok_or_else(|| format!("it has the entity '{name}', which is not one of XML's own"))
}

/// Whether a character is text: not one of those that no database takes.
fn is_kept(character: char) -> bool {
    !character.is_control() || WHITE.contains(&character)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        read(text.as_bytes()).unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    /// The expected values were made by Python's xml.etree: text, attributes and children of each element, the texts without
    /// the white space around them. Only prefixes are written otherwise there.
    #[test]
    fn a_document_is_what_another_parser_reads() {
        for (text, right) in [
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<shop/>", json!({ "shop": "" })),
            ("<shop>\n  <name> Lamps &amp; more </name>\n</shop>", json!({ "shop": { "name": "Lamps & more" } })),
            ("<s><p>1</p><x/><p>2</p><p/></s>", json!({ "s": { "p": ["1", "2", ""], "x": "" } })),
            (
                "<s><p id='7' url=\"/a?b=1&amp;c=&#39;2&#39;\">Lamp</p></s>",
                json!({ "s": { "p": { "@id": "7", "@url": "/a?b=1&c='2'", "#text": "Lamp" } } }),
            ),
            (
                "<s><name><language id=\"1\"><![CDATA[<b>Lamp</b> & ]]>shade</language><language id=\"2\"></language></name></s>",
                json!({ "s": { "name": { "language": [
                    { "@id": "1", "#text": "<b>Lamp</b> & shade" }, { "@id": "2", "#text": "" }
                ] } } }),
            ),
            ("<s>a<b>c</b><!-- d -->e&#x20AC;&#8364;</s>", json!({ "s": { "b": "c", "#text": "ae\u{20ac}\u{20ac}" } })),
            (
                "<a:s xmlns:a='urn:a' xmlns='urn:b'><p a:id='1'/></a:s>",
                json!({ "a:s": { "p": { "@a:id": "1", "#text": "" } } }),
            ),
            ("<s><p>one\r\ntwo</p></s>", json!({ "s": { "p": "one\ntwo" } })),
            ("<s a='x\ty\nz'/>", json!({ "s": { "@a": "x y z", "#text": "" } })),
            ("<!DOCTYPE s SYSTEM \"s.dtd\"><?php x?><s>\u{a0}</s>", json!({ "s": "\u{a0}" })),
            ("<s>&lt;&gt;&quot;&apos;&amp;lt;</s>", json!({ "s": "<>\"'&lt;" })),
        ] {
            assert_eq!(value(text), right, "{text}");
        }
    }

    #[test]
    fn what_is_malformed_or_cut_off_is_no_document() {
        for (text, why) in [
            ("", "no element"),
            ("{\"a\": 1}", "outside of its root element"),
            ("<a><b></a></b>", "expected `</b>`"),
            ("<a></a></b>", "does not match any open tag"),
            ("<a><b>", "</b> is missing"),
            ("<a><b", "tag not closed"),
            ("<a b=\"1", "not closed"),
            ("<a><![CDATA[x</a>", "CDATA not closed"),
            ("<a><!-- x</a>", "comment not closed"),
            ("<a/><b/>", "<b> stands behind its root element"),
            ("<a/>x", "outside of its root element"),
            ("<a/>&amp;", "outside of its root element"),
            ("<a>x & y</a>", "reference not closed"),
            ("<a>&nbsp;</a>", "the entity 'nbsp'"),
            ("<a b='&nbsp;'/>", "nbsp"),
            ("<a>&#xD800;</a>", ""),
            ("<a b='1' b='2'/>", "duplicate"),
            ("<a b='1<2'/>", "has a '<'"),
            ("<a b=1/>", ""),
            ("<1a/>", "no name"),
            ("< a/>", "no name"),
            ("<a>]]></a>", "']]>'"),
            ("<a><?xml version='1.0'?></a>", "does not stand at its beginning"),
            ("<a/><!DOCTYPE a>", "before its root element"),
            ("<HTML><body/></HTML>", "a web page"),
        ] {
            let said = read(text.as_bytes()).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn every_beginning_of_a_document_is_refused() {
        let text = "<?xml version=\"1.0\"?><s a=\"1\"><p><![CDATA[x]]>&amp;</p><p/>\u{e9}</s>";
        for end in 0..text.len() {
            assert!(read(&text.as_bytes()[..end]).is_err(), "{}", &text.as_bytes()[..end].escape_ascii());
        }
        assert!(read(text.as_bytes()).is_ok());
    }

    #[test]
    fn nothing_is_expanded_or_fetched() {
        let laughs = "<!DOCTYPE s [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><s>&b;</s>";
        let file = "<!DOCTYPE s [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><s>&x;</s>";
        for text in [laughs, file, "<!DOCTYPE s [<!ENTITY % x SYSTEM 'http://127.0.0.1/'>%x;]><s/>"] {
            let said = read(text.as_bytes()).expect_err("is refused");
            assert!(said.contains("declares entities"), "{said}");
        }
    }

    #[test]
    fn another_encoding_is_named_and_bad_bytes_do_no_harm() {
        let said = |bytes: &[u8]| read(bytes).expect_err("is refused");
        assert!(
            said(b"<?xml version='1.0' encoding='ISO-8859-1'?><s>Caf\xe9</s>").contains("in ISO-8859-1: only UTF-8")
        );
        assert!(said(b"\xff\xfe<\0s\0/\0>\0").contains("UTF-16"));
        assert_eq!(value("<?xml version='1.0' encoding='us-ascii'?><s/>"), json!({ "s": "" }));
        assert_eq!(read(b"\xef\xbb\xbf\n<s>Caf\xe9&#1;\x00\x0b</s>"), Ok(json!({ "s": "Caf\u{fffd}" })));
    }

    #[test]
    fn what_is_too_deep_is_null_and_the_rest_is_read() {
        let text = format!("<s><a>{}x{}</a><z>!</z></s>", "<d>".repeat(100_000), "</d>".repeat(100_000));
        let whole = value(&text);
        assert_eq!(whole["s"]["z"], "!");
        let (mut at, mut depth) = (&whole["s"]["a"], 2);
        while let Some(inner) = at.get("d") {
            (at, depth) = (inner, depth + 1);
        }
        assert_eq!((at, depth), (&Value::Null, DEEPEST + 1));
    }

    #[test]
    fn a_document_begins_otherwise_than_a_page() {
        for (text, is_xml) in
            [("\n<?xml version='1.0'?>", true), ("<s>", true), ("<!DOCTYPE HTML>", false), ("{}", false)]
        {
            assert_eq!(begins(text.as_bytes()), is_xml, "{text}");
        }
    }
}
