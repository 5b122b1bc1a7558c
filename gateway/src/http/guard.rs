//! What stands before every handler: a limit on requests in work, on their bodies and their time, a net under panics,
//! and what is measured of each. Bodies and tokens are never logged.

mod seconds;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use metrics::{Gauge, counter, gauge};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::{Instrument, Span};

use super::problem::{Failure, Fault};
use crate::limits::{BODY_BYTES_MAX, REQUEST_WITHIN, REQUESTS_MAX};
use seconds::Seconds;

/// The requests in work.
pub(super) struct Guard {
    places: Semaphore,
    within: Duration,
    in_work: Gauge,
    seconds: Seconds,
}

impl Default for Guard {
    fn default() -> Self {
        Self::new(REQUESTS_MAX, REQUEST_WITHIN)
    }
}

/// Lets a request through to its handler, and answers in its place when that does not end well.
pub(super) async fn guard(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The path with its ids would be a series for every conversation.
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("unknown", MatchedPath::as_str);
    // A route with a limit of its own puts it in this one's place.
    DefaultBodyLimit::max(BODY_BYTES_MAX).apply(&mut request);
    let answer = guard.answer(next.run(request)).instrument(span(&method, path)).await;
    let response = answer.unwrap_or_else(IntoResponse::into_response);
    guard.seconds.record(&method, path, response.status(), started.elapsed());
    response
}

impl Guard {
    fn new(places: usize, within: Duration) -> Self {
        let in_work = gauge!("atender_http_requests_in_work");
        Self { places: Semaphore::new(places), within, in_work, seconds: Seconds::default() }
    }

    async fn answer(&self, handler: impl Future<Output = Response>) -> Result<Response, Failure> {
        let Ok(place) = self.places.try_acquire() else {
            counter!("atender_http_overloaded_total").increment(1);
            return Err(Fault::Overloaded.into());
        };
        let _in_work = InWork::new(place, &self.in_work);
        match timeout(self.within, AssertUnwindSafe(handler).catch_unwind()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(panic)) => {
                tracing::error!(panic = reason(panic.as_ref()), "a handler has panicked");
                counter!("atender_http_panics_total").increment(1);
                Err(Fault::Internal.into())
            }
            Err(_) => Err(Fault::TimedOut.into()),
        }
    }
}

/// A request in work; a client that goes away ends it by dropping it.
struct InWork<'a> {
    _place: SemaphorePermit<'a>,
    in_work: &'a Gauge,
}

impl<'a> InWork<'a> {
    fn new(place: SemaphorePermit<'a>, in_work: &'a Gauge) -> Self {
        in_work.increment(1.0);
        Self { _place: place, in_work }
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.in_work.decrement(1.0);
    }
}

fn reason(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

/// The span of a request: its method and path, and no header, which would hold the token.
fn span(method: &Method, path: &str) -> Span {
    tracing::info_span!("request", %method, path)
}

/// Nothing is at this path.
pub(super) async fn path_not_found() -> Failure {
    Fault::PathNotFound.into()
}

/// The path is known, and not with this method.
pub(super) async fn method_not_allowed() -> Failure {
    Fault::MethodNotAllowed.into()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn guarded(places: usize) -> Guard {
        Guard::new(places, Duration::from_millis(20))
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let guard = guarded(1);
        for _ in 0..2 {
            let failure = guard.answer(async { panic!("by a bug") }).await.unwrap_err();
            assert_eq!((failure.status().as_u16(), failure.code()), (500, "internal"));
        }
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_given_up() {
        let failure = guarded(1).answer(std::future::pending()).await.unwrap_err();
        assert_eq!((failure.status().as_u16(), failure.code()), (503, "timed_out"));
    }

    #[tokio::test]
    async fn one_request_too_many_is_refused_and_its_place_comes_back() {
        let guard = guarded(1);
        let held = guard.places.acquire().await.unwrap();
        let refused = guard.answer(async { StatusCode::OK.into_response() }).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (503, "overloaded"));
        drop(held);
        assert!(guard.answer(async { StatusCode::OK.into_response() }).await.is_ok());
    }
}
