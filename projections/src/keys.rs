//! Keys of the rows: a prefix byte per index, then fixed-width big-endian parts, so that order of bytes is order of
//! rows. Only a master's name has no fixed width, and comes last. What is listed newest first is kept inverted.

use schemas::{AgentId, CampaignId, ContactId, ConversationId, Position, ShardId, Timestamp, WorkspaceId};

use crate::contacts::terms::TermKey;

const CONVERSATION: u8 = b'o';
const AGENT: u8 = b'a';
const QUEUE: u8 = b'q';
const MASTER: u8 = b'm';
const HEADER: u8 = b'h';
const ENTRIES: u8 = b'e';
const CONTACT: u8 = b'c';
const STATUS: u8 = b's';
const PRESENCE: u8 = b'p';
const FRAME: u8 = b'f';
const ALIAS: u8 = b'i';
const PERSON: u8 = b'p';
const CHANGES: u8 = b'g';
const NOTES: u8 = b'n';
const EXCLUSIVE: u8 = b'x';
const TERM: u8 = b't';
const NAME: u8 = b'N';

/// The first bytes of a name's BLAKE3 hash, where a key needs a name in a fixed width. Rows found through one are
/// compared with the name itself.
fn short_hash(name: &str) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..8]);
    short
}

/// A workspace, in keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WorkspaceKey([u8; 8]);

impl WorkspaceKey {
    pub(crate) fn of(workspace: &WorkspaceId) -> Self {
        Self(short_hash(workspace.as_str()))
    }
}

/// Puts parts of known sizes together; every use is checked against `N` by the tests below.
fn join<const N: usize>(prefix: u8, parts: &[&[u8]]) -> [u8; N] {
    let mut key = [prefix; N];
    let mut at = 1;
    for part in parts {
        key[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    debug_assert_eq!(at, N);
    key
}

/// The last 16 bytes of an index key: the conversation it leads to.
pub(crate) fn conversation_of(key: &[u8]) -> Option<ConversationId> {
    key.last_chunk().map(|id| ConversationId::from_bytes(*id))
}

/// The row that says which frame the checkpoint is, by its hash. Every view has one.
pub(crate) fn frame() -> [u8; 1] {
    [FRAME]
}

/// The row of an open conversation.
pub(crate) fn open_conversation(workspace: WorkspaceKey, id: ConversationId) -> [u8; 25] {
    join(CONVERSATION, &[&workspace.0, id.as_bytes()])
}

/// All rows of open conversations.
pub(crate) fn open_conversations() -> [u8; 1] {
    [CONVERSATION]
}

/// Where a conversation stands in its agent's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The agent has not accepted it yet; what ends soonest first.
    Offered {
        /// When the offer ends.
        until: Timestamp,
    },
    /// The contact waits for an answer; longest first.
    Awaited {
        /// Since when.
        since: Timestamp,
    },
    /// Nobody waits; the last message newest first.
    Quiet {
        /// When the last message came.
        last: Timestamp,
    },
}

/// The list of an agent.
pub(crate) fn agent_list(workspace: WorkspaceKey, agent: &AgentId) -> [u8; 17] {
    join(AGENT, &[&workspace.0, &short_hash(agent.as_str())])
}

/// A conversation in the list of its agent.
pub(crate) fn agent_item(
    workspace: WorkspaceKey,
    agent: &AgentId,
    standing: Standing,
    id: ConversationId,
) -> [u8; 42] {
    let (class, time) = match standing {
        Standing::Offered { until } => (0, until.millis()),
        Standing::Awaited { since } => (1, since.millis()),
        Standing::Quiet { last } => (2, !last.millis()),
    };
    let agent = short_hash(agent.as_str());
    join(AGENT, &[&workspace.0, &agent, &[class], &time.to_be_bytes(), id.as_bytes()])
}

/// The queue of a campaign.
pub(crate) fn queue(workspace: WorkspaceKey, campaign: &CampaignId) -> [u8; 17] {
    join(QUEUE, &[&workspace.0, &short_hash(campaign.as_str())])
}

/// A conversation in the queue of its campaign: the most urgent first, of those the oldest.
pub(crate) fn queue_item(
    workspace: WorkspaceKey,
    campaign: &CampaignId,
    priority: u8,
    since: Timestamp,
    id: ConversationId,
) -> [u8; 42] {
    let campaign = short_hash(campaign.as_str());
    join(QUEUE, &[&workspace.0, &campaign, &[!priority], &since.millis().to_be_bytes(), id.as_bytes()])
}

/// The kinds of masters; the numbers are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum MasterKind {
    Workspace = 0,
    Client = 1,
    Project = 2,
    Campaign = 3,
    Channel = 4,
    Disposition = 5,
    Agent = 6,
    Settings = 7,
    Text = 8,
    /// Which text has a shortcut in a campaign.
    Shortcut = 9,
}

