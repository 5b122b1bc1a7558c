//! One value of every event for each variant it can hold, with fields that are easy to find in a dump. What is
//! here once stays as it is: it is what the golden files say.

use std::collections::BTreeMap;

use schemas::event::{
    AddressChanged, AfterWorkEnded, AgentConnected, AgentDefined, AgentDisconnected, AssignReason, Author,
    CampaignDefined, ChannelDefined, ClientDefined, ContactNoteAdded, ContactUpdated, ContactsMerged,
    ConversationAssigned, ConversationFinished, ConversationGivenBack, ConversationJoined,
    ConversationMerged, ConversationOffered, ConversationOpened, ConversationOverflowed, ConversationQueued,
    ConversationReleased, ConversationTakenOver, ConversationTransferred, DeliveryUpdated,
    DispositionDefined, Event, ExclusiveAgentRemoved, ExclusiveAgentSet, IdentityChanged, InactivityPutOff,
    InactivityWarned, MessageReceived, MessageResent, MessageSettled, MessageSubmitted, NeedsSet, NoteAdded,
    NoteKind, OfferEnd, OfferEnded, OverflowAt, PresenceChanged, ProjectDefined, QueueCause, QueueRouted,
    ReceiptParked, Reservation, ResponseAwaited, ResponseKind, ResponseMissed, SendAccepted, SendAttempted,
    SendDeferred, SendUncertain, SettingsDefined, SystemCause, TextDefined, TextRemoved, TransferOfferEnded,
    TransferOffered, WorkspaceCreated,
};
use schemas::frame::{Commit, CommitHeader, Frame};
use schemas::{
    Absence, Actor, AwayReason, BusinessHours, ChannelKind, CommandId, ContactField, ContactId, Content,
    ConversationId, DeliveryError, DeliveryStatus, ExclusiveWait, FieldDefinition, FieldKind, FieldSet,
    FrameId, Identity, Inactivity, MessageId, Needs, OpenHours, Overflow, Position, Presence, Role, Routing,
    RoutingPolicy, ServiceLevel, ShardId, Skills, Timestamp, Timing, TransferTarget, Weekday,
};

/// A value, as the payload of this version was read when the version was the current one.
pub(crate) struct Sample {
    /// Which of the event's variants it shows.
    pub(crate) label: &'static str,
    /// The version its golden file is written in.
    pub(crate) version: u8,
    /// What the file is read as today.
    pub(crate) event: Event,
}

fn v1(label: &'static str, event: impl Into<Event>) -> Sample {
    Sample { label, version: 1, event: event.into() }
}

/// The id of this text.
fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a good id")
}

const CONVERSATION: ConversationId = ConversationId::from_bytes([0xc0; 16]);
const CONTACT: ContactId = ContactId::from_bytes([0xca; 16]);
const INBOUND: MessageId = MessageId::from_bytes([0x1a; 16]);
const OUTBOUND: MessageId = MessageId::from_bytes([0x0b; 16]);

fn time(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_123 + seconds * 1_000)
}

fn error() -> DeliveryError {
    DeliveryError { code: 131_047, detail: "Re-engagement message".into() }
}

/// Every sample of every event and version.
pub(crate) fn samples() -> Vec<Sample> {
    let mut all = masters();
    all.extend(conversations());
    all.extend(exclusive_agents());
    all.extend(sending());
    all.extend(receipts());
    all.extend(by_the_clock());
    all.extend(contacts());
    all
}

