//! Waiting for a NATS that is not quite there yet: a cluster that starts, elects a leader, or spreads what was just
//! made over its nodes.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::log::LogError;

/// Longer than a cluster needs to elect its leaders.
const WAIT_MAX: Duration = Duration::from_secs(20);
const TRY_EVERY: Duration = Duration::from_millis(100);
const TELL_AFTER: Duration = Duration::from_secs(2);

/// Tries until it works, for at most 20 s; says what it waits for when that takes long.
///
/// # Errors
/// The last one.
pub async fn patiently<T, E: Display, F: Future<Output = Result<T, E>>>(
    what: &str,
    attempt: impl Fn() -> F,
) -> Result<T, E> {
    let (began, mut told) = (Instant::now(), false);
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) if began.elapsed() >= WAIT_MAX => return Err(error),
            Err(error) => {
                if !told && began.elapsed() >= TELL_AFTER {
                    tracing::warn!(%error, "waiting for NATS: {what}");
                    told = true;
                }
                sleep(TRY_EVERY).await;
            }
        }
    }
}

/// As [`patiently`], while the log is unavailable; whatever else is wrong with it is told at once.
///
/// # Errors
/// What the last attempt gave.
pub async fn patiently_read<T, F: Future<Output = Result<T, LogError>>>(
    what: &str,
    attempt: impl Fn() -> F,
) -> Result<T, LogError> {
    let answered = async || match attempt().await {
        Err(error @ LogError::Unavailable { .. }) => Err(error),
        answered => Ok(answered),
    };
    patiently(what, answered).await?
}
