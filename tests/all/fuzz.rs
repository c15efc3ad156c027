//! Seeded nonsense where strangers' words come in: what shops answer, files of providers, product lists, the configuration. It may be
//! refused, in words; it never ends in a panic. `STORE_SYNC_FUZZ_ROUNDS` and `STORE_SYNC_FUZZ_SEED` make it longer and another one.

use std::{fmt::Write as _, panic::AssertUnwindSafe, path::Path, sync::Arc};

use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use store_sync::{
    config::Config,
    model::Time,
    outside::Random,
    provider::{Providers, check_folder, replay},
    sandbox::{SandboxOptions, Shelf},
};

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Chance, and how often.
struct Fuzz {
    random: Random,
    rounds: u64,
}

impl Fuzz {
    fn new(usual: u64) -> Self {
        let random = Random::seeded(setting("STORE_SYNC_FUZZ_SEED", 7));
        Self { random, rounds: setting("STORE_SYNC_FUZZ_ROUNDS", usual) }
    }

    fn below(&self, limit: usize) -> usize {
        usize::try_from(self.random.below(limit as u64)).expect("fits")
    }

    fn pick<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn odd_text(&self) -> String {
        let texts = [
            "",
            " ",
            "\0",
            "é",
            "\u{feff}",
            "\u{1f469}\u{200d}\u{1f680}",
            "-",
            "-0",
            "0",
            "+1",
            "1e400",
            "1e18",
            "NaN",
            "inf",
            "12,50",
            "1.",
            ".5",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "18446744073709551616",
            "0000-00-00T00:00:00",
            "9999-12-31T23:59:59Z",
            "+275760-09-13T00:00:00Z",
            "2026-02-30",
            "1970-01-01T00:00:00+24:00",
            "https://",
            "//x",
            "http://[::1",
            "https://é.example/%zz?#",
            "{",
            "}",
            "{}",
            "{x}",
            "{{",
            "a.b[c=d]",
            "[",
            "]",
            "..",
            "$",
            "*",
            "\"",
            "\\",
            "\r\n",
            "&#x110000;",
            "&",
            "<",
            "=",
            ";",
            "\t",
        ];
        let text = *self.pick(&texts);
        if self.below(20) == 0 { text.repeat(5000) } else { text.to_owned() }
    }

    fn odd_value(&self) -> Value {
        match self.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(i64::MAX),
            3 => json!(i64::MIN),
            4 => json!(u64::MAX),
            5 => json!(1e308),
            6 => json!(-0.5),
            7 => json!([]),
            8 => json!({}),
            9 => json!([[[{ "a": [null, 1, "x"] }]]]),
            _ => json!(self.odd_text()),
        }
    }

    /// Changes one place of a document.
    fn spoil(&self, value: &mut Value) {
        let deeper = self.below(5) != 0;
        match value {
            Value::Array(list) if !list.is_empty() && deeper => {
                let at = self.below(list.len());
                match self.below(8) {
                    0 => drop(list.remove(at)),
                    1 => list.push(list[at].clone()),
                    _ => self.spoil(&mut list[at]),
                }
            }
            Value::Object(members) if !members.is_empty() && deeper => {
                let names: Vec<String> = members.keys().cloned().collect();
                let name = self.pick(&names).clone();
                match self.below(8) {
                    0 => drop(members.remove(&name)),
                    1 => drop(members.insert(self.odd_text(), self.odd_value())),
                    _ => members.get_mut(&name).into_iter().for_each(|inner| self.spoil(inner)),
                }
            }
            other => *other = self.odd_value(),
        }
    }

    /// Changes one or a few places of a text, at the borders of characters.
    fn mangle(&self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(3) {
            let at = self.below(chars.len() + 1);
            let end = (at + self.below(12)).min(chars.len());
            let with: Vec<char> = if self.below(3) == 0 { Vec::new() } else { self.odd_text().chars().collect() };
            chars.splice(at..end, with);
        }
        chars.into_iter().collect()
    }

    /// Does something with nonsense; a panic is kept with what it came of.
    fn hold(what: &str, nonsense: &str, work: impl FnOnce()) {
        let done = std::panic::catch_unwind(AssertUnwindSafe(work));
        assert!(done.is_ok(), "{what} panics at:\n{nonsense}");
    }
}

