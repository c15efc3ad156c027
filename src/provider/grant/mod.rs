//! Grants: how the permission is asked for, turned into tokens, renewed and given back. The protocol of OAuth 2 is the `oauth2`
//! crate's; its requests go through our one network door, and answers are first brought into the standard's form as the file says.

mod answer;
mod consent;
mod token;

use std::{future::Future, pin::Pin, sync::Arc};

pub use consent::{
    ConsentRequest, authorise_url, callback_facts, grant_from_posted_keys, grant_from_query, new_verifier,
};
pub use token::{CallbackCode, exchange, migrate, own_token, refresh, revoke};

use super::{Provider, context::TemplateContext, template::Template};
use crate::model::{Facts, Failure, FailureKind, Grant, Secret};

/// An answer that is still to come.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// Where a session gets its grant from: asked for every call, never kept.
pub trait CredentialSource: Send + Sync {
    /// The grant as it stands, renewed if it ends soon.
    fn current(&self) -> BoxFuture<'_, Arc<Grant>>;
    /// A grant newer than `spent_version`, which the shop refused.
    fn refresh(&self, spent_version: i32) -> BoxFuture<'_, Arc<Grant>>;
}

/// Asked before every call: whether the work that the call is for is still the caller's.
pub trait Fence: Send + Sync {
    /// Fails with `lease_lost` where it is not. `writes` says that the call may change something at the shop.
    fn check(&self, writes: bool) -> BoxFuture<'_, ()>;
}

/// A grant that nobody keeps yet: for the first call of a connect.
pub struct Fixed(Arc<Grant>);

impl Fixed {
    /// This grant and no other.
    pub fn new(grant: Grant) -> Self {
        Self(Arc::new(grant))
    }
}

impl CredentialSource for Fixed {
    fn current(&self) -> BoxFuture<'_, Arc<Grant>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn refresh(&self, _: i32) -> BoxFuture<'_, Arc<Grant>> {
        Box::pin(async {
            Err(Failure::new(
                FailureKind::KeyRefused,
                "the shop refuses the key it was given: check that it is whole and still valid",
            ))
        })
    }
}

/// The operator's OAuth app at a provider.
#[derive(Debug, Clone)]
pub struct App {
    pub client_id: String,
    pub client_secret: Secret,
    /// What deliveries are signed with, where that is another key.
    pub webhook_key: Option<Secret>,
}

/// What the addresses of a grant look up.
fn context<'a>(provider: &Provider, app: Option<&'a App>, facts: &'a Facts) -> TemplateContext<'a> {
    let mut context = TemplateContext { app, ..TemplateContext::of_facts(facts) };
    if let Ok(store_url) = provider.store_url(facts) {
        context.values.insert("store_url".into(), store_url.into());
    }
    context
}

fn filled_url(template: &Template, context: &TemplateContext<'_>) -> Result<String, Failure> {
    template.text(context)?.ok_or_else(bad_address)
}

pub(super) fn bad_address() -> Failure {
    Failure::new(FailureKind::BadAddress, "the provider's file and the shop's facts make an address that is none")
}
