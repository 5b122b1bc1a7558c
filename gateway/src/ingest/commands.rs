//! The command that one update of a webhook stands for. Data in, data out.

use schemas::command::{IdentityChange, InboundMessage, Receipt};
use schemas::{
    Actor, ChannelId, ChannelKind, Command, CommandId, ContactId, Content, DeliveryError, DeliveryStatus,
    Submission, Timestamp, WorkspaceId,
};

use crate::whatsapp::webhook::{self, StatusUpdate, Update, UpdateKind};

/// The command, or why there is none. `channel` is the one that has the update's number.
pub(super) fn submission(
    update: &Update,
    channel: Option<&ChannelId>,
    workspace: &WorkspaceId,
    contact_key: &[u8; 32],
) -> Result<Submission, String> {
    let known = || {
        channel.ok_or_else(|| match &update.phone_number_id {
            Some(number) => format!("no WhatsApp channel has the phone_number_id {number}"),
            None => "the update names no phone_number_id".to_owned(),
        })
    };
    let (channel, id, command) = match &update.kind {
        UpdateKind::Message(message) => {
            let channel = known()?;
            let id = CommandId::of_inbound(workspace, channel, &message.provider_id);
            (channel, id, Command::ReceiveMessage(inbound(message, &update.raw, channel, contact_key)))
        }
        UpdateKind::Status(status) => {
            let channel = known()?;
            (
                channel,
                receipt_id(workspace, channel, status),
                Command::RecordReceipt(receipt(status, channel)),
            )
        }
        UpdateKind::IdentityChange(change) => {
            let channel = known()?;
            let command = Command::ChangeIdentity(identity_change(change, channel, contact_key));
            (channel, change_id(workspace, channel, change), command)
        }
        UpdateKind::Other { field } => {
            return Err(format!("an update of `{field}` is not understood by this version"));
        }
    };
    let actor = Actor::Channel(channel.clone());
    Ok(Submission { workspace: workspace.clone(), id, fingerprint: 0, actor, command })
}

fn inbound(
    message: &webhook::InboundMessage,
    raw: &str,
    channel: &ChannelId,
    contact_key: &[u8; 32],
) -> InboundMessage {
    // The phone number comes first: contacts known before user ids existed are known by it.
    let mut known = [&message.from.wa_id, &message.from.user_id].into_iter().flatten().cloned();
    let identity = known.next().unwrap_or_default();
    let also = known.map(|other| named(contact_key, &other)).collect();
    let content = match &message.text {
        Some(text) => Content::Text(text.clone()),
        None => Content::Unsupported { kind: message.kind.clone(), raw: raw.to_owned() },
    };
    InboundMessage {
        channel: channel.clone(),
        contact: named(contact_key, &identity).0,
        identity,
        also,
        profile_name: message.profile_name.clone(),
        provider_id: message.provider_id.clone(),
        content,
        written_at: Timestamp::from_millis(message.written_at_ms),
    }
}

/// An address, with the id that it stands for.
fn named(contact_key: &[u8; 32], address: &str) -> (ContactId, String) {
    let id = ContactId::of_identity(contact_key, ChannelKind::Whatsapp.network(), address);
    (id, address.to_owned())
}

fn identity_change(
    change: &webhook::IdentityChange,
    channel: &ChannelId,
    contact_key: &[u8; 32],
) -> IdentityChange {
    IdentityChange {
        channel: channel.clone(),
        from: named(contact_key, &change.from),
        to: named(contact_key, &change.to),
        also: change.also.iter().map(|other| named(contact_key, other)).collect(),
    }
}

/// The same for every copy of a change.
fn change_id(workspace: &WorkspaceId, channel: &ChannelId, change: &webhook::IdentityChange) -> CommandId {
    match &change.provider_id {
        Some(id) => CommandId::of_inbound(workspace, channel, id),
        None => {
            let subject = format!("{}/{}", change.from, change.to);
            CommandId::of_step(workspace, "whatsapp user id", subject.as_bytes(), change.changed_at_ms)
        }
    }
}

fn receipt(status: &StatusUpdate, channel: &ChannelId) -> Receipt {
    let error = status.error.as_ref();
    Receipt {
        channel: channel.clone(),
        message: status.our_message_id.as_ref().and_then(|id| id.parse().ok()),
        provider_id: Some(status.provider_id.clone()),
        status: delivery_status(status.status),
        reported_at: Timestamp::from_millis(status.reported_at_ms),
        error: error.map(|error| DeliveryError { code: error.code, detail: error.detail.clone() }),
    }
}

/// The same for every copy of a receipt, so that a repeated one is recognised before it is looked at.
fn receipt_id(workspace: &WorkspaceId, channel: &ChannelId, status: &StatusUpdate) -> CommandId {
    let step = delivery_status(status.status).bit();
    let subject = format!("{channel}/{step}/{}", status.provider_id);
    CommandId::of_step(workspace, "whatsapp receipt", subject.as_bytes(), status.reported_at_ms)
}

