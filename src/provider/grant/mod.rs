//! Grants: consent, token exchange, refresh and revocation. The `oauth2` crate implements OAuth 2; its requests go
//! through our `outside::Http`, and responses are first converted to the standard's form as the provider's file
//! describes.

mod answer;
mod consent;
mod login;
mod token;

use std::{future::Future, pin::Pin, sync::Arc};

pub use consent::{
    ConsentRequest, authorise_url, callback_facts, grant_from_posted_keys, grant_from_query, new_verifier,
};
pub use token::{CallbackCode, exchange, migrate, own_token, refresh, revoke};

use super::{Provider, context::TemplateContext, template::Template};
use crate::model::{Facts, Failure, FailureKind, Grant, Secret};

/// A boxed future, so that the traits below can be trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// Supplies a client's grant: read before every call, never cached by the client.
pub trait CredentialSource: Send + Sync {
    /// The current grant, refreshed if it expires soon.
    fn current(&self) -> BoxFuture<'_, Arc<Grant>>;
    /// A grant newer than `spent_version`, the version that the shop refused.
    fn refresh(&self, spent_version: i32) -> BoxFuture<'_, Arc<Grant>>;
}

/// Checked before every call: whether the caller still holds the lease on its work.
pub trait Fence: Send + Sync {
    /// Fails with `lease_lost` if it does not. `writes`: the call may change data in the shop.
    fn check(&self, writes: bool) -> BoxFuture<'_, ()>;
}

/// A grant that is not stored yet: for the first calls of a connect.
pub struct Fixed(Arc<Grant>);

impl Fixed {
    /// A source that always returns this grant.
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
                FailureKind::PastedKeyRefused,
                "the shop refuses the key: check that it is complete and still valid",
            ))
        })
    }
}

/// The operator's OAuth app at a provider.
#[derive(Debug, Clone)]
pub struct App {
    pub client_id: String,
    pub client_secret: Secret,
    /// The key that signs webhooks, if it is not the client secret.
    pub webhook_key: Option<Secret>,
}

/// The template values for the URLs of a grant.
fn context<'a>(provider: &Provider, app: Option<&'a App>, facts: &'a Facts) -> TemplateContext<'a> {
    let mut context = TemplateContext { app, ..TemplateContext::of_facts(facts) };
    if let Ok(store_url) = provider.store_url(facts) {
        context.values.to_mut().insert("store_url".into(), store_url.into());
    }
    context
}

fn filled_url(template: &Template, context: &TemplateContext<'_>) -> Result<String, Failure> {
    template.text(context)?.ok_or_else(bad_address)
}

pub(super) fn bad_address() -> Failure {
    Failure::new(FailureKind::BadAddress, "a URL from the provider's file and the shop's facts is not valid")
}
