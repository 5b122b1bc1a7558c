//! Whom a live stream is for, and which changes they hear.

use projections::{Audience, Change};
use schemas::api::live::LiveChange;
use schemas::api::views::EntryBody;
use schemas::event::AgentDefined;
use schemas::{AgentId, CampaignId, ChannelId};

use crate::app::App;
use crate::http::problem::Failure;
use crate::http::sight::Sight;
use crate::tokens::Principal;

/// Whom a live stream is for.
#[derive(Debug)]
pub(super) enum Listener {
    /// Somebody with this sight; as whom, if it is an agent.
    Person(Sight, Option<AgentId>),
    /// The connector of this channel.
    Connector(ChannelId),
}

impl Listener {
    /// # Errors
    /// 403 for an agent who is not defined any more, and faults of the views.
    pub(super) fn of(app: &App, principal: &Principal) -> Result<Self, Failure> {
        Ok(match principal {
            Principal::Connector(channel) => Self::Connector(channel.clone()),
            Principal::Administrator => Self::Person(Sight::of(app, principal)?, None),
            Principal::Agent(agent) => Self::Person(Sight::of(app, principal)?, Some(agent.clone())),
        })
    }

    /// Whether the change may be one of what this listener hears.
    pub(super) fn is_about(&self, change: &Change) -> bool {
        match (self, &change.live.change) {
            (Self::Person(_, Some(me)), LiveChange::Configuration { kind, id }) => {
                kind == "agent" && id == me.as_str()
            }
            _ => false,
        }
    }

    /// # Errors
    /// Faults of the views.
    pub(super) fn hears(&self, app: &App, change: &Change) -> Result<bool, Failure> {
        if change.workspace != app.workspace {
            return Ok(false);
        }
        let me = match self {
            Self::Connector(channel) => return Ok(is_to_send(change, channel)),
            Self::Person(Sight::Own(me), _) => me,
            Self::Person(Sight::Everything { audits }, _) => {
                let is_status = matches!(change.live.change, LiveChange::Status { .. });
                return Ok(!is_status || *audits || change.audience.status_shown);
            }
        };
        Ok(match &change.live.change {
            LiveChange::Entry { .. } => is_theirs(me, &change.audience) || waits_here(me, &change.audience),
            LiveChange::Status { .. } => change.audience.status_shown && is_theirs(me, &change.audience),
            LiveChange::Presence { agent, .. } | LiveChange::Connection { agent, .. } => {
                is_colleague(app, me, agent)?
            }
            LiveChange::Contact { .. } => {
                let Audience { agents, queues, .. } = &change.audience;
                agents.contains(&me.agent) || queues.iter().any(|queue| me.campaigns.contains(queue))
            }
            LiveChange::Configuration { .. } => true,
        })
    }

    /// What is pushed. The contact's address is for connectors and those who see everything.
    pub(super) fn data(&self, change: &Change) -> String {
        if let Self::Person(Sight::Own(_), _) = self
            && let LiveChange::Entry { to: Some(_), .. } = change.live.change
        {
            let mut live = change.live.clone();
            if let LiveChange::Entry { to, .. } = &mut live.change {
                *to = None;
            }
            // Plain data always becomes JSON.
            return serde_json::to_string(&live).unwrap_or_default();
        }
        change.json().to_owned()
    }
}

fn is_to_send(change: &Change, channel: &ChannelId) -> bool {
    let LiveChange::Entry { entry, .. } = &change.live.change else {
        return false;
    };
    matches!(entry.body, EntryBody::Outbound { .. }) && change.audience.channel.as_ref() == Some(channel)
}

fn is_theirs(me: &AgentDefined, audience: &Audience) -> bool {
    let asked = audience.asked.iter().flatten();
    asked.chain(&audience.agent).chain(&audience.agent_before).any(|agent| *agent == me.agent)
}

fn waits_here(me: &AgentDefined, audience: &Audience) -> bool {
    let works_in = |campaign: &CampaignId| me.campaigns.contains(campaign);
    [&audience.waiting, &audience.waiting_before].into_iter().flatten().any(works_in)
}

fn is_colleague(app: &App, me: &AgentDefined, agent: &AgentId) -> Result<bool, Failure> {
    if *agent == me.agent {
        return Ok(true);
    }
    let other = app.views.inbox().agent(&app.workspace, agent)?;
    let campaigns = other.map(|row| row.definition.campaigns).unwrap_or_default();
    Ok(campaigns.iter().any(|campaign| me.campaigns.contains(campaign)))
}

#[cfg(test)]
mod tests {
    use schemas::Role;

    use super::*;

    fn ana() -> AgentDefined {
        AgentDefined {
            agent: AgentId::new("ana").unwrap(),
            name: "Ana".into(),
            role: Role::Agent,
            campaigns: vec![CampaignId::new("sales").unwrap()],
            channels: vec![],
            capacity: 5,
            capacity_of: std::collections::BTreeMap::new(),
            skills: schemas::Skills::new(),
            may_set_exclusive: true,
        }
    }

    #[test]
    fn an_agent_hears_of_what_is_theirs_and_of_what_they_lost() {
        let agent = |id| Some(AgentId::new(id).unwrap());
        let theirs = Audience { agent: agent("ana"), ..Audience::default() };
        let lost = Audience { agent: agent("ben"), agent_before: agent("ana"), ..Audience::default() };
        let of_others = Audience { agent: agent("ben"), ..Audience::default() };
        let asked = Audience { agent: agent("ben"), asked: [None, agent("ana")], ..Audience::default() };
        assert!(is_theirs(&ana(), &theirs) && is_theirs(&ana(), &lost) && is_theirs(&ana(), &asked));
        assert!(!is_theirs(&ana(), &of_others) && !is_theirs(&ana(), &Audience::default()));
    }

    #[test]
    fn an_agent_hears_of_what_waits_in_their_campaigns_and_of_what_stopped_to() {
        let campaign = |id| Some(CampaignId::new(id).unwrap());
        let waits = Audience { waiting: campaign("sales"), ..Audience::default() };
        let stopped = Audience { waiting_before: campaign("sales"), ..Audience::default() };
        let elsewhere =
            Audience { waiting: campaign("help"), campaign: campaign("sales"), ..Audience::default() };
        assert!(waits_here(&ana(), &waits) && waits_here(&ana(), &stopped));
        assert!(!waits_here(&ana(), &elsewhere));
    }
}
