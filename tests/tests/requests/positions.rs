//! `Atender-Min-Position`: who gives the position of their own command reads what it did, or hears that the views
//! are not so far.

use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use schemas::Position;
use schemas::api::Page;
use schemas::api::views::{Entry, EntryBody};
use schemas::event::NoteKind;
use serde_json::{Value, json};
use tests::ask::{Answer, MIN_POSITION, POSITION, add_note, answer, of, put, read_at};
use tests::centre::Centre;
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gives_the_position_of_their_command_reads_what_it_did() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    for number in 0..50 {
        let text = format!("note {number}");
        let accepted = add_note(&ana, conversation, &text).await;
        let page: Page<Entry> = read_at(&ana, &of(conversation, "messages"), accepted.position).await;
        assert_eq!(page.items[0].position, accepted.position);
        assert_eq!(page.items[0].body, EntryBody::Note { text, note_kind: NoteKind::Note });
    }
    let defined = put(&server.admin(), "/v1/clients/new", &json!({"name": "New"})).await;
    let client: Value = read_at(&ana, "/v1/clients/new", defined.position).await;
    assert_eq!(client["definition"]["name"], "New");
    server.stop().await;
}

fn reached(answer: &Answer) -> Position {
    answer.headers.get(POSITION).unwrap().to_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_is_not_so_far_says_how_far_it_is() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let admin = server.admin();
    let head = server.head().await;
    let ask = |position: String| {
        let request = admin.request(Method::GET, "/v1/inbox?agent=agent-0");
        answer(request.header(MIN_POSITION, position))
    };
    let now = ask(head.to_string()).await;
    assert_eq!((now.status, reached(&now).sequence), (200, head.sequence));
    let next = Position { sequence: head.sequence + 1, ..head };
    let stale = ask(next.to_string()).await;
    assert_eq!((stale.status, stale.problem().code.as_str()), (503, "stale_view"));
    assert_eq!(reached(&stale).sequence, head.sequence);
    assert!(stale.headers.contains_key(RETRY_AFTER));
    for wrong in ["yesterday", "7-1-0"] {
        let answer = ask(wrong.to_owned()).await;
        let problem = answer.problem();
        assert_eq!((answer.status, problem.code.as_str()), (422, "invalid_parameter"), "{wrong}");
        assert!(problem.field.unwrap().eq_ignore_ascii_case("Atender-Min-Position"));
    }
    server.stop().await;
}
