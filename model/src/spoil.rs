//! Commands with something wrong in them, for each of the things that can be. A command of which nothing can be wrong
//! is left as it is.

use schemas::command::{AttemptResult, Due, IdentityChange, Receipt};
use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, SettingsDefined,
    TextDefined, WorkspaceCreated,
};
use schemas::limits::{
    AFTER_WORK_SECONDS_MAX, ALSO_MAX, CAPACITY_MAX, CONTACT_FIELDS_MAX, CONTENT_BYTES_MAX,
    FIELDS_AT_ONCE_MAX, GRACE_SECONDS_MAX, HOLIDAYS_MAX, IDENTITY_BYTES_MAX, INACTIVITY_SECONDS_MAX,
    NOTE_CHARS_MAX, OFFER_SECONDS_MAX, OPEN_HOURS_MAX, PRIORITY_MAX, PROVIDER_ID_BYTES_MAX,
    SERVICE_LEVEL_SECONDS_MAX, SKILL_LEVEL_MAX, TEXT_CHARS_MAX,
};
use schemas::masters::{AwayReason, NOT_RESPONDING};
use schemas::{
    AgentId, CampaignId, ChannelId, ClientId, Command, ContactField, ContactId, Content, ConversationId,
    DeliveryStatus, DispositionId, FieldId, FieldSet, MessageId, Needs, Overflow, Presence, ProjectId,
    ReasonId, SkillId, Skills, TextId, TransferTarget,
};

use crate::centre;
use crate::timing::timing;

const NOWHERE: ConversationId = ConversationId::from_bytes([9; 16]);
const NEVER_SENT: MessageId = MessageId::from_bytes([9; 16]);

fn nobody() -> AgentId {
    AgentId::new("nobody").expect("a good id")
}

fn no_campaign() -> CampaignId {
    CampaignId::new("nowhere").expect("a good id")
}

fn no_channel() -> ChannelId {
    ChannelId::new("nowhere").expect("a good id")
}

fn no_disposition() -> DispositionId {
    DispositionId::new("none").expect("a good id")
}

fn bad_skills() -> Skills {
    [(SkillId::new("french").expect("a good id"), SKILL_LEVEL_MAX + 1)].into()
}

