//! The recorded conversations of a platform against what the platform publishes of its API: OpenAPI, a GraphQL schema, type declarations or
//! its own SDK, from npm. tests/servers/documents has the judges; each must see what a copy has wrong.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Mutex,
};

use serde::Deserialize;

use crate::{
    platforms::{PLATFORMS, root},
    real::servers,
};

/// A platform that something published judges.
struct Judged {
    key: &'static str,
    /// What has to be installed, by its folder in tests/servers.
    installs: &'static [&'static str],
    /// How many requests and answers it has judged at least.
    at_least: [usize; 2],
    /// Words of a conversation that are changed, what for, and what has to be said about it.
    broken: &'static [Broken],
}

struct Broken {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    told: &'static str,
}

/// What the judge says about one folder.
#[derive(Debug, Deserialize)]
struct Verdict {
    requests: usize,
    answers: usize,
    problems: Vec<String>,
}

/// A test for each platform, and their names.
macro_rules! judged {
    ($($name:ident: $judged:expr;)*) => {
        $(#[test]
        fn $name() {
            const JUDGED: Judged = $judged;
            JUDGED.prove();
        })*
        const KEYS: &[&str] = &[$($judged.key),*];
    };
}

const fn broken(file: &'static str, from: &'static str, to: &'static str, told: &'static str) -> Broken {
    Broken { file, from, to, told }
}

judged! {
    bigcommerce_is_as_the_types_of_its_documents: Judged {
        key: "bigcommerce",
        installs: &["documents"],
        at_least: [18, 18],
        broken: &[
            broken("push.json", "\"sort_order\": -1", "\"sort_place\": -1", "body sort_place has no member sort_place"),
            broken(
                "push.json",
                "\"name\": \"image_file\"",
                "\"name\": \"picture\"",
                "form picture has no member picture",
            ),
            broken("import.json", "include=variants", "include=variant", "query include/* Type"),
            broken("import.json", "\"custom_url\"", "\"own_url\"", "answer 200 data/*/own_url has no member own_url"),
            broken(
                "undo.json",
                "/v3/catalog/products/7/images/382\"",
                "/v3/products/7/images/382\"",
                "is not in the document",
            ),
        ],
    };
    etsy_is_as_the_types_of_its_document: Judged {
        key: "etsy",
        installs: &["documents"],
        at_least: [26, 25],
        broken: &[
            broken("push.json", "\"name\": \"alt_text\"", "\"name\": \"alt\"", "form alt has no member alt"),
            broken("import.json", "state=active", "state=live", "query state/* Type '\"live\"' is not assignable"),
            broken(
                "import.json",
                "\"listing_id\"",
                "\"listing\"",
                "answer 200 results/*/listing has no member listing",
            ),
            broken("product.json", "includes=Images", "includes=Pictures", "query includes/* Type"),
            broken("undo.json", "/shops/99/listings/1/images/8\"", "/shops/99/images/8\"", "is not in the document"),
        ],
    };
    saleor_is_as_the_types_of_its_sdk: Judged {
        key: "saleor",
        installs: &["documents"],
        at_least: [22, 22],
        broken: &[
            broken(
                "push.json",
                "\"product\": \"UHJvZHVjdDox\"\n",
                "\"item\": \"UHJvZHVjdDox\"\n",
                "Variable \"$product\"",
            ),
            broken("push.json", "url(size: 0)", "url(width: 0)", "Unknown argument \"width\""),
            broken("import.json", "\"pageInfo\": {", "\"page\": {", "answer products/pageInfo: Cannot return null"),
        ],
    };
    shopify_is_as_its_schema: Judged {
        key: "shopify",
        installs: &["documents", "shopify"],
        at_least: [56, 55],
        broken: &[
            broken(
                "push.json",
                "\"mimeType\": \"image/png\"",
                "\"mime\": \"image/png\"",
                "Field \"mime\" is not defined",
            ),
            broken(
                "push.json",
                "userErrors { field message }",
                "errors { field message }",
                "Cannot query field \"errors\"",
            ),
            broken("push.json", "\"resourceUrl\":", "\"resource\":", "was not asked for"),
        ],
    };
    shopware_is_as_its_document: Judged {
        key: "shopware",
        installs: &["documents"],
        at_least: [21, 19],
        broken: &[
            broken(
                "push.json",
                "\"mediaId\": \"8be",
                "\"mediaNo\": \"8be",
                "ProductMedia / must NOT have unevaluated properties: mediaNo",
            ),
            broken("import.json", "\"associations\"", "\"with\"", "body / must NOT have unevaluated properties: with"),
            broken(
                "import.json",
                "\"productNumber\"",
                "\"number\"",
                "answer 200 /data/* must NOT have unevaluated properties: number",
            ),
            broken("undo.json", "/api/product-media/8be", "/api/productmedia/8be", "is not in the document"),
        ],
    };
    square_is_as_its_sdk_reads_and_writes: Judged {
        key: "square",
        installs: &["clients"],
        at_least: [19, 19],
        broken: &[
            broken("push.json", "\"idempotency_key\"", "\"idempotence\"", "part request /idempotence Unexpected key"),
            broken("import.json", "\"ITEM\"\n", "\"THING\"\n", "body /object_types/* Expected enum"),
            broken("import.json", "\"item_variation_data\"", "\"variation_data\"", "Unexpected key \"variation_data\""),
            broken("undo.json", "/v2/catalog/object/IMG9\"", "/v2/catalog/images/IMG9\"", "is not in the document"),
        ],
    };
    vendure_is_as_its_schema: Judged {
        key: "vendure",
        installs: &["documents", "vendure"],
        at_least: [18, 18],
        broken: &[
            broken("push.json", "\"assetIds\": [", "\"pictures\": [", "Field \"pictures\" is not defined"),
            broken(
                "push.json",
                "assets { id name source }",
                "assets { id title source }",
                "Cannot query field \"title\"",
            ),
            broken("import.json", "\"totalItems\":", "\"total\":", "answer products/totalItems: Cannot return null"),
        ],
    };
    wix_is_as_its_types: Judged {
        key: "wix",
        installs: &["documents"],
        at_least: [22, 20],
        broken: &[
            broken("push.json", "\"mimeType\"", "\"mime\"", "body mime has no member mime"),
            broken(
                "push.json",
                "fields=MEDIA_ITEMS_INFO",
                "fields=MEDIA",
                "query fields/* Type '\"MEDIA\"' is not assignable",
            ),
            broken("import.json", "\"plainDescription\"", "\"text\"", "answer 200 products/*/text has no member text"),
            broken("product.json", "fields=CURRENCY", "fields=MONEY", "query fields/* Type '\"MONEY\"' is not assignable"),
            broken("import.json", "/stores/v3/products/query\"", "/stores/v3/items/query\"", "is not in the document"),
        ],
    };
    wix_v1_is_as_its_types: Judged {
        key: "wix-v1",
        installs: &["documents"],
        at_least: [23, 20],
        broken: &[
            broken("push.json", "\"mediaId\"", "\"fileId\"", "body media/*/fileId has no member fileId"),
            broken("import.json", "\"includeVariants\"", "\"variants\"", "body variants has no member variants"),
            broken("import.json", "\"productPageUrl\"", "\"page\"", "answer 200 products/*/page has no member page"),
            broken("product.json", "\"filter\"", "\"where\"", "body query/where has no member where"),
            broken("push.json", "/media\"", "/pictures\"", "is not in the document"),
        ],
    };
}

