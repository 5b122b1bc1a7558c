//! Who gets a conversation that nobody has: the exclusive agent, else whom the campaign's policy chooses, else the
//! queue. And the other way round: what an agent gets who has room again.

use rustc_hash::FxHashMap;
use schemas::event::{
    AgentDefined, AssignReason, CampaignDefined, ConversationAssigned, ConversationOffered,
    ConversationQueued, Event, OverflowAt, QueueCause, Reservation,
};
use schemas::{
    AgentId, CampaignId, ChannelId, ChannelKind, ContactId, ConversationId, ExclusiveWait, Needs,
    RoutingPolicy, Timestamp, routing::meets,
};

use super::queues::{Line, Next, QueuePlace};
use super::rooms::{Load, Rank};
use super::state::{Agent, Conversation, Workspace, serves};

/// A conversation that nobody has.
pub(super) struct Loose<'a> {
    pub(super) conversation: ConversationId,
    pub(super) contact: ContactId,
    pub(super) channel: &'a ChannelId,
    pub(super) kind: ChannelKind,
    pub(super) campaign: &'a CampaignId,
    pub(super) needs: &'a Needs,
    /// Who was offered it in vain.
    pub(super) declined: &'a [AgentId],
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
    given: FxHashMap<&'a AgentId, Load>,
    /// Whom a campaign that goes by turns gave to last.
    turns: FxHashMap<&'a CampaignId, &'a AgentId>,
}

impl<'a> Router<'a> {
    pub(super) fn new(ws: &'a Workspace, now: Timestamp, except: Option<&'a AgentId>) -> Self {
        Self { ws, now, except, given: FxHashMap::default(), turns: FxHashMap::default() }
    }

    /// Who gets it, or how it waits; the contact's exclusive agent first.
    pub(super) fn route(&mut self, loose: &Loose<'a>) -> Event {
        let exclusive = self.ws.exclusive_agent(loose.contact, loose.campaign);
        self.route_to(loose, exclusive)
    }

    /// The same, but not to this agent, nor kept for them.
    pub(super) fn route_past(&mut self, loose: &Loose<'a>, agent: &AgentId) -> Event {
        let exclusive = self.ws.exclusive_agent(loose.contact, loose.campaign);
        self.route_to(loose, exclusive.filter(|exclusive| *exclusive != agent))
    }

    /// The same with this exclusive agent, if any, whatever the state says.
    pub(super) fn route_to(&mut self, loose: &Loose<'a>, exclusive: Option<&'a AgentId>) -> Event {
        let serving = exclusive
            .and_then(|id| self.ws.agents.get(id))
            .filter(|agent| agent.serves(loose.campaign, loose.channel))
            .filter(|agent| !loose.declined.contains(&agent.definition.agent));
        if let Some(agent) = serving {
            let opens_at = self.ws.closed_until(loose.campaign, self.now);
            if opens_at.is_none() && self.takes(agent, loose.kind) {
                return self.give(loose, agent, AssignReason::Exclusive);
            }
            if let Some(until) = self.exclusive_wait(loose.campaign, opens_at) {
                let reserved = Reservation { agent: agent.definition.agent.clone(), until };
                return self.queue(loose, Some(reserved));
            }
        }
        self.assign(loose).unwrap_or_else(|| self.queue(loose, None))
    }

    /// The same when the wait for this agent is over. They may have room all the same, where the campaign was closed.
    pub(super) fn route_after_wait(&mut self, loose: &Loose<'a>, agent: &AgentId) -> Event {
        let found = self.ws.agents.get(agent).filter(|agent| agent.serves(loose.campaign, loose.channel));
        found.and_then(|agent| self.give_kept(loose, agent)).unwrap_or_else(|| self.route_to(loose, None))
    }

    /// What is kept for an agent who has room, where the campaign is open.
    pub(super) fn assign_kept(&mut self, loose: &Loose<'a>, agent: &AgentId) -> Option<Event> {
        self.ws.agents.get(agent).and_then(|agent| self.give_kept(loose, agent))
    }

