//! A day that is broken off, written to a snapshot and read back, goes on as if nothing had been.

use std::time::Duration;

use engine::{Replica, snapshot};
use model::{Step, any_step, compare};
use proptest::prelude::*;
use proptest::sample::Index;

use super::Day;

/// Two of these turn the windows, and forget nothing.
const DAYS: Duration = Duration::from_secs(3 * 24 * 60 * 60);

fn bytes_of(replica: &Replica) -> Vec<u8> {
    let mut bytes = Vec::new();
    snapshot::write(replica, 0, &mut bytes).expect("memory takes everything");
    bytes
}

fn run(steps: &[Step], [first_night, second_night]: [usize; 2], reloaded_at: Option<usize>) -> Day {
    let mut day = Day::begin();
    for (step, index) in steps.iter().zip(0..) {
        if index == first_night || index == second_night {
            day.now = day.now.plus(DAYS);
        }
        if reloaded_at == Some(index) {
            let bytes = bytes_of(&day.replica);
            let replica = snapshot::read(bytes.as_slice()).expect("what was just written");
            assert_eq!(bytes_of(&replica), bytes, "what was read is written differently");
            assert_eq!(compare::summary(replica.state()), compare::summary(day.replica.state()));
            day.replica = replica;
        }
        day.step(step);
    }
    day
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_state_that_was_read_back_decides_as_the_one_that_was_written(
        steps in prop::collection::vec(any_step(), 1..140),
        nights: [Index; 2],
        at: Index,
    ) {
        let nights = nights.map(|night| night.index(steps.len()));
        let never = run(&steps, nights, None);
        let once = run(&steps, nights, Some(at.index(steps.len())));
        // The log holds every decision.
        prop_assert_eq!(&never.log, &once.log);
        prop_assert_eq!(never.replica.digest(), once.replica.digest());
        prop_assert_eq!(never.replica.state().next_deadline(), once.replica.state().next_deadline());
    }
}
