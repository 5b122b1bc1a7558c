//! Which messages this outbox sends: those on WhatsApp channels. The connectors of the other networks hear of
//! theirs by live push.

use std::time::Duration;

use projections::Views;
use schemas::ChannelKind;
use tokio::time::sleep;

use super::item::OutboundItem;

const VIEW_WITHIN: Duration = Duration::from_secs(5);
const RETRY_EVERY: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Channels {
    views: Views,
}

impl Channels {
    pub(super) fn new(views: Views) -> Self {
        Self { views }
    }

    /// The business number to send a message from; nothing when it is not on WhatsApp. Waits for the views if they
    /// are not as far as the message, for then they may not know its channel yet.
    pub(super) async fn number(&self, item: &OutboundItem) -> Option<String> {
        loop {
            let is_behind = self.views.applied() < item.position;
            match self.views.inbox().channel(&item.workspace, &item.channel) {
                Ok(Some(channel)) => {
                    return (channel.kind == ChannelKind::Whatsapp).then_some(channel.address);
                }
                Ok(None) if is_behind => {
                    if self.views.wait_for(item.position, VIEW_WITHIN).await.is_err() {
                        tracing::warn!(channel = %item.channel, "messages wait for the views to know their channel");
                        sleep(RETRY_EVERY).await;
                    }
                }
                Ok(None) => {
                    tracing::error!(message = %item.message, channel = %item.channel, "a message is on no channel");
                    return None;
                }
                Err(error) => {
                    let error = error.to_string();
                    tracing::warn!(error, "messages wait for the views, which cannot be read");
                    sleep(RETRY_EVERY).await;
                }
            }
        }
    }
}
