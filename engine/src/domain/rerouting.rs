//! What waits in a campaign when its routing changes, or when it opens: it is routed again, a part at a time, so that
//! whoever may take it from now on does not have to wait for something else to happen.

use schemas::command::Due;
use schemas::event::{Event, QueueCause, QueueRouted};
use schemas::limits::ROUTED_AT_ONCE_MAX;
use schemas::{AgentId, CampaignId, RoutingPolicy, Timestamp};

use super::queues::{Line, QueuePlace};
use super::routing::Router;
use super::state::{Agent, Conversation, Workspace};

/// Gives what waits in the campaign to those who can take it, the first ones first.
pub(super) fn route_queue<'a>(ws: &'a Workspace, id: &'a CampaignId, now: Timestamp) -> Vec<Event> {
    let mut router = Router::new(ws, now, None);
    let mut events = Vec::new();
    for (agent, place, conversation) in kept_in(ws, id, now) {
        if events.len() == ROUTED_AT_ONCE_MAX {
            break;
        }
        let loose = conversation.loose(place.conversation, place.since, QueueCause::NeedsSet);
        events.extend(router.assign_kept(&loose, agent));
    }
    let campaign = ws.campaigns.get(id).filter(|campaign| campaign.routing.policy != RoutingPolicy::Manual);
    let mut line = Line::default();
    let channels = campaign.into_iter().flat_map(|campaign| &campaign.channels);
    for channel in channels.filter_map(|id| ws.channels.get(id)) {
        for (_, places) in ws.queues.of(id, &channel.channel) {
            line.add(id, channel.kind, places.iter());
        }
    }
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
    events.push(QueueRouted { campaign: id.clone(), is_partial, opens_at: ws.opens_after(id, now) }.into());
    events
}

/// What is kept for exclusive agents who are there, if the campaign is open: they did not get it while it was closed.
fn kept_in<'a>(
    ws: &'a Workspace,
    id: &'a CampaignId,
    now: Timestamp,
) -> impl Iterator<Item = (&'a AgentId, &'a QueuePlace, &'a Conversation)> {
    let is_open = !ws.is_closed(id, now);
    let members = ws.agents_of.get(id).filter(|_| is_open).into_iter().flatten();
    let there = members.filter(|id| ws.agents.get(*id).is_some_and(has_room));
    let kept = there.flat_map(|id| ws.reserved.get(id).into_iter().flatten().map(move |place| (id, place)));
    let kept = kept.filter_map(|(id, place)| Some((id, place, ws.conversations.get(&place.conversation)?)));
    kept.filter(move |(.., conversation)| conversation.campaign == *id)
}

fn has_room(agent: &Agent) -> bool {
    agent.is_available() && agent.load.leaves_room(&agent.definition)
}

impl Workspace {
    /// Has the queue of this campaign routed, if anything waits there.
    pub(super) fn arm_rerouting(&mut self, id: &CampaignId, at: Timestamp) {
        if self.has_waiting(id) {
            self.route_again_at(id, at);
        }
    }

    /// Has the queue of this campaign routed then, unless that happens earlier.
    pub(super) fn route_again_at(&mut self, id: &CampaignId, at: Timestamp) {
        let before = self.unrouted.get(id).copied();
        if before.is_none_or(|before| at < before) {
            if let Some(before) = before {
                self.deadlines.remove(&(before, Due::Campaign(id.clone())));
            }
            self.unrouted.insert(id.clone(), at);
            self.deadlines.insert((at, Due::Campaign(id.clone())));
        }
    }

    fn has_waiting(&self, id: &CampaignId) -> bool {
        let channels = self.campaigns.get(id).into_iter().flat_map(|campaign| &campaign.channels);
        let mut waiting = channels.flat_map(|channel| self.queues.of(id, channel));
        let members = self.agents_of.get(id).into_iter().flatten();
        let mut kept = members.filter_map(|agent| self.reserved.get(agent)).flatten();
        let is_here = |place: &QueuePlace| {
            self.conversations.get(&place.conversation).is_some_and(|found| found.campaign == *id)
        };
        waiting.any(|(_, places)| !places.is_empty()) || kept.any(is_here)
    }
}

pub(super) fn queue_routed(ws: &mut Workspace, event: &QueueRouted, at: Timestamp) {
    if let Some(before) = ws.unrouted.remove(&event.campaign) {
        ws.deadlines.remove(&(before, Due::Campaign(event.campaign.clone())));
    }
    if let Some(at) = if event.is_partial { Some(at) } else { event.opens_at } {
        ws.arm_rerouting(&event.campaign, at);
    }
}
