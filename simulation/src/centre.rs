//! What is asked of the model's contact centre, as submissions.

use model::centre::{agent, channel, contact, creation, set_up, workspace};
use schemas::command::InboundMessage;
use schemas::{Actor, AgentId, Command, CommandId, Content, Presence, Submission, Timestamp};

use crate::chance::Chance;

const CONTACTS: usize = model::centre::CONTACTS;

fn submission(number: u64, actor: Actor, command: Command) -> Submission {
    let id = CommandId::of_step(&workspace(), "simulation", &[], number);
    Submission { workspace: workspace(), id, fingerprint: number % 2, actor, command }
}

/// Everything that defines it, with all agents online.
pub(crate) fn opening() -> Vec<Submission> {
    let mut commands = vec![(Actor::System, creation())];
    commands.extend(set_up().into_iter().map(|command| (Actor::Administrator, command)));
    commands.extend((0..model::centre::AGENTS.len()).map(agent).map(|agent: AgentId| {
        let come = Command::ChangePresence { agent: agent.clone(), presence: Presence::Online };
        (Actor::Agent(agent), come)
    }));
    (0_u64..).zip(commands).map(|(number, (actor, command))| submission(number, actor, command)).collect()
}

/// Something that can be asked at any time, and is never refused.
pub(crate) fn knock(chance: &mut Chance) -> Submission {
    let from = chance.below(CONTACTS);
    let provider_id = format!("wamid.{:x}", chance.next());
    let channel = channel(0);
    let id = CommandId::of_inbound(&workspace(), &channel, &provider_id);
    let message = InboundMessage {
        channel: channel.clone(),
        contact: contact(from),
        identity: model::centre::identity(from),
        also: Vec::new(),
        profile_name: None,
        provider_id,
        content: Content::Text("hello".into()),
        written_at: Timestamp::from_millis(1_800_000_000_000),
    };
    let command = Command::ReceiveMessage(message);
    Submission { workspace: workspace(), id, fingerprint: 0, actor: Actor::Channel(channel), command }
}

/// A command that changes something, or nothing if another was faster: an answer from a state that is not the log's any
/// more is a wrong one half of the time.
pub(crate) fn quarrel(chance: &mut Chance) -> Submission {
    let (contact, campaign, agent) = (contact(0), model::centre::campaign(1), agent(0));
    let (actor, command) = match chance.below(4) {
        0 => (Actor::Administrator, Command::SetExclusiveAgent { contact, campaign, agent, until: None }),
        1 => (Actor::Administrator, Command::RemoveExclusiveAgent { contact, campaign }),
        online => {
            let presence = if online == 2 { Presence::Online } else { Presence::Offline };
            (Actor::Agent(agent.clone()), Command::ChangePresence { agent, presence })
        }
    };
    submission(chance.next() & !1, actor, command)
}
