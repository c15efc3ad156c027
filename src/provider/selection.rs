//! What of a page of the catalogue is read: the members that a path of the provider's file leads to. While a page is parsed,
//! everything else is checked to be JSON and left out: most of what shops send is about other things.

use std::{collections::HashMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::recipe::{Call, CallBudget, ImportRecipe, Join, Nested, PageKind, Recipe, When};

/// The members of an object that are read, or of each object in a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// Everything is.
    is_whole: bool,
    members: HashMap<String, Selection>,
}

impl Selection {
    /// What is read of a page of the catalogue.
    pub(super) fn of_pages(recipe: &Recipe) -> Self {
        let mut answer = Self::default();
        let Call { message, budget, verdict, .. } = &recipe.call;
        // What every answer is asked for, whatever the file says: whether it is GraphQL's of a failure.
        let errors = answer.member("errors");
        errors.member("message").keep();
        errors.member("extensions").member("code").keep();
        for rule in verdict {
            rule.when.select(&mut answer);
        }
        for budget in budget {
            budget.select(&mut answer);
        }
        let ImportRecipe { page, join, nested, map, .. } = &recipe.import;
        let PageKind { items, next, more, total, .. } = page;
        let paths = [next, more, total].into_iter().flatten().chain(join.iter().map(|join| &join.from));
        for path in paths.chain(message) {
            path.select(&mut answer).keep();
        }
        let item = items.select(&mut answer);
        map.select(item);
        for Join { ids, into, .. } in join {
            ids.select(item).keep();
            into.select(item);
        }
        for nested in nested {
            nested.select(recipe, item);
        }
        answer
    }

    pub(super) fn member(&mut self, name: &str) -> &mut Self {
        self.members.entry(name.to_owned()).or_default()
    }

    /// Everything from here on is read.
    pub(super) fn keep(&mut self) {
        self.is_whole = true;
    }

    /// What is read of a member. PHP writes a list with holes as an object of numbers.
    fn of(&self, name: &str) -> Option<&Self> {
        let is_entry = || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        self.members.get(name).or_else(|| is_entry().then_some(self))
    }
}

impl When {
    fn select(&self, answer: &mut Selection) {
        let Self { body, all, status: _, one_of: _, contains: _ } = self;
        if let Some(path) = body {
            path.select(answer).keep();
        }
        for when in all {
            when.select(answer);
        }
    }
}

impl CallBudget {
    fn select(&self, answer: &mut Selection) {
        match self {
            Self::FixedWindow { .. } | Self::RemainingHeader { .. } => {}
            Self::CostBucket { maximum, left, refill, default_maximum: _, default_refill: _ } => {
                for path in [maximum, left, refill] {
                    path.select(answer).keep();
                }
            }
        }
    }
}

impl Nested {
    fn select(&self, recipe: &Recipe, item: &mut Selection) {
        let Self { into, op, batch, page: _, more, start, there, only } = self;
        into.select(item);
        let paths = [more, start, there].into_iter().flatten().chain(batch.as_ref().map(|batch| &batch.id));
        paths.chain(only.as_ref().map(|only| &only.path)).for_each(|path| path.select(item).keep());
        for slot in recipe.op[op].slots() {
            let Some(name) = slot.strip_prefix("item.") else { continue };
            // A member may have a dot in its name.
            item.member(name).keep();
            name.split('.').fold(&mut *item, |place, name| place.member(name)).keep();
        }
    }
}

