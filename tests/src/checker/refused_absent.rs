//! No refused command is in the log. When another process was asked before and did not say what came of it, that one may
//! still have it done, after the refusal, if it has become possible by then; what was decided before the one that refused
//! was asked, that one knows.

use std::collections::HashMap;

use super::{Evidence, Findings};
use crate::log_copy::Placed;
use crate::record::Told;

pub(super) fn check(evidence: &Evidence) -> Findings {
    let placed: HashMap<_, _> =
        evidence.log.commits().map(|placed| (placed.commit.header.command, placed)).collect();
    let refused = evidence.records.asked.iter().filter(|asked| matches!(asked.told, Told::Refused(_)));
    let present = refused.filter_map(|asked| {
        let Placed { commit, position, .. } = placed.get(&asked.command)?;
        let (decided_at, elsewhere_at) = (commit.header.at, asked.elsewhere_at);
        let may_be_of_another = elsewhere_at.is_some_and(|elsewhere_at| decided_at >= elsewhere_at);
        let is_wrong =
            format!("{asked:?} was refused and is in the log at {position}, decided at {decided_at}");
        (!may_be_of_another).then_some(is_wrong)
    });
    present.collect()
}
