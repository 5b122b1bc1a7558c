//! Predefined texts of campaigns. What they say becomes a message only when an agent sends it.

use schemas::event::{Event, TextDefined, TextRemoved};
use schemas::limits::TEXT_CHARS_MAX;
use schemas::text::{TextError, check};
use schemas::{Actor, Rejection, TextId};

use super::configuration::{require_space, unless_same};
use super::permission::{require_administrator, require_name, require_text};
use super::state::Workspace;

type Decision = Result<Vec<Event>, Rejection>;

pub(super) fn define(ws: &Workspace, text: &TextDefined, actor: &Actor) -> Decision {
    require_administrator(ws, actor)?;
    require_name(&text.name)?;
    require_text("text", &text.body, TEXT_CHARS_MAX)?;
    check(&text.body).map_err(|error| match error {
        TextError::UnknownField(field) => Rejection::UnknownTextField(field),
        TextError::Brace | TextError::Empty(_) => Rejection::TextBrace,
    })?;
    if !ws.campaigns.contains_key(&text.campaign) {
        return Err(Rejection::UnknownCampaign(text.campaign.clone()));
    }
    if let Some(shortcut) = &text.shortcut {
        let has_it = |other: &&TextDefined| {
            other.text != text.text
                && other.campaign == text.campaign
                && other.shortcut.as_ref() == Some(shortcut)
        };
        if let Some(other) = ws.texts.values().find(has_it) {
            return Err(Rejection::ShortcutTaken(shortcut.clone(), other.text.clone()));
        }
    }
    let before = ws.texts.get(&text.text);
    require_space("texts", ws.texts.len(), before.is_some())?;
    Ok(unless_same(before, text))
}

pub(super) fn remove(ws: &Workspace, text: &TextId, actor: &Actor) -> Decision {
    require_administrator(ws, actor)?;
    if !ws.texts.contains_key(text) {
        return Err(Rejection::UnknownText(text.clone()));
    }
    Ok(vec![TextRemoved { text: text.clone() }.into()])
}

pub(super) fn defined(ws: &mut Workspace, event: &TextDefined) {
    ws.texts.insert(event.text.clone(), event.clone());
}

pub(super) fn removed(ws: &mut Workspace, event: &TextRemoved) {
    ws.texts.remove(&event.text);
}