/// All masters of a kind, in the order of their ids.
pub(crate) fn masters(workspace: WorkspaceKey, kind: MasterKind) -> [u8; 10] {
    join(MASTER, &[&workspace.0, &[kind as u8]])
}

/// The row of a master.
pub(crate) fn master(workspace: WorkspaceKey, kind: MasterKind, id: &str) -> Vec<u8> {
    let mut key = masters(workspace, kind).to_vec();
    key.extend_from_slice(id.as_bytes());
    key
}

/// All presences of an agent.
pub(crate) fn presences(workspace: WorkspaceKey, agent: &AgentId) -> [u8; 17] {
    join(PRESENCE, &[&workspace.0, &short_hash(agent.as_str())])
}

/// The presences of an agent from this time back.
pub(crate) fn presences_until(workspace: WorkspaceKey, agent: &AgentId, at: Timestamp) -> [u8; 25] {
    join(PRESENCE, &[&workspace.0, &short_hash(agent.as_str()), &(!at.millis()).to_be_bytes()])
}

/// How an agent was from this time on, newest first.
pub(crate) fn presence(
    workspace: WorkspaceKey,
    agent: &AgentId,
    at: Timestamp,
    position: Position,
) -> [u8; 37] {
    let (agent, at) = (short_hash(agent.as_str()), !at.millis());
    let (sequence, index) = (!position.sequence, !position.index);
    let times = [at.to_be_bytes(), sequence.to_be_bytes()].concat();
    join(PRESENCE, &[&workspace.0, &agent, &times, &index.to_be_bytes()])
}

/// From when on the agent was as the row with this key says.
pub(crate) fn presence_time(key: &[u8]) -> Option<Timestamp> {
    let millis = key.get(17..25)?.first_chunk()?;
    Some(Timestamp::from_millis(!u64::from_be_bytes(*millis)))
}

/// The header of a conversation.
pub(crate) fn header(workspace: WorkspaceKey, id: ConversationId) -> [u8; 25] {
    join(HEADER, &[&workspace.0, id.as_bytes()])
}

/// All chunks of a conversation's entries.
pub(crate) fn entries(workspace: WorkspaceKey, id: ConversationId) -> [u8; 25] {
    join(ENTRIES, &[&workspace.0, id.as_bytes()])
}

/// The chunk of entries that begins at `first`.
pub(crate) fn entries_chunk(workspace: WorkspaceKey, id: ConversationId, first: Position) -> [u8; 37] {
    let (sequence, index) = (!first.sequence, !first.index);
    join(ENTRIES, &[&workspace.0, id.as_bytes(), &sequence.to_be_bytes(), &index.to_be_bytes()])
}

/// All conversations of a contact.
pub(crate) fn contact(workspace: WorkspaceKey, contact: ContactId) -> [u8; 25] {
    join(CONTACT, &[&workspace.0, contact.as_bytes()])
}

/// A conversation of a contact, newest first.
pub(crate) fn contact_item(
    workspace: WorkspaceKey,
    contact: ContactId,
    opened_at: Timestamp,
    id: ConversationId,
) -> [u8; 49] {
    let opened_at = !opened_at.millis();
    join(CONTACT, &[&workspace.0, contact.as_bytes(), &opened_at.to_be_bytes(), id.as_bytes()])
}

/// A conversation of another contact, of whom it is from now on.
pub(crate) fn moved_contact_item(item: &[u8], contact: ContactId) -> Option<[u8; 49]> {
    let mut key: [u8; 49] = item.try_into().ok()?;
    key[9..25].copy_from_slice(contact.as_bytes());
    Some(key)
}

/// The row of a merged id, which leads to the contact it stands for.
pub(crate) fn alias(workspace: WorkspaceKey, id: ContactId) -> [u8; 25] {
    join(ALIAS, &[&workspace.0, id.as_bytes()])
}

