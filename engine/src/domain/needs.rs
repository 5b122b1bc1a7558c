//! What a conversation needs: skills and priority beyond what its campaign says. One that waits finds its new place.

use schemas::event::{Event, NeedsSet, QueueCause};
use schemas::{Actor, ConversationId, Needs, Rejection, Timestamp};

use super::configuration::{require_priority, require_skills};
use super::conversation::leave_stage;
use super::permission::require_holder_or_supervisor;
use super::routing::{Loose, Router};
use super::state::{Stage, Workspace};

pub(super) fn set(
    ws: &Workspace,
    id: ConversationId,
    needs: &Needs,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let conversation = ws.open_conversation(id)?;
    require_holder_or_supervisor(ws, actor, id, conversation)?;
    require_skills(&needs.skills)?;
    require_priority(needs.priority.unwrap_or_default())?;
    if conversation.needs == *needs {
        return Ok(vec![]);
    }
    let mut events = vec![NeedsSet { conversation: id, needs: needs.clone() }.into()];
    if let Stage::Waiting { since, reserved, .. } = &conversation.stage {
        let loose = Loose { needs, ..conversation.loose(id, *since, QueueCause::NeedsSet) };
        let mut router = Router::new(ws, now, None);
        events.push(match reserved {
            Some(_) => router.queue(&loose, reserved.clone()),
            None => router.route_to(&loose, None),
        });
    }
    Ok(events)
}

pub(super) fn were_set(ws: &mut Workspace, event: &NeedsSet) {
    let waits = |conversation: &super::Conversation| matches!(conversation.stage, Stage::Waiting { .. });
    // First out of the queue, which is found by the skills of before.
    if ws.conversations.get(&event.conversation).is_some_and(waits) {
        leave_stage(ws, event.conversation);
    }
    if let Some(conversation) = ws.conversations.get_mut(&event.conversation) {
        conversation.needs = event.needs.clone();
    }
}
