//! One conversation at a time, told event by event.

use schemas::event::*;
use schemas::frame::CommitHeader;
use schemas::*;

use super::traffic::{agent, campaign, channel, contact_id, conversation_id, message_id, workspace};

pub const ANA: usize = 0;
pub const BEN: usize = 1;
pub const SALES: usize = 0;
pub const SUPPORT: usize = 1;
/// Its delivery statuses are not for agents to see.
pub const HIDDEN: usize = 0;
pub const MAIN: usize = 1;

/// A commit of these events by atender itself, at a time in milliseconds.
pub fn at<const N: usize>(millis: u64, events: [Event; N]) -> (CommitHeader, Vec<Event>) {
    let header = CommitHeader {
        workspace: workspace(),
        command: CommandId::from_bytes([1; 16]),
        fingerprint: 0,
        actor: Actor::System,
        at: Timestamp::from_millis(millis),
    };
    (header, events.into())
}

pub fn opened(number: u64, on: usize, of: usize) -> Event {
    ConversationOpened {
        conversation: conversation_id(number),
        contact: contact_id(1),
        identity: "34600000001".into(),
        network: ChannelKind::Whatsapp,
        profile_name: Some("Carla".into()),
        channel: channel(on),
        campaign: campaign(of),
    }
    .into()
}

pub fn received(number: u64, text: &str) -> Event {
    MessageReceived {
        conversation: conversation_id(number),
        message: message_id(number),
        provider_id: format!("wamid.in.{number}"),
        content: Content::Text(text.into()),
        written_at: Timestamp::from_millis(1),
    }
    .into()
}

pub fn submitted(number: u64, ordinal: u32, on: usize, text: &str) -> Event {
    MessageSubmitted {
        conversation: conversation_id(number),
        message: outbound(number, ordinal),
        ordinal,
        channel: channel(on),
        to: "34600000001".into(),
        author: Author::Agent(agent(ANA)),
        content: Content::Text(text.into()),
    }
    .into()
}

/// atender itself wrote, because of this.
pub fn by_atender(number: u64, ordinal: u32, on: usize, cause: SystemCause) -> Event {
    MessageSubmitted {
        conversation: conversation_id(number),
        message: outbound(number, ordinal),
        ordinal,
        channel: channel(on),
        to: "34600000001".into(),
        author: Author::System(cause),
        content: Content::Text("closed".into()),
    }
    .into()
}

pub fn awaited(number: u64, kind: ResponseKind, due_at_millis: Option<u64>) -> Event {
    let due_at = due_at_millis.map(Timestamp::from_millis);
    ResponseAwaited { conversation: conversation_id(number), kind, due_at }.into()
}

pub fn missed(number: u64, kind: ResponseKind, due_at_millis: u64, of: usize) -> Event {
    ResponseMissed {
        conversation: conversation_id(number),
        kind,
        due_at: Timestamp::from_millis(due_at_millis),
        campaign: campaign(of),
        agent: None,
    }
    .into()
}

pub fn outbound(number: u64, ordinal: u32) -> MessageId {
    message_id(1_000_000 + number * 1_000 + u64::from(ordinal))
}

pub fn delivery(number: u64, ordinal: u32, receipt: DeliveryStatus, status: DeliveryStatus) -> Event {
    DeliveryUpdated {
        conversation: conversation_id(number),
        message: outbound(number, ordinal),
        ordinal,
        receipt,
        reported_at: Timestamp::from_millis(100 + receipt as u64),
        provider_id: Some("wamid.out".into()),
        error: (receipt == DeliveryStatus::Failed)
            .then(|| DeliveryError { code: 131_047, detail: "too late".into() }),
        status,
    }
    .into()
}

pub fn assigned(number: u64, who: usize) -> Event {
    let reason = AssignReason::Picked;
    ConversationAssigned { conversation: conversation_id(number), agent: agent(who), reason }.into()
}

pub fn queued(number: u64, of: usize, since_millis: u64) -> Event {
    ConversationQueued {
        conversation: conversation_id(number),
        campaign: campaign(of),
        cause: QueueCause::Opened,
        since: Timestamp::from_millis(since_millis),
        priority: 0,
        overflow: None,
        reserved: None,
        opens_at: None,
    }
    .into()
}

pub fn transferred(number: u64, from: Option<usize>, to: TransferTarget) -> Event {
    ConversationTransferred {
        conversation: conversation_id(number),
        from: from.map(agent),
        to,
        note: "they know better".into(),
        disposition: DispositionId::new("transfer").unwrap(),
    }
    .into()
}

pub fn finished(number: u64, who: Option<usize>) -> Event {
    ConversationFinished {
        conversation: conversation_id(number),
        agent: who.map(agent),
        disposition: DispositionId::new("solved").unwrap(),
        sub_disposition: None,
        after_work_until: None,
    }
    .into()
}