impl<'de> DeserializeSeed<'de> for &Selection {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.is_whole { serde::Deserialize::deserialize(deserializer) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for &Selection {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key::<std::borrow::Cow<'de, str>>()? {
            match self.of(&name) {
                Some(selection) => {
                    let value = object.next_value_seed(selection)?;
                    members.insert(name.into_owned(), value);
                }
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{model::json, provider::Providers};

    fn read(selection: &Selection, body: &Value) -> Value {
        json::read_with(body.to_string().as_bytes(), selection).expect("is JSON")
    }

    #[test]
    fn what_no_path_leads_to_is_left_out() {
        let mut selection = Selection::default();
        let item = selection.member("data");
        item.member("id").keep();
        item.member("owner").member("name").keep();
        let body = json!({
            "data": [{ "id": { "a": 1 }, "b": [1], "owner": { "name": "A", "age": 3 } }, 7, null, "x", { "5": { "id": 2, "c": 3 } }],
            "id": 9,
        });
        let left =
            json!({ "data": [{ "id": { "a": 1 }, "owner": { "name": "A" } }, 7, null, "x", { "5": { "id": 2 } }] });
        assert_eq!(read(&selection, &body), left);
    }

    #[test]
    fn what_is_left_out_has_to_be_json_too_and_the_last_of_two_members_counts() {
        let mut selection = Selection::default();
        selection.member("id").keep();
        let read = |text: &str| json::read_with(text.as_bytes(), &selection).map_err(drop);
        assert_eq!(read("{\"id\": 1, \"x\": [2], \"id\": 3}"), Ok(json!({ "id": 3 })));
        for text in
            ["{\"x\": [1,}, \"id\": 1}", "{\"x\": \"a, \"id\": 1}", "{\"id\": 1} {}", "{\"id\": 1, \"x\": tru}", ""]
        {
            assert_eq!(read(text), Err(()), "{text}");
        }
    }

    #[test]
    fn a_failure_in_a_good_answer_is_one_whichever_members_are_read() {
        let providers = Providers::built_in().expect("the built-in files are fine");
        let error =
            json!([{ "message": "the index is down", "extensions": { "code": "NOT_FOUND", "other": 1 }, "path": [] }]);
        let left = json!([{ "message": "the index is down", "extensions": { "code": "NOT_FOUND" } }]);
        for provider in providers.iter() {
            let read = read(&provider.page, &json!({ "data": { "nobody": 1 }, "errors": error }));
            let errors = read["errors"].as_array().expect("the errors are read");
            assert!(errors[0]["message"] == left[0]["message"], "{}: {read}", provider.key());
            assert!(errors[0]["extensions"]["code"] == "NOT_FOUND", "{}: {read}", provider.key());
        }
    }

    #[test]
    fn what_a_call_for_an_item_looks_up_is_read() {
        let providers = Providers::built_in().expect("the built-in files are fine");
        let mut looked_up = 0;
        for provider in providers.iter() {
            let recipe = &provider.recipe;
            let mut item = Selection::default();
            for nested in &recipe.import.nested {
                nested.select(recipe, &mut item);
            }
            let slots = recipe.import.nested.iter().flat_map(|nested| recipe.op[&nested.op].slots());
            for name in slots.filter_map(|slot| slot.strip_prefix("item.")) {
                looked_up += 1;
                assert_eq!(read(&item, &json!({ name: 7 }))[name], 7, "{} {name}", provider.key());
            }
        }
        assert!(looked_up > 0, "some files have such calls");
    }

    /// The mapped product of an item is the same whether all of it is read or what is selected.
    #[test]
    fn every_path_of_the_built_in_files_leads_to_what_is_read() {
        let providers = Providers::built_in().expect("the built-in files are fine");
        for provider in providers.iter() {
            let fields = provider.recipe.import.map.picks();
            let mut item = Selection::default();
            provider.recipe.import.map.select(&mut item);
            for path in fields.iter().filter(|(key, _)| !key.contains('.')).filter_map(|(_, field)| field.path()) {
                let mut full = Value::Null;
                path.put(&mut full, json!("found"));
                full["nobody_reads_this"] = json!(1);
                let read = read(&item, &full);
                assert_eq!(path.get(&read), path.get(&full), "{} {path:?}", provider.key());
                assert!(read.get("nobody_reads_this").is_none(), "{}", provider.key());
            }
        }
    }
}
