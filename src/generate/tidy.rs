//! Takes away bytes that no row knows: of pictures whose row was never written, and of inspirations whose session is gone. Only keys of
//! exactly the form that is written here are ever looked at; whatever else lies in the store is somebody else's.

use std::time::Duration;

use serde::Serialize;

use crate::{
    db,
    model::{AssetId, Failure},
    tools::Tools,
};

/// Younger bytes may belong to a row that is about to be written.
const AGE: Duration = Duration::from_hours(24);
/// Keys looked at in one go.
const AT_ONCE: usize = 1000;

/// What a tidying saw and did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tidied {
    /// Keys of our form.
    pub looked_at: usize,
    pub orphans: Vec<String>,
    pub orphan_bytes: u64,
    /// Files of outputs that were deleted more than a day ago.
    pub of_deleted: usize,
    /// Half-written files of processes that died.
    pub parts: usize,
    /// False where it was only looked.
    pub deleted: bool,
}

/// Finds orphans, and deletes them where `delete` says so.
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
        let old: Vec<String> =
            ours.iter().filter(|found| found.modified < before).map(|found| found.key.clone()).collect();
        let mut tx = tools.db.read().await?;
        let mut known = db::asset::list_known_keys(&mut tx, &old).await?;
        known.extend(db::inspiration::list_known_keys(&mut tx, &old).await?);
        // A picture that was paid for and whose row is still to be written: it is taken up, not made again.
        let ids: Vec<AssetId> = old.iter().filter_map(|key| output_of(key)).map(AssetId::from).collect();
        let open = db::generation::list_open(&mut tx, &ids).await?;
        drop(tx);
        let wanted = |key: &str| output_of(key).is_some_and(|id| open.iter().any(|open| open.as_str() == id));
        let orphan = |key: &String| !known.contains(key) && !wanted(key);
        for orphan in ours.iter().filter(|found| found.modified < before && orphan(&found.key)) {
            tidied.orphans.push(orphan.key.clone());
            tidied.orphan_bytes += orphan.size_bytes;
            if delete {
                tools.outside.files.delete(&orphan.key).await?;
            }
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

/// The output that a key of ours belongs to.
fn output_of(key: &str) -> Option<&str> {
    let file = key.rsplit('/').next()?;
    let stem = file.strip_suffix("_original.png").or_else(|| file.strip_suffix(".webp"));
    stem.or_else(|| file.strip_suffix(".png")).filter(|_| key.contains("/assets/"))
}

/// Whether a key is of the form that outputs and inspirations have here, with an id of our making in it: the older application's names have
/// no such id.
fn is_ours(key: &str) -> bool {
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["clients", _, "generations", _, "assets", file] => {
            // Earlier versions of this program kept a PNG alone.
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
