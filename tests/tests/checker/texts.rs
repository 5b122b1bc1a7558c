//! Planted into what was sent by its shortcut: a field that is not filled in, another text, another name, and a message
//! that is submitted twice.

use schemas::event::{Author, ContactUpdated, Event, MessageSubmitted, TextDefined};
use schemas::{Actor, CommandId, ContactField, Content, FieldSet, MessageId, Shortcut, TextId};
use tests::centre::{campaign, channel, contact};
use tests::checker::{Evidence, Rule, check};
use tests::record::{Asked, Told};

use super::day::{breaks, held, in_order, then, then_by};

const COMMAND: CommandId = CommandId::from_bytes([5; 16]);
const BODY: &str = "Hello {contact.name|you}, {agent.name} of {campaign.name} at {client.name} here";

/// The agent sends the text that is defined with this shortcut, which comes to this.
fn sent(says: &[&str]) -> Evidence {
    let mut evidence = in_order();
    let (conversation, agent) = held(&evidence);
    for (id, body) in [("hello", BODY), ("dear", "Dear {contact.name}")] {
        let defined = TextDefined {
            text: TextId::new(id).unwrap(),
            campaign: campaign(1),
            name: id.to_owned(),
            shortcut: Some(Shortcut::new(id).unwrap()),
            body: body.to_owned(),
        };
        then(&mut evidence, Actor::Administrator, 1, vec![defined.into()]);
    }
    let messages = says.iter().map(|text| {
        let submitted = MessageSubmitted {
            conversation,
            message: MessageId::from(COMMAND),
            ordinal: 1,
            channel: channel(),
            to: "somebody".to_owned(),
            author: Author::Agent(agent.clone()),
            content: Content::Text((*text).to_owned()),
        };
        submitted.into()
    });
    let messages: Vec<Event> = messages.collect();
    then_by(&mut evidence, COMMAND, Actor::Agent(agent), 2, messages);
    let position = evidence.log.commits().last().unwrap().position;
    let last = evidence.records.asked.last().unwrap().answered;
    evidence.records.asked.push(Asked {
        client: "client".to_owned(),
        command: COMMAND,
        what: "a text".to_owned(),
        shortcut: Some("hello".to_owned()),
        asked: last + 1,
        answered: last + 2,
        told: Told::Accepted(position),
        elsewhere_at: None,
    });
    evidence
}

fn holder_is_called() -> String {
    format!("Agent {}", held(&in_order()).1.as_str().trim_start_matches("agent-"))
}

fn hello(name: &str) -> String {
    format!("Hello {name}, {} of Campaign 1 at Acme here", holder_is_called())
}

#[test]
fn what_is_filled_in_with_what_is_known_is_right() {
    assert_eq!(check(&sent(&[&hello("you")])), []);
}

#[test]
fn a_field_that_is_not_filled_in() {
    breaks(&sent(&[BODY]), Rule::FilledOnce);
}

#[test]
fn the_text_of_another_shortcut() {
    breaks(&sent(&["Dear you"]), Rule::FilledOnce);
}

#[test]
fn the_name_of_somebody_else() {
    let mut evidence = sent(&[&hello("Lola")]);
    breaks(&evidence, Rule::FilledOnce);
    let named = FieldSet { field: ContactField::Name, value: Some("Lola".to_owned()) };
    let named = ContactUpdated { contact: contact(0), set: vec![named], conversations: vec![] };
    // Before the message.
    let commits = &mut evidence.log.frames.last_mut().unwrap().frame.commits;
    let message = commits.pop().unwrap();
    let before = commits.last_mut().unwrap();
    before.events.push(named.into());
    commits.push(message);
    let position = evidence.log.commits().last().unwrap().position;
    evidence.records.asked.last_mut().unwrap().told = Told::Accepted(position);
    assert_eq!(check(&evidence), []);
}

#[test]
fn a_text_that_is_submitted_twice() {
    breaks(&sent(&[&hello("you"), &hello("you")]), Rule::FilledOnce);
}
