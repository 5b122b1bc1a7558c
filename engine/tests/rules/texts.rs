//! Predefined texts: of a campaign, with a shortcut of their own, and fields that there are.

use schemas::event::{TextDefined, TextRemoved};
use schemas::limits::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use schemas::{Command, Rejection, Shortcut, TextId};

use super::centre::*;
use super::harness::{Step, given};

fn text(id: &str) -> TextId {
    TextId::new(id).expect("a good id")
}

fn shortcut(id: &str) -> Shortcut {
    Shortcut::new(id).expect("a good id")
}

fn greeting() -> TextDefined {
    TextDefined {
        text: text("greeting"),
        campaign: campaign(SALES),
        name: "Greeting".into(),
        shortcut: Some(shortcut("hello")),
        body: "Hello {contact.name|you}, I am {agent.name}".into(),
    }
}

fn says(body: &str) -> Step {
    is(TextDefined { body: body.into(), ..greeting() })
}

fn is(text: TextDefined) -> Step {
    defines(Command::DefineText(text))
}

fn is_removed(id: &str) -> Step {
    defines(Command::RemoveText(text(id)))
}

#[test]
fn a_text_is_defined_changed_and_removed() {
    let changed = TextDefined { shortcut: Some(shortcut("hi")), ..greeting() };
    given([])
        .when(is(greeting()))
        .then([greeting().into()])
        .when(is(greeting()))
        .then_nothing()
        .when(is(changed.clone()))
        .then([changed.into()])
        .when(is_removed("greeting"))
        .then([TextRemoved { text: text("greeting") }.into()])
        .when(is_removed("greeting"))
        .then_rejected(Rejection::UnknownText(text("greeting")));
}

#[test]
fn a_shortcut_is_one_texts_in_each_campaign_and_free_again() {
    let (other, elsewhere) = (
        TextDefined { text: text("other"), ..greeting() },
        TextDefined { text: text("elsewhere"), campaign: campaign(SUPPORT), ..greeting() },
    );
    given([is(greeting()), is(elsewhere)])
        .when(is(other.clone()))
        .then_rejected(Rejection::ShortcutTaken(shortcut("hello"), text("greeting")))
        .and([is(TextDefined { shortcut: None, ..greeting() }), is(other)]);
}

#[test]
fn a_text_has_at_most_as_many_characters_as_a_message() {
    given([]).when(says(&"ñ".repeat(TEXT_CHARS_MAX))).then_accepted();
}

refusals! {
    a_text_says_something:
        given []
        when says(" ")
        => Rejection::InvalidText("text".into());
    a_text_is_no_longer_than_a_message:
        given []
        when says(&"a".repeat(TEXT_CHARS_MAX + 1))
        => Rejection::InvalidText("text".into());
    a_text_has_a_name:
        given []
        when is(TextDefined { name: "n".repeat(NAME_CHARS_MAX + 1), ..greeting() })
        => Rejection::InvalidText("name".into());
    a_text_has_fields_that_there_are:
        given []
        when says("Hello {contact.nam}")
        => Rejection::UnknownTextField("contact.nam".into());
    a_brace_is_doubled_or_begins_a_field:
        given []
        when says("Hello {contact.name")
        => Rejection::TextBrace;
    a_text_is_of_a_campaign_that_there_is:
        given []
        when is(TextDefined { campaign: campaign("nowhere"), ..greeting() })
        => Rejection::UnknownCampaign(campaign("nowhere"));
    a_shortcut_is_one_texts:
        given [is(greeting())]
        when is(TextDefined { text: text("other"), ..greeting() })
        => Rejection::ShortcutTaken(shortcut("hello"), text("greeting"));
    what_there_is_not_cannot_be_removed:
        given []
        when is_removed("greeting")
        => Rejection::UnknownText(text("greeting"));
    an_agent_defines_no_text:
        given []
        when is(greeting()).by(as_agent(ANA))
        => Rejection::Forbidden;
    a_supervisor_removes_no_text:
        given [is(greeting())]
        when is_removed("greeting").by(as_agent(SUE))
        => Rejection::Forbidden;
}
