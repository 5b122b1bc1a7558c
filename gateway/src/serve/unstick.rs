//! A nats-server whose disk was full takes nothing any more, also when there is space again, until it is started anew;
//! one that stands still does not even answer. The one that atender supervises is started anew.

use std::time::Duration;

use engine::nats_server::Restarter;
use engine::{Engine, Health, Role};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

/// A server that took no frame for so long, and was tried with one all the time, is started again.
const STUCK_AFTER: Duration = Duration::from_secs(10);
/// And not again before this has passed.
const NOT_AGAIN_FOR: Duration = Duration::from_secs(30);

/// Watches for as long as the handle lives.
pub(super) fn watch(engine: &Engine, nats: Restarter) -> AbortOnDropHandle<()> {
    let mut health = engine.health();
    AbortOnDropHandle::new(tokio::spawn(async move {
        // An error is the end of the engine.
        let is_stuck = |now: &Health| now.role == Role::Writer && now.trouble.is_some();
        while let Ok(reason) = health.wait_for(is_stuck).await.map(|now| now.trouble.clone()) {
            let is_over = health.wait_for(|now| now.trouble.is_none());
            match timeout(STUCK_AFTER, is_over).await {
                Ok(Ok(_)) => continue,
                // The engine has ended in this trouble, and a server started anew would not help.
                Ok(Err(_)) => return,
                Err(_) => {}
            }
            tracing::error!(reason, "nats-server takes nothing; starting it again. Is its disk full?");
            nats.restart().await;
            sleep(NOT_AGAIN_FOR).await;
        }
    }))
}
