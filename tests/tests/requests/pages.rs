//! Lists come in pages, and all pages together show every row once.

use std::collections::HashSet;

use gateway::api_client::ApiClient;
use schemas::api::Page;
use schemas::api::views::{ContactConversation, Entry, InboxItem};
use serde::de::DeserializeOwned;
use serde_json::json;
use tests::ask::{add_note, header, lines, of, post, read, send};
use tests::centre::{Centre, disposition};
use tests::server::TestServer;
use tests::whatsapp::message;

/// All rows of a list, page by page; `between` happens after the first page.
async fn all_pages<T: DeserializeOwned>(
    api: &ApiClient,
    path: &str,
    rows: usize,
    between: impl AsyncFnOnce(),
) -> Vec<T> {
    let (mut all, mut cursor, mut between) = (Vec::new(), String::new(), Some(between));
    loop {
        let page: Page<T> = read(api, &format!("{path}?limit={rows}{cursor}")).await;
        assert!((1..=rows).contains(&page.items.len()), "a page of {} rows", page.items.len());
        all.extend(page.items);
        let Some(next) = page.next else { return all };
        cursor = format!("&cursor={next}");
        if let Some(between) = between.take() {
            between().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_conversation_show_every_line_once_newest_first_whatever_comes_meanwhile() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    for number in 0..10 {
        assert_eq!(server.webhook(message(1, &format!("wamid.n{number}"), "and?")).await, 200);
        send(&ana, conversation, &format!("answer {number}")).await;
        let note = add_note(&ana, conversation, &format!("note {number}")).await;
        header(&ana, conversation, note.position).await;
    }
    let at_once = positions(lines(&ana, conversation).await);
    assert_eq!(at_once.len(), 32, "30, and the first message with its assignment");
    let path = of(conversation, "messages");
    for rows in [1, 7, 32, 200] {
        let shown = all_pages(&ana, &path, rows, async || {
            let note = add_note(&ana, conversation, "meanwhile").await;
            header(&ana, conversation, note.position).await;
        });
        let mut shown = positions(shown.await);
        assert!(shown.is_sorted_by(|newer, older| newer > older), "{shown:?}");
        // What was added between the pages of the rounds before is there too.
        shown.retain(|position| *position <= at_once[0]);
        assert_eq!(shown, at_once, "{rows} rows a page");
    }
    server.stop().await;
}

fn positions(entries: Vec<Entry>) -> Vec<schemas::Position> {
    entries.into_iter().map(|entry| entry.position).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_an_inbox_show_every_conversation_once_and_first_those_that_wait_for_an_answer() {
    let server = TestServer::start_quiet(Centre { agents: 1, capacity: 20, ..Centre::default() }).await;
    let ana = server.agent(0).await;
    let mut conversations = HashSet::new();
    for from in 0..12 {
        let conversation = server.opened_by(from).await;
        conversations.insert(conversation);
        if from % 2 == 0 {
            send(&ana, conversation, "answered").await;
        }
    }
    let at_once = server.inbox(0).await;
    for rows in [1, 5, 12] {
        let shown: Vec<InboxItem> = all_pages(&ana, "/v1/inbox", rows, async || {}).await;
        assert_eq!(shown, at_once, "{rows} rows a page");
    }
    let shown: HashSet<_> = at_once.iter().map(|row| row.conversation).collect();
    assert_eq!(shown, conversations);
    let waits: Vec<_> = at_once.iter().map(|row| row.waiting_since.is_some()).collect();
    assert_eq!(waits, [[true; 6], [false; 6]].concat());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_contact_show_every_conversation_once_newest_first() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    for number in 0..5 {
        assert_eq!(server.webhook(message(1, &format!("wamid.{number}"), "again")).await, 200);
        let finish = of(server.conversation(1).await, "finish");
        post(&admin, &finish, &json!({"disposition": disposition()})).await;
    }
    let newest_first = server.conversations(1).await;
    assert!(newest_first.is_sorted_by(|newer, older| newer.opened_at >= older.opened_at));
    let path = format!("/v1/contacts/{}/conversations", server.contact(1));
    let shown: Vec<ContactConversation> = all_pages(&admin, &path, 2, async || {}).await;
    assert_eq!((shown.len(), shown), (5, newest_first));
    server.stop().await;
}
