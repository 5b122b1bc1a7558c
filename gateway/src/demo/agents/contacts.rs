//! What an agent does about a contact: writes down who they are, finds them by that, and leaves a note for whoever
//! attends them next.

use reqwest::Method;
use schemas::api::Page;
use schemas::api::contacts::{AddContactNote, Contact, Patch, UpdateContact};
use schemas::api::views::InboxItem;

use super::hands::Hands;
use crate::demo::tally::Count;

const NAMES: [&str; 6] =
    ["Lucía Ferrer", "Mateo Ibáñez", "Sofía Marín", "Aisha El Amrani", "João Pires", "Mei Lin"];
const NOTES: [&str; 3] =
    ["Prefiere que le llamen por la tarde.", "Only writes English.", "Ya tiene abierta una reclamación."];

impl Hands {
    /// Writes down who the customer is, and looks whether they are found by that.
    pub(super) async fn maybe_write_down(&mut self, item: &InboxItem) {
        if !self.chance.happens(0.12) {
            return;
        }
        let name = (*self.chance.choose(&NAMES).unwrap_or(&"")).to_owned();
        let document = format!("{:08}Z", self.chance.between(0, 99_999_999));
        let (name, said) = (Patch::Set(name), Patch::Set(document.clone()));
        let profile = UpdateContact { name, document: said, ..UpdateContact::default() };
        if !self.command(Method::PATCH, &format!("/v1/contacts/{}", item.contact), &profile).await {
            return;
        }
        self.desk.tally.one(Count::Profiles);
        let found: Option<Page<Contact>> = self.desk.read(&format!("/v1/contacts?q={document}")).await;
        // Whoever they have become since may have another document; the books tell whether that is so.
        let has_it = |contact: &Contact| contact.document.as_ref() == Some(&document);
        if found.is_some_and(|page| page.items.iter().any(has_it)) {
            self.desk.tally.one(Count::Found);
        }
    }

    pub(super) async fn maybe_note_on_contact(&mut self, item: &InboxItem) {
        if !self.chance.happens(0.03) {
            return;
        }
        let text = (*self.chance.choose(&NOTES).unwrap_or(&"")).to_owned();
        let path = format!("/v1/contacts/{}/notes", item.contact);
        if self.command(Method::POST, &path, &AddContactNote { text }).await {
            self.desk.tally.one(Count::Notes);
        }
    }
}
