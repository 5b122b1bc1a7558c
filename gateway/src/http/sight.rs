//! Who sees what. Supervisors, administrators and auditors see everything. An agent sees their own inbox, the queues
//! of their campaigns, the conversations they have or had when they were finished, those that wait in their
//! campaigns or that they are asked to take over, and, while they have one open with a contact, as many of that contact's
//! past conversations with the same client as the client allows. An agent who sees a conversation of a contact sees the
//! contact, with the fields of the clients they work for. Connectors see none of it.

use std::collections::{HashMap, HashSet};

use schemas::api::views::{ContactConversation, Conversation, ConversationState};
use schemas::event::AgentDefined;
use schemas::{AgentId, CampaignId, ClientId, ContactId, Rejection, Role};

use super::problem::Failure;
use crate::app::App;
use crate::limits::PAGE_ROWS_MAX;
use crate::tokens::Principal;

/// What a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    /// Every conversation of the workspace.
    Everything {
        /// Also the log itself, and delivery statuses that a channel does not show.
        audits: bool,
    },
    /// What this agent's work needs.
    Own(Box<AgentDefined>),
}

impl Sight {
    /// # Errors
    /// 403 for a connector, and for an agent who is not defined any more.
    pub(super) fn of(app: &App, principal: &Principal) -> Result<Self, Failure> {
        let agent = match principal {
            Principal::Administrator => return Ok(Self::Everything { audits: true }),
            Principal::Connector(_) => return Err(Rejection::Forbidden.into()),
            Principal::Agent(agent) => app.views.inbox().agent(&app.workspace, agent)?,
        };
        let agent = agent.ok_or(Rejection::Forbidden)?.definition;
        Ok(match agent.role {
            Role::Administrator | Role::Auditor => Self::Everything { audits: true },
            Role::Supervisor => Self::Everything { audits: false },
            Role::Agent => Self::Own(Box::new(agent)),
        })
    }

    /// Whether delivery statuses are seen where the channel does not show them, and the log itself.
    pub(super) fn audits(&self) -> bool {
        matches!(self, Self::Everything { audits: true })
    }

    /// The agent whose sight is limited to their own work.
    pub(super) fn own(&self) -> Option<&AgentDefined> {
        match self {
            Self::Everything { .. } => None,
            Self::Own(agent) => Some(agent),
        }
    }

    /// # Errors
    /// 403 for another agent's inbox.
    pub(super) fn require_inbox(&self, of: &AgentId) -> Result<(), Failure> {
        require(self.own().is_none_or(|agent| agent.agent == *of))
    }

    /// # Errors
    /// 403 for the queue of a campaign that the agent does not work in.
    pub(super) fn require_queue(&self, campaign: &CampaignId) -> Result<(), Failure> {
        require(self.own().is_none_or(|agent| agent.campaigns.contains(campaign)))
    }

    /// # Errors
    /// 403 for those who do not audit.
    pub(super) fn require_audit(&self) -> Result<(), Failure> {
        require(self.audits())
    }

    /// Whether a contact is of the agent's business: whoever sees one of their conversations sees them.
    ///
    /// # Errors
    /// Faults of the views.
    pub(super) fn sees_contact(&self, app: &App, contact: ContactId) -> Result<bool, Failure> {
        match self.own() {
            None => Ok(true),
            Some(agent) => Ok(!conversations_of_contact(app, agent, contact)?.is_empty()),
        }
    }

    /// # Errors
    /// 403 for a contact who is none of the agent's business.
    pub(super) fn require_contact(&self, app: &App, contact: ContactId) -> Result<(), Failure> {
        require(self.sees_contact(app, contact)?)
    }

    /// # Errors
    /// 403 for a conversation that is none of the agent's business.
    pub(super) fn require_conversation(&self, app: &App, conversation: &Conversation) -> Result<(), Failure> {
        let Some(agent) = self.own() else { return Ok(()) };
        let waits_here = conversation.state == ConversationState::Waiting
            && agent.campaigns.iter().any(|campaign| campaign.as_str() == conversation.campaign.id);
        if conversation.agent.as_ref() == Some(&agent.agent) || waits_here {
            return Ok(());
        }
        // Who is asked whether they take it over reads it first.
        let open = app.views.inbox().open_conversation(&app.workspace, conversation.id)?;
        if open.and_then(|open| open.offered_to).as_ref() == Some(&agent.agent) {
            return Ok(());
        }
        let seen = conversations_of_contact(app, agent, conversation.contact)?;
        require(seen.iter().any(|row| row.conversation == conversation.id))
    }
}

