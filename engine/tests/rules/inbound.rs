//! A contact writes: one open conversation for each contact and channel, opened by the first message and routed at
//! once; nothing that comes in is lost for what it is.

use schemas::command::InboundMessage;
use schemas::event::{ConversationOpened, Event, MessageReceived, QueueCause};
use schemas::limits::{CONTENT_BYTES_MAX, IDENTITY_BYTES_MAX, NAME_CHARS_MAX, PROVIDER_ID_BYTES_MAX};
use schemas::{Actor, ChannelKind, Command, CommandId, Content, MessageId, Rejection, WorkspaceId};

use super::centre::*;
use super::harness::{Step, given, second};

fn opened(on: &str, in_campaign: &str) -> Event {
    ConversationOpened {
        conversation: opened_by(EVA, on, 1),
        contact: contact(EVA),
        identity: "identity of eva".into(),
        network: network(on),
        profile_name: Some(EVA.into()),
        channel: channel(on),
        campaign: campaign(in_campaign),
    }
    .into()
}

fn network(on: &str) -> ChannelKind {
    match on {
        WEB => ChannelKind::Webchat,
        APPLE => ChannelKind::Apple,
        _ => ChannelKind::Whatsapp,
    }
}

/// Eva's message of this count came into her first conversation on the channel.
fn received(on: &str, count: u32) -> Event {
    MessageReceived {
        conversation: opened_by(EVA, on, 1),
        message: MessageId::from_bytes(*opened_by(EVA, on, count).as_bytes()),
        provider_id: format!("eva-{count}"),
        content: Content::Text("hello".into()),
        written_at: second(0),
    }
    .into()
}

fn says(content: Content) -> Step {
    says_it(InboundMessage { content, ..inbound(EVA, WA, 1) })
}

fn says_it(message: InboundMessage) -> Step {
    let actor = Actor::Channel(message.channel.clone());
    Step::new(actor, Command::ReceiveMessage(message))
}

#[test]
fn a_first_message_opens_a_conversation_that_is_routed_at_once() {
    given([]).when(wrote(EVA)).then([
        opened(WA, SALES),
        received(WA, 1),
        queued(of(EVA), SALES, QueueCause::Opened, second(1)),
    ]);
}

#[test]
fn a_second_message_joins_the_open_conversation() {
    given([wrote(EVA)]).when(wrote_again(EVA).after(0)).then([received(WA, 2)]);
}

#[test]
fn a_message_is_remembered_with_the_place_of_its_last_event() {
    let scene = given([wrote(EVA)]);
    let workspace = WorkspaceId::new("default").unwrap();
    let command = CommandId::of_inbound(&workspace, &channel(WA), "eva-1");
    let remembered = scene.state().remembered(&workspace, command).unwrap();
    assert_eq!(remembered.position.index, 2);
    assert_eq!(remembered.conversation, Some(of(EVA)));
    assert!(remembered.has_message);
}

#[test]
fn a_message_joins_the_conversation_wherever_it_was_transferred() {
    given([online(ANA), wrote(EVA), online(FLO), transfers(ANA, of(EVA), to_campaign(SUPPORT))])
        .when(wrote_again(EVA))
        .then([received(WA, 2)])
        .then_holds(FLO, [of(EVA)]);
}

#[test]
fn another_channel_is_another_conversation() {
    given([wrote(EVA)]).when(wrote_on(EVA, APPLE, 1)).then([
        opened(APPLE, BILLING),
        received(APPLE, 1),
        queued(opened_by(EVA, APPLE, 1), BILLING, QueueCause::Opened, second(2)),
    ]);
}

#[test]
fn a_channel_without_entry_campaign_takes_the_first_that_works_on_it() {
    given([])
        .when(wrote_on(EVA, WEB, 1))
        .then_accepted()
        .and([online(WEB_ONLY)])
        .then_holds(WEB_ONLY, [opened_by(EVA, WEB, 1)]);
}

