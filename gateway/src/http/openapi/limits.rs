//! How much each text, list and table of a request may hold, stated in the document. The figures are those of
//! `schemas::limits`, which the rules go by; a test finds a field that has none.

use schemas::ChannelKind;
use schemas::limits::{
    ALSO_MAX, AWAY_REASONS_MAX, CONTACT_FIELDS_MAX, CONTENT_BYTES_MAX, DOCUMENT_CHARS_MAX, EMAIL_CHARS_MAX,
    ERROR_DETAIL_CHARS_MAX, FIELD_CHOICES_MAX, FIELDS_AT_ONCE_MAX, HOLIDAYS_MAX, IDENTITY_BYTES_MAX,
    LIST_ITEMS_MAX, NAME_CHARS_MAX, NAME_ID_BYTES_MAX, NOTE_CHARS_MAX, OPEN_HOURS_MAX, PROVIDER_ID_BYTES_MAX,
    SKILLS_MAX, TEXT_CHARS_MAX, TIME_ZONE_BYTES_MAX,
};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, RefOr};

/// A time of day, or a date.
const SHORT: usize = 10;
/// Days of the week.
const WEEK: usize = 7;
/// A phone number as people write it: its digits, and as many signs between them.
const PHONE_CHARS: usize = 2 * schemas::limits::PHONE_DIGITS_MAX;

/// Schema, field, and the most characters, entries or members of it.
const LIMITS: &[(&str, &str, usize)] = &[
    ("AddContactNote", "text", NOTE_CHARS_MAX),
    ("AddNote", "text", NOTE_CHARS_MAX),
    ("AwayReason", "name", NAME_CHARS_MAX),
    ("BusinessHours", "holidays", HOLIDAYS_MAX),
    ("BusinessHours", "outside_text", TEXT_CHARS_MAX),
    ("BusinessHours", "time_zone", TIME_ZONE_BYTES_MAX),
    ("BusinessHours", "weekly", OPEN_HOURS_MAX),
    ("ChangeIdentity", "from", IDENTITY_BYTES_MAX),
    ("ChangeIdentity", "to", IDENTITY_BYTES_MAX),
    ("ChangePresence", "reason", NAME_ID_BYTES_MAX),
    ("DefineAgent", "campaigns", LIST_ITEMS_MAX),
    ("DefineAgent", "capacity_of", ChannelKind::ALL.len()),
    ("DefineAgent", "channels", LIST_ITEMS_MAX),
    ("DefineAgent", "name", NAME_CHARS_MAX),
    ("DefineAgent", "skills", SKILLS_MAX),
    ("DefineCampaign", "channels", LIST_ITEMS_MAX),
    ("DefineCampaign", "dispositions", LIST_ITEMS_MAX),
    ("DefineCampaign", "name", NAME_CHARS_MAX),
    ("DefineChannel", "address", IDENTITY_BYTES_MAX),
    ("DefineChannel", "name", NAME_CHARS_MAX),
    ("DefineClient", "contact_fields", CONTACT_FIELDS_MAX),
    ("DefineClient", "name", NAME_CHARS_MAX),
    ("DefineDisposition", "name", NAME_CHARS_MAX),
    ("DefineProject", "name", NAME_CHARS_MAX),
    ("DefineSettings", "away_reasons", AWAY_REASONS_MAX),
    ("DefineText", "name", NAME_CHARS_MAX),
    ("DefineText", "text", TEXT_CHARS_MAX),
    ("DeliveryError", "detail", ERROR_DETAIL_CHARS_MAX),
    ("FieldDefinition", "choices", FIELD_CHOICES_MAX),
    ("FieldDefinition", "label", NAME_CHARS_MAX),
    ("Inactivity", "close_text", TEXT_CHARS_MAX),
    ("Inactivity", "warn_text", TEXT_CHARS_MAX),
    ("Needs", "skills", SKILLS_MAX),
    ("OpenHours", "days", WEEK),
    ("OpenHours", "from", SHORT),
    ("OpenHours", "to", SHORT),
    ("ReceiveMessage", "also_known_as", ALSO_MAX),
    ("ReceiveMessage", "from", IDENTITY_BYTES_MAX),
    ("ReceiveMessage", "profile_name", CONTENT_BYTES_MAX),
    ("ReceiveMessage", "provider_id", PROVIDER_ID_BYTES_MAX),
    ("ReceiveMessage", "text", CONTENT_BYTES_MAX),
    ("RecordReceipt", "provider_id", PROVIDER_ID_BYTES_MAX),
    ("Routing", "skills", SKILLS_MAX),
    ("SendMessage", "text", TEXT_CHARS_MAX),
    ("Transfer", "note", NOTE_CHARS_MAX),
    ("UnsupportedContent", "kind", CONTENT_BYTES_MAX),
    ("UnsupportedContent", "raw", CONTENT_BYTES_MAX),
    ("UpdateContact", "document", DOCUMENT_CHARS_MAX),
    ("UpdateContact", "email", EMAIL_CHARS_MAX),
    ("UpdateContact", "fields", FIELDS_AT_ONCE_MAX),
    ("UpdateContact", "name", NAME_CHARS_MAX),
    ("UpdateContact", "phone", PHONE_CHARS),
];

/// Puts every limit where it belongs.
pub(super) fn state(components: &mut Components) {
    for (name, field, most) in LIMITS {
        if let Some(RefOr::T(schema)) = components.schemas.get_mut(*name) {
            state_in(schema, field, *most);
        }
    }
}

fn state_in(schema: &mut Schema, field: &str, most: usize) {
    match schema {
        Schema::Object(object) => match object.properties.get_mut(field) {
            Some(RefOr::T(Schema::Array(list))) => list.max_items = Some(most),
            Some(RefOr::T(Schema::Object(value))) if value.additional_properties.is_some() => {
                value.max_properties = Some(most);
            }
            Some(RefOr::T(Schema::Object(text))) => text.max_length = Some(most),
            Some(_) | None => {}
        },
        Schema::OneOf(one) => {
            for item in &mut one.items {
                if let RefOr::T(schema) = item {
                    state_in(schema, field, most);
                }
            }
        }
        _ => {}
    }
}
