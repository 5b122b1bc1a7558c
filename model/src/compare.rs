//! The domain's state beside the model's, and as text, through what the domain lets anyone read.

use std::collections::{BTreeMap, BTreeSet};

use engine::domain::{Conversation, Stage, State, Workspace};
use schemas::event::{OverflowAt, Reservation};
use schemas::{AgentId, ConversationId, Timestamp};

use crate::centre::{self, CAMPAIGNS, CHANNELS};
use crate::reference::{Place, Reference, Talk};
use crate::timing::Waits;

fn stage_of(talk: &Talk, state: &Stage) -> Stage {
    match &talk.place {
        Place::With { agent, .. } => Stage::Assigned(agent.clone()),
        Place::Offered { agent, since, until, .. } => {
            Stage::Offered { agent: agent.clone(), since: *since, until: *until }
        }
        Place::Over => panic!("{} is over in the model, and {state:?}", talk.id),
        Place::Waiting { since, turn, priority, kept, overflow } => Stage::Waiting {
            since: *since,
            number: *turn,
            priority: *priority,
            overflow: overflow.clone().map(|(at, campaign)| OverflowAt { at, campaign }),
            reserved: kept.clone().map(|(agent, until)| Reservation { agent, until }),
        },
    }
}

/// Every fact is the same in both.
pub fn same(state: &State, model: &Reference) {
    let Some(ws) = state.workspace(&centre::workspace()) else {
        return;
    };
    same_agents(ws, model);
    assert_eq!(ws.conversations().count(), model.open().count(), "open conversations");
    for talk in model.open() {
        let found = ws.conversation(talk.id).expect("open in the model");
        assert_eq!(found.stage, stage_of(talk, &found.stage), "the place of {}", talk.id);
        assert_eq!(found.contact, talk.contact, "whose {} is", talk.id);
        assert_eq!(*found.identity, *talk.address, "where what is sent in {} goes", talk.id);
        assert_eq!(found.campaign, talk.campaign, "the campaign of {}", talk.id);
        assert_eq!(found.taken_from, talk.taken_from, "from whom {} was taken over", talk.id);
        let asked = found.transfer_offer.as_ref().map(|asked| (asked.to.clone(), asked.until));
        assert_eq!(asked, talk.asked, "who is asked to take {} over", talk.id);
        assert_eq!(found.declined, talk.declined, "who declined {}", talk.id);
        assert_eq!(found.opened_at, talk.opened_at, "when {} was opened", talk.id);
        assert_eq!(waits_of(found), talk.waits, "who waits for whose answer in {}", talk.id);
    }
    let others = ws.aliases().map(|(id, _)| *id);
    for id in (0..centre::CONTACTS).map(centre::contact).chain(others) {
        assert_eq!(ws.resolve(id), model.who(id), "whom {id} stands for");
    }
    let exclusive: BTreeMap<_, _> =
        ws.exclusive_agents().map(|(key, found)| (key.clone(), found.agent.clone())).collect();
    let until: BTreeMap<_, _> =
        ws.exclusive_agents().filter_map(|(key, found)| Some((key.clone(), found.until?))).collect();
    assert_eq!(until, model.exclusive_until, "until when agents are exclusive");
    assert_eq!(exclusive, model.exclusive, "exclusive agents");
    let deadlines: BTreeSet<_> = ws.deadlines().cloned().collect();
    assert_eq!(deadlines, model.deadlines(), "what happens by itself");
    for (id, message) in &model.messages.all {
        let found = ws.outbound(*id).expect("sent in the model");
        assert_eq!(found.status, message.status(), "the status of {id}");
        assert_eq!(found.stage, message.stage, "the sending of {id}");
        assert_eq!(
            (found.attempts, found.resends),
            (message.attempts, message.resends),
            "the attempts of {id}"
        );
        let heard = message.heard.iter().fold(0, |bits, status| bits | status.bit());
        assert_eq!(found.seen, heard, "the receipts of {id}");
    }
}

