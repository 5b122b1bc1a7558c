//! Given, when, then: runs steps through the real `decide` and `apply`, and compares what comes of the last one.

use std::time::Duration;

use engine::domain::{Conversation, Outbound, Stage, State, Workspace, apply, decide};
use schemas::command::Due;
use schemas::event::Reservation;
use schemas::frame::CommitHeader;
use schemas::{
    Actor, AgentId, Command, CommandId, ConversationId, DeliveryStatus, Event, MessageId, Position,
    Rejection, ShardId, Submission, Timestamp, WorkspaceId,
};

use super::centre;

/// One command, with who asks for it and how long after the step before.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    actor: Actor,
    command: Command,
    id: Option<CommandId>,
    workspace: WorkspaceId,
    seconds: u64,
}

impl Step {
    pub(crate) fn new(actor: Actor, command: Command) -> Self {
        Self {
            actor,
            command,
            id: None,
            workspace: WorkspaceId::new("default").expect("a good id"),
            seconds: 1,
        }
    }

    pub(crate) fn command(&self) -> &Command {
        &self.command
    }

    /// The same with this command id.
    pub(crate) fn with_id(self, id: CommandId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// The same, asked for by somebody else.
    pub(crate) fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// The same, this many seconds after the step before and not one.
    pub(crate) fn after(self, seconds: u64) -> Self {
        Self { seconds, ..self }
    }

    /// The same in another workspace.
    pub(crate) fn in_workspace(self, workspace: &str) -> Self {
        let workspace = WorkspaceId::new(workspace).expect("a good id");
        Self { workspace, ..self }
    }
}

/// The time of the `count`th step after the centre was set up, when each comes a second after the one before.
pub(crate) fn second(count: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000).plus(Duration::from_secs(count))
}

/// What has happened so far.
pub(crate) struct Scene {
    state: State,
    now: Timestamp,
    steps: u64,
}

/// What came of a command, and the scene after it.
pub(crate) struct Outcome {
    scene: Scene,
    result: Result<Vec<Event>, Rejection>,
}

/// The contact centre of [`centre`], after these steps.
#[track_caller]
pub(crate) fn given(steps: impl IntoIterator<Item = Step>) -> Scene {
    let mut scene = nothing();
    for step in centre::set_up() {
        scene.take(&step.after(0)).expect("the centre is in order");
    }
    scene.and(steps)
}

/// No workspace yet.
pub(crate) fn nothing() -> Scene {
    Scene { state: State::default(), now: second(0), steps: 0 }
}

impl Scene {
    fn take(&mut self, step: &Step) -> Result<Vec<Event>, Rejection> {
        self.steps += 1;
        self.now = self.now.plus(Duration::from_secs(step.seconds));
        let submission = Submission {
            workspace: step.workspace.clone(),
            id: step.id.unwrap_or_else(|| CommandId::of_step(&step.workspace, "test", &[], self.steps)),
            fingerprint: 0,
            actor: step.actor.clone(),
            command: step.command.clone(),
        };
        let events = decide(&self.state, &submission, self.now)?;
        let first = Position { shard: ShardId(0), sequence: self.steps, index: 0 };
        let header = CommitHeader::of(&submission, self.now);
        apply(&mut self.state, &header, first, &events);
        Ok(events)
    }

    /// These steps too, all of them accepted.
    #[track_caller]
    pub(crate) fn and(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        for step in steps {
            if let Err(rejection) = self.take(&step) {
                panic!("given a step that is refused: {rejection}\n{step:?}");
            }
        }
        self
    }

    pub(crate) fn when(mut self, step: Step) -> Outcome {
        let result = self.take(&step);
        Outcome { scene: self, result }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        let id = WorkspaceId::new("default").expect("a good id");
        self.state.workspace(&id).expect("the workspace exists")
    }

    #[track_caller]
    fn conversation(&self, id: ConversationId) -> &Conversation {
        let found = self.workspace().conversation(id);
        found.unwrap_or_else(|| panic!("{id} is not open"))
    }

    #[track_caller]
    pub(crate) fn outbound(&self, id: MessageId) -> &Outbound {
        let found = self.workspace().outbound(id);
        found.unwrap_or_else(|| panic!("{id} is not an outbound message"))
    }

    /// The agent holds exactly these, in this order.
    #[track_caller]
    pub(crate) fn then_holds<const N: usize>(self, agent: &str, held: [ConversationId; N]) -> Self {
        let agent = AgentId::new(agent).expect("a good id");
        let found = self.workspace().agent(&agent).expect("the agent exists");
        assert_eq!(found.holding, held, "what {agent} holds");
        for id in held {
            assert_eq!(self.conversation(id).agent(), Some(&agent), "who has {id}");
        }
        self
    }

    /// The conversation waits in its campaign's queue, for anybody.
    #[track_caller]
    pub(crate) fn then_waits(self, id: ConversationId) -> Self {
        match &self.conversation(id).stage {
            Stage::Waiting { reserved: None, .. } => self,
            other => panic!("{id} does not wait for anybody: {other:?}"),
        }
    }

