//! The network to NATS is cut for a while.

use futures_util::future::join_all;
use gateway::serve::{Nats, ServeConfig};
use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use serde_json::json;
use tests::ask::{KEY, answer, eventually, inbound_texts, lines, of};
use tests::books;
use tests::centre::Centre;
use tests::nats::TestNats;
use tests::proxy::Proxy;
use tests::server::{TestServer, stand_in};

const KEYS: [&str; 3] = ["one", "two", "three"];

#[tokio::test(flavor = "multi_thread")]
async fn while_nats_is_away_commands_are_put_off_reads_go_on_and_readyz_says_why() {
    let nats = TestNats::start().await;
    let proxy = Proxy::start(nats.addr()).await;
    let remote = nats.reached_at(proxy.addr());
    let far = |config| ServeConfig { nats: Nats::Remote(remote), ..config };
    let server = TestServer::start_on(Centre::default(), stand_in().await, far).await;
    let (admin, ana) = (server.admin(), server.agent(0).await);
    let conversation = server.opened_by(1).await;
    let ready = async || answer(admin.request(Method::GET, "/readyz")).await;
    assert_eq!(ready().await.status, 200);

    proxy.cut(true);
    let note = |key: &'static str| {
        let request = ana.request(Method::POST, &of(conversation, "notes")).header(KEY, key);
        answer(request.json(&json!({ "text": key })))
    };
    for put_off in join_all(KEYS.map(note)).await {
        assert_eq!((put_off.status, put_off.problem().code.as_str()), (503, "log_unavailable"));
        assert!(put_off.headers.contains_key(RETRY_AFTER), "{put_off:?}");
    }
    assert_eq!(inbound_texts(&lines(&ana, conversation).await), ["hello"]);
    let old = async || {
        let read = answer(ana.request(Method::GET, &of(conversation, "messages"))).await;
        assert_eq!(read.status, 200, "{read:?}");
        read.headers.get("atender-stale-seconds").map(|seconds| seconds.to_str().unwrap().to_owned())
    };
    let seconds = eventually("a read says how old it may be", old).await;
    assert!(seconds.parse::<u64>().unwrap() >= 2, "{seconds}");
    let unready = ready().await;
    assert_eq!(unready.status, 503);
    assert!(unready.body.contains("NATS"), "{}", unready.body);
    assert!(unready.body.contains("the log does not take frames"), "{}", unready.body);

    proxy.cut(false);
    for key in KEYS {
        eventually("it is accepted", async || (note(key).await.status == 200).then_some(())).await;
    }
    eventually("what is read is new again", async || old().await.is_none().then_some(())).await;
    eventually("it is ready", async || (ready().await.status == 200).then_some(())).await;
    let notes = books::notes(&books::events(&server.server.app().log).await);
    let mut texts: Vec<_> = notes.into_iter().map(|(text, _)| text).collect();
    texts.sort();
    assert_eq!(texts, ["one", "three", "two"], "each once");
    server.stop().await;
}
