//! The rules: `decide` says what happens when a command comes, `evolve` what the state is after an event.
//! Plain data in, data out: no clock, randomness, I/O or id-minting in here.
#![deny(clippy::wildcard_enum_match_arm)]

mod after_work;
mod assign;
mod calendar;
mod configuration;
mod connection;
mod contacts;
mod conversation;
mod conversations;
mod delivery;
mod due;
mod exclusive;
mod finish;
mod hours;
mod inactivity;
mod inbound;
mod needs;
mod offer;
mod overflow;
mod permission;
mod presence;
mod queues;
mod records;
mod rerouting;
mod rooms;
mod routing;
mod send;
mod service_level;
mod state;
mod system_message;
mod take_over;
mod texts;
mod transfer;
mod transfer_offer;
mod window;

use schemas::frame::CommitHeader;
use schemas::{Command, Event, Position, Rejection, Submission, Timestamp};

pub use after_work::AfterWork;
pub use calendar::Calendar;
pub use conversation::require_takes;
pub use inactivity::Silence;
pub(crate) use records::{Loading, Record};
pub use rooms::Load;
pub use service_level::{Answers, ResponseDue};
pub use state::{
    Agent, Connection, Conversation, ExclusiveAgent, Outbound, Remembered, SendStage, Stage, State, Workspace,
};
pub use transfer::{TRANSFER_DISPOSITION, require_campaign_takes};
pub use transfer_offer::TransferOffer;
pub use window::Window;

/// What happens when this command comes now: the events, none if it is so already.
///
/// # Errors
/// The [`Rejection`] of the first rule that it breaks.
pub fn decide(state: &State, submission: &Submission, now: Timestamp) -> Result<Vec<Event>, Rejection> {
    let actor = &submission.actor;
    if let Command::CreateWorkspace(created) = &submission.command {
        return configuration::create_workspace(state, &submission.workspace, created, actor);
    }
    let ws = state
        .workspace(&submission.workspace)
        .ok_or_else(|| Rejection::UnknownWorkspace(submission.workspace.clone()))?;
    match &submission.command {
        Command::CreateWorkspace(_) => Ok(vec![]),
        Command::DefineClient(client) => configuration::define_client(ws, client, actor),
        Command::DefineProject(project) => configuration::define_project(ws, project, actor),
        Command::DefineCampaign(campaign) => configuration::define_campaign(ws, campaign, actor),
        Command::DefineChannel(channel) => configuration::define_channel(ws, channel, actor),
        Command::DefineDisposition(disposition) => configuration::define_disposition(ws, disposition, actor),
        Command::DefineAgent(agent) => presence::define_agent(ws, agent, actor, now),
        Command::DefineText(text) => texts::define(ws, text, actor),
        Command::RemoveText(text) => texts::remove(ws, text, actor),
        Command::DefineSettings(settings) => configuration::define_settings(ws, settings, actor),
        Command::ReportConnection { agent, is_connected } => {
            connection::report(ws, agent, *is_connected, actor, now)
        }
        Command::ChangePresence { agent, presence } => presence::change(ws, agent, presence, actor, now),
        Command::ReceiveMessage(message) => inbound::receive(ws, message, submission.id, actor, now),
        Command::Assign { conversation, agent } => assign::assign(ws, *conversation, agent, actor, now),
        Command::AcceptOffer { conversation } => offer::accept(ws, *conversation, actor, now),
        Command::DeclineOffer { conversation } => offer::decline(ws, *conversation, actor, now),
        Command::Send { conversation, content } => {
            send::send(ws, *conversation, content, submission.id, actor)
        }
        Command::Transfer { conversation, to, note } => {
            transfer::transfer(ws, *conversation, to, note, actor, now)
        }
        Command::OfferTransfer { conversation, agent, note } => {
            transfer_offer::offer(ws, *conversation, agent, note, actor, now)
        }
        Command::WithdrawTransfer { conversation } => transfer_offer::withdraw(ws, *conversation, actor, now),
        Command::TakeOver { conversation } => take_over::take_over(ws, *conversation, actor, now),
        Command::GiveBack { conversation } => take_over::give_back(ws, *conversation, actor, now),
        Command::Finish { conversation, disposition, sub_disposition } => {
            finish::finish(ws, *conversation, disposition, sub_disposition.as_ref(), actor, now)
        }
        Command::SetNeeds { conversation, needs } => needs::set(ws, *conversation, needs, actor, now),
        Command::EndAfterWork { conversation, agent } => {
            after_work::end(ws, *conversation, agent, actor, now)
        }
        Command::AddNote { conversation, text, kind } => {
            conversation::add_note(ws, *conversation, text, *kind, actor)
        }
        Command::SetExclusiveAgent { contact, campaign, agent, until } => {
            exclusive::set(ws, *contact, campaign, (agent, *until), actor, now)
        }
        Command::RemoveExclusiveAgent { contact, campaign } => {
            exclusive::remove(ws, *contact, campaign, actor, now)
        }
        Command::MergeContacts { contact, other } => {
            contacts::merge::by_hand(ws, *contact, *other, actor, now)
        }
        Command::ChangeIdentity(change) => contacts::identity::change(ws, change, actor, now),
        Command::UpdateContact { contact, set } => contacts::update(ws, *contact, set, actor),
        Command::AddContactNote { contact, text } => contacts::add_note(ws, *contact, text, actor),
        Command::PassDeadline(due) => due::pass(ws, due, submission.id, actor, now),
        Command::RecordReceipt(receipt) => delivery::record_receipt(ws, receipt, actor),
        Command::BeginAttempt { message } => send::begin_attempt(ws, *message, actor),
        Command::EndAttempt { message, attempt, result } => {
            send::end_attempt(ws, *message, *attempt, result, actor, now)
        }
        Command::Resend { conversation, message } => send::resend(ws, *conversation, *message, actor),
        Command::Settle { conversation, message, status } => {
            send::settle(ws, *conversation, *message, *status, actor)
        }
    }
}

