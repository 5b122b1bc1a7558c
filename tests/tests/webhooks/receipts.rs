//! Receipts that come before it is recorded that the network took the message, or in the place of its answer.

use gateway::api_client::ApiClient;
use gateway::demo::whatsapp_stand_in::Fault;
use gateway::serve::ServeConfig;
use schemas::MessageId;
use schemas::api::views::MessageState;
use tests::ask::{eventually, header, lines, send, status_of};
use tests::centre::Centre;
use tests::proxy::Proxy;
use tests::server::{TestServer, stand_in};
use tests::whatsapp::receipt;

/// A server whose calls to WhatsApp go through a proxy.
async fn behind_a_proxy() -> (TestServer, Proxy) {
    let whatsapp = stand_in().await;
    let addr = whatsapp.base_url().trim_start_matches("http://").parse().unwrap();
    let proxy = Proxy::start(addr).await;
    let base_url = format!("http://{}", proxy.addr());
    let far = |mut config: ServeConfig| {
        config.whatsapp.base_url = base_url;
        config
    };
    (TestServer::start_on(Centre::default(), whatsapp, far).await, proxy)
}

/// Sends an answer that WhatsApp takes without our hearing of it yet; gives back both ids.
async fn sent_unheard(server: &TestServer, proxy: &Proxy, agent: &ApiClient) -> (MessageId, String) {
    proxy.hold_answers(true);
    let id = send(agent, server.opened_by(1).await, "It leaves today").await.message.unwrap();
    let taken = async || Some(server.stand_in.accepted().first()?.wamid.clone());
    (id, eventually("WhatsApp has it", taken).await)
}

async fn state(server: &TestServer, agent: &ApiClient, id: MessageId) -> MessageState {
    let conversation = server.conversation(1).await;
    header(agent, conversation, server.head().await).await;
    status_of(&lines(agent, conversation).await, id).unwrap().status
}

async fn comes_to(server: &TestServer, agent: &ApiClient, id: MessageId, wanted: MessageState) {
    let looked = async || (state(server, agent, id).await == wanted).then_some(());
    eventually(&format!("the message is {wanted:?}"), looked).await;
}

/// Another message of the same conversation, which leaves when the one before is settled.
async fn next_is_sent(server: &TestServer, agent: &ApiClient) {
    send(agent, server.conversation(1).await, "Anything else?").await;
    let sent = async || (server.stand_in.accepted_total() == 2).then_some(());
    eventually("the next is sent", sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_with_the_networks_id_alone_wait_until_it_is_known_whose_it_is() {
    let (server, proxy) = behind_a_proxy().await;
    let agent = server.agent(0).await;
    let (id, wamid) = sent_unheard(&server, &proxy, &agent).await;
    for reported in ["read", "sent"] {
        assert_eq!(server.webhook(receipt(1, &wamid, None, reported)).await, 200);
    }
    assert_eq!(state(&server, &agent, id).await, MessageState::Pending);
    proxy.hold_answers(false);
    comes_to(&server, &agent, id, MessageState::Read).await;
    assert_eq!(server.stand_in.accepted_total(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_with_our_id_counts_before_the_call_is_answered() {
    let (server, proxy) = behind_a_proxy().await;
    let agent = server.agent(0).await;
    let (id, wamid) = sent_unheard(&server, &proxy, &agent).await;
    assert_eq!(server.webhook(receipt(1, &wamid, Some(id), "delivered")).await, 200);
    assert_eq!(state(&server, &agent, id).await, MessageState::Delivered);
    proxy.hold_answers(false);
    next_is_sent(&server, &agent).await;
    assert_eq!(state(&server, &agent, id).await, MessageState::Delivered);
    assert_eq!(server.stand_in.accepted_repeatedly(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_call_was_cut_off_is_uncertain_until_a_receipt_carries_its_id_and_is_not_sent_again()
{
    let server = TestServer::start_quiet(Centre::default()).await;
    let agent = server.agent(0).await;
    server.stand_in.next_fault(Fault::AcceptThenDrop);
    let id = send(&agent, server.opened_by(1).await, "It leaves today").await.message.unwrap();
    comes_to(&server, &agent, id, MessageState::Uncertain).await;
    let wamid = server.stand_in.accepted()[0].wamid.clone();
    assert_eq!(server.webhook(receipt(1, &wamid, None, "read")).await, 200);
    assert_eq!(
        state(&server, &agent, id).await,
        MessageState::Uncertain,
        "nobody knows whose receipt that is"
    );
    assert_eq!(server.webhook(receipt(1, &wamid, Some(id), "sent")).await, 200);
    assert_eq!(state(&server, &agent, id).await, MessageState::Read, "now it is known of both");
    next_is_sent(&server, &agent).await;
    assert_eq!(server.stand_in.times_accepted(&id.to_string()), 1);
    server.stop().await;
}
