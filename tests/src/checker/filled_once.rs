//! What was asked for by its shortcut is sent once, and is one of the texts that had it, each field filled in with
//! something that was known. The names may be those of a moment ago.

use std::collections::{BTreeSet, HashMap, HashSet};

use schemas::event::{CampaignDefined, MessageSubmitted, TextDefined};
use schemas::{
    AgentId, CampaignId, ClientId, ContactField, ContactId, Content, ConversationId, Event, MessageId,
    ProjectId,
};

use super::aliases::Aliases;
use super::{Evidence, Findings};
use crate::log_copy::Placed;
use crate::record::Asked;

pub(super) fn check(evidence: &Evidence) -> Findings {
    let by_shortcut = evidence.records.asked.iter().filter(|asked| asked.shortcut.is_some());
    let by_shortcut: HashMap<_, _> = by_shortcut.map(|asked| (asked.command, asked)).collect();
    let (mut names, mut seen) = (Names::default(), HashSet::new());
    let mut findings = Findings::new();
    for placed in evidence.log.commits() {
        for event in &placed.commit.events {
            names.follow(event, placed);
            if let Event::MessageSubmitted(e) = event
                && !seen.insert(e.message)
            {
                findings.push(format!("message {} is submitted again at {}", e.message, placed.position));
            }
        }
        if let Some(asked) = by_shortcut.get(&placed.commit.header.command) {
            findings.extend(is_wrong(&names, asked, placed));
        }
    }
    findings
}

fn is_wrong(names: &Names<'_>, asked: &Asked, placed: Placed<'_>) -> Option<String> {
    let [Event::MessageSubmitted(sent)] = &placed.commit.events[..] else {
        return Some(format!("{asked:?} came to {:?}", placed.commit.events));
    };
    let texts = names
        .texts
        .iter()
        .filter(|text| text.shortcut.as_ref().map(schemas::Shortcut::as_str) == asked.shortcut.as_deref());
    let mut filled = texts.flat_map(|text| names.filled(text, sent));
    let is_right = sent.message == MessageId::from(asked.command)
        && filled.any(|filled| sent.content == Content::Text(filled));
    (!is_right).then(|| format!("{asked:?} came to {sent:?}"))
}

/// All that anything was ever called.
#[derive(Default)]
struct Names<'a> {
    texts: Vec<&'a TextDefined>,
    agents: HashMap<&'a AgentId, &'a str>,
    campaigns: HashMap<&'a CampaignId, &'a CampaignDefined>,
    /// Of which client each project is.
    projects: HashMap<&'a ProjectId, &'a ClientId>,
    clients: HashMap<&'a ClientId, &'a str>,
    conversations: HashMap<ConversationId, ContactId>,
    /// Nothing among them for somebody who came without a name.
    contacts: HashMap<ContactId, BTreeSet<Option<&'a str>>>,
    aliases: Aliases,
}

impl<'a> Names<'a> {
    fn follow(&mut self, event: &'a Event, placed: Placed<'a>) {
        match event {
            Event::TextDefined(e) => self.texts.push(e),
            Event::AgentDefined(e) => drop(self.agents.insert(&e.agent, &e.name)),
            Event::CampaignDefined(e) => drop(self.campaigns.insert(&e.campaign, e)),
            Event::ProjectDefined(e) => drop(self.projects.insert(&e.project, &e.client)),
            Event::ClientDefined(e) => drop(self.clients.insert(&e.client, &e.name)),
            Event::ConversationOpened(e) => {
                self.conversations.insert(e.conversation, e.contact);
                self.contacts.entry(e.contact).or_default().insert(e.profile_name.as_deref());
            }
            Event::ContactUpdated(e) => {
                let names = e.set.iter().filter(|set| set.field == ContactField::Name);
                let known = self.contacts.entry(e.contact).or_default();
                known.extend(names.map(|set| set.value.as_deref()));
            }
            Event::ContactsMerged(e) => {
                let other = self.contacts.remove(&e.merged).unwrap_or_default();
                self.contacts.entry(e.contact).or_default().extend(other);
                self.aliases.merge(e, placed.position);
            }
            _ => {}
        }
    }

    /// What the text may say in this message.
    fn filled(&self, text: &TextDefined, sent: &MessageSubmitted) -> Vec<String> {
        let contact = self.conversations.get(&sent.conversation).map(|id| self.aliases.resolve(*id));
        let called = contact.and_then(|contact| self.contacts.get(&contact)).into_iter().flatten();
        let agent = sent.author.agent().and_then(|agent| self.agents.get(agent)).copied();
        let campaign = self.campaigns.get(&text.campaign);
        let client = campaign.and_then(|campaign| self.projects.get(&campaign.project));
        let client = client.and_then(|client| self.clients.get(client)).copied();
        let filled = called.map(|name| {
            let said = text.body.replace("{contact.name|you}", name.unwrap_or("you"));
            let said = name.map_or(said.clone(), |name| said.replace("{contact.name}", name));
            let said = said.replace("{agent.name}", agent.unwrap_or_default());
            let said = said.replace("{campaign.name}", campaign.map_or("", |campaign| &campaign.name));
            said.replace("{client.name}", client.unwrap_or_default())
        });
        // Nobody without a name is sent what has no other word for it.
        filled.filter(|said| !said.contains('{')).collect()
    }
}
