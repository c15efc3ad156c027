//! Progress as server-sent events: one whenever it changes, a last one when nothing is under way any more.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::stream;
use serde_json::Value;

use crate::{
    db::{self, generation::Progress},
    model::{FlowId, SessionId},
    tools::{Shared, Tools},
};

/// How often it is looked at where no worker of this process rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whose progress.
pub(super) enum Of {
    Flow(FlowId),
    Session(SessionId),
}

impl Of {
    async fn read(&self, tools: &Tools) -> sqlx::Result<Progress> {
        let mut tx = tools.db.read().await?;
        match self {
            Self::Flow(id) => db::generation::get_progress(&mut tx, id).await,
            Self::Session(id) => db::generation::get_session_progress(&mut tx, id).await,
        }
    }
}

/// As JSON, with the share that is done.
pub(super) fn told(progress: &Progress) -> Value {
    let mut told = serde_json::to_value(progress).unwrap_or_default();
    told["percent"] = progress.percent().into();
    told
}

struct Follower {
    tools: Shared,
    of: Of,
    last: Option<Progress>,
    ended: bool,
}

/// `progress` events, then one `end`; the connection is closed then, or when the daemon stops.
pub(super) fn follow(tools: Shared, of: Of) -> Response {
    let follower = Follower { tools, of, last: None, ended: false };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<Event, Infallible>(event), follower))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        let tools = self.tools.clone();
        loop {
            // Before looking, so that nothing that happens in between is missed.
            let bell = tools.bell.notified();
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
                Err(error) => tracing::warn!("cannot look at progress, trying again: {error}"),
            }
            tokio::select! {
                () = bell => {}
                () = tools.outside.clock.beat(LOOK_EVERY) => {}
                () = tools.closing.cancelled() => return None,
            }
        }
    }
}
