//! Every platform's file: the conversations beside it, an official library as their judge, and thirty broken files that are refused with
//! words one can act on.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::{Value, json};
use store_sync::{
    cli::visitor::Visitor,
    provider::{Providers, check_folder, journeys, replay},
    sandbox::SandboxOptions,
};

use crate::{
    real::servers,
    support::{Engine, More, TestApp},
};

pub(crate) const PLATFORMS: [&str; 16] = [
    "adobe-commerce",
    "bigcommerce",
    "ecwid",
    "etsy",
    "prestashop",
    "pretix",
    "saleor",
    "shopify",
    "shopware",
    "square",
    "squarespace",
    "vendure",
    "wix",
    "wix-v1",
    "woocommerce",
    "woocommerce-password",
];

/// What the platforms say about pictures and lives of tokens, and what their forms have to ask for: facts that no conversation shows.
#[test]
fn the_files_say_what_the_platforms_documents_say() {
    for (key, written) in [
        ("prestashop", "image_bytes = 3_000_000"),
        ("bigcommerce", "image_bytes = 8_000_000"),
        ("wix", "default_expires = \"4h\""),
        ("wix-v1", "default_expires = \"4h\""),
        ("prestashop", "GET, POST and DELETE on images\"\npattern"),
    ] {
        let file = root().join("providers").join(key).join("provider.toml");
        let text = std::fs::read_to_string(file).expect("a file");
        assert!(text.contains(written), "{key}: {written}");
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the platforms' own documents say of the largest picture: a file that sends more has it refused.
#[test]
fn no_picture_is_larger_than_its_platform_takes() {
    let providers = Providers::built_in().expect("the built-in files are fine");
    for (key, most) in [
        // The webservice's own limit, whatever the shop allows elsewhere.
        ("prestashop", 3_000_000),
        ("shopify", 20_000_000),
        ("square", 15_000_000),
        ("bigcommerce", 8_000_000),
        ("wix", 25_000_000),
    ] {
        let limits = providers.get(key).expect("is built in").limits();
        assert!(limits.image_bytes <= most, "{key}: {}", limits.image_bytes);
    }
}

#[tokio::test]
async fn every_conversation_is_held_as_it_is_written() {
    let providers = Providers::built_in().expect("the built-in files are fine");
    let mut held = 0;
    for provider in providers.iter() {
        for (file, text) in provider.fixtures() {
            if let Err(problems) = replay(provider, file, text, false).await {
                panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
            }
            held += 1;
        }
    }
    assert!(held >= 135, "{held}");
    for key in PLATFORMS {
        let provider = providers.get(key).unwrap_or_else(|| panic!("{key} is not there"));
        let made = journeys(provider.fixtures());
        for journey in ["connect", "import", "push"] {
            assert!(made.contains(journey), "{key} has no {journey} among its conversations: {made:?}");
        }
        assert_eq!(made.contains("deliver"), provider.has_webhooks(), "{key}: deliveries, good and forged");
    }
}

#[tokio::test]
async fn a_conversation_that_went_otherwise_is_told_where() {
    let providers = Providers::built_in().expect("the built-in files are fine");
    let provider = providers.get("bigcommerce").expect("is there");
    let (file, text) = provider.fixtures().iter().find(|(file, _)| file.ends_with("/push.json")).expect("is there");
    for (from, to, told) in [
        ("/v3/catalog/products/7/images?limit=250", "/v3/catalog/products/8/images", "exchange 1: the address is"),
        ("\"x-auth-token\": \"bc-1\"", "\"x-auth-token\": \"bc-2\"", "exchange 1: the header x-auth-token"),
        ("\"value\": \"A lamp\"", "\"value\": \"A chair\"", "exchange 2: the body is"),
        ("\"image_id\": \"382\"", "\"image_id\": \"383\"", "it yields"),
        ("\"journey\": \"push\"", "\"journey\": \"fly\"", "unknown variant"),
    ] {
        assert!(text.contains(from), "{from}");
        let problems = replay(provider, file, &text.replace(from, to), false).await.expect_err("is not the same");
        let said = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(said.contains(told) && said.contains("push.json"), "{told}: {said}");
    }
}

pub(crate) fn judge(arguments: &[&str]) -> String {
    let cache = Command::new(servers().join("shopify/install")).output().expect("runs");
    assert!(cache.status.success(), "{}", String::from_utf8_lossy(&cache.stderr));
    let cache = String::from_utf8(cache.stdout).expect("a path");
    let output = Command::new("node")
        .arg(servers().join("shopify/judge.mjs"))
        .arg(cache.trim())
        .args(arguments)
        .output()
        .expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_signed_by_shopifys_own_library_begins_a_connect() {
    let config = "[app.shopify]\nclient_id = \"our-app\"\nclient_secret = \"hush\"\nclient = \"acme\"\n";
    let options = SandboxOptions { products: 1, ..SandboxOptions::default() };
    let app = TestApp::with_more(Engine::Sqlite, options, More { config, ..More::default() }).await;
    let now = format!("timestamp={}", app.clock.now().unix_ms() / 1000);
    let signed = judge(&["sign", "hush", "shop=acme-lamps.myshopify.com", "host=YWRtaW4uc2hvcGlmeS5jb20", &now]);
    let mut visitor = Visitor::new(app.http.clone());
    let landed = visitor.peek(&format!("{}/connect/shopify?{signed}", app.url)).await.expect("an answer");
    let to = landed.response.header("location").unwrap_or_else(|| panic!("{}", landed.text())).to_owned();
    assert!(
        to.starts_with(
            "https://acme-lamps.myshopify.com/admin/oauth/authorize?response_type=code&client_id=our-app&state="
        ),
        "{to}"
    );
    assert!(to.contains("scope=read_products%2Cwrite_products%2Cread_files%2Cwrite_files"), "{to}");
    let forged = signed.replace("acme-lamps", "evil-lamps");
    let landed = visitor.peek(&format!("{}/connect/shopify?{forged}", app.url)).await.expect("an answer");
    assert_eq!(landed.response.status, 403, "{}", landed.text());
    // And one signed with another app's secret.
    let other = judge(&["sign", "another", "shop=acme-lamps.myshopify.com", &now]);
    let landed = visitor.peek(&format!("{}/connect/shopify?{other}", app.url)).await.expect("an answer");
    assert_eq!(landed.response.status, 403, "{}", landed.text());
}

/// What is changed in a good file, and what has to be said about it.
const BROKEN: [(&str, &str, &str, &str); 84] = [
    (
        "prestashop",
        "[{batch.ids}]",
        "{item.id}",
        "import.nested[0].batch: needs {batch.ids} in op.combinations, and no {item.…}",
    ),
    (
        "woocommerce",
        "path = \"/products/{item.id}/variations\"",
        "path = \"/products/{batch.ids}/variations\"",
        "import.nested[0].batch: is required by {batch.ids} in op.variations",
    ),
    ("prestashop", "at_most = 100", "at_most = 0", "import.nested[0].batch.at_most: must be at least 1"),
    (
        "prestashop",
        "op = \"combinations\"\nbatch",
        "op = \"combinations\"\nstart = \"cursor\"\nbatch",
        "import.nested[0].batch: is not allowed beside start",
    ),
    (
        "woocommerce",
        "one = { op = \"product\" }",
        "one = { op = \"products\" }",
        "import.one.op: needs {product.erp_id} in op.products",
    ),
    (
        "shopify",
        "one = { op = \"product\",",
        "one = { op = \"shop\",",
        "import.one.op: needs {product.erp_id} in op.shop",
    ),
    ("shopify", "delete_op = \"unhook\"\n", "", "webhook.subscribe.delete_op: is required by webhook.subscribe.list"),
    (
        "shopify",
        "delete_op = \"unhook\"\n",
        "delete_op = \"hooks\"\n",
        "webhook.subscribe.delete_op: needs {hook.id} in op.hooks",
    ),
    (
        "shopify",
        "header = \"x-shopify-hmac-sha256\", ",
        "",
        "webhook.verify.header: is required, but for kind jwt_body",
    ),
    (
        "wix",
        "kind = \"jwt_body\", key = \"webhook\"",
        "kind = \"jwt_body\", key = \"webhook\", prefix = \"v1=\"",
        "webhook.verify.prefix: is only allowed for an HMAC",
    ),
    (
        "wix",
        "kind = \"jwt_body\", key = \"webhook\"",
        "kind = \"jwt_body\", key = \"app\"",
        "webhook.verify.key: a signature is verified by a public key (webhook or jwks)",
    ),
    ("wix", "id = \"instance.instanceId\", ", "", "webhook.shop: needs store_url, or connect.probe.id"),
    (
        "saleor",
        ", jwks = \"{shop}/.well-known/jwks.json\"",
        "",
        "webhook.verify.jwks: and key jwks are required together",
    ),
    (
        "saleor",
        "jwks = \"{shop}/",
        "jwks = \"{grant.token}/",
        "webhook.verify.jwks: '{grant.token}' is not a known name here; known are: channel, domain, shop",
    ),
    ("woocommerce", "op = \"hooks\"\n", "op = \"hoks\"\n", "webhook.subscribe.list.op: there is no op 'hoks'"),
    (
        "woocommerce",
        "op = \"set_images\", others = { id = \"{value}\" }",
        "op = \"set_images\", others = { id = \"{vlaue}\" }",
        "push.undo.others.id: '{vlaue}' is not a known name here; known are: currency, image.id, product.erp_id, shop, value",
    ),
    ("shopify", "schema = 1\n", "schema = 9\n", "schema: this program reads schema 1"),
    ("shopify", "key = \"shopify\"", "key = \"Shopify\"", "provider.key: use lower-case letters"),
    ("shopify", "key = \"shopify\"", "key = \"other\"", "must be the name of its folder, 'shopify'"),
    ("shopify", "name = \"Shopify\"", "nmae = \"Shopify\"", "unknown field `nmae`"),
    (
        "shopify",
        "image_types = [\"image/png\", \"image/jpeg\", \"image/webp\", \"image/gif\"]",
        "image_types = []",
        "name at least one media type",
    ),
    (
        "shopify",
        "kind = \"signed_install\"",
        "kind = \"signed\"",
        "unknown variant `signed`, expected one of `oauth2_code`, `signed_install`",
    ),
    (
        "shopify",
        "kind = \"signed_install\"",
        "kind = \"posted_keys\"",
        "connect.posted: is required by kind posted_keys",
    ),
    (
        "shopify",
        "kind = \"signed_install\"",
        "kind = \"oauth2_code\"",
        "connect.install: is not allowed with kind oauth2_code",
    ),
    (
        "shopify",
        "install = { shop = \"shop\" }",
        "install = { store = \"shop\" }",
        "connect.install.store: is not a field",
    ),
    ("shopify", "\\.myshopify\\.com$'", "\\.myshopify\\.com'", "must be anchored: begin with ^ and end with $"),
    (
        "shopify",
        "example = \"acme.myshopify.com\"",
        "example = \"acme\"",
        "does not match its own example or default 'acme'",
    ),
    (
        "shopify",
        "authorize = \"https://{shop}/admin",
        "authorize = \"https://{store}/admin",
        "connect.oauth.authorize: '{store}' is not a known name here; known are: ",
    ),
    ("shopify", "authorize = \"https://{shop}/admin", "authorize = \"https://{shop/admin", "without its '}'"),
    ("shopify", "client_auth = \"body\"", "client_auth = \"header\"", "expected one of `body`, `basic`, `none`"),
    ("shopify", "max_age = \"90s\"", "max_age = \"soon\"", "'soon' is not a duration: write 500ms, 30s, 5m or 1h"),
    (
        "shopify",
        "scope_implies = { write_products = [\"read_products\"], write_files",
        "scope_implies = { write_products = [\"read_orders\"], write_files",
        "implies none of connect.oauth.scopes",
    ),
    (
        "shopify",
        "[connect.leave]\nop = \"uninstall\"",
        "[connect.leave]\nop = \"leave\"",
        "there is no op 'leave'; there are: attach, bulk",
    ),
    (
        "shopify",
        "file = \"shop.graphql\"",
        "file = \"shops.graphql\"",
        "op.shop.body.file: there is no 'shops.graphql' in the provider's folder",
    ),
    (
        "shopify",
        "[op.uninstall]",
        "[op.uninstall]\npath = \"/revoke/{grant.access}\"",
        "op.uninstall.path: looks up the secret '{grant.access}', which belongs into a header, a query or a body",
    ),
    (
        "pretix",
        "\n[call]\n",
        "\n[connect.leave]\nop = \"items\"\n\n[call]\n",
        "connect.leave.op: is not allowed beside connect.oauth.revoke",
    ),
    (
        "woocommerce-password",
        "keep = { password_id = \"uuid\" }",
        "keep = { id = \"uuid\" }",
        "op.delete_password.path: '{kept.password_id}' is not a known name here",
    ),
    (
        "woocommerce-password",
        "application-passwords/{kept.password_id}",
        "application-passwords",
        "connect.leave.find.keep.password_id: is not used",
    ),
    ("shopify", "[op.uninstall]", "[op.spare]\npath = \"/x\"\n\n[op.uninstall]", "op.spare: is not used"),
    ("shopify", "after = \"{page.token}\", query", "query", "import.page.kind: needs {page.token} in op.products"),
    ("shopify", "query = \"{filter}\" }", "query = \"x\" }", "import.since: needs {since} in op.products"),
    ("shopify", "size = 15", "size = 0", "import.page.size: must be at least 1"),
    ("shopify", "op = \"variants\"", "op = \"varaints\"", "import.nested[0].op: there is no op 'varaints'"),
    (
        "shopify",
        "price = \"priceRangeV2.minVariantPrice.amount\"",
        "price = \"priceRangeV2..amount\"",
        "is not a path: a name is missing between the dots",
    ),
    ("shopify", "status = { path = \"status\"", "status = { paths = \"status\"", "unknown field `paths`"),
    (
        "shopify",
        "name = \"upload\"\nop = \"upload\"",
        "name = \"stage\"\nop = \"upload\"",
        "two steps have this name: the journal could not distinguish them",
    ),
    (
        "shopify",
        "result = { id = \"{kept.image_id}\"",
        "result = { id = \"{kept.picture}\"",
        "push.result.id: '{kept.picture}' is not a known name",
    ),
    (
        "shopify",
        "status = [401, 403]",
        "status = [41]",
        "a status is a number such as 429 or a hundred such as \"5xx\"",
    ),
    ("woocommerce", "user_id = \"{state}\",", "", "connect.posted.state: names a member of connect.posted.query"),
    (
        "woocommerce",
        "others = { id = \"{value}\" }\n",
        "",
        "push.step.set_images.others: and item are required together",
    ),
    (
        "woocommerce",
        "\nunguarded = ",
        "\n# ",
        "push.unguarded: says what people may lose; it is required where a list is replaced without its version",
    ),
    (
        "wix",
        "gallery = \"replace_list\"",
        "gallery = \"replace_list\"\nunguarded = \"nothing\"",
        "(push.list.facts), and only there",
    ),
    (
        "woocommerce",
        "each = \"images\", id = \"id\", url = \"src\", name",
        "each = \"images\", may_lack = true, id = \"id\", url = \"src\", name",
        "push.list.may_lack: is not allowed with gallery replace_list",
    ),
    (
        "woocommerce",
        "each = \"images\", id = \"id\", url = \"src\", name",
        "each = \"images\", only = { path = \"type\", in = [\"image\"] }, id = \"id\", url = \"src\", name",
        "push.list.only: is not allowed with gallery replace_list",
    ),
    (
        "etsy",
        "parts = [\"active\", \"inactive\", \"sold_out\", \"draft\", \"expired\"]\n",
        "",
        "import.parts: and {part} in op.listings are required together",
    ),
    (
        "bigcommerce",
        "callback = { store_hash = { param = \"context\", pattern = '^stores/([a-z0-9]+)$' } }\n",
        "",
        "kind platform_install carries no state of ours: the callback must name the shop",
    ),
    (
        "vendure",
        "title = \"name\"\n",
        "title = \"{name}\"\n",
        "import.map.title: '{name}' is not a path: a placeholder is a whole value of a filter",
    ),
    (
        "vendure",
        "each = \"data.product.assets\"",
        "each = \"data.products[id={currency}].assets\"",
        "push.list.each: '{currency}': only fields of import.map have paths that look up facts",
    ),
    (
        "vendure",
        "price = { path = \"variants[0].price\"",
        "price = { path = \"variants[code={curency}].price\"",
        "import.map.price.path: '{curency}' is not a known name here; known are: currency, shop",
    ),
    (
        "vendure",
        "file = \"product_assets.graphql\", variables = { id = \"{product.erp_id}\" }",
        "file = \"product_assets.graphql\", variables = { id = \"{kept.asset_id}\" }",
        "op.assets.body.variables.id: '{kept.asset_id}' is not a known name here",
    ),
    (
        "vendure",
        "false = \"draft\"",
        "false = \"drfat\"",
        "import.map.status.words.false: the status 'drfat' is not one of: active, draft",
    ),
    (
        "vendure",
        "code = \"picture_refused\"",
        "code = \"rights\"",
        "call.verdict[1].code: 'rights' is a code of store-sync's own",
    ),
    (
        "vendure",
        "code = \"picture_refused\"",
        "code = \"Refused!\"",
        "call.verdict[1].code: use lower-case letters, digits and _",
    ),
    (
        "vendure",
        "when = { body = \"data.createAssets[0].errorCode\" }",
        "when = {}",
        "call.verdict[1].when: states no condition",
    ),
    (
        "vendure",
        "when = { body = \"data.createAssets[0].errorCode\" }",
        "when = { status = [200], all = [{ in = [\"x\"] }] }",
        "call.verdict[1].when.all[0]: in and contains need body",
    ),
    (
        "vendure",
        ", cover = \"data.product.featuredAsset.id\"",
        "",
        "push.list.cover: is required by {gallery.cover} in push.undo",
    ),
    (
        "vendure",
        "cover = \"data.product.featuredAsset.id\"",
        "facts = { first = \"data.product.id\" }",
        "push.list.facts.first: is a name of store-sync's own",
    ),
    ("shopware", "list = \"{kept.image_id}\"\n", "", "push.step.cover.list: {gallery.cover} needs list"),
    (
        "shopware",
        "[[push.undo.step]]\nop = \"set_cover\"",
        "[[push.undo.step]]\nop = \"set_covers\"",
        "push.undo.step[0].op: there is no op 'set_covers'",
    ),
    (
        "shopware",
        "words = { true = \"active\", false = \"draft\" }",
        "other = \"draft\"",
        "import.map.status.other: needs words beside it",
    ),
    (
        "squarespace",
        "cleanup = \"discard_image\"",
        "cleanup = \"forget\"",
        "push.step.ready.poll.cleanup: there is no op 'forget'",
    ),
    ("saleor", "in = [\"MANAGE_PRODUCTS\"]\nsay", "say", "connect.probe.needs[1].of: needs in beside it"),
    (
        "vendure",
        "[call]\nbase",
        "[call]\nanswer = \"any\"\nbase",
        "call.answer: must be json or xml: any is for single operations",
    ),
    (
        "vendure",
        "[call]\nbase",
        "[call]\nanswer = \"xml\"\nbase",
        ".answer: must be json: that is what GraphQL answers",
    ),
    (
        "woocommerce",
        "[call]\nbase",
        "[call]\nanswer = \"html\"\nbase",
        "call.answer: unknown variant `html`, expected one of `json`, `xml`, `any`",
    ),
    (
        "woocommerce",
        "since = { overlap = \"5m\", format = \"no_zone\" }",
        "since = { overlap = \"5m\", by = [{ name = \"a\" }] }",
        "import.since.by: names at least two filters",
    ),
    (
        "woocommerce",
        "since = { overlap = \"5m\", format = \"no_zone\" }",
        "since = { overlap = \"5m\", by = [{ name = \"a\" }, { name = \"b\" }] }",
        "import.since.by: {since} in op.products would narrow every filter",
    ),
    (
        "woocommerce",
        "since = { overlap = \"5m\", format = \"no_zone\" }",
        "since = { overlap = \"5m\", by = [{ name = \"b\" }, { name = \"a\" }] }",
        "import.since.by.a: needs {since.a} in op.products",
    ),
    (
        "woocommerce",
        "since = { overlap = \"5m\", format = \"no_zone\" }",
        "since = { overlap = \"5m\", by = [{ name = \"a\" }, { name = \"a\" }] }",
        "import.since.by.a: two filters have this name",
    ),
    (
        "woocommerce",
        "since = { overlap = \"5m\", format = \"no_zone\" }",
        "since = { overlap = \"5m\", filter = \"{since}\", by = [{ name = \"a\" }, { name = \"b\" }] }",
        "import.since.filter: is not allowed beside import.since.by",
    ),
    (
        "woocommerce",
        "since = { overlap = \"5m\", format = \"no_zone\" }",
        "since = { overlap = \"5m\", by = [{ name = \"a\", filter = \"x\" }, { name = \"b\" }] }",
        "import.since.by.a.filter: needs {since}: without it the time does not matter",
    ),
    (
        "woocommerce",
        "since = { overlap = \"5m\", format = \"no_zone\" }",
        "since = { overlap = \"5m\", by = [{ name = \"a\", filter = \"{since.b}\" }, { name = \"b\" }] }",
        "import.since.by.a.filter: '{since.b}' is not a known name here",
    ),
    (
        "woocommerce",
        "since = { overlap = \"5m\", format = \"no_zone\" }",
        "since = { overlap = \"5m\", by = [{ name = \"A b\" }, { name = \"b\" }] }",
        "use lower-case letters, digits and _ in the name of a filter",
    ),
    (
        "woocommerce",
        "modified_after = \"{since}\"",
        "modified_after = \"{since.gone}\"",
        "op.products.query.modified_after: '{since.gone}' is not a known name here",
    ),
];

#[test]
fn broken_files_are_refused_with_words_to_act_on() {
    let mut said = BTreeSet::new();
    for (key, from, to, told) in BROKEN {
        let folder = tempfile::tempdir().expect("a temp folder");
        let here = folder.path().join(key);
        std::fs::create_dir(&here).expect("is made");
        for entry in std::fs::read_dir(root().join("providers").join(key)).expect("a folder").flatten() {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), here.join(entry.file_name())).expect("is copied");
            }
        }
        let file = here.join("provider.toml");
        let text = std::fs::read_to_string(&file).expect("reads");
        assert!(text.contains(from), "{key}: {from}");
        std::fs::write(&file, text.replacen(from, to, 1)).expect("is written");
        let problems = check_folder(folder.path()).expect_err("is refused");
        let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.contains(told), "{told}\nis missing in\n{text}");
        // Where: the file, and the line unless the file as a whole lacks something.
        assert!(text.contains("provider.toml:"), "{text}");
        said.insert(told);
    }
    assert_eq!(said.len(), BROKEN.len(), "each says something else");
    // A line is the line.
    let folder = tempfile::tempdir().expect("a temp folder");
    let here = folder.path().join("sandbox");
    std::fs::create_dir(&here).expect("is made");
    let text = std::fs::read_to_string(root().join("providers/sandbox/provider.toml")).expect("reads");
    let broken = text.replace("result = { id = \"{kept.image_id}\"", "result = { id = \"{kept.nothing}\"");
    std::fs::write(here.join("provider.toml"), &broken).expect("is written");
    let line = broken.lines().position(|line| line.starts_with("result = ")).expect("is there") + 1;
    let problems = check_folder(folder.path()).expect_err("is refused");
    assert_eq!(problems[0].line, Some(line), "{}", problems[0]);
}

