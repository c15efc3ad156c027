//! The shop's HTML pages: storefront and consent page.

use std::collections::HashMap;

use axum::{extract::State, response::Html};

use super::Sandbox;

/// `GET /`: the storefront.
pub(super) async fn window(State(shop): State<Sandbox>) -> Html<String> {
    let now = shop.0.outside.clock.now();
    let listed = {
        let pictures = shop.pictures();
        shop.catalogue().page(0, 60, |_| true, |id, product| pictures.add_to(id, product, now))
    };
    let mut cards = String::from("<div class=shelf>");
    for product in listed.products.iter().filter_map(|text| serde_json::from_str::<serde_json::Value>(text).ok()) {
        let text = |key: &str| escape(product[key].as_str().unwrap_or_default());
        let pictures = product["images"].as_array().cloned().unwrap_or_default();
        let image = |value: &serde_json::Value| {
            format!(
                "<img loading=lazy src=\"{}\" alt=\"{}\">",
                escape(value["url"].as_str().unwrap_or_default()),
                escape(value["alt"].as_str().unwrap_or_default())
            )
        };
        let picture: String = pictures.iter().rev().take(1).map(image).collect();
        cards.push_str(&format!(
            "<article>{picture}<b>{}</b><span>{} {}</span></article>",
            text("title"),
            text("price"),
            text("currency")
        ));
    }
    cards.push_str("</div>");
    Html(shell("Sandbox Shop", &format!("<p>{} products.</p>{cards}", listed.total)))
}

/// The consent page.
pub(super) fn consent(params: &HashMap<String, String>) -> String {
    let mut form = String::from(
        "<p>An app requests permission to read your products and to add pictures to them.</p><form method=post action=\"/oauth/authorize\">",
    );
    let mut names: Vec<&String> = params.keys().filter(|name| *name != "decision").collect();
    names.sort();
    for name in names {
        form.push_str(&format!("<input type=hidden name=\"{}\" value=\"{}\">", escape(name), escape(&params[name])));
    }
    form.push_str("<button name=decision value=allow>Allow</button> <button name=decision value=deny class=plain>Refuse</button></form>");
    shell("Connect an app", &form)
}

pub(super) fn shell(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>{0}</title><style>\
         body{{font:16px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;background:#f6f3ee;color:#2a2622}}\
         .shelf{{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1.2rem}}article{{background:#fff;border-radius:10px;overflow:hidden;padding-bottom:.7rem;display:flex;flex-direction:column}}\
         article img{{width:100%;aspect-ratio:1;object-fit:cover}}article b,article span{{padding:.2rem .8rem}}article span{{color:#8a8078}}\
         button{{font:inherit;padding:.5rem 1.4rem;border:0;border-radius:6px;background:#2f5d50;color:#fff}}.plain{{background:#ddd5ca;color:#2a2622}}\
         </style><h1>{0}</h1>{body}</html>",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
