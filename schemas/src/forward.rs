//! A command on its way from a process that does not write the shard to the one that does, and the answer back.
//! Both ends may be of different versions for a while, so each begins with a format byte.

use serde::{Deserialize, Serialize};

use crate::codec::{DecodeError, decode, encode};
use crate::command::Submission;
use crate::event::Event;
use crate::ids::{ConversationId, MessageId};
use crate::position::{Position, ShardId};
use crate::rejection::Rejection;

const FORMAT: u8 = 1;

/// Where the process that writes a shard takes commands from the others.
pub fn subject(shard: ShardId) -> String {
    format!("atender.submit.{shard}")
}

/// Where a process waits for the answer to its command with this number when it has sent it so many times.
pub fn reply_subject(inbox: &str, number: u64, tries: u32) -> String {
    format!("{inbox}.{number}-{tries}")
}

/// To which command of a process an answer is, and to which of the times that it was sent.
pub fn replied_to(reply_subject: &str) -> Option<(u64, u32)> {
    let (number, tries) = reply_subject.rsplit('.').next()?.split_once('-')?;
    Some((number.parse().ok()?, tries.parse().ok()?))
}

/// What is the same in all the subjects at which an answer to one command is waited for.
pub fn asker(reply_subject: &str) -> &str {
    match reply_subject.rsplit_once('-') {
        Some((asker, _)) if replied_to(reply_subject).is_some() => asker,
        Some(_) | None => reply_subject,
    }
}

/// A command that is passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardedCommand {
    /// How long its caller still waits for an answer. Later than that it is not begun.
    pub answer_within_ms: u32,
    /// The command.
    pub submission: Submission,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardedAnswer {
    /// It was accepted, and the log has it.
    Accepted(ForwardedOutcome),
    /// A rule says no.
    Rejected(Rejection),
    /// Too many commands wait; nothing was written.
    Overloaded,
    /// The log could not be written; what came of it is not known.
    Unavailable(String),
}

/// What an accepted command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardedOutcome {
    /// The position of its last event.
    pub position: Position,
    /// The conversation it concerns, if it concerns one.
    pub conversation: Option<ConversationId>,
    /// The message it brought or sent, if it did.
    pub message: Option<MessageId>,
    /// Whether the same command had been accepted before.
    pub repeated: bool,
    /// The events it caused.
    pub events: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Accepted {
        position: Position,
        conversation: Option<ConversationId>,
        message: Option<MessageId>,
        repeated: bool,
        /// Type number, version, payload.
        events: Vec<(u16, u8, Vec<u8>)>,
    },
    Rejected(Rejection),
    Overloaded,
    Unavailable(String),
}

impl ForwardedCommand {
    /// The bytes that cross the wire.
    pub fn encode(&self) -> Vec<u8> {
        framed(self)
    }

    /// Reads a command that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`DecodeError`] for other bytes, and for another format.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode("forwarded command", unframed(bytes)?)
    }
}

impl ForwardedAnswer {
    /// The bytes that cross the wire.
    pub fn encode(self) -> Vec<u8> {
        let answer = match self {
            Self::Accepted(outcome) => {
                let ForwardedOutcome { position, conversation, message, repeated, events } = outcome;
                let events = events.iter().map(|event| {
                    let ((number, version), mut payload) = (event.number_and_version(), Vec::new());
                    event.encode(&mut payload);
                    (number, version, payload)
                });
                Answer::Accepted { position, conversation, message, repeated, events: events.collect() }
            }
            Self::Rejected(rejection) => Answer::Rejected(rejection),
            Self::Overloaded => Answer::Overloaded,
            Self::Unavailable(reason) => Answer::Unavailable(reason),
        };
        framed(&answer)
    }

    /// Reads an answer that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`DecodeError`] for other bytes, another format, and events that this program does not know.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(match decode("forwarded answer", unframed(bytes)?)? {
            Answer::Accepted { position, conversation, message, repeated, events } => {
                let events =
                    events.iter().map(|(number, version, payload)| Event::decode(*number, *version, payload));
                let events = events.collect::<Result<_, _>>()?;
                Self::Accepted(ForwardedOutcome { position, conversation, message, repeated, events })
            }
            Answer::Rejected(rejection) => Self::Rejected(rejection),
            Answer::Overloaded => Self::Overloaded,
            Answer::Unavailable(reason) => Self::Unavailable(reason),
        })
    }
}

fn framed<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    encode(value, &mut bytes);
    bytes
}

fn unframed(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => Ok(rest),
        Some((&other, _)) => Err(DecodeError::UnknownFormat(other)),
        None => Err(DecodeError::malformed("forwarded message", "empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{NoteAdded, NoteKind};
    use crate::{Actor, Command, CommandId, WorkspaceId};

    fn command() -> ForwardedCommand {
        let conversation = ConversationId::from_bytes([3; 16]);
        let submission = Submission {
            workspace: WorkspaceId::new("default").unwrap(),
            id: CommandId::from_bytes([2; 16]),
            fingerprint: 7,
            actor: Actor::Administrator,
            command: Command::AddNote { conversation, text: "Ya está".into(), kind: NoteKind::Note },
        };
        ForwardedCommand { answer_within_ms: 4_999, submission }
    }

    fn answers() -> [ForwardedAnswer; 4] {
        let conversation = ConversationId::from_bytes([3; 16]);
        let note = NoteAdded { conversation, text: "Ya está".into(), kind: NoteKind::Note };
        [
            ForwardedAnswer::Accepted(ForwardedOutcome {
                position: Position { shard: ShardId(1), sequence: 9, index: 2 },
                conversation: Some(conversation),
                message: None,
                repeated: false,
                events: vec![note.into()],
            }),
            ForwardedAnswer::Rejected(Rejection::EmptyMessage),
            ForwardedAnswer::Overloaded,
            ForwardedAnswer::Unavailable("the log does not answer".into()),
        ]
    }

    #[test]
    fn however_often_a_command_is_sent_it_is_the_same_asker() {
        let [first, second] = [1, 2].map(|tries| reply_subject("_INBOX.a-b", 7, tries));
        assert_eq!(replied_to(&second), Some((7, 2)));
        assert_eq!(asker(&first), asker(&second));
        assert_ne!(asker(&first), asker(&reply_subject("_INBOX.a-b", 8, 1)));
        assert_eq!(asker("_INBOX.a-b.7"), "_INBOX.a-b.7");
    }

    #[test]
    fn commands_and_answers_arrive_as_they_left() {
        assert_eq!(ForwardedCommand::decode(&command().encode()), Ok(command()));
        for answer in answers() {
            assert_eq!(ForwardedAnswer::decode(&answer.clone().encode()), Ok(answer));
        }
    }

    #[test]
    fn what_was_cut_or_is_of_another_format_is_an_error() {
        let mut bytes = command().encode();
        for length in 0..bytes.len() {
            assert!(ForwardedCommand::decode(&bytes[..length]).is_err());
        }
        bytes[0] = 9;
        assert_eq!(ForwardedCommand::decode(&bytes), Err(DecodeError::UnknownFormat(9)));
    }
}
