//! The contact centre that the rules are tried in, and the words for what happens there.
//!
//! | campaign | channels | dispositions | waits for an exclusive agent |
//! |---|---|---|---|
//! | sales | wa, web | solved; sold, with sold-card | 60 s |
//! | support | wa | solved; fixed | for ever |
//! | billing | apple | solved | not at all |
//!
//! Ana and Ben (agents) and Sue (supervisor) work everywhere and may hold two conversations each; Flo works in
//! support only, Web only on the web chat; Tom is an auditor, Ada an administrator. All are offline at first.

use std::collections::BTreeMap;

use schemas::command::{AttemptResult, Due, InboundMessage, Receipt};
use schemas::event::{
    AgentDefined, AssignReason, Author, CampaignDefined, ChannelDefined, ClientDefined, ConversationAssigned,
    ConversationQueued, DeliveryUpdated, DispositionDefined, Event, MessageSubmitted, ProjectDefined,
    QueueCause, Reservation, SystemCause, WorkspaceCreated,
};
use schemas::{
    Absence, Actor, AgentId, CampaignId, ChannelId, ChannelKind, ClientId, Command, CommandId, ContactId,
    Content, ConversationId, DeliveryError, DeliveryStatus, DispositionId, ExclusiveWait, MessageId,
    Presence, ProjectId, Role, Routing, Skills, Timestamp, Timing, TransferTarget, WorkspaceId,
};

use super::harness::{Step, second};

pub(crate) const ANA: &str = "ana";
pub(crate) const BEN: &str = "ben";
pub(crate) const FLO: &str = "flo";
pub(crate) const WEB_ONLY: &str = "wes";
pub(crate) const SUE: &str = "sue";
pub(crate) const ADA: &str = "ada";
pub(crate) const TOM: &str = "tom";

pub(crate) const SALES: &str = "sales";
pub(crate) const SUPPORT: &str = "support";
pub(crate) const BILLING: &str = "billing";
/// Not there at first.
pub(crate) const OVERFLOW: &str = "overflow";

pub(crate) const WA: &str = "wa";
pub(crate) const WEB: &str = "web";
pub(crate) const APPLE: &str = "apple";
/// No campaign works on it.
pub(crate) const SPARE: &str = "spare";

pub(crate) const EVA: &str = "eva";
pub(crate) const LUIS: &str = "luis";
pub(crate) const MIA: &str = "mia";
pub(crate) const NOA: &str = "noa";

pub(crate) fn agent(id: &str) -> AgentId {
    AgentId::new(id).expect("a good id")
}

pub(crate) fn campaign(id: &str) -> CampaignId {
    CampaignId::new(id).expect("a good id")
}

pub(crate) fn channel(id: &str) -> ChannelId {
    ChannelId::new(id).expect("a good id")
}

pub(crate) fn disposition(id: &str) -> DispositionId {
    DispositionId::new(id).expect("a good id")
}

pub(crate) fn contact(name: &str) -> ContactId {
    ContactId::of_identity(&[7; 32], "whatsapp", name)
}

/// The actor who is this agent.
pub(crate) fn as_agent(id: &str) -> Actor {
    Actor::Agent(agent(id))
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new("default").expect("a good id")
}

pub(crate) fn create_workspace() -> Step {
    let created = WorkspaceCreated { name: "Contact centre".into() };
    Step::new(Actor::System, Command::CreateWorkspace(created))
}

pub(crate) fn acme() -> ClientDefined {
    ClientDefined {
        client: ClientId::new("acme").expect("a good id"),
        name: "Acme".into(),
        history_conversations: 10,
        contact_fields: Vec::new(),
    }
}

pub(crate) fn shop() -> ProjectDefined {
    ProjectDefined {
        project: ProjectId::new("shop").expect("a good id"),
        client: acme().client,
        name: "Shop".into(),
    }
}

pub(crate) fn a_channel(id: &str, kind: ChannelKind, entry: Option<&str>) -> ChannelDefined {
    ChannelDefined {
        channel: channel(id),
        kind,
        address: format!("address of {id}"),
        name: id.into(),
        entry_campaign: entry.map(campaign),
        show_status: true,
    }
}

pub(crate) fn a_disposition(id: &str, parent: Option<&str>) -> DispositionDefined {
    DispositionDefined { disposition: disposition(id), name: id.into(), parent: parent.map(disposition) }
}

