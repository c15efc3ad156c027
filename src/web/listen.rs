//! Accepts connections: a limited number, each with time limits for sending a request and reading the response.

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

/// The time limit of a request's headers, and of an idle HTTP/1 connection.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// The time limit of a connection without a complete request (headers and body).
const WAIT_TIME: Duration = Duration::from_mins(1);
/// The time limit of a write on which the client reads nothing.
const SEND_TIME: Duration = Duration::from_secs(30);
/// At shutdown, the time for connections whose request is not complete.
const LAST_WORD: Duration = Duration::from_secs(1);
/// The interval of checks for idle connections.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The wait after a failed accept.
const BREATH: Duration = Duration::from_millis(200);
/// Refusals are logged at every so many checks.
const TELL_EVERY: u64 = 60;
/// The response if all connections are busy.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nbusy\n";

/// The limits of the server.
#[derive(Debug, Clone, Copy)]
pub struct DoorLimits {
    /// The limit of concurrent connections.
    pub connections: usize,
    /// At shutdown, the time limit of responses in progress.
    pub grace: Duration,
}

impl DoorLimits {
    /// As many connections as configured (default 4096), but at most half of the process's file descriptors: the other
    /// half is for the database, files and shops.
    pub fn new(wanted: Option<usize>, grace: Duration) -> Self {
        let open = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let half = open.and_then(|open| usize::try_from(open / 2).ok()).unwrap_or(usize::MAX);
        if wanted.is_some_and(|wanted| wanted > half) {
            tracing::warn!(
                "[server] max_connections is more than half of the {} file descriptors of this process: {half} connections are accepted; \
                 raise the limit (ulimit -n, LimitNOFILE)",
                half * 2
            );
        }
        Self { connections: wanted.unwrap_or(4096).min(half).max(1), grace }
    }
}

/// Serves until `closing`; then accepts no new connections, completes responses in progress, and closes the rest.
pub async fn serve(tools: &Shared, listener: TcpListener, limits: DoorLimits, closing: CancellationToken) {
    let (router, refusals) = super::routes(tools);
    let seats = Arc::new(Seats::new(limits.connections));
    let all = TaskTracker::new();
    let (mut interval, mut ticks) = (tokio::time::interval(LOOK_EVERY), 0_u64);
    for number in 0_u64.. {
        let accepted = loop {
            tokio::select! {
                accepted = listener.accept() => break Some(accepted),
                () = closing.cancelled() => break None,
                _ = interval.tick() => {
                    seats.clear(WAIT_TIME);
                    ticks += 1;
                    if ticks.is_multiple_of(TELL_EVERY) {
                        refusals.tell();
                    }
                }
            }
        };
        match accepted {
            None => break,
            Some(Ok((stream, peer))) => match seats.take(number) {
                Some(taken) => drop(all.spawn(attend(stream, peer, router.clone(), taken, closing.clone()))),
                None => drop(stream.try_write(FULL)),
            },
            Some(Err(error)) if is_of_the_other_end(&error) => {}
            Some(Err(error)) => {
                // Out of file descriptors or memory: the server must go on. Idle connections are closed to free some.
                tracing::error!("cannot accept a connection, trying again: {error}");
                seats.clear(BREATH);
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
    seats.clear(Duration::ZERO);
    if tokio::time::timeout(limits.grace, all.wait()).await.is_err() {
        tracing::warn!("{} connections did not finish within [server] shutdown_seconds and are closed", all.len());
    }
}

fn is_of_the_other_end(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Serves one connection.
async fn attend(stream: TcpStream, peer: SocketAddr, router: Router, taken: Taken, closing: CancellationToken) {
    let seat = taken.seat.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(seat.clone());
        let router = router.clone();
        async move {
            let Ok(response) = router.oneshot(request).await;
            Ok::<_, Infallible>(response)
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
    let mut closing_sent = false;
    loop {
        tokio::select! {
            // Errors are the client's and are not logged.
            _ = connection.as_mut() => return,
            () = taken.seat.leave.cancelled() => return,
            () = closing.cancelled(), if !closing_sent => {
                connection.as_mut().graceful_shutdown();
                closing_sent = true;
            }
        }
    }
}
