//! Messages that atender itself writes to a customer. They go out as any other; who wrote them is in the event.

use schemas::event::{Author, Event, MessageSubmitted, SystemCause};
use schemas::{ChannelId, CommandId, Content, ConversationId, MessageId};

use super::state::Conversation;

/// To whom it goes, and where it stands.
pub(super) struct Addressee<'a> {
    pub(super) conversation: ConversationId,
    pub(super) channel: &'a ChannelId,
    pub(super) identity: &'a str,
    /// How many messages we sent in the conversation before.
    pub(super) outbound_count: u32,
}

impl<'a> Addressee<'a> {
    pub(super) fn of(id: ConversationId, conversation: &'a Conversation) -> Self {
        Self {
            conversation: id,
            channel: &conversation.channel,
            identity: &conversation.identity,
            outbound_count: conversation.outbound_count,
        }
    }

    /// The one message that this command has atender write.
    pub(super) fn told(&self, text: &str, cause: SystemCause, command: CommandId) -> Event {
        MessageSubmitted {
            conversation: self.conversation,
            message: MessageId::of_system(command, 0),
            ordinal: self.outbound_count,
            channel: self.channel.clone(),
            to: self.identity.to_owned(),
            author: Author::System(cause),
            content: Content::Text(text.to_owned()),
        }
        .into()
    }
}