    fn give_kept(&mut self, loose: &Loose<'a>, agent: &'a Agent) -> Option<Event> {
        let takes = !self.ws.is_closed(loose.campaign, self.now) && self.takes(agent, loose.kind);
        takes.then(|| self.give(loose, agent, AssignReason::Exclusive))
    }

    /// The assignment to whom the campaign's policy chooses; nothing if there is nobody, or it is closed.
    pub(super) fn assign(&mut self, loose: &Loose<'a>) -> Option<Event> {
        let campaign = self.ws.campaigns.get(loose.campaign)?;
        if self.ws.is_closed(loose.campaign, self.now) {
            return None;
        }
        let agent = self.choose(campaign, loose)?;
        let with_room = self.with_room(&campaign.campaign);
        let idle_since = self.idle_since(agent);
        let reason = match campaign.routing.policy {
            RoutingPolicy::MostRoom => AssignReason::MostRoom {
                with_room,
                load: self.load(agent).total(),
                capacity: agent.definition.capacity,
                idle_since,
            },
            RoutingPolicy::LongestIdle => AssignReason::LongestIdle { with_room, idle_since },
            RoutingPolicy::RoundRobin => {
                let after = self.turn(&campaign.campaign).cloned();
                self.turns.insert(&campaign.campaign, &agent.definition.agent);
                AssignReason::RoundRobin { with_room, after }
            }
            RoutingPolicy::Manual => return None,
        };
        Some(self.give(loose, agent, reason))
    }

