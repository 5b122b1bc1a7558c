//! Everything that can be asked of the engine. A command carries all ids it needs; time is stamped by the writer.

use serde::{Deserialize, Serialize};

use crate::contact::FieldSet;
use crate::content::{Content, TransferTarget};
use crate::delivery::{DeliveryError, DeliveryStatus};
use crate::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, NoteKind,
    ProjectDefined, SettingsDefined, TextDefined, WorkspaceCreated,
};
use crate::ids::{
    AgentId, CampaignId, ChannelId, CommandId, ContactId, ConversationId, DispositionId, MessageId, TextId,
    WorkspaceId,
};
use crate::masters::Presence;
use crate::position::Position;
use crate::routing::Needs;
use crate::time::Timestamp;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// atender itself: deadlines, sending.
    System,
    /// The holder of the administrator's token.
    Administrator,
    /// A person; what they may do is their role's.
    Agent(AgentId),
    /// A channel, for what its network or connector reports.
    Channel(ChannelId),
}

/// A command with all that is known about who asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Where it takes effect.
    pub workspace: WorkspaceId,
    /// Its id: submitting it again with the same id has no second effect.
    pub id: CommandId,
    /// What was asked, hashed, so that one `Idempotency-Key` for two requests is noticed. 0 when none was given.
    pub fingerprint: u64,
    /// Who asks.
    pub actor: Actor,
    /// What for.
    pub command: Command,
}

