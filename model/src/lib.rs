//! The domain once more, told as plainly as possible: a small contact centre, what may be asked of it at random, and
//! what must come of that. The domain's own tests and the simulation hold the domain against it. A command is an arm
//! in `steps` and one in `reference`; one that is neither does not compile.
#![allow(missing_docs, reason = "a test may")]

pub mod centre;
pub mod compare;
mod contacts;
mod days;
mod deadlines;
mod delivery;
pub mod invariants;
mod kinds;
mod masters;
mod questions;
mod reference;
mod spoil;
mod steps;
mod texts;
mod timing;

pub use days::Steps;
pub use kinds::{KINDS, kind};
pub use reference::{Reference, Verdict};
pub use steps::{Step, any_step};
