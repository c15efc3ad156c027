//! Templates: what is text and what is a placeholder, where values go, and that none of them breaks out of its place.

use std::{collections::BTreeMap, sync::Arc};

use percent_encoding::percent_decode_str;
use proptest::{
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::select,
};
use regex::Regex;
use serde_json::{Map, Value, json};
use url::Url;

use super::{app, client, grant, now, platform, wait};
use crate::{
    model::{Facts, FailureKind},
    outside::{
        Exchange, ExpectedRequest, Reply, Script,
        cases::{CASES, hold, json, text},
    },
    provider::{
        context::TemplateContext,
        probe,
        template::{Template, Tree},
    },
};

/// What stands between braces, and any text around it. A doubled brace is a brace.
fn grammar() -> (Regex, Regex) {
    let slot = r"\{([a-z0-9_]+(?:\.[A-Za-z0-9_.@]*)?)\}";
    let whole = Regex::new(&format!(r"(?s)\A(?:[^{{}}]|\{{\{{|\}}\}}|{slot})*\z")).expect("an expression");
    (whole, Regex::new(slot).expect("an expression"))
}

#[test]
fn any_text_is_a_template_or_is_refused_and_is_written_as_it_was_read() {
    let (whole, slot) = grammar();
    let piece = prop_oneof![
        text("{}.aZ0_ é\"\\", 4),
        select(vec!["{a}", "{{", "}}", "{a.B}", "{a.@b}", "{a.}", "{.a}", "{A}", "{}", "{a b}"])
            .prop_map(str::to_owned),
    ];
    let texts = proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    hold(CASES, &texts, |text| match Template::parse(&text) {
        Ok(template) => {
            assert!(whole.is_match(&text), "it is no template");
            assert_eq!(template.written(), text);
            let plain = text.replace("{{", "").replace("}}", "");
            let names: Vec<&str> = slot.captures_iter(&plain).map(|c| c.get(1).expect("a name").as_str()).collect();
            assert_eq!(template.slots().collect::<Vec<_>>(), names);
        }
        Err(why) => assert!(!whole.is_match(&text), "it is a template: {why}"),
    });
}

/// Marks the values that no failure may repeat.
const MARK: &str = "s3cr3t";

/// A template of these names and other texts.
fn template_of(names: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    let slot = select(names.to_vec()).prop_map(|name| format!("{{{name}}}"));
    let literal = text("/a?&=%\"\\ é", 4).prop_map(|text| text.replace(['{', '}'], ""));
    proptest::collection::vec(prop_oneof![slot, literal], 0..6).prop_map(|parts| parts.concat())
}

#[test]
fn a_template_is_filled_as_a_plain_replacement_would_and_no_failure_shows_a_value() {
    let names = ["fact", "page.token", "grant.access", "app.client_id", "app.client_secret", "store_url", "shop_host"];
    let gone = ["gone", "page.gone", "grant.gone", "nothing", "app.gone"];
    let value = text("{fact}\"\\/é", 6).prop_map(|text| format!("{MARK}{text}"));
    let every = (template_of(&[&names[..], &gone[..]].concat()), json(Just("a".to_owned())), value);
    let (_, slot) = grammar();
    hold(CASES, &every, |(text, any_json, value)| {
        let facts = Facts::from_iter([("fact".to_owned(), any_json.clone()), ("nothing".to_owned(), Value::Null)]);
        let (app, grant) = (app(&value), grant([("access", value.as_str())]));
        let values = Map::from_iter([("page".to_owned(), json!({ "token": value }))]);
        let store_url = "https://acme.example:8443";
        let context = TemplateContext {
            facts: &facts,
            store_url,
            grant: Some(&grant),
            app: Some(&app),
            values: std::borrow::Cow::Owned(values),
        };
        let of = |name: &str| match name {
            "fact" => Some(any_json.clone()),
            "page.token" | "grant.access" | "app.client_secret" => Some(json!(value)),
            "app.client_id" => Some(json!("our-app")),
            "store_url" => Some(json!(store_url)),
            "shop_host" => Some(json!("acme.example:8443")),
            "nothing" => Some(Value::Null),
            _ => None,
        };
        let shown = |name: &str| {
            of(name).filter(|value| !value.is_null()).map(|value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            })
        };
        let template = Template::parse(&text).expect("parses");
        let used: Vec<&str> = slot.captures_iter(&text).map(|c| c.get(1).expect("a name").as_str()).collect();
        let alone = used.len() == 1 && text.len() == used[0].len() + 2;
        let filled = slot.replace_all(&text, |c: &regex::Captures<'_>| shown(&c[1]).unwrap_or_default());
        match template.text(&context) {
            Ok(found) if alone => assert_eq!(found, shown(used[0])),
            Ok(found) => {
                assert!(used.iter().all(|name| shown(name).is_some()), "a value is missing in {found:?}");
                assert_eq!(found.as_deref(), Some(filled.as_ref()));
            }
            Err(failure) => {
                assert!(!alone && used.iter().any(|name| shown(name).is_none()), "it has all values: {failure:?}");
                assert_eq!(failure.kind, FailureKind::Template);
                assert!(!format!("{failure:?}").contains(MARK), "{failure:?}");
            }
        }
        if alone {
            assert_eq!(template.value(&context).expect("is filled"), of(used[0]), "with its type");
        }
    });
}