    /// This agent is offered these.
    #[track_caller]
    pub(crate) fn then_is_offered<const N: usize>(self, agent: &str, offered: [ConversationId; N]) -> Self {
        let agent = AgentId::new(agent).expect("a good id");
        let found = self.workspace().agent(&agent).expect("the agent exists");
        assert_eq!(found.offered, offered, "what {agent} is offered");
        self
    }

    /// The conversation is kept for an exclusive agent until then.
    #[track_caller]
    pub(crate) fn then_is_kept(self, id: ConversationId, agent: &str, until: Option<Timestamp>) -> Self {
        let agent = AgentId::new(agent).expect("a good id");
        match &self.conversation(id).stage {
            Stage::Waiting { reserved: Some(kept), .. } => {
                assert_eq!(*kept, Reservation { agent, until }, "for whom {id} is kept")
            }
            other => panic!("{id} is kept for nobody: {other:?}"),
        }
        self
    }

    /// This wait is the next to end by itself.
    #[track_caller]
    pub(crate) fn then_next_wait_ends(self, at: Timestamp, id: ConversationId) -> Self {
        let next = self.state.next_deadline().map(|(at, _, due)| (at, due.clone()));
        assert_eq!(next, Some((at, Due::Conversation(id))), "the next wait that ends");
        self
    }

    /// This is the next that happens by itself.
    #[track_caller]
    pub(crate) fn then_next_is_due(self, at: Timestamp, due: Due) -> Self {
        let next = self.state.next_deadline().map(|(at, _, due)| (at, due.clone()));
        assert_eq!(next, Some((at, due)), "the next that happens by itself");
        self
    }

    /// No wait will end by itself.
    #[track_caller]
    pub(crate) fn then_no_wait_ends(self) -> Self {
        assert_eq!(self.state.next_deadline(), None);
        self
    }

    #[track_caller]
    pub(crate) fn then_is_not_open(self, id: ConversationId) -> Self {
        assert!(self.workspace().conversation(id).is_none(), "{id} is open");
        self
    }

    #[track_caller]
    pub(crate) fn then_status(self, id: MessageId, status: DeliveryStatus) -> Self {
        assert_eq!(self.outbound(id).status, status, "the status of {id}");
        self
    }
}

impl Outcome {
    /// Exactly these events.
    #[track_caller]
    pub(crate) fn then<const N: usize>(self, expected: [Event; N]) -> Scene {
        match self.result {
            Ok(events) => assert_eq!(events, expected),
            Err(rejection) => panic!("refused: {rejection}"),
        }
        self.scene
    }

    /// Accepted, and this came first.
    #[track_caller]
    pub(crate) fn then_begins_with(self, expected: Event) -> Scene {
        match self.result {
            Ok(events) => assert_eq!(events.first(), Some(&expected)),
            Err(rejection) => panic!("refused: {rejection}"),
        }
        self.scene
    }

    /// It is among what came of it.
    #[track_caller]
    pub(crate) fn then_has(self, expected: Event) -> Scene {
        match self.result {
            Ok(events) => assert!(events.contains(&expected), "{expected:?} is not among {events:?}"),
            Err(rejection) => panic!("refused: {rejection}"),
        }
        self.scene
    }

    /// Accepted, and this came last.
    #[track_caller]
    pub(crate) fn then_ends_in(self, expected: Event) -> Scene {
        match self.result {
            Ok(events) => assert_eq!(events.last(), Some(&expected)),
            Err(rejection) => panic!("refused: {rejection}"),
        }
        self.scene
    }

    /// Accepted, with events that the test looks at through the state.
    #[track_caller]
    pub(crate) fn then_accepted(self) -> Scene {
        match self.result {
            Ok(events) => assert!(!events.is_empty(), "accepted, but nothing happened"),
            Err(rejection) => panic!("refused: {rejection}"),
        }
        self.scene
    }

    /// Accepted, and it is so already.
    #[track_caller]
    pub(crate) fn then_nothing(self) -> Scene {
        self.then([])
    }

    #[track_caller]
    pub(crate) fn then_rejected(self, expected: Rejection) -> Scene {
        match self.result {
            Ok(events) => panic!("accepted, with {events:?}"),
            Err(rejection) => assert_eq!(rejection, expected),
        }
        self.scene
    }
}

/// A test for each rule, and the table of what is asked in them and what they end in.
macro_rules! refusals {
    ($($rule:ident: given $given:tt when $when:expr => $rejection:expr;)*) => {
        $(#[test]
        fn $rule() {
            given($given).when($when).then_rejected($rejection);
        })*

        /// What is asked in the tests above, and what they end in.
        pub(super) fn refusals() -> Vec<(crate::rules::harness::Step, schemas::Rejection)> {
            vec![$(($when, $rejection)),*]
        }
    };
}
