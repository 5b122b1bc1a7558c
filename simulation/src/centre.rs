//! A small contact centre, so that clients get in each other's way, and what may be asked of it.

use std::collections::BTreeMap;

use schemas::command::{AttemptResult, InboundMessage, Receipt};
use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, NoteKind,
    ProjectDefined, WorkspaceCreated,
};
use schemas::{
    Absence, Actor, AgentId, CampaignId, ChannelId, ChannelKind, ClientId, Command, CommandId, ContactId,
    Content, ConversationId, DeliveryStatus, DispositionId, ExclusiveWait, Inactivity, MessageId, Presence,
    ProjectId, Role, Routing, ServiceLevel, Skills, Submission, Timestamp, Timing, TransferTarget,
    WorkspaceId,
};

use crate::chance::Chance;
use crate::record::Book;

const AGENTS: usize = 3;
const CAMPAIGNS: [ExclusiveWait; 2] = [ExclusiveWait::Seconds(2), ExclusiveWait::Forever];
const CONTACTS: usize = 6;
const CAPACITY: u16 = 2;

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::new("default").unwrap()
}

fn agent(number: usize) -> AgentId {
    AgentId::new(&format!("agent-{number}")).unwrap()
}

fn campaign(number: usize) -> CampaignId {
    CampaignId::new(&format!("campaign-{number}")).unwrap()
}

fn channel() -> ChannelId {
    ChannelId::new("wa").unwrap()
}

fn disposition() -> DispositionId {
    DispositionId::new("solved").unwrap()
}

fn contact(number: usize) -> ContactId {
    ContactId::from_bytes([number as u8; 16])
}

/// Everything that defines it, with all agents online.
pub(crate) fn opening() -> Vec<Submission> {
    let (client, project) = (ClientId::new("acme").unwrap(), ProjectId::new("help").unwrap());
    let mut commands = vec![
        Command::CreateWorkspace(WorkspaceCreated { name: "default".into() }),
        Command::DefineClient(ClientDefined {
            client: client.clone(),
            name: "Acme".into(),
            history_conversations: 10,
            contact_fields: Vec::new(),
        }),
        Command::DefineProject(ProjectDefined { project: project.clone(), client, name: "Help".into() }),
        Command::DefineChannel(ChannelDefined {
            channel: channel(),
            kind: ChannelKind::Whatsapp,
            address: "100200300".into(),
            name: "Main number".into(),
            entry_campaign: Some(campaign(0)),
            show_status: true,
        }),
        Command::DefineDisposition(DispositionDefined {
            disposition: disposition(),
            name: "Solved".into(),
            parent: None,
        }),
    ];
    commands.extend(CAMPAIGNS.iter().enumerate().map(|(number, exclusive_wait)| {
        Command::DefineCampaign(CampaignDefined {
            campaign: campaign(number),
            project: project.clone(),
            name: format!("Campaign {number}"),
            channels: vec![channel()],
            dispositions: vec![disposition()],
            hours_shown: 72,
            external_resources: false,
            exclusive_wait: *exclusive_wait,
            exclusive_days: None,
            routing: Routing::default(),
            absence: Absence::Queue,
            after_work_seconds: 0,
            timing: if number == 0 { impatient() } else { Timing::default() },
        })
    }));
    commands.extend((0..AGENTS).map(|number| {
        Command::DefineAgent(AgentDefined {
            agent: agent(number),
            name: format!("Agent {number}"),
            role: Role::Agent,
            campaigns: (0..CAMPAIGNS.len()).map(campaign).collect(),
            channels: vec![channel()],
            capacity: CAPACITY,
            capacity_of: BTreeMap::new(),
            skills: Skills::new(),
            may_set_exclusive: true,
        })
    }));
    let define = |(number, command)| submission(number, Actor::Administrator, command);
    let mut opening: Vec<_> = (0_u64..).zip(commands).map(define).collect();
    opening.extend((0..AGENTS).map(|number| {
        let come = Command::ChangePresence { agent: agent(number), presence: Presence::Online };
        submission(1_000 + number as u64, Actor::Agent(agent(number)), come)
    }));
    opening
}

/// Much happens by itself in a short time.
fn impatient() -> Timing {
    let inactivity = Inactivity {
        warn_after_seconds: Some(2),
        warn_text: Some("still there?".into()),
        close_after_seconds: 2,
        close_text: Some("goodbye".into()),
        disposition: disposition(),
        sub_disposition: None,
    };
    let service_level = ServiceLevel { first_response_seconds: Some(1), next_response_seconds: Some(2) };
    Timing {
        inactivity: Some(Box::new(inactivity)),
        service_level: Some(service_level),
        business_hours: None,
    }
}

fn submission(number: u64, actor: Actor, command: Command) -> Submission {
    let id = CommandId::of_step(&workspace(), "simulation", &[], number);
    Submission { workspace: workspace(), id, fingerprint: number % 2, actor, command }
}

