//! NATS is away, or swallows everything: told in bounded time, by the doctor and by the server it asks.

use gateway::doctor::{Level, examine};
use gateway::serve::{Nats, ServeConfig};
use tests::ask::eventually;
use tests::centre::Centre;
use tests::nats::TestNats;
use tests::proxy::Proxy;
use tests::server::{TestServer, stand_in};

use super::looking::{at, at_least, finds};

#[tokio::test(flavor = "multi_thread")]
async fn nats_that_is_away_is_named_and_what_the_server_says_of_it_too() {
    let nats = TestNats::start().await;
    let proxy = Proxy::start(nats.addr()).await;
    let remote = nats.reached_at(proxy.addr());
    let far = |config| ServeConfig { nats: Nats::Remote(remote.clone()), ..config };
    let server = TestServer::start_on(Centre::default(), stand_in().await, far).await;
    let config = at(&server.dir.path().join("data"), &server.url(), Nats::Remote(remote));
    let report = eventually("nothing is wrong", async || {
        let report = examine(&config).await;
        at_least(&report, Level::Warning).is_empty().then_some(report)
    })
    .await;
    finds(&report, "sync_interval", Level::Note, "not known", "--nats-monitor");

    proxy.cut(true);
    let report = eventually("the server knows", async || {
        let report = examine(&config).await;
        report.findings.iter().any(|f| f.check == "ready" && f.level == Level::Error).then_some(report)
    })
    .await;
    finds(&report, "NATS", Level::Error, "cannot be reached", "ATENDER_NATS_TOKEN");
    finds(&report, "ready", Level::Error, "NATS", "comes back by itself");

    proxy.cut(false);
    proxy.hold_answers(true);
    let report = examine(&config).await;
    finds(&report, "NATS", Level::Error, "cannot be reached", "see that it runs");
    proxy.hold_answers(false);
    server.stop().await;
}
