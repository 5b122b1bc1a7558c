//! The model's predefined texts: their fields are found one character at a time.

use schemas::event::TextDefined;
use schemas::limits::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use schemas::{Actor, Role, TextId};

use crate::masters::{be, is_text};
use crate::reference::{Code, Reference, Verdict, only_if, or_refused};

const FIELDS: [&str; 5] = ["contact.name", "agent.name", "campaign.name", "project.name", "client.name"];

/// The first thing that is wrong with the braces of a text.
fn check_braces(text: &str) -> Result<(), Code> {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c != '{' && c != '}' {
            at += 1;
        } else if chars.get(at + 1) == Some(&c) {
            at += 2;
        } else {
            let end = (at..chars.len()).find(|end| c == '{' && chars[*end] == '}');
            let Some(end) = end else {
                return Err("text_brace");
            };
            let inside: String = chars[at + 1..end].iter().collect();
            if !FIELDS.contains(&inside.split('|').next().unwrap_or_default()) {
                return Err("unknown_text_field");
            }
            at = end + 1;
        }
    }
    Ok(())
}

impl Reference {
    pub(crate) fn define_text(&mut self, actor: &Actor, text: &TextDefined) -> Verdict {
        only_if!(self.role(actor) == Some(Role::Administrator), "forbidden");
        only_if!(is_text(&text.name, NAME_CHARS_MAX), "invalid_text");
        only_if!(is_text(&text.body, TEXT_CHARS_MAX), "invalid_text");
        or_refused!(check_braces(&text.body));
        only_if!(self.masters.campaigns.contains_key(&text.campaign), "unknown_campaign");
        for other in self.masters.texts.values().filter(|other| other.text != text.text) {
            let is_taken = other.campaign == text.campaign && other.shortcut == text.shortcut;
            only_if!(!is_taken || text.shortcut.is_none(), "shortcut_taken");
        }
        be(&mut self.masters.texts, text.text.clone(), text)
    }

    pub(crate) fn remove_text(&mut self, actor: &Actor, text: &TextId) -> Verdict {
        only_if!(self.role(actor) == Some(Role::Administrator), "forbidden");
        only_if!(self.masters.texts.remove(text).is_some(), "unknown_text");
        Verdict::Happened
    }
}
