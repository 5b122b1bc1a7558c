//! A contact writes: into the open conversation on that channel, or a new one that is routed at once.

use schemas::command::InboundMessage;
use schemas::event::{ConversationOpened, Event, MessageReceived, QueueCause, ResponseKind};
use schemas::limits::{CONTENT_BYTES_MAX, IDENTITY_BYTES_MAX, NAME_CHARS_MAX, PROVIDER_ID_BYTES_MAX};
use schemas::{
    Actor, CampaignId, ChannelId, ChannelKind, CommandId, ConversationId, MessageId, Needs, Rejection,
    Timestamp,
};

use super::hours::told_outside;
use super::permission::{require_network_id, role};
use super::routing::{Loose, Router};
use super::service_level::{Answers, awaited};
use super::state::{Conversation, Stage, Workspace};
use super::system_message::Addressee;

pub(super) fn receive(
    ws: &Workspace,
    inbound: &InboundMessage,
    command: CommandId,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    require_channel(ws, actor, &inbound.channel)?;
    require_network_id("provider id", &inbound.provider_id, PROVIDER_ID_BYTES_MAX)?;
    require_network_id("identity", &inbound.identity, IDENTITY_BYTES_MAX)?;
    if inbound.content.bytes() > CONTENT_BYTES_MAX {
        return Err(Rejection::ContentTooLarge(CONTENT_BYTES_MAX));
    }
    let message = MessageId::from(command);
    let received = |conversation| -> Event {
        MessageReceived {
            conversation,
            message,
            provider_id: inbound.provider_id.clone(),
            content: inbound.content.clone(),
            written_at: inbound.written_at,
        }
        .into()
    };
    if let Some(open) = ws.open.get(&(inbound.contact, inbound.channel.clone())) {
        let follows = ws.conversations.get(open).into_iter();
        let follows = follows.flat_map(|conversation| follow_up(ws, *open, conversation, command, now));
        return Ok(std::iter::once(received(*open)).chain(follows).collect());
    }
    let campaign = entry_campaign(ws, &inbound.channel)?;
    let conversation = ConversationId::from(message);
    let opened = ConversationOpened {
        conversation,
        contact: inbound.contact,
        identity: inbound.identity.clone(),
        profile_name: inbound.profile_name.as_ref().map(|name| name.chars().take(NAME_CHARS_MAX).collect()),
        channel: inbound.channel.clone(),
        campaign: campaign.clone(),
    };
    let needs = Needs::default();
    let loose = Loose {
        conversation,
        contact: inbound.contact,
        channel: &inbound.channel,
        kind: ws.kind_of(&inbound.channel),
        campaign,
        needs: &needs,
        declined: &[],
        since: now,
        cause: QueueCause::Opened,
    };
    let routed = Router::new(ws, now, None).route(&loose);
    let identity = &inbound.identity;
    let customer = Addressee { conversation, channel: &inbound.channel, identity, outbound_count: 0 };
    let mut events = vec![opened.into(), received(conversation), routed];
    events.extend(awaited(ws, campaign, conversation, ResponseKind::First, now));
    events.extend(told_outside(ws, campaign, &customer, None, command, now));
    Ok(events)
}

/// What comes of another message in an open conversation.
fn follow_up(
    ws: &Workspace,
    id: ConversationId,
    conversation: &Conversation,
    command: CommandId,
    now: Timestamp,
) -> impl Iterator<Item = Event> {
    let Conversation { campaign, answers, told_closed_at, .. } = conversation;
    let is_first = !answers.is_unanswered;
    let awaited = is_first.then(|| awaited(ws, campaign, id, answers.kind(), now)).flatten();
    let customer = Addressee::of(id, conversation);
    // Who is being attended is not told that nobody attends.
    let is_alone = conversation.agent().is_none();
    let told = is_alone.then(|| told_outside(ws, campaign, &customer, *told_closed_at, command, now));
    awaited.into_iter().chain(told.flatten())
}

/// The channel exists and the actor may report for it: the channel itself, or an administrator by hand.
pub(super) fn require_channel(ws: &Workspace, actor: &Actor, channel: &ChannelId) -> Result<(), Rejection> {
    let may = match actor {
        Actor::Channel(own) => own == channel,
        Actor::System | Actor::Administrator | Actor::Agent(_) => {
            role(ws, actor) == Some(schemas::Role::Administrator)
        }
    };
    if !may {
        return Err(Rejection::Forbidden);
    }
    if ws.channels.contains_key(channel) { Ok(()) } else { Err(Rejection::UnknownChannel(channel.clone())) }
}

fn entry_campaign<'a>(ws: &'a Workspace, id: &ChannelId) -> Result<&'a CampaignId, Rejection> {
    let entry = ws.channels.get(id).and_then(|channel| channel.entry_campaign.as_ref());
    let works_here = |campaign: &&schemas::event::CampaignDefined| campaign.channels.contains(id);
    let chosen = entry.and_then(|entry| ws.campaigns.get(entry)).filter(works_here);
    chosen
        .or_else(|| ws.campaigns.values().find(works_here))
        .map(|campaign| &campaign.campaign)
        .ok_or_else(|| Rejection::ChannelWithoutCampaign(id.clone()))
}

impl Workspace {
    /// The kind of a channel that exists; it never changes.
    fn kind_of(&self, channel: &ChannelId) -> ChannelKind {
        self.channels.get(channel).map_or(ChannelKind::Webchat, |channel| channel.kind)
    }
}

pub(super) fn opened(ws: &mut Workspace, event: &ConversationOpened, at: Timestamp) {
    ws.open.insert((event.contact, event.channel.clone()), event.conversation);
    let conversation = Conversation {
        contact: event.contact,
        identity: event.identity.as_str().into(),
        channel: event.channel.clone(),
        kind: ws.kind_of(&event.channel),
        campaign: event.campaign.clone(),
        needs: Needs::default(),
        taken_from: None,
        transfer_offer: None,
        declined: Vec::new(),
        opened_at: at,
        outbound_count: 0,
        answers: Answers::default(),
        silence: None,
        told_closed_at: None,
        stage: Stage::Loose,
    };
    ws.conversations.insert(event.conversation, conversation);
}

pub(super) fn received(ws: &mut Workspace, event: &MessageReceived) {
    if let Some(conversation) = ws.conversations.get_mut(&event.conversation) {
        conversation.answers.is_unanswered = true;
        conversation.silence = None;
    }
}
