//! What people of the field suffer with other products, met here as an agent or a customer would. What needs a fault to
//! be seen is in the torture: a message lost after its 200, a retry sent twice, a colleague's message missed.

use reqwest::Method;
use schemas::api::views::{EntryBody, InboxItem};
use schemas::api::{Accepted, Page};
use schemas::{ConversationId, Timestamp};
use serde_json::{Value, json};
use tests::ask::{lines, of, post, put, read_at, refused};
use tests::centre::{Centre, agent, campaign, channel};
use tests::server::TestServer;
use tokio::join;

const CONVERSATIONS: u64 = 12;
const CAPACITY: u16 = 4;

/// Two agents take the same conversation; capacity is overrun under load.
#[tokio::test(flavor = "multi_thread")]
async fn two_agents_who_reach_for_the_same_conversation_never_both_get_it_nor_more_than_they_may_hold() {
    let server =
        TestServer::start_quiet(Centre { agents: 2, campaigns: 1, capacity: CAPACITY, ..Centre::default() })
            .await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    let path = format!("/v1/campaigns/{}", campaign(0));
    let mut picked: Value = admin.get::<Value>(&path).await.unwrap()["definition"].take();
    picked["routing"] = json!({"policy": "manual"});
    put(&admin, &path, &picked).await;
    let mut waiting = Vec::new();
    for number in 0..CONVERSATIONS {
        waiting.push(server.opened_by(number).await);
    }
    let mut taken = [0_u16; 2];
    for id in &waiting {
        let (path, nothing) = (of(*id, "assign"), json!({}));
        let (by_ana, by_ben) = join!(
            ana.send::<Accepted>(Method::POST, &path, &nothing),
            ben.send::<Accepted>(Method::POST, &path, &nothing)
        );
        let got = [by_ana.is_ok(), by_ben.is_ok()];
        assert!(got != [true, true], "both got {id}");
        for (count, got) in taken.iter_mut().zip(got) {
            *count += u16::from(got);
        }
    }
    assert_eq!(taken, [CAPACITY, CAPACITY]);
    let head = server.head().await;
    for number in 0..2 {
        let inbox: Page<InboxItem> =
            read_at(&admin, &format!("/v1/inbox?agent={}", agent(number)), head).await;
        assert_eq!(inbox.items.len(), usize::from(CAPACITY));
    }
    server.stop().await;
}

/// Messages are shown in the order of processing, not in the order in which they were written.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_keeps_the_time_at_which_it_was_written_beside_its_place_in_the_log() {
    let server = TestServer::start_quiet(Centre { agents: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let path = format!("/v1/channels/{}/inbound", channel());
    let mut conversation: Option<ConversationId> = None;
    // The second comes in after the first and was written before it.
    for (number, written_at) in [(1, "2026-01-31T09:30:05Z"), (2, "2026-01-31T09:30:01Z")] {
        let message = json!({
            "provider_id": format!("m-{number}"), "from": "34600000001", "text": number.to_string(),
            "written_at": written_at,
        });
        conversation = post(&admin, &path, &message).await.conversation;
    }
    server.head().await;
    let conversation = conversation.unwrap();
    let _shown: Value = read_at(&ana, &of(conversation, "messages"), server.head().await).await;
    let all = lines(&ana, conversation).await;
    let inbound: Vec<(Timestamp, Timestamp)> = all
        .iter()
        .rev()
        .filter_map(|line| match &line.body {
            EntryBody::Inbound { written_at, .. } => Some((line.at, *written_at)),
            _ => None,
        })
        .collect();
    let [(first_at, first_written), (second_at, second_written)] = inbound[..] else { panic!("{inbound:?}") };
    assert!(first_at <= second_at && second_written < first_written, "{inbound:?}");
    server.stop().await;
}

/// Conversations stay with an agent who left.
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_leaves_no_conversation_behind() {
    let server = TestServer::start_quiet(Centre { agents: 2, campaigns: 1, ..Centre::default() }).await;
    let (ana, ben) = (server.agent(0).await, server.agent(1).await);
    let both = [server.opened_by(1).await, server.opened_by(2).await];
    put(&ana, &format!("/v1/agents/{}/presence", agent(0)), &json!({"presence": "offline"})).await;
    assert!(server.inbox(0).await.is_empty());
    let of_ben = server.inbox(1).await;
    assert!(both.iter().all(|id| of_ben.iter().any(|row| row.conversation == *id)), "{of_ben:?}");
    for id in both {
        post(&ben, &of(id, "messages"), &json!({"text": "I go on"})).await;
        let of_ana = refused(&ana, Method::POST, &of(id, "messages"), &json!({"text": "still here"})).await;
        assert_eq!(of_ana.code, "not_assigned_agent");
    }
    server.stop().await;
}
