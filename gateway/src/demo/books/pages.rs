//! What the API shows, read back whole: the page of every conversation, every inbox and every queue, against the
//! log.

use std::collections::{BTreeSet, HashMap};

use futures_util::{StreamExt, stream};
use schemas::api::views::{Conversation, ConversationState, Entry, EntryBody, InboxItem, MessageState};
use schemas::{Actor, ConversationId, MessageId, Role};

use super::Check;
use super::attendance::Case;
use super::ledger::Ledger;
use super::lines::Line;
use super::reader::{READS_AT_ONCE, Read, Reader};
use crate::demo::letters::{Number, fingerprint, number_of};
use crate::demo::workspace::Workspace;

/// What the API shows.
pub(super) struct Pages {
    /// Where each message of a customer is shown, and what it says there.
    pub(super) inbound: HashMap<Number, Vec<(ConversationId, [u8; 16])>>,
    /// Messages that no customer of the demo wrote.
    pub(super) strange: Vec<String>,
    /// The status that is shown of each message of an agent.
    pub(super) statuses: HashMap<MessageId, MessageState>,
    /// Whether it is what the log says.
    pub(super) check: Check,
}

impl Pages {
    pub(super) fn empty() -> Self {
        Self {
            inbound: HashMap::new(),
            strange: Vec::new(),
            statuses: HashMap::new(),
            check: Check::new("the views show what the log says", "lines of conversations"),
        }
    }

    /// Reads everything, as of the end of the log.
    pub(super) async fn read(reader: &Reader<'_>, workspace: &Workspace) -> Self {
        let (mut pages, ledger) = (Self::empty(), reader.ledger);
        let cases = ledger.attendance.cases.iter();
        let reads = cases.map(|(id, case)| async move { (*id, case, conversation(reader, *id).await) });
        let mut reads = stream::iter(reads).buffer_unordered(READS_AT_ONCE);
        while let Some((id, case, read)) = reads.next().await {
            match read {
                Ok((header, entries)) => pages.compare(id, case, &header, &entries, ledger),
                Err(error) => pages.check.problem(|| format!("{id} cannot be read: {error}")),
            }
        }
        pages.compare_lists(reader, workspace).await;
        pages
    }

    fn compare(
        &mut self,
        id: ConversationId,
        case: &Case,
        header: &Conversation,
        entries: &[Entry],
        ledger: &Ledger,
    ) {
        let lines = ledger.lines.get(&id).map_or(&[] as &[Line], Vec::as_slice);
        let shown: Vec<Line> = entries.iter().rev().map(Line::of).collect();
        self.check.looked_at += shown.len() as u64;
        let first_wrong =
            lines.iter().zip(&shown).find(|(line, shown)| line != shown).map(|(line, _)| line.position);
        self.check.require(shown == lines, || {
            format!("{id} shows {} lines of {}, the first wrong at {first_wrong:?}", shown.len(), lines.len())
        });
        let state = match (case.finished, &case.agent) {
            (true, _) => ConversationState::Finished,
            (false, Some(_)) => ConversationState::Assigned,
            (false, None) => ConversationState::Waiting,
        };
        let right = header.state == state
            && header.agent == case.agent
            && header.contact == ledger.contacts.resolve(case.contact)
            && header.channel.id == case.channel.as_str()
            && header.campaign.id == case.campaign.as_str()
            && header.version == lines.len() as u64;
        self.check.require(right, || {
            format!("the header of {id} is {header:?}, and should be {state:?}: {case:?}")
        });
        for entry in entries {
            self.note(id, entry);
        }
    }

    fn note(&mut self, id: ConversationId, entry: &Entry) {
        match &entry.body {
            EntryBody::Inbound { provider_id, content, .. } => match number_of(provider_id) {
                Some(number) => self.inbound.entry(number).or_default().push((id, fingerprint(content))),
                None if entry.by == Actor::Administrator => {}
                None => self.strange.push(format!("nobody wrote {provider_id}, which {id} shows")),
            },
            EntryBody::Outbound { message, status: Some(status), .. } => {
                self.statuses.insert(*message, status.status);
            }
            _ => {}
        }
    }

    async fn compare_lists(&mut self, reader: &Reader<'_>, workspace: &Workspace) {
        let open = |of: &dyn Fn(&Case) -> bool| -> BTreeSet<ConversationId> {
            let cases = reader.ledger.attendance.cases.iter();
            cases.filter(|(_, case)| !case.finished && of(case)).map(|(id, _)| *id).collect()
        };
        let mut lists = Vec::new();
        for (agent, _) in workspace.with_role(Role::Agent) {
            let theirs = |case: &Case| [&case.agent, &case.offered].contains(&&Some(agent.clone()));
            lists.push((format!("agent={agent}"), open(&theirs)));
        }
        for campaign in workspace.campaigns.keys() {
            let waits =
                |case: &Case| case.agent.is_none() && case.offered.is_none() && case.campaign == *campaign;
            lists.push((format!("queue={campaign}"), open(&waits)));
        }
        for (list, expected) in lists {
            match reader.all::<InboxItem>(&format!("/v1/inbox?{list}")).await {
                Ok(items) => {
                    let shown: BTreeSet<_> = items.iter().map(|item| item.conversation).collect();
                    let right = shown == expected && items.len() == expected.len();
                    self.check.require(right, || {
                        format!(
                            "the inbox of {list} shows {} conversations of {}",
                            items.len(),
                            expected.len()
                        )
                    });
                }
                Err(error) => self.check.problem(|| format!("the inbox of {list} cannot be read: {error}")),
            }
        }
    }
}

async fn conversation(reader: &Reader<'_>, id: ConversationId) -> Read<(Conversation, Vec<Entry>)> {
    let header = reader.get(&format!("/v1/conversations/{id}")).await?;
    let entries = reader.all(&format!("/v1/conversations/{id}/messages?limit=100")).await?;
    Ok((header, entries))
}
