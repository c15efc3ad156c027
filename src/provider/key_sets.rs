//! The keys with which shops sign, from the key sets that they publish (RFC 7517). They are cached, and asked for seldom: forged
//! deliveries, which name any key, cannot make a shop be asked more often.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::Method;
use serde_json::Value;
use url::Url;

use super::jws::VerifyingKey;
use crate::{
    model::{Failure, FailureKind, Time, json},
    outside::{Http, Outside, Request, log_target},
};

/// How long keys are taken without a look whether the shop still has them.
const FRESH: Duration = Duration::from_hours(1);
/// How long they are taken while the shop cannot be asked.
const LONGEST: Duration = Duration::from_hours(24);
/// The shortest time between two looks at one key set, whatever came of the first.
const PAUSE: Duration = Duration::from_mins(5);
/// How long a look takes at most: the platform waits for the response to its delivery meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest key set in bytes: one has a few keys of a few hundred bytes.
const MOST_BYTES: usize = 64 << 10;

/// The key sets of shops, by their URLs.
#[derive(Default)]
pub struct KeySets(Mutex<HashMap<String, Arc<tokio::sync::Mutex<KeySet>>>>);

#[derive(Default)]
struct KeySet {
    keys: Vec<VerifyingKey>,
    /// When the keys were read.
    read_at: Option<Time>,
    /// When the shop was last asked for them.
    asked_at: Option<Time>,
}

impl KeySets {
    /// The keys at `url`; fresh ones, as far as the shop may be asked now, if none of those known may be the one called `id`.
    pub(super) async fn keys(
        &self,
        outside: &Outside,
        url: &str,
        id: Option<&str>,
    ) -> Result<Vec<VerifyingKey>, Failure> {
        let set = self.set(url);
        let (outside, url, id) = (outside.clone(), url.to_owned(), id.map(str::to_owned));
        // In a task of its own: a sender that hangs up must not end the look and have the next one wait for nothing.
        let look = tokio::spawn(async move { set.lock().await.keys(&outside, &url, id.as_deref()).await });
        look.await.unwrap_or_else(|_| Err(unread()))
    }

    fn set(&self, url: &str) -> Arc<tokio::sync::Mutex<KeySet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(url.to_owned()).or_default().clone()
    }
}

impl KeySet {
    async fn keys(&mut self, outside: &Outside, url: &str, id: Option<&str>) -> Result<Vec<VerifyingKey>, Failure> {
        let now = outside.clock.now();
        let within = |time: Option<Time>, span: Duration| time.is_some_and(|time| now.since(time) < span);
        let is_known = self.keys.iter().any(|key| key.may_be(id));
        let is_fresh = is_known && within(self.read_at, FRESH);
        if !is_fresh && !within(self.asked_at, PAUSE) {
            self.asked_at = Some(now);
            match read(&outside.http, url).await {
                Ok(keys) => (self.keys, self.read_at) = (keys, self.asked_at),
                Err(why) => tracing::warn!("the keys that sign a shop's deliveries cannot be read: {why}"),
            }
        }
        let is_answered = self.read_at.is_some() && self.read_at == self.asked_at;
        let is_enough = self.keys.iter().any(|key| key.may_be(id)) && within(self.read_at, LONGEST);
        if is_answered || is_enough { Ok(self.keys.clone()) } else { Err(unread()) }
    }
}

/// Says nothing of the shop: whoever sent the delivery has not proved anything yet. A platform sends it again.
fn unread() -> Failure {
    let text = "the keys that prove this delivery cannot be read now; send it again later";
    Failure::new(FailureKind::KeysUnread, text).after(PAUSE)
}

async fn read(http: &Http, url: &str) -> Result<Vec<VerifyingKey>, String> {
    let url = Url::parse(url).map_err(|_| "the provider's file and the shop's facts make no URL of them".to_owned())?;
    let place = log_target(&Method::GET, &url);
    let answer = tokio::time::timeout(PATIENCE, http.send(Request::new(Method::GET, url))).await;
    let answer = answer.map_err(|_| format!("{place}: no answer within {} s", PATIENCE.as_secs()))?;
    let answer = answer.map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("{place} answered {}", answer.status));
    }
    if answer.body.len() > MOST_BYTES {
        return Err(format!("{place}: the answer is larger than {MOST_BYTES} bytes"));
    }
    let set = json::read::<Value>(&answer.body).ok();
    set.as_ref().and_then(VerifyingKey::of_set).ok_or_else(|| format!("{place}: the answer is no JSON Web Key Set"))
}
