//! A contact writes: into the open conversation on that channel, or a new one that is routed at once.

use schemas::command::InboundMessage;
use schemas::event::{ConversationOpened, Event, MessageReceived, QueueCause, ResponseKind};
use schemas::limits::{
    ALSO_MAX, CONTENT_BYTES_MAX, IDENTITY_BYTES_MAX, NAME_CHARS_MAX, PROVIDER_ID_BYTES_MAX,
};
use schemas::{
    Actor, CampaignId, ChannelId, ChannelKind, CommandId, ContactId, ConversationId, Identity, MessageId,
    Needs, Rejection, Timestamp,
};

use super::contacts::merge::Merge;
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
    require_few(&inbound.also)?;
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
    let network = ws.kind_of(&inbound.channel);
    let also = inbound.also.iter().map(|(id, address)| {
        let identity = Identity { network, address: address.clone() };
        (*id, Some(identity))
    });
    let merge = Merge::new(ws, inbound.contact, also);
    let mut events = merge.events();
    if let Some(open) = merge.open_on(&inbound.channel) {
        events.push(received(open));
        if let Some(conversation) = ws.conversations.get(&open) {
            let is_first = !merge.is_unanswered(open, conversation);
            events.extend(follow_up(ws, (open, conversation), is_first, command, now));
        }
    } else {
        events.extend(opens(ws, inbound, &merge, received, command, now)?);
    }
    let freed = merge.refill(&events, now);
    events.extend(freed);
    Ok(events)
}

fn opens(
    ws: &Workspace,
    inbound: &InboundMessage,
    merge: &Merge<'_>,
    received: impl Fn(ConversationId) -> Event,
    command: CommandId,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let conversation = ConversationId::from(MessageId::from(command));
    let campaign = entry_campaign(ws, &inbound.channel)?;
    let (contact, kind) = (merge.contact(), ws.kind_of(&inbound.channel));
    let opened = ConversationOpened {
        conversation,
        contact,
        identity: inbound.identity.clone(),
        network: kind,
        profile_name: inbound.profile_name.as_ref().map(|name| name.chars().take(NAME_CHARS_MAX).collect()),
        channel: inbound.channel.clone(),
        campaign: campaign.clone(),
    };
    let needs = Needs::default();
    let loose = Loose {
        conversation,
        contact,
        channel: &inbound.channel,
        kind,
        campaign,
        needs: &needs,
        declined: &[],
        since: now,
        cause: QueueCause::Opened,
    };
    let routed = Router::new(ws, now, None).route_to(&loose, merge.exclusive_agent(campaign));
    let identity = &inbound.identity;
    let customer = Addressee { conversation, channel: &inbound.channel, identity, outbound_count: 0 };
    let mut events = vec![opened.into(), received(conversation), routed];
    events.extend(awaited(ws, campaign, conversation, ResponseKind::First, now));
    events.extend(told_outside(ws, campaign, &customer, None, command, now));
    Ok(events)
}

/// What comes of another message in an open conversation; whether it is the first that nobody has answered.
fn follow_up(
    ws: &Workspace,
    (id, conversation): (ConversationId, &Conversation),
    is_first: bool,
    command: CommandId,
    now: Timestamp,
) -> impl Iterator<Item = Event> {
    let Conversation { campaign, answers, told_closed_at, .. } = conversation;
    let awaited = is_first.then(|| awaited(ws, campaign, id, answers.kind(), now)).flatten();
    let customer = Addressee::of(id, conversation);
    // Who is being attended is not told that nobody attends.
    let is_alone = conversation.agent().is_none();
    let told = is_alone.then(|| told_outside(ws, campaign, &customer, *told_closed_at, command, now));
    awaited.into_iter().chain(told.flatten())
}

/// Other addresses of whoever wrote are few and can be written down.
pub(super) fn require_few(also: &[(ContactId, String)]) -> Result<(), Rejection> {
    if also.len() > ALSO_MAX {
        return Err(Rejection::TooMany("also known as".to_owned()));
    }
    also.iter().try_for_each(|(_, address)| require_network_id("also known as", address, IDENTITY_BYTES_MAX))
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
    pub(super) fn kind_of(&self, channel: &ChannelId) -> ChannelKind {
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
