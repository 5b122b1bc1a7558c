//! Live push over HTTP: nothing missed, nothing twice, nothing that is not one's own, and never ahead of the views.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashSet;

use futures_util::future::join_all;
use gateway::api_client::ApiClient;
use reqwest::Method;
use schemas::api::Page;
use schemas::api::live::{LiveChange, LiveEvent};
use schemas::api::views::{Entry, EntryBody, InboxItem};
use schemas::{ConversationId, Event, Position};
use serde_json::{Value, json};
use tests::ask::{add_note, answer, eventually, inbox, lines, post, put, read, read_at, send};
use tests::books;
use tests::centre::{Centre, agent, campaign, channel};
use tests::listener::{Heard, Listener};
use tests::server::TestServer;
use tests::whatsapp::message;

/// The customer writes; gives back the conversation.
async fn written(server: &TestServer, from: u64, wamid: &str) -> ConversationId {
    assert_eq!(server.webhook(message(from, wamid, wamid)).await, 200);
    server.conversation(from).await
}

/// Something that everybody who works here hears of.
async fn call_out(server: &TestServer, name: &str) -> Position {
    put(&server.admin(), "/v1/clients/acme", &json!({ "name": name }))
        .await
        .position
}

/// What is heard before the call that everybody hears.
async fn heard_before(listener: &mut Listener, call: Position) -> Vec<LiveEvent> {
    let mut events = Vec::new();
    loop {
        let event = listener.next().await.event();
        if event.position == call {
            return events;
        }
        events.push(event);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_after_the_position_that_hello_names() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = written(&server, 1, "wamid.1").await;
    let mut screen = Listener::connect(&ana, None).await;
    let hello = screen.next().await;
    assert_eq!(hello.kind, "hello");
    drop(screen);
    let notes = [
        add_note(&ana, conversation, "one").await,
        add_note(&ana, conversation, "two").await,
    ];
    let mut screen = Listener::connect(&ana, Some(&hello.id)).await;
    assert_eq!(screen.next().await, hello, "the same place to go on from");
    for note in notes {
        let heard = screen.next().await;
        assert_eq!((heard.kind.as_str(), heard.position()), ("entry", note.position));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reconnects_again_and_again_misses_nothing_and_hears_nothing_twice() {
    const CUSTOMERS: u64 = 12;
    const MESSAGES: usize = 25;
    let server = TestServer::start(Centre {
        agents: 1,
        capacity: 50,
        ..Centre::default()
    })
    .await;
    let ana = server.agent(0).await;
    let mut screen = Listener::connect(&ana, None).await;
    let hello = screen.next().await;
    let pouring = join_all((0..CUSTOMERS).map(|from| {
        let (server, ana) = (&server, ana.clone());
        async move {
            let conversation = written(server, from, &format!("wamid.{from}")).await;
            for number in 0..MESSAGES {
                if number % 5 == 0 {
                    send(&ana, conversation, &format!("answer {number}")).await;
                }
                let body = message(from, &format!("wamid.{from}.{number}"), "and then?");
                assert_eq!(server.webhook(body).await, 200);
            }
        }
    }));
    let end = async {
        pouring.await;
        let sent = server.stand_in.accepted_total();
        assert_eq!(sent, CUSTOMERS * MESSAGES.div_ceil(5) as u64);
        eventually("all receipts have come", async || {
            let counts = server.stand_in.webhook_counts();
            (counts.planned == 3 * sent && counts.delivered == counts.planned).then_some(())
        })
        .await;
        call_out(&server, "The End").await
    };
    let (end, heard) = tokio::join!(end, reconnecting(screen, &ana, hello.clone()));

    let in_log = books::events(&server.server.app().log).await;
    let pushed = in_log
        .iter()
        .filter(|recorded| is_pushed(&recorded.event))
        .map(|recorded| recorded.position);
    let after_hello = pushed.filter(|position| hello.position() < *position && *position <= end);
    let expected: HashSet<_> = after_hello.collect();
    assert!(expected.len() > 400, "only {} events", expected.len());
    assert!(
        heard.is_sorted_by(|before, after| before < after),
        "something is heard twice, or out of order"
    );
    let heard: HashSet<_> = heard.into_iter().collect();
    let differ: Vec<_> = expected.symmetric_difference(&heard).collect();
    assert!(differ.is_empty(), "missed, or not to be heard: {differ:?}");
    server.stop().await;
}

/// Hears everything up to the call, over connections that last for 0 to 10 events.
async fn reconnecting(mut screen: Listener, api: &ApiClient, hello: Heard) -> Vec<Position> {
    let (mut last, mut heard) = (hello.id, Vec::new());
    for connection in 1.. {
        for _ in 0..connection * 7 % 11 {
            let next = screen.next().await;
            heard.push(next.position());
            last = next.id.clone();
            if next.kind == "configuration" {
                return heard;
            }
        }
        screen = Listener::connect(api, Some(&last)).await;
        let hello = screen.next().await;
        assert_eq!((hello.kind.as_str(), &hello.id), ("hello", &last));
    }
    heard
}

/// Whether an event is pushed to those whom it concerns.
fn is_pushed(event: &Event) -> bool {
    !matches!(
        event,
        Event::ConversationOpened(_) | Event::WorkspaceCreated(_) | Event::ReceiptParked(_)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_too_long_is_told_to_read_the_views_again() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let mut screen = Listener::connect(&server.agent(0).await, None).await;
    let too_old = screen.next().await.id;
    let conversation = written(&server, 1, "wamid.1").await;
    screen.entry().await;
    let up_to_date = screen.next().await;
    assert_eq!(up_to_date.kind, "entry");

    // What is pushed is kept in memory alone.
    let server = server.restart().await;
    let ana = server.agent(0).await;
    let mut screen = Listener::connect(&ana, Some(&too_old)).await;
    let reload = screen.next().await;
    assert_eq!(reload.kind, "reload");
    let page: Page<InboxItem> = read_at(&ana, "/v1/inbox", reload.position()).await;
    assert_eq!(page.items[0].conversation, conversation);
    let note = add_note(&ana, conversation, "after the reload").await;
    assert_eq!(screen.next().await.position(), note.position);

    let mut screen = Listener::connect(&ana, Some(&up_to_date.id)).await;
    assert_eq!(
        screen.next().await.kind,
        "hello",
        "who had heard everything need not read again"
    );
    assert_eq!(screen.next().await.position(), note.position);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hears_of_their_own_conversations_and_of_none_of_others() {
    let server = TestServer::start(Centre::default()).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let conversation = written(&server, 1, "wamid.1").await;
    let (mut of_ana, mut of_ben) = (Listener::open(&ana).await, Listener::open(&ben).await);
    let mut of_admin = Listener::open(&server.admin()).await;
    add_note(&ana, conversation, "not for Ben").await;
    send(&ana, conversation, "nor this").await;
    let read = |event: &LiveEvent| matches!(&event.change, LiveChange::Status { status, .. } if status.receipts.len() == 3);
    of_ana.until(|event| read(event).then_some(())).await;
    let call = call_out(&server, "Acme Ltd").await;
    assert_eq!(heard_before(&mut of_ben, call).await, []);
    assert_eq!(heard_before(&mut of_ana, call).await, []);
    let of_all = heard_before(&mut of_admin, call).await;
    assert!(
        of_all
            .iter()
            .any(|event| matches!(&event.change, LiveChange::Entry { to: Some(_), .. })),
        "{of_all:?}"
    );

    let body = json!({"agent": agent(1), "note": "yours now"});
    post(&ana, &format!("/v1/conversations/{conversation}/transfer"), &body).await;
    let call = call_out(&server, "Acme Inc").await;
    for listener in [&mut of_ana, &mut of_ben] {
        let heard = heard_before(listener, call).await;
        let got_it = |event: &LiveEvent| {
            matches!(&event.change, LiveChange::Entry { entry, .. }
            if matches!(&entry.body, EntryBody::Assigned { agent: to, .. } if *to == agent(1)))
        };
        assert!(heard.iter().any(got_it), "{heard:?}");
    }
    // Ana heard that she lost it, and hears no more of it.
    add_note(&ben, conversation, "not for Ana").await;
    let call = call_out(&server, "Acme").await;
    assert_eq!(heard_before(&mut of_ana, call).await, []);
    let heard = heard_before(&mut of_ben, call).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hears_of_what_waits_in_their_campaigns_and_not_in_others() {
    let server = TestServer::start_quiet(Centre {
        capacity: 1,
        ..Centre::default()
    })
    .await;
    let admin = server.admin();
    for number in 0..2 {
        let path = format!("/v1/agents/{}", agent(number));
        let body = json!({"name": "One campaign", "campaigns": [campaign(number)], "channels": [channel()], "capacity": 1});
        put(&admin, &path, &body).await;
    }
    written(&server, 1, "wamid.1").await;
    let (mut of_ana, mut of_ben) = (
        Listener::open(&server.agent(0).await).await,
        Listener::open(&server.agent(1).await).await,
    );
    // Ana is full, so this one waits in her campaign, which is not Ben's.
    let waiting = written(&server, 2, "wamid.2").await;
    let call = call_out(&server, "Acme Ltd").await;
    assert_eq!(heard_before(&mut of_ben, call).await, []);
    let heard = heard_before(&mut of_ana, call).await;
    let is_queued = |event: &LiveEvent| {
        matches!(&event.change, LiveChange::Entry { conversation, agent: None, entry, .. }
        if *conversation == waiting && matches!(entry.body, EntryBody::Queued { .. }))
    };
    assert!(heard.iter().any(is_queued), "{heard:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pushed_is_in_every_view_already() {
    const MESSAGES: usize = 150;
    let server = TestServer::start_quiet(Centre {
        agents: 1,
        capacity: 50,
        ..Centre::default()
    })
    .await;
    let ana = server.agent(0).await;
    for from in 0..5 {
        written(&server, from, &format!("wamid.{from}")).await;
    }
    let mut screen = Listener::open(&ana).await;
    let pouring = join_all((0..5).map(|from| {
        let server = &server;
        async move {
            for number in 0..MESSAGES / 5 {
                let wamid = format!("wamid.{from}.{number}");
                assert_eq!(server.webhook(message(from, &wamid, &wamid)).await, 200);
            }
        }
    }));
    let watching = async {
        for _ in 0..MESSAGES {
            let event = screen.next().await.event();
            let LiveChange::Entry {
                conversation, entry, ..
            } = event.change
            else {
                panic!("{event:?}")
            };
            let shown = lines(&ana, conversation).await;
            assert!(shown.contains(&entry), "{entry:?} was pushed and is not shown");
            let row = inbox(&ana)
                .await
                .into_iter()
                .find(|row| row.conversation == conversation)
                .unwrap();
            assert!(row.last_message.unwrap().at >= entry.at);
            let header: Value = read(&ana, &format!("/v1/conversations/{conversation}")).await;
            let reflects: Position = header["position"].as_str().unwrap().parse().unwrap();
            assert!(reflects >= entry.position);
        }
    };
    tokio::join!(pouring, watching);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_streams_of_a_revoked_token_end_before_anything_more_is_heard() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    let created: Value = admin
        .send(Method::POST, "/v1/tokens", &json!({"agent": agent(0)}))
        .await
        .unwrap();
    let mut screen = Listener::open(&admin.with_token(created["token"].as_str().unwrap())).await;
    let path = format!("/v1/tokens/{}", created["id"].as_str().unwrap());
    assert_eq!(answer(admin.request(Method::DELETE, &path)).await.status, 204);
    call_out(&server, "Secret Plans").await;
    assert_eq!(screen.next_or_end().await, None);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_20_streams_and_gets_their_places_back() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let mut open = join_all((0..20).map(|_| Listener::open(&ana))).await;
    let one_more = async || answer(ana.request(Method::GET, "/v1/events")).await;
    let refused = one_more().await;
    assert_eq!(
        (refused.status, refused.problem().code.as_str()),
        (429, "too_many_streams_of_token")
    );
    Listener::open(&server.agent(1).await).await;
    open.pop();
    eventually("its place is free", async || {
        let response = ana.request(Method::GET, "/v1/events").send().await.unwrap();
        (response.status() == 200).then_some(())
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_end_when_the_server_does() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let mut screen = Listener::open(&server.agent(0).await).await;
    let (ended, ()) = tokio::join!(screen.next_or_end(), server.stop());
    assert_eq!(ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_pushed_as_it_is_read() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = written(&server, 1, "wamid.1").await;
    let mut screen = Listener::open(&ana).await;
    add_note(
        &ana,
        conversation,
        "ñandú \n\n data: id: 7 \u{1F600} \r event: hello",
    )
    .await;
    send(&ana, conversation, "{\"json\":\"as text\"}").await;
    let pushed = [screen.entry().await, screen.entry().await];
    let mut read: Vec<Entry> = lines(&ana, conversation).await;
    read.truncate(2);
    read.reverse();
    // The status goes on its way while this looks.
    let without_status = |mut entry: Entry| {
        if let EntryBody::Outbound { status, .. } = &mut entry.body {
            *status = None;
        }
        entry
    };
    assert_eq!(
        pushed.map(without_status).to_vec(),
        read.into_iter().map(without_status).collect::<Vec<_>>()
    );
    server.stop().await;
}
