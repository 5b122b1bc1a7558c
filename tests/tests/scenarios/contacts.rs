//! Contacts: somebody who is known by a number and a user id is one, whose number changes stays who they are, and what is
//! written down about them is there for whoever comes next.

use std::collections::BTreeMap;

use gateway::api_client::ApiClient;
use gateway::tokens::Principal;
use reqwest::Method;
use schemas::api::Page;
use schemas::api::contacts::{Contact, ContactChange, ContactExclusiveAgents, ContactNote};
use schemas::api::live::LiveChange;
use schemas::api::views::{ContactConversation, ConversationState, EntryBody, MessageState};
use schemas::{ChannelKind, ClientId, ContactId, ConversationId, FieldId};
use serde_json::{Value, json};
use tests::ask::{
    eventually, header, inbound_texts, lines, of, order, post, put, read, read_at, refused, send, status_of,
    unreadable,
};
use tests::centre::{Centre, agent, campaign, channel, disposition, identity};
use tests::listener::Listener;
use tests::server::TestServer;
use tests::whatsapp::{message, message_of, number_changed, receipt, user_id_changed};

const USER_ID: &str = "ES.13491208655302741918";

/// The id that an address stands for.
fn known_as(server: &TestServer, address: &str) -> ContactId {
    ContactId::of_identity(&server.server.app().contact_key, "whatsapp", address)
}

async fn conversations(server: &TestServer, contact: ContactId) -> Vec<ContactConversation> {
    let path = format!("/v1/contacts/{contact}/conversations");
    read_at::<Page<ContactConversation>>(&server.admin(), &path, server.head().await).await.items
}

async fn contact(api: &ApiClient, server: &TestServer, id: ContactId) -> Contact {
    read_at(api, &format!("/v1/contacts/{id}"), server.head().await).await
}

async fn patch(api: &ApiClient, id: ContactId, body: &Value) {
    assert!(order(api, Method::PATCH, &format!("/v1/contacts/{id}"), body).await.changed);
}