pub(crate) fn a_campaign(
    id: &str,
    channels: &[&str],
    dispositions: &[&str],
    exclusive_wait: ExclusiveWait,
) -> CampaignDefined {
    CampaignDefined {
        campaign: campaign(id),
        project: shop().project,
        name: id.into(),
        channels: channels.iter().map(|id| channel(id)).collect(),
        dispositions: dispositions.iter().map(|id| disposition(id)).collect(),
        hours_shown: 24,
        external_resources: false,
        exclusive_wait,
        exclusive_days: None,
        routing: Routing::default(),
        absence: Absence::Queue,
        after_work_seconds: 0,
        timing: Timing::default(),
    }
}

/// Sales as it is at first.
pub(crate) fn sales() -> CampaignDefined {
    a_campaign(SALES, &[WA, WEB], &["solved", "sold"], ExclusiveWait::Seconds(60))
}

/// Sales says this about time from now on.
pub(crate) fn sales_timed(timing: Timing) -> Step {
    defines(Command::DefineCampaign(CampaignDefined { timing, ..sales() }))
}

/// What atender writes to Eva because of this command.
pub(crate) fn told(
    conversation: ConversationId,
    ordinal: u32,
    (text, cause): (&str, SystemCause),
    by: CommandId,
) -> Event {
    MessageSubmitted {
        conversation,
        message: MessageId::of_system(by, 0),
        ordinal,
        channel: channel(WA),
        to: "identity of eva".into(),
        author: Author::System(cause),
        content: Content::Text(text.into()),
    }
    .into()
}

/// Where sales may overflow to; nobody works there at first.
pub(crate) fn overflow_campaign() -> CampaignDefined {
    a_campaign(OVERFLOW, &[WA, WEB], &["solved"], ExclusiveWait::Forever)
}

/// An agent as they are at first.
pub(crate) fn definition(id: &str) -> AgentDefined {
    let (role, campaigns, channels, capacity) = match id {
        SUE => (Role::Supervisor, &[SALES, SUPPORT, BILLING][..], &[WA, WEB, APPLE][..], 2),
        ADA => (Role::Administrator, &[][..], &[][..], 0),
        TOM => (Role::Auditor, &[SALES, SUPPORT][..], &[WA, WEB][..], 2),
        FLO => (Role::Agent, &[SUPPORT][..], &[WA][..], 2),
        WEB_ONLY => (Role::Agent, &[SALES][..], &[WEB][..], 2),
        _ => (Role::Agent, &[SALES, SUPPORT, BILLING][..], &[WA, WEB, APPLE][..], 2),
    };
    AgentDefined {
        agent: agent(id),
        name: id.into(),
        role,
        campaigns: campaigns.iter().map(|id| campaign(id)).collect(),
        channels: channels.iter().map(|id| channel(id)).collect(),
        capacity,
        capacity_of: BTreeMap::new(),
        skills: Skills::new(),
        may_set_exclusive: true,
    }
}

pub(crate) fn set_up() -> Vec<Step> {
    let mut steps = vec![
        create_workspace(),
        defines(Command::DefineClient(acme())),
        defines(Command::DefineProject(shop())),
    ];
    let channels = [
        a_channel(WA, ChannelKind::Whatsapp, Some(SALES)),
        a_channel(WEB, ChannelKind::Webchat, None),
        a_channel(APPLE, ChannelKind::Apple, Some(BILLING)),
        a_channel(SPARE, ChannelKind::Whatsapp, Some(SALES)),
    ];
    steps.extend(channels.map(Command::DefineChannel).map(defines));
    let dispositions = [
        a_disposition("solved", None),
        a_disposition("sold", None),
        a_disposition("sold-card", Some("sold")),
        a_disposition("fixed", None),
    ];
    steps.extend(dispositions.map(Command::DefineDisposition).map(defines));
    let campaigns = [
        sales(),
        a_campaign(SUPPORT, &[WA], &["solved", "fixed"], ExclusiveWait::Forever),
        a_campaign(BILLING, &[APPLE], &["solved"], ExclusiveWait::Seconds(0)),
    ];
    steps.extend(campaigns.map(Command::DefineCampaign).map(defines));
    let agents = [ANA, BEN, FLO, WEB_ONLY, SUE, ADA, TOM];
    steps.extend(agents.map(|id| redefined(definition(id))));
    steps
}

/// An administrator defines a master.
pub(crate) fn defines(command: Command) -> Step {
    Step::new(Actor::Administrator, command)
}

pub(crate) fn redefined(definition: AgentDefined) -> Step {
    defines(Command::DefineAgent(definition))
}

pub(crate) fn with_capacity(id: &str, capacity: u16) -> Step {
    redefined(AgentDefined { capacity, ..definition(id) })
}

/// The agent handles these channels only.
pub(crate) fn handling(id: &str, channels: &[&str]) -> Step {
    redefined(AgentDefined { channels: channels.iter().map(|id| channel(id)).collect(), ..definition(id) })
}

