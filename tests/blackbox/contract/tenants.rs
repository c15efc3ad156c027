//! The contract from an empty folder to clients: what begins, what only looks, who the clients are.

use super::{record::Record, things::Things};

/// Before there is a database, and its making.
pub(super) fn beginning(record: &mut Record) {
    record.area("beginning");
    for line in
        ["migrate --dry-run", "migrate --proof", "migrate --contract", "clients list", "connections list", "logs"]
    {
        record.run(line);
    }
    for line in
        ["migrate", "migrate", "migrate --dry-run", "migrate --proof", "migrate --contract", "migrate --prepare"]
    {
        record.run(line);
    }
    record.run("migrate --prepare --legacy-role old_app");
    record.run("doctor");
    record.run("");
    record.run("no-such-command");
    record.run("clients no-such-command");
    record.run("--config missing.toml clients list");
    record.place.write("wrong.toml", "[server]\nlisten_on = 1\n");
    record.run("--config wrong.toml clients list");
    for shell in ["bash", "zsh", "fish", "no-such-shell"] {
        record.plain(&format!("completions {shell}"));
    }
    record.plain("sandbox --port 0 --as nobody");
    record.plain("serve --no-such-option");
    record.plain("demo --once --catalogue missing.csv");
}

/// Platforms, and the keys of the vault.
pub(super) fn platforms(record: &mut Record) {
    record.area("platforms");
    for line in ["providers list", "providers show sandbox", "providers show shopify", "providers show nobody"] {
        record.run(line);
    }
    for line in ["providers check", "providers check no-such-folder", "providers check --record", "providers show"] {
        record.run(line);
    }
    record.plain("providers schema --page");
    for line in ["keys list", "keys rotate", "keys list", "keys prune", "keys list"] {
        record.run(line);
    }
}

pub(super) fn clients(record: &mut Record) {
    record.area("clients");
    record.make("client", "clients add Acme");
    let lines = [
        "clients add Acme",
        "clients add '!!!'",
        "clients add",
        "clients add 'Beta Brand' --slug beta",
        "clients list",
        "clients list --limit 1",
        "clients update acme --name 'Acme & Sons'",
        "clients update acme --slug acme --if-version 99",
        "clients update nobody --name Nobody",
        "clients members acme --add ann@acme.example --name Ann --role owner",
        "clients members acme --add bob@acme.example",
        "clients members acme --add bob@acme.example --role king",
        "clients members acme --add nonsense",
        "clients members acme --remove bob@acme.example",
        "clients members acme --remove nobody@acme.example",
        "clients members acme",
        "clients members nobody",
        "clients plan acme pro",
        "clients plan acme no-such-plan",
        "clients plan nobody pro",
        "clients show acme",
        "clients show nobody",
        "clients show",
        "clients delete beta",
        "clients delete beta --confirm acme",
        "clients delete beta --confirm beta",
        "clients show beta",
    ];
    for line in lines {
        record.run(line);
    }
}

/// The end: a shop is left, a client deleted.
pub(super) fn leaving(record: &mut Record, things: &Things) {
    record.area("leaving");
    let shop = &things.shop;
    for line in [
        "keys rotate".to_owned(),
        "keys list".to_owned(),
        "clients delete acme --confirm acme".to_owned(),
        format!("connections disconnect {shop}"),
        format!("connections disconnect {shop}"),
        "connections disconnect nobody".to_owned(),
        format!("connections show {shop}"),
        format!("connections check {shop}"),
        format!("connections pause {shop}"),
        format!("connections resume {shop}"),
        format!("connections schedule {shop} --every 1h"),
        format!("sync {shop}"),
        "sync --all".to_owned(),
        "clients delete acme --confirm acme".to_owned(),
        "clients list".to_owned(),
        "migrate".to_owned(),
    ] {
        record.run(&line);
    }
}
