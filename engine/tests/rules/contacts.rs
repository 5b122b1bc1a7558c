//! Contacts: several ids that turn out to be one, conversations that go on as one, addresses that change, and what may
//! be written down.

use schemas::command::{Due, IdentityChange, InboundMessage};
use schemas::event::{
    AddressChanged, AssignReason, ClientDefined, ContactNoteAdded, ContactUpdated, ContactsMerged,
    ConversationJoined, ConversationMerged, Event, IdentityChanged, QueueCause,
};
use schemas::limits::{
    ALSO_MAX, CONTACT_FIELDS_MAX, FIELD_CHARS_MAX, FIELD_CHOICES_MAX, FIELDS_AT_ONCE_MAX, IDENTITY_BYTES_MAX,
    NAME_CHARS_MAX, NOTE_CHARS_MAX,
};
use schemas::{
    Actor, ChannelKind, ClientId, Command, CommandId, ContactField, ConversationId, FieldDefinition, FieldId,
    FieldKind, FieldSet, Identity, Rejection,
};

use super::centre::*;
use super::harness::{Scene, Step, given, second};

/// The address that a contact of the centre writes from.
fn address(name: &str) -> String {
    format!("identity of {name}")
}

fn identity(name: &str) -> Identity {
    Identity { network: ChannelKind::Whatsapp, address: address(name) }
}

/// A message that names other addresses of whoever writes it.
fn wrote_as(name: &str, also: &[&str], on: &str, count: u32) -> Step {
    let also = also.iter().map(|other| (contact(other), address(other))).collect();
    let id = *opened_by(name, on, count).as_bytes();
    let message = InboundMessage { also, ..inbound(name, on, count) };
    Step::new(Actor::Channel(channel(on)), Command::ReceiveMessage(message))
        .with_id(CommandId::from_bytes(id))
}

fn merges(actor: Actor, name: &str, other: &str) -> Step {
    Step::new(actor, Command::MergeContacts { contact: contact(name), other: contact(other) })
}

fn change(from: &str, to: &str) -> IdentityChange {
    let known = |name: &str| (contact(name), address(name));
    IdentityChange { channel: channel(WA), from: known(from), to: known(to), also: Vec::new() }
}

fn changes(change: IdentityChange) -> Step {
    Step::new(Actor::Channel(channel(WA)), Command::ChangeIdentity(change))
}

fn merged<const N: usize>(name: &str, other: &str, conversations: [ConversationId; N]) -> Event {
    let (contact, merged) = (contact(name), contact(other));
    let identity = Some(identity(other));
    ContactsMerged { contact, merged, identity, conversations: conversations.to_vec() }.into()
}

fn ended(conversation: ConversationId, into: ConversationId, who: Option<&str>) -> Event {
    ConversationMerged { conversation, into, agent: who.map(agent) }.into()
}

fn joined(conversation: ConversationId, other: ConversationId) -> Event {
    ConversationJoined { conversation, other }.into()
}

fn acme_id() -> ClientId {
    acme().client
}

fn nobody() -> ClientId {
    ClientId::new("nobody").expect("a good id")
}

fn field(id: &str) -> FieldId {
    FieldId::new(id).expect("a good id")
}

fn declared(id: &str, kind: FieldKind, choices: &[&str]) -> FieldDefinition {
    let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
    FieldDefinition { id: field(id), label: id.to_owned(), kind, choices }
}

/// Acme declares a field of each kind.
fn declares() -> Step {
    declares_these(vec![
        declared("policy", FieldKind::Text, &[]),
        declared("visits", FieldKind::Number, &[]),
        declared("birthday", FieldKind::Date, &[]),
        declared("plan", FieldKind::Choice, &["basic", "gold"]),
    ])
}

fn declares_these(contact_fields: Vec<FieldDefinition>) -> Step {
    defines(Command::DefineClient(ClientDefined { contact_fields, ..acme() }))
}

fn own(id: &str) -> ContactField {
    ContactField::Own { client: acme_id(), field: field(id) }
}

fn set(field: ContactField, value: Option<&str>) -> FieldSet {
    FieldSet { field, value: value.map(str::to_owned) }
}

fn writes_down(actor: Actor, set: Vec<FieldSet>) -> Step {
    Step::new(actor, Command::UpdateContact { contact: contact(EVA), set })
}

/// Ana says this of Eva.
fn says(field: ContactField, value: &str) -> Step {
    writes_down(as_agent(ANA), vec![set(field, Some(value))])
}

