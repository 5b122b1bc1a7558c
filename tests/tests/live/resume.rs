//! Who gives the last id back misses nothing and hears nothing twice, or is told to read the views again.

use std::collections::HashSet;

use futures_util::future::join_all;
use gateway::api_client::ApiClient;
use schemas::api::Page;
use schemas::api::views::InboxItem;
use schemas::{Event, Position};
use serde_json::json;
use tests::ask::{add_note, eventually, put, read_at, send};
use tests::books;
use tests::centre::Centre;
use tests::listener::{Heard, Listener};
use tests::server::TestServer;
use tests::whatsapp::message;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_after_the_position_that_hello_names() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let mut screen = Listener::connect(&ana, None).await;
    let hello = screen.next().await;
    assert_eq!(hello.kind, "hello");
    drop(screen);
    let notes = [add_note(&ana, conversation, "one").await, add_note(&ana, conversation, "two").await];
    let mut screen = Listener::connect(&ana, Some(&hello.id)).await;
    assert_eq!(screen.next().await, hello, "the same place to go on from");
    for note in notes {
        let heard = screen.next().await;
        assert_eq!((heard.kind.as_str(), heard.position()), ("entry", note.position));
    }
    server.stop().await;
}

const CUSTOMERS: u64 = 12;
const MESSAGES: u64 = 25;

#[tokio::test(flavor = "multi_thread")]
async fn who_reconnects_again_and_again_misses_nothing_and_hears_nothing_twice() {
    let server = TestServer::start(Centre { agents: 1, capacity: 50, ..Centre::default() }).await;
    let ana = server.agent(0).await;
    let mut screen = Listener::connect(&ana, None).await;
    let hello = screen.next().await;
    let pouring = async {
        join_all((0..CUSTOMERS).map(|from| pour(&server, &ana, from))).await;
        all_receipts(&server).await;
        let client = json!({"name": "The End"});
        put(&server.admin(), "/v1/clients/acme", &client).await.position
    };
    let (end, heard) = tokio::join!(pouring, reconnecting(screen, &ana, &hello));

    let in_log = books::events(&server.server.app().log).await;
    let pushed =
        in_log.iter().filter(|recorded| is_pushed(&recorded.event)).map(|recorded| recorded.position);
    let after_hello = pushed.filter(|position| hello.position() < *position && *position <= end);
    let expected: HashSet<_> = after_hello.collect();
    assert!(expected.len() > 400, "only {} events", expected.len());
    assert!(heard.is_sorted_by(|before, after| before < after), "something is heard twice, or out of order");
    let heard: HashSet<_> = heard.into_iter().collect();
    let differ: Vec<_> = expected.symmetric_difference(&heard).collect();
    assert!(differ.is_empty(), "missed, or not to be heard: {differ:?}");
    server.stop().await;
}

/// A customer who writes on and on, and is answered now and then.
async fn pour(server: &TestServer, agent: &ApiClient, from: u64) {
    let conversation = server.opened_by(from).await;
    for number in 0..MESSAGES {
        if number % 5 == 0 {
            send(agent, conversation, &format!("answer {number}")).await;
        }
        let body = message(from, &format!("wamid.{from}.{number}"), "and then?");
        assert_eq!(server.webhook(body).await, 200);
    }
}

/// Waits until the network has said of every answer that it was sent, delivered and read.
async fn all_receipts(server: &TestServer) {
    let answers = CUSTOMERS * MESSAGES.div_ceil(5);
    eventually("all receipts have come", async || {
        let counts = server.stand_in.webhook_counts();
        (counts.planned == 3 * answers && counts.delivered == counts.planned).then_some(())
    })
    .await;
}

/// Hears everything up to the change of the configuration, over connections that last for 0 to 10 events.
async fn reconnecting(mut screen: Listener, api: &ApiClient, hello: &Heard) -> Vec<Position> {
    let (mut last, mut heard) = (hello.id.clone(), Vec::new());
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
    !matches!(event, Event::ConversationOpened(_) | Event::WorkspaceCreated(_) | Event::ReceiptParked(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_too_long_is_told_to_read_the_views_again() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let mut screen = Listener::connect(&server.agent(0).await, None).await;
    let too_old = screen.next().await.id;
    let conversation = server.opened_by(1).await;
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
    assert_eq!(screen.next().await.kind, "hello", "who had heard everything need not read again");
    assert_eq!(screen.next().await.position(), note.position);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_from_where_something_was_passed_over_is_told_to_read_the_views_again() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let mut witness = Listener::connect(&ana, None).await;
    let elsewhere = witness.next().await.id;
    let passed_over = add_note(&ana, conversation, "passed over elsewhere").await;
    // An answer comes with the log, a push only with the views.
    assert_eq!(witness.next().await.position(), passed_over.position);
    let mut screen = Listener::connect(&ana, Some(&format!("{elsewhere}~"))).await;
    let reload = screen.next().await;
    assert_eq!(reload.kind, "reload");
    assert!(reload.position() >= passed_over.position, "{reload:?}");
    let note = add_note(&ana, conversation, "after the reload").await;
    assert_eq!(screen.next().await.position(), note.position);
    server.stop().await;
}
