//! What is sent to us: read whole before anybody looks at it, within a size and a time. From then on the request is at
//! work.

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

/// The largest delivery: a product with two thousand variants is more than a megabyte.
const DELIVERY_BYTES: usize = 5 << 20;
/// The largest of everything else.
const OTHER_BYTES: usize = 1 << 20;
/// How much more of one that is too large is taken from its sender.
const PASSED_OVER: usize = 16 << 20;
/// How long one may take to come.
const TIME: Duration = Duration::from_secs(30);

/// Who sends it, and reads the answer.
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

    /// A failure in the form that is understood there.
    fn refuse(self, kind: FailureKind, text: String) -> Response {
        let failure = Failure::new(kind, text);
        if self == Self::Program { ApiError::from(failure).into_response() } else { PageError(failure).into_response() }
    }
}

/// Reads the body, then lets the request go on with it.
pub(super) async fn whole(State(sender): State<Sender>, request: Request, next: Next) -> Response {
    let most = sender.most_bytes();
    let too_large = || sender.refuse(FailureKind::TooLarge, format!("what was sent is larger than {most} bytes"));
    let (parts, body) = request.into_parts();
    // Who asks first whether he may send it gets his answer at once.
    let least = body.size_hint().lower();
    if least > (most + PASSED_OVER) as u64 || (least > most as u64 && parts.headers.contains_key(header::EXPECT)) {
        return too_large();
    }
    let read = match tokio::time::timeout(TIME, read(body, most)).await {
        Ok(Ok(Some(read))) => read,
        Ok(Ok(None)) => return too_large(),
        // The other end broke off: nobody reads this.
        Ok(Err(_)) => return StatusCode::BAD_REQUEST.into_response(),
        Err(_) => {
            return sender
                .refuse(FailureKind::TooSlow, format!("what was sent did not come within {} seconds", TIME.as_secs()));
        }
    };
    let work = parts.extensions.get::<Arc<Seat>>().map(Seat::start_work);
    let response = next.run(Request::from_parts(parts, Body::from(read))).await;
    match work {
        Some(work) => response.map(|body| Body::new(work.until_sent(body))),
        None => response,
    }
}

/// A body; none where it is too large. The rest of such a one is passed over, so that its sender gets to read the
/// answer.
async fn read(mut body: Body, most: usize) -> Result<Option<Bytes>, axum::Error> {
    let (mut read, mut passed_over) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if passed_over == 0 && read.len() + data.len() <= most {
            read.extend_from_slice(&data);
        } else {
            passed_over += data.len();
            if passed_over > PASSED_OVER {
                break;
            }
        }
    }
    Ok((passed_over == 0).then(|| read.freeze()))
}
