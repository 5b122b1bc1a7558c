//! The live connection of an agent, which is there for a while and gone for a while: sometimes for longer than anybody
//! waits for it.

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::asking::Asking;
use crate::listener::Listener;

/// For how long it is there, and gone, at most.
const THERE_MS_MAX: u64 = 4_000;
const GONE_MS_MAX: u64 = 1_500;

pub(super) async fn look(mut asking: Asking, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let (there, gone) = (asking.chance.time(THERE_MS_MAX), asking.chance.time(GONE_MS_MAX));
        if let Some(mut listener) = Listener::try_connect(asking.api(), None).await {
            let hear = async { while listener.next_or_end().await.is_some() {} };
            tokio::select! {
                _over = timeout(there, hear) => {}
                () = stop.cancelled() => return,
            }
        }
        tokio::select! {
            () = sleep(gone) => {}
            () = stop.cancelled() => return,
        }
        asking.go_elsewhere();
    }
}
