//! A small contact centre in which everything meets: shared channels of two kinds, every policy, two skills, agents
//! who work in several campaigns. Masters are few so that random steps often touch the same ones.

use std::collections::BTreeMap;

use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined,
    TextDefined, WorkspaceCreated,
};
use schemas::{
    Absence, AgentId, CampaignId, ChannelId, ChannelKind, ClientId, Command, ContactField, ContactId,
    DispositionId, ExclusiveWait, FieldDefinition, FieldId, FieldKind, ProjectId, Role, Routing, Shortcut,
    SkillId, Skills, TextId, Timestamp, Timing, WorkspaceId,
};

pub const CAMPAIGNS: [(&str, &[&str], ExclusiveWait); 3] = [
    ("sales", &["one", "two"], ExclusiveWait::Seconds(20)),
    ("support", &["one"], ExclusiveWait::Forever),
    ("billing", &["two"], ExclusiveWait::Seconds(0)),
];
/// Each with the campaign that gets its new conversations.
pub const CHANNELS: [(&str, &str); 2] = [("one", "sales"), ("two", "sales")];
pub const AGENTS: [&str; 5] = ["ana", "ben", "carla", "dan", "sue"];
pub const SUPERVISOR: &str = "sue";
pub const CONTACTS: usize = 6;

pub fn workspace() -> WorkspaceId {
    WorkspaceId::new("default").expect("a good id")
}

pub fn opening() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

pub fn agent(index: usize) -> AgentId {
    AgentId::new(AGENTS[index % AGENTS.len()]).expect("a good id")
}

pub fn campaign(index: usize) -> CampaignId {
    CampaignId::new(CAMPAIGNS[index % CAMPAIGNS.len()].0).expect("a good id")
}

pub fn channel(index: usize) -> ChannelId {
    ChannelId::new(CHANNELS[index % CHANNELS.len()].0).expect("a good id")
}

pub fn contact(index: usize) -> ContactId {
    ContactId::from_bytes((index as u128).to_be_bytes())
}

pub fn identity(index: usize) -> String {
    format!("identity {index}")
}

/// The first two can be chosen everywhere.
pub const DISPOSITIONS: [&str; 3] = ["solved", "refunded", "in-part"];

pub fn disposition(index: usize) -> DispositionId {
    DispositionId::new(DISPOSITIONS[index % DISPOSITIONS.len()]).expect("a good id")
}

pub fn role(id: &AgentId) -> Role {
    if id.as_str() == SUPERVISOR { Role::Supervisor } else { Role::Agent }
}

pub fn creation() -> Command {
    Command::CreateWorkspace(WorkspaceCreated { name: "Model".into() })
}

/// A campaign as it is at first, but for how it routes.
pub fn campaign_routing(index: usize, routing: Routing) -> CampaignDefined {
    let (id, channels, exclusive_wait) = CAMPAIGNS[index % CAMPAIGNS.len()];
    CampaignDefined {
        campaign: CampaignId::new(id).expect("a good id"),
        project: ProjectId::new("shop").expect("a good id"),
        name: id.into(),
        channels: channels.iter().map(|id| ChannelId::new(id).expect("a good id")).collect(),
        dispositions: vec![disposition(0), disposition(1)],
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

pub fn absence(campaign: &str) -> Absence {
    match campaign {
        "sales" => Absence::ExclusiveWait,
        "support" => Absence::Keep,
        _ => Absence::Queue,
    }
}

pub fn kind(channel: &str) -> ChannelKind {
    if channel == "one" { ChannelKind::Whatsapp } else { ChannelKind::Webchat }
}

/// One skill, both or none, as the bits say, at this level.
pub fn skills(bits: u8, level: u8) -> Skills {
    let all = ["french", "refunds"].map(|id| SkillId::new(id).expect("a good id"));
    all.into_iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, id)| (id, level)).collect()
}

pub fn client(name: &str) -> ClientDefined {
    ClientDefined {
        client: ClientId::new("acme").expect("a good id"),
        name: name.into(),
        history_conversations: 10,
        contact_fields: vec![
            own_field("tier", FieldKind::Choice, &["gold", "silver"]),
            own_field("born", FieldKind::Date, &[]),
            own_field("debt", FieldKind::Number, &[]),
        ],
    }
}

pub fn project(name: &str) -> ProjectDefined {
    let client = client(name).client;
    ProjectDefined { project: ProjectId::new("shop").expect("a good id"), client, name: name.into() }
}

/// A channel that begins in this campaign.
pub fn channel_entering(index: usize, entry: Option<CampaignId>) -> ChannelDefined {
    let channel = channel(index);
    ChannelDefined {
        kind: kind(channel.as_str()),
        address: channel.to_string(),
        name: channel.to_string(),
        entry_campaign: entry,
        show_status: true,
        channel,
    }
}

pub fn disposition_under(index: usize, parent: Option<usize>) -> DispositionDefined {
    let disposition = disposition(index);
    DispositionDefined { name: disposition.to_string(), parent: parent.map(self::disposition), disposition }
}

fn own_field(id: &str, kind: FieldKind, choices: &[&str]) -> FieldDefinition {
    let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
    FieldDefinition { id: FieldId::new(id).expect("a good id"), label: id.into(), kind, choices }
}

/// A field of a contact, and a value that may not be one of it.
pub fn field(index: usize) -> (ContactField, &'static str) {
    let own = |id| {
        let (client, field) = (client("Acme").client, FieldId::new(id).expect("a good id"));
        ContactField::Own { client, field }
    };
    match index % 8 {
        0 => (ContactField::Name, " Eva "),
        1 => (ContactField::Email, "eva@example.com"),
        2 => (ContactField::Phone, "+34 600-000.001"),
        3 => (ContactField::Document, "X1"),
        4 => (own("tier"), "gold"),
        5 => (own("born"), "2000-02-29"),
        6 => (own("debt"), "-3.5"),
        _ => (own("debt"), "1.2.3"),
    }
}

/// A text that a campaign has.
pub fn text(index: usize, campaign: CampaignId, shortcut: Option<&str>) -> TextDefined {
    TextDefined {
        text: TextId::new(&format!("text-{index}")).expect("a good id"),
        campaign,
        name: "Greeting".into(),
        shortcut: shortcut.map(|shortcut| Shortcut::new(shortcut).expect("a good shortcut")),
        body: "Hello {contact.name|you}, {{this}} is {agent.name}".into(),
    }
}

/// All masters; agents work everywhere and may hold two conversations each.
pub fn set_up() -> Vec<Command> {
    let mut commands = vec![Command::DefineClient(client("Acme")), Command::DefineProject(project("Shop"))];
    let all = 0..DISPOSITIONS.len();
    commands.extend(all.map(|index| Command::DefineDisposition(disposition_under(index, None))));
    let entry = |index: usize| Some(CampaignId::new(CHANNELS[index].1).expect("a good id"));
    let all = 0..CHANNELS.len();
    commands.extend(all.map(|index| Command::DefineChannel(channel_entering(index, entry(index)))));
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