/// The agent works in these campaigns only.
pub(crate) fn working_in(id: &str, campaigns: &[&str]) -> Step {
    redefined(AgentDefined { campaigns: campaigns.iter().map(|id| campaign(id)).collect(), ..definition(id) })
}

fn presence(id: &str, presence: Presence) -> Step {
    let agent = agent(id);
    Step::new(as_agent(id), Command::ChangePresence { agent, presence })
}

pub(crate) fn online(id: &str) -> Step {
    presence(id, Presence::Online)
}

pub(crate) fn offline(id: &str) -> Step {
    presence(id, Presence::Offline)
}

pub(crate) fn away(id: &str) -> Step {
    let reason = "lunch".to_owned();
    presence(id, Presence::Away { reason })
}

pub(crate) fn inbound_id(name: &str, on: &str, count: u32) -> CommandId {
    CommandId::of_inbound(&workspace(), &channel(on), &format!("{name}-{count}"))
}

/// What a contact's message on a channel says; `count` tells one from the next.
pub(crate) fn inbound(name: &str, on: &str, count: u32) -> InboundMessage {
    InboundMessage {
        channel: channel(on),
        contact: contact(name),
        identity: format!("identity of {name}"),
        also: Vec::new(),
        profile_name: Some(name.to_owned()),
        provider_id: format!("{name}-{count}"),
        content: Content::Text("hello".into()),
        written_at: second(0),
    }
}

pub(crate) fn wrote_on(name: &str, on: &str, count: u32) -> Step {
    let command = Command::ReceiveMessage(inbound(name, on, count));
    Step::new(Actor::Channel(channel(on)), command).with_id(inbound_id(name, on, count))
}

/// The contact's first message, on WhatsApp.
pub(crate) fn wrote(name: &str) -> Step {
    wrote_on(name, WA, 1)
}

/// The contact's second message, on WhatsApp.
pub(crate) fn wrote_again(name: &str) -> Step {
    wrote_on(name, WA, 2)
}

/// The conversation that this message opened.
pub(crate) fn opened_by(name: &str, on: &str, count: u32) -> ConversationId {
    ConversationId::from(MessageId::from(inbound_id(name, on, count)))
}

/// The conversation that the contact's first message on WhatsApp opened.
pub(crate) fn of(name: &str) -> ConversationId {
    opened_by(name, WA, 1)
}

pub(crate) fn assigns(actor: Actor, conversation: ConversationId, to: &str) -> Step {
    let agent = agent(to);
    Step::new(actor, Command::Assign { conversation, agent })
}

pub(crate) fn takes(who: &str, conversation: ConversationId) -> Step {
    assigns(as_agent(who), conversation, who)
}

/// The message with this label.
pub(crate) fn message(label: &str) -> MessageId {
    MessageId::from(CommandId::of_key(&workspace(), "test", label))
}

pub(crate) fn sends(who: &str, conversation: ConversationId, label: &str) -> Step {
    let content = Content::Text(format!("this is {label}"));
    sends_content(who, conversation, content).with_id(CommandId::of_key(&workspace(), "test", label))
}

pub(crate) fn sends_content(who: &str, conversation: ConversationId, content: Content) -> Step {
    let command = Command::Send { conversation, content };
    Step::new(as_agent(who), command)
}

pub(crate) fn to_agent(id: &str) -> TransferTarget {
    TransferTarget::Agent(agent(id))
}

pub(crate) fn to_campaign(id: &str) -> TransferTarget {
    TransferTarget::Campaign(campaign(id))
}

pub(crate) fn transfers(who: &str, conversation: ConversationId, to: TransferTarget) -> Step {
    transfers_with_note(who, conversation, to, "asks for it")
}

pub(crate) fn transfers_with_note(
    who: &str,
    conversation: ConversationId,
    to: TransferTarget,
    note: &str,
) -> Step {
    let command = Command::Transfer { conversation, to, note: note.to_owned() };
    Step::new(as_agent(who), command)
}

pub(crate) fn finishes_with(who: &str, conversation: ConversationId, with: &str, sub: Option<&str>) -> Step {
    let command = Command::Finish {
        conversation,
        disposition: disposition(with),
        sub_disposition: sub.map(disposition),
    };
    Step::new(as_agent(who), command)
}

pub(crate) fn finishes(who: &str, conversation: ConversationId) -> Step {
    finishes_with(who, conversation, "solved", None)
}

pub(crate) fn exclusive(name: &str, in_campaign: &str, id: &str) -> Step {
    let command = Command::SetExclusiveAgent {
        contact: contact(name),
        campaign: campaign(in_campaign),
        agent: agent(id),
        until: None,
    };
    Step::new(Actor::Administrator, command)
}

