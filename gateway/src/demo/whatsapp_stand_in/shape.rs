//! Whether a request is one Meta would take, and the error it would answer otherwise. Stricter than Meta where a
//! slip of the client would otherwise pass unseen: only texts to one person, with every member of its type.

use serde_json::{Value, json};

use crate::whatsapp::api::TEXT_CHARS_MAX;
use crate::whatsapp::is_business_scoped_user_id;

/// A text message as it was asked for.
#[derive(Debug)]
pub(super) struct TextMessage {
    pub(super) to: String,
    pub(super) body: String,
    pub(super) callback_data: Option<String>,
}

/// An error of the Graph API. Source: Meta, "Cloud API error codes".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GraphError {
    pub(super) http_status: u16,
    pub(super) code: i64,
    pub(super) subcode: Option<i64>,
    pub(super) details: String,
}

impl GraphError {
    pub(super) fn bad_request(code: i64, details: impl Into<String>) -> Self {
        Self { http_status: 400, code, subcode: None, details: details.into() }
    }

    fn missing(name: &str) -> Self {
        Self::bad_request(131_008, format!("{name} is required"))
    }

    fn invalid(name: &str, expected: &str) -> Self {
        Self::bad_request(131_009, format!("{name} must be {expected}"))
    }

    pub(super) fn body(&self) -> Value {
        let title = match self.code {
            100 => "Invalid parameter",
            190 => "Access token has expired",
            130_429 => "Rate limit hit",
            131_008 => "Required parameter is missing",
            131_009 => "Parameter value is not valid",
            131_056 => "Pair rate limit hit",
            _ => "Error",
        };
        let mut error = json!({
            "message": format!("(#{}) {title}", self.code),
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": "StandIn",
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        json!({ "error": error })
    }
}

pub(super) fn check(body: &str) -> Result<TextMessage, GraphError> {
    let request: Value = serde_json::from_str(body)
        .map_err(|_| GraphError::bad_request(100, "the body of the request is not JSON"))?;
    exactly(&request, "messaging_product", "whatsapp")?;
    if !request["recipient_type"].is_null() {
        exactly(&request, "recipient_type", "individual")?;
    }
    let to = recipient(&request)?;
    exactly(&request, "type", "text")?;
    let text = &request["text"];
    if text.is_null() {
        return Err(GraphError::missing("text"));
    }
    if !matches!(text["preview_url"], Value::Null | Value::Bool(_)) {
        return Err(GraphError::invalid("text.preview_url", "true or false"));
    }
    let body = string(&text["body"], "text.body")?;
    if !(1..=TEXT_CHARS_MAX).contains(&body.chars().count()) {
        return Err(GraphError::invalid("text.body", "1 to 4096 characters long"));
    }
    let callback_data = match &request["biz_opaque_callback_data"] {
        Value::Null => None,
        data => Some(string(data, "biz_opaque_callback_data")?),
    };
    Ok(TextMessage { to, body, callback_data })
}

/// `to` wins over `recipient`, as at Meta.
fn recipient(request: &Value) -> Result<String, GraphError> {
    if !request["to"].is_null() {
        let to = string(&request["to"], "to")?;
        let digits = to.bytes().filter(u8::is_ascii_digit).count();
        let only_phone_characters = to.bytes().all(|b| b.is_ascii_digit() || b"+-() ".contains(&b));
        if only_phone_characters && (5..=20).contains(&digits) {
            return Ok(to);
        }
        return Err(GraphError::invalid("to", "a phone number with country code"));
    }
    if request["recipient"].is_null() {
        return Err(GraphError::missing("to or recipient"));
    }
    let recipient = string(&request["recipient"], "recipient")?;
    if is_business_scoped_user_id(&recipient) {
        Ok(recipient)
    } else {
        Err(GraphError::invalid("recipient", "a business-scoped user id"))
    }
}

fn exactly(request: &Value, name: &str, expected: &str) -> Result<(), GraphError> {
    if string(&request[name], name)? == expected { Ok(()) } else { Err(GraphError::invalid(name, expected)) }
}

fn string(value: &Value, name: &str) -> Result<String, GraphError> {
    match value {
        Value::Null => Err(GraphError::missing(name)),
        Value::String(text) => Ok(text.clone()),
        _ => Err(GraphError::invalid(name, "a string")),
    }
}
