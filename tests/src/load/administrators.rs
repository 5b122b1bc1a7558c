//! An administrator who closes a campaign for a moment, and opens it again.

use std::time::Duration;

use reqwest::Method;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::asking::Asking;
use super::centre::care;

/// For how long it is open, and closed, at most.
const OPEN_MS_MAX: u64 = 4_000;
const CLOSED_MS_MAX: u64 = 1_000;

pub(super) async fn keep_hours(mut asking: Asking, stop: CancellationToken) {
    while !stop.is_cancelled() {
        for (is_open, longest_ms) in [(false, CLOSED_MS_MAX), (true, OPEN_MS_MAX)] {
            asking.order(Method::PUT, "/v1/campaigns/care", &care(is_open)).await;
            let stays = asking.chance.time(longest_ms);
            rest(stays, &stop).await;
        }
    }
}

/// Does nothing for so long, unless the day ends before.
pub(super) async fn rest(time: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = sleep(time) => {}
        () = stop.cancelled() => {}
    }
}
