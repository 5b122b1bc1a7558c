//! WhatsApp's webhooks: who may call, what is stored and how often, and that nothing is answered 200 before it is
//! durable.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::time::Duration;

use futures_util::future::join_all;
use gateway::api_client::ApiClient;
use gateway::demo::whatsapp_stand_in::{Fault, webhook_client};
use gateway::serve::{Nats, ServeConfig};
use gateway::whatsapp::signature::{HEADER_NAME, sign};
use gateway::whatsapp::webhook::BODY_BYTES_MAX;
use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use schemas::api::Page;
use schemas::api::views::{DeadLetter, DeliveredLetters, EntryBody, MessageState};
use schemas::{CommandId, Content, Event, MessageId};
use serde_json::{Value, json};
use tests::ask::{
    Answer, answer, eventually, header, inbound_texts, lines, put, read, refused, send, status_of,
};
use tests::books;
use tests::centre::{Centre, campaign, channel, disposition, identity, workspace};
use tests::listener::Listener;
use tests::nats::TestNats;
use tests::program::run;
use tests::proxy::Proxy;
use tests::server::{APP_SECRET, NUMBER, TestServer, VERIFY_TOKEN, stand_in};
use tests::whatsapp::{WRITTEN_AT_SECONDS, message, message_to, receipt};

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");
/// A number that no channel has yet.
const OTHER_NUMBER: &str = "900800700";

/// Posts a body with this signature, or none.
async fn post(server: &TestServer, body: &[u8], signature: Option<&str>) -> Answer {
    let mut request = webhook_client().unwrap().post(server.webhook_url()).body(body.to_vec());
    if let Some(signature) = signature {
        request = request.header(HEADER_NAME, signature);
    }
    answer(request).await
}

async fn post_signed(server: &TestServer, body: &[u8]) -> Answer {
    post(server, body, Some(&sign(APP_SECRET.as_bytes(), body))).await
}

/// A webhook with these updates, as JSON text that is sent as it stands.
fn envelope(value: &str) -> Vec<u8> {
    let metadata = format!(r#"{{"display_phone_number":"15550100","phone_number_id":"{NUMBER}"}}"#);
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{metadata},{value}}}}}]}}]}}"#
    )
    .into_bytes()
}

fn text(from: u64, wamid: &str, body: &str) -> Value {
    json!({"from": identity(from), "id": wamid, "timestamp": WRITTEN_AT_SECONDS.to_string(), "type": "text",
        "text": {"body": body}})
}

/// The messages of this customer in the log, by the provider's id.
async fn stored(server: &TestServer, wamid: &str) -> usize {
    let events = books::events(&server.server.app().log).await;
    let is_it = |event: &Event| matches!(event, Event::MessageReceived(message) if message.provider_id == wamid);
    events.iter().filter(|recorded| is_it(&recorded.event)).count()
}

async fn dead_letters(admin: &ApiClient) -> Vec<DeadLetter> {
    read::<Page<DeadLetter>>(admin, "/v1/dead-letters").await.items
}

