//! What agents sent: how the status of each message moved in the log, and how often WhatsApp got it.

use std::collections::{HashMap, HashSet};

use schemas::api::views::MessageState;
use schemas::event::{DeliveryUpdated, MessageSubmitted};
use schemas::{DeliveryStatus, Event, MessageId, Position};

use super::Check;
use super::pages::Pages;
use crate::demo::whatsapp_stand_in::StandIn;

/// A message of an agent.
#[derive(Debug, Default)]
struct Outbound {
    status: DeliveryStatus,
    /// The furthest that was reported since it was last sent.
    furthest: DeliveryStatus,
    uncertain: bool,
    accepted: bool,
    resent: u32,
}

impl Outbound {
    /// As the API should name it.
    fn state(&self) -> MessageState {
        match self.furthest {
            DeliveryStatus::Pending if self.uncertain => MessageState::Uncertain,
            DeliveryStatus::Pending => MessageState::Pending,
            DeliveryStatus::Sent => MessageState::Sent,
            DeliveryStatus::Delivered => MessageState::Delivered,
            DeliveryStatus::Read => MessageState::Read,
            DeliveryStatus::Played => MessageState::Played,
            DeliveryStatus::Failed => MessageState::Failed,
        }
    }

    fn is_under_way(&self) -> bool {
        self.status == DeliveryStatus::Pending && !self.uncertain
    }
}

/// All messages of agents.
#[derive(Debug)]
pub(super) struct OutboundBook {
    messages: HashMap<MessageId, Outbound>,
    statuses: Check,
}

impl Default for OutboundBook {
    fn default() -> Self {
        let rule = "no status went backwards, and the one shown is the furthest reported";
        Self { messages: HashMap::new(), statuses: Check::new(rule, "changes of status") }
    }
}

impl OutboundBook {
    pub(super) fn take(&mut self, at: Position, event: &Event) {
        match event {
            Event::MessageSubmitted(e) => self.submit(at, e),
            Event::SendAccepted(e) => self.change(e.message, |message| {
                message.accepted = true;
                message.uncertain = false;
            }),
            Event::SendUncertain(e) => self.change(e.message, |message| message.uncertain = true),
            Event::DeliveryUpdated(e) => self.update(at, e),
            Event::MessageResent(e) => self.change(e.message, |message| {
                *message = Outbound {
                    resent: message.resent + 1,
                    accepted: message.accepted,
                    ..Outbound::default()
                };
            }),
            Event::MessageSettled(e) => self.change(e.message, |message| {
                message.status = e.status;
                message.furthest = e.status;
                message.uncertain = false;
            }),
            _ => {}
        }
    }

    /// Messages of which something is still to be heard.
    pub(super) fn under_way(&self) -> usize {
        self.messages.values().filter(|message| message.is_under_way()).count()
    }

    fn submit(&mut self, at: Position, e: &MessageSubmitted) {
        let before = self.messages.insert(e.message, Outbound::default());
        self.statuses.require(before.is_none(), || format!("{at}: {} was sent for a second time", e.message));
    }

    fn update(&mut self, at: Position, e: &DeliveryUpdated) {
        self.statuses.looked_at += 1;
        let Some(message) = self.messages.get_mut(&e.message) else {
            return self.statuses.problem(|| format!("{at}: {} was never sent", e.message));
        };
        let before = message.status;
        // A receipt of an earlier send of the same message says nothing of this one.
        let counts = message.resent == 0 || e.status != before;
        if counts {
            message.furthest = message.furthest.max(e.receipt);
        }
        message.status = e.status;
        message.uncertain = false;
        let expected = if counts { message.furthest } else { before };
        self.statuses.require(e.status >= before && e.status == expected, || {
            format!("{at}: {} went from {before:?} to {:?} by a receipt {:?}", e.message, e.status, e.receipt)
        });
    }

    fn change(&mut self, id: MessageId, change: impl FnOnce(&mut Outbound)) {
        if let Some(message) = self.messages.get_mut(&id) {
            change(message);
        }
    }

    /// The log's statuses never went back, and the views show the last of them.
    pub(super) fn check_statuses(&self, pages: &Pages) -> Check {
        let mut check = self.statuses.clone();
        for (id, message) in &self.messages {
            let (shown, should) = (pages.statuses.get(id), message.state());
            check.require(shown == Some(&should), || format!("{id} is shown as {shown:?} and is {should:?}"));
        }
        check
    }

    /// What agents were told is sent is in the log once, and WhatsApp got everything once at most.
    pub(super) fn check_sends(&self, whatsapp: &StandIn, told: &[MessageId]) -> Check {
        let rule = "every answer reached WhatsApp at most once, and once unless it failed or is uncertain";
        let mut check = Check::new(rule, "answers");
        let told: HashSet<&MessageId> = told.iter().collect();
        for id in told.iter().filter(|id| !self.messages.contains_key(**id)) {
            check.problem(|| format!("{id} was accepted and is not in the log"));
        }
        let mut all_times = 0;
        for (id, message) in &self.messages {
            check.looked_at += 1;
            let times = whatsapp.times_accepted(&id.to_string());
            all_times += u64::from(times);
            check.require(times <= 1 + message.resent, || format!("{id} reached WhatsApp {times} times"));
            check.require(!message.is_under_way(), || format!("{id} is still not settled"));
            let reported = !matches!(message.status, DeliveryStatus::Pending | DeliveryStatus::Failed);
            let arrived = message.accepted || reported;
            check.require(!arrived || times >= 1, || {
                format!("{id} is {:?} and never reached WhatsApp", message.status)
            });
            let left_uncertain = message.uncertain && times >= 1;
            check.require(!left_uncertain, || format!("{id} is uncertain although its receipts came"));
        }
        let total = whatsapp.accepted_total();
        check.require(all_times == total, || {
            format!("WhatsApp got {total} messages, of the log's {all_times}")
        });
        check
    }
}

#[cfg(test)]
mod tests {
    use schemas::ConversationId;

    use super::*;

    const MESSAGE: MessageId = MessageId::from_bytes([1; 16]);

    fn updated(receipt: DeliveryStatus, status: DeliveryStatus) -> Event {
        DeliveryUpdated {
            conversation: ConversationId::from_bytes([2; 16]),
            message: MESSAGE,
            ordinal: 0,
            receipt,
            reported_at: schemas::Timestamp::default(),
            provider_id: None,
            error: None,
            status,
        }
        .into()
    }

    fn problems(events: &[Event]) -> u64 {
        let mut book = OutboundBook::default();
        book.messages.insert(MESSAGE, Outbound::default());
        events.iter().for_each(|event| book.take(Position::start(schemas::ShardId(0)), event));
        book.statuses.problems
    }

    #[test]
    fn receipts_out_of_order_are_in_order() {
        use DeliveryStatus::{Delivered, Read, Sent};
        assert_eq!(problems(&[updated(Read, Read), updated(Sent, Read), updated(Delivered, Read)]), 0);
    }

    #[test]
    fn a_status_that_goes_back_is_found() {
        use DeliveryStatus::{Read, Sent};
        assert_eq!(problems(&[updated(Read, Read), updated(Sent, Sent)]), 1);
    }

    #[test]
    fn a_status_nobody_reported_is_found() {
        use DeliveryStatus::{Read, Sent};
        assert_eq!(problems(&[updated(Sent, Read)]), 1);
    }
}