/// The command with something wrong in it; `how` chooses among what can be, and `which` among more.
pub(crate) fn spoil(command: Command, (how, which): (u8, u8)) -> Command {
    let long = |chars: usize| "x".repeat(chars + 1);
    match command {
        Command::CreateWorkspace(_) => Command::CreateWorkspace(WorkspaceCreated { name: " ".into() }),
        Command::DefineClient(client) => Command::DefineClient(spoil_client(client, how)),
        Command::DefineProject(mut project) => {
            match how {
                0..3 => project.name.clear(),
                _ => project.client = ClientId::new("nobody").expect("a good id"),
            }
            Command::DefineProject(project)
        }
        Command::DefineChannel(channel) => Command::DefineChannel(spoil_channel(channel, how)),
        Command::DefineDisposition(disposition) => {
            Command::DefineDisposition(spoil_disposition(disposition, how))
        }
        Command::DefineCampaign(campaign) => Command::DefineCampaign(match which {
            0..2 => spoil_campaign(campaign, how),
            _ => spoil_timing(campaign, how + 6 * (which - 2)),
        }),
        Command::DefineAgent(agent) => Command::DefineAgent(spoil_agent(agent, how)),
        Command::DefineSettings(settings) => Command::DefineSettings(spoil_settings(settings, how)),
        Command::ReportConnection { is_connected, .. } => {
            Command::ReportConnection { agent: nobody(), is_connected }
        }
        Command::ChangePresence { agent, presence } => match how {
            0..2 => Command::ChangePresence { agent: nobody(), presence },
            _ => Command::ChangePresence { agent, presence: Presence::Away { reason: "sport".into() } },
        },
        Command::ReceiveMessage(mut message) => {
            match how {
                0 if which < 3 => message.channel = no_channel(),
                0 => message.also = vec![also("x"); ALSO_MAX + 1],
                1 if which < 3 => message.identity.clear(),
                1 => message.also = vec![also(" ")],
                2 => message.provider_id = long(PROVIDER_ID_BYTES_MAX),
                _ => message.content = Content::Text(long(CONTENT_BYTES_MAX)),
            }
            Command::ReceiveMessage(message)
        }
        Command::Assign { conversation, agent } => match how {
            0..3 => Command::Assign { conversation, agent: nobody() },
            _ => Command::Assign { conversation: NOWHERE, agent },
        },
        Command::AcceptOffer { .. } => Command::AcceptOffer { conversation: NOWHERE },
        Command::DeclineOffer { .. } => Command::DeclineOffer { conversation: NOWHERE },
        Command::Send { conversation, content } => match how {
            0 => Command::Send { conversation: NOWHERE, content },
            1 => Command::Send { conversation, content: Content::Text(" ".into()) },
            2 => Command::Send { conversation, content: Content::Text(long(TEXT_CHARS_MAX)) },
            _ => {
                let content = Content::Unsupported { kind: "sticker".into(), raw: "{}".into() };
                Command::Send { conversation, content }
            }
        },
        Command::Transfer { conversation, to, note } => match how {
            0 => Command::Transfer { conversation, to, note: " ".into() },
            1 => Command::Transfer { conversation, to, note: long(NOTE_CHARS_MAX) },
            2 => Command::Transfer { conversation, to: TransferTarget::Agent(nobody()), note },
            3 => Command::Transfer { conversation, to: TransferTarget::Campaign(no_campaign()), note },
            _ => Command::Transfer { conversation: NOWHERE, to, note },
        },
        Command::OfferTransfer { conversation, agent, note } => match how {
            0 => Command::OfferTransfer { conversation, agent, note: " ".into() },
            1 => Command::OfferTransfer { conversation, agent, note: long(NOTE_CHARS_MAX) },
            2 | 3 => Command::OfferTransfer { conversation, agent: nobody(), note },
            _ => Command::OfferTransfer { conversation: NOWHERE, agent, note },
        },
        Command::WithdrawTransfer { .. } => Command::WithdrawTransfer { conversation: NOWHERE },
        Command::DefineText(text) => Command::DefineText(spoil_text(text, how)),
        Command::RemoveText(_) => Command::RemoveText(TextId::new("none").expect("a good id")),
        Command::MergeContacts { contact, .. } => Command::MergeContacts { contact, other: contact },
        Command::ChangeIdentity(change) => Command::ChangeIdentity(spoil_change(change, how)),
        Command::UpdateContact { contact, set } => {
            Command::UpdateContact { contact, set: spoil_fields(set, how + 6 * (which % 2)) }
        }
        Command::AddContactNote { contact, .. } => {
            let text = if how < 3 { " ".into() } else { long(NOTE_CHARS_MAX) };
            Command::AddContactNote { contact, text }
        }
        Command::TakeOver { .. } => Command::TakeOver { conversation: NOWHERE },
        Command::GiveBack { .. } => Command::GiveBack { conversation: NOWHERE },
        Command::Finish { conversation, disposition, sub_disposition } => match how {
            0..2 => Command::Finish { conversation, disposition: no_disposition(), sub_disposition },
            2..4 => Command::Finish { conversation, disposition, sub_disposition: Some(no_disposition()) },
            _ => Command::Finish { conversation: NOWHERE, disposition, sub_disposition },
        },
        Command::EndAfterWork { conversation, agent } => match how {
            0..3 => Command::EndAfterWork { conversation, agent: nobody() },
            _ => Command::EndAfterWork { conversation: NOWHERE, agent },
        },
        Command::SetNeeds { conversation, needs } => match how {
            0 => Command::SetNeeds { conversation: NOWHERE, needs },
            1 | 2 => Command::SetNeeds { conversation, needs: Needs { skills: bad_skills(), ..needs } },
            _ => {
                let needs = Needs { priority: Some(PRIORITY_MAX + 1), ..needs };
                Command::SetNeeds { conversation, needs }
            }
        },
        Command::AddNote { conversation, text, kind } => match how {
            0..3 => Command::AddNote { conversation, text: long(NOTE_CHARS_MAX), kind },
            _ => Command::AddNote { conversation: NOWHERE, text, kind },
        },
        Command::SetExclusiveAgent { contact, campaign, agent, until } => match how {
            0 => Command::SetExclusiveAgent { contact, campaign: no_campaign(), agent, until },
            1 | 2 => Command::SetExclusiveAgent { contact, campaign, agent: nobody(), until },
            _ => Command::SetExclusiveAgent { contact, campaign, agent, until: Some(centre::opening()) },
        },
        Command::RemoveExclusiveAgent { contact, campaign } => match how {
            0..3 => Command::RemoveExclusiveAgent { contact, campaign: no_campaign() },
            _ => Command::RemoveExclusiveAgent { contact: ContactId::from_bytes([9; 16]), campaign },
        },
        Command::PassDeadline(_) => Command::PassDeadline(Due::Conversation(NOWHERE)),
        Command::RecordReceipt(receipt) => Command::RecordReceipt(spoil_receipt(receipt, how)),
        Command::BeginAttempt { .. } => Command::BeginAttempt { message: NEVER_SENT },
        Command::EndAttempt { message, attempt, result } => match how {
            0..2 => Command::EndAttempt { message: NEVER_SENT, attempt, result },
            2..4 => Command::EndAttempt { message, attempt: attempt + 1, result },
            _ => {
                let result = AttemptResult::Accepted { provider_id: String::new() };
                Command::EndAttempt { message, attempt, result }
            }
        },
        Command::Resend { conversation, message } => match how {
            0..3 => Command::Resend { conversation: NOWHERE, message },
            _ => Command::Resend { conversation, message: NEVER_SENT },
        },
        Command::Settle { conversation, message, status } => match how {
            0..2 => Command::Settle { conversation: NOWHERE, message, status },
            2..4 => Command::Settle { conversation, message: NEVER_SENT, status },
            _ => Command::Settle { conversation, message, status: DeliveryStatus::Read },
        },
    }
}

