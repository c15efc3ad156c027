//! Deletes objects that no row refers to: pictures whose row was never written, and inspirations whose session is gone.
//! Considers only keys of exactly our format; any other object in the store belongs to somebody else.

use std::time::Duration;

use serde::Serialize;

use crate::{
    db,
    model::{AssetId, Failure},
    outside::ListedObject,
    tools::Tools,
};

/// Younger objects may belong to a row that is not written yet.
const AGE: Duration = Duration::from_hours(24);
/// Keys per listing.
const AT_ONCE: usize = 1000;

/// The result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tidied {
    /// Keys of our format.
    pub looked_at: usize,
    pub orphans: Vec<String>,
    pub orphan_bytes: u64,
    /// Files of outputs that were deleted more than a day ago.
    pub of_deleted: usize,
    /// Unfinished files of processes that died.
    pub parts: usize,
    /// False for a dry run.
    pub deleted: bool,
}

/// Finds orphans; deletes them if `delete` is set.
pub async fn tidy(tools: &Tools, delete: bool) -> Result<Tidied, Failure> {
    let before = tools.outside.clock.now().minus(AGE);
    let mut tidied = Tidied { deleted: delete, ..Tidied::default() };
    let mut after: Option<String> = None;
    loop {
        let found = tools.outside.files.list("clients", after.as_deref(), AT_ONCE).await?;
        let Some(last) = found.last() else { break };
        after = Some(last.key.clone());
        let ours: Vec<_> = found.into_iter().filter(|found| is_ours(&found.key)).collect();
        tidied.looked_at += ours.len();
        let old: Vec<ListedObject> = ours.into_iter().filter(|found| found.modified < before).collect();
        let keys: Vec<&str> = old.iter().map(|found| found.key.as_str()).collect();
        let mut tx = tools.db.read().await?;
        let mut known = db::asset::list_known_keys(&mut tx, &keys).await?;
        known.extend(db::inspiration::list_known_keys(&mut tx, &keys).await?);
        // A paid picture whose row is not written yet: the next attempt uses it.
        let ids: Vec<AssetId> = keys.iter().filter_map(|key| output_of(key)).map(AssetId::from).collect();
        let open = db::generation::list_open(&mut tx, &ids).await?;
        drop(tx);
        let wanted = |key: &str| output_of(key).is_some_and(|id| open.iter().any(|open| open.as_str() == id));
        let orphan = |key: &String| !known.contains(key) && !wanted(key);
        for orphan in old.into_iter().filter(|found| orphan(&found.key)) {
            tidied.orphan_bytes += orphan.size_bytes;
            if delete {
                tools.outside.files.delete(&orphan.key).await?;
            }
            tidied.orphans.push(orphan.key);
        }
    }
    let mut tx = tools.db.read().await?;
    let gone = db::asset::list_deleted_bytes(&mut tx, before, i64::from(i32::MAX)).await?;
    drop(tx);
    for asset in &gone {
        let keys = [asset.asset_url.as_deref(), asset.original_asset_url.as_deref()];
        for key in keys.into_iter().flatten().filter(|key| is_ours(key)) {
            tidied.of_deleted += 1;
            if delete {
                tools.outside.files.delete(key).await?;
            }
        }
        if delete {
            let mut tx = tools.db.begin().await?;
            db::asset::mark_without_bytes(&mut tx, &asset.id).await?;
            tx.commit().await?;
        }
    }
    if delete {
        tidied.parts = tools.outside.files.sweep_parts(before).await?;
    }
    Ok(tidied)
}

/// The output of one of our keys.
fn output_of(key: &str) -> Option<&str> {
    let file = key.rsplit('/').next()?;
    let stem = file.strip_suffix("_original.png").or_else(|| file.strip_suffix(".webp"));
    stem.or_else(|| file.strip_suffix(".png")).filter(|_| key.contains("/assets/"))
}

/// Whether a key has the format of our outputs and inspirations, with an id that we made: keys of the older application
/// have none.
fn is_ours(key: &str) -> bool {
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["clients", _, "generations", _, "assets", file] => {
            // Earlier releases stored only a PNG.
            !file.is_empty() && output_of(key).is_some_and(is_uuid_v7)
        }
        ["clients", _, "sessions", _, "inspirations", file] => {
            file.rsplit_once('.').is_some_and(|(stem, _)| is_uuid_v7(stem))
        }
        _ => false,
    }
}

fn is_uuid_v7(text: &str) -> bool {
    uuid::Uuid::parse_str(text).is_ok_and(|id| id.get_version_num() == 7 && id.as_hyphenated().to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_keys_of_our_making_are_looked_at() {
        let id = "0195a1b2-0000-7000-8000-000000000001";
        for key in [
            format!("clients/a/generations/f/assets/{id}.webp"),
            format!("clients/a/generations/f/assets/{id}_original.png"),
            format!("clients/a/sessions/s/inspirations/{id}.jpg"),
        ] {
            assert!(is_ours(&key), "{key}");
        }
        for key in [
            format!("clients/a/products/p/media/images/base/{id}.png"),
            format!("clients/a/sessions/s/media/{id}.jpg"),
            format!("orgs/a/generations/f/assets/{id}.webp"),
            "clients/a/generations/f/assets/generated-0195a1b2-0000-7000-8000-000000000001.jpg".to_owned(),
            "clients/a/generations/f/assets/0195a1b2-0000-4000-8000-000000000001.webp".to_owned(),
            format!("clients/a/generations/f/assets/deep/{id}.webp"),
            format!("backup/{id}.webp"),
        ] {
            assert!(!is_ours(&key), "{key}");
        }
    }
}
