//! What programs rely on, compared with snapshots that an earlier release made: every command's arguments, exit codes and JSON, the
//! schemas, every answer of the daemon. A difference is either a fault, or it stands in CHANGELOG.md under "What differs from before for
//! programs" and its snapshot is accepted (`INSTA_UPDATE=always`). Sentences for people are no part of it, nor are ids, times and ports.

mod doors;
mod help;
mod mask;
mod pictures;
mod pushes;
mod record;
mod schemas;
mod shops;
mod tenants;
mod things;

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use crate::{
    journey::shop,
    program::{Running, root},
};
use record::{ALL, Record, Recorded};
use things::{configure, daemon, free_address};

/// What was recorded by three walks, whichever test comes first. Each has a place of its own, so that they go side by side.
static RECORDED: LazyLock<Recorded> = LazyLock::new(|| {
    let walks = [without_a_shop, a_shops_life, its_pictures].map(std::thread::spawn);
    let mut all = Recorded::default();
    for walk in walks {
        let Recorded { areas, ran, asked } = walk.join().expect("each walk ends");
        all.areas.extend(areas);
        all.ran.extend(ran);
        all.asked.extend(asked);
    }
    all
});

/// What needs no shop.
fn without_a_shop() -> Recorded {
    let mut record = Record::new();
    let at = free_address();
    configure(&record.place, &at);
    record.mask.name("daemon", &at);
    schemas::schemas(&mut record);
    tenants::beginning(&mut record);
    tenants::platforms(&mut record);
    record.recorded
}

/// A place with a shop beside it, and where its daemon listens.
fn beside_a_shop() -> (Record, Running, String, String) {
    let mut record = Record::new();
    let (shop, shop_url) = shop(&record.place);
    let at = free_address();
    configure(&record.place, &at);
    for (name, address) in [("shop", shop_url.trim_start_matches("http://")), ("daemon", at.as_str())] {
        record.mask.name(name, address);
        record.mask.name(name, &address.replace(':', "%3A"));
    }
    (record, shop, shop_url, at)
}

fn a_shops_life() -> Recorded {
    let (mut record, _shop, shop_url, at) = beside_a_shop();
    tenants::clients(&mut record);
    let works = daemon(&mut record);
    let mut things = shops::connections(&mut record, &at, &shop_url);
    assert_eq!(works.terminate().code, Some(0));
    shops::schedules(&mut record, &things);
    shops::imports(&mut record, &things);
    shops::products(&mut record, &mut things, &shop_url);
    shops::bad_luck(&mut record, &things, &shop_url);
    tenants::leaving(&mut record, &things);
    record.recorded
}

fn its_pictures() -> Recorded {
    let (mut record, _shop, shop_url, at) = beside_a_shop();
    let mut things = shops::ground(&mut record, &at, &shop_url);
    pictures::sessions(&mut record, &mut things);
    pictures::flows(&mut record, &mut things);
    pictures::orders(&mut record, &mut things);
    pictures::assets(&mut record, &things);
    pictures::inspirations(&mut record, &things);
    pictures::marks(&mut record, &things);
    pushes::pushes(&mut record, &mut things, &shop_url);
    pictures::costs(&mut record);
    let works = daemon(&mut record);
    doors::answers(&mut record, &at, &things);
    doors::others(&mut record, &at, &things);
    assert_eq!(works.terminate().code, Some(0));
    pictures::deletions(&mut record, &things);
    record.recorded
}

macro_rules! areas {
    ($($name:ident)+) => {
        const AREAS: &[&str] = &[$(stringify!($name)),+];
        $(#[test] fn $name() { compare(stringify!($name)); })+
    };
}

areas! {
    api api_refusals assets bad_luck beginning clients commands configuration connections deletions doors flows imports inspirations leaving
    marks orders platforms products provider_files pushes schedules sessions usage
}

fn compare(area: &str) {
    let text = RECORDED.areas.get(area).unwrap_or_else(|| panic!("nothing was recorded of {area}"));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(area, text);
    });
}

#[test]
fn every_area_and_every_command_is_recorded() {
    let known: BTreeSet<&str> = AREAS.iter().copied().collect();
    assert_eq!(RECORDED.areas.keys().copied().collect::<BTreeSet<_>>(), known);
    let missing: Vec<&String> = ALL.difference(&RECORDED.ran).collect();
    assert!(missing.is_empty(), "the contract lacks: {missing:?}");
}

/// Routes as the sources name them, such as `GET /api/v1/assets/{id}`.
fn routes(folder: &std::path::Path, found: &mut BTreeSet<String>) {
    let route = Regex::new(r#"\.route\("([^"]+)", (.*)\)"#).expect("a pattern");
    let method = Regex::new(r"\b(get|post|put|patch|delete)\(").expect("a pattern");
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            routes(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let base = if path.parent().is_some_and(|folder| folder.ends_with("api")) { "/api/v1" } else { "" };
        for captures in route.captures_iter(code) {
            let methods: Vec<_> = method.captures_iter(&captures[2]).map(|one| one[1].to_uppercase()).collect();
            // Where the methods stand elsewhere, GET is one of them.
            let methods = if methods.is_empty() { vec!["GET".to_owned()] } else { methods };
            found.extend(methods.iter().map(|method| format!("{method} {base}{}", &captures[1])));
        }
    }
}

#[test]
fn every_address_is_recorded() {
    let mut all = BTreeSet::new();
    routes(&root().join("src/web"), &mut all);
    assert!(all.len() > 25, "{all:?}");
    let member = Regex::new(r"\{[a-z]+\}").expect("a pattern");
    let is_asked = |route: &&String| {
        let pattern = Regex::new(&format!("^{}$", member.replace_all(route, "[^/]+"))).expect("a pattern");
        RECORDED.asked.iter().any(|asked| pattern.is_match(asked))
    };
    let missing: Vec<&String> = all.iter().filter(|route| !is_asked(route)).collect();
    assert!(missing.is_empty(), "the contract lacks: {missing:?}");
}
