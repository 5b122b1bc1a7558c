//! Every answer is yes, no with a reason, or "later".

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    evidence.records.strange.clone()
}