#[tokio::test]
async fn whatever_shops_answer_no_conversation_panics() {
    let fuzz = Fuzz::new(4);
    let providers = Providers::built_in().expect("the built-in ones are fine");
    let mut held = 0;
    for provider in providers.iter() {
        for (file, text) in provider.fixtures() {
            let whole: Value = serde_json::from_str(text).expect("is JSON");
            for _ in 0..fuzz.rounds {
                let mut nonsense = whole.clone();
                let exchanges = nonsense["exchanges"].as_array().map_or(0, Vec::len);
                if exchanges == 0 {
                    continue;
                }
                let answer = &mut nonsense["exchanges"][fuzz.below(exchanges)]["answer"];
                match fuzz.below(6) {
                    0 => answer["status"] = json!(fuzz.pick(&[200, 204, 301, 401, 403, 404, 422, 429, 500, 503])),
                    1 => {
                        let name =
                            fuzz.pick(&["retry-after", "link", "location", "x-wp-total", "content-type", "date"]);
                        let printable: String =
                            fuzz.odd_text().chars().filter(char::is_ascii_graphic).take(100).collect();
                        answer["headers"] = Value::Object(Map::from_iter([((*name).to_owned(), json!(printable))]));
                    }
                    _ => fuzz.spoil(&mut answer["body"]),
                }
                let text = nonsense.to_string();
                let done = AssertUnwindSafe(replay(provider, file, &text, false)).catch_unwind().await;
                assert!(done.is_ok(), "{} panics at:\n{text}", provider.key());
                held += 1;
            }
        }
    }
    assert!(held > 100, "{held}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("is copied");
        }
    }
}

#[test]
fn a_providers_file_of_nonsense_is_refused_in_words() {
    let fuzz = Fuzz::new(15);
    let folder = tempfile::tempdir().expect("a temp folder");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("providers")).expect("is there").flatten()
    {
        let Ok(whole) = std::fs::read_to_string(entry.path().join("provider.toml")) else { continue };
        let own = folder.path().join(entry.file_name());
        copy(&entry.path(), &own);
        for _ in 0..fuzz.rounds {
            let lines: Vec<&str> = whole.lines().collect();
            let at = fuzz.below(lines.len());
            let mut text = String::new();
            for (place, line) in lines.iter().enumerate() {
                match (place == at).then(|| fuzz.below(4)) {
                    None => writeln!(text, "{line}").expect("fits"),
                    Some(0) => {}
                    Some(1) => writeln!(text, "{line}\n{}", fuzz.pick(&lines)).expect("fits"),
                    Some(_) => writeln!(text, "{}", fuzz.mangle(line)).expect("fits"),
                }
            }
            std::fs::write(own.join("provider.toml"), &text).expect("is written");
            Fuzz::hold("a provider's file", &text, || {
                drop(check_folder(folder.path()).map(|all| all.into_iter().map(Arc::new).count()));
            });
        }
        std::fs::remove_dir_all(&own).expect("was there");
    }
}

#[test]
fn a_product_list_of_nonsense_is_refused_in_words() {
    let fuzz = Fuzz::new(150);
    let folder = tempfile::tempdir().expect("a temp folder");
    let sheet = "Handle,Title,Body (HTML),Variant SKU,Variant Price,Image Src,Option1 Name,Option1 Value,Status\n\
                 a,Apple,<p>Red</p>,A-1,1.20,https://img.example.com/a.png,Size,S,active\na,,,A-2,1.30,,,M,\nb,Pear,,B-1,0.90,,,,draft\n";
    let list = json!([{ "title": "Apple", "sku": "A-1", "price": "1.20", "variants": [{ "options": [{ "name": "Size", "value": "S" }] }] }]).to_string();
    for (name, whole) in [("list.csv", sheet), ("list.json", list.as_str())] {
        for _ in 0..fuzz.rounds {
            let text = fuzz.mangle(whole);
            let file = folder.path().join(name);
            std::fs::write(&file, &text).expect("is written");
            let options = SandboxOptions { catalogue: Some(file), ..SandboxOptions::default() };
            Fuzz::hold("a product list", &text, || drop(Shelf::new(&options, Time::from_unix_ms(0))));
        }
    }
}

#[test]
fn a_configuration_of_nonsense_is_refused_in_words() {
    let fuzz = Fuzz::new(300);
    let folder = tempfile::tempdir().expect("a temp folder");
    let file = folder.path().join("config.toml");
    let whole = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/blackbox/every_key.toml"))
        .expect("is there");
    for _ in 0..fuzz.rounds {
        let text = fuzz.mangle(&whole);
        std::fs::write(&file, &text).expect("is written");
        let name = format!(
            "STORE_SYNC__{}",
            fuzz.pick(&["HTTP__TIMEOUT_SECONDS", "GEMINI__PRICES", "LOG__LEVEL", "APP__X", "", "__", "VAULT__KEYS"])
        );
        let value = fuzz.odd_text();
        Fuzz::hold("the configuration", &format!("{name}={value}\n{text}"), || {
            drop(Config::load(Some(&file), [(name.clone().into(), value.clone().into())].into_iter()));
        });
    }
}
