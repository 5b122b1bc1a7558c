//! What a dead letter is made of: a webhook's body that holds one update, byte for byte as it was received, so that
//! delivering it is receiving that webhook; and two headers beside it.

use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use schemas::Timestamp;
use serde_json::{Value, json};

use crate::whatsapp::webhook::{self, InboundMessage, ParseError, USER_ID_UPDATE, Update, UpdateKind};

pub(super) const REASON: &str = "Atender-Reason";
pub(super) const RECEIVED_AT: &str = "Atender-Received-At";

/// An update that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its number.
    pub sequence: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// Why it was not taken in.
    pub reason: String,
    /// A webhook's body that holds this update alone.
    pub body: Bytes,
}

impl Letter {
    pub(super) fn of(message: StreamMessage) -> Self {
        let header = |name| message.headers.get(name).map(|value| value.as_str());
        let received_at = header(RECEIVED_AT).and_then(|time| time.parse().ok());
        Self {
            sequence: message.sequence,
            received_at: received_at.unwrap_or_default(),
            reason: header(REASON).unwrap_or_default().to_owned(),
            body: message.payload,
        }
    }

    /// The updates it holds: one, unless a newer version finds more in it.
    ///
    /// # Errors
    /// When the body is none that [`super::DeadLetters::keep`] wrote.
    pub fn updates(&self) -> Result<Vec<Update>, ParseError> {
        webhook::parse(&self.body)
    }
}

/// A webhook's body with this update alone, its bytes unchanged, and with what the update does not say by itself.
pub(crate) fn body_of(update: &Update) -> String {
    let account = json!(update.account_id);
    let within_messages = |member: &str, contacts: Value| {
        let metadata = json!({"phone_number_id": update.phone_number_id});
        let (member, raw) = (Value::from(member), &update.raw);
        format!(
            r#"{{"field":"messages","value":{{"metadata":{metadata},"contacts":{contacts},{member}:[{raw}]}}}}"#
        )
    };
    let change = match &update.kind {
        UpdateKind::Message(message) => within_messages("messages", json!([sender(message)])),
        UpdateKind::IdentityChange(change) if change.provider_id.is_some() => {
            within_messages("messages", Value::Null)
        }
        UpdateKind::IdentityChange(_) => {
            let metadata = json!({"phone_number_id": update.phone_number_id});
            let raw = &update.raw;
            format!(
                r#"{{"field":"{USER_ID_UPDATE}","value":{{"metadata":{metadata},"{USER_ID_UPDATE}":[{raw}]}}}}"#
            )
        }
        UpdateKind::Status(_) => within_messages("statuses", Value::Null),
        UpdateKind::Other { field } => match field.strip_prefix("messages.") {
            Some(member) if !is_change_of(&update.raw, field) => within_messages(member, Value::Null),
            _ => update.raw.clone(),
        },
    };
    format!(r#"{{"object":"whatsapp_business_account","entry":[{{"id":{account},"changes":[{change}]}}]}}"#)
}

/// Whether this is a whole change, of a field that looks like a member of a `messages` change.
fn is_change_of(raw: &str, field: &str) -> bool {
    serde_json::from_str::<Value>(raw).is_ok_and(|change| change["field"] == *field)
}

fn sender(message: &InboundMessage) -> Value {
    json!({
        "profile": {"name": message.profile_name},
        "wa_id": message.from.wa_id,
        "user_id": message.from.user_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reads_back(body: &str) {
        let updates = webhook::parse(body.as_bytes()).unwrap();
        assert!(!updates.is_empty());
        for update in updates {
            let letter = body_of(&update);
            assert_eq!(webhook::parse(letter.as_bytes()), Ok(vec![update]), "{letter}");
        }
    }

    fn of_messages(value: &str) -> String {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100","changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"1\u00322"}},{value}}}}}]}}]}}"#
        )
    }

    #[test]
    fn a_letter_holds_what_came_with_the_message() {
        for value in [
            r#""contacts":[{"profile":{"name":"Ana \"A\""},"wa_id":"346"}],"messages":[{"from":"346","id":"w1","timestamp":"17","type":"text","text":{"body":"caf\u00e9\/"}}]"#,
            // The contact's number differs from the sender's, and has the user id that the message lacks.
            r#""contacts":[{"wa_id":"5491","user_id":"AR.9"}],"messages":[{"from":"541","id":"w1","timestamp":17,"type":"image","image":{"id": 1.0e3}}]"#,
            r#""contacts":[{"user_id":"AR.9"}],"messages":[{"from_user_id":"AR.9","id":"w1","timestamp":"17","type":"text"}]"#,
            r#""messages":[{"from":"346","id":"w1","timestamp":"17"},{"from":"347","id":"w2","timestamp":"17"}]"#,
        ] {
            assert_reads_back(&of_messages(value));
        }
    }

    #[test]
    fn a_letter_holds_a_change_of_a_number_or_user_id() {
        assert_reads_back(&of_messages(
            r#""messages":[{"from":"346","id":"w1","timestamp":"17","type":"system","system":{"type":"user_changed_number","wa_id":"347"}}]"#,
        ));
        let updates = r#"[{"user_id":{"previous":"ES.1","current":"ES.2"},"timestamp":"17"},{"wa_id":"346","user_id":{"previous":"ES.3","current":"ES.4"}}]"#;
        assert_reads_back(&format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"field":"user_id_update","value":{{"user_id_update":{updates}}}}}]}}]}}"#
        ));
    }

    #[test]
    fn a_letter_holds_a_status_and_what_is_not_understood() {
        for value in [
            r#""statuses":[{"id":"w","status":"failed","timestamp":"17","errors":[{"code":131026,"title":"no"}]}]"#,
            r#""statuses":[{"id":"w","status":"vanished","timestamp":"17"}]"#,
            r#""errors":[{"code":131000}],"odd\"member":[1,"two"]"#,
        ] {
            assert_reads_back(&of_messages(value));
        }
        let entry = |entry: &str| format!(r#"{{"object":"whatsapp_business_account","entry":[{entry}]}}"#);
        assert_reads_back(&entry(r#"{"id":7,"changes":[{"field":"account_alerts","value":{"a":[1]}}]}"#));
        assert_reads_back(&entry(r#"{"changes":[{"field":"messages","value":{}}]}"#));
        let message = r#""value":1,"id":"w","from":"1","timestamp":"1""#;
        assert_reads_back(&entry(&format!(r#"{{"changes":[{{"field":"messages.messages",{message}}}]}}"#)));
        assert_reads_back(&entry(r#"{"changes":[{"field":"messages.metadata"}]}"#));
    }
}
