//! The views of `legacy.sql`: the tables whose old form takes more than other names.

use super::{catalogue::FoundSchema, recognise::OldNames};

/// Tables whose views are defined in `legacy.sql`.
pub(super) const SPECIAL: &[&str] =
    &["collection_session", "generation_flow", "generated_asset", "message", "favorite_image"];

/// The placeholders of `legacy.sql`: placeholder, table, column (empty for the table's own name), default.
const NAMES: &[(&str, &str, &str, &str)] = &[
    ("{studio_session}", "collection_session", "", "studio_session"),
    ("{session_client_id}", "collection_session", "client_id", "client_id"),
    ("{flow_session_id}", "generation_flow", "collection_session_id", "studio_session_id"),
    ("{message_session_id}", "message", "collection_session_id", "studio_session_id"),
    ("{image_client_id}", "generated_asset", "client_id", "client_id"),
    ("{favorite_client_id}", "favorite_image", "client_id", "client_id"),
];

/// Returns the special views with their functions, under the names that this application uses, and the mark of their
/// version.
pub(super) fn special(here: &str, names: &OldNames) -> String {
    let mut text = include_str!("legacy.sql").replace("{schema}", here);
    for (mark, table, column, mostly) in NAMES {
        let old = match *column {
            "" => names.tables.get(*table),
            column => names.columns.get(&((*table).to_owned(), column.to_owned())),
        };
        text = text.replace(mark, old.map_or(*mostly, String::as_str));
    }
    format!("{text};\nCOMMENT ON VIEW legacy.flow IS '{}'", mark())
}

/// Returns a mark that identifies the version of the views' text.
fn mark() -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(include_bytes!("legacy.sql"));
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("made by store-sync from {number:016x}")
}

/// Returns the statements that recreate the special views, if an earlier release made them.
pub(super) fn renewal(found: &FoundSchema) -> Option<String> {
    let views = found.legacy.as_ref().filter(|views| views.contains_key("flow"))?;
    if views["flow"].as_deref() == Some(mark().as_str()) {
        return None;
    }
    // They were created under the previous names, which their own columns still show.
    let mut names = OldNames::default();
    if views.contains_key("client_session") {
        names.tables.insert("collection_session".to_owned(), "client_session".to_owned());
        for (_, table, column, _) in NAMES.iter().filter(|(_, _, column, _)| !column.is_empty()) {
            let old = if *column == "client_id" { "organization_id" } else { "client_session_id" };
            names.columns.insert(((*table).to_owned(), (*column).to_owned()), old.to_owned());
        }
    }
    Some(special(&found.schema, &names))
}
