//! The connection of a process: messages out and in, and what the log and the lease reach their stores by. One NATS
//! client; in the simulation, somebody who plays NATS.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::client::{PublishError, ReconnectError};
use async_nats::connection::State;
use async_nats::{Client, Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::{sleep, timeout};

use crate::log::LogError;
#[cfg(feature = "simulation")]
use crate::simulated;

/// How often it is looked whether there is a new connection; the client does not tell.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A connection; clones share it.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    Nats(Client),
    #[cfg(feature = "simulation")]
    Simulated(simulated::Link),
}

/// The messages of one subscription.
pub(crate) enum Messages {
    Nats(Subscriber),
    #[cfg(feature = "simulation")]
    Simulated(simulated::Messages),
}

impl Link {
    pub(crate) fn is_connected(&self) -> bool {
        match self {
            Self::Nats(client) => client.connection_state() == State::Connected,
            #[cfg(feature = "simulation")]
            Self::Simulated(link) => link.is_connected(),
        }
    }

    /// The largest message that the server takes, in bytes.
    pub(crate) fn max_payload(&self) -> usize {
        match self {
            Self::Nats(client) => client.max_payload(),
            #[cfg(feature = "simulation")]
            Self::Simulated(_) => usize::MAX,
        }
    }

    /// Leaves the server for another one, if there are several, and waits until it is connected there, for so long at
    /// most: what is sent before that goes to the old one, and is lost.
    pub(crate) async fn reconnect(&self, wait: Duration) -> Result<(), ReconnectError> {
        match self {
            Self::Nats(client) => {
                let connects = || client.statistics().connects.load(Ordering::Relaxed);
                let before = connects();
                client.force_reconnect().await?;
                let is_connected = async {
                    while connects() == before {
                        sleep(LOOK_EVERY).await;
                    }
                };
                // Whoever asks next finds out.
                let _not_yet = timeout(wait, is_connected).await;
                Ok(())
            }
            #[cfg(feature = "simulation")]
            Self::Simulated(_) => Ok(()),
        }
    }

    /// A subject that nobody else has.
    pub(crate) fn new_inbox(&self) -> String {
        match self {
            Self::Nats(client) => client.new_inbox(),
            #[cfg(feature = "simulation")]
            Self::Simulated(link) => link.new_inbox(),
        }
    }

    pub(crate) async fn subscribe(&self, subject: String) -> Result<Messages, LogError> {
        match self {
            Self::Nats(client) => match client.subscribe(subject).await {
                Ok(messages) => Ok(Messages::Nats(messages)),
                Err(error) => Err(LogError::unavailable("subscribing")(error.into())),
            },
            #[cfg(feature = "simulation")]
            Self::Simulated(link) => Ok(Messages::Simulated(link.subscribe(subject))),
        }
    }

    /// Sends a message; answers to it, if it is asked for any, come to `reply_to`.
    pub(crate) async fn publish(
        &self,
        subject: String,
        reply_to: Option<String>,
        payload: Bytes,
    ) -> Result<(), PublishError> {
        match (self, reply_to) {
            (Self::Nats(client), Some(reply_to)) => {
                client.publish_with_reply(subject, reply_to, payload).await
            }
            (Self::Nats(client), None) => client.publish(subject, payload).await,
            #[cfg(feature = "simulation")]
            (Self::Simulated(link), reply_to) => {
                link.publish(subject, reply_to, payload);
                Ok(())
            }
        }
    }
}

impl Messages {
    /// The next message; none when the subscription has ended. May be cancelled.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        match self {
            Self::Nats(messages) => messages.next().await,
            #[cfg(feature = "simulation")]
            Self::Simulated(messages) => messages.next().await,
        }
    }

    /// Ends the subscription once the messages that came are taken. False when there is no connection to end it on.
    pub(crate) async fn unsubscribe(&mut self) -> bool {
        match self {
            Self::Nats(messages) => messages.unsubscribe().await.is_ok(),
            #[cfg(feature = "simulation")]
            Self::Simulated(messages) => messages.unsubscribe(),
        }
    }
}
