//! The signals by which a person or a supervisor asks the program to end.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Comes back when the program is told to end: by Ctrl-C, or by SIGTERM. It listens from the call on, and not only when
/// it is waited for; before that a signal ends the program where it is.
pub fn told_to_end() -> impl Future<Output = ()> {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        tokio::select! {
            () = heard(terminate) => {}
            () = heard(interrupt) => {}
        }
    }
}

async fn heard(signal: io::Result<Signal>) {
    match signal {
        Ok(mut signal) => drop(signal.recv().await),
        Err(error) => {
            tracing::warn!(%error, "a signal to end cannot be heard");
            pending().await
        }
    }
}
