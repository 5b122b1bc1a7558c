//! The delivery status of an outbound message: a lattice in which receipts only ever move it up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far an outbound message has come. The order of the variants is the order of progress.
///
/// `Failed` is the greatest: it ends the message, whatever receipts follow, until the message is sent again.
/// Source: the status webhooks of the WhatsApp Cloud API, which arrive repeated and in any order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Recorded, and not yet known to be sent.
    #[default]
    Pending,
    /// Taken by the network.
    Sent,
    /// On the customer's device.
    Delivered,
    /// Seen by the customer.
    Read,
    /// A voice message was listened to.
    Played,
    /// It will not arrive.
    Failed,
}

impl DeliveryStatus {
    /// Every status, in order.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Sent, Self::Delivered, Self::Read, Self::Played, Self::Failed];

    /// The status after a receipt that says `receipt`.
    #[must_use]
    pub fn after(self, receipt: Self) -> Self {
        self.max(receipt)
    }

    /// This status as a bit, to remember which receipts have been seen.
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Why a message was not sent or not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryError {
    /// The network's code, such as 131047 of WhatsApp. 0 where the network gave none.
    pub code: i64,
    /// The network's explanation.
    pub detail: String,
}
