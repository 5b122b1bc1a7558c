//! The model's contacts: which ids are one, what becomes of their conversations then, and what is written down of them.

use schemas::command::IdentityChange;
use schemas::limits::{
    ALSO_MAX, CONTACT_FIELDS_MAX, DOCUMENT_CHARS_MAX, EMAIL_CHARS_MAX, FIELD_CHARS_MAX, FIELD_CHOICES_MAX,
    FIELDS_AT_ONCE_MAX, IDENTITY_BYTES_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX, PHONE_DIGITS_MAX,
};
use schemas::{
    Actor, AgentId, CampaignId, ChannelId, ClientId, ContactField, ContactId, FieldDefinition, FieldKind,
    FieldSet, Role,
};

use crate::masters::{is_network_id, is_text};
use crate::questions::whom;
use crate::reference::{Code, Place, Reference, Talk, Verdict, only_if, or_refused};

/// Other addresses that come with one.
pub(crate) fn check_also(also: &[(ContactId, String)]) -> Result<(), Code> {
    if also.len() > ALSO_MAX {
        return Err("too_many");
    }
    let are_good = also.iter().all(|(_, address)| is_network_id(address, IDENTITY_BYTES_MAX));
    if are_good { Ok(()) } else { Err("invalid_text") }
}

/// What a client may have for its contacts.
pub(crate) fn check_fields(fields: &[FieldDefinition]) -> Result<(), Code> {
    if fields.len() > CONTACT_FIELDS_MAX {
        return Err("too_many");
    }
    for (index, FieldDefinition { id, label, kind, choices }) in fields.iter().enumerate() {
        if !is_text(label, NAME_CHARS_MAX) {
            return Err("invalid_text");
        }
        if fields[..index].iter().any(|before| before.id == *id) {
            return Err("duplicate_contact_field");
        }
        let is_good = |(index, choice): (usize, &String)| {
            is_text(choice, NAME_CHARS_MAX) && choice.trim() == choice && !choices[..index].contains(choice)
        };
        let wanted = if *kind == FieldKind::Choice { 1..=FIELD_CHOICES_MAX } else { 0..=0 };
        if !wanted.contains(&choices.len()) || !choices.iter().enumerate().all(is_good) {
            return Err("contact_field_choices");
        }
    }
    Ok(())
}

fn is_email(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    let [name, host] = parts[..] else { return false };
    let labels: Vec<&str> = host.split('.').collect();
    let is_plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let is_host = labels.len() > 1 && labels.iter().all(|label| !label.is_empty());
    is_plain && is_host && !name.is_empty() && text.chars().count() <= EMAIL_CHARS_MAX
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (3..=PHONE_DIGITS_MAX).contains(&digits) && text.chars().all(|c| "0123456789 +-.()/".contains(c))
}

fn is_number(text: &str) -> bool {
    let parts: Vec<&str> = text.strip_prefix('-').unwrap_or(text).split('.').collect();
    let is_whole = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    parts.len() <= 2 && parts.iter().all(is_whole)
}

