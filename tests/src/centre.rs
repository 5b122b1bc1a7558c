//! A small contact centre, as submissions: one client, one project, campaigns and channels as many as wanted,
//! and agents who work in all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::clock::now;
use engine::{Engine, Outcome, SubmitError};
use schemas::command::InboundMessage;
use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, ProjectDefined,
    WorkspaceCreated,
};
use schemas::{
    Absence, Actor, AgentId, CampaignId, ChannelId, ChannelKind, ClientId, Command, CommandId, ContactId,
    Content, ConversationId, DispositionId, ExclusiveWait, Presence, ProjectId, Role, Routing, Skills,
    Submission, Timestamp, Timing, WorkspaceId,
};
use tokio::time::Instant;

use crate::ask::WITHIN;

pub fn workspace() -> WorkspaceId {
    WorkspaceId::new("default").unwrap()
}

/// Yesterday, today and tomorrow, as holidays are written; with all three midnight makes no difference.
pub fn days_about_now() -> [String; 3] {
    let (now, day) = (now(), Duration::from_secs(24 * 60 * 60));
    let before = Timestamp::from_millis(now.millis() - day.as_millis() as u64);
    [before, now, now.plus(day)].map(|day| day.to_string()[..10].to_owned())
}

pub fn agent(number: usize) -> AgentId {
    AgentId::new(&format!("agent-{number}")).unwrap()
}

pub fn campaign(number: usize) -> CampaignId {
    CampaignId::new(&format!("campaign-{number}")).unwrap()
}

pub fn channel() -> ChannelId {
    ChannelId::new("wa").unwrap()
}

pub fn disposition() -> DispositionId {
    DispositionId::new("solved").unwrap()
}

pub fn submission(actor: Actor, command: Command) -> Submission {
    let id = CommandId::from_bytes(engine::random::bytes());
    Submission { workspace: workspace(), id, fingerprint: 0, actor, command }
}

/// How large the contact centre is.
pub struct Centre {
    pub agents: usize,
    pub capacity: u16,
    pub campaigns: usize,
    pub kind: ChannelKind,
    pub exclusive_wait: ExclusiveWait,
}

impl Default for Centre {
    fn default() -> Self {
        Self {
            agents: 2,
            capacity: 5,
            campaigns: 2,
            kind: ChannelKind::Whatsapp,
            exclusive_wait: ExclusiveWait::Forever,
        }
    }
}

impl Centre {
    /// Everything that defines it; nobody is online yet.
    pub fn commands(&self) -> Vec<Command> {
        let name = |text: &str| text.to_owned();
        let client = ClientId::new("acme").unwrap();
        let project = ProjectId::new("help").unwrap();
        let mut commands = vec![
            Command::CreateWorkspace(WorkspaceCreated { name: name("default") }),
            Command::DefineClient(ClientDefined {
                client: client.clone(),
                name: name("Acme"),
                history_conversations: 10,
                contact_fields: Vec::new(),
            }),
            Command::DefineProject(ProjectDefined { project: project.clone(), client, name: name("Help") }),
            Command::DefineChannel(ChannelDefined {
                channel: channel(),
                kind: self.kind,
                address: name("100200300"),
                name: name("Main number"),
                entry_campaign: None,
                show_status: true,
            }),
            Command::DefineDisposition(DispositionDefined {
                disposition: disposition(),
                name: name("Solved"),
                parent: None,
            }),
        ];
        commands.extend((0..self.campaigns).map(|number| {
            Command::DefineCampaign(CampaignDefined {
                campaign: campaign(number),
                project: project.clone(),
                name: format!("Campaign {number}"),
                channels: vec![channel()],
                dispositions: vec![disposition()],
                hours_shown: 72,
                external_resources: false,
                exclusive_wait: self.exclusive_wait,
                exclusive_days: None,
                routing: Routing::default(),
                absence: Absence::Queue,
                after_work_seconds: 0,
                timing: Timing::default(),
            })
        }));
        commands.extend((0..self.agents).map(|number| {
            Command::DefineAgent(AgentDefined {
                agent: agent(number),
                name: format!("Agent {number}"),
                role: Role::Agent,
                campaigns: (0..self.campaigns).map(campaign).collect(),
                channels: vec![channel()],
                capacity: self.capacity,
                capacity_of: BTreeMap::new(),
                skills: Skills::new(),
                may_set_exclusive: true,
            })
        }));
        commands
    }

    /// Defines it through the engine.
    pub async fn define(&self, engine: &Engine) {
        for command in self.commands() {
            persist(engine, submission(Actor::Administrator, command)).await;
        }
    }

    /// Defines it and brings all agents online.
    pub async fn open(&self, engine: &Engine) {
        self.define(engine).await;
        for number in 0..self.agents {
            online(engine, number).await;
        }
    }
}

/// A command that is accepted, if not at once: the log may be away for a while.
pub async fn persist(engine: &Engine, command: Submission) -> Outcome {
    let until = Instant::now() + WITHIN;
    loop {
        match engine.submit(command.clone()).await {
            Ok(outcome) => return outcome,
            Err(SubmitError::Overloaded | SubmitError::Unavailable(_)) if Instant::now() < until => {}
            Err(error) => panic!("{error}"),
        }
    }
}

pub async fn online(engine: &Engine, number: usize) {
    let command = Command::ChangePresence { agent: agent(number), presence: Presence::Online };
    persist(engine, submission(Actor::Agent(agent(number)), command)).await;
}

pub fn contact(number: u64) -> ContactId {
    ContactId::of_identity(&[7; 32], "whatsapp", &identity(number))
}

pub fn identity(number: u64) -> String {
    format!("34600{number:06}")
}

/// A message of this contact, with a provider's id of its own.
pub fn inbound(from: u64, provider_id: &str, text: &str) -> Submission {
    let message = InboundMessage {
        channel: channel(),
        contact: contact(from),
        identity: identity(from),
        also: Vec::new(),
        profile_name: None,
        provider_id: provider_id.to_owned(),
        content: Content::Text(text.to_owned()),
        written_at: Timestamp::from_millis(1_700_000_000_000),
    };
    let id = CommandId::of_inbound(&workspace(), &channel(), provider_id);
    let command = Command::ReceiveMessage(message);
    Submission { workspace: workspace(), id, fingerprint: 0, actor: Actor::Channel(channel()), command }
}

/// Opens a conversation with this contact.
pub async fn open_conversation(engine: &Engine, from: u64) -> ConversationId {
    let outcome = persist(engine, inbound(from, &format!("first-{from}"), "hello")).await;
    outcome.conversation.unwrap()
}

pub fn send(from: usize, conversation: ConversationId, text: &str) -> Submission {
    let command = Command::Send { conversation, content: Content::Text(text.to_owned()) };
    submission(Actor::Agent(agent(from)), command)
}
