//! The contract of forms: the tree of commands, the configuration's schema and that of providers' files, without their prose.

use serde_json::{Map, Value};

use super::{
    help,
    record::{ALL, Record},
};

pub(super) fn schemas(record: &mut Record) {
    record.area("commands");
    let text = help::told(&record.place, &ALL);
    record.write(&text);
    for (area, words) in [("configuration", ["config", "schema"]), ("provider_files", ["providers", "schema"])] {
        record.area(area);
        record.count(&words.map(str::to_owned));
        let schema = plain(&record.place.json(&words));
        record.write(&serde_json::to_string_pretty(&schema).expect("is JSON"));
    }
}

/// Without descriptions.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            // A property may be called description, and is then a schema.
            let kept = members.iter().filter(|(name, member)| *name != "description" || !member.is_string());
            Value::Object(kept.map(|(name, member)| (name.clone(), plain(member))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}