/// What is changed in a good file, and what is said at that line.
const SLIPS: [(&str, &str, &str); 8] = [
    ("name = \"WooCommerce\"", "nmae = \"WooCommerce\"", "provider.nmae: unknown field `nmae`"),
    ("code = \"no_api\"", "code = \"not_json\"", "call.verdict[0].code: 'not_json' is a code of store-sync's own"),
    ("class = \"down\"", "class = \"away\"", "unknown variant `away`, expected one of `ok`"),
    ("size = 100, items", "size = \"100\", items", "import.page.size: invalid type: string, expected a number"),
    ("op = \"variations\"", "op = \"variatons\"", "import.nested[0].op: there is no op 'variatons'"),
    ("title = { path = \"name\"", "title = { path = \"{name}\"", "import.map.title.path: '{name}' is not a path"),
    ("trash = \"deleted\"", "trash = \"gone\"", "import.map.status.words.trash: the status 'gone' is not one of"),
    (
        "undo = { op = \"set_images\", others = { id = \"{value}\" }",
        "undo = { op = \"set_images\", others = { id = \"{valu}\" }",
        "push.undo.others.id: '{valu}' is not a known name here",
    ),
];

#[test]
fn every_slip_of_a_file_is_told_at_once_and_at_its_own_line() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let here = folder.path().join("woocommerce");
    std::fs::create_dir(&here).expect("is made");
    let mut text = std::fs::read_to_string(root().join("providers/woocommerce/provider.toml")).expect("reads");
    for (from, to, _) in SLIPS {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    std::fs::write(here.join("provider.toml"), &text).expect("is written");
    let problems = check_folder(folder.path()).expect_err("is refused");
    let said = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for (_, to, what) in SLIPS {
        let line = text.lines().position(|line| line.contains(to)).expect("is there") + 1;
        let told = problems.iter().find(|problem| problem.to_string().contains(what));
        assert_eq!(told.map(|problem| problem.line), Some(Some(line)), "{what}\n{said}");
    }
    // Besides these, only the name that the first one took away.
    assert!(said.contains("provider: missing field `name`"), "{said}");
    assert_eq!(problems.len(), SLIPS.len() + 1, "{said}");
}

