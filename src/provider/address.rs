//! Puts right what people paste as a shop's address: what their browser shows, in their own spelling.

use std::borrow::Cow;

use url::{Host, Url};

use super::recipe::{AddressForm, Field};

/// The value of a field as its file wants it. What is no address, or may contain a password, stays as it was entered:
/// the pattern refuses it.
pub(super) fn put_right<'a>(field: &Field, entered: &'a str) -> Cow<'a, str> {
    let known = field.address.as_ref().and_then(|form| whole(form, entered));
    known.map_or(Cow::Borrowed(entered), Cow::Owned)
}

fn whole(form: &AddressForm, entered: &str) -> Option<String> {
    let mut url = parsed(entered)?;
    url.set_query(None);
    url.set_fragment(None);
    let end = form.ends_before.iter().filter_map(|page| begin_of(url.path(), page)).min();
    let path = url.path()[..end.unwrap_or(url.path().len())].trim_end_matches('/').to_owned();
    url.set_path(&path);
    let text = url.as_str().trim_end_matches('/');
    let other = form.also.iter().find_map(|other| Some(other.becomes.replace("{value}", &other.pattern.take(text)?)));
    Some(other.unwrap_or_else(|| if form.host_only { host(&url) } else { text.to_owned() }))
}

/// An address with its scheme: https where none is given, and where http would be refused.
fn parsed(entered: &str) -> Option<Url> {
    let entered = entered.trim();
    let mut url =
        if entered.contains("://") { Url::parse(entered) } else { Url::parse(&format!("https://{entered}")) }.ok()?;
    let is_local = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    let fits = url.username().is_empty() && url.password().is_none() && matches!(url.scheme(), "http" | "https");
    // A word alone is no address, nor is a local one without its scheme: there it matters.
    let is_named = entered.contains("://") || (url.host_str().is_some_and(|host| host.contains('.')) && !is_local);
    if !fits || !is_named {
        return None;
    }
    if !is_local {
        url.set_scheme("https").ok()?;
    }
    Some(url)
}

/// Where one of the platform's own pages begins in a path.
fn begin_of(path: &str, page: &str) -> Option<usize> {
    let is_whole = |&(at, _): &(usize, &str)| matches!(path.as_bytes().get(at + page.len()), None | Some(b'/'));
    path.match_indices(page).find(is_whole).map(|(at, _)| at)
}

fn host(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(more: &str) -> Field {
        toml::from_str(&format!("name = 'shop'\nask = 'Address'\npattern = '^.*$'\n{more}")).expect("a field")
    }

    fn is_put_right(field: &Field, pasted: &[&str], right: &str) {
        for text in pasted {
            assert_eq!(put_right(field, text), right, "{text}");
        }
    }

    #[test]
    fn what_people_paste_becomes_the_shops_address() {
        let shop = field("address = { ends_before = ['/wp-admin', '/wp-login.php', '/shop/v1.2'] }");
        is_put_right(
            &shop,
            &[
                "https://shop.example.com",
                "https://shop.example.com/",
                " HTTPS://Shop.Example.com/ ",
                "shop.example.com",
                "http://shop.example.com/?utm=1#top",
                "https://shop.example.com/wp-admin/edit.php?post_type=product",
                "https://shop.example.com/wp-login.php",
                "shop.example.com:443/shop/v1.2",
            ],
            "https://shop.example.com",
        );
        is_put_right(
            &shop,
            &["shop.example.com/Laden//", "https://shop.example.com/Laden/wp-admin"],
            "https://shop.example.com/Laden",
        );
        is_put_right(&shop, &["shop.example.com/wp-administration"], "https://shop.example.com/wp-administration");
        is_put_right(&shop, &["https://bücher.example"], "https://xn--bcher-kva.example");
        is_put_right(&shop, &["http://127.0.0.1:8080/shop/"], "http://127.0.0.1:8080/shop");
        for kept in
            ["https://user:word@shop.example.com", "ftp://shop.example.com", "127.0.0.1:80", "nonsense", "a b", ""]
        {
            assert_eq!(put_right(&shop, kept), kept);
        }
        assert_eq!(
            put_right(&field(""), "Shop.Example.com/"),
            "Shop.Example.com/",
            "another field says nothing of addresses"
        );
    }

    #[test]
    fn each_platform_takes_what_its_merchants_paste() {
        let providers = super::super::Providers::built_in().expect("are read");
        let token = "t".repeat(32);
        for (key, pasted, right) in [
            ("shopify", "https://admin.shopify.com/store/acme/products?selectedView=all", "https://acme.myshopify.com"),
            ("shopify", "Acme.MyShopify.com/admin", "https://acme.myshopify.com"),
            ("woocommerce", "shop.example.com/wp-admin/", "https://shop.example.com"),
            ("woocommerce-password", "http://Shop.example.com/boutique/", "https://shop.example.com/boutique"),
            ("woocommerce", "shop.example.com/~maria/shop-v1.2/wp-admin/", "https://shop.example.com/~maria/shop-v1.2"),
            ("saleor", "shop.example.com/saleor/graphql/", "https://shop.example.com/saleor"),
            ("shopware", "https://shop.example.com/~maria/v6.7/", "https://shop.example.com/~maria/v6.7"),
            ("saleor", "https://acme.saleor.cloud/graphql/", "https://acme.saleor.cloud"),
            ("adobe-commerce", "https://shop.example.com/index.php/admin_x1/dashboard", "https://shop.example.com"),
            ("prestashop", "https://shop.example.com/boutique/api/", "https://shop.example.com/boutique"),
            ("pretix", "pretix.eu/control/event/acme/", "https://pretix.eu/acme/summer-fair"),
            ("vendure", "https://shop.example.com/admin-api", "https://shop.example.com"),
        ] {
            let provider = providers.get(key).expect("is built in");
            let value = |field: &Field| match field.name.as_str() {
                "shop" => pasted.to_owned(),
                _ => field.default.clone().or(field.example.clone()).unwrap_or_else(|| token.clone()),
            };
            let values = provider.fields().iter().map(|field| (field.name.clone(), value(field))).collect();
            let (facts, _) = provider.read_fields(&values).unwrap_or_else(|error| panic!("{key}, {pasted}: {error}"));
            assert_eq!(provider.store_url(&facts).expect("an address"), right, "{key}, {pasted}");
        }
    }

    #[test]
    fn a_platforms_own_page_names_the_shop() {
        let shop = field(
            "address = { host_only = true, also = [{ pattern = '^https://admin\\.shop\\.example/store/([a-z0-9-]+)(/.*)?$', becomes = '{value}.my.example' }] }",
        );
        is_put_right(
            &shop,
            &["acme.my.example", "https://acme.my.example/admin", "https://admin.shop.example/store/acme/products?x=1"],
            "acme.my.example",
        );
    }
}
