//! What connectors report: messages of contacts, and how far outbound messages have come.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use engine::clock;
use schemas::api::Accepted;
use schemas::api::requests::{ChangeIdentity, ReceiveMessage, RecordReceipt, UnsupportedContent};
use schemas::command::{IdentityChange, InboundMessage, Receipt};
use schemas::event::ChannelDefined;
use schemas::{ChannelId, Command, CommandId, ContactId, Content, Rejection};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Caller;
use super::extract::Path;
use super::order::{Done, Order};
use super::problem::{Failure, Fault};
use super::reading;
use crate::app::App;
use crate::limits::INBOUND_BYTES_MAX;
use crate::tokens::Principal;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(receive))
        .layer(DefaultBodyLimit::max(INBOUND_BYTES_MAX))
        .routes(routes!(record_receipt))
        .routes(routes!(change_identity))
}

/// A contact wrote
///
/// For the connector of the channel. The message is in the log before this is answered, and once: the provider's id
/// is what makes repeating it safe, for at least 8 days. A contact without an open conversation on the channel gets
/// a new one, which is assigned at once or waits. Up to 512 KiB of JSON, and 256 KiB of content.
///
/// Refused with `channel_without_campaign`, `content_too_large`, `too_many`, `invalid_text`, `master_not_found` or
/// `forbidden`.
#[utoipa::path(
    post,
    operation_id = "receive_message",
    path = "/v1/channels/{channel}/inbound",
    tag = "channels",
    params(("channel" = ChannelId, Path, description = "On which channel.")),
    request_body = ReceiveMessage,
    responses((status = 200, description = "The message is in the log.", body = Accepted))
)]
async fn receive(
    State(app): State<Arc<App>>,
    Path(channel): Path<ChannelId>,
    Order(order, body): Order<ReceiveMessage>,
) -> Result<Done, Failure> {
    require_own(&order.caller, &channel)?;
    let kind = find(&app, &channel).await?.kind;
    let content = content(body.text, body.unsupported)?;
    let contact = ContactId::of_identity(&app.contact_key, kind.network(), &body.from);
    let of = |address: String| (ContactId::of_identity(&app.contact_key, kind.network(), &address), address);
    let also = body.also_known_as.into_iter().map(of).collect();
    let id = CommandId::of_inbound(&app.workspace, &channel, &body.provider_id);
    let message = InboundMessage {
        channel,
        contact,
        identity: body.from,
        also,
        profile_name: body.profile_name,
        provider_id: body.provider_id,
        content,
        written_at: body.written_at.unwrap_or_else(clock::now),
    };
    order.submit_with_id(&app, id, Command::ReceiveMessage(message)).await
}

fn content(text: Option<String>, unsupported: Option<UnsupportedContent>) -> Result<Content, Failure> {
    match (text, unsupported) {
        (Some(text), None) => Ok(Content::Text(text)),
        (None, Some(UnsupportedContent { kind, raw })) => Ok(Content::Unsupported { kind, raw }),
        (Some(_), Some(_)) | (None, None) => {
            let title = "a message has a text or unsupported content, and one of the two";
            Err(Failure::because(Fault::InvalidBody, title).in_field("text"))
        }
    }
}

/// A contact has another address
///
/// For the connector of the channel. Whoever writes from the new address is the same contact from now on, and what is
/// sent in their open conversations goes there. It opens no conversation.
///
/// Refused with `same_identity`, `invalid_text`, `master_not_found` or `forbidden`.
#[utoipa::path(
    post,
    operation_id = "change_identity",
    path = "/v1/channels/{channel}/identity-changes",
    tag = "channels",
    params(("channel" = ChannelId, Path, description = "On which channel; it holds on the whole network.")),
    request_body = ChangeIdentity,
    responses((status = 200, description = "It is so from now on.", body = Accepted))
)]
async fn change_identity(
    State(app): State<Arc<App>>,
    Path(channel): Path<ChannelId>,
    Order(order, body): Order<ChangeIdentity>,
) -> Result<Done, Failure> {
    require_own(&order.caller, &channel)?;
    let network = find(&app, &channel).await?.kind.network();
    let named = |address: String| (ContactId::of_identity(&app.contact_key, network, &address), address);
    let (from, to) = (named(body.from), named(body.to));
    let change = IdentityChange { channel, from, to, also: Vec::new() };
    order.submit(&app, Command::ChangeIdentity(change)).await
}

/// How far an outbound message has come
///
/// For the connector of the channel. Receipts may come in any order and number, and before the send is known here;
/// a status never goes back.
///
/// Refused with `receipt_without_message`, `not_a_receipt_status`, `unknown_message`, `too_many_parked_receipts`,
/// `invalid_text`, `master_not_found` or `forbidden`.
#[utoipa::path(
    post,
    path = "/v1/channels/{channel}/receipts",
    tag = "channels",
    params(("channel" = ChannelId, Path, description = "On which channel.")),
    request_body = RecordReceipt,
    responses((status = 200, description = "The receipt is in the log.", body = Accepted))
)]
async fn record_receipt(
    State(app): State<Arc<App>>,
    Path(channel): Path<ChannelId>,
    Order(order, body): Order<RecordReceipt>,
) -> Result<Done, Failure> {
    require_own(&order.caller, &channel)?;
    find(&app, &channel).await?;
    let receipt = Receipt {
        channel,
        message: body.message,
        provider_id: body.provider_id,
        status: body.status,
        reported_at: body.at.unwrap_or_else(clock::now),
        error: body.error,
    };
    order.submit(&app, Command::RecordReceipt(receipt)).await
}

/// A connector learns nothing of other channels, not even which there are. Roles are the engine's to check.
fn require_own(caller: &Caller, channel: &ChannelId) -> Result<(), Failure> {
    match &caller.principal {
        Principal::Connector(own) if own != channel => Err(Rejection::Forbidden.into()),
        Principal::Connector(_) | Principal::Administrator | Principal::Agent(_) => Ok(()),
    }
}

async fn find(app: &App, channel: &ChannelId) -> Result<ChannelDefined, Failure> {
    let found = reading::channel(app, channel).await?;
    found.ok_or_else(|| Failure::because(Fault::MasterNotFound, format!("there is no channel {channel}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_exactly_one_content() {
        let other = || Some(UnsupportedContent { kind: "image".into(), raw: "{}".into() });
        assert!(content(Some("hello".into()), None).is_ok());
        assert!(content(None, other()).is_ok());
        for wrong in [content(None, None), content(Some("hello".into()), other())] {
            assert_eq!(wrong.unwrap_err().code(), "invalid_body");
        }
    }

    #[test]
    fn a_connector_reports_for_its_own_channel_only() {
        let [own, other] = ["wa", "web"].map(|id| ChannelId::new(id).unwrap());
        let caller = Caller { principal: Principal::Connector(own.clone()), token: None };
        assert!(require_own(&caller, &own).is_ok());
        assert_eq!(require_own(&caller, &other).unwrap_err().code(), "forbidden");
    }
}
