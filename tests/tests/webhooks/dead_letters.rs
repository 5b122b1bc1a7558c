//! What cannot be taken in is kept as received, listed, counted, and delivered by hand, once.

use gateway::api_client::ApiClient;
use reqwest::Method;
use schemas::Position;
use schemas::api::Page;
use schemas::api::views::{DeadLetter, DeliveredLetters};
use serde_json::{Value, json};
use tests::ask::{answer, eventually, inbound_texts, lines, put, read, read_at, refused};
use tests::centre::Centre;
use tests::program::{Ran, run};
use tests::server::{NUMBER, TestServer};
use tests::whatsapp::message_to;

use super::posting::{OTHER_NUMBER, envelope, post_signed, stored, text};

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");

async fn dead_letters(admin: &ApiClient) -> Vec<DeadLetter> {
    read::<Page<DeadLetter>>(admin, "/v1/dead-letters").await.items
}

/// `atender dead-letters`
async fn tool(server: &TestServer, command: &str) -> Ran {
    let arguments = ["dead-letters", "--url", &server.url(), command];
    run(PROGRAM, server.server.admin_token(), &arguments).await
}

/// A channel for a number, and a campaign that works on it; gives back from where on they are there.
async fn adopt(admin: &ApiClient, number: &str, id: &str) -> Position {
    let channel = json!({"kind": "whatsapp", "address": number, "name": "Another number"});
    put(admin, &format!("/v1/channels/{id}"), &channel).await;
    let campaign = json!({"project": "help", "name": "Another", "channels": [id], "dispositions": []});
    put(admin, &format!("/v1/campaigns/{id}"), &campaign).await.position
}

/// As [`adopt`], and everybody knows.
async fn adopted(admin: &ApiClient, number: &str, id: &str) {
    let position = adopt(admin, number, id).await;
    let _: Value = read_at(admin, "/v1/channels", position).await;
}

async fn counted(admin: &ApiClient) -> u64 {
    let metrics = answer(admin.request(Method::GET, "/metrics")).await.body;
    let count = metrics.lines().find_map(|line| line.strip_prefix("atender_dead_letters_total "));
    count.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_an_unknown_number_is_kept_until_somebody_delivers_it_and_then_taken_in_once() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    let (before, counted_before) = (server.head().await, counted(&admin).await);
    let body = message_to(OTHER_NUMBER, 1, "wamid.lost", "is anybody there?");
    for _ in 0..2 {
        assert_eq!(server.webhook(body.clone()).await, 200);
    }
    assert_eq!(server.head().await, before, "something of it is in the log");
    let letters = dead_letters(&admin).await;
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!(letter.phone_number_id.as_deref(), Some(OTHER_NUMBER));
    assert!(
        letter.reason.contains(OTHER_NUMBER) && letter.preview.contains("is anybody there?"),
        "{letter:?}"
    );
    assert!(counted(&admin).await > counted_before);
    let listed = tool(&server, "list").await.output();
    assert!(listed.contains(OTHER_NUMBER) && listed.contains("is anybody there?"), "{listed}");
    let too_early = tool(&server, "deliver").await;
    assert!(!too_early.success && too_early.stdout.contains("0 taken in, 1 left"), "{too_early:?}");

    adopted(&admin, OTHER_NUMBER, "wa-2").await;
    assert!(tool(&server, "deliver").await.output().contains("1 taken in, 0 left"));
    let conversation = server.conversation(1).await;
    assert_eq!(inbound_texts(&lines(&admin, conversation).await), ["is anybody there?"]);
    assert!(dead_letters(&admin).await.is_empty());

    let after = server.head().await;
    assert!(tool(&server, "deliver").await.output().contains("0 taken in, 0 left"));
    let path = format!("/v1/dead-letters/{}/deliver", letter.sequence);
    assert_eq!(refused(&admin, Method::POST, &path, &Value::Null).await.status, 404);
    assert_eq!(server.webhook(body).await, 200);
    assert_eq!(server.head().await, after, "it was taken in twice");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_letter_can_be_delivered_alone_and_the_rest_stays() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    for from in 1..=3 {
        let body = message_to(OTHER_NUMBER, from, &format!("wamid.{from}"), "hello");
        assert_eq!(server.webhook(body).await, 200);
    }
    adopted(&admin, OTHER_NUMBER, "wa-2").await;
    let deliver = async |path: &str| -> DeliveredLetters {
        admin.answer(admin.request(Method::POST, path)).await.unwrap()
    };
    let letters: Vec<_> = dead_letters(&admin).await.iter().map(|letter| letter.sequence).collect();
    let second = format!("/v1/dead-letters/{}/deliver", letters[1]);
    assert_eq!(deliver(&second).await, DeliveredLetters { delivered: 1, failed: vec![] });
    let left: Vec<_> = dead_letters(&admin).await.iter().map(|letter| letter.sequence).collect();
    assert_eq!(left, [letters[0], letters[2]]);
    assert_eq!((stored(&server, "wamid.1").await, stored(&server, "wamid.2").await), (0, 1));
    assert_eq!(deliver("/v1/dead-letters/deliver").await.delivered, 2);
    assert_eq!((stored(&server, "wamid.1").await, stored(&server, "wamid.2").await), (1, 1));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_another_kind_is_a_dead_letter_beside_what_is_understood() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let alert = json!({"field": "account_alerts", "value": {"alert_severity": "HIGH"}});
    let value = json!({"metadata": {"phone_number_id": NUMBER}, "messages": [text(1, "wamid.1", "hello")]});
    let changes = json!([alert, {"field": "messages", "value": value}]);
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "7", "changes": changes}]});
    assert_eq!(post_signed(&server, body.to_string().as_bytes()).await.status, 200);
    assert_eq!(stored(&server, "wamid.1").await, 1);
    let letters = dead_letters(&server.admin()).await;
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert!(letter.preview.contains("alert_severity"), "{letter:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_the_moment_its_channel_is_defined_is_no_dead_letter() {
    let server = TestServer::start_quiet(Centre { capacity: 500, ..Centre::default() }).await;
    for number in 0..40 {
        let (address, id) = (format!("7000{number}"), format!("wa-{number}"));
        adopt(&server.admin(), &address, &id).await;
        assert_eq!(server.webhook(message_to(&address, 1, &format!("wamid.{number}"), "hello")).await, 200);
        assert_eq!(dead_letters(&server.admin()).await, []);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_while_the_views_are_made_anew_is_no_dead_letter() {
    let server = TestServer::start_quiet(Centre::default()).await;
    for part in 0..5 {
        let messages: Vec<_> =
            (0..1000).map(|n| text(1, &format!("wamid.{part}.{n}"), "and then?")).collect();
        let body = envelope(&format!(r#""messages":{}"#, json!(messages)));
        assert_eq!(post_signed(&server, &body).await.status, 200);
    }
    adopt(&server.admin(), OTHER_NUMBER, "wa-2").await;
    let server = server.restart_without_views().await;
    let body = message_to(OTHER_NUMBER, 1, "wamid.at-once", "are you back?");
    let taken = async || match server.webhook(body.clone()).await {
        200 => Some(()),
        status => {
            assert_eq!(status, 503, "try again, the views are not there yet");
            None
        }
    };
    eventually("it is taken in", taken).await;
    assert_eq!(dead_letters(&server.admin()).await, []);
    assert_eq!(stored(&server, "wamid.at-once").await, 1);
    server.stop().await;
}
