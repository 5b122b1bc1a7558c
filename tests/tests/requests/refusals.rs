//! A broken rule comes with its status, its code, and the field that it is about.

use gateway::api_client::ApiClient;
use reqwest::Method;
use serde_json::{Value, json};
use tests::ask::{NOBODY, answer, of, put};
use tests::centre::Centre;
use tests::server::{NUMBER, TestServer};

type Request<'a> = (&'a ApiClient, Method, String, Value);
type Refusal<'a> = (Request<'a>, u16, &'static str, &'static str);

/// The field of a refusal that is about none.
const NONE: &str = "";

/// Each is asked, and refused as it says; nothing is written down.
async fn all_refused(server: &TestServer, refusals: impl IntoIterator<Item = Refusal<'_>>) {
    let head = server.head().await;
    for ((api, method, path, body), status, code, field) in refusals {
        let answer = answer(api.request(method.clone(), &path).json(&body)).await;
        let problem = answer.problem();
        assert_eq!((answer.status, problem.code.as_str()), (status, code), "{method} {path} {body}");
        assert_eq!(problem.field.as_deref().unwrap_or(NONE), field, "{method} {path} {body}");
        assert!(!problem.title.is_empty() && problem.remedy.is_some(), "{problem:?}");
    }
    assert_eq!(server.head().await, head, "a refusal was written down");
}

