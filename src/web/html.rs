//! The frame of every page.

/// A page with a title and `body`, which is HTML.
pub(super) fn shell(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>{0}</title><style>\
         body{{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1d2433;background:#fbfaf8}}\
         h1{{font-weight:600}}h2{{margin-top:2rem;font-size:1.1rem}}table{{border-collapse:collapse;width:100%}}\
         th,td{{text-align:left;vertical-align:top;padding:.45rem .7rem;border-bottom:1px solid #e4e0d8}}th{{font-weight:600;color:#5b6475}}\
         .n{{text-align:right;font-variant-numeric:tabular-nums}}.dim{{color:#7a8294;font-size:.85rem}}.bad{{color:#a3262a}}.good{{color:#1f6b43}}\
         code{{background:#efece5;padding:.1rem .3rem;border-radius:3px}}button{{font:inherit;padding:.4rem 1rem}}input{{font:inherit;padding:.3rem}}\
         </style><h1>{0}</h1>{body}</html>",
        escape(title)
    )
}

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