fn masters() -> Vec<Sample> {
    let mut all = vec![
        v1("plain", WorkspaceCreated { name: "Contact centre".into() }),
        v1(
            "plain",
            ClientDefined {
                client: id("acme"),
                name: "Acme".into(),
                history_conversations: 10,
                contact_fields: [FieldKind::Text, FieldKind::Number, FieldKind::Date, FieldKind::Choice]
                    .map(declared)
                    .into(),
            },
        ),
        v1(
            "plain",
            ProjectDefined { project: id("shop"), client: id("acme"), name: "Tienda en línea".into() },
        ),
        v1("top", disposition(None)),
        v1("sub", disposition(Some("sold"))),
    ];
    all.extend([ExclusiveWait::Seconds(300), ExclusiveWait::Forever].map(campaign));
    all.extend([ChannelKind::Whatsapp, ChannelKind::Apple, ChannelKind::Webchat].map(channel));
    all.extend([Role::Agent, Role::Supervisor, Role::Administrator, Role::Auditor].map(agent));
    let away = Presence::Away { reason: "lunch".into() };
    all.extend([Presence::Online, away, Presence::Offline].map(presence));
    let reason = |text| AwayReason { id: id(text), name: format!("Reason {text}") };
    let away_reasons = vec![reason("lunch"), reason("training")];
    all.push(v1("plain", SettingsDefined { away_reasons, grace_seconds: 90 }));
    all.extend([v1("with-shortcut", a_text(Some("hello"))), v1("without", a_text(None))]);
    all.push(v1("plain", TextRemoved { text: id("greeting") }));
    all.push(v1("plain", AgentConnected { agent: id("ana") }));
    let disconnected = |until| AgentDisconnected { agent: id("ana"), until };
    all.extend([v1("waited-for", disconnected(Some(time(60)))), v1("offline", disconnected(None))]);
    let after_work = CampaignDefined {
        after_work_seconds: 60,
        exclusive_days: Some(30),
        ..a_campaign(ExclusiveWait::Forever)
    };
    all.push(v1("after-work", after_work));
    let absences = [(Absence::Keep, "keep"), (Absence::ExclusiveWait, "exclusive-wait")];
    let absent = |absence| CampaignDefined { absence, ..a_campaign(ExclusiveWait::Forever) };
    all.extend(absences.map(|(absence, label)| v1(label, absent(absence))));
    let routed = |is_partial, opens_at| QueueRouted { campaign: id("sales"), is_partial, opens_at };
    all.extend([v1("whole", routed(false, None)), v1("partial", routed(true, Some(time(600))))]);
    all.push(v1("timing", CampaignDefined { timing: timing(), ..a_campaign(ExclusiveWait::Forever) }));
    let policies = [
        (RoutingPolicy::LongestIdle, "longest-idle"),
        (RoutingPolicy::RoundRobin, "round-robin"),
        (RoutingPolicy::Manual, "manual"),
    ];
    all.extend(policies.map(|(policy, label)| v1(label, routing(policy))));
    all
}

fn timing() -> Timing {
    let weekly = vec![
        OpenHours {
            days: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri],
            from: "09:00".into(),
            to: "18:00".into(),
        },
        OpenHours { days: vec![Weekday::Sat, Weekday::Sun], from: "10:00".into(), to: "14:00".into() },
    ];
    Timing {
        inactivity: Some(Box::new(Inactivity {
            warn_after_seconds: Some(600),
            warn_text: Some("¿Sigue ahí?".into()),
            close_after_seconds: 300,
            close_text: Some("Adiós".into()),
            disposition: id("sold"),
            sub_disposition: Some(id("sold-card")),
        })),
        service_level: Some(ServiceLevel {
            first_response_seconds: Some(60),
            next_response_seconds: Some(300),
        }),
        business_hours: Some(Box::new(BusinessHours {
            time_zone: "Europe/Madrid".into(),
            weekly,
            holidays: vec!["2026-12-25".into()],
            outside_text: Some("Abrimos a las 9".into()),
        })),
    }
}

fn by_the_clock() -> Vec<Sample> {
    let (conversation, campaign) = (CONVERSATION, id("sales"));
    let awaited = |kind, due_at| ResponseAwaited { conversation, kind, due_at };
    let missed = |kind, agent| {
        let (campaign, due_at) = (id("sales"), time(60));
        ResponseMissed { conversation, kind, due_at, campaign, agent }
    };
    let put_off = |until| InactivityPutOff { conversation, until };
    let outside = ConversationQueued {
        conversation,
        campaign,
        cause: QueueCause::OutsideHours,
        since: time(4),
        priority: 0,
        reserved: None,
        overflow: None,
        opens_at: Some(time(600)),
    };
    vec![
        v1("opens-later", outside),
        v1("first", awaited(ResponseKind::First, Some(time(60)))),
        v1("no-more", awaited(ResponseKind::Next, None)),
        v1("first", missed(ResponseKind::First, None)),
        v1("next", missed(ResponseKind::Next, Some(id("ana")))),
        v1("plain", InactivityWarned { conversation, close_at: time(90) }),
        v1("until", put_off(Some(time(90)))),
        v1("for-ever", put_off(None)),
    ]
}

