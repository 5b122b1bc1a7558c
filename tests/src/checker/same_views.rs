//! The views of every process are those that the log alone gives.

use super::{Evidence, Findings};

pub(super) fn check(evidence: &Evidence) -> Findings {
    let fresh = &evidence.fresh_views;
    let mut findings = Findings::new();
    for (process, kept) in &evidence.views {
        for (view, built) in fresh {
            match kept.get(view) {
                Some(own) if own == built => {}
                own => {
                    findings.push(format!("view {view} of {process} is {own:?}, and from the log {built:?}"))
                }
            }
        }
    }
    findings
}
