//! Runs properties over seeded cases, for tests: the same cases everywhere, and a failing one is made as small as it
//! can be.

use proptest::{
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::{Index, select},
    test_runner::{Config, RngAlgorithm, RngSeed, TestRunner},
};
use serde_json::Value;

/// Cases of a property that needs little time for each.
pub(crate) const CASES: u32 = 256;

/// Fails with the smallest case that the property does not hold for; it asserts.
pub(crate) fn hold<S: Strategy>(cases: u32, every: &S, property: impl Fn(S::Value)) {
    let config = Config {
        cases,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(7),
        ..Config::default()
    };
    let held = TestRunner::new(config).run(every, |case| {
        property(case);
        Ok(())
    });
    if let Err(why) = held {
        panic!("{why}");
    }
}

/// Texts of up to `most` characters: mostly of the usual ones, sometimes any other.
pub(crate) fn text(usual: &str, most: usize) -> impl Strategy<Value = String> + Clone + use<> {
    let usual: Vec<char> = usual.chars().collect();
    let one = prop_oneof![4 => select(usual), 1 => any::<char>()];
    proptest::collection::vec(one, 0..=most).prop_map(String::from_iter)
}

/// JSON of any form, with members of these names.
pub(crate) fn json(names: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Quarters are written and read without loss.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
        text("ab/ \"\\\n{}é", 6).prop_map(Value::from),
    ]
    .boxed();
    let tree = leaf.clone().prop_recursive(3, 24, 4, move |inner| {
        let members = proptest::collection::vec((names.clone(), inner.clone()), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::Array),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop_oneof![1 => leaf, 3 => tree]
}

/// The text with one character replaced; `None` if that leaves it as it was.
pub(crate) fn changed(text: &str, at: Index, to: char) -> Option<String> {
    let mut chars: Vec<char> = text.chars().collect();
    if chars.is_empty() {
        return None;
    }
    let place = at.index(chars.len());
    let from = std::mem::replace(&mut chars[place], to);
    (from != to).then(|| chars.into_iter().collect())
}
