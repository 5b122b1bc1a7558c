//! Texts that name something. Each has one spelling: a text that is taken is what the value is written as.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use schemas::limits::NAME_ID_BYTES_MAX;
use schemas::{AgentId, CommandId, ConversationId, MessageId, Position, Timestamp, WorkspaceId};

/// The longest shard, sequence and index, and two hyphens.
const POSITION_BYTES_MAX: usize = 5 + 20 + 10 + 2;

pub(crate) fn ids_and_positions(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    has_one_spelling::<Position>(text, POSITION_BYTES_MAX);
    has_one_spelling::<AgentId>(text, NAME_ID_BYTES_MAX);
    has_one_spelling::<WorkspaceId>(text, NAME_ID_BYTES_MAX);
    has_one_spelling::<CommandId>(text, 32);
    has_one_spelling::<ConversationId>(text, 32);
    has_one_spelling::<MessageId>(text, 32);
    // A time has many spellings; the one that is written reads as the same time.
    if let Ok(time) = text.parse::<Timestamp>() {
        assert_eq!(time.to_string().parse(), Ok(time));
    }
}

pub(crate) fn cursor(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        projections::properties::cursor(text);
    }
}

fn has_one_spelling<T: FromStr<Err: Display> + Display + Debug>(text: &str, bytes_max: usize) {
    match text.parse::<T>() {
        Ok(value) => {
            assert_eq!(value.to_string(), text);
            assert!(text.len() <= bytes_max, "{text:?} is longer than may be");
        }
        // The error quotes 80 characters of the text at most.
        Err(error) => assert!(error.to_string().chars().count() < 250, "{error}"),
    }
}
