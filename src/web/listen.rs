//! Takes connections and lets them go: a bounded number, each with limits on how long it may take to ask and to be
//! answered.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::{
    caller::Peer,
    seats::{Seats, Taken},
};
use crate::tools::Shared;

/// How long the head of a request may take, and a connection may be kept between two.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long a connection may go without a whole request: a head and a body.
const WAIT_TIME: Duration = Duration::from_mins(1);
/// How long the other end may take no byte of an answer.
const SEND_TIME: Duration = Duration::from_secs(30);
/// How long those get at the end who are still asking.
const LAST_WORD: Duration = Duration::from_secs(1);
/// How often seats are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long is waited where the system gives no connection.
const BREATH: Duration = Duration::from_millis(200);
/// How often refusals are told.
const TELL_EVERY: u64 = 60;
/// What is said where every place is taken by somebody whose request is worked on.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nbusy\n";

/// What a door allows.
#[derive(Debug, Clone, Copy)]
pub struct DoorLimits {
    /// Connections at once.
    pub connections: usize,
    /// How long answers may take that are under way when the door closes.
    pub grace: Duration,
}

impl DoorLimits {
    /// As many connections as asked for; else half of what the process may have open, so that the database, files and
    /// shops always find the other half.
    pub fn new(wanted: Option<usize>, grace: Duration) -> Self {
        let open = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let half = open.and_then(|open| usize::try_from(open / 2).ok()).unwrap_or(usize::MAX);
        if wanted.is_some_and(|wanted| wanted > half) {
            tracing::warn!(
                "[server] max_connections is more than half of the {} files that this process may have open: {half} are held at once; \
                 raise the limit (ulimit -n, LimitNOFILE)",
                half * 2
            );
        }
        Self { connections: wanted.unwrap_or(4096).min(half).max(1), grace }
    }
}

/// Serves until `closing`: then nobody new is let in, whoever is being answered gets his answer, and the rest goes.
pub async fn serve(tools: &Shared, listener: TcpListener, limits: DoorLimits, closing: CancellationToken) {
    let (router, refusals) = super::routes(tools);
    let door = Arc::new(Seats::new(limits.connections));
    let all = TaskTracker::new();
    let (mut look, mut looks) = (tokio::time::interval(LOOK_EVERY), 0_u64);
    for number in 0_u64.. {
        let came = loop {
            tokio::select! {
                came = listener.accept() => break Some(came),
                () = closing.cancelled() => break None,
                _ = look.tick() => {
                    door.clear(WAIT_TIME);
                    looks += 1;
                    if looks.is_multiple_of(TELL_EVERY) {
                        refusals.tell();
                    }
                }
            }
        };
        match came {
            None => break,
            Some(Ok((stream, peer))) => match door.take(number) {
                Some(taken) => drop(all.spawn(attend(stream, peer, router.clone(), taken, closing.clone()))),
                None => drop(stream.try_write(FULL)),
            },
            Some(Err(error)) if is_of_the_other_end(&error) => {}
            Some(Err(error)) => {
                // No descriptor is left, or no memory: that must never end the door. Those who only wait make room.
                tracing::error!("cannot take a connection, trying again: {error}");
                door.clear(BREATH);
                tools.outside.clock.pause(BREATH).await;
            }
        }
    }
    drop(listener);
    all.close();
    refusals.tell();
    if tokio::time::timeout(LAST_WORD, all.wait()).await.is_ok() {
        return;
    }
    door.clear(Duration::ZERO);
    if tokio::time::timeout(limits.grace, all.wait()).await.is_err() {
        tracing::warn!("{} answers were not taken in time; their connections are cut", all.len());
    }
}

fn is_of_the_other_end(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// One connection, from its first byte to its last.
async fn attend(stream: TcpStream, peer: SocketAddr, router: Router, taken: Taken, closing: CancellationToken) {
    let seat = taken.seat.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(seat.clone());
        let router = router.clone();
        async move {
            let Ok(answer) = router.oneshot(request).await;
            Ok::<_, Infallible>(answer)
        }
    });
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(SEND_TIME));
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let alive = Some(Duration::from_secs(20));
    http.http2().timer(TokioTimer::new()).max_concurrent_streams(64).keep_alive_interval(alive);
    let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = std::pin::pin!(connection);
    let mut told = false;
    loop {
        tokio::select! {
            // How it ended is the other end's business.
            _ = connection.as_mut() => return,
            () = taken.seat.leave.cancelled() => return,
            () = closing.cancelled(), if !told => {
                connection.as_mut().graceful_shutdown();
                told = true;
            }
        }
    }
}