/// The clients whose fields of contacts the caller sees; nothing for all of them.
pub(super) fn clients_seen(app: &App, sight: &Sight) -> Result<Option<HashSet<ClientId>>, Failure> {
    let Some(agent) = sight.own() else { return Ok(None) };
    let mut clients = Clients { app, known: HashMap::new() };
    let mut seen = HashSet::new();
    for campaign in &agent.campaigns {
        seen.extend(clients.of(campaign)?.map(|(client, _)| client));
    }
    Ok(Some(seen))
}

fn require(allowed: bool) -> Result<(), Failure> {
    if allowed { Ok(()) } else { Err(Rejection::Forbidden.into()) }
}

/// The conversations of a contact that an agent sees, newest first.
pub(super) fn conversations_of_contact(
    app: &App,
    agent: &AgentDefined,
    contact: ContactId,
) -> Result<Vec<ContactConversation>, Failure> {
    let all = app.views.history().contact_conversations(&app.workspace, contact, None, PAGE_ROWS_MAX)?.items;
    let mut clients = Clients { app, known: HashMap::new() };
    let mut allowed: HashMap<ClientId, usize> = HashMap::new();
    for row in &all {
        if row.state == ConversationState::Assigned
            && row.agent.as_ref() == Some(&agent.agent)
            && let Some((client, past)) = clients.of(&row.campaign)?
        {
            allowed.insert(client, past);
        }
    }
    let mut seen = Vec::new();
    for row in all {
        if is_own(agent, &row) || is_past(&mut clients, &mut allowed, &row)? {
            seen.push(row);
        }
    }
    Ok(seen)
}

fn is_own(agent: &AgentDefined, row: &ContactConversation) -> bool {
    let waits_here = row.state == ConversationState::Waiting && agent.campaigns.contains(&row.campaign);
    row.agent.as_ref() == Some(&agent.agent) || waits_here
}

/// One of the client's past conversations that may still be seen; counts it.
fn is_past(
    clients: &mut Clients<'_>,
    allowed: &mut HashMap<ClientId, usize>,
    row: &ContactConversation,
) -> Result<bool, Failure> {
    let Some((client, _)) = clients.of(&row.campaign)? else {
        return Ok(false);
    };
    match allowed.get_mut(&client) {
        Some(left) if *left > 0 => {
            *left -= 1;
            Ok(true)
        }
        Some(_) | None => Ok(false),
    }
}

/// Which client a campaign is for, and how many past conversations its agents see.
struct Clients<'a> {
    app: &'a App,
    known: HashMap<CampaignId, Option<(ClientId, usize)>>,
}

impl Clients<'_> {
    fn of(&mut self, campaign: &CampaignId) -> Result<Option<(ClientId, usize)>, Failure> {
        if let Some(known) = self.known.get(campaign) {
            return Ok(known.clone());
        }
        let found = self.find(campaign)?;
        self.known.insert(campaign.clone(), found.clone());
        Ok(found)
    }

    fn find(&self, campaign: &CampaignId) -> Result<Option<(ClientId, usize)>, Failure> {
        let (inbox, workspace) = (self.app.views.inbox(), &self.app.workspace);
        let Some(campaign) = inbox.campaign(workspace, campaign)? else {
            return Ok(None);
        };
        let Some(project) = inbox.project(workspace, &campaign.project)? else {
            return Ok(None);
        };
        let client = inbox.client(workspace, &project.client)?;
        Ok(client.map(|client| (client.client, usize::from(client.history_conversations))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent() -> Sight {
        Sight::Own(Box::new(AgentDefined {
            agent: AgentId::new("ana").unwrap(),
            name: "Ana".into(),
            role: Role::Agent,
            campaigns: vec![CampaignId::new("sales").unwrap()],
            channels: vec![],
            capacity: 5,
            capacity_of: std::collections::BTreeMap::new(),
            skills: schemas::Skills::new(),
            may_set_exclusive: true,
        }))
    }

    #[test]
    fn an_agent_sees_their_own_inbox_and_the_queues_of_their_campaigns() {
        let [ana, ben] = ["ana", "ben"].map(|id| AgentId::new(id).unwrap());
        let [sales, help] = ["sales", "help"].map(|id| CampaignId::new(id).unwrap());
        assert!(agent().require_inbox(&ana).is_ok());
        assert!(agent().require_queue(&sales).is_ok());
        for refused in [agent().require_inbox(&ben), agent().require_queue(&help), agent().require_audit()] {
            assert_eq!(refused.unwrap_err().code(), "forbidden");
        }
    }

    #[test]
    fn a_supervisor_sees_all_inboxes_and_does_not_audit() {
        let supervisor = Sight::Everything { audits: false };
        assert!(supervisor.require_inbox(&AgentId::new("ana").unwrap()).is_ok());
        assert!(supervisor.require_queue(&CampaignId::new("help").unwrap()).is_ok());
        assert!(supervisor.require_audit().is_err());
        assert!(Sight::Everything { audits: true }.require_audit().is_ok());
    }
}
