//! The model's outbound messages: a set of the receipts that count, of which the status is the highest.

use std::collections::{BTreeMap, BTreeSet};

use engine::domain::SendStage;
use schemas::command::{AttemptResult, Receipt};
use schemas::limits::PROVIDER_ID_BYTES_MAX;
use schemas::{ChannelId, ConversationId, DeliveryStatus, MessageId};

use crate::masters::is_network_id;
use crate::reference::{Verdict, only_if};

#[derive(Debug, Clone)]
pub struct Message {
    pub conversation: ConversationId,
    pub channel: ChannelId,
    pub attempts: u16,
    /// How often it was sent again; receipts count for one send only.
    pub resends: u16,
    pub stage: SendStage,
    /// What was heard of this send.
    pub heard: BTreeSet<DeliveryStatus>,
    settled: Option<DeliveryStatus>,
    /// The network's id for this send.
    name: Option<String>,
}

impl Message {
    pub fn status(&self) -> DeliveryStatus {
        let heard = self.heard.iter().chain(&self.settled);
        heard.max().copied().unwrap_or(DeliveryStatus::Pending)
    }

    fn is_uncertain(&self) -> bool {
        self.stage == SendStage::Uncertain && self.status() == DeliveryStatus::Pending
    }
}

type Name = (ChannelId, String);

#[derive(Debug, Clone, Default)]
pub struct Messages {
    pub all: BTreeMap<MessageId, Message>,
    /// The same, the latest last.
    pub sent: Vec<MessageId>,
    /// The network's ids, with the message and the send they are of.
    names: BTreeMap<Name, (MessageId, u16)>,
    parked: BTreeMap<Name, BTreeSet<DeliveryStatus>>,
}

impl Messages {
    pub fn submit(&mut self, id: MessageId, conversation: ConversationId, channel: ChannelId) -> Verdict {
        let message = Message {
            conversation,
            channel,
            attempts: 0,
            resends: 0,
            stage: SendStage::Queued,
            heard: BTreeSet::new(),
            settled: None,
            name: None,
        };
        self.all.insert(id, message);
        self.sent.push(id);
        Verdict::Happened
    }

    pub fn begin(&mut self, id: MessageId) -> Verdict {
        let Some(message) = self.all.get_mut(&id) else {
            return Verdict::Refused("unknown_message");
        };
        only_if!(message.status() == DeliveryStatus::Pending, "message_not_pending");
        match message.stage {
            SendStage::Queued => {
                message.attempts += 1;
                message.stage = SendStage::Open;
                Verdict::Happened
            }
            SendStage::Open => {
                message.stage = SendStage::Uncertain;
                Verdict::Happened
            }
            SendStage::Accepted | SendStage::Uncertain => Verdict::Refused("message_not_pending"),
        }
    }

    pub fn end(&mut self, id: MessageId, attempt: u16, result: &AttemptResult) -> Verdict {
        let Some(message) = self.all.get_mut(&id) else {
            return Verdict::Refused("unknown_message");
        };
        let waits = match result {
            AttemptResult::Unknown => message.stage == SendStage::Open,
            AttemptResult::Accepted { .. } if message.stage == SendStage::Accepted => message.name.is_none(),
            AttemptResult::Accepted { .. }
            | AttemptResult::Deferred { .. }
            | AttemptResult::Failed { .. } => {
                matches!(message.stage, SendStage::Open | SendStage::Uncertain)
            }
        };
        only_if!(attempt == message.attempts && waits, "attempt_not_open");
        if let AttemptResult::Accepted { provider_id } = result {
            only_if!(is_network_id(provider_id, PROVIDER_ID_BYTES_MAX), "invalid_text");
        }
        match result {
            AttemptResult::Accepted { provider_id } => {
                message.stage = SendStage::Accepted;
                self.learn(id, provider_id);
            }
            AttemptResult::Deferred { .. } => message.stage = SendStage::Queued,
            AttemptResult::Failed { .. } => {
                message.stage = SendStage::Accepted;
                message.heard.insert(DeliveryStatus::Failed);
            }
            AttemptResult::Unknown => message.stage = SendStage::Uncertain,
        }
        Verdict::Happened
    }

    /// The network's id of the send that counts; what waited for it is heard.
    fn learn(&mut self, id: MessageId, provider_id: &str) {
        let message = self.all.get_mut(&id).expect("a message of the model");
        let name = (message.channel.clone(), provider_id.to_owned());
        message.name = Some(provider_id.to_owned());
        message.heard.extend(self.parked.remove(&name).unwrap_or_default());
        self.names.insert(name, (id, message.resends));
    }

    pub fn resend(&mut self, conversation: ConversationId, id: MessageId) -> Verdict {
        let Some(message) = self.in_conversation(conversation, id) else {
            return Verdict::Refused("unknown_message");
        };
        only_if!(
            message.status() == DeliveryStatus::Failed || message.is_uncertain(),
            "message_not_resendable"
        );
        message.resends += 1;
        message.stage = SendStage::Queued;
        message.heard.clear();
        message.settled = None;
        message.name = None;
        Verdict::Happened
    }

    pub fn settle(&mut self, conversation: ConversationId, id: MessageId, status: DeliveryStatus) -> Verdict {
        only_if!(matches!(status, DeliveryStatus::Sent | DeliveryStatus::Failed), "not_a_receipt_status");
        let Some(message) = self.in_conversation(conversation, id) else {
            return Verdict::Refused("unknown_message");
        };
        only_if!(message.is_uncertain(), "message_not_uncertain");
        message.settled = Some(status);
        message.stage = SendStage::Accepted;
        Verdict::Happened
    }

    fn in_conversation(&mut self, conversation: ConversationId, id: MessageId) -> Option<&mut Message> {
        self.all.get_mut(&id).filter(|message| message.conversation == conversation)
    }

    pub fn receipt(&mut self, receipt: &Receipt) -> Verdict {
        only_if!(receipt.status != DeliveryStatus::Pending, "not_a_receipt_status");
        if let Some(provider_id) = &receipt.provider_id {
            only_if!(is_network_id(provider_id, PROVIDER_ID_BYTES_MAX), "invalid_text");
        }
        let on_channel = |id: &MessageId| self.all.get(id).is_some_and(|m| m.channel == receipt.channel);
        let name = receipt.provider_id.clone().map(|id| (receipt.channel.clone(), id));
        let named = name.as_ref().and_then(|name| self.names.get(name)).copied();
        let ours = receipt.message.filter(|id| on_channel(id));
        let Some(id) = ours.or(named.map(|(id, _)| id)) else {
            return match name {
                None if receipt.message.is_some() => Verdict::Refused("unknown_message"),
                None => Verdict::Refused("receipt_without_message"),
                Some(name) if self.parked.entry(name.clone()).or_default().insert(receipt.status) => {
                    Verdict::Happened
                }
                Some(_) => Verdict::Nothing,
            };
        };
        let message = self.all.get_mut(&id).expect("it was found");
        let of_another_send = named.is_some_and(|(_, resends)| resends != message.resends)
            || (receipt.provider_id.is_some()
                && message.name.is_some()
                && message.name != receipt.provider_id);
        if of_another_send {
            return Verdict::Happened;
        }
        let tells_name = receipt.provider_id.is_some() && message.name.is_none();
        if !message.heard.insert(receipt.status) && !tells_name {
            return Verdict::Nothing;
        }
        message.stage = SendStage::Accepted;
        if let Some(provider_id) = &receipt.provider_id {
            self.learn(id, provider_id);
        }
        Verdict::Happened
    }
}
