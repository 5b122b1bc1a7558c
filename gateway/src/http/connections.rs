//! Connections: how many there may be, what each may hold, and how long its client may keep it waiting. A client
//! that sends too slowly or takes nothing is cut off; everybody else notices nothing of it.

mod open_files;
mod slow_body;
mod socket;
#[cfg(test)]
mod tests;

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics::{counter, gauge};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::problem::{Failure, Fault, RETRY_AFTER_SECONDS};
use crate::limits::{self, ACCEPT_AGAIN_AFTER, ANSWER_BUFFER_BYTES_MAX, HEAD_BYTES_MAX};
use slow_body::TimedBody;
pub(super) use slow_body::is_too_slow;
use socket::Socket;

/// How many connections there may be, and how long a client may keep one waiting.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections open at once; one more is answered 503 and closed.
    pub connections_max: usize,
    /// How long the head of a request may take, and how long a connection may ask nothing.
    pub head_within: Duration,
    /// How long the body of a request may take, from when it is first waited for.
    pub body_within: Duration,
    /// How long a client may take nothing of its answer.
    pub write_within: Duration,
}

impl Default for ConnectionLimits {
    /// Those of [`limits`], with no more connections than the process may open files for.
    fn default() -> Self {
        Self {
            connections_max: open_files::connections_max(),
            head_within: limits::HEAD_WITHIN,
            body_within: limits::BODY_WITHIN,
            write_within: limits::WRITE_WITHIN,
        }
    }
}

/// Takes connections until it is told to stop, and then ends those that are open: requests in work are answered,
/// connections that ask nothing are closed. Dropping it cuts all of them.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stopping: CancellationToken,
) {
    let mut open = JoinSet::new();
    loop {
        gauge!("atender_http_connections").set(open.len() as f64);
        let accepted = tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            Some(_) = open.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) if open.len() >= limits.connections_max => refuse(&stream),
            Ok((stream, _)) => {
                let stopping = stopping.child_token();
                open.spawn(attend(stream, router.clone(), limits.clone(), stopping));
            }
            Err(error) => pause_after(&error, &stopping).await,
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

/// One connection, to its end.
async fn attend(stream: TcpStream, router: Router, limits: ConnectionLimits, stopping: CancellationToken) {
    let router = TowerToHyperService::new(router);
    let within = limits.body_within;
    let service = service_fn(move |request: Request<Incoming>| {
        router.call(request.map(|body| TimedBody::new(body, within)))
    });
    let io = TokioIo::new(Socket::new(stream, limits.write_within));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_within)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(ANSWER_BUFFER_BYTES_MAX)
            // Answers are small: one buffer costs less than a list of them.
            .writev(false)
            .serve_connection(io, service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection has ended early");
    }
}

/// Says so to one client too many, as far as that can be done without waiting for them, and closes.
fn refuse(stream: &TcpStream) {
    counter!("atender_http_connections_refused_total").increment(1);
    let problem = Failure::from(Fault::TooManyConnections).problem();
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: {RETRY_AFTER_SECONDS}\r\n\
         content-type: application/problem+json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // A socket that was just accepted takes this much; if not, the client sees that it is closed.
    let _ = stream.try_write(answer.as_bytes());
}

/// A connection that went away before it was taken is nothing. Anything else, such as a lack of files, would come
/// again at once.
async fn pause_after(error: &io::Error, stopping: &CancellationToken) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    counter!("atender_http_accepts_failed_total").increment(1);
    tracing::error!(%error, "no connection can be taken; trying again in {ACCEPT_AGAIN_AFTER:?}");
    let _ = stopping.run_until_cancelled(sleep(ACCEPT_AGAIN_AFTER)).await;
}
