//! Update delivery status: receipts in any order and number. A status only moves up; a receipt may come before
//! the send it belongs to is recorded, and waits for it then.

use schemas::command::Receipt;
use schemas::event::{DeliveryUpdated, Event, ReceiptParked};
use schemas::limits::{ERROR_DETAIL_CHARS_MAX, PARKED_RECEIPTS_MAX, PROVIDER_ID_BYTES_MAX};
use schemas::{Actor, ChannelId, DeliveryError, DeliveryStatus, MessageId, Rejection, Timestamp};
use serde::{Deserialize, Serialize};

use super::inbound::require_channel;
use super::permission::require_network_id;
use super::state::{Outbound, SendStage, Workspace};

/// A network's message id on one channel, hashed: it is kept for days, and can be long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ProviderKey([u8; 16]);

impl ProviderKey {
    pub(super) fn new(channel: &ChannelId, provider_id: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(channel.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(provider_id.as_bytes());
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        Self(key)
    }
}

/// A receipt that waits for its message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Parked {
    receipt: DeliveryStatus,
    reported_at: Timestamp,
    error: Option<DeliveryError>,
}

pub(super) fn record_receipt(
    ws: &Workspace,
    receipt: &Receipt,
    actor: &Actor,
) -> Result<Vec<Event>, Rejection> {
    require_channel(ws, actor, &receipt.channel)?;
    if receipt.status == DeliveryStatus::Pending {
        return Err(Rejection::NotAReceiptStatus);
    }
    if let Some(provider_id) = &receipt.provider_id {
        require_network_id("provider id", provider_id, PROVIDER_ID_BYTES_MAX)?;
    }
    let key = receipt.provider_id.as_deref().map(|id| ProviderKey::new(&receipt.channel, id));
    let by_key = key.and_then(|key| ws.provider_ids.get(&key)).map(|(message, _)| *message);
    let ours = |message: &MessageId| ws.outbound.get(message).filter(|o| o.channel == receipt.channel);
    let found = [receipt.message, by_key].into_iter().flatten().find_map(|m| ours(&m).map(|o| (m, o)));
    match (found, &receipt.provider_id, receipt.message) {
        (Some((message, outbound)), _, _) => Ok(update(ws, message, outbound, receipt, key)),
        (None, Some(provider_id), _) => park(ws, receipt, provider_id),
        (None, None, Some(message)) => Err(Rejection::UnknownMessage(message)),
        (None, None, None) => Err(Rejection::ReceiptWithoutMessage),
    }
}

fn update(
    ws: &Workspace,
    message: MessageId,
    outbound: &Outbound,
    receipt: &Receipt,
    key: Option<ProviderKey>,
) -> Vec<Event> {
    let counts = key.is_none_or(|key| is_of_this_send(ws, outbound, key));
    let teaches_id = key.is_some() && outbound.provider.is_none();
    if counts && !teaches_id && outbound.seen & receipt.status.bit() != 0 {
        return vec![];
    }
    let status = if counts { outbound.status.after(receipt.status) } else { outbound.status };
    let updated = DeliveryUpdated {
        conversation: outbound.conversation,
        message,
        ordinal: outbound.ordinal,
        receipt: receipt.status,
        reported_at: receipt.reported_at,
        provider_id: receipt.provider_id.clone(),
        error: receipt.error.as_ref().map(kept_error),
        status,
    };
    let learned = receipt.provider_id.as_deref().filter(|_| counts);
    let parked = learned.map(|id| updates_of_parked(ws, message, outbound, id, Some(receipt.status)));
    std::iter::once(updated.into()).chain(parked.into_iter().flatten()).collect()
}

/// Whether the network's id is of the send that counts now, and not of one before the message was sent again.
fn is_of_this_send(ws: &Workspace, outbound: &Outbound, key: ProviderKey) -> bool {
    let of_earlier = ws.provider_ids.get(&key).is_some_and(|(_, resends)| *resends < outbound.resends);
    !of_earlier && outbound.provider.is_none_or(|own| own == key)
}

fn park(ws: &Workspace, receipt: &Receipt, provider_id: &str) -> Result<Vec<Event>, Rejection> {
    let key = ProviderKey::new(&receipt.channel, provider_id);
    let parked = ws.parked.get(&key);
    if parked.is_some_and(|parked| parked.iter().any(|p| p.receipt == receipt.status)) {
        return Ok(vec![]);
    }
    if parked.is_none() && ws.parked.len() >= PARKED_RECEIPTS_MAX {
        return Err(Rejection::TooManyParkedReceipts);
    }
    let parked = ReceiptParked {
        channel: receipt.channel.clone(),
        provider_id: provider_id.to_owned(),
        receipt: receipt.status,
        reported_at: receipt.reported_at,
        error: receipt.error.as_ref().map(kept_error),
    };
    Ok(vec![parked.into()])
}

/// The receipts that came before the network's id was known, now that it is; `heard` is the one that told it.
pub(super) fn updates_of_parked(
    ws: &Workspace,
    message: MessageId,
    outbound: &Outbound,
    provider_id: &str,
    heard: Option<DeliveryStatus>,
) -> Vec<Event> {
    let key = ProviderKey::new(&outbound.channel, provider_id);
    let mut status = heard.map_or(outbound.status, |heard| outbound.status.after(heard));
    let seen = outbound.seen | heard.map_or(0, DeliveryStatus::bit);
    let parked = ws.parked.get(&key).into_iter().flatten();
    let unseen = parked.filter(|parked| seen & parked.receipt.bit() == 0);
    unseen
        .map(|parked| {
            status = status.after(parked.receipt);
            DeliveryUpdated {
                conversation: outbound.conversation,
                message,
                ordinal: outbound.ordinal,
                receipt: parked.receipt,
                reported_at: parked.reported_at,
                provider_id: Some(provider_id.to_owned()),
                error: parked.error.clone(),
                status,
            }
            .into()
        })
        .collect()
}

/// An error with its explanation cut to what is kept.
pub(super) fn kept_error(error: &DeliveryError) -> DeliveryError {
    DeliveryError { code: error.code, detail: error.detail.chars().take(ERROR_DETAIL_CHARS_MAX).collect() }
}

pub(super) fn updated(ws: &mut Workspace, event: &DeliveryUpdated, at: Timestamp) {
    let Some(outbound) = ws.outbound.get(&event.message) else {
        return;
    };
    let key = event.provider_id.as_deref().map(|id| ProviderKey::new(&outbound.channel, id));
    let counts = key.is_none_or(|key| is_of_this_send(ws, outbound, key));
    let Some(outbound) = ws.outbound.get_mut(&event.message) else {
        return;
    };
    if !counts {
        return;
    }
    outbound.status = event.status;
    outbound.seen |= event.receipt.bit();
    // Whatever a call is still waiting for, the network has the message, or has refused it for good.
    outbound.stage = SendStage::Accepted;
    if let Some(key) = key {
        outbound.provider = Some(key);
        let resends = outbound.resends;
        ws.provider_ids.insert(key, (event.message, resends), at);
        ws.parked.remove(&key);
    }
}

pub(super) fn parked(ws: &mut Workspace, event: &ReceiptParked, at: Timestamp) {
    let key = ProviderKey::new(&event.channel, &event.provider_id);
    let parked =
        Parked { receipt: event.receipt, reported_at: event.reported_at, error: event.error.clone() };
    match ws.parked.get_mut(&key) {
        Some(waiting) => waiting.push(parked),
        None => ws.parked.insert(key, vec![parked], at),
    }
}
