//! Masters: clients, projects, campaigns, channels, dispositions. Defining one as it is already changes nothing.

use schemas::event::{
    CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, Event, ProjectDefined,
    SettingsDefined, WorkspaceCreated,
};
use schemas::limits::{
    AFTER_WORK_SECONDS_MAX, AWAY_REASONS_MAX, GRACE_SECONDS_MAX, IDENTITY_BYTES_MAX, LIST_ITEMS_MAX,
    MASTERS_PER_KIND_MAX, OFFER_SECONDS_MAX, OVERFLOW_SECONDS_MAX, PRIORITY_MAX, SKILL_LEVEL_MAX, SKILLS_MAX,
};
use schemas::masters::NOT_RESPONDING;
use schemas::{Actor, AgentId, Overflow, Rejection, Routing, Skills, Timestamp, Timing, WorkspaceId};

use super::calendar::Calendar;
use super::contacts::fields::require_declarable;
use super::permission::{require_administrator, require_name, require_network_id};
use super::state::{State, Workspace};
use super::transfer::TRANSFER_DISPOSITION;
use super::{inactivity, service_level};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn create_workspace(
    state: &State,
    id: &WorkspaceId,
    created: &WorkspaceCreated,
    actor: &Actor,
) -> Decision {
    if !matches!(actor, Actor::System | Actor::Administrator) {
        return Err(Rejection::Forbidden);
    }
    require_name(&created.name)?;
    Ok(if state.workspace(id).is_some() { vec![] } else { vec![created.clone().into()] })
}

/// The event, unless things are so already.
pub(super) fn unless_same<T: PartialEq + Clone + Into<Event>>(before: Option<&T>, wanted: &T) -> Vec<Event> {
    if before == Some(wanted) { vec![] } else { vec![wanted.clone().into()] }
}

pub(super) fn require_space(what: &str, len: usize, exists: bool) -> Result<(), Rejection> {
    if exists || len < MASTERS_PER_KIND_MAX { Ok(()) } else { Err(Rejection::TooMany(what.to_owned())) }
}

pub(super) fn require_short_list(what: &str, len: usize) -> Result<(), Rejection> {
    if len <= LIST_ITEMS_MAX { Ok(()) } else { Err(Rejection::TooMany(what.to_owned())) }
}

pub(super) fn define_settings(ws: &Workspace, settings: &SettingsDefined, actor: &Actor) -> Decision {
    require_administrator(ws, actor)?;
    let SettingsDefined { away_reasons, grace_seconds } = settings;
    if away_reasons.len() > AWAY_REASONS_MAX {
        return Err(Rejection::TooMany("away reasons".to_owned()));
    }
    away_reasons.iter().try_for_each(|reason| require_name(&reason.name))?;
    if let Some(reserved) = away_reasons.iter().find(|reason| reason.id.as_str() == NOT_RESPONDING) {
        return Err(Rejection::ReservedAwayReason(reserved.id.clone()));
    }
    if *grace_seconds > GRACE_SECONDS_MAX {
        return Err(Rejection::GraceOutOfRange(*grace_seconds));
    }
    Ok(unless_same(Some(&ws.settings), settings))
}

pub(super) fn define_client(ws: &Workspace, client: &ClientDefined, actor: &Actor) -> Decision {
    require_administrator(ws, actor)?;
    require_name(&client.name)?;
    require_declarable(&client.contact_fields)?;
    let before = ws.clients.get(&client.client);
    require_space("clients", ws.clients.len(), before.is_some())?;
    Ok(unless_same(before, client))
}

pub(super) fn define_project(ws: &Workspace, project: &ProjectDefined, actor: &Actor) -> Decision {
    require_administrator(ws, actor)?;
    require_name(&project.name)?;
    if !ws.clients.contains_key(&project.client) {
        return Err(Rejection::UnknownClient(project.client.clone()));
    }
    let before = ws.projects.get(&project.project);
    require_space("projects", ws.projects.len(), before.is_some())?;
    Ok(unless_same(before, project))
}

pub(super) fn define_channel(ws: &Workspace, channel: &ChannelDefined, actor: &Actor) -> Decision {
    require_administrator(ws, actor)?;
    require_name(&channel.name)?;
    require_network_id("address", &channel.address, IDENTITY_BYTES_MAX)?;
    let taken = ws.channels.values().find(|other| {
        other.channel != channel.channel && other.kind == channel.kind && other.address == channel.address
    });
    if let Some(other) = taken {
        return Err(Rejection::AddressTaken(other.channel.clone()));
    }
    let before = ws.channels.get(&channel.channel);
    if before.is_some_and(|before| before.kind != channel.kind) {
        return Err(Rejection::ChannelKindFixed(channel.channel.clone()));
    }
    require_space("channels", ws.channels.len(), before.is_some())?;
    Ok(unless_same(before, channel))
}

pub(super) fn define_disposition(
    ws: &Workspace,
    disposition: &DispositionDefined,
    actor: &Actor,
) -> Decision {
    require_administrator(ws, actor)?;
    require_name(&disposition.name)?;
    let id = &disposition.disposition;
    if id.as_str() == TRANSFER_DISPOSITION {
        return Err(Rejection::ReservedDisposition(id.clone()));
    }
    if let Some(parent) = &disposition.parent {
        let found =
            ws.dispositions.get(parent).ok_or_else(|| Rejection::UnknownDisposition(parent.clone()))?;
        if found.parent.is_some() || parent == id {
            return Err(Rejection::DispositionTooDeep(parent.clone()));
        }
        if ws.dispositions.values().any(|child| child.parent.as_ref() == Some(id)) {
            return Err(Rejection::DispositionHasChildren(id.clone()));
        }
    }
    let before = ws.dispositions.get(id);
    require_space("dispositions", ws.dispositions.len(), before.is_some())?;
    Ok(unless_same(before, disposition))
}

