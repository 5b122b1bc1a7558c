//! The standby of a shard: follows the log, so that it can take over at once; passes commands on to the process that
//! writes; and looks for the lease to be free.

mod following;
mod forwarding;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::lease::TRUSTED;
use crate::log::FrameReader;
use crate::replica::Replica;
use crate::shard::{self, Shard};
use crate::writer::{Request, WriterError};
use following::Following;
pub(crate) use forwarding::Forwarding;

/// Commands taken from the queue at once.
const BATCH_MAX: usize = 256;
/// How often commands that nobody answered are looked through.
const RESEND_EVERY: Duration = Duration::from_millis(50);
/// How long catching up may take once the lease is taken; one that is further behind lets another try.
const CATCH_UP_WITHIN: Duration = TRUSTED;

/// The state to write on, and the commands that were passed on and not answered.
pub(crate) type Elected = (Replica, VecDeque<Request>);

pub(crate) struct Standby<'a> {
    shard: &'a mut Shard,
    replica: Replica,
    following: Following,
    forwarding: Forwarding,
}

impl<'a> Standby<'a> {
    /// `reader` gives what comes after `replica`.
    pub(crate) fn new(
        shard: &'a mut Shard,
        replica: Replica,
        reader: FrameReader,
        forwarding: Forwarding,
    ) -> Self {
        Self { shard, replica, following: Following::new(reader), forwarding }
    }

    /// Runs until the lease is ours; nothing when every handle is gone. Begins with passing on the commands in
    /// `undone`.
    pub(crate) async fn run(mut self, undone: VecDeque<Request>) -> Result<Option<Elected>, WriterError> {
        for request in undone {
            self.forwarding.pass_on(request).await;
        }
        let mut resend = interval(RESEND_EVERY);
        resend.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            tokio::select! {
                biased;
                () = self.shard.lease.taken() => {
                    if self.catch_up().await? {
                        return Ok(Some((self.replica, self.forwarding.take_back())));
                    }
                }
                _ = resend.tick() => self.forwarding.resend().await,
                answer = self.forwarding.answer() => self.forwarding.answered(&answer),
                frame = self.following.next() => self.replica.apply(&frame?),
                fault = shard::found(&mut self.shard.unfit) => return Err(fault),
                count = self.shard.inbox.recv_many(&mut batch, BATCH_MAX), if self.forwarding.has_room() => {
                    if count == 0 {
                        self.shard.lease.release().await;
                        return Ok(None);
                    }
                    for request in batch.drain(..) {
                        self.forwarding.pass_on(request).await;
                    }
                }
            }
        }
    }

    /// Reads what the writer before wrote last. False when that takes too long, and somebody else may try.
    async fn catch_up(&mut self) -> Result<bool, WriterError> {
        let until = Instant::now() + CATCH_UP_WITHIN;
        if let Ok(head) = self.shard.log.head().await {
            while self.replica.sequence() < head {
                let left = until.saturating_duration_since(Instant::now());
                match self.following.next_within(left).await? {
                    Some(frame) => self.replica.apply(&frame),
                    None => break,
                }
            }
            // Whoever took it meanwhile relies on nobody else writing behind what they wrote.
            if self.replica.sequence() >= head && self.shard.lease.is_trusted() {
                return Ok(true);
            }
        }
        tracing::warn!(
            frame = self.replica.sequence(),
            "this process is too far behind to write, and lets others"
        );
        self.shard.lease.release().await;
        Ok(false)
    }
}