fn notes(actor: Actor, text: &str) -> Step {
    Step::new(actor, Command::AddContactNote { contact: contact(EVA), text: text.to_owned() })
}

#[track_caller]
fn then_is(scene: Scene, name: &str, who: &str) -> Scene {
    assert_eq!(scene.workspace().resolve(contact(name)), contact(who), "who {name} is");
    scene
}

#[test]
fn another_address_that_nobody_wrote_from_leads_to_the_same_contact() {
    let scene = given([wrote(EVA)]).when(wrote_as(EVA, &[LUIS], WA, 2)).then_begins_with(merged(
        EVA,
        LUIS,
        [of(EVA)],
    ));
    then_is(scene, LUIS, EVA)
        .when(wrote_as(LUIS, &[], WA, 3))
        .then_accepted()
        .then_is_not_open(opened_by(LUIS, WA, 3));
}

#[test]
fn what_is_known_already_gives_no_event_of_its_own() {
    let scene = given([wrote_as(EVA, &[LUIS], WA, 1), merges(Actor::Administrator, EVA, LUIS)]);
    let outcome = scene.when(merges(Actor::Administrator, LUIS, EVA)).then_nothing();
    outcome
        .and([wrote_as(EVA, &[LUIS], WA, 2)])
        .when(wrote_as(LUIS, &[EVA], WA, 3))
        .then_accepted()
        .then_waits(of(EVA));
}

#[test]
fn the_conversation_of_the_other_goes_on_as_the_contacts_own() {
    let scene = given([online(ANA), wrote(LUIS)])
        .when(wrote_as(EVA, &[LUIS], WA, 1))
        .then_begins_with(merged(EVA, LUIS, [of(LUIS)]))
        .then_holds(ANA, [of(LUIS)])
        .then_is_not_open(of(EVA));
    let found = scene.workspace().conversation(of(LUIS)).expect("it is open");
    assert_eq!((found.contact, &*found.identity), (contact(EVA), &*address(LUIS)));
}

#[test]
fn of_two_that_wait_the_older_goes_on() {
    given([wrote(LUIS), wrote(EVA)])
        .when(wrote_as(EVA, &[LUIS], WA, 2))
        .then_has(ended(of(EVA), of(LUIS), None))
        .then_waits(of(LUIS));
}

#[test]
fn of_two_with_agents_the_older_goes_on_and_the_other_agent_has_room() {
    given([with_capacity(ANA, 1), with_capacity(BEN, 1), online(ANA), wrote(EVA), online(BEN), wrote(LUIS)])
        .and([wrote(MIA)])
        .when(wrote_as(EVA, &[LUIS], WA, 2))
        .then_has(ended(of(LUIS), of(EVA), Some(BEN)))
        .then_holds(ANA, [of(EVA)])
        .then_holds(BEN, [of(MIA)]);
}

#[test]
fn one_that_waits_ends_for_one_that_is_attended_though_it_is_older() {
    given([wrote(LUIS), wrote(EVA), with_capacity(ANA, 1), online(ANA)])
        .and([transfers(ANA, of(LUIS), to_campaign(SUPPORT))])
        .when(merges(as_agent(SUE), LUIS, EVA))
        .then([
            ContactsMerged {
                contact: contact(LUIS),
                merged: contact(EVA),
                identity: None,
                conversations: vec![of(EVA)],
            }
            .into(),
            ended(of(LUIS), of(EVA), None),
            joined(of(EVA), of(LUIS)),
        ])
        .then_holds(ANA, [of(EVA)]);
}

#[test]
fn on_other_channels_both_go_on() {
    given([online(ANA), wrote(EVA), wrote_on(LUIS, WEB, 1)])
        .when(merges(Actor::Administrator, EVA, LUIS))
        .then_accepted()
        .then_holds(ANA, [of(EVA), opened_by(LUIS, WEB, 1)])
        .when(wrote_on(EVA, WEB, 2))
        .then_accepted()
        .then_is_not_open(opened_by(EVA, WEB, 2));
}

#[test]
fn room_that_a_merge_makes_goes_to_what_is_opened_with_it() {
    given([with_capacity(ANA, 2), online(ANA), wrote(EVA), wrote(LUIS)])
        .when(wrote_as(EVA, &[LUIS], WEB, 1))
        .then_ends_in(assigned(
            opened_by(EVA, WEB, 1),
            ANA,
            AssignReason::WaitedLongest { waiting_since: second(5), priority: 0, load: 1, capacity: 2 },
        ))
        .then_holds(ANA, [of(EVA), opened_by(EVA, WEB, 1)]);
}