/// Found by counting the days up.
fn is_date(text: &str) -> bool {
    let Some(year) = text.split('-').next().and_then(|year| year.parse::<u32>().ok()) else {
        return false;
    };
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let february = if is_leap { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut all = (1..).zip(months).flat_map(|(month, days)| (1..=days).map(move |day| (month, day)));
    all.any(|(month, day)| format!("{year:04}-{month:02}-{day:02}") == text)
}

fn fits(field: &FieldDefinition, text: &str) -> bool {
    let of_kind = match field.kind {
        FieldKind::Text => true,
        FieldKind::Number => is_number(text),
        FieldKind::Date => is_date(text),
        FieldKind::Choice => field.choices.iter().any(|choice| choice == text),
    };
    of_kind && is_text(text, FIELD_CHARS_MAX)
}

impl Reference {
    /// Who an id is.
    pub fn who(&self, id: ContactId) -> ContactId {
        self.known_as.get(&id).copied().unwrap_or(id)
    }

    pub(crate) fn merge_contacts(&mut self, actor: &Actor, contact: ContactId, other: ContactId) -> Verdict {
        only_if!(self.supervises(actor), "forbidden");
        let freed = self.become_one(self.who(contact), &[other]);
        self.fill_freed(freed)
    }

    /// These are one contact, the first. Gives whose rooms were taken by conversations that end by that, which they
    /// still are until those are filled; nothing if they are one already.
    pub(crate) fn become_one(&mut self, first: ContactId, others: &[ContactId]) -> Option<Vec<AgentId>> {
        let mut happened = false;
        let others: Vec<ContactId> = others.iter().map(|id| self.who(*id)).collect();
        for other in others {
            // One of those before may have been the same.
            let other = self.who(other);
            if other == first {
                continue;
            }
            happened = true;
            self.known_as.values_mut().filter(|who| **who == other).for_each(|who| *who = first);
            self.known_as.insert(other, first);
            let campaigns: Vec<CampaignId> = self.masters.campaigns.keys().cloned().collect();
            for campaign in campaigns {
                let (from, to) = ((other, campaign.clone()), (first, campaign));
                let until = self.exclusive_until.remove(&from);
                if let Some(agent) = self.exclusive.remove(&from)
                    && !self.exclusive.contains_key(&to)
                {
                    self.exclusive.insert(to.clone(), agent);
                    self.exclusive_until.extend(until.map(|until| (to, until)));
                }
            }
            self.talks.iter_mut().filter(|talk| talk.contact == other).for_each(|talk| talk.contact = first);
        }
        let channels: Vec<ChannelId> = self.masters.channels.keys().cloned().collect();
        let mut freed: Vec<AgentId> =
            channels.iter().flat_map(|channel| self.one_goes_on(first, channel)).collect();
        freed.sort_unstable();
        freed.dedup();
        happened.then_some(freed)
    }

    /// Of several conversations on a channel one goes on. Gives whose rooms the others took.
    fn one_goes_on(&mut self, contact: ContactId, channel: &ChannelId) -> Vec<AgentId> {
        let is_one = |talk: &&Talk| talk.contact == contact && talk.channel == *channel;
        let rank = |talk: &Talk| (self.holder(talk.id).is_none(), talk.opened_at, talk.id);
        let mut open: Vec<_> = self.open().filter(is_one).map(rank).collect();
        open.sort_unstable();
        let mut open = open.into_iter().map(|(.., id)| id);
        let Some(goes_on) = open.next() else {
            return Vec::new();
        };
        let mut freed = Vec::new();
        for ended in open {
            let talk = self.talk(ended).expect("it is open").clone();
            self.owes(goes_on, &talk);
            let placed = self.holder(ended).or(self.offered_to(ended));
            let others = talk.taken_from.clone().into_iter().chain(whom(&talk));
            for agent in placed.into_iter().chain(others) {
                self.still_lent.push((agent.clone(), ended));
                freed.push(agent);
            }
            self.set_place(ended, Place::Over);
        }
        freed
    }

    pub(crate) fn fill_freed(&mut self, freed: Option<Vec<AgentId>>) -> Verdict {
        self.still_lent.clear();
        let Some(freed) = freed else {
            return Verdict::Nothing;
        };
        freed.iter().for_each(|agent| self.fill(agent));
        Verdict::Happened
    }

    pub(crate) fn change_identity(&mut self, actor: &Actor, change: &IdentityChange) -> Verdict {
        let IdentityChange { channel, from: (from_id, from), to: (to_id, to), also } = change;
        or_refused!(self.may_report(actor, channel));
        only_if!(is_network_id(from, IDENTITY_BYTES_MAX), "invalid_text");
        only_if!(is_network_id(to, IDENTITY_BYTES_MAX), "invalid_text");
        or_refused!(check_also(also));
        only_if!(from != to, "same_identity");
        let contact = self.who(*from_id);
        let all: Vec<ContactId> = std::iter::once(*to_id).chain(also.iter().map(|(id, _)| *id)).collect();
        let freed = self.become_one(contact, &all);
        let kind = |channel: &ChannelId| self.masters.channels[channel].kind;
        let mut is_moved = false;
        for talk in self.talks.iter_mut().filter(|talk| talk.place != Place::Over) {
            let is_there = kind(&talk.channel) == kind(channel) && talk.address == *from;
            if talk.contact == contact && is_there {
                talk.address.clone_from(to);
                is_moved = true;
            }
        }
        match self.fill_freed(freed) {
            Verdict::Nothing if is_moved => Verdict::Happened,
            verdict @ (Verdict::Nothing | Verdict::Happened | Verdict::Refused(_)) => verdict,
        }
    }

    fn attends(&self, actor: &Actor) -> bool {
        matches!(self.role(actor), Some(Role::Agent | Role::Supervisor | Role::Administrator))
    }

    pub(crate) fn add_contact_note(&mut self, actor: &Actor, text: &str) -> Verdict {
        only_if!(self.attends(actor), "forbidden");
        only_if!(is_text(text, NOTE_CHARS_MAX), "invalid_text");
        Verdict::Happened
    }

    pub(crate) fn update_contact(&mut self, actor: &Actor, set: &[FieldSet]) -> Verdict {
        only_if!(self.attends(actor), "forbidden");
        only_if!(!set.is_empty(), "nothing_to_update");
        only_if!(set.len() <= FIELDS_AT_ONCE_MAX, "too_many");
        for FieldSet { field, value } in set {
            or_refused!(self.check_field(actor, field, value.as_deref().map(str::trim)));
        }
        Verdict::Happened
    }

    fn check_field(&self, actor: &Actor, field: &ContactField, value: Option<&str>) -> Result<(), Code> {
        let good = |is_good: bool, code| if is_good { Ok(()) } else { Err(code) };
        match field {
            ContactField::Name => {
                good(value.is_none_or(|text| is_text(text, NAME_CHARS_MAX)), "invalid_text")
            }
            ContactField::Document => {
                good(value.is_none_or(|text| is_text(text, DOCUMENT_CHARS_MAX)), "invalid_text")
            }
            ContactField::Email => good(value.is_none_or(is_email), "invalid_email"),
            ContactField::Phone => good(value.is_none_or(is_phone), "invalid_phone"),
            ContactField::Own { client, field } => {
                good(self.works_for(actor, client), "forbidden")?;
                let found = self.masters.clients.get(client).ok_or("unknown_client")?;
                let field = found.contact_fields.iter().find(|own| own.id == *field);
                let field = field.ok_or("unknown_contact_field")?;
                good(value.is_none_or(|text| fits(field, text)), "invalid_contact_field")
            }
        }
    }

    /// Whoever supervises works for all.
    fn works_for(&self, actor: &Actor, client: &ClientId) -> bool {
        let Actor::Agent(id) = actor else { return true };
        let project = |campaign| &self.masters.campaigns[campaign].project;
        let mut campaigns = self.people[id].definition.campaigns.iter();
        self.supervises(actor)
            || campaigns.any(|campaign| self.masters.projects[project(campaign)].client == *client)
    }
}
