//! Every kind of command there is, so that it can be told which of them were driven. A new kind does not compile
//! until it is in this list, and is missed by the simulation until `steps` asks for it.

use schemas::Command;
use schemas::command::Due;

macro_rules! kinds {
    ($($command:ident)* ; $($due:ident)*) => {
        /// What each is called; a deadline by what it is of.
        pub const KINDS: &[&str] = &[$(stringify!($command),)* $(concat!("PassDeadline ", stringify!($due)),)*];

        /// What a command is called.
        pub fn kind(command: &Command) -> &'static str {
            match command {
                $(Command::$command { .. } => stringify!($command),)*
                $(Command::PassDeadline(Due::$due(..)) => concat!("PassDeadline ", stringify!($due)),)*
            }
        }
    };
}

kinds! {
    CreateWorkspace DefineClient DefineProject DefineCampaign DefineChannel DefineDisposition DefineAgent
    DefineSettings ReportConnection ChangePresence ReceiveMessage Assign AcceptOffer DeclineOffer Send Transfer
    OfferTransfer WithdrawTransfer TakeOver GiveBack Finish EndAfterWork SetNeeds AddNote SetExclusiveAgent RemoveExclusiveAgent RecordReceipt
    BeginAttempt EndAttempt Resend Settle DefineText RemoveText MergeContacts ChangeIdentity UpdateContact
    AddContactNote;
    Conversation ExclusiveAgent AfterWork Agent Campaign
}