fn delivery_status(status: webhook::DeliveryStatus) -> DeliveryStatus {
    match status {
        webhook::DeliveryStatus::Sent => DeliveryStatus::Sent,
        webhook::DeliveryStatus::Delivered => DeliveryStatus::Delivered,
        webhook::DeliveryStatus::Read => DeliveryStatus::Read,
        webhook::DeliveryStatus::Played => DeliveryStatus::Played,
        webhook::DeliveryStatus::Failed => DeliveryStatus::Failed,
    }
}

#[cfg(test)]
mod tests {
    use schemas::MessageId;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn update(value: &str) -> Update {
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100","changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"1122"}},{value}}}}}]}}]}}"#
        );
        webhook::parse(body.as_bytes()).unwrap().remove(0)
    }

    fn message(parts: &str) -> Update {
        update(&format!(r#""messages":[{{"id":"wamid.A","timestamp":"1767225600",{parts}}}]"#))
    }

    fn status(parts: &str) -> Update {
        update(&format!(r#""statuses":[{{"id":"wamid.B","timestamp":"1767225600",{parts}}}]"#))
    }

    fn submitted(update: &Update) -> Submission {
        let (workspace, channel) = (WorkspaceId::new("default").unwrap(), ChannelId::new("wa").unwrap());
        submission(update, Some(&channel), &workspace, &KEY).unwrap()
    }

    #[track_caller]
    fn received(update: &Update) -> InboundMessage {
        match submitted(update).command {
            Command::ReceiveMessage(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_text_is_received_as_text_from_its_phone_number() {
        let update = message(r#""from":"346","from_user_id":"ES.9","type":"text","text":{"body":"hola"}"#);
        let inbound = received(&update);
        assert_eq!(inbound.content, Content::Text("hola".into()));
        assert_eq!(inbound.identity, "346");
        let other = ContactId::of_identity(&KEY, "whatsapp", "ES.9");
        assert_eq!(inbound.also, [(other, "ES.9".to_owned())]);
        assert_eq!(inbound.contact, ContactId::of_identity(&KEY, "whatsapp", "346"));
        assert_eq!(inbound.written_at, Timestamp::from_millis(1_767_225_600_000));
    }

    #[test]
    fn a_person_without_a_phone_number_is_known_by_user_id() {
        let inbound = received(&message(r#""from_user_id":"ES.9","type":"text","text":{"body":"hola"}"#));
        assert_eq!(inbound.identity, "ES.9");
        assert_eq!(inbound.contact, ContactId::of_identity(&KEY, "whatsapp", "ES.9"));
    }

    #[test]
    fn anything_else_is_kept_whole() {
        for (parts, kind) in [
            (r#""from":"346","type":"image","image":{"id":"9","caption":"\u00e1"}"#, "image"),
            (r#""from":"346","type":"text","text":{"body":""}"#, "text"),
            (r#""from":"346""#, "unknown"),
        ] {
            let update = message(parts);
            let content = received(&update).content;
            assert_eq!(content, Content::Unsupported { kind: kind.into(), raw: update.raw });
        }
    }

    #[test]
    fn copies_of_a_message_or_receipt_have_one_id() {
        let text = |body: &str| {
            submitted(&message(&format!(r#""from":"346","type":"text","text":{{"body":"{body}"}}"#)))
        };
        assert_eq!(text("a").id, text("b").id);
        let delivered = submitted(&status(r#""status":"delivered""#));
        assert_eq!(delivered.id, submitted(&status(r#""status":"delivered","recipient_id":"346""#)).id);
        assert_ne!(delivered.id, submitted(&status(r#""status":"read""#)).id);
        assert_eq!(delivered.actor, Actor::Channel(ChannelId::new("wa").unwrap()));
    }

    #[test]
    fn a_receipt_names_our_message_when_the_network_gives_it_back() {
        let ours = MessageId::from_bytes([0xab; 16]);
        for (data, message) in [(ours.to_string(), Some(ours)), ("somebody else's".into(), None)] {
            let update = status(&format!(
                r#""status":"failed","biz_opaque_callback_data":"{data}","errors":[{{"code":131026,"title":"no"}}]"#
            ));
            let Command::RecordReceipt(receipt) = submitted(&update).command else { panic!("no receipt") };
            assert_eq!((receipt.message, receipt.provider_id.as_deref()), (message, Some("wamid.B")));
            assert_eq!(receipt.error, Some(DeliveryError { code: 131_026, detail: "no".into() }));
        }
    }

    #[test]
    fn what_cannot_become_a_command_says_why() {
        let workspace = WorkspaceId::new("default").unwrap();
        for (update, why) in [
            (message(r#""from":"346","type":"text""#), "no WhatsApp channel has the phone_number_id 1122"),
            (update(r#""errors":[{"code":131000}]"#), "`messages.errors` is not understood"),
        ] {
            let reason = submission(&update, None, &workspace, &KEY).unwrap_err();
            assert!(reason.contains(why), "{reason}");
        }
    }
}
