//! Who writes a shard: a key in KV that its holder renews and others take when it has stood still. It decides who
//! tries, so that two do not fence each other all the time; what makes writing safe is the log's own sequence.
//!
//! No clocks are compared. A candidate takes the lease when it has seen the same revision for [`TTL`] by its own
//! clock; the holder trusts it for less than that from before it asked for the last renewal.

use std::pin::Pin;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::kv;
use bytes::Bytes;
use schemas::ShardId;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::kv::{bucket, find};
use crate::link::Link;
use crate::log::LogError;
#[cfg(feature = "simulation")]
use crate::simulated;

/// The bucket of the leases of all shards.
pub const BUCKET: &str = "ATENDER_LEASES";
/// A lease that was not renewed for so long is free for others.
pub const TTL: Duration = Duration::from_millis(1_800);
/// The holder trusts it for less: two clocks may run a little apart.
pub(crate) const TRUSTED: Duration = Duration::from_millis(1_500);
/// A holder that lives renews it this often.
pub const RENEW_EVERY: Duration = Duration::from_millis(400);
/// How often a candidate looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// After this the outcome of a renewal counts as unknown, and the lease is looked at.
const ANSWER_WITHIN: Duration = Duration::from_millis(600);

const _: () = assert!(RENEW_EVERY.as_millis() + ANSWER_WITHIN.as_millis() < TRUSTED.as_millis());
const _: () = assert!(TRUSTED.as_millis() < TTL.as_millis());
// The bar: a holder that dies is replaced within 3 s, with time to read what it wrote last.
const _: () = assert!(TTL.as_millis() + LOOK_EVERY.as_millis() + ANSWER_WITHIN.as_millis() < 3_000);

/// What the key holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Who holds it; nobody after a planned end.
    holder: Option<String>,
}

/// A lease, as one who has no part in it sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The name of the process that holds it; nobody after a planned end.
    pub holder: Option<String>,
    /// Another one after each renewal.
    pub revision: u64,
}