fn also(address: &str) -> (ContactId, String) {
    (ContactId::from_bytes([9; 16]), address.into())
}

fn spoil_client(mut client: ClientDefined, how: u8) -> ClientDefined {
    let first = client.contact_fields[0].clone();
    match how {
        0 => client.name.clear(),
        1 => client.contact_fields = vec![first; CONTACT_FIELDS_MAX + 1],
        2 => client.contact_fields[1].label = " ".into(),
        3 => client.contact_fields.push(first),
        4 => client.contact_fields[0].choices.push("gold".into()),
        _ => client.contact_fields[1].choices.push("gold".into()),
    }
    client
}

fn spoil_text(text: TextDefined, how: u8) -> TextDefined {
    match how {
        0 => TextDefined { name: String::new(), ..text },
        1 => TextDefined { body: " ".into(), ..text },
        2 => TextDefined { body: "{contact.name}}".into(), ..text },
        3 => TextDefined { body: "{{{contact.name".into(), ..text },
        4 => TextDefined { body: "{contact.nam|you}".into(), ..text },
        _ => TextDefined { campaign: no_campaign(), ..text },
    }
}

fn spoil_change(mut change: IdentityChange, how: u8) -> IdentityChange {
    match how {
        0 => change.channel = no_channel(),
        1 => change.from.1.clear(),
        2 => change.to.1 = "x".repeat(IDENTITY_BYTES_MAX + 1),
        3 => change.also = vec![also("x"); ALSO_MAX + 1],
        4 => change.also = vec![also(" ")],
        _ => change.to = change.from.clone(),
    }
    change
}

fn spoil_fields(mut set: Vec<FieldSet>, how: u8) -> Vec<FieldSet> {
    let own = |client: &str, field| {
        let (client, field) =
            (ClientId::new(client).expect("a good id"), FieldId::new(field).expect("a good id"));
        ContactField::Own { client, field }
    };
    let (field, value) = match how {
        0 => return Vec::new(),
        1 => return vec![set[0].clone(); FIELDS_AT_ONCE_MAX + 1],
        2 => (ContactField::Email, "eva@example"),
        3 => (ContactField::Email, "eva@home@example.com"),
        4 => (ContactField::Phone, "12"),
        5 => (ContactField::Phone, "600 000 oo1"),
        6 => (ContactField::Name, " "),
        7 => (ContactField::Document, ""),
        8 => (own("nobody", "tier"), "gold"),
        9 => (own("acme", "rank"), "gold"),
        10 => (own("acme", "tier"), "Gold"),
        _ => (own("acme", "born"), "2001-02-29"),
    };
    set.push(FieldSet { field, value: Some(value.into()) });
    set
}

fn spoil_channel(channel: ChannelDefined, how: u8) -> ChannelDefined {
    match how {
        0 => ChannelDefined { name: String::new(), ..channel },
        1 => ChannelDefined { address: String::new(), ..channel },
        2 | 3 => ChannelDefined { channel: no_channel(), ..channel },
        _ => ChannelDefined { kind: schemas::ChannelKind::Apple, ..channel },
    }
}

