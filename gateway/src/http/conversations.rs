//! Conversations: what agents do with them. What is allowed is decided by the engine; here requests become
//! commands.

use std::sync::Arc;

use axum::extract::State;
use schemas::api::Accepted;
use schemas::api::requests::{AddNote, Assign, EndAfterWork, Finish, SendMessage, Settle, Transfer};
use schemas::{Command, Content, ConversationId, MessageId, Needs, TransferTarget};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Path;
use super::order::{Done, NoBody, Order};
use super::problem::{Failure, Fault};
use super::texts;
use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(send))
        .routes(routes!(assign))
        .routes(routes!(transfer))
        .routes(routes!(withdraw_transfer))
        .routes(routes!(finish))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(take_over))
        .routes(routes!(give_back))
        .routes(routes!(set_needs))
        .routes(routes!(end_after_work))
        .routes(routes!(add_note))
        .routes(routes!(resend))
        .routes(routes!(settle))
}

/// Send a message
///
/// A text, or the shortcut of a predefined one, whose fields are filled in with what is known now. Only the agent who has
/// the conversation sends; a supervisor takes it over first. The answer says that the message is in the log; it goes out
/// after that, and its status follows by live push. At most 4096 characters.
///
/// Refused with `not_assigned_agent`, `conversation_not_open`, `empty_message`, `message_too_long`, `unknown_shortcut` or
/// `text_field_empty`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    request_body = SendMessage,
    responses((status = 200, description = "The message is in the log.", body = Accepted))
)]
async fn send(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, body): Order<SendMessage>,
) -> Result<Done, Failure> {
    let content = match (body.text, body.shortcut) {
        (Some(text), None) => Ok(Content::Text(text)),
        (None, Some(shortcut)) => {
            texts::of_shortcut(&app, &order.caller.principal, conversation, &shortcut).await
        }
        (Some(_), Some(_)) | (None, None) => {
            let title = "a message is a text or the shortcut of one, and one of the two";
            return Err(Failure::because(Fault::InvalidBody, title).in_field("text"));
        }
    };
    let checked = content.map(|content| Command::Send { conversation, content });
    order.submit_checked(&app, checked).await
}

/// Assign a conversation
///
/// An agent takes one from the queues of their campaigns, for themselves; a supervisor gives any to anybody who
/// may have it. Taking one that one has changes nothing.
///
/// Refused with `already_assigned`, `reserved_for_exclusive_agent`, `offered_to_another`, `agent_not_online`, `agent_full`,
/// `agent_full_on_kind`, `agent_not_in_campaign`, `agent_not_on_channel`, `agent_does_not_attend`, `unknown_agent`,
/// `forbidden` or `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/assign",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    request_body = Assign,
    responses((status = 200, description = "The agent has it, and no other.", body = Accepted))
)]
async fn assign(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, body): Order<Assign>,
) -> Result<Done, Failure> {
    let agent = order.agent_or_self(body.agent)?;
    order.submit(&app, Command::Assign { conversation, agent }).await
}

/// Transfer a conversation
///
/// To an agent who is online, works in the same campaign, handles the channel and has room; or to another campaign
/// of the same channel, where it goes to an agent or waits in the queue. The note with the reason is mandatory.
///
/// With `offer` the agent is asked first. They accept or decline as any offer; until they accept, the conversation stays
/// where it is. After the campaign's `offer_seconds`, or 60 where it has none, the question ends by itself.
///
/// Each failed condition has its own code: `note_required`, `invalid_text`, `agent_not_online`, `agent_not_in_campaign`,
/// `agent_not_on_channel`, `agent_full`, `agent_full_on_kind`, `agent_does_not_attend`, `transfer_to_self`,
/// `transfer_to_same_campaign`, `campaign_not_on_channel`, `only_one_campaign`, `unknown_agent`, `unknown_campaign`,
/// `not_assigned_agent`, `conversation_not_open`; and of those that are offered, `transfer_offered_already` and
/// `attended_by_nobody`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/transfer",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    request_body = Transfer,
    responses((status = 200, description = "It is with the agent, or in the campaign.", body = Accepted))
)]
async fn transfer(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, body): Order<Transfer>,
) -> Result<Done, Failure> {
    let Transfer { agent, campaign, note, offer } = body;
    let to = match (agent, campaign) {
        (Some(agent), None) if offer => {
            return order.submit(&app, Command::OfferTransfer { conversation, agent, note }).await;
        }
        (None, Some(_)) if offer => {
            let title = "a campaign cannot be asked whether it takes a conversation";
            return Err(Failure::because(Fault::InvalidBody, title).in_field("offer"));
        }
        (Some(agent), None) => TransferTarget::Agent(agent),
        (None, Some(campaign)) => TransferTarget::Campaign(campaign),
        (Some(_), Some(_)) | (None, None) => {
            let title = "a transfer is to an agent or to a campaign, and to one of the two";
            return Err(Failure::because(Fault::InvalidBody, title).in_field("agent"));
        }
    };
    order.submit(&app, Command::Transfer { conversation, to, note }).await
}

/// Withdraw an offered transfer
///
/// The agent is asked no more whether they take the conversation over.
///
/// Refused with `no_transfer_offered`, `not_assigned_agent` or `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/transfer/withdraw",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "Nobody is asked any more.", body = Accepted))
)]
async fn withdraw_transfer(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::WithdrawTransfer { conversation }).await
}

