//! Which members of a document are read: those that a path of the provider's file leads to. While it is parsed, everything else is
//! checked to be JSON and left out: most of what shops send is about other things.

/// The members of an object that are read, or of each object in a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// Everything is.
    is_whole: bool,
    /// A handful: looking through them is quicker than hashing a name.
    members: Vec<(String, Selection)>,
}

impl Selection {
    pub(super) fn member(&mut self, name: &str) -> &mut Self {
        let place = self.members.iter().position(|(own, _)| own == name).unwrap_or_else(|| {
            self.members.push((name.to_owned(), Self::default()));
            self.members.len() - 1
        });
        &mut self.members[place].1
    }

    /// Everything from here on is read.
    pub(super) fn keep(&mut self) {
        self.is_whole = true;
    }

    /// What is read of a member. PHP writes a list with holes as an object of numbers.
    pub(super) fn of(&self, name: &str) -> Option<&Self> {
        if self.is_whole {
            return Some(self);
        }
        let is_entry = || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let member = self.members.iter().find_map(|(own, reads)| (own == name).then_some(reads));
        member.or_else(|| is_entry().then_some(self))
    }

    /// What is read of each entry of the list behind these members.
    pub(super) fn behind(&self, names: &[String]) -> &Self {
        names.iter().fold(self, |place, name| place.of(name).unwrap_or(place))
    }

    /// How many members an object has of which only some are read.
    pub(super) fn width(&self) -> usize {
        if self.is_whole { 0 } else { self.members.len() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::provider::{
        Providers,
        borrowed::{Node, read_item},
    };

    fn read(selection: &Selection, body: &Value) -> Value {
        read_item(&body.to_string(), selection).expect("is JSON").to_value()
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
        let read = |text: &str| read_item(text, &selection).map(|tree| tree.to_value()).map_err(drop);
        assert_eq!(read("{\"id\": 1, \"x\": [2], \"id\": 3}"), Ok(json!({ "id": 3 })));
        for text in
            ["{\"x\": [1,}, \"id\": 1}", "{\"x\": \"a, \"id\": 1}", "{\"id\": 1} {}", "{\"id\": 1, \"x\": tru}", ""]
        {
            assert_eq!(read(text), Err(()), "{text}");
        }
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