fn spoil_disposition(disposition: DispositionDefined, how: u8) -> DispositionDefined {
    match how {
        0 => DispositionDefined { name: String::new(), ..disposition },
        1 => DispositionDefined { parent: Some(no_disposition()), ..disposition },
        2 => DispositionDefined { parent: Some(disposition.disposition.clone()), ..disposition },
        _ => {
            let transfer = DispositionId::new("transfer").expect("a good id");
            DispositionDefined { disposition: transfer, ..disposition }
        }
    }
}

fn spoil_campaign(mut campaign: CampaignDefined, how: u8) -> CampaignDefined {
    let (own, channel) = (campaign.campaign.clone(), &mut campaign.channels);
    let routing = &mut campaign.routing;
    let mut overflow =
        |after_seconds, campaign| routing.overflow = Some(Overflow { after_seconds, campaign });
    match how {
        0 => overflow(0, no_campaign()),
        1 => overflow(5, own),
        2 => overflow(5, no_campaign()),
        3 => {
            routing.offer_seconds = Some(OFFER_SECONDS_MAX + 1);
            campaign.project = ProjectId::new("none").expect("a good id");
        }
        4 => channel.push(no_channel()),
        _ => campaign.after_work_seconds = AFTER_WORK_SECONDS_MAX + 1,
    }
    campaign
}

fn spoil_timing(mut campaign: CampaignDefined, how: u8) -> CampaignDefined {
    let mut timing = timing(Some(true), true, true);
    let rule = timing.inactivity.as_mut().expect("it has one");
    let level = timing.service_level.as_mut().expect("it has one");
    let hours = timing.business_hours.as_mut().expect("it has some");
    let first = hours.weekly[0].clone();
    match how {
        0 => rule.close_after_seconds = 0,
        1 => rule.warn_after_seconds = Some(INACTIVITY_SECONDS_MAX + 1),
        2 => rule.warn_text = None,
        3 => rule.warn_after_seconds = None,
        4 => rule.warn_text = Some(" ".into()),
        5 => rule.close_text = Some("x".repeat(TEXT_CHARS_MAX + 1)),
        6 => rule.disposition = no_disposition(),
        7 => rule.sub_disposition = Some(no_disposition()),
        8 => level.first_response_seconds = Some(0),
        9 => level.next_response_seconds = Some(SERVICE_LEVEL_SECONDS_MAX + 1),
        10 => hours.time_zone = "Europe/Nowhere".into(),
        11 => hours.outside_text = Some(" ".into()),
        12 => hours.weekly = vec![first; OPEN_HOURS_MAX + 1],
        13 => hours.weekly[1].from = "9:00".into(),
        14 => hours.weekly[1].to = "24:01".into(),
        15 => hours.weekly[1].to = hours.weekly[1].from.clone(),
        16 => hours.weekly[1].days.clear(),
        17 => hours.weekly.push(first),
        18 => hours.weekly.clear(),
        19 => hours.holidays = vec!["2026-12-25".into(); HOLIDAYS_MAX + 1],
        _ => hours.holidays = vec!["25.12.2026".into()],
    }
    campaign.timing = timing;
    campaign
}

fn spoil_agent(agent: AgentDefined, how: u8) -> AgentDefined {
    match how {
        0 => AgentDefined { name: String::new(), ..agent },
        1 => AgentDefined { capacity: CAPACITY_MAX + 1, ..agent },
        2 => AgentDefined { campaigns: vec![no_campaign()], ..agent },
        3 => AgentDefined { channels: vec![no_channel()], ..agent },
        _ => AgentDefined { skills: bad_skills(), ..agent },
    }
}

fn spoil_settings(mut settings: SettingsDefined, how: u8) -> SettingsDefined {
    match how {
        0..3 => settings.grace_seconds = GRACE_SECONDS_MAX + 1,
        _ => {
            let id = ReasonId::new(NOT_RESPONDING).expect("a good id");
            settings.away_reasons.push(AwayReason { id, name: "Not responding".into() });
        }
    }
    settings
}

fn spoil_receipt(receipt: Receipt, how: u8) -> Receipt {
    match how {
        0 => Receipt { channel: no_channel(), ..receipt },
        1 => Receipt { status: DeliveryStatus::Pending, ..receipt },
        2 => Receipt { provider_id: Some(String::new()), ..receipt },
        3 | 4 => Receipt { message: Some(NEVER_SENT), provider_id: None, ..receipt },
        _ => Receipt { message: None, provider_id: None, ..receipt },
    }
}
