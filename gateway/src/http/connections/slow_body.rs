//! The body of a request, which has a time to arrive in.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use metrics::counter;
use tokio::time::{Sleep, sleep};

#[derive(Debug, thiserror::Error)]
#[error("the body took longer than {0:?} to arrive")]
struct TooSlow(Duration);

/// Whether this is why a body could not be read.
pub(in crate::http) fn is_too_slow(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(|error| error.is::<TooSlow>())
}

/// A body that fails when not all of it has arrived in time.
pub(super) struct TimedBody {
    incoming: Incoming,
    within: Duration,
    /// Runs from when the body is first waited for; most are here at once.
    late: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    pub(super) fn new(incoming: Incoming, within: Duration) -> Self {
        Self { incoming, within, late: None }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        // Time that is up is up, also for a body of which something is always there.
        if this.late.as_ref().is_none_or(|late| !late.is_elapsed())
            && let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(cx)
        {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let late = this.late.get_or_insert_with(|| Box::pin(sleep(this.within)));
        late.as_mut().poll(cx).map(|()| {
            counter!("atender_http_slow_bodies_total").increment(1);
            Some(Err(TooSlow(this.within).into()))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
