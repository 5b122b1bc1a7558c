//! What an agent does in a conversation: answers, writes a note, hands it over, finishes it, keeps the contact.

use reqwest::Method;
use schemas::api::requests::{AddNote, Finish, SendMessage, SetExclusiveAgent, Transfer};
use schemas::api::views::InboxItem;
use schemas::event::NoteKind;
use schemas::{ConversationId, Shortcut};

use super::hands::Hands;
use crate::demo::tally::Count;

/// The shortcut that every campaign of the demo has.
const GREETING: &str = "hola";
const ANSWERS: [&str; 6] = [
    "¡Hola! Ahora mismo lo miro.",
    "Hello, how can I help you?",
    "He encontrado su pedido: llega mañana antes de las 14:00.",
    "Please restart the router and tell me whether the light is green.",
    "Queda solucionado. ¿Algo más?",
    "Thank you for waiting \u{1f64f}",
];

impl Hands {
    /// Takes what is offered, or leaves it to others; now and then only by not answering.
    pub(super) async fn answer_offer(&mut self, id: ConversationId) {
        let accepts = self.chance.happens(0.9);
        if !accepts && self.chance.happens(0.3) {
            self.desk.tally.one(Count::OffersLost);
            self.ignored = true;
            return;
        }
        let answer = if accepts { "accept" } else { "decline" };
        if self.desk.bare_command(Method::POST, &format!("/v1/conversations/{id}/{answer}")).await.is_some() {
            self.desk.tally.one(if accepts { Count::OffersAccepted } else { Count::OffersLost });
        }
    }

    /// Sends an answer; now and then with a double click, of which one message must come.
    pub(super) async fn answer(&mut self, id: ConversationId) {
        let path = format!("/v1/conversations/{id}/messages");
        let shortcut = self.chance.happens(0.2).then(|| Shortcut::new(GREETING).ok()).flatten();
        let text = shortcut.is_none().then(|| (*self.chance.choose(&ANSWERS).unwrap_or(&"")).to_owned());
        let body = SendMessage { text, shortcut };
        let key = self.desk.key();
        let request =
            || self.desk.api.request(Method::POST, &path).json(&body).header("Idempotency-Key", key.clone());
        let accepted = if self.chance.happens(0.05) {
            let (first, second) =
                tokio::join!(self.desk.send(&path, request()), self.desk.send(&path, request()));
            if let (Some(first), Some(second)) = (&first, &second)
                && (first.message != second.message || first.repeated == second.repeated)
            {
                self.desk
                    .tally
                    .trouble(format!("a double click in {id} was not taken as one: {first:?}, {second:?}"));
            }
            first.or(second)
        } else {
            self.desk.send(&path, request()).await
        };
        if let Some(accepted) = accepted {
            self.desk.tally.sent(accepted.message);
            if body.shortcut.is_some() {
                self.desk.tally.one(Count::Texts);
            }
            self.desk.done(&accepted);
        }
    }

    pub(super) async fn transfer(&mut self, item: &InboxItem) {
        let beside: Vec<_> = self.workspace.beside(&item.campaign, &item.channel);
        let colleagues: Vec<_> = self.workspace.attending(&item.campaign, &item.channel);
        let campaign = if self.chance.happens(0.5) { self.chance.choose(&beside) } else { None };
        let agent = match campaign {
            Some(_) => None,
            None => self.chance.choose(&colleagues).map(|agent| (*agent).clone()),
        };
        let note = "Pide hablar con otra persona.".to_owned();
        // Some ask first.
        let offer = agent.is_some() && self.chance.happens(0.3);
        let transfer =
            Transfer { agent, campaign: campaign.map(|campaign| (*campaign).clone()), note, offer };
        let path = format!("/v1/conversations/{}/transfer", item.conversation);
        if self.command(Method::POST, &path, &transfer).await {
            self.desk.tally.one(Count::Transfers);
        }
    }

    pub(super) async fn finish(&mut self, item: &InboxItem) {
        let Some(ending) = self.chance.choose(self.workspace.endings(&item.campaign)).cloned() else {
            return;
        };
        let finish = Finish { disposition: ending.disposition, sub_disposition: ending.sub_disposition };
        let path = format!("/v1/conversations/{}/finish", item.conversation);
        if self.command(Method::POST, &path, &finish).await {
            self.desk.tally.one(Count::Finishes);
        }
    }

    /// Becomes the contact's exclusive agent, or ends that.
    pub(super) async fn maybe_keep(&mut self, item: &InboxItem) {
        let path = format!("/v1/contacts/{}/exclusive-agents/{}", item.contact, item.campaign);
        let done = if self.chance.happens(0.02) {
            self.command(Method::PUT, &path, &SetExclusiveAgent { agent: Some(self.id.clone()), until: None })
                .await
        } else if self.chance.happens(0.01) {
            self.desk.bare_command(Method::DELETE, &path).await.is_some()
        } else {
            false
        };
        if done {
            self.desk.tally.one(Count::Exclusives);
        }
    }

    pub(super) async fn maybe_note(&mut self, id: ConversationId) {
        if !self.chance.happens(0.06) {
            return;
        }
        let note = AddNote { text: "Ha llamado dos veces por lo mismo.".into(), kind: NoteKind::Note };
        if self.command(Method::POST, &format!("/v1/conversations/{id}/notes"), &note).await {
            self.desk.tally.one(Count::Notes);
        }
    }
}
