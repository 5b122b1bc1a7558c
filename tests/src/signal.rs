//! Signals to processes that a test has started, and whether they stand still.

use rustix::process::{Pid, Signal, kill_process};

use crate::ask::eventually;

/// Sends the signal; a process that is gone already needs none.
pub fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _gone = kill_process(pid, signal);
    }
}

/// Whether a signal has stopped the process.
fn is_stopped(pid: u32) -> bool {
    // The state follows the name, which is in brackets and may hold anything.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

/// Waits until a signal has stopped the process.
pub async fn stopped(pid: u32) {
    eventually("the process stands still", async || is_stopped(pid).then_some(())).await;
}

/// Whether the process was sent a signal that it has not taken notice of, as one that stands still does not.
pub fn is_pending(pid: u32, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    let pending = pending.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    pending.is_some_and(|bits| bits >> (signal.as_raw() - 1) & 1 == 1)
}