/// The same until then.
pub(crate) fn exclusive_until(name: &str, in_campaign: &str, id: &str, until: Timestamp) -> Step {
    let command = Command::SetExclusiveAgent {
        contact: contact(name),
        campaign: campaign(in_campaign),
        agent: agent(id),
        until: Some(until),
    };
    Step::new(Actor::Administrator, command)
}

pub(crate) fn not_exclusive(name: &str, in_campaign: &str) -> Step {
    let command = Command::RemoveExclusiveAgent { contact: contact(name), campaign: campaign(in_campaign) };
    Step::new(Actor::Administrator, command)
}

pub(crate) fn wait_ends(conversation: ConversationId) -> Step {
    Step::new(Actor::System, Command::PassDeadline(Due::Conversation(conversation)))
}

pub(crate) fn begins_attempt(message: MessageId) -> Step {
    Step::new(Actor::System, Command::BeginAttempt { message })
}

pub(crate) fn ends_attempt(message: MessageId, attempt: u16, result: AttemptResult) -> Step {
    let command = Command::EndAttempt { message, attempt, result };
    Step::new(Actor::System, command)
}

/// The network took it under this id.
pub(crate) fn took(provider_id: &str) -> AttemptResult {
    let provider_id = provider_id.to_owned();
    AttemptResult::Accepted { provider_id }
}

pub(crate) fn error(code: i64) -> DeliveryError {
    let detail = format!("error {code}");
    DeliveryError { code, detail }
}

pub(crate) fn resends(who: &str, conversation: ConversationId, message: MessageId) -> Step {
    let command = Command::Resend { conversation, message };
    Step::new(as_agent(who), command)
}

pub(crate) fn settles(
    who: &str,
    conversation: ConversationId,
    message: MessageId,
    status: DeliveryStatus,
) -> Step {
    let command = Command::Settle { conversation, message, status };
    Step::new(as_agent(who), command)
}

/// A receipt on WhatsApp; it names the message by our id, by the network's, or by both.
pub(crate) fn receipt_of(
    message: Option<MessageId>,
    provider_id: Option<&str>,
    status: DeliveryStatus,
) -> Receipt {
    Receipt {
        channel: channel(WA),
        message,
        provider_id: provider_id.map(str::to_owned),
        status,
        reported_at: second(0),
        error: (status == DeliveryStatus::Failed).then(|| error(131_026)),
    }
}

pub(crate) fn reports(receipt: Receipt) -> Step {
    let actor = Actor::Channel(receipt.channel.clone());
    Step::new(actor, Command::RecordReceipt(receipt))
}

/// A receipt with our id.
pub(crate) fn receipt(message: MessageId, status: DeliveryStatus) -> Step {
    reports(receipt_of(Some(message), None, status))
}

/// A receipt with the network's id.
pub(crate) fn receipt_for(provider_id: &str, status: DeliveryStatus) -> Step {
    reports(receipt_of(None, Some(provider_id), status))
}

pub(crate) fn assigned(conversation: ConversationId, to: &str, reason: AssignReason) -> Event {
    let agent = agent(to);
    ConversationAssigned { conversation, agent, reason }.into()
}

pub(crate) fn queued(
    conversation: ConversationId,
    in_campaign: &str,
    cause: QueueCause,
    since: Timestamp,
) -> Event {
    queued_at(conversation, in_campaign, cause, since, 0)
}

pub(crate) fn queued_at(
    conversation: ConversationId,
    in_campaign: &str,
    cause: QueueCause,
    since: Timestamp,
    priority: u8,
) -> Event {
    ConversationQueued {
        conversation,
        campaign: campaign(in_campaign),
        cause,
        since,
        priority,
        reserved: None,
        overflow: None,
        opens_at: None,
    }
    .into()
}

pub(crate) fn kept(
    conversation: ConversationId,
    in_campaign: &str,
    cause: QueueCause,
    since: Timestamp,
    for_agent: (&str, Option<Timestamp>),
) -> Event {
    let (id, until) = for_agent;
    ConversationQueued {
        conversation,
        campaign: campaign(in_campaign),
        cause,
        since,
        priority: 0,
        overflow: None,
        reserved: Some(Reservation { agent: agent(id), until }),
        opens_at: None,
    }
    .into()
}

/// The first message of a conversation got this receipt.
pub(crate) fn updated(
    conversation: ConversationId,
    receipt: &Receipt,
    message: MessageId,
    status: DeliveryStatus,
) -> Event {
    DeliveryUpdated {
        conversation,
        message,
        ordinal: 0,
        receipt: receipt.status,
        reported_at: receipt.reported_at,
        provider_id: receipt.provider_id.clone(),
        error: receipt.error.clone(),
        status,
    }
    .into()
}
