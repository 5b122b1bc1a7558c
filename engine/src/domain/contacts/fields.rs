//! What a field of a contact's profile may hold, and what a client may declare.

use std::collections::BTreeSet;

use schemas::limits::{
    CONTACT_FIELDS_MAX, DOCUMENT_CHARS_MAX, EMAIL_CHARS_MAX, FIELD_CHARS_MAX, FIELD_CHOICES_MAX,
    NAME_CHARS_MAX, PHONE_DIGITS_MAX,
};
use schemas::{ContactField, FieldDefinition, FieldKind, FieldSet, Rejection};

use super::super::permission::require_text;
use super::super::state::Workspace;

const PHONE_DIGITS_MIN: usize = 3;

/// The field as it is written down, if its value is one it can hold.
pub(super) fn checked(ws: &Workspace, wanted: &FieldSet) -> Result<FieldSet, Rejection> {
    let field = wanted.field.clone();
    let declared = match &field {
        ContactField::Own { client, field } => {
            let definition =
                ws.clients.get(client).ok_or_else(|| Rejection::UnknownClient(client.clone()))?;
            let found = definition.contact_fields.iter().find(|declared| declared.id == *field);
            Some(found.ok_or_else(|| Rejection::UnknownContactField(client.clone(), field.clone()))?)
        }
        ContactField::Name | ContactField::Email | ContactField::Phone | ContactField::Document => None,
    };
    let Some(text) = &wanted.value else {
        return Ok(FieldSet { field, value: None });
    };
    let text = text.trim();
    let value = match (&field, declared) {
        (ContactField::Name, _) => required("name", text, NAME_CHARS_MAX)?,
        (ContactField::Document, _) => required("document", text, DOCUMENT_CHARS_MAX)?,
        (ContactField::Email, _) if is_email(text) => text.to_owned(),
        (ContactField::Email, _) => return Err(Rejection::InvalidEmail),
        (ContactField::Phone, _) => digits(text).ok_or(Rejection::InvalidPhone)?,
        (ContactField::Own { .. }, Some(declared)) if fits(declared, text) => text.to_owned(),
        (ContactField::Own { field, .. }, _) => return Err(Rejection::InvalidContactField(field.clone())),
    };
    Ok(FieldSet { field, value: Some(value) })
}

fn required(what: &str, text: &str, max: usize) -> Result<String, Rejection> {
    require_text(what, text, max)?;
    Ok(text.to_owned())
}

fn is_email(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    match text.split_once('@') {
        Some((name, host)) => {
            let is_host =
                host.contains('.') && !host.contains('@') && host.split('.').all(|part| !part.is_empty());
            !name.is_empty() && is_host && text.chars().all(plain) && text.chars().count() <= EMAIL_CHARS_MAX
        }
        None => false,
    }
}

/// The digits of a phone number, however it is written.
fn digits(text: &str) -> Option<String> {
    let written = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '-' | '.' | '(' | ')' | '/');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let good = text.chars().all(written) && (PHONE_DIGITS_MIN..=PHONE_DIGITS_MAX).contains(&digits.len());
    good.then_some(digits)
}

fn fits(declared: &FieldDefinition, text: &str) -> bool {
    let is_short = !text.is_empty() && text.chars().nth(FIELD_CHARS_MAX).is_none();
    is_short
        && match declared.kind {
            FieldKind::Text => true,
            FieldKind::Number => is_number(text),
            FieldKind::Date => is_date(text),
            FieldKind::Choice => declared.choices.iter().any(|choice| choice == text),
        }
}

/// Digits with at most one point between them, and a sign before.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(part)
}

/// A day of the calendar, as in 2026-01-31.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, byte)| match i {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_shaped {
        return false;
    }
    let number = |part: &[u8]| part.iter().fold(0_u32, |number, byte| number * 10 + u32::from(byte - b'0'));
    let (year, month, day) = (number(&bytes[..4]), number(&bytes[5..7]), number(&bytes[8..]));
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// What a client declares can be filled in.
pub(in super::super) fn require_declarable(fields: &[FieldDefinition]) -> Result<(), Rejection> {
    if fields.len() > CONTACT_FIELDS_MAX {
        return Err(Rejection::TooMany("contact fields".to_owned()));
    }
    let mut ids = BTreeSet::new();
    for FieldDefinition { id, label, kind, choices } in fields {
        require_text("label", label, NAME_CHARS_MAX)?;
        if !ids.insert(id) {
            return Err(Rejection::DuplicateContactField(id.clone()));
        }
        let different: BTreeSet<&String> = choices.iter().collect();
        let are_good = match kind {
            FieldKind::Choice => {
                let is_good = |choice: &String| {
                    require_text("choice", choice, NAME_CHARS_MAX).is_ok() && choice.trim() == choice
                };
                (1..=FIELD_CHOICES_MAX).contains(&choices.len())
                    && different.len() == choices.len()
                    && choices.iter().all(is_good)
            }
            FieldKind::Text | FieldKind::Number | FieldKind::Date => choices.is_empty(),
        };
        if !are_good {
            return Err(Rejection::ContactFieldChoices(id.clone()));
        }
    }
    Ok(())
}
