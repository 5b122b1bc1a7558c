//! The auditor sees all that happened, from the API and with `atender replay` from the log alone.

use schemas::api::Page;
use schemas::api::views::AuditEvent;
use schemas::{Actor, ConversationId};
use serde_json::json;
use tests::ask::{add_note, eventually, header, of, post, put, read_at, send, unreadable};
use tests::books;
use tests::centre::{Centre, agent, campaign, channel, disposition};
use tests::program::run;
use tests::server::TestServer;
use tests::whatsapp::receipt;

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");

/// A conversation in which everything happens: note, transfer, exclusive agent, answer, receipt, finish.
async fn whole_life(server: &TestServer) -> ConversationId {
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let conversation = server.opened_by(1).await;
    add_note(&ana, conversation, "He has called twice").await;
    let to_ben = json!({"agent": agent(1), "note": "Knows the carrier"});
    post(&ana, &of(conversation, "transfer"), &to_ben).await;
    let exclusive = format!("/v1/contacts/{}/exclusive-agents/{}", server.contact(1), campaign(0));
    put(&ben, &exclusive, &json!({})).await;
    let id = send(&ben, conversation, "It leaves today").await.message.unwrap();
    eventually("the call is recorded", async || {
        let events = books::events(&server.server.app().log).await;
        events.iter().any(|recorded| recorded.event.name() == "SendAccepted").then_some(())
    })
    .await;
    let wamid = server.stand_in.accepted()[0].wamid.clone();
    assert_eq!(server.webhook(receipt(1, &wamid, Some(id), "read")).await, 200);
    post(&ben, &of(conversation, "finish"), &json!({"disposition": disposition()})).await;
    header(&ben, conversation, server.head().await).await;
    conversation
}

async fn audit(server: &TestServer, conversation: ConversationId) -> Vec<AuditEvent> {
    let path = format!("/v1/audit/conversations/{conversation}");
    read_at::<Page<AuditEvent>>(&server.admin(), &path, server.head().await).await.items
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_shows_all_that_happened_with_who_and_when_in_an_unbroken_chain() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let conversation = whole_life(&server).await;
    let shown = audit(&server, conversation).await;

    // The chain is checked as the log is read; the audit has to show just that.
    let in_log: Vec<_> = books::events(&server.server.app().log).await;
    let of_it: Vec<_> = in_log.iter().filter(|r| r.event.conversation() == Some(conversation)).collect();
    assert_eq!(shown.len(), of_it.len());
    for (shown, recorded) in shown.iter().zip(of_it) {
        assert_eq!((shown.position, shown.event.as_str()), (recorded.position, recorded.event.name()));
        assert_eq!((shown.at, &shown.actor), (recorded.header.at, &recorded.header.actor));
        assert_eq!(shown.command, recorded.header.command);
        assert_eq!(shown.frame_hash, hex(&recorded.frame_hash));
        assert_eq!(shown.previous_hash, hex(&recorded.previous_hash));
        let payload = recorded.event.serialize_payload(serde_json::value::Serializer);
        assert_eq!(shown.payload, payload.unwrap());
    }
    assert!(shown.is_sorted_by_key(|event| (event.position, event.at)));
    let happened: Vec<_> = shown.iter().map(|event| (event.event.as_str(), &event.actor)).collect();
    let [ana, ben, whatsapp] = [Actor::Agent(agent(0)), Actor::Agent(agent(1)), Actor::Channel(channel())];
    let expected = [
        ("ConversationOpened", &whatsapp),
        ("MessageReceived", &whatsapp),
        ("ConversationAssigned", &whatsapp),
        ("NoteAdded", &ana),
        ("ConversationTransferred", &ana),
        ("ConversationAssigned", &ana),
        ("ExclusiveAgentSet", &ben),
        ("MessageSubmitted", &ben),
        ("SendAttempted", &Actor::System),
        ("SendAccepted", &Actor::System),
        ("DeliveryUpdated", &whatsapp),
        ("ConversationFinished", &ben),
    ];
    assert_eq!(happened, expected);
    let path = format!("/v1/audit/conversations/{conversation}");
    assert_eq!(unreadable(&server.agent(1).await, &path).await.code, "forbidden", "for auditors only");
    server.stop().await;
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_an_audit_show_every_event_once() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let conversation = whole_life(&server).await;
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/audit/conversations/{conversation}?limit=2{cursor}");
        let page: Page<AuditEvent> = read_at(&server.admin(), &path, server.head().await).await;
        paged.extend(page.items);
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, audit(&server, conversation).await);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_prints_the_conversation_from_the_log_and_stops_where_it_is_told() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let conversation = whole_life(&server).await;
    let happened = audit(&server, conversation).await;
    let (data, id) = (server.dir.path().join("data"), conversation.to_string());
    let replay = async |more: &[&str]| {
        let arguments = [&["replay", &id, "--data-dir", data.to_str().unwrap()], more].concat();
        run(PROGRAM, server.server.admin_token(), &arguments).await
    };

    let printed = replay(&[]).await.output();
    let printed: Vec<_> = printed.lines().collect();
    assert_eq!(printed.len(), happened.len(), "{printed:#?}");
    for (line, event) in printed.iter().zip(&happened) {
        assert!(line.starts_with(&event.at.to_string()), "{line}");
        assert!(line.contains(&format!("  {} ", event.position)), "{line} is not at {}", event.position);
    }
    for (number, said) in [(1, "\"hello\""), (3, "\"He has called twice\""), (7, "\"It leaves today\"")] {
        assert!(printed[number].contains(said), "{}", printed[number]);
    }

    let note = &happened[3];
    let until = happened.iter().take_while(|event| event.at <= note.at).count();
    let stopped = replay(&["--at", &note.at.to_string()]).await.output();
    assert_eq!(stopped.lines().collect::<Vec<_>>(), printed[..until]);
    assert!(!replay(&["--at", "2020-01-01T00:00:00Z"]).await.success, "nothing had happened then");
    server.stop().await;
}
