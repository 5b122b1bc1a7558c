//! Transfer: to an agent, or to another campaign of the channel, always with the reason.

use reqwest::Method;
use schemas::TransferTarget;
use schemas::api::Page;
use schemas::api::views::{EntryBody, InboxItem};
use schemas::event::{AssignReason, QueueCause};
use serde_json::json;
use tests::ask::{header, inbox, lines, of, post, put, read, read_at, refused, send};
use tests::centre::{Centre, agent, campaign, channel};
use tests::listener::Listener;
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_an_agent_takes_the_conversation_and_its_reason_along() {
    let server = TestServer::start(Centre::default()).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let conversation = server.opened_by(1).await;
    let mut screen = Listener::open(&ben).await;
    let body = json!({"agent": agent(1), "note": "Knows the carrier"});
    post(&ana, &of(conversation, "transfer"), &body).await;

    let assigned = screen.entry().await;
    let EntryBody::Assigned { agent: to, reason } = &assigned.body else { panic!("{assigned:?}") };
    assert_eq!((to, reason), (&agent(1), &AssignReason::Transferred));
    assert!(inbox(&ana).await.is_empty());
    assert_eq!(inbox(&ben).await[0].conversation, conversation);
    let all = lines(&ben, conversation).await;
    let EntryBody::Transferred { from, to, note } = &all[1].body else { panic!("{all:?}") };
    assert_eq!((from, to), (&Some(agent(0)), &TransferTarget::Agent(agent(1))));
    assert_eq!(note, "Knows the carrier");

    let said = json!({"text": "Still me"});
    let problem = refused(&ana, Method::POST, &of(conversation, "messages"), &said).await;
    assert_eq!((problem.status, problem.code.as_str()), (409, "not_assigned_agent"));
    send(&ben, conversation, "My colleague told me").await;
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
    let conversation = server.opened_by(1).await;
    let body = json!({"campaign": campaign(1), "note": "Wants to buy"});
    post(&ana, &of(conversation, "transfer"), &body).await;

    let queue = format!("/v1/inbox?queue={}", campaign(1));
    let waiting: Page<InboxItem> = read_at(&ben, &queue, server.head().await).await;
    let [waits] = &waiting.items[..] else { panic!("{waiting:?}") };
    assert_eq!((waits.conversation, &waits.agent, &waits.campaign), (conversation, &None, &campaign(1)));
    assert!(waits.queued_since.is_some());
    assert!(inbox(&ana).await.is_empty());

    put(&ben, &presence, &json!({"presence": "online"})).await;
    let at = header(&ben, conversation, server.head().await).await;
    assert_eq!((at.agent, at.campaign.id), (Some(agent(1)), campaign(1).to_string()));
    let all = lines(&ben, conversation).await;
    assert!(matches!(&all[0].body, EntryBody::Assigned { reason: AssignReason::WaitedLongest { .. }, .. }));
    assert!(matches!(&all[1].body, EntryBody::Queued { cause: QueueCause::Transferred, .. }), "{all:?}");
    assert!(read::<Page<InboxItem>>(&ben, &queue).await.items.is_empty());
    server.stop().await;
}
