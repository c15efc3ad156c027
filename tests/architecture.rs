//! Holds the house to its plan: the ladder, no circles, no brand names, every file says what it is for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Rooms by rung; a room may import from lower rungs only.
const LADDER: &[&[&str]] = &[
    &["model", "outside", "config"],
    &["provider", "paint", "db", "vault"],
    &["tools"],
    &["connect", "views"],
    &["import", "push", "generate", "manage", "webhooks"],
    &["web", "work"],
    &["app", "simulator"],
    &["cli"],
];
/// The side house: may use `outside` and the nouns of time only.
const SIDE: &str = "sandbox";
/// The ground floor is shared: `outside` tells the model's time, and `vault` knows chance.
const BRANDS: &[&str] = &[
    "shopify",
    "woocommerce",
    "bigcommerce",
    "etsy",
    "squarespace",
    "wix",
    "ecwid",
    "square",
    "prestashop",
    "magento",
    "adobe",
    "shopware",
    "saleor",
    "medusa",
    "vendure",
    "pretix",
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    assert!(found.len() > 50, "the sources are where they are looked for");
    found
}

fn room(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("below src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Code without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The rooms a file imports from, by `crate::room` and by the first words of `use crate::{…}` groups.
fn imports(text: &str) -> BTreeSet<String> {
    let code = code(text);
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut name) = (1, String::new());
            for c in group.chars() {
                if depth == 1 && (c.is_alphanumeric() || c == '_') {
                    name.push(c);
                    continue;
                }
                found.insert(std::mem::take(&mut name));
                depth += i32::from(c == '{') - i32::from(c == '}');
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    let rooms: BTreeSet<&str> = LADDER.iter().flat_map(|rung| rung.iter().copied()).chain([SIDE]).collect();
    found.into_iter().filter(|name| rooms.contains(name.as_str())).collect()
}

fn rung(room: &str) -> Option<usize> {
    LADDER.iter().position(|rung| rung.contains(&room))
}

#[test]
fn imports_go_down_the_ladder_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let from = room(&path);
        for to in imports(&text).into_iter().filter(|to| *to != from) {
            let allowed = match (from.as_str(), to.as_str()) {
                // Nouns are shared: outside tells time in them, and so does the side house; the configuration names an engine.
                ("lib" | "main", _)
                | ("outside" | "config", "model")
                | (SIDE, "outside" | "model")
                | ("app" | "cli" | "simulator", SIDE) => true,
                (from, to) => matches!((rung(from), rung(to)), (Some(from), Some(to)) if to < from),
            };
            // The column types of a sealed secret are the vault's; the database only stores them.
            let known = from == "db" && to == "vault";
            if !allowed && !known {
                wrong.push(format!("{} imports {to}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports go down the ladder only (src/lib.rs):\n{}", wrong.join("\n"));
}

#[test]
fn no_room_reaches_itself_in_a_circle() {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources() {
        let from = room(&path);
        let to = imports(&text).into_iter().filter(|to| *to != from);
        graph.entry(from.clone()).or_default().extend(to);
    }
    for start in graph.keys() {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start.clone()]);
        while let Some(at) = open.pop() {
            for next in graph.get(&at).into_iter().flatten() {
                assert_ne!(next, start, "{start} reaches itself through {at}");
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
    }
}

#[test]
fn no_brand_stands_in_the_code() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (number, line) in code(&text).lines().enumerate() {
            let lower = line.to_lowercase();
            let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
            if let Some(brand) = BRANDS.iter().find(|brand| words.contains(brand)) {
                wrong.push(format!("{}:{}: {brand}", path.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "a platform is a file under providers/, not code:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "begin with //! and one sentence:\n{}", silent.join("\n"));
}

#[test]
fn sql_stands_in_the_database_room_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| room(path) != "db") {
        let code = code(&text);
        let hit = ["sqlx::query", "SELECT ", "INSERT INTO", "DELETE FROM"].iter().find(|word| code.contains(**word));
        if let Some(word) = hit {
            wrong.push(format!("{}: {word}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "SQL belongs to src/db:\n{}", wrong.join("\n"));
}

/// Where lines of code do what they should not, outside of the one file that may.
fn places(may: &Path, wrong: impl Fn(&str) -> bool) -> String {
    let mut found = String::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.ends_with(may)) {
        for (number, _) in code(&text).lines().enumerate().filter(|(_, line)| wrong(line)) {
            found += &format!("{}:{}\n", path.display(), number + 1);
        }
    }
    found
}

/// Whoever asks may go away in the middle of a statement: what that leaves on a connection, nobody else may get.
#[test]
fn no_connection_goes_back_to_a_pool_unless_its_transaction_has_ended() {
    let found = places(&Path::new("db").join("tx.rs"), |line| {
        line.contains(".acquire()") && !line.contains(".detach()")
            || ["pool.begin(", "write.begin(", "read.begin("].iter().any(|word| line.contains(word))
    });
    assert!(found.is_empty(), "take it as db::tx::Held, or detach it for good:\n{found}");
}

/// `println!` and its kin panic where the other end is closed or full.
#[test]
fn nothing_is_printed_in_a_way_that_can_panic() {
    let bench = Path::new("studio").join("bench.rs");
    let found = places(&bench, |line| ["println!(", "print!("].iter().any(|word| line.contains(word)));
    assert!(found.is_empty(), "print with cli::out:\n{found}");
}

/// A fault ends one job or one answer only where panics unwind, in every profile that is built.
#[test]
fn panics_unwind_in_what_is_shipped() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("is there");
    let release = manifest.split("[profile.release]").nth(1).expect("a profile");
    assert!(release.starts_with("\npanic = \"unwind\""), "{release}");
    assert_eq!(manifest.matches("panic = ").count(), 1);
}

/// The suite of the built program stands beside it, and nothing of the library is in its own process.
#[test]
fn the_blackbox_links_nothing_of_the_library() {
    fn walk(folder: &Path) {
        for path in std::fs::read_dir(folder).expect("is there").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                walk(&path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a text");
            assert!(!text.contains("store_sync::") && !text.contains("rustls"), "{}", path.display());
        }
    }
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/blackbox"));
}

/// What an import is measured by shares nothing with it: a fault of ours that slowed both would not show.
#[test]
fn the_loop_beside_an_import_uses_nothing_of_ours() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/import");
    for entry in std::fs::read_dir(&folder).expect("the bench").flatten() {
        let path = entry.path();
        let text = std::fs::read_to_string(&path).expect("a text");
        assert!(!text.contains("store_sync::"), "{} is linked with the library", path.display());
        if path.ends_with("independent.rs") {
            for word in ["store_sync", "crate::", "super::", "migrations", "include_str!", "include!", "#[path"] {
                assert!(!text.contains(word), "{}: {word}", path.display());
            }
        }
    }
    assert!(folder.join("independent.rs").exists());
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).expect("the page");
    let mut code: String = sources().into_iter().map(|(_, text)| text).collect();
    for folder in ["tests/all", "tests/blackbox"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("the tests").flatten() {
            if entry.path().is_file() {
                code += &std::fs::read_to_string(entry.path()).expect("a source file");
            }
        }
    }
    let scripts: Vec<&str> =
        page.split("`tests/long ").skip(1).filter_map(|rest| rest.split(['`', ' ']).next()).collect();
    for script in scripts.iter().filter(|name| **name != "NAME") {
        assert!(root.join(format!("tests/long.d/{script}.py")).exists(), "docs/security.md names tests/long {script}");
    }
    for entry in std::fs::read_dir(root.join("tests/long.d")).expect("the scripts").flatten() {
        let name = entry.file_name().to_string_lossy().trim_end_matches(".py").to_owned();
        assert!(
            name == "ground" || name.starts_with("__") || scripts.contains(&name.as_str()),
            "docs/security.md does not name {name}"
        );
    }
    let named: BTreeSet<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        })
        .filter(|word| !["public_url"].contains(word))
        .collect();
    assert!(named.len() > 25, "{named:?}");
    let missing: Vec<&&str> = named.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:?}");
}

/// The faces parse, call and show: what is written, and by which rule, is decided by verbs.
#[test]
fn faces_write_nothing_themselves() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if ["cli", "web"].contains(&room(&path).as_str()) && code(&text).contains("db.begin(") {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "these begin transactions that write: {wrong:?}; that belongs to a verb");
}

/// Faces that look at the database themselves. All but one are about the database as such; `follow` looks for whoever runs the jobs.
const AT_THE_DATABASE: &[&str] = &["cli/doctor.rs", "cli/follow.rs", "cli/migrate.rs", "cli/told.rs", "web/health.rs"];

/// What is shown is read in one place, so that one thing looks the same on every face. The list only grows shorter.
#[test]
fn faces_read_through_the_views() {
    let found: Vec<String> = of_faces()
        .filter(|(_, text)| imports(text).contains("db") || code(text).contains("tools.db"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(found, AT_THE_DATABASE, "these read the database themselves; that belongs to src/views");
}

/// Faces that still make JSON by hand: how any value is printed; the proof of an adoption; the API's envelope of a failure.
const BY_HAND: &[&str] = &["cli/migrate.rs", "cli/out.rs", "web/api/mod.rs"];

/// The shape of what programs read is a type in `views` or of a verb, with a doc comment for each field that needs one.
#[test]
fn faces_make_no_json_by_hand() {
    let made = |text: &str| ["json!(", "to_value("].iter().any(|word| code(text).contains(word));
    let found: Vec<String> = of_faces().filter(|(_, text)| made(text)).map(|(name, _)| name).collect();
    assert_eq!(found, BY_HAND, "these build what they show themselves; that belongs to src/views");
}

/// Verbs decide by what is in the database, not by how it is shown.
#[test]
fn only_faces_use_the_views() {
    let users: BTreeSet<String> =
        sources().iter().filter(|(_, text)| imports(text).contains("views")).map(|(path, _)| room(path)).collect();
    assert_eq!(users, ["cli", "web"].map(str::to_owned).into());
}

/// The files of the command line and of the server, named below `src`.
fn of_faces() -> impl Iterator<Item = (String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources()
        .into_iter()
        .filter(|(path, _)| ["cli", "web"].contains(&room(path).as_str()))
        .map(move |(path, text)| (path.strip_prefix(&root).expect("below src").display().to_string(), text))
}

/// Priority, tries and dedupe key of a job stand in `Task::policy`.
#[test]
fn jobs_state_their_own_policy() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let inside = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("below the root").display().to_string();
        let code = code(&text);
        if inside != "src/model/job.rs"
            && inside != "src/db/job.rs"
            && ["max_attempts:", "dedupe_key:"].iter().any(|word| code.contains(word))
        {
            wrong.push(inside);
        }
    }
    assert!(wrong.is_empty(), "these decide how a job is queued: {wrong:?}; see Task::policy");
}

/// Functions that only a judge outside of `src` asks for: tests, or other programs' answers beside ours.
const FOR_JUDGES: &[&str] = &["edit_body", "has_variants", "journeys", "system_ahead"];

/// Every room is public to the tests, so that the compiler cannot tell.
#[test]
fn no_public_function_is_left_uncalled() {
    let code: String = sources()
        .iter()
        .filter(|(_, text)| !text.contains("Captures log lines, for tests"))
        .map(|(_, text)| code(text) + "\n")
        .collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for word in code.split(|c: char| !c.is_alphanumeric() && c != '_') {
        *times.entry(word).or_default() += 1;
    }
    // Neither its own definition nor a re-export is a call.
    let mut defined: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, _) in code.match_indices("fn ") {
        let rest = &code[at + 3..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        *defined.entry(&rest[..end]).or_default() += 1;
    }
    for (at, _) in code.match_indices("pub use ") {
        let list = code[at..].split(';').next().unwrap_or_default();
        for word in list.split(|c: char| !c.is_alphanumeric() && c != '_').skip(2) {
            *defined.entry(word).or_default() += 1;
        }
    }
    let mut dead = BTreeSet::new();
    for head in
        ["pub fn ", "pub async fn ", "pub const fn ", "pub(super) fn ", "pub(super) async fn ", "pub(crate) fn "]
    {
        for (at, _) in code.match_indices(head) {
            let rest = &code[at + head.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let name = &rest[..end];
            if times.get(name) <= defined.get(name) && !FOR_JUDGES.contains(&name) {
                dead.insert(name);
            }
        }
    }
    assert!(dead.is_empty(), "nobody calls these: {dead:?}");
}

/// One name means one thing, wherever a reader meets it. The command line's own arguments are read beside their command.
#[test]
fn a_type_name_is_defined_once() {
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| room(path) != "cli") {
        // Types inside of functions and of types are read where they stand.
        for line in code(&text).lines().filter(|line| !line.starts_with(' ')) {
            let (_, bare) = line.split_once(") ").filter(|_| line.starts_with("pub(")).unwrap_or(("", line));
            let mut words = bare.trim_start_matches("pub ").split(' ');
            if !["struct", "enum", "trait", "type", "union"].contains(&words.next().unwrap_or_default()) {
                continue;
            }
            let name = words.next().unwrap_or_default();
            let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
            defined.entry(name[..end].to_owned()).or_default().push(path.display().to_string());
        }
    }
    let twice: Vec<_> = defined.iter().filter(|(_, places)| places.len() > 1).collect();
    assert!(defined.len() > 300, "{}", defined.len());
    assert!(twice.is_empty(), "one name for two things: {twice:#?}");
}

/// The tests here read what stands before the first `#[cfg(test)]` of a file: nothing else may follow it.
#[test]
fn tests_stand_last_in_a_file() {
    let heads =
        ["pub", "fn ", "async ", "struct ", "enum ", "impl", "const ", "static ", "use ", "type ", "trait ", "mod "];
    for (path, text) in sources() {
        let (mut tests, mut before) = (false, "");
        for (at, line) in text.lines().enumerate() {
            let is_item = heads.iter().any(|head| line.starts_with(head));
            assert!(!tests || !is_item || before.starts_with("#["), "{}:{}: {line}", path.display(), at + 1);
            tests |= line == "#[cfg(test)]";
            before = line;
        }
    }
}

/// A file is read after those that it uses; where two use each other, something stands in the wrong one.
#[test]
fn no_files_of_a_room_form_a_circle() {
    let mut graph: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.ends_with("mod.rs")) {
        let code = code(&text);
        let names: BTreeSet<String> =
            code.split("super::").skip(1).flat_map(|rest| siblings(rest).into_iter()).collect();
        let folder = path.parent().expect("a folder");
        let used = names.iter().map(|name| folder.join(format!("{name}.rs"))).filter(|file| file.exists());
        let used = used.filter(|file| *file != path).collect();
        graph.insert(path, used);
    }
    for start in graph.keys() {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(at) = open.pop() {
            for next in graph.get(at).into_iter().flatten() {
                assert_ne!(next, start, "it uses itself through {}", at.display());
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
    }
}

/// The files that stand behind one `super::`, alone or in a group.
fn siblings(rest: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let (mut depth, mut names, mut from) = (1, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 || (depth == 1 && c == ',') {
            names.push(word(group[from..at].trim_start()));
            from = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    names
}
