//! `atender replay CONVERSATION`: prints a conversation as it happened, from the log alone.

mod line;

use std::io::Write;

use engine::log::{Log, LogError};
use schemas::{ConversationId, Position, Timestamp};

/// Why a conversation could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log cannot be read, or is damaged.
    #[error("the log cannot be read")]
    Log(#[from] LogError),
    /// What was printed could not be printed.
    #[error("the output cannot be written")]
    Output(#[from] std::io::Error),
}

/// Prints every event of the conversation up to `until`, in the order of the log; every frame's place in the
/// chain of hashes is checked on the way. Gives back how many events there were.
///
/// # Errors
/// [`ReplayError`].
pub async fn replay(
    log: &Log,
    conversation: ConversationId,
    until: Timestamp,
    out: &mut impl Write,
) -> Result<u64, ReplayError> {
    let head = log.head().await?;
    let mut printed = 0;
    if head == 0 {
        return Ok(0);
    }
    let mut reader = log.follow(1).await?;
    loop {
        let recorded = reader.next().await?;
        let mut index = 0;
        for commit in &recorded.frame.commits {
            // Time in the log never goes back.
            if commit.header.at > until {
                return Ok(printed);
            }
            for event in &commit.events {
                if event.conversation() == Some(conversation) {
                    let position = Position { shard: log.shard(), sequence: recorded.sequence, index };
                    line::print(out, position, &commit.header, event)?;
                    printed += 1;
                }
                index += 1;
            }
        }
        if recorded.sequence >= head {
            return Ok(printed);
        }
    }
}
