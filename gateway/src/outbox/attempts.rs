//! The attempts to send a message, as the log records them: begun before the network is called, ended after. It
//! tries until the log has taken or refused each, for what is not known to be in the log must not be acted on.

use std::time::Duration;

use engine::log::Log;
use engine::{Engine, Outcome, SubmitError, random};
use schemas::command::AttemptResult;
use schemas::{Actor, Command, CommandId, Event, Position, Rejection, Submission};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::item::OutboundItem;
use super::relay::events;

const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// What came of beginning an attempt.
pub(super) enum Begun {
    /// The log has attempt number so-and-so, and nobody else may call for it.
    Attempt(u16),
    /// An earlier attempt never said what came of it: the message is uncertain, and is not sent.
    Uncertain,
    /// It is not waiting to be sent.
    NotPending,
    /// The outbox stops.
    Left,
}

#[derive(Debug)]
pub(super) struct Attempts {
    engine: Engine,
    log: Log,
    stopping: CancellationToken,
}

impl Attempts {
    pub(super) fn new(engine: Engine, log: Log, stopping: CancellationToken) -> Self {
        Self { engine, log, stopping }
    }

    /// Marks in the log that the network is about to be called.
    pub(super) async fn begin(&self, item: &OutboundItem) -> Begun {
        let message = item.message;
        // One id for all tries to write it: if the log took it and the answer was lost, the next answer says so.
        // No other process has it, so an attempt that is found under it is this one's own.
        let id = CommandId::from_bytes(random::bytes());
        let submitted = self.submit(item, id, Command::BeginAttempt { message }, true).await;
        let event = match submitted {
            None => return Begun::Left,
            Some(Ok(outcome)) if outcome.repeated => {
                match self.stopping.run_until_cancelled(self.event_at(outcome.position)).await {
                    Some(event) => event,
                    None => return Begun::Left,
                }
            }
            Some(Ok(outcome)) => outcome.events.into_iter().next(),
            Some(Err(Rejection::MessageNotPending(_))) => return Begun::NotPending,
            // Such as one that is so old that the engine has forgotten it.
            Some(Err(rejection)) => {
                tracing::error!(%message, %rejection, "a message is not sent");
                return Begun::NotPending;
            }
        };
        match event {
            Some(Event::SendAttempted(attempted)) => Begun::Attempt(attempted.attempt),
            _ => Begun::Uncertain,
        }
    }

    /// Writes what came of an attempt; false when the log does not wait for it any more, because a receipt or a
    /// person was faster.
    pub(super) async fn end(&self, item: &OutboundItem, attempt: u16, result: AttemptResult) -> bool {
        let message = item.message;
        let id = |step| CommandId::of_step(&item.workspace, step, message.as_bytes(), attempt.into());
        let command = Command::EndAttempt { message, attempt, result };
        match self.submit(item, id("end attempt"), command, false).await {
            Some(Ok(_)) => true,
            None | Some(Err(Rejection::AttemptNotOpen(..))) => false,
            Some(Err(rejection)) => {
                // Such as an id of the network that is too long. The call was made, and must not be made again.
                tracing::error!(%message, %rejection, "what came of a call cannot be recorded");
                let command = Command::EndAttempt { message, attempt, result: AttemptResult::Unknown };
                self.submit(item, id("end attempt as unknown"), command, false).await;
                false
            }
        }
    }

    /// Submits until the log has taken or refused the command. Nothing when it `may_be_left` and the outbox stops;
    /// a command under way is waited for, since it could still take effect.
    async fn submit(
        &self,
        item: &OutboundItem,
        id: CommandId,
        command: Command,
        may_be_left: bool,
    ) -> Option<Result<Outcome, Rejection>> {
        let mut pause = RETRY_FIRST;
        while !(may_be_left && self.stopping.is_cancelled()) {
            let (workspace, command) = (item.workspace.clone(), command.clone());
            let submission = Submission { workspace, id, fingerprint: 0, actor: Actor::System, command };
            match self.engine.submit(submission).await {
                Ok(outcome) => return Some(Ok(outcome)),
                Err(SubmitError::Rejected(rejection)) => return Some(Err(rejection)),
                Err(error @ (SubmitError::Overloaded | SubmitError::Unavailable(_))) => {
                    tracing::warn!(message = %item.message, %error, "an attempt is not recorded yet, trying on");
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY_LAST);
        }
        None
    }

    async fn event_at(&self, position: Position) -> Option<Event> {
        let mut pause = RETRY_FIRST;
        loop {
            match self.log.read_frame(position.sequence).await {
                Ok(frame) => {
                    let frame = frame?;
                    let found = events(self.log.shard(), &frame).find(|(_, at, _)| *at == position);
                    return found.map(|(_, _, event)| event.clone());
                }
                Err(error) => tracing::warn!(%error, "an attempt cannot be read back, trying on"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY_LAST);
        }
    }
}
