//! The names that templates of a provider's file may look up, and the operations that it uses.

use std::collections::BTreeSet;

use super::super::recipe::{Recipe, StepCheck};

/// What is known of each picture of a gallery that is written as a whole.
pub(super) const PICTURE: [&str; 4] = ["value", "value.url", "value.name", "value.alt"];

/// The names of the facts that a connection has.
pub(super) fn facts(recipe: &Recipe) -> BTreeSet<String> {
    let fields = recipe.connect.field.iter().filter(|field| !field.secret).map(|field| field.name.clone());
    let oauth = recipe.connect.oauth.iter();
    let returned = oauth.flat_map(|oauth| oauth.callback.keys().chain(oauth.answer.facts.keys()).cloned());
    fields.chain(recipe.connect.probe.facts.keys().cloned()).chain(returned).collect()
}

pub(super) fn kept_names(recipe: &Recipe) -> BTreeSet<String> {
    let steps = recipe.push.iter().flat_map(|push| &push.step);
    let names = steps.flat_map(|step| {
        let checked = match &step.look {
            StepCheck::Gallery { keep } => vec![keep],
            StepCheck::Ask { keep, .. } => keep.keys().collect(),
            StepCheck::Repeat => Vec::new(),
        };
        step.keep.keys().chain(&step.found).chain(checked)
    });
    names.map(|name| format!("kept.{name}")).collect()
}

/// The names that an operation may look up.
pub(super) fn call_names(recipe: &Recipe) -> BTreeSet<String> {
    let mut names = facts(recipe);
    let fixed = [
        "store_url",
        "shop_host",
        "page.size",
        "page.token",
        "page.number",
        "page.offset",
        "since",
        "product.erp_id",
        "asset.file_name",
        "asset.alt",
        "asset.mime_type",
        "asset.sha256",
        "asset.base64",
        "asset.bytes",
        "asset.url",
        "asset.name",
        "asset.extension",
        "push.uuid",
        "gallery.items",
        "part",
        "filter",
        "gallery.next",
        "image.id",
        "bulk.id",
        "inner",
        "hook.topic",
        "hook.url",
        "hook.secret",
        "hook.id",
        "gallery.make_first",
        "until",
        "push.mark",
        "gallery.ids",
        "gallery.first",
    ];
    names.extend(fixed.map(str::to_owned));
    names.extend(kept_names(recipe));
    names.extend(recipe.push.iter().flat_map(|push| push.list.facts.keys()).map(|name| format!("gallery.{name}")));
    if recipe.connect.oauth.as_ref().is_some_and(|oauth| oauth.client.is_none()) {
        names.extend(["app.client_id".into(), "app.client_secret".into()]);
    }
    if recipe.connect.oauth.is_some() {
        names.insert("grant.access".into());
    }
    names.extend(recipe.connect.field.iter().filter(|f| f.secret).map(|f| format!("grant.{}", f.name)));
    names.extend(recipe.connect.brought.iter().flat_map(|b| b.secrets.keys()).map(|name| format!("grant.{name}")));
    names.extend(recipe.connect.posted.iter().flat_map(|p| p.secrets.keys()).map(|name| format!("grant.{name}")));
    names
}

pub(super) fn ops_used(recipe: &Recipe) -> BTreeSet<&str> {
    let nested = recipe.import.nested.iter().map(|nested| nested.op.as_str());
    let mut used = BTreeSet::from([recipe.connect.probe.op.as_str(), recipe.import.op.as_str()]);
    used.extend(nested);
    let bulk = recipe.import.bulk.iter();
    used.extend(bulk.flat_map(|bulk| [&bulk.count.op, &bulk.start.op, &bulk.poll_op]).map(String::as_str));
    used.extend(recipe.import.one.iter().map(|one| one.op.as_str()));
    let subscribe = recipe.webhook.iter().filter_map(|webhook| webhook.subscribe.as_ref());
    used.extend(subscribe.flat_map(|subscribe| {
        let listed = subscribe.list.iter().map(|list| &list.op);
        listed.chain([&subscribe.op]).chain(&subscribe.delete_op).map(String::as_str)
    }));
    used.extend(recipe.connect.oauth.iter().filter_map(|oauth| oauth.revoke_op.as_deref()));
    if let Some(push) = &recipe.push {
        used.insert(&push.list.op);
        used.extend(push.undo.iter().map(|undo| undo.op.as_str()));
        for step in &push.step {
            used.insert(&step.op);
            if let StepCheck::Ask { op, .. } = &step.look {
                used.insert(op);
            }
        }
    }
    used
}