async fn receives(server: &TestServer, webhook: Vec<u8>) {
    assert_eq!(server.webhook(webhook).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_a_number_and_a_user_id_makes_one_of_two_contacts_and_their_conversations() {
    let server = TestServer::start_quiet(Centre { campaigns: 1, ..Centre::default() }).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    let by_number = server.opened_by(1).await;
    receives(&server, message_of(None, Some(USER_ID), "wamid.user", "from my user name")).await;
    let by_user = conversations(&server, known_as(&server, USER_ID)).await[0].conversation;
    assert_eq!(header(&admin, by_user, server.head().await).await.agent, Some(agent(1)));
    let sent = send(&ben, by_user, "One moment").await.message.unwrap();

    receives(&server, message_of(None, Some(USER_ID), "wamid.more", "are you there?")).await;

    let text = "it is me";
    receives(&server, message_of(Some(&identity(1)), Some(USER_ID), "wamid.both", text)).await;
    let head = server.head().await;
    let ended = header(&ben, by_user, head).await;
    assert_eq!((ended.state, ended.merged_into), (ConversationState::Finished, Some(by_number)));
    assert_eq!(ended.contact, server.contact(1));
    let [open] = &server.inbox(0).await[..] else { panic!("Ana has one conversation") };
    assert_eq!((open.conversation, open.unread), (by_number, 3), "hers, with what waited in the other");
    assert!(server.inbox(1).await.is_empty());
    let of_both = [server.contact(1), known_as(&server, USER_ID)];
    for id in of_both {
        let listed: Vec<ConversationId> =
            conversations(&server, id).await.iter().map(|c| c.conversation).collect();
        assert_eq!(listed, [by_user, by_number], "newest first, under either id");
    }

    let joined = |body: &EntryBody| matches!(body, EntryBody::Joined { other } if *other == by_user);
    assert!(lines(&ana, by_number).await.iter().any(|line| joined(&line.body)));
    assert_eq!(
        inbound_texts(&lines(&ana, by_user).await),
        ["from my user name", "are you there?"],
        "she opens the other"
    );
    assert_eq!(inbound_texts(&lines(&ana, by_number).await), ["hello", text]);

    // What went out in the one that is over is heard of all the same.
    let provider_id = eventually("the message was taken", async || {
        let calls = server.stand_in.accepted();
        calls.iter().find(|call| call.body == "One moment").map(|call| call.wamid.clone())
    })
    .await;
    receives(&server, receipt(1, &provider_id, Some(sent), "read")).await;
    eventually("it was read", async || {
        let status = status_of(&lines(&admin, by_user).await, sent)?;
        (status.status == MessageState::Read).then_some(())
    })
    .await;

    let server = server.restart().await;
    receives(&server, message_of(None, Some(USER_ID), "wamid.alone", "still me")).await;
    assert_eq!(server.inbox(0).await[0].conversation, by_number);
    assert_eq!(inbound_texts(&lines(&server.admin(), by_number).await), ["hello", text, "still me"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_number_changes_goes_on_in_the_same_conversation_and_is_answered_at_the_new_one() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    receives(&server, number_changed(&identity(1), &identity(2), "wamid.system")).await;
    receives(&server, number_changed(&identity(7), &identity(8), "wamid.stranger")).await;
    assert_eq!(server.inbox(0).await.len(), 1, "a system message opens no conversation");
    receives(&server, message(2, "wamid.new", "my new number")).await;
    assert_eq!(server.inbox(0).await.len(), 1);
    assert_eq!(inbound_texts(&lines(&ana, conversation).await), ["hello", "my new number"]);
    send(&ana, conversation, "Noted").await;
    let to = eventually("the answer went out", async || {
        server.stand_in.accepted().iter().find(|call| call.body == "Noted").map(|call| call.to.clone())
    })
    .await;
    assert_eq!(to, identity(2));
    let known = contact(&ana, &server, server.contact(2)).await;
    assert_eq!(known.id, server.contact(1));
    let addresses: Vec<_> = known.identities.iter().map(|identity| identity.address.clone()).collect();
    assert_eq!(addresses, [identity(2)]);
    let changes: Page<ContactChange> =
        read(&ana, &format!("/v1/contacts/{}/changes", server.contact(1))).await;
    let moved = (Some(identity(1)), Some(identity(2)));
    let is_moved = |change: &ContactChange| {
        change.field == "identity" && (change.from.clone(), change.to.clone()) == moved
    };
    assert!(changes.items.iter().any(is_moved), "{changes:?}");

    receives(&server, message_of(Some(&identity(2)), Some("ES.1"), "wamid.both", "and my user name")).await;
    receives(&server, user_id_changed("ES.1", "ES.2")).await;
    receives(&server, message_of(None, Some("ES.2"), "wamid.user", "which changed")).await;
    assert_eq!(server.inbox(0).await.len(), 1);
    assert_eq!(inbound_texts(&lines(&ana, conversation).await).last(), Some(&"which changed"));
    server.stop().await;
}

/// The fields of the client that Ana works for.
fn shown_fields(plan: &str) -> BTreeMap<ClientId, BTreeMap<FieldId, String>> {
    let (client, field) = (ClientId::new("acme").unwrap(), FieldId::new("plan").unwrap());
    BTreeMap::from([(client, BTreeMap::from([(field, plan.to_owned())]))])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_down_is_kept_with_who_changed_what_and_shows_in_every_list() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let fields = json!([
        {"id": "policy", "label": "Policy number"},
        {"id": "plan", "label": "Plan", "kind": "choice", "choices": ["basic", "gold"]},
    ]);
    put(&admin, "/v1/clients/acme", &json!({"name": "Acme", "contact_fields": fields})).await;
    let conversation = server.opened_by(1).await;
    let id = server.contact(1);
    let mut listener = Listener::open(&ana).await;
    let said = json!({
        "name": "Dolores Ruiz", "email": "lola@example.com", "phone": "+34 600 11 22 33",
        "fields": {"acme": {"plan": "gold"}},
    });
    patch(&ana, id, &said).await;
    let told = |change: &LiveChange| matches!(change, LiveChange::Contact { contact, .. } if *contact == id);
    listener.until(|event| told(&event.change).then_some(())).await;

    let shown = contact(&ana, &server, id).await;
    assert_eq!(
        (shown.name.as_deref(), shown.profile_name.as_deref()),
        (Some("Dolores Ruiz"), Some("Lola Ruiz"))
    );
    assert_eq!(
        (shown.email.as_deref(), shown.phone.as_deref()),
        (Some("lola@example.com"), Some("34600112233"))
    );
    assert_eq!(shown.fields, shown_fields("gold"));
    assert_eq!(server.inbox(0).await[0].contact_name.as_deref(), Some("Dolores Ruiz"));
    let named = header(&ana, conversation, server.head().await).await;
    assert_eq!(named.contact_name.as_deref(), Some("Dolores Ruiz"));

    patch(&admin, id, &json!({"email": null, "fields": {"acme": {"plan": "basic"}}})).await;
    let page: Page<ContactChange> =
        read_at(&ana, &format!("/v1/contacts/{id}/changes?limit=1"), server.head().await).await;
    let changes: Vec<Value> = page
        .items
        .iter()
        .map(|change| json!([change.by, change.field, change.client, change.from, change.to]))
        .collect();
    assert_eq!(
        changes,
        [
            json!(["administrator", "email", null, "lola@example.com", null]),
            json!(["administrator", "plan", "acme", "gold", "basic"]),
        ]
    );
    let next = page.next.unwrap();
    let page: Page<ContactChange> =
        read(&ana, &format!("/v1/contacts/{id}/changes?limit=1&cursor={next}")).await;
    let by: Vec<Value> = page.items.iter().map(|change| json!(change.by)).collect();
    assert_eq!((by, page.next), (vec![json!({"agent": agent(0)}); 4], None));

    // What another client has declared is not for her to see or to change.
    let other = json!({"name": "Other", "contact_fields": [{"id": "code", "label": "Code"}]});
    put(&admin, "/v1/clients/other", &other).await;
    let code = json!({"fields": {"other": {"code": "7"}}});
    patch(&admin, id, &code).await;
    let path = format!("/v1/contacts/{id}");
    assert_eq!(refused(&ana, Method::PATCH, &path, &code).await.code, "forbidden");
    assert_eq!(contact(&admin, &server, id).await.fields.len(), 2);
    assert_eq!(contact(&ana, &server, id).await.fields, shown_fields("basic"));
    let changes: Page<ContactChange> = read(&ana, &format!("{path}/changes")).await;
    assert!(changes.items.iter().all(|change| change.field != "code"));

    // The next conversation is with somebody who is called so.
    post(&ana, &of(conversation, "finish"), &json!({"disposition": disposition()})).await;
    receives(&server, message(1, "wamid.next", "hello again")).await;
    assert_eq!(server.inbox(0).await[0].contact_name.as_deref(), Some("Dolores Ruiz"));

    for (body, code, field) in [
        (json!({}), "nothing_to_update", None),
        (json!({"name": ""}), "invalid_text", Some("name")),
        (json!({"email": "lola"}), "invalid_email", Some("email")),
        (json!({"phone": "home"}), "invalid_phone", Some("phone")),
        (json!({"fields": {"acme": {"colour": "red"}}}), "unknown_contact_field", Some("fields")),
        (json!({"fields": {"acme": {"plan": "silver"}}}), "invalid_contact_field", Some("fields")),
        (json!({"nickname": "Lola"}), "invalid_body", Some("nickname")),
    ] {
        let refusal = refused(&ana, Method::PATCH, &path, &body).await;
        assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), (code, field), "{body}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_on_a_contact_is_read_by_the_next_agent_and_by_nobody_else() {
    let server = TestServer::start_quiet(Centre { campaigns: 1, ..Centre::default() }).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    let (conversation, id) = (server.opened_by(1).await, server.contact(1));
    let path = format!("/v1/contacts/{id}/notes");
    post(&ana, &path, &json!({"text": "calls on Mondays"})).await;
    for (method, path) in [
        (Method::POST, path.clone()),
        (Method::GET, path.clone()),
        (Method::GET, format!("/v1/contacts/{id}")),
        (Method::GET, format!("/v1/contacts/{id}/changes")),
        (Method::GET, format!("/v1/contacts/{id}/exclusive-agents")),
    ] {
        let refusal = match method {
            Method::GET => unreadable(&ben, &path).await,
            method => refused(&ben, method, &path, &json!({"text": "hm"})).await,
        };
        assert_eq!(refusal.code, "forbidden", "{path}");
    }
    assert_eq!(
        refused(&ben, Method::PATCH, &format!("/v1/contacts/{id}"), &json!({"name": "X"})).await.code,
        "forbidden"
    );
    put(&admin, "/v1/agents/tom", &json!({"name": "Tom", "role": "auditor"})).await;
    let tom = server.api(Principal::Agent("tom".parse().unwrap())).await;
    assert_eq!(
        refused(&tom, Method::PATCH, &format!("/v1/contacts/{id}"), &json!({"name": "X"})).await.code,
        "forbidden"
    );

    let note = json!({"agent": agent(1), "note": "asks for him"});
    post(&ana, &of(conversation, "transfer"), &note).await;
    let page: Page<ContactNote> = read_at(&ben, &path, server.head().await).await;
    let [note] = &page.items[..] else { panic!("one note: {page:?}") };
    assert_eq!((note.text.as_str(), json!(note.by)), ("calls on Mondays", json!({"agent": agent(0)})));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_merges_two_contacts_by_hand_and_either_id_is_taken_from_then_on() {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let (first, second) = (server.opened_by(1).await, server.opened_by(2).await);
    let (one, two) = (server.contact(1), server.contact(2));
    patch(&ana, two, &json!({"name": "Lola", "document": "12345678Z"})).await;
    put(&admin, &format!("/v1/contacts/{two}/exclusive-agents/{}", campaign(0)), &json!({"agent": agent(0)}))
        .await;
    let path = format!("/v1/contacts/{one}/merge");
    let body = json!({"contact": two});
    assert_eq!(refused(&ana, Method::POST, &path, &body).await.code, "forbidden");
    let nobody = json!({"contact": tests::ask::NOBODY});
    let refusal = refused(&admin, Method::POST, &path, &nobody).await;
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("contact_not_found", Some("contact")));
    assert!(post(&admin, &path, &body).await.changed);
    assert!(!post(&admin, &path, &body).await.changed, "they are one already");

    let merged = contact(&ana, &server, two).await;
    assert_eq!((merged.id, merged.name.as_deref()), (one, Some("Lola")));
    assert_eq!(merged.identities.len(), 2);
    assert_eq!(header(&admin, second, server.head().await).await.merged_into, Some(first));
    for id in [one, two] {
        let path = format!("/v1/contacts/{id}/exclusive-agents");
        let agents: ContactExclusiveAgents = read_at(&ana, &path, server.head().await).await;
        assert_eq!(agents.items[0].agent, agent(0));
    }
    patch(&ana, two, &json!({"email": "lola@example.com"})).await;
    assert_eq!(contact(&ana, &server, one).await.email.as_deref(), Some("lola@example.com"));
    let path = format!("/v1/contacts/{two}/exclusive-agents/{}", campaign(0));
    let removed: schemas::api::Accepted = admin.answer(admin.request(Method::DELETE, &path)).await.unwrap();
    assert!(removed.changed);
    let found: Page<Contact> = read_at(&admin, "/v1/contacts?q=lola", server.head().await).await;
    assert_eq!(found.items.iter().map(|contact| contact.id).collect::<Vec<_>>(), [one], "and listed once");

    let server = server.restart_without_views().await;
    assert_eq!(contact(&server.admin(), &server, two).await.id, one);
    server.stop().await;
}

async fn found(api: &ApiClient, server: &TestServer, query: &str) -> Vec<ContactId> {
    let path = format!("/v1/contacts?q={query}");
    read_at::<Page<Contact>>(api, &path, server.head().await).await.items.iter().map(|c| c.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_found_by_name_phone_e_mail_and_document() {
    let server = TestServer::start_quiet(Centre { campaigns: 1, ..Centre::default() }).await;
    let (admin, ana, ben) = (server.admin(), server.agent(0).await, server.agent(1).await);
    for number in 1..=3 {
        server.opened_by(number).await;
    }
    let [one, two, three] = [1, 2, 3].map(|number| server.contact(number));
    patch(
        &admin,
        one,
        &json!({"name": "María José Núñez", "email": "mj.nunez@acme.com", "document": "12345678-Z"}),
    )
    .await;
    patch(&admin, two, &json!({"name": "Mario Gil", "phone": "+33 1 70 18 99 00"})).await;
    for (query, expected) in [
        ("maria", vec![one]),
        ("MARÍA%20nuñ", vec![one]),
        ("jose%20mar", vec![one]),
        ("nunez%20gil", vec![]),
        ("gil", vec![two]),
        ("mj.nunez@acme.com", vec![one]),
        ("acme", vec![one]),
        ("12345678z", vec![one]),
        ("12345678", vec![one]),
        (&*identity(3), vec![three]),
        (&*format!("%2B{}", identity(3)), vec![three]),
        (&identity(3)[2..], vec![three]),
        ("000003", vec![three]),
        ("%2B33%20(1)%2070%2018", vec![two]),
        ("18%2099%2000", vec![two]),
        ("nobody", vec![]),
    ] {
        assert_eq!(found(&admin, &server, query).await, expected, "{query}");
    }
    let mut both = found(&admin, &server, "mar").await;
    both.sort();
    let mut expected = [one, two];
    expected.sort();
    assert_eq!(both, expected);

    // Ana has the first and the third, Ben the second; and old words lead nowhere.
    assert_eq!(
        (found(&ana, &server, "mar").await, found(&ben, &server, "mar").await),
        (vec![one], vec![two])
    );
    patch(&admin, two, &json!({"name": "Pedro Gil"})).await;
    assert_eq!(
        (found(&admin, &server, "mario").await, found(&admin, &server, "pedro").await),
        (vec![], vec![two])
    );
    for query in ["", "%20", "a%20b%20c%20d%20e%20f%20g%20h%20i"] {
        let refusal = unreadable(&admin, &format!("/v1/contacts?q={query}")).await;
        assert_eq!(
            (refusal.code.as_str(), refusal.field.as_deref()),
            ("invalid_parameter", Some("q")),
            "{query:?}"
        );
    }

    let path = "/v1/contacts?q=34600&limit=1";
    let mut listed = Vec::new();
    let mut next = None::<String>;
    loop {
        let cursor = next.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page: Page<Contact> = read(&admin, &format!("{path}{cursor}")).await;
        listed.extend(page.items.iter().map(|contact| contact.id));
        match page.next {
            Some(cursor) => next = Some(cursor),
            None => break,
        }
    }
    assert_eq!(listed, [one, two, three], "in the order of their numbers, each once");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_says_who_is_the_same_and_whose_address_changed() {
    let centre = Centre { agents: 1, campaigns: 1, kind: ChannelKind::Webchat, ..Centre::default() };
    let server = TestServer::start_quiet(centre).await;
    let connector = server.api(Principal::Connector(channel())).await;
    let wrote = async |id: &str, from: &str, also: &[&str]| {
        let body = json!({"provider_id": id, "from": from, "also_known_as": also, "text": "hello"});
        post(&connector, "/v1/channels/wa/inbound", &body).await.conversation.unwrap()
    };
    let first = wrote("1", "cookie-1", &[]).await;
    assert_eq!(wrote("2", "cookie-2", &["cookie-1"]).await, first, "they were one all along");
    let changed = "/v1/channels/wa/identity-changes";
    assert!(post(&connector, changed, &json!({"from": "cookie-2", "to": "cookie-3"})).await.changed);
    assert_eq!(wrote("3", "cookie-3", &[]).await, first);
    for (body, code, field) in [
        (json!({"from": "a", "to": "a"}), "same_identity", "to"),
        (json!({"from": "", "to": "a"}), "invalid_text", "from"),
        (json!({"from": "a", "to": "b", "why": "?"}), "invalid_body", "why"),
    ] {
        let refusal = refused(&connector, Method::POST, changed, &body).await;
        assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), (code, Some(field)), "{body}");
    }
    let also = ["a", "b", "c", "d", "e"];
    let many = json!({"provider_id": "4", "from": "f", "also_known_as": also, "text": "hello"});
    let refusal = refused(&connector, Method::POST, "/v1/channels/wa/inbound", &many).await;
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("too_many", Some("also_known_as")));
    let ana = server.agent(0).await;
    assert_eq!(
        refused(&ana, Method::POST, changed, &json!({"from": "a", "to": "b"})).await.code,
        "forbidden"
    );
    server.stop().await;
}
