//! Ambushes: a writer is held up just when a frame with commands of several clients leaves it, for long enough that
//! another one takes over; and what it sent may arrive when that one has begun to answer.

use std::time::Duration;

use schemas::frame::Frame;
use tokio::time::sleep;

use crate::world::{Shared, World};

/// Whether this frame is one to hold its writer up for.
pub(crate) fn is_for(world: &mut World, frame: &[u8]) -> bool {
    let commands = Frame::decode(frame).map_or(0, |frame| frame.commits.len());
    commands > 1 && !world.no_more_ambushes && world.fails(|plan| plan.ambush)
}

/// Stops whoever is at this line, or cuts it off; gives how late the frame arrives, if it is to be late.
pub(crate) fn lay(shared: &Shared, world: &mut World, line: usize) -> Option<Duration> {
    let (lasts, is_stopped) = (world.chance.millis(1_500..5_000), world.chance.permille(500));
    let late = world.chance.permille(700).then(|| world.chance.millis(1_500..4_000));
    let name = world.lines[&line].name.clone();
    let how = if is_stopped { "stands still" } else { "is cut off" };
    world.tell(format!("{name} is waylaid and {how} for {lasts:?}"));
    set(world, line, is_stopped, true);
    let after = shared.clone();
    let over = tokio::spawn(async move {
        sleep(lasts).await;
        let mut world = after.lock();
        world.tell(format!("{name} goes on"));
        set(&mut world, line, is_stopped, false);
    });
    world.under_way.push(over);
    late
}

fn set(world: &mut World, line: usize, is_stopped: bool, is_held_up: bool) {
    let Some(line) = world.lines.get_mut(&line) else { return };
    match &line.process {
        Some(process) if is_stopped && is_held_up => process.stop(),
        Some(process) if is_stopped => process.wake(),
        Some(_) | None => (line.cut_out, line.cut_in) = (is_held_up, is_held_up),
    }
}
