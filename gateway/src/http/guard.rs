//! What stands before every handler: a limit on requests in work, a limit on their time, a net under panics, and
//! what is measured of each. Bodies and tokens are never logged.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use metrics::{counter, gauge, histogram};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::Span;

use super::problem::{Failure, Fault};

/// Requests that may be in work at once; one more is answered *overloaded*.
pub const REQUESTS_MAX: usize = 4_096;
/// How long a request may take until its answer begins. A live stream's answer begins at once and may go on.
pub const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// The requests in work.
#[derive(Clone)]
pub(super) struct Guard {
    places: Arc<Semaphore>,
    within: Duration,
}

impl Default for Guard {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(REQUESTS_MAX)), within: REQUEST_WITHIN }
    }
}

/// Lets a request through to its handler, and answers in its place when that does not end well.
pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The path with its ids would be a series for every conversation.
    let path = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => "unknown".to_owned(),
    };
    let response = guard.answer(next.run(request)).await.unwrap_or_else(IntoResponse::into_response);
    let status = response.status().as_str().to_owned();
    let labels = [("method", method.to_string()), ("path", path), ("status", status)];
    histogram!("atender_http_request_seconds", &labels).record(started.elapsed().as_secs_f64());
    response
}

impl Guard {
    async fn answer(&self, handler: impl Future<Output = Response>) -> Result<Response, Failure> {
        let Ok(place) = self.places.try_acquire() else {
            counter!("atender_http_overloaded_total").increment(1);
            return Err(Fault::Overloaded.into());
        };
        let _in_work = InWork::new(place);
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
}

impl<'a> InWork<'a> {
    fn new(place: SemaphorePermit<'a>) -> Self {
        gauge!("atender_http_requests_in_work").increment(1.0);
        Self { _place: place }
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        gauge!("atender_http_requests_in_work").decrement(1.0);
    }
}

fn reason(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

/// The span of a request: its method and path, and no header, which would hold the token.
pub(super) fn span(request: &Request) -> Span {
    let path = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), path)
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
        Guard { places: Arc::new(Semaphore::new(places)), within: Duration::from_millis(20) }
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
        let held = guard.places.clone().acquire_owned().await.unwrap();
        let refused = guard.answer(async { StatusCode::OK.into_response() }).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (503, "overloaded"));
        drop(held);
        assert!(guard.answer(async { StatusCode::OK.into_response() }).await.is_ok());
    }
}