/// Agents 0 to 3 who hold one each at most, of whom the last is offline; a stranger in another campaign, on another
/// channel; an auditor.
async fn centre() -> TestServer {
    let server = TestServer::start_quiet(Centre { agents: 4, capacity: 1, ..Centre::default() }).await;
    let works_in = |campaign: &str, channel: &str, role: &str| json!({"name": "Somebody", "role": role, "campaigns": [campaign], "channels": [channel]});
    let channel = |address: &str| json!({"kind": "webchat", "address": address, "name": "Web"});
    let elsewhere = json!({"project": "help", "name": "E", "channels": ["web"], "dispositions": []});
    for (path, body) in [
        ("agents/agent-3/presence", json!({"presence": "offline"})),
        ("channels/web", channel("a.example")),
        ("channels/unused", channel("b.example")),
        ("campaigns/elsewhere", elsewhere),
        ("agents/stranger", works_in("elsewhere", "web", "agent")),
        ("agents/stranger/presence", json!({"presence": "online"})),
        ("agents/noor", works_in("campaign-0", "wa", "auditor")),
        ("dispositions/unlisted", json!({"name": "Unlisted"})),
    ] {
        put(&server.admin(), &format!("/v1/{path}"), &body).await;
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn what_agents_may_not_do_with_conversations_is_refused_by_name() {
    let server = centre().await;
    let [first, second] = [server.opened_by(1).await, server.opened_by(2).await];
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let long = "x".repeat(4097);
    let of_first = |action: &str, body: Value| (&ana, Method::POST, of(first, action), body);
    let of_second = |action: &str, body: Value| (&ana, Method::POST, of(second, action), body);
    let transfer = |to: &str, who: &str| of_first("transfer", json!({to: who, "note": "take it"}));
    let say = |text: &str| of_first("messages", json!({ "text": text }));
    let finish = |disposition: &str| of_first("finish", json!({ "disposition": disposition }));
    let unasked = json!({"disposition": "solved", "sub_disposition": "unlisted"});
    let give = |to: &str| (&admin, Method::POST, of(second, "assign"), json!({ "agent": to }));
    let of_none = |action: &str, body: Value| {
        (&ana, Method::POST, format!("/v1/conversations/{NOBODY}/{action}"), body)
    };
    #[rustfmt::skip]
    all_refused(&server, [
        (transfer("agent", "agent-1"), 409, "agent_full", "agent"),
        (transfer("agent", "agent-3"), 409, "agent_not_online", "agent"),
        (transfer("agent", "stranger"), 422, "agent_not_in_campaign", "agent"),
        (transfer("agent", "agent-0"), 422, "transfer_to_self", "agent"),
        (transfer("agent", "nobody"), 422, "unknown_agent", "agent"),
        (transfer("campaign", "campaign-0"), 422, "transfer_to_same_campaign", "campaign"),
        (transfer("campaign", "elsewhere"), 422, "campaign_not_on_channel", "campaign"),
        (transfer("campaign", "nowhere"), 422, "unknown_campaign", NONE),
        (of_first("transfer", json!({"agent": "agent-2", "note": ""})), 422, "note_required", "note"),
        (say(" "), 422, "empty_message", "text"),
        (say(&long), 422, "message_too_long", "text"),
        (of_first("notes", json!({"text": ""})), 422, "invalid_text", "text"),
        (finish("unlisted"), 422, "disposition_not_allowed", "disposition"),
        (finish("unheard-of"), 422, "unknown_disposition", "disposition"),
        (of_first("finish", unasked), 422, "sub_disposition_unexpected", "sub_disposition"),
        (give("agent-3"), 409, "agent_not_online", "agent"),
        (give("agent-0"), 409, "agent_full", "agent"),
        (give("noor"), 422, "agent_does_not_attend", "agent"),
        (of_second("assign", json!({})), 409, "already_assigned", NONE),
        (of_second("messages", json!({"text": "hi"})), 409, "not_assigned_agent", NONE),
        (of_none("messages", json!({"text": "hi"})), 404, "conversation_not_found", NONE),
        (of_none("finish", json!({"disposition": "solved"})), 404, "conversation_not_found", NONE),
    ])
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contacts_channels_and_masters_cannot_be_is_refused_by_name() {
    let server = centre().await;
    server.opened_by(1).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let report = |body: Value| (&admin, Method::POST, "/v1/channels/wa/receipts".to_owned(), body);
    let write = |channel: &str, id: &str, from: &str| {
        let body = json!({"provider_id": id, "from": from, "text": "hi"});
        (&admin, Method::POST, format!("/v1/channels/{channel}/inbound"), body)
    };
    let define = |path: &str, body: Value| (&admin, Method::PUT, format!("/v1/{path}"), body);
    let campaign = |key: &str, of: &str| {
        let mut body = json!({"project": "help", "name": "C", "channels": [], "dispositions": []});
        body[key] = json!([of]);
        define("campaigns/c", body)
    };
    let number_again = json!({"kind": "whatsapp", "address": NUMBER, "name": "Again"});
    let exclusive = |contact: &str| format!("/v1/contacts/{contact}/exclusive-agents/campaign-0");
    let (known, unknown) = (exclusive(&server.contact(1).to_string()), exclusive(NOBODY));
    #[rustfmt::skip]
    all_refused(&server, [
        ((&ana, Method::DELETE, known.clone(), json!({})), 404, "no_exclusive_agent", NONE),
        ((&ana, Method::PUT, known.clone(), json!({"agent": "stranger"})), 422, "agent_not_in_campaign", "agent"),
        ((&ana, Method::PUT, known, json!({"agent": "noor"})), 422, "agent_does_not_attend", "agent"),
        ((&ana, Method::PUT, unknown, json!({})), 404, "contact_not_found", NONE),
        (report(json!({"message": NOBODY, "status": "sent"})), 404, "unknown_message", NONE),
        (report(json!({"status": "sent"})), 422, "receipt_without_message", "message"),
        (report(json!({"message": NOBODY, "status": "pending"})), 422, "not_a_receipt_status", "status"),
        (write("nowhere", "1", "2"), 404, "master_not_found", NONE),
        (write("unused", "1", "2"), 409, "channel_without_campaign", NONE),
        (write("wa", "", "2"), 422, "invalid_text", "provider_id"),
        (write("wa", "1", " "), 422, "invalid_text", "from"),
        (define("projects/p", json!({"client": "nobody", "name": "P"})), 422, "unknown_client", "client"),
        (define("clients/c", json!({"name": "  "})), 422, "invalid_text", "name"),
        (define("dispositions/transfer", json!({"name": "T"})), 422, "reserved_disposition", NONE),
        (define("dispositions/d", json!({"name": "D", "parent": "nothing"})), 422, "unknown_disposition", NONE),
        (define("channels/wa-3", number_again), 409, "address_taken", "address"),
        (campaign("channels", "nowhere"), 422, "unknown_channel", "channels"),
        (campaign("dispositions", "nothing"), 422, "unknown_disposition", NONE),
        ((&ana, Method::PUT, "/v1/clients/c".to_owned(), json!({"name": "C"})), 403, "forbidden", NONE),
    ])
    .await;
    server.stop().await;
}