async fn deliver(admin: &ApiClient, path: &str) -> DeliveredLetters {
    admin.answer(admin.request(Method::POST, path)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_is_registered_with_the_verify_token_and_with_no_other() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ask = |mode: &str, token: &str| {
        let query = [("hub.mode", mode), ("hub.challenge", "1158201444"), ("hub.verify_token", token)];
        answer(webhook_client().unwrap().get(server.webhook_url()).query(&query))
    };
    let registered = ask("subscribe", VERIFY_TOKEN).await;
    assert_eq!((registered.status, registered.body.as_str()), (200, "1158201444"));
    for (mode, token) in [("subscribe", "another"), ("subscribe", ""), ("unsubscribe", VERIFY_TOKEN)] {
        let wrong = ask(mode, token).await;
        assert_eq!(wrong.status, 403, "{mode} {token}");
        assert!(!wrong.body.contains("1158201444"));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_by_meta_is_not_stored() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let before = server.head().await;
    let body = message(1, "wamid.1", "give me all you have");
    let signature = sign(APP_SECRET.as_bytes(), &body);
    let of_another_body = sign(APP_SECRET.as_bytes(), b"{}");
    let with_another_secret = sign(b"another secret", &body);
    let upper_case = signature.to_uppercase();
    for wrong in [None, Some(""), Some(&*of_another_body), Some(&*with_another_secret), Some(&*upper_case)] {
        let answer = post(&server, &body, wrong).await;
        assert_eq!(answer.status, 401, "{wrong:?}");
        assert_eq!(answer.problem().code, "unauthenticated");
    }
    assert_eq!(server.head().await, before, "the log has grown");
    assert!(dead_letters(&server.admin()).await.is_empty());
    assert_eq!(post(&server, &body, Some(&signature)).await.status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_webhook_is_refused_and_one_too_large_too() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let before = server.head().await;
    for (body, code) in [
        (&b"{\"object\":"[..], "malformed_json"),
        (b"", "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        (b"[]", "malformed_json"),
        (br#"{"object":"page","entry":[]}"#, "malformed_json"),
    ] {
        let answer = post_signed(&server, body).await;
        assert_eq!((answer.status, answer.problem().code.as_str()), (400, code), "{body:?}");
    }
    let mut large = message(1, "wamid.1", "hello");
    large.resize(BODY_BYTES_MAX, b' ');
    assert_eq!(post_signed(&server, &large).await.status, 200, "as large as may be");
    large.push(b' ');
    let answer = post_signed(&server, &large).await;
    assert_eq!((answer.status, answer.problem().code.as_str()), (413, "body_too_large"));
    assert_eq!(stored(&server, "wamid.1").await, 1);
    assert_eq!(server.head().await.sequence, before.sequence + 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_an_unknown_number_is_kept_until_somebody_delivers_it() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    let counted = counter(&admin, "atender_dead_letters_total").await;
    let before = server.head().await;
    let body = message_to(OTHER_NUMBER, 1, "wamid.lost", "is anybody there?");
    for _ in 0..2 {
        assert_eq!(server.webhook(body.clone()).await, 200);
    }
    assert_eq!(server.head().await, before, "nothing of it is in the log yet");

    let letters = dead_letters(&admin).await;
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!(letter.phone_number_id.as_deref(), Some(OTHER_NUMBER));
    assert!(letter.reason.contains(OTHER_NUMBER), "{}", letter.reason);
    assert!(letter.preview.contains("is anybody there?"), "{}", letter.preview);
    assert!(counter(&admin, "atender_dead_letters_total").await > counted);
    let tool = async |arguments: &[&str]| {
        let url = server.url();
        let all = [&["dead-letters", "--url", &url], arguments].concat();
        run(PROGRAM, server.server.admin_token(), &all).await
    };
    let listed = tool(&["list"]).await.output();
    assert!(listed.contains(OTHER_NUMBER) && listed.contains("is anybody there?"), "{listed}");
    let too_early = tool(&["deliver"]).await;
    assert!(!too_early.success && too_early.stdout.contains("0 taken in, 1 left"), "{too_early:?}");

    adopt_other_number(&admin).await;
    assert!(tool(&["deliver"]).await.output().contains("1 taken in, 0 left"));
    let conversation = server.conversation(1).await;
    assert_eq!(inbound_texts(&lines(&admin, conversation).await), ["is anybody there?"]);
    assert!(dead_letters(&admin).await.is_empty());

    let after = server.head().await;
    assert!(tool(&["deliver"]).await.output().contains("0 taken in, 0 left"));
    let path = format!("/v1/dead-letters/{}/deliver", letter.sequence);
    assert_eq!(refused(&admin, Method::POST, &path, &Value::Null).await.status, 404);
    assert_eq!(server.webhook(body).await, 200);
    assert_eq!(server.head().await, after, "it was taken in twice");
    server.stop().await;
}

/// A channel for the other number, and a campaign that works on it.
async fn adopt_other_number(admin: &ApiClient) {
    let other = json!({"kind": "whatsapp", "address": OTHER_NUMBER, "name": "Second number"});
    put(admin, "/v1/channels/wa-2", &other).await;
    let works_there = json!({"project": "help", "name": "Second", "channels": ["wa-2"], "dispositions": []});
    put(admin, "/v1/campaigns/second", &works_there).await;
}

async fn counter(admin: &ApiClient, name: &str) -> u64 {
    let metrics = answer(admin.request(Method::GET, "/metrics")).await.body;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dead_letter_can_be_delivered_alone_and_the_rest_stays() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    for from in 1..=3 {
        let body = message_to(OTHER_NUMBER, from, &format!("wamid.{from}"), "hello");
        assert_eq!(server.webhook(body).await, 200);
    }
    adopt_other_number(&admin).await;
    let letters = dead_letters(&admin).await;
    let second = format!("/v1/dead-letters/{}/deliver", letters[1].sequence);
    assert_eq!(deliver(&admin, &second).await, DeliveredLetters { delivered: 1, failed: vec![] });
    let left: Vec<_> = dead_letters(&admin).await.iter().map(|letter| letter.sequence).collect();
    assert_eq!(left, [letters[0].sequence, letters[2].sequence]);
    assert_eq!((stored(&server, "wamid.1").await, stored(&server, "wamid.2").await), (0, 1));
    assert_eq!(deliver(&admin, "/v1/dead-letters/deliver").await.delivered, 2);
    assert_eq!((stored(&server, "wamid.1").await, stored(&server, "wamid.2").await), (1, 1));
    let agent = server.agent(0).await;
    assert_eq!(refused(&agent, Method::POST, &second, &Value::Null).await.code, "forbidden");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_webhook_five_times_is_stored_once() {
    let server = TestServer::start_quiet(Centre::default()).await;
    for round in ["one after the other", "all at once"] {
        let body = message(1, round, "My order has not come");
        let posts = (0..5).map(|_| server.webhook(body.clone()));
        let statuses = match round {
            "all at once" => join_all(posts).await,
            _ => {
                let mut statuses = Vec::new();
                for post in posts {
                    statuses.push(post.await);
                }
                statuses
            }
        };
        assert_eq!(statuses, [200; 5]);
        assert_eq!(stored(&server, round).await, 1, "{round}");
    }
    let row = &server.inbox(0).await[0];
    assert_eq!(row.unread, 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_messages_of_a_new_contact_a_millisecond_apart_open_one_conversation() {
    let server = TestServer::start_quiet(Centre { capacity: 100, ..Centre::default() }).await;
    for from in 0..25 {
        let (first, second) = (format!("wamid.{from}a"), format!("wamid.{from}b"));
        let later = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            server.webhook(message(from, &second, "second")).await
        };
        let both = tokio::join!(server.webhook(message(from, &first, "first")), later);
        assert_eq!(both, (200, 200));
        let conversations = server.conversations(from).await;
        let [one] = &conversations[..] else { panic!("contact {from} has {conversations:?}") };
        let mut texts = lines(&server.admin(), one.conversation).await;
        texts.sort_by_key(|entry| entry.position);
        assert_eq!(inbound_texts(&texts).len(), 2);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_messages_and_statuses_of_one_webhook_are_taken_in() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let agent = server.agent(0).await;
    assert_eq!(server.webhook(message(1, "wamid.first", "hello")).await, 200);
    let conversation = server.conversation(1).await;
    let id = send(&agent, conversation, "welcome").await.message.unwrap();
    let wamid = eventually("it is sent", async || Some(server.stand_in.accepted().first()?.wamid.clone())).await;

    let messages: Vec<_> = (0..40).map(|n| text(1 + n % 4, &format!("wamid.m{n}"), &format!("line {n}"))).collect();
    let status = |status: &str| {
        json!({"id": wamid, "status": status, "timestamp": WRITTEN_AT_SECONDS.to_string(),
            "recipient_id": identity(1), "biz_opaque_callback_data": id})
    };
    let statuses = [status("read"), status("sent"), status("delivered")];
    let body = envelope(&format!(r#""messages":{},"statuses":{}"#, json!(messages), json!(statuses)));
    let letterless = post_signed(&server, &body).await;
    assert_eq!(letterless.status, 200, "{letterless:?}");

    for from in 1..=4 {
        let conversation = server.conversation(from).await;
        let all = lines(&server.admin(), conversation).await;
        let written: Vec<_> = inbound_texts(&all).into_iter().filter(|text| text.starts_with("line")).collect();
        let expected: Vec<_> = (0..40).filter(|n| 1 + n % 4 == from).map(|n| format!("line {n}")).collect();
        assert_eq!(written, expected, "in the order in which they stood");
    }
    let status = status_of(&lines(&agent, conversation).await, id).unwrap();
    assert_eq!((status.status, status.receipts.len()), (MessageState::Read, 3));
    assert!(dead_letters(&server.admin()).await.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_kept_byte_for_byte() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let head = format!(r#""from":"{}","timestamp":"{WRITTEN_AT_SECONDS}""#, identity(1));
    let raws = [
        format!(
            r#"{{{head},"id":"wamid.1","type":"image","image":{{"id":"1.0e3", "caption":"caf\u00e9 \/ \uD83D\uDE00","sha256":"a+b="}}}}"#
        ),
        format!(r#"{{{head},"id":"wamid.2","type":"reaction","reaction":{{"message_id":"wamid.1","emoji":""}}}}"#),
        format!(r#"{{ {head},"id":"wamid.3","type":"unsupported","errors":[{{"code":131051,"n":1.50}}]}}"#),
        format!(r#"{{{head},"id":"wamid.4","type":"of-next-year","of-next-year":[null,{{}}]}}"#),
    ];
    let body = envelope(&format!(r#""messages":[{}]"#, raws.join(",")));
    assert_eq!(post_signed(&server, &body).await.status, 200);
    let conversation = server.conversation(1).await;
    let kept: Vec<_> = lines(&server.admin(), conversation)
        .await
        .into_iter()
        .rev()
        .filter_map(|entry| match entry.body {
            EntryBody::Inbound { content: Content::Unsupported { kind, raw }, .. } => Some((kind, raw)),
            _ => None,
        })
        .collect();
    let kinds = ["image", "reaction", "unsupported", "of-next-year"].map(str::to_owned);
    assert_eq!(kept, kinds.into_iter().zip(raws).collect::<Vec<_>>());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_another_kind_is_a_dead_letter_beside_what_is_understood() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let alert = r#"{"field":"account_alerts","value":{"alert_severity":"HIGH"}}"#;
    let value = json!({"metadata": {"phone_number_id": NUMBER}, "messages": [text(1, "wamid.1", "hello")]});
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"7","changes":[{alert},{{"field":"messages","value":{value}}}]}}]}}"#
    );
    assert_eq!(post_signed(&server, body.as_bytes()).await.status, 200);
    assert_eq!(stored(&server, "wamid.1").await, 1);
    let letters = dead_letters(&server.admin()).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].preview.contains("alert_severity"), "{letters:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_log_is_away_no_webhook_is_answered_200_and_afterwards_it_is_taken_in_once() {
    let nats = TestNats::start().await;
    let proxy = Proxy::start(nats.addr()).await;
    let remote = nats.reached_at(proxy.addr());
    let far = |config| ServeConfig { nats: Nats::Remote(remote), ..config };
    let server = TestServer::start_on(Centre::default(), stand_in().await, far).await;
    let mut screen = Listener::open(&server.admin()).await;
    let bodies = [
        message(1, "wamid.1", "hello"),
        message(1, "wamid.2", "is anybody there?"),
        message_to(OTHER_NUMBER, 1, "wamid.3", "wrong number"),
    ];
    proxy.cut(true);
    for refusal in join_all(bodies.iter().map(|body| post_signed(&server, body))).await {
        assert_eq!(refusal.status, 503, "{refusal:?}");
        assert!(refusal.headers.contains_key(RETRY_AFTER), "{refusal:?}");
        refusal.problem();
    }
    proxy.cut(false);
    for body in &bodies {
        eventually("it is taken in", async || (post_signed(&server, body).await.status == 200).then_some(())).await;
    }
    let log = &server.server.app().log;
    for wamid in ["wamid.1", "wamid.2"] {
        assert_eq!(stored(&server, wamid).await, 1, "{wamid}");
        assert_eq!(books::times(log, CommandId::of_inbound(&workspace(), &channel(), wamid)).await, 1);
    }
    assert_eq!(dead_letters(&server.admin()).await.len(), 1);
    // Views and live push have found their way back too.
    let pushed = screen.entry().await;
    assert!(matches!(pushed.body, EntryBody::Inbound { .. }), "{pushed:?}");
    assert_eq!(server.conversations(1).await.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_may_come_before_it_is_recorded_that_the_network_took_the_message() {
    let whatsapp = stand_in().await;
    let addr = whatsapp.base_url().trim_start_matches("http://").parse().unwrap();
    let proxy = Proxy::start(addr).await;
    let far = |mut config: ServeConfig| {
        config.whatsapp.base_url = format!("http://{}", proxy.addr());
        config
    };
    let server = TestServer::start_on(Centre::default(), whatsapp, far).await;
    let agent = server.agent(0).await;
    assert_eq!(server.webhook(message(1, "wamid.1", "hello")).await, 200);
    let conversation = server.conversation(1).await;
    proxy.hold_answers(true);
    let with_our_id = send(&agent, conversation, "first").await.message.unwrap();
    // One lane a conversation: the second leaves when the first is settled, which its receipt does not do here.
    let wamid = |number: usize| {
        let server = &server;
        eventually("the network has it", async move || Some(server.stand_in.accepted().get(number)?.wamid.clone()))
    };
    let first = wamid(0).await;
    assert_eq!(server.webhook(receipt(1, &first, Some(with_our_id), "delivered")).await, 200);
    let shown = status(&server, &agent, with_our_id).await;
    assert_eq!(shown, MessageState::Delivered, "our id names the message before the answer does");
    proxy.hold_answers(false);

    let written = send(&agent, conversation, "second");
    proxy.hold_answers(true);
    let without = written.await.message.unwrap();
    let second = wamid(1).await;
    assert_eq!(server.webhook(receipt(1, &second, None, "read")).await, 200);
    assert_eq!(server.webhook(receipt(1, &second, None, "sent")).await, 200);
    assert_eq!(status(&server, &agent, without).await, MessageState::Pending, "nobody can know whose these are");
    proxy.hold_answers(false);
    eventually("the receipts find their message", async || {
        (status(&server, &agent, without).await == MessageState::Read).then_some(())
    })
    .await;
    assert_eq!(server.stand_in.accepted_total(), 2);
    server.stop().await;
}

async fn status(server: &TestServer, agent: &ApiClient, id: MessageId) -> MessageState {
    let conversation = server.conversation(1).await;
    header(agent, conversation, server.head().await).await;
    status_of(&lines(agent, conversation).await, id).unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_call_was_cut_off_is_uncertain_until_a_receipt_carries_its_id() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let agent = server.agent(0).await;
    assert_eq!(server.webhook(message(1, "wamid.1", "hello")).await, 200);
    let conversation = server.conversation(1).await;
    server.stand_in.next_fault(Fault::AcceptThenDrop);
    let id = send(&agent, conversation, "It leaves today").await.message.unwrap();
    let settled = async |wanted: MessageState| {
        eventually("its status", async || (status(&server, &agent, id).await == wanted).then_some(())).await;
    };
    settled(MessageState::Uncertain).await;
    let wamid = server.stand_in.accepted()[0].wamid.clone();
    assert_eq!(server.webhook(receipt(1, &wamid, Some(id), "sent")).await, 200);
    settled(MessageState::Sent).await;
    // What was uncertain is not called for again; the next answer comes after it.
    send(&agent, conversation, "Anything else?").await;
    eventually("the next is sent", async || (server.stand_in.accepted_total() == 2).then_some(())).await;
    assert_eq!(server.stand_in.times_accepted(&id.to_string()), 1);
    server.stop().await;
}
