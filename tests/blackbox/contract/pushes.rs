//! The contract of pushes: done, refused by the shop, tried again, taken out.

use super::{record::Record, things::Things};
use crate::wire::ask;

pub(super) fn pushes(record: &mut Record, things: &mut Things, shop_url: &str) {
    record.area("pushes");
    let asset = things.asset.clone();
    record.run("push list");
    let at = shop_url.trim_start_matches("http://");
    let rule = r#"{ "on": "POST /api/uploads", "do": "error", "arg": 422 }"#;
    assert_eq!(ask("POST", at, "/mischief", &[("Content-Type", "application/json")], rule.as_bytes()).status, 201);
    things.push = record.make("push", &format!("push run {asset}"));
    let push = &things.push;
    for line in [
        "push list --status failed".to_owned(),
        format!("push retry {push}"),
        "push retry".to_owned(),
        "push run".to_owned(),
        format!("push list --asset {asset}"),
        format!("push list --connection {}", things.shop),
        "push list --status nonsense".to_owned(),
        format!("products why {}", things.product),
        format!("assets show {asset}"),
        format!("push revert {push}"),
        format!("push revert {push}"),
        format!("push run {asset}"),
        "push run nobody".to_owned(),
        "push retry nobody".to_owned(),
        "push revert nobody".to_owned(),
        "push revert".to_owned(),
        "logs --limit 1".to_owned(),
    ] {
        record.run(&line);
    }
}