/// The code blocks of a page that are files.
fn files_of(page: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join(page)).expect("the page");
    let blocks = text.split("\n```").skip(1).step_by(2);
    let named = blocks.filter_map(|block| {
        let (head, body) = block.split_once('\n')?;
        Some((head.split_once("file=")?.1.to_owned(), body.to_owned()))
    });
    named.collect()
}

#[tokio::test]
async fn the_walk_through_a_small_platform_arrives() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let here = folder.path().join("lampshop");
    std::fs::create_dir_all(here.join("fixtures")).expect("is made");
    let files = files_of("docs/add-a-platform.md");
    assert_eq!(files.len(), 2, "{files:?}");
    for (name, text) in &files {
        std::fs::write(here.join(name), text).expect("is written");
    }
    let provider = check_folder(folder.path())
        .unwrap_or_else(|problems| panic!("{}", problems[0]))
        .pop()
        .map(std::sync::Arc::new)
        .expect("one");
    let (file, text) = &provider.fixtures()[0];
    let recorded = replay(&provider, file, text, true).await.expect("is recorded").expect("a text");
    assert_eq!(replay(&provider, file, &recorded, false).await, Ok(None), "what is recorded holds");
    let recorded: Value = serde_json::from_str(&recorded).expect("json");
    let asked = |n: usize| recorded["exchanges"][n]["ask"]["url"].as_str().expect("an address").to_owned();
    assert_eq!(asked(1), "https://acme.lampshop.example/api/lamps?page=2&per_page=2");
    assert_eq!((&recorded["yields"][0]["price"], &recorded["yields"][1]["status"]), (&json!("19.99"), &json!("draft")));
}