#[test]
fn a_value_fills_one_segment_of_a_path_and_no_more() {
    let value = text("./\\%?#@:&=+ ~;*{}é\u{0}\n0aA", 8);
    // A segment of dots alone would lead upwards.
    let kept = |value: &str| if value.chars().all(|c| c == '.') { String::new() } else { value.to_owned() };
    hold(CASES, &(value.clone(), value), |(one, two)| {
        let facts = Facts::from_iter([("one".to_owned(), json!(one)), ("two".to_owned(), json!(two))]);
        let template = Template::parse("/a/{one}/b{two}/{two}").expect("parses");
        let path = template.path_text(&TemplateContext::of_facts(&facts)).expect("is filled");
        let url = Url::parse(&format!("https://shop.example{path}")).expect("a URL");
        assert_eq!((url.host_str(), url.query(), url.fragment()), (Some("shop.example"), None, None));
        let segments: Vec<String> =
            url.path_segments().expect("a path").map(|s| percent_decode_str(s).decode_utf8_lossy().into()).collect();
        let (one, two) = (kept(&one), kept(&two));
        assert_eq!(segments, ["a".to_owned(), one, format!("b{two}"), two]);
    });
}

/// An operation that puts values into every place but its body…
const PLACES: &str = r#"
op = "shop"
page = { kind = "single", size = 1, items = "items" }
[op.shop]
path = "/p/{one}"
query = { "a&b" = "x{two}y", "q" = "{one}", "gone" = "{missing}" }
headers = { x-two = "{two}" }
"#;

/// …and bodies of both kinds.
const BODIES: [&str; 2] = [
    r#"body = { kind = "json", value = { "a.\"b" = "{one}", text = "<{one}>", json = "{json}", gone = "{missing}", list = ["{two}", "{missing}", 7] } }"#,
    r#"body = { kind = "form", fields = { "a=b" = "{one}", text = "<{one}>", gone = "{missing}" } }"#,
];

#[test]
fn a_request_has_every_value_where_the_file_puts_it_and_nowhere_else() {
    let providers = BODIES.map(|body| platform(&format!("{PLACES}{body}\n")));
    let word = text("&=?#/%+\"\\<{} é\n", 6).prop_map(|text| format!("v{text}"));
    let every = (word, text("&=?#/%+ \"'", 6), json(Just("a".to_owned())));
    hold(CASES / 4, &every, |(one, two, value)| {
        let two = two.replace(|c: char| !c.is_ascii_graphic(), "");
        let mut facts = Facts::from_iter([("one".to_owned(), json!(one)), ("two".to_owned(), json!(two))]);
        facts.insert("json".to_owned(), value.clone());
        for (provider, is_form) in providers.iter().zip([false, true]) {
            let script = Arc::new(Script::new(
                vec![Exchange { ask: ExpectedRequest::default(), answer: Reply::default() }],
                true,
            ));
            let shop = client(provider, facts.clone(), (app("our-secret"), grant([("access", "our-token")])), &script);
            wait(probe(&shop)).expect("is answered");
            let sent = script.ended().0.remove(0);
            let url = Url::parse(&sent.url).expect("a URL");
            assert_eq!(url.origin().ascii_serialization(), "https://shop.example");
            let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
            assert_eq!(query, BTreeMap::from([("a&b".to_owned(), format!("x{two}y")), ("q".to_owned(), one.clone())]));
            let segments: Vec<String> = url
                .path_segments()
                .expect("a path")
                .map(|s| percent_decode_str(s).decode_utf8_lossy().into())
                .collect();
            assert_eq!(segments, ["p", one.as_str()]);
            assert_eq!(sent.headers["x-two"], two);
            assert_eq!(sent.headers["x-app"], "our-app:our-secret");
            let (list, text) = (json!([two, 7]), format!("<{one}>"));
            let body = if is_form {
                json!({ "a=b": one, "text": text })
            } else {
                json!({ "a.\"b": one, "text": text, "json": value, "list": list })
            };
            assert_eq!(sent.body, body);
        }
    });
}

