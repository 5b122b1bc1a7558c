//! Each frame carries the hash of the one before, and none is missing.

use schemas::frame::NO_FRAME;

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let (mut findings, mut previous) = (Findings::new(), NO_FRAME);
    for (recorded, expected) in evidence.log.frames.iter().zip(1..) {
        if recorded.sequence != expected {
            findings.push(format!("frame {} is where frame {expected} should be", recorded.sequence));
            return findings;
        }
        if recorded.frame.previous != previous {
            findings.push(format!("frame {expected} does not carry the hash of the one before"));
        }
        previous = recorded.hash;
    }
    findings
}