/// What somebody wrote that a contact is called.
pub(crate) fn written_name(workspace: WorkspaceKey, contact: ContactId) -> [u8; 25] {
    join(NAME, &[&workspace.0, contact.as_bytes()])
}

/// The row of a contact.
pub(crate) fn person(workspace: WorkspaceKey, contact: ContactId) -> [u8; 25] {
    join(PERSON, &[&workspace.0, contact.as_bytes()])
}

/// All changes of a contact.
pub(crate) fn contact_changes(workspace: WorkspaceKey, contact: ContactId) -> [u8; 25] {
    join(CHANGES, &[&workspace.0, contact.as_bytes()])
}

/// What one event changed of a contact, newest first.
pub(crate) fn contact_change(workspace: WorkspaceKey, contact: ContactId, at: Position) -> [u8; 37] {
    let (sequence, index) = (!at.sequence, !at.index);
    join(CHANGES, &[&workspace.0, contact.as_bytes(), &sequence.to_be_bytes(), &index.to_be_bytes()])
}

/// All notes on a contact.
pub(crate) fn contact_notes(workspace: WorkspaceKey, contact: ContactId) -> [u8; 25] {
    join(NOTES, &[&workspace.0, contact.as_bytes()])
}

/// A note on a contact, newest first.
pub(crate) fn contact_note(workspace: WorkspaceKey, contact: ContactId, at: Position) -> [u8; 37] {
    let (sequence, index) = (!at.sequence, !at.index);
    join(NOTES, &[&workspace.0, contact.as_bytes(), &sequence.to_be_bytes(), &index.to_be_bytes()])
}

