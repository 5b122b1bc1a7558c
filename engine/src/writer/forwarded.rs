//! Commands from other processes: taken into the same queue as one's own, and answered when those would be.

use std::time::Duration;

use async_nats::{Message, Subject};
use bytes::Bytes;
use schemas::forward::{self, ForwardedAnswer, ForwardedCommand, ForwardedOutcome};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::Request;
use super::attempts::{Attempt, Attempts};
use crate::engine::{Outcome, SubmitError};
use crate::link::Link;
use crate::log::Log;
use crate::task;

/// Takes commands until it is stopped; those that came before are taken still.
pub(crate) async fn serve_forwarded(
    log: Log,
    requests: mpsc::WeakSender<Request>,
    attempts: Attempts,
    stop: CancellationToken,
) {
    let link = log.link();
    let mut commands = match link.subscribe(forward::subject(log.shard())).await {
        Ok(commands) => commands,
        Err(error) => return tracing::error!(%error, "commands of other processes cannot be taken"),
    };
    let is_stopped = stop.cancelled();
    tokio::pin!(is_stopped);
    let mut is_leaving = false;
    loop {
        tokio::select! {
            biased;
            () = &mut is_stopped, if !is_leaving => {
                is_leaving = true;
                if !commands.unsubscribe().await {
                    return;
                }
            }
            command = commands.next() => match command {
                Some(message) => take(link, &requests, &attempts, message),
                None => return,
            },
        }
    }
}

fn take(link: &Link, requests: &mpsc::WeakSender<Request>, attempts: &Attempts, message: Message) {
    let Some(reply_to) = message.reply.map(Subject::into_string) else { return };
    let (link, attempts) = (link.clone(), attempts.clone());
    let answer = match attempts.begin(&reply_to) {
        Attempt::New => submit(requests, &message.payload),
        Attempt::UnderWay => return,
        Attempt::Answered(answer) => {
            task::spawn(async move { reply(&link, reply_to, answer).await });
            return;
        }
    };
    task::spawn(async move {
        let answer = match answer {
            Ok((reply, within)) => match timeout(within, reply).await {
                Ok(Ok(answer)) => forwarded(answer),
                Ok(Err(_)) | Err(_) => ForwardedAnswer::Unavailable("it was not answered in time".to_owned()),
            },
            Err(refusal) => refusal,
        };
        let leaves_nothing = match &answer {
            ForwardedAnswer::Rejected(_) => true,
            ForwardedAnswer::Accepted(outcome) => outcome.events.is_empty(),
            ForwardedAnswer::Overloaded | ForwardedAnswer::Unavailable(_) => false,
        };
        let answer = Bytes::from(answer.encode());
        let reply_to = attempts.end(reply_to, leaves_nothing.then(|| answer.clone()));
        reply(&link, reply_to, answer).await;
    });
}

async fn reply(link: &Link, reply_to: String, answer: Bytes) {
    if let Err(error) = link.publish(reply_to, None, answer).await {
        tracing::warn!(%error, "a command of another process could not be answered; it asks again");
    }
}

type Answer = oneshot::Receiver<Result<Outcome, SubmitError>>;

fn submit(
    requests: &mpsc::WeakSender<Request>,
    payload: &[u8],
) -> Result<(Answer, Duration), ForwardedAnswer> {
    let unavailable = |reason: String| ForwardedAnswer::Unavailable(reason);
    let command = ForwardedCommand::decode(payload).map_err(|error| unavailable(error.to_string()))?;
    let within = Duration::from_millis(command.answer_within_ms.into());
    let (reply, answer) = oneshot::channel();
    let deadline = Instant::now() + within;
    let request = Request { submission: command.submission, reply, deadline, is_passed_on: true };
    let requests = requests.upgrade().ok_or_else(|| unavailable("the process ends".to_owned()))?;
    match requests.try_send(request) {
        Ok(()) => Ok((answer, within)),
        Err(TrySendError::Full(_)) => Err(ForwardedAnswer::Overloaded),
        Err(TrySendError::Closed(_)) => Err(unavailable("the writer has ended".to_owned())),
    }
}

fn forwarded(answer: Result<Outcome, SubmitError>) -> ForwardedAnswer {
    match answer {
        Ok(Outcome { position, conversation, message, repeated, events }) => {
            let outcome = ForwardedOutcome { position, conversation, message, repeated, events };
            ForwardedAnswer::Accepted(outcome)
        }
        Err(SubmitError::Rejected(rejection)) => ForwardedAnswer::Rejected(rejection),
        Err(SubmitError::Overloaded) => ForwardedAnswer::Overloaded,
        Err(SubmitError::Unavailable(reason)) => ForwardedAnswer::Unavailable(reason),
    }
}
