//! The model's masters: what was defined last, and what may be defined.

use std::collections::BTreeMap;

use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined,
    SettingsDefined, TextDefined, WorkspaceCreated,
};
use schemas::limits::{
    AFTER_WORK_SECONDS_MAX, AWAY_REASONS_MAX, CAPACITY_MAX, GRACE_SECONDS_MAX, IDENTITY_BYTES_MAX,
    LIST_ITEMS_MAX, NAME_CHARS_MAX, OFFER_SECONDS_MAX, OVERFLOW_SECONDS_MAX, PRIORITY_MAX, SKILL_LEVEL_MAX,
    SKILLS_MAX,
};
use schemas::masters::NOT_RESPONDING;
use schemas::{
    Actor, CampaignId, ChannelId, ClientId, DispositionId, ProjectId, Role, Routing, Skills, TextId,
};

use crate::contacts::check_fields;
use crate::reference::{Code, Reference, Talk, Verdict, only_if, or_refused};

/// Kept for transfers.
const TRANSFER: &str = "transfer";

#[derive(Debug, Clone, Default)]
pub(crate) struct Masters {
    pub(crate) is_created: bool,
    pub(crate) settings: SettingsDefined,
    pub(crate) clients: BTreeMap<ClientId, ClientDefined>,
    pub(crate) projects: BTreeMap<ProjectId, ProjectDefined>,
    pub(crate) campaigns: BTreeMap<CampaignId, CampaignDefined>,
    pub(crate) channels: BTreeMap<ChannelId, ChannelDefined>,
    dispositions: BTreeMap<DispositionId, DispositionDefined>,
    pub(crate) texts: BTreeMap<TextId, TextDefined>,
}

/// Has a master be as said.
pub(crate) fn be<K: Ord, V: Clone + PartialEq>(masters: &mut BTreeMap<K, V>, id: K, wanted: &V) -> Verdict {
    if masters.get(&id) == Some(wanted) {
        return Verdict::Nothing;
    }
    masters.insert(id, wanted.clone());
    Verdict::Happened
}

pub(crate) fn is_text(text: &str, chars_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars_max
}

pub(crate) fn is_network_id(text: &str, bytes_max: usize) -> bool {
    text.len() <= bytes_max && !text.trim().is_empty()
}

pub(crate) fn check_skills(skills: &Skills) -> Result<(), Code> {
    if skills.len() > SKILLS_MAX {
        return Err("too_many");
    }
    let is_good = skills.values().all(|level| (1..=SKILL_LEVEL_MAX).contains(level));
    if is_good { Ok(()) } else { Err("skill_level") }
}

impl Masters {
    fn children(&self, of: &DispositionId) -> impl Iterator<Item = &DispositionDefined> {
        self.dispositions.values().filter(move |found| found.parent.as_ref() == Some(of))
    }

    pub(crate) fn may_finish_with(
        &self,
        campaign: &CampaignId,
        disposition: &DispositionId,
        sub: Option<&DispositionId>,
    ) -> Result<(), Code> {
        self.fits(&self.campaigns[campaign], disposition, sub)
    }

    /// A conversation of this campaign can be finished with this.
    pub(crate) fn fits(
        &self,
        campaign: &CampaignDefined,
        disposition: &DispositionId,
        sub: Option<&DispositionId>,
    ) -> Result<(), Code> {
        let Some(found) = self.dispositions.get(disposition) else {
            return Err("unknown_disposition");
        };
        if !campaign.dispositions.contains(disposition) || found.parent.is_some() {
            return Err("disposition_not_allowed");
        }
        let children: Vec<_> = self.children(disposition).map(|child| &child.disposition).collect();
        match sub {
            None if !children.is_empty() => Err("sub_disposition_required"),
            Some(_) if children.is_empty() => Err("sub_disposition_unexpected"),
            Some(sub) if !children.contains(&sub) => Err("not_a_sub_disposition"),
            None | Some(_) => Ok(()),
        }
    }

