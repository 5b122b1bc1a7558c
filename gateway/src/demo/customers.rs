//! The customers: each writes from a telephone of their own, in bursts, goes away and comes back; some are not known by
//! its number alone. WhatsApp's side of it, the signed webhooks with their repetitions, is real HTTP.

mod person;
mod postbox;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chance::Chance;
use super::day::DayOptions;
use super::stage::{Stage, StageError};
use super::tally::{Count, Tally};
use super::whatsapp_stand_in::webhook_client;
use person::Person;
use postbox::{Post, Postbox};
use writing::{Written, number_changed, write};

/// Bursts of a visit, and the messages of a burst: on average 3 and 1.5.
const BURSTS: (u32, u32) = (1, 5);
const MESSAGES_PER_VISIT: f64 = 4.5;
/// Mean time between the bursts of a visit.
const BETWEEN_BURSTS: Duration = Duration::from_millis(1500);
/// Time between two messages that race each other.
const RACE: Duration = Duration::from_millis(1);
const AWAY_MIN: Duration = Duration::from_millis(500);
/// Webhooks on their way at once; while there are more, nobody writes.
const POSTS_MAX: usize = 2_000;

/// All customers of the day.
pub(super) struct Customers {
    people: JoinSet<()>,
    posts: TaskTracker,
    stopping: CancellationToken,
}

impl Customers {
    /// From now on they write.
    pub(super) fn start(stage: &Stage, options: &DayOptions, tally: &Arc<Tally>) -> Result<Self, StageError> {
        let (posts, stopping) = (TaskTracker::new(), CancellationToken::new());
        let postbox = Arc::new(Postbox {
            client: webhook_client()?,
            url: stage.webhook_url(),
            app_secret: stage.app_secret(),
            tally: Arc::clone(tally),
            stopping: stopping.clone(),
        });
        let addresses: Arc<[String]> =
            stage.workspace.lines.iter().map(|line| line.address.clone()).collect();
        let room = Arc::new(Semaphore::new(POSTS_MAX));
        let mut people = JoinSet::new();
        for number in 0..options.customers {
            let customer = Customer {
                number,
                person: Person::new(number),
                addresses: Arc::clone(&addresses),
                chance: Chance::of(options.seed, "customer", number.into()),
                postbox: Arc::clone(&postbox),
                posts: posts.clone(),
                room: Arc::clone(&room),
                away: away(options),
            };
            let stopping = stopping.clone();
            people.spawn(async move {
                stopping.run_until_cancelled(customer.live()).await;
            });
        }
        Ok(Self { people, posts, stopping })
    }

    /// Nobody writes any more; what is on its way still arrives.
    pub(super) async fn stop(mut self) {
        self.stopping.cancel();
        while self.people.join_next().await.is_some() {}
        self.posts.close();
        self.posts.wait().await;
    }
}

/// Mean time between visits, so that all customers together write as much as they should.
fn away(options: &DayOptions) -> Duration {
    let visit = BETWEEN_BURSTS * BURSTS.1.midpoint(BURSTS.0);
    let cycle =
        MESSAGES_PER_VISIT * f64::from(options.customers) / f64::from(options.messages_per_second.max(1));
    Duration::from_secs_f64(cycle).saturating_sub(visit).max(AWAY_MIN)
}

struct Customer {
    number: u32,
    person: Person,
    addresses: Arc<[String]>,
    chance: Chance,
    postbox: Arc<Postbox>,
    posts: TaskTracker,
    room: Arc<Semaphore>,
    away: Duration,
}

impl Customer {
    async fn live(mut self) {
        let soon = self.chance.up_to(self.away);
        tokio::time::sleep(soon).await;
        self.postbox.tally.one(Count::Customers);
        // Every fourth one begins with two messages at once: one conversation must come of it.
        if self.number.is_multiple_of(4) {
            self.write_at_once(2).await;
        }
        loop {
            let line = self.line_of_this_visit();
            for _ in 0..self.chance.between(BURSTS.0, BURSTS.1) {
                self.write_burst(line).await;
                tokio::time::sleep(self.chance.pause(BETWEEN_BURSTS)).await;
            }
            tokio::time::sleep(self.chance.pause(self.away)).await;
        }
    }

    /// The line a customer always writes to; now and then another.
    fn line_of_this_visit(&mut self) -> usize {
        let home = self.number as usize % self.addresses.len();
        if self.chance.happens(0.1) { (home + 1) % self.addresses.len() } else { home }
    }

    async fn write_burst(&mut self, line: usize) {
        if let Some(moved) = self.person.begins() {
            let body = number_changed(&self.addresses[line], &moved);
            self.hand_in(self.postbox.tell(body)).await;
            self.postbox.tally.one(Count::NumbersChanged);
        }
        let messages = match self.chance.between(1, 10) {
            1..=6 => 1,
            7 | 8 => 2,
            _ => 3,
        };
        if messages > 1 && self.chance.happens(0.3) {
            return self.write_at_once(messages).await;
        }
        let together = messages > 1 && self.chance.happens(0.4);
        let written: Vec<Written> = (0..messages).filter_map(|_| self.write(line)).collect();
        if together {
            return self.post(line, &written).await;
        }
        for one in written.chunks(1) {
            self.post(line, one).await;
            tokio::time::sleep(self.chance.up_to(BETWEEN_BURSTS / 4)).await;
        }
    }

    /// Each in a webhook of its own, a millisecond apart, over connections of their own.
    async fn write_at_once(&mut self, messages: u32) {
        let line = self.number as usize % self.addresses.len();
        for nth in 0..messages {
            if let Some(written) = self.write(line) {
                let mut post = self.postbox.seal(&self.addresses[line], &[written]);
                post.after = RACE * nth;
                self.hand_in(post).await;
            }
        }
    }

    fn write(&mut self, line: usize) -> Option<Written> {
        let sender = self.person.sender();
        write(&self.postbox.tally.letters, line, (self.number, &sender), &mut self.chance)
    }

    async fn post(&mut self, line: usize, written: &[Written]) {
        if !written.is_empty() {
            let post = self.postbox.seal(&self.addresses[line], written);
            self.hand_in(post).await;
        }
    }

    /// Sends it; now and then twice, at the same time or later, as Meta does when an answer is slow or lost.
    async fn hand_in(&mut self, post: Post) {
        let copies = if self.chance.happens(0.04) { 2 } else { 1 };
        for copy in 0..copies {
            let mut post = post.clone();
            if copy > 0 {
                post.repeats = true;
                if self.chance.happens(0.5) {
                    post.after += self.chance.up_to(Duration::from_secs(2));
                }
            }
            let Ok(room) = Arc::clone(&self.room).acquire_owned().await else {
                return;
            };
            let postbox = Arc::clone(&self.postbox);
            self.posts.spawn(async move {
                postbox.deliver(post).await;
                drop(room);
            });
        }
    }
}