/// Finish a conversation
///
/// With a disposition of the campaign, and a sub-disposition when the disposition has any. The contact's next
/// message opens a new conversation.
///
/// Refused with `unknown_disposition`, `disposition_not_allowed`, `sub_disposition_required`,
/// `sub_disposition_unexpected`, `not_a_sub_disposition`, `not_assigned_agent` or `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/finish",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    request_body = Finish,
    responses((status = 200, description = "It is over.", body = Accepted))
)]
async fn finish(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, body): Order<Finish>,
) -> Result<Done, Failure> {
    let Finish { disposition, sub_disposition } = body;
    let command = Command::Finish { conversation, disposition, sub_disposition };
    order.submit(&app, command).await.map_err(|failure| match failure.code() {
        "unknown_disposition" => failure.in_field("disposition"),
        _ => failure,
    })
}

/// Accept an offer
///
/// The conversation is the agent's from now on: one that routing offers, or that its agent offers to transfer.
///
/// Refused with `not_offered` or `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/accept",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "It is theirs.", body = Accepted))
)]
async fn accept(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::AcceptOffer { conversation }).await
}

/// Decline an offer
///
/// The conversation goes to somebody else, or waits. It is not offered to this agent again until somebody has had it. When
/// its agent offers to transfer it, it stays with them.
///
/// Refused with `not_offered` or `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/decline",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "It is not theirs.", body = Accepted))
)]
async fn decline(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::DeclineOffer { conversation }).await
}

/// Take a conversation over
///
/// A supervisor has it instead of its agent, whose room it still takes, and may send. For supervisors with a token of
/// their own.
///
/// Refused with `attended_by_nobody`, `taken_over_already`, `agent_full`, `nobody_takes_over`, `forbidden` or
/// `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/take-over",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "The supervisor has it.", body = Accepted))
)]
async fn take_over(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::TakeOver { conversation }).await
}

/// Give a conversation back
///
/// The agent from whom it was taken over has it again. It goes back by itself when the supervisor goes offline.
///
/// Refused with `not_taken_over`, `nobody_to_give_back_to`, `forbidden` or `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/give-back",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    responses((status = 200, description = "The agent has it again.", body = Accepted))
)]
async fn give_back(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::GiveBack { conversation }).await
}

/// Say what a conversation needs
///
/// Skills that an agent must have to get it, beyond those of its campaign, and how urgent it is. One that waits finds
/// its new place at once, and an agent if somebody can take it now. What the body leaves out is needed no more.
///
/// Refused with `skill_level`, `priority_too_high`, `too_many`, `not_assigned_agent` or `conversation_not_open`.
#[utoipa::path(
    put,
    path = "/v1/conversations/{id}/needs",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    request_body = Needs,
    responses((status = 200, description = "It is so from now on.", body = Accepted))
)]
async fn set_needs(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, needs): Order<Needs>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::SetNeeds { conversation, needs }).await
}

/// Write a note
///
/// For the next agent to read; the customer never sees it. A supervisor who watches leaves one of the kind `coaching`
/// for the agent who has the conversation. At most 4000 characters.
///
/// Refused with `forbidden`, `invalid_text`, `not_assigned_agent` or `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/notes",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation.")),
    request_body = AddNote,
    responses((status = 200, description = "The note is in the log.", body = Accepted))
)]
async fn add_note(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, body): Order<AddNote>,
) -> Result<Done, Failure> {
    let command = Command::AddNote { conversation, text: body.text, kind: body.kind };
    order.submit(&app, command).await.map_err(|failure| match failure.code() {
        // The engine names the note; this request calls its text so.
        "invalid_text" => failure.in_field("text"),
        _ => failure,
    })
}

/// Be done after a conversation
///
/// Where the campaign gives time for what is to be done after a conversation, it takes its agent's room until that
/// time is over or they say that they are done.
///
/// Refused with `no_after_work`, `unknown_agent` or `forbidden`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/end-after-work",
    tag = "conversations",
    params(("id" = ConversationId, Path, description = "Which conversation, finished before.")),
    request_body = EndAfterWork,
    responses((status = 200, description = "The agent has room again.", body = Accepted))
)]
async fn end_after_work(
    State(app): State<Arc<App>>,
    Path(conversation): Path<ConversationId>,
    Order(order, body): Order<EndAfterWork>,
) -> Result<Done, Failure> {
    let agent = order.agent_or_self(body.agent)?;
    order.submit(&app, Command::EndAfterWork { conversation, agent }).await
}

/// Send a message again
///
/// One that failed, or whose sending is uncertain and that a person has found not to have arrived.
///
/// Refused with `message_not_resendable`, `unknown_message`, `not_assigned_agent` or `conversation_not_open`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages/{message}/resend",
    tag = "conversations",
    params(
        ("id" = ConversationId, Path, description = "Which conversation."),
        ("message" = MessageId, Path, description = "Which outbound message."),
    ),
    responses((status = 200, description = "It goes out again.", body = Accepted))
)]
async fn resend(
    State(app): State<Arc<App>>,
    Path((conversation, message)): Path<(ConversationId, MessageId)>,
    Order(order, NoBody {}): Order<NoBody>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::Resend { conversation, message }).await
}

/// Settle an uncertain message
///
/// A supervisor says what became of a message of which nobody knows whether the network took it: `sent` or
/// `failed`. A receipt that carries the message's id settles it as well.
///
/// Refused with `message_not_uncertain`, `not_a_receipt_status`, `unknown_message`, `not_assigned_agent` or `forbidden`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages/{message}/settle",
    tag = "conversations",
    params(
        ("id" = ConversationId, Path, description = "Which conversation."),
        ("message" = MessageId, Path, description = "Which outbound message."),
    ),
    request_body = Settle,
    responses((status = 200, description = "Its status is as said.", body = Accepted))
)]
async fn settle(
    State(app): State<Arc<App>>,
    Path((conversation, message)): Path<(ConversationId, MessageId)>,
    Order(order, body): Order<Settle>,
) -> Result<Done, Failure> {
    order.submit(&app, Command::Settle { conversation, message, status: body.status }).await
}
