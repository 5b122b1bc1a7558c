//! Random steps of a day. A step holds small numbers; what they mean is looked up when it is taken, so that a
//! shortened day still makes sense.

use std::time::Duration;

use proptest::prelude::*;
use schemas::command::{AttemptResult, Due, IdentityChange, InboundMessage, Receipt};
use schemas::event::{AgentDefined, CampaignDefined};
use schemas::{
    Actor, ChannelKind, Command, CommandId, Content, ConversationId, DeliveryError, DeliveryStatus,
    MessageId, Needs, Overflow, Presence, Role, Routing, RoutingPolicy, TransferTarget,
};

use super::centre::{self, AGENTS, CAMPAIGNS, CHANNELS, CONTACTS};
use super::reference::{Reference, whom};
use super::timing::timing;

/// Who acts.
#[derive(Debug, Clone)]
pub(super) enum By {
    /// Whoever has the conversation.
    Holder,
    Agent(usize),
    Administrator,
}

#[derive(Debug, Clone)]
pub(super) enum Deed {
    Presence {
        agent: usize,
        presence: u8,
    },
    Redefine {
        agent: usize,
        campaigns: u8,
        channels: u8,
        capacity: (u16, Option<u16>),
        skills: (u8, u8),
        twice: bool,
        auditor: bool,
    },
    OfferTransfer {
        by: By,
        talk: usize,
        agent: usize,
    },
    WithdrawTransfer {
        by: By,
        talk: usize,
    },
    TakeOver {
        by: By,
        talk: usize,
    },
    GiveBack {
        by: By,
        talk: usize,
    },
    EndAfterWork {
        talk: usize,
        agent: usize,
    },
    Connection {
        agent: usize,
        is_connected: bool,
    },
    Answer {
        talk: usize,
        by: Option<usize>,
        accept: bool,
    },
    Reroute {
        campaign: usize,
        policy: RoutingPolicy,
        skills: u8,
        priority: u8,
        offers: bool,
        overflow: Option<usize>,
    },
    Retime {
        campaign: usize,
        /// Whether customers are warned, where conversations are closed.
        inactivity: Option<bool>,
        has_level: bool,
        has_hours: bool,
    },
    SetNeeds {
        by: By,
        talk: usize,
        skills: (u8, u8),
        priority: Option<u8>,
    },
    Write {
        contact: usize,
        also: Option<usize>,
        channel: usize,
    },
    Merge {
        by: By,
        contact: usize,
        other: usize,
    },
    ChangeIdentity {
        channel: usize,
        from: usize,
        to: usize,
    },
    WriteDown {
        by: By,
        contact: usize,
    },
    Assign {
        by: By,
        talk: usize,
        agent: usize,
    },
    Take {
        talk: usize,
        agent: usize,
    },
    Send {
        by: By,
        talk: usize,
    },
    ToAgent {
        by: By,
        talk: usize,
        agent: usize,
    },
    ToCampaign {
        by: By,
        talk: usize,
        campaign: usize,
    },
    Finish {
        by: By,
        talk: usize,
    },
    SetExclusive {
        contact: usize,
        campaign: usize,
        agent: usize,
        seconds: Option<u64>,
    },
    RemoveExclusive {
        contact: usize,
        campaign: usize,
    },
    EndWait {
        talk: usize,
    },
    Begin {
        message: usize,
    },
    End {
        message: usize,
        late: bool,
        result: u8,
    },
    Resend {
        by: By,
        message: usize,
    },
    Settle {
        by: By,
        message: usize,
        sent: bool,
    },
    Receipt {
        message: usize,
        sends_ago: u16,
        ours: bool,
        theirs: bool,
        status: DeliveryStatus,
        astray: bool,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    seconds: u64,
    deed: Deed,
}

/// The latest are the most often meant: this counts back from the last.
const BACK: std::ops::Range<usize> = 0..12;
/// From here on, the finished conversations count too.
const FINISHED_TOO: usize = 9;

fn any_by() -> impl Strategy<Value = By> {
    prop_oneof![
        4 => Just(By::Holder),
        2 => (0..AGENTS.len()).prop_map(By::Agent),
        1 => Just(By::Administrator),
    ]
}

/// The supervisor, mostly.
fn supervisor() -> impl Strategy<Value = By> {
    prop_oneof![6 => Just(By::Agent(AGENTS.len() - 1)), 1 => any_by()]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let agent = || 0..AGENTS.len();
    let contact = || 0..CONTACTS;
    let campaign = || 0..CAMPAIGNS.len();
    let receipt = (BACK, prop_oneof![3 => Just(0_u16), 1 => Just(1)], any::<bool>(), any::<bool>());
    let status = prop::sample::select(&DeliveryStatus::ALL[1..]);
    let capacity = (0..4_u16, prop::option::weighted(0.3, 0..2_u16));
    let skills = || (0..4_u8, 1..3_u8);
    // Where new conversations come.
    let busy = prop_oneof![2 => Just(0), 1 => campaign()];
    let few_skills = prop_oneof![3 => Just(0), 1 => 0..4_u8];
    let policy = prop_oneof![
        2 => Just(RoutingPolicy::MostRoom),
        2 => Just(RoutingPolicy::LongestIdle),
        2 => Just(RoutingPolicy::RoundRobin),
        1 => Just(RoutingPolicy::Manual),
    ];
    prop_oneof![
        5 => (agent(), 0..4_u8).prop_map(|(agent, presence)| Deed::Presence { agent, presence }),
        3 => (agent(), 0..8_u8, 0..4_u8, capacity, skills(), prop::bool::weighted(0.2), prop::bool::weighted(0.1))
            .prop_map(|(agent, campaigns, channels, capacity, skills, twice, auditor)| {
                Deed::Redefine { agent, campaigns, channels, capacity, skills, twice, auditor }
            }),
        4 => (any_by(), BACK, agent()).prop_map(|(by, talk, agent)| Deed::OfferTransfer { by, talk, agent }),
        1 => (any_by(), BACK).prop_map(|(by, talk)| Deed::WithdrawTransfer { by, talk }),
        4 => (supervisor(), BACK).prop_map(|(by, talk)| Deed::TakeOver { by, talk }),
        2 => (supervisor(), BACK).prop_map(|(by, talk)| Deed::GiveBack { by, talk }),
        2 => (0..4_usize, agent()).prop_map(|(talk, agent)| Deed::EndAfterWork { talk, agent }),
        3 => (agent(), any::<bool>())
            .prop_map(|(agent, is_connected)| Deed::Connection { agent, is_connected }),
        4 => (BACK, prop::option::weighted(0.2, agent()), any::<bool>())
            .prop_map(|(talk, by, accept)| Deed::Answer { talk, by, accept }),
        3 => (campaign(), policy, few_skills, 0..3_u8, any::<bool>(), prop::option::of(campaign()))
            .prop_map(|(campaign, policy, skills, priority, offers, overflow)| {
                Deed::Reroute { campaign, policy, skills, priority, offers, overflow }
            }),
        5 => (busy, prop::option::weighted(0.8, any::<bool>()), any::<bool>(), any::<bool>()).prop_map(
            |(campaign, inactivity, has_level, has_hours)| {
                Deed::Retime { campaign, inactivity, has_level, has_hours }
            }
        ),
        2 => (any_by(), BACK, skills(), prop::option::of(0..3_u8))
            .prop_map(|(by, talk, skills, priority)| Deed::SetNeeds { by, talk, skills, priority }),
        8 => (contact(), prop::option::weighted(0.08, contact()), 0..CHANNELS.len())
            .prop_map(|(contact, also, channel)| Deed::Write { contact, also, channel }),
        1 => (any_by(), contact(), contact())
            .prop_map(|(by, contact, other)| Deed::Merge { by, contact, other }),
        1 => (0..CHANNELS.len(), contact(), contact())
            .prop_map(|(channel, from, to)| Deed::ChangeIdentity { channel, from, to }),
        1 => (any_by(), contact()).prop_map(|(by, contact)| Deed::WriteDown { by, contact }),
        4 => (prop_oneof![Just(By::Administrator), any_by()], BACK, agent())
            .prop_map(|(by, talk, agent)| Deed::Assign { by, talk, agent }),
        2 => (BACK, agent()).prop_map(|(talk, agent)| Deed::Take { talk, agent }),
        4 => (any_by(), BACK).prop_map(|(by, talk)| Deed::Send { by, talk }),
        3 => (any_by(), BACK, agent()).prop_map(|(by, talk, agent)| Deed::ToAgent { by, talk, agent }),
        4 => (any_by(), BACK, campaign()).prop_map(|(by, talk, campaign)| Deed::ToCampaign { by, talk, campaign }),
        4 => (any_by(), BACK).prop_map(|(by, talk)| Deed::Finish { by, talk }),
        // Of few, so that several contacts share one.
        5 => (contact(), campaign(), 0..2_usize, prop::option::weighted(0.3, 0..40_u64)).prop_map(
            |(contact, campaign, agent, seconds)| Deed::SetExclusive { contact, campaign, agent, seconds }
        ),
        1 => (contact(), campaign()).prop_map(|(contact, campaign)| Deed::RemoveExclusive { contact, campaign }),
        1 => BACK.prop_map(|talk| Deed::EndWait { talk }),
        4 => BACK.prop_map(|message| Deed::Begin { message }),
        4 => (BACK, prop::bool::weighted(0.1), 0..5_u8)
            .prop_map(|(message, late, result)| Deed::End { message, late, result }),
        2 => (any_by(), BACK).prop_map(|(by, message)| Deed::Resend { by, message }),
        1 => (any_by(), BACK, any::<bool>()).prop_map(|(by, message, sent)| Deed::Settle { by, message, sent }),
        8 => (receipt, status, prop::bool::weighted(0.1)).prop_map(
            |((message, sends_ago, ours, theirs), status, astray)| {
                Deed::Receipt { message, sends_ago, ours, theirs, status, astray }
            }
        ),
    ]
}

pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![6 => Just(0), 10 => 1..4_u64, 3 => 10..70_u64];
    (seconds, any_deed()).prop_map(|(seconds, deed)| Step { seconds, deed })
}

