//! The exclusive agent of a contact in a campaign, and the waits for one.

use std::cmp::Reverse;

use schemas::command::Due;
use schemas::event::{Event, ExclusiveAgentRemoved, ExclusiveAgentSet, QueueCause};
use schemas::{Actor, AgentId, CampaignId, ContactId, ConversationId, Rejection, Role, Timestamp};

use super::permission::role;
use super::routing::Router;
use super::state::{Conversation, ExclusiveAgent, Stage, Workspace};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn set(
    ws: &Workspace,
    contact: ContactId,
    campaign: &CampaignId,
    (agent, until): (&AgentId, Option<Timestamp>),
    actor: &Actor,
    now: Timestamp,
) -> Decision {
    require_may_set(ws, campaign, actor)?;
    let contact = ws.resolve(contact);
    let definition = &ws.known_agent(agent)?.definition;
    if !definition.campaigns.contains(campaign) {
        return Err(Rejection::AgentNotInCampaign(agent.clone(), campaign.clone()));
    }
    if definition.role == Role::Auditor {
        return Err(Rejection::NotAttending(agent.clone()));
    }
    if until.is_some_and(|until| until <= now) {
        return Err(Rejection::ExpiryNotAhead);
    }
    let days = ws.campaigns.get(campaign).and_then(|campaign| campaign.exclusive_days);
    let for_days = |days: u16| now.plus(std::time::Duration::from_secs(u64::from(days) * 24 * 60 * 60));
    let until = until.or(days.map(for_days));
    let before = ws.exclusive.get(&(contact, campaign.clone()));
    // Whoever says it again means it to go on.
    if before.is_some_and(|before| before.agent == *agent && before.until == until) {
        return Ok(vec![]);
    }
    let open = open_in_campaign(ws, contact, campaign);
    let conversation = open.first().map(|(id, _)| *id);
    let mut events = vec![
        ExclusiveAgentSet { contact, campaign: campaign.clone(), agent: agent.clone(), until, conversation }
            .into(),
    ];
    events.extend(reroute_kept(ws, &open, Some(&definition.agent), now));
    Ok(events)
}

pub(super) fn remove(
    ws: &Workspace,
    contact: ContactId,
    campaign: &CampaignId,
    actor: &Actor,
    now: Timestamp,
) -> Decision {
    require_may_set(ws, campaign, actor)?;
    let contact = ws.resolve(contact);
    let before = ws.exclusive_agent(contact, campaign);
    let agent = before.ok_or_else(|| Rejection::NoExclusiveAgent(contact, campaign.clone()))?;
    Ok(removed(ws, contact, campaign, agent, now))
}

/// What happens when the time of an exclusive agent is over.
pub(super) fn expire(
    ws: &Workspace,
    contact: ContactId,
    campaign: &CampaignId,
    now: Timestamp,
) -> Vec<Event> {
    match ws.exclusive.get(&(contact, campaign.clone())) {
        Some(ExclusiveAgent { agent, until: Some(until) }) if *until <= now => {
            removed(ws, contact, campaign, agent, now)
        }
        Some(_) | None => vec![],
    }
}

fn removed(
    ws: &Workspace,
    contact: ContactId,
    campaign: &CampaignId,
    agent: &AgentId,
    now: Timestamp,
) -> Vec<Event> {
    let open = open_in_campaign(ws, contact, campaign);
    let conversation = open.first().map(|(id, _)| *id);
    let (campaign, agent) = (campaign.clone(), agent.clone());
    let mut events = vec![ExclusiveAgentRemoved { contact, campaign, agent, conversation }.into()];
    events.extend(reroute_kept(ws, &open, None, now));
    events
}

/// Administrators and supervisors anywhere, agents who have the permission in the campaigns they work in.
fn require_may_set(ws: &Workspace, campaign: &CampaignId, actor: &Actor) -> Result<(), Rejection> {
    if !ws.campaigns.contains_key(campaign) {
        return Err(Rejection::UnknownCampaign(campaign.clone()));
    }
    let works_here = match actor {
        Actor::Agent(id) => ws.agents.get(id).is_some_and(|agent| {
            agent.definition.may_set_exclusive && agent.definition.campaigns.contains(campaign)
        }),
        Actor::Administrator | Actor::System | Actor::Channel(_) => false,
    };
    match role(ws, actor) {
        Some(Role::Administrator | Role::Supervisor) => Ok(()),
        Some(Role::Agent) if works_here => Ok(()),
        Some(Role::Agent | Role::Auditor) | None => Err(Rejection::Forbidden),
    }
}

/// One conversation for each of the campaign's channels that the contact has written on.
fn open_in_campaign<'a>(
    ws: &'a Workspace,
    contact: ContactId,
    campaign: &CampaignId,
) -> Vec<(ConversationId, &'a Conversation)> {
    let mut open = ws.open_of(contact);
    open.retain(|(_, c)| c.campaign == *campaign);
    open
}

/// What waits for the exclusive agent of before goes to the new one, or to anybody, in the order of the queue.
fn reroute_kept<'a>(
    ws: &'a Workspace,
    open: &[(ConversationId, &'a Conversation)],
    exclusive: Option<&'a AgentId>,
    now: Timestamp,
) -> Vec<Event> {
    let kept = open.iter().filter_map(|(id, conversation)| match &conversation.stage {
        Stage::Waiting { since, number, priority, reserved: Some(_), .. } => {
            Some((Reverse(*priority), *since, *number, *id, *conversation))
        }
        Stage::Waiting { reserved: None, .. } | Stage::Offered { .. } | Stage::Assigned(_) | Stage::Loose => {
            None
        }
    });
    let mut kept: Vec<_> = kept.collect();
    kept.sort_unstable_by_key(|(priority, since, number, ..)| (*priority, *since, *number));
    let mut router = Router::new(ws, now, None);
    kept.into_iter()
        .map(|(_, since, _, id, conversation)| {
            let loose = conversation.loose(id, since, QueueCause::ExclusiveWaitOver);
            router.route_to(&loose, exclusive)
        })
        .collect()
}

impl Workspace {
    /// Has a contact's exclusive agent in a campaign be this one, or nobody.
    pub(super) fn set_exclusive(
        &mut self,
        contact: ContactId,
        campaign: &CampaignId,
        exclusive: Option<ExclusiveAgent>,
    ) {
        let until = |exclusive: &ExclusiveAgent| exclusive.until;
        let due = || Due::ExclusiveAgent(contact, campaign.clone());
        let after = exclusive.as_ref().and_then(until);
        let before = match exclusive {
            Some(exclusive) => self.exclusive.insert((contact, campaign.clone()), exclusive),
            None => self.exclusive.remove(&(contact, campaign.clone())),
        };
        if let Some(at) = before.as_ref().and_then(until) {
            self.deadlines.remove(&(at, due()));
        }
        self.deadlines.extend(after.map(|at| (at, due())));
    }
}

pub(super) fn was_set(ws: &mut Workspace, event: &ExclusiveAgentSet) {
    let ExclusiveAgentSet { agent, until, .. } = event.clone();
    ws.set_exclusive(event.contact, &event.campaign, Some(ExclusiveAgent { agent, until }));
}

pub(super) fn was_removed(ws: &mut Workspace, event: &ExclusiveAgentRemoved) {
    ws.set_exclusive(event.contact, &event.campaign, None);
}
