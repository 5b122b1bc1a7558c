//! What one seed has in store: how many take part, and how often what fails. Each kind of fault is absent from some
//! days, so that each is also seen alone.

use std::time::Duration;

use crate::chance::Chance;

/// Rates are times in a thousand.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub(crate) processes: usize,
    pub(crate) clients: usize,
    pub(crate) faults_last: Duration,
    /// The day is so long that clients ask for so many things, instead.
    pub(crate) steps: Option<usize>,
    /// How often all of it comes to rest.
    pub(crate) acts: usize,
    /// Clients wait for less than this between two things.
    pub(crate) pause_ms_max: u64,
    /// In a long day, something new goes wrong after fewer commands than these.
    pub(crate) trouble_steps_max: usize,
    pub(crate) answer_within: Duration,
    /// An append that never arrives.
    pub(crate) append_lost: u32,
    /// One that is carried out and whose answer never comes.
    pub(crate) ack_lost: u32,
    /// One that arrives long after its writer has given up on it.
    pub(crate) append_late: u32,
    /// One that the stream says it could not take.
    pub(crate) append_failed: u32,
    /// Any other call that goes lost, there or back.
    pub(crate) call_lost: u32,
    /// A batch of calls or answers that takes long.
    pub(crate) slow: u32,
    /// A look at the lease that tells of the past.
    pub(crate) stale_lease: u32,
    pub(crate) message_lost: u32,
    pub(crate) frame_dropped: u32,
    pub(crate) frame_twice: u32,
    /// What else happens, and how often in relation to the others.
    pub(crate) kill: u32,
    pub(crate) stop: u32,
    pub(crate) cut: u32,
    pub(crate) clock: u32,
    pub(crate) delete_key: u32,
    pub(crate) planned_end: u32,
    pub(crate) lose_consumers: u32,
    /// The stream has a leader for a moment that has not taken in all of it yet.
    pub(crate) new_leader: u32,
    /// The writer is held up just when a frame of several commands leaves it.
    pub(crate) ambush: u32,
    /// A command that is about the few things all clients quarrel about.
    pub(crate) quarrel: u32,
    /// Views with more frames before them are brought up beside the others, or in bulk.
    pub(crate) lag_frames_max: u64,
    pub(crate) damage: Option<Damage>,
}

/// What somebody does to the log that nobody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Its last frames go.
    Shortened,
    /// Its first frames go.
    Purged,
}

impl Plan {
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut rate =
            |rates: &[u32]| if chance.permille(500) { *chance.pick(rates).unwrap_or(&0) } else { 0 };
        let mut plan = Self {
            seed,
            processes: 0,
            clients: 0,
            faults_last: Duration::ZERO,
            steps: None,
            acts: 1,
            pause_ms_max: 300,
            trouble_steps_max: 0,
            answer_within: Duration::ZERO,
            append_lost: rate(&[10, 50, 200]),
            ack_lost: rate(&[10, 50, 200]),
            append_late: rate(&[10, 50, 200]),
            append_failed: rate(&[10, 100]),
            call_lost: rate(&[5, 20, 100]),
            slow: rate(&[5, 20, 50]),
            stale_lease: rate(&[20, 200]),
            message_lost: rate(&[5, 20, 100]),
            frame_dropped: rate(&[5, 20, 100]),
            frame_twice: rate(&[5, 20, 100]),
            kill: rate(&[1, 3]),
            stop: rate(&[1, 3]),
            cut: rate(&[1, 3]),
            clock: rate(&[1]),
            delete_key: rate(&[1, 2]),
            planned_end: rate(&[1]),
            lose_consumers: rate(&[1]),
            new_leader: rate(&[1, 3]),
            ambush: rate(&[100, 300]),
            quarrel: rate(&[300, 900]),
            lag_frames_max: 0,
            damage: None,
        };
        plan.processes = 1 + chance.below(4);
        plan.clients = 2 + chance.below(6);
        plan.faults_last = chance.millis(4_000..16_000);
        plan.answer_within = Duration::from_millis([700, 2_000, 5_000][chance.below(3)]);
        plan.lag_frames_max = [1, 10, 1_000][chance.below(3)];
        plan.damage = match chance.below(16) {
            0 => Some(Damage::Shortened),
            1 => Some(Damage::Purged),
            _ => None,
        };
        plan
    }

    /// A day of so many steps at least, with everything that can be asked in it.
    pub fn long(seed: u64, steps: usize) -> Self {
        let mut chance = Chance::new(seed ^ 0x10_46);
        let mut plan = Self::of(seed);
        plan.damage = None;
        plan.processes = 2 + chance.below(2);
        plan.clients = 6 + chance.below(6);
        plan.steps = Some(steps);
        plan.acts = 3;
        plan.quarrel = plan.quarrel.min(300);
        // Each of these costs seconds, and here thousands of frames are on their way.
        for rate in [&mut plan.append_lost, &mut plan.ack_lost, &mut plan.append_late, &mut plan.ambush] {
            *rate = (*rate).min(20);
        }
        (plan.append_failed, plan.call_lost) = (plan.append_failed.min(20), plan.call_lost.min(20));
        // Whoever misses one of many frames reads a great part of the log once more.
        plan.frame_dropped = plan.frame_dropped.min(3);
        plan.pause_ms_max = [100, 300, 1_000][chance.below(3)];
        plan.trouble_steps_max = [200, 400, 1_000][chance.below(3)];
        plan
    }
}