/// An operation that sends a secret in its query, beside those of every call's headers.
const KEY_IN_QUERY: &str = r#"
op = "shop"
page = { kind = "single", size = 1, items = "items" }
[op.shop]
path = "/p"
query = { key = "{grant.access}" }
"#;

/// A shop that repeats what it was sent: in its own words, as a page, as its media type, with any status.
fn echoes() -> impl Strategy<Value = (u16, usize)> {
    (select(vec![200, 200, 200, 200, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503]), 0..6_usize)
}

fn echo(status: u16, form: usize, words: &str) -> Reply {
    let body = match form {
        0 => json!({ "error": { "message": words } }),
        1 => json!({ "errors": [{ "message": words, "extensions": { "code": "BAD" } }] }),
        2 => json!(format!("<html><title>{words}</title></html>")),
        3 => json!(format!("no {words}")),
        4 => json!(format!("{{\"error\": \"{words}")),
        _ => json!("not JSON"),
    };
    let plain = words.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    let kind = if form == 5 && plain { words } else { "application/json" };
    Reply { status, headers: BTreeMap::from([("content-type".to_owned(), kind.to_owned())]), body }
}

#[test]
fn no_failure_of_a_call_shows_a_secret_whatever_the_shop_repeats() {
    let provider = platform(KEY_IN_QUERY);
    let plain = |text: String| format!("{}qQ0123", text.replace(|c: char| !c.is_ascii_graphic() && c != ' ', "x"));
    let word = || text("abAB01-_.~+/=%&<>\"' ", 12);
    let secret = || prop_oneof![7 => word().prop_map(plain), 1 => word().prop_map(|text| format!("{text}qQ0123"))];
    let every = (secret(), secret(), secret(), any::<[bool; 2]>(), echoes());
    hold(CASES, &every, |(access, own, app_secret, [front, back], (status, form))| {
        // One secret may contain another.
        let refresh = format!("{}{own}{}", if front { &access } else { "" }, if back { &access } else { "" });
        let words = format!("bad {access} or {refresh}, {app_secret} at {}", now());
        let exchanges =
            (0..10).map(|_| Exchange { ask: ExpectedRequest::default(), answer: echo(status, form, &words) });
        let script = Arc::new(Script::new(exchanges.collect(), true));
        let secrets = grant([("access", access.as_str()), ("refresh", refresh.as_str())]);
        let shop = client(&provider, Facts::new(), (app(&app_secret), secrets), &script);
        let Err(failure) = wait(probe(&shop)) else { return };
        let shown = format!("{} {failure:?}", failure.message);
        for secret in [&access, &own, &app_secret] {
            assert!(!shown.contains(secret.as_str()), "{secret} is in {shown}");
        }
    });
}

#[test]
fn what_is_read_from_a_text_makes_that_text_again() {
    let slot = select(vec!["{x}", "{y}", "{z}", "{k}"]).prop_map(str::to_owned);
    let template =
        proptest::collection::vec(prop_oneof![slot, text("ab/", 2).prop_map(|t| t.replace(['{', '}'], ""))], 0..6);
    let made = proptest::collection::vec(text("ab/", 3), 6);
    hold(CASES * 2, &(template, made, text("ab/", 6), 0..3_u8), |(parts, made, other, way)| {
        let written = parts.concat();
        let template = Template::parse(&written).expect("parses");
        let fill = |of: &dyn Fn(&str) -> Option<String>| {
            let facts: Facts = template.slots().filter_map(|name| Some((name.to_owned(), json!(of(name)?)))).collect();
            template.text(&TemplateContext::of_facts(&facts)).expect("has every value").unwrap_or_default()
        };
        let names = ["x", "y", "z", "k"];
        let known = |name: &str| names.iter().position(|one| *one == name).map(|at| made[at].clone());
        let text = match way {
            0 => fill(&known),
            // Every occurrence of a name has another value.
            1 => parts
                .iter()
                .zip(&made)
                .map(|(part, value)| if part.starts_with('{') { value.as_str() } else { part })
                .collect(),
            _ => other,
        };
        if let Some(values) = template.read(&text) {
            let find = |name: &str| Some(values.iter().find(|(one, _)| *one == name)?.1.clone());
            assert_eq!(fill(&find), text, "by read");
        }
        let k = |name: &str| (name == "k").then(|| made[3].clone());
        if let Some(values) = template.read_back(&text, &k) {
            let find = |name: &str| k(name).or_else(|| Some(values.get(name)?.as_str()?.to_owned()));
            assert_eq!(fill(&find), text, "by read_back");
        }
    });
}

