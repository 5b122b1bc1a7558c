//! Send, and what comes of it: the attempts to hand a message to the network. An attempt is in the log before
//! the network is called; one whose result never came back makes the message uncertain, and is not repeated.

use schemas::command::AttemptResult;
use schemas::event::{
    Author, DeliveryUpdated, Event, MessageResent, MessageSettled, MessageSubmitted, SendAccepted,
    SendAttempted, SendDeferred, SendUncertain, SystemCause,
};
use schemas::limits::{PROVIDER_ID_BYTES_MAX, TEXT_CHARS_MAX};
use schemas::{
    Actor, CommandId, Content, ConversationId, DeliveryStatus, MessageId, Position, Rejection, Timestamp,
};

use super::delivery::{ProviderKey, kept_error, updates_of_parked};
use super::permission::{
    is, require_holder_or_supervisor, require_network_id, require_supervisor, require_system,
};
use super::service_level::Answers;
use super::state::{Outbound, SendStage, Workspace};

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn send(
    ws: &Workspace,
    id: ConversationId,
    content: &Content,
    command: CommandId,
    actor: &Actor,
) -> Decision {
    let conversation = ws.open_conversation(id)?;
    let holder = conversation.agent().filter(|agent| is(actor, agent));
    let agent = holder.ok_or(Rejection::NotAssignedAgent(id))?.clone();
    match content {
        Content::Text(text) if text.trim().is_empty() => return Err(Rejection::EmptyMessage),
        Content::Text(text) if text.chars().nth(TEXT_CHARS_MAX).is_some() => {
            return Err(Rejection::MessageTooLong(TEXT_CHARS_MAX));
        }
        Content::Text(_) => {}
        Content::Unsupported { .. } => return Err(Rejection::ContentNotSendable),
    }
    let submitted = MessageSubmitted {
        conversation: id,
        message: MessageId::from(command),
        ordinal: conversation.outbound_count,
        channel: conversation.channel.clone(),
        to: conversation.identity.to_string(),
        author: Author::Agent(agent),
        content: content.clone(),
    };
    Ok(vec![submitted.into()])
}

pub(super) fn begin_attempt(ws: &Workspace, message: MessageId, actor: &Actor) -> Decision {
    require_system(actor)?;
    let outbound = known(ws, message)?;
    let Outbound { conversation, ordinal, attempts, .. } = *outbound;
    if outbound.status != DeliveryStatus::Pending {
        return Err(Rejection::MessageNotPending(message));
    }
    match outbound.stage {
        SendStage::Queued => {
            let attempt = attempts.saturating_add(1);
            Ok(vec![SendAttempted { conversation, message, ordinal, attempt }.into()])
        }
        // Whoever began it never said what came of it: the network may have the message.
        SendStage::Open => {
            Ok(vec![SendUncertain { conversation, message, ordinal, attempt: attempts }.into()])
        }
        SendStage::Accepted | SendStage::Uncertain => Err(Rejection::MessageNotPending(message)),
    }
}

pub(super) fn end_attempt(
    ws: &Workspace,
    message: MessageId,
    attempt: u16,
    result: &AttemptResult,
    actor: &Actor,
    now: Timestamp,
) -> Decision {
    require_system(actor)?;
    let outbound = known(ws, message)?;
    let Outbound { conversation, ordinal, .. } = *outbound;
    let unnamed = outbound.stage == SendStage::Accepted && outbound.provider.is_none();
    let answers = match result {
        AttemptResult::Accepted { .. } => unnamed || under_way(outbound),
        AttemptResult::Deferred { .. } | AttemptResult::Failed { .. } => under_way(outbound),
        AttemptResult::Unknown => outbound.stage == SendStage::Open,
    };
    if outbound.attempts != attempt || !answers {
        return Err(Rejection::AttemptNotOpen(message, attempt));
    }
    Ok(match result {
        AttemptResult::Accepted { provider_id } => {
            require_network_id("provider id", provider_id, PROVIDER_ID_BYTES_MAX)?;
            let provider_id = provider_id.clone();
            let parked = updates_of_parked(ws, message, outbound, &provider_id, None);
            let accepted = SendAccepted { conversation, message, ordinal, attempt, provider_id };
            std::iter::once(accepted.into()).chain(parked).collect()
        }
        AttemptResult::Deferred { error, retry_at } => {
            let (error, retry_at) = (kept_error(error), *retry_at);
            vec![SendDeferred { conversation, message, ordinal, attempt, error, retry_at }.into()]
        }
        AttemptResult::Failed { error } => {
            let failed = DeliveryUpdated {
                conversation,
                message,
                ordinal,
                receipt: DeliveryStatus::Failed,
                reported_at: now,
                provider_id: None,
                error: Some(kept_error(error)),
                status: outbound.status.after(DeliveryStatus::Failed),
            };
            vec![failed.into()]
        }
        AttemptResult::Unknown => vec![SendUncertain { conversation, message, ordinal, attempt }.into()],
    })
}