#[test]
fn room_that_a_merge_makes_is_not_for_what_ends_by_it() {
    given([online(ANA), wrote(EVA), wrote_on(EVA, WEB, 1), with_capacity(BEN, 1), online(BEN)])
        .and([wrote(LUIS), wrote_on(LUIS, WEB, 1)])
        .then_waits(opened_by(LUIS, WEB, 1))
        .when(merges(Actor::Administrator, EVA, LUIS))
        .then([
            ContactsMerged {
                contact: contact(EVA),
                merged: contact(LUIS),
                identity: None,
                conversations: vec![of(EVA), opened_by(EVA, WEB, 1)],
            }
            .into(),
            ended(of(LUIS), of(EVA), Some(BEN)),
            joined(of(EVA), of(LUIS)),
            ended(opened_by(LUIS, WEB, 1), opened_by(EVA, WEB, 1), None),
            joined(opened_by(EVA, WEB, 1), opened_by(LUIS, WEB, 1)),
        ])
        .then_holds(BEN, [])
        .then_holds(ANA, [of(EVA), opened_by(EVA, WEB, 1)]);
}

#[test]
fn exclusive_agents_come_along_and_the_contacts_own_stays() {
    given([exclusive(EVA, SALES, ANA), exclusive(LUIS, SALES, BEN), exclusive(LUIS, SUPPORT, FLO)])
        .and([merges(Actor::Administrator, EVA, LUIS), online(BEN)])
        .when(wrote(LUIS))
        .then_has(kept(of(LUIS), SALES, QueueCause::Opened, second(6), (ANA, Some(second(66)))))
        .when(not_exclusive(LUIS, SUPPORT))
        .then_accepted()
        .when(not_exclusive(EVA, SUPPORT))
        .then_rejected(Rejection::NoExclusiveAgent(contact(EVA), campaign(SUPPORT)));
}

#[test]
fn a_conversation_that_a_merge_opens_goes_to_the_exclusive_agent_of_either() {
    given([online(ANA), online(BEN), exclusive(LUIS, SALES, BEN)])
        .when(wrote_as(EVA, &[LUIS], WA, 1))
        .then_ends_in(assigned(of(EVA), BEN, AssignReason::Exclusive));
}

#[test]
fn the_end_of_an_exclusivity_that_came_along_comes_all_the_same() {
    let until = second(100);
    given([exclusive_until(LUIS, SALES, ANA, until), merges(Actor::Administrator, EVA, LUIS)])
        .then_next_is_due(until, Due::ExclusiveAgent(contact(EVA), campaign(SALES)));
}

#[test]
fn several_addresses_in_one_message_become_one_contact() {
    let scene = given([online(ANA), wrote(LUIS), wrote(MIA)])
        .when(wrote_as(EVA, &[LUIS, MIA, LUIS], WA, 1))
        .then_accepted()
        .then_holds(ANA, [of(LUIS)])
        .then_is_not_open(of(MIA));
    then_is(then_is(scene, LUIS, EVA), MIA, EVA);
}

#[test]
fn who_was_merged_before_is_followed_to_the_end() {
    let scene =
        given([wrote(EVA), merges(Actor::Administrator, LUIS, EVA), merges(Actor::Administrator, MIA, LUIS)]);
    then_is(scene, EVA, MIA).when(wrote_again(EVA)).then_accepted().then_is_not_open(opened_by(EVA, WA, 2));
}

#[test]
fn a_new_address_leads_to_the_contact_and_is_where_answers_go() {
    let scene = given([online(ANA), wrote(EVA)]).when(changes(change(EVA, LUIS))).then([
        merged(EVA, LUIS, [of(EVA)]),
        IdentityChanged {
            contact: contact(EVA),
            from: identity(EVA),
            to: identity(LUIS),
            conversations: vec![of(EVA)],
        }
        .into(),
        AddressChanged { conversation: of(EVA), from: address(EVA), to: address(LUIS) }.into(),
    ]);
    let scene = scene.and([wrote(LUIS)]).then_is_not_open(of(LUIS)).then_holds(ANA, [of(EVA)]);
    let found = scene.workspace().conversation(of(EVA)).expect("it is open");
    assert_eq!(*found.identity, *address(LUIS));
}