/// Applies a whole commit whose first event is at `first`.
pub fn apply(state: &mut State, header: &CommitHeader, first: Position, events: &[Event]) {
    for (event, index) in events.iter().zip(first.index..) {
        evolve(state, header, Position { index, ..first }, event);
    }
    state.remember(header, first, events);
}

/// The state after this event.
fn evolve(state: &mut State, header: &CommitHeader, position: Position, event: &Event) {
    if let Event::WorkspaceCreated(created) = event {
        state.create_workspace(&header.workspace, created);
        return;
    }
    state.change(&header.workspace, |ws| {
        evolve_workspace(ws, header, position, event);
        if let Some(id) = event.conversation() {
            ws.rearm(id);
        }
    });
}

fn evolve_workspace(ws: &mut Workspace, header: &CommitHeader, position: Position, event: &Event) {
    let at = header.at;
    match event {
        Event::WorkspaceCreated(_) => {}
        Event::ClientDefined(e) => configuration::client_defined(ws, e),
        Event::ProjectDefined(e) => configuration::project_defined(ws, e),
        Event::CampaignDefined(e) => configuration::campaign_defined(ws, e, at),
        Event::ChannelDefined(e) => configuration::channel_defined(ws, e),
        Event::DispositionDefined(e) => configuration::disposition_defined(ws, e),
        Event::AgentDefined(e) => presence::agent_defined(ws, e, at),
        Event::PresenceChanged(e) => presence::presence_changed(ws, e, at),
        Event::TextDefined(e) => texts::defined(ws, e),
        Event::TextRemoved(e) => texts::removed(ws, e),
        Event::SettingsDefined(e) => ws.settings = e.clone(),
        Event::AgentConnected(e) => connection::connected(ws, e),
        Event::AgentDisconnected(e) => connection::disconnected(ws, e),
        Event::QueueRouted(e) => rerouting::queue_routed(ws, e, at),
        Event::ConversationOpened(e) => inbound::opened(ws, e, at),
        // The conversation's views hold notes and messages; decisions need none of them.
        Event::NoteAdded(_) => {}
        Event::MessageReceived(e) => inbound::received(ws, e),
        Event::ConversationQueued(e) => conversation::queued(ws, e),
        Event::ConversationAssigned(e) => conversation::assigned(ws, e, at),
        Event::ConversationOffered(e) => offer::offered(ws, e, at),
        Event::OfferEnded(e) => offer::ended(ws, e),
        Event::ConversationReleased(e) => conversation::leave_stage(ws, e.conversation),
        Event::ConversationOverflowed(e) => overflow::overflowed(ws, e),
        Event::NeedsSet(e) => needs::were_set(ws, e),
        Event::ConversationTransferred(e) => transfer::transferred(ws, e),
        Event::TransferOffered(e) => transfer_offer::offered(ws, e),
        Event::TransferOfferEnded(e) => transfer_offer::was_ended(ws, e),
        Event::ConversationTakenOver(e) => take_over::taken_over(ws, e, at),
        Event::ConversationGivenBack(e) => take_over::given_back(ws, e, at),
        Event::ConversationFinished(e) => finish::finished(ws, e),
        Event::AfterWorkEnded(e) => after_work::was_ended(ws, e),
        Event::ExclusiveAgentSet(e) => exclusive::was_set(ws, e),
        Event::ExclusiveAgentRemoved(e) => exclusive::was_removed(ws, e),
        Event::MessageSubmitted(e) => send::submitted(ws, e, position, at),
        Event::SendAttempted(e) => send::attempted(ws, e),
        Event::SendAccepted(e) => send::accepted(ws, e, at),
        Event::SendDeferred(e) => send::deferred(ws, e),
        Event::SendUncertain(e) => send::uncertain(ws, e),
        Event::MessageResent(e) => send::resent(ws, e),
        Event::MessageSettled(e) => send::settled(ws, e),
        Event::DeliveryUpdated(e) => delivery::updated(ws, e, at),
        Event::ReceiptParked(e) => delivery::parked(ws, e, at),
        Event::ResponseAwaited(e) => service_level::was_awaited(ws, e),
        Event::ResponseMissed(e) => service_level::was_missed(ws, e),
        Event::InactivityWarned(e) => inactivity::was_warned(ws, e, at),
        Event::InactivityPutOff(e) => inactivity::was_put_off(ws, e),
        Event::ContactsMerged(e) => contacts::merge::contacts_merged(ws, e),
        Event::ConversationMerged(e) => contacts::merge::conversation_merged(ws, e),
        Event::AddressChanged(e) => contacts::identity::address_changed(ws, e),
        // What is known of contacts is a view's.
        Event::IdentityChanged(_)
        | Event::ConversationJoined(_)
        | Event::ContactUpdated(_)
        | Event::ContactNoteAdded(_) => {}
    }
}