fn waits_of(found: &Conversation) -> Waits {
    let Conversation { answers, silence, told_closed_at, .. } = found;
    Waits {
        has_answered: answers.has_answered,
        is_unanswered: answers.is_unanswered,
        due: answers.due.map(|due| (due.kind, due.at, due.is_missed)),
        silence: silence.map(|silence| (silence.since, silence.is_warned, silence.until)),
        told_closed_at: *told_closed_at,
    }
}

fn same_agents(ws: &Workspace, model: &Reference) {
    assert_eq!(ws.agents().count(), model.people.len(), "agents");
    for agent in ws.agents() {
        let id = &agent.definition.agent;
        let person = &model.people[id];
        assert_eq!(agent.definition, person.definition, "the definition of {id}");
        assert_eq!(agent.presence, person.presence, "the presence of {id}");
        assert_eq!(agent.connection, person.connection, "the connection of {id}");
        let after_work: Vec<_> =
            agent.after_work.iter().map(|work| (work.conversation, work.until)).collect();
        assert_eq!(after_work, person.after_work, "what {id} has to do after conversations");
        assert_eq!(agent.idle_since, person.idle_since, "since when {id} is idle");
        assert_eq!(agent.holding, model.holding(id), "what {id} holds");
        assert_eq!(agent.offered, model.offers(id), "what {id} is offered");
        let lent: BTreeSet<_> = agent.lent.iter().copied().collect();
        assert_eq!(lent, model.lent(id).into_iter().collect(), "what was taken over from {id}");
        let asked: BTreeSet<_> = agent.asked.iter().copied().collect();
        assert_eq!(asked, model.asked(id).into_iter().collect(), "what {id} is asked to take over");
        let kept: Vec<ConversationId> = ws.kept_for(id).collect();
        assert_eq!(kept, waiting(model, |_, whose| whose == Some(id)), "what is kept for {id}");
    }
    for campaign in (0..CAMPAIGNS.len()).map(centre::campaign) {
        for channel in (0..CHANNELS.len()).map(centre::channel) {
            let queue = ws.queue(&campaign, &channel);
            let expected = waiting(model, |talk, whose| {
                whose.is_none() && talk.campaign == campaign && talk.channel == channel
            });
            assert_eq!(queue, expected, "the queue of {campaign} on {channel}");
        }
    }
}

/// What waits in the model, by waiting time; told by whom it is kept for.
fn waiting(model: &Reference, which: impl Fn(&Talk, Option<&AgentId>) -> bool) -> Vec<ConversationId> {
    let mut found: Vec<(u8, Timestamp, u64, ConversationId)> = Vec::new();
    for talk in model.open() {
        match &talk.place {
            Place::Waiting { since, turn, priority, kept, .. }
                if which(talk, kept.as_ref().map(|(agent, _)| agent)) =>
            {
                found.push((u8::MAX - priority, *since, *turn, talk.id));
            }
            Place::Waiting { .. } | Place::With { .. } | Place::Offered { .. } | Place::Over => {}
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(.., id)| id).collect()
}

/// All that can be read of a state, in one order.
pub fn summary(state: &State) -> Vec<String> {
    let Some(ws) = state.workspace(&centre::workspace()) else {
        return Vec::new();
    };
    let mut lines: Vec<String> = ws.agents().map(|agent| format!("{agent:?}")).collect();
    lines.extend(ws.conversations().map(|entry| format!("{entry:?}")));
    lines.extend(ws.exclusive_agents().map(|entry| format!("{entry:?}")));
    lines.extend(ws.outbound_messages().map(|entry| format!("{entry:?}")));
    lines.sort_unstable();
    for agent in ws.agents() {
        lines.push(format!("{:?}", ws.kept_for(&agent.definition.agent).collect::<Vec<_>>()));
    }
    for campaign in (0..CAMPAIGNS.len()).map(centre::campaign) {
        for channel in (0..CHANNELS.len()).map(centre::channel) {
            lines.push(format!("{:?}", ws.queue(&campaign, &channel)));
        }
    }
    lines.extend(ws.deadlines().map(|deadline| format!("{deadline:?}")));
    lines
}
