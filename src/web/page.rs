//! The HTML pages: the overview of connections and runs, and those of a connect. They use no script.

use std::collections::BTreeMap;

use axum::{extract::State, response::Html};

use super::{
    error::PageError,
    html::{escape, shell},
    state::Web,
};
use crate::{
    model::Run,
    provider::Provider,
    views::{self, Overview, ShopRow},
};

/// The query parameter of a connect link to a shop that another client may have, too.
pub(super) const SHARED: &str = "shared";

/// `GET /`.
pub(super) async fn home(State(web): State<Web>) -> Result<Html<String>, PageError> {
    let Overview { shops, runs } = views::overview(&web.tools).await?;
    let mut body = String::from("<h2>Shops</h2>");
    if shops.is_empty() {
        body.push_str("<p>No shop is connected yet. Run <code>store-sync clients add NAME</code>, then <code>store-sync connect PROVIDER --client NAME</code>.</p>");
    } else {
        body.push_str("<table><tr><th>Shop<th>Provider<th>State<th class=n>Products<th>Last import</tr>");
        for shop in &shops {
            body.push_str(&shop_row(shop));
        }
        body.push_str("</table>");
    }
    body.push_str("<h2>Latest runs</h2>");
    if runs.is_empty() {
        body.push_str("<p>Nothing has run yet.</p>");
    } else {
        body.push_str("<table><tr><th>Started<th>What<th>State<th class=n>New<th class=n>Changed<th class=n>Same<th class=n>Gone<th>Note</tr>");
        for run in &runs {
            body.push_str(&run_row(run));
        }
        body.push_str("</table>");
    }
    Ok(Html(shell("store-sync", &body)))
}

fn shop_row(ShopRow { connection, products }: &ShopRow) -> String {
    let last = connection.last_success_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let error = connection.reason().map(|e| format!("<br><span class=bad>{}</span>", escape(e))).unwrap_or_default();
    format!(
        "<tr><td>{}<br><span class=dim>{}</span><td>{}<td>{}{error}<td class=n>{products}<td>{last}</tr>",
        escape(connection.label()),
        escape(&connection.store_url),
        escape(&connection.store_type),
        connection.state(),
    )
}

fn run_row(run: &Run) -> String {
    format!(
        "<tr><td>{}<td>{} <span class=dim>by {}</span><td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td>{}</tr>",
        run.started_at,
        run.action,
        run.trigger,
        run.status,
        run.items_created,
        run.items_updated,
        run.items_unchanged,
        run.items_deleted,
        escape(run.note().unwrap_or_default()),
    )
}

/// The form for the fields that the connect link does not contain.
pub(super) fn ask(
    provider: &Provider,
    client: &str,
    signed: Option<&(String, String)>,
    given: &BTreeMap<String, String>,
) -> String {
    let mut form = String::from("<form method=get>");
    let signed =
        signed.iter().flat_map(|(expires, signature)| [("expires", expires.as_str()), ("signature", signature)]);
    for (name, value) in [("client", client)].into_iter().chain(signed) {
        form.push_str(&format!("<input type=hidden name={name} value=\"{}\">", escape(value)));
    }
    if given.contains_key(SHARED) {
        form.push_str(&format!("<input type=hidden name={SHARED} value=1>"));
    }
    for field in provider.fields() {
        let value = given.get(&field.name).or(field.default.as_ref()).map(|v| escape(v)).unwrap_or_default();
        let hint = field.example.as_deref().map(escape).unwrap_or_default();
        form.push_str(&format!(
            "<p><label>{}<br><input name=\"{}\" value=\"{value}\" placeholder=\"{hint}\" required size=50></label></p>",
            escape(&field.ask),
            escape(&field.name)
        ));
    }
    form.push_str("<p><button>Go to the shop</button></p></form>");
    shell(&format!("Connect {}", provider.name()), &form)
}

/// The page for link previews, which begins no connect; its button lets a person continue.
pub(super) fn preview(opened: &str, query: &BTreeMap<String, String>) -> String {
    let mut form = String::from("<p>This link connects a shop.</p><form method=get>");
    for (name, value) in query.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([(opened, "1")]) {
        form.push_str(&format!("<input type=hidden name=\"{}\" value=\"{}\">", escape(name), escape(value)));
    }
    form.push_str("<p><button>Connect the shop</button></p></form>");
    shell("Connect your shop", &form)
}

/// The page with the URL that the merchant enters in the shop's administration.
pub(super) fn register(provider: &Provider, address: &str) -> String {
    let body = format!(
        "<p>In the administration of {}, add an integration with this address, both as its callback URL and as its identity link \
         URL, allow it to read and change products, and activate it:</p><p><code>{}</code></p>\
         <p class=dim>The address is secret and valid for 24 hours. The shop sends you back here when you activate.</p>",
        escape(provider.name()),
        escape(address)
    );
    shell(&format!("Connect {}", provider.name()), &body)
}

/// The page for a browser that returns before the shop's server has posted the credentials.
pub(super) fn waiting() -> String {
    shell(
        "One moment",
        "<meta http-equiv=refresh content=2><p>The shop has not sent its credentials yet. This page reloads by itself.</p>\
         <p class=dim>If this does not change, the shop cannot reach this daemon: ask its operator.</p>",
    )
}
