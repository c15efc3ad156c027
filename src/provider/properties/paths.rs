//! Paths into JSON: they lead where a JSON pointer (RFC 6901) leads, and tell missing, null and empty apart.

use proptest::{
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::{Index, select},
};
use serde_json::{Value, json};

use crate::{
    outside::cases::{CASES, hold, json, text},
    provider::path::Path,
};

/// Names without the signs of our own paths, and without digits, which a pointer would take for a place in a list.
fn name() -> impl Strategy<Value = String> + Clone {
    proptest::collection::vec(select("ab~/ é\"]=-".chars().collect::<Vec<_>>()), 1..4).prop_map(String::from_iter)
}

fn parse(text: &str) -> Path {
    Path::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

#[test]
fn any_text_is_a_path_or_is_refused_and_none_panics() {
    let step = select(vec![
        "[0]",
        "[-1]",
        "[-2]",
        "[-3]",
        "[a=b]",
        ".a",
        "[-0]",
        "[+1]",
        "[-32768]",
        "[-9223372036854775808]",
        "[18446744073709551616]",
    ]);
    let piece = prop_oneof![2 => step.prop_map(str::to_owned), 1 => text("ab.[]=-019", 4)];
    let texts = proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat());
    let names = select(vec!["a", "b"]).prop_map(str::to_owned);
    let short = select(vec![json!([]), json!([1]), json!([[], [null]]), json!({ "a": [], "b": [{ "a": "b" }] })]);
    hold(CASES * 2, &(texts, prop_oneof![json(names), short]), |(text, mut value)| {
        let Ok(path) = Path::parse(&text) else { return };
        assert_eq!(path.is_whole(), text.is_empty());
        let found = path.get(&value).cloned();
        let shown = found.as_ref().filter(|found| found.is_boolean() || found.is_number()).map(ToString::to_string);
        let shown = shown.or_else(|| found.as_ref()?.as_str().filter(|text| !text.is_empty()).map(str::to_owned));
        assert_eq!(path.text(&value), shown);
        path.append(&mut value, vec![json!(1)]);
        path.put(&mut value, json!("new"));
    });
}

/// Walks into a value by chance, sometimes past its end: the path and the pointer that say where.
fn walk(value: &Value, picks: &[(Index, u8)]) -> (String, String) {
    let (mut path, mut pointer, mut here) = (String::new(), String::new(), Some(value));
    for (pick, way) in picks {
        let step = match here {
            Some(Value::Object(members)) if !members.is_empty() && *way > 0 => {
                Ok(members.keys().nth(pick.index(members.len())).expect("is one of them").clone())
            }
            Some(Value::Array(items)) if *way > 0 => {
                let (at, length) = (pick.index(items.len() + 1), items.len());
                let from_end = *way % 2 == 0;
                path += &if from_end { format!("[-{}]", at + 1) } else { format!("[{at}]") };
                // A pointer's `-` is a place that no list has.
                let from_front = if from_end { length.checked_sub(at + 1) } else { Some(at) };
                Err(from_front.map_or("-".to_owned(), |at| at.to_string()))
            }
            _ if *way % 2 == 0 => Ok("no".to_owned()),
            other => {
                path += "[0]";
                // A pointer knows no list of one: it stays where it is.
                if other.is_some_and(|value| !value.is_null() && !value.is_array()) {
                    continue;
                }
                Err("0".to_owned())
            }
        };
        match step {
            Ok(name) => {
                path += if path.is_empty() { "" } else { "." };
                path += &name;
                pointer += &format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            }
            Err(at) => pointer += &format!("/{at}"),
        }
        here = value.pointer(&pointer);
    }
    (path, pointer)
}

#[test]
fn a_path_leads_where_a_json_pointer_leads() {
    let picks = proptest::collection::vec((any::<Index>(), 0..8_u8), 0..5);
    hold(CASES * 2, &(json(name()), picks), |(value, picks)| {
        let (path, pointer) = walk(&value, &picks);
        assert_eq!(parse(&path).get(&value), value.pointer(&pointer), "{path} and {pointer}");
    });
}

