//! Validates a provider's file when it is loaded; reports every problem with file, key and allowed values.

mod connect;
mod form;
mod names;

use std::{collections::BTreeSet, fmt, path::Path as FilePath, sync::LazyLock};

use form::Form;
use names::{KnownNames, facts, ops_used};
use serde_json::Value;

use super::{
    Provider,
    field::FieldMapping,
    page_reads::PageReads,
    recipe::{
        AnswerKind, BasicQuery, BodyKind, GalleryKind, HookKey, HookProof, HookProofKind, Nested, Op, Paging,
        PushRecipe, PushStep, Recipe, Since, StepCheck, Subscribe, TimeFilter, When,
    },
    template::Template,
};
use crate::model::{FailureKind, ProductStatus};

/// A problem in a provider's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// The line of the key, or of its nearest existing parent.
    pub line: Option<usize>,
    /// The key, such as `import.page.next`; empty if the text itself names it.
    pub key: String,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        if self.key.is_empty() {
            write!(f, "{}{line}: {}", self.file, self.what)
        } else {
            write!(f, "{}{line}: {}: {}", self.file, self.key, self.what)
        }
    }
}

/// Loads and checks the providers of a folder: one sub-folder each.
pub(super) fn folder(folder: &FilePath) -> Result<Vec<Provider>, Vec<Problem>> {
    let problem = |file: &FilePath, what: String| Problem {
        file: file.display().to_string(),
        line: None,
        key: String::new(),
        what,
    };
    let entries = std::fs::read_dir(folder).map_err(|e| vec![problem(folder, format!("cannot be read: {e}"))])?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    let (mut providers, mut problems) = (Vec::new(), Vec::new());
    for folder in folders {
        let file = folder.join("provider.toml");
        let key = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let toml = match std::fs::read_to_string(&file) {
            Ok(toml) => toml,
            Err(e) => {
                problems.push(problem(&file, format!("cannot be read: {e}")));
                continue;
            }
        };
        let place = file.display().to_string();
        let plain = |name: &str| !name.contains(['/', '\\']) && !name.starts_with('.');
        let find = |name: &str| plain(name).then(|| std::fs::read_to_string(folder.join(name)).ok()).flatten();
        match compile(&place, &key, &toml, find, &place) {
            Ok(mut provider) => {
                provider.fixtures = fixtures(&folder.join("fixtures"));
                providers.push(provider);
            }
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() { Ok(providers) } else { Err(problems) }
}

/// Reads the fixtures of a provider.
fn fixtures(folder: &FilePath) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    let read = |path: std::path::PathBuf| Some((path.display().to_string(), std::fs::read_to_string(path).ok()?));
    files.into_iter().filter_map(read).collect()
}

/// Parses and checks one file. `document` returns the text of another file in its folder.
pub(super) fn compile(
    file: &str,
    folder: &str,
    toml: &str,
    document: impl Fn(&str) -> Option<String>,
    source: &str,
) -> Result<Provider, Vec<Problem>> {
    let (form, mended) = Form::read(toml, &SCHEMA);
    let mut check = Check { file, form: &form, problems: Vec::new() };
    for slip in &form.slips {
        let (key, what) = (slip.key.clone(), slip.what.clone());
        check.problems.push(Problem { file: file.to_owned(), line: slip.line, key, what });
    }
    let read: Result<Recipe, _> = match mended.filter(|_| !form.slips.is_empty()) {
        Some(rest) => rest.try_into(),
        None => toml::from_str(toml),
    };
    match read {
        Ok(mut recipe) => {
            recipe.spread_answers();
            check.documents(&mut recipe, document);
            check.recipe(&recipe, folder);
            if check.problems.is_empty() {
                let page = PageReads::new(&recipe);
                return Ok(Provider { recipe, page, source: source.to_owned(), fixtures: Vec::new() });
            }
        }
        // The schema says less than the types do.
        Err(e) if check.problems.is_empty() => {
            let line = e.span().map(|at| form.line_at(&at));
            let what = e.message().to_owned();
            check.problems.push(Problem { file: file.to_owned(), line, key: String::new(), what });
        }
        Err(_) => {}
    }
    let mut problems = check.problems;
    problems.sort_by_key(|problem| problem.line);
    Err(problems)
}

/// The schema of a file.
static SCHEMA: LazyLock<Value> = LazyLock::new(super::schema);

struct Check<'a> {
    file: &'a str,
    form: &'a Form<'a>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn wrong(&mut self, key: &str, what: impl Into<String>) {
        let (file, line) = (self.file.to_owned(), self.form.line(key));
        self.problems.push(Problem { file, line, key: key.to_owned(), what: what.into() });
    }

    fn demand(&mut self, holds: bool, key: &str, what: &str) {
        if !holds && !self.is_in_doubt(key, what) {
            self.wrong(key, what);
        }
    }

    /// Whether what a key lacks may have been in a slip.
    fn is_in_doubt(&self, key: &str, what: &str) -> bool {
        let mut areas = self.form.slips.iter().map(|slip| area(&slip.key));
        areas.any(|area| key.starts_with(area) || what.contains(area))
    }

    fn documents(&mut self, recipe: &mut Recipe, document: impl Fn(&str) -> Option<String>) {
        for (name, op) in &mut recipe.op {
            let (file, inner) = match &op.body {
                Some(BodyKind::Graphql { file, inner, .. }) => (file, inner.as_ref()),
                Some(BodyKind::GraphqlMultipart { file, .. }) => (file, None),
                _ => continue,
            };
            for (key, file, into) in [("file", Some(file), &mut op.document), ("inner", inner, &mut op.inner)]
                .into_iter()
                .filter_map(|(k, f, i)| Some((k, f?, i)))
            {
                match document(file) {
                    Some(text) => *into = text,
                    None => self.wrong(
                        &format!("op.{name}.body.{key}"),
                        format!("there is no '{file}' in the provider's folder"),
                    ),
                }
            }
        }
    }

    fn recipe(&mut self, recipe: &Recipe, folder: &str) {
        self.demand(recipe.schema == 1, "schema", "this program reads schema 1");
        let key = &recipe.provider.key;
        let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        self.demand(plain, "provider.key", "use lower-case letters, digits and -");
        self.demand(key == folder, "provider.key", &format!("must be the name of its folder, '{folder}'"));
        self.demand(
            !recipe.provider.limits.image_types.is_empty(),
            "provider.limits.image_types",
            "name at least one media type",
        );
        self.look_ups(recipe);
        self.connect(recipe);
        self.call(recipe);
        for (name, op) in &recipe.op {
            self.op(name, op);
        }
        self.import(recipe);
        self.push(recipe);
        self.webhook(recipe);
        self.used(recipe);
    }

    /// Checks every name that a text of the file looks up.
    fn look_ups(&mut self, recipe: &Recipe) {
        let form = self.form;
        for look_up in form.look_ups.iter().filter(|look_up| !look_up.slots.is_empty()) {
            let key = &look_up.key;
            let known =
                if look_up.is_path { KnownNames::of_path(recipe, key) } else { KnownNames::of_text(recipe, key) };
            for slot in look_up.slots.iter().filter(|slot| !known.has(slot)) {
                let what = match known.list() {
                    none if none.is_empty() => {
                        format!("'{{{slot}}}': only fields of import.map have paths that look up facts")
                    }
                    names => format!("'{{{slot}}}' is not a known name here; known are: {names}"),
                };
                self.wrong(key, what);
            }
        }
    }

    fn call(&mut self, recipe: &Recipe) {
        let call = &recipe.call;
        self.no_secret("call.base", [&call.base]);
        self.demand(
            call.answer != AnswerKind::Any,
            "call.answer",
            "must be json or xml: any is for single operations whose response nobody reads",
        );
        if let Some(query) = call.basic.as_ref().and_then(|basic| basic.or_query.as_ref()) {
            self.basic_query(recipe, query);
        }
        for (place, rule) in call.verdict.iter().enumerate() {
            self.when(&format!("call.verdict[{place}].when"), &rule.when);
            self.code(&format!("call.verdict[{place}].code"), rule.code.as_deref());
        }
    }

    /// Checks the parameters of a key that may go into the query.
    fn basic_query(&mut self, recipe: &Recipe, query: &BasicQuery) {
        let key = "call.basic.or_query";
        self.when(&format!("{key}.when"), &query.when);
        let has_password = recipe.call.basic.as_ref().is_some_and(|basic| basic.password.is_some());
        self.demand(has_password && query.user != query.password, key, "needs a password beside it, and two names");
        let import = &recipe.import;
        let subscriptions = recipe.webhook.iter().filter_map(|webhook| webhook.subscribe.as_ref()?.list.as_ref());
        let pages = import.nested.iter().map(|nested| &nested.page).chain(subscriptions.map(|list| &list.page));
        let by_link = pages.chain([&import.page]).any(|page| page.kind == Paging::Link);
        self.demand(!by_link, key, "is not allowed with page kind link: the URL of a next page would repeat the key");
    }

    fn when(&mut self, key: &str, when: &When) {
        let is_of_body = when.body.is_some() || when.one_of.is_empty() && when.contains.is_empty();
        self.demand(is_of_body, key, "in and contains need body: the path of what they compare");
        let says = !when.status.is_empty() || when.body.is_some() || !when.all.is_empty();
        self.demand(says || !is_of_body, key, "states no condition: it would match every response");
        for (place, part) in when.all.iter().enumerate() {
            self.when(&format!("{key}.all[{place}]"), part);
        }
    }

    /// Checks a code that the file gives to a failure.
    fn code(&mut self, key: &str, code: Option<&str>) {
        let Some(code) = code else { return };
        let is_plain =
            !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_plain {
            self.wrong(key, "use lower-case letters, digits and _");
        }
        if FailureKind::is_ours(code) {
            let what = format!(
                "'{code}' is a code of store-sync's own, with another meaning: choose another, or leave it out"
            );
            self.wrong(key, what);
        }
    }

    fn op(&mut self, name: &str, op: &Op) {
        let at = |key: &str| format!("op.{name}.{key}");
        if let Some(method) = &op.method {
            let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
            self.demand(known.contains(&method.as_str()), &at("method"), "must be GET, POST, PUT, PATCH or DELETE");
        }
        self.no_secret(&at("path"), &op.path);
        self.no_secret(&at("url"), &op.url);
        let is_graphql = matches!(op.body, Some(BodyKind::Graphql { .. } | BodyKind::GraphqlMultipart { .. }));
        self.demand(!(is_graphql && op.is_xml()), &at("answer"), "must be json: that is what GraphQL answers");
        if let Some(BodyKind::Multipart { part, .. }) = &op.body {
            let files = part.iter().filter(|part| part.value.is_none() && part.json.is_none()).count();
            self.demand(files == 1, &at("body.part"), "needs exactly one part without value and json: the picture");
        }
    }

    fn nested(&mut self, recipe: &Recipe, key: &str, lists: &[Nested]) {
        for (place, nested) in lists.iter().enumerate() {
            let key = format!("{key}[{place}]");
            self.names_op(recipe, &format!("{key}.op"), &nested.op);
            self.demand(nested.page.size > 0, &format!("{key}.page.size"), "must be at least 1");
            self.batch(recipe, &key, nested);
        }
    }

    fn import(&mut self, recipe: &Recipe) {
        let (import, page) = (&recipe.import, &recipe.import.page);
        self.names_op(recipe, "import.op", &import.op);
        self.demand(page.size > 0, "import.page.size", "must be at least 1");
        self.demand(
            page.kind != Paging::Cursor || page.next.is_some(),
            "import.page.next",
            "is required by kind cursor",
        );
        self.demand(
            import.since.is_none() || import.full_only.is_none(),
            "import.full_only",
            "is not allowed beside import.since",
        );
        if let Some(op) = recipe.op.get(&import.op) {
            let looks_up = |name: &str| op.slots().contains(&name);
            let needed =
                [(Paging::Number, "page.number"), (Paging::Offset, "page.offset"), (Paging::Cursor, "page.token")];
            for (kind, name) in needed {
                self.demand(
                    page.kind != kind || looks_up(name),
                    "import.page.kind",
                    &format!("needs {{{name}}} in op.{}", import.op),
                );
            }
            if let Some(since) = &import.since {
                self.since(&import.op, op, since);
            }
        }
        if let Some(bulk) = &import.bulk {
            for (key, op) in [("count", &bulk.count.op), ("start", &bulk.start.op), ("poll_op", &bulk.poll_op)] {
                self.names_op(recipe, &format!("import.bulk.{key}"), op);
            }
            let is_push = bulk.poll.cleanup.is_none();
            self.demand(is_push, "import.bulk.poll.cleanup", "is only allowed in a step of a push");
        }
        if let Some(one) = &import.one {
            self.names_op(recipe, "import.one.op", &one.op);
            let looks_up = recipe.op.get(&one.op).is_none_or(|op| op.slots().contains(&"product.erp_id"));
            self.demand(looks_up, "import.one.op", &format!("needs {{product.erp_id}} in op.{}", one.op));
        }
        self.nested(recipe, "import.nested", &import.nested);
        if let Some(one) = &import.one {
            self.nested(recipe, "import.one.nested", &one.nested);
        }
        let parted = recipe.op.get(&import.op).is_some_and(|op| op.slots().contains(&"part"));
        self.demand(
            import.parts.is_empty() != parted,
            "import.parts",
            &format!("and {{part}} in op.{} are required together", import.op),
        );
        self.fields(recipe);
    }

    /// Checks that an import of changes depends on the time, by each of its filters.
    fn since(&mut self, name: &str, op: &Op, since: &Since) {
        if since.by.is_empty() {
            let slot = if since.filter.is_some() { "filter" } else { "since" };
            self.demand(op.looks_up(slot), "import.since", &format!("needs {{since}} in op.{name}"));
            return;
        }
        let several = "names at least two filters: a single one is {since} in the operation, or import.since.filter";
        self.demand(since.by.len() > 1, "import.since.by", several);
        let own = "is not allowed beside import.since.by: each of its filters has its own";
        self.demand(since.filter.is_none(), "import.since.filter", own);
        let narrows = format!("{{since}} in op.{name} would narrow every filter: look up {{since.NAME}} there");
        self.demand(!op.looks_up("since"), "import.since.by", &narrows);
        let mut names = BTreeSet::new();
        for filter in &since.by {
            let key = format!("import.since.by.{}", filter.name);
            self.demand(names.insert(&filter.name), &key, "two filters have this name");
            self.time_filter(&key, name, op, filter);
        }
    }

    fn time_filter(&mut self, key: &str, op_name: &str, op: &Op, filter: &TimeFilter) {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_name = !filter.name.is_empty() && filter.name.chars().all(is_plain);
        self.demand(is_name, key, "use lower-case letters, digits and _ in the name of a filter");
        let slot = if filter.filter.is_some() { "filter".to_owned() } else { format!("since.{}", filter.name) };
        self.demand(op.looks_up(&slot), key, &format!("needs {{{slot}}} in op.{op_name}"));
        if let Some(text) = &filter.filter {
            let depends = text.slots().any(|slot| slot == "since");
            self.demand(depends, &format!("{key}.filter"), "needs {since}: without it the time does not matter");
        }
    }

    /// Checks how one call fills a list of many items.
    fn batch(&mut self, recipe: &Recipe, key: &str, nested: &Nested) {
        let key = format!("{key}.batch");
        let Some(op) = recipe.op.get(&nested.op) else { return };
        let Some(batch) = &nested.batch else {
            self.demand(!op.looks_up("batch.ids"), &key, &format!("is required by {{batch.ids}} in op.{}", nested.op));
            return;
        };
        self.demand(
            op.looks_up("batch.ids") && !op.looks_up_any("item."),
            &key,
            &format!("needs {{batch.ids}} in op.{}, and no {{item.…}}: the call is for several items", nested.op),
        );
        self.demand(batch.at_most > 0, &format!("{key}.at_most"), "must be at least 1");
        self.demand(
            nested.start.is_none(),
            &key,
            "is not allowed beside start: a cursor within an item is that item's",
        );
    }

    /// Checks the facts and the words of the fields of a product.
    fn fields(&mut self, recipe: &Recipe) {
        let known: BTreeSet<String> = facts(recipe).collect();
        for (name, field) in recipe.import.map.picks() {
            let key = format!("import.map.{name}");
            if let Some(fact) = field.fact().filter(|fact| !known.contains(*fact)) {
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                self.wrong(&format!("{key}.fact"), format!("'{fact}' is not a fact; known are: {}", names.join(", ")));
            }
            self.demand(
                field.other.is_none() || !field.words.is_empty(),
                &format!("{key}.other"),
                "needs words beside it",
            );
        }
        for (name, word) in recipe.import.map.status.iter().flat_map(FieldMapping::own_words) {
            if let Err(unknown) = word.parse::<ProductStatus>() {
                self.wrong(&format!("import.map.status.{name}"), format!("the status {unknown}"));
            }
        }
    }

    fn push(&mut self, recipe: &Recipe) {
        let Some(push) = &recipe.push else { return };
        self.names_op(recipe, "push.list.op", &push.list.op);
        self.demand(!push.step.is_empty(), "push.step", "needs at least one step");
        for name in push.list.facts.keys() {
            let is_ours = ["ids", "items", "first", "next", "make_first", "cover"].contains(&name.as_str());
            self.demand(!is_ours, &format!("push.list.facts.{name}"), "is a name of store-sync's own: {gallery.…}");
        }
        let mut names = BTreeSet::new();
        for step in &push.step {
            let key = format!("push.step.{}", step.name);
            self.demand(
                names.insert(&step.name),
                &key,
                "two steps have this name: the journal could not distinguish them",
            );
            self.step(recipe, &key, step);
        }
        let replaces = push.step.iter().any(|step| step.list.is_some() || step.item.is_some());
        let writes = push.step.iter().filter_map(|step| recipe.op.get(&step.op));
        let is_version =
            |slot: &str| slot.strip_prefix("gallery.").is_some_and(|name| push.list.facts.contains_key(name));
        let is_guarded = push.gallery == GalleryKind::AddOne || writes.flat_map(Op::slots).any(is_version);
        self.demand(
            is_guarded == push.unguarded.is_none(),
            "push.unguarded",
            "says what people may lose; it is required where a list is replaced without its version (push.list.facts), and only there",
        );
        self.demand(
            !is_whole(recipe, push) || push.list.only.is_none(),
            "push.list.only",
            "is not allowed with gallery replace_list: what it skips would be removed",
        );
        self.demand(
            !is_whole(recipe, push) || !push.list.may_lack,
            "push.list.may_lack",
            "is not allowed with gallery replace_list: a list that is missing by mistake would be written without its pictures",
        );

        self.demand(
            !is_whole(recipe, push) || replaces,
            "push.gallery",
            "replace_list needs a step with list = \"{kept.…}\", or with item and others",
        );
        self.undo(recipe, push);
    }

    fn step(&mut self, recipe: &Recipe, key: &str, step: &PushStep) {
        self.names_op(recipe, &format!("{key}.op"), &step.op);
        if let StepCheck::Ask { op, .. } = &step.look {
            self.names_op(recipe, &format!("{key}.look.op"), op);
        }
        if let Some(op) = step.poll.as_ref().and_then(|poll| poll.cleanup.as_ref()) {
            self.names_op(recipe, &format!("{key}.poll.cleanup"), op);
        }
        self.demand(
            step.item.is_some() == step.others.is_some(),
            &format!("{key}.others"),
            "and item are required together",
        );
        let by_condition = step.only_if.iter().flat_map(Template::slots).any(|slot| slot == "gallery.cover");
        let by_op = recipe.op.get(&step.op).is_some_and(|op| op.looks_up("gallery.cover"));
        self.demand(
            step.list.is_some() || !(by_condition || by_op),
            &format!("{key}.list"),
            "{gallery.cover} needs list: the id of the new picture",
        );
    }

    fn undo(&mut self, recipe: &Recipe, push: &PushRecipe) {
        let Some(undo) = &push.undo else { return };
        self.names_op(recipe, "push.undo.op", &undo.op);
        for (place, step) in undo.step.iter().enumerate() {
            self.names_op(recipe, &format!("push.undo.step[{place}].op"), &step.op);
        }
        let looks_up = |name: &str| recipe.op.get(&undo.op).is_some_and(|op| op.looks_up_any(name));
        self.demand(
            is_whole(recipe, push) || looks_up("image.id") || !looks_up("gallery."),
            "push.undo.op",
            "removes one picture and needs {image.id}; only a gallery that is written as a whole list may be written without it",
        );
        let mut ops = undo.step.iter().map(|step| &step.op).chain([&undo.op]).filter_map(|op| recipe.op.get(op));
        let by_op = ops.any(|op| op.looks_up("gallery.cover"));
        self.demand(
            !by_op || push.list.cover.is_some(),
            "push.list.cover",
            "is required by {gallery.cover} in push.undo",
        );
    }

    fn webhook(&mut self, recipe: &Recipe) {
        let Some(webhook) = &recipe.webhook else { return };
        self.proof(&webhook.verify);
        let ours = webhook.verify.key == HookKey::Subscription;
        self.demand(!ours || webhook.subscribe.is_some(), "webhook.subscribe", "is required by key subscription");
        self.demand(
            !ours || webhook.shop.is_none(),
            "webhook.shop",
            "is not allowed with key subscription: each subscription has its own URL",
        );
        for place in webhook.shop.iter().map(|shop| &shop.at).chain([&webhook.topic]).chain(&webhook.delivery) {
            self.demand(
                place.header.is_some() != place.body.is_some(),
                "webhook",
                "a place needs exactly one of: header, body",
            );
        }
        let has_id = recipe.connect.probe.id.is_some();
        self.demand(
            has_id || webhook.shop.as_ref().is_none_or(|shop| shop.store_url.is_some()),
            "webhook.shop",
            "needs store_url, or connect.probe.id: the shop is found by one of them",
        );
        if let Some(subscribe) = &webhook.subscribe {
            self.subscribe(recipe, subscribe);
        }
    }

    /// Checks how deliveries are proved: each kind has the keys that it needs, and no others.
    fn proof(&mut self, verify: &HookProof) {
        let kind = verify.kind;
        self.demand(
            verify.text.is_some() == (kind == HookProofKind::HmacText),
            "webhook.verify.text",
            "and kind hmac_text are required together",
        );
        self.demand(
            verify.header.is_some() != (kind == HookProofKind::JwtBody),
            "webhook.verify.header",
            "is required, but for kind jwt_body, which has none",
        );
        let written = verify.encoding.map(|_| "encoding").or(verify.prefix.as_ref().map(|_| "prefix"));
        self.demand(
            kind.is_hmac() || written.is_none(),
            &format!("webhook.verify.{}", written.unwrap_or_default()),
            "is only allowed for an HMAC",
        );
        self.demand(
            verify.jwks.is_some() == (verify.key == HookKey::Jwks),
            "webhook.verify.jwks",
            "and key jwks are required together",
        );
        let is_secret = matches!(verify.key, HookKey::App | HookKey::Subscription);
        self.demand(
            !(kind.is_jws() && is_secret) && (kind.is_jws() || verify.key != HookKey::Jwks),
            "webhook.verify.key",
            "a signature is verified by a public key (webhook or jwks), anything else by a secret",
        );
    }

    fn subscribe(&mut self, recipe: &Recipe, subscribe: &Subscribe) {
        self.names_op(recipe, "webhook.subscribe.op", &subscribe.op);
        self.demand(!subscribe.topics.is_empty(), "webhook.subscribe.topics", "name at least one");
        if let Some(name) = &subscribe.delete_op {
            self.names_op(recipe, "webhook.subscribe.delete_op", name);
            let looks_up = recipe.op.get(name).is_none_or(|op| op.slots().contains(&"hook.id"));
            self.demand(looks_up, "webhook.subscribe.delete_op", &format!("needs {{hook.id}} in op.{name}"));
        }
        let Some(list) = &subscribe.list else { return };
        self.names_op(recipe, "webhook.subscribe.list.op", &list.op);
        self.demand(list.page.size > 0, "webhook.subscribe.list.page.size", "must be at least 1");
        self.demand(
            subscribe.delete_op.is_some(),
            "webhook.subscribe.delete_op",
            "is required by webhook.subscribe.list: what is switched off is replaced",
        );
    }

    /// Reports declared operations that nothing uses: usually a typo.
    fn used(&mut self, recipe: &Recipe) {
        let used = ops_used(recipe);
        // What would use it may be a slip.
        let is_read = self.form.slips.is_empty();
        for name in recipe.op.keys().filter(|name| is_read && !used.contains(name.as_str())) {
            self.wrong(&format!("op.{name}"), "is not used");
        }
    }

    fn names_op(&mut self, recipe: &Recipe, key: &str, name: &str) {
        if !recipe.op.contains_key(name) {
            let known: Vec<&str> = recipe.op.keys().map(String::as_str).collect();
            self.wrong(key, format!("there is no op '{name}'; there are: {}", known.join(", ")));
        }
    }

    /// Failures and logs name host and path of a call.
    fn no_secret<'t>(&mut self, key: &str, templates: impl IntoIterator<Item = &'t Template>) {
        for slot in templates.into_iter().flat_map(Template::slots) {
            let is_secret = slot.starts_with("grant.") || ["app.client_secret", "hook.secret"].contains(&slot);
            let what = format!("looks up the secret '{{{slot}}}', which belongs into a header, a query or a body");
            self.demand(!is_secret, key, &what);
        }
    }
}

/// The part of a file that has to be read as a whole to say what it lacks: an operation, or a table.
fn area(key: &str) -> &str {
    let from = if key.starts_with("op.") { "op.".len() } else { 0 };
    key[from..].find(['.', '[']).map_or(key, |at| &key[..from + at])
}

/// Whether a gallery is written as a whole list of several pictures.
fn is_whole(recipe: &Recipe, push: &PushRecipe) -> bool {
    push.gallery == GalleryKind::ReplaceList && recipe.provider.limits.images_per_product > 1
}
