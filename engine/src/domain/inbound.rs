//! A contact writes: into the open conversation on that channel, or a new one that is routed at once.

use schemas::command::InboundMessage;
use schemas::event::{ConversationOpened, Event, MessageReceived, QueueCause};
use schemas::limits::{
    ALSO_MAX, CONTENT_BYTES_MAX, IDENTITY_BYTES_MAX, NAME_CHARS_MAX, PROVIDER_ID_BYTES_MAX,
};
use schemas::{
    Actor, CampaignId, ChannelId, ChannelKind, CommandId, ContactId, ConversationId, Identity, MessageId,
    Needs, Rejection, Timestamp,
};

use super::contacts::merge::Merge;
use super::permission::{require_network_id, role};
use super::routing::{Loose, Router};
use super::state::{Conversation, Stage, Workspace};

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
    } else {
        events.extend(opens(ws, inbound, &merge, (ConversationId::from(message), received), now)?);
    }
    let freed = merge.refill(&events, now);
    events.extend(freed);
    Ok(events)
}

fn opens(
    ws: &Workspace,
    inbound: &InboundMessage,
    merge: &Merge<'_>,
    (conversation, received): (ConversationId, impl Fn(ConversationId) -> Event),
    now: Timestamp,
) -> Result<[Event; 3], Rejection> {
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
    Ok([opened.into(), received(conversation), routed])
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
        declined: Vec::new(),
        opened_at: at,
        outbound_count: 0,
        stage: Stage::Loose,
    };
    ws.conversations.insert(event.conversation, conversation);
}
