//! The names that templates of a provider's file may look up at each of its keys, and the operations that it uses.

use std::collections::BTreeSet;

use super::super::{
    placeholders::{PLACEHOLDERS, Place},
    recipe::{Recipe, StepCheck},
};

/// The names that a text may look up.
#[derive(Debug, Default)]
pub(super) struct KnownNames(BTreeSet<String>);

impl KnownNames {
    pub(super) fn has(&self, slot: &str) -> bool {
        self.0.contains(slot) || slot.split_once('.').is_some_and(|(root, _)| self.0.contains(&format!("{root}.…")))
    }

    pub(super) fn list(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    fn of(recipe: &Recipe, places: &[Place]) -> Self {
        let mut names = BTreeSet::new();
        for known in PLACEHOLDERS.iter().filter(|known| places.contains(&known.place)) {
            match (known.name, known.place) {
                ("FACT", _) => names.extend(facts(recipe)),
                ("grant.NAME", _) => names.extend(secrets(recipe)),
                ("grant.access", _) if recipe.connect.oauth.is_none() && recipe.connect.login.is_none() => {}
                ("app.client_id" | "app.client_secret", Place::Shop) if !has_app(recipe) => {}
                ("kept.NAME", Place::Leave) => names.extend(found_names(recipe)),
                ("kept.NAME", _) => names.extend(kept_names(recipe)),
                ("gallery.NAME", _) => names.extend(gallery_facts(recipe)),
                ("since.NAME", _) => names.extend(time_filters(recipe)),
                // The members of an item or of a delivery are not known before runtime.
                ("item.NAME" | "body.NAME", _) => names.extend([known.name.replace("NAME", "…")]),
                (name, _) => names.extend([name.to_owned()]),
            }
        }
        Self(names)
    }

    /// The names that the text at a key may look up.
    pub(super) fn of_text(recipe: &Recipe, key: &str) -> Self {
        let facts = || Self(facts(recipe).collect());
        let with_facts = |places: &[Place]| {
            let mut names = Self::of(recipe, places);
            names.0.extend(self::facts(recipe));
            names
        };
        match key.split('.').collect::<Vec<_>>()[..] {
            ["connect", "store_url"] | ["webhook", "verify", "jwks"] => facts(),
            ["connect", "posted" | "brought", "authorize" | "query", ..]
            | ["connect", "oauth", "authorize" | "authorize_extra", ..] => {
                Self::of(recipe, &[Place::Connect, Place::Consent])
            }
            ["connect", ..] => Self::of(recipe, &[Place::Connect]),
            ["call", ..] => Self::of(recipe, &[Place::Shop]),
            ["op", op, ..] => Self::of_op(recipe, op),
            ["import", "since", ..] => {
                let mut names = with_facts(&[Place::Changes]);
                names.0.retain(|name| name != "filter" && !name.starts_with("since."));
                names
            }
            ["import", "map", ..] => {
                let mut names = with_facts(&[Place::Field]);
                names.0.extend(["store_url", "shop_host"].map(str::to_owned));
                names
            }
            ["push", "step", _, "list"] => with_facts(&[Place::Product, Place::Upload, Place::Step]),
            ["push", "step", _, "item" | "others", ..] => {
                with_facts(&[Place::Product, Place::Upload, Place::Step, Place::Picture])
            }
            ["push", "step", _, "look", "id"] => with_facts(&[Place::Step]),
            ["push", "step", _, "only_if"] => with_facts(&[Place::Step, Place::Gallery]),
            ["push", "result", ..] => Self(kept_names(recipe).collect()),
            ["push", "undo", "others", ..] => {
                let mut names = with_facts(&[Place::Product, Place::Picture]);
                names.0.insert("image.id".to_owned());
                names
            }
            ["push", "undo", ..] => with_facts(&[Place::Product, Place::Undo]),
            ["webhook", "verify", ..] => Self::of(recipe, &[Place::Delivery]),
            ["webhook", ..] => Self::of(recipe, &[Place::Field]),
            _ => Self::default(),
        }
    }

    /// The facts that the path at a key may look up.
    pub(super) fn of_path(recipe: &Recipe, key: &str) -> Self {
        match key.split('.').collect::<Vec<_>>()[..] {
            ["connect", "probe", "name"] => Self(facts(recipe).collect()),
            ["import", "map", ref rest @ ..]
                if !rest.iter().any(|name| ["each", "of", "only", "options"].contains(name)) =>
            {
                Self(facts(recipe).collect())
            }
            _ => Self::default(),
        }
    }

    /// The names that an operation may look up: those of everything that it is used for.
    fn of_op(recipe: &Recipe, op: &str) -> Self {
        let mut uses = uses(recipe).into_iter().filter(|used| used.op == op).peekable();
        if uses.peek().is_none() {
            // That nothing uses it is another problem.
            let all: Vec<Place> = PLACEHOLDERS.iter().map(|known| known.place).collect();
            return Self::of(recipe, &all);
        }
        let mut places = vec![Place::Shop, Place::Inner];
        places.extend(uses.flat_map(|used| used.places));
        Self::of(recipe, &places)
    }
}

/// The names of the facts that a connection has.
pub(super) fn facts(recipe: &Recipe) -> impl Iterator<Item = String> {
    let fields = recipe.connect.field.iter().filter(|field| !field.secret).map(|field| field.name.clone());
    let oauth = recipe.connect.oauth.iter();
    let returned = oauth.flat_map(|oauth| oauth.callback.keys().chain(oauth.answer.facts.keys()).cloned());
    let probe = &recipe.connect.probe;
    let told = probe.facts.keys().chain(probe.also.iter().flat_map(|further| further.facts.keys()));
    fields.chain(told.cloned()).chain(returned)
}

fn secrets(recipe: &Recipe) -> impl Iterator<Item = String> {
    let connect = &recipe.connect;
    let fields = connect.field.iter().filter(|field| field.secret).map(|field| &field.name);
    let brought = connect.brought.iter().flat_map(|brought| brought.secrets.keys());
    let posted = connect.posted.iter().flat_map(|posted| posted.secrets.keys());
    fields.chain(brought).chain(posted).map(|name| format!("grant.{name}"))
}

fn has_app(recipe: &Recipe) -> bool {
    recipe.connect.oauth.as_ref().is_some_and(|oauth| oauth.client.is_none())
}

fn found_names(recipe: &Recipe) -> impl Iterator<Item = String> {
    let find = recipe.connect.leave.iter().filter_map(|leave| leave.find.as_ref());
    find.flat_map(|find| find.keep.keys()).map(|name| format!("kept.{name}"))
}

fn kept_names(recipe: &Recipe) -> impl Iterator<Item = String> {
    let steps = recipe.push.iter().flat_map(|push| &push.step);
    let names = steps.flat_map(|step| {
        let checked = match &step.look {
            StepCheck::Gallery { keep } => vec![keep],
            StepCheck::Ask { keep, .. } => keep.keys().collect(),
            StepCheck::Listed { .. } | StepCheck::Repeat => Vec::new(),
        };
        step.keep.keys().chain(&step.found).chain(checked)
    });
    names.map(|name| format!("kept.{name}"))
}

fn gallery_facts(recipe: &Recipe) -> impl Iterator<Item = String> {
    recipe.push.iter().flat_map(|push| push.list.facts.keys()).map(|name| format!("gallery.{name}"))
}

fn time_filters(recipe: &Recipe) -> impl Iterator<Item = String> {
    recipe.import.since.iter().flat_map(|since| &since.by).map(|filter| format!("since.{}", filter.name))
}

/// An operation, and where the names of one use of it have values.
struct UsedOp<'r> {
    op: &'r str,
    places: &'static [Place],
}