#[tokio::test]
async fn a_conversation_without_the_answers_it_needs_is_not_recorded() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let here = folder.path().join("lampshop");
    std::fs::create_dir_all(&here).expect("is made");
    let files = files_of("docs/add-a-platform.md");
    std::fs::write(here.join("provider.toml"), &files[0].1).expect("is written");
    let provider = check_folder(folder.path()).expect("is fine").pop().map(std::sync::Arc::new).expect("one");
    let import: Value = serde_json::from_str(&files[1].1).expect("json");
    let refused = async |talk: &Value| {
        let problems = replay(&provider, "talk.json", &talk.to_string(), true).await.expect_err("is not recorded");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let mut few = import.clone();
    few["exchanges"].as_array_mut().expect("a list").pop();
    let said = refused(&few).await;
    assert!(said.contains("no exchange is expected for GET") && said.contains("page=2"), "{said}");
    let mut many = import.clone();
    many["exchanges"].as_array_mut().expect("a list").push(json!({ "answer": { "body": {} } }));
    let said = refused(&many).await;
    assert!(said.ends_with("1 expected exchanges did not take place"), "{said}");
    let mut call = json!({ "journey": "call", "given": { "facts": import["given"]["facts"], "secrets": import["given"]["secrets"], "op": "pictures" },
        "exchanges": [{ "answer": { "status": 404 } }] });
    let said = refused(&call).await;
    assert!(said.contains("'{product.erp_id}', which has no value here"), "{said}");
    call["given"]["product"] = json!("7");
    let recorded = replay(&provider, "talk.json", &call.to_string(), true).await.expect("is recorded").expect("a text");
    let recorded: Value = serde_json::from_str(&recorded).expect("json");
    assert_eq!(recorded["exchanges"][0]["ask"]["url"], "https://acme.lampshop.example/api/lamps/7/pictures");
    assert_eq!(recorded["yields"]["code"], "not_found", "a failure of the shop is a result");
}