#[test]
fn what_else_a_change_names_is_the_contact_too() {
    let also = vec![(contact(MIA), address(MIA))];
    let scene = given([wrote(EVA), wrote(MIA), changes(IdentityChange { also, ..change(EVA, LUIS) })]);
    then_is(then_is(scene, MIA, EVA), LUIS, EVA).then_is_not_open(of(MIA)).then_waits(of(EVA));
}

#[test]
fn a_change_that_is_known_gives_no_event() {
    given([wrote(EVA), changes(change(EVA, LUIS))]).when(changes(change(EVA, LUIS))).then_nothing();
}

#[test]
fn a_change_opens_no_conversation() {
    given([online(ANA)]).when(changes(change(EVA, LUIS))).then_accepted().then_holds(ANA, []);
}

#[test]
fn an_address_on_another_network_stays() {
    let scene = given([online(ANA), wrote_on(EVA, WEB, 1), changes(change(EVA, LUIS))]);
    let found = scene.workspace().conversation(opened_by(EVA, WEB, 1)).expect("it is open");
    assert_eq!(*found.identity, *address(EVA));
}

#[test]
fn what_is_written_down_is_in_its_plain_form() {
    given([declares(), wrote(EVA)])
        .when(writes_down(
            as_agent(ANA),
            vec![
                set(ContactField::Name, Some("  Eva Núñez ")),
                set(ContactField::Phone, Some("+34 (600) 12-34.56")),
                set(ContactField::Email, None),
                set(own("birthday"), Some("2024-02-29")),
                set(own("visits"), Some("-3.5")),
                set(own("plan"), Some("gold")),
            ],
        ))
        .then([ContactUpdated {
            contact: contact(EVA),
            set: vec![
                set(ContactField::Name, Some("Eva Núñez")),
                set(ContactField::Phone, Some("34600123456")),
                set(ContactField::Email, None),
                set(own("birthday"), Some("2024-02-29")),
                set(own("visits"), Some("-3.5")),
                set(own("plan"), Some("gold")),
            ],
            conversations: vec![of(EVA)],
        }
        .into()]);
}

#[test]
fn what_is_written_on_a_merged_id_is_the_contacts() {
    given([merges(Actor::Administrator, LUIS, EVA)]).when(notes(as_agent(ANA), "calls on Mondays")).then([
        ContactNoteAdded { contact: contact(LUIS), text: "calls on Mondays".into(), conversations: vec![] }
            .into(),
    ]);
}

#[test]
fn values_that_do_not_fit_their_kind_are_refused() {
    let wrong = [
        ("policy", ""),
        ("policy", &*"x".repeat(FIELD_CHARS_MAX + 1)),
        ("visits", "three"),
        ("visits", "1."),
        ("visits", "--1"),
        ("birthday", "2023-02-29"),
        ("birthday", "2023-13-01"),
        ("birthday", "29-02-2024"),
        ("birthday", "2100-02-29"),
        ("plan", "silver"),
    ];
    for (id, value) in wrong {
        let refused = Rejection::InvalidContactField(field(id));
        given([declares()]).when(says(own(id), value)).then_rejected(refused);
    }
    for email in
        ["ana", "@example.com", "ana@example", "a na@example.com", "ana@@example.com", "ana@example..com"]
    {
        given([]).when(says(ContactField::Email, email)).then_rejected(Rejection::InvalidEmail);
    }
    for phone in ["12", "phone", "123456789012345678901", "+34 600 x"] {
        given([]).when(says(ContactField::Phone, phone)).then_rejected(Rejection::InvalidPhone);
    }
}

fn with_fields(count: usize) -> Step {
    let nth = |i: usize| declared(&format!("f{i}"), FieldKind::Text, &[]);
    declares_these((0..count).map(nth).collect())
}

#[test]
fn as_many_fields_and_choices_as_the_limits_say() {
    let choices: Vec<String> = (0..FIELD_CHOICES_MAX).map(|i| format!("c{i}")).collect();
    let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
    given([
        with_fields(CONTACT_FIELDS_MAX),
        declares_these(vec![declared("plan", FieldKind::Choice, &choices)]),
    ]);
}

