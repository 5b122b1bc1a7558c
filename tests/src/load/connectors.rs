//! Connectors that report what became of messages: in any order, repeatedly, late, and before anybody has told them
//! which message it was. Now and then an administrator has one sent again.

use std::sync::Arc;

use reqwest::Method;
use schemas::MessageId;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::asking::Asking;
use super::known::Known;

const STATUSES: [&str; 5] = ["sent", "delivered", "read", "played", "sent"];

pub(super) async fn report(mut asking: Asking, known: Arc<Known>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let sent = known.sent().clone();
        if let Some((message, conversation, channel)) = asking.chance.choose(&sent).cloned() {
            if asking.chance.percent(5) {
                let path = format!("/v1/conversations/{conversation}/messages/{message}/resend");
                asking.order(Method::POST, &path, &json!({})).await;
            } else if channel.as_str() == "web" {
                report_one(&mut asking, message).await;
            }
        }
        asking.pause().await;
    }
}

async fn report_one(asking: &mut Asking, message: MessageId) {
    let status =
        if asking.chance.percent(3) { "failed" } else { *asking.chance.choose(&STATUSES).unwrap_or(&"sent") };
    let network_id = format!("web.{message}");
    let body = match asking.chance.below(3) {
        0 => json!({"message": message, "status": status}),
        1 => json!({"provider_id": network_id, "status": status}),
        _ => json!({"message": message, "provider_id": network_id, "status": status}),
    };
    asking.order(Method::POST, "/v1/channels/web/receipts", &body).await;
}