fn under_way(outbound: &Outbound) -> bool {
    matches!(outbound.stage, SendStage::Open | SendStage::Uncertain)
}

pub(super) fn resend(ws: &Workspace, id: ConversationId, message: MessageId, actor: &Actor) -> Decision {
    let conversation = ws.open_conversation(id)?;
    if !conversation.agent().is_some_and(|agent| is(actor, agent)) {
        return Err(Rejection::NotAssignedAgent(id));
    }
    let outbound = known_in(ws, id, message)?;
    let uncertain = outbound.stage == SendStage::Uncertain && outbound.status == DeliveryStatus::Pending;
    if outbound.status != DeliveryStatus::Failed && !uncertain {
        return Err(Rejection::MessageNotResendable(message));
    }
    let Outbound { ordinal, submitted, .. } = *outbound;
    Ok(vec![MessageResent { conversation: id, message, ordinal, submitted }.into()])
}

pub(super) fn settle(
    ws: &Workspace,
    id: ConversationId,
    message: MessageId,
    status: DeliveryStatus,
    actor: &Actor,
) -> Decision {
    match ws.conversations.get(&id) {
        Some(conversation) => require_holder_or_supervisor(ws, actor, id, conversation)?,
        None => require_supervisor(ws, actor)?,
    }
    if !matches!(status, DeliveryStatus::Sent | DeliveryStatus::Failed) {
        return Err(Rejection::NotAReceiptStatus);
    }
    let outbound = known_in(ws, id, message)?;
    if outbound.stage != SendStage::Uncertain || outbound.status != DeliveryStatus::Pending {
        return Err(Rejection::MessageNotUncertain(message));
    }
    Ok(vec![MessageSettled { conversation: id, message, ordinal: outbound.ordinal, status }.into()])
}

fn known(ws: &Workspace, message: MessageId) -> Result<&Outbound, Rejection> {
    ws.outbound.get(&message).ok_or(Rejection::UnknownMessage(message))
}

fn known_in(ws: &Workspace, id: ConversationId, message: MessageId) -> Result<&Outbound, Rejection> {
    known(ws, message).and_then(|found| {
        if found.conversation == id { Ok(found) } else { Err(Rejection::UnknownMessage(message)) }
    })
}

pub(super) fn submitted(ws: &mut Workspace, event: &MessageSubmitted, position: Position, at: Timestamp) {
    if let Some(conversation) = ws.conversations.get_mut(&event.conversation) {
        conversation.outbound_count = event.ordinal + 1;
        match &event.author {
            Author::Agent(_) => {
                conversation.answers = Answers { has_answered: true, ..Answers::default() };
                ws.begin_silence(event.conversation, at);
            }
            Author::System(SystemCause::OutOfHours) => conversation.told_closed_at = Some(at),
            Author::System(SystemCause::InactivityWarning | SystemCause::InactivityClosed) => {}
        }
    }
    let outbound = Outbound {
        conversation: event.conversation,
        channel: event.channel.clone(),
        ordinal: event.ordinal,
        submitted: position,
        status: DeliveryStatus::Pending,
        seen: 0,
        attempts: 0,
        resends: 0,
        stage: SendStage::Queued,
        provider: None,
    };
    ws.outbound.insert(event.message, outbound, at);
}

pub(super) fn attempted(ws: &mut Workspace, event: &SendAttempted) {
    if let Some(outbound) = ws.outbound.get_mut(&event.message) {
        outbound.attempts = event.attempt;
        outbound.stage = SendStage::Open;
    }
}

pub(super) fn accepted(ws: &mut Workspace, event: &SendAccepted, at: Timestamp) {
    let Some(outbound) = ws.outbound.get_mut(&event.message) else {
        return;
    };
    let key = ProviderKey::new(&outbound.channel, &event.provider_id);
    outbound.stage = SendStage::Accepted;
    outbound.provider = Some(key);
    ws.provider_ids.insert(key, (event.message, outbound.resends), at);
    ws.parked.remove(&key);
}

pub(super) fn deferred(ws: &mut Workspace, event: &SendDeferred) {
    if let Some(outbound) = ws.outbound.get_mut(&event.message) {
        outbound.stage = SendStage::Queued;
    }
}

pub(super) fn uncertain(ws: &mut Workspace, event: &SendUncertain) {
    if let Some(outbound) = ws.outbound.get_mut(&event.message) {
        outbound.stage = SendStage::Uncertain;
    }
}

pub(super) fn resent(ws: &mut Workspace, event: &MessageResent) {
    if let Some(outbound) = ws.outbound.get_mut(&event.message) {
        outbound.status = DeliveryStatus::Pending;
        outbound.seen = 0;
        outbound.resends = outbound.resends.saturating_add(1);
        outbound.stage = SendStage::Queued;
        outbound.provider = None;
    }
}

pub(super) fn settled(ws: &mut Workspace, event: &MessageSettled) {
    if let Some(outbound) = ws.outbound.get_mut(&event.message) {
        outbound.status = event.status;
        outbound.stage = SendStage::Accepted;
    }
}
