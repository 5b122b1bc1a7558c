//! The stand-in as an API: shapes, faults, records.

mod bodies;
mod statuses;

use serde_json::{Value, json};

use super::*;

const NUMBER: &str = "1122";

fn options() -> StandInOptions {
    StandInOptions::new("token", NUMBER, 1_767_225_600_000)
}

fn text(to: &str, callback_data: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "oi"},
        "biz_opaque_callback_data": callback_data,
    })
}

async fn send(meta: &StandIn, token: &str, path: &str, body: String) -> (u16, Value) {
    let url = format!("{}{path}", meta.base_url());
    let client = webhook_client().unwrap();
    let answer = client.post(url).bearer_auth(token).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn send_text(meta: &StandIn, to: &str, callback_data: &str) -> (u16, Value) {
    send(meta, "token", &format!("/v23.0/{NUMBER}/messages"), text(to, callback_data).to_string()).await
}

#[tokio::test]
async fn a_message_is_answered_and_recorded() {
    let meta = StandIn::start(options()).await.unwrap();
    let (status, answer) = send_text(&meta, "+55 11 98765-4321", "m1").await;
    let accepted = meta.accepted();
    assert_eq!(status, 200);
    assert_eq!(answer["contacts"], json!([{"input": "+55 11 98765-4321", "wa_id": "5511987654321"}]));
    assert_eq!(answer["messages"][0]["id"].as_str(), Some(accepted[0].wamid.as_str()));
    assert_eq!(accepted[0].request, text("+55 11 98765-4321", "m1").to_string());
    assert_eq!(accepted[0].callback_data.as_deref(), Some("m1"));

    send_text(&meta, "551190", "m1").await;
    send_text(&meta, "551190", "m2").await;
    let times = ["m1", "m2", "m3"].map(|data| meta.times_accepted(data));
    assert_eq!((times, meta.accepted_repeatedly(), meta.accepted_total()), ([2, 1, 0], 1, 3));
    meta.stop().await;
}

#[tokio::test]
async fn a_request_of_another_shape_is_refused_as_meta_would() {
    let meta = StandIn::start(options()).await.unwrap();
    let path = format!("/v23.0/{NUMBER}/messages");
    let with = |name: &str, value: Value| {
        let mut request = text("551190", "m1");
        request[name] = value;
        request.to_string()
    };
    let long = "\u{e9}".repeat(4097);
    for (body, code) in [
        ("not json".to_owned(), 100),
        (with("messaging_product", Value::Null), 131_008),
        (with("messaging_product", "sms".into()), 131_009),
        (with("recipient_type", "group".into()), 131_009),
        (with("to", Value::Null), 131_008),
        (with("to", 551_190.into()), 131_009),
        (with("to", "Bia".into()), 131_009),
        (with("type", Value::Null), 131_008),
        (with("type", "image".into()), 131_009),
        (with("text", Value::Null), 131_008),
        (with("text", json!({})), 131_008),
        (with("text", json!({"body": ""})), 131_009),
        (with("text", json!({"body": long})), 131_009),
        (with("text", json!({"body": "oi", "preview_url": 1})), 131_009),
        (with("biz_opaque_callback_data", json!({})), 131_009),
        (
            json!({"messaging_product": "whatsapp", "recipient": "551190", "type": "text"}).to_string(),
            131_009,
        ),
    ] {
        let (status, answer) = send(&meta, "token", &path, body.clone()).await;
        assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(code)), "{body}");
        assert!(answer["error"]["error_data"]["details"].is_string());
    }
    let longest = with("text", json!({"body": "\u{e9}".repeat(4096), "preview_url": false}));
    assert_eq!(send(&meta, "token", &path, longest).await.0, 200);
    assert_eq!(meta.accepted_total(), 1);
}

#[tokio::test]
async fn a_wrong_token_number_or_path_is_refused() {
    let meta = StandIn::start(options()).await.unwrap();
    let body = text("551190", "m1").to_string();
    for (token, path, status, code, subcode) in [
        ("other", "/v23.0/1122/messages", 401, 190, None),
        ("token", "/v23.0/3344/messages", 400, 100, Some(33)),
        ("token", "/latest/1122/messages", 400, 2500, None),
        ("token", "/v23.0/1122/media", 400, 2500, None),
    ] {
        let (got, answer) = send(&meta, token, path, body.clone()).await;
        let error = &answer["error"];
        assert_eq!((got, error["code"].as_i64()), (status, Some(code)), "{path}");
        assert_eq!(error["error_subcode"].as_i64(), subcode, "{path}");
    }
    let url = format!("{}/v23.0/{NUMBER}/messages", meta.base_url());
    let without_token = webhook_client().unwrap().post(url).body(body).send().await.unwrap();
    assert_eq!(without_token.status(), 401);
}

#[tokio::test]
async fn queued_faults_are_taken_in_order_by_well_formed_requests() {
    let meta = StandIn::start(options()).await.unwrap();
    meta.next_fault(Fault::GraphError { http_status: 400, code: 131_056 });
    meta.next_fault(Fault::Delay(Duration::from_millis(50)));
    send_text(&meta, "not a number", "m0").await;
    assert_eq!(meta.faults_queued(), 2);

    let (status, answer) = send_text(&meta, "551190", "m1").await;
    assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(131_056)));
    let before = Instant::now();
    assert_eq!(send_text(&meta, "551190", "m2").await.0, 200);
    assert!(before.elapsed() >= Duration::from_millis(50));
    assert_eq!(send_text(&meta, "551190", "m3").await.0, 200);
    assert_eq!((meta.faults_queued(), meta.accepted_total()), (0, 2));
}

#[tokio::test]
async fn random_faults_repeat_with_their_seed() {
    let fates = async |seed| {
        let among = vec![Fault::GraphError { http_status: 503, code: 131_016 }];
        let random_faults = Some(RandomFaults { chance: 0.5, among });
        let meta = StandIn::start(StandInOptions { seed, random_faults, ..options() }).await.unwrap();
        let mut fates = Vec::new();
        for n in 0..24 {
            fates.push(send_text(&meta, "551190", &format!("m{n}")).await.0);
        }
        fates
    };
    let first = fates(7).await;
    assert_eq!(fates(7).await, first);
    assert_ne!(fates(8).await, first);
    assert!(first.contains(&200) && first.contains(&503));
}

#[tokio::test]
async fn stopping_lets_go_of_a_held_request() {
    let meta = StandIn::start(options()).await.unwrap();
    meta.next_fault(Fault::Timeout(Duration::from_secs(600)));
    let url = format!("{}/v23.0/{NUMBER}/messages", meta.base_url());
    let request =
        webhook_client().unwrap().post(url).bearer_auth("token").body(text("551190", "m").to_string());
    let held = tokio::spawn(request.send());
    while meta.accepted_total() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::timeout(Duration::from_secs(5), meta.stop()).await.unwrap();
    assert!(held.await.unwrap().is_err());
}
