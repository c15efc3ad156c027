//! Reads the whole request body before a handler runs, within a size limit and a time limit. From then on the
//! connection counts as busy.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::{api::ApiError, error::PageError, seats::Seat};
use crate::model::{Failure, FailureKind};

/// The size limit of a webhook: a product with two thousand variants is more than a megabyte.
const DELIVERY_BYTES: usize = 5 << 20;
/// The size limit of any other body.
const OTHER_BYTES: usize = 1 << 20;
/// The bytes beyond the limit that are read and discarded.
const PASSED_OVER: usize = 16 << 20;
/// The time limit of reading a body.
const TIME: Duration = Duration::from_secs(30);

/// The kind of client; decides size limit and error format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Person,
    Program,
    Platform,
}

impl Sender {
    fn most_bytes(self) -> usize {
        if self == Self::Platform { DELIVERY_BYTES } else { OTHER_BYTES }
    }

    /// A failure as JSON for a program, as a page otherwise.
    fn refuse(self, kind: FailureKind, text: String) -> Response {
        let failure = Failure::new(kind, text);
        if self == Self::Program { ApiError::from(failure).into_response() } else { PageError(failure).into_response() }
    }
}

/// Middleware: reads the body, then calls the handler.
pub(super) async fn whole(State(sender): State<Sender>, request: Request, next: Next) -> Response {
    let most = sender.most_bytes();
    let too_large = || sender.refuse(FailureKind::TooLarge, format!("the request body is larger than {most} bytes"));
    let (parts, body) = request.into_parts();
    // A client that sends Expect: 100-continue is refused before it sends the body.
    let least = body.size_hint().lower();
    if least > (most + PASSED_OVER) as u64 || (least > most as u64 && parts.headers.contains_key(header::EXPECT)) {
        return too_large();
    }
    let read = match tokio::time::timeout(TIME, read(body, most)).await {
        Ok(Ok(Some(read))) => read,
        Ok(Ok(None)) => return too_large(),
        // The client closed the connection and does not read the response.
        Ok(Err(_)) => return StatusCode::BAD_REQUEST.into_response(),
        Err(_) => {
            return sender.refuse(
                FailureKind::TooSlow,
                format!("the request body did not arrive within {} seconds", TIME.as_secs()),
            );
        }
    };
    let work = parts.extensions.get::<Arc<Seat>>().map(Seat::start_work);
    let response = next.run(Request::from_parts(parts, Body::from(read))).await;
    match work {
        Some(work) => response.map(|body| Body::new(work.until_sent(body))),
        None => response,
    }
}

/// Reads a body; `None` if it is too large. The excess is read and discarded, so that the client can read the response.
async fn read(mut body: Body, most: usize) -> Result<Option<Bytes>, axum::Error> {
    let (mut read, mut discarded) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if discarded == 0 && read.len() + data.len() <= most {
            read.extend_from_slice(&data);
        } else {
            discarded += data.len();
            if discarded > PASSED_OVER {
                break;
            }
        }
    }
    Ok((discarded == 0).then(|| read.freeze()))
}