fn skills() -> Skills {
    Skills::from([(id("french"), 10), (id("refunds"), 1)])
}

fn routing(policy: RoutingPolicy) -> CampaignDefined {
    let overflow = Some(Overflow { after_seconds: 300, campaign: id("support") });
    let routing = Routing { policy, skills: skills(), priority: 9, offer_seconds: Some(20), overflow };
    CampaignDefined { routing, ..a_campaign(ExclusiveWait::Forever) }
}

fn disposition(parent: Option<&str>) -> DispositionDefined {
    DispositionDefined { disposition: id("sold-card"), name: "Sold, by card".into(), parent: parent.map(id) }
}

fn campaign(exclusive_wait: ExclusiveWait) -> Sample {
    let label = match exclusive_wait {
        ExclusiveWait::Seconds(_) => "seconds",
        ExclusiveWait::Forever => "forever",
    };
    v1(label, a_campaign(exclusive_wait))
}

fn a_campaign(exclusive_wait: ExclusiveWait) -> CampaignDefined {
    CampaignDefined {
        campaign: id("sales"),
        project: id("shop"),
        name: "Sales".into(),
        channels: vec![id("wa-main"), id("web")],
        dispositions: vec![id("sold"), id("solved")],
        hours_shown: 720,
        external_resources: true,
        exclusive_wait,
        exclusive_days: None,
        routing: Routing::default(),
        absence: Absence::Queue,
        after_work_seconds: 0,
        timing: Timing::default(),
    }
}

fn channel(kind: ChannelKind) -> Sample {
    let event = ChannelDefined {
        channel: id("wa-main"),
        kind,
        address: "106540352242922".into(),
        name: "Main number".into(),
        entry_campaign: matches!(kind, ChannelKind::Whatsapp).then(|| id("sales")),
        show_status: true,
    };
    v1(kind.network(), event)
}

fn agent(role: Role) -> Sample {
    let label = match role {
        Role::Agent => "agent",
        Role::Supervisor => "supervisor",
        Role::Administrator => "administrator",
        Role::Auditor => "auditor",
    };
    let event = AgentDefined {
        agent: id("ana"),
        name: "Ana María".into(),
        role,
        campaigns: vec![id("sales")],
        channels: vec![id("wa-main")],
        capacity: 300,
        capacity_of: BTreeMap::from([(ChannelKind::Whatsapp, 100), (ChannelKind::Webchat, 3)]),
        skills: skills(),
        may_set_exclusive: true,
    };
    v1(label, event)
}

fn presence(presence: Presence) -> Sample {
    let label = match presence {
        Presence::Online => "online",
        Presence::Away { .. } => "away",
        Presence::Offline => "offline",
    };
    let agent = id("ana");
    v1(label, PresenceChanged { agent, presence })
}

fn text() -> Content {
    Content::Text("¿Sigue disponible?".into())
}

