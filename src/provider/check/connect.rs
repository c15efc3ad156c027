//! Checks the `connect` part of a provider's file.

use std::collections::BTreeSet;

use super::{
    super::{
        recipe::{Connect, ConnectKind, Leave, Login, Oauth, Pkce, Recipe, SignatureKind},
        template::Template,
    },
    Check,
};

impl Check<'_> {
    pub(super) fn connect(&mut self, recipe: &Recipe) {
        let connect = &recipe.connect;
        self.names_op(recipe, "connect.probe.op", &connect.probe.op);
        for (place, further) in connect.probe.also.iter().enumerate() {
            self.names_op(recipe, &format!("connect.probe.also[{place}].op"), &further.op);
        }
        for (place, need) in connect.probe.needs.iter().enumerate() {
            self.code(&format!("connect.probe.needs[{place}].code"), need.code.as_deref());
            let key = format!("connect.probe.needs[{place}].of");
            self.demand(need.of.is_none() || !need.one_of.is_empty(), &key, "needs in beside it");
        }
        self.kind(recipe);
        for field in &connect.field {
            let key = |part: &str| format!("connect.field.{}.{part}", field.name);
            let reserved = ["store_url", "shop_host", "since", "value", "state", "redirect_uri"]
                .contains(&field.name.as_str())
                || field.name.contains('.');
            self.demand(!reserved, &key("name"), &format!("'{}' is a reserved name in templates", field.name));
            let mut others = field.address.iter().flat_map(|form| &form.also);
            self.demand(
                others.all(|other| other.becomes.contains("{value}")),
                &key("address.also"),
                "'becomes' needs the pattern's group as {value}",
            );

            for text in field.example.iter().chain(&field.default) {
                self.demand(
                    field.pattern.matches(text),
                    &key("pattern"),
                    &format!("does not match its own example or default '{text}'"),
                );
            }
        }
        self.handed_over(connect);
        if let Some(oauth) = &connect.oauth {
            self.oauth(oauth);
        }
        if let Some(login) = &connect.login {
            self.login(recipe, login);
        }
        if let Some(leave) = &connect.leave {
            self.leave(recipe, leave);
        }
    }

    fn leave(&mut self, recipe: &Recipe, leave: &Leave) {
        if let Some(op) = &leave.op {
            self.names_op(recipe, "connect.leave.op", op);
            let revokes = recipe.connect.oauth.as_ref().is_some_and(|oauth| oauth.revoke.is_some());
            self.demand(!revokes, "connect.leave.op", "is not allowed beside connect.oauth.revoke");
        }
        if let Some(find) = &leave.find {
            self.names_op(recipe, "connect.leave.find.op", &find.op);
            let is_used = |name: &String| {
                let op = leave.op.as_ref().and_then(|op| recipe.op.get(op));
                op.is_some_and(|op| op.looks_up(&format!("kept.{name}")))
            };
            for name in find.keep.keys().filter(|name| !is_used(name)) {
                let key = format!("connect.leave.find.keep.{name}");
                self.demand(false, &key, &format!("is not used: connect.leave.op looks it up as {{kept.{name}}}"));
            }
        }
    }

    /// Checks a login with pasted credentials, and that calls use its token.
    fn login(&mut self, recipe: &Recipe, login: &Login) {
        let key = "connect.login.op";
        self.names_op(recipe, key, &login.op);
        let fields = || recipe.connect.field.iter().filter(|field| field.secret).map(|field| field.name.as_str());
        let own = fields().any(|name| ["access", "refresh"].contains(&name));
        self.demand(
            !own,
            "connect.field",
            "kind pasted_login has the token as {grant.access}: name the field otherwise",
        );
        self.demand(
            recipe.connect.probe.op != login.op,
            "connect.probe.op",
            "is the login: no call has used its token yet",
        );
        if let Some(op) = recipe.op.get(&login.op) {
            let sends = |name: &str| op.looks_up(&format!("grant.{name}"));
            self.demand(fields().any(sends), key, &format!("needs a secret field as {{grant.…}} in op.{}", login.op));
            let is_late = op.looks_up("grant.access");
            self.demand(!is_late, key, &format!("has no token yet: {{grant.access}} in op.{}", login.op));
        }
        let call = &recipe.call;
        let basic = call.basic.iter().flat_map(|basic| [Some(&basic.user), basic.password.as_ref()]).flatten();
        let mut usual = call.headers.values().chain(basic).flat_map(Template::slots);
        let is_used =
            usual.any(|slot| slot == "grant.access") || recipe.op.values().any(|op| op.looks_up("grant.access"));
        self.demand(
            is_used,
            "connect.login.token",
            "is not used: send it as {grant.access}, in call.headers for example",
        );
    }

    /// Checks keys that the shop's server posts or the merchant's browser brings.
    fn handed_over(&mut self, connect: &Connect) {
        if let Some(posted) = &connect.posted {
            let sent = posted.query.get(&posted.state).is_some_and(|t| t.slots().eq(["state"]));
            self.demand(
                sent,
                "connect.posted.state",
                "names a member of connect.posted.query whose value is \"{state}\"",
            );
            self.demand(
                !posted.secrets.is_empty(),
                "connect.posted.secrets",
                "name at least one key that the shop posts",
            );
            self.demand(
                posted.rights.is_some() != posted.needed.is_empty(),
                "connect.posted.needed",
                "and rights are required together",
            );
        }
        if let Some(brought) = &connect.brought {
            let back = |slot: &str| brought.query.values().any(|template| template.slots().any(|name| name == slot));
            self.demand(
                back("state") && back("redirect_uri"),
                "connect.brought.query",
                "needs the callback URL: a member such as \"{redirect_uri}?state={state}\"",
            );
            self.demand(
                !brought.secrets.is_empty(),
                "connect.brought.secrets",
                "name at least one key that the browser brings",
            );
        }
    }

    fn oauth(&mut self, oauth: &Oauth) {
        for (name, from) in &oauth.callback {
            let signed = oauth.signature.as_ref().is_some_and(|s| s.kind == SignatureKind::HmacJson);
            let inside = from.path.is_none() || signed;
            let key = format!("connect.oauth.callback.{name}");
            self.demand(inside, &key, "may have a path only with signature kind hmac_json");
        }
        for (scope, implied) in &oauth.scope_implies {
            let useful = implied.iter().any(|one| oauth.scopes.contains(one));
            let key = format!("connect.oauth.scope_implies.{scope}");
            self.demand(useful, &key, "implies none of connect.oauth.scopes");
        }
        for (place, rule) in oauth.error.iter().enumerate() {
            self.when(&format!("connect.oauth.error[{place}].when"), &rule.when);
        }
    }

    /// Checks that a kind has the parts that it requires, and no others.
    fn kind(&mut self, recipe: &Recipe) {
        let connect = &recipe.connect;
        let (kind, oauth) = (connect.kind, connect.oauth.as_ref());
        let secrets: BTreeSet<&str> = connect.field.iter().filter(|f| f.secret).map(|f| f.name.as_str()).collect();
        let by_oauth = kind.brings_code() || kind == ConnectKind::ClientCredentials;
        let word = kind.as_str();
        let parts = [
            ("connect.oauth", by_oauth, oauth.is_some()),
            ("connect.posted", kind == ConnectKind::PostedKeys, connect.posted.is_some()),
            ("connect.brought", kind == ConnectKind::BroughtKeys, connect.brought.is_some()),
            ("connect.oauth1", kind == ConnectKind::Oauth1, connect.oauth1.is_some()),
            ("connect.login", kind == ConnectKind::PastedLogin, connect.login.is_some()),
            ("connect.install", kind == ConnectKind::SignedInstall, !connect.install.is_empty()),
            ("call.sign", kind == ConnectKind::Oauth1, recipe.call.sign.is_some()),
        ];
        for (key, needed, there) in parts {
            self.demand(!needed || there, key, &format!("is required by kind {word}"));
            self.demand(needed || !there, key, &format!("is not allowed with kind {word}"));
        }
        let authorize = oauth.is_some_and(|oauth| oauth.authorize.is_some());
        self.demand(
            !kind.brings_code() || authorize,
            "connect.oauth.authorize",
            &format!("is required by kind {word}"),
        );
        for field in connect.install.keys() {
            let known = connect.field.iter().any(|known| known.name == *field);
            self.demand(known, &format!("connect.install.{field}"), "is not a field");
        }
        let pasted = oauth.and_then(|oauth| oauth.client.as_ref());
        for name in pasted.iter().flat_map(|client| [&client.id, &client.secret]) {
            self.demand(
                secrets.contains(name.as_str()),
                "connect.oauth.client",
                &format!("names '{name}', which is not a field with secret = true"),
            );
        }
        let takes = matches!(kind, ConnectKind::PastedKey | ConnectKind::PastedLogin) || pasted.is_some();
        self.demand(
            !takes || !secrets.is_empty(),
            "connect.field",
            &format!("kind {word} needs a field with secret = true"),
        );
        self.demand(takes || secrets.is_empty(), "connect.field", &format!("kind {word} allows no secret field"));
        if let Some(oauth) = oauth {
            self.proofs(kind, oauth);
        }
    }

    /// Checks the proof that a callback is about the shop, by kind.
    fn proofs(&mut self, kind: ConnectKind, oauth: &Oauth) {
        let (word, authorize, pasted) = (kind.as_str(), oauth.authorize.is_some(), oauth.client.is_some());
        let signature = oauth.signature.as_ref().map(|signature| signature.kind);
        if kind == ConnectKind::ClientCredentials {
            self.demand(
                pasted != authorize,
                "connect.oauth",
                "kind client_credentials needs either a client (pasted) or an authorize page (an installed instance)",
            );
            self.demand(
                !authorize || signature == Some(SignatureKind::HmacJson),
                "connect.oauth.signature",
                "an installed instance requires signature kind hmac_json",
            );
        }
        let own = kind == ConnectKind::ClientCredentials;
        self.demand(!pasted || own, "connect.oauth.client", "is only allowed with kind client_credentials");
        self.demand(
            kind != ConnectKind::SignedInstall || signature == Some(SignatureKind::HmacSortedQuery),
            "connect.oauth.signature",
            "kind signed_install needs one of kind hmac_sorted_query",
        );
        let stateless = !kind.carries_state() && !pasted;
        self.demand(
            !stateless || !oauth.callback.is_empty(),
            "connect.oauth.callback",
            &format!("kind {word} carries no state of ours: the callback must name the shop"),
        );
        self.demand(
            !stateless || oauth.pkce == Pkce::Off,
            "connect.oauth.pkce",
            &format!("must be \"off\" with kind {word}: the platform starts the connect, so there is no challenge"),
        );
    }
}