#[test]
fn values_without_the_texts_between_them_are_read_as_they_were_filled_in() {
    let value = proptest::collection::vec(select(vec!['a', 'Z', '0', ' ', 'é', '{']), 0..4).prop_map(String::from_iter);
    let between = proptest::collection::vec(select(vec!["/", "-", "/-", "//"]), 0..4);
    hold(CASES, &(between, proptest::collection::vec(value, 5)), |(between, values)| {
        let mut written = "{v0}".to_owned();
        let mut text = values[0].clone();
        for (number, literal) in between.iter().enumerate() {
            written += &format!("{literal}{{v{}}}", number + 1);
            text += &format!("{literal}{}", values[number + 1]);
        }
        let template = Template::parse(&written).expect("parses");
        let read = template.read(&text).expect("is what it makes");
        assert_eq!(read.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), values[..=between.len()]);
        let read = template.read_back(&text, &|_| None).expect("is what it makes");
        assert_eq!(read.len(), between.len() + 1);
        assert!(read.iter().all(|(name, value)| *value == values[name[1..].parse::<usize>().expect("a number")]));
    });
}

/// A TOML tree of placeholders and constants.
fn trees() -> impl Strategy<Value = toml::Value> {
    let leaf = prop_oneof![
        select(vec!["{v0}", "{v1}", "{v2}", "{null}", "{gone}"]).prop_map(toml::Value::from),
        text("ab\"\\\n é", 4).prop_map(|text| text.replace(['{', '}'], "").into()),
        any::<i64>().prop_map(toml::Value::from),
        any::<bool>().prop_map(toml::Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let members = proptest::collection::btree_map(text("ab.\"{", 3), inner.clone(), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(toml::Value::Array),
            members.prop_map(|members| toml::Value::Table(members.into_iter().collect())),
        ]
    })
}

/// What a tree becomes: its placeholders are replaced; what has no value is left out.
fn replaced(tree: &Value, values: &Facts) -> Option<Value> {
    Some(match tree {
        Value::String(text) if text == "{null}" => Value::Null,
        Value::String(text) if text.starts_with('{') => return values.get(&text[1..text.len() - 1]).cloned(),
        Value::Array(items) => items.iter().filter_map(|item| replaced(item, values)).collect(),
        Value::Object(members) => {
            members.iter().filter_map(|(name, member)| Some((name.clone(), replaced(member, values)?))).collect()
        }
        other => other.clone(),
    })
}

#[test]
fn a_tree_is_filled_as_json_and_read_back() {
    let values = proptest::collection::vec(json(text("ab\"", 2)), 3);
    hold(CASES, &(trees(), values), |(tree, values)| {
        let facts: Facts = values.into_iter().enumerate().map(|(n, value)| (format!("v{n}"), value)).collect();
        let plain = serde_json::to_value(&tree).expect("is JSON");
        let has_gaps = plain.to_string().contains("{gone}");
        let tree: Tree = tree.try_into().expect("a tree");
        let filled = tree.fill(&TemplateContext::of_facts(&facts)).expect("is filled");
        assert_eq!(filled, replaced(&plain, &facts));
        let Some(filled) = filled else { return };
        assert_eq!(serde_json::from_str::<Value>(&filled.to_string()).expect("is JSON"), filled);
        if !has_gaps {
            let mut read = Map::new();
            assert_eq!(tree.read_back(&filled, &mut read).1, 0, "all of it is ours");
            assert!(read.iter().all(|(name, value)| facts[name] == *value), "{read:?}");
            let slots = tree.slots();
            assert!(slots.iter().all(|name| read.contains_key(*name)), "{read:?} of {slots:?}");
        }
    });
}
