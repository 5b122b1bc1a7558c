//! How a campaign's conversations find an agent: who gets one, what they must be able to do, and who comes first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{CampaignId, SkillId};

/// What somebody can do, or must be able to do, and how well: 1 is a little, 10 is all of it.
pub type Skills = BTreeMap<SkillId, u8>;

/// Whether somebody who can do `have` can do all of `need`.
pub fn meets(have: &Skills, need: &Skills) -> bool {
    need.iter().all(|(skill, level)| have.get(skill).is_some_and(|own| own >= level))
}

/// Which agent gets a conversation, of those who can take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutingPolicy {
    /// The one with the most room; of those, the one who was given none for longest.
    #[default]
    MostRoom,
    /// The one who was given none for longest.
    LongestIdle,
    /// The next in the order of their ids after the one the campaign gave to last.
    RoundRobin,
    /// Nobody: agents take from the queue, supervisors give.
    Manual,
}

/// How a campaign routes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Routing {
    /// Who gets a conversation.
    pub policy: RoutingPolicy,
    /// What an agent must be able to do to get one of its conversations, and how well: 1 to 10. At most 20 skills.
    #[schema(value_type = BTreeMap<String, u8>)]
    pub skills: Skills,
    /// Whose turn it is where an agent works in several campaigns: 0 to 9, the highest first.
    pub priority: u8,
    /// How long an agent has to accept a conversation that is given to them, in seconds: 1 to 600. Absent when it
    /// is theirs at once.
    pub offer_seconds: Option<u16>,
    /// Where its conversations go that wait too long.
    pub overflow: Option<Overflow>,
}

/// Where a conversation goes that waits too long for anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Overflow {
    /// How long it waits first, from when it entered this queue.
    pub after_seconds: u32,
    /// The campaign it goes to; it works on the same channels.
    pub campaign: CampaignId,
}

/// What a conversation needs beyond what its campaign says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Needs {
    /// What an agent must be able to do to get it, and how well: 1 to 10. At most 20 skills.
    #[schema(value_type = BTreeMap<String, u8>)]
    pub skills: Skills,
    /// Its priority in place of the campaign's: 0 to 9, the highest first.
    pub priority: Option<u8>,
}
