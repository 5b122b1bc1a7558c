//! Masters, from the form of requests to that of the log, and back to that of answers.

use engine::clock;
use engine::domain::Calendar;
use projections::AgentRow;
use schemas::api::requests::{
    DefineAgent, DefineCampaign, DefineChannel, DefineClient, DefineDisposition, DefineProject,
    DefineSettings, DefineText,
};
use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined,
    SettingsDefined, TextDefined,
};
use schemas::{
    AgentId, BusinessHours, CampaignId, ChannelId, ClientId, Command, DispositionId, ExclusiveWait, Presence,
    ProjectId, TextId, Timestamp, Timing,
};

use super::{Agent, Campaign, HoursNow, Master};

pub(super) fn define_settings(body: DefineSettings) -> Command {
    let DefineSettings { away_reasons, grace_seconds } = body;
    Command::DefineSettings(SettingsDefined { away_reasons, grace_seconds })
}

pub(super) fn show_settings(row: SettingsDefined) -> DefineSettings {
    let SettingsDefined { away_reasons, grace_seconds } = row;
    DefineSettings { away_reasons, grace_seconds }
}

pub(super) fn define_client(client: ClientId, body: DefineClient) -> Command {
    let DefineClient { name, history_conversations, contact_fields } = body;
    Command::DefineClient(ClientDefined { client, name, history_conversations, contact_fields })
}

pub(super) fn show_client(row: ClientDefined) -> Master<DefineClient> {
    let ClientDefined { client, name, history_conversations, contact_fields } = row;
    let definition = DefineClient { name, history_conversations, contact_fields };
    Master { id: client.to_string(), definition }
}

pub(super) fn define_project(project: ProjectId, body: DefineProject) -> Command {
    let DefineProject { client, name } = body;
    Command::DefineProject(ProjectDefined { project, client, name })
}

pub(super) fn show_project(row: ProjectDefined) -> Master<DefineProject> {
    let ProjectDefined { project, client, name } = row;
    Master { id: project.to_string(), definition: DefineProject { client, name } }
}

pub(super) fn define_campaign(campaign: CampaignId, body: DefineCampaign) -> Command {
    Command::DefineCampaign(CampaignDefined {
        campaign,
        project: body.project,
        name: body.name,
        channels: body.channels,
        dispositions: body.dispositions,
        hours_shown: body.hours_shown,
        external_resources: body.external_resources,
        exclusive_wait: body.exclusive_wait_seconds.map_or(ExclusiveWait::Forever, ExclusiveWait::Seconds),
        exclusive_days: body.exclusive_days,
        routing: body.routing,
        absence: body.absence,
        after_work_seconds: body.after_work_seconds,
        timing: Timing {
            inactivity: body.inactivity.map(Box::new),
            service_level: body.service_level,
            business_hours: body.business_hours.map(Box::new),
        },
    })
}

pub(super) fn show_campaign(row: CampaignDefined) -> Campaign {
    let hours_now = row.timing.business_hours.as_ref().and_then(|hours| hours_at(hours, clock::now()));
    let definition = DefineCampaign {
        project: row.project,
        name: row.name,
        channels: row.channels,
        dispositions: row.dispositions,
        hours_shown: row.hours_shown,
        external_resources: row.external_resources,
        exclusive_wait_seconds: match row.exclusive_wait {
            ExclusiveWait::Seconds(seconds) => Some(seconds),
            ExclusiveWait::Forever => None,
        },
        exclusive_days: row.exclusive_days,
        routing: row.routing,
        absence: row.absence,
        after_work_seconds: row.after_work_seconds,
        inactivity: row.timing.inactivity.map(|rule| *rule),
        service_level: row.timing.service_level,
        business_hours: row.timing.business_hours.map(|hours| *hours),
    };
    Campaign { id: row.campaign.to_string(), definition, hours_now }
}

fn hours_at(hours: &BusinessHours, now: Timestamp) -> Option<HoursNow> {
    let calendar = Calendar::of(hours).ok()?;
    Some(HoursNow {
        is_open: calendar.is_open(now),
        opens_at: calendar.opens_after(now),
        closes_at: calendar.closes_after(now),
    })
}

pub(super) fn define_channel(channel: ChannelId, body: DefineChannel) -> Command {
    let DefineChannel { kind, address, name, entry_campaign, show_status } = body;
    Command::DefineChannel(ChannelDefined { channel, kind, address, name, entry_campaign, show_status })
}

pub(super) fn show_channel(row: ChannelDefined) -> Master<DefineChannel> {
    let ChannelDefined { channel, kind, address, name, entry_campaign, show_status } = row;
    let definition = DefineChannel { kind, address, name, entry_campaign, show_status };
    Master { id: channel.to_string(), definition }
}

pub(super) fn define_disposition(disposition: DispositionId, body: DefineDisposition) -> Command {
    let DefineDisposition { name, parent } = body;
    Command::DefineDisposition(DispositionDefined { disposition, name, parent })
}

pub(super) fn show_disposition(row: DispositionDefined) -> Master<DefineDisposition> {
    let DispositionDefined { disposition, name, parent } = row;
    Master { id: disposition.to_string(), definition: DefineDisposition { name, parent } }
}

pub(super) fn define_text(text: TextId, body: DefineText) -> Command {
    let DefineText { campaign, name, shortcut, text: body } = body;
    Command::DefineText(TextDefined { text, campaign, name, shortcut, body })
}

pub(super) fn show_text(row: TextDefined) -> Master<DefineText> {
    let TextDefined { text, campaign, name, shortcut, body } = row;
    Master { id: text.to_string(), definition: DefineText { campaign, name, shortcut, text: body } }
}

pub(super) fn define_agent(agent: AgentId, body: DefineAgent) -> Command {
    Command::DefineAgent(AgentDefined {
        agent,
        name: body.name,
        role: body.role,
        campaigns: body.campaigns,
        channels: body.channels,
        capacity: body.capacity,
        capacity_of: body.capacity_of,
        skills: body.skills,
        may_set_exclusive: body.may_set_exclusive,
    })
}

pub(super) fn show_agent(row: AgentRow) -> Agent {
    let AgentRow { definition, presence, is_connected, .. } = row;
    let (presence, away_reason) = match presence {
        Presence::Online => ("online", None),
        Presence::Away { reason } => ("away", Some(reason)),
        Presence::Offline => ("offline", None),
    };
    let id = definition.agent.to_string();
    let definition = DefineAgent {
        name: definition.name,
        role: definition.role,
        campaigns: definition.campaigns,
        channels: definition.channels,
        capacity: definition.capacity,
        capacity_of: definition.capacity_of,
        skills: definition.skills,
        may_set_exclusive: definition.may_set_exclusive,
    };
    Agent { id, presence, away_reason, is_connected, definition }
}
