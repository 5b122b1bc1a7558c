//! Load of three kinds: as much as so many callers get through, one call after the other, and calls that leave at
//! their time whatever became of those before them.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hdrhistogram::Histogram;
use tokio::sync::{Mutex, mpsc};

use crate::http_load::Connection;

/// Ten minutes; whatever takes longer counts as that.
const LATENCY_MICROS_MAX: u64 = 600_000_000;

/// What a closed loop got through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) calls: u64,
    pub(crate) took: Duration,
}

impl Done {
    pub(crate) fn per_second(self) -> f64 {
        self.calls as f64 / self.took.as_secs_f64()
    }
}

/// So many `callers` each call again as soon as they have their answer, until the time is over.
pub(crate) async fn closed_loop<F, Fut>(callers: u64, time: Duration, call: F) -> Done
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let started = Instant::now();
    closed_loop_while(callers, move |_| started.elapsed() < time, call).await
}

/// The same until there were so many calls.
pub(crate) async fn closed_loop_of<F, Fut>(callers: u64, total: u64, call: F) -> Done
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    closed_loop_while(callers, move |number| number < total, call).await
}

async fn closed_loop_while<F, Fut>(
    callers: u64,
    goes_on: impl Fn(u64) -> bool + Copy + Send + 'static,
    call: F,
) -> Done
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let (call, next, done) = (Arc::new(call), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let started = Instant::now();
    let tasks = (0..callers).map(|_| {
        let (call, next, done) = (Arc::clone(&call), Arc::clone(&next), Arc::clone(&done));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if !goes_on(number) {
                    return;
                }
                call(number).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    Done { calls: done.load(Ordering::Relaxed), took: started.elapsed() }
}

/// The latency of each of `total` calls, one after the other.
pub(crate) async fn one_by_one<Fut: Future<Output = ()>>(
    latencies: &mut Latencies,
    total: u64,
    call: impl Fn(u64) -> Fut,
) {
    for number in 0..total {
        let started = Instant::now();
        call(number).await;
        latencies.record(started.elapsed());
    }
}

/// A request and when it is due, counted from the start.
pub(crate) type Due = (Duration, Vec<u8>);

/// What came of requests that left at their time.
#[derive(Default)]
pub(crate) struct Answered {
    /// From when each was due to its answer.
    pub(crate) latencies: Latencies,
    /// From when each was due to when it left: large when the load generator is the bottleneck, or every connection
    /// waits for an answer.
    pub(crate) late: Latencies,
}

/// Sends each request when it is due, over as many connections. The answers must all be 200. The schedule is made
/// before, and a thread that does nothing else keeps the time: the runtime's own timer is a millisecond coarse.
pub(crate) async fn open_loop(
    addr: SocketAddr,
    connections: usize,
    started: Instant,
    schedule: Vec<Due>,
) -> Answered {
    let (leave, requests) = mpsc::unbounded_channel();
    let pacer = thread::spawn(move || {
        for (due, request) in schedule {
            let due = started + due;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if leave.send((due, request)).is_err() {
                return;
            }
        }
    });
    let requests = Arc::new(Mutex::new(requests));
    let senders = (0..connections).map(|_| tokio::spawn(send_when_due(addr, Arc::clone(&requests))));
    let mut all = Answered::default();
    for sender in join_all(senders).await {
        let answered = sender.unwrap();
        all.latencies.add(&answered.latencies);
        all.late.add(&answered.late);
    }
    pacer.join().unwrap();
    all
}

type Requests = Arc<Mutex<mpsc::UnboundedReceiver<(Instant, Vec<u8>)>>>;

async fn send_when_due(addr: SocketAddr, requests: Requests) -> Answered {
    let mut connection = Connection::open(addr).await;
    let mut answered = Answered::default();
    loop {
        let Some((due, request)) = requests.lock().await.recv().await else {
            return answered;
        };
        answered.late.record(due.elapsed());
        assert_eq!(connection.call(&request).await, 200, "{}", String::from_utf8_lossy(&request));
        answered.latencies.record(due.elapsed());
    }
}

/// Latencies, to a thousandth.
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        // With its bounds named: one that grows by itself would not do so for saturating records.
        Self(Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, 3).unwrap())
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    fn add(&mut self, other: &Self) {
        self.0.add(&other.0).unwrap();
    }

    /// In milliseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::Router;
    use axum::routing::get as on_get;
    use tokio::net::TcpListener;

    use super::*;
    use crate::http_load::get;

    const STALL: Duration = Duration::from_millis(300);

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stall_counts_for_all_that_was_due_meanwhile() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let app = Router::new().route("/", on_get(|| async { "at once" })).route(
            "/stalls",
            on_get(|| async {
                tokio::time::sleep(STALL).await;
                "late"
            }),
        );
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let mut schedule = vec![(Duration::ZERO, get("/stalls", &[]))];
        schedule.extend((1..20).map(|number| (Duration::from_millis(number), get("/", &[]))));
        let answered = open_loop(addr, 1, Instant::now(), schedule).await;
        serving.abort();
        for of in [&answered.latencies, &answered.late] {
            assert!(of.quantile(0.5) >= 250.0, "the median is {} ms", of.quantile(0.5));
        }
    }
}