    fn check_routing(&self, campaign: &CampaignDefined) -> Result<(), Code> {
        let Routing { policy: _, skills, priority, offer_seconds, overflow } = &campaign.routing;
        check_skills(skills)?;
        if *priority > PRIORITY_MAX {
            return Err("priority_too_high");
        }
        if offer_seconds.is_some_and(|seconds| seconds == 0 || seconds > OFFER_SECONDS_MAX) {
            return Err("offer_seconds");
        }
        let Some(overflow) = overflow else { return Ok(()) };
        if overflow.after_seconds == 0 || overflow.after_seconds > OVERFLOW_SECONDS_MAX {
            return Err("overflow_seconds");
        }
        if overflow.campaign == campaign.campaign {
            return Err("overflow_to_itself");
        }
        let Some(to) = self.campaigns.get(&overflow.campaign) else {
            return Err("unknown_campaign");
        };
        let takes_all = campaign.channels.iter().all(|channel| to.channels.contains(channel));
        if takes_all { Ok(()) } else { Err("campaign_not_on_channel") }
    }
}

impl Reference {
    fn check_named(&self, actor: &Actor, name: &str) -> Result<(), Code> {
        if self.role(actor) != Some(Role::Administrator) {
            return Err("forbidden");
        }
        if is_text(name, NAME_CHARS_MAX) { Ok(()) } else { Err("invalid_text") }
    }

    pub(crate) fn create(&mut self, actor: &Actor, created: &WorkspaceCreated) -> Verdict {
        only_if!(matches!(actor, Actor::System | Actor::Administrator), "forbidden");
        only_if!(is_text(&created.name, NAME_CHARS_MAX), "invalid_text");
        if self.masters.is_created {
            return Verdict::Nothing;
        }
        self.masters.is_created = true;
        Verdict::Happened
    }

    pub(crate) fn define_client(&mut self, actor: &Actor, client: &ClientDefined) -> Verdict {
        or_refused!(self.check_named(actor, &client.name));
        or_refused!(check_fields(&client.contact_fields));
        be(&mut self.masters.clients, client.client.clone(), client)
    }

    pub(crate) fn define_project(&mut self, actor: &Actor, project: &ProjectDefined) -> Verdict {
        or_refused!(self.check_named(actor, &project.name));
        only_if!(self.masters.clients.contains_key(&project.client), "unknown_client");
        be(&mut self.masters.projects, project.project.clone(), project)
    }

    pub(crate) fn define_channel(&mut self, actor: &Actor, channel: &ChannelDefined) -> Verdict {
        or_refused!(self.check_named(actor, &channel.name));
        only_if!(is_network_id(&channel.address, IDENTITY_BYTES_MAX), "invalid_text");
        for (id, other) in &self.masters.channels {
            let is_same = other.kind == channel.kind && other.address == channel.address;
            only_if!(*id == channel.channel || !is_same, "address_taken");
        }
        let before = self.masters.channels.get(&channel.channel);
        only_if!(before.is_none_or(|before| before.kind == channel.kind), "channel_kind_fixed");
        be(&mut self.masters.channels, channel.channel.clone(), channel)
    }

    pub(crate) fn define_disposition(&mut self, actor: &Actor, disposition: &DispositionDefined) -> Verdict {
        or_refused!(self.check_named(actor, &disposition.name));
        let id = &disposition.disposition;
        only_if!(id.as_str() != TRANSFER, "reserved_disposition");
        if let Some(parent) = &disposition.parent {
            let Some(found) = self.masters.dispositions.get(parent) else {
                return Verdict::Refused("unknown_disposition");
            };
            only_if!(found.parent.is_none() && parent != id, "disposition_too_deep");
            only_if!(self.masters.children(id).next().is_none(), "disposition_has_children");
        }
        be(&mut self.masters.dispositions, id.clone(), disposition)
    }

    pub(crate) fn define_settings(&mut self, actor: &Actor, settings: &SettingsDefined) -> Verdict {
        only_if!(self.role(actor) == Some(Role::Administrator), "forbidden");
        let reasons = &settings.away_reasons;
        only_if!(reasons.len() <= AWAY_REASONS_MAX, "too_many");
        only_if!(reasons.iter().all(|reason| is_text(&reason.name, NAME_CHARS_MAX)), "invalid_text");
        let is_reserved = reasons.iter().any(|reason| reason.id.as_str() == NOT_RESPONDING);
        only_if!(!is_reserved, "reserved_away_reason");
        only_if!(settings.grace_seconds <= GRACE_SECONDS_MAX, "grace_seconds");
        if self.masters.settings == *settings {
            return Verdict::Nothing;
        }
        self.masters.settings = settings.clone();
        Verdict::Happened
    }