    fn choose(&self, campaign: &'a CampaignDefined, loose: &Loose<'_>) -> Option<&'a Agent> {
        let (ws, id, routing) = (self.ws, &campaign.campaign, &campaign.routing);
        let fits = |agent: &&'a Agent| {
            self.takes(agent, loose.kind)
                && agent.serves(id, loose.channel)
                && !loose.declined.contains(&agent.definition.agent)
                && meets(&agent.definition.skills, &routing.skills)
                && meets(&agent.definition.skills, &loose.needs.skills)
        };
        let known = |id: &AgentId| ws.agents.get(id);
        match routing.policy {
            RoutingPolicy::Manual => None,
            RoutingPolicy::RoundRobin => ws.rooms.after(id, self.turn(id)).filter_map(known).find(fits),
            RoutingPolicy::MostRoom | RoutingPolicy::LongestIdle => {
                // Who was given something in this decision does not stand where the state has them.
                let untouched = |id: &&AgentId| !self.given.contains_key(*id);
                let first = ws.rooms.of(id).filter(untouched).filter_map(known).find(fits);
                let touched = self.given.keys().filter_map(|id| ws.agents.get(*id)).filter(fits);
                first.into_iter().chain(touched).min_by_key(|agent| {
                    let room = agent.definition.capacity.saturating_sub(self.load(agent).total());
                    (Rank::new(routing.policy, room, self.idle_since(agent)), &agent.definition.agent)
                })
            }
        }
    }

    /// Whom a campaign that goes by turns gave to last.
    fn turn(&self, campaign: &CampaignId) -> Option<&'a AgentId> {
        self.turns.get(campaign).copied().or_else(|| self.ws.turns.get(campaign))
    }

    /// How many agents of the campaign have room at this moment of the decision.
    fn with_room(&self, campaign: &CampaignId) -> u32 {
        let counted = |agent: &&Agent| {
            agent.is_available()
                && agent.load.leaves_room(&agent.definition)
                && agent.definition.campaigns.contains(campaign)
        };
        let is_out = |agent: &&Agent| {
            self.except == Some(&agent.definition.agent) || !self.load(agent).leaves_room(&agent.definition)
        };
        let excepted = self.except.filter(|id| !self.given.contains_key(id));
        let changed = self.given.keys().copied().chain(excepted).filter_map(|id| self.ws.agents.get(id));
        let out = changed.filter(counted).filter(is_out).count();
        self.ws.rooms.len(campaign).saturating_sub(out) as u32
    }

    fn give(&mut self, loose: &Loose<'_>, agent: &'a Agent, reason: AssignReason) -> Event {
        let load = self.load(agent).plus(loose.kind);
        self.given.insert(&agent.definition.agent, load);
        let given = Given { conversation: loose.conversation, since: loose.since, reason };
        given.to(self.ws, loose.campaign, &agent.definition.agent, self.now)
    }

    /// That it waits, kept for this exclusive agent if there is one.
    pub(super) fn queue(&self, loose: &Loose<'_>, reserved: Option<Reservation>) -> Event {
        let routing = self.ws.campaigns.get(loose.campaign).map(|campaign| &campaign.routing);
        let works_here = |id: &CampaignId| {
            self.ws.campaigns.get(id).is_some_and(|campaign| campaign.channels.contains(loose.channel))
        };
        let overflow = routing.and_then(|routing| routing.overflow.as_ref());
        let overflow = overflow.filter(|overflow| reserved.is_none() && works_here(&overflow.campaign));
        let opens_at = self.ws.closed_until(loose.campaign, self.now);
        ConversationQueued {
            conversation: loose.conversation,
            campaign: loose.campaign.clone(),
            cause: opens_at.map_or(loose.cause, |_| QueueCause::OutsideHours),
            since: loose.since,
            priority: loose.needs.priority.or(routing.map(|routing| routing.priority)).unwrap_or_default(),
            reserved,
            overflow: overflow.map(|overflow| OverflowAt {
                at: (opens_at.unwrap_or(self.now))
                    .plus(std::time::Duration::from_secs(overflow.after_seconds.into())),
                campaign: overflow.campaign.clone(),
            }),
            opens_at: opens_at.or_else(|| self.ws.opens_after(loose.campaign, self.now)),
        }
        .into()
    }

    fn load(&self, agent: &Agent) -> Load {
        self.given.get(&agent.definition.agent).copied().unwrap_or(agent.load)
    }

    fn idle_since(&self, agent: &Agent) -> Timestamp {
        if self.given.contains_key(&agent.definition.agent) { self.now } else { agent.idle_since }
    }

    fn takes(&self, agent: &Agent, kind: ChannelKind) -> bool {
        agent.is_available()
            && self.except != Some(&agent.definition.agent)
            && self.load(agent).leaves_room_on(&agent.definition, kind)
    }

    /// Until when a conversation waits for its exclusive agent; `None` if it does not wait. Where the campaign is closed,
    /// they are waited for at least until it opens.
    #[expect(clippy::option_option, reason = "whether it waits, and whether that ends, are two questions")]
    fn exclusive_wait(
        &self,
        campaign: &CampaignId,
        opens_at: Option<Timestamp>,
    ) -> Option<Option<Timestamp>> {
        match self.ws.campaigns.get(campaign)?.exclusive_wait {
            ExclusiveWait::Seconds(0) if opens_at.is_none() => None,
            wait @ (ExclusiveWait::Seconds(_) | ExclusiveWait::Forever) => {
                Some(wait.until(opens_at.unwrap_or(self.now)))
            }
        }
    }
}

/// A conversation that was given to somebody by no person.
struct Given {
    conversation: ConversationId,
    since: Timestamp,
    reason: AssignReason,
}

impl Given {
    /// Theirs at once, or once they accept it, as the campaign says.
    fn to(self, ws: &Workspace, campaign: &CampaignId, agent: &AgentId, now: Timestamp) -> Event {
        let (Self { conversation, since, reason }, agent) = (self, agent.clone());
        let offered = ws.campaigns.get(campaign).and_then(|campaign| campaign.routing.offer_seconds);
        match offered {
            Some(seconds) => {
                let until = now.plus(std::time::Duration::from_secs(seconds.into()));
                ConversationOffered { conversation, agent, reason, since, until }.into()
            }
            None => ConversationAssigned { conversation, agent, reason }.into(),
        }
    }
}

/// What an agent who is online gets when they hold `load`: first what is kept for them, then the most urgent of what
/// waits in their campaigns and needs nothing that they cannot do, and of that what has waited longest.
pub(super) fn fill(ws: &Workspace, agent: &AgentDefined, load: Load, now: Timestamp) -> Vec<Event> {
    fill_from(ws, agent, load, (kept_for(ws, agent, now), waiting_for(ws, agent, now)), &[], now)
}

