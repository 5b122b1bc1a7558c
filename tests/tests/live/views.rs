//! What was pushed is in the views already, and says the same.

use futures_util::future::join_all;
use schemas::Position;
use schemas::api::live::LiveChange;
use schemas::api::views::{Entry, EntryBody};
use serde_json::Value;
use tests::ask::{add_note, inbox, lines, read, send};
use tests::centre::Centre;
use tests::listener::Listener;
use tests::server::TestServer;
use tests::whatsapp::message;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pushed_is_in_every_view_already() {
    const CUSTOMERS: u64 = 5;
    const MESSAGES: u64 = 30;
    let server = TestServer::start_quiet(Centre { agents: 1, capacity: 50, ..Centre::default() }).await;
    let ana = server.agent(0).await;
    for from in 0..CUSTOMERS {
        server.opened_by(from).await;
    }
    let mut screen = Listener::open(&ana).await;
    let pouring = join_all((0..CUSTOMERS).map(|from| {
        let server = &server;
        async move {
            for number in 0..MESSAGES {
                let body = message(from, &format!("wamid.{from}.{number}"), "and then?");
                assert_eq!(server.webhook(body).await, 200);
            }
        }
    }));
    let watching = async {
        for _ in 0..CUSTOMERS * MESSAGES {
            let (conversation, entry) = screen
                .until(|event| match &event.change {
                    LiveChange::Entry { conversation, entry, .. } => Some((*conversation, entry.clone())),
                    _ => None,
                })
                .await;
            let shown = lines(&ana, conversation).await;
            assert!(shown.contains(&entry), "{entry:?} was pushed and is not shown");
            let row = inbox(&ana).await.into_iter().find(|row| row.conversation == conversation);
            assert!(row.unwrap().last_message.unwrap().at >= entry.at);
            let header: Value = read(&ana, &format!("/v1/conversations/{conversation}")).await;
            let reflects: Position = header["position"].as_str().unwrap().parse().unwrap();
            assert!(reflects >= entry.position, "the header is behind");
        }
    };
    tokio::join!(pouring, watching);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_pushed_as_it_is_read_whatever_is_written_in_it() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let mut screen = Listener::open(&ana).await;
    add_note(&ana, conversation, "ñandú \n\n data: id: 7 \u{1F600} \r event: hello").await;
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
    let read: Vec<_> = read.into_iter().map(without_status).collect();
    assert_eq!(pushed.map(without_status).to_vec(), read);
    server.stop().await;
}