/// The position that a key of a change or a note ends in.
pub(crate) fn position_of(shard: ShardId, key: &[u8]) -> Position {
    let end: [u8; 12] = key.last_chunk().copied().unwrap_or_default();
    let sequence = end[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let index = end[8..].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    Position { shard, sequence: !sequence, index: !index }
}

/// All exclusive agents of a contact.
pub(crate) fn exclusive_agents(workspace: WorkspaceKey, contact: ContactId) -> [u8; 25] {
    join(EXCLUSIVE, &[&workspace.0, contact.as_bytes()])
}

/// The exclusive agent of a contact in a campaign.
pub(crate) fn exclusive_agent(
    workspace: WorkspaceKey,
    contact: ContactId,
    campaign: &CampaignId,
) -> [u8; 33] {
    join(EXCLUSIVE, &[&workspace.0, contact.as_bytes(), &short_hash(campaign.as_str())])
}

/// All terms of a workspace.
pub(crate) fn terms_of_all(workspace: WorkspaceKey) -> [u8; 9] {
    join(TERM, &[&workspace.0])
}

/// All terms of a kind.
pub(crate) fn terms(workspace: WorkspaceKey, kind: u8) -> [u8; 10] {
    join(TERM, &[&workspace.0, &[kind]])
}

/// A term that a contact is found by.
pub(crate) fn term(workspace: WorkspaceKey, term: &TermKey, contact: ContactId) -> [u8; 42] {
    join(TERM, &[&workspace.0, term, contact.as_bytes()])
}

/// The term and the contact of such a key.
pub(crate) fn term_and_contact(key: &[u8]) -> Option<(TermKey, ContactId)> {
    let (term, id) = key.get(9..)?.split_first_chunk()?;
    Some((*term, ContactId::from_bytes(id.try_into().ok()?)))
}

/// What the cursor behind a term is made of, with the word of the query that is gone through.
pub(crate) fn searched(word: u8, key: &[u8]) -> Vec<u8> {
    [&[word], &key[9..]].concat()
}

/// All status rows of a conversation.
pub(crate) fn statuses(workspace: WorkspaceKey, id: ConversationId) -> [u8; 25] {
    join(STATUS, &[&workspace.0, id.as_bytes()])
}

/// The status row number `chunk` of a conversation.
pub(crate) fn status_chunk(workspace: WorkspaceKey, id: ConversationId, chunk: u32) -> [u8; 29] {
    join(STATUS, &[&workspace.0, id.as_bytes(), &chunk.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ConversationId = ConversationId::from_bytes([7; 16]);

    fn workspace() -> WorkspaceKey {
        WorkspaceKey::of(&WorkspaceId::new("default").unwrap())
    }

    fn time(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[track_caller]
    fn assert_under<const N: usize, const P: usize>(key: [u8; N], list: [u8; P]) {
        assert!(key.starts_with(&list), "{key:?} is not in {list:?}");
        assert_eq!(conversation_of(&key), Some(ID));
    }

    #[test]
    fn an_item_is_in_its_list_and_leads_to_its_conversation() {
        let (ws, ana) = (workspace(), AgentId::new("ana").unwrap());
        let (sales, contact_id) = (CampaignId::new("sales").unwrap(), ContactId::from_bytes([3; 16]));
        let standing = Standing::Awaited { since: time(5) };
        assert_under(agent_item(ws, &ana, standing, ID), agent_list(ws, &ana));
        assert_under(queue_item(ws, &sales, 3, time(5), ID), queue(ws, &sales));
        assert_under(contact_item(ws, contact_id, time(5), ID), contact(ws, contact_id));
        assert_under(open_conversation(ws, ID), open_conversations());
        assert_eq!(conversation_of(&[1; 15]), None);
    }

    #[test]
    fn rows_of_a_conversation_and_masters_of_a_kind_are_together() {
        let ws = workspace();
        let first = Position { shard: ShardId(0), sequence: 9, index: 2 };
        assert!(entries_chunk(ws, ID, first).starts_with(&entries(ws, ID)));
        assert!(status_chunk(ws, ID, 3).starts_with(&statuses(ws, ID)));
        assert!(master(ws, MasterKind::Agent, "ana").starts_with(&masters(ws, MasterKind::Agent)));
        assert_ne!(masters(ws, MasterKind::Agent), masters(ws, MasterKind::Channel));
    }

    #[test]
    fn an_agent_sees_offers_first_then_who_waits_longest_and_then_what_was_last_active() {
        let ana = AgentId::new("ana").unwrap();
        let of = |standing| agent_item(workspace(), &ana, standing, ID);
        let in_order = [
            of(Standing::Offered { until: time(8) }),
            of(Standing::Offered { until: time(256) }),
            of(Standing::Awaited { since: time(1) }),
            of(Standing::Awaited { since: time(256) }),
            of(Standing::Quiet { last: time(1_000) }),
            of(Standing::Quiet { last: time(999) }),
        ];
        assert!(in_order.is_sorted(), "{in_order:?}");
    }

    #[test]
    fn queues_are_most_urgent_and_oldest_first_and_histories_newest_first() {
        let (ws, sales) = (workspace(), CampaignId::new("sales").unwrap());
        let contact_id = ContactId::from_bytes([3; 16]);
        let at = |sequence, index| Position { shard: ShardId(0), sequence, index };
        assert!(queue_item(ws, &sales, 0, time(255), ID) < queue_item(ws, &sales, 0, time(256), ID));
        assert!(queue_item(ws, &sales, 1, time(256), ID) < queue_item(ws, &sales, 0, time(255), ID));
        assert!(contact_item(ws, contact_id, time(256), ID) < contact_item(ws, contact_id, time(255), ID));
        assert!(entries_chunk(ws, ID, at(2, 0)) < entries_chunk(ws, ID, at(1, 9)));
        assert!(entries_chunk(ws, ID, at(1, 256)) < entries_chunk(ws, ID, at(1, 255)));
        assert!(status_chunk(ws, ID, 255) < status_chunk(ws, ID, 256));
    }

    #[test]
    fn presences_are_newest_first_and_those_until_a_time_come_after_its_key() {
        let (ws, ana) = (workspace(), AgentId::new("ana").unwrap());
        let at = |sequence, index| Position { shard: ShardId(0), sequence, index };
        let of = |millis, position| presence(ws, &ana, time(millis), position);
        let in_order = [of(256, at(9, 0)), of(255, at(8, 1)), of(255, at(8, 0)), of(255, at(7, 5))];
        assert!(in_order.is_sorted(), "{in_order:?}");
        let until = presences_until(ws, &ana, time(255));
        assert!(until.starts_with(&presences(ws, &ana)));
        assert!(in_order[0].as_slice() < until.as_slice() && until.as_slice() < in_order[1].as_slice());
    }

    #[test]
    fn workspaces_do_not_meet() {
        let other = WorkspaceKey::of(&WorkspaceId::new("other").unwrap());
        assert_ne!(header(workspace(), ID), header(other, ID));
    }
}