fn fill_from(
    ws: &Workspace,
    agent: &AgentDefined,
    mut load: Load,
    (mut kept, mut waiting): (Vec<Next<'_>>, Line<'_>),
    before: &[Event],
    now: Timestamp,
) -> Vec<Event> {
    let mut events = Vec::new();
    while load.leaves_room(agent) {
        let room_on = |kind| load.leaves_room_on(agent, kind);
        let exclusive = kept.iter().position(|kept| room_on(kept.kind)).map(|first| kept.remove(first));
        let Some(Next { place, campaign, kind }) = exclusive.or_else(|| waiting.next(room_on)) else {
            break;
        };
        if before.iter().any(|event| takes_out(event, place.conversation)) {
            continue;
        }
        let reason = match exclusive {
            Some(_) => AssignReason::Exclusive,
            None => AssignReason::WaitedLongest {
                waiting_since: place.since,
                priority: place.priority.0,
                load: load.total(),
                capacity: agent.capacity,
            },
        };
        load = load.plus(kind);
        let given = Given { conversation: place.conversation, since: place.since, reason };
        events.push(given.to(ws, campaign, &agent.agent, now));
    }
    events
}

/// What is kept for an agent who can still take it where it is open, in order.
fn kept_for<'a>(ws: &'a Workspace, agent: &AgentDefined, now: Timestamp) -> Vec<Next<'a>> {
    let kept = ws.reserved.get(&agent.agent).into_iter().flatten();
    let taken = kept.filter_map(|place| {
        let Conversation { campaign, channel, kind, .. } = ws.conversations.get(&place.conversation)?;
        let is_given = serves(agent, campaign, channel) && !ws.is_closed(campaign, now);
        is_given.then_some(Next { place: *place, campaign, kind: *kind })
    });
    taken.collect()
}

/// What waits that this agent can take, and has not declined.
fn waiting_for<'a>(ws: &'a Workspace, agent: &'a AgentDefined, now: Timestamp) -> Line<'a> {
    let mut line = Line::default();
    let mut campaigns: Vec<&CampaignId> = agent.campaigns.iter().collect();
    // A definition may name one twice, and no conversation may be given twice.
    campaigns.sort_unstable();
    campaigns.dedup();
    let is_wanted = move |place: &&QueuePlace| {
        let conversation = ws.conversations.get(&place.conversation);
        conversation.is_some_and(|found| !found.declined.contains(&agent.agent))
    };
    for campaign in campaigns.into_iter().filter_map(|id| ws.campaigns.get(id)) {
        if !is_routed_to(ws, campaign, agent, now) {
            continue;
        }
        let handled = campaign.channels.iter().filter(|id| serves(agent, &campaign.campaign, id));
        for channel in handled.filter_map(|id| ws.channels.get(id)) {
            for (skills, places) in ws.queues.of(&campaign.campaign, &channel.channel) {
                if meets(&agent.skills, skills) {
                    line.add(&campaign.campaign, channel.kind, places.iter().filter(is_wanted));
                }
            }
        }
    }
    line
}

/// Whether the campaign gives its conversations to agents now, and to one who can do what this one can.
fn is_routed_to(ws: &Workspace, campaign: &CampaignDefined, agent: &AgentDefined, now: Timestamp) -> bool {
    campaign.routing.policy != RoutingPolicy::Manual
        && meets(&agent.skills, &campaign.routing.skills)
        && !ws.is_closed(&campaign.campaign, now)
}

/// What is given to those whose room a conversation takes, when it leaves them: who has it or is offered it, and from
/// whom a supervisor took it over. `before` is what happens first in the same decision; `except` has no room yet.
pub(super) fn refill_all(
    ws: &Workspace,
    lost: &Conversation,
    before: &[Event],
    except: Option<&AgentId>,
    now: Timestamp,
) -> Vec<Event> {
    let mut events = before.to_vec();
    for agent in lost.takes_room_of().filter(|agent| except != Some(*agent)) {
        let given = refill(ws, agent, lost, &events, now);
        events.extend(given);
    }
    events.split_off(before.len())
}

