//! While the log cannot be reached nothing is answered 200, and afterwards the same webhook is taken in once.

use futures_util::future::join_all;
use gateway::serve::{Nats, ServeConfig};
use reqwest::header::RETRY_AFTER;
use schemas::CommandId;
use schemas::api::Page;
use schemas::api::views::{DeadLetter, EntryBody};
use tests::ask::{eventually, read};
use tests::books;
use tests::centre::{Centre, channel, workspace};
use tests::listener::Listener;
use tests::nats::TestNats;
use tests::proxy::Proxy;
use tests::server::{TestServer, stand_in};
use tests::whatsapp::{message, message_to};

use super::posting::{OTHER_NUMBER, post_signed, stored};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_log_is_away_no_webhook_is_answered_200_and_afterwards_it_is_taken_in_once() {
    let nats = TestNats::start().await;
    let proxy = Proxy::start(nats.addr()).await;
    let remote = nats.reached_at(proxy.addr());
    let far = |config| ServeConfig { nats: Nats::Remote(remote), ..config };
    let server = TestServer::start_on(Centre::default(), stand_in().await, far).await;
    let mut screen = Listener::open(&server.admin()).await;
    let bodies = [
        message(1, "wamid.1", "hello"),
        message(1, "wamid.2", "is anybody there?"),
        message_to(OTHER_NUMBER, 1, "wamid.3", "wrong number"),
    ];
    proxy.cut(true);
    for refusal in join_all(bodies.iter().map(|body| post_signed(&server, body))).await {
        assert_eq!((refusal.status, refusal.problem().status), (503, 503), "{refusal:?}");
        assert!(refusal.headers.contains_key(RETRY_AFTER), "{refusal:?}");
    }
    proxy.cut(false);
    for body in &bodies {
        let taken = async || (post_signed(&server, body).await.status == 200).then_some(());
        eventually("it is taken in", taken).await;
    }
    let log = &server.server.app().log;
    for wamid in ["wamid.1", "wamid.2"] {
        assert_eq!(stored(&server, wamid).await, 1, "{wamid}");
        assert_eq!(books::times(log, CommandId::of_inbound(&workspace(), &channel(), wamid)).await, 1);
    }
    let letters: Page<DeadLetter> = read(&server.admin(), "/v1/dead-letters").await;
    assert_eq!(letters.items.len(), 1, "{letters:?}");
    // Views and live push have found their way back by themselves.
    let pushed = screen.entry().await;
    assert!(matches!(pushed.body, EntryBody::Inbound { .. }), "{pushed:?}");
    assert_eq!(server.conversations(1).await.len(), 1);
    server.stop().await;
}
