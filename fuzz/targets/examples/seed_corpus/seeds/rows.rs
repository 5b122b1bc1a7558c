//! Rows of views, journals and work items, in the layout that their owners keep to themselves.

use schemas::{
    Actor, AgentId, CampaignId, ChannelId, ContactId, ConversationId, DeliveryError, DeliveryStatus,
    DispositionId, MessageId, Position, Presence, Role, ShardId, Timestamp, WorkspaceId, encode,
};
use serde::Serialize;

use super::Seeds;
use super::log::named_payloads;

const CONVERSATION: ConversationId = ConversationId::from_bytes([0xc0; 16]);
const MESSAGE: MessageId = MessageId::from_bytes([0x0b; 16]);
const POSITION: Position = Position { shard: ShardId(0), sequence: 7, index: 2 };
const TIME: Timestamp = Timestamp::from_millis(1_767_225_600_123);

fn written(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    bytes
}

fn contact() -> ContactId {
    ContactId::from_bytes([0xca; 16])
}

fn channel() -> ChannelId {
    ChannelId::new("wa-main").unwrap()
}

fn campaign() -> CampaignId {
    CampaignId::new("sales").unwrap()
}

fn ana() -> Option<AgentId> {
    Some(AgentId::new("ana").unwrap())
}

pub(super) fn outbox_items() -> Seeds {
    let item = (
        WorkspaceId::new("default").unwrap(),
        MESSAGE,
        CONVERSATION,
        channel(),
        "34600000000",
        "Ya está",
        POSITION,
        TIME,
    );
    [vec![], vec![&item], vec![&item, &item]].iter().map(|items| [vec![1], written(items)].concat()).collect()
}

/// Rows of masters are the events that define them.
pub(super) fn rows() -> Seeds {
    let masters = named_payloads().into_iter().filter(|(number, ..)| *number < 8);
    let mut seeds: Seeds = masters.map(|(_, _, payload)| payload).collect();
    seeds.extend([agent(), open(), statuses(), header(), chunk()]);
    seeds
}

fn agent() -> Vec<u8> {
    let (campaigns, channels) = (vec![campaign()], vec![channel()]);
    written(&((ana(), "Ana", Role::Agent, campaigns, channels, 5_u16), Presence::Online))[1..].to_vec()
}

fn open() -> Vec<u8> {
    let last_message = Some(("hello", TIME, false));
    let nobody: Option<AgentId> = None;
    written(&(
        (contact(), Some("Carla"), channel(), campaign(), ana(), TIME, Some(TIME)),
        (None::<Timestamp>, nobody, Some(TIME), 3_u32, last_message, POSITION),
    ))
}

fn statuses() -> Vec<u8> {
    let receipts = vec![(DeliveryStatus::Sent, TIME), (DeliveryStatus::Delivered, TIME)];
    let error = Some(DeliveryError { code: 131_047, detail: "Re-engagement message".into() });
    let sequences = vec![5_u64, 6, 7];
    let row = (
        (MESSAGE, DeliveryStatus::Delivered, false, 1_u16, receipts, error),
        (Some(TIME), Some("wamid.1"), sequences, POSITION),
    );
    written(&vec![Some(&row), None, Some(&row)])
}

/// The header of a conversation behind its length, and the tail of the row.
fn header() -> Vec<u8> {
    let disposition = Some(DispositionId::new("sold").unwrap());
    let nothing: Option<DispositionId> = None;
    let header = written(&(
        (contact(), Some("Carla"), channel(), campaign(), ana(), TIME),
        (Some(TIME), Some(TIME), disposition, nothing, 4_u64, 5_u64, POSITION),
    ));
    [&(header.len() as u32).to_be_bytes()[..], &header, b"tail"].concat()
}

/// The entries of a conversation, as many events as there are golden ones.
fn chunk() -> Vec<u8> {
    let entries = named_payloads().into_iter().filter(|(number, ..)| (20..30).contains(number));
    let mut chunk = Vec::new();
    for (index, (number, version, payload)) in (0_u32..).zip(entries) {
        let head = written(&(7_u64, index, TIME, Actor::System, number, version));
        chunk.extend((head.len() as u32).to_be_bytes());
        chunk.extend((payload.len() as u32).to_be_bytes());
        chunk.extend(head);
        chunk.extend(payload);
    }
    chunk
}

/// None, one and three records that follow each other.
pub(super) fn journals() -> Seeds {
    let records: Vec<_> = (1..=3).map(record).collect();
    vec![Vec::new(), records[0].clone(), records.concat()]
}

/// One row that is set and one that is deleted, behind the length and the checksum.
fn record(to: u64) -> Vec<u8> {
    let mut body = [to - 1, to].map(u64::to_le_bytes).concat();
    body.extend(2_u32.to_le_bytes());
    body.extend(3_u16.to_le_bytes());
    body.extend(b"key");
    body.extend(5_u32.to_le_bytes());
    body.extend(b"value");
    body.extend(4_u16.to_le_bytes());
    body.extend(b"gone");
    body.extend(u32::MAX.to_le_bytes());
    let sum = body
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    [&(body.len() as u32).to_le_bytes()[..], &sum.to_le_bytes(), &body].concat()
}
