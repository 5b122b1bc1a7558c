//! A campaign's predefined texts, sent by their shortcut.

use gateway::tokens::Principal;
use reqwest::Method;
use schemas::api::Page;
use schemas::api::views::{Entry, EntryBody};
use schemas::{AgentId, Content};
use serde_json::{Value, json};
use tests::ask::{of, order, post, put, read_at, refused, unreadable};
use tests::centre::{Centre, agent, campaign, channel};
use tests::server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sends_a_predefined_text_by_its_shortcut() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 2, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let text = |shortcut: Option<&str>, text: &str| json!({"campaign": campaign(0), "name": "Greeting", "shortcut": shortcut, "text": text});
    put(&admin, "/v1/texts/greeting", &text(Some("hello"), "Hello {contact.name|you}, {agent.name} here"))
        .await;
    put(&admin, "/v1/texts/named", &text(Some("named"), "Dear {contact.name}")).await;
    let elsewhere = json!({"campaign": campaign(1), "name": "Bye", "shortcut": "bye", "text": "Bye"});
    put(&admin, "/v1/texts/elsewhere", &elsewhere).await;
    let nameless = json!({"provider_id": "1", "from": "34600000001", "text": "hola"});
    let accepted = post(&admin, &format!("/v1/channels/{}/inbound", channel()), &nameless).await;
    let conversation = accepted.conversation.unwrap();
    let messages = of(conversation, "messages");

    let sent = post(&ana, &messages, &json!({"shortcut": "hello"})).await;
    let all: Page<Entry> = read_at(&ana, &messages, sent.position).await;
    let said = all.items.iter().find_map(|entry| match &entry.body {
        EntryBody::Outbound { content: Content::Text(text), .. } => Some(text.clone()),
        _ => None,
    });
    let name: Value = read_at(&ana, &format!("/v1/agents/{}", agent(0)), sent.position).await;
    let name = name["definition"]["name"].as_str().unwrap();
    assert_eq!(said, Some(format!("Hello you, {name} here")));

    let choices: Value = read_at(&ana, &of(conversation, "texts"), sent.position).await;
    assert_eq!(choices[0]["text"], json!(format!("Hello you, {name} here")));
    assert_eq!((choices[1]["missing"].as_str(), choices[1]["text"].as_str()), (Some("contact.name"), None));
    assert_eq!(choices.as_array().unwrap().len(), 2);

    for (body, code, field) in [
        (json!({"shortcut": "bye"}), "unknown_shortcut", "shortcut"),
        (json!({"shortcut": "named"}), "text_field_empty", "shortcut"),
        (json!({"shortcut": "hello", "text": "hello"}), "invalid_body", "text"),
        (json!({}), "invalid_body", "text"),
        (json!({"shortcut": "Hello"}), "invalid_body", "shortcut"),
    ] {
        let problem = refused(&ana, Method::POST, &messages, &body).await;
        assert_eq!((problem.code.as_str(), problem.field.as_deref()), (code, Some(field)), "{body}");
    }
    let taken = refused(&admin, Method::PUT, "/v1/texts/other", &text(Some("hello"), "Hi")).await;
    assert_eq!((taken.code.as_str(), taken.field.as_deref()), ("shortcut_taken", Some("shortcut")));
    assert_eq!(refused(&ana, Method::DELETE, "/v1/texts/greeting", &json!({})).await.code, "forbidden");

    // Another may have the shortcut once this one has it no more.
    put(&admin, "/v1/texts/greeting", &text(None, "Hello")).await;
    put(&admin, "/v1/texts/other", &text(Some("hello"), "Hi")).await;
    post(&ana, &messages, &json!({"shortcut": "hello"})).await;
    let removed = order(&admin, Method::DELETE, "/v1/texts/other", &json!({})).await;
    let left: Value = read_at(&ana, &of(conversation, "texts"), removed.position).await;
    assert_eq!(left.as_array().unwrap().len(), 2);
    let gone = refused(&ana, Method::POST, &messages, &json!({"shortcut": "hello"})).await;
    assert_eq!(gone.code, "unknown_shortcut");
    server.stop().await;
}

/// Who does not have the conversation learns nothing about it from a text.
#[tokio::test(flavor = "multi_thread")]
async fn the_texts_of_a_conversation_are_for_those_who_see_it() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let admin = server.admin();
    let eve = json!({"name": "Eve", "campaigns": [], "channels": [channel()]});
    put(&admin, "/v1/agents/eve", &eve).await;
    let eve = server.api(Principal::Agent(AgentId::new("eve").unwrap())).await;
    let text =
        json!({"campaign": campaign(0), "name": "Greeting", "shortcut": "hi", "text": "{contact.name}"});
    put(&admin, "/v1/texts/greeting", &text).await;
    // Nobody knows what this contact is called, which a stranger must not learn either.
    let nameless = json!({"provider_id": "1", "from": "34600000001", "text": "hola"});
    let accepted = post(&admin, &format!("/v1/channels/{}/inbound", channel()), &nameless).await;
    let conversation = accepted.conversation.unwrap();
    let texts = of(conversation, "texts");
    let shown: Value = read_at(&admin, &texts, accepted.position).await;
    assert_eq!(shown[0]["missing"], "contact.name");
    assert_eq!(unreadable(&eve, &texts).await.code, "forbidden");
    let sends = refused(&eve, Method::POST, &of(conversation, "messages"), &json!({"shortcut": "hi"})).await;
    assert_eq!(sends.code, "not_assigned_agent");
    server.stop().await;
}
