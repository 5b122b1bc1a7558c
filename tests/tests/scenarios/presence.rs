//! An agent whose live connection is lost, and what becomes of their conversations.

use gateway::api_client::ApiClient;
use schemas::api::views::{EntryBody, WorkedTime};
use serde_json::{Value, json};
use tests::ask::{eventually, lines, of, post, put, refused};
use tests::centre::{Centre, agent, campaign};
use tests::listener::Listener;
use tests::server::TestServer;

async fn shown(api: &ApiClient, number: usize) -> Value {
    api.get(&format!("/v1/agents/{}", agent(number))).await.unwrap()
}

async fn becomes(api: &ApiClient, number: usize, field: &str, value: Value) {
    let is_so = async || (shown(api, number).await[field] == value).then_some(());
    eventually(&format!("{field} of agent {number} is {value}"), is_so).await;
}

async fn grace(api: &ApiClient, seconds: u32) {
    put(api, "/v1/settings", &json!({ "grace_seconds": seconds })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_in_time_keeps_everything() {
    let server = TestServer::start_quiet(Centre { agents: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let screen = Listener::open(&ana).await;
    becomes(&admin, 0, "is_connected", json!(true)).await;
    let conversation = server.opened_by(1).await;
    drop(screen);
    becomes(&admin, 0, "is_connected", json!(false)).await;
    // While she is gone she gets nothing new.
    let second = server.opened_by(2).await;
    let _screen = Listener::open(&ana).await;
    becomes(&admin, 0, "is_connected", json!(true)).await;
    assert_eq!(shown(&admin, 0).await["presence"], "online");
    let held = || async { server.inbox(0).await.into_iter().map(|row| row.conversation).collect::<Vec<_>>() };
    assert_eq!(held().await.len(), 2);
    assert!(held().await.contains(&conversation) && held().await.contains(&second));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_come_back_is_offline_and_a_colleague_goes_on() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    grace(&admin, 1).await;
    let screen = Listener::open(&ana).await;
    becomes(&admin, 0, "is_connected", json!(true)).await;
    let conversation = server.opened_by(1).await;
    assert_eq!(server.inbox(0).await.len(), 1);
    drop(screen);
    becomes(&admin, 0, "presence", json!("offline")).await;
    let row = &server.inbox(1).await[0];
    assert_eq!(row.conversation, conversation);
    post(&ben, &of(conversation, "messages"), &json!({"text": "I go on"})).await;
    let refusal =
        refused(&ana, reqwest::Method::POST, &of(conversation, "messages"), &json!({"text": "?"})).await;
    assert_eq!(refusal.code, "not_assigned_agent");
    let released = lines(&admin, conversation).await;
    assert!(
        released.iter().any(|line| matches!(&line.body, EntryBody::Released { agent: a } if *a == agent(0)))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_may_leave_conversations_with_who_is_gone() {
    let server = TestServer::start_quiet(Centre { campaigns: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    grace(&admin, 1).await;
    let path = format!("/v1/campaigns/{}", campaign(0));
    let mut definition: Value = admin.get::<Value>(&path).await.unwrap()["definition"].take();
    definition["absence"] = json!("keep");
    put(&admin, &path, &definition).await;
    let screen = Listener::open(&ana).await;
    becomes(&admin, 0, "is_connected", json!(true)).await;
    server.opened_by(1).await;
    drop(screen);
    becomes(&admin, 0, "presence", json!("offline")).await;
    assert_eq!(server.inbox(0).await.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reasons_for_being_away_are_the_workspaces() {
    let server = TestServer::start_quiet(Centre { agents: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let settings = json!({"away_reasons": [{"id": "training", "name": "Training"}], "grace_seconds": 30});
    put(&admin, "/v1/settings", &settings).await;
    let path = format!("/v1/agents/{}/presence", agent(0));
    let away = |reason: &str| json!({"presence": "away", "reason": reason});
    put(&ana, &path, &away("training")).await;
    let refusal = refused(&ana, reqwest::Method::PUT, &path, &away("lunch")).await;
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("unknown_away_reason", Some("reason")));
    let shown: Value = tests::ask::read_at(&ana, "/v1/settings", server.head().await).await;
    assert_eq!(shown, settings);
    let forbidden = refused(&ana, reqwest::Method::PUT, "/v1/settings", &settings).await;
    assert_eq!(forbidden.code, "forbidden");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn worked_time_and_breaks_follow_from_the_events() {
    let server = TestServer::start_quiet(Centre { agents: 2, ..Centre::default() }).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    let path = format!("/v1/agents/{}", agent(0));
    let settings = json!({"away_reasons": [{"id": "training", "name": "Training"}]});
    put(&admin, "/v1/settings", &settings).await;
    let presence = format!("{path}/presence");
    for is in [
        json!({"presence": "away", "reason": "training"}),
        json!({"presence": "online"}),
        json!({"presence": "offline"}),
    ] {
        put(&ana, &presence, &is).await;
    }
    let time: WorkedTime =
        tests::ask::read_at(&ana, &format!("{path}/worked-time"), server.head().await).await;
    let was: Vec<_> =
        time.intervals.iter().map(|was| (was.presence.as_str(), was.reason.as_deref())).collect();
    let training = ("away", Some("training"));
    assert_eq!(was, [("offline", None), ("online", None), training, ("online", None), ("offline", None)]);
    let joined = time.intervals.windows(2).all(|two| two[0].to == two[1].from);
    assert!(joined && time.intervals[0].from == time.from && time.intervals[4].to == time.to, "{time:?}");
    let early = format!("{path}/worked-time?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z");
    let early: WorkedTime = tests::ask::read(&admin, &early).await;
    assert_eq!((early.offline_seconds, early.intervals.len()), (24 * 3600, 1));
    let of_another = tests::ask::unreadable(&ben, &format!("{path}/worked-time")).await;
    assert_eq!(of_another.code, "forbidden");
    let long = format!("{path}/worked-time?from=2025-01-01T00:00:00Z");
    let long = tests::ask::unreadable(&ana, &long).await;
    assert_eq!((long.code.as_str(), long.field.as_deref()), ("invalid_parameter", Some("from")));
    server.stop().await;
}
