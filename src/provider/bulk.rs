//! Bulk export: requests a file of the whole catalogue, polls until the platform has written it, then downloads it in
//! chunks, so that memory use stays constant and an interrupted pass resumes.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    call::ShopClient,
    page::{Page, Unreadable, normal},
    pagination::{BulkToken, PageToken, count},
    path::Path,
    recipe::Bulk,
    request::With,
};
use crate::model::{Failure, FailureKind, Remedy, json};

/// The first size of a chunk in bytes; it doubles until one item fits.
const PIECE: u64 = 512 * 1024;
/// Maximum size in bytes of one product with its children.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Starts a bulk export if the catalogue is large enough; `None` if this pass reads plain pages.
pub(super) async fn begin(shop: &ShopClient, bulk: &Bulk) -> Result<Option<Page>, Failure> {
    let recipe = &shop.provider.recipe;
    let answer = shop.call(&recipe.op[&bulk.count.op], With::default()).await?;
    let known = bulk.count.path.get(&answer.body).and_then(count).and_then(|count| u64::try_from(count).ok());
    if known.unwrap_or(0) < bulk.from {
        return Ok(None);
    }
    let id = match shop.call(&recipe.op[&bulk.start.op], With::default()).await {
        Ok(answer) => bulk.start.id.text(&answer.body),
        // The platform refuses: fall back to plain pages.
        Err(failure) if failure.remedy() == Remedy::GiveUp => {
            tracing::warn!(
                failure.code = failure.code(),
                "the bulk export was refused, reading pages instead: {}",
                failure.message
            );
            None
        }
        Err(failure) => return Err(failure),
    };
    let begun = shop.outside.clock.now();
    let next = |id| PageToken::Bulk(BulkToken { id, begun, at: None });
    Ok(id.map(|id| Page { next: Some(next(id)), ..Page::default() }))
}

/// Polls a bulk export or reads its next chunk; `None` if the export failed.
pub(super) async fn go_on(shop: &ShopClient, bulk: &Bulk, token: &BulkToken) -> Result<Option<Page>, Failure> {
    let recipe = &shop.provider.recipe;
    let mut values = Map::new();
    values.insert("bulk".into(), serde_json::json!({ "id": token.id }));
    let answer = shop.call(&recipe.op[&bulk.poll_op], With { values, ..With::default() }).await?;
    let state = bulk.poll.path.text(&answer.body).unwrap_or_default();
    if bulk.poll.failed.contains(&state) {
        let reason = bulk.poll.reason.as_ref().and_then(|path| path.text(&answer.body)).unwrap_or_default();
        let reason = shop.quoted(&reason, None).await?;
        tracing::warn!(state, reason, "the bulk export failed, reading pages instead");
        return Ok(None);
    }
    if !bulk.poll.ready.contains(&state) {
        if shop.outside.clock.now().since(token.begun) > bulk.poll.upto.0 {
            let text = format!("{} has not finished the bulk export yet", shop.provider.name());
            return Err(Failure::new(FailureKind::BulkUnfinished, text));
        }
        shop.outside.clock.sleep(bulk.poll.every.0).await;
        return Ok(Some(Page { next: Some(token.moved(None)), ..Page::default() }));
    }
    let total = bulk.total.get(&answer.body).and_then(count);
    let Some(url) = bulk.url.text(&answer.body) else {
        // An empty file has no URL.
        return Ok(Some(Page { total, lacks_total: total.is_none(), ..Page::default() }));
    };
    let (items, at) = piece(shop, bulk, &url, token.at.unwrap_or(0)).await?;
    let read = |item: Result<Value, String>| match item {
        Ok(item) => normal(&shop.provider, &shop.facts, &shop.store_url, &item),
        Err(why) => Err(Unreadable { erp_id: None, why }),
    };
    let next = at.map(|at| token.moved(Some(at)));
    let products = items.into_iter().map(read).collect();
    Ok(Some(Page { products, next, total, lacks_total: total.is_none(), ..Page::default() }))
}

type Items = Vec<Result<Value, String>>;

/// Reads the complete items from a byte offset of the file; also returns the offset of the next ones, `None` at the
/// end.
async fn piece(shop: &ShopClient, bulk: &Bulk, url: &str, at: u64) -> Result<(Items, Option<u64>), Failure> {
    let mut size = PIECE;
    loop {
        let (bytes, ends) = shop.download_part(url, at, size).await?;
        let (items, read) = items(bulk, &bytes, ends);
        if ends {
            return Ok((items, None));
        }
        if read > 0 {
            return Ok((items, Some(at + read as u64)));
        }
        if size >= LARGEST {
            let text = format!("one product of {} needs more than {LARGEST} bytes", shop.provider.name());
            return Err(Failure::new(FailureKind::BulkItemTooLarge, text));
        }
        size *= 2;
    }
}

