//! The signals by which a person or a supervisor asks the program to end.

use tokio::signal::unix::{SignalKind, signal};

/// Comes back when the program is told to end: by Ctrl-C, or by SIGTERM.
pub async fn told_to_end() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be heard; Ctrl-C can");
            let _heard = tokio::signal::ctrl_c().await;
        }
    }
}