pub(super) fn define_campaign(ws: &Workspace, campaign: &CampaignDefined, actor: &Actor) -> Decision {
    require_administrator(ws, actor)?;
    require_name(&campaign.name)?;
    if !ws.projects.contains_key(&campaign.project) {
        return Err(Rejection::UnknownProject(campaign.project.clone()));
    }
    require_short_list("channels", campaign.channels.len())?;
    require_short_list("dispositions", campaign.dispositions.len())?;
    if let Some(unknown) = campaign.channels.iter().find(|id| !ws.channels.contains_key(id)) {
        return Err(Rejection::UnknownChannel(unknown.clone()));
    }
    for id in &campaign.dispositions {
        let found = ws.dispositions.get(id).ok_or_else(|| Rejection::UnknownDisposition(id.clone()))?;
        if found.parent.is_some() {
            return Err(Rejection::NotTopDisposition(id.clone()));
        }
    }
    require_routing(ws, campaign)?;
    if campaign.after_work_seconds > AFTER_WORK_SECONDS_MAX {
        return Err(Rejection::AfterWorkOutOfRange(campaign.after_work_seconds));
    }
    require_timing(ws, campaign)?;
    let before = ws.campaigns.get(&campaign.campaign);
    require_space("campaigns", ws.campaigns.len(), before.is_some())?;
    Ok(unless_same(before, campaign))
}

fn require_routing(ws: &Workspace, campaign: &CampaignDefined) -> Result<(), Rejection> {
    let Routing { policy: _, skills, priority, offer_seconds, overflow } = &campaign.routing;
    require_skills(skills)?;
    require_priority(*priority)?;
    if let Some(seconds) = offer_seconds.filter(|seconds| !(1..=OFFER_SECONDS_MAX).contains(seconds)) {
        return Err(Rejection::OfferOutOfRange(seconds));
    }
    let Some(Overflow { after_seconds, campaign: to }) = overflow else {
        return Ok(());
    };
    if !(1..=OVERFLOW_SECONDS_MAX).contains(after_seconds) {
        return Err(Rejection::OverflowOutOfRange(*after_seconds));
    }
    if *to == campaign.campaign {
        return Err(Rejection::OverflowToItself(to.clone()));
    }
    let found = ws.campaigns.get(to).ok_or_else(|| Rejection::UnknownCampaign(to.clone()))?;
    match campaign.channels.iter().find(|channel| !found.channels.contains(channel)) {
        Some(channel) => Err(Rejection::CampaignNotOnChannel(to.clone(), channel.clone())),
        None => Ok(()),
    }
}

fn require_timing(ws: &Workspace, campaign: &CampaignDefined) -> Result<(), Rejection> {
    let Timing { inactivity, service_level, business_hours } = &campaign.timing;
    inactivity.as_ref().map_or(Ok(()), |rule| inactivity::require(ws, campaign, rule))?;
    service_level.as_ref().map_or(Ok(()), service_level::require)?;
    business_hours.as_ref().map_or(Ok(()), |hours| Calendar::of(hours).map(drop))
}

pub(super) fn require_skills(skills: &Skills) -> Result<(), Rejection> {
    if skills.len() > SKILLS_MAX {
        return Err(Rejection::TooMany("skills".to_owned()));
    }
    match skills.iter().find(|(_, level)| !(1..=SKILL_LEVEL_MAX).contains(*level)) {
        Some((skill, _)) => Err(Rejection::SkillLevel(skill.clone())),
        None => Ok(()),
    }
}

pub(super) fn require_priority(priority: u8) -> Result<(), Rejection> {
    if priority <= PRIORITY_MAX { Ok(()) } else { Err(Rejection::PriorityTooHigh(priority)) }
}

pub(super) fn client_defined(ws: &mut Workspace, event: &ClientDefined) {
    ws.clients.insert(event.client.clone(), event.clone());
}

pub(super) fn project_defined(ws: &mut Workspace, event: &ProjectDefined) {
    ws.projects.insert(event.project.clone(), event.clone());
}

pub(super) fn campaign_defined(ws: &mut Workspace, event: &CampaignDefined, at: Timestamp) {
    let members: Vec<AgentId> = ws.agents_of.get(&event.campaign).into_iter().flatten().cloned().collect();
    // They are ranked by the policy of before.
    for agent in members.iter().filter_map(|id| ws.agents.get(id)) {
        ws.rooms.leave(agent, &ws.campaigns);
    }
    ws.campaigns.insert(event.campaign.clone(), event.clone());
    ws.set_calendar(&event.campaign);
    for agent in members.iter().filter_map(|id| ws.agents.get(id)) {
        ws.rooms.enter(agent, &ws.campaigns);
    }
    ws.arm_rerouting(&event.campaign, at);
}

pub(super) fn channel_defined(ws: &mut Workspace, event: &ChannelDefined) {
    ws.channels.insert(event.channel.clone(), event.clone());
}

pub(super) fn disposition_defined(ws: &mut Workspace, event: &DispositionDefined) {
    ws.dispositions.insert(event.disposition.clone(), event.clone());
}
