//! The contract of pictures: sessions, flows, orders, outputs, inspirations, what people say about them, and what they cost.

use super::{record::Record, things::Things};

/// A collection of products, and what is said in it.
pub(super) fn sessions(record: &mut Record, things: &mut Things) {
    record.area("sessions");
    let product = things.product.clone();
    things.session = record.make(
        "session",
        &format!("sessions create --client acme --name Autumn --product {product} --set style=wood --set size=256"),
    );
    let session = &things.session;
    things.second_session =
        record.make("second_session", &format!("sessions create --client acme --name Winter --product {product}"));
    record
        .place
        .write("session.json", r#"{ "client_id": "acme", "name": "From a file", "settings": { "style": "marble" } }"#);
    record.place.write("wrong.json", r#"{ "no_such_field": 1 }"#);
    for line in [
        "sessions create --from session.json".to_owned(),
        "sessions create --from wrong.json".to_owned(),
        "sessions create --from missing.json".to_owned(),
        "sessions create --client nobody --name Autumn".to_owned(),
        "sessions create --client acme --name Autumn --product nobody".to_owned(),
        "sessions create --client acme --name Autumn --set nonsense".to_owned(),
        "sessions create".to_owned(),
        format!("sessions update {session} --name 'Late autumn' --if-version 1"),
        format!("sessions update {session} --name Never --if-version 99"),
        format!("sessions update {session} --status completed"),
        format!("sessions update {session} --status nonsense"),
        format!("sessions update {session} --base-image nonsense"),
        format!("sessions say {session} 'on a wooden table'"),
        format!("sessions say {session} 'as you wish' --role assistant"),
        format!("sessions say {session} Words --role king"),
        format!("sessions show {session}"),
        format!("sessions progress {session}"),
        "sessions list --client acme".to_owned(),
        "sessions list --status nonsense".to_owned(),
        format!("sessions list --after {session} --limit 1"),
    ] {
        record.run(&line);
    }
    strangers(record, "sessions", &["show", "update", "generate", "retry", "cancel", "progress", "delete"]);
    record.run("sessions say nobody words");
    record.run("sessions say");
}

/// Verbs about a thing that does not exist, and about none.
fn strangers(record: &mut Record, group: &str, verbs: &[&str]) {
    for verb in verbs {
        record.run(&format!("{group} {verb} nobody"));
        record.run(&format!("{group} {verb}"));
    }
}

pub(super) fn flows(record: &mut Record, things: &mut Things) {
    record.area("flows");
    let Things { product, session, .. } = things.clone();
    let studio = "--set engine=studio --set size=256";
    let flow = record.make(
        "flow",
        &format!("flows create --session {session} --product {product} --name Wood --set style=wood {studio}"),
    );
    let alone =
        record.make("flow_alone", &format!("flows create --client acme --product {product} --name Alone {studio}"));
    let huge = record.make("flow_huge", &format!("flows create --session {session} --set size=huge"));
    things.flow.clone_from(&flow);
    for line in [
        "flows create --session nobody".to_owned(),
        "flows create".to_owned(),
        format!("flows create --session {session} --product nobody"),
        format!("flows update {flow} --set style=marble --if-version 1"),
        format!("flows update {flow} --set style=wood --if-version 99"),
        format!("flows update {flow} --status nonsense"),
        format!("flows update {alone} --name 'Still alone'"),
        format!("flows show {flow}"),
        format!("flows prompt {flow}"),
        format!("flows prompt {flow} --analyse"),
        format!("flows list --session {session}"),
        "flows list --client acme --standalone".to_owned(),
        "flows list --favorite".to_owned(),
        "flows list --status nonsense".to_owned(),
        format!("flows progress {flow}"),
        format!("flows cancel {flow}"),
        format!("flows retry {flow}"),
        format!("flows delete {alone}"),
        format!("generate {huge}"),
        format!("flows delete {huge}"),
    ] {
        record.run(&line);
    }
    strangers(record, "flows", &["show", "update", "prompt", "generate", "retry", "cancel", "progress", "delete"]);
}

/// Orders: left, taken back, tried again, done.
pub(super) fn orders(record: &mut Record, things: &mut Things) {
    record.area("orders");
    let Things { product, session, second_session, flow, .. } = things.clone();
    for line in [
        format!("flows generate {flow} --variants 1 --seed 7 --no-wait"),
        format!("flows progress {flow}"),
        format!("flows cancel {flow}"),
        format!("flows progress {flow}"),
        format!("flows retry {flow} --no-wait"),
        format!("sessions progress {session}"),
        format!("sessions cancel {session}"),
        format!("sessions retry {session} --no-wait"),
        format!("sessions cancel {session}"),
    ] {
        record.run(&line);
    }
    things.asset = record.make("asset", &format!("flows generate {flow} --variants 1 --seed 3"));
    for line in [
        format!("flows progress {flow}"),
        format!("sessions generate {session} --again --variants 1 --seed 5 --priority -1"),
        format!("sessions generate {session}"),
        format!("sessions progress {session}"),
        format!(
            "generate --product {product} --style podium,wood --variants 1 --size 128 --aspect 4:3 --lighting Cool"
        ),
        format!(
            "generate --product {product} --variants 1 --set size=128 --settings '{{\"cameraAngle\": \"High\"}}' --prompt Words --engine studio"
        ),
        format!("generate {flow} --variants 1 --seed 9"),
        format!("generate --product {product} --engine gemini"),
        format!("generate --product {product} --engine nonsense"),
        format!("generate --product {product} --aspect nonsense"),
        format!("generate --product {product} --size 5"),
        format!("generate --product {product} --settings nonsense"),
        format!("generate --product {product} --variants 0"),
        format!("generate --product {product} --variants 5001"),
        "generate --product nobody".to_owned(),
        "generate nobody".to_owned(),
        "generate".to_owned(),
        "generate --together".to_owned(),
        "clients plan acme free".to_owned(),
        format!("generate {flow} --variants 101"),
        "clients plan acme pro".to_owned(),
    ] {
        record.run(&line);
    }
    // Something for the daemon to try again.
    record.run(&format!("sessions generate {second_session} --variants 1 --seed 13 --no-wait"));
    record.run(&format!("sessions cancel {second_session}"));
}

pub(super) fn assets(record: &mut Record, things: &Things) {
    record.area("assets");
    let Things { product, session, flow, asset, .. } = things;
    record.place.write(
        "fields.json",
        r#"{ "client_id": "acme", "asset_url": "https://img.example.com/a.png", "prompt": "a mug" }"#,
    );
    record.place.write("more.json", r#"{ "prompt": "another mug" }"#);
    for line in [
        format!("assets show {asset}"),
        "assets list --client acme --status completed --limit 2".to_owned(),
        format!("assets list --flow {flow} --approval pending --style marble"),
        format!("assets list --session {session} --product {product} --after {asset}"),
        "assets list --status nonsense".to_owned(),
        format!("assets url {asset}"),
        format!("assets save {asset} made.png"),
        format!("assets save {asset} no-such-folder/made.png"),
        format!("assets add --product {product} made.png"),
        format!("assets add --product {product} config.toml"),
        format!("assets add --product {product} missing.png"),
        "assets add --product nobody made.png".to_owned(),
        "assets create --from fields.json".to_owned(),
        "assets create --from wrong.json".to_owned(),
        "assets create".to_owned(),
        format!("assets update {asset} --from more.json"),
        format!("assets update {asset} --from wrong.json"),
        format!("assets update {asset}"),
        "assets update nobody --from more.json".to_owned(),
        format!("assets regenerate {asset} --set style=podium"),
        format!("assets regenerate {asset} nobody"),
        format!("assets edit {asset} --set postAdjustments.light.exposure=20"),
        format!("assets edit {asset} --prompt 'more light'"),
        format!("assets edit {asset}"),
        format!("assets reject {asset} --note 'too dark'"),
        format!("assets reject {asset}"),
        format!("assets approve {asset} --dry-run"),
        format!("assets approve {asset} nobody"),
        format!("assets approve {asset}"),
        "assets approve --client nobody".to_owned(),
        "assets approve --style no-such-style".to_owned(),
        format!("assets reject --flow {flow} --style wood"),
        "assets tidy".to_owned(),
        "assets tidy --delete".to_owned(),
    ] {
        record.run(&line);
    }
    strangers(record, "assets", &["show", "url", "delete", "approve", "reject", "regenerate", "edit", "save"]);
    record.run("assets save nobody made.png");
}

pub(super) fn inspirations(record: &mut Record, things: &Things) {
    record.area("inspirations");
    let session = &things.session;
    let scene = record.make("inspiration", &format!("inspirations create {session} made.png"));
    for line in [
        format!("inspirations create {session} config.toml"),
        format!("inspirations create {session} missing.png"),
        format!("inspirations create {session} --url ftp://example.com/a.png"),
        format!("inspirations create {session}"),
        "inspirations create nobody made.png".to_owned(),
        format!("inspirations list {session}"),
        "inspirations list nobody".to_owned(),
        format!("inspirations update {scene} --order 3"),
        format!("inspirations update {scene}"),
        "inspirations update nobody --order 3".to_owned(),
        format!("inspirations analyse {scene}"),
        format!("inspirations show {scene}"),
        format!("inspirations delete {scene}"),
    ] {
        record.run(&line);
    }
    strangers(record, "inspirations", &["show", "analyse", "delete"]);
}

/// Tags, favourites, events.
pub(super) fn marks(record: &mut Record, things: &Things) {
    record.area("marks");
    let Things { product, flow, asset, .. } = things;
    let tag = record.make("tag", "tags create --client acme red --color #ff0000");
    let ann = "--user ann@acme.example";
    for line in [
        "tags create --client acme red".to_owned(),
        "tags create --client nobody red".to_owned(),
        "tags create --client acme blue --color blue".to_owned(),
        "tags create red".to_owned(),
        format!("tags assign {tag} product:{product} flow:{flow}"),
        format!("tags assign {tag} product:nobody"),
        format!("tags assign {tag} nonsense"),
        format!("tags assign nobody product:{product}"),
        "tags list --client acme".to_owned(),
        format!("tags list --on product:{product}"),
        format!("tags show {tag}"),
        format!("tags unassign {tag} product:{product}"),
        format!("tags update {tag} --name blue --color #0000ff"),
        "tags update nobody --name blue".to_owned(),
        format!("tags delete {tag}"),
        format!("favorites create product:{product} {ann}"),
        format!("favorites create flow:{flow}"),
        format!("favorites create asset:{asset}"),
        format!("favorites create product:{product} --user nobody"),
        "favorites create product:nobody".to_owned(),
        "favorites create nonsense".to_owned(),
        format!("favorites list {ann}"),
        "favorites list --images --client acme".to_owned(),
        "favorites list --user nobody".to_owned(),
        format!("favorites show product:{product}"),
        "favorites show product:nobody".to_owned(),
        format!("favorites delete product:{product} {ann}"),
        format!("favorites delete flow:{flow}"),
        format!("favorites delete asset:{asset}"),
    ] {
        record.run(&line);
    }
    strangers(record, "tags", &["show", "delete", "unassign"]);
    let event =
        record.make("event", &format!("events create --client acme --type viewed --asset {asset} --set page=3"));
    for line in [
        "events create --client nobody --type viewed".to_owned(),
        "events create --client acme --type nonsense".to_owned(),
        "events create".to_owned(),
        format!("events show {event}"),
        format!("events list --client acme --asset {asset}"),
        "events list --type approved --limit 1".to_owned(),
        "events summary --client acme".to_owned(),
        format!("events delete {event}"),
    ] {
        record.run(&line);
    }
    strangers(record, "events", &["show", "delete"]);
}

/// What is deleted is told once more.
pub(super) fn deletions(record: &mut Record, things: &Things) {
    record.area("deletions");
    let Things { flow, session, asset, .. } = things;
    for what in [format!("flows delete {flow}"), format!("sessions delete {session}"), format!("assets delete {asset}")]
    {
        record.run(&what);
        record.run(&what);
    }
}

pub(super) fn costs(record: &mut Record) {
    record.area("usage");
    for line in ["usage acme", "usage acme --month 2020-01", "usage acme --month nonsense", "usage nobody", "usage"] {
        record.run(line);
    }
    for by in ["shop", "product", "model", "picture", "kind", "nonsense"] {
        record.run(&format!("usage acme --by {by}"));
    }
}
