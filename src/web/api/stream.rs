//! Progress as server-sent events: one whenever it changes, a last one when nothing is under way any more.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::stream;
use serde_json::Value;

use tokio::sync::OwnedSemaphorePermit;

use crate::{
    db::{self, generation::OutputProgress},
    model::{Failure, FailureKind, FlowId, SessionId},
    tools::{Shared, Tools},
    web::connect::Web,
};

/// How often it is looked at where no worker of this process rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long is looked away at least.
const LOOK_LEAST: Duration = Duration::from_millis(300);

/// Whose progress.
pub(super) enum ProgressTarget {
    Flow(FlowId),
    Session(SessionId),
}

impl ProgressTarget {
    async fn read(&self, tools: &Tools) -> sqlx::Result<OutputProgress> {
        let mut tx = tools.db.read().await?;
        match self {
            Self::Flow(id) => db::generation::get_progress(&mut tx, id).await,
            Self::Session(id) => db::generation::get_session_progress(&mut tx, id).await,
        }
    }
}

/// As JSON, with the share that is done.
pub(super) fn told(progress: &OutputProgress) -> Value {
    let mut told = serde_json::to_value(progress).unwrap_or_default();
    told["percent"] = progress.percent().into();
    told
}

struct Follower {
    tools: Shared,
    /// One of the places that there are for followers.
    _place: OwnedSemaphorePermit,
    of: ProgressTarget,
    last: Option<OutputProgress>,
    ended: bool,
}

/// `progress` events, then one `end`; the connection is closed then, or when the daemon stops.
///
/// # Errors
/// Where as many follow something already as this daemon has places for.
pub(super) fn follow(web: &Web, of: ProgressTarget) -> Result<Response, Failure> {
    let place = web.followers.clone().try_acquire_owned();
    let place = place.map_err(|_| {
        Failure::new(FailureKind::TooManyFollowers, "too many follow something already; look again later")
    })?;
    let follower = Follower { tools: web.tools.clone(), _place: place, of, last: None, ended: false };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<Event, Infallible>(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        let tools = self.tools.clone();
        loop {
            // Before looking, so that nothing that happens in between is missed.
            let bell = tools.job_notify.notified();
            let mut bell = std::pin::pin!(bell);
            bell.as_mut().enable();
            match self.of.read(&tools).await {
                Ok(now) if now.open() == 0 => {
                    self.ended = true;
                    return Event::default().event("end").json_data(told(&now)).ok();
                }
                Ok(now) if self.last != Some(now) => {
                    self.last = Some(now);
                    return Event::default().event("progress").json_data(told(&now)).ok();
                }
                Ok(_) => {}
                Err(error) => tools.cannot("look at progress", &error),
            }
            tokio::select! {
                // Many pictures in one moment are one look.
                () = bell => tools.outside.clock.pause(LOOK_LEAST).await,
                () = tools.outside.clock.beat(LOOK_EVERY) => {}
                () = tools.shutdown.cancelled() => return None,
            }
        }
    }
}
