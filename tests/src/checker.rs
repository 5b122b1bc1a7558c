//! Decides whether a run was in order: the clients' records and the views of every process, held against a copy of
//! the log. One rule a file, and a file for what several of them have to know (`aliases`, `hours`); each finding names the
//! rule that was broken. Nothing here uses the engine's rules.

mod acknowledged_once;
mod aliases;
mod answers;
mod capacity;
mod chain;
mod closed_once;
mod filled_once;
mod heard_once;
mod hours;
mod in_order;
mod missed_once;
mod one_agent;
mod one_contact;
mod one_open;
mod positions;
mod received_once;
mod refused_absent;
mod same_views;
mod sent_once;
mod status_up;
mod told_once;
mod while_closed;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use projections::Digest;
use schemas::MessageId;

use crate::log_copy::LogCopy;
use crate::record::Records;

/// The digest of each view, by its name.
pub type Digests = BTreeMap<&'static str, Digest>;

/// All that is known of a run.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    pub records: Records,
    pub log: LogCopy,
    /// Views built from this log alone.
    pub fresh_views: Digests,
    /// The views that each process has kept, by the name of the process.
    pub views: Vec<(String, Digests)>,
    /// How often the network took each message.
    pub taken_by_network: HashMap<MessageId, usize>,
}

/// A rule that was broken, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: Rule,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

type Findings = Vec<String>;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident: $module:ident;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $name,)* }

        impl Rule {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            fn check(self, evidence: &Evidence) -> Findings {
                match self { $(Self::$name => $module::check(evidence),)* }
            }
        }
    };
}

rules! {
    /// Each frame carries the hash of the one before, and none is missing.
    Chain: chain;
    /// Every acknowledged command is in the log exactly once; no command is there twice.
    AcknowledgedOnce: acknowledged_once;
    /// No refused command is in the log.
    RefusedAbsent: refused_absent;
    /// A command is where its client was told.
    Positions: positions;
    /// What was acknowledged before another command was asked is before it.
    InOrder: in_order;
    /// A message that a provider delivers repeatedly is in the log once.
    ReceivedOnce: received_once;
    /// The network took each message once for each time it was to be sent.
    SentOnce: sent_once;
    /// A conversation has at most one agent, and only that agent sends in it.
    OneAgent: one_agent;
    /// No agent is given more conversations than they may hold.
    Capacity: capacity;
    /// A contact has at most one open conversation on a channel.
    OneOpen: one_open;
    /// Contacts who turned out to be one are one from then on, for whoever writes and whoever asks.
    OneContact: one_contact;
    /// What is asked for by its shortcut is sent once, with its fields filled in.
    FilledOnce: filled_once;
    /// An answer that does not come in time is told once.
    MissedOnce: missed_once;
    /// A customer who is silent is warned once, and then the conversation closed once.
    ClosedOnce: closed_once;
    /// A customer who writes while the campaign is closed is told once since it closed.
    ToldOnce: told_once;
    /// A campaign that is closed gives its conversations to nobody.
    WhileClosed: while_closed;
    /// A delivery status never goes down, unless the message is sent again.
    StatusUp: status_up;
    /// Each listener heard everything once, in order.
    HeardOnce: heard_once;
    /// Every answer is yes, no with a reason, or "later".
    Answers: answers;
    /// The views of every process are those that the log alone gives.
    SameViews: same_views;
}

/// Every rule that was broken, and each way in which it was.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let of = |rule: &Rule| {
        let rule = *rule;
        rule.check(evidence).into_iter().map(move |what| Finding { rule, what })
    };
    Rule::ALL.iter().flat_map(of).collect()
}