#[test]
fn the_page_of_kinds_is_made_from_the_types() {
    let page = std::fs::read_to_string(root().join("docs/providers.md")).expect("the page");
    let made = store_sync::provider::schema_page();
    assert_eq!(page.trim_end(), made.trim_end(), "run: store-sync providers schema --page > docs/providers.md");
}

/// Another program reads the schemas, and every file and conversation fits its own; a key that is none does not.
#[test]
fn every_file_fits_the_json_schema() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (schema, talks) = (folder.path().join("schema.json"), folder.path().join("conversations.json"));
    std::fs::write(&schema, store_sync::provider::schema().to_string()).expect("is written");
    std::fs::write(&talks, store_sync::provider::conversation_schema().to_string()).expect("is written");
    let program = "import json,sys,tomllib,glob,jsonschema\n\
                   check=jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))\n\
                   files=sorted(glob.glob(sys.argv[2]+'/*/provider.toml'))\n\
                   for file in files:\n\
                   \x20   text=tomllib.load(open(file,'rb'))\n\
                   \x20   for error in check.iter_errors(text): print(file, list(error.absolute_path), error.message[:200])\n\
                   \x20   text['push']['wrong']=1\n\
                   \x20   assert list(check.iter_errors(text)), file\n\
                   check=jsonschema.Draft202012Validator(json.load(open(sys.argv[3])))\n\
                   talks=sorted(glob.glob(sys.argv[2]+'/*/fixtures/*.json'))\n\
                   for file in talks:\n\
                   \x20   talk=json.load(open(file))\n\
                   \x20   for error in check.iter_errors(talk): print(file, list(error.absolute_path), error.message[:200])\n\
                   \x20   talk['product']='7'\n\
                   \x20   assert list(check.iter_errors(talk)), file\n\
                   print(len(files), len(talks) > 150)";
    let pretix = Command::new(servers().join("pretix/install")).output().expect("runs");
    let cache = String::from_utf8_lossy(&pretix.stdout).lines().last().unwrap_or_default().to_owned();
    let python = Path::new(&cache).join("venv/bin/python");
    let output = Command::new(python)
        .args(["-c", program, &schema.display().to_string(), &root().join("providers").display().to_string()])
        .arg(&talks)
        .output()
        .expect("python runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim(), "17 True", "{said}");
}
