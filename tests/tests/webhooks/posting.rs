//! Webhooks as text and as requests, and what the log has of them.

use gateway::demo::whatsapp_stand_in::webhook_client;
use gateway::whatsapp::signature::{HEADER_NAME, sign};
use schemas::Event;
use serde_json::{Value, json};
use tests::ask::{Answer, answer};
use tests::books;
use tests::centre::identity;
use tests::server::{APP_SECRET, NUMBER, TestServer};
use tests::whatsapp::WRITTEN_AT_SECONDS;

/// A number that no channel has at first.
pub(super) const OTHER_NUMBER: &str = "900800700";

/// Posts a body with this signature, or none.
pub(super) async fn post(server: &TestServer, body: &[u8], signature: Option<&str>) -> Answer {
    let mut request = webhook_client().unwrap().post(server.webhook_url()).body(body.to_vec());
    if let Some(signature) = signature {
        request = request.header(HEADER_NAME, signature);
    }
    answer(request).await
}

pub(super) async fn post_signed(server: &TestServer, body: &[u8]) -> Answer {
    post(server, body, Some(&sign(APP_SECRET.as_bytes(), body))).await
}

/// A webhook with these members of `value`, as JSON text that is sent as it stands.
pub(super) fn envelope(members: &str) -> Vec<u8> {
    let metadata = json!({"display_phone_number": "15550100", "phone_number_id": NUMBER});
    let value = format!(r#"{{"messaging_product":"whatsapp","metadata":{metadata},{members}}}"#);
    let changes = format!(r#"[{{"field":"messages","value":{value}}}]"#);
    format!(r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":{changes}}}]}}"#)
        .into_bytes()
}

pub(super) fn text(from: u64, wamid: &str, body: &str) -> Value {
    let timestamp = WRITTEN_AT_SECONDS.to_string();
    json!({"from": identity(from), "id": wamid, "timestamp": timestamp, "type": "text", "text": {"body": body}})
}

/// How many messages with this id of the provider are in the log.
pub(super) async fn stored(server: &TestServer, wamid: &str) -> usize {
    let is_it = |event: &Event| matches!(event, Event::MessageReceived(e) if e.provider_id == wamid);
    let events = books::events(&server.server.app().log).await;
    events.iter().filter(|recorded| is_it(&recorded.event)).count()
}