fn unsupported() -> Content {
    Content::Unsupported { kind: "image".into(), raw: r#"{"type":"image","image":{"id":"1"}}"#.into() }
}

fn a_text(shortcut: Option<&str>) -> TextDefined {
    TextDefined {
        text: id("greeting"),
        campaign: id("sales"),
        name: "Greeting".into(),
        shortcut: shortcut.map(id),
        body: "Hola {contact.name|cliente}".into(),
    }
}

fn transfer_offered() -> TransferOffered {
    let (from, to, note) = (id("ana"), id("ben"), "Knows the invoices".into());
    TransferOffered { conversation: CONVERSATION, from, to, note, until: time(60) }
}

fn conversations() -> Vec<Sample> {
    let conversation = CONVERSATION;
    let mut all = vec![
        v1("named", opened(Some("Eva"))),
        v1("unnamed", opened(None)),
        v1("plain", ConversationOverflowed { conversation, from: id("sales"), to: id("support") }),
        v1("plain", NeedsSet { conversation, needs: Needs { skills: skills(), priority: Some(9) } }),
        v1("none", NeedsSet { conversation, needs: Needs::default() }),
        v1("plain", offered()),
        v1("declined", offer_ended(OfferEnd::Declined)),
        v1("timed-out", offer_ended(OfferEnd::TimedOut)),
        v1("withdrawn", offer_ended(OfferEnd::Withdrawn)),
        v1("plain", ConversationReleased { conversation, agent: id("ana") }),
        v1("plain", ConversationTakenOver { conversation, from: id("ana"), by: id("sue") }),
        v1("plain", transfer_offered()),
        v1("declined", TransferOfferEnded { conversation, to: id("ben"), cause: OfferEnd::Declined }),
        v1("plain", ConversationGivenBack { conversation, by: id("sue"), to: id("ana") }),
        v1("plain", AfterWorkEnded { conversation, agent: id("ana") }),
        v1("coaching", NoteAdded { conversation, text: "Offer a discount".into(), kind: NoteKind::Coaching }),
        v1(
            "after-work",
            ConversationFinished { after_work_until: Some(time(90)), ..finished(Some("ana"), None) },
        ),
        v1("plain", NoteAdded { conversation, text: "Wants a blue one".into(), kind: NoteKind::Note }),
        v1("with-sub", finished(Some("ana"), Some("sold-card"))),
        v1("unassigned", finished(None, None)),
        v1("to-agent", transferred(TransferTarget::Agent(id("ben")))),
        v1("to-campaign", transferred(TransferTarget::Campaign(id("support")))),
    ];
    all.extend([text(), unsupported()].map(received));
    let causes = [
        QueueCause::Opened,
        QueueCause::Transferred,
        QueueCause::Released,
        QueueCause::ExclusiveWaitOver,
        QueueCause::Overflowed,
        QueueCause::NeedsSet,
        QueueCause::NotAccepted,
        QueueCause::OutsideHours,
    ];
    all.extend(causes.map(queued));
    let until = Some(time(300));
    all.push(v1("kept", kept(until)));
    all.push(v1("kept-forever", kept(None)));
    let reasons = [
        AssignReason::Exclusive,
        AssignReason::MostRoom { with_room: 3, load: 1, capacity: 300, idle_since: time(4) },
        AssignReason::LongestIdle { with_room: 3, idle_since: time(4) },
        AssignReason::RoundRobin { with_room: 3, after: None },
        AssignReason::RoundRobin { with_room: 3, after: Some(id("ben")) },
        AssignReason::WaitedLongest { waiting_since: time(5), priority: 7, load: 299, capacity: 300 },
        AssignReason::Accepted,
        AssignReason::Picked,
        AssignReason::Given,
        AssignReason::Transferred,
    ];
    all.extend(reasons.map(assigned));
    all
}

fn offered() -> ConversationOffered {
    let reason = AssignReason::LongestIdle { with_room: 3, idle_since: time(4) };
    let (since, until) = (time(2), time(22));
    ConversationOffered { conversation: CONVERSATION, agent: id("ana"), reason, since, until }
}

fn offer_ended(cause: OfferEnd) -> OfferEnded {
    OfferEnded { conversation: CONVERSATION, agent: id("ana"), cause }
}

fn opened(profile_name: Option<&str>) -> ConversationOpened {
    ConversationOpened {
        conversation: CONVERSATION,
        contact: CONTACT,
        identity: "34600000000".into(),
        network: ChannelKind::Whatsapp,
        profile_name: profile_name.map(str::to_owned),
        channel: id("wa-main"),
        campaign: id("sales"),
    }
}

fn received(content: Content) -> Sample {
    let label = match content {
        Content::Text(_) => "text",
        Content::Unsupported { .. } => "unsupported",
    };
    let event = MessageReceived {
        conversation: CONVERSATION,
        message: INBOUND,
        provider_id: "wamid.HBgL".into(),
        content,
        written_at: time(1),
    };
    v1(label, event)
}

fn queued(cause: QueueCause) -> Sample {
    let label = match cause {
        QueueCause::Opened => "opened",
        QueueCause::Transferred => "transferred",
        QueueCause::Released => "released",
        QueueCause::ExclusiveWaitOver => "exclusive-wait-over",
        QueueCause::Overflowed => "overflowed",
        QueueCause::NeedsSet => "needs-set",
        QueueCause::NotAccepted => "not-accepted",
        QueueCause::OutsideHours => "outside-hours",
    };
    let event = ConversationQueued {
        conversation: CONVERSATION,
        campaign: id("sales"),
        cause,
        since: time(2),
        priority: 7,
        reserved: None,
        overflow: Some(OverflowAt { at: time(400), campaign: id("support") }),
        opens_at: None,
    };
    v1(label, event)
}

fn kept(until: Option<Timestamp>) -> ConversationQueued {
    ConversationQueued {
        conversation: CONVERSATION,
        campaign: id("sales"),
        cause: QueueCause::Opened,
        since: time(2),
        priority: 0,
        overflow: None,
        opens_at: None,
        reserved: Some(Reservation { agent: id("ana"), until }),
    }
}

fn assigned(reason: AssignReason) -> Sample {
    let label = match reason {
        AssignReason::Exclusive => "exclusive",
        AssignReason::MostRoom { .. } => "most-room",
        AssignReason::LongestIdle { .. } => "longest-idle",
        AssignReason::RoundRobin { after: None, .. } => "round-robin-first",
        AssignReason::RoundRobin { after: Some(_), .. } => "round-robin",
        AssignReason::WaitedLongest { .. } => "waited-longest",
        AssignReason::Accepted => "accepted",
        AssignReason::Picked => "picked",
        AssignReason::Given => "given",
        AssignReason::Transferred => "transferred",
    };
    let event = ConversationAssigned { conversation: CONVERSATION, agent: id("ana"), reason };
    v1(label, event)
}

fn transferred(to: TransferTarget) -> ConversationTransferred {
    ConversationTransferred {
        conversation: CONVERSATION,
        from: Some(id("ana")),
        to,
        note: "Asks for an invoice".into(),
        disposition: id("transfer"),
    }
}

fn finished(by: Option<&str>, sub: Option<&str>) -> ConversationFinished {
    ConversationFinished {
        conversation: CONVERSATION,
        agent: by.map(id),
        disposition: id("sold"),
        sub_disposition: sub.map(id),
        after_work_until: None,
    }
}

fn exclusive_agents() -> Vec<Sample> {
    let set = |conversation, until| ExclusiveAgentSet {
        contact: CONTACT,
        campaign: id("sales"),
        agent: id("ana"),
        until,
        conversation,
    };
    let removed = |conversation| ExclusiveAgentRemoved {
        contact: CONTACT,
        campaign: id("sales"),
        agent: id("ana"),
        conversation,
    };
    vec![
        v1("open", set(Some(CONVERSATION), None)),
        v1("none-open", set(None, None)),
        v1("until", set(None, Some(time(600)))),
        v1("open", removed(Some(CONVERSATION))),
        v1("none-open", removed(None)),
    ]
}

fn sending() -> Vec<Sample> {
    let (conversation, message, ordinal, attempt) = (CONVERSATION, OUTBOUND, 200, 2);
    let settled = |status| MessageSettled { conversation, message, ordinal, status };
    let submitted = |author| MessageSubmitted {
        conversation,
        message,
        ordinal,
        channel: id("wa-main"),
        to: "34600000000".into(),
        author,
        content: text(),
    };
    let attempted = SendAttempted { conversation, message, ordinal, attempt };
    let accepted = SendAccepted { conversation, message, ordinal, attempt, provider_id: "wamid.HBgM".into() };
    let deferred =
        SendDeferred { conversation, message, ordinal, attempt, error: error(), retry_at: time(30) };
    let uncertain = SendUncertain { conversation, message, ordinal, attempt };
    let submitted_at = Position { shard: ShardId(3), sequence: 1_234, index: 5 };
    let resent = MessageResent { conversation, message, ordinal, submitted: submitted_at };
    vec![
        v1("plain", submitted(Author::Agent(id("ana")))),
        v1("out-of-hours", submitted(Author::System(SystemCause::OutOfHours))),
        v1("warning", submitted(Author::System(SystemCause::InactivityWarning))),
        v1("closed", submitted(Author::System(SystemCause::InactivityClosed))),
        v1("plain", attempted),
        v1("plain", accepted),
        v1("plain", deferred),
        v1("plain", uncertain),
        v1("plain", resent),
        v1("sent", settled(DeliveryStatus::Sent)),
        v1("failed", settled(DeliveryStatus::Failed)),
    ]
}

fn receipts() -> Vec<Sample> {
    let label = |status| match status {
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Sent => "sent",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Read => "read",
        DeliveryStatus::Played => "played",
        DeliveryStatus::Failed => "failed",
    };
    let updated = |receipt| DeliveryUpdated {
        conversation: CONVERSATION,
        message: OUTBOUND,
        ordinal: 200,
        receipt,
        reported_at: time(6),
        provider_id: (receipt != DeliveryStatus::Failed).then(|| "wamid.HBgM".into()),
        error: (receipt == DeliveryStatus::Failed).then(error),
        status: receipt.max(DeliveryStatus::Delivered),
    };
    let parked = |receipt| ReceiptParked {
        channel: id("wa-main"),
        provider_id: "wamid.HBgM".into(),
        receipt,
        reported_at: time(6),
        error: (receipt == DeliveryStatus::Failed).then(error),
    };
    let mut all = Vec::new();
    for receipt in DeliveryStatus::ALL {
        all.push(v1(label(receipt), updated(receipt)));
        all.push(v1(label(receipt), parked(receipt)));
    }
    all
}

fn declared(kind: FieldKind) -> FieldDefinition {
    let choices = if kind == FieldKind::Choice { vec!["gold".into()] } else { vec![] };
    FieldDefinition { id: id("policy"), label: "Policy".into(), kind, choices }
}

fn contacts() -> Vec<Sample> {
    let (contact, merged) = (CONTACT, ContactId::from_bytes([0xcb; 16]));
    let other = ConversationId::from_bytes([0xc1; 16]);
    let identity = |address: &str| Identity { network: ChannelKind::Whatsapp, address: address.into() };
    let conversations = vec![CONVERSATION];
    let were_merged =
        |identity| ContactsMerged { contact, merged, identity, conversations: vec![CONVERSATION] };
    let changed = IdentityChanged {
        contact,
        from: identity("34600000000"),
        to: identity("34600000001"),
        conversations: conversations.clone(),
    };
    let readdressed =
        AddressChanged { conversation: CONVERSATION, from: "34600000000".into(), to: "34600000001".into() };
    let ended = |agent| ConversationMerged { conversation: other, into: CONVERSATION, agent };
    let own = ContactField::Own { client: id("acme"), field: id("policy") };
    let fields = [ContactField::Name, ContactField::Email, ContactField::Phone, ContactField::Document, own];
    let value = |field: &ContactField| (*field != ContactField::Email).then(|| "12345".to_owned());
    let set = fields.into_iter().map(|field| FieldSet { value: value(&field), field }).collect();
    vec![
        v1("by-network", were_merged(Some(identity("ES.13491208655302741918")))),
        v1("by-hand", were_merged(None)),
        v1("plain", changed),
        v1("plain", readdressed),
        v1("attended", ended(Some(id("ana")))),
        v1("waiting", ended(None)),
        v1("plain", ConversationJoined { conversation: CONVERSATION, other }),
        v1("plain", ContactUpdated { contact, set, conversations: conversations.clone() }),
        v1("plain", ContactNoteAdded { contact, text: "calls on Mondays".into(), conversations }),
    ]
}

/// A frame with a commit for each kind of actor; the last changed nothing.
pub(crate) fn frame() -> Frame {
    let actors =
        [Actor::System, Actor::Administrator, Actor::Agent(id("ana")), Actor::Channel(id("wa-main"))];
    let events: [&[&str]; 4] =
        [&["WorkspaceCreated"], &["AgentDefined", "PresenceChanged"], &["MessageSubmitted"], &[]];
    let commits = actors.into_iter().zip(events).zip(1..).map(|((actor, names), number)| Commit {
        header: CommitHeader {
            workspace: id("default"),
            command: CommandId::from_bytes([number; 16]),
            fingerprint: u64::MAX - u64::from(number),
            actor,
            at: time(u64::from(number)),
        },
        events: names.iter().map(|name| first(name)).collect(),
    });
    Frame {
        shard: ShardId(258),
        id: FrameId::from_bytes([0xf0; 16]),
        previous: [0xba; 32],
        written_at: time(9),
        commits: commits.collect(),
    }
}

fn first(name: &str) -> Event {
    let mut all = samples().into_iter().map(|sample| sample.event);
    all.find(|event| event.name() == name).expect("an event of the table")
}