#[test]
fn an_entry_campaign_that_does_not_work_on_the_channel_is_passed_over() {
    let astray = a_channel(WEB, schemas::ChannelKind::Webchat, Some(BILLING));
    given([defines(Command::DefineChannel(astray)), wrote_on(EVA, WEB, 1)])
        .when(online(ANA))
        .then_accepted()
        .and([finishes_with(ANA, opened_by(EVA, WEB, 1), "sold", Some("sold-card"))])
        .then_is_not_open(opened_by(EVA, WEB, 1));
}

#[test]
fn what_is_not_understood_is_kept_whole() {
    let image = Content::Unsupported { kind: "image".into(), raw: r#"{"image":{"id":"1"}}"#.into() };
    let received = MessageReceived {
        conversation: of(EVA),
        message: MessageId::from_bytes([9; 16]),
        provider_id: "eva-1".into(),
        content: image.clone(),
        written_at: second(0),
    };
    given([wrote(EVA)]).when(says(image).with_id(CommandId::from_bytes([9; 16]))).then([received.into()]);
}

#[test]
fn the_largest_content_is_taken() {
    given([]).when(says(Content::Text("x".repeat(CONTENT_BYTES_MAX)))).then_accepted();
}

#[test]
fn a_profile_name_is_cut_to_what_is_shown() {
    let long = InboundMessage { profile_name: Some("ñ".repeat(NAME_CHARS_MAX + 1)), ..inbound(EVA, WA, 1) };
    let id = CommandId::from_bytes([9; 16]);
    let cut = ConversationOpened {
        conversation: MessageId::from(id).into(),
        contact: contact(EVA),
        identity: "identity of eva".into(),
        network: ChannelKind::Whatsapp,
        profile_name: Some("ñ".repeat(NAME_CHARS_MAX)),
        channel: channel(WA),
        campaign: campaign(SALES),
    };
    given([]).when(says_it(long).with_id(id)).then_begins_with(cut.into());
}

#[test]
fn a_message_can_be_taken_in_by_hand() {
    given([]).when(wrote(EVA).by(Actor::Administrator)).then_accepted().then_waits(of(EVA));
}

refusals! {
    a_connector_does_not_bring_messages_of_another_channel:
        given []
        when wrote(EVA).by(Actor::Channel(channel(APPLE)))
        => Rejection::Forbidden;
    an_agent_does_not_bring_messages:
        given []
        when wrote(EVA).by(as_agent(ANA))
        => Rejection::Forbidden;
    an_auditor_does_not_bring_messages:
        given []
        when wrote(EVA).by(as_agent(TOM))
        => Rejection::Forbidden;
    a_message_comes_on_a_channel_that_exists:
        given []
        when wrote_on(EVA, "nowhere", 1)
        => Rejection::UnknownChannel(channel("nowhere"));
    somebody_works_on_the_channel:
        given []
        when wrote_on(EVA, SPARE, 1)
        => Rejection::ChannelWithoutCampaign(channel(SPARE));
    a_message_is_not_larger_than_what_is_kept:
        given []
        when says(Content::Text("x".repeat(CONTENT_BYTES_MAX + 1)))
        => Rejection::ContentTooLarge(CONTENT_BYTES_MAX);
    a_message_has_the_providers_id:
        given []
        when says_it(InboundMessage { provider_id: String::new(), ..inbound(EVA, WA, 1) })
        => Rejection::InvalidText("provider id".into());
    the_providers_id_is_not_too_long:
        given []
        when says_it(InboundMessage {
            provider_id: "p".repeat(PROVIDER_ID_BYTES_MAX + 1),
            ..inbound(EVA, WA, 1)
        })
        => Rejection::InvalidText("provider id".into());
    a_message_is_somebodys:
        given []
        when says_it(InboundMessage { identity: " ".into(), ..inbound(EVA, WA, 1) })
        => Rejection::InvalidText("identity".into());
    an_identity_is_not_too_long:
        given []
        when says_it(InboundMessage {
            identity: "ñ".repeat(IDENTITY_BYTES_MAX / 2 + 1),
            ..inbound(EVA, WA, 1)
        })
        => Rejection::InvalidText("identity".into());
}