refusals! {
    an_agent_cannot_merge_contacts:
        given [] when merges(as_agent(ANA), EVA, LUIS) => Rejection::Forbidden;
    an_auditor_writes_nothing_down:
        given [] when writes_down(as_agent(TOM), vec![set(ContactField::Name, Some("Eva"))]) => Rejection::Forbidden;
    an_auditor_writes_no_note_on_a_contact:
        given [] when notes(as_agent(TOM), "hm") => Rejection::Forbidden;
    a_channel_writes_nothing_down:
        given [] when notes(Actor::Channel(channel(WA)), "hm") => Rejection::Forbidden;
    an_agent_changes_no_field_of_a_client_they_do_not_work_for:
        given [declares(), working_in(ANA, &[])] when says(own("policy"), "7") => Rejection::Forbidden;
    something_is_written_down:
        given [] when writes_down(as_agent(ANA), vec![]) => Rejection::NothingToUpdate;
    not_too_much_is_written_down_at_once:
        given [] when writes_down(as_agent(ANA), vec![set(ContactField::Name, None); FIELDS_AT_ONCE_MAX + 1])
        => Rejection::TooMany("fields".into());
    a_name_is_not_empty:
        given [] when says(ContactField::Name, " ") => Rejection::InvalidText("name".into());
    a_name_is_not_too_long:
        given [] when says(ContactField::Name, &"n".repeat(NAME_CHARS_MAX + 1)) => Rejection::InvalidText("name".into());
    a_document_is_not_empty:
        given [] when says(ContactField::Document, "") => Rejection::InvalidText("document".into());
    an_email_address_is_one:
        given [] when says(ContactField::Email, "ana") => Rejection::InvalidEmail;
    a_phone_number_is_one:
        given [] when says(ContactField::Phone, "call me") => Rejection::InvalidPhone;
    a_field_is_of_a_client_that_exists:
        given [] when writes_down(Actor::Administrator, vec![set(
            ContactField::Own { client: nobody(), field: field("policy") },
            None,
        )]) => Rejection::UnknownClient(nobody());
    a_field_is_declared:
        given [declares()] when says(own("colour"), "red") => Rejection::UnknownContactField(acme_id(), field("colour"));
    a_value_fits_its_field:
        given [declares()] when says(own("visits"), "many") => Rejection::InvalidContactField(field("visits"));
    a_field_is_declared_once:
        given [] when declares_these(vec![declared("a", FieldKind::Text, &[]), declared("a", FieldKind::Date, &[])])
        => Rejection::DuplicateContactField(field("a"));
    a_choice_has_choices:
        given [] when declares_these(vec![declared("a", FieldKind::Choice, &[])])
        => Rejection::ContactFieldChoices(field("a"));
    choices_are_different:
        given [] when declares_these(vec![declared("a", FieldKind::Choice, &["x", "x"])])
        => Rejection::ContactFieldChoices(field("a"));
    only_a_choice_has_choices:
        given [] when declares_these(vec![declared("a", FieldKind::Text, &["x"])])
        => Rejection::ContactFieldChoices(field("a"));
    fields_are_not_too_many:
        given [] when with_fields(CONTACT_FIELDS_MAX + 1) => Rejection::TooMany("contact fields".into());
    a_field_has_a_label:
        given [] when declares_these(vec![FieldDefinition { label: " ".into(), ..declared("a", FieldKind::Text, &[]) }])
        => Rejection::InvalidText("label".into());
    a_note_on_a_contact_says_something:
        given [] when notes(as_agent(ANA), "  ") => Rejection::InvalidText("note".into());
    a_note_on_a_contact_is_not_too_long:
        given [] when notes(as_agent(ANA), &"n".repeat(NOTE_CHARS_MAX + 1)) => Rejection::InvalidText("note".into());
    a_message_names_few_other_addresses:
        given [] when wrote_as(EVA, &[LUIS; ALSO_MAX + 1], WA, 1) => Rejection::TooMany("also known as".into());
    another_address_is_not_empty:
        given [] when Step::new(Actor::Channel(channel(WA)), Command::ReceiveMessage(InboundMessage {
            also: vec![(contact(LUIS), String::new())],
            ..inbound(EVA, WA, 1)
        })) => Rejection::InvalidText("also known as".into());
    an_address_changes_to_another_one:
        given [] when changes(change(EVA, EVA)) => Rejection::SameIdentity;
    a_channel_reports_changes_of_its_own_only:
        given [] when changes(change(EVA, LUIS)).by(Actor::Channel(channel(WEB))) => Rejection::Forbidden;
    a_new_address_is_not_too_long:
        given [] when changes(IdentityChange {
            to: (contact(LUIS), "x".repeat(IDENTITY_BYTES_MAX + 1)),
            ..change(EVA, LUIS)
        }) => Rejection::InvalidText("to".into());
    the_address_of_before_is_not_empty:
        given [] when changes(IdentityChange { from: (contact(EVA), " ".into()), ..change(EVA, LUIS) })
        => Rejection::InvalidText("from".into());
}
