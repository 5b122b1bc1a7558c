//! A small contact centre in which everything meets: shared channels of two kinds, every policy, two skills, agents
//! who work in several campaigns. Masters are few so that random steps often touch the same ones.

use std::collections::BTreeMap;

use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined,
    WorkspaceCreated,
};
use schemas::{
    Absence, AgentId, CampaignId, ChannelId, ChannelKind, ClientId, Command, ContactId, DispositionId,
    ExclusiveWait, ProjectId, Role, Routing, SkillId, Skills, Timestamp, Timing, WorkspaceId,
};

pub(super) const CAMPAIGNS: [(&str, &[&str], ExclusiveWait); 3] = [
    ("sales", &["one", "two"], ExclusiveWait::Seconds(20)),
    ("support", &["one"], ExclusiveWait::Forever),
    ("billing", &["two"], ExclusiveWait::Seconds(0)),
];
/// Each with the campaign that gets its new conversations.
pub(super) const CHANNELS: [(&str, &str); 2] = [("one", "sales"), ("two", "sales")];
pub(super) const AGENTS: [&str; 5] = ["ana", "ben", "carla", "dan", "sue"];
pub(super) const SUPERVISOR: &str = "sue";
pub(super) const CONTACTS: usize = 6;

pub(super) fn workspace() -> WorkspaceId {
    WorkspaceId::new("default").expect("a good id")
}

pub(super) fn opening() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

pub(super) fn agent(index: usize) -> AgentId {
    AgentId::new(AGENTS[index % AGENTS.len()]).expect("a good id")
}

pub(super) fn campaign(index: usize) -> CampaignId {
    CampaignId::new(CAMPAIGNS[index % CAMPAIGNS.len()].0).expect("a good id")
}

pub(super) fn channel(index: usize) -> ChannelId {
    ChannelId::new(CHANNELS[index % CHANNELS.len()].0).expect("a good id")
}

pub(super) fn contact(index: usize) -> ContactId {
    ContactId::from_bytes([(index % CONTACTS) as u8; 16])
}

pub(super) fn identity(index: usize) -> String {
    format!("identity {}", index % CONTACTS)
}

pub(super) fn disposition() -> DispositionId {
    DispositionId::new("solved").expect("a good id")
}

pub(super) fn role(id: &AgentId) -> Role {
    if id.as_str() == SUPERVISOR { Role::Supervisor } else { Role::Agent }
}

pub(super) fn creation() -> Command {
    Command::CreateWorkspace(WorkspaceCreated { name: "Model".into() })
}

/// A campaign as it is at first, but for how it routes.
pub(super) fn campaign_routing(index: usize, routing: Routing) -> CampaignDefined {
    let (id, channels, exclusive_wait) = CAMPAIGNS[index % CAMPAIGNS.len()];
    CampaignDefined {
        campaign: CampaignId::new(id).expect("a good id"),
        project: ProjectId::new("shop").expect("a good id"),
        name: id.into(),
        channels: channels.iter().map(|id| ChannelId::new(id).expect("a good id")).collect(),
        dispositions: vec![disposition()],
        hours_shown: 24,
        external_resources: false,
        exclusive_wait,
        exclusive_days: None,
        routing,
        absence: absence(id),
        // Where an agent has something to do after a conversation.
        after_work_seconds: if id == "billing" { 10 } else { 0 },
        timing: Timing::default(),
    }
}

pub(super) fn absence(campaign: &str) -> Absence {
    match campaign {
        "sales" => Absence::ExclusiveWait,
        "support" => Absence::Keep,
        _ => Absence::Queue,
    }
}

pub(super) fn kind(channel: &str) -> ChannelKind {
    if channel == "one" { ChannelKind::Whatsapp } else { ChannelKind::Webchat }
}

/// One skill, both or none, as the bits say, at this level.
pub(super) fn skills(bits: u8, level: u8) -> Skills {
    let all = ["french", "refunds"].map(|id| SkillId::new(id).expect("a good id"));
    all.into_iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, id)| (id, level)).collect()
}

/// All masters; agents work everywhere and may hold two conversations each.
pub(super) fn set_up() -> Vec<Command> {
    let client = ClientId::new("acme").expect("a good id");
    let project = ProjectId::new("shop").expect("a good id");
    let mut commands = vec![
        Command::DefineClient(ClientDefined {
            client: client.clone(),
            name: "Acme".into(),
            history_conversations: 10,
            contact_fields: Vec::new(),
        }),
        Command::DefineProject(ProjectDefined { project: project.clone(), client, name: "Shop".into() }),
        Command::DefineDisposition(DispositionDefined {
            disposition: disposition(),
            name: "Solved".into(),
            parent: None,
        }),
    ];
    commands.extend(CHANNELS.map(|(id, entry)| {
        Command::DefineChannel(ChannelDefined {
            channel: ChannelId::new(id).expect("a good id"),
            kind: kind(id),
            address: id.into(),
            name: id.into(),
            entry_campaign: Some(CampaignId::new(entry).expect("a good id")),
            show_status: true,
        })
    }));
    commands.extend(
        (0..CAMPAIGNS.len())
            .map(|index| Command::DefineCampaign(campaign_routing(index, Routing::default()))),
    );
    commands.extend((0..AGENTS.len()).map(|index| {
        Command::DefineAgent(AgentDefined {
            agent: agent(index),
            name: AGENTS[index].into(),
            role: role(&agent(index)),
            campaigns: (0..CAMPAIGNS.len()).map(campaign).collect(),
            channels: (0..CHANNELS.len()).map(channel).collect(),
            capacity: 2,
            capacity_of: BTreeMap::new(),
            skills: Skills::new(),
            may_set_exclusive: true,
        })
    }));
    commands
}
