//! Small platforms: a test names what it cares about, the rest of the file is the same everywhere.

use std::path::Path;

/// A platform whose shops are connected by an address and a token.
pub(crate) struct SmallPlatform<'a> {
    pub(crate) key: &'a str,
    /// What the addresses of its shops look like.
    pub(crate) shop: &'a str,
    /// Where its API is.
    pub(crate) base: &'a str,
    /// What the probe finds where.
    pub(crate) probe: &'a str,
    /// More of `[call]`, and the tables below it.
    pub(crate) call: &'a str,
    /// How its products are listed, if this says it all.
    pub(crate) list: Option<SmallList<'a>>,
    /// Further tables; if it has a list, the first may continue `[import]`.
    pub(crate) rest: &'a str,
}

/// A list of products.
pub(crate) struct SmallList<'a> {
    /// What it is called: `GET /NAME` answers with `NAME`.
    pub(crate) name: &'a str,
    /// What a page is asked for with.
    pub(crate) query: &'a str,
    /// How one page leads to the next: `kind = "cursor", size = 2, next = "next"`.
    pub(crate) pages: &'a str,
}

impl Default for SmallPlatform<'_> {
    fn default() -> Self {
        let shop = r"^http://127\.0\.0\.1(:[0-9]+)?$";
        Self { key: "small", shop, base: "{shop}", probe: "", call: "", list: None, rest: "" }
    }
}

impl Default for SmallList<'_> {
    fn default() -> Self {
        Self { name: "products", query: "", pages: "kind = \"single\", size = 100" }
    }
}

impl SmallPlatform<'_> {
    /// Its file.
    pub(crate) fn text(&self) -> String {
        let Self { key, shop, base, probe, call, list, rest } = self;
        let name = key[..1].to_uppercase() + &key[1..];
        let list = list.as_ref().map(SmallList::text).unwrap_or_default();
        format!(
            r#"
schema = 1
[provider]
key = "{key}"
name = "{name}"
docs = "https://{key}.example"
[provider.limits]
image_bytes = 10_000_000
image_types = ["image/png"]
images_per_product = 100
alt_chars = 100
[connect]
kind = "pasted_key"
store_url = "{{shop}}"
[[connect.field]]
name = "shop"
ask = "Address"
pattern = '{shop}'
[[connect.field]]
name = "token"
ask = "Token"
pattern = '^.{{1,200}}$'
secret = true
[connect.probe]
op = "shop"
{probe}
[op.shop]
path = "/shop"
[call]
base = "{base}"
headers = {{ authorization = "Bearer {{grant.token}}" }}
{call}
{list}{rest}"#
        )
    }

    /// Writes its file into a folder of providers.
    pub(crate) fn write_to(&self, folder: &Path) {
        std::fs::create_dir(folder.join(self.key)).expect("a folder");
        std::fs::write(folder.join(self.key).join("provider.toml"), self.text()).expect("is written");
    }
}

impl SmallList<'_> {
    fn text(&self) -> String {
        let Self { name, query, pages } = self;
        format!(
            r#"
[op.{name}]
path = "/{name}"
query = {{ {query} }}
[import]
op = "{name}"
page = {{ {pages}, items = "{name}" }}
"#
        )
    }
}
