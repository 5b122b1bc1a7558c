//! The exclusive agent of a contact in a campaign, and the waits for one.

use std::cmp::Reverse;

use schemas::event::{Event, ExclusiveAgentRemoved, ExclusiveAgentSet, QueueCause};
use schemas::{Actor, AgentId, CampaignId, ContactId, ConversationId, Rejection, Role, Timestamp};

use super::permission::role;
use super::routing::Router;
use super::state::{Conversation, Stage, Workspace};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn set(
    ws: &Workspace,
    contact: ContactId,
    campaign: &CampaignId,
    agent: &AgentId,
    actor: &Actor,
    now: Timestamp,
) -> Decision {
    require_may_set(ws, campaign, actor)?;
    let definition = &ws.known_agent(agent)?.definition;
    if !definition.campaigns.contains(campaign) {
        return Err(Rejection::AgentNotInCampaign(agent.clone(), campaign.clone()));
    }
    if definition.role == Role::Auditor {
        return Err(Rejection::NotAttending(agent.clone()));
    }
    if ws.exclusive.get(&(contact, campaign.clone())) == Some(agent) {
        return Ok(vec![]);
    }
    let open = open_in_campaign(ws, contact, campaign);
    let conversation = open.first().map(|(id, _)| *id);
    let mut events = vec![
        ExclusiveAgentSet { contact, campaign: campaign.clone(), agent: agent.clone(), conversation }.into(),
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
    let before = ws.exclusive.get(&(contact, campaign.clone()));
    let agent = before.ok_or_else(|| Rejection::NoExclusiveAgent(contact, campaign.clone()))?.clone();
    let open = open_in_campaign(ws, contact, campaign);
    let conversation = open.first().map(|(id, _)| *id);
    let mut events =
        vec![ExclusiveAgentRemoved { contact, campaign: campaign.clone(), agent, conversation }.into()];
    events.extend(reroute_kept(ws, &open, None, now));
    Ok(events)
}

/// Administrators and supervisors anywhere, agents in the campaigns they work in.
fn require_may_set(ws: &Workspace, campaign: &CampaignId, actor: &Actor) -> Result<(), Rejection> {
    if !ws.campaigns.contains_key(campaign) {
        return Err(Rejection::UnknownCampaign(campaign.clone()));
    }
    let works_here = match actor {
        Actor::Agent(id) => ws.agents.get(id).is_some_and(|a| a.definition.campaigns.contains(campaign)),
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
    let channels = ws.channels.keys();
    let open = channels.filter_map(|channel| ws.open.get(&(contact, channel.clone())));
    open.filter_map(|id| ws.conversations.get(id).map(|c| (*id, c)))
        .filter(|(_, c)| c.campaign == *campaign)
        .collect()
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

pub(super) fn was_set(ws: &mut Workspace, event: &ExclusiveAgentSet) {
    ws.exclusive.insert((event.contact, event.campaign.clone()), event.agent.clone());
}

pub(super) fn was_removed(ws: &mut Workspace, event: &ExclusiveAgentRemoved) {
    ws.exclusive.remove(&(event.contact, event.campaign.clone()));
}
