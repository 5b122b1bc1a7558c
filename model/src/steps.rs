//! Random steps of a day. A step holds small numbers; what they mean is looked up when it is taken, so that a
//! shortened day still makes sense.

use std::time::Duration;

use proptest::prelude::*;
use schemas::command::{AttemptResult, Due, IdentityChange, InboundMessage, Receipt};
use schemas::event::{AgentDefined, CampaignDefined, ChannelDefined, NoteKind, SettingsDefined};
use schemas::{
    Absence, Actor, AgentId, ChannelId, ChannelKind, Command, CommandId, Content, ConversationId,
    DeliveryError, DeliveryStatus, ExclusiveWait, FieldSet, MessageId, Needs, Overflow, Presence, Role,
    Routing, RoutingPolicy, TransferTarget,
};

use crate::centre::{self, AGENTS, CAMPAIGNS, CHANNELS, CONTACTS, DISPOSITIONS};
use crate::questions::whom;
use crate::reference::{Place, Reference, Talk};
use crate::spoil::spoil;
use crate::timing::timing;

/// Who acts.
#[derive(Debug, Clone)]
pub(crate) enum By {
    /// Whoever has the conversation.
    Holder,
    Agent(usize),
    Administrator,
}

#[derive(Debug, Clone)]
pub(crate) enum Deed {
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
        may_set_exclusive: bool,
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
        /// Seconds of work after a conversation, and of the wait for an exclusive agent.
        waits: (u32, Option<u32>),
        exclusive_days: Option<u16>,
        absence: Absence,
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
        also: Option<usize>,
    },
    WriteDown {
        by: By,
        contact: usize,
    },
    Update {
        by: By,
        contact: usize,
        field: usize,
        is_emptied: bool,
    },
    Text {
        text: usize,
        campaign: usize,
        shortcut: Option<usize>,
    },
    RemoveText {
        text: usize,
    },
    Note {
        by: By,
        talk: usize,
        is_coaching: bool,
    },
    Create,
    Client {
        name: usize,
    },
    Project {
        name: usize,
    },
    Channel {
        channel: usize,
        entry: Option<usize>,
    },
    Disposition {
        disposition: usize,
        parent: Option<usize>,
    },
    Settings {
        grace_seconds: u32,
        reasons: usize,
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
        disposition: usize,
        sub: Option<usize>,
    },
    SetExclusive {
        by: By,
        contact: usize,
        campaign: usize,
        agent: usize,
        seconds: Option<u64>,
    },
    RemoveExclusive {
        by: By,
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
pub struct Step {
    seconds: u64,
    deed: Deed,
    /// Somebody else than one would think.
    stranger: Option<Stranger>,
    /// With something wrong in it, such as this.
    spoilt: Option<(u8, u8)>,
}

/// Who asks, whatever for.
#[derive(Debug, Clone)]
enum Stranger {
    Agent(usize),
    Administrator,
    System,
    Channel(usize),
    Nobody,
}

/// The number of the channel that no campaign works on.
const SPARE_CHANNEL: usize = CHANNELS.len();
/// New contacts come and the others are heard of no more after so many commands, or all would be one in a long day.
const HEARD_OF: u64 = 250;
const TEXTS: usize = 3;
const SHORTCUTS: [&str; 2] = ["hi", "bye"];
/// The latest are the most often meant: this counts back from the last.
const BACK: std::ops::Range<usize> = 0..12;
/// From here on, the finished conversations count too.
const FINISHED_TOO: usize = 11;

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
    let (campaigns, channels) =
        (prop_oneof![2 => Just(7), 1 => 0..8_u8], prop_oneof![2 => Just(3), 1 => 0..4_u8]);
    let capacity = (prop_oneof![3 => 2..4_u16, 1 => 0..2_u16], prop::option::weighted(0.3, 0..2_u16));
    let skills = || (0..4_u8, 1..3_u8);
    let channels_too = prop_oneof![9 => 0..CHANNELS.len(), 1 => Just(SPARE_CHANNEL)];
    // Where new conversations come.
    let busy = prop_oneof![2 => Just(0), 1 => campaign()];
    let few_skills = prop_oneof![3 => Just(0), 1 => 0..4_u8];
    let policy = prop_oneof![
        2 => Just(RoutingPolicy::MostRoom),
        2 => Just(RoutingPolicy::LongestIdle),
        2 => Just(RoutingPolicy::RoundRobin),
        1 => Just(RoutingPolicy::Manual),
    ];
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.05), prop::bool::weighted(0.7));
    let waits =
        (prop::sample::select(vec![0, 10]), prop::option::weighted(0.7, prop::sample::select(vec![0, 20])));
    let absences = prop::sample::select(vec![Absence::Keep, Absence::Queue, Absence::ExclusiveWait]);
    let other = (waits, prop::option::weighted(0.1, 1..3_u16), absences);
    let disposition = prop_oneof![6 => Just(0), 2 => Just(1), 1 => Just(2)];
    let sub = prop::option::weighted(0.2, 1..DISPOSITIONS.len());
    prop_oneof![
        1 => configuration(),
        1 => about_contacts(),
        2 => (any_by(), BACK, prop::bool::weighted(0.2))
            .prop_map(|(by, talk, is_coaching)| Deed::Note { by, talk, is_coaching }),
        5 => (agent(), 0..6_u8).prop_map(|(agent, presence)| Deed::Presence { agent, presence }),
        2 => (agent(), campaigns, channels, capacity, skills(), flags).prop_map(
            |(agent, campaigns, channels, capacity, skills, (twice, auditor, may_set_exclusive))| {
                Deed::Redefine {
                    agent, campaigns, channels, capacity, skills, twice, auditor, may_set_exclusive,
                }
            }
        ),
        4 => (any_by(), BACK, agent()).prop_map(|(by, talk, agent)| Deed::OfferTransfer { by, talk, agent }),
        1 => (any_by(), BACK).prop_map(|(by, talk)| Deed::WithdrawTransfer { by, talk }),
        4 => (supervisor(), BACK).prop_map(|(by, talk)| Deed::TakeOver { by, talk }),
        2 => (supervisor(), BACK).prop_map(|(by, talk)| Deed::GiveBack { by, talk }),
        2 => (0..4_usize, agent()).prop_map(|(talk, agent)| Deed::EndAfterWork { talk, agent }),
        3 => (agent(), any::<bool>())
            .prop_map(|(agent, is_connected)| Deed::Connection { agent, is_connected }),
        4 => (BACK, prop::option::weighted(0.2, agent()), any::<bool>())
            .prop_map(|(talk, by, accept)| Deed::Answer { talk, by, accept }),
        3 => ((campaign(), policy, few_skills, 0..3_u8), (any::<bool>(), prop::option::of(campaign())), other)
            .prop_map(|((campaign, policy, skills, priority), (offers, overflow), other)| {
                let (waits, exclusive_days, absence) = other;
                Deed::Reroute {
                    campaign, policy, skills, priority, offers, overflow, waits, exclusive_days, absence,
                }
            }),
        5 => (busy, prop::option::weighted(0.8, any::<bool>()), any::<bool>(), any::<bool>()).prop_map(
            |(campaign, inactivity, has_level, has_hours)| {
                Deed::Retime { campaign, inactivity, has_level, has_hours }
            }
        ),
        2 => (any_by(), BACK, skills(), prop::option::of(0..3_u8))
            .prop_map(|(by, talk, skills, priority)| Deed::SetNeeds { by, talk, skills, priority }),
        8 => (contact(), prop::option::weighted(0.08, contact()), channels_too)
            .prop_map(|(contact, also, channel)| Deed::Write { contact, also, channel }),
        1 => (any_by(), contact(), contact())
            .prop_map(|(by, contact, other)| Deed::Merge { by, contact, other }),
        1 => (0..CHANNELS.len(), contact(), contact(), prop::option::weighted(0.1, contact()))
            .prop_map(|(channel, from, to, also)| Deed::ChangeIdentity { channel, from, to, also }),
        4 => (prop_oneof![Just(By::Administrator), any_by()], BACK, agent())
            .prop_map(|(by, talk, agent)| Deed::Assign { by, talk, agent }),
        2 => (BACK, agent()).prop_map(|(talk, agent)| Deed::Take { talk, agent }),
        4 => (any_by(), BACK).prop_map(|(by, talk)| Deed::Send { by, talk }),
        3 => (any_by(), BACK, agent()).prop_map(|(by, talk, agent)| Deed::ToAgent { by, talk, agent }),
        4 => (any_by(), BACK, campaign()).prop_map(|(by, talk, campaign)| Deed::ToCampaign { by, talk, campaign }),
        4 => (any_by(), BACK, disposition, sub).prop_map(
            |(by, talk, disposition, sub)| Deed::Finish { by, talk, disposition, sub }
        ),
        // Of few, so that several contacts share one.
        5 => (who(), contact(), campaign(), 0..2_usize, prop::option::weighted(0.3, 0..40_u64)).prop_map(
            |(by, contact, campaign, agent, seconds)| Deed::SetExclusive { by, contact, campaign, agent, seconds }
        ),
        1 => (who(), contact(), campaign())
            .prop_map(|(by, contact, campaign)| Deed::RemoveExclusive { by, contact, campaign }),
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

/// What is written down of contacts.
fn about_contacts() -> impl Strategy<Value = Deed> {
    let contact = || 0..CONTACTS;
    prop_oneof![
        1 => (any_by(), contact()).prop_map(|(by, contact)| Deed::WriteDown { by, contact }),
        2 => (any_by(), contact(), 0..8_usize, prop::bool::weighted(0.2))
            .prop_map(|(by, contact, field, is_emptied)| Deed::Update { by, contact, field, is_emptied }),
    ]
}

/// Rarely, for each of these may stand in the way of much else.
fn configuration() -> impl Strategy<Value = Deed> {
    let channel = (0..=SPARE_CHANNEL, prop::option::of(0..CAMPAIGNS.len()));
    let disposition = (0..DISPOSITIONS.len(), prop::option::weighted(0.3, 0..DISPOSITIONS.len()));
    let settings = (prop::sample::select(vec![2, 30]), 0..4_usize);
    let text = (0..TEXTS, 0..CAMPAIGNS.len(), prop::option::weighted(0.7, 0..2_usize));
    prop_oneof![
        1 => Just(Deed::Create),
        1 => (0..2_usize).prop_map(|name| Deed::Client { name }),
        1 => (0..2_usize).prop_map(|name| Deed::Project { name }),
        2 => channel.prop_map(|(channel, entry)| Deed::Channel { channel, entry }),
        2 => disposition.prop_map(|(disposition, parent)| Deed::Disposition { disposition, parent }),
        2 => settings.prop_map(|(grace_seconds, reasons)| Deed::Settings { grace_seconds, reasons }),
        2 => text.prop_map(|(text, campaign, shortcut)| Deed::Text { text, campaign, shortcut }),
        1 => (0..TEXTS).prop_map(|text| Deed::RemoveText { text }),
    ]
}

/// The administrator, mostly.
fn who() -> impl Strategy<Value = By> {
    prop_oneof![3 => Just(By::Administrator), 1 => (0..AGENTS.len()).prop_map(By::Agent)]
}

fn any_stranger() -> impl Strategy<Value = Stranger> {
    prop_oneof![
        2 => (0..AGENTS.len()).prop_map(Stranger::Agent),
        1 => Just(Stranger::Administrator),
        1 => Just(Stranger::System),
        1 => (0..CHANNELS.len()).prop_map(Stranger::Channel),
        1 => Just(Stranger::Nobody),
    ]
}

/// Something that is asked, some time after the step before.
pub fn any_step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![6 => Just(0), 10 => 1..4_u64, 3 => 10..70_u64];
    let stranger = prop::option::weighted(0.04, any_stranger());
    let spoilt = prop::option::weighted(0.06, (0..6_u8, 0..6_u8));
    (seconds, any_deed(), stranger, spoilt).prop_map(|(seconds, deed, stranger, spoilt)| Step {
        seconds,
        deed,
        stranger,
        spoilt,
    })
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
    pub fn after(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// What it means now, as the command with this number, which no other must have; nothing if there is no such
    /// conversation or message yet.
    pub fn resolve(&self, reference: &Reference, number: u64) -> Option<(Actor, Command, CommandId)> {
        let (actor, command) = self.meant(reference, number)?;
        let actor = match &self.stranger {
            None => actor,
            Some(Stranger::Agent(index)) => Actor::Agent(centre::agent(*index)),
            Some(Stranger::Administrator) => Actor::Administrator,
            Some(Stranger::System) => Actor::System,
            Some(Stranger::Channel(index)) => Actor::Channel(centre::channel(*index)),
            Some(Stranger::Nobody) => Actor::Agent(AgentId::new("nobody").expect("a good id")),
        };
        let command = match self.spoilt {
            Some(how) => spoil(command, how),
            None => command,
        };
        let id = match &command {
            Command::ReceiveMessage(message) => {
                CommandId::of_inbound(&centre::workspace(), &message.channel, &message.provider_id)
            }
            // In the order in which they are sent, so that the last one is the latest.
            Command::Send { .. } => CommandId::from_bytes(u128::from(number).to_be_bytes()),
            _ => CommandId::of_step(&centre::workspace(), "model", &[], number),
        };
        Some((actor, command, id))
    }

    fn meant(&self, reference: &Reference, number: u64) -> Option<(Actor, Command)> {
        let finished: Vec<ConversationId> = reference.finished.iter().map(|talk| talk.id).collect();
        let open: Vec<ConversationId> = reference.open().map(|talk| talk.id).collect();
        let talk = |index: &usize| {
            let among = if *index < FINISHED_TOO { &open } else { &finished };
            back(among, *index)
        };
        // Mostly one of which this is true.
        let talk_that = |index: &usize, fits: &dyn Fn(&Talk) -> bool| {
            let fitting: Vec<ConversationId> =
                reference.open().filter(|talk| fits(talk)).map(|talk| talk.id).collect();
            if *index % 4 == 3 || fitting.is_empty() { talk(index) } else { back(&fitting, *index) }
        };
        let is_held = |talk: &Talk| matches!(talk.place, Place::With { .. });
        let by = |by: &By, conversation| match by {
            By::Holder => reference.holder(conversation).map_or(Actor::Administrator, Actor::Agent),
            By::Agent(index) => Actor::Agent(centre::agent(*index)),
            By::Administrator => Actor::Administrator,
        };
        let of_now = |index: &usize| index + CONTACTS * (number / HEARD_OF) as usize;
        let contact = |index: &usize| centre::contact(of_now(index));
        let known = |index: &usize| (contact(index), centre::identity(of_now(index)));
        let message = |index: &usize| {
            let id = back(&reference.messages.sent, *index)?;
            Some((id, &reference.messages.all[&id]))
        };
        let plain = |actor, command| Some((actor, command));
        let one = |by: &By| match by {
            By::Holder | By::Administrator => Actor::Administrator,
            By::Agent(index) => Actor::Agent(centre::agent(*index)),
        };
        let define = |command| plain(Actor::Administrator, command);
        let called = |index: &usize| ["One", "Another"][*index];
        match &self.deed {
            Deed::Create => plain(Actor::System, centre::creation()),
            Deed::Client { name: index } => define(Command::DefineClient(centre::client(called(index)))),
            Deed::Project { name: index } => define(Command::DefineProject(centre::project(called(index)))),
            Deed::Channel { channel, entry } => {
                let entry = entry.map(centre::campaign);
                define(Command::DefineChannel(if *channel == SPARE_CHANNEL {
                    let (channel, address) = (spare(), "elsewhere".to_owned());
                    ChannelDefined { channel, address, ..centre::channel_entering(0, entry) }
                } else {
                    centre::channel_entering(*channel, entry)
                }))
            }
            Deed::Disposition { disposition, parent } => {
                // The first one always can be chosen.
                let parent = parent.filter(|_| *disposition != 0);
                define(Command::DefineDisposition(centre::disposition_under(*disposition, parent)))
            }
            Deed::Settings { grace_seconds, reasons } => {
                let mut settings = SettingsDefined { grace_seconds: *grace_seconds, ..Default::default() };
                settings.away_reasons.truncate(*reasons);
                define(Command::DefineSettings(settings))
            }
            Deed::Note { by: who, talk: index, is_coaching } => {
                let conversation = talk(index)?;
                let kind = if *is_coaching { NoteKind::Coaching } else { NoteKind::Note };
                let note = Command::AddNote { conversation, text: "noted".into(), kind };
                plain(by(who, conversation), note)
            }
            Deed::Presence { agent, presence } => {
                let agent = centre::agent(*agent);
                let presence = match presence {
                    0..4 => Presence::Online,
                    4 => Presence::Away { reason: "lunch".into() },
                    _ => Presence::Offline,
                };
                plain(Actor::Agent(agent.clone()), Command::ChangePresence { agent, presence })
            }
            Deed::Redefine {
                agent,
                campaigns,
                channels,
                capacity,
                skills,
                twice,
                auditor,
                may_set_exclusive,
            } => {
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
                    may_set_exclusive: *may_set_exclusive,
                    agent,
                };
                plain(Actor::Administrator, Command::DefineAgent(definition))
            }
            Deed::OfferTransfer { by: who, talk: index, agent } => {
                let is_free = |talk: &Talk| is_held(talk) && talk.asked.is_none();
                let (conversation, agent) = (talk_that(index, &is_free)?, centre::agent(*agent));
                let note = "knows it".to_owned();
                plain(by(who, conversation), Command::OfferTransfer { conversation, agent, note })
            }
            Deed::WithdrawTransfer { by: who, talk: index } => {
                let conversation = talk_that(index, &|talk| talk.asked.is_some())?;
                plain(by(who, conversation), Command::WithdrawTransfer { conversation })
            }
            Deed::TakeOver { by: who, talk: index } => {
                let conversation = talk_that(index, &|talk| is_held(talk) && talk.taken_from.is_none())?;
                plain(by(who, conversation), Command::TakeOver { conversation })
            }
            Deed::GiveBack { by: who, talk: index } => {
                let conversation = talk_that(index, &|talk| talk.taken_from.is_some())?;
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
                let is_asked =
                    |talk: &Talk| matches!(talk.place, Place::Offered { .. }) || talk.asked.is_some();
                let conversation = talk_that(index, &is_asked)?;
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
            Deed::Reroute {
                campaign,
                policy,
                skills,
                priority,
                offers,
                overflow,
                waits: (after_work_seconds, exclusive_seconds),
                exclusive_days,
                absence,
            } => {
                let others = overflow.filter(|to| campaign_shares(*to, *campaign));
                let overflow = others.map(|to| Overflow { after_seconds: 5, campaign: centre::campaign(to) });
                let skills = centre::skills(*skills, 1);
                let offer_seconds = offers.then_some(3);
                let routing =
                    Routing { policy: *policy, skills, priority: *priority, offer_seconds, overflow };
                let wait = |seconds| ExclusiveWait::Seconds(seconds);
                let before = reference.campaign(&centre::campaign(*campaign));
                let campaign = CampaignDefined {
                    after_work_seconds: *after_work_seconds,
                    exclusive_wait: exclusive_seconds.map_or(ExclusiveWait::Forever, wait),
                    exclusive_days: *exclusive_days,
                    absence: *absence,
                    timing: before.map(|before| before.timing.clone()).unwrap_or_default(),
                    ..centre::campaign_routing(*campaign, routing)
                };
                plain(Actor::Administrator, Command::DefineCampaign(campaign))
            }
            Deed::Retime { campaign, inactivity, has_level, has_hours } => {
                let timing = timing(*inactivity, *has_level, *has_hours);
                let before = reference.campaign(&centre::campaign(*campaign))?;
                let campaign = CampaignDefined { timing, ..before.clone() };
                plain(Actor::Administrator, Command::DefineCampaign(campaign))
            }
            Deed::SetNeeds { by: who, talk: index, skills, priority } => {
                let conversation = talk(index)?;
                let needs = Needs { skills: centre::skills(skills.0, skills.1), priority: *priority };
                plain(by(who, conversation), Command::SetNeeds { conversation, needs })
            }
            Deed::Write { contact: from, also, channel } => {
                let channel = if *channel == SPARE_CHANNEL { spare() } else { centre::channel(*channel) };
                let provider_id = format!("in-{number}");
                let message = InboundMessage {
                    channel: channel.clone(),
                    contact: contact(from),
                    identity: centre::identity(of_now(from)),
                    also: also.iter().map(known).collect(),
                    profile_name: None,
                    provider_id,
                    content: Content::Text("hello".into()),
                    written_at: centre::opening(),
                };
                plain(Actor::Channel(channel), Command::ReceiveMessage(message))
            }
            Deed::Merge { by: who, contact: one_of, other } => {
                let (contact, other) = (contact(one_of), contact(other));
                plain(one(who), Command::MergeContacts { contact, other })
            }
            Deed::ChangeIdentity { channel, from, to, also } => {
                let channel = centre::channel(*channel);
                let actor = Actor::Channel(channel.clone());
                let also = also.iter().map(known).collect();
                let change = IdentityChange { channel, from: known(from), to: known(to), also };
                plain(actor, Command::ChangeIdentity(change))
            }
            Deed::WriteDown { by: who, contact: of } => {
                let (contact, text) = (contact(of), "calls on Mondays".into());
                plain(one(who), Command::AddContactNote { contact, text })
            }
            Deed::Update { by: who, contact: of, field, is_emptied } => {
                let (field, value) = centre::field(*field);
                let value = Some(value.to_owned()).filter(|_| !is_emptied);
                let (contact, set) = (contact(of), vec![FieldSet { field, value }]);
                plain(one(who), Command::UpdateContact { contact, set })
            }
            Deed::Text { text, campaign, shortcut } => {
                let shortcut = shortcut.map(|shortcut| SHORTCUTS[shortcut]);
                define(Command::DefineText(centre::text(*text, centre::campaign(*campaign), shortcut)))
            }
            Deed::RemoveText { text } => {
                define(Command::RemoveText(centre::text(*text, centre::campaign(0), None).text))
            }
            Deed::Assign { by: who, talk: index, agent } => {
                let conversation = talk(index)?;
                let agent = centre::agent(*agent);
                plain(by(who, conversation), Command::Assign { conversation, agent })
            }
            Deed::Take { talk: index, agent } => {
                let conversation = talk_that(index, &|talk| matches!(talk.place, Place::Waiting { .. }))?;
                let agent = centre::agent(*agent);
                plain(Actor::Agent(agent.clone()), Command::Assign { conversation, agent })
            }
            Deed::Send { by: who, talk: index } => {
                let conversation = talk_that(index, &is_held)?;
                let content = Content::Text("hello".into());
                plain(by(who, conversation), Command::Send { conversation, content })
            }
            Deed::ToAgent { by: who, talk: index, agent } => {
                let conversation = talk_that(index, &is_held)?;
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
            Deed::Finish { by: who, talk: index, disposition, sub } => {
                let conversation = talk_that(index, &is_held)?;
                let disposition = centre::disposition(*disposition);
                let sub_disposition = sub.map(centre::disposition);
                let finish = Command::Finish { conversation, disposition, sub_disposition };
                plain(by(who, conversation), finish)
            }
            Deed::SetExclusive { by: who, contact: of, campaign, agent, seconds } => {
                let (contact, campaign) = (contact(of), centre::campaign(*campaign));
                let agent = centre::agent(*agent);
                let until = seconds.map(|seconds| reference.now().plus(Duration::from_secs(seconds)));
                plain(one(who), Command::SetExclusiveAgent { contact, campaign, agent, until })
            }
            Deed::RemoveExclusive { by: who, contact: of, campaign } => {
                let (contact, campaign) = (contact(of), centre::campaign(*campaign));
                plain(one(who), Command::RemoveExclusiveAgent { contact, campaign })
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

/// A channel that no campaign works on.
fn spare() -> ChannelId {
    ChannelId::new("three").expect("a good id")
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