/// What judges the others is no document of theirs that a registry has under a free licence.
const OTHERWISE: [(&str, &str); 7] = [
    ("adobe-commerce", "oauthlib, in connections; its document is in no registry"),
    ("ecwid", "none in the tests; its packages are for the storefront"),
    ("prestashop", "none in the tests; its packages are for its surface"),
    ("pretix", "the real server, in real"),
    ("squarespace", "none in the tests; its packages are for templates"),
    ("woocommerce", "its own client, in rehearsal; the types in its packages have no pictures"),
    ("woocommerce-password", "a real WordPress, in wordpress"),
];

#[test]
fn every_platform_has_its_judge_or_the_reason_why_not() {
    let otherwise = OTHERWISE.iter().map(|(key, _)| *key);
    let told: Vec<_> = KEYS.iter().copied().chain(otherwise).collect();
    assert_eq!(told.len(), PLATFORMS.len(), "each once: {told:?}");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), PLATFORMS.into_iter().collect());
}

impl Judged {
    fn prove(&self) {
        let folder = tempfile::tempdir().expect("a temp folder");
        let source = root().join("providers").join(self.key);
        let copies: Vec<_> =
            self.broken.iter().enumerate().map(|(n, one)| one.copy(&source, folder.path(), n)).collect();
        let verdicts = self.ask(&source, &copies);
        let [good, wrong @ ..] = verdicts.as_slice() else { panic!("{}: no verdict", self.key) };
        assert_eq!(good.problems, Vec::<String>::new(), "{}", self.key);
        let [requests, answers] = self.at_least;
        assert!(good.requests >= requests && good.answers >= answers, "{}: {good:?}", self.key);
        for (one, verdict) in self.broken.iter().zip(wrong) {
            let seen = verdict.problems.iter().any(|text| text.starts_with(one.file) && text.contains(one.told));
            assert!(
                seen,
                "{}, {} for {}: {} is missing in {:#?}",
                one.file, one.to, one.from, one.told, verdict.problems
            );
        }
        assert_eq!(wrong.len(), self.broken.len(), "{}", self.key);
    }

    fn ask(&self, source: &Path, copies: &[PathBuf]) -> Vec<Verdict> {
        let caches: serde_json::Map<_, _> =
            self.installs.iter().map(|name| ((*name).to_owned(), installed(name).into())).collect();
        let mut command = Command::new("node");
        command.arg(servers().join("documents/judge.mjs")).arg(self.key);
        command.arg(serde_json::Value::from(caches).to_string()).arg(source).args(copies);
        let said = output(&mut command);
        serde_json::from_slice(&said.stdout).expect("verdicts")
    }
}

impl Broken {
    /// A copy of a provider's folder with other words in one conversation.
    fn copy(&self, source: &Path, folder: &Path, number: usize) -> PathBuf {
        let here = folder.join(number.to_string());
        for part in ["", "fixtures"] {
            std::fs::create_dir(here.join(part)).expect("is made");
            for entry in std::fs::read_dir(source.join(part)).expect("a folder").flatten() {
                if entry.path().is_file() {
                    std::fs::copy(entry.path(), here.join(part).join(entry.file_name())).expect("is copied");
                }
            }
        }
        let file = here.join("fixtures").join(self.file);
        let text = std::fs::read_to_string(&file).expect("reads");
        assert!(text.contains(self.from), "{}: {}", self.file, self.from);
        std::fs::write(&file, text.replacen(self.from, self.to, 1)).expect("is written");
        here
    }
}

/// Where an install of tests/servers is; it fails when its packages cannot be had.
fn installed(name: &str) -> String {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock();
    let said = output(&mut Command::new(servers().join(name).join("install")));
    String::from_utf8(said.stdout).expect("a path").lines().last().expect("a path").to_owned()
}

fn output(command: &mut Command) -> Output {
    let output = command.output().expect("runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
