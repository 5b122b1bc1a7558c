//! Load of two kinds: as much as so many callers get through, and latency of one call after the other.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hdrhistogram::Histogram;

/// Calls per second when `callers` each call again as soon as they have their answer.
pub(crate) async fn closed_loop<F, Fut>(callers: u64, total: u64, call: F) -> f64
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let (call, next) = (Arc::new(call), Arc::new(AtomicU64::new(0)));
    let started = Instant::now();
    let tasks = (0..callers).map(|_| {
        let (call, next) = (Arc::clone(&call), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= total {
                    return;
                }
                call(number).await;
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    total as f64 / started.elapsed().as_secs_f64()
}

/// The latency of each of `total` calls, one after the other.
pub(crate) async fn one_by_one<Fut: Future<Output = ()>>(total: u64, call: impl Fn(u64) -> Fut) -> Latencies {
    let mut latencies = Latencies::default();
    for number in 0..total {
        let started = Instant::now();
        call(number).await;
        latencies.record(started.elapsed());
    }
    latencies
}

/// Latencies, to a thousandth.
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new(3).unwrap())
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// In milliseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1_000.0
    }
}
