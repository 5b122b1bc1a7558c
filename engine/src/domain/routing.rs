//! Who gets a conversation that nobody has: the exclusive agent, else the agent with the most room, ties to the
//! one idle longest, else the queue. And the other way round: what an agent gets who has room again.

use std::collections::BTreeSet;
use std::iter::Peekable;

use rustc_hash::FxHashMap;
use schemas::event::{
    AgentDefined, AssignReason, ConversationAssigned, ConversationQueued, Event, QueueCause, Reservation,
};
use schemas::{
    AgentId, CampaignId, ChannelId, ContactId, ConversationId, ExclusiveWait, Presence, Timestamp,
};

use super::state::{Agent, QueuePlace, Workspace, serves};

/// A conversation that nobody has.
pub(super) struct Loose<'a> {
    pub(super) conversation: ConversationId,
    pub(super) contact: ContactId,
    pub(super) channel: &'a ChannelId,
    pub(super) campaign: &'a CampaignId,
    /// Its place in the queue, should it wait.
    pub(super) since: Timestamp,
    pub(super) cause: QueueCause,
}

/// Routes any number of conversations within one decision, counting what it has given out.
pub(super) struct Router<'a> {
    ws: &'a Workspace,
    now: Timestamp,
    /// An agent who gets nothing: the one who gave the conversation away, or leaves.
    except: Option<&'a AgentId>,
    given: FxHashMap<&'a AgentId, u16>,
}

impl<'a> Router<'a> {
    pub(super) fn new(ws: &'a Workspace, now: Timestamp, except: Option<&'a AgentId>) -> Self {
        Self { ws, now, except, given: FxHashMap::default() }
    }

    /// Who gets it, or how it waits; the contact's exclusive agent first.
    pub(super) fn route(&mut self, loose: &Loose<'_>) -> Event {
        let exclusive = self.ws.exclusive.get(&(loose.contact, loose.campaign.clone()));
        self.route_to(loose, exclusive)
    }

    /// The same with this exclusive agent, if any, whatever the state says.
    pub(super) fn route_to(&mut self, loose: &Loose<'_>, exclusive: Option<&'a AgentId>) -> Event {
        let serving = exclusive
            .and_then(|id| self.ws.agents.get(id))
            .filter(|agent| agent.serves(loose.campaign, loose.channel));
        if let Some(agent) = serving {
            if self.has_room(agent) {
                return self.give(loose, agent, AssignReason::Exclusive);
            }
            if let Some(until) = self.exclusive_wait(loose.campaign) {
                let reserved = Reservation { agent: agent.definition.agent.clone(), until };
                return queued(loose, Some(reserved));
            }
        }
        self.route_open(loose)
    }

    fn route_open(&mut self, loose: &Loose<'_>) -> Event {
        let ws = self.ws;
        let members = ws.agents_of.get(loose.campaign).into_iter().flatten();
        let free: Vec<&'a Agent> = members
            .filter_map(|id| ws.agents.get(id))
            .filter(|agent| agent.serves(loose.campaign, loose.channel) && self.has_room(agent))
            .collect();
        // Most room first; then idle longest; then by id, so that every replay chooses alike.
        let chosen = free.iter().max_by(|a, b| {
            let rank = |agent: &Agent| agent.definition.capacity - self.load(agent);
            (rank(a).cmp(&rank(b)))
                .then_with(|| self.idle_since(b).cmp(&self.idle_since(a)))
                .then_with(|| b.definition.agent.cmp(&a.definition.agent))
        });
        let Some(agent) = chosen else {
            return queued(loose, None);
        };
        let reason = AssignReason::MostRoom {
            candidates: free.len() as u32,
            load: self.load(agent),
            capacity: agent.definition.capacity,
            idle_since: self.idle_since(agent),
        };
        self.give(loose, agent, reason)
    }

    fn give(&mut self, loose: &Loose<'_>, agent: &'a Agent, reason: AssignReason) -> Event {
        *self.given.entry(&agent.definition.agent).or_default() += 1;
        let agent = agent.definition.agent.clone();
        ConversationAssigned { conversation: loose.conversation, agent, reason }.into()
    }

    fn load(&self, agent: &Agent) -> u16 {
        agent.load() + self.given.get(&agent.definition.agent).copied().unwrap_or(0)
    }

    fn idle_since(&self, agent: &Agent) -> Timestamp {
        if self.given.contains_key(&agent.definition.agent) { self.now } else { agent.idle_since }
    }

    fn has_room(&self, agent: &Agent) -> bool {
        agent.presence == Presence::Online
            && self.except != Some(&agent.definition.agent)
            && self.load(agent) < agent.definition.capacity
    }

    /// Until when a conversation waits for its exclusive agent; `None` if it does not wait.
    #[expect(clippy::option_option, reason = "whether it waits, and whether that ends, are two questions")]
    fn exclusive_wait(&self, campaign: &CampaignId) -> Option<Option<Timestamp>> {
        match self.ws.campaigns.get(campaign)?.exclusive_wait {
            ExclusiveWait::Seconds(0) => None,
            wait @ (ExclusiveWait::Seconds(_) | ExclusiveWait::Forever) => Some(wait.until(self.now)),
        }
    }
}

