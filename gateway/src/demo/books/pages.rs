//! What the API shows, read back whole: the page of every conversation, every inbox and every queue, against the
//! log.

use std::collections::{BTreeSet, HashMap};

use futures_util::{StreamExt, stream};
use reqwest::Method;
use schemas::api::Page;
use schemas::api::views::{Conversation, ConversationState, Entry, EntryBody, InboxItem, MessageState};
use schemas::{Actor, ConversationId, MessageId, Role};
use serde::de::DeserializeOwned;

use super::Check;
use super::attendance::Case;
use super::ledger::Ledger;
use super::lines::Line;
use crate::api_client::{ApiClient, ApiError};
use crate::demo::letters::{Number, fingerprint, number_of};
use crate::demo::workspace::Workspace;

const READS_AT_ONCE: usize = 16;

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

type Read<T> = Result<T, ApiError>;

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
    pub(super) async fn read(auditor: &ApiClient, workspace: &Workspace, ledger: &Ledger) -> Self {
        let mut pages = Self::empty();
        let reader = Reader { api: auditor, ledger };
        let cases = ledger.attendance.cases.iter();
        let reads = cases.map(|(id, case)| {
            let reader = &reader;
            async move { (*id, case, reader.conversation(*id).await) }
        });
        let mut reads = stream::iter(reads).buffer_unordered(READS_AT_ONCE);
        while let Some((id, case, read)) = reads.next().await {
            match read {
                Ok((header, entries)) => pages.compare(id, case, &header, &entries, ledger),
                Err(error) => pages.check.problem(|| format!("{id} cannot be read: {error}")),
            }
        }
        pages.compare_lists(&reader, workspace).await;
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
            && header.contact == case.contact
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
            match reader.inbox(&list).await {
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

/// Reads as of the end of the log.
struct Reader<'a> {
    api: &'a ApiClient,
    ledger: &'a Ledger,
}

impl Reader<'_> {
    async fn conversation(&self, id: ConversationId) -> Read<(Conversation, Vec<Entry>)> {
        let header = self.get(&format!("/v1/conversations/{id}")).await?;
        let entries = self.all(&format!("/v1/conversations/{id}/messages?limit=100")).await?;
        Ok((header, entries))
    }

    async fn inbox(&self, list: &str) -> Read<Vec<InboxItem>> {
        self.all(&format!("/v1/inbox?{list}")).await
    }

    /// All pages of a list.
    async fn all<T: DeserializeOwned>(&self, path: &str) -> Read<Vec<T>> {
        let mut page: Page<T> = self.get(path).await?;
        let mut items = page.items;
        while let Some(next) = page.next {
            page = self.get(&format!("{path}&cursor={next}")).await?;
            items.append(&mut page.items);
        }
        Ok(items)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Read<T> {
        let mut request = self.api.request(Method::GET, path);
        if let Some(last) = self.ledger.last {
            request = request.header("Atender-Min-Position", last.to_string());
        }
        self.api.answer(request).await
    }
}
