//! The client against the stand-in: what it writes, and what it makes of every way to fail.

use super::*;
use crate::demo::whatsapp_stand_in::{Fault, StandIn, StandInOptions};

const NUMBER: &str = "1122";

async fn stand_in() -> StandIn {
    StandIn::start(StandInOptions::new("token", NUMBER, 1_767_225_600_000)).await.unwrap()
}

fn config(base_url: impl Into<String>, token: &str) -> WhatsAppApiConfig {
    WhatsAppApiConfig { base_url: base_url.into(), ..WhatsAppApiConfig::new(AccessToken::new(token)) }
}

fn client(stand_in: &StandIn, token: &str) -> WhatsAppApi {
    WhatsAppApi::new(&config(stand_in.base_url(), token)).unwrap()
}

#[track_caller]
fn assert_unknown(outcome: &SendOutcome, part: &str) {
    assert!(matches!(outcome, SendOutcome::Unknown { reason } if reason.contains(part)), "{outcome:?}");
}

#[tokio::test]
async fn a_text_is_sent_in_the_documented_shape() {
    let meta = stand_in().await;
    let outcome = client(&meta, "token").send_text(NUMBER, "5511987654321", "Olá \"você\"", "msg-1").await;
    let accepted = meta.accepted().remove(0);
    assert_eq!(outcome, SendOutcome::Accepted { provider_id: accepted.wamid });
    let request: serde_json::Value = serde_json::from_str(&accepted.request).unwrap();
    assert_eq!(
        request,
        serde_json::json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "5511987654321",
            "type": "text",
            "text": {"body": "Olá \"você\"", "preview_url": false},
            "biz_opaque_callback_data": "msg-1",
        })
    );
}

#[tokio::test]
async fn a_person_known_by_user_id_is_written_to_by_it() {
    let meta = stand_in().await;
    let outcome = client(&meta, "token").send_text(NUMBER, "BR.8810027346", "oi", "msg-1").await;
    assert!(matches!(outcome, SendOutcome::Accepted { .. }), "{outcome:?}");
    let request: serde_json::Value = serde_json::from_str(&meta.accepted()[0].request).unwrap();
    assert_eq!((request["recipient"].as_str(), request.get("to")), (Some("BR.8810027346"), None));
}

#[tokio::test]
async fn a_refusal_is_a_failure_and_a_limit_is_not() {
    let meta = stand_in().await;
    let code = |outcome| match outcome {
        SendOutcome::Failed { error } => ("failed", error.code),
        SendOutcome::Deferred { error, .. } => ("deferred", error.code),
        outcome => panic!("{outcome:?}"),
    };
    let api = client(&meta, "token");
    assert_eq!(code(client(&meta, "old").send_text(NUMBER, "551190", "oi", "m").await), ("failed", 190));
    assert_eq!(code(api.send_text("99", "551190", "oi", "m").await), ("failed", 100));
    assert_eq!(code(api.send_text("../x", "551190", "oi", "m").await), ("failed", 100));
    assert_eq!(code(api.send_text(NUMBER, "551190", "", "m").await), ("failed", 131_009));
    meta.next_fault(Fault::GraphError { http_status: 400, code: 130_429 });
    assert_eq!(code(api.send_text(NUMBER, "551190", "oi", "m").await), ("deferred", 130_429));
    assert_eq!(meta.accepted_total(), 0);
}

#[tokio::test]
async fn what_may_have_been_sent_is_unknown() {
    let meta = stand_in().await;
    let patient = client(&meta, "token");
    let mut hasty = config(meta.base_url(), "token");
    hasty.timeout = Duration::from_secs(4);
    let hasty = WhatsAppApi::new(&hasty).unwrap();

    meta.next_fault(Fault::AcceptThenDrop);
    assert_unknown(&patient.send_text(NUMBER, "551190", "oi", "dropped").await, "connection broke");
    meta.next_fault(Fault::Http500NoBody);
    assert_unknown(&patient.send_text(NUMBER, "551190", "oi", "broken").await, "500");
    meta.next_fault(Fault::Timeout(Duration::from_secs(60)));
    assert_unknown(&hasty.send_text(NUMBER, "551190", "oi", "silent").await, "in time");

    let sent = ["dropped", "broken", "silent"].map(|data| meta.times_accepted(data));
    assert_eq!(sent, [1, 0, 1]);
    meta.stop().await;
}

#[tokio::test]
async fn what_never_left_is_deferred() {
    let stopped = stand_in().await;
    let refusing = stopped.base_url();
    stopped.stop().await;
    let plain = stand_in().await;
    let without_tls = plain.base_url().replace("http:", "https:");
    for base_url in [refusing.as_str(), without_tls.as_str(), "http://nobody.invalid"] {
        let api = WhatsAppApi::new(&config(base_url, "token")).unwrap();
        let outcome = api.send_text(NUMBER, "551190", "oi", "m").await;
        let SendOutcome::Deferred { error, retry_after_ms: None } = outcome else {
            panic!("{base_url}: {outcome:?}")
        };
        assert_eq!(error.code, ApiError::NOT_REACHED);
        assert!(error.detail.starts_with("could not connect: "), "{}", error.detail);
    }
}

#[tokio::test]
async fn a_dropped_connection_does_not_make_the_client_repeat_itself() {
    let meta = stand_in().await;
    let api = client(&meta, "token");
    for n in 0..20 {
        if n % 3 == 0 {
            meta.next_fault(Fault::AcceptThenDrop);
        }
        api.send_text(NUMBER, "551190", "oi", &format!("m{n}")).await;
    }
    assert_eq!((meta.accepted_total(), meta.accepted_repeatedly()), (20, 0));
}

#[test]
fn the_base_url_may_have_a_path() {
    for (base_url, versioned) in [
        ("https://graph.facebook.com", "https://graph.facebook.com/v23.0"),
        ("https://graph.facebook.com/", "https://graph.facebook.com/v23.0"),
        ("https://proxy.example/meta/", "https://proxy.example/meta/v23.0"),
    ] {
        let api = WhatsAppApi::new(&config(base_url, "token")).unwrap();
        assert_eq!(api.versioned_url.as_str(), versioned);
    }
    for base_url in ["", "graph.facebook.com", "file:///etc", "mailto:a@b"] {
        let refused = WhatsAppApi::new(&config(base_url, "token"));
        assert!(matches!(refused, Err(ApiSetupError::BaseUrl { .. })), "{base_url}");
    }
}

#[test]
fn the_token_is_never_printed() {
    let config = config("https://graph.facebook.com", "very-secret");
    let api = WhatsAppApi::new(&config).unwrap();
    assert!(!format!("{config:?} {api:?}").contains("very-secret"));
    let unsendable = WhatsAppApiConfig::new(AccessToken::new("very-secret\n"));
    let error = WhatsAppApi::new(&unsendable).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("very-secret"));
}