fn queued(loose: &Loose<'_>, reserved: Option<Reservation>) -> Event {
    ConversationQueued {
        conversation: loose.conversation,
        campaign: loose.campaign.clone(),
        cause: loose.cause,
        since: loose.since,
        reserved,
    }
    .into()
}

/// What an agent who is online gets when they hold `load` conversations: first those kept for them, then those
/// that have waited longest in the queues of their campaigns.
pub(super) fn fill(ws: &Workspace, agent: &AgentDefined, load: u16) -> Vec<Event> {
    let mut waiting = Waiting::for_agent(ws, agent);
    let mut events = Vec::new();
    for load in load..agent.capacity {
        let Some((place, exclusive)) = waiting.next() else {
            break;
        };
        let (waiting_since, _, conversation) = *place;
        let reason = if exclusive {
            AssignReason::Exclusive
        } else {
            AssignReason::WaitedLongest { waiting_since, load, capacity: agent.capacity }
        };
        events.push(ConversationAssigned { conversation, agent: agent.agent.clone(), reason }.into());
    }
    events
}

/// What an agent gets when they lose one of the conversations they hold; nothing if they are not online.
pub(super) fn refill(ws: &Workspace, agent: &AgentId) -> Vec<Event> {
    match ws.agents.get(agent) {
        Some(agent) if agent.presence == Presence::Online => {
            fill(ws, &agent.definition, agent.load().saturating_sub(1))
        }
        _ => Vec::new(),
    }
}

/// The same for the one who gave a conversation to this queue: it comes back to them when they have room left and
/// serve the campaign, for then nobody else could take it and it would wait beside an idle agent.
pub(super) fn refill_or_take_back(
    ws: &Workspace,
    agent: &AgentId,
    channel: &ChannelId,
    queued: &ConversationQueued,
) -> Vec<Event> {
    let mut events = refill(ws, agent);
    let Some(agent) = ws.agents.get(agent) else {
        return events;
    };
    let load = agent.load().saturating_sub(1) + events.len() as u16;
    if takes_at(agent, load, &queued.campaign, channel) {
        let reason = AssignReason::WaitedLongest {
            waiting_since: queued.since,
            load,
            capacity: agent.definition.capacity,
        };
        events.push(
            ConversationAssigned {
                conversation: queued.conversation,
                agent: agent.definition.agent.clone(),
                reason,
            }
            .into(),
        );
    }
    events
}

/// Whether the agent can take a conversation of this campaign once they have given one away.
pub(super) fn takes_after_giving(
    ws: &Workspace,
    agent: &AgentId,
    campaign: &CampaignId,
    channel: &ChannelId,
) -> bool {
    let agent = ws.agents.get(agent);
    agent.is_some_and(|agent| takes_at(agent, agent.load().saturating_sub(1), campaign, channel))
}

fn takes_at(agent: &Agent, load: u16, campaign: &CampaignId, channel: &ChannelId) -> bool {
    agent.presence == Presence::Online && agent.serves(campaign, channel) && load < agent.definition.capacity
}

/// The waiting conversations that an agent can take, in order.
struct Waiting<'a> {
    kept: Vec<&'a QueuePlace>,
    queues: Vec<Peekable<std::collections::btree_set::Iter<'a, QueuePlace>>>,
}

impl<'a> Waiting<'a> {
    fn for_agent(ws: &'a Workspace, agent: &AgentDefined) -> Self {
        let still_serves = |place: &&QueuePlace| {
            let conversation = ws.conversations.get(&place.2);
            conversation.is_some_and(|c| serves(agent, &c.campaign, &c.channel))
        };
        let mut kept: Vec<_> =
            ws.reserved.get(&agent.agent).into_iter().flat_map(BTreeSet::iter).filter(still_serves).collect();
        kept.reverse();
        // A set, for a definition may name a campaign twice and no conversation may be given twice.
        let pairs: BTreeSet<_> = agent
            .campaigns
            .iter()
            .flat_map(|campaign| agent.channels.iter().map(move |c| (campaign, c)))
            .collect();
        let queues = pairs
            .into_iter()
            .filter(|(campaign, channel)| serves(agent, campaign, channel))
            .filter_map(|(campaign, channel)| ws.queues.get(&(campaign.clone(), channel.clone())))
            .map(|queue| queue.iter().peekable())
            .collect();
        Self { kept, queues }
    }

    fn next(&mut self) -> Option<(&'a QueuePlace, bool)> {
        if let Some(place) = self.kept.pop() {
            return Some((place, true));
        }
        let heads = self.queues.iter_mut().enumerate();
        let (_, first) = heads.filter_map(|(i, queue)| queue.peek().map(|place| (*place, i))).min()?;
        self.queues[first].next().map(|place| (place, false))
    }
}