/// What an agent gets when a conversation stops taking their room, after what was given `before` in the same decision;
/// nothing if they are not online.
pub(super) fn refill(
    ws: &Workspace,
    agent: &AgentId,
    lost: &Conversation,
    before: &[Event],
    now: Timestamp,
) -> Vec<Event> {
    refill_of(ws, agent, &[lost], before, now)
}

/// The same of several conversations.
pub(super) fn refill_of(
    ws: &Workspace,
    agent: &AgentId,
    lost: &[&Conversation],
    before: &[Event],
    now: Timestamp,
) -> Vec<Event> {
    let Some(agent) = ws.agents.get(agent).filter(|agent| agent.is_available()) else {
        return Vec::new();
    };
    let definition = &agent.definition;
    let (mut kept, mut waiting) = (kept_for(ws, definition, now), waiting_for(ws, definition, now));
    // What was queued just before may come to them as well, or it would wait beside an agent with room.
    for queued in before.iter().filter_map(queued) {
        let Some(campaign) = ws.campaigns.get(&queued.campaign) else {
            continue;
        };
        let Some((channel, kind)) = place_of(ws, before, queued.conversation) else {
            continue;
        };
        if let Some(reserved) = &queued.reserved {
            if reserved.agent == definition.agent && !ws.is_closed(&queued.campaign, now) {
                kept.push(Next::entering(kept.len(), kind, queued));
            }
            continue;
        }
        // One that is opened in the same decision needs nothing, and nobody has declined it.
        let suits = ws.conversations.get(&queued.conversation).is_none_or(|found| {
            meets(&definition.skills, &found.needs.skills) && !found.declined.contains(&definition.agent)
        });
        if suits && is_routed_to(ws, campaign, definition, now) && agent.serves(&queued.campaign, channel) {
            waiting.add_entering(kind, queued);
        }
    }
    kept.sort_by_key(|kept| kept.place);
    fill_from(ws, definition, load_without(ws, agent, lost, before), (kept, waiting), before, now)
}

/// Whether a conversation that waited does not any more after this event of the same decision.
fn takes_out(event: &Event, conversation: ConversationId) -> bool {
    let ends = matches!(event, Event::ConversationMerged(_));
    (ends || given_to(event).is_some()) && event.conversation() == Some(conversation)
}

fn queued(event: &Event) -> Option<&ConversationQueued> {
    if let Event::ConversationQueued(queued) = event { Some(queued) } else { None }
}

/// What an agent holds when these do not take their room any more, with what they were given in the same decision.
fn load_without(ws: &Workspace, agent: &Agent, lost: &[&Conversation], before: &[Event]) -> Load {
    let freed = lost.iter().fold(agent.load, |load, lost| load.minus(lost.kind));
    let theirs = before.iter().filter(|event| given_to(event) == Some(&agent.definition.agent));
    let given = theirs.filter_map(|event| place_of(ws, before, event.conversation()?));
    given.fold(freed, |load, (_, kind)| load.plus(kind))
}

/// On which channel a conversation is, also one that is opened in the same decision.
fn place_of<'a>(
    ws: &'a Workspace,
    before: &'a [Event],
    id: ConversationId,
) -> Option<(&'a ChannelId, ChannelKind)> {
    if let Some(found) = ws.conversations.get(&id) {
        return Some((&found.channel, found.kind));
    }
    before.iter().find_map(|event| {
        let Event::ConversationOpened(opened) = event else { return None };
        (opened.conversation == id).then_some((&opened.channel, opened.network))
    })
}

fn given_to(event: &Event) -> Option<&AgentId> {
    if let Event::ConversationOffered(offered) = event {
        return Some(&offered.agent);
    }
    if let Event::ConversationAssigned(assigned) = event { Some(&assigned.agent) } else { None }
}

/// Whether an agent whose room this conversation takes can have it in another campaign.
pub(super) fn keeps_in(
    ws: &Workspace,
    agent: &AgentId,
    campaign: &CampaignId,
    conversation: &Conversation,
) -> bool {
    let agent = ws.agents.get(agent);
    agent.is_some_and(|agent| agent.is_available() && agent.serves(campaign, &conversation.channel))
}