/// Looks at the lease of a shard, which stays as it is; `None` while nobody ever held it.
///
/// # Errors
/// [`LogError::Unavailable`].
pub async fn look_at(client: &Client, shard: ShardId) -> Result<Option<Seen>, LogError> {
    let failed = LogError::unavailable("looking at the lease");
    let bucket = match find(client, BUCKET).await {
        Ok(Some(bucket)) => bucket,
        Ok(None) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let entry = bucket.entry(key_of(shard)).await.map_err(|error| failed(error.into()))?;
    Ok(entry.map(|entry| Seen {
        holder: serde_json::from_slice::<Entry>(&entry.value).ok().and_then(|entry| entry.holder),
        revision: entry.revision,
    }))
}

fn key_of(shard: ShardId) -> String {
    format!("shard.{shard}")
}

/// The lease of a shard, seen by one process.
pub(crate) struct Lease {
    place: Place,
    hold: Hold,
}

enum Hold {
    /// Somebody else has it, or nobody.
    None { seen: Option<Standing>, look: Pin<Box<dyn Future<Output = Look> + Send>> },
    Held {
        revision: u64,
        /// When the last renewal that got through was asked for.
        renewed_at: Instant,
        renewal: Pin<Box<dyn Future<Output = Renewal> + Send>>,
    },
}

/// A revision of the key, and since when it has stood still.
#[derive(Clone, Copy)]
struct Standing {
    revision: u64,
    since: Instant,
}

/// What a candidate found.
enum Look {
    Taken { revision: u64, asked_at: Instant },
    Standing(Standing),
    Nothing,
}

struct Renewal {
    asked_at: Instant,
    outcome: Outcome,
}

enum Outcome {
    Renewed(u64),
    Lost,
    Unknown,
}

impl Lease {
    /// `me` tells this process from all others; one that died holding the lease and comes back with the same name
    /// takes it again at once, so nobody else may use the name.
    pub(crate) async fn open(
        link: &Link,
        shard: ShardId,
        replicas: usize,
        me: String,
    ) -> Result<Self, LogError> {
        let bucket = match link {
            Link::Nats(client) => bucket(client, BUCKET, replicas)
                .await
                .map(Bucket::Nats)
                .map_err(LogError::unavailable("opening the bucket of leases"))?,
            #[cfg(feature = "simulation")]
            Link::Simulated(link) => Bucket::Simulated(link.clone()),
        };
        let place = Place { bucket, key: key_of(shard), me };
        let hold = place.looking(None, Duration::ZERO);
        Ok(Self { place, hold })
    }

    pub(crate) fn is_held(&self) -> bool {
        matches!(self.hold, Hold::Held { .. })
    }

    /// Whether nobody else can have taken it yet.
    pub(crate) fn is_trusted(&self) -> bool {
        matches!(&self.hold, Hold::Held { renewed_at, .. } if renewed_at.elapsed() < TRUSTED)
    }

    /// Waits until the lease is free, and takes it; back at once when it is held. May be cancelled.
    pub(crate) async fn taken(&mut self) {
        while let Hold::None { seen, look } = &mut self.hold {
            let seen = *seen;
            self.hold = match look.await {
                Look::Taken { revision, asked_at } => self.place.held(revision, asked_at),
                Look::Standing(now) => self.place.looking(Some(now), LOOK_EVERY),
                Look::Nothing => self.place.looking(seen, LOOK_EVERY),
            };
        }
    }

    /// Waits for the next renewal of a lease that is held; for ever when it is not. False when it is lost. May be
    /// cancelled.
    pub(crate) async fn renewed(&mut self) -> bool {
        let Hold::Held { renewal, revision, renewed_at } = &mut self.hold else {
            return std::future::pending().await;
        };
        let (revision, renewed_at) = (*revision, *renewed_at);
        let Renewal { asked_at, outcome } = renewal.await;
        self.hold = match outcome {
            Outcome::Renewed(revision) => self.place.held(revision, asked_at),
            Outcome::Lost => self.place.looking(None, LOOK_EVERY),
            Outcome::Unknown => {
                let renewal = Box::pin(self.place.clone().find_out(asked_at));
                Hold::Held { revision, renewed_at, renewal }
            }
        };
        self.is_held()
    }

    /// Lets go of it, so that another can take it at once.
    pub(crate) async fn release(&mut self) {
        let looking = self.place.looking(None, LOOK_EVERY);
        if let Hold::Held { revision, .. } = std::mem::replace(&mut self.hold, looking) {
            // A renewal that was under way has made this revision an old one.
            let revision = match self.place.read().await {
                Some(Some((entry, newest))) if entry.holder.as_ref() == Some(&self.place.me) => newest,
                _ => revision,
            };
            self.place.update(None, revision).await;
        }
    }
}

/// Where the lease is, and for whom.
#[derive(Clone)]
struct Place {
    bucket: Bucket,
    key: String,
    me: String,
}

#[derive(Clone)]
#[cfg_attr(
    feature = "simulation",
    expect(clippy::large_enum_variant, reason = "the program has the first alone")
)]
enum Bucket {
    Nats(kv::Store),
    #[cfg(feature = "simulation")]
    Simulated(simulated::Link),
}

impl Place {
    fn looking(&self, seen: Option<Standing>, after: Duration) -> Hold {
        let place = self.clone();
        let look = Box::pin(async move {
            sleep(after).await;
            place.look(seen).await
        });
        Hold::None { seen, look }
    }

