//! Validates a provider's file when it is loaded; reports every problem with file, key and allowed values.

mod connect;
mod lines;
mod names;

use std::{collections::BTreeSet, fmt, path::Path as FilePath};

use lines::KeyLines;
use names::{PICTURE, call_names, facts, kept_names, ops_used};

use super::{
    Provider,
    recipe::{BodyKind, GalleryKind, HookKey, HookProofKind, Op, Paging, Recipe, StepCheck, Subscribe},
    template::{Template, Tree},
};

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
    let mut recipe: Recipe = toml::from_str(toml).map_err(|e| {
        vec![Problem {
            file: file.to_owned(),
            line: None,
            key: String::new(),
            what: e.to_string().trim_end().to_owned(),
        }]
    })?;
    let mut check = Check { file, problems: Vec::new() };
    check.documents(&mut recipe, document);
    check.recipe(&recipe, folder);
    let lines = KeyLines::of(toml);
    for problem in &mut check.problems {
        problem.line = lines.find(&problem.key);
    }
    if check.problems.is_empty() {
        Ok(Provider { recipe, source: source.to_owned(), fixtures: Vec::new() })
    } else {
        Err(check.problems)
    }
}

struct Check<'a> {
    file: &'a str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn wrong(&mut self, key: &str, what: impl Into<String>) {
        let (file, key) = (self.file.to_owned(), key.to_owned());
        self.problems.push(Problem { file, line: None, key, what: what.into() });
    }

    fn demand(&mut self, holds: bool, key: &str, what: &str) {
        if !holds {
            self.wrong(key, what);
        }
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
        self.connect(recipe);
        self.call(recipe);
        for (name, op) in &recipe.op {
            self.op(recipe, name, op);
        }
        self.import(recipe);
        self.push(recipe);
        self.webhook(recipe);
        self.used(recipe);
    }

    fn call(&mut self, recipe: &Recipe) {
        let allowed = call_names(recipe);
        let call = &recipe.call;
        let basic = call.basic.iter().flat_map(|basic| [&basic.user].into_iter().chain(&basic.password));
        for template in call.headers.values().chain([&call.base]).chain(basic) {
            self.template("call", template, &allowed);
        }
        self.no_secret("call.base", [&call.base]);
    }

    fn op(&mut self, recipe: &Recipe, name: &str, op: &Op) {
        let allowed = call_names(recipe);
        let at = |key: &str| format!("op.{name}.{key}");
        if let Some(method) = &op.method {
            let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
            self.demand(known.contains(&method.as_str()), &at("method"), "must be GET, POST, PUT, PATCH or DELETE");
        }
        for template in op.path.iter().chain(&op.url).chain(op.query.values()).chain(op.headers.values()) {
            self.template(&at("path, query or headers"), template, &allowed);
        }
        self.no_secret(&at("path"), op.path.iter().chain(&op.url));
        match &op.body {
            Some(BodyKind::Form { fields }) => {
                for template in fields.values() {
                    self.template(&at("body.fields"), template, &allowed);
                }
            }
            Some(BodyKind::Raw { content_type }) => self.template(&at("body.content_type"), content_type, &allowed),
            Some(BodyKind::Multipart { fields, part }) => {
                if let Some(template) = fields {
                    self.template(&at("body.fields"), template, &allowed);
                }
                let files = part.iter().filter(|part| part.value.is_none() && part.json.is_none()).count();
                self.demand(files == 1, &at("body.part"), "needs exactly one part without value and json: the picture");
                for slot in part.iter().filter_map(|part| part.json.as_ref()).flat_map(Tree::slots) {
                    self.slot(&at("body.part"), slot, &allowed);
                }
                part.iter()
                    .filter_map(|part| part.value.as_ref())
                    .for_each(|t| self.template(&at("body.part"), t, &allowed));
            }
            Some(
                BodyKind::Json { value: tree }
                | BodyKind::Graphql { variables: tree, .. }
                | BodyKind::GraphqlMultipart { variables: tree, .. },
            ) => {
                for slot in tree.slots() {
                    self.slot(&at("body"), slot, &allowed);
                }
            }
            None => {}
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
            self.demand(
                import
                    .since
                    .as_ref()
                    .is_none_or(|since| looks_up(if since.filter.is_some() { "filter" } else { "since" })),
                "import.since",
                &format!("needs {{since}} in op.{}", import.op),
            );
        }
        if let Some(bulk) = &import.bulk {
            for (key, op) in [("count", &bulk.count.op), ("start", &bulk.start.op), ("poll_op", &bulk.poll_op)] {
                self.names_op(recipe, &format!("import.bulk.{key}"), op);
            }
        }
        if let Some(one) = &import.one {
            self.names_op(recipe, "import.one.op", &one.op);
            let looks_up = recipe.op.get(&one.op).is_none_or(|op| op.slots().contains(&"product.erp_id"));
            self.demand(looks_up, "import.one.op", &format!("needs {{product.erp_id}} in op.{}", one.op));
        }
        for nested in &import.nested {
            self.names_op(recipe, "import.nested.op", &nested.op);
            self.demand(nested.page.size > 0, "import.nested.page.size", "must be at least 1");
        }
        let parted = recipe.op.get(&import.op).is_some_and(|op| op.slots().contains(&"part"));
        self.demand(
            import.parts.is_empty() != parted,
            "import.parts",
            &format!("and {{part}} in op.{} are required together", import.op),
        );
        let facts = facts(recipe);
        let mut allowed = facts.clone();
        allowed.extend(["store_url".into(), "shop_host".into(), "value".into()]);
        for (key, pick) in import.map.picks() {
            let key = format!("import.map.{key}");
            if let Some(fact) = pick.fact() {
                self.slot(&key, fact, &facts);
            }
            if let Some(template) = &pick.template {
                self.template(&key, template, &allowed);
            }
        }
    }

    fn push(&mut self, recipe: &Recipe) {
        let Some(push) = &recipe.push else { return };
        self.names_op(recipe, "push.list.op", &push.list.op);
        self.demand(!push.step.is_empty(), "push.step", "needs at least one step");
        let outputs: BTreeSet<String> = kept_names(recipe);
        let mut names = BTreeSet::new();
        for step in &push.step {
            let key = format!("push.step.{}", step.name);
            self.demand(
                names.insert(&step.name),
                &key,
                "two steps have this name: the journal could not distinguish them",
            );
            self.names_op(recipe, &format!("{key}.op"), &step.op);
            if let StepCheck::Ask { op, .. } = &step.look {
                self.names_op(recipe, &format!("{key}.look.op"), op);
            }
            if let Some(list) = &step.list {
                self.template(&format!("{key}.list"), list, &outputs);
            }
            let mut named = call_names(recipe);
            named.extend(PICTURE.map(str::to_owned));
            for (part, tree) in [("item", &step.item), ("others", &step.others)] {
                for slot in tree.iter().flat_map(Tree::slots) {
                    self.slot(&format!("{key}.{part}"), slot, &named);
                }
            }
            self.demand(
                step.item.is_some() == step.others.is_some(),
                &format!("{key}.others"),
                "and item are required together",
            );
        }
        let replaces = push.step.iter().any(|step| step.list.is_some() || step.item.is_some());
        let needs = push.gallery == GalleryKind::ReplaceList && recipe.provider.limits.images_per_product > 1;
        self.demand(
            !needs || replaces,
            "push.gallery",
            "replace_list needs a step with list = \"{kept.…}\", or with item and others",
        );
        self.template("push.result.id", &push.result.id, &outputs);
        if let Some(undo) = &push.undo {
            self.names_op(recipe, "push.undo.op", &undo.op);
            let mut named = facts(recipe);
            named.extend(PICTURE.iter().chain(&["product.erp_id"]).map(|name| (*name).to_owned()));
            for slot in undo.others.iter().flat_map(Tree::slots) {
                self.slot("push.undo.others", slot, &named);
            }
            let looks_up = |name: &str| recipe.op.get(&undo.op).is_some_and(|op| op.looks_up_any(name));
            let whole = push.gallery == GalleryKind::ReplaceList && recipe.provider.limits.images_per_product > 1;
            self.demand(
                whole || looks_up("image.id") || !looks_up("gallery."),
                "push.undo.op",
                "removes one picture and needs {image.id}; only a gallery that is written as a whole list may be written without it",
            );
        }
    }

    fn webhook(&mut self, recipe: &Recipe) {
        let Some(webhook) = &recipe.webhook else { return };
        let text = webhook.verify.kind == HookProofKind::HmacText;
        self.demand(
            webhook.verify.text.is_some() == text,
            "webhook.verify.text",
            "and kind hmac_text are required together",
        );
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
        if let Some(shop) = &webhook.shop {
            self.template("webhook.shop.store_url", &shop.store_url, &BTreeSet::from(["value".to_owned()]));
        }
        if let Some(subscribe) = &webhook.subscribe {
            self.subscribe(recipe, subscribe);
        }
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
        for name in recipe.op.keys().filter(|name| !used.contains(name.as_str())) {
            self.wrong(&format!("op.{name}"), "is not used");
        }
    }

    fn names_op(&mut self, recipe: &Recipe, key: &str, name: &str) {
        if !recipe.op.contains_key(name) {
            let known: Vec<&str> = recipe.op.keys().map(String::as_str).collect();
            self.wrong(key, format!("there is no op '{name}'; there are: {}", known.join(", ")));
        }
    }

    fn template(&mut self, key: &str, template: &Template, allowed: &BTreeSet<String>) {
        for slot in template.slots() {
            self.slot(key, slot, allowed);
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

    fn slot(&mut self, key: &str, slot: &str, allowed: &BTreeSet<String>) {
        // The members of an item are not known before runtime.
        if !slot.starts_with("item.") && !allowed.contains(slot) {
            let words: Vec<&str> = allowed.iter().map(String::as_str).collect();
            self.wrong(key, format!("'{{{slot}}}' is not a known name; known are: {}", words.join(", ")));
        }
    }
}
