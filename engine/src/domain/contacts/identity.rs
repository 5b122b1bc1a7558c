//! A contact has another address: whoever writes from it is they, and what is sent to them goes there.

use schemas::command::IdentityChange;
use schemas::event::{AddressChanged, Event, IdentityChanged};
use schemas::limits::IDENTITY_BYTES_MAX;
use schemas::{Actor, ConversationId, Identity, Rejection, Timestamp};

use super::super::inbound::{require_channel, require_few};
use super::super::permission::require_network_id;
use super::super::state::Workspace;
use super::merge::Merge;

pub(in super::super) fn change(
    ws: &Workspace,
    change: &IdentityChange,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let IdentityChange { channel, from: (from_id, from), to: (to_id, to), also } = change;
    require_channel(ws, actor, channel)?;
    require_network_id("from", from, IDENTITY_BYTES_MAX)?;
    require_network_id("to", to, IDENTITY_BYTES_MAX)?;
    require_few(also)?;
    if from == to {
        return Err(Rejection::SameIdentity);
    }
    let network = ws.kind_of(channel);
    let identity = |address: &String| Identity { network, address: address.clone() };
    let also = also.iter().map(|(id, address)| (*id, Some(identity(address))));
    let all = std::iter::once((*to_id, Some(identity(to)))).chain(also);
    let merge = Merge::new(ws, *from_id, all);
    let open = merge.open();
    let is_old = |id: &ConversationId| {
        let found = ws.conversations.get(id);
        found.is_some_and(|found| found.kind == network && *found.identity == **from)
    };
    let mut events = merge.events();
    let readdressed: Vec<_> = open.iter().copied().filter(is_old).collect();
    if events.is_empty() && readdressed.is_empty() {
        return Ok(vec![]);
    }
    let (contact, conversations) = (merge.contact(), open);
    events.push(IdentityChanged { contact, from: identity(from), to: identity(to), conversations }.into());
    events.extend(readdressed.into_iter().map(|conversation| -> Event {
        AddressChanged { conversation, from: from.clone(), to: to.clone() }.into()
    }));
    let freed = merge.refill(&events, now);
    events.extend(freed);
    Ok(events)
}

pub(in super::super) fn address_changed(ws: &mut Workspace, event: &AddressChanged) {
    if let Some(conversation) = ws.conversations.get_mut(&event.conversation) {
        conversation.identity = event.to.as_str().into();
    }
}
