//! Builds the request of a call from its operation, the shop's facts and the grant.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Map, Value};
use url::Url;

use super::{
    App, Provider,
    body::fill,
    context::TemplateContext,
    grant::bad_address,
    oauth1::{self, Moment},
    page_reads::PageReads,
    recipe::{Basic, Op, Signing},
    upload::Upload,
};
use crate::{
    model::{Facts, Failure, FailureKind, Grant},
    outside::Request,
};

/// The inputs of a call.
#[derive(Default)]
pub(super) struct With<'a> {
    pub(super) values: Map<String, Value>,
    pub(super) upload: Option<&'a Upload>,
    /// The whole URL, if the shop itself returned it.
    pub(super) url: Option<&'a str>,
    /// What may have been too much is not repeated: the caller asks for less.
    pub(super) gives_way: bool,
    /// What of a good response is read; default: all of it.
    pub(super) reads: Option<&'a PageReads>,
    /// The key goes into the query, as it does for a shop that has the fact `KEY_IN_QUERY`.
    pub(super) key_in_query: bool,
}

/// The fact of a shop whose host drops the header with the key. No field has a name with a dot.
pub(super) const KEY_IN_QUERY: &str = "basic.or_query";

/// Who is called and as whom.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) provider: &'a Provider,
    pub(super) facts: &'a Facts,
    pub(super) store_url: &'a str,
    pub(super) app: Option<&'a App>,
}

impl Target<'_> {
    /// The request of an operation with its URL, headers, body and credentials. `moment` is what OAuth 1 signs.
    pub(super) fn request(&self, op: &Op, with: &With<'_>, grant: &Grant, moment: &Moment) -> Result<Request, Failure> {
        let mut values = Cow::Borrowed(&with.values);
        if let Some(upload) = with.upload {
            let values = values.to_mut();
            upload.describe(values);
            if op.looks_up("asset.base64") {
                values["asset"]["base64"] = STANDARD.encode(&upload.bytes).into();
            }
        }
        let Self { facts, store_url, app, .. } = *self;
        let context = TemplateContext { facts, store_url, grant: Some(grant), app, values };
        let url = match (with.url, &op.url) {
            (Some(url), _) => Url::parse(url).map_err(|_| bad_address())?,
            (None, Some(template)) => {
                Url::parse(&template.text(&context)?.unwrap_or_default()).map_err(|_| bad_address())?
            }
            (None, None) => self.call_url(op, &context)?,
        };
        let elsewhere = op.url.is_some();
        let method = op.method.as_deref().unwrap_or(if op.body.is_some() { "POST" } else { "GET" });
        let mut request = Request::new(Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET), url);
        let usual = self.provider.recipe.call.headers.iter().filter(|_| !elsewhere);
        for (name, template) in usual.chain(&op.headers) {
            if let Some(text) = template.text(&context)? {
                insert(&mut request.headers, name, &text)?;
            }
        }
        request.headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static(op.answer_kind().media_type()));
        if let Some(body) = &op.body {
            let (content_type, body) = fill(op, body, &context, with.upload)?;
            request.body = body;
            if let Some(content_type) = content_type {
                insert(&mut request.headers, "content-type", &content_type)?;
            }
        }
        if elsewhere {
            return Ok(request);
        }
        if let Some(basic) = &self.provider.recipe.call.basic {
            let in_query = with.key_in_query || facts.contains_key(KEY_IN_QUERY);
            authenticate(&mut request, basic, in_query, &context)?;
        }
        if self.provider.recipe.call.sign == Some(Signing::Oauth1) {
            let header = oauth1::authorization(&request.method, &request.url, grant, &[], moment);
            insert(&mut request.headers, "authorization", &header)?;
        }
        Ok(request)
    }

    fn call_url(&self, op: &Op, context: &TemplateContext<'_>) -> Result<Url, Failure> {
        let mut text = self.provider.recipe.call.base.text(context)?.unwrap_or_default();
        if let Some(path) = &op.path {
            text.push_str(&path.path_text(context)?);
        }
        let mut url = Url::parse(&text).map_err(|_| bad_address())?;
        for (name, template) in &op.query {
            if let Some(value) = template.text(context)? {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        // OAuth 1 signs a space as %20 (RFC 5849, 3.6), and some servers sign what they receive without decoding `+`.
        let is_signed = self.provider.recipe.call.sign == Some(Signing::Oauth1);
        if let Some(query) = url.query().filter(|query| is_signed && query.contains('+')) {
            let query = query.replace('+', "%20");
            url.set_query(Some(&query));
        }
        Ok(url)
    }
}

/// Adds user name and password to a request: as a header, or as parameters where the header gets lost. An address without
/// encryption never has them.
fn authenticate(
    request: &mut Request,
    basic: &Basic,
    in_query: bool,
    context: &TemplateContext<'_>,
) -> Result<(), Failure> {
    let user = basic.user.text(context)?.unwrap_or_default();
    let password = basic.password.as_ref().map(|p| p.text(context)).transpose()?.flatten().unwrap_or_default();
    let names = basic.or_query.as_ref().filter(|_| in_query && request.url.scheme() == "https");
    if let Some(names) = names {
        request.url.query_pairs_mut().append_pair(&names.user, &user).append_pair(&names.password, &password);
        return Ok(());
    }
    let header = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    insert(&mut request.headers, "authorization", &header)
}

/// Sets a header; logs do not show its value.
pub(super) fn insert(headers: &mut HeaderMap, name: &str, text: &str) -> Result<(), Failure> {
    let bad = || {
        Failure::new(
            FailureKind::BadHeader,
            format!("the value of the header '{name}' has characters that a header must not contain"),
        )
    };
    let mut value = HeaderValue::from_str(text).map_err(|_| bad())?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    Ok(())
}
