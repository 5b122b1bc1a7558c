//! The network between atender and NATS: cut, with all its connections; slow; silent in one direction or the other,
//! also when atender dies meanwhile.

use std::time::Duration;

use super::Report;
use super::stage::{Network, ONLY, Stage, rounds};
use crate::proxy::{Proxy, Way};

/// A fault lasts at most so long, and now and then longer than anybody waits for an answer.
const LASTS_MS: u64 = 700;
const LASTS_LONG: Duration = Duration::from_secs(6);
const LONG_PERCENT: u32 = 8;
const DELAY_MS: u64 = 60;

pub(super) async fn run(count: u32, seed: u64, report: &Report) {
    let round = async |stage: &mut Stage, number: u32| {
        let proxy = stage.proxy();
        if number % 6 == 5 {
            die_unheard(stage, &proxy).await;
            return report.count("deaths of atender behind a silent network");
        }
        let delay = stage.chance.time(DELAY_MS);
        report.count(break_it(&proxy, number, delay));
        let is_long = stage.chance.percent(LONG_PERCENT);
        let lasts = if is_long { LASTS_LONG } else { stage.chance.time(LASTS_MS) };
        tokio::time::sleep(lasts).await;
        proxy.mend();
    };
    rounds("network", (Network::Own, 1), (count, seed), report, round).await;
}

/// What atender says last never arrives: whoever was told that it is in the log was told too soon.
async fn die_unheard(stage: &mut Stage, proxy: &Proxy) {
    proxy.hold(Way::ToServer, true);
    stage.any_moment().await;
    stage.places[ONLY].take().kill().await;
    proxy.cut(true);
    proxy.mend();
    stage.restart(ONLY).await;
}

/// Gives back what was done.
fn break_it(proxy: &Proxy, number: u32, delay: Duration) -> &'static str {
    match number % 6 {
        0 => {
            proxy.cut(true);
            "cuts of the network"
        }
        1 => {
            proxy.hold(Way::ToServer, true);
            "one-way cuts to NATS"
        }
        2 => {
            proxy.hold(Way::ToClient, true);
            "one-way cuts from NATS"
        }
        3 => {
            proxy.lose_next_answer();
            "answers lost"
        }
        _ => {
            proxy.delay(Way::ToServer, delay);
            proxy.delay(Way::ToClient, delay);
            "delays of the network"
        }
    }
}