    pub(crate) fn define_campaign(&mut self, actor: &Actor, campaign: &CampaignDefined) -> Verdict {
        or_refused!(self.check_named(actor, &campaign.name));
        only_if!(self.masters.projects.contains_key(&campaign.project), "unknown_project");
        let lists = [campaign.channels.len(), campaign.dispositions.len()];
        only_if!(lists.into_iter().all(|len| len <= LIST_ITEMS_MAX), "too_many");
        let known = |channel| self.masters.channels.contains_key(channel);
        only_if!(campaign.channels.iter().all(known), "unknown_channel");
        for id in &campaign.dispositions {
            let Some(found) = self.masters.dispositions.get(id) else {
                return Verdict::Refused("unknown_disposition");
            };
            only_if!(found.parent.is_none(), "not_top_disposition");
        }
        or_refused!(self.masters.check_routing(campaign));
        only_if!(campaign.after_work_seconds <= AFTER_WORK_SECONDS_MAX, "after_work_seconds");
        or_refused!(self.masters.check_timing(campaign));
        let verdict = be(&mut self.masters.campaigns, campaign.campaign.clone(), campaign);
        if verdict == Verdict::Happened {
            self.will_route(&campaign.campaign);
        }
        verdict
    }

    pub(crate) fn check_agent(&self, actor: &Actor, agent: &AgentDefined) -> Result<(), Code> {
        self.check_named(actor, &agent.name)?;
        if agent.campaigns.len() > LIST_ITEMS_MAX || agent.channels.len() > LIST_ITEMS_MAX {
            return Err("too_many");
        }
        check_skills(&agent.skills)?;
        if agent.capacity > CAPACITY_MAX {
            return Err("too_many");
        }
        if agent.campaigns.iter().any(|id| !self.masters.campaigns.contains_key(id)) {
            return Err("unknown_campaign");
        }
        if agent.channels.iter().any(|id| !self.masters.channels.contains_key(id)) {
            return Err("unknown_channel");
        }
        Ok(())
    }

    /// Whether the actor may report what happens on the channel.
    pub(crate) fn may_report(&self, actor: &Actor, channel: &ChannelId) -> Result<(), Code> {
        let is_it = *actor == Actor::Channel(channel.clone());
        if !is_it && self.role(actor) != Some(Role::Administrator) {
            return Err("forbidden");
        }
        if self.masters.channels.contains_key(channel) { Ok(()) } else { Err("unknown_channel") }
    }

    pub(crate) fn campaign(&self, campaign: &CampaignId) -> Option<&CampaignDefined> {
        self.masters.campaigns.get(campaign)
    }

    pub(crate) fn routing(&self, campaign: &CampaignId) -> &Routing {
        &self.masters.campaigns[campaign].routing
    }

    pub(crate) fn works_on(&self, campaign: &CampaignId, channel: &ChannelId) -> bool {
        self.masters.campaigns.get(campaign).is_some_and(|campaign| campaign.channels.contains(channel))
    }

    /// Where new conversations of a channel begin: as it says, else the first campaign that works on it.
    pub(crate) fn entry_of(&self, channel: &ChannelId) -> Option<CampaignId> {
        let said = self.masters.channels[channel].entry_campaign.clone();
        let mut all = said.into_iter().chain(self.masters.campaigns.keys().cloned());
        all.find(|campaign| self.works_on(campaign, channel))
    }

    pub(crate) fn can_go_to(&self, campaign: &CampaignId, talk: &Talk) -> Result<(), Code> {
        let all = &self.masters.campaigns;
        if !all.contains_key(campaign) {
            return Err("unknown_campaign");
        }
        if *campaign == talk.campaign {
            return Err("transfer_to_same_campaign");
        }
        if all.keys().filter(|id| self.works_on(id, &talk.channel)).count() < 2 {
            return Err("only_one_campaign");
        }
        if self.works_on(campaign, &talk.channel) { Ok(()) } else { Err("campaign_not_on_channel") }
    }
}