#[test]
fn the_first_element_with_a_value_is_found_and_no_other() {
    let scalar = || {
        prop_oneof![
            select(vec!["x", "y", "1", "true", ""]).prop_map(Value::from),
            Just(json!(1)),
            Just(json!(true)),
            Just(Value::Null)
        ]
    };
    let element = prop_oneof![scalar(), (scalar(), any::<u8>()).prop_map(|(code, n)| json!({ "code": code, "n": n }))];
    let every = (proptest::collection::vec(element, 0..6), select(vec!["x", "y", "1", "true"]));
    hold(CASES, &every, |(list, word)| {
        let value = json!({ "list": list });
        let is_it = |at: &usize| match value.pointer(&format!("/list/{at}/code")) {
            Some(Value::String(text)) => text == word,
            Some(Value::Null) | None => false,
            Some(other) => other.to_string().eq(word),
        };
        let first = (0..list.len()).find(is_it).and_then(|at| value.pointer(&format!("/list/{at}/n")));
        assert_eq!(parse(&format!("list[code={word}].n")).get(&value), first);
    });
}

#[test]
fn missing_null_and_empty_are_told_apart_and_elements_keep_their_order() {
    let empty = select(vec![None, Some(Value::Null), Some(json!("")), Some(json!([])), Some(json!({}))]);
    let inside = prop_oneof![empty, json(name()).prop_map(Some)];
    hold(CASES, &inside, |inside| {
        let mut value = json!({ "other": 1 });
        if let Some(inside) = &inside {
            value["at"] = json!({ "here": inside });
        }
        let path = parse("at.here");
        assert_eq!(path.get(&value), value.pointer("/at/here"));
        let shows =
            |text: &Value| text.is_boolean() || text.is_number() || text.as_str().is_some_and(|t| !t.is_empty());
        assert_eq!(path.text(&value).is_some(), inside.as_ref().is_some_and(shows));
        let elements = match inside {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
        };
        assert_eq!(path.each(&value), elements);
    });
}

/// A step of a path that may be written to.
fn step() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![".a", ".b", ".c"]).prop_map(str::to_owned),
        (-3..3_i16).prop_map(|at| format!("[{at}]")),
        // What is put into the element itself would take its mark away.
        select(vec!["[code=x].a", "[code=1].b"]).prop_map(str::to_owned),
    ]
}

fn steps(step: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec(step, 0..5).prop_map(|steps| steps.concat().trim_start_matches('.').to_owned())
}

#[test]
fn what_is_put_at_a_path_is_found_there_and_is_put_there_again() {
    let names = select(vec!["a", "b", "code"]).prop_map(str::to_owned);
    hold(CASES * 2, &(steps(step()), json(names), any::<u8>()), |(path, mut value, new)| {
        let path = parse(&path);
        path.put(&mut value, json!(new));
        assert_eq!(path.get(&value), Some(&json!(new)), "{value}");
        let once = value.clone();
        path.put(&mut value, json!(new));
        assert_eq!(value, once);
    });
}

#[test]
fn what_is_appended_stands_behind_what_was_there() {
    let names = steps(select(vec![".a", ".b", ".c"]).prop_map(str::to_owned));
    let before = prop_oneof![Just(None), proptest::collection::vec(any::<u8>(), 0..4).prop_map(Some)];
    hold(CASES, &(names, before, proptest::collection::vec(any::<u8>(), 0..4)), |(path, before, new)| {
        let (path, mut value) = (parse(&path), Value::Null);
        if let Some(before) = &before {
            path.put(&mut value, json!(before));
        }
        path.append(&mut value, new.iter().map(|n| json!(n)).collect());
        let all: Vec<Value> = before.unwrap_or_default().into_iter().chain(new).map(Value::from).collect();
        assert_eq!(path.each(&value), all);
    });
}

#[test]
fn a_path_is_taken_apart_where_it_was_put_together() {
    let every = (steps(step()), proptest::collection::vec(select(vec![".a", ".b", "[0]"]), 0..3));
    hold(CASES, &every, |(front, back)| {
        let back = back.concat();
        let whole = parse(format!("{front}{back}").trim_start_matches('.'));
        let (front, back) = (parse(&front), parse(back.trim_start_matches('.')));
        assert_eq!(whole.behind(&front), Some(back.clone()));
        assert_eq!(whole.before(&back), Some(front));
    });
}
