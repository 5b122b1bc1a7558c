//! Overflow: a conversation that waited too long for anybody goes to another campaign on the same channel.

use schemas::event::{ConversationOverflowed, Event, OverflowAt, QueueCause};
use schemas::{CampaignId, ConversationId, Timestamp};

use super::conversation::leave_stage;
use super::routing::{Loose, Router};
use super::service_level::awaited_anew;
use super::state::{Conversation, Workspace};

/// What happens to a conversation that waits since `since` and goes elsewhere now.
pub(super) fn overflow<'a>(
    ws: &'a Workspace,
    id: ConversationId,
    conversation: &'a Conversation,
    since: Timestamp,
    to: &'a OverflowAt,
    now: Timestamp,
) -> Vec<Event> {
    let works_there =
        |id: &CampaignId| ws.campaigns.get(id).is_some_and(|c| c.channels.contains(&conversation.channel));
    let loose = conversation.loose(id, since, QueueCause::Overflowed);
    let mut router = Router::new(ws, now, None);
    if !works_there(&to.campaign) {
        // The campaigns have changed since; it waits on where it is.
        return vec![router.route_to(&loose, None)];
    }
    let loose = Loose { campaign: &to.campaign, ..loose };
    let (from, to) = (conversation.campaign.clone(), to.campaign.clone());
    let awaited = awaited_anew(ws, &to, id, conversation, now);
    let mut events = vec![ConversationOverflowed { conversation: id, from, to }.into(), router.route(&loose)];
    events.extend(awaited);
    events
}

pub(super) fn overflowed(ws: &mut Workspace, event: &ConversationOverflowed) {
    // First out of the queue, which is found by the campaign of before.
    leave_stage(ws, event.conversation);
    if let Some(conversation) = ws.conversations.get_mut(&event.conversation) {
        conversation.campaign = event.to.clone();
    }
}
