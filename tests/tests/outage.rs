//! nats-server dies, is away, or atender is told to end, all of it under load: what was acknowledged is in the log
//! once, and work goes on by itself.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod outage {
    mod nats_away;
    mod nats_killed;
    mod nats_stuck;
    mod told_to_end;
}
