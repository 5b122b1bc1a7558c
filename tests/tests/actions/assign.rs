//! A message that comes in is pushed to the agent who gets it, and stands in their inbox.

use schemas::api::views::EntryBody;
use schemas::event::AssignReason;
use schemas::{Actor, Content, Timestamp};
use serde_json::json;
use tests::ask::{header, inbox, lines, of, post, put, read_at};
use tests::centre::{Centre, agent, campaign, channel};
use tests::listener::Listener;
use tests::server::TestServer;
use tests::whatsapp::{PROFILE_NAME, WRITTEN_AT_SECONDS, message};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_pushed_to_the_agent_who_gets_it_and_stands_in_their_inbox() {
    let server = TestServer::start(Centre::default()).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let mut screen = Listener::open(&ana).await;
    assert_eq!(server.webhook(message(1, "wamid.1", "My order has not come")).await, 200);

    let pushed = screen.entry().await;
    let EntryBody::Inbound { content, written_at, .. } = &pushed.body else { panic!("{pushed:?}") };
    assert_eq!(*content, Content::Text("My order has not come".into()));
    assert_eq!(*written_at, Timestamp::from_millis(WRITTEN_AT_SECONDS * 1000));
    assert_eq!(pushed.by, Actor::Channel(channel()));
    let assigned = screen.entry().await;
    let EntryBody::Assigned { agent: to, reason } = &assigned.body else { panic!("{assigned:?}") };
    assert_eq!(*to, agent(0));
    assert!(matches!(reason, AssignReason::MostRoom { with_room: 2, load: 0, .. }), "{reason:?}");

    let rows = inbox(&ana).await;
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((row.contact, row.contact_name.as_deref()), (server.contact(1), Some(PROFILE_NAME)));
    assert_eq!((&row.channel, &row.campaign, &row.agent), (&channel(), &campaign(0), &Some(agent(0))));
    assert_eq!((row.unread, row.waiting_since), (1, Some(pushed.at)));
    assert_eq!(row.last_message.as_ref().unwrap().preview, "My order has not come");
    assert_eq!(lines(&ana, row.conversation).await, [assigned, pushed]);
    assert!(inbox(&ben).await.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_room_for_waits_in_order_and_is_taken_from_the_queue_by_hand() {
    let server = TestServer::start(Centre { agents: 1, capacity: 1, ..Centre::default() }).await;
    let ana = server.agent(0).await;
    let first = server.opened_by(1).await;
    let [second, third] = [server.opened_by(2).await, server.opened_by(3).await];
    let queue = format!("/v1/inbox?queue={}", campaign(0));
    let waiting = async || {
        let page: schemas::api::Page<schemas::api::views::InboxItem> =
            read_at(&ana, &queue, server.head().await).await;
        page.items.into_iter().map(|row| row.conversation).collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, [second, third]);
    // Away she is given none, so that what she takes is what she picked.
    let presence = format!("/v1/agents/{}/presence", agent(0));
    put(&ana, &presence, &json!({"presence": "away", "reason": "lunch"})).await;
    post(&ana, &of(first, "finish"), &json!({"disposition": "solved"})).await;
    assert_eq!(waiting().await, [second, third]);
    put(&ana, &presence, &json!({"presence": "online"})).await;
    assert_eq!(waiting().await, [third], "who waited longest is first");
    let at = header(&ana, second, server.head().await).await;
    assert_eq!(at.agent, Some(agent(0)));
    server.stop().await;
}
