//! The six actions over HTTP, from a customer's webhook to the auditor, with a stand-in for WhatsApp.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashMap;

use gateway::api_client::ApiClient;
use gateway::demo::whatsapp_stand_in::StatusScript;
use reqwest::Method;
use schemas::api::live::LiveChange;
use schemas::api::views::{
    AuditEvent, ContactConversation, ConversationState, EntryBody, InboxItem, MessageState, MessageStatus,
};
use schemas::api::{Accepted, Page};
use schemas::event::{AssignReason, QueueCause};
use schemas::{Actor, Content, DeliveryStatus, MessageId, Timestamp, TransferTarget};
use serde_json::json;
use tests::ask::{
    KEY, add_note, eventually, header, inbound_texts, inbox, lines, post, put, read, read_at, refused, send,
    status_of, unreadable,
};
use tests::books;
use tests::centre::{Centre, agent, campaign, channel, disposition, identity};
use tests::listener::Listener;
use tests::program::run;
use tests::server::{NUMBER, TestServer};
use tests::whatsapp::{PROFILE_NAME, WRITTEN_AT_SECONDS, message, receipt};

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");

/// The customer writes; gives back the row that the agent's inbox then has for it.
async fn written(server: &TestServer, agent: &ApiClient, from: u64, wamid: &str) -> InboxItem {
    assert_eq!(server.webhook(message(from, wamid, "hello")).await, 200);
    row_of(server, agent, from)
        .await
        .expect("the conversation is not in the agent's inbox")
}

async fn row_of(server: &TestServer, agent: &ApiClient, from: u64) -> Option<InboxItem> {
    let page: Page<InboxItem> = read_at(agent, "/v1/inbox", server.head().await).await;
    let contact = server.contact(from);
    page.items.into_iter().find(|row| row.contact == contact)
}

fn path(row: &InboxItem, action: &str) -> String {
    format!("/v1/conversations/{}/{action}", row.conversation)
}

