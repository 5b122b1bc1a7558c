//! The domain against a simple model: random days of a contact centre, decided by both, compared after every step;
//! then the same day again from the frames that were written. proptest prints the shortest day that fails.

mod model {
    mod snapshot;

    use engine::Replica;
    use engine::domain::decide;
    use engine::log::RecordedFrame;
    use model::invariants::{self, Before};
    use model::{Reference, Step, Verdict, any_step, centre, compare};
    use proptest::prelude::*;
    use schemas::frame::{CommitHeader, Frame, FrameBuilder, FrameHash, NO_FRAME, hash};
    use schemas::{Actor, Command, CommandId, Event, FrameId, Rejection, ShardId, Submission, Timestamp};

    const SHARD: ShardId = ShardId(0);

    /// The engine's domain and the model, side by side.
    struct Day {
        replica: Replica,
        reference: Reference,
        before: Before,
        now: Timestamp,
        commands: u64,
        log: Vec<Vec<u8>>,
    }

    impl Day {
        fn begin() -> Self {
            let mut day = Self {
                replica: Replica::empty(SHARD),
                reference: Reference::default(),
                before: Before::default(),
                now: centre::opening(),
                commands: 0,
                log: Vec::new(),
            };
            day.take_next(Actor::System, centre::creation());
            for command in centre::set_up() {
                day.take_next(Actor::Administrator, command);
            }
            day
        }

        fn submit(&mut self, actor: Actor, command: Command, id: CommandId) -> Result<Vec<Event>, Rejection> {
            let workspace = centre::workspace();
            let submission = Submission { workspace, id, fingerprint: 0, actor, command };
            let events = decide(self.replica.state(), &submission, self.now)?;
            self.write(&CommitHeader::of(&submission, self.now), &events);
            invariants::hold_of(&events, self.replica.state());
            Ok(events)
        }

        fn write(&mut self, header: &CommitHeader, events: &[Event]) {
            let mut builder = FrameBuilder::default();
            builder.push(header, events);
            let bytes = builder.finish(SHARD, FrameId::from_bytes([0; 16]), &self.previous(), self.now);
            self.replica.apply(&recorded(self.log.len() as u64 + 1, &bytes));
            self.log.push(bytes);
        }

        fn take(&mut self, actor: Actor, command: Command, id: CommandId) {
            let verdict = self.reference.take(&actor, &command, id, self.now);
            let what = format!("{command:?} by {actor:?}");
            let decided = self.submit(actor, command, id);
            let agreed = match &decided {
                Err(rejection) => verdict == Verdict::Refused(rejection.code()),
                Ok(events) if events.is_empty() => verdict == Verdict::Nothing,
                Ok(_) => verdict == Verdict::Happened,
            };
            assert!(agreed, "{what}: the model says {verdict:?}, the domain {decided:?}");
            compare::same(self.replica.state(), &self.reference);
            invariants::hold(self.replica.state(), self.now, &mut self.before);
        }

        fn take_next(&mut self, actor: Actor, command: Command) {
            let number = self.next_number();
            self.take(actor, command, CommandId::of_step(&centre::workspace(), "day", &[], number));
        }

        fn next_number(&mut self) -> u64 {
            self.commands += 1;
            self.commands
        }

        fn step(&mut self, step: &Step) {
            self.now = self.now.plus(step.after());
            self.end_passed_waits();
            let number = self.next_number();
            if let Some((actor, command, id)) = step.resolve(&self.reference, number) {
                self.take(actor, command, id);
            }
        }

        /// As the writer does it.
        fn end_passed_waits(&mut self) {
            let passed = |day: &Self| {
                let next = day.replica.state().next_deadline().filter(|(at, ..)| *at <= day.now);
                next.map(|(.., due)| due.clone())
            };
            while let Some(due) = passed(self) {
                self.take_next(Actor::System, Command::PassDeadline(due));
            }
        }

        fn previous(&self) -> FrameHash {
            self.log.last().map_or(NO_FRAME, |bytes| hash(bytes))
        }

        fn again_from_the_log(&self) -> Replica {
            let mut replica = Replica::empty(SHARD);
            for (bytes, sequence) in self.log.iter().zip(1..) {
                replica.apply(&recorded(sequence, bytes));
            }
            replica
        }
    }

    fn recorded(sequence: u64, bytes: &[u8]) -> RecordedFrame {
        let frame = Frame::decode(bytes).expect("a frame that was just written");
        RecordedFrame { sequence, hash: hash(bytes), bytes_len: bytes.len(), frame }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 2 * ProptestConfig::default().cases,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn the_domain_agrees_with_the_model_on_every_day(
            steps in prop::collection::vec(any_step(), 1..140),
        ) {
            let mut day = Day::begin();
            for step in &steps {
                day.step(step);
            }
            prop_assert_eq!(day.replica.digest(), day.again_from_the_log().digest());
            prop_assert_eq!(compare::summary(day.replica.state()), compare::summary(day.again_from_the_log().state()));
        }
    }
}
