//! Bulk exports of the simulator: the whole catalogue as one file.

use serde_json::{Map, Value};

use super::{
    SimulatedReply, SimulatorState,
    id_format::IdFormat,
    routes::{MatchedCall, Routes, Use},
};
use crate::provider::recipe::Bulk;

/// The path of export files, on any host.
const FILES: &str = "/rehearsal/bulk/";

impl SimulatorState {
    /// Handles the three calls of a bulk export: count, start, poll.
    pub(super) fn bulk(&mut self, plan: &Routes, meant: &MatchedCall, what: Use, host: &str) -> SimulatedReply {
        let Some(bulk) = &plan.provider.recipe.import.bulk else { return SimulatedReply::missing() };
        let mut reply = plan.answer(&meant.op);
        let form = IdFormat::of(bulk.start.id.get(&plan.answer(&bulk.start.op).body));
        match what {
            Use::Count => bulk.count.path.put(&mut reply.body, self.catalogue.ids().count().into()),
            Use::BulkStart => {
                self.written.push(self.processing);
                bulk.start.id.put(&mut reply.body, form.render(self.written.len() as u64, ""));
            }
            _ => {
                let number = meant.values.get("bulk.id").and_then(|id| form.read(id)).unwrap_or(0);
                let place = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
                let Some(left) = self.written.get_mut(place) else { return SimulatedReply::missing() };
                let words = plan.words(&meant.op, &bulk.poll.path);
                let busy =
                    words.into_iter().find(|word| !bulk.poll.ready.contains(word) && !bulk.poll.failed.contains(word));
                if let Some(word) = busy.filter(|_| *left > 0) {
                    *left -= 1;
                    bulk.poll.path.put(&mut reply.body, word.into());
                    bulk.url.put(&mut reply.body, Value::Null);
                } else {
                    bulk.poll.path.put(&mut reply.body, bulk.poll.ready.first().cloned().into());
                    bulk.url.put(&mut reply.body, format!("https://{host}{FILES}{number}.jsonl").into());
                    bulk.total.put(&mut reply.body, self.catalogue.ids().count().to_string().into());
                }
            }
        }
        SimulatedReply::json(reply)
    }

    /// The requested byte range of an export file; `None` for any other path or without a range.
    pub(super) fn bulk_file(
        &self,
        plan: &Routes,
        path: &str,
        range: Option<&String>,
        host: &str,
    ) -> Option<SimulatedReply> {
        path.strip_prefix(FILES)?;
        let bulk = plan.provider.recipe.import.bulk.as_ref()?;
        let mut text = String::new();
        for number in self.catalogue.ids() {
            let item = self.whole_item(plan, number, host);
            write_lines(bulk, item, None, &mut text);
        }
        let total = text.len();
        let (from, to) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))?;
        let (from, to) = (from.parse::<usize>().ok()?, to.parse::<usize>().ok()?.min(total.saturating_sub(1)));
        if from >= total {
            return Some(SimulatedReply::text(416, ""));
        }
        let headers = vec![("content-range".to_owned(), format!("bytes {from}-{to}/{total}"))];
        Some(SimulatedReply { status: 206, headers, body: text.as_bytes()[from..=to].to_vec().into() })
    }
}

/// Writes the line of an item, then those of its children.
fn write_lines(bulk: &Bulk, mut item: Value, parent: Option<&str>, text: &mut String) {
    let id = bulk.id.text(&item).unwrap_or_default();
    let mut children = Vec::new();
    for rule in &bulk.child {
        let list = rule
            .into
            .each(&item)
            .iter()
            .filter(|child| bulk.id.text(*child).is_some_and(|id| id.starts_with(&rule.begins)));
        let list: Vec<Value> = list.cloned().collect();
        if !list.is_empty() {
            rule.into.put(&mut item, Value::Null);
            children.extend(list);
        }
    }
    // The lines of an export have no nested lists.
    let empty = |value: &Value| value.as_object().is_some_and(|map| map.values().any(Value::is_null) && map.len() <= 2);
    if let Some(members) = item.as_object_mut() {
        let rest: Map<String, Value> = std::mem::take(members).into_iter().filter(|(_, value)| !empty(value)).collect();
        *members = rest;
        members.extend(parent.map(|parent| (bulk.parent.clone(), parent.into())));
    }
    text.push_str(&item.to_string());
    text.push('\n');
    for child in children {
        write_lines(bulk, child, Some(&id), text);
    }
}