/// Something that can be asked at any time, and is never refused.
pub(crate) fn knock(chance: &mut Chance) -> Submission {
    inbound(chance)
}

fn inbound(chance: &mut Chance) -> Submission {
    let from = chance.below(CONTACTS);
    let provider_id = format!("wamid.{:x}", chance.next());
    let id = CommandId::of_inbound(&workspace(), &channel(), &provider_id);
    let message = InboundMessage {
        channel: channel(),
        contact: contact(from),
        identity: format!("3460000000{from}"),
        also: Vec::new(),
        profile_name: None,
        provider_id,
        content: Content::Text("hello".into()),
        written_at: Timestamp::from_millis(1_800_000_000_000),
    };
    let command = Command::ReceiveMessage(message);
    Submission { workspace: workspace(), id, fingerprint: 0, actor: Actor::Channel(channel()), command }
}

/// A command that changes something, or nothing if another was faster: an answer from a state that is not the log's any
/// more is a wrong one half of the time.
fn quarrel(chance: &mut Chance) -> Submission {
    let (contact, campaign) = (contact(0), campaign(1));
    let (actor, command) = match chance.below(4) {
        0 => (
            Actor::Administrator,
            Command::SetExclusiveAgent { contact, campaign, agent: agent(0), until: None },
        ),
        1 => (Actor::Administrator, Command::RemoveExclusiveAgent { contact, campaign }),
        online => {
            let presence = if online == 2 { Presence::Online } else { Presence::Offline };
            (Actor::Agent(agent(0)), Command::ChangePresence { agent: agent(0), presence })
        }
    };
    submission(chance.next() & !1, actor, command)
}

/// What a client asks next: often something that another has just made impossible.
pub(crate) fn deed(chance: &mut Chance, book: &Book, quarrels: u32) -> Submission {
    if chance.permille(quarrels) {
        return quarrel(chance);
    }
    let recent = |chance: &mut Chance| {
        let among = &book.conversations[book.conversations.len().saturating_sub(8)..];
        chance.pick(among).copied().unwrap_or(ConversationId::from_bytes([9; 16]))
    };
    let message = |chance: &mut Chance| {
        let among = &book.messages[book.messages.len().saturating_sub(8)..];
        chance.pick(among).copied().unwrap_or(MessageId::from_bytes([9; 16]))
    };
    let conversation = recent(chance);
    let who = agent(chance.below(AGENTS));
    let by_hand = if chance.permille(500) { Actor::Administrator } else { Actor::Agent(who.clone()) };
    let (actor, command) = match chance.below(20) {
        0..=5 => return inbound(chance),
        6 | 7 => (by_hand, Command::Assign { conversation, agent: agent(chance.below(AGENTS)) }),
        8 => (Actor::Agent(who.clone()), Command::Assign { conversation, agent: who }),
        9 | 10 => (Actor::Agent(who), Command::Send { conversation, content: Content::Text("hello".into()) }),
        11 => {
            let to = match chance.below(2) {
                0 => TransferTarget::Agent(agent(chance.below(AGENTS))),
                _ => TransferTarget::Campaign(campaign(chance.below(CAMPAIGNS.len()))),
            };
            (by_hand, Command::Transfer { conversation, to, note: "your turn".into() })
        }
        12 | 13 => {
            let finish = Command::Finish { conversation, disposition: disposition(), sub_disposition: None };
            (by_hand, finish)
        }
        14 => (by_hand, Command::AddNote { conversation, text: "noted".into(), kind: NoteKind::Note }),
        15 => {
            let presence = match chance.below(3) {
                0 => Presence::Offline,
                _ => Presence::Online,
            };
            (Actor::Agent(who.clone()), Command::ChangePresence { agent: who, presence })
        }
        16 => {
            let (contact, campaign) = (contact(chance.below(CONTACTS)), campaign(chance.below(2)));
            (Actor::Administrator, Command::SetExclusiveAgent { contact, campaign, agent: who, until: None })
        }
        17 => (Actor::System, Command::BeginAttempt { message: message(chance) }),
        18 => {
            let message = message(chance);
            let result = AttemptResult::Accepted { provider_id: format!("{message}") };
            (Actor::System, Command::EndAttempt { message, attempt: 1, result })
        }
        _ => {
            let message = message(chance);
            let receipt = Receipt {
                channel: channel(),
                message: Some(message),
                provider_id: Some(format!("{message}")),
                status: *chance.pick(&DeliveryStatus::ALL[1..]).unwrap(),
                reported_at: Timestamp::from_millis(1_800_000_000_000),
                error: None,
            };
            (Actor::Channel(channel()), Command::RecordReceipt(receipt))
        }
    };
    submission(chance.next(), actor, command)
}
