//! Who has room, campaign by campaign, in the order in which the campaign's policy chooses.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use rustc_hash::FxHashMap;
use schemas::event::{AgentDefined, CampaignDefined};
use schemas::{AgentId, CampaignId, ChannelKind, Role, RoutingPolicy, Timestamp};
use serde::{Deserialize, Serialize};

use super::state::Agent;

const KINDS: usize = ChannelKind::ALL.len();

/// How many conversations an agent holds, in all and on each kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Load {
    total: u16,
    of: [u16; KINDS],
}

impl Load {
    /// How many in all.
    pub fn total(self) -> u16 {
        self.total
    }

    /// How many on channels of a kind.
    pub fn on(self, kind: ChannelKind) -> u16 {
        self.of[kind as usize]
    }

    /// One more on a channel of this kind.
    #[must_use]
    pub fn plus(mut self, kind: ChannelKind) -> Self {
        self.total = self.total.saturating_add(1);
        self.of[kind as usize] = self.of[kind as usize].saturating_add(1);
        self
    }

    #[must_use]
    pub(super) fn minus(mut self, kind: ChannelKind) -> Self {
        self.total = self.total.saturating_sub(1);
        self.of[kind as usize] = self.of[kind as usize].saturating_sub(1);
        self
    }

    /// Whether an agent who holds this many may hold one more, on whatever channel.
    pub(super) fn leaves_room(self, agent: &AgentDefined) -> bool {
        self.total < agent.capacity
    }

    /// Whether an agent who holds this many may hold one more on a channel of this kind.
    pub(super) fn leaves_room_on(self, agent: &AgentDefined, kind: ChannelKind) -> bool {
        self.leaves_room(agent)
            && agent.capacity_of.get(&kind).is_none_or(|most| self.of[kind as usize] < *most)
    }
}

/// Where an agent stands among those who have room; the least is chosen. What the policy does not look at is the same
/// for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    room: Reverse<u16>,
    idle_since: Timestamp,
}

impl Rank {
    pub(super) fn new(policy: RoutingPolicy, room: u16, idle_since: Timestamp) -> Self {
        let nothing = Timestamp::default();
        match policy {
            RoutingPolicy::MostRoom => Self { room: Reverse(room), idle_since },
            RoutingPolicy::LongestIdle => Self { room: Reverse(0), idle_since },
            RoutingPolicy::RoundRobin | RoutingPolicy::Manual => {
                Self { room: Reverse(0), idle_since: nothing }
            }
        }
    }
}

/// The agents of a campaign who are online and have room.
type Ranked = BTreeSet<(Rank, AgentId)>;

#[derive(Debug, Default)]
pub(super) struct Rooms(FxHashMap<CampaignId, Ranked>);

impl Rooms {
    /// Those of a campaign who have room, first the one whom its policy chooses; by id where it goes by turns.
    pub(super) fn of(&self, campaign: &CampaignId) -> impl Iterator<Item = &AgentId> {
        self.0.get(campaign).into_iter().flatten().map(|(_, agent)| agent)
    }

    /// The same of a campaign that goes by turns, beginning after `last`.
    pub(super) fn after(
        &self,
        campaign: &CampaignId,
        last: Option<&AgentId>,
    ) -> impl Iterator<Item = &AgentId> {
        let turn =
            last.map(|agent| (Rank::new(RoutingPolicy::RoundRobin, 0, Timestamp::default()), agent.clone()));
        let in_turn = self.0.get(campaign).map(|ranked| match &turn {
            Some(turn) => ranked
                .range((Bound::Excluded(turn), Bound::Unbounded))
                .chain(Some(ranked.range(..=turn)).into_iter().flatten()),
            None => ranked.range(..).chain(None.into_iter().flatten()),
        });
        in_turn.into_iter().flatten().map(|(_, agent)| agent)
    }

    pub(super) fn len(&self, campaign: &CampaignId) -> usize {
        self.0.get(campaign).map_or(0, BTreeSet::len)
    }

    /// The agent is counted with those who have room, where they do.
    pub(super) fn enter(&mut self, agent: &Agent, campaigns: &BTreeMap<CampaignId, CampaignDefined>) {
        for (campaign, rank) in ranks(agent, campaigns) {
            self.0.entry(campaign.clone()).or_default().insert((rank, agent.definition.agent.clone()));
        }
    }

    /// The agent is not counted any more; to be called before anything about them changes.
    pub(super) fn leave(&mut self, agent: &Agent, campaigns: &BTreeMap<CampaignId, CampaignDefined>) {
        for (campaign, rank) in ranks(agent, campaigns) {
            if let Some(ranked) = self.0.get_mut(campaign) {
                ranked.remove(&(rank, agent.definition.agent.clone()));
            }
        }
    }
}

fn ranks<'a>(
    agent: &'a Agent,
    campaigns: &'a BTreeMap<CampaignId, CampaignDefined>,
) -> impl Iterator<Item = (&'a CampaignId, Rank)> {
    let definition = &agent.definition;
    let takes =
        agent.is_available() && definition.role != Role::Auditor && agent.load.leaves_room(definition);
    let room = definition.capacity.saturating_sub(agent.load.total());
    let theirs = definition.campaigns.iter().filter(move |_| takes);
    theirs.filter_map(move |id| {
        let policy = campaigns.get(id)?.routing.policy;
        Some((id, Rank::new(policy, room, agent.idle_since)))
    })
}
