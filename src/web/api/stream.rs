//! Progress as server-sent events: one for each change, and a last one when no output is open.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    model::{Failure, FailureKind},
    tools::Shared,
    views::{self, ProgressCard, ProgressTarget},
    web::state::Web,
};

/// The polling interval if no worker of this process notifies.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The shortest interval between two reads.
const LOOK_LEAST: Duration = Duration::from_millis(300);

struct Follower {
    tools: Shared,
    /// The permit of this stream.
    _place: OwnedSemaphorePermit,
    of: ProgressTarget,
    last: Option<ProgressCard>,
    ended: bool,
}

/// Streams `progress` events, then one `end`; closes the stream then, or when the daemon stops.
///
/// # Errors
/// If there is no such flow or session, or if the limit of concurrent streams is reached.
pub(super) async fn follow(web: &Web, of: ProgressTarget) -> Result<Response, Failure> {
    views::progress(&web.tools, &of).await?;
    let place = web.followers.clone().try_acquire_owned();
    let place = place.map_err(|_| {
        Failure::new(FailureKind::TooManyFollowers, "too many progress streams are open; try again later")
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
            // Registered before the read, so that no notification in between is missed.
            let notified = tools.job_notify.notified();
            let mut notified = std::pin::pin!(notified);
            notified.as_mut().enable();
            match views::progress_of_known(&tools, &self.of).await {
                Ok(now) if now.is_over() => {
                    self.ended = true;
                    return Event::default().event("end").json_data(now).ok();
                }
                Ok(now) if self.last != Some(now) => {
                    self.last = Some(now);
                    return Event::default().event("progress").json_data(now).ok();
                }
                Ok(_) => {}
                Err(error) => tools.cannot("read progress", &error),
            }
            tokio::select! {
                // Many notifications in a short time cause one read.
                () = notified => tools.outside.clock.pause(LOOK_LEAST).await,
                () = tools.outside.clock.beat(LOOK_EVERY) => {}
                () = tools.shutdown.cancelled() => return None,
            }
        }
    }
}