impl Submission {
    /// What atender asks of itself when a deadline has come and the last event is at `last`, behind which no other
    /// command can be.
    pub fn of_deadline(workspace: WorkspaceId, due: Due, last: Position) -> Self {
        let place = [last.sequence.to_le_bytes().as_slice(), &last.index.to_le_bytes()].concat();
        let id = CommandId::of_step(&workspace, "deadline", &place, 0);
        Self { workspace, id, fingerprint: 0, actor: Actor::System, command: Command::PassDeadline(due) }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Begin a workspace.
    CreateWorkspace(WorkspaceCreated),
    /// Make a client be as said; no event if it is so already. Likewise the next five.
    DefineClient(ClientDefined),
    /// Make a project be as said.
    DefineProject(ProjectDefined),
    /// Make a campaign be as said.
    DefineCampaign(CampaignDefined),
    /// Make a channel be as said.
    DefineChannel(ChannelDefined),
    /// Make a disposition be as said.
    DefineDisposition(DispositionDefined),
    /// Make an agent be as said.
    DefineAgent(AgentDefined),
    /// Make a predefined text be as said.
    DefineText(TextDefined),
    /// Have a predefined text no more.
    RemoveText(TextId),
    /// Make what holds in the whole workspace be as said.
    DefineSettings(SettingsDefined),
    /// A live connection of an agent is there, or none is any more.
    ReportConnection {
        /// Which agent.
        agent: AgentId,
        /// Whether they have one.
        is_connected: bool,
    },
    /// An agent comes, goes, or pauses.
    ChangePresence {
        /// Which agent.
        agent: AgentId,
        /// Their presence from now on.
        presence: Presence,
    },
    /// A contact wrote. The submission's id is [`CommandId::of_inbound`], and the message gets its bytes.
    ReceiveMessage(InboundMessage),
    /// Give a conversation to an agent, or take it oneself.
    Assign {
        /// Which conversation.
        conversation: ConversationId,
        /// To whom.
        agent: AgentId,
    },
    /// Take the conversation that one is offered, by routing or by its agent.
    AcceptOffer {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// Leave it to somebody else.
    DeclineOffer {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// Send a message to the contact. It gets the bytes of the submission's id.
    Send {
        /// In which conversation.
        conversation: ConversationId,
        /// What it says.
        content: Content,
    },
    /// Hand a conversation over.
    Transfer {
        /// Which conversation.
        conversation: ConversationId,
        /// Where to.
        to: TransferTarget,
        /// Why; mandatory.
        note: String,
    },
    /// Ask an agent whether they take a conversation over. Its agent has it until they accept.
    OfferTransfer {
        /// Which conversation.
        conversation: ConversationId,
        /// Whom.
        agent: AgentId,
        /// Why; mandatory.
        note: String,
    },
    /// Ask them no more.
    WithdrawTransfer {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// Have a conversation instead of its agent, as a supervisor.
    TakeOver {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// Give it back.
    GiveBack {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// End a conversation.
    Finish {
        /// Which conversation.
        conversation: ConversationId,
        /// The disposition.
        disposition: DispositionId,
        /// The sub-disposition, mandatory when the disposition has any.
        sub_disposition: Option<DispositionId>,
    },
    /// Be done with what is to be done after a conversation.
    EndAfterWork {
        /// Which conversation, finished before.
        conversation: ConversationId,
        /// Who had it.
        agent: AgentId,
    },
    /// Say what an agent must be able to do to get a conversation, and how urgent it is.
    SetNeeds {
        /// Which conversation.
        conversation: ConversationId,
        /// From now on.
        needs: Needs,
    },
    /// Write a note on a conversation.
    AddNote {
        /// Which conversation.
        conversation: ConversationId,
        /// The text.
        text: String,
        /// For whom.
        kind: NoteKind,
    },
    /// Let an agent have every new conversation of a contact in a campaign.
    SetExclusiveAgent {
        /// Which contact.
        contact: ContactId,
        /// In which campaign.
        campaign: CampaignId,
        /// To whom.
        agent: AgentId,
        /// Until when; for as long as the campaign says if absent.
        until: Option<Timestamp>,
    },
    /// Undo that.
    RemoveExclusiveAgent {
        /// Which contact.
        contact: ContactId,
        /// In which campaign.
        campaign: CampaignId,
    },
    /// Say that two contacts are one; the first goes on.
    MergeContacts {
        /// Who goes on.
        contact: ContactId,
        /// Whose id stands for them from now on.
        other: ContactId,
    },
    /// A network reports that a contact has another address.
    ChangeIdentity(IdentityChange),
    /// Write down what is known of a contact; what is not named stays as it is.
    UpdateContact {
        /// Which contact.
        contact: ContactId,
        /// The fields.
        set: Vec<FieldSet>,
    },
    /// Write a note on a contact.
    AddContactNote {
        /// Which contact.
        contact: ContactId,
        /// The text.
        text: String,
    },
    /// A time has come for which something was due.
    PassDeadline(Due),
    /// A network reports how far a message has come.
    RecordReceipt(Receipt),
    /// The caller is about to call the network for a message.
    BeginAttempt {
        /// Which message.
        message: MessageId,
    },
    /// What came of that call.
    EndAttempt {
        /// Which message.
        message: MessageId,
        /// Which attempt.
        attempt: u16,
        /// What came of it.
        result: AttemptResult,
    },
    /// Send a failed or uncertain message again.
    Resend {
        /// In which conversation.
        conversation: ConversationId,
        /// Which message.
        message: MessageId,
    },
    /// Say what became of an uncertain message.
    Settle {
        /// In which conversation.
        conversation: ConversationId,
        /// Which message.
        message: MessageId,
        /// Sent or failed.
        status: DeliveryStatus,
    },
}

/// Whose turn it is when a time has come. What is to be done then, its state says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Due {
    /// A wait of this conversation ends.
    Conversation(ConversationId),
    /// Nobody is exclusive agent of this contact in this campaign any more.
    ExclusiveAgent(ContactId, CampaignId),
    /// The time for what this agent has to do after this conversation is over.
    AfterWork(AgentId, ConversationId),
    /// The live connection of this agent was lost, and did not come back.
    Agent(AgentId),
    /// What waits in this campaign may be taken by somebody, for its routing has changed.
    Campaign(CampaignId),
}

/// A message of a contact, as a channel received it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// On which channel.
    pub channel: ChannelId,
    /// Who wrote.
    pub contact: ContactId,
    /// The contact's address on the network.
    pub identity: String,
    /// Other addresses of the same contact there, with the ids that they stand for; at most 4.
    pub also: Vec<(ContactId, String)>,
    /// What the contact calls themselves on the network.
    pub profile_name: Option<String>,
    /// The provider's id for the message.
    pub provider_id: String,
    /// What it says.
    pub content: Content,
    /// When it was written, by the provider's clock.
    pub written_at: Timestamp,
}

/// A contact has another address on a network, as a channel received it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityChange {
    /// On which channel it was told; it holds on the whole network.
    pub channel: ChannelId,
    /// The contact they were known as, and the address they had.
    pub from: (ContactId, String),
    /// The id that the new address stands for, and the address.
    pub to: (ContactId, String),
    /// Their other addresses there, with the ids that they stand for; at most 4.
    pub also: Vec<(ContactId, String)>,
}

/// A report about an outbound message, found by our id or by the network's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// On which channel.
    pub channel: ChannelId,
    /// Our id, if the network gave it back.
    pub message: Option<MessageId>,
    /// The network's id.
    pub provider_id: Option<String>,
    /// How far the message has come.
    pub status: DeliveryStatus,
    /// When it was so, by the provider's clock.
    pub reported_at: Timestamp,
    /// Why it failed, if it did.
    pub error: Option<DeliveryError>,
}

/// What came of one call to a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptResult {
    /// The network took the message.
    Accepted {
        /// The network's id for it.
        provider_id: String,
    },
    /// Refused for a reason that passes.
    Deferred {
        /// The reason.
        error: DeliveryError,
        /// When to try again.
        retry_at: Timestamp,
    },
    /// Refused for good.
    Failed {
        /// The reason.
        error: DeliveryError,
    },
    /// Nobody knows; the call may have gone through.
    Unknown,
}
