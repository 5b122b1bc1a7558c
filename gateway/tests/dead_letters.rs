//! Dead letters on a real nats-server: bounded, listed in pages, each workspace's own.
#![allow(clippy::unwrap_used, reason = "a test may")]

use async_nats::Client;
use async_nats::jetstream::{self, stream};
use engine::nats_server::{NatsServer, NatsServerConfig};
use gateway::dead_letters::{DeadLetters, DeadLettersError};
use gateway::demo::whatsapp_stand_in::text_webhook;
use gateway::whatsapp::webhook::{self, Update};
use schemas::{Timestamp, WorkspaceId};
use tempfile::TempDir;

const AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

async fn nats() -> (TempDir, NatsServer, Client) {
    let dir = TempDir::new().unwrap();
    let server =
        NatsServer::start(NatsServerConfig { binary: None, dir: dir.path().join("nats") }).await.unwrap();
    let client = server.connect().await.unwrap();
    (dir, server, client)
}

async fn letters(client: &Client, workspace: &str) -> DeadLetters {
    DeadLetters::open(client, 1, &WorkspaceId::new(workspace).unwrap()).await.unwrap()
}

fn update(wamid: &str, text: &str) -> Update {
    let body = text_webhook("1122", "34600", "Ana", wamid, 1_767_225_600, text);
    webhook::parse(&body).unwrap().remove(0)
}

#[tokio::test]
async fn letters_are_listed_in_pages_and_are_their_workspaces_own() {
    let (_dir, server, client) = nats().await;
    let (own, other) = (letters(&client, "default").await, letters(&client, "default.two").await);
    other.keep(&update("wamid.0", "not ours"), "why not", AT).await.unwrap();
    let updates: Vec<_> = (1..=5).map(|n| update(&format!("wamid.{n}"), "hello")).collect();
    for update in &updates {
        own.keep(update, "no channel\r\nhas it", AT).await.unwrap();
    }

    let (mut found, mut after, mut more) = (Vec::new(), 0, true);
    while more {
        let page;
        (page, more) = own.list(after, 2).await.unwrap();
        assert!(page.len() <= 2);
        after = page.last().map_or(after, |letter| letter.sequence);
        found.extend(page);
    }
    let read: Vec<_> = found.iter().flat_map(|letter| letter.updates().unwrap()).collect();
    assert_eq!(read, updates);
    assert_eq!((found[0].received_at, found[0].reason.as_str()), (AT, "no channel  has it"));
    assert_eq!(other.get(found[0].sequence).await.unwrap(), None);

    own.remove(found[0].sequence).await.unwrap();
    own.remove(found[0].sequence).await.unwrap();
    assert_eq!(own.get(found[0].sequence).await.unwrap(), None);
    assert_eq!(own.list(0, 50).await.unwrap().0.len(), 4);
    server.stop().await;
}

#[tokio::test]
async fn a_full_stream_refuses_and_a_repeated_letter_takes_no_place() {
    let (_dir, server, client) = nats().await;
    let config = stream::Config {
        name: "ATENDER_DEAD_LETTERS".to_owned(),
        subjects: vec!["atender.dead.>".to_owned()],
        discard: stream::DiscardPolicy::New,
        max_messages: 2,
        ..Default::default()
    };
    jetstream::new(client.clone()).create_stream(config).await.unwrap();
    let letters = letters(&client, "default").await;
    let [first, second, third] = [1, 2, 3].map(|n| update(&format!("wamid.{n}"), "hello"));
    for update in [&first, &first, &second] {
        letters.keep(update, "no channel", AT).await.unwrap();
    }
    let refused = letters.keep(&third, "no channel", AT).await.unwrap_err();
    assert!(matches!(refused, DeadLettersError::Unavailable { .. }), "{refused:?}");
    assert_eq!(letters.list(0, 50).await.unwrap().0.len(), 2);

    letters.remove(letters.list(0, 1).await.unwrap().0[0].sequence).await.unwrap();
    letters.keep(&third, "no channel", AT).await.unwrap();
    let huge = update("wamid.4", &"x".repeat(1024 * 1024));
    let refused = letters.keep(&huge, "no channel", AT).await.unwrap_err();
    assert!(matches!(refused, DeadLettersError::TooLarge { .. }), "{refused:?}");
    server.stop().await;
}