/// Counted back from the last, if there are any.
fn back<T: Copy>(all: &[T], index: usize) -> Option<T> {
    let index = index % all.len().max(1);
    all.iter().rev().nth(index).copied()
}

fn bits<T>(mask: u8, of: usize, item: impl Fn(usize) -> T) -> Vec<T> {
    (0..of).filter(|i| mask & (1 << i) != 0).map(item).collect()
}

impl Step {
    pub(super) fn after(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// What it means now; nothing if there is no such conversation or message yet.
    pub(super) fn resolve(&self, reference: &Reference) -> Option<(Actor, Command, Option<CommandId>)> {
        let talks: Vec<ConversationId> = reference.talks.iter().map(|talk| talk.id).collect();
        let open: Vec<ConversationId> = reference.open().map(|talk| talk.id).collect();
        let talk = |index: &usize| {
            let among = if *index < FINISHED_TOO { &open } else { &talks };
            back(among, *index)
        };
        let by = |by: &By, conversation| match by {
            By::Holder => reference.holder(conversation).map_or(Actor::Administrator, Actor::Agent),
            By::Agent(index) => Actor::Agent(centre::agent(*index)),
            By::Administrator => Actor::Administrator,
        };
        let anybody = |by: &By| match by {
            By::Agent(index) => Actor::Agent(centre::agent(*index)),
            By::Holder | By::Administrator => Actor::Administrator,
        };
        let messages: Vec<MessageId> = reference.messages.all.keys().copied().collect();
        let message = |index: &usize| {
            let id = back(&messages, *index)?;
            Some((id, &reference.messages.all[&id]))
        };
        let plain = |actor, command| Some((actor, command, None));
        match &self.deed {
            Deed::Presence { agent, presence } => {
                let agent = centre::agent(*agent);
                let presence = match presence {
                    0 | 1 => Presence::Online,
                    2 => Presence::Away { reason: "lunch".into() },
                    _ => Presence::Offline,
                };
                plain(Actor::Agent(agent.clone()), Command::ChangePresence { agent, presence })
            }
            Deed::Redefine { agent, campaigns, channels, capacity, skills, twice, auditor } => {
                let agent = centre::agent(*agent);
                let mut campaigns = bits(*campaigns, CAMPAIGNS.len(), centre::campaign);
                if *twice {
                    campaigns.extend(campaigns.clone());
                }
                let definition = AgentDefined {
                    name: "redefined".into(),
                    role: if *auditor { Role::Auditor } else { centre::role(&agent) },
                    campaigns,
                    channels: bits(*channels, CHANNELS.len(), centre::channel),
                    capacity: capacity.0,
                    capacity_of: capacity.1.map(|most| (ChannelKind::Whatsapp, most)).into_iter().collect(),
                    skills: centre::skills(skills.0, skills.1),
                    may_set_exclusive: true,
                    agent,
                };
                plain(Actor::Administrator, Command::DefineAgent(definition))
            }
            Deed::OfferTransfer { by: who, talk: index, agent } => {
                let (conversation, agent) = (talk(index)?, centre::agent(*agent));
                let note = "knows it".to_owned();
                plain(by(who, conversation), Command::OfferTransfer { conversation, agent, note })
            }
            Deed::WithdrawTransfer { by: who, talk: index } => {
                let conversation = talk(index)?;
                plain(by(who, conversation), Command::WithdrawTransfer { conversation })
            }
            Deed::TakeOver { by: who, talk: index } => {
                let conversation = talk(index)?;
                plain(by(who, conversation), Command::TakeOver { conversation })
            }
            Deed::GiveBack { by: who, talk: index } => {
                let conversation = talk(index)?;
                plain(by(who, conversation), Command::GiveBack { conversation })
            }
            Deed::EndAfterWork { talk: index, agent } => {
                let agent = centre::agent(*agent);
                let after_work = &reference.people.get(&agent)?.after_work;
                let conversation = after_work.first().map(|(id, _)| *id).or(talk(index))?;
                plain(Actor::Agent(agent.clone()), Command::EndAfterWork { conversation, agent })
            }
            Deed::Connection { agent, is_connected } => {
                let (agent, is_connected) = (centre::agent(*agent), *is_connected);
                plain(Actor::System, Command::ReportConnection { agent, is_connected })
            }
            Deed::Answer { talk: index, by, accept } => {
                let conversation = talk(index)?;
                let agent = by.map(centre::agent).or_else(|| {
                    reference.offered_to(conversation).or(reference.talk(conversation).and_then(whom))
                })?;
                let command = if *accept {
                    Command::AcceptOffer { conversation }
                } else {
                    Command::DeclineOffer { conversation }
                };
                plain(Actor::Agent(agent), command)
            }
            Deed::Reroute { campaign, policy, skills, priority, offers, overflow } => {
                let others = overflow.filter(|to| campaign_shares(*to, *campaign));
                let overflow = others.map(|to| Overflow { after_seconds: 5, campaign: centre::campaign(to) });
                let skills = centre::skills(*skills, 1);
                let offer_seconds = offers.then_some(3);
                let routing =
                    Routing { policy: *policy, skills, priority: *priority, offer_seconds, overflow };
                let timing = reference.timing_of(&centre::campaign(*campaign));
                let campaign = CampaignDefined { timing, ..centre::campaign_routing(*campaign, routing) };
                plain(Actor::Administrator, Command::DefineCampaign(campaign))
            }
            Deed::Retime { campaign, inactivity, has_level, has_hours } => {
                let routing = reference.routing_of(&centre::campaign(*campaign));
                let timing = timing(*inactivity, *has_level, *has_hours);
                let campaign = CampaignDefined { timing, ..centre::campaign_routing(*campaign, routing) };
                plain(Actor::Administrator, Command::DefineCampaign(campaign))
            }
            Deed::SetNeeds { by: who, talk: index, skills, priority } => {
                let conversation = talk(index)?;
                let needs = Needs { skills: centre::skills(skills.0, skills.1), priority: *priority };
                plain(by(who, conversation), Command::SetNeeds { conversation, needs })
            }
            Deed::Write { contact, also, channel } => {
                // The writer takes none twice.
                let count = reference.taken;
                let channel = centre::channel(*channel);
                let provider_id = format!("in-{count}-{contact}-{}", self.seconds);
                let id = CommandId::of_inbound(&centre::workspace(), &channel, &provider_id);
                let message = InboundMessage {
                    channel: channel.clone(),
                    contact: centre::contact(*contact),
                    identity: centre::identity(*contact),
                    also: also.iter().map(|id| (centre::contact(*id), centre::identity(*id))).collect(),
                    profile_name: None,
                    provider_id,
                    content: Content::Text("hello".into()),
                    written_at: centre::opening(),
                };
                Some((Actor::Channel(channel), Command::ReceiveMessage(message), Some(id)))
            }
            Deed::Merge { by, contact, other } => {
                let (contact, other) = (centre::contact(*contact), centre::contact(*other));
                plain(anybody(by), Command::MergeContacts { contact, other })
            }
            Deed::ChangeIdentity { channel, from, to } => {
                let known = |index: usize| (centre::contact(index), centre::identity(index));
                let channel = centre::channel(*channel);
                let actor = Actor::Channel(channel.clone());
                let change = IdentityChange { channel, from: known(*from), to: known(*to), also: Vec::new() };
                plain(actor, Command::ChangeIdentity(change))
            }
            Deed::WriteDown { by, contact } => {
                let contact = centre::contact(*contact);
                plain(anybody(by), Command::AddContactNote { contact, text: "calls on Mondays".into() })
            }
            Deed::Assign { by: who, talk: index, agent } => {
                let conversation = talk(index)?;
                let agent = centre::agent(*agent);
                plain(by(who, conversation), Command::Assign { conversation, agent })
            }
            Deed::Take { talk: index, agent } => {
                let conversation = talk(index)?;
                let agent = centre::agent(*agent);
                plain(Actor::Agent(agent.clone()), Command::Assign { conversation, agent })
            }
            Deed::Send { by: who, talk: index } => {
                let conversation = talk(index)?;
                let number = (messages.len() as u128 + 1).to_be_bytes();
                let content = Content::Text("hello".into());
                let send = Command::Send { conversation, content };
                Some((by(who, conversation), send, Some(CommandId::from_bytes(number))))
            }
            Deed::ToAgent { by: who, talk: index, agent } => {
                let conversation = talk(index)?;
                let to = TransferTarget::Agent(centre::agent(*agent));
                let note = "asks for them".into();
                plain(by(who, conversation), Command::Transfer { conversation, to, note })
            }
            Deed::ToCampaign { by: who, talk: index, campaign } => {
                let conversation = talk(index)?;
                let to = TransferTarget::Campaign(centre::campaign(*campaign));
                let note = "asks for it".into();
                plain(by(who, conversation), Command::Transfer { conversation, to, note })
            }
            Deed::Finish { by: who, talk: index } => {
                let conversation = talk(index)?;
                let disposition = centre::disposition();
                let finish = Command::Finish { conversation, disposition, sub_disposition: None };
                plain(by(who, conversation), finish)
            }
            Deed::SetExclusive { contact, campaign, agent, seconds } => {
                let (contact, campaign) = (centre::contact(*contact), centre::campaign(*campaign));
                let agent = centre::agent(*agent);
                let until = seconds.map(|seconds| reference.now().plus(Duration::from_secs(seconds)));
                plain(Actor::Administrator, Command::SetExclusiveAgent { contact, campaign, agent, until })
            }
            Deed::RemoveExclusive { contact, campaign } => {
                let (contact, campaign) = (centre::contact(*contact), centre::campaign(*campaign));
                plain(Actor::Administrator, Command::RemoveExclusiveAgent { contact, campaign })
            }
            Deed::EndWait { talk: index } => {
                let conversation = talk(index)?;
                plain(Actor::System, Command::PassDeadline(Due::Conversation(conversation)))
            }
            Deed::Begin { message: index } => {
                let (message, _) = message(index)?;
                plain(Actor::System, Command::BeginAttempt { message })
            }
            Deed::End { message: index, late, result } => {
                let (message, known) = message(index)?;
                let error = DeliveryError { code: 1, detail: "no".into() };
                let result = match result {
                    0 | 1 => AttemptResult::Accepted { provider_id: name(message, known.resends) },
                    2 => AttemptResult::Deferred { error, retry_at: centre::opening() },
                    3 => AttemptResult::Failed { error },
                    _ => AttemptResult::Unknown,
                };
                let attempt = known.attempts.saturating_sub(u16::from(*late));
                plain(Actor::System, Command::EndAttempt { message, attempt, result })
            }
            Deed::Resend { by: who, message: index } => {
                let (message, known) = message(index)?;
                let conversation = known.conversation;
                plain(by(who, conversation), Command::Resend { conversation, message })
            }
            Deed::Settle { by: who, message: index, sent } => {
                let (message, known) = message(index)?;
                let conversation = known.conversation;
                let status = if *sent { DeliveryStatus::Sent } else { DeliveryStatus::Failed };
                plain(by(who, conversation), Command::Settle { conversation, message, status })
            }
            Deed::Receipt { message: index, sends_ago, ours, theirs, status, astray } => {
                let (message, known) = message(index)?;
                let send = known.resends.saturating_sub(*sends_ago);
                let other = (0..CHANNELS.len()).map(centre::channel).find(|id| *id != known.channel);
                let channel = other.filter(|_| *astray).unwrap_or_else(|| known.channel.clone());
                let receipt = Receipt {
                    channel: channel.clone(),
                    message: ours.then_some(message),
                    provider_id: theirs.then(|| name(message, send)),
                    status: *status,
                    reported_at: centre::opening(),
                    error: None,
                };
                plain(Actor::Channel(channel), Command::RecordReceipt(receipt))
            }
        }
    }
}

/// Whether the first can take what overflows from the second.
fn campaign_shares(to: usize, from: usize) -> bool {
    let channels = |index: usize| CAMPAIGNS[index].1;
    to != from && channels(from).iter().all(|channel| channels(to).contains(channel))
}

/// The network's id for one send of a message.
fn name(message: MessageId, send: u16) -> String {
    format!("{message}/{send}")
}