    async fn look(&self, seen: Option<Standing>) -> Look {
        let Some(found) = self.read().await else { return Look::Nothing };
        let now = Instant::now();
        let outcome = match found {
            None => self.create().await,
            Some((entry, revision)) => {
                let stood_still = seen.filter(|seen| seen.revision == revision);
                let is_over = stood_still.is_some_and(|seen| now - seen.since >= TTL);
                let is_ours = entry.holder.as_ref() == Some(&self.me);
                if !is_over && !is_ours && entry.holder.is_some() {
                    return match (stood_still, seen) {
                        (Some(seen), _) => Look::Standing(seen),
                        // From a node that is behind.
                        (None, Some(seen)) if seen.revision > revision => Look::Standing(seen),
                        (None, _) => Look::Standing(Standing { revision, since: now }),
                    };
                }
                let taken = self.update(Some(&self.me), revision).await;
                if is_over && matches!(taken, Outcome::Renewed(_)) {
                    tracing::warn!(
                        holder = entry.holder,
                        "the lease of the shard was not renewed; it is taken over"
                    );
                }
                taken
            }
        };
        match outcome {
            Outcome::Renewed(revision) => Look::Taken { revision, asked_at: now },
            // If it is ours all the same, the next look finds that.
            Outcome::Lost | Outcome::Unknown => Look::Nothing,
        }
    }

    fn held(&self, revision: u64, renewed_at: Instant) -> Hold {
        let place = self.clone();
        let renewal = Box::pin(async move {
            sleep_until(renewed_at + RENEW_EVERY).await;
            let asked_at = Instant::now();
            Renewal { asked_at, outcome: place.update(Some(&place.me), revision).await }
        });
        Hold::Held { revision, renewed_at, renewal }
    }

    /// Finds out what became of a renewal whose answer did not come. What is ours still is renewed from there.
    async fn find_out(self, failed_at: Instant) -> Renewal {
        sleep_until(failed_at + LOOK_EVERY).await;
        let asked_at = Instant::now();
        let outcome = match self.read().await {
            None => Outcome::Unknown,
            Some(Some((entry, revision))) if entry.holder.as_ref() == Some(&self.me) => {
                self.update(Some(&self.me), revision).await
            }
            Some(_) => Outcome::Lost,
        };
        Renewal { asked_at, outcome }
    }

    /// The entry and its revision, if there is one; nothing at all when NATS does not say.
    async fn read(&self) -> Option<Option<(Entry, u64)>> {
        let entry = async {
            match &self.bucket {
                Bucket::Nats(bucket) => {
                    let entry = bucket.entry(&self.key).await.ok()?;
                    Some(entry.map(|entry| (entry.value, entry.revision)))
                }
                #[cfg(feature = "simulation")]
                Bucket::Simulated(link) => link.entry().await.ok(),
            }
        };
        let entry = timeout(ANSWER_WITHIN, entry).await.ok()??;
        Some(entry.map(|(value, revision)| {
            // Written by nobody we know, or deleted under its holder, who may still rely on it: it stands still, or it
            // does not.
            let unknown = |_| Entry { holder: Some("unknown".to_owned()) };
            (serde_json::from_slice(&value).unwrap_or_else(unknown), revision)
        }))
    }

    async fn create(&self) -> Outcome {
        outcome(async {
            match &self.bucket {
                Bucket::Nats(bucket) => bucket.create(&self.key, value(Some(&self.me))).await.ok(),
                #[cfg(feature = "simulation")]
                Bucket::Simulated(link) => link.create(value(Some(&self.me))).await.ok(),
            }
        })
        .await
    }

    async fn update(&self, holder: Option<&str>, revision: u64) -> Outcome {
        outcome(async {
            match &self.bucket {
                Bucket::Nats(bucket) => bucket.update(&self.key, value(holder), revision).await.ok(),
                #[cfg(feature = "simulation")]
                Bucket::Simulated(link) => link.update(value(holder), revision).await.ok(),
            }
        })
        .await
    }
}

/// What became of a write that gives a new revision.
async fn outcome(written: impl Future<Output = Option<u64>>) -> Outcome {
    match timeout(ANSWER_WITHIN, written).await {
        Ok(Some(revision)) => Outcome::Renewed(revision),
        // Ours may be the one that made it an old one: an answer to it was lost.
        Ok(None) | Err(_) => Outcome::Unknown,
    }
}

fn value(holder: Option<&str>) -> Bytes {
    let entry = Entry { holder: holder.map(str::to_owned) };
    serde_json::to_vec(&entry).unwrap_or_default().into()
}
