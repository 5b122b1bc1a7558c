//! One shard in one process: a standby that follows the log until the lease is free, then its writer, and back.

use std::collections::VecDeque;
use std::time::Duration;

use schemas::ShardId;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::health::{Reporter, Role};
use crate::lease::Lease;
use crate::log::{Log, LogError, Short};
use crate::replica::Replica;
use crate::snapshot::Snapshots;
use crate::standby::{Forwarding, Standby};
use crate::task;
use crate::writer::{self, Attempts, Request, Writer, WriterError};

const TRY_EVERY: Duration = Duration::from_millis(250);

/// What standby and writer have in common.
pub(crate) struct Shard {
    pub(crate) log: Log,
    pub(crate) snapshots: Option<Snapshots>,
    pub(crate) inbox: mpsc::Receiver<Request>,
    /// The other end of `inbox`, for commands from other processes. Weak: they alone do not keep the shard going.
    pub(crate) requests: mpsc::WeakSender<Request>,
    pub(crate) lease: Lease,
    pub(crate) health: Reporter,
    /// What makes the log unfit to be written, once somebody has seen it.
    pub(crate) unfit: watch::Receiver<Option<WriterError>>,
}

/// How a turn as the writer ended.
pub(crate) enum Turn {
    /// All handles are gone, and all is written.
    Over,
    /// Another process has the lease, or a frame was lost.
    Lost {
        /// The state, if it is still that of the log.
        state: Option<Replica>,
        /// The last frame that the log is known to have had.
        reached: u64,
        /// Commands that were not carried out, in order.
        requests: VecDeque<Request>,
    },
}

impl Shard {
    /// Runs until every handle is gone, or until the log turns out to be damaged.
    pub(crate) async fn run(mut self, mut replica: Replica) -> Result<(), WriterError> {
        let (mut undone, attempts) = (VecDeque::new(), Attempts::default());
        loop {
            let after = replica.sequence();
            let reader = persist("following the log", || self.log.follow(after + 1)).await?;
            let forwarding =
                persist("passing commands on", || Forwarding::open(&self.log, &self.health)).await?;
            let standby = Standby::new(&mut self, replica, reader, forwarding);
            let Some((elected, passed_on)) = standby.run(std::mem::take(&mut undone)).await? else {
                return Ok(());
            };
            self.health.role(Role::Writer);
            let serving = CancellationToken::new();
            let requests = self.requests.clone();
            let forwarded =
                writer::serve_forwarded(self.log.clone(), requests, attempts.clone(), serving.clone());
            task::spawn(forwarded);
            let turn = Writer::new(&mut self, elected).run(passed_on).await;
            serving.cancel();
            match turn? {
                Turn::Over => {
                    self.lease.release().await;
                    return Ok(());
                }
                Turn::Lost { state, reached, requests } => {
                    self.health.role(Role::Standby);
                    undone = requests;
                    replica = match state {
                        Some(replica) => replica,
                        None => tokio::select! {
                            biased;
                            // Of a log that was shortened meanwhile, frames are waited for that never come.
                            fault = found(&mut self.unfit) => return Err(fault),
                            replica = recover_again(&self.log, self.snapshots.as_ref(), reached) => replica?,
                        },
                    };
                }
            }
        }
    }

    pub(crate) fn id(&self) -> ShardId {
        self.log.shard()
    }
}

/// Tries for as long as NATS does not answer.
async fn persist<T, F: Future<Output = Result<T, LogError>>>(
    what: &str,
    attempt: impl Fn() -> F,
) -> Result<T, LogError> {
    loop {
        match attempt().await {
            Err(error @ LogError::Unavailable { .. }) => tracing::warn!(%error, "trying on: {what}"),
            result => return result,
        }
        sleep(TRY_EVERY).await;
    }
}

/// Waits until somebody has seen what makes the log unfit to be written.
pub(crate) async fn found(unfit: &mut watch::Receiver<Option<WriterError>>) -> WriterError {
    let fault = unfit.wait_for(Option::is_some).await.ok().and_then(|fault| fault.clone());
    match fault {
        Some(fault) => fault,
        // Whoever looks at the log has ended, and so does everything else.
        None => std::future::pending().await,
    }
}

/// The state of the whole log, from the newest snapshot on if there are any.
pub(crate) async fn recover(log: &Log, snapshots: Option<&Snapshots>) -> Result<Replica, LogError> {
    if let Some(snapshots) = snapshots {
        return snapshots.recover(log).await;
    }
    let (mut replica, head) = (Replica::empty(log.shard()), log.head().await?);
    if head > 0 {
        let mut reader = log.follow(1).await?;
        while replica.sequence() < head {
            replica.apply(&reader.next().await?);
        }
    }
    Ok(replica)
}

/// The state of the log after a turn as its writer: it must have frame `reached`, which it had.
async fn recover_again(log: &Log, snapshots: Option<&Snapshots>, reached: u64) -> Result<Replica, LogError> {
    let mut short = Short::begins();
    loop {
        let replica = persist("reading the log", || recover(log, snapshots)).await?;
        if replica.sequence() >= reached {
            return Ok(replica);
        }
        // A leader that was just elected may not have taken in all of the log yet.
        if short.is_sure() {
            return Err(LogError::Missing { sequence: reached });
        }
        sleep(TRY_EVERY).await;
    }
}
