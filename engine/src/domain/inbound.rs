//! A contact writes: into the open conversation on that channel, or a new one that is routed at once.

use schemas::command::InboundMessage;
use schemas::event::{ConversationOpened, Event, MessageReceived, QueueCause};
use schemas::limits::{CONTENT_BYTES_MAX, IDENTITY_BYTES_MAX, NAME_CHARS_MAX, PROVIDER_ID_BYTES_MAX};
use schemas::{
    Actor, CampaignId, ChannelId, ChannelKind, CommandId, ConversationId, MessageId, Needs, Rejection,
    Timestamp,
};

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
        return Ok(vec![received(*open)]);
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
    Ok(vec![opened.into(), received(conversation), routed])
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
        stage: Stage::Loose,
    };
    ws.conversations.insert(event.conversation, conversation);
}
