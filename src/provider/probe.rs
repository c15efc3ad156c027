//! The probe: asks a shop who it is. With a new grant it also finds out how the shop's server takes it, and what answers
//! in the place of the API.

use serde_json::Value;

use super::{
    call::ShopClient,
    classify::challenge,
    path::{Path, as_text},
    recipe::{BasicQuery, Op, ProbeNeed},
    request::{KEY_IN_QUERY, With},
};
use crate::{
    model::{Facts, Failure, FailureKind, ShopAnswer, json},
    outside::Response,
};

/// The shop's own data, from the probe.
#[derive(Debug, Clone, Default)]
pub struct ShopFacts {
    pub name: Option<String>,
    pub external_id: Option<String>,
    /// Stored on the connection, for templates.
    pub facts: Facts,
    /// What the shop or its key lacks for everything that is described to work.
    lacks: Option<Failure>,
}

impl ShopFacts {
    /// The same, if nothing is lacking.
    pub fn complete(mut self) -> Result<Self, Failure> {
        self.lacks.take().map_or(Ok(self), Err)
    }
}

/// Calls the provider's probe: verifies the grant and returns the shop's identity.
pub async fn probe(shop: &ShopClient) -> Result<ShopFacts, Failure> {
    let answer = shop.call(operation(shop), With::default()).await?;
    stated(shop, &answer.body).await
}

/// The same with a grant that was just received. Where the shop's host drops the header with it, it is tried in the
/// query, and the facts say so. Where a web page answers, the failure says what that means.
pub async fn first_probe(shop: &ShopClient) -> Result<ShopFacts, Failure> {
    let failure = match probe(shop).await {
        Ok(facts) => return Ok(facts),
        Err(failure) => failure,
    };
    match failure.kind {
        FailureKind::PastedKeyRefused | FailureKind::KeyRefused | FailureKind::RefreshWanted => {
            in_query(shop, failure).await
        }
        FailureKind::NotJson | FailureKind::Shop(ShopAnswer::Missing, _) => Err(match seen_page(shop).await {
            Some(words) => Failure::new(failure.kind, format!("{}. {words}", failure.message)),
            None => failure,
        }),
        _ => Err(failure),
    }
}

/// Looks, without a key, whether a web page answers in the place of a shop's API: nobody is sent there then.
///
/// # Errors
/// `bad_store_url` if so, with what to do. Whatever else the shop answers is for the connect to find out.
pub async fn look_for_api(shop: &ShopClient) -> Result<(), Failure> {
    let Some(words) = seen_page(shop).await else { return Ok(()) };
    let text = format!("{} at {}: {words}", shop.provider().name(), shop.store_url);
    Err(Failure::new(FailureKind::BadStoreUrl, text))
}

fn operation(shop: &ShopClient) -> &Op {
    let recipe = &shop.provider().recipe;
    &recipe.op[&recipe.connect.probe.op]
}

/// What the probe's response says about the shop, and what its further calls do.
async fn stated(shop: &ShopClient, body: &Value) -> Result<ShopFacts, Failure> {
    let recipe = &shop.provider().recipe;
    let probe = &recipe.connect.probe;
    let mut facts = Path::pick(&probe.facts, body);
    for further in &probe.also {
        let answer = shop.call(&recipe.op[&further.op], With::default()).await?;
        facts.extend(Path::pick(&further.facts, &answer.body));
    }
    facts.retain(|_, value| !value.is_null());
    let lacks = probe.needs.iter().find(|need| !need.is_met(body));
    Ok(ShopFacts {
        lacks: lacks.map(|need| Failure::new(need.kind(), format!("{}: {}", shop.provider().name(), need.say))),
        name: probe.name.as_ref().and_then(|path| path.at_shop(&facts).text(body)),
        external_id: probe.id.as_ref().and_then(|path| path.text(body)),
        facts,
    })
}

/// Tries the key in the query, if its header was refused as if it had not come: `refused` otherwise.
async fn in_query(shop: &ShopClient, refused: Failure) -> Result<ShopFacts, Failure> {
    let Some(names) = query_names(shop)? else { return Err(refused) };
    let Ok(response) = shop.look(operation(shop)).await else { return Err(refused) };
    let body = json::read(&response.body).unwrap_or_default();
    if !names.when.matches(response.status, &body) {
        return Err(refused);
    }
    let answer = shop.call(operation(shop), With { key_in_query: true, ..With::default() }).await?;
    let mut found = stated(shop, &answer.body).await?;
    found.facts.insert(KEY_IN_QUERY.to_owned(), true.into());
    Ok(found)
}

/// The parameters for the key, where the platform takes it in the query and the shop is called by https.
fn query_names(shop: &ShopClient) -> Result<Option<&BasicQuery>, Failure> {
    let names = shop.provider().recipe.call.basic.as_ref().and_then(|basic| basic.or_query.as_ref());
    let is_safe = shop.base_url()?.scheme() == "https";
    Ok(names.filter(|_| is_safe))
}

/// Asks once more; what the provider's file says of a web page, if one answers.
async fn seen_page(shop: &ShopClient) -> Option<&str> {
    let words = shop.provider().recipe.connect.probe.not_json.as_deref()?;
    let response = shop.look(operation(shop)).await.ok()?;
    is_page(&response).then_some(words)
}

/// Whether a response is a web page in the place of the API: one of the shop's own, or of its server that knows no such
/// address.
fn is_page(response: &Response) -> bool {
    let kind = response.header("content-type").unwrap_or_default();
    matches!(response.status, 200 | 404)
        && kind.trim_start().starts_with("text/html")
        && challenge(response).is_none()
        && json::read::<Value>(&response.body).is_err()
}

impl ProbeNeed {
    fn is_met(&self, body: &Value) -> bool {
        let compared = |entry: &Value| self.of.as_ref().map_or_else(|| as_text(entry), |path| path.text(entry));
        self.path.each(body).iter().any(|entry| match &self.one_of[..] {
            [] => entry.as_str() != Some(""),
            words => compared(entry).is_some_and(|text| words.contains(&text)),
        })
    }

    fn kind(&self) -> FailureKind {
        let answer = if self.one_of.is_empty() { ShopAnswer::Refused } else { ShopAnswer::Rights };
        self.code.as_ref().map_or_else(|| FailureKind::shop(answer), |code| FailureKind::shop_says(answer, code))
    }
}
