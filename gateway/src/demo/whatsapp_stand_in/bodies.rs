//! Webhook bodies as Meta writes them, and their signed delivery.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, redirect};
use serde_json::{Value, json};

use crate::whatsapp::api::install_crypto_provider;
use crate::whatsapp::{is_business_scoped_user_id, signature};

const ACCOUNT_ID: &str = "100200300400500";
const DISPLAY_PHONE_NUMBER: &str = "15550100";
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// One step of a sent message, for [`status_webhook`].
#[derive(Debug, Clone, Copy)]
pub struct StatusWebhook<'a> {
    /// The business number it was sent from.
    pub phone_number_id: &'a str,
    /// Id of the message.
    pub wamid: &'a str,
    /// Who it is for: a WhatsApp id, or a business-scoped user id.
    pub recipient: &'a str,
    /// `sent`, `delivered`, `read`, `played`, `failed`, or something new.
    pub status: &'a str,
    /// When, in seconds since 1970.
    pub unix_seconds: u64,
    /// The callback data of the message.
    pub callback_data: Option<&'a str>,
    /// Meta's code and explanation of a failure.
    pub error: Option<(i64, &'a str)>,
}

/// The body of a webhook with one text message. `wa_id` may be a business-scoped user id: then the sender has no
/// phone number.
pub fn text_webhook(
    phone_number_id: &str,
    wa_id: &str,
    profile_name: &str,
    wamid: &str,
    unix_seconds: u64,
    body: &str,
) -> Vec<u8> {
    let mut contact = json!({"profile": {"name": profile_name}});
    let mut message =
        json!({"id": wamid, "timestamp": unix_seconds.to_string(), "type": "text", "text": {"body": body}});
    if is_business_scoped_user_id(wa_id) {
        contact["user_id"] = wa_id.into();
        message["from_user_id"] = wa_id.into();
    } else {
        contact["wa_id"] = wa_id.into();
        message["from"] = wa_id.into();
    }
    envelope(phone_number_id, json!({"contacts": [contact], "messages": [message]}))
}

/// The body of a webhook with one status.
pub fn status_webhook(of: &StatusWebhook<'_>) -> Vec<u8> {
    let mut status = json!({"id": of.wamid, "status": of.status, "timestamp": of.unix_seconds.to_string()});
    let recipient =
        if is_business_scoped_user_id(of.recipient) { "recipient_user_id" } else { "recipient_id" };
    status[recipient] = of.recipient.into();
    if let Some(callback_data) = of.callback_data {
        status["biz_opaque_callback_data"] = callback_data.into();
    }
    if of.status == "sent" {
        status["pricing"] = json!({
            "billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service",
        });
    }
    if let Some((code, details)) = of.error {
        let title = format!("Error {code}");
        status["errors"] =
            json!([{"code": code, "title": title, "message": title, "error_data": {"details": details}}]);
    }
    envelope(of.phone_number_id, json!({"statuses": [status]}))
}

/// A client for [`post_signed`]: no proxy, no redirects, 10 seconds for an answer.
///
/// # Errors
/// When the HTTP client cannot be made.
pub fn webhook_client() -> Result<Client, reqwest::Error> {
    install_crypto_provider();
    Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(DELIVERY_TIMEOUT).build()
}

/// Posts a webhook with Meta's signature header and gives the status of the answer.
///
/// # Errors
/// When there was no answer.
pub async fn post_signed(
    client: &Client,
    url: &str,
    app_secret: &[u8],
    body: Vec<u8>,
) -> Result<StatusCode, reqwest::Error> {
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(signature::HEADER_NAME, signature::sign(app_secret, &body))
        .body(body);
    Ok(request.send().await?.status())
}

fn envelope(phone_number_id: &str, content: Value) -> Vec<u8> {
    let metadata = json!({"display_phone_number": DISPLAY_PHONE_NUMBER, "phone_number_id": phone_number_id});
    let mut value = json!({"messaging_product": "whatsapp", "metadata": metadata});
    if let (Some(value), Value::Object(content)) = (value.as_object_mut(), content) {
        value.extend(content);
    }
    let changes = json!([{"field": "messages", "value": value}]);
    let body =
        json!({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT_ID, "changes": changes}]});
    escaped_like_meta(&body.to_string()).into_bytes()
}

/// Meta escapes more than JSON asks for, before it signs. None of these characters stands outside a string.
fn escaped_like_meta(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '/' => escaped.push_str("\\/"),
            '<' | '%' | '@' => escaped.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if c.is_ascii() => escaped.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    escaped.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    escaped
}