fn uses(recipe: &Recipe) -> Vec<UsedOp<'_>> {
    fn used<'r>(op: &'r str, places: &'static [Place]) -> UsedOp<'r> {
        UsedOp { op, places }
    }
    let import = &recipe.import;
    let mut uses = vec![used(&recipe.connect.probe.op, &[]), used(&import.op, &[Place::Page, Place::Changes])];
    uses.extend(recipe.connect.probe.also.iter().map(|further| used(&further.op, &[])));
    uses.extend(import.all_nested().map(|nested| used(&nested.op, &[Place::Page, Place::Nested])));
    uses.extend(import.one.iter().map(|one| used(&one.op, &[Place::Product])));
    if let Some(bulk) = &import.bulk {
        uses.extend([used(&bulk.count.op, &[]), used(&bulk.start.op, &[]), used(&bulk.poll_op, &[Place::Bulk])]);
    }
    let subscribe = recipe.webhook.as_ref().and_then(|webhook| webhook.subscribe.as_ref());
    if let Some(subscribe) = subscribe {
        uses.push(used(&subscribe.op, &[Place::Hook]));
        uses.extend(subscribe.list.iter().map(|list| used(&list.op, &[Place::Page])));
        uses.extend(subscribe.delete_op.iter().map(|op| used(op, &[Place::Unsubscribe])));
    }
    uses.extend(recipe.connect.login.iter().map(|login| used(&login.op, &[])));
    if let Some(leave) = &recipe.connect.leave {
        uses.extend(leave.op.iter().map(|op| used(op, &[Place::Leave])));
        uses.extend(leave.find.iter().map(|find| used(&find.op, &[])));
    }
    let Some(push) = &recipe.push else { return uses };
    uses.push(used(&push.list.op, &[Place::Product]));
    for step in &push.step {
        const STEP: &[Place] = &[Place::Product, Place::Upload, Place::Step, Place::Gallery];
        uses.push(used(&step.op, STEP));
        uses.extend(step.poll.iter().filter_map(|poll| Some(used(poll.cleanup.as_ref()?, STEP))));
        if let StepCheck::Ask { op, .. } = &step.look {
            uses.push(used(op, &[Place::Product, Place::Upload]));
        }
    }
    if let Some(undo) = &push.undo {
        let ops = undo.step.iter().map(|step| &step.op).chain([&undo.op]);
        uses.extend(ops.map(|op| used(op, &[Place::Product, Place::Undo])));
    }
    uses
}

pub(super) fn ops_used(recipe: &Recipe) -> BTreeSet<&str> {
    uses(recipe).into_iter().map(|used| used.op).collect()
}
