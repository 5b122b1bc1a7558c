//! The bytes of a fixed state. When they change, so must `snapshot::VERSION`: a snapshot of before would be read as
//! something else, or would hold another state than this program makes of the same log.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use engine::Replica;
use engine::log::RecordedFrame;
use engine::snapshot::{self, VERSION};
use schemas::event::{
    AssignReason, Author, CampaignDefined, ContactsMerged, ConversationAssigned, ConversationOpened,
    ConversationQueued, ExclusiveAgentSet, MessageSubmitted, PresenceChanged, QueueCause, ReceiptParked,
    Reservation, SendAccepted, SendAttempted,
};
use schemas::frame::{Commit, CommitHeader, Frame, NO_FRAME};
use schemas::{
    Actor, Command, CommandId, ContactId, Content, ConversationId, DeliveryError, DeliveryStatus, Event,
    FrameId, MessageId, Presence, Routing, RoutingPolicy,
};

use super::shop::{SHARD, bytes_of};
use model::centre;

/// What happened in the centre, a commit each. Every kind of record comes of it.
fn days() -> Vec<(u64, Vec<Event>)> {
    let masters = std::iter::once(centre::creation()).chain(centre::set_up());
    let mut commits: Vec<(u64, Vec<Event>)> = masters.map(|command| (0, vec![defined(command)])).collect();
    let (conversation, message) = (|n| ConversationId::from_bytes([n; 16]), MessageId::from_bytes([9; 16]));
    let opened = |n| ConversationOpened {
        conversation: conversation(n),
        contact: ContactId::from_bytes([n + 100; 16]),
        identity: format!("3460000000{n}"),
        network: schemas::ChannelKind::Whatsapp,
        profile_name: None,
        channel: centre::channel(0),
        campaign: centre::campaign(0),
    };
    let queued = |n, reserved| ConversationQueued {
        conversation: conversation(n),
        campaign: centre::campaign(0),
        cause: QueueCause::Opened,
        since: centre::opening(),
        priority: n,
        reserved,
        overflow: None,
        opens_at: None,
    };
    let until = Some(centre::opening().plus(Duration::from_secs(60)));
    let (agent, channel) = (centre::agent(0), centre::channel(0));
    let presence = |index, presence| PresenceChanged { agent: centre::agent(index), presence };
    let reason = AssignReason::Picked;
    commits.extend([
        (1, vec![presence(0, Presence::Online).into()]),
        (1, vec![presence(1, Presence::Away { reason: "lunch".into() }).into()]),
        (2, vec![opened(1).into(), queued(1, None).into()]),
        (2, vec![opened(2).into(), queued(2, Some(Reservation { agent: centre::agent(1), until })).into()]),
        (2, vec![opened(3).into()]),
        (
            3,
            vec![ConversationAssigned { conversation: conversation(3), agent: agent.clone(), reason }.into()],
        ),
        (3, vec![exclusive(conversation(3))]),
        (3, vec![merged(103, 203, conversation(3))]),
        (3, vec![opened(4).into(), in_turn(conversation(4))]),
        // Something waits there, so that its queue is to be routed again.
        (3, vec![manual().into()]),
        (4, sent(conversation(3), message)),
        (4, vec![]),
        // The windows turn before this.
        (5 * 24 * 60 * 60, vec![parked(channel)]),
    ]);
    commits
}

fn defined(command: Command) -> Event {
    match command {
        Command::CreateWorkspace(e) => e.into(),
        Command::DefineClient(e) => e.into(),
        Command::DefineProject(e) => e.into(),
        Command::DefineCampaign(e) => e.into(),
        Command::DefineChannel(e) => e.into(),
        Command::DefineDisposition(e) => e.into(),
        Command::DefineAgent(e) => e.into(),
        other => panic!("no master: {other:?}"),
    }
}

fn in_turn(conversation: ConversationId) -> Event {
    let reason = AssignReason::RoundRobin { with_room: 1, after: None };
    ConversationAssigned { conversation, agent: centre::agent(0), reason }.into()
}

fn manual() -> CampaignDefined {
    let routing = Routing { policy: RoutingPolicy::Manual, ..Routing::default() };
    centre::campaign_routing(0, routing)
}

fn exclusive(conversation: ConversationId) -> Event {
    let contact = ContactId::from_bytes([103; 16]);
    let (campaign, agent) = (centre::campaign(0), centre::agent(0));
    ExclusiveAgentSet { contact, campaign, agent, until: None, conversation: Some(conversation) }.into()
}

fn merged(contact: u8, other: u8, conversation: ConversationId) -> Event {
    let [contact, merged] = [contact, other].map(|n| ContactId::from_bytes([n; 16]));
    ContactsMerged { contact, merged, identity: None, conversations: vec![conversation] }.into()
}

fn sent(conversation: ConversationId, message: MessageId) -> Vec<Event> {
    let (ordinal, attempt, provider_id) = (0, 1, "wamid.1".to_owned());
    let submitted = MessageSubmitted {
        conversation,
        message,
        ordinal,
        channel: centre::channel(0),
        to: "34600000003".into(),
        author: Author::Agent(centre::agent(0)),
        content: Content::Text("hello".into()),
    };
    vec![
        submitted.into(),
        SendAttempted { conversation, message, ordinal, attempt }.into(),
        SendAccepted { conversation, message, ordinal, attempt, provider_id }.into(),
    ]
}

fn parked(channel: schemas::ChannelId) -> Event {
    ReceiptParked {
        channel,
        provider_id: "wamid.2".into(),
        receipt: DeliveryStatus::Failed,
        reported_at: centre::opening(),
        error: Some(DeliveryError { code: 131_047, detail: "too late".into() }),
    }
    .into()
}

fn fixed() -> Replica {
    let mut replica = Replica::empty(SHARD);
    for ((seconds, events), sequence) in days().into_iter().zip(1..) {
        let at = centre::opening().plus(Duration::from_secs(seconds));
        let command = CommandId::from_bytes([sequence as u8; 16]);
        let (workspace, actor) = (centre::workspace(), Actor::System);
        let header = CommitHeader { workspace, command, fingerprint: sequence, actor, at };
        let commits = vec![Commit { header, events }];
        let id = FrameId::from_bytes([0; 16]);
        let frame = Frame { shard: SHARD, id, previous: NO_FRAME, written_at: at, commits };
        replica.apply(&RecordedFrame { sequence, hash: [sequence as u8; 32], bytes_len: 0, frame });
    }
    replica
}

#[test]
fn the_bytes_of_a_state_change_only_with_the_version() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = folder.join(format!("snapshot-v{VERSION}.hex"));
    let bytes = bytes_of(&fixed());
    if std::env::var_os("ATENDER_UPDATE_GOLDEN").is_some() && !path.exists() {
        let lines: Vec<String> = bytes.chunks(60).map(hex::encode).collect();
        fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    let golden: String = fs::read_to_string(&path).unwrap().split_whitespace().collect();
    let changed = "the same log is written differently: raise snapshot::VERSION, and replace the golden file";
    assert_eq!(hex::encode(&bytes), golden, "{changed}");
    let read = snapshot::read(bytes.as_slice()).unwrap();
    assert_eq!(read.digest(), fixed().digest());
    assert_eq!(hex::encode(bytes_of(&read)), golden);
}
