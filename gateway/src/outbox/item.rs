//! What waits in the work queue: messages with all that is needed to send them. It outlives the process that wrote
//! it, so it begins with a format byte, and one from a newer program is told from one that is damaged.

use schemas::event::MessageSubmitted;
use schemas::frame::CommitHeader;
use schemas::{
    ChannelId, Content, ConversationId, DecodeError, MessageId, Position, Timestamp, WorkspaceId, decode,
    encode,
};
use serde::{Deserialize, Serialize};

const FORMAT: u8 = 1;

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutboundItem {
    pub(crate) workspace: WorkspaceId,
    pub(crate) message: MessageId,
    pub(crate) conversation: ConversationId,
    pub(crate) channel: ChannelId,
    /// The contact's address on the network.
    pub(crate) to: String,
    pub(crate) text: String,
    /// Where the event is that asked for it: a view as far as that knows the channel.
    pub(crate) position: Position,
    pub(crate) submitted_at: Timestamp,
}

impl OutboundItem {
    /// Nothing for content that no network takes; the domain lets none through.
    pub(super) fn of(
        header: &CommitHeader,
        submitted: &MessageSubmitted,
        position: Position,
    ) -> Option<Self> {
        let Content::Text(text) = &submitted.content else {
            return None;
        };
        Some(Self {
            workspace: header.workspace.clone(),
            message: submitted.message,
            conversation: submitted.conversation,
            channel: submitted.channel.clone(),
            to: submitted.to.clone(),
            text: text.clone(),
            position,
            submitted_at: header.at,
        })
    }

    /// About how many bytes it takes in the work queue.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.to.len() + 128
    }
}

pub(crate) fn encode_items(items: &[OutboundItem]) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    encode(items, &mut bytes);
    bytes
}

pub(crate) fn decode_items(bytes: &[u8]) -> Result<Vec<OutboundItem>, DecodeError> {
    match bytes.split_first() {
        Some((&FORMAT, items)) => decode("outbound messages", items),
        Some((&other, _)) => Err(DecodeError::UnknownFormat(other)),
        None => decode("outbound messages", bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schemas::ShardId;

    use super::*;

    fn item() -> OutboundItem {
        OutboundItem {
            workspace: WorkspaceId::new("default").unwrap(),
            message: MessageId::from_bytes([1; 16]),
            conversation: ConversationId::from_bytes([2; 16]),
            channel: ChannelId::new("wa-main").unwrap(),
            to: "34600000000".into(),
            text: "Ya está".into(),
            position: Position { shard: ShardId(0), sequence: 7, index: 2 },
            submitted_at: Timestamp::from_millis(5),
        }
    }

    #[test]
    fn items_read_back_and_another_format_is_told_from_damage() {
        let mut bytes = encode_items(&[item(), item()]);
        assert_eq!(decode_items(&bytes), Ok(vec![item(), item()]));
        bytes[0] = FORMAT + 1;
        assert_eq!(decode_items(&bytes), Err(DecodeError::UnknownFormat(FORMAT + 1)));
        assert!(matches!(decode_items(&[]), Err(DecodeError::Malformed { .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_to_items_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_items(&bytes);
        }
    }
}
