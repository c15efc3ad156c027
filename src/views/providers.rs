//! Store platforms, as their files describe them.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    provider::{Field, Limits, Provider},
    tools::redirect_uri,
};

/// What a platform needs to be connected, and what it can do.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderCard<'a> {
    pub key: &'a str,
    pub name: &'a str,
    /// Where its file is from.
    pub source: &'a str,
    /// How credentials reach us.
    pub connect: &'static str,
    /// `None` for a platform that needs no app.
    pub app_configured: Option<bool>,
    /// What has to be registered at the platform; `None` for a platform that needs no app.
    pub redirect_uri: Option<String>,
    /// Where deliveries of all its shops go; `None` where it has none, or an address for each shop (`ConnectionCard`).
    pub webhook_url: Option<String>,
    pub fields: Vec<ConnectField<'a>>,
    pub scopes: &'a [String],
    /// Why every import is a full one; `None` if changes can be asked for.
    pub full_only: Option<&'a str>,
    /// The hosts that are called.
    pub hosts: BTreeSet<String>,
    pub push_steps: Vec<&'a str>,
    pub limits: &'a Limits,
}

/// A field that has to be given to connect a shop.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectField<'a> {
    pub name: &'a str,
    pub ask: &'a str,
    pub secret: bool,
    pub example: Option<&'a str>,
}

/// What a check of provider files found.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderCheck {
    /// The keys of the files; empty if there are problems.
    pub ok: Vec<String>,
    /// How many recorded conversations were replayed without a difference.
    pub conversations: usize,
    pub problems: Vec<String>,
}

impl<'a> From<&'a Field> for ConnectField<'a> {
    fn from(field: &'a Field) -> Self {
        Self { name: &field.name, ask: &field.ask, secret: field.secret, example: field.example.as_deref() }
    }
}

impl<'a> ProviderCard<'a> {
    /// Describes a platform. `has_app` says whether the operator's app is set up.
    pub fn new(provider: &'a Provider, has_app: bool, public_url: &str) -> Self {
        let needs_app = provider.needs_app();
        Self {
            key: provider.key(),
            name: provider.name(),
            source: provider.source(),
            connect: provider.kind().as_str(),
            webhook_url: provider.webhook_names_shop().then(|| provider.webhook_url(public_url, None)),
            app_configured: needs_app.then_some(has_app),
            redirect_uri: needs_app.then(|| redirect_uri(public_url, provider.key())),
            fields: provider.fields().iter().map(ConnectField::from).collect(),
            scopes: provider.scopes(),
            full_only: provider.full_only(),
            hosts: provider.hosts(),
            push_steps: provider.push_steps(),
            limits: provider.limits(),
        }
    }
}