async fn finish(agent: &ApiClient, row: &InboxItem) -> Accepted {
    post(
        agent,
        &path(row, "finish"),
        &json!({"disposition": disposition()}),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_pushed_to_the_agent_who_gets_it_and_stands_in_their_inbox() {
    let server = TestServer::start(Centre::default()).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let mut screen = Listener::open(&ana).await;
    assert_eq!(
        server
            .webhook(message(1, "wamid.1", "My order has not come"))
            .await,
        200
    );

    let pushed = screen.entry().await;
    let EntryBody::Inbound {
        content, written_at, ..
    } = &pushed.body
    else {
        panic!("{pushed:?}")
    };
    assert_eq!(*content, Content::Text("My order has not come".into()));
    assert_eq!(*written_at, Timestamp::from_millis(WRITTEN_AT_SECONDS * 1000));
    assert_eq!(pushed.by, Actor::Channel(channel()));
    let assigned = screen.entry().await;
    let EntryBody::Assigned { agent: to, reason } = &assigned.body else {
        panic!("{assigned:?}")
    };
    assert_eq!(*to, agent(0));
    assert!(
        matches!(
            reason,
            AssignReason::MostRoom {
                candidates: 2,
                load: 0,
                ..
            }
        ),
        "{reason:?}"
    );

    let rows = inbox(&ana).await;
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(
        (row.contact, row.contact_name.as_deref()),
        (server.contact(1), Some(PROFILE_NAME))
    );
    assert_eq!(
        (&row.channel, &row.campaign, &row.agent),
        (&channel(), &campaign(0), &Some(agent(0)))
    );
    assert_eq!((row.unread, row.waiting_since), (1, Some(pushed.at)));
    assert_eq!(
        row.last_message.as_ref().unwrap().preview,
        "My order has not come"
    );
    assert_eq!(lines(&ana, row.conversation).await, [assigned, pushed]);
    assert!(inbox(&ben).await.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_out_once_and_carries_its_id_until_it_is_read() {
    let server = TestServer::start(Centre::default()).await;
    let ana = server.agent(0).await;
    let row = written(&server, &ana, 1, "wamid.1").await;
    let mut screen = Listener::open(&ana).await;
    let answer = || async {
        let body = json!({"text": "It leaves today"});
        let request = ana
            .request(Method::POST, &path(&row, "messages"))
            .header(KEY, "answer-1")
            .json(&body);
        ana.answer::<Accepted>(request).await.unwrap()
    };
    let (first, again) = (answer().await, answer().await);
    assert_eq!((first.message, first.position), (again.message, again.position));
    assert!(again.repeated);
    let id = first.message.unwrap();
    screen
        .until(|event| is_read(&event.change, id).then_some(()))
        .await;

    let accepted = server.stand_in.accepted();
    let [sent] = &accepted[..] else {
        panic!("{accepted:?}")
    };
    assert_eq!(sent.callback_data, Some(id.to_string()));
    assert_eq!(
        (sent.to.as_str(), sent.phone_number_id.as_str()),
        (identity(1).as_str(), NUMBER)
    );
    assert_eq!(sent.body, "It leaves today");
    let row = row_of(&server, &ana, 1).await.unwrap();
    assert_eq!((row.unread, row.waiting_since), (0, None));
    server.stop().await;
}

fn is_read(change: &LiveChange, id: MessageId) -> bool {
    matches!(change, LiveChange::Status { message, status, .. }
        if *message == id && status.status == MessageState::Read)
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_in_any_order_and_number_only_move_a_status_up() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let row = written(&server, &ana, 1, "wamid.1").await;
    let id = send(&ana, row.conversation, "It leaves today")
        .await
        .message
        .unwrap();
    let wamid = eventually("the network has it", async || {
        Some(server.stand_in.accepted().first()?.wamid.clone())
    })
    .await;
    for (reported, ours, status) in [
        ("delivered", None, MessageState::Delivered),
        ("sent", Some(id), MessageState::Delivered),
        ("sent", None, MessageState::Delivered),
        ("read", Some(id), MessageState::Read),
        ("delivered", Some(id), MessageState::Read),
        ("read", None, MessageState::Read),
        ("sent", Some(id), MessageState::Read),
    ] {
        assert_eq!(server.webhook(receipt(1, &wamid, ours, reported)).await, 200);
        let shown = shown_status(&server, &ana, &row, id).await;
        assert_eq!(shown.status, status, "after {reported}: {shown:?}");
    }
    let shown = shown_status(&server, &ana, &row, id).await;
    let reported: Vec<_> = shown.receipts.iter().map(|receipt| receipt.status).collect();
    assert_eq!(
        reported,
        [
            DeliveryStatus::Sent,
            DeliveryStatus::Delivered,
            DeliveryStatus::Read
        ]
    );
    assert_eq!((shown.attempts, shown.error), (1, None));
    server.stop().await;
}

async fn shown_status(
    server: &TestServer,
    agent: &ApiClient,
    row: &InboxItem,
    id: MessageId,
) -> MessageStatus {
    header(agent, row.conversation, server.head().await).await;
    status_of(&lines(agent, row.conversation).await, id).expect("the status is not shown")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_reports_twice_and_out_of_order_is_never_seen_to_go_back() {
    const ANSWERS: usize = 20;
    let statuses = StatusScript {
        reordered: 1.0,
        duplicated: 1.0,
        ..StatusScript::default()
    };
    let server = TestServer::start_with(Centre::default(), statuses).await;
    let ana = server.agent(0).await;
    let row = written(&server, &ana, 1, "wamid.1").await;
    let mut screen = Listener::open(&ana).await;
    let mut furthest: HashMap<MessageId, MessageState> = HashMap::new();
    for number in 0..ANSWERS {
        let sent = send(&ana, row.conversation, &format!("answer {number}")).await;
        furthest.insert(sent.message.unwrap(), MessageState::Pending);
    }
    eventually("all statuses are delivered", async || {
        let counts = server.stand_in.webhook_counts();
        // Three statuses of each, and each of them twice.
        (counts.planned == 6 * ANSWERS as u64 && counts.delivered == counts.planned).then_some(())
    })
    .await;
    let mut read = 0;
    while read < ANSWERS {
        if let LiveChange::Status { message, status, .. } = screen.next().await.event().change {
            let before = furthest.insert(message, status.status).unwrap();
            assert!(
                before as u8 <= status.status as u8,
                "{message} went from {before:?} to {status:?}"
            );
            read += usize::from(status.status == MessageState::Read && before != MessageState::Read);
        }
    }
    header(&ana, row.conversation, server.head().await).await;
    let lines = lines(&ana, row.conversation).await;
    for id in furthest.into_keys() {
        assert_eq!(status_of(&lines, id).unwrap().status, MessageState::Read);
    }
    assert_eq!(server.stand_in.accepted_repeatedly(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_read_by_the_next_agent_and_never_by_the_customer() {
    let server = TestServer::start(Centre::default()).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let row = written(&server, &ana, 1, "wamid.1").await;
    add_note(&ana, row.conversation, "He has called twice").await;
    post(
        &ana,
        &path(&row, "transfer"),
        &json!({"agent": agent(1), "note": "Knows the carrier"}),
    )
    .await;
    header(&ben, row.conversation, server.head().await).await;
    let notes = |body: &EntryBody| matches!(body, EntryBody::Note { text } if text == "He has called twice");
    assert!(
        lines(&ben, row.conversation)
            .await
            .iter()
            .any(|entry| notes(&entry.body))
    );

    // What was said before an answer would have gone out before it.
    let answer = send(&ben, row.conversation, "I am looking into it")
        .await
        .message
        .unwrap();
    eventually("the answer is sent", async || {
        (server.stand_in.accepted_total() > 0).then_some(())
    })
    .await;
    let accepted = server.stand_in.accepted();
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    assert_eq!(accepted[0].callback_data, Some(answer.to_string()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_an_agent_takes_the_conversation_and_its_reason_along() {
    let server = TestServer::start(Centre::default()).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let row = written(&server, &ana, 1, "wamid.1").await;
    let without_reason = json!({"agent": agent(1), "note": " "});
    assert_eq!(
        refused(&ana, Method::POST, &path(&row, "transfer"), &without_reason)
            .await
            .code,
        "note_required"
    );
    let mut screen = Listener::open(&ben).await;
    let body = json!({"agent": agent(1), "note": "Knows the carrier"});
    post(&ana, &path(&row, "transfer"), &body).await;

    let assigned = screen.entry().await;
    let EntryBody::Assigned { agent: to, reason } = &assigned.body else {
        panic!("{assigned:?}")
    };
    assert_eq!((to, reason), (&agent(1), &AssignReason::Transferred));
    assert!(inbox(&ana).await.is_empty());
    assert_eq!(inbox(&ben).await[0].conversation, row.conversation);
    let all = lines(&ben, row.conversation).await;
    let EntryBody::Transferred { from, to, note } = &all[1].body else {
        panic!("{all:?}")
    };
    assert_eq!((from, to), (&Some(agent(0)), &TransferTarget::Agent(agent(1))));
    assert_eq!(note, "Knows the carrier");

    let said = json!({"text": "Still me"});
    let problem = refused(&ana, Method::POST, &path(&row, "messages"), &said).await;
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (409, "not_assigned_agent")
    );
    send(&ben, row.conversation, "My colleague told me").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_a_campaign_waits_in_its_queue_for_one_of_its_agents() {
    let server = TestServer::start(Centre::default()).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    for number in 0..2 {
        let body = json!({"name": "One campaign", "campaigns": [campaign(number)], "channels": [channel()]});
        put(&admin, &format!("/v1/agents/{}", agent(number)), &body).await;
    }
    let presence = format!("/v1/agents/{}/presence", agent(1));
    put(&ben, &presence, &json!({"presence": "offline"})).await;
    let row = written(&server, &ana, 1, "wamid.1").await;
    post(
        &ana,
        &path(&row, "transfer"),
        &json!({"campaign": campaign(1), "note": "Wants to buy"}),
    )
    .await;

    let queue = format!("/v1/inbox?queue={}", campaign(1));
    let waiting: Page<InboxItem> = read_at(&ben, &queue, server.head().await).await;
    assert_eq!(waiting.items.len(), 1);
    let waits = &waiting.items[0];
    assert_eq!(
        (waits.conversation, &waits.agent, &waits.campaign),
        (row.conversation, &None, &campaign(1))
    );
    assert!(waits.queued_since.is_some());
    assert!(inbox(&ana).await.is_empty());

    put(&ben, &presence, &json!({"presence": "online"})).await;
    let at = header(&ben, row.conversation, server.head().await).await;
    assert_eq!(
        (at.agent, at.campaign.id),
        (Some(agent(1)), campaign(1).to_string())
    );
    let all = lines(&ben, row.conversation).await;
    assert!(matches!(
        &all[0].body,
        EntryBody::Assigned {
            reason: AssignReason::WaitedLongest { .. },
            ..
        }
    ));
    assert!(
        matches!(
            &all[1].body,
            EntryBody::Queued {
                cause: QueueCause::Transferred,
                ..
            }
        ),
        "{all:?}"
    );
    assert!(read::<Page<InboxItem>>(&ben, &queue).await.items.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exclusive_agent_gets_the_next_conversation_until_they_are_exclusive_no_more() {
    let server = TestServer::start(Centre::default()).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    let row = written(&server, &ana, 1, "wamid.1").await;
    let exclusive = format!("/v1/contacts/{}/exclusive-agents/{}", row.contact, campaign(0));
    put(&ana, &exclusive, &json!({})).await;
    finish(&ana, &row).await;
    // From here on Ana has less room than Ben, so that nothing but exclusivity brings her another.
    for from in [2, 3] {
        server
            .webhook(message(from, &format!("wamid.{from}"), "hello"))
            .await;
        let conversation = server.conversation(from).await;
        let body = json!({"agent": agent(0)});
        post(&admin, &format!("/v1/conversations/{conversation}/assign"), &body).await;
    }
    let row = written(&server, &ana, 1, "wamid.1b").await;
    let newest = &lines(&ana, row.conversation).await[0];
    assert!(
        matches!(
            &newest.body,
            EntryBody::Assigned {
                reason: AssignReason::Exclusive,
                ..
            }
        ),
        "{newest:?}"
    );
    written(&server, &ben, 4, "wamid.4").await;

    finish(&ana, &row).await;
    let removed: Accepted = ana.answer(ana.request(Method::DELETE, &exclusive)).await.unwrap();
    assert!(removed.changed);
    written(&server, &ben, 1, "wamid.1c").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_after_the_finish_opens_a_new_conversation() {
    let server = TestServer::start(Centre::default()).await;
    let ana = server.agent(0).await;
    let sub = json!({"name": "By courier", "parent": disposition()});
    put(&server.admin(), "/v1/dispositions/by-courier", &sub).await;
    let row = written(&server, &ana, 1, "wamid.1").await;
    add_note(&ana, row.conversation, "The parcel is here").await;
    let finish = path(&row, "finish");
    for (body, code) in [
        (json!({"disposition": "by-courier"}), "disposition_not_allowed"),
        (json!({"disposition": disposition()}), "sub_disposition_required"),
        (
            json!({"disposition": disposition(), "sub_disposition": disposition()}),
            "not_a_sub_disposition",
        ),
    ] {
        assert_eq!(refused(&ana, Method::POST, &finish, &body).await.code, code);
    }
    let body = json!({"disposition": disposition(), "sub_disposition": "by-courier"});
    let finished = post(&ana, &finish, &body).await;

    let over = header(&ana, row.conversation, finished.position).await;
    assert_eq!(
        (over.state, over.agent),
        (ConversationState::Finished, Some(agent(0)))
    );
    assert_eq!(
        (over.disposition, over.sub_disposition.unwrap().as_str()),
        (Some(disposition()), "by-courier")
    );
    assert!(inbox(&ana).await.is_empty());
    assert_eq!(
        refused(&ana, Method::POST, &finish, &body).await.code,
        "conversation_not_open"
    );
    assert!(matches!(
        &lines(&ana, row.conversation).await[1].body,
        EntryBody::Note { .. }
    ));

    assert_eq!(
        server
            .webhook(message(1, "wamid.2", "and now it is broken"))
            .await,
        200
    );
    let of_contact = format!("/v1/contacts/{}/conversations", row.contact);
    let both: Page<ContactConversation> = read_at(&server.admin(), &of_contact, server.head().await).await;
    let [new, old] = &both.items[..] else {
        panic!("{both:?}")
    };
    assert_eq!(
        (old.conversation, old.state),
        (row.conversation, ConversationState::Finished)
    );
    assert_ne!(new.conversation, old.conversation);
    assert_eq!(new.state, ConversationState::Assigned);
    assert_eq!(
        inbound_texts(&lines(&server.admin(), new.conversation).await),
        ["and now it is broken"]
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_shows_all_that_happened_with_who_and_when_in_an_unbroken_chain() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let row = whole_life(&server).await;
    let path = format!("/v1/audit/conversations/{}", row.conversation);
    let audit: Page<AuditEvent> = read_at(&server.admin(), &path, server.head().await).await;

    let in_log: Vec<_> = books::events(&server.server.app().log).await;
    let of_it: Vec<_> = in_log
        .iter()
        .filter(|r| r.event.conversation() == Some(row.conversation))
        .collect();
    assert_eq!(audit.items.len(), of_it.len());
    for (shown, recorded) in audit.items.iter().zip(of_it) {
        assert_eq!(
            (shown.position, shown.event.as_str()),
            (recorded.position, recorded.event.name())
        );
        assert_eq!(
            (shown.at, &shown.actor),
            (recorded.header.at, &recorded.header.actor)
        );
        assert_eq!(shown.command, recorded.header.command);
        assert_eq!(shown.frame_hash, hex(&recorded.frame_hash));
        assert_eq!(shown.previous_hash, hex(&recorded.previous_hash));
        let payload = recorded
            .event
            .serialize_payload(serde_json::value::Serializer)
            .unwrap();
        assert_eq!(shown.payload, payload);
    }
    assert!(audit.items.is_sorted_by_key(|event| (event.position, event.at)));
    let happened: Vec<_> = audit
        .items
        .iter()
        .map(|event| (event.event.as_str(), &event.actor))
        .collect();
    let [ana, ben, whatsapp] = [
        Actor::Agent(agent(0)),
        Actor::Agent(agent(1)),
        Actor::Channel(channel()),
    ];
    assert_eq!(
        happened,
        [
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
        ]
    );
    assert_eq!(unreadable(&server.agent(1).await, &path).await.code, "forbidden");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_prints_the_conversation_from_the_log_and_stops_where_it_is_told() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let row = whole_life(&server).await;
    let path = format!("/v1/audit/conversations/{}", row.conversation);
    let audit: Page<AuditEvent> = read_at(&server.admin(), &path, server.head().await).await;
    let (data, id) = (server.dir.path().join("data"), row.conversation.to_string());
    let replay = async |more: &[&str]| {
        let arguments = [&["replay", &id, "--data-dir", data.to_str().unwrap()], more].concat();
        run(PROGRAM, server.server.admin_token(), &arguments).await
    };

    let printed = replay(&[]).await.output();
    let printed: Vec<_> = printed.lines().collect();
    assert_eq!(printed.len(), audit.items.len(), "{printed:#?}");
    for (line, event) in printed.iter().zip(&audit.items) {
        assert!(line.starts_with(&event.at.to_string()), "{line}");
        assert!(
            line.contains(&format!("  {} ", event.position)),
            "{line} is not at {}",
            event.position
        );
    }
    for (number, said) in [
        (1, "\"hello\""),
        (3, "\"He has called twice\""),
        (7, "\"It leaves today\""),
    ] {
        assert!(printed[number].contains(said), "{}", printed[number]);
    }

    let note = &audit.items[3];
    let until = audit.items.iter().take_while(|event| event.at <= note.at).count();
    let stopped = replay(&["--at", &note.at.to_string()]).await.output();
    assert_eq!(stopped.lines().collect::<Vec<_>>(), printed[..until]);
    assert!(
        !replay(&["--at", "2020-01-01T00:00:00Z"]).await.success,
        "nothing had happened then"
    );
    server.stop().await;
}

/// A conversation in which everything happens: note, transfer, exclusive agent, answer, receipt, finish.
async fn whole_life(server: &TestServer) -> InboxItem {
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let row = written(server, &ana, 1, "wamid.1").await;
    add_note(&ana, row.conversation, "He has called twice").await;
    post(
        &ana,
        &path(&row, "transfer"),
        &json!({"agent": agent(1), "note": "Knows the carrier"}),
    )
    .await;
    put(
        &ben,
        &format!("/v1/contacts/{}/exclusive-agents/{}", row.contact, campaign(0)),
        &json!({}),
    )
    .await;
    let id = send(&ben, row.conversation, "It leaves today")
        .await
        .message
        .unwrap();
    eventually("the call is recorded", async || {
        recorded_as_accepted(server).await.then_some(())
    })
    .await;
    let wamid = server.stand_in.accepted()[0].wamid.clone();
    assert_eq!(server.webhook(receipt(1, &wamid, Some(id), "read")).await, 200);
    finish(&ben, &row).await;
    header(&ben, row.conversation, server.head().await).await;
    row
}

async fn recorded_as_accepted(server: &TestServer) -> bool {
    let events = books::events(&server.server.app().log).await;
    events
        .iter()
        .any(|recorded| recorded.event.name() == "SendAccepted")
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
