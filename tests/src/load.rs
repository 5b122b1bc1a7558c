//! A contact centre at work against one or several addresses: customers on two networks, connectors, agents, a
//! supervisor, and administrators, some of whom listen. Each keeps its own record; whoever is put off, or loses the connection, asks again with
//! the same key, perhaps elsewhere. All that is done follows from one seed.

mod administrators;
mod agents;
mod asking;
mod centre;
mod connectors;
mod contacts;
mod customers;
mod ears;
mod known;
mod screens;
mod supervisors;

use std::sync::Arc;
use std::time::Duration;

use gateway::api_client::ApiClient;
use schemas::Position;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::record::{Recorder, Records};
use asking::Asking;
pub use centre::open_centre;
use known::Known;

/// Web-chat customers, and as many on WhatsApp.
const CUSTOMERS: u64 = 6;
const CONNECTORS: u64 = 2;
const LISTENERS: u64 = 2;
/// After the end, whoever still waits for an answer is given so long; then nobody knows.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// Where the servers are, and who asks there.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The base URLs of all processes; one that is down may be up again soon.
    pub urls: Vec<String>,
    pub admin_token: String,
}

impl Addresses {
    pub fn admin(&self) -> ApiClient {
        ApiClient::new(&self.urls[0], &self.admin_token)
    }
}

/// Everybody at work.
pub struct Load {
    recorder: Recorder,
    known: Arc<Known>,
    stop: CancellationToken,
    give_up: CancellationToken,
    people: JoinSet<()>,
    ears: JoinSet<()>,
    until: watch::Sender<Option<Position>>,
    last: Asking,
}

impl Load {
    /// Everybody begins, in a contact centre that [`open_centre`] has opened.
    pub async fn start(addresses: &Addresses, seed: u64) -> Self {
        let tokens = centre::agent_tokens(&addresses.admin()).await;
        let (recorder, stop, give_up) =
            (Recorder::default(), CancellationToken::new(), CancellationToken::new());
        let known = Arc::new(Known::default());
        let asking = |name: &str, number: u64, token: &str, principal: &str| {
            let who = asking::Who { name: format!("{name}-{number}"), principal: principal.to_owned() };
            Asking::new(addresses, token, who, seed, recorder.clone(), give_up.clone())
        };
        let as_admin = |name, number| asking(name, number, &addresses.admin_token, "administrator");
        let mut people = JoinSet::new();
        for number in 0..CUSTOMERS {
            people.spawn(customers::on_web(as_admin("web-customer", number), number, stop.clone()));
            people.spawn(customers::on_whatsapp(as_admin("whatsapp-customer", number), number, stop.clone()));
        }
        for number in 0..CONNECTORS {
            let asking = as_admin("connector", number);
            people.spawn(connectors::report(asking, Arc::clone(&known), stop.clone()));
        }
        for (number, (agent, token)) in (0..).zip(tokens) {
            let as_them = |name| asking(name, number, &token, &format!("agent:{agent}"));
            people.spawn(screens::look(as_them("screen"), stop.clone()));
            if agent == centre::SUPERVISOR {
                people.spawn(supervisors::supervise(as_them("supervisor"), Arc::clone(&known), stop.clone()));
            }
            people.spawn(agents::work(as_them("agent"), agent, Arc::clone(&known), stop.clone()));
        }
        people.spawn(administrators::keep_hours(as_admin("hours", 0), stop.clone()));
        let (until, _) = watch::channel(None);
        let mut ears = JoinSet::new();
        for number in 0..LISTENERS {
            let asking = as_admin("listener", number);
            ears.spawn(ears::listen(asking, recorder.clone(), until.subscribe()));
        }
        // The last word is waited for, however long the others took.
        let who = asking::Who { name: "last-0".to_owned(), principal: "administrator".to_owned() };
        let last = Asking::new(
            addresses,
            &addresses.admin_token,
            who,
            seed,
            recorder.clone(),
            CancellationToken::new(),
        );
        Self { recorder, known, stop, give_up, people, ears, until, last }
    }

    /// How many commands have been accepted so far.
    pub fn accepted(&self) -> u64 {
        self.recorder.accepted()
    }

    /// Nobody asks for anything new. When all who wait have their answers, every contact was looked up once more, and all
    /// listeners have heard everything or given up, their records are given back, with the position of the last command.
    ///
    /// # Panics
    /// When one of the people did, with what they said.
    pub async fn end(mut self) -> (Records, Position) {
        self.stop.cancel();
        let mut people = self.people;
        let all = async {
            while let Some(ended) = people.join_next().await {
                ended.unwrap()
            }
        };
        if timeout(LAST_ANSWERS_WITHIN, all).await.is_err() {
            self.give_up.cancel();
            while let Some(ended) = people.join_next().await {
                ended.unwrap();
            }
        }
        let position = customers::say_the_last_word(&mut self.last).await;
        contacts::look_all_up(&mut self.last, &self.known, position).await;
        self.until.send_replace(Some(position));
        while let Some(ended) = self.ears.join_next().await {
            ended.unwrap();
        }
        (self.recorder.take(), position)
    }
}
