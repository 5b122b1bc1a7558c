//! What waits in a campaign when its routing changes: it is routed again, a part at a time, so that whoever may take
//! it from now on does not have to wait for something else to happen.

use schemas::command::Due;
use schemas::event::{Event, QueueCause, QueueRouted};
use schemas::limits::ROUTED_AT_ONCE_MAX;
use schemas::{CampaignId, RoutingPolicy, Timestamp};

use super::queues::Line;
use super::routing::Router;
use super::state::Workspace;

/// Gives what waits in the campaign to those who can take it, the first ones first.
pub(super) fn route_queue<'a>(ws: &'a Workspace, id: &'a CampaignId, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    let campaign = ws.campaigns.get(id).filter(|campaign| campaign.routing.policy != RoutingPolicy::Manual);
    let mut line = Line::default();
    let channels = campaign.into_iter().flat_map(|campaign| &campaign.channels);
    for channel in channels.filter_map(|id| ws.channels.get(id)) {
        for (_, places) in ws.queues.of(id, &channel.channel) {
            line.add(id, channel.kind, places.iter());
        }
    }
    let mut router = Router::new(ws, now, None);
    while events.len() < ROUTED_AT_ONCE_MAX
        && let Some((place, part)) = line.first(|_| true)
    {
        let Some(conversation) = ws.conversations.get(&place.conversation) else {
            break;
        };
        let loose = conversation.loose(place.conversation, place.since, QueueCause::NeedsSet);
        match router.assign(&loose) {
            Some(assigned) => {
                events.push(assigned);
                line.take(part);
            }
            // Who declined this one may take the next.
            None if !conversation.declined.is_empty() => line.take(part),
            // Nobody can take one of this channel that needs these skills, so nobody can take the others.
            None => line.pass_by(part),
        }
    }
    let is_partial = events.len() == ROUTED_AT_ONCE_MAX;
    events.push(QueueRouted { campaign: id.clone(), is_partial }.into());
    events
}

impl Workspace {
    /// Has the queue of this campaign routed, if anything waits there.
    pub(super) fn arm_rerouting(&mut self, id: &CampaignId, at: Timestamp) {
        let channels = self.campaigns.get(id).into_iter().flat_map(|campaign| &campaign.channels);
        let mut waiting = channels.flat_map(|channel| self.queues.of(id, channel));
        if waiting.any(|(_, places)| !places.is_empty()) && !self.unrouted.contains_key(id) {
            self.unrouted.insert(id.clone(), at);
            self.deadlines.insert((at, Due::Campaign(id.clone())));
        }
    }
}

pub(super) fn queue_routed(ws: &mut Workspace, event: &QueueRouted, at: Timestamp) {
    if let Some(before) = ws.unrouted.remove(&event.campaign) {
        ws.deadlines.remove(&(before, Due::Campaign(event.campaign.clone())));
    }
    if event.is_partial {
        ws.arm_rerouting(&event.campaign, at);
    }
}