/// Parses items with their children, and returns how many bytes they used. The last item waits for the next chunk if
/// more of it may follow.
fn items(bulk: &Bulk, bytes: &[u8], ends: bool) -> (Items, usize) {
    let (mut items, mut group, mut group_at, mut at): (Items, Vec<Value>, usize, usize) =
        (Vec::new(), Vec::new(), 0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if !line.ends_with(b"\n") && !ends {
            break;
        }
        let begins = at;
        at += line.len();
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match json::read::<Value>(line) {
            Ok(value) if value.get(&bulk.parent).is_some() => group.push(value),
            Ok(value) => {
                items.extend(joined(bulk, std::mem::replace(&mut group, vec![value])).map(Ok));
                group_at = begins;
            }
            Err(why) => {
                items.extend(joined(bulk, std::mem::take(&mut group)).map(Ok));
                items.push(Err(format!("a line of the bulk file is not JSON: {why}")));
                group_at = at;
            }
        }
    }
    if ends {
        items.extend(joined(bulk, group).map(Ok));
        group_at = bytes.len();
    }
    (items, group_at)
}

/// An item with its children inserted. A child's line comes after its parent's.
fn joined(bulk: &Bulk, group: Vec<Value>) -> Option<Value> {
    let mut children: HashMap<String, Vec<(usize, Value)>> = HashMap::new();
    let mut lines = group.into_iter();
    let mut root = lines.next()?;
    for line in lines {
        let id = bulk.id.text(&line).unwrap_or_default();
        let Some(rule) = bulk.child.iter().position(|rule| id.starts_with(&rule.begins)) else { continue };
        let parent = line.get(&bulk.parent).and_then(Value::as_str).unwrap_or_default().to_owned();
        children.entry(parent).or_default().push((rule, line));
    }
    attach_children(bulk, &mut root, &mut children);
    Some(root)
}

fn attach_children(bulk: &Bulk, item: &mut Value, children: &mut HashMap<String, Vec<(usize, Value)>>) {
    let Some(own) = bulk.id.text(item).and_then(|id| children.remove(&id)) else { return };
    for (rule, mut child) in own {
        attach_children(bulk, &mut child, children);
        let into: &Path = &bulk.child[rule].into;
        into.append(item, vec![child]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bulk() -> Bulk {
        toml::from_str(
            "from = 1\ncount = { op = 'c', path = 'n' }\nstart = { op = 's', id = 'id' }\npoll_op = 'p'\nurl = 'url'\ntotal = 'n'\nid = 'id'\n\
             parent = '__parentId'\nchild = [{ begins = 'V', into = 'v.nodes' }, { begins = 'M', into = 'm.nodes' }]\n\
             poll = { every = '1s', upto = '1h', path = 'state', ready = ['DONE'] }",
        )
        .expect("a rule")
    }

    const FILE: &str = "{\"id\":\"P1\"}\n{\"id\":\"V1\",\"__parentId\":\"P1\"}\n{\"id\":\"M1\",\"__parentId\":\"V1\"}\n{\"id\":\"M2\",\"__parentId\":\"P1\"}\n\
                        {\"id\":\"X1\",\"__parentId\":\"P1\"}\n{\"id\":\"P2\"}\nnonsense\n{\"id\":\"P3\"}\n{\"id\":\"V3\",\"__parentId\":\"P3\"}";

    #[test]
    fn children_stand_where_they_belong() {
        let (items, read) = items(&bulk(), FILE.as_bytes(), true);
        assert_eq!((items.len(), read), (4, FILE.len()));
        let first = items[0].as_ref().expect("is read");
        assert_eq!(first["v"]["nodes"][0]["m"]["nodes"][0]["id"], "M1");
        assert_eq!(
            (&first["m"]["nodes"][0]["id"], first["m"]["nodes"].as_array().map(Vec::len)),
            (&json!("M2"), Some(1))
        );
        assert!(items[2].is_err());
        assert_eq!(items[3].as_ref().expect("is read")["v"]["nodes"][0]["id"], "V3");
    }

    #[test]
    fn cut_anywhere_every_item_is_read_once_and_whole() {
        let (whole, _) = items(&bulk(), FILE.as_bytes(), true);
        for size in 60..FILE.len() {
            let (mut at, mut all) = (0, Vec::new());
            while at < FILE.len() {
                let end = (at + size).min(FILE.len());
                let (items, read) = items(&bulk(), &FILE.as_bytes()[at..end], end == FILE.len());
                // An item longer than the chunk needs a larger one.
                if read == 0 {
                    break;
                }
                all.extend(items);
                at += read;
            }
            if at >= FILE.len() {
                assert_eq!(all, whole, "{size}");
            }
        }
    }
}
